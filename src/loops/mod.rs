//! `catholyte loop`: what loops there are, how they did, how they could be tuned.
//!
//! The mathematics is the crate `tuning`; here it meets the history on one side and a person on the
//! other. Only `test` and `apply` reach a controller, and both are somebody's order.

mod trend;
mod report;
mod tune;

use std::path::Path;
use std::sync::Arc;

use control::plant::{BlockBody, Pid, PidForm, Plant};
use historian::journal::JournalReader;
use miette::{IntoDiagnostic as _, miette};
use model::{Action, BlockId, Experiment, ExperimentShape, Unit};
use tuning::{Controller, Tuning};

use crate::cli::{LoopArgs, LoopCommand, LoopTestArgs, ShapeName};
use crate::recipe::Remote;
use crate::{check, demo, replay};

pub fn run(args: &LoopArgs) -> miette::Result<()> {
    match &args.command {
        LoopCommand::List { plant } => list(&check::compile_named(plant.as_deref())?),
        LoopCommand::Report(args) => report::run(args),
        LoopCommand::Tune(args) => tune::run(args),
        LoopCommand::Test(args) => test(args),
        LoopCommand::Apply { name, kc, ti, td, reason, target } => {
            let remote = Remote::connect(target)?;
            // All names first: half a tuning is worse than none.
            let parts = [
                ("KC", Some(*kc)),
                ("TI", Some(seconds(ti)?)),
                ("TD", td.as_deref().map(seconds).transpose()?),
            ];
            let mut writes = Vec::new();
            for (part, value) in parts {
                if let Some(value) = value {
                    writes.push(Action::Write { point: remote.point(&format!("{name}.{part}"))?, value });
                }
            }
            writes.into_iter().try_for_each(|action| remote.execute(action, reason))
        }
    }
}

fn list(plant: &Plant) -> miette::Result<()> {
    println!("{:<10} {:>8} {:>10} {:>8}  {:<8} description", "loop", "KC", "TI s", "TD s", "action");
    for (index, block) in plant.blocks.iter().enumerate() {
        if let BlockBody::Pid(pid) = &block.body {
            let initial = |point: model::PointId| plant.point(point).initial;
            println!(
                "{:<10} {:>8.3} {:>10.1} {:>8.1}  {:<8} {}",
                plant.blocks[index].name,
                initial(pid.kc),
                initial(pid.ti),
                initial(pid.td),
                if pid.direct { "direct" } else { "reverse" },
                block.description
            );
        }
    }
    Ok(())
}

fn test(args: &LoopTestArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let block = remote.block(&args.name)?;
    if args.end {
        return remote.execute(Action::EndExperiment { block }, &args.reason);
    }
    let stroke = matches!(args.shape, ShapeName::Stroke | ShapeName::PartialStroke);
    let needed = |value: Option<f64>, flag: &str| {
        // Zero is what the plant declares.
        value
            .or(stroke.then_some(0.0))
            .ok_or_else(|| miette!("{flag} is missing: an experiment is bounded before it begins"))
    };
    let time = args.time.as_deref().or(stroke.then_some("0s"));
    let time = time.ok_or_else(|| miette!("--time is missing: how long a stage lasts"))?;
    let plan = Experiment {
        shape: match args.shape {
            ShapeName::Step => ExperimentShape::Step,
            ShapeName::Pulse => ExperimentShape::Pulse,
            ShapeName::Relay => ExperimentShape::Relay,
            ShapeName::Stroke => ExperimentShape::Stroke,
            ShapeName::PartialStroke => ExperimentShape::PartialStroke,
        },
        amplitude: needed(args.amplitude, "--amplitude")?,
        bias: args.bias,
        hysteresis: args.hysteresis,
        deviation: needed(args.deviation, "--deviation")?,
        for_ms: (seconds(time)? * 1e3) as u32,
    };
    remote.execute(Action::Experiment { block, plan }, &args.reason)?;
    println!("watch it: catholyte history events {} --from -1h", args.name);
    if stroke {
        println!("when it has ended: catholyte why {}", args.name);
    } else {
        println!("when it has ended: catholyte loop tune {}", args.name);
    }
    Ok(())
}

/// `15min`, `20 s`, or a number of seconds.
pub fn seconds(text: &str) -> miette::Result<f64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = if unit.trim().is_empty() { "s" } else { unit.trim() };
    let factor = Unit::parse(unit).and_then(|unit| unit.convert(1.0, Unit::parse("s")?));
    match (number.parse::<f64>(), factor) {
        (Ok(number), Some(factor)) => Ok(number * factor),
        _ => Err(miette!("cannot read the time \"{text}\": write 20s, 15min or 2h")),
    }
}

