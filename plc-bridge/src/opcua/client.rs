//! The task that drives one OPC UA device.
//!
//! ```text
//!            session, namespace, subscription            loss, time-out, silence
//!   Waiting ─────────────────────────────────► Listening ───────────────────────► Waiting
//!      ▲                                                                             │
//!      └──────────── pause, doubling from 0.25 s to 2 s, for ever ◄──────────────────┘
//! ```
//!
//! Every connection starts from nothing: new channel, new session, new subscription. A dead server
//! shows as a broken connection; a frozen one by a read of its state that is not answered, four times
//! per second; and a subscription that died alone by the publish answers that stop coming.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Quality;
use opcua::types::{NodeId, StatusCode, Variant};
use tokio::sync::watch;

use super::connect::{Access, Connection};
use super::session::{Calls, Inbox, Node};
use super::value::{self, Kind};
use crate::backoff::Backoff;
use crate::bank::{FieldBank, OutputBank};
use crate::health::{Health, LinkState};
use crate::options::OpcUaClientOptions;
use crate::rival::{self, Rival};
use crate::schedule::{Due, Expected, OutputSchedule, refusing};
use crate::signal::{self, Reading};

const WRITE_PERIOD: Duration = Duration::from_millis(100);
/// How often the server is asked whether it lives.
const LIFE_PERIOD: Duration = Duration::from_millis(250);
/// Setting up a thousand items takes some servers longer than any call afterwards.
const SETUP_TIMEOUT: Duration = Duration::from_secs(5);
/// An input that the server refuses is asked for again after so long.
const RETRY_REFUSED: Duration = Duration::from_secs(5);

pub(crate) struct OpcUaClient {
    pub(crate) endpoint: String,
    pub(crate) namespace: String,
    pub(crate) timeout: Duration,
    pub(crate) options: OpcUaClientOptions,
    pub(crate) heartbeat: String,
    pub(crate) inputs: Arc<Vec<Node>>,
    pub(crate) outputs: Vec<Node>,
    pub(crate) bank: FieldBank,
    pub(crate) commands: triple_buffer::Output<OutputBank>,
    pub(crate) schedule: OutputSchedule,
    pub(crate) rival: Rival,
    pub(crate) backoff: Backoff,
    pub(crate) health: Arc<Health>,
}

/// What a connection has learnt about the server.
struct Learnt {
    calls: Calls,
    namespace: u16,
    subscription: u32,
    longest_silence: Duration,
    inbox: Arc<Inbox>,
    refused: Vec<usize>,
    retry_at: Instant,
    heartbeat: (NodeId, Kind),
    outputs: Vec<(NodeId, Kind)>,
}

impl Learnt {
    /// `None` when the server does not tell it.
    async fn read_heartbeat(&self) -> Result<Option<Variant>, String> {
        let held = self.calls.values(std::slice::from_ref(&self.heartbeat.0)).await?.into_iter().next();
        Ok(held.and_then(|data| data.value).filter(|value| *value != Variant::Empty))
    }
}

impl OpcUaClient {
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let access = match Access::new(&self.endpoint, self.timeout, &self.options) {
            Ok(access) => access,
            Err(reason) => {
                self.health.count_error(format!("the OPC UA client cannot start: {reason}"));
                self.lose(LinkState::Stopped);
                return;
            }
        };
        while !*stop.borrow() {
            self.health.set_state(LinkState::Connecting);
            let Some(reason) = self.one_connection(&access, &mut stop).await else { break };
            self.health.lost(reason);
            self.lose(LinkState::Down);
            let pause = self.backoff.pause();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        self.lose(LinkState::Stopped);
    }

    fn lose(&mut self, state: LinkState) {
        self.bank.lose();
        self.bank.publish();
        self.health.set_state(state);
    }

