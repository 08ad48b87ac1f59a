use std::path::{Path, PathBuf};
use std::sync::Arc;

use historian::journal::{JournalHeader, JournalOptions, JournalWriter, ScanRecord};
use lockstep::Lockstep;
use model::{Action, StateWriter};
use sim_plant::{Initial, Parameters};

use crate::cli::ReplayArgs;
use crate::plant_files::{shipped_refinery, write};

/// A minute of the refinery that begins from a snapshot, with a step of the current in it.
fn journal(folder: &Path) -> PathBuf {
    let plant = Arc::new(control::compile(&shipped_refinery()).unwrap().plant);
    let simulator =
        crate::sim_field::open(None, &plant, &Parameters::built_in().unwrap(), Initial::Running, 7).unwrap();
    let mut time = Lockstep::new(plant.clone(), simulator).unwrap();
    time.run_ms(20_000);
    let begins = time.engine.tick();
    let header = JournalHeader {
        plant_hash: plant.hash,
        plant_name: plant.name.clone(),
        epoch_ms: 0,
        period_ms: plant.period_ms,
        continues: Some(begins),
    };
    let path = folder.join("journal");
    let mut writer = JournalWriter::create(&path, header, JournalOptions::default()).unwrap();
    let files: Vec<(&str, &str)> =
        plant.sources.iter().map(|source| (source.path.as_str(), source.text.as_str())).collect();
    writer.store_plant(plant.hash, &files).unwrap();
    // A new process has heard nothing of the field: as at every resumption.
    time.restart_controller(0).unwrap();
    let mut state = StateWriter::default();
    time.engine.save(&mut state);
    writer.snapshot(begins, &state.0).unwrap();
    for scan in 0..4000 {
        if scan == 500 {
            let point = plant.find_point("IC-301.SP").unwrap();
            time.order(Action::Write { point, value: 4.8 });
        }
        time.scan();
        let inputs = time.inputs.iter().map(|input| (input.point, input.value, input.quality)).collect();
        let record = ScanRecord {
            tick: time.engine.tick(),
            inputs,
            commands: time.taken.clone(),
            hash: time.engine.scan_hash(),
        };
        writer.append(&record).unwrap();
    }
    writer.commit().unwrap();
    path
}

/// The refinery with one text in place of another.
fn changed(folder: &Path, from: &str, to: &str) -> PathBuf {
    let mut sources = shipped_refinery();
    let source = sources.iter_mut().find(|source| source.text.contains(from)).unwrap();
    source.text = source.text.replacen(from, to, 1);
    let path = folder.join("other");
    write(&path, &sources).unwrap();
    path
}

/// `loops.toml:14`: where a text stands in the refinery for the first time.
fn place(text: &str) -> String {
    let sources = shipped_refinery();
    let source = sources.iter().find(|source| source.text.contains(text)).unwrap();
    let line = source.text.lines().position(|line| line.contains(text)).unwrap() + 1;
    format!("{}:{line}", source.path)
}

/// What did otherwise first, a line for each.
fn first(said: &str) -> Vec<&str> {
    let (_, told) = said.split_once("(as recorded / with the other plant):\n").unwrap();
    told.lines().take_while(|line| line.starts_with("  ")).map(str::trim).collect()
}

fn report(journal: PathBuf, with: PathBuf) -> String {
    let args = ReplayArgs { journal, until: None, with: Some(with), export: vec![], every_ms: 1000 };
    let total = crate::replay::replay(&args).unwrap();
    assert_eq!(total.difference, None, "what was recorded comes out again");
    total.comparison.unwrap().report()
}

#[test]
fn the_same_text_does_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    let other = changed(folder.path(), "LITHIUM", "LITHIUM ");
    assert!(report(journal, other).contains("does the same"));
}

#[test]
fn how_much_is_compared_is_told_always_and_nothing_in_common_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    let same = report(journal.clone(), changed(folder.path(), "LITHIUM", "LITHIUM "));
    let all = control::compile(&shipped_refinery()).unwrap().plant.points.len();
    assert!(
        same.starts_with(&format!("{all} of {all} points are common")) && !same.contains("warning"),
        "{same}"
    );

    let small = |name: &str, tag: &str| {
        let text = format!(
            "[plant]\nname = \"{name}\"\nperiod = \"10 ms\"\n\n[tag.{tag}]\ndescription = \"a\"\nunit = \"degC\"\n\
             range = [-10, 160]\nentry = {{ initial = 20 }}\n"
        );
        let path = folder.path().join(name);
        write(&path, &[model::Source { path: "plant.toml".into(), text }]).unwrap();
        let args = ReplayArgs {
            journal: journal.clone(),
            until: None,
            with: Some(path),
            export: vec![],
            every_ms: 1000,
        };
        crate::replay::replay(&args)
    };
    let foreign = small("foreign", "ZZ-1").map(|_| ()).unwrap_err().to_string();
    assert!(foreign.contains("no point of the plant that ran") && foreign.contains("foreign"), "{foreign}");
    let little = small("little", "TT-311").unwrap().comparison.unwrap().report();
    assert!(
        little.starts_with(&format!("1 of {all} points are common")) && little.contains("warning"),
        "{little}"
    );
}

