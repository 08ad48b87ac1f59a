//! `catholyte replay`: run a journal again, verify every scan, look at any tag, ask what if.

mod beginning;
mod what_if;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use beginning::{Beginning, Unverified, Wanted};
use control::Engine;
use control::plant::Plant;
use historian::journal::{JournalReader, Records, RunEnd, SegmentStart};
use miette::{Context as _, IntoDiagnostic as _, miette};
use model::{PointId, Source};
use what_if::{Beside, Comparison};

use crate::cli::ReplayArgs;
use crate::clock::{self, TickClock};
use crate::resume::Replayer;
use crate::{check, clock_watch, real_time, take_over};

pub fn run(args: &ReplayArgs) -> miette::Result<()> {
    replay(args)?.report()
}

fn replay(args: &ReplayArgs) -> miette::Result<Total> {
    let reader = JournalReader::open(&args.journal).into_diagnostic()?;
    let other = args.with.as_deref().map(check::compile_or_report).transpose()?.map(Arc::new);
    let mut total = Total { comparison: other.as_ref().map(|_| Comparison::default()), ..Total::default() };
    let mut before = None;
    let first = reader.segments().first().map(|segment| segment.first_tick);
    let first = first.ok_or_else(|| {
        miette!("{} holds no journal: name the journal folder of a data folder", args.journal.display())
    })?;
    let mut wanted = Some(Wanted { first, from: first, why: String::new(), clock: None });
    let is_wanted = |tick: u64| args.until.is_none_or(|until| tick <= until);
    while let Some(next) = wanted.take().filter(|next| is_wanted(next.from)) {
        let (beginning, gap) = beginning::find(&reader, &next)?;
        if let Some(gap) = gap {
            eprintln!("{gap}");
            total.gaps.push(gap);
        }
        if let Some(beginning) = beginning.filter(|beginning| is_wanted(beginning.segment.first_tick)) {
            wanted = replay_run(&reader, &beginning, args, other.as_ref(), &mut total, &mut before)?;
        }
    }
    if let Some(until) = args.until.filter(|_| total.scans == 0) {
        return Err(miette!(
            help = "name a scan that it holds; without --until all of them are run",
            "no scan up to {until} can be run: this journal begins with scan {first}"
        ));
    }
    Ok(total)
}

#[derive(Default)]
struct Total {
    /// From a start of the controller, or from behind a hole, to the next.
    runs: u64,
    /// Plants that were applied within a run.
    applied: u64,
    scans: u64,
    plant_ms: u64,
    /// Between scans of one run: the controller stood still, or the clock jumped.
    idle_ms: u64,
    cpu_s: f64,
    difference: Option<u64>,
    /// Stretches of the journal that could not be run again.
    gaps: Vec<Unverified>,
    exported_header: bool,
    /// With another plant folder: where the two histories part.
    comparison: Option<Comparison>,
}

impl Total {
    fn report(&self) -> miette::Result<()> {
        let speed = self.plant_ms as f64 / 1e3 / self.cpu_s.max(1e-9);
        eprintln!(
            "{}, {} scans, {:.1} s of plant time in {:.2} s of processor time: {speed:.0} times real time",
            self.runs_text(),
            self.scans,
            self.plant_ms as f64 / 1e3,
            self.cpu_s
        );
        if let Some(idle) = self.idle_text() {
            eprintln!("{idle}");
        }
        if let Some(comparison) = &self.comparison {
            print!("{}", comparison.report());
        }
        match self.difference {
            None if self.gaps.is_empty() => println!("every hash agrees"),
            None => {
                let gaps: Vec<String> = self.gaps.iter().map(|gap| format!("\n  {gap}")).collect();
                return Err(miette!(
                    "the hashes of the {} scans that could be run again agree, but the journal has gaps:{}",
                    self.scans,
                    gaps.concat()
                ));
            }
            Some(tick) => {
                return Err(miette!(
                    "the state of tick {tick} comes out otherwise than recorded: \
                     this program differs from the one that ran, or the journal was changed"
                ));
            }
        }
        Ok(())
    }
}

impl Total {
    /// A change of the plant while it runs begins a stretch of the journal, too, and is no start of the controller.
    fn runs_text(&self) -> String {
        let many = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let runs = many(self.runs, "run");
        match self.applied {
            0 => runs,
            applied => format!("{runs} ({} of the plant while it ran)", many(applied, "change")),
        }
    }

    fn idle_text(&self) -> Option<String> {
        let span = clock_watch::span_text(i64::try_from(self.idle_ms).unwrap_or(i64::MAX));
        (self.idle_ms > 0).then(|| {
            format!("between these scans lie {span} without any: the controller stood still, or the clock was set ahead")
        })
    }
}

