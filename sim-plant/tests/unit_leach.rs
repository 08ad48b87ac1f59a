//! What only the leach reactor must do.

use std::sync::Arc;

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};
use sim_plant::solution::Remark;

fn after(minutes: f64, settings: &[&str]) -> Experiment {
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut experiment = Experiment::open("leach", &conditions, &chemistry).unwrap();
    experiment.run_to(minutes * 60.0);
    assert!(experiment.balance().worst() < 1e-9, "{:?}", experiment.balance());
    experiment
}

fn reading(experiment: &Experiment, name: &str) -> f64 {
    experiment.reading(name).unwrap()
}

#[test]
fn without_a_reductant_manganese_stops_at_half_and_peroxide_takes_it_up_again() {
    let hot =
        ["charge.peroxide=0mol/L", "charge.temperature=95degC", "feed.hold=95degC", "charge.acid=2mol/L"];
    let alone = after(720.0, &hot);
    assert!((48.0..53.0).contains(&reading(&alone, "X-Mn")), "{}", reading(&alone, "X-Mn"));
    let mut later = hot.to_vec();
    later.push("peroxide_1=0.2L/h@600min");
    let helped = after(720.0, &later);
    assert!(reading(&helped, "X-Mn") > 95.0, "{}", reading(&helped, "X-Mn"));
}

#[test]
fn the_heat_of_reductive_leaching_warms_a_vessel_without_a_jacket() {
    let vessel = after(90.0, &["thermostat=0", "heat_loss=0W/K"]);
    // The formation enthalpies of the lattice make it -200 kJ per mol of metal; 0.415 mol/L, about 4.1 kJ/(K L).
    let rise = reading(&vessel, "T") - 40.0;
    assert!((18.0..22.0).contains(&rise), "{rise}");
}

#[test]
fn an_acid_that_runs_out_ends_the_reaction_and_not_the_model() {
    let short = after(240.0, &["charge.acid=0.2mol/L"]);
    assert!(reading(&short, "X-Li") < 60.0, "{}", reading(&short, "X-Li"));
    // Layered oxide gives lithium to plain water, which turns alkaline.
    assert!((3.0..11.5).contains(&reading(&short, "pH")), "{}", reading(&short, "pH"));
    assert!(reading(&short, "free-acid") < 2.0);
}

#[test]
fn aluminium_foil_makes_hydrogen_and_copper_eats_peroxide() {
    let foil = after(20.0, &["solid.active=90wt%", "solid.aluminium=5wt%", "solid.copper=5wt%"]);
    assert!(reading(&foil, "H2") > 0.0 && reading(&foil, "H2-share") > 5.0);
    let clean = after(20.0, &["solid.active=90wt%"]);
    assert!(reading(&foil, "H2O2") < reading(&clean, "H2O2"));
    assert!(reading(&foil, "X-Cu") > 20.0 && reading(&foil, "X-Al") > 20.0);
}

#[test]
fn a_train_of_four_tanks_reaches_a_steady_state() {
    let mut train = after(
        60.0 * 24.0,
        &[
            "count=4",
            "tanks.volume=5m3",
            "jacket=500kW",
            "heat_loss=100W/K",
            "feed.hold=70degC",
            "charge.temperature=60degC",
            "charge.solids=0g/L",
            "charge.peroxide=0mol/L",
            "feed.solids=1000kg/h",
            "solid.active=60wt%",
            "solid.carbon=30wt%",
            "solid.copper=2wt%",
            "solid.aluminium=2wt%",
            "solid.iron=0.5wt%",
            "feed.acid=10m3/h",
            "peroxide_1=250L/h",
            "peroxide_2=150L/h",
            "peroxide_3=50L/h",
        ],
    );
    let before = reading(&train, "X-Co");
    train.run_to(30.0 * 3600.0);
    let later = reading(&train, "X-Co");
    assert!((later - before).abs() < 0.2 && later > 95.0, "{before} {later}");
    assert!((reading(&train, "T") - 70.0).abs() < 1.0);
    // 11 t/h of cold feed want 600 kW to 70 degC; the reaction brings more than half of it, the acid that is thinned 10 kW.
    let heating = -reading(&train, "cooling");
    assert!((30.0..400.0).contains(&heating), "{heating}");
}

