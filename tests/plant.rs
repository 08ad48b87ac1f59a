//! The whole plant: simulator, bridge, scan, alarms, history and API, as processes on loopback.

mod common;

use common::{Plant, until};
use model::wire::{AlarmKind, SimulatorStatus};
use model::{AlarmState, Quality};
use serde_json::{Value, json};

#[test]
fn a_new_set_point_of_current_moves_the_plant_the_history_and_the_audit() {
    let plant = Plant::settled("running");
    let (before, _) = plant.value("IC-301.SP");
    let (brine_before, _) = plant.value("FIC-301.SP");
    let reply = plant.write("IC-301.SP", before + 0.5);
    assert!(reply.accepted, "{}", reply.message);
    until("the current has begun to rise", || (plant.value("IT-301").0 > before + 0.05).then_some(()));
    until("the brine follows in ratio", || {
        (plant.value("FIC-301.SP").0 > brine_before * 1.005).then_some(())
    });
    assert!(!plant.write("IC-301.SP", 1e6).accepted, "a set point beyond its limit is refused");

    let written = reply.time_ms;
    until("the history has the new set point", || {
        let history = plant.history("IC-301.SP", written - 60_000, written + 60_000);
        history.samples.iter().any(|sample| (sample.value - before - 0.5).abs() < 1e-9).then_some(())
    });
    let audit = plant.run(&["audit", "show"]);
    assert!(audit.lines().any(|line| line.contains("engineer") && line.contains("IC-301 SP")), "{audit}");
    assert!(plant.run(&["audit", "verify"]).contains("intact"));
}

#[test]
fn a_killed_simulator_is_bad_within_two_seconds_and_live_again_by_itself() {
    let mut plant = Plant::settled("running");
    plant.kill_simulator();
    let killed = plant.frame().time_ms;
    let seen = until("every tag of the field is bad", || {
        let frame = plant.frame();
        let inputs = ["TT-311", "LT-321", "IT-301", "ET-331.07"].map(|name| plant.point(name));
        let bad = |point| {
            frame.values.iter().any(|value| value.0 == point && value.2 == Quality::BadNoCommunication)
        };
        inputs.into_iter().all(bad).then_some(frame.time_ms)
    });
    assert!(seen - killed <= 2_000, "{} ms", seen - killed);
    let link_alarms = || {
        let view = plant.view();
        plant
            .alarms()
            .into_iter()
            .filter(|status| {
                let alarm = &view.alarms[status.alarm.index()];
                alarm.kind == AlarmKind::Fault && ["PLC-300", "RF-300"].contains(&alarm.tag.as_str())
            })
            .map(|status| status.state)
            .collect::<Vec<_>>()
    };
    until("both links alarm", || (link_alarms() == [AlarmState::Unacked; 2]).then_some(()));

    plant.start_simulator("running");
    let back = plant.frame().time_ms;
    let live = until("values are live again", || {
        let frame = plant.frame();
        let inputs = ["TT-311", "LT-321", "IT-301", "ET-331.07"].map(|name| plant.point(name));
        let good = |point| frame.values.iter().any(|value| value.0 == point && value.2.is_usable());
        inputs.into_iter().all(good).then_some(frame.time_ms)
    });
    assert!(live - back <= 5_000, "{} ms", live - back);
    let history = plant.history("TT-311", killed - 5_000, live + 1_000);
    assert!(
        history.samples.iter().any(|sample| sample.quality == Quality::BadNoCommunication),
        "history has the loss"
    );
}

#[test]
fn a_killed_controller_resumes_with_the_same_state_and_its_journal_replays() {
    let mut plant = Plant::settled("running");
    let (sp, _) = plant.value("LIC-311.SP");
    let reply = plant.write("LIC-311.SP", sp - 2.0);
    assert!(reply.accepted, "{}", reply.message);
    // The answer has come, so it must survive.
    plant.kill_controller();
    plant.start_controller();
    assert_eq!(plant.value("LIC-311.SP").0, sp - 2.0);
    until("the scan goes on behind the old one", || (plant.frame().tick > reply.tick).then_some(()));
    plant.kill_controller();
    let report = plant.run(&["replay", plant.journal().to_str().unwrap()]);
    assert!(report.contains("every hash agrees"), "{report}");
}

#[test]
fn a_dead_controller_lets_the_plc_go_to_its_fail_positions() {
    let mut plant = Plant::settled("running");
    let watchdogs = |plant: &Plant, state: &str| {
        let status = plant.run(&["sim", "status"]);
        (status.matches(state).count() == status.matches("watchdog ").count()).then_some(())
    };
    until("every PLC has heard the controller", || watchdogs(&plant, "watchdog ok"));
    plant.kill_controller();
    until("the watchdogs have fired", || watchdogs(&plant, "watchdog FIRED"));
}

