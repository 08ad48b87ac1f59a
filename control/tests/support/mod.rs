//! Plants built by hand for the engine's tests, and a harness that steps them.
// Every test file uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod field;
pub mod text_loop;

use std::collections::HashMap;
use std::sync::Arc;

use control::plant::*;
use control::{Engine, Input, ScanOutput};
use model::wire::{AlarmKind, Role};
use model::{
    Action, Address, BlockId, Command, DeviceId, Direction, Event, EventBody, IoMap, IoPoint, ModbusTable,
    Mode, PhaseId, PointId, Priority, Protocol, Quality, Refusal, RegisterFormat, Scaling, Unit, UserId,
};

/// What `why` says, a line each.
pub fn words(why: &model::wire::Why) -> String {
    why.lines.iter().map(model::wire::WhyLine::text).collect::<Vec<_>>().join("\n")
}

pub struct Builder {
    pub plant: Plant,
}

pub fn blank() -> Plant {
    Plant {
        name: "test".into(),
        title: "TEST".into(),
        hash: [7; 32],
        sources: vec![],
        period_ms: 10,
        areas: vec![],
        units: vec![],
        io: IoMap::default(),
        points: vec![],
        code: Code::default(),
        blocks: vec![],
        tasks: vec![],
        alarms: vec![],
        interlocks: vec![],
        phases: vec![],
        recipes: vec![],
        displays: vec![],
    }
}

/// What of a PID the tests vary.
#[derive(Clone)]
pub struct Loop {
    pub pv_range: (f64, f64),
    pub out_range: (f64, f64),
    pub out_limits: (f64, f64),
    pub sp_limits: (f64, f64),
    pub sp: f64,
    pub sp_from_pv: bool,
    pub sp_rate: f64,
    pub kc: f64,
    pub ti: f64,
    pub td: f64,
    pub direct: bool,
    pub filter_s: f64,
    pub beta: f64,
    pub derivative_n: f64,
    pub cascade: Option<PointId>,
    pub feed_forward: Option<Expr>,
    pub modes: Vec<Mode>,
    pub normal_mode: Mode,
    pub on_bad_pv: OnBad,
    pub options: PidOptions,
    pub target: Option<PointId>,
    pub secondary: Option<BlockId>,
}

impl Default for Loop {
    fn default() -> Self {
        Self {
            pv_range: (0.0, 100.0),
            out_range: (0.0, 100.0),
            out_limits: (0.0, 100.0),
            sp_limits: (0.0, 100.0),
            sp: 50.0,
            sp_from_pv: false,
            sp_rate: f64::INFINITY,
            kc: 1.0,
            ti: 10.0,
            td: 0.0,
            direct: false,
            filter_s: 0.0,
            beta: 1.0,
            derivative_n: 10.0,
            cascade: None,
            feed_forward: None,
            modes: vec![Mode::Manual, Mode::Auto, Mode::Cascade],
            normal_mode: Mode::Auto,
            on_bad_pv: OnBad::Manual,
            options: PidOptions::default(),
            target: None,
            secondary: None,
        }
    }
}

impl Builder {
    /// One device `PLC` and one task of the base period.
    pub fn new() -> Self {
        let mut builder = Self { plant: blank() };
        builder.task(1, 0);
        builder.device("PLC");
        builder
    }

    pub fn task(&mut self, period_ticks: u32, phase_ticks: u32) -> u32 {
        self.plant.tasks.push(Task { period_ticks, phase_ticks, blocks: vec![] });
        self.plant.tasks.len() as u32 - 1
    }

    pub fn device(&mut self, name: &str) -> PointId {
        let id = DeviceId(self.plant.io.devices.len() as u32);
        let link = self.point(&format!("{name}.LINK"), Origin::Link(id));
        self.plant.points[link.index()].words = Some(("down".into(), "up".into()));
        self.plant.io.devices.push(model::Device {
            name: name.into(),
            description: String::new(),
            protocol: Protocol::ModbusTcp { endpoint: "127.0.0.1:502".into(), unit_id: 1 },
            link,
            heartbeat: address(0),
            watchdog_ms: 2000,
            poll_ms: 100,
            timeout_ms: 500,
        });
        link
    }

