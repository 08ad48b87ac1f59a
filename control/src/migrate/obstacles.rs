//! What a running engine does that a change would disturb. What the change disturbs by its text alone is in `plan.rs`,
//! what it moves in `bumps.rs`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use model::Mode;

use super::transfer::{Transfer, is_active};
use crate::blocks::BlockState;
use crate::engine::Engine;

/// What stands against a change at this moment. It names things by their old index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    Tripped(usize),
    LetsGo(usize),
    Bypass(usize),
    Phase(usize),
    Batch(usize),
    Experiment,
    Force(usize),
    OutOfService(usize),
    LostMode(usize),
}

impl Transfer {
    /// What stands against the change while the engine does what it does, besides [`Plan::obstacles`].
    pub fn obstacles(&self, engine: &Engine) -> Vec<String> {
        let plant = engine.plant();
        let text = |against| match against {
            Against::Tripped(index) => format!(
                "interlock {} is tripped and would be gone: what it holds would be free at once",
                plant.interlocks[index].name
            ),
            Against::LetsGo(index) => format!(
                "interlock {} is tripped and would no longer act on all that it holds: the rest would be free at once",
                plant.interlocks[index].name
            ),
            Against::Bypass(index) => format!(
                "interlock {} is bypassed, and nobody may bypass it any more: it would act again at once; end the \
                 bypass first",
                plant.interlocks[index].name
            ),
            Against::Phase(index) => format!(
                "phase {} runs, and its text is not the same: the step that it is in may not be there",
                plant.phases[index].name
            ),
            Against::Batch(index) => format!(
                "a batch of {} runs, and its recipe is not the same; let it end first",
                plant.recipes[index].name
            ),
            Against::Experiment => {
                "a tuning experiment or a stroke test runs, and would be cut off; end it first".into()
            }
            Against::Force(index) => format!(
                "{} is forced, and the force could not stay: the tag would be gone, of another kind or range, or read by \
                 an interlock that may not be bypassed; release it first",
                plant.points[index].name
            ),
            Against::OutOfService(index) => format!(
                "{} is out of service, and an interlock that may not be bypassed would ask whether it has failed; put it \
                 back first",
                plant.blocks[index].name
            ),
            Against::LostMode(index) => {
                let mode = match &engine.state().blocks[index] {
                    BlockState::Pid(memory, _) => memory.target,
                    _ => Mode::default(),
                };
                format!(
                    "{} is in {}, which would no longer be one of its modes; order one that stays first",
                    plant.blocks[index].name,
                    mode.short()
                )
            }
        };
        self.against(engine).map(text).collect()
    }

    /// The same question without an allocation: nothing has come up since [`Self::obstacles`] were looked at.
    pub fn is_free(&self, engine: &Engine) -> bool {
        self.against(engine).next().is_none()
    }

    fn against<'a>(&'a self, engine: &'a Engine) -> impl Iterator<Item = Against> + 'a {
        let state = engine.state();
        let gone = self.interlock_numbers.iter().enumerate().filter(|(_, number)| **number == 0);
        let tripped = gone.filter(|(old, _)| state.interlocks[*old].forces());
        let phases = self.phase_changed.iter().enumerate().filter(|(_, changed)| **changed);
        let phases = phases.filter(|(old, _)| is_active(state.phases[*old].state));
        let recipes = self.recipe_changed.iter().enumerate().filter(|(_, changed)| **changed);
        let recipes = recipes.filter(|(old, _)| state.procedures[*old].is_present());
        let experiments = state.experiments.iter().filter(|experiment| experiment.is_present());
        let valves = state.valve_tests.iter().filter(|test| test.is_present());
        let forces = state.forces.all().iter().filter(move |force| !self.keeps(force));
        let shorter = self.interlock_lets_go.iter().enumerate().filter(|(_, lets_go)| **lets_go);
        let shorter = shorter.filter(|(old, _)| state.interlocks[*old].forces());
        let bypasses = self.ends_bypass.iter().enumerate().filter(|(_, ends)| **ends);
        let bypasses = bypasses.filter(|(old, _)| state.interlocks[*old].bypassed_until != 0);
        let modes = self.lost_modes.iter().zip(&state.blocks).enumerate();
        let modes = modes.filter(
            |(_, (lost, block))| matches!(block, BlockState::Pid(memory, _) if lost.has(memory.target)),
        );
        let is_out =
            |block: &BlockState| matches!(block, BlockState::Device(memory, _) if memory.service.is_out());
        let blind = self.bars_service.iter().zip(&state.blocks).enumerate();
        let blind = blind.filter(move |(_, (bars, block))| **bars && is_out(block));
        tripped
            .map(|(old, _)| Against::Tripped(old))
            .chain(shorter.map(|(old, _)| Against::LetsGo(old)))
            .chain(bypasses.map(|(old, _)| Against::Bypass(old)))
            .chain(phases.map(|(old, _)| Against::Phase(old)))
            .chain(recipes.map(|(old, _)| Against::Batch(old)))
            .chain(experiments.map(|_| Against::Experiment))
            .chain(valves.map(|_| Against::Experiment))
            .chain(forces.map(|force| Against::Force(force.point.index())))
            .chain(blind.map(|(old, _)| Against::OutOfService(old)))
            .chain(modes.map(|(old, _)| Against::LostMode(old)))
    }
}
