//! Every interlock that is bypassed: the list on the System page.

use crate::clock;
use crate::pane::Pane;
use crate::state::{Plant, State};

/// In the plant's order; where there is no room for all, the heads say how many more there are.
pub(super) fn list(panel: &mut Pane<'_>, state: &State, plant: &Plant) {
    let count = state.live.bypassed().count();
    let mut inside = panel.boxed(&format!("BYPASSED  {count}"));
    let (text, dim, bright) = (inside.look.value(), inside.look.dim(), inside.look.bright());
    for (x, head) in [(1, "INTERLOCK"), (16, "LEFT"), (24, "BY"), (37, "ITS CAUSE"), (48, "PROTECTS")] {
        inside.text(x, 0, head, dim);
    }
    let room = usize::from(inside.height().saturating_sub(1));
    for (status, y) in state.live.bypassed().take(room).zip(1..) {
        let Some(view) = plant.interlock(status.interlock) else { continue };
        inside.fit(1, y, 14, &view.name, bright);
        let left = status.bypassed_until_ms.map_or(0, |until| until - state.live.time_ms);
        inside.text(16, y, &clock::age(left), text);
        inside.fit(24, y, 12, status.bypassed_by.as_deref().unwrap_or("?"), text);
        // With the cause there, the plant runs on what the bypass allows.
        let (words, look) = if status.active { ("STANDS", bright) } else { ("absent", text) };
        inside.text(37, y, words, look);
        inside.fit(48, y, inside.width().saturating_sub(48), &view.description, text);
    }
    if count > room {
        let end = inside.width().saturating_sub(1);
        inside.right(end, 0, &format!("  {} more", count - room), bright);
    }
}
