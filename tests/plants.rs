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