    /// Why the connection ended; `None` when it was told to.
    async fn one_connection(&mut self, access: &Access, stop: &mut watch::Receiver<bool>) -> Option<String> {
        let connected = tokio::select! {
            connected = access.connect() => connected,
            _ = stop.wait_for(|stop| *stop) => return None,
        };
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(reason) => return Some(reason),
        };
        let ended = tokio::select! {
            reason = self.listen(&mut connection) => Some(reason),
            _ = stop.wait_for(|stop| *stop) => None,
        };
        connection.close(self.timeout.min(Duration::from_millis(300))).await;
        ended
    }

    async fn listen(&mut self, connection: &mut Connection) -> String {
        let mut learnt = match self.learn(connection).await {
            Ok(learnt) => learnt,
            Err(reason) => return reason,
        };
        self.rival.begin();
        if let Err(reason) = self.yield_to_rival(&learnt).await {
            return reason;
        }
        if let Err(reason) = self.probe(&learnt).await {
            return reason;
        }
        self.bank.set_up();
        self.bank.publish();
        self.health.connected();
        self.backoff.reset();
        let (mut next_write, mut next_life) = (Instant::now(), Instant::now());
        loop {
            let wake = next_write.min(next_life);
            tokio::select! {
                reason = connection.ended() => return reason,
                () = learnt.inbox.news() => {
                    if let Err(reason) = self.take_news(&learnt) { return reason; }
                    continue;
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            if Instant::now() >= next_write {
                if let Err(reason) = self.write_due(&learnt).await {
                    return reason;
                }
                next_write = Instant::now() + WRITE_PERIOD;
            }
            if Instant::now() >= next_life {
                if let Err(reason) = self.check_life(connection, &mut learnt).await {
                    return reason;
                }
                next_life = Instant::now() + LIFE_PERIOD;
            }
        }
    }

    async fn learn(&mut self, connection: &mut Connection) -> Result<Learnt, String> {
        let mut calls = Calls { session: connection.session.clone(), limit: SETUP_TIMEOUT };
        let namespace = calls.namespace(&self.namespace).await?;
        let id = |node: &str| NodeId::new(namespace, node.to_owned());
        let mut wanted: Vec<NodeId> = self.outputs.iter().map(|output| id(&output.node)).collect();
        wanted.push(id(&self.heartbeat));
        let mut kinds = calls.kinds(&wanted).await?;
        let heartbeat_kind = kinds.pop().flatten().unwrap_or(Kind::UInt32);
        let usual = |output: &Node| if output.boolean { Kind::Boolean } else { Kind::Double };
        let outputs = self.outputs.iter().zip(&kinds);
        let outputs = outputs.map(|(output, kind)| (id(&output.node), kind.unwrap_or_else(|| usual(output))));
        let held = self.read_back(&calls, &wanted[..self.outputs.len()]).await?;
        self.schedule.begin(self.bank.meet(held));
        let inbox = Inbox::new(self.inputs.len());
        let publishing = self.options.publishing;
        let (subscription, refused) = calls.subscribe(namespace, &self.inputs, &inbox, publishing).await?;
        calls.limit = self.timeout;
        Ok(Learnt {
            longest_silence: calls.longest_silence(subscription),
            outputs: outputs.collect(),
            heartbeat: (id(&self.heartbeat), heartbeat_kind),
            refused: self.note_refused(refused),
            retry_at: Instant::now() + RETRY_REFUSED,
            calls,
            namespace,
            subscription,
            inbox,
        })
    }

    /// Writes the heartbeat back as it stands: can the device be driven? No link is up before it has taken that.
    async fn probe(&mut self, learnt: &Learnt) -> Result<(), String> {
        let (node, kind) = &learnt.heartbeat;
        let held = learnt.read_heartbeat().await?;
        // One that has none yet, or can be written only: any value would be a heartbeat before the scan has one, so
        // it is tried only where no other way leads back.
        if held.is_none() && !self.schedule.is_refused() {
            return Ok(());
        }
        let value = held.unwrap_or_else(|| kind.wrapping(0));
        let codes = learnt.calls.write(vec![(node.clone(), value)]).await?;
        if let Err(reason) = accepted(&codes) {
            self.schedule.heartbeat_was_refused(reason.clone(), Instant::now());
            return Err(reason);
        }
        self.schedule.probe_was_accepted();
        Ok(())
    }

    /// Who comes new to a device that another controller drives leaves it alone.
    async fn yield_to_rival(&mut self, learnt: &Learnt) -> Result<(), String> {
        let mut watch = self.rival.first_watch(Instant::now());
        while let Some(pause) = watch.pause() {
            tokio::time::sleep(pause).await;
            let held = learnt.read_heartbeat().await?.and_then(|held| value::heartbeat(&held));
            let Some(held) = held else { return Ok(()) };
            if watch.moves(held, held == 0.0) {
                return Err(rival::driven(self.health.name()));
            }
        }
        Ok(())
    }

    /// Reads the heartbeat before the next one is written: it has to be the last.
    async fn look_for_rival(&mut self, learnt: &Learnt) -> Result<(), String> {
        if !self.rival.is_due(Instant::now()) {
            return Ok(());
        }
        let kind = learnt.heartbeat.1;
        let held = learnt.read_heartbeat().await?.and_then(|held| value::heartbeat(&held));
        let shown = |count| value::heartbeat(&kind.wrapping(count)).unwrap_or_default();
        if self.rival.found(held.as_ref(), shown, Instant::now()) {
            self.bank.set_contested(self.rival.is_certain());
            self.bank.publish();
            self.health.set_contested(self.rival.is_certain());
        }
        Ok(())
    }

    /// The outputs are where the meeting found them, or where the device has taken them since.
    fn still_holds(&self, learnt: &Learnt, held: &[Option<f64>]) -> bool {
        held.iter().enumerate().all(|(point, held)| match self.schedule.expected(point) {
            Expected::AsMet => *held == self.bank.met(point),
            Expected::Accepted(value) => {
                let output = &self.outputs[point];
                let kind = &learnt.outputs[point].1;
                let raw = signal::to_number(output.scaling, value).map(|raw| kind.variant(raw));
                let taken = raw.and_then(|raw| value::reading(&raw.into(), output).value);
                taken.is_none_or(|taken| *held == Some(taken))
            }
            Expected::Anything => true,
        })
    }

    /// Asks what the outputs are, before anything is written.
    async fn read_back(&self, calls: &Calls, outputs: &[NodeId]) -> Result<Vec<Option<f64>>, String> {
        let held = calls.values(outputs).await?;
        let readings = self.outputs.iter().zip(&held);
        let readings = readings.map(|(node, data)| value::reading(data, node));
        Ok(readings.map(|reading| reading.value.filter(|_| reading.quality.is_usable())).collect())
    }

    fn note_refused(&mut self, refused: Vec<(usize, StatusCode)>) -> Vec<usize> {
        for (input, code) in &refused {
            self.bank.set(*input, Reading::without_value(Quality::BadDeviceFailure));
            self.health
                .count_error(format!("{}: the server refuses to tell it: {code}", self.inputs[*input].tag));
        }
        self.health.set_refused_inputs(self.bank.refused());
        refused.into_iter().map(|(input, _)| input).collect()
    }

    fn take_news(&mut self, learnt: &Learnt) -> Result<(), String> {
        let (bank, health, inputs) = (&mut self.bank, &self.health, &self.inputs);
        let received = learnt.inbox.take(|input, reading| {
            if bank.set(input, reading) {
                health.count_error(format!("{}: the server gives no value", inputs[input].tag));
            }
        })?;
        self.health.count_reads(received);
        self.health.set_refused_inputs(self.bank.refused());
        self.bank.publish();
        Ok(())
    }

    async fn check_life(&mut self, connection: &mut Connection, learnt: &mut Learnt) -> Result<(), String> {
        let started = Instant::now();
        learnt.calls.life_sign().await?;
        self.health.set_round_trip(started.elapsed());
        let silent = connection.published_at.borrow().elapsed();
        if silent > learnt.longest_silence {
            return Err(format!("the subscription has been silent for {silent:.1?}"));
        }
        if !learnt.refused.is_empty() && Instant::now() >= learnt.retry_at {
            let wanted = std::mem::take(&mut learnt.refused);
            let again = learnt.calls.monitor(
                learnt.subscription,
                learnt.namespace,
                &self.inputs,
                &wanted,
                self.options.publishing,
            );
            learnt.refused = self.note_refused(again.await?);
            learnt.retry_at = Instant::now() + RETRY_REFUSED;
        }
        // A bank that moves tells the scan that this task lives, even when no value changes.
        self.bank.publish();
        Ok(())
    }

    async fn write_due(&mut self, learnt: &Learnt) -> Result<(), String> {
        self.commands.update();
        let bank = self.commands.output_buffer_mut();
        let now = Instant::now();
        let Some(due) = self.schedule.due(bank, now) else { return Ok(()) };
        if let Some(reason) = self.schedule.silence(now) {
            return Err(reason);
        }
        let values = bank.values.clone();
        if let Some(heartbeat) = due.heartbeat {
            self.look_for_rival(learnt).await?;
            if !self.write_heartbeat(learnt, heartbeat).await? {
                return Ok(());
            }
        }
        if !self.schedule.is_confirmed() {
            let outputs: Vec<NodeId> = learnt.outputs.iter().map(|(id, _)| id.clone()).collect();
            let held = self.read_back(&learnt.calls, &outputs).await?;
            if !self.still_holds(learnt, &held) {
                self.schedule.begin(self.bank.meet(held));
                self.bank.publish();
                return Ok(());
            }
            self.schedule.confirm();
        }
        if due.has_outputs() {
            self.write_outputs(learnt, &due, &values).await?;
        }
        let refused = self.bank.set_refused_outputs(self.schedule.refused_outputs(Instant::now()));
        self.health.set_refused_outputs(refused);
        Ok(())
    }

    /// False when the server refuses it: then no output may go out either.
    async fn write_heartbeat(&mut self, learnt: &Learnt, heartbeat: u32) -> Result<bool, String> {
        let (node, kind) = &learnt.heartbeat;
        self.rival.writes(heartbeat, Instant::now());
        let codes = learnt.calls.write(vec![(node.clone(), kind.wrapping(heartbeat))]).await?;
        let now = Instant::now();
        let Err(text) = accepted(&codes) else {
            self.health.count_write();
            self.schedule.heartbeat_was_sent(heartbeat, now);
            return Ok(true);
        };
        if self.schedule.heartbeat_was_refused(text.clone(), now) {
            return Err(text);
        }
        self.health.count_error(text);
        Ok(false)
    }

    async fn write_outputs(&mut self, learnt: &Learnt, due: &Due, values: &[f64]) -> Result<(), String> {
        let mut chosen = Vec::new();
        let mut writes = Vec::new();
        for (output, value) in values.iter().enumerate().filter(|(output, _)| due.outputs[*output]) {
            let (node, kind) = &learnt.outputs[output];
            match signal::to_number(self.outputs[output].scaling, *value) {
                Some(raw) => {
                    chosen.push(output);
                    writes.push((node.clone(), kind.variant(raw)));
                }
                None => {
                    let tag = &self.outputs[output].tag;
                    self.health
                        .count_error(format!("{tag}: the command is no number, the device keeps the last"));
                    self.schedule.was_sent(output, *value);
                }
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        let codes = learnt.calls.write(writes).await?;
        self.health.count_write();
        for (output, code) in chosen.into_iter().zip(codes) {
            if code.is_good() {
                self.schedule.was_sent(output, values[output]);
            } else {
                let tag = &self.outputs[output].tag;
                self.health.count_refusal(format!("{tag}: the device refuses the write: {code}"));
                self.schedule.was_refused(output, values[output], Instant::now());
            }
        }
        Ok(())
    }
}

/// What a server says to a write of the heartbeat; an answer without a code is none.
fn accepted(codes: &[StatusCode]) -> Result<(), String> {
    match codes.first() {
        Some(code) if code.is_good() => Ok(()),
        Some(code) => Err(refusing(code)),
        None => Err(refusing(&"no answer to the write")),
    }
}
