//! What differs between two plants, item by item and key by key, in the words of their texts.
//!
//! Items are compared after classes are expanded, so that a changed class shows as its instances;
//! the order of files and lines does not matter. A new key of a new kind of block needs nothing here.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use model::Unit;

use super::items::Kind;
use super::place::Place;
use super::report::Report;
use super::tree::{Node, Table, Value};
use crate::plant::{Phase, Plant, Step, Way};

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Added,
    Removed,
    Changed,
}

impl Verb {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One item that is not the same in both plants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub verb: Verb,
    /// Word of the plant text: `tag`, `pid`, `alarm`, `phase`, `plant`.
    pub kind: &'static str,
    pub name: String,
    /// Of a changed item; all keys of an added or a removed one.
    pub keys: Vec<KeyDifference>,
}

/// A key with its values as they are written; `None` where the key is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDifference {
    pub key: String,
    pub old: Option<String>,
    pub new: Option<String>,
    /// Where each is written.
    pub old_at: Option<At>,
    pub new_at: Option<At>,
}

/// A line of a plant folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    pub path: String,
    /// From 1.
    pub line: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// A value as it is written. Where that is makes no difference.
#[derive(Clone, Debug, Default)]
struct Written {
    text: String,
    place: Option<Place>,
}

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Written {
    fn at(&self, plant: &Plant) -> Option<At> {
        let place = self.place?;
        let source = plant.sources.get(place.source as usize)?;
        let before = source.text.as_bytes().get(..place.span().start)?;
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Some(At { path: source.path.clone(), line })
    }
}

type Keys = BTreeMap<String, Written>;

/// In order of kind (as the plant is built up) and name.
pub fn differences(old: &Plant, new: &Plant) -> Vec<Difference> {
    let plants = (old, new);
    let (old, new) = (listing(old), listing(new));
    let mut found = Vec::new();
    let empty = Keys::new();
    let mut add = |verb, id: &(usize, &'static str, String), old: &Keys, new: &Keys| {
        let keys = key_differences(plants, old, new);
        found.push((id.0, Difference { verb, kind: id.1, name: id.2.clone(), keys }));
    };
    for (id, keys) in &old {
        match new.get(id) {
            None => add(Verb::Removed, id, keys, &empty),
            Some(other) if other != keys => add(Verb::Changed, id, keys, other),
            Some(_) => {}
        }
    }
    for (id, keys) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        add(Verb::Added, id, &empty, keys);
    }
    found.sort_by(|left, right| (left.0, &left.1.name).cmp(&(right.0, &right.1.name)));
    found.into_iter().map(|(_, difference)| difference).collect()
}

fn key_differences(plants: (&Plant, &Plant), old: &Keys, new: &Keys) -> Vec<KeyDifference> {
    let mut names: Vec<&String> =
        old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect();
    names.sort();
    names
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| {
            let (old, new) = (old.get(key), new.get(key));
            KeyDifference {
                key: key.clone(),
                old: old.map(|written| written.text.clone()),
                new: new.map(|written| written.text.clone()),
                old_at: old.and_then(|written| written.at(plants.0)),
                new_at: new.and_then(|written| written.at(plants.1)),
            }
        })
        .collect()
}

/// Every item of a plant under its place in the order, its kind and its name.
fn listing(plant: &Plant) -> BTreeMap<(usize, &'static str, String), Keys> {
    let mut report = Report::default();
    let order: Vec<usize> = (0..plant.sources.len()).collect();
    let items = super::items::gather(&plant.sources, &order, &mut report);
    let mut all = BTreeMap::new();
    for (index, head) in &items.plants {
        let mut keys = Keys::new();
        flatten(&head.table, "", "", &mut keys);
        // An included plant goes by its own name.
        let included = head.table.get_text("name").filter(|_| *index > 0);
        all.insert((0, "plant", included.map_or_else(|| plant.name.clone(), String::from)), keys);
    }
    for (name, table) in &items.includes {
        let mut keys = Keys::new();
        flatten(table, "", "", &mut keys);
        all.insert((0, "include", String::from(name)), keys);
    }
    for item in &items.items {
        let rank = 1 + Kind::all().position(|kind| kind == item.kind).unwrap_or(0);
        let unit = unit_of(plant, &item.table);
        let mut keys = Keys::new();
        if let Some(area) = &item.area {
            keys.insert("area".into(), Written { text: String::from(area), place: Some(area.place) });
        }
        flatten(&item.table, "", &unit, &mut keys);
        all.insert((rank, item.kind.word(), String::from(&item.name)), keys);
    }
    for phase in &plant.phases {
        all.insert((Kind::all().count() + 1, "phase", phase.name.clone()), phase_keys(plant, phase));
    }
    all
}

/// Keys whose bare numbers are in the unit of the item, or of the tag that it is about.
const IN_UNIT: [&str; 11] = [
    "range",
    "normal",
    "limit",
    "sp",
    "sp_limits",
    "high",
    "low",
    "high_high",
    "low_low",
    "initial",
    "value",
];
/// Keys whose bare numbers are a difference in that unit.
const IN_DIFFERENCE: [&str; 3] = ["deadband", "deviation", "bias"];

fn unit_of(plant: &Plant, table: &Table) -> String {
    if let Some(unit) = table.get_text("unit") {
        return String::from(unit);
    }
    let about = ["pv", "tag"].into_iter().find_map(|key| table.get_text(key));
    let point = about.and_then(|name| plant.find_point(name.as_str()));
    point.map_or_else(String::new, |point| plant.point(point).unit.symbol().to_string())
}

