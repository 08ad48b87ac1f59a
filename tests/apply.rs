//! A changed plant for a controller that runs: planned, applied, replayed and rolled back over the API.

mod common;

use std::path::Path;

use common::folder::{edit, put, refinery};
use common::{Plant, until};
use model::Action;
use model::wire::{CommandRequest, EventRecord};

const LOOPS: &str = "300-electrolysis/loops.toml";
const ALARMS: &str = "300-electrolysis/alarms/electrolyser.toml";
const IO: &str = "300-electrolysis/io.toml";

/// `catholyte WORDS` as engineer: whether it worked, and all that it said.
fn told(plant: &Plant, words: &[&str]) -> (bool, String) {
    let output = plant.command(words).args(plant.login_arguments()).output().unwrap();
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    // Reports are broken into lines for people.
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "│").collect();
    (output.status.success(), words.join(" "))
}

fn settled(plant: &Plant) {
    until("both devices are up and values are good", || {
        let frame = plant.frame();
        let good = frame.values.iter().all(|value| value.2.is_usable());
        (frame.system.links_up == frame.system.links && good).then_some(())
    });
}

/// Another gain, another alarm limit, and a calculation whose name moves the numbers of all that follow.
fn changed(root: &Path) -> std::path::PathBuf {
    let folder = refinery(root);
    edit(&folder, LOOPS, "kc = 3.0", "kc = 2.5");
    edit(&folder, ALARMS, "high = \"90 degC\"", "high = \"89 degC\"");
    put(
        &folder,
        "000-first.toml",
        "area = \"300\"\n[calc.AY-000]\nvalue = \"LT-311 - LT-321\"\nunit = \"%\"\nrange = [-100, 100]\n",
    );
    folder
}

fn limits(plant: &Plant) -> Vec<f64> {
    plant.view().alarms.iter().filter_map(|alarm| alarm.limit).collect()
}

/// The largest step of a value from one scan to the next in the whole journal, as replay gives it, and the rows around
/// it. A scan in which the set point moves is left out: what it moves was asked for.
fn largest_step(plant: &Plant, tags: &[&str], set_point: &str) -> (f64, String) {
    let journal = plant.journal().display().to_string();
    let mut words = vec!["replay", &journal, "--every-ms", "10"];
    words.extend([set_point].iter().chain(tags).flat_map(|tag| ["--export", tag]));
    let text = plant.run(&words);
    assert!(text.contains("every hash agrees"), "{text}");
    let number = |field: &str| field.trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<f64>().ok();
    let rows: Vec<Vec<f64>> =
        text.lines().filter_map(|line| line.split(',').skip(2).map(number).collect()).collect();
    let rows: Vec<&Vec<f64>> = rows.iter().filter(|row| row.len() == tags.len() + 1).collect();
    assert!(rows.len() > 100, "{} rows", rows.len());
    let step = |at: usize| {
        rows[at].iter().zip(rows[at + 1]).map(|(before, after)| (after - before).abs()).fold(0.0, f64::max)
    };
    let (asked, left): (Vec<_>, Vec<_>) = (0..rows.len() - 1).partition(|at| rows[*at][0] != rows[at + 1][0]);
    assert_eq!(asked.len(), 2, "the set point was moved twice, and both times reached the loop");
    let largest = left.into_iter().max_by(|a, b| step(*a).total_cmp(&step(*b))).unwrap();
    let around = &rows[largest.saturating_sub(3)..(largest + 5).min(rows.len())];
    (
        step(largest),
        format!("set point moved behind rows {asked:?}, largest step behind {largest}: {around:?}"),
    )
}

