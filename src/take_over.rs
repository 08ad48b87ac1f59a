//! `catholyte run --apply`, `--rollback`: a changed plant goes on from the state of the one that ran.
//!
//! ```text
//! journal: ... scans of the old plant | snapshot of the carried state | scans of the new plant ...
//! ```
//!
//! The old engine is run again to its last recorded scan and migrated there; the new segment begins
//! with the new plant's hash, the tick before it, and a snapshot of what was carried. So resume needs
//! nothing of the old plant any more, and replay can make the same step again and compare.
//!
//! It happens between two processes, not in the scan: every device's watchdog bridges the seconds in
//! between, exactly as at any restart, and outputs are taken over from the field. What a controller takes
//! over while it runs is in [`crate::changer`]; a restart then goes on with that, see [`plant_in_force`].

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use control::plant::Plant;
use control::{Engine, Migration, Plan};
use historian::journal::{JournalReader, ResumePoint};
use miette::{IntoDiagnostic as _, miette};

use crate::check::hex;
use crate::data_folder::DataFolder;
use crate::replay::recorded_plant;
use crate::resume::{self, NotResumed, Resumed};
use crate::standing;

/// The engine of `plant`, with the state that the journal's last run left.
///
/// # Errors
///
/// When there is nothing to carry over, and, unless `force`, when something stands against it.
pub fn from_journal(plant: Arc<Plant>, journal: &Path, force: bool) -> miette::Result<Resumed> {
    let nothing = || miette!("there is no earlier run to carry over: start without --apply");
    if !journal.is_dir() {
        return Err(nothing());
    }
    let reader = JournalReader::open(journal).into_diagnostic()?;
    let Some(point): Option<ResumePoint> = reader.resume_point().into_diagnostic()? else {
        let wreck = reader.wreck().into_diagnostic()?.ok_or_else(nothing)?;
        return Err(unreadable(&NotResumed::Damaged(Box::new(wreck))));
    };
    if point.header.plant_hash == plant.hash {
        return resume::from_journal(plant, journal).map_err(|why| unreadable(&why));
    }
    let old = recorded_plant(&reader, point.header.plant_hash)?;
    let mut resumed = resume::run_again(&old, journal, point).map_err(|why| unreadable(&why))?;
    // Where scans are missing the state goes into the journal in any case.
    let Some(anchor) = resumed.continues.or(resumed.anchor) else {
        return Err(miette!(
            help = "`run --fresh` begins anew",
            "the last run has left no state to carry over: {}",
            resumed.note
        ));
    };
    let (engine, migration) = carried(&resumed.engine, &plant)?;
    let reasons = migration.reasons();
    if !reasons.is_empty() && !force {
        return Err(miette!(
            help =
                "change it in steps, wait until what runs has ended, or add --force and stand by the plant",
            "this change cannot be taken over bumplessly:\n  {}",
            reasons.join("\n  ")
        ));
    }
    resumed.engine = engine;
    (resumed.anchor, resumed.decided) = (Some(anchor), Some("plant applied"));
    resumed.note = format!(
        "{}; plant {} applied: {} changes, {} points and {} blocks carried over{}",
        resumed.note,
        hex(&plant.hash[..4]),
        migration.plan.changes.len(),
        migration.carried.points,
        migration.carried.blocks,
        if reasons.is_empty() { String::new() } else { format!("; forced against: {}", reasons.join("; ")) }
    );
    Ok(resumed)
}

fn unreadable(why: &NotResumed) -> miette::Report {
    let help = match why {
        NotResumed::Damaged(_) => standing::AFTER_DAMAGE,
        _ => "carry it over with the program that wrote it; `run --fresh` begins anew without it",
    };
    miette!(help = help, "{why}")
}

/// The text of the plant that ran last says the same of the process: other comments, another order, another layout.
///
/// # Errors
///
/// When the journal cannot be read, or this program does not read the text that ran.
pub fn says_the_same(last: [u8; 32], plant: &Plant, journal: &Path) -> miette::Result<bool> {
    let reader = JournalReader::open(journal).into_diagnostic()?;
    Ok(Plan::between(&*recorded_plant(&reader, last)?, plant).changes.is_empty())
}

/// The step from one plant to the next, as it is done at the change and again in every replay.
pub fn carried(old: &Engine, plant: &Arc<Plant>) -> miette::Result<(Engine, Migration)> {
    let (mut engine, migration) = old.migrate(plant).into_diagnostic()?;
    // A new process has heard nothing of the field yet.
    engine.resume();
    Ok((engine, migration))
}

