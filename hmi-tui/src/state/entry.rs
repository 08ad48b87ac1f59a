//! The second step of a command: the line that shows old, new, change and limit before Enter.
//!
//! ```text
//!  capital key          Enter                         Enter on the last field
//! ────────────► Entry ─────────► next field ... ───────────────────────────────► command
//!                 │ Esc, 8 s without a key, link lost at Enter
//!                 ▼
//!             nothing is sent
//! ```

use model::wire::{CommandRequest, Role};
use model::{
    Action, AlarmId, BlockId, Experiment, ExperimentShape, InterlockId, Mode, PointId, Priority, ProcOrder,
    RecipeId,
};

use super::{Plant, State};
use crate::{input::TextInput, value};

/// An entry that nobody touches goes away, so that a stray Enter later does nothing (HMI guide).
pub(crate) const ENTRY_EXPIRES_MS: u64 = 8_000;
/// A shelf is for a shift at most.
const SHELVE_MINUTES_MAX: f64 = 480.0;
const BYPASS_MINUTES_MAX: f64 = 480.0;
const FORCE_MINUTES_MAX: f64 = 480.0;
/// What Up and PgUp add to a set point or an output, of what may be written.
const FINE: f64 = 0.01;
const COARSE: f64 = 0.05;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Purpose {
    Write {
        point: PointId,
    },
    Switch {
        block: BlockId,
        point: PointId,
        on: bool,
    },
    Mode {
        block: BlockId,
        pick: Mode,
    },
    Shelve {
        alarm: AlarmId,
    },
    Unshelve {
        alarm: AlarmId,
    },
    ResetTrip {
        interlock: InterlockId,
    },
    Bypass {
        interlock: InterlockId,
    },
    Restore {
        interlock: InterlockId,
    },
    Force {
        point: PointId,
    },
    Unforce {
        point: PointId,
    },
    Simulate {
        block: BlockId,
    },
    EndSimulation {
        block: BlockId,
    },
    /// The shape is chosen with Left and Right while no reason is typed.
    Stroke {
        block: BlockId,
        pick: ExperimentShape,
    },
    EndStroke {
        block: BlockId,
    },
    Prepare {
        recipe: RecipeId,
    },
    Parameter {
        recipe: RecipeId,
        parameter: u16,
    },
    Order {
        recipe: RecipeId,
        order: ProcOrder,
    },
    Leave,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldKind {
    Number,
    Minutes,
    Reason {
        needed: bool,
    },
    /// The tag, typed again by hand.
    Retype(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) kind: FieldKind,
    pub(crate) input: TextInput,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) purpose: Purpose,
    pub(crate) fields: Vec<Field>,
    pub(crate) active: usize,
    pub(crate) touched_ms: u64,
    /// Why the last Enter did nothing.
    pub(crate) refusal: Option<String>,
}

impl Entry {
    pub(crate) fn new(purpose: Purpose, kinds: Vec<FieldKind>, now_ms: u64) -> Self {
        let fields = kinds.into_iter().map(|kind| Field { kind, input: TextInput::default() }).collect();
        Self { purpose, fields, active: 0, touched_ms: now_ms, refusal: None }
    }

    pub(crate) fn prefilled(mut self, text: &str) -> Self {
        if let Some(field) = self.fields.first_mut() {
            field.input = TextInput::new(text);
        }
        self
    }

