//! What a change of the plant text means for an engine that runs: which items differ, and which of
//! the differences cannot be taken over without a bump.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use model::Protocol;

use crate::compile::{Difference, Verb, differences};
use crate::plant::{Origin, Plant};

/// One difference, and what stands against taking it over while the plant runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub difference: Difference,
    /// Why it cannot be taken over bumplessly; `None` when it can.
    pub obstacle: Option<String>,
    /// The endpoint that the device keeps, because settings of the installation override what both texts say.
    pub keeps_endpoint: Option<String>,
}

/// All that changes from one plant to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub old: [u8; 32],
    pub new: [u8; 32],
    pub changes: Vec<Change>,
}

impl Plan {
    /// Compares two plants. It is a function of their texts, and of the endpoints that an installation has put in place
    /// of theirs; what the plant does at the moment is looked at by [`crate::Engine::migrate`].
    pub fn between(old: &Plant, new: &Plant) -> Self {
        let judge = |difference: Difference| {
            let keeps_endpoint = keeps_endpoint(&difference, old, new);
            let stays = keeps_endpoint.is_some()
                && difference.keys.iter().all(|key| key.key == ENDPOINT || WORDS.contains(&key.key.as_str()));
            let obstacle = if stays { None } else { obstacle(&difference, old, new) };
            Change { difference, obstacle, keeps_endpoint }
        };
        let changes = differences(old, new).into_iter().map(judge).collect();
        Self { old: old.hash, new: new.hash, changes }
    }

    pub fn is_bumpless(&self) -> bool {
        self.changes.iter().all(|change| change.obstacle.is_none())
    }

    pub fn obstacles(&self) -> impl Iterator<Item = (&Difference, &str)> {
        self.changes.iter().filter_map(|change| Some((&change.difference, change.obstacle.as_deref()?)))
    }

    pub(super) fn find(&self, kind: &str, name: &str) -> Option<&Difference> {
        let is_it = |change: &&Change| change.difference.kind == kind && change.difference.name == name;
        self.changes.iter().find(is_it).map(|change| &change.difference)
    }
}

/// Keys that change what people read and nothing that the plant does.
pub(crate) const WORDS: [&str; 12] = [
    "description",
    "title",
    "normal",
    "words",
    "decimals",
    "unit_of",
    "area",
    "text",
    "cause",
    "consequence",
    "response",
    "time",
];

const ENDPOINT: &str = "endpoint";

fn keeps_endpoint(difference: &Difference, old: &Plant, new: &Plant) -> Option<String> {
    let rewritten = difference.kind == "device"
        && difference.verb == Verb::Changed
        && difference.keys.iter().any(|key| key.key == ENDPOINT);
    let endpoint = |plant: &Plant| {
        let device = plant.io.devices.iter().find(|device| device.name == difference.name)?;
        match &device.protocol {
            Protocol::ModbusTcp { endpoint, .. } | Protocol::OpcUa { endpoint, .. } => Some(endpoint.clone()),
        }
    };
    let (then, now) = rewritten.then(|| endpoint(old).zip(endpoint(new)))??;
    (then == now).then_some(now)
}

fn obstacle(difference: &Difference, old: &Plant, new: &Plant) -> Option<String> {
    let touched = |key: &str| {
        difference.keys.iter().any(|found| {
            let rest = found.key.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    if difference.verb == Verb::Changed && difference.keys.iter().all(|key| WORDS.contains(&key.key.as_str()))
    {
        return None;
    }
    let name = difference.name.as_str();
    let is_output = |plant: &Plant| {
        plant
            .find_point(name)
            .is_some_and(|point| matches!(plant.point(point).origin, Origin::FieldOutput(_)))
    };
    let text = |text: &str| Some(text.to_string());
    match (difference.kind, difference.verb) {
        ("plant", _) if touched("period") => {
            text("delays and tasks count ticks of the base period, which would all change their length")
        }
        ("device", Verb::Added) => text("a new connection is made, and its tags wait for their first data"),
        ("device", Verb::Removed) => text(
            "the connection is closed, and the device's watchdog drives its outputs to their fail positions",
        ),
        ("device", Verb::Changed) => text("its connection is made anew, and its tags are bad meanwhile"),
        ("tag", Verb::Removed) if is_output(old) => {
            text("nobody writes this output any more: it stays where it is until the device's watchdog acts")
        }
        ("tag", Verb::Changed) if touched("unit") => {
            text("the value that it has now is a number in the old unit")
        }
        ("tag", Verb::Added | Verb::Changed) if touched("io") => {
            text("the I/O map of its device changes, and the connection is made anew for that")
        }
        ("tag", Verb::Removed) if touched("io") => {
            text("the I/O map of its device changes, and the connection is made anew for that")
        }
        ("tag", Verb::Changed) if touched("range") && measures_for_a_loop(old, new, name) => {
            text("a loop calculates in per cent of this range: its gain changes with it")
        }
        ("pid", Verb::Changed) => ["pv", "out", "cascade", "action", "out_range", "out_unit"]
            .into_iter()
            .find(|key| touched(key))
            .map(|key| format!("the loop would begin to act otherwise at once: `{key}` is not what it was")),
        ("split_range", Verb::Changed) => ["input", "valves", "range"]
            .into_iter()
            .find(|key| touched(key))
            .map(|key| format!("the valves would move at once: `{key}` is not what it was")),
        ("analog_output", Verb::Changed) => ["input", "out", "from", "to", "range"]
            .into_iter()
            .find(|key| touched(key))
            .map(|key| format!("the valve would move at once: `{key}` is not what it was")),
        ("on_off" | "pulse_width" | "motor" | "valve" | "breaker", Verb::Changed) if touched("out") => {
            text("it would drive another output at once")
        }
        ("raise_lower", Verb::Changed) if touched("raise") || touched("lower") => {
            text("it would drive another output at once")
        }
        ("totaliser", Verb::Changed) if touched("unit") && begins_another_sum(old, new, name) => {
            text("its total is a number in the old unit: it would begin again at zero")
        }
        ("duty_standby", Verb::Changed) if touched("motors") => text(
            "duty and failures are counted by place in `motors`: another motor would be commanded at once",
        ),
        ("drive", Verb::Changed) => ["speed", "out", "ref", "range", "min_speed"]
            .into_iter()
            .find(|key| touched(key))
            .map(|key| format!("the motor would run at another speed at once: `{key}` is not what it was")),
        _ => None,
    }
}

/// A total in a unit that the old one does not convert to.
fn begins_another_sum(old: &Plant, new: &Plant, name: &str) -> bool {
    let unit = |plant: &Plant| {
        let out = plant.find_point(&format!("{name}.OUT"))?;
        Some(plant.point(out).unit)
    };
    unit(old).zip(unit(new)).is_none_or(|(old, new)| !old.converts_to(new))
}

fn measures_for_a_loop(old: &Plant, new: &Plant, name: &str) -> bool {
    let measures = |plant: &Plant| {
        plant.find_point(name).is_some_and(|point| {
            plant.blocks.iter().any(|block| match &block.body {
                crate::plant::BlockBody::Pid(pid) => pid.input == point || pid.target == Some(point),
                body => body.targets().any(|target| target == point),
            })
        })
    };
    measures(old) || measures(new)
}
