//! What the wire does to a value: scaled to counts and back, as the bridge and the soft PLCs do it.

use model::{Address, IoPoint, ModbusTable, Quality};
use plc_bridge::signal;

/// A measurement as it arrives at the controller; without a value the last one stays.
pub(crate) fn measured(io: &IoPoint, value: f64, quality: Quality) -> signal::Reading {
    let reading = match &io.address {
        Address::Modbus { table: ModbusTable::DiscreteInput | ModbusTable::Coil, .. } => {
            signal::to_bit(io.scaling, value).map(|bit| signal::from_bit(io.scaling, bit))
        }
        Address::Modbus { format, .. } => {
            signal::measurement_to_registers(*format, io.scaling, value, quality)
                .map(|words| signal::from_registers(*format, io.scaling, words.as_slice()))
        }
        Address::OpcUa { boolean: true, .. } => {
            signal::to_bit(io.scaling, value).map(|bit| signal::from_bit(io.scaling, bit))
        }
        Address::OpcUa { boolean: false, .. } => {
            signal::to_number(io.scaling, value).map(|raw| signal::from_number(io.scaling, raw))
        }
    };
    let mut reading = reading.unwrap_or(signal::Reading::without_value(Quality::BadOutOfRange));
    // OPC UA carries the quality itself; of Modbus a bit cannot tell that it is bad.
    if matches!(io.address, Address::OpcUa { .. }) {
        reading.quality = reading.quality.worst(quality);
    }
    reading
}

/// A command as it arrives at the device; nothing when it is no number.
pub(crate) fn commanded(io: &IoPoint, value: f64) -> Option<f64> {
    match &io.address {
        Address::Modbus { table: ModbusTable::DiscreteInput | ModbusTable::Coil, .. }
        | Address::OpcUa { boolean: true, .. } => {
            signal::from_bit(io.scaling, signal::to_bit(io.scaling, value)?).value
        }
        Address::Modbus { format, .. } => {
            let words = signal::to_registers(*format, io.scaling, value)?;
            signal::from_registers(*format, io.scaling, words.as_slice()).value
        }
        Address::OpcUa { boolean: false, .. } => {
            signal::from_number(io.scaling, signal::to_number(io.scaling, value)?).value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{commanded, measured};
    use model::{
        Address, DeviceId, Direction, IoPoint, ModbusTable, PointId, Quality, RegisterFormat, Scaling,
    };

    fn point(address: Address) -> IoPoint {
        IoPoint {
            point: PointId(0),
            tag: "TT-311".into(),
            device: DeviceId(0),
            direction: Direction::Input,
            address,
            scaling: Scaling { raw_low: 0.0, raw_high: 27648.0, low: 0.0, high: 120.0 },
            fail_value: 0.0,
        }
    }

    #[test]
    fn a_register_knows_no_more_than_its_counts() {
        let table = ModbusTable::InputRegister;
        let modbus = point(Address::Modbus { table, register: 0, format: RegisterFormat::I16 });
        let reading = measured(&modbus, 83.123_456, Quality::Good);
        let step = 120.0 / 27648.0;
        let error = (reading.value.unwrap() - 83.123_456).abs();
        assert!(error > 0.0 && error <= step / 2.0, "{error}");
        assert_eq!(measured(&modbus, 83.0, Quality::BadSensorFailure).quality, Quality::BadSensorFailure);
        assert_eq!(measured(&modbus, 83.0, Quality::BadSensorFailure).value, None);
    }

    #[test]
    fn a_node_carries_the_number_and_its_quality() {
        let mut node = point(Address::OpcUa { node: "TT-311".into(), boolean: false });
        node.scaling = Scaling::IDENTITY;
        let reading = measured(&node, 83.123_456, Quality::UncertainEngineeringRange);
        assert_eq!((reading.value, reading.quality), (Some(83.123_456), Quality::UncertainEngineeringRange));
        assert_eq!(commanded(&node, f64::NAN), None);
    }
}
