//! Tuning experiments in the scan: bounded, given up at once when something is wrong, undone without a
//! bump; and what they leave behind is enough to find the process.

mod support;

use model::{
    Action, BlockId, EventBody, Experiment, ExperimentChange, ExperimentEnd, ExperimentShape, Mode, Quality,
    Refusal,
};
use support::Harness;
use support::text_loop::{TUNED, running};
use tuning::{Process, Record};

const HEATER: Process = Process::Lag { gain: 0.8, tau: 3.0, delay: 0.5 };
const STEP: Experiment = Experiment {
    shape: ExperimentShape::Step,
    amplitude: 5.0,
    bias: 0.0,
    hysteresis: 0.0,
    deviation: 20.0,
    for_ms: 20_000,
};
const RELAY: Experiment =
    Experiment { shape: ExperimentShape::Relay, hysteresis: 0.1, bias: 0.5, for_ms: 120_000, ..STEP };

/// The loop with a heater behind its valve, from rest at 100 degC and 40 %.
struct Bench {
    h: Harness,
    heater: tuning::Running,
    record: Record,
    sign: f64,
}

impl Bench {
    fn new(text: &str) -> Self {
        let h = running(&format!("{TUNED}{text}"), 100.0, 0.0, 40.0);
        let heater = tuning::Running::new(&HEATER, 0.01);
        Self { h, heater, record: Record { dt: 0.01, ..Record::default() }, sign: 1.0 }
    }

    fn run(&mut self, seconds: f64) {
        let tt = self.h.point("TT-1");
        for _ in 0..(seconds * 100.0) as usize {
            self.h.set(tt, 100.0 + self.heater.pv());
            self.h.scan();
            let valve = self.h.value("TV-1");
            self.heater.step(self.sign * (valve - 40.0));
            self.record.pv.push(self.h.value("TIC-1.PV"));
            self.record.out.push(valve);
        }
    }

    fn begin(&mut self, plan: Experiment) -> Result<(), Refusal> {
        self.h.ask(Action::Experiment { block: self.block(), plan }).map(|_| ())
    }

    fn block(&self) -> BlockId {
        self.h.engine.plant().find_block("TIC-1").unwrap()
    }

    fn changes(&self) -> Vec<ExperimentChange> {
        let changes = self.h.events.iter().filter_map(|event| match event.body {
            EventBody::Experiment { change, .. } => Some(change),
            _ => None,
        });
        changes.collect()
    }

    fn end(&self) -> Option<ExperimentEnd> {
        match self.changes().last() {
            Some(ExperimentChange::Ended { reason, .. }) => Some(*reason),
            _ => None,
        }
    }
}

/// The same loop on a valve that cools.
fn direct() -> Harness {
    let mut sources = support::text_loop::source(TUNED);
    sources[0].text = sources[0].text.replace("reverse", "direct");
    let mut h = Harness::new(control::compile(&sources).unwrap().plant);
    h.all_good(0.0);
    for (name, value) in [("TT-1", 100.0), ("TV-1", 40.0)] {
        let point = h.point(name);
        h.set(point, value);
    }
    h.scan();
    h
}

#[test]
fn a_step_test_moves_the_valve_once_comes_back_and_shows_the_process() {
    let mut bench = Bench::new("");
    bench.run(2.0);
    bench.begin(STEP).unwrap();
    bench.run(4.0);
    assert_eq!((bench.h.actual("TIC-1"), bench.h.value("TV-1")), (Mode::Manual, 40.0), "it rests first");
    bench.run(10.0);
    assert_eq!(bench.h.value("TV-1"), 45.0);
    bench.run(11.5);
    assert_eq!(bench.end(), Some(ExperimentEnd::Done));
    assert_eq!(bench.h.actual("TIC-1"), Mode::Auto);
    let last = bench.record.out.windows(2).map(|two| (two[1] - two[0]).abs()).collect::<Vec<f64>>();
    assert_eq!(last.iter().filter(|move_| **move_ > 1.0).count(), 2, "up and down, no other bump");
    assert_eq!(bench.h.value("TIC-1.SP"), 100.0, "the operator's set point stands");
    // The record until the way back.
    let mut record = bench.record.clone();
    record.pv.truncate(2650);
    let found = tuning::identify(&record).unwrap();
    let Process::Lag { gain, tau, delay } = found.process else { panic!("{:?}", found.process) };
    assert!((gain - 0.8).abs() < 0.01 && (tau - 3.0).abs() < 0.05, "{gain} {tau}");
    // One scan from OUT to the field.
    assert!((delay - 0.5).abs() < 0.03, "{delay}");
}

