//! One mistake hides no other: what is independent of it is told in the same run, and what only follows from it is not.

mod folder;

use folder::small;

/// File, text and what stands in its place; every mistake that must be told, by its code and the text it points at.
type Case = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip] // one row a case
const CASES: &[Case] = &[
    // A loop whose measurement or output is not known.
    ("loops.toml", "pv = \"TY-311\"\nout = \"TV-311\"\naction = \"reverse\"\nkc = 2.0\nti = \"120 s\"\nsp = \"76 degC\"",
        "pv = \"TY-3111\"\nout = \"TV-311\"\nout_limits = [0, 120]\nout_rate = \"5 bar/s\"\naction = \"revers\"\nkc = 2.0\nti = \"120 bar\"\nsp = \"76 bar\"\ngap = { band = \"3 %\" }",
        &[("unknown-name", "TY-3111"), ("outside-range", "[0, 120]"), ("unit-mismatch", "5 bar/s"), ("unknown-word", "revers"), ("unit-mismatch", "120 bar")]),
    ("loops.toml", "pv = \"FT-301\"\nout = \"FV-301\"\naction = \"reverse\"\ngain = \"positive\"\nkc = 0.5\nti = \"3 s\"\nsp = \"1.0 m3/h\"",
        "pv = \"FT-301\"\nout = \"FV-3011\"\naction = \"reverse\"\ngain = \"positive\"\nkc = 0.5\nti = \"3 s\"\nout_limits = [0, 120]\nout_rate = \"3 bar/s\"\nsp = \"1.0 bar\"",
        &[("no-writer", "FV-301"), ("unknown-name", "FV-3011"), ("unit-mismatch", "1.0 bar")]),
    ("loops.toml", "input = \"TT-311\"\ntime = \"20 s\"", "input = \"TT-3111\"\ntime = \"20 bar\"", &[("unknown-name", "TT-3111"), ("unit-mismatch", "20 bar")]),
    // Expressions.
    ("loops.toml", "\"TT-312 - TT-311\"", "\"TT-312 - TT-319 + 5 barr\"", &[("unknown-name", "TT-319"), ("unknown-unit", "barr")]),
    ("loops.toml", "\"LT-311 > 15 %\"", "\"MEAN(LT-311, LT-3122) > 15 percent && P-311.RN\"",
        &[("expression", "MEAN"), ("unknown-name", "LT-3122"), ("unknown-unit", "percent"), ("expression", "&&"), ("unknown-name", "P-311.RN")]),
    ("loops.toml", "\"LT-311 > 15 %\"", "\"LT-311 > 15 degC FOR 5 AND SQRT(LT-311, LT-3122) > 3\"",
        &[("unit-mismatch", "15 degC"), ("expression", "5"), ("expression", "SQRT(LT-311, LT-3122)"), ("unknown-name", "LT-3122")]),
    ("loops.toml", "\"LT-311 > 15 %\"", "\"GOOD(5 barr) AND RATE(LT-311, 30 sekunden) > 3 AND LT-311 < 5 < 6\"",
        &[("unknown-unit", "barr"), ("unknown-unit", "sekunden"), ("expression", "<")]),
    ("loops.toml", "\"TT-312 - TT-311\"", "\"(TT-312 - TT-399\"", &[("unknown-name", "TT-399"), ("expression", "")]),
    ("loops.toml", "\"TT-312 - TT-311\"", "\"TT-3 12 - TT-399 - level-7\"", &[("expression", "12"), ("unknown-name", "TT-399"), ("unknown-name", "level-7")]),
    // Tags and their addresses.
    ("io.toml", "device = \"PLC-300\", input = 1, raw = [0, 27648]", "device = \"PLC-30\", input = 70000, raw = [0, 70000], nod = 1",
        &[("unknown-name", "PLC-30"), ("unknown-key", "nod"), ("out-of-range", "70000"), ("raw-mismatch", "[0, 70000]")]),
    ("io.toml", "device = \"PLC-300\", holding = 10", "device = \"PLC-30\", holding = 10", &[("unknown-name", "PLC-30")]),
    ("io.toml", "unit = \"mbar\"\nrange = [-50, 200]", "unit = \"mbr\"\nrange = [200, -50]", &[("unknown-unit", "mbr"), ("low-above-high", "[200, -50]")]),
    ("io.toml", "words = [\"close\", \"open\"]\nfail = \"close\"\nio = { device = \"PLC-300\", coil = 1 }", "words = [\"close\", \"open\", \"half\"]\nfail = \"close\"\nio = { device = \"PLC-300\", coil = 1 }",
        &[("wrong-type", "[\"close\", \"open\", \"half\"]")]),
    // Alarms.
    ("safety.toml", "tag = \"TT-311\"\nhigh_high = \"95 degC\"", "tag = \"TT-3111\"\nhigh_high = \"95 degCC\"", &[("unknown-name", "TT-3111"), ("unknown-unit", "95 degCC")]),
    ("safety.toml", "tag = \"TIC-311\"\ndeviation = \"5 dK\"", "tag = \"TIC-3111\"\nwhen = \"TT-399 > 5 degC\"", &[("unknown-name", "TIC-3111"), ("unknown-name", "TT-399")]),
    // Phases: an unknown target, and lines that cannot be read.
    ("fill.phase", "    WAIT LT-311 > level\n    WITHIN 30 min ELSE HOLD \"level does not rise\"\n  STEP \"Feed off\"",
        "    WHEN LT-311 > level GOTO Drian\n  STEP \"Never\"\n    XV-301 := open\n    WAIT XV-301.ZSO\n  STEP Drain \"Feed off\"",
        &[("unknown-name", "Drian"), ("unreachable-step", "STEP \"Never")]),
    ("fill.phase", "    WAIT LT-311 > level\n    WITHIN 30 min ELSE HOLD \"level does not rise\"\n  STEP \"Feed off\"",
        "    WHEN LT-311 > level GOTO\n    WITHIN 30 min ELSE HOLD \"level does not rise\"\n  STEP \"Feed off\"",
        &[("expression", "")]),
    ("fill.phase", "PARAM level : % = 50 IN 30 .. 70 \"level to fill to\"", "PARAM level = 50", &[("expression", "level = 50")]),
    ("fill.phase", "STEP \"Feed off\"", "STEP Feed off", &[("expression", "off")]),
    ("fill.phase", "FIC-301.SP := flow", "FIC-301.SP := flwo", &[("unknown-name", "flwo")]),
    // Recipes.
    ("recipe.toml", "{ phase = \"Fill\", with = { level", "{ phase = \"Fil\", with = { level", &[("unknown-name", "Fil")]),
    ("recipe.toml", "with = { level = \"level\"", "with = { levle = \"level\"", &[("unknown-parameter", "levle")]),
    ("recipe.toml", "unit = \"L/h\"", "unit = \"L/hh\"", &[("unknown-unit", "L/hh")]),
];

