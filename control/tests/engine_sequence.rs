//! Steps with several ways out: priority, jumps, what is told of them, and that one step is active at a time.

mod support;

use std::sync::Arc;

use control::{Engine, StateView, why};
use model::{Action, EventBody, Mode, ProcOrder, ProcState, Source};
use proptest::prelude::*;
use support::{Dice, Harness, phase_state};

use ProcState::{Aborted, Complete, Held, Paused, Pausing, Running, Stopped};

/// Four switches, a valve, and a loop above a loop.
const PLANT: &str = r#"
[plant]
name = "ways"
period = "10 ms"
[area.100]
title = "A"
[unit.U-1]
description = "Reactor"
area = "100"
[device.PLC]
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"
[class.switch]
parameters = ["name", "n"]
[class.switch.tag."{name}"]
description = "Switch {name}"
words = ["no", "yes"]
io = { device = "PLC", discrete = "{n}" }
[[instance]]
class = "switch"
with = { name = "A", n = 0 }
[[instance]]
class = "switch"
with = { name = "B", n = 1 }
[[instance]]
class = "switch"
with = { name = "C", n = 2 }
[tag.FEED]
description = "Feed"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 1, raw = [0, 27648] }
[tag.LT-1]
description = "Level"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.FT-1]
description = "Flow"
unit = "m3/h"
range = [0, 10]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag.FV-1]
description = "Valve"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 2, raw = [0, 27648] }
[pid.LIC-1]
description = "Level"
pv = "LT-1"
action = "reverse"
kc = 1
ti = "20 s"
sp = "50 %"
on_bad_pv = "manual"
[pid.FIC-1]
description = "Flow"
pv = "FT-1"
out = "FV-1"
action = "reverse"
kc = 0.5
ti = "5 s"
sp = "2 m3/h"
cascade = "LIC-1.OUT"
modes = ["manual", "auto", "cascade"]
mode = "cascade"
on_bad_pv = "manual"
"#;

/// From Choose two ways to Join, one back to the beginning, one to the end.
const PHASES: &str = r#"
PHASE Batch ON U-1 "Choose"

RUNNING
  STEP Choose "Choose"
    FEED := 10 %
    WHEN A GOTO Left
    WHEN B FOR 1 s
      GOTO Right
    WHEN C GOTO END
    WITHIN 60 s ELSE HOLD "nobody has chosen"
  STEP Left "Left"
    FEED := 20 %
    WHEN C GOTO Choose
    WAIT NOT A
  STEP Middle "Behind Left"
    FEED := 25 %
    GOTO Join
  STEP Right "Right"
    FEED := 30 %
    WAIT NOT B
  STEP Join "Both meet here"
    FEED := 40 %
    WHEN A AND B GOTO Choose
    WHEN C GOTO Last
  STEP Last "Stay"
    FEED := 50 %
    STAY

STOPPING
  STEP Shut "To the end"
    FEED := 5 %
    GOTO END
"#;

fn sources(phases: &str) -> Vec<Source> {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    vec![source("plant.toml", PLANT), source("u.phase", phases)]
}

fn compiled(phases: &str) -> control::plant::Plant {
    control::compile(&sources(phases)).unwrap_or_else(|found| panic!("{found:#?}")).plant
}

fn ready(phases: &str) -> Harness {
    let mut h = Harness::new(compiled(phases));
    h.all_good(0.0);
    h.run(20);
    h
}

fn order(h: &mut Harness, phase: &str, order: ProcOrder) {
    let phase = h.plant().find_phase(phase).unwrap();
    h.ask(Action::Phase { phase, order }).unwrap();
    h.run(20);
}

fn switch(h: &mut Harness, name: &str, on: bool) {
    let point = h.point(name);
    h.set(point, f64::from(u8::from(on)));
}

fn step(h: &Harness) -> u16 {
    phase_state(h, "Batch").step
}

fn view(h: &Harness) -> StateView {
    let mut view = StateView::new(&h.plant());
    h.engine.publish(&mut view);
    view
}

fn lines(h: &Harness, name: &str) -> Vec<String> {
    support::words(&why(&h.plant(), &view(h), name).unwrap()).lines().map(String::from).collect()
}

