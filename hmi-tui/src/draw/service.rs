//! Everything that is out of service: the list on the System page, and the line on a device's faceplate.

use model::wire::ServiceStatus;

use crate::clock;
use crate::pane::Pane;
use crate::state::{Plant, State};

/// In the plant's order; where there is no room for all, the heads say how many more there are.
pub(super) fn list(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let all = &state.live.out_of_service;
    let mut inside = panel.boxed(&format!("OUT OF SERVICE  {}", all.len()));
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    for (x, head) in [(1, "DEVICE"), (16, "FOR"), (24, "BY"), (37, "WHAT")] {
        inside.text(x, 0, head, dim);
    }
    let room = usize::from(inside.height().saturating_sub(1));
    for (status, y) in all.iter().take(room).zip(1..) {
        let Some(view) = plant.block(status.block) else { continue };
        inside.fit(1, y, 14, &view.name, bright);
        if let Some(since) = status.since_ms {
            inside.text(16, y, &clock::age(state.live.time_ms - since), text);
        }
        inside.fit(24, y, 12, status.by.as_deref().unwrap_or("-"), text);
        inside.fit(37, y, inside.width().saturating_sub(37), &view.description, text);
    }
    if all.len() > room {
        let end = inside.width().saturating_sub(1);
        inside.right(end, 0, &format!("  {} more", all.len() - room), bright);
    }
}

/// `for 12 m, by j.ortiz`
pub(super) fn words(state: &State, status: &ServiceStatus) -> String {
    let since = status.since_ms.map(|since| format!("for {}", clock::age(state.live.time_ms - since)));
    let by = status.by.as_ref().map(|by| format!("by {by}"));
    since.into_iter().chain(by).collect::<Vec<_>>().join(", ")
}
