//! Stroke tests of control valves in the scan, against a valve whose stiction is known: the model of Choudhury,
//! Thornhill and Shah (Control Engineering Practice 13, 2005) with stick band S and slip jump J.

mod support;

use model::{
    Action, BlockId, EventBody, Experiment, ExperimentChange, ExperimentEnd, ExperimentShape, Mode, Quality,
    Refusal, StrokeResult,
};
use support::Harness;
use support::text_loop::{TUNED, VALVE, running, text_loop};

/// What the plant declares.
const PLAN: Experiment = Experiment {
    shape: ExperimentShape::Stroke,
    amplitude: 0.0,
    bias: 0.0,
    hysteresis: 0.0,
    deviation: 0.0,
    for_ms: 0,
};

/// Choudhury's valve: it stands until its signal has turned by S, slips by J, then follows at (S - J)/2 behind.
#[derive(Clone, Copy)]
struct Sticky {
    s: f64,
    j: f64,
    position: f64,
    /// Where the signal turned, or the valve came to rest, and which way it goes.
    turn: f64,
    way: f64,
    sticks: bool,
    last: f64,
    /// Behind it the actuator, first order.
    lag_s: f64,
    shown: f64,
}

impl Sticky {
    fn new(s: f64, j: f64, lag_s: f64) -> Self {
        // It has come from below.
        let position = 40.0 - (s - j) / 2.0;
        Self { s, j, position, turn: 40.0, way: 1.0, sticks: false, last: 40.0, lag_s, shown: position }
    }

    fn step(&mut self, signal: f64) {
        let change = signal - self.last;
        if change != 0.0 && change.signum() != self.way {
            (self.turn, self.way, self.sticks) = (self.last, change.signum(), true);
        }
        self.last = signal;
        if self.sticks && (signal - self.turn).abs() > self.s {
            self.sticks = false;
        }
        if !self.sticks && change != 0.0 {
            self.position = signal - self.way * (self.s - self.j) / 2.0;
        }
        self.shown += (self.position - self.shown) * (0.01 / (0.01 + self.lag_s));
    }
}

struct Bench {
    h: Harness,
    valve: Sticky,
    /// TT-1, and whether ZT-1 is healthy.
    pv: f64,
    healthy: bool,
}

impl Bench {
    fn new(s: f64, j: f64, lag_s: f64) -> Self {
        let valve = Sticky::new(s, j, lag_s);
        let mut h = running(&format!("{TUNED}{VALVE}"), 100.0, 0.0, 40.0);
        let zt = h.point("ZT-1");
        h.set(zt, valve.shown);
        h.scan();
        Self { h, valve, pv: 100.0, healthy: true }
    }

    fn run(&mut self, seconds: f64) {
        let [tt, zt] = ["TT-1", "ZT-1"].map(|name| self.h.point(name));
        for _ in 0..(seconds * 100.0) as usize {
            self.h.set(tt, self.pv);
            let quality = if self.healthy { Quality::Good } else { Quality::BadNoCommunication };
            self.h.input(zt, self.valve.shown, quality);
            self.h.scan();
            self.valve.step(self.h.value("TV-1"));
        }
    }

    fn block(&self) -> BlockId {
        self.h.engine.plant().find_block("ZI-1").unwrap()
    }

    fn begin(&mut self, plan: Experiment) -> Result<f64, Refusal> {
        self.h.ask(Action::Experiment { block: self.block(), plan })
    }

    fn result(&self) -> StrokeResult {
        StrokeResult::from_value(self.h.value("ZI-1.RESULT"))
    }

    fn end(&self) -> Option<ExperimentEnd> {
        self.h.events.iter().rev().find_map(|event| match event.body {
            EventBody::Experiment { change: ExperimentChange::Ended { reason, .. }, .. } => Some(reason),
            _ => None,
        })
    }
}

