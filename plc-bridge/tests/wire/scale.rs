//! A whole area's worth of points on one wire: limits of batches, blocks and messages are passed.

use std::time::{Duration, Instant};

use model::{Address, Direction, IoPoint, ModbusTable, PointId, Quality, RegisterFormat, Scaling};
use plc_bridge::{Clock, LinkState, PlcMemory};

use crate::field::*;

const POINTS: usize = 5000;

fn many_points(wire: Wire) -> Vec<IoPoint> {
    let template = points(wire).remove(0);
    let point = |index: usize| {
        let direction = if index % 5 == 4 { Direction::Output } else { Direction::Input };
        let boolean = index % 5 == 3;
        let (table, register, format) = match direction {
            Direction::Output => (ModbusTable::HoldingRegister, 2 * index, RegisterFormat::F32),
            // A gap of one after every point but the first of five, and bits in a table of their own.
            Direction::Input if boolean => (ModbusTable::DiscreteInput, index, RegisterFormat::Bit),
            Direction::Input => (ModbusTable::InputRegister, 3 * index, RegisterFormat::F32),
        };
        IoPoint {
            point: PointId(index as u32),
            tag: format!("P{index}"),
            direction,
            address: match wire {
                Wire::Modbus => Address::Modbus { table, register: register as u16 + 2, format },
                Wire::OpcUa => Address::OpcUa { node: format!("P{index}"), boolean },
            },
            scaling: Scaling::IDENTITY,
            fail_value: 0.0,
            ..template.clone()
        }
    };
    (0..POINTS).map(point).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_points_cross_one_wire() {
    for wire in BOTH {
        let points = many_points(wire);
        let initial: Vec<f64> = (0..POINTS).map(|index| (index % 2) as f64).collect();
        let memory = PlcMemory::new(&points, &initial, Duration::from_secs(60), Clock::machine());
        let pki = tempfile::tempdir().unwrap();
        let plc = start_points(wire, "127.0.0.1:0", &points, memory.clone(), &pki).await;
        let mut driver = drive_points(wire, plc.address(), points.clone());
        let took = until(SOON, "all good", || driver.all_are(Quality::Good)).await;
        println!("{wire:?}: {POINTS} points good after {took:?}");

        let inputs: Vec<usize> =
            (0..POINTS).filter(|index| points[*index].direction == Direction::Input).collect();
        let changed = |index: usize| if index % 5 == 3 { ((index + 1) % 2) as f64 } else { index as f64 };
        let started = Instant::now();
        memory.set_inputs(inputs.iter().map(|index| (*index, changed(*index), Quality::Good)));
        until(SOON, "all changed", || {
            let bank = driver.link.input_bank.read();
            bank.values.iter().zip(&inputs).all(|(value, index)| *value == changed(*index))
        })
        .await;
        println!("{wire:?}: {} changes seen after {:?}", inputs.len(), started.elapsed());

        let commands = driver.commands.len();
        driver.commands = (0..commands).map(|output| output as f64 * 0.5).collect();
        let started = Instant::now();
        until(SOON, "all commanded", || {
            driver.scan();
            (0..commands).all(|output| memory.output(output * 5 + 4) == output as f64 * 0.5)
        })
        .await;
        println!("{wire:?}: {commands} commands applied after {:?}", started.elapsed());
        let health = driver.bridge.health().remove(0);
        assert_eq!((health.refused_inputs, health.state), (0, LinkState::Up), "{health:?}");
    }
}
