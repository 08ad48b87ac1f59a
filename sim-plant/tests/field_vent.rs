//! Chlorine that the string vents, in the absorber of a neighbour: matter, pressure, and what the text must say of it.

#[path = "common/points.rs"]
mod points;

use model::{Direction, Unit};
use points::{read, write};
use sim_plant::{FieldFile, FieldTag, Initial, Parameters, Simulator};

const TEXT: &str = r#"
[unit.EL-301]
kind = "electrolysis"

[unit.EL-301.orders]
vent-pressure = { of = "C-550.suction" }
vent-fan = 1
vent-lye = { of = "C-550.NaOH" }

[unit.C-550]
kind = "scrubber"
set = ["sump.volume=4m3", "column.gas=130Nm3/h", "column.drop=10mbar", "column.fan=30mbar", "transfer.Cl2=14", "start.level=50%", "start.strength=12wt%"]
orders = { circulation = 1, fan = 1 }

[line.chlorine-vent]
from = "EL-301.chlorine-vent"
to = "C-550.gas"

[measure]
FT-554 = "line.chlorine-vent"
AT-551 = "C-550.NaOH"
PT-551 = "C-550.suction"
AT-553 = "C-550.Cl2-out"
"#;

fn run(plant: &mut Simulator, seconds: u32) {
    for _ in 0..seconds {
        plant.step(1000);
    }
}

fn open(text: &str) -> Result<Simulator, String> {
    let tag = |name: &str, unit: &str, low: f64, high: f64| {
        let unit = Unit::parse(unit).unwrap();
        let direction = Direction::Input;
        FieldTag { name: name.into(), direction, unit, low, high, fail: 0.0, device: "PLC-500".into() }
    };
    let tags = [
        tag("FT-554", "Nm3/h", 0.0, 100.0),
        tag("AT-551", "wt%", 0.0, 25.0),
        tag("PT-551", "mbar", -60.0, 60.0),
        tag("AT-553", "ppm", 0.0, 500.0),
    ];
    let files = [FieldFile { name: "field/550.toml".into(), text: text.into() }];
    Simulator::open(&Parameters::built_in().unwrap(), Initial::Running, 11, &files, &tags)
        .map_err(|error| error.to_string())
}

/// In production, all chlorine on the vent.
fn venting() -> Simulator {
    let mut plant = open(TEXT).unwrap();
    write(&mut plant, "XV-353.CMD", 1.0);
    run(&mut plant, 5);
    write(&mut plant, "XV-354.CMD", 0.0);
    run(&mut plant, 60);
    plant
}

