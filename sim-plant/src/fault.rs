//! Faults that a trainer can switch on and off: their names, parameters, and how they read.

use model::nearest;
use thiserror::Error;

use crate::electrolysis::CELLS;

/// A parameter of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultParameter {
    pub name: &'static str,
    pub text: &'static str,
    /// Left out, this holds; `None` means that it must be given.
    pub default: Option<f64>,
    pub low: f64,
    pub high: f64,
    /// A tag or device instead of a number.
    pub is_name: bool,
    /// A number that counts: no fractions.
    pub whole: bool,
}

/// A fault as the catalogue lists it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultKind {
    pub name: &'static str,
    pub text: &'static str,
    pub parameters: &'static [FaultParameter],
}

const fn name(name: &'static str, text: &'static str) -> FaultParameter {
    FaultParameter { name, text, default: None, low: 0.0, high: 0.0, is_name: true, whole: false }
}

const fn number(
    name: &'static str,
    text: &'static str,
    default: Option<f64>,
    low: f64,
    high: f64,
) -> FaultParameter {
    FaultParameter { name, text, default, low, high, is_name: false, whole: false }
}

const POWER_LOST: FaultKind = FaultKind {
    name: "power-lost",
    text: "no voltage at any motor and rectifier; controllers, instruments, valves and polarisation have their own",
    parameters: &[],
};
const SENSOR: FaultParameter = name("tag", "an analogue input, such as TT-311");
const CELL: FaultParameter =
    FaultParameter { whole: true, ..number("cell", "number of the cell", None, 1.0, CELLS as f64) };

/// Every fault of area 300.
pub const FAULTS: &[FaultKind] = &[
    FaultKind {
        name: "sensor-drift",
        text: "the reading wanders away",
        parameters: &[SENSOR, number("per_hour", "in the tag's unit", None, -1e6, 1e6)],
    },
    FaultKind { name: "sensor-freeze", text: "the reading stands still, still good", parameters: &[SENSOR] },
    FaultKind {
        name: "sensor-noise",
        text: "the noise grows",
        parameters: &[SENSOR, number("factor", "of the normal noise", Some(20.0), 1.0, 1e4)],
    },
    FaultKind { name: "sensor-fail", text: "the sensor reports its own failure", parameters: &[SENSOR] },
    FaultKind {
        name: "valve-stuck",
        text: "the valve stays where it is",
        parameters: &[name("tag", "FV-301 .. PV-351 or XV-301 .. XV-355")],
    },
    FaultKind {
        name: "pump-trip",
        text: "the motor protection has tripped",
        parameters: &[name("tag", "P-311 or P-321")],
    },
    FaultKind {
        name: "link-loss",
        text: "the PLC is cut off; its watchdog drives the outputs to their fail positions",
        parameters: &[name("device", "PLC-300 or RF-300")],
    },
    FaultKind {
        name: "plc-stop",
        text: "the PLC is in STOP: outputs at their fail positions at once, readings stand still, writes are refused",
        parameters: &[name("device", "PLC-300 or RF-300")],
    },
    FaultKind {
        name: "pinhole",
        text: "a hole in a membrane",
        parameters: &[
            CELL,
            number("area_mm2", "size of the hole", Some(1.0), 0.01, 50.0),
            number("gas_share", "share of it above the liquor", Some(0.3), 0.0, 1.0),
        ],
    },
    FaultKind {
        name: "brine-hardness",
        text: "calcium and magnesium break through into the feed",
        parameters: &[
            number("ca_ppb", "calcium added", Some(500.0), 0.0, 1e5),
            number("mg_ppb", "magnesium added", Some(0.0), 0.0, 1e5),
        ],
    },
    FaultKind { name: "di-loss", text: "no demineralised water", parameters: &[] },
    FaultKind {
        name: "cell-blocked",
        text: "the anolyte inlet of a cell is blocked",
        parameters: &[CELL, number("percent", "of its flow", Some(90.0), 0.0, 100.0)],
    },
    FaultKind { name: "cooling-loss", text: "no cooling water", parameters: &[] },
    FaultKind { name: "scrubber-fan", text: "the fan of the chlorine scrubber has stopped", parameters: &[] },
    POWER_LOST,
    FaultKind { name: "rectifier-trip", text: "the rectifier's own protection has tripped", parameters: &[] },
    FaultKind { name: "emergency-stop", text: "somebody has pressed HS-300", parameters: &[] },
    FaultKind {
        name: "chlorine-leak",
        text: "chlorine escapes into the cell room",
        parameters: &[number("g_per_s", "chlorine gas", Some(0.05), 0.0, 50.0)],
    },
    FaultKind {
        name: "hydrogen-leak",
        text: "hydrogen escapes into the cell room",
        parameters: &[number("g_per_s", "hydrogen gas", Some(0.1), 0.0, 1.0)],
    },
];

