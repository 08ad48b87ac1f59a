//! Modes beyond manual and auto: remote cascade and remote output with their timeout, the local
//! override, out of service; and every way between them without a bump.

mod support;

use std::sync::Arc;

use control::Engine;
use control::plant::{Forcing, PidOptions, Remote};
use model::{Action, EventBody, Mode, Quality, Refusal, UserId};
use proptest::prelude::*;
use support::text_loop::{TUNED, running, source};
use support::{Builder, Harness, Loop, step};

const REMOTE: &str = "modes = [\"manual\", \"auto\", \"remote_cascade\", \"remote_output\", \"out_of_service\"]\n\
                      remote = { timeout = \"1 s\", shed = \"auto\" }\n";

fn out(h: &Harness) -> f64 {
    h.value("TV-1")
}

fn remote() -> Harness {
    running(&format!("{TUNED}{REMOTE}"), 100.0, 0.0, 40.0)
}

fn view(h: &Harness) -> control::StateView {
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    view
}

fn shed_events(h: &Harness) -> Vec<(Mode, Mode)> {
    let modes = h.events.iter().filter_map(|event| match event.body {
        EventBody::Mode { from, to, .. } => Some((from, to)),
        _ => None,
    });
    modes.collect()
}

#[test]
fn a_remote_set_point_follows_until_the_loop_listens_and_then_leads() {
    let mut h = remote();
    h.write("TIC-1.SP", 104.0).unwrap();
    h.scan();
    assert_eq!(h.value("TIC-1.RCAS"), 104.0, "whoever takes over begins here");
    assert_eq!(h.write("TIC-1.RCAS", 120.0), Err(Refusal::WrongMode), "nobody listens");
    let before = h.value("TIC-1.SP");
    h.mode("TIC-1", Mode::RemoteCascade).unwrap();
    assert_eq!((h.actual("TIC-1"), h.value("TIC-1.SP")), (Mode::RemoteCascade, before));
    h.write("TIC-1.RCAS", 120.0).unwrap();
    assert_eq!(h.value("TIC-1.SP"), 120.0);
    assert_eq!(h.write("TIC-1.SP", 90.0), Err(Refusal::WrongMode), "the remote has it");
    assert_eq!(h.write("TIC-1.RCAS", 900.0), Err(Refusal::AboveLimit));
}

#[test]
fn a_remote_output_follows_until_the_loop_listens_and_then_leads() {
    let mut h = remote();
    h.write("TIC-1.SP", 110.0).unwrap();
    h.run(50);
    let before = out(&h);
    assert_eq!(h.value("TIC-1.ROUT"), before);
    h.mode("TIC-1", Mode::RemoteOutput).unwrap();
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::RemoteOutput, before));
    h.write("TIC-1.ROUT", 66.0).unwrap();
    assert_eq!(out(&h), 66.0);
    assert_eq!(h.write("TIC-1.OUT", 10.0), Err(Refusal::WrongMode));
    h.mode("TIC-1", Mode::Auto).unwrap();
    assert!((out(&h) - 66.0).abs() < 1e-9, "back without a bump: {}", out(&h));
}

#[test]
fn an_output_that_was_put_in_manual_is_where_the_next_mode_begins_though_the_loop_has_not_run_between() {
    for next in [Mode::Auto, Mode::RemoteCascade, Mode::RemoteOutput] {
        let mut h = remote();
        h.run(20);
        let block = h.plant().find_block("TIC-1").unwrap();
        let mode = |mode| Action::Mode { block, mode };
        h.order(mode(Mode::Manual));
        h.order(Action::Write { point: h.point("TIC-1.OUT"), value: 71.0 });
        h.order(mode(next));
        h.scan();
        assert_eq!(h.actual("TIC-1"), next);
        assert!((out(&h) - 71.0).abs() < 1e-9, "{next:?}: {}", out(&h));
        h.scan();
        assert!((out(&h) - 71.0).abs() < 0.1, "{next:?} goes on from there: {}", out(&h));
    }
}

