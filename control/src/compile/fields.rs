//! Typed reading of one table: required and optional keys, type errors, unknown keys.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::wire::Role;
use model::{Unit, nearest};

use super::place::{Place, Text};
use super::quantity::{Quantity, Shown, parse_quantity, parse_rate};
use super::report::{Mistake, Report};
use super::schema::Shape;
use super::tree::{Entry, Node, Table, Value};

/// Who may do something: whoever may only look is none of them.
pub(super) const ACTING: [Role; 4] = [Role::Operator, Role::Supervisor, Role::Engineer, Role::Administrator];

/// Beyond these a number no longer tells one count from the next.
const LARGEST: f64 = 1e15;

/// One table while it is read. Every key that is asked for is known; [`Fields::finish`] reports the rest.
pub(super) struct Fields<'a> {
    table: &'a Table,
    /// What it is, for messages: ``tag `TT-311` ``.
    pub(super) owner: String,
    /// Where its name stands.
    pub(super) place: Place,
    known: Vec<Asked>,
    /// What kind of table it is, for the schema: `tag`, `tag/io`; empty where nobody said.
    path: String,
}

/// A key that a reader has asked for, and as what.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) key: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// A list with nothing in it will not do.
    pub(super) filled: bool,
    /// What a bare number may be.
    pub(super) bounds: (f64, f64),
}

/// What a time below a millisecond is answered with.
const LEAST: &str = "write \"1 ms\" or more, or \"0 s\"";

/// Any number.
pub(super) const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Low and high of a range, with their places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) place: Place,
}

