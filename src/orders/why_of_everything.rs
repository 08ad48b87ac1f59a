//! `why` of everything that ships: the words are made of the data, and the data agrees with what the scan did.

use std::path::Path;
use std::sync::Arc;

use control::plant::Plant;
use control::{StateView, why};
use lockstep::Lockstep;
use model::Action;
use model::wire::{Joined, Why, WhyFact, WhyKind, WhyLine};
use sim_plant::{Initial, Parameters};

use crate::plant_files;

/// Everything that has a name.
fn names(plant: &Plant) -> Vec<&str> {
    let blocks = plant.blocks.iter().map(|block| block.name.as_str());
    let interlocks = plant.interlocks.iter().map(|interlock| interlock.name.as_str());
    let alarms = plant.alarms.iter().map(|alarm| alarm.name.as_str());
    let phases = plant.phases.iter().map(|phase| phase.name.as_str());
    let recipes = plant.recipes.iter().map(|recipe| recipe.name.as_str());
    let points = plant.points.iter().map(|point| point.name.as_str());
    blocks.chain(interlocks).chain(alarms).chain(phases).chain(recipes).chain(points).collect()
}

fn all_lines(why: &Why) -> impl Iterator<Item = &WhyLine> {
    why.lines.iter().chain(why.missing.iter().flat_map(|missing| &missing.lines))
}

/// Whoever gets the data alone makes the same words of it.
fn words_follow_from_data(why: &Why) {
    let mut sent = serde_json::to_value(why).unwrap();
    let again: Why = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(again, *why);
    for (line, sent) in why.lines.iter().zip(sent["lines"].as_array().unwrap()) {
        assert_eq!(sent["text"], line.text().as_str());
        assert!(!line.text().is_empty() && sent["type"].is_string(), "{sent}");
    }
    for line in sent["lines"].as_array_mut().unwrap() {
        line["text"] = "other words".into();
    }
    assert_eq!(serde_json::from_value::<Why>(sent).unwrap(), *why, "the text that is sent is not heard");
}

/// The parts of a condition say what the condition says, and how far it is from its limit agrees with its truth.
fn terms_agree(why: &Why) -> usize {
    let mut compared = 0;
    for line in all_lines(why) {
        let Some(term) = line.term() else { continue };
        let (Some(operator), Some(now)) = (&term.operator, &term.now) else { continue };
        let comparison = term.condition.trim_start_matches("NOT ").trim_start_matches('(');
        if let (Some(tag), Some(limit)) = (&term.tag, &term.limit)
            && !term.limit_moves
            && comparison.starts_with(&format!("{tag} {operator}"))
        {
            assert!(comparison.contains(&limit.bare()), "{line:?}");
        }
        let Some(distance) = term.distance else { continue };
        assert!(!now.quality.is_bad(), "{line:?}");
        if term.delay.is_none() && why.kind != WhyKind::Alarm && !term.condition.contains("HYST") {
            let holds = line.holds.map(|holds| holds != term.negated);
            assert!(distance <= 0.0 || holds == Some(false), "{line:?}");
            assert!(distance >= 0.0 || holds == Some(true), "{line:?}");
            compared += 1;
        }
    }
    compared
}

/// A device that is off, a trip and a step that waits say what they wait for.
fn missing_is_told(plant: &Plant, view: &StateView, why: &Why) {
    let goal = why.missing.as_ref().map(|missing| missing.goal.as_str());
    match why.kind {
        WhyKind::Interlock => {
            let id = plant.find_interlock(&why.name).unwrap();
            let memory = view.interlocks[id.index()];
            assert_eq!(goal.is_some(), memory.tripped, "{why:?}");
            if let Some(missing) = &why.missing {
                assert_eq!(missing.lines.is_empty(), !memory.active, "{why:?}");
            }
            let causes = why.lines.iter().filter(|line| matches!(line.fact, WhyFact::Cause { .. }));
            assert_eq!(causes.count(), plant.interlocks[id.index()].causes.len());
            let actions = why.lines.iter().filter(|line| matches!(line.fact, WhyFact::Action { .. }));
            assert_eq!(actions.count(), plant.interlocks[id.index()].actions.len());
        }
        WhyKind::Motor | WhyKind::Valve | WhyKind::Breaker => {
            let on = why.lines.iter().any(|line| match &line.fact {
                WhyFact::Device { command, .. } => ["start", "open", "close"].contains(&command.as_str()),
                _ => false,
            });
            let is_valve = why.kind == WhyKind::Valve;
            // A valve that is told to close is off, a breaker that is told to close is on.
            if let Some(goal) = goal {
                assert_eq!(goal == "open", is_valve, "{why:?}");
            } else {
                assert!(on, "{why:?}");
            }
        }
        _ => {}
    }
    for line in all_lines(why) {
        if let WhyFact::Group(group) = &line.fact {
            assert_eq!(group.of == Joined::Delayed, group.delay.is_some(), "{line:?}");
        }
    }
}

/// How many terms were held against their truth, and of how many names.
fn examine(plant: &Plant, view: &StateView) -> (usize, usize) {
    let mut counts = (0, 0);
    for name in names(plant) {
        let why = why(plant, view, name).unwrap_or_else(|| panic!("nothing about {name}"));
        words_follow_from_data(&why);
        missing_is_told(plant, view, &why);
        counts = (counts.0 + terms_agree(&why), counts.1 + 1);
    }
    counts
}

#[test]
fn the_words_about_everything_in_the_refinery_follow_from_its_data_while_it_runs_and_when_it_has_tripped() {
    let plant = Arc::new(control::compile(&plant_files::shipped_refinery()).unwrap().plant);
    let parameters = Parameters::built_in().unwrap();
    let simulator = crate::sim_field::open(None, &plant, &parameters, Initial::Running, 7).unwrap();
    let mut time = Lockstep::new(plant.clone(), simulator).unwrap();
    let mut view = StateView::new(&plant);
    time.run_ms(10_000);
    time.engine.publish(&mut view);
    let (terms, names) = examine(&plant, &view);
    assert!(terms > 200 && names > 500, "{terms} terms of {names} names");

    let point = plant.find_point("TT-311").unwrap();
    time.order(Action::Force { point, value: 99.0, for_ms: 600_000 });
    time.run_ms(8_000);
    time.engine.publish(&mut view);
    examine(&plant, &view);
    let tripped = why(&plant, &view, "IL-308").unwrap();
    assert_eq!(tripped.verdict, "tripped", "{tripped:#?}");
    let hot = tripped
        .lines
        .iter()
        .find_map(|line| line.term().filter(|term| term.tag.as_deref() == Some("TT-311")));
    let hot = hot.unwrap();
    assert!(hot.now.as_ref().unwrap().forced && hot.distance == Some(-6.0), "{hot:?}");
    assert_eq!(hot.limit.as_ref().unwrap().unit, "degC");
    let delay = hot.delay.unwrap();
    assert_eq!((delay.delay_ms, delay.remaining_ms), (5000, None));
    let missing = tripped.missing.unwrap();
    assert_eq!(missing.goal, "reset");
    assert!(missing.lines.iter().any(|line| line.text().contains("TT-311 > 93 degC")), "{missing:?}");
}

#[test]
fn the_words_about_everything_in_the_site_follow_from_its_data_before_the_field_has_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants/site");
    let plant = control::compile(&plant_files::read(&folder).unwrap().sources).unwrap().plant;
    let (_, names) = examine(&plant, &StateView::new(&plant));
    assert!(names > 2000, "{names}");
}
