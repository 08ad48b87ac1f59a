//! Units of the plant: SI and the usual ones, with their dimension and conversion.
//!
//! A tag carries its unit; the plant compiler converts within a dimension and refuses across.
//! A temperature is not a temperature difference: `degC` and `dK` do not mix.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is measured. Two units of one dimension convert into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    None,
    Fraction,
    Temperature,
    TemperatureDifference,
    TemperatureRate,
    Pressure,
    Length,
    Volume,
    NormalVolume,
    Mass,
    Amount,
    Time,
    Frequency,
    VolumeFlow,
    NormalVolumeFlow,
    MassFlow,
    MolarFlow,
    Density,
    MassConcentration,
    MolarConcentration,
    Molality,
    Ph,
    Conductivity,
    Current,
    CurrentRate,
    CurrentDensity,
    Voltage,
    Resistance,
    Power,
    ApparentPower,
    ReactivePower,
    Energy,
    SpecificEnergy,
    VolumetricEnergy,
    Charge,
    RotationalSpeed,
    Area,
    SpecificVolume,
    AreaResistance,
    FractionRate,
    PressureRate,
    Velocity,
    Force,
    Torque,
    Angle,
    Viscosity,
    KinematicViscosity,
    Turbidity,
    VolumeFlowRate,
    MassFlowRate,
    ConcentrationRate,
    PhRate,
    ConductivityRate,
    CurrentDensityRate,
    VoltageRate,
    PowerRate,
    RotationalAcceleration,
}

impl Dimension {
    /// What the rate of change of it is; `None` when no unit is known for that.
    pub fn rate(self) -> Option<Self> {
        Some(match self {
            Self::Fraction => Self::FractionRate,
            Self::Temperature | Self::TemperatureDifference => Self::TemperatureRate,
            Self::Pressure => Self::PressureRate,
            Self::Length => Self::Velocity,
            Self::Volume => Self::VolumeFlow,
            Self::NormalVolume => Self::NormalVolumeFlow,
            Self::Amount => Self::MolarFlow,
            Self::Mass => Self::MassFlow,
            Self::VolumeFlow => Self::VolumeFlowRate,
            Self::MassFlow => Self::MassFlowRate,
            Self::MassConcentration => Self::ConcentrationRate,
            Self::Ph => Self::PhRate,
            Self::Conductivity => Self::ConductivityRate,
            Self::Current => Self::CurrentRate,
            Self::CurrentDensity => Self::CurrentDensityRate,
            Self::Voltage => Self::VoltageRate,
            Self::Power => Self::PowerRate,
            Self::Energy => Self::Power,
            Self::Charge => Self::Current,
            Self::RotationalSpeed => Self::RotationalAcceleration,
            _ => return None,
        })
    }
}

struct Definition {
    symbol: &'static str,
    dimension: Dimension,
    /// `si = value * factor + offset`
    factor: f64,
    offset: f64,
}

const fn unit(symbol: &'static str, dimension: Dimension, factor: f64, offset: f64) -> Definition {
    Definition { symbol, dimension, factor, offset }
}

use Dimension as D;

