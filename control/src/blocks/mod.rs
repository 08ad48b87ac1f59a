//! The control blocks: one file each, with its equations and where they come from.
//!
//! A block reads points and writes its own; all its memory is in its state. It runs with the
//! nominal period of its task: after a stall of the machine it goes on with one ordinary step,
//! without a jump.

use alloc::boxed::Box;
use alloc::vec::Vec;
use model::StateWalk;

use crate::engine::Gap;
use crate::exchange::ScanOutput;
use crate::image::Image;
use crate::machine::{Memory, Now};
use crate::plant::{Block, BlockBody, Op, Origin, Plant, Ratio};

pub(crate) mod pid;
pub(crate) mod ratio;
pub(crate) mod ramp;
mod filter;
mod selector;
mod split;
mod calc;
mod position;
pub(crate) mod function;
pub(crate) mod device;
pub(crate) mod duty;

use device::DeviceMemory;
use pid::PidState;
use ratio::RatioState;

/// What a block downstream tells the one that feeds it (FF-891: BKCAL_OUT).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Handshake {
    /// It takes its value from upstream; otherwise upstream initialises.
    pub(crate) invited: bool,
    /// What upstream should put out so that taking over makes no bump.
    pub(crate) back: f64,
    /// What of upstream's output really works, for its external reset.
    pub(crate) feedback: f64,
    /// More from upstream, or less, would do nothing: a limit is active.
    pub(crate) limited_up: bool,
    pub(crate) limited_down: bool,
}

impl Handshake {
    /// Before its first run nothing listens.
    pub(crate) const SILENT: Self =
        Self { invited: false, back: 0.0, feedback: 0.0, limited_up: false, limited_down: false };

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.f64(&mut self.back);
        walk.f64(&mut self.feedback);
        walk_flags(walk, [&mut self.invited, &mut self.limited_up, &mut self.limited_down]);
    }
}

/// Who dictates a point besides its block. Zero means nobody; else a number from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// The interlock that forces it now.
    pub interlock: u32,
    /// The active phase that owns it.
    pub phase: u32,
    /// That phase has written this output itself, so the loop that drives it tracks.
    pub seized: bool,
    /// A person forces it.
    pub forced: bool,
}

impl Hold {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        // One word for each point of the plant: numbers of interlocks and phases are far below 2^30.
        let flags = u64::from(self.forced) << 1 | u64::from(self.seized);
        let mut word = u64::from(self.interlock) << 32 | u64::from(self.phase) << 2 | flags;
        walk.u64(&mut word);
        self.interlock = (word >> 32) as u32;
        self.phase = (word as u32) >> 2;
        self.forced = word & 2 != 0;
        self.seized = word & 1 != 0;
    }

    /// An interlock or a person puts it where it stands, whatever its block or a phase wants.
    pub(crate) fn is_dictated(self) -> bool {
        self.interlock != 0 || self.forced
    }
}

/// The order in which blocks take over: a loop says its set point before those that feed it begin
/// with an output that leads there. Whichever runs first then finds the other in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartRound {
    Loops,
    Between,
    Sources,
}

impl StartRound {
    /// Twice between: a selector may stand before the ratio that it trims.
    pub(crate) const ALL: [Self; 4] = [Self::Loops, Self::Between, Self::Between, Self::Sources];
}

/// What every block needs while it runs.
pub(crate) struct Context<'a> {
    pub(crate) ops: &'a [Op],
    pub(crate) image: &'a mut Image,
    pub(crate) memory: &'a mut Memory,
    pub(crate) holds: &'a [Hold],
    pub(crate) handshakes: &'a mut [Handshake],
    pub(crate) out: &'a mut ScanOutput,
    pub(crate) now: Now,
    /// Nominal period of the task, seconds.
    pub(crate) dt: f64,
}

/// The memory of a block between its runs. Derived constants stand beside it and are not state.
///
/// Loops are by far the most, and pass through the cache in every scan: a box would scatter them over the memory, and
/// what is larger than a loop stands in a box of its own.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BlockState {
    /// Calculation, position and selector remember nothing that the image does not hold.
    Stateless,
    Filter(filter::FilterState),
    Pid(PidState, pid::Fixed),
    Ratio(RatioState, ratio::Fixed),
    Ramp(ramp::Fixed),
    Selector(selector::Fixed),
    Split(split::SplitState, split::Fixed),
    Function(function::FunctionState, function::Fixed),
    Device(Box<DeviceMemory>, device::Fixed),
    Duty(duty::DutyState, duty::Fixed),
}