/// The plant that ran before the last change. `in_force` is the one that runs; left out, the one that ran last.
///
/// # Errors
///
/// When the journal holds no other plant any more.
pub fn previous_plant(journal: &Path, in_force: Option<[u8; 32]>) -> miette::Result<Plant> {
    let reader = JournalReader::open(journal).into_diagnostic()?;
    let mut hashes = reader
        .segments()
        .iter()
        .rev()
        .filter_map(|segment| reader.describe(segment).ok())
        .map(|(header, _)| header.plant_hash);
    let newest =
        hashes.next().ok_or_else(|| miette!("the journal holds no run: there is nothing to undo"))?;
    // A plant that was applied a moment ago has no segment yet.
    let last = in_force.unwrap_or(newest);
    let mut hashes = std::iter::once(newest).chain(hashes);
    let before = hashes.find(|hash| *hash != last).ok_or_else(|| {
        miette!(
            "the journal knows no other plant than {}: there is no change to undo, or it is no longer kept",
            hex(&last[..4])
        )
    })?;
    recorded_plant(&reader, before).map(Arc::unwrap_or_clone)
}

/// Remembers that a controller which was started with one plant has another in force.
///
/// # Errors
///
/// When the data folder cannot be written.
pub fn note_in_force(data: &DataFolder, started_with: [u8; 32], in_force: [u8; 32]) -> std::io::Result<()> {
    let mut file = File::options().create(true).append(true).open(data.plants_in_force())?;
    writeln!(file, "{} {}", hex(&started_with), hex(&in_force))?;
    file.sync_data()
}

