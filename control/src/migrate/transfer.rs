//! What of one plant is where in the other: every table of indices that a change needs, made beforehand.
//!
//! ```text
//! two texts ──► Transfer::between ──► tables ──► Transfer::carry(old engine, new engine)
//!               compares, allocates              copies, never allocates: may stand between two scans
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use model::{BlockId, Mode, PointId, ProcState, StateWriter};

use super::carry::forces;
use super::expressions;
use super::plan::Plan;
use super::{Carried, MigrateError};
use crate::blocks::second_answer;
use crate::engine::{Engine, forced_points};
use crate::exchange::ScanOutput;
use crate::force::{Force, Reach, feedbacks};
use crate::plant::{BlockBody, Interlock, Origin, Plant};
use crate::service::device_of;

/// Everything about a change that does not depend on what the plant does at the moment.
#[derive(Debug)]
pub struct Transfer {
    pub plan: Plan,
    pub(super) old: [u8; 32],
    pub(super) new: [u8; 32],
    /// Old index of each point, block and alarm that is still there, by new index.
    pub(super) points: Vec<Option<usize>>,
    pub(super) blocks: Vec<Option<usize>>,
    /// New and old handshake of those that answer two loops.
    pub(super) second_answers: Vec<(usize, usize)>,
    pub(super) alarms: Vec<Option<usize>>,
    /// Settings that the text changes: they take the new value, unless a phase owns them.
    pub(super) retuned: Vec<bool>,
    pub(super) totals: Vec<Total>,
    pub(super) slots: Moves,
    pub(super) interlocks: Vec<Option<InterlockMove>>,
    /// By old index: the number that something has now, from one; zero when it is gone.
    pub(super) interlock_numbers: Vec<u32>,
    /// By old index: it stays, and no longer acts on something that is still there.
    pub(super) interlock_lets_go: Vec<bool>,
    /// By old index: a force of the point may stay.
    pub(super) keeps_force: Vec<bool>,
    /// By old index: it stays, and nobody may bypass it any more.
    pub(super) ends_bypass: Vec<bool>,
    /// By old index: nobody may take the block out of service any more.
    pub(super) bars_service: Vec<bool>,
    /// By old index: the loop and its modes that are gone.
    pub(super) lost_modes: Vec<LostModes>,
    /// By old index: the number of the device now, from one, when it may stay simulated.
    pub(super) simulated_numbers: Vec<u32>,
    pub(super) phase_numbers: Vec<u32>,
    pub(super) recipe_numbers: Vec<u32>,
    /// By old index: its text is not the same.
    pub(super) phase_changed: Vec<bool>,
    pub(super) recipe_changed: Vec<bool>,
    pub(super) carried: Carried,
    /// Room for the memory of any one block.
    pub(super) scratch: StateWriter,
    pub(super) out: ScanOutput,
}

/// New and old slot of delays, edges and rates of change.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) timers: Vec<(usize, usize)>,
    pub(super) edges: Vec<(usize, usize)>,
    pub(super) rates: Vec<(usize, usize)>,
}

#[derive(Debug)]
pub(super) struct InterlockMove {
    pub(super) old: usize,
    /// By old cause: its number now, from one; zero when it is gone.
    pub(super) causes: Vec<u16>,
}

/// A sum that is told in another unit from now on: new block, new and old point, and how many of the new unit one of the old is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    pub(super) block: usize,
    pub(super) point: usize,
    pub(super) old: usize,
    pub(super) factor: f64,
}

/// A bit per mode that the old text of a loop has and the new one has not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LostModes(u8);

impl LostModes {
    pub(super) fn has(self, mode: Mode) -> bool {
        self.0 & (1 << mode as u8) != 0
    }
}

