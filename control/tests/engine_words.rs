//! What people read: why something is so, what happened, and the plant as clients see it.

mod support;

use control::{StateView, describe, plant_view, user_of, why};
use model::wire::{EventKind, Why};
use model::{
    Action, AlarmState, Command, Event, EventBody, InterlockChange, Mode, ProcOrder, ProcState, Quality,
    Refusal, UserId,
};
use support::field::Field;
use support::{Harness, batch_state, text_plant};

fn running() -> (Harness, Field) {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 5.0);
    (h, field)
}

fn ask(h: &Harness, name: &str) -> Why {
    let plant = h.plant();
    let mut view = StateView::new(&plant);
    h.engine.publish(&mut view);
    why(&plant, &view, name).unwrap_or_else(|| panic!("nothing about {name}"))
}

/// Lines as a person sees them: indented, marked `+` when they hold and `-` when not.
fn lines(why: &Why) -> Vec<String> {
    let mark = |holds| match holds {
        Some(true) => "+ ",
        Some(false) => "- ",
        None => "",
    };
    why.lines
        .iter()
        .map(|line| format!("{}{}{}", "  ".repeat(usize::from(line.indent)), mark(line.holds), line.text()))
        .collect()
}

fn expect(h: &Harness, name: &str, title: &str, expected: &[&str]) {
    let why = ask(h, name);
    assert_eq!(why.title, title);
    assert_eq!(lines(&why), expected, "{name}");
}

fn set(h: &mut Harness, name: &str, value: f64, quality: Quality) {
    let point = h.point(name);
    h.input(point, value, quality);
    h.scan();
}