impl Range {
    pub(super) fn contains(&self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(table: &'a Table, owner: String, place: Place) -> Self {
        Self { table, owner, place, known: Vec::with_capacity(16), path: String::new() }
    }

    /// Says which table of the schema this is.
    pub(super) fn of(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.ask(key, Shape::Any)
    }

    /// The value of a key, which is known from now on to have this shape.
    fn ask(&mut self, key: &'static str, shape: Shape) -> Option<&'a Node> {
        match self.known.iter_mut().find(|known| known.key == key) {
            Some(known) if known.shape == Shape::Any => known.shape = shape,
            Some(_) => {}
            None => self.known.push(Asked { key, shape, required: false, filled: false, bounds: UNBOUNDED }),
        }
        self.table.get(key)
    }

    fn knows(&self, key: &str) -> bool {
        self.known.iter().any(|known| known.key == key)
    }

    /// The place of a key's value, or of the name when the key is missing.
    pub(super) fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or(self.place, |node| node.place)
    }

    pub(super) fn has(&mut self, key: &'static str) -> bool {
        self.node(key).is_some()
    }

    /// `example` is what the missing line could look like.
    pub(super) fn missing(&self, key: &str, example: &str, report: &mut Report) {
        // A key that is written wrongly is reported as unknown, with the right one as help.
        let misspelt = |entry: &Entry| {
            let written = entry.key.as_str();
            key.len() > 3 && !self.knows(written) && nearest(written, [key].into_iter()).is_some()
        };
        if self.table.entries.iter().any(misspelt) {
            return;
        }
        report.add(
            Mistake::error("missing-key", format!("{} has no `{key}`", self.owner))
                .at(self.place, format!("`{key}` is missing"))
                .help(format!("add `{key} = {example}`")),
        );
    }

    fn wrong_type(&self, key: &str, node: &Node, wanted: &str, report: &mut Report) {
        report.add(
            Mistake::error("wrong-type", format!("`{key}` of {} is {}", self.owner, node.value.kind()))
                .at(node.place, format!("{wanted} is expected"))
                .help(format!("write {wanted}")),
        );
    }

    pub(super) fn text(&mut self, key: &'static str, report: &mut Report) -> Option<&'a Text> {
        let node = self.ask(key, Shape::Text)?;
        let text = node.text();
        if text.is_none() {
            self.wrong_type(key, node, "a text in quotes", report);
        }
        text
    }

    /// Says to the schema that a key that was asked for must be there.
    pub(super) fn require(&mut self, key: &'static str) {
        if let Some(known) = self.known.iter_mut().find(|known| known.key == key) {
            known.required = true;
        }
    }

    /// Says to the schema that a list that was asked for must be there and hold something.
    pub(super) fn require_some(&mut self, key: &'static str) {
        if let Some(known) = self.known.iter_mut().find(|known| known.key == key) {
            (known.required, known.filled) = (true, true);
        }
    }

    /// Says to the schema what a number that was asked for may be.
    pub(super) fn may_be(&mut self, key: &'static str, bounds: (f64, f64)) {
        if let Some(known) = self.known.iter_mut().find(|known| known.key == key) {
            known.bounds = bounds;
        }
    }

    pub(super) fn need_text(
        &mut self,
        key: &'static str,
        example: &str,
        report: &mut Report,
    ) -> Option<&'a Text> {
        self.ask(key, Shape::Text);
        self.require(key);
        if !self.has(key) {
            self.missing(key, example, report);
            return None;
        }
        self.text(key, report)
    }

    /// A text that is there and says something.
    pub(super) fn words(&mut self, key: &'static str, report: &mut Report) -> String {
        self.text(key, report).map_or_else(String::new, String::from)
    }

    pub(super) fn boolean(&mut self, key: &'static str, report: &mut Report) -> Option<bool> {
        let node = self.ask(key, Shape::Boolean)?;
        if let Value::Boolean(boolean) = node.value {
            return Some(boolean);
        }
        self.wrong_type(key, node, "true or false", report);
        None
    }

    /// A whole number within bounds.
    pub(super) fn integer(
        &mut self,
        key: &'static str,
        low: i64,
        high: i64,
        report: &mut Report,
    ) -> Option<i64> {
        let node = self.ask(key, Shape::Integer(low, high))?;
        // The parameter of a class arrives as text.
        let value = match &node.value {
            Value::Integer(value) => Some(*value),
            Value::Text(text) => text.as_str().parse().ok(),
            _ => None,
        };
        match value {
            Some(value) if (low..=high).contains(&value) => Some(value),
            Some(value) => {
                report.add(
                    Mistake::error("out-of-range", format!("`{key}` of {} is {value}", self.owner))
                        .at(node.place, format!("{low} to {high} is possible"))
                        .help(format!("write a number from {low} to {high}")),
                );
                None
            }
            None => {
                self.wrong_type(key, node, "a whole number", report);
                None
            }
        }
    }

    /// A quantity in `unit`.
    pub(super) fn quantity(&mut self, key: &'static str, unit: Unit, report: &mut Report) -> Option<f64> {
        let node = self.ask(key, Shape::Quantity)?;
        self.node_quantity(key, node, report)?.value_in(unit, report)
    }

    fn node_quantity(&self, key: &str, node: &Node, report: &mut Report) -> Option<Quantity> {
        let bare = |value| Quantity { value, unit: None, place: node.place };
        match &node.value {
            Value::Integer(value) => Some(bare(*value as f64)),
            Value::Float(value) if value.is_finite() => Some(bare(*value)),
            Value::Float(value) => {
                report.add(
                    Mistake::error(
                        "not-a-quantity",
                        format!("`{key}` of {} is {}", self.owner, Shown(*value)),
                    )
                    .at(node.place, "no number that a plant could have")
                    .help("write a number, or a quantity such as \"95 degC\""),
                );
                None
            }
            Value::Text(text) => parse_quantity(text.as_str(), node.place, report),
            _ => {
                self.wrong_type(key, node, "a number or a quantity such as \"95 degC\"", report);
                None
            }
        }
    }

    /// A number without unit.
    pub(super) fn number(&mut self, key: &'static str, report: &mut Report) -> Option<f64> {
        report.surely(|report| self.quantity(key, Unit::NONE, report))
    }

    /// A time with its unit, in milliseconds.
    pub(super) fn time_ms(&mut self, key: &'static str, report: &mut Report) -> Option<u32> {
        let node = self.ask(key, Shape::Time)?;
        let quantity = self.node_quantity(key, node, report)?;
        self.milliseconds(key, quantity, (f64::from(u32::MAX), "49 d"), LEAST, report)
    }

    /// A time that cannot be none.
    pub(super) fn period_ms(&mut self, key: &'static str, report: &mut Report) -> Option<u32> {
        let node = self.ask(key, Shape::Time)?;
        let quantity = self.node_quantity(key, node, report)?;
        self.milliseconds(key, quantity, (f64::from(u32::MAX), "49 d"), "write \"1 ms\" or more", report)
    }

    /// A time of at most so many seconds, which stand in words beside it.
    pub(super) fn time_s_to(
        &mut self,
        key: &'static str,
        (most_s, words): (f64, &str),
        report: &mut Report,
    ) -> Option<f64> {
        let node = self.ask(key, Shape::Time)?;
        let quantity = self.node_quantity(key, node, report)?;
        self.milliseconds(key, quantity, (most_s * 1000.0, words), LEAST, report)
            .map(|ms| f64::from(ms) / 1000.0)
    }

    pub(super) fn time_s(&mut self, key: &'static str, report: &mut Report) -> Option<f64> {
        self.time_ms(key, report).map(|ms| f64::from(ms) / 1000.0)
    }

    fn milliseconds(
        &self,
        key: &str,
        quantity: Quantity,
        (most_ms, most): (f64, &str),
        least: &str,
        report: &mut Report,
    ) -> Option<u32> {
        if quantity.unit.is_none() && quantity.value != 0.0 {
            report.add(
                Mistake::error("missing-unit", format!("`{key}` of {} has no unit of time", self.owner))
                    .at(quantity.place, "a time needs its unit")
                    .help(format!("write \"{0} s\" or \"{0} ms\"", Shown(quantity.value))),
            );
            return None;
        }
        let unit = Unit::parse("ms")?;
        let ms = report.surely(|report| quantity.value_in(unit, report))?;
        if ms > 0.0 && ms < 1.0 {
            // It would become 0, which means something else: no delay, no integral.
            report.add(
                Mistake::error(
                    "out-of-range",
                    format!("`{key}` of {} is shorter than a millisecond", self.owner),
                )
                .at(quantity.place, "times are whole milliseconds")
                .help(least),
            );
            return None;
        }
        if (0.0..=most_ms).contains(&ms) {
            return Some(libm::round(ms) as u32);
        }
        let said = if ms < 0.0 { "is below zero".into() } else { format!("is longer than {most}") };
        report.add(
            Mistake::error("out-of-range", format!("`{key}` of {} {said}", self.owner))
                .at(quantity.place, format!("0 s to {most} is possible"))
                .help(format!("write a time from \"0 s\" to \"{most}\", such as \"120 s\"")),
        );
        None
    }

    /// A rate of change of something in `unit`, per second; always above zero.
    pub(super) fn rate(&mut self, key: &'static str, unit: Unit, report: &mut Report) -> Option<f64> {
        self.ask(key, Shape::Rate);
        let text = self.text(key, report)?;
        let rate = parse_rate(text.as_str(), unit, text.place, report)?;
        if rate > 0.0 {
            return Some(rate);
        }
        report.add(
            Mistake::error("out-of-range", format!("`{key}` of {} is not above zero", self.owner))
                .at(text.place, "a rate is above zero in both directions")
                .help("write the size of the change per time, without a sign"),
        );
        None
    }

    /// `[low, high]` in `unit`, with low below high.
    pub(super) fn range(&mut self, key: &'static str, unit: Unit, report: &mut Report) -> Option<Range> {
        let (low, high, place) = self.pair(key, unit, report)?;
        if low.abs().max(high.abs()) > LARGEST {
            report.add(
                Mistake::error("out-of-range", format!("`{key}` of {} goes beyond {LARGEST:e}", self.owner))
                    .at(place, "no value of a plant is that large")
                    .help(
                        "write the range of the value, such as [0, 100]; a larger unit makes smaller numbers",
                    ),
            );
            return None;
        }
        if low < high {
            return Some(Range { low, high, place });
        }
        if low == high {
            report.add(
                Mistake::error(
                    "low-above-high",
                    format!("`{key}` of {} begins and ends at {low}", self.owner),
                )
                .at(place, "there is nothing between the two ends")
                .help(format!("write the low end and the high end, such as `{key} = [0, 100]`")),
            );
            return None;
        }
        report.add(
            Mistake::error(
                "low-above-high",
                format!("`{key}` of {} begins at {low} and ends at {high}", self.owner),
            )
            .at(place, "the low end must be below the high end")
            .help(format!("write `{key} = [{}, {}]`", high.min(low), low.max(high))),
        );
        None
    }

    /// Two quantities, in any order.
    pub(super) fn pair(
        &mut self,
        key: &'static str,
        unit: Unit,
        report: &mut Report,
    ) -> Option<(f64, f64, Place)> {
        let node = self.ask(key, Shape::Pair)?;
        let Value::List(items) = &node.value else {
            self.wrong_type(key, node, "two numbers such as [0, 100]", report);
            return None;
        };
        let [low, high] = items.as_slice() else {
            report.add(
                Mistake::error("wrong-type", format!("`{key}` of {} has {} parts", self.owner, items.len()))
                    .at(node.place, "two numbers are expected")
                    .help(format!("write `{key} = [low, high]`")),
            );
            return None;
        };
        let low = self.node_quantity(key, low, report).and_then(|q| q.value_in(unit, report));
        let high = self.node_quantity(key, high, report).and_then(|q| q.value_in(unit, report));
        Some((low?, high?, node.place))
    }

    /// `[[x, y], ...]` with x rising, each with its place; at least two points.
    pub(super) fn characteristic(
        &mut self,
        key: &'static str,
        x_unit: Unit,
        y_unit: Unit,
        report: &mut Report,
    ) -> Option<Vec<(f64, f64, Place)>> {
        const WANTED: &str = "a list of pairs such as [[0, 1.0], [100, 2.0]]";
        let node = self.node(key)?;
        let items = match &node.value {
            Value::List(items) if (2..=100).contains(&items.len()) => items,
            _ => {
                self.wrong_type(key, node, WANTED, report);
                return None;
            }
        };
        let time = Unit::parse("s").is_some_and(|seconds| y_unit.converts_to(seconds));
        let mut points: Vec<(f64, f64, Place)> = Vec::with_capacity(items.len());
        for item in items {
            let Value::List(pair) = &item.value else {
                self.wrong_type(key, item, WANTED, report);
                return None;
            };
            let [x, y] = pair.as_slice() else {
                self.wrong_type(key, item, WANTED, report);
                return None;
            };
            let x = self.node_quantity(key, x, report)?.value_in(x_unit, report);
            let y = self.node_quantity(key, y, report)?;
            if time && y.unit.is_none() && y.value != 0.0 {
                report.add(
                    Mistake::error("missing-unit", format!("`{key}` of {} has no unit of time", self.owner))
                        .at(y.place, "a time needs its unit")
                        .help(format!("write \"{0} s\" or \"{0} min\"", Shown(y.value))),
                );
                return None;
            }
            let (x, y) = (x?, y.value_in(y_unit, report)?);
            if points.last().is_some_and(|(last, _, _)| *last >= x) {
                report.add(
                    Mistake::error("not-rising", format!("`{key}` of {} goes back to {x}", self.owner))
                        .at(item.place, "not above the point before")
                        .help("write the points with x rising, each x once"),
                );
                return None;
            }
            points.push((x, y, item.place));
        }
        Some(points)
    }

    pub(super) fn role(&mut self, key: &'static str, report: &mut Report) -> Option<Role> {
        self.ask(key, Shape::Role);
        let text = self.text(key, report)?;
        let role = Role::parse(text.as_str()).filter(|role| ACTING.contains(role));
        if role.is_none() {
            self.not_one_of(key, text, &ACTING.map(Role::word), report);
        }
        role
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        report: &mut Report,
    ) -> Option<T> {
        self.ask(key, Shape::Choice);
        self.offer(key, choices, report);
        let text = self.text(key, report)?;
        let choice = choices.iter().find(|(word, _)| *word == text.as_str()).map(|(_, value)| *value);
        if choice.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.not_one_of(key, text, &words, report);
        }
        choice
    }

