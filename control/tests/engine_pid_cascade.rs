//! Loops that drive loops: cascade, trim, override; each begins, stops and sheds without a bump or a windup.

mod support;

use control::plant::{BlockBody, Pick};
use model::{Mode, Quality, Refusal};
use support::{Builder, Harness, Loop};

/// Primary TIC (PV1) over secondary FIC (PV2) with the output VALVE.
fn cascade() -> Harness {
    let mut b = Builder::new();
    let (pv1, pv2) = (b.input("PV1"), b.input("PV2"));
    let valve = b.output("VALVE");
    let primary = b.pid("TIC", pv1, &Loop { sp: 50.0, kc: 2.0, ti: 20.0, ..Loop::default() });
    let BlockBody::Pid(pid) = &b.plant.blocks[primary.index()].body else { unreachable!() };
    let source = pid.out;
    let secondary = b.pid(
        "FIC",
        pv2,
        &Loop {
            cascade: Some(source),
            target: Some(valve),
            sp: 35.0,
            kc: 0.5,
            ti: 5.0,
            normal_mode: Mode::Cascade,
            ..Loop::default()
        },
    );
    let BlockBody::Pid(pid) = &mut b.plant.blocks[primary.index()].body else { unreachable!() };
    pid.secondary = Some(secondary);
    let mut h = b.finish();
    h.preset(valve, 42.0);
    let (pv1, pv2) = (h.point("PV1"), h.point("PV2"));
    h.all_good(0.0);
    h.set(pv1, 50.0);
    h.set(pv2, 35.0);
    h.run(5);
    h
}

/// Primary TIC (PV1), whose OUT times 0.5 is the set point of the secondary FIC (PV2) with the output VALVE.
fn through_a_ratio() -> Harness {
    let mut b = Builder::new();
    let (pv1, pv2) = (b.input("PV1"), b.input("PV2"));
    let valve = b.output("VALVE");
    let primary = b.pid("TIC", pv1, &Loop { sp: 50.0, kc: 2.0, ti: 20.0, ..Loop::default() });
    let BlockBody::Pid(pid) = &b.plant.blocks[primary.index()].body else { unreachable!() };
    let demand = pid.out;
    let source = b.ratio("FFC", demand, 0.5, None);
    let secondary = Loop { sp: 35.0, kc: 0.5, ti: 5.0, normal_mode: Mode::Cascade, ..Loop::default() };
    b.pid("FIC", pv2, &Loop { cascade: Some(source), target: Some(valve), ..secondary });
    let mut h = b.finish();
    h.preset(valve, 42.0);
    h.all_good(0.0);
    for (pv, value) in [("PV1", 50.0), ("PV2", 35.0)] {
        let pv = h.point(pv);
        h.set(pv, value);
    }
    h.run(5);
    h
}

/// A firing-rate master: the ratio without a trim hands back to the loop that makes its input.
#[test]
fn a_loop_above_a_ratio_begins_opens_and_closes_without_a_bump() {
    let mut h = through_a_ratio();
    assert_eq!((h.actual("TIC"), h.actual("FIC")), (Mode::Auto, Mode::Cascade));
    assert!((h.value("VALVE") - 42.0).abs() < 1e-9, "{}", h.value("VALVE"));
    assert!((h.value("TIC.OUT") - 70.0).abs() < 1e-9, "{}", h.value("TIC.OUT"));
    h.mode("FIC", Mode::Auto).unwrap();
    h.write("FIC.SP", 40.0).unwrap();
    h.run(2);
    assert_eq!(h.actual("TIC"), Mode::Initialising);
    assert_eq!(h.value("TIC.OUT"), 80.0);
    h.write("FFC.BIAS", 10.0).unwrap();
    h.run(2);
    assert!((h.value("TIC.OUT") - 60.0).abs() < 1e-9, "{}", h.value("TIC.OUT"));
    h.mode("FIC", Mode::Cascade).unwrap();
    h.run(3);
    assert_eq!((h.actual("TIC"), h.actual("FIC")), (Mode::Auto, Mode::Cascade));
    assert!((h.value("FIC.SP") - 40.0).abs() < 1e-9, "{}", h.value("FIC.SP"));
}