const _: () = assert!(size_of::<BlockState>() <= 128, "a loop is two lines of the cache");

impl BlockState {
    pub(crate) fn new(plant: &Plant, block: usize, kinds: &mut pid::Kinds) -> Self {
        match &plant.blocks[block].body {
            BlockBody::Calc(_) | BlockBody::Position(_) => Self::Stateless,
            BlockBody::Selector(selector) => Self::Selector(selector::Fixed::new(plant, selector)),
            BlockBody::Filter(_) => Self::Filter(filter::FilterState::default()),
            BlockBody::Split(body) => {
                Self::Split(split::SplitState::default(), split::Fixed::new(plant, body))
            }
            BlockBody::Function(body) => {
                Self::Function(function::FunctionState::new(body), function::Fixed::new(plant, block, body))
            }
            BlockBody::Pid(body) => {
                let fixed = pid::Fixed::new(plant, block, body, kinds);
                Self::Pid(PidState::new(body, &fixed), fixed)
            }
            BlockBody::Ratio(body) => {
                Self::Ratio(RatioState::default(), ratio::Fixed::new(plant, block, body))
            }
            BlockBody::Ramp(body) => Self::Ramp(ramp::Fixed::new(plant, body)),
            BlockBody::Device(body) => Self::Device(Box::default(), device::Fixed::new(plant, body)),
            BlockBody::Duty(body) => Self::Duty(duty::DutyState::default(), duty::Fixed::new(plant, body)),
        }
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        match self {
            Self::Stateless | Self::Ramp(_) | Self::Selector(_) => {}
            Self::Filter(state) => state.state(walk),
            Self::Split(state, _) => state.state(walk),
            Self::Function(state, _) => state.state(walk),
            Self::Pid(state, _) => state.state(walk),
            Self::Ratio(state, _) => state.state(walk),
            Self::Device(state, _) => state.state(walk),
            Self::Duty(state, _) => state.state(walk),
        }
    }

    /// Before the very first run: takes over what stands in the image, see [`StartRound`].
    pub(crate) fn start(
        &mut self,
        plant: &Plant,
        block: usize,
        image: &mut Image,
        handshakes: &mut [Handshake],
        round: StartRound,
    ) {
        match (self, &plant.blocks[block].body, round) {
            (Self::Pid(state, fixed), BlockBody::Pid(_), StartRound::Loops) => {
                handshakes[block] = pid::start(fixed, state, image);
            }
            (Self::Device(state, _), BlockBody::Device(body), StartRound::Loops) => {
                handshakes[block] = device::start(body, state, image);
            }
            (Self::Duty(state, _), BlockBody::Duty(body), StartRound::Between) => {
                duty::start(body, state, image);
            }
            (Self::Ratio(_, fixed), BlockBody::Ratio(body), StartRound::Between) => {
                handshakes[block] = ratio::start(body, fixed, image, handshakes);
            }
            (Self::Function(..), BlockBody::Function(body), StartRound::Loops) => {
                function::start(body, image);
            }
            (Self::Function(_, fixed), BlockBody::Function(body), StartRound::Between) => {
                fixed.start_back(body, image, handshakes, block);
            }
            (Self::Split(state, _), BlockBody::Split(body), StartRound::Loops) => {
                handshakes[block] = split::start(body, state, image);
            }
            (Self::Selector(fixed), BlockBody::Selector(_), StartRound::Between) => {
                handshakes[block] = fixed.start(handshakes);
            }
            (Self::Pid(state, fixed), BlockBody::Pid(_), StartRound::Sources) => {
                pid::start_source(fixed, state, image, handshakes);
            }
            (Self::Ramp(fixed), BlockBody::Ramp(body), StartRound::Sources) => {
                ramp::start(body, fixed, image, handshakes);
            }
            _ => {}
        }
    }

    /// There was no controller for a while; see [`Gap`].
    pub(crate) fn after_gap(&mut self, body: &BlockBody, image: &Image, gap: Gap) {
        match (self, body) {
            (Self::Pid(state, _), _) => state.after_gap(gap),
            (Self::Filter(state), _) => state.after_gap(),
            (Self::Ratio(state, _), _) => state.after_gap(),
            (Self::Split(state, _), _) => state.after_gap(),
            (Self::Function(state, _), BlockBody::Function(function)) => {
                state.after_gap(function, image, gap);
            }
            (Self::Device(memory, _), _) => memory.after_gap(gap),
            (Self::Duty(state, _), _) => state.after_gap(),
            // They remember nothing, or what they have counted.
            _ => {}
        }
    }