impl Transfer {
    /// Compares two plants and makes the tables.
    ///
    /// # Errors
    ///
    /// When no state can be carried over.
    pub fn between(old: &Plant, new: &Plant) -> Result<Self, MigrateError> {
        let (old_ms, new_ms) = (old.period_ms, new.period_ms);
        if old_ms != new_ms {
            return Err(MigrateError::Period { old_ms, new_ms });
        }
        let plan = Plan::between(old, new);
        let points = points(old, new);
        let keeps_force = keeps_force(old, new, &points);
        let simulated_numbers = simulated_numbers(old, new, &points, &keeps_force);
        let blocks = blocks(old, new);
        let settings = settings(new);
        let retuned = |(index, from): (usize, &Option<usize>)| {
            let changed =
                |from: usize| old.points[from].initial.to_bits() != new.points[index].initial.to_bits();
            settings.contains(&PointId(index as u32)) && from.is_some_and(changed)
        };
        let retuned: Vec<bool> = points.iter().enumerate().map(retuned).collect();
        let number = |found: Option<u32>| found.map_or(0, |index| index + 1);
        let there = by_name(old.alarms.iter().map(|alarm| alarm.name.as_str()));
        let carried = Carried {
            points: points.iter().zip(&retuned).filter(|(old, retuned)| old.is_some() && !**retuned).count(),
            blocks: blocks.iter().flatten().count(),
        };
        Ok(Self {
            old: old.hash,
            new: new.hash,
            points,
            second_answers: second_answers(old, new, &blocks),
            totals: totals(old, new, &blocks),
            lost_modes: lost_modes(old, new),
            blocks,
            alarms: new.alarms.iter().map(|alarm| there.get(alarm.name.as_str()).copied()).collect(),
            retuned,
            slots: Moves::between(old, new),
            bars_service: bars_service(old, new),
            simulated_numbers,
            keeps_force,
            ends_bypass: old.interlocks.iter().map(|interlock| ends_bypass(interlock, new)).collect(),
            interlock_lets_go: (0..old.interlocks.len()).map(|index| lets_go(old, new, index)).collect(),
            interlocks: interlocks(old, new),
            interlock_numbers: (old.interlocks.iter())
                .map(|interlock| number(new.find_interlock(&interlock.name).map(|id| id.0)))
                .collect(),
            phase_numbers: (old.phases.iter())
                .map(|phase| number(new.find_phase(&phase.name).map(|id| id.0)))
                .collect(),
            recipe_numbers: (old.recipes.iter())
                .map(|recipe| number(new.find_recipe(&recipe.name).map(|id| id.0)))
                .collect(),
            phase_changed: old.phases.iter().map(|phase| plan.find("phase", &phase.name).is_some()).collect(),
            recipe_changed: (old.recipes.iter())
                .map(|recipe| plan.find("recipe", &recipe.name).is_some())
                .collect(),
            carried,
            scratch: StateWriter::default(),
            out: ScanOutput::with_capacity(64),
            plan,
        })
    }

    /// Makes room, so that [`Self::carry`] from this engine allocates nothing.
    pub fn make_room(&mut self, old: &mut Engine) {
        self.scratch.0.clear();
        // The memory of one block is a part of the whole.
        old.save(&mut self.scratch);
        self.scratch.0.clear();
    }

    /// A force may stay, and with it the device that is simulated.
    pub(super) fn keeps(&self, force: &Force) -> bool {
        self.keeps_force[force.point.index()] && (force.follows == 0 || self.follows_now(force) != 0)
    }

    /// Number of the device whose order a force follows in the new plant.
    pub(super) fn follows_now(&self, force: &Force) -> u32 {
        (force.follows as usize)
            .checked_sub(1)
            .and_then(|old| self.simulated_numbers.get(old).copied())
            .unwrap_or(0)
    }
}

pub(super) fn is_active(state: ProcState) -> bool {
    !matches!(state, ProcState::Idle | ProcState::Complete | ProcState::Stopped | ProcState::Aborted)
}

