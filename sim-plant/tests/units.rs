//! What must hold for every unit operation, whatever it is: run through the catalogue.

use std::sync::{Arc, LazyLock};

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};
use sim_plant::units::CATALOGUE;

static CHEMISTRY: LazyLock<Arc<Chemistry>> = LazyLock::new(|| Arc::new(Chemistry::built_in().unwrap()));

fn open(name: &str, settings: &[&str]) -> Experiment {
    let settings = settings.iter().map(ToString::to_string).collect();
    Experiment::open(name, &Conditions { settings, ..Conditions::default() }, &CHEMISTRY).unwrap()
}

fn refusal(name: &str, settings: &[&str]) -> String {
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    Experiment::open(name, &conditions, &CHEMISTRY).err().unwrap().to_string()
}

#[test]
fn elements_charge_mass_and_energy_close_in_every_unit() {
    for row in CATALOGUE {
        let mut unit = open(row.shape.name, &[]);
        unit.run_to(2.0 * 3600.0);
        let balance = unit.balance();
        assert!(balance.worst() < 1e-9, "{}: {balance:?}", row.shape.name);
        let finite = unit.readings().iter().all(|reading| reading.is_finite());
        assert!(finite, "{}: {:?}", row.shape.name, unit.readings());
    }
}

#[test]
fn the_same_conditions_give_the_same_bits_and_a_snapshot_goes_on_bit_for_bit() {
    for row in CATALOGUE {
        let (mut one, mut two) = (open(row.shape.name, &[]), open(row.shape.name, &[]));
        one.run_to(600.0);
        let snapshot = one.snapshot();
        one.run_to(1200.0);
        two.run_to(1200.0);
        assert_eq!(one.hash(), two.hash(), "{}", row.shape.name);
        let mut resumed = open(row.shape.name, &[]);
        resumed.run_to(60.0);
        assert!(resumed.restore(&snapshot), "{}", row.shape.name);
        assert!(!resumed.restore(&snapshot[8..]), "{}", row.shape.name);
        resumed.run_to(1200.0);
        assert_eq!(one.hash(), resumed.hash(), "{}", row.shape.name);
    }
}

#[test]
fn every_setting_has_a_meaning_a_range_that_holds_its_default_and_a_source() {
    for row in CATALOGUE {
        let entries = Experiment::settables(row);
        assert!(!entries.is_empty(), "{}", row.shape.name);
        for entry in entries {
            assert!(!entry.text.is_empty(), "{}: {} says nothing", row.shape.name, entry.name);
            assert!(entry.low < entry.high && !entry.source.is_empty(), "{entry:?}");
        }
    }
}

#[test]
fn nonsense_is_refused_with_the_flag() {
    for (setting, expected) in [
        ("solids", "--set solids: write key=value, such as temperature=40degC"),
        ("feed.solids=much", "--set feed.solids=much: \"much\" does not begin with a number"),
        ("feed.solids=-5kg/h", "--set feed.solids=-5kg/h: feed.solids: -5 kg/h is outside 0 to 100000"),
        (
            "feed.temperature=2000degC",
            "--set feed.temperature=2000degC: feed.temperature: 2000 degC is outside 0 to 95",
        ),
        ("feed.temperature=nan", "--set feed.temperature=nan: \"nan\" does not begin with a number"),
        (
            "feed.temperature=4bar",
            "--set feed.temperature=4bar: feed.temperature: unit \"bar\" does not convert to \"degC\"",
        ),
        (
            "temperature=4degC",
            "--set temperature=4degC: temperature is ambiguous: write feed.temperature or start.temperature",
        ),
        ("acid_coars=1", "--set acid_coars=1: nothing is called acid_coars; did you mean acid_coarse?"),
        ("acid_coarse=1@soon", "--set acid_coarse=1@soon: \"soon\" is no time; write 60min or 2h"),
        ("acid_coarse=9@5min", "--set acid_coarse=9@5min: feed.acid_coarse: 9  is outside 0 to 5"),
    ] {
        assert_eq!(refusal("dissolver", &[setting]), expected);
    }
    assert!(refusal("disolver", &[]).contains("did you mean \"dissolver\"?"));
}

#[test]
fn a_beaker_without_water_is_refused() {
    let message = refusal("liquor", &["weight.LiCl=55wt%", "weight.NaCl=45wt%"]);
    assert!(
        message.contains("100.0 wt% of solutes leave no water; keep their sum at 98 or below"),
        "{message}"
    );
    assert!(open("liquor", &["weight.LiCl=40wt%", "weight.NaCl=5wt%"]).readings()[0] > 1000.0);
}

#[test]
fn units_convert_and_a_setting_can_wait() {
    let mut kelvin = open("dissolver", &["feed.temperature=293.15K", "feed.solids=1t/h"]);
    let mut celsius = open("dissolver", &["feed.temperature=20degC"]);
    kelvin.run_to(600.0);
    celsius.run_to(600.0);
    assert!((kelvin.reading("CO2").unwrap() / celsius.reading("CO2").unwrap() - 1.0).abs() < 1e-9);
    let mut later = open("dissolver", &["feed.solids=0kg/h@10min"]);
    later.run_to(600.0);
    assert_eq!(later.hash(), celsius.hash());
    later.run_to(1200.0);
    celsius.run_to(1200.0);
    assert!(later.reading("dissolved").unwrap() < 0.75 * celsius.reading("dissolved").unwrap());
    assert!(later.balance().worst() < 1e-9);
}

#[test]
fn a_parameter_file_wins_entry_by_entry_and_a_mistake_in_it_names_its_line() {
    let open = |text: &str| {
        let file = Some(("mine.toml".to_owned(), text.to_owned()));
        Experiment::open("dissolver", &Conditions { file, ..Conditions::default() }, &CHEMISTRY)
    };
    let entry = |name: &str, value: &str, unit: &str| {
        format!(
            "# mine\n[tanks]\n{name} = {{ value = {value}, unit = \"{unit}\", source = \"me\", trust = \"measured\" }}\n"
        )
    };
    let mine = open(&entry("volume", "2000", "L")).unwrap();
    let volume = mine.entries().iter().find(|entry| entry.name == "tanks.volume").unwrap();
    assert_eq!((volume.value, volume.file.as_str(), volume.line), (2000.0, "mine.toml", 3));
    for (text, expected) in [
        (entry("volume", "nan", "m3"), "mine.toml:3: tanks.volume: NaN m3 is outside 0.0001 to 1000"),
        (entry("volume", "-1", "m3"), "mine.toml:3: tanks.volume: -1 m3 is outside 0.0001 to 1000"),
        (entry("volume", "1", "kg"), "mine.toml:3: tanks.volume: unit \"kg\" does not convert to \"m3\""),
        (
            entry("volum", "1", "m3"),
            "mine.toml:3: no parameter is called tanks.volum; did you mean tanks.volume?",
        ),
    ] {
        assert_eq!(open(&text).err().unwrap().to_string(), expected);
    }
}