/// The plant whose history is read: the folder that was named, or what ran last on the data folder.
fn plant_of(folder: Option<&Path>, data: Option<&Path>) -> miette::Result<Arc<Plant>> {
    if let Some(folder) = folder {
        return check::compile_named(Some(folder)).map(Arc::new);
    }
    let journal = demo::data_or_newest(data)?.journal();
    let reader = JournalReader::open(&journal).into_diagnostic()?;
    let last = reader.segments().iter().rev().find_map(|segment| reader.describe(segment).ok());
    let (header, _) =
        last.ok_or_else(|| miette!("{} tells of no plant: name its folder with --plant", journal.display()))?;
    replay::recorded_plant(&reader, header.plant_hash)
}

/// A loop of the plant, and what the mathematics needs of it.
struct Loop<'a> {
    name: &'a str,
    description: &'a str,
    pid: &'a Pid,
    /// Period of its task, seconds.
    dt: f64,
    pv_unit: String,
    out_unit: String,
}

impl<'a> Loop<'a> {
    fn of(plant: &'a Plant, index: usize) -> Option<Self> {
        let block = &plant.blocks[index];
        let BlockBody::Pid(pid) = &block.body else { return None };
        let ticks = plant.tasks.get(block.task as usize).map_or(1, |task| task.period_ticks.max(1));
        let unit = |point: model::PointId| plant.point(point).unit.symbol().to_owned();
        Some(Self {
            name: &block.name,
            description: &block.description,
            pid,
            dt: f64::from(ticks) * f64::from(plant.period_ms) * 1e-3,
            pv_unit: unit(pid.pv),
            out_unit: unit(pid.out),
        })
    }

    fn named(plant: &'a Plant, name: &str) -> miette::Result<Self> {
        let loops = || plant.blocks.iter().filter(|block| matches!(block.body, BlockBody::Pid(_)));
        let found = plant.find_block(name).and_then(|id: BlockId| Self::of(plant, id.index()));
        found.ok_or_else(|| match model::nearest(name, loops().map(|block| block.name.as_str())) {
            Some(near) => miette!("{name} is no loop of this plant; did you mean {near}?"),
            None => miette!("{name} is no loop of this plant; `catholyte loop list` shows them"),
        })
    }

    /// Units of OUT per unit of PV that KC = 1 means.
    fn scale(&self) -> f64 {
        (self.pid.out_high - self.pid.out_low) / (self.pid.pv_high - self.pid.pv_low)
    }

    /// From the numbers on the faceplate, by the form of the loop.
    fn tuning(&self, kc: f64, ti: f64, td: f64) -> miette::Result<Tuning> {
        let sign = if self.pid.direct { -1.0 } else { 1.0 };
        let (kc, ti, td) = match self.pid.options.form {
            PidForm::Isa => (kc, ti, td),
            PidForm::Parallel => (kc, kc * ti, td / kc),
            PidForm::Series => {
                let factor = if ti > 0.0 { 1.0 + td / ti } else { 1.0 };
                (kc * factor, ti * factor, td / factor)
            }
            PidForm::Integral => return Err(self.no_rule()),
        };
        Ok(Tuning { gain: sign * kc * self.scale(), ti, td })
    }

    /// To the numbers on the faceplate: KC, TI, TD.
    fn numbers(&self, tuning: &Tuning) -> miette::Result<(f64, f64, f64)> {
        let kc = (tuning.gain / self.scale()).abs();
        match self.pid.options.form {
            PidForm::Isa => Ok((kc, tuning.ti, tuning.td)),
            PidForm::Parallel => Ok((kc, tuning.ti / kc, tuning.td * kc)),
            PidForm::Series if tuning.ti >= 4.0 * tuning.td => {
                let factor = f64::midpoint(1.0, (1.0 - 4.0 * tuning.td / tuning.ti).sqrt());
                Ok((kc * factor, tuning.ti * factor, tuning.td / factor))
            }
            PidForm::Series => Err(miette!(
                "{}: the series form has no such tuning (TI below 4 TD); choose a PI rule, or form = \"isa\"",
                self.name
            )),
            PidForm::Integral => Err(self.no_rule()),
        }
    }

    fn no_rule(&self) -> miette::Report {
        miette!("{}: there is no rule here for a loop with integral action alone", self.name)
    }

    /// The block as it runs; its PV filter is inside the identified process.
    fn form(&self, tuning: Tuning) -> Controller {
        Controller {
            tuning,
            derivative_n: if self.pid.derivative_n > 0.0 { self.pid.derivative_n } else { 1.0 },
            beta: self.pid.beta,
            filter_s: 0.0,
            dt: self.dt,
        }
    }
}

fn written(result: std::io::Result<()>) -> miette::Result<()> {
    result.into_diagnostic()
}

#[cfg(test)]
mod tests;
