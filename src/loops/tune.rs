//! `catholyte loop tune`: from a record to a model, to a proposal with its predicted response.
//!
//! It reads the history and prints. It never writes to a controller: the last line that it prints is
//! the command with which a person may do that.

use std::fmt::Write as _;

use historian::{EventReader, SampleReader};
use miette::{IntoDiagnostic as _, miette};
use model::wire::EventKind;
use tuning::predict::{Disturbance, Response, simulate};
use tuning::rules::{Proposal, Rule, propose};
use tuning::{Controller, Identified, Margins, Process, Record, identify, margins, relay};

use super::report::latest;
use super::trend::Trend;
use super::{Loop, plant_of, seconds};
use crate::cli::{LoopTuneArgs, RuleName};
use crate::{clock, demo, history, plot};

/// Samples of a record that are read; the fit thins them further.
const SAMPLES_MOST: f64 = 4000.0;
/// Of the record before an experiment, its rest: a share of the experiment's length.
const BEFORE: f64 = 0.05;

pub fn run(args: &LoopTuneArgs) -> miette::Result<()> {
    let plant = plant_of(args.plant.as_deref(), args.target.data.as_deref())?;
    let of = Loop::named(&plant, &args.name)?;
    let reader = history::open(args.target.data.as_deref())?;
    let (span, relayed) = match &args.from {
        Some(from) => (history::span(&reader, from, &args.to)?, false),
        None => last_experiment(&reader, &of, args)?,
    };
    let record = record(&reader, &of, span)?;
    let mut text = String::new();
    let found = if relayed {
        let found = relay::analyse(&record, 0.0).map_err(|doubt| miette!("{}: {doubt}", of.name))?;
        tell_relay(&mut text, &of, &found);
        tell_reach(&mut text, &found);
        found.identified
    } else {
        identify(&record).map_err(|doubt| miette!("{}: {doubt}", of.name))?
    };
    tell_model(&mut text, &of, span, &found);
    let process = found.process;
    // More OUT makes more PV: then a PV too high must lower OUT, and that is reverse action.
    if (process.gain() > 0.0) == of.pid.direct {
        print!("{text}");
        return Err(miette!(
            "{}: the record says that more OUT makes {} PV, and the loop acts {}: it would run away; check the \
             span, or `action` in the plant folder",
            of.name,
            if process.gain() > 0.0 { "more" } else { "less" },
            if of.pid.direct { "directly" } else { "in reverse" }
        ));
    }
    let now = |part: &str, point| latest(&reader, &of, part).unwrap_or_else(|| plant.point(point).initial);
    let numbers = (now("KC", of.pid.kc), now("TI", of.pid.ti), now("TD", of.pid.td));
    let present = of.form(of.tuning(numbers.0, numbers.1, numbers.2)?);
    let rule = match args.rule {
        RuleName::Simc => Rule::Simc,
        RuleName::Lambda => Rule::Lambda,
        RuleName::AmigoPi => Rule::AmigoPi,
        RuleName::AmigoPid => Rule::AmigoPid,
    };
    let tauc = args.tauc.as_deref().map(seconds).transpose()?;
    let proposal = propose(&process, &present, rule, tauc, args.ms).ok_or_else(|| {
        miette!("{}: no tuning by {} has Ms below {}; ask for a larger --ms", of.name, rule.word(), args.ms)
    })?;
    let shown = of.numbers(&proposal.tuning)?;
    let most = plant.point(of.pid.kc).write.map_or(f64::INFINITY, |write| write.high);
    if shown.0 > most {
        return Err(miette!(
            "{}: the rule wants KC {:.1}, and no loop takes more than {most}; ask for a slower loop with --tauc \
             above {:.0}s",
            of.name,
            shown.0,
            proposal.tauc_s
        ));
    }
    tell_tuning(&mut text, "present", numbers, margins(&process, &present));
    tell_tuning(&mut text, "proposed", shown, Some(proposal.margins));
    tell_rule(&mut text, &proposal);
    tell_prediction(&mut text, &of, &process, &present, &present.with(proposal.tuning), span_of(&record));
    tell_command(&mut text, &of, shown);
    print!("{text}");
    Ok(())
}

