//! A small field on either protocol, a wire that can freeze, and waiting with a bound.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    Address, Device, DeviceId, Direction, IoMap, IoPoint, ModbusTable, PointId, Protocol, Quality,
    RegisterFormat, Scaling,
};
use plc_bridge::{
    Bridge, BridgeOptions, Clock, DeviceLink, OpcUaClientOptions, PlcMemory, ServeOptions, SoftPlc, connect,
    serve,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) const NAMESPACE: &str = "urn:catholyte:test";
pub(crate) const PERCENT: Scaling = Scaling { raw_low: 0.0, raw_high: 27648.0, low: 0.0, high: 100.0 };

/// Positions in `points`, inputs and outputs mixed on purpose.
pub(crate) const LEVEL: usize = 0;
pub(crate) const VALVE: usize = 1;
pub(crate) const RUNNING: usize = 2;
pub(crate) const PUMP: usize = 3;
pub(crate) const PRESSURE: usize = 4;
pub(crate) const SPEED: usize = 5;

/// The range of PT-101, whose number carries its own unit on both wires.
pub(crate) const PRESSURES: (f64, f64) = (0.0, 4.0);

/// Positions in the banks.
pub(crate) const IN_LEVEL: usize = 0;
pub(crate) const IN_RUNNING: usize = 1;
pub(crate) const IN_PRESSURE: usize = 2;
pub(crate) const OUT_SPEED: usize = 2;

pub(crate) const WARM: [f64; 6] = [50.0, 40.0, 1.0, 1.0, 1.25, 1480.0];
pub(crate) const FAIL: [f64; 6] = [0.0, 100.0, 0.0, 0.0, 0.0, 0.0];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Modbus,
    OpcUa,
}

pub(crate) const BOTH: [Wire; 2] = [Wire::Modbus, Wire::OpcUa];

fn address(wire: Wire, tag: &str, table: ModbusTable, register: u16, format: RegisterFormat) -> Address {
    match wire {
        Wire::Modbus => Address::Modbus { table, register, format },
        Wire::OpcUa => Address::OpcUa { node: tag.into(), boolean: format == RegisterFormat::Bit },
    }
}

/// Where no soft PLC has an output; over Modbus directly behind the speed, so that they share a write.
pub(crate) fn unknown_output(wire: Wire) -> Address {
    match wire {
        Wire::Modbus => {
            Address::Modbus { table: ModbusTable::HoldingRegister, register: 13, format: RegisterFormat::I16 }
        }
        Wire::OpcUa => Address::OpcUa { node: "nobody".into(), boolean: false },
    }
}

pub(crate) fn points(wire: Wire) -> Vec<IoPoint> {
    use Direction::{Input, Output};
    use ModbusTable::{Coil, DiscreteInput, HoldingRegister, InputRegister};
    use RegisterFormat::{Bit, F32, I16};
    let rows = [
        ("LT-101", Input, InputRegister, 0, I16, PERCENT),
        ("FV-101", Output, HoldingRegister, 10, I16, PERCENT),
        ("P-101.running", Input, DiscreteInput, 3, Bit, Scaling::IDENTITY),
        ("P-101.start", Output, Coil, 5, Bit, Scaling::IDENTITY),
        ("PT-101", Input, InputRegister, 8, F32, Scaling::IDENTITY),
        ("SC-101", Output, HoldingRegister, 11, F32, Scaling::IDENTITY),
    ];
    rows.into_iter()
        .enumerate()
        .map(|(index, (tag, direction, table, register, format, scaling))| IoPoint {
            point: PointId(index as u32 + 10),
            tag: tag.into(),
            device: DeviceId(0),
            direction,
            address: address(wire, tag, table, register, format),
            // OPC UA carries the tag's own unit.
            scaling: if wire == Wire::OpcUa { Scaling::IDENTITY } else { scaling },
            range: (tag == "PT-101").then_some(PRESSURES),
            fail_value: FAIL[index],
        })
        .collect()
}

pub(crate) fn device(wire: Wire, address_text: &str) -> Device {
    Device {
        name: "PLC-1".into(),
        description: "test".into(),
        protocol: match wire {
            Wire::Modbus => Protocol::ModbusTcp { endpoint: address_text.into(), unit_id: 1 },
            Wire::OpcUa => Protocol::OpcUa {
                endpoint: format!("opc.tcp://{address_text}/"),
                namespace: NAMESPACE.into(),
            },
        },
        link: PointId(1),
        heartbeat: address(wire, "Heartbeat", ModbusTable::HoldingRegister, 0, RegisterFormat::U16),
        watchdog_ms: 1000,
        poll_ms: 50,
        timeout_ms: 500,
    }
}

/// A soft PLC whose clock a test turns.
pub(crate) struct Field {
    pub(crate) plc: SoftPlc,
    pub(crate) memory: Arc<PlcMemory>,
    pub(crate) clock: Clock,
    pub(crate) pki: tempfile::TempDir,
}

pub(crate) async fn field(wire: Wire) -> Field {
    let clock = Clock::manual();
    let memory = PlcMemory::new(&points(wire), &WARM, Duration::from_secs(1), clock.clone());
    let pki = tempfile::tempdir().unwrap();
    let plc = start(wire, "127.0.0.1:0", memory.clone(), &pki).await;
    Field { plc, memory, clock, pki }
}