/// Forgets it: somebody has decided otherwise.
///
/// # Errors
///
/// When the data folder cannot be written.
pub fn forget_in_force(data: &DataFolder) -> std::io::Result<()> {
    match fs::remove_file(data.plants_in_force()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The plant that was put in force while the last controller ran, for one that is started with the same
/// folder as that one: a restart must not undo what an engineer has applied. A folder that has been changed
/// since is somebody's decision, and is taken as it is.
///
/// # Errors
///
/// When the journal's copy of it cannot be read.
pub fn plant_in_force(data: &DataFolder, started_with: [u8; 32]) -> miette::Result<Option<Plant>> {
    let Ok(noted) = fs::read_to_string(data.plants_in_force()) else { return Ok(None) };
    let reader = JournalReader::open(&data.journal()).into_diagnostic()?;
    let Some(point) = reader.resume_point().into_diagnostic()? else { return Ok(None) };
    let last = point.header.plant_hash;
    let line = format!("{} {}", hex(&started_with), hex(&last));
    if last == started_with || !noted.lines().any(|noted| noted == line) {
        return Ok(None);
    }
    tracing::info!("plant {} was applied while the controller ran, and stays in force", hex(&last[..4]));
    recorded_plant(&reader, last).map(Arc::unwrap_or_clone).map(Some)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use control::plant::Plant;
    use control::{Engine, Input, ScanOutput};
    use historian::journal::{JournalHeader, JournalOptions, JournalWriter, ScanRecord};
    use model::{Quality, Source, StateWriter};

    use super::{forget_in_force, from_journal, note_in_force, plant_in_force, previous_plant};
    use crate::cli::ReplayArgs;
    use crate::data_folder::DataFolder;
    use crate::plant_files::shipped_refinery;
    use crate::resume::Resumed;
    use crate::{replay, resume};

    fn plant(from: &str, to: &str) -> Arc<Plant> {
        let mut sources: Vec<Source> = shipped_refinery();
        let source = sources.iter_mut().find(|source| source.text.contains(from)).unwrap();
        source.text = source.text.replacen(from, to, 1);
        Arc::new(control::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).plant)
    }

    /// One process: from what it resumed to `scans` scans later, with its journal.
    fn run(journal: &Path, resumed: Resumed, scans: u64) -> Engine {
        let Resumed { mut engine, continues, anchor, .. } = resumed;
        let plant = engine.plant().clone();
        let header = JournalHeader {
            plant_hash: plant.hash,
            plant_name: plant.name.clone(),
            epoch_ms: 0,
            period_ms: plant.period_ms,
            continues,
        };
        let mut writer = JournalWriter::create(journal, header, JournalOptions::default()).unwrap();
        let files: Vec<(&str, &str)> =
            plant.sources.iter().map(|source| (source.path.as_str(), source.text.as_str())).collect();
        writer.store_plant(plant.hash, &files).unwrap();
        if let Some(tick) = anchor {
            let mut state = StateWriter::default();
            engine.save(&mut state);
            writer.snapshot(tick, &state.0).unwrap();
        }
        let mut out = ScanOutput::with_capacity(4096);
        let first = continues.map_or(1, |tick| tick + 7);
        for tick in first..first + scans {
            let mut record = ScanRecord { tick, ..ScanRecord::default() };
            if tick == first {
                let links = plant.io.devices.iter().map(|device| (device.link, 1.0));
                let inputs = plant.io.points.iter().filter(|io| io.direction == model::Direction::Input);
                let middle = |io: &model::IoPoint| {
                    (io.point, 0.4 * (plant.point(io.point).low + plant.point(io.point).high))
                };
                let all = inputs.map(middle).chain(links);
                record.inputs = all.map(|(point, value)| (point, value, Quality::Good)).collect();
            }
            let inputs: Vec<Input> = record
                .inputs
                .iter()
                .map(|(point, value, quality)| Input { point: *point, value: *value, quality: *quality })
                .collect();
            engine.scan(tick, &inputs, &[], &mut out);
            record.hash = engine.scan_hash();
            writer.append(&record).unwrap();
        }
        writer.commit().unwrap();
        engine
    }

    fn replayed(journal: &Path) -> miette::Result<()> {
        let journal = journal.to_owned();
        replay::run(&ReplayArgs { journal, until: None, with: None, export: vec![], every_ms: 1000 })
    }

    #[test]
    fn an_applied_plant_stays_in_force_until_somebody_decides_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let (old, new) = (plant("LITHIUM", "LITHIUM"), plant("travel = \"2 s\"", "travel = \"3 s\""));
        run(&data.journal(), resume::begin(old.clone(), &data.journal(), "test").unwrap(), 50);
        run(&data.journal(), from_journal(new.clone(), &data.journal(), false).unwrap(), 50);
        note_in_force(&data, old.hash, new.hash).unwrap();
        let in_force = |started_with| plant_in_force(&data, started_with).unwrap().map(|plant| plant.hash);
        assert_eq!(in_force(old.hash), Some(new.hash), "the folder of the first start does not undo it");
        assert_eq!(in_force(new.hash), None, "and here the folder says so itself");
        forget_in_force(&data).unwrap();
        assert_eq!(in_force(old.hash), None, "an old decision is not dug up again");
        forget_in_force(&data).unwrap();
    }

    #[test]
    fn a_changed_plant_goes_on_and_resume_replay_and_rollback_go_through_the_change() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let (old, new) = (plant("LITHIUM", "LITHIUM"), plant("travel = \"2 s\"", "travel = \"3 s\""));
        let first = run(&journal, resume::begin(old.clone(), &journal, "test").unwrap(), 300);

        let resumed = from_journal(new.clone(), &journal, false).unwrap();
        assert!(resumed.note.contains("1 changes"), "{}", resumed.note);
        let (before, after) = (first.image(), resumed.engine.image());
        for output in old.io.points.iter().filter(|io| io.direction == model::Direction::Output) {
            let there = new.find_point(&old.point(output.point).name).unwrap();
            assert_eq!(before.value(output.point).to_bits(), after.value(there).to_bits());
        }
        let mut second = run(&journal, resumed, 200);
        replayed(&journal).unwrap();

        // Resume needs nothing of the old plant, and knows the new one.
        let mut again = resume::from_journal(new.clone(), &journal).unwrap();
        second.resume();
        assert_eq!(again.engine.state_hash(), second.state_hash(), "{}", again.note);

        // And back: the plant before is in the journal itself.
        let back = previous_plant(&journal, None).unwrap();
        assert_eq!(back.hash, old.hash);
        let resumed = from_journal(Arc::new(back), &journal, false).unwrap();
        run(&journal, resumed, 200);
        replayed(&journal).unwrap();
        assert_eq!(previous_plant(&journal, None).unwrap().hash, new.hash);
        assert_eq!(
            previous_plant(&journal, Some([9; 32])).unwrap().hash,
            old.hash,
            "the newest but the one that runs"
        );
    }

    #[test]
    fn a_change_that_would_bump_is_refused_with_its_reason_unless_somebody_insists() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let (old, new) = (plant("LITHIUM", "LITHIUM"), plant("unit_id = 1", "unit_id = 2"));
        run(&journal, resume::begin(old, &journal, "test").unwrap(), 50);
        let refused = format!("{:?}", from_journal(new.clone(), &journal, false).err().unwrap());
        assert!(refused.contains("connection is made anew"), "{refused}");
        let forced = from_journal(new, &journal, true).unwrap();
        assert!(forced.note.contains("forced against"), "{}", forced.note);
    }

    #[test]
    fn a_carried_state_that_somebody_changed_is_found_by_replay() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let (old, new) = (plant("LITHIUM", "LITHIUM"), plant("travel = \"2 s\"", "travel = \"3 s\""));
        run(&journal, resume::begin(old, &journal, "test").unwrap(), 50);
        let mut resumed = from_journal(new.clone(), &journal, false).unwrap();
        // Another state than migration gives: a fresh one.
        resumed.engine = Engine::new(new);
        run(&journal, resumed, 20);
        assert!(replayed(&journal).unwrap_err().to_string().contains("otherwise"));
    }
}
