//! `catholyte write`, `alarms`, `ack`, `shelve`, `bypass`, `reset` and `why`: an operator's orders to a controller that
//! runs. They go through the API as a person's do on the screen, with the same rights and the same audit log.

use miette::miette;
use model::wire::{
    AlarmStatus, AlarmView, BlockKind, Frame, InterlockStatus, InterlockView, PlantView, PointView,
    ServiceStatus, Why,
};
use model::{Action, AlarmState, Mode, nearest};

use crate::cli::{
    AckArgs, AlarmsArgs, BypassArgs, BypassedArgs, Format, OutOfServiceArgs, ResetArgs, ShelveArgs, Span,
    WhyArgs, WriteArgs,
};
use crate::clock;
use crate::forcing::{left, milliseconds, value};
use crate::recipe::Remote;

pub fn write(args: &WriteArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let action = match (&args.value, &args.by) {
        (Some(value), _) => written(remote.plant(), &args.point, value)?,
        (None, Some(by)) => nudged(remote.plant(), &remote.snapshot()?, &args.point, by)?,
        (None, None) => return Err(miette!("say the value, or how far with --by")),
    };
    remote.execute(action, &args.reason)
}

pub fn ack(args: &AckArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    // All names first: nothing is done of an order that is half understood.
    let alarms = args.alarms.iter().map(|name| alarm(remote.plant(), name)).collect::<Result<Vec<_>, _>>()?;
    alarms.iter().try_for_each(|alarm| remote.execute(Action::Acknowledge { alarm: alarm.id }, ""))
}

pub fn shelve(args: &ShelveArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let for_ms = length_ms(&args.span)?;
    remote.execute(Action::Shelve { alarm: alarm(remote.plant(), &args.alarm)?.id, for_ms }, &args.reason)
}

pub fn bypass(args: &BypassArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let for_ms = length_ms(&args.span)?;
    let interlock = interlock(remote.plant(), &args.interlock)?.id;
    remote.execute(Action::Bypass { interlock, for_ms }, &args.reason)
}

/// The list of what protects nothing just now.
pub fn bypassed(args: &BypassedArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let frame = remote.snapshot()?;
    let mut bypassed = frame.interlocks.unwrap_or_default();
    bypassed.retain(|status| status.bypassed_until_ms.is_some());
    match args.format {
        Format::Json => print_json(&bypassed)?,
        Format::Text if bypassed.is_empty() => println!("nothing is bypassed"),
        Format::Text => {
            println!("{:<16} {:>8}  {:<12} {:<7} protects", "interlock", "left", "by", "cause");
            for status in &bypassed {
                println!("{}", bypassed_line(remote.plant(), status, frame.time_ms));
            }
        }
    }
    Ok(())
}

/// The list of what stands still for maintenance.
pub fn out_of_service(args: &OutOfServiceArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let frame = remote.snapshot()?;
    let out = frame.out_of_service.unwrap_or_default();
    match args.format {
        Format::Json => print_json(&out)?,
        Format::Text if out.is_empty() => println!("nothing is out of service"),
        Format::Text => {
            println!("{:<16} {:>8}  {:<12} what", "device", "for", "by");
            for status in &out {
                println!("{}", service_line(remote.plant(), status, frame.time_ms));
            }
        }
    }
    Ok(())
}

fn service_line(plant: &PlantView, status: &ServiceStatus, now_ms: i64) -> String {
    let Some(block) = plant.blocks.get(status.block.index()) else {
        return format!("{:?}: the plant has changed meanwhile, ask again", status.block);
    };
    let since = status.since_ms.map_or_else(|| format!("{:>8}", "-"), |since| left(now_ms, since));
    format!("{:<16} {since}  {:<12} {}", block.name, status.by.as_deref().unwrap_or("-"), block.description)
}

fn bypassed_line(plant: &PlantView, status: &InterlockStatus, now_ms: i64) -> String {
    let Some(interlock) = plant.interlocks.get(status.interlock.index()) else {
        return format!("{:?}: the plant has changed meanwhile, ask again", status.interlock);
    };
    format!(
        "{:<16} {}  {:<12} {:<7} {}",
        interlock.name,
        left(status.bypassed_until_ms.unwrap_or(now_ms), now_ms),
        status.bypassed_by.as_deref().unwrap_or("?"),
        if status.active { "STANDS" } else { "absent" },
        interlock.description
    )
}

