//! Function blocks, from text through the engine: closed forms, bad inputs, limits, restore.

mod support;

use std::sync::Arc;

use control::{Engine, Input, ScanOutput};
use model::{Direction, Quality, StateWriter};
use support::text_loop::{TUNED, running, source};
use support::{Dice, Harness};

/// Seconds from scan to scan.
const DT: f64 = 0.01;

/// These blocks settled with a load of `load`, the temperature at 100 degC and the pump at rest.
fn settled(blocks: &str, load: f64) -> Harness {
    running(&format!("{TUNED}{blocks}"), 100.0, load, 0.0)
}

/// LT-2 jumps from 0 to 50, and `name` must be what `closed` says after every scan.
fn step_follows(blocks: &str, name: &str, closed: impl Fn(f64) -> f64) {
    let mut h = settled(blocks, 0.0);
    h.run(3);
    assert!(h.value(name).abs() < 1e-12, "it starts settled");
    h.set(h.point("LT-2"), 50.0);
    for k in 1..=400 {
        h.scan();
        let (out, wanted) = (h.value(name), closed(f64::from(k) * DT));
        assert!((out - wanted).abs() < 1e-9, "{name} after {k} scans: {out}, not {wanted}");
    }
}

#[test]
fn a_second_order_filter_follows_its_closed_form_for_every_damping() {
    for damping in [0.3_f64, 1.0, 2.5] {
        let text = format!(
            "[filter2.F]\ninput = \"LT-2\"\ntime = \"500 ms\"\ndamping = {damping}\ntask = \"10 ms\"\n"
        );
        step_follows(&text, "F.OUT", |t| {
            let (w, z) = (2.0, damping);
            let rest = if z < 1.0 {
                let wd = w * (1.0 - z * z).sqrt();
                (-z * w * t).exp() * ((wd * t).cos() + z * w / wd * (wd * t).sin())
            } else if z == 1.0 {
                (1.0 + w * t) * (-w * t).exp()
            } else {
                let root = (z * z - 1.0).sqrt();
                let (slow, fast) = (w * (z - root), w * (z + root));
                (fast * (-slow * t).exp() - slow * (-fast * t).exp()) / (fast - slow)
            };
            50.0 * (1.0 - rest)
        });
    }
}

#[test]
fn a_second_order_filter_far_faster_than_its_task_passes_its_input() {
    let text = "[filter2.F]\ninput = \"LT-2\"\ntime = \"1 ms\"\ndamping = 10\ntask = \"1 s\"\n";
    let mut h = settled(text, 0.0);
    h.set(h.point("LT-2"), 50.0);
    h.run(300);
    assert!((h.value("F.OUT") - 50.0).abs() < 1e-9);
}

#[test]
fn a_moving_average_is_a_straight_line_to_a_step() {
    let text = "[moving_average.F]\ninput = \"LT-2\"\nwindow = \"1 s\"\ntask = \"10 ms\"\n";
    step_follows(text, "F.OUT", |t| 50.0 * t.min(1.0));
}

#[test]
fn a_moving_average_of_noise_is_the_mean_of_exactly_its_window() {
    let mut h = settled("[moving_average.F]\ninput = \"LT-2\"\nwindow = \"70 ms\"\ntask = \"10 ms\"\n", 0.0);
    let (mut dice, mut past) = (Dice(7), vec![0.0; 7]);
    for _ in 0..500 {
        let value = 100.0 * dice.unit();
        past.push(value);
        h.set(h.point("LT-2"), value);
        h.scan();
        let mean = past[past.len() - 7..].iter().sum::<f64>() / 7.0;
        assert!((h.value("F.OUT") - mean).abs() < 1e-10);
    }
}

#[test]
fn a_notch_takes_its_frequency_out_and_lets_the_rest_be() {
    let text = "[notch.F]\ninput = \"LT-2\"\nfrequency = \"10 Hz\"\nq = 2\ntask = \"10 ms\"\n";
    let amplitude = |hertz: f64| {
        let mut h = settled(text, 50.0);
        assert!((h.value("F.OUT") - 50.0).abs() < 1e-12, "it starts settled");
        let mut most = 0.0_f64;
        for k in 0..1000 {
            let wave = (2.0 * std::f64::consts::PI * hertz * f64::from(k) * DT).sin();
            h.set(h.point("LT-2"), 50.0 + 10.0 * wave);
            h.scan();
            if k > 700 {
                most = most.max((h.value("F.OUT") - 50.0).abs());
            }
        }
        most / 10.0
    };
    assert!(amplitude(10.0) < 1e-9);
    // |H| of the notch, with the frequencies warped as the bilinear transform does.
    let warp = |hertz: f64| (std::f64::consts::PI * hertz * DT).tan();
    let at = |hertz: f64| {
        let (w, w0) = (warp(hertz), warp(10.0));
        let gap = (w0 * w0 - w * w).abs();
        gap / gap.hypot(w * w0 / 2.0)
    };
    for hertz in [2.0, 8.0, 20.0] {
        // The peak of the samples may miss the crest between them.
        let (seen, wanted) = (amplitude(hertz), at(hertz));
        assert!(seen <= wanted + 1e-9 && seen > 0.94 * wanted, "{hertz} Hz: {seen}, not {wanted}");
    }
}

