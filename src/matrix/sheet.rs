//! The matrix as text: sheets that fit a page of so many columns, each with its effects as upright names.

use std::fmt::Write as _;

use control::matrix::{Effect, Matrix, Protection, Row};
use control::plant::Plant;

use super::{bypass_words, delay, mark, reset_words, tags};
use crate::check::hex;

/// Least and most room for each column of a cause; what does not fit is cut, and stands in full below the matrix.
const CAUSE: (usize, usize) = (12, 30);
const TAG: (usize, usize) = (6, 14);
const TRIP: (usize, usize) = (8, 12);
const VOTE: usize = 4;
const DELAY: (usize, usize) = (5, 8);
/// An upright name is no higher.
const NAME: usize = 20;
/// Columns stand in groups of so many, so that the eye stays in its column.
const GROUP: usize = 5;
/// Columns have letters, so that a finger finds them in the list of effects.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

pub fn text(plant: &Plant, found: &[Matrix], width: usize) -> String {
    let mut text = String::new();
    for (number, matrix) in found.iter().enumerate() {
        if number > 0 {
            text.push_str("\n\n");
        }
        area(plant, matrix, width, &mut text);
    }
    text
}

/// The widths of the columns that describe a cause.
struct Columns {
    number: usize,
    cause: usize,
    tag: usize,
    trip: usize,
    delay: usize,
}

impl Columns {
    fn of(matrix: &Matrix) -> Self {
        let rows = || matrix.interlocks.iter().flat_map(|protection| &protection.causes);
        let widest = |(least, most): (usize, usize), text: &dyn Fn(&Row) -> String| {
            rows().map(|row| text(row).chars().count()).max().unwrap_or(0).clamp(least, most)
        };
        Self {
            number: rows().count().to_string().len().max(2),
            cause: widest(CAUSE, &|row| row.text.clone()),
            tag: widest(TAG, &few_tags),
            trip: widest(TRIP, &trip),
            delay: widest(DELAY, &delay),
        }
    }

    /// Up to the line before the first effect.
    fn width(&self) -> usize {
        self.number + self.cause + self.tag + self.trip + VOTE + self.delay + "bad".len() + 7
    }

    fn line(&self, cells: [&str; 7]) -> String {
        let [number, cause, tag, trip, vote, delay, bad] = cells;
        format!(
            "{number:>0$} {cause} {tag} {trip} {vote:<VOTE$} {delay:>1$} {bad:^3} ",
            self.number,
            self.delay,
            cause = fit(cause, self.cause),
            tag = fit(tag, self.tag),
            trip = fit(trip, self.trip),
        )
    }
}

fn area(plant: &Plant, matrix: &Matrix, width: usize, text: &mut String) {
    let columns = Columns::of(matrix);
    let room = width.saturating_sub(columns.width() + 2);
    // Each group is its marks, a space behind each, and one more.
    let room = room / (2 * GROUP + 1) * GROUP + (room % (2 * GROUP + 1)) / 2;
    let room = room.clamp(1, LETTERS.len());
    let sheets = matrix.effects.len().div_ceil(room).max(1);
    for sheet in 0..sheets {
        let first = sheet * room;
        let shown = first..matrix.effects.len().min(first + room);
        if sheet > 0 {
            text.push('\n');
        }
        let number = format!("sheet {} of {sheets}", sheet + 1);
        spread("CAUSE AND EFFECT MATRIX", &number, width, text);
        let about = format!("{}   {}", plant.title, matrix.heading());
        spread(&about, &format!("plant text {}", &hex(&plant.hash)[..16]), width, text);
        let _ = writeln!(text, "{}", "=".repeat(width));
        names(&columns, &matrix.effects[shown.clone()], text);
        for protection in &matrix.interlocks {
            group(&columns, protection, (matrix, shown.clone()), width, text);
        }
        let _ = writeln!(text, "{}", "=".repeat(width));
    }
    lists(matrix, room, width, text);
}

/// The heads: names that stand upright, their ends at the matrix, and a letter below each.
fn names(columns: &Columns, effects: &[Effect], text: &mut String) {
    let upright: Vec<Vec<char>> = effects
        .iter()
        .map(|effect| fit(&format!("{} {}", effect.tag, effect.position), NAME).trim_end().chars().collect())
        .collect();
    let height = upright.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let letter =
            |name: &Vec<char>| (line + name.len()).checked_sub(height).and_then(|at| name.get(at)).copied();
        let letters = spaced(upright.iter().map(|name| letter(name).unwrap_or(' ')));
        let _ = writeln!(text, "{:width$}| {letters}", "", width = columns.width());
    }
    let head = columns.line(["no", "cause", "tag", "trips at", "vote", "delay", "bad"]);
    let _ = writeln!(text, "{head}| {}", spaced((0..effects.len()).map(letter)));
}

