//! What a plant may say and hardly means: told as a warning, alone, in its place, with the remedy.

mod folder;

use folder::{place, small};
use model::Diagnostic;

const IO: &str = "io.toml";
const LOOPS: &str = "loops.toml";
const SAFETY: &str = "safety.toml";
const PICTURE: &str = "recipe.toml";

const PHASE: &str = "fill.phase";
const CASCADE: &str = "cascade = \"FFC-301.OUT\"\nmodes = [\"manual\", \"auto\", \"cascade\"]\nmode = \"cascade\"\non_bad_pv = \"manual\"\n";
const PRIMARY: &str = "cascade = \"LIC-9.OUT\"\nmodes = [\"manual\", \"auto\", \"cascade\"]\nmode = \"cascade\"\non_bad_pv = \"manual\"\n\n[pid.LIC-9]\ndescription = \"Level\"\npv = \"LT-311\"\nout_unit = \"m3/h\"\nout_range = [0, 8]\naction = \"reverse\"\nkc = 1\nti = \"60 s\"\nsp = \"50 %\"\non_bad_pv = \"hold\"\n";
const PRIMARY_WITHIN: &str = "cascade = \"LIC-9.OUT\"\nmodes = [\"manual\", \"auto\", \"cascade\"]\nmode = \"cascade\"\non_bad_pv = \"manual\"\n\n[pid.LIC-9]\ndescription = \"Level\"\npv = \"LT-311\"\nout_unit = \"m3/h\"\nout_range = [0, 4]\naction = \"reverse\"\nkc = 1\nti = \"60 s\"\nsp = \"50 %\"\non_bad_pv = \"hold\"\n";