#[test]
fn why_explains_an_interlock_in_live_values() {
    let plant = Plant::settled("running");
    let interlock = &plant.view().interlocks[0];
    let why = plant.why(&interlock.name);
    assert!(why.lines.len() >= interlock.causes.len(), "{why:?}");
}

#[test]
fn a_program_moves_the_plants_time_over_the_api() {
    let mut plant = Plant::settled("running");
    let order = |plant: &Plant, order: Value| {
        let (status, reply) = plant.post("/simulator/time", &json!({ "order": order, "reason": "lesson 3" }));
        assert_eq!(status, 200, "{reply}");
        (reply["accepted"].as_bool().unwrap(), reply["message"].as_str().unwrap().to_owned())
    };
    let state = |plant: &Plant| plant.get::<SimulatorStatus>("/simulator");
    assert!(order(&plant, json!({ "do": "pause" })).0);
    let before = state(&plant);
    assert!(before.paused && before.times == Some(1.0) && before.closure < 1e-6, "{before:?}");
    assert!(order(&plant, json!({ "do": "snapshot", "name": "paused" })).0);
    assert!(order(&plant, json!({ "do": "step", "seconds": 30 })).0);
    assert!((state(&plant).seconds - before.seconds - 30.0).abs() < 0.01);
    assert!(order(&plant, json!({ "do": "rewind", "seconds": 15 })).0);
    assert!(state(&plant).seconds <= before.seconds + 15.01);
    assert!(order(&plant, json!({ "do": "restore", "name": "paused" })).0);
    assert_eq!((state(&plant).seconds, state(&plant).snapshots), (before.seconds, vec!["paused".to_owned()]));
    for (wrong, why) in [
        (json!({ "do": "step", "seconds": 1e6 }), "at most 10 min"),
        (json!({ "do": "rewind", "seconds": -1 }), "has no sign"),
        (json!({ "do": "speed", "times": 1e9 }), "`max`"),
        (json!({ "do": "restore", "name": "pauses" }), "did you mean paused?"),
        (json!({ "do": "snapshot", "name": "a\nclear all" }), "is no name"),
    ] {
        let (accepted, message) = order(&plant, wrong);
        assert!(!accepted && message.contains(why), "{message}");
    }
    let audit = |what: &str| plant.run(&["audit", "show"]).contains(what).then_some(());
    until("what was refused is named in the audit log", || audit("sim restore pauses: "));
    until("and what was done, with its reason", || audit("the plant is back by"));
    assert_eq!(state(&plant).seconds, before.seconds, "a refused order changes nothing");
    assert!(order(&plant, json!({ "do": "speed", "times": null })).0);
    assert!(order(&plant, json!({ "do": "resume" })).0);
    until("the plant's time runs", || (state(&plant).seconds > before.seconds + 1.0).then_some(()));
    assert_eq!(state(&plant).times, None);
    plant.kill_simulator();
    let (accepted, message) = order(&plant, json!({ "do": "pause" }));
    assert!(!accepted && message.contains("no simulator runs on"), "{message}");
}

#[test]
fn a_trainer_stops_steps_and_rewinds_the_plant_while_the_controller_runs_on() {
    let plant = Plant::settled("running");
    let seconds = || -> f64 {
        let status = plant.run(&["sim", "status"]);
        let words = status.split_whitespace().collect::<Vec<_>>();
        words[words.iter().position(|word| *word == "s").unwrap() - 1].parse().unwrap()
    };
    plant.run(&["sim", "pause"]);
    let (stopped, tick) = (seconds(), plant.frame().tick);
    plant.run(&["sim", "snapshot", "stopped"]);
    plant.run(&["sim", "step", "30s"]);
    assert!((seconds() - stopped - 30.0).abs() < 0.01);
    plant.run(&["sim", "rewind", "15s"]);
    assert!(seconds() <= stopped + 15.01);
    plant.run(&["sim", "restore", "stopped"]);
    assert_eq!(seconds(), stopped);
    assert_eq!(plant.run(&["sim", "snapshots"]).trim(), "stopped");
    until("the controller has gone on", || (plant.frame().tick > tick + 10).then_some(()));
    plant.run(&["sim", "speed", "10"]);
    plant.run(&["sim", "resume"]);
    until("the plant's time runs", || (seconds() > stopped + 1.0).then_some(()));
    let refused = plant.command(&["sim", "speed", "1e9"]).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("100"));
}
