//! A seeded campaign: hours of random faults, orders, recipes, link losses and kills, and what must hold all
//! the same.
//!
//! Two pairs of engine and simulator live through it side by side. At random moments the second one is made
//! anew from the snapshots of the first; from there on both get the same deeds, and after every scan their
//! inputs and the hashes of their states must agree. So a snapshot that forgets something, or a scan that
//! depends on more than its inputs, is found at the scan where it shows.

mod deeds;

use std::sync::Arc;

use control::plant::{BlockBody, Plant};
use control::{Engine, Image};
use model::{Direction, StateHash, StateWalk as _};
use sim_plant::Simulator;

use crate::{Lockstep, LockstepError};
use deeds::Dice;

/// More breaches than these are counted, not told.
const TOLD: usize = 10;
/// Mean distance of two deeds, and of two restorations of the second pair.
const DEED_MS: u64 = 30_000;
const RESTORE_MS: u64 = 10 * 60_000;
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

/// How a campaign came out.
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
    pub closure: f64,
    pub fingerprint: u64,
}

/// Runs a campaign for `duration_ms` of plant time. Both simulators must be new and the same.
///
/// # Errors
///
/// When the simulator does not fit the plant, or a state cannot be taken up.
pub fn campaign(
    plant: &Arc<Plant>,
    simulators: [Simulator; 2],
    seed: u64,
    duration_ms: u64,
) -> Result<CampaignOutcome, LockstepError> {
    let [one, two] = simulators;
    let mut run = Run {
        first: Lockstep::new(plant.clone(), one)?,
        second: Lockstep::new(plant.clone(), two)?,
        dice: Dice::new(seed),
        log: Vec::new(),
        parted: false,
        outcome: CampaignOutcome::default(),
    };
    let mut fingerprint = StateHash::new();
    let (mut next_deed, mut next_restore, mut next_print) = (60_000, RESTORE_MS, 0);
    while run.first.now_ms() < duration_ms {
        let now = run.first.now_ms();
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
    run.outcome.plant_ms = run.first.now_ms();
    run.outcome.closure = run.first.field.closure().worst();
    run.outcome.fingerprint = fingerprint.finish();
    Ok(run.outcome)
}

struct Run {
    first: Lockstep,
    second: Lockstep,
    dice: Dice,
    /// The last deeds, with their times.
    log: Vec<String>,
    /// The two have parted and wait for the next restoration; one message says so.
    parted: bool,
    outcome: CampaignOutcome,
}

impl Run {
    fn scan(&mut self) {
        self.first.scan();
        self.second.scan();
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

    fn compare(&mut self) {
        if self.parted {
            return;
        }
        if self.first.inputs != self.second.inputs {
            self.parted = true;
            self.breach("the field restored from its snapshot gives other inputs".to_owned());
        } else if self.first.engine.state_hash() != self.second.engine.state_hash() {
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
        for lockstep in [&mut self.first, &mut self.second] {
            if lockstep.events.len() > 10 * STORY {
                lockstep.events.drain(..9 * STORY);
            }
        }
    }

    /// Makes the second pair anew from the snapshots of the first.
    fn restore(&mut self) -> Result<(), LockstepError> {
        self.second.adopt(&mut self.first)?;
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
    if let Some(index) = image.values().iter().position(|value| !value.is_finite()) {
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

    use super::campaign;

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
        let apart = campaign(&plant, [simulator(1), simulator(2)], 1, 30_000).unwrap();
        assert_eq!(apart.breach_count, 1, "told once: {:?}", apart.breaches);
        assert!(apart.breaches[0].what.contains("other inputs"), "{:?}", apart.breaches);
        assert_eq!(campaign(&plant, [simulator(1), simulator(1)], 1, 30_000).unwrap().breach_count, 0);
    }
}
