//! One stirred tank: bubbles through it, crystals in it, slurry over its weir.

use model::StateWalk;

use super::Settings;
use crate::chemistry::Chemistry;
use crate::constants::{GAS, REFERENCE};
use crate::exp::exp;
use crate::matter::Matter;
use crate::root;
use crate::solution::solubility::{carbon_dioxide, lithium_carbonate_product};
use crate::solution::{Notes, Slurry};
use crate::species::{Phase, Species};
use crate::units::compartments::free_water;
use crate::units::crystals::Crystals;
use crate::units::heating::free_volume;

/// CO2(aq) is Carbonate + 2 Acid - Water.
const ABSORB: [(Species, f64); 4] =
    [(Species::CarbonDioxide, -1.0), (Species::Carbonate, 1.0), (Species::Acid, 2.0), (Species::Water, -1.0)];
const PRECIPITATE: [(Species, f64); 3] =
    [(Species::Lithium, -2.0), (Species::Carbonate, -1.0), (Species::LithiumCarbonate, 1.0)];
const EVAPORATE: [(Species, f64); 2] = [(Species::Water, -1.0), (Species::Steam, 1.0)];

/// Share of the tank below the sparger: with so little liquor the gas goes over it, with twice as much all of it through.
const SPARGER: f64 = 0.01;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tank {
    pub(super) slurry: Slurry,
    pub(super) crystals: Crystals,
    /// S of the last step, 1 is saturated.
    pub(super) supersaturation: f64,
    /// Gas hold-up, 0..1.
    pub(super) gas: f64,
    /// mol of CO2 in the last step.
    pub(super) absorbed: f64,
    /// mol/s of gas that left in the last step.
    leaving: f64,
}

impl Tank {
    pub(super) fn new(slurry: Slurry, crystals: Crystals) -> Self {
        Self { slurry, crystals, ..Self::default() }
    }

    pub(super) fn take_in(&mut self, flow: &Matter, crystals: &Crystals) {
        self.slurry.matter.add(flow);
        self.crystals.add(crystals);
    }

    /// CO2 goes into the liquor or out of it, steam saturates what is left, and everything gaseous leaves. The bubbles are
    /// those of the mean of what comes and what left last.
    pub(super) fn bubble(
        &mut self,
        s: &Settings,
        c: &Chemistry,
        stirred: f64,
        dt: f64,
        notes: &mut Notes,
    ) -> Matter {
        let g = &s.gas;
        let slurry = &mut self.slurry;
        let kelvin = slurry.temperature.clamp(250.0, 450.0);
        let vapour = slurry.vapour_pressure(c, notes);
        let steam = vapour.min(0.95 * g.pressure);
        let offered = slurry.matter[Species::CarbonDioxide].max(0.0);
        let came = slurry.matter.phase_moles(Phase::Gas, c).max(0.0);
        let others = (came - offered - slurry.matter[Species::Steam]).max(0.0);
        let area = core::f64::consts::FRAC_PI_4 * s.tanks.diameter * s.tanks.diameter;
        let speed = 0.5 * (came / dt + self.leaving) * GAS * kelvin / g.pressure / area;
        self.gas = speed / (speed + g.rise);

        let salt = slurry.concentration(Species::Chloride) + 2.0 * slurry.concentration(Species::Sulfate);
        let henry = carbon_dioxide(kelvin, salt.max(0.0)) * (g.pressure - steam);
        let covered = (free_volume(slurry) / (SPARGER * s.tanks.volume) - 1.0).clamp(0.0, 1.0);
        let mut film = g.film * 6.0 * self.gas / g.bubble * stirred * covered;
        if offered > 0.0 {
            film *= enhancement(kelvin, slurry.species.hydroxide, g.film, henry);
        }
        let litres = slurry.liquor * 1e3 * dt;
        let rate = |extent: f64, dissolved: f64| {
            let left = (offered - extent).max(0.0);
            let share = if left + others > 0.0 { left / (left + others) } else { 1.0 };
            let own = g.effervescence * stirred * (henry - dissolved).min(0.0);
            litres * (film * (henry * share - dissolved) + own)
        };
        let now = rate(0.0, slurry.species.carbon_dioxide);
        let held = slurry.matter[Species::Carbonate].max(0.0);
        self.absorbed = 0.0;
        if now != 0.0 {
            let mut trial = slurry.clone();
            let quiet = &mut Notes::default();
            let extent = root::implicit(now, -held, offered, notes, |extent| {
                trial.matter.amount = slurry.matter.amount;
                trial.matter.react(&ABSORB, extent);
                trial.respeciate(quiet);
                rate(extent, trial.species.carbon_dioxide)
            });
            slurry.matter.react(&ABSORB, extent);
            slurry.respeciate(notes);
            self.absorbed = extent;
        }

        let dry = offered - self.absorbed + others;
        let wet = covered * (dry * steam / (g.pressure - steam) - slurry.matter[Species::Steam]);
        let boils = boiling(slurry, vapour - g.pressure, vapour, c);
        let most = (0.05 * slurry.matter[Species::Water].max(0.0)).min(0.5 * free_water(slurry));
        let extent = (wet + boils).clamp(-slurry.matter[Species::Steam].max(0.0), most);
        slurry.matter.react(&EVAPORATE, extent);
        let gas = c.parcel_of(&slurry.matter, Phase::Gas, 1.0, slurry.temperature);
        slurry.matter.subtract(&gas);
        self.leaving = gas.phase_moles(Phase::Gas, c) / dt;
        gas
    }

