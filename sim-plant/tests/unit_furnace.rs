//! Physics of the HCl furnace that no other unit has.

use std::sync::{Arc, LazyLock};

use sim_plant::chemistry::Chemistry;
use sim_plant::experiment::{Conditions, Experiment};

static CHEMISTRY: LazyLock<Arc<Chemistry>> = LazyLock::new(|| Arc::new(Chemistry::built_in().unwrap()));

fn run(settings: &[&str], hours: f64) -> Experiment {
    let settings = settings.iter().map(ToString::to_string).collect();
    let conditions = Conditions { settings, ..Conditions::default() };
    let mut furnace = Experiment::open("furnace", &conditions, &CHEMISTRY).unwrap();
    furnace.run_to(hours * 3600.0);
    assert!(furnace.balance().worst() < 1e-9, "{:?}", furnace.balance());
    furnace
}

fn of(furnace: &Experiment, name: &str) -> f64 {
    furnace.reading(name).unwrap()
}

#[test]
fn chlorine_that_lacks_hydrogen_leaves_free_and_excess_hydrogen_ends_in_the_tail_gas() {
    let short = run(&["ratio=0.95"], 1.0);
    // 5 % of the chlorine in 1.95 mol of gas per mol of chlorine.
    assert!((of(&short, "Cl2-gas") / (0.05 / 1.95 * 1e6) - 1.0).abs() < 0.1, "{}", of(&short, "Cl2-gas"));
    assert!(of(&short, "tail-Cl2") > 5e5 && of(&short, "Cl2-acid") > 500.0);
    let rich = run(&["ratio=1.10"], 1.0);
    assert!(of(&rich, "Cl2-gas") < 1.0 && of(&rich, "tail-H2") > 95.0, "{:?}", rich.readings());
}

#[test]
fn the_flame_needs_an_igniter_and_goes_out_when_a_gas_fails() {
    let cold = run(&["igniter=0"], 0.5);
    assert_eq!(of(&cold, "flame"), 0.0);
    assert_eq!(of(&cold, "HCl-made"), 0.0);
    let burning = run(&["igniter=0@10min"], 0.5);
    assert_eq!(of(&burning, "flame"), 1.0);
    let failed = run(&["igniter=0@10min", "ratio=0@20min", "ratio=1.05@21min"], 0.5);
    assert_eq!(of(&failed, "flame"), 0.0);
    assert!(of(&failed, "T-furnace") < of(&burning, "T-furnace") - 100.0);
}

#[test]
fn acid_is_as_strong_as_its_water_says_until_the_vapour_pressure_stops_it() {
    for strength in [20.2, 28.0, 32.0] {
        let weak = run(&[&format!("feed.strength={strength}wt%")], 2.0);
        assert!((of(&weak, "strength") - strength).abs() < 0.1, "{} {strength}", of(&weak, "strength"));
        assert!(of(&weak, "recovery") > 99.5);
    }
    let greedy = run(&["feed.strength=45wt%", "combustion.water=40degC"], 4.0);
    assert!(of(&greedy, "film-strength") < 44.0, "{}", of(&greedy, "film-strength"));
    assert!(of(&greedy, "film-strength") <= of(&greedy, "limit") + 0.05);
    assert!(of(&greedy, "recovery") < 99.0, "{}", of(&greedy, "recovery"));
}

#[test]
fn without_cooling_the_film_boils_and_hydrogen_chloride_leaves_with_the_tail_gas() {
    let cooled = run(&[], 2.0);
    let hot = run(&["cooling_film=0"], 2.0);
    assert!(of(&hot, "T-film") > of(&cooled, "T-film") + 20.0);
    assert!(of(&hot, "film-strength") < of(&cooled, "film-strength") - 0.5);
    assert!(of(&hot, "T-film") < 115.0, "{}", of(&hot, "T-film"));
}

#[test]
fn heat_of_combustion_leaves_by_jacket_and_film_at_any_load() {
    let half = run(&["chlorine=485kg/h"], 1.0);
    let full = run(&[], 1.0);
    assert!((of(&half, "HCl-made") / of(&full, "HCl-made") - 0.5).abs() < 1e-3);
    assert!(of(&half, "T-furnace") < of(&full, "T-furnace"));
    assert!((of(&half, "T-flame") - of(&full, "T-flame")).abs() < 1e-3);
}

#[test]
fn a_shell_without_cooling_never_gets_hotter_than_the_flame() {
    let furnace = run(&["feed.cooling_furnace=0"], 4.0);
    let flame = of(&furnace, "T-flame") - 273.15;
    let shell = of(&furnace, "T-shell");
    assert!(shell < flame && shell > 0.5 * flame, "shell {shell}, flame {flame} degC");
}

#[test]
fn the_cooling_water_takes_what_the_flame_gives_and_warms_the_acid_when_it_comes_warm() {
    let furnace = run(&["combustion.loss=0"], 3.0);
    // kJ/mol (NBS tables, 1982): 92.31 of formation and 61.7 of solution in acid of 32 %, 1.67 in all. The acid keeps a
    // little.
    let made = of(&furnace, "HCl-made") / 3600.0 / 36.461e-3;
    let burnt = made * 92.31;
    let given = of(&furnace, "cooling-heat");
    assert!(given > 1.64 * burnt && given < 1.67 * burnt, "{given} kW of {burnt} kW of the flame alone");
    let water = of(&run(&["combustion.water=20degC"], 3.0), "T-acid");
    let warm = of(&run(&["combustion.water=35degC"], 3.0), "T-acid");
    assert!((8.0..16.0).contains(&(warm - water)), "{water} {warm}");
}
