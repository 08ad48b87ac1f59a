//! Both halves against each other, on both protocols.

use std::time::Duration;

use model::{Address, IoMap, Limited, ModbusTable, Quality, RegisterFormat};
use plc_bridge::{LinkState, WatchdogState};

use crate::field::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_qualities_and_commands_cross_the_wire() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        driver.commands = vec![62.5, 1.0, 1200.0];
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        assert!(driver.is_up());
        assert!((driver.value(IN_LEVEL) - 50.0).abs() < 0.01, "{wire:?}");
        assert_eq!(driver.value(IN_RUNNING), 1.0);
        assert_eq!(driver.value(IN_PRESSURE), 1.25);

        field.memory.set_input(LEVEL, 75.0, Quality::Good);
        field.memory.set_input(RUNNING, 0.0, Quality::Good);
        until(SOON, "the new level", || (driver.value(IN_LEVEL) - 75.0).abs() < 0.01).await;
        until(SOON, "the pump stopped", || driver.value(IN_RUNNING) == 0.0).await;

        field.memory.set_input(LEVEL, 75.0, Quality::BadSensorFailure);
        until(SOON, "the failed sensor", || driver.quality(IN_LEVEL) == Quality::BadSensorFailure).await;
        assert!((driver.value(IN_LEVEL) - 75.0).abs() < 0.01, "the last value stays");
        assert_eq!(driver.quality(IN_PRESSURE), Quality::Good);

        let commanded =
            || (field.memory.output(VALVE) - 62.5).abs() < 0.01 && field.memory.output(SPEED) == 1200.0;
        until(SOON, "the commands", || {
            driver.scan();
            commanded()
        })
        .await;
        assert_eq!(field.memory.output(PUMP), 1.0);
        assert_eq!(field.memory.watchdog(), WatchdogState::Alive);

        let health = driver.bridge.health().remove(0);
        assert_eq!((health.state, health.errors, health.reconnects), (LinkState::Up, 0, 0), "{health:?}");
        assert!(health.reads > 0 && health.writes > 0);
        driver.bridge.shutdown().await;
        assert!(!driver.link.input_bank.read().up);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_device_says_of_the_limits_of_its_inputs_stands_beside_them_until_it_is_lost() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        let limits = driver.bridge.limits();
        let map = IoMap { devices: vec![device(wire, "127.0.0.1:1")], points: points(wire) };
        assert_eq!(limits.of(&map), [], "{wire:?}: all move freely");
        let pressure = map.points[PRESSURE].point;
        for (bar, expected) in [(4.5, Limited::High), (-0.4, Limited::Low)] {
            field.memory.set_input(PRESSURE, bar, Quality::UncertainEngineeringRange);
            until(SOON, "the limit", || limits.of(&map) == [(pressure, expected)]).await;
        }
        field.memory.set_input(PRESSURE, 1.0, Quality::Good);
        until(SOON, "no limit", || limits.of(&map).is_empty()).await;
        field.memory.set_input(PRESSURE, 4.5, Quality::UncertainEngineeringRange);
        until(SOON, "the limit again", || limits.of(&map).len() == 1).await;
        driver.bridge.shutdown().await;
        assert_eq!(limits.of(&map), [], "{wire:?}: nobody knows of a device that is away");
    }
}

