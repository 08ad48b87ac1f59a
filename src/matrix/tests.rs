//! The matrices of everything that ships: nothing is lost, nothing is wider than its sheet.

use std::path::Path;

use control::matrix::matrices;
use control::plant::Plant;

use super::{csv, document, page, sheet, wanted};
use crate::plant_files;

fn shipped(name: &str) -> Plant {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants").join(name);
    control::compile(&plant_files::read(&folder).unwrap().sources).unwrap().plant
}

#[test]
fn every_interlock_of_every_shipped_plant_has_its_rows_and_its_columns() {
    for name in ["refinery", "recycling", "site"] {
        let plant = shipped(name);
        let found = matrices(&plant, None);
        let protections =
            || found.iter().flat_map(|matrix| matrix.interlocks.iter().map(move |one| (matrix, one)));
        assert_eq!(protections().count(), plant.interlocks.len(), "{name}");
        for (matrix, protection) in protections() {
            let interlock = &plant.interlocks[plant.find_interlock(&protection.name).unwrap().index()];
            let effects = interlock.actions.len() + usize::from(interlock.start.is_some());
            assert_eq!(protection.effects.len(), effects, "{}", protection.name);
            for effect in &protection.effects {
                let effect = &matrix.effects[*effect];
                assert!(!effect.position.is_empty() && !effect.description.is_empty(), "{effect:?}");
            }
            for (row, cause) in protection.causes.iter().zip(&interlock.causes) {
                assert_eq!((&row.text, &row.condition), (&cause.text, &cause.when.text));
                assert!(!row.tags.is_empty() && (row.calculated || !row.trip.is_empty()), "{row:?}");
            }
        }
    }
}

#[test]
fn a_sheet_is_as_wide_as_it_may_be_and_holds_a_mark_for_every_effect_of_every_cause() {
    for (name, width) in [("refinery", 120), ("recycling", 120), ("site", 120), ("site", 100), ("site", 200)]
    {
        let plant = shipped(name);
        for matrix in matrices(&plant, None) {
            let text = sheet::text(&plant, std::slice::from_ref(&matrix), width);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{name} {}: {widest}", matrix.area);
            let wanted: usize =
                matrix.interlocks.iter().map(|one| one.causes.len() * one.effects.len()).sum();
            let is_row = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
            let cells = text.lines().filter(is_row).filter_map(|line| line.split_once("| "));
            let marks =
                cells.flat_map(|(_, cells)| cells.split(' ')).filter(|cell| matches!(*cell, "S" | "N"));
            assert_eq!(marks.count(), wanted, "{name} {}", matrix.area);
        }
    }
}

#[test]
fn area_300_reads_as_its_text_has_it() {
    let plant = shipped("refinery");
    let found = wanted(&plant, Some("300")).unwrap();
    let text = sheet::text(&plant, &found, 120);
    let row = text.lines().find(|line| line.contains("anolyte > 95 degC")).unwrap();
    for part in ["TT-312", "> 95 degC", "1oo1", "5 s", "S S S"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert!(text.contains("PDT-345A/B/C") && text.contains("2oo3"), "{text}");
    assert!(text.contains("IL-301 Electrolyser trip (EL-301): stored, reset by hand, no bypass"), "{text}");
    assert!(
        text.contains("not stored, ends with its cause") && text.contains("bypass by supervisor"),
        "{text}"
    );
}

#[test]
fn a_table_for_programs_has_a_row_for_each_cause_and_a_page_a_section_for_each_area() {
    let plant = shipped("site");
    let found = matrices(&plant, None);
    let causes: usize = plant.interlocks.iter().map(|interlock| interlock.causes.len()).sum();
    let table = csv(&found);
    assert_eq!(table.lines().count(), causes + 1);
    let marks = table
        .lines()
        .skip(1)
        .flat_map(|line| line.split(','))
        .filter(|cell| matches!(*cell, "S" | "N"))
        .count();
    let rows = |one: &control::matrix::Protection| one.causes.len() * one.effects.len();
    let wanted: usize = found.iter().flat_map(|matrix| matrix.interlocks.iter().map(rows)).sum();
    assert_eq!(marks, wanted);

    let document = document(&plant, &found);
    assert_eq!(document["areas"].as_array().unwrap().len(), found.len());
    let html = page::html(&plant, &found);
    assert_eq!(html.matches("<section>").count(), found.len());
    assert_eq!(
        html.matches("<td class=\"x S\">").count() + html.matches("<td class=\"x N\">").count(),
        wanted
    );
    assert_eq!(html.matches('<').count(), html.matches('>').count(), "text of the plant stays text");
}

#[test]
fn interlocks_of_no_area_come_last_under_a_heading_of_their_own() {
    let mut plant = shipped("refinery");
    let moved: Vec<String> = plant
        .interlocks
        .iter_mut()
        .take(2)
        .map(|interlock| {
            interlock.area.clear();
            interlock.name.clone()
        })
        .collect();
    let all = wanted(&plant, None).unwrap();
    let of_none = wanted(&plant, Some("none")).unwrap();
    assert_eq!((all.last(), of_none.len()), (of_none.last(), 1));
    let names: Vec<String> = of_none[0].interlocks.iter().map(|one| one.name.clone()).collect();
    assert_eq!(names, moved);
    assert!(sheet::text(&plant, &of_none, 120).contains(&format!("{}   no area ", plant.title)));
    assert!(page::html(&plant, &of_none).contains("matrix: no area <small>"));
    assert_eq!(document(&plant, &of_none)["areas"][0]["area"], "");

    let refused = wanted(&shipped("refinery"), Some("none")).unwrap_err().to_string();
    assert_eq!(refused, "no interlock without an area");
}

#[test]
fn an_area_that_is_not_there_is_answered_with_those_that_are() {
    let plant = shipped("refinery");
    let refused = wanted(&plant, Some("30")).unwrap_err().to_string();
    assert!(refused.contains("no area 30") && refused.contains("300"), "{refused}");
}