#[test]
fn a_loop_above_a_ratio_knows_where_the_valve_ends_and_that_nothing_counts_times_zero() {
    let mut h = through_a_ratio();
    let (pv1, pv2) = (h.point("PV1"), h.point("PV2"));
    h.set(pv1, 47.0);
    h.set(pv2, 5.0);
    h.run(3000);
    assert_eq!(h.value("VALVE"), 100.0);
    // 6 % of it are the error, and some was added until the valve was open.
    assert!(h.value("TIC.OUT") < 85.0, "it does not wind up: {}", h.value("TIC.OUT"));
    let out = h.value("TIC.OUT");
    h.write("FFC.RATIO", 0.0).unwrap();
    h.set(pv1, 20.0);
    h.run(100);
    assert!(
        (h.value("TIC.OUT") - out).abs() < 70.0 && h.value("TIC.OUT").is_finite(),
        "{}",
        h.value("TIC.OUT")
    );
}

/// T6. The handshake.
#[test]
fn a_cascade_starts_opens_and_closes_without_a_bump() {
    let mut h = cascade();
    assert_eq!((h.actual("TIC"), h.actual("FIC")), (Mode::Auto, Mode::Cascade));
    assert!((h.value("VALVE") - 42.0).abs() < 1e-9);
    assert!((h.value("TIC.OUT") - 35.0).abs() < 1e-9);
    // Opened: the primary initialises within one scan and follows.
    h.mode("FIC", Mode::Auto).unwrap();
    h.scan();
    assert_eq!(h.actual("TIC"), Mode::Initialising);
    h.write("FIC.SP", 40.0).unwrap();
    h.run(2);
    assert_eq!(h.value("TIC.OUT"), 40.0);
    assert_eq!(h.mode("TIC", Mode::Manual), Ok(Mode::Auto.value()));
    assert_eq!(h.write("TIC.OUT", 60.0), Err(Refusal::Follows), "it would not keep it");
    h.mode("TIC", Mode::Auto).unwrap();
    // Put in manual, moved, and back: no bump in either output.
    h.mode("FIC", Mode::Manual).unwrap();
    h.write("FIC.OUT", 55.0).unwrap();
    let pv1 = h.point("PV1");
    h.set(pv1, 47.0);
    h.run(10);
    let (out, sp) = (h.value("VALVE"), h.value("FIC.SP"));
    h.mode("FIC", Mode::Cascade).unwrap();
    assert!((h.value("VALVE") - out).abs() < 1e-9);
    assert!((h.value("FIC.SP") - sp).abs() < 1e-9);
    h.scan();
    assert_eq!(h.actual("TIC"), Mode::Auto);
    assert!((h.value("TIC.OUT") - sp).abs() < 1e-9, "{} {sp}", h.value("TIC.OUT"));
    assert!((h.value("VALVE") - out).abs() < 0.01, "from here it controls");
}

/// Whichever of the two runs first finds the other in place.
#[test]
fn a_cascade_whose_secondary_runs_first_starts_without_a_bump() {
    for (primary_task, secondary_task) in [(0, 1), (1, 0), (0, 0)] {
        let mut b = Builder::new();
        b.task(10, 3);
        let (pv1, pv2) = (b.input("PV1"), b.input("PV2"));
        let valve = b.output("VALVE");
        let primary = b.pid_in("TIC", primary_task, pv1, &Loop { sp: 50.0, ..Loop::default() });
        let BlockBody::Pid(pid) = &b.plant.blocks[primary.index()].body else { unreachable!() };
        let options = Loop {
            cascade: Some(pid.out),
            target: Some(valve),
            sp: 35.0,
            normal_mode: Mode::Cascade,
            ..Loop::default()
        };
        b.pid_in("FIC", secondary_task, pv2, &options);
        let mut h = b.finish();
        h.preset(valve, 42.0);
        h.all_good(0.0);
        h.set(pv1, 50.0);
        h.set(pv2, 35.0);
        h.run(40);
        assert_eq!((h.actual("TIC"), h.actual("FIC")), (Mode::Auto, Mode::Cascade));
        assert!((h.value("FIC.SP") - 35.0).abs() < 1e-9, "{}", h.value("FIC.SP"));
        assert!((h.at(valve) - 42.0).abs() < 1e-9, "{}", h.at(valve));
    }
}

