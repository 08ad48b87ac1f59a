//! Hydrogen chloride into water: one cell of a cooled film or of the tail tower.
//!
//! ```text
//! HCl(g) -> H+ + Cl-      a = k dt (p_HCl - p*_HCl(w, T)), implicit in a
//! H2O <-> H2O(g)          towards n_dry p_w / (P - p_w), by the same coefficient
//! C dT/dt = heat of both + UA (T_w - T)    graphite and film together; acid above its boiling point gives off both
//! log10 p*_HCl [mmHg] = A(w) - B(w)/T
//! ```
//!
//! A and B are those of Perry's table of partial pressures over aqueous HCl, recalled; with the water activity of
//! `solution/vapour.rs` they give the azeotrope (20.2 wt%, 108.6 degC), which a test holds. Chlorine dissolves by
//! Henry's law. With the heat of dilution (`solution/dilution.rs`) absorption gives 74.9 kJ/mol in much water, 61.7 in acid
//! of 32 wt%.

use crate::chemistry::Chemistry;
use crate::constants::{REFERENCE, ZERO_CELSIUS};
use crate::exp::exp;
use crate::matter::Matter;
use crate::root;
use crate::solution::density::Makeup;
use crate::solution::{Notes, dilution, interpolate, vapour};
use crate::species::{Phase, Species};

use model::StateWalk;

/// wt%, A and B; mmHg and K. The row of 36 wt% is left out: as recalled it does not lie between its neighbours.
const PERRY: [(f64, f64, f64); 19] = [
    (2.0, 11.8037, 4736.0),
    (4.0, 11.6400, 4471.0),
    (6.0, 11.2144, 4202.0),
    (8.0, 11.0406, 4042.0),
    (10.0, 10.9311, 3908.0),
    (12.0, 10.7900, 3765.0),
    (14.0, 10.6954, 3636.0),
    (16.0, 10.6261, 3516.0),
    (18.0, 10.4957, 3376.0),
    (20.0, 10.3833, 3245.0),
    (22.0, 10.3172, 3125.0),
    (24.0, 10.2185, 2995.0),
    (26.0, 10.1303, 2870.0),
    (28.0, 10.0115, 2732.0),
    (30.0, 9.8763, 2593.0),
    (32.0, 9.7523, 2457.0),
    (34.0, 9.6061, 2316.0),
    (38.0, 9.4670, 2094.0),
    (42.0, 8.9925, 1800.0),
];

const MMHG: f64 = 133.322;

/// Pa of HCl over acid of mass fraction `w`. Below 2 wt% it falls with the square of the strength.
pub(in crate::units) fn hydrogen_chloride_pressure(w: f64, kelvin: f64) -> f64 {
    let percent = (w * 100.0).clamp(2.0, 42.0);
    let column = |of: fn(&(f64, f64, f64)) -> f64| {
        let after = PERRY.partition_point(|row| row.0 < percent).clamp(1, PERRY.len() - 1);
        let (low, high) = (&PERRY[after - 1], &PERRY[after]);
        interpolate(&[(low.0, of(low)), (high.0, of(high))], percent)
    };
    let kelvin = kelvin.clamp(ZERO_CELSIUS, ZERO_CELSIUS + 120.0);
    let log = column(|row| row.1) - column(|row| row.2) / kelvin;
    let thin = (w * 50.0).clamp(0.0, 1.0);
    thin * thin * MMHG * exp(core::f64::consts::LN_10 * log)
}

/// Mass fraction of HCl in the acid.
pub(in crate::units) fn strength(liquid: &Matter, chemistry: &Chemistry) -> f64 {
    let free = liquid[Species::Acid].min(liquid[Species::Chloride]).max(0.0);
    let acid = free * (chemistry.molar_mass(Species::Acid) + chemistry.molar_mass(Species::Chloride));
    let mass = liquid.phase_mass(Phase::Aqueous, chemistry);
    if mass > 1e-12 { (acid / mass).clamp(0.0, 1.0) } else { 0.0 }
}