/// The order is free to change: units travel by symbol, never by index.
const TABLE: &[Definition] = &[
    unit("", D::None, 1.0, 0.0),
    unit("%", D::Fraction, 0.01, 0.0),
    unit("%vol", D::Fraction, 0.01, 0.0),
    unit("wt%", D::Fraction, 0.01, 0.0),
    unit("%LEL", D::Fraction, 0.01, 0.0),
    unit("ppm", D::Fraction, 1e-6, 0.0),
    unit("ppb", D::Fraction, 1e-9, 0.0),
    unit("%RH", D::Fraction, 0.01, 0.0),
    unit("g/kg", D::Fraction, 1e-3, 0.0),
    unit("kg/kg", D::Fraction, 1.0, 0.0),
    unit("degC", D::Temperature, 1.0, 273.15),
    unit("K", D::Temperature, 1.0, 0.0),
    unit("degF", D::Temperature, 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    unit("dK", D::TemperatureDifference, 1.0, 0.0),
    unit("K/s", D::TemperatureRate, 1.0, 0.0),
    unit("K/min", D::TemperatureRate, 1.0 / 60.0, 0.0),
    unit("K/h", D::TemperatureRate, 1.0 / 3600.0, 0.0),
    unit("Pa", D::Pressure, 1.0, 0.0),
    unit("kPa", D::Pressure, 1e3, 0.0),
    unit("MPa", D::Pressure, 1e6, 0.0),
    unit("mbar", D::Pressure, 1e2, 0.0),
    unit("bar", D::Pressure, 1e5, 0.0),
    unit("hPa", D::Pressure, 1e2, 0.0),
    unit("psi", D::Pressure, 6894.757293168361, 0.0),
    unit("atm", D::Pressure, 101_325.0, 0.0),
    unit("Torr", D::Pressure, 101_325.0 / 760.0, 0.0),
    unit("mmH2O", D::Pressure, 9.80665, 0.0),
    unit("um", D::Length, 1e-6, 0.0),
    unit("mm", D::Length, 1e-3, 0.0),
    unit("cm", D::Length, 1e-2, 0.0),
    unit("m", D::Length, 1.0, 0.0),
    unit("m2", D::Area, 1.0, 0.0),
    unit("cm2", D::Area, 1e-4, 0.0),
    unit("mL", D::Volume, 1e-6, 0.0),
    unit("L", D::Volume, 1e-3, 0.0),
    unit("m3", D::Volume, 1.0, 0.0),
    unit("uL", D::Volume, 1e-9, 0.0),
    unit("NL", D::NormalVolume, 1e-3, 0.0),
    unit("Nm3", D::NormalVolume, 1.0, 0.0),
    unit("g", D::Mass, 1e-3, 0.0),
    unit("kg", D::Mass, 1.0, 0.0),
    unit("t", D::Mass, 1e3, 0.0),
    unit("mg", D::Mass, 1e-6, 0.0),
    unit("mmol", D::Amount, 1e-3, 0.0),
    unit("mol", D::Amount, 1.0, 0.0),
    unit("kmol", D::Amount, 1e3, 0.0),
    unit("ms", D::Time, 1e-3, 0.0),
    unit("s", D::Time, 1.0, 0.0),
    unit("min", D::Time, 60.0, 0.0),
    unit("h", D::Time, 3600.0, 0.0),
    unit("d", D::Time, 86400.0, 0.0),
    unit("us", D::Time, 1e-6, 0.0),
    unit("Hz", D::Frequency, 1.0, 0.0),
    unit("kHz", D::Frequency, 1e3, 0.0),
    unit("m3/s", D::VolumeFlow, 1.0, 0.0),
    unit("m3/h", D::VolumeFlow, 1.0 / 3600.0, 0.0),
    unit("L/s", D::VolumeFlow, 1e-3, 0.0),
    unit("mL/min", D::VolumeFlow, 1e-6 / 60.0, 0.0),
    unit("L/min", D::VolumeFlow, 1e-3 / 60.0, 0.0),
    unit("L/h", D::VolumeFlow, 1e-3 / 3600.0, 0.0),
    unit("L/d", D::VolumeFlow, 1e-3 / 86400.0, 0.0),
    unit("m3/d", D::VolumeFlow, 1.0 / 86400.0, 0.0),
    unit("NL/min", D::NormalVolumeFlow, 1e-3 / 60.0, 0.0),
    unit("Nm3/s", D::NormalVolumeFlow, 1.0, 0.0),
    unit("Nm3/min", D::NormalVolumeFlow, 1.0 / 60.0, 0.0),
    unit("Nm3/d", D::NormalVolumeFlow, 1.0 / 86400.0, 0.0),
    unit("Nm3/h", D::NormalVolumeFlow, 1.0 / 3600.0, 0.0),
    unit("kg/s", D::MassFlow, 1.0, 0.0),
    unit("kg/h", D::MassFlow, 1.0 / 3600.0, 0.0),
    unit("t/h", D::MassFlow, 1.0 / 3.6, 0.0),
    unit("t/d", D::MassFlow, 1.0 / 86.4, 0.0),
    unit("g/s", D::MassFlow, 1e-3, 0.0),
    unit("g/min", D::MassFlow, 1e-3 / 60.0, 0.0),
    unit("g/h", D::MassFlow, 1e-3 / 3600.0, 0.0),
    unit("kg/d", D::MassFlow, 1.0 / 86400.0, 0.0),
    unit("mol/s", D::MolarFlow, 1.0, 0.0),
    unit("kmol/h", D::MolarFlow, 1.0 / 3.6, 0.0),
    unit("kmol/s", D::MolarFlow, 1e3, 0.0),
    unit("mol/min", D::MolarFlow, 1.0 / 60.0, 0.0),
    unit("mol/h", D::MolarFlow, 1.0 / 3600.0, 0.0),
    unit("kg/m3", D::Density, 1.0, 0.0),
    unit("kg/L", D::Density, 1e3, 0.0),
    unit("g/cm3", D::Density, 1e3, 0.0),
    unit("t/m3", D::Density, 1e3, 0.0),
    unit("g/L", D::MassConcentration, 1.0, 0.0),
    unit("mg/L", D::MassConcentration, 1e-3, 0.0),
    unit("ug/L", D::MassConcentration, 1e-6, 0.0),
    unit("mol/L", D::MolarConcentration, 1e3, 0.0),
    unit("mmol/L", D::MolarConcentration, 1.0, 0.0),
    unit("mol/m3", D::MolarConcentration, 1.0, 0.0),
    unit("mol/kg", D::Molality, 1.0, 0.0),
    unit("pH", D::Ph, 1.0, 0.0),
    unit("S/m", D::Conductivity, 1.0, 0.0),
    unit("mS/cm", D::Conductivity, 0.1, 0.0),
    unit("uS/cm", D::Conductivity, 1e-4, 0.0),
    unit("A", D::Current, 1.0, 0.0),
    unit("kA", D::Current, 1e3, 0.0),
    unit("mA", D::Current, 1e-3, 0.0),
    unit("uA", D::Current, 1e-6, 0.0),
    unit("A/s", D::CurrentRate, 1.0, 0.0),
    unit("kA/min", D::CurrentRate, 1e3 / 60.0, 0.0),
    unit("A/m2", D::CurrentDensity, 1.0, 0.0),
    unit("kA/m2", D::CurrentDensity, 1e3, 0.0),
    unit("mV", D::Voltage, 1e-3, 0.0),
    unit("V", D::Voltage, 1.0, 0.0),
    unit("kV", D::Voltage, 1e3, 0.0),
    unit("ohm", D::Resistance, 1.0, 0.0),
    unit("kohm", D::Resistance, 1e3, 0.0),
    unit("Mohm", D::Resistance, 1e6, 0.0),
    unit("W", D::Power, 1.0, 0.0),
    unit("kW", D::Power, 1e3, 0.0),
    unit("MW", D::Power, 1e6, 0.0),
    unit("mW", D::Power, 1e-3, 0.0),
    unit("GW", D::Power, 1e9, 0.0),
    unit("VA", D::ApparentPower, 1.0, 0.0),
    unit("kVA", D::ApparentPower, 1e3, 0.0),
    unit("MVA", D::ApparentPower, 1e6, 0.0),
    unit("kvar", D::ReactivePower, 1e3, 0.0),
    unit("Mvar", D::ReactivePower, 1e6, 0.0),
    unit("J", D::Energy, 1.0, 0.0),
    unit("kWh", D::Energy, 3.6e6, 0.0),
    unit("MWh", D::Energy, 3.6e9, 0.0),
    unit("kJ", D::Energy, 1e3, 0.0),
    unit("MJ", D::Energy, 1e6, 0.0),
    unit("GJ", D::Energy, 1e9, 0.0),
    unit("Wh", D::Energy, 3600.0, 0.0),
    unit("GWh", D::Energy, 3.6e12, 0.0),
    unit("kWh/kg", D::SpecificEnergy, 3.6e6, 0.0),
    unit("MWh/t", D::SpecificEnergy, 3.6e6, 0.0),
    unit("kWh/t", D::SpecificEnergy, 3.6e3, 0.0),
    unit("kJ/kg", D::SpecificEnergy, 1e3, 0.0),
    unit("MJ/kg", D::SpecificEnergy, 1e6, 0.0),
    unit("kWh/m3", D::VolumetricEnergy, 3.6e6, 0.0),
    unit("MJ/m3", D::VolumetricEnergy, 1e6, 0.0),
    unit("Ah", D::Charge, 3600.0, 0.0),
    unit("kAh", D::Charge, 3.6e6, 0.0),
    unit("mAh", D::Charge, 3.6, 0.0),
    unit("rpm", D::RotationalSpeed, 1.0 / 60.0, 0.0),
    unit("m3/kg", D::SpecificVolume, 1.0, 0.0),
    unit("m3/t", D::SpecificVolume, 1e-3, 0.0),
    unit("L/kg", D::SpecificVolume, 1e-3, 0.0),
    unit("ohm.m2", D::AreaResistance, 1.0, 0.0),
    unit("V.m2/kA", D::AreaResistance, 1e-3, 0.0),
    unit("N", D::Force, 1.0, 0.0),
    unit("kN", D::Force, 1e3, 0.0),
    unit("N.m", D::Torque, 1.0, 0.0),
    unit("kN.m", D::Torque, 1e3, 0.0),
    unit("deg", D::Angle, core::f64::consts::PI / 180.0, 0.0),
    unit("rad", D::Angle, 1.0, 0.0),
    unit("Pa.s", D::Viscosity, 1.0, 0.0),
    unit("mPa.s", D::Viscosity, 1e-3, 0.0),
    unit("m2/s", D::KinematicViscosity, 1.0, 0.0),
    unit("mm2/s", D::KinematicViscosity, 1e-6, 0.0),
    unit("cSt", D::KinematicViscosity, 1e-6, 0.0),
    unit("NTU", D::Turbidity, 1.0, 0.0),
    // Rates of change. Of volume, mass, energy and charge they are the flows, powers and currents above.
    unit("%/s", D::FractionRate, 0.01, 0.0),
    unit("%/min", D::FractionRate, 0.01 / 60.0, 0.0),
    unit("%/h", D::FractionRate, 0.01 / 3600.0, 0.0),
    unit("ppm/min", D::FractionRate, 1e-6 / 60.0, 0.0),
    unit("ppm/h", D::FractionRate, 1e-6 / 3600.0, 0.0),
    unit("Pa/s", D::PressureRate, 1.0, 0.0),
    unit("kPa/min", D::PressureRate, 1e3 / 60.0, 0.0),
    unit("mbar/s", D::PressureRate, 1e2, 0.0),
    unit("mbar/min", D::PressureRate, 1e2 / 60.0, 0.0),
    unit("bar/s", D::PressureRate, 1e5, 0.0),
    unit("bar/min", D::PressureRate, 1e5 / 60.0, 0.0),
    unit("bar/h", D::PressureRate, 1e5 / 3600.0, 0.0),
    unit("m/s", D::Velocity, 1.0, 0.0),
    unit("m/min", D::Velocity, 1.0 / 60.0, 0.0),
    unit("m/h", D::Velocity, 1.0 / 3600.0, 0.0),
    unit("mm/s", D::Velocity, 1e-3, 0.0),
    unit("mm/min", D::Velocity, 1e-3 / 60.0, 0.0),
    unit("mm/h", D::Velocity, 1e-3 / 3600.0, 0.0),
    unit("m3/min", D::VolumeFlow, 1.0 / 60.0, 0.0),
    unit("kg/min", D::MassFlow, 1.0 / 60.0, 0.0),
    unit("m3/h/s", D::VolumeFlowRate, 1.0 / 3600.0, 0.0),
    unit("m3/h/min", D::VolumeFlowRate, 1.0 / 3600.0 / 60.0, 0.0),
    unit("L/h/min", D::VolumeFlowRate, 1e-3 / 3600.0 / 60.0, 0.0),
    unit("kg/h/min", D::MassFlowRate, 1.0 / 3600.0 / 60.0, 0.0),
    unit("t/h/min", D::MassFlowRate, 1.0 / 3.6 / 60.0, 0.0),
    unit("g/L/min", D::ConcentrationRate, 1.0 / 60.0, 0.0),
    unit("g/L/h", D::ConcentrationRate, 1.0 / 3600.0, 0.0),
    unit("mg/L/h", D::ConcentrationRate, 1e-3 / 3600.0, 0.0),
    unit("pH/min", D::PhRate, 1.0 / 60.0, 0.0),
    unit("pH/h", D::PhRate, 1.0 / 3600.0, 0.0),
    unit("mS/cm/min", D::ConductivityRate, 0.1 / 60.0, 0.0),
    unit("A/min", D::CurrentRate, 1.0 / 60.0, 0.0),
    unit("kA/s", D::CurrentRate, 1e3, 0.0),
    unit("kA/m2/min", D::CurrentDensityRate, 1e3 / 60.0, 0.0),
    unit("V/s", D::VoltageRate, 1.0, 0.0),
    unit("mV/s", D::VoltageRate, 1e-3, 0.0),
    unit("V/min", D::VoltageRate, 1.0 / 60.0, 0.0),
    unit("mV/min", D::VoltageRate, 1e-3 / 60.0, 0.0),
    unit("mV/h", D::VoltageRate, 1e-3 / 3600.0, 0.0),
    unit("kW/min", D::PowerRate, 1e3 / 60.0, 0.0),
    unit("MW/min", D::PowerRate, 1e6 / 60.0, 0.0),
    unit("rpm/s", D::RotationalAcceleration, 1.0 / 60.0, 0.0),
    unit("rpm/min", D::RotationalAcceleration, 1.0 / 3600.0, 0.0),
];

/// A unit, known by its symbol (`m3/h`, `degC`, `%vol`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit(u8);

impl Unit {
    /// No unit: a pure number, a switch, a count.
    pub const NONE: Self = Self(0);

    pub fn parse(symbol: &str) -> Option<Self> {
        TABLE.iter().position(|definition| definition.symbol == symbol).map(|index| Self(index as u8))
    }

    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.len()).map(|index| Self(index as u8))
    }

    fn definition(self) -> &'static Definition {
        &TABLE[usize::from(self.0)]
    }

    pub fn symbol(self) -> &'static str {
        self.definition().symbol
    }

    pub fn dimension(self) -> Dimension {
        self.definition().dimension
    }

    pub fn converts_to(self, other: Self) -> bool {
        self.dimension() == other.dimension()
    }

    /// `value` of this unit, told in `other`; `None` when the dimensions differ.
    pub fn convert(self, value: f64, other: Self) -> Option<f64> {
        if self == other {
            return Some(value);
        }
        let (from, to) = (self.definition(), other.definition());
        (from.dimension == to.dimension).then(|| (value * from.factor + from.offset - to.offset) / to.factor)
    }

    /// Factor and offset that turn a value of this unit into one of `other`; `None` when the
    /// dimensions differ.
    pub fn factor_and_offset(self, other: Self) -> Option<(f64, f64)> {
        let (from, to) = (self.definition(), other.definition());
        (from.dimension == to.dimension)
            .then(|| (from.factor / to.factor, (from.offset - to.offset) / to.factor))
    }

    /// How many of this unit a second of one `flow` is, when this is what such a flow adds up to: 1/3600 for `m3` and `m3/h`,
    /// as for `kWh` and `kW`; `None` when it is not. Points on a scale are no amounts: degrees do not add up.
    pub fn total_per_second(self, flow: Self) -> Option<f64> {
        let (own, flow) = (self.definition(), flow.definition());
        let adds_up = own.dimension.rate() == Some(flow.dimension) && own.dimension != D::Temperature;
        adds_up.then(|| flow.factor / own.factor)
    }

    /// The unit of a difference of two values of this unit: `dK` for temperatures, else itself.
    #[must_use]
    pub fn difference(self) -> Self {
        if self.dimension() == D::Temperature { Self::parse("dK").unwrap_or(Self::NONE) } else { self }
    }
}

