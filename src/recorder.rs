//! The recorder: ten times a second the published state becomes history and a frame for the screens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use control::StateView;
use control::plant::Plant;
use historian::{EventStore, Recorder, SampleStore};
use model::wire::{EventRecord, Frame, PointValue, SystemStatus};
use model::PointId;
use tokio::sync::watch;

use crate::clock::{self, TickClock};
use crate::people::People;
use crate::scan_thread::ScanStats;
use crate::wiring;

const PACE: Duration = Duration::from_millis(20);

/// What the system page shows besides the scan's own counters.
#[derive(Debug, Default)]
pub struct Vitals {
    pub real_time: std::sync::OnceLock<String>,
    pub journal_committed_ms: Arc<AtomicI64>,
    pub sessions: AtomicU32,
    pub started_ms: i64,
}

pub struct RecorderThread {
    pub plant: Arc<Plant>,
    pub clock: TickClock,
    pub people: Arc<People>,
    pub views: triple_buffer::Output<StateView>,
    pub samples: SampleStore,
    pub recorder: Recorder,
    pub events: EventStore,
    pub records: Receiver<EventRecord>,
    pub frames: watch::Sender<Arc<Frame>>,
    pub state: watch::Sender<Arc<StateView>>,
    pub stats: Arc<ScanStats>,
    pub vitals: Arc<Vitals>,
    pub retention: historian::Retention,
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
            self.take_events();
            if stopping || committed.elapsed() >= wiring::HISTORY_COMMIT {
                if let Err(error) = self.samples.commit() {
                    self.lost(&error);
                }
                committed = Instant::now();
            }
            if pruned.elapsed() >= Duration::from_secs(600) {
                if let Err(error) = self.samples.enforce(clock::now_ms(), &self.retention) {
                    tracing::error!("old history could not be removed: {error}");
                }
                pruned = Instant::now();
            }
            if stopping {
                if let Err(error) = self.samples.close(clock::now_ms()) {
                    self.lost(&error);
                }
                return;
            }
            std::thread::sleep(PACE);
        }
    }

    fn take_view(&mut self) {
        let view = self.views.output_buffer_mut();
        let time_ms = self.clock.time_ms(view.tick);
        if let Err(error) = self.recorder.offer(&mut self.samples, time_ms, &view.values, &view.qualities) {
            let count = self.stats.lost.fetch_add(1, Relaxed) + 1;
            if count.is_power_of_two() {
                tracing::error!("history could not be written ({count} so far): {error}; free the disk");
            }
        }
        let frame = frame(&self.plant, view, self.clock, &self.people, system(&self.plant, view, &self.stats, &self.vitals));
        self.frames.send_replace(Arc::new(frame));
        self.state.send_replace(Arc::new(view.clone()));
    }

    fn take_events(&mut self) {
        let batch: Vec<EventRecord> = self.records.try_iter().take(wiring::EVENTS_WAITING).collect();
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.events.append_batch(&batch) {
            self.stats.lost.fetch_add(batch.len() as u64, Relaxed);
            tracing::error!("{} events could not be stored: {error}; free the disk", batch.len());
        }
    }

    fn lost(&self, error: &dyn std::fmt::Display) {
        let count = self.stats.lost.fetch_add(1, Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::error!("history could not be made durable ({count} so far): {error}; free the disk");
        }
    }
}

/// The whole plant at one scan, as the API tells it.
pub fn frame(plant: &Plant, view: &StateView, clock: TickClock, people: &People, system: SystemStatus) -> Frame {
    let time = |tick: u64| clock.time_ms(tick);
    let name = |user| people.name(user);
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
        interlocks: Some(control::interlock_status(plant, view, &time)),
        batches: Some(control::batch_status(plant, view, &time)),
        system,
    }
}

fn system(plant: &Plant, view: &StateView, stats: &ScanStats, vitals: &Vitals) -> SystemStatus {
    let period_ns = f64::from(plant.period_ms) * 1e6;
    let up = |device: &&model::Device| view.values.get(device.link.index()).is_some_and(|link| *link != 0.0);
    let now = clock::now_ms();
    SystemStatus {
        scan_load_percent: stats.scan_ns_mean.load(Relaxed) as f64 / period_ns * 100.0,
        scan_us_max: stats.scan_ns_max.load(Relaxed) as f64 / 1e3,
        overruns: stats.overruns.load(Relaxed),
        late_ticks: stats.late_ticks.load(Relaxed),
        lost: stats.lost.load(Relaxed),
        links_up: plant.io.devices.iter().filter(up).count() as u32,
        links: plant.io.devices.len() as u32,
        real_time: vitals.real_time.get().cloned().unwrap_or_default(),
        journal_age_ms: u64::try_from(now - vitals.journal_committed_ms.load(Relaxed)).unwrap_or(0),
        uptime_ms: u64::try_from(now - vitals.started_ms).unwrap_or(0),
        sessions: vitals.sessions.load(Relaxed),
    }
}
