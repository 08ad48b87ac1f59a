//! Between OPC UA's values and status codes, and ours.
//!
//! # Status codes
//!
//! | OPC UA | quality |
//! | --- | --- |
//! | Good | `Good` |
//! | `GoodLocalOverride` | `GoodLocalOverride` |
//! | `UncertainLastUsableValue` | `UncertainLastUsable` |
//! | `UncertainEngineeringUnitsExceeded`, `UncertainSensorNotAccurate` | `UncertainEngineeringRange` |
//! | any other Uncertain | `UncertainSubNormal` |
//! | `BadWaitingForInitialData` | the same |
//! | `BadNoCommunication`, `BadNotConnected`, `BadCommunicationError`, `BadTimeout` | `BadNoCommunication` |
//! | `BadSensorFailure`, `BadOutOfRange`, `BadOutOfService` | the same |
//! | any other Bad | `BadDeviceFailure` |
//!
//! The limit bits (Part 8, 7.3.3; of codes whose info type is DataValue) become [`Limited`], and it them.
//!
//! Bad keeps the last value. A value of the wrong type (a String for a number, a number for a
//! switch, an array) is `BadOutOfRange`, whatever its status says. A number is held against the tag's
//! range besides ([`crate::range`]), and the worse of the two counts.

use model::{Limited, Quality};
use opcua::types::{DataTypeId, DataValue, NodeId, StatusCode, Variant};

use super::session::Node;
use crate::range;
use crate::signal::{self, Reading};

/// What a variable holds, as far as a controller can write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Float,
    Double,
}

const KINDS: [(DataTypeId, Kind); 11] = [
    (DataTypeId::Boolean, Kind::Boolean),
    (DataTypeId::SByte, Kind::SByte),
    (DataTypeId::Byte, Kind::Byte),
    (DataTypeId::Int16, Kind::Int16),
    (DataTypeId::UInt16, Kind::UInt16),
    (DataTypeId::Int32, Kind::Int32),
    (DataTypeId::UInt32, Kind::UInt32),
    (DataTypeId::Int64, Kind::Int64),
    (DataTypeId::UInt64, Kind::UInt64),
    (DataTypeId::Float, Kind::Float),
    (DataTypeId::Double, Kind::Double),
];

impl Kind {
    pub(crate) fn of_data_type(data_type: &NodeId) -> Option<Self> {
        KINDS.iter().find(|(id, _)| data_type == id).map(|(_, kind)| *kind)
    }

    /// A number in this type; integers are rounded and saturate.
    pub(crate) fn variant(self, raw: f64) -> Variant {
        let count = raw.round();
        match self {
            Self::Boolean => Variant::Boolean(raw >= 0.5),
            Self::SByte => Variant::SByte(count as i8),
            Self::Byte => Variant::Byte(count as u8),
            Self::Int16 => Variant::Int16(count as i16),
            Self::UInt16 => Variant::UInt16(count as u16),
            Self::Int32 => Variant::Int32(count as i32),
            Self::UInt32 => Variant::UInt32(count as u32),
            Self::Int64 => Variant::Int64(count as i64),
            Self::UInt64 => Variant::UInt64(count as u64),
            Self::Float => Variant::Float(raw as f32),
            Self::Double => Variant::Double(raw),
        }
    }

    /// A heartbeat wraps instead: standing still at the end of a type would look dead.
    pub(crate) fn wrapping(self, count: u32) -> Variant {
        match self {
            Self::Boolean => Variant::Boolean(count & 1 == 1),
            Self::SByte => Variant::SByte(count as i8),
            Self::Byte => Variant::Byte(count as u8),
            Self::Int16 => Variant::Int16(count as i16),
            Self::UInt16 => Variant::UInt16(count as u16),
            Self::Int32 => Variant::Int32(count as i32),
            Self::UInt32 => Variant::UInt32(count),
            Self::Int64 => Variant::Int64(i64::from(count)),
            Self::UInt64 => Variant::UInt64(u64::from(count)),
            // Singles count exactly to 2^24.
            Self::Float => Variant::Float((count & 0x00FF_FFFF) as f32),
            Self::Double => Variant::Double(f64::from(count)),
        }
    }
}

/// What a server told about one input.
pub(crate) fn reading(data: &DataValue, node: &Node) -> Reading {
    let quality = quality(data.status());
    let limited = limited(data.status());
    if quality.is_bad() {
        return Reading { limited, ..Reading::without_value(quality) };
    }
    let raw = match &data.value {
        None | Some(Variant::Empty) => return Reading::without_value(Quality::BadWaitingForInitialData),
        Some(Variant::Boolean(on)) if node.boolean => f64::from(u8::from(*on)),
        Some(value) if !node.boolean => number(value).unwrap_or(f64::NAN),
        Some(_) => f64::NAN,
    };
    let reading = signal::from_number(node.scaling, raw);
    if reading.value.is_none() {
        return reading;
    }
    // What is told of the number is told of the value, unless that runs the other way.
    let falls = node.scaling.to_unit(1.0) < node.scaling.to_unit(0.0);
    range::check(
        Reading { quality, limited: if falls { limited.turned() } else { limited }, ..reading },
        node.range,
    )
}

