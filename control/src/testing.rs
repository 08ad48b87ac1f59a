//! The smallest plants for unit tests.

use alloc::{string::String, vec::Vec};
use model::{IoMap, Unit};

use crate::plant::{Cause, Code, Expr, Interlock, Origin, Plant, Point};

/// A plant of nothing but entries.
pub(crate) fn plant(points: usize) -> Plant {
    let point = |index: usize| Point {
        name: alloc::format!("P-{index}"),
        description: String::new(),
        area: String::new(),
        unit: Unit::NONE,
        low: -1e9,
        high: 1e9,
        decimals: 1,
        normal: None,
        words: None,
        initial: 0.0,
        origin: Origin::Entry,
        write: None,
        source: None,
    };
    Plant {
        name: "test".into(),
        title: String::new(),
        hash: [0; 32],
        sources: Vec::new(),
        period_ms: 10,
        areas: Vec::new(),
        units: Vec::new(),
        io: IoMap::default(),
        points: (0..points).map(point).collect(),
        code: Code::default(),
        blocks: Vec::new(),
        tasks: Vec::new(),
        alarms: Vec::new(),
        interlocks: Vec::new(),
        phases: Vec::new(),
        recipes: Vec::new(),
        displays: Vec::new(),
    }
}

/// `len` operations from `start`.
pub(crate) fn expr(start: u32, len: u32) -> Expr {
    Expr { start, len, unit: Unit::NONE, boolean: true, text: String::new() }
}

/// One that asks these and does nothing.
pub(crate) fn interlock(causes: Vec<Cause>) -> Interlock {
    Interlock {
        name: "IL".into(),
        description: String::new(),
        area: String::new(),
        equipment: None,
        causes,
        actions: Vec::new(),
        start: None,
        latched: false,
        bypass: None,
    }
}

/// Numbers as they come.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % end
    }
}
