use alloc::{string::String, vec, vec::Vec};
use model::{PhaseId, ProcOrder, ProcState, Refusal, StateReader, StateWriter, Unit};
use proptest::prelude::*;

use super::{Demand, Procedure};
use crate::{Argument, ArgumentValue, MasterRecipe, Operation, Parameter, PhaseCall};

fn call(phase: u32) -> PhaseCall {
    let argument = Argument {
        point: model::PointId(phase),
        value: ArgumentValue::Parameter { index: 0, factor: 2.0, offset: 1.0 },
    };
    PhaseCall { phase: PhaseId(phase), name: String::new(), title: String::new(), arguments: vec![argument] }
}

/// Two operations: phases 0 and 1, then phase 2.
fn recipe() -> MasterRecipe {
    let operation = |phases: Vec<PhaseCall>| Operation { name: String::new(), title: String::new(), phases };
    MasterRecipe {
        name: "R".into(),
        version: "1".into(),
        title: String::new(),
        equipment: "EL-301".into(),
        parameters: vec![Parameter {
            name: "load".into(),
            description: String::new(),
            unit: Unit::NONE,
            low: 1.0,
            high: 6.0,
            value: 4.0,
        }],
        operations: vec![operation(vec![call(0), call(1)]), operation(vec![call(2)])],
    }
}

/// A unit whose phases do at once what they are told, and complete when the test says so.
struct Unit3 {
    recipe: MasterRecipe,
    batch: Procedure,
    phases: [ProcState; 3],
    started: Vec<u32>,
    tick: u64,
}

impl Unit3 {
    fn new() -> Self {
        let recipe = recipe();
        let mut batch = Procedure::new(&recipe);
        batch.prepare(&recipe, 7, 0).unwrap();
        Self { recipe, batch, phases: [ProcState::Idle; 3], started: vec![], tick: 0 }
    }

    fn current(&self) -> usize {
        self.batch.current(&self.recipe).map_or(2, |call| call.phase.index())
    }

    fn obey(&mut self, demand: Option<Demand>) {
        let index = self.current();
        match demand {
            Some(Demand::Start) => {
                self.started.push(index as u32);
                self.phases[index] = ProcState::Running;
                self.batch.phase_started();
            }
            Some(Demand::Order(order)) => {
                self.phases[index] =
                    self.phases[index].after(order).expect("the order fits the phase's state");
            }
            None => {}
        }
    }

    fn order(&mut self, order: ProcOrder) -> Result<(), Refusal> {
        let phase = self.phases[self.current()];
        let demand = self.batch.order(&self.recipe, order, phase, self.tick)?;
        self.obey(demand);
        Ok(())
    }

    /// Phases finish what they are in the middle of, except Running.
    fn settle(&mut self) {
        for phase in &mut self.phases {
            *phase = match *phase {
                ProcState::Holding => ProcState::Held,
                ProcState::Restarting => ProcState::Running,
                ProcState::Pausing => ProcState::Paused,
                ProcState::Stopping => ProcState::Stopped,
                ProcState::Aborting => ProcState::Aborted,
                rest => rest,
            };
        }
    }

    fn step(&mut self) {
        self.tick += 10;
        let phase = self.phases[self.current()];
        let demand = self.batch.step(&self.recipe, phase, 10, self.tick);
        self.obey(demand);
    }

    fn complete(&mut self) {
        let index = self.current();
        self.phases[index] = ProcState::Complete;
        self.step();
    }
}

#[test]
fn phases_run_one_after_the_other_to_completion() {
    let mut unit = Unit3::new();
    unit.order(ProcOrder::Start).unwrap();
    unit.step();
    assert_eq!(unit.started, [0]);
    unit.step();
    unit.complete();
    assert_eq!(unit.started, [0, 1]);
    unit.complete();
    assert_eq!(unit.started, [0, 1, 2]);
    let states: Vec<ProcState> = unit.batch.nodes().iter().map(|node| node.state).collect();
    use ProcState::{Complete, Idle, Running};
    assert_eq!(states, [Running, Complete, Complete, Complete, Running, Idle]);
    unit.complete();
    assert_eq!(unit.batch.state(), Complete);
    assert!(unit.batch.nodes().iter().all(|node| node.state == Complete));
    assert_eq!(unit.batch.nodes()[0].elapsed_ticks, 50);
    assert_eq!(unit.batch.nodes()[1].elapsed_ticks + unit.batch.nodes()[4].elapsed_ticks, 50);
}

#[test]
fn hold_and_restart_in_every_phase_bring_it_back_to_where_it_was() {
    for held_in in 0..3 {
        let mut unit = Unit3::new();
        unit.order(ProcOrder::Start).unwrap();
        unit.step();
        for _ in 0..held_in {
            unit.complete();
        }
        unit.order(ProcOrder::Hold).unwrap();
        assert_eq!(unit.batch.state(), ProcState::Holding);
        unit.step();
        assert_eq!(unit.batch.state(), ProcState::Holding, "the phase is still holding");
        unit.settle();
        unit.step();
        assert_eq!(unit.batch.state(), ProcState::Held);
        assert_eq!(unit.order(ProcOrder::Hold), Err(Refusal::NotInThisState));
        unit.order(ProcOrder::Restart).unwrap();
        unit.settle();
        unit.step();
        assert_eq!(unit.batch.state(), ProcState::Running);
        assert_eq!(unit.started.len(), held_in + 1, "nothing is started twice");
    }
}