    /// S of the liquor as it is.
    pub(super) fn supersaturated(&self, s: &Settings, c: &Chemistry, notes: &mut Notes) -> f64 {
        ratio(&self.slurry, lithium_carbonate_product(&self.slurry, s.growth.sulfate, c, notes))
    }

    /// Growth or dissolution, implicit in its extent, and the nuclei of what supersaturation that leaves.
    pub(super) fn crystallise(
        &mut self,
        s: &Settings,
        c: &Chemistry,
        stirred: f64,
        dt: f64,
        notes: &mut Notes,
    ) {
        let g = &s.growth;
        let slurry = &mut self.slurry;
        let product = lithium_carbonate_product(slurry, g.sulfate, c, notes);
        let held = slurry.matter[Species::LithiumCarbonate].max(0.0);
        let now = ratio(slurry, product);
        self.supersaturation = now;
        if now <= 1.0 && held <= 0.0 {
            self.crystals = Crystals::default();
            return;
        }
        let inverse = (1.0 / slurry.temperature.clamp(250.0, 450.0) - 1.0 / REFERENCE) / GAS;
        let warm = exp(-g.activation * inverse) * stirred * dt;
        let length = |s: f64| {
            let speed =
                if s > 1.0 { g.growth * libm::pow(s - 1.0, g.order) } else { g.dissolution * (s - 1.0) };
            speed * warm
        };
        let per_third = g.shape / c.volume[Species::LithiumCarbonate.index()];
        let crystals = &self.crystals;
        let wanted = |s: f64| {
            let length = length(s);
            if length > 0.0 {
                per_third * (crystals.third_after(length) - crystals.0[3])
            } else {
                // The area that is there dissolves.
                3.0 * per_third * crystals.0[2] * length
            }
        };
        let explicit = wanted(now);
        let most = slurry.matter.reach(&PRECIPITATE);
        if explicit != 0.0 {
            let mut trial = slurry.clone();
            let quiet = &mut Notes::default();
            let last = &mut self.supersaturation;
            let extent = root::implicit(explicit, -held, most, notes, |extent| {
                trial.matter.amount = slurry.matter.amount;
                trial.matter.react(&PRECIPITATE, extent);
                trial.respeciate(quiet);
                *last = ratio(&trial, product);
                wanted(*last)
            });
            slurry.matter.react(&PRECIPITATE, extent);
            if extent > 0.0 {
                self.crystals = self.crystals.grown(length(self.supersaturation).max(0.0));
            }
        }
        let held = slurry.matter[Species::LithiumCarbonate].max(0.0);
        self.crystals.match_solids(held / per_third);
        let over = self.supersaturation - 1.0;
        if over > 0.0 {
            let log = libm::log(self.supersaturation);
            let primary = g.primary * slurry.liquor * exp(-g.barrier / (log * log));
            let warm = exp(-g.secondary_activation * inverse);
            let mass = held * c.molar_mass(Species::LithiumCarbonate) * stirred;
            let secondary = g.secondary * mass * warm * libm::pow(over, g.secondary_order);
            self.crystals.0[0] += (primary + secondary) * dt;
        }
    }

