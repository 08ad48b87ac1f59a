//! Trips by sequence: the phase that an interlock starts.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::{vec, vec::Vec};
use model::{PhaseId, PointId};

use super::draft::Draft;
use super::fields::one_of;
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use crate::plant::{Assignment, Block, BlockBody, Device, Forcing, Interlock, Op, Phase};

pub(super) struct Trips<'c> {
    pub(super) phases: &'c [Phase],
    pub(super) names: &'c BTreeMap<String, (PhaseId, Place)>,
    pub(super) draft: &'c Draft,
    pub(super) blocks: &'c [Option<Block>],
}

impl Trips<'_> {
    /// Gives every interlock that names a phase its number.
    pub(super) fn link(
        &self,
        starts: &BTreeMap<String, Text>,
        interlocks: &mut [Interlock],
        report: &mut Report,
    ) {
        let mut of_unit: BTreeMap<&str, (&str, PhaseId)> = BTreeMap::new();
        for interlock in interlocks {
            let Some(name) = starts.get(&interlock.name) else { continue };
            let Some((id, place)) = self.names.get(name.as_str()).copied() else {
                let known: Vec<&str> = self.names.keys().map(String::as_str).collect();
                report.add(
                    Mistake::error("unknown-name", format!("no phase `{name}`"))
                        .at(name.place, "not declared")
                        .help(one_of(name.as_str(), &known)),
                );
                continue;
            };
            interlock.start = Some(id);
            let Some(phase) = self.phases.get(id.index()) else { continue };
            self.withheld(interlock, phase, (name, place), report);
            let (first, other) = *of_unit.entry(&phase.equipment).or_insert((name.as_str(), id));
            if other != id {
                report.add(
                    Mistake::warning("trips-meet", format!("trips start `{first}` and `{name}` on `{}`", phase.equipment))
                        .at(name.place, "the other phase")
                        .help("while both are tripped the interlock that stands first in the text has the unit: make sure that its phase is the safer one"),
                );
            }
        }
    }

    /// What the interlock holds elsewhere the phase cannot move: it would stand still there until the reset.
    fn withheld(
        &self,
        interlock: &Interlock,
        phase: &Phase,
        (name, place): (&Text, Place),
        report: &mut Report,
    ) {
        let actions = phase.running.iter().chain(&phase.restarting).flat_map(|step| &step.actions);
        for action in actions {
            let Some(forcing) = interlock.actions.iter().find(|forcing| self.holds(forcing, action)) else {
                continue;
            };
            report.add(
                Mistake::warning(
                    "withheld-action",
                    format!(
                        "`{}` of phase `{name}` waits until somebody resets `{}`",
                        action.text, interlock.name
                    ),
                )
                .at(name.place, format!("`{}` holds it: {}", interlock.name, forcing.text))
                .related(place, "the phase")
                .help("positions win over the phase that a trip starts: leave one of the two to the other"),
            );
        }
    }

    /// The interlock holds what the action writes, and not where the action wants it.
    fn holds(&self, forcing: &Forcing, action: &Assignment) -> bool {
        let target = match action.block.and_then(|block| self.body(block)) {
            // OUT of a loop is its valve; its set point and mode are nobody's to hold. What holds the output of a device
            // holds its command.
            Some(BlockBody::Pid(pid)) if pid.out == action.point => pid.target.unwrap_or(action.point),
            _ => action.point,
        };
        let wanted = match self.draft.code.ops.get(action.value.start as usize) {
            Some(Op::Const(value)) if action.value.len == 1 => Some(*value),
            _ => None,
        };
        self.points(forcing).any(|point| point == target) && wanted != Some(forcing.value)
    }

    fn body(&self, block: model::BlockId) -> Option<&BlockBody> {
        self.blocks.get(block.index())?.as_ref().map(|block| &block.body)
    }

    /// The point that is forced, and what stands behind it.
    fn points(&self, forcing: &Forcing) -> impl Iterator<Item = PointId> {
        let behind = match forcing.device.and_then(|block| self.body(block)) {
            Some(BlockBody::Device(Device { out, .. })) => vec![*out],
            Some(BlockBody::Duty(duty)) => {
                duty.members.iter().flat_map(|member| [member.command, member.out]).collect()
            }
            _ => Vec::new(),
        };
        core::iter::once(forcing.point).chain(behind)
    }
}
