//! T12. The same inputs give the same bits, and a snapshot is the whole state.

mod support;

use std::sync::Arc;

use control::plant::{Op, Plant};
use control::{Engine, Input, RestoreError, ScanOutput, StateView};
use model::{
    Action, AlarmId, BlockId, Command, Direction, EventBody, InterlockId, Mode, PhaseId, PointId, ProcOrder,
    Quality, RecipeId, StateWriter, UserId,
};
use support::{Builder, Dice, Loop, text_plant};

/// One scan's worth of anything, sensible or not.
struct Storm {
    dice: Dice,
    tick: u64,
    id: u64,
    inputs: Vec<Input>,
    commands: Vec<Command>,
}

impl Storm {
    fn new(seed: u64) -> Self {
        println!("seed {seed:#x}");
        Self { dice: Dice(seed), tick: 0, id: 0, inputs: vec![], commands: vec![] }
    }

    fn next(&mut self, plant: &Plant) {
        let jump = if self.dice.below(500) == 0 { 1 + self.dice.below(1000) } else { 1 };
        self.tick += jump;
        self.inputs.clear();
        self.commands.clear();
        for _ in 0..self.dice.below(6) {
            let input = self.input(plant);
            self.inputs.push(input);
        }
        if self.dice.below(4) == 0 {
            for _ in 0..1 + self.dice.below(4) {
                self.id += 1;
                let user = UserId(self.dice.below(4) as u32);
                let action = self.action(plant);
                self.commands.push(Command { id: self.id, user, action });
            }
        }
    }

    fn input(&mut self, plant: &Plant) -> Input {
        let inputs: Vec<_> = plant.io.points.iter().filter(|io| io.direction == Direction::Input).collect();
        let io = inputs[self.dice.below(inputs.len() as u64) as usize];
        let range = plant.point(io.point);
        match self.dice.below(20) {
            0 => Input { point: PointId(self.dice.below(400) as u32), value: 1.0, quality: Quality::Good },
            1 => Input { point: io.point, value: f64::NAN, quality: Quality::Good },
            2 => Input { point: io.point, value: 1e300, quality: Quality::Good },
            3 => Input { point: io.point, value: 0.0, quality: Quality::from(self.dice.below(256) as u8) },
            4 => {
                let link = plant.io.devices[0].link;
                Input { point: link, value: self.dice.below(8).min(1) as f64, quality: Quality::Good }
            }
            _ => {
                let value = range.low + (range.high - range.low) * self.dice.unit();
                Input { point: io.point, value, quality: Quality::Good }
            }
        }
    }

    fn action(&mut self, plant: &Plant) -> Action {
        let dice = &mut self.dice;
        let id = |dice: &mut Dice, length: usize| dice.below(length as u64 + 2) as u32;
        let order = |dice: &mut Dice| ProcOrder::ALL[dice.below(8) as usize];
        match dice.below(14) {
            0..=2 => {
                let point = PointId(id(dice, plant.points.len()));
                let (low, high) =
                    plant.points.get(point.index()).map_or((0.0, 1.0), |point| (point.low, point.high));
                let value = match dice.below(8) {
                    0 => f64::NAN,
                    1 => f64::INFINITY,
                    2 => dice.below(2) as f64,
                    _ => low - 1.0 + (high - low + 2.0) * dice.unit(),
                };
                Action::Write { point, value }
            }
            3 => Action::Mode {
                block: BlockId(id(dice, plant.blocks.len())),
                mode: Mode::ALL[dice.below(8) as usize],
            },
            4 => Action::Acknowledge { alarm: AlarmId(id(dice, plant.alarms.len())) },
            5 => Action::Shelve {
                alarm: AlarmId(id(dice, plant.alarms.len())),
                for_ms: dice.below(20_000) as u32 * u32::from(dice.below(4) > 0),
            },
            6 => Action::ResetInterlock { interlock: InterlockId(id(dice, plant.interlocks.len())) },
            7 => Action::Bypass {
                interlock: InterlockId(id(dice, plant.interlocks.len())),
                for_ms: dice.below(3000) as u32 * u32::from(dice.below(4) > 0),
            },
            8 => Action::Prepare {
                recipe: RecipeId(id(dice, plant.recipes.len())),
                batch: dice.below(99) as u32,
            },
            9 => {
                let recipe = RecipeId(id(dice, plant.recipes.len()));
                if dice.below(3) == 0 {
                    Action::Parameter { recipe, parameter: dice.below(3) as u16, value: 100.0 * dice.unit() }
                } else {
                    Action::Batch { recipe, order: order(dice) }
                }
            }
            10 => Action::Phase { phase: PhaseId(id(dice, plant.phases.len())), order: order(dice) },
            11 => Action::Unforce { point: field_tag(dice, plant) },
            12 => Action::Simulate {
                block: BlockId(id(dice, plant.blocks.len())),
                for_ms: dice.below(5000) as u32 * u32::from(dice.below(4) > 0),
            },
            _ => {
                let point = field_tag(dice, plant);
                let (low, high) = (plant.point(point).low, plant.point(point).high);
                let value = match dice.below(8) {
                    0 => f64::NAN,
                    _ => low - 1.0 + (high - low + 2.0) * dice.unit(),
                };
                Action::Force { point, value, for_ms: dice.below(5000) as u32 }
            }
        }
    }
}