    pub fn point(&mut self, name: &str, origin: Origin) -> PointId {
        self.plant.points.push(Point {
            name: name.into(),
            description: String::new(),
            area: "300".into(),
            unit: Unit::parse("%").unwrap(),
            low: 0.0,
            high: 100.0,
            decimals: 1,
            normal: None,
            words: None,
            initial: 0.0,
            origin,
            write: None,
            source: None,
        });
        PointId(self.plant.points.len() as u32 - 1)
    }

    pub fn at(&mut self, point: PointId) -> &mut Point {
        &mut self.plant.points[point.index()]
    }

    fn io(&mut self, name: &str, direction: Direction) -> PointId {
        let index = self.plant.io.points.len() as u32;
        let origin = match direction {
            Direction::Input => Origin::Field(index),
            Direction::Output => Origin::FieldOutput(index),
        };
        let point = self.point(name, origin);
        self.plant.io.points.push(IoPoint {
            point,
            tag: name.into(),
            device: DeviceId(0),
            direction,
            address: address(index as u16),
            scaling: Scaling::IDENTITY,
            range: None,
            fail_value: 0.0,
        });
        point
    }

    pub fn input(&mut self, name: &str) -> PointId {
        self.io(name, Direction::Input)
    }

    pub fn output(&mut self, name: &str) -> PointId {
        self.io(name, Direction::Output)
    }

    pub fn entry(&mut self, name: &str, initial: f64) -> PointId {
        let point = self.point(name, Origin::Entry);
        self.at(point).initial = initial;
        self.writable(point, 0.0, 100.0);
        point
    }

    pub fn writable(&mut self, point: PointId, low: f64, high: f64) {
        self.at(point).write = Some(Write { low, high, role: Role::Operator });
    }

    fn next_block(&self) -> BlockId {
        BlockId(self.plant.blocks.len() as u32)
    }

    fn part(&mut self, name: &str, role: &str, initial: f64, write: Option<(f64, f64)>) -> PointId {
        let block = self.next_block();
        let point = self.point(&format!("{name}.{role}"), Origin::Block(block));
        self.at(point).initial = initial;
        if let Some((low, high)) = write {
            self.writable(point, low, high);
        }
        point
    }

    pub fn block(&mut self, name: &str, task: u32, body: BlockBody) -> BlockId {
        let id = self.next_block();
        self.plant.tasks[task as usize].blocks.push(id);
        self.plant.blocks.push(Block {
            name: name.into(),
            description: String::new(),
            area: "300".into(),
            equipment: Some("EL-301".into()),
            role: Role::Operator,
            task,
            body,
        });
        id
    }

    pub fn pid(&mut self, name: &str, input: PointId, options: &Loop) -> BlockId {
        self.pid_in(name, 0, input, options)
    }

    pub fn pid_in(&mut self, name: &str, task: u32, input: PointId, options: &Loop) -> BlockId {
        let o = options;
        let (sp_low, sp_high) = o.sp_limits;
        let body = Pid {
            input,
            pv: self.part(name, "PV", 0.0, None),
            sp: self.part(name, "SP", o.sp, Some((sp_low, sp_high))),
            sp_working: self.part(name, "SPW", o.sp, None),
            out: self.part(name, "OUT", 0.0, Some(o.out_limits)),
            mode: self.part(name, "MODE", 1.0, Some((0.0, 7.0))),
            kc: self.part(name, "KC", o.kc, Some((0.0, 100.0))),
            ti: self.part(name, "TI", o.ti, Some((0.0, 100_000.0))),
            td: self.part(name, "TD", o.td, Some((0.0, 10_000.0))),
            ff: self.part(name, "FF", 0.0, None),
            target: o.target,
            secondary: o.secondary,
            pv_low: o.pv_range.0,
            pv_high: o.pv_range.1,
            out_low: o.out_range.0,
            out_high: o.out_range.1,
            out_limit_low: o.out_limits.0,
            out_limit_high: o.out_limits.1,
            sp_limit_low: sp_low,
            sp_limit_high: sp_high,
            sp_from_pv: o.sp_from_pv,
            sp_rate: o.sp_rate,
            direct: o.direct,
            filter_s: o.filter_s,
            beta: o.beta,
            derivative_n: o.derivative_n,
            cascade: o.cascade,
            feed_forward: o.feed_forward.clone(),
            modes: o.modes.clone(),
            normal_mode: o.normal_mode,
            on_bad_pv: o.on_bad_pv,
            options: Box::new(o.options.clone()),
        };
        self.block(name, task, BlockBody::Pid(body))
    }