fn start_batch(h: &mut Harness) {
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Prepare { recipe, batch: 412 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
}

#[test]
fn a_loop_explains_its_output_as_the_sum_of_its_terms() {
    let (h, _) = running();
    expect(
        &h,
        "TIC-311",
        "TIC-311 Anolyte temperature",
        &[
            "mode AUTO",
            "PV 78.0 degC",
            "SP 80.0 degC",
            "OUT 7.98 m3/h",
            "  = P -0.500  I +8.480  D 0.000",
            "OUT goes to FIC-311",
        ],
    );
    expect(
        &h,
        "FIC-311.OUT",
        "FIC-311 Cooling water flow",
        &[
            "mode CAS",
            "PV 8.00 m3/h",
            "SP 7.98 m3/h, from TIC-311.OUT",
            "OUT 99.9 %",
            "  = P -0.04  I +99.98",
        ],
    );
}

#[test]
fn every_mode_that_was_not_ordered_has_its_reason() {
    let (mut h, mut field) = running();
    h.mode("FIC-311", Mode::Auto).unwrap();
    field.run(&mut h, 0.2);
    let why = ask(&h, "TIC-311");
    assert_eq!(lines(&why)[..2], ["mode IMAN, ordered AUTO", "  follows FIC-311, which is not in cascade"]);
    set(&mut h, "TT-311", 0.0, Quality::BadSensorFailure);
    h.mode("FIC-311", Mode::Cascade).unwrap();
    h.run(20);
    let why = ask(&h, "TIC-311");
    assert_eq!(
        lines(&why)[..3],
        [
            "mode MAN, ordered AUTO",
            "  PV is bad, sensor failure; OUT stays until it is back",
            "PV 78.0 degC (bad, sensor failure)",
        ]
    );
    set(&mut h, "FT-301", 0.0, Quality::BadNoCommunication);
    h.run(220);
    let why = ask(&h, "FIC-301");
    assert_eq!(
        lines(&why)[..2],
        [
            "mode MAN, normal AUTO",
            "  PV is bad, no communication with the device; it stays in manual, with its set point, until a person takes it back",
        ]
    );
    set(&mut h, "PLC-300.LINK", 0.0, Quality::Good);
    h.run(20);
    let why = ask(&h, "IC-301");
    assert_eq!(lines(&why)[..2], ["mode TRK, ordered AUTO", "  tracks: the device that OUT drives is lost"]);
}

#[test]
fn other_blocks_and_tags_explain_themselves() {
    let (h, _) = running();
    expect(
        &h,
        "FFC-301",
        "FFC-301 Brine to current",
        &[
            "OUT = RATIO * IN + BIAS + trim: 2.00 m3/h",
            "  IN 0.00 kA",
            "  RATIO 0.800",
            "  BIAS 0.00 m3/h",
            "OUT follows FIC-301, which is not in cascade",
        ],
    );
    expect(
        &h,
        "JY-301",
        "JY-301 Mean level and laboratory, for the test",
        &["= MAX(LT-311, PREV(LT-311)) * 1.0: 40.0 %", "  LT-311 40.0 %"],
    );
    expect(
        &h,
        "PY-331",
        "PY-331 Header pressure",
        &["OUT 21.0 mbar", "  - PT-331A 20.0 mbar", "  + PT-331B 21.0 mbar", "  - PT-331C 22.0 mbar"],
    );
    expect(&h, "LT-311", "LT-311 Anolyte level", &["now 40.0 %", "measured, PLC-300 input 0"]);
    expect(
        &h,
        "FV-301",
        "FV-301 Brine valve",
        &["now 11.1 %", "an output to the field, PLC-300 holding 10", "driven by FIC-301"],
    );
    let plant = h.plant();
    assert!(why(&plant, &StateView::new(&plant), "NO-SUCH").is_none());
    assert!(why(&plant, &StateView::new(&plant), "TIC-311").is_some());
}

#[test]
fn everything_that_has_a_name_explains_itself_in_any_view() {
    let (mut h, mut field) = running();
    start_batch(&mut h);
    field.run(&mut h, 3.0);
    let plant = h.plant();
    let mut live = StateView::new(&plant);
    h.engine.publish(&mut live);
    let names = plant
        .points
        .iter()
        .map(|point| &point.name)
        .chain(plant.blocks.iter().map(|block| &block.name))
        .chain(plant.alarms.iter().map(|alarm| &alarm.name))
        .chain(plant.interlocks.iter().map(|interlock| &interlock.name))
        .chain(plant.phases.iter().map(|phase| &phase.name))
        .chain(plant.recipes.iter().map(|recipe| &recipe.name));
    for name in names {
        // An empty view is that of a controller that has not published yet.
        for view in [&live, &StateView::new(&plant), &StateView::default()] {
            let why = why(&plant, view, name).unwrap_or_else(|| panic!("nothing about {name}"));
            assert!(!why.title.is_empty(), "{name}");
        }
        assert!(!ask(&h, name).lines.is_empty(), "{name}");
    }
}

#[test]
fn a_device_shows_the_permissive_that_is_missing() {
    let (h, _) = running();
    let why = ask(&h, "RF-301");
    assert_eq!(
        lines(&why),
        [
            "command open, open",
            "  RF-301.CLOSED open",
            "permit to close",
            "  - all of",
            "    - P-311.RUN: now stopped",
            "    + TT-311 > 40 degC for 2 s: now 78.0 degC",
        ]
    );
    let plant = h.plant();
    let line = &ask(&h, "P-311").lines[3];
    assert_eq!(line.text(), "LT-311 > 15 %: now 40.0 %");
    assert_eq!(line.block, None, "a tag leads to no block");
    let dev = ask(&h, "FIC-301.DEV");
    assert_eq!(dev.lines[2].block, plant.find_block("FIC-301"), "a part of a block leads to it");
}

#[test]
fn an_interlock_shows_causes_delays_first_out_and_what_it_forces() {
    let (mut h, mut field) = running();
    field.gas = 2.5;
    field.run(&mut h, 1.2);
    let why = ask(&h, "IL-301");
    assert_eq!(
        lines(&why)[..4],
        [
            "ready",
            "trips on any of",
            "  - H2 in Cl2",
            "    - AT-351 > 2 %vol for 2 s: now 2.50 %vol, 1.1 s so far of 2 s",
        ]
    );
    field.run(&mut h, 4.0);
    expect(
        &h,
        "IL-301",
        "IL-301 Electrolyser trip",
        &[
            "TRIPPED, the cause stands",
            "first out: H2 in Cl2, 3 s ago",
            "trips on any of",
            "  + H2 in Cl2",
            "    + AT-351 > 2 %vol for 2 s: now 2.50 %vol",
            "  - header dP low",
            "    - for 3 s",
            "      - at least 2 of 3",
            "        - PT-331A < 0 mbar: now 20.0 mbar",
            "        - PT-331B < 0 mbar: now 21.0 mbar",
            "        - PT-331C < 0 mbar: now 22.0 mbar",
            "then",
            "  RF-301 := open",
            "  IY-301 := 0 %",
        ],
    );
    expect(
        &h,
        "IY-301",
        "IY-301 Rectifier current demand",
        &[
            "now 0.0 %, constant",
            "an output to the field, PLC-300 holding 12",
            "driven by IC-301",
            "+ forced by interlock IL-301: Electrolyser trip",
            "  + H2 in Cl2",
            "    + AT-351 > 2 %vol for 2 s: now 2.50 %vol",
        ],
    );
    field.gas = 0.2;
    field.run(&mut h, 1.0);
    assert_eq!(lines(&ask(&h, "IL-301"))[0], "TRIPPED, the cause has gone, waits for a reset");
    assert_eq!(lines(&ask(&h, "IY-301"))[4], "  the cause has gone, it waits for a reset");
    let interlock = h.plant().find_interlock("IL-301").unwrap();
    h.ask(Action::Bypass { interlock, for_ms: 60_000 }).unwrap();
    assert_eq!(lines(&ask(&h, "IL-301"))[1], "BYPASSED for another 1 min: it forces nothing");
    set(&mut h, "PT-331A", 0.0, Quality::BadSensorFailure);
    set(&mut h, "PT-331B", 0.0, Quality::BadSensorFailure);
    h.run(301);
    assert!(
        lines(&ask(&h, "IL-301")).contains(&"  + header dP low (bad input: counts as standing)".to_owned())
    );
}

#[test]
fn a_phase_and_its_recipe_say_what_they_wait_for() {
    let (mut h, mut field) = running();
    assert_eq!(lines(&ask(&h, "EL-START")), ["not prepared"]);
    start_batch(&mut h);
    field.run(&mut h, 3.0);
    expect(
        &h,
        "EL-START",
        "EL-START Electrolyser start-up",
        &[
            "B-0412 RUNNING since 3 s",
            "in phase Fill",
            "  RUNNING since 2 s for B-0412",
            "  step 1: Open the feed",
            "    waits for",
            "      - LT-311 > Fill.level: now 42.2 % against 50.00 %",
            "    2 s so far of 30 s, then holds: level does not rise",
        ],
    );
    field.temperature = 30.0;
    assert!(field.until(&mut h, 100.0, |h| support::phase_state(h, "Load").state == ProcState::Running));
    field.run(&mut h, 3.0);
    let why = ask(&h, "Load");
    assert_eq!(
        lines(&why)[2..5],
        [
            "  - RF-301 := close: a permissive is missing; see why on the faceplate",
            "    - TT-311 > 40 degC for 2 s: now 30.0 degC",
            "  waits for",
        ]
    );
    let plant = h.plant();
    let mut view = StateView::new(&plant);
    h.engine.publish(&mut view);
    let status = control::batch_status(&plant, &view, &|tick| tick as i64 * 10);
    let phase = status[0].phase.clone().unwrap();
    assert_eq!(phase.waiting, "RF-301 := close: a permissive is missing; see why on the faceplate");
    field.temperature = 78.0;
    assert!(field.until(&mut h, 40.0, |h| h.value("IT-301") > 1.0));
    h.engine.publish(&mut view);
    let status = control::batch_status(&plant, &view, &|tick| tick as i64 * 10);
    let phase = status[0].phase.clone().unwrap();
    assert_eq!((phase.step, phase.step_text.as_str()), (1, "Ramp"));
    assert!(phase.waiting.starts_with("IT-301 > Load.load - 0.2 kA for 3 s: now 1.0"), "{}", phase.waiting);
    assert_eq!(status[0].nodes.len(), plant_view(&plant).recipes[status[0].recipe.index()].procedure.len());
    assert_eq!(status[0].parameters, [50.0, 4.0]);
}

#[test]
fn alarms_explain_condition_delay_and_shelf() {
    let (mut h, mut field) = running();
    field.temperature = 95.0;
    field.run(&mut h, 0.55);
    expect(
        &h,
        "TT-311.H",
        "TT-311.H Anolyte temperature HI",
        &["NORMAL, priority high", "+ TT-311 >= 90.0 degC: now 95.0 degC", "  on-delay: 0.5 s so far of 1 s"],
    );
    field.run(&mut h, 1.0);
    let alarm = h.plant().find_alarm("TT-311.H").unwrap();
    h.ask(Action::Shelve { alarm, for_ms: 600_000 }).unwrap();
    assert_eq!(lines(&ask(&h, "TT-311.H"))[..2], ["SHELVED, priority high", "  for another 10 min"]);
    assert_eq!(lines(&ask(&h, "LT-311.L"))[2..], ["enabled by", "  - P-311.RUN: now stopped"]);
}

#[test]
fn frame_parts_tell_alarms_and_interlocks() {
    let (mut h, mut field) = running();
    field.temperature = 95.0;
    field.gas = 2.5;
    field.run(&mut h, 3.0);
    let alarm = h.plant().find_alarm("TT-311.H").unwrap();
    h.ask(Action::Acknowledge { alarm }).unwrap();
    let plant = h.plant();
    let mut view = StateView::new(&plant);
    h.engine.publish(&mut view);
    let time = |tick: u64| 1_000_000 + tick as i64 * 10;
    let name = |user: UserId| format!("user {}", user.0);
    let alarms = control::alarm_status(&plant, &view, &time, &name);
    let mine = alarms.iter().find(|status| status.alarm == alarm).unwrap();
    assert_eq!((mine.state, mine.active), (AlarmState::Acked, true));
    assert_eq!(mine.acknowledged_by.as_deref(), Some("user 5"));
    assert!(alarms.iter().all(|status| status.state != AlarmState::Normal));
    let interlocks = control::interlock_status(&plant, &view, &time, &name);
    assert_eq!(interlocks.len(), 3);
    assert!(interlocks[0].tripped && interlocks[0].active);
    assert_eq!((interlocks[0].first_out, interlocks[1].first_out), (Some(0), None));
}

#[test]
fn events_read_as_a_person_would_write_them() {
    let h = Harness::new(text_plant());
    let plant = h.plant();
    let point = |name: &str| h.point(name);
    let command = |action, old, refused| EventBody::Command {
        command: Command { id: 1, user: UserId(5), action },
        old,
        refused,
    };
    let write = |name: &str, old, value| command(Action::Write { point: point(name), value }, old, None);
    let alarm = |name: &str, from, to, value| EventBody::Alarm {
        alarm: plant.find_alarm(name).unwrap(),
        from,
        to,
        value,
        user: UserId::SYSTEM,
    };
    let recipe = plant.find_recipe("EL-START").unwrap();
    let fill = plant.find_phase("Fill").unwrap();
    let il = plant.find_interlock("IL-301").unwrap();
    let bad =
        Some(model::BadInput { point: plant.find_point("AT-351"), quality: Quality::BadNoCommunication });
    let too_high =
        command(Action::Write { point: point("FIC-301.SP"), value: 99.0 }, 11.0, Some(Refusal::AboveLimit));
    for (body, kind, tag, text) in [
        (write("FIC-301.SP", 1.0, 1.2), EventKind::Operator, "FIC-301", "SP 1.00 -> 1.20 m3/h"),
        (
            too_high,
            EventKind::Operator,
            "FIC-301",
            "SP 11.00 -> 99.00 m3/h refused: above the high limit (0.00 to 10.00 m3/h)",
        ),
        (
            command(
                Action::Shelve { alarm: model::AlarmId(0), for_ms: 99 * 3_600_000 },
                0.0,
                Some(Refusal::AboveLimit),
            ),
            EventKind::Operator,
            plant.alarms[0].tag.as_str(),
            "shelve HI for 99 h refused: above the high limit (at most 12 h)",
        ),
        (write("P-311.CMD", 0.0, 1.0), EventKind::Operator, "P-311", "CMD stop -> start"),
        (write("HS-301", 5.0, 5.25), EventKind::Operator, "HS-301", "5.00 -> 5.25 wt%"),
        (
            command(
                Action::Mode { block: plant.find_block("FIC-301").unwrap(), mode: Mode::Cascade },
                2.0,
                None,
            ),
            EventKind::Operator,
            "FIC-301",
            "MODE AUTO -> CAS",
        ),
        (
            command(Action::Parameter { recipe, parameter: 1, value: 5.0 }, 4.0, None),
            EventKind::Operator,
            "EL-START",
            "load 4 -> 5 kA",
        ),
        (
            alarm("TT-311.H", AlarmState::Normal, AlarmState::Unacked, 91.3),
            EventKind::Alarm,
            "TT-311",
            "HI 91.3 degC (limit 90.0)",
        ),
        (
            alarm("TT-311.H", AlarmState::Acked, AlarmState::Normal, 88.0),
            EventKind::Alarm,
            "TT-311",
            "HI cleared 88.0 degC",
        ),
        (
            alarm("FIC-301.DEV", AlarmState::Normal, AlarmState::Unacked, 1.25),
            EventKind::Alarm,
            "FIC-301",
            "DEV +1.25 m3/h (limit 1.00)",
        ),
        (
            alarm("AT-351.COND", AlarmState::Normal, AlarmState::Unacked, 1.0),
            EventKind::Alarm,
            "AT-351",
            "hydrogen in chlorine under load",
        ),
        (
            EventBody::Interlock { interlock: il, change: InterlockChange::Tripped { cause: 0, bad: None } },
            EventKind::Interlock,
            "IL-301",
            "TRIPPED by H2 in Cl2: AT-351 > 2 %vol FOR 2 s",
        ),
        (
            EventBody::Interlock { interlock: il, change: InterlockChange::Tripped { cause: 0, bad } },
            EventKind::Interlock,
            "IL-301",
            "TRIPPED by H2 in Cl2: AT-351 bad: no communication with the device, counts as standing",
        ),
        (
            EventBody::Interlock {
                interlock: il,
                change: InterlockChange::Ending { cause: 0, left_ms: 300_000 },
            },
            EventKind::Interlock,
            "IL-301",
            "bypass ends in 5 min, and it trips then: H2 in Cl2 stands",
        ),
        (
            EventBody::Dictated { block: plant.find_block("P-311").unwrap(), on: false, interlock: il },
            EventKind::System,
            "P-311",
            "stopped: interlock IL-301 dictates it",
        ),
        (
            EventBody::Phase {
                phase: fill,
                batch: 412,
                from: ProcState::Running,
                to: ProcState::Holding,
                trip: None,
            },
            EventKind::Batch,
            "EL-301",
            "B-0412 Fill RUNNING -> HOLDING",
        ),
        (
            EventBody::Phase {
                phase: fill,
                batch: 0,
                from: ProcState::Idle,
                to: ProcState::Running,
                trip: Some(il),
            },
            EventKind::Batch,
            "EL-301",
            "Fill IDLE -> RUNNING by the trip of IL-301",
        ),
        (
            EventBody::Step { phase: fill, batch: 0, step: 1 },
            EventKind::Batch,
            "EL-301",
            "Fill step 2: Close the feed",
        ),
        (
            EventBody::StepLate { phase: fill, batch: 412, step: 2, refused: None },
            EventKind::Batch,
            "EL-301",
            "B-0412 Fill late in holding step 1: Close: valve does not close",
        ),
        (
            EventBody::Link { device: model::DeviceId(0), up: false },
            EventKind::Link,
            "PLC-300",
            "no communication",
        ),
    ] {
        let (found_kind, found_tag, found_text) = describe(&plant, &Event { tick: 1, body });
        assert_eq!((found_kind, found_tag.as_str(), found_text.as_str()), (kind, tag, text));
    }
}

#[test]
fn every_event_of_a_whole_batch_has_a_tag_and_a_text() {
    let (mut h, mut field) = running();
    start_batch(&mut h);
    assert!(field.until(&mut h, 200.0, |h| batch_state(h, "EL-START") == ProcState::Complete));
    let plant = h.plant();
    assert!(h.events.len() > 20);
    for event in &h.events {
        let (_, tag, text) = describe(&plant, event);
        assert!(!tag.is_empty() && !text.is_empty(), "{event:?}");
        let is_command = matches!(event.body, EventBody::Command { .. });
        assert_eq!(user_of(event), is_command.then_some(UserId(5)));
    }
}

#[test]
fn nonsense_in_an_event_gives_words_and_no_panic() {
    let h = Harness::new(text_plant());
    let plant = h.plant();
    let ids = [0, 1, 1000, u32::MAX];
    for id in ids {
        use EventBody as E;
        let command = |action| E::Command {
            command: Command { id: 1, user: UserId(9), action },
            old: 1e300,
            refused: Some(Refusal::Unknown),
        };
        for body in [
            command(Action::Write { point: model::PointId(id), value: -1e300 }),
            command(Action::Mode { block: model::BlockId(id), mode: Mode::Tracking }),
            command(Action::Acknowledge { alarm: model::AlarmId(id) }),
            command(Action::Shelve { alarm: model::AlarmId(id), for_ms: u32::MAX }),
            command(Action::Parameter { recipe: model::RecipeId(id), parameter: 99, value: 0.0 }),
            command(Action::Phase { phase: model::PhaseId(id), order: ProcOrder::Abort }),
            E::Interlock {
                interlock: model::InterlockId(id),
                change: InterlockChange::Tripped { cause: 99, bad: None },
            },
            E::Step { phase: model::PhaseId(id), batch: 1, step: u16::MAX },
            E::StepLate { phase: model::PhaseId(id), batch: 1, step: 999, refused: None },
            E::Link { device: model::DeviceId(id), up: true },
        ] {
            assert!(!describe(&plant, &Event { tick: 0, body }).2.is_empty());
        }
    }
}

#[test]
fn the_view_of_the_plant_is_complete() {
    let h = Harness::new(text_plant());
    let plant = h.plant();
    let view = plant_view(&plant);
    assert_eq!(view.hash.len(), 64);
    assert_eq!(view.points.len(), plant.points.len());
    let pid = view.blocks.iter().find(|block| block.name == "FIC-301").unwrap();
    let roles: Vec<&str> = pid.points.keys().map(String::as_str).collect();
    assert_eq!(roles, ["FF", "KC", "MODE", "OUT", "PV", "SP", "SPW", "TD", "TI"]);
    assert_eq!(pid.input, Some(h.point("FT-301")));
    assert_eq!(pid.output, Some(h.point("FV-301")));
    for block in &view.blocks {
        for (role, point) in &block.points {
            let name = &view.points[point.index()].name;
            assert!(*name == block.name || *name == format!("{}.{role}", block.name), "{name} {role}");
        }
    }
    let recipe = &view.recipes[plant.find_recipe("EL-START").unwrap().index()];
    let nodes: Vec<&str> = recipe.procedure.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(nodes, ["EL-START", "Prepare", "Fill", "Circulate", "Load", "Load"]);
    assert_eq!(view.interlocks[0].causes[0].text, "AT-351 > 2 %vol FOR 2 s");
}