/// From the beginning of the last experiment of this loop to its end, and whether it was a relay.
fn last_experiment(
    reader: &SampleReader,
    of: &Loop<'_>,
    args: &LoopTuneArgs,
) -> miette::Result<((i64, i64), bool)> {
    let now = reader.storage().alive_ms.unwrap_or_else(clock::now_ms);
    let folder = demo::data_or_newest(args.target.data.as_deref())?.history();
    let events = EventReader::open(&folder).into_diagnostic()?;
    let found = events
        .query(i64::MIN / 2, now + 60_000, Some(of.name), &[EventKind::Mode], 10_000)
        .into_diagnostic()?;
    let end = found.iter().position(|event| event.text.contains(" test ended: "));
    let begin = end.and_then(|end| {
        found[end..]
            .iter()
            .find(|event| event.text.contains(" test begins at "))
            .map(|begin| (begin, &found[end]))
    });
    let (begin, end) = begin.ok_or_else(|| {
        miette!(
            "{}: no experiment in the history; run `catholyte loop test {}`, or name a span in which OUT was \
             moved with --from and --to",
            of.name,
            of.name
        )
    })?;
    if !end.text.ends_with(": done") {
        return Err(miette!(
            "{}: the last experiment did not go through ({}); repeat it, or name a span with --from and --to",
            of.name,
            end.text
        ));
    }
    let before = ((end.time_ms - begin.time_ms) as f64 * BEFORE) as i64;
    Ok(((begin.time_ms - before, end.time_ms), begin.text.starts_with("relay")))
}

pub fn record(reader: &SampleReader, of: &Loop<'_>, (from_ms, to_ms): (i64, i64)) -> miette::Result<Record> {
    let dt = ((to_ms - from_ms) as f64 * 1e-3 / SAMPLES_MOST).max(0.1);
    let trend = Trend::read(reader, of, (from_ms, to_ms), dt)?;
    let known = trend.known();
    let share = known.len() as f64 / trend.moments.len().max(1) as f64;
    if share < 0.8 {
        return Err(miette!(
            "{}: only {:.0} % of {} .. {} is recorded without a break and good",
            of.name,
            share * 100.0,
            clock::local_text(from_ms),
            clock::local_text(to_ms)
        ));
    }
    Ok(Record {
        dt: trend.record.dt,
        pv: trend.record.pv[known.clone()].to_vec(),
        out: trend.record.out[known].to_vec(),
    })
}

fn span_of(record: &Record) -> (f64, f64) {
    let low = record.out.iter().copied().fold(f64::INFINITY, f64::min);
    let high = record.out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

fn tell_relay(text: &mut String, of: &Loop<'_>, found: &relay::Relay) {
    let _ = writeln!(
        text,
        "{}: relay, {} cycles of {:.1} s (+- {:.1}), PV swings {:.4} {}\n  ultimate gain {:.3} {}/{}, period \
         {:.1} s (the describing function alone says {:.3})",
        of.name,
        found.cycles,
        found.period_s,
        found.period_spread_s,
        found.amplitude,
        of.pv_unit,
        found.ku,
        of.out_unit,
        of.pv_unit,
        found.tu_s,
        found.describing_ku
    );
}

/// A relay tries the process at one frequency. What it says of others is the shape of the model.
fn tell_reach(text: &mut String, found: &relay::Relay) {
    let model = found.identified.process.at(std::f64::consts::TAU / found.period_s);
    let off = (model - found.at_period).abs() / found.at_period.abs();
    let _ = writeln!(
        text,
        "  at that period the model is {:.0} % from what was measured; margins and predictions hold there, and further off \
         as far as its shape is the process's: a pulse test looks at the gain at rest",
        off * 100.0
    );
}

fn tell_model(text: &mut String, of: &Loop<'_>, (from_ms, to_ms): (i64, i64), found: &Identified) {
    let (pv, out) = (&of.pv_unit, &of.out_unit);
    let _ = writeln!(
        text,
        "{}  {}\n  identified from {} .. {}, {} samples",
        of.name,
        of.description,
        clock::local_text(from_ms),
        clock::local_text(to_ms),
        found.record.len()
    );
    let model = match found.process {
        Process::Lag { gain, tau, delay } => {
            format!("gain {gain:.4} {pv}/{out}, lag {tau:.1} s, dead time {delay:.1} s")
        }
        Process::TwoLags { gain, tau1, tau2, delay } => {
            format!("gain {gain:.4} {pv}/{out}, lags {tau1:.1} s and {tau2:.1} s, dead time {delay:.1} s")
        }
        Process::Inverse { gain, tau1, tau2, zero, delay } => format!(
            "gain {gain:.4} {pv}/{out}, lags {tau1:.1} s and {tau2:.1} s, dead time {delay:.1} s, answers the other way \
             first (zero at +1/{zero:.1} s)"
        ),
        Process::Integrating { slope, tau, delay } => format!(
            "integrating, {:.4} {pv}/{out} an hour, lag {tau:.1} s, dead time {delay:.1} s",
            slope * 3600.0
        ),
    };
    let _ = writeln!(
        text,
        "  {model}\n  explains {:.1} % of the movement; one sigma: gain {:.1} %, lag {:.1} s, dead time {:.1} s; \
         noise {:.4} {pv}",
        found.explained * 100.0,
        found.gain_error * 100.0,
        found.lag_error_s,
        found.delay_error_s,
        found.noise
    );
    if found.one_way {
        let _ = writeln!(
            text,
            "  one step one way: a disturbance at that time would look the same; a pulse test tells them apart"
        );
    }
}

fn tell_tuning(text: &mut String, name: &str, (kc, ti, td): (f64, f64, f64), margins: Option<Margins>) {
    let _ = write!(text, "  {name:<9} KC {kc:.4}  TI {ti:.1} s  TD {td:.1} s");
    let _ = match margins {
        Some(margins) if margins.stable => writeln!(
            text,
            "   Ms {:.2}  gain margin {:.2}  phase margin {:.0} deg  dead time margin {:.0} s",
            margins.ms, margins.gain_margin, margins.phase_margin_deg, margins.delay_margin_s
        ),
        Some(_) => writeln!(text, "   unstable with this model"),
        None => writeln!(text, "   no margins"),
    };
}

fn tell_rule(text: &mut String, proposal: &Proposal) {
    let word = proposal.rule.word();
    let _ = match proposal.rule {
        Rule::Simc | Rule::Lambda => write!(text, "  by {word}, closed loop {:.1} s", proposal.tauc_s),
        Rule::AmigoPi | Rule::AmigoPid => write!(text, "  by {word}"),
    };
    let _ = if proposal.slowed > 1.001 {
        writeln!(text, "; {:.2} times slower than the rule, to keep the margin", proposal.slowed)
    } else {
        writeln!(text)
    };
}

fn tell_prediction(
    text: &mut String,
    of: &Loop<'_>,
    process: &Process,
    present: &Controller,
    proposed: &Controller,
    (low, high): (f64, f64),
) {
    let tuned = proposed.tuning;
    let closed = 1.0 / (tuned.gain * process.gain()).abs().max(1e-12) * tuned.ti.max(1e-9);
    let seconds = 8.0 * (process.delay() + closed.min(process.slowest()) + tuned.ti.min(process.slowest()));
    let middle = f64::midpoint(low, high);
    let room = (of.pid.out_limit_low - middle, of.pid.out_limit_high - middle);
    let step = 0.01 * (of.pid.pv_high - of.pid.pv_low);
    let load = if high > low { (high - low) / 2.0 } else { 0.05 * (of.pid.out_high - of.pid.out_low) };
    let cases = [
        (format!("set point + {step:.2} {}", of.pv_unit), Disturbance { sp: step, load: 0.0, room }),
        (format!("load like {load:.2} {} of OUT", of.out_unit), Disturbance { sp: 0.0, load, room }),
    ];
    for (title, what) in cases {
        let now = simulate(process, present, what, seconds);
        let then = simulate(process, proposed, what, seconds);
        let _ = writeln!(text, "\npredicted, {title}, over {seconds:.0} s");
        for (name, response) in [("present", &now), ("proposed", &then)] {
            tell_response(text, name, response, what.sp != 0.0, &of.pv_unit);
        }
        let both = now.pv.iter().chain(&then.pv).copied();
        let bounds =
            both.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), pv| (low.min(pv), high.max(pv)));
        for (name, response) in [("present", &now), ("proposed", &then)] {
            if let Some(picture) = plot::draw_within(&columns(&response.pv), bounds) {
                let _ = write!(text, "{name} PV, change in {}\n{picture}", of.pv_unit);
            }
        }
    }
}