/// A level above a flow that is selected or filtered: the secondary's value is there before the primary asks for it.
#[test]
fn a_cascade_begins_without_a_bump_when_the_secondarys_process_value_is_calculated() {
    let mut b = Builder::new();
    let (pv1, raw) = (b.input("PV1"), b.input("PV2"));
    let valve = b.output("VALVE");
    let primary = b.pid("LIC", pv1, &Loop { sp: 50.0, ..Loop::default() });
    let BlockBody::Pid(pid) = &b.plant.blocks[primary.index()].body else { unreachable!() };
    let source = pid.out;
    let flow = b.filter("FY", raw, 5.0);
    let options = Loop {
        cascade: Some(source),
        target: Some(valve),
        normal_mode: Mode::Cascade,
        sp_from_pv: true,
        ..Loop::default()
    };
    b.pid("FIC", flow, &options);
    let mut h = b.finish();
    h.preset(valve, 42.0);
    h.all_good(0.0);
    h.set(pv1, 50.0);
    h.set(raw, 35.0);
    h.run(5);
    assert_eq!((h.actual("LIC"), h.actual("FIC")), (Mode::Auto, Mode::Cascade));
    assert!((h.value("FIC.SP") - 35.0).abs() < 1e-9, "{}", h.value("FIC.SP"));
    assert!((h.at(valve) - 42.0).abs() < 1e-9, "{}", h.at(valve));
}

/// T6. A saturated secondary stops its primary from going further, and lets it come back at once.
#[test]
fn the_primary_does_not_wind_up_over_a_saturated_secondary() {
    let mut h = cascade();
    let (pv1, pv2) = (h.point("PV1"), h.point("PV2"));
    h.set(pv1, 49.0);
    h.set(pv2, 0.0);
    h.run(3000);
    assert_eq!(h.value("VALVE"), 100.0);
    let stuck = h.value("TIC.OUT");
    h.run(20_000);
    assert!((h.value("TIC.OUT") - stuck).abs() < 1e-9, "no integral towards the active limit");
    h.set(pv1, 51.0);
    h.scan();
    let turned = h.value("TIC.OUT");
    h.run(100);
    assert!(turned < stuck && h.value("TIC.OUT") < turned, "away from it at once");
}

/// T6. The losers of an override do not wind up.
#[test]
fn the_loser_of_an_override_selector_does_not_wind_up() {
    let mut b = Builder::new();
    let (pv1, pv2, flow) = (b.input("PV1"), b.input("PV2"), b.input("FLOW"));
    let valve = b.output("VALVE");
    let a = b.pid("PIC", pv1, &Loop { kc: 1.0, ti: 5.0, ..Loop::default() });
    let c = b.pid("LIC", pv2, &Loop { kc: 1.0, ti: 5.0, ..Loop::default() });
    let out = |b: &Builder, id: model::BlockId| match &b.plant.blocks[id.index()].body {
        BlockBody::Pid(pid) => pid.out,
        _ => unreachable!(),
    };
    let inputs = vec![out(&b, a), out(&b, c)];
    let (low, _) = b.selector("FY", inputs, Pick::Low, None);
    let secondary = Loop {
        cascade: Some(low),
        target: Some(valve),
        normal_mode: Mode::Cascade,
        sp: 40.0,
        ..Loop::default()
    };
    b.pid("FIC", flow, &secondary);
    let mut h = b.finish();
    h.all_good(40.0);
    h.set(pv1, 50.0);
    // LIC would like to have far more, PIC is content.
    h.set(pv2, 45.0);
    h.run(60_000);
    assert_eq!(h.value("FY.SELECTED"), 1.0);
    let (winner, loser) = (h.value("PIC.OUT"), h.value("LIC.OUT"));
    assert!(loser - winner <= 5.0 + 1e-6, "K e above the winner, no more: {loser} {winner}");
    // It takes over as soon as its error turns.
    h.set(pv2, 51.0);
    h.scan();
    assert_eq!(h.value("FY.SELECTED"), 2.0);
}

#[test]
fn a_bad_cascade_source_sheds_to_auto_and_resumes() {
    let mut b = Builder::new();
    let (pv, source) = (b.input("PV"), b.input("SOURCE"));
    let valve = b.output("VALVE");
    let options =
        Loop { cascade: Some(source), target: Some(valve), normal_mode: Mode::Cascade, ..Loop::default() };
    b.pid("FIC", pv, &options);
    let mut h = b.finish();
    h.all_good(40.0);
    h.run(2);
    assert_eq!((h.actual("FIC"), h.value("FIC.SP")), (Mode::Cascade, 40.0));
    h.input(source, 90.0, Quality::BadNoCommunication);
    h.scan();
    assert_eq!((h.actual("FIC"), h.value("FIC.SP")), (Mode::Auto, 40.0));
    let before = h.at(valve);
    h.set(source, 60.0);
    h.scan();
    assert_eq!((h.actual("FIC"), h.value("FIC.SP")), (Mode::Cascade, 60.0));
    assert!((h.at(valve) - before).abs() < 1e-9, "closing the cascade makes no bump");
}

