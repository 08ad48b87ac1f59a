//! Nonsense at the scan: ten thousand commands a second, a device that flaps, a wall clock that jumps. The scan goes on, counts
//! right, and loses nothing without a word.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use control::Engine;
use control::plant::Plant;
use historian::journal::{JournalReader, ScanRecord};
use model::wire::{CommandReply, EventKind, EventRecord};
use model::{Action, Command, DeviceId, Quality, Refusal, UserId};
use plc_bridge::{DeviceLink, InputBank, OutputBank};
use tokio::sync::oneshot;

use crate::in_force::CommandQueue;
use crate::journal_thread::{Asker, Waiting};
use crate::pair::{PERIOD_MS, Pair, plant, with};
use crate::recorder::RecorderItem;
use crate::resume::Replayer;
use crate::scan_meter::ScanStats;
use crate::scan_thread::Field;
use crate::{clock, wiring};

/// Both threads at work.
struct Running {
    stats: Arc<ScanStats>,
    commands: Arc<CommandQueue>,
    waiting: Waiting,
    stop_scan: Arc<AtomicBool>,
    stop_journal: Arc<AtomicBool>,
    scan: JoinHandle<u64>,
    journal: JoinHandle<()>,
    events: JoinHandle<Vec<EventRecord>>,
    began: Instant,
}

impl Running {
    fn start(folder: &Path, plant: &Arc<Plant>, wall_ms: fn() -> i64) -> Self {
        let (items, events) = (wiring::JOURNAL_ITEMS, wiring::EVENTS_WAITING);
        let Pair { mut scan, mut journal, recorder, .. } =
            Pair::with_rings(folder, plant, items, events, Vec::new());
        scan.clock.epoch_ms = wall_ms();
        scan.wall_ms = wall_ms;
        journal.clock = scan.clock;
        let stats = scan.ports.stats.clone();
        let (commands, waiting) = (scan.ports.commands.clone(), journal.waiting.clone());
        let (stop_scan, stop_journal) = (scan.ports.stop.clone(), journal.stop.clone());
        let events = thread::spawn(move || {
            let items = recorder.iter();
            items
                .filter_map(|item| if let RecorderItem::Event(event) = item { Some(event) } else { None })
                .collect()
        });
        let began = Instant::now();
        let (scan, journal) = (thread::spawn(move || scan.run()), thread::spawn(move || journal.run()));
        Self { stats, commands, waiting, stop_scan, stop_journal, scan, journal, events, began }
    }

    /// Stops as the controller does. The last tick, how long it ran, and what the event list was told.
    fn stop(self) -> (u64, Duration, Vec<EventRecord>) {
        self.stop_scan.store(true, Relaxed);
        let tick = self.scan.join().unwrap();
        let ran = self.began.elapsed();
        self.stop_journal.store(true, Relaxed);
        self.journal.join().unwrap();
        (tick, ran, self.events.join().unwrap())
    }

    fn send(&self, id: u64, action: Action) -> Sent {
        let (sender, receiver) = oneshot::channel();
        let asker = Asker { reply: sender, reason: String::new() };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, asker);
        if self.commands.push(Command { id, user: UserId(1), action }, &self.waiting) {
            return Sent::Taken(id, receiver);
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        Sent::Refused(Refusal::TooMany.text())
    }
}