/// mol/(L Pa) of Cl2: 0.062 mol/(L atm) at 25 degC, 2300 K (Sander, recalled).
fn chlorine_solubility(kelvin: f64) -> f64 {
    0.062 / 101_325.0 * exp(2300.0 * (1.0 / kelvin.clamp(273.15, 393.15) - 1.0 / REFERENCE))
}

const ABSORB: [(Species, f64); 3] =
    [(Species::HydrogenChloride, -1.0), (Species::Acid, 1.0), (Species::Chloride, 1.0)];
/// Cl2(aq) in components.
const DISSOLVE: [(Species, f64); 5] = [
    (Species::Chlorine, -1.0),
    (Species::Water, -1.0),
    (Species::HypochlorousAcid, 1.0),
    (Species::Acid, 1.0),
    (Species::Chloride, 1.0),
];

/// How a cell is built and cooled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Build {
    /// mol/(s Pa)
    pub transfer: f64,
    /// J/K of graphite.
    pub capacity: f64,
    /// W/K to the cooling water.
    pub exchange: f64,
    /// K
    pub water: f64,
    /// Pa
    pub pressure: f64,
}

/// The graphite of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// K
    pub temperature: f64,
    /// J above 25 degC.
    pub energy: f64,
}

impl Cell {
    pub(super) fn at(kelvin: f64, capacity: f64) -> Self {
        Self { temperature: kelvin, energy: capacity * (kelvin - REFERENCE) }
    }

    /// Lets one step's gas and liquid meet; both leave at the temperature of the cell. Returns J from outside.
    pub(super) fn contact(
        &mut self,
        liquid: &mut Matter,
        gas: &mut Matter,
        build: &Build,
        chemistry: &Chemistry,
        notes: &mut Notes,
        dt: f64,
    ) -> f64 {
        let heat = build.capacity
            * (build.water - self.temperature)
            * (1.0 - exp(-build.exchange * dt / build.capacity));
        let before = self.energy + heat + liquid.enthalpy + gas.enthalpy;
        if liquid[Species::Water] > 1e-9 {
            self.absorb(liquid, gas, build, chemistry, notes, dt);
            self.dissolve_chlorine(liquid, gas, build, chemistry);
            self.evaporate(liquid, gas, build, chemistry, notes, dt);
        }
        let mut kelvin = shared(before, liquid, gas, build, chemistry);
        if kelvin > SIMMERING
            && liquid[Species::Water] > 1e-9
            && boil(liquid, gas, kelvin, build, chemistry, notes)
        {
            kelvin = shared(before, liquid, gas, build, chemistry);
        }
        let (gas_formed, gas_capacity) = chemistry.sums(gas);
        self.temperature = kelvin.clamp(200.0, 1500.0);
        gas.enthalpy = gas_formed + gas_capacity * (self.temperature - REFERENCE);
        // What is left over closes the energy to the last bit, wherever the clamp held.
        if liquid[Species::Water] > 1e-9 {
            self.energy = build.capacity * (self.temperature - REFERENCE);
            liquid.enthalpy = before - gas.enthalpy - self.energy;
        } else {
            self.energy = before - gas.enthalpy - liquid.enthalpy;
        }
        heat
    }

    fn absorb(
        &self,
        liquid: &mut Matter,
        gas: &mut Matter,
        build: &Build,
        chemistry: &Chemistry,
        notes: &mut Notes,
        dt: f64,
    ) {
        let held = gas[Species::HydrogenChloride].max(0.0);
        let others = (gas.phase_moles(Phase::Gas, chemistry) - held).max(0.0);
        let free = liquid[Species::Acid].min(liquid[Species::Chloride]).max(0.0);
        if held + free <= 0.0 {
            return;
        }
        let mut trial = liquid.clone();
        let error = |extent: f64| {
            trial[Species::Acid] = liquid[Species::Acid] + extent;
            trial[Species::Chloride] = liquid[Species::Chloride] + extent;
            let over = hydrogen_chloride_pressure(strength(&trial, chemistry), self.temperature);
            let left = (held - extent).max(0.0);
            let pressure = build.pressure * left / (left + others).max(1e-300);
            extent - build.transfer * dt * (pressure - over)
        };
        let extent = root::rising(error, -0.5 * free, held, 1e-12 * (held + free), notes);
        liquid.react(&[(Species::Acid, 1.0), (Species::Chloride, 1.0)], extent);
        gas.react(&ABSORB[..1], extent);
    }

