//! The plant behind the server, under the test's control.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use api::{AuditRecord, Backend, EventQuery, HistoryError, HistoryQuery, Who};
use model::wire::{
    CommandReply, CommandRequest, EventKind, EventRecord, Frame, HistoryReply, HistorySample, PlantView, Why,
};
use model::{Quality, Unit};
use tokio::sync::{Semaphore, broadcast, watch};

use crate::plant;

pub(crate) struct Script {
    pub(crate) plant: Arc<PlantView>,
    pub(crate) frames: watch::Sender<Arc<Frame>>,
    pub(crate) events: broadcast::Sender<EventRecord>,
    pub(crate) executed: Mutex<Vec<(Who, CommandRequest)>>,
    pub(crate) audited: Mutex<Vec<AuditRecord>>,
    pub(crate) event_queries: Mutex<Vec<EventQuery>>,
    pub(crate) history_queries: Mutex<Vec<HistoryQuery>>,
    pub(crate) history_error: Mutex<Option<HistoryError>>,
    /// A command takes one before it is done.
    pub(crate) done: Semaphore,
    /// Commands that have begun.
    pub(crate) waiting: AtomicUsize,
    pub(crate) panics: AtomicBool,
}

impl Script {
    pub(crate) fn new(points: u32) -> Self {
        Self {
            plant: Arc::new(plant::plant(points)),
            frames: watch::Sender::new(Arc::new(plant::frame(points, 1))),
            events: broadcast::Sender::new(16),
            executed: Mutex::default(),
            audited: Mutex::default(),
            event_queries: Mutex::default(),
            history_queries: Mutex::default(),
            history_error: Mutex::default(),
            done: Semaphore::new(1_000_000),
            waiting: AtomicUsize::new(0),
            panics: AtomicBool::new(false),
        }
    }

    pub(crate) fn publish(&self, change: impl FnOnce(&mut Frame)) {
        self.frames.send_modify(|frame| {
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
    fn plant(&self) -> Arc<PlantView> {
        Arc::clone(&self.plant)
    }

    fn frames(&self) -> watch::Receiver<Arc<Frame>> {
        self.frames.subscribe()
    }

    fn events(&self) -> broadcast::Receiver<EventRecord> {
        self.events.subscribe()
    }

    async fn execute(&self, who: Who, request: CommandRequest) -> CommandReply {
        assert!(!self.panics.load(Ordering::SeqCst), "the script was told to panic");
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.done.acquire().await.unwrap().forget();
        self.executed.lock().unwrap().push((who, request));
        CommandReply { accepted: true, message: "done".into(), tick: 7, time_ms: 70 }
    }

    async fn event_log(&self, query: EventQuery) -> Result<Vec<EventRecord>, String> {
        let records = vec![event("first"); query.max.min(3)];
        self.event_queries.lock().unwrap().push(query);
        Ok(records)
    }

    async fn history(&self, query: HistoryQuery) -> Result<HistoryReply, HistoryError> {
        self.history_queries.lock().unwrap().push(query);
        if let Some(error) = self.history_error.lock().unwrap().clone() {
            return Err(error);
        }
        let value = f64::NAN;
        let empty = HistorySample { time_ms: 1, value, min: value, max: value, quality: Quality::Good };
        Ok(HistoryReply {
            point: self.plant.points[query.point.index()].name.clone(),
            unit: Unit::NONE,
            samples: vec![empty],
            gaps: Vec::new(),
        })
    }

    fn why(&self, name: &str) -> Option<Why> {
        Some(Why { title: name.into(), lines: Vec::new() })
    }

    fn audit(&self, record: AuditRecord) {
        self.audited.lock().unwrap().push(record);
    }
}
