//! Where two histories part: what differs at one scan between an engine and another with a changed plant, each after
//! what it follows from, and why: the text that changed, or the values that differed before it.
//!
//! ```text
//! LIC-230.OUT   41.2 % / 39.8 %    kc: 1.2 -> 0.9 in loops.toml:14
//! LV-230        41.2 % / 39.8 %    follows from LIC-230.OUT
//! ```

use alloc::{borrow::ToOwned, collections::BTreeSet, format, string::String, vec, vec::Vec};
use model::{BlockId, PointId, Quality};

use crate::compile::Difference;
use crate::engine::Engine;
use crate::force::measured;
use crate::machine::read_points;
use crate::migrate::{Plan, WORDS};
use crate::plant::{AlarmCondition, Auto, BlockBody, Origin, Plant, Wish};
use crate::text::{doubt, joined, number, value_text};

/// What has the same name in both plants.
#[derive(Clone, Debug)]
pub struct Pairs {
    points: Vec<Option<PointId>>,
    interlocks: Vec<Option<usize>>,
    alarms: Vec<Option<usize>>,
    phases: Vec<Option<usize>>,
    /// Per point of the one plant: its place in the order of data flow.
    ranks: Vec<Rank>,
}

/// Stage of the scan, and the place in it.
type Rank = (u8, usize);

const SETTING: u8 = 0;
const BLOCK: u8 = 1;
const PHASE: u8 = 2;
const ALARM: u8 = 3;
const INTERLOCK: u8 = 4;
const HELD: u8 = 5;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// A point, an interlock, an alarm or a phase.
    pub name: String,
    pub one: String,
    pub other: String,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What changed in the text of what makes it: `kc: 1.2 -> 0.9 in loops.toml:14`.
    Text(Vec<String>),
    /// Names, of what differs and is read.
    Follows(Vec<String>),
    /// Neither: its block remembers what came before.
    Memory,
}

impl Pairs {
    pub fn between(one: &Plant, other: &Plant) -> Self {
        let at = |found: Option<u32>| found.map(|index| index as usize);
        Self {
            points: one.points.iter().map(|point| other.find_point(&point.name)).collect(),
            interlocks: one
                .interlocks
                .iter()
                .map(|item| at(other.find_interlock(&item.name).map(|id| id.0)))
                .collect(),
            alarms: one.alarms.iter().map(|item| at(other.find_alarm(&item.name).map(|id| id.0))).collect(),
            phases: one.phases.iter().map(|item| at(other.find_phase(&item.name).map(|id| id.0))).collect(),
            ranks: ranks(one),
        }
    }

    pub fn point(&self, one: PointId) -> Option<PointId> {
        self.points.get(one.index()).copied().flatten()
    }
}

/// The order of the scan: settings, blocks by their turn, what they drive.
fn ranks(plant: &Plant) -> Vec<Rank> {
    let mut turn = vec![0; plant.blocks.len()];
    let turns = plant.tasks.iter().flat_map(|task| &task.blocks);
    for (place, block) in turns.enumerate() {
        turn[block.index()] = place;
    }
    let driver =
        |point: PointId| plant.blocks.iter().position(|block| block.body.targets().any(|it| it == point));
    let rank = |(index, point): (usize, &crate::plant::Point)| match point.origin {
        Origin::Block(block) if is_setting(plant, PointId(index as u32)) => {
            (SETTING, 3 * turn[block.index()])
        }
        Origin::Block(block) => {
            (BLOCK, 3 * turn[block.index()] + usize::from(!is_input(plant, block, index)))
        }
        Origin::FieldOutput(_) => match driver(PointId(index as u32)) {
            Some(block) => (BLOCK, 3 * turn[block] + 2),
            None => (HELD, index),
        },
        Origin::Field(_)
        | Origin::Link(_)
        | Origin::Entry
        | Origin::Phase(_)
        | Origin::Interlock(_)
        | Origin::Scan(_) => (SETTING, 0),
    };
    plant.points.iter().enumerate().map(rank).collect()
}

/// A set point or the copy of a measurement stands before what follows from it.
fn is_input(plant: &Plant, block: BlockId, index: usize) -> bool {
    let point = PointId(index as u32);
    match &plant.blocks[block.index()].body {
        BlockBody::Pid(pid) => [pid.pv, pid.sp, pid.sp_working, pid.mode, pid.ff].contains(&point),
        BlockBody::Split(split) => split.signal == point,
        _ => false,
    }
}

/// A number of the text that the image shows: it differs from the first scan on, and by itself moves nothing.
fn is_setting(plant: &Plant, point: PointId) -> bool {
    let Origin::Block(block) = plant.point(point).origin else { return false };
    plant.blocks[block.index()].body.settings().any(|setting| setting == point)
}

