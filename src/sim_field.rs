//! The simulator of a plant folder: its field's text against the tags of the compiled plant.

use std::ops::Range;
use std::path::Path;

use control::plant::Plant;
use miette::{IntoDiagnostic as _, miette};
use model::{Diagnostic, Label, Severity, Source};
use sim_plant::field::NO_RUNNING_START;
use sim_plant::{BuildError, Initial, ParameterMistake, Parameters, Simulator};

use crate::plant_files;

/// Builds the simulated plant of a folder, or of the refinery that ships when none was named.
pub fn open(
    folder: Option<&Path>,
    plant: &Plant,
    parameters: &Parameters,
    initial: Initial,
    seed: u64,
) -> miette::Result<Simulator> {
    let sources = match folder {
        Some(folder) => plant_files::read_field(folder).into_diagnostic()?,
        None => plant_files::shipped_field(),
    };
    let simulator = lockstep::simulator(plant, &sources, parameters, initial, seed);
    simulator.map_err(|error| match error {
        BuildError::Field(mistakes) => {
            let count = mistakes.len();
            let list: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            miette!("the field of {} has {count} mistakes:\n{}", plant.name, list.join("\n"))
        }
        other @ BuildError::Parameters(_) => miette!("{other}"),
    })
}

/// What is wrong with the field of a plant that compiles, at its places in `sources`, to which the field's text is
/// added; a plant without a field has no mistakes.
pub fn mistakes(folder: &Path, plant: &Plant, sources: &mut Vec<Source>) -> Vec<Diagnostic> {
    let field = match plant_files::read_field(folder) {
        Ok(field) => field,
        Err(error) => return vec![finding(error.to_string(), None)],
    };
    let parameters = match Parameters::built_in() {
        Ok(parameters) if !field.is_empty() => parameters,
        Ok(_) => return Vec::new(),
        Err(error) => return vec![finding(error.to_string(), None)],
    };
    let built = |initial| lockstep::simulator(plant, &field, &parameters, initial, 0).map(drop);
    let found = match built(Initial::Cold).and_then(|()| built(Initial::Running)) {
        Ok(()) => return Vec::new(),
        Err(BuildError::Field(mistakes)) => mistakes,
        Err(error) => return vec![finding(error.to_string(), None)],
    };
    // A plant may know only its cold start.
    let wrong = |mistake: &&ParameterMistake| mistake.message != NO_RUNNING_START;
    let first = sources.len();
    sources.extend(field);
    let place = |mistake: &ParameterMistake| {
        let at = sources[first..].iter().position(|source| source.path == mistake.file)?;
        let span = line_span(&sources[first + at].text, mistake.line);
        Some(Label { source: first + at, span, text: "here".to_owned() })
    };
    found.iter().filter(wrong).map(|mistake| finding(mistake.message.clone(), place(mistake))).collect()
}

fn finding(message: String, primary: Option<Label>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: "bad-field",
        message,
        primary,
        related: Vec::new(),
        help: "`docs/field.md` says what a field's text holds".to_owned(),
    }
}

/// What is written on a line, counted from 1; the beginning of the file when something is missing in it.
fn line_span(text: &str, line: usize) -> Range<usize> {
    let mut start = 0;
    for (number, whole) in (1..).zip(text.split_inclusive('\n')) {
        if number == line {
            let written = whole.trim();
            let from = start + (whole.len() - whole.trim_start().len());
            return from..from + written.len();
        }
        start += whole.len();
    }
    0..0
}

#[cfg(test)]
mod tests {
    use super::{line_span, mistakes};
    use crate::{diagnostics, plant_files};

    #[test]
    fn a_line_is_found_without_its_indent_and_what_is_missing_stands_at_the_beginning() {
        let text = "a = 1\n  b = 2\r\n\nc = 3";
        assert_eq!(&text[line_span(text, 2)], "b = 2");
        assert_eq!(&text[line_span(text, 4)], "c = 3");
        assert_eq!((line_span(text, 0), line_span(text, 9)), (0..0, 0..0));
    }

    #[test]
    fn a_mistake_of_the_field_has_its_file_and_line_in_the_document_for_editors() {
        let folder = tempfile::tempdir().unwrap();
        let write = |source: &model::Source| {
            let path = folder.path().join(&source.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &source.text).unwrap();
        };
        let mut sources = plant_files::shipped_refinery();
        sources.iter().for_each(write);
        plant_files::shipped_field().iter().for_each(write);
        let plant = control::compile(&sources).unwrap().plant;
        assert_eq!(mistakes(folder.path(), &plant, &mut sources), []);

        let mut wrong = plant_files::shipped_field().remove(0);
        let line = wrong.text.lines().count() + 2;
        wrong.text.push_str("\n[suply.S-999]\n");
        write(&wrong);
        let found = mistakes(folder.path(), &plant, &mut sources);
        let document = diagnostics::to_json("x", &sources, &found, None).unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let of = |one: &serde_json::Value| one["message"].as_str().is_some_and(|text| text.contains("suply"));
        let said = document["diagnostics"].as_array().unwrap().iter().find(|one| of(one)).unwrap();
        assert_eq!((&said["severity"], &said["code"]), (&"error".into(), &"bad-field".into()));
        assert_eq!(said["place"]["file"], wrong.path.as_str());
        assert_eq!(said["place"]["line"], line, "{said}");

        let mut hot = plant_files::shipped_field().remove(0);
        let written = hot.text.lines().position(|line| line.starts_with("running = [")).unwrap();
        let setting = hot.text.lines().nth(written).unwrap().to_owned();
        hot.text = hot.text.replacen(&setting, "running = [\"start.temperature=2000degC\"]", 1);
        write(&hot);
        let found = mistakes(folder.path(), &plant, &mut sources);
        assert_eq!(found.len(), 1, "{found:#?}");
        let place = found[0].primary.as_ref().unwrap();
        assert!(sources[place.source].text[place.span.clone()].contains("2000degC"), "{found:#?}");
    }
}
