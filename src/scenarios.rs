//! The scenarios of a plant folder: compiled against the plant, their faults against the simulator.

use std::path::Path;
use std::sync::Arc;

use control::plant::Plant;
use control::{Deed, Scenario};
use model::{Diagnostic, Label, Severity, Source};
use sim_plant::{Initial, Parameters};

use crate::plant_files::{self, PlantText};
use crate::sim_field;

/// A plant with its scenarios, and what is doubtful in both.
pub struct WithScenarios {
    pub plant: Arc<Plant>,
    pub scenarios: Vec<Scenario>,
    pub warnings: Vec<Diagnostic>,
}

/// The code of the warning that there is no field to play scenarios in.
pub const NO_FIELD: &str = "no-field";

/// The text of a plant and, behind it, of its scenarios.
pub struct Text {
    pub sources: Vec<Source>,
    findings: Vec<Diagnostic>,
}

impl Text {
    pub fn new(plant: PlantText, scenarios: Vec<Source>) -> Self {
        let PlantText { mut sources, findings } = plant;
        sources.extend(scenarios);
        Self { sources, findings }
    }

    /// Of a plant folder, or of the refinery that ships when none was named.
    pub fn named(folder: Option<&Path>) -> Result<Self, plant_files::PlantFilesError> {
        Ok(match folder {
            Some(folder) => Self::new(plant_files::read(folder)?, plant_files::read_scenarios(folder)?),
            None => {
                let plant = PlantText { sources: plant_files::shipped_refinery(), findings: Vec::new() };
                Self::new(plant, plant_files::shipped_scenarios())
            }
        })
    }
}

/// Compiles all of it; `folder` is where the field's text stands.
///
/// # Errors
///
/// Every mistake, with its place.
pub fn compile(text: &Text, folder: Option<&Path>) -> Result<WithScenarios, Vec<Diagnostic>> {
    if !text.findings.is_empty() {
        return Err(text.findings.clone());
    }
    let (compiled, scenarios) = control::compile_with_scenarios(&text.sources)?;
    let (plant, mut warnings) = (Arc::new(compiled.plant), compiled.warnings);
    let found = faults(folder, &plant, &scenarios);
    let wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    warnings.extend(found);
    if wrong { Err(warnings) } else { Ok(WithScenarios { plant, scenarios, warnings }) }
}

