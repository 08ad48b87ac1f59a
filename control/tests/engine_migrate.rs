//! Another plant for an engine that runs: what did not change goes on bit for bit, and what cannot is said.

mod support;

use std::sync::Arc;

use control::compile::Verb;
use control::plant::{Origin, Plant};
use control::{Engine, MigrateError, Migration, Plan, ScanOutput, StateView};
use model::{Action, AlarmState, Mode, PointId, ProcOrder, ProcState, Source};
use support::field::Field;
use support::{Harness, batch_state, phase_state, text_plant};

/// The test plant with one text replaced by another in its files.
fn edited(edits: &[(&str, &str)]) -> Arc<Plant> {
    let mut sources = text_plant().sources;
    for (from, to) in edits {
        let source = sources.iter_mut().find(|source| source.text.contains(from));
        let source = source.unwrap_or_else(|| panic!("no file has {from}"));
        source.text = source.text.replacen(from, to, 1);
    }
    compile(&sources)
}

fn compile(sources: &[Source]) -> Arc<Plant> {
    Arc::new(control::compile(sources).unwrap_or_else(|found| panic!("{found:?}")).plant)
}

/// A plant in full swing: a batch in mid-phase, loops in automatic, values that are nothing round.
fn running() -> (Harness, Field) {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 1.0);
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Prepare { recipe, batch: 412 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
    let filling = |h: &Harness| phase_state(h, "Fill").state == ProcState::Running;
    assert!(field.until(&mut h, 20.0, filling));
    field.run(&mut h, 3.0);
    (h, field)
}

fn outputs(engine: &Engine) -> Vec<(String, u64)> {
    let of = |(index, point): (usize, &control::plant::Point)| {
        let value = engine.image().value(PointId(index as u32)).to_bits();
        matches!(point.origin, Origin::FieldOutput(_)).then(|| (point.name.clone(), value))
    };
    let mut all: Vec<_> = engine.plant().points.iter().enumerate().filter_map(of).collect();
    all.sort();
    all
}

fn changed(h: &Harness, edits: &[(&str, &str)]) -> (Engine, Migration) {
    h.engine.migrate(&edited(edits)).unwrap()
}

/// The same engine run on with and without the change, from the field's side: the scan of the change.
fn assert_same_scan(h: &Harness, mut next: Engine) {
    let mut out = ScanOutput::with_capacity(1024);
    let mut old = h.engine.clone();
    old.scan(h.tick + 1, &[], &[], &mut out);
    next.scan(h.tick + 1, &[], &[], &mut out);
    assert_eq!(outputs(&next), outputs(&old));
}

const NEW_LOOP: &str = "[pid.LIC-399]\ndescription = \"Dosing\"\nunit_of = \"EL-301\"\npv = \"LT-311\"\n\
    out_unit = \"%\"\nout_range = [0, 100]\naction = \"reverse\"\nkc = 2.0\nti = \"60 s\"\nsp = \"50 %\"\n\
    modes = [\"manual\", \"auto\"]\nmode = \"manual\"\n\n[alarm.\"TT-311.H\"]";

#[test]
fn the_same_text_in_another_order_of_files_changes_no_bit_of_the_future() {
    let (mut h, mut field) = running();
    // A comment gives another hash, and nothing else.
    let (next, migration) = changed(&h, &[("# A small plant", "# Another comment\n# A small plant")]);
    assert!(migration.is_bumpless() && migration.plan.changes.is_empty() && migration.moved.is_empty());
    assert_eq!(migration.carried.points, h.plant().points.len());
    let mut other = Harness::new((**next.plant()).clone());
    (other.engine, other.tick) = (next, h.tick);
    assert_eq!(other.engine.state_hash(), h.engine.state_hash(), "nothing is lost on the way");
    let mut twin = field.clone();
    for _ in 0..2000 {
        field.step(&mut h);
        twin.step(&mut other);
        assert_eq!(other.engine.state_hash(), h.engine.state_hash(), "tick {}", h.tick);
    }
}

