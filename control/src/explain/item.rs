//! Why of blocks, interlocks and alarms.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::wire::{AtLimit, DelayKind, Why, WhyDelay, WhyFact, WhyKind, WhyLine, WhySum, WhyTerm, WhyValue};
use model::{AlarmState, BlockId, Mode, PointId, Quality, StrokeResult};

use super::term::{Scene, distance, tree};
use super::{answer, condition, holders, loop_options, missing, point_line, procedure, verdict};
use crate::blocks::link_of;
use crate::blocks::pid::is_automatic;
use crate::describe::bad_text;
use crate::plant::{
    AlarmCondition, Block, BlockBody, Device, DeviceKind, Drive, Duty, Function, FunctionInput, OnBad, Op,
    Origin, Pid, Plant, Position, Split, Wish,
};
use crate::text::{duration, number, part_of, state_word};

/// The block that writes an output.
pub(super) fn driver_of(plant: &Plant, point: PointId) -> Option<BlockId> {
    let drives = |block: &Block| block.body.targets().any(|target| target == point);
    plant.blocks.iter().position(drives).map(|index| BlockId(index as u32))
}

pub(super) fn block(scene: Scene<'_>, id: BlockId) -> Why {
    let block = &scene.plant.blocks[id.index()];
    let mut lines = Vec::new();
    match &block.body {
        BlockBody::Pid(body) => pid(scene, id, body, &mut lines),
        BlockBody::Device(body) => device(scene, id, body, &mut lines),
        BlockBody::Duty(body) => duty(scene, body, &mut lines),
        BlockBody::Calc(calc) => {
            lines.push(point_line(scene, 0, &format!("= {}:", calc.value.text), calc.out));
            if calc.value.boolean {
                condition::lines(scene, &calc.value, 1, &mut lines);
            } else {
                inputs(scene, &calc.value, &mut lines);
            }
        }
        BlockBody::Filter(filter) => {
            lines.push(point_line(scene, 0, "filtered", filter.out));
            lines.push(point_line(scene, 0, &name(scene, filter.input), filter.input));
        }
        BlockBody::Ratio(ratio) => {
            lines.push(point_line(scene, 0, "OUT = RATIO * IN + BIAS + trim:", ratio.out));
            lines.push(point_line(scene, 1, "IN", ratio.wild));
            lines.push(point_line(scene, 1, "RATIO", ratio.ratio));
            lines.push(point_line(scene, 1, "BIAS", ratio.bias));
            if let Some(trim) = ratio.trim {
                lines.push(point_line(scene, 1, &format!("trim from {}", name(scene, trim)), trim));
            }
            not_heard(scene, id, &mut lines);
        }
        BlockBody::Position(body) => position(scene, body, &mut lines),
        BlockBody::Ramp(ramp) => {
            lines.push(point_line(scene, 0, "OUT", ramp.out));
            lines.push(point_line(scene, 0, "TARGET", ramp.target));
            not_heard(scene, id, &mut lines);
            let unit = scene.plant.point(ramp.out).unit.difference();
            lines.push(WhyLine::words(0, format!("rate {} {unit}/s", number(ramp.rate, 4))));
            if let Some(source) = &ramp.source {
                lines.push(WhyLine::words(0, format!("TARGET = {}", source.text)));
                inputs(scene, source, &mut lines);
            }
        }
        BlockBody::Function(body) => function(scene, body, &mut lines),
        BlockBody::Split(body) => split(scene, body, &mut lines),
        BlockBody::Selector(selector) => {
            lines.push(point_line(scene, 0, "OUT", selector.out));
            let selected = scene.view.value(selector.selected);
            for (number, input) in selector.inputs.iter().enumerate() {
                let mut entry = point_line(scene, 1, &name(scene, *input), *input);
                entry.holds = Some(number as f64 + 1.0 == selected);
                lines.push(entry);
            }
        }
    }
    let (kind, verdict) = verdict::block(scene, id);
    let missing = missing::block(scene, &block.body);
    Why { missing, ..answer((&block.name, &block.description), kind, verdict, lines) }
}

