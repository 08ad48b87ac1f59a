//! What the text of alarms and interlocks becomes, and what is said of two that do not go together.

mod folder;

use control::plant::{Alarm, AlarmCondition, Plant};
use folder::small;
use model::{Diagnostic, Source};

/// The small plant with this in place of that, and more text of its area.
fn changed(from: &str, to: &str, more: &str) -> Vec<Source> {
    let mut sources = small();
    assert!(sources.iter().any(|source| source.text.contains(from)), "{from}");
    for source in &mut sources {
        source.text = source.text.replacen(from, to, 1);
    }
    let safety = sources.iter_mut().find(|source| source.path == "safety.toml").unwrap();
    safety.text += more;
    sources
}

fn compiled(from: &str, to: &str, more: &str) -> Plant {
    control::compile(&changed(from, to, more)).unwrap_or_else(|found| panic!("{found:#?}")).plant
}

/// Everything that is said, as a warning or as an error.
fn said(from: &str, to: &str, more: &str) -> Vec<Diagnostic> {
    control::compile(&changed(from, to, more)).map_or_else(|found| found, |compiled| compiled.warnings)
}

fn alarm_text(name: &str, what: &str) -> String {
    format!(
        "\n[alarm.\"{name}\"]\n{what}\npriority = \"low\"\ncause = \"C.\"\nconsequence = \"C.\"\n\
         response = \"R.\"\ntime = \"10 min\"\n"
    )
}

fn interlock_text(name: &str, actions: &str) -> String {
    format!(
        "\n[interlock.{name}]\ndescription = \"D\"\nunit_of = \"EL-301\"\nreset = \"manual\"\n\
         trip = [ {{ when = \"LT-311 > 90 %\", text = \"high\" }} ]\ndo = [{actions}]\n"
    )
}

fn alarm<'p>(plant: &'p Plant, name: &str) -> &'p Alarm {
    plant.alarms.iter().find(|alarm| alarm.name == name).unwrap()
}

const SAME: (&str, &str) = ("[alarm.\"TT-311.HH\"]", "[alarm.\"TT-311.HH\"]");

#[test]
fn limits_that_rise_from_low_low_to_high_high_are_sound_in_any_order_of_the_text() {
    let lows = alarm_text("TT-311.L", "tag = \"TT-311\"\nlow = \"40 degC\"")
        + &alarm_text("TT-311.LL", "tag = \"TT-311\"\nlow_low = \"30 degC\"");
    assert_eq!(said(SAME.0, SAME.1, &lows), []);
    for (wrong, first) in [("low = \"40 degC\"", "low_low"), ("low_low = \"30 degC\"", "low_low")] {
        let (key, _) = wrong.split_once(' ').unwrap();
        let value = if key == first { "41 degC" } else { "29 degC" };
        let found = said(SAME.0, SAME.1, &lows.replace(wrong, &format!("{key} = \"{value}\"")));
        assert_eq!(found[0].code, "limits-order", "{found:#?}");
    }
}

#[test]
fn a_deadband_that_is_not_given_is_half_a_percent_of_the_range_from_end_to_end() {
    let more = alarm_text("PT-341.H", "tag = \"PT-341\"\nhigh = \"100 mbar\"")
        + &alarm_text("TIC-321.DEV", "tag = \"TIC-321\"\ndeviation = \"5 dK\"");
    // PT-341 has 250 mbar from -50 to 200; TT-312 gets 100 K from 20 to 120.
    let range = "description = \"Anolyte from cells\"\nunit = \"degC\"\nrange = ";
    let plant = compiled(&format!("{range}[0, 120]"), &format!("{range}[20, 120]"), &more);
    let deadband = |name| match alarm(&plant, name).condition {
        AlarmCondition::Above { deadband, .. } | AlarmCondition::Deviation { deadband, .. } => deadband,
        _ => panic!("{name}"),
    };
    assert_eq!((deadband("PT-341.H"), deadband("TIC-321.DEV")), (1.25, 0.5));
}

#[test]
fn an_alarm_without_a_text_is_called_after_what_it_belongs_to() {
    let more = alarm_text("TY-311.H", "tag = \"TY-311\"\nhigh = \"90 degC\"");
    let plant = compiled(SAME.0, SAME.1, &more);
    let texts = ["P-311.FAIL", "TT-311.HH", "TIC-311.DEV"].map(|name| alarm(&plant, name).text.as_str());
    assert_eq!(texts, ["Anolyte pump fault", "Anolyte to cells HI HI", "Anolyte temperature deviation"]);
    // The filter has no description of its own, so it is that of what comes out of it.
    assert_eq!(alarm(&plant, "TY-311.H").text, "Anolyte to cells, filtered HI");
}

