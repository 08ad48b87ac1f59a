//! Who may do what: the one place where a role is held against an action.
//!
//! | action | least role |
//! | --- | --- |
//! | write | what the point says (`write.role`) |
//! | take a device out of service (with a reason) | supervisor, or what the interlocks ask that look whether it has failed; nobody when one of them may never be bypassed |
//! | mode, batch, parameter, phase, acknowledge, reset of an interlock | operator |
//! | shelve | operator; supervisor for a critical alarm |
//! | take off the shelf | operator |
//! | begin a tuning experiment, or a stroke test (with a reason) | engineer; operator ends it |
//! | force a tag of the field | supervisor, or what the interlocks that it defeats ask; nobody when one of them may never be bypassed |
//! | simulate a device | as to force each of its feedbacks |
//! | release a force, end a simulation | operator |
//! | bypass | what the interlock says (`bypass_role`); nobody when it says nothing |
//!
//! A viewer only looks, whatever the plant says. Limits, modes and states are the scan's to judge.

use model::wire::{BlockView, CommandRequest, ForceView, PlantView, PointView, Role};
use model::{Action, ExperimentShape, Mode, Priority, ProcOrder, Refusal};

use crate::error::ApiError;
use crate::limits::REASON_CHARS;

/// Passes a request that `role` may make of this plant.
pub(crate) fn check(plant: &PlantView, role: Role, request: &CommandRequest) -> Result<(), ApiError> {
    let target = Target::find(plant, &request.action)?;
    let needed = target.least_role?;
    if role < needed {
        return Err(ApiError::forbidden(format!(
            "{} needs the role {}; you are logged in as {}",
            target.text,
            needed.word(),
            role.word()
        )));
    }
    check_reason(plant, &target.text, request)
}

/// The action in words, for the audit log; ids that do not exist stay numbers.
pub(crate) fn describe(plant: &PlantView, action: &Action) -> String {
    Target::find(plant, action).map_or_else(|_| format!("{action:?}"), |target| target.text)
}

struct Target {
    text: String,
    least_role: Result<Role, ApiError>,
}

impl Target {
    fn find(plant: &PlantView, action: &Action) -> Result<Self, ApiError> {
        let operator = Ok(Role::Operator);
        Ok(match *action {
            Action::Write { point, value } => {
                let point = known("point", point.0, plant.points.get(point.index()))?;
                let least_role = point.write.as_ref().map_or_else(
                    || Err(ApiError::forbidden(format!("{}: {}", point.name, Refusal::NotWritable))),
                    |write| Ok(write.role.max(Role::Operator)),
                );
                Self { text: format!("write {value} to {}", point.name), least_role }
            }
            Action::Mode { block, mode } => {
                let block = known("block", block.0, plant.blocks.get(block.index()))?;
                let least_role = match mode {
                    Mode::OutOfService => service_role(plant, block),
                    _ => operator,
                };
                Self { text: format!("mode {} for {}", mode.short(), block.name), least_role }
            }
            Action::Acknowledge { alarm } => {
                let alarm = known("alarm", alarm.0, plant.alarms.get(alarm.index()))?;
                Self { text: format!("acknowledge {}", alarm.name), least_role: operator }
            }
            Action::Shelve { alarm, for_ms: 0 } => {
                let alarm = known("alarm", alarm.0, plant.alarms.get(alarm.index()))?;
                Self { text: format!("take {} off the shelf", alarm.name), least_role: operator }
            }
            Action::Shelve { alarm, for_ms } => {
                let alarm = known("alarm", alarm.0, plant.alarms.get(alarm.index()))?;
                let critical = alarm.priority == Priority::Critical;
                Self {
                    text: format!(
                        "shelve {} alarm {} for {} s",
                        alarm.priority.word(),
                        alarm.name,
                        for_ms / 1000
                    ),
                    least_role: Ok(if critical { Role::Supervisor } else { Role::Operator }),
                }
            }
            Action::ResetInterlock { interlock } => {
                let interlock = known("interlock", interlock.0, plant.interlocks.get(interlock.index()))?;
                Self { text: format!("reset {}", interlock.name), least_role: operator }
            }
            Action::Bypass { interlock, for_ms } => {
                let interlock = known("interlock", interlock.0, plant.interlocks.get(interlock.index()))?;
                let name = &interlock.name;
                let least_role = interlock.bypass_role.map_or_else(
                    || {
                        Err(ApiError::forbidden(format!(
                            "{name} has no bypass; clear the cause and reset it"
                        )))
                    },
                    |role| Ok(role.max(Role::Operator)),
                );
                let text = match for_ms {
                    0 => format!("end the bypass of {name}"),
                    _ => format!("bypass {name} for {} s", for_ms / 1000),
                };
                Self { text, least_role }
            }
            Action::Prepare { recipe, batch } => {
                let recipe = known("recipe", recipe.0, plant.recipes.get(recipe.index()))?;
                Self { text: format!("prepare {} as batch {batch}", recipe.name), least_role: operator }
            }
            Action::Parameter { recipe, parameter, value } => {
                let recipe = known("recipe", recipe.0, plant.recipes.get(recipe.index()))?;
                let what = recipe.parameters.get(usize::from(parameter));
                let what = known("parameter", u32::from(parameter), what)?;
                Self {
                    text: format!("set {} of {} to {value}", what.name, recipe.name),
                    least_role: operator,
                }
            }
            Action::Batch { recipe, order } => {
                let recipe = known("recipe", recipe.0, plant.recipes.get(recipe.index()))?;
                Self { text: format!("{} {}", order.word(), recipe.name), least_role: operator }
            }
            Action::Phase { phase, order } => {
                let phase = known("phase", phase.0, plant.phases.get(phase.index()))?;
                Self { text: format!("{} {}", order.word(), phase.name), least_role: operator }
            }
            Action::Experiment { block, plan } => {
                let block = known("block", block.0, plant.blocks.get(block.index()))?;
                let text = format!("{} of {} by {}", plan.shape.word(), block.name, plan.amplitude);
                Self { text, least_role: Ok(Role::Engineer) }
            }
            Action::EndExperiment { block } => {
                let block = known("block", block.0, plant.blocks.get(block.index()))?;
                Self { text: format!("end the experiment on {}", block.name), least_role: operator }
            }
            Action::Force { point, value, for_ms } => {
                let point = known("point", point.0, plant.points.get(point.index()))?;
                let text = format!("force {} to {value} for {} s", point.name, for_ms / 1000);
                Self { text, least_role: force_role(plant, point) }
            }
            Action::Simulate { block, for_ms } => {
                let block = known("block", block.0, plant.blocks.get(block.index()))?;
                let (text, least_role) = match for_ms {
                    0 => (format!("end the simulation of {}", block.name), operator),
                    _ => (
                        format!("simulate {} for {} s", block.name, for_ms / 1000),
                        simulation_role(plant, block),
                    ),
                };
                Self { text, least_role }
            }
            Action::Unforce { point } => {
                let point = known("point", point.0, plant.points.get(point.index()))?;
                Self { text: format!("release the force of {}", point.name), least_role: operator }
            }
        })
    }
}

