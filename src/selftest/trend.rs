//! Tags of a run as CSV, so that a person can see what happened.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use control::plant::Plant;
use lockstep::Lockstep;
use miette::{Context as _, IntoDiagnostic as _, miette};
use model::PointId;

use crate::{plant_time, replay};

pub struct Trend {
    points: Vec<PointId>,
    every_ms: u64,
    next_ms: u64,
    table: String,
}

impl Trend {
    pub fn new(plant: &Plant, tags: &[String], every: &str) -> miette::Result<Self> {
        let points = replay::exported_points(plant, tags)?;
        let every = plant_time::duration(every).map_err(|error| miette!("--every: {error}"))?;
        let mut table = String::from("seconds");
        for point in &points {
            let point = plant.point(*point);
            let unit = point.unit.symbol();
            let _ = if unit.is_empty() {
                write!(table, ",{}", point.name)
            } else {
                write!(table, ",{} [{unit}]", point.name)
            };
        }
        table.push('\n');
        Ok(Self { points, every_ms: every.as_millis().max(1) as u64, next_ms: 0, table })
    }

    /// A row, when one is due. A bad value has an empty field.
    pub fn look(&mut self, lockstep: &Lockstep) {
        if self.points.is_empty() || lockstep.now_ms() < self.next_ms {
            return;
        }
        self.next_ms = lockstep.now_ms() + self.every_ms;
        let _ = write!(self.table, "{}", lockstep.now_ms() as f64 / 1000.0);
        let image = lockstep.engine.image();
        for point in &self.points {
            let _ = if image.quality(*point).is_bad() {
                write!(self.table, ",")
            } else {
                write!(self.table, ",{}", image.value(*point))
            };
        }
        self.table.push('\n');
    }

    pub fn write(&self, out: &Path) -> miette::Result<()> {
        if out.as_os_str() == "csv" {
            print!("{}", self.table);
            return Ok(());
        }
        fs::write(out, &self.table)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", out.display()))
    }
}
