//! How often a unit of a field moves: as its text says, or as its kind's row in `parameters/pace.toml` does.

use crate::parameters::{ParameterEntry, ParameterMistake, Reader};
use crate::unit::Shape;
use crate::units::tank;

use super::text::Table;

const FILE: (&str, &str) = ("sim-plant/parameters/pace.toml", include_str!("../../parameters/pace.toml"));
/// The longest that any kind may take, s.
const LONGEST: f64 = 10.0;

/// Whole seconds, and why so many.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) seconds: u32,
    pub(super) why: String,
}

impl Pace {
    pub(super) fn read(name: &str, shape: &Shape, table: &Table<'_>) -> Result<Self, ParameterMistake> {
        let most = longest(shape);
        let Some(step) = table.get("step") else {
            let entry = by_kind(shape);
            let why = format!("{}, {}", entry.source, entry.trust.word());
            return Ok(Self { seconds: entry.value as u32, why });
        };
        let seconds = step.quantity_in("s")?;
        if seconds.fract() != 0.0 || seconds < 1.0 || seconds > most {
            let told = format!(
                "{name}: a step is a whole number of seconds, 1 to {most}: the model of a {} is made for no longer one",
                shape.name
            );
            return Err(step.mistake(told));
        }
        Ok(Self { seconds: seconds as u32, why: "as its text says".to_owned() })
    }
}

/// s that the model of a kind allows. A tank works out what follows from its contents sooner when they change.
fn longest(shape: &Shape) -> f64 {
    if shape.name == tank::SHAPE.name { LONGEST } else { shape.step_max.clamp(1.0, LONGEST) }
}

fn by_kind(shape: &Shape) -> ParameterEntry {
    let mut reader = Reader::new(&[FILE]);
    reader.number("pace", shape.name, "s", 1.0, longest(shape));
    reader.entries.pop().expect("the file that ships has every kind; a test reads it")
}

#[cfg(test)]
mod tests {
    use super::{FILE, Reader, by_kind, longest};
    use crate::units::CATALOGUE;

    #[test]
    fn every_kind_has_a_pace_of_whole_seconds_that_its_model_allows() {
        let mut reader = Reader::new(&[FILE]);
        for row in CATALOGUE {
            let entry = by_kind(row.shape);
            assert!(entry.value.fract() == 0.0 && entry.value <= longest(row.shape), "{entry:?}");
            reader.number("pace", row.shape.name, "s", 1.0, 10.0);
        }
        reader.refuse_unknown();
        assert!(reader.mistakes.is_empty(), "{:?}", reader.mistakes);
    }
}