/// What differs after the last scan of both, in order of data flow; nothing while settings alone do.
pub fn parted(one: &Engine, other: &Engine, pairs: &Pairs, plan: &Plan) -> Vec<Parted> {
    let scene = Scene { one, other, plan, plant: one.plant(), points: differing(one, other, pairs) };
    let mut found: Vec<(Rank, Parted)> = Vec::new();
    scene.interlocks(pairs, &mut found);
    scene.alarms(pairs, &mut found);
    scene.phases(pairs, &mut found);
    if found.is_empty() && scene.points.iter().all(|point| is_setting(scene.plant, *point)) {
        return Vec::new();
    }
    for point in &scene.points {
        let Some(there) = pairs.point(*point) else { continue };
        // The interlock itself is told already, with its reason.
        if matches!(scene.plant.point(*point).origin, Origin::Interlock(_)) {
            continue;
        }
        found.push((scene.rank(*point, pairs), scene.point(*point, there)));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, parted)| parted).collect()
}

/// Points whose value or quality is not the same to the bit.
fn differing(one: &Engine, other: &Engine, pairs: &Pairs) -> BTreeSet<PointId> {
    let (image, beside) = (one.image(), other.image());
    let differs = |point: &PointId| {
        pairs.point(*point).is_some_and(|there| {
            image.value(*point).to_bits() != beside.value(there).to_bits()
                || image.quality(*point) != beside.quality(there)
        })
    };
    (0..pairs.points.len()).map(|index| PointId(index as u32)).filter(differs).collect()
}

struct Scene<'a> {
    one: &'a Engine,
    other: &'a Engine,
    plan: &'a Plan,
    plant: &'a Plant,
    points: BTreeSet<PointId>,
}

