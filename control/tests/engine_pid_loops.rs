//! Closed loops against published figures and known theory: Wood and Berry's column, windup, the
//! gap on an integrator, cascades and overrides in every state.

mod support;

use std::collections::VecDeque;

use control::plant::{BlockBody, Gap, OnBad, Op, Pick, PidOptions};
use model::{BlockId, Mode, PointId, Quality};
use support::{Builder, Harness, Loop};

const DT: f64 = 0.01;

/// `gain exp(-delay s)/(tau s + 1)`, exact for an input that is constant over a scan.
struct Channel {
    y: f64,
    gain: f64,
    share: f64,
    line: VecDeque<f64>,
}

impl Channel {
    fn new(gain: f64, tau: f64, delay: f64) -> Self {
        let line = std::iter::repeat_n(0.0, (delay / DT).round() as usize).collect();
        Self { y: 0.0, gain, share: 1.0 - (-DT / tau).exp(), line }
    }

    fn step(&mut self, u: f64) -> f64 {
        self.line.push_back(u);
        let u = self.line.pop_front().unwrap_or(u);
        self.y += (self.gain * u - self.y) * self.share;
        self.y
    }
}

/// Wood and Berry (1973), a second standing for a minute; deviations from 50.
struct Column {
    h: Harness,
    inputs: [PointId; 2],
    outputs: [PointId; 2],
    channels: [[Channel; 3]; 2],
}

impl Column {
    fn new(tuning: [(f64, f64); 2]) -> Self {
        let mut b = Builder::new();
        let inputs = [b.input("AT-D"), b.input("AT-B")];
        let outputs = [b.output("FV-R"), b.output("FV-S")];
        for (number, name) in ["AIC-D", "AIC-B"].into_iter().enumerate() {
            let (kc, ti) = tuning[number];
            let options =
                Loop { kc: kc.abs(), ti, direct: kc < 0.0, target: Some(outputs[number]), ..Loop::default() };
            b.pid(name, inputs[number], &options);
        }
        let mut h = b.finish();
        h.preset(outputs[0], 50.0);
        h.preset(outputs[1], 50.0);
        h.all_good(50.0);
        h.scan();
        let channels = [
            [Channel::new(12.8, 16.7, 1.0), Channel::new(-18.9, 21.0, 3.0), Channel::new(3.8, 14.9, 8.1)],
            [Channel::new(6.6, 10.9, 7.0), Channel::new(-19.4, 14.4, 3.0), Channel::new(4.9, 13.2, 3.4)],
        ];
        Self { h, inputs, outputs, channels }
    }

    /// IAE of both compositions over 200 minutes.
    fn run(mut self, sp: [f64; 2], feed: f64) -> [f64; 2] {
        for (name, step) in [("AIC-D.SP", sp[0]), ("AIC-B.SP", sp[1])] {
            let point = self.h.point(name);
            self.h.order(model::Action::Write { point, value: 50.0 + step });
        }
        let mut iae = [0.0; 2];
        for _ in 0..(200.0 / DT) as usize {
            let u = self.outputs.map(|point| self.h.at(point) - 50.0);
            for row in 0..2 {
                let [reflux, steam, disturbance] = &mut self.channels[row];
                let y = reflux.step(u[0]) + steam.step(u[1]) + disturbance.step(feed);
                iae[row] += (sp[row] - y).abs() * DT;
                self.h.set(self.inputs[row], 50.0 + y);
            }
            self.h.scan();
        }
        iae
    }
}

