//! Names of the plant as people type them: capital letters equal small ones, slips are understood.

use std::collections::HashMap;

use model::PointId;
use model::wire::PlantView;

use crate::error::ApiError;
use crate::limits::NAME_BYTES;

pub(crate) struct Names {
    /// In small letters.
    points: HashMap<String, PointId>,
}

impl Names {
    pub(crate) fn of(plant: &PlantView) -> Self {
        Self { points: plant.points.iter().map(|point| (point.name.to_lowercase(), point.id)).collect() }
    }

    pub(crate) fn point(&self, plant: &PlantView, name: &str) -> Result<PointId, ApiError> {
        let short = (name.len() <= NAME_BYTES).then(|| name.to_lowercase());
        short
            .and_then(|name| self.points.get(&name).copied())
            .ok_or_else(|| unknown("point", name, plant.points.iter().map(|point| point.name.as_str())))
    }
}

/// What somebody can ask "why" about.
pub(crate) fn explainable(plant: &PlantView) -> impl Iterator<Item = &str> {
    let blocks = plant.blocks.iter().map(|block| block.name.as_str());
    let interlocks = plant.interlocks.iter().map(|interlock| interlock.name.as_str());
    let phases = plant.phases.iter().map(|phase| phase.name.as_str());
    let alarms = plant.alarms.iter().map(|alarm| alarm.name.as_str());
    let recipes = plant.recipes.iter().map(|recipe| recipe.name.as_str());
    let points = plant.points.iter().map(|point| point.name.as_str());
    blocks.chain(interlocks).chain(phases).chain(alarms).chain(recipes).chain(points)
}

pub(crate) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> ApiError {
    if name.len() > NAME_BYTES {
        return ApiError::not_found(format!("there is no {what} with a name longer than {NAME_BYTES} bytes"));
    }
    let shown = name.escape_debug();
    ApiError::not_found(match model::nearest(name, known) {
        Some(near) => format!("there is no {what} {shown}; did you mean {near}?"),
        None => format!("there is no {what} {shown}; GET /api/v1/plant lists them"),
    })
}