/// The law, what it reads and what it makes.
fn function(scene: Scene<'_>, function: &Function, lines: &mut Vec<WhyLine>) {
    let shape = function.shape();
    lines.push(WhyLine::words(0, shape.equation));
    for (port, point) in shape.ports.iter().zip(&function.ports) {
        lines.push(point_line(scene, 0, port.role, *point));
    }
    for (inlet, input) in shape.inputs.iter().zip(&function.inputs) {
        match input {
            FunctionInput::Absent => {}
            FunctionInput::Point(point) => {
                lines.push(point_line(
                    scene,
                    1,
                    &format!("{} from {}", inlet.key, name(scene, *point)),
                    *point,
                ));
            }
            FunctionInput::Condition(expr) => {
                lines.push(WhyLine::words(1, format!("{}: {}", inlet.key, expr.text)));
                condition::lines(scene, expr, 2, lines);
            }
        }
    }
    for (target, _) in function.outputs() {
        lines.push(point_line(scene, 0, &format!("drives {}", name(scene, target)), target));
        holders(scene, target, lines);
    }
}

/// The signal, and for every valve its line, where it belongs and who has put it elsewhere.
fn split(scene: Scene<'_>, split: &Split, lines: &mut Vec<WhyLine>) {
    lines.push(point_line(scene, 0, &format!("IN from {}", name(scene, split.input)), split.signal));
    for valve in &split.valves {
        let end = |point, value: f64| number(value, scene.plant.point(point).decimals);
        let line_of = format!(
            "{} from {} to {} over IN {} to {}: wanted",
            name(scene, valve.target),
            end(valve.target, valve.to.0),
            end(valve.target, valve.to.1),
            end(split.signal, valve.from.0),
            end(split.signal, valve.from.1),
        );
        lines.push(point_line(scene, 1, &line_of, valve.out));
        if scene.view.value(valve.target) != scene.view.value(valve.out) {
            lines.push(point_line(scene, 2, "stands at", valve.target));
        }
        holders(scene, valve.target, lines);
    }
}

/// Where the valve is told to be, where it is, and what its last stroke test found.
fn position(scene: Scene<'_>, body: &Position, lines: &mut Vec<WhyLine>) {
    lines.push(point_line(scene, 0, "output less position", body.deviation));
    lines.push(point_line(scene, 1, &name(scene, body.target), body.target));
    lines.push(point_line(scene, 1, &name(scene, body.position), body.position));
    let result = StrokeResult::from_value(scene.view.value(body.result));
    lines.push(WhyLine::words(0, format!("last stroke test: {}", result.word())));
    if result != StrokeResult::None {
        lines.push(point_line(scene, 1, "breakaway", body.breakaway));
        lines.push(point_line(scene, 1, "slip jump", body.jump));
        lines.push(point_line(scene, 1, "travel", body.travel));
    }
    holders(scene, body.target, lines);
}

/// A source whose loop does not listen follows that loop's set point.
fn not_heard(scene: Scene<'_>, id: BlockId, lines: &mut Vec<WhyLine>) {
    let below = scene.view.loops.get(id.index()).and_then(|entry| entry.downstream);
    let Some(below) = below.map(BlockId) else { return };
    let listener = &scene.plant.blocks[below.index()];
    if let BlockBody::Pid(pid) = &listener.body
        && Mode::from_value(scene.view.value(pid.mode)) != Mode::Cascade
    {
        let text = format!("OUT follows {}, which is not in cascade", listener.name);
        lines.push(WhyLine { block: Some(below), ..WhyLine::words(0, text) });
    }
}

fn name(scene: Scene<'_>, point: PointId) -> String {
    scene.plant.point(point).name.clone()
}

/// The points of an expression with their values.
fn inputs(scene: Scene<'_>, expr: &crate::plant::Expr, lines: &mut Vec<WhyLine>) {
    let mut points = Vec::new();
    if let Some(term) = tree(scene.plant, expr) {
        term.points(&mut points);
    }
    lines.extend(points.into_iter().map(|point| point_line(scene, 1, &name(scene, point), point)));
}

