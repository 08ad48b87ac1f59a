//! The register tables of a soft PLC, laid over its memory.
//!
//! A table reaches from 0 to its highest mapped address. Gaps inside read as zero, as in a PLC's
//! data block; reading past the end, and writing anything but a whole output or the heartbeat, is an
//! illegal address. A write is applied whole or not at all.

use model::{Device, Direction, IoPoint, ModbusTable, RegisterFormat, Scaling};

use super::pdu::{Answer, Exception, Request};
use super::plan;
use crate::address;
use crate::memory::{PlcMemory, Refusal};
use crate::signal;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Empty,
    Point { index: usize, word: usize },
    Heartbeat { word: usize },
}

struct MappedPoint {
    direction: Direction,
    format: RegisterFormat,
    scaling: Scaling,
    length: usize,
}

pub(crate) struct RegisterMap {
    tables: [Vec<Slot>; 4],
    points: Vec<MappedPoint>,
    heartbeat_length: usize,
}

impl RegisterMap {
    /// Expects addresses that [`address::check`] has passed.
    pub(crate) fn new(device: &Device, points: &[IoPoint]) -> Self {
        let mut map = Self { tables: Default::default(), points: Vec::new(), heartbeat_length: 0 };
        if let Some((span, _)) = address::span(&device.heartbeat) {
            map.heartbeat_length = usize::from(span.length);
            map.lay(span, |word| Slot::Heartbeat { word });
        }
        for (index, point) in points.iter().enumerate() {
            let mut format = RegisterFormat::Bit;
            let mut length = 0;
            if let Some((span, of)) = address::span(&point.address) {
                map.lay(span, |word| Slot::Point { index, word });
                (format, length) = (of, usize::from(span.length));
            }
            let (direction, scaling) = (point.direction, point.scaling);
            map.points.push(MappedPoint { direction, format, scaling, length });
        }
        map
    }

    fn lay(&mut self, span: plan::Span, slot: impl Fn(usize) -> Slot) {
        let table = &mut self.tables[table_index(span.table)];
        let start = usize::from(span.start);
        let end = start + usize::from(span.length);
        if table.len() < end {
            table.resize(end, Slot::Empty);
        }
        for (word, cell) in table[start..end].iter_mut().enumerate() {
            *cell = slot(word);
        }
    }

    pub(crate) fn serve(&self, request: Request, memory: &PlcMemory) -> Result<Answer, Exception> {
        match request {
            Request::Read { table, start, count } if plan::is_bits(table) => {
                self.read_bits(table, start, count, memory).map(Answer::Bits)
            }
            Request::Read { table, start, count } => {
                self.read_registers(table, start, count, memory).map(Answer::Registers)
            }
            Request::WriteCoils { start, coils } => self.write_coils(start, &coils, memory),
            Request::WriteRegisters { start, words } => self.write_registers(start, &words, memory),
            Request::ReadWrite { start, count, write_start, words } => {
                self.cells(ModbusTable::HoldingRegister, start, count)?;
                self.write_registers(write_start, &words, memory)?;
                self.read_registers(ModbusTable::HoldingRegister, start, count, memory).map(Answer::Registers)
            }
        }
    }

    fn cells(&self, table: ModbusTable, start: u16, count: u16) -> Result<&[Slot], Exception> {
        let start = usize::from(start);
        let cells = self.tables[table_index(table)].get(start..start + usize::from(count));
        cells.ok_or(Exception::IllegalDataAddress)
    }

    fn read_bits(
        &self,
        table: ModbusTable,
        start: u16,
        count: u16,
        memory: &PlcMemory,
    ) -> Result<Vec<bool>, Exception> {
        let cells = self.cells(table, start, count)?;
        let bit = |slot: &Slot, values: &[f64]| match slot {
            Slot::Point { index, .. } => {
                signal::to_bit(self.points[*index].scaling, values[*index]).unwrap_or(false)
            }
            Slot::Empty | Slot::Heartbeat { .. } => false,
        };
        Ok(memory.look(|values, _, _| cells.iter().map(|slot| bit(slot, values)).collect()))
    }

    fn read_registers(
        &self,
        table: ModbusTable,
        start: u16,
        count: u16,
        memory: &PlcMemory,
    ) -> Result<Vec<u16>, Exception> {
        let cells = self.cells(table, start, count)?;
        Ok(memory.look(|values, qualities, heartbeat| {
            let register = |slot: &Slot| match *slot {
                Slot::Empty => 0,
                Slot::Heartbeat { word } if word + 1 == self.heartbeat_length => heartbeat as u16,
                Slot::Heartbeat { .. } => (heartbeat >> 16) as u16,
                Slot::Point { index, word } => {
                    let point = &self.points[index];
                    let (value, quality) = (values[index], qualities[index]);
                    signal::measurement_to_registers(point.format, point.scaling, value, quality)
                        .and_then(|words| words.as_slice().get(word).copied())
                        .unwrap_or(0)
                }
            };
            cells.iter().map(register).collect()
        }))
    }

    fn write_coils(&self, start: u16, coils: &[bool], memory: &PlcMemory) -> Result<Answer, Exception> {
        let cells = self.cells(ModbusTable::Coil, start, coils.len() as u16)?;
        let mut outputs = Vec::with_capacity(coils.len());
        for (slot, coil) in cells.iter().zip(coils) {
            let Slot::Point { index, .. } = *slot else { return Err(Exception::IllegalDataAddress) };
            let point = &self.points[index];
            if point.direction != Direction::Output {
                return Err(Exception::IllegalDataAddress);
            }
            let value = signal::from_bit(point.scaling, *coil).value;
            outputs.push((index, value.ok_or(Exception::IllegalDataValue)?));
        }
        memory.command(None, &outputs).map_err(exception)?;
        Ok(Answer::Written)
    }

    fn write_registers(&self, start: u16, words: &[u16], memory: &PlcMemory) -> Result<Answer, Exception> {
        let cells = self.cells(ModbusTable::HoldingRegister, start, words.len() as u16)?;
        let (mut heartbeat, mut outputs, mut at) = (None, Vec::new(), 0);
        while let Some(slot) = cells.get(at) {
            let length = match *slot {
                Slot::Heartbeat { word: 0 } => self.heartbeat_length,
                Slot::Point { index, word: 0 } => self.points[index].length,
                // A gap, or the middle of a value.
                _ => return Err(Exception::IllegalDataAddress),
            };
            let value = words.get(at..at + length).ok_or(Exception::IllegalDataAddress)?;
            if let Slot::Point { index, .. } = *slot {
                let point = &self.points[index];
                if point.direction != Direction::Output {
                    return Err(Exception::IllegalDataAddress);
                }
                let reading = signal::from_registers(point.format, point.scaling, value);
                outputs.push((index, reading.value.ok_or(Exception::IllegalDataValue)?));
            } else {
                heartbeat = Some(value.iter().fold(0, |joined, word| joined << 16 | u32::from(*word)));
            }
            at += length;
        }
        memory.command(heartbeat, &outputs).map_err(exception)?;
        Ok(Answer::Written)
    }
}

fn table_index(table: ModbusTable) -> usize {
    match table {
        ModbusTable::Coil => 0,
        ModbusTable::DiscreteInput => 1,
        ModbusTable::InputRegister => 2,
        ModbusTable::HoldingRegister => 3,
    }
}

fn exception(refusal: Refusal) -> Exception {
    match refusal {
        Refusal::WatchdogHasFired => Exception::ServerDeviceBusy,
        Refusal::WriteProtected | Refusal::Stopped => Exception::ServerDeviceFailure,
    }
}
