//! Everything that is forced: the list on the System page, and the line on a tag's faceplate.

use model::wire::{ForceStatus, ForceView, PointView};

use crate::clock;
use crate::pane::Pane;
use crate::state::{Plant, State};
use crate::value;

/// The oldest first; where there is no room for all, the heads say how many more there are.
pub(super) fn list(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let all = &state.live.forced;
    let mut inside = panel.boxed(&format!("FORCED  {}", all.len()));
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    for (x, head) in
        [(1, "TAG"), (16, "FORCED TO"), (31, "FIELD SAYS"), (46, "LEFT"), (54, "BY"), (67, "DEFEATS")]
    {
        inside.text(x, 0, head, dim);
    }
    let room = usize::from(inside.height().saturating_sub(1));
    for (status, y) in all.iter().take(room).zip(1..) {
        let Some(view) = plant.point(status.point) else { continue };
        inside.fit(1, y, 14, &view.name, bright);
        inside.fit(16, y, 14, &shown(state, view, status.value), text);
        inside.fit(31, y, 14, &field_words(state, view, status).unwrap_or_default(), text);
        inside.text(46, y, &clock::age(status.until_ms - state.live.time_ms), text);
        inside.fit(54, y, 12, &status.by, text);
        let mut defeats = view.force.as_ref().map(|force| names(plant, force)).unwrap_or_default();
        if let Some(block) = status.follows.and_then(|block| plant.block(block)) {
            defeats = format!(
                "{defeats}{}simulated with {}",
                if defeats.is_empty() { "" } else { "; " },
                block.name
            );
        }
        inside.fit(67, y, inside.width().saturating_sub(67), &defeats, text);
    }
    if all.len() > room {
        let end = inside.width().saturating_sub(1);
        inside.right(end, 0, &format!("  {} more", all.len() - room), bright);
    }
}

/// `45.0 %, 12 m left, by j.ortiz; field says 12.3 %`
pub(super) fn words(state: &State, view: &PointView, status: &ForceStatus) -> String {
    let left = clock::age(status.until_ms - state.live.time_ms);
    let field =
        field_words(state, view, status).map(|words| format!("; field says {words}")).unwrap_or_default();
    format!("{}, {left} left, by {}{field}", shown(state, view, status.value), status.by)
}

/// Who may force it, and what that defeats.
pub(super) fn permission(plant: &Plant, force: &ForceView) -> String {
    match force.role {
        Some(role) if force.defeats.is_empty() => format!("F forces it, role {}", role.word()),
        Some(role) => format!("F forces it, role {}, defeats {}", role.word(), names(plant, force)),
        None => format!("never: {}", names(plant, force)),
    }
}

fn names(plant: &Plant, force: &ForceView) -> String {
    let all = force.defeats.iter().filter_map(|id| plant.interlock(*id));
    all.map(|interlock| interlock.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn field_words(state: &State, view: &PointView, status: &ForceStatus) -> Option<String> {
    let mark = status.raw_quality?.mark();
    Some(format!("{}{mark}", shown(state, view, status.raw?)))
}

fn shown(state: &State, view: &PointView, number: f64) -> String {
    match &view.words {
        Some(_) => state.words_for(view.id, number),
        None => format!("{} {}", value::number(number, view.decimals), view.unit),
    }
}