    fn offer<T>(&self, key: &'static str, choices: &[(&'static str, T)], report: &mut Report) {
        if let Some(recorder) = &mut report.recorder {
            recorder.offer(&self.path, key, choices.iter().map(|(word, _)| *word));
        }
    }

    pub(super) fn not_one_of(&self, key: &str, text: &Text, words: &[&str], report: &mut Report) {
        report.add(
            Mistake::error("unknown-word", format!("`{key}` of {} is \"{text}\"", self.owner))
                .at(text.place, "not a word that is known here")
                .help(one_of(text.as_str(), words)),
        );
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str, report: &mut Report) -> Option<Vec<&'a Text>> {
        let node = self.ask(key, Shape::Texts)?;
        let Value::List(items) = &node.value else {
            self.wrong_type(key, node, "a list of texts", report);
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.text() {
                Some(text) => texts.push(text),
                None => self.wrong_type(key, item, "a text in quotes", report),
            }
        }
        Some(texts)
    }

    /// A list of tables, each to be read as `owner`.
    pub(super) fn tables(
        &mut self,
        key: &'static str,
        owner: &str,
        report: &mut Report,
    ) -> Option<Vec<Fields<'a>>> {
        let node = self.ask(key, Shape::Tables)?;
        let Value::List(items) = &node.value else {
            self.wrong_type(key, node, "a list of tables in braces", report);
            return None;
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items {
            match item.table() {
                Some(table) => {
                    let owner = format!("{owner} of {}", self.owner);
                    tables.push(Fields::new(table, owner, item.place).of(self.below(key)));
                }
                None => self.wrong_type(key, item, "a table in braces", report),
            }
        }
        Some(tables)
    }

    /// A table below this one.
    pub(super) fn table(&mut self, key: &'static str, report: &mut Report) -> Option<Fields<'a>> {
        let node = self.ask(key, Shape::Table)?;
        let Some(table) = node.table() else {
            self.wrong_type(key, node, "a table in braces", report);
            return None;
        };
        Some(Fields::new(table, format!("`{key}` of {}", self.owner), node.place).of(self.below(key)))
    }

    /// The path of a table below this one. It costs nothing unless a schema is being recorded.
    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}/{key}", self.path) }
    }

    /// Everything in the table that nobody asked for.
    pub(super) fn finish(&self, report: &mut Report) {
        if let Some(recorder) = &mut report.recorder {
            recorder.record(&self.path, &self.known);
        }
        for entry in &self.table.entries {
            if self.knows(entry.key.as_str()) {
                continue;
            }
            let known: Vec<&str> = self.known.iter().map(|known| known.key).collect();
            report.add(
                Mistake::error("unknown-key", format!("{} has no key `{}`", self.owner, entry.key))
                    .at(entry.key.place, "not a key that is known here")
                    .help(one_of(entry.key.as_str(), &known)),
            );
        }
    }
}

/// `did you mean x?`, or all that is possible.
pub(super) fn one_of(wanted: &str, words: &[&str]) -> String {
    if let Some(near) = nearest(wanted, words.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if words.is_empty() {
        return String::from("there is none of this kind: remove it, or declare one");
    }
    let mut help = String::from("one of these is possible: ");
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            help.push_str(", ");
        }
        help.push_str(word);
    }
    help
}
