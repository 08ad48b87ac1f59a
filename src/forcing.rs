//! `catholyte force`, `unforce`, `simulate` and `forced`: what a person puts for a time in place of what the field says or is told.

use miette::miette;
use model::wire::{BlockView, ForceStatus, PlantView, PointView};
use model::{Action, nearest};

use crate::cli::{ForceArgs, ForcedArgs, Format, SimulateArgs, UnforceArgs};
use crate::loops::seconds;
use crate::recipe::Remote;

pub fn force(args: &ForceArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let point = named(remote.plant(), &args.tag)?;
    let value = value(point, &args.value)?;
    let for_ms = milliseconds(&args.time)?;
    if let Some(force) = &point.force {
        let interlocks = interlocks(remote.plant(), &force.defeats);
        if !interlocks.is_empty() && force.role.is_some() {
            eprintln!("{} is read by {}, which will see what is forced", point.name, interlocks.join(", "));
        }
    }
    remote.execute(Action::Force { point: point.id, value, for_ms }, &args.reason)
}

pub fn unforce(args: &UnforceArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let point = named(remote.plant(), &args.tag)?.id;
    remote.execute(Action::Unforce { point }, &args.reason)
}

pub fn simulate(args: &SimulateArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let block = device(remote.plant(), &args.device)?;
    let for_ms = args.span.time.as_deref().map_or(Ok(0), milliseconds)?;
    if let Some(simulate) = block.simulate.as_ref().filter(|_| for_ms > 0) {
        let interlocks = interlocks(remote.plant(), &simulate.defeats);
        if !interlocks.is_empty() && simulate.role.is_some() {
            let names = interlocks.join(", ");
            eprintln!("the feedback of {} is read by {names}, which will see what is simulated", block.name);
        }
    }
    remote.execute(Action::Simulate { block: block.id, for_ms }, &args.reason)
}

/// A device by its name; a wrong one is answered with the nearest that can be simulated.
fn device<'p>(plant: &'p PlantView, name: &str) -> miette::Result<&'p BlockView> {
    plant.blocks.iter().find(|block| block.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let devices = plant.blocks.iter().filter(|block| block.simulate.is_some());
        match nearest(name, devices.map(|block| block.name.as_str())) {
            Some(near) => miette!("the controller's plant has no device {name}; did you mean {near}?"),
            None => miette!("the controller's plant has no device {name}"),
        }
    })
}

pub fn forced(args: &ForcedArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let frame = remote.snapshot()?;
    let forced = frame.forced.unwrap_or_default();
    match args.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&forced).map_err(|error| miette!("{error}"))?;
            println!("{text}");
        }
        Format::Text if forced.is_empty() => println!("nothing is forced"),
        Format::Text => {
            println!(
                "{:<16} {:>16} {:>16}  {:>8}  {:<12} defeats",
                "tag", "forced to", "field says", "left", "by"
            );
            for force in &forced {
                println!("{}", line(remote.plant(), force, frame.time_ms));
            }
        }
    }
    Ok(())
}

/// ` 0:29:50`
pub fn left(until_ms: i64, now_ms: i64) -> String {
    let left = (until_ms - now_ms).max(0) / 1000;
    format!("{:>2}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60)
}

fn line(plant: &PlantView, force: &ForceStatus, now_ms: i64) -> String {
    let Some(point) = plant.points.get(force.point.index()) else {
        return format!("{:?}: the plant has changed meanwhile, ask again", force.point);
    };
    let raw = match (force.raw, force.raw_quality) {
        (Some(raw), Some(quality)) => format!("{}{}", text(point, raw), quality.mark()),
        _ => "-".to_owned(),
    };
    let defeats = point.force.as_ref().map(|force| interlocks(plant, &force.defeats)).unwrap_or_default();
    let defeats = if defeats.is_empty() { "-".to_owned() } else { defeats.join(", ") };
    let follows = force.follows.and_then(|block| plant.blocks.get(block.index()));
    let follows = follows.map(|block| format!("  simulated with {}", block.name)).unwrap_or_default();
    format!(
        "{:<16} {:>16} {:>16}  {}  {:<12} {defeats}{follows}",
        point.name,
        text(point, force.value),
        raw,
        left(force.until_ms, now_ms),
        force.by
    )
}

fn text(point: &PointView, value: f64) -> String {
    match &point.words {
        Some((off, on)) => (if value >= 0.5 { on } else { off }).clone(),
        None => format!("{value:.*} {}", usize::from(point.decimals), point.unit.symbol()),
    }
}

/// A time that ends by itself; without an end it would be none.
pub fn milliseconds(text: &str) -> miette::Result<u32> {
    // More than the controller takes stays more than it takes, and the controller says what that is.
    match (seconds(text)? * 1e3) as u32 {
        0 => Err(miette!("--for {text} is over before it begins: write how long, as 20s, 15min or 2h")),
        for_ms => Ok(for_ms),
    }
}

/// A number in the point's unit, or one of the words of a switch.
pub fn value(point: &PointView, text: &str) -> miette::Result<f64> {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => return Ok(value),
        Ok(_) => {
            return Err(miette!("{text} is no number that {} could have: write a number", point.name));
        }
        Err(_) => {}
    }
    match &point.words {
        Some((off, _)) if off.eq_ignore_ascii_case(text) => Ok(0.0),
        Some((_, on)) if on.eq_ignore_ascii_case(text) => Ok(1.0),
        Some((off, on)) => Err(miette!("{} is {off} or {on}, not \"{text}\"", point.name)),
        None if point.unit.symbol().is_empty() => {
            Err(miette!("\"{text}\" is no value for {}: write a number", point.name))
        }
        None => Err(miette!(
            "\"{text}\" is no value for {}: write a number in {}, without the unit",
            point.name,
            point.unit.symbol()
        )),
    }
}

