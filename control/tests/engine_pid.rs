//! The PID against closed-form answers and the rules that every loop must keep.
//!
//! The letters T1 to T9 are those of the list of tests that prove a PID: step responses, windup,
//! invariants, cascade, two degrees of freedom, statuses, noise.

mod support;

use control::plant::{OnBad, Op};
use model::{Action, EventBody, Mode, PointId, Quality, Refusal};
use proptest::prelude::*;
use support::{Builder, Harness, Loop};

struct Rig {
    h: Harness,
    pv: PointId,
    valve: PointId,
}

/// One loop LIC with input PV and output VALVE, the field's output standing at `out`.
fn rig(out: f64, options: &Loop) -> Rig {
    rig_with_period(10, out, options)
}

fn rig_with_period(period_ms: u32, out: f64, options: &Loop) -> Rig {
    let mut b = Builder::new();
    b.plant.period_ms = period_ms;
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    b.pid("LIC", pv, &Loop { target: Some(valve), ..options.clone() });
    let mut h = b.finish();
    h.preset(valve, out);
    Rig { h, pv, valve }
}

impl Rig {
    fn start(mut self, pv: f64) -> Self {
        self.h.all_good(pv);
        self.h.scan();
        self
    }

    fn out(&self) -> f64 {
        self.h.at(self.valve)
    }
}

#[test]
fn a_running_plant_is_taken_over_without_a_bump() {
    for mode in [Mode::Auto, Mode::Manual] {
        let rig = rig(37.5, &Loop { normal_mode: mode, sp: 50.0, ..Loop::default() }).start(42.0);
        assert_eq!(rig.out(), 37.5, "{mode:?}");
        assert_eq!(rig.h.value("LIC.OUT"), 37.5);
        assert_eq!(rig.h.actual("LIC"), mode);
    }
}

#[test]
fn a_loop_without_a_set_point_takes_the_pv_that_it_finds() {
    for mode in [Mode::Auto, Mode::Manual] {
        let options = Loop { sp_from_pv: true, normal_mode: mode, ..Loop::default() };
        let mut rig = rig(37.5, &options).start(42.0);
        assert_eq!((rig.h.value("LIC.SP"), rig.out()), (42.0, 37.5));
        rig.h.set(rig.pv, 43.0);
        rig.h.scan();
        assert_eq!(rig.h.value("LIC.SP"), if mode == Mode::Auto { 42.0 } else { 43.0 });
    }
}

#[test]
fn a_loop_without_a_set_point_whose_transmitter_comes_late_begins_at_what_it_shows_then() {
    let options = Loop { sp_from_pv: true, sp_rate: 0.5, on_bad_pv: OnBad::Hold, ..Loop::default() };
    let mut rig = rig(37.5, &options);
    rig.h.all_good(42.0);
    rig.h.input(rig.pv, 42.0, Quality::BadSensorFailure);
    rig.h.run(20);
    assert_eq!(rig.out(), 37.5, "nobody knows where the process is");
    rig.h.set(rig.pv, 61.0);
    rig.h.scan();
    // The ramp of the set point is for later changes: there is no way to go.
    assert_eq!((rig.h.value("LIC.SP"), rig.h.value("LIC.SPW"), rig.out()), (61.0, 61.0, 37.5));
    rig.h.set(rig.pv, 62.0);
    rig.h.run(5);
    assert_eq!(rig.h.value("LIC.SP"), 61.0, "once");
}

/// T1. PI on a constant error: u(t) = K e (1 + t/Ti).
#[test]
fn the_step_response_of_pi_is_the_analytic_one() {
    let mut rig = rig(20.0, &Loop { kc: 2.0, ti: 30.0, ..Loop::default() }).start(50.0);
    rig.h.write("LIC.SP", 55.0).unwrap();
    for n in 1..=1000 {
        let expected = 20.0 + 2.0 * 5.0 * (1.0 + f64::from(n) * 0.01 / 30.0);
        assert!((rig.out() - expected).abs() < 1e-9, "scan {n}: {} instead of {expected}", rig.out());
        rig.h.scan();
    }
}

