//! `catholyte plan A B`: what changes from one plant folder to another, in the words of the process.

use std::fmt::Write as _;
use std::path::Path;

use control::compile::{At, Difference, KeyDifference, Verb};
use control::{Change, Plan};
use miette::{IntoDiagnostic as _, miette};
use serde_json::{Value, json};

use crate::check::hex;
use crate::cli::{Format, PlanArgs};
use crate::data_folder::SETTINGS;
use crate::{check, settings};

pub fn run(args: &PlanArgs) -> miette::Result<()> {
    let shipped = args.old == Path::new("shipped");
    let mut old = check::compile_named((!shipped).then_some(args.old.as_path()))?;
    let mut new = check::compile_or_report(&args.new)?;
    if let Some(data) = &args.data {
        let settings = settings::load(&data.join(SETTINGS)).into_diagnostic()?;
        let there = |name: &String| old.io.devices.iter().any(|device| device.name == *name);
        let of_old = settings.devices.iter().filter(|(name, _)| there(name));
        let of_old = of_old.map(|(name, endpoint)| (name.clone(), endpoint.clone())).collect();
        for (plant, overrides) in [(&mut old, &of_old), (&mut new, &settings.devices)] {
            settings::override_endpoints(&mut plant.io.devices, overrides)
                .map_err(|error| miette!("{error}"))?;
        }
    }
    let plan = Plan::between(&old, &new);
    match args.format {
        Format::Json => println!("{}", document(&plan)),
        Format::Text => print!("{}{}", text(&plan), verdict(&plan)),
    }
    Ok(())
}

fn key_text(key: &KeyDifference) -> String {
    match (&key.old, &key.new) {
        (Some(old), Some(new)) => format!("{}: {old} -> {new}", key.key),
        (None, Some(new)) => format!("{}: (not given) -> {new}", key.key),
        (Some(old), None) => format!("{}: {old} -> (not given)", key.key),
        (None, None) => key.key.clone(),
    }
}

/// What an added or removed thing is, in one line.
fn about(difference: &Difference) -> String {
    let value = |key: &KeyDifference| key.old.clone().or_else(|| key.new.clone());
    let find = |name: &str| difference.keys.iter().find(|key| key.key == name).and_then(value);
    find("description").or_else(|| find("title")).or_else(|| find("text")).unwrap_or_default()
}

fn sign(verb: Verb) -> char {
    match verb {
        Verb::Added => '+',
        Verb::Removed => '-',
        Verb::Changed => '~',
    }
}

/// A person reads top down: each kind of thing with what happens to it, then how many.
pub fn text(plan: &Plan) -> String {
    let mut text = String::new();
    let mut kind = "";
    for Change { difference, obstacle, keeps_endpoint } in &plan.changes {
        if difference.kind != kind {
            kind = difference.kind;
            let _ = writeln!(text, "{}", heading(kind));
        }
        let about = if difference.verb == Verb::Changed { String::new() } else { about(difference) };
        let _ = writeln!(text, "  {} {:<20} {about}", sign(difference.verb), difference.name);
        if difference.verb == Verb::Changed {
            for key in &difference.keys {
                let _ = writeln!(text, "      {}", key_text(key));
            }
        }
        if let Some(endpoint) = keeps_endpoint {
            let _ = writeln!(text, "      the settings of this installation keep it at {endpoint}");
        }
        if let Some(obstacle) = obstacle {
            let _ = writeln!(text, "      ! not while it runs: {obstacle}");
        }
    }
    if plan.changes.is_empty() {
        let same = if plan.old == plan.new { "the same text" } else { "other text, the same plant" };
        let _ = writeln!(text, "nothing changes: {same}");
        return text;
    }
    let count = |verb| plan.changes.iter().filter(|change| change.difference.verb == verb).count();
    let _ = writeln!(
        text,
        "\n{} added, {} changed, {} removed",
        count(Verb::Added),
        count(Verb::Changed),
        count(Verb::Removed)
    );
    text
}

/// Longest of [`line`].
const LINE_MAX: usize = 3000;

/// The same on one line, for the audit log: what does not find room there is counted, and both plants' texts stand in the
/// journal under their hashes.
pub fn line(plan: &Plan) -> String {
    let one = |Change { difference, .. }: &Change| {
        let what = format!("{} {} {}", sign(difference.verb), difference.kind, difference.name);
        match difference.verb {
            Verb::Changed => {
                let keys: Vec<String> = difference.keys.iter().map(key_text).collect();
                format!("{what} {}", keys.join(", "))
            }
            Verb::Added | Verb::Removed => what,
        }
    };
    let (mut text, mut left) = (String::new(), plan.changes.len());
    for change in &plan.changes {
        let one = one(change);
        if text.len() + one.len() > LINE_MAX {
            break;
        }
        text.push_str(if text.is_empty() { "" } else { "; " });
        text.push_str(&one);
        left -= 1;
    }
    match left {
        0 if text.is_empty() => "other text, the same plant".to_owned(),
        0 => text,
        more => format!("{text}; and {more} more, see the two plants in the journal"),
    }
}

/// What the two texts alone say of taking it over. What the plant does at the moment only `apply` can know.
fn verdict(plan: &Plan) -> String {
    if plan.changes.is_empty() {
        return String::new();
    }
    match plan.obstacles().count() {
        0 => "nothing in the two texts stands against taking it over bumplessly; `catholyte apply` asks the plant that runs\n"
            .to_owned(),
        1 => "one change cannot be taken over bumplessly: see the line that begins with !\n".to_owned(),
        several => {
            format!("{several} changes cannot be taken over bumplessly: see the lines that begin with !\n")
        }
    }
}