#[test]
fn an_alarm_limit_a_tuning_and_a_new_loop_leave_every_output_of_the_scan_as_it_is() {
    let (h, _) = running();
    for edits in [
        &[("high = \"90 degC\"", "high = \"88 degC\"")][..],
        &[("ti = \"5 s\"", "ti = \"9 s\"")],
        &[("[alarm.\"TT-311.H\"]", NEW_LOOP)],
        &[("high = \"90 degC\"", "high = \"88 degC\""), ("[alarm.\"TT-311.H\"]", NEW_LOOP)],
    ] {
        let (next, migration) = changed(&h, edits);
        assert!(migration.is_bumpless(), "{:?}", migration.reasons());
        assert_eq!(outputs(&next), outputs(&h.engine), "the change itself moves nothing");
        if !edits[0].0.starts_with("ti") {
            assert_same_scan(&h, next);
        }
    }
}

#[test]
fn new_tuning_takes_effect_and_one_that_was_set_by_hand_stays_when_its_text_did_not_change() {
    let (mut h, mut field) = running();
    let gain = h.point("FIC-301.KC");
    h.ask(Action::Write { point: gain, value: 0.9 }).unwrap();
    let (next, migration) = changed(&h, &[("ti = \"4 s\"", "ti = \"6 s\"")]);
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    let value = |name: &str| next.image().value(next.plant().find_point(name).unwrap());
    assert_eq!((value("FIC-301.KC"), value("FIC-301.TI")), (0.9, 6.0));
    let before = h.value("FV-301");
    h.engine = next;
    field.step(&mut h);
    assert!((h.value("FV-301") - before).abs() < 0.5, "{} to {}", before, h.value("FV-301"));
}

#[test]
fn a_batch_in_mid_phase_goes_on_to_its_end() {
    let (mut h, mut field) = running();
    let before = phase_state(&h, "Fill");
    let (next, migration) =
        changed(&h, &[("[alarm.\"TT-311.H\"]", NEW_LOOP), ("high = \"90 degC\"", "high = \"91 degC\"")]);
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    let mut other = Harness::new((**next.plant()).clone());
    (other.engine, other.tick) = (next, h.tick);
    let after = phase_state(&other, "Fill");
    assert_eq!((after.state, after.step, after.since), (before.state, before.step, before.since));
    h = other;
    let complete = |h: &Harness| batch_state(h, "EL-START") == ProcState::Complete;
    assert!(field.until(&mut h, 300.0, complete), "{:?}", batch_state(&h, "EL-START"));
}

#[test]
fn tuning_may_change_while_a_loop_runs_away_from_its_set_point_and_a_jump_may_not() {
    let (mut h, mut field) = running();
    // Far from the set point and fast: from one run to the next the integral alone goes by more than a jump may be.
    h.ask(Action::Write { point: h.point("FIC-301.TI"), value: 0.5 }).unwrap();
    h.ask(Action::Write { point: h.point("FIC-301.SP"), value: 3.6 }).unwrap();
    field.step(&mut h);
    let faster = [("kc = 0.5\nti = \"4 s\"", "kc = 0.8\nti = \"4 s\"")];
    let (_, migration) = changed(&h, &faster);
    let (_, without, with) = migration.moved.iter().find(|moved| moved.0 == "FV-301").unwrap();
    assert!((with - without).abs() > 0.5, "{without} {with}");
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    // Ten times the gain goes another way so fast that nobody could tell it from a jump.
    let much_faster = ("kc = 0.5\nti = \"4 s\"", "kc = 5\nti = \"4 s\"");
    let jumps = ("ff = \"HY-301.OUT / 8 kA * 100 %\"", "ff = \"HY-301.OUT / 8 kA * 100 % + 20 %\"");
    for edit in [much_faster, jumps] {
        let (_, migration) = changed(&h, &[edit]);
        let reasons = migration.reasons().join("\n");
        assert!(reasons.contains(" would go from "), "{edit:?}: {reasons}");
    }
}