/// T1. PV ramp: D(t) = -K Td r (1 - exp(-t N/Td)), with an error that shrinks with dt.
#[test]
fn the_ramp_response_of_the_derivative_converges_with_the_period() {
    let (kc, td, n, rate) = (1.5, 4.0, 8.0, 0.5);
    let worst = |period_ms: u32| {
        let options = Loop { kc, td, derivative_n: n, ti: 0.0, beta: 0.0, ..Loop::default() };
        let mut rig = rig_with_period(period_ms, 50.0, &options).start(40.0);
        let dt = f64::from(period_ms) * 1e-3;
        let mut worst: f64 = 0.0;
        for k in 1..(6.0 / dt) as usize {
            let t = k as f64 * dt;
            rig.h.set(rig.pv, 40.0 + rate * t);
            rig.h.scan();
            let proportional = -kc * rate * t;
            let derivative = -kc * td * rate * (1.0 - (-t * n / td).exp());
            worst = worst.max((rig.out() - 50.0 - proportional - derivative).abs());
        }
        worst
    };
    let (coarse, fine) = (worst(20), worst(10));
    assert!(fine < 0.02, "{fine}");
    assert!((1.8..2.2).contains(&(coarse / fine)), "first order: {coarse} against {fine}");
}

/// T1. First-order PV filter: 1 - exp(-t/T).
#[test]
fn the_step_response_of_the_pv_filter_is_an_exponential() {
    let options = Loop { filter_s: 2.0, normal_mode: Mode::Manual, ..Loop::default() };
    let mut rig = rig(0.0, &options).start(20.0);
    rig.h.set(rig.pv, 60.0);
    for n in 1..=1000 {
        rig.h.scan();
        let expected = 20.0 + 40.0 * (1.0 - (-f64::from(n) * 0.01 / 2.0).exp());
        assert!((rig.h.value("LIC.PV") - expected).abs() < 0.08, "scan {n}");
    }
}

#[test]
fn a_direct_loop_opens_when_the_pv_rises_and_spans_scale_the_gain() {
    let options = Loop {
        direct: true,
        kc: 2.0,
        ti: 0.0,
        pv_range: (0.0, 50.0),
        out_range: (0.0, 10.0),
        out_limits: (0.0, 10.0),
        ..Loop::default()
    };
    let mut rig = rig(4.0, &options).start(30.0);
    rig.h.set(rig.pv, 31.0);
    rig.h.scan();
    // One of 50 is 2 % of the PV; times KC is 4 % of the output span, which is 0.4.
    assert!((rig.out() - 4.4).abs() < 1e-12);
}

/// A first-order plant dy/dt = (gain u - y)/tau, exactly discretised.
struct Lag {
    y: f64,
    gain: f64,
    tau: f64,
}

impl Lag {
    fn step(&mut self, u: f64, dt: f64) -> f64 {
        let share = 1.0 - (-dt / self.tau).exp();
        self.y += (self.gain * u - self.y) * share;
        self.y
    }
}

fn overshoot(saturate_s: f64) -> (f64, f64) {
    let ti = 10.0;
    let options = Loop { kc: 4.0, ti, sp: 20.0, ..Loop::default() };
    let mut rig = rig_with_period(100, 20.0, &options).start(20.0);
    let mut plant = Lag { y: 20.0, gain: 1.0, tau: 20.0 };
    // Saturated: the plant cannot reach its set point.
    rig.h.write("LIC.SP", 90.0).unwrap();
    plant.gain = 0.2;
    for _ in 0..(saturate_s * 10.0) as usize {
        let y = plant.step(rig.out(), 0.1);
        rig.h.set(rig.pv, y);
        rig.h.scan();
    }
    if saturate_s > 0.0 {
        assert_eq!(rig.out(), 100.0, "the loop is saturated");
    }
    // Released.
    plant.gain = 1.0;
    let (mut peak, mut left_at) = (0.0_f64, f64::NAN);
    for k in 0..3000 {
        let y = plant.step(rig.out(), 0.1);
        rig.h.set(rig.pv, y);
        rig.h.scan();
        peak = peak.max(y);
        if left_at.is_nan() && rig.out() < 100.0 && y > 60.0 {
            left_at = f64::from(k) * 0.1;
        }
    }
    (peak - 90.0, left_at)
}

/// T4. After 100 Ti at the limit the overshoot is that of a loop that was never saturated.
#[test]
fn a_loop_that_was_saturated_for_long_does_not_overshoot_for_it() {
    let (fresh, _) = overshoot(0.0);
    let (wound, left_at) = overshoot(1000.0);
    assert!(wound <= fresh.max(0.0) + 0.05 * 70.0, "{wound} against {fresh}");
    assert!(left_at.is_finite());
}