/// Luyben's BLT tuning and that of Wood and Berry: IAE of overhead and bottoms for a unit step of
/// either set point and 0.34 of feed. The reference simulation gives three digits.
#[test]
fn two_loops_on_the_wood_berry_column_have_the_reference_errors() {
    let blt = [(0.375, 8.29), (-0.075, 23.6)];
    let wood_berry = [(0.20, 4.44), (-0.04, 2.67)];
    let cases = [
        (blt, [1.0, 0.0], 0.0, [4.55, 16.5]),
        (blt, [0.0, 1.0], 0.0, [3.33, 32.0]),
        (blt, [0.0, 0.0], 0.34, [2.60, 31.8]),
        (wood_berry, [1.0, 0.0], 0.0, [9.90, 12.2]),
        (wood_berry, [0.0, 1.0], 0.0, [5.80, 12.8]),
        (wood_berry, [0.0, 0.0], 0.34, [4.98, 13.0]),
    ];
    let mut wrong = String::new();
    for (tuning, sp, feed, expected) in cases {
        let found = Column::new(tuning).run(sp, feed);
        for (found, expected) in found.into_iter().zip(expected) {
            // Half a digit of the reference, and a percent for its step.
            if (found - expected).abs() > 0.01 * expected + 0.005 * if expected > 10.0 { 10.0 } else { 1.0 } {
                wrong += &format!("{tuning:?} {sp:?} {feed}: {found} instead of {expected}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

struct Single {
    h: Harness,
    pv: PointId,
    valve: PointId,
}

fn single(period_ms: u32, start: f64, options: &Loop) -> Single {
    let mut b = Builder::new();
    b.plant.period_ms = period_ms;
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    b.pid("LIC", pv, &Loop { target: Some(valve), ..options.clone() });
    let mut h = b.finish();
    h.preset(valve, start);
    h.all_good(start);
    h.scan();
    Single { h, pv, valve }
}

/// T4. Visioli, *Practical PID Control*, ch. 3: a step so large that OUT saturates, on 1/(10 s + 1)
/// with 2 s of delay. Whatever the form, the rate and the bend, the overshoot stays that of a loop
/// that never met its limit, plus 5 % of the step.
#[test]
fn no_option_makes_a_saturated_loop_overshoot() {
    let cases: [(&str, PidOptions); 5] = [
        ("plain", PidOptions::default()),
        ("parallel", PidOptions { form: control::plant::PidForm::Parallel, ..PidOptions::default() }),
        ("series", PidOptions { form: control::plant::PidForm::Series, ..PidOptions::default() }),
        ("rate", PidOptions { out_rate: 30.0, ..PidOptions::default() }),
        ("second order", PidOptions { second_order: true, ..PidOptions::default() }),
    ];
    for (name, options) in cases {
        let peak = |high: f64| {
            let limits = (0.0, high);
            let options = Loop {
                kc: 2.0,
                // In the parallel form TI is Ti/Kc of the standard one.
                ti: if name == "parallel" { 5.0 } else { 10.0 },
                td: 0.4,
                filter_s: 0.1,
                sp: 10.0,
                out_limits: limits,
                out_range: (0.0, 100.0),
                options: options.clone(),
                ..Loop::default()
            };
            let mut rig = single(20, 10.0, &options);
            let (mut y, share) = (10.0, 1.0 - (-0.02_f64 / 10.0).exp());
            let mut line: VecDeque<f64> = std::iter::repeat_n(10.0, 100).collect();
            rig.h.write("LIC.SP", 60.0).unwrap();
            let mut peak: f64 = 0.0;
            let mut saturated = false;
            for _ in 0..6000 {
                line.push_back(rig.h.at(rig.valve));
                saturated |= rig.h.at(rig.valve) >= high;
                y += (line.pop_front().unwrap() - y) * share;
                peak = peak.max(y);
                rig.h.set(rig.pv, y);
                rig.h.scan();
            }
            assert!((y - 60.0).abs() < 0.5, "{name}: it arrives at {y}");
            (peak, saturated)
        };
        let ((free, _), (limited, saturated)) = (peak(100_000.0), peak(65.0));
        assert!(saturated, "{name}");
        assert!(limited <= free.max(60.0) + 2.5, "{name}: {limited} against {free}");
    }
}

/// Swing of OUT over the last quarter of `hours`, on an integrator behind a transmitter that
/// resolves half a percent, after a load change. The set point lies between two steps of the transmitter.
fn swing(gap: Option<Gap>) -> f64 {
    let options = PidOptions { gap, ..PidOptions::default() };
    let mut rig = single(100, 50.0, &Loop { kc: 4.0, ti: 60.0, sp: 50.2, options, ..Loop::default() });
    let (quantum, mut level) = (0.5, 50.1);
    let scans = 4 * 36_000;
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for k in 0..scans {
        let load = 53.3;
        level += 0.01 * (rig.h.at(rig.valve) - load) * 0.1;
        rig.h.set(rig.pv, (level / quantum).round() * quantum);
        rig.h.scan();
        if k > scans * 3 / 4 {
            low = low.min(rig.h.at(rig.valve));
            high = high.max(rig.h.at(rig.valve));
        }
    }
    assert!((level - 50.0).abs() < 3.0, "it holds the level: {level}");
    high - low
}

/// T10. Integrator, integral action and a quantiser cycle for ever; a gap wider than the quantum ends it.
#[test]
fn a_gap_ends_the_limit_cycle_of_an_integrator_behind_a_quantiser() {
    let without = swing(None);
    assert!(without > 1.5, "the cycle is there without a gap: {without}");
    let with = swing(Some(Gap { band: 1.0, gain: 0.0 }));
    assert!(with < 1e-9, "OUT stands still: {with}");
}

/// T4. A transmitter that shows a huge value for a moment (a lost bit, words in the wrong order) moves the output while it
/// lasts; what the integral takes up is a lag towards that limit, so afterwards OUT is on the same side and comes back.
#[test]
fn a_spike_of_the_process_value_does_not_wind_the_integral_up() {
    for (kc, ti, td) in [(0.3, 3.0, 0.0), (2.0, 60.0, 0.0), (1.0, 5.0, 1.0), (0.5, 0.05, 0.0)] {
        for (size, scans) in
            [(150.0, 5), (1e3, 1), (1e6, 10), (1e9, 10), (1e30, 40), (1e300, 1), (f64::MAX, 3)]
        {
            let options = Loop {
                kc,
                ti,
                td,
                sp: 40.0,
                out_range: (0.0, 100.0),
                out_limits: (0.0, 100.0),
                ..Loop::default()
            };
            let mut rig = single(100, 40.0, &options);
            rig.h.run(20);
            assert!((rig.h.at(rig.valve) - 40.0).abs() < 1e-9);
            rig.h.set(rig.pv, size);
            for _ in 0..scans {
                rig.h.scan();
                assert!(rig.h.at(rig.valve) <= 40.0 + 1e-9);
            }
            rig.h.set(rig.pv, 40.0);
            let case = format!("KC {kc}, TI {ti}, TD {td}, {size:e} for {scans} scans");
            // The derivative answers the return of the process value for some TD, and the integral lags towards that limit.
            rig.h.run(if td > 0.0 { 40 } else { 1 });
            let after = rig.h.at(rig.valve);
            let lag = 40.0 * (-0.1 * f64::from(scans) / ti).exp();
            assert!(after <= 40.0 + if td > 0.0 { 5.0 } else { 1e-6 }, "{case}: {after}");
            if ti > 1.0 && td == 0.0 {
                assert!(after >= lag - 1.0, "{case}: {after}, a lag leaves {lag}");
            }
        }
    }
}

/// T10. In the gap nothing moves, beyond it OUT begins from there without a jump.
#[test]
fn the_gap_is_still_inside_and_continuous_at_its_edge() {
    for gain in [0.0, 0.2] {
        let options = PidOptions { gap: Some(Gap { band: 2.0, gain }), ..PidOptions::default() };
        let mut rig = single(10, 50.0, &Loop { kc: 3.0, ti: 0.0, td: 0.5, options, ..Loop::default() });
        rig.h.set(rig.pv, 46.0);
        rig.h.run(1000);
        let mut last = rig.h.at(rig.valve);
        for k in 0..4000 {
            // From 4 % below the set point to 4 % above, 0.002 % a scan.
            let pv = 46.0 + f64::from(k) * 0.002;
            rig.h.set(rig.pv, pv);
            rig.h.scan();
            let out = rig.h.at(rig.valve);
            // P by its slope, D by the growth of its share: 0.3 % over an error of 2 % in 1000 scans.
            // The first scans belong to the filter of D.
            assert!(k < 50 || (out - last).abs() < 3.0 * 0.002 + 0.001, "{pv}: {last} -> {out}");
            if gain == 0.0 && (pv - 50.0).abs() < 1.99 {
                assert!((out - last).abs() < 1e-12, "{pv}: {last} -> {out}");
            }
            last = out;
        }
        // Static: K (e - band (1 - gain)) outside, K gain e inside.
        rig.h.set(rig.pv, 47.0);
        rig.h.run(1000);
        let outside = rig.h.at(rig.valve);
        rig.h.set(rig.pv, 49.0);
        rig.h.run(1000);
        let inside = rig.h.at(rig.valve);
        let expected = 3.0 * ((3.0 - 2.0 * (1.0 - gain)) - gain);
        assert!((outside - inside - expected).abs() < 1e-6, "{gain}: {outside} {inside}");
    }
}

fn out_of(b: &Builder, id: BlockId) -> PointId {
    match &b.plant.blocks[id.index()].body {
        BlockBody::Pid(pid) => pid.out,
        _ => unreachable!(),
    }
}

/// TIC over FIC over VALVE; the interlock IL trips on TRIP and forces VALVE to 7 %.
fn cascade(secondary: &Loop) -> Harness {
    let mut b = Builder::new();
    let (pv1, pv2, trip) = (b.input("PV1"), b.input("PV2"), b.input("TRIP"));
    let valve = b.output("VALVE");
    let primary = b.pid("TIC", pv1, &Loop { sp: 50.0, kc: 2.0, ti: 20.0, ..Loop::default() });
    let options = Loop {
        cascade: Some(out_of(&b, primary)),
        target: Some(valve),
        sp: 35.0,
        kc: 0.5,
        ti: 5.0,
        normal_mode: Mode::Cascade,
        modes: vec![Mode::Manual, Mode::Auto, Mode::Cascade, Mode::OutOfService],
        ..secondary.clone()
    };
    b.pid("FIC", pv2, &options);
    let cause = b.above(trip, 90.0);
    let force =
        control::plant::Forcing { point: valve, device: None, value: 7.0, text: "VALVE := 7 %".into() };
    b.interlock("IL", vec![cause], vec![force], false);
    let mut h = b.finish();
    h.preset(valve, 42.0);
    h.all_good(0.0);
    let (pv1, pv2) = (h.point("PV1"), h.point("PV2"));
    h.set(pv1, 50.0);
    h.set(pv2, 35.0);
    h.run(5);
    assert_eq!((h.actual("TIC"), h.actual("FIC")), (Mode::Auto, Mode::Cascade));
    h
}

/// T6. FF-891's handshake as a table: what takes the secondary out of cascade, its mode then; the
/// primary initialises within a scan of its task, follows the secondary's set point, and goes on from
/// there without a bump in either output.
#[test]
fn whatever_opens_a_cascade_initialises_the_primary_and_it_closes_without_a_bump() {
    type Deed = fn(&mut Harness);
    let cases: [(&str, Mode, Deed, Deed); 7] = [
        ("manual", Mode::Manual, |h| order(h, Mode::Manual), |h| order(h, Mode::Cascade)),
        ("auto", Mode::Auto, |h| order(h, Mode::Auto), |h| order(h, Mode::Cascade)),
        ("out of service", Mode::OutOfService, |h| order(h, Mode::OutOfService), |h| order(h, Mode::Cascade)),
        (
            "interlock",
            Mode::Tracking,
            |h| field(h, "TRIP", 95.0),
            |h| {
                field(h, "TRIP", 0.0);
                // Interlocks come last in a scan: the loop has its output in the next.
                h.scan();
            },
        ),
        ("lost device", Mode::Tracking, |h| field(h, "PLC.LINK", 0.0), |h| field(h, "PLC.LINK", 1.0)),
        ("bad PV", Mode::Manual, |h| bad(h, "PV2"), |h| field(h, "PV2", 35.0)),
        ("bad PV of the primary", Mode::Cascade, |h| bad(h, "PV1"), |h| field(h, "PV1", 50.0)),
    ];
    for (name, expected, open, close) in cases {
        let mut h = cascade(&Loop { on_bad_pv: OnBad::Hold, ..Loop::default() });
        open(&mut h);
        h.run(2);
        assert_eq!(h.actual("FIC"), expected, "{name}");
        let by_primary = expected == Mode::Cascade;
        let primary = if by_primary { Mode::Manual } else { Mode::Initialising };
        assert_eq!(h.actual("TIC"), primary, "{name}");
        if by_primary {
            order_of(&mut h, "TIC", Mode::Auto);
        } else {
            assert_eq!(h.value("TIC.OUT"), h.value("FIC.SP"), "{name}");
            // The plant moves meanwhile.
            field(&mut h, "PV1", 46.0);
            h.run(200);
            assert_eq!(h.value("TIC.OUT"), h.value("FIC.SP"), "{name}");
        }
        let (sp, valve) = (h.value("FIC.SP"), h.value("VALVE"));
        close(&mut h);
        assert_eq!(h.actual("FIC"), Mode::Cascade, "{name}");
        // One scan in which the secondary listens again, one in which the primary knows it.
        assert!((h.value("VALVE") - valve).abs() < 1e-7, "{name}: {valve} -> {}", h.value("VALVE"));
        assert!((h.value("FIC.SP") - sp).abs() < 1e-7, "{name}: {sp} -> {}", h.value("FIC.SP"));
        order_of(&mut h, "TIC", Mode::Auto);
        h.scan();
        assert_eq!(h.actual("TIC"), Mode::Auto, "{name}");
        // From here it controls: two scans of integral on 4 % of error.
        assert!((h.value("FIC.SP") - sp).abs() < 3.0 * 2.0 * 4.0 * DT / 20.0, "{name}");
    }
}

fn order(h: &mut Harness, mode: Mode) {
    h.mode("FIC", mode).unwrap();
}

fn order_of(h: &mut Harness, name: &str, mode: Mode) {
    let _ = h.mode(name, mode);
}

fn field(h: &mut Harness, name: &str, value: f64) {
    let point = h.point(name);
    h.set(point, value);
    h.scan();
}

fn bad(h: &mut Harness, name: &str) {
    let point = h.point(name);
    h.input(point, 0.0, Quality::BadSensorFailure);
    h.scan();
}

/// T6. Limits of every kind pass upwards, in both directions: the integral of the primary stops towards
/// them, and turns at once.
#[test]
fn every_limit_of_the_secondary_stops_the_primary_and_lets_it_turn() {
    let rate = PidOptions { out_rate: 0.5, ..PidOptions::default() };
    let out_limits = |low, high| Loop { out_limits: (low, high), ..Loop::default() };
    // Name, the secondary, +1 when the primary asks for more.
    let cases: [(&str, Loop, f64); 10] = [
        ("limit of OUT", out_limits(0.0, 60.0), 1.0),
        ("limit of OUT", out_limits(20.0, 100.0), -1.0),
        ("limit of OUT, direct", Loop { direct: true, ..out_limits(20.0, 100.0) }, 1.0),
        ("limit of OUT, direct", Loop { direct: true, ..out_limits(0.0, 60.0) }, -1.0),
        ("limit of SP", Loop { sp_limits: (0.0, 40.0), ..Loop::default() }, 1.0),
        ("limit of SP", Loop { sp_limits: (30.0, 100.0), ..Loop::default() }, -1.0),
        ("rate of OUT", Loop { options: rate.clone(), ..Loop::default() }, 1.0),
        ("rate of OUT", Loop { options: rate, ..Loop::default() }, -1.0),
        ("ramp of SP", Loop { sp_rate: 0.01, ..Loop::default() }, 1.0),
        ("ramp of SP", Loop { sp_rate: 0.01, ..Loop::default() }, -1.0),
    ];
    for (name, secondary, more) in cases {
        let mut h = cascade(&secondary);
        field(&mut h, "PV1", 50.0 - more * 10.0);
        h.run(60_000);
        let far = h.value("TIC.OUT");
        assert!((0.0..=100.0).contains(&far) && more * (far - 35.0) > 0.0, "{name} {more}: {far}");
        if name == "limit of SP" {
            // K e beyond where it began: the integral has not moved at all.
            assert!((far - 35.0 - more * 20.0).abs() < 0.02, "{more}: {far}");
        }
        if name.starts_with("limit") {
            h.run(10_000);
            let later = h.value("TIC.OUT");
            assert!((later - far).abs() < 1e-9, "{name} {more}: no integral towards the limit");
        }
        field(&mut h, "PV1", 50.0 + more);
        h.run(2);
        let turned = h.value("TIC.OUT");
        h.run(500);
        let later = h.value("TIC.OUT");
        assert!(more * (far - turned) > 0.0, "{name} {more}: {far} {turned}");
        assert!(more * (turned - later) >= 0.0, "{name} {more}: {turned} {later}");
    }
}

/// A person who moves OUT and orders auto in one scan finds it there, whatever the rate.
#[test]
fn a_rate_begins_where_a_person_has_put_the_output() {
    let mut b = Builder::new();
    let pv = b.input("PV");
    let options = PidOptions { out_rate: 1.0, ..PidOptions::default() };
    b.pid("LIC", pv, &Loop { options, ..Loop::default() });
    let mut h = b.finish();
    h.all_good(50.0);
    h.scan();
    h.mode("LIC", Mode::Manual).unwrap();
    let (point, block) = (h.point("LIC.OUT"), h.plant().find_block("LIC").unwrap());
    h.order(model::Action::Write { point, value: 63.0 });
    h.order(model::Action::Mode { block, mode: Mode::Auto });
    h.scan();
    assert_eq!((h.actual("LIC"), h.value("LIC.OUT")), (Mode::Auto, 63.0));
}

/// T6. Three loops into one selector: losers stay within K e of the winner for hours, the winner changes
/// when errors say so, and what the secondary is told never jumps.
#[test]
fn losers_of_an_override_do_not_wind_up_and_a_change_of_winner_is_no_jump() {
    for pick in [Pick::Low, Pick::High] {
        let mut b = Builder::new();
        let pvs = [b.input("PV1"), b.input("PV2"), b.input("PV3")];
        let flow = b.input("FLOW");
        let valve = b.output("VALVE");
        let kc = 1.5;
        let loops: Vec<PointId> = (0..3)
            .map(|number| {
                let name = format!("C{number}");
                let id = b.pid(&name, pvs[number], &Loop { kc, ti: 8.0, ..Loop::default() });
                out_of(&b, id)
            })
            .collect();
        let (selected, _) = b.selector("FY", loops, pick, None);
        let secondary = Loop {
            cascade: Some(selected),
            target: Some(valve),
            normal_mode: Mode::Cascade,
            sp: 40.0,
            kc: 0.3,
            ti: 4.0,
            ..Loop::default()
        };
        b.pid("FIC", flow, &secondary);
        let mut h = b.finish();
        h.preset(valve, 40.0);
        h.all_good(50.0);
        h.set(flow, 40.0);
        h.run(3);
        // C0 content, C1 and C2 far on the losing side.
        let away = if pick == Pick::Low { -1.0 } else { 1.0 };
        for (number, error) in [0.0, 4.0, 9.0].into_iter().enumerate() {
            h.set(pvs[number], 50.0 + away * error);
        }
        h.run(100_000);
        assert_eq!(h.value("FY.SELECTED"), 1.0);
        for (number, error) in [(1, 4.0), (2, 9.0)] {
            let distance = (h.value(&format!("C{number}.OUT")) - h.value("C0.OUT")).abs();
            assert!(distance <= kc * error + 1e-6, "{pick:?} C{number}: {distance}");
        }
        // C2's error turns slowly: it takes over on the way, and the set point shows no step.
        let mut last = h.value("FIC.SP");
        for k in 0..3000 {
            h.set(pvs[2], 50.0 + away * (9.0 - f64::from(k) * 0.005));
            h.scan();
            let sp = h.value("FIC.SP");
            assert!((sp - last).abs() < kc * 0.005 + 0.02, "{pick:?} scan {k}: {last} -> {sp}");
            last = sp;
        }
        assert_eq!(h.value("FY.SELECTED"), 3.0, "{pick:?}");
    }
}

/// T8. Every status at every other input of a loop: set-point source, feed-forward, override, what
/// schedules the gain. OUT is finite and within limits, the mode as the table says.
#[test]
fn every_status_of_every_other_input_has_its_mode_and_a_finite_output() {
    let statuses = [
        Quality::Good,
        Quality::UncertainLastUsable,
        Quality::UncertainSubNormal,
        Quality::BadNoCommunication,
        Quality::BadSensorFailure,
        Quality::BadOutOfService,
    ];
    let names = ["SOURCE", "LOAD", "SWITCH", "WANTED", "BY"];
    for name in names {
        for value in [60.0, f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX] {
            for status in statuses {
                let mut b = Builder::new();
                let pv = b.input("PV");
                let points = names.map(|name| b.input(name));
                let [source, load, switch, wanted, by] = points;
                let valve = b.output("VALVE");
                let feed_forward = b.expr(&[Op::Load(load)]);
                let when = b.above(switch, 90.0);
                let wanted = b.expr(&[Op::Load(wanted)]);
                let options = PidOptions {
                    track: Some(control::plant::Track { when, value: wanted }),
                    schedule: Some(control::plant::Schedule {
                        by,
                        kc: vec![(0.0, 1.0), (100.0, 2.0)],
                        ti: vec![],
                        td: vec![],
                    }),
                    ..PidOptions::default()
                };
                let options = Loop {
                    cascade: Some(source),
                    target: Some(valve),
                    normal_mode: Mode::Cascade,
                    feed_forward: Some(feed_forward),
                    options,
                    ..Loop::default()
                };
                b.pid("FIC", pv, &options);
                let mut h = b.finish();
                h.preset(valve, 40.0);
                h.all_good(50.0);
                h.scan();
                let point = h.point(name);
                h.input(point, value, status);
                h.run(3);
                let out = h.at(valve);
                let lost = status.is_bad() || !value.is_finite();
                let expected = match name {
                    "SOURCE" if lost => Mode::Auto,
                    "SWITCH" if !lost && value > 90.0 => Mode::Tracking,
                    _ => Mode::Cascade,
                };
                let case = format!("{name} {value} {status:?}");
                assert_eq!(h.actual("FIC"), expected, "{case}");
                assert!(out.is_finite() && (0.0..=100.0).contains(&out), "{case}: {out}");
                // What is in the state can be saved, read back, and goes on.
                let saved = h.save();
                h.engine.restore(&saved).unwrap_or_else(|error| panic!("{case}: {error}"));
                h.set(point, 50.0);
                h.run(3);
                assert_eq!(h.actual("FIC"), Mode::Cascade, "{case}");
                assert!(h.at(valve).is_finite(), "{case}");
            }
        }
    }
}

/// T6. Low over high, both ahead of one secondary: whoever loses at either stage follows what works, and
/// a first start finds everything in place. The same ahead of the trim of a ratio.
#[test]
fn selectors_behind_each_other_hold_their_losers() {
    for through_ratio in [false, true] {
        let mut b = Builder::new();
        let pvs = [b.input("PV1"), b.input("PV2"), b.input("PV3")];
        let (flow, wild) = (b.input("FLOW"), b.input("WILD"));
        let valve = b.output("VALVE");
        let kc = 1.5;
        let loops: Vec<PointId> = (0..3)
            .map(|number| {
                let id = b.pid(&format!("C{number}"), pvs[number], &Loop { kc, ti: 8.0, ..Loop::default() });
                out_of(&b, id)
            })
            .collect();
        let (high, _) = b.selector("HY", vec![loops[0], loops[1]], Pick::High, None);
        let (low, _) = b.selector("LY", vec![high, loops[2]], Pick::Low, None);
        let cascade = if through_ratio { b.ratio("FFC", wild, 0.1, Some(low)) } else { low };
        let secondary = Loop {
            cascade: Some(cascade),
            target: Some(valve),
            normal_mode: Mode::Cascade,
            sp: 40.0,
            kc: 0.3,
            ti: 4.0,
            ..Loop::default()
        };
        b.pid("FIC", flow, &secondary);
        let mut h = b.finish();
        h.preset(valve, 40.0);
        h.all_good(50.0);
        h.set(flow, 40.0);
        h.scan();
        let trim = if through_ratio { 40.0 - 0.1 * 50.0 } else { 40.0 };
        for name in ["C0.OUT", "C1.OUT", "C2.OUT"] {
            assert!((h.value(name) - trim).abs() < 1e-9, "{through_ratio} {name}: {}", h.value(name));
        }
        h.run(3);
        assert_eq!(h.actual("FIC"), Mode::Cascade);
        assert!((h.value("FIC.SP") - 40.0).abs() < 1e-6, "{through_ratio}: {}", h.value("FIC.SP"));
        // C2 wins at the low selector with no error; C0 wins at the high one and loses here, C1 loses twice.
        for (number, error) in [-6.0, 3.0, 0.0].into_iter().enumerate() {
            h.set(pvs[number], 50.0 + error);
        }
        h.run(100_000);
        assert_eq!((h.value("HY.SELECTED"), h.value("LY.SELECTED")), (1.0, 2.0));
        for (number, error) in [(0, 6.0), (1, 3.0)] {
            let distance = (h.value(&format!("C{number}.OUT")) - h.value("C2.OUT")).abs();
            assert!(distance <= kc * error + 1e-6, "{through_ratio} C{number}: {distance}");
        }
    }
}