fn pid(scene: Scene<'_>, id: BlockId, pid: &Pid, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let actual = Mode::from_value(view.value(pid.mode));
    let loop_view = view.loops.get(id.index()).copied().unwrap_or_default();
    let ordered = loop_view.target;
    lines.push(WhyLine::new(0, WhyFact::Mode { actual, ordered, normal: pid.normal_mode }));
    reasons(scene, pid, actual, ordered, loop_view.downstream, lines);
    experiment(scene, id, pid, lines);
    lines.push(point_line(scene, 0, "PV", pid.pv));
    lines.push(set_point(scene, pid, actual));
    lines.push(output(scene, pid));
    if is_automatic(actual) {
        terms(scene, pid, loop_view.integral, loop_view.calculated, lines);
    }
    loop_options::lines(scene, pid, actual, loop_view.calculated, lines);
    if let Some(index) = loop_view.downstream {
        let name = &scene.plant.blocks[index as usize].name;
        lines.push(WhyLine {
            block: Some(BlockId(index)),
            ..WhyLine::words(0, format!("OUT goes to {name}"))
        });
    }
    for point in [pid.sp, pid.mode, pid.out].into_iter().chain(pid.target) {
        let before = lines.len();
        holders(scene, point, lines);
        if lines.len() > before {
            break;
        }
    }
}

/// Who has its OUT, when that is a test.
fn experiment(scene: Scene<'_>, id: BlockId, pid: &Pid, lines: &mut Vec<WhyLine>) {
    let Some(test) = scene.view.experiments.iter().find(|test| test.block == id) else { return };
    let named = scene.plant.blocks.get(test.named.index()).map_or("", |block| block.name.as_str());
    let of = if test.named == id { String::new() } else { format!(" of {named}") };
    let text = format!(
        "a {}{of} {}, {} so far; OUT was {} and the mode {}",
        test.shape.word(),
        test.stage,
        duration(scene.ms_since(test.since)),
        scene.value(pid.out, test.out_before, Quality::Good).text(),
        test.mode_before.short(),
    );
    lines.push(WhyLine::words(0, text));
}

/// Why the actual mode is not the ordered one.
fn reasons(
    scene: Scene<'_>,
    pid: &Pid,
    actual: Mode,
    ordered: Mode,
    downstream: Option<u32>,
    lines: &mut Vec<WhyLine>,
) {
    let view = scene.view;
    let reason = match actual {
        Mode::Tracking => {
            let hold = pid.target.map(|target| view.hold(target)).unwrap_or_default();
            if hold.interlock != 0 {
                "tracks: an interlock dictates the output".to_owned()
            } else if hold.forced {
                "tracks: a person forces the output".to_owned()
            } else if hold.seized {
                "tracks: a phase writes the output itself".to_owned()
            } else if pid
                .target
                .and_then(|target| link_of(scene.plant, target))
                .is_none_or(|link| view.value(link) >= 0.5)
            {
                return loop_options::override_lines(scene, pid, lines);
            } else {
                "tracks: the device that OUT drives is lost".to_owned()
            }
        }
        Mode::Initialising => {
            let secondary = downstream.map(|index| &scene.plant.blocks[index as usize]);
            let why = match secondary.map(|block| &block.body) {
                Some(BlockBody::Split(_) | BlockBody::Function(_) | BlockBody::Device(_)) => {
                    "which does not listen"
                }
                _ => "which is not in cascade",
            };
            format!("follows {}, {why}", secondary.map_or("its secondary", |block| block.name.as_str()))
        }
        Mode::Manual if is_automatic(ordered) => {
            let quality = view.quality(pid.input);
            let then = match (pid.on_bad_pv, pid.patience_ms(scene.plant, quality)) {
                (OnBad::Hold, _) => "; OUT stays until it is back".to_owned(),
                (OnBad::Manual | OnBad::Drive(_), 0) => String::new(),
                (OnBad::Manual | OnBad::Drive(_), ms) => {
                    let delay = duration(u64::from(ms));
                    format!("; OUT stays, and a PV lost for longer than {delay} puts the loop in manual")
                }
            };
            format!("PV is {}{then}", quality.text())
        }
        Mode::Auto if ordered == Mode::Cascade => match pid.cascade {
            Some(source) => format!("{} is {}", name(scene, source), view.quality(source).text()),
            None => return,
        },
        Mode::Manual if ordered != pid.normal_mode && pid.refuses(view.quality(pid.input)) => {
            format!(
                "PV is {}; it stays in manual, with its set point, until a person takes it back",
                view.quality(pid.input).text()
            )
        }
        Mode::OutOfService
        | Mode::Manual
        | Mode::Auto
        | Mode::Cascade
        | Mode::RemoteCascade
        | Mode::RemoteOutput => return,
    };
    lines.push(WhyLine::words(1, reason));
}

