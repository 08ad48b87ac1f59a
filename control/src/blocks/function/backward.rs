//! What a function block tells the loop above it, and the output that it drives.
//!
//! A law that can be turned round passes back what works below it (FF-891: BKCAL_IN to BKCAL_OUT), so
//! that the loop above begins without a bump and knows its limits. While the block below does not
//! listen the law stays settled at its input, which is then what leads to the value that stands.
//!
//! A decoupler stands between two loops and answers both: `a = OUT1 - D12 b` for what works of OUT1, and `b` likewise;
//! when neither output listens, both at once from the two equations.
//!
//! An `on_off` or `pulse_width` with `out` drives a switch of the field. What an interlock does to it,
//! or a device that is lost, is read back: it goes on from there. Of the two contacts of a `raise_lower` the other opens
//! when somebody else has one, and both count as open while their device is lost. The loop above follows the valve.

use model::{PointId, Quality};

use super::super::{Context, Handshake, bounded, dictated, fail_value, link_of, second_answer, taker};
use super::Law;
use crate::image::Image;
use crate::machine::Slot;
use crate::plant::{Function, FunctionInput, Plant};

/// What follows from the plant alone. It is no state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fixed {
    /// The block that takes OUT and answers.
    pub(crate) downstream: Option<u32>,
    /// Of the devices of its outputs.
    links: [Option<PointId>; 2],
    /// The watchdog of its device switches an output on.
    fails_on: [bool; 2],
    /// Range of the first port.
    range: (f64, f64),
    crossed: Option<Crossed>,
}

/// The second way through a block that crosses two loops.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Crossed {
    /// Where the loop of the second input is answered.
    answer: u32,
    /// Who takes the second port.
    downstream: Option<u32>,
    range: (f64, f64),
}

impl Law {
    /// Whether more of the first input makes more of the first port (1) or less (-1); nothing when
    /// the law cannot be turned round.
    pub(crate) fn slope(&self) -> Option<f64> {
        match self {
            Self::Bias(_) | Self::RateLimit(_) | Self::PulseWidth(_) | Self::RaiseLower(_) => Some(1.0),
            Self::LeadLag(law) => law.slope(),
            Self::Characteriser(law) => law.slope(),
            _ => None,
        }
    }

    /// The first input that gives this at the first port, when all has settled.
    fn inverse(&self, function: &Function, image: &Image, out: f64) -> f64 {
        match self {
            Self::Bias(_) => out - image.value(function.ports[1]),
            Self::LeadLag(law) => law.inverse(out),
            Self::Characteriser(law) => law.inverse(out),
            Self::PulseWidth(law) => law.inverse(out),
            Self::RaiseLower(_) => image.value(function.ports[2]),
            _ => out,
        }
    }
}

/// Before the first run: what the field holds, and where a valve stands whose position is measured.
pub(crate) fn start(function: &Function, image: &mut Image) {
    read_back(function, image);
    if let (Law::RaiseLower(_), Some(FunctionInput::Point(position))) =
        (&*function.law, function.inputs.get(1))
        && image.quality(*position).is_usable()
    {
        image.set(function.ports[2], image.value(*position), Quality::Good);
    }
}

/// It goes on from the outputs that the field holds.
fn read_back(function: &Function, image: &mut Image) {
    for (target, port) in function.outputs() {
        switch(image, port, image.is_on(target));
    }
}

fn switch(image: &mut Image, point: PointId, on: bool) {
    image.set(point, f64::from(u8::from(on)), Quality::Good);
}

impl Fixed {
    pub(crate) fn new(plant: &Plant, block: usize, function: &Function) -> Self {
        let Some(first) = function.ports.first() else { return Self::default() };
        let point = plant.point(*first);
        let crossed = function.crosses(1).map(|_| {
            let second = plant.point(function.ports[1]);
            Crossed {
                answer: second_answer(plant, block) as u32,
                downstream: taker(plant, function.ports[1]).map(|index| index as u32),
                range: (second.low, second.high),
            }
        });
        let answers = function.law.slope().is_some() || crossed.is_some();
        Self {
            crossed,
            downstream: answers.then(|| taker(plant, *first)).flatten().map(|index| index as u32),
            links: [function.target, function.second].map(|target| link_of(plant, target?)),
            fails_on: [function.target, function.second]
                .map(|target| target.is_some_and(|target| fail_value(plant, target) >= 0.5)),
            range: (point.low, point.high),
        }
    }

