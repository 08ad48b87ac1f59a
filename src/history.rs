//! `catholyte history`: what was recorded, read from the data folder beside a running controller.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use historian::{Column, EventReader, SampleReader, SampleStore};
use miette::{Context as _, IntoDiagnostic as _, miette};

use crate::cli::{HistoryArgs, HistoryCommand, HistoryRange, HistoryTarget};
use crate::{clock, demo, plot};

pub fn run(args: &HistoryArgs) -> miette::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match &args.command {
        HistoryCommand::Query(range) => query(range, &mut out),
        HistoryCommand::Latest { tags, target } => latest(tags, target, &mut out),
        HistoryCommand::Plot(range) => trend(range, &mut out),
        HistoryCommand::Export(range) => export(range, &mut out),
        HistoryCommand::Events { range } => events(range, &mut out),
        HistoryCommand::Verify(target) => verify(target, &mut out),
    };
    // A reader that has seen enough (`| head`) is no failure.
    match result.and_then(|()| out.flush().into_diagnostic()) {
        Err(report) if report.chain().any(is_broken_pipe) => Ok(()),
        other => other,
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

pub fn open(data: Option<&Path>) -> miette::Result<SampleReader> {
    let folder = demo::data_or_newest(data)?;
    SampleStore::open_read_only(&folder.history())
        .into_diagnostic()
        .wrap_err_with(|| format!("no history in {}", folder.path().display()))
}

/// A range with the store it is asked of. `now` is the last moment that was recorded, so that the
/// same words work on a plant that has stopped.
struct Range {
    reader: SampleReader,
    from_ms: i64,
    to_ms: i64,
}

impl Range {
    fn open(range: &HistoryRange) -> miette::Result<Self> {
        let reader = open(range.target.data.as_deref())?;
        let (from_ms, to_ms) = span(&reader, &range.from, &range.to)?;
        Ok(Self { reader, from_ms, to_ms })
    }
}

/// A span in the words of the command line.
pub fn span(reader: &SampleReader, from: &str, to: &str) -> miette::Result<(i64, i64)> {
    let now = reader.storage().alive_ms.unwrap_or_else(clock::now_ms);
    let to_ms = clock::parse(to, now).map_err(|error| miette!("--to: {error}"))?;
    let from_ms = clock::parse(from, to_ms).map_err(|error| miette!("--from: {error}"))?;
    if from_ms >= to_ms {
        return Err(miette!("--from {from} is not before --to {to}"));
    }
    Ok((from_ms, to_ms))
}

fn named(range: &HistoryRange) -> miette::Result<&[String]> {
    if range.tags.is_empty() {
        return Err(miette!("name at least one tag; `catholyte history latest` lists them all"));
    }
    Ok(&range.tags)
}

fn query(args: &HistoryRange, out: &mut impl Write) -> miette::Result<()> {
    let range = Range::open(args)?;
    for tag in named(args)? {
        let series = range.reader.query_raw(tag, range.from_ms, range.to_ms, args.max).into_diagnostic()?;
        writeln!(out, "{tag}  {}", series.point.unit).into_diagnostic()?;
        for sample in &series.samples {
            let quality = if sample.quality.is_good() { "" } else { sample.quality.text() };
            writeln!(out, "  {}  {:>14.6}  {quality}", clock::local_text(sample.time_ms), sample.value)
                .into_diagnostic()?;
        }
        for gap in &series.gaps {
            let (from, to) = (clock::local_text(gap.from_ms), clock::local_text(gap.to_ms));
            writeln!(out, "  no data {from} .. {to}  {:?}", gap.reason).into_diagnostic()?;
        }
        if series.truncated {
            writeln!(out, "  more follows: raise --max or shorten the span").into_diagnostic()?;
        }
    }
    Ok(())
}

fn latest(tags: &[String], target: &HistoryTarget, out: &mut impl Write) -> miette::Result<()> {
    let reader = open(target.data.as_deref())?;
    let points = reader.names();
    let wanted: Vec<_> = if tags.is_empty() {
        points
    } else {
        let known: BTreeSet<&str> = points.iter().map(|point| point.name.as_str()).collect();
        for tag in tags {
            if !known.contains(tag.as_str()) {
                let near = model::nearest(tag, known.iter().copied());
                let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                return Err(miette!("no history of {tag}{hint}"));
            }
        }
        points.into_iter().filter(|point| tags.contains(&point.name)).collect()
    };
    for point in wanted {
        if let Some(sample) = reader.latest(&point.name).into_diagnostic()? {
            writeln!(
                out,
                "{:<16} {:>14.4} {:<8} {}  {}",
                point.name,
                sample.value,
                point.unit.symbol(),
                clock::local_text(sample.time_ms),
                if sample.quality.is_good() { "" } else { sample.quality.text() }
            )
            .into_diagnostic()?;
        }
    }
    Ok(())
}

fn trend(args: &HistoryRange, out: &mut impl Write) -> miette::Result<()> {
    let range = Range::open(args)?;
    for tag in named(args)? {
        let found =
            range.reader.query_columns(tag, range.from_ms, range.to_ms, plot::WIDTH * 2).into_diagnostic()?;
        let columns: Vec<Option<(f64, f64)>> = found.columns.iter().map(extremes).collect();
        writeln!(out, "{tag}  {}", found.point.unit).into_diagnostic()?;
        match plot::draw(&columns) {
            Some(picture) => {
                write!(out, "{picture}").into_diagnostic()?;
                let (from, to) = (clock::local_text(range.from_ms), clock::local_text(range.to_ms));
                writeln!(out, "{:>12} {from} .. {to}\n", "").into_diagnostic()?;
            }
            None => writeln!(out, "  nothing recorded in this span\n").into_diagnostic()?,
        }
    }
    Ok(())
}

fn extremes(column: &Column) -> Option<(f64, f64)> {
    (column.min.is_finite() && column.max.is_finite() && column.quality.is_usable())
        .then_some((column.min, column.max))
}

fn export(args: &HistoryRange, out: &mut impl Write) -> miette::Result<()> {
    let range = Range::open(args)?;
    writeln!(out, "time,tag,value,unit,quality").into_diagnostic()?;
    for tag in named(args)? {
        let series = range.reader.query_raw(tag, range.from_ms, range.to_ms, args.max).into_diagnostic()?;
        for sample in series.samples.iter().filter(|sample| sample.time_ms >= range.from_ms) {
            let time = clock::utc_text(sample.time_ms);
            let quality = sample.quality.text().split(',').next().unwrap_or_default();
            writeln!(out, "{time},{tag},{},{},{quality}", sample.value, series.point.unit)
                .into_diagnostic()?;
        }
        if series.truncated {
            return Err(miette!("{tag} has more than {} samples in this span: raise --max", args.max));
        }
    }
    Ok(())
}

fn events(args: &HistoryRange, out: &mut impl Write) -> miette::Result<()> {
    let range = Range::open(args)?;
    let folder = demo::data_or_newest(args.target.data.as_deref())?.history();
    let reader = EventReader::open(&folder).into_diagnostic()?;
    let tags: Vec<Option<&str>> = if args.tags.is_empty() {
        vec![None]
    } else {
        args.tags.iter().map(|tag| Some(tag.as_str())).collect()
    };
    for tag in tags {
        for event in reader.query(range.from_ms, range.to_ms, tag, &[], args.max).into_diagnostic()? {
            writeln!(
                out,
                "{}  {:<6} {:<14} {}  {}",
                clock::local_text(event.time_ms),
                event.kind.word(),
                event.tag,
                event.text,
                event.user
            )
            .into_diagnostic()?;
        }
    }
    Ok(())
}

fn verify(target: &HistoryTarget, out: &mut impl Write) -> miette::Result<()> {
    let folder = demo::data_or_newest(target.data.as_deref())?.history();
    let report = open(target.data.as_deref())?.verify().into_diagnostic()?;
    let events = match EventReader::open(&folder).and_then(|reader| reader.check()) {
        Ok(wrong) => wrong,
        Err(error) => vec![error.to_string()],
    };
    for wrong in &events {
        writeln!(out, "events: {wrong}").into_diagnostic()?;
    }
    for damage in &report.damage {
        writeln!(out, "{damage}").into_diagnostic()?;
    }
    for block in &report.damaged_blocks {
        let (from, to) = (clock::local_text(block.from_ms), clock::local_text(block.to_ms));
        let path = block.path.display();
        writeln!(out, "{path}: {} samples of {} are damaged, {from} .. {to}", block.samples, block.point)
            .into_diagnostic()?;
    }
    writeln!(out, "{} files, {} blocks, {} samples read", report.files, report.blocks, report.samples)
        .into_diagnostic()?;
    if report.is_sound() && events.is_empty() {
        writeln!(out, "the history is sound").into_diagnostic()
    } else {
        Err(miette!("the history is damaged; what could be read stays readable"))
    }
}