    pub(crate) fn is_expired(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.touched_ms) >= ENTRY_EXPIRES_MS
    }

    pub(crate) fn seconds_left(&self, now_ms: u64) -> u64 {
        (self.touched_ms + ENTRY_EXPIRES_MS).saturating_sub(now_ms).div_ceil(1000)
    }

    fn text_of(&self, wanted: impl Fn(&FieldKind) -> bool) -> Option<String> {
        self.fields.iter().find(|field| wanted(&field.kind)).map(|field| field.input.text().trim().to_owned())
    }

    /// The number as typed so far.
    pub(crate) fn number(&self) -> Option<f64> {
        value::parse(&self.text_of(|kind| *kind == FieldKind::Number)?)
    }

    /// How far the keys move the number of this line, finely and coarsely; only where there is no other field to go to.
    pub(crate) fn steps(&self, state: &State) -> Option<(f64, f64)> {
        let (Purpose::Write { point }, [Field { kind: FieldKind::Number, .. }]) =
            (&self.purpose, &self.fields[..])
        else {
            return None;
        };
        let view = state.plant.as_deref()?.point(*point)?;
        let write = view.write.as_ref().filter(|_| view.words.is_none())?;
        // What the decimals cannot show is no step.
        let least = 10_f64.powi(-i32::from(view.decimals));
        let step = |share: f64| (((write.high - write.low) * share / least).round() * least).max(least);
        Some((step(FINE), step(COARSE)))
    }

    /// Raises or lowers the number from what is typed, or from where the value stands; no further than it may be written.
    pub(crate) fn nudge(&mut self, state: &State, step: f64) -> Result<(), String> {
        let Purpose::Write { point } = self.purpose else { return Ok(()) };
        let view = state
            .plant
            .as_deref()
            .and_then(|plant| plant.point(point))
            .ok_or("no such point in this plant")?;
        let from = self.number().or_else(|| state.live.usable(point));
        let from = from.ok_or("there is no value to go on from; type one")?;
        let (low, high) = view.write.as_ref().map_or((view.low, view.high), |write| (write.low, write.high));
        let text = value::number((from + step).clamp(low, high), view.decimals);
        if let Some(field) = self.fields.first_mut() {
            field.input = TextInput::new(&text);
        }
        Ok(())
    }

    pub(crate) fn reason(&self) -> String {
        self.text_of(|kind| matches!(kind, FieldKind::Reason { .. })).unwrap_or_default()
    }

    /// What is wrong with the field that Enter wants to leave.
    fn check_field(&self, index: usize) -> Result<(), String> {
        let Some(field) = self.fields.get(index) else { return Ok(()) };
        let text = field.input.text();
        match &field.kind {
            FieldKind::Number | FieldKind::Minutes if field.input.is_empty() => {
                Err("type the new value".into())
            }
            FieldKind::Number | FieldKind::Minutes => {
                value::parse(&text).map(|_| ()).ok_or_else(|| format!("\"{text}\" is no number"))
            }
            FieldKind::Reason { needed: true } if text.trim().is_empty() => Err("a reason is needed".into()),
            FieldKind::Retype(tag) if text.trim() != tag => Err(format!("type {tag} to confirm")),
            FieldKind::Reason { .. } | FieldKind::Retype(_) => Ok(()),
        }
    }

    /// Enter: `Ok(None)` went on to the next field, `Ok(Some)` is the command to send.
    pub(crate) fn enter(&mut self, state: &State) -> Result<Option<CommandRequest>, String> {
        self.check_field(self.active)?;
        if self.active + 1 < self.fields.len() {
            self.active += 1;
            return Ok(None);
        }
        if let Some(wrong) = (0..self.fields.len()).find(|index| self.check_field(*index).is_err()) {
            self.active = wrong;
            return self.check_field(wrong).map(|()| None);
        }
        let action = self.action(state)?;
        if let Some(name) = self.goes_out(state) {
            self.fields = Self::new(
                Purpose::Leave,
                vec![FieldKind::Reason { needed: true }, FieldKind::Retype(name)],
                0,
            )
            .fields;
            return Ok(None);
        }
        Ok(Some(CommandRequest::new(action, self.reason())))
    }

    /// The device that would go out of service, as long as nobody has said why.
    fn goes_out(&self, state: &State) -> Option<String> {
        let Purpose::Mode { block, pick: Mode::OutOfService } = self.purpose else { return None };
        let view = state.plant.as_deref()?.block(block).filter(|view| view.service.is_some())?;
        let asked = self.fields.iter().any(|field| matches!(field.kind, FieldKind::Retype(_)));
        (!asked).then(|| view.name.clone())
    }

    fn action(&self, state: &State) -> Result<Action, String> {
        let plant = state.plant.as_deref().ok_or("the plant is not loaded yet")?;
        Ok(match &self.purpose {
            Purpose::Write { point } => {
                Action::Write { point: *point, value: self.write_value(plant, *point)? }
            }
            Purpose::Switch { point, on, .. } => Action::Write { point: *point, value: f64::from(*on) },
            Purpose::Mode { block, pick } => {
                if state.mode_of(*block) == Some(*pick) {
                    return Err("that is the mode it is in; choose another with Left/Right".into());
                }
                Action::Mode { block: *block, mode: *pick }
            }
            Purpose::Shelve { alarm } => {
                Action::Shelve { alarm: *alarm, for_ms: self.minutes_ms(SHELVE_MINUTES_MAX)? }
            }
            Purpose::Unshelve { alarm } => Action::Shelve { alarm: *alarm, for_ms: 0 },
            Purpose::ResetTrip { interlock } => Action::ResetInterlock { interlock: *interlock },
            Purpose::Bypass { interlock } => {
                Action::Bypass { interlock: *interlock, for_ms: self.minutes_ms(BYPASS_MINUTES_MAX)? }
            }
            Purpose::Restore { interlock } => Action::Bypass { interlock: *interlock, for_ms: 0 },
            Purpose::Force { point } => Action::Force {
                point: *point,
                value: self.forced_value(plant, *point)?,
                for_ms: self.minutes_ms(FORCE_MINUTES_MAX)?,
            },
            Purpose::Unforce { point } => Action::Unforce { point: *point },
            Purpose::Simulate { block } => {
                Action::Simulate { block: *block, for_ms: self.minutes_ms(FORCE_MINUTES_MAX)? }
            }
            Purpose::EndSimulation { block } => Action::Simulate { block: *block, for_ms: 0 },
            Purpose::Stroke { block, pick } => {
                let (amplitude, bias, hysteresis, deviation) = (0.0, 0.0, 0.0, 0.0);
                let plan = Experiment { shape: *pick, amplitude, bias, hysteresis, deviation, for_ms: 0 };
                Action::Experiment { block: *block, plan }
            }
            Purpose::EndStroke { block } => Action::EndExperiment { block: *block },
            Purpose::Prepare { recipe } => Action::Prepare { recipe: *recipe, batch: self.batch_number()? },
            Purpose::Parameter { recipe, parameter } => {
                let view =
                    plant.recipe(*recipe).and_then(|view| view.parameters.get(usize::from(*parameter)));
                let view = view.ok_or("no such parameter in this recipe")?;
                let value = self.number().ok_or("type the new value")?;
                within(value, view.low, view.high, view.unit.symbol())?;
                Action::Parameter { recipe: *recipe, parameter: *parameter, value }
            }
            Purpose::Order { recipe, order } => Action::Batch { recipe: *recipe, order: *order },
            Purpose::Leave => return Err("leaving is no command".into()),
        })
    }

    fn write_value(&self, plant: &Plant, point: PointId) -> Result<f64, String> {
        let view = plant.point(point).ok_or("no such point in this plant")?;
        let value = self.number().ok_or("type the new value")?;
        let write =
            view.write.as_ref().ok_or("this value is measured or calculated; it cannot be written")?;
        within(value, write.low, write.high, view.unit.symbol())?;
        Ok(value)
    }

    fn forced_value(&self, plant: &Plant, point: PointId) -> Result<f64, String> {
        let view = plant.point(point).ok_or("no such point in this plant")?;
        let value = self.number().ok_or("type the new value")?;
        within(value, view.low, view.high, view.unit.symbol())?;
        Ok(value)
    }

    fn minutes_ms(&self, most: f64) -> Result<u32, String> {
        let typed = self.text_of(|kind| *kind == FieldKind::Minutes);
        let minutes = typed.and_then(|text| value::parse(&text)).ok_or("type the minutes")?;
        within(minutes, 1.0, most, "min")?;
        Ok((minutes * 60_000.0).round() as u32)
    }

    fn batch_number(&self) -> Result<u32, String> {
        let number = self.number().ok_or("type the number of the batch")?;
        if number.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&number) {
            return Err("a batch number is a whole number from 1".into());
        }
        Ok(number as u32)
    }

    /// The least role that may do this.
    pub(crate) fn role(&self, state: &State) -> Role {
        let Some(plant) = state.plant.as_deref() else { return Role::Operator };
        match &self.purpose {
            Purpose::Leave => Role::Viewer,
            Purpose::Shelve { alarm } => match plant.alarm(*alarm).map(|alarm| alarm.priority) {
                Some(Priority::Critical) => Role::Supervisor,
                _ => Role::Operator,
            },
            Purpose::Write { point } | Purpose::Switch { point, .. } => write_role(plant, *point),
            Purpose::Mode { block, pick: Mode::OutOfService } => service_role(plant, *block),
            Purpose::Mode { block, .. } => mode_role(plant, *block),
            Purpose::Bypass { interlock } | Purpose::Restore { interlock } => plant
                .interlock(*interlock)
                .and_then(|interlock| interlock.bypass_role)
                .unwrap_or(Role::Administrator),
            Purpose::Force { point } => force_role(plant, *point).unwrap_or(Role::Administrator),
            Purpose::Stroke { .. } => Role::Engineer,
            Purpose::Simulate { block } => plant
                .block(*block)
                .and_then(|view| view.simulate.as_ref()?.role)
                .unwrap_or(Role::Administrator),
            _ => Role::Operator,
        }
    }
}

