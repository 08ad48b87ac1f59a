use std::sync::Arc;

use super::Electrolysis;
use super::neighbours::{Pipe, WATER};
use crate::chemistry::Chemistry;
use crate::initial;
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
    pipe.fill(&water, &chemistry);
    plant.neighbours.pipes[WATER] = Some(pipe);
    plant.open_ledger();
    let (dt, mut warmed) = (0.1, 0.0);
    for _ in 0..60 {
        plant.take_water(2e-4, dt);
        warmed += plant.rates.water_heat * dt;
    }
    assert!(plant.closure().energy < 1e-12, "{:?}", plant.closure());
    // Round-off of a volume may stay in the pipe.
    let left = plant.neighbours.pipes[WATER].as_ref().map_or(0.0, |pipe| pipe.matter.enthalpy);
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
