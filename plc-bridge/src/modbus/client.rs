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

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ModbusTable, Quality, RegisterFormat, Scaling};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_modbus::client::{Client as _, Context, tcp};
use tokio_modbus::{ExceptionCode, Request, Response, Slave};

use super::plan::{self, Block, Span};
use crate::backoff::Backoff;
use crate::bank::{FieldBank, OutputBank};
use crate::health::{Health, LinkState};
use crate::range;
use crate::schedule::{Due, OutputSchedule, REFUSING};
use crate::signal::{self, Reading, Words};

/// Outputs are looked at this often, or with every poll if that is more often.
const WRITE_PERIOD: Duration = Duration::from_millis(100);
/// A device that is polled seldom is asked for a sign of life in between.
const LIFE_SIGN: Duration = Duration::from_millis(500);
/// A point that the device refuses is asked for again after so long.
const RETRY_REFUSED: Duration = Duration::from_secs(1);

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
    pub(crate) backoff: Backoff,
    pub(crate) health: Arc<Health>,
}

/// Why a connection ended.
struct Lost(String);

/// The device's "no", which leaves the connection usable.
#[derive(Clone, Copy)]
struct Refused(ExceptionCode);

/// A read block and when it may be asked for, if the device has refused it.
struct Polled {
    block: Block,
    refused_until: Option<Instant>,
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

    /// The first answers have come: from here on the device counts as up.
    async fn welcome(&mut self, connection: &mut Context) -> Result<(), Lost> {
        if self.inputs.is_empty() {
            // Nothing was read yet, so nothing has proved that a Modbus device listens there.
            self.ask_for_life(connection).await?;
        }
        if self.schedule.is_refused() {
            self.probe(connection).await?;
        }
        self.bank.set_up();
        self.bank.publish();
        self.health.connected();
        self.backoff.reset();
        Ok(())
    }

    /// Writes the heartbeat back as it stands, to a device that refused it: is that still so?
    async fn probe(&mut self, connection: &mut Context) -> Result<(), Lost> {
        let (span, _) = self.heartbeat;
        let request = Request::ReadHoldingRegisters(span.start, span.length);
        let words = match call(connection, self.timeout, request).await? {
            Ok(Response::ReadHoldingRegisters(words)) if words.len() == usize::from(span.length) => words,
            Ok(_) => return Err(Lost("an answer belongs to another request".to_owned())),
            // It can perhaps be written only. Its outputs are none the less looked at before one is written.
            Err(_) => vec![0; usize::from(span.length)],
        };
        match call(connection, self.timeout, write_registers(span.start, &words)).await? {
            Ok(_) => {
                self.schedule.probe_was_accepted();
                Ok(())
            }
            Err(refused) => Err(Lost(format!("{REFUSING} ({})", refused.0))),
        }
    }

    /// Asks what the outputs are, before anything is written.
    async fn read_back(&mut self, connection: &mut Context) -> Result<Vec<Option<f64>>, Lost> {
        let spans: Vec<Span> = self.outputs.iter().map(|register| register.span).collect();
        let mut held = vec![None; spans.len()];
        let mut blocks = plan::reads(&spans);
        while let Some(block) = blocks.pop() {
            match read(connection, self.timeout, &block).await? {
                Ok(response) => {
                    for point in &block.points {
                        let reading = reading(&self.outputs[*point], spans[*point], &block, &response)?;
                        held[*point] = reading.value.filter(|_| reading.quality.is_usable());
                    }
                }
                // One output that cannot be read must not hide the others.
                Err(refused) if refused.names_an_address() => {
                    blocks
                        .extend(block.split(&spans).map(|(left, right)| [left, right]).into_iter().flatten());
                }
                Err(_) => {}
            }
        }
        Ok(held)
    }

    /// Reads every block once, splitting those that the device refuses.
    async fn read_all(
        &mut self,
        connection: &mut Context,
        spans: &[Span],
        blocks: &mut Vec<Polled>,
    ) -> Result<(), Lost> {
        let started = Instant::now();
        let mut index = 0;
        while let Some(polled) = blocks.get_mut(index) {
            if polled.refused_until.is_some_and(|until| started < until) {
                index += 1;
                continue;
            }
            match read(connection, self.timeout, &polled.block).await? {
                Ok(response) => {
                    polled.refused_until = None;
                    self.health.count_reads(1);
                    self.take(&blocks[index].block, spans, &response)?;
                    index += 1;
                }
                Err(refused) => match polled.block.split(spans) {
                    Some((left, right)) if refused.names_an_address() => {
                        let halves = [left, right].map(|block| Polled { block, refused_until: None });
                        blocks.splice(index..=index, halves);
                    }
                    _ => {
                        polled.refused_until = Some(Instant::now() + RETRY_REFUSED);
                        self.refuse(&blocks[index].block, refused)?;
                        index += 1;
                    }
                },
            }
        }
        self.health.set_refused_inputs(self.bank.refused());
        self.health.set_round_trip(started.elapsed());
        if self.bank.is_up() {
            self.bank.publish();
        }
        Ok(())
    }

