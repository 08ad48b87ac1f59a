//! Hold times that a recipe sets: soaking, stirring, draining.

mod support;

use model::{Action, ProcOrder, ProcState, Source};
use support::text_loop::{TUNED, source};
use support::{Harness, batch_state, phase_state};

const RECIPE: &str = r#"
[recipe.BAKE]
title = "Bake"
version = "1"
unit_of = "U-1"
[recipe.BAKE.parameter.time]
description = "Soaking time"
unit = "s"
range = [5, 60]
value = 20
[recipe.BAKE.parameter.hurry]
description = "Time to get hot"
unit = "s"
range = [6, 60]
value = 12
[[recipe.BAKE.operation]]
name = "Heat"
title = "Heat"
phases = [{ phase = "Heat", with = { soak = "time", patience = "hurry" } }]
"#;

fn compiled(step: &str) -> Result<Harness, String> {
    let mut sources = source(&format!("{TUNED}[unit.U-1]\ndescription = \"Unit\"\narea = \"100\"\n"));
    let text = format!(
        "PHASE Heat ON U-1 \"Heat\"\nPARAM soak : min = 0.5 IN 0 .. 10 \"soaking time\"\n\
         PARAM level : % = 50 IN 0 .. 100 \"level\"\nPARAM patience : min = 0.2 IN 0.1 .. 1 \"time to get hot\"\nRUNNING\n  STEP \"Heat\"\n    {step}\n"
    );
    sources.push(Source { path: "one.phase".into(), text });
    sources.push(Source { path: "recipe.toml".into(), text: RECIPE.into() });
    match control::compile(&sources) {
        Ok(compiled) => Ok(Harness::new(compiled.plant)),
        Err(mistakes) => Err(format!("{mistakes:#?}")),
    }
}

/// How long the step takes, in seconds, when it is warm from its beginning.
fn takes(h: &mut Harness) -> f64 {
    h.all_good(90.0);
    h.scan();
    let phase = h.plant().find_phase("Heat").unwrap();
    h.ask(Action::Phase { phase, order: ProcOrder::Start }).unwrap();
    let began = h.tick;
    while phase_state(h, "Heat").state == ProcState::Running && h.tick < began + 100_000 {
        h.scan();
    }
    (h.tick - began) as f64 * 0.01
}

#[test]
fn a_step_holds_for_as_long_as_its_parameter_says() {
    for (step, seconds) in [
        ("WAIT TT-1 > 80 degC FOR soak", 30.0),
        ("WAIT soak", 30.0),
        ("WAIT 12 s", 12.0),
        ("WHEN TT-1 > 95 degC GOTO END\n    WHEN soak GOTO END", 30.0),
    ] {
        let took = takes(&mut compiled(step).unwrap());
        assert!((took - seconds).abs() < 0.5, "{step}: {took}");
    }
}

#[test]
fn why_names_the_value_of_a_time_that_is_a_parameter() {
    for step in ["WAIT soak", "WAIT TT-1 > 80 degC FOR soak"] {
        let mut h = compiled(step).unwrap();
        h.all_good(90.0);
        h.scan();
        let phase = h.plant().find_phase("Heat").unwrap();
        h.ask(Action::Phase { phase, order: ProcOrder::Start }).unwrap();
        h.run(10);
        let mut view = control::StateView::new(&h.plant());
        h.engine.publish(&mut view);
        let why = support::words(&control::why(&h.plant(), &view, "Heat").unwrap());
        assert!(why.contains("for Heat.soak (30 s)"), "{step}: {why}");
    }
}

#[test]
fn a_recipe_sets_how_long_its_batches_hold() {
    let mut h = compiled("WAIT TT-1 > 80 degC FOR soak").unwrap();
    h.all_good(90.0);
    h.scan();
    let recipe = h.plant().find_recipe("BAKE").unwrap();
    h.ask(Action::Prepare { recipe, batch: 1 }).unwrap();
    h.ask(Action::Parameter { recipe, parameter: 0, value: 12.0 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
    let began = h.tick;
    while batch_state(&h, "BAKE") == ProcState::Running && h.tick < began + 10_000 {
        h.scan();
    }
    let took = (h.tick - began) as f64 * 0.01;
    assert!((took - 12.0).abs() < 0.5, "its 12 s and not the 30 s of the phase: {took}");
}

#[test]
fn a_step_is_late_when_its_parameter_says_so() {
    let mut h = compiled("WAIT TT-1 > 95 degC\n    WITHIN patience ELSE HOLD \"does not get hot\"").unwrap();
    let took = takes(&mut h);
    assert_eq!(phase_state(&h, "Heat").state, ProcState::Held);
    assert!((took - 12.0).abs() < 0.5, "{took}");
}

#[test]
fn a_recipe_sets_how_long_a_step_may_take() {
    let mut h = compiled("WAIT TT-1 > 95 degC\n    WITHIN patience ELSE HOLD \"does not get hot\"").unwrap();
    h.all_good(90.0);
    h.scan();
    let recipe = h.plant().find_recipe("BAKE").unwrap();
    h.ask(Action::Prepare { recipe, batch: 1 }).unwrap();
    h.ask(Action::Parameter { recipe, parameter: 1, value: 40.0 }).unwrap();
    h.ask(Action::Batch { recipe, order: ProcOrder::Start }).unwrap();
    let began = h.tick;
    while phase_state(&h, "Heat").state != ProcState::Held && h.tick < began + 10_000 {
        h.scan();
    }
    let took = (h.tick - began) as f64 * 0.01;
    assert!((took - 40.0).abs() < 0.5, "its 40 s and not the 12 s of the phase: {took}");
}

#[test]
fn what_is_no_time_of_the_phase_is_refused() {
    for (step, said) in [
        ("WAIT TT-1 > 80 degC FOR level", "where a time is expected"),
        ("WAIT TT-1 > 80 degC FOR soka", "is no time that is known here"),
        ("WAIT level", "is a number where a condition is expected"),
        ("WAIT soak + 1 min", "a time that is calculated"),
        ("WAIT soak\n    WITHIN level ELSE HOLD \"why\"", "where a time is expected"),
        ("WAIT soak\n    WITHIN sooner ELSE HOLD \"why\"", "is no time that is known here"),
        ("WAIT soak\n    WITHIN soak ELSE HOLD \"why\"", "may be no time at all"),
    ] {
        let mistakes = compiled(step).map(|_| ()).unwrap_err();
        assert!(mistakes.contains(said), "{step}: {mistakes}");
    }
    let interlock = "[interlock.IL-1]\ndescription = \"x\"\nreset = \"auto\"\n\
                     trip = [ { when = \"TT-1 > 80 degC FOR soak\", text = \"x\" } ]\ndo = [\"TV-1 := 0 %\"]\n";
    let mistakes = control::compile(&source(&format!("{TUNED}{interlock}"))).map(|_| ()).unwrap_err();
    assert!(format!("{mistakes:?}").contains("is no time that is known here"), "{mistakes:?}");
}