fn started() -> Harness {
    let mut h = ready(PHASES);
    order(&mut h, "Batch", ProcOrder::Start);
    assert_eq!((step(&h), h.value("FEED")), (0, 10.0));
    h
}

#[test]
fn the_first_way_that_is_open_is_taken_and_branches_meet_and_go_back() {
    let mut h = started();
    // B has its delay of its own; A, written first, wins when both are there.
    switch(&mut h, "B", true);
    h.run(90);
    assert_eq!(step(&h), 0, "not for a second yet");
    switch(&mut h, "A", true);
    switch(&mut h, "C", true);
    h.run(20);
    assert!([1, 0].contains(&step(&h)));
    switch(&mut h, "C", false);
    h.run(30);
    assert_eq!((step(&h), h.value("FEED")), (1, 20.0));
    // To the step behind, and from there to where both branches meet.
    switch(&mut h, "A", false);
    h.run(30);
    assert_eq!((step(&h), h.value("FEED")), (4, 40.0));
    // Back to the first one, whose actions are done anew, and whose delay begins anew.
    switch(&mut h, "A", true);
    h.run(10);
    assert_eq!((step(&h), h.value("FEED")), (0, 40.0), "the next run enters it");
    switch(&mut h, "A", false);
    h.run(90);
    assert_eq!((step(&h), h.value("FEED")), (0, 10.0));
    h.run(30);
    assert_eq!((step(&h), h.value("FEED")), (3, 30.0), "the other branch");
    switch(&mut h, "B", false);
    switch(&mut h, "C", true);
    h.run(40);
    assert_eq!((step(&h), h.value("FEED")), (5, 50.0));
    h.run(10_000);
    assert_eq!(phase_state(&h, "Batch").state, Running, "it stays");
    order(&mut h, "Batch", ProcOrder::Stop);
    assert_eq!((phase_state(&h, "Batch").state, h.value("FEED")), (Stopped, 5.0));
}

#[test]
fn a_way_to_the_end_completes_and_a_late_choice_holds() {
    let mut h = started();
    switch(&mut h, "C", true);
    h.run(20);
    assert_eq!((phase_state(&h, "Batch").state, h.value("FEED")), (Complete, 10.0));
    let mut h = started();
    h.run(6_100);
    assert_eq!(phase_state(&h, "Batch").state, Held);
}

#[test]
fn a_pause_waits_for_the_step_and_one_that_stays_pauses_at_once() {
    let mut h = started();
    order(&mut h, "Batch", ProcOrder::Pause);
    assert_eq!(phase_state(&h, "Batch").state, Pausing);
    switch(&mut h, "A", true);
    h.run(20);
    assert_eq!((phase_state(&h, "Batch").state, step(&h), h.value("FEED")), (Paused, 1, 10.0));
    order(&mut h, "Batch", ProcOrder::Resume);
    assert_eq!((step(&h), h.value("FEED")), (1, 20.0));
    switch(&mut h, "A", false);
    h.run(40);
    switch(&mut h, "C", true);
    h.run(30);
    assert_eq!(step(&h), 5);
    order(&mut h, "Batch", ProcOrder::Pause);
    assert_eq!((phase_state(&h, "Batch").state, step(&h)), (Paused, 5));
    order(&mut h, "Batch", ProcOrder::Resume);
    assert_eq!((phase_state(&h, "Batch").state, step(&h)), (Running, 5));
}

#[test]
fn why_names_the_step_its_ways_and_what_each_still_misses() {
    let mut h = started();
    assert_eq!(
        lines(&h, "Batch")[1..7],
        [
            "step 1: Choose",
            "  waits for",
            "    to step 2: Left",
            "      A: now no",
            "    to step 4: Right",
            "      B for 1 s: now no",
        ]
        .map(|line| line.trim_start().to_owned())
    );
    let plant = h.plant();
    let answer = why(&plant, &view(&h), "Batch").unwrap();
    let missing = answer.missing.unwrap();
    let texts: Vec<String> =
        missing.lines.iter().map(|line| format!("{} {}", line.indent, line.text())).collect();
    assert_eq!(missing.goal, "next step");
    assert_eq!(texts[..2], ["0 to step 2: Left", "1 A: now no"]);
    assert_eq!(texts[4..], ["0 to the end", "1 C: now no"]);
    let status = control::phase_status(&plant, &view(&h), plant.find_phase("Batch").unwrap()).unwrap();
    assert!(status.waiting.starts_with("to Left: A: now no; or to Right: B"), "{}", status.waiting);
    // In one that stays, and in a plain one.
    switch(&mut h, "B", true);
    h.run(150);
    assert!(lines(&h, "Batch").contains(&"step 4: Right".into()), "{:?}", lines(&h, "Batch"));
    switch(&mut h, "B", false);
    switch(&mut h, "C", true);
    h.run(50);
    assert!(lines(&h, "Batch").contains(&"stays until somebody ends it".into()), "{:?}", lines(&h, "Batch"));
}