/// A value of which only the status changes: the subscription of ours hears that too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_opc_ua_limit_bits_arrive_with_the_same_value() {
    let field = field(Wire::OpcUa).await;
    let mut driver = drive(Wire::OpcUa, field.plc.address());
    until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
    let limits = driver.bridge.limits();
    let map = IoMap { devices: vec![device(Wire::OpcUa, "127.0.0.1:1")], points: points(Wire::OpcUa) };
    field.memory.set_input(LEVEL, 50.0, Quality::GoodLocalOverride);
    let expected = [(map.points[LEVEL].point, Limited::Constant)];
    until(SOON, "the override", || limits.of(&map) == expected).await;
    assert_eq!((driver.value(IN_LEVEL), driver.quality(IN_LEVEL)), (50.0, Quality::GoodLocalOverride));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_far_outside_its_range_is_no_measurement_on_either_wire() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        for (bar, quality, shown) in [
            (4.1, Quality::Good, 4.1),
            (4.5, Quality::UncertainEngineeringRange, 4.5),
            (400.0, Quality::BadOutOfRange, 4.5),
            (-0.04, Quality::Good, -0.04),
        ] {
            field.memory.set_input(PRESSURE, bar, Quality::Good);
            until(SOON, "the pressure", || {
                let bank = driver.link.input_bank.read();
                let value = bank.values[IN_PRESSURE];
                bank.qualities[IN_PRESSURE] == quality && (value - shown).abs() < 1e-6
            })
            .await;
            assert_eq!(driver.quality(IN_LEVEL), Quality::Good, "{wire:?} {bar}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_plc_is_known_within_two_seconds_and_is_live_again_after_its_restart() {
    for wire in BOTH {
        let field = field(wire).await;
        let at = field.plc.address();
        let mut driver = drive(wire, at);
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;

        field.plc.shutdown().await;
        let took = until(LOSS, "the loss", || !driver.is_up()).await;
        println!("{wire:?}: loss known after {took:?}");
        assert!(driver.all_are(Quality::BadNoCommunication));
        assert!((driver.value(IN_LEVEL) - 50.0).abs() < 0.01, "the last value stays");

        field.memory.set_input(LEVEL, 20.0, Quality::Good);
        let _plc = start(wire, &at.to_string(), field.memory.clone(), &field.pki).await;
        let took = until(SOON, "the return", || driver.is_up() && driver.all_are(Quality::Good)).await;
        println!("{wire:?}: live again after {took:?}");
        until(SOON, "news", || (driver.value(IN_LEVEL) - 20.0).abs() < 0.01).await;
        field.memory.set_input(LEVEL, 30.0, Quality::Good);
        until(SOON, "more news", || (driver.value(IN_LEVEL) - 30.0).abs() < 0.01).await;
        assert_eq!(driver.bridge.health()[0].reconnects, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_plc_is_known_within_two_seconds() {
    for wire in BOTH {
        let field = field(wire).await;
        let cable = FreezingWire::to(field.plc.address()).await;
        let mut driver = drive(wire, cable.at);
        until(SOON, "the first values", || driver.all_are(Quality::Good)).await;
        cable.set_frozen(true);
        let took = until(LOSS, "the freeze", || !driver.is_up()).await;
        println!("{wire:?}: freeze known after {took:?}");
        assert!(driver.all_are(Quality::BadNoCommunication));
        cable.set_frozen(false);
        until(SOON, "the return", || driver.is_up() && driver.all_are(Quality::Good)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_link_takes_nobody_in_until_it_is_mended() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "the first values", || driver.is_up()).await;
        field.plc.set_link(false);
        assert_eq!(field.plc.peers(), 0);
        until(LOSS, "the cut", || !driver.is_up()).await;
        let errors = driver.bridge.health()[0].errors;
        until(SOON, "a refused attempt", || driver.bridge.health()[0].errors > errors + 1).await;
        assert!(!driver.is_up());
        field.plc.set_link(true);
        until(SOON, "the mended link", || driver.is_up() && driver.all_are(Quality::Good)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_before_the_scan_has_run() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        until(SOON, "twenty polls or life signs", || {
            driver.is_up() && driver.link.input_bank.read().sequence > 20
        })
        .await;
        let mut values = Vec::new();
        field.memory.copy_values(&mut values);
        assert_eq!(values, WARM, "{wire:?}: no bump");
        assert_eq!(field.memory.watchdog(), WatchdogState::Unarmed);
        assert_eq!(driver.bridge.health()[0].writes, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_tells_what_the_outputs_are() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut points = points(wire);
        // The device does not know the valve, and tells the others all the same.
        points[VALVE].address = unknown_output(wire);
        let mut driver = drive_points(wire, field.plc.address(), points);
        assert!(driver.link.input_bank.read().read_back.is_empty());
        until(SOON, "the device up", || driver.is_up()).await;
        let expected = [None, Some(WARM[PUMP]), Some(WARM[SPEED])];
        assert_eq!(driver.link.input_bank.read().read_back, expected, "{wire:?}");

        driver.commands = vec![0.0, 0.0, 900.0];
        until(SOON, "the commands", || {
            driver.scan();
            field.memory.output(SPEED) == 900.0
        })
        .await;
        field.plc.set_link(false);
        until(LOSS, "the cut", || !driver.is_up()).await;
        field.plc.set_link(true);
        until(SOON, "the mended link", || driver.is_up()).await;
        let met = driver.link.input_bank.read();
        assert_eq!((met.meeting, &met.read_back[..]), (2, &[None, Some(0.0), Some(900.0)][..]), "{wire:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_watchdog_stopped_is_not_started_by_the_cable() {
    for wire in BOTH {
        let (field, mut driver) = commanded(wire).await;
        let before = driver.link.input_bank.read().meeting;
        field.plc.set_link(false);
        until(LOSS, "the cut", || !driver.is_up()).await;
        field.clock.advance(Duration::from_secs(1));
        field.plc.set_link(true);
        until(SOON, "the mended link", || driver.is_up()).await;
        let sequence = driver.link.input_bank.read().sequence;
        until(SOON, "more polls", || {
            driver.scan_knowing(before);
            driver.link.input_bank.read().sequence > sequence + 20
        })
        .await;
        assert_eq!(field.memory.output(PUMP), FAIL[PUMP], "{wire:?}: old commands are held back");
        assert_eq!(driver.link.input_bank.read().read_back[1], Some(FAIL[PUMP]), "{wire:?}: and it is told");
        until(SOON, "what the scan wants now", || {
            driver.scan();
            field.memory.output(PUMP) == 1.0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_scan_loses_its_outputs_to_the_watchdog_and_a_living_one_gets_them_back() {
    for wire in BOTH {
        let (field, mut driver) = commanded(wire).await;

        // The scan dies; the link stays up, and the device goes on being read.
        let seen = field.memory.heartbeat();
        let sequence = driver.link.input_bank.read().sequence;
        until(SOON, "more polls", || driver.link.input_bank.read().sequence > sequence + 10).await;
        let writes = driver.bridge.health()[0].writes;
        field.clock.advance(Duration::from_secs(1));
        assert_eq!(field.memory.watchdog(), WatchdogState::Fired, "{wire:?} {seen}");
        for output in [VALVE, PUMP, SPEED] {
            assert_eq!(field.memory.output(output), FAIL[output]);
        }
        let sequence = driver.link.input_bank.read().sequence;
        until(SOON, "more polls", || driver.link.input_bank.read().sequence > sequence + 20).await;
        assert_eq!(field.memory.output(SPEED), FAIL[SPEED], "a dead scan's commands are not asserted again");
        assert!(driver.bridge.health()[0].writes <= writes + 2, "{wire:?}: a dead scan writes nothing");
        assert!(driver.is_up());

        until(SOON, "the commands again", || {
            driver.scan();
            field.memory.output(SPEED) == 1200.0 && field.memory.output(PUMP) == 1.0
        })
        .await;
        assert_eq!(field.memory.watchdog(), WatchdogState::Alive);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_that_the_plc_does_not_know_is_bad_alone() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut points = points(wire);
        // Between two good ones, so that they share a block.
        points[RUNNING].address = match wire {
            Wire::Modbus => Address::Modbus {
                table: ModbusTable::InputRegister,
                register: 12,
                format: RegisterFormat::F32,
            },
            Wire::OpcUa => Address::OpcUa { node: "nobody".into(), boolean: false },
        };
        let mut driver = drive_points(wire, field.plc.address(), points);
        until(SOON, "a device failure", || driver.quality(IN_RUNNING) == Quality::BadDeviceFailure).await;
        until(SOON, "the others", || {
            driver.quality(IN_LEVEL) == Quality::Good && driver.quality(IN_PRESSURE) == Quality::Good
        })
        .await;
        assert!(driver.is_up());
        let health = driver.bridge.health().remove(0);
        assert_eq!((health.refused_inputs, health.reconnects), (1, 0), "{health:?}");
        assert!(health.last_error.unwrap().contains("P-101.running"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_no_number_leaves_the_device_as_it_is() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut driver = drive(wire, field.plc.address());
        driver.commands = vec![30.0, 1.0, 1000.0];
        until(SOON, "the commands", || {
            driver.scan();
            field.memory.output(SPEED) == 1000.0
        })
        .await;
        driver.commands = vec![31.0, 0.0, f64::NAN];
        until(SOON, "the other commands", || {
            driver.scan();
            field.memory.output(PUMP) == 0.0 && (field.memory.output(VALVE) - 31.0).abs() < 0.01
        })
        .await;
        assert_eq!(field.memory.output(SPEED), 1000.0);
        let health = driver.bridge.health().remove(0);
        assert!(health.last_error.unwrap().contains("SC-101"));
        driver.commands[OUT_SPEED] = 1100.0;
        until(SOON, "a number again", || {
            driver.scan();
            field.memory.output(SPEED) == 1100.0
        })
        .await;
    }
}

#[tokio::test]
async fn a_device_that_was_never_there_is_bad_and_never_an_error() {
    for wire in BOTH {
        let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut driver = drive(wire, nobody);
        assert!(driver.all_are(Quality::BadWaitingForInitialData));
        until(SOON, "the first failed attempt", || driver.all_are(Quality::BadNoCommunication)).await;
        assert!(driver.bridge.health()[0].last_error.is_some());
    }
}
