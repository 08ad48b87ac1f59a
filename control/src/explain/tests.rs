//! What `why` writes of an expression, with the values of a plant that runs.

use alloc::sync::Arc;
use alloc::{format, string::String, vec, vec::Vec};
use model::{PointId, Quality, Source};

use crate::{Engine, Input, ScanOutput, StateView, why};

const HEAD: &str = r#"
[plant]
name = "one"
title = "ONE"
period = "100 ms"
[area.100]
title = "A"
[device.PLC]
description = "I/O"
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"
[tag.TT-1]
description = "Temperature"
unit = "degC"
range = [0, 200]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.TT-2]
description = "Temperature"
unit = "degC"
range = [0, 200]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag."P-1.RUN"]
description = "Pump"
words = ["stopped", "running"]
io = { device = "PLC", discrete = 0 }
"#;

/// A plant with one calculation `C-1`.
struct Bench {
    engine: Engine,
    out: ScanOutput,
    inputs: Vec<Input>,
    tick: u64,
}

impl Bench {
    /// `what` is `words = [..]` or `unit` and `range`.
    fn new(what: &str, expression: &str) -> Self {
        Self::of(&format!("[calc.C-1]\ndescription = \"Calculation\"\n{what}\nvalue = \"{expression}\"\n"))
    }

    fn of(text: &str) -> Self {
        let text = format!("{HEAD}{text}");
        let compiled = crate::compile(&[Source { path: "plant.toml".into(), text }]);
        let plant = compiled.unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).plant;
        let link = plant.io.devices[0].link;
        let mut bench = Self {
            engine: Engine::new(Arc::new(plant)),
            out: ScanOutput::with_capacity(64),
            inputs: vec![Input { point: link, value: 1.0, quality: Quality::Good }],
            tick: 0,
        };
        for name in ["TT-1", "TT-2", "P-1.RUN"] {
            bench.set(name, 0.0);
        }
        bench
    }

    fn condition(expression: &str) -> Self {
        Self::new("words = [\"no\", \"yes\"]", expression)
    }

    fn value(expression: &str) -> Self {
        Self::new("unit = \"degC\"\nrange = [-1000, 1000]", expression)
    }

    fn point(&self, name: &str) -> PointId {
        self.engine.plant().find_point(name).unwrap()
    }

    fn set(&mut self, name: &str, value: f64) {
        self.inputs.push(Input { point: self.point(name), value, quality: Quality::Good });
    }

    fn scan(&mut self, values: &[(&str, f64)]) {
        for (name, value) in values {
            self.set(name, *value);
        }
        self.tick += 1;
        self.engine.scan(self.tick, &self.inputs, &[], &mut self.out);
        self.inputs.clear();
    }

    /// The lines of `why C-1` behind its title, and whether each holds.
    fn lines(&self) -> Vec<(String, Option<bool>)> {
        let mut view = StateView::new(self.engine.plant());
        self.engine.publish(&mut view);
        let why = why(self.engine.plant(), &view, "C-1").unwrap();
        why.lines.into_iter().map(|line| (line.text(), line.holds)).collect()
    }

    fn is_on(&self) -> bool {
        self.engine.image().is_on(self.point("C-1"))
    }

    /// The last line says this, and agrees with what the scan made.
    fn says(&self, expected: &str) {
        let lines = self.lines();
        let (text, holds) = lines.last().unwrap();
        assert_eq!(text, expected);
        assert_eq!(*holds, Some(self.is_on()), "`{text}` and the scan");
    }
}

#[test]
fn previous_is_the_value_that_the_scan_has_used() {
    let mut bench = Bench::condition("PREV(TT-1) > 50 degC");
    bench.scan(&[("TT-1", 40.0)]);
    bench.scan(&[("TT-1", 60.0)]);
    bench.says("PREV(TT-1) > 50 degC: now 40.0 degC");
    bench.scan(&[("TT-1", 30.0)]);
    bench.says("PREV(TT-1) > 50 degC: now 60.0 degC");
    bench.scan(&[]);
    bench.says("PREV(TT-1) > 50 degC: now 30.0 degC");
}

