//! The recorder: ten times a second the published state becomes history and a frame for the screens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use control::StateView;
use control::plant::{Origin, Plant};
use historian::{
    EventRetention, EventStore, HistorianError, PointInfo, PointPolicy, Recorder, Retention, SampleOptions,
    SampleStore,
};
use miette::IntoDiagnostic as _;
use model::wire::{EventKind, EventRecord, Frame, LinkTrouble, PointValue, SystemStatus};
use model::{PointId, UserId};
use tokio::sync::watch;

use crate::backlog::Backlog;
use crate::clock::{self, TickClock};
use crate::data_folder::DataFolder;
use crate::disk_trouble::DiskTrouble;
use crate::in_force::Current;
use crate::people::People;
use crate::plant_change::NewPlant;
use crate::scan_meter::ScanStats;
use crate::settings::{HistorySettings, Settings};
use crate::wiring;

const PACE: Duration = Duration::from_millis(20);

/// What the system page shows besides the scan's own counters.
#[derive(Debug)]
pub struct Vitals {
    pub real_time: OnceLock<String>,
    /// On the monotonic clock, as the uptime: neither may jump with the clock on the wall.
    pub journal_committed_ms: Arc<AtomicU64>,
    pub disk_full: DiskTrouble,
    pub journal_error: DiskTrouble,
    pub audit_error: DiskTrouble,
    pub links: plc_bridge::Troubles,
    pub limits: plc_bridge::DeviceLimits,
    started_ms: u64,
}

impl Vitals {
    pub fn new(links: plc_bridge::Troubles, limits: plc_bridge::DeviceLimits) -> Self {
        let now = clock::monotonic_ms();
        Self {
            real_time: OnceLock::new(),
            journal_committed_ms: Arc::new(AtomicU64::new(now)),
            disk_full: DiskTrouble::default(),
            journal_error: DiskTrouble::default(),
            audit_error: DiskTrouble::default(),
            links,
            limits,
            started_ms: now,
        }
    }
}

/// The stores that only the recorder writes.
pub struct Store {
    pub samples: SampleStore,
    pub recorder: Recorder,
    pub events: EventStore,
    retention: Retention,
    event_retention: EventRetention,
    history: HistorySettings,
    backlog: Backlog,
    /// Of the samples that found no room in memory, those that are counted already.
    lost_samples: u64,
}

impl Store {
    pub fn open(plant: &Plant, data: &DataFolder, settings: &Settings) -> miette::Result<Self> {
        let history = &settings.history;
        let (mut samples, recovery) =
            SampleStore::open(&data.history(), SampleOptions::default()).into_diagnostic()?;
        for damage in &recovery.damage {
            tracing::warn!("history: {damage}");
        }
        let recorder = Self::policies(&mut samples, plant, history)?;
        let age_ms = i64::from(history.keep_days) * 86_400_000;
        Ok(Self {
            samples,
            recorder,
            events: EventStore::open(&data.history()).into_diagnostic()?,
            retention: Retention { max_bytes: Some(history.keep_mb << 20), max_age_ms: Some(age_ms) },
            event_retention: EventRetention { max_rows: None, max_age_ms: Some(age_ms) },
            history: history.clone(),
            backlog: Backlog::default(),
            lost_samples: 0,
        })
    }

    fn store_events(&mut self) -> Result<(), HistorianError> {
        self.backlog.store(|events| self.events.append_batch(events))
    }

    /// From here on the points are those of another plant; one that keeps its name keeps its history.
    fn turn_to(&mut self, plant: &Plant) -> miette::Result<()> {
        self.recorder = Self::policies(&mut self.samples, plant, &self.history)?;
        Ok(())
    }

    fn policies(
        samples: &mut SampleStore,
        plant: &Plant,
        history: &HistorySettings,
    ) -> miette::Result<Recorder> {
        let names: Vec<PointInfo> = plant
            .points
            .iter()
            .map(|point| PointInfo { name: point.name.clone(), unit: point.unit, stepped: is_stepped(point) })
            .collect();
        let ids = samples.register(&names).into_diagnostic()?;
        let policies: Vec<PointPolicy> = plant
            .points
            .iter()
            .zip(ids)
            .enumerate()
            .map(|(index, (point, id))| {
                // What people and programs set is kept to the last bit; what is measured has noise.
                let measured = matches!(point.origin, Origin::Field(_)) && point.words.is_none();
                let deadband =
                    if measured { (point.high - point.low) * history.deadband_percent / 100.0 } else { 0.0 };
                PointPolicy {
                    source: PointId(index as u32),
                    id,
                    deadband,
                    max_interval_ms: history.refresh_s.saturating_mul(1000),
                    stepped: is_stepped(point),
                    resolution: deadband / 10.0,
                }
            })
            .collect();
        Ok(Recorder::new(&policies))
    }
}

/// What comes to the recorder besides the scan's views.
pub enum RecorderItem {
    Event(EventRecord),
    /// Another plant: it is in force as soon as its first view is here.
    Plant(Box<NewPlant>),
}

