//! A motor that loses its voltage, and the interlock and the alarms that tell of it: from text through the engine.

mod support;

use model::{Action, AlarmState, InterlockId, Quality, Refusal};
use support::Harness;
use support::text_loop::{TUNED, text_loop};

const BURNER: &str = r#"
[tag."B-9.CMD"]
description = "Command"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 0 }
[tag."B-9.RUN"]
description = "Runs"
words = ["stopped", "running"]
io = { device = "PLC", discrete = 10 }
[interlock.IL-9]
description = "Burner lock-out"
reset = "manual"
trip = [ { when = "B-9.FAIL FOR {delay}", text = "it went out" } ]
do = ["B-9 := stop"]
[alarm."IL-9"]
tag = "IL-9"
fault = true
priority = "high"
cause = "It went out."
consequence = "No steam."
response = "Look at it."
time = "10 min"
[motor.B-9]
description = "Burner"
out = "B-9.CMD"
on = "B-9.RUN"
travel = "1 s"
task = "10 ms"
"#;

/// A motor whose contactor pulls in whenever it is told to run and there is voltage.
struct Bench {
    h: Harness,
    voltage: bool,
}

impl Bench {
    /// The interlock waits so long after the motor has failed.
    fn new(delay: &str, keys: &str) -> Self {
        let text = format!("{TUNED}{}{keys}", BURNER.replace("{delay}", delay));
        let mut h = text_loop(&text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        h.all_good(0.0);
        h.set(h.point("LT-2"), 50.0);
        let mut bench = Self { h, voltage: true };
        bench.run(10);
        bench
    }

    fn run(&mut self, scans: usize) {
        for _ in 0..scans {
            let runs = self.voltage && self.h.value("B-9.CMD") >= 0.5;
            self.h.set(self.h.point("B-9.RUN"), f64::from(u8::from(runs)));
            self.h.scan();
        }
    }

    fn order(&mut self, value: f64) -> Result<f64, Refusal> {
        let answer = self.h.write("B-9.CMD", value);
        self.run(5);
        answer
    }

    /// Command, feedback and FAIL.
    fn motor(&self) -> (f64, f64, f64) {
        (self.h.value("B-9.CMD"), self.h.value("B-9.RUN"), self.h.value("B-9.FAIL"))
    }
}

fn running(delay: &str) -> Bench {
    let mut bench = Bench::new(delay, "");
    bench.order(1.0).unwrap();
    assert_eq!(bench.motor(), (1.0, 1.0, 0.0));
    bench
}

#[test]
fn a_burner_whose_voltage_comes_back_stays_off_behind_its_lock_out() {
    let mut bench = running("100 ms");
    bench.voltage = false;
    bench.run(90);
    assert_eq!(bench.motor(), (1.0, 0.0, 0.0), "it has its travel time");
    assert_eq!((bench.h.value("IL-9.TRIPPED"), bench.h.quality("IL-9.TRIPPED")), (0.0, Quality::Good));
    bench.run(20);
    assert_eq!(bench.motor(), (0.0, 0.0, 1.0), "then it is told to run no more");
    bench.run(20);
    assert_eq!(bench.h.value("IL-9.TRIPPED"), 1.0);
    assert_eq!(bench.h.engine.alarms()[0].state, AlarmState::Unacked);
    bench.voltage = true;
    bench.run(1000);
    assert_eq!(bench.motor(), (0.0, 0.0, 0.0), "what the interlock has is its own");
    assert_eq!(bench.order(1.0), Err(Refusal::Interlocked));
    bench.h.ask(Action::ResetInterlock { interlock: InterlockId(0) }).unwrap();
    bench.run(5);
    assert_eq!((bench.h.value("IL-9.TRIPPED"), bench.motor()), (0.0, (0.0, 0.0, 0.0)));
    assert_eq!(bench.h.engine.alarms()[0].state, AlarmState::Returned);
    bench.order(1.0).unwrap();
    assert_eq!(bench.motor(), (1.0, 1.0, 0.0));
}

#[test]
fn a_failure_stands_until_somebody_commands_the_motor() {
    for order in [0.0, 1.0] {
        let mut bench = running("1 h");
        // A dip that is over before the travel time is borne.
        bench.voltage = false;
        bench.run(50);
        bench.voltage = true;
        bench.run(50);
        assert_eq!(bench.motor(), (1.0, 1.0, 0.0));
        bench.voltage = false;
        bench.run(110);
        assert_eq!(bench.motor(), (0.0, 0.0, 1.0));
        bench.voltage = true;
        bench.run(1000);
        assert_eq!(bench.motor(), (0.0, 0.0, 1.0));
        bench.order(order).unwrap();
        assert_eq!(bench.motor(), (order, order, 0.0));
    }
}

#[test]
fn what_follows_its_own_condition_starts_again_with_it() {
    let mut bench = Bench::new("1 h", "auto = \"LT-2 > 40 %\"\n");
    bench.h.write("B-9.AUTO", 1.0).unwrap();
    bench.run(20);
    assert_eq!(bench.motor(), (1.0, 1.0, 0.0));
    bench.voltage = false;
    bench.run(105);
    assert_eq!(bench.motor(), (1.0, 0.0, 1.0));
    bench.voltage = true;
    bench.run(5);
    assert_eq!(bench.motor(), (1.0, 1.0, 0.0));
}

#[test]
fn what_no_condition_wants_starts_nothing_again() {
    let mut bench = Bench::new("1 h", "auto = \"LT-2 > 40 %\"\n");
    bench.h.write("B-9.AUTO", 1.0).unwrap();
    bench.run(20);
    let level = bench.h.point("LT-2");
    bench.h.input(level, 50.0, Quality::BadSensorFailure);
    bench.run(20);
    assert_eq!(bench.motor(), (1.0, 1.0, 0.0), "it goes on as it was");
    bench.voltage = false;
    bench.run(110);
    assert_eq!(bench.motor(), (0.0, 0.0, 1.0));
    bench.voltage = true;
    bench.run(1000);
    assert_eq!(bench.motor(), (0.0, 0.0, 1.0), "nobody says that it is wanted");
}

#[test]
fn a_trip_that_is_restored_is_shown() {
    let mut bench = running("100 ms");
    bench.voltage = false;
    bench.run(150);
    let kept = bench.h.save();
    let mut after = Bench::new("100 ms", "");
    after.h.engine.restore(&kept).unwrap();
    assert!(after.h.engine.interlocks()[0].tripped);
    after.run(5);
    assert_eq!(after.h.value("IL-9.TRIPPED"), 1.0);
}