fn set_point(scene: Scene<'_>, pid: &Pid, actual: Mode) -> WhyLine {
    let view = scene.view;
    let (sp, working) = (view.value(pid.sp), view.value(pid.sp_working));
    let mut entry = point_line(scene, 0, "SP", pid.sp);
    let source = pid.cascade.filter(|_| actual == Mode::Cascade);
    if let WhyFact::Value(value) = &mut entry.fact {
        value.working = (working != sp).then(|| scene.now(pid.sp_working));
        value.at_limit = at_limit(sp, pid.sp_limit_low, pid.sp_limit_high);
        value.from = source.map(|source| name(scene, source));
    }
    if let Some(Origin::Block(block)) = source.map(|source| scene.plant.point(source).origin) {
        entry.block = Some(block);
    }
    entry
}

fn output(scene: Scene<'_>, pid: &Pid) -> WhyLine {
    let mut entry = point_line(scene, 0, "OUT", pid.out);
    if let WhyFact::Value(value) = &mut entry.fact {
        value.at_limit = at_limit(scene.view.value(pid.out), pid.out_limit_low, pid.out_limit_high);
    }
    entry
}

fn at_limit(value: f64, low: f64, high: f64) -> Option<AtLimit> {
    if value >= high {
        Some(AtLimit { high: true, limit: high })
    } else if value <= low {
        Some(AtLimit { high: false, limit: low })
    } else {
        None
    }
}

/// The sum that makes OUT. D is what is left of it: its filter is not published.
fn terms(scene: Scene<'_>, pid: &Pid, integral: f64, calculated: f64, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let proportional = loop_options::proportional(scene, pid);
    let multiplies = pid.options.ff_multiplies;
    let feed_forward = (pid.feed_forward.is_some() && !multiplies).then(|| view.value(pid.ff));
    let rest = calculated - proportional - integral - feed_forward.unwrap_or(0.0);
    let sum = WhySum {
        proportional,
        integral,
        derivative: (view.value(pid.td) > 0.0).then_some(rest),
        feed_forward,
        factor: multiplies.then(|| view.value(pid.ff)),
        decimals: scene.plant.point(pid.out).decimals.saturating_add(1),
    };
    lines.push(WhyLine::new(1, WhyFact::Sum(sum)));
}

fn device(scene: Scene<'_>, id: BlockId, device: &Device, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let (_, on) = device.kind.words();
    lines.push(commanded(scene, device.kind, device.command, device.state));
    if Mode::from_value(view.value(device.mode)) == Mode::OutOfService {
        lines.push(WhyLine::words(0, OUT_OF_SERVICE));
    }
    if let Some(force) = view.forces.all().iter().find(|force| force.follows == id.0 + 1) {
        let remaining_ms = scene.ms_until(force.until);
        lines.push(WhyLine::new(0, WhyFact::Simulated { remaining_ms }));
    }
    if view.value(device.fail) >= 0.5 {
        let travel = duration(u64::from(device.travel_ms));
        let words = format!("the feedback has contradicted the command for longer than {travel}");
        lines.push(WhyLine::words(0, words));
    }
    for feedback in [device.on, device.off].into_iter().flatten() {
        lines.push(point_line(scene, 1, &name(scene, feedback), feedback));
    }
    if let Some(rest) = device.wear.rest.filter(|rest| view.value(*rest) > 0.0) {
        lines.push(point_line(scene, 0, "it rests before the next start", rest));
    }
    if let Some(stroke) = &device.stroke {
        let result = StrokeResult::from_value(view.value(stroke.result));
        lines.push(WhyLine::words(0, format!("stroke test: {}", result.word())));
        lines.push(point_line(scene, 1, "last time to open", stroke.opens));
        lines.push(point_line(scene, 1, "last time to close", stroke.closes));
    }
    if let Some(permit) = &device.permit {
        lines.push(WhyLine::words(0, format!("permit to {on}")));
        condition::lines(scene, permit, 1, lines);
    }
    if let Some(drive) = &device.drive {
        drive_lines(scene, drive, device.command, lines);
    }
    if let Some(auto) = &device.auto {
        let by_itself = view.value(auto.switch) >= 0.5;
        match &auto.wish {
            _ if !by_itself => lines.push(WhyLine::words(0, "by hand: it follows commands alone")),
            Wish::Condition(when) => {
                lines.push(WhyLine::words(0, format!("in AUTO it is {on} while")));
                condition::lines(scene, when, 1, lines);
            }
            Wish::Group(wanted) => {
                let wants = if view.value(*wanted) >= 0.5 { "wants it to run" } else { "does not need it" };
                lines.push(WhyLine::words(0, format!("in AUTO its group {wants}")));
            }
        }
    }
    holders(scene, device.command, lines);
}

