//! What a trip starts besides the positions that it dictates: a phase, which takes its unit.

mod support;

use control::{Engine, PhaseMemory, StateView, why};
use model::{Action, EventBody, InterlockId, ProcOrder, ProcState, Quality, Source};
use support::{Harness, batch_state, phase_state};

use ProcState::{Aborted, Aborting, Complete, Held, Idle, Running};

const PLANT: &str = r#"
[plant]
name = "trips"
period = "10 ms"
[area.100]
title = "A"
[unit.U-1]
description = "Reactor"
area = "100"
[unit.U-2]
description = "Tank"
area = "100"
[device.PLC]
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"

[class.valve]
parameters = ["name", "n"]
[class.valve.tag."{name}"]
description = "Valve {name}"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = "{n}", raw = [0, 27648] }
[class.switch]
parameters = ["name", "n"]
[class.switch.tag."{name}"]
description = "Switch {name}"
words = ["no", "yes"]
io = { device = "PLC", discrete = "{n}" }

[[instance]]
class = "valve"
with = { name = "FEED", n = 1 }
[[instance]]
class = "valve"
with = { name = "VENT", n = 2 }
[[instance]]
class = "valve"
with = { name = "DUMP", n = 3 }
[[instance]]
class = "valve"
with = { name = "WASH", n = 4 }
[[instance]]
class = "switch"
with = { name = "FIRE", n = 0 }
[[instance]]
class = "switch"
with = { name = "HOT", n = 1 }
[[instance]]
class = "switch"
with = { name = "EMPTY", n = 2 }
[[instance]]
class = "switch"
with = { name = "GO", n = 3 }

[interlock.IL-1]
description = "Fire"
unit_of = "U-1"
reset = "manual"
trip = [ { when = "FIRE", text = "fire" } ]
do = ["FEED := 0 %"]
start = "Drown"

[interlock.IL-2]
description = "Too hot"
unit_of = "U-1"
reset = "manual"
bypass = "supervisor"
trip = [ { when = "HOT", text = "hot" } ]
do = ["FEED := 0 %"]
start = "Empty"

[recipe.MAKE]
title = "Make"
version = "1"
unit_of = "U-1"
[[recipe.MAKE.operation]]
name = "Make"
title = "Make"
phases = [ { phase = "Feed" } ]
"#;

const PHASES: &str = r#"
PHASE Feed ON U-1 "Feed and vent"

RUNNING
  STEP "Feed"
    FEED := 50 %
    VENT := 60 %
    WAIT GO

ABORTING
  STEP "Vent shut"
    VENT := 5 %
  STEP "Feed shut"
    FEED := 0 %

PHASE Store ON U-2 "Take what comes"

RUNNING
  STEP "Dump open a little"
    DUMP := 20 %
    WAIT GO

PHASE Empty ON U-1 "Empty the reactor"
PARAM opening : % = 30 IN 10 .. 90 "of the vent"

RUNNING
  STEP "Vent, then dump"
    VENT := opening
    DUMP := 80 %
    WAIT EMPTY
  STEP "Dump shut"
    DUMP := 0 %

ABORTING
  STEP "Dump shut"
    DUMP := 1 %

PHASE Drown ON U-1 "Water into the reactor"

RUNNING
  STEP "Wash"
    WASH := 100 %
    WAIT EMPTY
"#;

fn sources(plant: &str, phases: &str) -> Vec<Source> {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    vec![source("plant.toml", plant), source("u.phase", phases)]
}

fn ready() -> Harness {
    let compiled = control::compile(&sources(PLANT, PHASES)).unwrap_or_else(|found| panic!("{found:#?}"));
    let mut h = Harness::new(compiled.plant);
    h.all_good(0.0);
    h.run(20);
    h
}

/// The switch goes on, or off, and half a second passes.
fn switch(h: &mut Harness, name: &str, on: bool) {
    let point = h.point(name);
    h.set(point, f64::from(u8::from(on)));
    h.run(50);
}

fn order(h: &mut Harness, phase: &str, order: ProcOrder) {
    let phase = h.plant().find_phase(phase).unwrap();
    h.ask(Action::Phase { phase, order }).unwrap();
    h.run(20);
}

