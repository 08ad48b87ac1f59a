//! Plant folders for the tests of the compiler.

#![allow(dead_code)]

use std::path::Path;

use model::{Diagnostic, Source};

/// Every source below a folder of `control/tests/`.
pub(crate) fn read(name: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let mut sources = Vec::new();
    collect(&root, "", &mut sources);
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    sources
}

fn collect(folder: &Path, below: &str, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{below}{name}/"), sources);
        } else if name.ends_with(".toml") || name.ends_with(".phase") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            sources.push(Source { path: format!("{below}{name}"), text });
        }
    }
}

/// A small plant with one of everything, without a mistake.
pub(crate) fn small() -> Vec<Source> {
    read("small")
}

/// `file:line:column` of a diagnostic.
pub(crate) fn place(sources: &[Source], diagnostic: &Diagnostic) -> String {
    diagnostic.primary.as_ref().map_or_else(String::new, |label| {
        let source = &sources[label.source];
        let (line, column) = source.line_column(label.span.start);
        format!("{}:{line}:{column}", source.path)
    })
}
