//! A trend in the terminal, drawn in braille: two columns and four rows of dots a character.

use std::fmt::Write as _;

/// Characters of the plot itself; with its scale it fits 80 columns.
pub const WIDTH: usize = 66;
const HEIGHT: usize = 12;

/// Bits of the braille block by column and row of its dot.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Each column from its least to its greatest value; `None` where nothing is known.
pub fn draw(columns: &[Option<(f64, f64)>]) -> Option<String> {
    let low = columns.iter().flatten().map(|column| column.0).reduce(f64::min)?;
    let high = columns.iter().flatten().map(|column| column.1).reduce(f64::max)?;
    draw_within(columns, (low, high))
}

/// The same on a given scale, so that two pictures can be compared.
pub fn draw_within(columns: &[Option<(f64, f64)>], (low, high): (f64, f64)) -> Option<String> {
    columns.iter().flatten().next()?;
    // A flat line lies in the middle of a scale that is not zero high.
    let (low, high) = if high > low { (low, high) } else { (low - 1.0, high + 1.0) };
    let rows = HEIGHT * 4;
    let row = |value: f64| {
        let share = (high - value) / (high - low);
        ((share * (rows - 1) as f64).round() as usize).min(rows - 1)
    };
    let mut cells = vec![[0u8; WIDTH]; HEIGHT];
    let mut before: Option<usize> = None;
    for (x, column) in columns.iter().take(WIDTH * 2).enumerate() {
        let Some((least, greatest)) = column else {
            before = None;
            continue;
        };
        let (mut top, mut bottom) = (row(*greatest), row(*least));
        let middle = usize::midpoint(top, bottom);
        if let Some(before) = before {
            // Joined to its neighbour, so that a step reads as a line.
            top = top.min(before);
            bottom = bottom.max(before);
        }
        for y in top..=bottom {
            cells[y / 4][x / 2] |= DOTS[x % 2][y % 4];
        }
        before = Some(middle);
    }
    let mut text = String::new();
    for (y, line) in cells.iter().enumerate() {
        let scale = match y {
            0 => format!("{high:.4}"),
            _ if y == HEIGHT - 1 => format!("{low:.4}"),
            _ => String::new(),
        };
        let line: String = line.iter().filter_map(|bits| char::from_u32(0x2800 + u32::from(*bits))).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{scale:>11} │{line}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{HEIGHT, WIDTH, draw};

    #[test]
    fn a_rising_line_goes_from_the_bottom_left_to_the_top_right() {
        let columns: Vec<_> = (0..WIDTH * 2).map(|x| Some((x as f64, x as f64))).collect();
        let picture = draw(&columns).unwrap();
        let lines: Vec<&str> = picture.lines().collect();
        assert_eq!(lines.len(), HEIGHT);
        let cell = |line: &str, x: usize| line.split('│').nth(1).unwrap().chars().nth(x).unwrap();
        assert_eq!(cell(lines[0], 0), '\u{2800}');
        assert_ne!(cell(lines[HEIGHT - 1], 0), '\u{2800}');
        assert_ne!(cell(lines[0], WIDTH - 1), '\u{2800}');
    }

    #[test]
    fn nothing_known_draws_nothing_and_a_flat_line_lies_in_the_middle() {
        assert!(draw(&[None, None]).is_none());
        let picture = draw(&[Some((5.0, 5.0)); 4]).unwrap();
        let marked = picture.lines().position(|line| {
            line.contains('⠒') || line.contains('⠤') || line.contains('⣀') || line.contains('⠉')
        });
        assert!(matches!(marked, Some(5 | 6)), "{picture}");
    }
}
