//! Checks a device's addresses before anybody connects, so that a wrong plant folder is an error at
//! start and not a bad quality at night.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use model::{Address, Device, Direction, IoPoint, ModbusTable, Protocol, RegisterFormat};

use crate::error::BridgeError;
use crate::modbus::Span;
use crate::signal;

/// Who may stand on the same address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// A client may read one register into two tags, or read back what it writes.
    InputsMayShare,
    /// A server has one owner per address.
    Never,
}

pub(crate) fn check(device: &Device, points: &[&IoPoint], sharing: Sharing) -> Result<(), BridgeError> {
    heartbeat(device)?;
    let mut owners = BTreeMap::new();
    let mut claim = |address: &Address, owner: &str| match address_cells(address)
        .into_iter()
        .find_map(|cell| Some((owners.insert(cell.clone(), owner.to_owned())?, cell)))
    {
        None => Ok(()),
        Some((first, place)) => Err(BridgeError::SharedAddress {
            device: device.name.clone(),
            first,
            second: owner.to_owned(),
            place,
        }),
    };
    claim(&device.heartbeat, "the heartbeat")?;
    if sharing == Sharing::Never && matches!(device.protocol, Protocol::OpcUa { .. }) {
        // Nodes that a soft PLC makes for itself.
        let own = |node: String| Address::OpcUa { node, boolean: false };
        claim(&own(device.name.clone()), "the device's folder")?;
        claim(&own(format!("{}.WatchdogFired", device.name)), "the watchdog's node")?;
    }
    for point in points {
        check_point(device, point)?;
        if point.direction == Direction::Output || sharing == Sharing::Never {
            claim(&point.address, &point.tag)?;
        }
    }
    Ok(())
}

fn check_point(device: &Device, point: &IoPoint) -> Result<(), BridgeError> {
    let scaling = point.scaling;
    if signal::has_no_width(scaling) {
        return Err(BridgeError::ScalingWithoutWidth {
            tag: point.tag.clone(),
            raw_low: scaling.raw_low,
            raw_high: scaling.raw_high,
            low: scaling.low,
            high: scaling.high,
        });
    }
    if let Some((low, high)) = point.range
        && (low.partial_cmp(&high) != Some(Ordering::Less) || !(high - low).is_finite())
    {
        return Err(BridgeError::RangeWithoutWidth { tag: point.tag.clone(), low, high });
    }
    match (&device.protocol, &point.address) {
        (Protocol::ModbusTcp { .. }, Address::Modbus { table, register, format }) => {
            check_register(point, *table, *register, *format)
        }
        (Protocol::OpcUa { .. }, Address::OpcUa { .. }) => Ok(()),
        _ => Err(BridgeError::AddressOfAnotherProtocol {
            tag: point.tag.clone(),
            device: device.name.clone(),
            protocol: protocol_name(&device.protocol),
            address: address_text(&point.address),
        }),
    }
}

fn check_register(
    point: &IoPoint,
    table: ModbusTable,
    register: u16,
    format: RegisterFormat,
) -> Result<(), BridgeError> {
    let is_bits = matches!(table, ModbusTable::Coil | ModbusTable::DiscreteInput);
    let read_only = matches!(table, ModbusTable::InputRegister | ModbusTable::DiscreteInput);
    let hint = if point.direction == Direction::Output && read_only {
        "only coils and holding registers can be written"
    } else if is_bits && format != RegisterFormat::Bit {
        "coils and discrete inputs carry the format Bit"
    } else if u32::from(register) + u32::from(format.registers()) > 65_536 {
        "the value must end at register 65535"
    } else {
        return Ok(());
    };
    Err(BridgeError::UnfitAddress {
        tag: point.tag.clone(),
        table: table_name(table),
        register,
        format: format_name(format),
        use_: match point.direction {
            Direction::Input => "input",
            Direction::Output => "output",
        },
        hint,
    })
}

