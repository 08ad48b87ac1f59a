use std::sync::Arc;

use super::Electrolysis;
use super::neighbours::{Pipe, WATER};
use crate::chemistry::Chemistry;
use crate::initial;
use crate::liquid::Liquid;
use crate::matter::Matter;
use crate::parameters::Parameters;
use crate::solution::{Notes, Slurry};

/// A litre of water at `celsius` in the pipe from the utilities, all of it drawn: J that the field gave, that the
/// preheater gave and that the string booked.
fn drunk(celsius: f64) -> (f64, f64, f64) {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let (mut plant, _): (Electrolysis, _) =
        initial::cold(&Parameters::built_in().unwrap(), 1, chemistry.clone());
    let kelvin = celsius + 273.15;
    let water = Slurry::filled(&Matter::default(), 1e-3, kelvin, &chemistry, &mut Notes::default()).matter;
    let mut pipe = Pipe::default();
    pipe.fill(&water, true, &chemistry);
    plant.neighbours.pipes[WATER] = Some(pipe);
    plant.open_ledger();
    let (dt, mut warmed) = (0.1, 0.0);
    for _ in 0..60 {
        plant.take_water(2e-4, dt);
        warmed += plant.rates.water_heat * dt;
    }
    assert!(plant.closure().energy < 1e-12, "{:?}", plant.closure());
    // Round-off of a volume may stay in the pipe.
    let left = plant.neighbours.pipes[WATER].as_ref().map_or(0.0, Pipe::enthalpy);
    (water.enthalpy - left, warmed, plant.ledger.inward.energy)
}

#[test]
fn what_the_field_gave_and_the_heat_of_the_preheater_are_what_the_string_books() {
    let (given, warmed, booked) = drunk(14.0);
    assert!((given + warmed - booked).abs() < 1e-9 * given.abs(), "{given} {warmed} {booked}");
    // A litre from 14 to 65 degC.
    assert!((warmed / (4180.0 * 51.0) - 1.0).abs() < 0.01, "{warmed}");
}

#[test]
fn water_that_comes_warmer_than_the_preheater_makes_it_is_taken_as_it_is() {
    let (given, warmed, booked) = drunk(80.0);
    assert!(warmed == 0.0, "{warmed}");
    assert!((given - booked).abs() < 1e-9 * given.abs(), "{given} {booked}");
}

#[test]
fn no_current_passes_a_string_with_a_cell_that_has_run_dry() {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let (mut plant, orders): (Electrolysis, _) =
        initial::running(&Parameters::built_in().unwrap(), 1, chemistry);
    plant.step(&orders, 0.1);
    assert!(plant.rates.current > 1000.0, "{}", plant.rates.current);
    let cell = &mut plant.cells[13];
    cell.catholyte.liquid = cell.catholyte.liquid.part(1e-3);
    cell.catholyte.resolve(&plant.h);
    plant.step(&orders, 0.1);
    assert!(plant.rates.current == 0.0, "{}", plant.rates.current);
    // The circulation fills the cell again, and the current comes back.
    for _ in 0..600 {
        plant.step(&orders, 0.1);
    }
    assert!(plant.rates.current > 1000.0, "{}", plant.rates.current);
}

/// The string's voltage, and what it is when every cell is worked out at the current that there is.
fn voltages(plant: &Electrolysis) -> (f64, f64) {
    let (current, rest) = (plant.rates.current, Liquid::default());
    let flows = plant.flows();
    let duty = plant.duty(current, 0.0, (flows.0, &rest), (flows.1, &rest));
    let exact = plant.cells.iter().zip(&plant.makes).map(|(cell, make)| {
        let mut cell = *cell;
        cell.electrify(make, &duty);
        cell.voltage
    });
    (plant.rates.voltage, current * plant.p.rectifier.bus_resistance + exact.sum::<f64>())
}

#[test]
fn the_voltage_follows_the_current_between_the_turns_of_the_cells_and_in_a_trip() {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let (mut plant, mut orders): (Electrolysis, _) =
        initial::running(&Parameters::built_in().unwrap(), 1, chemistry);
    orders.demand *= 0.6;
    for _ in 0..600 {
        let before = plant.rates.current;
        plant.step(&orders, 0.1);
        let (shown, exact) = voltages(&plant);
        assert!((shown / exact - 1.0).abs() < 2e-3, "{shown} {exact} at {before}");
    }
    plant.upsets.emergency_stop = true;
    for _ in 0..20 {
        plant.step(&orders, 0.1);
        let (shown, exact) = voltages(&plant);
        assert!((shown - exact).abs() < 0.05 + 2e-3 * exact.abs(), "{shown} {exact}");
    }
    assert_eq!(plant.rates.current, plant.p.rectifier.polarisation_current);
    assert!(plant.closure().energy < 1e-9, "{:?}", plant.closure());
}
