//! What the API asks of the running controller, answered from its queues and stores.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use api::{AuditRecord, Backend, EventQuery, HistoryError, HistoryQuery, InForce, Who};
use control::plant::Plant;
use historian::{Column, EventReader, HistorianError, SampleReader};
use model::wire::{
    CommandReply, CommandRequest, EventRecord, HistoryReply, HistorySample, PlantChange, PlantPlan,
    SimulatorStatus, TimeRequest, Why, WhyLine,
};
use model::{Command, Refusal};
use tokio::sync::{Semaphore, broadcast, oneshot};

use crate::audit_trail::AuditTrail;
use crate::changer::{Applied, Changer};
use crate::clock;
use crate::data_folder::DataFolder;
use crate::disk_trouble;
use crate::in_force::{Current, PlantInForce};
use crate::journal_thread::{Asker, Waiting};
use crate::people::People;
use crate::trainer;
use crate::wiring;

pub struct Controller {
    pub current: Current,
    pub changer: Arc<Changer>,
    pub events: broadcast::Sender<EventRecord>,
    pub waiting: Waiting,
    pub people: Arc<People>,
    pub next_command: AtomicU64,
    pub samples: SampleReader,
    pub event_reader: EventReader,
    pub audit: AuditTrail,
    /// A simulator of the plant may run on it,
    pub data: DataFolder,
    /// which one request at a time may ask.
    pub simulator_turn: Arc<Semaphore>,
}

impl Controller {
    /// Not done, and why: an answer without a scan.
    fn refuse(&self, message: &str) -> CommandReply {
        let tick = self.current.get().api.frames.borrow().tick;
        CommandReply {
            accepted: false,
            message: message.to_owned(),
            tick,
            time_ms: clock::now_ms(),
            unrecorded: false,
        }
    }

    /// Whoever reads the plant after the answer finds what the command did. The frame follows within a tenth of a
    /// second; a plant that was exchanged meanwhile has its own.
    async fn shown(in_force: &PlantInForce, tick: u64) {
        let mut frames = in_force.api.frames.clone();
        let shown = frames.wait_for(|frame| frame.tick >= tick);
        drop(tokio::time::timeout(wiring::SHOWN_TIMEOUT, shown).await);
    }

    /// The simulator answers one request at a time, and may take long: whoever comes meanwhile is told so.
    async fn ask_simulator(&self, line: String) -> Result<String, String> {
        let Ok(turn) = self.simulator_turn.clone().try_acquire_owned() else {
            return Err("the simulator is busy with another request; try again".to_owned());
        };
        let data = self.data.clone();
        let ask = move || {
            let _turn = turn;
            trainer::ask(&data, &line)
        };
        tokio::task::spawn_blocking(ask).await.unwrap_or_else(|error| Err(error.to_string()))
    }

    async fn submit(&self, who: &Who, request: &CommandRequest) -> CommandReply {
        let user = match self.people.id(&who.user) {
            Ok(user) => user,
            Err(error) => {
                return self.refuse(&format!("the list of people cannot be written: {error}; free the disk"));
            }
        };
        let in_force = self.current.get();
        if in_force.api.plant.hash != request.plant {
            return self.refuse("the plant has changed, and nothing was done; look before you try again");
        }
        let id = self.next_command.fetch_add(1, Relaxed);
        let (sender, receiver) = oneshot::channel();
        let asker = Asker { reply: sender, reason: request.reason.trim().to_owned() };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, asker);
        let command = Command { id, user, action: request.action };
        if !in_force.commands.push(command, &self.waiting) {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            return self.refuse(Refusal::TooMany.text());
        }
        match tokio::time::timeout(wiring::COMMAND_TIMEOUT, receiver).await {
            Ok(Ok(reply)) => {
                if reply.accepted {
                    Self::shown(&in_force, reply.tick).await;
                }
                reply
            }
            _ => {
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                self.refuse("the scan has not answered in time: look at the value before you try again")
            }
        }
    }
}

impl Backend for Controller {
    fn in_force(&self) -> Arc<InForce> {
        self.current.get().api.clone()
    }

    fn events(&self) -> broadcast::Receiver<EventRecord> {
        self.events.subscribe()
    }

    async fn execute(&self, who: Who, request: CommandRequest) -> CommandReply {
        let reply = self.submit(&who, &request).await;
        self.audit.done(&who, &request.reason, &reply);
        reply
    }

