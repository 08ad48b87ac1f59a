//! One cell by itself: what a charge makes, and what it costs.

use super::{Cell, CellDuty, CellMake, CellYield};
use crate::constants::FARADAY;
use crate::gas::{CL2, Gas, GasEnthalpies, H2, O2};
use crate::liquid::{Enthalpies, H, Holdup, LI, Liquid, Recipe, W, X};
use crate::parameters::Parameters;
use crate::properties::Excursions;

const PRESSURE: f64 = 1.03e5;
const MAKE: CellMake = CellMake { area: 1.0, resistance: 1.0, leakage: 1.0, exchange: 1.0, flow: 1.0 };

struct Bench {
    p: Parameters,
    h: Enthalpies,
    g: GasEnthalpies,
    cell: Cell,
    out: CellYield,
    /// Pa
    hydrogen: f64,
}

impl Bench {
    fn new(ph: f64) -> Self {
        let mut p = Parameters::built_in().unwrap();
        p.membrane.chloride_permeability = 0.0;
        let h = Enthalpies::new(&p.thermo);
        let acid = 1e3 * libm::pow(10.0, -ph);
        let brine = Recipe { kelvin: 353.15, lithium: 4000.0, acid, free_chlorine: 0.0, ..Recipe::default() };
        let lye = Recipe { kelvin: 353.15, lithium: 2500.0, acid: -2500.0, ..Recipe::default() };
        let anolyte = Holdup::mix(&brine, 1.0, &p, &h);
        let catholyte = Holdup::mix(&lye, 1.0, &p, &h);
        let mut cell = Cell::new(&anolyte, &catholyte, &p, &h);
        cell.refresh(&p, (PRESSURE, PRESSURE), &mut Excursions::default());
        let g = GasEnthalpies::new(&p.thermo);
        Self { p, h, g, cell, out: CellYield::default(), hydrogen: PRESSURE }
    }

    /// Without flow, for `steps` of 0.1 s at `current` A.
    fn run(&mut self, current: f64, steps: u32) {
        let none = Liquid::default();
        let duty = CellDuty {
            p: &self.p,
            h: &self.h,
            g: &self.g,
            dt: 0.1,
            current,
            leakage_factor: 1.0,
            oxygen_half_proton: 0.01,
            anolyte: &none,
            anolyte_flow: 0.0,
            catholyte: &none,
            catholyte_flow: 0.0,
            hydrogen_pressure: self.hydrogen,
            chlorine_pressure: PRESSURE,
            chlorine_share: 1.0,
            ambient: 293.15,
        };
        for _ in 0..steps {
            self.cell.step(&MAKE, &duty, &mut self.out);
        }
    }

    fn energy(&self) -> f64 {
        let liquids =
            [&self.cell.anolyte.liquid, &self.cell.catholyte.liquid, &self.out.anolyte, &self.out.catholyte];
        let gases = [&self.out.chlorine, &self.out.hydrogen];
        liquids.iter().map(|liquid| liquid.enthalpy).sum::<f64>()
            + gases.iter().map(|gas: &&Gas| gas.enthalpy).sum::<f64>()
    }

    /// mol of hydroxide on the cathode side, what flowed over included.
    fn hydroxide(&self) -> f64 {
        -(self.cell.catholyte.liquid.amount[H] + self.out.catholyte.amount[H])
    }
}

#[test]
fn the_hydroxide_made_is_the_charge_less_what_protons_and_hydroxide_carry() {
    for ph in [1.0, 2.0, 3.5] {
        let mut bench = Bench::new(ph);
        let before = bench.hydroxide();
        let lithium = bench.cell.catholyte.liquid.amount[LI];
        bench.run(4000.0, 1);
        let electrons = 4000.0 * 0.1 / FARADAY;
        let [lithium_share, proton, hydroxide] = bench.cell.shares;
        let made = (bench.hydroxide() - before) / electrons;
        assert!((made - (1.0 - proton - hydroxide)).abs() < 1e-8, "pH {ph}: {made}");
        let moved = bench.cell.catholyte.liquid.amount[LI] + bench.out.catholyte.amount[LI] - lithium;
        assert!((moved / electrons - lithium_share).abs() < 1e-8, "pH {ph}: {moved}");
        assert!(proton > 0.0 && (ph > 1.5 || proton > 0.05), "pH {ph}: {proton}");
    }
}

#[test]
fn every_electron_is_found_again_in_gas_and_in_solution() {
    let mut bench = Bench::new(2.0);
    bench.run(4000.0, 600);
    let electrons = 4000.0 * 60.0 / FARADAY;
    let cathode = 2.0 * bench.out.hydrogen.amount[H2] + 2.0 * bench.out.chlorine.amount[H2];
    assert!((cathode / electrons - 1.0).abs() < 1e-9, "{cathode} {electrons}");
    let free = bench.cell.anolyte.liquid.amount[X] + bench.out.anolyte.amount[X];
    let anode = 2.0 * (bench.out.chlorine.amount[CL2] + free) + 4.0 * bench.out.chlorine.amount[O2];
    // Chlorate takes a little of what was HClO: six electrons' worth in three molecules.
    assert!((anode / electrons - 1.0).abs() < 1e-6, "{anode} {electrons}");
}