    fn dissolve_chlorine(&self, liquid: &mut Matter, gas: &mut Matter, build: &Build, chemistry: &Chemistry) {
        let moles = gas.phase_moles(Phase::Gas, chemistry);
        let here = gas[Species::Chlorine].max(0.0) + liquid[Species::HypochlorousAcid].max(0.0);
        if here <= 0.0 || moles <= 0.0 {
            return;
        }
        let litres = liquid.phase_mass(Phase::Aqueous, chemistry) / 1.15;
        // Linear in both phases: share of the chlorine that the liquid holds at equilibrium.
        let dissolves = chlorine_solubility(self.temperature) * build.pressure * litres;
        let extent = here * dissolves / (dissolves + moles) - liquid[Species::HypochlorousAcid];
        let room = (-liquid[Species::HypochlorousAcid].max(0.0)).min(0.0);
        let extent = extent.clamp(room, gas[Species::Chlorine].max(0.0));
        liquid.react(&DISSOLVE[1..], extent);
        gas.react(&DISSOLVE[..1], extent);
    }

    fn evaporate(
        &self,
        liquid: &mut Matter,
        gas: &mut Matter,
        build: &Build,
        chemistry: &Chemistry,
        notes: &mut Notes,
        dt: f64,
    ) {
        let steam = gas[Species::Steam].max(0.0);
        let moles = gas.phase_moles(Phase::Gas, chemistry);
        let dry = (moles - steam).max(0.0);
        let kelvin = self.temperature.clamp(ZERO_CELSIUS, ZERO_CELSIUS + 145.0);
        let units = build.transfer * dt * build.pressure / moles.max(1e-12);
        let share = 1.0 - exp(-units);
        let wants = |liquid: &Matter, notes: &mut Notes| {
            let over = vapour::water_pressure(&Makeup::of(liquid, chemistry), kelvin, notes);
            let over = over.min(0.9 * build.pressure);
            (dry * over / (build.pressure - over) - steam) * share
        };
        let mut extent = wants(liquid, notes).max(-steam);
        let water = liquid[Species::Water];
        if extent > 0.05 * water {
            // A trickle in much dry gas: what is left of it grows stronger and holds its water faster, or dries up.
            let mut trial = liquid.clone();
            let error = |extent: f64| {
                trial[Species::Water] = water - extent;
                extent - wants(&trial, &mut Notes::default())
            };
            extent = root::rising(error, 0.0, 0.99 * water, 1e-9 * water, notes);
        }
        liquid.react(&[(Species::Water, -1.0)], extent);
        gas.react(&[(Species::Steam, 1.0)], extent);
    }

    pub(super) fn state(&mut self, walk: &mut dyn StateWalk) {
        walk.f64(&mut self.temperature);
        walk.f64(&mut self.energy);
    }
}

/// K below which nobody asks: acid that boils there is so strong that the film gives its HCl back before (`absorb`).
const SIMMERING: f64 = 335.0;
/// Of the water and of the free acid of a cell, so much boils away in a step at most.
const BOILED: f64 = 0.2;

/// K of a cell's liquid, gas and graphite that have so many J together.
fn shared(energy: f64, liquid: &Matter, gas: &Matter, build: &Build, chemistry: &Chemistry) -> f64 {
    let ((formed, capacity), (gas_formed, gas_capacity)) = (chemistry.sums(liquid), chemistry.sums(gas));
    let formed = formed + gas_formed + dilution::enthalpy(liquid, chemistry);
    REFERENCE + (energy - formed) / (build.capacity + (capacity + gas_capacity).max(0.0))
}

