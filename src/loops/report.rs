//! `catholyte loop report`: indices of performance for each loop, and for each shift.

use std::io::Write as _;

use control::plant::Plant;
use miette::{IntoDiagnostic as _, miette};
use serde::Serialize;
use tuning::stiction::Verdict;
use tuning::{harris, oscillation, service, stiction};

use super::trend::Trend;
use super::{Loop, plant_of, seconds, written};
use crate::cli::{LoopReportArgs, TableFormat};
use crate::{clock, history};

/// An amplitude below this share of the PV's range is no oscillation (Hagglund: one percent).
const TOLERATED: f64 = 0.01;
/// The horizon of the Harris index, where no dead time is known: this share of TI, in so many samples.
const HORIZON_TI: f64 = 0.25;
const HORIZON: usize = 10;
/// Samples of one period at most.
const SAMPLES_MOST: f64 = 30_000.0;
/// OUT this near to a limit, as a share of its range, stands at it.
const AT_LIMIT: f64 = 0.002;

/// One row; what could not be judged is absent.
#[derive(Debug, Serialize)]
pub struct Row {
    #[serde(rename = "loop")]
    pub name: String,
    pub from: String,
    pub to: String,
    /// Hours of which something is known.
    pub known_h: f64,
    pub normal_percent: f64,
    pub automatic_percent: f64,
    pub saturated_percent: f64,
    pub mode_changes: usize,
    pub out_travel_per_h: f64,
    pub out_reversals_per_h: f64,
    pub sigma: Option<f64>,
    pub offset: Option<f64>,
    pub harris: Option<f64>,
    pub oscillating_percent: Option<f64>,
    pub period_s: Option<f64>,
    pub amplitude: Option<f64>,
    pub valve: Option<&'static str>,
    pub pv_unit: String,
}

pub fn run(args: &LoopReportArgs) -> miette::Result<()> {
    let plant = plant_of(args.plant.as_deref(), args.target.data.as_deref())?;
    let reader = history::open(args.target.data.as_deref())?;
    let (from_ms, to_ms) = history::span(&reader, &args.from, &args.to)?;
    let shift_ms = match &args.shift {
        Some(text) => (seconds(text)? * 1e3) as i64,
        None => to_ms - from_ms,
    };
    if shift_ms < 60_000 {
        return Err(miette!("--shift is shorter than a minute"));
    }
    let mut rows = Vec::new();
    for of in chosen(&plant, &args.loops)? {
        let ti = latest(&reader, &of, "TI").unwrap_or_else(|| plant.point(of.pid.ti).initial);
        let mut begin = from_ms;
        while begin < to_ms {
            let end = (begin + shift_ms).min(to_ms);
            rows.push(judge(&reader, &of, (begin, end), ti)?);
            begin = end;
        }
    }
    print(&rows, args.format)
}

fn chosen<'a>(plant: &'a Plant, names: &[String]) -> miette::Result<Vec<Loop<'a>>> {
    if names.is_empty() {
        return Ok((0..plant.blocks.len()).filter_map(|index| Loop::of(plant, index)).collect());
    }
    names.iter().map(|name| Loop::named(plant, name)).collect()
}

/// The last recorded value of a part of the loop.
pub fn latest(reader: &historian::SampleReader, of: &Loop<'_>, part: &str) -> Option<f64> {
    let found = reader.latest(&format!("{}.{part}", of.name)).ok().flatten()?;
    found.quality.is_usable().then_some(found.value)
}

