//! What a selftest says: a table for people, a document for scripts.

use std::fmt::Write as _;

use control::Scenario;
use lockstep::CampaignOutcome;
use lockstep::scenario::time_text;
use miette::IntoDiagnostic as _;
use serde::Serialize;
use sim_plant::UnitRemark;

use super::Played;
use crate::cli::{Format, SelftestArgs};

/// Version of the documents of `--format json`; it grows when a field goes or changes its meaning.
const DOCUMENT: u32 = 1;

#[derive(Serialize)]
struct Document {
    version: u32,
    passed: bool,
    scenarios: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    title: &'a str,
    passed: bool,
    seed: u64,
    plant_s: f64,
    cpu_s: f64,
    closure: f64,
    /// The same on every machine and build.
    fingerprint: String,
    verdicts: Vec<Line<'a>>,
    /// What the physics had to say about itself.
    remarks: Vec<Remark<'a>>,
}

#[derive(Serialize)]
struct Remark<'a> {
    unit: &'a str,
    text: &'a str,
    count: u64,
    /// Found first, in the ten seconds before.
    first_s: f64,
}

#[derive(Serialize)]
struct Line<'a> {
    passed: bool,
    text: &'a str,
    when: &'a str,
    at_s: f64,
    reason: &'a str,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    title: &'a str,
    start: &'a str,
    plant_s: f64,
    expectations: usize,
}

pub fn list(scenarios: &[Scenario], format: Format) -> miette::Result<()> {
    let start = |scenario: &Scenario| if scenario.cold { "cold" } else { "running" };
    if format == Format::Json {
        let all: Vec<Listed<'_>> = scenarios
            .iter()
            .map(|scenario| Listed {
                name: &scenario.name,
                title: &scenario.title,
                start: start(scenario),
                plant_s: scenario.duration_ms as f64 / 1e3,
                expectations: scenario.expectations.len(),
            })
            .collect();
        println!("{}", serde_json::to_string(&all).into_diagnostic()?);
        return Ok(());
    }
    for scenario in scenarios {
        let duration = time_text(scenario.duration_ms);
        println!("{:<24} {:<8} {duration:>10}  {}", scenario.name, start(scenario), scenario.title);
    }
    Ok(())
}

/// A scenario that has just ended: people read it while the next one plays.
pub fn one(played: &Played, args: &SelftestArgs) {
    if args.format == Format::Text {
        say(&section(played), args);
    }
}

pub fn end(played: &[Played], args: &SelftestArgs) -> miette::Result<()> {
    if args.format == Format::Json {
        println!("{}", document(played)?);
    } else {
        let passed = played.iter().filter(|played| played.outcome.passed()).count();
        say(&format!("{passed} of {} scenarios passed\n", played.len()), args);
    }
    Ok(())
}

/// A trend on standard output stays a table: the verdicts go to standard error.
fn say(text: &str, args: &SelftestArgs) {
    if args.out.as_ref().is_some_and(|out| out.as_os_str() == "csv") {
        eprint!("{text}");
    } else {
        print!("{text}");
    }
}

fn document(played: &[Played]) -> miette::Result<String> {
    fn remark(told: &UnitRemark) -> Remark<'_> {
        let UnitRemark { unit, text, count, first_ms } = told;
        Remark { unit, text, count: *count, first_s: *first_ms as f64 / 1e3 }
    }
    let entry = |played: &'_ Played| {
        let outcome = &played.outcome;
        let lines = outcome.verdicts.iter().map(|verdict| Line {
            passed: verdict.passed,
            text: &verdict.text,
            when: &verdict.when,
            at_s: verdict.at_ms as f64 / 1e3,
            reason: &verdict.reason,
        });
        serde_json::to_value(Entry {
            name: &outcome.name,
            title: &outcome.title,
            passed: outcome.passed(),
            seed: played.seed,
            plant_s: outcome.plant_ms as f64 / 1e3,
            cpu_s: played.cpu_s,
            closure: outcome.closure,
            fingerprint: format!("{:016x}", outcome.fingerprint),
            verdicts: lines.collect(),
            remarks: outcome.remarks.iter().map(remark).collect(),
        })
    };
    let scenarios = played.iter().map(entry).collect::<Result<Vec<_>, _>>().into_diagnostic()?;
    let passed = played.iter().all(|played| played.outcome.passed());
    serde_json::to_string(&Document { version: DOCUMENT, passed, scenarios }).into_diagnostic()
}

