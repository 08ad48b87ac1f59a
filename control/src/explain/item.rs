//! Why of blocks, interlocks and alarms.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::wire::{Why, WhyLine};
use model::{AlarmState, BlockId, Mode, PointId, StrokeResult};

use super::term::{Scene, tree};
use super::{condition, procedure};
use super::{holders, line, loop_options, point_line, title};
use crate::blocks::link_of;
use crate::blocks::pid::is_automatic;
use crate::plant::{
    AlarmCondition, Block, BlockBody, Device, DeviceKind, Drive, Duty, Function, FunctionInput, Origin, Pid,
    Plant, Position, Split, Wish,
};
use crate::text::{duration, number, part_of, state_word, value_text};

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
            lines.push(line(0, format!("rate {} {unit}/s", number(ramp.rate, 4))));
            if let Some(source) = &ramp.source {
                lines.push(line(0, format!("TARGET = {}", source.text)));
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
    Why { title: title(&block.name, &block.description), lines }
}

/// The law, what it reads and what it makes.
fn function(scene: Scene<'_>, function: &Function, lines: &mut Vec<WhyLine>) {
    let shape = function.shape();
    lines.push(line(0, shape.equation.to_owned()));
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
                lines.push(line(1, format!("{}: {}", inlet.key, expr.text)));
                condition::lines(scene, expr, 2, lines);
            }
        }
    }
    if let Some(target) = function.target {
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
    lines.push(line(0, format!("last stroke test: {}", result.word())));
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
        lines.push(WhyLine { block: Some(below), ..line(0, text) });
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
    let mut mode = format!("mode {}", actual.short());
    if actual != ordered {
        mode.push_str(&format!(", ordered {}", ordered.short()));
    }
    if ordered != pid.normal_mode {
        mode.push_str(&format!(", normal {}", pid.normal_mode.short()));
    }
    lines.push(line(0, mode));
    reasons(scene, pid, actual, ordered, loop_view.downstream, lines);
    lines.push(point_line(scene, 0, "PV", pid.pv));
    lines.push(set_point(scene, pid, actual));
    lines.push(output(scene, pid));
    if is_automatic(actual) {
        terms(scene, pid, loop_view.integral, loop_view.calculated, lines);
    }
    loop_options::lines(scene, pid, actual, loop_view.calculated, lines);
    if let Some(index) = loop_view.downstream {
        let name = &scene.plant.blocks[index as usize].name;
        lines.push(WhyLine { block: Some(BlockId(index)), ..line(0, format!("OUT goes to {name}")) });
    }
    for point in [pid.sp, pid.mode, pid.out].into_iter().chain(pid.target) {
        let before = lines.len();
        holders(scene, point, lines);
        if lines.len() > before {
            break;
        }
    }
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
            format!("PV is {}", view.quality(pid.input).text())
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
    lines.push(line(1, reason));
}

fn set_point(scene: Scene<'_>, pid: &Pid, actual: Mode) -> WhyLine {
    let view = scene.view;
    let (sp, working) = (view.value(pid.sp), view.value(pid.sp_working));
    let mut entry = point_line(scene, 0, "SP", pid.sp);
    if working != sp {
        entry.text.push_str(&format!(", working {}", value_text(scene.plant, pid.sp_working, working)));
    }
    let decimals = scene.plant.point(pid.sp).decimals;
    if sp >= pid.sp_limit_high {
        entry.text.push_str(&format!(", at its high limit {}", number(pid.sp_limit_high, decimals)));
    } else if sp <= pid.sp_limit_low {
        entry.text.push_str(&format!(", at its low limit {}", number(pid.sp_limit_low, decimals)));
    }
    if actual == Mode::Cascade
        && let Some(source) = pid.cascade
    {
        entry.text.push_str(&format!(", from {}", name(scene, source)));
        if let Origin::Block(block) = scene.plant.point(source).origin {
            entry.block = Some(block);
        }
    }
    entry
}