fn heading(kind: &str) -> &str {
    match kind {
        "plant" => "Plant",
        "include" => "Included plants",
        "area" => "Areas",
        "unit" => "Units",
        "device" => "Devices",
        "tag" => "Tags",
        "calc" => "Calculations",
        "filter" => "Filters",
        "pid" => "Loops",
        "ratio" => "Ratios",
        "ramp" => "Ramps",
        "selector" => "Selectors",
        "position" => "Valve positions",
        "motor" => "Motors",
        "valve" => "Valves",
        "breaker" => "Breakers",
        "alarm" => "Alarms",
        "interlock" => "Interlocks",
        "recipe" => "Recipes",
        "phase" => "Phases",
        "display" => "Displays",
        other => other,
    }
}

fn document(plan: &Plan) -> Value {
    let change = |change: &Change| {
        let difference = &change.difference;
        let keys: Vec<Value> = difference
            .keys
            .iter()
            .map(|key| {
                let at = |at: &Option<At>| at.as_ref().map(|at| json!({ "path": at.path, "line": at.line }));
                json!({
                    "key": key.key, "old": key.old, "new": key.new,
                    "old_at": at(&key.old_at), "new_at": at(&key.new_at),
                })
            })
            .collect();
        json!({
            "verb": difference.verb.word(),
            "kind": difference.kind,
            "name": difference.name,
            "keys": keys,
            "bumpless": change.obstacle.is_none(),
            "obstacle": change.obstacle,
            "keeps_endpoint": change.keeps_endpoint,
        })
    };
    json!({
        "version": 1,
        "old": hex(&plan.old),
        "new": hex(&plan.new),
        "bumpless": plan.is_bumpless(),
        "changes": plan.changes.iter().map(change).collect::<Vec<Value>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::{document, text, verdict};
    use crate::plant_files::shipped_refinery;
    use control::Plan;

    fn edited(from: &str, to: &str) -> Plan {
        let old = control::compile(&shipped_refinery()).unwrap().plant;
        let mut sources = shipped_refinery();
        let source = sources.iter_mut().find(|source| source.text.contains(from)).unwrap();
        source.text = source.text.replacen(from, to, 1);
        let new = control::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).plant;
        Plan::between(&old, &new)
    }

    #[test]
    fn a_changed_travel_time_of_the_shipped_refinery_reads_as_one_line_and_can_be_taken_over() {
        let plan = edited("travel = \"2 s\"", "travel = \"3 s\"");
        let told = text(&plan);
        assert!(told.contains("travel: 2 s -> 3 s") && told.contains("1 changed"), "{told}");
        // Whoever asks a plant that runs adds that plant's answer, and must not be contradicted.
        assert!(!told.contains("bumplessly"), "{told}");
        assert!(verdict(&plan).starts_with("nothing in the two texts stands against"), "{}", verdict(&plan));
        let document = document(&plan);
        assert_eq!(document["changes"].as_array().unwrap().len(), 1);
        assert_eq!(document["changes"][0]["keys"][0]["new"], "3 s");
        let at = &document["changes"][0]["keys"][0]["new_at"];
        let line = at["line"].as_u64().unwrap() as usize;
        let sources = shipped_refinery();
        let source = sources.iter().find(|source| at["path"] == source.path.as_str()).unwrap();
        assert!(source.text.lines().nth(line - 1).unwrap().contains("travel = \"2 s\""), "{at}");
        assert_eq!(document["bumpless"], true);
    }

    #[test]
    fn an_endpoint_that_settings_override_is_shown_and_stands_against_nothing() {
        let mut old = control::compile(&shipped_refinery()).unwrap().plant;
        let mut sources = shipped_refinery();
        let source = sources.iter_mut().find(|source| source.text.contains("[device.PLC-300]")).unwrap();
        let at = source.text.find("[device.PLC-300]").unwrap();
        let (head, tail) = source.text.split_at(at);
        source.text = head.to_owned() + &tail.replacen("endpoint = \"", "endpoint = \"1", 1);
        let mut new = control::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).plant;
        let told = text(&Plan::between(&old, &new));
        assert!(told.contains("! not while it runs: its connection is made anew"), "{told}");
        let overrides = [("PLC-300".to_owned(), "10.0.3.30:502".to_owned())].into();
        for plant in [&mut old, &mut new] {
            super::settings::override_endpoints(&mut plant.io.devices, &overrides).unwrap();
        }
        let plan = Plan::between(&old, &new);
        let told = text(&plan);
        assert!(told.contains("the settings of this installation keep it at 10.0.3.30:502"), "{told}");
        assert!(plan.is_bumpless() && !told.contains("not while it runs"), "{told}");
        assert_eq!(document(&plan)["changes"][0]["keeps_endpoint"], "10.0.3.30:502");
    }

    #[test]
    fn another_base_period_is_said_to_be_no_change_for_a_running_engine() {
        let plan = edited("period = \"10 ms\"", "period = \"5 ms\"");
        let text = text(&plan);
        assert!(text.contains("! not while it runs: delays and tasks count ticks"), "{text}");
        assert!(verdict(&plan).starts_with("one change cannot"), "{}", verdict(&plan));
        assert_eq!(document(&plan)["bumpless"], false);
    }
}
