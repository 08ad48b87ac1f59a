//! Published cases against what the models give: the table behind `docs/validation.md`.
//!
//! The cases are data, `sim-plant/validation/*.toml`; a case runs a unit operation through the same door as
//! `catholyte sim unit`, or asks a probe where the physics is no unit (Faraday, enthalpies). A case that fails
//! fails the test, unless it is listed as failing with its reason; one that is listed and no longer fails
//! has to be taken off the list. `UPDATE_DOCS=1 cargo test -p sim-plant validation` writes the page.

use std::fmt::Write as _;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::chemistry::Chemistry;
use crate::constants::{FARADAY, GAS, MASS_H, MASS_LIOH, MASS_O, NORMAL_VOLUME};
use crate::experiment::{Conditions, Experiment, parse_time};
use crate::species::Species;

/// One file for each group of units, so that they can grow side by side.
const FILES: &[(&str, &str)] = &[
    ("Properties and solubilities", include_str!("../validation/properties.toml")),
    ("Electrolysis of chloride brine", include_str!("../validation/chloride_cell.toml")),
    ("Electrolysis of lithium sulfate", include_str!("../validation/sulfate_cell.toml")),
    ("Ion exchange", include_str!("../validation/ion_exchange.toml")),
    ("Dissolver", include_str!("../validation/dissolver.toml")),
    ("Furnace and absorber", include_str!("../validation/furnace.toml")),
    ("Brine purification", include_str!("../validation/brine_purification.toml")),
    ("Li2CO3 precipitation", include_str!("../validation/carbonation.toml")),
    ("Evaporative crystalliser", include_str!("../validation/evaporator.toml")),
    ("Leaching", include_str!("../validation/leach.toml")),
    ("Battery modules", include_str!("../validation/module.toml")),
    ("Copper, iron and aluminium removal", include_str!("../validation/cementation.toml")),
    ("Solvent extraction", include_str!("../validation/extraction.toml")),
    ("Crystallisation of sulfates", include_str!("../validation/crystalliser.toml")),
    ("Utilities", include_str!("../validation/utilities.toml")),
    ("Engines that we did not write", include_str!("../validation/peers.toml")),
];

/// Cases of the basis that nothing answers yet, and why.
const PENDING: &str = include_str!("../validation/pending.toml");

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/validation.md");

struct Expectation {
    reading: String,
    low: f64,
    high: f64,
    theirs: String,
}

struct Case {
    id: String,
    what: String,
    unit: String,
    settings: Vec<String>,
    duration: f64,
    source: String,
    note: String,
    failing: Option<String>,
    expectations: Vec<Expectation>,
}

fn text(table: &DeTable<'_>, key: &str) -> Option<String> {
    table.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned)
}

fn number(table: &DeTable<'_>, key: &str) -> Option<f64> {
    match table.get(key)?.get_ref() {
        DeValue::Float(value) => value.as_str().parse().ok(),
        DeValue::Integer(value) => value.as_str().parse().ok(),
        _ => None,
    }
}

fn list<'a, 'b>(table: &'b DeTable<'a>, key: &str) -> &'b [Spanned<DeValue<'a>>] {
    table.get(key).and_then(|value| value.get_ref().as_array()).map_or(&[], |array| array.as_ref())
}

/// `within = "2 %"` of the value, or `within = "2"` in its own unit; or `low` and `high`.
fn expectation(table: &DeTable<'_>) -> Expectation {
    let reading = text(table, "reading").expect("an expectation names its reading");
    if let (Some(value), Some(within)) = (number(table, "value"), text(table, "within")) {
        let amount: f64 = within.trim_end_matches('%').trim().parse().expect("within is a number");
        let margin = if within.ends_with('%') { value.abs() * amount / 100.0 } else { amount };
        let theirs = format!("{value} +/- {within}");
        return Expectation { reading, low: value - margin, high: value + margin, theirs };
    }
    let low = number(table, "low").unwrap_or(f64::NEG_INFINITY);
    let high = number(table, "high").unwrap_or(f64::INFINITY);
    let theirs = match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("{low} to {high}"),
        (true, false) => format!("at least {low}"),
        _ => format!("at most {high}"),
    };
    Expectation { reading, low, high, theirs }
}

