//! L3: one loop, block or point: value among its limits, control, tuning, alarms, the last hour.

use model::wire::{BlockKind, BlockView, PointView};
use model::{AlarmId, BlockId, Limited, Mode, PointId};

use super::boxes::{alarms_box, limits_words, parameters_box, uses_box, value_line};
use super::gauge::Gauge;
use super::{forced, frame, strip};
use crate::pane::{Pane, shortened, wrapped};
use crate::state::{Entry, Item, Plant, Purpose, State, mode_role};
use crate::value;

/// Rows of the boxes that show everything; what is left goes to the trend.
const BOXES: u16 = 25;
const TREND_LEAST: u16 = 6;

pub(super) fn draw(body: &mut Pane<'_>, state: &State, item: Item) {
    let Some(plant) = state.plant.as_deref() else { return };
    let (block, point) = match item {
        Item::Block(id) => (plant.block(id), plant.main_point(id)),
        Item::Point(id) => (None, Some(id)),
        Item::Interlock(_) => return,
    };
    let Some(view) = point.and_then(|point| plant.point(point)) else {
        let dim = body.look.dim();
        body.text(1, 1, "This block has no values to show.", dim);
        return;
    };
    title_line(body, state, plant, block, view);
    let rest = body.height().saturating_sub(1);
    let trend = if rest >= BOXES - 4 + TREND_LEAST { (rest - (BOXES - 4)).clamp(TREND_LEAST, 10) } else { 0 };
    let boxes = rest - trend;
    let mut part = body.part(1, 1, body.width().saturating_sub(2), boxes);
    draw_boxes(&mut part, state, plant, item, block, view);
    if trend > 0 {
        let set_point = block.and_then(|block| plant.part(block.id, "SP"));
        let mut strip_area = body.below(1 + boxes);
        strip::draw(&mut strip_area, state, view, set_point);
    }
}

fn draw_boxes(
    part: &mut Pane<'_>,
    state: &State,
    plant: &Plant,
    item: Item,
    block: Option<&BlockView>,
    view: &PointView,
) {
    let (width, height) = (part.width(), part.height());
    let alarms = plant.alarms_of(item);
    let wide = width >= 110;
    let gauge = if wide { 44 } else { 28 };
    {
        let mut panel = part.part(0, 0, gauge, height);
        gauges(&mut panel, state, plant, block, view, alarms);
    }
    let x = gauge + 1;
    let middle = if wide { (width - gauge) / 2 - 1 } else { width - x };
    // While somebody walks the parameters on a narrow screen, they take the place of the control box.
    let walking = state.nav.parameter.is_some() && !wide;
    let control = 12.min(height.saturating_sub(4));
    {
        let mut panel = part.part(x, 0, middle, control);
        match (walking, block) {
            (true, Some(block)) => parameters_box(&mut panel, state, plant, block),
            (_, Some(block)) if block.kind == BlockKind::Pid => {
                control_box(&mut panel, state, plant, block, view);
            }
            (_, Some(block)) => block_box(&mut panel, state, plant, block),
            (_, None) => point_box(&mut panel, state, plant, view),
        }
    }
    {
        let mut panel = part.part(x, control, middle, height - control);
        alarms_box(&mut panel, state, plant, alarms);
    }
    if wide {
        let x = x + middle + 1;
        let mut panel = part.part(x, 0, width - x, height);
        match block {
            Some(block) => parameters_box(&mut panel, state, plant, block),
            None => uses_box(&mut panel, plant, view),
        }
    }
}

/// ` TIC-311   EL-301 anolyte temperature     quality good   source PLC-300 input 4   age 62 ms`
pub(super) fn title_line(
    body: &mut Pane<'_>,
    state: &State,
    plant: &Plant,
    block: Option<&BlockView>,
    view: &PointView,
) {
    let (text, dim, bright) = (body.look.text(), body.look.dim(), body.look.bright());
    let name = block.map_or(&view.name, |block| &block.name);
    let description = block.map_or(&view.description, |block| &block.description);
    let input = block.and_then(|block| plant.point(block.input?)).unwrap_or(view);
    let source = input.source.as_ref().map(|source| format!("   source {source}")).unwrap_or_default();
    let right = format!("quality {}{source}", quality_words(state, input.id).to_uppercase());
    let end = body.width().saturating_sub(1);
    let room = (end / 2).max(end.saturating_sub(60));
    let x = body.line(1, 0, &[(name, bright), ("   ", text)]);
    body.fit(x, 0, room.saturating_sub(x), description, text);
    let right = shortened(&right, end.saturating_sub(room + 1));
    body.right(end, 0, &right, dim);
}