/// Of the rate of change.
impl Unit {
    /// The unit in which a value of this one changes per minute, and how many of it one of this unit
    /// in a minute is: `K/min` and 1 for `degC`. `None` when no unit is known for that.
    pub fn per_minute(self) -> Option<(Self, f64)> {
        let dimension = self.dimension().rate()?;
        let rates = || Self::all().filter(|unit| unit.dimension() == dimension);
        let of =
            |unit: Self| unit.symbol().rsplit_once('/').filter(|(_, per)| *per == "min").map(|(of, _)| of);
        let same = if self.dimension() == D::Temperature { "K" } else { self.symbol() };
        let found = rates().find(|unit| of(*unit) == Some(same));
        let rate = found.or_else(|| rates().find(|unit| of(*unit).is_some())).or_else(|| rates().next())?;
        // What is per minute of this very unit is 1 exactly, whatever the divisions below give.
        let factor = self.definition().factor / 60.0 / rate.definition().factor;
        Some((rate, if found.is_some() && self.symbol() != "degF" { 1.0 } else { factor }))
    }
}

impl Default for Unit {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({:?})", self.symbol())
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let symbol = alloc::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&symbol).ok_or_else(|| de::Error::custom(format_args!("unknown unit \"{symbol}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
        Unit::parse(from).unwrap().convert(value, Unit::parse(to).unwrap())
    }

    #[test]
    fn a_bar_is_a_hundred_kilopascal() {
        assert_eq!(convert(1.0, "bar", "kPa"), Some(100.0));
        assert!((convert(25.0, "degC", "K").unwrap() - 298.15).abs() < 1e-12);
        assert!((convert(212.0, "degF", "degC").unwrap() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn factor_and_offset_convert_as_the_whole_does() {
        for from in Unit::all() {
            for to in Unit::all() {
                let whole = from.convert(17.5, to);
                let parts = from.factor_and_offset(to).map(|(factor, offset)| 17.5 * factor + offset);
                assert_eq!(whole.is_some(), parts.is_some(), "{from} {to}");
                if let (Some(whole), Some(parts)) = (whole, parts) {
                    assert!(
                        (whole - parts).abs() <= 1e-12 * whole.abs().max(1.0),
                        "{from} {to}: {whole} {parts}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_came_late_converts_by_its_definition() {
        for (from, to, wanted) in [
            ("mA", "A", 1e-3),
            ("psi", "bar", 0.0689475729),
            ("atm", "bar", 1.01325),
            ("Torr", "mbar", 1.333223684),
            ("mmH2O", "Pa", 9.80665),
            ("kmol", "mol", 1e3),
            ("Nm3", "NL", 1e3),
            ("MJ", "kWh", 1.0 / 3.6),
            ("kvar", "Mvar", 1e-3),
            ("MVA", "kVA", 1e3),
            ("g/s", "kg/h", 3.6),
            ("kg/L", "kg/m3", 1e3),
            ("m3/d", "L/h", 1e3 / 24.0),
            ("Nm3/min", "Nm3/h", 60.0),
            ("kWh/t", "kJ/kg", 3.6),
            ("cSt", "mm2/s", 1.0),
            ("deg", "rad", 0.0174532925),
            ("Ah", "mAh", 1e3),
        ] {
            let found = convert(1.0, from, to).unwrap_or(f64::NAN);
            assert!((found - wanted).abs() < 1e-8 * wanted, "{from} {to}: {found}");
        }
        assert_eq!(convert(1.0, "Nm3", "m3"), None, "a normal volume is an amount of gas");
        assert_eq!(convert(1.0, "kVA", "kW"), None, "what stands between them is the power factor");
    }

    #[test]
    fn a_flow_adds_up_to_what_it_is_a_flow_of() {
        let total = |total: &str, flow: &str| {
            Unit::parse(total).unwrap().total_per_second(Unit::parse(flow).unwrap())
        };
        for (sum, flow, in_an_hour) in [
            ("m3", "m3/h", 1.0),
            ("kg", "t/h", 1e3),
            ("kWh", "kW", 1.0),
            ("MJ", "kW", 3.6),
            ("Ah", "A", 1.0),
            ("kAh", "A", 1e-3),
            ("Nm3", "Nm3/h", 1.0),
            ("mol", "mol/s", 3600.0),
            ("kmol", "kmol/h", 1.0),
        ] {
            let found = total(sum, flow).unwrap_or(f64::NAN) * 3600.0;
            assert!((found - in_an_hour).abs() < 1e-12 * in_an_hour, "{sum} of {flow}: {found}");
        }
        for (sum, flow) in [
            ("m3", "Nm3/h"),
            ("kg", "mol/s"),
            ("kWh", "kVA"),
            ("m3/h", "m3/h"),
            ("degC", "K/min"),
            ("", "m3/h"),
        ] {
            assert_eq!(total(sum, flow), None, "{sum} of {flow}");
        }
        for flow in Unit::all() {
            assert_eq!(Unit::NONE.total_per_second(flow), None, "{flow}");
        }
    }

    #[test]
    fn a_temperature_difference_is_no_temperature() {
        assert_eq!(convert(5.0, "dK", "degC"), None);
        assert_eq!(convert(5.0, "bar", "m3/h"), None);
    }

    #[test]
    fn a_rate_of_change_is_told_in_a_unit_per_minute() {
        let rate = |symbol: &str| {
            let (unit, factor) = Unit::parse(symbol).unwrap().per_minute()?;
            Some((unit.symbol(), factor))
        };
        for (symbol, wanted) in
            [("degC", "K/min"), ("%", "%/min"), ("mbar", "mbar/min"), ("kA", "kA/min"), ("pH", "pH/min")]
        {
            assert_eq!(rate(symbol), Some((wanted, 1.0)), "{symbol}");
        }
        let (unit, factor) = rate("degF").unwrap();
        assert_eq!(unit, "K/min");
        assert!((factor - 5.0 / 9.0).abs() < 1e-15);
        let (unit, factor) = rate("MPa").unwrap();
        assert_eq!(unit, "kPa/min");
        assert!((factor - 1000.0).abs() < 1e-9);
        let (unit, factor) = rate("m3").unwrap();
        assert_eq!((unit, factor), ("m3/min", 1.0), "the rate of a volume is a flow");
        assert_eq!(rate("K/min"), None);
        assert_eq!(rate(""), None);
    }

    #[test]
    fn symbols_are_unique_and_parse_back() {
        for unit in Unit::all() {
            assert_eq!(Unit::parse(unit.symbol()), Some(unit), "{unit}");
        }
    }
}
