//! `catholyte check`: compile a plant folder and report.

use std::io::IsTerminal as _;
use std::path::Path;

use control::plant::Plant;
use miette::{IntoDiagnostic as _, miette};
use model::{Diagnostic, Severity, Source};

use crate::cli::{CheckArgs, Format};
use crate::{diagnostics, plant_files};

pub fn run(args: &CheckArgs) -> miette::Result<()> {
    let sources = plant_files::read(&args.plant).into_diagnostic()?;
    let (plant, findings) = match control::compile(&sources) {
        Ok(compiled) => (Some(compiled.plant), compiled.warnings),
        Err(findings) => (None, findings),
    };
    match args.format {
        Format::Json => println!("{}", diagnostics::to_json(&sources, &findings).into_diagnostic()?),
        Format::Text => {
            print!("{}", diagnostics::render(&sources, &findings, std::io::stdout().is_terminal()));
            match &plant {
                Some(plant) => println!("{}", summary(plant, findings.len())),
                None => println!("{}", count(&findings, &args.plant)),
            }
        }
    }
    // The report is the message; the exit code tells scripts.
    plant.map(drop).ok_or_else(|| miette!("{} does not compile", args.plant.display()))
}

/// Compiles, or prints the report and fails: for every command that needs a plant.
pub fn compile_or_report(folder: &Path) -> miette::Result<(Vec<Source>, Plant)> {
    let sources = plant_files::read(folder).into_diagnostic()?;
    let plant = compile_sources(&sources, folder)?;
    Ok((sources, plant))
}

/// The same for a plant folder, or for the shipped refinery when none was named.
pub fn compile_named(folder: Option<&Path>) -> miette::Result<Plant> {
    match folder {
        Some(folder) => compile_or_report(folder).map(|(_, plant)| plant),
        None => compile_sources(&plant_files::shipped_refinery(), Path::new("the shipped refinery")),
    }
}

pub fn compile_sources(sources: &[Source], name: &Path) -> miette::Result<Plant> {
    control::compile(sources).map(|compiled| compiled.plant).map_err(|findings| {
        eprint!("{}", diagnostics::render(sources, &findings, std::io::stderr().is_terminal()));
        miette!("{}", count(&findings, name))
    })
}

fn count(findings: &[Diagnostic], folder: &Path) -> String {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    format!("{}: {errors} errors, {warnings} warnings", folder.display())
}

fn summary(plant: &Plant, warnings: usize) -> String {
    let causes: usize = plant.interlocks.iter().map(|interlock| interlock.causes.len()).sum();
    format!(
        "{} compiles: {} points ({} of the field), {} blocks, {} alarms, {} interlocks with {causes} causes, \
         {} phases, {} recipes, {} displays; {warnings} warnings\nhash {}",
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