/// T4. The integral of a saturated loop stays within the limits of OUT, whatever happens.
#[test]
fn the_integral_of_a_saturated_loop_stays_within_the_limits() {
    let options = Loop { kc: 3.0, ti: 1.0, ..Loop::default() };
    let mut rig = rig(50.0, &options).start(50.0);
    rig.h.set(rig.pv, 0.0);
    let mut view = control::StateView::new(&rig.h.plant());
    for k in 0..20_000 {
        if k == 10_000 {
            rig.h.set(rig.pv, 100.0);
        }
        rig.h.scan();
        rig.h.engine.publish(&mut view);
        assert!((-1e-9..=100.0 + 1e-9).contains(&view.loops[0].integral), "{}", view.loops[0].integral);
    }
    // Recovery: when the error changes its sign the output leaves the limit within Ti.
    let mut scans = 0;
    rig.h.set(rig.pv, 40.0);
    while rig.out() <= 0.0 {
        rig.h.scan();
        scans += 1;
        assert!(scans <= 100, "more than Ti");
    }
}

/// T7. Without set-point weight a set-point step gives no kick.
#[test]
fn a_set_point_without_weight_gives_no_kick() {
    let options = Loop { beta: 0.0, kc: 5.0, td: 2.0, ti: 20.0, ..Loop::default() };
    let mut rig = rig(30.0, &options).start(50.0);
    rig.h.write("LIC.SP", 60.0).unwrap();
    assert!((rig.out() - 30.0 - 5.0 * 10.0 * 0.01 / 20.0).abs() < 1e-9, "only the integral moves");
}