/// What it is told, and how it is.
fn commanded(scene: Scene<'_>, kind: DeviceKind, command: PointId, state: PointId) -> WhyLine {
    let (off, on) = kind.words();
    let command = if scene.view.value(command) >= 0.5 { on } else { off }.to_owned();
    let state = state_word(kind, scene.view.value(state)).to_owned();
    WhyLine::new(0, WhyFact::Device { command, state })
}

pub(super) const OUT_OF_SERVICE: &str =
    "OUT OF SERVICE: it follows nobody but interlocks and forces until a person puts it back";
pub(super) const DRIVE_FAULT: &str = "the drive reports a fault: it was commanded off";
pub(super) const DRIVE_LOCAL: &str = "in local: somebody at the machine runs it";
pub(super) const GIVEN_UP: &str = "it has failed, and its group does without it until a person takes it by hand and gives it back, or stops and starts the group";
pub(super) const NONE_READY: &str = "none of its motors is ready";

/// The speed: wanted, told, measured, and who decides it.
fn drive_lines(scene: Scene<'_>, drive: &Drive, command: PointId, lines: &mut Vec<WhyLine>) {
    let on = |point: Option<PointId>| point.is_some_and(|point| scene.view.value(point) >= 0.5);
    if on(drive.fault) {
        lines.push(WhyLine::words(0, DRIVE_FAULT));
    }
    if on(drive.local) {
        lines.push(WhyLine::words(0, DRIVE_LOCAL));
    }
    let from = drive.source.map_or(String::new(), |source| format!(" from {}", name(scene, source)));
    lines.push(point_line(scene, 0, &format!("SP{from}"), drive.set_point));
    if let Some(limit) = drive.limit {
        lines.push(point_line(scene, 1, &format!("no more than {}", name(scene, limit)), limit));
    }
    let least = number(drive.min, scene.plant.point(drive.out).decimals);
    lines.push(point_line(
        scene,
        0,
        &format!("told to {}, at least {least} when it runs:", name(scene, drive.speed)),
        drive.out,
    ));
    if let Some(actual) = drive.actual {
        lines.push(point_line(scene, 1, &name(scene, actual), actual));
    }
    // What holds speed and command alike is told once, with the command.
    let (mut of_speed, mut of_command) = (Vec::new(), Vec::new());
    holders(scene, drive.speed, &mut of_speed);
    holders(scene, command, &mut of_command);
    if of_speed != of_command {
        lines.extend(of_speed);
    }
}

/// The command, who leads, and what every motor does and may do.
fn duty(scene: Scene<'_>, duty: &Duty, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    lines.push(commanded(scene, DeviceKind::Motor, duty.command, duty.state));
    if view.value(duty.fail) >= 0.5 {
        lines.push(WhyLine::words(0, NONE_READY));
    }
    for (member, number) in duty.members.iter().zip(1_u8..) {
        let block = part_of(scene.plant, member.command).map(|(block, _)| block);
        let name = block.map_or(String::new(), |block| scene.plant.blocks[block.index()].name.clone());
        let fact = WhyFact::Member {
            name,
            state: state_word(DeviceKind::Motor, view.value(member.state)).to_owned(),
            by_hand: view.value(member.switch) < 0.5,
            ready: view.value(member.ready) >= 0.5,
            leads: view.value(duty.duty) == f64::from(number),
        };
        lines.push(WhyLine { block, ..WhyLine::new(1, fact) });
    }
    holders(scene, duty.command, lines);
}

