//! One membrane cell: two stirred compartments, two electrodes, one membrane.

mod passage;
mod seepage;
#[cfg(test)]
mod tests;

use model::StateWalk;

use crate::constants::{FARADAY, GAS};
use crate::electro::{
    faraday, gap_resistance, leakage, membrane_resistance, overpotential, overpotential_slope,
    reversible_voltage, void_share, water_per_lithium,
};
use crate::gas::{Gas, GasEnthalpies};
use crate::liquid::{CL, Enthalpies, Holdup, Liquid, X};
use crate::noise::Noise;
use crate::parameters::Parameters;
use crate::properties::{Excursions, conductivity, note_saturation};
use crate::work::{self, Work};

pub(crate) use seepage::{degas, disproportionate, strippable};

/// What makes this cell differ from its neighbours; factors around one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CellMake {
    pub(crate) area: f64,
    pub(crate) resistance: f64,
    pub(crate) leakage: f64,
    pub(crate) exchange: f64,
    pub(crate) flow: f64,
}

impl CellMake {
    /// Drawn from the seed, within three standard deviations.
    pub(crate) fn draw(p: &Parameters, noise: &mut Noise) -> Self {
        let mut factor = |spread: f64| 1.0 + spread * noise.normal().clamp(-3.0, 3.0);
        Self {
            area: factor(p.cell.spread_area),
            resistance: factor(p.cell.spread_resistance),
            leakage: factor(p.cell.spread_leakage),
            exchange: factor(p.cell.spread_exchange),
            flow: factor(p.cell.spread_flow),
        }
    }
}

/// What the cell sees of the rest of the plant in this step.
pub(crate) struct CellDuty<'a> {
    pub(crate) p: &'a Parameters,
    pub(crate) h: &'a Enthalpies,
    pub(crate) g: &'a GasEnthalpies,
    pub(crate) dt: f64,
    /// A of the string.
    pub(crate) current: f64,
    /// The leakage's dependence on current density, the same for all cells.
    pub(crate) leakage_factor: f64,
    /// mol/m3 of H+ at which half of the oxygen of an anolyte without acid appears.
    pub(crate) oxygen_half_proton: f64,
    /// Liquor to the cells, per cubic metre, and its flow, m3/s.
    pub(crate) anolyte: &'a Liquid,
    pub(crate) anolyte_flow: f64,
    pub(crate) catholyte: &'a Liquid,
    pub(crate) catholyte_flow: f64,
    /// Headers: Pa absolute, and the dry share of chlorine over the anolyte.
    pub(crate) hydrogen_pressure: f64,
    pub(crate) chlorine_pressure: f64,
    pub(crate) chlorine_share: f64,
    pub(crate) ambient: f64,
}

/// What left the cell in this step, added up over the string.
#[derive(Clone, Debug, Default)]
pub(crate) struct CellYield {
    pub(crate) anolyte: Liquid,
    pub(crate) catholyte: Liquid,
    pub(crate) chlorine: Gas,
    pub(crate) hydrogen: Gas,
    /// J of electrical work put in, J lost to the room.
    pub(crate) work: f64,
    pub(crate) loss: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) anolyte: Holdup,
    pub(crate) catholyte: Holdup,
    /// Solids, mol: hydroxides in the membrane, nickel hydroxide on the cathode.
    pub(crate) calcium: f64,
    pub(crate) magnesium_fixed: f64,
    pub(crate) magnesium_loose: f64,
    pub(crate) nickel: f64,
    /// mol/m2 of nickel that was ever oxidised.
    pub(crate) wear: f64,
    /// Faults: m2 of hole, the share of it above the liquor, the blocked share of the feed.
    pub(crate) pinhole: f64,
    pub(crate) pinhole_gas_share: f64,
    pub(crate) blocked: f64,
    /// V, and the current through the cell itself, A.
    pub(crate) voltage: f64,
    pub(crate) current: f64,
    /// V/A of the string at which its voltage follows the current until it is worked out again.
    pub(crate) slope: f64,
    pub(crate) shares: [f64; 3],
    slow: Slow,
}

/// What changes with temperature and strength only, refreshed in turn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slow {
    anolyte_conductivity: f64,
    catholyte_conductivity: f64,
    membrane: f64,
    reversible: f64,
    leakage: f64,
    water_per_lithium: f64,
    /// Share of the current that makes oxygen because chloride is short.
    starved: f64,
}

