//! The client's writing half: the heartbeat first, then the outputs that are due.

use std::time::Instant;

use model::{ModbusTable, RegisterFormat};
use tokio_modbus::client::Context;
use tokio_modbus::{Request, Response};

use super::client::{ModbusClient, Register};
use super::plan::{self, Block, Span};
use super::request::{Lost, call, write, write_coils, write_registers};
use crate::rival;
use crate::schedule::{Due, Expected, refusing};
use crate::signal::{self, Words};

impl ModbusClient {
    /// Writes the heartbeat back as it stands: can the device be driven? No link is up before it has taken that.
    pub(super) async fn probe(&mut self, connection: &mut Context) -> Result<(), Lost> {
        let (span, _) = self.heartbeat;
        let words = match self.read_heartbeat(connection).await? {
            Some(words) => words,
            // It can perhaps be written only. Any value but its own would be a heartbeat before the scan has one, so
            // it is tried only where no other way leads back.
            None if !self.schedule.is_refused() => return Ok(()),
            None => vec![0; usize::from(span.length)],
        };
        match write(connection, self.timeout, write_registers(span.start, &words)).await? {
            Ok(()) => {
                self.schedule.probe_was_accepted();
                Ok(())
            }
            Err(refused) => {
                let reason = refusing(&refused);
                self.schedule.heartbeat_was_refused(reason.clone(), Instant::now());
                Err(Lost(reason))
            }
        }
    }

    /// `None` when the device does not tell it.
    async fn read_heartbeat(&self, connection: &mut Context) -> Result<Option<Vec<u16>>, Lost> {
        let (span, _) = self.heartbeat;
        let request = Request::ReadHoldingRegisters(span.start, span.length);
        match call(connection, self.timeout, request).await? {
            Ok(Response::ReadHoldingRegisters(words)) if words.len() == usize::from(span.length) => {
                Ok(Some(words))
            }
            Ok(_) => Err(Lost("an answer belongs to another request".to_owned())),
            Err(_) => Ok(None),
        }
    }

    /// Who comes new to a device that another controller drives leaves it alone.
    pub(super) async fn yield_to_rival(&mut self, connection: &mut Context) -> Result<(), Lost> {
        let mut watch = self.rival.first_watch(Instant::now());
        while let Some(pause) = watch.pause() {
            tokio::time::sleep(pause).await;
            let Some(words) = self.read_heartbeat(connection).await? else { return Ok(()) };
            let is_blank = words.iter().all(|word| *word == 0);
            if watch.moves(words, is_blank) {
                return Err(Lost(rival::driven(self.health.name())));
            }
        }
        Ok(())
    }

    /// Reads the heartbeat before the next one is written: it has to be the last.
    async fn look_for_rival(&mut self, connection: &mut Context) -> Result<(), Lost> {
        if !self.rival.is_due(Instant::now()) {
            return Ok(());
        }
        let held = self.read_heartbeat(connection).await?;
        let length = usize::from(self.heartbeat.0.length);
        let shown = |heartbeat| heartbeat_words(heartbeat)[2 - length..].to_vec();
        if self.rival.found(held.as_ref(), shown, Instant::now()) {
            self.bank.set_contested(self.rival.is_certain());
            self.bank.publish();
            self.health.set_contested(self.rival.is_certain());
        }
        Ok(())
    }

    /// The outputs are where the meeting found them, or where the device has taken them since.
    fn still_holds(&self, held: &[Option<f64>]) -> bool {
        held.iter().zip(&self.outputs).enumerate().all(|(point, (held, output))| {
            match self.schedule.expected(point) {
                Expected::AsMet => *held == self.bank.met(point),
                Expected::Accepted(value) => output.held(value).is_none_or(|value| *held == Some(value)),
                Expected::Anything => true,
            }
        })
    }

    /// True when something was written.
    pub(super) async fn write_due(&mut self, connection: &mut Context) -> Result<bool, Lost> {
        self.commands.update();
        let bank = self.commands.output_buffer_mut();
        let now = Instant::now();
        let Some(due) = self.schedule.due(bank, now) else { return Ok(false) };
        if let Some(reason) = self.schedule.silence(now) {
            return Err(Lost(reason));
        }
        if let Some(heartbeat) = due.heartbeat {
            self.look_for_rival(connection).await?;
            if !self.write_heartbeat(connection, heartbeat).await? {
                return Ok(true);
            }
        }
        if !self.schedule.is_confirmed() {
            let held = self.read_back(connection).await?;
            if !self.still_holds(&held) {
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
        let words = heartbeat_words(heartbeat);
        let words = &words[words.len() - usize::from(span.length)..];
        self.rival.writes(heartbeat, Instant::now());
        match write(connection, self.timeout, write_registers(span.start, words)).await? {
            Ok(()) => {
                self.health.count_write();
                self.schedule.heartbeat_was_sent(heartbeat, Instant::now());
                Ok(true)
            }
            Err(refused) => {
                let text = refusing(&refused);
                let lasts = self.schedule.heartbeat_was_refused(text.clone(), Instant::now());
                if lasts || refused.means_absence() {
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
        match write(connection, self.timeout, request).await? {
            Ok(()) => {
                self.health.count_write();
                for point in &block.points {
                    self.schedule.was_sent(*point, values[*point]);
                }
                Ok(true)
            }
            Err(refused) => {
                let tag = block.points.first().map_or("?", |point| &self.outputs[*point].tag);
                let text = format!("{tag}: the device refuses the write: {refused}");
                if refused.means_absence() {
                    return Err(Lost(text));
                }
                self.health.count_refusal(text);
                if let [point] = block.points[..] {
                    self.schedule.was_refused(point, values[point], Instant::now());
                }
                Ok(false)
            }
        }
    }
}

/// High word first; a register alone has the low one.
fn heartbeat_words(heartbeat: u32) -> [u16; 2] {
    [(heartbeat >> 16) as u16, heartbeat as u16]
}

impl Register {
    fn words(&self, value: f64) -> Option<Words> {
        if self.span.table == ModbusTable::Coil {
            return signal::to_registers(RegisterFormat::Bit, self.scaling, value);
        }
        signal::to_registers(self.format, self.scaling, value)
    }

    /// What is read back of an output that has taken this command.
    fn held(&self, value: f64) -> Option<f64> {
        let words = self.words(value)?;
        let words = words.as_slice();
        if self.span.table == ModbusTable::Coil {
            return signal::from_bit(self.scaling, *words.first()? != 0).value;
        }
        signal::from_registers(self.format, self.scaling, words).value
    }
}
