//! Motors that command themselves, and groups of them with duty and standby: from text through the engine.

mod support;

use control::{Engine, ScanOutput, StateView, why};
use model::{EventBody, Quality, Refusal};
use proptest::prelude::*;
use support::text_loop::{TUNED, text_loop};
use support::{Dice, Harness};

fn motor(name: &str, number: u32, keys: &str) -> String {
    format!(
        "[tag.\"{name}.CMD\"]\ndescription = \"command\"\nwords = [\"stop\", \"start\"]\nfail = 0\n\
         io = {{ device = \"PLC\", coil = {number} }}\n\
         [tag.\"{name}.RUN\"]\ndescription = \"runs\"\nwords = [\"stopped\", \"running\"]\n\
         io = {{ device = \"PLC\", discrete = {} }}\n\
         [motor.{name}]\ndescription = \"{name}\"\nout = \"{name}.CMD\"\non = \"{name}.RUN\"\ntravel = \"1 s\"\n\
         task = \"10 ms\"\n{keys}\n",
        number + 10
    )
}

/// A plant whose motors follow their commands, but for those that are broken.
struct Pumps {
    h: Harness,
    names: Vec<&'static str>,
    broken: [bool; 4],
}

impl Pumps {
    fn new(names: &[&'static str], keys: &str) -> Self {
        Self::of(names, &Self::text(names, keys))
    }

    fn text(names: &[&'static str], keys: &str) -> String {
        let mut text = String::from(TUNED);
        for (name, number) in names.iter().zip(0..) {
            text += &motor(name, number, if *name == "PA" { "min_off = \"5 s\"" } else { "" });
        }
        text += &format!(
            "[duty_standby.P]\ndescription = \"Pumps\"\nmotors = {names:?}\ntask = \"10 ms\"\n{keys}\n\
             [interlock.IL-1]\ndescription = \"Stop\"\nreset = \"auto\"\n\
             trip = [ {{ when = \"LT-2 > 90 %\", text = \"high\" }} ]\ndo = [\"P := stop\"]\n\
             [interlock.IL-2]\ndescription = \"Seal\"\nreset = \"auto\"\n\
             trip = [ {{ when = \"LT-2 < 10 %\", text = \"low\" }} ]\ndo = [\"{} := stop\"]\n",
            names[0]
        );
        text
    }

    fn of(names: &[&'static str], text: &str) -> Self {
        let h = text_loop(text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let mut pumps = Self { h, names: names.to_vec(), broken: [false; 4] };
        pumps.h.all_good(0.0);
        pumps.h.set(pumps.h.point("LT-2"), 50.0);
        pumps.run(10);
        pumps
    }

    fn two() -> Self {
        Self::new(&["PA", "PB"], "")
    }

    fn run(&mut self, scans: usize) {
        for _ in 0..scans {
            for (name, broken) in self.names.clone().into_iter().zip(self.broken) {
                let runs = self.h.value(&format!("{name}.CMD")) >= 0.5 && !broken;
                self.h.set(self.h.point(&format!("{name}.RUN")), f64::from(u8::from(runs)));
            }
            self.h.scan();
        }
    }

    fn running(&self) -> Vec<&'static str> {
        let runs = |name: &&&str| self.h.value(&format!("{name}.RUN")) >= 0.5;
        self.names.iter().filter(runs).copied().collect()
    }

    fn value(&self, name: &str) -> f64 {
        self.h.value(name)
    }

    fn write(&mut self, name: &str, value: f64) -> Result<f64, Refusal> {
        let answer = self.h.write(name, value);
        self.run(5);
        answer
    }
}

#[test]
fn the_one_on_duty_runs_and_the_standby_takes_over_when_it_fails() {
    let mut pumps = Pumps::two();
    assert_eq!((pumps.value("P.STATE"), pumps.value("P.READY")), (0.0, 2.0));
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.running(), ["PA"]);
    assert_eq!((pumps.value("P.STATE"), pumps.value("P.DUTY")), (1.0, 1.0));
    pumps.broken[0] = true;
    pumps.run(150);
    assert_eq!(pumps.running(), ["PB"]);
    assert_eq!((pumps.value("P.DUTY"), pumps.value("P.READY"), pumps.value("P.FAIL")), (2.0, 1.0, 0.0));
    assert_eq!(pumps.value("PA.CMD"), 0.0, "what failed is commanded off");
    pumps.broken[0] = false;
    pumps.run(2000);
    assert_eq!(pumps.running(), ["PB"], "and is not tried again by itself");
    assert_eq!(pumps.value("P.READY"), 1.0);
    pumps.write("PA.AUTO", 0.0).unwrap();
    pumps.write("PA.AUTO", 1.0).unwrap();
    assert_eq!(pumps.value("P.READY"), 2.0, "until somebody has looked after it");
}

const ALARM: &str = r#"
[alarm.PA]
tag = "PA"
fault = true
on_delay = "1 s"
priority = "high"
cause = "It has stopped."
consequence = "No standby."
response = "Look after it."
time = "1 h"
"#;

/// What the group does without has failed, and says so for as long as nobody has looked after it.
#[test]
fn the_failure_of_a_motor_of_a_group_stands_until_a_person_takes_it() {
    let failed = |pumps: &Pumps| ["PA.FAIL", "PA.STATE", "PA.READY"].map(|name| pumps.value(name));
    let mut pumps = Pumps::new(&["PB", "PA"], ALARM);
    pumps.write("P.DUTY", 2.0).unwrap();
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.running(), ["PA"]);
    pumps.broken[1] = true;
    pumps.run(150);
    pumps.broken[1] = false;
    for _ in 0..20 {
        pumps.run(100);
        assert_eq!((failed(&pumps), pumps.running()), ([1.0, 4.0, 0.0], vec!["PB"]));
    }
    assert_eq!(pumps.h.engine.alarms()[0].state, model::AlarmState::Unacked, "its delay has run out");
    assert_eq!(pumps.value("PA.CMD"), 0.0);
    let failures =
        pumps.h.events.iter().filter(|event| matches!(event.body, EventBody::Device { .. })).count();
    assert_eq!(failures, 1, "it failed once, and has not recovered");

    let mut view = StateView::new(&pumps.h.plant());
    pumps.h.engine.publish(&mut view);
    let missing = why(&pumps.h.plant(), &view, "PA").unwrap().missing.expect("it stands still");
    let lines: Vec<String> = missing.lines.iter().map(model::wire::WhyLine::text).collect();
    assert!(lines.iter().any(|line| line.contains("takes it by hand and gives it back")), "{lines:#?}");

    let saved = pumps.h.save();
    pumps.h.engine = Engine::new(pumps.h.plant());
    pumps.h.engine.restore(&saved).unwrap();
    pumps.run(10);
    assert_eq!(failed(&pumps), [1.0, 4.0, 0.0], "a snapshot keeps it");
    pumps.write("PA.AUTO", 0.0).unwrap();
    assert_eq!(failed(&pumps), [0.0, 0.0, 0.0]);
    assert_eq!(pumps.h.engine.alarms()[0].state, model::AlarmState::Returned);
    pumps.write("PA.AUTO", 1.0).unwrap();
    assert_eq!((failed(&pumps), pumps.value("P.READY")), ([0.0, 0.0, 1.0], 2.0));

    // A group that is stopped and started tries it again, without a word of failure between.
    pumps.broken[0] = true;
    pumps.broken[1] = true;
    pumps.run(400);
    assert_eq!((failed(&pumps), pumps.value("PB.FAIL"), pumps.value("P.FAIL")), ([1.0, 4.0, 0.0], 1.0, 1.0));
    pumps.write("P.CMD", 0.0).unwrap();
    assert_eq!((failed(&pumps), pumps.value("P.FAIL")), ([1.0, 4.0, 0.0], 0.0));
    pumps.broken = [false; 4];
    pumps.h.events.clear();
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!((pumps.value("PA.FAIL"), pumps.value("PB.FAIL"), pumps.running().len()), (0.0, 0.0, 1));
    let group = pumps.h.plant().find_block("P").unwrap();
    let news = |event: &model::Event| matches!(event.body, EventBody::Device { block, .. } if block == group);
    assert!(!pumps.h.events.iter().any(news), "the group has not failed again");
    pumps.broken = [true; 4];
    pumps.run(1500);
    assert_eq!(pumps.value("PA.FAIL"), 1.0);
    pumps.h.mode("PA", model::Mode::OutOfService).unwrap();
    pumps.run(5);
    assert_eq!(pumps.value("PA.FAIL"), 0.0, "out of service it fails nobody");
}

/// With the second of two pumps on a PLC of its own.
fn two_plcs() -> Pumps {
    let text = Pumps::text(&["PA", "PB"], "");
    let (before, second) = text.split_once("[tag.\"PB.CMD\"]").unwrap();
    let second = second.replacen("device = \"PLC\"", "device = \"PLC-2\"", 2);
    let other = "[device.PLC-2]\ndescription = \"I/O\"\nprotocol = \"modbus-tcp\"\nendpoint = \"127.0.0.1:5021\"\nunit_id = 1\n\
                 watchdog = \"2 s\"\nheartbeat = \"holding 0\"\n";
    let mut pumps = Pumps::of(&["PA", "PB"], &format!("{before}{other}[tag.\"PB.CMD\"]{second}"));
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.running(), ["PA"]);
    pumps
}

