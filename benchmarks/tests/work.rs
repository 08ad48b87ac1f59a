//! What a second of the running site costs the simulator, counted: unit steps, cells, solver looks, instruments. Times
//! say little on a machine that others use as well; these counts are the same in every run. A build without debug
//! assertions does not count.
#![cfg(debug_assertions)]

use benchmarks::{compile_folder, folder};
use lockstep::Lockstep;
use sim_plant::work::{Work, done};
use sim_plant::{Initial, Parameters};

const SECONDS: u32 = 300;

/// At most so many in a second. Who has a reason to raise one says in docs/performance.md what it costs.
const BOUNDS: [(Work, f64); 7] = [
    (Work::Unit, 78.0),
    (Work::Cell, 21.0),
    (Work::Settling, 80.0),
    (Work::Protons, 330.0),
    (Work::Flame, 45.0),
    (Work::Element, 80.0),
    (Work::Instrument, 1760.0),
];

#[test]
fn a_second_of_the_running_site_is_no_more_work_than_it_was() {
    let sources = folder("site");
    let plant = compile_folder(&sources);
    let parameters = Parameters::built_in().expect("the built-in parameters are read");
    let simulator = lockstep::simulator(&plant, &sources, &parameters, Initial::Running, 7)
        .or_else(|_| lockstep::simulator(&plant, &sources, &parameters, Initial::Cold, 7))
        .expect("the field of a plant that ships is sound");
    let mut run = Lockstep::new(plant, simulator).expect("the simulator has the plant's tags");
    run.run_ms(20 * 60_000);
    let before = BOUNDS.map(|(work, _)| done(work));
    for _ in 0..SECONDS * 10 {
        run.field.simulator.step(100);
    }
    let mut mistakes = Vec::new();
    for ((work, most), before) in BOUNDS.into_iter().zip(before) {
        let counted = (done(work) - before) as f64 / f64::from(SECONDS);
        println!("{work:?}: {counted:.1} a second, at most {most}");
        // Much less than that is a bound that guards nothing.
        if counted > most || counted < 0.7 * most {
            mistakes.push(format!("{work:?}: {counted:.1} a second, not {:.1} to {most}", 0.7 * most));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}