#[test]
fn an_output_that_an_interlock_has_taken_since_it_was_put_stays_with_the_interlock() {
    let mut b = Builder::new();
    let slow = b.task(100, 0);
    let (pv, valve) = (b.input("LT-1"), b.output("LV-1"));
    let hot = b.input("TT-1");
    b.pid_in("LIC", slow, pv, &Loop { target: Some(valve), ..Loop::default() });
    let cause = b.above(hot, 90.0);
    let close = Forcing { point: valve, device: None, value: 5.0, text: "LV-1 := 5".into() };
    b.interlock("IL-1", vec![cause], vec![close], false);
    let mut h = b.finish();
    h.all_good(50.0);
    h.run(150);
    h.mode("LIC", Mode::Manual).unwrap();
    h.run(100);
    h.write("LIC.OUT", 71.0).unwrap();
    h.set(hot, 95.0);
    h.scan();
    assert_eq!(h.at(valve), 5.0);
    // The loop has not run since.
    h.mode("LIC", Mode::Auto).unwrap();
    assert_eq!(h.at(valve), 5.0);
    h.set(hot, 50.0);
    h.run(200);
    assert!((h.at(valve) - 5.0).abs() < 1.0, "{}", h.at(valve));
}

#[test]
fn a_remote_that_falls_silent_is_shed_without_a_bump_and_reported() {
    for mode in [Mode::RemoteCascade, Mode::RemoteOutput] {
        let point = if mode == Mode::RemoteCascade { "TIC-1.RCAS" } else { "TIC-1.ROUT" };
        let mut h = remote();
        h.mode("TIC-1", mode).unwrap();
        // It speaks at 0.9 s, in time; then no more.
        for _ in 0..3 {
            h.run(89);
            let value = h.value(point);
            h.write(point, value).unwrap();
            assert_eq!(h.actual("TIC-1"), mode);
        }
        h.run(100);
        assert_eq!(h.actual("TIC-1"), mode, "1 s is not more than 1 s");
        let before = out(&h);
        h.scan();
        assert_eq!(h.actual("TIC-1"), Mode::Auto);
        assert!((out(&h) - before).abs() < 1e-9);
        assert_eq!(shed_events(&h), [(mode, Mode::Auto)]);
        assert_eq!(h.write(point, 50.0), Err(Refusal::WrongMode), "it does not come back by itself");
    }
}

#[test]
fn a_loop_that_is_normally_remote_begins_in_the_mode_that_it_sheds_to() {
    let mut h = running(&format!("{TUNED}{REMOTE}mode = \"remote_cascade\"\n"), 100.0, 0.0, 40.0);
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::Auto, 40.0));
    h.run(200);
    assert_eq!(shed_events(&h), []);
}

#[test]
fn a_loop_that_may_be_led_from_afar_but_normally_is_not_begins_in_its_normal_mode() {
    let h = running(&format!("{TUNED}{REMOTE}mode = \"manual\"\n"), 100.0, 0.0, 40.0);
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::Manual, 40.0), "what sheds is a remote mode alone");
}

/// The loop runs every 100 ms, the interlock every 10: the trip has come and gone when the loop looks.
#[test]
fn a_valve_that_a_short_trip_has_moved_stays_there_when_its_loop_is_in_manual() {
    let mut b = Builder::new();
    let slow = b.task(10, 0);
    let (pv, level) = (b.input("PV"), b.input("LEVEL"));
    let valve = b.output("VALVE");
    b.pid_in("LIC", slow, pv, &Loop { target: Some(valve), normal_mode: Mode::Manual, ..Loop::default() });
    let cause = b.above(level, 80.0);
    let close = Forcing { point: valve, device: None, value: 0.0, text: String::new() };
    b.interlock("IL", vec![cause], vec![close], false);
    let mut h = b.finish();
    h.preset(valve, 45.0);
    h.all_good(50.0);
    h.run(21);
    assert_eq!((h.at(valve), h.value("LIC.OUT")), (45.0, 45.0));
    h.set(level, 90.0);
    h.run(2);
    h.set(level, 50.0);
    h.run(20);
    assert_eq!(h.actual("LIC"), Mode::Manual);
    assert_eq!((h.at(valve), h.value("LIC.OUT")), (0.0, 0.0), "a person opens it again, not the loop");
}

