//! Where an experiment ends before its time: a reading that is no number, a concentration below nothing, a temperature
//! that no property carries. What would come after it is no physics.

use std::fmt;

use crate::constants::ZERO_CELSIUS;
use crate::parameters::Given;
use crate::station::Station;
use crate::unit::Reading;

/// Rounding of an amount that is used up, per unit of the reading.
const TRACE: f64 = 1e-6;
/// Units of readings that are so much of something in something.
const STRENGTHS: [&str; 8] = ["mol/L", "g/L", "mg/L", "ug/L", "kg/m3", "ppm", "wt%", "%vol"];

/// What cannot be, when, and what may have done it.
#[derive(Clone, Debug, PartialEq)]
pub struct Beyond {
    unit: &'static str,
    reading: &'static Reading,
    value: f64,
    bound: String,
    /// s
    time: f64,
    step: f64,
    settings: String,
}

impl Beyond {
    /// Looks at what a unit shows `time` s after the start.
    pub(super) fn of(station: &Station, time: f64, step: f64) -> Option<Self> {
        let shape = station.shape();
        let carries = station.unit().carries();
        let (reading, value, bound) = shape
            .readings
            .iter()
            .zip(station.readings())
            .find_map(|(reading, value)| Some((reading, *value, bound(reading, *value, carries)?)))?;
        Some(Self { unit: shape.name, reading, value, bound, time, step, settings: String::new() })
    }

    /// Names the settings that were given.
    pub(super) fn blaming(mut self, given: &[Given]) -> Self {
        let flags: Vec<&str> = given.iter().map(|given| given.flag.as_str()).collect();
        self.settings = flags.join(" ");
        self
    }
}

/// What a reading has passed.
fn bound(reading: &Reading, value: f64, carries: (f64, f64)) -> Option<String> {
    if !value.is_finite() {
        return Some("no number that an instrument could show".to_owned());
    }
    if reading.unit == "degC" {
        let (low, high) = (carries.0 - ZERO_CELSIUS, carries.1 - ZERO_CELSIUS);
        let inside = (low..=high).contains(&value);
        return (!inside).then(|| format!("outside {low:.0} to {high:.0} degC, which its properties carry"));
    }
    (STRENGTHS.contains(&reading.unit) && value < -TRACE).then(|| "less than nothing".to_owned())
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unit, reading, value, bound, time, step, settings } = self;
        let shown = super::figure(*value);
        write!(f, "{unit} ends after {time} s: {} is {shown} {}, {bound}. ", reading.name, reading.unit)?;
        write!(
            f,
            "In a step of {step} s more comes, goes or reacts than it can hold, or its settings cannot be \
             together: let it hold more, feed and heat it less"
        )?;
        if *time > 0.0 {
            f.write_str(", or take a shorter --step")?;
        }
        if settings.is_empty() { Ok(()) } else { write!(f, "; what was set: {settings}") }
    }
}
