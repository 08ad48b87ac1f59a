//! Devices whose failure nobody is told.

mod support;

use support::text_loop::{TUNED, source};

const DEVICES: &str = r#"
[tag."P-1.CMD"]
description = "Pump"
words = ["stop", "start"]
fail = 0
io = { device = "PLC", coil = 0 }
[motor.P-1]
description = "Pump"
out = "P-1.CMD"
on = "P-1.RUN"
"#;

/// Name of the silent device and remedy, of each warning of a plant with this beside its pump.
fn silent(more: &str) -> Vec<(String, String)> {
    let found = control::compile(&source(&format!("{TUNED}{DEVICES}{more}")));
    let warnings = found.unwrap_or_else(|found| panic!("{more}: {found:#?}")).warnings;
    let silent = warnings.into_iter().filter(|warning| warning.code == "silent-device");
    silent.map(|warning| (warning.message, warning.help)).collect()
}

fn alarm(condition: &str) -> String {
    format!(
        "[alarm.A]\n{condition}\npriority = \"low\"\ncause = \"a\"\nconsequence = \"b\"\nresponse = \"c\"\ntime = \"5 min\"\n"
    )
}

#[test]
fn a_motor_without_an_alarm_is_a_warning_with_the_two_ways_out() {
    let found = silent("");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "no alarm tells that `P-1` has failed");
    assert!(found[0].1.contains("`fault = true`") && found[0].1.contains("fault_alarm = false"), "{found:?}");
}

#[test]
fn any_alarm_that_sees_its_failure_is_enough() {
    let calc = "[calc.FX-1]\nwords = [\"no\", \"yes\"]\nvalue = \"P-1.FAIL OR BAD(TT-1)\"\n";
    for (condition, more) in [
        ("tag = \"P-1\"\nfault = true", ""),
        ("tag = \"P-1\"\nwhen = \"P-1.STATE = failed\"", ""),
        ("tag = \"P-1\"\nwhen = \"P-1.CMD AND NOT P-1.RUN FOR 10 s\"", ""),
        ("tag = \"FX-1\"\nwhen = \"FX-1\"", calc),
    ] {
        assert_eq!(silent(&format!("{more}{}", alarm(condition))), [], "{condition}");
    }
    // One that tells of something else, or is only enabled by the motor, is none.
    for condition in [
        "tag = \"TT-1\"\nhigh = \"150 degC\"\nenable = \"P-1.RUN\"",
        "tag = \"P-1\"\nwhen = \"P-1.CMD FOR 1 h\"",
    ] {
        assert_eq!(silent(&alarm(condition)).len(), 1, "{condition}");
    }
}

#[test]
fn an_alarm_on_the_standby_of_a_group_tells_of_the_group_and_its_motors() {
    let group = "[tag.\"P-2.CMD\"]\ndescription = \"Pump\"\nwords = [\"stop\", \"start\"]\nfail = 0\n\
        io = { device = \"PLC\", coil = 1 }\n[motor.P-2]\nout = \"P-2.CMD\"\non = \"P-2.RUN\"\n\
        [tag.\"P-2.RUN\"]\ndescription = \"Pump\"\nwords = [\"stopped\", \"running\"]\nio = { device = \"PLC\", discrete = 9 }\n\
        [duty_standby.P-12]\nmotors = [\"P-1\", \"P-2\"]\n";
    assert_eq!(silent(group).len(), 3);
    assert_eq!(silent(&format!("{group}{}", alarm("tag = \"P-12\"\nwhen = \"P-12.READY < 2\""))), []);
}

#[test]
fn a_device_says_that_it_is_meant_and_one_without_feedback_what_it_lacks() {
    assert_eq!(silent("fault_alarm = false\n"), []);
    let blind = DEVICES.replace("on = \"P-1.RUN\"\n", "");
    let found = control::compile(&source(&format!("{TUNED}{blind}"))).unwrap().warnings;
    assert!(found.iter().any(|warning| warning.help.contains("name the feedback")), "{found:#?}");
    let refused = control::compile(&source(&format!("{TUNED}{DEVICES}fault_alarm = true\n"))).unwrap_err();
    assert_eq!((refused.len(), refused[0].code), (1, "wrong-type"));
}
