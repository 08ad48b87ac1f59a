//! The dice of a campaign, and what they throw: all of it drawn from the plant's own lists.

use control::plant::{BlockBody, Plant};
use model::{Action, AlarmId, BlockId, InterlockId, Mode, PhaseId, PointId, ProcOrder, RecipeId};
use sim_plant::{FaultKind, Simulator};

use super::Run;
use crate::LockstepError;

/// The last deeds that a breach tells of.
const LOGGED: usize = 12;
/// A fault takes a tag or a device that it does not name beforehand: so many are tried.
const TRIES: usize = 30;

/// SplitMix64: small, and the same everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`; 0 when there is nothing to choose from.
    fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low).max(1)
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}

impl Run {
    /// Throws the dice once. Every pair gets the same.
    pub(super) fn deed(&mut self) -> Result<(), LockstepError> {
        let what = match self.dice.below(100) {
            0..20 => self.fault(),
            20..32 => self.clear(),
            32..35 => self.kill()?,
            _ => self.command(),
        };
        let seconds = self.first.now_ms() as f64 / 1e3;
        self.log.push(format!("{seconds:>10.2} s  {what}"));
        if self.log.len() > LOGGED {
            self.log.remove(0);
        }
        Ok(())
    }

    fn fault(&mut self) -> String {
        let kinds = self.first.field.simulator.fault_catalogue();
        let Some(kind) = self.dice.one(&kinds).copied() else { return "no faults".to_owned() };
        let names = names(self.first.plant());
        for _ in 0..TRIES {
            let parameters = parameters(&mut self.dice, kind, &names);
            if self.first.field.simulator.apply_fault(kind.name, &parameters).is_ok() {
                if let Some(shadow) = &mut self.shadow {
                    // It is the same: what the first takes, it takes.
                    let _ = shadow.field.simulator.apply_fault(kind.name, &parameters);
                }
                self.outcome.faults += 1;
                return format!("fault {} {parameters:?}", kind.name);
            }
        }
        format!("fault {} found no place", kind.name)
    }

    /// One of the faults that are on, or all.
    fn clear(&mut self) -> String {
        let active = self.first.field.simulator.active_faults();
        if self.dice.below(3) > 0 {
            self.simulators(Simulator::clear_all_faults);
            return "clear all".to_owned();
        }
        let Some(fault) = self.dice.one(&active) else { return "nothing to clear".to_owned() };
        let parameters: Vec<(String, String)> =
            fault.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.simulators(|simulator| drop(simulator.clear_fault(fault.name, &parameters)));
        format!("clear {fault}")
    }

    fn simulators(&mut self, deed: impl Fn(&mut Simulator)) {
        self.pairs().for_each(|pair| deed(&mut pair.field.simulator));
    }

    /// From a blink to longer than most watchdogs wait.
    fn kill(&mut self) -> Result<String, LockstepError> {
        let away_ms = self.dice.between(100, 8000);
        self.pairs().try_for_each(|pair| pair.restart_controller(away_ms))?;
        self.outcome.kills += 1;
        Ok(format!("the controller was away for {away_ms} ms"))
    }

    fn command(&mut self) -> String {
        let plant = self.first.plant().clone();
        let actions = actions(&mut self.dice, &plant);
        for action in &actions {
            for pair in self.pairs() {
                pair.order(*action);
            }
        }
        format!("{actions:?}")
    }
}

/// What a fault's place may be called.
fn names(plant: &Plant) -> Vec<String> {
    let tags = plant.io.points.iter().map(|io| io.tag.clone());
    let devices = plant.io.devices.iter().map(|device| device.name.clone());
    tags.chain(devices).chain(plant.blocks.iter().map(|block| block.name.clone())).collect()
}

fn parameters(dice: &mut Dice, kind: &FaultKind, names: &[String]) -> Vec<(String, String)> {
    let draw = |parameter: &sim_plant::FaultParameter| {
        let value = if parameter.is_name {
            dice.one(names).cloned().unwrap_or_default()
        } else {
            let value = parameter.low + dice.fraction() * (parameter.high - parameter.low);
            // Cells are counted; other numbers do not mind.
            if parameter.default.is_none() && parameter.low == 1.0 { value.round() } else { value }
                .to_string()
        };
        (parameter.name.to_owned(), value)
    };
    kind.parameters.iter().map(draw).collect()
}

