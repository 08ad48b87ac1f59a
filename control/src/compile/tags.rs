//! `[tag.*]`: inputs, outputs and entries, with their addresses and scaling.

use alloc::format;
use alloc::string::String;
use model::wire::Role;
use model::{
    Address, DeviceId, Dimension, Direction, IoPoint, ModbusTable, PointId, Protocol, RegisterFormat,
    Scaling, Unit,
};

use super::devices::{Taken, table_word};
use super::draft::{Draft, NewPoint, Part, check_within};
use super::fields::{Fields, Range};
use super::items::{Item, Items, Kind};
use super::place::Place;
use super::quantity::parse_unit;
use super::report::{Mistake, Report};
use super::tree::Node;
use crate::plant::{Origin, Point, ScanTiming};

pub(super) fn compile(items: &Items, draft: &mut Draft, taken: &mut Taken, report: &mut Report) {
    for item in items.of(Kind::Tag) {
        tag(item, draft, taken, report);
    }
}

fn tag(item: &Item, draft: &mut Draft, taken: &mut Taken, report: &mut Report) {
    let mut fields = item.fields();
    let description =
        fields.need_text("description", "\"what it measures or drives\"", report).map(String::from);
    let area = draft.area(item, &mut fields, report);
    let point = draft.add_point(
        NewPoint {
            name: String::from(&item.name),
            description: description.unwrap_or_default(),
            area,
            place: item.name.place,
            part: Part::None,
            origin: Origin::Entry,
        },
        report,
    );
    let range = scale(&mut fields, point, draft, report);
    report.doubtful = !draft.is_sure(point);
    if let Some(decimals) = fields.integer("decimals", 0, 6, report) {
        draft.points[point.index()].decimals = decimals as u8;
    }
    normal(&mut fields, point, range.as_ref(), draft, report);
    let of_scan = scan(&mut fields, point, draft, report);
    let io = fields.table("io", report);
    let has_io = io.is_some();
    let output = io.and_then(|mut io| {
        let address = address(&mut io, point, draft, report);
        io.finish(report);
        draft.facts[point.index()].lost = address.is_none();
        let address = address?;
        let place = io.place;
        taken.take(address.device, &address.address, item.name.as_str(), place, report);
        Some(connect(item, point, address, draft))
    });
    let output = output.flatten();
    fail(&mut fields, point, output, range.as_ref(), draft, report);
    if !of_scan {
        let output = output.is_some() || draft.facts[point.index()].lost;
        entry(&mut fields, point, has_io, output, range.as_ref(), draft, report);
    }
    fields.finish(report);
    report.doubtful = false;
}

/// A reading of how the scan keeps its time. True when the tag is one, with a mistake or without.
fn scan(fields: &mut Fields<'_>, point: PointId, draft: &mut Draft, report: &mut Report) -> bool {
    if !fields.has("scan") {
        return false;
    }
    let place = fields.place_of("scan");
    for key in ["io", "entry", "fail"] {
        if fields.has(key) {
            report.add(
                Mistake::error("two-sources", format!("{} has both `scan` and `{key}`", fields.owner))
                    .at(fields.place_of(key), "a second source")
                    .related(place, "it reads the scan of the controller")
                    .help(format!("remove `{key}`, or `scan`: a value has one writer")),
            );
        }
    }
    let Some(timing) = fields.choice("scan", &ScanTiming::ALL, report) else { return true };
    let (unit, is_switch) = (draft.point(point).unit, draft.point(point).words.is_some());
    let fits = match timing.is_time() {
        true => unit.dimension() == Dimension::Time,
        false => unit == Unit::NONE,
    };
    if draft.is_sure(point) && (is_switch || !fits) {
        let (what, example) = match timing.is_time() {
            true => ("a time", "unit = \"ms\", range = [0, 1000]"),
            false => ("a count", "unit = \"\", range = [0, 1000000]"),
        };
        report.add(
            Mistake::error("unit-mismatch", format!("{} is {what}", fields.owner))
                .at(place, format!("this is {what}"))
                .help(format!("write `{example}`")),
        );
    }
    let found = &mut draft.points[point.index()];
    found.origin = Origin::Scan(timing);
    found.initial = 0.0;
    found.source = Some(String::from("scan of the controller"));
    true
}

