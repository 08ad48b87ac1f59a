//! The task that drives one Modbus device.
//!
//! ```text
//!            connected                   any timeout, transport or protocol error
//!   Waiting ───────────► Polling ──────────────────────────────────────────────────► Waiting
//!      ▲                                                                                │
//!      └─────────────── pause, doubling from 0.25 s to 2 s, for ever ◄──────────────────┘
//! ```
//!
//! After a call that timed out a late answer would be taken for that of the next call, so the
//! connection never outlives an error. An exception is an answer and keeps it: a block that the
//! device refuses is split until only the refused points are left, and those are asked for again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{RegisterFormat, Scaling};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_modbus::client::{Context, tcp};
use tokio_modbus::{Request, Slave};

use super::plan::{self, Span};
use super::reads::Polled;
use super::request::{Lost, call};
use crate::backoff::Backoff;
use crate::bank::{FieldBank, OutputBank};
use crate::health::{Health, LinkState};
use crate::rival::Rival;
use crate::schedule::OutputSchedule;

/// Outputs are looked at this often, or with every poll if that is more often.
const WRITE_PERIOD: Duration = Duration::from_millis(100);
/// A device that is polled seldom is asked for a sign of life in between.
const LIFE_SIGN: Duration = Duration::from_millis(500);

/// One tag's registers.
pub(crate) struct Register {
    pub(crate) tag: String,
    pub(crate) span: Span,
    pub(crate) format: RegisterFormat,
    pub(crate) scaling: Scaling,
    pub(crate) range: Option<(f64, f64)>,
}

pub(crate) struct ModbusClient {
    pub(crate) endpoint: String,
    pub(crate) unit: u8,
    pub(crate) poll: Duration,
    pub(crate) timeout: Duration,
    pub(crate) heartbeat: (Span, RegisterFormat),
    pub(crate) inputs: Vec<Register>,
    pub(crate) outputs: Vec<Register>,
    pub(crate) bank: FieldBank,
    pub(crate) commands: triple_buffer::Output<OutputBank>,
    pub(crate) schedule: OutputSchedule,
    pub(crate) rival: Rival,
    pub(crate) backoff: Backoff,
    pub(crate) health: Arc<Health>,
}

impl ModbusClient {
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.run_for_ever() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        self.bank.lose();
        self.bank.publish();
        self.health.set_state(LinkState::Stopped);
    }

    async fn run_for_ever(&mut self) {
        loop {
            self.health.set_state(LinkState::Connecting);
            let Err(Lost(reason)) = self.connect_and_poll().await;
            self.health.lost(reason);
            self.bank.lose();
            self.bank.publish();
            tokio::time::sleep(self.backoff.pause()).await;
        }
    }

    async fn connect_and_poll(&mut self) -> Result<std::convert::Infallible, Lost> {
        let mut connection = self.connect().await?;
        self.rival.begin();
        let held = self.read_back(&mut connection).await?;
        self.schedule.begin(self.bank.meet(held));
        let spans: Vec<Span> = self.inputs.iter().map(|register| register.span).collect();
        let mut blocks: Vec<Polled> =
            plan::reads(&spans).into_iter().map(|block| Polled { block, refused_until: None }).collect();
        let write_period = self.poll.min(WRITE_PERIOD);
        let (mut next_read, mut next_write) = (Instant::now(), Instant::now());
        let mut answered_at = Instant::now();
        loop {
            let now = Instant::now();
            if now >= next_read {
                self.read_all(&mut connection, &spans, &mut blocks).await?;
                next_read = following(next_read, self.poll, Instant::now());
                answered_at = Instant::now();
            } else if now.duration_since(answered_at) >= LIFE_SIGN {
                self.ask_for_life(&mut connection).await?;
                answered_at = Instant::now();
            }
            if !self.bank.is_up() {
                self.welcome(&mut connection).await?;
            }
            if now >= next_write {
                if self.write_due(&mut connection).await? {
                    answered_at = Instant::now();
                }
                next_write = following(next_write, write_period, Instant::now());
            }
            let wake = next_read.min(next_write).min(answered_at + LIFE_SIGN);
            tokio::time::sleep_until(wake.into()).await;
        }
    }

    async fn connect(&self) -> Result<Context, Lost> {
        let stream = match timeout(self.timeout, TcpStream::connect(&self.endpoint)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Lost(format!("{} cannot be reached: {error}", self.endpoint))),
            Err(_) => return Err(Lost(format!("{} did not answer in {:?}", self.endpoint, self.timeout))),
        };
        stream.set_nodelay(true).map_err(|error| Lost(format!("the connection is already gone: {error}")))?;
        Ok(tcp::attach_slave(stream, Slave(self.unit)))
    }

    /// The first answers have come: once it can be written, the device counts as up.
    async fn welcome(&mut self, connection: &mut Context) -> Result<(), Lost> {
        if self.inputs.is_empty() {
            // Nothing was read yet, so nothing has proved that a Modbus device listens there.
            self.ask_for_life(connection).await?;
        }
        self.yield_to_rival(connection).await?;
        self.probe(connection).await?;
        self.bank.set_up();
        self.bank.publish();
        self.health.connected();
        self.backoff.reset();
        Ok(())
    }

    /// Any answer will do, an exception included.
    async fn ask_for_life(&mut self, connection: &mut Context) -> Result<(), Lost> {
        let (span, _) = self.heartbeat;
        let request = Request::ReadHoldingRegisters(span.start, span.length);
        match call(connection, self.timeout, request).await? {
            Err(refused) if refused.means_absence() => Err(Lost(format!("the gateway answers: {refused}"))),
            _ => Ok(()),
        }
    }
}

/// The next moment of a cycle, skipping those that were missed.
fn following(planned: Instant, period: Duration, now: Instant) -> Instant {
    let next = planned + period;
    if next > now { next } else { now + period }
}