/// How far it may be trusted, and whether it can still move.
fn quality_words(state: &State, point: PointId) -> String {
    let quality = state.quality_of(point).text();
    match state.live.limited(point) {
        Limited::No => quality.to_owned(),
        limited => format!("{quality}, {}", limited.text()),
    }
}

fn gauges(
    panel: &mut Pane<'_>,
    state: &State,
    plant: &Plant,
    block: Option<&BlockView>,
    view: &PointView,
    alarms: &[AlarmId],
) {
    let name = block.map_or(&view.name, |block| &block.name);
    let mut inside = panel.boxed(name);
    let input = block.and_then(|block| plant.point(block.input?));
    let set_point = block.and_then(|block| plant.part(block.id, "SP"));
    let mut marks = Vec::new();
    if let Some(new) = new_value(state, set_point) {
        marks.push((new, format!("<new {}", value::number(new, view.decimals))));
    }
    if let Some(set_point) = set_point.and_then(|point| state.live.usable(point)) {
        marks.push((set_point, format!("<SP {}", value::number(set_point, view.decimals))));
    }
    for (kind, limit) in crate::widget::limits_of(state, alarms) {
        if !matches!(kind, model::wire::AlarmKind::Deviation) {
            marks.push((limit, format!("{:<2} {}", kind.short(), value::trimmed(limit))));
        }
    }
    let (reading, mark) = state.reading(view.id);
    if let Some((zero, one)) = &view.words {
        return switch(&mut inside, state, view, [one, zero]);
    }
    let gauge = Gauge {
        heading: format!("{} {}", if block.is_some() { "PV" } else { "VALUE" }, view.unit),
        low: view.low,
        high: view.high,
        value: state.live.usable(view.id),
        reading: format!("{reading}{mark}"),
        normal: view.normal.or_else(|| input.and_then(|input| input.normal)),
        marks,
        alarm: state.worst_of(alarms),
        thickness: 5,
    };
    let split = inside.width() >= 38;
    let left = if split { inside.width() * 6 / 10 } else { inside.width() };
    {
        // Its marks may reach to the scale of the output.
        let mut part = inside.part(0, 0, if split { left + 2 } else { left }, inside.height());
        gauge.draw(&mut part);
    }
    let output = block.and_then(|block| plant.point(plant.part(block.id, "OUT")?));
    if let (true, Some(output)) = (split, output.filter(|output| output.id != view.id)) {
        let mut part = inside.part(left - 3, 0, inside.width() - left + 3, inside.height());
        output_gauge(state, output).draw(&mut part);
    }
}

/// The two words of a switch, with a mark at the one that holds.
fn switch(inside: &mut Pane<'_>, state: &State, view: &PointView, words: [&str; 2]) {
    let (dim, bright) = (inside.look.dim(), inside.look.bright());
    let (reading, mark) = state.reading(view.id);
    inside.text(4, 1, "STATE", dim);
    for (word, y) in words.iter().zip([3, 5]) {
        let holds = *word == reading;
        if holds {
            inside.text(2, y, ">", bright);
        }
        let style = if holds && !inside.look.lost { bright } else { dim };
        let end = inside.text(4, y, word, style);
        if holds {
            inside.text(end, y, mark, style);
        }
    }
    if !words.contains(&reading.as_str()) {
        inside.text(4, 7, &format!("{reading}{mark}"), bright);
    }
}

