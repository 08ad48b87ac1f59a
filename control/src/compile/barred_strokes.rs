//! Valves that declare a stroke test which nobody may begin: an interlock without a bypass watches them.

use alloc::format;
use model::BlockId;

use super::draft::Draft;
use super::items::Items;
use super::report::{Mistake, Report};
use crate::force::Reach;
use crate::plant::Plant;

pub(super) fn warn(plant: &Plant, draft: &Draft, items: &Items, report: &mut Report) {
    let reach = Reach::new(plant);
    // The plant compiles, so every block of its text is there.
    for (index, draft) in draft.blocks.iter().enumerate() {
        let watching = reach.watching(BlockId(index as u32)).iter();
        let mut watching = watching.map(|number| &plant.interlocks[*number as usize]);
        let Some(strict) = watching.find(|interlock| interlock.bypass.is_none()) else { continue };
        let (name, interlock) = (&draft.name, &strict.name);
        report.add(
            Mistake::warning("stroke-barred", format!("the stroke test of `{name}` cannot be begun"))
                .at(items.items[draft.item].name.place, format!("`{interlock}` reads it and has no bypass"))
                .help(format!(
                    "leave `stroke` and `partial_stroke` out, or give `{interlock}` a `bypass` for the time of the test"
                )),
        );
    }
}
