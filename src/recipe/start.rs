//! `catholyte recipe start`: prepare, parameters and start as one order, of which all is done or nothing is left.

use std::time::{Duration, Instant};

use miette::miette;
use model::wire::{BatchStatus, PlantView, RecipeView};
use model::{Action, ProcOrder, ProcState, next_batch};

use super::Remote;

/// Numbers that others took first; so many at one moment are no coincidence.
const TRIES: usize = 8;
/// What the controller has done shows within a tenth of a second.
const SHOWN: Duration = Duration::from_secs(3);

pub(super) fn start(remote: &Remote, name: &str, parameters: &[String]) -> miette::Result<()> {
    let recipe = remote.recipe(name)?;
    // All of it is looked at before anything is asked for.
    let values = values(recipe, parameters)?;
    let standing = remote.batches()?;
    if let Some(other) = on_unit(remote.plant(), recipe, &standing) {
        return Err(busy(remote.plant(), recipe, other));
    }
    let mut unkept = None;
    let batch = prepare(remote, recipe, &standing, &mut unkept)?;
    let id = recipe.id;
    let parameters =
        values.into_iter().map(|(parameter, value)| Action::Parameter { recipe: id, parameter, value });
    for action in parameters.chain([Action::Batch { recipe: id, order: ProcOrder::Start }]) {
        match remote.order(action, "") {
            Ok(reply) if !reply.accepted => {
                return Err(taken_back(remote, recipe, batch, &miette!("refused: {}", reply.message)));
            }
            Ok(reply) if reply.unrecorded => unkept = Some(reply.message),
            Ok(reply) => println!("{}", reply.message),
            Err(error) => return Err(taken_back(remote, recipe, batch, &error)),
        }
    }
    unkept.map_or(Ok(()), |message| Err(miette!("{message}")))
}

/// `load=4.5`: which parameter, and its value within its limits.
fn values(recipe: &RecipeView, parameters: &[String]) -> miette::Result<Vec<(u16, f64)>> {
    let mut values: Vec<(u16, f64)> = Vec::new();
    for text in parameters {
        let parsed = text.split_once('=').and_then(|(name, value)| Some((name, value.parse::<f64>().ok()?)));
        let (name, value) = parsed
            .ok_or_else(|| miette!("\"{text}\" is no parameter: write name=number, without the unit"))?;
        let index = recipe.parameters.iter().position(|known| known.name == name).ok_or_else(|| {
            let names: Vec<&str> = recipe.parameters.iter().map(|known| known.name.as_str()).collect();
            match names.as_slice() {
                [] => miette!("{} has no parameters", recipe.name),
                _ => miette!("{} has no parameter {name}; it has {}", recipe.name, names.join(", ")),
            }
        })?;
        let known = &recipe.parameters[index];
        if !(known.low..=known.high).contains(&value) {
            let limits = format!("{} to {} {}", known.low, known.high, known.unit.symbol());
            return Err(miette!(
                "{name} of {} is {}, not {value}; nothing was done",
                recipe.name,
                limits.trim_end()
            ));
        }
        if values.iter().any(|(given, _)| usize::from(*given) == index) {
            return Err(miette!("{name} is given twice; nothing was done"));
        }
        values.push((index as u16, value));
    }
    Ok(values)
}

/// The number of the prepared batch. `unkept` says when the journal could not keep it.
fn prepare(
    remote: &Remote,
    recipe: &RecipeView,
    standing: &[BatchStatus],
    unkept: &mut Option<String>,
) -> miette::Result<u32> {
    let now_ms = crate::clock::now_ms();
    let mut batch = next_number(now_ms, standing);
    for _ in 0..TRIES {
        let reply = remote.order(Action::Prepare { recipe: recipe.id, batch }, "")?;
        if reply.accepted && reply.unrecorded {
            *unkept = Some(reply.message.clone());
        } else if reply.accepted {
            println!("{}", reply.message);
        }
        if reply.accepted {
            return Ok(batch);
        }
        // Somebody else was quicker: on the unit, or with the number.
        let standing = standing_at(remote, reply.tick)?;
        if let Some(other) = on_unit(remote.plant(), recipe, &standing) {
            return Err(busy(remote.plant(), recipe, other));
        }
        if !standing.iter().any(|other| other.batch == batch) {
            return Err(miette!("refused: {}", reply.message));
        }
        batch = next_number(now_ms, &standing);
    }
    Err(miette!("every number was taken by somebody else first; nothing was done, try again"))
}

fn next_number(now_ms: i64, standing: &[BatchStatus]) -> u32 {
    next_batch(now_ms, |number| standing.iter().any(|other| other.batch == number))
}