    #[inline]
    pub(crate) fn run(&mut self, plant: &Plant, block: usize, context: &mut Context<'_>) {
        // The plant's block is looked at only by those that need it: ten thousand loops do not.
        if let Self::Pid(state, fixed) = self {
            return pid::run(fixed, plant, state, block, context);
        }
        match (self, &plant.blocks[block].body) {
            (Self::Stateless, BlockBody::Calc(body)) => calc::run(body, context),
            (Self::Stateless, BlockBody::Position(body)) => position::run(body, context),
            (Self::Filter(state), BlockBody::Filter(body)) => filter::run(body, state, context),
            (Self::Function(state, fixed), BlockBody::Function(body)) => {
                function::run(body, fixed, state, block, context);
            }
            (Self::Split(state, fixed), BlockBody::Split(body)) => {
                split::run(body, fixed, state, block, context);
            }
            (Self::Ratio(state, fixed), BlockBody::Ratio(body)) => {
                ratio::run(body, fixed, state, block, context);
            }
            (Self::Ramp(fixed), BlockBody::Ramp(body)) => ramp::run(body, fixed, context),
            (Self::Selector(fixed), BlockBody::Selector(body)) => {
                selector::run(body, fixed, block, context);
            }
            (Self::Device(state, fixed), BlockBody::Device(body)) => {
                device::run(body, *fixed, state, block, context);
            }
            (Self::Duty(state, fixed), BlockBody::Duty(body)) => {
                duty::run(body, fixed, state, block, context);
            }
            // State and body are made from the same plant.
            _ => {}
        }
    }
}