    /// A device with a separate output `NAME.OUTPUT` and one feedback.
    pub fn machine(&mut self, name: &str, kind: DeviceKind, permit: Option<Expr>) -> BlockId {
        let out = self.output(&format!("{name}.OUTPUT"));
        let on = self.input(&format!("{name}.ON"));
        let body = Device {
            kind,
            command: self.part(name, "CMD", 0.0, Some((0.0, 1.0))),
            state: self.part(name, "STATE", 0.0, None),
            fail: self.part(name, "FAIL", 0.0, None),
            mode: self.part(name, "MODE", 1.0, None),
            out,
            on: Some(on),
            off: None,
            travel_ms: 5000,
            wear: Wear::default(),
            auto: None,
            drive: None,
            stroke: None,
            permit,
        };
        self.block(name, 0, BlockBody::Device(body))
    }

    pub fn calc(&mut self, name: &str, value: Expr) -> PointId {
        let out = self.part(name, "OUT", 0.0, None);
        self.at(out).name = name.into();
        self.block(name, 0, BlockBody::Calc(Calc { out, value }));
        out
    }

    pub fn ratio(&mut self, name: &str, input: PointId, ratio: f64, trim: Option<PointId>) -> PointId {
        let body = Ratio {
            input,
            wild: self.part(name, "IN", 0.0, None),
            ratio: self.part(name, "RATIO", ratio, Some((0.0, 10.0))),
            bias: self.part(name, "BIAS", 0.0, Some((-100.0, 100.0))),
            out: self.part(name, "OUT", 0.0, None),
            trim,
            low: 0.0,
            high: 100.0,
            secondary: None,
        };
        let out = body.out;
        self.block(name, 0, BlockBody::Ratio(body));
        out
    }

    pub fn ramp(&mut self, name: &str, rate: f64, source: Option<Expr>) -> (PointId, PointId) {
        let target = self.part(name, "TARGET", 0.0, Some((0.0, 100.0)));
        let out = self.part(name, "OUT", 0.0, None);
        self.block(name, 0, BlockBody::Ramp(Ramp { target, source, out, rate, low: 0.0, high: 100.0 }));
        (target, out)
    }

    pub fn filter(&mut self, name: &str, input: PointId, time_s: f64) -> PointId {
        let out = self.part(name, "OUT", 0.0, None);
        self.block(name, 0, BlockBody::Filter(Filter { input, out, time_s }));
        out
    }

    pub fn selector(
        &mut self,
        name: &str,
        inputs: Vec<PointId>,
        pick: Pick,
        deviation: Option<f64>,
    ) -> (PointId, PointId) {
        let out = self.part(name, "OUT", 0.0, None);
        let selected = self.part(name, "SELECTED", 0.0, None);
        self.block(name, 0, BlockBody::Selector(Selector { inputs, pick, out, selected, deviation }));
        (out, selected)
    }

    pub fn expr(&mut self, ops: &[Op]) -> Expr {
        let start = self.plant.code.ops.len() as u32;
        for op in ops {
            match op {
                Op::OnDelay { timer, .. } | Op::OffDelay { timer, .. } => {
                    self.plant.code.timers = self.plant.code.timers.max(timer + 1);
                }
                Op::Rise { edge } | Op::Fall { edge } => {
                    self.plant.code.edges = self.plant.code.edges.max(edge + 1);
                }
                _ => {}
            }
            self.plant.code.ops.push(*op);
        }
        self.plant.code.stack = self.plant.code.stack.max(ops.len() as u32);
        Expr { start, len: ops.len() as u32, unit: Unit::NONE, boolean: true, text: "as written".into() }
    }

    pub fn above(&mut self, point: PointId, limit: f64) -> Expr {
        self.expr(&[Op::Load(point), Op::Const(limit), Op::Greater])
    }

    pub fn alarm(&mut self, name: &str, condition: AlarmCondition) -> usize {
        self.plant.alarms.push(Alarm {
            name: name.into(),
            tag: name.split('.').next().unwrap().into(),
            area: "300".into(),
            equipment: None,
            kind: AlarmKind::High,
            priority: Priority::High,
            condition,
            on_delay_ms: 0,
            off_delay_ms: 0,
            enable: None,
            text: "text".into(),
            cause: "cause".into(),
            consequence: "consequence".into(),
            response: "response".into(),
            time_to_respond: "10 min".into(),
        });
        self.plant.alarms.len() - 1
    }

