//! The matrix as one page of HTML that needs nothing besides: to look at, to print on A3 and to sign.

use std::fmt::Write as _;

use control::matrix::{Matrix, Row};
use control::plant::Plant;

use super::{bypass_words, delay, mark, reset_words, tags};
use crate::check::hex;

const STYLE: &str = "\
@page { size: A3 landscape; margin: 12mm }
body { font: 12px/1.35 'Helvetica Neue', Arial, sans-serif; color: #1b1f24; margin: 2em }
h1 { font-size: 17px; margin: 0 } h1 small { font-weight: normal; color: #57606a }
section { break-after: page; margin-bottom: 3em }
table { border-collapse: collapse; margin: .8em 0 }
td, th { border: 1px solid #c4ccd4; padding: 2px 6px; text-align: left; vertical-align: bottom; font-weight: normal }
thead th { background: #f3f5f7 }
th.up { padding: 6px 2px; width: 20px; min-width: 20px }
th.up span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap }
tr.group td { background: #e6ebf0; font-weight: 600; border-top: 2px solid #57606a } tr.group td em { font-weight: normal }
td.x { text-align: center; padding: 2px 0; color: #c4ccd4 }
td.S { background: #b3261e; color: #fff; font-weight: 700 } td.N { background: #f6c445; color: #1b1f24; font-weight: 700 }
td.right { text-align: right; white-space: nowrap } td.nowrap { white-space: nowrap } code { font-size: 11px }
p.legend { color: #57606a } p.legend b { color: #1b1f24 }
table.sign td { width: 16em; height: 3em; vertical-align: top; color: #57606a }";

pub fn html(plant: &Plant, found: &[Matrix]) -> String {
    let title = safe(&plant.title);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Cause and effect: {title}</title>\n\
         <style>\n{STYLE}\n</style>\n"
    );
    for matrix in found {
        section(plant, matrix, &mut text);
    }
    text.push_str("</html>\n");
    text
}

fn section(plant: &Plant, matrix: &Matrix, text: &mut String) {
    let _ = writeln!(
        text,
        "<section>\n<h1>Cause and effect matrix: {} <small>{}, plant text {}</small></h1>",
        safe(&matrix.heading()),
        safe(&plant.title),
        &hex(&plant.hash)[..16]
    );
    text.push_str("<table>\n<thead><tr>");
    for head in ["no", "cause", "tag", "trips at", "vote", "delay", "only while", "bad input"] {
        let _ = write!(text, "<th>{head}</th>");
    }
    for effect in &matrix.effects {
        let _ = write!(
            text,
            "<th class=\"up\" title=\"{}\"><span>{} <b>{}</b></span></th>",
            safe(&effect.description),
            safe(&effect.tag),
            safe(&effect.position)
        );
    }
    text.push_str("</tr></thead>\n");
    for protection in &matrix.interlocks {
        let unit = protection.equipment.as_ref().map_or(String::new(), |unit| format!(" ({unit})"));
        let _ = writeln!(
            text,
            "<tr class=\"group\"><td colspan=\"{}\">{} {}{} <em>{}, {}</em></td></tr>",
            8 + matrix.effects.len(),
            safe(&protection.name),
            safe(&protection.description),
            safe(&unit),
            reset_words(protection),
            bypass_words(protection)
        );
        for row in &protection.causes {
            cause(row, text);
            for effect in 0..matrix.effects.len() {
                let mark = mark(protection);
                let _ = if protection.effects.contains(&effect) {
                    write!(text, "<td class=\"x {mark}\">{mark}</td>")
                } else {
                    write!(text, "<td class=\"x\">&middot;</td>")
                };
            }
            text.push_str("</tr>\n");
        }
    }
    text.push_str(
        "</table>\n<p class=\"legend\"><b>S</b> stored: the effect stays until a person resets the interlock. \
         <b>N</b> not stored: it ends with its cause.</p>\n<table>\n\
         <thead><tr><th>effect</th><th>position</th><th>kind</th><th>what it is</th></tr></thead>\n",
    );
    for effect in &matrix.effects {
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            safe(&effect.tag),
            safe(&effect.position),
            effect.kind.word(),
            safe(&effect.description)
        );
    }
    text.push_str(
        "</table>\n<table class=\"sign\"><tr><td>prepared</td><td>checked</td><td>approved</td></tr></table>\n</section>\n",
    );
}

fn cause(row: &Row, text: &mut String) {
    let trip =
        if row.trip.is_empty() { format!("<code>{}</code>", safe(&row.condition)) } else { safe(&row.trip) };
    let _ = write!(
        text,
        "<tr><td class=\"right\">{}</td><td class=\"nowrap\">{}</td><td class=\"nowrap\">{}</td><td>{trip}</td><td>{}</td>\
         <td class=\"right\">{}</td><td>{}</td><td>{}</td>",
        row.number,
        safe(&row.text),
        safe(&tags(row)),
        row.vote,
        delay(row),
        safe(&row.only_while.join("; ")),
        if row.trips_on_bad { "trips" } else { "ignored" }
    );
}

fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