#[test]
fn what_cannot_be_taken_over_bumplessly_is_refused_with_its_reason() {
    let (h, _) = running();
    for (edit, reason) in [
        (
            (
                "pv = \"FT-301\"\nout = \"FV-301\"\naction = \"reverse\"",
                "pv = \"FT-301\"\nout = \"FV-301\"\naction = \"direct\"",
            ),
            "`action`",
        ),
        (("input = 5, raw", "input = 25, raw"), "I/O map"),
        (("endpoint = \"127.0.0.1:5020\"", "endpoint = \"127.0.0.1:5021\""), "connection is made anew"),
        (
            (
                "description = \"Brine flow\"\nunit = \"m3/h\"\nrange = [0, 10]",
                "description = \"Brine flow\"\nunit = \"m3/h\"\nrange = [0, 20]",
            ),
            "per cent",
        ),
        (("value = 50\n", "value = 55\n"), "a batch of EL-START runs"),
        (("trip = [{ when = \"LT-311 < 5 %\"", "trip = [{ when = \"LT-311 < 95 %\""), ""),
    ] {
        let (_, migration) = changed(&h, &[edit]);
        let reasons = migration.reasons().join("\n");
        if reason.is_empty() {
            // An interlock that finds its cause standing acts at once, which is what it is for.
            assert_eq!(migration.moved.is_empty(), migration.is_bumpless(), "{reasons}");
        } else {
            assert!(!migration.is_bumpless() && reasons.contains(reason), "{}: {reasons}", edit.1);
        }
    }
    let period = edited(&[("period = \"10 ms\"", "period = \"5 ms\"")]);
    assert_eq!(h.engine.migrate(&period).unwrap_err(), MigrateError::Period { old_ms: 10, new_ms: 5 });
}

#[test]
fn a_phase_that_runs_keeps_its_text_and_an_idle_one_may_change() {
    let (h, _) = running();
    let fill = h.plant().sources.iter().find(|source| source.path == "fill.phase").unwrap().text.clone();
    let title = fill.lines().find(|line| line.trim_start().starts_with("STEP")).unwrap().to_owned();
    let (_, migration) = changed(&h, &[(title.as_str(), "  STEP \"Otherwise\"")]);
    assert!(migration.reasons().join("").contains("phase Fill runs"), "{:?}", migration.reasons());
    let load = h.plant().sources.iter().find(|source| source.path == "load.phase").unwrap().text.clone();
    let title = load.lines().find(|line| line.trim_start().starts_with("STEP")).unwrap().to_owned();
    let (_, migration) = changed(&h, &[(title.as_str(), "  STEP \"Otherwise\"")]);
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
}

#[test]
fn alarms_trips_and_bypasses_keep_their_state_though_their_numbers_move() {
    let (mut h, mut field) = running();
    field.gas = 3.0;
    field.run(&mut h, 5.0);
    let interlock = h.plant().find_interlock("IL-301").unwrap();
    h.ask(Action::Bypass { interlock, for_ms: 60_000 }).unwrap();
    let alarm = "[tag.NI-1]\ndescription = \"n\"\nunit = \"\"\nrange = [0, 10]\nscan = \"bypassed\"\n\n[alarm.\"AA-1\"]\ntag = \"LT-311\"\nhigh = \"99 %\"\npriority = \"low\"\ncause = \"c\"\n\
        consequence = \"c\"\nresponse = \"look\"\ntime = \"5 min\"\n\n[alarm.\"TT-311.H\"]";
    let trip = "[interlock.IL-300]\ndescription = \"New\"\nunit_of = \"EL-301\"\nreset = \"auto\"\n\
        trip = [{ when = \"TT-311 > 119 degC\", text = \"hot\" }]\ndo = [\"P-311 := stop\"]\n\n[interlock.IL-301]";
    let moved = "  { when = \"TT-311 > 118 degC\", text = \"first now\" },\n  { when = \"AT-351 > 2";
    let edits =
        [("[alarm.\"TT-311.H\"]", alarm), ("[interlock.IL-301]", trip), ("  { when = \"AT-351 > 2", moved)];
    let (next, migration) = changed(&h, &edits);
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    let view = |engine: &Engine| {
        let mut view = StateView::new(engine.plant());
        engine.publish(&mut view);
        view
    };
    let (old, new) = (view(&h.engine), view(&next));
    let of = |plant: &Plant, name: &str| plant.find_interlock(name).unwrap().index();
    let (was, is) = (old.interlocks[of(&h.plant(), "IL-301")], new.interlocks[of(next.plant(), "IL-301")]);
    assert_ne!(of(&h.plant(), "IL-301"), of(next.plant(), "IL-301"), "the test moves it");
    assert!(was.tripped && was.bypassed_until > 0);
    let count = next.plant().find_point("NI-1").unwrap();
    assert_eq!(new.values[count.index()], 1.0, "a new count knows the bypass that stands");
    assert_eq!((is.tripped, is.since, is.bypassed_until), (was.tripped, was.since, was.bypassed_until));
    assert_eq!((was.first_out, is.first_out), (1, 2), "first out names the same cause");
    let of = |plant: &Plant, name: &str| plant.find_alarm(name).unwrap().index();
    let (was, is) = (old.alarms[of(&h.plant(), "AT-351.COND")], new.alarms[of(next.plant(), "AT-351.COND")]);
    assert_eq!(was, is);
    assert_eq!(new.alarms[of(next.plant(), "AA-1")].state, AlarmState::Normal);
    assert_same_scan(&h, next);
}