pub fn judge(
    reader: &historian::SampleReader,
    of: &Loop<'_>,
    (from_ms, to_ms): (i64, i64),
    ti: f64,
) -> miette::Result<Row> {
    let whole_s = (to_ms - from_ms) as f64 * 1e-3;
    let horizon = HORIZON_TI * if ti > 0.0 { ti } else { whole_s / 50.0 };
    let dt = (horizon / HORIZON as f64).max(of.dt).max(0.1).max(whole_s / SAMPLES_MOST);
    let trend = Trend::read(reader, of, (from_ms, to_ms), dt)?;
    let pid = of.pid;
    let near = AT_LIMIT * (pid.out_high - pid.out_low).abs();
    let limits = (pid.out_limit_low, pid.out_limit_high);
    let served = service::service(&trend.record, &trend.moments, limits, near);
    let part = trend.controlled();
    let error: Vec<f64> = part.clone().map(|k| trend.record.pv[k] - trend.sp[k]).collect();
    let delay = ((horizon / trend.record.dt).round() as usize).max(1);
    let varied = harris::harris(&error, delay);
    let tolerated = TOLERATED * (pid.pv_high - pid.pv_low).abs();
    let swing = oscillation::detect(&error, trend.record.dt, ti, tolerated);
    // By ISA-5.1 the first letter is the measured variable; a level integrates.
    let integrating = of.name.starts_with('L');
    let valve = swing.filter(oscillation::Oscillation::is_swinging).and_then(|_| {
        stiction::detect(&trend.record.pv[part.clone()], &trend.record.out[part.clone()], integrating)
    });
    Ok(Row {
        name: of.name.to_owned(),
        from: clock::utc_text(from_ms),
        to: clock::utc_text(to_ms),
        known_h: served.known_s / 3600.0,
        normal_percent: served.normal * 100.0,
        automatic_percent: served.automatic * 100.0,
        saturated_percent: served.saturated * 100.0,
        mode_changes: served.changes,
        out_travel_per_h: served.travel_per_h,
        out_reversals_per_h: served.reversals_per_h,
        sigma: varied.map(|found| found.sigma),
        offset: varied.map(|found| found.offset),
        harris: varied.map(|found| found.index),
        oscillating_percent: swing.map(|found| if found.is_swinging() { found.share * 100.0 } else { 0.0 }),
        period_s: swing.filter(oscillation::Oscillation::is_swinging).and_then(|found| found.period_s),
        amplitude: swing.filter(oscillation::Oscillation::is_swinging).map(|found| found.amplitude),
        valve: valve.map(|found| match found.verdict {
            Verdict::Sticks => "sticks",
            Verdict::Free => "free",
            Verdict::Undecided => "undecided",
        }),
        pv_unit: of.pv_unit.clone(),
    })
}

fn print(rows: &[Row], format: TableFormat) -> miette::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        TableFormat::Json => {
            written(writeln!(out, "{}", serde_json::to_string_pretty(rows).into_diagnostic()?))
        }
        TableFormat::Csv => {
            written(writeln!(
                out,
                "loop,from,to,known_h,normal_percent,automatic_percent,saturated_percent,mode_changes,\
                 out_travel_per_h,out_reversals_per_h,sigma,offset,harris,oscillating_percent,period_s,\
                 amplitude,valve,pv_unit"
            ))?;
            for row in rows {
                let maybe =
                    |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.6}"));
                written(writeln!(
                    out,
                    "{},{},{},{:.4},{:.2},{:.2},{:.2},{},{:.3},{:.1},{},{},{},{},{},{},{},{}",
                    row.name,
                    row.from,
                    row.to,
                    row.known_h,
                    row.normal_percent,
                    row.automatic_percent,
                    row.saturated_percent,
                    row.mode_changes,
                    row.out_travel_per_h,
                    row.out_reversals_per_h,
                    maybe(row.sigma),
                    maybe(row.offset),
                    maybe(row.harris),
                    maybe(row.oscillating_percent),
                    maybe(row.period_s),
                    maybe(row.amplitude),
                    row.valve.unwrap_or_default(),
                    row.pv_unit
                ))?;
            }
            Ok(())
        }
        TableFormat::Text => {
            written(writeln!(
                out,
                "{:<10} {:<19} {:>6} {:>6} {:>6} {:>6} {:>5} {:>10} {:>6} {:>10} {:>9}  valve",
                "loop",
                "from (UTC)",
                "h",
                "norm%",
                "auto%",
                "sat%",
                "chg",
                "sigma",
                "Harris",
                "period s",
                "rev/h"
            ))?;
            for row in rows {
                let maybe = |value: Option<f64>, digits: usize| {
                    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
                };
                written(writeln!(
                    out,
                    "{:<10} {:<19} {:>6.2} {:>6.1} {:>6.1} {:>6.1} {:>5} {:>10} {:>6} {:>10} {:>9.1}  {}",
                    row.name,
                    row.from.get(..19).unwrap_or(&row.from),
                    row.known_h,
                    row.normal_percent,
                    row.automatic_percent,
                    row.saturated_percent,
                    row.mode_changes,
                    maybe(row.sigma, 4),
                    maybe(row.harris, 2),
                    maybe(row.period_s, 1),
                    row.out_reversals_per_h,
                    row.valve.unwrap_or("-")
                ))?;
            }
            Ok(())
        }
    }
}