/// Scans in which the PLC of the first is silent, and the second follows its command.
fn silent(pumps: &mut Pumps, scans: usize) {
    for _ in 0..scans {
        pumps.h.set(pumps.h.point("PLC.LINK"), 0.0);
        pumps.h.input(pumps.h.point("PA.RUN"), 1.0, Quality::BadNoCommunication);
        let runs = pumps.value("PB.CMD");
        pumps.h.set(pumps.h.point("PB.RUN"), runs);
        pumps.h.scan();
    }
}

#[test]
fn a_standby_takes_over_when_the_device_of_the_one_on_duty_is_silent_for_longer_than_its_watchdog() {
    let mut pumps = two_plcs();
    silent(&mut pumps, 195);
    assert_eq!((pumps.value("PB.CMD"), pumps.value("P.DUTY")), (0.0, 1.0), "it may come back yet");
    silent(&mut pumps, 20);
    assert_eq!(
        ["PA.CMD", "PB.CMD", "P.DUTY", "P.READY", "P.FAIL"].map(|name| pumps.value(name)),
        [0.0, 1.0, 2.0, 1.0, 0.0]
    );
    // Its PLC has held it on: now that it can be told, it stops.
    pumps.h.set(pumps.h.point("PA.CMD"), 1.0);
    pumps.h.set(pumps.h.point("PA.RUN"), 1.0);
    pumps.h.set(pumps.h.point("PLC.LINK"), 1.0);
    pumps.h.scan();
    pumps.run(50);
    assert_eq!((pumps.running(), pumps.value("P.DUTY")), (vec!["PB"], 2.0));
    // It has rested.
    pumps.run(500);
    assert_eq!((pumps.running(), pumps.value("P.READY")), (vec!["PB"], 2.0));
}