pub struct RecorderThread {
    pub plant: Arc<Plant>,
    pub clock: TickClock,
    pub people: Arc<People>,
    pub views: triple_buffer::Output<StateView>,
    pub store: Store,
    pub records: Receiver<RecorderItem>,
    pub current: Current,
    /// A plant whose first view has not come yet.
    pub next: Option<Box<NewPlant>>,
    pub frames: watch::Sender<Arc<Frame>>,
    pub state: watch::Sender<Arc<StateView>>,
    pub stats: Arc<ScanStats>,
    pub vitals: Arc<Vitals>,
    pub stop: Arc<AtomicBool>,
}

impl RecorderThread {
    pub fn run(mut self) {
        let mut committed = Instant::now();
        let mut pruned = Instant::now();
        loop {
            let stopping = self.stop.load(Relaxed);
            if self.views.update() {
                self.take_view();
            }
            self.take_items();
            if self.next.as_mut().is_some_and(|next| next.views.update()) {
                self.turn_to_next();
            }
            if stopping || committed.elapsed() >= wiring::HISTORY_COMMIT {
                self.commit();
                committed = Instant::now();
            }
            if pruned.elapsed() >= Duration::from_secs(600) {
                self.prune();
                pruned = Instant::now();
            }
            if stopping {
                let now_ms = self.now_ms();
                if let Err(error) = self.store.samples.close(now_ms) {
                    self.lost(&error);
                }
                self.give_up_events();
                return;
            }
            std::thread::sleep(PACE);
        }
    }

    fn take_view(&mut self) {
        let view = self.views.output_buffer_mut();
        view.device_limits = self.vitals.limits.of(&self.plant.io);
        let time_ms = self.clock.time_ms(view.tick);
        let store = &mut self.store;
        if let Err(error) = store.recorder.offer(&mut store.samples, time_ms, &view.values, &view.qualities) {
            let count = self.stats.lost.fetch_add(1, Relaxed) + 1;
            if count.is_power_of_two() {
                tracing::error!("history could not be written ({count} so far): {error}; free the disk");
            }
        }
        // One receiver is the backend's own; every other is a client that watches.
        let sessions = u32::try_from(self.frames.receiver_count().saturating_sub(1)).unwrap_or(u32::MAX);
        let system = system(&self.plant, view, self.clock, &self.stats, &self.vitals, sessions);
        let frame = frame(&self.plant, view, self.clock, &self.people, system);
        self.frames.send_replace(Arc::new(frame));
        self.state.send_replace(Arc::new(view.clone()));
    }

    /// The first view of the new plant is here: now the API can have its names and its values together.
    fn turn_to_next(&mut self) {
        let Some(next) = self.next.take() else { return };
        let NewPlant { in_force, views, frames, state, tick, answer } = *next;
        self.plant = in_force.plant.clone();
        if let Err(error) = self.store.turn_to(&self.plant) {
            self.store.recorder = Recorder::new(&[]);
            tracing::error!("the history cannot take the new plant's points: {error}; it stands still");
        }
        self.views = views;
        let old = (std::mem::replace(&mut self.frames, frames), std::mem::replace(&mut self.state, state));
        self.take_view();
        self.current.put(in_force);
        // Now whoever watched the old plant's frames is told that they have ended.
        drop(old);
        // Nobody waits any more: it is done all the same.
        drop(answer.send(Ok(tick)));
    }

    fn take_items(&mut self) {
        let mut batch: Vec<EventRecord> = Vec::new();
        while batch.len() < wiring::EVENTS_WAITING
            && let Ok(item) = self.records.try_recv()
        {
            match item {
                RecorderItem::Event(event) => batch.push(event),
                RecorderItem::Plant(next) => self.next = Some(next),
            }
        }
        if batch.is_empty() {
            return;
        }
        let lost = self.store.backlog.add(batch);
        self.stats.lost.fetch_add(lost, Relaxed);
        if !self.store.backlog.are_events_refused() {
            // One that is refused here is tried, and told, with the next commit.
            let _ = self.store.store_events();
        }
    }

    /// Everything so far to the disk. What it refuses is kept, and only what finds no room in memory is lost.
    fn commit(&mut self) {
        let now_ms = self.now_ms();
        let store = &mut self.store;
        let samples = store.samples.commit();
        let refusal = store.backlog.store_after(samples, |events| store.events.append_batch(events));
        let lost_samples = self.store.samples.stats().lost;
        let new = lost_samples - std::mem::replace(&mut self.store.lost_samples, lost_samples);
        self.stats.lost.fetch_add(new, Relaxed);
        let Some(text) = self.store.backlog.tried(refusal, now_ms, lost_samples) else { return };
        if self.store.backlog.is_refused() {
            tracing::error!("{text}");
        } else {
            tracing::warn!("{text}");
        }
        let (kind, tag, user) = (EventKind::System, "HISTORY".to_owned(), String::new());
        self.store.backlog.add(vec![EventRecord { time_ms: now_ms, kind, tag, text, user }]);
        if !self.store.backlog.are_events_refused() {
            let _ = self.store.store_events();
        }
    }

