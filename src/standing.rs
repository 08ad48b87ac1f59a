//! What the last run left standing, and would be gone if the next one began anew. A start that would lose it unasked
//! is refused: a trip that holds a plant safe must not be let go by an edited comment, or by another program.

use std::collections::BTreeSet;

use control::compile::Difference;
use control::plant::Plant;
use control::{Engine, Plan, StateView};
use historian::EventReader;
use historian::journal::{JournalReader, Wreck};
use miette::{IntoDiagnostic as _, miette};
use model::wire::EventKind;

use crate::check::hex;
use crate::clock;
use crate::data_folder::DataFolder;
use crate::replay::recorded_plant;
use crate::resume::{self, NotResumed};

/// So many names of a kind are told; the rest is counted.
const NAMES: usize = 6;
/// So far back in the event list.
const EVENTS: usize = 20_000;

/// What to do about a journal that gives no state.
pub const AFTER_DAMAGE: &str = "put a copy of the journal folder in its place if there is one; or look at these in the plant and \
    begin anew without them: `run --fresh`, which event list and audit log keep. The damaged files stay where they are";

/// What people see of a start that would have lost a state.
pub fn refusal(why: NotResumed, plant: &Plant, data: &DataFolder) -> miette::Report {
    let stands = of_last_run(data).unwrap_or_else(|| "modes, set points and totals".to_owned());
    match why {
        NotResumed::Journal(error) => miette::Report::msg(error),
        NotResumed::Plant(last) if last.plant_name != plant.name => miette!(
            help = "name the folder of this plant with --data; `run --fresh` makes this one its own and lets go of \
                    what the other plant has left",
            "this data folder is of the plant {}, and {} was to be started\n  it left: {stands}",
            last.plant_name,
            plant.name
        ),
        NotResumed::Plant(last) => miette!(
            help = "`run --apply` goes on from that state with the changed plant, `run --as-it-ran` with the plant that it \
                    is of, `run --fresh` begins anew without it; `catholyte apply` changes a plant while it runs",
            "the plant has changed since the last run ({} then, {} now), and nobody has said what becomes of its \
             state\n  differs: {}\n  it left: {stands}",
            hex(&last.plant_hash[..4]),
            hex(&plant.hash[..4]),
            changed(data, last.plant_hash, plant)
        ),
        NotResumed::Damaged(wreck) => miette!(
            help = AFTER_DAMAGE,
            "the journal in {} is damaged: {wreck}\n  {}\n  it left: {stands}",
            data.journal().display(),
            last_scan(&wreck)
        ),
        why @ NotResumed::State { .. } => miette!(
            help = "go on with the program that wrote it, or look at these in the plant and begin anew without them: \
                    `run --fresh`",
            "{why}\n  it left: {stands}"
        ),
    }
}

fn last_scan(wreck: &Wreck) -> String {
    wreck.last.as_ref().map_or_else(
        || "none of its scans can be read".to_owned(),
        |(header, tick)| {
            let time = clock::local_text(header.time_ms(*tick));
            format!("the last scan that can be read is {tick} of {}, {time}", header.plant_name)
        },
    )
}

fn changed(data: &DataFolder, last: [u8; 32], plant: &Plant) -> String {
    let old = JournalReader::open(&data.journal())
        .into_diagnostic()
        .and_then(|reader| recorded_plant(&reader, last));
    match old {
        Ok(old) => differing(&old, plant).unwrap_or_else(|| "nothing".to_owned()),
        Err(error) => format!("not known: {error}"),
    }
}

/// What differs from one plant to another, in one line.
pub fn differing(old: &Plant, new: &Plant) -> Option<String> {
    let name = |difference: &Difference| {
        format!("{} {} {}", difference.kind, difference.name, difference.verb.word())
    };
    let changes = Plan::between(old, new).changes;
    (!changes.is_empty()).then(|| listed(changes.iter().map(|change| name(&change.difference)).collect()))
}

/// What the journal's last run has left, in one line; `None` when there was no run, or nothing can be told.
pub fn of_last_run(data: &DataFolder) -> Option<String> {
    last_engine(data).map(|engine| of_engine(&engine)).or_else(|| of_events(data))
}