/// No length at all ends it.
fn length_ms(span: &Span) -> miette::Result<u32> {
    span.time.as_deref().map_or(Ok(0), milliseconds)
}

pub fn reset(args: &ResetArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let interlock = interlock(remote.plant(), &args.interlock)?.id;
    remote.execute(Action::ResetInterlock { interlock }, &args.reason)
}

pub fn why(args: &WhyArgs) -> miette::Result<()> {
    if args.name.trim().is_empty() {
        return Err(miette!(
            "name what to explain: a loop, device, interlock, alarm, phase, recipe or any point, as FIC-301"
        ));
    }
    let why: Why = Remote::connect(&args.target)?.get(&["why", &args.name])?;
    if args.format == Format::Json {
        return print_json(&why);
    }
    println!("{}", why.title);
    for line in why.shown() {
        let mark = match line.holds {
            Some(true) => "*",
            Some(false) => "-",
            None => " ",
        };
        println!("{}{mark} {}", "  ".repeat(usize::from(line.indent)), line.text());
    }
    Ok(())
}

pub fn alarms(args: &AlarmsArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let plant = remote.plant();
    let mut listed: Vec<(&AlarmView, AlarmStatus)> = Vec::new();
    for status in remote.snapshot()?.alarms.unwrap_or_default() {
        let known = plant.alarms.get(status.alarm.index());
        listed.push((known.ok_or_else(|| miette!("the plant has changed meanwhile, ask again"))?, status));
    }
    // What the plant's design suppresses just now is no news, as on the screen.
    listed.retain(|(_, status)| !matches!(status.state, AlarmState::Normal | AlarmState::Suppressed));
    listed.sort_by_key(|(alarm, status)| (alarm.priority, -status.since_ms));
    match args.format {
        Format::Json => print_json(&listed.iter().map(|(_, status)| status).collect::<Vec<_>>()),
        Format::Text if listed.is_empty() => {
            println!("no alarm stands or waits");
            Ok(())
        }
        Format::Text => {
            for (alarm, status) in &listed {
                println!("{}", line(alarm, status));
            }
            Ok(())
        }
    }
}

fn line(alarm: &AlarmView, status: &AlarmStatus) -> String {
    format!(
        "{:<8}  {:<10}  {:<18} {}  {}",
        alarm.priority.word(),
        status.state.word(),
        alarm.name,
        clock::local_text(status.since_ms),
        alarm.text
    )
}

fn print_json<T: serde::Serialize>(value: &T) -> miette::Result<()> {
    println!("{}", serde_json::to_string_pretty(value).map_err(|error| miette!("{error}"))?);
    Ok(())
}

/// The order that a person means by a point and a word.
fn written(plant: &PlantView, name: &str, text: &str) -> miette::Result<Action> {
    if let Some((block, _)) = name.rsplit_once('.').filter(|(_, part)| part.eq_ignore_ascii_case("MODE"))
        && let Some(block) = named(plant.blocks.iter(), block, |block| &block.name)
        && !block.modes.is_empty()
    {
        let mode = Mode::parse(text).filter(|mode| block.modes.contains(mode));
        let words = || block.modes.iter().map(|mode| mode.short()).collect::<Vec<_>>().join(", ");
        let mode =
            mode.ok_or_else(|| miette!("{} has no mode \"{text}\": it has {}", block.name, words()))?;
        return Ok(Action::Mode { block: block.id, mode });
    }
    let point = writable(plant, name)?;
    Ok(Action::Write { point: point.id, value: commanded(plant, point, text)? })
}

