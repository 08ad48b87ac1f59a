use alloc::sync::Arc;
use alloc::{format, string::String, vec::Vec};
use core::fmt::Write as _;

use model::{Action, Command, Mode, PointId, Quality, Source, StateWriter, UserId};

use super::{Engine, is_due};
use crate::blocks::BlockState;
use crate::exchange::{Input, ScanOutput};
use crate::plant::Plant;
use crate::testing::Dice;

#[test]
fn a_task_is_due_once_for_every_moment_that_has_passed() {
    for (period, phase) in [(1, 0), (10, 0), (10, 3), (100, 99)] {
        let mut last = 1000;
        for tick in 1001..3000 {
            assert_eq!(is_due(tick, last, period, phase), tick % period == phase, "{tick} {period} {phase}");
            last = tick;
        }
        assert!(is_due(5000, 3000, period, phase), "once after a jump");
        assert!(!is_due(3000, 3000, period, phase), "never without time");
        assert!(!is_due(2999, 3000, period, phase), "never backwards");
    }
}

/// Loops of every kind that can run undisturbed, each with an interlock on its output.
fn loops() -> Arc<Plant> {
    let mut text = String::from(
        "[plant]\nname = \"t\"\nperiod = \"10 ms\"\n[unit.U]\ndescription = \"u\"\n\
         [device.PLC]\nprotocol = \"modbus-tcp\"\nendpoint = \"127.0.0.1:502\"\nwatchdog = \"2 s\"\n\
         heartbeat = \"holding 9\"\n",
    );
    let options = [
        "sp = \"50 %\"\non_bad_pv = \"manual\"",
        "sp = \"40 %\"\ntd = \"2 s\"\nfilter = \"1 s\"\nsp_rate = \"10 %/s\"\non_bad_pv = \"hold\"",
        "beta = 0.5\non_bad_pv = \"20 %\"\nout_limits = [10, 90]",
        "sp = \"30 %\"\nti = \"0 s\"\non_bad_pv = \"hold\"",
    ];
    for (n, options) in options.iter().enumerate() {
        let ti = if options.contains("ti =") { "" } else { "ti = \"5 s\"\n" };
        let _ = write!(
            text,
            "[tag.\"LT-{n}\"]\ndescription = \"l\"\nunit = \"%\"\nrange = [0, 100]\nio = {{ device = \"PLC\", input = {n}, raw = [0, 27648] }}\n\
             [tag.\"LV-{n}\"]\ndescription = \"l\"\nunit = \"%\"\nrange = [0, 100]\nfail = 0\nio = {{ device = \"PLC\", holding = {n}, raw = [0, 27648] }}\n\
             [pid.LIC-{n}]\npv = \"LT-{n}\"\nout = \"LV-{n}\"\naction = \"reverse\"\nkc = 1.5\n{ti}task = \"10 ms\"\n\
             modes = [\"manual\", \"auto\"]\nmode = \"auto\"\n{options}\n\
             [interlock.IL-{n}]\ndescription = \"trip\"\nunit_of = \"U\"\nreset = \"auto\"\n\
             trip = [{{ when = \"LT-{n} > 95 %\", text = \"high\" }}]\ndo = [\"LV-{n} := 0 %\"]\n"
        );
    }
    match crate::compile(&[Source { path: "plant.toml".into(), text }]) {
        Ok(compiled) => Arc::new(compiled.plant),
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

/// Mostly a plant at work; now and then everything that makes a loop ask its questions.
fn disturbances(plant: &Plant, dice: &mut Dice, scan: u64) -> (Vec<Input>, Vec<Command>) {
    let named =
        |name: String| plant.points.iter().position(|point| point.name == name).map(|n| PointId(n as u32));
    let point = |name: String| named(name).expect("the plant has it");
    let n = dice.below(4);
    let mut inputs = Vec::new();
    if dice.below(2) == 0 {
        let quality = match dice.below(40) {
            0 => Quality::BadSensorFailure,
            1 => Quality::UncertainLastUsable,
            _ => Quality::Good,
        };
        let value = if dice.below(60) == 0 { 1e9 } else { dice.below(1000) as f64 * 0.098 };
        inputs.push(Input { point: point(format!("LT-{n}")), value, quality });
    }
    if dice.below(300) == 0 {
        let up = f64::from(dice.below(3) != 0);
        inputs.push(Input { point: plant.io.devices[0].link, value: up, quality: Quality::Good });
    }
    let value = dice.below(1000) as f64 * 0.1;
    let write = |name: &str, value: f64| Action::Write { point: point(format!("LIC-{n}.{name}")), value };
    let block = plant.blocks.iter().position(|block| block.name == format!("LIC-{n}")).expect("it is there");
    let action = match dice.below(200) {
        0..5 => Action::Mode {
            block: model::BlockId(block as u32),
            mode: [Mode::Auto, Mode::Auto, Mode::Manual, Mode::OutOfService][dice.below(4) as usize],
        },
        5 => write("SP", value),
        6 => write("OUT", value),
        7 => write("KC", value),
        8 => write("TD", value * 0.01),
        9 => write("TI", 1.0 + value),
        10 => Action::Force { point: point(format!("LV-{n}")), value, for_ms: 100 },
        11 => Action::Force { point: point(format!("LT-{n}")), value, for_ms: 100 },
        _ => return (inputs, Vec::new()),
    };
    (inputs, Vec::from([Command { id: scan, user: UserId(1), action }]))
}

#[test]
fn an_undisturbed_loop_goes_the_way_that_all_its_questions_lead_to() {
    let plant = loops();
    let (mut straight, mut asking) = (Engine::new(Arc::clone(&plant)), Engine::new(Arc::clone(&plant)));
    for block in &mut asking.state_mut().blocks {
        let BlockState::Pid(_, fixed) = block else { panic!("all are loops") };
        fixed.stands_alone = false;
    }
    let (mut out, mut again) = (ScanOutput::with_capacity(64), ScanOutput::with_capacity(64));
    let mut dice = Dice(0x5eed);
    let mut controlled = 0;
    for scan in 1..=60_000 {
        let (mut inputs, commands) = disturbances(&plant, &mut dice, scan);
        if scan == 1 {
            inputs.push(Input { point: plant.io.devices[0].link, value: 1.0, quality: Quality::Good });
        }
        straight.scan(scan, &inputs, &commands, &mut out);
        asking.scan(scan, &inputs, &commands, &mut again);
        assert_eq!(out.events(), again.events(), "scan {scan}");
        assert_eq!(straight.scan_hash(), asking.scan_hash(), "scan {scan}");
        assert_eq!(straight.state_hash(), asking.state_hash(), "scan {scan}");
        let in_auto =
            |block: &&BlockState| matches!(block, BlockState::Pid(state, _) if state.actual == Mode::Auto);
        controlled += straight.state().blocks.iter().filter(in_auto).count();
    }
    assert!((60_000..220_000).contains(&controlled), "both ways were gone: {controlled}");
}

#[test]
fn loops_go_on_from_a_snapshot_with_what_they_had_been_tuned_to() {
    let plant = loops();
    let mut engine = Engine::new(Arc::clone(&plant));
    let (mut out, mut again) = (ScanOutput::with_capacity(64), ScanOutput::with_capacity(64));
    let mut dice = Dice(0x7007);
    let up = Input { point: plant.io.devices[0].link, value: 1.0, quality: Quality::Good };
    engine.scan(1, &[up], &[], &mut out);
    for round in 1..=40 {
        let first = round * 100;
        for scan in first..first + 50 {
            let (inputs, commands) = disturbances(&plant, &mut dice, scan);
            engine.scan(scan, &inputs, &commands, &mut out);
        }
        // Into one that is new, and into one that has been tuned to something else.
        let mut bytes = StateWriter::default();
        engine.save(&mut bytes);
        let mut other = engine.clone();
        let mut new = Engine::new(Arc::clone(&plant));
        let named = |name: &str| plant.points.iter().position(|point| point.name == name);
        let td = named("LIC-1.TD").expect("it has one");
        other.state_mut().image.set(PointId(td as u32), 7.0, Quality::Good);
        other.scan(first + 50, &[], &[], &mut again);
        for engine in [&mut other, &mut new] {
            engine.restore(&bytes.0).expect("it is of this plant");
        }
        for scan in first + 50..first + 99 {
            let (inputs, commands) = disturbances(&plant, &mut dice, scan);
            engine.scan(scan, &inputs, &commands, &mut out);
            for engine_again in [&mut other, &mut new] {
                engine_again.scan(scan, &inputs, &commands, &mut again);
                assert_eq!(engine.state_hash(), engine_again.state_hash(), "scan {scan}");
            }
        }
    }
}
