//! What a simulator has worked out, counted: a measure of its cost that a busy machine cannot disturb.
//!
//! Only builds with debug assertions count (a test holds the counts of the running site to bounds); in others nothing of
//! it is left. Counted by the thread that works.

use core::cell::Cell;

/// Kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A step of a unit.
    Unit,
    /// A step of a cell of the electrolyser string.
    Cell,
    /// Volumes, species and temperature of a liquor.
    Settling,
    /// A look at the proton condition of a liquor.
    Protons,
    /// A look at the equilibrium of the furnace's flame.
    Flame,
    /// A step of a valve or motor.
    Element,
    /// A new value of an instrument.
    Instrument,
}

const KINDS: usize = Work::Instrument as usize + 1;

thread_local! {
    static DONE: Cell<[u64; KINDS]> = const { Cell::new([0; KINDS]) };
}

/// How often this thread has done so; 0 in a build that does not count.
pub fn done(work: Work) -> u64 {
    DONE.get()[work as usize]
}

pub(crate) fn count(work: Work) {
    if cfg!(debug_assertions) {
        let mut done = DONE.get();
        done[work as usize] += 1;
        DONE.set(done);
    }
}
