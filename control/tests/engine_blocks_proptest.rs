//! Ratio, ramp, selector and filter under whatever comes in: within their range, bad in gives bad out and holds, and
//! what comes back goes on without a bump. The function blocks have the same in `engine_function_blocks.rs`.

mod support;

use control::plant::{BlockBody, Op, Pick};
use model::{Mode, Quality};
use proptest::prelude::*;
use support::{Builder, Harness, Loop};

const DT: f64 = 0.01;
/// Of the ramp, per second.
const RATE: f64 = 20.0;

/// Inputs A, B, C; FFC (A by its ratio) over FIC over VALVE; HY ramps to B; LOW, HIGH and MID of all; FY filters C.
fn plant() -> Harness {
    let mut b = Builder::new();
    let [a, second, third] = ["A", "B", "C"].map(|name| b.input(name));
    let pv = b.input("PV");
    let valve = b.output("VALVE");
    let source = b.ratio("FFC", a, 0.5, None);
    let options = Loop {
        cascade: Some(source),
        target: Some(valve),
        kc: 0.5,
        ti: 0.0,
        normal_mode: Mode::Cascade,
        ..Loop::default()
    };
    b.pid("FIC", pv, &options);
    let wanted = b.expr(&[Op::Load(second)]);
    b.ramp("HY", RATE, Some(wanted));
    for (name, pick) in [("LOW", Pick::Low), ("HIGH", Pick::High), ("MID", Pick::Median)] {
        b.selector(name, vec![a, second, third], pick, None);
    }
    b.filter("FY", third, 0.5);
    let mut h = b.finish();
    h.preset(valve, 40.0);
    h.all_good(50.0);
    h.run(5);
    h
}

