//! Function blocks: outputs that follow from inputs by one law, without modes and without a field
//! output. Each law is one file below and one row of [`SHAPES`]; everything that they share is here.
//!
//! * Inputs are gathered before the law and outputs written after it, so a law is arithmetic on a
//!   few slots and its own cells, and says nothing of points.
//! * An input that is bad holds every result and makes it bad, and the law starts anew with the next
//!   usable one ([`Bad::Hold`]); laws that can do better say so ([`Bad::Law`]).
//! * After a time without a controller it starts anew as well ([`FunctionState::after_gap`]).
//! * An uncertain input makes the results uncertain.
//! * All memory is `cells`: as many numbers as the text asks for, made once, walked by the hash.

use alloc::boxed::Box;
use alloc::vec;

use model::{Quality, StateWalk};

use super::Context;
use crate::compile::Form;
use crate::engine::Gap;
use crate::image::Image;
use crate::machine::{Slot, Truth};
use crate::plant::{Function, FunctionInput};

mod backward;

pub(crate) use backward::{Fixed, start};

mod second_order;
mod moving_average;
mod notch;
mod lead_lag;
mod dead_time;
mod rate_limit;
mod bias;
mod characteriser;
mod totaliser;
mod vote;
mod on_off;
mod pulse_width;
mod raise_lower;
mod timer;
mod counter;
mod latch;
mod flip_flop;
mod sample_hold;
mod flow_compensation;
mod smith;
mod decoupler;

/// No law has more inputs, or more points of its own.
pub(crate) const INPUTS: usize = 4;
pub(crate) const PORTS: usize = 6;
/// The longest memory of one block: an hour at 10 runs a second.
pub(crate) const CELLS: usize = 36_000;

/// All function blocks, in the order of the manual.
pub(crate) static SHAPES: [&Shape; 21] = [
    &second_order::SHAPE,
    &moving_average::SHAPE,
    &notch::SHAPE,
    &lead_lag::SHAPE,
    &dead_time::SHAPE,
    &rate_limit::SHAPE,
    &bias::SHAPE,
    &characteriser::SHAPE,
    &totaliser::SHAPE,
    &vote::SHAPE,
    &on_off::SHAPE,
    &pulse_width::SHAPE,
    &raise_lower::SHAPE,
    &timer::SHAPE,
    &counter::SHAPE,
    &latch::SHAPE,
    &flip_flop::SHAPE,
    &sample_hold::SHAPE,
    &flow_compensation::SHAPE,
    &smith::SHAPE,
    &decoupler::SHAPE,
];

/// What a law does, with the settings of its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Law {
    SecondOrder(second_order::SecondOrder),
    MovingAverage(moving_average::MovingAverage),
    Notch(notch::Notch),
    LeadLag(lead_lag::LeadLag),
    DeadTime(dead_time::DeadTime),
    RateLimit(rate_limit::RateLimit),
    Bias(bias::Bias),
    Characteriser(characteriser::Characteriser),
    Totaliser(totaliser::Totaliser),
    Vote(vote::Vote),
    OnOff(on_off::OnOff),
    PulseWidth(pulse_width::PulseWidth),
    RaiseLower(raise_lower::RaiseLower),
    Timer(timer::Timer),
    Counter(counter::Counter),
    Latch(latch::Latch),
    FlipFlop(flip_flop::FlipFlop),
    SampleHold(sample_hold::SampleHold),
    FlowCompensation(flow_compensation::FlowCompensation),
    Smith(smith::Smith),
    Decoupler(decoupler::Decoupler),
}

