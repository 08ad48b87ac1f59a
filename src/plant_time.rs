//! The trainer's hand on the time of the simulated plant: pause, speed, step, snapshot, restore, rewind.
//!
//! Going back moves the plant alone. The controller keeps its commands and finds a plant that has
//! jumped, as a trainee would; a run is repeated with its controller by `catholyte replay`.

use std::collections::VecDeque;
use std::fmt::{Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sim_plant::Simulator;

/// The slowest and the fastest that is kept. A controller keeps its own pace: at 100 times it is far too slow for the plant.
const SPEED: std::ops::RangeInclusive<f64> = 0.1..=100.0;
/// `rewind` knows the plant at this distance,
const REMEMBER_EVERY_MS: u64 = 10_000;
/// and so many times: two hours of plant time, some megabytes.
const REMEMBERED_MAX: usize = 720;
/// One `step` holds the plant's thread up; longer ways are several of them.
const STEP_MAX_MS: u64 = 600_000;
const NAME_MAX: usize = 64;

/// Times real time, or as fast as the machine can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    Times(f64),
    Max,
}

impl Speed {
    /// `None` is as fast as the machine can.
    pub const fn times(self) -> Option<f64> {
        match self {
            Self::Times(times) => Some(times),
            Self::Max => None,
        }
    }

    /// As it is written on the command line.
    pub fn word(self) -> String {
        self.times().map_or_else(|| "max".to_owned(), |times| times.to_string())
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.parse().map_err(|_| format!("\"{text}\" is no speed: write `2` or `max`"))?;
        if SPEED.contains(&times) {
            return Ok(Self::Times(times));
        }
        let (slowest, fastest) = (SPEED.start(), SPEED.end());
        Err(format!("the plant runs at {slowest} to {fastest} times real time, or `max`; not {text} times"))
    }
}

impl Display for Speed {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Times(times) => write!(f, "at {times} times real time"),
            Self::Max => f.write_str("as fast as the machine can"),
        }
    }
}

pub struct PlantTime {
    paused: AtomicBool,
    /// Bits of a factor; of no number when it runs as fast as it can.
    speed: AtomicU64,
    remembered: Mutex<VecDeque<Moment>>,
    folder: PathBuf,
}

struct Moment {
    at_ms: u64,
    state: Vec<u8>,
}

impl PlantTime {
    /// `folder` takes the snapshots.
    pub fn new(speed: Speed, folder: PathBuf) -> Self {
        let time = Self {
            paused: AtomicBool::new(false),
            speed: AtomicU64::new(0),
            remembered: Mutex::default(),
            folder,
        };
        time.set_speed(speed);
        time
    }

    pub fn is_paused(&self) -> bool {
        self.paused.load(Relaxed)
    }

    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Relaxed);
    }

    pub fn speed(&self) -> Speed {
        let times = f64::from_bits(self.speed.load(Relaxed));
        if times.is_nan() { Speed::Max } else { Speed::Times(times) }
    }

    pub fn set_speed(&self, speed: Speed) {
        self.speed.store(speed.times().unwrap_or(f64::NAN).to_bits(), Relaxed);
    }

    /// So far back `rewind` goes.
    pub fn remembered(&self, now_ms: u64) -> Duration {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let first = remembered.front().map_or(now_ms, |moment| moment.at_ms);
        Duration::from_millis(now_ms.saturating_sub(first))
    }

    /// To be called after every step.
    pub fn remember(&self, simulator: &mut Simulator) {
        let at_ms = simulator.now_ms();
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let last = remembered.back().map(|moment| moment.at_ms / REMEMBER_EVERY_MS);
        if last != Some(at_ms / REMEMBER_EVERY_MS) {
            if remembered.len() >= REMEMBERED_MAX {
                remembered.pop_front();
            }
            remembered.push_back(Moment { at_ms, state: simulator.snapshot() });
        }
    }

    /// Back by at least so much, to the next moment that is remembered; says how far it went.
    pub fn rewind(&self, simulator: &mut Simulator, by: Duration) -> Result<Duration, String> {
        let now_ms = simulator.now_ms();
        let goal = now_ms.saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let found = remembered.iter().rposition(|moment| moment.at_ms <= goal);
        let Some(index) = found else {
            let first = remembered.front().map_or(now_ms, |moment| moment.at_ms);
            return Err(format!(
                "only the last {} s are remembered; `catholyte sim restore` goes to a snapshot",
                (now_ms - first) / 1000
            ));
        };
        let moment = &remembered[index];
        simulator.restore(&moment.state).map_err(|error| error.to_string())?;
        let back = Duration::from_millis(now_ms - moment.at_ms);
        remembered.truncate(index + 1);
        Ok(back)
    }

    /// How many steps of `step_ms` make this time, if one request may ask for them.
    pub fn steps(time: Duration, step_ms: u32) -> Result<u64, String> {
        let wanted_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if wanted_ms > STEP_MAX_MS {
            return Err(format!("one step is at most {} min", STEP_MAX_MS / 60_000));
        }
        Ok(wanted_ms.div_ceil(u64::from(step_ms)).max(1))
    }

    pub fn save(&self, simulator: &mut Simulator, name: &str) -> Result<PathBuf, String> {
        let path = self.path(name)?;
        let trouble = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        fs::create_dir_all(&self.folder).map_err(trouble)?;
        let unfinished = path.with_extension("new");
        fs::write(&unfinished, simulator.snapshot()).map_err(trouble)?;
        fs::rename(&unfinished, &path).map_err(trouble)?;
        Ok(path)
    }

    pub fn restore(&self, simulator: &mut Simulator, name: &str) -> Result<(), String> {
        let path = self.path(name)?;
        let state = fs::read(&path).map_err(|error| {
            let known = self.names();
            let hint = match model::nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => "`catholyte sim snapshots` lists them".to_owned(),
            };
            format!("no snapshot {name} ({error}); {hint}")
        })?;
        simulator.restore(&state).map_err(|error| format!("{}: {error}", path.display()))?;
        // What was remembered is of another past.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// The snapshots in the folder, by name.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let stem = |path: PathBuf| {
            let is_one = path.extension().is_some_and(|ending| ending == ENDING);
            is_one.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).flatten()
        };
        let mut names: Vec<String> = entries.filter_map(|entry| stem(entry.path())).collect();
        names.sort();
        names
    }

    fn path(&self, name: &str) -> Result<PathBuf, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(allowed) {
            return Err(format!(
                "\"{name}\" is no name for a snapshot: letters, digits, - and _, up to {NAME_MAX}"
            ));
        }
        Ok(Path::new(&self.folder).join(name).with_extension(ENDING))
    }
}