#[test]
fn a_step_goes_on_after_a_snapshot_and_after_an_apply() {
    let mut h = started();
    switch(&mut h, "B", true);
    h.run(60);
    let bytes = h.save();
    let mut again = Engine::new(h.plant());
    again.restore(&bytes).unwrap();
    let mut there = StateView::new(&h.plant());
    again.publish(&mut there);
    assert_eq!(there.phases[0], phase_state(&h, "Batch"));
    // Another plant with the same phase: the delay that runs goes on.
    let text = PLANT.replace("kc = 1\n", "kc = 2\n");
    assert_ne!(text, PLANT);
    let all =
        [Source { path: "plant.toml".into(), text }, Source { path: "u.phase".into(), text: PHASES.into() }];
    let new = control::compile(&all).unwrap().plant;
    let mut transfer = control::Transfer::between(&h.plant(), &new).unwrap();
    let mut other = Engine::new(Arc::new(new));
    transfer.carry(&mut h.engine, &mut other);
    h.engine = other;
    h.run(30);
    assert_eq!(step(&h), 0);
    h.run(30);
    assert_eq!(step(&h), 3, "one second in all, not one anew");
}

#[test]
fn what_is_wrong_with_steps_is_told() {
    let told = |from: &str, to: &str, code: &str, help: &str| {
        let text = PHASES.replacen(from, to, 1);
        assert!(text != PHASES || from == to, "{from}");
        let found = match control::compile(&sources(&text)) {
            Ok(compiled) => compiled.warnings,
            Err(mistakes) => mistakes,
        };
        let there = found.iter().any(|found| found.code == code && found.help.contains(help));
        assert!(there, "{to} is no {code} ({help}): {found:#?}");
    };
    assert!(control::compile(&sources(PHASES)).unwrap().warnings.is_empty());
    told("GOTO Left", "GOTO Lfet", "unknown-name", "did you mean `Left`?");
    told("GOTO Left", "GOTO Shut", "unknown-name", "stay within RUNNING");
    told("STEP Right", "STEP Left", "duplicate-name", "rename");
    told("STEP Right", "STEP End", "bad-name", "END is the end");
    told("    WAIT NOT A\n", "    GOTO Join\n", "unreachable-step", "GOTO");
    told("    WAIT NOT A\n", "    WAIT FALSE\n", "unreachable-step", "come true");
    told("WHEN C GOTO Last", "WHEN A  AND B GOTO Last", "dead-branch", "order");
    told("WHEN C GOTO END", "GOTO END\n    WHEN C GOTO Join", "dead-branch", "order");
    told("WHEN C GOTO END", "WHEN TRUE GOTO END\n    WHEN C GOTO Join", "dead-branch", "order");
    told("    STAY\n", "    WAIT FALSE\n", "no-way-out", "STAY");
    told("    STAY\n", "    WHEN A GOTO Last\n", "no-way-out", "STAY");
    told("    GOTO END\n", "    WHEN A GOTO Shut\n", "bad-state", "END");
    told("    GOTO END\n", "    STAY\n", "bad-state", "WAIT");
    told("    STAY\n", "    STAY\n    WAIT A\n", "expression", "WITHIN");
    told("    STAY\n", "    WAIT A\n    STAY\n", "expression", "keep one");
    told("WHEN C GOTO END", "WHEN C", "expression", "GOTO Drain");
    told("WHEN C GOTO END", "WHEN GOTO END", "expression", "GOTO Drain");
    told("WHEN C GOTO END", "WHEN C GOTO", "expression", "GOTO Drain");
    told("    STAY\n", "    STAY\n    FEED := 1 %\n", "expression", "ways out");
}