fn tell_response(text: &mut String, name: &str, response: &Response, servo: bool, unit: &str) {
    let settled =
        response.settled_s.map_or_else(|| "not settled".into(), |time| format!("settled in {time:.0} s"));
    let shape = if servo {
        format!("overshoot {:.0} %", response.overshoot * 100.0)
    } else {
        format!("peak {:.3} {unit}", response.peak)
    };
    let _ = writeln!(text, "  {name:<9} {shape}, {settled}, IAE {:.2} {unit} s", response.iae);
}

/// As many columns as the plot has dots.
fn columns(values: &[f64]) -> Vec<Option<(f64, f64)>> {
    let wide = plot::WIDTH * 2;
    (0..wide)
        .map(|x| {
            let from = x * values.len() / wide;
            let to = ((x + 1) * values.len() / wide).max(from + 1).min(values.len());
            let part = values.get(from..to)?;
            Some((part.iter().copied().reduce(f64::min)?, part.iter().copied().reduce(f64::max)?))
        })
        .collect()
}

fn tell_command(text: &mut String, of: &Loop<'_>, (kc, ti, td): (f64, f64, f64)) {
    let derivative = format!(" --td {td:.1}s");
    let _ = writeln!(
        text,
        "\nNothing has been changed. To apply it, an engineer runs\n\n  catholyte loop apply {} --kc {kc:.4} --ti \
         {ti:.1}s{derivative} --reason \"...\" --user NAME --password-file FILE\n\nand, to keep it, writes into \
         the plant folder\n\n  kc = {kc:.4}\n  ti = \"{ti:.1} s\"",
        of.name
    );
    if td > 0.0 {
        let _ = writeln!(text, "  td = \"{td:.1} s\"");
    }
}
