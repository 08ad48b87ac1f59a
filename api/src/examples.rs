//! One value of everything that crosses the API, as it looks in a small plant. The OpenAPI document
//! shows them, and takes its schemas from them; so each `Option` is once there and once not.

use std::collections::BTreeMap;

use model::wire::{
    AlarmKind, AlarmStatus, AlarmView, AreaView, BarsView, BatchStatus, BlockKind, BlockView, CauseView,
    CommandReply, CommandRequest, DeviceView, DisplayView, ErrorReply, EventKind, EventRecord, ForceStatus,
    ForceView, Frame, HistoryReply, HistorySample, InterlockStatus, InterlockView, LimitedPoint, LinkTrouble,
    Login, Missing, NodeStatus, ParameterView, PasswordChange, PhaseStatus, PhaseView, PlantChange,
    PlantFile, PlantPlan, PlantView, PointValue, PointView, ProcedureLevel, ProcedureNode, RecipeView, Role,
    RowView, ServerMessage, ServiceStatus, Session, SimulatorStatus, SystemStatus, TimeOrder, TimeRequest,
    Why, WhyKind, WhyLine, WriteView,
};
use model::{
    Action, AlarmId, AlarmState, BlockId, DeviceId, Experiment, ExperimentShape, InterlockId, Limited, Mode,
    PhaseId, PointId, Priority, ProcOrder, ProcState, Quality, RecipeId, Unit,
};

const NOW_MS: i64 = 1_767_225_600_000;
const HASH: &str = "5f2c9d01";
const OTHER_HASH: &str = "8d10aa47";

pub(crate) fn login() -> Login {
    Login { user: "j.ortiz".into(), password: "four plain words here".into() }
}

pub(crate) fn password_change() -> PasswordChange {
    PasswordChange { old: "7GQ2M-K0XWR-5TD9B-HZ4CN".into(), new: "four plain words here".into() }
}

pub(crate) fn session() -> Session {
    Session {
        token: "b1946ac92492d2347c6235b4d2611184a1f2e3d4c5b6a7988990aabbccddeeff".into(),
        user: "j.ortiz".into(),
        role: Role::Operator,
        expires_ms: NOW_MS + 12 * 3_600_000,
    }
}

pub(crate) fn errors() -> Vec<ErrorReply> {
    let error =
        "FIC-301.SP 11.0 -> 11.2 m3/h; this has acted, but the journal cannot be written: no space left";
    let acted = CommandReply { unrecorded: true, message: error.into(), ..reply() };
    vec![
        ErrorReply { error: "there is no point TT311; did you mean TT-311?".into(), reply: None },
        ErrorReply { error: error.into(), reply: Some(acted) },
    ]
}

pub(crate) fn commands() -> Vec<CommandRequest> {
    let (point, block, alarm, interlock) = (PointId(1), BlockId(0), AlarmId(0), InterlockId(0));
    let (recipe, phase) = (RecipeId(0), PhaseId(0));
    [
        (Action::Write { point, value: 11.2 }, ""),
        (Action::Mode { block, mode: Mode::Auto }, ""),
        (Action::Acknowledge { alarm }, ""),
        (Action::Shelve { alarm, for_ms: 1_800_000 }, "transmitter is being calibrated"),
        (Action::ResetInterlock { interlock }, ""),
        (Action::Bypass { interlock, for_ms: 600_000 }, "proof test 2026-01"),
        (Action::Prepare { recipe, batch: 412 }, ""),
        (Action::Parameter { recipe, parameter: 0, value: 72.5 }, ""),
        (Action::Batch { recipe, order: ProcOrder::Start }, ""),
        (Action::Phase { phase, order: ProcOrder::Abort }, "wrong filter cake"),
        (Action::Experiment { block, plan: experiment() }, "gain of the membrane loop"),
        (Action::EndExperiment { block }, ""),
        (Action::Force { point: PointId(0), value: 82.5, for_ms: 1_800_000 }, "transmitter is being changed"),
        (Action::Unforce { point: PointId(0) }, ""),
        (Action::Simulate { block: BlockId(1), for_ms: 1_800_000 }, "limit switches are being wired"),
    ]
    .map(|(action, reason)| CommandRequest { plant: HASH.into(), ..CommandRequest::new(action, reason) })
    .into()
}