fn interlocks<'p>(plant: &'p PlantView, ids: &[model::InterlockId]) -> Vec<&'p str> {
    ids.iter().filter_map(|id| plant.interlocks.get(id.index())).map(|found| found.name.as_str()).collect()
}

/// A tag by its name; a wrong one is answered with the nearest that can be forced.
fn named<'p>(plant: &'p PlantView, name: &str) -> miette::Result<&'p PointView> {
    plant.points.iter().find(|point| point.name == name).ok_or_else(|| {
        let names =
            plant.points.iter().filter(|point| point.force.is_some()).map(|point| point.name.as_str());
        match nearest(name, names) {
            Some(near) => miette!("the controller's plant has no tag {name}; did you mean {near}?"),
            None => miette!("the controller's plant has no tag {name}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{line, milliseconds, named, value};
    use model::wire::ForceStatus;
    use model::{PointId, Quality};

    fn plant() -> model::wire::PlantView {
        control::plant_view(&crate::check::compile_named(None).unwrap())
    }

    #[test]
    fn a_value_is_a_number_or_a_word_of_the_switch() {
        let plant = plant();
        let switch =
            plant.points.iter().find(|point| point.words.is_some() && point.force.is_some()).unwrap();
        let (off, on) = switch.words.clone().unwrap();
        assert_eq!(value(switch, &off).unwrap(), 0.0);
        assert_eq!(value(switch, &on.to_uppercase()).unwrap(), 1.0);
        assert!(value(switch, "half").unwrap_err().to_string().contains(&on));
        let level = plant.points.iter().find(|point| point.words.is_none() && point.force.is_some()).unwrap();
        assert_eq!(value(level, " -4.5 ").unwrap(), -4.5);
        assert!(value(level, "12 bar").unwrap_err().to_string().contains("without the unit"));
        for no_number in ["NaN", "inf", "-inf"] {
            let refused = value(level, no_number).unwrap_err().to_string();
            assert!(refused.contains(no_number) && refused.contains("write a number"), "{refused}");
        }
    }

    #[test]
    fn a_time_without_an_end_is_told_as_one() {
        assert_eq!(milliseconds("30min").unwrap(), 1_800_000);
        for none in ["0s", "0", "0.0001s"] {
            assert!(milliseconds(none).unwrap_err().to_string().contains("over before it begins"), "{none}");
        }
    }

    #[test]
    fn the_list_says_value_field_time_person_and_interlock() {
        let plant = plant();
        let defeating = |point: &&model::wire::PointView| {
            point.words.is_none() && point.force.as_ref().is_some_and(|force| !force.defeats.is_empty())
        };
        let point = plant.points.iter().find(defeating).unwrap();
        let force = ForceStatus {
            point: point.id,
            value: point.low,
            raw: Some(point.high),
            raw_quality: Some(Quality::BadSensorFailure),
            since_ms: 0,
            until_ms: 3_725_000,
            by: "j.ortiz".into(),
            follows: None,
        };
        let line = line(&plant, &force, 0);
        let interlock = &plant.interlocks[point.force.as_ref().unwrap().defeats[0].index()].name;
        for part in [point.name.as_str(), "1:02:05", "j.ortiz", "!", interlock] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let gone = ForceStatus { point: PointId(u32::MAX), ..force };
        assert!(super::line(&plant, &gone, 0).contains("ask again"));
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest_tag() {
        let error = named(&plant(), "TT-32x").unwrap_err().to_string();
        assert!(error.contains("did you mean TT-32"), "{error}");
    }
}