enum Sent {
    Taken(u64, oneshot::Receiver<CommandReply>),
    Refused(&'static str),
}

fn records(folder: &Path) -> Vec<ScanRecord> {
    let reader = JournalReader::open(&folder.join("journal")).unwrap();
    reader.records(1).unwrap().map(Result::unwrap).collect()
}

/// Every scan from the first to the last is there once, and runs again with the same hashes.
fn assert_whole(folder: &Path, plant: &Arc<Plant>, last: u64) {
    let ticks: Vec<u64> = records(folder).iter().map(|record| record.tick).collect();
    assert_eq!(ticks, (1..=last).collect::<Vec<_>>());
    let reader = JournalReader::open(&folder.join("journal")).unwrap();
    let mut again = Replayer::new(Engine::new(plant.clone()));
    let mut journal = reader.records(1).unwrap();
    while again.step(&mut journal).unwrap().is_some() {}
    assert_eq!((again.scans, again.first_difference), (last, None));
}

/// The machine may hold the threads up for a moment; a scan that does not come at all is another thing.
const HELD_UP: Duration = Duration::from_millis(1000);

fn assert_counts(tick: u64, ran: Duration, stats: &ScanStats) {
    let (due, slack) = (ran.as_millis() as u64 / PERIOD_MS, HELD_UP.as_millis() as u64 / PERIOD_MS);
    assert!(tick <= due + 1 && tick + slack >= due, "{tick} scans in {ran:?}");
    assert_eq!(stats.lost.load(Relaxed), 0, "nothing was lost");
}

/// Four threads give a burst of 250 every 100 ms: 10,000 a second, in heaps that no queue of 1,024 takes while 64 leave it with each scan.
#[test]
fn ten_thousand_commands_a_second_are_each_done_and_journalled_or_refused_and_no_scan_is_left_out() {
    const BURSTS: u64 = 30;
    const OF_ONE: u64 = 250;
    let folder = tempfile::tempdir().unwrap();
    let text = "[tag.HS-1]\ndescription = \"by hand\"\nunit = \"%\"\nrange = [0, 100]\n\
                entry = { initial = 5.0, role = \"operator\" }\n";
    let plant = with(text);
    let point = plant.find_point("HS-1").unwrap();
    let running = Running::start(folder.path(), &plant, clock::now_ms);
    // The field never comes: after five seconds the scan acts all the same, and until then refuses.
    let began = Instant::now();
    let sent: Vec<Sent> = thread::scope(|scope| {
        let giver = |number: u64| {
            let running = &running;
            move || {
                let mut sent = Vec::new();
                for burst in 0..BURSTS {
                    thread::sleep(
                        (Duration::from_millis(100) * burst as u32).saturating_sub(began.elapsed()),
                    );
                    for count in 0..OF_ONE {
                        let id = (number * BURSTS + burst) * OF_ONE + count;
                        sent.push(running.send(id, Action::Write { point, value: (id % 100) as f64 }));
                    }
                }
                sent
            }
        };
        let givers: Vec<_> = (0..4).map(|number| scope.spawn(giver(number))).collect();
        givers.into_iter().flat_map(|giver| giver.join().unwrap()).collect()
    });
    assert_eq!(sent.len() as u64, 4 * BURSTS * OF_ONE);
    let (stats, waiting) = (running.stats.clone(), running.waiting.clone());
    let (mut answered, mut refused) = (BTreeSet::new(), 0);
    for one in sent {
        match one {
            Sent::Refused(why) => {
                assert!(why.contains("too many"), "{why}");
                refused += 1;
            }
            Sent::Taken(id, receiver) => {
                receiver.blocking_recv().unwrap_or_else(|_| panic!("nobody answered command {id}"));
                answered.insert(id);
            }
        }
    }
    let (tick, ran, events) = running.stop();
    assert_counts(tick, ran, &stats);
    assert!(waiting.lock().unwrap().is_empty(), "nobody waits any more");
    assert!(
        answered.len() > wiring::COMMANDS_WAITING && refused > 0,
        "{} done, {refused} refused",
        answered.len()
    );
    let kept: Vec<u64> =
        records(folder.path()).iter().flat_map(|record| &record.commands).map(|command| command.id).collect();
    assert_eq!(kept.len(), answered.len(), "none twice");
    assert_eq!(
        kept.into_iter().collect::<BTreeSet<_>>(),
        answered,
        "what was answered is in the journal, and nothing else"
    );
    let told = events.iter().filter(|event| event.kind == EventKind::Operator).count();
    assert_eq!(told, answered.len(), "each stands in the event list");
    assert!(records(folder.path()).iter().all(|record| record.commands.len() <= wiring::COMMANDS_PER_SCAN));
    assert_whole(folder.path(), &plant, tick);
}

/// A limit switch that turns at every scan, of a device that comes and goes every second.
#[test]
fn a_flapping_device_is_told_as_it_is_and_damped_where_its_alarm_says_so() {
    const SECONDS: u64 = 60;
    let folder = tempfile::tempdir().unwrap();
    let answers =
        "priority = \"low\"\ncause = \"c\"\nconsequence = \"q\"\nresponse = \"r\"\ntime = \"10 min\"\n";
    let text = format!(
        "[tag.ZS-1]\ndescription = \"limit switch\"\nwords = [\"closed\", \"open\"]\n\
         io = {{ device = \"PLC\", node = \"ZS-1\" }}\n\
         [alarm.\"ZS-1.RAW\"]\ntag = \"ZS-1\"\nwhen = \"ZS-1\"\ntext = \"raw\"\n{answers}\
         [alarm.\"ZS-1.DAMPED\"]\ntag = \"ZS-1\"\nwhen = \"ZS-1\"\ntext = \"damped\"\noff_delay = \"3 s\"\n{answers}\
         [alarm.\"ZS-1.LATE\"]\ntag = \"ZS-1\"\nwhen = \"ZS-1\"\ntext = \"late\"\non_delay = \"1 s\"\n{answers}\
         [alarm.PLC]\ntag = \"PLC\"\nfault = true\n{answers}"
    );
    let plant = with(&text);
    let (level, switch) = (plant.find_point("LT-1").unwrap(), plant.find_point("ZS-1").unwrap());
    let (mut bank, input_bank) = triple_buffer::triple_buffer(&InputBank::default());
    let (output_bank, _commands) = triple_buffer::triple_buffer(&OutputBank::default());
    let (inputs, link) = (vec![level, switch], plant.io.devices[0].link);
    let field = Field::new(DeviceLink {
        device: DeviceId(0),
        inputs,
        outputs: Vec::new(),
        link,
        input_bank,
        output_bank,
    });
    let (items, events) = (wiring::JOURNAL_ITEMS, wiring::EVENTS_WAITING);
    let mut pair = Pair::with_rings(folder.path(), &plant, items, events, vec![field]);
    let last = SECONDS * 1000 / PERIOD_MS - 1;
    let mut turned_on = 0;
    for tick in 1..=last {
        let second = tick * PERIOD_MS / 1000;
        let (up, open) = (second.is_multiple_of(2), tick.is_multiple_of(2));
        turned_on += u64::from(up && open);
        bank.write(InputBank {
            sequence: tick,
            up,
            meeting: u32::try_from(second / 2 + 1).unwrap(),
            values: vec![50.0, f64::from(u8::from(open))],
            qualities: vec![Quality::Good; 2],
            ..InputBank::default()
        });
        pair.scan(tick..=tick);
        // The journal's thread and the recorder come ten times a second.
        if tick.is_multiple_of(10) || tick == last {
            pair.write();
            pair.journal.tell_all();
        }
    }
    let stats = pair.journal.stats.clone();
    assert_eq!((stats.tick.load(Relaxed), stats.lost.load(Relaxed)), (last, 0));
    let told: Vec<EventRecord> = std::iter::from_fn(|| pair.recorder.try_recv().ok())
        .filter_map(|item| if let RecorderItem::Event(event) = item { Some(event) } else { None })
        .collect();
    let count = |kind: EventKind, tag: &str, is_meant: &dyn Fn(&str) -> bool| {
        told.iter().filter(|event| event.kind == kind && event.tag == tag && is_meant(&event.text)).count()
            as u64
    };
    let raised = |label: &str| {
        count(EventKind::Alarm, "ZS-1", &|text| text.starts_with(label) && !text.contains("cleared"))
    };
    assert_eq!(count(EventKind::Link, "PLC", &|text| text == "answers"), SECONDS / 2);
    assert_eq!(count(EventKind::Link, "PLC", &|text| text == "no communication"), SECONDS / 2);
    assert_eq!(raised("raw"), turned_on, "every rise of the switch that the field told");
    assert_eq!(raised("damped"), 1, "an off-delay holds it");
    assert_eq!(raised("late"), 0, "an on-delay waits for a second without a break");
    drop(pair.journal);
    assert_whole(folder.path(), &plant, last);
}

/// What the clock on the wall is off by.
static SET_BY_MS: AtomicI64 = AtomicI64::new(0);

fn clock_that_is_set() -> i64 {
    clock::now_ms() + SET_BY_MS.load(Relaxed)
}

#[test]
fn a_wall_clock_that_is_set_forth_and_back_by_an_hour_moves_no_scan_and_is_told() {
    const HOUR_MS: i64 = 3_600_000;
    let folder = tempfile::tempdir().unwrap();
    let plant = plant();
    let running = Running::start(folder.path(), &plant, clock_that_is_set);
    let stats = running.stats.clone();
    let until = |what: &str, seen: &dyn Fn(i64) -> bool| {
        let began = Instant::now();
        while !seen(stats.clock_ahead_ms.load(Relaxed)) {
            assert!(began.elapsed() < Duration::from_secs(60), "{what}");
            thread::sleep(Duration::from_millis(5));
        }
        // The journal's thread compares the clocks once a second.
        thread::sleep(wiring::DISK_RETRY + Duration::from_millis(200));
    };
    SET_BY_MS.store(HOUR_MS, Relaxed);
    until("an hour forth is seen", &|ahead| ahead < HELD_UP.as_millis() as i64 - HOUR_MS);
    SET_BY_MS.store(-HOUR_MS, Relaxed);
    until("two hours back is seen", &|ahead| ahead > HOUR_MS - HELD_UP.as_millis() as i64);
    SET_BY_MS.store(0, Relaxed);
    until("right again is seen", &|ahead| ahead.unsigned_abs() < HELD_UP.as_millis() as u64);
    let (tick, ran, events) = running.stop();
    assert_counts(tick, ran, &stats);
    assert_eq!(stats.time_jumps.load(Relaxed), 0);
    let told: Vec<&str> =
        events.iter().filter(|event| event.tag == "CLOCK").map(|event| event.text.as_str()).collect();
    assert!(
        told.len() == 3 && told[0].contains("59 min") | told[0].contains("1 h 0 min behind"),
        "{told:#?}"
    );
    assert!(
        told[1].contains("ahead of this machine's clock") && told[2].contains("agree again"),
        "{told:#?}"
    );
    assert!(events.windows(2).all(|pair| pair[0].time_ms <= pair[1].time_ms), "times never go back");
    assert_whole(folder.path(), &plant, tick);
}
