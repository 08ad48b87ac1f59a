//! A disk that refuses every write, for the real controller: what acts, what is told, and what is kept in the end.

mod common;

use common::{Plant, until};
use rustix::process::{Resource, Rlimit};

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
