use super::{check, describe};
use crate::examples;
use axum::http::StatusCode;
use model::wire::{
    BlockView, CommandRequest, ForceView, InterlockView, PlantView, PointView, Role, WriteView,
};
use model::{
    Action, AlarmId, BlockId, Experiment, ExperimentShape, InterlockId, Mode, PhaseId, PointId, Priority,
    ProcOrder, RecipeId,
};
use proptest::prelude::*;

/// A point and an interlock for every role, an alarm of every priority, and one each that takes nothing.
fn plant() -> PlantView {
    let mut plant = examples::plant();
    let point = plant.points[0].clone();
    let writable = |role| Some(WriteView { low: 0.0, high: 1.0, role });
    plant.points =
        Role::ALL.into_iter().map(|role| PointView { write: writable(role), ..point.clone() }).collect();
    plant.points.push(PointView { write: None, force: None, ..point.clone() });
    let force = |role| Some(ForceView { role, defeats: vec![InterlockId(5)] });
    let forceable = |role| PointView { force: force(role), ..point.clone() };
    plant.points.extend(Role::ALL.into_iter().map(|role| forceable(Some(role))));
    plant.points.push(forceable(None));
    let interlock = plant.interlocks[0].clone();
    let bypass = |role| InterlockView { bypass_role: role, ..interlock.clone() };
    plant.interlocks = Role::ALL.into_iter().map(|role| bypass(Some(role))).collect();
    plant.interlocks.push(bypass(None));
    // 0 is a loop, which goes out of service like into any mode; then devices.
    let (first, device) = (plant.blocks[0].clone(), plant.blocks[1].clone());
    let device = |role| BlockView { service: force(role), simulate: force(role), ..device.clone() };
    plant.blocks = vec![first, device(Some(Role::Supervisor)), device(Some(Role::Engineer)), device(None)];
    let alarm = plant.alarms[0].clone();
    plant.alarms = Priority::ALL
        .into_iter()
        .map(|priority| model::wire::AlarmView { priority, ..alarm.clone() })
        .collect();
    plant
}

/// Every action in every shape that matters, and the least role, or `None` when nobody may.
fn table() -> Vec<(Action, Option<Role>)> {
    let operator = Some(Role::Operator);
    let (alarm, recipe, phase) = (AlarmId(1), RecipeId(0), PhaseId(0));
    let mut table = vec![
        (Action::Mode { block: BlockId(0), mode: Mode::Auto }, operator),
        (Action::Mode { block: BlockId(0), mode: Mode::OutOfService }, operator),
        (Action::Mode { block: BlockId(1), mode: Mode::OutOfService }, Some(Role::Supervisor)),
        (Action::Mode { block: BlockId(2), mode: Mode::OutOfService }, Some(Role::Engineer)),
        (Action::Mode { block: BlockId(3), mode: Mode::OutOfService }, None),
        (Action::Mode { block: BlockId(3), mode: Mode::Manual }, operator),
        (Action::Acknowledge { alarm }, operator),
        (Action::Acknowledge { alarm: AlarmId(0) }, operator),
        (Action::ResetInterlock { interlock: InterlockId(0) }, operator),
        (Action::Prepare { recipe, batch: 1 }, operator),
        (Action::Parameter { recipe, parameter: 0, value: 1.0 }, operator),
        (Action::Shelve { alarm: AlarmId(0), for_ms: 60_000 }, Some(Role::Supervisor)),
        (Action::Shelve { alarm: AlarmId(0), for_ms: 0 }, operator),
        (Action::Write { point: PointId(5), value: 1.0 }, None),
        (Action::Bypass { interlock: InterlockId(5), for_ms: 1 }, None),
        (Action::Experiment { block: BlockId(0), plan: experiment() }, Some(Role::Engineer)),
        (Action::EndExperiment { block: BlockId(0) }, operator),
        (Action::Force { point: PointId(5), value: 1.0, for_ms: 1 }, None),
        (Action::Force { point: PointId(11), value: 1.0, for_ms: 1 }, None),
        (Action::Unforce { point: PointId(11) }, operator),
        (Action::Simulate { block: BlockId(0), for_ms: 1 }, None),
        (Action::Simulate { block: BlockId(1), for_ms: 1 }, Some(Role::Supervisor)),
        (Action::Simulate { block: BlockId(2), for_ms: 1 }, Some(Role::Engineer)),
        (Action::Simulate { block: BlockId(3), for_ms: 1 }, None),
        (Action::Simulate { block: BlockId(3), for_ms: 0 }, operator),
    ];
    for alarm in 1..4 {
        table.push((Action::Shelve { alarm: AlarmId(alarm), for_ms: 60_000 }, operator));
    }
    for order in ProcOrder::ALL {
        table.push((Action::Batch { recipe, order }, operator));
        table.push((Action::Phase { phase, order }, operator));
    }
    for (index, role) in (0..).zip(Role::ALL) {
        let least = Some(role.max(Role::Operator));
        table.push((Action::Write { point: PointId(index), value: 1.0 }, least));
        table.push((Action::Force { point: PointId(6 + index), value: 1.0, for_ms: 1 }, least));
        for for_ms in [0, 1] {
            table.push((Action::Bypass { interlock: InterlockId(index), for_ms }, least));
        }
    }
    table
}

