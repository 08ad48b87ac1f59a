//! What the controller sees: which true value an instrument looks at, and what kind of instrument it is.

use crate::tags::Kind;

use super::actuator::Feedback;

/// A true value of the field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth {
    /// Reading of a station, told in the tag's unit by factor and offset.
    Reading { station: usize, reading: usize, factor: f64, offset: f64 },
    /// Flow of a line in its own basis, and what makes the tag's unit of it.
    Flow { line: usize, basis: Basis, factor: f64 },
    /// An element's feedback times `factor`.
    Element { element: usize, feedback: Feedback, factor: f64 },
    /// A switch on a reading of a station: above (or below) a limit, in the reading's unit.
    Limit { station: usize, reading: usize, limit: f64, above: bool },
    /// A hand switch that is healthy until a fault presses it.
    Healthy { pressed: bool },
    /// There is voltage: on until the fault `power-lost`.
    Power,
    /// A utility: this while its supply is there, 0 while it is lost.
    Utility { supply: usize, value: f64 },
}

/// In what a line's flow is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// m3/s
    Volume,
    /// kg/s
    Mass,
    /// Nm3/s
    Normal,
}

/// The kind of instrument that a tag's letters (ISA-5.1) and unit mean.
pub(super) fn kind_of_tag(tag: &str, unit: &str) -> Kind {
    match (tag.as_bytes().first(), unit) {
        (_, "pH") => Kind::Ph,
        (Some(b'T'), _) => Kind::Temperature,
        (Some(b'L'), _) => Kind::Level,
        (Some(b'F'), _) => Kind::Flow,
        (Some(b'W'), _) => Kind::Level,
        (Some(b'P'), _) => Kind::Pressure,
        (Some(b'D'), _) | (_, "kg/m3") => Kind::Density,
        (Some(b'E' | b'I' | b'J' | b'S' | b'Z'), _) => Kind::Electrical,
        (Some(b'A'), "%LEL") => Kind::RoomDetector,
        (Some(b'A'), "%vol" | "ppm" | "Nm3/h") => Kind::GasAnalyser,
        // A conductivity probe answers like a density cell, not like a titrator.
        (Some(b'A'), "S/m" | "mS/cm" | "uS/cm" | "mV") => Kind::Density,
        (Some(b'A'), _) => Kind::LiquidAnalyser,
        _ => Kind::Electrical,
    }
}

/// Kinds by the words of the text's `kind = "..."`.
pub(super) const KINDS: [(&str, Kind); 10] = [
    ("temperature", Kind::Temperature),
    ("level", Kind::Level),
    ("flow", Kind::Flow),
    ("pressure", Kind::Pressure),
    ("ph", Kind::Ph),
    ("density", Kind::Density),
    ("liquid-analyser", Kind::LiquidAnalyser),
    ("gas-analyser", Kind::GasAnalyser),
    ("detector", Kind::RoomDetector),
    ("electrical", Kind::Electrical),
];
