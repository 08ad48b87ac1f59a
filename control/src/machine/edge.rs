//! What an edge or a hysteresis has last seen.

use model::{Quality, StateWalk};

use super::{Slot, Truth, compare};

/// Memory of one `RISE`, `FALL` or `HYST`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge(Seen);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Seen {
    #[default]
    Nothing,
    False,
    True,
}

impl Edge {
    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        let mut code = self.0 as u8;
        walk.u8(&mut code);
        self.0 = match code {
            0 => Seen::Nothing,
            1 => Seen::False,
            _ => Seen::True,
        };
    }

    /// A hysteresis that is on.
    pub(crate) fn is_on(self) -> bool {
        self.0 == Seen::True
    }

    pub(super) fn rises(&mut self, operand: Slot) -> Slot {
        self.changed(operand, Seen::False, Seen::True)
    }

    pub(super) fn falls(&mut self, operand: Slot) -> Slot {
        self.changed(operand, Seen::True, Seen::False)
    }

    /// True for one evaluation, when the operand has gone from one truth to the other. A bad operand
    /// is passed over: the edge waits until it is known.
    fn changed(&mut self, operand: Slot, from: Seen, to: Seen) -> Slot {
        let now = match operand.truth() {
            Truth::True => Seen::True,
            Truth::False => Seen::False,
            Truth::Bad => return Slot { value: 0.0, quality: operand.quality },
        };
        let fired = self.0 == from && now == to;
        self.0 = now;
        compare(fired, operand.quality)
    }

    /// On from `on` until `off`, upwards when `on` is the higher one and downwards when it is the
    /// lower. Between them it stays as it was, and is off at first. While something is bad it says
    /// so and remembers.
    pub(super) fn between(&mut self, x: Slot, on: Slot, off: Slot) -> Slot {
        let quality = x.quality.worst(on.quality).worst(off.quality);
        if quality.is_bad() {
            return Slot { value: 0.0, quality };
        }
        let upwards = on.value >= off.value;
        let beyond = |limit: f64| if upwards { x.value >= limit } else { x.value <= limit };
        let short = |limit: f64| if upwards { x.value <= limit } else { x.value >= limit };
        if beyond(on.value) {
            self.0 = Seen::True;
        } else if short(off.value) || self.0 == Seen::Nothing {
            self.0 = Seen::False;
        }
        compare(self.is_on(), if quality.is_good() { Quality::Good } else { quality })
    }
}