    async fn event_log(&self, query: EventQuery) -> Result<Vec<EventRecord>, String> {
        let store = self.event_reader.clone();
        let read = move || store.query(query.from_ms, query.to_ms, query.tag.as_deref(), &[], query.max);
        match tokio::task::spawn_blocking(read).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn history(&self, query: HistoryQuery) -> Result<HistoryReply, HistoryError> {
        let (samples, plant) = (self.samples.clone(), self.current.get().plant.clone());
        let read = move || read_history(&samples, &plant, &query);
        match tokio::task::spawn_blocking(read).await {
            Ok(result) => result,
            Err(error) => Err(HistoryError::Failed(error.to_string())),
        }
    }

    fn why(&self, name: &str) -> Option<Why> {
        let in_force = self.current.get();
        let state = in_force.state.borrow();
        let mut why = control::why(&in_force.plant, &state, name)?;
        why.lines.extend(link_trouble(&in_force.plant, name, &self.changer.vitals.links.list()));
        Some(why)
    }

    async fn plan(&self, change: PlantChange) -> Result<PlantPlan, String> {
        let changer = self.changer.clone();
        match tokio::task::spawn_blocking(move || changer.plan(&change)).await {
            Ok(planned) => planned,
            Err(error) => Err(error.to_string()),
        }
    }

    async fn apply(&self, who: Who, change: PlantChange) -> CommandReply {
        let (changer, user, reason) = (self.changer.clone(), who.user.clone(), change.reason.clone());
        let applied = tokio::task::spawn_blocking(move || changer.apply(&change, &user)).await;
        let mut plants = None;
        let reply = match applied.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(Applied { tick, note: message, from, to, what }) => {
                plants = Some((from, format!("{to}: {what}")));
                let time_ms = self.changer.clock.time_ms(tick);
                let trouble = self.changer.vitals.journal_error.get();
                let unrecorded = trouble.is_some();
                let message =
                    trouble.map_or_else(|| message.clone(), |why| disk_trouble::unrecorded(&message, &why));
                CommandReply { accepted: true, message, tick, time_ms, unrecorded }
            }
            Err(message) => self.refuse(&format!("plant not changed: {message}")),
        };
        self.audit.changed(&who, &reason, &reply, plants);
        reply
    }

    async fn simulator(&self) -> Result<SimulatorStatus, String> {
        trainer::status(&self.ask_simulator(trainer::STATE.to_owned()).await?)
    }

    async fn move_time(&self, who: Who, request: TimeRequest) -> CommandReply {
        let told = match trainer::request(&request.order) {
            Ok(line) => self.ask_simulator(line.clone()).await.map_err(|why| format!("sim {line}: {why}")),
            Err(why) => Err(why),
        };
        let reply = match told {
            Ok(told) => CommandReply { accepted: true, ..self.refuse(told.trim_end()) },
            Err(why) => self.refuse(&why),
        };
        self.audit.done(&who, &request.reason, &reply);
        reply
    }

    fn audit(&self, record: AuditRecord) {
        self.audit.tried(record);
    }
}

fn read_history(
    samples: &SampleReader,
    plant: &Plant,
    query: &HistoryQuery,
) -> Result<HistoryReply, HistoryError> {
    let point = plant.find_point(&query.point).map(|point| plant.point(point));
    let point = point.ok_or(HistoryError::NotRecorded)?;
    let fail = |error: HistorianError| match error {
        HistorianError::UnknownPoint { .. } => HistoryError::NotRecorded,
        other => HistoryError::Failed(other.to_string()),
    };
    let reply = |samples, gaps: &[historian::Gap]| HistoryReply {
        point: point.name.clone(),
        unit: point.unit,
        samples,
        gaps: gaps.iter().map(|gap| (gap.from_ms, gap.to_ms)).collect(),
    };
    if let Some(columns) = query.columns {
        let found =
            samples.query_columns(&point.name, query.from_ms, query.to_ms, columns as usize).map_err(fail)?;
        return Ok(reply(found.columns.iter().filter_map(column).collect(), &found.gaps));
    }
    let found =
        samples.query_raw(&point.name, query.from_ms, query.to_ms, query.max_samples + 1).map_err(fail)?;
    if found.samples.len() > query.max_samples {
        return Err(HistoryError::TooMany { max: query.max_samples });
    }
    let raw = found.samples.iter().map(|sample| HistorySample {
        time_ms: sample.time_ms,
        value: sample.value,
        min: sample.value,
        max: sample.value,
        quality: sample.quality,
    });
    Ok(reply(raw.collect(), &found.gaps))
}

/// What the System page says of a link: the scan knows that it is down, the bridge knows why.
fn link_trouble(plant: &Plant, name: &str, troubles: &[(String, String)]) -> Option<WhyLine> {
    let point = plant.find_point(name)?;
    let device = plant.io.devices.iter().find(|device| device.link == point)?;
    let (_, trouble) = troubles.iter().find(|(name, _)| *name == device.name)?;
    Some(WhyLine::words(1, trouble.as_str()))
}

fn column(column: &Column) -> Option<HistorySample> {
    (column.min.is_finite() && column.max.is_finite() && column.mean.is_finite()).then_some(HistorySample {
        time_ms: column.start_ms,
        value: column.mean,
        min: column.min,
        max: column.max,
        quality: column.quality,
    })
}

#[cfg(test)]
mod tests {
    use super::link_trouble;

    #[test]
    fn a_link_is_explained_in_the_words_that_the_system_page_has_for_it() {
        let plant = crate::check::compile_named(None).unwrap();
        let (device, other) = (&plant.io.devices[0], &plant.io.devices[1]);
        let troubles = [(device.name.clone(), "connection refused".to_owned())];
        let link = |device: &model::Device| plant.point(device.link).name.clone();
        let line = link_trouble(&plant, &link(device), &troubles).unwrap();
        assert_eq!(line.text(), "connection refused");
        assert!(link_trouble(&plant, &link(other), &troubles).is_none());
        assert!(link_trouble(&plant, "TT-311", &troubles).is_none());
    }
}
