//! A plant of one loop as text, for what people write about it.

use model::{Diagnostic, Source};

use super::Harness;

const HEAD: &str = r#"
[plant]
name = "one"
title = "ONE LOOP"
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
[tag.TT-1]
description = "Temperature"
unit = "degC"
range = [0, 200]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.LT-2]
description = "Load"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag."P-1.RUN"]
description = "Pump"
words = ["stopped", "running"]
io = { device = "PLC", discrete = 0 }
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
task = "10 ms"
"#;

/// What an ordinary loop has besides its action.
pub const TUNED: &str = "kc = 1.0\nti = \"10 s\"\nsp = \"100 degC\"\n";

/// A position transmitter on its valve, with a stroke test and an interlock.
pub const VALVE: &str = r#"
[tag.ZT-1]
description = "Position"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 2, raw = [0, 27648] }
[position.ZI-1]
description = "Position of TV-1"
loop = "TIC-1"
position = "ZT-1"
by = "10 %"
time = "10 s"
guard = "5 dK"
breakaway = "3 %"
jump = "2 %"
travel = "20 s"
[interlock.IL-1]
description = "Load"
reset = "auto"
trip = [ { when = "LT-2 > 50 %", text = "too much" } ]
do = ["TV-1 := 0 %"]
[alarm."ZI-1.DEV"]
tag = "ZI-1"
high = "5 %"
priority = "low"
cause = "It sticks."
consequence = "Bad control."
response = "Test it."
time = "30 min"
"#;

pub fn source(body: &str) -> Vec<Source> {
    // A loop says what a bad PV does; what is not about that says it here.
    let bad_pv = if body.contains("on_bad_pv") { "" } else { "on_bad_pv = \"manual\"\n" };
    vec![Source { path: "plant.toml".into(), text: format!("{HEAD}{bad_pv}{body}") }]
}

/// The loop TIC-1 with this text, or what the compiler says.
pub fn text_loop(body: &str) -> Result<Harness, Vec<Diagnostic>> {
    control::compile(&source(body)).map(|compiled| Harness::new(compiled.plant))
}

/// The tags of that plant alone, with other blocks on them, and an interlock that opens TV-1 to 80 % while P-1 runs.
pub fn bare(blocks: &str) -> Harness {
    let tags = HEAD.split("[pid.TIC-1]").next().unwrap();
    let interlock = r#"
[interlock.IL-2]
description = "Pump"
reset = "auto"
trip = [ { when = "P-1.RUN", text = "it runs" } ]
do = ["TV-1 := 80 %"]
"#;
    let source = Source { path: "plant.toml".into(), text: format!("{tags}{blocks}{interlock}") };
    match control::compile(&[source]) {
        Ok(compiled) => Harness::new(compiled.plant),
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

/// The loop running: PV, load and valve stand where they are said to.
pub fn running(body: &str, pv: f64, load: f64, valve: f64) -> Harness {
    let mut h = text_loop(body).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    h.all_good(0.0);
    let points = ["TT-1", "LT-2", "TV-1"].map(|name| h.point(name));
    for (point, value) in points.into_iter().zip([pv, load, valve]) {
        h.set(point, value);
    }
    h.scan();
    h
}