/// From where the value stands, by so much; no further than it may be written.
fn nudged(plant: &PlantView, frame: &Frame, name: &str, by: &str) -> miette::Result<Action> {
    let point = writable(plant, name)?;
    let limits = point.write.as_ref().filter(|_| point.words.is_none() && !is_mode(plant, point));
    let limits =
        limits.ok_or_else(|| miette!("{} is no number that could be raised: write its word", point.name))?;
    let (number, of_range) = by.trim().strip_suffix('%').map_or((by, false), |number| (number, true));
    let number = number.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number != 0.0);
    let number = number.ok_or_else(|| {
        miette!("\"{by}\" is no change: write a number such as 2 or -0.5, or a share such as 1%")
    })?;
    let step = if of_range { number * 0.01 * (limits.high - limits.low) } else { number };
    let now = frame.values.iter().find(|value| value.0 == point.id && value.2.is_usable());
    let now = now
        .ok_or_else(|| miette!("{} has no usable value to go on from: write the value itself", point.name))?
        .1;
    Ok(Action::Write { point: point.id, value: (now + step).clamp(limits.low, limits.high) })
}

fn is_mode(plant: &PlantView, point: &PointView) -> bool {
    plant.blocks.iter().any(|block| block.points.get("MODE") == Some(&point.id))
}

/// A value, or the word of a device's command: as `why`, interlocks and phases say it, whatever words its tag has.
fn commanded(plant: &PlantView, point: &PointView, text: &str) -> miette::Result<f64> {
    let device = plant.blocks.iter().find(|block| block.points.get("CMD") == Some(&point.id));
    let (off, on) = match device.map(|block| block.kind) {
        Some(BlockKind::Motor) => ("stop", "start"),
        Some(BlockKind::Valve) => ("close", "open"),
        Some(BlockKind::Breaker) => ("open", "close"),
        _ => return value(point, text),
    };
    let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
    if is(on) || is("on") {
        return Ok(1.0);
    }
    if is(off) || is("off") {
        return Ok(0.0);
    }
    value(point, text).map_err(|error| match text.trim().parse::<f64>() {
        Ok(_) => error,
        Err(_) => miette!("{} takes {on} or {off}, not \"{text}\"", point.name),
    })
}

/// What has this name, or else the one that has it but for upper and lower case; never one of two such.
fn named<'p, T>(
    mut all: impl Iterator<Item = &'p T> + Clone,
    name: &str,
    of: impl Fn(&T) -> &String,
) -> Option<&'p T> {
    let mut alike = all.clone().filter(|one| of(one).eq_ignore_ascii_case(name));
    all.find(|one| of(one) == name).or_else(|| alike.next().filter(|_| alike.next().is_none()))
}

/// A point that people may write; another is answered with what may be written of it, or with the nearest name.
fn writable<'p>(plant: &'p PlantView, name: &str) -> miette::Result<&'p PointView> {
    let writable = || plant.points.iter().filter(|point| point.write.is_some());
    let exact = plant.points.iter().find(|point| point.name == name);
    if let Some(found) = exact.or_else(|| named(writable(), name, |point| &point.name))
        && found.write.is_some()
    {
        return Ok(found);
    }
    let block = name.split('.').next().unwrap_or(name);
    let parts: Vec<&str> = writable()
        .filter(|point| point.name.split_once('.').is_some_and(|(of, _)| of.eq_ignore_ascii_case(block)))
        .map(|point| point.name.as_str())
        .collect();
    if !parts.is_empty() {
        return Err(miette!("{name} cannot be written; what can be of {block}: {}", parts.join(", ")));
    }
    if plant.points.iter().any(|point| point.name.eq_ignore_ascii_case(name)) {
        return Err(miette!(
            "{name} cannot be written: it is measured or worked out; a tag of the field can be forced (`catholyte force`)"
        ));
    }
    Err(unknown("point", name, writable().map(|point| point.name.as_str())))
}

fn alarm<'p>(plant: &'p PlantView, name: &str) -> miette::Result<&'p AlarmView> {
    let names = || plant.alarms.iter().map(|alarm| alarm.name.as_str());
    named(plant.alarms.iter(), name, |alarm| &alarm.name).ok_or_else(|| {
        let of_tag: Vec<&str> = plant
            .alarms
            .iter()
            .filter(|alarm| alarm.tag.eq_ignore_ascii_case(name))
            .map(|alarm| alarm.name.as_str())
            .collect();
        if of_tag.is_empty() {
            return unknown("alarm", name, names());
        }
        miette!("{name} is a tag; its alarms are {}", of_tag.join(", "))
    })
}