pub(super) fn interlock(scene: Scene<'_>, index: usize) -> Why {
    let interlock = &scene.plant.interlocks[index];
    let memory = scene.view.interlocks.get(index).copied().unwrap_or_default();
    let mut lines = Vec::new();
    let (tripped, cause_stands, latched) = (memory.tripped, memory.active, interlock.latched);
    lines.push(WhyLine::new(0, WhyFact::Interlock { tripped, cause_stands, latched }));
    if memory.bypassed_until != 0 {
        let remaining_ms = scene.ms_until(memory.bypassed_until);
        lines.push(WhyLine::new(0, WhyFact::Bypassed { remaining_ms }));
        if cause_stands {
            lines.push(WhyLine::words(0, "a cause stands: it trips when the bypass ends"));
        }
    }
    if tripped
        && let Some(number) = memory.first_out.checked_sub(1)
        && let Some(cause) = interlock.causes.get(usize::from(number))
    {
        let bad = memory.first_bad.map(|bad| format!(" ({})", bad_text(scene.plant, bad)));
        let cause = format!("{}{}", cause.text, bad.unwrap_or_default());
        let ago_ms = scene.ms_since(memory.since);
        lines.push(WhyLine::new(0, WhyFact::FirstOut { number: number + 1, cause, ago_ms }));
    }
    lines.push(WhyLine::words(0, "trips on any of"));
    causes(scene, index, 1, false, &mut lines);
    lines.push(WhyLine::words(0, "then"));
    for action in &interlock.actions {
        let fact = WhyFact::Action {
            action: action.text.clone(),
            tag: name(scene, action.point),
            to: WhyValue { forced: false, ..scene.value(action.point, action.value, Quality::Good) },
            now: scene.now(action.point),
        };
        lines.push(WhyLine::new(1, fact));
    }
    if let Some((phase, state)) = interlock.start.and_then(|id| procedure::started(scene, id)) {
        let fact = WhyFact::Starts { phase: phase.to_owned(), state, waits: memory.starting };
        lines.push(WhyLine::new(1, fact));
    }
    let missing = tripped.then(|| missing::reset(scene, index));
    let verdict = verdict::interlock(memory).to_owned();
    let about = (interlock.name.as_str(), interlock.description.as_str());
    Why { missing, ..answer(about, WhyKind::Interlock, verdict, lines) }
}

/// What keeps an interlock tripped: its causes that stand, or the reset that is missing.
pub(super) fn standing_causes(scene: Scene<'_>, index: usize, indent: u8, lines: &mut Vec<WhyLine>) {
    let before = lines.len();
    causes(scene, index, indent, true, lines);
    if lines.len() == before {
        lines.push(WhyLine::words(indent, "the cause has gone, it waits for a reset"));
    }
}

/// Each cause with its terms and live values.
pub(super) fn causes(
    scene: Scene<'_>,
    index: usize,
    indent: u8,
    standing_only: bool,
    lines: &mut Vec<WhyLine>,
) {
    for (cause, number) in scene.plant.interlocks[index].causes.iter().zip(1..) {
        let term = tree(scene.plant, &cause.when);
        let truth = term.as_ref().and_then(|term| condition::holds(scene, term));
        let stands = truth.unwrap_or(cause.trips_on_bad);
        if standing_only && !stands {
            continue;
        }
        let (words, trips_on_bad) = (cause.text.clone(), cause.trips_on_bad);
        let fact = WhyFact::Cause { number, cause: words, bad: truth.is_none(), trips_on_bad };
        lines.push(WhyLine { holds: Some(stands), ..WhyLine::new(indent, fact) });
        condition::lines(scene, &cause.when, indent.saturating_add(1), lines);
    }
}