fn output(scene: Scene<'_>, pid: &Pid) -> WhyLine {
    let mut entry = point_line(scene, 0, "OUT", pid.out);
    let (out, decimals) = (scene.view.value(pid.out), scene.plant.point(pid.out).decimals);
    if out >= pid.out_limit_high {
        entry.text.push_str(&format!(", at its high limit {}", number(pid.out_limit_high, decimals)));
    } else if out <= pid.out_limit_low {
        entry.text.push_str(&format!(", at its low limit {}", number(pid.out_limit_low, decimals)));
    }
    entry
}

/// The sum that makes OUT. D is what is left of it: its filter is not published.
fn terms(scene: Scene<'_>, pid: &Pid, integral: f64, calculated: f64, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let proportional = loop_options::proportional(scene, pid);
    let decimals = scene.plant.point(pid.out).decimals.saturating_add(1);
    let signed = |value: f64| {
        let text = number(value, decimals);
        if value > 0.0 { format!("+{text}") } else { text }
    };
    let mut text = format!("= P {}  I {}", signed(proportional), signed(integral));
    let multiplies = pid.options.ff_multiplies;
    let adds = pid.feed_forward.is_some() && !multiplies;
    let feed_forward = if adds { view.value(pid.ff) } else { 0.0 };
    if view.value(pid.td) > 0.0 {
        let derivative = calculated - proportional - integral - feed_forward;
        text.push_str(&format!("  D {}", signed(derivative)));
    }
    if adds {
        text.push_str(&format!("  FF {}", signed(feed_forward)));
    } else if multiplies {
        text.push_str(&format!("  with FF x {} in each", number(view.value(pid.ff), 3)));
    }
    lines.push(line(1, text));
}

fn device(scene: Scene<'_>, id: BlockId, device: &Device, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let (off, on) = device.kind.words();
    let command = if view.value(device.command) >= 0.5 { on } else { off };
    lines.push(line(0, format!("command {command}, {}", state_word(device.kind, view.value(device.state)))));
    if Mode::from_value(view.value(device.mode)) == Mode::OutOfService {
        let text = "OUT OF SERVICE: it follows nobody but interlocks and forces until a person puts it back";
        lines.push(line(0, text.to_owned()));
    }
    if let Some(force) = view.forces.all().iter().find(|force| force.follows == id.0 + 1) {
        let ticks = force.until.saturating_sub(view.tick);
        let left = duration(ticks.saturating_mul(u64::from(scene.plant.period_ms)));
        let text =
            format!("SIMULATED for another {left}: the feedbacks follow the order, whatever the field says");
        lines.push(line(0, text));
    }
    if view.value(device.fail) >= 0.5 {
        let travel = duration(u64::from(device.travel_ms));
        lines.push(line(0, format!("the feedback has contradicted the command for longer than {travel}")));
    }
    for feedback in [device.on, device.off].into_iter().flatten() {
        lines.push(point_line(scene, 1, &name(scene, feedback), feedback));
    }
    if let Some(rest) = device.wear.rest.filter(|rest| view.value(*rest) > 0.0) {
        lines.push(point_line(scene, 0, "it rests before the next start", rest));
    }
    if let Some(stroke) = &device.stroke {
        let result = StrokeResult::from_value(view.value(stroke.result));
        lines.push(line(0, format!("stroke test: {}", result.word())));
        lines.push(point_line(scene, 1, "last time to open", stroke.opens));
        lines.push(point_line(scene, 1, "last time to close", stroke.closes));
    }
    if let Some(permit) = &device.permit {
        lines.push(line(0, format!("permit to {on}")));
        condition::lines(scene, permit, 1, lines);
    }
    if let Some(drive) = &device.drive {
        drive_lines(scene, drive, lines);
    }
    if let Some(auto) = &device.auto {
        let by_itself = view.value(auto.switch) >= 0.5;
        match &auto.wish {
            _ if !by_itself => lines.push(line(0, "by hand: it follows commands alone".to_owned())),
            Wish::Condition(when) => {
                lines.push(line(0, format!("in AUTO it is {on} while")));
                condition::lines(scene, when, 1, lines);
            }
            Wish::Group(wanted) => lines.push(point_line(scene, 0, "in AUTO its group wants it", *wanted)),
        }
    }
    holders(scene, device.command, lines);
}