fn interlock<'p>(plant: &'p PlantView, name: &str) -> miette::Result<&'p InterlockView> {
    named(plant.interlocks.iter(), name, |interlock| &interlock.name).ok_or_else(|| {
        unknown("interlock", name, plant.interlocks.iter().map(|interlock| interlock.name.as_str()))
    })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> miette::Report {
    match nearest(name, known) {
        Some(near) => miette!("the controller's plant has no {what} {name}; did you mean {near}?"),
        None => miette!("the controller's plant has no {what} {name}"),
    }
}

#[cfg(test)]
mod why_of_everything;

#[cfg(test)]
mod tests {
    use super::{alarm, interlock, nudged, written};
    use crate::cli::{ApiTarget, Cli, Format, WhyArgs};
    use clap::CommandFactory as _;
    use model::wire::{BlockKind, BlockView, Frame, PointValue, SystemStatus};
    use model::{Action, Mode, Quality};

    fn plant() -> model::wire::PlantView {
        control::plant_view(&crate::check::compile_named(None).unwrap())
    }

    #[test]
    fn a_point_takes_a_number_and_a_mode_its_word() {
        let plant = plant();
        assert!(matches!(written(&plant, "FIC-301.SP", "11.2").unwrap(), Action::Write { value: 11.2, .. }));
        let mode = written(&plant, "fic-301.mode", "Manual").unwrap();
        assert!(matches!(mode, Action::Mode { mode: Mode::Manual, .. }));
        let refused = written(&plant, "FIC-301.MODE", "fast").unwrap_err().to_string();
        assert!(refused.contains("it has") && refused.contains("AUTO"), "{refused}");
        for no_number in ["NaN", "inf", "much"] {
            let refused = written(&plant, "FIC-301.SP", no_number).unwrap_err().to_string();
            assert!(refused.contains("write a number"), "{refused}");
        }
    }

    fn frame(values: Vec<PointValue>) -> Frame {
        Frame {
            tick: 1,
            time_ms: 0,
            full: true,
            values,
            alarms: None,
            interlocks: None,
            batches: None,
            forced: None,
            out_of_service: None,
            limited: None,
            system: SystemStatus::default(),
        }
    }

    #[test]
    fn a_value_is_raised_and_lowered_from_where_it_stands_and_no_further_than_it_may() {
        let plant = plant();
        let point = plant.points.iter().find(|point| point.name == "FIC-301.OUT").unwrap();
        let (low, high) = point.write.as_ref().map(|write| (write.low, write.high)).unwrap();
        let frame = |value: f64, quality| frame(vec![PointValue(point.id, value, quality)]);
        let by = |from: f64, by: &str| match nudged(&plant, &frame(from, Quality::Good), "fic-301.out", by)
            .unwrap()
        {
            Action::Write { point: id, value } if id == point.id => value,
            other => panic!("{other:?}"),
        };
        let middle = 0.5 * (low + high);
        assert_eq!(by(middle, "2"), middle + 2.0);
        assert_eq!(by(middle, "-0.5"), middle - 0.5);
        assert!((by(middle, "-5 %") - (middle - 0.05 * (high - low))).abs() < 1e-9);
        assert_eq!((by(high - 1.0, "3"), by(low + 1.0, "-3")), (high, low));
        for (name, change, words) in [
            ("FIC-301.OUT", "much", "is no change"),
            ("FIC-301.OUT", "0", "is no change"),
            ("FIC-301.OUT", "NaN", "is no change"),
            ("FIC-301.MODE", "1", "write its word"),
            ("FIC-301.PV", "1", "cannot be written"),
        ] {
            let refused =
                nudged(&plant, &frame(middle, Quality::Good), name, change).unwrap_err().to_string();
            assert!(refused.contains(words), "{name} {change}: {refused}");
        }
        let refused =
            nudged(&plant, &frame(middle, Quality::BadCalculation), "FIC-301.OUT", "1").unwrap_err();
        assert!(refused.to_string().contains("no usable value"), "{refused}");
    }