#[test]
fn a_pulse_ends_where_it_began() {
    let mut bench = Bench::new("");
    bench.begin(Experiment { shape: ExperimentShape::Pulse, amplitude: -5.0, ..STEP }).unwrap();
    bench.run(15.0);
    assert_eq!(bench.h.value("TV-1"), 35.0);
    bench.run(15.0);
    assert_eq!((bench.h.value("TV-1"), bench.h.actual("TIC-1")), (40.0, Mode::Manual));
    bench.run(16.0);
    assert_eq!(bench.end(), Some(ExperimentEnd::Done));
    assert!((bench.h.value("TIC-1.PV") - 100.0).abs() < 0.1);
    assert!((bench.h.value("TV-1") - 40.0).abs() < 0.1 && bench.h.actual("TIC-1") == Mode::Auto);
}

/// More OUT is more PV behind a loop that acts in reverse, and less behind a direct one.
#[test]
fn a_relay_drives_pv_first_to_the_side_of_its_amplitude() {
    for (amplitude, direct_action, out) in
        [(5.0, false, 45.5), (-5.0, false, 35.5), (5.0, true, 35.5), (-5.0, true, 45.5)]
    {
        let mut bench = Bench::new("");
        if direct_action {
            (bench.h, bench.sign) = (direct(), -1.0);
        }
        bench.begin(Experiment { amplitude, ..RELAY }).unwrap();
        bench.run(12.1);
        assert_eq!(bench.h.value("TV-1"), out, "{amplitude}, direct: {direct_action}");
    }
}

#[test]
fn a_relay_test_finds_the_ultimate_point_of_the_heater() {
    for sign in [1.0, -1.0] {
        let mut bench = Bench::new("");
        if sign < 0.0 {
            (bench.h, bench.sign) = (direct(), sign);
        }
        bench.begin(RELAY).unwrap();
        bench.run(60.0);
        assert_eq!(bench.end(), Some(ExperimentEnd::Done), "{:?}", bench.changes());
        let cycles = bench.changes().iter().filter(|c| matches!(c, ExperimentChange::Cycle { .. })).count();
        assert_eq!(cycles, 6);
        let mut record = bench.record.clone();
        let back = record.out.iter().rposition(|out| (*out - 40.0).abs() > 4.0).unwrap();
        record.pv.truncate(back);
        let found = tuning::relay::analyse(&record, 0.1).unwrap();
        // atan(3 w) + 0.51 w = pi
        let w = (0..60).fold(3.0, |w: f64, _| (std::f64::consts::PI - f64::atan(3.0 * w)) / 0.51);
        let ku = f64::hypot(1.0, 3.0 * w) / 0.8;
        assert!((found.ku * sign / ku - 1.0).abs() < 0.05, "Ku {} for {ku}", found.ku);
        assert!((found.tu_s * w / std::f64::consts::TAU - 1.0).abs() < 0.05, "Tu {}", found.tu_s);
        let Some(ExperimentChange::Cycle { period_ms, low, high }) =
            bench.changes().iter().rev().find(|c| matches!(c, ExperimentChange::Cycle { .. })).copied()
        else {
            panic!("no cycle")
        };
        assert!((f64::from(period_ms) / 1e3 / found.period_s - 1.0).abs() < 0.03);
        assert!(((high - low) / 2.0 / found.amplitude - 1.0).abs() < 0.05);
    }
}

#[test]
fn whoever_acts_on_the_loop_has_it() {
    type Deed = fn(&mut Bench);
    let deeds: [(Deed, Mode, f64); 2] = [
        (|bench| bench.h.write("TIC-1.OUT", 30.0).map(|_| ()).unwrap(), Mode::Manual, 30.0),
        (|bench| bench.h.mode("TIC-1", Mode::Auto).map(|_| ()).unwrap(), Mode::Auto, 45.0),
    ];
    for (deed, mode, valve) in &deeds {
        let mut bench = Bench::new("");
        bench.begin(STEP).unwrap();
        bench.run(6.0);
        deed(&mut bench);
        bench.run(0.05);
        assert_eq!(bench.end(), Some(ExperimentEnd::TakenOver));
        assert_eq!(bench.h.actual("TIC-1"), *mode);
        assert!((bench.h.value("TV-1") - valve).abs() < 1.0, "{}", bench.h.value("TV-1"));
    }
}