/// The speed: wanted, told, measured, and who decides it.
fn drive_lines(scene: Scene<'_>, drive: &Drive, lines: &mut Vec<WhyLine>) {
    let on = |point: Option<PointId>| point.is_some_and(|point| scene.view.value(point) >= 0.5);
    if on(drive.fault) {
        lines.push(line(0, "the drive reports a fault: it was commanded off".to_owned()));
    }
    if on(drive.local) {
        lines.push(line(0, "in local: somebody at the machine runs it".to_owned()));
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
    holders(scene, drive.speed, lines);
}

/// The command, who leads, and what every motor does and may do.
fn duty(scene: Scene<'_>, duty: &Duty, lines: &mut Vec<WhyLine>) {
    let view = scene.view;
    let (off, on) = DeviceKind::Motor.words();
    let command = if view.value(duty.command) >= 0.5 { on } else { off };
    lines.push(line(
        0,
        format!("command {command}, {}", state_word(DeviceKind::Motor, view.value(duty.state))),
    ));
    if view.value(duty.fail) >= 0.5 {
        lines.push(line(0, "none of its motors is ready".to_owned()));
    }
    for (member, number) in duty.members.iter().zip(1_u8..) {
        let leads = view.value(duty.duty) == f64::from(number);
        let words = match (view.value(member.switch) >= 0.5, view.value(member.ready) >= 0.5) {
            (false, _) => ", by hand",
            (true, true) => "",
            (true, false) => ", not ready",
        };
        let text = format!(
            "{}{words}{}",
            state_word(DeviceKind::Motor, view.value(member.state)),
            if leads { ", leads" } else { "" }
        );
        let (block, name) = match part_of(scene.plant, member.command) {
            Some((block, _)) => (Some(block), scene.plant.blocks[block.index()].name.as_str()),
            None => (None, ""),
        };
        lines.push(WhyLine { block, ..line(1, format!("{name} {text}")) });
    }
    holders(scene, duty.command, lines);
}

pub(super) fn interlock(scene: Scene<'_>, index: usize) -> Why {
    let interlock = &scene.plant.interlocks[index];
    let memory = scene.view.interlocks.get(index).copied().unwrap_or_default();
    let mut lines = Vec::new();
    let state = match (memory.tripped, memory.active) {
        (true, true) => "TRIPPED, the cause stands",
        (true, false) => "TRIPPED, the cause has gone, waits for a reset",
        (false, true) => "not tripped though a cause stands",
        (false, false) => "ready",
    };
    lines.push(line(0, state.to_owned()));
    if memory.bypassed_until != 0 {
        let ticks = memory.bypassed_until.saturating_sub(scene.view.tick);
        let left = duration(ticks.saturating_mul(u64::from(scene.plant.period_ms)));
        lines.push(line(0, format!("BYPASSED for another {left}: it forces nothing")));
    }
    if memory.tripped
        && let Some(cause) = memory.first_out.checked_sub(1)
        && let Some(cause) = interlock.causes.get(usize::from(cause))
    {
        let ago = duration(scene.ms_since(memory.since) / 1000 * 1000);
        lines.push(line(0, format!("first out: {}, {ago} ago", cause.text)));
    }
    lines.push(line(0, "trips on any of".to_owned()));
    causes(scene, index, 1, false, &mut lines);
    lines.push(line(0, "then".to_owned()));
    lines.extend(interlock.actions.iter().map(|action| line(1, action.text.clone())));
    if let Some((phase, state)) = interlock.start.and_then(|id| procedure::started(scene, id)) {
        let waits = if memory.starting { ", waits for the phase of an earlier trip" } else { "" };
        lines.push(line(1, format!("start {phase}, now {}{waits}", state.word())));
    }
    Why { title: title(&interlock.name, &interlock.description), lines }
}

/// What keeps an interlock tripped: its causes that stand, or the reset that is missing.
pub(super) fn standing_causes(scene: Scene<'_>, index: usize, indent: u8, lines: &mut Vec<WhyLine>) {
    let before = lines.len();
    causes(scene, index, indent, true, lines);
    if lines.len() == before {
        lines.push(line(indent, "the cause has gone, it waits for a reset".to_owned()));
    }
}

/// Each cause with its terms and live values.
fn causes(scene: Scene<'_>, index: usize, indent: u8, standing_only: bool, lines: &mut Vec<WhyLine>) {
    for cause in &scene.plant.interlocks[index].causes {
        let term = tree(scene.plant, &cause.when);
        let truth = term.as_ref().and_then(|term| condition::holds(scene, term));
        let stands = truth.unwrap_or(cause.trips_on_bad);
        if standing_only && !stands {
            continue;
        }
        let bad = match (truth, cause.trips_on_bad) {
            (None, true) => " (bad input: counts as standing)",
            (None, false) => " (bad input: ignored)",
            (Some(_), _) => "",
        };
        lines.push(WhyLine { holds: Some(stands), ..line(indent, format!("{}{bad}", cause.text)) });
        condition::lines(scene, &cause.when, indent.saturating_add(1), lines);
    }
}

pub(super) fn alarm(scene: Scene<'_>, index: usize) -> Why {
    let alarm = &scene.plant.alarms[index];
    let memory = scene.view.alarms.get(index).copied().unwrap_or_default();
    let mut lines = Vec::new();
    lines.push(line(0, format!("{}, priority {}", memory.state.word(), alarm.priority.word())));
    if memory.state == AlarmState::Shelved {
        let ticks = memory.shelved_until.saturating_sub(scene.view.tick);
        let left = duration(ticks.saturating_mul(u64::from(scene.plant.period_ms)));
        lines.push(line(1, format!("for another {left}")));
    }
    let before = lines.len();
    alarm_condition(scene, &alarm.condition, &mut lines);
    if let Some(first) = lines.get_mut(before) {
        first.holds = Some(memory.raw);
    }
    if memory.raw != memory.active {
        let (delay_ms, word) =
            if memory.raw { (alarm.on_delay_ms, "on") } else { (alarm.off_delay_ms, "off") };
        let so_far = duration(scene.ms_since(memory.raw_since) / 100 * 100);
        let delay = duration(u64::from(delay_ms));
        lines.push(line(1, format!("{word}-delay: {so_far} so far of {delay}")));
    }
    if let Some(enable) = &alarm.enable {
        lines.push(line(0, "enabled by".to_owned()));
        condition::lines(scene, enable, 1, &mut lines);
    }
    Why { title: title(&alarm.name, &alarm.text), lines }
}

fn alarm_condition(scene: Scene<'_>, condition: &AlarmCondition, lines: &mut Vec<WhyLine>) {
    let limit_text = |point: PointId, limit: f64| value_text(scene.plant, point, limit);
    match condition {
        AlarmCondition::Above { point, limit, .. } => {
            let label = format!("{} >= {}: now", name(scene, *point), limit_text(*point, *limit));
            lines.push(point_line(scene, 0, &label, *point));
        }
        AlarmCondition::Below { point, limit, .. } => {
            let label = format!("{} <= {}: now", name(scene, *point), limit_text(*point, *limit));
            lines.push(point_line(scene, 0, &label, *point));
        }
        AlarmCondition::Deviation { pv, sp, limit, .. } => {
            let deviation = scene.view.value(*pv) - scene.view.value(*sp);
            let decimals = scene.plant.point(*pv).decimals;
            let limit = number(*limit, decimals);
            lines.push(line(0, format!("|PV - SP| >= {limit}: now {}", number(deviation, decimals))));
            lines.push(point_line(scene, 1, &name(scene, *pv), *pv));
            lines.push(point_line(scene, 1, &name(scene, *sp), *sp));
        }
        AlarmCondition::When(expr) => condition::lines(scene, expr, 0, lines),
        AlarmCondition::Fault { point, .. } => {
            lines.push(point_line(scene, 0, &format!("{}: now", name(scene, *point)), *point));
        }
    }
}