fn output_gauge(state: &State, output: &PointView) -> Gauge {
    let (reading, mark) = state.reading(output.id);
    let mut marks = Vec::new();
    if let Some(new) = new_value(state, Some(output.id)) {
        marks.push((new, format!("<{}", value::number(new, output.decimals))));
    }
    if let Some(write) = &output.write {
        let inner = [write.low, write.high].into_iter().filter(|at| *at > output.low && *at < output.high);
        marks.extend(inner.map(|at| (at, "lim".to_owned())));
    }
    Gauge {
        heading: format!("OUT {}", output.unit),
        low: output.low,
        high: output.high,
        value: state.live.usable(output.id),
        reading: format!("{reading}{mark}"),
        normal: None,
        marks,
        alarm: None,
        thickness: 4,
    }
}

/// What stands in the entry line for this point, so that it shows among the limits.
fn new_value(state: &State, point: Option<PointId>) -> Option<f64> {
    match &state.entry {
        Some(entry @ Entry { purpose: Purpose::Write { point: written }, .. }) if Some(*written) == point => {
            entry.number()
        }
        _ => None,
    }
}

fn control_box(panel: &mut Pane<'_>, state: &State, plant: &Plant, block: &BlockView, pv: &PointView) {
    let lock = frame::lock_words(state, mode_role(plant, block.id));
    let mut inside = panel.boxed(&format!("CONTROL{lock}"));
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    let mode = state.mode_of(block.id);
    inside.text(1, 0, "MODE", dim);
    let odd = mode != Some(block.normal_mode);
    let end = inside.text(8, 0, mode.map_or("----", Mode::short), if odd { bright } else { text });
    inside.text(end.max(15), 0, &format!("(normal: {})", block.normal_mode.short()), dim);
    let part = |role: &str| plant.point(plant.part(block.id, role)?);
    let mut y = 1;
    value_line(&mut inside, y, state, "PV", pv, "");
    if let Some(set_point) = part("SP") {
        y += 1;
        value_line(&mut inside, y, state, "SP", set_point, &within_words(state, set_point));
        let differs = |working: &&PointView| state.reading(working.id).0 != state.reading(set_point.id).0;
        if let Some(working) = part("SPW").filter(differs) {
            y += 1;
            value_line(&mut inside, y, state, "SP now", working, "on its way");
        }
        y += 1;
        deviation_line(&mut inside, y, state, plant, block, pv, set_point);
    }
    if let Some(output) = part("OUT") {
        y += 1;
        value_line(&mut inside, y, state, "OUT", output, &within_words(state, output));
    }
    for (label, point) in [("INPUT", block.input), ("DRIVES", block.output)] {
        if let Some(view) = point.and_then(|point| plant.point(point)) {
            y += 1;
            value_line(&mut inside, y, state, label, view, &view.name);
        }
    }
    y += 1;
    inside.text(1, y, "OWNER", dim);
    let width = inside.width().saturating_sub(8);
    inside.fit(8, y, width, &owner_words(state, plant, block, mode), text);
}

/// Its limits, and first that it stands at one.
fn within_words(state: &State, view: &PointView) -> String {
    match state.live.limited(view.id) {
        limited @ (Limited::Low | Limited::High) => format!("{}, {}", limited.text(), limits_words(view)),
        Limited::No | Limited::Constant => limits_words(view),
    }
}

fn deviation_line(
    inside: &mut Pane<'_>,
    y: u16,
    state: &State,
    plant: &Plant,
    block: &BlockView,
    pv: &PointView,
    set_point: &PointView,
) {
    let (text, dim) = (inside.look.value(), inside.look.dim());
    inside.text(1, y, "DEV", dim);
    let both = state.live.usable(pv.id).zip(state.live.usable(set_point.id));
    let words = both
        .map_or_else(|| value::dashes(pv.decimals), |(pv_now, sp)| value::signed(pv_now - sp, pv.decimals));
    inside.right(14, y, &words, text);
    inside.text(16, y, pv.unit.difference().symbol(), dim);
    let limit = plant
        .alarms_of(Item::Block(block.id))
        .iter()
        .filter_map(|id| plant.alarm(*id))
        .find(|alarm| alarm.kind == model::wire::AlarmKind::Deviation)
        .and_then(|alarm| alarm.limit);
    if let Some(limit) = limit {
        inside.text(21, y, &format!("alarm +/-{}", value::trimmed(limit)), text);
    }
}

