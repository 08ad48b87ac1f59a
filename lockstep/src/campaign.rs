//! A seeded campaign: hours or weeks of random faults, orders, recipes, link losses and kills, and what must
//! hold all the same.
//!
//! Two pairs of engine and simulator live through it side by side. At random moments the second one, the
//! shadow, is made anew from the snapshots of the first; from there on both get the same deeds, and after every
//! scan their inputs and the hashes of their states must agree. So a snapshot that forgets something, or a scan
//! that depends on more than its inputs, is found at the scan where it shows. Without a shadow a campaign takes
//! half the time: the first pair sees the same deeds and comes to the same fingerprint.

mod deeds;

use std::sync::Arc;

use control::plant::{BlockBody, Plant};
use control::{Engine, Image};
use model::{Direction, StateHash, StateWalk as _};
use sim_plant::{Closure, Simulator};

use crate::{Lockstep, LockstepError};
use deeds::Dice;

/// More breaches than these are counted, not told.
const TOLD: usize = 10;
/// Mean distance of two deeds, and of two restorations of the second pair.
const DEED_MS: u64 = 30_000;
const RESTORE_MS: u64 = 10 * 60_000;
/// Balances close better than this, relative to what the plant held and received.
const CLOSURE: f64 = 1e-6;
/// How often a campaign tells how it stands.
const PROGRESS_MS: u64 = 24 * 3_600_000;
/// So many events are kept for the story of a breach.
const STORY: usize = 200;

/// Something that must hold and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub at_ms: u64,
    pub what: String,
    /// The deeds and events before it, ready to read.
    pub story: String,
}

/// What a campaign is to do.
pub struct Campaign {
    /// Of every deed.
    pub seed: u64,
    pub duration_ms: u64,
    pub simulator: Simulator,
    /// Another of the same, both new: it is compared at every scan.
    pub shadow: Option<Simulator>,
}

/// How a campaign came out, or stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CampaignOutcome {
    pub plant_ms: u64,
    pub scans: u64,
    pub faults: u64,
    pub commands: u64,
    pub refused: u64,
    pub kills: u64,
    pub restorations: u64,
    pub trips: u64,
    /// The first of them.
    pub breaches: Vec<Breach>,
    pub breach_count: u64,
    pub closure: Closure,
    pub fingerprint: u64,
}

/// Runs a campaign. Every [`PROGRESS_MS`] of plant time `look` sees how it stands.
///
/// # Errors
///
/// When the simulator does not fit the plant, or a state cannot be taken up.
pub fn campaign(
    plant: &Arc<Plant>,
    campaign: Campaign,
    mut look: impl FnMut(&CampaignOutcome),
) -> Result<CampaignOutcome, LockstepError> {
    let pair = |simulator| Lockstep::new(plant.clone(), simulator);
    let mut run = Run {
        first: pair(campaign.simulator)?,
        shadow: campaign.shadow.map(pair).transpose()?,
        dice: Dice::new(campaign.seed),
        log: Vec::new(),
        parted: false,
        outcome: CampaignOutcome::default(),
    };
    let mut fingerprint = StateHash::new();
    let (mut next_deed, mut next_restore) = (60_000, RESTORE_MS);
    let (mut next_print, mut next_look) = (0, PROGRESS_MS);
    while run.first.now_ms() < campaign.duration_ms {
        let now = run.first.now_ms();
        // Before anything of the next day has happened.
        if now >= next_look {
            next_look = now + PROGRESS_MS;
            run.sum_up(&fingerprint);
            look(&run.outcome);
        }
        if now >= next_deed {
            run.deed()?;
            next_deed = now + run.dice.between(100, 2 * DEED_MS);
        }
        if now >= next_restore {
            run.restore()?;
            next_restore = now + run.dice.between(1000, 2 * RESTORE_MS);
        }
        run.scan();
        if now >= next_print {
            next_print = now + crate::scenario::PRINT_EVERY_MS;
            fingerprint.u64(&mut run.first.engine.state_hash());
            fingerprint.u64(&mut run.first.field.simulator.hash());
        }
    }
    run.sum_up(&fingerprint);
    Ok(run.outcome)
}

struct Run {
    first: Lockstep,
    shadow: Option<Lockstep>,
    dice: Dice,
    /// The last deeds, with their times.
    log: Vec<String>,
    /// The shadow has parted and waits for the next restoration; one message says so.
    parted: bool,
    outcome: CampaignOutcome,
}

impl Run {
    fn scan(&mut self) {
        self.pairs().for_each(Lockstep::scan);
        self.outcome.scans += 1;
        self.compare();
        if self.first.now_ms().is_multiple_of(u64::from(self.first.field.step_ms())) {
            let found = broken(self.first.plant(), &self.first.engine);
            if let Some(what) = found {
                self.breach(what);
            }
        }
        self.account();
    }

    /// The first and its shadow: both get everything.
    fn pairs(&mut self) -> impl Iterator<Item = &mut Lockstep> {
        std::iter::once(&mut self.first).chain(&mut self.shadow)
    }

    fn sum_up(&mut self, fingerprint: &StateHash) {
        let (closure, had) = (self.first.field.closure(), self.outcome.closure);
        self.outcome.plant_ms = self.first.now_ms();
        self.outcome.closure = closure;
        self.outcome.fingerprint = fingerprint.clone().finish();
        // It is told when it opens, not every day.
        if !closes(closure.worst()) && closes(had.worst()) {
            let open: Vec<_> = closure.parts().filter(|(_, error)| !closes(*error)).collect();
            self.breach(format!("the balances are open: {open:?}"));
        }
    }

