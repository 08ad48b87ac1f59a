//! A temperature loop tuned from a step test on the simulated refinery, and the prediction held against the plant.

#[path = "common/lockstep.rs"]
#[allow(dead_code)]
mod lockstep;

use lockstep::{Lockstep, refinery};
use model::{Action, EventBody, Experiment, ExperimentChange, ExperimentEnd, ExperimentShape, Mode};
use sim_plant::Initial;
use tuning::predict::{Disturbance, simulate};
use tuning::rules::{MS_MOST, Rule, propose};
use tuning::{Controller, Record, Tuning, identify};

const LOOP: &str = "TIC-321";

/// Runs for so long and records the loop once a second.
fn record(plant: &mut Lockstep, seconds: usize, record: &mut Record) {
    for _ in 0..seconds {
        record.pv.push(plant.value("TIC-321.PV"));
        record.out.push(plant.value("TIC-321.OUT"));
        plant.run(1.0);
    }
}

fn outcome(plant: &Lockstep) -> Option<ExperimentEnd> {
    plant.events.iter().rev().find_map(|event| match event.body {
        EventBody::Experiment { change: ExperimentChange::Ended { reason, .. }, .. } => Some(reason),
        _ => None,
    })
}

#[test]
fn a_temperature_loop_tuned_from_a_step_test_answers_as_predicted() {
    let compiled = refinery();
    let mut plant = Lockstep::new(&compiled, Initial::Running);
    let block = compiled.find_block(LOOP).unwrap();
    // Until cooling water and feed brine have come to rest: while they drift the identification rightly doubts the gain.
    plant.run(7_200.0);
    let normal = plant.mode(LOOP);

    let plan = Experiment {
        shape: ExperimentShape::Pulse,
        amplitude: 3.0,
        bias: 0.0,
        hysteresis: 0.0,
        deviation: 8.0,
        for_ms: 1_200_000,
    };
    plant.execute(Action::Experiment { block, plan }).unwrap();
    let mut tested = Record { dt: 1.0, ..Record::default() };
    record(&mut plant, 300 + 2 * 1200 + 10, &mut tested);
    assert_eq!(outcome(&plant), Some(ExperimentEnd::Done), "{}", plant.story(20));
    assert_eq!(plant.mode(LOOP), normal, "the loop is back in its mode");

    let found = identify(&tested).unwrap();
    println!("{:?}, {:.3} explained, noise {:.4}", found.process, found.explained, found.noise);
    let control::plant::BlockBody::Pid(pid) = &compiled.blocks[block.index()].body else { panic!() };
    let scale = (pid.out_high - pid.out_low) / (pid.pv_high - pid.pv_low);
    let sign = if pid.direct { -1.0 } else { 1.0 };
    let ticks = compiled.tasks[compiled.blocks[block.index()].task as usize].period_ticks;
    let form = Controller {
        dt: f64::from(ticks * compiled.period_ms) * 1e-3,
        derivative_n: pid.derivative_n,
        beta: pid.beta,
        ..Controller::continuous(Tuning { gain: sign * scale, ti: 900.0, td: 0.0 })
    };
    let proposal = propose(&found.process, &form, Rule::Simc, None, MS_MOST).unwrap();
    println!("{proposal:?}");
    assert!(proposal.margins.stable && proposal.margins.ms <= MS_MOST);

    // A person applies it, and moves the set point by one degree.
    plant.execute(Action::Mode { block, mode: Mode::Auto }).unwrap();
    plant.write("TIC-321.KC", proposal.tuning.gain.abs() / scale).unwrap();
    plant.write("TIC-321.TI", proposal.tuning.ti).unwrap();
    plant.write("TIC-321.TD", proposal.tuning.td).unwrap();
    plant.run(1800.0);
    let (before, sp) = (plant.value("TIC-321.PV"), plant.value("TIC-321.SP"));
    assert!((before - sp).abs() < 0.3, "it settles with the new tuning: {before} for {sp}");
    let step = -1.0;
    plant.write("TIC-321.SP", sp + step).unwrap();
    let mut answered = Record { dt: 1.0, ..Record::default() };
    record(&mut plant, 1200, &mut answered);

    let room = (pid.out_limit_low - answered.out[0], pid.out_limit_high - answered.out[0]);
    let what = Disturbance { sp: step, load: 0.0, room };
    let predicted = simulate(&found.process, &form.with(proposal.tuning), what, 1200.0);
    let second = |k: usize| ((k as f64 / predicted.dt) as usize).min(predicted.pv.len() - 1);
    let off = |k: usize| answered.pv[k] - sp - predicted.pv[second(k)];
    let rms = ((0..1200).map(|k| off(k) * off(k)).sum::<f64>() / 1200.0).sqrt();
    println!("rms difference of plant and prediction {rms:.3} degC of a step of {step} degC");
    // The cooler is one lag to the model; the string of cells behind it, which the loop warms and cools
    // as well, is what remains.
    assert!(rms < 0.15 * step.abs(), "{rms}");
}
