//! The order of the blocks: whoever reads a value runs after the block that makes it.

use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use model::{BlockId, PointId};

use super::draft::{Draft, Part};
use super::place::Place;
use super::report::{Mistake, Report};
use crate::plant::{Block, Origin, Task};

/// Loops beyond this number are found after the first ones are broken.
const LOOPS: usize = 50;

/// The block whose turn makes the value of a point in the same scan, if there is one.
fn maker(draft: &Draft, drivers: &BTreeMap<PointId, BlockId>, point: PointId) -> Option<BlockId> {
    match draft.point(point).origin {
        Origin::Block(block) => (draft.part(point) == Part::Result).then_some(block),
        Origin::FieldOutput(_) => {
            let block = drivers.get(&point).copied()?;
            // The command of a device is given from outside; the block does not compute it.
            (draft.blocks[block.index()].point("CMD") != Some(point)).then_some(block)
        }
        _ => None,
    }
}

struct Graph {
    /// For every block, who runs after it.
    after: Vec<Vec<u32>>,
    /// For every block, whom it waits for, and where that is written.
    before: Vec<Vec<(u32, Place)>>,
}

fn graph(draft: &Draft, drivers: &BTreeMap<PointId, BlockId>) -> Graph {
    let count = draft.blocks.len();
    let mut graph = Graph { after: vec![Vec::new(); count], before: vec![Vec::new(); count] };
    for (index, block) in draft.blocks.iter().enumerate() {
        let mut seen = BTreeSet::new();
        for (point, place) in &block.reads {
            let Some(maker) = maker(draft, drivers, *point) else { continue };
            if seen.insert(maker) {
                graph.after[maker.index()].push(index as u32);
                graph.before[index].push((maker.0, *place));
            }
        }
    }
    graph
}

/// All blocks in order of data flow, otherwise in the order of the text. Reports every loop.
pub(super) fn order(
    draft: &Draft,
    drivers: &BTreeMap<PointId, BlockId>,
    report: &mut Report,
) -> Vec<BlockId> {
    let graph = graph(draft, drivers);
    let count = draft.blocks.len();
    let mut waits: Vec<usize> = graph.before.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
    ready.extend((0..count as u32).filter(|index| waits[*index as usize] == 0).map(Reverse));
    let mut done = vec![false; count];
    let mut ordered = Vec::with_capacity(count);
    let mut loops = 0;
    loop {
        while let Some(Reverse(index)) = ready.pop() {
            if core::mem::replace(&mut done[index as usize], true) {
                continue;
            }
            ordered.push(BlockId(index));
            for next in &graph.after[index as usize] {
                waits[*next as usize] = waits[*next as usize].saturating_sub(1);
                if waits[*next as usize] == 0 {
                    ready.push(Reverse(*next));
                }
            }
        }
        let Some(stuck) = done.iter().position(|done| !done) else { return ordered };
        let cycle = find_loop(&graph, &done, stuck as u32);
        loops += 1;
        if loops <= LOOPS {
            report.add(describe(draft, &cycle));
        }
        // Broken at one place, the rest of the plant is looked at as well.
        ready.extend(cycle.iter().map(|(index, _)| Reverse(*index)));
    }
}

/// A loop among the blocks that wait for each other, in the direction of the data.
fn find_loop(graph: &Graph, done: &[bool], start: u32) -> Vec<(u32, Place)> {
    let mut path: Vec<(u32, Place)> = Vec::new();
    let mut position: BTreeMap<u32, usize> = BTreeMap::new();
    let mut at = start;
    loop {
        if let Some(first) = position.get(&at) {
            let mut cycle = path.split_off(*first);
            cycle.reverse();
            return cycle;
        }
        // A block that is stuck waits for one that is stuck.
        let Some((before, place)) =
            graph.before[at as usize].iter().find(|(index, _)| !done[*index as usize])
        else {
            return path;
        };
        position.insert(at, path.len());
        path.push((at, *place));
        at = *before;
    }
}

fn describe(draft: &Draft, cycle: &[(u32, Place)]) -> Mistake {
    let name = |index: u32| draft.blocks[index as usize].name.as_str();
    // Begin with the block that stands first in the text.
    let first = (0..cycle.len()).min_by_key(|index| cycle[*index].0).unwrap_or(0);
    let turned: Vec<(u32, Place)> = cycle[first..].iter().chain(&cycle[..first]).copied().collect();
    let mut path = String::new();
    for (index, _) in &turned {
        path.push_str(name(*index));
        path.push_str(" -> ");
    }
    let Some((start, place)) = turned.first() else { return Mistake::error("algebraic-loop", "a loop") };
    path.push_str(name(*start));
    let last = turned.last().map_or(*start, |(index, _)| *index);
    let read = name(last).to_string();
    let mut mistake = Mistake::error("algebraic-loop", alloc::format!("a loop of dependencies: {path}"))
        .at(*place, alloc::format!("`{}` waits for `{read}`", name(*start)))
        .help("break it on purpose: read one of these values from the scan before, with PREV(...)");
    for pair in turned.windows(2) {
        mistake = mistake
            .related(pair[1].1, alloc::format!("`{}` waits for `{}`", name(pair[1].0), name(pair[0].0)));
    }
    mistake
}

/// One task for every period and phase, fastest first; the blocks get their task's number.
///
/// Blocks that say no phase share one task for each period. Its phase is the period's place among the periods,
/// so that tasks of different periods meet in no tick as long as there are ticks enough.
pub(super) fn tasks(order: &[BlockId], draft: &Draft, blocks: &mut [Option<Block>]) -> Vec<Task> {
    let periods: BTreeSet<u32> = blocks.iter().flatten().map(|block| block.task).collect();
    let own: BTreeMap<u32, u32> =
        periods.iter().enumerate().map(|(place, period)| (*period, place as u32 % *period)).collect();
    let turn = |id: BlockId, period: u32| {
        let phase = draft.blocks[id.index()].phase_ticks.or_else(|| own.get(&period).copied());
        (period, phase.unwrap_or(0))
    };
    let turns: BTreeSet<(u32, u32)> = (0..)
        .zip(blocks.iter())
        .filter_map(|(id, block)| Some(turn(BlockId(id), block.as_ref()?.task)))
        .collect();
    let numbers: BTreeMap<(u32, u32), u32> = turns.iter().copied().zip(0..).collect();
    let mut tasks: Vec<Task> = turns
        .iter()
        .map(|(period, phase)| Task { period_ticks: *period, phase_ticks: *phase, blocks: Vec::new() })
        .collect();
    for id in order {
        if let Some(Some(block)) = blocks.get_mut(id.index()) {
            block.task = numbers.get(&turn(*id, block.task)).copied().unwrap_or(0);
            tasks[block.task as usize].blocks.push(*id);
        }
    }
    tasks
}