fn points(old: &Plant, new: &Plant) -> Vec<Option<usize>> {
    let there = by_name(old.points.iter().map(|point| point.name.as_str()));
    let same_kind = |index: &usize, origin: Origin| {
        core::mem::discriminant(&old.points[*index].origin) == core::mem::discriminant(&origin)
    };
    let find = |point: &crate::plant::Point| {
        let found = there.get(point.name.as_str()).copied();
        // A number in another unit is not carried: it would mean something else.
        found.filter(|index| same_kind(index, point.origin) && old.points[*index].unit == point.unit)
    };
    new.points.iter().map(find).collect()
}

/// By old index: the tag is there, its range takes what the old one took, and no interlock forbids a force of it.
fn keeps_force(old: &Plant, new: &Plant, points: &[Option<usize>]) -> Vec<bool> {
    let reach = Reach::new(new);
    let mut keeps = vec![false; old.points.len()];
    for (index, there) in points.iter().enumerate() {
        let Some(there) = *there else { continue };
        let (before, after) = (&old.points[there], &new.points[index]);
        let fits = after.low <= before.low && before.high <= after.high;
        keeps[there] = fits && !reach.bars(PointId(index as u32));
    }
    keeps
}

/// By old block: it is still there, and an interlock that may not be bypassed asks whether it has failed.
fn bars_service(old: &Plant, new: &Plant) -> Vec<bool> {
    let reach = Reach::new(new);
    let bars = |block: &crate::plant::Block| {
        new.find_block(&block.name).is_some_and(|block| reach.bars_service(block))
    };
    old.blocks.iter().map(bars).collect()
}

/// By old block: its number now, when it is a device with the same feedbacks, all of which may stay forced.
fn simulated_numbers(old: &Plant, new: &Plant, points: &[Option<usize>], keeps_force: &[bool]) -> Vec<u32> {
    let before = |point: PointId| points.get(point.index()).copied().flatten();
    let number = |(index, block): (usize, &crate::plant::Block)| {
        let now = new.find_block(&block.name)?;
        let (old, new) = (device_of(old, BlockId(index as u32))?, device_of(new, now)?);
        let mine: BTreeSet<usize> = feedbacks(old).map(PointId::index).collect();
        let same = feedbacks(new).map(before).collect::<Option<BTreeSet<usize>>>()? == mine;
        (same && mine.iter().all(|point| keeps_force[*point])).then_some(now.0 + 1)
    };
    old.blocks.iter().enumerate().map(|block| number(block).unwrap_or(0)).collect()
}

/// True when an interlock that stays has lost an action on a point that stays.
fn lets_go(old: &Plant, new: &Plant, index: usize) -> bool {
    let Some(now) = new.find_interlock(&old.interlocks[index].name) else { return false };
    old.interlocks[index].actions.iter().flat_map(|forcing| forced_points(old, forcing)).any(|point| {
        let there = new.find_point(&old.point(point).name);
        there.is_some_and(|point| !forces(new, now.index(), point.index()))
    })
}

/// True when an interlock that stays may no longer be bypassed.
fn ends_bypass(old: &Interlock, new: &Plant) -> bool {
    let strict = |new: &Interlock| new.name == old.name && new.bypass.is_none();
    old.bypass.is_some() && new.interlocks.iter().any(strict)
}

fn lost_modes(old: &Plant, new: &Plant) -> Vec<LostModes> {
    let there = by_name(new.blocks.iter().map(|block| block.name.as_str()));
    let lost = |block: &crate::plant::Block| {
        let now = there.get(block.name.as_str()).map(|index| &new.blocks[*index].body);
        let (BlockBody::Pid(old), Some(BlockBody::Pid(new))) = (&block.body, now) else {
            return LostModes::default();
        };
        let gone = old.modes.iter().filter(|mode| !new.modes.contains(mode));
        LostModes(gone.fold(0, |bits, mode| bits | 1 << *mode as u8))
    };
    old.blocks.iter().map(lost).collect()
}