fn experiment() -> Experiment {
    let shape = ExperimentShape::Step;
    Experiment { shape, amplitude: 5.0, bias: 0.0, hysteresis: 0.0, deviation: 3.0, for_ms: 1_200_000 }
}

pub(crate) fn plant_changes() -> Vec<PlantChange> {
    let file = PlantFile { path: "plant.toml".into(), text: "[plant]\nname = \"refinery\"\n".into() };
    let change = PlantChange {
        files: Some(vec![file]),
        from: HASH.into(),
        to: OTHER_HASH.into(),
        force: false,
        reason: "new gain of FIC-301 from the test of Tuesday".into(),
    };
    vec![change.clone(), PlantChange { files: None, ..change }]
}

pub(crate) fn plant_plan() -> PlantPlan {
    PlantPlan {
        from: HASH.into(),
        to: OTHER_HASH.into(),
        text: "Loops\n  ~ FIC-301\n      kc: 0.4 -> 0.7\n".into(),
        obstacles: vec!["a batch of EL-START runs, and its recipe is not the same; let it end first".into()],
        impossible: vec!["device PLC-400 is new: its connection must be made".into()],
    }
}

pub(crate) fn simulator() -> SimulatorStatus {
    SimulatorStatus {
        paused: false,
        times: Some(1.0),
        seconds: 5421.3,
        rewindable: 5420.0,
        snapshots: vec!["before-start".into()],
        faults: vec!["pump-trip tag=P-301A".into()],
        closure: 3.1e-12,
    }
}

pub(crate) fn time_requests() -> Vec<TimeRequest> {
    let name = || String::from("before-start");
    [
        TimeOrder::Pause,
        TimeOrder::Resume,
        TimeOrder::Speed { times: Some(10.0) },
        TimeOrder::Speed { times: None },
        TimeOrder::Step { seconds: 30.0 },
        TimeOrder::Rewind { seconds: 300.0 },
        TimeOrder::Snapshot { name: name() },
        TimeOrder::Restore { name: name() },
    ]
    .map(|order| TimeRequest { order, reason: "lesson 3".into() })
    .into()
}

pub(crate) fn reply() -> CommandReply {
    CommandReply {
        accepted: true,
        message: "FIC-301.SP 11.0 -> 11.2 m3/h".into(),
        tick: 41_230,
        time_ms: NOW_MS,
        unrecorded: false,
    }
}

pub(crate) fn event() -> EventRecord {
    EventRecord {
        time_ms: NOW_MS,
        kind: EventKind::Alarm,
        tag: "TT-311".into(),
        text: "HI 88.7 degC (limit 85.0)".into(),
        user: String::new(),
    }
}

pub(crate) fn history() -> HistoryReply {
    let sample = |second: i64, value: f64| HistorySample {
        time_ms: NOW_MS + second * 1000,
        value,
        min: value - 0.25,
        max: value + 0.25,
        quality: Quality::Good,
    };
    HistoryReply {
        point: "TT-311".into(),
        unit: unit("degC"),
        samples: vec![sample(0, 81.5), sample(60, 82.25)],
        gaps: vec![(NOW_MS + 120_000, NOW_MS + 180_000)],
    }
}

pub(crate) fn why() -> Why {
    let lines: Vec<WhyLine> = crate::examples_of_why::facts()
        .into_iter()
        .enumerate()
        .map(|(number, fact)| {
            let line = WhyLine::new(1, fact);
            // Each kind comes twice: with what may be absent, and without.
            let whole = number % 2 == 0;
            WhyLine { holds: whole.then_some(false), block: whole.then_some(BlockId(0)), ..line }
        })
        .collect();
    Why {
        title: "IL-301 Brine flow".into(),
        name: "IL-301".into(),
        kind: WhyKind::Interlock,
        verdict: "tripped".into(),
        missing: Some(Missing { goal: "reset".into(), lines: lines.clone() }),
        lines,
    }
}

