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
            let (lines, first) = window(&labels, source);
            let annotations = labels.into_iter().map(|(label, kind)| {
                let span = clip(label, source);
                kind.span(span.start - lines.start..span.end - lines.start).label(label.text.as_str())
            });
            let part = Snippet::source(&source.text[lines.clone()]).line_start(first);
            group = group.element(part.path(source.path.as_str()).annotations(annotations));
        }
        if !diagnostic.help.is_empty() {
            group = group.element(Level::HELP.message(diagnostic.help.as_str()));
        }
        let _ = writeln!(text, "{}\n", renderer.render(&[group]));
    }
    text
}

/// The whole lines that the labels stand on, as bytes, and the number of the first: the renderer reads all that it is
/// given, and files of a plant have megabytes.
fn window(labels: &[(&Label, AnnotationKind)], source: &Source) -> (std::ops::Range<usize>, usize) {
    let spans = || labels.iter().map(|(label, _)| clip(label, source));
    let start = spans().map(|span| span.start).min().unwrap_or(0);
    let end = spans().map(|span| span.end).max().unwrap_or(start);
    let start = source.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source.text[end..].find('\n').map_or(source.text.len(), |newline| end + newline + 1);
    (start..end, source.line_column(start).0)
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

/// Version of the document that [`to_json`] writes; it grows when a field goes or changes its meaning.
const DOCUMENT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    /// The plant folder as it was given; the files of places are below it.
    folder: &'a str,
    /// SHA-256 of the plant, when it compiles.
    hash: Option<String>,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    /// `null` for a mistake that stands nowhere, such as a folder without `[plant]`.
    place: Option<Place<'a>>,
    help: &'a str,
    related: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    /// Bytes of the file's UTF-8 text, the end excluded.
    start: usize,
    end: usize,
    /// From 1; columns in characters.
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: &'a str,
}

impl<'a> Place<'a> {
    fn of(label: &'a Label, sources: &'a [Source]) -> Option<Self> {
        let source = sources.get(label.source)?;
        let span = clip(label, source);
        let (line, column) = source.line_column(span.start);
        let (end_line, end_column) = source.line_column(span.end);
        let (file, label) = (source.path.as_str(), label.text.as_str());
        Some(Self { file, start: span.start, end: span.end, line, column, end_line, end_column, label })
    }
}

impl<'a> Finding<'a> {
    fn of(diagnostic: &'a Diagnostic, sources: &'a [Source]) -> Self {
        Self {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code,
            message: &diagnostic.message,
            place: diagnostic.primary.as_ref().and_then(|label| Place::of(label, sources)),
            help: &diagnostic.help,
            related: diagnostic.related.iter().filter_map(|label| Place::of(label, sources)).collect(),
        }
    }
}

/// One JSON document for editors, see `docs/plant-folder.md`.
pub fn to_json(
    folder: &str,
    sources: &[Source],
    diagnostics: &[Diagnostic],
    hash: Option<String>,
) -> serde_json::Result<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    serde_json::to_string(&Document {
        version: DOCUMENT,
        folder,
        hash,
        errors,
        warnings: diagnostics.len() - errors,
        diagnostics: diagnostics.iter().map(|diagnostic| Finding::of(diagnostic, sources)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::{render, to_json};
    use model::Source;
    use serde_json::Value;

    fn check(texts: &[(&str, &str)]) -> Value {
        let source = |(path, text): &(&str, &str)| Source { path: (*path).into(), text: (*text).into() };
        let sources: Vec<Source> = texts.iter().map(source).collect();
        let found = control::compile(&sources).unwrap_err();
        serde_json::from_str(&to_json("plants/x", &sources, &found, None).unwrap()).unwrap()
    }

    #[test]
    fn an_editor_finds_place_remedy_and_the_other_place_of_every_mistake() {
        let text = "# \u{e9}\n[tag.A]\nunit = \"mbr\"\nrange = [0, 1]\nentry = { initial = 0 }\n";
        let document = check(&[
            ("a.toml", text),
            ("b.toml", "[tag.A]\nunit = \"bar\"\nrange = [0, 1]\nentry = { initial = 0 }"),
            ("plant.toml", "[plant]\nname = \"x\""),
        ]);
        assert_eq!((&document["version"], &document["folder"]), (&1.into(), &"plants/x".into()));
        let all = document["diagnostics"].as_array().unwrap();
        assert_eq!(document["errors"].as_u64().unwrap() as usize, all.len(), "{document}");
        let of = |code: &str| all.iter().find(|found| found["code"] == code).unwrap();
        let unit = of("unknown-unit");
        assert_eq!(unit["severity"], "error");
        assert!(unit["help"].as_str().unwrap().contains("mbar"));
        let place = &unit["place"];
        let (start, end) = (place["start"].as_u64().unwrap(), place["end"].as_u64().unwrap());
        assert_eq!(&text[start as usize..end as usize].trim_matches('"'), &"mbr");
        assert_eq!((&place["file"], &place["line"]), (&"a.toml".into(), &3.into()));
        let twice = of("duplicate-name");
        assert_eq!(
            (&twice["place"]["file"], &twice["related"][0]["file"]),
            (&"b.toml".into(), &"a.toml".into())
        );
    }

    #[test]
    fn a_report_shows_the_lines_of_its_places_with_their_numbers_and_no_others() {
        let text = "# \u{e9}\n[tag.A]\nunit = \"mbr\"\nrange = [0, 1]\nentry = { initial = 0 }\n\n[calc.A]\n\
                    unit = \"bar\"\nrange = [0, 1]\nvalue = \"5\"\n# last";
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        let sources = [source("a.toml", text), source("plant.toml", "[plant]\nname = \"x\"")];
        let found = control::compile(&sources).unwrap_err();
        let shown = |code: &str| {
            let one = found.iter().find(|found| found.code == code).unwrap();
            render(&sources, std::slice::from_ref(one), false)
        };
        let unit = shown("unknown-unit");
        assert!(unit.contains("a.toml:3:8") && unit.contains("3 | unit = \"mbr\""), "{unit}");
        let twice = shown("duplicate-name");
        assert!(twice.contains("a.toml:7:7") && twice.contains("2 | [tag.A]"), "{twice}");
        assert!(!twice.contains("last") && !twice.contains("entry"), "{twice}");
    }

    #[test]
    fn a_mistake_without_a_place_says_so() {
        let document = check(&[("a.toml", "")]);
        assert!(document["diagnostics"][0]["place"].is_null());
        assert!(document["hash"].is_null());
    }
}
