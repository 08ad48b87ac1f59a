//! Area 300 in closed loop on virtual time: the shipped text against the first-principles plant.

#[path = "common/lockstep.rs"]
mod lockstep;

use lockstep::{Lockstep, refinery};
use model::{Mode, ProcState};
use sim_plant::Initial;

#[test]
fn a_new_controller_takes_the_running_string_over_without_moving_it() {
    let mut plant = Lockstep::new(&refinery(), Initial::Running);
    plant.run(600.0);
    assert_eq!(plant.trips(), Vec::<String>::new(), "{}", plant.story(60));
    assert!((plant.value("IT-301") - 4.0).abs() < 0.1, "{} kA", plant.value("IT-301"));
    assert_eq!(plant.mode("IC-301"), Mode::Auto);
}

#[test]
fn the_brine_flows_when_the_controller_comes() {
    let mut plant = Lockstep::new(&refinery(), Initial::Running);
    plant.run(0.5);
    for step in 6..=50 {
        plant.run(0.1);
        let (flow, needed) = (plant.value("FT-301"), 0.49 * plant.value("IT-301"));
        assert!(flow > 0.9 * needed, "{:.1} s: {flow} m3/h of brine for {needed}", f64::from(step) / 10.0);
    }
}

#[test]
fn brine_heat_voltage_and_strength_follow_a_step_of_the_current() {
    let mut plant = Lockstep::new(&refinery(), Initial::Running);
    plant.run(600.0);
    let before = ["FT-301", "FT-351", "ET-301", "JT-301"].map(|tag| plant.value(tag));
    plant.write("IC-301.SP", 5.0).unwrap();
    plant.run(600.0);
    let after = ["FT-301", "FT-351", "ET-301", "JT-301"].map(|tag| plant.value(tag));
    assert!((plant.value("IT-301") - 5.0).abs() < 0.1, "{}", plant.story(40));
    assert!(after[0] > before[0] * 1.15, "brine follows in ratio: {before:?} {after:?}");
    assert!(after[1] > before[1] * 1.15, "so does the chlorine: {before:?} {after:?}");
    assert!(after[2] > before[2] + 1.0, "the cells rise: {before:?} {after:?}");
    assert!(after[3] > before[3] * 1.2, "and the power: {before:?} {after:?}");
    plant.run(8.0 * 3600.0);
    assert!(
        (plant.value("AT-322") - plant.value("AIC-322.SP")).abs() < 0.15,
        "LiOH {}",
        plant.value("AT-322")
    );
    assert_eq!(plant.trips(), Vec::<String>::new(), "{}", plant.story(60));
}

#[test]
fn the_stop_recipe_brings_the_string_to_rest_and_the_start_recipe_back_to_product() {
    let mut plant = Lockstep::new(&refinery(), Initial::Running);
    plant.run(120.0);
    plant.start_recipe("EL-STOP", 1).unwrap();
    let ended = |state: Option<ProcState>| state.is_some_and(ProcState::is_final);
    plant.run_until(24.0, |plant| {
        ended(plant.batch_state(1)) || plant.batch_state(1) == Some(ProcState::Held)
    });
    assert_eq!(plant.batch_state(1), Some(ProcState::Complete), "{}", plant.story(60));
    assert!(plant.value("IT-301") < 0.1);
}

#[test]
fn from_cold_the_start_recipe_reaches_product_unattended() {
    let mut plant = Lockstep::new(&refinery(), Initial::Cold);
    plant.run(60.0);
    // Cooling water first, and the scrubber of what they vent: the cells wait for both.
    plant.start_recipe("UT-START", 1).unwrap();
    plant.start_recipe("EL-START", 2).unwrap();
    plant.start_recipe("SC-START", 3).unwrap();
    let done = |plant: &::lockstep::Lockstep| {
        matches!(plant.batch_state(2), Some(ProcState::Complete | ProcState::Held | ProcState::Aborted))
    };
    plant.run_until(30.0, done);
    assert_eq!(
        plant.batch_state(2),
        Some(ProcState::Complete),
        "after {:.1} h\n{}",
        plant.hour(),
        plant.story(80)
    );
    assert!((plant.value("IT-301") - 4.0).abs() < 0.1);
}

/// The watchdogs have stopped the pumps and opened the breaker while nobody watched. The controller
/// that comes back must not start anything: people do, with the sequence that is made for it.
#[test]
fn a_controller_that_was_away_for_longer_than_the_watchdogs_wait_starts_nothing_by_itself() {
    let mut plant = Lockstep::new(&refinery(), Initial::Running);
    plant.run(120.0);
    plant.restart_controller(5.0);
    plant.run(300.0);
    let story = plant.story(40);
    for (tag, at_rest) in [("P-311.RUN", 0.0), ("P-321.RUN", 0.0), ("RF-301.CLOSED", 0.0), ("P-311.CMD", 0.0)]
    {
        assert_eq!(plant.value(tag), at_rest, "{tag}\n{story}");
    }
    assert!(plant.value("IT-301") < 0.2, "no load comes back by itself\n{story}");
    assert!(plant.value("IC-301.SP") > 3.9, "what people had set is still there\n{story}");
    let taken_over = |event: &model::Event| matches!(event.body, model::EventBody::TakenOver { outputs, .. } if outputs > 0);
    assert!(plant.events.iter().any(taken_over), "and it is told\n{story}");
    let alarm = plant.engine.plant().find_alarm("PLC-300.LINK").unwrap();
    let raised = |event: &model::Event| matches!(event.body, model::EventBody::Alarm { alarm: of, to: model::AlarmState::Unacked, .. } if of == alarm);
    assert!(plant.events.iter().any(raised), "an alarm waits for the operator\n{story}");
}