#[test]
fn an_order_to_a_loop_that_follows_the_one_below_is_told_with_its_reason() {
    let text = r#"
PHASE Shut ON U-1 "Shut"

RUNNING
  STEP "Shut the level loop"
    LIC-1.MODE := MAN
    LIC-1.OUT := 0 m3/h
  STEP "Wait"
    FEED := 0 %
    WAIT A

PHASE Late ON U-1 "Late"

RUNNING
  STEP "Shut the level loop"
    LIC-1.MODE := MAN
    LIC-1.OUT := 0 m3/h
    WAIT A
    WITHIN 10 s ELSE ABORT "nobody has opened A"
"#;
    let mut h = ready(text);
    h.mode("FIC-1", Mode::Manual).unwrap();
    h.run(200);
    assert_eq!(h.actual("LIC-1"), Mode::Initialising);
    order(&mut h, "Shut", ProcOrder::Start);
    h.run(130);
    let refused = |h: &Harness| {
        let all = h.events.iter().filter(|event| matches!(event.body, EventBody::StepRefused { .. }));
        all.map(|event| control::describe(&h.plant(), event).2).collect::<Vec<_>>()
    };
    let text = "Shut refused in step 1: Shut the level loop: LIC-1.OUT := 0 m3/h: LIC-1 follows FIC-1, which does not \
                listen: order CAS there first";
    assert_eq!(refused(&h), [text], "within two seconds, and once");
    h.run(1_000);
    assert_eq!(refused(&h).len(), 1);
    let missing = why(&h.plant(), &view(&h), "Shut").unwrap().missing.unwrap();
    let reason = "LIC-1.OUT := 0 m3/h: LIC-1 follows FIC-1, which is in MAN: order CAS there first";
    assert_eq!(missing.lines.iter().map(model::wire::WhyLine::text).collect::<Vec<_>>(), [reason]);
    assert!(lines(&h, "Shut").contains(&reason.to_owned()), "{:?}", lines(&h, "Shut"));
    let status = control::phase_status(&h.plant(), &view(&h), h.plant().find_phase("Shut").unwrap()).unwrap();
    assert_eq!(status.waiting, reason);
    // It is tried again until the loop below listens.
    h.mode("FIC-1", Mode::Cascade).unwrap();
    h.run(100);
    assert_eq!((phase_state(&h, "Shut").step, h.value("LIC-1.OUT")), (1, 0.0));
    order(&mut h, "Shut", ProcOrder::Abort);
    assert_eq!(phase_state(&h, "Shut").state, Aborted);
    // Late: the reason is what was refused, not what the step waits for.
    h.mode("FIC-1", Mode::Manual).unwrap();
    h.run(100);
    order(&mut h, "Late", ProcOrder::Start);
    h.run(1_100);
    assert_eq!(phase_state(&h, "Late").state, Aborted);
    let late = h.events.iter().find(|event| matches!(event.body, EventBody::StepLate { .. })).unwrap();
    let text = control::describe(&h.plant(), late).2;
    assert!(text.contains("LIC-1 follows FIC-1") && !text.contains("nobody has opened"), "{text}");
    let cause = "cause: Late step 1, LIC-1.OUT := 0 m3/h: LIC-1 follows FIC-1, which does not listen: order CAS there first";
    assert!(lines(&h, "Late").contains(&cause.to_owned()), "{:?}", lines(&h, "Late"));
    // A person is told the same.
    assert_eq!(h.write("LIC-1.OUT", 1.0), Err(model::Refusal::Follows));
}