pub(crate) fn alarms() -> Vec<AlarmStatus> {
    let status = |state, acknowledged_by, shelved_until_ms| AlarmStatus {
        alarm: AlarmId(0),
        state,
        active: true,
        since_ms: NOW_MS,
        acknowledged_by,
        shelved_until_ms,
    };
    vec![
        status(AlarmState::Unacked, None, None),
        status(AlarmState::Shelved, Some("j.ortiz".into()), Some(NOW_MS + 1_800_000)),
    ]
}

pub(crate) fn frame() -> Frame {
    Frame {
        tick: 41_230,
        time_ms: NOW_MS,
        full: true,
        values: vec![
            PointValue(PointId(0), 81.5, Quality::Good),
            PointValue(PointId(1), 11.25, Quality::BadSensorFailure),
        ],
        alarms: Some(alarms()),
        interlocks: Some(interlocks()),
        batches: Some(batches()),
        forced: Some(forced()),
        out_of_service: Some(out_of_service()),
        limited: Some(vec![
            LimitedPoint(PointId(0), Limited::High),
            LimitedPoint(PointId(1), Limited::Constant),
        ]),
        system: SystemStatus {
            scan_load_percent: 7.5,
            scan_us_max: 812.5,
            links_up: 2,
            links: 2,
            real_time: "SCHED_FIFO 80, core 1, memory locked".into(),
            overrun_at_ms: Some(1_764_160_000_000),
            late_at_ms: Some(1_764_160_000_000),
            late_us_p50: 6.5,
            late_us_p99: 41.0,
            late_us_max: 88.0,
            journal_age_ms: 20,
            journal_error: None,
            audit_error: None,
            clock_ahead_ms: -4,
            uptime_ms: 412_300,
            sessions: 3,
            ..SystemStatus::default()
        },
    }
}

pub(crate) fn changes() -> Frame {
    Frame {
        full: false,
        values: vec![PointValue(PointId(0), 81.75, Quality::Good)],
        alarms: None,
        interlocks: None,
        batches: None,
        forced: None,
        out_of_service: None,
        limited: None,
        system: on_a_full_disk(),
        ..frame()
    }
}

fn on_a_full_disk() -> SystemStatus {
    SystemStatus {
        links_up: 1,
        link_troubles: vec![LinkTrouble {
            device: "PLC-300".into(),
            text: "refuses its heartbeat (Modbus exception 4, server device failure): look whether it is in STOP or \
                   write-protected"
                .into(),
        }],
        journal_age_ms: 4_200,
        disk_full: Some(
            "the disk is full or nearly so: the journal has 31.5 MB of its own left; free space on that disk".into(),
        ),
        journal_error: Some(
            "the journal cannot be written: no space left on device; free space on that disk".into(),
        ),
        audit_error: Some("the audit log cannot be written, 3 entries wait in memory: no space left".into()),
        ..frame().system
    }
}

pub(crate) fn messages() -> Vec<ServerMessage> {
    let changed = ServerMessage::PlantChanged { hash: HASH.into() };
    vec![
        ServerMessage::Frame(frame()),
        ServerMessage::Frame(changes()),
        ServerMessage::Event(event()),
        changed,
    ]
}

fn forced() -> Vec<ForceStatus> {
    let status = |point, raw, raw_quality| ForceStatus {
        point: PointId(point),
        value: 82.5,
        raw,
        raw_quality,
        since_ms: NOW_MS,
        until_ms: NOW_MS + 1_800_000,
        by: "j.ortiz".into(),
        follows: raw.map(|_| BlockId(1)),
    };
    vec![status(0, Some(77.5), Some(Quality::BadSensorFailure)), status(1, None, None)]
}

fn out_of_service() -> Vec<ServiceStatus> {
    let by = Some("j.ortiz".into());
    vec![
        ServiceStatus { block: BlockId(1), since_ms: Some(NOW_MS), by },
        ServiceStatus { block: BlockId(0), since_ms: None, by: None },
    ]
}