/// P = K (beta SP - PV) = 2 (0.5 x 100 - 100), in % of OUT 1 per K: what WHY shows adds up to OUT in every mode.
#[test]
fn in_manual_the_integral_is_what_the_other_terms_leave_of_the_output() {
    let text = "kc = 4\nti = \"10 s\"\nbeta = 0.5\nsp = 100\nmode = \"manual\"\nff = \"LT-2\"\n";
    let mut h = running(text, 100.0, 15.0, 40.0);
    let load = h.point("LT-2");
    h.set(load, 20.0);
    h.run(2);
    let view = view(&h);
    let integral = view.loops[0].integral;
    assert!((integral - (40.0 + 100.0 - 20.0)).abs() < 1e-9, "{integral}");
    assert_eq!(view.loops[0].calculated, 40.0);
}

/// A phase says its value once and means it until it is over.
#[test]
fn a_phase_that_owns_the_loop_is_not_silent() {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    let rcas = b.entry("RCAS", 50.0);
    let options = PidOptions {
        remote: Some(Remote { sp: Some(rcas), out: None, timeout_ms: 500, shed: Mode::Manual }),
        ..PidOptions::default()
    };
    let modes = vec![Mode::Manual, Mode::Auto, Mode::RemoteCascade];
    let block = b.pid("LIC", pv, &Loop { target: Some(valve), options, modes, ..Loop::default() });
    let control::plant::BlockBody::Pid(pid) = &b.plant.blocks[block.index()].body else { unreachable!() };
    let (sp, mode) = (pid.sp, pid.mode);
    let never = b.above(pv, 99.0);
    let go = b.assign(sp, 61.0);
    let order = b.assign(mode, Mode::RemoteCascade.value());
    b.phase("Lead", vec![step("lead", vec![order, go], Some(never))], vec![sp, mode]);
    let mut h = b.finish();
    h.all_good(50.0);
    h.scan();
    h.ask(Action::Phase { phase: model::PhaseId(0), order: model::ProcOrder::Start }).unwrap();
    h.run(200);
    assert_eq!((h.actual("LIC"), h.value("LIC.SP")), (Mode::RemoteCascade, 61.0));
    h.ask(Action::Phase { phase: model::PhaseId(0), order: model::ProcOrder::Abort }).unwrap();
    h.run(100);
    assert_eq!(h.actual("LIC"), Mode::Manual, "the phase is gone and nobody else speaks");
}

#[test]
fn a_local_override_dictates_the_output_and_lets_go_without_a_bump() {
    let track = "track = { when = \"P-1.RUN\", value = \"LT-2 / 2\" }\n";
    let mut h = running(&format!("{TUNED}{track}"), 100.0, 60.0, 40.0);
    let (pump, load, pv) = (h.point("P-1.RUN"), h.point("LT-2"), h.point("TT-1"));
    h.set(pump, 1.0);
    h.scan();
    assert_eq!((h.actual("TIC-1"), out(&h), h.value("TIC-1.OUT")), (Mode::Tracking, 30.0, 30.0));
    h.set(load, 70.0);
    h.set(pv, 95.0);
    h.scan();
    assert_eq!(out(&h), 35.0);
    h.input(load, 0.0, Quality::BadNoCommunication);
    h.run(5);
    assert_eq!(out(&h), 35.0, "a bad value holds");
    h.set(load, 500.0);
    h.scan();
    assert_eq!(out(&h), 100.0, "within the range of OUT");
    h.set(load, 70.0);
    h.scan();
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let why = support::words(&control::why(&h.plant(), &view, "TIC-1").unwrap());
    assert!(why.contains("local override to LT-2 / 2, while"), "{why}");
    h.set(pump, 0.0);
    h.scan();
    assert_eq!(h.actual("TIC-1"), Mode::Auto);
    assert!((out(&h) - 35.0).abs() < 1e-9, "{}", out(&h));
    h.input(pump, 1.0, Quality::BadSensorFailure);
    h.scan();
    assert_eq!(h.actual("TIC-1"), Mode::Auto, "a bad condition does not count");
}