/// What a node makes of a heartbeat; `None` of what is no count at all.
pub(crate) fn heartbeat(value: &Variant) -> Option<f64> {
    match value {
        Variant::Boolean(on) => Some(f64::from(u8::from(*on))),
        other => number(other),
    }
}

fn number(value: &Variant) -> Option<f64> {
    Some(match value {
        Variant::SByte(count) => f64::from(*count),
        Variant::Byte(count) => f64::from(*count),
        Variant::Int16(count) => f64::from(*count),
        Variant::UInt16(count) => f64::from(*count),
        Variant::Int32(count) => f64::from(*count),
        Variant::UInt32(count) => f64::from(*count),
        Variant::Int64(count) => *count as f64,
        Variant::UInt64(count) => *count as f64,
        Variant::Float(single) => f64::from(*single),
        Variant::Double(double) => *double,
        _ => return None,
    })
}

/// The limit bits, of a code that says by its info type that it has some.
fn limited(status: StatusCode) -> Limited {
    match status.bits() & INFO_TYPE {
        DATA_VALUE => Limited::from_bits((status.bits() >> LIMIT_SHIFT) as u8),
        _ => Limited::No,
    }
}

/// Bits 10 and 11 say what the lower ones are of; 8 and 9 are the limit.
const INFO_TYPE: u32 = 0xC00;
const DATA_VALUE: u32 = 0x400;
const LIMIT_SHIFT: u32 = 8;
const SUB_CODE: u32 = 0xFFFF_0000;

pub(crate) fn quality(status: StatusCode) -> Quality {
    // Limit and overflow bits do not change what the code means.
    let code = StatusCode::from(status.bits() & SUB_CODE);
    match code {
        StatusCode::GoodLocalOverride => Quality::GoodLocalOverride,
        StatusCode::UncertainLastUsableValue => Quality::UncertainLastUsable,
        StatusCode::UncertainEngineeringUnitsExceeded | StatusCode::UncertainSensorNotAccurate => {
            Quality::UncertainEngineeringRange
        }
        StatusCode::BadWaitingForInitialData => Quality::BadWaitingForInitialData,
        StatusCode::BadNoCommunication
        | StatusCode::BadNotConnected
        | StatusCode::BadCommunicationError
        | StatusCode::BadTimeout => Quality::BadNoCommunication,
        StatusCode::BadSensorFailure => Quality::BadSensorFailure,
        StatusCode::BadOutOfRange => Quality::BadOutOfRange,
        StatusCode::BadOutOfService => Quality::BadOutOfService,
        _ if code.is_good() => Quality::Good,
        _ if code.is_uncertain() => Quality::UncertainSubNormal,
        _ => Quality::BadDeviceFailure,
    }
}

/// What a soft PLC says of a value.
pub(crate) fn status(quality: Quality, limited: Limited) -> StatusCode {
    let code = code(quality);
    match limited {
        // Zero bits say the same, and are what every client expects.
        Limited::No => code,
        said => StatusCode::from(code.bits() | DATA_VALUE | u32::from(said.bits()) << LIMIT_SHIFT),
    }
}