fn heartbeat(device: &Device) -> Result<(), BridgeError> {
    let counts = match (&device.protocol, &device.heartbeat) {
        (Protocol::ModbusTcp { .. }, Address::Modbus { table, register, format }) => {
            *table == ModbusTable::HoldingRegister
                && matches!(format, RegisterFormat::U16 | RegisterFormat::I16 | RegisterFormat::U32)
                && u32::from(*register) + u32::from(format.registers()) <= 65_536
        }
        (Protocol::OpcUa { .. }, Address::OpcUa { boolean, .. }) => !boolean,
        _ => false,
    };
    if counts {
        return Ok(());
    }
    Err(bad_heartbeat(device))
}

/// The registers of a Modbus address; `None` for another protocol.
pub(crate) fn span(address: &Address) -> Option<(Span, RegisterFormat)> {
    match address {
        Address::Modbus { table, register, format } => {
            Some((Span { table: *table, start: *register, length: format.registers() }, *format))
        }
        Address::OpcUa { .. } => None,
    }
}

/// Where the heartbeat of a Modbus device is counted.
pub(crate) fn heartbeat_span(device: &Device) -> Result<(Span, RegisterFormat), BridgeError> {
    span(&device.heartbeat).ok_or_else(|| bad_heartbeat(device))
}

/// Where the heartbeat of an OPC UA device is counted.
pub(crate) fn heartbeat_node(device: &Device) -> Result<String, BridgeError> {
    match &device.heartbeat {
        Address::OpcUa { node, .. } => Ok(node.clone()),
        Address::Modbus { .. } => Err(bad_heartbeat(device)),
    }
}

fn bad_heartbeat(device: &Device) -> BridgeError {
    BridgeError::Heartbeat { device: device.name.clone(), address: address_text(&device.heartbeat) }
}

/// The `host:port` of an `opc.tcp` address.
pub(crate) fn opcua_authority<'a>(device: &Device, endpoint: &'a str) -> Result<&'a str, BridgeError> {
    let rest = endpoint.strip_prefix("opc.tcp://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    check_authority(device, authority, endpoint)?;
    Ok(authority)
}

pub(crate) fn check_authority(device: &Device, authority: &str, endpoint: &str) -> Result<(), BridgeError> {
    let is_sound = authority
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if is_sound {
        return Ok(());
    }
    Err(BridgeError::Endpoint {
        device: device.name.clone(),
        endpoint: endpoint.to_owned(),
        expected: match device.protocol {
            Protocol::ModbusTcp { .. } => "host:port, for example 10.0.0.7:502",
            Protocol::OpcUa { .. } => "opc.tcp://host:port, for example opc.tcp://10.0.0.7:4840",
        },
    })
}

fn address_cells(address: &Address) -> Vec<String> {
    match address {
        Address::Modbus { table, register, format } => (0..format.registers())
            .map(|word| format!("{} {}", table_name(*table), u32::from(*register) + u32::from(word)))
            .collect(),
        Address::OpcUa { node, .. } => vec![format!("node {node}")],
    }
}

fn address_text(address: &Address) -> String {
    match address {
        Address::Modbus { table, register, format } => {
            format!("{} {register} ({})", table_name(*table), format_name(*format))
        }
        Address::OpcUa { node, boolean } => {
            format!("node \"{node}\" ({})", if *boolean { "Boolean" } else { "Double" })
        }
    }
}

fn protocol_name(protocol: &Protocol) -> &'static str {
    match protocol {
        Protocol::ModbusTcp { .. } => "Modbus TCP",
        Protocol::OpcUa { .. } => "OPC UA",
    }
}

fn table_name(table: ModbusTable) -> &'static str {
    match table {
        ModbusTable::Coil => "coil",
        ModbusTable::DiscreteInput => "discrete input",
        ModbusTable::InputRegister => "input register",
        ModbusTable::HoldingRegister => "holding register",
    }
}