/// One unbroken run; returns what comes after it, if anything does.
fn replay_run(
    reader: &JournalReader,
    beginning: &Beginning,
    args: &ReplayArgs,
    other: Option<&Arc<Plant>>,
    total: &mut Total,
    before: &mut Option<Engine>,
) -> miette::Result<Option<Wanted>> {
    let recorded = recorded_plant(reader, beginning.header.plant_hash)?;
    let mut engine = Engine::new(recorded);
    let mut applied = false;
    if let Some(snapshot) = &beginning.snapshot {
        let after = snapshot.tick;
        engine.restore(&snapshot.state).map_err(|error| miette!("snapshot {after}: {error}"))?;
        if let Some(before) = before.take().filter(|before| before.tick() == after) {
            let restarted = matches!(beginning.start, SegmentStart::Resumed(_));
            applied = check_change(&before, &mut engine, restarted, total)? && !restarted;
        }
    }
    // From the segment itself: the one before may be of another plant, which ended there.
    let mut records = reader.records(beginning.segment.first_tick).into_diagnostic()?;
    match applied {
        true => total.applied += 1,
        false => total.runs += 1,
    }
    let clock = beginning.clock();
    let cold = matches!(beginning.start, SegmentStart::Cold);
    let mut beside = other.map(|other| Beside::begin(&engine, cold, other)).transpose()?;
    if let (Some(beside), Some(comparison)) = (&beside, &mut total.comparison) {
        comparison.begin(beside);
    }
    let mut replayer = Replayer::new(engine).until(args.until);
    follow(&mut replayer, beside.as_mut(), &mut records, clock, args, total)?;
    let next = replayer.engine.tick() + 1;
    *before = Some(replayer.engine);
    for damage in records.damage() {
        eprintln!("{damage}");
    }
    let after = beginning.segment.first_tick + 1;
    let wanted =
        |first: u64, why: String| Some(Wanted { first, from: first.max(after), why, clock: Some(clock) });
    let damaged = || records.damage().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Ok(match records.end() {
        RunEnd::NewRun { tick } => wanted(*tick, String::new()),
        RunEnd::Hole { .. } if records.damage().is_empty() => {
            wanted(next, "they are not in the journal".to_owned())
        }
        RunEnd::Hole { .. } | RunEnd::Damaged => wanted(next, damaged()),
        RunEnd::Running | RunEnd::Complete => None,
    })
}

/// Where another plant was applied: the state that was carried over comes out of the one before again. Says whether one was.
fn check_change(
    before: &Engine,
    engine: &mut Engine,
    restarted: bool,
    total: &mut Total,
) -> miette::Result<bool> {
    if before.plant().hash == engine.plant().hash {
        return Ok(false);
    }
    let tick = before.tick();
    let (mut again, migration) = if restarted {
        take_over::carried(before, engine.plant())?
    } else {
        // Between two scans of one process: the field was there all the time.
        before.migrate(engine.plant()).into_diagnostic()?
    };
    eprintln!("another plant was applied after tick {tick}: {} changes", migration.plan.changes.len());
    if again.state_hash() != engine.state_hash() {
        total.difference = total.difference.or(Some(tick));
    }
    Ok(true)
}

fn follow(
    replayer: &mut Replayer,
    mut beside: Option<&mut Beside>,
    records: &mut Records,
    clock: TickClock,
    args: &ReplayArgs,
    total: &mut Total,
) -> miette::Result<()> {
    let exported = exported_points(replayer.engine.plant(), &args.export)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut next_row_ms = i64::MIN;
    let began = real_time::cpu_time();
    let (mut first, mut last) = (None, 0);
    while let Some(tick) = replayer.step(records).into_diagnostic()? {
        first.get_or_insert(tick);
        last = tick;
        let time_ms = clock.time_ms(tick);
        if let (Some(beside), Some(comparison)) = (&mut beside, &mut total.comparison) {
            if records.follows_restart() {
                beside.engine.resume();
            }
            beside.scan(tick, replayer.inputs(), replayer.commands(), comparison);
            comparison.look(&replayer.engine, replayer.events(), beside, clock);
        }
        // The scan at which it stops has its row whatever the distance of the others.
        if !exported.is_empty() && (time_ms >= next_row_ms || args.until == Some(tick)) {
            next_row_ms = time_ms + i64::try_from(args.every_ms).unwrap_or(i64::MAX);
            if !std::mem::replace(&mut total.exported_header, true) {
                let column = |name: &String| match &beside {
                    Some(_) => format!("{name},{name} with the other"),
                    None => name.clone(),
                };
                let columns: Vec<String> = args.export.iter().map(column).collect();
                writeln!(out, "tick,time,{}", columns.join(",")).into_diagnostic()?;
            }
            write!(out, "{tick},{}", clock::local_text(time_ms)).into_diagnostic()?;
            for point in &exported {
                let image = replayer.engine.image();
                write!(out, ",{}{}", image.value(*point), image.quality(*point).mark()).into_diagnostic()?;
                let Some(beside) = &beside else { continue };
                let image = beside.engine.image();
                let there = beside.point(*point).map_or_else(String::new, |point| {
                    format!("{}{}", image.value(point), image.quality(point).mark())
                });
                write!(out, ",{there}").into_diagnostic()?;
            }
            writeln!(out).into_diagnostic()?;
        }
        if args.until == Some(tick) {
            break;
        }
    }
    out.flush().into_diagnostic()?;
    total.cpu_s += (real_time::cpu_time() - began).as_secs_f64();
    total.scans += replayer.scans;
    // Where the controller was away, or the clock was set ahead before a start, ticks are missing. No scan ran in them, and
    // a replay passes over them in no time.
    let period_ms = u64::from(clock.period_ms);
    let span_ms = first.map_or(0, |first| (last - first + 1) * period_ms);
    total.plant_ms += replayer.scans * period_ms;
    total.idle_ms += span_ms.saturating_sub(replayer.scans * period_ms);
    total.difference = total.difference.or(replayer.first_difference);
    Ok(())
}