/// T7. The response to a load does not depend on the set-point weight.
#[test]
fn the_load_response_does_not_depend_on_the_set_point_weight() {
    let response = |beta: f64| {
        let mut rig = rig(40.0, &Loop { beta, kc: 2.0, ti: 15.0, td: 1.0, ..Loop::default() }).start(50.0);
        let mut outs = vec![];
        for k in 0..2000 {
            rig.h.set(rig.pv, 50.0 - 5.0 * (1.0 - (-f64::from(k) * 0.002).exp()));
            rig.h.scan();
            outs.push(rig.out());
        }
        outs
    };
    for (a, b) in response(1.0).into_iter().zip(response(0.0)) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

/// T9. The derivative does not amplify noise by more than Kc (1 + N).
#[test]
fn noise_is_amplified_by_no_more_than_kc_times_one_plus_n() {
    let (kc, n) = (2.0, 8.0);
    let options = Loop { kc, td: 100.0, ti: 0.0, derivative_n: n, ..Loop::default() };
    let mut rig = rig(50.0, &options).start(50.0);
    let mut span = (f64::MAX, f64::MIN);
    for k in 0..2000 {
        rig.h.set(rig.pv, 50.0 + if k % 2 == 0 { 0.1 } else { -0.1 });
        rig.h.scan();
        span = (span.0.min(rig.out()), span.1.max(rig.out()));
    }
    let amplified = (span.1 - span.0) / 0.2;
    assert!(amplified <= kc * (1.0 + n) + 1e-6, "{amplified}");
    assert!(amplified > kc * n, "the derivative is at work: {amplified}");
}

/// T8. Every status at the PV, in every mode, with every answer to it.
#[test]
fn every_status_of_the_pv_has_its_mode_and_a_finite_output() {
    let statuses = [
        Quality::Good,
        Quality::GoodLocalOverride,
        Quality::UncertainLastUsable,
        Quality::UncertainEngineeringRange,
        Quality::UncertainSubNormal,
        Quality::BadWaitingForInitialData,
        Quality::BadNoCommunication,
        Quality::BadSensorFailure,
        Quality::BadDeviceFailure,
        Quality::BadOutOfRange,
        Quality::BadOutOfService,
        Quality::BadCalculation,
    ];
    for on_bad_pv in [OnBad::Manual, OnBad::Hold, OnBad::Drive(5.0)] {
        for value in [10.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for status in statuses {
                let mut rig = rig(30.0, &Loop { on_bad_pv, ..Loop::default() }).start(50.0);
                rig.h.input(rig.pv, value, status);
                rig.h.scan();
                let bad = status.is_bad() || !value.is_finite();
                let silent = status == Quality::BadNoCommunication;
                let expected = match (bad, on_bad_pv) {
                    (false, _) => (Mode::Auto, rig.out()),
                    (true, _) if silent => (Mode::Manual, 30.0),
                    (true, OnBad::Manual | OnBad::Hold) => (Mode::Manual, 30.0),
                    (true, OnBad::Drive(out)) => (Mode::Manual, out),
                };
                assert_eq!((rig.h.actual("LIC"), rig.out()), expected, "{status:?} {value} {on_bad_pv:?}");
                assert_eq!(rig.h.quality("LIC.PV").is_bad(), bad);
                assert!(rig.h.value("LIC.PV").is_finite());
                // Good again: only a hold resumes by itself, and what was silent for a moment; without a bump.
                rig.h.set(rig.pv, 48.0);
                let before = rig.out();
                rig.h.scan();
                let resumed = !bad || silent || on_bad_pv == OnBad::Hold;
                assert_eq!(rig.h.actual("LIC"), if resumed { Mode::Auto } else { Mode::Manual });
                if bad {
                    assert!((rig.out() - before).abs() < 1e-9);
                }
            }
        }
    }
}

#[test]
fn a_loop_that_a_bad_pv_has_put_in_manual_keeps_its_set_point() {
    for (lost, sp) in [(true, 50.0), (false, 44.0)] {
        let mut rig = rig(30.0, &Loop { on_bad_pv: OnBad::Manual, ..Loop::default() }).start(50.0);
        if lost {
            rig.h.input(rig.pv, 10.0, Quality::BadSensorFailure);
            rig.h.scan();
        } else {
            rig.h.mode("LIC", Mode::Manual).unwrap();
        }
        rig.h.set(rig.pv, 44.0);
        rig.h.scan();
        assert_eq!((rig.h.actual("LIC"), rig.h.value("LIC.SP")), (Mode::Manual, sp), "lost: {lost}");
        // Taken back it goes on for what was wanted, and begins where the output stands.
        let before = rig.out();
        rig.h.mode("LIC", Mode::Auto).unwrap();
        assert_eq!(rig.h.value("LIC.SP"), sp);
        assert!((rig.out() - before).abs() < 0.1, "{} {before}", rig.out());
    }
}

#[test]
fn a_loop_whose_measurement_has_never_come_waits_for_it_in_its_normal_mode() {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    b.pid("LIC", pv, &Loop { target: Some(valve), ..Loop::default() });
    let mut h = b.finish();
    let link = h.point("PLC.LINK");
    h.input(pv, 0.0, Quality::BadNoCommunication);
    h.run(1000);
    assert_ne!(h.actual("LIC"), Mode::Auto, "it cannot control yet");
    // The field arrives long after the controller.
    h.set(valve, 30.0);
    h.set(link, 1.0);
    h.set(pv, 50.0);
    h.run(2);
    assert_eq!(h.actual("LIC"), Mode::Auto);
    assert!((h.value("VALVE") - 30.0).abs() < 0.1, "without a bump: {}", h.value("VALVE"));
    // From now on it can be lost, and then a person takes it back.
    h.input(pv, 0.0, Quality::BadSensorFailure);
    h.run(2);
    h.set(pv, 50.0);
    h.run(2);
    assert_eq!(h.actual("LIC"), Mode::Manual);
}

#[test]
fn shedding_is_reported_and_auto_is_refused_until_the_pv_is_good() {
    let mut rig = rig(30.0, &Loop::default()).start(50.0);
    rig.h.input(rig.pv, 0.0, Quality::BadSensorFailure);
    rig.h.scan();
    assert!(
        rig.h
            .out
            .events()
            .iter()
            .any(|event| matches!(event.body, EventBody::Mode { from: Mode::Auto, to: Mode::Manual, .. }))
    );
    assert_eq!(rig.h.mode("LIC", Mode::Auto), Err(Refusal::NotPermitted));
    rig.h.set(rig.pv, 50.0);
    rig.h.scan();
    assert_eq!(rig.h.mode("LIC", Mode::Auto), Ok(Mode::Manual.value()));
    assert!(
        !rig.h.out.events().iter().any(|event| matches!(event.body, EventBody::Mode { .. })),
        "what a person orders is no news"
    );
}

#[test]
fn in_manual_the_set_point_follows_the_pv_unless_somebody_enters_one() {
    let mut rig = rig(30.0, &Loop::default()).start(50.0);
    rig.h.mode("LIC", Mode::Manual).unwrap();
    rig.h.set(rig.pv, 44.0);
    rig.h.scan();
    assert_eq!(rig.h.value("LIC.SP"), 44.0);
    rig.h.write("LIC.SP", 60.0).unwrap();
    rig.h.set(rig.pv, 45.0);
    rig.h.run(3);
    assert_eq!(rig.h.value("LIC.SP"), 60.0);
    let before = rig.out();
    rig.h.mode("LIC", Mode::Auto).unwrap();
    assert!((rig.out() - before).abs() < 1e-9, "15 % of error and no bump");
    rig.h.mode("LIC", Mode::Manual).unwrap();
    rig.h.scan();
    assert_eq!(rig.h.value("LIC.SP"), 45.0, "the next time it follows again");
}

#[test]
fn out_is_written_in_manual_only_and_within_limits() {
    let mut rig = rig(30.0, &Loop { out_limits: (10.0, 80.0), ..Loop::default() }).start(50.0);
    assert_eq!(rig.h.write("LIC.OUT", 40.0), Err(Refusal::WrongMode));
    rig.h.mode("LIC", Mode::Manual).unwrap();
    assert_eq!(rig.h.write("LIC.OUT", 81.0), Err(Refusal::AboveLimit));
    assert_eq!(rig.h.write("LIC.OUT", 9.0), Err(Refusal::BelowLimit));
    assert!(rig.h.write("LIC.OUT", 40.0).is_ok());
    assert_eq!(rig.out(), 40.0);
}

#[test]
fn a_ramped_set_point_begins_at_the_pv_and_keeps_its_rate() {
    let options = Loop { sp_rate: 2.0, normal_mode: Mode::Manual, ..Loop::default() };
    let mut rig = rig(30.0, &options).start(20.0);
    rig.h.mode("LIC", Mode::Auto).unwrap();
    rig.h.write("LIC.SP", 40.0).unwrap();
    let mut last = rig.h.value("LIC.SPW");
    assert!((last - 20.0).abs() <= 0.04);
    for _ in 0..1100 {
        rig.h.scan();
        let now = rig.h.value("LIC.SPW");
        assert!((0.0..=0.02 + 1e-12).contains(&(now - last)));
        last = now;
    }
    assert_eq!(last, 40.0);
}

#[test]
fn a_jump_of_time_makes_one_ordinary_step() {
    let mut rig = rig(30.0, &Loop { kc: 1.0, ti: 10.0, ..Loop::default() }).start(40.0);
    rig.h.scan();
    let (before, tick) = (rig.out(), rig.h.tick);
    rig.h.scan_at(tick + 500);
    assert!((rig.out() - before - 10.0 * 0.01 / 10.0).abs() < 1e-9);
}

#[test]
fn a_lost_output_device_makes_the_loop_track() {
    let mut rig = rig(30.0, &Loop::default()).start(50.0);
    let link = rig.h.point("PLC.LINK");
    rig.h.set(link, 0.0);
    rig.h.scan();
    assert_eq!((rig.h.actual("LIC"), rig.out()), (Mode::Tracking, 30.0));
    rig.h.set(link, 1.0);
    rig.h.scan();
    assert_eq!((rig.h.actual("LIC"), rig.out()), (Mode::Auto, 30.0));
}

#[test]
fn feed_forward_adds_at_once_and_holds_when_its_input_is_bad() {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let load = b.input("LOAD");
    let valve = b.output("VALVE");
    let ff = b.expr(&[Op::Load(load), Op::Const(0.5), Op::Multiply]);
    b.pid("LIC", pv, &Loop { target: Some(valve), feed_forward: Some(ff), ..Loop::default() });
    let mut h = b.finish();
    h.preset(valve, 30.0);
    h.all_good(50.0);
    h.scan();
    assert_eq!(h.at(valve), 30.0, "enabling it makes no bump");
    h.set(load, 60.0);
    h.scan();
    assert!((h.at(valve) - 35.0).abs() < 1e-9);
    h.input(load, 0.0, Quality::BadSensorFailure);
    h.scan();
    assert!((h.at(valve) - 35.0).abs() < 1e-9);
    h.set(load, 20.0);
    h.scan();
    assert!((h.at(valve) - 35.0).abs() < 1e-9, "its return makes no bump either");
    h.set(load, 22.0);
    h.scan();
    assert!((h.at(valve) - 36.0).abs() < 1e-9);
}

#[derive(Clone, Debug)]
enum Deed {
    Mode(Mode),
    Kc(f64),
    Ti(f64),
    Td(f64),
    SetPoint(f64),
    Out(f64),
    Pv(f64),
    BadPv,
    Run(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        proptest::sample::select(vec![Mode::Manual, Mode::Auto]).prop_map(Deed::Mode),
        (0.0..50.0).prop_map(Deed::Kc),
        prop_oneof![Just(0.0), 0.001..1000.0].prop_map(Deed::Ti),
        prop_oneof![Just(0.0), 0.001..500.0].prop_map(Deed::Td),
        (0.0..100.0).prop_map(Deed::SetPoint),
        (0.0..100.0).prop_map(Deed::Out),
        (-20.0..120.0).prop_map(Deed::Pv),
        Just(Deed::BadPv),
        (1..40u8).prop_map(Deed::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// T5. Whatever people do: OUT is finite and within its limits, and neither a change of mode nor
    /// of tuning moves it.
    #[test]
    fn no_change_of_mode_or_tuning_moves_the_output(
        deeds in proptest::collection::vec(deed(), 1..60),
        beta in prop_oneof![Just(1.0), 0.0..1.0],
        direct in any::<bool>(),
        on_bad_pv in proptest::sample::select(vec![OnBad::Manual, OnBad::Hold, OnBad::Drive(20.0)]),
    ) {
        let options = Loop { beta, direct, on_bad_pv, td: 1.0, out_limits: (5.0, 95.0), ..Loop::default() };
        let mut rig = rig(50.0, &options).start(50.0);
        for deed in deeds {
            let before = rig.out();
            let was = rig.h.actual("LIC");
            let mut quiet = false;
            match deed {
                Deed::Mode(mode) => quiet = rig.h.mode("LIC", mode).is_ok(),
                Deed::Kc(kc) => { rig.h.write("LIC.KC", kc).unwrap(); }
                Deed::Ti(ti) => { rig.h.write("LIC.TI", ti).unwrap(); }
                Deed::Td(td) => { rig.h.write("LIC.TD", td).unwrap(); }
                Deed::SetPoint(sp) => { let _ = rig.h.write("LIC.SP", sp); }
                Deed::Out(out) => { let _ = rig.h.write("LIC.OUT", out); }
                Deed::Pv(pv) => { rig.h.set(rig.pv, pv); rig.h.scan(); }
                Deed::BadPv => { rig.h.input(rig.pv, f64::NAN, Quality::Good); rig.h.scan(); }
                Deed::Run(scans) => rig.h.run(usize::from(scans)),
            }
            let out = rig.out();
            prop_assert!(out.is_finite() && (5.0..=95.0).contains(&out), "{out}");
            // Entering or leaving an automatic mode makes no step at all.
            if quiet && rig.h.actual("LIC") != was {
                prop_assert!((out - before).abs() < 1e-7, "{was:?}: {before} -> {out}");
            }
        }
    }

    /// T5. New tuning moves OUT by no more than the integral's ordinary step with that tuning.
    #[test]
    fn new_tuning_makes_no_bump_even_with_an_error(
        kc in 0.0..50.0f64, ti in 0.1..1000.0f64, td in 0.0..100.0f64,
        pv in 30.0..70.0f64, beta in 0.0..1.0f64, steps in 1..200usize,
    ) {
        let options = Loop { kc: 0.4, ti: 50.0, td: 3.0, beta, ..Loop::default() };
        let mut rig = rig(50.0, &options).start(50.0);
        rig.h.set(rig.pv, pv);
        rig.h.run(steps);
        // What the derivative does meanwhile belongs to the plant, not to the change.
        rig.h.run(3000);
        let before = rig.out();
        for (name, value) in [("LIC.KC", kc), ("LIC.TI", ti), ("LIC.TD", td)] {
            let point = rig.h.point(name);
            rig.h.order(Action::Write { point, value });
        }
        rig.h.scan();
        let step = (kc * (50.0 - pv) * 0.01 / ti).abs();
        prop_assume!(before > 0.0 && before < 100.0);
        prop_assert!((rig.out() - before).abs() <= step + 1e-6, "{} {step}", rig.out() - before);
    }
}
