//! Every plant folder that ships: its text, its field and its scenarios are sound.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use toml::de::{DeTable, DeValue};

fn plant(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plants").join(name)
}

fn catholyte(command: &str, plant: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_catholyte")).arg(command).arg(plant).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn every_shipped_plant_checks_without_a_warning() {
    let mut checked = 0;
    for entry in std::fs::read_dir(plant("")).unwrap() {
        let folder = entry.unwrap().path();
        let output = catholyte("check", &folder, &[]);
        assert!(output.status.success(), "{}:\n{}", folder.display(), text(&output));
        assert!(text(&output).contains("0 warnings"), "{}", text(&output));
        checked += 1;
    }
    assert!(checked >= 3, "refinery, recycling and the site of both");
}

#[test]
fn whoever_reads_json_gets_a_document_of_a_folder_that_is_not_there_too() {
    let output = catholyte("check", &plant("nowhere"), &["--format", "json"]);
    assert!(!output.status.success());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document.to_string().contains("no plant folder at"), "{document}");
}

#[test]
fn a_module_that_warms_by_itself_loses_its_current() {
    let output = catholyte("selftest", &plant("recycling"), &["--scenario", "R100-hot-module"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("1 of 1 scenarios passed"), "{}", text(&output));
}

#[test]
fn the_site_runs_both_plants_and_its_balances_close() {
    let output = catholyte("selftest", &plant("site"), &["--seed", "5", "--for", "2min"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("0 breaches"), "{}", text(&output));
}

/// The phases of a text, each with its own lines.
fn phases(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("PHASE ").and_then(|rest| rest.split_whitespace().next()) {
            Some(name) => found.push((name, Vec::new())),
            None => found.last_mut().into_iter().for_each(|(_, lines)| lines.push(line)),
        }
    }
    found
}

fn phase_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            phase_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "phase") {
            found.push(path);
        }
    }
}

#[test]
fn every_phase_that_moves_something_says_what_an_abort_leaves_behind() {
    // They start what is safe when it runs (scrubber, nitrogen), or are at rest already when they end.
    const SAFE: [&str; 4] = ["ShredScrub", "ShredInert", "Check", "Rest"];
    let mut files = Vec::new();
    phase_files(&plant(""), &mut files);
    let mut seen = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (name, lines) in phases(&text) {
            let moves = lines.iter().any(|line| line.contains(":="));
            let aborts = lines.contains(&"ABORTING");
            assert!(aborts || !moves || SAFE.contains(&name), "{}: {name} has no ABORTING", file.display());
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen} phases");
}

/// Seconds of a time of a scenario: `90 s`, `661 min`, `14 h`.
fn seconds(time: &str) -> f64 {
    let (number, unit) = time.split_once(' ').unwrap_or_else(|| panic!("{time}"));
    let scale = match unit {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => panic!("{time}"),
    };
    number.parse::<f64>().unwrap() * scale
}

fn text_of<'a>(table: &'a DeTable<'_>, key: &str) -> Option<&'a str> {
    match table.get(key)?.get_ref() {
        DeValue::String(text) => Some(text),
        _ => None,
    }
}

fn tables<'a, 'i>(scenario: &'a DeTable<'i>, key: &str) -> Vec<&'a DeTable<'i>> {
    let Some(DeValue::Array(items)) = scenario.get(key).map(toml::Spanned::get_ref) else {
        return Vec::new();
    };
    let table = |item: &'a DeValue<'i>| match item {
        DeValue::Table(table) => Some(table),
        _ => None,
    };
    items.iter().filter_map(|item| table(item.get_ref())).collect()
}

/// Whether an expectation says how something is at the last moment of the play.
fn judges_the_end(expect: &DeTable<'_>, end: f64) -> bool {
    let time = |key: &str| text_of(expect, key).map(seconds);
    match (text_of(expect, "that"), text_of(expect, "always")) {
        (Some(_), _) => time("at").is_some_and(|at| at >= end),
        (None, Some(_)) => time("until").is_none_or(|until| until >= end),
        (None, None) => false,
    }
}

#[test]
fn every_fault_scenario_says_in_which_state_the_plant_ends() {
    let mut seen = 0;
    for plant in ["refinery", "recycling", "site"].map(plant) {
        for entry in std::fs::read_dir(plant.join("scenarios")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let scenario = DeTable::parse(&text).unwrap().into_inner();
            if tables(&scenario, "at").iter().all(|at| text_of(at, "fault").is_none()) {
                continue;
            }
            let end = seconds(text_of(&scenario, "for").unwrap());
            let said = tables(&scenario, "expect").iter().any(|expect| judges_the_end(expect, end));
            assert!(said, "{}: what must be so when it ends?", path.display());
            seen += 1;
        }
    }
    assert!(seen > 65, "{seen} scenarios with a fault");
}
