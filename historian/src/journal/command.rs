//! Commands in bytes. The numbers of the actions are the format: never renumber them.

use model::{
    Action, AlarmId, BlockId, Command, Experiment, ExperimentShape, InterlockId, Mode, PhaseId, PointId,
    ProcOrder, RecipeId, UserId,
};

use crate::varint::{Cursor, put};

pub(super) fn encode(command: &Command, out: &mut Vec<u8>) {
    put(out, command.id);
    put(out, u64::from(command.user.0));
    match command.action {
        Action::Write { point, value } => {
            tagged(out, 1, point.0);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Action::Mode { block, mode } => {
            tagged(out, 2, block.0);
            out.push(mode as u8);
        }
        Action::Acknowledge { alarm } => tagged(out, 3, alarm.0),
        Action::Shelve { alarm, for_ms } => {
            tagged(out, 4, alarm.0);
            put(out, u64::from(for_ms));
        }
        Action::ResetInterlock { interlock } => tagged(out, 5, interlock.0),
        Action::Bypass { interlock, for_ms } => {
            tagged(out, 6, interlock.0);
            put(out, u64::from(for_ms));
        }
        Action::Prepare { recipe, batch } => {
            tagged(out, 7, recipe.0);
            put(out, u64::from(batch));
        }
        Action::Parameter { recipe, parameter, value } => {
            tagged(out, 8, recipe.0);
            put(out, u64::from(parameter));
            out.extend_from_slice(&value.to_le_bytes());
        }
        Action::Batch { recipe, order } => {
            tagged(out, 9, recipe.0);
            out.push(order as u8);
        }
        Action::Phase { phase, order } => {
            tagged(out, 10, phase.0);
            out.push(order as u8);
        }
        Action::Experiment { block, plan } => {
            tagged(out, 11, block.0);
            out.push(plan.shape as u8);
            for value in [plan.amplitude, plan.bias, plan.hysteresis, plan.deviation] {
                out.extend_from_slice(&value.to_le_bytes());
            }
            put(out, u64::from(plan.for_ms));
        }
        Action::EndExperiment { block } => tagged(out, 12, block.0),
        Action::Force { point, value, for_ms } => {
            tagged(out, 13, point.0);
            out.extend_from_slice(&value.to_le_bytes());
            put(out, u64::from(for_ms));
        }
        Action::Unforce { point } => tagged(out, 14, point.0),
        Action::Simulate { block, for_ms } => {
            tagged(out, 15, block.0);
            put(out, u64::from(for_ms));
        }
    }
}

fn tagged(out: &mut Vec<u8>, action: u8, id: u32) {
    out.push(action);
    put(out, u64::from(id));
}

/// `None` for bytes that are no command, or one that only a newer program knows.
pub(super) fn decode(bytes: &mut Cursor<'_>) -> Option<Command> {
    let id = bytes.varint()?;
    let user = UserId(bytes.varint_u32()?);
    let action = bytes.u8()?;
    let target = bytes.varint_u32()?;
    let action = match action {
        1 => Action::Write { point: PointId(target), value: bytes.f64()? },
        2 => Action::Mode { block: BlockId(target), mode: mode(bytes.u8()?)? },
        3 => Action::Acknowledge { alarm: AlarmId(target) },
        4 => Action::Shelve { alarm: AlarmId(target), for_ms: bytes.varint_u32()? },
        5 => Action::ResetInterlock { interlock: InterlockId(target) },
        6 => Action::Bypass { interlock: InterlockId(target), for_ms: bytes.varint_u32()? },
        7 => Action::Prepare { recipe: RecipeId(target), batch: bytes.varint_u32()? },
        8 => Action::Parameter {
            recipe: RecipeId(target),
            parameter: u16::try_from(bytes.varint()?).ok()?,
            value: bytes.f64()?,
        },
        9 => Action::Batch { recipe: RecipeId(target), order: order(bytes.u8()?)? },
        10 => Action::Phase { phase: PhaseId(target), order: order(bytes.u8()?)? },
        11 => Action::Experiment { block: BlockId(target), plan: experiment(bytes)? },
        12 => Action::EndExperiment { block: BlockId(target) },
        13 => Action::Force { point: PointId(target), value: bytes.f64()?, for_ms: bytes.varint_u32()? },
        14 => Action::Unforce { point: PointId(target) },
        15 => Action::Simulate { block: BlockId(target), for_ms: bytes.varint_u32()? },
        _ => return None,
    };
    Some(Command { id, user, action })
}

fn mode(code: u8) -> Option<Mode> {
    Mode::ALL.into_iter().find(|mode| *mode as u8 == code)
}

fn experiment(bytes: &mut Cursor<'_>) -> Option<Experiment> {
    let code = bytes.u8()?;
    Some(Experiment {
        shape: ExperimentShape::ALL.into_iter().find(|shape| *shape as u8 == code)?,
        amplitude: bytes.f64()?,
        bias: bytes.f64()?,
        hysteresis: bytes.f64()?,
        deviation: bytes.f64()?,
        for_ms: bytes.varint_u32()?,
    })
}

fn order(code: u8) -> Option<ProcOrder> {
    ProcOrder::ALL.into_iter().find(|order| *order as u8 == code)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn commands() -> impl Strategy<Value = Command> {
        let ids = (any::<u64>(), any::<u32>(), any::<u32>());
        let rest = (any::<u32>(), any::<u16>(), any::<f64>(), 0usize..8, 0usize..8, 0u8..15);
        (ids, rest).prop_map(|((id, user, target), (wide, narrow, value, mode, order, kind))| {
            let (mode, order) = (Mode::ALL[mode], ProcOrder::ALL[order]);
            let action = match kind {
                0 => Action::Write { point: PointId(target), value },
                1 => Action::Mode { block: BlockId(target), mode },
                2 => Action::Acknowledge { alarm: AlarmId(target) },
                3 => Action::Shelve { alarm: AlarmId(target), for_ms: wide },
                4 => Action::ResetInterlock { interlock: InterlockId(target) },
                5 => Action::Bypass { interlock: InterlockId(target), for_ms: wide },
                6 => Action::Prepare { recipe: RecipeId(target), batch: wide },
                7 => Action::Parameter { recipe: RecipeId(target), parameter: narrow, value },
                8 => Action::Batch { recipe: RecipeId(target), order },
                9 => Action::Phase { phase: PhaseId(target), order },
                10 => {
                    let plan = Experiment {
                        shape: ExperimentShape::ALL[usize::from(narrow % 5)],
                        amplitude: value,
                        bias: f64::from(narrow),
                        hysteresis: -value,
                        deviation: f64::from(wide),
                        for_ms: wide,
                    };
                    Action::Experiment { block: BlockId(target), plan }
                }
                11 => Action::EndExperiment { block: BlockId(target) },
                12 => Action::Force { point: PointId(target), value, for_ms: wide },
                13 => Action::Unforce { point: PointId(target) },
                _ => Action::Simulate { block: BlockId(target), for_ms: wide },
            };
            Command { id, user: UserId(user), action }
        })
    }

    proptest! {
        #[test]
        fn every_command_reads_back(command in commands()) {
            let mut bytes = Vec::new();
            encode(&command, &mut bytes);
            let mut cursor = Cursor::new(&bytes);
            prop_assert_eq!(decode(&mut cursor), Some(command));
            prop_assert!(cursor.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let mut cursor = Cursor::new(&bytes);
            while decode(&mut cursor).is_some() {}
        }
    }
}