impl Scene<'_> {
    fn rank(&self, point: PointId, pairs: &Pairs) -> Rank {
        match self.holder(point) {
            Some(_) => (HELD, point.index()),
            None => pairs.ranks[point.index()],
        }
    }

    /// The interlock that forces a point in one of the two, by name.
    fn holder(&self, point: PointId) -> Option<&str> {
        let hold = |engine: &Engine, point: PointId| {
            engine.state().holds.get(point.index()).map_or(0, |hold| hold.interlock)
        };
        let there = self.other.plant().find_point(&self.plant.point(point).name);
        let name = |plant: &'_ Plant, number: u32| {
            let index = number.checked_sub(1)? as usize;
            plant.interlocks.get(index).map(|interlock| interlock.name.clone())
        };
        let one = name(self.plant, hold(self.one, point));
        let other = there.and_then(|there| name(self.other.plant(), hold(self.other, there)));
        let held = one.or(other)?;
        self.plant.find_interlock(&held).map(|id| self.plant.interlocks[id.index()].name.as_str())
    }

    fn point(&self, point: PointId, there: PointId) -> Parted {
        let (image, beside) = (self.one.image(), self.other.image());
        let (one, other) = told_apart(
            self.plant,
            point,
            (image.value(point), image.quality(point)),
            (beside.value(there), beside.quality(there)),
        );
        let block = match self.plant.point(point).origin {
            Origin::Block(block) => Some(block),
            _ => {
                let drives = |body: &BlockBody| body.targets().any(|target| target == point);
                let driver = self.plant.blocks.iter().position(|block| drives(&block.body));
                driver.map(|index| BlockId(index as u32))
            }
        };
        let mut makers = vec![self.plant.point(point).name.as_str()];
        let mut reads = Vec::new();
        let mut more: Vec<&str> = Vec::new();
        if let Some(block) = block.map(|block| &self.plant.blocks[block.index()]) {
            if matches!(self.plant.point(point).origin, Origin::Block(_)) {
                makers.push(&block.name);
                reads_of(self.plant, &block.body, &mut reads);
            } else {
                more.push(&block.name);
                results_of(&block.body, point, &mut reads);
            }
        }
        reads.retain(|read| *read != point);
        let held = self.holder(point);
        let phase = self.one.state().holds.get(point.index()).map_or(0, |hold| hold.phase);
        let phase = phase.checked_sub(1).and_then(|index| self.plant.phases.get(index as usize));
        more.extend(held.into_iter().chain(phase.map(|phase| phase.name.as_str())));
        // Who holds it decides it, whatever its block would do.
        let reason = match held {
            Some(interlock) => Reason::Follows(vec![interlock.to_owned()]),
            None => self.reason(&makers, &reads, &more, is_setting(self.plant, point)),
        };
        Parted { name: self.plant.point(point).name.clone(), one, other, reason }
    }

    /// Changed text of the makers first, then what they read, then who else has a hand in it.
    fn reason(&self, makers: &[&str], reads: &[PointId], more: &[&str], setting: bool) -> Reason {
        let text = self.changes(makers);
        if !text.is_empty() {
            return Reason::Text(text);
        }
        let differ = |point: &&PointId| !setting && self.points.contains(point);
        let names = reads.iter().filter(differ).map(|point| self.plant.point(*point).name.clone());
        let mut follows: Vec<String> = Vec::new();
        for name in names {
            if !follows.contains(&name) {
                follows.push(name);
            }
        }
        if !follows.is_empty() {
            return Reason::Follows(follows);
        }
        let tags: Vec<&str> = reads.iter().map(|point| self.plant.point(*point).name.as_str()).collect();
        let text = self.changes(&[more, &tags].concat());
        if text.is_empty() { Reason::Memory } else { Reason::Text(text) }
    }

    /// What changed in the text of these, with its lines.
    fn changes(&self, names: &[&str]) -> Vec<String> {
        let about = |difference: &&Difference| names.contains(&difference.name.as_str());
        let differences = self.plan.changes.iter().map(|change| &change.difference).filter(about);
        differences.flat_map(|difference| key_texts(difference, names.first().copied())).collect()
    }

    fn interlocks(&self, pairs: &Pairs, found: &mut Vec<(Rank, Parted)>) {
        for (index, there) in pairs.interlocks.iter().enumerate() {
            let Some(there) = *there else { continue };
            let (one, other) = (self.one.interlocks()[index], self.other.interlocks()[there]);
            let word = |memory: crate::InterlockMemory| match (memory.tripped, memory.active) {
                (true, true) => "tripped",
                (true, false) => "tripped, cause gone",
                (false, true) => "a cause stands",
                (false, false) => "ready",
            };
            let (one, other) = (word(one), word(other));
            if one == other {
                continue;
            }
            let interlock = &self.plant.interlocks[index];
            let reads: Vec<PointId> =
                interlock.causes.iter().flat_map(|cause| read_points(self.plant, &cause.when)).collect();
            let reason = self.reason(&[&interlock.name], &reads, &[], false);
            found.push(((INTERLOCK, index), apart(&interlock.name, one, other, reason)));
        }
    }

    fn alarms(&self, pairs: &Pairs, found: &mut Vec<(Rank, Parted)>) {
        for (index, there) in pairs.alarms.iter().enumerate() {
            let Some(there) = *there else { continue };
            let (one, other) = (self.one.alarms()[index].state, self.other.alarms()[there].state);
            if one == other {
                continue;
            }
            let alarm = &self.plant.alarms[index];
            let mut reads: Vec<PointId> = match &alarm.condition {
                AlarmCondition::Above { point, .. }
                | AlarmCondition::Below { point, .. }
                | AlarmCondition::Fault { point, .. } => vec![*point],
                AlarmCondition::Deviation { pv, sp, .. } => vec![*pv, *sp],
                AlarmCondition::When(expr) => read_points(self.plant, expr).collect(),
            };
            reads.extend(alarm.enable.iter().flat_map(|enable| read_points(self.plant, enable)));
            let reason = self.reason(&[&alarm.name], &reads, &[], false);
            found.push(((ALARM, index), apart(&alarm.name, one.word(), other.word(), reason)));
        }
    }

    fn phases(&self, pairs: &Pairs, found: &mut Vec<(Rank, Parted)>) {
        for (index, there) in pairs.phases.iter().enumerate() {
            let Some(there) = *there else { continue };
            let (one, other) = (self.one.state().phases[index], self.other.state().phases[there]);
            if (one.state, one.step) == (other.state, other.step) {
                continue;
            }
            let phase = &self.plant.phases[index];
            let steps = phase.section(one.state).unwrap_or(&[]);
            let waits = steps.iter().flat_map(crate::plant::Step::conditions);
            let reads: Vec<PointId> = waits.flat_map(|wait| read_points(self.plant, wait)).collect();
            let trip = [one.trip, other.trip].into_iter().find_map(|trip| trip.checked_sub(1));
            let trip = trip.and_then(|trip| self.plant.interlocks.get(trip as usize));
            let reason = match (self.reason(&[&phase.name], &reads, &[], false), trip) {
                (Reason::Memory, Some(interlock)) => Reason::Follows(vec![interlock.name.clone()]),
                (reason, _) => reason,
            };
            let word =
                |memory: crate::PhaseMemory| format!("{} step {}", memory.state.word(), memory.step + 1);
            found.push(((PHASE, index), apart(&phase.name, &word(one), &word(other), reason)));
        }
    }
}

fn apart(name: &str, one: &str, other: &str, reason: Reason) -> Parted {
    Parted { name: name.to_owned(), one: one.to_owned(), other: other.to_owned(), reason }
}

