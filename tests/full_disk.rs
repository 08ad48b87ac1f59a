//! A disk that refuses every write, for the real controller: what acts, what is told, and what is kept in the end.

mod common;
#[path = "../historian/tests/common/small_disk.rs"]
mod small_disk;

use common::{Plant, until};
use model::wire::EventRecord;
use rustix::process::{Resource, Rlimit};
use small_disk::SmallDisk;

/// From here on no file of the process can grow, as on a full disk.
fn fill(plant: &Plant) {
    limit(plant, Some(0));
}

fn free(plant: &Plant) {
    limit(plant, None);
}

fn limit(plant: &Plant, current: Option<u64>) {
    let process = rustix::process::Pid::from_raw(plant.controller_id().cast_signed()).unwrap();
    rustix::process::prlimit(Some(process), Resource::Fsize, Rlimit { current, maximum: None }).unwrap();
}

#[test]
fn on_a_full_disk_the_plant_runs_on_and_commands_say_that_they_acted_and_are_not_kept() {
    let mut plant = Plant::settled("running");
    let (sp, _) = plant.value("LIC-311.SP");
    assert!(plant.write("LIC-311.SP", sp - 1.0).accepted, "the disk has room");

    fill(&plant);
    let full = until("the System page tells why", || {
        let frame = plant.frame();
        frame.system.journal_error.clone().map(|why| (why, frame.tick))
    });
    assert!(full.0.contains("the journal cannot be written") && full.0.contains("journal-"), "{}", full.0);
    let (status, error) = plant.command_error(&plant.write_action("LIC-311.SP", sp - 2.0));
    assert_eq!(status, 503, "{error:?}");
    assert!(
        error.error.contains("has acted") && error.error.contains("cannot be written"),
        "{}",
        error.error
    );
    let reply = error.reply.expect("the command acted");
    assert!(reply.accepted && reply.unrecorded, "{reply:?}");
    assert_eq!(plant.value("LIC-311.SP").0, sp - 2.0, "it has acted");
    let refused = plant.write("LIC-311.SP", 1e6);
    assert!(!refused.accepted && !refused.unrecorded, "a refusal needs no journal: {refused:?}");
    until("the scan goes on", || (plant.frame().tick > full.1 + 100).then_some(()));
    assert!(
        until("the audit log tells as well", || plant.frame().system.audit_error).contains("wait in memory")
    );
    let said = plant.output(&["force", "TT-311", "50", "--for", "1min", "--reason", "the disk is full"]);
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!said.status.success() && words.contains("this has acted"), "{words}");

    free(&plant);
    until("the journal and the audit log are written again", || {
        let system = plant.frame().system;
        (system.journal_error.is_none() && system.audit_error.is_none()).then_some(())
    });
    let kept = plant.write("LIC-311.SP", sp - 3.0);
    assert!(kept.accepted && !kept.unrecorded, "{kept:?}");
    until("the audit log has all of them", || {
        let audit = plant.run(&["audit", "show"]);
        let done = audit.matches("LIC-311 SP").count();
        (done >= 3 && audit.contains("done, and not in the journal")).then_some(())
    });
    assert!(plant.run(&["audit", "verify"]).contains("intact"), "nothing is missing");
    assert!(!plant.logs().contains("panicked"), "{}", plant.logs());

    // What waited in memory was written when there was room, so the command of the full disk survives a kill.
    plant.kill_controller();
    let report = plant.run(&["replay", plant.journal().to_str().unwrap()]);
    assert!(report.contains("every hash agrees"), "{report}");
    plant.start_controller();
    assert_eq!(plant.value("LIC-311.SP").0, sp - 3.0);
}

#[test]
fn on_a_full_disk_the_journal_and_the_audit_log_have_room_of_their_own_and_a_kill_costs_nothing() {
    let Some(disk) = SmallDisk::new(128) else { return };
    let mut plant = Plant::start_on(disk.path());
    let (sp, _) = plant.value("LIC-311.SP");
    disk.fill();
    let full = until("the System page tells", || plant.frame().system.disk_full);
    assert!(full.contains("MB of its own left"), "{full}");
    for step in 1..=20 {
        let reply = plant.write("LIC-311.SP", sp - f64::from(step) / 10.0);
        assert!(reply.accepted && !reply.unrecorded, "{reply:?}");
    }
    let system = plant.frame().system;
    assert_eq!((system.journal_error, system.audit_error), (None, None));
    until("the audit log has all of them", || {
        (plant.run(&["audit", "show"]).matches("LIC-311 SP").count() == 20).then_some(())
    });

    disk.fill();
    plant.kill_controller();
    plant.start_controller();
    assert_eq!(plant.value("LIC-311.SP").0, sp - 2.0, "it goes on, on a disk that is still full");
    let reply = plant.write("LIC-311.SP", sp);
    assert!(reply.accepted && !reply.unrecorded, "{reply:?}");
    until("its entry is there", || {
        (plant.run(&["audit", "show"]).matches("LIC-311 SP").count() == 21).then_some(())
    });
    assert!(plant.run(&["audit", "verify"]).contains("intact"), "nothing is missing");
    assert!(!plant.logs().contains("are not in the journal"), "{}", plant.logs());

    disk.free();
    until("there is room again", || plant.frame().system.disk_full.is_none().then_some(()));
    plant.kill_controller();
    let report = plant.run(&["replay", plant.journal().to_str().unwrap()]);
    assert!(report.contains("every hash agrees"), "{report}");
}

#[test]
fn a_start_after_a_kill_without_any_room_tells_what_it_lacks() {
    let Some(disk) = SmallDisk::new(128) else { return };
    let mut plant = Plant::start_on(disk.path());
    plant.kill_controller();
    plant.set("[journal]\nreserve_mb = 0\n");
    plant.start_controller();
    let (sp, _) = plant.value("LIC-311.SP");
    disk.fill();
    until("the System page tells why", || plant.frame().system.journal_error);
    let (status, _) = plant.command_error(&plant.write_action("LIC-311.SP", sp - 1.0));
    assert_eq!(status, 503, "it has acted and is not kept");
    plant.kill_controller();
    disk.free();
    plant.start_controller();
    assert_eq!(plant.value("LIC-311.SP").0, sp, "as the journal knows it");
    assert!(plant.logs().contains("the controller before ended while the disk refused"), "{}", plant.logs());
    until("the event list tells", || {
        let events: Vec<EventRecord> = plant.get("/events?tag=JOURNAL");
        events.iter().any(|event| event.text.contains("are not in the journal")).then_some(())
    });
}