#[test]
fn a_trim_through_a_ratio_is_initialised_and_its_balance_fades() {
    let mut b = Builder::new();
    let (quality, wild, flow) = (b.input("AT"), b.input("WILD"), b.input("FLOW"));
    let valve = b.output("VALVE");
    let aic = b.pid(
        "AIC",
        quality,
        &Loop { out_range: (-10.0, 10.0), out_limits: (-10.0, 10.0), kc: 0.0, ..Loop::default() },
    );
    let BlockBody::Pid(pid) = &b.plant.blocks[aic.index()].body else { unreachable!() };
    let trim = pid.out;
    let ratio = b.ratio("FFC", wild, 0.5, Some(trim));
    let options = Loop { cascade: Some(ratio), target: Some(valve), sp: 22.0, ..Loop::default() };
    b.pid("FIC", flow, &options);
    let mut h = b.finish();
    h.all_good(22.0);
    h.set(wild, 40.0);
    h.set(quality, 50.0);
    h.run(5);
    assert_eq!(h.actual("AIC"), Mode::Initialising);
    assert_eq!(h.value("AIC.OUT"), 2.0, "22 = 0.5 * 40 + 2");
    assert_eq!(h.value("FFC.OUT"), 22.0, "the output follows the secondary");
    // A set point that the trim cannot reach: the rest is balance.
    h.write("FIC.SP", 50.0).unwrap();
    h.run(3);
    assert_eq!((h.value("AIC.OUT"), h.value("FFC.OUT")), (10.0, 50.0));
    h.mode("FIC", Mode::Cascade).unwrap();
    let mut last = h.value("FIC.SP");
    assert!((last - 50.0).abs() < 1e-9);
    for _ in 0..2100 {
        h.scan();
        assert!((h.value("FIC.SP") - last).abs() <= 20.0 / 2000.0 + 1e-9);
        last = h.value("FIC.SP");
    }
    assert!((last - 30.0).abs() < 1e-9, "ratio and trim alone: {last}");
    assert_eq!(h.value("FFC.RATIO"), 0.5);
}

/// FF-891: BAL_TIME, 20 s here. The set point of the flow was held at 20 while the ratio was doubled.
#[test]
fn a_ratio_that_was_held_by_a_bad_flow_goes_to_its_value_in_twenty_seconds() {
    let mut b = Builder::new();
    let wild = b.input("WILD");
    b.ratio("FFC", wild, 0.5, None);
    let mut h = b.finish();
    h.all_good(40.0);
    h.run(2);
    h.input(wild, 0.0, Quality::BadSensorFailure);
    h.scan();
    h.write("FFC.RATIO", 1.0).unwrap();
    h.run(500);
    assert_eq!((h.value("FFC.OUT"), h.quality("FFC.OUT")), (20.0, Quality::BadCalculation));
    h.set(wild, 40.0);
    for (scans, expected) in [(1, 20.01), (999, 30.0), (1000, 40.0), (1000, 40.0)] {
        h.run(scans);
        assert!((h.value("FFC.OUT") - expected).abs() < 1e-9, "{} instead of {expected}", h.value("FFC.OUT"));
    }
}

/// Two loops, a decoupler, and the valves that its outputs move: a valve behind each is an analog output.
const DECOUPLED: &str = r#"
[tag.SV-2]
description = "Second valve"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 2, raw = [0, 27648] }
[pid.LIC-2]
description = "Level"
pv = "LT-2"
action = "reverse"
kc = 1
ti = "10 s"
sp = "50 %"
task = "10 ms"
out_unit = "%"
out_range = [-100, 200]
[pid.AIC-1]
description = "Analysis"
pv = "TT-1"
action = "reverse"
kc = 1
ti = "10 s"
sp = "100 degC"
task = "10 ms"
out_unit = "%"
out_range = [-100, 200]
[decoupler.XY-1]
a = "AIC-1.OUT"
b = "LIC-2.OUT"
d12 = -0.5
d21 = 0.25
task = "10 ms"
[analog_output.XA-1]
input = "XY-1.OUT1"
out = "TV-1"
task = "10 ms"
[analog_output.XA-2]
input = "XY-1.OUT2"
out = "SV-2"
task = "10 ms"
"#;

