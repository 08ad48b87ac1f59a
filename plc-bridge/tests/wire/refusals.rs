//! What a device refuses: outputs, its heartbeat, everything.

use std::time::Duration;

use model::Quality;
use plc_bridge::{LinkState, WatchdogState};

use crate::field::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_that_the_plc_does_not_know_holds_up_no_other() {
    for wire in BOTH {
        let field = field(wire).await;
        let mut points = points(wire);
        points[VALVE].address = unknown_output(wire);
        let mut driver = drive_points(wire, field.plc.address(), points);
        driver.commands = vec![62.5, 0.0, 1200.0];
        until(SOON, "the known commands", || {
            driver.scan();
            field.memory.output(SPEED) == 1200.0 && field.memory.output(PUMP) == 0.0
        })
        .await;
        assert_eq!(field.memory.output(VALVE), WARM[VALVE]);
        // The device has them before its answer is here.
        until(SOON, "the refusal", || {
            let error = driver.bridge.health().remove(0).last_error;
            error.is_some_and(|error| error.contains("FV-101"))
        })
        .await;
        // One write period after another the refused one is left alone until the refresh.
        let (errors, sequence) = (driver.bridge.health()[0].errors, driver.link.input_bank.read().sequence);
        until(SOON, "twenty polls or life signs", || {
            driver.scan();
            driver.link.input_bank.read().sequence > sequence + 20
        })
        .await;
        let since = driver.bridge.health()[0].errors - errors;
        assert!(since <= 14, "{wire:?}: {since} more refusals");
        until(SOON, "the one that is refused for good", || {
            driver.scan();
            driver.link.input_bank.read().refused_outputs == [true, false, false]
        })
        .await;
        assert!(driver.is_up());
        let health = driver.bridge.health().remove(0);
        assert_eq!((health.refused_outputs, health.reconnects), (1, 0), "{wire:?}");
        let word = match wire {
            Wire::Modbus => "Modbus exception 2, illegal data address",
            Wire::OpcUa => "BadNodeIdUnknown",
        };
        let trouble = format!("refuses 1 of its outputs; FV-101: the device refuses the write: {word}");
        assert_eq!(health.trouble, Some(trouble));
    }
}