fn experiment() -> Experiment {
    let shape = ExperimentShape::Step;
    Experiment { shape, amplitude: 5.0, bias: 0.0, hysteresis: 0.0, deviation: 3.0, for_ms: 60_000 }
}

fn request(action: Action, reason: &str) -> CommandRequest {
    CommandRequest::new(action, reason)
}

#[test]
fn every_action_takes_exactly_the_roles_of_the_table() {
    let plant = plant();
    for (action, least) in table() {
        for role in Role::ALL {
            let result = check(&plant, role, &request(action, "because"));
            let may = least.is_some_and(|least| role >= least);
            assert_eq!(result.is_ok(), may, "{role:?} {action:?}: {result:?}");
            if let Err(refused) = result {
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role:?} {action:?}");
                assert!(least.is_none() || refused.text.contains(role.word()), "{}", refused.text);
            }
        }
    }
}

#[test]
fn a_viewer_only_looks() {
    let plant = plant();
    for (action, _) in table() {
        assert!(check(&plant, Role::Viewer, &request(action, "because")).is_err(), "{action:?}");
    }
}

#[test]
fn unknown_ids_are_not_found_whoever_asks() {
    let plant = plant();
    let (recipe, phase) = (RecipeId(9), PhaseId(9));
    for action in [
        Action::Write { point: PointId(99), value: 1.0 },
        Action::Mode { block: BlockId(u32::MAX), mode: Mode::Auto },
        Action::Acknowledge { alarm: AlarmId(9) },
        Action::Shelve { alarm: AlarmId(9), for_ms: 0 },
        Action::Shelve { alarm: AlarmId(9), for_ms: 1 },
        Action::ResetInterlock { interlock: InterlockId(9) },
        Action::Bypass { interlock: InterlockId(9), for_ms: 1 },
        Action::Prepare { recipe, batch: 1 },
        Action::Parameter { recipe, parameter: 0, value: 1.0 },
        Action::Parameter { recipe: RecipeId(0), parameter: 9, value: 1.0 },
        Action::Batch { recipe, order: ProcOrder::Start },
        Action::Phase { phase, order: ProcOrder::Start },
        Action::Experiment { block: BlockId(99), plan: experiment() },
        Action::EndExperiment { block: BlockId(99) },
        Action::Force { point: PointId(99), value: 1.0, for_ms: 1 },
        Action::Unforce { point: PointId(99) },
    ] {
        for role in Role::ALL {
            let refused = check(&plant, role, &request(action, "because")).unwrap_err();
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{action:?}");
            assert!(refused.text.starts_with("there is no "), "{}", refused.text);
        }
    }
}

