//! Every plant folder that ships: its text, its field and its scenarios are sound.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
