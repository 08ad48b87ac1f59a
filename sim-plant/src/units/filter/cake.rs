//! A filter cake: solids, and the liquor in its pores that a wash displaces.

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::Matter;

/// Solids with the liquor between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cake {
    pub(super) solids: Matter,
    /// Liquor that came with the slurry, and liquor that washed.
    pub(super) mother: Matter,
    pub(super) wash: Matter,
    /// m3 of each.
    pub(super) mother_volume: f64,
    pub(super) wash_volume: f64,
    /// Pore volumes of wash seen so far.
    pub(super) ratio: f64,
}

impl Cake {
    /// m3 of solids.
    pub(super) fn solid_volume(&self, chemistry: &Chemistry) -> f64 {
        chemistry.condensed_volume(&self.solids).max(0.0)
    }

    /// Takes `share` of both liquors out.
    pub(super) fn drain(&mut self, share: f64) -> Matter {
        let mut out = self.mother.take(share);
        out.add(&self.wash.take(share));
        self.mother_volume *= 1.0 - share;
        self.wash_volume *= 1.0 - share;
        out
    }

    /// Lets go of what exceeds `room` (m3); returns it with its volume.
    pub(super) fn overflow(&mut self, room: f64) -> (Matter, f64) {
        let held = self.mother_volume + self.wash_volume;
        if held <= room || held <= 0.0 {
            return (Matter::default(), 0.0);
        }
        (self.drain(1.0 - room / held), held - room)
    }

    /// Liquor of the slurry comes through: what had washed is mother liquor again.
    pub(super) fn soak(&mut self, liquor: &Matter, volume: f64) {
        self.mother.add(&self.wash);
        self.wash = Matter::default();
        self.mother_volume += self.wash_volume + volume;
        self.wash_volume = 0.0;
        self.ratio = 0.0;
        self.mother.add(liquor);
    }

    /// `volume` of wash displaces what the pores (`room`) hold; returns what comes out.
    pub(super) fn displace(&mut self, wash: &Matter, volume: f64, room: f64) -> (Matter, f64) {
        let fill = (room - self.mother_volume - self.wash_volume).clamp(0.0, volume);
        let before = remaining(self.ratio);
        self.ratio = (self.ratio + (volume - fill) / room.max(1e-12)).min(50.0);
        let share = if before > 1e-9 { 1.0 - remaining(self.ratio) / before } else { 1.0 };
        let mut out = self.mother.take(share);
        let left = self.mother_volume * share;
        self.mother_volume -= left;
        self.wash.add(wash);
        self.wash_volume += volume;
        let excess = (self.mother_volume + self.wash_volume - room).max(0.0);
        let share = (excess / self.wash_volume.max(1e-300)).min(1.0);
        out.add(&self.wash.take(share));
        self.wash_volume *= 1.0 - share;
        (out, left + excess)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let (mine, theirs) = (self.mother_volume + self.wash_volume, other.mother_volume + other.wash_volume);
        if mine + theirs > 0.0 {
            self.ratio = (self.ratio * mine + other.ratio * theirs) / (mine + theirs);
        }
        self.solids.add(&other.solids);
        self.mother.add(&other.mother);
        self.wash.add(&other.wash);
        self.mother_volume += other.mother_volume;
        self.wash_volume += other.wash_volume;
    }

    /// Takes `share` of everything out.
    pub(super) fn leave(&mut self, share: f64) -> Matter {
        let mut out = self.solids.take(share);
        out.add(&self.drain(share));
        out
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        for matter in [&mut self.solids, &mut self.mother, &mut self.wash] {
            matter.state(walk);
        }
        for value in [&mut self.mother_volume, &mut self.wash_volume, &mut self.ratio] {
            walk.f64(value);
        }
    }
}

/// Share of the mother liquor that is left after `n` pore volumes of wash, by four mixed layers.
pub(super) fn remaining(n: f64) -> f64 {
    libm::exp(-4.0 * n) * (1.0 + n * (3.0 + n * (4.0 + n * 8.0 / 3.0)))
}
