//! Curves over time: braille, half blocks, or letters on a terminal that has only those.

use crate::Glyphs;
use crate::pane::Pane;
use ratatui::style::Style;

/// One curve: each column's least and most as a share of the height, 0 at the bottom.
pub(crate) struct Curve {
    /// Two columns for each cell.
    pub(crate) columns: Vec<Option<(f64, f64)>>,
    /// Drawn over the others, and brighter.
    pub(crate) selected: bool,
    /// Written at the end of the curve, if any.
    pub(crate) name: Option<char>,
}

/// Bits of a braille cell by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Which dots of a cell are set, and whether the selected curve runs through it.
#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    selected: bool,
    letter: Option<char>,
}

pub(crate) fn plot(pane: &mut Pane<'_>, curves: &[Curve]) {
    let (width, height) = (usize::from(pane.width()), usize::from(pane.height()));
    if width == 0 || height == 0 {
        return;
    }
    let mut cells = vec![Cell::default(); width * height];
    let order = curves.iter().filter(|curve| !curve.selected).chain(curves.iter().filter(|c| c.selected));
    for curve in order.clone() {
        trace(&mut cells, width, height, curve);
    }
    let (bright, dim) = match pane.look.lost {
        true => (pane.look.faint(), pane.look.faint()),
        false => (pane.look.bright(), pane.look.dim()),
    };
    let glyphs = pane.look.glyphs;
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.dots != 0) {
        let style: Style = if cell.selected { bright } else { dim };
        let symbol = symbol(glyphs, cell);
        pane.text((index % width) as u16, (index / width) as u16, symbol.encode_utf8(&mut [0; 4]), style);
    }
    for curve in order {
        name_end(pane, curve, if curve.selected { bright } else { dim });
    }
}

fn symbol(glyphs: Glyphs, cell: &Cell) -> char {
    const UPPER: u8 = 0x01 | 0x02 | 0x08 | 0x10;
    match glyphs {
        Glyphs::Full => char::from_u32(0x2800 + u32::from(cell.dots)).unwrap_or('.'),
        Glyphs::Blocks => match (cell.dots & UPPER != 0, cell.dots & !UPPER != 0) {
            (true, true) => '█',
            (true, false) => '▀',
            _ => '▄',
        },
        Glyphs::Ascii => cell.letter.unwrap_or('*'),
    }
}

/// Sets the dots of a curve; from column to column it leaves no gap.
fn trace(cells: &mut [Cell], width: usize, height: usize, curve: &Curve) {
    let rows = height * 4;
    let row = |share: f64| {
        let from_top = (1.0 - share.clamp(0.0, 1.0)) * (rows - 1) as f64;
        from_top.round() as usize
    };
    let mut before: Option<(usize, usize)> = None;
    for (column, span) in curve.columns.iter().enumerate().take(width * 2) {
        let Some((low, high)) = span else {
            before = None;
            continue;
        };
        let (mut top, mut bottom) = (row(*high), row(*low));
        let own = (top, bottom);
        if let Some((old_top, old_bottom)) = before {
            // Half of the step belongs to each of the two columns; this one draws it all.
            top = top.min(old_bottom.saturating_add(1)).min(rows - 1);
            bottom = bottom.max(old_top.saturating_sub(1));
        }
        for dot in top..=bottom {
            let cell = &mut cells[dot / 4 * width + column / 2];
            cell.dots |= DOTS[column % 2][dot % 4];
            cell.selected |= curve.selected;
            cell.letter = curve.name.or(cell.letter);
        }
        before = Some(own);
    }
}

fn name_end(pane: &mut Pane<'_>, curve: &Curve, style: Style) {
    let Some(name) = curve.name else { return };
    let end =
        curve.columns.iter().enumerate().rev().find_map(|(column, span)| span.map(|span| (column, span)));
    let Some((column, (low, high))) = end else { return };
    let middle = (1.0 - ((low + high) / 2.0).clamp(0.0, 1.0)) * f64::from(pane.height().saturating_sub(1));
    // Each name stands at its own place, so that equal curves show both.
    let back = u16::from(name as u8 - b'A') * 2;
    let x = ((column / 2) as u16).saturating_sub(back).min(pane.width().saturating_sub(1));
    pane.text(x, middle.round() as u16, name.encode_utf8(&mut [0; 4]), style);
}

#[cfg(test)]
mod tests {
    use ratatui::{buffer::Buffer, layout::Rect};

    use super::{Curve, plot};
    use crate::{Glyphs, Theme, look::Look, pane::Pane};

    fn drawn(glyphs: Glyphs, columns: Vec<Option<(f64, f64)>>) -> Vec<String> {
        let look = Look::new(Theme::Mono, glyphs);
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        let curve = Curve { columns, selected: true, name: None };
        plot(&mut Pane::new(&mut buffer, area, &look), &[curve]);
        (0..2).map(|y| (0..4).map(|x| buffer[(x, y)].symbol().to_owned()).collect()).collect()
    }

    #[test]
    fn a_step_is_joined_and_a_gap_is_not() {
        let low = Some((0.0, 0.0));
        let high = Some((1.0, 1.0));
        let step = vec![low, low, high, high, None, None, high, high];
        assert_eq!(drawn(Glyphs::Full, step.clone()), ["⠀⡏ ⠉".replace('⠀', " "), "⣀⠇  ".to_owned()]);
        assert_eq!(drawn(Glyphs::Ascii, step), [" * *", "**  "]);
    }

    #[test]
    fn shares_outside_the_scale_stay_at_the_edge() {
        let wild = vec![Some((-5.0, 7.0)); 20];
        assert_eq!(drawn(Glyphs::Blocks, wild), ["████", "████"]);
    }
}