    /// The last commit has tried them.
    fn give_up_events(&mut self) {
        let count = self.store.backlog.give_up();
        self.stats.lost.fetch_add(count, Relaxed);
        if count > 0 {
            tracing::error!(
                "the event store refused to the end: {count} events are lost, the newest of this run; free the disk \
                 before the next start"
            );
        }
    }

    fn prune(&mut self) {
        let now = self.now_ms();
        let store = &mut self.store;
        if let Err(error) = store.samples.enforce(now, &store.retention) {
            tracing::error!("old samples could not be removed: {error}");
        }
        loop {
            match store.events.enforce(now, &store.event_retention) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => return tracing::error!("old events could not be removed: {error}"),
            }
        }
    }

    /// The time that the samples have: a wall clock that is set wrong while it runs must neither remove a history as
    /// too old nor close it in the middle. A start takes up the clock's time, and one years ahead does remove it.
    fn now_ms(&mut self) -> i64 {
        let shown = self.views.output_buffer_mut().tick;
        self.clock.time_ms(shown.max(self.stats.tick.load(Relaxed)))
    }

    fn lost(&self, error: &dyn std::fmt::Display) {
        let count = self.stats.lost.fetch_add(1, Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::error!("history could not be made durable ({count} so far): {error}; free the disk");
        }
    }
}

/// Set points, modes and switches stand until they are changed; measurements move between samples.
fn is_stepped(point: &control::plant::Point) -> bool {
    point.words.is_some() || point.write.is_some() || point.name.ends_with(".MODE")
}

/// What the API says before the first scan.
pub fn first_frame(
    plant: &Plant,
    view: &StateView,
    clock: TickClock,
    stats: &ScanStats,
    vitals: &Vitals,
) -> Frame {
    let nobody = |_| String::new();
    whole_frame(plant, view, clock, &nobody, system(plant, view, clock, stats, vitals, 0))
}

/// The whole plant at one scan, as the API tells it.
fn frame(plant: &Plant, view: &StateView, clock: TickClock, people: &People, system: SystemStatus) -> Frame {
    whole_frame(plant, view, clock, &|user| people.name(user), system)
}

fn whole_frame(
    plant: &Plant,
    view: &StateView,
    clock: TickClock,
    name: &dyn Fn(UserId) -> String,
    system: SystemStatus,
) -> Frame {
    let time = |tick: u64| clock.time_ms(tick);
    Frame {
        tick: view.tick,
        time_ms: clock.time_ms(view.tick),
        full: true,
        values: view
            .values
            .iter()
            .zip(&view.qualities)
            .enumerate()
            .map(|(index, (value, quality))| PointValue(PointId(index as u32), *value, *quality))
            .collect(),
        alarms: Some(control::alarm_status(plant, view, &time, &name)),
        interlocks: Some(control::interlock_status(plant, view, &time, &name)),
        batches: Some(control::batch_status(plant, view, &time)),
        forced: Some(control::force_status(plant, view, &time, &name)),
        out_of_service: Some(control::service_status(plant, view, &time, &name)),
        limited: Some(control::limit_status(plant, view)),
        system,
    }
}

fn system(
    plant: &Plant,
    view: &StateView,
    clock: TickClock,
    stats: &ScanStats,
    vitals: &Vitals,
    sessions: u32,
) -> SystemStatus {
    let period_ns = f64::from(plant.period_ms) * 1e6;
    let up = |device: &&model::Device| view.values.get(device.link.index()).is_some_and(|link| *link != 0.0);
    let now = clock::monotonic_ms();
    let late = stats.lateness.percentiles();
    let last = |count: &AtomicU64, tick: &AtomicU64| {
        (count.load(Relaxed) > 0).then(|| clock.time_ms(tick.load(Relaxed)))
    };
    SystemStatus {
        scan_load_percent: stats.scan_ns_mean.load(Relaxed) as f64 / period_ns * 100.0,
        scan_us_max: stats.scan_ns_max.load(Relaxed) as f64 / 1e3,
        overruns: stats.overruns.load(Relaxed),
        late_ticks: stats.late_ticks.load(Relaxed),
        overrun_at_ms: last(&stats.overruns, &stats.overrun_tick),
        late_at_ms: last(&stats.late_ticks, &stats.late_tick),
        late_us_p50: late.p50_us,
        late_us_p99: late.p99_us,
        late_us_max: late.max_us,
        lost: stats.lost.load(Relaxed),
        links_up: plant.io.devices.iter().filter(up).count() as u32,
        links: plant.io.devices.len() as u32,
        link_troubles: vitals
            .links
            .list()
            .into_iter()
            .map(|(device, text)| LinkTrouble { device, text })
            .collect(),
        real_time: vitals.real_time.get().cloned().unwrap_or_default(),
        journal_age_ms: now.saturating_sub(vitals.journal_committed_ms.load(Relaxed)),
        disk_full: vitals.disk_full.get(),
        journal_error: vitals.journal_error.get(),
        audit_error: vitals.audit_error.get(),
        clock_ahead_ms: stats.clock_ahead_ms.load(Relaxed),
        uptime_ms: now.saturating_sub(vitals.started_ms),
        sessions,
    }
}
