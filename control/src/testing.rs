//! The smallest plants for unit tests.

use alloc::{string::String, vec::Vec};
use model::{IoMap, Unit};

use crate::plant::{Code, Expr, Origin, Plant, Point};

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
