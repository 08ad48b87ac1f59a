//! Scan, rings and disk together, with a ring that is far too small.

use std::time::Duration;

use control::Engine;
use historian::journal::{
    JournalHeader, JournalOptions, JournalReader, JournalWriter, RunEnd, ScanRecord, SegmentStart,
};
use model::{Action, AlarmState, Command, UserId};

use crate::journal_thread::Asker;
use crate::pair::{Pair, plant, with};
use crate::recorder::RecorderItem;
use crate::resume::{self, Replayer};
use crate::scan_thread::JournalItem;

#[test]
fn an_overflowing_ring_is_a_hole_in_the_journal_and_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let plant = plant();
    let mut pair = Pair::new(folder.path(), &plant);
    pair.scan(1..=10);
    pair.write();
    // The disk is slow: the ring takes 14 of these scans, the rest finds no room.
    pair.scan(11..=40);
    assert!(pair.scratch.gap());
    pair.write();
    pair.scan(41..=50);
    pair.write();
    drop(pair.journal);
    let reader = JournalReader::open(&folder.path().join("journal")).unwrap();
    let mut records = reader.records(1).unwrap();
    let mut replayer = Replayer::new(Engine::new(plant.clone()));
    let mut last = 0;
    while let Some(tick) = replayer.step(&mut records).unwrap() {
        last = tick;
    }
    assert_eq!(replayer.first_difference, None);
    assert!((11..40).contains(&last), "{last}");
    assert_eq!(*records.end(), RunEnd::Hole { last, next: 41 });
    let starts: Vec<_> =
        reader.segments().iter().map(|segment| reader.describe(segment).unwrap().1).collect();
    assert_eq!(starts, [SegmentStart::Cold, SegmentStart::Loss, SegmentStart::After(41)]);
    // The snapshot that follows the loss at once leads on, with every hash as it was.
    let resumed = resume::from_journal(plant, reader.folder()).unwrap();
    assert_eq!((resumed.continues, resumed.anchor), (Some(50), None), "{}", resumed.note);
    assert!(!resumed.note.contains("WARNING"), "{}", resumed.note);
    let hash = |tick: u64| pair.hashes.iter().find(|known| known.0 == tick).unwrap().1;
    let mut after = Replayer::new(Engine::new(resumed.engine.plant().clone()));
    after.engine.restore(&reader.snapshot(41).unwrap().state).unwrap();
    let mut rest = reader.records_after(41).unwrap();
    while let Some(tick) = after.step(&mut rest).unwrap() {
        assert_eq!(after.engine.state_hash(), hash(tick), "tick {tick}");
    }
    assert_eq!((after.scans, after.first_difference), (9, None));
}

#[test]
fn a_command_waits_until_the_journal_has_room_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(folder.path(), &plant());
    pair.scan(1..=30);
    pair.command(7);
    pair.scan(31..=35);
    assert_eq!(pair.scan.ports.commands.len(), 1, "it would be answered and forgotten");
    pair.write();
    pair.scan(36..=36);
    assert_eq!(pair.scan.ports.commands.len(), 0);
    pair.write();
    drop(pair.journal);
    let reader = JournalReader::open(&folder.path().join("journal")).unwrap();
    let record = reader.records(36).unwrap().next().unwrap().unwrap();
    assert_eq!((record.tick, record.commands.len()), (36, 1));
}

