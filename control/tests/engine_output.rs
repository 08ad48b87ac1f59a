//! Analog output: what a selector, a bias or a characteriser puts out brings a valve, and the loops behind it follow.

mod support;

use model::Mode;
use support::Harness;

const HEAD: &str = r#"
[plant]
name = "output"
title = "OUTPUT"
period = "10 ms"
[area.100]
title = "A"
[device.PLC]
description = "I/O"
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"
[tag.PT-1]
description = "Pressure"
unit = "mbar"
range = [0, 100]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.TT-2]
description = "Temperature"
unit = "degC"
range = [0, 100]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag.TRIP]
description = "Trip"
words = ["no", "yes"]
io = { device = "PLC", discrete = 0 }
[tag.FV-1]
description = "Steam"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 1, raw = [0, 27648] }
[interlock.IL-1]
description = "Steam off"
reset = "auto"
trip = [ { when = "TRIP", text = "trip" } ]
do = ["FV-1 := 0 %"]
[pid.TIC-2]
pv = "TT-2"
action = "reverse"
kc = 1.0
ti = "10 s"
task = "10 ms"
out_unit = "%"
out_range = [0, 100]
sp = "60 degC"
"#;

/// Steam by temperature, but no more than the pressure allows.
const OVERRIDE: &str = r#"
[pid.PIC-1]
pv = "PT-1"
action = "reverse"
kc = 1.0
ti = "10 s"
task = "10 ms"
out_unit = "%"
out_range = [0, 100]
sp = "80 mbar"
[selector.FY-1A]
inputs = ["TIC-2.OUT", "PIC-1.OUT"]
pick = "low"
task = "10 ms"
[analog_output.FY-1]
description = "Steam valve"
input = "FY-1A.OUT"
out = "FV-1"
task = "10 ms"
"#;

fn running(body: &str, valve: f64) -> Harness {
    let source = model::Source { path: "plant.toml".into(), text: format!("{HEAD}{body}") };
    let found = control::compile(&[source]).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let mut h = Harness::new(found.plant);
    h.all_good(0.0);
    let [pt, tt, fv] = ["PT-1", "TT-2", "FV-1"].map(|name| h.point(name));
    h.set(pt, 80.0);
    h.set(tt, 60.0);
    h.preset(fv, valve);
    h.run(3);
    h
}

#[test]
fn an_override_of_two_loops_begins_where_the_valve_stands_and_the_lower_one_has_it() {
    let mut h = running(OVERRIDE, 40.0);
    for name in ["TIC-2.OUT", "PIC-1.OUT", "FY-1A.OUT", "FY-1.IN", "FY-1.OUT", "FV-1"] {
        assert!((h.value(name) - 40.0).abs() < 1e-9, "{name} {}", h.value(name));
    }
    assert_eq!((h.actual("TIC-2"), h.actual("PIC-1")), (Mode::Auto, Mode::Auto));
    // The pressure rises: its loop takes the valve, and closes it.
    h.set(h.point("PT-1"), 90.0);
    h.run(1000);
    assert_eq!(h.value("FY-1A.SELECTED"), 2.0);
    let valve = h.value("FV-1");
    assert!(valve < 30.0 && (valve - h.value("PIC-1.OUT")).abs() < 1e-9, "{valve}");
    // It has done enough. The loser has followed with its integral time, and did not wind up.
    h.set(h.point("PT-1"), 80.0);
    h.run(6000);
    let (valve, temperature) = (h.value("FV-1"), h.value("TIC-2.OUT"));
    assert!(valve < 32.0 && (temperature - valve).abs() < 0.1, "{temperature} against {valve}");
}

#[test]
fn while_an_interlock_holds_the_valve_every_loop_follows_and_comes_back_without_a_bump() {
    let mut h = running(OVERRIDE, 40.0);
    h.set(h.point("TRIP"), 1.0);
    h.run(300);
    assert_eq!(h.value("FV-1"), 0.0);
    assert_eq!((h.actual("TIC-2"), h.actual("PIC-1")), (Mode::Initialising, Mode::Initialising));
    h.set(h.point("TRIP"), 0.0);
    let mut last = 0.0;
    for _ in 0..300 {
        h.scan();
        let now = h.value("FV-1");
        assert!((now - last).abs() < 0.5, "{last} to {now}");
        last = now;
    }
    assert_eq!(h.actual("TIC-2"), Mode::Auto);
}

#[test]
fn a_loop_behind_a_bias_and_a_characteriser_finds_the_valve_where_it_stands() {
    let body = r#"
[bias.HY-1]
input = "TIC-2.OUT"
bias = "10 %"
task = "10 ms"
[characteriser.FY-1B]
input = "HY-1.OUT"
points = [[-50, -50], [0, 0], [50, 20], [100, 100], [150, 150]]
unit = "%"
range = [-50, 150]
task = "10 ms"
[analog_output.FY-1]
input = "FY-1B.OUT"
out = "FV-1"
task = "10 ms"
unit = "%"
range = [-50, 150]
from = [0, 100]
"#;
    let mut h = running(body, 60.0);
    // 60 % of the valve is 75 % of the characteriser, less the bias of 10 %.
    assert!((h.value("TIC-2.OUT") - 65.0).abs() < 1e-6, "{}", h.value("TIC-2.OUT"));
    assert!((h.value("FV-1") - 60.0).abs() < 1e-6);
    h.mode("TIC-2", Mode::Manual).unwrap();
    h.write("TIC-2.OUT", 40.0).unwrap();
    h.run(2);
    assert!((h.value("FV-1") - 20.0).abs() < 1e-9, "{}", h.value("FV-1"));
}

#[test]
fn a_reverse_valve_closes_as_the_signal_rises() {
    let body = r#"
[analog_output.FY-1]
input = "TIC-2.OUT"
out = "FV-1"
task = "10 ms"
to = [100, 0]
"#;
    let mut h = running(body, 70.0);
    assert!((h.value("TIC-2.OUT") - 30.0).abs() < 1e-9, "{}", h.value("TIC-2.OUT"));
    h.mode("TIC-2", Mode::Manual).unwrap();
    h.write("TIC-2.OUT", 90.0).unwrap();
    h.run(2);
    assert!((h.value("FV-1") - 10.0).abs() < 1e-9, "{}", h.value("FV-1"));
}
