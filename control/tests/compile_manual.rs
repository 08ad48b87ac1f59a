//! What docs/plant-folder.md says of units, keys and expressions is what the compiler does.

mod support;

use std::fmt::Write;

use control::compile::{schema, schema_kinds};
use model::{Dimension, Unit};
use support::text_loop::{TUNED, text_loop};

const MANUAL: &str = include_str!("../../docs/plant-folder.md");

/// The manual from this heading to the next.
fn chapter(heading: &str) -> &'static str {
    let begin = MANUAL.find(heading).unwrap_or_else(|| panic!("no chapter {heading}"));
    let text = &MANUAL[begin + heading.len()..];
    &text[..text.find("\n#").unwrap_or(text.len())]
}

/// `mass concentration` of `MassConcentration`.
fn words(dimension: Dimension) -> String {
    let mut words = String::new();
    for letter in format!("{dimension:?}").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    let whole = words.strip_prefix("ph").filter(|rest| rest.is_empty() || rest.starts_with(' '));
    whole.map_or(words.clone(), |rest| format!("pH{rest}"))
}

#[test]
fn the_manual_has_every_unit_that_the_compiler_knows() {
    let mut rows: Vec<(Dimension, Vec<&str>)> = Vec::new();
    for unit in Unit::all() {
        match rows.iter_mut().find(|row| row.0 == unit.dimension()) {
            Some((_, symbols)) => symbols.push(unit.symbol()),
            None => rows.push((unit.dimension(), vec![unit.symbol()])),
        }
    }
    let mut table = String::from("| of | units |\n| --- | --- |\n");
    for (dimension, symbols) in rows {
        let symbols: Vec<String> = symbols
            .iter()
            .map(|symbol| if symbol.is_empty() { "`\"\"`".into() } else { format!("`{symbol}`") })
            .collect();
        writeln!(table, "| {} | {} |", words(dimension), symbols.join(" ")).unwrap();
    }
    assert!(chapter("### Units of measurement\n").contains(&table), "write this into the manual:\n{table}");
}

#[test]
fn the_manual_says_which_function_blocks_have_a_unit_of_their_own() {
    let chapter = chapter("### Function blocks\n");
    let begins = |line: &'static str| line.strip_prefix('[')?.split_once('.').map(|(kind, _)| kind);
    let kinds: Vec<&str> = chapter.lines().filter_map(begins).collect();
    assert!(kinds.len() > 15 && kinds.iter().all(|kind| schema_kinds().contains(kind)), "{kinds:?}");
    let schema = schema();
    let own = |kind: &&str| {
        let table = schema.iter().find(|table| table.path == **kind).unwrap();
        table.keys.iter().any(|key| key.name == "unit")
    };
    let (own, others): (Vec<&str>, Vec<&str>) = kinds.into_iter().partition(own);
    let sentence =
        chapter.split(". ").find(|sentence| sentence.contains("`unit` and `range` of their own")).unwrap();
    assert!(own.iter().all(|kind| sentence.contains(&format!("[{kind}]"))), "{own:?}: {sentence}");
    assert!(others.iter().all(|kind| !sentence.contains(&format!("[{kind}]"))), "{sentence}");
}

#[test]
fn the_feed_forward_of_the_manual_fits_the_output_of_its_loop() {
    let line = chapter("### Options of a PID\n").lines().find(|line| line.starts_with("ff = ")).unwrap();
    let flow = "[tag.FT-302]\ndescription = \"Feed\"\nunit = \"m3/h\"\nrange = [0, 4]\n\
                io = { device = \"PLC\", input = 30, raw = [0, 27648] }\n";
    let loops = TUNED.to_string()
        + &format!(
            "{flow}[pid.LIC-9]\npv = \"LT-2\"\naction = \"reverse\"\nkc = 1\nout_unit = \"%\"\nout_range = [0, 100]\n{line}\n"
        );
    let mut h = text_loop(&loops).unwrap_or_else(|found| panic!("{found:#?}"));
    h.all_good(0.0);
    h.run(20);
    let flow = h.point("FT-302");
    h.set(flow, 1.0);
    h.run(20);
    assert_eq!(h.value("LIC-9.FF"), 25.0, "a quarter of 4 m3/h is a quarter of the valve");
}
