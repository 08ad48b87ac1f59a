//! What is remembered of a motor-operated valve and its end switches.

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
    /// While the device is lost it may go up, and down.
    pub(super) adrift: (bool, bool),
}

pub(super) const CELLS: usize = 9;

pub(super) const UNKNOWN: Motor = Motor {
    at: 0.0,
    low: 0.0,
    high: 0.0,
    ran: 0.0,
    rested: 0.0,
    last: 0.0,
    opened: EndSwitch { on: None, wrong: false },
    closed: EndSwitch { on: None, wrong: false },
    adrift: (false, false),
};

impl Motor {
    pub(super) fn of([at, low, high, ran, rested, last, opened, closed, adrift]: &[f64; CELLS]) -> Self {
        let adrift = *adrift as u8;
        Self {
            at: *at,
            low: *low,
            high: *high,
            ran: *ran,
            rested: *rested,
            last: *last,
            opened: EndSwitch::of(*opened),
            closed: EndSwitch::of(*closed),
            adrift: (adrift & 1 != 0, adrift & 2 != 0),
        }
    }

    pub(super) fn cells(&self) -> [f64; CELLS] {
        let (up, down) = self.adrift;
        let adrift = f64::from(u8::from(up) + 2 * u8::from(down));
        let (opened, closed) = (self.opened.code(), self.closed.code());
        [self.at, self.low, self.high, self.ran, self.rested, self.last, opened, closed, adrift]
    }

    /// It stands here for certain.
    pub(super) fn stand(&mut self, place: f64) {
        (self.at, self.low, self.high) = (place, place, place);
    }
}

/// What an end switch said last, and that it contradicts the motor: then it is not believed until it changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndSwitch {
    /// Nothing where there is none, or where it cannot be read.
    pub(super) on: Option<bool>,
    pub(super) wrong: bool,
}

impl EndSwitch {
    pub(super) fn of(code: f64) -> Self {
        let code = code as u8;
        let on = if code & 1 == 0 { None } else { Some(code & 2 != 0) };
        Self { on, wrong: code & 4 != 0 }
    }

    pub(super) fn code(self) -> f64 {
        let on = self.on.map_or(0, |on| 1 + 2 * u8::from(on));
        f64::from(on + 4 * u8::from(self.wrong))
    }

    /// Whether it has changed.
    pub(super) fn hear(&mut self, on: Option<bool>) -> bool {
        let changed = on != self.on;
        self.on = on;
        self.wrong &= !changed;
        changed
    }

    pub(super) fn is_on(self) -> bool {
        self.on == Some(true) && !self.wrong
    }

    pub(super) fn is_off(self) -> bool {
        self.on == Some(false) && !self.wrong
    }
}