fn interlocks() -> Vec<InterlockStatus> {
    let status = |first_out, bypassed_until_ms| InterlockStatus {
        interlock: InterlockId(0),
        tripped: true,
        active: false,
        first_out,
        first_bad: first_out.map(|_| "LT-311 bad: sensor failure, counts as standing".into()),
        since_ms: NOW_MS,
        bypassed_until_ms,
        bypassed_by: bypassed_until_ms.map(|_| "j.ortiz".into()),
    };
    vec![status(Some(0), None), status(None, Some(NOW_MS + 600_000))]
}

fn batches() -> Vec<BatchStatus> {
    let phase = PhaseStatus {
        phase: PhaseId(0),
        state: ProcState::Running,
        step: 2,
        step_text: "Cool and grow".into(),
        step_elapsed_ms: 327_000,
        waiting: "LIC-402 < 80 %: now 88.7 %".into(),
    };
    let status = |phase, cause| BatchStatus {
        recipe: RecipeId(0),
        batch: 412,
        state: ProcState::Held,
        since_ms: NOW_MS,
        nodes: vec![NodeStatus { state: ProcState::Held, elapsed_ms: 327_000 }],
        parameters: vec![72.5],
        phase,
        cause,
    };
    vec![status(Some(phase), None), status(None, Some("LT-402 is bad".into()))]
}

pub(crate) fn plant() -> PlantView {
    PlantView {
        name: "refinery".into(),
        title: "Lithium refinery 1".into(),
        hash: HASH.into(),
        period_ms: 10,
        areas: vec![AreaView { id: "300".into(), title: "Electrolysis".into() }],
        devices: vec![DeviceView {
            id: DeviceId(0),
            name: "PLC-300".into(),
            description: "cell room".into(),
            endpoint: "10.0.3.30:502".into(),
            link: PointId(2),
        }],
        points: points(),
        blocks: blocks(),
        alarms: plant_alarms(),
        interlocks: plant_interlocks(),
        phases: vec![PhaseView {
            id: PhaseId(0),
            name: "CR-401.COOL".into(),
            description: "cool the crystalliser".into(),
            unit: "CR-401".into(),
            steps: vec!["Fill".into(), "Cool and grow".into()],
        }],
        recipes: vec![recipe()],
        displays: displays(),
    }
}

fn points() -> Vec<PointView> {
    let point = |id, name: &str, unit| PointView {
        id: PointId(id),
        name: name.into(),
        description: "catholyte".into(),
        area: "300".into(),
        unit,
        low: 0.0,
        high: 120.0,
        decimals: 1,
        normal: None,
        words: None,
        write: None,
        source: None,
        force: None,
    };
    vec![
        PointView {
            normal: Some((78.0, 85.0)),
            source: Some("PLC-300 input 12".into()),
            force: Some(ForceView { role: Some(Role::Supervisor), defeats: vec![InterlockId(0)] }),
            ..point(0, "TT-311", unit("degC"))
        },
        PointView {
            write: Some(WriteView { low: 0.0, high: 20.0, role: Role::Operator }),
            ..point(1, "FIC-301.SP", unit("m3/h"))
        },
        PointView { words: Some(("down".into(), "up".into())), ..point(2, "PLC-300.LINK", Unit::NONE) },
    ]
}

fn blocks() -> Vec<BlockView> {
    let block = |name: &str, kind| BlockView {
        id: BlockId(0),
        name: name.into(),
        kind,
        description: "brine feed".into(),
        area: "300".into(),
        unit: None,
        points: BTreeMap::from([("PV".to_owned(), PointId(0)), ("SP".to_owned(), PointId(1))]),
        modes: vec![Mode::Manual, Mode::Auto],
        normal_mode: Mode::Auto,
        service: None,
        simulate: None,
        strokes: vec![],
        input: None,
        output: None,
    };
    vec![
        BlockView {
            unit: Some("EL-300".into()),
            input: Some(PointId(0)),
            output: Some(PointId(1)),
            ..block("FIC-301", BlockKind::Pid)
        },
        BlockView {
            id: BlockId(1),
            modes: vec![Mode::OutOfService, Mode::Manual],
            service: Some(ForceView { role: Some(Role::Supervisor), defeats: vec![InterlockId(0)] }),
            simulate: Some(ForceView { role: Some(Role::Supervisor), defeats: vec![] }),
            strokes: vec![ExperimentShape::PartialStroke],
            ..block("P-311", BlockKind::Motor)
        },
    ]
}