#[test]
fn a_silent_motor_stays_wanted_while_no_other_is_ready() {
    let mut pumps = two_plcs();
    pumps.write("PB.AUTO", 0.0).unwrap();
    silent(&mut pumps, 400);
    assert_eq!(["PA.CMD", "PB.CMD", "P.DUTY", "P.FAIL"].map(|name| pumps.value(name)), [1.0, 0.0, 1.0, 0.0]);
}

#[test]
fn a_group_of_another_name_tries_again_what_the_one_before_has_given_up() {
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.broken[0] = true;
    pumps.run(150);
    pumps.broken[0] = false;
    assert_eq!((pumps.value("PA.FAIL"), pumps.running()), (1.0, vec!["PB"]));
    let text = Pumps::text(&["PA", "PB"], "")
        .replace("[duty_standby.P]", "[duty_standby.Q]")
        .replace("\"P := ", "\"Q := ");
    let renamed = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let (engine, _) = pumps.h.engine.migrate(&renamed.plant()).unwrap();
    let tick = pumps.h.tick;
    pumps.h = renamed;
    (pumps.h.engine, pumps.h.tick) = (engine, tick);
    pumps.run(10);
    assert_eq!((pumps.value("PA.FAIL"), pumps.running()), (1.0, vec!["PB"]));
    pumps.write("Q.CMD", 0.0).unwrap();
    pumps.write("Q.CMD", 1.0).unwrap();
    pumps.run(600);
    assert_eq!((pumps.value("PA.FAIL"), pumps.value("Q.READY")), (0.0, 2.0));
}