    fn take(&mut self, block: &Block, spans: &[Span], response: &Response) -> Result<(), Lost> {
        for point in &block.points {
            let reading = reading(&self.inputs[*point], spans[*point], block, response)?;
            self.bank.set(*point, reading);
        }
        Ok(())
    }

    /// The device is there and will not give these points.
    fn refuse(&mut self, block: &Block, refused: Refused) -> Result<(), Lost> {
        let tag = block.points.first().map_or("?", |point| &self.inputs[*point].tag);
        let text =
            format!("{tag}: the device refuses {} {}: {}", table_text(block.table), block.start, refused.0);
        if refused.means_absence() {
            return Err(Lost(text));
        }
        for point in &block.points {
            self.bank.set(*point, Reading::without_value(Quality::BadDeviceFailure));
        }
        self.health.count_error(text);
        Ok(())
    }

    /// Any answer will do, an exception included.
    async fn ask_for_life(&mut self, connection: &mut Context) -> Result<(), Lost> {
        let (span, _) = self.heartbeat;
        let request = Request::ReadHoldingRegisters(span.start, span.length);
        match call(connection, self.timeout, request).await? {
            Err(refused) if refused.means_absence() => {
                Err(Lost(format!("the gateway answers: {}", refused.0)))
            }
            _ => Ok(()),
        }
    }

    /// True when something was written.
    async fn write_due(&mut self, connection: &mut Context) -> Result<bool, Lost> {
        self.commands.update();
        let bank = self.commands.output_buffer_mut();
        let now = Instant::now();
        let Some(due) = self.schedule.due(bank, now) else { return Ok(false) };
        if let Some(reason) = self.schedule.silence(now) {
            return Err(Lost(reason.to_owned()));
        }
        if let Some(heartbeat) = due.heartbeat
            && !self.write_heartbeat(connection, heartbeat).await?
        {
            return Ok(true);
        }
        if !self.schedule.is_confirmed() {
            let held = self.read_back(connection).await?;
            if !self.bank.still_holds(&held) {
                self.schedule.begin(self.bank.meet(held));
                self.bank.publish();
                return Ok(true);
            }
            self.schedule.confirm();
        }
        if due.has_outputs() {
            self.write_outputs(connection, &due).await?;
        }
        let refused = self.bank.set_refused_outputs(self.schedule.refused_outputs(Instant::now()));
        self.health.set_refused_outputs(refused);
        Ok(true)
    }

    /// False when the device refuses it: then no output may go out either.
    async fn write_heartbeat(&mut self, connection: &mut Context, heartbeat: u32) -> Result<bool, Lost> {
        let (span, _) = self.heartbeat;
        let words = [(heartbeat >> 16) as u16, heartbeat as u16];
        let words = &words[words.len() - usize::from(span.length)..];
        match call(connection, self.timeout, write_registers(span.start, words)).await? {
            Ok(_) => {
                self.health.count_write();
                self.schedule.heartbeat_was_sent(heartbeat, Instant::now());
                Ok(true)
            }
            Err(refused) => {
                let text = format!("{REFUSING} ({})", refused.0);
                if refused.means_absence() || self.schedule.heartbeat_was_refused(Instant::now()) {
                    return Err(Lost(text));
                }
                self.health.count_error(text);
                Ok(false)
            }
        }
    }

    async fn write_outputs(&mut self, connection: &mut Context, due: &Due) -> Result<(), Lost> {
        let values = self.commands.output_buffer_mut().values.clone();
        let words: Vec<Option<Words>> =
            self.outputs.iter().zip(&values).map(|(output, value)| output.words(*value)).collect();
        // A command that is no number is never written: the device keeps the last one.
        let writable: Vec<bool> =
            due.outputs.iter().zip(&words).map(|(is_due, words)| *is_due && words.is_some()).collect();
        for (output, words) in self
            .outputs
            .iter()
            .zip(&words)
            .zip(&due.outputs)
            .filter(|(_, is_due)| **is_due)
            .map(|(pair, _)| pair)
        {
            if words.is_none() {
                self.health.count_error(format!(
                    "{}: the command is no number, the device keeps the last",
                    output.tag
                ));
            }
        }
        let known: Vec<usize> = (0..self.outputs.len()).filter(|point| words[*point].is_some()).collect();
        let spans: Vec<Span> = known.iter().map(|point| self.outputs[*point].span).collect();
        let flags: Vec<bool> = known.iter().map(|point| writable[*point]).collect();
        for mut block in plan::writes(&spans, &flags) {
            block.points = block.points.iter().map(|index| known[*index]).collect();
            if self.write_block(connection, &block, &words, &values).await? || block.points.len() == 1 {
                continue;
            }
            // The refusal may be about one of them: each gets its own chance.
            for point in &block.points {
                let span = self.outputs[*point].span;
                let single = Block { start: span.start, count: span.length, points: vec![*point], ..block };
                self.write_block(connection, &single, &words, &values).await?;
            }
        }
        Ok(())
    }