fn cases(file: &str) -> Vec<Case> {
    let tables = DeTable::parse(file).expect("the case file parses").into_inner();
    let rows = list(&tables, "case").iter().map(|row| row.get_ref().as_table().expect("a case is a table"));
    rows.map(|row| Case {
        id: text(row, "id").expect("id"),
        what: text(row, "what").expect("what"),
        unit: text(row, "unit").expect("unit"),
        settings: list(row, "set")
            .iter()
            .filter_map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect(),
        duration: text(row, "for").map_or(1.0, |time| parse_time(&time).expect("a time")),
        source: text(row, "source").expect("source"),
        note: text(row, "note").unwrap_or_default(),
        failing: text(row, "failing"),
        expectations: list(row, "expect")
            .iter()
            .filter_map(|item| item.get_ref().as_table().map(expectation))
            .collect(),
    })
    .collect()
}

/// Physics that is no unit operation, by name.
fn probe(name: &str, chemistry: &Arc<Chemistry>) -> f64 {
    let formation = |species: Species| chemistry.formation[species.index()];
    let hydrate = MASS_LIOH + 2.0 * MASS_H + MASS_O;
    match name {
        "Ah per kg LiOH" => FARADAY / 3600.0 / MASS_LIOH,
        "Ah per kg LiOH.H2O" => FARADAY / 3600.0 / hydrate,
        "Nm3 H2 per t LiOH.H2O" => 1000.0 / hydrate / 2.0 * NORMAL_VOLUME,
        "kJ/mol Li2CO3 + 2 HCl" => {
            (2.0 * formation(Species::Lithium)
                + formation(Species::Water)
                + formation(Species::CarbonDioxide)
                - formation(Species::LithiumCarbonate))
                * 1e-3
        }
        "kJ/mol HCl from H2 and Cl2" => formation(Species::HydrogenChloride) * 1e-3,
        "Nm3 CO2 per t Li2CO3" => 1000.0 / chemistry.molar_mass(Species::LithiumCarbonate) * NORMAL_VOLUME,
        "kJ/mol Li from LCO" => apparent_activation("X-Li", chemistry),
        "kJ/mol Co from LCO" => apparent_activation("X-Co", chemistry),
        other => panic!("no probe is called {other}"),
    }
}

/// kJ/mol from `1 - (1 - X)^(1/3)` after five minutes at 40 and 60 degC, as a laboratory would evaluate it.
fn apparent_activation(reading: &str, chemistry: &Arc<Chemistry>) -> f64 {
    let progress = |celsius: f64| {
        let mut settings: Vec<String> = [
            "charge.solids=10g/L",
            "solid.nickel=0",
            "solid.cobalt=1",
            "solid.manganese=0",
            "activity=0.05",
            "activation_lithium=47.7kJ/mol",
            "activation_metal=52.3kJ/mol",
        ]
        .map(str::to_owned)
        .to_vec();
        settings.push(format!("charge.temperature={celsius}degC"));
        settings.push(format!("feed.hold={celsius}degC"));
        let conditions = Conditions { settings, ..Conditions::default() };
        let mut experiment = Experiment::open("leach", &conditions, chemistry).unwrap();
        experiment.run_to(300.0);
        1.0 - libm::cbrt(1.0 - experiment.reading(reading).unwrap() / 100.0)
    };
    let (cold, warm) = (progress(40.0), progress(60.0));
    libm::log(warm / cold) * GAS / (1.0 / 313.15 - 1.0 / 333.15) * 1e-3
}

/// What our side gives for each expectation of a case.
fn run(case: &Case, chemistry: &Arc<Chemistry>) -> Vec<f64> {
    if case.unit == "probe" {
        return case.expectations.iter().map(|expected| probe(&expected.reading, chemistry)).collect();
    }
    let conditions = Conditions { settings: case.settings.clone(), ..Conditions::default() };
    let mut experiment = Experiment::open(&case.unit, &conditions, chemistry)
        .unwrap_or_else(|error| panic!("{}: {error}", case.id));
    experiment.run_to(case.duration);
    let value = |name: &str| {
        experiment.reading(name).unwrap_or_else(|| panic!("{}: {} has no reading {name}", case.id, case.unit))
    };
    case.expectations.iter().map(|expected| value(&expected.reading)).collect()
}