#[derive(Clone, Debug)]
enum Deed {
    Input(&'static str, f64, Quality),
    Ratio(f64),
    Mode(Mode),
    Run(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    let number = prop_oneof![
        8 => 0.0..100.0,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => -1e12..1e12,
    ];
    let quality = proptest::sample::select(vec![
        Quality::Good,
        Quality::Good,
        Quality::UncertainSubNormal,
        Quality::BadSensorFailure,
        Quality::BadNoCommunication,
    ]);
    let name = proptest::sample::select(vec!["A", "B", "C"]);
    prop_oneof![
        6 => (name, number, quality).prop_map(|(name, value, quality)| Deed::Input(name, value, quality)),
        1 => (0.0..2.0).prop_map(Deed::Ratio),
        2 => proptest::sample::select(vec![Mode::Manual, Mode::Auto, Mode::Cascade]).prop_map(Deed::Mode),
        2 => (1..50u8).prop_map(Deed::Run),
    ]
}

/// What is usable of the three inputs, in order of size.
fn usable(h: &Harness) -> Vec<f64> {
    let usable = ["A", "B", "C"].into_iter().filter(|name| h.quality(name).is_usable());
    let mut values: Vec<f64> = usable.map(|name| h.value(name)).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn name_of_out(h: &Harness, block: &str) -> String {
    let plant = h.plant();
    let block = &plant.blocks[plant.find_block(block).unwrap().index()];
    match &block.body {
        BlockBody::Selector(body) => plant.point(body.out).name.clone(),
        BlockBody::Filter(body) => plant.point(body.out).name.clone(),
        BlockBody::Ramp(body) => plant.point(body.out).name.clone(),
        BlockBody::Ratio(body) => plant.point(body.out).name.clone(),
        _ => unreachable!("asked for no other"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn blocks_hold_what_is_bad_and_go_on_without_a_bump(deeds in proptest::collection::vec(deed(), 1..60)) {
        let mut h = plant();
        let outs = ["FFC", "HY", "LOW", "HIGH", "MID", "FY"].map(|block| name_of_out(&h, block));
        let [ratio, ramp, low, high, mid, filter] = &outs;
        for deed in deeds {
            let before = outs.clone().map(|name| h.value(&name));
            let (valve, wanted, was_bad) = (h.value("VALVE"), h.value("FIC.SP"), h.quality(ratio).is_bad());
            let (mut scans, mut ordered, mut set) = (1.0, false, false);
            match deed {
                Deed::Input(name, value, quality) => {
                    let point = h.point(name);
                    h.input(point, value, quality);
                    h.scan();
                    set = true;
                }
                Deed::Ratio(value) => { h.write("FFC.RATIO", value).unwrap(); set = true; }
                Deed::Mode(mode) => ordered = h.mode("FIC", mode).is_ok(),
                Deed::Run(count) => { scans = f64::from(count); h.run(usize::from(count)); }
            }
            for name in &outs {
                prop_assert!(h.value(name).is_finite(), "{name}");
            }
            // Ratio.
            let now = h.value(ratio);
            prop_assert!((0.0..=100.0).contains(&now), "{now}");
            prop_assert_eq!(h.quality(ratio).is_bad(), h.quality("A").is_bad());
            if h.quality("A").is_bad() {
                prop_assert_eq!(now, before[0], "it holds");
            } else if was_bad {
                prop_assert!((now - wanted).abs() < 1e-9 + 1e-15 * 2.0 * h.value("A").abs(), "it goes on from what its loop has: {now} {wanted}");
            }
            if ordered {
                prop_assert!((h.value("VALVE") - valve).abs() < 1e-7, "no order of a mode moves the valve");
            }
            // Ramp.
            prop_assert!((0.0..=100.0).contains(&h.value(ramp)));
            prop_assert!((h.value(ramp) - before[1]).abs() <= RATE * DT * scans + 1e-9);
            if h.quality("B").is_bad() {
                prop_assert!(!h.quality(ramp).is_good(), "what it goes to is not known");
                if set {
                    prop_assert_eq!(h.value(ramp), before[1], "it holds");
                }
            }
            // Selectors.
            let values = usable(&h);
            for (name, last) in [low, high, mid].into_iter().zip(&before[2..5]) {
                prop_assert_eq!(h.quality(name).is_bad(), values.is_empty());
                if values.is_empty() {
                    prop_assert_eq!(h.value(name), *last, "it holds");
                }
            }
            if let (Some(first), Some(last)) = (values.first(), values.last()) {
                prop_assert_eq!((h.value(low), h.value(high)), (*first, *last));
                let middle = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
                prop_assert!((h.value(mid) - middle).abs() <= 1e-9 * middle.abs().max(1.0));
            }
            // Filter.
            prop_assert_eq!(h.quality(filter), h.quality("C"));
            if h.quality("C").is_bad() {
                prop_assert_eq!(h.value(filter), before[5], "it holds");
            } else {
                let (now, input) = (h.value(filter), h.value("C"));
                let (low, high) = (before[5].min(input), before[5].max(input));
                let slack = 1e-9 * low.abs().max(high.abs()).max(1.0);
                prop_assert!((low - slack..=high + slack).contains(&now), "{low} {now} {high}");
            }
        }
    }
}

/// T1. `T dy/dt = u - y` to a step, closed form; backward Euler is first order in the period.
#[test]
fn a_first_order_filter_answers_a_step_as_the_closed_form_says() {
    let worst = |period_ms: u32| {
        let mut b = Builder::new();
        b.plant.period_ms = period_ms;
        let input = b.input("A");
        b.filter("FY", input, 2.0);
        let mut h = b.finish();
        h.all_good(20.0);
        h.run(3);
        let (dt, out) = (f64::from(period_ms) * 1e-3, name_of_out(&h, "FY"));
        h.set(input, 80.0);
        let mut worst = 0.0_f64;
        for k in 1..=(10.0 / dt) as usize {
            h.scan();
            let exact = 80.0 - 60.0 * (-(k as f64) * dt / 2.0).exp();
            worst = worst.max((h.value(&out) - exact).abs());
        }
        worst
    };
    let (coarse, fine) = (worst(100), worst(10));
    assert!(coarse < 60.0 * 0.1 / 2.0 / 2.0, "{coarse}");
    assert!((coarse / fine - 10.0).abs() < 1.0, "first order: {coarse} {fine}");
}

/// The ratio's input comes back elsewhere: OUT goes on from where it stood and is there after 20 s.
#[test]
fn a_ratio_whose_input_was_bad_goes_on_from_where_it_stood() {
    let mut h = plant();
    let (a, out) = (h.point("A"), name_of_out(&h, "FFC"));
    h.run(3000);
    let stood = h.value(&out);
    assert!((stood - 25.0).abs() < 1e-9, "{stood}");
    h.input(a, 0.0, Quality::BadSensorFailure);
    h.run(10);
    h.set(a, 90.0);
    h.scan();
    assert!((h.value(&out) - stood).abs() <= 20.0 / 20.0 * DT + 1e-9, "{}", h.value(&out));
    h.run(2010);
    assert!((h.value(&out) - 45.0).abs() < 1e-9, "{}", h.value(&out));
}