/// Who writes the output or the set point, as the mode says it.
fn owner_words(state: &State, plant: &Plant, block: &BlockView, mode: Option<Mode>) -> String {
    let phase = state.live.batches.iter().find_map(|status| {
        let recipe = plant.recipe(status.recipe)?;
        let phase = status.phase.as_ref().filter(|_| Some(&recipe.unit) == block.unit.as_ref())?;
        plant.phase(phase.phase).map(|phase| phase.name.clone())
    });
    match mode {
        None => "unknown".to_owned(),
        Some(Mode::Tracking) => "interlock, force or lost output (i, w)".to_owned(),
        Some(Mode::Initialising) => "waits for its secondary (w)".to_owned(),
        Some(Mode::OutOfService) => "nobody, out of service".to_owned(),
        Some(Mode::Cascade) => "cascade sets the SP".to_owned(),
        Some(Mode::RemoteCascade | Mode::RemoteOutput) => {
            format!("phase {}", phase.as_deref().unwrap_or("or another system"))
        }
        Some(_) => match phase {
            Some(phase) => format!("operator (phase {phase} runs)"),
            None => "operator (no phase)".to_owned(),
        },
    }
}

/// A ratio, a ramp, a selector, a calculation.
fn block_box(panel: &mut Pane<'_>, state: &State, plant: &Plant, block: &BlockView) {
    let mut inside = panel.boxed("BLOCK");
    let (text, dim) = (inside.look.value(), inside.look.dim());
    let kind = format!("{:?}", block.kind).to_lowercase();
    inside.text(1, 0, "KIND", dim);
    inside.text(8, 0, &kind, text);
    let mut y = 1;
    if let Some(mode) = state.mode_of(block.id) {
        inside.text(1, y, "MODE", dim);
        inside.text(8, y, &format!("{}   (normal: {})", mode.short(), block.normal_mode.short()), text);
        y += 1;
    }
    inside.text(1, y, "UNIT", dim);
    inside.text(8, y, block.unit.as_deref().unwrap_or("none"), text);
    for (label, point) in [("INPUT", block.input), ("DRIVES", block.output)] {
        if let Some(view) = point.and_then(|point| plant.point(point)) {
            y += 1;
            value_line(&mut inside, y, state, label, view, &view.name);
        }
    }
}

fn point_box(panel: &mut Pane<'_>, state: &State, plant: &Plant, view: &PointView) {
    let mut inside = panel.boxed("POINT");
    let (text, dim) = (inside.look.value(), inside.look.dim());
    value_line(&mut inside, 0, state, "VALUE", view, "");
    let range = format!("{} .. {} {}", value::trimmed(view.low), value::trimmed(view.high), view.unit);
    let normal = view.normal.map_or_else(
        || "not given".to_owned(),
        |(low, high)| format!("{} .. {} {}", value::trimmed(low), value::trimmed(high), view.unit),
    );
    let entry = view.write.as_ref().map_or_else(
        || "measured or calculated".to_owned(),
        |write| format!("by hand, V sets it, {}, role {}", limits_words(view), write.role.word()),
    );
    let lines: [(&str, String); 6] = [
        ("QUALITY", quality_words(state, view.id)),
        ("RANGE", range),
        ("NORMAL", normal),
        ("SOURCE", view.source.clone().unwrap_or_else(|| "none in the field".to_owned())),
        ("ENTRY", entry),
        ("AREA", plant.area_title(&view.area)),
    ];
    for ((label, words), y) in lines.iter().zip(1..) {
        inside.text(1, y, label, dim);
        inside.fit(9, y, inside.width().saturating_sub(9), words, text);
    }
    if let Some(force) = &view.force {
        let y = lines.len() as u16 + 1;
        let (label, words, style) = match state.live.force(view.id) {
            Some(status) => ("FORCED", forced::words(state, view, status), inside.look.bright()),
            None => ("FORCE", forced::permission(plant, force), text),
        };
        inside.text(1, y, label, dim);
        let rows = y..inside.height();
        for (row, y) in wrapped(&words, inside.width().saturating_sub(10)).iter().zip(rows) {
            inside.text(9, y, row, style);
        }
    }
}

pub(super) fn block_of(state: &State, id: BlockId) -> Option<&BlockView> {
    state.plant.as_deref()?.block(id)
}