/// Tries every fault on a simulator that nobody needs: it alone knows what they are called.
fn faults(folder: Option<&Path>, plant: &Plant, scenarios: &[Scenario]) -> Vec<Diagnostic> {
    let Some(first) = scenarios.first() else { return Vec::new() };
    let finding = |severity, scenario: &Scenario, span: std::ops::Range<usize>, message: String| Diagnostic {
        severity,
        code: "bad-scenario",
        message,
        primary: Some(Label { source: scenario.source, span, text: "here".to_owned() }),
        related: Vec::new(),
        help: "`catholyte sim faults` lists the faults of a running simulator with their parameters"
            .to_owned(),
    };
    let opened = Parameters::built_in()
        .map_err(|error| error.to_string())
        .and_then(|parameters| {
            let simulator = sim_field::open(folder, plant, &parameters, Initial::Cold, 1);
            simulator.map_err(|error| error.to_string())
        })
        .and_then(|simulator| lockstep::Field::new(plant, simulator).map_err(|error| error.to_string()));
    let mut simulator = match opened {
        Ok(field) => field.simulator,
        Err(error) => {
            let warning = finding(Severity::Warning, first, 0..0, format!("no scenario can run: {error}"));
            return vec![Diagnostic { code: NO_FIELD, ..warning }];
        }
    };
    let mut found = Vec::new();
    for scenario in scenarios {
        for deed in &scenario.deeds {
            let applied = match &deed.deed {
                Deed::Fault { name, parameters } => simulator.apply_fault(name, parameters),
                // What it clears was switched on before, and is named as it was then.
                Deed::Clear { name, .. } if name == "all" => continue,
                Deed::Clear { name, parameters } => simulator.clear_fault(name, parameters),
                _ => continue,
            };
            if let Err(error) = applied {
                found.push(finding(Severity::Error, scenario, deed.span.clone(), error.to_string()));
            }
        }
        simulator.clear_all_faults();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Text, compile};
    use crate::plant_files::{PlantText, shipped_refinery};
    use model::Source;

    fn complaints(scenario: &str) -> Vec<(String, String)> {
        let mine = Source { path: "scenarios/test.toml".into(), text: scenario.into() };
        let text = Text::new(PlantText { sources: shipped_refinery(), findings: Vec::new() }, vec![mine]);
        let index = text.sources.len() - 1;
        let found = compile(&text, None).err().unwrap_or_default();
        let words = |diagnostic: &model::Diagnostic| {
            let label = diagnostic.primary.as_ref().unwrap();
            assert_eq!(label.source, index, "{diagnostic:?}");
            (scenario[label.span.clone()].to_owned(), diagnostic.message.clone())
        };
        found.iter().filter(|diagnostic| diagnostic.severity == model::Severity::Error).map(words).collect()
    }

    #[test]
    fn every_mistake_of_a_scenario_is_found_at_its_place() {
        for (text, place, message) in [
            (
                "title = \"t\"\nfor = \"1 min\"\n[[at]]\ntime = \"10 s\"\nset = \"IC-301.SP := 5 bar\"",
                "5 bar",
                "bar",
            ),
            (
                "title = \"t\"\nfor = \"1 min\"\n[[at]]\ntime = \"10 s\"\nset = \"IC-310.SP := 5 kA\"",
                "IC-310.SP",
                "IC-310",
            ),
            (
                "title = \"t\"\nfor = \"1 min\"\n[[at]]\ntime = \"10 s\"\nfault = \"pinhol\"",
                "\"pinhol\"",
                "pinhole",
            ),
            (
                "title = \"t\"\nfor = \"1 min\"\n[[at]]\ntime = \"2 min\"\nfault = \"di-loss\"",
                "\"2 min\"",
                "after the end",
            ),
            (
                "title = \"t\"\nfor = \"1 min\"\n[[at]]\ntime = \"1 s\"\nstart = \"EL-STRT\"",
                "\"EL-STRT\"",
                "no recipe",
            ),
            (
                "title = \"t\"\nfor = \"1 min\"\n[[at]]\ntime = \"1 s\"\nfault = \"pinhole\"\nwith = { cell = 7.5 }",
                "\"pinhole\"",
                "cell = 7.5 is not a whole number from 1 to",
            ),
            ("title = \"t\"\nfor = \"1 min\"\nclosure = 1e9", "1e9", "judges nothing"),
            ("title = \"t\"\nfor = \"1 min\"\nclosure = 0", "0", "judges nothing"),
            ("title = \"t\"\nfor = \"1 min\"\n[[expect]]\nthat = \"TT-311 > 5 kPa\"", "5 kPa", "degC"),
            (
                "title = \"t\"\nfor = \"1 min\"\n[[expect]]\ntrips = [\"IL-399\"]",
                "\"IL-399\"",
                "no interlock",
            ),
            ("title = \"t\"\nfor = \"1 min\"\nseeed = 3", "seeed", "no key"),
        ] {
            let found = complaints(text);
            assert!(
                found.iter().any(|(at, what)| at == place && what.contains(message)),
                "{text}: {found:?} has no `{place}` with {message}"
            );
        }
    }

    #[test]
    fn a_scenario_does_not_change_the_plant_it_is_for() {
        let plain = control::compile(&shipped_refinery()).unwrap().plant;
        let with = compile(&Text::named(None).unwrap(), None).map_err(|found| format!("{found:?}")).unwrap();
        assert!(with.scenarios.len() >= 3, "{:?}", with.scenarios);
        assert_eq!(plain, *with.plant);
        assert!(!plain.sources.iter().any(|source| source.path.starts_with("scenarios/")));
    }
}