impl Law {
    fn step(&self, io: &mut Io, cells: &mut [f64]) {
        match self {
            Self::SecondOrder(law) => law.step(io, cells),
            Self::MovingAverage(_) => moving_average::MovingAverage::step(io, cells),
            Self::Notch(law) => law.step(io, cells),
            Self::LeadLag(law) => law.step(io, cells),
            Self::DeadTime(law) => law.step(io, cells),
            Self::RateLimit(law) => law.step(io),
            Self::Bias(law) => law.step(io),
            Self::Characteriser(law) => law.step(io),
            Self::Totaliser(law) => law.step(io, cells),
            Self::Vote(law) => law.step(io),
            Self::OnOff(law) => law.step(io),
            Self::PulseWidth(law) => law.step(io, cells),
            Self::RaiseLower(law) => law.step(io, cells),
            Self::Timer(law) => law.step(io, cells),
            Self::Counter(_) => counter::Counter::step(io, cells),
            Self::Latch(law) => law.step(io),
            Self::FlipFlop(_) => flip_flop::FlipFlop::step(io, cells),
            Self::SampleHold(law) => law.step(io, cells),
            Self::FlowCompensation(law) => law.step(io),
            Self::Smith(law) => law.step(io, cells),
            Self::Decoupler(law) => law.step(io),
        }
    }
}

/// The row of one kind: what its text and its points look like.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The table in the text: `[lead_lag.NAME]`.
    pub(crate) word: &'static str,
    /// For `why`.
    pub(crate) equation: &'static str,
    pub(crate) inputs: &'static [Inlet],
    pub(crate) ports: &'static [Port],
    pub(crate) bad: Bad,
    /// Keys that name output tags; its first points, switches, drive them. One may be left out, of two none.
    pub(crate) drives: &'static [&'static str],
    /// Its result is a signal that others may read before its own first turn.
    pub(crate) signal: bool,
    /// The settings of its text, and how many cells it remembers.
    pub(crate) read: fn(&mut Form<'_, '_, '_, '_>) -> Option<(Law, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Results keep their values, bad; the law starts anew.
    Hold,
    /// The law is asked all the same.
    Law,
}

/// An input, by its key in the text.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) key: &'static str,
    pub(crate) takes: Takes,
    pub(crate) needed: bool,
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Value,
    /// In the unit of the first input.
    Alike,
    /// As it was after the scan before: breaks a loop on purpose.
    Previous,
    /// An expression that is true or false.
    Condition,
}

/// A point of the block.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) role: &'static str,
    /// Behind the description of the block.
    pub(crate) words: &'static str,
    pub(crate) scale: Scale,
    /// Written by people and phases, not a result.
    pub(crate) setting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Unit and range of the first input.
    First,
    /// `unit` and `range` of the text.
    Own,
    Switch(&'static str, &'static str),
    /// Symbol, low, high, decimals.
    Fixed(&'static str, f64, f64, u8),
}

pub(crate) const fn inlet(key: &'static str, takes: Takes, example: &'static str) -> Inlet {
    Inlet { key, takes, needed: true, example }
}

pub(crate) const fn option(key: &'static str, takes: Takes) -> Inlet {
    Inlet { key, takes, needed: false, example: "" }
}

pub(crate) const fn result(role: &'static str, words: &'static str, scale: Scale) -> Port {
    Port { role, words, scale, setting: false }
}

pub(crate) const fn setting(role: &'static str, words: &'static str, scale: Scale) -> Port {
    Port { role, words, scale, setting: true }
}

/// What a law sees of the plant in one run.
pub(crate) struct Io {
    inputs: [Option<Slot>; INPUTS],
    /// The block's own points, in the order of its shape, as they stand.
    ports: [Slot; PORTS],
    /// Seconds since the run before.
    dt: f64,
    /// The first run, or the first after a bad input: there is no past to go on from.
    fresh: bool,
    /// While the device of its two contacts is lost: which of them may be on there.
    adrift: Option<(bool, bool)>,
}

impl Io {
    /// The value of an input that is there, or 0.
    fn input(&self, index: usize) -> f64 {
        self.inputs[index].map_or(0.0, |slot| slot.value)
    }

    /// A condition that is there, is known, and is true.
    fn is_on(&self, index: usize) -> bool {
        self.inputs[index].is_some_and(|slot| slot.truth().is_true())
    }

    /// What a condition says, where there is one and it is known.
    fn reads(&self, index: usize) -> Option<bool> {
        self.inputs[index].map(Slot::truth).filter(|truth| *truth != Truth::Bad).map(Truth::is_true)
    }

