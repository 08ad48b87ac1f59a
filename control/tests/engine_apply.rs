//! What a change of the text means for settings, totals, modes and protection: taken over, or told.

mod support;

use std::sync::Arc;

use control::Plan;
use control::plant::Plant;
use model::{Action, Mode, Source};
use support::Harness;

const PLANT: &str = r#"
[plant]
name = "settings"
title = "SETTINGS"
period = "10 ms"

[area.300]
title = "Electrolysis"

[unit.EL-301]
description = "Electrolyser"
area = "300"

[device.PLC-300]
description = "Process I/O"
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"

[tag.TT-1]
description = "Temperature"
unit = "degC"
range = [0, 100]
io = { device = "PLC-300", input = 0, raw = [0, 27648] }

[tag.FT-1]
description = "Flow"
unit = "m3/h"
range = [0, 50]
io = { device = "PLC-300", input = 1, raw = [0, 27648] }

[tag.HV-1]
description = "Heating valve"
unit = "%"
range = [0, 100]
io = { device = "PLC-300", holding = 10, raw = [0, 27648] }
fail = 0

[tag.HS-1]
description = "Switch"
words = ["off", "on"]
entry = { initial = "off", role = "operator" }

[pid.TC-1]
description = "Temperature"
unit_of = "EL-301"
pv = "TT-1"
out = "HV-1"
action = "reverse"
kc = 0.5
ti = "200 s"
on_bad_pv = "hold"
mode = "auto"
sp = "50 degC"
# options

[ratio.RA-1]
description = "Ratio"
input = "FT-1"
ratio = 0.5
ratio_limits = [0.2, 0.9]
bias = 1
unit = "m3/h"
range = [0, 50]

[bias.BI-1]
description = "Bias"
input = "FT-1"
bias = "1 m3/h"

[decoupler.XY-1]
description = "Decoupler"
a = "TT-1"
b = "TT-1B"
d12 = -0.3
d21 = -0.2

[tag.TT-1B]
description = "Temperature B"
unit = "degC"
range = [0, 100]
io = { device = "PLC-300", input = 2, raw = [0, 27648] }

[timer.KS-1]
description = "Timer"
in = "HS-1"
function = "TON"
time = "10 s"

[counter.KQ-1]
description = "Counter"
up = "HS-1"
preset = 7

[on_off.LS-1]
description = "On and off"
pv = "TT-1"
sp = "60 degC"
gap = "5 dK"
action = "reverse"

[totaliser.FQ-1]
description = "Total"
input = "FT-1"
unit = "m3"
range = [0, 1000]

[interlock.IL-1]
description = "Too hot"
unit_of = "EL-301"
reset = "manual"
bypass = "supervisor"
trip = [{ when = "TT-1 > 90 degC", text = "hot" }]
do = ["HV-1 := 0 %"]
"#;

const PHASE: &str = "PHASE Soak ON EL-301 \"soak\"\nPARAM level : degC = 50 IN 30 .. 70 \"to soak at\"\nRUNNING\n  \
    STEP \"set\"\n    TC-1.SP := level\n    WAIT TT-1 > 99 degC\n";

fn compile(edits: &[(&str, &str)]) -> Arc<Plant> {
    let (mut plant, mut phase) = (PLANT.to_owned(), PHASE.to_owned());
    for (from, to) in edits {
        let text = if plant.contains(from) { &mut plant } else { &mut phase };
        assert!(text.contains(from), "no file has {from}");
        *text = text.replacen(from, to, 1);
    }
    let source = |path: &str, text: String| Source { path: path.into(), text };
    let sources = [source("plant.toml", plant), source("soak.phase", phase)];
    Arc::new(control::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).plant)
}

/// The loop stands in automatic at its set point, with the valve at 60 %.
fn running(edits: &[(&str, &str)]) -> Harness {
    let mut h = Harness::new((*compile(edits)).clone());
    h.all_good(50.0);
    let flow = h.point("FT-1");
    h.set(flow, 36.0);
    h.run(20);
    h.mode("TC-1", Mode::Manual).unwrap();
    h.write("TC-1.OUT", 60.0).unwrap();
    // A loop puts its output in its own time.
    h.run(20);
    h.mode("TC-1", Mode::Auto).unwrap();
    h.write("TC-1.SP", 50.2).unwrap();
    h.run(100);
    assert!((h.value("HV-1") - 60.0).abs() < 2.0, "{}", h.value("HV-1"));
    h
}

