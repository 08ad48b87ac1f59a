//! The client's reading half: inputs in blocks, outputs when a connection begins.

use std::time::{Duration, Instant};

use model::{ModbusTable, Quality};
use tokio_modbus::Response;
use tokio_modbus::client::Context;

use super::client::{ModbusClient, Register};
use super::plan::{self, Block, Span};
use super::request::{Lost, Refused, read};
use crate::range;
use crate::signal::{self, Reading};

/// A point that the device refuses is asked for again after so long.
const RETRY_REFUSED: Duration = Duration::from_secs(1);

/// A read block and when it may be asked for, if the device has refused it.
pub(super) struct Polled {
    pub(super) block: Block,
    pub(super) refused_until: Option<Instant>,
}

impl ModbusClient {
    /// Asks what the outputs are, before anything is written.
    pub(super) async fn read_back(&mut self, connection: &mut Context) -> Result<Vec<Option<f64>>, Lost> {
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
    pub(super) async fn read_all(
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
            format!("{tag}: the device refuses {} {}: {}", table_text(block.table), block.start, refused);
        if refused.means_absence() {
            return Err(Lost(text));
        }
        for point in &block.points {
            self.bank.set(*point, Reading::without_value(Quality::BadDeviceFailure));
        }
        self.health.count_error(text);
        Ok(())
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

fn table_text(table: ModbusTable) -> &'static str {
    match table {
        ModbusTable::Coil => "coil",
        ModbusTable::DiscreteInput => "discrete input",
        ModbusTable::InputRegister => "input register",
        ModbusTable::HoldingRegister => "holding register",
    }
}