#[test]
fn a_mixed_black_mass_that_lacks_acid_stops_where_its_hydroxides_fall() {
    let short = after(
        120.0,
        &[
            "charge.acid=0.5mol/L",
            "charge.peroxide=0.5mol/L",
            "solid.active=60wt%",
            "solid.copper=5wt%",
            "solid.aluminium=3wt%",
            "solid.iron=1wt%",
            "solid.carbon=30wt%",
            "charge.solids=100g/L",
            "charge.temperature=70degC",
            "feed.hold=70degC",
        ],
    );
    assert!((4.0..6.0).contains(&reading(&short, "pH")), "{}", reading(&short, "pH"));
    assert!(reading(&short, "Fe") < 0.01 && reading(&short, "Al") < 0.05);
    assert!(reading(&short, "Co") > 3.0 && reading(&short, "X-Fe") < 1.0);
}

#[test]
fn lithium_leaves_before_every_metal_whatever_reduces_it() {
    let foil = ["solid.active=60wt%", "solid.carbon=20wt%", "charge.peroxide=0mol/L", "charge.acid=1.5mol/L"];
    let warm = ["charge.temperature=70degC", "feed.hold=70degC"];
    for reductant in ["solid.copper=5wt%", "solid.aluminium=5wt%", "solid.iron=5wt%"] {
        let settings = [&foil[..], &warm[..], &[reductant]].concat();
        let ahead = after(20.0, &settings);
        let lithium = reading(&ahead, "X-Li");
        for metal in ["X-Ni", "X-Co", "X-Mn"] {
            assert!(lithium >= reading(&ahead, metal), "{reductant}: {lithium} {}", reading(&ahead, metal));
        }
    }
}

#[test]
fn iron_carries_electrons_from_metals_to_the_lattice() {
    let nickel = |iron: &str| {
        let settings = [
            "solid.active=60wt%",
            "solid.copper=5wt%",
            "solid.carbon=20wt%",
            "charge.peroxide=0mol/L",
            iron,
            "charge.acid=1.5mol/L",
            "side.copper_lattice=0",
            "charge.temperature=70degC",
            "feed.hold=70degC",
        ];
        let unit = after(60.0, &settings);
        (reading(&unit, "X-Ni"), reading(&unit, "X-Cu"))
    };
    let (without, with) = (nickel("solid.iron=0wt%"), nickel("solid.iron=0.5wt%"));
    assert!(without.1 < 1.0, "{without:?}");
    assert!(with.0 > without.0 + 5.0 && with.1 > 50.0, "{without:?} {with:?}");
}

#[test]
fn oxygen_blown_through_a_hot_tank_dries_it_and_takes_no_water_that_is_not_there() {
    let hot = ["charge.temperature=95degC", "feed.hold=95degC", "charge.peroxide=0", "feed.oxygen=5kg/h"];
    let dry = after(20.0 * 60.0, &hot);
    assert!((20.0..=96.0).contains(&reading(&dry, "T")), "{}", reading(&dry, "T"));
}

#[test]
fn a_runaway_of_peroxide_boils_the_liquor_and_gets_no_hotter() {
    let runaway = [
        "charge.temperature=60degC",
        "feed.thermostat=0",
        "charge.acid=3mol/L",
        "charge.solids=200g/L",
        "charge.peroxide=3mol/L",
        "solid.active=60wt%",
        "solid.iron=2wt%",
        "solid.copper=3wt%",
        "solid.aluminium=3wt%",
        "solid.carbon=30wt%",
    ];
    let after_a_minute = |pressure: &str| {
        let mut settings = runaway.to_vec();
        settings.push(pressure);
        reading(&after(1.0, &settings), "T")
    };
    let (open, closed) = (after_a_minute("tanks.pressure=1bar"), after_a_minute("tanks.pressure=10bar"));
    assert!((99.0..105.0).contains(&open), "{open}");
    assert!(closed > open + 5.0, "{closed}");
}

