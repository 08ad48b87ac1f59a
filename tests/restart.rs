//! A controller that is started again: what the last run has left is never let go of unless somebody says so.

mod common;

use std::path::Path;

use common::folder::{edit, put};
use common::{Plant, until};
use model::wire::{EventRecord, InterlockStatus};

const TEXT: &str = r#"
[plant]
name = "latch"
period = "10 ms"

[area.1]
title = "Latch"

[device.PLC-1]
description = "Nobody answers"
protocol = "modbus-tcp"
endpoint = "127.0.0.1:1"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"

[tag.HV-1]
description = "Valve"
unit = "%"
range = [0, 100]
io = { device = "PLC-1", holding = 10, raw = [0, 27648] }
fail = 0
entry = { role = "operator" }

[tag.HS-1]
description = "Switch"
words = ["off", "on"]
entry = { initial = "off", role = "operator" }

[interlock.IL-1]
description = "Hot"
reset = "manual"
trip = [{ when = "HS-1", text = "hot" }]
do = ["HV-1 := 0 %"]
"#;

fn latched(root: &Path) -> Plant {
    put(root, "plant.toml", TEXT);
    let plant = Plant::control(root.to_owned(), "PLC-1", "127.0.0.1:1");
    until("the scan acts, without the device", || plant.write("HS-1", 1.0).accepted.then_some(()));
    until("it trips", || tripped(&plant).then_some(()));
    assert!(plant.write("HS-1", 0.0).accepted);
    until("the cause has gone", || (!interlock(&plant).active).then_some(()));
    assert!(tripped(&plant));
    plant
}

fn interlock(plant: &Plant) -> InterlockStatus {
    plant.frame().interlocks.unwrap().remove(0)
}

fn tripped(plant: &Plant) -> bool {
    interlock(plant).tripped
}

fn events(plant: &Plant) -> Vec<EventRecord> {
    plant.get("/events?tag=PLANT")
}

#[test]
fn a_latched_trip_outlives_every_start_until_somebody_begins_anew() {
    let root = tempfile::tempdir().unwrap();
    let mut plant = latched(root.path());
    plant.kill_controller();

    // Only a comment: it is the same plant.
    edit(root.path(), "plant.toml", "[area.1]", "# Written later.\n[area.1]");
    plant.start_controller();
    assert!(tripped(&plant));

    let other = tempfile::tempdir().unwrap();
    put(other.path(), "plant.toml", &TEXT.replace("text = \"hot\"", "text = \"very hot\""));
    let applied = plant.output(&["apply", other.path().to_str().unwrap(), "--yes", "--reason", "words"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    plant.read_again();
    let in_force = plant.view().hash.clone();
    plant.kill_controller();

    edit(root.path(), "plant.toml", "text = \"hot\"", "text = \"much too hot\"");
    let said = plant.refused_start();
    for word in
        ["has changed since the last run", "interlock IL-1 changed", "tripped: IL-1", "--apply", "--fresh"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }

    edit(root.path(), "plant.toml", "text = \"much too hot\"", "text = \"hot\"");
    plant.start_controller();
    assert!(tripped(&plant));
    assert_eq!(plant.view().hash, in_force, "a start that was refused has forgotten nothing");
    plant.kill_controller();

    edit(root.path(), "plant.toml", "text = \"hot\"", "text = \"much too hot\"");
    plant.start_controller_as(&["--apply"]);
    assert!(tripped(&plant));
    plant.kill_controller();
    plant.start_controller();
    assert!(tripped(&plant), "and it is the plant of this folder from now on");
    plant.kill_controller();

    plant.start_controller_as(&["--fresh"]);
    until("it is told", || {
        let told = |event: &EventRecord| event.text.contains("--fresh; the last run left tripped: IL-1");
        events(&plant).iter().any(told).then_some(())
    });
    assert!(!tripped(&plant));
    let audit = plant.run(&["audit", "show"]);
    assert!(audit.lines().any(|line| line.contains("begun anew") && line.contains("IL-1")), "{audit}");
}

/// The words of the event list about the plant.
fn told(plant: &Plant, words: &str) {
    until("it is told", || events(plant).iter().any(|event| event.text.contains(words)).then_some(()));
}

#[test]
fn a_service_goes_on_with_the_plant_that_ran_whatever_has_become_of_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let mut plant = latched(root.path());
    let ran = plant.view().hash.clone();
    plant.kill_controller();

    edit(root.path(), "plant.toml", "text = \"hot\"", "text = \"much too hot\"");
    plant.start_controller_as(&["--as-it-ran"]);
    assert!(tripped(&plant));
    assert_eq!(plant.view().hash, ran);
    told(
        &plant,
        "goes on as it ran, from the journal's copy; the plant folder differs: interlock IL-1 changed",
    );
    let audit = plant.run(&["audit", "show"]);
    assert!(audit.contains("plant kept as it ran"), "{audit}");
    plant.kill_controller();

    put(root.path(), "plant.toml", "half saved");
    plant.start_controller_as(&["--as-it-ran"]);
    assert!(tripped(&plant));
    assert_eq!(plant.view().hash, ran);
    told(&plant, "the plant folder gives no plant");

    // What an engineer applies outlives the next start, and is the folder's own then.
    put(root.path(), "plant.toml", &TEXT.replace("text = \"hot\"", "text = \"very hot\""));
    let applied = plant.output(&["apply", root.path().to_str().unwrap(), "--yes", "--reason", "words"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    plant.kill_controller();
    plant.start_controller_as(&["--as-it-ran"]);
    assert!(tripped(&plant));
    assert_ne!(plant.view().hash, ran);
    plant.kill_controller();

    put(root.path(), "plant.toml", &TEXT.replace("name = \"latch\"", "name = \"other\""));
    let said = plant.refused_start_as(&["--as-it-ran"]);
    assert!(said.contains("is of the plant latch, and other was to be started"), "{said}");
}

#[test]
fn a_first_start_of_a_service_takes_its_folder() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "plant.toml", TEXT);
    let plant = Plant::control_as(root.path().to_owned(), "PLC-1", "127.0.0.1:1", &["--as-it-ran"]);
    until("the scan acts", || plant.write("HS-1", 1.0).accepted.then_some(()));
}

#[test]
fn a_journal_that_is_damaged_beyond_a_resume_is_not_left_behind_unasked() {
    let root = tempfile::tempdir().unwrap();
    let mut plant = latched(root.path());
    plant.kill_controller();
    for entry in std::fs::read_dir(plant.journal()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("journal-") || name.starts_with("snapshot-") {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[20] ^= 0x40;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    for arguments in [&[][..], &["--as-it-ran"], &["--apply"]] {
        let said = plant.refused_start_as(arguments);
        for word in
            ["is damaged", "from none of which a state can be had", "header cannot be read", "run --fresh"]
        {
            assert!(said.contains(word), "{arguments:?} {word}: {said}");
        }
    }
    assert!(plant.refused_start().contains("tripped and not reset since: IL-1"));

    plant.start_controller_as(&["--fresh"]);
    assert!(!tripped(&plant));
    told(&plant, "its journal was damaged");
    let audit = plant.run(&["audit", "show"]);
    let kept = |line: &str| line.contains("begun anew") && line.contains("damaged") && line.contains("IL-1");
    assert!(audit.lines().any(kept), "{audit}");
    until("the new run is on disk", || plant.write("HS-1", 0.0).accepted.then_some(()));
    plant.kill_controller();
    plant.start_controller();
    until("and it goes on from there", || plant.write("HS-1", 1.0).accepted.then_some(()));
}