#[test]
fn a_tuning_and_an_alarm_limit_are_applied_to_a_running_plant_without_a_bump_and_rolled_back() {
    let root = tempfile::tempdir().unwrap();
    let folder = changed(root.path());
    let folder = folder.to_str().unwrap();
    let mut plant = Plant::start("running");
    settled(&plant);
    let (first, first_limits) = (plant.view().hash.clone(), limits(&plant));
    let (sp, _) = plant.value("LIC-311.SP");
    assert!(plant.write("LIC-311.SP", sp - 2.0).accepted);
    let old_point = plant.point("LIC-311.SP");
    let before_ms = plant.frame().time_ms;

    let (done, asked) = told(&plant, &["apply", folder]);
    assert!(!done && asked.contains("kc: 3 -> 2.5") && asked.contains("--yes"), "{asked}");
    assert_eq!(plant.get::<model::wire::PlantView>("/plant").hash, first, "looked at, not applied");

    let (done, said) = told(&plant, &["apply", folder, "--yes", "--reason", "step test of Tuesday"]);
    assert!(done && said.contains("applied: 3 changes"), "{said}");
    plant.read_again();
    let second = plant.view().hash.clone();
    assert_ne!(second, first);
    assert_eq!(plant.value("LIC-311.KC").0, 2.5);
    assert_eq!(plant.value("LIC-311.SP").0, sp - 2.0, "what was set by hand stays");
    assert!(limits(&plant).contains(&89.0) && limits(&plant) != first_limits);
    assert_ne!(plant.point("LIC-311.SP"), old_point, "the numbers have moved, and nobody mistook them");
    settled(&plant);

    // Numbers of the plant before lead nowhere.
    let stale = CommandRequest {
        plant: first.clone(),
        ..CommandRequest::new(Action::Write { point: old_point, value: sp }, "")
    };
    assert_eq!(plant.status("/commands", &stale), 409);
    let unsaid = CommandRequest::new(Action::Write { point: old_point, value: sp }, "");
    assert_eq!(plant.status("/commands", &unsaid), 409);
    assert!(plant.write("LIC-311.SP", sp - 1.0).accepted, "and those of the new one where they should");

    let after_ms = plant.frame().time_ms;
    until("the history goes on under the same name", || {
        let history = plant.history("LIC-311.SP", before_ms - 60_000, after_ms + 60_000);
        let has = |value: f64| history.samples.iter().any(|sample| (sample.value - value).abs() < 1e-9);
        (has(sp - 2.0) && has(sp - 1.0)).then_some(())
    });
    let events: Vec<EventRecord> = plant.get("/events?tag=PLANT");
    assert!(
        events.iter().any(|event| event.user == "engineer" && event.text.contains("applied")),
        "{events:?}"
    );
    let audit = plant.run(&["audit", "show"]);
    let line = audit.lines().find(|line| line.contains("applied: 3 changes"));
    assert!(line.is_some_and(|line| line.contains("engineer") && line.contains("step test")), "{audit}");
    assert!(line.is_some_and(|line| line.contains("LIC-311") && line.contains("kc: 3 -> 2.5")), "{audit}");
    assert!(line.is_some_and(|line| line.contains(&first) && line.contains(&second)), "{audit}");

    // The valve has moved with the set point by now: a restart takes over what the PLC has.
    let asked = plant.frame().tick;
    until("the outputs have gone out", || (plant.frame().tick > asked + 50).then_some(()));
    // A restart with the folder of the first start does not undo it.
    plant.kill_controller();
    plant.start_controller();
    assert_eq!(plant.view().hash, second);
    until("the state went on", || (plant.value("LIC-311.SP").0 == sp - 1.0).then_some(()));
    settled(&plant);

    let (done, said) = told(&plant, &["rollback", "--yes"]);
    assert!(!done && said.contains("--reason"), "nobody goes back without saying why: {said}");
    let (done, said) = told(&plant, &["rollback", "--yes", "--reason", "worse than before"]);
    assert!(done && said.contains("brought back"), "{said}");
    plant.read_again();
    assert_eq!((plant.view().hash.clone(), limits(&plant)), (first, first_limits));
    assert_eq!((plant.value("LIC-311.KC").0, plant.value("LIC-311.SP").0), (3.0, sp - 1.0));
    settled(&plant);

    plant.kill_controller();
    let (step, rows) = largest_step(&plant, &["LV-311", "LV-321", "TV-321"], "LIC-311.SPW");
    assert!(step < 0.5, "an output moved by {step} % from one scan to the next: {rows}\n{}", plant.logs());
}

#[test]
fn what_a_running_controller_cannot_take_over_is_refused_with_the_way_out() {
    let root = tempfile::tempdir().unwrap();
    let folder = refinery(root.path());
    let mut plant = Plant::start("running");
    settled(&plant);
    let first = plant.view().hash.clone();
    let apply = |plant: &Plant| told(plant, &["apply", folder.to_str().unwrap(), "--yes", "--force"]);

    let (done, said) = apply(&plant);
    assert!(!done && said.contains("in force already"), "{said}");

    edit(&folder, IO, "poll = \"100 ms\"", "poll = \"50 ms\"");
    let (done, said) = apply(&plant);
    assert!(
        !done && said.contains("connection would be made anew") && said.contains("run --apply"),
        "{said}"
    );
    edit(&folder, IO, "poll = \"50 ms\"", "poll = \"100 ms\"");

    edit(&folder, LOOPS, "kc = 3.0", "kc = -3.0");
    let (done, said) = apply(&plant);
    assert!(!done && said.contains("loops.toml") && said.contains("kc"), "{said}");
    edit(&folder, LOOPS, "kc = -3.0", "kc = 3.0");

    edit(&folder, "plant.toml", "period = \"10 ms\"", "period = \"20 ms\"");
    let (done, said) = apply(&plant);
    assert!(!done && said.contains("base period"), "{said}");

    let (done, said) = told(&plant, &["rollback", "--yes"]);
    assert!(!done && said.contains("no change to undo"), "{said}");
    plant.read_again();
    assert_eq!(plant.view().hash, first);
}