fn field_tag(dice: &mut Dice, plant: &Plant) -> PointId {
    plant.io.points[dice.below(plant.io.points.len() as u64) as usize].point
}

fn check_image(engine: &Engine, plant: &Plant) {
    for (index, value) in engine.image().values().enumerate() {
        assert!(value.is_finite(), "{} is {value}", plant.points[index].name);
    }
    for block in &plant.blocks {
        if let control::plant::BlockBody::Pid(pid) = &block.body {
            let out = engine.image().value(pid.out);
            let mode = Mode::from_value(engine.image().value(pid.mode));
            if matches!(mode, Mode::Auto | Mode::Cascade) {
                assert!((pid.out_limit_low..=pid.out_limit_high).contains(&out), "{} OUT {out}", block.name);
            }
        }
    }
}

/// T12, and the safety of the scan: 100,000 scans of a storm in two engines.
#[test]
fn two_engines_in_the_same_storm_stay_equal_bit_for_bit() {
    let plant = Arc::new(text_plant());
    let (mut one, mut two) = (Engine::new(Arc::clone(&plant)), Engine::new(Arc::clone(&plant)));
    let (mut out, mut again) = (ScanOutput::with_capacity(4096), ScanOutput::with_capacity(4096));
    let mut storm = Storm::new(0x5eed_0001);
    let (mut answers, mut refused) = (0_u64, 0_u64);
    for scan in 0..100_000 {
        storm.next(&plant);
        one.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
        two.scan(storm.tick, &storm.inputs, &storm.commands, &mut again);
        assert_eq!(out.events(), again.events());
        assert_eq!(out.dropped(), 0);
        if scan % 16 == 0 {
            assert_eq!(one.state_hash(), two.state_hash(), "scan {scan}");
            check_image(&one, &plant);
        }
        let mut answered = out.events().iter().filter_map(|event| match event.body {
            EventBody::Command { command, old, refused } => Some((command.id, old, refused)),
            _ => None,
        });
        for command in &storm.commands {
            let (id, old, refusal) = answered.next().expect("every command is answered, in order");
            assert!(id == command.id && old.is_finite());
            answers += 1;
            refused += u64::from(refusal.is_some());
        }
    }
    assert!(answers > 10_000 && refused > 1000 && answers - refused > 5000, "{answers} {refused}");
}