#[test]
fn a_restart_right_after_a_loss_keeps_the_commands_and_begins_a_run_that_replays() {
    let folder = tempfile::tempdir().unwrap();
    let plant = plant();
    let mut pair = Pair::new(folder.path(), &plant);
    pair.scan(1..=40);
    pair.write();
    pair.command(7);
    pair.scan(41..=45);
    // Killed before the snapshot after the loss was on disk.
    while let Ok(item) = pair.journal.items.pop() {
        if !matches!(item, JournalItem::Snapshot { .. }) {
            pair.journal.take(item, &mut pair.record);
        }
    }
    pair.journal.commit();
    drop(pair.journal);
    let journal = folder.path().join("journal");
    let mut resumed = resume::from_journal(plant.clone(), &journal).unwrap();
    assert_eq!((resumed.continues, resumed.taken, resumed.anchor), (None, Some(46), Some(46)));
    assert!(resumed.note.contains("are lost"), "{}", resumed.note);
    let header = JournalHeader {
        plant_hash: plant.hash,
        plant_name: plant.name.clone(),
        epoch_ms: 0,
        period_ms: plant.period_ms,
        continues: resumed.continues,
    };
    let mut writer = JournalWriter::create(&journal, header, JournalOptions::default()).unwrap();
    let mut state = model::StateWriter::default();
    resumed.engine.save(&mut state);
    writer.snapshot(46, &state.0).unwrap();
    let mut output = control::ScanOutput::with_capacity(64);
    for tick in 47..=60 {
        resumed.engine.scan(tick, &[], &[], &mut output);
        let hash = resumed.engine.scan_hash();
        writer.append(&ScanRecord { tick, hash, ..ScanRecord::default() }).unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    let again = resume::from_journal(plant, &journal).unwrap();
    assert_eq!(again.continues, Some(60));
    assert!(!again.note.contains("WARNING"), "{}", again.note);
}

const CALC: &str = "[calc.AY-1]\nvalue = \"LT-1 - 1 %\"\nunit = \"%\"\nrange = [-100, 100]\n";

#[test]
fn another_plant_begins_a_segment_with_the_carried_state_and_resume_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (plant(), with(CALC));
    let mut pair = Pair::new(folder.path(), &old);
    // Five seconds without the field, after which the scan acts all the same.
    for first in (1..=600).step_by(10) {
        pair.scan(first..=first + 9);
        pair.write();
    }
    let before = pair.scan.engine.clone();
    pair.command(7);
    let queue = pair.scan.ports.commands.clone();
    let asked = pair.change(&new, false);
    pair.scan(601..=605);
    pair.write();
    assert_eq!(pair.scan.engine.plant().hash, new.hash);
    assert_eq!(
        (queue.len(), pair.scan.ports.commands.len()),
        (0, 0),
        "refused, not done under other numbers"
    );
    let told: Vec<RecorderItem> = pair.recorder.try_iter().collect();
    let of_plant = |item: &RecorderItem| match item {
        RecorderItem::Event(event) => event.tag == "PLANT" && event.user == "jane",
        RecorderItem::Plant(next) => next.tick == 600 && next.in_force.plant.hash == new.hash,
    };
    assert_eq!(told.iter().filter(|item| of_plant(item)).count(), 2);
    drop((told, asked));

    let hash = pair.scan.engine.state_hash();
    drop(pair.journal);
    let reader = JournalReader::open(&folder.path().join("journal")).unwrap();
    let last = reader.segments().last().unwrap();
    let (header, start) = reader.describe(last).unwrap();
    assert_eq!((header.plant_hash, start), (new.hash, SegmentStart::After(600)));
    let (mut carried, _) = before.migrate(&new).unwrap();
    let mut stored = Engine::new(new.clone());
    stored.restore(&reader.snapshot(600).unwrap().state).unwrap();
    assert_eq!(stored.state_hash(), carried.state_hash());
    let point = reader.resume_point().unwrap().unwrap();
    let mut resumed = resume::run_again(&new, reader.folder(), point).unwrap();
    assert_eq!((resumed.continues, resumed.engine.state_hash()), (Some(605), hash), "{}", resumed.note);
}

#[test]
fn a_change_waits_for_the_field_and_while_the_journal_lacks_a_scan() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (plant(), with(CALC));
    let mut pair = Pair::new(folder.path(), &old);
    let asked = pair.change(&new, false);
    pair.scan(1..=10);
    pair.write();
    assert_eq!(pair.scan.engine.plant().hash, old.hash, "nothing acts yet");
    pair.scan(11..=600);
    assert!(pair.scratch.gap());
    assert_eq!(pair.scan.engine.plant().hash, old.hash, "it could not be replayed");
    pair.write();
    pair.scan(601..=602);
    pair.write();
    assert_eq!(pair.scan.engine.plant().hash, new.hash);
    drop(asked);
}

#[test]
fn a_late_scan_is_alarmed_from_what_the_journal_holds_and_so_in_its_replay() {
    const LATE: &str = "[tag.KI-1]\ndescription = \"Lateness of the scan\"\nunit = \"ms\"\nrange = [0, 1000]\nscan = \"lateness\"\n\
        [alarm.KAH-1]\ntag = \"KI-1\"\nhigh = \"10 ms\"\noff_delay = \"1 s\"\npriority = \"low\"\ncause = \"load\"\n\
        consequence = \"loops act late\"\nresponse = \"look at System\"\ntime = \"1 h\"\n";
    let folder = tempfile::tempdir().unwrap();
    let plant = with(LATE);
    let mut pair = Pair::new(folder.path(), &plant);
    // Without a device that answers the engine stands still for five seconds.
    for tick in 1..=700 {
        let late = if tick == 600 { 25 } else { 0 };
        let stats = pair.scan.ports.stats.clone();
        pair.scan.meter.woke(tick, Duration::from_millis(late), &stats);
        pair.scan(tick..=tick);
        pair.write();
        let state = pair.scan.engine.alarms()[0].state;
        let comes = if tick < 600 { AlarmState::Normal } else { AlarmState::Unacked };
        assert_eq!((tick, state), (tick, comes), "one scan is enough, and the alarm stands for a second");
    }
    let hash = pair.scan.engine.state_hash();
    pair.journal.writer.commit().unwrap();
    drop(pair.journal);
    let reader = JournalReader::open(&folder.path().join("journal")).unwrap();
    let point = reader.resume_point().unwrap().unwrap();
    let mut again = resume::run_again(&plant, reader.folder(), point).unwrap();
    assert_eq!((again.engine.alarms()[0].state, again.engine.state_hash()), (AlarmState::Unacked, hash));
    assert!(!again.note.contains("differs"), "{}", again.note);
}