const ENDING: &str = "plant";

/// A way through time: one of no length would be another than was asked for, since the plant goes in steps.
pub fn way(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') {
        return Err(format!("\"{text}\": time has no sign here; `step` goes forward, `rewind` back"));
    }
    match duration(text)? {
        Duration::ZERO => Err(format!("{text} is no way to go: nothing was done")),
        way => Ok(way),
    }
}

/// `90s`, `10min`, `2h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no time: write `90s`, `10min` or `2h`");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let seconds = model::Unit::parse(unit.trim())
        .filter(|unit| unit.dimension() == model::Dimension::Time)
        .and_then(|unit| unit.convert(number.parse().ok()?, model::Unit::parse("s")?))
        .ok_or_else(wrong)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_plant::{Initial, Parameters};

    fn plant() -> (Simulator, PlantTime, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let time = PlantTime::new(Speed::Times(1.0), folder.path().join("snapshots"));
        (Simulator::new(&Parameters::built_in().unwrap(), Initial::Cold, 3), time, folder)
    }

    fn run(simulator: &mut Simulator, time: &PlantTime, seconds: u64) {
        for _ in 0..seconds * 10 {
            simulator.step(100);
            time.remember(simulator);
        }
    }

    #[test]
    fn a_rewound_plant_goes_the_same_way_again() {
        let (mut simulator, time, _folder) = plant();
        run(&mut simulator, &time, 60);
        let (then, hash) = (simulator.now_ms(), simulator.hash());
        run(&mut simulator, &time, 35);
        let back = time.rewind(&mut simulator, Duration::from_secs(35)).unwrap();
        assert!(back >= Duration::from_secs(35) && back < Duration::from_secs(46), "{back:?}");
        while simulator.now_ms() < then {
            simulator.step(100);
        }
        assert_eq!(simulator.hash(), hash);
        assert!(time.rewind(&mut simulator, Duration::from_secs(3600)).unwrap_err().contains("remembered"));
    }

    #[test]
    fn a_snapshot_comes_back_by_its_name_and_nothing_else_does() {
        let (mut simulator, time, _folder) = plant();
        run(&mut simulator, &time, 5);
        let hash = simulator.hash();
        time.save(&mut simulator, "before-start").unwrap();
        run(&mut simulator, &time, 5);
        time.restore(&mut simulator, "before-start").unwrap();
        assert_eq!(simulator.hash(), hash);
        assert_eq!(time.names(), ["before-start"]);
        assert!(
            time.restore(&mut simulator, "before-strat").unwrap_err().contains("did you mean before-start")
        );
        for name in ["", "../users", "a/b", ".hidden", "x".repeat(65).as_str()] {
            assert!(time.save(&mut simulator, name).is_err(), "{name}");
        }
        assert_eq!(simulator.hash(), hash, "a refused request changes nothing");
    }

    #[test]
    fn times_and_speeds_have_bounds() {
        assert_eq!(duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1.5min").unwrap(), Duration::from_secs(90));
        for text in ["", "10", "s", "1e400h", "5bar", "-3s", "1.2.3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(way("-3s").unwrap_err().contains("`rewind` back"));
        assert_eq!(way("0.1s").unwrap(), Duration::from_millis(100));
        assert!(way("0s").unwrap_err().contains("nothing was done"));
        assert_eq!(PlantTime::steps(Duration::ZERO, 100).unwrap(), 1);
        assert_eq!(PlantTime::steps(Duration::from_secs(10), 100).unwrap(), 100);
        assert!(PlantTime::steps(Duration::from_secs(601), 100).is_err());
        let (_, time, _folder) = plant();
        assert_eq!(time.speed(), Speed::Times(1.0));
        for text in ["0", "-1", "nan", "1e9", "", "fast", "MAX"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
        for (text, speed) in [("0.1", Speed::Times(0.1)), ("100", Speed::Times(100.0)), ("max", Speed::Max)] {
            assert_eq!(text.parse(), Ok(speed));
            assert_eq!(speed.word(), text);
            time.set_speed(speed);
            assert_eq!(time.speed(), speed);
        }
    }
}