    fn is_bad(&self, index: usize) -> bool {
        self.inputs[index].is_some_and(|slot| slot.quality.is_bad())
    }

    fn port(&self, index: usize) -> f64 {
        self.ports[index].value
    }

    fn put(&mut self, index: usize, value: f64) {
        self.ports[index].value = value;
    }

    fn put_switch(&mut self, index: usize, on: bool) {
        self.ports[index].value = f64::from(u8::from(on));
    }

    /// No better than this.
    fn doubt(&mut self, index: usize, quality: Quality) {
        self.ports[index].quality = quality;
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FunctionState {
    running: bool,
    cells: Box<[f64]>,
}

impl FunctionState {
    pub(super) fn new(function: &Function) -> Self {
        Self { running: false, cells: vec![0.0; function.cells].into() }
    }

    /// What it remembers is told in another unit: every number of a totaliser is an amount.
    pub(crate) fn scale(&mut self, factor: f64) {
        for cell in &mut self.cells {
            *cell *= factor;
        }
    }

    pub(super) fn state(&mut self, walk: &mut impl StateWalk) {
        walk.bool(&mut self.running);
        for cell in &mut self.cells {
            walk.f64(cell);
        }
    }

    /// The law starts anew, as after a bad input, unless its past is another than that of its input.
    pub(super) fn after_gap(&mut self, function: &Function, image: &Image, gap: Gap) {
        match &*function.law {
            // It goes on from where OUT stands: a jump is what it is there to prevent.
            Law::RateLimit(_) => {}
            Law::Timer(law) => law.after_gap(image.is_on(function.ports[0]), &mut self.cells),
            Law::SampleHold(_) => sample_hold::SampleHold::after_gap(gap.seconds(), &mut self.cells),
            _ => self.running = false,
        }
    }
}

pub(super) fn run(
    function: &Function,
    fixed: &Fixed,
    state: &mut FunctionState,
    block: usize,
    context: &mut Context<'_>,
) {
    // While nobody below listens there is no past either: it stays settled at its input.
    let fresh = !state.running || fixed.is_ignored(context.handshakes);
    let dictated = fixed.begin(function, context);
    let adrift = fixed.adrift(function, context.image);
    let mut io =
        Io { inputs: [None; INPUTS], ports: [Slot::good(0.0); PORTS], dt: context.dt, fresh, adrift };
    let mut quality = Quality::Good;
    for (slot, input) in io.inputs.iter_mut().zip(&function.inputs) {
        let seen = match input {
            FunctionInput::Absent => continue,
            FunctionInput::Point(point) => {
                Slot { value: context.image.value(*point), quality: context.image.quality(*point) }
            }
            FunctionInput::Condition(expr) => {
                context.memory.eval(context.ops, expr, context.image, context.now)
            }
        };
        quality = quality.worst(seen.quality);
        *slot = Some(seen);
    }
    let shape = function.shape();
    let ports = || function.ports.iter().zip(shape.ports).enumerate();
    if quality.is_bad() && shape.bad == Bad::Hold {
        state.running = false;
        for (_, (point, _)) in ports().filter(|(_, (_, port))| !port.setting) {
            context.image.set_quality(*point, Quality::BadCalculation);
        }
        fixed.end(function, None, dictated, block, context);
        return;
    }
    let derived = match quality {
        good if good.is_good() => Quality::Good,
        bad if bad.is_bad() => Quality::BadCalculation,
        _ => Quality::UncertainSubNormal,
    };
    for (index, (point, port)) in ports() {
        let quality = if port.setting { Quality::Good } else { derived };
        io.ports[index] = Slot { value: context.image.value(*point), quality };
    }
    function.law.step(&mut io, &mut state.cells);
    // A result that is no number leaves nothing behind that the next run could build on.
    state.running = io.ports.iter().all(|port| port.value.is_finite());
    for (index, (point, port)) in ports() {
        let slot = io.ports[index];
        if !port.setting || slot.value != context.image.value(*point) {
            context.image.set(*point, slot.value, slot.quality);
        }
    }
    fixed.end(function, io.inputs[0], dictated, block, context);
}
