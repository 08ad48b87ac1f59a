use std::time::Duration;

use control::Input;
use model::Source;

use super::{LATENESS_KEPT, Lateness, Readings, ScanMeter, ScanStats};

const PERIOD: Duration = Duration::from_millis(10);

fn plant(tags: &[(&str, &str, &str)]) -> control::plant::Plant {
    let mut text = "[plant]\nname = \"timing\"\nperiod = \"10 ms\"\n".to_owned();
    for (name, unit, scan) in tags {
        text.push_str(&format!(
            "[tag.{name}]\ndescription = \"x\"\nunit = \"{unit}\"\nrange = [0, 1000]\nscan = \"{scan}\"\n"
        ));
    }
    control::compile(&[Source { path: "plant.toml".into(), text }]).unwrap().plant
}

fn told(meter: &mut ScanMeter) -> Vec<(u32, f64)> {
    let mut inputs: Vec<Input> = Vec::with_capacity(meter.inputs_max());
    meter.collect(&mut inputs);
    inputs.iter().map(|input| (input.point.0, input.value)).collect()
}

#[test]
fn a_late_scan_is_told_in_the_unit_of_the_tag_once_and_that_the_next_is_in_time_as_well() {
    let plant = plant(&[("KI-1", "s", "lateness"), ("KI-2", "", "late-ticks")]);
    let (mut meter, stats) = (ScanMeter::new(&plant, PERIOD), ScanStats::default());
    meter.woke(1, Duration::from_millis(9), &stats);
    assert_eq!(told(&mut meter), [(0, 0.0), (1, 0.0)], "the first scan tells all");
    assert_eq!(meter.woke(2, Duration::from_millis(25), &stats), 2);
    assert_eq!(told(&mut meter), [(0, 0.025), (1, 1.0)]);
    assert_eq!(told(&mut meter), [], "nothing has changed");
    meter.woke(3, Duration::ZERO, &stats);
    assert_eq!(told(&mut meter), [(0, 0.0)]);
    let seen = |one: &std::sync::atomic::AtomicU64| one.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((seen(&stats.late_ticks), seen(&stats.late_tick)), (1, 2));
}

#[test]
fn an_overrun_is_what_the_scan_took_beyond_its_period() {
    let plant = plant(&[("KI-1", "ms", "overrun"), ("KI-2", "", "overruns")]);
    let (mut meter, stats) = (ScanMeter::new(&plant, PERIOD), ScanStats::default());
    meter.took(7, PERIOD, &stats);
    assert_eq!(told(&mut meter), [(0, 0.0), (1, 0.0)], "a whole period is no overrun");
    meter.took(8, Duration::from_millis(14), &stats);
    assert_eq!(told(&mut meter), [(0, 4.0), (1, 1.0)]);
    let seen = |one: &std::sync::atomic::AtomicU64| one.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((seen(&stats.overruns), seen(&stats.overrun_tick)), (1, 8));
}

#[test]
fn the_offset_of_the_wall_clock_is_told_when_it_has_moved_and_not_at_every_millisecond_of_drift() {
    let plant = plant(&[("KI-1", "s", "clock-offset")]);
    let (mut meter, stats) = (ScanMeter::new(&plant, PERIOD), ScanStats::default());
    meter.clock(-4, &stats);
    assert_eq!(told(&mut meter), [(0, 0.0)], "rounding is no offset");
    meter.clock(10_800_000, &stats);
    assert_eq!(told(&mut meter), [(0, 10_800.0)], "the clock was set back by three hours");
    meter.clock(10_800_003, &stats);
    assert_eq!(told(&mut meter), []);
    meter.clock(-1500, &stats);
    assert_eq!(told(&mut meter), [(0, -1.5)]);
    assert_eq!(stats.clock_ahead_ms.load(std::sync::atomic::Ordering::Relaxed), -1500);
}

#[test]
fn counts_go_on_over_a_change_of_the_plant_and_its_tags_hear_them_at_once() {
    let (old, new) = (plant(&[]), plant(&[("KI-1", "", "overruns")]));
    let (mut meter, stats) = (ScanMeter::new(&old, PERIOD), ScanStats::default());
    meter.took(1, PERIOD * 2, &stats);
    assert_eq!(told(&mut meter), []);
    meter.exchange(&mut Readings::of(&new));
    assert_eq!(told(&mut meter), [(0, 1.0)]);
}

#[test]
fn what_finds_no_room_is_told_by_the_next_scan() {
    let plant = plant(&[("KI-1", "ms", "lateness"), ("KI-2", "", "overruns")]);
    let mut meter = ScanMeter::new(&plant, PERIOD);
    let mut inputs = Vec::with_capacity(1);
    meter.collect(&mut inputs);
    assert_eq!((inputs.len(), inputs.capacity()), (1, 1));
    assert_eq!(told(&mut meter), [(1, 0.0)]);
}

#[test]
fn percentiles_are_those_of_the_latest_scans() {
    let lateness = Lateness::default();
    assert_eq!(lateness.percentiles().scans, 0);
    lateness.keep(Duration::from_secs(1));
    for late_us in 0..LATENESS_KEPT as u64 {
        lateness.keep(Duration::from_micros(late_us % 100));
    }
    let found = lateness.percentiles();
    assert_eq!((found.scans, found.max_us), (LATENESS_KEPT, 99.0), "the second has gone");
    // A hundred values in turn, the last turn not complete.
    assert!((48.0..=49.0).contains(&found.p50_us) && (98.0..=99.0).contains(&found.p99_us), "{found:?}");
}