#[test]
fn a_lead_lag_jumps_by_lead_over_lag_and_settles_exponentially() {
    let text =
        "[lead_lag.F]\ninput = \"LT-2\"\nlead = \"900 ms\"\nlag = \"600 ms\"\ngain = 1.2\ntask = \"10 ms\"\n";
    step_follows(text, "F.OUT", |t| 1.2 * 50.0 * (1.0 + 0.5 * (-t / 0.6).exp()));
}

#[test]
fn a_dead_time_between_two_runs_is_interpolated() {
    let mut h = settled("[dead_time.F]\ninput = \"LT-2\"\ntime = \"255 ms\"\ntask = \"10 ms\"\n", 0.0);
    for k in 1..=400 {
        h.set(h.point("LT-2"), 0.1 * f64::from(k));
        h.scan();
        let wanted = 0.1 * (f64::from(k) - 25.5).max(0.0);
        assert!((h.value("F.OUT") - wanted).abs() < 1e-9, "{k}");
    }
    let mut h = settled("[dead_time.F]\ninput = \"LT-2\"\ntime = \"0 s\"\ntask = \"10 ms\"\n", 0.0);
    h.set(h.point("LT-2"), 33.0);
    h.scan();
    assert_eq!(h.value("F.OUT"), 33.0);
}

#[test]
fn a_rate_limiter_has_its_own_rate_down() {
    let text =
        "[rate_limit.F]\ninput = \"LT-2\"\nrate = \"20 %/s\"\nrate_down = \"50 %/s\"\ntask = \"10 ms\"\n";
    step_follows(text, "F.OUT", |t| (20.0 * t).min(50.0));
    let mut h = settled(text, 50.0);
    h.set(h.point("LT-2"), 0.0);
    h.run(40);
    assert!((h.value("F.OUT") - 30.0).abs() < 1e-9);
}

#[test]
fn a_bias_is_written_by_people_and_ends_at_the_range() {
    let mut h = settled("[bias.F]\ninput = \"LT-2\"\nbias = \"5 %\"\ntask = \"10 ms\"\n", 50.0);
    assert_eq!(h.value("F.OUT"), 55.0);
    h.write("F.BIAS", -20.0).unwrap();
    h.scan();
    assert_eq!(h.value("F.OUT"), 30.0);
    h.set(h.point("LT-2"), 10.0);
    h.scan();
    assert_eq!(h.value("F.OUT"), 0.0);
}

#[test]
fn a_characteriser_is_straight_between_its_points_and_level_beyond() {
    let text = "[characteriser.F]\ninput = \"LT-2\"\nunit = \"m3\"\nrange = [0, 20]\npoints = [[10, 1], [50, 5], [80, 14]]\ntask = \"10 ms\"\n";
    let mut h = settled(text, 50.0);
    for (x, y) in [(0.0, 1.0), (10.0, 1.0), (30.0, 3.0), (50.0, 5.0), (60.0, 8.0), (80.0, 14.0), (99.0, 14.0)]
    {
        h.set(h.point("LT-2"), x);
        h.scan();
        assert!((h.value("F.OUT") - y).abs() < 1e-12, "{x}");
    }
}

const FLOW: &str = "[tag.FT-9]\ndescription = \"Flow\"\nunit = \"m3/h\"\nrange = [0, 4000]\nio = { device = \"PLC\", input = 9, raw = [0, 27648] }\n";