impl Cell {
    pub(crate) fn new(anolyte: &Holdup, catholyte: &Holdup, p: &Parameters, h: &Enthalpies) -> Self {
        let scaled = |from: &Holdup, volume: f64| {
            let mut made = *from;
            made.liquid = from.liquid.part(volume / from.volume);
            made.resolve(h);
            made
        };
        Self {
            anolyte: scaled(anolyte, p.cell.anolyte_volume),
            catholyte: scaled(catholyte, p.cell.catholyte_volume),
            shares: [1.0, 0.0, 0.0],
            pinhole_gas_share: 0.3,
            ..Self::default()
        }
    }

    /// Recomputes the slow properties; cheap enough for one cell per step. `pressures` are those of
    /// the hydrogen and the chlorine header.
    pub(crate) fn refresh(&mut self, p: &Parameters, pressures: (f64, f64), seen: &mut Excursions) {
        let anolyte = self.anolyte.refresh(p, seen);
        let catholyte = self.catholyte.refresh(p, seen);
        note_saturation(&catholyte, self.catholyte.temperature, seen);
        let hydroxide = self.catholyte.species.hydroxide;
        let mean = 0.5 * (self.anolyte.temperature + self.catholyte.temperature);
        let ratio = self.anolyte.concentration(CL).max(0.0) / p.electrode.oxygen_half_chloride;
        self.slow = Slow {
            starved: 1.0 / (1.0 + libm::pow(ratio, p.electrode.oxygen_exponent)),
            anolyte_conductivity: conductivity(p, &anolyte, self.anolyte.temperature, seen),
            catholyte_conductivity: conductivity(p, &catholyte, self.catholyte.temperature, seen),
            membrane: membrane_resistance(&p.membrane, mean, hydroxide),
            reversible: reversible_voltage(
                &p.reversible,
                mean,
                self.anolyte.concentration(CL),
                hydroxide,
                pressures.0 - self.catholyte.vapour,
                pressures.1 - self.anolyte.vapour,
            ),
            leakage: leakage(&p.membrane, hydroxide),
            water_per_lithium: water_per_lithium(&p.membrane, hydroxide),
        };
    }

    /// One step; what leaves is added to `out`.
    pub(crate) fn step(&mut self, make: &CellMake, duty: &CellDuty<'_>, out: &mut CellYield) {
        work::count(Work::Cell);
        self.electrify(make, duty);
        let electrons = faraday(self.current, duty.dt);
        let passed = self.pass_current(electrons, make, duty, out);
        self.put_work(&passed, duty, out);
        self.release_magnesium(duty);
        self.seep(make, duty, out);
        self.react(duty);
        self.strip(duty, make, out);
        self.exchange_heat(make, duty, out);
        self.flow(make, duty, out);
        Holdup::resolve_all([&mut self.anolyte, &mut self.catholyte], duty.h);
    }

    /// True when a compartment has run dry: no current passes the string any more.
    pub(crate) fn is_dry(&self, p: &Parameters) -> bool {
        const DRY: f64 = 0.01;
        let dry = |holdup: &Holdup, full: f64| holdup.volume < DRY * full;
        dry(&self.anolyte, p.cell.anolyte_volume) || dry(&self.catholyte, p.cell.catholyte_volume)
    }

    /// Area that liquor covers on both sides.
    fn wet_area(&self, make: &CellMake, p: &Parameters) -> f64 {
        const DRY: f64 = 0.02;
        let anolyte = self.anolyte.volume / (0.5 * p.cell.anolyte_volume);
        let catholyte = self.catholyte.volume / (0.5 * p.cell.catholyte_volume);
        p.cell.active_area * make.area * anolyte.min(catholyte).clamp(DRY, 1.0)
    }