/// The PID that alone takes this point as its cascade set point.
fn cascade_consumer(plant: &Plant, source: model::PointId) -> Option<usize> {
    let mut consumers = plant
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| matches!(&block.body, BlockBody::Pid(pid) if pid.cascade == Some(source)));
    match (consumers.next(), consumers.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

/// So many points are followed through selectors behind each other, such as a low one over a high one.
const FOLLOWED: usize = 64;

/// Handshakes of a plant: one for each block, and behind them those of the blocks that answer two loops.
pub(crate) fn answers(plant: &Plant) -> usize {
    plant.blocks.len() + plant.blocks.iter().filter(|block| block.body.answers_twice()).count()
}

/// The second handshake of a block that answers two loops.
pub(crate) fn second_answer(plant: &Plant, block: usize) -> usize {
    plant.blocks.len() + plant.blocks[..block].iter().filter(|block| block.body.answers_twice()).count()
}

/// The block that gives this handshake.
pub(crate) fn answering(plant: &Plant, answer: u32) -> u32 {
    let Some(behind) = (answer as usize).checked_sub(plant.blocks.len()) else { return answer };
    let twice = |(_, block): &(usize, &Block)| block.body.answers_twice();
    plant.blocks.iter().enumerate().filter(twice).nth(behind).map_or(0, |(index, _)| index as u32)
}

/// The block that takes what this one makes, and answers for it: the secondary of a loop or of a ratio.
pub(crate) fn below(plant: &Plant, block: model::BlockId) -> Option<model::BlockId> {
    let (known, out) = match &plant.blocks.get(block.index())?.body {
        BlockBody::Pid(pid) if pid.target.is_none() => (pid.secondary, pid.out),
        BlockBody::Ratio(ratio) => (ratio.secondary, ratio.out),
        _ => return None,
    };
    known
        .or_else(|| taker(plant, out).map(|index| model::BlockId(index as u32)))
        .filter(|next| *next != block)
}

/// The handshake of the one block that takes this point and answers for it: a loop in cascade, a ratio as its trim, a
/// split range, a drive, a function block that can be turned round; or one of them behind override selectors. Where nobody
/// does, the one ratio without a trim whose input it is: one that only reads what moves something else has no say.
fn taker(plant: &Plant, source: model::PointId) -> Option<usize> {
    taker_within(plant, source, FOLLOWED).or_else(|| ratio_of(plant, source, FOLLOWED))
}

fn ratio_of(plant: &Plant, source: model::PointId, depth: usize) -> Option<usize> {
    let reads = |ratio: &Ratio| ratio.trim.is_none() && ratio.input == source;
    let mut ratios = plant.blocks.iter().enumerate().filter_map(|(index, block)| match &block.body {
        BlockBody::Ratio(ratio) if reads(ratio) => Some((index, ratio)),
        _ => None,
    });
    let (Some((index, ratio)), None) = (ratios.next(), ratios.next()) else { return None };
    let drives = ratio.secondary.is_some()
        || depth > 0
            && (taker_within(plant, ratio.out, depth - 1).is_some()
                || ratio_of(plant, ratio.out, depth - 1).is_some());
    drives.then_some(index)
}

fn taker_within(plant: &Plant, source: model::PointId, depth: usize) -> Option<usize> {
    let mut points = Vec::from([source]);
    let mut next = 0;
    while let Some(point) = points.get(next).copied() {
        next += 1;
        let ratio = || {
            let answers = |ratio: &Ratio| ratio.trim == Some(point);
            plant
                .blocks
                .iter()
                .position(|block| matches!(&block.body, BlockBody::Ratio(ratio) if answers(ratio)))
        };
        let takes = |block: &Block| match &block.body {
            BlockBody::Split(split) => split.input == point,
            BlockBody::Device(device) => {
                device.drive.as_ref().is_some_and(|drive| drive.source == Some(point))
            }
            BlockBody::Function(function) => {
                function.answers_for() == Some(point)
                    && (function.target.is_some()
                        || depth > 0 && taker_within(plant, function.ports[0], depth - 1).is_some())
            }
            _ => false,
        };
        let crossed = |(index, block): (usize, &Block)| match &block.body {
            BlockBody::Function(function) if function.crosses(0) == Some(point) => Some(index),
            BlockBody::Function(function) if function.crosses(1) == Some(point) => {
                Some(second_answer(plant, index))
            }
            _ => takes(block).then_some(index),
        };
        let other = || plant.blocks.iter().enumerate().find_map(crossed);
        if let Some(found) = cascade_consumer(plant, point).or_else(ratio).or_else(other) {
            return Some(found);
        }
        for block in &plant.blocks {
            if let BlockBody::Selector(selector) = &block.body
                && selector.inputs.contains(&point)
                && !points.contains(&selector.out)
                && points.len() < FOLLOWED
            {
                points.push(selector.out);
            }
        }
    }
    None
}

/// Up to 64 truths in one word.
pub(crate) fn walk_flags<const N: usize>(walk: &mut impl StateWalk, flags: [&mut bool; N]) {
    let mut word = flags.iter().rev().fold(0, |word: u64, flag| word << 1 | u64::from(**flag));
    walk.u64(&mut word);
    for (bit, flag) in flags.into_iter().enumerate() {
        *flag = word >> bit & 1 != 0;
    }
}

/// Within limits; limits the wrong way round give the high one, never a panic.
#[inline]
fn bounded(value: f64, low: f64, high: f64) -> f64 {
    let value = if value < low { low } else { value };
    if value > high { high } else { value }
}

/// Somebody else puts this output where it stands: an interlock, a person who forces it, a phase, or a device
/// that is lost.
fn dictated(target: model::PointId, link: Option<model::PointId>, context: &Context<'_>) -> bool {
    let hold = context.holds[target.index()];
    hold.is_dictated() || hold.seized || link.is_some_and(|link| !context.image.is_on(link))
}

/// The link state of the device that an output tag goes to.
pub(crate) fn link_of(plant: &Plant, output: model::PointId) -> Option<model::PointId> {
    match plant.point(output).origin {
        Origin::FieldOutput(index) => {
            let io = plant.io.points.get(index as usize)?;
            plant.io.devices.get(io.device.index()).map(|device| device.link)
        }
        Origin::Field(_)
        | Origin::Link(_)
        | Origin::Block(_)
        | Origin::Entry
        | Origin::Phase(_)
        | Origin::Interlock(_)
        | Origin::Scan(_) => None,
    }
}

/// Where an output is driven when nobody may drive it.
fn fail_value(plant: &Plant, output: model::PointId) -> f64 {
    match plant.points.get(output.index()).map(|point| point.origin) {
        Some(Origin::FieldOutput(index)) => {
            plant.io.points.get(index as usize).map_or(0.0, |io| io.fail_value)
        }
        _ => 0.0,
    }
}