/// Acid that is hotter than it can be under the pressure boils: what is too much leaves as steam and HCl, in the shares of
/// their pressures, for the gas. True when anything did.
fn boil(
    liquid: &mut Matter,
    gas: &mut Matter,
    kelvin: f64,
    build: &Build,
    chemistry: &Chemistry,
    notes: &mut Notes,
) -> bool {
    let strong = strength(liquid, chemistry);
    let makeup = Makeup::of(liquid, chemistry);
    let pressures = |kelvin: f64| {
        let held = kelvin.clamp(ZERO_CELSIUS, ZERO_CELSIUS + 145.0);
        let water = vapour::water_pressure(&makeup, held, &mut Notes::default());
        (water, hydrogen_chloride_pressure(strong, held))
    };
    let over = |kelvin: f64| pressures(kelvin).0 + pressures(kelvin).1 - build.pressure;
    if over(kelvin) <= 0.0 {
        return false;
    }
    let point = root::rising(over, ZERO_CELSIUS, kelvin.min(ZERO_CELSIUS + 145.0), 1e-4, notes);
    let (water, acid) = pressures(point);
    let share = acid / (water + acid);
    let formed = |species: Species| chemistry.formation[species.index()];
    let latent = (1.0 - share) * (formed(Species::Steam) - formed(Species::Water))
        + share * (formed(Species::HydrogenChloride) - formed(Species::Chloride) - formed(Species::Acid));
    let capacity = build.capacity + (chemistry.sums(liquid).1 + chemistry.sums(gas).1).max(0.0);
    let free = liquid[Species::Acid].min(liquid[Species::Chloride]).max(0.0);
    let most =
        (BOILED * liquid[Species::Water] / (1.0 - share).max(1e-9)).min(BOILED * free / share.max(1e-9));
    let vapour = (capacity * (kelvin - point) / latent.max(1e3)).min(most).max(0.0);
    liquid.react(&[(Species::Water, -1.0)], (1.0 - share) * vapour);
    gas.react(&[(Species::Steam, 1.0)], (1.0 - share) * vapour);
    liquid.react(&[(Species::Acid, -1.0), (Species::Chloride, -1.0)], share * vapour);
    gas.react(&[(Species::HydrogenChloride, 1.0)], share * vapour);
    true
}

#[cfg(test)]
mod tests {
    use super::{Build, Cell, hydrogen_chloride_pressure};
    use crate::chemistry::Chemistry;
    use crate::experiment::Experiment;
    use crate::matter::Matter;
    use crate::solution::density::Makeup;
    use crate::solution::{Notes, Slurry, vapour};
    use crate::species::Species;

    #[test]
    fn a_film_without_cooling_water_boils_and_gets_no_hotter() {
        let settings = ["feed.cooling_film=0"];
        let unit = Experiment::after("furnace", 3.0, &settings);
        let of = |name: &str| unit.reading(name).unwrap();
        // Under 1.1 bar the azeotrope boils at 111 degC.
        for name in ["T-film", "T-acid", "T-tail"] {
            assert!(of(name) < 113.0, "{name}: {}", of(name));
        }
        // With the furnace's cooling lost as well the gas comes with 2,000 degC: no acid is left that could grow hotter.
        let both = Experiment::after("furnace", 3.0, &["feed.cooling_film=0", "feed.cooling_furnace=0"]);
        assert!(both.reading("T-acid").unwrap() < 113.0, "{}", both.reading("T-acid").unwrap());
        assert!(both.reading("tail-HCl").unwrap() > 1e5, "{}", both.reading("tail-HCl").unwrap());
    }

    fn acid(w: f64, chemistry: &Chemistry) -> Matter {
        let mut acid = Matter::default();
        let moles = w / (chemistry.molar_mass(Species::Acid) + chemistry.molar_mass(Species::Chloride));
        acid[Species::Acid] = moles;
        acid[Species::Chloride] = moles;
        acid[Species::Water] = (1.0 - w) / chemistry.molar_mass(Species::Water);
        acid
    }