/// The device was away until its watchdog had acted: what it has stopped stays so, the group of it too.
#[test]
fn a_group_whose_motors_are_found_stopped_is_stopped() {
    let lose = |pumps: &mut Pumps| {
        pumps.h.set(pumps.h.point("PLC.LINK"), 0.0);
        pumps.h.run(300);
    };
    let back = |pumps: &mut Pumps, held: &str| {
        for name in pumps.names.clone() {
            let on = f64::from(u8::from(name == held));
            pumps.h.set(pumps.h.point(&format!("{name}.CMD")), on);
            pumps.h.set(pumps.h.point(&format!("{name}.RUN")), on);
        }
        pumps.h.set(pumps.h.point("PLC.LINK"), 1.0);
        pumps.h.scan();
        for _ in 0..600 {
            pumps.run(1);
            assert!(
                pumps.running().iter().all(|name| *name == held),
                "{:?} start by themselves",
                pumps.running()
            );
        }
    };
    for keys in ["", "on_duty = 2"] {
        let mut pumps = Pumps::new(&["PA", "PB", "PC"], keys);
        pumps.write("P.CMD", 1.0).unwrap();
        lose(&mut pumps);
        back(&mut pumps, "");
        let group = ["P.CMD", "P.STATE", "P.FAIL", "P.READY"].map(|name| pumps.value(name));
        assert_eq!(group, [0.0, 0.0, 0.0, 3.0]);
        pumps.write("P.CMD", 1.0).unwrap();
        assert!(!pumps.running().is_empty(), "a person starts it");
    }
    // One that was held goes on, and its group with it.
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    lose(&mut pumps);
    back(&mut pumps, "PA");
    assert_eq!((pumps.value("P.CMD"), pumps.running()), (1.0, vec!["PA"]));

    // A controller that is killed comes back to the same.
    let saved = pumps.h.save();
    pumps.h.engine = Engine::new(pumps.h.plant());
    pumps.h.engine.restore(&saved).unwrap();
    pumps.h.engine.resume();
    pumps.h.tick += 1000;
    for (name, value) in [("TT-1", 0.0), ("LT-2", 50.0), ("P-1.RUN", 0.0)] {
        pumps.h.set(pumps.h.point(name), value);
    }
    back(&mut pumps, "");
    assert_eq!((pumps.value("P.CMD"), pumps.value("P.FAIL")), (0.0, 0.0));
}

#[test]
fn when_all_have_failed_the_group_says_so_and_starts_none() {
    let mut pumps = Pumps::two();
    pumps.broken = [true; 4];
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.run(400);
    assert_eq!((pumps.value("P.FAIL"), pumps.value("P.STATE"), pumps.value("P.READY")), (1.0, 4.0, 0.0));
    assert_eq!((pumps.value("PA.CMD"), pumps.value("PB.CMD")), (0.0, 0.0));
    pumps.broken = [false; 4];
    pumps.run(1000);
    assert_eq!(pumps.running(), [""; 0], "two that are broken do not start each other for ever");
    pumps.write("P.CMD", 0.0).unwrap();
    pumps.run(600);
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!((pumps.value("P.FAIL"), pumps.running().len()), (0.0, 1));
}