fn reset(h: &mut Harness, interlock: &str) {
    let interlock = h.plant().find_interlock(interlock).unwrap();
    h.ask(Action::ResetInterlock { interlock }).unwrap();
}

fn state(h: &Harness, phase: &str) -> ProcState {
    phase_state(h, phase).state
}

fn values(h: &Harness) -> [f64; 4] {
    ["FEED", "VENT", "DUMP", "WASH"].map(|name| h.value(name))
}

/// How often a phase has begun.
fn starts(h: &Harness, name: &str) -> usize {
    let id = h.plant().find_phase(name).unwrap();
    let begins =
        |body: &EventBody| matches!(*body, EventBody::Phase { phase, to: Running, .. } if phase == id);
    h.events.iter().filter(|event| begins(&event.body)).count()
}

/// What the events say of a phase's changes of state, in order.
fn told(h: &Harness, name: &str) -> Vec<String> {
    let plant = h.plant();
    let id = plant.find_phase(name).unwrap();
    let of_phase = |body: &EventBody| matches!(*body, EventBody::Phase { phase, .. } if phase == id);
    let events = h.events.iter().filter(|event| of_phase(&event.body));
    events.map(|event| control::describe(&plant, event).2).collect()
}

fn lines(h: &Harness, name: &str) -> Vec<String> {
    let plant = h.plant();
    let mut view = StateView::new(&plant);
    h.engine.publish(&mut view);
    why(&plant, &view, name).unwrap().lines.into_iter().map(|line| line.text()).collect()
}

#[test]
fn a_trip_starts_its_phase_once_and_its_positions_win() {
    let mut h = ready();
    let trip = h.point("HOT");
    h.set(trip, 1.0);
    h.scan();
    assert_eq!(values(&h), [0.0, 0.0, 0.0, 0.0], "positions need no phase");
    h.run(10);
    assert_eq!((state(&h, "Empty"), values(&h)), (Running, [0.0, 30.0, 80.0, 0.0]));
    switch(&mut h, "EMPTY", true);
    assert_eq!((state(&h, "Empty"), h.value("DUMP")), (Complete, 0.0));
    h.run(500);
    assert_eq!((state(&h, "Empty"), starts(&h, "Empty")), (Complete, 1), "the cause still stands");
}

