//! One unit operation alone, without the binary: `cargo run -p sim-plant --example unit -- leach 60min key=value ...`.

use std::sync::Arc;

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment, parse_time};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let name = words.next().ok_or("name a unit operation")?;
    let duration = parse_time(&words.next().ok_or("and a time, such as 60min")?)?;
    let conditions = Conditions { settings: words.collect(), ..Conditions::default() };
    let mut experiment = Experiment::open(&name, &conditions, &Arc::new(Chemistry::built_in()?))?;
    println!("{}", experiment.csv_header());
    for line in 0..=20 {
        experiment.run_to(duration * f64::from(line) / 20.0);
        println!("{}", experiment.csv_line());
    }
    let balance = experiment.balance();
    eprintln!("balances close to {:.1e} ({})", balance.worst(), balance.worst_text());
    for (line, count) in experiment.notes().lines() {
        eprintln!("note: {line} ({count} times)");
    }
    Ok(())
}
