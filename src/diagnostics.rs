//! The plant compiler's findings, drawn for a terminal or written for an editor.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use model::{Diagnostic, Label, Severity, Source};
use serde::Serialize;

/// One report per finding with file, line, caret and remedy.
pub fn render(sources: &[Source], diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.code)
            .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
        let labels = diagnostic.primary.iter().map(|label| (label, AnnotationKind::Primary));
        let related = diagnostic.related.iter().map(|label| (label, AnnotationKind::Context));
        let mut in_order: Vec<(usize, Vec<(&Label, AnnotationKind)>)> = Vec::new();
        for (label, kind) in labels.chain(related) {
            match in_order.iter_mut().find(|(source, _)| *source == label.source) {
                Some((_, list)) => list.push((label, kind)),
                None => in_order.push((label.source, vec![(label, kind)])),
            }
        }
        for (source, labels) in in_order {
            let Some(source) = sources.get(source) else { continue };
            let annotations = labels
                .into_iter()
                .map(|(label, kind)| kind.span(clip(label, source)).label(label.text.as_str()));
            group = group.element(
                Snippet::source(source.text.as_str()).path(source.path.as_str()).annotations(annotations),
            );
        }
        if !diagnostic.help.is_empty() {
            group = group.element(Level::HELP.message(diagnostic.help.as_str()));
        }
        let _ = writeln!(text, "{}\n", renderer.render(&[group]));
    }
    text
}

/// A span inside its text, on character boundaries, so that no report can panic.
fn clip(label: &Label, source: &Source) -> std::ops::Range<usize> {
    let floor = |mut byte: usize| {
        byte = byte.min(source.text.len());
        while !source.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    };
    let start = floor(label.span.start);
    start..floor(label.span.end).max(start)
}

#[derive(Serialize)]
struct Finding<'a> {
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    label: Option<&'a str>,
    help: &'a str,
}

/// A JSON array for editors, one object per finding.
pub fn to_json(sources: &[Source], diagnostics: &[Diagnostic]) -> serde_json::Result<String> {
    let findings: Vec<Finding<'_>> = diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.primary.as_ref().and_then(|label| {
                let source = sources.get(label.source)?;
                Some((
                    label,
                    source,
                    source.line_column(label.span.start),
                    source.line_column(label.span.end),
                ))
            });
            Finding {
                severity: match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                code: diagnostic.code,
                message: &diagnostic.message,
                file: place.as_ref().map(|place| place.1.path.as_str()),
                line: place.as_ref().map(|place| place.2.0),
                column: place.as_ref().map(|place| place.2.1),
                end_line: place.as_ref().map(|place| place.3.0),
                end_column: place.as_ref().map(|place| place.3.1),
                label: place.as_ref().map(|place| place.0.text.as_str()),
                help: &diagnostic.help,
            }
        })
        .collect();
    serde_json::to_string_pretty(&findings)
}