pub(crate) async fn start(wire: Wire, at: &str, memory: Arc<PlcMemory>, pki: &tempfile::TempDir) -> SoftPlc {
    start_points(wire, at, &points(wire), memory, pki).await
}

pub(crate) async fn start_points(
    wire: Wire,
    at: &str,
    points: &[IoPoint],
    memory: Arc<PlcMemory>,
    pki: &tempfile::TempDir,
) -> SoftPlc {
    let options = ServeOptions { pki_dir: pki.path().join("server"), ..ServeOptions::default() };
    serve(&device(wire, at), points, memory, &options).await.unwrap()
}

/// A bridge to one device, with a scan that a test plays by hand.
pub(crate) struct Driver {
    pub(crate) link: DeviceLink,
    pub(crate) bridge: Bridge,
    heartbeat: u32,
    pub(crate) commands: Vec<f64>,
    _pki: tempfile::TempDir,
}

pub(crate) fn drive(wire: Wire, at: SocketAddr) -> Driver {
    drive_points(wire, at, points(wire))
}

pub(crate) fn drive_points(wire: Wire, at: SocketAddr, points: Vec<IoPoint>) -> Driver {
    drive_scanning(wire, at, points, BridgeOptions::default().scan)
}

/// `scan` is the period that the bridge believes.
pub(crate) fn drive_scanning(wire: Wire, at: SocketAddr, points: Vec<IoPoint>, scan: Duration) -> Driver {
    let map = IoMap { devices: vec![device(wire, &at.to_string())], points };
    let pki = tempfile::tempdir().unwrap();
    let options = BridgeOptions {
        scan,
        opcua: OpcUaClientOptions { pki_dir: pki.path().to_owned(), ..OpcUaClientOptions::default() },
        ..BridgeOptions::default()
    };
    let (mut links, bridge) = connect(&map, &options, &tokio::runtime::Handle::current()).unwrap();
    let link = links.remove(0);
    let commands = vec![0.0; link.outputs.len()];
    Driver { link, bridge, heartbeat: 0, commands, _pki: pki }
}

impl Driver {
    /// One scan: the heartbeat moves, and the commands go out.
    pub(crate) fn scan(&mut self) {
        let meeting = self.link.input_bank.read().meeting;
        self.scan_knowing(meeting);
    }

    /// A scan that knows of the outputs what this meeting said.
    pub(crate) fn scan_knowing(&mut self, meeting: u32) {
        self.heartbeat += 1;
        let bank = self.link.output_bank.input_buffer_mut();
        bank.heartbeat = self.heartbeat;
        bank.meeting = meeting;
        bank.drives = true;
        bank.values.copy_from_slice(&self.commands);
        self.link.output_bank.publish();
    }

    pub(crate) fn is_up(&mut self) -> bool {
        self.link.input_bank.read().up
    }

    pub(crate) fn value(&mut self, input: usize) -> f64 {
        self.link.input_bank.read().values[input]
    }

    pub(crate) fn quality(&mut self, input: usize) -> Quality {
        self.link.input_bank.read().qualities[input]
    }

    pub(crate) fn all_are(&mut self, quality: Quality) -> bool {
        self.link.input_bank.read().qualities.iter().all(|each| *each == quality)
    }
}

/// A device that has its commands: valve 62.5 %, the pump on, 1200 rpm.
pub(crate) async fn commanded(wire: Wire) -> (Field, Driver) {
    let field = field(wire).await;
    let mut driver = drive(wire, field.plc.address());
    driver.commands = vec![62.5, 1.0, 1200.0];
    until(SOON, "the commands", || {
        driver.scan();
        field.memory.output(SPEED) == 1200.0
    })
    .await;
    (field, driver)
}

/// Waits until the condition holds, and tells how long that took.
pub(crate) async fn until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    start.elapsed()
}

pub(crate) const SOON: Duration = Duration::from_secs(15);
/// The promise: a loss is known within this time.
pub(crate) const LOSS: Duration = Duration::from_secs(2);

/// A wire between client and server that can freeze: connections stay open, nothing moves.
pub(crate) struct FreezingWire {
    pub(crate) at: SocketAddr,
    frozen: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl FreezingWire {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (frozen, watched) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut pairs = tokio::task::JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let far = TcpStream::connect(target).await.unwrap();
                let (from_near, to_near) = near.into_split();
                let (from_far, to_far) = far.into_split();
                pairs.spawn(pump(from_near, to_far, watched.clone()));
                pairs.spawn(pump(from_far, to_near, watched.clone()));
            }
        });
        Self { at, frozen, task }
    }

    pub(crate) fn set_frozen(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }
}

impl Drop for FreezingWire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut frozen: watch::Receiver<bool>,
) {
    use tokio::io::AsyncReadExt;
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if frozen.wait_for(|frozen| !frozen).await.is_err() || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Bytes from a printed seed, the same on every machine.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn bytes(&mut self, at_most: usize) -> Vec<u8> {
        let count = 1 + self.next() as usize % at_most;
        (0..count).map(|_| (self.next() >> 24) as u8).collect()
    }
}
