//! `POST /plan` and `POST /apply`: looks at a change, prepares it, and hands it to the scan.
//!
//! All of it blocks and allocates, on a thread of its own; the scan only copies.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use control::plant::Plant;
use control::{Engine, Migration, StateView, Transfer};
use crossbeam_queue::ArrayQueue;
use historian::journal::store_plant;
use model::wire::{PlantChange, PlantPlan};
use model::{Severity, Source, StateWriter};
use tokio::sync::watch;

use crate::check::hex;
use crate::clock::TickClock;
use crate::data_folder::DataFolder;
use crate::in_force::{CommandQueue, Current, PlantInForce};
use crate::plant_change::{Change, FieldNames, Look, NewPlant, Visit, rewiring};
use crate::recorder::{self, Vitals};
use crate::scan_meter::{Readings, ScanStats};
use crate::scan_thread::SavedState;
use crate::{plan, settings, take_over, wiring};

pub struct Changer {
    pub current: Current,
    pub visits: Arc<ArrayQueue<Visit>>,
    pub looked: Arc<ArrayQueue<Box<Look>>>,
    /// The bridge's wiring, which no change touches.
    pub wiring: Vec<FieldNames>,
    pub data: DataFolder,
    pub endpoints: BTreeMap<String, String>,
    /// Hash of the folder's plant with which the controller was started.
    pub started_with: [u8; 32],
    pub clock: TickClock,
    pub stats: Arc<ScanStats>,
    pub vitals: Arc<Vitals>,
    /// One change at a time.
    pub turn: Mutex<()>,
}

/// A change that has been made.
pub struct Applied {
    /// After this scan.
    pub tick: u64,
    /// What was done, in one line.
    pub note: String,
    /// The hashes of both plants.
    pub from: String,
    pub to: String,
    /// Every difference.
    pub what: String,
}

/// A change that has been looked at from the state of this moment.
struct Planned {
    old: Arc<PlantInForce>,
    new: Arc<Plant>,
    engine: Engine,
    migration: Migration,
    impossible: Vec<String>,
}