#[test]
fn a_change_against_the_scan_before_is_told_with_both_values() {
    let mut bench = Bench::condition("TT-1 > PREV(TT-1)");
    bench.scan(&[("TT-1", 40.0)]);
    bench.scan(&[("TT-1", 41.0)]);
    bench.says("TT-1 > PREV(TT-1): now 41.0 degC against 40.0 degC");
}

#[test]
fn what_a_selection_gives_is_told_with_its_unit() {
    let mut bench = Bench::condition("SEL(P-1.RUN, TT-1, TT-2) > 50 degC");
    bench.scan(&[("TT-1", 40.0), ("TT-2", 60.0)]);
    bench.says("SEL(P-1.RUN, TT-1, TT-2) > 50 degC: now 60.0 degC");
    bench.scan(&[("P-1.RUN", 1.0)]);
    bench.says("SEL(P-1.RUN, TT-1, TT-2) > 50 degC: now 40.0 degC");
}

#[test]
fn a_median_and_a_limit_are_told_with_what_they_give() {
    let mut bench = Bench::condition("MEDIAN(TT-1, TT-2, 50 degC) > 45 degC");
    bench.scan(&[("TT-1", 40.0), ("TT-2", 60.0)]);
    bench.says("MEDIAN(TT-1, TT-2, 50 degC) > 45 degC: now 50.0 degC");
    let mut bench = Bench::condition("LIMIT(20 degC, TT-1, 60 degC) >= 60 degC");
    bench.scan(&[("TT-1", 80.0)]);
    bench.says("LIMIT(20 degC, TT-1, 60 degC) >= 60 degC: now 60.0 degC");
    bench.scan(&[("TT-1", 10.0)]);
    bench.says("LIMIT(20 degC, TT-1, 60 degC) >= 60 degC: now 20.0 degC");
}

#[test]
fn rounding_and_powers_are_told_with_what_they_give() {
    let mut bench = Bench::condition("ROUND(TT-1) > TRUNC(TT-1)");
    bench.scan(&[("TT-1", 41.6)]);
    bench.says("ROUND(TT-1) > TRUNC(TT-1): now 42.0 degC against 41.0 degC");
    bench.scan(&[("TT-1", 41.4)]);
    bench.says("ROUND(TT-1) > TRUNC(TT-1): now 41.0 degC against 41.0 degC");
    let mut bench = Bench::condition("POW(TT-1, 2) > 1000");
    bench.scan(&[("TT-1", 40.0)]);
    bench.says("POW(TT-1, 2) > 1000: now 1600");
}

#[test]
fn an_edge_is_told_with_its_condition_and_does_not_contradict_the_scan_after_it() {
    for (word, from, to) in [("RISE", 40.0, 60.0), ("FALL", 60.0, 40.0)] {
        let mut bench = Bench::condition(&format!("{word}(TT-1 > 50 degC)"));
        bench.scan(&[("TT-1", from)]);
        bench.scan(&[("TT-1", to)]);
        assert!(bench.is_on(), "for the one scan in which nobody asks");
        bench.scan(&[]);
        let lines = bench.lines();
        let [.., (edge, comes), (condition, stands)] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            (edge.as_str(), *comes),
            (if word == "RISE" { "becomes true" } else { "becomes false" }, Some(false))
        );
        assert_eq!(*condition, format!("TT-1 > 50 degC: now {to:.1} degC"));
        assert_eq!(*stands, Some(to > 50.0), "the mark is that of what the line says");
    }
}

#[test]
fn an_off_delay_holds_while_its_time_runs() {
    let mut bench = Bench::condition("TT-1 > 50 degC OFFDELAY 1 s");
    bench.scan(&[("TT-1", 60.0)]);
    bench.says("TT-1 > 50 degC offdelay 1 s: now 60.0 degC");
    for _ in 0..15 {
        bench.scan(&[("TT-1", 40.0)]);
        bench.says("TT-1 > 50 degC offdelay 1 s: now 40.0 degC");
    }
    assert!(!bench.is_on());
}