/// The way out that a step's text gives, from the switches and whether B has been on for a second.
fn way_of(step: u16, [a, b, c]: [bool; 3], long: bool) -> Option<u16> {
    match step {
        0 if a => Some(1),
        0 if long => Some(3),
        0 if c => Some(6),
        1 if c => Some(0),
        1 if !a => Some(2),
        2 => Some(4),
        3 if !b => Some(4),
        4 if a && b => Some(0),
        4 if c => Some(5),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the switches do: one step is active, it is that of the text and of its priorities, what it writes stands,
    /// and an engine from a snapshot goes the same way.
    #[test]
    fn one_step_is_active_and_the_first_open_way_is_taken(seed in 1_u64..1_000_000) {
        let mut dice = Dice(seed);
        let mut h = started();
        // Runs in this step in which B has been on: its delay is over at the eleventh.
        let (mut at, mut runs, mut on) = (0_u16, 0, [false; 3]);
        let feed = [10.0, 20.0, 25.0, 30.0, 40.0, 50.0];
        for _ in 0..400 {
            let which = dice.below(12) as usize;
            if which < 3 {
                on[which] = !on[which];
                switch(&mut h, ["A", "B", "C"][which], on[which]);
            }
            if dice.below(40) == 0 {
                let bytes = h.save();
                let mut again = Engine::new(h.plant());
                again.restore(&bytes).unwrap();
                h.engine = again;
            }
            h.run(10);
            let was = at;
            runs = if on[1] { runs + 1 } else { 0 };
            if let Some(to) = way_of(at, on, runs > 10) {
                (at, runs) = (to, 0);
            }
            prop_assert_eq!(h.value("FEED"), feed[usize::from(was)]);
            let memory = phase_state(&h, "Batch");
            if at == 6 {
                prop_assert_eq!(memory.state, Complete);
                break;
            }
            prop_assert_eq!((memory.state, memory.step), (Running, at));
            let entered = h.events.iter().rev().find_map(|event| match event.body {
                EventBody::Step { step, .. } => Some(step),
                _ => None,
            });
            prop_assert_eq!(entered, Some(was), "the step that was entered last is the one that was looked at");
        }
    }
}

const COUNTED: &str = r#"
[timer.KS-1]
description = "Soak"
function = "TON"
in = "A"
time = "10 s"
[counter.KQ-1]
description = "Parts"
up = "B"
preset = 9
"#;

/// A recipe sets how long a timer waits and how far a counter counts.
#[test]
fn a_phase_sets_the_time_of_a_timer_from_its_parameter_and_the_preset_of_a_counter() {
    let phases = r#"
PHASE Soak ON U-1 "Soak"
PARAM hold : min = 2 IN 1 .. 10 "soaking time"

RUNNING
  STEP "Set"
    FEED := 10 %
    KS-1.PT := hold
    KQ-1.PV := 2
    KQ-1.RESET := TRUE
    WAIT KS-1.Q AND KQ-1.QU
"#;
    let source = |path: &str, text: String| Source { path: path.into(), text };
    let sources = [source("plant.toml", format!("{PLANT}{COUNTED}")), source("u.phase", phases.into())];
    let mut h = Harness::new(control::compile(&sources).unwrap_or_else(|found| panic!("{found:#?}")).plant);
    h.all_good(0.0);
    h.run(20);
    switch(&mut h, "B", true);
    h.run(200);
    assert_eq!((h.value("KS-1.PT"), h.value("KQ-1.PV"), h.value("KQ-1.CV")), (10.0, 9.0, 1.0));
    order(&mut h, "Soak", ProcOrder::Start);
    h.run(200);
    assert_eq!(
        (h.value("KS-1.PT"), h.value("KQ-1.PV"), h.value("KQ-1.CV")),
        (120.0, 2.0, 0.0),
        "in its unit"
    );
    assert_eq!(h.write("KS-1.PT", 5.0), Err(model::Refusal::OwnedByPhase));
    switch(&mut h, "A", true);
    h.run(11_900);
    assert_eq!(h.value("KS-1.Q"), 0.0, "a second before its time");
    for on in [false, true, false, true] {
        switch(&mut h, "B", on);
        h.run(100);
    }
    assert_eq!((h.value("KS-1.Q"), h.value("KQ-1.QU")), (1.0, 1.0));
    h.run(20);
    assert_eq!(phase_state(&h, "Soak").state, Complete);

    let wrong = phases.replace("KS-1.PT := hold", "KS-1.ET := hold");
    let sources = [source("plant.toml", format!("{PLANT}{COUNTED}")), source("u.phase", wrong)];
    let refused = control::compile(&sources).map(drop).unwrap_err();
    assert!(refused.iter().any(|mistake| mistake.code == "not-writable"), "{refused:#?}");
}