const TAG: FaultParameter = name("tag", "an analogue input");
const SUPPLY: FaultParameter = name("supply", "its name in the field's text");

/// Every fault of a field that is told as text.
pub const FIELD_FAULTS: &[FaultKind] = &[
    FaultKind {
        name: "sensor-drift",
        text: "the reading wanders away",
        parameters: &[TAG, number("per_hour", "in the tag's unit", None, -1e6, 1e6)],
    },
    FaultKind { name: "sensor-freeze", text: "the reading stands still, still good", parameters: &[TAG] },
    FaultKind {
        name: "sensor-noise",
        text: "the noise grows",
        parameters: &[TAG, number("factor", "of the normal noise", Some(20.0), 1.0, 1e4)],
    },
    FaultKind { name: "sensor-fail", text: "the sensor reports its own failure", parameters: &[TAG] },
    FaultKind {
        name: "valve-stuck",
        text: "the valve stays where it is",
        parameters: &[name("tag", "a control valve or an on/off valve")],
    },
    FaultKind {
        name: "pump-trip",
        text: "the motor protection has tripped",
        parameters: &[name("tag", "a motor")],
    },
    POWER_LOST,
    FaultKind {
        name: "link-loss",
        text: "the PLC is cut off; its watchdog drives the outputs to their fail positions",
        parameters: &[name("device", "a device of the plant")],
    },
    FaultKind {
        name: "plc-stop",
        text: "the PLC is in STOP: outputs at their fail positions at once, readings stand still, writes are refused",
        parameters: &[name("device", "a device of the plant")],
    },
    FaultKind { name: "supply-loss", text: "nothing comes from the battery limit", parameters: &[SUPPLY] },
    FaultKind {
        name: "supply-spoiled",
        text: "something is in the liquor of a supply that does not belong there",
        parameters: &[
            SUPPLY,
            name("solute", "such as CaCl2, FeSO4 or NaCl"),
            number("g_per_L", "of it in the supply", None, 0.0, 500.0),
        ],
    },
    FaultKind {
        name: "line-blocked",
        text: "a line lets only a part through",
        parameters: &[
            name("line", "its name in the field's text"),
            number("percent", "of its flow that is kept back", Some(100.0), 0.0, 100.0),
        ],
    },
    FaultKind {
        name: "switch-pressed",
        text: "somebody presses a hand switch",
        parameters: &[name("tag", "an input that is healthy until it is pressed")],
    },
    FaultKind {
        name: "unit-forced",
        text: "what a unit is told stays at a value: an agitator's coupling broken, a jacket scaled",
        parameters: &[
            name("unit", "such as R-301"),
            name("order", "such as agitator-1"),
            number("value", "in the order's unit", Some(0.0), -1e6, 1e6),
        ],
    },
];