#[test]
fn a_healthy_valve_passes_and_the_loop_goes_on_as_before() {
    let mut bench = Bench::new(0.0, 0.0, 0.2);
    bench.run(1.0);
    assert_eq!(bench.result(), StrokeResult::None);
    bench.begin(PLAN).unwrap();
    bench.run(7.0);
    assert_eq!((bench.result(), bench.h.actual("TIC-1")), (StrokeResult::Running, Mode::Manual));
    let half = bench.h.value("TV-1");
    assert!((half - 44.5).abs() < 0.1, "half way: {half}");
    bench.run(25.0);
    assert_eq!((bench.result(), bench.end()), (StrokeResult::Passed, Some(ExperimentEnd::Done)));
    let read = |name: &str| bench.h.value(name);
    assert!((10.0..11.0).contains(&read("ZI-1.TRAVEL")), "{}", read("ZI-1.TRAVEL"));
    assert!(read("ZI-1.BREAK") < 0.8 && read("ZI-1.JUMP") < 0.8);
    assert_eq!(bench.h.actual("TIC-1"), Mode::Auto);
    assert!((read("TV-1") - 40.0).abs() < 0.1 && read("TIC-1.SP") == 100.0);
}

/// Within what counts as a movement (0.5 %), and what the actuator trails by.
#[test]
fn stick_band_and_slip_jump_are_found_as_they_are() {
    for (s, j) in [(2.5, 0.0), (2.5, 1.0), (2.0, 2.0), (6.0, 3.0), (7.0, 6.0), (1.0, 1.0)] {
        for (lag_s, by) in [(0.0, 10.0), (0.3, 10.0), (0.3, -10.0)] {
            let mut bench = Bench::new(s, j, lag_s);
            // The same test with limits that judge no valve.
            let wide = VALVE
                .replace("breakaway = \"3 %\"", "breakaway = \"9 %\"")
                .replace("jump = \"2 %\"", "jump = \"9 %\"");
            bench.h = running(&format!("{TUNED}{wide}"), 100.0, 0.0, 40.0);
            bench.run(0.1);
            bench.begin(Experiment { amplitude: by, ..PLAN }).unwrap();
            bench.run(32.0);
            assert_eq!(bench.result(), StrokeResult::Passed, "S {s} J {j}");
            let (found_s, found_j) = (bench.h.value("ZI-1.BREAK"), bench.h.value("ZI-1.JUMP"));
            assert!((-0.02..0.9).contains(&(found_s - s)), "S {s} J {j} by {by}: S found {found_s}");
            assert!((-0.02..0.9).contains(&(found_j - j)), "S {s} J {j} by {by}: J found {found_j}");
        }
    }
}

#[test]
fn a_valve_that_sticks_or_jumps_fails_and_one_that_stands_still_is_let_alone_at_once() {
    for (s, j) in [(4.0, 1.0), (2.9, 2.9)] {
        let mut bench = Bench::new(s, j, 0.1);
        bench.begin(PLAN).unwrap();
        bench.run(32.0);
        assert_eq!(
            (bench.result(), bench.end()),
            (StrokeResult::Failed, Some(ExperimentEnd::Done)),
            "{s} {j}"
        );
        assert_eq!(bench.h.actual("TIC-1"), Mode::Auto);
    }
    let mut bench = Bench::new(50.0, 0.0, 0.1);
    bench.valve.sticks = true;
    bench.begin(PLAN).unwrap();
    let mut most: f64 = 0.0;
    for _ in 0..300 {
        bench.run(0.1);
        most = most.max(bench.h.value("TV-1"));
    }
    assert_eq!(bench.result(), StrokeResult::Failed);
    assert!(
        (43.0..43.1).contains(&most),
        "no further than the greatest breakaway, before it lets go: {most}"
    );
    assert!((bench.h.value("ZI-1.BREAK") - 3.0).abs() < 0.1);
}

#[test]
fn a_valve_that_is_late_fails() {
    let mut bench = Bench::new(0.0, 0.0, 60.0);
    bench.begin(Experiment { for_ms: 20_000, ..PLAN }).unwrap();
    bench.run(40.0);
    assert_eq!(bench.result(), StrokeResult::Failed);
    assert!(bench.h.value("ZI-1.TRAVEL") <= 20.1);
}

