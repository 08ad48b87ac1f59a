//! The schema of the folder's keys is learned from the compiler; these tests hold that it learns all of them.

mod folder;

use std::path::Path;

use control::compile::{SchemaTable, Shape, schema, schema_kinds, schema_of};
use folder::{read, small};
use model::Source;

fn keys(tables: &[SchemaTable]) -> Vec<String> {
    let names = |table: &SchemaTable| -> Vec<String> {
        table.keys.iter().map(|key| format!("{} {}", table.path, key.name)).collect()
    };
    tables.iter().flat_map(names).collect()
}

fn refinery() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plants/refinery");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "toml" || kind == "phase") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                sources.push(Source { path: name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    sources
}

#[test]
fn every_key_that_the_compiler_asks_for_anywhere_is_in_the_schema() {
    let known = keys(&schema());
    assert!(known.len() > 150, "{} keys", known.len());
    for sources in [small(), read("mistakes"), refinery()] {
        let asked = keys(&schema_of(&sources));
        let missing: Vec<&String> = asked.iter().filter(|key| !known.contains(key)).collect();
        assert!(missing.is_empty(), "add what asks for them to control/src/compile/sample: {missing:?}");
    }
}

#[test]
fn every_kind_of_thing_has_its_table() {
    let tables = schema();
    for kind in schema_kinds().into_iter().chain(["plant", "instance", "include"]) {
        assert!(tables.iter().any(|table| table.path == kind), "the sample plant has no sound {kind}");
    }
}

#[test]
fn the_schema_knows_what_is_required_and_what_is_possible() {
    let tables = schema();
    let key = |path: &str, name: &str| {
        let table = tables.iter().find(|table| table.path == path).unwrap();
        table.keys.iter().find(|key| key.name == name).unwrap().clone()
    };
    assert!(key("plant", "name").required && key("pid", "pv").required);
    assert!(!key("pid", "td").required);
    assert_eq!(key("pid", "ti").shape, Shape::Time);
    assert_eq!(key("pid", "action").words, ["direct", "reverse"]);
    assert_eq!(key("tag", "io").shape, Shape::Table);
    assert_eq!(key("tag/io", "device").shape, Shape::Text);
    assert_eq!(key("device", "unit_id").shape, Shape::Integer(0, 255));
    assert!(key("scenario", "for").required && key("scenario/at", "time").required);
    assert_eq!(key("scenario", "start").words, ["cold", "running"]);
    assert_eq!(key("scenario/expect", "trips").shape, Shape::Texts);
}

#[test]
fn the_sample_plant_of_the_schema_is_sound() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let sources = [
        source("plant.toml", include_str!("../src/compile/sample/plant.toml")),
        source("area.toml", include_str!("../src/compile/sample/area.toml")),
        source("utilities/plant.toml", include_str!("../src/compile/sample/utilities/plant.toml")),
        source("fill.phase", include_str!("../src/compile/sample/fill.phase")),
        source("scenarios/all.toml", include_str!("../src/compile/sample/scenarios/all.toml")),
    ];
    if let Err(found) = control::compile_with_scenarios(&sources) {
        panic!("{found:?}");
    }
}
