//! The lockstep of the shipped refinery, with names that must be right: a wrong one ends the test.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;

use ::lockstep::Lockstep as Time;
use control::plant::Plant;
use model::{Mode, Refusal, Source};
use sim_plant::{Initial, Parameters};

pub struct Lockstep(Time);

impl Deref for Lockstep {
    type Target = Time;
    fn deref(&self) -> &Time {
        &self.0
    }
}

impl DerefMut for Lockstep {
    fn deref_mut(&mut self) -> &mut Time {
        &mut self.0
    }
}

pub fn refinery() -> Arc<Plant> {
    let sources: Vec<Source> = text().into_iter().filter(|source| !source.is_simulated()).collect();
    match control::compile(&sources) {
        Ok(compiled) => Arc::new(compiled.plant),
        Err(findings) => panic!("{findings:#?}"),
    }
}

/// Everything in the folder of the refinery.
fn text() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plants/refinery");
    let mut sources = Vec::new();
    collect(&folder, &folder, &mut sources);
    sources.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|ending| ending == "toml" || ending == "phase") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push(Source { path: name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

impl Lockstep {
    pub fn new(plant: &Arc<Plant>, initial: Initial) -> Self {
        let parameters = Parameters::built_in().unwrap();
        let simulator = ::lockstep::simulator(plant, &text(), &parameters, initial, 7).unwrap();
        Self(Time::new(plant.clone(), simulator).unwrap())
    }

    /// Lets `seconds` of plant time pass.
    pub fn run(&mut self, seconds: f64) {
        self.0.run_ms((seconds * 1000.0) as u64);
    }

    /// Runs until `done`, at most so long; says whether it came.
    pub fn run_until(&mut self, hours: f64, mut done: impl FnMut(&Time) -> bool) -> bool {
        self.0.run_until(hours, |time| done(time))
    }

    pub fn restart_controller(&mut self, away_s: f64) {
        self.0.restart_controller((away_s * 1000.0) as u64).unwrap();
        self.0.scan();
    }

    pub fn value(&self, name: &str) -> f64 {
        self.0.value(name).unwrap_or_else(|| panic!("no point {name}"))
    }

    pub fn mode(&self, block: &str) -> Mode {
        self.0.mode(block).unwrap_or_else(|| panic!("no loop {block}"))
    }

    pub fn write(&mut self, name: &str, value: f64) -> Result<(), Refusal> {
        assert!(self.plant().find_point(name).is_some(), "no point {name}");
        self.0.write(name, value)
    }

    pub fn start_recipe(&mut self, name: &str, batch: u32) -> Result<(), Refusal> {
        let recipe = self.plant().find_recipe(name).unwrap_or_else(|| panic!("no recipe {name}"));
        self.0.start_recipe(recipe, batch, &[])
    }
}
