//! A change of the plant on its way through the threads of a controller that runs.
//!
//! ```text
//!  changer ── Look ──────► scan: a copy of the state ──► changer: what would the change do?
//!  changer ── Change ────► scan: carries the state over between two scans, turns to the new plant's
//!                                engine, points, commands and views, and hands all the old ones back
//!             Change ────► journal thread: the segment of the old plant ends, the new one begins with
//!                                the carried state; describes by the new plant; refuses old commands
//!             NewPlant ──► recorder: with the first view of the new plant it becomes the one in force
//!                                     for the API, and the frames of the old one end
//! ```
//!
//! Everything is made before the scan sees it, and released by who comes after.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use control::plant::Plant;
use control::{Engine, StateView, Transfer};
use model::wire::Frame;
use model::{Device, DeviceId, IoPoint, PointId, Protocol, StateWriter};
use plc_bridge::DeviceLink;
use tokio::sync::watch;

use crate::in_force::{CommandQueue, PlantInForce};
use crate::scan_meter::Readings;
use crate::scan_thread::SavedState;

/// What the scan is asked for between two scans, at most one at a time.
pub enum Visit {
    Look(Box<Look>),
    Change(Box<Change>),
}

/// The scan's state, for somebody who wants to know what a change would do to it.
pub struct Look {
    /// With room for all of it.
    pub state: StateWriter,
    pub hash: [u8; 32],
}

pub struct Change {
    pub transfer: Transfer,
    /// Of the new plant, and of the old one when it comes back.
    pub engine: Engine,
    pub points: Vec<FieldPoints>,
    pub readings: Readings,
    pub commands: Arc<CommandQueue>,
    pub views: triple_buffer::Input<StateView>,
    pub snapshots: triple_buffer::Input<SavedState>,
    /// The scan's own room for a snapshot.
    pub room: StateWriter,
    /// The carried state, with room for all of it, and the scan after which it was carried over.
    pub state: StateWriter,
    pub tick: u64,
    /// Also when something has come up that stands against it.
    pub force: bool,
    pub done: bool,
    /// For those behind the scan.
    pub snapshots_end: triple_buffer::Output<SavedState>,
    pub next: NewPlant,
    /// One line for the event list.
    pub note: String,
    pub user: String,
}

/// The ends of the new plant's channels that the recorder feeds.
pub struct NewPlant {
    pub in_force: Arc<PlantInForce>,
    pub views: triple_buffer::Output<StateView>,
    pub frames: watch::Sender<Arc<Frame>>,
    pub state: watch::Sender<Arc<StateView>>,
    /// The scan after which it was made.
    pub tick: u64,
    /// Who asked for it: the scan after which it was made, or why it was not.
    pub answer: SyncSender<Result<u64, String>>,
}

/// Which points of the image a device's banks belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPoints {
    pub link: PointId,
    pub inputs: Vec<PointId>,
    pub outputs: Vec<PointId>,
}

/// The same by name: it stays when points get other numbers.
#[derive(Clone, Debug)]
pub struct FieldNames {
    link: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

impl FieldNames {
    pub fn of(link: &DeviceLink, plant: &Plant) -> Self {
        let name = |point: PointId| plant.point(point).name.clone();
        Self {
            link: name(link.link),
            inputs: link.inputs.iter().copied().map(name).collect(),
            outputs: link.outputs.iter().copied().map(name).collect(),
        }
    }

    /// `None` when the plant has not all of them.
    pub fn points(&self, plant: &Plant) -> Option<FieldPoints> {
        let all =
            |names: &[String]| names.iter().map(|name| plant.find_point(name)).collect::<Option<Vec<_>>>();
        Some(FieldPoints {
            link: plant.find_point(&self.link)?,
            inputs: all(&self.inputs)?,
            outputs: all(&self.outputs)?,
        })
    }
}

/// What a bridge that runs would have to be wired anew for: its devices and where each tag lives in them.
/// Numbers of points and the order in which they are declared do not matter.
pub fn rewiring(old: &Plant, new: &Plant) -> Vec<String> {
    let mut reasons = Vec::new();
    for device in &old.io.devices {
        match new.io.devices.iter().find(|other| other.name == device.name) {
            None => reasons.push(format!("device {} is gone: its connection would be closed", device.name)),
            Some(other) if connection(device) != connection(other) => {
                reasons.push(format!("device {}: its connection would be made anew", device.name));
            }
            Some(_) => {}
        }
    }
    for device in &new.io.devices {
        if !old.io.devices.iter().any(|other| other.name == device.name) {
            reasons.push(format!("device {} is new: its connection would have to be made", device.name));
        }
    }
    let find = |plant: &'_ Plant, tag: &str| {
        plant.io.points.iter().find(|point| point.tag == tag).map(|point| wire(plant, point))
    };
    let tags =
        old.io.points.iter().chain(new.io.points.iter().filter(|point| find(old, &point.tag).is_none()));
    for tag in tags.map(|point| point.tag.as_str()) {
        let what = match (find(old, tag), find(new, tag)) {
            (Some(_), None) => "is no longer read or written",
            (None, Some(_)) => "is new on the wire",
            (one, two) if one != two => "lives elsewhere on the wire, or is scaled or checked otherwise",
            _ => continue,
        };
        reasons.push(format!("tag {tag} {what}"));
    }
    reasons
}

type Connection<'a> = (&'a Protocol, &'a model::Address, [u32; 3]);

fn connection(device: &Device) -> Connection<'_> {
    (&device.protocol, &device.heartbeat, [device.watchdog_ms, device.poll_ms, device.timeout_ms])
}

/// All that the bridge knows of a tag, as owned values so that two plants can be compared.
fn wire(plant: &Plant, point: &IoPoint) -> (String, IoPoint) {
    let device = plant.io.devices[point.device.index()].name.clone();
    // Numbers are given out anew with every plant.
    (device, IoPoint { point: PointId(0), device: DeviceId(0), ..point.clone() })
}

#[cfg(test)]
mod tests {
    use super::rewiring;
    use crate::plant_files::shipped_refinery;
    use control::plant::Plant;

    fn plant(edits: &[(&str, &str)]) -> Plant {
        let mut sources = shipped_refinery();
        for (from, to) in edits {
            let source = sources.iter_mut().find(|source| source.text.contains(from)).unwrap();
            source.text = source.text.replacen(from, to, 1);
        }
        control::compile(&sources).unwrap_or_else(|found| panic!("{found:?}")).plant
    }

    #[test]
    fn only_what_the_bridge_knows_of_a_plant_needs_new_wires() {
        let old = plant(&[]);
        assert!(rewiring(&old, &plant(&[("kc = 3.0", "kc = 2.0")])).is_empty());
        // A calculation moves the numbers of all points behind it, and no wire.
        let calc = "[calc.AA-1]\nvalue = \"LT-311\"\nunit = \"%\"\nrange = [0, 100]\n[unit.EL-301]";
        assert!(rewiring(&old, &plant(&[("[unit.EL-301]", calc)])).is_empty());
        let reasons = rewiring(&old, &plant(&[("poll = \"100 ms\"", "poll = \"50 ms\"")]));
        assert!(reasons.len() == 1 && reasons[0].contains("made anew"), "{reasons:?}");
        // The bridge holds a number of OPC UA against the range that it knows.
        let reasons = rewiring(&old, &plant(&[("range = [-10, 160]", "range = [-10, 170]")]));
        assert!(reasons.len() == 1 && reasons[0].contains("ET-301"), "{reasons:?}");
    }
}