#[derive(Clone, Debug, Error, PartialEq)]
pub enum FaultError {
    #[error("no fault is called {name} (`faults` lists them){hint}")]
    Unknown { name: String, hint: String },
    #[error("{fault} has no parameter {parameter}; it takes: {known}")]
    UnknownParameter { fault: &'static str, parameter: String, known: String },
    #[error("{fault} needs {parameter} ({text})")]
    Missing { fault: &'static str, parameter: &'static str, text: &'static str },
    #[error("{fault}: {parameter} = {given} is not a number from {low} to {high}")]
    OutOfRange { fault: &'static str, parameter: &'static str, given: String, low: f64, high: f64 },
    #[error("{fault}: {parameter} = {given} is not a whole number from {low} to {high}")]
    NotWhole { fault: &'static str, parameter: &'static str, given: String, low: f64, high: f64 },
    #[error("{fault}: there is no {what} {name}{hint}")]
    NoSuchTarget { fault: &'static str, what: &'static str, name: String, hint: String },
    #[error("{fault}: {supply} is {what}, and only a liquor dissolves {solute}")]
    NoLiquor { fault: &'static str, supply: String, what: &'static str, solute: String },
    #[error("{fault}: {order} is what lines draw; block the line with line-blocked")]
    DrawnByLine { fault: &'static str, order: String },
    #[error("{fault} is not active{on}")]
    NotActive { fault: &'static str, on: String },
}

/// A fault with its parameters checked against the catalogue, names not yet looked up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FaultCall {
    pub(crate) kind: &'static FaultKind,
    names: Vec<(&'static str, String)>,
    numbers: Vec<(&'static str, f64)>,
}

impl FaultCall {
    /// `complete` asks for every parameter; clearing needs only what names the target.
    pub(crate) fn read(
        catalogue: &'static [FaultKind],
        fault: &str,
        given: &[(String, String)],
        complete: bool,
    ) -> Result<Self, FaultError> {
        let kind = catalogue.iter().find(|kind| kind.name == fault).ok_or_else(|| FaultError::Unknown {
            name: fault.to_owned(),
            hint: hint(fault, catalogue.iter().map(|kind| kind.name)),
        })?;
        for (parameter, _) in given {
            if !kind.parameters.iter().any(|known| known.name == parameter) {
                let known: Vec<&str> = kind.parameters.iter().map(|known| known.name).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                return Err(FaultError::UnknownParameter {
                    fault: kind.name,
                    parameter: parameter.clone(),
                    known,
                });
            }
        }
        let mut call = Self { kind, names: Vec::new(), numbers: Vec::new() };
        for parameter in kind.parameters {
            call.take(parameter, given, complete)?;
        }
        Ok(call)
    }

    fn take(
        &mut self,
        parameter: &'static FaultParameter,
        given: &[(String, String)],
        complete: bool,
    ) -> Result<(), FaultError> {
        let fault = self.kind.name;
        let text = given.iter().find(|(name, _)| name == parameter.name).map(|(_, text)| text);
        let Some(text) = text else {
            let names_target = parameter.is_name || parameter.name == CELL.name;
            match parameter.default {
                Some(default) => self.numbers.push((parameter.name, default)),
                None if complete || names_target => {
                    let (parameter, text) = (parameter.name, parameter.text);
                    return Err(FaultError::Missing { fault, parameter, text });
                }
                None => {}
            }
            return Ok(());
        };
        if parameter.is_name {
            self.names.push((parameter.name, text.clone()));
            return Ok(());
        }
        let FaultParameter { low, high, .. } = *parameter;
        let value = text.parse::<f64>().ok().filter(|value| *value >= low && *value <= high);
        let good = value.filter(|value| !parameter.whole || *value == libm::trunc(*value));
        let value = good.ok_or_else(|| {
            let given = text.chars().take(40).collect();
            let parameter_name = parameter.name;
            if parameter.whole {
                FaultError::NotWhole { fault, parameter: parameter_name, given, low, high }
            } else {
                FaultError::OutOfRange { fault, parameter: parameter_name, given, low, high }
            }
        })?;
        self.numbers.push((parameter.name, value));
        Ok(())
    }

    pub(crate) fn name_of(&self, parameter: &str) -> &str {
        self.names.iter().find(|(name, _)| *name == parameter).map_or("", |(_, text)| text)
    }

    pub(crate) fn number_of(&self, parameter: &str) -> f64 {
        self.numbers.iter().find(|(name, _)| *name == parameter).map_or(0.0, |(_, value)| *value)
    }

    /// Index of the cell, from 0.
    pub(crate) fn cell(&self) -> usize {
        (self.number_of(CELL.name) as usize).clamp(1, CELLS) - 1
    }
}

pub(crate) fn hint<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or(String::new(), |near| format!("; did you mean {near}?"))
}

/// A fault that is on, with its parameters as they would be given.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveFault {
    pub name: &'static str,
    pub parameters: Vec<(&'static str, String)>,
}

impl std::fmt::Display for ActiveFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        for (name, value) in &self.parameters {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}