/// Attempts are made, and none of them calls the link up.
async fn stays_lost(driver: &mut Driver) {
    let errors = driver.bridge.health()[0].errors;
    let mut came_up = false;
    until(SOON, "three attempts", || {
        driver.scan();
        came_up |= driver.is_up();
        driver.bridge.health()[0].errors >= errors + 3
    })
    .await;
    assert!(!came_up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plc_that_refuses_every_write_is_lost_until_it_takes_its_heartbeat() {
    for wire in BOTH {
        let (field, mut driver) = commanded(wire).await;
        field.memory.set_write_protected(true);
        driver.commands = vec![10.0, 0.0, 300.0];
        until(SOON, "the loss", || {
            driver.scan();
            !driver.is_up()
        })
        .await;
        assert!(driver.all_are(Quality::BadNoCommunication), "{wire:?}");
        let health = driver.bridge.health().remove(0);
        assert!(health.last_error.unwrap().contains("refuses its heartbeat"), "{wire:?}");
        stays_lost(&mut driver).await;
        assert_eq!(field.memory.output(SPEED), 1200.0);

        field.clock.advance(Duration::from_secs(1));
        field.memory.set_write_protected(false);
        until(SOON, "the return", || driver.is_up()).await;
        assert_eq!(field.memory.watchdog(), WatchdogState::Fired, "{wire:?}: a probe is no life");
        let held = driver.link.input_bank.read().read_back.clone();
        assert_eq!(held, [Some(FAIL[VALVE]), Some(FAIL[PUMP]), Some(FAIL[SPEED])], "{wire:?}");
        until(SOON, "the commands", || {
            driver.scan();
            field.memory.output(SPEED) == 300.0
        })
        .await;
        assert_eq!(driver.bridge.health()[0].reconnects, 1, "{wire:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plc_that_refuses_from_the_start_is_never_up_and_the_first_probe_that_it_takes_brings_it_up() {
    for wire in BOTH {
        let field = field(wire).await;
        field.memory.set_write_protected(true);
        let mut driver = drive(wire, field.plc.address());
        stays_lost(&mut driver).await;
        assert!(driver.all_are(Quality::BadNoCommunication), "{wire:?}");
        let mut values = Vec::new();
        field.memory.copy_values(&mut values);
        assert_eq!(values, WARM, "{wire:?}");
        assert_eq!(driver.bridge.health()[0].writes, 0, "{wire:?}");

        field.memory.set_write_protected(false);
        until(SOON, "the link up", || driver.is_up() && driver.all_are(Quality::Good)).await;
        assert_eq!(field.memory.watchdog(), WatchdogState::Unarmed, "{wire:?}: a probe is no life");
        let health = driver.bridge.health().remove(0);
        assert_eq!((health.state, health.trouble), (LinkState::Up, None), "{wire:?}");
    }
}

/// Plays scans that know of this meeting, until the device has refused a heartbeat.
async fn refused_once(driver: &mut Driver, meeting: u32) {
    let errors = driver.bridge.health()[0].errors;
    until(SOON, "a refusal", || {
        driver.scan_knowing(meeting);
        driver.bridge.health()[0].errors > errors
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plc_that_was_in_stop_for_a_moment_starts_nothing_by_itself() {
    for wire in BOTH {
        let (field, mut driver) = commanded(wire).await;
        let before = driver.link.input_bank.read().meeting;
        field.memory.set_stopped(true);
        refused_once(&mut driver, before).await;
        field.memory.set_stopped(false);
        // The scan goes on with what it knew, as one that has not looked yet.
        until(SOON, "a new look at the outputs", || {
            driver.scan_knowing(before);
            driver.link.input_bank.read().meeting > before
        })
        .await;
        let held = driver.link.input_bank.read().read_back.clone();
        assert_eq!(held, [Some(FAIL[VALVE]), Some(FAIL[PUMP]), Some(FAIL[SPEED])], "{wire:?}");
        assert_eq!(field.memory.output(PUMP), FAIL[PUMP], "{wire:?}: old commands are held back");
        until(SOON, "what the scan wants now", || {
            driver.scan();
            driver.is_up() && field.memory.output(PUMP) == 1.0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plc_that_refused_for_a_moment_and_moved_nothing_goes_on() {
    for wire in BOTH {
        let (field, mut driver) = commanded(wire).await;
        let before = driver.link.input_bank.read().meeting;
        field.memory.set_write_protected(true);
        refused_once(&mut driver, before).await;
        field.memory.set_write_protected(false);
        driver.commands = vec![10.0, 0.0, 300.0];
        until(SOON, "the new commands", || {
            driver.scan();
            field.memory.output(SPEED) == 300.0
        })
        .await;
        // Only a machine that stood still for as long as the watchdog waits has lost the link meanwhile.
        let reconnects = driver.bridge.health()[0].reconnects as u32;
        assert_eq!(driver.link.input_bank.read().meeting, before + reconnects, "{wire:?}");
    }
}

/// The device's own word for a write that it refuses in STOP.
fn word_in_stop(wire: Wire) -> &'static str {
    match wire {
        Wire::Modbus => "(Modbus exception 4, server device failure)",
        Wire::OpcUa => "(BadInvalidState)",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plc_in_stop_is_lost_and_says_why_in_its_own_words_until_it_runs() {
    for wire in BOTH {
        let (field, mut driver) = commanded(wire).await;
        field.memory.set_stopped(true);
        assert_eq!(field.memory.output(PUMP), FAIL[PUMP], "{wire:?}: at once");
        until(SOON, "the loss", || {
            driver.scan();
            !driver.is_up()
        })
        .await;
        stays_lost(&mut driver).await;
        let trouble = driver.bridge.health()[0].trouble.clone().unwrap();
        assert!(trouble.contains(word_in_stop(wire)), "{wire:?}: {trouble}");
        field.memory.set_stopped(false);
        until(SOON, "the return", || driver.is_up()).await;
        assert_eq!(driver.bridge.health()[0].trouble, None, "{wire:?}");
        assert_eq!(field.memory.output(PUMP), FAIL[PUMP], "{wire:?}");
    }
}