/// A scan lets go of what its own interlocks name, so what was dropped from the text would be held for ever.
#[test]
fn a_force_goes_over_with_what_the_field_says_beside_it_and_one_that_could_not_stay_is_an_obstacle() {
    let (mut h, _) = running();
    for (name, value) in [("FT-311", 3.0), ("FV-301", 44.0)] {
        let point = h.point(name);
        h.ask(Action::Force { point, value, for_ms: 600_000 }).unwrap();
    }
    let flow = h.point("FT-311");
    h.set(flow, 7.5);
    h.scan();
    // Another alphabet of tags: every number moves.
    let tag = "[tag.AA-1]\ndescription = \"New\"\nunit = \"%\"\nrange = [0, 100]\nentry = { initial = 5.0, role = \"operator\" }\n\n[tag.LT-311]";
    let (next, migration) = changed(&h, &[("[tag.LT-311]", tag)]);
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    let old: Vec<_> = forced(&h.engine).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(old, ["FT-311", "FV-301"]);
    assert_eq!(forced(&next), forced(&h.engine));
    assert_eq!(forced(&next)[0].2, 7.5, "what the field says");
    assert_same_scan(&h, next.clone());
    let mut other = Harness::new((**next.plant()).clone());
    (other.engine, other.tick) = (next, h.tick);
    let point = other.point("FT-311");
    other.ask(Action::Unforce { point }).unwrap();
    assert_eq!(other.value("FT-311"), 7.5);

    let strict = "[interlock.IL-399]\ndescription = \"Flow\"\nunit_of = \"EL-301\"\nreset = \"auto\"\n\
        trip = [{ when = \"FT-311 < 0.1 m3/h\", text = \"no flow\", show = \"FT-311\" }]\ndo = [\"P-311 := stop\"]\n\n\
        [interlock.IL-391]";
    let (next, migration) = changed(&h, &[("[interlock.IL-391]", strict)]);
    let reasons = migration.reasons();
    assert!(reasons.iter().any(|line| line.contains("FT-311 is forced")), "{reasons:?}");
    assert_eq!(forced(&next).len(), 1, "whoever insists has the field's word");
    assert_eq!(next.image().value(next.plant().find_point("FT-311").unwrap()), 7.5);
}

/// Out of service it raises no failure, so a trip that nobody may bypass would wait for one in vain.
#[test]
fn an_interlock_that_may_not_be_bypassed_is_not_given_a_device_out_of_service_to_watch() {
    let (mut h, _) = running();
    h.mode("P-332", Mode::OutOfService).unwrap();
    let strict = |bypass: &str| {
        format!(
            "[interlock.IL-399]\ndescription = \"Pump lost\"\nunit_of = \"EL-301\"\nreset = \"auto\"\n{bypass}\
             trip = [{{ when = \"P-332.FAIL\", text = \"it has failed\" }}]\ndo = [\"P-311 := stop\"]\n\n[interlock.IL-391]"
        )
    };
    let (_, migration) = changed(&h, &[("[interlock.IL-391]", &strict("bypass = \"supervisor\"\n"))]);
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    let (_, migration) = changed(&h, &[("[interlock.IL-391]", &strict(""))]);
    assert!(migration.reasons().join("").contains("P-332 is out of service"), "{:?}", migration.reasons());
}

/// Every force: the tag, its value, and the field's.
fn forced(engine: &Engine) -> Vec<(String, f64, f64)> {
    let mut view = StateView::new(engine.plant());
    engine.publish(&mut view);
    let of =
        |force: &control::Force| (engine.plant().point(force.point).name.clone(), force.value, force.raw);
    view.forces.all().iter().map(of).collect()
}

