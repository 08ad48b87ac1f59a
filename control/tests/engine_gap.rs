//! A controller that was not there for a while: what a delay, a step, a loop and a filter make of the time in which nobody looked.

mod support;

use control::Engine;
use model::{AlarmState, EventBody, ProcOrder, ProcState, Quality, Source};
use support::text_loop::{TUNED, source};
use support::{Harness, phase_state};

/// One scan in so many milliseconds.
const PERIOD_MS: u64 = 10;
/// How long the controller is away.
const AWAY_MS: u64 = 60_000;

const UNIT: &str = "[unit.U-1]\ndescription = \"Unit\"\narea = \"100\"\n";

fn compiled(body: &str, phase: &str) -> Harness {
    let mut sources = source(&format!("{body}{UNIT}"));
    sources.push(Source { path: "one.phase".into(), text: phase.into() });
    match control::compile(&sources) {
        Ok(compiled) => Harness::new(compiled.plant),
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

fn rig(body: &str, inputs: &[(&str, f64)]) -> Harness {
    let mut h = compiled(&format!("{TUNED}{body}"), "");
    begin(&mut h, inputs);
    h
}

fn begin(h: &mut Harness, inputs: &[(&str, f64)]) {
    h.all_good(0.0);
    put(h, inputs);
    h.scan();
}

fn put(h: &mut Harness, inputs: &[(&str, f64)]) {
    for (name, value) in inputs {
        let point = h.point(name);
        h.set(point, *value);
    }
}

/// The controller is killed. So much later another takes its state up, and this is the first that it sees.
fn away(h: &mut Harness, ms: u64, inputs: &[(&str, f64)]) {
    die(h, ms);
    begin(h, inputs);
    assert!(h.engine.is_ready());
}

fn die(h: &mut Harness, ms: u64) {
    let saved = h.save();
    let mut engine = Engine::new(h.plant());
    engine.restore(&saved).unwrap();
    engine.resume();
    h.engine = engine;
    h.tick += ms / PERIOD_MS;
    h.events.clear();
}

fn run_ms(h: &mut Harness, ms: u64) {
    h.run((ms / PERIOD_MS) as usize);
}

fn tripped(h: &Harness) -> bool {
    h.engine.interlocks()[0].tripped
}

const TRIP: &str = r#"
[interlock.IL-1]
description = "Load"
reset = "auto"
trip = [ { when = "LT-2 > 50 % FOR 1 s", text = "too much" } ]
do = ["TV-1 := 0 %"]
"#;

#[test]
fn an_interlock_does_not_trip_for_the_time_in_which_nobody_looked() {
    let mut h = rig(TRIP, &[("LT-2", 60.0)]);
    run_ms(&mut h, 600);
    away(&mut h, 7000, &[("LT-2", 60.0)]);
    run_ms(&mut h, 900);
    assert!(!tripped(&h), "it has not been seen to stand for a second without a break");
    run_ms(&mut h, 200);
    assert!(tripped(&h), "now it has");
}

#[test]
fn what_has_tripped_by_a_delay_stays_tripped_while_its_cause_stands() {
    let mut h = rig(TRIP, &[("LT-2", 60.0), ("TV-1", 30.0)]);
    run_ms(&mut h, 1500);
    assert!(tripped(&h));
    away(&mut h, AWAY_MS, &[("LT-2", 60.0)]);
    run_ms(&mut h, 100);
    let news = |h: &Harness| h.events.iter().any(|event| matches!(event.body, EventBody::Interlock { .. }));
    assert!(tripped(&h) && !news(&h), "neither cleared nor tripped anew");
    assert_eq!(h.value("TV-1"), 0.0);
    away(&mut h, AWAY_MS, &[("LT-2", 40.0)]);
    assert!(!tripped(&h), "what is seen now decides");
}

#[test]
fn an_off_delay_counts_from_what_is_seen_first() {
    let trip = TRIP.replace("FOR 1 s", "OFFDELAY 1 s");
    let mut h = rig(&trip, &[("LT-2", 60.0)]);
    away(&mut h, AWAY_MS, &[("LT-2", 40.0)]);
    run_ms(&mut h, 900);
    assert!(tripped(&h), "it was true when it was last looked at");
    run_ms(&mut h, 200);
    assert!(!tripped(&h));
    away(&mut h, AWAY_MS, &[("LT-2", 40.0)]);
    assert!(!tripped(&h), "what had run out stays so");
}

const ALARM: &str = r#"
[alarm."LT-2.HI"]
tag = "LT-2"
high = "50 %"
on_delay = "1 s"
off_delay = "1 s"
priority = "low"
cause = "It rises."
consequence = "It runs over."
response = "Close it."
time = "30 min"
"#;

#[test]
fn the_delays_of_an_alarm_begin_anew() {
    let mut h = rig(ALARM, &[("LT-2", 60.0)]);
    let state = |h: &Harness| h.engine.alarms()[0].state;
    run_ms(&mut h, 600);
    away(&mut h, AWAY_MS, &[("LT-2", 60.0)]);
    run_ms(&mut h, 900);
    assert_eq!(state(&h), AlarmState::Normal);
    run_ms(&mut h, 200);
    assert_eq!(state(&h), AlarmState::Unacked);
    away(&mut h, AWAY_MS, &[("LT-2", 60.0)]);
    let news = h.events.iter().any(|event| matches!(event.body, EventBody::Alarm { .. }));
    assert!(state(&h) == AlarmState::Unacked && !news, "it stands, and that is no news");
    put(&mut h, &[("LT-2", 40.0)]);
    run_ms(&mut h, 600);
    away(&mut h, AWAY_MS, &[("LT-2", 40.0)]);
    run_ms(&mut h, 900);
    assert_eq!(state(&h), AlarmState::Unacked);
    run_ms(&mut h, 200);
    assert_eq!(state(&h), AlarmState::Returned);
}

/// The phase `Heat`, running for so long.
fn heating(step: &str, ms: u64, inputs: &[(&str, f64)]) -> Harness {
    let phase = format!(
        "PHASE Heat ON U-1 \"Heat\"\nPARAM soak : min = 0.5 IN 0 .. 10 \"soaking time\"\nRUNNING\n  STEP \"Heat\"\n    {step}\n"
    );
    let mut h = compiled(TUNED, &phase);
    begin(&mut h, inputs);
    let phase = h.plant().find_phase("Heat").unwrap();
    h.ask(model::Action::Phase { phase, order: ProcOrder::Start }).unwrap();
    run_ms(&mut h, ms);
    assert_eq!(phase_state(&h, "Heat").state, ProcState::Running);
    h
}

#[test]
fn a_step_that_waits_for_a_condition_waits_anew_and_one_that_waits_for_time_goes_on() {
    let ends = |step: &str, after_ms: u64| {
        let mut h = heating(step, 8000, &[("TT-1", 90.0)]);
        away(&mut h, AWAY_MS, &[("TT-1", 90.0)]);
        run_ms(&mut h, after_ms - 500);
        assert_eq!(phase_state(&h, "Heat").state, ProcState::Running, "{step}");
        run_ms(&mut h, 1000);
        assert_eq!(phase_state(&h, "Heat").state, ProcState::Complete, "{step}");
    };
    ends("WAIT TT-1 > 80 degC FOR 20 s", 20_000);
    ends("WAIT TRUE FOR 20 s", 12_000);
    ends("WAIT 20 s", 12_000);
    ends("WAIT soak", 22_000);
    ends("WAIT TT-1 > 80 degC FOR soak", 30_000);
}

#[test]
fn the_time_of_a_step_stands_still() {
    let step = "WAIT TT-1 > 80 degC\n    WITHIN 20 s ELSE HOLD \"cold\"";
    let mut h = heating(step, 8000, &[("TT-1", 50.0)]);
    away(&mut h, AWAY_MS, &[("TT-1", 50.0)]);
    run_ms(&mut h, 11_000);
    assert_eq!(phase_state(&h, "Heat").state, ProcState::Running);
    run_ms(&mut h, 2000);
    assert_eq!(phase_state(&h, "Heat").state, ProcState::Held);
}

#[test]
fn a_loop_goes_on_where_its_output_stands_without_a_kick() {
    let fast = "kc = 1.0\nti = \"600 s\"\ntd = \"20 s\"\nfilter = \"5 s\"\nsp = \"100 degC\"\n";
    let mut h = compiled(fast, "");
    begin(&mut h, &[("TT-1", 100.0), ("TV-1", 50.0)]);
    run_ms(&mut h, 5000);
    assert_eq!(h.value("TV-1"), 50.0);
    away(&mut h, AWAY_MS, &[("TT-1", 112.0)]);
    assert_eq!(
        (h.value("TV-1"), h.value("TIC-1.PV")),
        (50.0, 112.0),
        "the filter knows nothing of the time before"
    );
    // From there on the integral alone works: 12 K of 200 K are 6 % over 600 s.
    run_ms(&mut h, 1000);
    let wanted = 50.0 - 6.0 / 600.0;
    assert!((h.value("TV-1") - wanted).abs() < 1e-3, "{}", h.value("TV-1"));
}

#[test]
fn a_loop_without_integral_keeps_its_bias() {
    let mut h = compiled("kc = 1.0\nti = 0\nsp = \"100 degC\"\n", "");
    begin(&mut h, &[("TT-1", 100.0), ("TV-1", 50.0)]);
    put(&mut h, &[("TT-1", 120.0)]);
    run_ms(&mut h, 1000);
    assert_eq!(h.value("TV-1"), 40.0, "its bias is where it took the output over: 50 %");
    // Nothing would ever bring it back to where the output stands without its integral.
    for seen in [112.0, 104.0] {
        away(&mut h, AWAY_MS, &[("TT-1", seen)]);
        run_ms(&mut h, 1000);
        assert_eq!(h.value("TV-1"), 50.0 - 0.5 * (seen - 100.0));
    }
}

#[test]
fn a_loop_without_integral_begins_where_a_watchdog_has_left_its_valve() {
    let mut h = compiled("kc = 1.0\nti = 0\nsp = \"100 degC\"\n", "");
    begin(&mut h, &[("TT-1", 100.0), ("TV-1", 50.0)]);
    run_ms(&mut h, 1000);
    die(&mut h, AWAY_MS);
    // What the link tells first is where the output stands.
    let valve = h.point("TV-1");
    h.preset(valve, 0.0);
    begin(&mut h, &[("TT-1", 100.0)]);
    run_ms(&mut h, 1000);
    assert_eq!(h.value("TV-1"), 0.0);
}

#[test]
fn a_loop_without_integral_takes_no_bias_from_its_feed_forward() {
    let mut h = compiled("kc = 1.0\nti = 0\nsp = \"100 degC\"\nff = \"LT-2 * 0.5\"\n", "");
    begin(&mut h, &[("TT-1", 100.0), ("TV-1", 50.0), ("LT-2", 20.0)]);
    put(&mut h, &[("LT-2", 40.0)]);
    run_ms(&mut h, 1000);
    assert_eq!(h.value("TV-1"), 60.0);
    away(&mut h, AWAY_MS, &[("TT-1", 100.0), ("LT-2", 30.0)]);
    run_ms(&mut h, 1000);
    assert_eq!(h.value("TV-1"), 55.0);
}

#[test]
fn a_loop_without_integral_goes_to_its_output_at_its_own_rate() {
    let mut h = compiled("kc = 1.0\nti = 0\nsp = \"100 degC\"\nout_rate = \"1 %/s\"\n", "");
    begin(&mut h, &[("TT-1", 100.0), ("TV-1", 50.0)]);
    run_ms(&mut h, 1000);
    away(&mut h, AWAY_MS, &[("TT-1", 80.0)]);
    assert!((h.value("TV-1") - 50.0).abs() < 0.1, "{}", h.value("TV-1"));
    run_ms(&mut h, 5000);
    assert!((h.value("TV-1") - 55.0).abs() < 0.1, "{}", h.value("TV-1"));
    run_ms(&mut h, 6000);
    assert!((h.value("TV-1") - 60.0).abs() < 1e-9, "{}", h.value("TV-1"));
}

const BLOCKS: &str = r#"
[filter.FY-1]
input = "LT-2"
time = "30 s"
[filter2.FY-2]
input = "LT-2"
time = "30 s"
[moving_average.FY-3]
input = "LT-2"
window = "30 s"
[notch.FY-4]
input = "LT-2"
frequency = "0.5 Hz"
[lead_lag.FY-5]
input = "LT-2"
lead = "10 s"
lag = "60 s"
[dead_time.FY-6]
input = "LT-2"
time = "30 s"
[rate_limit.FY-7]
input = "LT-2"
rate = "60 %/min"
"#;

#[test]
fn blocks_with_a_past_settle_at_what_is_seen_now() {
    let mut h = rig(BLOCKS, &[("LT-2", 20.0)]);
    run_ms(&mut h, 2000);
    put(&mut h, &[("LT-2", 40.0)]);
    run_ms(&mut h, 2000);
    let limited = h.value("FY-7.OUT");
    away(&mut h, AWAY_MS, &[("LT-2", 70.0)]);
    let outs: Vec<f64> =
        ["FY-1", "FY-2.OUT", "FY-3.OUT", "FY-4.OUT", "FY-5.OUT", "FY-6.OUT"].map(|name| h.value(name)).into();
    assert!(outs.iter().all(|out| (out - 70.0).abs() < 1e-9), "{outs:?}");
    assert!((h.value("FY-7.OUT") - limited).abs() < 0.5, "a rate limiter goes on from its output");
    run_ms(&mut h, 40_000);
    let outs: Vec<f64> = ["FY-3.OUT", "FY-4.OUT", "FY-6.OUT"].map(|name| h.value(name)).into();
    assert!(
        outs.iter().all(|out| (out - 70.0).abs() < 1e-9),
        "nothing comes back from another time: {outs:?}"
    );
}

#[test]
fn timers_of_the_norm_follow_the_same_rule_and_a_sample_ages() {
    let timer = |name: &str, function: &str| {
        format!(
            "[timer.{name}]\nin = \"LT-2 > 50 %\"\nfunction = \"{function}\"\ntime = \"2 s\"\ntask = \"10 ms\"\n"
        )
    };
    let sample = "[sample_hold.SH-1]\ninput = \"TT-1\"\ntrigger = \"P-1.RUN\"\nstale = \"50 s\"\n";
    let body = [timer("KS-1", "TON"), timer("KS-2", "TOF"), timer("KS-3", "TP"), sample.into()].concat();
    let mut h = rig(&body, &[("LT-2", 20.0)]);
    put(&mut h, &[("LT-2", 60.0), ("P-1.RUN", 1.0)]);
    run_ms(&mut h, 1200);
    away(&mut h, AWAY_MS, &[("LT-2", 60.0), ("P-1.RUN", 1.0)]);
    assert!((h.value("SH-1.AGE") - 61.0).abs() < 1.0, "{}", h.value("SH-1.AGE"));
    assert_eq!(h.quality("SH-1.OUT"), Quality::UncertainLastUsable);
    let switches = |h: &Harness| ["KS-1.Q", "KS-2.Q", "KS-3.Q"].map(|name| h.value(name));
    assert_eq!(switches(&h), [0.0, 1.0, 1.0]);
    run_ms(&mut h, 1200);
    assert_eq!(switches(&h), [0.0, 1.0, 0.0], "the pulse stood still, the delay began anew");
    run_ms(&mut h, 1200);
    assert_eq!(switches(&h), [1.0, 1.0, 0.0]);
    away(&mut h, AWAY_MS, &[("LT-2", 60.0)]);
    assert_eq!(switches(&h), [1.0, 1.0, 0.0], "what has run out stays so");
    put(&mut h, &[("LT-2", 20.0)]);
    run_ms(&mut h, 1200);
    away(&mut h, AWAY_MS, &[("LT-2", 20.0)]);
    run_ms(&mut h, 1200);
    assert_eq!(switches(&h), [0.0, 1.0, 0.0]);
    run_ms(&mut h, 1200);
    assert_eq!(switches(&h), [0.0, 0.0, 0.0]);
}

#[test]
fn a_rate_of_change_makes_no_step_of_the_time_between() {
    let rate = "[calc.TY-1]\nvalue = \"RATE(TT-1, 10 s)\"\nunit = \"K/min\"\nrange = [-600, 600]\ntask = \"10 ms\"\n";
    let mut h = rig(rate, &[("TT-1", 50.0)]);
    run_ms(&mut h, 20_000);
    away(&mut h, 1000, &[("TT-1", 80.0)]);
    run_ms(&mut h, 1000);
    assert_eq!((h.value("TY-1"), h.quality("TY-1")), (0.0, Quality::Good));
}

#[test]
fn a_ratio_goes_on_from_where_it_stands() {
    let body = r#"
[ratio.FFC-1]
input = "LT-2"
ratio = 0.5
ratio_limits = [0.2, 0.6]
unit = "%"
range = [0, 100]
task = "10 ms"
"#;
    let mut h = rig(body, &[("LT-2", 40.0)]);
    run_ms(&mut h, 1000);
    assert_eq!(h.value("FFC-1.OUT"), 20.0);
    away(&mut h, AWAY_MS, &[("LT-2", 80.0)]);
    assert!((h.value("FFC-1.OUT") - 20.0).abs() < 0.1, "{}", h.value("FFC-1.OUT"));
    run_ms(&mut h, 21_000);
    assert_eq!(h.value("FFC-1.OUT"), 40.0, "the balance has faded");
}

#[test]
fn an_engine_that_is_restored_and_one_that_was_there_all_the_time_come_to_the_same() {
    let body = [TRIP, ALARM, BLOCKS].concat();
    let mut killed = rig(&body, &[("LT-2", 60.0), ("TT-1", 90.0)]);
    run_ms(&mut killed, 600);
    let mut replayed = rig(&body, &[("LT-2", 60.0), ("TT-1", 90.0)]);
    run_ms(&mut replayed, 600);
    // As a replay does it, which finds in the journal where a controller began.
    replayed.engine.resume();
    replayed.tick += AWAY_MS / PERIOD_MS;
    die(&mut killed, AWAY_MS);
    for scan in 0..3000 {
        for h in [&mut killed, &mut replayed] {
            if scan == 5 {
                h.all_good(0.0);
                put(h, &[("LT-2", 60.0), ("TT-1", 97.0)]);
            }
            h.scan();
        }
        assert_eq!(killed.engine.scan_hash(), replayed.engine.scan_hash(), "scan {scan}");
        assert_eq!(killed.out.events(), replayed.out.events());
    }
    assert!(tripped(&killed));
}

#[test]
fn who_is_killed_again_while_it_waits_for_the_field_has_been_away_all_the_time() {
    let mut h = heating("WAIT TRUE FOR 20 s", 8000, &[("TT-1", 90.0)]);
    die(&mut h, AWAY_MS);
    run_ms(&mut h, 100);
    assert!(!h.engine.is_ready());
    away(&mut h, AWAY_MS, &[("TT-1", 90.0)]);
    run_ms(&mut h, 11_500);
    assert_eq!(phase_state(&h, "Heat").state, ProcState::Running);
    run_ms(&mut h, 1000);
    assert_eq!(phase_state(&h, "Heat").state, ProcState::Complete);
}