    /// Before the first run of who feeds it.
    pub(crate) fn start_back(
        self,
        function: &Function,
        image: &Image,
        handshakes: &mut [Handshake],
        block: usize,
    ) {
        if let Some(crossed) = self.crossed {
            let below = self.below_crossed(function, crossed, image, handshakes);
            let back = unmixed(factors(function, image), below.map(|below| below.back));
            for (answer, back) in [block, crossed.answer as usize].into_iter().zip(back) {
                handshakes[answer] = Handshake { back, feedback: back, ..Handshake::SILENT };
            }
            return;
        }
        if function.law.slope().is_none() {
            handshakes[block] = Handshake::SILENT;
            return;
        }
        // A pulse says nothing of its share: the loop above begins at the low end.
        let wanted = self.downstream.map_or(0.0, |below| handshakes[below as usize].back);
        let back = function.law.inverse(function, image, wanted);
        handshakes[block] = Handshake { back, feedback: back, ..Handshake::SILENT };
    }

    /// What stands below both ports of a block that crosses; who takes a port and does not answer takes what it gets.
    fn below_crossed(
        self,
        function: &Function,
        crossed: Crossed,
        image: &Image,
        handshakes: &[Handshake],
    ) -> [Handshake; 2] {
        let below = |number: usize, downstream: Option<u32>, (low, high): (f64, f64)| {
            let out = image.value(function.ports[number]);
            let silent = Handshake { invited: true, back: out, feedback: out, ..Handshake::SILENT };
            let mut below = downstream.map_or(silent, |answer| handshakes[answer as usize]);
            below.limited_up |= out >= high;
            below.limited_down |= out <= low;
            below
        };
        [below(0, self.downstream, self.range), below(1, crossed.downstream, crossed.range)]
    }

    /// Answers both loops. Each is told what works of its own port, less the share that the other loop has in it.
    fn end_crossed(
        self,
        function: &Function,
        crossed: Crossed,
        usable: bool,
        block: usize,
        context: &mut Context<'_>,
    ) {
        let image = &*context.image;
        let below = self.below_crossed(function, crossed, image, context.handshakes);
        let factors = factors(function, image);
        let inputs = [0, 1].map(|number| function.crosses(number).map_or(0.0, |point| image.value(point)));
        let mine = |number: usize, works: f64| works - factors[number] * inputs[1 - number];
        let both_away = below.iter().all(|below| !below.invited);
        let back = if both_away {
            unmixed(factors, below.map(|below| below.back))
        } else {
            [mine(0, below[0].back), mine(1, below[1].back)]
        };
        for (number, answer) in [block, crossed.answer as usize].into_iter().enumerate() {
            context.handshakes[answer] = Handshake {
                invited: usable && below[number].invited,
                back: back[number],
                feedback: mine(number, below[number].feedback),
                ..below[number]
            };
        }
    }

    /// The block below takes its value from elsewhere.
    pub(super) fn is_ignored(self, handshakes: &[Handshake]) -> bool {
        self.downstream.is_some_and(|below| !handshakes[below as usize].invited)
    }

    /// Reads back what somebody else did to the output.
    pub(super) fn begin(self, function: &Function, context: &mut Context<'_>) -> bool {
        let theirs = |(target, link): (PointId, Option<PointId>)| dictated(target, link, context);
        let taken = function.outputs().map(|(target, _)| target).zip(self.links).any(theirs);
        if !taken {
            return false;
        }
        read_back(function, context.image);
        if function.second.is_some() && self.is_lost(context.image) {
            for (_, port) in function.outputs() {
                switch(context.image, port, false);
            }
        }
        true
    }

    fn is_lost(self, image: &Image) -> bool {
        self.links.into_iter().flatten().any(|link| !image.is_on(link))
    }

