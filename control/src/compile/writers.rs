//! One writer for every output: which block drives it, who else does, and which ones nobody drives.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use model::{BlockId, Direction, PointId};

use super::draft::Draft;
use super::place::Place;
use super::report::{Mistake, Report};
use crate::plant::{Block, BlockBody, Origin};

/// The block that drives each output tag. A second one is reported.
pub(super) fn drivers(draft: &Draft, report: &mut Report) -> BTreeMap<PointId, BlockId> {
    let mut drivers: BTreeMap<PointId, (BlockId, Place)> = BTreeMap::new();
    for (index, block) in draft.blocks.iter().enumerate() {
        for (point, place) in block.writes.iter().copied() {
            if let Some((first, first_place)) = drivers.get(&point) {
                let other = &draft.blocks[first.index()].name;
                report.add(two(draft, point, (block.name.as_str(), place), (other.as_str(), *first_place)));
                continue;
            }
            drivers.insert(point, (BlockId(index as u32), place));
            let output = draft.point(point);
            if output.write.is_some() && block.point("CMD") != Some(point) {
                let said = draft.facts[point.index()].place;
                report.add(two(draft, point, (block.name.as_str(), place), ("people, by `entry`", said)));
            }
        }
    }
    drivers.into_iter().map(|(point, (block, _))| (point, block)).collect()
}

fn two(draft: &Draft, point: PointId, second: (&str, Place), first: (&str, Place)) -> Mistake {
    let tag = &draft.point(point).name;
    Mistake::error("two-writers", format!("`{tag}` is driven by both `{}` and `{}`", first.0, second.0))
        .at(second.1, "the second writer")
        .related(first.1, "the first writer")
        .help("an output has one writer: let one of them drive it, or choose between both in a [selector], and let an [analog_output] bring what it chooses to the valve")
}

/// Outputs that no block, phase or person drives would stand where the first scan puts them for ever.
pub(super) fn unwritten(
    draft: &Draft,
    drivers: &BTreeMap<PointId, BlockId>,
    by_phase: &BTreeMap<PointId, Place>,
    report: &mut Report,
) {
    for io in draft.io.points.iter().filter(|io| io.direction == Direction::Output) {
        let point = io.point;
        let by_person = draft.point(point).write.is_some();
        if by_person || drivers.contains_key(&point) || by_phase.contains_key(&point) {
            continue;
        }
        let help = if draft.point(point).words.is_some() {
            "let a [motor], [valve], [breaker], [on_off] or [pulse_width] drive it with `out = \"...\"`, a [raise_lower] with `raise` or `lower`, or a phase, or add `entry = { role = \"operator\" }`"
        } else {
            "let a [pid], a [split_range] or an [analog_output] drive it with `out = \"...\"`, or a phase, or add `entry = { role = \"operator\" }`"
        };
        report.add(
            Mistake::error("no-writer", format!("nothing drives the output `{}`", io.tag))
                .at(draft.facts[point.index()].place, "stands at its fail position for ever")
                .help(help),
        );
    }
}

/// Links every block whose OUT is the set point of another with that one, for back-calculation.
pub(super) fn link_cascades(draft: &Draft, blocks: &mut [Option<Block>], report: &mut Report) {
    let mut secondaries: Vec<(PointId, BlockId)> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if let Some(Block { body: BlockBody::Pid(pid), .. }) = block
            && let Some(cascade) = pid.cascade
        {
            secondaries.push((cascade, BlockId(index as u32)));
        }
    }
    for (point, secondary) in secondaries {
        let Origin::Block(primary) = draft.point(point).origin else { continue };
        let linked = match blocks.get_mut(primary.index()) {
            Some(Some(Block { body: BlockBody::Pid(pid), .. })) if pid.out == point => &mut pid.secondary,
            Some(Some(Block { body: BlockBody::Ratio(ratio), .. })) if ratio.out == point => {
                &mut ratio.secondary
            }
            _ => continue,
        };
        let first = *linked.get_or_insert(secondary);
        if first != secondary {
            report.add(unheard(draft, point, first, secondary));
        }
    }
}

/// A loop that follows an OUT which follows another loop already.
fn unheard(draft: &Draft, point: PointId, first: BlockId, second: BlockId) -> Mistake {
    let [first, follower] = [first, second].map(|id| &draft.blocks[id.index()].name);
    let source = &draft.point(point).name;
    let reads = &draft.blocks[second.index()].reads;
    let message = format!("`{source}` is the set point of `{first}` and of `{follower}`");
    let mistake = Mistake::warning("two-secondaries", message).help(format!(
        "let `{follower}` follow `{first}.SP`, so that it does what the other one does, or let a [split_range] share it out"
    ));
    match reads.iter().find(|(read, _)| *read == point) {
        Some((_, place)) => {
            let text = format!(
                "the loop above hears only from `{first}`, and winds up over what `{follower}` cannot do"
            );
            mistake.at(*place, text)
        }
        None => mistake,
    }
}