#[test]
fn an_alarm_of_a_tag_is_of_the_unit_whose_loop_or_device_reads_it() {
    let more = alarm_text("FT-301.H", "tag = \"FT-301\"\nhigh = \"3.5 m3/h\"")
        + &alarm_text("P-311.STOPPED", "tag = \"P-311.RUN\"\nwhen = \"NOT P-311.RUN\"")
        + &alarm_text("PT-341.H", "tag = \"PT-341\"\nhigh = \"100 mbar\"");
    let plant = compiled(SAME.0, SAME.1, &more);
    let unit = |name| alarm(&plant, name).equipment.as_deref();
    assert_eq!((unit("FT-301.H"), unit("PT-341.H")), (Some("EL-301"), None));
    assert_eq!((unit("TIC-311.DEV"), unit("P-311.FAIL")), (Some("EL-301"), Some("EL-301")));
}

#[test]
fn a_limit_outside_the_range_shows_where_the_range_is_declared() {
    let in_io = |found: &Diagnostic, sources: &[Source], tag: &str| {
        let label = found.related.first().expect("the range is shown");
        let source = &sources[label.source];
        let declared = source.text.find(&format!("[tag.{tag}]")).unwrap();
        source.path == "io.toml" && source.line_column(label.span.start).0 >= source.line_column(declared).0
    };
    let cases = [
        ("high = \"90 degC\"", "high = \"190 degC\"", "TT-311"),
        ("TV-311 := 0 %", "TV-311 := 120 %", "TV-311"),
    ];
    for (from, to, tag) in cases {
        let found = said(from, to, "");
        let error = found.iter().find(|found| found.code == "outside-range").unwrap();
        assert!(in_io(error, &changed(from, to, ""), tag), "{error:#?}");
    }
}

#[test]
fn a_cause_that_is_always_or_never_so_is_told_apart() {
    for (condition, words) in [("TRUE", "always trips"), ("FALSE", "never trips")] {
        let found = said("PT-341 > 0.1 bar", condition, "");
        assert!(found[0].message.ends_with(words), "{condition}: {found:#?}");
    }
}

#[test]
fn an_output_with_words_is_driven_by_either_of_them() {
    let more = interlock_text("IL-302", "\"E-322.ON := ON\", \"XV-302.OPEN := close\"");
    let plant = compiled(SAME.0, SAME.1, &more);
    let values: Vec<f64> = plant.interlocks[1].actions.iter().map(|action| action.value).collect();
    assert_eq!(values, [1.0, 0.0]);
}

#[test]
fn the_command_of_a_device_is_the_device() {
    let with = |target: &str| {
        let more = format!(
            "\n[tag.\"P-9.START\"]\ndescription = \"Starter\"\nwords = [\"stop\", \"start\"]\nfail = 0\n\
             io = {{ device = \"PLC-300\", coil = 91 }}\n[motor.P-9]\ndescription = \"Pump\"\n\
             out = \"P-9.START\"\nfault_alarm = false\n{}",
            interlock_text("IL-302", &format!("\"{target} := stop\""))
        );
        compiled(SAME.0, SAME.1, &more).interlocks[1].actions[0].clone()
    };
    let device = with("P-9");
    assert!(device.device.is_some());
    for other in [with("P-9.CMD"), with("P-9.START")] {
        assert_eq!((other.device, other.point, other.value), (device.device, device.point, device.value));
    }
}

#[test]
fn two_interlocks_that_drive_one_output_apart_are_a_warning_that_names_both() {
    let codes = |actions: &str| -> Vec<(&'static str, String)> {
        let found = said(SAME.0, SAME.1, &interlock_text("IL-302", actions));
        found.into_iter().map(|found| (found.code, found.message)).collect()
    };
    assert_eq!(codes("\"TV-311 := 0 %\", \"XV-301 := close\""), []);
    let apart = ("interlocks-disagree", "`IL-302` and `IL-301` drive `TV-311` apart".to_owned());
    assert_eq!(codes("\"TV-311 := 10 %\""), [apart]);
}