    #[test]
    fn a_device_takes_its_word_whatever_words_the_tag_of_its_command_has() {
        let mut plant = plant();
        let command = |plant: &model::wire::PlantView, kind: BlockKind| {
            let has = |block: &&BlockView| block.kind == kind && block.points.contains_key("CMD");
            plant.blocks.iter().find(has).unwrap().points["CMD"]
        };
        for (kind, off, on) in [
            (BlockKind::Motor, "stop", "start"),
            (BlockKind::Valve, "close", "open"),
            (BlockKind::Breaker, "open", "close"),
        ] {
            let id = command(&plant, kind);
            plant.points[id.index()].words = Some(("de-energised".into(), "energised".into()));
            let name = plant.points[id.index()].name.clone();
            for (word, wanted) in
                [(off, 0.0), (on, 1.0), ("OFF", 0.0), ("on", 1.0), ("energised", 1.0), ("1", 1.0)]
            {
                match written(&plant, &name, word).unwrap() {
                    Action::Write { point, value } => assert_eq!((point, value), (id, wanted), "{word}"),
                    other => panic!("{other:?}"),
                }
            }
            let refused = written(&plant, &name, "half").unwrap_err().to_string();
            assert!(refused.contains(&format!("takes {on} or {off}")), "{refused}");
        }
    }

    #[test]
    fn why_of_nothing_says_what_can_be_named() {
        let target = ApiTarget {
            url: Some("http://127.0.0.1:9".into()),
            user: Some("x".into()),
            password_file: Some("none".into()),
        };
        let args = WhyArgs { name: " ".into(), format: Format::Text, target };
        assert!(super::why(&args).unwrap_err().to_string().starts_with("name what to explain"));
    }

    #[test]
    fn the_examples_of_the_help_are_true_of_the_plant_that_ships() {
        let plant = plant();
        let cli = Cli::command();
        let help = |name: &str| cli.find_subcommand(name).unwrap().get_after_help().unwrap().to_string();
        let examples = |name: &str| -> Vec<Vec<String>> {
            let text = help(name);
            let lines =
                text.lines().filter_map(|line| line.trim().strip_prefix(&format!("catholyte {name} ")));
            lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
        };
        assert_eq!(examples("write").len(), 6);
        let low = plant.points.iter().map(|point| PointValue(point.id, point.low, Quality::Good));
        let frame = frame(low.collect());
        for example in examples("write") {
            let order = match example[1].as_str() {
                "--by" => nudged(&plant, &frame, &example[0], &example[2]),
                value => written(&plant, &example[0], value),
            };
            order.unwrap_or_else(|error| panic!("{example:?}: {error}"));
        }
        for example in examples("bypass") {
            assert!(interlock(&plant, &example[0]).unwrap().bypass_role.is_some(), "{example:?}");
        }
        for example in examples("shelve").iter().chain(&examples("ack")) {
            alarm(&plant, &example[0]).unwrap_or_else(|error| panic!("{example:?}: {error}"));
        }
    }

    #[test]
    fn what_cannot_be_written_is_answered_with_what_can() {
        let plant = plant();
        let refused = |name: &str| written(&plant, name, "1").unwrap_err().to_string();
        assert!(refused("FIC-301").contains("FIC-301.SP"), "{}", refused("FIC-301"));
        assert!(refused("FIC-301.PV").contains("FIC-301.SP"));
        assert!(refused("TT-311").contains("catholyte force"), "{}", refused("TT-311"));
        assert!(refused("FIC-301x.SP").contains("did you mean FIC-301.SP?"));
    }

    #[test]
    fn a_tag_in_place_of_its_alarm_is_answered_with_its_alarms() {
        let plant = plant();
        let one = &plant.alarms[0];
        assert_eq!(alarm(&plant, &one.name.to_lowercase()).unwrap().id, one.id);
        let refused = alarm(&plant, &one.tag).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(&one.name), "{refused}");
        let refused = interlock(&plant, "IL-30x").map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("did you mean IL-30"), "{refused}");
    }
}