/// File, what is replaced by what there, code, a text on the line of the warning, a part of the help.
type Doubt = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // one row a doubt
const DOUBTS: &[Doubt] = &[
    (LOOPS, "[filter.TY-311]", "[calc.TX-1]\nunit = \"degC\"\nrange = [-1, 239]\nvalue = \"2 * TT-311\"\n[filter.TY-311]", "scaled-temperature", "2 * TT-311", "AVG(a, b)"),
    (LOOPS, "[filter.TY-311]", "[calc.TX-1]\nunit = \"degC\"\nrange = [0, 60]\nvalue = \"TT-311 / 2\"\n[filter.TY-311]", "scaled-temperature", "TT-311 / 2", "TT-311 / (1 degC)"),
    (LOOPS, "permit = \"LT-311 > 15 %\"", "permit = \"FALSE\"", "constant-condition", "permit = \"FALSE\"", "when it may go on"),
    (LOOPS, "permit = \"LT-311 > 15 %\"", "permit = \"2 OF (LT-311 > 15 %, LT-311 < 80 %, XV-301.ZSO)\"", "counted-twice", "2 OF (", "one vote"),
    (LOOPS, "[100, 12]]", "[150, 12]]", "outside-range", "[150, 12]]", "OUT stays level"),
    (LOOPS, "on_bad_pv = \"0 %\"\n", "", "bad-pv-unsaid", "[pid.TIC-311]", "on_bad_pv = \"hold\""),
    (IO, "timeout = \"500 ms\"", "timeout = \"3 s\"", "timeout-long", "timeout = \"3 s\"", "a shorter `timeout`"),
    (LOOPS, "[valve.XV-301]\n", "[interlock.IL-9]\ndescription = \"Brine open\"\nunit_of = \"EL-301\"\nreset = \"auto\"\ntrip = [{ when = \"XV-301.ZSO AND TT-311 > 90 degC\", text = \"open\" }]\ndo = [\"TV-311 := 0 %\"]\n[valve.XV-301]\npartial_stroke = \"1 s\"\n", "stroke-barred", "[valve.XV-301]", "`bypass`"),
    (PICTURE, "brine ──▶ {FT-301 }", "┌─────────┐\n   │ {FT-301 }│\n   └─────────┘", "mimic-torn", "┌─────────┐", "as wide as it is written"),
    (PICTURE, "brine ──▶ {FT-301 }", "from the brine tank, which stands where the old furnace hall was ──▶ {FT-301 }", "mimic-wide", "from the brine tank", "79 columns"),
    (LOOPS, "[filter.TY-311]", "[pid.TIC-9]\ndescription = \"Alone\"\npv = \"TT-311\"\nout_unit = \"%\"\nout_range = [0, 100]\naction = \"reverse\"\nkc = 1\nti = \"60 s\"\non_bad_pv = \"hold\"\n[filter.TY-311]", "unread-output", "[pid.TIC-9]", "let a block take `TIC-9.OUT`"),
    (LOOPS, "[pid.TIC-311]\n", "[pid.FIC-9]\ndescription = \"Second\"\npv = \"FT-301\"\nout_unit = \"%\"\nout_range = [0, 100]\naction = \"reverse\"\nkc = 1\nti = \"5 s\"\ncascade = \"FFC-301.OUT\" # too\nmodes = [\"manual\", \"cascade\"]\non_bad_pv = \"hold\"\n[calc.FY-9]\nunit = \"%\"\nrange = [0, 100]\nvalue = \"FIC-9.OUT\"\n[pid.TIC-311]\n", "two-secondaries", "# too", "follow `FIC-301.SP`"),
    (SAFETY, "deviation = \"5 dK\"", "when = \"TT-311 > TT-311\"", "constant-condition", "TT-311 > TT-311", "with a limit"),
    (LOOPS, "toggle = \"P-311.RUN\"", "toggle = \"RISE(TRUE)\"", "constant-condition", "RISE(TRUE)", "a condition of the plant"),
    (SAFETY, "enable = \"P-311.RUN\"", "enable = \"P-311.RUN AND FT-301 > 0.2 m3/h\"", "chatters", "FT-301 > 0.2", "HYST(FT-301, 0.2 m3/h, 0.16 m3/h)"),
    (SAFETY, "enable = \"P-311.RUN\"", "enable = \"FT-301 < 3.98\"", "chatters", "FT-301 < 3.98", "HYST(FT-301, 3.98, 3.99 m3/h)"),
    (SAFETY, "enable = \"P-311.RUN\"", "enable = \"TY-311 - TT-312 > 5 dK\"", "chatters", "TY-311 - TT-312", "TY-311 - TT-312 > 5 dK OFFDELAY 30 s"),
    (LOOPS, "permit = \"LT-311 > 15 %\"", "permit = \"LT-311 > 15 % AND P-311.RUN\"", "own-permit", "permit = \"LT-311", "before it starts"),
    (SAFETY, "[alarm.\"TT-311.HH\"]", "[alarm.\"TT-311.H2\"]\ntag = \"TT-311\"\nhigh_high = \"95 degC\"\npriority = \"high\"\non_delay = \"2 s\"\ncause = \"Heater.\"\nconsequence = \"Trip.\"\nresponse = \"Close.\"\ntime = \"5 min\"\n[alarm.\"TT-311.HH\"]", "same-alarm", "[alarm.\"TT-311.HH\"]", "keep one"),
    (LOOPS, CASCADE, PRIMARY, "cascade-range", "out_range = [0, 8]", "`out_range = [0, 4]`"),
    (PHASE, "FIC-301.MODE := MAN", "FIC-301.MODE := AUTO", "out-in-auto", "FIC-301.OUT := 0 %", "a STEP before"),
    (PHASE, "IN 0.5 .. 3 ", "IN 0.5 .. 3.9 ", "parameter-beyond-limits", "FIC-301.SP := flow", "`IN 0 .. 3.6`"),
    (IO, "input = 1,", "input = 30008,", "modicon-number", "input = 30008", "`input = 7`"),
    (SAFETY, "deviation = \"5 dK\"", "when = \"TDI-312 > 20 dK\"", "chatters", "TDI-312 > 20 dK", "HYST(TDI-312, 20 dK, 19.4 dK)"),
];

/// All warnings of the small plant with this in place of that.
fn warnings(file: &str, from: &str, to: &str) -> (Vec<model::Source>, Vec<Diagnostic>) {
    let mut sources = small();
    let source = sources.iter_mut().find(|source| source.path == file).unwrap();
    assert!(source.text.contains(from), "{file}: {from}");
    source.text = source.text.replacen(from, to, 1);
    let found = control::compile(&sources).unwrap_or_else(|found| panic!("{to}: {found:#?}"));
    (sources, found.warnings)
}

#[test]
fn every_doubt_is_told_alone_in_its_place_with_its_remedy() {
    for (file, from, to, code, line, help) in DOUBTS {
        let (sources, found) = warnings(file, from, to);
        let [warning] = found.as_slice() else { panic!("{to}: {found:#?}") };
        let text = &sources.iter().find(|source| source.path == *file).unwrap().text;
        let number = text.find(line).map(|byte| text[..byte].matches('\n').count() + 1).unwrap();
        assert_eq!(warning.code, *code, "{to}: {warning:#?}");
        assert!(place(&sources, warning).starts_with(&format!("{file}:{number}:")), "{to}: {warning:#?}");
        assert!(warning.help.contains(help), "{to}: {warning:#?}");
    }
}