/// The least role that may force a tag, if anybody may.
pub(crate) fn force_role(plant: &Plant, point: PointId) -> Option<Role> {
    plant.point(point)?.force.as_ref()?.role
}

pub(crate) fn write_role(plant: &Plant, point: PointId) -> Role {
    let write = plant.point(point).and_then(|point| point.write.as_ref());
    write.map_or(Role::Operator, |write| write.role)
}

/// Who may change a mode: whoever may write the mode, the output or the set point.
pub(crate) fn mode_role(plant: &Plant, block: BlockId) -> Role {
    let write = ["MODE", "OUT", "SP"].into_iter().find_map(|role| {
        let point = plant.point(plant.part(block, role)?)?;
        point.write.as_ref()
    });
    write.map_or(Role::Operator, |write| write.role)
}

/// The least role that may take a block out of service: a device, or a loop like into any mode.
fn service_role(plant: &Plant, block: BlockId) -> Role {
    match plant.block(block).and_then(|view| view.service.as_ref()) {
        Some(service) => service.role.unwrap_or(Role::Administrator),
        None => mode_role(plant, block),
    }
}

fn within(value: f64, low: f64, high: f64, unit: &str) -> Result<(), String> {
    let side = match value {
        value if value < low => "below the low limit",
        value if value > high => "above the high limit",
        _ => return Ok(()),
    };
    let limit = value::trimmed(if value < low { low } else { high });
    Err(format!("{} {unit} is {side} {limit} {unit}", value::trimmed(value)))
}
