//! A clarifier: what settles, what escapes over the rim, and the bed below.
//!
//! ```text
//! escape = 1/(1 + (v/u)^n)      u rise of the liquor, v settling of the flocs, n how much alike they are
//! 1/v = w_Mg/v_Mg + (1 - w_Mg)/v_Ca,   slower without flocculant;   all escapes when the bed reaches the feed well
//! ```
//!
//! The bed holds solids at one concentration. Where it is thinner than the cone below the draw, the draw takes liquor from above
//! with it. Fines settle slowly in the liquor above. Hydroxides count as Mg(OH)2, everything else as CaCO3.

use model::StateWalk;

use crate::chemistry::Chemistry;
use crate::matter::Matter;
use crate::solution::Slurry;
use crate::species::{Phase, Species};

tables! {
    Clarity {
        /// Area of the clarifier
        area: "m2", 1e-3, 1e4;
        /// Height of its rim
        height: "m", 0.05, 20.0;
        /// Heat loss
        heat_loss: "W/K", 0.0, 1e4;
        /// Settling of CaCO3 flocs
        carbonate_flocs: "m/h", 0.01, 100.0;
        /// Settling of Mg(OH)2 flocs
        hydroxide_flocs: "m/h", 0.01, 100.0;
        /// Share of the settling without flocculant
        bare: "", 0.0, 1.0;
        /// Exponent n: how much alike the flocs are
        alike: "", 0.5, 10.0;
        /// Settling of fines that have escaped
        fines: "m/h", 0.0, 10.0;
        /// Solids in the bed
        bed: "g/L", 1.0, 600.0;
        /// Sludge that covers the draw
        cone: "m3", 1e-5, 1000.0;
    }
}

impl Clarity {
    pub(super) fn volume(&self) -> f64 {
        self.area * self.height
    }
}

const HYDROXIDES: [Species; 8] = [
    Species::MagnesiumHydroxide,
    Species::ManganeseHydroxide,
    Species::NickelHydroxide,
    Species::CobaltHydroxide,
    Species::CopperHydroxide,
    Species::FerrousHydroxide,
    Species::FerricHydroxide,
    Species::AluminiumHydroxide,
];

/// The feed well hangs here, of the volume; the flocs of the bed rise with the liquor from below it on.
const BED_LOW: f64 = 0.6;
const BED_HIGH: f64 = 0.9;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clarifier {
    pub(super) clear: Slurry,
    pub(super) bed: Matter,
}

/// What comes to the feed well in a step, and how it finds the clarifier.
pub(super) struct Feed {
    pub(super) flow: Matter,
    /// Temperature of `flow`.
    pub(super) kelvin: f64,
    /// m/s of the liquor to the rim.
    pub(super) rise: f64,
    /// Share of the full dose.
    pub(super) flocculant: f64,
}

impl Clarifier {
    pub(super) fn new(clear: Slurry, bed: Matter) -> Self {
        Self { clear, bed }
    }

    /// m3
    pub(super) fn bed_volume(&self, c: &Chemistry) -> f64 {
        let liquor = self.bed.phase_mass(Phase::Aqueous, c).max(0.0) / self.clear.density.max(1.0);
        liquor + c.condensed_volume(&self.bed).max(0.0)
    }

    /// So many m3 from the bottom: bed, and liquor as far as the bed does not cover the draw. What was got, and its m3.
    pub(super) fn draw(&mut self, volume: f64, s: &Clarity, c: &Chemistry) -> (Matter, f64) {
        if volume <= 0.0 {
            return (Matter::default(), 0.0);
        }
        let bed = self.bed_volume(c);
        let from_bed = (volume * (bed / s.cone).min(1.0)).min(0.9 * bed);
        let above = self.clear.volume();
        let from_above = (volume - from_bed).min(0.5 * above);
        let mut got = self.bed.take(from_bed / bed.max(1e-12));
        got.add(&self.clear.draw(from_above / above.max(1e-12)));
        (got, from_bed + from_above)
    }

    /// The reactor's slurry comes in. Settle the clear liquor afterwards.
    pub(super) fn take_in(&mut self, feed: Feed, s: &Clarity, c: &Chemistry, dt: f64) {
        let Feed { mut flow, kelvin, rise, flocculant } = feed;
        let filled = self.bed_volume(c) / s.volume();
        let stirred_up = ((filled - BED_LOW) / (BED_HIGH - BED_LOW)).clamp(0.0, 1.0);
        let solids = flow.phase_mass(Phase::Solid, c).max(1e-30);
        let soft: f64 = HYDROXIDES.iter().map(|k| flow[*k] * c.molar_mass(*k)).sum();
        let soft = (soft / solids).clamp(0.0, 1.0);
        let speed = (s.bare + (1.0 - s.bare) * flocculant) / 3600.0;
        let settling = speed / (soft / s.hydroxide_flocs + (1.0 - soft) / s.carbonate_flocs);
        let ratio = rise / settling.max(1e-12);
        let escapes = if ratio > 0.0 { 1.0 / (1.0 + libm::pow(ratio, -s.alike)) } else { 0.0 };
        let settles = (1.0 - escapes) * (1.0 - stirred_up);
        let density = self.clear.density;
        deposit(&mut self.bed, &mut flow, settles, kelvin, density, s, c);
        self.clear.matter.add(&flow);
        let height = (s.height * (1.0 - filled)).max(0.05 * s.height);
        let fines = -libm::expm1(-s.fines / 3600.0 * dt / height) * (1.0 - stirred_up);
        let kelvin = self.clear.temperature;
        deposit(&mut self.bed, &mut self.clear.matter, fines, kelvin, density, s, c);
    }

    /// What runs over the rim, and its m3.
    pub(super) fn overflow(&mut self, s: &Clarity, c: &Chemistry) -> (Matter, f64) {
        let above = self.clear.volume();
        let excess = (above + self.bed_volume(c) - s.volume()).clamp(0.0, above);
        if excess <= 0.0 {
            return (Matter::default(), 0.0);
        }
        (self.clear.draw(excess / above), excess)
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        self.clear.state(walk);
        self.bed.state(walk);
    }
}

/// Brings a share of the solids from a slurry to the bed, with the liquor that the bed holds between them.
fn deposit(
    bed: &mut Matter,
    slurry: &mut Matter,
    share: f64,
    kelvin: f64,
    density: f64,
    s: &Clarity,
    c: &Chemistry,
) {
    let solids = c.parcel_of(slurry, Phase::Solid, share, kelvin);
    let mass = solids.mass(c);
    if mass <= 0.0 {
        return;
    }
    slurry.subtract(&solids);
    let pores = (mass / s.bed - c.condensed_volume(&solids)).max(0.0) * density;
    bed.add(&solids);
    bed.add(&slurry.take((pores / slurry.mass(c).max(1e-30)).min(0.9)));
}
