//! What a controller is made of: its threads, their queues and stores, wired once.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use control::plant::Plant;
use control::{Engine, StateView};
use crossbeam_queue::ArrayQueue;
use historian::journal::{JournalHeader, JournalOptions, JournalWriter};
use miette::{Context as _, IntoDiagnostic as _};
use model::{Event, StateWriter};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, broadcast, watch};

use super::Running;
use crate::audit_trail::AuditTrail;
use crate::audit_trail::heads::HeadEvents;
use crate::backend::Controller;
use crate::changer::{self, Changer};
use crate::clock_watch::ClockWatch;
use crate::data_folder::DataFolder;
use crate::in_force::{CommandQueue, Current};
use crate::journal_thread::{JournalThread, Waiting};
use crate::people::People;
use crate::plant_change::{Change, FieldNames, Look, Visit};
use crate::recorder::{RecorderThread, Store, Vitals};
use crate::resume::Resumed;
use crate::scan_meter::{ScanMeter, ScanStats};
use crate::scan_thread::{Field, JournalItem, Ports, SavedState, ScanThread};
use crate::settings::Settings;
use crate::{clock, real_time, wiring};

/// Everything that is known before the first thread starts.
pub(super) struct Assembly<'a> {
    pub(super) claim: File,
    pub(super) plant: Arc<Plant>,
    pub(super) started_with: [u8; 32],
    pub(super) wiring: Vec<FieldNames>,
    pub(super) resumed: Resumed,
    pub(super) fields: Vec<Field>,
    pub(super) data: &'a DataFolder,
    pub(super) settings: &'a Settings,
}

/// The ends of the scan's queues that others hold.
struct Ends {
    journal: rtrb::Consumer<JournalItem>,
    changed: rtrb::Consumer<Box<Change>>,
    visits: Arc<ArrayQueue<Visit>>,
    looked: Arc<ArrayQueue<Box<Look>>>,
    events: rtrb::Consumer<Event>,
    views: triple_buffer::Output<StateView>,
    snapshots: triple_buffer::Output<SavedState>,
}