#[test]
fn work_in_is_enthalpy_gained_plus_heat_lost() {
    let mut bench = Bench::new(2.5);
    let before = bench.energy();
    bench.run(4000.0, 3000);
    let gained = bench.energy() - before;
    let expected = bench.out.work - bench.out.loss;
    assert!((gained / expected - 1.0).abs() < 1e-7, "{gained} {expected}");
    assert!(bench.cell.anolyte.temperature > 355.0, "without flow it warms");
}

#[test]
fn the_thermoneutral_voltage_of_the_overall_reaction_is_2_311_v() {
    let t = Parameters::built_in().unwrap().thermo;
    let voltage = (t.hydroxide_ion - t.chloride_ion - t.water) / FARADAY;
    assert!((voltage - 2.311).abs() < 0.001, "{voltage}");
}

#[test]
fn extra_voltage_at_the_same_current_is_heat_and_nothing_else() {
    // Reaction, gas and evaporation are the same in both runs; the difference is the resistance.
    let heating = |resistance: f64| {
        let mut bench = Bench::new(3.0);
        bench.p.cell.hardware_resistance = resistance;
        bench.p.cell.heat_loss = 0.0;
        let before = bench.cell.anolyte.temperature + bench.cell.catholyte.temperature;
        let capacity = 0.5 * (bench.cell.anolyte.capacity + bench.cell.catholyte.capacity);
        bench.run(4000.0, 100);
        let after = bench.cell.anolyte.temperature + bench.cell.catholyte.temperature;
        (bench.cell.voltage, (after - before) * capacity / 10.0)
    };
    let (low, high) = (heating(0.0), heating(2e-4));
    let expected = 4000.0 * (high.0 - low.0);
    let found = high.1 - low.1;
    assert!((found / expected - 1.0).abs() < 0.05, "{found} W of {expected} W");
}

#[test]
fn an_idle_cell_with_chlorine_runs_backwards_and_one_without_does_not() {
    let mut bench = Bench::new(2.5);
    bench.run(0.0, 10);
    assert!(bench.cell.current.abs() < 1e-9 && bench.cell.voltage.abs() < 1e-9);
    bench.run(4000.0, 600);
    bench.run(0.0, 1);
    let density = -bench.cell.current / bench.p.cell.active_area;
    assert!((20.0..60.0).contains(&density), "basis 1.9: 20-60 A/m2, found {density}");
    bench.run(0.0, 600);
    assert!(bench.cell.nickel > 0.0, "the cathode is oxidised meanwhile");
    let oxidised = bench.cell.nickel;
    bench.run(4000.0, 3000);
    assert!(bench.cell.nickel < 0.01 * oxidised, "and reduced again by the current");
}

#[test]
fn a_hole_drains_a_side_down_to_its_own_height_and_no_further() {
    let mut bench = Bench::new(2.5);
    bench.cell.pinhole = 50e-6;
    bench.hydrogen = PRESSURE + 20e3;
    bench.run(0.0, 36_000);
    let full = bench.p.cell.catholyte_volume;
    assert!(
        (bench.cell.catholyte.volume / full - 0.5).abs() < 0.02,
        "{}",
        bench.cell.catholyte.volume / full
    );
    // Less pressure than the liquor on the other side has: the levels stand apart by what it is.
    let mut bench = Bench::new(2.5);
    bench.cell.pinhole = 50e-6;
    bench.hydrogen = PRESSURE + 3e3;
    bench.run(0.0, 36_000);
    let over =
        |volume: f64, full: f64, density: f64| density * 9.80665 * (2.0 * volume / full - 1.0).min(1.0);
    let (anolyte, catholyte) = (&bench.cell.anolyte, &bench.cell.catholyte);
    let apart = over(anolyte.volume, bench.p.cell.anolyte_volume, anolyte.density)
        - over(catholyte.volume, full, catholyte.density);
    assert!((apart / 3e3 - 1.0).abs() < 0.05, "{apart} Pa");
}

#[test]
fn gas_takes_no_more_steam_along_than_there_is_water() {
    let mut bench = Bench::new(2.5);
    bench.cell.catholyte.liquid = bench.cell.catholyte.liquid.part(1e-4);
    bench.cell.catholyte.resolve(&bench.h);
    bench.run(4000.0, 600);
    let catholyte = &bench.cell.catholyte;
    assert!(catholyte.liquid.amount[W] >= 0.0, "{:?}", catholyte.liquid);
    assert!(catholyte.temperature.is_finite() && bench.cell.voltage.is_finite(), "{catholyte:?}");
}