/// T12. At random moments the state goes into a third engine, which then goes on alike.
#[test]
fn an_engine_that_was_saved_and_restored_goes_on_bit_for_bit() {
    let plant = Arc::new(text_plant());
    let mut one = Engine::new(Arc::clone(&plant));
    let mut other = Engine::new(Arc::clone(&plant));
    let (mut out, mut again) = (ScanOutput::with_capacity(4096), ScanOutput::with_capacity(4096));
    let mut storm = Storm::new(0x5eed_0002);
    let mut restored = 0;
    for scan in 0..20_000 {
        storm.next(&plant);
        one.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
        if restored > 0 {
            other.scan(storm.tick, &storm.inputs, &storm.commands, &mut again);
            assert_eq!(out.events(), again.events(), "scan {scan}");
            assert_eq!(one.state_hash(), other.state_hash(), "scan {scan}");
        }
        if storm.dice.below(100) == 0 {
            let mut writer = StateWriter::default();
            one.save(&mut writer);
            // Into an engine that has lived another life meanwhile.
            other = Engine::new(Arc::clone(&plant));
            other.scan(7, &storm.inputs, &storm.commands, &mut again);
            other.restore(&writer.0).unwrap();
            let mut copy = StateWriter::default();
            other.save(&mut copy);
            assert_eq!(writer.0, copy.0);
            restored += 1;
        }
    }
    assert!(restored > 100);
}