/// Unit and range of a measured value, or the words of a switch.
pub(super) fn scale(
    fields: &mut Fields<'_>,
    point: PointId,
    draft: &mut Draft,
    report: &mut Report,
) -> Option<Range> {
    if let Some((low, high)) = words(fields, report) {
        for key in ["unit", "range"] {
            if fields.has(key) {
                report.add(
                    Mistake::error("unknown-key", format!("a switch has no `{key}`"))
                        .at(fields.place_of(key), "not together with `words`")
                        .help(format!("remove `{key}`, or `words` when it is a measured value")),
                );
            }
        }
        draft.set_words(point, (&low, &high));
        return Some(Range { low: 0.0, high: 1.0, place: fields.place_of("words") });
    }
    draft.facts[point.index()].sure = false;
    if fields.has("words") {
        // Meant for a switch, of which the first words say enough to go on.
        let said = fields.texts("words", report).unwrap_or_default();
        let word = |number: usize, other: &'static str| said.get(number).map_or(other, |text| text.as_str());
        draft.set_words(point, (word(0, "off"), word(1, "on")));
        return None;
    }
    let unit = fields.need_text("unit", "\"degC\"", report);
    if !fields.has("range") {
        fields.missing("range", "[0, 100]", report);
    }
    let Some(unit) = unit.and_then(|unit| parse_unit(unit.as_str(), unit.place, report)) else {
        // Whether it is a range can be seen without the unit.
        report.doubtful = true;
        fields.range("range", Unit::NONE, report);
        report.doubtful = false;
        return None;
    };
    draft.points[point.index()].unit = unit;
    let range = fields.range("range", unit, report)?;
    draft.set_unit(point, unit, range.low, range.high, None);
    draft.facts[point.index()].sure = true;
    Some(range)
}

fn words(fields: &mut Fields<'_>, report: &mut Report) -> Option<(String, String)> {
    let texts = fields.texts("words", report)?;
    if let [low, high] = texts.as_slice() {
        if low.as_str().eq_ignore_ascii_case(high.as_str()) {
            report.add(
                Mistake::error("same-words", format!("both words of {} are \"{low}\"", fields.owner))
                    .at(high.place, "the same as the first")
                    .help("write one word for 0 and another for 1: `words = [\"stopped\", \"running\"]`"),
            );
        }
        return Some((String::from(*low), String::from(*high)));
    }
    report.add(
        Mistake::error("wrong-type", format!("`words` of {} are {}", fields.owner, texts.len()))
            .at(fields.place_of("words"), "two words are expected")
            .help("write the words for 0 and 1: `words = [\"stopped\", \"running\"]`"),
    );
    None
}

/// Where the value stands when all is well; within the range.
pub(super) fn normal(
    fields: &mut Fields<'_>,
    point: PointId,
    range: Option<&Range>,
    draft: &mut Draft,
    report: &mut Report,
) {
    let unit = draft.point(point).unit;
    let Some(normal) = fields.range("normal", unit, report) else { return };
    if let Some(range) = range {
        for value in [normal.low, normal.high] {
            if !check_within("`normal`", value, normal.place, range, "the range", report) {
                return;
            }
        }
    }
    draft.points[point.index()].normal = Some((normal.low, normal.high));
}

struct Found {
    device: DeviceId,
    address: Address,
    direction: Direction,
    scaling: Scaling,
    range: Option<(f64, f64)>,
}

/// Every key of `io` but the device: known even where they cannot be judged.
const IO_KEYS: [&str; 9] =
    ["input", "discrete", "holding", "coil", "format", "raw", "node", "write", "range_check"];

fn address(io: &mut Fields<'_>, point: PointId, draft: &Draft, report: &mut Report) -> Option<Found> {
    let Some(name) = io.need_text("device", "\"PLC-300\"", report) else {
        // Without its device the rest cannot be judged, but its keys are known.
        for key in IO_KEYS {
            io.has(key);
        }
        return None;
    };
    let device = draft.names.get(name.as_str()).and_then(|named| named.device);
    let Some(device) = device else {
        as_it_seems(io, point, draft, report);
        let known: alloc::vec::Vec<&str> =
            draft.io.devices.iter().map(|device| device.name.as_str()).collect();
        report.add(
            Mistake::error("unknown-name", format!("no device `{name}`"))
                .at(name.place, "not declared")
                .help(if known.is_empty() {
                    format!("declare it: [device.{name}]")
                } else {
                    super::fields::one_of(name.as_str(), &known)
                }),
        );
        return None;
    };
    match draft.io.devices.get(device.index())?.protocol {
        Protocol::ModbusTcp { .. } => modbus(io, device, point, draft, report),
        Protocol::OpcUa { .. } => opc_ua(io, device, point, draft, report),
    }
}