#[test]
fn what_a_tripped_interlock_no_longer_acts_on_is_free_and_the_person_is_told() {
    let (mut h, mut field) = running();
    field.gas = 3.0;
    field.run(&mut h, 5.0);
    let edits = [("do = [\"RF-301 := open\", \"IY-301 := 0 %\"]", "do = [\"RF-301 := open\"]")];
    let (mut next, migration) = changed(&h, &edits);
    assert!(
        migration.reasons().iter().any(|reason| reason.contains("IL-301 is tripped and would no longer act"))
    );
    next.scan(h.tick + 1, &[], &[], &mut ScanOutput::with_capacity(1024));
    let mut view = StateView::new(next.plant());
    next.publish(&mut view);
    let hold = |name: &str| view.hold(next.plant().find_point(name).unwrap()).interlock;
    assert_eq!(hold("IY-301"), 0, "nobody dictates it any more");
    assert_ne!(hold("RF-301.CMD"), 0, "what it still acts on stays held");
}

#[test]
fn a_delay_that_has_begun_is_not_begun_again() {
    let (mut h, mut field) = running();
    field.gas = 3.0;
    field.run(&mut h, 1.5);
    let (next, _) = changed(&h, &[("[alarm.\"TT-311.H\"]", NEW_LOOP)]);
    let mut other = Harness::new((**next.plant()).clone());
    (other.engine, other.tick) = (next, h.tick);
    let tripped = |h: &Harness| {
        let mut view = StateView::new(&h.plant());
        h.engine.publish(&mut view);
        view.interlocks[h.plant().find_interlock("IL-301").unwrap().index()].tripped
    };
    assert!(!tripped(&other));
    field.run(&mut other, 0.7);
    assert!(tripped(&other), "2 s of gas are over, though the plant changed in between");
}

#[test]
fn there_and_back_is_the_engine_that_it_was() {
    let (h, _) = running();
    let (next, _) =
        changed(&h, &[("[alarm.\"TT-311.H\"]", NEW_LOOP), ("high = \"90 degC\"", "high = \"88 degC\"")]);
    let (mut back, migration) = next.migrate(&h.plant()).unwrap();
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());
    assert_eq!(back.state_hash(), h.engine.clone().state_hash());
}

#[test]
fn the_plan_says_what_changes_in_the_words_of_the_text() {
    let old = text_plant();
    let new = edited(&[
        ("high = \"90 degC\"", "high = \"88 degC\""),
        ("kc = 0.4", "kc = 0.7"),
        ("[alarm.\"TT-311.H\"]", NEW_LOOP),
        ("value = 4.0", "value = 4.5"),
    ]);
    let plan = Plan::between(&old, &new);
    let lines: Vec<String> = plan
        .changes
        .iter()
        .map(|change| {
            let difference = &change.difference;
            let keys = difference.keys.iter().filter(|_| difference.verb == Verb::Changed);
            let keys: Vec<String> = keys
                .map(|key| {
                    format!(
                        "{} {} -> {}",
                        key.key,
                        key.old.as_deref().unwrap_or("-"),
                        key.new.as_deref().unwrap_or("-")
                    )
                })
                .collect();
            format!("{} {} {} {}", difference.verb.word(), difference.kind, difference.name, keys.join(", "))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "changed pid FIC-311 kc 0.4 -> 0.7",
            "added pid LIC-399 ",
            "changed alarm TT-311.H high 90 degC -> 88 degC",
            "changed recipe EL-START parameter.load.value 4 kA -> 4.5 kA",
        ]
    );
    assert!(plan.is_bumpless());
    assert!(Plan::between(&old, &old).changes.is_empty());
}

#[test]
fn a_loop_in_automatic_keeps_its_mode_and_integral() {
    let (h, _) = running();
    let (next, _) = changed(&h, &[("[alarm.\"TT-311.H\"]", NEW_LOOP)]);
    let (mut old, mut new) = (StateView::new(&h.plant()), StateView::new(next.plant()));
    h.engine.publish(&mut old);
    next.publish(&mut new);
    let (was, is) = (h.plant().find_block("FIC-301").unwrap(), next.plant().find_block("FIC-301").unwrap());
    assert_eq!(h.actual("FIC-301"), Mode::Auto);
    assert_eq!(old.loops[was.index()].integral.to_bits(), new.loops[is.index()].integral.to_bits());
}
