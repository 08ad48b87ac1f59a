//! Two controllers on one device, and a device that answers for something else than it was asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_modbus::client::{Client, tcp};
use tokio_modbus::{Request, Slave};

use crate::field::*;

fn trouble(driver: &Driver) -> String {
    driver.bridge.health().remove(0).trouble.unwrap_or_default()
}

fn contested(driver: &mut Driver) -> bool {
    driver.link.input_bank.read().contested
}

/// A controller whose scan has a thread of its own, as in a plant.
struct Driving {
    ends: Arc<AtomicBool>,
    scan: std::thread::JoinHandle<Driver>,
}

impl Driving {
    fn begin(mut driver: Driver) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = ends.clone();
        let scan = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                driver.scan();
                std::thread::sleep(Duration::from_millis(2));
            }
            driver
        });
        Self { ends, scan }
    }

    fn end(self) -> Driver {
        self.ends.store(true, Ordering::Relaxed);
        self.scan.join().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_comes_new_leaves_a_driven_device_alone_until_the_other_one_stops() {
    for wire in BOTH {
        let (field, first) = commanded(wire).await;
        let driving = Driving::begin(first);
        // The longest watch that the watchdog leaves: a machine that stands still for a moment ends no test.
        let scan = Duration::from_secs(1);
        let mut second = drive_scanning(wire, field.plc.address(), points(wire), scan);
        second.commands = vec![10.0, 0.0, 300.0];
        let mut came_up = false;
        until(SOON, "three attempts", || {
            second.scan();
            came_up |= second.is_up();
            second.bridge.health()[0].errors >= 3
        })
        .await;
        let mut first = driving.end();
        assert!(!came_up, "{wire:?}");
        let told = trouble(&second);
        assert!(told.contains("another client moves the heartbeat of PLC-1"), "{wire:?}: {told}");
        assert_eq!((second.bridge.health()[0].writes, field.memory.output(SPEED)), (0, 1200.0), "{wire:?}");
        assert!(!contested(&mut first) && first.is_up(), "{wire:?}");

        first.bridge.shutdown().await;
        until(SOON, "the second one takes over", || {
            second.scan();
            second.is_up() && field.memory.output(SPEED) == 300.0
        })
        .await;
        assert_eq!(trouble(&second), "", "{wire:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_controllers_that_drive_one_device_both_find_out_and_forget_it_when_one_has_gone() {
    for wire in BOTH {
        let (field, mut first) = commanded(wire).await;
        // The second one comes while the first stands still for a moment.
        let mut second = drive(wire, field.plc.address());
        second.commands = vec![10.0, 0.0, 300.0];
        until(SOON, "the second one is let in", || second.is_up()).await;
        // Two plants count from different beginnings.
        (0..20_000).for_each(|_| second.scan());
        until(SOON, "both find out", || {
            first.scan();
            second.scan();
            contested(&mut first) && contested(&mut second)
        })
        .await;
        assert!(first.is_up() && second.is_up(), "{wire:?}: nobody knows which of them is wrong");
        for driver in [&first, &second] {
            let told = trouble(driver);
            assert!(
                told.contains("another client writes the heartbeat of PLC-1: two controllers?"),
                "{told}"
            );
        }
        first.bridge.shutdown().await;
        until(SOON, "the other one has gone", || {
            second.scan();
            !contested(&mut second)
        })
        .await;
        assert_eq!(trouble(&second), "", "{wire:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plc_that_forgets_its_heartbeat_again_and_again_is_no_second_controller() {
    let (field, mut driver) = commanded(Wire::Modbus).await;
    let stream = TcpStream::connect(field.plc.address()).await.unwrap();
    let wiping = tokio::spawn(async move {
        let mut plc = tcp::attach_slave(stream, Slave(1));
        // As after a restart with a cleared memory.
        while let Ok(Ok(_)) = plc.call(Request::WriteSingleRegister(0, 0)).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let beats = driver.bridge.health()[0].writes;
    until(SOON, "sixty heartbeats", || {
        driver.scan();
        assert!(!contested(&mut driver));
        driver.bridge.health()[0].writes >= beats + 60
    })
    .await;
    assert_eq!(trouble(&driver), "");
    wiping.abort();
}

/// Between a client and a device, and able to change what the device says of a write to register 10.
async fn lying_wire(target: SocketAddr, lies: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(target).await.unwrap();
            let (mut from_near, mut to_near) = near.into_split();
            let (mut from_far, mut to_far) = far.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_near, &mut to_far).await });
            let lies = lies.clone();
            tokio::spawn(async move {
                let mut head = [0; 6];
                while from_far.read_exact(&mut head).await.is_ok() {
                    let mut rest = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]]))];
                    from_far.read_exact(&mut rest).await.unwrap();
                    // Unit, function, register.
                    if matches!(rest[1], 6 | 16) && rest[2..4] == [0, 10] && lies.load(Ordering::Relaxed) {
                        rest[3] = 99;
                    }
                    if to_near.write_all(&[&head[..], &rest].concat()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_the_device_answers_with_another_register_has_failed() {
    let field = field(Wire::Modbus).await;
    let lies = Arc::new(AtomicBool::new(false));
    let mut driver = drive(Wire::Modbus, lying_wire(field.plc.address(), lies.clone()).await);
    driver.commands = vec![62.5, 1.0, 1200.0];
    until(SOON, "the commands", || {
        driver.scan();
        field.memory.output(SPEED) == 1200.0
    })
    .await;
    lies.store(true, Ordering::Relaxed);
    driver.commands[0] = 20.0;
    until(SOON, "the refusal", || {
        driver.scan();
        driver.link.input_bank.read().refused_outputs == [true, false, false]
    })
    .await;
    let told = trouble(&driver);
    assert!(told.contains("FV-101") && told.contains("its answer names another register"), "{told}");
    assert!(driver.is_up());
    lies.store(false, Ordering::Relaxed);
    until(SOON, "the device tells the truth again", || {
        driver.scan();
        driver.link.input_bank.read().refused_outputs == [false; 3]
    })
    .await;
    assert_eq!(trouble(&driver), "");
}
