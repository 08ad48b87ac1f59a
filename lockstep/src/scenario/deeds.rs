//! The deeds of a scenario: faults go to the plant, commands to the scan that follows.

use control::{Deed, Scenario, TimedDeed, Watch};
use model::{Action, AlarmId, AlarmState, InterlockId, ProcOrder, Refusal};

use super::{Story, Verdict, time_text};
use crate::{Lockstep, LockstepError};

pub(super) struct Deeds<'s> {
    scenario: &'s Scenario,
    next: usize,
    /// Commands of this scan, with the deed that they are of. Several of one deed may be refused: all those of `all`.
    asked: Vec<(u64, &'s TimedDeed)>,
    /// What went otherwise than meant.
    pub(super) mishaps: Vec<Verdict>,
}

impl<'s> Deeds<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> Self {
        Self { scenario, next: 0, asked: Vec::new(), mishaps: Vec::new() }
    }

    /// Does what is due.
    pub(super) fn before_scan(
        &mut self,
        lockstep: &mut Lockstep,
        watch: &mut Watch,
        story: &mut Story,
    ) -> Result<(), LockstepError> {
        while let Some(deed) =
            self.scenario.deeds.get(self.next).filter(|deed| deed.at_ms <= lockstep.now_ms())
        {
            self.next += 1;
            self.one(deed, lockstep, watch, story)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        deed: &'s TimedDeed,
        lockstep: &mut Lockstep,
        watch: &mut Watch,
        story: &mut Story,
    ) -> Result<(), LockstepError> {
        let simulator = &mut lockstep.field.simulator;
        let actions = match &deed.deed {
            Deed::Fault { name, parameters } => {
                if let Err(error) = simulator.apply_fault(name, parameters) {
                    self.mishap(deed, lockstep.now_ms(), error.to_string());
                }
                return Ok(());
            }
            Deed::Clear { name, .. } if name == "all" => {
                simulator.clear_all_faults();
                return Ok(());
            }
            Deed::Clear { name, parameters } => {
                if let Err(error) = simulator.clear_fault(name, parameters) {
                    self.mishap(deed, lockstep.now_ms(), error.to_string());
                }
                return Ok(());
            }
            Deed::Kill { away_ms } => return lockstep.restart_controller(*away_ms),
            Deed::Set(assignment) => match watch.value(&assignment.value, &lockstep.engine) {
                Some(value) => vec![Action::Write { point: assignment.point, value }],
                None => {
                    self.mishap(deed, lockstep.now_ms(), "the value is bad at this moment".to_owned());
                    return Ok(());
                }
            },
            Deed::Start { recipe, parameters } => {
                let (recipe, batch) = (*recipe, story.next_batch);
                story.next_batch += 1;
                let parameter = |(parameter, value): &(u16, f64)| Action::Parameter {
                    recipe,
                    parameter: *parameter,
                    value: *value,
                };
                std::iter::once(Action::Prepare { recipe, batch })
                    .chain(parameters.iter().map(parameter))
                    .chain([Action::Batch { recipe, order: ProcOrder::Start }])
                    .collect()
            }
            Deed::Order { recipe, order } => vec![Action::Batch { recipe: *recipe, order: *order }],
            Deed::Acknowledge(Some(alarm)) => vec![Action::Acknowledge { alarm: *alarm }],
            Deed::Reset(Some(interlock)) => vec![Action::ResetInterlock { interlock: *interlock }],
            // What stands is left to stand: only single orders must succeed.
            Deed::Acknowledge(None) => {
                acknowledge_all(lockstep);
                return Ok(());
            }
            Deed::Reset(None) => {
                reset_all(lockstep);
                return Ok(());
            }
        };
        self.asked.extend(actions.into_iter().map(|action| (lockstep.order(action), deed)));
        Ok(())
    }

    /// Hears what the scan answered.
    pub(super) fn after_scan(&mut self, lockstep: &Lockstep) {
        let asked = std::mem::take(&mut self.asked);
        for group in asked.chunk_by(|one, two| std::ptr::eq(one.1, two.1)) {
            let refusal = group.iter().find_map(|(id, _)| match lockstep.answer(*id) {
                Some(Ok(())) => None,
                Some(Err(refusal)) => Some(refusal),
                None => Some(Refusal::TooMany),
            });
            let deed = group[0].1;
            match (refusal, deed.refused) {
                (Some(refusal), false) => self.mishap(deed, lockstep.now_ms(), format!("refused: {refusal}")),
                (None, true) => {
                    self.mishap(deed, lockstep.now_ms(), "it should have been refused".to_owned());
                }
                (Some(_), true) | (None, false) => {}
            }
        }
    }

    fn mishap(&mut self, deed: &TimedDeed, at_ms: u64, reason: String) {
        let when = format!("at {}", time_text(deed.at_ms));
        self.mishaps.push(Verdict { text: deed.text.clone(), when, passed: false, at_ms, reason });
    }
}

fn acknowledge_all(lockstep: &mut Lockstep) {
    let waits = |state: AlarmState| matches!(state, AlarmState::Unacked | AlarmState::Returned);
    let alarms: Vec<u32> = (0..)
        .zip(lockstep.engine.alarms())
        .filter(|(_, alarm)| waits(alarm.state))
        .map(|(id, _)| id)
        .collect();
    for alarm in alarms {
        lockstep.order(Action::Acknowledge { alarm: AlarmId(alarm) });
    }
}

fn reset_all(lockstep: &mut Lockstep) {
    let interlocks: Vec<u32> = (0..)
        .zip(lockstep.engine.interlocks())
        .filter(|(_, interlock)| interlock.tripped)
        .map(|(id, _)| id)
        .collect();
    for interlock in interlocks {
        lockstep.order(Action::ResetInterlock { interlock: InterlockId(interlock) });
    }
}