    pub fn interlock(
        &mut self,
        name: &str,
        causes: Vec<Expr>,
        actions: Vec<Forcing>,
        latched: bool,
    ) -> usize {
        let cause = |when: Expr| Cause { when, text: "too high".into(), show: None, trips_on_bad: true };
        self.plant.interlocks.push(Interlock {
            name: name.into(),
            description: "trip".into(),
            area: "300".into(),
            equipment: None,
            causes: causes.into_iter().map(cause).collect(),
            actions,
            start: None,
            latched,
            bypass: Some(Role::Supervisor),
        });
        self.plant.interlocks.len() - 1
    }

    /// Forces the command of a device off.
    pub fn force_off(&self, block: BlockId) -> Forcing {
        let BlockBody::Device(device) = &self.plant.blocks[block.index()].body else { panic!("no device") };
        Forcing { point: device.command, device: Some(block), value: 0.0, text: "stop".into() }
    }

    pub fn phase_parameter(&mut self, name: &str, phase: PhaseId) -> PointId {
        let point = self.point(name, Origin::Phase(phase));
        self.writable(point, 0.0, 100.0);
        point
    }

    pub fn phase(&mut self, name: &str, running: Vec<Step>, owns: Vec<PointId>) -> PhaseId {
        self.plant.phases.push(Phase {
            name: name.into(),
            description: String::new(),
            equipment: "EL-301".into(),
            parameters: vec![],
            running,
            holding: vec![],
            restarting: vec![],
            stopping: vec![],
            aborting: vec![],
            owns,
        });
        PhaseId(self.plant.phases.len() as u32 - 1)
    }

    pub fn assign(&mut self, point: PointId, value: f64) -> Assignment {
        let value = self.expr(&[Op::Const(value)]);
        let text = format!("{} := {}", self.plant.points[point.index()].name, "value");
        Assignment { point, block: None, value, text }
    }

    pub fn finish(self) -> Harness {
        Harness::new(self.plant)
    }
}

pub fn step(title: &str, actions: Vec<Assignment>, wait: Option<Expr>) -> Step {
    let ways = wait.map(|wait| Way { when: Some(wait), to: None }).into_iter().collect();
    Step { name: String::new(), title: title.into(), actions, ways, stays: false, within: None }
}

fn address(register: u16) -> Address {
    Address::Modbus { table: ModbusTable::InputRegister, register, format: RegisterFormat::U16 }
}

pub struct Harness {
    pub engine: Engine,
    pub out: ScanOutput,
    pub tick: u64,
    pub events: Vec<Event>,
    pending: Vec<Input>,
    orders: Vec<Command>,
    next_id: u64,
    names: HashMap<String, PointId>,
}

impl Harness {
    pub fn new(plant: Plant) -> Self {
        let names = (0..).zip(&plant.points).map(|(id, point)| (point.name.clone(), PointId(id))).collect();
        Self {
            names,
            engine: Engine::new(Arc::new(plant)),
            out: ScanOutput::with_capacity(1024),
            tick: 0,
            events: vec![],
            pending: vec![],
            orders: vec![],
            next_id: 0,
        }
    }

    pub fn plant(&self) -> Arc<Plant> {
        Arc::clone(self.engine.plant())
    }

    pub fn point(&self, name: &str) -> PointId {
        *self.names.get(name).unwrap_or_else(|| panic!("no point {name}"))
    }

    /// Link up and every input good with this value.
    pub fn all_good(&mut self, value: f64) {
        let plant = self.plant();
        for device in &plant.io.devices {
            self.pending.push(Input { point: device.link, value: 1.0, quality: Quality::Good });
        }
        for io in plant.io.points.iter().filter(|io| io.direction == Direction::Input) {
            self.pending.push(Input { point: io.point, value, quality: Quality::Good });
        }
    }

    pub fn set(&mut self, point: PointId, value: f64) {
        self.pending.push(Input { point, value, quality: Quality::Good });
    }

    /// Where an output of the field stands before the engine begins.
    pub fn preset(&mut self, output: PointId, value: f64) {
        self.set(output, value);
    }

    pub fn input(&mut self, point: PointId, value: f64, quality: Quality) {
        self.pending.push(Input { point, value, quality });
    }