#[test]
fn validation_cases_hold_and_the_page_shows_them() {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut page = String::from(HEAD);
    let mut wrong = Vec::new();
    let (mut held, mut listed) = (0, 0);
    for (title, file) in FILES {
        let _ = writeln!(page, "\n## {title}\n\n{COLUMNS}");
        for case in cases(file) {
            let ours = run(&case, &chemistry);
            let good =
                |(expected, ours): (&Expectation, &f64)| *ours >= expected.low && *ours <= expected.high;
            let all = case.expectations.iter().zip(&ours).all(good);
            match (&case.failing, all) {
                (None, false) => wrong.push(format!("{}: {ours:?}", case.id)),
                (Some(_), true) => wrong.push(format!("{}: holds now, take it off the list", case.id)),
                (Some(_), false) => listed += 1,
                (None, true) => held += 1,
            }
            for (k, (expected, ours)) in case.expectations.iter().zip(&ours).enumerate() {
                let verdict = if good((expected, ours)) { "holds" } else { "**fails**" };
                let first = |text: &str| if k == 0 { text.to_owned() } else { String::new() };
                let _ = writeln!(
                    page,
                    "| {} | {} | {} | {} | {:.4} | {verdict} | {} |",
                    first(&case.id),
                    first(&case.what),
                    expected.reading,
                    expected.theirs,
                    ours,
                    first(&case.source),
                );
            }
            if !case.note.is_empty() {
                let _ = writeln!(page, "| | *{}* | | | | | |", case.note);
            }
            if let Some(reason) = &case.failing {
                let _ = writeln!(page, "| | **listed as failing:** {reason} | | | | | |");
            }
        }
    }
    let pending = DeTable::parse(PENDING).expect("the list parses").into_inner();
    let _ = writeln!(page, "\n## Not answered here\n\n| id | why |\n| --- | --- |");
    for (id, why) in &pending {
        let _ = writeln!(page, "| {} | {} |", id.get_ref(), why.get_ref().as_str().unwrap_or_default());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let _ = writeln!(
        page,
        "\n{held} cases hold, {listed} are listed as failing, {} are not answered here.",
        pending.len()
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let shown = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(shown == page, "docs/validation.md is stale: UPDATE_DOCS=1 cargo test -p sim-plant validation");
}

const COLUMNS: &str =
    "| id | case | what | theirs | ours | verdict | source |\n| --- | --- | --- | --- | --- | --- | --- |";

const HEAD: &str = "# Validation

Published cases against what the models give. This page is written by `UPDATE_DOCS=1 cargo test -p sim-plant validation` from
`sim-plant/validation/*.toml`; every case there can be run by hand with `catholyte sim unit`. The ids are those of the
process basis; a tolerance is the one that was set before the model was run, and none is widened. Cases marked
*calibrated* share their numbers with the parameters and show only that the model can follow them. The cases of
area 300 that need its own cell model run in `sim-plant/src/electro/tests.rs` and stand in `process-electrolysis.md`.

The last group holds liquor, flame, cells and vapour compressor against engines that we did not write. Their figures are in `peers.toml`;
the tests take them from there, and `sim-plant/validation/peers/run.sh` (Python 3.11 and the network) asks the engines again and fails
when one has changed. WaterTAP has more units, but none of them can be put at the conditions of one of ours: its crystallizer is of NaCl,
ours are of LiOH.H2O and of sulfates; its ion exchange takes one ion by a given isotherm, ours lets pH, alkali and all metals compete; its
evaporators know seawater and NaCl; we have no electrodialysis.
";

/// So that no case goes without a word.
#[test]
fn every_case_of_the_basis_is_answered_or_pending() {
    let basis = [
        "C1", "C2", "C5", "C6", "C7", "E1", "E2", "E3", "E4", "E5", "E9", "G1", "G2", "G3", "H1", "H4", "I1",
        "L1", "L2", "L3", "L5", "L6", "L8", "L10", "L11", "P1", "P2", "P3", "S1", "S4", "S6", "S7", "S8",
        "T1", "T2",
    ];
    let answered: Vec<String> = FILES.iter().flat_map(|(_, file)| cases(file)).map(|case| case.id).collect();
    let pending = DeTable::parse(PENDING).expect("the list parses").into_inner();
    for id in basis {
        let is_it = |found: &str| found == id || found.starts_with(&format!("{id} "));
        let pends = pending.iter().any(|(key, _)| is_it(key.get_ref()));
        assert!(pends || answered.iter().any(|found| is_it(found)), "{id}");
    }
}
