//! What the wire does to a value: scaled to counts and back, as the bridge and the soft PLCs do it.

use model::{Address, IoPoint, ModbusTable, Quality, RegisterFormat, Scaling};
use plc_bridge::{range, signal};

/// What of a point's address decides how its values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A bit of Modbus, or a Boolean node that carries its quality.
    Bit {
        quality: bool,
    },
    Registers(RegisterFormat),
    Node,
}

/// The wire of one point, without its names: thousands are looked at ten times a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wire {
    scaling: Scaling,
    range: Option<(f64, f64)>,
    way: Way,
}

impl Wire {
    pub(crate) const fn of(io: &IoPoint) -> Self {
        let way = match io.address {
            Address::Modbus { table: ModbusTable::DiscreteInput | ModbusTable::Coil, .. } => {
                Way::Bit { quality: false }
            }
            Address::Modbus { format, .. } => Way::Registers(format),
            Address::OpcUa { boolean: true, .. } => Way::Bit { quality: true },
            Address::OpcUa { boolean: false, .. } => Way::Node,
        };
        Self { scaling: io.scaling, range: io.range, way }
    }

    /// A measurement as it arrives at the controller; without a value the last one stays.
    pub(crate) fn measured(&self, value: f64, quality: Quality) -> signal::Reading {
        let scaling = self.scaling;
        let reading = match self.way {
            Way::Bit { .. } => signal::to_bit(scaling, value).map(|bit| signal::from_bit(scaling, bit)),
            Way::Registers(format) => signal::measurement_to_registers(format, scaling, value, quality)
                .map(|words| signal::from_registers(format, scaling, words.as_slice())),
            Way::Node => signal::to_number(scaling, value).map(|raw| signal::from_number(scaling, raw)),
        };
        let reading = reading.unwrap_or(signal::Reading::without_value(Quality::BadOutOfRange));
        let mut reading = range::check(reading, self.range);
        // OPC UA carries the quality itself; of Modbus a bit cannot tell that it is bad.
        if matches!(self.way, Way::Node | Way::Bit { quality: true }) {
            reading.quality = reading.quality.worst(quality);
        }
        reading
    }

    /// A command as it arrives at the device; nothing when it is no number.
    pub(crate) fn commanded(&self, value: f64) -> Option<f64> {
        let scaling = self.scaling;
        match self.way {
            Way::Bit { .. } => signal::from_bit(scaling, signal::to_bit(scaling, value)?).value,
            Way::Registers(format) => {
                let words = signal::to_registers(format, scaling, value)?;
                signal::from_registers(format, scaling, words.as_slice()).value
            }
            Way::Node => signal::from_number(scaling, signal::to_number(scaling, value)?).value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wire;
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
            range: None,
            fail_value: 0.0,
        }
    }

    #[test]
    fn a_register_knows_no_more_than_its_counts() {
        let table = ModbusTable::InputRegister;
        let modbus = point(Address::Modbus { table, register: 0, format: RegisterFormat::I16 });
        let reading = Wire::of(&modbus).measured(83.123_456, Quality::Good);
        let step = 120.0 / 27648.0;
        let error = (reading.value.unwrap() - 83.123_456).abs();
        assert!(error > 0.0 && error <= step / 2.0, "{error}");
        assert_eq!(
            Wire::of(&modbus).measured(83.0, Quality::BadSensorFailure).quality,
            Quality::BadSensorFailure
        );
        assert_eq!(Wire::of(&modbus).measured(83.0, Quality::BadSensorFailure).value, None);
    }

    #[test]
    fn a_node_carries_the_number_and_its_quality() {
        let mut node = point(Address::OpcUa { node: "TT-311".into(), boolean: false });
        node.scaling = Scaling::IDENTITY;
        let reading = Wire::of(&node).measured(83.123_456, Quality::UncertainEngineeringRange);
        assert_eq!((reading.value, reading.quality), (Some(83.123_456), Quality::UncertainEngineeringRange));
        assert_eq!(Wire::of(&node).commanded(f64::NAN), None);
    }

    #[test]
    fn a_number_far_outside_its_range_is_no_measurement_here_either() {
        let table = ModbusTable::InputRegister;
        for address in [
            Address::OpcUa { node: "TT-311".into(), boolean: false },
            Address::Modbus { table, register: 0, format: RegisterFormat::F32 },
        ] {
            let mut io = point(address);
            (io.scaling, io.range) = (Scaling::IDENTITY, Some((0.0, 120.0)));
            let wire = Wire::of(&io);
            assert_eq!(wire.measured(123.0, Quality::Good).quality, Quality::Good);
            let doubtful = wire.measured(130.0, Quality::Good);
            assert_eq!((doubtful.value, doubtful.quality), (Some(130.0), Quality::UncertainEngineeringRange));
            let bad = wire.measured(900.0, Quality::Good);
            assert_eq!((bad.value, bad.quality), (None, Quality::BadOutOfRange));
            io.range = None;
            assert_eq!(Wire::of(&io).measured(900.0, Quality::Good).quality, Quality::Good);
        }
    }
}
