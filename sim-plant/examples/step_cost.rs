//! What one step of every unit operation costs: `cargo run --release -p sim-plant --example step_cost [name]`.

use std::sync::Arc;
use std::time::Instant;

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};
use sim_plant::units::CATALOGUE;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let only = std::env::args().nth(1);
    let chemistry = Arc::new(Chemistry::built_in()?);
    println!("unit, longest step [s], cost [us]");
    for row in CATALOGUE.iter().filter(|row| only.as_deref().is_none_or(|name| name == row.shape.name)) {
        let mut unit = Experiment::open(row.shape.name, &Conditions::default(), &chemistry)?;
        // The first steps fill caches and start-up transients.
        unit.run_to(100.0 * row.shape.step_max);
        let mut best = f64::INFINITY;
        for round in 1..=40 {
            let started = Instant::now();
            unit.run_to((100.0 + 250.0 * f64::from(round)) * row.shape.step_max);
            best = best.min(started.elapsed().as_secs_f64() / 250.0);
        }
        println!("{}, {}, {:.2}", row.shape.name, row.shape.step_max, best * 1e6);
    }
    Ok(())
}