    /// Voltage, and the cell's own current: the string's, less what runs back through the manifolds.
    pub(crate) fn electrify(&mut self, make: &CellMake, duty: &CellDuty<'_>) {
        let p = duty.p;
        let area = self.wet_area(make, p);
        let oxidant = self.anolyte.concentration(X).max(0.0);
        let charged = oxidant / (oxidant + p.electrode.oxidant_half);
        let open = (1.0 - duty.current / p.electrode.shunt_block_current).clamp(0.0, 1.0);
        let ohmic = (self.slow.membrane + p.cell.hardware_resistance) / area;
        let reverse = open * charged * self.slow.reversible.max(0.0) / (p.electrode.shunt_resistance + ohmic);
        self.current = duty.current - reverse;
        let density = self.current / area;
        // A string without current shows what drives the reversal; with current, the sum of the parts.
        let (forward, slope) =
            if open < 1.0 { self.forward_voltage(density, make, duty) } else { (0.0, 0.0) };
        self.voltage = (1.0 - open) * forward + open * reverse * p.electrode.shunt_resistance;
        self.slope = (1.0 - open) * slope / area;
    }

    /// V, and V per A/m2.
    fn forward_voltage(&self, density: f64, make: &CellMake, duty: &CellDuty<'_>) -> (f64, f64) {
        let (p, c) = (duty.p, &duty.p.cell);
        let per_charge = GAS * self.anolyte.temperature / (2.0 * FARADAY * duty.chlorine_pressure);
        let void = |gap: f64, flow: f64, vapour: f64, pressure: f64| {
            let section = gap * c.width;
            let swollen = pressure / (pressure - vapour.min(0.8 * pressure));
            let gas = density.max(0.0) * c.active_area * per_charge * swollen / section;
            c.void_mean_share * void_share(gas, flow / section, c.drift_distribution, c.bubble_rise)
        };
        let share = make.flow * (1.0 - self.blocked);
        let anode_void =
            void(c.anode_gap, duty.anolyte_flow * share, self.anolyte.vapour, duty.chlorine_pressure);
        let cathode_void =
            void(c.cathode_gap, duty.catholyte_flow * share, self.catholyte.vapour, duty.hydrogen_pressure);
        let load = (self.magnesium_fixed + self.magnesium_loose) / (c.active_area * make.area);
        let activity = make.exchange / (1.0 + p.electrode.wear_per_reversal * self.wear);
        let resistance = make.resistance * self.slow.membrane
            + p.membrane.magnesium_resistance * load
            + gap_resistance(c.anode_gap, self.slow.anolyte_conductivity, anode_void)
            + gap_resistance(c.cathode_gap, self.slow.catholyte_conductivity, cathode_void)
            + c.hardware_resistance;
        let anode = (c.anode_exchange_current * make.exchange, c.anode_tafel_slope);
        let cathode = (c.cathode_exchange_current * activity, c.cathode_tafel_slope);
        let voltage = self.slow.reversible
            + overpotential(density, anode.0, anode.1)
            + overpotential(density, cathode.0, cathode.1)
            + density * resistance;
        let slope = overpotential_slope(density, anode.0, anode.1)
            + overpotential_slope(density, cathode.0, cathode.1)
            + resistance;
        (voltage, slope)
    }

    /// mol of the elements in the solids: Ca, Mg and OH.
    pub(crate) fn solids(&self) -> (f64, f64, f64) {
        let magnesium = self.magnesium_fixed + self.magnesium_loose;
        (self.calcium, magnesium, 2.0 * (self.calcium + magnesium + self.nickel))
    }

    /// J in the solids.
    pub(crate) fn solids_enthalpy(&self, p: &Parameters) -> f64 {
        self.calcium * p.thermo.calcium_hydroxide
            + (self.magnesium_fixed + self.magnesium_loose) * p.thermo.magnesium_hydroxide
            + self.nickel * p.thermo.nickel_hydroxide
    }

    pub(crate) fn state(&mut self, walk: &mut impl StateWalk) {
        self.anolyte.state(walk);
        self.catholyte.state(walk);
        let s = &mut self.slow;
        for value in [
            &mut self.calcium,
            &mut self.magnesium_fixed,
            &mut self.magnesium_loose,
            &mut self.nickel,
            &mut self.wear,
            &mut self.pinhole,
            &mut self.pinhole_gas_share,
            &mut self.blocked,
            &mut self.voltage,
            &mut self.current,
            &mut self.slope,
            &mut s.anolyte_conductivity,
            &mut s.catholyte_conductivity,
            &mut s.membrane,
            &mut s.reversible,
            &mut s.leakage,
            &mut s.water_per_lithium,
            &mut s.starved,
        ] {
            walk.f64(value);
        }
        for share in &mut self.shares {
            walk.f64(share);
        }
    }
}