/// Judges an address whose device is unknown by the protocol that its keys belong to; they are all known.
fn as_it_seems(io: &mut Fields<'_>, point: PointId, draft: &Draft, report: &mut Report) {
    let [of_modbus, of_opc_ua] = [&IO_KEYS[..6], &IO_KEYS[6..8]].map(|keys| {
        let mut given = false;
        for key in keys {
            given |= io.has(key);
        }
        given
    });
    io.has("range_check");
    if of_modbus != of_opc_ua {
        let device = DeviceId(0);
        let _ = if of_modbus {
            modbus(io, device, point, draft, report)
        } else {
            opc_ua(io, device, point, draft, report)
        };
    }
}

fn opc_ua(
    io: &mut Fields<'_>,
    device: DeviceId,
    point: PointId,
    draft: &Draft,
    report: &mut Report,
) -> Option<Found> {
    let node = io.need_text("node", "\"RF-301.IT\"", report)?;
    let write = io.boolean("write", report).unwrap_or(false);
    let boolean = draft.point(point).words.is_some();
    let direction = if write { Direction::Output } else { Direction::Input };
    let own_unit = direction == Direction::Input && !boolean;
    Some(Found {
        device,
        address: Address::OpcUa { node: String::from(node), boolean },
        direction,
        scaling: Scaling::IDENTITY,
        range: checked_range(io, own_unit, point, draft, report),
    })
}

/// The range that the readings of an input are held against, unless the tag says `range_check = false`.
fn checked_range(
    io: &mut Fields<'_>,
    own_unit: bool,
    point: PointId,
    draft: &Draft,
    report: &mut Report,
) -> Option<(f64, f64)> {
    let wanted = io.boolean("range_check", report);
    if wanted.is_some() && !own_unit {
        report.add(
            Mistake::error("unknown-key", format!("{} has no reading that `range` could check", io.owner))
                .at(io.place_of("range_check"), "only for an input of `format = \"f32\"` or of OPC UA")
                .help("remove `range_check`: an integer is checked by its `raw` when that spans 1,000 counts or more, switches and outputs never"),
        );
        return None;
    }
    let range = draft.range_of(point);
    (own_unit && wanted != Some(false)).then_some((range.low, range.high))
}

