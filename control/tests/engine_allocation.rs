//! A scan never allocates: counted, not believed.
// A global allocator is unsafe by its nature; this one only counts and passes on.
#![allow(unsafe_code)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use control::{Engine, Input, ScanOutput, StateView};
use model::{
    Action, AlarmId, BlockId, Command, Direction, Experiment, ExperimentShape, InterlockId, Mode, PhaseId,
    PointId, ProcOrder, Quality, RecipeId, UserId,
};
use support::text_loop::{TUNED, VALVE, running};
use support::{Dice, text_plant};

struct Counting;

thread_local! {
    /// Of this thread alone: the test harness allocates in its own while a test runs.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn ten_thousand_scans_with_commands_alarms_and_phases_allocate_nothing() {
    let plant = Arc::new(text_plant());
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut view = StateView::new(&plant);
    let mut out = ScanOutput::with_capacity(4096);
    let mut state = model::StateWriter::default();
    engine.publish(&mut view);
    engine.save(&mut state);
    let inputs: Vec<PointId> =
        plant.io.points.iter().filter(|io| io.direction == Direction::Input).map(|io| io.point).collect();
    let mut dice = Dice(0xa110_c8ed);
    let mut changes: Vec<Input> = Vec::with_capacity(64);
    let mut commands: Vec<Command> = Vec::with_capacity(16);
    changes.push(Input { point: plant.io.devices[0].link, value: 1.0, quality: Quality::Good });
    for point in &inputs {
        changes.push(Input { point: *point, value: 50.0, quality: Quality::Good });
    }
    let mut seen = [0_u64; 5];
    let before = CALLS.get();
    for tick in 1..=10_000 {
        for _ in 0..dice.below(4) {
            let point = inputs[dice.below(inputs.len() as u64) as usize];
            let quality = if dice.below(20) == 0 { Quality::BadSensorFailure } else { Quality::Good };
            changes.push(Input { point, value: 100.0 * dice.unit(), quality });
        }
        if tick % 7 == 0 {
            let id = |dice: &mut Dice, count: usize| dice.below(count as u64 + 1) as u32;
            let tag = plant.io.points[dice.below(plant.io.points.len() as u64) as usize].point;
            let action = match dice.below(12) {
                0 => Action::Write {
                    point: PointId(id(&mut dice, plant.points.len())),
                    value: dice.unit() * 100.0,
                },
                1 => Action::Mode {
                    block: BlockId(id(&mut dice, plant.blocks.len())),
                    mode: [Mode::Auto, Mode::OutOfService, Mode::Manual][dice.below(3) as usize],
                },
                2 => Action::Acknowledge { alarm: AlarmId(id(&mut dice, plant.alarms.len())) },
                3 => Action::Shelve { alarm: AlarmId(id(&mut dice, plant.alarms.len())), for_ms: 500 },
                4 => Action::ResetInterlock { interlock: InterlockId(id(&mut dice, plant.interlocks.len())) },
                5 => Action::Prepare { recipe: RecipeId(id(&mut dice, plant.recipes.len())), batch: 1 },
                6 | 7 => Action::Batch {
                    recipe: RecipeId(id(&mut dice, plant.recipes.len())),
                    order: ProcOrder::ALL[dice.below(8) as usize],
                },
                8 => Action::Phase {
                    phase: PhaseId(id(&mut dice, plant.phases.len())),
                    order: ProcOrder::ALL[dice.below(8) as usize],
                },
                9 => Action::Unforce { point: tag },
                10 => Action::Simulate { block: BlockId(id(&mut dice, plant.blocks.len())), for_ms: 3000 },
                _ => Action::Force { point: tag, value: 1.0, for_ms: 5000 },
            };
            commands.push(Command { id: tick, user: UserId(1), action });
        }
        engine.scan(tick, &changes, &commands, &mut out);
        for event in out.events() {
            use model::EventBody as E;
            match event.body {
                E::Alarm { .. } => seen[0] += 1,
                E::Command { refused: None, .. } => seen[1] += 1,
                E::Step { .. } => seen[2] += 1,
                E::Interlock { .. } => seen[3] += 1,
                E::Force { .. } => seen[4] += 1,
                _ => {}
            }
        }
        if tick % 10 == 0 {
            engine.publish(&mut view);
        }
        if tick % 1000 == 0 {
            state.0.clear();
            engine.save(&mut state);
        }
        engine.state_hash();
        changes.clear();
        commands.clear();
    }
    let calls = CALLS.get() - before;
    assert_eq!(calls, 0, "scan, hash, publication and snapshot are free of the allocator");
    assert!(seen.iter().all(|count| *count > 10), "and there was something to do: {seen:?}");
}

#[test]
fn a_stroke_test_from_its_order_to_its_verdict_allocates_nothing() {
    let mut h = running(&format!("{TUNED}{VALVE}"), 100.0, 0.0, 40.0);
    let [zt, tv, result] = ["ZT-1", "TV-1", "ZI-1.RESULT"].map(|name| h.point(name));
    let plan = Experiment {
        shape: ExperimentShape::Stroke,
        amplitude: 0.0,
        bias: 0.0,
        hysteresis: 0.0,
        deviation: 0.0,
        for_ms: 0,
    };
    let block = h.engine.plant().find_block("ZI-1").unwrap();
    let order = [Command { id: 1, user: UserId(1), action: Action::Experiment { block, plan } }];
    let mut out = ScanOutput::with_capacity(64);
    let mut position = 40.0;
    let first = h.engine.tick() + 1;
    let before = CALLS.get();
    for tick in first..first + 3500 {
        let commands = if tick == first + 10 { &order[..] } else { &[] };
        h.engine.scan(
            tick,
            &[Input { point: zt, value: position, quality: Quality::Good }],
            commands,
            &mut out,
        );
        position = h.engine.image().value(tv);
    }
    assert_eq!(CALLS.get(), before);
    assert_eq!(h.engine.image().value(result), f64::from(model::StrokeResult::Passed as u8));
}
