//! The small field that both examples and the peers in `interop/` agree on.

use model::{
    Address, Device, DeviceId, Direction, IoPoint, ModbusTable, PointId, Protocol, RegisterFormat, Scaling,
};

pub(crate) const NAMESPACE: &str = "urn:catholyte:interop";
pub(crate) const WATCHDOG_MS: u32 = 1500;
const PERCENT: Scaling = Scaling { raw_low: 0.0, raw_high: 27648.0, low: 0.0, high: 100.0 };

/// Tag, direction, table, register, format, fail value.
type Row = (&'static str, Direction, ModbusTable, u16, RegisterFormat, f64);

const ROWS: [Row; 7] = [
    ("LT-101", Direction::Input, ModbusTable::InputRegister, 0, RegisterFormat::I16, 0.0),
    ("FV-101", Direction::Output, ModbusTable::HoldingRegister, 10, RegisterFormat::I16, 100.0),
    ("P-101.running", Direction::Input, ModbusTable::DiscreteInput, 3, RegisterFormat::Bit, 0.0),
    ("P-101.start", Direction::Output, ModbusTable::Coil, 5, RegisterFormat::Bit, 0.0),
    ("PT-101", Direction::Input, ModbusTable::InputRegister, 8, RegisterFormat::F32, 0.0),
    ("SC-101", Direction::Output, ModbusTable::HoldingRegister, 11, RegisterFormat::F32, 0.0),
    ("FQ-101", Direction::Input, ModbusTable::InputRegister, 40, RegisterFormat::U32, 0.0),
];

fn is_modbus(protocol: &Protocol) -> bool {
    matches!(protocol, Protocol::ModbusTcp { .. })
}

fn address(
    protocol: &Protocol,
    name: &str,
    table: ModbusTable,
    register: u16,
    format: RegisterFormat,
) -> Address {
    if is_modbus(protocol) {
        Address::Modbus { table, register, format }
    } else {
        Address::OpcUa { node: name.into(), boolean: format == RegisterFormat::Bit }
    }
}

pub(crate) fn points(protocol: &Protocol) -> Vec<IoPoint> {
    let rows = ROWS.into_iter().enumerate();
    rows.map(|(index, (tag, direction, table, register, format, fail_value))| IoPoint {
        point: PointId(index as u32 + 1),
        tag: tag.into(),
        device: DeviceId(0),
        direction,
        address: address(protocol, tag, table, register, format),
        // OPC UA carries the tag's own unit.
        scaling: if is_modbus(protocol) && format == RegisterFormat::I16 {
            PERCENT
        } else {
            Scaling::IDENTITY
        },
        range: None,
        fail_value,
    })
    .collect()
}

pub(crate) fn device(protocol: Protocol) -> Device {
    let table = ModbusTable::HoldingRegister;
    Device {
        name: "PLC-1".into(),
        description: "the interoperability field".into(),
        heartbeat: address(&protocol, "Heartbeat", table, 0, RegisterFormat::U16),
        protocol,
        link: PointId(0),
        watchdog_ms: WATCHDOG_MS,
        poll_ms: 100,
        timeout_ms: 500,
    }
}

/// `--name value` out of the command line.
pub(crate) fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}