/// One interlock: its rule, and a row for each of its causes.
fn group(
    columns: &Columns,
    protection: &Protection,
    (matrix, shown): (&Matrix, std::ops::Range<usize>),
    wide: usize,
    text: &mut String,
) {
    let _ = writeln!(text, "{}", "-".repeat(wide));
    let unit = protection.equipment.as_ref().map_or(String::new(), |unit| format!(" ({unit})"));
    let rule = format!("{}, {}", reset_words(protection), bypass_words(protection));
    let title = format!("{} {}{unit}", protection.name, protection.description);
    for (line, part) in wrapped(&format!("{title}: {rule}"), wide.saturating_sub(2)).iter().enumerate() {
        let _ = writeln!(text, "{}{part}", if line == 0 { "" } else { "  " });
    }
    let is_far = |effect: &usize| !shown.contains(effect);
    if protection.effects.iter().all(is_far) && matrix.effects.len() > shown.len() {
        let _ = writeln!(text, "{:1$} no effect on this sheet", "", columns.number);
        return;
    }
    for row in &protection.causes {
        let number = row.number.to_string();
        let bad = if row.trips_on_bad { "T" } else { "-" };
        let (tags, trip, delay) = (few_tags(row), trip(row), delay(row));
        let cell = |effect| if protection.effects.contains(&effect) { mark(protection) } else { '.' };
        let cells = spaced(shown.clone().map(cell));
        let line = columns.line([&number, &row.text, &tags, &trip, &row.vote, &delay, bad]);
        let _ = writeln!(text, "{line}| {cells}");
    }
}

/// What the letters, the marks and the numbers stand for, and who has looked.
fn lists(matrix: &Matrix, room: usize, width: usize, text: &mut String) {
    text.push_str(
        "S    stored: the effect stays until a person resets the interlock\n\
         N    not stored: the effect ends with its cause\n\
         bad  what a bad input does: T it counts as a cause that stands, - it is ignored\n\
         see  the limit is calculated, or there are several: the condition stands below, by its number\n\nEFFECTS\n",
    );
    for (number, effect) in matrix.effects.iter().enumerate() {
        let sheet =
            if matrix.effects.len() > room { format!("{}", number / room + 1) } else { String::new() };
        let name = format!("{} {}", effect.tag, effect.position);
        let line = format!(
            "{sheet}{} {name:<24} {:<7} {}",
            letter(number % room),
            effect.kind.word(),
            effect.description
        );
        let _ = writeln!(text, "{}", fit(&line, width).trim_end());
    }
    text.push_str("\nCONDITIONS, as the plant's text has them\n");
    for row in matrix.interlocks.iter().flat_map(|protection| &protection.causes) {
        let cut = row.text.chars().count() > CAUSE.1;
        let condition = if cut { format!("{}: {}", row.text, row.condition) } else { row.condition.clone() };
        for (line, part) in wrapped(&condition, width.saturating_sub(5).max(20)).iter().enumerate() {
            let number = if line == 0 { row.number.to_string() } else { String::new() };
            let _ = writeln!(text, "{number:>3}  {part}");
        }
    }
    let _ = writeln!(text, "\nprepared {0}   checked {0}   approved {0}", "_".repeat(22));
}

/// Marks with a space between, and one more behind each group.
fn spaced(marks: impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    for (at, mark) in marks.enumerate() {
        if at > 0 {
            text.push_str(if at % GROUP == 0 { "  " } else { " " });
        }
        text.push(mark);
    }
    text.truncate(text.trim_end().len());
    text
}

fn letter(at: usize) -> char {
    LETTERS.get(at).map_or('?', |letter| char::from(*letter))
}

/// The first and how many more, where all of them have no room: they stand in the condition below.
fn few_tags(row: &Row) -> String {
    let all = tags(row);
    match &row.tags[..] {
        [first, rest @ ..] if !rest.is_empty() && all.chars().count() > TAG.1 => {
            format!("{first} +{}", rest.len())
        }
        _ => all,
    }
}

/// A limit that is calculated says so: it stands in full below.
fn trip(row: &Row) -> String {
    let sign = row.trip.split(' ').next().unwrap_or_default();
    match (row.calculated, row.trip.chars().count() > TRIP.1) {
        (true, true) if ["<", "<=", ">", ">=", "=", "<>"].contains(&sign) => {
            format!("{sign} see {}", row.number)
        }
        (true, _) if row.trip.is_empty() || row.trip.chars().count() > TRIP.1 => {
            format!("see {}", row.number)
        }
        _ => row.trip.clone(),
    }
}

/// Exactly so wide.
fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:<width$}");
    }
    let cut: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{:<width$}", format!("{}..", cut.trim_end()))
}

fn spread(left: &str, right: &str, width: usize, text: &mut String) {
    let gap = width.saturating_sub(left.chars().count() + right.chars().count()).max(2);
    let _ = writeln!(text, "{left}{:gap$}{right}", "");
}

/// Lines of at most so many columns, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