    fn compare(&mut self) {
        let Some(shadow) = self.shadow.as_mut().filter(|_| !self.parted) else { return };
        if self.first.inputs != shadow.inputs {
            self.parted = true;
            self.breach("the field restored from its snapshot gives other inputs".to_owned());
        } else if self.first.engine.state_hash() != shadow.engine.state_hash() {
            self.parted = true;
            self.breach(
                "the engine restored from its snapshot has another state after the same inputs".to_owned(),
            );
        }
    }

    fn account(&mut self) {
        use model::{EventBody, InterlockChange};
        for event in self.first.last_events() {
            match event.body {
                EventBody::Command { refused, .. } => {
                    self.outcome.commands += 1;
                    self.outcome.refused += u64::from(refused.is_some());
                }
                EventBody::Interlock { change: InterlockChange::Tripped { .. }, .. } => {
                    self.outcome.trips += 1;
                }
                _ => {}
            }
        }
        for lockstep in self.pairs() {
            if lockstep.events.len() > 10 * STORY {
                lockstep.events.drain(..9 * STORY);
            }
        }
    }

    /// Makes the shadow anew from the snapshots of the first.
    fn restore(&mut self) -> Result<(), LockstepError> {
        let Some(shadow) = &mut self.shadow else { return Ok(()) };
        shadow.adopt(&mut self.first)?;
        self.parted = false;
        self.outcome.restorations += 1;
        Ok(())
    }

    fn breach(&mut self, what: String) {
        self.outcome.breach_count += 1;
        if self.outcome.breaches.len() < TOLD {
            let story = format!("{}\n{}", self.log.join("\n"), self.first.story(20));
            self.outcome.breaches.push(Breach { at_ms: self.first.now_ms(), what, story });
        }
    }
}

/// What must hold after every scan, whatever anybody does.
fn broken(plant: &Plant, engine: &Engine) -> Option<String> {
    let image = engine.image();
    if let Some(index) = image.values().position(|value| !value.is_finite()) {
        return Some(format!("{} is no number", plant.points[index].name));
    }
    let beyond = plant.io.points.iter().filter(|io| io.direction == Direction::Output).find(|io| {
        let point = plant.point(io.point);
        !(point.low..=point.high).contains(&image.value(io.point))
    });
    if let Some(io) = beyond {
        return Some(format!("output {} is {}, beyond its range", io.tag, image.value(io.point)));
    }
    if engine.is_ready() { overruled(plant, engine, image) } else { None }
}

/// What is no number has not closed.
const fn closes(error: f64) -> bool {
    error <= CLOSURE
}

/// An interlock that has tripped and did not win. Where two dictate one point, the first does.
fn overruled(plant: &Plant, engine: &Engine, image: &Image) -> Option<String> {
    let mut dictated = Vec::new();
    for (interlock, memory) in plant.interlocks.iter().zip(engine.interlocks()) {
        if !memory.forces() {
            continue;
        }
        for forcing in &interlock.actions {
            let device = forcing.device.map(|block| &plant.blocks[block.index()].body);
            let out = if let Some(BlockBody::Device(device)) = device { device.out } else { forcing.point };
            if dictated.contains(&out) {
                continue;
            }
            dictated.push(out);
            if image.value(out) != forcing.value {
                let (name, value) = (&plant.point(out).name, image.value(out));
                return Some(format!("{} says {} and {name} is {value}", interlock.name, forcing.text));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::Source;
    use sim_plant::{Initial, Parameters, Simulator};

    use super::{Campaign, CampaignOutcome, campaign};

    /// The instrument of the first differs from that of the second: nothing else could find it.
    #[test]
    fn two_plants_that_are_not_the_same_are_found_at_the_first_scan() {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        let device = "[device.PLC-300]\ndescription = \"I/O\"\nprotocol = \"modbus-tcp\"\nendpoint = \"127.0.0.1:5020\"\nunit_id = 1\n\
            watchdog = \"2 s\"\nheartbeat = \"holding 0\"\n[tag.TT-311]\ndescription = \"Anolyte\"\nunit = \"degC\"\nrange = [0, 120]\n\
            io = { device = \"PLC-300\", input = 4, raw = [0, 27648] }";
        let sources = [
            source("plant.toml", "[plant]\nname = \"small\"\nperiod = \"10 ms\""),
            source("io.toml", device),
        ];
        let plant = Arc::new(control::compile(&sources).unwrap().plant);
        let simulator = |seed| Simulator::new(&Parameters::built_in().unwrap(), Initial::Running, seed);
        let go = |simulator, shadow| {
            let what = Campaign { seed: 1, duration_ms: 30_000, simulator, shadow };
            campaign(&plant, what, |_: &CampaignOutcome| ()).unwrap()
        };
        let apart = go(simulator(1), Some(simulator(2)));
        assert_eq!(apart.breach_count, 1, "told once: {:?}", apart.breaches);
        assert!(apart.breaches[0].what.contains("other inputs"), "{:?}", apart.breaches);
        let (shadowed, alone) = (go(simulator(1), Some(simulator(1))), go(simulator(1), None));
        assert_eq!((shadowed.breach_count, shadowed.fingerprint), (0, alone.fingerprint));
    }
}