fn flatten(table: &Table, above: &str, unit: &str, keys: &mut Keys) {
    // The parameter of a recipe has a unit of its own.
    let unit = table.get_text("unit").map_or(unit, |unit| unit.as_str());
    for entry in &table.entries {
        let name = entry.key.as_str();
        let key = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
        let own = if IN_UNIT.contains(&name) {
            unit
        } else if IN_DIFFERENCE.contains(&name) {
            Unit::parse(unit).map_or("", |unit| unit.difference().symbol())
        } else {
            ""
        };
        put(key, &entry.node, own, unit, keys);
    }
}

/// `own` is the unit of a bare number here, `unit` that of the item for what stands below.
fn put(key: String, node: &Node, own: &str, unit: &str, keys: &mut Keys) {
    match &node.value {
        Value::Table(table) => flatten(table, &key, unit, keys),
        Value::List(items) if items.iter().any(|item| item.table().is_some()) => {
            for (index, item) in items.iter().enumerate() {
                put(format!("{key}[{}]", index + 1), item, own, unit, keys);
            }
        }
        _ => {
            keys.insert(key, Written { text: written(node, own), place: Some(node.place) });
        }
    }
}

fn written(node: &Node, unit: &str) -> String {
    let with_unit = |number: String| if unit.is_empty() { number } else { format!("{number} {unit}") };
    match &node.value {
        // How a condition is broken into lines does not matter.
        Value::Text(text) => text.as_str().split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Integer(number) => with_unit(number.to_string()),
        Value::Float(number) => with_unit(number.to_string()),
        Value::Boolean(truth) => truth.to_string(),
        Value::Date => String::new(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, "")).collect();
            with_unit(format!("[{}]", items.join(", ")))
        }
        Value::Table(_) => String::new(),
    }
}

fn phase_keys(plant: &Plant, phase: &Phase) -> Keys {
    let place = |title: &str| step_place(plant, &phase.name, title);
    let mut keys = Keys::new();
    let mut put = |key: String, text: String, place| keys.insert(key, Written { text, place });
    put("description".into(), phase.description.clone(), place(""));
    put("unit".into(), phase.equipment.clone(), place(""));
    for parameter in &phase.parameters {
        let point = plant.point(*parameter);
        let name = point.name.strip_prefix(&format!("{}.", phase.name)).unwrap_or(&point.name);
        let unit = point.unit.symbol();
        let value = format!("{} {unit}", point.initial);
        let text =
            format!("{} IN {} .. {} \"{}\"", value.trim_end(), point.low, point.high, point.description);
        put(format!("parameter.{name}"), text, parameter_place(plant, &phase.name, name));
    }
    let sections: [(&str, &[Step]); 5] = [
        ("running", &phase.running),
        ("holding", &phase.holding),
        ("restarting", &phase.restarting),
        ("stopping", &phase.stopping),
        ("aborting", &phase.aborting),
    ];
    for (section, steps) in sections {
        for (index, step) in steps.iter().enumerate() {
            let actions: Vec<&str> = step.actions.iter().map(|action| action.text.as_str()).collect();
            let name = if step.name.is_empty() { String::new() } else { format!("{} ", step.name) };
            let mut text = format!("{name}{}: {}", step.title, actions.join("; "));
            for way in &step.ways {
                text.push_str(&way_text(steps, way));
            }
            if step.stays {
                text.push_str("; STAY");
            }
            if let Some(within) = &step.within {
                let limit = match within.of {
                    Some(of) => plant.point(of).name.clone(),
                    None => format!("{} ms", within.ms),
                };
                text.push_str(&format!("; WITHIN {limit} {:?} {}", within.otherwise, within.why));
            }
            put(format!("{section}.{}", index + 1), text, place(&step.title));
        }
    }
    keys
}

/// `; WAIT LT-321 > level`, `; WHEN LT-321 > level GOTO Drain`
fn way_text(steps: &[Step], way: &Way) -> String {
    let when = way.when.as_ref().map_or("", |when| when.text.as_str());
    let Some(to) = way.to else { return format!("; WAIT {when}") };
    let to = steps.get(usize::from(to)).map_or("END", |step| step.name.as_str());
    if way.when.is_some() { format!("; WHEN {when} GOTO {to}") } else { format!("; GOTO {to}") }
}

/// Where a phase's text begins, or in it the step of this title.
fn step_place(plant: &Plant, phase: &str, title: &str) -> Option<Place> {
    let quoted = format!("\"{title}\"");
    phase_place(plant, phase, |first, _, line| {
        if title.is_empty() { first == "PHASE" } else { first == "STEP" && line.contains(&quoted) }
    })
}

/// `PARAM level : % = 50 IN 30 .. 70`
fn parameter_place(plant: &Plant, phase: &str, parameter: &str) -> Option<Place> {
    phase_place(plant, phase, |first, second, _| {
        first == "PARAM" && second.split(':').next() == Some(parameter)
    })
}

/// The first line of a phase that is wanted: by its first word, its second, and the whole. A compiled phase does not
/// remember.
fn phase_place(plant: &Plant, name: &str, is_it: impl Fn(&str, &str, &str) -> bool) -> Option<Place> {
    for (index, source) in
        plant.sources.iter().enumerate().filter(|(_, source)| source.path.ends_with(".phase"))
    {
        let mut inside = false;
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            let mut words = line.split_whitespace();
            let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            if first == "PHASE" {
                inside = second == name;
            }
            if inside && is_it(first, second, line) {
                return Some(Place::new(index as u32, start..start + line.len()));
            }
            start += line.len();
        }
    }
    None
}
