//! `catholyte matrix`: the cause-and-effect matrix of a plant's interlocks, to read, to sign, or for a spreadsheet.

mod page;
mod sheet;

use control::matrix::{Matrix, Protection, Row, matrices};
use control::plant::Plant;
use miette::miette;
use model::wire::Role;
use model::words::duration;
use serde_json::{Value, json};

use crate::check::{self, hex};
use crate::cli::{MatrixArgs, MatrixFormat};

/// What `--area` says for the interlocks that belong to none.
const NONE: &str = "none";

pub fn run(args: &MatrixArgs) -> miette::Result<()> {
    let plant = check::compile_named(args.plant.as_deref())?;
    let found = wanted(&plant, args.area.as_deref())?;
    match args.format {
        MatrixFormat::Text => print!("{}", sheet::text(&plant, &found, args.width)),
        MatrixFormat::Csv => print!("{}", csv(&found)),
        MatrixFormat::Json => println!("{:#}", document(&plant, &found)),
        MatrixFormat::Html => print!("{}", page::html(&plant, &found)),
    }
    Ok(())
}

fn wanted(plant: &Plant, area: Option<&str>) -> miette::Result<Vec<Matrix>> {
    let ids = || plant.areas.iter().map(|area| area.id.as_str());
    let named = |name: &str| ids().any(|id| id == name);
    // The interlocks that belong to no area.
    let area = area.map(|area| if area == NONE && !named(NONE) { "" } else { area });
    if let Some(area) = area
        && !area.is_empty()
        && !named(area)
    {
        let all = ids().chain([NONE]).collect::<Vec<_>>().join(", ");
        return Err(miette!("no area {area} in this plant: there are {all}"));
    }
    let found = matrices(plant, area);
    if found.is_empty() {
        return Err(miette!(
            "no interlock {}",
            match area {
                None => "in this plant".into(),
                Some("") => "without an area".into(),
                Some(area) => format!("in area {area}"),
            }
        ));
    }
    Ok(found)
}

/// How an interlock holds what it has brought about: S stays until it is reset, N ends with its cause.
fn mark(protection: &Protection) -> char {
    if protection.latched { 'S' } else { 'N' }
}

fn reset_words(protection: &Protection) -> &'static str {
    if protection.latched { "stored, reset by hand" } else { "not stored, ends with its cause" }
}

fn bypass_words(protection: &Protection) -> String {
    protection.bypass.map_or("no bypass".into(), |role| format!("bypass by {}", role.word()))
}

/// `PDT-345A/B/C`: tags that differ in their last letter alone; others one after the other.
fn tags(row: &Row) -> String {
    let stem = |tag: &str| tag.char_indices().last().map(|(at, _)| tag[..at].to_owned());
    let first = row.tags.first().and_then(|tag| stem(tag));
    if let [head, rest @ ..] = &row.tags[..]
        && !rest.is_empty()
        && row.tags.iter().all(|tag| stem(tag) == first)
    {
        let ends: String =
            rest.iter().filter_map(|tag| tag.chars().last()).flat_map(|end| ['/', end]).collect();
        return format!("{head}{ends}");
    }
    row.tags.join(" ")
}

fn delay(row: &Row) -> String {
    if row.delay_ms == 0 { String::new() } else { duration(u64::from(row.delay_ms)) }
}

/// One line a cause; the effects of all areas are columns.
fn csv(found: &[Matrix]) -> String {
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let fixed = [
        "area",
        "interlock",
        "description",
        "unit",
        "reset",
        "bypass",
        "cause",
        "text",
        "tags",
        "trips at",
        "vote",
        "delay s",
        "only while",
        "bad input",
        "condition",
    ];
    let effects = found.iter().flat_map(|matrix| &matrix.effects);
    let heads = effects.clone().map(|effect| format!("{} {}", effect.tag, effect.position));
    let head: Vec<String> =
        fixed.into_iter().map(str::to_owned).chain(heads).map(|text| cell(&text)).collect();
    let mut text = head.join(",");
    text.push('\n');
    let mut before = 0;
    for matrix in found {
        for protection in &matrix.interlocks {
            for row in &protection.causes {
                let about = [
                    matrix.area.clone(),
                    protection.name.clone(),
                    protection.description.clone(),
                    protection.equipment.clone().unwrap_or_default(),
                    if protection.latched { "manual" } else { "auto" }.to_owned(),
                    protection.bypass.map_or("none", Role::word).to_owned(),
                    row.number.to_string(),
                    row.text.clone(),
                    row.tags.join(" "),
                    row.trip.clone(),
                    row.vote.clone(),
                    (f64::from(row.delay_ms) / 1000.0).to_string(),
                    row.only_while.join("; "),
                    if row.trips_on_bad { "trips" } else { "ignored" }.to_owned(),
                    row.condition.clone(),
                ];
                let mut cells: Vec<String> = about.iter().map(|text| cell(text)).collect();
                cells.extend((0..effects.clone().count()).map(|column| {
                    let here =
                        column.checked_sub(before).is_some_and(|column| protection.effects.contains(&column));
                    if here { mark(protection).to_string() } else { String::new() }
                }));
                text.push_str(&cells.join(","));
                text.push('\n');
            }
        }
        before += matrix.effects.len();
    }
    text
}

fn document(plant: &Plant, found: &[Matrix]) -> Value {
    let row = |row: &Row| {
        json!({
            "number": row.number, "text": row.text, "tags": row.tags, "trips_at": row.trip,
            "calculated": row.calculated, "vote": row.vote, "delay_ms": row.delay_ms, "only_while": row.only_while,
            "bad_input_trips": row.trips_on_bad, "condition": row.condition,
        })
    };
    let protection = |protection: &Protection| {
        json!({
            "name": protection.name, "description": protection.description, "unit": protection.equipment,
            "latched": protection.latched, "bypass": protection.bypass.map(Role::word),
            "causes": protection.causes.iter().map(row).collect::<Vec<Value>>(),
            "effects": protection.effects,
        })
    };
    let area = |matrix: &Matrix| {
        let effects = matrix.effects.iter().map(|effect| {
            json!({
                "kind": effect.kind.word(), "tag": effect.tag, "position": effect.position,
                "description": effect.description,
            })
        });
        json!({
            "area": matrix.area, "title": matrix.title, "effects": effects.collect::<Vec<Value>>(),
            "interlocks": matrix.interlocks.iter().map(protection).collect::<Vec<Value>>(),
        })
    };
    json!({
        "version": 1, "plant": plant.name, "hash": hex(&plant.hash),
        "areas": found.iter().map(area).collect::<Vec<Value>>(),
    })
}

#[cfg(test)]
mod tests;
