//! `catholyte sim unit`: one unit operation alone, from stated conditions to a table.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use miette::{Context as _, IntoDiagnostic as _, miette};
use sim_plant::ParameterEntry;
use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment, parse_time};
use sim_plant::unit::Row;
use sim_plant::units::{CATALOGUE, find};

use crate::cli::SimUnitArgs;

/// A table longer than this is a slip of the pen.
const LINES_MAX: f64 = 1e6;
/// So are more steps than this; some minutes of work.
const STEPS_MAX: f64 = 1e8;

/// Relative; rounding stays far below.
const OPEN_MAX: f64 = 1e-6;
/// Bytes of a parameter file; those that ship have some thousands.
const FILE_MAX: u64 = 1 << 20;

pub fn run(args: &SimUnitArgs) -> miette::Result<()> {
    if args.name == "list" {
        for row in CATALOGUE {
            println!("{:<16} {}", row.shape.name, row.shape.text);
        }
        return Ok(());
    }
    let chemistry = Arc::new(Chemistry::built_in().into_diagnostic()?);
    let time = |flag: &str, text: &str| parse_time(text).map_err(|error| miette!("--{flag} {text}: {error}"));
    let file = match &args.parameters {
        Some(path) => Some((path.display().to_string(), parameter_file(path)?)),
        None => None,
    };
    let step = args.step.as_deref().map(|text| time("step", text)).transpose()?;
    let conditions = Conditions { settings: args.settings.clone(), file, step };
    let mut experiment =
        Experiment::open(&args.name, &conditions, &chemistry).map_err(|error| miette!("{error}"))?;
    let Some(duration) = &args.duration else {
        if let Ok(row) = find(&args.name) {
            print!("{}", describe(row, experiment.entries()));
        }
        return Ok(());
    };
    let step = conditions.step.unwrap_or(experiment.shape().step_max);
    let duration = time("for", duration)?;
    if experiment.last_change() > duration {
        let last = experiment.last_change();
        return Err(miette!(
            "a setting waits until {last} s, but --for ends at {duration} s: it would do nothing"
        ));
    }
    let every = match &args.every {
        Some(text) => time("every", text)?,
        None => (duration / 60.0).max(step),
    };
    if !(every >= step && duration / every <= LINES_MAX && duration / step <= STEPS_MAX) {
        return Err(miette!(
            "--for {duration} s with a line every {every} s and steps of {step} s cannot be: a line takes at \
             least one step, a table has at most {LINES_MAX} lines, a run at most {STEPS_MAX} steps"
        ));
    }
    let mut table = format!("{}\n{}\n", experiment.csv_header(), experiment.csv_line());
    let lines = (duration / every).floor() as u64;
    for line in 1..=lines {
        experiment.run_to(line as f64 * every);
        if experiment.beyond().is_some() {
            break;
        }
        let _ = writeln!(table, "{}", experiment.csv_line());
    }
    if duration - lines as f64 * every >= step && experiment.beyond().is_none() {
        experiment.run_to(duration);
        let _ = writeln!(table, "{}", experiment.csv_line());
    }
    match &args.out {
        Some(out) if out.as_os_str() == "csv" => print!("{table}"),
        Some(out) => fs::write(out, table)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", out.display()))?,
        None if experiment.beyond().is_some() => {}
        None => print!("{}", last_values(&experiment)),
    }
    if let Some(beyond) = experiment.beyond() {
        return Err(miette!("{beyond}"));
    }
    // To standard error, so that a table on standard output stays a table.
    eprint!("{}", conscience(&experiment));
    let worst = experiment.balance().worst();
    // What is no number has not closed either.
    if worst <= OPEN_MAX {
        Ok(())
    } else {
        Err(miette!(
            "the balances are open by {worst:.1e}: do not believe this run, and report it with its settings"
        ))
    }
}

fn parameter_file(path: &Path) -> miette::Result<String> {
    let about = || format!("cannot read the parameter file {}", path.display());
    // A device would never end.
    let size = fs::metadata(path).into_diagnostic().wrap_err_with(about)?;
    if !size.is_file() || size.len() > FILE_MAX {
        return Err(miette!("{}: it is no file of at most {FILE_MAX} bytes", about()));
    }
    fs::read_to_string(path).into_diagnostic().wrap_err_with(about)
}

fn last_values(experiment: &Experiment) -> String {
    let mut text = format!("after {} s\n", experiment.time());
    for (reading, value) in experiment.shape().readings.iter().zip(experiment.readings()) {
        let _ = writeln!(text, "  {:<18} {:>12.5} {:<8} {}", reading.name, value, reading.unit, reading.text);
    }
    text
}

/// What the physics has to say about itself.
fn conscience(experiment: &Experiment) -> String {
    let balance = experiment.balance();
    let mut text = format!("balances close to {:.1e} ({})\n", balance.worst(), balance.worst_text());
    for (line, count) in experiment.remarks() {
        let _ = writeln!(text, "note: {line} ({count} times)");
    }
    text
}

fn describe(row: &Row, entries: &[ParameterEntry]) -> String {
    let mut text = format!("{}: {}\n\nsettings:\n", row.shape.name, row.shape.text);
    for entry in entries {
        let unit = if entry.unit.is_empty() { String::new() } else { format!(" {}", entry.unit) };
        let asked = if entry.asked.is_empty() { String::new() } else { format!(" {}", entry.asked) };
        let _ = writeln!(text, "  {} = {}{unit}", entry.name, entry.value);
        if !entry.text.is_empty() {
            let _ = writeln!(text, "      {}", entry.text);
        }
        let _ = writeln!(
            text,
            "      {} to {}{asked}{}; {}: {}",
            entry.low,
            entry.high,
            if entry.whole { ", whole" } else { "" },
            entry.trust.word(),
            entry.source
        );
    }
    let _ = writeln!(text, "\nreadings:");
    for reading in row.shape.readings {
        let _ = writeln!(text, "  {:<18} {:<8} {}", reading.name, reading.unit, reading.text);
    }
    text
}
