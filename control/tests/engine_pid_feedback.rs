//! External reset by a measurement of what OUT does: the position of the valve, or the PV of the secondary.
//!
//! The process is `30 s PV' = 40 K + 1.6 K/% position - PV`; a scan is 10 ms.

mod support;

use model::Quality;
use support::Harness;
use support::text_loop::{running, source};

const DT: f64 = 0.01;
const ZT: &str = r#"
[tag.ZT-1]
description = "Position"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 2, raw = [0, 27648] }
"#;
/// Fast for this process, so that a valve that does not follow shows.
const LOOP: &str = "kc = 3.0\nti = \"10 s\"\nsp = \"100 degC\"\n";
const FEEDBACK: &str = "feedback = \"ZT-1\"\n";

struct Field {
    h: Harness,
    pv: f64,
    position: f64,
    /// Of the valve, per second.
    rate: f64,
    stuck: bool,
    stop: f64,
}

impl Field {
    fn new(options: &str, rate: f64) -> Self {
        let mut h = running(&format!("{LOOP}{options}{ZT}"), 100.0, 0.0, 37.5);
        let position = h.point("ZT-1");
        h.set(position, 37.5);
        Self { h, pv: 100.0, position: 37.5, rate, stuck: false, stop: 100.0 }
    }

    fn run(&mut self, seconds: f64) {
        let (pv, position) = (self.h.point("TT-1"), self.h.point("ZT-1"));
        for _ in 0..(seconds / DT) as usize {
            let step = (self.h.value("TV-1") - self.position).clamp(-self.rate * DT, self.rate * DT);
            if !self.stuck {
                self.position = (self.position + step).min(self.stop);
            }
            self.pv += (40.0 + 1.6 * self.position - self.pv) * DT / 30.0;
            self.h.set(pv, self.pv);
            self.h.set(position, self.position);
            self.h.scan();
        }
    }

    /// The highest PV within this time.
    fn peak(&mut self, seconds: f64) -> f64 {
        let mut peak = self.pv;
        for _ in 0..seconds as usize {
            self.run(1.0);
            peak = peak.max(self.pv);
        }
        peak
    }
}

#[test]
fn a_valve_that_sticks_and_lets_go_finds_no_integral_wound_up() {
    let peak = |options: &str| {
        let mut field = Field::new(options, 20.0);
        field.stuck = true;
        field.h.write("TIC-1.SP", 110.0).unwrap();
        field.run(600.0);
        let pressed = field.h.value("TV-1");
        field.stuck = false;
        (pressed, field.peak(120.0))
    };
    let (pressed, without) = peak("");
    let (held, with) = peak(FEEDBACK);
    assert_eq!(pressed, 100.0, "without it the integral goes to its limit");
    // It waits where the error alone has put it: 37.5 + 3 x 0.5 x 10 K and the band.
    assert!((held - 37.5 - 15.0 - 0.5).abs() < 0.1, "{held}");
    assert!(without > 118.0, "the negative control: {without}");
    assert!(with < 112.0, "{with} instead of {without}");
}

#[test]
fn a_valve_that_is_slower_than_the_loop_makes_less_overshoot() {
    let peak = |options: &str| {
        let mut field = Field::new(options, 0.5);
        field.h.write("TIC-1.SP", 130.0).unwrap();
        let peak = field.peak(400.0);
        (peak, field.pv)
    };
    let (without, _) = peak("");
    let (with, end) = peak(FEEDBACK);
    assert!(without > 137.0, "the negative control: {without}");
    assert!(with < 130.0 + (without - 130.0) / 3.0, "{with} instead of {without}");
    assert!((end - 130.0).abs() < 0.5, "it settles all the same: {end}");
}

/// A positioner that is limited to 60 % tells nobody but its transmitter.
#[test]
fn a_stop_in_the_valve_is_a_limit_of_the_loop() {
    let released = |options: &str| {
        let mut field = Field::new(options, 20.0);
        field.stop = 60.0;
        field.h.write("TIC-1.SP", 150.0).unwrap();
        field.run(600.0);
        field.h.write("TIC-1.SP", 130.0).unwrap();
        field.h.value("TV-1")
    };
    // PV stands at 136 degC. The order 6 K below lets the valve close at once, from where it really stands.
    let (without, with) = (released(""), released(FEEDBACK));
    assert!(without > 65.0, "the negative control: {without}");
    assert!((with - 60.5 + 3.0 * 0.5 * 6.0).abs() < 0.1, "{with}");
}