    /// Of two contacts whose device is lost: those that were left on, and those that its watchdog switches on.
    pub(super) fn adrift(self, function: &Function, image: &Image) -> Option<(bool, bool)> {
        let (first, second) = function.target.zip(function.second)?;
        let may = |target: PointId, number: usize| image.is_on(target) || self.fails_on[number];
        self.is_lost(image).then(|| (may(first, 0), may(second, 1)))
    }

    /// Drives the outputs. While somebody else has one of two, the other is off.
    fn drive(self, function: &Function, taken: bool, context: &mut Context<'_>) {
        for ((target, port), link) in function.outputs().zip(self.links) {
            if taken && (function.second.is_none() || dictated(target, link, context)) {
                continue;
            }
            let on = !taken && context.image.is_on(port);
            switch(context.image, target, on);
        }
        if taken {
            read_back(function, context.image);
        }
    }

    /// Drives the output and answers the loop above. `input` is the first one, when it is usable.
    pub(super) fn end(
        self,
        function: &Function,
        input: Option<Slot>,
        taken: bool,
        block: usize,
        context: &mut Context<'_>,
    ) {
        self.drive(function, taken, context);
        let image = &*context.image;
        if let Some(crossed) = self.crossed {
            return self.end_crossed(function, crossed, input.is_some(), block, context);
        }
        let Some(slope) = function.law.slope() else { return };
        let usable = input.filter(|input| input.quality.is_usable());
        let out = image.value(function.ports[0]);
        let below = self.downstream.map(|index| context.handshakes[index as usize]);
        let turned = |out: f64| function.law.inverse(function, context.image, out);
        let answer = match (below, function.target) {
            (Some(below), _) => {
                let (low, high) = self.range;
                let high = out >= high || below.limited_up;
                let low = out <= low || below.limited_down;
                let (limited_up, limited_down) = if slope > 0.0 { (high, low) } else { (low, high) };
                let (back, feedback) = (turned(below.back), turned(below.feedback));
                Handshake {
                    invited: below.invited && usable.is_some(),
                    back,
                    feedback,
                    limited_up,
                    limited_down,
                }
            }
            (None, Some(_)) if function.second.is_some() => stepped(function, usable, taken, image),
            (None, Some(target)) => {
                let (low, high) = (turned(0.0), turned(1.0));
                // Who forces the output decides the share; a device that is lost leaves it as it was.
                let hold = context.holds[target.index()];
                let works = match usable {
                    Some(input) if !hold.is_dictated() && !hold.seized => bounded(input.value, low, high),
                    _ if out >= 0.5 => high,
                    _ => low,
                };
                Handshake {
                    invited: !taken && usable.is_some(),
                    back: works,
                    feedback: works,
                    limited_up: !taken && works >= high,
                    limited_down: !taken && works <= low,
                }
            }
            (None, None) => return,
        };
        context.handshakes[block] = answer;
    }
}

/// What the loop above a three-point step output is told: where the valve is, and at rest what has brought it there.
fn stepped(function: &Function, usable: Option<Slot>, taken: bool, image: &Image) -> Handshake {
    let Law::RaiseLower(law) = &*function.law else { return Handshake::SILENT };
    let (low, high) = law.range();
    let position = image.value(function.ports[2]);
    let rests = usable.filter(|input| !taken && law.is_there(input.value, position));
    let works = rests.map_or(position, |input| bounded(input.value, low, high));
    let invited = !taken && usable.is_some();
    Handshake {
        invited,
        back: works,
        feedback: works,
        limited_up: invited && works >= high,
        limited_down: invited && works <= low,
    }
}

/// D12 and D21 as they stand.
fn factors(function: &Function, image: &Image) -> [f64; 2] {
    [image.value(function.ports[2]), image.value(function.ports[3])]
}

/// The inputs that give these outputs. Where none do alone (D12 D21 = 1), those that do while the other is at rest.
fn unmixed([d12, d21]: [f64; 2], [first, second]: [f64; 2]) -> [f64; 2] {
    let left = 1.0 - d12 * d21;
    if libm::fabs(left) < SINGULAR {
        return [first, second];
    }
    [(first - d12 * second) / left, (second - d21 * first) / left]
}

/// Factors so close to each other's inverse make inputs far beyond their ranges out of any output.
const SINGULAR: f64 = 1e-3;