    pub fn order(&mut self, action: Action) {
        self.next_id += 1;
        self.orders.push(Command { id: self.next_id, user: UserId(5), action });
    }

    /// One scan.
    pub fn scan(&mut self) {
        self.tick += 1;
        self.scan_at(self.tick);
    }

    pub fn scan_at(&mut self, tick: u64) {
        self.tick = tick;
        self.engine.scan(tick, &self.pending, &self.orders, &mut self.out);
        assert_eq!(self.out.dropped(), 0);
        self.events.extend_from_slice(self.out.events());
        self.pending.clear();
        self.orders.clear();
    }

    pub fn run(&mut self, scans: usize) {
        for _ in 0..scans {
            self.scan();
        }
    }

    /// Gives an order, scans once and tells how it was answered.
    pub fn ask(&mut self, action: Action) -> Result<f64, Refusal> {
        self.order(action);
        let id = self.next_id;
        self.scan();
        let answer = self.out.events().iter().find_map(|event| match event.body {
            EventBody::Command { command, old, refused } if command.id == id => Some((old, refused)),
            _ => None,
        });
        match answer.expect("every command is answered in its scan") {
            (old, None) => Ok(old),
            (_, Some(refusal)) => Err(refusal),
        }
    }

    /// What the last answer to a command says to people.
    pub fn told(&self) -> String {
        let answer = self.events.iter().rev().find(|event| matches!(event.body, EventBody::Command { .. }));
        control::describe(&self.plant(), answer.expect("a command was given")).2
    }

    pub fn write(&mut self, name: &str, value: f64) -> Result<f64, Refusal> {
        let point = self.point(name);
        self.ask(Action::Write { point, value })
    }

    pub fn mode(&mut self, block: &str, mode: Mode) -> Result<f64, Refusal> {
        let block = self.engine.plant().find_block(block).unwrap();
        self.ask(Action::Mode { block, mode })
    }

    pub fn value(&self, name: &str) -> f64 {
        self.engine.image().value(self.point(name))
    }

    pub fn at(&self, point: PointId) -> f64 {
        self.engine.image().value(point)
    }

    pub fn quality(&self, name: &str) -> Quality {
        self.engine.image().quality(self.point(name))
    }

    pub fn actual(&self, block: &str) -> Mode {
        Mode::from_value(self.value(&format!("{block}.MODE")))
    }

    pub fn save(&mut self) -> Vec<u8> {
        let mut writer = model::StateWriter::default();
        self.engine.save(&mut writer);
        writer.0
    }
}

/// A reproducible stream of numbers for random tests (xorshift64*).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 16) % limit.max(1)
    }

    /// In 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The plant of `tests/engine`, compiled from its text.
pub fn text_plant() -> Plant {
    let source = |path: &str, text: &str| model::Source { path: path.into(), text: text.into() };
    let sources = [
        source("plant.toml", include_str!("../engine/plant.toml")),
        source("fill.phase", include_str!("../engine/fill.phase")),
        source("circulate.phase", include_str!("../engine/circulate.phase")),
        source("load.phase", include_str!("../engine/load.phase")),
    ];
    match control::compile(&sources) {
        Ok(compiled) => compiled.plant,
        Err(mistakes) => {
            for mistake in &mistakes {
                let place = mistake.primary.as_ref().map(|label| {
                    let (line, _) = sources[label.source].line_column(label.span.start);
                    format!("{}:{line} {}", sources[label.source].path, label.text)
                });
                eprintln!(
                    "{:?} {} ({}) {}",
                    mistake.severity,
                    mistake.message,
                    place.unwrap_or_default(),
                    mistake.help
                );
            }
            panic!("the test plant does not compile");
        }
    }
}

/// State of a recipe's batch, from a published view.
pub fn batch_state(h: &Harness, recipe: &str) -> model::ProcState {
    let plant = h.plant();
    let mut view = control::StateView::new(&plant);
    h.engine.publish(&mut view);
    view.batches[plant.find_recipe(recipe).unwrap().index()].state()
}

pub fn phase_state(h: &Harness, phase: &str) -> control::PhaseMemory {
    let plant = h.plant();
    let mut view = control::StateView::new(&plant);
    h.engine.publish(&mut view);
    view.phases[plant.find_phase(phase).unwrap().index()]
}