/// The reasons, and the plant after the change.
fn applied(h: &Harness, edits: &[(&str, &str)]) -> (String, Harness) {
    let (next, migration) = h.engine.migrate(&compile(edits)).unwrap();
    let mut other = Harness::new((**next.plant()).clone());
    (other.engine, other.tick) = (next, h.tick);
    (migration.reasons().join("\n"), other)
}

#[test]
fn every_setting_takes_its_new_value_where_its_text_changed_and_keeps_what_was_set_by_hand_elsewhere() {
    let mut h = running(&[]);
    h.write("KQ-1.PV", 5.0).unwrap();
    let edits = [
        ("ratio = 0.5", "ratio = 0.6"),
        ("bias = 1\n", "bias = 3\n"),
        ("bias = \"1 m3/h\"", "bias = \"2 m3/h\""),
        ("d12 = -0.3", "d12 = -0.5"),
        ("time = \"10 s\"", "time = \"20 s\""),
        ("sp = \"60 degC\"", "sp = \"66 degC\""),
    ];
    let (reasons, mut after) = applied(&h, &edits);
    assert_eq!(reasons, "");
    after.run(2);
    for (name, value) in [
        ("RA-1.RATIO", 0.6),
        ("RA-1.BIAS", 3.0),
        ("BI-1.BIAS", 2.0),
        ("XY-1.D12", -0.5),
        ("XY-1.D21", -0.2),
        ("KS-1.PT", 20.0),
        ("LS-1.SP", 66.0),
        ("KQ-1.PV", 5.0),
        ("TC-1.SP", 50.2),
    ] {
        assert_eq!(after.value(name), value, "{name}");
    }
    let (_, after) = applied(&h, &[("preset = 7", "preset = 9")]);
    assert_eq!(after.value("KQ-1.PV"), 9.0, "the text has the last word where it changed");
}

#[test]
fn a_parameter_of_a_phase_is_a_change_and_its_new_value_is_the_one_that_it_begins_with() {
    let h = running(&[]);
    for (from, to, key) in [
        ("= 50 IN", "= 55 IN", "50 degC IN 30 .. 70 \"to soak at\" -> 55 degC IN 30 .. 70 \"to soak at\""),
        (
            "IN 30 .. 70",
            "IN 30 .. 90",
            "50 degC IN 30 .. 70 \"to soak at\" -> 50 degC IN 30 .. 90 \"to soak at\"",
        ),
        (
            "\"to soak at\"",
            "\"of the soak\"",
            "50 degC IN 30 .. 70 \"to soak at\" -> 50 degC IN 30 .. 70 \"of the soak\"",
        ),
    ] {
        let plan = Plan::between(&compile(&[]), &compile(&[(from, to)]));
        let [change] = plan.changes.as_slice() else { panic!("{:?}", plan.changes) };
        let [found] = change.difference.keys.as_slice() else { panic!("{:?}", change.difference) };
        assert_eq!((change.difference.kind, found.key.as_str()), ("phase", "parameter.level"));
        let told = format!("{} -> {}", found.old.as_deref().unwrap(), found.new.as_deref().unwrap());
        assert_eq!(told, key);
        assert_eq!(found.new_at.as_ref().unwrap().to_string(), "soak.phase:2");
    }
    let (reasons, after) = applied(&h, &[("= 50 IN", "= 55 IN")]);
    assert_eq!((reasons.as_str(), after.value("Soak.level")), ("", 55.0));
}

#[test]
fn a_jump_of_a_task_that_became_slower_is_found_behind_the_first_small_difference() {
    let h = running(&[]);
    let edit = ("# options", "task = \"1 s\"\nout_limits = [0, 20]");
    let (reasons, _) = applied(&h, &[edit]);
    assert!(reasons.contains("the output HV-1 would go from 6") && reasons.contains("to 20.0"), "{reasons}");
    let (reasons, _) = applied(&h, &[("# options", "task = \"1 s\"")]);
    assert_eq!(reasons, "", "a slower task alone is no jump");
}