#[test]
fn manual_gives_way_to_the_override_and_out_of_service_does_not() {
    let track = "track = { when = \"P-1.RUN\", value = \"5 %\" }\n";
    let mut h = running(&format!("{TUNED}{REMOTE}{track}"), 100.0, 60.0, 40.0);
    let pump = h.point("P-1.RUN");
    h.mode("TIC-1", Mode::Manual).unwrap();
    h.set(pump, 1.0);
    h.scan();
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::Tracking, 5.0));
    assert_eq!(h.write("TIC-1.OUT", 60.0), Err(Refusal::Follows), "it would not keep it");
    h.set(pump, 0.0);
    h.scan();
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::Manual, 5.0));
    h.mode("TIC-1", Mode::OutOfService).unwrap();
    h.set(pump, 1.0);
    h.scan();
    assert_eq!((h.actual("TIC-1"), out(&h)), (Mode::OutOfService, 5.0));
}

#[test]
fn a_loop_out_of_service_remembers_since_when_and_by_whom_over_a_restart_and_a_change() {
    let mut h = remote();
    let block = h.plant().find_block("TIC-1").unwrap();
    let order = |h: &Harness| view(h).loops[block.index()].out_of_service;
    assert_eq!(order(&h), None);
    h.mode("TIC-1", Mode::OutOfService).unwrap();
    let since = view(&h).tick;
    h.run(20);
    assert_eq!(order(&h), Some((since, UserId(5))));
    assert_eq!(h.mode("TIC-1", Mode::OutOfService), Err(Refusal::NothingToDo));
    assert_eq!(order(&h), Some((since, UserId(5))), "who asks again has not done it");
    let status =
        control::service_status(&h.plant(), &view(&h), &|tick| tick as i64, &|user| format!("{user:?}"));
    assert_eq!((status[0].since_ms, status[0].by.as_deref()), (Some(since as i64), Some("UserId(5)")));

    let mut again = Engine::new(h.plant());
    again.restore(&h.save()).unwrap();
    let mut seen = view(&h);
    again.publish(&mut seen);
    assert_eq!(seen.loops[block.index()].out_of_service, Some((since, UserId(5))));

    let text = format!("{TUNED}{REMOTE}").replace("kc = 1.0", "kc = 2.0");
    let new = control::compile(&source(&text)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).plant;
    let mut other = Engine::new(Arc::new(new));
    control::Transfer::between(&h.plant(), other.plant()).unwrap().carry(&mut h.engine, &mut other);
    other.publish(&mut seen);
    assert_eq!(seen.loops[block.index()].out_of_service, Some((since, UserId(5))));

    h.mode("TIC-1", Mode::Manual).unwrap();
    h.run(2);
    assert_eq!(order(&h), None);
    assert!(control::service_status(&h.plant(), &view(&h), &|_| 0, &|_| String::new()).is_empty());
}