#[test]
fn a_phase_that_holds_aborts_or_stops_by_itself_takes_the_batch_along() {
    for (phase, during, rest) in [
        (ProcState::Holding, ProcState::Holding, ProcState::Held),
        (ProcState::Stopping, ProcState::Stopping, ProcState::Stopped),
        (ProcState::Aborting, ProcState::Aborting, ProcState::Aborted),
    ] {
        let mut unit = Unit3::new();
        unit.order(ProcOrder::Start).unwrap();
        unit.step();
        unit.phases[0] = phase;
        unit.step();
        assert_eq!(unit.batch.state(), during);
        unit.settle();
        unit.step();
        assert_eq!(unit.batch.state(), rest);
    }
}

#[test]
fn a_pause_keeps_the_next_phase_from_starting_until_resumed() {
    let mut unit = Unit3::new();
    unit.order(ProcOrder::Start).unwrap();
    unit.step();
    unit.order(ProcOrder::Pause).unwrap();
    unit.complete();
    assert_eq!(unit.batch.state(), ProcState::Paused);
    unit.step();
    assert_eq!(unit.started, [0]);
    unit.order(ProcOrder::Resume).unwrap();
    unit.step();
    assert_eq!(unit.started, [0, 1]);
}

#[test]
fn the_unit_is_busy_until_the_batch_is_reset() {
    let mut unit = Unit3::new();
    assert_eq!(unit.batch.prepare(&unit.recipe, 8, 0), Err(Refusal::UnitBusy));
    unit.order(ProcOrder::Start).unwrap();
    assert_eq!(unit.order(ProcOrder::Reset), Err(Refusal::NotInThisState));
    unit.order(ProcOrder::Abort).unwrap();
    unit.step();
    assert_eq!(unit.batch.state(), ProcState::Aborted, "no phase had started yet");
    unit.order(ProcOrder::Reset).unwrap();
    assert!(!unit.batch.is_present());
    unit.batch.prepare(&unit.recipe, 8, 0).unwrap();
}

#[test]
fn parameters_are_checked_and_reach_the_phase_converted() {
    let mut unit = Unit3::new();
    let recipe = recipe();
    assert_eq!(unit.batch.set_parameter(&recipe, 0, 5.0), Ok(4.0));
    assert_eq!(unit.batch.set_parameter(&recipe, 0, 6.1), Err(Refusal::AboveLimit));
    assert_eq!(unit.batch.set_parameter(&recipe, 0, 0.9), Err(Refusal::BelowLimit));
    assert_eq!(unit.batch.set_parameter(&recipe, 0, f64::NAN), Err(Refusal::NotANumber));
    assert_eq!(unit.batch.set_parameter(&recipe, 1, 5.0), Err(Refusal::Unknown));
    let argument = recipe.call(2).unwrap().1.arguments[0];
    assert_eq!(argument.value.resolve(unit.batch.parameters()), Some(11.0));
    unit.order(ProcOrder::Start).unwrap();
    assert_eq!(unit.batch.set_parameter(&recipe, 0, 5.0), Err(Refusal::NotInThisState));
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Order(ProcOrder),
    Complete,
    Phase(ProcState),
    Settle,
    Step,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        proptest::sample::select(ProcOrder::ALL.to_vec()).prop_map(Happening::Order),
        Just(Happening::Complete),
        Just(Happening::Settle),
        Just(Happening::Step),
        proptest::sample::select(vec![ProcState::Holding, ProcState::Aborting]).prop_map(Happening::Phase),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_batch_comes_to_rest_and_save_and_restore_change_nothing(
        happenings in proptest::collection::vec(happening(), 0..60)
    ) {
        let mut unit = Unit3::new();
        for happening in happenings {
            match happening {
                Happening::Order(order) => {
                    let before = unit.batch.state();
                    let allowed = unit.batch.is_present()
                        && (before.after(order).is_some() || (order == ProcOrder::Reset && !before.is_active()));
                    prop_assert_eq!(unit.order(order).is_ok(), allowed);
                }
                Happening::Complete => {
                    let index = unit.current();
                    if unit.phases[index] == ProcState::Running { unit.complete(); }
                }
                Happening::Phase(state) => {
                    let index = unit.current();
                    if unit.phases[index] == ProcState::Running { unit.phases[index] = state; }
                }
                Happening::Settle => unit.settle(),
                Happening::Step => unit.step(),
            }
            let mut saved = StateWriter::default();
            unit.batch.state_walk(&mut saved);
            let mut copy = Procedure::new(&unit.recipe);
            let mut reader = StateReader::new(&saved.0);
            copy.state_walk(&mut reader);
            prop_assert!(reader.is_complete());
            prop_assert_eq!(&copy, &unit.batch);
        }
        if unit.batch.is_present() && unit.order(ProcOrder::Abort).is_ok() {
            for _ in 0..4 { unit.step(); unit.settle(); }
            prop_assert_eq!(unit.batch.state(), ProcState::Aborted);
        }
    }
}
