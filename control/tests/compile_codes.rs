//! Every code of a diagnostic has a case somewhere in these tests, and those that stand nowhere else have theirs here.

mod folder;

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use folder::{place, small};
use model::{Diagnostic, Severity, Source};

/// File, text and what stands in its place; the code, where it must point, a part of its remedy.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // one row a code
const CASES: &[Case] = &[
    ("io.toml", "opc.tcp://127.0.0.1:4840/", "http://127.0.0.1", "bad-endpoint", "io.toml:", "write"),
    ("io.toml", "127.0.0.1:5020", "tcp://127.0.0.1:5020", "bad-endpoint", "io.toml:", "write \"127.0.0.1:5020\""),
    ("io.toml", "127.0.0.1:5020", "127.0.0.1", "bad-endpoint", "io.toml:", "write"),
    ("fill.phase", "HOLDING\n  STEP \"Close\"\n    XV-301 := close\n", "HOLDING\n", "empty-section", "fill.phase:", "remove HOLDING"),
    ("fill.phase", "  STEP \"Feed off\"", "  STEP \"Pause\"\n  STEP \"Feed off\"", "empty-step", "fill.phase:", "add what it does"),
    ("loops.toml", "IT-301 / 1 kA * 2 %", "POW(-1, 0.5) * 2 %", "no-result", "loops.toml:", "a whole exponent"),
    ("loops.toml", "IT-301 / 1 kA * 2 %", "POW(0, -2) * 2 %", "no-result", "loops.toml:", "the base"),
    ("loops.toml", "sp_rate = \"1 K/min\"", "sp_rate = \"1\"", "unit-mismatch", "loops.toml:", "such as \"1 K/min\""),
    ("safety.toml", "TT-311 > 95 degC FOR 5 s", "RATE(TT-311, 30 s) > 1 dK/min FOR 5 s", "unknown-unit", "safety.toml:", "did you mean `K/min`"),
    ("fill.phase", "    P-311 := start\n", "    P-311 := start\n    P-311 := stop\n", "two-actions", "fill.phase:16:", "STEP of its own"),
    ("fill.phase", "    FIC-301.SP := flow\n", "    FIC-301.SP := flow\n    FIC-301.SP := 2 m3/h\n", "two-actions", "fill.phase:10:", "STEP of its own"),
    ("io.toml", "for = \"n in 1..=3\"\n", "", "missing-parameter", "io.toml:", "for = \"n in 1..=24\""),
    ("fill.phase", "RUNNING\n", "STOPPING\n", "missing-running", "fill.phase:", "add `RUNNING`"),
    ("fill.phase", "HOLD \"level does not rise\"", "HOLD \" \"", "missing-text", "fill.phase:", "where to look"),
    ("plant.toml", "[plant]\nname = \"small\"\ntitle = \"SMALL PLANT\"\nperiod = \"10 ms\"\n", "", "no-plant", "", "write plant.toml"),
    ("io.toml", "timeout = \"500 ms\"", "timeout = \"soon\"", "not-a-quantity", "io.toml:", "30 s"),
    ("safety.toml", "\"TV-311 := 0 %\"", "\"TV-311 := 0 %\", \"TV-311 := 0 %\"", "two-actions", "safety.toml:", "keep one"),
    ("io.toml", "[[instance]]\nclass = \"cell\"\nfor = \"n in 1..=3\"\n", "", "unused-class", "io.toml:", "[[instance]]"),
    ("recipe.toml", ", flow = \"feed\"", "", "unused-parameter", "recipe.toml:", "with = {"),
];

fn found(case: &Case) -> (Vec<Source>, Vec<Diagnostic>) {
    let mut sources = small();
    let source = sources.iter_mut().find(|source| source.path == case.0).unwrap();
    assert!(source.text.contains(case.1), "nothing to replace: {}", case.1);
    source.text = source.text.replacen(case.1, case.2, 1);
    let found = match control::compile(&sources) {
        Ok(compiled) => compiled.warnings,
        Err(mistakes) => mistakes,
    };
    (sources, found)
}

#[test]
fn a_code_that_no_other_test_has_is_found_in_its_place_with_its_remedy() {
    for case in CASES {
        let (sources, found) = found(case);
        let listed: Vec<String> =
            found.iter().map(|one| format!("{} {} {}", one.code, place(&sources, one), one.help)).collect();
        let hit = found.iter().find(|one| one.code == case.3);
        let hit = hit.unwrap_or_else(|| panic!("{} -> {}: {listed:#?}", case.1, case.2));
        assert!(place(&sources, hit).starts_with(case.4), "{}: {listed:#?}", case.3);
        assert!(hit.help.contains(case.5), "{}: {listed:#?}", case.3);
    }
}

