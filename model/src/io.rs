//! The field as the plant folder declares it: devices, and where each tag lives in them.
//!
//! The compiled plant hands this list to the bridge (client half) and to the simulator (server
//! half), so both sides of a wire agree by construction.

use alloc::{string::String, vec::Vec};

use crate::{DeviceId, PointId};

#[derive(Clone, Debug, PartialEq, Default)]
pub struct IoMap {
    pub devices: Vec<Device>,
    pub points: Vec<IoPoint>,
}

/// One PLC, and how to reach it.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    pub name: String,
    pub description: String,
    pub protocol: Protocol,
    /// The image point that is 1 while the device answers.
    pub link: PointId,
    /// Where the controller counts up, so that the PLC knows it lives.
    pub heartbeat: Address,
    /// The PLC drives its outputs to their fail positions when the heartbeat stands still so long.
    pub watchdog_ms: u32,
    pub poll_ms: u32,
    pub timeout_ms: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// `endpoint` is `host:port`.
    ModbusTcp { endpoint: String, unit_id: u8 },
    /// `endpoint` is an `opc.tcp://` address.
    OpcUa { endpoint: String, namespace: String },
}

#[derive(Clone, Debug, PartialEq)]
pub struct IoPoint {
    pub point: PointId,
    pub tag: String,
    pub device: DeviceId,
    pub direction: Direction,
    pub address: Address,
    pub scaling: Scaling,
    /// What the instrument can show, low and high in the tag's unit, of an input whose number carries its own
    /// unit: a reading outside is held against NAMUR NE 43. `None` where nothing is checked: outputs,
    /// switches, integers (their raw range says it), and tags that say `range_check = false`.
    pub range: Option<(f64, f64)>,
    /// Where the PLC drives an output when its watchdog fires, in the tag's unit.
    pub fail_value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Field to image.
    Input,
    /// Image to field.
    Output,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Address {
    Modbus {
        table: ModbusTable,
        register: u16,
        format: RegisterFormat,
    },
    /// The string identifier of the node in the device's namespace; a Boolean node for switches.
    OpcUa {
        node: String,
        boolean: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModbusTable {
    Coil,
    DiscreteInput,
    InputRegister,
    HoldingRegister,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterFormat {
    Bit,
    U16,
    I16,
    U32,
    /// IEEE 754 single in two registers, most significant word first.
    F32,
}

impl RegisterFormat {
    pub const fn registers(self) -> u16 {
        match self {
            Self::Bit | Self::U16 | Self::I16 => 1,
            Self::U32 | Self::F32 => 2,
        }
    }
}

/// Linear scaling between what the wire carries and the tag's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    pub raw_low: f64,
    pub raw_high: f64,
    pub low: f64,
    pub high: f64,
}

/// Further outside its range than this share of its span a reading is bad, and nearer it is uncertain: -4864 and 32511
/// of 27648 are the ends of a Siemens module's under- and over-range, for NAMUR NE 43.
pub const RANGE_BAND: f64 = 0.176;

/// From this many counts on, a raw range is an analogue module's and is supervised.
pub const SUPERVISED_COUNTS: f64 = 1000.0;

impl Scaling {
    /// The wire carries the tag's own unit.
    pub const IDENTITY: Self = Self { raw_low: 0.0, raw_high: 1.0, low: 0.0, high: 1.0 };

    pub fn to_unit(self, raw: f64) -> f64 {
        self.low + (raw - self.raw_low) * (self.high - self.low) / (self.raw_high - self.raw_low)
    }

    pub fn to_raw(self, value: f64) -> f64 {
        self.raw_low + (value - self.low) * (self.raw_high - self.raw_low) / (self.high - self.low)
    }
}
