//! Alarms: one condition each, rationalised, with limits in order and inside the range.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::wire::AlarmKind;
use model::{BlockId, PointId, Priority, Unit};

use super::draft::{Draft, check_within};
use super::emit::{self, Wanted};
use super::fields::Fields;
use super::items::{Item, Items, Kind, duplicate};
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use crate::plant::{Alarm, AlarmCondition, Block, BlockBody, Expr, Origin};

/// Part of the span that an alarm without `deadband` gets.
const DEADBAND: f64 = 0.005;

const CONDITIONS: [(&str, AlarmKind, &str); 7] = [
    ("high_high", AlarmKind::HighHigh, " HI HI"),
    ("high", AlarmKind::High, " HI"),
    ("low", AlarmKind::Low, " LO"),
    ("low_low", AlarmKind::LowLow, " LO LO"),
    ("deviation", AlarmKind::Deviation, " deviation"),
    ("when", AlarmKind::Condition, ""),
    ("fault", AlarmKind::Fault, " fault"),
];

/// One limit of a point, to be put in order with the others.
struct Limit {
    kind: AlarmKind,
    value: f64,
    name: String,
    place: Place,
}

pub(super) struct Alarms<'d, 'r> {
    pub(super) draft: &'d mut Draft,
    pub(super) report: &'r mut Report,
    pub(super) blocks: &'d [Option<Block>],
    limits: BTreeMap<PointId, Vec<Limit>>,
    /// The alarm that is being read has a delay.
    delayed: bool,
}

/// What an alarm is about.
#[derive(Clone, Copy)]
struct About {
    point: Option<PointId>,
    block: Option<BlockId>,
    /// A device: its link may fail.
    link: bool,
}

pub(super) fn compile(
    items: &Items,
    draft: &mut Draft,
    blocks: &[Option<Block>],
    report: &mut Report,
) -> Vec<Alarm> {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    let mut alarms = Alarms { draft, report, blocks, limits: BTreeMap::new(), delayed: false };
    let mut found = Vec::new();
    for item in items.of(Kind::Alarm) {
        let alarm = alarms.alarm(item);
        if let Some(first) = first.get(item.name.as_str()) {
            alarms.report.add(duplicate("alarm", &item.name, *first));
            continue;
        }
        first.insert(item.name.as_str(), item.name.place);
        found.extend(alarm);
    }
    alarms.in_order();
    found
}

impl Alarms<'_, '_> {
    fn alarm(&mut self, item: &Item) -> Option<Alarm> {
        let mut fields = item.fields();
        let own_area = self.draft.area(item, &mut fields, self.report);
        let equipment = self.draft.equipment(&mut fields, self.report);
        let tag = fields.need_text("tag", "\"TT-311\"", self.report);
        let about = tag.and_then(|tag| self.about(tag));
        let doubtful = about.and_then(|about| about.point).is_some_and(|point| !self.draft.is_sure(point));
        self.report.doubtful = doubtful;
        let kind = self.kind(&mut fields);
        let priority = self.priority(&mut fields);
        let on_delay_ms = fields.time_ms("on_delay", self.report).unwrap_or(0);
        let off_delay_ms = fields.time_ms("off_delay", self.report).unwrap_or(0);
        let text = fields.text("text", self.report).map(String::from);
        let mut rationale = ["cause", "consequence", "response"].map(|key| self.rationale(&mut fields, key));
        let time_to_respond = self.time(&mut fields);
        self.delayed = on_delay_ms > 0 || off_delay_ms > 0;
        let condition = match (about, kind) {
            (Some(about), Some((kind, _))) => self.condition(&mut fields, kind, about, item),
            (_, kind) => {
                self.alone(&mut fields, kind.map(|(kind, _)| kind));
                None
            }
        };
        let enable = fields.text("enable", self.report).and_then(|text| self.enable(text));
        fields.finish(self.report);
        self.report.doubtful = false;
        let (about, (kind, words)) = (about?, kind?);
        let point = about.point.map(|point| self.draft.point(point));
        let block = about.block.and_then(|block| self.blocks.get(block.index())?.as_ref());
        let description = block.map(|block| &block.description).filter(|text| !text.is_empty());
        let description = description.or(point.map(|point| &point.description));
        let described = format!("{}{words}", description.map_or("", String::as_str));
        let area = if own_area.is_empty() { point.map(|point| point.area.clone()) } else { Some(own_area) };
        Some(Alarm {
            name: String::from(&item.name),
            tag: tag.map(String::from)?,
            area: area.unwrap_or_default(),
            equipment: equipment.or_else(|| block.and_then(|block| block.equipment.clone())),
            kind,
            priority: priority?,
            condition: condition?,
            on_delay_ms,
            off_delay_ms,
            enable,
            text: text.unwrap_or(described),
            cause: rationale[0].take()?,
            consequence: rationale[1].take()?,
            response: rationale[2].take()?,
            time_to_respond: time_to_respond?,
        })
    }

