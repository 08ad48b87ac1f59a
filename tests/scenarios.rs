//! The shipped scenarios that are short, and what a failing one says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn refinery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plants/refinery")
}

fn selftest(plant: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_catholyte")).arg("selftest").arg(plant).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_short_scenarios_of_the_refinery_pass() {
    // One or two of each area that can come to harm within the hour.
    const SHORT: [&str; 6] = [
        "emergency-stop",
        "brine-lost",
        "pinhole",
        "crystalliser-circulation-lost",
        "furnace-cooling-lost",
        "emergency-stop-utilities",
    ];
    let mut arguments: Vec<&str> = SHORT.iter().flat_map(|name| ["--scenario", name]).collect();
    arguments.extend(["--format", "json"]);
    let output = selftest(&refinery(), &arguments);
    assert!(output.status.success(), "{}", text(&output));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["passed"], true, "{document}");
    let scenarios = document["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), SHORT.len());
    assert!(
        scenarios.iter().all(|scenario| scenario["verdicts"].as_array().unwrap().len() > 3),
        "{document}"
    );
}

#[test]
fn a_running_plant_that_nobody_touches_raises_no_alarm() {
    for plant in ["refinery", "recycling"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants").join(plant);
        let output = selftest(&folder, &["--scenario", "at-rest"]);
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// The refinery with one scenario of the test's own.
fn with_scenario(folder: &Path, scenario: &str) -> PathBuf {
    let plant = folder.join("plant");
    copy(&refinery(), &plant);
    std::fs::write(plant.join("scenarios/mine.toml"), scenario).unwrap();
    plant
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn what_does_not_come_fails_with_the_values_that_stood_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let plant = with_scenario(
        folder.path(),
        r#"
        title = "Too much is asked"
        for = "30 s"
        [[at]]
        time = "5 s"
        set = "IC-301.SP := 4.2 kA"
        refused = true
        [[at]]
        time = "10 s"
        kill = "1 s"
        [[expect]]
        by = "20 s"
        that = "IT-301 > 5 kA"
        [[expect]]
        always = "P-311.RUN FOR 2 s"
        [[expect]]
        trips = ["IL-301"]
        [[expect]]
        safe = "IL-301"
        [[expect]]
        recipe = "EL-STOP"
        [[expect]]
        from = "12 s"
        always = "P-311.RUN AND IT-301 > 3.8 kA"
        "#,
    );
    let output = selftest(&plant, &["--scenario", "mine"]);
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    for expected in [
        "IT-301 > 5 kA: now 4",
        "P-311.RUN for 2 s: now running, 0 s so far",
        "IL-301 did not trip",
        "IL-301 has not tripped",
        "no batch of EL-STOP was started",
        "it should have been refused",
        "pass  12 s to 30 s",
        "1 of 1 scenarios failed",
    ] {
        assert!(said.contains(expected), "no `{expected}` in\n{said}");
    }
}

#[test]
fn a_scenario_says_which_alarm_the_operator_must_see_and_which_he_must_not() {
    let folder = tempfile::tempdir().unwrap();
    let plant = with_scenario(
        folder.path(),
        r#"
        title = "Somebody presses the button of area 400"
        for = "20 s"
        [[at]]
        time = "5 s"
        fault = "switch-pressed"
        with = { tag = "HS-400" }
        [[at]]
        time = "10 s"
        clear = "switch-pressed"
        with = { tag = "HS-400" }
        [[expect]]
        until = "4.9 s"
        no_alarm = "all"
        [[expect]]
        from = "5 s"
        by = "7 s"
        alarm = "HS-400.P"
        [[expect]]
        no_alarm = "HS-500.P"
        # Nobody acknowledges it: it waits, and is over.
        [[expect]]
        from = "12 s"
        no_alarm = "HS-400.P"
        [[expect]]
        by = "15 s"
        alarm = "HS-500.P"
        [[expect]]
        no_alarm = "HS-400.P"
        # Its pump stands by then: suppressed by design, it tells nobody.
        [[expect]]
        from = "15 s"
        by = "18 s"
        alarm = "LT-411.L"
        "#,
    );
    let output = selftest(&plant, &["--scenario", "mine"]);
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    for expected in [
        "pass  0 s to 4.9 s",
        "pass  by 7 s: after 5.",
        "pass  0 s to 20 s",
        "pass  12 s to 20 s",
        "HS-500.P is NORMAL: emergency stop of area 500 pressed",
        "HS-400.P is UNACK: emergency stop of area 400 pressed",
        "LT-411.L is SUPPRESSED: crystalliser level LO",
    ] {
        assert!(said.contains(expected), "no `{expected}` in\n{said}");
    }
}

#[test]
fn a_moment_of_stop_holds_the_inputs_and_what_it_stopped_does_not_start_with_run() {
    let folder = tempfile::tempdir().unwrap();
    let plant = with_scenario(
        folder.path(),
        r#"
        title = "STOP for half of the watchdog's time"
        for = "1 min"
        [[at]]
        time = "10 s"
        fault = "plc-stop"
        with = { device = "PLC-300" }
        [[at]]
        time = "11 s"
        clear = "plc-stop"
        with = { device = "PLC-300" }
        # Read as ever: the contactor has dropped, and what was read in last still says that it runs.
        [[expect]]
        from = "10 s"
        until = "10.9 s"
        always = "PLC-300.LINK AND P-311.RUN AND P-311.CMD"
        # One look at the outputs.
        [[expect]]
        from = "11 s"
        by = "11.2 s"
        that = "NOT PLC-300.LINK"
        [[expect]]
        from = "11.3 s"
        always = "PLC-300.LINK"
        # Motors stay off; a loop goes on from where its valve stands.
        [[expect]]
        from = "11.3 s"
        never = "P-311.CMD OR P-321.CMD"
        [[expect]]
        at = "11.3 s"
        that = "FV-301 < 5 %"
        [[expect]]
        by = "13 s"
        that = "NOT P-311.RUN"
        "#,
    );
    let output = selftest(&plant, &["--scenario", "mine"]);
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn a_mistake_in_a_scenario_is_shown_by_check_and_stops_no_controller() {
    let folder = tempfile::tempdir().unwrap();
    let plant = with_scenario(
        folder.path(),
        "title = \"x\"\nfor = \"1 min\"\n[[at]]\ntime = \"1 s\"\nfault = \"pinhol\"\n",
    );
    let check = Command::new(env!("CARGO_BIN_EXE_catholyte")).arg("check").arg(&plant).output().unwrap();
    let said = text(&check);
    assert!(!check.status.success(), "{said}");
    assert!(said.contains("scenarios/mine.toml:5:9") && said.contains("did you mean pinhole?"), "{said}");
    let shipped = refinery();
    let planned =
        Command::new(env!("CARGO_BIN_EXE_catholyte")).arg("plan").args([&shipped, &plant]).output().unwrap();
    assert!(planned.status.success(), "the plants compile and are the same: {}", text(&planned));
}

#[test]
fn a_trend_has_a_row_for_every_interval_and_the_unit_of_every_tag() {
    let folder = tempfile::tempdir().unwrap();
    let plant = with_scenario(folder.path(), "title = \"x\"\nfor = \"10 s\"\n");
    let output = selftest(
        &plant,
        &["--scenario", "mine", "--trend", "IT-301,RF-301.CLOSED", "--every", "2s", "--out", "csv"],
    );
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "seconds,IT-301 [kA],RF-301.CLOSED");
    assert_eq!(lines.len(), 6, "{table}");
    assert!(lines[3].ends_with(",1"), "{table}");
}

#[test]
fn a_campaign_holds_what_must_hold_and_goes_the_same_way_again() {
    let campaign = |seed: &str| {
        let output = selftest(&refinery(), &["--seed", seed, "--for", "8min", "--format", "json"]);
        assert!(output.status.success(), "seed {seed}: {}", text(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let (one, again, other) = (campaign("11"), campaign("11"), campaign("12"));
    assert_eq!(one["fingerprint"], again["fingerprint"], "{one} {again}");
    assert_ne!(one["fingerprint"], other["fingerprint"], "the seed decides");
    assert!(one["commands"].as_u64().unwrap() + one["faults"].as_u64().unwrap() > 5, "{one}");
}
