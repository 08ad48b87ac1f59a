//! The two threads of the controller for tests: stepped by hand, or let run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use control::plant::Plant;
use control::{Engine, StateView, Transfer};
use crossbeam_queue::ArrayQueue;
use historian::journal::{JournalHeader, JournalOptions, JournalWriter, ScanRecord};
use model::{Action, AlarmId, Command, UserId};

use crate::changer;
use crate::clock::{self, TickClock};
use crate::in_force::CommandQueue;
use crate::journal_thread::JournalThread;
use crate::people::People;
use crate::plant_change::{Change, NewPlant, Visit};
use crate::recorder::{RecorderItem, Vitals};
use crate::scan_meter::{Readings, ScanMeter, ScanStats};
use crate::scan_thread::{Field, Ports, SavedState, ScanThread, Scratch};

/// Far too small.
pub const RING: usize = 16;
pub const PERIOD_MS: u64 = 10;

pub fn plant() -> Arc<Plant> {
    with("")
}

/// The plant with more text behind it.
pub fn with(more: &str) -> Arc<Plant> {
    let text = "[plant]\nname = \"ring\"\nperiod = \"10 ms\"\n\
                [device.PLC]\nprotocol = \"opc-ua\"\nendpoint = \"opc.tcp://127.0.0.1:4840/\"\n\
                namespace = \"urn:ring\"\nwatchdog = \"2 s\"\nheartbeat = \"HEARTBEAT\"\n\
                [tag.LT-1]\ndescription = \"level\"\nunit = \"%\"\nrange = [0, 100]\n\
                io = { device = \"PLC\", node = \"LT-1\" }\n";
    let sources = [model::Source { path: "plant.toml".into(), text: format!("{text}{more}") }];
    Arc::new(control::compile(&sources).unwrap().plant)
}

/// The two threads of the controller, stepped by hand.
pub struct Pair {
    pub scan: ScanThread,
    pub scratch: Scratch,
    pub journal: JournalThread,
    pub record: ScanRecord,
    pub visits: Arc<ArrayQueue<Visit>>,
    /// What comes to the recorder.
    pub recorder: Receiver<RecorderItem>,
    /// The hash after each scan, whether or not it was recorded.
    pub hashes: Vec<(u64, u64)>,
}

impl Pair {
    pub fn new(folder: &Path, plant: &Arc<Plant>) -> Self {
        Self::with_rings(folder, plant, RING, 256, Vec::new())
    }

    /// With room for so many items and events on their way to the journal, and for as many on theirs to the recorder.
    pub fn with_rings(
        folder: &Path,
        plant: &Arc<Plant>,
        items: usize,
        events: usize,
        fields: Vec<Field>,
    ) -> Self {
        let told = events;
        let (journal, items) = rtrb::RingBuffer::new(items);
        let (events, events_end) = rtrb::RingBuffer::new(events);
        let (views, _) = triple_buffer::triple_buffer(&StateView::new(plant));
        let (snapshots, snapshots_end) = triple_buffer::triple_buffer(&SavedState::default());
        let (records, recorder) = sync_channel(told);
        let (changed, changed_end) = rtrb::RingBuffer::new(1);
        let visits = Arc::new(ArrayQueue::new(1));
        let snapshot_wanted = Arc::new(AtomicBool::new(false));
        let stats = Arc::new(ScanStats::default());
        let ports = Ports {
            commands: Arc::new(CommandQueue::new()),
            visits: visits.clone(),
            looked: Arc::new(ArrayQueue::new(1)),
            changed,
            journal,
            events,
            views,
            snapshots,
            stats: stats.clone(),
            snapshot_wanted: snapshot_wanted.clone(),
            stop: Arc::default(),
        };
        let header = JournalHeader {
            plant_hash: plant.hash,
            plant_name: plant.name.clone(),
            epoch_ms: 0,
            period_ms: plant.period_ms,
            continues: None,
        };
        let journal = JournalThread {
            plant: plant.clone(),
            clock: TickClock { epoch_ms: 0, period_ms: plant.period_ms },
            people: Arc::new(People::open(&folder.join("people")).unwrap()),
            writer: JournalWriter::create(&folder.join("journal"), header, JournalOptions::default())
                .unwrap(),
            items,
            changed: changed_end,
            events: events_end,
            snapshots: snapshots_end,
            waiting: Arc::default(),
            broadcast: tokio::sync::broadcast::channel(16).0,
            records,
            stats,
            snapshot_wanted,
            committed_ms: Arc::default(),
            trouble: crate::disk_trouble::DiskTrouble::default(),
            full: crate::disk_trouble::DiskTrouble::default(),
            given_up: None,
            decided: None,
            audit_found: None,
            audit_head: crate::audit_trail::heads::HeadEvents::default(),
            clock_watch: crate::clock_watch::ClockWatch::default(),
            stop: Arc::default(),
        };
        let scan = ScanThread {
            engine: Engine::new(plant.clone()),
            fields,
            ports,
            meter: ScanMeter::new(plant, Duration::from_millis(PERIOD_MS)),
            clock: TickClock { epoch_ms: 0, period_ms: plant.period_ms },
            period: Duration::from_millis(PERIOD_MS),
            wall_ms: clock::now_ms,
            first_tick: 1,
            snapshot_ticks: 1_000_000,
        };
        let (scratch, record) = (Scratch::new(64), ScanRecord::default());
        Self { scan, scratch, journal, record, visits, recorder, hashes: Vec::new() }
    }

    pub fn scan(&mut self, ticks: std::ops::RangeInclusive<u64>) {
        for tick in ticks {
            self.scan.one(tick, PERIOD_MS, &mut self.scratch);
            self.hashes.push((tick, self.scan.engine.state_hash()));
        }
    }

    pub fn write(&mut self) {
        while let Ok(item) = self.journal.items.pop() {
            self.journal.take(item, &mut self.record);
        }
        self.journal.commit();
    }

    /// Asks for another plant, as the API does it after its plan.
    pub fn change(&self, plant: &Arc<Plant>, force: bool) -> Receiver<Result<u64, String>> {
        let mut old = self.scan.engine.clone();
        let mut transfer = Transfer::between(old.plant(), plant).unwrap();
        transfer.make_room(&mut old);
        let mut engine = Engine::new(plant.clone());
        let (views, views_end) = triple_buffer::triple_buffer(&StateView::new(plant));
        let (snapshots, snapshots_end) = triple_buffer::triple_buffer(&SavedState::of(&mut engine));
        let clock = self.journal.clock;
        let (in_force, frames, state) = changer::in_force(
            plant,
            &StateView::new(plant),
            clock,
            &ScanStats::default(),
            &Vitals::new(plc_bridge::Troubles::default(), plc_bridge::DeviceLimits::default()),
            1,
        );
        let commands = in_force.commands.clone();
        let (answer, answered) = sync_channel(1);
        let change = Change {
            transfer,
            engine,
            points: Vec::new(),
            readings: Readings::of(plant),
            commands,
            views,
            snapshots,
            room: model::StateWriter::default(),
            state: model::StateWriter::default(),
            tick: 0,
            force,
            done: false,
            snapshots_end,
            next: NewPlant { in_force, views: views_end, frames, state, tick: 0, answer },
            note: "plant applied".into(),
            user: "jane".into(),
        };
        assert!(self.visits.push(Visit::Change(Box::new(change))).is_ok());
        answered
    }

    pub fn command(&self, id: u64) {
        let action = Action::Acknowledge { alarm: AlarmId(0) };
        let command = Command { id, user: UserId(1), action };
        assert!(self.scan.ports.commands.push(command, &self.journal.waiting));
    }
}