/// A scan passes over the alarms and interlocks in which nothing can have changed. A restored engine looks at all.
#[test]
fn a_scan_that_looks_only_where_something_moved_comes_out_like_one_that_looks_everywhere() {
    let plant = Arc::new(text_plant());
    let (mut quiet, mut thorough) = (Engine::new(Arc::clone(&plant)), Engine::new(Arc::clone(&plant)));
    let (mut out, mut again) = (ScanOutput::with_capacity(4096), ScanOutput::with_capacity(4096));
    let mut storm = Storm::new(0x5eed_0004);
    let mut writer = StateWriter::default();
    for scan in 0..20_000 {
        storm.next(&plant);
        // Mostly calm, so that delays, shelves and bypasses run out with nobody moving.
        let inputs = if storm.dice.below(4) == 0 { &storm.inputs[..] } else { &[] };
        let commands = if storm.dice.below(60) == 0 { &storm.commands[..] } else { &[] };
        writer.0.clear();
        quiet.save(&mut writer);
        thorough.restore(&writer.0).unwrap();
        quiet.scan(storm.tick, inputs, commands, &mut out);
        thorough.scan(storm.tick, inputs, commands, &mut again);
        assert_eq!(out.events(), again.events(), "scan {scan}");
        assert_eq!(quiet.state_hash(), thorough.state_hash(), "scan {scan}");
    }
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused_and_changes_nothing() {
    let plant = Arc::new(text_plant());
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(4096);
    let mut storm = Storm::new(0x5eed_0003);
    for _ in 0..500 {
        storm.next(&plant);
        engine.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
    }
    let mut writer = StateWriter::default();
    engine.save(&mut writer);
    let (good, hash) = (writer.0, engine.state_hash());
    let length = good.len();
    let mut cut = good.clone();
    cut.pop();
    assert_eq!(engine.restore(&cut), Err(RestoreError::Length { found: length - 1, expected: length }));
    assert_eq!(engine.restore(&[]), Err(RestoreError::Length { found: 0, expected: length }));
    let mut long = good.clone();
    long.extend_from_slice(&[0; 8]);
    assert_eq!(engine.restore(&long), Err(RestoreError::Length { found: length + 8, expected: length }));
    let mut format = good.clone();
    format[0] = 99;
    assert_eq!(engine.restore(&format), Err(RestoreError::Format { found: 99 }));
    let mut plant_hash = good.clone();
    plant_hash[8] ^= 1;
    assert_eq!(engine.restore(&plant_hash), Err(RestoreError::Plant));
    // The first value of the image, which follows header and clocks, as NaN.
    let mut nan = good.clone();
    nan[(5 + 8) * 8..(5 + 9) * 8].copy_from_slice(&f64::NAN.to_bits().to_le_bytes());
    assert_eq!(engine.restore(&nan), Err(RestoreError::Damaged));
    let mut truth = good.clone();
    truth[(5 + 3) * 8] = 7;
    assert_eq!(engine.restore(&truth), Err(RestoreError::Damaged), "a truth that is neither");
    assert_eq!(engine.state_hash(), hash);
    assert_eq!(engine.restore(&good), Ok(()));
    assert_eq!(engine.state_hash(), hash);
}

/// Every byte of a snapshot matters, or is refused: nothing that the next scan reads is left out.
#[test]
fn a_changed_byte_is_either_refused_or_changes_the_hash() {
    let plant = Arc::new(text_plant());
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(4096);
    let mut storm = Storm::new(0x5eed_0004);
    for _ in 0..2000 {
        storm.next(&plant);
        engine.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
    }
    let mut writer = StateWriter::default();
    engine.save(&mut writer);
    let hash = engine.state_hash();
    for index in (40..writer.0.len()).step_by(7) {
        let mut changed = writer.0.clone();
        changed[index] ^= 0x10;
        let mut victim = engine.clone();
        match victim.restore(&changed) {
            Ok(()) => assert_ne!(victim.state_hash(), hash, "byte {index}"),
            Err(RestoreError::Damaged) => assert_eq!(victim.state_hash(), hash),
            Err(other) => panic!("byte {index}: {other}"),
        }
    }
}

#[test]
fn whatever_state_a_snapshot_brings_the_scan_does_not_panic() {
    let plant = Arc::new(text_plant());
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(4096);
    let mut storm = Storm::new(0x5eed_0005);
    for _ in 0..2000 {
        storm.next(&plant);
        engine.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
    }
    let mut writer = StateWriter::default();
    engine.save(&mut writer);
    let mut view = StateView::new(&plant);
    for _ in 0..3000 {
        let mut changed = writer.0.clone();
        for _ in 0..1 + storm.dice.below(20) {
            let index = 40 + storm.dice.below(changed.len() as u64 - 40) as usize;
            changed[index] = storm.dice.below(256) as u8;
        }
        let mut victim = engine.clone();
        if victim.restore(&changed).is_ok() {
            for _ in 0..30 {
                storm.next(&plant);
                victim.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
            }
            victim.publish(&mut view);
            for name in ["TIC-311", "IL-301", "TT-311.H", "Fill", "EL-START", "P-311", "LT-311"] {
                assert!(control::why(&plant, &view, name).is_some());
            }
            let time = |tick: u64| tick as i64;
            control::batch_status(&plant, &view, &time);
        }
    }
}

/// T12. The bits are the same in debug and release, and on every machine: the number is part of the
/// test. It may change only when the control law or an expression changes on purpose.
#[test]
fn a_loop_gives_the_same_bits_on_every_machine() {
    let mut b = Builder::new();
    let (pv, load) = (b.input("PV"), b.input("LOAD"));
    let valve = b.output("VALVE");
    let ff = b.expr(&[
        Op::Load(load),
        Op::Const(20.0),
        Op::Divide,
        Op::Exp,
        Op::Load(load),
        Op::Const(1.0),
        Op::Add,
        Op::Ln,
        Op::Multiply,
        Op::Load(load),
        Op::Sqrt,
        Op::Const(0.7),
        Op::Power,
        Op::Add,
        Op::Const(0.1),
        Op::Multiply,
    ]);
    let options = Loop {
        target: Some(valve),
        feed_forward: Some(ff),
        td: 3.0,
        filter_s: 0.7,
        beta: 0.6,
        sp_rate: 1.5,
        kc: 0.35,
        ..Loop::default()
    };
    b.pid("LIC", pv, &options);
    let mut h = b.finish();
    h.all_good(50.0);
    h.scan();
    let mut dice = Dice(0x601d);
    let mut fold = 0xcbf2_9ce4_8422_2325_u64;
    for scan in 0..20_000 {
        h.set(pv, 45.0 + 10.0 * dice.unit());
        h.set(load, 40.0 * dice.unit());
        if scan % 500 == 0 {
            h.write("LIC.SP", 30.0 + 40.0 * dice.unit()).unwrap();
        }
        h.scan();
        for value in h.engine.image().values() {
            fold = (fold ^ value.to_bits()).wrapping_mul(0x100_0000_01b3);
        }
    }
    assert_eq!(fold, 0x6886_199b_25ee_cca3, "{fold:#x}");
}

/// The journal's hash of a scan is mostly the chain of what changed: it has to show every value that parts, at once.
#[test]
fn a_value_that_parts_shows_in_the_hash_of_its_scan_and_of_every_later_one() {
    let plant = Arc::new(text_plant());
    let (mut one, mut other) = (Engine::new(Arc::clone(&plant)), Engine::new(Arc::clone(&plant)));
    let mut out = ScanOutput::with_capacity(4096);
    let mut storm = Storm::new(0x5eed_0005);
    let mut apart = false;
    for scan in 0..2000 {
        storm.next(&plant);
        one.scan(storm.tick, &storm.inputs, &storm.commands, &mut out);
        let mut inputs = storm.inputs.clone();
        let field = inputs.iter_mut().find(|input| {
            let point = plant.points.get(input.point.index());
            point.is_some_and(|point| matches!(point.origin, control::plant::Origin::Field(_)))
                && input.value.is_finite()
                && input.quality == Quality::Good
        });
        if let Some(input) = field.filter(|_| scan == 777 || (scan > 777 && !apart)) {
            input.value += 1e-6;
            apart = true;
        }
        other.scan(storm.tick, &inputs, &storm.commands, &mut out);
        assert_eq!(one.scan_hash() != other.scan_hash(), apart, "scan {scan}");
    }
    assert!(apart);
}

/// A loop moves its valve in the scan in which an interlock closes it: the valve changes twice.
const CLOSED_BY_A_TRIP: &str = r#"
[plant]
name = "valve"
title = "VALVE"
period = "10 ms"
[unit.T-1]
description = "Tank"
[device.PLC]
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 9"
[tag.LT-1]
description = "Level"
unit = "%"
range = [0, 100]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.FT-1]
description = "Flow"
unit = "m3/h"
range = [0, 10]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag.FV-1]
description = "Valve"
unit = "%"
range = [0, 100]
fail = 0
io = { device = "PLC", holding = 0, raw = [0, 27648] }
[pid.FIC-1]
description = "Flow"
pv = "FT-1"
out = "FV-1"
action = "reverse"
task = "10 ms"
kc = 1.0
ti = "10 s"
sp = "8 m3/h"
mode = "auto"
[interlock.IL-1]
description = "No flow without level"
reset = "auto"
trip = [{ when = "LT-1 < 5 %", text = "level too low" }]
do = ["FV-1 := 0 %"]
[alarm."FV-1.L"]
tag = "FV-1"
low = "1 %"
priority = "low"
cause = "level too low"
consequence = "no flow"
response = "fill"
time = "5 min"
"#;

