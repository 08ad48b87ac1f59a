//! Checks a plant folder: `cargo run -p control --example check -- plants/refinery`.
//!
//! Prints every mistake as `file:line:column: error[code]: message`, with what to write instead.

use std::path::Path;
use std::process::ExitCode;

use model::{Diagnostic, Label, Severity, Source};

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: check <plant folder>");
        return ExitCode::from(2);
    };
    let mut sources = Vec::new();
    if let Err(error) = collect(Path::new(&folder), "", &mut sources) {
        eprintln!("{folder}: {error}");
        return ExitCode::from(2);
    }
    match control::compile(&sources) {
        Ok(compiled) => {
            compiled.warnings.iter().for_each(|warning| show(&folder, &sources, warning));
            let plant = &compiled.plant;
            println!(
                "{}: {} points, {} blocks, {} alarms, {} interlocks, {} phases, {} recipes, {} displays, {} warnings",
                plant.name,
                plant.points.len(),
                plant.blocks.len(),
                plant.alarms.len(),
                plant.interlocks.len(),
                plant.phases.len(),
                plant.recipes.len(),
                plant.displays.len(),
                compiled.warnings.len(),
            );
            ExitCode::SUCCESS
        }
        Err(diagnostics) => {
            diagnostics.iter().for_each(|diagnostic| show(&folder, &sources, diagnostic));
            println!("{} mistakes", diagnostics.len());
            ExitCode::FAILURE
        }
    }
}

fn collect(folder: &Path, below: &str, sources: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{below}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), sources)?;
        } else if name.ends_with(".toml") || name.ends_with(".phase") {
            sources.push(Source { path, text: std::fs::read_to_string(entry.path())? });
        }
    }
    Ok(())
}

fn show(folder: &str, sources: &[Source], diagnostic: &Diagnostic) {
    let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
    let place = diagnostic.primary.as_ref().map_or_else(String::new, |label| place(folder, sources, label));
    println!("{place}{severity}[{}]: {}", diagnostic.code, diagnostic.message);
    if let Some(label) = &diagnostic.primary {
        let source = &sources[label.source];
        let (line, column) = source.line_column(label.span.start);
        if let Some(text) = source.text.lines().nth(line - 1) {
            println!("    {text}");
            let width = source
                .text
                .get(label.span.clone())
                .map_or(1, |text| text.lines().next().map_or(1, |line| line.chars().count()));
            println!("    {}{} {}", " ".repeat(column - 1), "^".repeat(width.max(1)), label.text);
        }
    }
    for label in &diagnostic.related {
        println!("  {}{}", place_of(folder, sources, label), label.text);
    }
    if !diagnostic.help.is_empty() {
        println!("  help: {}", diagnostic.help);
    }
}

fn place(folder: &str, sources: &[Source], label: &Label) -> String {
    place_of(folder, sources, label)
}

fn place_of(folder: &str, sources: &[Source], label: &Label) -> String {
    let source = &sources[label.source];
    let (line, column) = source.line_column(label.span.start);
    format!("{}/{}:{line}:{column}: ", folder.trim_end_matches('/'), source.path)
}