fn format_name(format: RegisterFormat) -> &'static str {
    match format {
        RegisterFormat::Bit => "Bit",
        RegisterFormat::U16 => "U16",
        RegisterFormat::I16 => "I16",
        RegisterFormat::U32 => "U32",
        RegisterFormat::F32 => "F32",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DeviceId, PointId, Scaling};

    fn device(heartbeat: Address) -> Device {
        Device {
            name: "PLC-1".into(),
            description: String::new(),
            protocol: Protocol::ModbusTcp { endpoint: "127.0.0.1:502".into(), unit_id: 1 },
            link: PointId(0),
            heartbeat,
            watchdog_ms: 1000,
            poll_ms: 100,
            timeout_ms: 500,
        }
    }

    fn register(table: ModbusTable, register: u16, format: RegisterFormat) -> Address {
        Address::Modbus { table, register, format }
    }

    fn holding(at: u16, format: RegisterFormat) -> Address {
        register(ModbusTable::HoldingRegister, at, format)
    }

    fn point(tag: &str, direction: Direction, address: Address) -> IoPoint {
        IoPoint {
            point: PointId(1),
            tag: tag.into(),
            device: DeviceId(0),
            direction,
            address,
            scaling: Scaling::IDENTITY,
            range: None,
            fail_value: 0.0,
        }
    }

    fn complaint(heartbeat: Address, points: &[IoPoint]) -> String {
        let points: Vec<&IoPoint> = points.iter().collect();
        check(&device(heartbeat), &points, Sharing::InputsMayShare).unwrap_err().to_string()
    }

    #[test]
    fn a_contradiction_is_told_with_its_tag_and_a_way_out() {
        use {
            Direction::Output,
            ModbusTable::InputRegister,
            RegisterFormat::{F32, U16},
        };
        let heartbeat = || holding(0, U16);
        let speed = point("SC-1", Output, holding(10, F32));
        let valve = point("FV-1", Output, holding(11, U16));
        let text = complaint(heartbeat(), &[speed, valve]);
        assert!(text.contains("SC-1 and FV-1 share holding register 11"), "{text}");
        let text = complaint(heartbeat(), &[point("FV-1", Output, register(InputRegister, 1, U16))]);
        assert!(text.contains("FV-1") && text.contains("only coils and holding registers"), "{text}");
        let text = complaint(heartbeat(), &[point("FV-1", Output, holding(0, U16))]);
        assert!(text.contains("the heartbeat and FV-1"), "{text}");
        let text = complaint(heartbeat(), &[point("FV-1", Output, holding(65_535, F32))]);
        assert!(text.contains("must end at register 65535"), "{text}");
        let node = Address::OpcUa { node: "FV-1".into(), boolean: false };
        let text = complaint(heartbeat(), &[point("FV-1", Output, node)]);
        assert!(text.contains("speaks Modbus TCP"), "{text}");
        let text = complaint(holding(0, F32), &[]);
        assert!(text.contains("cannot count"), "{text}");
        let mut flat = point("FV-1", Output, holding(5, U16));
        flat.scaling.raw_high = flat.scaling.raw_low;
        assert!(complaint(heartbeat(), &[flat]).contains("has no width"));
        let mut upside_down = point("TT-1", Direction::Input, register(InputRegister, 1, F32));
        upside_down.range = Some((120.0, 0.0));
        assert!(complaint(heartbeat(), &[upside_down]).contains("a range from 120 to 0"));
    }

    #[test]
    fn an_output_may_be_read_back_and_an_endpoint_needs_a_port() {
        let heartbeat = holding(0, RegisterFormat::U16);
        let output = point("FV-1", Direction::Output, holding(5, RegisterFormat::U16));
        let feedback = point("FV-1.back", Direction::Input, holding(5, RegisterFormat::U16));
        let device = device(heartbeat);
        assert!(check(&device, &[&output, &feedback], Sharing::InputsMayShare).is_ok());
        assert!(check(&device, &[&output, &feedback], Sharing::Never).is_err());
        for wrong in ["opc.tcp://plc", "plc:4840", "opc.tcp://:4840", "opc.tcp://plc:99999"] {
            assert!(opcua_authority(&device, wrong).is_err(), "{wrong}");
        }
        assert_eq!(opcua_authority(&device, "opc.tcp://[::1]:4840/x").unwrap(), "[::1]:4840");
    }
}
