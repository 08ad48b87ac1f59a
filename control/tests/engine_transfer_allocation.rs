//! The step from one plant to another between two scans never allocates: counted, not believed.
// A global allocator is unsafe by its nature; this one only counts and passes on.
#![allow(unsafe_code)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use control::{Engine, Transfer};
use model::{Action, ProcOrder};
use support::field::Field;
use support::{Harness, text_plant};

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

/// A limit, a tuning, a calculation with a delay that is new, and a comment that moves every file's lines.
const EDITS: [(&str, &str); 3] = [
    ("high = \"90 degC\"", "high = \"88 degC\""),
    ("ti = \"4 s\"", "ti = \"6 s\""),
    (
        "[alarm.\"TT-311.H\"]",
        "[calc.AY-1]\nvalue = \"TT-311 > 80 degC FOR 3 s\"\nwords = [\"no\", \"yes\"]\n\n[alarm.\"TT-311.H\"]",
    ),
];

#[test]
fn a_transfer_with_a_batch_in_mid_phase_allocates_nothing_and_gives_what_migrate_gives() {
    let mut h = Harness::new(text_plant());
    let mut field = Field::new();
    field.run(&mut h, 1.0);
    let recipe = h.plant().find_recipe("EL-START").unwrap();
    h.ask(Action::Prepare { recipe, batch: 412 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
    field.run(&mut h, 5.0);

    let mut sources = text_plant().sources;
    for (from, to) in EDITS {
        let source = sources.iter_mut().find(|source| source.text.contains(from)).unwrap();
        source.text = source.text.replacen(from, to, 1);
    }
    let new = Arc::new(control::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).plant);

    let (mut wanted, migration) = h.engine.migrate(&new).unwrap();
    assert!(migration.is_bumpless(), "{:?}", migration.reasons());

    let mut transfer = Transfer::between(&h.plant(), &new).unwrap();
    let mut next = Engine::new(new);
    transfer.make_room(&mut h.engine);
    let before = CALLS.get();
    let free = transfer.is_free(&h.engine);
    transfer.carry(&mut h.engine, &mut next);
    let calls = CALLS.get() - before;
    assert_eq!(calls, 0, "allocations or releases");
    assert!(free);
    assert_eq!(next.state_hash(), wanted.state_hash());
}
