//! Many like values against their mean: the cell voltages of an electrolyser.

use crate::pane::Pane;
use crate::state::{Item, Plant, State};
use crate::value;
use crate::widget::put_reading;
use model::PointId;
use model::wire::BarsView;

/// Width of the panel with its box.
pub(super) const WIDTH: u16 = 38;
/// Cells of a bar on each side of the mean.
const SIDE: u16 = 4;
const HALF: u16 = 18;

/// Mean of the usable values, and the one farthest from it.
fn figures(state: &State, points: &[PointId]) -> Option<(f64, PointId)> {
    let known: Vec<(PointId, f64)> =
        points.iter().filter_map(|point| Some((*point, state.live.usable(*point)?))).collect();
    if known.is_empty() {
        return None;
    }
    let mean = known.iter().map(|(_, value)| value).sum::<f64>() / known.len() as f64;
    let distance = |value: f64| (value - mean).abs();
    let worst = known.iter().max_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
    Some((mean, worst.0))
}

/// `01` of `ET-331.01`, else the whole name.
fn number_of(plant: &Plant, point: PointId) -> String {
    let name = plant.point(point).map_or("?", |view| view.name.as_str());
    let digits: String = name.chars().rev().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { name.to_owned() } else { digits.chars().rev().collect() }
}

/// `CELL VOLTS  mean 5.10  worst 17 5.31 V`
pub(super) fn summary(state: &State, plant: &Plant, bars: &BarsView) -> String {
    let Some((mean, worst)) = figures(state, &bars.points) else {
        return format!("{}  no usable value", bars.title);
    };
    let view = plant.point(worst);
    let decimals = view.map_or(2, |view| view.decimals);
    let unit = view.map_or("", |view| view.unit.symbol());
    let (text, mark) = state.reading(worst);
    format!(
        "{}  mean {}  worst {} {text}{mark} {unit}",
        bars.title,
        value::number(mean, decimals),
        number_of(plant, worst)
    )
}

/// Rows that the panel needs with its box.
pub(super) fn height(bars: &BarsView) -> u16 {
    (bars.points.len() as u16).div_ceil(2) + 2
}

pub(super) fn draw(panel: &mut Pane<'_>, state: &State, plant: &Plant, bars: &BarsView) {
    let figures = figures(state, &bars.points);
    let unit =
        bars.points.first().and_then(|point| plant.point(*point)).map_or("", |view| view.unit.symbol());
    let title = match figures {
        Some((mean, worst)) => {
            let decimals = plant.point(worst).map_or(2, |view| view.decimals);
            format!(
                "{} mean {} {unit} worst {}",
                bars.title,
                value::number(mean, decimals),
                number_of(plant, worst)
            )
        }
        None => format!("{}  no usable value", bars.title),
    };
    let mut inside = panel.boxed(&title);
    let rows = bars.points.len().div_ceil(2);
    for (index, point) in bars.points.iter().enumerate() {
        let (x, y) = ((index / rows) as u16 * HALF, (index % rows) as u16);
        let is_worst = figures.is_some_and(|(_, worst)| worst == *point);
        let mean = figures.map(|(mean, _)| mean);
        one(&mut inside, (x, y), state, plant, *point, mean, bars.span, is_worst);
    }
}

#[expect(clippy::too_many_arguments)]
fn one(
    pane: &mut Pane<'_>,
    (x, y): (u16, u16),
    state: &State,
    plant: &Plant,
    point: PointId,
    mean: Option<f64>,
    span: f64,
    is_worst: bool,
) {
    let (dim, faint, value_style) = (pane.look.dim(), pane.look.faint(), pane.look.value());
    let strong = if pane.look.lost { value_style } else { pane.look.bright() };
    let style = if is_worst { strong } else { dim };
    pane.text(x + 1, y, &number_of(plant, point), style);
    pane.text(x + 3 + SIDE, y, "│", faint);
    if let (Some(value), Some(mean)) = (state.live.usable(point), mean) {
        let share = if span > 0.0 { ((value - mean) / span).clamp(-1.0, 1.0) } else { 0.0 };
        let cells = (share.abs() * f64::from(SIDE)).round() as u16;
        let bar = "█".repeat(usize::from(cells));
        let start = if share < 0.0 { x + 3 + SIDE - cells } else { x + 4 + SIDE };
        pane.text(start, y, &bar, style);
    }
    put_reading(pane, x + 9 + 2 * SIDE - 1, y, state, point);
    let alarms = plant.alarms_of(Item::Point(point));
    let start = x + 4 + 2 * SIDE;
    match state.worst_of(alarms) {
        Some((priority, _)) if !pane.look.lost => pane.restyle(start, y, SIDE, pane.look.fill(priority)),
        _ if is_worst => pane.restyle(start, y, SIDE, strong),
        _ => {}
    }
}
