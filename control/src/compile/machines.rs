//! Motors, on/off valves and breakers, and the words that command them.

use alloc::format;
use alloc::string::String;
use model::Mode;

use super::blocks::Build;
use super::emit::{self, Wanted};
use super::fields::Fields;
use super::items::Kind;
use super::report::Mistake;
use super::{drive, duty};
use crate::plant::{Auto, Device, DeviceKind, Origin, ValveStroke, Wear, Wish};

pub(super) const fn kind_of(kind: Kind) -> DeviceKind {
    match kind {
        Kind::Motor | Kind::Drive | Kind::DutyStandby => DeviceKind::Motor,
        Kind::Breaker => DeviceKind::Breaker,
        _ => DeviceKind::Valve,
    }
}

/// The command value behind a word, `None` when the device does not understand it.
pub(super) fn command(kind: DeviceKind, word: &str) -> Option<f64> {
    let (off, on) = kind.words();
    if word.eq_ignore_ascii_case(on) || word.eq_ignore_ascii_case("on") {
        Some(1.0)
    } else if word.eq_ignore_ascii_case(off) || word.eq_ignore_ascii_case("off") {
        Some(0.0)
    } else {
        None
    }
}

/// What to write instead of a word that the device does not understand.
pub(super) fn command_help(kind: DeviceKind) -> String {
    let (off, on) = kind.words();
    format!("a {} understands {on}, {off}, on and off", word(kind))
}

pub(super) const fn word(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Motor => "motor",
        DeviceKind::Valve => "valve",
        DeviceKind::Breaker => "breaker",
    }
}

/// The feedback of a device without `travel` must follow in this time.
const TRAVEL_MS: u32 = 5_000;

pub(super) fn device(build: &mut Build<'_, '_>, kind: Kind, fields: &mut Fields<'_>) -> Option<Device> {
    let drives = kind == Kind::Drive;
    let kind = kind_of(kind);
    let (command, state, fail) = (build.own("CMD"), build.own("STATE"), build.own("FAIL"));
    let out_text =
        fields.need_text("out", &format!("\"{}.CMD\"", build.draft.blocks[build.block].name), build.report);
    let out = out_text.and_then(|text| build.output(text, true));
    let feedback_wanted = fields.has("on") || fields.has("off");
    let on = fields.text("on", build.report).map(|text| (text, build.switch(text)));
    let off = fields.text("off", build.report).map(|text| (text, build.switch(text)));
    for (text, point) in on.iter().chain(&off) {
        let Some(point) = point else { continue };
        if Some(*point) == out {
            build.report.add(
                Mistake::error("direction", format!("`{text}` is the command itself, not a feedback"))
                    .at(text.place, "this is the output")
                    .help("name the input that says whether the device follows"),
            );
        }
    }
    if let (Some((_, Some(first))), Some((text, Some(second)))) = (&on, &off)
        && first == second
    {
        build.report.add(
            Mistake::error("duplicate-name", format!("`{text}` is both the `on` and the `off` feedback"))
                .at(text.place, "the same tag")
                .help("name the second limit switch, or leave `off` out"),
        );
    }
    without_alarm(build, fields);
    let travel_ms = fields.time_ms("travel", build.report).unwrap_or(TRAVEL_MS);
    if travel_ms == 0 && feedback_wanted {
        build.report.add(
            Mistake::error("out-of-range", format!("`travel` of {} is zero", fields.owner))
                .at(fields.place_of("travel"), "no device follows at once")
                .help("write the time that it needs, such as `travel = \"5 s\"`"),
        );
    }
    let wear = wear(build, fields);
    let stroke = stroke(build, fields, kind, (feedback_wanted, travel_ms, &wear));
    let auto = auto(build, fields);
    let drive = if drives { Some(drive::drive(build, fields)) } else { None };
    let permit = match fields.text("permit", build.report) {
        Some(text) => {
            let emitted = emit::compile(build.draft, text, Wanted::Condition, None, build.report)?;
            for (point, place) in emitted.reads {
                build.reads(point, place);
            }
            if emitted.constant == Some(0.0) {
                build.report.add(
                    Mistake::warning("constant-condition", format!("nobody can ever start {}", fields.owner))
                        .at(text.place, "never true")
                        .help("write when it may go on; take one that is out of use out of the plant's text"),
                );
            }
            Some(emitted.expr)
        }
        None => None,
    };
    let initial = out.map_or(0.0, |out| build.draft.point(out).initial);
    if matches!(build.draft.point(command).origin, Origin::Block(_)) {
        build.draft.points[command.index()].initial = initial;
    }
    build.draft.set_write(command, 0.0, 1.0, build.role);
    let mode = build.own("MODE");
    let normal =
        if build.draft.blocks[build.block].point("AUTO").is_some() { Mode::Auto } else { Mode::Manual };
    build.draft.points[mode.index()].initial = normal.value();
    let on = on.map(|(_, point)| point);
    let off = off.map(|(_, point)| point);
    if on == Some(None) || off == Some(None) {
        return None;
    }
    Some(Device {
        kind,
        command,
        state,
        fail,
        mode,
        out: out?,
        on: on.flatten(),
        off: off.flatten(),
        travel_ms,
        permit,
        wear,
        auto: auto?,
        drive: match drive {
            Some(drive) => Some(drive?),
            None => None,
        },
        stroke,
    })
}