/// A loop goes out of service by whoever may change its mode.
fn service_role(plant: &PlantView, block: &BlockView) -> Result<Role, ApiError> {
    let Some(service) = &block.service else { return Ok(Role::Operator) };
    service.role.ok_or_else(|| {
        ApiError::forbidden(format!(
            "{} cannot be taken out of service: {} asks whether it has failed and may never be bypassed",
            block.name,
            never_bypassed(plant, service)
        ))
    })
}

fn simulation_role(plant: &PlantView, block: &BlockView) -> Result<Role, ApiError> {
    let Some(simulate) = &block.simulate else {
        return Err(ApiError::forbidden(format!("{}: {}", block.name, Refusal::NoFeedback)));
    };
    simulate.role.map(|role| role.max(Role::Operator)).ok_or_else(|| {
        ApiError::forbidden(format!(
            "{} cannot be simulated: {} reads its feedback and may never be bypassed",
            block.name,
            never_bypassed(plant, simulate)
        ))
    })
}

fn never_bypassed(plant: &PlantView, force: &ForceView) -> String {
    let interlocks = force.defeats.iter().filter_map(|id| plant.interlocks.get(id.index()));
    let never = interlocks.filter(|interlock| interlock.bypass_role.is_none());
    never.map(|interlock| interlock.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn force_role(plant: &PlantView, point: &PointView) -> Result<Role, ApiError> {
    let Some(force) = &point.force else {
        return Err(ApiError::forbidden(format!("{}: {}", point.name, Refusal::NotForceable)));
    };
    force.role.map(|role| role.max(Role::Operator)).ok_or_else(|| {
        ApiError::forbidden(format!(
            "{} cannot be forced: {} reads it and may never be bypassed",
            point.name,
            never_bypassed(plant, force)
        ))
    })
}

fn known<'a, T>(what: &str, id: u32, found: Option<&'a T>) -> Result<&'a T, ApiError> {
    found.ok_or_else(|| {
        ApiError::not_found(format!(
            "there is no {what} {id} in this plant; read the plant again (GET /api/v1/plant)"
        ))
    })
}

/// Bypass, force, out of service and abort are asked about afterwards, so they say why at once.
fn check_reason(plant: &PlantView, what: &str, request: &CommandRequest) -> Result<(), ApiError> {
    let needed = match request.action {
        Action::Mode { block, mode: Mode::OutOfService } => {
            plant.blocks.get(block.index()).is_some_and(|block| block.service.is_some())
        }
        Action::Bypass { .. } | Action::Force { .. } => true,
        Action::Simulate { for_ms, .. } => for_ms > 0,
        // A proof test is evidence: what it was made for belongs to it.
        Action::Experiment { plan, .. } => {
            matches!(plan.shape, ExperimentShape::Stroke | ExperimentShape::PartialStroke)
        }
        Action::Batch { order, .. } | Action::Phase { order, .. } => order == ProcOrder::Abort,
        _ => false,
    };
    if needed && request.reason.trim().is_empty() {
        return Err(ApiError::bad_request(format!("{what} needs a reason, which the audit log keeps")));
    }
    if request.reason.chars().count() > REASON_CHARS {
        return Err(ApiError::bad_request(format!("the reason is longer than {REASON_CHARS} characters")));
    }
    if request.reason.chars().any(char::is_control) {
        return Err(ApiError::bad_request("the reason contains control characters; write one plain line"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
