//! The plant behind the server, under the test's control.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use api::{AuditRecord, Backend, EventQuery, HistoryError, HistoryQuery, InForce, Who};
use model::wire::{
    CommandReply, CommandRequest, EventKind, EventRecord, Frame, HistoryReply, HistorySample, PlantChange,
    PlantPlan, PlantView, SimulatorStatus, TimeRequest, Why, WhyKind,
};
use model::{Quality, Unit};
use tokio::sync::{Semaphore, broadcast, watch};

use crate::plant;

pub(crate) struct Script {
    pub(crate) plant: Arc<PlantView>,
    /// Of the plant in force; those of the plant before end when it is replaced.
    frames: Mutex<watch::Sender<Arc<Frame>>>,
    force: Mutex<Arc<InForce>>,
    pub(crate) changes: Mutex<Vec<PlantChange>>,
    pub(crate) events: broadcast::Sender<EventRecord>,
    pub(crate) executed: Mutex<Vec<(Who, CommandRequest)>>,
    pub(crate) moved: Mutex<Vec<(Who, TimeRequest)>>,
    pub(crate) audited: Mutex<Vec<AuditRecord>>,
    pub(crate) event_queries: Mutex<Vec<EventQuery>>,
    pub(crate) history_queries: Mutex<Vec<HistoryQuery>>,
    pub(crate) history_error: Mutex<Option<HistoryError>>,
    /// A command takes one before it is done.
    pub(crate) done: Semaphore,
    /// Commands that have begun.
    pub(crate) waiting: AtomicUsize,
    pub(crate) panics: AtomicBool,
    /// Commands act, and no journal keeps them.
    pub(crate) disk_is_full: AtomicBool,
}

impl Script {
    pub(crate) fn new(points: u32) -> Self {
        let plant = Arc::new(plant::plant(points));
        let frames = watch::Sender::new(Arc::new(plant::frame(points, 1)));
        let first = InForce { plant: Arc::clone(&plant), frames: frames.subscribe(), changes: 0 };
        Self {
            plant,
            frames: Mutex::new(frames),
            force: Mutex::new(Arc::new(first)),
            changes: Mutex::default(),
            events: broadcast::Sender::new(16),
            executed: Mutex::default(),
            moved: Mutex::default(),
            audited: Mutex::default(),
            event_queries: Mutex::default(),
            history_queries: Mutex::default(),
            history_error: Mutex::default(),
            done: Semaphore::new(1_000_000),
            waiting: AtomicUsize::new(0),
            panics: AtomicBool::new(false),
            disk_is_full: AtomicBool::new(false),
        }
    }

    /// Puts a plant with so many points in force, in place of one that ends its frames.
    pub(crate) fn change(&self, points: u32, hash: &str) {
        let mut plant = plant::plant(points);
        plant.hash = hash.into();
        let (sender, frames) = watch::channel(Arc::new(plant::frame(points, 2)));
        let changes = self.in_force().changes + 1;
        *self.force.lock().unwrap() = Arc::new(InForce { plant: Arc::new(plant), frames, changes });
        *self.frames.lock().unwrap() = sender;
    }

    pub(crate) fn newest(&self) -> Arc<Frame> {
        Arc::clone(&self.frames.lock().unwrap().borrow())
    }

    pub(crate) fn publish(&self, change: impl FnOnce(&mut Frame)) {
        self.frames.lock().unwrap().send_modify(|frame| {
            let mut next = Frame::clone(frame);
            next.tick += 1;
            change(&mut next);
            *frame = Arc::new(next);
        });
    }
}

pub(crate) fn event(text: &str) -> EventRecord {
    EventRecord {
        time_ms: 1,
        kind: EventKind::Alarm,
        tag: "TT-311".into(),
        text: text.into(),
        user: String::new(),
    }
}

impl Backend for Script {
    fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.force.lock().unwrap())
    }

    fn events(&self) -> broadcast::Receiver<EventRecord> {
        self.events.subscribe()
    }

    async fn execute(&self, who: Who, request: CommandRequest) -> CommandReply {
        assert!(!self.panics.load(Ordering::SeqCst), "the script was told to panic");
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.done.acquire().await.unwrap().forget();
        self.executed.lock().unwrap().push((who, request));
        let unrecorded = self.disk_is_full.load(Ordering::SeqCst);
        CommandReply { accepted: true, message: "done".into(), tick: 7, time_ms: 70, unrecorded }
    }

    async fn event_log(&self, query: EventQuery) -> Result<Vec<EventRecord>, String> {
        let records = vec![event("first"); query.max.min(3)];
        self.event_queries.lock().unwrap().push(query);
        Ok(records)
    }

    async fn history(&self, query: HistoryQuery) -> Result<HistoryReply, HistoryError> {
        self.history_queries.lock().unwrap().push(query.clone());
        if let Some(error) = self.history_error.lock().unwrap().clone() {
            return Err(error);
        }
        let value = f64::NAN;
        let empty = HistorySample { time_ms: 1, value, min: value, max: value, quality: Quality::Good };
        Ok(HistoryReply { point: query.point, unit: Unit::NONE, samples: vec![empty], gaps: Vec::new() })
    }

    async fn plan(&self, change: PlantChange) -> Result<PlantPlan, String> {
        self.changes.lock().unwrap().push(change);
        Err("it does not compile".into())
    }

    async fn apply(&self, _who: Who, change: PlantChange) -> CommandReply {
        self.changes.lock().unwrap().push(change);
        CommandReply { accepted: true, message: "applied".into(), tick: 8, time_ms: 80, unrecorded: false }
    }

    fn why(&self, name: &str) -> Option<Why> {
        Some(Why {
            title: name.into(),
            name: name.into(),
            kind: WhyKind::Tag,
            verdict: String::new(),
            lines: Vec::new(),
            missing: None,
        })
    }

    async fn simulator(&self) -> Result<SimulatorStatus, String> {
        Ok(SimulatorStatus {
            paused: false,
            times: None,
            seconds: 1.0,
            rewindable: 0.0,
            snapshots: Vec::new(),
            faults: Vec::new(),
            closure: 0.0,
        })
    }

    async fn move_time(&self, who: Who, request: TimeRequest) -> CommandReply {
        self.moved.lock().unwrap().push((who, request));
        CommandReply { accepted: true, message: "moved".into(), tick: 8, time_ms: 80, unrecorded: false }
    }

    fn audit(&self, record: AuditRecord) {
        self.audited.lock().unwrap().push(record);
    }
}