#[test]
fn an_on_delay_tells_how_far_it_is() {
    let mut bench = Bench::condition("TT-1 > 50 degC FOR 1 s");
    bench.scan(&[("TT-1", 60.0)]);
    for _ in 0..4 {
        bench.scan(&[]);
    }
    bench.says("TT-1 > 50 degC for 1 s: now 60.0 degC, 0.4 s so far of 1 s");
}

#[test]
fn a_calculated_value_is_told_with_what_it_reads() {
    let mut bench = Bench::value("SEL(TT-1 > 50 degC, MEDIAN(TT-1, TT-2, 30 degC), PREV(TT-2))");
    bench.scan(&[("TT-1", 60.0), ("TT-2", 40.0)]);
    let texts: Vec<String> = bench.lines().into_iter().map(|(text, _)| text).collect();
    assert!(texts[0].ends_with(": 40 degC"), "{texts:?}");
    assert!(texts.iter().any(|text| text == "TT-1 60.0 degC"), "{texts:?}");
    assert!(texts.iter().any(|text| text == "TT-2 40.0 degC"), "{texts:?}");
}

#[test]
fn a_hysteresis_tells_where_its_value_is_and_whether_it_stands() {
    let mut bench = Bench::condition("HYST(TT-1, 60 degC, 50 degC)");
    for (value, on) in [(55.0, false), (65.0, true), (55.0, true), (45.0, false)] {
        bench.scan(&[("TT-1", value)]);
        assert_eq!(bench.is_on(), on);
        bench.says(&format!("HYST(TT-1, 60 degC, 50 degC): now {value:.1} degC"));
    }
}

const GUARDED: &str = r#"
[tag.TV-1]
description = "Valve"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 1, raw = [0, 27648] }
[pid.TIC-1]
description = "Temperature"
pv = "TT-1"
out = "TV-1"
action = "reverse"
kc = 1.0
ti = "10 s"
sp = "100 degC"
[interlock.IL-1]
description = "Too hot"
reset = "manual"
trip = [{ when = "TT-2 > 150 degC", text = "hot" }]
do = ["TV-1 := 0 %"]
[alarm."PLC.LINK"]
tag = "PLC"
fault = true
priority = "high"
cause = "Network."
consequence = "Nobody sees the plant."
response = "Look at the switch."
time = "2 min"
"#;

#[test]
fn a_device_of_the_field_tells_its_link_what_is_bad_of_it_and_what_depends_on_it() {
    let mut bench = Bench::of(GUARDED);
    bench.scan(&[("TT-1", 60.0), ("TT-2", 40.0)]);
    let told = |bench: &Bench| {
        let plant = bench.engine.plant();
        let mut view = StateView::new(plant);
        bench.engine.publish(&mut view);
        why(plant, &view, "PLC").unwrap()
    };
    let found = told(&bench);
    assert_eq!((found.name.as_str(), found.verdict.as_str()), ("PLC", "answers"));
    assert_eq!(found.title, "PLC I/O");
    let text: Vec<String> = found.lines.iter().map(model::wire::WhyLine::text).collect();
    for wanted in [
        "Modbus TCP at 127.0.0.1:5020, unit 1",
        "inputs: 3, all usable",
        "outputs: 1",
        "driven by TIC-1",
        "interlocks that judge by its inputs: 1",
        "IL-1 Too hot: ready",
        "its loss raises PLC.LINK: NORMAL",
    ] {
        assert!(text.iter().any(|line| line == wanted), "{wanted}: {text:#?}");
    }
    let link = bench.point("PLC.LINK");
    bench.inputs.push(Input { point: link, value: 0.0, quality: Quality::Good });
    let bad = bench.point("TT-2");
    bench.inputs.push(Input { point: bad, value: 0.0, quality: Quality::BadNoCommunication });
    bench.scan(&[]);
    let found = told(&bench);
    assert_eq!(found.verdict, "no answer");
    let text: Vec<String> = found.lines.iter().map(model::wire::WhyLine::text).collect();
    assert!(text.iter().any(|line| line == "inputs: 3, of which 1 bad"), "{text:#?}");
    assert!(text.iter().any(|line| line.starts_with("TT-2 ")), "{text:#?}");
}
