//! A floor under the speed, far below the usual figure, so that a busy machine does not fail it.

mod common;

use std::time::Instant;

use common::running;

#[test]
fn an_hour_of_plant_time_takes_much_less_than_an_hour() {
    let mut plant = running();
    let started = Instant::now();
    plant.idle(600.0);
    let factor = 600.0 / started.elapsed().as_secs_f64();
    // `cargo run --release --example speed` shows the real figure, near 10,000.
    assert!(factor > 100.0, "{factor:.0} x real time");
}