/// Sums of blocks that go on, in another unit of the same kind.
fn totals(old: &Plant, new: &Plant, blocks: &[Option<usize>]) -> Vec<Total> {
    let total = |(block, before): (usize, &Option<usize>)| {
        let of = |block: &crate::plant::Block| match &block.body {
            BlockBody::Function(function) => function.total(),
            _ => None,
        };
        let (point, old_point) = (of(&new.blocks[block])?, of(&old.blocks[(*before)?])?);
        let (now, was) = (new.point(point).unit, old.point(old_point).unit);
        let (factor, _) = was.factor_and_offset(now).filter(|_| was != now)?;
        Some(Total { block, point: point.index(), old: old_point.index(), factor })
    };
    blocks.iter().enumerate().filter_map(total).collect()
}

fn blocks(old: &Plant, new: &Plant) -> Vec<Option<usize>> {
    let there = by_name(old.blocks.iter().map(|block| block.name.as_str()));
    let find = |block: &crate::plant::Block| {
        let found = there.get(block.name.as_str()).copied();
        found.filter(|index| {
            let before = &old.blocks[*index].body;
            before.remembers_like(&block.body) && !is_another_sum(old, before, new, &block.body)
        })
    };
    new.blocks.iter().map(find).collect()
}

/// A total of something else: kilograms after cubic metres.
fn is_another_sum(old: &Plant, before: &BlockBody, new: &Plant, now: &BlockBody) -> bool {
    let unit = |plant: &Plant, body: &BlockBody| match body {
        BlockBody::Function(function) => function.total().map(|point| plant.point(point).unit),
        _ => None,
    };
    let units = unit(old, before).zip(unit(new, now));
    units.is_some_and(|(before, now)| !before.converts_to(now))
}

fn second_answers(old: &Plant, new: &Plant, blocks: &[Option<usize>]) -> Vec<(usize, usize)> {
    let both = |(index, before): (usize, &Option<usize>)| {
        let before = (*before)?;
        let twice = new.blocks[index].body.answers_twice() && old.blocks[before].body.answers_twice();
        twice.then(|| (second_answer(new, index), second_answer(old, before)))
    };
    blocks.iter().enumerate().filter_map(both).collect()
}

impl Moves {
    fn between(old: &Plant, new: &Plant) -> Self {
        let (before, after) = (expressions::slots(old), expressions::slots(new));
        let mut moves = Self::default();
        for (key, slots) in &after {
            let Some(old) = before.get(key) else { continue };
            let lists = [
                (&mut moves.timers, &slots.timers, &old.timers),
                (&mut moves.edges, &slots.edges, &old.edges),
                (&mut moves.rates, &slots.rates, &old.rates),
            ];
            for (moves, new, old) in lists {
                moves.extend(new.iter().zip(old).map(|(new, old)| (*new as usize, *old as usize)));
            }
        }
        moves
    }
}

fn interlocks(old: &Plant, new: &Plant) -> Vec<Option<InterlockMove>> {
    let there = by_name(old.interlocks.iter().map(|interlock| interlock.name.as_str()));
    let find = |interlock: &Interlock| {
        let index = there.get(interlock.name.as_str()).copied()?;
        // The cause that was first out may have another number now, or be gone.
        let number = |cause: &crate::plant::Cause| {
            let same = |other: &crate::plant::Cause| other.text == cause.text;
            interlock.causes.iter().position(same).map_or(0, |cause| cause as u16 + 1)
        };
        let causes = old.interlocks[index].causes.iter().map(number).collect();
        Some(InterlockMove { old: index, causes })
    };
    new.interlocks.iter().map(find).collect()
}

fn by_name<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    names.enumerate().map(|(index, name)| (name, index)).collect()
}

/// Points that show a number of the text, which a change of it is meant to change: settings of blocks, and the
/// parameters of phases, which begin with their own value when nobody says another.
fn settings(plant: &Plant) -> BTreeSet<PointId> {
    let of_blocks = plant.blocks.iter().flat_map(|block| block.body.settings());
    let of_phases = plant.phases.iter().flat_map(|phase| phase.parameters.iter().copied());
    of_blocks.chain(of_phases).collect()
}