impl Changer {
    pub fn plan(&self, change: &PlantChange) -> Result<PlantPlan, String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = self.look_at(change)?;
        Ok(PlantPlan {
            from: hex(&planned.old.plant.hash),
            to: hex(&planned.new.hash),
            text: plan::text(&planned.migration.plan),
            obstacles: planned.migration.reasons(),
            impossible: planned.impossible,
        })
    }

    /// Puts the plant in force.
    pub fn apply(&self, change: &PlantChange, user: &str) -> Result<Applied, String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = self.look_at(change)?;
        let (from, to) = (hex(&planned.old.plant.hash), hex(&planned.new.hash));
        if change.from != from || change.to != to {
            return Err(format!(
                "planned was {} to {}, and now it would be {} to {}: look at the plan again",
                short(&change.from),
                short(&change.to),
                short(&from),
                short(&to)
            ));
        }
        if !planned.impossible.is_empty() {
            return Err(format!(
                "a controller that runs cannot take this over: {}; stop it and go on with `catholyte run --apply`",
                planned.impossible.join("; ")
            ));
        }
        let reasons = planned.migration.reasons();
        if !reasons.is_empty() && !change.force {
            return Err(format!(
                "not bumpless: {}; change it in steps, or insist with --force",
                reasons.join("; ")
            ));
        }
        let what = if change.files.is_some() { "applied" } else { "brought back" };
        let forced = if reasons.is_empty() {
            String::new()
        } else {
            format!("; forced against: {}", reasons.join("; "))
        };
        let changes = planned.migration.plan.changes.len();
        let note = format!("plant {} {what}: {changes} changes{forced}", short(&to));
        let what = plan::line(&planned.migration.plan);
        let tick = self.hand_over(planned, change.force, user, &note)?;
        Ok(Applied { tick, note, from, to, what })
    }

    /// Compiles the other plant and tries the change on a copy of the running engine.
    fn look_at(&self, change: &PlantChange) -> Result<Planned, String> {
        let old = self.current.get();
        let mut new = match &change.files {
            Some(files) => {
                let source = |file: &model::wire::PlantFile| Source {
                    path: file.path.clone(),
                    text: file.text.clone(),
                };
                compile(&files.iter().map(source).collect::<Vec<_>>())?
            }
            None => take_over::previous_plant(&self.data.journal(), Some(old.plant.hash))
                .map_err(|error| error.to_string())?,
        };
        settings::override_endpoints(&mut new.io.devices, &self.endpoints)?;
        if new.hash == old.plant.hash {
            return Err(format!("plant {} is in force already", short(&hex(&new.hash))));
        }
        let new = Arc::new(new);
        let engine = self.copy_of_the_engine(&old.plant)?;
        let (_, migration) = engine.migrate(&new).map_err(|error| error.to_string())?;
        let impossible = rewiring(&old.plant, &new);
        Ok(Planned { old, new, engine, migration, impossible })
    }

    /// The engine as it stands between two scans.
    fn copy_of_the_engine(&self, plant: &Arc<Plant>) -> Result<Engine, String> {
        while self.looked.pop().is_some() {}
        let mut engine = Engine::new(plant.clone());
        let look = Look { state: room_for(&mut engine), hash: plant.hash };
        self.visit(Visit::Look(Box::new(look)))?;
        let deadline = Instant::now() + wiring::CHANGE_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(look) = self.looked.pop() {
                engine.restore(&look.state.0).map_err(|error| error.to_string())?;
                return Ok(engine);
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.take_back();
        Err("the scan does not answer, or still waits for the field: try again when it runs".to_owned())
    }

    fn hand_over(&self, planned: Planned, force: bool, user: &str, note: &str) -> Result<u64, String> {
        let Planned { old, new, mut engine, .. } = planned;
        let mut transfer = Transfer::between(&old.plant, &new).map_err(|error| error.to_string())?;
        transfer.make_room(&mut engine);
        let points: Option<Vec<_>> = self.wiring.iter().map(|names| names.points(&new)).collect();
        let points = points.ok_or("a tag of the bridge is not in the new plant")?;
        // Before the scan turns to it: a journal without its plant's text could not be replayed.
        let files: Vec<(&str, &str)> =
            new.sources.iter().map(|source| (source.path.as_str(), source.text.as_str())).collect();
        let unwritten = |error: &dyn std::fmt::Display| format!("the data folder cannot be written: {error}");
        store_plant(&self.data.journal(), new.hash, &files).map_err(|error| unwritten(&error))?;
        take_over::note_in_force(&self.data, self.started_with, new.hash)
            .map_err(|error| unwritten(&error))?;

        let mut fresh = Engine::new(new.clone());
        let (state, room) = (room_for(&mut fresh), room_for(&mut fresh));
        let (snapshots, snapshots_end) = triple_buffer::triple_buffer(&SavedState::of(&mut fresh));
        // A view that was filled once keeps its room in every copy.
        let mut view = StateView::new(&new);
        fresh.publish(&mut view);
        let (views, views_end) = triple_buffer::triple_buffer(&view);
        let (answer, answered) = sync_channel(1);
        let (next, commands) = self.new_plant(&old, &new, views_end, answer);
        let change = Change {
            transfer,
            engine: fresh,
            points,
            readings: Readings::of(&new),
            commands,
            views,
            snapshots,
            room,
            state,
            tick: 0,
            force,
            done: false,
            snapshots_end,
            next,
            note: note.to_owned(),
            user: user.to_owned(),
        };
        self.visit(Visit::Change(Box::new(change)))?;
        match answered.recv_timeout(wiring::CHANGE_TIMEOUT) {
            Ok(answer) => answer,
            Err(_) if self.take_back() => Err("the scan does not answer; nothing was changed".to_owned()),
            Err(_) => {
                Err("no answer in time: look at which plant is in force before you try again".to_owned())
            }
        }
    }

    fn new_plant(
        &self,
        old: &PlantInForce,
        new: &Arc<Plant>,
        views: triple_buffer::Output<StateView>,
        answer: std::sync::mpsc::SyncSender<Result<u64, String>>,
    ) -> (NewPlant, Arc<CommandQueue>) {
        let (next, frames, state) =
            in_force(new, &StateView::new(new), self.clock, &self.stats, &self.vitals, old.api.changes + 1);
        let commands = next.commands.clone();
        (NewPlant { in_force: next, views, frames, state, tick: 0, answer }, commands)
    }

    fn visit(&self, visit: Visit) -> Result<(), String> {
        self.visits
            .push(visit)
            .map_err(|_| "the scan has not taken the visit before this one; try again".to_owned())
    }

    /// True when the scan had not taken it.
    fn take_back(&self) -> bool {
        self.visits.pop().is_some()
    }
}

type Channels = (Arc<PlantInForce>, watch::Sender<Arc<model::wire::Frame>>, watch::Sender<Arc<StateView>>);

/// A plant with all that is of it, and the ends that the recorder feeds.
pub fn in_force(
    plant: &Arc<Plant>,
    view: &StateView,
    clock: TickClock,
    stats: &ScanStats,
    vitals: &Vitals,
    changes: u64,
) -> Channels {
    let first = recorder::first_frame(plant, view, clock, stats, vitals);
    let (frames, frames_end) = watch::channel(Arc::new(first));
    let (state, state_end) = watch::channel(Arc::new(view.clone()));
    let described = Arc::new(control::plant_view(plant));
    let api = Arc::new(api::InForce { plant: described, frames: frames_end, changes });
    let commands = Arc::new(CommandQueue::new());
    let in_force = PlantInForce { plant: plant.clone(), api, state: state_end, commands };
    (Arc::new(in_force), frames, state)
}

/// A writer that the whole state of the engine fits into without an allocation.
fn room_for(engine: &mut Engine) -> StateWriter {
    let mut writer = StateWriter::default();
    engine.save(&mut writer);
    writer.0.clear();
    writer
}

fn compile(sources: &[Source]) -> Result<Plant, String> {
    control::compile(sources).map(|compiled| compiled.plant).map_err(|findings| {
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let first = errors.next().map_or("", |finding| finding.message.as_str());
        format!("the plant does not compile: {first}, and {} more; see `catholyte check`", errors.count())
    })
}

fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}