fn last_engine(data: &DataFolder) -> Option<Engine> {
    let reader = JournalReader::open(&data.journal()).ok()?;
    let point = reader.resume_point().ok()??;
    let plant = recorded_plant(&reader, point.header.plant_hash).ok()?;
    Some(resume::run_again(&plant, &data.journal(), point).ok()?.engine)
}

fn of_engine(engine: &Engine) -> String {
    let plant = engine.plant();
    let mut view = StateView::new(plant);
    engine.publish(&mut view);
    let interlocks = || plant.interlocks.iter().zip(&view.interlocks);
    let tripped = interlocks().filter(|(_, memory)| memory.tripped);
    let bypassed = interlocks().filter(|(_, memory)| memory.bypassed_until != 0);
    let forced = view.forces.all().iter().map(|force| plant.point(force.point).name.clone());
    let out = control::service_status(plant, &view, &|_| 0, &|_| String::new());
    let batches = plant.recipes.iter().zip(&view.batches).filter(|(_, batch)| batch.state().is_active());
    line([
        ("tripped", tripped.map(|(interlock, _)| interlock.name.clone()).collect()),
        ("bypassed", bypassed.map(|(interlock, _)| interlock.name.clone()).collect()),
        ("forced", forced.collect()),
        ("out of service", out.iter().map(|out| plant.blocks[out.block.index()].name.clone()).collect()),
        ("batches under way", batches.map(|(recipe, _)| recipe.name.clone()).collect()),
    ])
}

/// As far as the event list tells, for a state that cannot be read: what has tripped and was not reset since, what is
/// bypassed.
fn of_events(data: &DataFolder) -> Option<String> {
    let kinds = [EventKind::Interlock, EventKind::System];
    let events = EventReader::open(&data.history()).ok()?;
    let events = events.query(i64::MIN, i64::MAX, None, &kinds, EVENTS).ok()?;
    let (mut tripped, mut bypassed) = (BTreeSet::new(), BTreeSet::new());
    // Oldest first: a later word overrules an earlier one.
    for event in events.into_iter().rev() {
        match event.text.as_str() {
            text if text.contains(resume::ANEW) => {
                tripped.clear();
                bypassed.clear();
            }
            _ if event.kind == EventKind::System => {}
            "BYPASSED" => {
                bypassed.insert(event.tag);
            }
            "bypass ended" => {
                bypassed.remove(&event.tag);
            }
            "reset" => {
                tripped.remove(&event.tag);
            }
            // One without a latch is free now, and is told all the same: whoever begins anew looks once too often.
            "cause has gone" => {}
            text if text.starts_with(control::ENDING) => {}
            _ => {
                tripped.insert(event.tag);
            }
        }
    }
    let parts = [("tripped and not reset since", tripped), ("bypassed", bypassed)];
    Some(line(parts.map(|(word, names)| (word, names.into_iter().collect()))))
}

fn line<const KINDS: usize>(kinds: [(&str, Vec<String>); KINDS]) -> String {
    let told = kinds.into_iter().filter(|(_, names)| !names.is_empty());
    let told = told.map(|(word, names)| format!("{word}: {}", listed(names)));
    told.chain(["modes, set points and totals".to_owned()]).collect::<Vec<_>>().join("; ")
}

