//! What is drawn must hang together: a corner that leads to nothing is a wall that the next line has pushed aside, since
//! a field is as wide as it is written.

use alloc::vec::Vec;
use core::ops::Range;

/// What a terminal of 80 columns shows of a mimic.
pub(super) const WIDEST: usize = 79;

/// Arms of a line's piece: up, down, left, right.
const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

const fn arms(piece: char) -> u8 {
    match piece {
        '│' => UP | DOWN,
        '─' => LEFT | RIGHT,
        '┌' => DOWN | RIGHT,
        '┐' => DOWN | LEFT,
        '└' => UP | RIGHT,
        '┘' => UP | LEFT,
        '├' => UP | DOWN | RIGHT,
        '┤' => UP | DOWN | LEFT,
        '┬' => DOWN | LEFT | RIGHT,
        '┴' => UP | LEFT | RIGHT,
        '┼' | '▲' | '▼' | '◀' | '▶' => UP | DOWN | LEFT | RIGHT,
        _ => 0,
    }
}

/// A piece of a line that leads to nothing.
pub(super) struct Tear {
    /// In bytes of the drawing.
    pub(super) at: Range<usize>,
    pub(super) piece: char,
    pub(super) towards: &'static str,
}

/// Every corner and branch that meets no line, and every upright that ends in a blank. A straight line may end at a word.
pub(super) fn tears(drawing: &str) -> Vec<Tear> {
    let rows = rows(drawing);
    let at = |row: Option<usize>, column: Option<usize>| Some(rows.get(row?)?.get(column?)?.1);
    let mut tears = Vec::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, (start, piece)) in row.iter().enumerate() {
            let own = arms(*piece);
            let (x1, y1) = (Some(x), Some(y));
            let ways = [
                (UP, DOWN, at(y.checked_sub(1), x1), "upwards"),
                (DOWN, UP, at(Some(y + 1), x1), "downwards"),
                (LEFT, RIGHT, at(y1, x.checked_sub(1)), "to the left"),
                (RIGHT, LEFT, at(y1, Some(x + 1)), "to the right"),
            ];
            let torn = ways.iter().find(|(arm, back, beside, _)| match piece {
                '─' | '▲' | '▼' | '◀' | '▶' => false,
                '│' => own & arm != 0 && beside.is_none_or(|beside| beside == ' '),
                _ => own & arm != 0 && beside.is_none_or(|beside| arms(beside) & back == 0),
            });
            if let Some((_, _, _, towards)) = torn {
                tears.push(Tear { at: *start..start + piece.len_utf8(), piece: *piece, towards });
            }
        }
    }
    tears
}

/// Where its widest line goes beyond what a small terminal shows.
pub(super) fn too_wide(drawing: &str) -> Option<(Range<usize>, usize)> {
    let rows = rows(drawing);
    let widest = rows.iter().max_by_key(|row| row.len()).filter(|row| row.len() > WIDEST)?;
    let (first, last) = (widest[WIDEST].0, widest.last()?);
    Some((first..last.0 + last.1.len_utf8(), widest.len()))
}

fn rows(drawing: &str) -> Vec<Vec<(usize, char)>> {
    let mut start = 0;
    let mut rows = Vec::new();
    for line in drawing.split('\n') {
        rows.push(line.trim_end().char_indices().map(|(byte, letter)| (start + byte, letter)).collect());
        start += line.len() + 1;
    }
    rows
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{tears, too_wide};

    #[test]
    fn a_box_with_a_pipe_to_a_word_hangs_together() {
        let drawing =
            "\n brine ──▶┌─ T-1 ──┐\n   P-1 │  │{LT-101}├──▶ lye\n       └─▶└────┬───┘\n               ▼\n";
        assert!(tears(drawing).is_empty());
    }

    #[test]
    fn a_wall_that_a_wide_field_has_pushed_aside_is_torn() {
        let drawing = "┌─ T-1 ──┐\n│ {LT-101}│\n└────────┘\n";
        let found: Vec<_> = tears(drawing).iter().map(|tear| (tear.piece, tear.towards)).collect();
        assert_eq!(found, [('┐', "downwards"), ('│', "upwards"), ('┘', "upwards")]);
        assert_eq!(&drawing[tears(drawing)[0].at.clone()], "┐");
    }

    #[test]
    fn what_a_small_terminal_does_not_show_is_found_by_columns_not_bytes() {
        let line = "─".repeat(80);
        let (at, width) = too_wide(&line).unwrap();
        assert_eq!((&line[at], width), ("─", 80));
        assert!(too_wide(&"─".repeat(79)).is_none());
    }
}
