//! The published processes with their numbers. The folders beside this one are the plants that control them.

use std::ops::Range;

use crate::bench::{Bench, Process};
use crate::models::{From, Lag, Lags, Model, Path, Tanks, path};

pub const NAMES: [&str; 9] = [
    "simc",
    "wood-berry",
    "quadruple-tank",
    "smith",
    "override",
    "split-range",
    "ratio",
    "cascade",
    "opc-ua",
];

/// The bench of a folder; `None` when there is no such benchmark.
pub fn bench(name: &str) -> Option<Bench> {
    let make = match name {
        "simc" => simc,
        "wood-berry" => wood_berry,
        "quadruple-tank" => quadruple_tank,
        "smith" => smith,
        "override" => selector,
        "split-range" => split_range,
        "ratio" => ratio,
        "cascade" => cascade,
        "opc-ua" => opc_ua,
        _ => return None,
    };
    Some(make())
}

fn lags(
    measured: Vec<(f64, Vec<Path>)>,
    loads: usize,
    scan: f64,
    all: &[f64],
    commands: Range<usize>,
) -> Process {
    Process { model: Model::Lags(Lags::new(measured, loads, all)), scan, commands }
}

/// S. Skogestad, Simple analytic rules for model reduction and PID controller tuning, J. Process Control 13 (2003) 291: `e^-s/(s+1)`,
/// `e^-s/(8s+1)` and `e^-s/s`. Time counts in dead times, of 100 ms each; a scan takes 5 ms.
fn simc() -> Bench {
    let commands = [0.0; 3];
    let process = |number: usize, lag| {
        let paths = vec![path(From::Command(number, 0), 1.0, lag, 1.0)];
        lags(vec![(0.0, paths)], 1, 0.05, &commands, number..number + 1)
    };
    let kinds = [Lag::First(1.0), Lag::First(8.0), Lag::Integrator];
    Bench::new(
        kinds.into_iter().enumerate().map(|(number, lag)| process(number, lag)).collect(),
        commands.into(),
    )
}

/// R. K. Wood, M. W. Berry, Terminal composition control of a binary distillation column, Chem. Eng. Sci. 28 (1973) 1707: reflux and steam
/// and feed to overhead and bottoms composition, in deviations, eight columns of it. A minute lasts 60 ms, a scan 5 ms.
fn wood_berry() -> Bench {
    let commands = [0.0; 16];
    let column = |number: usize| {
        let (reflux, steam) = (From::Command(2 * number, 0), From::Command(2 * number + 1, 1));
        let overhead = vec![
            path(reflux, 12.8, Lag::First(16.7), 1.0),
            path(steam, -18.9, Lag::First(21.0), 3.0),
            path(From::Load(2), 3.8, Lag::First(14.9), 8.1),
        ];
        let bottoms = vec![
            path(reflux, 6.6, Lag::First(10.9), 7.0),
            path(steam, -19.4, Lag::First(14.4), 3.0),
            path(From::Load(2), 4.9, Lag::First(13.2), 3.4),
        ];
        lags(vec![(0.0, overhead), (0.0, bottoms)], 3, 1.0 / 12.0, &commands, 2 * number..2 * number + 2)
    };
    Bench::new((0..8).map(column).collect(), commands.into())
}

/// K. H. Johansson, The quadruple-tank process, IEEE Trans. Control Systems Technology 8 (2000) 456: valves for minimum phase, which runs
/// 40 times as fast as the clock, and for non-minimum phase, 400 times. A scan takes 5 ms.
#[expect(clippy::approx_constant, reason = "a pump of 3.14 cm3/s per V, as published")]
fn quadruple_tank() -> Bench {
    let commands = [3.00, 3.00, 3.15, 3.15];
    let tanks = |pumps, shares, first: usize, scan| Process {
        model: Model::Tanks(Tanks::new(pumps, shares, [first, first + 1], &commands)),
        scan,
        commands: first..first + 2,
    };
    let minimum = tanks([3.33, 3.35], [0.70, 0.60], 0, 0.2);
    let other = tanks([3.14, 3.29], [0.43, 0.34], 2, 2.0);
    Bench::new(vec![minimum, other], commands.into())
}

/// O. J. M. Smith, Closer control of loops with dead time, Chem. Eng. Prog. 53 (1957) 217: `e^-2s/(s+1)`, a dead time twice the lag.
/// Seconds; a scan takes 5 ms.
fn smith() -> Bench {
    let commands = [0.0];
    let paths = vec![path(From::Command(0, 0), 1.0, Lag::First(1.0), 2.0)];
    Bench::new(vec![lags(vec![(0.0, paths)], 1, 0.005, &commands, 0..1)], commands.into())
}

/// One valve for two loops: flow, and the pressure behind it that must not pass its limit. Seconds; a scan takes 5 ms.
fn selector() -> Bench {
    let commands = [60.0];
    let flow = vec![path(From::Command(0, 0), 1.0, Lag::First(0.4), 0.1)];
    let pressure = vec![
        path(From::Command(0, 0), 0.8, Lag::First(0.8), 0.1),
        path(From::Load(1), 1.0, Lag::First(0.8), 0.0),
    ];
    Bench::new(vec![lags(vec![(0.0, flow), (0.0, pressure)], 2, 0.005, &commands, 0..1)], commands.into())
}

/// One temperature, heated by one valve and cooled by the other. Seconds; a scan takes 5 ms.
fn split_range() -> Bench {
    let commands = [0.0, 0.0];
    let temperature = vec![
        path(From::Command(0, 0), 0.4, Lag::First(1.0), 0.1),
        path(From::Command(1, 1), -0.4, Lag::First(1.0), 0.1),
        path(From::Load(2), 1.0, Lag::First(1.0), 0.1),
    ];
    Bench::new(vec![lags(vec![(50.0, temperature)], 3, 0.005, &commands, 0..2)], commands.into())
}

/// A wild flow, and one that keeps its ratio to it. Seconds; a scan takes 5 ms.
fn ratio() -> Bench {
    let commands = [10.0];
    let wild = vec![path(From::Load(0), 1.0, Lag::None, 0.0)];
    let kept = vec![path(From::Command(0, 1), 1.0, Lag::First(0.4), 0.1)];
    let process = lags(vec![(20.0, wild), (0.0, kept)], 2, 0.005, &commands, 0..1);
    Bench::new(vec![process], commands.into())
}

/// A slow process behind a fast one, each with its loop. Seconds; a scan takes 5 ms.
fn cascade() -> Bench {
    let commands = [50.0];
    let secondary = vec![path(From::Command(0, 0), 1.0, Lag::First(0.1), 0.015)];
    let primary = vec![path(From::Measured(0), 1.0, Lag::First(0.5), 0.05)];
    Bench::new(vec![lags(vec![(0.0, secondary), (0.0, primary)], 1, 0.005, &commands, 0..1)], commands.into())
}

/// `e^-0.25s/(s+1)` over a slower wire. Seconds; it is stepped every 10 ms.
fn opc_ua() -> Bench {
    let commands = [0.0];
    let paths = vec![path(From::Command(0, 0), 1.0, Lag::First(1.0), 0.25)];
    Bench::new(vec![lags(vec![(0.0, paths)], 1, 0.01, &commands, 0..1)], commands.into())
}