#[test]
fn a_loop_in_a_mode_that_goes_away_is_an_obstacle_and_whoever_insists_finds_it_in_one_that_stays() {
    let remote = (
        "# options",
        "modes = [\"manual\", \"auto\", \"remote_cascade\", \"remote_output\", \"out_of_service\"]\n\
         remote = { timeout = \"5 s\", shed = \"manual\" }",
    );
    let without = ("# options", "modes = [\"manual\", \"auto\"]");
    for (mode, word, then) in [
        (Mode::RemoteCascade, "RCAS", Mode::Auto),
        (Mode::RemoteOutput, "ROUT", Mode::Manual),
        (Mode::OutOfService, "OOS", Mode::Manual),
    ] {
        let mut h = running(&[remote]);
        h.mode("TC-1", mode).unwrap();
        h.run(20);
        let (reasons, mut after) = applied(&h, &[without]);
        assert!(reasons.contains(&format!("TC-1 is in {word}")), "{reasons}");
        after.run(20);
        assert_eq!(after.actual("TC-1"), then);
        h.mode("TC-1", Mode::Auto).unwrap();
        h.run(20);
        assert_eq!(applied(&h, &[without]).0, "");
    }
}

#[test]
fn a_bypass_that_the_new_text_ends_is_told() {
    let mut h = running(&[]);
    let interlock = h.plant().find_interlock("IL-1").unwrap();
    h.ask(Action::Bypass { interlock, for_ms: 60_000 }).unwrap();
    let strict = ("bypass = \"supervisor\"\n", "");
    let (reasons, _) = applied(&h, &[strict]);
    assert!(reasons.contains("interlock IL-1 is bypassed"), "{reasons}");
    h.ask(Action::Bypass { interlock, for_ms: 0 }).unwrap();
    assert_eq!(applied(&h, &[strict]).0, "");
}

#[test]
fn a_new_interlock_whose_cause_stands_behind_a_delay_is_told_with_what_it_will_move() {
    let h = running(&[]);
    let limit = |limit: &str, delay: &str| {
        format!(
            "[interlock.IL-2]\ndescription = \"Warm\"\nunit_of = \"EL-301\"\nreset = \"manual\"\n\
             trip = [{{ when = \"TT-1 > {limit} degC FOR {delay}\", text = \"warm\" }}]\ndo = [\"HV-1 := 0 %\"]\n\n[interlock.IL-1]"
        )
    };
    let (reasons, _) = applied(&h, &[("[interlock.IL-1]", &limit("20", "2 h"))]);
    assert!(
        reasons.contains("interlock IL-2 would trip") && reasons.contains("HV-1 would go from"),
        "{reasons}"
    );
    assert_eq!(applied(&h, &[("[interlock.IL-1]", &limit("80", "2 h"))]).0, "", "it does not stand");
    let waits = ("TT-1 > 90 degC", "TT-1 > 20 degC FOR 1 h");
    let h = running(&[waits]);
    assert_eq!(
        applied(&h, &[waits, ("title = \"SETTINGS\"", "title = \"OTHER\"")]).0,
        "",
        "it would trip anyway"
    );
}

#[test]
fn a_total_goes_over_into_its_new_unit_and_one_of_another_kind_is_refused() {
    let mut h = running(&[]);
    h.run(1000);
    let total = h.value("FQ-1.OUT");
    assert!(total > 0.1, "{total}");
    let litres = ("unit = \"m3\"\nrange = [0, 1000]", "unit = \"L\"\nrange = [0, 1000000]");
    let (reasons, mut after) = applied(&h, &[litres]);
    assert_eq!(reasons, "");
    assert!((after.value("FQ-1.OUT") - 1000.0 * total).abs() < 1e-6, "{}", after.value("FQ-1.OUT"));
    after.run(100);
    let more = after.value("FQ-1.OUT") - 1000.0 * total;
    assert!((more - 10.0).abs() < 0.2, "36 m3/h are 10 L in a second: {more}");
    let mass = (
        "unit = \"m3/h\"\nrange = [0, 50]\nio = { device = \"PLC-300\", input = 1",
        "unit = \"kg/h\"\nrange = [0, 50]\nio = { device = \"PLC-300\", input = 1",
    );
    let kilograms = ("unit = \"m3\"\nrange = [0, 1000]", "unit = \"kg\"\nrange = [0, 1000]");
    let plant_edits = [
        mass,
        kilograms,
        (
            "unit = \"m3/h\"\nrange = [0, 50]\n\n[bias.BI-1]",
            "unit = \"kg/h\"\nrange = [0, 50]\n\n[bias.BI-1]",
        ),
        ("bias = \"1 m3/h\"", "bias = \"1 kg/h\""),
    ];
    let (reasons, after) = applied(&h, &plant_edits);
    assert!(reasons.contains("its total is a number in the old unit"), "{reasons}");
    assert_eq!(after.value("FQ-1.OUT"), 0.0, "no number of the one is told as the other");
}