#[test]
fn a_tank_under_half_a_bar_boils_at_82_degrees() {
    let low = [
        "charge.temperature=75degC",
        "feed.hold=99degC",
        "tanks.pressure=0.5bar",
        "charge.solids=0",
        "charge.peroxide=0",
    ];
    let boiling = after(10.0, &low);
    assert!((81.0..86.0).contains(&reading(&boiling, "T")), "{}", reading(&boiling, "T"));
}

#[test]
fn far_too_much_peroxide_boils_a_charge_down_to_its_salts_and_says_so() {
    let strong =
        ["charge.peroxide=10mol/L", "feed.thermostat=0", "charge.solids=500g/L", "charge.acid=6mol/L"];
    let settings = strong.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let mut charge = Experiment::open("leach", &conditions, &chemistry).unwrap();
    let mut hottest = 0.0_f64;
    for minute in 1..=180 {
        charge.run_to(60.0 * f64::from(minute));
        hottest = hottest.max(reading(&charge, "T"));
    }
    // Beyond the end of the boiling points there is no liquor.
    assert!((105.0..=152.0).contains(&hottest), "{hottest}");
    assert!(charge.notes().count(Remark::BoilingDry) > 0, "{:?}", charge.notes().lines());
    assert!(charge.balance().worst() < 1e-9, "{:?}", charge.balance());
    // A charge that has water enough boils at its boiling point, all of its peroxide gone.
    let thin = after(180.0, &["charge.peroxide=5mol/L", "feed.thermostat=0", "charge.temperature=80degC"]);
    assert_eq!(thin.notes().count(Remark::BoilingDry), 0);
}

/// A plant that starts in production has in its tanks what it has leached for hours.
#[test]
fn a_train_begins_with_the_liquor_and_the_residue_that_are_stated() {
    let begun =
        after(0.0, &["charge.solids=0", "charge.residue=20g/L", "charge.Ni=15g/L", "charge.Al=0.8g/L"]);
    assert!((reading(&begun, "Ni") - 15.0).abs() < 0.05, "{} g/L", reading(&begun, "Ni"));
    assert!((reading(&begun, "Al") - 0.8).abs() < 0.01, "{} g/L", reading(&begun, "Al"));
    assert!((reading(&begun, "solids") - 20.0).abs() < 0.3, "{} g/L", reading(&begun, "solids"));
    assert!((reading(&begun, "X-Ni") - 100.0).abs() < 1e-9);
}

/// Li in mg/L after so long, of a leach of black mass that is LiF and nothing that dissolves.
fn lithium_of_fluoride(fluoride: &str, hours: f64, acid: &str) -> f64 {
    let settings = [
        "solid.active=0",
        "solid.carbon=0",
        "charge.solids=500g/L",
        "charge.peroxide=0",
        "charge.temperature=25degC",
        "feed.hold=25degC",
        fluoride,
        acid,
    ];
    1e3 * reading(&after(hours * 60.0, &settings), "Li")
}

#[test]
fn lithium_fluoride_dissolves_up_to_its_solubility_and_further_in_acid_that_makes_hf_of_it() {
    // CRC Handbook: 0.134 g of LiF in 100 g of water at 25 degC, 359 mg/L of lithium; and no more of more of it.
    let [little, much] = ["solid.fluoride=2wt%", "solid.fluoride=20wt%"]
        .map(|fluoride| lithium_of_fluoride(fluoride, 48.0, "charge.acid=0"));
    assert!((little / 359.0 - 1.0).abs() < 0.05, "{little}");
    assert!((much / little - 1.0).abs() < 0.02, "{little} {much}");
    // What is less than that dissolves: 0.1 wt% of 500 g/L are 0.5 g/L of LiF.
    let all = lithium_of_fluoride("solid.fluoride=0.1wt%", 48.0, "charge.acid=0");
    assert!((all / 134.0 - 1.0).abs() < 0.03, "{all}");
    // Sulfuric acid makes HF of the fluoride: 8 g/L of LiF dissolve in 0.5 mol/L of it, and all of them.
    let sour = lithium_of_fluoride("solid.fluoride=1.6wt%", 8.0, "charge.acid=0.5mol/L");
    assert!((sour / 2141.0 - 1.0).abs() < 0.05, "{sour}");
}
