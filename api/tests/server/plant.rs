//! A small plant with one of everything that the roles tell apart.

use std::collections::BTreeMap;

use model::wire::{
    AlarmKind, AlarmView, BlockKind, BlockView, CauseView, Frame, InterlockView, ParameterView, PhaseView,
    PlantView, PointValue, PointView, RecipeView, Role, SystemStatus, WriteView,
};
use model::{AlarmId, BlockId, InterlockId, Mode, PhaseId, PointId, Priority, Quality, RecipeId, Unit};

/// Points 0..5 are written by the role of that number, point 5 by nobody; interlocks likewise.
/// Alarms 0..4 have the four priorities.
pub(crate) fn plant(points: u32) -> PlantView {
    PlantView {
        name: "test".into(),
        title: "Test plant".into(),
        hash: "00".into(),
        period_ms: 10,
        areas: Vec::new(),
        devices: Vec::new(),
        points: (0..points).map(point).collect(),
        blocks: vec![block()],
        alarms: (0..).zip(Priority::ALL).map(|(id, priority)| alarm(id, priority)).collect(),
        interlocks: (0..6).map(interlock).collect(),
        phases: vec![PhaseView {
            id: PhaseId(0),
            name: "CR-401.COOL".into(),
            description: String::new(),
            unit: "CR-401".into(),
            steps: Vec::new(),
        }],
        recipes: vec![RecipeView {
            id: RecipeId(0),
            name: "LIOH".into(),
            version: "1".into(),
            title: String::new(),
            unit: "CR-401".into(),
            parameters: vec![ParameterView {
                name: "END".into(),
                description: String::new(),
                unit: Unit::NONE,
                low: 0.0,
                high: 1.0,
                value: 0.5,
            }],
            procedure: Vec::new(),
        }],
        displays: Vec::new(),
    }
}

pub(crate) fn frame(points: u32, tick: u64) -> Frame {
    Frame {
        tick,
        time_ms: 1_000_000 + tick as i64 * 10,
        full: true,
        values: (0..points).map(|id| PointValue(PointId(id), f64::from(id), Quality::Good)).collect(),
        alarms: Some(Vec::new()),
        interlocks: Some(Vec::new()),
        batches: Some(Vec::new()),
        forced: Some(Vec::new()),
        out_of_service: Some(Vec::new()),
        limited: Some(Vec::new()),
        system: SystemStatus::default(),
    }
}

fn point(id: u32) -> PointView {
    let role = Role::ALL.get(id as usize);
    PointView {
        id: PointId(id),
        name: format!("TT-{}", 311 + id),
        description: String::new(),
        area: String::new(),
        unit: Unit::NONE,
        low: 0.0,
        high: 100.0,
        decimals: 1,
        normal: None,
        words: None,
        write: role.map(|role| WriteView { low: 0.0, high: 100.0, role: *role }),
        source: None,
        force: None,
    }
}

fn block() -> BlockView {
    BlockView {
        id: BlockId(0),
        name: "FIC-301".into(),
        kind: BlockKind::Pid,
        description: String::new(),
        area: String::new(),
        unit: None,
        points: BTreeMap::new(),
        modes: vec![Mode::Auto],
        normal_mode: Mode::Auto,
        service: None,
        simulate: None,
        strokes: vec![],
        input: None,
        output: None,
    }
}

fn alarm(id: u32, priority: Priority) -> AlarmView {
    AlarmView {
        id: AlarmId(id),
        name: format!("TT-311.{id}"),
        tag: "TT-311".into(),
        point: None,
        area: String::new(),
        unit: None,
        priority,
        kind: AlarmKind::High,
        limit: None,
        deadband: 0.0,
        on_delay_ms: 0,
        off_delay_ms: 0,
        text: String::new(),
        cause: String::new(),
        consequence: String::new(),
        response: String::new(),
        time_to_respond: String::new(),
    }
}

fn interlock(id: u32) -> InterlockView {
    InterlockView {
        id: InterlockId(id),
        name: format!("IL-30{id}"),
        description: String::new(),
        area: String::new(),
        unit: None,
        causes: vec![CauseView { text: "TT-311 > 90".into(), description: String::new(), point: None }],
        actions: Vec::new(),
        latched: true,
        bypass_role: Role::ALL.get(id as usize).copied(),
    }
}
