//! Loops whose output goes nowhere: neither a tag nor a block, a condition or a phase takes it.

use alloc::collections::BTreeSet;
use alloc::format;
use model::PointId;

use super::draft::Draft;
use super::items::Items;
use super::report::{Mistake, Report};
use crate::plant::{BlockBody, Op, Plant};

pub(super) fn warn(plant: &Plant, draft: &Draft, items: &Items, report: &mut Report) {
    let mut read: BTreeSet<PointId> =
        draft.blocks.iter().flat_map(|block| block.reads.iter().map(|(point, _)| *point)).collect();
    read.extend(plant.code.ops.iter().filter_map(|op| match op {
        Op::Load(point) | Op::LoadPrevious(point) => Some(*point),
        _ => None,
    }));
    // The plant compiles, so every block of its text is there.
    for (draft, block) in draft.blocks.iter().zip(&plant.blocks) {
        let BlockBody::Pid(pid) = &block.body else { continue };
        if pid.target.is_some() || read.contains(&pid.out) {
            continue;
        }
        let name = &draft.name;
        let place = items.items[draft.item].name.place;
        report.add(
            Mistake::warning("unread-output", format!("nothing reads the output of `{name}`"))
                .at(place, "it controls nothing")
                .help(format!(
                    "give it `out = \"FV-301\"`, or let a block take `{name}.OUT`, as a loop by its `cascade`"
                )),
        );
    }
}