#[test]
fn a_new_tag_before_all_others_moves_no_input_to_another_point() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    let other = changed(
        folder.path(),
        "[tag.",
        "[tag.A-1]\ndescription = \"a\"\nunit = \"%\"\nrange = [0, 1]\nentry = { initial = 0 }\n\n[tag.",
    );
    let said = report(journal, other);
    assert!(said.contains("does the same"), "{said}");
}

#[test]
fn another_ramp_is_named_with_its_loop_and_what_follows_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    let other = changed(folder.path(), "sp_rate = \"0.4 kA/min\"", "sp_rate = \"0.1 kA/min\"");
    let said = report(journal, other);
    assert!(said.contains("the histories part at tick"), "{said}");
    let (_, values) = said.split_once("values differ").unwrap();
    let ramp = values.lines().find(|line| line.trim_start().starts_with("IC-301.SPW")).unwrap();
    assert!(ramp.contains(" kA; largest") && ramp.contains("% of range"), "{said}");
    assert!(said.contains("only with the other plant: none"), "{said}");
    let why = first(&said);
    let text = format!("sp_rate: 0.4 kA/min -> 0.1 kA/min in {}", place("sp_rate = \"0.4 kA/min\""));
    assert!(why[0].starts_with("IC-301.SPW") && why[0].ends_with(&text), "{why:#?}");
    let out = why.iter().position(|line| line.starts_with("IC-301.OUT")).unwrap();
    let valve = why.iter().position(|line| line.starts_with("IY-301 ")).unwrap();
    assert!(out < valve && why[valve].contains("follows from IC-301"), "{why:#?}");
}

#[test]
fn a_trip_that_only_the_other_text_has_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    let other = changed(folder.path(), "TT-312 > 95 degC FOR 5 s", "TT-312 > 50 degC FOR 5 s");
    let said = report(journal, other);
    let (recorded, with_the_other) = said.split_once("events only with the other plant:").unwrap();
    assert!(with_the_other.contains("IL-301") && with_the_other.contains("TRIPPED"), "{said}");
    assert!(!recorded.contains("TRIPPED by"), "{said}");
    let why = first(&said);
    let trip = why.iter().position(|line| line.starts_with("IL-301 ")).unwrap();
    assert!(why[trip].contains("ready / tripped"), "{why:#?}");
    let place = place("TT-312 > 95 degC FOR 5 s");
    let text = format!("TT-312 > 95 degC FOR 5 s -> TT-312 > 50 degC FOR 5 s in {place}");
    assert!(why[trip].ends_with(&text), "{why:#?}");
    let breaker = why.iter().position(|line| line.starts_with("RF-301.CMD")).unwrap();
    assert!(trip < breaker && why[breaker].ends_with("follows from IL-301"), "{why:#?}");
}

#[test]
fn a_setting_that_moves_nothing_parts_no_history_and_one_that_does_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    let sources = shipped_refinery();
    let source = sources.iter().find(|source| source.text.contains("[pid.LIC-321]")).unwrap();
    let (before, from) = source.text.split_at(source.text.find("[pid.LIC-321]").unwrap());
    let line = from.lines().find(|line| line.starts_with("kc = ")).unwrap();
    let number = before.lines().count() + from.lines().position(|other| other == line).unwrap() + 1;
    let with = from.replacen(line, "kc = 0.123", 1);
    let from = from.to_owned();
    let said = report(journal, changed(folder.path(), &from, &with));
    let why = first(&said);
    let kc = why.iter().find(|line| line.starts_with("LIC-321.KC ")).unwrap();
    assert!(kc.ends_with(&format!(" -> 0.123 in {}:{number}", source.path)), "{why:#?}");
    let out = why.iter().find(|line| line.starts_with("LIC-321.OUT ")).unwrap();
    assert!(out.contains("kc: ") && out.contains(&source.path), "{why:#?}");
}
