//! Why a phase cannot do an action: the rule, and what exactly stands in the way.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use model::wire::{WhyFact, WhyLine};
use model::{BlockId, Mode, Refusal};

use super::term::Scene;
use super::{condition, holders};
use crate::blocks::below;
use crate::phase::PhaseMemory;
use crate::plant::{Assignment, BlockBody, Plant, Step};

/// More loops than this above each other are no cascade.
const DEEP: usize = 8;

/// The action that cannot be done now, and which rule forbids it.
pub(super) fn now<'a>(memory: &PhaseMemory, step: &'a Step) -> Option<(&'a Assignment, Refusal)> {
    Some((step.actions.get(usize::from(memory.action))?, memory.refusal()?))
}

/// `AIC-140 follows WIC-120, which is in MAN: order CAS there first`
pub(super) fn reason(scene: Scene<'_>, action: &Assignment, refusal: Refusal) -> String {
    let Some(block) = action.block else { return held(scene, action, refusal) };
    let name = &scene.plant.blocks[block.index()].name;
    match refusal {
        Refusal::Follows => follows(scene, block),
        Refusal::WrongMode => match mode(scene, block) {
            Some(mode) => {
                format!("{name} is in {}, where this is not written: order its mode first", mode.short())
            }
            None => refusal.text().to_owned(),
        },
        Refusal::OutOfService => format!("{name} is out of service"),
        _ => held(scene, action, refusal),
    }
}

/// What an interlock holds names the interlock.
fn held(scene: Scene<'_>, action: &Assignment, refusal: Refusal) -> String {
    let body = action.block.map(|block| &scene.plant.blocks[block.index()].body);
    let drives = body.into_iter().flat_map(BlockBody::targets);
    let mut holds =
        core::iter::once(action.point).chain(drives).map(|point| scene.view.hold(point).interlock);
    let interlock = holds.find_map(|number| scene.plant.interlocks.get(number.checked_sub(1)? as usize));
    match (refusal, interlock) {
        (Refusal::Interlocked, Some(interlock)) => {
            format!("{} holds it; clear the cause and reset", interlock.name)
        }
        _ => refusal.text().to_owned(),
    }
}

fn mode(scene: Scene<'_>, block: BlockId) -> Option<Mode> {
    match &scene.plant.blocks[block.index()].body {
        BlockBody::Pid(pid) => Some(Mode::from_value(scene.view.value(pid.mode))),
        _ => None,
    }
}

/// Down the cascade to the one that does not listen.
fn follows(scene: Scene<'_>, block: BlockId) -> String {
    let name = |block: BlockId| scene.plant.blocks[block.index()].name.as_str();
    let mut text = name(block).to_owned();
    let mut at = block;
    for _ in 0..DEEP {
        let Some(next) = below(scene.plant, at) else { break };
        text.push_str(if at == block { " follows " } else { ", which follows " });
        text.push_str(name(next));
        match (&scene.plant.blocks[next.index()].body, mode(scene, next)) {
            (BlockBody::Ratio(_), _) | (_, Some(Mode::Initialising)) => at = next,
            (_, Some(mode)) if mode != Mode::Cascade => {
                text.push_str(&format!(", which is in {}: order CAS there first", mode.short()));
                return text;
            }
            _ => {
                text.push_str(", which does not listen");
                return text;
            }
        }
    }
    if at == block {
        return format!("{text} follows what its output does: its device is lost, or its output is dictated");
    }
    text
}

/// The same where no live value is known, for an event.
pub(crate) fn in_event(plant: &Plant, action: &Assignment, refusal: Refusal) -> String {
    let next = action
        .block
        .filter(|_| refusal == Refusal::Follows)
        .and_then(|block| Some((block, below(plant, block)?)));
    let (Some((block, next)), Refusal::Follows) = (next, refusal) else { return refusal.text().to_owned() };
    let name = |block: BlockId| &plant.blocks[block.index()].name;
    format!("{} follows {}, which does not listen: order CAS there first", name(block), name(next))
}

/// The action with its reason, and what stands against a device that may not start.
pub(super) fn lines(
    scene: Scene<'_>,
    action: &Assignment,
    refusal: Refusal,
    indent: u8,
    lines: &mut Vec<WhyLine>,
) {
    let fact = WhyFact::Refused { action: action.text.clone(), reason: reason(scene, action, refusal) };
    lines.push(WhyLine { holds: Some(false), block: action.block, ..WhyLine::new(indent, fact) });
    let inner = indent.saturating_add(1);
    let body = action.block.map(|block| &scene.plant.blocks[block.index()].body);
    match (refusal, body) {
        (Refusal::NotPermitted, Some(BlockBody::Device(device))) => {
            if let Some(permit) = &device.permit {
                condition::unmet(scene, permit, inner, lines);
            }
        }
        (Refusal::Interlocked | Refusal::Forced, _) => {
            let before = lines.len();
            let drives = body.into_iter().flat_map(BlockBody::targets);
            for point in core::iter::once(action.point).chain(drives) {
                holders(scene, point, lines);
                if lines.len() > before {
                    break;
                }
            }
            // The phase itself owns what it writes: that is no obstacle.
            let mut at = before;
            while at < lines.len() {
                if matches!(lines[at].fact, WhyFact::OwnedBy { .. }) {
                    lines.remove(at);
                } else {
                    lines[at].indent = lines[at].indent.saturating_add(inner);
                    at += 1;
                }
            }
        }
        _ => {}
    }
}