#[test]
fn the_lead_passes_on_by_hours_and_the_old_one_stays_until_the_new_one_runs() {
    let mut pumps = Pumps::new(&["PA", "PB"], "alternate = \"10 s\"");
    pumps.write("P.CMD", 1.0).unwrap();
    let mut leads = Vec::new();
    for _ in 0..4000 {
        pumps.run(1);
        assert!(!pumps.running().is_empty(), "the flow does not stop");
        let lead = pumps.value("P.DUTY");
        if leads.last() != Some(&lead) {
            leads.push(lead);
        }
    }
    assert_eq!(leads, [1.0, 2.0, 1.0, 2.0]);
    assert_eq!(pumps.running().len(), 1);
}

#[test]
fn who_is_chosen_by_people_leads_for_its_whole_time() {
    let mut pumps = Pumps::new(&["PA", "PB"], "alternate = \"10 s\"");
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.run(800);
    pumps.write("P.DUTY", 2.0).unwrap();
    pumps.run(900);
    assert_eq!((pumps.value("P.DUTY"), pumps.running()), (2.0, vec!["PB"]));
    pumps.run(200);
    assert_eq!((pumps.value("P.DUTY"), pumps.running()), (1.0, vec!["PA"]));
    // While it stands its hours stand, and a group that nobody wants passes nothing on.
    pumps.run(700);
    pumps.write("P.CMD", 0.0).unwrap();
    pumps.run(2000);
    assert_eq!(pumps.value("P.DUTY"), 1.0);
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.run(100);
    assert_eq!(pumps.value("P.DUTY"), 1.0);
    pumps.run(400);
    assert_eq!(pumps.value("P.DUTY"), 2.0);
}

#[test]
fn a_group_shows_its_motors_on_their_way() {
    let mut pumps = Pumps::two();
    let state = |pumps: &Pumps| pumps.value("P.STATE");
    pumps.h.write("P.CMD", 1.0).unwrap();
    pumps.h.run(3);
    assert_eq!((state(&pumps), pumps.value("P.FAIL")), (2.0, 0.0), "commanded, and not running yet");
    pumps.run(3);
    assert_eq!(state(&pumps), 1.0);
    pumps.h.write("P.CMD", 0.0).unwrap();
    pumps.h.run(3);
    assert_eq!(state(&pumps), 3.0, "commanded off, and running still");
    pumps.run(3);
    assert_eq!(state(&pumps), 0.0);
}

#[test]
fn people_choose_who_leads() {
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.write("P.DUTY", 2.0).unwrap();
    pumps.run(20);
    assert_eq!(pumps.running(), ["PB"]);
    assert_eq!(pumps.h.write("P.DUTY", 3.0), Err(Refusal::AboveLimit));
}

#[test]
fn two_of_three_run_when_two_are_wanted() {
    let mut pumps = Pumps::new(&["PA", "PB", "PC"], "on_duty = 2");
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.running(), ["PA", "PB"]);
    pumps.broken[1] = true;
    pumps.run(200);
    assert_eq!(pumps.running(), ["PA", "PC"]);
    assert_eq!((pumps.value("P.DUTY"), pumps.value("P.STATE")), (1.0, 1.0));
    pumps.broken[2] = true;
    pumps.run(200);
    assert_eq!(pumps.running(), ["PA"]);
    assert_eq!((pumps.value("P.READY"), pumps.value("P.FAIL")), (1.0, 0.0));
}

