//! Starts one task per device, and hands the scan its ends of the banks.

use std::sync::Arc;
use std::time::Duration;

use model::{Address, Device, DeviceId, Direction, IoMap, IoPoint, PointId, Protocol};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::address::{self, Sharing};
use crate::backoff::Backoff;
use crate::bank::{FieldBank, InputBank, OutputBank};
use crate::error::BridgeError;
use crate::health::{DeviceHealth, Health, LinkState, Troubles};
use crate::limits::{DeviceLimits, InputLimits};
use crate::modbus::client::{ModbusClient, Register};
use crate::opcua::Node;
use crate::opcua::client::OpcUaClient;
use crate::options::BridgeOptions;
use crate::rival::Rival;
use crate::schedule::OutputSchedule;

/// The scan's ends of one device's banks.
#[derive(Debug)]
pub struct DeviceLink {
    pub device: DeviceId,
    /// Which image point each entry of the input bank belongs to.
    pub inputs: Vec<PointId>,
    /// Which image point each entry of the output bank belongs to.
    pub outputs: Vec<PointId>,
    /// The image point that is 1 while `InputBank::up`.
    pub link: PointId,
    pub input_bank: triple_buffer::Output<InputBank>,
    pub output_bank: triple_buffer::Input<OutputBank>,
}

/// The running device tasks. Dropping it stops them.
#[derive(Debug)]
pub struct Bridge {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    health: Vec<Arc<Health>>,
    limits: DeviceLimits,
}

/// How long a device's task may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Starts driving every device of the map. Whether a device can be reached shows in its bank and its
/// health, never as an error.
///
/// # Errors
///
/// The map contradicts itself: see [`BridgeError`].
pub fn connect(
    map: &IoMap,
    options: &BridgeOptions,
    runtime: &Handle,
) -> Result<(Vec<DeviceLink>, Bridge), BridgeError> {
    for point in &map.points {
        if point.device.index() >= map.devices.len() {
            return Err(BridgeError::UnknownDevice {
                tag: point.tag.clone(),
                device: point.device.0,
                count: map.devices.len(),
            });
        }
    }
    let mut prepared = Vec::new();
    for (index, device) in map.devices.iter().enumerate() {
        let points: Vec<&IoPoint> = map.points.iter().filter(|point| point.device.index() == index).collect();
        address::check(device, &points, Sharing::InputsMayShare)?;
        prepared.push(prepare(DeviceId(index as u32), device, &points, options)?);
    }
    let (stop, stopped) = watch::channel(false);
    let mut bridge = Bridge { stop, tasks: Vec::new(), health: Vec::new(), limits: DeviceLimits::default() };
    let mut links = Vec::new();
    for (link, health, limits, client) in prepared {
        links.push(link);
        bridge.limits.0.push((health.name().to_owned(), limits));
        bridge.health.push(health);
        bridge.tasks.push(match client {
            Client::Modbus(client) => runtime.spawn(client.run(stopped.clone())),
            Client::OpcUa(client) => runtime.spawn(client.run(stopped.clone())),
        });
    }
    Ok((links, bridge))
}

impl Bridge {
    /// One entry per device, in the order of the map.
    pub fn health(&self) -> Vec<DeviceHealth> {
        let ended = self.tasks.iter().map(JoinHandle::is_finished);
        let health = self.health.iter().zip(ended).map(|(health, ended)| {
            if ended {
                // It may have had no chance to say so itself.
                health.set_state(LinkState::Stopped);
            }
            health.snapshot()
        });
        health.collect()
    }

    pub fn troubles(&self) -> Troubles {
        Troubles(self.health.clone())
    }

    pub fn limits(&self) -> DeviceLimits {
        self.limits.clone()
    }

    /// Stops all tasks; their last act is to turn their inputs bad. Outputs stay as they are, and
    /// each PLC's watchdog does the rest.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for mut task in self.tasks.drain(..) {
            if tokio::time::timeout(GOODBYE, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

enum Client {
    Modbus(Box<ModbusClient>),
    OpcUa(Box<OpcUaClient>),
}

fn prepare(
    id: DeviceId,
    device: &Device,
    points: &[&IoPoint],
    options: &BridgeOptions,
) -> Result<(DeviceLink, Arc<Health>, InputLimits, Client), BridgeError> {
    let of = |direction| points.iter().filter(move |point| point.direction == direction).copied();
    let inputs: Vec<&IoPoint> = of(Direction::Input).collect();
    let outputs: Vec<&IoPoint> = of(Direction::Output).collect();
    let (bank, input_bank) = FieldBank::new(inputs.len());
    let limits = bank.limits();
    let blank = OutputBank { values: vec![0.0; outputs.len()], ..OutputBank::default() };
    let (output_bank, commands) = triple_buffer::triple_buffer(&blank);
    let watchdog = Duration::from_millis(u64::from(device.watchdog_ms));
    let schedule = OutputSchedule::new(outputs.len(), options.refresh, options.standstill, watchdog);
    let backoff = Backoff::new(options.backoff);
    let timeout = Duration::from_millis(u64::from(device.timeout_ms));
    let timeout = timeout.clamp(Duration::from_millis(20), options.longest_timeout);
    let (health, client) = match &device.protocol {
        Protocol::ModbusTcp { endpoint, unit_id } => {
            address::check_authority(device, endpoint, endpoint)?;
            let health = Health::new(id, &device.name, endpoint);
            let client = ModbusClient {
                endpoint: endpoint.clone(),
                unit: *unit_id,
                poll: Duration::from_millis(u64::from(device.poll_ms.max(10))),
                timeout,
                heartbeat: address::heartbeat_span(device)?,
                inputs: inputs.iter().filter_map(|point| register(point)).collect(),
                outputs: outputs.iter().filter_map(|point| register(point)).collect(),
                bank,
                commands,
                schedule,
                rival: Rival::new(watchdog, options.scan),
                backoff,
                health: health.clone(),
            };
            (health, Client::Modbus(Box::new(client)))
        }
        Protocol::OpcUa { endpoint, namespace } => {
            address::opcua_authority(device, endpoint)?;
            let health = Health::new(id, &device.name, endpoint);
            let client = OpcUaClient {
                endpoint: endpoint.clone(),
                namespace: namespace.clone(),
                timeout,
                options: options.opcua.clone(),
                heartbeat: address::heartbeat_node(device)?,
                inputs: Arc::new(inputs.iter().filter_map(|point| node(point)).collect()),
                outputs: outputs.iter().filter_map(|point| node(point)).collect(),
                bank,
                commands,
                schedule,
                rival: Rival::new(watchdog, options.scan),
                backoff,
                health: health.clone(),
            };
            (health, Client::OpcUa(Box::new(client)))
        }
    };
    let link = DeviceLink {
        device: id,
        inputs: inputs.iter().map(|point| point.point).collect(),
        outputs: outputs.iter().map(|point| point.point).collect(),
        link: device.link,
        input_bank,
        output_bank,
    };
    Ok((link, health, limits, client))
}

fn register(point: &IoPoint) -> Option<Register> {
    let (span, format) = address::span(&point.address)?;
    let (tag, scaling, range) = (point.tag.clone(), point.scaling, point.range);
    Some(Register { tag, span, format, scaling, range })
}

fn node(point: &IoPoint) -> Option<Node> {
    let Address::OpcUa { node, boolean } = &point.address else { return None };
    let (tag, node, scaling, range) = (point.tag.clone(), node.clone(), point.scaling, point.range);
    Some(Node { tag, node, boolean: *boolean, scaling, range })
}
