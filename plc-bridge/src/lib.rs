//! The bridge between the field and the process image.
//!
//! **What happens here.** The *client half* ([`connect`]) drives real or simulated PLCs over Modbus
//! TCP and OPC UA: one task per device reads inputs into an [`InputBank`], and writes an
//! [`OutputBank`] and the scan's heartbeat to the device. The *server half* ([`serve`]) is the other
//! end of the same wire: soft PLCs with a memory, a watchdog and fail values, for the simulator and
//! for tests. Both halves read the same [`model::IoMap`], so they agree by construction. Values are
//! scaled in [`signal`] and nowhere else.
//!
//! **What never happens here.** No control, no alarms, no history. Nothing blocks the scan: it only
//! touches triple buffers. Nothing is retried into the past: a lost device is bad data now, and its
//! outputs are written afresh when it returns. No command of a dead scan is asserted.
//!
//! **In and out.** In: an I/O map, outputs and a heartbeat. Out: values with quality, `up` per
//! device, and [`DeviceHealth`] for people.
//!
//! **Where to begin.** [`DeviceLink`] and the quality table of [`bank`]; then [`signal`]; the
//! watchdog rules are drawn in [`watchdog`]. `modbus::client` and `opcua::client` each open with
//! the picture of their connection.
//!
//! # Rules worth knowing
//!
//! * Loss of a device is known within 2 s (usually below 1 s): every call has a timeout, and any
//!   transport error ends the connection. Then `up` is false, every input is `BadNoCommunication` and
//!   keeps its last value, and new attempts follow for ever, 0.25 s to 2 s apart.
//! * A refusal of the device (Modbus exception, bad OPC UA status) is not a loss: only the points
//!   concerned turn `BadDeviceFailure`, and they are asked for again. `InputBank::refused_outputs` has those
//!   outputs that it goes on refusing.
//! * The heartbeat is the exception: a device that refuses it for as long as its watchdog waits is lost, and
//!   comes back when it accepts it. No link is up before that.
//! * Outputs are written on change, all of them every second and after every reconnect, and not before the
//!   scan knows of the meeting ([`bank`]). The heartbeat goes first. When it stands still for 0.5 s nothing is
//!   written any more, and the PLC's own watchdog takes its outputs to their fail values.
//!
//! # Example: a soft PLC and a bridge that reads it
//!
//! ```
//! use model::*;
//! use plc_bridge::{BridgeOptions, Clock, PlcMemory, ServeOptions, connect, serve};
//! use std::time::Duration;
//!
//! # let runtime = tokio::runtime::Runtime::new().unwrap();
//! # runtime.block_on(async {
//! let register = |table, register| Address::Modbus { table, register, format: RegisterFormat::F32 };
//! let mut device = Device {
//!     name: "PLC-1".into(),
//!     description: "leaching".into(),
//!     protocol: Protocol::ModbusTcp { endpoint: "127.0.0.1:0".into(), unit_id: 1 },
//!     link: PointId(0),
//!     heartbeat: Address::Modbus {
//!         table: ModbusTable::HoldingRegister, register: 0, format: RegisterFormat::U16,
//!     },
//!     watchdog_ms: 2000,
//!     poll_ms: 50,
//!     timeout_ms: 500,
//! };
//! let level = IoPoint {
//!     point: PointId(1),
//!     tag: "LT-101".into(),
//!     device: DeviceId(0),
//!     direction: Direction::Input,
//!     address: register(ModbusTable::InputRegister, 0),
//!     scaling: Scaling::IDENTITY,
//!     range: Some((0.0, 100.0)),
//!     fail_value: 0.0,
//! };
//!
//! // The field: a PLC whose level transmitter shows 42.5.
//! let points = [level.clone()];
//! let memory = PlcMemory::new(&points, &[42.5], Duration::from_secs(2), Clock::machine());
//! let plc = serve(&device, &points, memory, &ServeOptions::default()).await.unwrap();
//!
//! // The controller's side.
//! device.protocol = Protocol::ModbusTcp { endpoint: plc.endpoint().into(), unit_id: 1 };
//! let map = IoMap { devices: vec![device], points: vec![level] };
//! let runtime = tokio::runtime::Handle::current();
//! let (mut links, bridge) = connect(&map, &BridgeOptions::default(), &runtime).unwrap();
//! while !links[0].input_bank.read().up {
//!     tokio::task::yield_now().await;
//! }
//! assert_eq!(links[0].input_bank.read().values, [42.5]);
//! bridge.shutdown().await;
//! # });
//! ```

pub mod bank;
pub mod signal;
pub mod range;
pub mod watchdog;
mod error;
mod options;
mod health;
mod limits;
mod bridge;
mod soft_plc;
mod memory;
mod address;
mod backoff;
mod schedule;
mod rival;
mod gate;
mod modbus;
mod opcua;

pub use bank::{InputBank, OutputBank};
pub use bridge::{Bridge, DeviceLink, connect};
pub use error::BridgeError;
pub use health::{DeviceHealth, LinkState, Troubles};
pub use limits::DeviceLimits;
pub use memory::PlcMemory;
pub use options::{BridgeOptions, OpcUaClientOptions, OpcUaSecurity, ServeOptions};
pub use soft_plc::{SoftPlc, serve};
pub use watchdog::{Clock, WatchdogState};