pub(super) fn alarm(scene: Scene<'_>, index: usize) -> Why {
    let alarm = &scene.plant.alarms[index];
    let memory = scene.view.alarms.get(index).copied().unwrap_or_default();
    let mut lines = Vec::new();
    lines.push(WhyLine::new(0, WhyFact::Alarm { state: memory.state, priority: alarm.priority }));
    if memory.state == AlarmState::Shelved {
        let remaining_ms = scene.ms_until(memory.shelved_until);
        lines.push(WhyLine::new(1, WhyFact::Shelved { remaining_ms }));
    }
    let before = lines.len();
    alarm_condition(scene, &alarm.condition, &mut lines);
    if let Some(first) = lines.get_mut(before) {
        first.holds = Some(memory.raw);
    }
    if memory.raw != memory.active {
        let (delay_ms, kind) = if memory.raw {
            (alarm.on_delay_ms, DelayKind::On)
        } else {
            (alarm.off_delay_ms, DelayKind::Off)
        };
        let (delay_ms, elapsed) = (u64::from(delay_ms), scene.ms_since(memory.raw_since));
        let remaining_ms = Some(delay_ms.saturating_sub(elapsed));
        let delay = WhyDelay { kind, delay_ms, elapsed_ms: Some(elapsed), remaining_ms };
        lines.push(WhyLine::new(1, WhyFact::Delay(delay)));
    }
    if let Some(enable) = &alarm.enable {
        lines.push(WhyLine::words(0, "enabled by"));
        condition::lines(scene, enable, 1, &mut lines);
    }
    answer((&alarm.name, &alarm.text), WhyKind::Alarm, memory.state.word().to_owned(), lines)
}

fn alarm_condition(scene: Scene<'_>, condition: &AlarmCondition, lines: &mut Vec<WhyLine>) {
    let mut push = |point: PointId, term: WhyTerm| {
        let block = part_of(scene.plant, point).map(|(block, _)| block);
        lines.push(WhyLine { block, ..WhyLine::new(0, WhyFact::Term(term)) });
    };
    match condition {
        AlarmCondition::Above { point, limit, .. } => {
            push(*point, limit_term(scene, *point, Op::GreaterEqual, *limit));
        }
        AlarmCondition::Below { point, limit, .. } => {
            push(*point, limit_term(scene, *point, Op::LessEqual, *limit));
        }
        AlarmCondition::Deviation { pv, sp, limit, .. } => {
            let (unit, decimals) =
                (scene.plant.point(*pv).unit.difference(), scene.plant.point(*pv).decimals);
            let quality = scene.view.quality(*pv).worst(scene.view.quality(*sp));
            let now = scene.view.value(*pv) - scene.view.value(*sp);
            let value = |value, quality| WhyValue::number(value, unit.symbol(), Some(decimals), quality);
            let (limit, size) = (value(*limit, Quality::Good), value(libm::fabs(now), quality));
            let term = WhyTerm {
                condition: format!("|PV - SP| >= {}", limit.bare()),
                operator: Some(">=".to_owned()),
                distance: distance(Op::GreaterEqual, &size, &limit),
                limit: Some(limit),
                now: Some(value(now, quality)),
                ..WhyTerm::default()
            };
            lines.push(WhyLine::new(0, WhyFact::Term(term)));
            lines.push(point_line(scene, 1, &name(scene, *pv), *pv));
            lines.push(point_line(scene, 1, &name(scene, *sp), *sp));
        }
        AlarmCondition::When(expr) => condition::lines(scene, expr, 0, lines),
        AlarmCondition::Fault { point, faulty_at } => {
            let term = WhyTerm {
                condition: name(scene, *point),
                tag: Some(name(scene, *point)),
                operator: Some("=".to_owned()),
                limit: Some(scene.value(*point, *faulty_at, Quality::Good)),
                now: Some(scene.now(*point)),
                ..WhyTerm::default()
            };
            push(*point, term);
        }
    }
}

/// A tag against the limit of its alarm.
fn limit_term(scene: Scene<'_>, point: PointId, op: Op, limit: f64) -> WhyTerm {
    let operator = if op == Op::LessEqual { "<=" } else { ">=" };
    let (now, tag) = (scene.now(point), name(scene, point));
    let limit = WhyValue { forced: false, ..scene.value(point, limit, Quality::Good) };
    WhyTerm {
        condition: format!("{tag} {operator} {}", limit.bare()),
        tag: Some(tag),
        operator: Some(operator.to_owned()),
        distance: distance(op, &now, &limit),
        limit: Some(limit),
        now: Some(now),
        ..WhyTerm::default()
    }
}