/// The batches as they stood after this scan, or later.
fn standing_at(remote: &Remote, tick: u64) -> miette::Result<Vec<BatchStatus>> {
    let deadline = Instant::now() + SHOWN;
    loop {
        let frame = remote.snapshot()?;
        if frame.tick >= tick || Instant::now() > deadline {
            return Ok(frame.batches.unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn on_unit<'b>(
    plant: &PlantView,
    recipe: &RecipeView,
    standing: &'b [BatchStatus],
) -> Option<&'b BatchStatus> {
    let here = |batch: &&BatchStatus| {
        plant.recipes.get(batch.recipe.index()).is_some_and(|other| other.unit == recipe.unit)
    };
    standing.iter().find(here)
}

/// Which batch holds the unit, and how it comes free.
fn busy(plant: &PlantView, recipe: &RecipeView, batch: &BatchStatus) -> miette::Report {
    let name = plant.recipes.get(batch.recipe.index()).map_or("", |other| other.name.as_str());
    let remedy = match batch.state {
        ProcState::Idle => format!(
            "`catholyte recipe order start {name}` starts it, `catholyte recipe order reset {name}` takes it back"
        ),
        state if state.is_final() => format!("`catholyte recipe order reset {name}` makes room"),
        _ => format!(
            "let it end, or stop it with `catholyte recipe order stop {name}`; then `catholyte recipe order reset {name}` makes room"
        ),
    };
    miette!(
        help = remedy,
        "{} is busy with B-{:04} of {name}, which is {}; nothing was done",
        recipe.unit,
        batch.batch,
        batch.state.word()
    )
}

/// The error, and what became of the batch that was prepared for nothing.
fn taken_back(remote: &Remote, recipe: &RecipeView, batch: u32, error: &miette::Report) -> miette::Report {
    let mine = |other: &BatchStatus| {
        other.recipe == recipe.id && other.batch == batch && other.state == ProcState::Idle
    };
    let reset = Action::Batch { recipe: recipe.id, order: ProcOrder::Reset };
    match remote.batches().map(|standing| standing.iter().any(mine)) {
        Ok(true) if remote.order(reset, "").is_ok_and(|reply| reply.accepted) => {
            miette!("{error}; nothing was started, and B-{batch:04} was taken back")
        }
        _ => miette!(
            help = "`catholyte recipe status` shows what stands on the unit",
            "{error}; look whether B-{batch:04} has begun"
        ),
    }
}

#[cfg(test)]
mod tests {
    use model::wire::{BatchStatus, PlantView};
    use model::{ProcState, RecipeId};

    use super::{busy, next_number, on_unit, values};

    fn plant() -> PlantView {
        control::plant_view(&crate::check::compile_named(None).unwrap())
    }

    fn standing(recipe: RecipeId, batch: u32, state: ProcState) -> BatchStatus {
        BatchStatus {
            recipe,
            batch,
            state,
            since_ms: 0,
            nodes: vec![],
            parameters: vec![],
            phase: None,
            cause: None,
        }
    }

    #[test]
    fn a_number_that_a_batch_has_is_passed_over() {
        let all = [412, 413, 7].map(|batch| standing(RecipeId(0), batch, ProcState::Running));
        let at = |second: i64| 1_767_225_600_000 + second * 1000;
        assert_eq!(next_number(at(412), &all), 414);
        assert_eq!(next_number(at(411), &all), 411);
    }

    #[test]
    fn a_parameter_beyond_its_limits_is_refused_with_them_before_anything_is_prepared() {
        let plant = plant();
        let recipe = plant.recipes.iter().find(|recipe| recipe.name == "EL-START").unwrap();
        let load = recipe.parameters.iter().find(|parameter| parameter.name == "load").unwrap();
        let refused =
            |words: &[&str]| values(recipe, &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let said = refused(&[&format!("load={}", load.high + 1.0)]).unwrap_err().to_string();
        let limits = format!("load of EL-START is {} to {} kA, not", load.low, load.high);
        assert!(said.contains(&limits) && said.contains("nothing was done"), "{said}");
        for (words, wanted) in [
            (&["load=NaN"][..], "not NaN"),
            (&["load"], "write name=number"),
            (&["load=4 kA"], "write name=number"),
            (&["laod=4"], "it has"),
            (&["load=4", "load=4"], "given twice"),
        ] {
            let said = refused(words).unwrap_err().to_string();
            assert!(said.contains(wanted), "{words:?}: {said}");
        }
        assert_eq!(refused(&["load=4"]).unwrap().len(), 1);
    }

    #[test]
    fn a_busy_unit_is_told_with_its_batch_and_the_order_that_makes_room() {
        let plant = plant();
        let recipe = plant.recipes.iter().find(|recipe| recipe.name == "EL-START").unwrap();
        for (state, order) in [
            (ProcState::Idle, "recipe order reset EL-START` takes it back"),
            (ProcState::Held, "recipe order stop EL-START"),
            (ProcState::Aborted, "recipe order reset EL-START` makes room"),
        ] {
            let all = [standing(recipe.id, 412, state)];
            let report = busy(&plant, recipe, on_unit(&plant, recipe, &all).unwrap());
            let (said, help) = (report.to_string(), report.help().unwrap().to_string());
            assert!(said.contains("B-0412 of EL-START") && said.contains(state.word()), "{said}");
            assert!(help.contains(order), "{help}");
        }
        let other = plant.recipes.iter().find(|other| other.unit != recipe.unit).unwrap();
        assert!(on_unit(&plant, recipe, &[standing(other.id, 1, ProcState::Running)]).is_none());
    }
}