#[test]
fn a_motor_in_auto_refuses_people_and_by_hand_it_leaves_its_group() {
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.h.write("PB.CMD", 1.0), Err(Refusal::WrongMode));
    pumps.write("PA.AUTO", 0.0).unwrap();
    pumps.run(20);
    assert_eq!(
        pumps.running(),
        ["PA", "PB"],
        "by hand it stays as it is, and the group goes on with the other"
    );
    pumps.write("PA.CMD", 0.0).unwrap();
    assert_eq!(pumps.running(), ["PB"]);
    let mut view = StateView::new(&pumps.h.plant());
    pumps.h.engine.publish(&mut view);
    let lines = support::words(&why(&pumps.h.plant(), &view, "P").unwrap());
    assert!(lines.contains("PA stopped, by hand") && lines.contains("PB running, leads"), "{lines}");
    let lines = support::words(&why(&pumps.h.plant(), &view, "PB").unwrap());
    assert!(lines.contains("in AUTO its group wants it to run"), "{lines}");
    pumps.write("P.CMD", 0.0).unwrap();
    pumps.run(20);
    pumps.h.engine.publish(&mut view);
    let lines = support::words(&why(&pumps.h.plant(), &view, "PB").unwrap());
    assert!(lines.contains("in AUTO its group does not need it"), "{lines}");
}

#[test]
fn an_interlock_stops_the_group_or_one_of_it() {
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    let level = pumps.h.point("LT-2");
    pumps.h.set(level, 5.0);
    pumps.run(20);
    assert_eq!(pumps.running(), ["PB"], "the seal of PA is lost: PB goes on");
    pumps.h.set(level, 95.0);
    pumps.run(20);
    assert_eq!(pumps.running(), [""; 0]);
    assert_eq!((pumps.value("P.CMD"), pumps.value("P.FAIL")), (0.0, 0.0));
    assert_eq!(pumps.h.write("P.CMD", 1.0), Err(Refusal::Interlocked));
    pumps.h.set(level, 50.0);
    pumps.run(1000);
    assert_eq!(pumps.running(), [""; 0], "and nothing starts by itself");
}

#[test]
fn a_motor_that_rests_is_not_ready() {
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.write("P.CMD", 0.0).unwrap();
    assert_eq!(pumps.value("P.READY"), 1.0, "PA rests for 5 s");
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.running(), ["PB"]);
    pumps.run(600);
    assert_eq!(pumps.value("P.READY"), 2.0);
}

#[test]
fn a_group_begins_with_what_runs_wherever_it_stands_in_the_text() {
    let group = "[duty_standby.P]\nmotors = [\"PA\", \"PB\"]\n";
    let motors = motor("PA", 0, "") + &motor("PB", 1, "");
    let slow = motors.replace("task = \"10 ms\"", "task = \"1 s\"");
    for text in [motors.clone() + group, String::from(group) + &motors, String::from(group) + &slow] {
        let mut h = text_loop(&(String::from(TUNED) + &text)).unwrap();
        h.all_good(0.0);
        h.preset(h.point("PB.CMD"), 1.0);
        h.set(h.point("PB.RUN"), 1.0);
        for _ in 0..150 {
            h.run(1);
            assert_eq!((h.value("PA.CMD"), h.value("PB.CMD")), (0.0, 1.0), "{text}");
        }
        assert_eq!((h.value("P.CMD"), h.value("P.DUTY"), h.value("P.STATE")), (1.0, 2.0, 1.0), "{text}");
    }
}

#[test]
fn a_motor_with_a_condition_follows_it_in_auto_alone() {
    let text = format!(
        "{TUNED}{}",
        motor("PA", 0, "auto = \"HYST(LT-2, 80 %, 20 %)\"\npermit = \"TT-1 < 150 degC\"")
    );
    let mut h = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    let (level, temperature) = (h.point("LT-2"), h.point("TT-1"));
    let at = |h: &mut Harness, value: f64| {
        h.set(level, value);
        h.run(3);
        h.value("PA.CMD")
    };
    assert_eq!(at(&mut h, 85.0), 1.0);
    assert_eq!(at(&mut h, 50.0), 1.0);
    h.input(level, 0.0, Quality::BadSensorFailure);
    h.run(3);
    assert_eq!(h.value("PA.CMD"), 1.0, "a bad level leaves it as it is");
    assert_eq!(at(&mut h, 15.0), 0.0);
    h.set(temperature, 160.0);
    assert_eq!(at(&mut h, 85.0), 0.0, "without its permit it does not start");
    h.set(temperature, 100.0);
    h.run(3);
    assert_eq!(h.value("PA.CMD"), 1.0);
    h.write("PA.AUTO", 0.0).unwrap();
    assert_eq!(at(&mut h, 10.0), 1.0, "by hand nothing moves it");
    h.write("PA.CMD", 0.0).unwrap();
    h.run(2);
    assert_eq!(h.value("PA.CMD"), 0.0);
}