#[test]
fn it_takes_its_unit_from_batch_phases_and_other_units_and_they_abort() {
    let mut h = ready();
    let recipe = h.plant().find_recipe("MAKE").unwrap();
    h.ask(Action::Prepare { recipe, batch: 7 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
    h.run(20);
    order(&mut h, "Store", ProcOrder::Start);
    assert_eq!(values(&h), [50.0, 60.0, 20.0, 0.0]);
    switch(&mut h, "HOT", true);
    assert_eq!(values(&h), [0.0, 30.0, 80.0, 0.0], "the phase that aborts leaves the vent alone");
    assert_eq!((state(&h, "Feed"), batch_state(&h, "MAKE"), state(&h, "Store")), (Aborted, Aborted, Aborted));
    assert_eq!(told(&h, "Empty"), ["Empty IDLE -> RUNNING by the trip of IL-2"]);
    let aborted = ["Store IDLE -> RUNNING", "Store RUNNING -> ABORTING by the trip of IL-2"];
    assert_eq!(told(&h, "Store")[..2], aborted, "a person started it");
    let feed = told(&h, "Feed");
    assert!(feed.contains(&"B-0007 Feed RUNNING -> ABORTING by the trip of IL-2".into()), "{feed:?}");
    assert!(lines(&h, "Store").contains(&"cause: IL-2 tripped".into()), "{:?}", lines(&h, "Store"));
    assert!(lines(&h, "Empty").contains(&"started by the trip of IL-2".into()), "{:?}", lines(&h, "Empty"));
    assert!(lines(&h, "IL-2").contains(&"start Empty, now RUNNING".into()), "{:?}", lines(&h, "IL-2"));
}

#[test]
fn what_runs_already_goes_on_and_outlives_the_reset_and_the_next_trip() {
    let mut h = ready();
    switch(&mut h, "HOT", true);
    switch(&mut h, "HOT", false);
    reset(&mut h, "IL-2");
    h.run(20);
    assert_eq!((state(&h, "Empty"), h.value("DUMP")), (Running, 80.0));
    switch(&mut h, "HOT", true);
    assert_eq!((state(&h, "Empty"), starts(&h, "Empty")), (Running, 1));
}

/// The reactor with a batch that empties it, its vent at 50 %.
fn emptied_by_a_batch() -> Harness {
    let with = "{ phase = \"Empty\", with = { opening = \"50 %\" } }";
    let plant = PLANT.replace("{ phase = \"Feed\" }", with);
    let mut h = Harness::new(control::compile(&sources(&plant, PHASES)).unwrap().plant);
    h.all_good(0.0);
    let recipe = h.plant().find_recipe("MAKE").unwrap();
    h.ask(Action::Prepare { recipe, batch: 7 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
    h.run(20);
    assert_eq!((state(&h, "Empty"), h.value("VENT")), (Running, 50.0));
    h
}

#[test]
fn what_a_batch_started_goes_on_for_the_trip_and_the_batch_ends() {
    let mut h = emptied_by_a_batch();
    switch(&mut h, "HOT", true);
    assert_eq!(
        (batch_state(&h, "MAKE"), state(&h, "Empty")),
        (Aborted, Running),
        "it is no longer of the batch"
    );
    assert_eq!((starts(&h, "Empty"), h.value("VENT")), (1, 50.0));
}

#[test]
fn what_is_held_or_on_its_way_out_begins_anew_with_its_own_parameters() {
    for way in [ProcOrder::Hold, ProcOrder::Pause, ProcOrder::Stop, ProcOrder::Abort] {
        let mut h = emptied_by_a_batch();
        let recipe = h.plant().find_recipe("MAKE").unwrap();
        h.ask(Action::Batch { recipe, order: way }).unwrap();
        h.run(20);
        assert_ne!(state(&h, "Empty"), Running, "{way:?}");
        switch(&mut h, "HOT", true);
        assert_eq!((state(&h, "Empty"), h.value("VENT"), starts(&h, "Empty")), (Running, 30.0, 2), "{way:?}");
        assert!(batch_state(&h, "MAKE").is_final(), "{way:?}");
    }
}

#[test]
fn people_may_hold_and_abort_it_while_the_interlock_stays_tripped() {
    let mut h = ready();
    switch(&mut h, "HOT", true);
    order(&mut h, "Empty", ProcOrder::Hold);
    assert_eq!(state(&h, "Empty"), Held);
    order(&mut h, "Empty", ProcOrder::Abort);
    assert_eq!((state(&h, "Empty"), h.value("DUMP"), starts(&h, "Empty")), (Aborted, 1.0, 1));
}

#[test]
fn a_bypassed_interlock_starts_nothing_until_the_bypass_ends() {
    let mut h = ready();
    let interlock = h.plant().find_interlock("IL-2").unwrap();
    h.ask(Action::Bypass { interlock, for_ms: 10_000 }).unwrap();
    switch(&mut h, "HOT", true);
    assert_eq!((state(&h, "Empty"), h.value("VENT")), (Idle, 0.0));
    h.ask(Action::Bypass { interlock, for_ms: 0 }).unwrap();
    h.run(20);
    assert_eq!(state(&h, "Empty"), Running);
}

#[test]
fn a_trip_of_one_scan_starts_its_phase_all_the_same() {
    let mut h = Harness::new(
        control::compile(&sources(
            &PLANT.replace("reset = \"manual\"\nbypass", "reset = \"auto\"\nbypass"),
            PHASES,
        ))
        .unwrap()
        .plant,
    );
    h.all_good(0.0);
    h.run(21);
    let trip = h.point("HOT");
    for on in [1.0, 0.0] {
        h.set(trip, on);
        h.scan();
    }
    assert!(!h.engine.interlocks()[1].tripped);
    h.run(20);
    assert_eq!(state(&h, "Empty"), Running);
}

#[test]
fn of_two_trips_on_one_unit_the_first_in_the_text_has_it_and_the_other_waits() {
    let mut h = ready();
    switch(&mut h, "HOT", true);
    switch(&mut h, "FIRE", true);
    assert_eq!((state(&h, "Empty"), state(&h, "Drown")), (Aborted, Running), "fire comes first in the text");

    let mut h = ready();
    switch(&mut h, "FIRE", true);
    switch(&mut h, "HOT", true);
    assert_eq!((state(&h, "Empty"), state(&h, "Drown")), (Idle, Running));
    let waits = "start Empty, now IDLE, waits for the phase of an earlier trip".to_string();
    assert!(lines(&h, "IL-2").contains(&waits), "{:?}", lines(&h, "IL-2"));
    switch(&mut h, "EMPTY", true);
    assert_eq!((starts(&h, "Empty"), state(&h, "Drown")), (1, Complete));

    let mut h = ready();
    switch(&mut h, "FIRE", true);
    switch(&mut h, "HOT", true);
    switch(&mut h, "HOT", false);
    reset(&mut h, "IL-2");
    switch(&mut h, "EMPTY", true);
    assert_eq!((state(&h, "Empty"), state(&h, "Drown")), (Idle, Complete), "the reset has let it go");
}

#[test]
fn an_engine_that_is_killed_at_any_scan_of_it_goes_on_bit_for_bit() {
    let run = |kill_at: Option<u64>| {
        let mut h = ready();
        order(&mut h, "Feed", ProcOrder::Start);
        let began = h.tick;
        for scan in 0..60 {
            let inputs = [("HOT", scan == 3), ("EMPTY", scan == 30)];
            for (name, _) in inputs.iter().filter(|input| input.1) {
                let point = h.point(name);
                h.input(point, 1.0, Quality::Good);
            }
            if kill_at == Some(h.tick - began) {
                let saved = h.save();
                h.engine = Engine::new(h.plant());
                h.engine.restore(&saved).unwrap();
            }
            h.scan();
        }
        assert_eq!((state(&h, "Empty"), state(&h, "Feed")), (Complete, Aborted));
        (h.engine.state_hash(), h.events)
    };
    let whole = run(None);
    for kill_at in 0..60 {
        assert_eq!(run(Some(kill_at)), whole, "killed {kill_at} scans after the beginning");
    }
}

#[test]
fn the_plant_tells_clients_what_the_trip_starts() {
    let h = ready();
    let view = control::plant_view(&h.plant());
    assert_eq!(view.interlocks[1].actions, ["FEED := 0 %", "start Empty"]);
}

/// What the compiler says of one change of the text: severity, code and remedy.
fn said(from: &str, to: &str) -> Vec<(&'static str, String, String)> {
    assert!(PLANT.contains(from) || PHASES.contains(from), "{from}");
    let found = match control::compile(&sources(&PLANT.replace(from, to), &PHASES.replace(from, to))) {
        Ok(compiled) => compiled.warnings,
        Err(found) => found,
    };
    found.into_iter().map(|found| (found.code, found.message, found.help)).collect()
}

#[test]
fn a_phase_that_is_not_there_is_an_error_with_the_nearest_name() {
    let found = said("start = \"Empty\"", "start = \"Emty\"");
    let (code, message, help) = &found[0];
    assert_eq!((*code, message.as_str()), ("unknown-name", "no phase `Emty`"));
    assert!(help.contains("did you mean `Empty`?"), "{help}");
}

#[test]
fn two_phases_on_one_unit_are_a_warning_and_so_is_what_the_interlock_withholds() {
    let codes =
        |found: Vec<(&'static str, String, String)>| found.into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(codes(said("[area.100]", "[area.100]")), ["trips-meet"]);
    assert_eq!(codes(said("start = \"Drown\"", "start = \"Empty\"")), [""; 0]);
    let found = said("    DUMP := 80 %", "    DUMP := 80 %\n    FEED := 10 %");
    let held = found.iter().find(|found| found.0 == "withheld-action").unwrap();
    assert_eq!(held.1, "`FEED := 10 %` of phase `Empty` waits until somebody resets `IL-2`");
    assert_eq!(codes(said("    DUMP := 80 %", "    DUMP := 80 %\n    FEED := 0 %")), ["trips-meet"]);
}

#[test]
fn an_interlock_may_start_a_phase_and_hold_nothing() {
    assert_eq!(said("do = [\"FEED := 0 %\"]\nstart = \"Drown\"", "start = \"Drown\"").len(), 1);
}

#[test]
fn a_phase_taken_in_the_middle_of_its_abort_leaves_what_is_taken() {
    let mut h = ready();
    order(&mut h, "Feed", ProcOrder::Start);
    let trip = h.point("HOT");
    h.set(trip, 1.0);
    let phase = h.plant().find_phase("Feed").unwrap();
    h.order(Action::Phase { phase, order: ProcOrder::Abort });
    h.scan();
    assert_eq!(state(&h, "Feed"), Aborting);
    h.run(40);
    let memory: PhaseMemory = phase_state(&h, "Feed");
    assert_eq!((memory.state, memory.refusal(), h.value("VENT")), (Aborted, None, 30.0));
    assert!(h.engine.interlocks()[InterlockId(1).index()].tripped);
}

/// Another interlock before those that are there, so that every number is another one.
#[test]
fn an_applied_change_keeps_the_phase_of_a_trip_and_the_trip_that_waits_for_its_unit() {
    let mut h = ready();
    switch(&mut h, "FIRE", true);
    switch(&mut h, "HOT", true);
    let first = "[interlock.IL-0]\ndescription = \"Dry\"\nunit_of = \"U-2\"\nreset = \"auto\"\n\
        trip = [ { when = \"GO\", text = \"go\" } ]\ndo = [\"DUMP := 0 %\"]\n[interlock.IL-1]";
    let changed = control::compile(&sources(&PLANT.replace("[interlock.IL-1]", first), PHASES)).unwrap();
    let (next, migration) = h.engine.migrate(&std::sync::Arc::new(changed.plant)).unwrap();
    assert!(migration.is_bumpless(), "{migration:?}");
    h.engine = next;
    h.run(20);
    assert!(lines(&h, "Drown").contains(&"started by the trip of IL-1".into()), "{:?}", lines(&h, "Drown"));
    assert_eq!((state(&h, "Empty"), state(&h, "Drown")), (Idle, Running));
    switch(&mut h, "EMPTY", true);
    assert_eq!(
        (starts(&h, "Empty"), state(&h, "Drown")),
        (1, Complete),
        "the trip of before still starts it"
    );

    // Without `start` what waited is forgotten.
    let mut h = ready();
    switch(&mut h, "FIRE", true);
    switch(&mut h, "HOT", true);
    let changed = control::compile(&sources(&PLANT.replace("start = \"Empty\"\n", ""), PHASES)).unwrap();
    h.engine = h.engine.migrate(&std::sync::Arc::new(changed.plant)).unwrap().0;
    switch(&mut h, "EMPTY", true);
    assert_eq!((state(&h, "Empty"), h.engine.interlocks()[1].starting), (Idle, false));
}

/// The phase of another unit takes this valve in place of DUMP.
fn with_store_on(valve: &str) -> Harness {
    let phases = PHASES.replace("DUMP := 20 %", &format!("{valve} := 20 %"));
    let mut h = Harness::new(control::compile(&sources(PLANT, &phases)).unwrap().plant);
    h.all_good(0.0);
    h.run(20);
    order(&mut h, "Store", ProcOrder::Start);
    h
}

#[test]
fn a_phase_of_another_unit_aborts_only_for_a_valve_that_the_trip_needs() {
    for (valve, left) in [("WASH", Running), ("FEED", Running), ("VENT", Aborted), ("DUMP", Aborted)] {
        let mut h = with_store_on(valve);
        switch(&mut h, "HOT", true);
        assert_eq!((state(&h, "Store"), state(&h, "Empty")), (left, Running), "{valve}");
    }
}

#[test]
fn what_a_person_started_works_for_the_trip_that_finds_it_and_no_later_one_takes_its_unit() {
    let mut h = ready();
    order(&mut h, "Drown", ProcOrder::Start);
    switch(&mut h, "FIRE", true);
    assert!(lines(&h, "Drown").contains(&"started by the trip of IL-1".into()), "{:?}", lines(&h, "Drown"));
    switch(&mut h, "HOT", true);
    assert_eq!((state(&h, "Drown"), starts(&h, "Drown"), state(&h, "Empty")), (Running, 1, Idle));
}

/// A loop, a motor, a valve and a group of motors for what a trip starts.
const MACHINES: &str = r#"
[tag.LT-1]
description = "Level"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[[instance]]
class = "valve"
with = { name = "DRAIN", n = 5 }
[pid.LIC-1]
description = "Level"
pv = "LT-1"
out = "DRAIN"
action = "direct"
kc = 1.0
ti = "10 s"
sp = 50
[class.coil]
parameters = ["name", "n"]
[class.coil.tag."{name}"]
description = "{name}"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = "{n}" }
[[instance]]
class = "coil"
with = { name = "A.RUN", n = 0 }
[[instance]]
class = "coil"
with = { name = "B.RUN", n = 1 }
[[instance]]
class = "coil"
with = { name = "C.RUN", n = 2 }
[motor.P-A]
description = "A"
out = "A.RUN"
fault_alarm = false
[motor.P-B]
description = "B"
out = "B.RUN"
fault_alarm = false
[motor.P-C]
description = "C"
out = "C.RUN"
fault_alarm = false
[duty_standby.P-1]
description = "Group"
motors = ["P-A", "P-B"]
on_duty = 1
fault_alarm = false
"#;

/// What IL-2 withholds of its phase when it does this and the phase does that.
fn withheld(held: &str, action: &str) -> Vec<String> {
    let plant = PLANT.replace(
        "do = [\"FEED := 0 %\"]\nstart = \"Empty\"",
        &format!("do = [\"{held}\"]\nstart = \"Empty\""),
    );
    let plant = plant.replace("start = \"Drown\"", "");
    let phases =
        PHASES.replace("    DUMP := 80 %", &format!("    DUMP := 80 %\n  STEP \"And then\"\n    {action}"));
    let found = control::compile(&sources(&format!("{plant}{MACHINES}"), &phases));
    let found = found.unwrap_or_else(|found| panic!("{held}, {action}: {found:#?}")).warnings;
    found.into_iter().filter(|found| found.code == "withheld-action").map(|found| found.message).collect()
}

#[test]
fn what_is_withheld_is_told_of_loops_devices_and_groups_too_and_nothing_else_is() {
    let (yes, no) = (1, 0);
    let cases = [
        // OUT of a loop is its valve, its set point and its mode are nobody's to hold.
        ("DRAIN := 0 %", "LIC-1.OUT := 30 %", yes),
        ("DRAIN := 30 %", "LIC-1.OUT := 30 %", no),
        ("DRAIN := 0 %", "LIC-1.SP := 30 %", no),
        ("DRAIN := 0 %", "LIC-1.MODE := MAN", no),
        // A device is what stands behind it.
        ("P-C := stop", "P-C := start", yes),
        ("P-C := stop", "P-C := stop", no),
        ("C.RUN := stop", "P-C := start", yes),
        ("P-C := stop", "P-A := start", no),
        // A group is all its motors.
        ("P-1 := stop", "P-A := start", yes),
        ("P-1 := stop", "P-B := start", yes),
        ("P-1 := stop", "P-C := start", no),
        // What is worked out may be anything.
        ("VENT := 0 %", "VENT := LT-1", yes),
        ("VENT := 0 %", "VENT := 0 % + LT-1", yes),
    ];
    for (held, action, told) in cases {
        let found = withheld(held, action);
        let count = found.iter().filter(|message| message.contains(&format!("`{action}`"))).count();
        assert_eq!(count, told, "{held}, {action}: {found:?}");
    }
}