#[test]
fn whatever_disturbs_it_aborts_it_and_the_output_is_back_at_once() {
    type Deed = fn(&mut Bench);
    let deeds: [(Deed, ExperimentEnd, f64); 6] = [
        (|bench| bench.healthy = false, ExperimentEnd::BadPosition, 40.0),
        (|bench| bench.pv = 106.0, ExperimentEnd::Deviation, 40.0),
        (
            |bench| {
                let block = bench.block();
                bench.h.ask(Action::EndExperiment { block }).unwrap();
            },
            ExperimentEnd::Ordered,
            40.0,
        ),
        (|bench| bench.h.write("TIC-1.OUT", 30.0).map(|_| ()).unwrap(), ExperimentEnd::TakenOver, 30.0),
        (|bench| bench.h.mode("TIC-1", Mode::Auto).map(|_| ()).unwrap(), ExperimentEnd::TakenOver, 45.0),
        // The interlock has the last word, and the loop is ordered back into its mode behind it.
        (
            |bench| {
                let load = bench.h.point("LT-2");
                bench.h.set(load, 60.0);
            },
            ExperimentEnd::Interrupted,
            0.0,
        ),
    ];
    for (deed, reason, valve) in deeds {
        let mut bench = Bench::new(0.0, 0.0, 0.1);
        bench.begin(PLAN).unwrap();
        bench.run(7.5);
        assert!((bench.h.value("TV-1") - 45.0).abs() < 0.1);
        deed(&mut bench);
        bench.run(0.05);
        assert_eq!((bench.end(), bench.result()), (Some(reason), StrokeResult::Aborted), "{reason:?}");
        let at = bench.h.value("TV-1");
        assert!((at - valve).abs() < 0.6, "{reason:?}: {at}");
        assert_eq!(bench.h.value("ZI-1.BREAK"), 0.0, "it has measured nothing");
        if reason == ExperimentEnd::Interrupted {
            bench.run(1.0);
            assert_eq!((bench.h.value("TV-1"), bench.h.actual("TIC-1")), (0.0, Mode::Tracking));
            let load = bench.h.point("LT-2");
            bench.h.set(load, 0.0);
            bench.run(0.1);
            assert_eq!(bench.h.actual("TIC-1"), Mode::Auto);
            assert!(bench.h.value("TV-1") < 1.0, "from where the interlock has put it");
        }
    }
}

#[test]
fn a_position_or_an_output_that_is_forced_by_hand_proves_nothing() {
    for (tag, value, reason) in
        [("ZT-1", 45.0, ExperimentEnd::BadPosition), ("TV-1", 30.0, ExperimentEnd::Interrupted)]
    {
        let mut bench = Bench::new(0.0, 0.0, 0.1);
        bench.begin(PLAN).unwrap();
        bench.run(7.5);
        let point = bench.h.point(tag);
        bench.h.ask(Action::Force { point, value, for_ms: 60_000 }).unwrap();
        bench.run(0.1);
        assert_eq!((bench.end(), bench.result()), (Some(reason), StrokeResult::Aborted), "{tag}");
        assert!(bench.begin(PLAN).is_err());
    }
}

#[test]
fn a_command_makes_the_declared_test_smaller_and_never_larger() {
    let mut bench = Bench::new(0.0, 0.0, 0.1);
    let mut refused = |plan| bench.begin(plan).unwrap_err();
    assert_eq!(refused(Experiment { amplitude: 10.1, ..PLAN }), Refusal::AboveLimit);
    assert_eq!(refused(Experiment { amplitude: -10.1, ..PLAN }), Refusal::AboveLimit);
    assert_eq!(refused(Experiment { amplitude: 2.0, ..PLAN }), Refusal::BelowLimit);
    assert_eq!(refused(Experiment { amplitude: f64::NAN, ..PLAN }), Refusal::NotANumber);
    assert_eq!(refused(Experiment { deviation: 6.0, ..PLAN }), Refusal::AboveLimit);
    assert_eq!(refused(Experiment { for_ms: 20_001, ..PLAN }), Refusal::AboveLimit);
    let pid = bench.h.engine.plant().find_block("TIC-1").unwrap();
    assert_eq!(bench.h.ask(Action::Experiment { block: pid, plan: PLAN }).unwrap_err(), Refusal::Unknown);
    bench.healthy = false;
    bench.run(0.1);
    assert_eq!(bench.begin(PLAN).unwrap_err(), Refusal::NotPermitted);
    bench.healthy = true;
    bench.run(0.1);
    bench.begin(Experiment { amplitude: -5.0, ..PLAN }).unwrap();
    assert_eq!(bench.begin(PLAN).unwrap_err(), Refusal::NothingToDo);
    bench.run(13.0);
    assert!((bench.h.value("TV-1") - 35.0).abs() < 0.05, "{}", bench.h.value("TV-1"));
}