/// One thing that a person might do, sensible or not.
fn actions(dice: &mut Dice, plant: &Plant) -> Vec<Action> {
    let id = |dice: &mut Dice, count: usize| dice.below(count) as u32;
    match dice.below(100) {
        0..40 => write(dice, plant).into_iter().collect(),
        40..55 => {
            let loops: Vec<u32> = (0..)
                .zip(&plant.blocks)
                .filter(|(_, block)| matches!(block.body, BlockBody::Pid(_) | BlockBody::Device(_)))
                .map(|(id, _)| id)
                .collect();
            let mode = Mode::ALL[dice.below(Mode::ALL.len())];
            dice.one(&loops).map(|block| Action::Mode { block: BlockId(*block), mode }).into_iter().collect()
        }
        55..65 => (0..plant.interlocks.len() as u32)
            .map(|id| Action::ResetInterlock { interlock: InterlockId(id) })
            .collect(),
        65..72 => vec![Action::Acknowledge { alarm: AlarmId(id(dice, plant.alarms.len())) }],
        72..74 => force(dice, plant).into_iter().collect(),
        74..76 => {
            let for_ms = dice.between(0, 600_000) as u32;
            vec![Action::Shelve { alarm: AlarmId(id(dice, plant.alarms.len())), for_ms }]
        }
        76..80 => {
            let for_ms = dice.between(0, 600_000) as u32;
            vec![Action::Bypass { interlock: InterlockId(id(dice, plant.interlocks.len())), for_ms }]
        }
        80..88 => {
            let (recipe, batch) = (RecipeId(id(dice, plant.recipes.len())), dice.between(1, 9999) as u32);
            vec![Action::Prepare { recipe, batch }, Action::Batch { recipe, order: ProcOrder::Start }]
        }
        88..96 => {
            let order = ProcOrder::ALL[dice.below(ProcOrder::ALL.len())];
            vec![Action::Batch { recipe: RecipeId(id(dice, plant.recipes.len())), order }]
        }
        _ => {
            let order = ProcOrder::ALL[dice.below(ProcOrder::ALL.len())];
            vec![Action::Phase { phase: PhaseId(id(dice, plant.phases.len())), order }]
        }
    }
}

/// A device is simulated or no longer; a tag of the field is forced, mostly within its range, or released.
fn force(dice: &mut Dice, plant: &Plant) -> Option<Action> {
    if dice.below(3) == 0 {
        let device = |(_, block): &(u32, &control::plant::Block)| matches!(block.body, BlockBody::Device(_));
        let devices: Vec<u32> = (0..).zip(&plant.blocks).filter(device).map(|(id, _)| id).collect();
        let block = BlockId(*dice.one(&devices)?);
        return Some(Action::Simulate { block, for_ms: dice.between(0, 600_000) as u32 });
    }
    let point = dice.one(&plant.io.points)?.point;
    if dice.below(4) == 0 {
        return Some(Action::Unforce { point });
    }
    let (low, high) = (plant.point(point).low, plant.point(point).high);
    let value = low + (1.1 * dice.fraction() - 0.05) * (high - low);
    Some(Action::Force { point, value, for_ms: dice.between(1, 600_000) as u32 })
}

/// Any point that a person may write: mostly within its limits, now and then beyond or no number at all.
fn write(dice: &mut Dice, plant: &Plant) -> Option<Action> {
    let writable: Vec<(u32, (f64, f64))> = (0..)
        .zip(&plant.points)
        .filter_map(|(id, point)| point.write.map(|write| (id, (write.low, write.high))))
        .collect();
    let (point, (low, high)) = *dice.one(&writable)?;
    let within = low + dice.fraction() * (high - low);
    let value = match dice.below(20) {
        0 => high + (high - low),
        1 => f64::NAN,
        2..5 => low,
        5..8 => high,
        _ => within,
    };
    Some(Action::Write { point: PointId(point), value })
}