#[test]
fn an_order_a_far_pv_and_a_bad_one_end_it_and_the_valve_goes_back() {
    type Deed = fn(&mut Bench);
    let deeds: [(Deed, ExperimentEnd, Mode); 3] = [
        (
            |bench| {
                let block = bench.block();
                bench.h.ask(Action::EndExperiment { block }).unwrap();
            },
            ExperimentEnd::Ordered,
            Mode::Auto,
        ),
        (
            |bench| {
                (0..300).for_each(|_| bench.heater.step(60.0));
                bench.run(0.05);
            },
            ExperimentEnd::Deviation,
            Mode::Auto,
        ),
        (
            |bench| {
                let tt = bench.h.point("TT-1");
                bench.h.input(tt, 0.0, Quality::BadNoCommunication);
                bench.h.scan();
                bench.h.scan();
                bench.h.scan();
            },
            ExperimentEnd::BadPv,
            Mode::Manual,
        ),
    ];
    for (deed, reason, mode) in deeds {
        let mut bench = Bench::new("");
        bench.begin(Experiment { deviation: 10.0, ..STEP }).unwrap();
        bench.run(6.0);
        assert_eq!(bench.h.value("TV-1"), 45.0);
        deed(&mut bench);
        for _ in 0..4 {
            bench.h.scan();
        }
        assert_eq!(bench.end(), Some(reason));
        assert_eq!(bench.h.actual("TIC-1"), mode);
        assert!((bench.h.value("TV-1") - 40.0).abs() < 30.0, "{reason:?} {}", bench.h.value("TV-1"));
        if mode == Mode::Manual {
            assert_eq!(bench.h.value("TV-1"), 40.0);
        }
    }
}

#[test]
fn what_is_not_bounded_does_not_begin() {
    let mut bench = Bench::new("out_limits = [30, 70]\n");
    let refused = |bench: &mut Bench, plan| bench.begin(plan).unwrap_err();
    assert_eq!(refused(&mut bench, Experiment { amplitude: f64::NAN, ..STEP }), Refusal::NotANumber);
    assert_eq!(refused(&mut bench, Experiment { amplitude: 0.0, ..STEP }), Refusal::BelowLimit);
    assert_eq!(refused(&mut bench, Experiment { deviation: 0.0, ..STEP }), Refusal::BelowLimit);
    assert_eq!(refused(&mut bench, Experiment { for_ms: 0, ..STEP }), Refusal::BelowLimit);
    assert_eq!(refused(&mut bench, Experiment { for_ms: u32::MAX, ..STEP }), Refusal::AboveLimit);
    assert_eq!(refused(&mut bench, Experiment { amplitude: 26.0, ..STEP }), Refusal::AboveLimit);
    assert_eq!(refused(&mut bench, Experiment { amplitude: -11.0, ..STEP }), Refusal::BelowLimit);
    assert_eq!(refused(&mut bench, Experiment { amplitude: 11.0, ..RELAY }), Refusal::BelowLimit);
    let unknown = Action::Experiment { block: BlockId(99), plan: STEP };
    assert_eq!(bench.h.ask(unknown).unwrap_err(), Refusal::Unknown);
    let block = bench.block();
    assert_eq!(bench.h.ask(Action::EndExperiment { block }).unwrap_err(), Refusal::NothingToDo);
    bench.begin(STEP).unwrap();
    assert_eq!(refused(&mut bench, STEP), Refusal::NothingToDo);
    assert_eq!(bench.h.actual("TIC-1"), Mode::Manual);
    let tt = bench.h.point("TT-1");
    bench.h.input(tt, 0.0, Quality::BadNoCommunication);
    bench.run(0.1);
    let mut other = Bench::new("");
    other.h.input(tt, 0.0, Quality::BadNoCommunication);
    other.h.scan();
    assert!(other.begin(STEP).is_err());
}

#[test]
fn a_snapshot_in_the_middle_goes_on_alike_and_a_restart_ends_it() {
    let mut bench = Bench::new("");
    bench.begin(RELAY).unwrap();
    bench.run(14.0);
    let snapshot = bench.h.save();
    let mut other = Bench::new("").h.engine;
    other.restore(&snapshot).unwrap();
    assert_eq!(other.state_hash(), bench.h.engine.state_hash());
    bench.h.engine.resume();
    let plc = bench.h.point("PLC.LINK");
    bench.h.set(plc, 1.0);
    bench.h.all_good(0.0);
    bench.run(1.0);
    assert_eq!(bench.end(), Some(ExperimentEnd::Interrupted));
    assert_eq!(bench.h.actual("TIC-1"), Mode::Auto);
}

#[test]
fn why_of_a_loop_tells_that_a_test_has_its_output_and_what_comes_back() {
    let mut bench = Bench::new("");
    let words = |bench: &Bench| {
        let plant = bench.h.plant();
        let mut view = control::StateView::new(&plant);
        bench.h.engine.publish(&mut view);
        support::words(&control::why(&plant, &view, "TIC-1").unwrap())
    };
    bench.run(1.0);
    assert!(!words(&bench).contains("test"), "{}", words(&bench));
    bench.begin(STEP).unwrap();
    bench.run(1.0);
    let told = words(&bench);
    assert!(
        told.contains("a step test rests where OUT stood, 1 s so far; OUT was 40.0 % and the mode AUTO"),
        "{told}"
    );
    bench.run(6.0);
    let told = words(&bench);
    assert!(told.contains("a step test moves OUT, 2"), "{told}");
    bench.run(30.0);
    assert!(!words(&bench).contains("test"), "{}", words(&bench));
}