/// `fault_alarm = false`: that nobody is told of its failure is meant; see [`super::silent_devices`].
pub(super) fn without_alarm(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) {
    if fields.boolean("fault_alarm", build.report) == Some(true) {
        build.report.add(
            Mistake::error("wrong-type", "`fault_alarm = true` makes no alarm")
                .at(fields.place_of("fault_alarm"), "true")
                .help("write an [alarm] with `fault = true`: it needs a cause and a response"),
        );
    }
}

/// Who commands it besides people and phases; the inner `None` is nobody.
fn auto(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Option<Option<Auto>> {
    let (switch, ready) = {
        let block = &build.draft.blocks[build.block];
        (block.point("AUTO"), block.point("READY"))
    };
    let text = fields.text("auto", build.report);
    let Some(switch) = switch else { return Some(None) };
    build.draft.points[switch.index()].initial = 1.0;
    build.draft.set_write(switch, 0.0, 1.0, build.role);
    let group = duty::wanted(build);
    if let (Some(text), Some((_, group))) = (text, group) {
        build.report.add(
            Mistake::error("contradiction", format!("`auto` of {} beside its group", fields.owner))
                .at(text.place, "one of the two can command it")
                .related(group, "it is one of these motors")
                .help("remove `auto`, or take the motor out of the [duty_standby]"),
        );
        return None;
    }
    let wish = match (text, group) {
        (Some(text), _) => {
            let emitted = emit::compile(build.draft, text, Wanted::Condition, None, build.report)?;
            for (point, place) in emitted.reads {
                build.reads(point, place);
            }
            Wish::Condition(emitted.expr)
        }
        (None, Some((wanted, _))) => Wish::Group(wanted),
        (None, None) => return None,
    };
    Some(Some(Auto { switch, wish, ready }))
}

/// `stroke = true`, `partial_stroke = "2 s"`: the tests that a valve may be given.
fn stroke(
    build: &mut Build<'_, '_>,
    fields: &mut Fields<'_>,
    kind: DeviceKind,
    (feedback, travel_ms, wear): (bool, u32, &Wear),
) -> Option<ValveStroke> {
    if kind != DeviceKind::Valve {
        return None;
    }
    let full = fields.boolean("stroke", build.report).unwrap_or(false);
    let partial = fields.time_ms("partial_stroke", build.report);
    let key = if fields.has("stroke") { "stroke" } else { "partial_stroke" };
    let wrong = if !full && partial.is_none() {
        return None;
    } else if !feedback {
        Some((key, "nothing tells whether it moves", "name its limit switches: `on`, `off` or both"))
    } else if wear.min_off_ms > 0 || wear.starts_per_hour > 0 {
        Some((
            key,
            "it has to rest before it may open again",
            "remove `min_off` and `starts_per_hour`, or the test",
        ))
    } else if partial.is_some_and(|ms| ms == 0 || ms >= travel_ms) {
        let help = "write a time in which it has left its seat, far below `travel`";
        Some(("partial_stroke", "more than 0 and less than `travel` is possible", help))
    } else {
        None
    };
    if let Some((key, label, help)) = wrong {
        build.report.add(
            Mistake::error(
                "out-of-range",
                format!("`{key}` of {} does not make a stroke test", fields.owner),
            )
            .at(fields.place_of(key), label)
            .help(help),
        );
        return None;
    }
    Some(ValveStroke {
        full,
        partial_ms: partial.unwrap_or(0),
        result: build.own("RESULT"),
        opens: build.own("OPENS"),
        closes: build.own("CLOSES"),
    })
}

/// What of a device's starts is limited and counted.
fn wear(build: &mut Build<'_, '_>, fields: &mut Fields<'_>) -> Wear {
    let min_off_ms = fields.time_ms("min_off", build.report).unwrap_or(0);
    let most = crate::blocks::device::STARTS as i64;
    let starts_per_hour = fields.integer("starts_per_hour", 1, most, build.report).unwrap_or(0) as u8;
    fields.boolean("count", build.report);
    let point = |role: &str| build.draft.blocks[build.block].point(role);
    Wear { min_off_ms, starts_per_hour, rest: point("REST"), hours: point("HOURS"), starts: point("STARTS") }
}