fn plant_alarms() -> Vec<AlarmView> {
    let alarm = |id, name: &str| AlarmView {
        id: AlarmId(id),
        name: name.into(),
        tag: "TT-311".into(),
        point: None,
        area: "300".into(),
        unit: None,
        priority: Priority::High,
        kind: AlarmKind::High,
        limit: None,
        deadband: 0.5,
        on_delay_ms: 2_000,
        off_delay_ms: 5_000,
        text: "catholyte temperature HI".into(),
        cause: "cooling water lost".into(),
        consequence: "membrane damage".into(),
        response: "reduce the current; open TV-311".into(),
        time_to_respond: "10 min".into(),
    };
    vec![
        AlarmView {
            point: Some(PointId(0)),
            unit: Some("EL-300".into()),
            limit: Some(85.0),
            ..alarm(0, "TT-311.H")
        },
        AlarmView { kind: AlarmKind::Fault, ..alarm(1, "PLC-300.LINK") },
    ]
}

fn plant_interlocks() -> Vec<InterlockView> {
    let interlock = |id, name: &str| InterlockView {
        id: InterlockId(id),
        name: name.into(),
        description: "feed lost".into(),
        area: "300".into(),
        unit: None,
        causes: vec![
            CauseView {
                text: "FT-301 < 8.4 m3/h for 30 s".into(),
                description: "no flow".into(),
                point: Some(PointId(0)),
            },
            CauseView { text: "NOT P-311.running".into(), description: "pump stopped".into(), point: None },
        ],
        actions: vec!["RF-301 := open".into()],
        latched: true,
        bypass_role: None,
    };
    vec![
        InterlockView {
            unit: Some("EL-300".into()),
            bypass_role: Some(Role::Supervisor),
            ..interlock(0, "IL-301")
        },
        interlock(1, "IL-302"),
    ]
}

fn recipe() -> RecipeView {
    let node =
        |level, name: &str, phase| ProcedureNode { level, name: name.into(), title: name.into(), phase };
    RecipeView {
        id: RecipeId(0),
        name: "LIOH-CRYSTAL".into(),
        version: "1.4".into(),
        title: "LiOH crystallisation".into(),
        unit: "CR-401".into(),
        parameters: vec![ParameterView {
            name: "END_TEMPERATURE".into(),
            description: "where cooling ends".into(),
            unit: unit("degC"),
            low: 20.0,
            high: 80.0,
            value: 40.0,
        }],
        procedure: vec![
            node(ProcedureLevel::UnitProcedure, "Crystallise", None),
            node(ProcedureLevel::Phase, "Cool", Some(PhaseId(0))),
        ],
    }
}

fn displays() -> Vec<DisplayView> {
    let row = |point, block| RowView { label: "catholyte".into(), area: "300".into(), point, block };
    let display = |name: &str| DisplayView {
        name: name.into(),
        title: "Electrolyser".into(),
        level: 2,
        area: "300".into(),
        unit: None,
        header: "current {IT-301} kA".into(),
        mimic: "--[P-311]--{TT-311   }--".into(),
        bars: None,
        rows: vec![row(PointId(0), Some(BlockId(0))), row(PointId(1), None)],
        interlocks: vec![InterlockId(0)],
        key_figures: vec![row(PointId(0), None), row(PointId(1), Some(BlockId(0)))],
    };
    vec![
        DisplayView {
            unit: Some("EL-300".into()),
            bars: Some(BarsView { title: "CELL VOLTS".into(), points: vec![PointId(0)], span: 0.2 }),
            ..display("electrolyser")
        },
        display("overview"),
    ]
}

fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap_or_default()
}
