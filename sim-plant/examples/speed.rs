//! How many times faster than real time the plant runs on one core, at a step of 100 ms.
//!
//! `cargo run --release -p sim-plant --example speed [hours]`

use std::time::Instant;

use sim_plant::{Initial, Parameters, Simulator};

/// CPU time of this process in seconds, where the system tells it.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after = text.rsplit_once(')')?.1;
    let mut fields = after.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    // Clock ticks are 1/100 s on every Linux that this runs on.
    Some((user + system) / 100.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hours: u32 = std::env::args().nth(1).map_or(Ok(24), |text| text.parse())?;
    let parameters = Parameters::built_in()?;
    let started = Instant::now();
    let mut plant = Simulator::new(&parameters, Initial::Running, 1);
    println!("settled in {:.2} s", started.elapsed().as_secs_f64());
    let (started, cpu) = (Instant::now(), cpu_seconds());
    for _ in 0..hours * 36_000 {
        plant.step(100);
    }
    let wall = started.elapsed().as_secs_f64();
    let simulated = f64::from(hours) * 3600.0;
    println!("{hours} h in {wall:.2} s of wall time: {:.0} x real time", simulated / wall);
    if let (Some(before), Some(after)) = (cpu, cpu_seconds()) {
        println!("{:.2} s of CPU time: {:.0} x real time", after - before, simulated / (after - before));
    }
    println!("worst closure {:.1e}, state {:016x}", plant.closure().worst(), plant.hash());
    Ok(())
}
