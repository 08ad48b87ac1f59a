//! How each device's link does: counters and words for the people who keep the plant running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use model::DeviceId;
use parking_lot::Mutex;

use crate::rival;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Connecting,
    Up,
    /// Lost or never reached; an attempt follows.
    Down,
    Stopped,
}

impl LinkState {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Down => "down, trying again",
            Self::Stopped => "stopped",
        }
    }
}

/// One device's link at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceHealth {
    pub device: DeviceId,
    pub name: String,
    pub endpoint: String,
    pub state: LinkState,
    /// Blocks read (Modbus), or values received (OPC UA).
    pub reads: u64,
    /// Write requests that the device has accepted.
    pub writes: u64,
    /// Requests that were refused, and connections that broke.
    pub errors: u64,
    /// Connections made after the first.
    pub reconnects: u64,
    /// Inputs that the device refuses at present.
    pub refused_inputs: u64,
    /// Outputs that the device has been refusing for longer than its watchdog waits.
    pub refused_outputs: u64,
    /// How long the last poll (Modbus) or the last life sign (OPC UA) took.
    pub round_trip: Duration,
    pub last_error: Option<String>,
    /// What is wrong now, in the device's own words where it has said some: why the link is down, or what is refused.
    pub trouble: Option<String>,
}

/// Shared by the device's task, which counts, and by whoever asks.
#[derive(Debug)]
pub(crate) struct Health {
    device: DeviceId,
    name: String,
    endpoint: String,
    state: AtomicU8,
    reads: AtomicU64,
    writes: AtomicU64,
    errors: AtomicU64,
    connections: AtomicU64,
    refused_inputs: AtomicU64,
    refused_outputs: AtomicU64,
    round_trip_us: AtomicU64,
    last_error: Mutex<Option<String>>,
    trouble: Mutex<Option<String>>,
    /// The last refusal of an output.
    refusal: Mutex<Option<String>>,
    /// Another client writes the heartbeat.
    contested: AtomicBool,
}

/// What is wrong with the links of a bridge, for whoever shows it; it outlives the bridge.
#[derive(Clone, Debug, Default)]
pub struct Troubles(pub(crate) Vec<Arc<Health>>);

impl Troubles {
    /// Device and words of those that have trouble now, in the order of the map.
    pub fn list(&self) -> Vec<(String, String)> {
        let one = |health: &Arc<Health>| Some((health.name.clone(), health.trouble.lock().clone()?));
        self.0.iter().filter_map(one).collect()
    }
}

const STATES: [LinkState; 4] = [LinkState::Connecting, LinkState::Up, LinkState::Down, LinkState::Stopped];

impl Health {
    pub(crate) fn new(device: DeviceId, name: &str, endpoint: &str) -> Arc<Self> {
        Arc::new(Self {
            device,
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            state: AtomicU8::new(LinkState::Connecting as u8),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            refused_inputs: AtomicU64::new(0),
            refused_outputs: AtomicU64::new(0),
            round_trip_us: AtomicU64::new(0),
            last_error: Mutex::new(None),
            trouble: Mutex::new(None),
            refusal: Mutex::new(None),
            contested: AtomicBool::new(false),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn set_state(&self, state: LinkState) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.set_state(LinkState::Up);
        *self.trouble.lock() = None;
        tracing::info!(device = self.name, endpoint = self.endpoint, "the device answers");
    }

    /// A connection broke, or could not be made. The same reason again and again is logged once.
    pub(crate) fn lost(&self, reason: String) {
        self.set_state(LinkState::Down);
        // What it refuses is asked anew when it is back.
        self.refused_outputs.store(0, Ordering::Relaxed);
        self.contested.store(false, Ordering::Relaxed);
        if self.last_error.lock().as_ref() == Some(&reason) {
            tracing::debug!(device = self.name, reason, "the device is still away");
        } else {
            tracing::warn!(device = self.name, reason, "the device is away");
        }
        *self.trouble.lock() = Some(reason.clone());
        self.count_error(reason);
    }

    /// The device has refused one output once.
    pub(crate) fn count_refusal(&self, refusal: String) {
        *self.refusal.lock() = Some(refusal.clone());
        self.count_error(refusal);
    }

    pub(crate) fn count_reads(&self, count: u64) {
        self.reads.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn count_write(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_error(&self, error: String) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        *self.last_error.lock() = Some(error);
    }

    pub(crate) fn set_refused_inputs(&self, count: usize) {
        self.refused_inputs.store(count as u64, Ordering::Relaxed);
    }

    /// Says in the log when it begins and when it ends; the last refusal names one of them.
    pub(crate) fn set_refused_outputs(&self, count: usize) {
        let before = self.refused_outputs.swap(count as u64, Ordering::Relaxed);
        if before == count as u64 {
            return;
        }
        let reason = self.refusal.lock().clone().unwrap_or_default();
        if before == 0 {
            tracing::warn!(device = self.name, count, reason, "the device refuses outputs");
        } else if count == 0 {
            tracing::info!(device = self.name, "the device refuses no output any more");
        }
        self.tell_of_link_that_is_up();
    }

    /// Says in the log when it begins and when it ends.
    pub(crate) fn set_contested(&self, contested: bool) {
        if self.contested.swap(contested, Ordering::Relaxed) == contested {
            return;
        }
        if contested {
            tracing::error!(device = self.name, "{}", rival::trouble(&self.name));
        } else {
            tracing::info!(device = self.name, "no other client writes the heartbeat any more");
        }
        self.tell_of_link_that_is_up();
    }

    fn tell_of_link_that_is_up(&self) {
        let count = self.refused_outputs.load(Ordering::Relaxed);
        let contested = self.contested.load(Ordering::Relaxed).then(|| rival::trouble(&self.name));
        let refuses = (count > 0).then(|| {
            let reason = self.refusal.lock().clone().unwrap_or_default();
            format!("refuses {count} of its outputs; {reason}")
        });
        let all: Vec<String> = contested.into_iter().chain(refuses).collect();
        *self.trouble.lock() = (!all.is_empty()).then(|| all.join("; "));
    }

    pub(crate) fn set_round_trip(&self, took: Duration) {
        self.round_trip_us.store(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> DeviceHealth {
        DeviceHealth {
            device: self.device,
            name: self.name.clone(),
            endpoint: self.endpoint.clone(),
            state: STATES[usize::from(self.state.load(Ordering::Relaxed)) % STATES.len()],
            reads: self.reads.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            reconnects: self.connections.load(Ordering::Relaxed).saturating_sub(1),
            refused_inputs: self.refused_inputs.load(Ordering::Relaxed),
            refused_outputs: self.refused_outputs.load(Ordering::Relaxed),
            round_trip: Duration::from_micros(self.round_trip_us.load(Ordering::Relaxed)),
            last_error: self.last_error.lock().clone(),
            trouble: self.trouble.lock().clone(),
        }
    }
}