#[test]
fn every_independent_mistake_is_told_at_once_and_no_other() {
    let mut failures = String::new();
    for (file, from, to, wanted) in CASES {
        let mut sources = small();
        let source = sources.iter_mut().find(|source| source.path == *file).unwrap();
        assert!(source.text.contains(from), "nothing to replace: {from}");
        source.text = source.text.replacen(from, to, 1);
        let found = control::compile(&sources).err().unwrap_or_default();
        let told: Vec<(&str, String)> = found
            .iter()
            .map(|one| {
                let label = one.primary.as_ref().unwrap();
                let text = &sources[label.source].text;
                (one.code, text[label.span.clone()].trim_matches(['"', ' ']).to_owned())
            })
            .collect();
        let mut left = told.clone();
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(code, text)| {
                let at = left
                    .iter()
                    .position(|(own, place)| own == code && (text.is_empty() || place.starts_with(text)));
                at.map(|at| left.remove(at)).is_none()
            })
            .collect();
        if !missing.is_empty() || !left.is_empty() {
            failures += &format!("{from} -> {to}:\n  missing {missing:?}\n  beside {left:?}\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn what_is_meant_is_said_also_where_another_language_has_another_word() {
    for (expression, help) in [
        ("MEAN(LT-311, 5 %) > 15 %", "did you mean `AVG`? write `AVG(a, b, ...)`"),
        ("IF(P-311.RUN, 5 %, 6 %) > 5 %", "write `SEL(condition, a, b)`"),
        ("TON(P-311.RUN, 5 s)", "`a > b FOR 30 s`"),
        ("LT-311 > 15 percent", "did you mean `%`?"),
        ("TT-311 > 15 °C", "did you mean `degC`?"),
    ] {
        let mut sources = small();
        let source = sources.iter_mut().find(|source| source.path == "loops.toml").unwrap();
        source.text = source.text.replacen("\"LT-311 > 15 %\"", &format!("\"{expression}\""), 1);
        let found = control::compile(&sources).unwrap_err();
        assert_eq!(found.len(), 1, "{expression}: {found:#?}");
        assert!(found[0].help.contains(help), "{expression}: {}", found[0].help);
    }
}