#[test]
fn the_deviation_of_the_valve_from_its_output_is_a_value_with_an_alarm() {
    let mut bench = Bench::new(0.0, 0.0, 0.0);
    bench.run(0.1);
    assert!(bench.h.value("ZI-1.DEV").abs() < 0.1);
    let alarms = |bench: &Bench| {
        bench.h.events.iter().filter(|event| matches!(event.body, EventBody::Alarm { .. })).count()
    };
    let before = alarms(&bench);
    bench.valve.shown = 33.0;
    bench.valve.lag_s = 1e9;
    bench.run(0.3);
    assert!((bench.h.value("ZI-1.DEV") - 7.0).abs() < 0.1);
    assert_eq!(alarms(&bench), before + 1);
    bench.healthy = false;
    bench.run(0.2);
    assert!(bench.h.quality("ZI-1.DEV").is_bad());
}

/// Out, there, back and home, behind the 2.5 s in which the loop comes to rest.
#[test]
fn a_snapshot_in_any_leg_goes_on_alike() {
    for seconds in [7.0, 13.5, 18.0, 26.0] {
        let mut one = Bench::new(2.0, 1.0, 0.1);
        one.begin(PLAN).unwrap();
        one.run(seconds);
        let mut two = Bench::new(2.0, 1.0, 0.1);
        two.h.engine.restore(&one.h.save()).unwrap();
        (two.valve, two.h.tick) = (one.valve, one.h.tick);
        for bench in [&mut one, &mut two] {
            bench.run(32.0 - seconds);
            assert_eq!((bench.result(), bench.end()), (StrokeResult::Passed, Some(ExperimentEnd::Done)));
        }
        assert_eq!(two.h.engine.state_hash(), one.h.engine.state_hash(), "from {seconds} s");
        assert_eq!(
            ["BREAK", "JUMP", "TRAVEL"].map(|name| two.h.value(&format!("ZI-1.{name}"))),
            ["BREAK", "JUMP", "TRAVEL"].map(|name| one.h.value(&format!("ZI-1.{name}")))
        );
    }
}

#[test]
fn a_restart_in_the_middle_aborts_it() {
    let mut bench = Bench::new(2.0, 1.0, 0.1);
    bench.begin(PLAN).unwrap();
    bench.run(18.0);
    bench.h.engine.resume();
    let plc = bench.h.point("PLC.LINK");
    bench.h.set(plc, 1.0);
    bench.h.all_good(0.0);
    bench.run(1.0);
    assert_eq!((bench.end(), bench.result()), (Some(ExperimentEnd::Interrupted), StrokeResult::Aborted));
}

#[test]
fn the_same_test_gives_the_same_bits() {
    // The same inputs and commands give the same bits.
    let record = |bench: &mut Bench| {
        bench.begin(PLAN).unwrap();
        (0..300)
            .map(|_| {
                bench.run(0.1);
                bench.h.engine.state_hash()
            })
            .collect::<Vec<_>>()
    };
    let [mut one, mut two] = [Bench::new(2.0, 1.0, 0.1), Bench::new(2.0, 1.0, 0.1)];
    assert_eq!(record(&mut one), record(&mut two));
}

#[test]
fn a_test_that_cannot_be_is_no_plant() {
    for (from, to, code) in [
        ("by = \"10 %\"", "by = \"30 %\"", "out-of-range"),
        ("by = \"10 %\"\n", "", "missing-key"),
        ("breakaway = \"3 %\"", "breakaway = \"12 %\"", "out-of-range"),
        ("jump = \"2 %\"", "jump = \"0 %\"", "out-of-range"),
        ("travel = \"20 s\"", "travel = \"9 s\"", "out-of-range"),
        ("time = \"10 s\"", "time = \"10 ms\"", "out-of-range"),
        ("guard = \"5 dK\"", "guard = \"0 dK\"", "out-of-range"),
        ("loop = \"TIC-1\"", "loop = \"TIC-2\"", "unknown-name"),
        ("position = \"ZT-1\"", "position = \"TT-1\"", "unit-mismatch"),
        ("position = \"ZT-1\"", "position = \"ZT-1\"\nmoved = \"3 %\"", "out-of-range"),
    ] {
        let Err(mistakes) = text_loop(&format!("{TUNED}{}", VALVE.replace(from, to))) else {
            panic!("{to} compiles")
        };
        assert!(mistakes.iter().any(|mistake| mistake.code == code), "{to}: {mistakes:#?}");
    }
}