    #[test]
    fn acid_of_20_percent_boils_without_changing_its_strength() {
        let chemistry = Chemistry::built_in().unwrap();
        let notes = &mut Notes::default();
        // Share of HCl in the vapour less that in the liquid, and the total pressure, at 108.6 degC.
        let mut at = |w: f64| {
            let acid = acid(w, &chemistry);
            let own = hydrogen_chloride_pressure(w, 381.75);
            let water = vapour::water_pressure(&Makeup::of(&acid, &chemistry), 381.75, notes);
            let liquid = acid[Species::Chloride] / (acid[Species::Chloride] + acid[Species::Water]);
            (own / (own + water) - liquid, own + water)
        };
        assert!(at(0.18).0 < 0.0 && at(0.22).0 > 0.0, "{:?} {:?}", at(0.18), at(0.22));
        assert!((at(0.202).1 / 101_325.0 - 1.0).abs() < 0.03, "{:?}", at(0.202));
    }

    #[test]
    fn a_trickle_dries_up_in_dry_gas_and_a_stream_saturates_it() {
        let (chemistry, notes) = (Chemistry::built_in().unwrap(), &mut Notes::default());
        // Share of the water that leaves, and of the steam that the gas could hold.
        let mut after = |kilograms: f64, w: f64| {
            let mut cell = Cell::at(298.15, 50e3);
            let mut liquid =
                Slurry::at(&acid(w, &chemistry).part(kilograms), 298.15, &chemistry, notes).matter;
            let mut gas = chemistry.parcel(&[(Species::Nitrogen, 0.4)], 298.15);
            let build =
                Build { transfer: 1e-4, capacity: 50e3, exchange: 0.0, water: 298.15, pressure: 101_325.0 };
            let before = liquid[Species::Water];
            for _ in 0..3 {
                cell.contact(&mut liquid, &mut gas, &build, &chemistry, notes, 1.0);
            }
            assert!((liquid[Species::Water] + gas[Species::Steam] - before).abs() < 1e-12);
            let full = 0.4 * 3169.0 / (101_325.0 - 3169.0);
            (gas[Species::Steam] / before, gas[Species::Steam] / full)
        };
        let (dried, filled) = after(1e-5, 0.0);
        assert!(dried > 0.9 && dried <= 1.0 && filled < 0.05, "{dried} {filled}");
        let (dried, filled) = after(1.0, 0.0);
        assert!(dried < 1e-3 && (0.97..1.001).contains(&filled), "{dried} {filled}");
        // The stronger the acid grows, the less it gives.
        let (dried, filled) = after(4e-4, 0.2);
        assert!((0.2..0.9).contains(&dried) && filled < 0.6, "{dried} {filled}");
        assert_eq!(notes.lines(), Vec::new());
    }

    #[test]
    fn acid_has_the_vapour_pressure_of_the_critical_tables() {
        let chemistry = Chemistry::built_in().unwrap();
        let notes = &mut Notes::default();
        // kPa at 20 degC, HCl and water together: International Critical Tables, looked up in a secondary source.
        for (w, expected) in [(0.20, 1.40), (0.30, 2.13), (0.32, 3.73), (0.34, 7.24), (0.38, 28.3)] {
            let water = vapour::water_pressure(&Makeup::of(&acid(w, &chemistry), &chemistry), 293.15, notes);
            let found = 1e-3 * (water + hydrogen_chloride_pressure(w, 293.15));
            assert!((found / expected - 1.0).abs() < 0.04, "{w}: {found}, not {expected} kPa");
        }
        assert_eq!(notes.lines(), Vec::new());
    }

    #[test]
    fn the_pressure_over_acid_rises_with_strength_and_temperature() {
        for kelvin in [283.15, 303.15, 333.15, 363.15] {
            let mut last = 0.0;
            for percent in 1..=42 {
                let here = hydrogen_chloride_pressure(f64::from(percent) * 0.01, kelvin);
                assert!(here > last, "{percent} wt% at {kelvin} K");
                last = here;
            }
            assert!(
                hydrogen_chloride_pressure(0.32, kelvin + 1.0) > hydrogen_chloride_pressure(0.32, kelvin)
            );
        }
        // 32 and 38 wt% at 20 degC: 23.5 and 210 mmHg, the published table.
        assert!((hydrogen_chloride_pressure(0.32, 293.15) / 133.322 / 23.5 - 1.0).abs() < 0.03);
        assert!((hydrogen_chloride_pressure(0.38, 293.15) / 133.322 / 210.0 - 1.0).abs() < 0.03);
    }
}