fn decoupled() -> Harness {
    let mut h = support::text_loop::bare(DECOUPLED);
    h.all_good(0.0);
    for (name, value) in [("TT-1", 100.0), ("LT-2", 50.0), ("TV-1", 30.0), ("SV-2", 60.0)] {
        let point = h.point(name);
        h.set(point, value);
    }
    h.scan();
    h
}

#[test]
fn loops_above_a_decoupler_begin_where_its_valves_stand() {
    let mut h = decoupled();
    for _ in 0..10 {
        assert!((h.value("TV-1") - 30.0).abs() < 1e-9, "{}", h.value("TV-1"));
        assert!((h.value("SV-2") - 60.0).abs() < 1e-9, "{}", h.value("SV-2"));
        h.scan();
    }
    assert_eq!((h.actual("AIC-1"), h.actual("LIC-2")), (Mode::Auto, Mode::Auto));
    // a - 0.5 b = 30, b + 0.25 a = 60
    assert!((h.value("AIC-1.OUT") - 60.0 / 1.125).abs() < 1e-9, "{}", h.value("AIC-1.OUT"));
}

#[test]
fn loops_above_a_decoupler_do_not_wind_up_against_its_range() {
    let mut h = decoupled();
    let (tt, lt) = (h.point("TT-1"), h.point("LT-2"));
    h.set(tt, 60.0);
    h.run(20_000);
    assert_eq!(h.value("TV-1"), 100.0);
    // 20 % of error stand above the limit and nothing more: OUT1 would be 120 %, less what b takes of it.
    let wanted = h.value("AIC-1.OUT") - 0.5 * h.value("LIC-2.OUT");
    assert!(wanted < 121.0, "{wanted}");
    h.set(tt, 101.0);
    h.scan();
    assert!(h.value("TV-1") < 100.0, "it comes back at once: {}", h.value("TV-1"));
    // The other way, by the other loop.
    h.set(tt, 100.0);
    h.set(lt, 90.0);
    h.run(20_000);
    assert_eq!(h.value("SV-2"), 0.0);
    h.set(lt, 49.0);
    h.scan();
    assert!(h.value("SV-2") > 0.0, "{}", h.value("SV-2"));
}

#[test]
fn a_valve_below_a_decoupler_that_is_held_takes_its_loop_along_and_leaves_the_other_at_work() {
    let mut h = decoupled();
    let run = h.point("P-1.RUN");
    h.set(run, 1.0);
    h.run(6);
    assert_eq!(h.value("TV-1"), 80.0, "the interlock");
    assert_eq!((h.actual("AIC-1"), h.actual("LIC-2")), (Mode::Initialising, Mode::Auto));
    let (tt, lt) = (h.point("TT-1"), h.point("LT-2"));
    h.set(tt, 90.0);
    h.set(lt, 45.0);
    h.run(100);
    assert!(h.value("SV-2") > 60.0, "the other loop controls");
    assert!((h.value("XY-1.OUT1") - 80.0).abs() < 0.1, "{}", h.value("XY-1.OUT1"));
    h.set(run, 0.0);
    let (first, second) = (h.value("TV-1"), h.value("SV-2"));
    for _ in 0..5 {
        h.scan();
        assert!((h.value("TV-1") - first).abs() < 0.2, "no bump: {}", h.value("TV-1"));
        assert!((h.value("SV-2") - second).abs() < 0.2, "{}", h.value("SV-2"));
    }
    assert_eq!(h.actual("AIC-1"), Mode::Auto);
}

#[test]
fn factors_without_an_inverse_leave_the_loops_at_the_outputs_that_stand() {
    let body = DECOUPLED.replace("d12 = -0.5", "d12 = 4");
    let mut h = support::text_loop::bare(&body);
    h.all_good(0.0);
    h.run(5);
    assert!(h.value("AIC-1.OUT").abs() <= 200.0 && h.value("LIC-2.OUT").abs() <= 200.0);
    assert_eq!(h.engine.plant().blocks.len(), 5);
}