#[derive(Clone, Debug)]
enum Deed {
    Mode(Mode),
    Write(&'static str, f64),
    Pv(f64),
    Load(f64),
    Pump(bool),
    Bad(&'static str),
    Run(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let modes = vec![Mode::Manual, Mode::Auto, Mode::RemoteCascade, Mode::RemoteOutput, Mode::OutOfService];
    prop_oneof![
        3 => proptest::sample::select(modes).prop_map(Deed::Mode),
        1 => (0.0..50.0).prop_map(|kc| Deed::Write("TIC-1.KC", kc)),
        1 => prop_oneof![Just(0.0), 0.001..1000.0].prop_map(|ti| Deed::Write("TIC-1.TI", ti)),
        1 => prop_oneof![Just(0.0), 0.001..500.0].prop_map(|td| Deed::Write("TIC-1.TD", td)),
        1 => (-5.0..5.0).prop_map(|gain| Deed::Write("TIC-1.FFGAIN", gain)),
        1 => (0.0..200.0).prop_map(|sp| Deed::Write("TIC-1.SP", sp)),
        1 => (0.0..200.0).prop_map(|sp| Deed::Write("TIC-1.RCAS", sp)),
        1 => (20.0..80.0).prop_map(|out| Deed::Write("TIC-1.OUT", out)),
        1 => (20.0..80.0).prop_map(|out| Deed::Write("TIC-1.ROUT", out)),
        2 => (-50.0..250.0).prop_map(Deed::Pv),
        1 => (0.0..100.0).prop_map(Deed::Load),
        1 => any::<bool>().prop_map(Deed::Pump),
        1 => proptest::sample::select(vec!["TT-1", "LT-2", "P-1.RUN"]).prop_map(Deed::Bad),
        2 => (1..120u8).prop_map(Deed::Run),
    ]
}

fn shape() -> impl Strategy<Value = String> {
    let form = proptest::sample::select(vec![
        "form = \"isa\"\ngamma = 0.7\n",
        "form = \"parallel\"\n",
        "form = \"series\"\nn = 4\n",
        "form = \"integral\"\n",
        "gap = { band = \"4 dK\", gain = 0.1 }\nlinearity = 0.3\n",
        "filter = \"300 ms\"\nfilter_order = 2\n",
    ]);
    let rest = proptest::sample::select(vec![
        "",
        "sp_rate = \"5 K/s\"\nsp_rate_down = \"50 K/s\"\n",
        "on_bad_pv = \"hold\"\nsp_tracks_pv = false\n",
    ]);
    (form, rest).prop_map(|(form, rest)| format!("{form}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// T5. Whatever people and the plant do: OUT is finite and within its limits, in a mode that
    /// controls it moves no faster than its rate, and no change of mode moves it by 1e-9 of its range.
    #[test]
    fn no_change_of_mode_moves_the_output_and_no_control_exceeds_its_rate(
        deeds in proptest::collection::vec(deed(), 1..60),
        shape in shape(),
    ) {
        let text = format!(
            "kc = 1\nti = \"10 s\"\nsp = 100\nout_limits = [20, 80]\nout_rate = \"20 %/s\"\n\
             ff = \"LT-2\"\nff_gain = 0.2\nff_when = \"LT-2 > 10 %\"\n\
             track = {{ when = \"P-1.RUN\", value = \"40 %\" }}\n{REMOTE}{shape}"
        );
        let mut h = running(&text, 100.0, 50.0, 50.0);
        for deed in deeds {
            let (before, was) = (out(&h), h.actual("TIC-1"));
            let mut scans = 1;
            match deed {
                Deed::Mode(mode) => { let _ = h.mode("TIC-1", mode); }
                Deed::Write(name, value) => { let _ = h.write(name, value); }
                Deed::Pv(value) => { let point = h.point("TT-1"); h.set(point, value); h.scan(); }
                Deed::Load(value) => { let point = h.point("LT-2"); h.set(point, value); h.scan(); }
                Deed::Pump(on) => {
                    let point = h.point("P-1.RUN");
                    h.set(point, f64::from(u8::from(on)));
                    h.scan();
                }
                Deed::Bad(name) => {
                    let point = h.point(name);
                    h.input(point, f64::NAN, Quality::BadSensorFailure);
                    h.scan();
                }
                Deed::Run(count) => { scans = count; h.run(usize::from(count)); }
            }
            let (out, is) = (out(&h), h.actual("TIC-1"));
            prop_assert!(out.is_finite() && (20.0..=80.0).contains(&out), "{out}");
            let controls = |mode| matches!(mode, Mode::Auto | Mode::RemoteCascade);
            if scans == 1 && is != was && is != Mode::Tracking {
                prop_assert!((out - before).abs() < 1e-7, "{was:?} -> {is:?}: {before} -> {out}");
            } else if controls(is) && controls(was) {
                let most = 20.0 * 0.01 * f64::from(scans) + 1e-9;
                prop_assert!((out - before).abs() <= most, "{before} -> {out} in {scans} scans");
            }
            for name in ["TIC-1.SP", "TIC-1.SPW", "TIC-1.PV", "TIC-1.FF"] {
                prop_assert!(h.value(name).is_finite(), "{name}");
            }
        }
        // T12. What was saved in the middle goes on with the same bits.
        let saved = h.save();
        let mut again = Harness::new(h.plant().as_ref().clone());
        again.engine.restore(&saved).expect("an engine takes its own state");
        again.tick = h.tick;
        for k in 0..100 {
            for h in [&mut h, &mut again] {
                let point = h.point("TT-1");
                h.set(point, 100.0 + f64::from(k % 17));
                h.scan();
            }
            prop_assert_eq!(h.engine.state_hash(), again.engine.state_hash());
        }
    }
}

/// T12. The same bits in debug and release and on every machine: the number is part of the test. It may
/// change only when what an option does changes on purpose.
#[test]
fn a_loop_with_every_option_gives_the_same_bits_on_every_machine() {
    let text = format!(
        "form = \"parallel\"\nti = \"10 s\"\nsp = 100\nn = 7\ngamma = 0.4\nfilter = \"700 ms\"\nfilter_order = 2\n\
         gap = {{ band = \"3 dK\", gain = 0.2 }}\nlinearity = 0.4\nout_limits = [20, 80]\nout_rate = \"20 %/s\"\n\
         sp_rate = \"5 K/s\"\nsp_rate_down = \"3 K/s\"\nff = \"LT-2\"\nff_gain = 0.2\nff_when = \"LT-2 > 10 %\"\n\
         schedule = {{ by = \"LT-2\", kc = [[0, 1], [30, 2.3], [100, 0.7]], td = [[0, \"1 s\"], [100, \"2 s\"]] }}\n\
         track = {{ when = \"P-1.RUN\", value = \"LT-2 / 3\" }}\n{REMOTE}"
    );
    let mut h = running(&text, 100.0, 50.0, 50.0);
    let points = ["TT-1", "LT-2", "P-1.RUN"].map(|name| h.point(name));
    let mut dice = support::Dice(0x601d);
    let mut fold = 0xcbf2_9ce4_8422_2325_u64;
    let modes = [Mode::Auto, Mode::RemoteCascade, Mode::RemoteOutput, Mode::Manual];
    for scan in 0..20_000 {
        h.set(points[0], 80.0 + 40.0 * dice.unit());
        h.set(points[1], 100.0 * dice.unit());
        if scan % 100 == 0 {
            h.set(points[2], f64::from(u8::from(dice.below(10) == 0)));
            let _ = h.mode("TIC-1", modes[dice.below(4) as usize]);
            let _ = h.write("TIC-1.RCAS", 60.0 + 80.0 * dice.unit());
            let _ = h.write("TIC-1.ROUT", 20.0 + 60.0 * dice.unit());
        }
        h.scan();
        for value in h.engine.image().values() {
            fold = (fold ^ value.to_bits()).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(fold, 0xfc1c_cbd7_00e3_6ffe, "{fold:#x}");
}

#[test]
fn a_refused_number_is_told_in_as_many_digits_as_people_read() {
    let mut h = remote();
    assert_eq!(h.write("TIC-1.SP", 1e308), Err(Refusal::AboveLimit));
    assert!(h.told().contains("1e308") && h.told().len() < 120, "{}", h.told());
}
