//! What is remembered of a motor-operated valve, its end switches and its transmitter.

use super::super::super::bounded;

/// What is seen of the valve in one run.
pub(super) struct Seen {
    pub(super) measured: Option<f64>,
    /// The end switch has changed.
    pub(super) opened: bool,
    pub(super) closed: bool,
}

/// What is remembered of a valve. Places are seconds from the closed end, beyond the ends by the overrun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motor {
    pub(super) at: f64,
    /// It stands nowhere below and nowhere above.
    pub(super) low: f64,
    pub(super) high: f64,
    /// How long the motor has run without a break, downwards below zero.
    pub(super) ran: f64,
    pub(super) rested: f64,
    /// Which way it ran last.
    pub(super) last: f64,
    pub(super) opened: EndSwitch,
    pub(super) closed: EndSwitch,
    pub(super) probe: Probe,
    /// While the device is lost it may go up, and down.
    pub(super) adrift: (bool, bool),
}

pub(super) const CELLS: usize = 11;

pub(super) const UNKNOWN: Motor = Motor {
    at: 0.0,
    low: 0.0,
    high: 0.0,
    ran: 0.0,
    rested: 0.0,
    last: 0.0,
    opened: EndSwitch { on: None, said: None, wrong: false },
    closed: EndSwitch { on: None, said: None, wrong: false },
    probe: Probe { from: 0.0, driven_s: 0.0, stuck: false },
    adrift: (false, false),
};

impl Motor {
    pub(super) fn of(cells: &[f64; CELLS]) -> Self {
        let [at, low, high, ran, rested, last, opened, closed, flags, from, driven_s] = *cells;
        let flags = flags as u8;
        Self {
            at,
            low,
            high,
            ran,
            rested,
            last,
            opened: EndSwitch::of(opened),
            closed: EndSwitch::of(closed),
            probe: Probe { from, driven_s, stuck: flags & 4 != 0 },
            adrift: (flags & 1 != 0, flags & 2 != 0),
        }
    }

    pub(super) fn cells(&self) -> [f64; CELLS] {
        let (up, down) = self.adrift;
        let flags = u8::from(up) + 2 * u8::from(down) + 4 * u8::from(self.probe.stuck);
        let Self { at, low, high, ran, rested, last, opened, closed, probe, .. } = *self;
        let (opened, closed, flags) = (opened.code(), closed.code(), f64::from(flags));
        [at, low, high, ran, rested, last, opened, closed, flags, probe.from, probe.driven_s]
    }

    /// It stands here for certain.
    pub(super) fn stand(&mut self, place: f64) {
        (self.at, self.low, self.high) = (place, place, place);
    }
}

/// What an end switch said last, and that it contradicts the motor: then it is not believed until it says otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndSwitch {
    /// Nothing where there is none, or where it cannot be read.
    pub(super) on: Option<bool>,
    /// The last that could be read.
    said: Option<bool>,
    pub(super) wrong: bool,
}

impl EndSwitch {
    fn of(code: f64) -> Self {
        let code = code as u8;
        let truth = |known: u8, on: u8| (code & known != 0).then_some(code & on != 0);
        Self { on: truth(1, 2), said: truth(8, 16), wrong: code & 4 != 0 }
    }

    fn code(self) -> f64 {
        let bits = |truth: Option<bool>| truth.map_or(0, |on| 1 + 2 * u8::from(on));
        f64::from(bits(self.on) + 4 * u8::from(self.wrong) + 8 * bits(self.said))
    }

    /// Whether it has changed.
    pub(super) fn hear(&mut self, on: Option<bool>) -> bool {
        let changed = on != self.on;
        self.on = on;
        if on.is_some() && on != self.said {
            (self.wrong, self.said) = (false, on);
        }
        changed
    }

    pub(super) fn is_on(self) -> bool {
        self.on == Some(true) && !self.wrong
    }

    pub(super) fn is_off(self) -> bool {
        self.on == Some(false) && !self.wrong
    }
}

/// Whether the position that is measured follows the motor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    /// Where it was measured when it moved last.
    from: f64,
    /// How long the motor has run since, downwards below zero.
    driven_s: f64,
    pub(super) stuck: bool,
}

impl Probe {
    /// One run of the motor, with what is measured after it. It is stuck when it does not move by more than `band_s`
    /// while the motor goes a way of `patience_s` that the stroke has room for.
    pub(super) fn follow(&mut self, measured: f64, moved: f64, (run_s, band_s, patience_s): (f64, f64, f64)) {
        let moves = libm::fabs(measured - self.from) > band_s;
        if moves || self.driven_s * moved < 0.0 {
            (self.from, self.driven_s) = (measured, 0.0);
        }
        self.driven_s += moved;
        let there = bounded(self.from + self.driven_s, 0.0, run_s);
        self.stuck = !moves && (self.stuck || libm::fabs(there - self.from) >= patience_s);
    }

    /// Nothing is measured.
    pub(super) fn wait(&mut self) {
        self.driven_s = 0.0;
    }

    /// The motor has gone the whole stroke this way, and nothing has moved.
    pub(super) fn is_spent(&self, way: f64, full_s: f64) -> bool {
        self.stuck && self.driven_s * way >= full_s
    }
}