#[test]
fn an_alarm_sees_what_an_interlock_does_to_an_output_that_a_loop_has_just_moved() {
    let source = model::Source { path: "plant.toml".into(), text: CLOSED_BY_A_TRIP.into() };
    let plant = match control::compile(&[source]) {
        Ok(compiled) => Arc::new(compiled.plant),
        Err(mistakes) => panic!("{:?}", mistakes.iter().map(|m| &m.message).collect::<Vec<_>>()),
    };
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(64);
    let point = |name| plant.find_point(name).unwrap();
    let input = |name, value| Input { point: point(name), value, quality: Quality::Good };
    let link = Input { point: plant.io.devices[0].link, value: 1.0, quality: Quality::Good };
    let mut scan = |tick, inputs: &[Input]| {
        engine.scan(tick, inputs, &[], &mut out);
        (engine.image().value(point("FV-1")), engine.alarms()[0].raw)
    };
    scan(0, &[input("FV-1", 50.0), input("FT-1", 5.0), input("LT-1", 50.0), link]);
    let (before, _) = scan(1, &[]);
    let (open, _) = scan(2, &[]);
    assert!(open > before && open > 50.0, "the loop opens it: {before} {open}");
    assert_eq!(scan(3, &[input("LT-1", 1.0)]).0, 0.0);
    let (closed, alarm) = scan(4, &[]);
    assert!(closed == 0.0 && alarm, "it is closed and the alarm says nothing of it");
}