    async fn write_block(
        &mut self,
        connection: &mut Context,
        block: &Block,
        words: &[Option<Words>],
        values: &[f64],
    ) -> Result<bool, Lost> {
        let carried = block.points.iter().filter_map(|point| words[*point]);
        let data: Vec<u16> = carried.flat_map(|words| words.as_slice().to_vec()).collect();
        let request = match block.table {
            ModbusTable::Coil => write_coils(block.start, &data),
            _ => write_registers(block.start, &data),
        };
        match call(connection, self.timeout, request).await? {
            Ok(_) => {
                self.health.count_write();
                for point in &block.points {
                    self.schedule.was_sent(*point, values[*point]);
                }
                Ok(true)
            }
            Err(refused) => {
                let tag = block.points.first().map_or("?", |point| &self.outputs[*point].tag);
                let text = format!("{tag}: the device refuses the write: {}", refused.0);
                if refused.means_absence() {
                    return Err(Lost(text));
                }
                self.health.count_error(text);
                if let [point] = block.points[..] {
                    self.schedule.was_refused(point, values[point], Instant::now());
                }
                Ok(false)
            }
        }
    }
}

impl Register {
    fn words(&self, value: f64) -> Option<Words> {
        if self.span.table == ModbusTable::Coil {
            return signal::to_registers(RegisterFormat::Bit, self.scaling, value);
        }
        signal::to_registers(self.format, self.scaling, value)
    }
}

impl Refused {
    /// The device itself does not answer its gateway: as good as gone.
    fn means_absence(self) -> bool {
        matches!(self.0, ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice)
    }

    /// A smaller block may be welcome.
    fn names_an_address(self) -> bool {
        matches!(self.0, ExceptionCode::IllegalDataAddress | ExceptionCode::IllegalDataValue)
    }
}

async fn read(
    connection: &mut Context,
    limit: Duration,
    block: &Block,
) -> Result<Result<Response, Refused>, Lost> {
    let (start, count) = (block.start, block.count);
    let request = match block.table {
        ModbusTable::Coil => Request::ReadCoils(start, count),
        ModbusTable::DiscreteInput => Request::ReadDiscreteInputs(start, count),
        ModbusTable::InputRegister => Request::ReadInputRegisters(start, count),
        ModbusTable::HoldingRegister => Request::ReadHoldingRegisters(start, count),
    };
    call(connection, limit, request).await
}

fn write_registers(start: u16, words: &[u16]) -> Request<'_> {
    match words {
        [word] => Request::WriteSingleRegister(start, *word),
        _ => Request::WriteMultipleRegisters(start, Cow::Borrowed(words)),
    }
}

fn write_coils(start: u16, words: &[u16]) -> Request<'static> {
    match words {
        [word] => Request::WriteSingleCoil(start, *word != 0),
        _ => Request::WriteMultipleCoils(start, words.iter().map(|word| *word != 0).collect()),
    }
}

/// The crate's typed readers assert on what the peer sends; `call` does not.
async fn call(
    connection: &mut Context,
    limit: Duration,
    request: Request<'_>,
) -> Result<Result<Response, Refused>, Lost> {
    match timeout(limit, connection.call(request)).await {
        Ok(Ok(answer)) => Ok(answer.map_err(Refused)),
        Ok(Err(error)) => Err(Lost(format!("the connection broke: {error}"))),
        Err(_) => Err(Lost(format!("no answer in {limit:?}"))),
    }
}

/// What one tag's registers say, out of the answer to a block that holds them.
fn reading(register: &Register, span: Span, block: &Block, response: &Response) -> Result<Reading, Lost> {
    let short = || Lost(format!("an answer to {} registers was too short", block.count));
    let at = usize::from(span.start - block.start);
    match response {
        Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits) => {
            Ok(signal::from_bit(register.scaling, *bits.get(at).ok_or_else(short)?))
        }
        Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words) => {
            let words = words.get(at..at + usize::from(span.length)).ok_or_else(short)?;
            Ok(range::check(signal::from_registers(register.format, register.scaling, words), register.range))
        }
        _ => Err(Lost("an answer belongs to another request".to_owned())),
    }
}

/// The next moment of a cycle, skipping those that were missed.
fn following(planned: Instant, period: Duration, now: Instant) -> Instant {
    let next = planned + period;
    if next > now { next } else { now + period }
}

fn table_text(table: ModbusTable) -> &'static str {
    match table {
        ModbusTable::Coil => "coil",
        ModbusTable::DiscreteInput => "discrete input",
        ModbusTable::InputRegister => "input register",
        ModbusTable::HoldingRegister => "holding register",
    }
}
