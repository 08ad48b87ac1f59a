use crate::experiment::Experiment;

fn after(hours: f64, settings: &[&str]) -> Experiment {
    Experiment::after("dissolver", hours, settings)
}

fn reading(unit: &Experiment, name: &str) -> f64 {
    unit.reading(name).unwrap()
}

#[test]
fn calcium_and_magnesium_of_the_carbonate_end_up_in_the_brine() {
    let unit = after(24.0, &["feed.calcium=0.05wt%", "feed.magnesium=0.02wt%", "feed.acid_trim=0.21"]);
    // kg/h that come, in the brine that leaves.
    let volume = reading(&unit, "brine") / reading(&unit, "density");
    let (calcium, magnesium) = (1000.0 * 0.0005 * 40.078 / 100.087, 1000.0 * 0.0002 * 24.305 / 58.32);
    for (name, mass) in [("Ca", calcium), ("Mg", magnesium)] {
        let expected = 1000.0 * mass / volume;
        let found = reading(&unit, name);
        assert!((found / expected - 1.0).abs() < 0.02, "{name}: {found} mg/L, {expected} came");
    }
}

#[test]
fn without_acid_calcium_stays_a_solid() {
    let unit =
        after(24.0, &["feed.calcium=1wt%", "feed.acid_coarse=0", "feed.acid_trim=0", "start.brine=0g/L"]);
    assert!(reading(&unit, "Ca") < 50.0, "{}", reading(&unit, "Ca"));
    assert!(reading(&unit, "solids-trim") > 1.0);
}

#[test]
fn below_ph_6_most_of_the_carbonic_acid_has_left() {
    let at = |ratio: &str| reading(&after(12.0, &[ratio]), "CO2-dissolved");
    let (neutral, acid) = (at("feed.acid_trim=0.19"), at("feed.acid_trim=0.21"));
    assert!(acid < 0.3 * neutral, "{neutral} mmol/L, with acid {acid}");
}

#[test]
fn a_coil_that_stays_on_boils_the_brine_and_its_steam_leaves_by_the_vent() {
    let unit = after(6.0, &["coil_trim=1200kW", "tanks.coil=1200kW", "tanks.volume=1m3"]);
    let temperature = reading(&unit, "T-trim");
    assert!((105.0..125.0).contains(&temperature), "{temperature}");
    assert!(unit.balance().worst() < 1e-9, "{:?}", unit.balance());
}
