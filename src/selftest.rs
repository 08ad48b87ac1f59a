//! `catholyte selftest`: the plant's scenarios on the simulator, in virtual time.

mod report;
mod trend;

use std::path::Path;
use std::sync::Arc;

use control::Scenario;
use control::plant::Plant;
use lockstep::{Campaign, Outcome};
use miette::{IntoDiagnostic as _, miette};
use sim_plant::{Initial, Parameters};

use crate::cli::SelftestArgs;
use crate::scenarios::{self, WithScenarios};
use crate::{check, diagnostics, plant_time, real_time, sim_field};
use trend::Trend;

pub fn run(args: &SelftestArgs) -> miette::Result<()> {
    let folder = args.plant.as_deref();
    let name = folder.unwrap_or(Path::new("the shipped refinery"));
    let text = scenarios::Text::named(folder).into_diagnostic()?;
    let WithScenarios { plant, scenarios, .. } = scenarios::compile(&text, folder).map_err(|findings| {
        eprint!("{}", diagnostics::render(&text.sources, &findings, false));
        miette!("{}", check::count(&findings, name))
    })?;
    if args.list {
        report::list(&scenarios, args.format)?;
        return Ok(());
    }
    if let Some(duration) = &args.duration {
        return campaign(&plant, duration, args);
    }
    let chosen = choose(&scenarios, &args.scenarios, name)?;
    if args.trend.is_empty() != args.out.is_none() {
        return Err(miette!("--trend and --out belong together: --trend TT-311,IT-301 --out csv"));
    }
    if !args.trend.is_empty() && chosen.len() != 1 {
        return Err(miette!("a trend is of one scenario: choose it with --scenario NAME"));
    }
    let mut played = Vec::new();
    for scenario in chosen {
        let ended = play(&plant, scenario, args)?;
        report::one(&ended, args);
        played.push(ended);
    }
    report::end(&played, args)?;
    let failed = played.iter().filter(|played| !played.outcome.passed()).count();
    if failed == 0 { Ok(()) } else { Err(miette!("{failed} of {} scenarios failed", played.len())) }
}

/// One scenario after its run.
struct Played {
    outcome: Outcome,
    seed: u64,
    cpu_s: f64,
    /// The last events, ready to read.
    story: String,
}

fn play(plant: &Arc<Plant>, scenario: &Scenario, args: &SelftestArgs) -> miette::Result<Played> {
    let began = real_time::cpu_time();
    let mut trend = Trend::new(plant, &args.trend, &args.every)?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let initial = if scenario.cold { Initial::Cold } else { Initial::Running };
    let parameters = Parameters::built_in().into_diagnostic()?;
    let simulator = sim_field::open(args.plant.as_deref(), plant, &parameters, initial, seed)?;
    let (outcome, lockstep) = lockstep::run(plant, scenario, simulator, |lockstep| trend.look(lockstep))
        .map_err(|error| miette!("{}: {error}", scenario.name))?;
    let cpu_s = (real_time::cpu_time() - began).as_secs_f64();
    if let Some(out) = &args.out {
        trend.write(out)?;
    }
    let story = if args.events { lockstep.story(usize::MAX) } else { String::new() };
    Ok(Played { outcome, seed, cpu_s, story })
}

/// Random deeds for so long, and everything that must hold all the same.
fn campaign(plant: &Arc<Plant>, duration: &str, args: &SelftestArgs) -> miette::Result<()> {
    let duration = plant_time::duration(duration).map_err(|error| miette!("--for: {error}"))?;
    let seed = args.seed.unwrap_or(1);
    let began = real_time::cpu_time();
    let parameters = Parameters::built_in().into_diagnostic()?;
    let open = || sim_field::open(args.plant.as_deref(), plant, &parameters, Initial::Running, seed);
    let shadow = if args.no_shadow { None } else { Some(open()?) };
    let what = Campaign { seed, duration_ms: duration.as_millis() as u64, simulator: open()?, shadow };
    let cpu_s = || (real_time::cpu_time() - began).as_secs_f64();
    let outcome = lockstep::campaign(plant, what, |outcome| report::progress(outcome, cpu_s()))
        .map_err(|error| miette!("{error}"))?;
    report::campaign(&outcome, seed, cpu_s(), args.format)?;
    match outcome.breach_count {
        0 => Ok(()),
        count => Err(miette!("{count} breaches: repeat them with --seed {seed}")),
    }
}

fn choose<'s>(
    scenarios: &'s [Scenario],
    names: &[String],
    plant: &Path,
) -> miette::Result<Vec<&'s Scenario>> {
    if scenarios.is_empty() {
        return Err(miette!(
            "{} has no scenarios: write scenarios/NAME.toml, see docs/scenarios.md",
            plant.display()
        ));
    }
    if names.is_empty() {
        return Ok(scenarios.iter().collect());
    }
    let find = |name: &String| {
        scenarios.iter().find(|scenario| scenario.name == *name).ok_or_else(|| {
            let known = || scenarios.iter().map(|scenario| scenario.name.as_str());
            match model::nearest(name, known()) {
                Some(near) => miette!("no scenario {name}; did you mean {near}?"),
                None => miette!("no scenario {name}; there are {}", known().collect::<Vec<_>>().join(", ")),
            }
        })
    };
    names.iter().map(find).collect()
}