#[test]
fn what_a_group_remembers_goes_through_a_snapshot() {
    let mut pumps = Pumps::new(&["PA", "PB", "PC"], "alternate = \"20 s\"");
    pumps.write("P.CMD", 1.0).unwrap();
    pumps.broken[0] = true;
    pumps.run(300);
    let saved = pumps.h.save();
    let mut other = Engine::new(pumps.h.plant());
    other.restore(&saved).unwrap();
    let mut out = ScanOutput::with_capacity(64);
    for _ in 0..3000 {
        pumps.h.scan();
        other.scan(pumps.h.engine.tick(), &[], &[], &mut out);
    }
    assert_eq!(other.state_hash(), pumps.h.engine.state_hash());
}

/// A motor out of service is not ready: the group runs the other, and none when both are out; one that comes back by hand is
/// not started until a person gives it to the group again.
#[test]
fn a_group_passes_over_what_is_out_of_service() {
    let mut pumps = Pumps::two();
    pumps.write("P.CMD", 1.0).unwrap();
    assert_eq!(pumps.running(), ["PA"]);
    pumps.h.mode("PA", model::Mode::OutOfService).unwrap();
    pumps.run(5);
    assert_eq!(pumps.running(), ["PB"], "the standby takes over, without a failure of the first");
    assert_eq!((pumps.value("P.READY"), pumps.value("P.DUTY"), pumps.value("P.FAIL")), (1.0, 2.0, 0.0));
    pumps.h.mode("PB", model::Mode::OutOfService).unwrap();
    pumps.run(5);
    assert_eq!((pumps.running(), pumps.value("P.READY")), (vec![], 0.0));
    pumps.run(1_000);
    assert_eq!(pumps.value("P.FAIL"), 1.0, "wanted, and nobody can");
    pumps.h.mode("PB", model::Mode::Manual).unwrap();
    pumps.run(1_000);
    assert_eq!(pumps.running(), [""; 0], "it came back by hand");
    pumps.h.mode("PB", model::Mode::Auto).unwrap();
    pumps.run(5);
    assert_eq!((pumps.running(), pumps.value("P.FAIL")), (vec!["PB"], 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever breaks and whatever people do: never more run than are wanted and one that leaves,
    /// and when one could run and none has to rest, one runs.
    #[test]
    fn a_group_runs_no_more_than_it_needs(seed in any::<u64>()) {
        let mut pumps = Pumps::new(&["PB", "PC", "PD"], "alternate = \"3 s\"");
        pumps.write("P.CMD", 1.0).unwrap();
        let mut dice = Dice(seed | 1);
        for _ in 0..40 {
            match dice.below(4) {
                0 => pumps.broken[dice.below(3) as usize] ^= true,
                1 => { let _ = pumps.write("P.DUTY", 1.0 + dice.below(3) as f64); }
                2 => { let _ = pumps.write("P.CMD", dice.below(2) as f64); }
                _ => {}
            }
            for _ in 0..dice.below(200) {
                pumps.run(1);
                prop_assert!(pumps.running().len() <= 2);
            }
            pumps.run(600);
            let (on, ready) = (pumps.value("P.CMD") >= 0.5, pumps.value("P.READY"));
            let runs = pumps.running().len();
            prop_assert!(on || runs == 0);
            prop_assert_eq!(pumps.value("P.FAIL") >= 0.5, on && ready == 0.0);
            prop_assert!(!on || ready == 0.0 || (1..=2).contains(&runs), "{} run, {} ready", runs, ready);
        }
    }
}