fn listed(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use control::Engine;
    use control::plant::Plant;
    use historian::EventStore;
    use historian::journal::{JournalHeader, JournalOptions, JournalWriter};
    use model::wire::EventRecord;
    use model::{Event, EventBody, InterlockChange, InterlockId, StateWriter};

    use super::{of_last_run, refusal};
    use crate::data_folder::DataFolder;
    use crate::pair;
    use crate::resume::{self, NotResumed};

    const INTERLOCKS: &str = "[tag.LV-1]\ndescription = \"valve\"\nunit = \"%\"\nrange = [0, 100]\nfail = 0\n\
        entry = { role = \"operator\" }\n\
        io = { device = \"PLC\", node = \"LV-1\", write = true }\n";

    fn plant() -> Arc<Plant> {
        let interlock = |number: u32| {
            format!(
                "[interlock.IL-{number}]\ndescription = \"full\"\nreset = \"manual\"\nbypass = \"supervisor\"\n\
                 trip = [{{ when = \"LT-1 > 9{number} %\", text = \"full\" }}]\ndo = [\"LV-1 := 0 %\"]\n"
            )
        };
        let interlocks: String = (1..=4).map(interlock).collect();
        pair::with(&format!("{INTERLOCKS}{interlocks}"))
    }

    /// A run that ended with a snapshot of this state.
    fn ran(data: &DataFolder, plant: &Plant, state: &[u8]) {
        let header = JournalHeader {
            plant_hash: plant.hash,
            plant_name: plant.name.clone(),
            epoch_ms: 0,
            period_ms: plant.period_ms,
            continues: Some(10),
        };
        let mut writer = JournalWriter::create(&data.journal(), header, JournalOptions::default()).unwrap();
        let files: Vec<_> =
            plant.sources.iter().map(|source| (source.path.as_str(), source.text.as_str())).collect();
        writer.store_plant(plant.hash, &files).unwrap();
        writer.snapshot(10, state).unwrap();
        writer.commit().unwrap();
    }

    fn told(report: &miette::Report) -> String {
        format!("{report} {}", report.help().map(|help| help.to_string()).unwrap_or_default())
    }

    /// Events of interlocks, in the words in which they are recorded.
    fn recorded(data: &DataFolder, plant: &Plant, changes: &[(u32, InterlockChange)]) {
        let mut store = EventStore::open(&data.history()).unwrap();
        let record = |(time_ms, (number, change)): (i64, &(u32, InterlockChange))| {
            let body = EventBody::Interlock { interlock: InterlockId(number - 1), change: *change };
            let (kind, tag, text) = control::describe(plant, &Event { tick: 1, body });
            EventRecord { time_ms, kind, tag, text, user: String::new() }
        };
        store.append_batch(&(1..).zip(changes).map(record).collect::<Vec<_>>()).unwrap();
    }

    #[test]
    fn a_state_of_another_program_is_not_left_behind_and_the_events_tell_what_stands() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let plant = plant();
        let mut state = StateWriter::default();
        Engine::new(plant.clone()).save(&mut state);
        // The format stands first.
        state.0[0] ^= 0x40;
        ran(&data, &plant, &state.0);
        let trip = InterlockChange::Tripped { cause: 0, bad: None };
        let changes = [
            (1, trip),
            (2, trip),
            (1, InterlockChange::Cleared),
            (2, InterlockChange::Cleared),
            (2, InterlockChange::Reset),
            (3, InterlockChange::Bypassed),
            (3, InterlockChange::Ending { cause: 0, left_ms: 1000 }),
            (4, InterlockChange::Bypassed),
            (4, InterlockChange::Restored),
        ];
        recorded(&data, &plant, &changes);
        let why = resume::from_journal(plant.clone(), &data.journal()).err().unwrap();
        assert!(matches!(why, NotResumed::State { tick: 10, .. }), "{why}");
        let told = told(&refusal(why, &plant, &data));
        assert!(told.contains("tripped and not reset since: IL-1; bypassed: IL-3; modes"), "{told}");
        assert!(told.contains("scan 10") && told.contains("run --fresh"), "{told}");
    }

    #[test]
    fn the_folder_of_another_plant_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        assert_eq!(of_last_run(&data), None);
        let plant = plant();
        let mut state = StateWriter::default();
        Engine::new(plant.clone()).save(&mut state);
        ran(&data, &plant, &state.0);
        assert_eq!(of_last_run(&data).as_deref(), Some("modes, set points and totals"));
        let mut other = (*pair::plant()).clone();
        other.name = "other".into();
        let why = resume::from_journal(Arc::new(other.clone()), &data.journal()).err().unwrap();
        let told = told(&refusal(why, &other, &data));
        assert!(told.contains("of the plant ring, and other was to be started"), "{told}");
        assert!(told.contains("--data"), "{told}");
    }
}