    /// What runs over the weir, and the crystals in it. Without the agitator solids stay below, as far as there is room.
    pub(super) fn overflow(
        &mut self,
        weir: f64,
        stirred: f64,
        c: &Chemistry,
        notes: &mut Notes,
    ) -> (Matter, Crystals) {
        // A bed of more solids than this gives way.
        const BED: f64 = 0.5;
        let slurry = &mut self.slurry;
        let volume = slurry.volume();
        let keep = weir * (1.0 - self.gas);
        if volume <= keep {
            return (Matter::default(), Crystals::default());
        }
        let share = 1.0 - keep / volume;
        let room = (1.0 - slurry.solids / (BED * volume)).max(0.0);
        let mut flow = slurry.draw(share);
        let stays = (1.0 - stirred) * room;
        if stays > 0.0 {
            let bed = c.parcel_of(&flow, Phase::Solid, stays, slurry.temperature);
            flow.subtract(&bed);
            slurry.matter.add(&bed);
            slurry.settle(c, notes);
        }
        let mut gone = self.crystals.clone();
        gone.scale(share * (1.0 - stays));
        self.crystals.scale(1.0 - share * (1.0 - stays));
        (flow, gone)
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        self.slurry.state(walk);
        self.crystals.state(walk);
        for value in [&mut self.supersaturation, &mut self.gas, &mut self.absorbed, &mut self.leaving] {
            walk.f64(value);
        }
    }
}

fn ratio(slurry: &Slurry, product: f64) -> f64 {
    let lithium = slurry.concentration(Species::Lithium).max(0.0);
    libm::cbrt(lithium * lithium * slurry.species.carbonate / product)
}

/// mol of steam that boil off within a step when the vapour is `over` Pa above the pressure, by Clausius and Clapeyron.
fn boiling(slurry: &Slurry, over: f64, vapour: f64, c: &Chemistry) -> f64 {
    if over <= 0.0 {
        return 0.0;
    }
    let kelvin = slurry.temperature;
    let latent = c.molar_enthalpy(Species::Steam, kelvin) - c.molar_enthalpy(Species::Water, kelvin);
    over * GAS * kelvin * kelvin / (vapour * latent) * slurry.capacity / latent
}

/// How many times faster CO2 goes in for the hydroxide it meets: Wellek, Brunson and Law 1978 (recalled), k_OH of Pohorecky
/// and Moniuk 1988 (basis 2.4), diffusion of CO2 in water by Versteeg and van Swaaij 1988 (recalled).
fn enhancement(kelvin: f64, hydroxide: f64, film: f64, interface: f64) -> f64 {
    // LiOH diffuses about as fast as CO2, as its slower ion holds the hydroxide back (asserted).
    const DIFFUSION_RATIO: f64 = 1.0;
    let rate = exp(core::f64::consts::LN_10 * (13.635 - 2895.0 / kelvin)) * hydroxide.max(0.0);
    let diffusion = 2.35e-6 * exp(-2119.0 / kelvin);
    let hatta = (rate * diffusion).sqrt() / film;
    let instant = DIFFUSION_RATIO * hydroxide.max(0.0) / (2.0 * interface.max(1e-9));
    if hatta < 1e-3 || instant < 1e-9 {
        return 1.0;
    }
    let fast = hatta / libm::tanh(hatta) - 1.0;
    let sum = libm::pow(fast, -1.35) + libm::pow(instant, -1.35);
    1.0 + libm::pow(sum, -1.0 / 1.35)
}

#[cfg(test)]
mod tests {
    use super::enhancement;

    #[test]
    fn enhancement_follows_hatta_while_hydroxide_is_plenty_and_its_supply_when_it_is_not() {
        // k_OH is 8,400 L/(mol s) at 25 degC, so Ha = sqrt(8400 x 1 x 1.9e-9)/1.5e-4 = 27 in 1 mol/L.
        let plenty = enhancement(298.15, 1.0, 1.5e-4, 1e-5);
        assert!((plenty / 27.0 - 1.0).abs() < 0.05, "{plenty}");
        let scarce = enhancement(298.15, 1.0, 1.5e-7, 0.03);
        assert!((scarce / (1.0 + 1.0 / 0.06) - 1.0).abs() < 0.02, "{scarce}");
        assert!((enhancement(298.15, 1e-9, 1.5e-4, 0.03) - 1.0).abs() < 1e-6);
    }
}