    /// Every change of it is an event, and an alarm that stands rings anew.
    fn enable(&mut self, text: &Text) -> Option<Expr> {
        let emitted = emit::compile(self.draft, text, Wanted::Steady, None, self.report)?;
        for swing in &emitted.swings {
            swing.tell("the alarm be suppressed and come back", self.report);
        }
        Some(emitted.expr)
    }

    /// A point, a block, a device, an interlock or an equipment unit.
    fn about(&mut self, tag: &Text) -> Option<About> {
        if let Some(device) = self.draft.names.get(tag.as_str()).and_then(|named| named.device) {
            let link = self.draft.io.devices.get(device.index()).map(|device| device.link);
            return Some(About { point: link, block: None, link: true });
        }
        if let Some(trip) = self.draft.trip_point(tag.as_str()) {
            return Some(About { point: Some(trip), block: None, link: false });
        }
        if self.draft.unit_names.contains_key(tag.as_str()) {
            return Some(About { point: None, block: None, link: false });
        }
        let (point, block) = self.draft.point_or_block(tag, self.report)?;
        let link = matches!(self.draft.point(point).origin, Origin::Link(_));
        Some(About { point: Some(point), block, link })
    }

    fn kind(&mut self, fields: &mut Fields<'_>) -> Option<(AlarmKind, &'static str)> {
        let given: Vec<(&str, AlarmKind, &'static str)> =
            CONDITIONS.into_iter().filter(|(key, ..)| fields.has(key)).collect();
        match given.as_slice() {
            [(_, kind, words)] => Some((*kind, words)),
            [] => {
                self.report.add(
                    Mistake::error("missing-key", format!("{} has no condition", fields.owner))
                        .at(fields.place, "when does it come?")
                        .help("add `high = \"90 degC\"`, or high_high, low, low_low, deviation, `when = \"...\"`, `fault = true`"),
                );
                None
            }
            [(first, ..), (second, ..), ..] => {
                self.report.add(
                    Mistake::error(
                        "two-conditions",
                        format!("{} has both `{first}` and `{second}`", fields.owner),
                    )
                    .at(fields.place_of(second), "the second condition")
                    .related(fields.place_of(first), "the first condition")
                    .help("make an alarm for each: every one has its own response"),
                );
                None
            }
        }
    }

    fn priority(&mut self, fields: &mut Fields<'_>) -> Option<Priority> {
        let text = fields.need_text("priority", "\"medium\"", self.report)?;
        let priority = Priority::parse(text.as_str());
        if priority.is_none() {
            fields.not_one_of("priority", text, &Priority::ALL.map(Priority::word), self.report);
        }
        priority
    }

    /// Cause, consequence, response: an alarm that asks for no action is an event.
    fn rationale(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Option<String> {
        let text = if fields.has(key) { Some(fields.text(key, self.report)?) } else { None };
        if let Some(text) = text
            && !text.as_str().trim().is_empty()
        {
            return Some(String::from(text));
        }
        let (question, example) = match key {
            "cause" => ("what makes it come?", "what has probably happened"),
            "consequence" => ("what happens if nobody acts?", "what follows without a response"),
            _ => ("what must the operator do?", "what to do; without one it is an event, not an alarm"),
        };
        let place = if text.is_some() { fields.place_of(key) } else { fields.place };
        self.report.add(
            Mistake::error("alarm-rationale", format!("{} has no {key}", fields.owner))
                .at(place, question)
                .help(format!("add `{key} = \"...\"`: {example}")),
        );
        None
    }

    /// The time that the operator has.
    fn time(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        if !fields.has("time") {
            self.report.add(
                Mistake::error("alarm-rationale", format!("{} has no time to respond", fields.owner))
                    .at(fields.place, "how long does the operator have?")
                    .help("add `time = \"10 min\"`"),
            );
            return None;
        }
        fields.time_ms("time", self.report)?;
        fields.text("time", self.report).map(String::from)
    }

    fn condition(
        &mut self,
        fields: &mut Fields<'_>,
        kind: AlarmKind,
        about: About,
        item: &Item,
    ) -> Option<AlarmCondition> {
        match kind {
            AlarmKind::Condition => {
                self.no_deadband(fields);
                let text = fields.text("when", self.report)?;
                let wanted = if self.delayed { Wanted::Condition } else { Wanted::Steady };
                let emitted = emit::compile(self.draft, text, wanted, None, self.report)?;
                self.constant(&emitted.expr, emitted.constant, text);
                for swing in &emitted.swings {
                    swing.tell("the alarm come and go", self.report);
                }
                Some(AlarmCondition::When(emitted.expr))
            }
            AlarmKind::Fault => self.fault(fields, about),
            AlarmKind::Deviation => self.deviation(fields, about),
            _ => self.limit(fields, kind, about, item),
        }
    }

    /// What can be judged without knowing what the alarm is about.
    fn alone(&mut self, fields: &mut Fields<'_>, kind: Option<AlarmKind>) {
        let when = if kind == Some(AlarmKind::Condition) { fields.text("when", self.report) } else { None };
        if let Some(when) = when {
            emit::compile(self.draft, when, Wanted::Condition, None, self.report);
        }
        self.report.doubtful = true;
        for (key, of, _) in CONDITIONS {
            if !matches!(of, AlarmKind::Condition | AlarmKind::Fault) && fields.has(key) {
                fields.quantity(key, Unit::NONE, self.report);
            }
        }
        fields.quantity("deadband", Unit::NONE, self.report);
        self.report.doubtful = false;
    }

    fn no_deadband(&mut self, fields: &mut Fields<'_>) {
        if fields.has("deadband") {
            self.report.add(
                Mistake::error("unknown-key", "a condition has no `deadband`")
                    .at(fields.place_of("deadband"), "only a limit has one")
                    .help("use `on_delay` and `off_delay`, or two limits in the expression"),
            );
        }
    }

    fn constant(&mut self, expr: &Expr, constant: Option<f64>, text: &Text) {
        if constant.is_some() {
            self.report.add(
                Mistake::error("constant-condition", format!("`{}` never changes", expr.text))
                    .at(text.place, "always the same")
                    .help("write a condition of the plant"),
            );
        }
    }

    fn fault(&mut self, fields: &mut Fields<'_>, about: About) -> Option<AlarmCondition> {
        self.no_deadband(fields);
        if fields.boolean("fault", self.report) == Some(false) {
            self.report.add(
                Mistake::error("wrong-type", "`fault = false` is no condition")
                    .at(fields.place_of("fault"), "false")
                    .help("write `fault = true`, or remove the alarm"),
            );
            return None;
        }
        if about.link {
            return Some(AlarmCondition::Fault { point: about.point?, faulty_at: 0.0 });
        }
        let is_trip = |point: &PointId| matches!(self.draft.point(*point).origin, Origin::Interlock(_));
        if let Some(trip) = about.point.filter(is_trip) {
            return Some(AlarmCondition::Fault { point: trip, faulty_at: 1.0 });
        }
        let fail = about.block.and_then(|block| self.draft.blocks[block.index()].point("FAIL"));
        if fail.is_none() {
            let tag = fields.text("tag", self.report).map(String::from).unwrap_or_default();
            self.report.add(
                Mistake::error(
                    "not-a-device",
                    format!("`{tag}` is neither a motor, valve or breaker nor a link or an interlock"),
                )
                .at(fields.place_of("tag"), "has no fault of its own")
                .help(format!("for a bad input write `when = \"BAD({tag})\"`")),
            );
        }
        Some(AlarmCondition::Fault { point: fail?, faulty_at: 1.0 })
    }

    fn deadband(&mut self, fields: &mut Fields<'_>, unit: Unit, span: f64) -> f64 {
        let Some(deadband) = fields.quantity("deadband", unit.difference(), self.report) else {
            return span * DEADBAND;
        };
        if !(0.0..span).contains(&deadband) {
            self.report.add(
                Mistake::error("out-of-range", format!("the deadband of {} is {deadband}", fields.owner))
                    .at(fields.place_of("deadband"), format!("0 to {span} is possible"))
                    .help(format!("write about 1 % of the range: {} {}", span * 0.01, unit.difference())),
            );
        }
        deadband
    }

    /// An alarm goes back one deadband from its limit; beyond the `room` that there is up to the end of the range it would
    /// stand for ever.
    fn clears(&mut self, fields: &mut Fields<'_>, deadband: f64, room: f64, unit: Unit) -> f64 {
        if deadband < room || room <= 0.0 {
            return deadband;
        }
        if fields.has("deadband") {
            self.report.add(
                Mistake::error("out-of-range", format!("{} never goes back", fields.owner))
                    .at(fields.place_of("deadband"), format!("the range ends {room} from the limit"))
                    .help(format!(
                        "write less than {room} {}: the alarm ends that far from its limit",
                        unit.difference()
                    )),
            );
        }
        0.5 * room
    }

    fn deviation(&mut self, fields: &mut Fields<'_>, about: About) -> Option<AlarmCondition> {
        let block = about.block.filter(|block| self.draft.blocks[block.index()].kind == Kind::Pid);
        let Some(block) = block else {
            fields.has("deadband");
            let tag = fields.text("tag", self.report).map(String::from).unwrap_or_default();
            self.report.add(
                Mistake::error(
                    "not-a-loop",
                    format!("`{tag}` is no loop; it has no set point to deviate from"),
                )
                .at(fields.place_of("tag"), "a deviation belongs to a loop")
                .help("name a [pid], or use `high` and `low`"),
            );
            return None;
        };
        let draft = &self.draft.blocks[block.index()];
        let (pv, sp) = (draft.point("PV")?, draft.point("SPW")?);
        let (unit, span) = (self.draft.point(pv).unit, self.draft.point(pv).high - self.draft.point(pv).low);
        let deadband = self.deadband(fields, unit, span);
        let limit = fields.quantity("deviation", unit.difference(), self.report)?;
        if !(limit > 0.0 && limit < span) {
            self.report.add(
                Mistake::error("outside-range", format!("a deviation of {limit} in a range of {span}"))
                    .at(fields.place_of("deviation"), "never reached, or always")
                    .help(format!("write a size above 0 and below {span} {}", unit.difference())),
            );
        }
        let deadband = self.clears(fields, deadband, limit, unit);
        Some(AlarmCondition::Deviation { pv, sp, limit, deadband })
    }

    fn limit(
        &mut self,
        fields: &mut Fields<'_>,
        kind: AlarmKind,
        about: About,
        item: &Item,
    ) -> Option<AlarmCondition> {
        let (key, ..) = CONDITIONS.into_iter().find(|(_, other, _)| *other == kind)?;
        let point = about.point.filter(|point| self.draft.point(*point).words.is_none());
        let Some(point) = point else {
            fields.has("deadband");
            let tag = fields.text("tag", self.report).map(String::from).unwrap_or_default();
            self.report.add(
                Mistake::error("type-mismatch", format!("`{tag}` has no value that could pass a limit"))
                    .at(fields.place_of("tag"), "a switch, a device or a unit")
                    .help("use `when = \"...\"` with a condition, or name a measured value"),
            );
            return None;
        };
        let (unit, range) = (self.draft.point(point).unit, self.draft.range_of(point));
        let deadband = self.deadband(fields, unit, range.high - range.low);
        let value = fields.quantity(key, unit, self.report)?;
        let place = fields.place_of(key);
        let name = self.draft.point(point).name.clone();
        let range_name = format!("the range of `{name}`");
        if check_within(&format!("`{key}`"), value, place, &range, &range_name, self.report) {
            let limit = Limit { kind, value, name: item.name.as_str().to_string(), place };
            self.limits.entry(point).or_default().push(limit);
        }
        let above = matches!(kind, AlarmKind::High | AlarmKind::HighHigh);
        let room = if above { value - range.low } else { range.high - value };
        let deadband = self.clears(fields, deadband, room, unit);
        Some(match kind {
            AlarmKind::High | AlarmKind::HighHigh => AlarmCondition::Above { point, limit: value, deadband },
            _ => AlarmCondition::Below { point, limit: value, deadband },
        })
    }

    /// LL < L < H < HH on every point.
    fn in_order(&mut self) {
        const RANK: fn(AlarmKind) -> u8 = |kind| match kind {
            AlarmKind::LowLow => 0,
            AlarmKind::Low => 1,
            AlarmKind::High => 2,
            _ => 3,
        };
        for (point, limits) in &mut self.limits {
            limits.sort_by_key(|limit| RANK(limit.kind));
            for (number, low) in limits.iter().enumerate() {
                for high in &limits[number + 1..] {
                    if RANK(low.kind) == RANK(high.kind) || low.value < high.value {
                        continue;
                    }
                    let tag = &self.draft.point(*point).name;
                    self.report.add(
                        Mistake::error(
                            "limits-order",
                            format!(
                                "`{tag}`: {} {} is not above {} {}",
                                high.kind.short(),
                                high.value,
                                low.kind.short(),
                                low.value
                            ),
                        )
                        .at(high.place, format!("{} of `{}`", high.kind.short(), high.name))
                        .related(low.place, format!("{} of `{}`", low.kind.short(), low.name))
                        .help("limits rise in this order: low_low, low, high, high_high"),
                    );
                }
            }
        }
    }
}

/// Equipment of the measured tag, where the block that uses it says so.
pub(super) fn inherit_equipment(alarms: &mut [Alarm], blocks: &[Option<Block>]) {
    let mut owners: BTreeMap<PointId, &String> = BTreeMap::new();
    for block in blocks.iter().flatten() {
        let Some(equipment) = &block.equipment else { continue };
        let points = match &block.body {
            BlockBody::Pid(pid) => Vec::from([pid.input]),
            BlockBody::Filter(filter) => Vec::from([filter.input]),
            BlockBody::Ratio(ratio) => Vec::from([ratio.input]),
            BlockBody::Selector(selector) => selector.inputs.clone(),
            BlockBody::Split(split) => Vec::from([split.input]),
            BlockBody::Function(function) => function.read_points().collect(),
            BlockBody::Device(device) => {
                let drive = device.drive.as_ref();
                let seen = drive
                    .map(|drive| [drive.actual, drive.fault, drive.local])
                    .into_iter()
                    .flatten()
                    .flatten();
                device.on.into_iter().chain(device.off).chain(seen).collect()
            }
            BlockBody::Duty(duty) => duty.members.iter().map(|member| member.state).collect(),
            BlockBody::Position(body) => Vec::from([body.position]),
            BlockBody::Calc(_) | BlockBody::Ramp(_) => Vec::new(),
        };
        for point in points {
            owners.entry(point).or_insert(equipment);
        }
    }
    for alarm in alarms.iter_mut().filter(|alarm| alarm.equipment.is_none()) {
        alarm.equipment =
            alarm.point().and_then(|point| owners.get(&point)).map(|equipment| (*equipment).clone());
    }
}
