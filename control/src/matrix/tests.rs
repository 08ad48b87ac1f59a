use alloc::string::String;
use alloc::{format, vec::Vec};
use model::Source;

use super::{EffectKind, Matrix, Row, matrices};

const HEAD: &str = r#"
[plant]
name = "one"
title = "ONE"
period = "100 ms"
[area.100]
title = "Tanks"
[area.200]
title = "Nothing"
[device.PLC]
description = "I/O"
protocol = "modbus-tcp"
endpoint = "127.0.0.1:5020"
unit_id = 1
watchdog = "2 s"
heartbeat = "holding 0"
[tag.TT-1]
area = "100"
description = "Temperature"
unit = "degC"
range = [0, 200]
io = { device = "PLC", input = 0, raw = [0, 27648] }
[tag.PT-1A]
area = "100"
description = "Pressure"
unit = "bar"
range = [0, 10]
io = { device = "PLC", input = 1, raw = [0, 27648] }
[tag.PT-1B]
area = "100"
description = "Pressure"
unit = "bar"
range = [0, 10]
io = { device = "PLC", input = 2, raw = [0, 27648] }
[tag.PT-1C]
area = "100"
description = "Pressure"
unit = "bar"
range = [0, 10]
io = { device = "PLC", input = 3, raw = [0, 27648] }
[tag.HS-1]
area = "100"
description = "Emergency stop"
words = ["pressed", "healthy"]
io = { device = "PLC", discrete = 0 }
[tag.TV-1]
area = "100"
description = "Steam valve"
unit = "%"
range = [0, 100]
fail = 0
entry = { role = "operator" }
io = { device = "PLC", holding = 1, raw = [0, 27648] }
[tag.FV-1]
area = "100"
description = "Feed valve"
unit = "%"
range = [0, 100]
fail = 0
entry = { role = "operator" }
io = { device = "PLC", holding = 2, raw = [0, 27648] }
"#;

fn matrix(interlocks: &str) -> Matrix {
    let text = format!("{HEAD}{interlocks}");
    let compiled = crate::compile(&[Source { path: "plant.toml".into(), text }]);
    let plant = compiled.unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).plant;
    assert!(matrices(&plant, Some("200")).is_empty(), "an area without interlocks has no matrix");
    let mut found = matrices(&plant, None);
    assert_eq!(found, matrices(&plant, Some("100")));
    found.remove(0)
}

fn row(when: &str, more: &str) -> Row {
    let text = format!(
        "[interlock.IL-1]\narea = \"100\"\ndescription = \"Trip\"\nreset = \"manual\"\n\
         trip = [{{ when = \"{when}\", text = \"cause\"{more} }}]\ndo = [\"TV-1 := 0 %\"]\n"
    );
    matrix(&text).interlocks[0].causes[0].clone()
}

#[test]
fn a_cause_is_taken_apart_into_tag_limit_delay_vote_and_what_must_hold_besides() {
    let hot = row("(TT-1 > 95 degC AND HS-1) FOR 5 s", "");
    assert_eq!(
        (&hot.tags[..], hot.trip.as_str(), hot.vote.as_str()),
        (&["TT-1".into()][..], "> 95 degC", "1oo1")
    );
    assert_eq!((hot.delay_ms, &hot.only_while[..]), (5000, &["HS-1".into()][..]));
    assert!(hot.trips_on_bad && !hot.calculated);

    let vote =
        row("2 OF (PT-1A > 6 bar, PT-1B > 6 bar, PT-1C > 6 bar) AND TT-1 < 50 degC", ", on_bad = \"ignore\"");
    assert_eq!((vote.vote.as_str(), vote.trip.as_str(), vote.tags.len()), ("2oo3", "> 6 bar", 3));
    assert!(!vote.trips_on_bad && vote.only_while == ["TT-1 < 50 degC"]);

    let either = row("BAD(PT-1A) OR BAD(PT-1B)", "");
    assert_eq!((either.vote.as_str(), either.trip.as_str()), ("1oo2", "bad"));

    let both = row("BAD(PT-1B) AND TT-1 > 50 degC AND BAD(PT-1A)", "");
    assert_eq!((both.vote.as_str(), both.tags.len(), both.trip.as_str()), ("2oo2", 2, "bad"));
    assert_eq!(both.only_while, ["TT-1 > 50 degC"]);

    let stays = row("HYST(TT-1, 95 degC, 80 degC)", "");
    assert_eq!((stays.trip.as_str(), stays.calculated), (">= 95 degC", false));

    let switch = row("NOT HS-1", "");
    assert_eq!((switch.trip.as_str(), switch.delay_ms), ("pressed", 0), "the word of the switch");
}

#[test]
fn what_is_shown_is_what_trips_and_a_calculated_limit_says_so() {
    let second = row("TT-1 > 95 degC AND PT-1A < 2 * PT-1B", ", show = \"PT-1A\"");
    assert_eq!((second.tags[0].as_str(), second.trip.as_str()), ("PT-1A", "< 2 * PT-1B"));
    assert!(second.calculated && second.only_while == ["TT-1 > 95 degC"]);
    let unlike = row("TT-1 > 95 degC OR PT-1A > 6 bar", "");
    assert_eq!(
        (unlike.trip.as_str(), unlike.vote.as_str(), unlike.tags.len()),
        ("", "", 2),
        "no limit in common"
    );
    assert!(unlike.calculated);
}

#[test]
fn interlocks_that_bring_about_the_same_share_its_column() {
    let of = |name: &str, reset: &str, what: &str| {
        format!(
            "[interlock.{name}]\narea = \"100\"\ndescription = \"Trip\"\nreset = \"{reset}\"\nbypass = \"supervisor\"\n\
             trip = [{{ when = \"NOT HS-1\", text = \"a\" }}, {{ when = \"TT-1 > 9 degC\", text = \"b\" }}]\ndo = [{what}]\n"
        )
    };
    let text =
        of("IL-1", "manual", "\"TV-1 := 0 %\", \"FV-1 := 0 %\"") + &of("IL-2", "auto", "\"FV-1 := 0 %\"");
    let matrix = matrix(&text);
    let columns: Vec<String> = matrix
        .effects
        .iter()
        .map(|effect| format!("{} {} {}", effect.tag, effect.position, effect.description))
        .collect();
    assert_eq!(columns, ["TV-1 0 % Steam valve", "FV-1 0 % Feed valve"]);
    assert!(matrix.effects.iter().all(|effect| effect.kind == EffectKind::Output));
    let [one, two] = &matrix.interlocks[..] else { panic!("{matrix:?}") };
    assert_eq!((&one.effects[..], &two.effects[..]), (&[0, 1][..], &[1][..]));
    assert!(one.latched && !two.latched && two.bypass.is_some());
    assert_eq!(
        two.causes.iter().map(|row| row.number).collect::<Vec<_>>(),
        [3, 4],
        "through the whole matrix"
    );
}