fn fault(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn the_absorber_takes_what_the_header_vents_and_pays_two_hydroxides_a_molecule() {
    let mut plant = open(TEXT).unwrap();
    let before = read(&plant, "AT-551");
    let mut vented = 0.0;
    for (on, seconds) in [(1.0, 1800), (0.0, 900)] {
        write(&mut plant, "XV-353.CMD", on);
        write(&mut plant, "XV-354.CMD", 1.0 - on);
        for _ in 0..seconds {
            plant.step(1000);
            // Of the dry gas, which is what FT-351 shows.
            vented += on * read(&plant, "FT-351") * read(&plant, "AT-353") * 0.01 / 3600.0;
        }
        if on == 1.0 {
            let moist = read(&plant, "FT-554") / read(&plant, "FT-351");
            assert!((moist - 1.08).abs() < 0.02, "water vapour of 40 degC: {moist}");
        }
    }
    assert!((15.0..30.0).contains(&vented), "{vented} Nm3");
    // 2 m3 of 12 % lye, 1.13 kg/L; the chlorine stays in the liquor and makes it heavier.
    let mol = vented / 22.414e-3;
    let (lye, chlorine) = (2.0 * 39.997e-3 * mol, 70.906e-3 * mol);
    let mass = 2.0 * 1131.0;
    let left = 100.0 * (before * 0.01 * mass - lye) / (mass + chlorine);
    assert!((read(&plant, "AT-551") - left).abs() < 0.15, "{} for {left}", read(&plant, "AT-551"));
    assert!(read(&plant, "AT-553") < 2.0, "{} ppm", read(&plant, "AT-553"));
    // The string's own instruments show this very scrubber.
    assert!(
        (read(&plant, "AT-365") - read(&plant, "AT-551")).abs() < 0.1 && read(&plant, "SC-390.RUN") == 1.0
    );
    assert!(plant.closure().worst() < 1e-9, "{:?}", plant.closure());
}

#[test]
fn the_header_vents_against_the_pressure_that_the_absorber_has() {
    let mut plant = venting();
    let (drawn, held) = (read(&plant, "PT-551"), read(&plant, "PT-351"));
    assert!(drawn < -25.0, "{drawn}");
    let fan = [fault("unit", "C-550"), fault("order", "fan"), fault("value", "0")];
    plant.apply_fault("unit-forced", &fan).unwrap();
    run(&mut plant, 120);
    let (pressed, risen) = (read(&plant, "PT-551"), read(&plant, "PT-351"));
    // PV-351 stands where it stood, so the header rises with what it vents against.
    assert!(pressed > 0.0 && pressed < 5.0, "{pressed}");
    assert!((risen - held - (pressed - drawn)).abs() < 3.0, "{held} {risen} {drawn} {pressed}");
    assert!(read(&plant, "FT-554") > 30.0, "it still goes where it should: {}", read(&plant, "FT-554"));
    assert!(read(&plant, "AT-361A") > 0.02, "and the duct is not tight: {}", read(&plant, "AT-361A"));
    assert!(plant.closure().worst() < 1e-9, "{:?}", plant.closure());
}

#[test]
fn behind_a_blocked_vent_the_header_rises_to_its_seal() {
    let mut plant = venting();
    let before = read(&plant, "PT-351");
    let line = fault("line", "chlorine-vent");
    plant.apply_fault("line-blocked", &[line.clone(), fault("percent", "100")]).unwrap();
    let mut highest: f64 = 0.0;
    for _ in 0..60 {
        plant.step(1000);
        highest = highest.max(read(&plant, "PT-351"));
    }
    // The seal opens at 110 mbar; its pipe leads to the absorber as well.
    assert!((108.0..112.0).contains(&highest), "{highest}");
    assert!(read(&plant, "FT-351") < 0.5 && read(&plant, "FT-554") > 30.0, "{}", read(&plant, "FT-554"));
    plant.clear_fault("line-blocked", &[line]).unwrap();
    // The anolyte gives back what it took up under pressure.
    run(&mut plant, 900);
    assert!((read(&plant, "PT-351") - before).abs() < 2.0, "{before} {}", read(&plant, "PT-351"));
    assert!(read(&plant, "FT-351") > 30.0, "{}", read(&plant, "FT-351"));
    assert!(plant.closure().worst() < 1e-9, "{:?}", plant.closure());
}

#[test]
fn a_plant_without_the_line_vents_through_its_own_door() {
    let alone = "[unit.EL-301]\nkind = \"electrolysis\"\n";
    let bare = |text: &str| {
        let files = [FieldFile { name: "field/300.toml".into(), text: text.into() }];
        let mut plant =
            Simulator::open(&Parameters::built_in().unwrap(), Initial::Running, 11, &files, &[]).unwrap();
        write(&mut plant, "XV-353.CMD", 1.0);
        write(&mut plant, "XV-354.CMD", 0.0);
        run(&mut plant, 300);
        plant
    };
    let (mut joined, mut lone) =
        (bare(alone), Simulator::new(&Parameters::built_in().unwrap(), Initial::Running, 11));
    write(&mut lone, "XV-353.CMD", 1.0);
    write(&mut lone, "XV-354.CMD", 0.0);
    run(&mut lone, 300);
    for tag in ["PT-351", "FT-351", "AT-365", "AT-353"] {
        assert_eq!(read(&joined, tag), read(&lone, tag), "{tag}");
    }
    joined.apply_fault("scrubber-fan", &[]).unwrap();
    run(&mut joined, 5);
    assert_eq!(read(&joined, "SC-390.RUN"), 0.0);
}

#[test]
fn the_fan_of_the_string_s_own_scrubber_cannot_fail_where_a_neighbour_s_takes_the_chlorine() {
    let error = open(TEXT).unwrap().apply_fault("scrubber-fan", &[]).unwrap_err().to_string();
    assert!(error.contains("pump-trip"), "{error}");
}

#[test]
fn a_snapshot_of_a_header_that_vents_goes_on_bit_for_bit() {
    let (mut one, mut two) = (venting(), open(TEXT).unwrap());
    two.restore(&one.snapshot()).unwrap();
    for _ in 0..20 {
        one.step(700);
        two.step(700);
    }
    assert_eq!(one.hash(), two.hash());
}

#[test]
fn line_and_absorber_are_told_together_or_not_at_all() {
    let vent = "[line.chlorine-vent]\nfrom = \"EL-301.chlorine-vent\"\nto = \"C-550.gas\"\n";
    let lye = "vent-lye = { of = \"C-550.NaOH\" }\n";
    let second = format!("{vent}\n[line.again]\nfrom = \"EL-301.chlorine-vent\"\nto = \"C-550.gas\"\n");
    let no_line = TEXT.replace(vent, "").replace("FT-554 = \"line.chlorine-vent\"\n", "");
    for (text, mistake) in [
        (TEXT.replace(lye, ""), "give it the orders vent-lye, such as"),
        (no_line, "no line takes the chlorine there"),
        (TEXT.replace(vent, &second), "again takes the vented chlorine a second time"),
        (TEXT.replace("C-550.suction", "C-550.T"), "they do not convert"),
    ] {
        let error = open(&text).err().expect(mistake);
        assert!(error.contains(mistake), "{mistake}: {error}");
    }
}
