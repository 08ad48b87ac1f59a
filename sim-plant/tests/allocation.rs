//! A step of the physics never allocates: counted, not believed.
// A global allocator is unsafe by its nature; this one only counts and passes on.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use model::{Direction, Unit};
use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};
use sim_plant::units::CATALOGUE;
use sim_plant::{FieldFile, FieldTag, Initial, Parameters, Simulator};

struct Counting;

thread_local! {
    // The tests run side by side, and each counts its own.
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

fn calls_of(mut deed: impl FnMut()) -> u64 {
    let before = CALLS.get();
    deed();
    CALLS.get() - before
}

#[test]
fn no_unit_of_the_catalogue_allocates_in_its_steps() {
    let chemistry = Arc::new(Chemistry::built_in().expect("the built-in files"));
    let mut guilty = Vec::new();
    for row in CATALOGUE {
        let mut unit = Experiment::open(row.shape.name, &Conditions::default(), &chemistry)
            .expect("its own file is sound");
        let calls = calls_of(|| unit.run_to(200.0 * row.shape.step_max));
        if calls > 0 {
            guilty.push((row.shape.name, calls));
        }
    }
    assert!(guilty.is_empty(), "{guilty:?}");
    assert!(calls_of(|| drop(vec![1_u8])) > 0, "the allocator counts nothing");
}

#[test]
fn the_string_of_cells_with_its_instruments_allocates_nothing_in_a_minute() {
    let parameters = Parameters::built_in().expect("the built-in file");
    let mut plant = Simulator::new(&parameters, Initial::Running, 3);
    assert_eq!(calls_of(|| plant.step(60_000)), 0);
}

#[test]
fn a_field_of_units_lines_and_instruments_allocates_nothing_in_a_minute() {
    let text = r#"
        [supply.feed]
        liquor = { CoSO4 = "15 g/L" }
        [unit.T-501]
        kind = "tank"
        running = ["start.level=50%"]
        [unit.SX-501]
        kind = "extraction"
        orders = { mixers = "A-501" }
        [line.in]
        from = "supply.feed"
        to = "T-501"
        flow = "1 m3/h"
        [line.liquor]
        from = "T-501"
        to = "SX-501.feed"
        flow = "1 m3/h"
        through = ["FV-501"]
        [line.raffinate]
        from = "SX-501.raffinate"
        to = "T-501"
        [measure]
        LT-501 = "T-501.level"
        AT-501 = "SX-501.pH"
        FT-501 = "line.liquor"
        [start.running]
        FV-501 = 50
        "A-501.CMD" = true
    "#;
    let tag = |name: &str, direction: Direction, unit: &str, high: f64| FieldTag {
        name: name.into(),
        direction,
        unit: Unit::parse(unit).expect("a unit"),
        low: 0.0,
        high,
        fail: 0.0,
        device: "PLC-500".into(),
    };
    let tags = [
        tag("LT-501", Direction::Input, "%", 100.0),
        tag("AT-501", Direction::Input, "pH", 14.0),
        tag("FT-501", Direction::Input, "m3/h", 2.0),
        tag("FV-501", Direction::Output, "%", 100.0),
        tag("A-501.CMD", Direction::Output, "", 1.0),
        tag("A-501.RUN", Direction::Input, "", 1.0),
    ];
    let files = [FieldFile { name: "field/500.toml".into(), text: text.into() }];
    let parameters = Parameters::built_in().expect("the built-in file");
    let mut plant = Simulator::open(&parameters, Initial::Running, 3, &files, &tags)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(calls_of(|| plant.step(60_000)), 0);
}
