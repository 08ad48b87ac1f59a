//! `catholyte check`: compile a plant folder and report.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use control::compile::Compiled;
use control::plant::Plant;
use miette::{IntoDiagnostic as _, miette};
use model::{Diagnostic, Severity, Source};

use crate::cli::{CheckArgs, Format};
use crate::plant_files::{PlantFilesError, PlantText};
use crate::{check_schema, diagnostics, plant_files, scenarios, sim_field};

pub fn run(args: &CheckArgs) -> miette::Result<()> {
    if let Some(of) = args.schema {
        println!("{}", serde_json::to_string_pretty(&check_schema::document(of)).into_diagnostic()?);
        return Ok(());
    }
    // The command line asks for a folder unless the schema alone is wanted.
    let folder = args.plant.as_deref().unwrap_or(Path::new("."));
    if args.watch {
        return watch(folder, args.format);
    }
    // The report is the message; the exit code tells scripts.
    if report(folder, args.format)? { Ok(()) } else { Err(miette!("{} does not compile", folder.display())) }
}

/// Prints what the compiler has to say, and whether there is a plant.
fn report(folder: &Path, format: Format) -> miette::Result<bool> {
    let text = plant_files::read(folder)
        .and_then(|text| Ok(scenarios::Text::new(text, plant_files::read_scenarios(folder)?)));
    let text = match (text, format) {
        (Ok(text), _) => text,
        (Err(error), Format::Text) => return Err(error).into_diagnostic(),
        // Whoever reads documents gets one of this as well.
        (Err(error), Format::Json) => {
            let finding = unreadable(&error);
            let name = folder.display().to_string();
            println!("{}", diagnostics::to_json(&name, &[], &[finding], None).into_diagnostic()?);
            return Ok(false);
        }
    };
    let (found, mut findings) = match scenarios::compile(&text, Some(folder)) {
        Ok(found) => (Some((found.plant, found.scenarios.len())), found.warnings),
        Err(findings) => (None, findings),
    };
    let mut sources = text.sources;
    // A field in which no simulator runs would say the same of the first scenario, as a warning without a place.
    let field =
        found.as_ref().map_or_else(Vec::new, |(plant, _)| sim_field::mistakes(folder, plant, &mut sources));
    let sound = field.is_empty();
    if !sound {
        findings.retain(|finding| finding.code != scenarios::NO_FIELD);
    }
    findings.extend(field);
    match format {
        Format::Json => {
            let hash = found.as_ref().map(|(plant, _)| hex(&plant.hash));
            let name = folder.display().to_string();
            println!("{}", diagnostics::to_json(&name, &sources, &findings, hash).into_diagnostic()?);
        }
        Format::Text => {
            print!("{}", diagnostics::render(&sources, &findings, std::io::stdout().is_terminal()));
            match &found {
                Some((plant, scenarios)) if sound => {
                    println!("{}", summary(plant, *scenarios, findings.len()));
                }
                _ => println!("{}", count(&findings, folder)),
            }
        }
    }
    Ok(found.is_some() && sound)
}

/// A person has saved, looks up and wants the answer to stand there.
const WATCH_PACE: Duration = Duration::from_millis(250);

/// Checks again whenever a file changed, until the person leaves with Ctrl-C.
///
/// Polling is sure everywhere, on network shares and in containers too; a plant folder has few files.
fn watch(folder: &Path, format: Format) -> miette::Result<()> {
    let screen = format == Format::Text && std::io::stdout().is_terminal();
    let mut seen = None;
    loop {
        let now = plant_files::stamp(folder);
        if seen.as_ref() != Some(&now) {
            if screen {
                print!("\x1b[2J\x1b[H");
            }
            // A folder that is being moved or saved is no reason to leave: the next look finds it.
            if let Err(error) = report(folder, format) {
                eprintln!("{error:?}");
            }
            if screen {
                println!("\nWatching {}; Ctrl-C leaves.", folder.display());
            }
            std::io::stdout().flush().into_diagnostic()?;
            seen = Some(now);
        }
        std::thread::sleep(WATCH_PACE);
    }
}

/// Compiles, or prints the report and fails: for every command that needs a plant.
pub fn compile_or_report(folder: &Path) -> miette::Result<Plant> {
    let text = plant_files::read(folder).into_diagnostic()?;
    or_report(compile(&text), &text.sources, folder)
}

/// What stands against reading the folders stands against the plant.
fn compile(text: &PlantText) -> Result<Compiled, Vec<Diagnostic>> {
    if text.findings.is_empty() { control::compile(&text.sources) } else { Err(text.findings.clone()) }
}

/// The same for a plant folder, or for the shipped refinery when none was named.
pub fn compile_named(folder: Option<&Path>) -> miette::Result<Plant> {
    match folder {
        Some(folder) => compile_or_report(folder),
        None => compile_sources(&plant_files::shipped_refinery(), Path::new("the shipped refinery")),
    }
}

fn unreadable(error: &PlantFilesError) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: "unreadable",
        message: error.to_string(),
        primary: None,
        related: Vec::new(),
        help: "name the folder that holds plant.toml, with files of UTF-8 text".to_owned(),
    }
}

pub fn compile_sources(sources: &[Source], name: &Path) -> miette::Result<Plant> {
    or_report(control::compile(sources), sources, name)
}

fn or_report(
    compiled: Result<Compiled, Vec<Diagnostic>>,
    sources: &[Source],
    name: &Path,
) -> miette::Result<Plant> {
    compiled.map(|compiled| compiled.plant).map_err(|findings| {
        eprint!("{}", diagnostics::render(sources, &findings, std::io::stderr().is_terminal()));
        miette!("{}", count(&findings, name))
    })
}

pub fn count(findings: &[Diagnostic], folder: &Path) -> String {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    format!("{}: {errors} errors, {warnings} warnings", folder.display())
}

fn summary(plant: &Plant, scenarios: usize, warnings: usize) -> String {
    let causes: usize = plant.interlocks.iter().map(|interlock| interlock.causes.len()).sum();
    format!(
        "{} compiles: {} points ({} of the field), {} blocks, {} alarms, {} interlocks with {causes} causes, \
         {} phases, {} recipes, {} displays, {scenarios} scenarios; {warnings} warnings\nhash {}",
        plant.name,
        plant.points.len(),
        plant.io.points.len(),
        plant.blocks.len(),
        plant.alarms.len(),
        plant.interlocks.len(),
        plant.phases.len(),
        plant.recipes.len(),
        plant.displays.len(),
        hex(&plant.hash),
    )
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
