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