#[test]
fn an_instance_without_its_parameter_is_told_by_that_alone_and_not_by_its_names() {
    let case = CASES.iter().find(|case| case.3 == "missing-parameter").unwrap();
    let (_, bare) = found(case);
    assert!(bare.iter().all(|one| one.code != "bad-name"), "{bare:#?}");
    // Braces of what is no class are no name still.
    let (_, named) = found(&("io.toml", "[tag.TT-312]", "[tag.\"TT-{n}\"]", "", "", ""));
    assert!(named.iter().any(|one| one.code == "bad-name"), "{named:#?}");
}

#[test]
fn what_a_plant_can_live_with_is_a_warning() {
    let warnings = ["empty-section", "empty-step", "unused-class", "unused-parameter"];
    for case in CASES {
        let (_, found) = found(case);
        let severity = found.iter().find(|one| one.code == case.3).map(|one| one.severity);
        let expected = if warnings.contains(&case.3) { Severity::Warning } else { Severity::Error };
        assert_eq!(severity, Some(expected), "{}", case.3);
    }
}

#[test]
fn a_scenario_whose_deed_is_two_is_refused() {
    let mut sources = small();
    let text = "title = \"Two\"\nfor = \"1 min\"\n[[at]]\ntime = \"10 s\"\nfault = \"lost\"\nkill = true\n";
    sources.push(Source { path: "scenarios/two.toml".into(), text: text.into() });
    let Err(mistakes) = control::compile_with_scenarios(&sources) else { panic!("it has two deeds") };
    let found = mistakes.iter().find(|one| one.code == "bad-scenario");
    let found = found.unwrap_or_else(|| panic!("{mistakes:#?}"));
    assert!(place(&sources, found).starts_with("scenarios/two.toml:"), "{found:#?}");
    assert!(found.help.contains("write exactly one of"), "{found:#?}");
}

/// A loop of dependencies is told with every block on its way.
#[test]
fn an_algebraic_loop_is_told_with_its_path() {
    let mut sources = small();
    let loops = sources.iter_mut().find(|source| source.path == "loops.toml").unwrap();
    for (name, reads) in [("KA-1", "KA-2"), ("KA-2", "KA-3"), ("KA-3", "KA-1")] {
        loops.text.push_str(&format!(
            "\n[calc.{name}]\ndescription = \"Part\"\nunit = \"%\"\nrange = [0, 100]\nvalue = \"{reads} * 0.5\"\n"
        ));
    }
    let mistakes = control::compile(&sources).unwrap_err();
    let looped: Vec<&Diagnostic> = mistakes.iter().filter(|one| one.code == "algebraic-loop").collect();
    let [looped] = looped.as_slice() else { panic!("one loop: {mistakes:#?}") };
    let mut told = looped.message.clone();
    for label in looped.primary.iter().chain(&looped.related) {
        told.push_str(&label.text);
    }
    for name in ["KA-1", "KA-2", "KA-3"] {
        assert!(told.contains(name), "{name}: {looped:#?}");
    }
    assert!(looped.help.contains("PREV"), "{}", looped.help);
}

/// The files of the compiler, or of its tests.
fn texts(below: &str, found: &mut Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
    let mut folders: Vec<PathBuf> = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs" || end == "txt") {
                found.push(read_to_string(&path).unwrap());
            }
        }
    }
}

/// Codes that the compiler makes: the first text behind these words.
fn codes(text: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for word in ["Mistake::error(", "Mistake::warning(", "code: "] {
        for behind in text.split(word).skip(1) {
            let quoted = behind.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
            if let Some((code, _)) = quoted
                && code.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')
            {
                codes.insert(code.to_string());
            }
        }
    }
    codes
}

#[test]
fn every_code_of_the_compiler_has_a_case_in_its_tests() {
    let (mut compiler, mut tests) = (Vec::new(), Vec::new());
    texts("src/compile", &mut compiler);
    texts("tests", &mut tests);
    let codes: BTreeSet<String> = compiler.iter().flat_map(|text| codes(text)).collect();
    assert!(codes.len() > 70, "the compiler has more codes than {}", codes.len());
    let tests = tests.concat();
    let told = |code: &&String| {
        tests.contains(&format!("\"{code}\""))
            || tests.lines().any(|line| line.ends_with(&format!(" {code}")))
    };
    let silent: Vec<&String> = codes.iter().filter(|code| !told(code)).collect();
    assert!(silent.is_empty(), "no test makes these mistakes: {silent:?}; add them to CASES");
}