#[test]
fn what_only_looks_doubtful_is_let_pass() {
    for (file, from, to) in [
        // A difference has multiples, and one may count a transmitter where a single vote is enough.
        (LOOPS, "\"TT-312 - TT-311\"", "\"2 * (TT-312 - TT-311)\""),
        (LOOPS, "\"LT-311 > 15 %\"", "\"1 OF (LT-311 > 15 %, LT-311 < 80 %)\""),
        // A permit of something else, an output written before the loop takes over, a parameter within the limits.
        (LOOPS, "permit = \"LT-311 > 15 %\"", "permit = \"XV-301.ZSO OR NOT P-311.RUN\""),
        (
            PHASE,
            "FIC-301.MODE := MAN\n    FIC-301.OUT := 0 %",
            "FIC-301.OUT := 0 %\n    FIC-301.MODE := AUTO",
        ),
        (PHASE, "IN 0.5 .. 3 ", "IN 0.5 .. 3.6 "),
        (LOOPS, CASCADE, PRIMARY_WITHIN),
        (IO, "input = 1,", "input = 3000,"),
        // Up to 17.6 % beyond its range a reading still acts.
        (LOOPS, "[100, 12]]", "[110, 12]]"),
        // For an instance of a class that has no use of the alarm.
        (SAFETY, "deviation = \"5 dK\"", "on_delay = \"5 s\"\nwhen = \"3 > 5 AND TT-311 > 90 degC\""),
        // What has a gap or a time does not come and go; nor does what people set, or what adds up.
        (SAFETY, "enable = \"P-311.RUN\"", "enable = \"HYST(FT-301, 0.2 m3/h, 0.1 m3/h)\""),
        (
            SAFETY,
            "enable = \"P-311.RUN\"",
            "enable = \"(FT-301 > 0.2 m3/h AND TT-311 > 50 degC) OFFDELAY 30 s\"",
        ),
        (SAFETY, "enable = \"P-311.RUN\"", "enable = \"FT-301 > 0.2 m3/h FOR 5 min\""),
        (
            SAFETY,
            "enable = \"P-311.RUN\"",
            "enable = \"HS-301 > 5 wt% OR TIC-311.SP > 70 degC OR FQ-301.OUT > 10 m3\"",
        ),
        (SAFETY, "deviation = \"5 dK\"", "off_delay = \"5 s\"\nwhen = \"TT-311 > 90 degC\""),
        (SAFETY, "TT-311 > 95 degC FOR 5 s", "TY-311 > 130 degC"),
    ] {
        assert_eq!(warnings(file, from, to).1, [], "{to}");
    }
}

/// Every calculation of a layer reads all of the layer before: what moves a value is asked once of each.
#[test]
fn calculations_upon_calculations_are_asked_once_each_whether_they_swing() {
    let mut text = String::from(
        "[tag.HS-9]\ndescription = \"Number\"\nunit = \"%\"\nrange = [0, 100]\nentry = { initial = 0, role = \"operator\" }\n",
    );
    for layer in 0..9 {
        for k in 0..24 {
            let reads = if layer == 0 {
                "HS-9".to_owned()
            } else {
                let before: Vec<String> = (0..24).map(|k| format!("XC-{}{k:02}", layer - 1)).collect();
                format!("MAX({})", before.join(", "))
            };
            text +=
                &format!("[calc.XC-{layer}{k:02}]\nunit = \"%\"\nrange = [0, 100]\nvalue = \"{reads}\"\n");
        }
    }
    text += "[alarm.\"XC-800.H\"]\ntag = \"XC-800\"\nwhen = \"XC-800 > 50 %\"\npriority = \"low\"\ntext = \"high\"\ncause = \"Entered.\"\n\
             consequence = \"None yet.\"\nresponse = \"Enter less.\"\ntime = \"1 h\"\n";
    let mut sources = small();
    sources.push(model::Source { path: "layers.toml".into(), text });
    let found = control::compile(&sources).unwrap_or_else(|found| panic!("{found:#?}"));
    assert!(found.warnings.iter().all(|warning| warning.code != "chatters"), "{:#?}", found.warnings);
}
