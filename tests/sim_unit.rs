//! `catholyte sim unit`: the door through which anyone runs an experiment.

use std::process::{Command, Output};

fn sim_unit(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_catholyte"));
    command.args(["sim", "unit"]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_experiment_gives_a_table_on_standard_output_and_its_conscience_on_the_other() {
    let run = sim_unit(&[
        "dissolver",
        "--set",
        "feed.solids=500kg/h",
        "--set",
        "acid_coarse=0@20min",
        "--for",
        "40min",
        "--every",
        "10min",
        "--out",
        "csv",
    ]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let table = text(&run.stdout);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 6, "{table}");
    assert!(lines[0].starts_with("time [s],pH-coarse [pH],"), "{table}");
    assert!(lines[5].starts_with("2400,"), "{table}");
    assert!(text(&run.stderr).contains("balances close to"));
}

#[test]
fn everything_that_can_be_set_is_listed_with_range_and_source() {
    let list = text(&sim_unit(&["list"]).stdout);
    assert!(list.contains("dissolver"), "{list}");
    let settings = text(&sim_unit(&["dissolver"]).stdout);
    assert!(settings.contains("tanks.volume = 5 m3"), "{settings}");
    assert!(settings.contains("0.0001 to 1000 m3; asserted:"), "{settings}");
    let settings = text(&sim_unit(&["extraction"]).stdout);
    assert!(settings.contains("1 to 8, whole; asserted:"), "{settings}");
}

#[test]
fn nonsense_is_refused_with_the_flag_and_nothing_runs() {
    for (arguments, expected) in [
        (vec!["dissolver", "--set", "feed.temperature=2000degC", "--for", "1h"], "is outside 0 to 95"),
        (vec!["dissolver", "--for=-1h"], "cannot be"),
        (vec!["dissolver", "--for", "1h", "--every", "1ms"], "cannot be"),
        (vec!["disolver", "--for", "1h"], "did you mean \"dissolver\"?"),
        (vec!["dissolver", "--parameters", "nowhere.toml", "--for", "1h"], "cannot read the parameter file"),
        (vec!["dissolver", "--parameters", ".", "--for", "1h"], "it is no file"),
        (vec!["dissolver", "--for", "-5min"], "cannot be"),
        (vec!["leach", "--set", "tanks.count=2@30s", "--for", "1min"], "cannot change while it runs"),
        (vec!["extraction", "--set", "battery.stages=6@20s", "--for", "1min"], "cannot change while it runs"),
        (vec!["sulfate-cell", "--set", "compartments=2@20s", "--for", "1min"], "cannot change while it runs"),
        (vec!["leach", "--set", "charge.acid=2@30s", "--for", "1min"], "has no effect later"),
        (
            vec!["extraction", "--set", "battery.stages=2.5", "--for", "1min"],
            "--set battery.stages=2.5: battery.stages: 2.5 is no whole number; write 2 or 3",
        ),
        (vec!["sulfate-cell", "--set", "compartments=2.6", "--for", "1min"], "is no whole number"),
        (vec!["leach", "--set", "thermostat=0.5", "--for", "1min"], "write 0 or 1"),
        (vec!["dissolver", "--set", "acid_coarse=0@2min", "--for", "1min"], "it would do nothing"),
        (
            vec!["dissolver", "--set", "acid_coarse=0", "--set", "acid_coarse=1", "--for", "1min"],
            "given twice",
        ),
    ] {
        let refused = sim_unit(&arguments);
        // The report wraps its lines behind a bar.
        let message = text(&refused.stderr);
        let message = message.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{arguments:?}");
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
}

#[test]
fn the_examples_of_the_help_do_what_they_say() {
    let help = text(&sim_unit(&["--help"]).stdout);
    let examples = help.lines().filter_map(|line| line.trim().strip_prefix("catholyte sim unit "));
    let examples: Vec<&str> = examples.map(|line| line.split("   ").next().unwrap_or(line)).collect();
    assert!(examples.len() >= 3, "{help}");
    for example in examples {
        let run = sim_unit(&example.split_whitespace().collect::<Vec<_>>());
        assert!(run.status.success() && !run.stdout.is_empty(), "{example}: {}", text(&run.stderr));
    }
}