fn section(played: &Played) -> String {
    let mut text = String::new();
    let outcome = &played.outcome;
    let _ = writeln!(text, "{}: {}", outcome.name, outcome.title);
    let width = outcome.verdicts.iter().map(|verdict| verdict.when.len()).max().unwrap_or(0);
    for verdict in &outcome.verdicts {
        let word = if verdict.passed { "pass" } else { "FAIL" };
        let _ = writeln!(text, "  {word}  {:<width$}  {}", verdict.when, verdict.text);
        if !verdict.passed {
            let at = time_text(verdict.at_ms);
            let _ = writeln!(text, "        {:<width$}  at {at}: {}", "", verdict.reason);
        }
    }
    for told in &outcome.remarks {
        let since = time_text(told.first_ms);
        let _ =
            writeln!(text, "  note  {}: {} ({} times, first by {since})", told.unit, told.text, told.count);
    }
    text.push_str(&played.story);
    let plant_s = outcome.plant_ms as f64 / 1e3;
    let _ = writeln!(
        text,
        "  {} of plant, seed {}, {:.1} s of processor time: {:.0} times real time; fingerprint {:016x}\n",
        time_text(outcome.plant_ms),
        played.seed,
        played.cpu_s,
        plant_s / played.cpu_s.max(1e-9),
        outcome.fingerprint
    );
    text
}

#[derive(Serialize)]
struct CampaignDocument<'a> {
    version: u32,
    passed: bool,
    seed: u64,
    plant_s: f64,
    cpu_s: f64,
    scans: u64,
    faults: u64,
    commands: u64,
    refused: u64,
    kills: u64,
    restorations: u64,
    trips: u64,
    breaches: u64,
    first_breaches: Vec<BreachEntry<'a>>,
    closure: f64,
    /// Of each element, of mass, energy and charge.
    balances: Vec<(&'static str, f64)>,
    fingerprint: String,
}

#[derive(Serialize)]
struct BreachEntry<'a> {
    at_s: f64,
    what: &'a str,
    story: &'a str,
}

pub fn campaign(outcome: &CampaignOutcome, seed: u64, cpu_s: f64, format: Format) -> miette::Result<()> {
    let plant_s = outcome.plant_ms as f64 / 1e3;
    let fingerprint = format!("{:016x}", outcome.fingerprint);
    if format == Format::Json {
        let document = CampaignDocument {
            version: DOCUMENT,
            passed: outcome.breach_count == 0,
            seed,
            plant_s,
            cpu_s,
            scans: outcome.scans,
            faults: outcome.faults,
            commands: outcome.commands,
            refused: outcome.refused,
            kills: outcome.kills,
            restorations: outcome.restorations,
            trips: outcome.trips,
            breaches: outcome.breach_count,
            first_breaches: outcome
                .breaches
                .iter()
                .map(|breach| BreachEntry {
                    at_s: breach.at_ms as f64 / 1e3,
                    what: &breach.what,
                    story: &breach.story,
                })
                .collect(),
            closure: outcome.closure.worst(),
            balances: outcome.closure.parts().collect(),
            fingerprint,
        };
        println!("{}", serde_json::to_string(&document).into_diagnostic()?);
        return Ok(());
    }
    for breach in &outcome.breaches {
        println!("BREACH at {}: {}\n{}", time_text(breach.at_ms), breach.what, breach.story);
    }
    println!(
        "campaign: {} of plant, seed {seed}: {} scans, {} faults, {} commands ({} refused), {} trips, {} kills of the \
         controller, {} restorations; {} breaches",
        time_text(outcome.plant_ms),
        outcome.scans,
        outcome.faults,
        outcome.commands,
        outcome.refused,
        outcome.trips,
        outcome.kills,
        outcome.restorations,
        outcome.breach_count
    );
    let balances: Vec<String> =
        outcome.closure.parts().map(|(name, error)| format!("{name} {error:.0e}")).collect();
    println!("balances close to {:.1e}: {}", outcome.closure.worst(), balances.join(", "));
    println!(
        "{cpu_s:.1} s of processor time: {:.0} times real time; fingerprint {fingerprint}",
        plant_s / cpu_s.max(1e-9)
    );
    Ok(())
}

/// A day of a long campaign is over: somebody waits for it.
pub fn progress(outcome: &CampaignOutcome, cpu_s: f64) {
    let plant_s = outcome.plant_ms as f64 / 1e3;
    eprintln!(
        "{} of plant, {:.0} times real time: {} trips, {} faults, {} commands, {} breaches; balances close to {:.1e}",
        time_text(outcome.plant_ms),
        plant_s / cpu_s.max(1e-9),
        outcome.trips,
        outcome.faults,
        outcome.commands,
        outcome.breach_count,
        outcome.closure.worst()
    );
}