#[test]
fn a_difference_within_the_band_changes_nothing_and_a_bad_position_neither() {
    let outs = |options: &str, offset: f64, quality: Quality| {
        let mut h = running(&format!("{LOOP}{options}{ZT}"), 100.0, 0.0, 37.5);
        let position = h.point("ZT-1");
        h.input(position, 37.5 + offset, quality);
        h.write("TIC-1.SP", 110.0).unwrap();
        let mut outs = vec![];
        for _ in 0..2000 {
            let value = h.value("TV-1") + offset;
            h.input(position, value, quality);
            h.scan();
            outs.push(h.value("TV-1"));
        }
        outs
    };
    let plain = outs("", 0.0, Quality::Good);
    let band = format!("{FEEDBACK}feedback_band = \"1 %\"\n");
    assert!(outs(&band, -0.99, Quality::Good) == plain, "a valve is never quite where it is told to be");
    assert!(outs(&band, -30.0, Quality::BadSensorFailure) == plain, "its own output");
    assert!(outs(&band, -2.0, Quality::Good) != plain);
}

#[test]
fn the_position_that_goes_bad_and_comes_back_makes_no_bump() {
    let mut field = Field::new(FEEDBACK, 0.5);
    field.h.write("TIC-1.SP", 130.0).unwrap();
    field.run(5.0);
    let position = field.h.point("ZT-1");
    for quality in [Quality::BadNoCommunication, Quality::Good] {
        let before = field.h.value("TV-1");
        field.h.input(position, field.position, quality);
        field.h.scan();
        // One step of the integral: dt/TI of the deviation, and the error's.
        assert!((field.h.value("TV-1") - before).abs() < 100.0 * DT / 10.0, "{quality:?}");
    }
}

const SECONDARY: &str = r#"
[pid.LIC-2]
description = "Secondary"
pv = "LT-2"
out = "SV-2"
action = "reverse"
kc = 0.2
ti = "20 s"
task = "10 ms"
cascade = "TIC-2.OUT"
mode = "cascade"
[tag.SV-2]
description = "Valve"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 2, raw = [0, 27648] }
[pid.TIC-2]
description = "Primary"
pv = "TT-1"
action = "reverse"
kc = 3.0
ti = "10 s"
sp = "100 degC"
task = "10 ms"
"#;

/// Here the secondary's loop is as slow as the primary's integral.
#[test]
fn a_primary_may_follow_what_its_secondary_has_made_of_its_order() {
    let peak = |options: &str| {
        let body = format!("kc = 1\nmode = \"manual\"\n{SECONDARY}{options}");
        let mut h = running(&body, 100.0, 37.5, 0.0);
        let (tt, lt) = (h.point("TT-1"), h.point("LT-2"));
        let (mut pv, mut flow, mut peak) = (100.0, 37.5, 100.0_f64);
        let valve = h.value("SV-2");
        h.run(2);
        h.write("TIC-2.SP", 120.0).unwrap();
        for _ in 0..60_000 {
            flow += (37.5 + (h.value("SV-2") - valve) - flow) * DT / 8.0;
            pv += (40.0 + 1.6 * flow - pv) * DT / 30.0;
            h.set(tt, pv);
            h.set(lt, flow);
            h.scan();
            peak = peak.max(pv);
        }
        (peak, pv)
    };
    let (without, _) = peak("");
    let (with, end) = peak("feedback = \"LIC-2.PV\"\nfeedback_band = 0\n");
    assert!(with - 120.0 < (without - 120.0) / 2.0, "{with} instead of {without}");
    assert!((end - 120.0).abs() < 0.5, "{end}");
}

#[test]
fn why_says_what_the_integral_follows() {
    let field = Field::new(FEEDBACK, 20.0);
    let mut view = control::StateView::new(&field.h.plant());
    field.h.engine.publish(&mut view);
    let why = control::why(&field.h.plant(), &view, "TIC-1").unwrap();
    assert!(why.lines.iter().any(|line| line.text().starts_with("its integral follows ZT-1")), "{why:#?}");
}

#[test]
fn a_feedback_that_says_nothing_of_the_output_is_refused() {
    let code = |options: &str| {
        let mistakes = control::compile(&source(&format!("{LOOP}{options}{ZT}"))).unwrap_err();
        mistakes[0].code.to_string()
    };
    assert_eq!(code("feedback = \"TT-1\"\n"), "unit-mismatch");
    assert_eq!(code("feedback = \"P-1.RUN\"\n"), "wrong-kind");
    assert_eq!(code("feedback = \"TIC-1.OUT\"\n"), "algebraic-loop");
    assert_eq!(code("feedback = \"ZT-9\"\n"), "unknown-name");
    assert_eq!(code("feedback_band = \"1 %\"\n"), "contradiction");
    assert_eq!(code("feedback = \"ZT-1\"\nfeedback_band = \"20 %\"\n"), "out-of-range");
}
