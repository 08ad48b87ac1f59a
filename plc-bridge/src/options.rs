//! The bridge's settings. The defaults are those of a plant; tests shorten some of them.

use std::path::PathBuf;
use std::time::Duration;

use crate::watchdog::Clock;

/// How the client half behaves towards every device.
#[derive(Clone, Debug)]
pub struct BridgeOptions {
    /// All outputs are written again after so long, changed or not.
    pub refresh: Duration,
    /// The scan's period. A controller that comes new watches a device for two of them, to see whether another one
    /// of the same plant moves its heartbeat.
    pub scan: Duration,
    /// A heartbeat of the scan that stands still for so long means a dead scan: nothing is written.
    pub standstill: Duration,
    /// No call waits longer, whatever the device's own `timeout_ms` says, so that a loss is always
    /// known within 2 s.
    pub longest_timeout: Duration,
    /// The first and the longest pause between two attempts to connect.
    pub backoff: (Duration, Duration),
    pub opcua: OpcUaClientOptions,
}

impl Default for BridgeOptions {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(1),
            scan: Duration::from_millis(100),
            standstill: Duration::from_millis(500),
            longest_timeout: Duration::from_secs(1),
            backoff: (Duration::from_millis(250), Duration::from_secs(2)),
            opcua: OpcUaClientOptions::default(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct OpcUaClientOptions {
    /// Where certificates live; the folder is made when it is missing.
    pub pki_dir: PathBuf,
    pub security: OpcUaSecurity,
    pub publishing: Duration,
}

impl Default for OpcUaClientOptions {
    fn default() -> Self {
        Self {
            pki_dir: PathBuf::from("pki/bridge"),
            security: OpcUaSecurity::None,
            publishing: Duration::from_millis(100),
        }
    }
}

/// How an OPC UA session is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpcUaSecurity {
    /// No signature, no encryption, anonymous: for loopback and for closed cabinets only.
    #[default]
    None,
}

/// How a soft PLC behaves towards its peers.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Connections at one time; see [`crate::SoftPlc`] for what happens to the next.
    pub connections: usize,
    /// A peer that says nothing for so long is disconnected.
    pub idle_timeout: Duration,
    /// Where an OPC UA server keeps its certificates; one folder per soft PLC.
    pub pki_dir: PathBuf,
    /// How often an OPC UA server looks for changed values.
    pub sampling: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            idle_timeout: Duration::from_secs(60),
            pki_dir: PathBuf::from("pki/soft-plc"),
            sampling: Duration::from_millis(50),
        }
    }
}

/// The default clock of a soft PLC.
impl Default for Clock {
    fn default() -> Self {
        Self::machine()
    }
}
