//! How inputs are limited, as their devices or their wires say it: remembered beside the banks, for whoever shows it.
//!
//! The scan has no use for it, so it does not go through the banks: the device's task notes it here, and a
//! reader takes what stands at that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use model::{Direction, IoMap, Limited, PointId};

/// Of one device, in the order of its inputs.
#[derive(Clone, Debug)]
pub(crate) struct InputLimits(Arc<[AtomicU8]>);

impl InputLimits {
    pub(crate) fn new(inputs: usize) -> Self {
        Self((0..inputs).map(|_| AtomicU8::new(0)).collect())
    }

    pub(crate) fn set(&self, input: usize, limited: Limited) {
        if let Some(place) = self.0.get(input) {
            place.store(limited.bits(), Ordering::Relaxed);
        }
    }

    /// Nothing is known of a device that does not answer.
    pub(crate) fn forget(&self) {
        self.0.iter().for_each(|place| place.store(0, Ordering::Relaxed));
    }

    pub(crate) fn get(&self, input: usize) -> Limited {
        self.0.get(input).map_or(Limited::No, |place| Limited::from_bits(place.load(Ordering::Relaxed)))
    }
}

/// What the devices of a bridge say of the limits of their inputs; it outlives the bridge.
#[derive(Clone, Debug, Default)]
pub struct DeviceLimits(pub(crate) Vec<(String, InputLimits)>);

impl DeviceLimits {
    /// The inputs of a plant that are limited now, in the order of its points.
    pub fn of(&self, map: &IoMap) -> Vec<(PointId, Limited)> {
        let known = |name: &str| self.0.iter().find(|(device, _)| device == name).map(|(_, limits)| limits);
        // With the place of the input that comes next.
        let mut devices: Vec<_> = map.devices.iter().map(|device| (known(&device.name), 0)).collect();
        let mut limited = Vec::new();
        for input in map.points.iter().filter(|point| point.direction == Direction::Input) {
            let Some((Some(limits), next)) = devices.get_mut(input.device.index()) else { continue };
            let says = limits.get(*next);
            *next += 1;
            if says != Limited::No {
                limited.push((input.point, says));
            }
        }
        limited.sort_by_key(|(point, _)| *point);
        limited
    }
}