#[test]
fn a_command_whose_record_was_given_up_is_answered_as_done_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(folder.path(), &plant());
    pair.scan(1..=600);
    pair.write();
    // The disk refuses, and then the ring overflows: with what waits the journal can go on only after a loss.
    let journal = folder.path().join("journal");
    let moved = folder.path().join("gone");
    pair.journal.writer.lose().unwrap();
    std::fs::rename(&journal, &moved).unwrap();
    let asked = |pair: &mut Pair, id: u64| {
        let (answer, answered) = tokio::sync::oneshot::channel();
        pair.journal.waiting.lock().unwrap().insert(id, Asker { reply: answer, reason: String::new() });
        let point = pair.scan.engine.plant().find_point("LT-1").unwrap();
        let action = Action::Force { point, value: 1.0, for_ms: 60_000 };
        assert!(
            pair.scan.ports.commands.push(Command { id, user: UserId(1), action }, &pair.journal.waiting)
        );
        answered
    };
    let mut first = asked(&mut pair, 1);
    pair.scan(601..=601);
    pair.write();
    pair.journal.announce(None);
    let reply = first.try_recv().unwrap();
    assert!(reply.accepted && reply.unrecorded, "{reply:?}");
    assert!(reply.message.contains("has acted, but the journal cannot be written"), "{}", reply.message);
    assert!(pair.journal.trouble.get().unwrap().contains("cannot be written"));
    pair.scan(602..=640);
    assert!(pair.scratch.gap());
    pair.write();
    pair.scan(641..=641);
    pair.write();
    std::fs::rename(&moved, &journal).unwrap();
    pair.scan(642..=642);
    pair.write();
    assert_eq!(pair.journal.trouble.get(), None);
    assert!(pair.journal.writer.lost_records() > 0);
    assert!(pair.journal.unrecorded(601).unwrap().contains("given up"), "it will never be there");
    assert_eq!(pair.journal.unrecorded(642), None);
}

/// An interlock of a level that nobody has measured yet.
const TRIP: &str = "\n[tag.FV-1]\ndescription = \"valve\"\nunit = \"%\"\nrange = [0, 100]\nfail = 0\n\
                    io = { device = \"PLC\", node = \"FV-1\", write = true }\nentry = { role = \"operator\" }\n\
                    [interlock.IL-1]\ndescription = \"level\"\nreset = \"manual\"\n\
                    trip = [{ when = \"BAD(LT-1) FOR 50 ms\", on_bad = \"ignore\", text = \"unknown\" }]\n\
                    do = [\"FV-1 := 0 %\"]\n";

#[test]
fn a_trip_goes_to_the_disk_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut pair = Pair::with_rings(folder.path(), &with(TRIP), 8192, 64, Vec::new());
    pair.scan(1..=3);
    assert!(!pair.journal.has_tripped());
    // Nothing trips before the devices have had their time to come up.
    let trips = |tick: u64| {
        pair.scan(tick..=tick);
        pair.journal.has_tripped()
    };
    assert!((4..5000).any(trips));
    assert!(pair.journal.has_tripped(), "looking takes nothing away");
    pair.write();
    pair.journal.tell_all();
    assert!(!pair.journal.has_tripped());
}

#[test]
fn the_event_of_an_order_says_why_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let mut pair = Pair::with_rings(folder.path(), &plant(), 8192, 64, Vec::new());
    let (reply, _answered) = tokio::sync::oneshot::channel();
    let reason = "probe is being changed".to_owned();
    pair.journal.waiting.lock().unwrap().insert(7, Asker { reply, reason });
    pair.command(7);
    pair.scan(1..=3);
    pair.write();
    pair.journal.tell_all();
    let told: Vec<String> = pair
        .recorder
        .try_iter()
        .filter_map(|item| match item {
            RecorderItem::Event(event) => Some(event.text),
            RecorderItem::Plant(_) => None,
        })
        .collect();
    let says = |text: &String| text.contains("acknowledge") && text.ends_with("(probe is being changed)");
    assert!(told.iter().any(says), "{told:?}");
}