pub fn exported_points(plant: &Plant, names: &[String]) -> miette::Result<Vec<PointId>> {
    let find = |name: &String| {
        plant.find_point(name).ok_or_else(|| {
            match model::nearest(name, plant.points.iter().map(|point| point.name.as_str())) {
                Some(near) => miette!("no point {name} in this plant; did you mean {near}?"),
                None => miette!("no point {name} in this plant"),
            }
        })
    };
    names.iter().map(find).collect()
}

/// The very plant that ran, from the copy beside the journal.
pub fn recorded_plant(reader: &JournalReader, hash: [u8; 32]) -> miette::Result<Arc<Plant>> {
    let files = reader.load_plant(hash).into_diagnostic()?;
    let sources: Vec<Source> =
        files.into_iter().map(|file| Source { path: file.path, text: file.text }).collect();
    check::compile_sources(&sources, Path::new("the plant of this journal"))
        .map(Arc::new)
        .wrap_err("this program no longer reads the plant text that ran")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use control::{Engine, ScanOutput};
    use historian::journal::{JournalHeader, JournalOptions, JournalWriter, ScanRecord};
    use model::Source;

    use super::{ReplayArgs, replay};

    const PERIOD_MS: u32 = 100;
    const TEXT: &str = "[plant]\nname = \"replayed\"\nperiod = \"100 ms\"\n";

    /// One process: ten scans from this tick on.
    fn run(journal: &Path, engine: &mut Engine, continues: Option<u64>, first: u64) {
        let plant = engine.plant().clone();
        let (plant_hash, plant_name) = (plant.hash, plant.name.clone());
        let header = JournalHeader { plant_hash, plant_name, epoch_ms: 0, period_ms: PERIOD_MS, continues };
        let mut writer = JournalWriter::create(journal, header, JournalOptions::default()).unwrap();
        writer.store_plant(plant_hash, &[("plant.toml", TEXT)]).unwrap();
        let mut out = ScanOutput::with_capacity(16);
        for tick in first..first + 10 {
            engine.scan(tick, &[], &[], &mut out);
            let hash = engine.scan_hash();
            writer.append(&ScanRecord { tick, hash, ..ScanRecord::default() }).unwrap();
        }
        writer.commit().unwrap();
    }

    #[test]
    fn a_change_of_the_plant_is_told_as_one_and_not_as_another_run() {
        let total = super::Total { runs: 1, applied: 3, ..super::Total::default() };
        assert_eq!(total.runs_text(), "1 run (3 changes of the plant while it ran)");
        assert_eq!(super::Total { runs: 4, ..super::Total::default() }.runs_text(), "4 runs");
    }

    #[test]
    fn a_replay_stops_after_the_scan_that_is_named_and_one_before_the_first_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let source = Source { path: "plant.toml".into(), text: TEXT.into() };
        let mut engine = Engine::new(std::sync::Arc::new(control::compile(&[source]).unwrap().plant));
        run(&journal, &mut engine, None, 5);
        engine.resume();
        run(&journal, &mut engine, Some(14), 101);
        let until = |until| {
            let args = ReplayArgs {
                journal: journal.clone(),
                until: Some(until),
                with: None,
                export: vec![],
                every_ms: 1000,
            };
            replay(&args).map(|total| total.scans)
        };
        for (tick, scans) in [(5, 1), (8, 4), (14, 10), (50, 10), (100, 10), (101, 11), (999, 20)] {
            assert_eq!(until(tick).unwrap(), scans, "until {tick}");
        }
        for tick in [0, 4] {
            let refused = until(tick).err().unwrap().to_string();
            assert!(refused.contains("begins with scan 5"), "{refused}");
        }
    }

    #[test]
    fn the_hole_that_a_clock_set_ahead_makes_between_two_starts_is_no_plant_time() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let source = Source { path: "plant.toml".into(), text: TEXT.into() };
        let mut engine = Engine::new(std::sync::Arc::new(control::compile(&[source]).unwrap().plant));
        run(&journal, &mut engine, None, 1);
        engine.resume();
        run(&journal, &mut engine, Some(10), 36_001);
        let args = ReplayArgs { journal, until: None, with: None, export: vec![], every_ms: 1000 };
        let total = replay(&args).unwrap();
        assert_eq!((total.scans, total.plant_ms, total.difference), (20, 2000, None));
        assert_eq!(total.idle_ms, 3_599_000);
        let idle = total.idle_text().unwrap();
        assert!(idle.contains("59 min 59 s without any"), "{idle}");
    }
}
