//! A history of TIC-321 made by hand, and what is read out of it.

use historian::{PointInfo, SampleId, SampleOptions, SampleStore};
use model::{Mode, Quality, Unit};
use tuning::{Process, identify};

use super::{Loop, report, seconds, tune};
use crate::check;

const PARTS: [&str; 4] = ["PV", "SP", "OUT", "MODE"];

/// Two hours at one sample a second: `at` gives PV, SP, OUT and mode of each second.
fn history(folder: &std::path::Path, at: impl Fn(usize) -> ([f64; 3], Mode)) -> SampleStore {
    let (mut store, _) = SampleStore::open(folder, SampleOptions::default()).unwrap();
    let unit = |part: &str| Unit::parse(if part == "OUT" { "%" } else { "degC" }).unwrap();
    let points = PARTS.map(|part| PointInfo {
        name: format!("TIC-321.{part}"),
        unit: if part == "MODE" { Unit::default() } else { unit(part) },
        stepped: part == "MODE" || part == "SP",
    });
    let ids: Vec<SampleId> = store.register(&points).unwrap();
    for second in 0..7200 {
        let ([pv, sp, out], mode) = at(second);
        for (id, value) in ids.iter().zip([pv, sp, out, mode.value()]) {
            store.append(second as i64 * 1000 + 1, *id, value, Quality::Good).unwrap();
        }
    }
    store.commit().unwrap();
    store
}

#[test]
fn a_step_in_the_history_gives_the_process_back() {
    let plant = check::compile_named(None).unwrap();
    let of = Loop::named(&plant, "TIC-321").unwrap();
    let cooler = Process::Lag { gain: -0.12, tau: 600.0, delay: 30.0 };
    let out: Vec<f64> = (0..7200).map(|k| if k < 600 { 40.0 } else { 45.0 }).collect();
    let pv = cooler.response(&out, 1.0, 80.0);
    let folder = tempfile::tempdir().unwrap();
    let store = history(folder.path(), |k| ([pv[k], 80.0, out[k]], Mode::Manual));
    let record = tune::record(&store.reader(), &of, (1000, 7_199_000)).unwrap();
    let Process::Lag { gain, tau, delay } = identify(&record).unwrap().process else { panic!() };
    assert!((gain / -0.12 - 1.0).abs() < 0.02 && (tau - 600.0).abs() < 10.0, "{gain} {tau}");
    assert!((delay - 30.0).abs() < 3.0, "{delay}");
}

#[test]
fn a_loop_that_swings_half_its_shift_in_manual_is_reported_so() {
    let plant = check::compile_named(None).unwrap();
    let of = Loop::named(&plant, "TIC-321").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = history(folder.path(), |k| {
        let wave = (k as f64 / 20.0).sin();
        let mode = if k < 3600 { Mode::Cascade } else { Mode::Manual };
        ([80.0 + 4.0 * wave, 80.0, 40.0 + 10.0 * wave], mode)
    });
    let row = report::judge(&store.reader(), &of, (1000, 7_199_000), 120.0).unwrap();
    assert!((row.known_h - 2.0).abs() < 0.01, "{row:?}");
    assert!((row.normal_percent - 50.0).abs() < 0.5 && row.mode_changes == 1, "{row:?}");
    assert!((row.period_s.unwrap() - 125.7).abs() < 3.0, "{row:?}");
    assert!((row.sigma.unwrap() - 4.0 / 2f64.sqrt()).abs() < 0.1 && row.harris.unwrap() < 0.1, "{row:?}");
    // A day that nobody recorded has nothing to say, and says so.
    let none = report::judge(&store.reader(), &of, (90_000_000, 99_000_000), 120.0).unwrap();
    assert_eq!((none.sigma, none.harris, none.period_s), (None, None, None), "{none:?}");
}

#[test]
fn faceplate_numbers_survive_the_way_through_each_form() {
    let mut plant = check::compile_named(None).unwrap();
    let block = plant.find_block("TIC-321").unwrap();
    for form in
        [control::plant::PidForm::Isa, control::plant::PidForm::Parallel, control::plant::PidForm::Series]
    {
        if let control::plant::BlockBody::Pid(pid) = &mut plant.blocks[block.index()].body {
            pid.options.form = form;
        }
        let of = Loop::named(&plant, "TIC-321").unwrap();
        let (kc, ti, td) = of.numbers(&of.tuning(12.0, 900.0, 60.0).unwrap()).unwrap();
        assert!(
            (kc - 12.0).abs() < 1e-9 && (ti - 900.0).abs() < 1e-6 && (td - 60.0).abs() < 1e-6,
            "{form:?}"
        );
        assert!(of.tuning(12.0, 900.0, 0.0).unwrap().gain < 0.0, "a direct loop on a negative gain");
    }
    assert!(Loop::named(&plant, "TIC-322X").is_err() && Loop::named(&plant, "TT-321").is_err());
}

#[test]
fn times_are_read_as_people_write_them() {
    assert_eq!(seconds("20 s").unwrap(), 20.0);
    assert_eq!(seconds("15min").unwrap(), 900.0);
    assert_eq!(seconds("7.5").unwrap(), 7.5);
    assert!(seconds("5 degC").is_err() && seconds("soon").is_err());
}