/// Everything that a block reads in its turn.
fn reads_of(plant: &Plant, body: &BlockBody, found: &mut Vec<PointId>) {
    measured(plant, body, found);
    let mut conditions = Vec::new();
    match body {
        BlockBody::Pid(pid) => {
            found.extend([pid.kc, pid.ti, pid.td, pid.pv, pid.sp, pid.sp_working, pid.mode]);
            found.extend(pid.cascade.into_iter().chain(pid.options.ff_gain));
            found.extend(pid.options.feedback.map(|feedback| feedback.point));
            found.extend(pid.options.schedule.as_ref().map(|schedule| schedule.by));
            conditions.extend(pid.feed_forward.iter().chain(&pid.options.ff_when));
            if let Some(track) = &pid.options.track {
                conditions.extend([&track.when, &track.value]);
            }
            found.push(pid.out);
        }
        BlockBody::Ratio(ratio) => {
            found.extend([ratio.wild, ratio.ratio, ratio.bias]);
            found.extend(ratio.trim);
        }
        BlockBody::Ramp(ramp) => found.push(ramp.target),
        BlockBody::Split(split) => found.extend(split.valves.iter().map(|valve| valve.out)),
        BlockBody::Device(device) => {
            found.push(device.command);
            conditions.extend(&device.permit);
            if let Some(Auto { switch, wish, .. }) = &device.auto {
                found.push(*switch);
                match wish {
                    Wish::Condition(when) => conditions.push(when),
                    Wish::Group(wanted) => found.push(*wanted),
                }
            }
            if let Some(drive) = &device.drive {
                found.extend([drive.set_point, drive.out]);
                found.extend(drive.source.into_iter().chain(drive.limit));
            }
        }
        BlockBody::Duty(duty) => found.push(duty.command),
        BlockBody::Function(function) => found.extend(&function.ports),
        BlockBody::Calc(_) | BlockBody::Filter(_) | BlockBody::Selector(_) | BlockBody::Position(_) => {}
    }
    found.extend(conditions.into_iter().flat_map(|expr| read_points(plant, expr)));
}

/// What of a block goes to an output that it drives.
fn results_of(body: &BlockBody, target: PointId, found: &mut Vec<PointId>) {
    match body {
        BlockBody::Pid(pid) => found.push(pid.out),
        BlockBody::Split(split) => {
            let valves = split.valves.iter().filter(|valve| valve.target == target);
            found.extend(valves.map(|valve| valve.out));
        }
        BlockBody::Device(device) => match &device.drive {
            Some(drive) if drive.speed == target => found.push(drive.out),
            _ => found.push(device.command),
        },
        BlockBody::Function(function) => found.extend(&function.ports),
        BlockBody::Calc(_)
        | BlockBody::Filter(_)
        | BlockBody::Ratio(_)
        | BlockBody::Ramp(_)
        | BlockBody::Selector(_)
        | BlockBody::Duty(_)
        | BlockBody::Position(_) => {}
    }
}

/// Both values with as many digits as it takes to see a difference.
fn told_apart(plant: &Plant, point: PointId, one: (f64, Quality), other: (f64, Quality)) -> (String, String) {
    let text =
        |(value, quality): (f64, Quality)| format!("{}{}", value_text(plant, point, value), doubt(quality));
    let (mut left, mut right) = (text(one), text(other));
    let mut decimals = plant.point(point).decimals;
    while left == right && decimals < 9 {
        decimals += 1;
        let unit = plant.point(point).unit.symbol();
        let fine = |value| joined(&number(value, decimals), unit);
        (left, right) = (fine(one.0), fine(other.0));
    }
    if left == right { (format!("{:e}", one.0), format!("{:e}", other.0)) } else { (left, right) }
}

/// `kc: 1.2 -> 0.9 in loops.toml:14`; of something that is not the point's own, with its name.
fn key_texts(difference: &Difference, about: Option<&str>) -> Vec<String> {
    let own = about
        .is_some_and(|about| about == difference.name || about.starts_with(&format!("{}.", difference.name)));
    let name = if own { String::new() } else { format!("{} ", difference.name) };
    let acts = difference.keys.iter().filter(|key| !WORDS.contains(&key.key.as_str()));
    let text = |key: &crate::compile::KeyDifference| {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "(not given)".to_owned());
        let place = match (&key.old_at, &key.new_at) {
            (Some(old), Some(new)) if old == new => format!(" in {new}"),
            (Some(old), Some(new)) => format!(" in {old}, with the other {new}"),
            (Some(old), None) => format!(" in {old}"),
            (None, Some(new)) => format!(" with the other in {new}"),
            (None, None) => String::new(),
        };
        format!("{name}{}: {} -> {}{place}", key.key, or(&key.old), or(&key.new))
    };
    acts.map(text).collect()
}