#[test]
fn a_totaliser_loses_nothing_in_many_small_steps() {
    let text = format!(
        "{FLOW}[totaliser.F]\ninput = \"FT-9\"\nunit = \"m3\"\nrange = [0, 1000]\npreset = \"0.4 m3\"\npulse = \"0.1 m3\"\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 0.0);
    h.set(h.point("FT-9"), 7.2);
    let (mut pulses, mut done_at) = (0, None);
    for k in 1..=25_000 {
        h.scan();
        pulses += u32::from(h.value("F.PULSE") == 1.0);
        if h.value("F.DONE") == 1.0 && done_at.is_none() {
            done_at = Some(k);
        }
    }
    // 7.2 m3/h are 0.002 m3/s: 2e-5 m3 a scan, 0.5 m3 in 250 s.
    let out = h.value("F.OUT");
    assert!((out - 0.5).abs() <= 4.0 * f64::EPSILON, "{out:e}");
    assert!(matches!(done_at, Some(19_999..=20_001)), "{done_at:?}");
    assert!((4..=5).contains(&pulses), "{pulses}");
    h.write("F.RESET", 1.0).unwrap();
    h.set(h.point("FT-9"), 0.0);
    h.scan();
    assert!(h.value("F.OUT") < 5e-5 && h.value("F.RESET") == 0.0 && h.value("F.DONE") == 0.0);
}

#[test]
fn a_totaliser_passes_over_a_creeping_flow_and_begins_anew_by_its_condition() {
    let text = format!(
        "{FLOW}[totaliser.F]\ninput = \"FT-9\"\nunit = \"m3\"\nrange = [0, 1000]\ncut_off = \"36 m3/h\"\nreset = \"P-1.RUN\"\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 0.0);
    h.set(h.point("FT-9"), 35.9);
    h.run(100);
    assert_eq!(h.value("F.OUT"), 0.0);
    h.set(h.point("FT-9"), 36.0);
    h.run(100);
    assert!((h.value("F.OUT") - 0.01).abs() < 1e-12, "what is as large as that counts: {}", h.value("F.OUT"));
    h.set(h.point("P-1.RUN"), 1.0);
    h.run(100);
    assert!((h.value("F.OUT") - 1e-4).abs() < 1e-12, "one run at most while it stands: {}", h.value("F.OUT"));
    h.set(h.point("P-1.RUN"), 0.0);
    h.run(100);
    assert!((h.value("F.OUT") - 0.0101).abs() < 1e-12, "{}", h.value("F.OUT"));
}

#[test]
fn a_totaliser_gives_every_pulse_with_a_run_between() {
    // 0.1 m3/s are 1 L in a run.
    for litres in [1_usize, 2, 3, 4, 10] {
        let text = format!(
            "{FLOW}[totaliser.F]\ninput = \"FT-9\"\nunit = \"m3\"\nrange = [0, 1000]\npulse = \"{litres} L\"\ntask = \"10 ms\"\n"
        );
        let mut h = settled(&text, 0.0);
        h.set(h.point("FT-9"), 360.0);
        let (mut rises, mut before) = (0_usize, false);
        for k in 0..2000 {
            if k == 603 {
                h.set(h.point("FT-9"), 0.0);
            }
            h.scan();
            let on = h.value("F.PULSE") == 1.0;
            assert!(!(on && before), "PULSE of {litres} L is on for two runs");
            rises += usize::from(on);
            before = on;
        }
        let out = (h.value("F.OUT") * 1000.0 + 1e-6) as usize;
        assert!(
            out / litres - rises <= usize::from(out.is_multiple_of(litres)),
            "{rises} of {out} L by {litres} L"
        );
    }
}

#[test]
fn pulses_that_come_faster_than_the_task_can_give_them_are_warned_of() {
    let warnings = |pulse: &str| {
        let text = format!(
            "{TUNED}{FLOW}[totaliser.F]\ninput = \"FT-9\"\nunit = \"m3\"\nrange = [0, 1000]\npulse = \"{pulse}\"\ntask = \"10 ms\"\n"
        );
        let found = control::compile(&source(&text)).unwrap().warnings;
        found.into_iter().filter(|one| one.code == "pulses-late").map(|one| one.help).collect::<Vec<_>>()
    };
    // 4000 m3/h are 22.2 L in two runs.
    assert_eq!(warnings("23 L"), [""; 0]);
    let found = warnings("22 L");
    let [help] = &found[..] else { panic!("one warning is expected") };
    assert!(help.contains("write 0.022223 m3 or more"), "{help}");
}

#[test]
fn a_totaliser_keeps_its_total_through_a_bad_flow() {
    let text = format!(
        "{FLOW}[totaliser.F]\ninput = \"FT-9\"\nunit = \"m3\"\nrange = [0, 1000]\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 0.0);
    h.set(h.point("FT-9"), 3600.0);
    h.run(100);
    let before = h.value("F.OUT");
    assert!(before > 0.9);
    h.input(h.point("FT-9"), f64::NAN, Quality::Good);
    h.run(50);
    assert!(h.quality("F.OUT").is_bad());
    assert_eq!(h.value("F.OUT"), before);
    h.set(h.point("FT-9"), 3600.0);
    h.run(100);
    assert!(h.quality("F.OUT").is_good());
    assert!((h.value("F.OUT") - before - 1.0).abs() < 1e-12);
}

const THREE: &str = "[tag.LT-3]\ndescription = \"B\"\nunit = \"%\"\nrange = [0, 100]\nio = { device = \"PLC\", input = 10, raw = [0, 27648] }\n[tag.LT-4]\ndescription = \"C\"\nunit = \"%\"\nrange = [0, 100]\nio = { device = \"PLC\", input = 11, raw = [0, 27648] }\n";

#[test]
fn a_voter_takes_the_middle_and_falls_back_as_it_is_told() {
    let text = format!(
        "{THREE}[vote.F]\na = \"LT-2\"\nb = \"LT-3\"\nc = \"LT-4\"\ntwo = \"high\"\none = \"bad\"\ndeviation = \"10 %\"\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 50.0);
    let mut see = |values: [Option<f64>; 3]| {
        for (name, value) in ["LT-2", "LT-3", "LT-4"].into_iter().zip(values) {
            match value {
                Some(value) => h.set(h.point(name), value),
                None => h.input(h.point(name), 0.0, Quality::BadSensorFailure),
            }
        }
        h.scan();
        (h.value("F.OUT"), h.quality("F.OUT"), h.value("F.USED"), h.value("F.DEV"), h.value("F.SPREAD"))
    };
    assert_eq!(see([Some(50.0), Some(53.0), Some(48.0)]), (50.0, Quality::Good, 3.0, 5.0, 0.0));
    // One that runs away is outvoted, and told.
    let (out, quality, used, _, spread) = see([Some(50.0), Some(53.0), Some(90.0)]);
    assert_eq!((out, used, spread), (53.0, 3.0, 1.0));
    assert!(quality.is_uncertain());
    let (out, quality, used, _, spread) = see([Some(50.0), None, Some(52.0)]);
    assert_eq!((out, used, spread), (52.0, 2.0, 0.0));
    assert!(quality.is_uncertain(), "its protection is gone");
    let (out, quality, ..) = see([None, None, Some(55.0)]);
    assert!(quality.is_bad() && out == 52.0);
    assert!(see([None, None, None]).1.is_bad());
    assert_eq!(see([Some(50.0), Some(51.0), Some(52.0)]).1, Quality::Good);
}

#[test]
fn a_voter_of_two_takes_what_it_is_told_and_the_last_one_with_doubt() {
    for (two, taken) in [("average", 51.0), ("low", 48.0), ("high", 54.0)] {
        let text = format!(
            "{THREE}[vote.F]\na = \"LT-2\"\nb = \"LT-3\"\ntwo = \"{two}\"\ndeviation = \"6 %\"\ntask = \"10 ms\"\n"
        );
        let mut h = settled(&text, 50.0);
        let [a, b] = ["LT-2", "LT-3"].map(|name| h.point(name));
        for (first, second) in [(48.0, 54.0), (54.0, 48.0)] {
            h.set(a, first);
            h.set(b, second);
            h.scan();
            assert_eq!(
                (h.value("F.OUT"), h.quality("F.OUT")),
                (taken, Quality::Good),
                "both of two, and 6 % agree"
            );
            assert_eq!((h.value("F.DEV"), h.value("F.SPREAD")), (6.0, 0.0));
        }
        h.set(a, 54.5);
        h.scan();
        assert_eq!((h.value("F.SPREAD"), h.quality("F.OUT")), (1.0, Quality::UncertainSubNormal));
        assert_eq!((h.quality("F.DEV"), h.quality("F.SPREAD")), (Quality::Good, Quality::Good));
        h.input(b, 0.0, Quality::BadSensorFailure);
        h.scan();
        assert_eq!((h.value("F.OUT"), h.quality("F.OUT")), (54.5, Quality::UncertainSubNormal));
        assert_eq!((h.value("F.USED"), h.quality("F.USED")), (1.0, Quality::Good));
        assert_eq!(h.quality("F.SPREAD"), Quality::UncertainLastUsable, "one disagrees with nobody");
        h.input(b, 54.0, Quality::UncertainLastUsable);
        h.scan();
        assert_eq!(h.quality("F.OUT"), Quality::UncertainSubNormal, "one that is in doubt");
    }
}

#[test]
fn an_on_off_controller_stays_as_it_is_within_its_gap() {
    let text =
        "[on_off.F]\npv = \"LT-2\"\nsp = \"60 %\"\ngap = \"10 %\"\naction = \"reverse\"\ntask = \"10 ms\"\n";
    let mut h = settled(text, 60.0);
    for (pv, on) in [(56.0, 0.0), (54.9, 1.0), (64.9, 1.0), (65.1, 0.0), (55.1, 0.0), (54.0, 1.0)] {
        h.set(h.point("LT-2"), pv);
        h.scan();
        assert_eq!(h.value("F.OUT"), on, "{pv}");
    }
    h.write("F.SP", 40.0).unwrap();
    h.scan();
    assert_eq!(h.value("F.OUT"), 0.0);
}

#[test]
fn a_time_proportioned_output_is_on_for_its_share() {
    let text = "[pulse_width.F]\ninput = \"LT-2\"\nperiod = \"1 s\"\nmin_on = \"100 ms\"\ntask = \"10 ms\"\n";
    for (load, share) in [(0.0, 0), (5.0, 0), (37.0, 37), (95.0, 100), (100.0, 100)] {
        let mut h = settled(text, load);
        h.run(200);
        let mut on = 0;
        for _ in 0..1000 {
            h.scan();
            on += u32::from(h.value("F.OUT") == 1.0);
        }
        assert_eq!(on, share * 10, "{load} %");
        h.input(h.point("LT-2"), 50.0, Quality::BadSensorFailure);
        h.scan();
        assert!(h.value("F.OUT") == 0.0 && h.quality("F.OUT").is_bad());
    }
}

/// Q of a timer of 50 ms in every scan, for this course of its input.
fn timer(function: &str, course: &str) -> String {
    let text = format!(
        "[timer.F]\nin = \"P-1.RUN\"\nfunction = \"{function}\"\ntime = \"50 ms\"\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 0.0);
    h.run(3);
    let q = |on: bool| if on { '1' } else { '0' };
    course
        .chars()
        .map(|letter| {
            h.set(h.point("P-1.RUN"), f64::from(u8::from(letter == '1')));
            h.scan();
            assert!(h.value("F.ET") <= h.value("F.PT"));
            q(h.value("F.Q") == 1.0)
        })
        .collect()
}

#[test]
fn timers_follow_the_diagrams_of_iec_61131() {
    let course = "0111111111000111000000000";
    assert_eq!(timer("TON", course), "0000001111000000000000000");
    assert_eq!(timer("TOF", course), "0111111111111111111110000");
    assert_eq!(timer("TP", "0111111111000101111111000"), "0111110000000111110000000");
}

#[test]
fn a_counter_counts_edges_that_it_has_seen() {
    let text = "[counter.F]\nup = \"P-1.RUN\"\nreset = \"LT-2 > 90 %\"\npreset = 2\ntask = \"10 ms\"\n";
    let mut h = settled(text, 0.0);
    let pump = |h: &mut Harness, value: f64| {
        h.set(h.point("P-1.RUN"), value);
        h.run(2);
        (h.value("F.CV"), h.value("F.QU"), h.value("F.QD"))
    };
    assert_eq!(pump(&mut h, 1.0), (1.0, 0.0, 0.0));
    assert_eq!(pump(&mut h, 0.0), (1.0, 0.0, 0.0));
    assert_eq!(pump(&mut h, 1.0), (2.0, 1.0, 0.0));
    // Lost and found again is no start of the pump.
    h.input(h.point("P-1.RUN"), 0.0, Quality::BadNoCommunication);
    h.scan();
    assert!(h.quality("F.CV").is_bad());
    assert_eq!(pump(&mut h, 1.0), (2.0, 1.0, 0.0));
    h.set(h.point("LT-2"), 95.0);
    assert_eq!(pump(&mut h, 0.0), (0.0, 0.0, 1.0));
    h.set(h.point("LT-2"), 5.0);
    assert_eq!(pump(&mut h, 1.0), (1.0, 0.0, 0.0));
    h.write("F.RESET", 1.0).unwrap();
    h.scan();
    assert_eq!(h.value("F.CV"), 0.0);
}

#[test]
fn a_counter_goes_up_and_down_and_not_below_zero() {
    let text = "[counter.F]\nup = \"P-1.RUN\"\ndown = \"LT-2 > 50 %\"\npreset = 2\ntask = \"10 ms\"\n";
    let mut h = settled(text, 0.0);
    let see = |h: &mut Harness, up: f64, level: f64| {
        h.set(h.point("P-1.RUN"), up);
        h.set(h.point("LT-2"), level);
        h.run(3);
        (h.value("F.CV"), h.value("F.QU"), h.value("F.QD"))
    };
    assert_eq!(see(&mut h, 0.0, 60.0), (0.0, 0.0, 1.0), "nothing is below zero");
    assert_eq!(see(&mut h, 1.0, 0.0), (1.0, 0.0, 0.0));
    assert_eq!(see(&mut h, 0.0, 0.0), (1.0, 0.0, 0.0));
    assert_eq!(see(&mut h, 1.0, 60.0), (1.0, 0.0, 0.0), "both at once are none");
    assert_eq!(see(&mut h, 0.0, 0.0), (1.0, 0.0, 0.0));
    assert_eq!(see(&mut h, 1.0, 0.0), (2.0, 1.0, 0.0));
    assert_eq!(see(&mut h, 1.0, 60.0), (1.0, 0.0, 0.0));
}

#[test]
fn a_latch_lets_its_dominant_input_win() {
    for (dominant, both) in [("set", 1.0), ("reset", 0.0)] {
        let text = format!(
            "[latch.F]\nset = \"LT-2 > 50 %\"\nreset = \"P-1.RUN\"\ndominant = \"{dominant}\"\ntask = \"10 ms\"\n"
        );
        let mut h = settled(&text, 0.0);
        let mut see = |load: f64, run: f64| {
            h.set(h.point("LT-2"), load);
            h.set(h.point("P-1.RUN"), run);
            h.scan();
            h.value("F.Q")
        };
        assert_eq!([see(60.0, 0.0), see(0.0, 0.0), see(0.0, 1.0), see(0.0, 0.0)], [1.0, 1.0, 0.0, 0.0]);
        assert_eq!(see(60.0, 1.0), both);
    }
}

#[test]
fn a_flip_flop_changes_with_each_rise() {
    let mut h =
        settled("[flip_flop.F]\ntoggle = \"P-1.RUN\"\nreset = \"LT-2 > 50 %\"\ntask = \"10 ms\"\n", 0.0);
    let mut seen = vec![];
    for run in [1.0, 1.0, 0.0, 1.0, 0.0, 1.0] {
        h.set(h.point("P-1.RUN"), run);
        h.scan();
        seen.push(h.value("F.Q"));
    }
    assert_eq!(seen, [1.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    h.set(h.point("LT-2"), 60.0);
    h.scan();
    assert_eq!(h.value("F.Q"), 0.0);
}

#[test]
fn an_analysers_result_ages_and_is_not_believed_for_ever() {
    let text =
        "[sample_hold.F]\ninput = \"LT-2\"\ntrigger = \"P-1.RUN\"\nstale = \"1 s\"\ntask = \"10 ms\"\n";
    let mut h = settled(text, 40.0);
    assert!(h.quality("F.OUT").is_bad(), "no cycle yet");
    h.set(h.point("P-1.RUN"), 1.0);
    h.scan();
    h.input(h.point("LT-2"), 70.0, Quality::BadSensorFailure);
    h.run(90);
    assert_eq!((h.value("F.OUT"), h.quality("F.OUT")), (40.0, Quality::Good));
    h.run(20);
    assert!(h.quality("F.OUT").is_uncertain());
    // A cycle without a usable result does not make it younger.
    h.set(h.point("P-1.RUN"), 0.0);
    h.scan();
    h.set(h.point("P-1.RUN"), 1.0);
    h.run(100);
    assert!(h.quality("F.OUT").is_bad());
    assert_eq!(h.value("F.OUT"), 40.0);
}

#[test]
fn a_gas_flow_is_compensated_by_the_square_root_of_its_density() {
    let text = format!(
        "{FLOW}[tag.PT-9]\ndescription = \"P\"\nunit = \"bar\"\nrange = [-2, 10]\nio = {{ device = \"PLC\", input = 12, raw = [0, 27648] }}\n[flow_compensation.F]\ninput = \"FT-9\"\npressure = \"PT-9\"\ntemperature = \"TT-1\"\npressure_is = \"gauge\"\ndesign_pressure = \"3 bar\"\ndesign_temperature = \"20 degC\"\natmosphere = \"1 bar\"\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 0.0);
    h.set(h.point("FT-9"), 1000.0);
    h.set(h.point("PT-9"), 5.0);
    h.scan();
    // 6 bar and 373.15 K against 4 bar and 293.15 K.
    let factor = (6.0_f64 / 4.0 * 293.15 / 373.15).sqrt();
    assert!((h.value("F.OUT") - 1000.0 * factor).abs() < 1e-9);
    assert!((h.value("F.FACTOR") - factor).abs() < 1e-12);
    h.set(h.point("PT-9"), -1.5);
    h.scan();
    assert!(h.quality("F.OUT").is_bad(), "no gas is below a vacuum");
    h.set(h.point("PT-9"), 3.0);
    h.scan();
    assert!(h.quality("F.OUT").is_good());
}

#[test]
fn a_smith_predictor_shows_the_model_for_the_length_of_the_dead_time() {
    let text = "[smith.F]\npv = \"TT-1\"\ncontroller_out = \"LT-2\"\ngain = 1.5\nlag = \"400 ms\"\ndead_time = \"1 s\"\ntask = \"10 ms\"\n";
    let mut h = settled(text, 0.0);
    h.run(3);
    assert_eq!(h.value("F.OUT"), 100.0);
    h.set(h.point("LT-2"), 50.0);
    for k in 1..=400 {
        h.scan();
        let model = |t: f64| if t > 0.0 { 75.0 * (1.0 - (-t / 0.4).exp()) } else { 0.0 };
        let t = f64::from(k) * DT;
        let wanted = 100.0 + model(t) - model(t - 1.0);
        assert!((h.value("F.OUT") - wanted).abs() < 1e-9, "{k}: {} not {wanted}", h.value("F.OUT"));
    }
}

#[test]
fn a_decoupler_adds_a_share_of_the_other_loop() {
    let text = format!(
        "{THREE}[decoupler.F]\na = \"LT-2\"\nb = \"LT-3\"\nd12 = -0.5\nd21 = 0.25\ntask = \"10 ms\"\n"
    );
    let mut h = settled(&text, 50.0);
    h.set(h.point("LT-3"), 40.0);
    h.scan();
    assert_eq!((h.value("F.OUT1"), h.value("F.OUT2")), (30.0, 52.5));
    h.write("F.D12", -2.0).unwrap();
    h.scan();
    assert_eq!(h.value("F.OUT1"), 0.0);
}

/// One of each kind that reads LT-2, with the result that a bad LT-2 must make bad.
const ALL: &str = r#"
[filter2.A]
input = "LT-2"
time = "200 ms"
[moving_average.B]
input = "LT-2"
window = "300 ms"
[notch.C]
input = "LT-2"
frequency = "2 Hz"
[lead_lag.D]
input = "LT-2"
lead = "1 s"
lag = "500 ms"
[dead_time.E]
input = "LT-2"
time = "450 ms"
[rate_limit.F]
input = "LT-2"
rate = "100 %/s"
[bias.G]
input = "LT-2"
bias = "10 %"
[characteriser.H]
input = "LT-2"
unit = "%"
range = [0, 100]
points = [[0, 0], [100, 100]]
[on_off.J]
pv = "LT-2"
sp = "50 %"
gap = "5 %"
action = "direct"
[pulse_width.K]
input = "LT-2"
period = "1 s"
[timer.L]
in = "LT-2 > 50 %"
function = "TON"
time = "300 ms"
[counter.M]
up = "LT-2 > 50 %"
preset = 10
[latch.N]
set = "LT-2 > 60 %"
reset = "LT-2 < 40 %"
[flip_flop.P]
toggle = "LT-2 > 50 %"
[smith.Q]
pv = "LT-2"
controller_out = "TIC-1.OUT"
gain = 0.5
lag = "1 s"
dead_time = "400 ms"
[decoupler.R]
a = "LT-2"
b = "D.OUT"
d12 = 0.5
d21 = 0.5
[vote.S]
a = "LT-2"
b = "D.OUT"
one = "bad"
[sample_hold.T]
input = "LT-2"
trigger = "P-1.RUN"
stale = "2 s"
"#;

const RESULTS: [&str; 17] = [
    "A.OUT", "B.OUT", "C.OUT", "D.OUT", "E.OUT", "F.OUT", "G.OUT", "H.OUT", "J.OUT", "K.OUT", "L.Q", "M.CV",
    "N.Q", "P.Q", "Q.OUT", "R.OUT1", "S.OUT",
];

#[test]
fn a_bad_input_makes_every_result_bad_and_the_next_good_one_makes_it_good() {
    let mut h = settled(ALL, 30.0);
    h.run(100);
    for bad in [(0.0, Quality::BadSensorFailure), (f64::NAN, Quality::Good), (f64::INFINITY, Quality::Good)] {
        for name in RESULTS {
            assert!(h.quality(name).is_good(), "{name}");
        }
        let before = RESULTS.map(|name| h.value(name));
        h.input(h.point("LT-2"), bad.0, bad.1);
        h.run(20);
        for (name, before) in RESULTS.into_iter().zip(before) {
            assert!(h.quality(name).is_bad(), "{name}");
            assert!(name == "K.OUT" || h.value(name) == before, "{name} holds");
        }
        // It starts from the new value, not from one of another time.
        h.set(h.point("LT-2"), 80.0);
        h.run(10);
        for name in ["A.OUT", "B.OUT", "C.OUT", "D.OUT", "E.OUT", "F.OUT", "Q.OUT"] {
            assert!((h.value(name) - 80.0).abs() < 1e-9, "{name} is {}", h.value(name));
        }
    }
}

#[test]
fn an_uncertain_input_makes_results_uncertain() {
    let mut h = settled(ALL, 30.0);
    h.input(h.point("LT-2"), 30.0, Quality::UncertainLastUsable);
    h.run(20);
    for name in RESULTS {
        assert!(h.quality(name).is_uncertain(), "{name}");
    }
}

/// One scan's inputs, sensible or not.
fn storm(dice: &mut Dice, engine: &Engine) -> Vec<Input> {
    let plant = Arc::clone(engine.plant());
    let mut inputs = vec![];
    for io in plant.io.points.iter().filter(|io| io.direction == Direction::Input) {
        let range = plant.point(io.point);
        let value = range.low + (range.high - range.low) * dice.unit();
        match dice.below(40) {
            0 => inputs.push(Input { point: io.point, value: f64::NAN, quality: Quality::Good }),
            1 => inputs.push(Input { point: io.point, value, quality: Quality::from(dice.below(256) as u8) }),
            2 => inputs.push(Input { point: io.point, value: 1e300, quality: Quality::Good }),
            3..12 => inputs.push(Input { point: io.point, value, quality: Quality::Good }),
            _ => {}
        }
    }
    inputs
}

#[test]
fn whatever_comes_in_blocks_stay_finite_and_bounded_ones_within_their_range() {
    let mut h = settled(ALL, 30.0);
    let mut dice = Dice(0xb10c);
    let mut out = ScanOutput::with_capacity(4096);
    for tick in 1000..4000 {
        let inputs = storm(&mut dice, &h.engine);
        h.engine.scan(tick, &inputs, &[], &mut out);
        for name in ["D.OUT", "G.OUT", "H.OUT", "R.OUT1", "R.OUT2"] {
            let value = h.value(name);
            assert!((0.0..=100.0).contains(&value), "{name} is {value}");
        }
        for name in RESULTS {
            assert!(h.value(name).is_finite());
        }
    }
}

#[test]
fn blocks_that_are_saved_and_restored_in_mid_run_go_on_bit_for_bit() {
    let plant = Arc::new(control::compile(&source(&format!("{TUNED}{ALL}"))).unwrap().plant);
    let mut engine = Engine::new(Arc::clone(&plant));
    let mut out = ScanOutput::with_capacity(4096);
    let mut dice = Dice(0x5eed);
    let mut twin: Option<Engine> = None;
    for tick in 1..3000 {
        let mut inputs = storm(&mut dice, &engine);
        inputs.push(Input { point: plant.io.devices[0].link, value: 1.0, quality: Quality::Good });
        engine.scan(tick, &inputs, &[], &mut out);
        if let Some(twin) = &mut twin {
            twin.scan(tick, &inputs, &[], &mut out);
            assert_eq!(twin.state_hash(), engine.state_hash(), "tick {tick}");
        }
        if tick % 97 == 0 {
            let mut writer = StateWriter::default();
            engine.save(&mut writer);
            let mut other = Engine::new(Arc::clone(&plant));
            other.restore(&writer.0).unwrap();
            assert_eq!(other.state_hash(), engine.state_hash());
            twin = Some(other);
        }
    }
}

#[test]
fn why_tells_the_law_and_what_it_reads() {
    let mut h = settled(ALL, 30.0);
    h.run(10);
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let why = control::why(&h.plant(), &view, "L").unwrap();
    let text: Vec<String> = why.lines.iter().map(model::wire::WhyLine::text).collect();
    assert!(text.iter().any(|line| line.contains("IEC 61131-3")), "{text:?}");
    assert!(text.iter().any(|line| line.contains("LT-2 > 50 %")), "{text:?}");
}

#[test]
fn why_tells_where_a_hysteresis_and_a_rate_stand() {
    let mut h = settled(
        "[calc.K]\nwords = [\"no\", \"yes\"]\nvalue = \"HYST(LT-2, 80 %, 60 %) AND RATE(LT-2, 200 ms) < 5 %/min\"\ntask = \"10 ms\"\n",
        0.0,
    );
    h.set(h.point("LT-2"), 85.0);
    h.run(500);
    h.set(h.point("LT-2"), 70.0);
    h.run(500);
    assert_eq!(h.value("K"), 1.0);
    let mut view = control::StateView::new(&h.plant());
    h.engine.publish(&mut view);
    let why = control::why(&h.plant(), &view, "K").unwrap();
    let line = |text: &str| {
        let found = why.lines.iter().find(|line| line.text().starts_with(text));
        found.unwrap_or_else(|| panic!("{:?}", why.lines)).clone()
    };
    let hysteresis = line("HYST(LT-2, 80 %, 60 %): now 70");
    assert_eq!(hysteresis.holds, Some(true));
    let rate = line("RATE(LT-2, 0.2 s) < 5 %/min: now");
    assert_eq!(rate.holds, Some(true));
}