fn modbus(
    io: &mut Fields<'_>,
    device: DeviceId,
    point: PointId,
    draft: &Draft,
    report: &mut Report,
) -> Option<Found> {
    let tables = [
        ("input", ModbusTable::InputRegister, Direction::Input),
        ("discrete", ModbusTable::DiscreteInput, Direction::Input),
        ("holding", ModbusTable::HoldingRegister, Direction::Output),
        ("coil", ModbusTable::Coil, Direction::Output),
    ];
    let mut chosen: Option<(&'static str, ModbusTable, Direction)> = None;
    for (key, table, direction) in tables {
        if !io.has(key) {
            continue;
        }
        if let Some((first, ..)) = chosen {
            let place = io.place_of(key);
            report.add(
                Mistake::error("two-addresses", format!("{} has both `{first}` and `{key}`", io.owner))
                    .at(place, "the second address")
                    .help("a tag lives in one place: keep one of the two"),
            );
        } else {
            chosen = Some((key, table, direction));
        }
    }
    let raw = io.pair("raw", Unit::NONE, report);
    let format = io.choice(
        "format",
        &[
            ("u16", RegisterFormat::U16),
            ("i16", RegisterFormat::I16),
            ("u32", RegisterFormat::U32),
            ("f32", RegisterFormat::F32),
        ],
        report,
    );
    let Some((key, table, direction)) = chosen else {
        io.missing("input", "0` (or `discrete`, `holding`, `coil`) for its register: `input = 0", report);
        return None;
    };
    let register = io.integer(key, 0, 65_535, report);
    let bit = matches!(table, ModbusTable::Coil | ModbusTable::DiscreteInput);
    let format = register_format(io, bit, format, raw, draft.point(point).words.is_some(), report)?;
    let register = register? as u16;
    super::modicon::warn(io, key, table, register, report);
    if register.checked_add(format.registers() - 1).is_none() {
        report.add(
            Mistake::error("out-of-range", "a 32-bit value takes two registers, and 65536 does not exist")
                .at(io.place_of(key), "the last register")
                .help("write a register from 0 to 65534"),
        );
        return None;
    }
    let range = draft.range_of(point);
    let scaling = match raw {
        Some((raw_low, raw_high, _)) if !bit => {
            Scaling { raw_low, raw_high, low: range.low, high: range.high }
        }
        _ => Scaling::IDENTITY,
    };
    let own_unit =
        direction == Direction::Input && format == RegisterFormat::F32 && draft.point(point).words.is_none();
    let checked = checked_range(io, own_unit, point, draft, report);
    Some(Found {
        device,
        address: Address::Modbus { table, register, format },
        direction,
        scaling,
        range: checked,
    })
}

/// Which format the register has, and whether `raw` fits into it.
fn register_format(
    io: &Fields<'_>,
    bit: bool,
    format: Option<RegisterFormat>,
    raw: Option<(f64, f64, Place)>,
    switch: bool,
    report: &mut Report,
) -> Option<RegisterFormat> {
    if bit {
        for key in ["raw", "format"] {
            if (key == "raw" && raw.is_some()) || (key == "format" && format.is_some()) {
                report.add(
                    Mistake::error("raw-mismatch", format!("a single bit has no `{key}`"))
                        .at(io.place_of(key), "not for a coil or a discrete input")
                        .help(format!("remove `{key}`, or use a register: `input` or `holding`")),
                );
            }
        }
        if !switch {
            report.add(
                Mistake::error("raw-mismatch", format!("{} is one bit, and the tag is no switch", io.owner))
                    .at(io.place, "a bit")
                    .help("give the tag `words = [\"off\", \"on\"]` in place of unit and range, or use a register"),
            );
        }
        return Some(RegisterFormat::Bit);
    }
    if switch && format.is_none() {
        report.add(
            Mistake::error("raw-mismatch", format!("{} is a register, and the tag is a switch", io.owner))
                .at(io.place, "a whole register")
                .help("use `discrete` (input) or `coil` (output), or say `format = \"u16\"` when it is 0 or 1 in a register"),
        );
        return None;
    }
    let Some(format) = format.or(raw.map(|_| RegisterFormat::U16)) else {
        report.add(
            Mistake::error("raw-mismatch", format!("{} says not what the register holds", io.owner))
                .at(io.place, "neither `raw` nor `format`")
                .help("add `raw = [0, 27648]` for a scaled value, or `format = \"f32\"` for one in its unit"),
        );
        return None;
    };
    let Some((low, high, place)) = raw else { return Some(format) };
    let (least, most, whole) = match format {
        RegisterFormat::I16 => (-32_768.0, 32_767.0, true),
        RegisterFormat::U32 => (0.0, 4_294_967_295.0, true),
        RegisterFormat::F32 => (f64::from(f32::MIN), f64::from(f32::MAX), false),
        RegisterFormat::U16 | RegisterFormat::Bit => (0.0, 65_535.0, true),
    };
    let fits = |value: f64| value >= least && value <= most && (!whole || libm::floor(value) == value);
    if fits(low) && fits(high) && low != high {
        return Some(format);
    }
    let name = format!("{format:?}").to_ascii_lowercase();
    let help = if low == high {
        "write two different numbers, such as `raw = [0, 27648]`".into()
    } else if low.min(high) < 0.0 && !matches!(format, RegisterFormat::I16) {
        "negative numbers need `format = \"i16\"`".into()
    } else {
        format!("{name} carries {least} to {most}: correct `raw` or choose another `format`")
    };
    report.add(
        Mistake::error("raw-mismatch", format!("`raw` = [{low}, {high}] does not fit into {name}"))
            .at(place, "these numbers")
            .help(help),
    );
    None
}

/// Enters the tag into the map of the field; gives its index when it is an output.
fn connect(item: &Item, point: PointId, found: Found, draft: &mut Draft) -> Option<u32> {
    let index = draft.io.points.len() as u32;
    let device = &draft.io.devices[found.device.index()].name;
    let at = match &found.address {
        Address::Modbus { table, register, .. } => format!("{} {register}", table_word(*table)),
        Address::OpcUa { node, .. } => node.clone(),
    };
    let output = found.direction == Direction::Output;
    draft.points[point.index()].source = Some(format!("{device} {at}"));
    draft.points[point.index()].origin =
        if output { Origin::FieldOutput(index) } else { Origin::Field(index) };
    draft.io.points.push(IoPoint {
        point,
        tag: String::from(&item.name),
        device: found.device,
        direction: found.direction,
        address: found.address,
        scaling: found.scaling,
        range: found.range,
        fail_value: 0.0,
    });
    output.then_some(index)
}

/// The value of a switch may be said with its word.
fn word_or_quantity(
    fields: &mut Fields<'_>,
    key: &'static str,
    unit: Unit,
    point: &Point,
    report: &mut Report,
) -> Option<f64> {
    let Some((low, high)) = &point.words else { return fields.quantity(key, unit, report) };
    let Some(text) = fields.node(key).and_then(Node::text) else {
        return fields.quantity(key, unit, report);
    };
    match text.as_str() {
        word if word == low => Some(0.0),
        word if word == high => Some(1.0),
        _ => {
            fields.not_one_of(key, text, &[low, high], report);
            None
        }
    }
}

/// Where the PLC drives an output when nobody speaks to it.
fn fail(
    fields: &mut Fields<'_>,
    point: PointId,
    output: Option<u32>,
    range: Option<&Range>,
    draft: &mut Draft,
    report: &mut Report,
) {
    let unit = draft.point(point).unit;
    let given = fields.has("fail");
    let value = word_or_quantity(fields, "fail", unit, draft.point(point), report);
    let Some(index) = output else {
        if given && matches!(draft.point(point).origin, Origin::Field(_)) {
            report.add(
                Mistake::error("direction", format!("{} is an input; it has no fail position", fields.owner))
                    .at(fields.place_of("fail"), "only an output fails to a position")
                    .help("remove `fail`, or make it an output with `holding`, `coil` or `write = true`"),
            );
        }
        return;
    };
    if !given {
        fields.missing("fail", "0", report);
    }
    let Some(value) = value else { return };
    if let Some(range) = range {
        check_within("`fail`", value, fields.place_of("fail"), range, "the range", report);
    }
    draft.io.points[index as usize].fail_value = value;
    draft.points[point.index()].initial = value;
}

/// A value that people enter, or an output that they drive directly.
fn entry(
    fields: &mut Fields<'_>,
    point: PointId,
    has_io: bool,
    output: bool,
    range: Option<&Range>,
    draft: &mut Draft,
    report: &mut Report,
) {
    let Some(mut entry) = fields.table("entry", report) else {
        if !has_io && !fields.has("entry") && !fields.has("io") {
            report.add(
                Mistake::error("missing-key", format!("{} has neither `io`, `entry` nor `scan`", fields.owner))
                    .at(fields.place, "where does its value come from?")
                    .help("add `io = { device = \"...\", input = 0, raw = [0, 27648] }`, or `entry = { initial = 0, role = \"operator\" }`"),
            );
        }
        return;
    };
    let role = entry.role("role", report).unwrap_or(Role::Operator);
    let unit = draft.point(point).unit;
    let initial = word_or_quantity(&mut entry, "initial", unit, draft.point(point), report);
    entry.finish(report);
    if has_io && !output {
        report.add(
            Mistake::error("direction", format!("{} is an input; nobody enters it", fields.owner))
                .at(entry.place, "only a tag without `io`, or an output, is entered by hand")
                .help("remove `entry`, or `io`"),
        );
        return;
    }
    let Some(range) = range else { return };
    if let Some(initial) = initial {
        check_within("`initial`", initial, entry.place, range, "the range", report);
        draft.points[point.index()].initial = initial;
    } else if !output {
        draft.points[point.index()].initial = range.low;
    }
    draft.set_write(point, range.low, range.high, role);
}
