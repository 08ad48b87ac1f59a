//! Settings that are sound one by one and cannot be together are refused, with the place and what to do.

use std::sync::Arc;

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};

fn refusal(unit: &str, settings: &[&str]) -> String {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let settings = settings.iter().map(ToString::to_string).collect();
    let opened = Experiment::open(unit, &Conditions { settings, ..Conditions::default() }, &chemistry);
    opened.err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn settings_that_contradict_each_other_are_refused_where_they_stand() {
    for (unit, settings, place, advice) in [
        ("leach", &["solid.carbon=30wt%"][..], "solid.carbon", "add"),
        ("leach", &["solid.nickel=0", "solid.cobalt=0", "solid.manganese=0"], "solid.nickel", "raise one"),
        ("leach", &["tanks.oxygen=5bar"], "tanks.oxygen", "raise the pressure"),
        ("shredder", &["module.copper=40wt%"], "module.copper", "at most 100"),
        ("shredder", &["module.grade=999"], "module.grade", "write 111, 532, 622 or 811"),
        ("scrubber", &["feed.chlorine=60%vol", "feed.carbon_dioxide=50%vol"], "feed.c", "at most 100"),
        ("boiler", &["drum.bottom=3.5m3"], "drum.bottom", "below drum.top"),
        ("boiler", &["drum.top=5m3"], "drum.top", "raise the volume"),
        ("module", &["bench.low=4V", "bench.high=3V"], "bench.low", "raise bench.high"),
    ] {
        let refused = refusal(unit, settings);
        assert!(refused.contains(&format!("--set {place}")), "{unit} {settings:?}: {refused:?}");
        assert!(refused.contains(advice), "{unit} {settings:?}: {refused:?}");
    }
}

#[test]
fn what_contradicts_only_later_is_refused_before_it_runs() {
    let later = ["feed.chlorine=60%vol@1h", "feed.carbon_dioxide=50%vol@2h", "feed.chlorine=0%vol@3h"];
    assert!(refusal("scrubber", &later).contains("at most 100"));
    assert_eq!(refusal("scrubber", &[later[0], "feed.chlorine=0%vol@90min", later[1]]), "");
}

#[test]
fn settings_of_one_moment_are_judged_together_in_whatever_order_they_are_written() {
    let first = "bench.high=3.2V";
    let (low, high) = ("bench.low=3.5V@1h", "bench.high=4.2V@1h");
    assert_eq!(refusal("module", &[first, low, high]), "");
    assert_eq!(refusal("module", &[first, high, low]), "");
    assert!(refusal("module", &[first, low, "bench.high=4.2V@2h"]).contains("raise bench.high"));
}

#[test]
fn settings_of_one_moment_take_effect_together() {
    let settings = ["bench.high=3.2V", "bench.low=3.5V@10s", "bench.high=4.2V@10s"];
    let conditions = Conditions { settings: settings.map(str::to_owned).to_vec(), ..Conditions::default() };
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut unit = Experiment::open("module", &conditions, &chemistry).unwrap();
    let written = |unit: &Experiment| {
        ["bench.low", "bench.high"].map(|name| {
            let entry = unit.entries().iter().find(|entry| entry.name == name).unwrap();
            entry.value
        })
    };
    unit.run_to(10.0);
    assert_eq!(written(&unit), [3.0, 3.2]);
    unit.run_to(12.0);
    assert_eq!(written(&unit), [3.5, 4.2]);
}

#[test]
fn settings_that_wait_are_judged_in_the_order_of_time_and_not_of_the_text() {
    let backwards = ["feed.carbon_dioxide=50%vol@2h", "feed.chlorine=0@90min", "feed.chlorine=60%vol@1h"];
    assert_eq!(refusal("scrubber", &backwards), "");
}

#[test]
fn of_settings_of_one_moment_only_that_which_cannot_wait_is_refused() {
    let refused = refusal("leach", &["tanks.count=2@1h", "feed.acid=2L/h@1h"]);
    assert!(refused.contains("tanks.count decides") && !refused.contains("feed.acid"), "{refused}");
}

#[test]
fn parts_that_leave_room_and_shares_of_a_sum_are_taken() {
    assert_eq!(refusal("leach", &["solid.active=60wt%", "solid.carbon=40wt%"]), "");
    assert_eq!(refusal("leach", &["solid.nickel=0.8"]), "");
    assert_eq!(refusal("leach", &["tanks.oxygen=5bar", "tanks.pressure=10bar"]), "");
}

#[test]
fn a_flask_that_is_beyond_its_mark_says_that_lye_cannot_bring_it_back() {
    use sim_plant::solution::Remark;
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let conditions = Conditions { settings: vec!["lye.titrate=2pH".to_owned()], ..Conditions::default() };
    let mut unit = Experiment::open("extraction", &conditions, &chemistry).unwrap();
    unit.run_to(60.0);
    assert!(unit.notes().count(Remark::Limited) > 0, "{:?}", unit.readings());
}
