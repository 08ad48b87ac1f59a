//! A published process behind a Modbus server of its own, for the plant folder of the same name.
//!
//! ```text
//! cargo run --example process -- wood-berry             # serves on 127.0.0.1:5090, as the folder has it
//! catholyte run --plant benchmarks/published/wood-berry
//! ```
//!
//! It prints what it measures every two seconds. `look 1 0` on its input judges the first two measurements against 1 and 0, from the
//! first command that moves on; `load 0 1 0.5` adds 0.5 to input 1 of process 0.

mod bench;
mod catalogue;
mod models;
mod opcua;
mod server;

use std::error::Error;
use std::io::{self, BufRead as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use bench::Begin;
use server::Served;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    match run(&name, arguments.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, address: Option<String>) -> Result<(), Box<dyn Error>> {
    let Some(mut bench) = catalogue::bench(name) else {
        return Err(format!(
            "usage: process NAME [ADDRESS:PORT], NAME one of {}",
            catalogue::NAMES.join(", ")
        )
        .into());
    };
    bench.look_here();
    let (_server, served) = if name == "opc-ua" {
        let address = address.unwrap_or_else(|| "127.0.0.1:5091".to_owned());
        let server = opcua::Server::new(bench, &address, Path::new("target/process-pki"))?;
        let served = server.served.clone();
        (Some(server), served)
    } else {
        let address = address.unwrap_or_else(|| "127.0.0.1:5090".to_owned());
        let served = Served::new(bench, &address)
            .map_err(|error| format!("cannot serve {name} on {address}: {error}"))?;
        (None, served)
    };
    println!("{name} on {}", served.address);
    let shown = served.clone();
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(2));
            show(&shown);
        }
    });
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if let Err(error) = obey(&served, &line) {
            eprintln!("{error}");
        }
    }
    // Without an input it serves on.
    loop {
        thread::park();
    }
}

fn obey(served: &Served, line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        [] => Ok(()),
        ["look", ref targets @ ..] => {
            let targets: Result<Vec<f64>, _> = targets.iter().map(|target| target.parse()).collect();
            let targets = targets.map_err(|error| format!("{line}: {error}"))?;
            served.bench().look(&targets.into_iter().map(Some).collect::<Vec<_>>(), Begin::FirstMove);
            Ok(())
        }
        ["load", process, input, load] => {
            let wrong = |error: &dyn std::fmt::Display| format!("{line}: {error}");
            let process = process.parse().map_err(|error: std::num::ParseIntError| wrong(&error))?;
            let input = input.parse().map_err(|error: std::num::ParseIntError| wrong(&error))?;
            let load = load.parse().map_err(|error: std::num::ParseFloatError| wrong(&error))?;
            if served.bench().load(process, input, load) {
                Ok(())
            } else {
                Err(format!("{line}: there is no such input"))
            }
        }
        _ => Err(format!("{line}: it is `look TARGET...` or `load PROCESS INPUT VALUE`")),
    }
}

fn show(served: &Served) {
    let bench = served.bench();
    let round =
        |values: &[f64]| values.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(" ");
    println!(
        "scan {:>7}   measured {}   commands {}",
        bench.scans(),
        round(bench.measurements()),
        round(bench.commands())
    );
    let steps: Vec<f64> = (0..bench.commands().len()).map(|command| bench.step_of(command)).collect();
    println!("  largest step of each command {}", round(&steps));
    for (loop_number, score) in bench.scores().iter().enumerate().filter(|(_, score)| score.time > 0.0) {
        println!("  {loop_number}: {:8.2} long   IAE {:.3}   IE {:+.3}", score.time, score.iae, score.ie);
    }
}