impl Assembly<'_> {
    pub(super) fn start(
        mut self,
        runtime: &Runtime,
        bridge: plc_bridge::Bridge,
        listener: TcpListener,
    ) -> miette::Result<Running> {
        let people = self.data.path().join("people");
        let people = Arc::new(
            People::open(&people)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot read {}", people.display()))?,
        );
        let stats = Arc::new(ScanStats::default());
        let vitals = Arc::new(Vitals::new(bridge.troubles(), bridge.limits()));
        let stop_scan = Arc::new(AtomicBool::new(false));
        let stop_rest = Arc::new(AtomicBool::new(false));
        let waiting: Waiting = Arc::default();
        let snapshot_wanted = Arc::new(AtomicBool::new(false));
        let (broadcast, _) = broadcast::channel(wiring::EVENT_BROADCAST);
        let (records, records_end) = sync_channel(wiring::RECORDS_WAITING);
        // What people see before the first scan is what the engine holds: after a resume, the last state.
        let mut first_view = StateView::new(&self.plant);
        self.resumed.engine.publish(&mut first_view);
        let clock = self.resumed.clock;
        let (first, frames, state) = changer::in_force(&self.plant, &first_view, clock, &stats, &vitals, 0);
        let (mut scan, ends) = self.scan_thread(
            first.commands.clone(),
            stats.clone(),
            snapshot_wanted.clone(),
            stop_scan.clone(),
        );
        let current = Current::new(first);
        let began_ms = clock.time_ms(scan.first_tick).max(clock::now_ms());

        // On a full disk the journal and the history come first; the audit log waits in memory for its room.
        let writer = self.journal_writer(&mut scan.engine)?;
        let store = Store::open(&self.plant, self.data, self.settings)?;
        let (samples, event_reader) = (store.samples.reader(), store.events.reader().into_diagnostic()?);
        let audit = AuditTrail::open(self.data, vitals.audit_error.clone()).into_diagnostic()?;
        if let Some(action) = self.resumed.decided {
            audit.decided(action, &self.resumed.note);
        }
        let users = Arc::new(api::Users::open(&self.data.users()).into_diagnostic()?);
        if let Some(password) = users.first_administrator().into_diagnostic()? {
            println!("First start: the administrator is admin, one-time password {password}");
            println!(
                "`catholyte user password admin` gives a lasting one, `catholyte user add` adds people."
            );
            audit.decided("user add admin (administrator)", "done: there was no user yet");
        }
        let journal = JournalThread {
            plant: self.plant.clone(),
            clock,
            people: people.clone(),
            writer,
            items: ends.journal,
            changed: ends.changed,
            events: ends.events,
            snapshots: ends.snapshots,
            waiting: waiting.clone(),
            broadcast: broadcast.clone(),
            records,
            stats: stats.clone(),
            snapshot_wanted,
            committed_ms: vitals.journal_committed_ms.clone(),
            trouble: vitals.journal_error.clone(),
            full: vitals.disk_full.clone(),
            given_up: None,
            decided: self.resumed.decided.map(|_| self.resumed.note.clone()),
            audit_found: audit.found().map(str::to_owned),
            audit_head: HeadEvents::of(audit.head()),
            clock_watch: ClockWatch::default(),
            stop: stop_rest.clone(),
        };
        let recorder = RecorderThread {
            plant: self.plant.clone(),
            clock,
            people: people.clone(),
            views: ends.views,
            store,
            records: records_end,
            current: current.clone(),
            next: None,
            frames,
            state,
            stats: stats.clone(),
            vitals: vitals.clone(),
            stop: stop_rest.clone(),
        };
        let changer = Changer {
            current: current.clone(),
            visits: ends.visits,
            looked: ends.looked,
            wiring: std::mem::take(&mut self.wiring),
            data: self.data.clone(),
            endpoints: self.settings.devices.clone(),
            started_with: self.started_with,
            clock,
            stats,
            vitals: vitals.clone(),
            turn: Mutex::default(),
        };
        let backend = Arc::new(Controller {
            current,
            changer: Arc::new(changer),
            events: broadcast,
            waiting,
            people,
            // Never a number twice, over restarts too, also when the clock was set back between them.
            next_command: AtomicU64::new(u64::try_from(began_ms).unwrap_or(0) << 12),
            samples,
            event_reader,
            audit,
            data: self.data.clone(),
            simulator_turn: Arc::new(Semaphore::new(1)),
        });
        let (shutdown, mut shutdown_end) = watch::channel(false);
        let options = api::Options {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            insecure_listen: self.settings.insecure_listen,
            ..api::Options::default()
        };
        let server = runtime.spawn(api::serve(listener, backend, users, options, async move {
            // An error means that the sender has gone, which is an end as well.
            drop(shutdown_end.wait_for(|stop| *stop).await);
        }));
        // Compilation and resumption lie behind; the scan's thread locks what is left.
        real_time::give_back_memory();
        let rest = vec![spawn("journal", move || journal.run())?, spawn("recorder", move || recorder.run())?];
        let core = self.settings.scan.core;
        let scan = spawn("scan", move || {
            let granted = real_time::enter(core);
            // All this has taken its time; ticks stand for the clock on the wall.
            scan.first_tick = scan.first_tick.max(clock.tick_at(clock::now_ms()));
            tracing::info!("scan: {granted}");
            drop(vitals.real_time.set(granted));
            let stats = scan.ports.stats.clone();
            let last = scan.run();
            let late = stats.lateness.percentiles();
            tracing::info!(
                "scan: the last {} wake-ups were late by {:.1} us (p50), {:.1} us (p99), {:.1} us (most); \
                 late ticks {}, overruns {} since the start",
                late.scans,
                late.p50_us,
                late.p99_us,
                late.max_us,
                stats.late_ticks.load(Relaxed),
                stats.overruns.load(Relaxed),
            );
            last
        })?;
        tracing::info!("listening on http://{}", self.settings.listen);
        Ok(Running { scan, rest, stop_scan, stop_rest, bridge, server, shutdown, _claim: self.claim })
    }

    fn scan_thread(
        &mut self,
        commands: Arc<CommandQueue>,
        stats: Arc<ScanStats>,
        snapshot_wanted: Arc<AtomicBool>,
        stop: Arc<AtomicBool>,
    ) -> (ScanThread, Ends) {
        let (journal, journal_end) = rtrb::RingBuffer::new(wiring::JOURNAL_ITEMS);
        let (events, events_end) = rtrb::RingBuffer::new(wiring::EVENTS_WAITING);
        let (changed, changed_end) = rtrb::RingBuffer::new(1);
        let (visits, looked) = (Arc::new(ArrayQueue::new(1)), Arc::new(ArrayQueue::new(1)));
        // Filled once, so that every copy has room for all of it.
        let mut view = StateView::new(&self.plant);
        self.resumed.engine.publish(&mut view);
        let (views, views_end) = triple_buffer::triple_buffer(&view);
        let saved = SavedState::of(&mut self.resumed.engine);
        let (snapshots, snapshots_end) = triple_buffer::triple_buffer(&saved);
        let clock = self.resumed.clock;
        let taken = self.resumed.taken.max(self.resumed.continues);
        let first_tick = clock.first_tick(taken, clock::now_ms());
        // Until the first scan, what happens happens at its time.
        stats.tick.store(first_tick, Relaxed);
        let snapshot_ms = u64::from(self.settings.journal.snapshot_s.max(1)) * 1000;
        let period = Duration::from_millis(u64::from(self.plant.period_ms));
        let scan = ScanThread {
            engine: std::mem::replace(&mut self.resumed.engine, Engine::new(self.plant.clone())),
            fields: std::mem::take(&mut self.fields),
            ports: Ports {
                commands,
                visits: visits.clone(),
                looked: looked.clone(),
                changed,
                journal,
                events,
                views,
                snapshots,
                stats,
                snapshot_wanted,
                stop,
            },
            meter: ScanMeter::new(&self.plant, period),
            clock,
            wall_ms: clock::now_ms,
            period,
            first_tick,
            snapshot_ticks: snapshot_ms / u64::from(self.plant.period_ms.max(1)),
        };
        let ends = Ends {
            journal: journal_end,
            changed: changed_end,
            visits,
            looked,
            events: events_end,
            views: views_end,
            snapshots: snapshots_end,
        };
        (scan, ends)
    }

    fn journal_writer(&self, engine: &mut Engine) -> miette::Result<JournalWriter> {
        let header = JournalHeader {
            plant_hash: self.plant.hash,
            plant_name: self.plant.name.clone(),
            epoch_ms: self.resumed.clock.epoch_ms,
            period_ms: self.plant.period_ms,
            continues: self.resumed.continues,
        };
        let journal = &self.settings.journal;
        let options = JournalOptions {
            keep_bytes: journal.keep_mb << 20,
            room_bytes: journal.reserve_mb << 20,
            ..JournalOptions::default()
        };
        let mut writer = JournalWriter::create(&self.data.journal(), header, options).into_diagnostic()?;
        let files: Vec<(&str, &str)> =
            self.plant.sources.iter().map(|source| (source.path.as_str(), source.text.as_str())).collect();
        writer.store_plant(self.plant.hash, &files).into_diagnostic()?;
        if let Some(tick) = self.resumed.anchor {
            let mut state = StateWriter::default();
            engine.save(&mut state);
            writer.snapshot(tick, &state.0).into_diagnostic()?;
        } else if let Some(tick) = self.resumed.continues {
            // The journal leads here anyway; with the state itself it also does when what lies before is damaged.
            let mut state = StateWriter::default();
            engine.save(&mut state);
            if let Err(error) = writer.snapshot(tick, &state.0) {
                tracing::warn!("no snapshot of the state that this start goes on from: {error}");
            }
        }
        Ok(writer)
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> miette::Result<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).spawn(body).into_diagnostic()
}