#[test]
fn bypass_force_and_abort_and_nothing_else_need_a_reason() {
    let plant = plant();
    for (action, least) in table() {
        if least.is_none() {
            continue;
        }
        let needs = match action {
            Action::Bypass { .. } | Action::Force { .. } => true,
            Action::Simulate { for_ms, .. } => for_ms > 0,
            Action::Mode { block, mode } => mode == Mode::OutOfService && block != BlockId(0),
            Action::Batch { order, .. } | Action::Phase { order, .. } => order == ProcOrder::Abort,
            _ => false,
        };
        for reason in ["", "  "] {
            let result = check(&plant, Role::Administrator, &request(action, reason));
            assert_eq!(result.is_err(), needs, "{action:?}");
        }
    }
}

#[test]
fn a_reason_is_one_plain_line_of_bearable_length() {
    let plant = plant();
    let acknowledge = Action::Acknowledge { alarm: AlarmId(0) };
    for bad in ["two\nlines", "\u{1b}[2J", &"x".repeat(501)] {
        let refused = check(&plant, Role::Operator, &request(acknowledge, bad)).unwrap_err();
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(check(&plant, Role::Operator, &request(acknowledge, &"é".repeat(500))), Ok(()));
}

#[test]
fn the_audit_log_reads_like_a_sentence() {
    let plant = examples::plant();
    let said: Vec<String> =
        examples::commands().iter().map(|command| describe(&plant, &command.action)).collect();
    assert_eq!(said[0], "write 11.2 to FIC-301.SP");
    assert_eq!(said[3], "shelve high alarm TT-311.H for 1800 s");
    assert_eq!(said[5], "bypass IL-301 for 600 s");
    assert_eq!(said[9], "abort CR-401.COOL");
    assert_eq!(said[10], "step test of FIC-301 by 5");
    assert_eq!(said[11], "end the experiment on FIC-301");
    assert_eq!(said[12], "force TT-311 to 82.5 for 1800 s");
    assert_eq!(said[13], "release the force of TT-311");
    assert_eq!(said[14], "simulate P-311 for 1800 s");
}

#[test]
fn a_refused_force_names_the_interlock_that_stands_against_it() {
    let plant = plant();
    let force = Action::Force { point: PointId(11), value: 1.0, for_ms: 1 };
    let refused = check(&plant, Role::Administrator, &request(force, "calibration")).unwrap_err();
    assert_eq!(refused.text, "TT-311 cannot be forced: IL-301 reads it and may never be bypassed");
}

#[test]
fn a_device_that_may_not_go_out_of_service_names_the_interlock_that_asks_for_its_failure() {
    let plant = plant();
    let out = |block| Action::Mode { block: BlockId(block), mode: Mode::OutOfService };
    let refused = check(&plant, Role::Administrator, &request(out(3), "bearing")).unwrap_err();
    assert!(refused.text.contains("IL-301 asks whether it has failed"), "{}", refused.text);
    let refused = check(&plant, Role::Supervisor, &request(out(1), " ")).unwrap_err();
    assert!(refused.text.contains("needs a reason"), "{}", refused.text);
    assert_eq!(check(&plant, Role::Operator, &request(out(0), "")), Ok(()), "a loop");
}

proptest! {
    #[test]
    fn no_ids_or_numbers_make_the_check_panic(id: u32, other: u16, value: f64, for_ms: u32, role in 0..5usize) {
        let plant = plant();
        for action in [
            Action::Write { point: PointId(id), value },
            Action::Shelve { alarm: AlarmId(id), for_ms },
            Action::Bypass { interlock: InterlockId(id), for_ms },
            Action::Force { point: PointId(id), value, for_ms },
            Action::Parameter { recipe: RecipeId(id), parameter: other, value },
        ] {
            let _ = check(&plant, Role::ALL[role], &request(action, ""));
            prop_assert!(!describe(&plant, &action).is_empty());
        }
    }
}
