//! The command line of somebody who was never shown the screen: orders to a running plant, and what is said of them.

mod common;

use common::{Plant, until};

/// Standard output of an order that is done.
fn done(plant: &Plant, arguments: &[&str]) -> String {
    let output = plant.output(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "catholyte {arguments:?}\n{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// What is said of an order that is refused, on one line.
fn refused(plant: &Plant, arguments: &[&str]) -> String {
    let output = plant.output(arguments);
    assert!(!output.status.success(), "catholyte {arguments:?} was done");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn a_stranger_runs_the_plant_from_the_command_line() {
    let plant = Plant::settled("running");
    // A loop: its set point, then by hand.
    let said = done(&plant, &["write", "LIC-311.SP", "51.5", "--reason", "less foam"]);
    assert!(said.contains("LIC-311 SP"), "{said}");
    assert_eq!(plant.value("LIC-311.SP").0, 51.5);
    done(&plant, &["write", "TIC-321.MODE", "manual"]);
    done(&plant, &["write", "TIC-321.OUT", "35"]);
    assert_eq!(plant.value("TIC-321.OUT").0, 35.0);
    assert!(refused(&plant, &["write", "TIC-321.SP", "1e6"]).contains("above the high limit"));
    assert!(refused(&plant, &["write", "FIC-301", "1"]).contains("FIC-301.SP"));
    let why = done(&plant, &["why", "TIC-321"]);
    assert!(why.contains("TIC-321"), "{why}");

    // An output, not a device: who drives it.
    let why = done(&plant, &["why", "FV-301"]);
    assert!(why.contains("an output to the field") && why.contains("driven by"), "{why}");
    assert!(refused(&plant, &["why", "FV-3O1"]).contains("did you mean FV-301?"));

    // A force shows in the list as soon as it is answered, and errors say what is wrong.
    assert!(
        refused(&plant, &["force", "TT-131", "NaN", "--for", "5min", "--reason", "x"])
            .contains("write a number")
    );
    assert!(
        refused(&plant, &["force", "TT-131", "90", "--for", "0s", "--reason", "x"])
            .contains("over before it begins")
    );
    for _ in 0..3 {
        done(
            &plant,
            &["force", "HS-100", "pressed", "--for", "5min", "--reason", "trip of IL-101 is proved"],
        );
        assert!(done(&plant, &["forced"]).contains("HS-100"));
        done(&plant, &["unforce", "HS-100"]);
        assert!(done(&plant, &["forced"]).contains("nothing is forced"));
    }
    done(&plant, &["force", "HS-100", "pressed", "--for", "5min", "--reason", "trip of IL-101 is proved"]);
    let interlock = plant.view().interlocks.iter().find(|interlock| interlock.name == "IL-101").unwrap().id;
    let status = || {
        let all = plant.frame().interlocks.unwrap();
        all.into_iter().find(|status| status.interlock == interlock).unwrap()
    };
    until("IL-101 trips", || status().tripped.then_some(()));
    assert!(done(&plant, &["why", "IL-101"]).contains("HS-100"));
    assert!(refused(&plant, &["reset", "IL-101"]).contains("the cause still stands"));
    done(&plant, &["unforce", "HS-100"]);
    done(&plant, &["reset", "il-101", "--reason", "proved"]);
    assert!(!status().tripped);
    done(&plant, &["bypass", "IL-101", "--for", "10min", "--reason", "proof test of LT-131"]);
    assert!(status().bypassed_until_ms.is_some());
    let listed = done(&plant, &["bypassed"]);
    assert!(listed.contains("IL-101") && listed.contains("engineer"), "{listed}");
    until("the count of bypasses shows it", || (plant.value("NI-798").0 == 1.0).then_some(()));
    done(&plant, &["bypass", "IL-101", "--end", "--reason", "test done"]);
    assert!(status().bypassed_until_ms.is_none());
    assert!(done(&plant, &["bypassed"]).contains("nothing is bypassed"));
    until("the count of bypasses has gone back", || (plant.value("NI-798").0 == 0.0).then_some(()));

    // Something is forced, which alarms: read, acknowledged, put on the shelf and taken off.
    done(&plant, &["force", "TT-131", "60", "--for", "5min", "--reason", "probe changed"]);
    let name = "NI-797.ON";
    let shows = |state: &str| {
        done(&plant, &["alarms"])
            .lines()
            .any(|line| line.contains(name) && line.contains(state))
            .then_some(())
    };
    until("the alarm stands in the list", || shows("UNACK"));
    done(&plant, &["ack", name]);
    assert!(shows("ACKED").is_some());
    done(&plant, &["shelve", name, "--for", "30min", "--reason", "known"]);
    assert!(shows("SHELVED").is_some());
    done(&plant, &["shelve", name, "--end"]);
    assert!(shows("SHELVED").is_none());
    assert!(refused(&plant, &["ack", "NI-797"]).contains("its alarms are NI-797.ON"));
    assert!(refused(&plant, &["ack", "NI-797.OM"]).contains("did you mean NI-797.ON?"));

    let audit = plant.run(&["audit", "show"]);
    assert!(audit.contains("less foam") && audit.contains("proof test of LT-131"), "{audit}");
}

#[test]
fn a_recipe_that_is_refused_leaves_nothing_behind_and_two_at_once_have_two_numbers() {
    let plant = Plant::settled("running");
    let batches = || plant.frame().batches.unwrap();
    // Beyond a limit: told with it, and nothing stands on the unit.
    let said = refused(&plant, &["recipe", "start", "EL-START", "load=70"]);
    assert!(said.contains("load of EL-START is") && said.contains("nothing was done"), "{said}");
    assert!(batches().is_empty());

    // Two on two units in the same moment.
    let two: Vec<_> = ["BR-STOP", "DC-STOP"]
        .map(|recipe| {
            let mut command = plant.command(&["recipe", "start", recipe]);
            command.args(plant.login_arguments()).stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    for output in &two {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let running = batches();
    assert_eq!(running.len(), 2, "{running:?}");
    assert_ne!(running[0].batch, running[1].batch);
    let taken = running[0].batch;

    // The controller itself refuses a number that is taken, whoever sends it.
    let view = plant.view();
    let recipe = view.recipes.iter().find(|recipe| recipe.name == "BP-STOP").unwrap().id;
    let reply = plant.execute(model::Action::Prepare { recipe, batch: taken });
    assert!(!reply.accepted && reply.message.contains("already; give another number"), "{}", reply.message);

    // A busy unit is told with its batch, and how it comes free.
    let busy = refused(&plant, &["recipe", "start", "BR-START"]);
    assert!(busy.contains("is busy with B-") && busy.contains("of BR-STOP"), "{busy}");
    assert!(busy.contains("recipe order") && batches().len() == 2, "{busy}");
    let again = refused(&plant, &["recipe", "order", "start", "BR-STOP"]);
    assert!(again.contains("the batch is") && again.contains("start is not possible now"), "{again}");
    let none = refused(&plant, &["recipe", "order", "hold", "BP-STOP"]);
    assert!(none.contains("no batch of it stands on BP-210"), "{none}");

    // A prepared batch of somebody else can be started or taken back from here.
    assert!(plant.execute(model::Action::Prepare { recipe, batch: 7 }).accepted);
    let busy = refused(&plant, &["recipe", "start", "BP-STOP"]);
    assert!(busy.contains("B-0007 of BP-STOP, which is IDLE") && busy.contains("takes it back"), "{busy}");
    done(&plant, &["recipe", "order", "reset", "BP-STOP"]);
    assert_eq!(batches().len(), 2);

    // A phase without a batch, as a trip starts one; one of a batch is ordered through it.
    let owned = view.recipes.iter().find(|recipe| recipe.name == "BR-STOP").unwrap();
    let owned = owned.procedure.iter().find_map(|node| node.phase).unwrap();
    let owned = &view.phases[owned.index()].name;
    let said = refused(&plant, &["phase", "order", "hold", owned]);
    assert!(said.contains("commands the phases of"), "{said}");
    let listed = done(&plant, &["phase", "list"]);
    let free = view.phases.iter().find(|phase| phase.name == "StopPurification").unwrap();
    assert!(listed.contains(owned.as_str()) && listed.contains(&free.name), "{listed}");
    let idle = refused(&plant, &["phase", "order", "restart", &free.name]);
    assert!(idle.contains("it is IDLE: restart is not possible now; start is"), "{idle}");
    done(&plant, &["phase", "order", "start", &free.name]);
    done(&plant, &["phase", "order", "hold", &free.name]);
    let why = done(&plant, &["why", &free.name]);
    assert!(why.contains("HELD") || why.contains("HOLDING"), "{why}");
    refused(&plant, &["phase", "order", "abort", &free.name]);
    done(&plant, &["phase", "order", "abort", &free.name, "--reason", "enough seen"]);
    assert!(done(&plant, &["recipe", "list"]).contains("EL-START"));
}

#[test]
fn a_new_password_from_the_command_line_ends_the_sessions_of_the_old_one() {
    let plant = Plant::settled("running");
    let said = plant.run(&["user", "password", "engineer"]);
    let new = said.lines().find_map(|line| line.strip_prefix("password: ")).unwrap();
    assert!(refused(&plant, &["forced"]).contains("password"), "the old one is refused");
    assert_eq!(
        plant.status("/commands", &serde_json::json!({})),
        401,
        "the session of the old one has ended"
    );
    std::fs::write(plant.data.path().join("password"), new).unwrap();
    assert!(done(&plant, &["forced"]).contains("nothing is forced"));
    let output = plant.command(&["user", "password", "nobody"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("nobody"), "{text}");
}
