//! The line of a command: old -> new, change, limits, and how to go on.

use super::batch::batch_name;
use crate::layout::Rows;
use crate::pane::{Pane, columns};
use crate::state::{Entry, FieldKind, Item, Purpose, State};
use crate::value;
use model::{BlockId, ExperimentShape};

/// The second step of a command: old -> new, change, limits, and how to go on.
pub(super) fn draw(screen: &mut Pane<'_>, rows: &Rows, state: &State, entry: &Entry) {
    let (text, dim, bright) = (screen.look.text(), screen.look.dim(), screen.look.bright());
    let (title, context) = words(state, entry);
    let mut x = screen.text(1, rows.last, &title, bright);
    x = screen.text(x + 2, rows.last, &context, text);
    for (index, field) in entry.fields.iter().enumerate() {
        let label = match &field.kind {
            FieldKind::Number => "",
            FieldKind::Minutes => "  minutes ",
            FieldKind::Reason { .. } => "  reason ",
            FieldKind::Retype(_) => "  type the tag ",
        };
        x = screen.text(x, rows.last, label, dim);
        let (before, behind) = field.input.halves();
        if index == entry.active {
            x = screen.text(x, rows.last, &before, bright);
            let under = behind.chars().next().unwrap_or('_');
            let cursor = bright.add_modifier(ratatui::style::Modifier::UNDERLINED);
            x = screen.text(x, rows.last, under.encode_utf8(&mut [0; 4]), cursor);
            let rest: String = behind.chars().skip(1).collect();
            x = screen.text(x, rows.last, &rest, bright);
        } else {
            x = screen.text(x, rows.last, &format!("{before}{behind}"), text);
        }
        if index == 0 {
            x = screen.text(x, rows.last, &change_words(state, entry), text);
        }
    }
    keys(screen, rows, state, entry, x);
}

fn keys(screen: &mut Pane<'_>, rows: &Rows, state: &State, entry: &Entry, x: u16) {
    let (dim, bright) = (screen.look.dim(), screen.look.bright());
    let last_field = entry.active + 1 >= entry.fields.len();
    let enter = match (&entry.purpose, last_field) {
        (Purpose::Leave, _) => "Enter leave",
        (_, true) => "Enter execute",
        (_, false) => "Enter next",
    };
    let choose = match entry.purpose {
        Purpose::Mode { .. } => "Left/Right choose   ",
        Purpose::Stroke { block, .. } if entry.active == 0 && strokes(state, block).len() > 1 => {
            "Left/Right choose   "
        }
        _ => "",
    };
    let words = format!("{choose}{enter}   Esc cancel   expires in {} s", entry.seconds_left(state.now_ms));
    let width = screen.width();
    let (refusal_row, beside) = (rows.hints, x + columns(&words) + 5 < width);
    if beside {
        screen.text(x + 3, rows.last, &words, dim);
    }
    match &entry.refusal {
        // The refusal takes the row of the hints; it must be read in full.
        Some(refusal) => {
            let end = screen.text(1, refusal_row, "NOT SENT  ", bright);
            screen.fit(end, refusal_row, width.saturating_sub(end + 1), refusal, bright);
        }
        None if !beside => {
            screen.fit(1, refusal_row, width.saturating_sub(2), &words, dim);
        }
        None => {
            let tab = if crate::update::may_give_reason(entry) { "Tab reason   " } else { "" };
            let nudge = if entry.steps(state).is_some() { "Up/Down 1 %   PgUp/PgDn 5 %   " } else { "" };
            let words = format!("{tab}{nudge}nothing happens before Enter");
            screen.fit(1, refusal_row, width.saturating_sub(2), &words, dim);
        }
    }
}

fn strokes(state: &State, block: BlockId) -> &[ExperimentShape] {
    let plant = state.plant.as_deref();
    plant.and_then(|plant| plant.block(block)).map(|view| view.strokes.as_slice()).unwrap_or_default()
}