/// OPC UA has no code for a calculation without inputs.
fn code(quality: Quality) -> StatusCode {
    match quality {
        Quality::Good => StatusCode::Good,
        Quality::GoodLocalOverride => StatusCode::GoodLocalOverride,
        Quality::UncertainLastUsable => StatusCode::UncertainLastUsableValue,
        Quality::UncertainEngineeringRange => StatusCode::UncertainEngineeringUnitsExceeded,
        Quality::UncertainSubNormal => StatusCode::UncertainSubNormal,
        Quality::BadWaitingForInitialData => StatusCode::BadWaitingForInitialData,
        Quality::BadNoCommunication => StatusCode::BadNoCommunication,
        Quality::BadSensorFailure => StatusCode::BadSensorFailure,
        Quality::BadDeviceFailure | Quality::BadCalculation => StatusCode::BadDeviceFailure,
        Quality::BadOutOfRange => StatusCode::BadOutOfRange,
        Quality::BadOutOfService => StatusCode::BadOutOfService,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Scaling;

    /// Of a tag whose range is 0..100.
    fn reading(data: &DataValue, boolean: bool) -> Reading {
        let range = (!boolean).then_some((0.0, 100.0));
        let (tag, node) = ("TT-302".to_owned(), "TT-302".to_owned());
        super::reading(data, &Node { tag, node, boolean, scaling: Scaling::IDENTITY, range })
    }

    fn data(value: impl Into<Variant>, status: StatusCode) -> DataValue {
        DataValue::new_now_status(value, status)
    }

    #[test]
    fn every_quality_but_one_crosses_the_wire_unchanged() {
        for code in 0..=255u8 {
            let sent = Quality::from(code);
            let expected = if sent == Quality::BadCalculation { Quality::BadDeviceFailure } else { sent };
            for limited in [Limited::No, Limited::Low, Limited::High, Limited::Constant] {
                let sent = status(sent, limited);
                assert_eq!((quality(sent), super::limited(sent)), (expected, limited));
            }
        }
    }

    #[test]
    fn limit_bits_do_not_hide_the_code_and_unknown_codes_keep_their_severity() {
        assert_eq!(quality(StatusCode::from(0x8089_0000)), Quality::BadDeviceFailure);
        assert_eq!(quality(StatusCode::from(0x808C_0500)), Quality::BadSensorFailure);
        assert_eq!(quality(StatusCode::from(0x40FF_0000)), Quality::UncertainSubNormal);
        assert_eq!(quality(StatusCode::from(0x0000_0480)), Quality::Good);
        assert_eq!(quality(StatusCode::from(0xFFFF_FFFF)), Quality::BadDeviceFailure);
    }

    #[test]
    fn a_wrong_type_is_never_taken_for_a_number() {
        let bad = Reading::without_value(Quality::BadOutOfRange);
        assert_eq!(reading(&data("12.5", StatusCode::Good), false), bad);
        assert_eq!(reading(&data(true, StatusCode::Good), false), bad);
        assert_eq!(reading(&data(1.0, StatusCode::Good), true), bad);
        assert_eq!(reading(&data(vec![1.0, 2.0], StatusCode::Good), false), bad);
        assert_eq!(reading(&data(f64::NAN, StatusCode::Good), false), bad);
        assert_eq!(reading(&data(7i32, StatusCode::Good), false), Reading::good(7.0));
        assert_eq!(
            reading(&DataValue::null(), false),
            Reading::without_value(Quality::BadWaitingForInitialData)
        );
    }

    #[test]
    fn an_uncertain_value_is_taken_with_its_doubt_and_a_bad_one_is_not() {
        let doubtful = reading(&data(3.0, StatusCode::UncertainSubNormal), false);
        assert_eq!(doubtful, Reading { quality: Quality::UncertainSubNormal, ..Reading::good(3.0) });
        let failed = reading(&data(3.0, StatusCode::BadSensorFailure), false);
        assert_eq!(failed, Reading::without_value(Quality::BadSensorFailure));
    }

    #[test]
    fn a_number_far_outside_its_range_is_no_measurement_however_good_the_server_calls_it() {
        let bad = Reading::without_value(Quality::BadOutOfRange);
        let bad = Reading { limited: Limited::High, ..bad };
        assert_eq!(reading(&data(900.0, StatusCode::Good), false), bad);
        assert_eq!(reading(&data(900i32, StatusCode::UncertainSubNormal), false), bad);
        let doubtful = reading(&data(110.0, StatusCode::Good), false);
        let quality = Quality::UncertainEngineeringRange;
        assert_eq!(doubtful, Reading { quality, limited: Limited::High, ..Reading::good(110.0) });
        assert_eq!(reading(&data(103.0, StatusCode::Good), false), Reading::good(103.0));
    }

    #[test]
    fn limit_bits_count_where_the_info_type_says_that_they_are_some() {
        let of = |bits: u32| reading(&data(60.0, StatusCode::from(bits)), false).limited;
        let said = [0x0000_0500, 0x0000_0600, 0x0096_0700, 0x4095_0780].map(of);
        assert_eq!(said, [Limited::Low, Limited::High, Limited::Constant, Limited::Constant]);
        assert_eq!([0x0000_0000, 0x0000_0400, 0x0000_0300, 0x0000_0B00].map(of), [Limited::No; 4]);
        let failed = reading(&data(60.0, StatusCode::from(0x808C_0600)), false);
        let expected =
            Reading { limited: Limited::High, ..Reading::without_value(Quality::BadSensorFailure) };
        assert_eq!(failed, expected, "a sensor that has failed upwards");
    }

    #[test]
    fn the_limit_of_a_number_that_falls_while_the_value_rises_is_turned_round() {
        let falling = Scaling { raw_low: 0.0, raw_high: 100.0, low: 100.0, high: 0.0 };
        let (tag, node) = ("ZT-1".to_owned(), "ZT-1".to_owned());
        let node = Node { tag, node, boolean: false, scaling: falling, range: None };
        let said = super::reading(&data(10.0, StatusCode::from(0x0000_0500)), &node);
        assert_eq!(said, Reading { limited: Limited::High, ..Reading::good(90.0) });
    }

    #[test]
    fn integers_saturate_and_heartbeats_wrap() {
        assert_eq!(Kind::UInt16.variant(70_000.0), Variant::UInt16(65_535));
        assert_eq!(Kind::SByte.variant(-200.0), Variant::SByte(-128));
        assert_eq!(Kind::UInt16.wrapping(65_536), Variant::UInt16(0));
        assert_eq!(Kind::of_data_type(&DataTypeId::Float.into()), Some(Kind::Float));
        assert_eq!(Kind::of_data_type(&DataTypeId::String.into()), None);
    }
}