/// What the line is about, and what stands now.
fn words(state: &State, entry: &Entry) -> (String, String) {
    let Some(plant) = state.plant.as_deref() else { return (String::new(), String::new()) };
    let interlock = |id| plant.item_name(Item::Interlock(id)).to_owned();
    let alarm =
        |id| plant.alarm(id).map(|alarm| format!("{}  {}", alarm.name, alarm.text)).unwrap_or_default();
    let recipe = |id| plant.recipe(id).map(|recipe| recipe.name.clone()).unwrap_or_default();
    let point = |id| plant.point(id).map(|view| view.name.clone()).unwrap_or_default();
    let confirm = || "CONFIRM".to_owned();
    match &entry.purpose {
        Purpose::Leave => ("LEAVE".to_owned(), "the HMI?".to_owned()),
        Purpose::Write { point } => {
            let name = plant.point(*point).map(|view| view.name.clone()).unwrap_or_default();
            ("SET".to_owned(), format!("{name} {} -> ", state.reading(*point).0))
        }
        Purpose::Switch { point, on, block } => {
            let new = state.words_for(*point, f64::from(*on));
            let name = plant.item_name(Item::Block(*block));
            (confirm(), format!("{name} command {} -> {new}", state.reading(*point).0))
        }
        Purpose::Mode { block, pick } => {
            let old = state.mode_of(*block).map_or("?", model::Mode::short);
            let modes = plant.block(*block).map(|block| block.modes.clone()).unwrap_or_default();
            let list = modes.iter().map(|mode| match mode == pick {
                true => format!("[{}]", mode.short()),
                false => mode.short().to_owned(),
            });
            let list: Vec<String> = list.collect();
            (
                "MODE".to_owned(),
                format!("{} {old} -> {}", plant.item_name(Item::Block(*block)), list.join(" ")),
            )
        }
        Purpose::Shelve { alarm: id } => ("SHELVE".to_owned(), alarm(*id)),
        Purpose::Unshelve { alarm: id } => ("UNSHELVE".to_owned(), alarm(*id)),
        Purpose::ResetTrip { interlock: id } => ("RESET TRIP".to_owned(), interlock(*id)),
        Purpose::Bypass { interlock: id } => ("BYPASS".to_owned(), interlock(*id)),
        Purpose::Restore { interlock: id } => ("END BYPASS".to_owned(), interlock(*id)),
        Purpose::Force { point: id } => {
            ("FORCE".to_owned(), format!("{} {} -> ", point(*id), state.reading(*id).0))
        }
        Purpose::Simulate { block } => {
            ("SIMULATE".to_owned(), plant.item_name(Item::Block(*block)).to_owned())
        }
        Purpose::EndSimulation { block } => {
            ("END THE SIMULATION".to_owned(), plant.item_name(Item::Block(*block)).to_owned())
        }
        Purpose::Stroke { block, pick } => {
            let shapes = strokes(state, *block).iter().map(|shape| {
                let word = if *shape == ExperimentShape::Stroke { "whole" } else { "partial" };
                if shape == pick { format!("[{word}]") } else { word.to_owned() }
            });
            let shapes = shapes.collect::<Vec<_>>().join(" ");
            ("STROKE TEST".to_owned(), format!("{} {shapes}", plant.item_name(Item::Block(*block))))
        }
        Purpose::EndStroke { block } => {
            ("END THE STROKE TEST".to_owned(), plant.item_name(Item::Block(*block)).to_owned())
        }
        Purpose::Unforce { point: id } => ("RELEASE THE FORCE".to_owned(), point(*id)),
        Purpose::Prepare { recipe: id } => ("PREPARE".to_owned(), format!("{} as batch ", recipe(*id))),
        Purpose::Parameter { recipe: id, parameter } => {
            let view = plant.recipe(*id).and_then(|recipe| recipe.parameters.get(usize::from(*parameter)));
            let old = state.live.batch(*id).and_then(|batch| batch.parameters.get(usize::from(*parameter)));
            let old = old.copied().map_or_else(|| "--".to_owned(), value::trimmed);
            let name = view.map(|view| view.name.clone()).unwrap_or_default();
            ("SET".to_owned(), format!("{} {name} {old} -> ", recipe(*id)))
        }
        Purpose::Order { recipe: id, order } => {
            let batch = state.live.batch(*id);
            let now = batch.map_or("", |batch| batch.state.word());
            let number = batch.map_or(0, |batch| batch.batch);
            let order = order.word().to_uppercase();
            (confirm(), format!("{} {}: {now} -> {order}", recipe(*id), batch_name(number)))
        }
    }
}

/// ` degC (+3.0, limits 20..70)`
fn change_words(state: &State, entry: &Entry) -> String {
    let Some(plant) = state.plant.as_deref() else { return String::new() };
    let (unit, decimals, old, low, high) = match &entry.purpose {
        Purpose::Write { point } => {
            let Some(view) = plant.point(*point) else { return String::new() };
            let Some(write) = &view.write else { return String::new() };
            (view.unit, view.decimals, state.live.usable(*point), write.low, write.high)
        }
        Purpose::Force { point } => {
            let Some(view) = plant.point(*point) else { return String::new() };
            (view.unit, view.decimals, state.live.usable(*point), view.low, view.high)
        }
        Purpose::Parameter { recipe, parameter } => {
            let index = usize::from(*parameter);
            let view = plant.recipe(*recipe).and_then(|recipe| recipe.parameters.get(index));
            let Some(view) = view else { return String::new() };
            let old = state.live.batch(*recipe).and_then(|batch| batch.parameters.get(index)).copied();
            (view.unit, 2, old, view.low, view.high)
        }
        Purpose::Shelve { .. } | Purpose::Bypass { .. } | Purpose::Simulate { .. } => {
            return " (1..480)".to_owned();
        }
        _ => return String::new(),
    };
    let change = match (entry.number(), old) {
        (Some(new), Some(old)) => format!("{}, ", value::signed(new - old, decimals)),
        _ => String::new(),
    };
    let limits = format!("limits {}..{}", value::trimmed(low), value::trimmed(high));
    format!(" {unit} ({change}{limits})")
}
