//! The scan on its own thread: wake, take inputs and commands, step the engine, hand everything on.
//!
//! Nothing here waits for anybody and nothing allocates: banks are triple buffers, everything else
//! is a bounded ring. What does not fit is counted and shown.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use control::{Engine, Input, ScanOutput, StateView};
use crossbeam_queue::ArrayQueue;
use model::{Command, Event, LinkDoubt, PointId, Quality, StateWriter};
use plc_bridge::DeviceLink;

use crate::clock::TickClock;
use crate::in_force::CommandQueue;
use crate::plant_change::{Change, FieldPoints, Look, Visit};
use crate::scan_meter::{ScanMeter, ScanStats};
use crate::{real_time, wiring};

/// What the journal needs of one scan, item by item: inputs and commands, closed by the scan itself.
#[derive(Clone, Copy, Debug)]
pub enum JournalItem {
    Input(Input),
    Command(Command),
    Scan {
        tick: u64,
        hash: u64,
    },
    /// A snapshot of the state after this scan stands in the snapshot bank.
    Snapshot {
        tick: u64,
    },
    /// Scans before the next one found no room here and are lost to the journal.
    Lost,
    /// A change of the plant, done or refused, has gone to who writes the journal.
    Change,
}

/// The engine's state after a scan, on its way to disk.
#[derive(Clone, Debug, Default)]
pub struct SavedState {
    pub tick: u64,
    pub bytes: Vec<u8>,
}

impl SavedState {
    /// With room for the state of this engine, which copies of it keep.
    pub fn of(engine: &mut Engine) -> Self {
        let mut state = StateWriter::default();
        engine.save(&mut state);
        Self { tick: engine.tick(), bytes: state.0 }
    }
}

/// A link that is down, up, or up to a device that is not to be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkSeen {
    Down,
    Up,
    Doubtful(LinkDoubt),
}

/// One device as the scan sees it: its banks, and what the engine was last told.
pub struct Field {
    link: DeviceLink,
    told: Vec<(u64, Quality)>,
    told_link: Option<LinkSeen>,
    /// Per output: the engine knows that the device refuses it.
    refused: Vec<bool>,
    /// The meeting whose outputs the engine was told of.
    met: u32,
    sequence: u64,
    sequence_tick: u64,
    /// Where this process begins to count its heartbeat. Controllers with copies of one data folder have the same ticks,
    /// and must not take each other's heartbeats for their own.
    heartbeat_from: u32,
}

impl LinkSeen {
    fn input(self, point: PointId) -> Input {
        let quality = if let Self::Doubtful(doubt) = self { doubt.quality() } else { Quality::Good };
        Input { point, value: if self == Self::Down { 0.0 } else { 1.0 }, quality }
    }
}

impl Field {
    pub fn new(link: DeviceLink) -> Self {
        let told = vec![(0, Quality::BadWaitingForInitialData); link.inputs.len()];
        let refused = vec![false; link.outputs.len()];
        let heartbeat_from = RandomState::new().hash_one(link.device.0) as u32;
        let (told_link, met, sequence, sequence_tick) = (None, 0, 0, 0);
        Self { link, told, told_link, refused, met, sequence, sequence_tick, heartbeat_from }
    }

    /// The device is up.
    pub fn answers(&mut self) -> bool {
        self.link.input_bank.update();
        self.link.input_bank.output_buffer_mut().up
    }

    /// It is up and has told all that it will tell.
    pub fn has_told(&mut self) -> bool {
        let waits = |quality: &Quality| {
            matches!(quality, Quality::BadWaitingForInitialData | Quality::BadNoCommunication)
        };
        self.answers() && !self.link.input_bank.output_buffer_mut().qualities.iter().any(waits)
    }

    /// Adds what has changed since the engine was last told.
    fn collect(&mut self, tick: u64, stale_ticks: u64, inputs: &mut Vec<Input>) {
        self.link.input_bank.update();
        let bank = self.link.input_bank.output_buffer_mut();
        if bank.sequence != self.sequence {
            self.sequence = bank.sequence;
            self.sequence_tick = tick;
        }
        let alive = bank.up && tick.saturating_sub(self.sequence_tick) <= stale_ticks;
        let is_new = alive && bank.meeting != self.met;
        // Outputs that were looked at anew are taken over from a device that was away.
        let told_up = matches!(self.told_link, Some(LinkSeen::Up | LinkSeen::Doubtful(_)));
        let up = alive && !(is_new && told_up);
        if is_new && up {
            self.met = bank.meeting;
            let held = self.link.outputs.iter().zip(&bank.read_back);
            inputs.extend(held.filter_map(|(point, value)| {
                Some(Input { point: *point, value: (*value)?, quality: Quality::Good })
            }));
        }
        // Never together with outputs that are taken over: there is room for one of both.
        let mut refuses_any = false;
        for (index, point) in self.link.outputs.iter().enumerate() {
            let refuses = up && !is_new && bank.refused_outputs.get(index) == Some(&true);
            refuses_any |= refuses;
            let knew = std::mem::replace(&mut self.refused[index], refuses);
            if refuses && !knew {
                inputs.push(Input { point: *point, value: 0.0, quality: Quality::BadDeviceFailure });
            }
        }
        // Refused outputs are told one by one besides; who else drives is told by the link alone.
        let seen = match (up, bank.contested, refuses_any) {
            (false, ..) => LinkSeen::Down,
            (true, true, _) => LinkSeen::Doubtful(LinkDoubt::Contested),
            (true, false, true) => LinkSeen::Doubtful(LinkDoubt::Refuses),
            (true, false, false) => LinkSeen::Up,
        };
        if self.told_link != Some(seen) {
            self.told_link = Some(seen);
            inputs.push(seen.input(self.link.link));
        }
        for (index, point) in self.link.inputs.iter().enumerate() {
            let value = bank.values[index];
            let mut quality = bank.qualities[index];
            if !up && quality.is_usable() {
                quality = Quality::BadNoCommunication;
            }
            let now = (value.to_bits(), quality);
            if self.told[index] != now {
                self.told[index] = now;
                inputs.push(Input { point: *point, value, quality });
            }
        }
    }

    /// Exchanges the points that the banks belong to.
    fn exchange(&mut self, points: &mut FieldPoints) {
        std::mem::swap(&mut self.link.link, &mut points.link);
        std::mem::swap(&mut self.link.inputs, &mut points.inputs);
        std::mem::swap(&mut self.link.outputs, &mut points.outputs);
        // What the change did not carry has to hear its value again, also when that stands still.
        self.told.fill((0, Quality::BadWaitingForInitialData));
    }

    fn publish(&mut self, tick: u64, engine: &Engine) {
        let image = engine.image();
        let bank = self.link.output_bank.input_buffer_mut();
        for (value, point) in bank.values.iter_mut().zip(&self.link.outputs) {
            *value = image.value(*point);
        }
        bank.meeting = self.met;
        // A device that answers at once is not let down because another one has yet to.
        bank.drives = engine.is_ready();
        bank.heartbeat = self.heartbeat_from.wrapping_add(tick as u32);
        self.link.output_bank.publish();
    }
}

/// The scan's ends of all queues.
pub struct Ports {
    pub commands: Arc<CommandQueue>,
    /// What is wanted between two scans, and the ways back: nothing is dropped here.
    pub visits: Arc<ArrayQueue<Visit>>,
    pub looked: Arc<ArrayQueue<Box<Look>>>,
    pub changed: rtrb::Producer<Box<Change>>,
    pub journal: rtrb::Producer<JournalItem>,
    pub events: rtrb::Producer<Event>,
    pub views: triple_buffer::Input<StateView>,
    pub snapshots: triple_buffer::Input<SavedState>,
    pub stats: Arc<ScanStats>,
    /// Set by who writes the journal when it lost records: only a snapshot leads on from there.
    pub snapshot_wanted: Arc<AtomicBool>,
    pub stop: Arc<AtomicBool>,
}

pub struct ScanThread {
    pub engine: Engine,
    pub fields: Vec<Field>,
    pub ports: Ports,
    pub meter: ScanMeter,
    pub clock: TickClock,
    /// The clock on the wall, which is looked at and never obeyed: no scan is due by it.
    pub wall_ms: fn() -> i64,
    pub period: Duration,
    pub first_tick: u64,
    pub snapshot_ticks: u64,
}

/// Buffers that the scan reuses; nothing is allocated once they have grown.
pub(crate) struct Scratch {
    inputs: Vec<Input>,
    commands: Vec<Command>,
    output: ScanOutput,
    state: StateWriter,
    /// The scan before this one is missing in the journal.
    gap: bool,
}

/// What a record takes in the ring besides its inputs and commands: word of a loss, the scan, a snapshot.
const RECORD_ITEMS: usize = 3;

impl Scratch {
    pub(crate) fn new(inputs_max: usize) -> Self {
        Self {
            inputs: Vec::with_capacity(inputs_max),
            commands: Vec::with_capacity(wiring::COMMANDS_PER_SCAN),
            output: ScanOutput::with_capacity(wiring::EVENTS_PER_SCAN),
            state: StateWriter::default(),
            gap: false,
        }
    }

    #[cfg(test)]
    pub(crate) const fn gap(&self) -> bool {
        self.gap
    }
}

impl ScanThread {
    /// Runs until told to stop. Returns the last tick.
    pub fn run(mut self) -> u64 {
        let fields = self.fields.iter().map(|field| field.told.len() + field.link.outputs.len() + 1);
        let mut scratch = Scratch::new(fields.sum::<usize>() + self.meter.inputs_max());
        self.engine.save(&mut scratch.state);
        let period_ms = u64::try_from(self.period.as_millis()).unwrap_or(u64::MAX).max(1);
        let catch_up = u64::from(wiring::CATCH_UP_MS) / period_ms;
        let start = real_time::now();
        let mut tick = self.first_tick;
        let look_ticks = (wiring::CLOCK_LOOK_MS / period_ms).max(1);
        let mut clock_due = tick;
        for field in &mut self.fields {
            field.sequence_tick = tick;
        }
        while !self.ports.stop.load(Relaxed) {
            // In milliseconds of 64 bits: periods counted in 32 run out after 49 days at 1 ms.
            let due = start + Duration::from_millis((tick - self.first_tick).saturating_mul(period_ms));
            real_time::sleep_until(due);
            let began = real_time::now();
            let late = self.meter.woke(tick, began.saturating_sub(due), &self.ports.stats);
            if late > catch_up {
                tick += late;
                self.ports.stats.time_jumps.fetch_add(1, Relaxed);
            }
            if tick >= clock_due {
                let since = Duration::from_millis((tick - self.first_tick).saturating_mul(period_ms));
                let late_ms =
                    i64::try_from(began.saturating_sub(start + since).as_millis()).unwrap_or(i64::MAX);
                let ahead_ms = self.clock.ahead_ms(tick, (self.wall_ms)().saturating_sub(late_ms));
                self.meter.clock(ahead_ms, &self.ports.stats);
                clock_due = tick + look_ticks;
            }
            self.one(tick, period_ms, &mut scratch);
            self.meter.took(tick, real_time::now().saturating_sub(began), &self.ports.stats);
            tick += 1;
        }
        tick - 1
    }

    pub(crate) fn one(&mut self, tick: u64, period_ms: u64, scratch: &mut Scratch) {
        self.receive_visit(scratch);
        scratch.inputs.clear();
        for field in &mut self.fields {
            field.collect(tick, u64::from(wiring::STALE_MS) / period_ms, &mut scratch.inputs);
        }
        self.meter.collect(&mut scratch.inputs);
        scratch.commands.clear();
        // A command is taken only when the journal has room for it: what is answered must be durable.
        let room = self.ports.journal.slots().saturating_sub(scratch.inputs.len() + RECORD_ITEMS);
        while scratch.commands.len() < wiring::COMMANDS_PER_SCAN.min(room)
            && let Some(command) = self.ports.commands.pop()
        {
            scratch.commands.push(command);
        }
        scratch.output.clear();
        self.engine.scan(tick, &scratch.inputs, &scratch.commands, &mut scratch.output);
        for field in &mut self.fields {
            field.publish(tick, &self.engine);
        }
        self.report(tick, scratch);
        if tick.is_multiple_of((u64::from(wiring::PUBLISH_MS) / period_ms).max(1)) {
            self.engine.publish(self.ports.views.input_buffer_mut());
            self.ports.views.publish();
        }
        self.ports.stats.tick.store(tick, Relaxed);
    }

    /// Between two scans, and only when the journal has it all up to here: a change of the plant stands there
    /// behind the last scan of the old one. Nothing is allocated, and nothing released.
    fn receive_visit(&mut self, scratch: &mut Scratch) {
        let fits = !scratch.gap && self.ports.journal.slots() > 0 && self.ports.changed.slots() > 0;
        if !fits || !self.engine.is_ready() || self.ports.looked.is_full() {
            return;
        }
        match self.ports.visits.pop() {
            None => {}
            Some(Visit::Look(mut look)) => {
                if look.hash == self.engine.plant().hash {
                    self.engine.save(&mut look.state);
                }
                // There is room: it was looked for, and nobody else puts anything there.
                let back = self.ports.looked.push(look);
                debug_assert!(back.is_ok());
            }
            Some(Visit::Change(mut change)) => {
                if change.force || change.transfer.is_free(&self.engine) {
                    self.turn_to(&mut change, scratch);
                }
                let back = self.ports.changed.push(change).is_ok();
                let told = self.ports.journal.push(JournalItem::Change).is_ok();
                debug_assert!(back && told);
            }
        }
    }

    /// From here on everything is of the new plant, and the change holds what was of the old one.
    fn turn_to(&mut self, change: &mut Change, scratch: &mut Scratch) {
        change.transfer.carry(&mut self.engine, &mut change.engine);
        std::mem::swap(&mut self.engine, &mut change.engine);
        for (field, points) in self.fields.iter_mut().zip(&mut change.points) {
            field.exchange(points);
        }
        self.meter.exchange(&mut change.readings);
        std::mem::swap(&mut self.ports.commands, &mut change.commands);
        std::mem::swap(&mut self.ports.views, &mut change.views);
        std::mem::swap(&mut self.ports.snapshots, &mut change.snapshots);
        std::mem::swap(&mut scratch.state, &mut change.room);
        self.engine.save(&mut change.state);
        change.tick = self.engine.tick();
        change.done = true;
    }

    /// Events first, then the record of the scan: who sees the record can have all its events.
    fn report(&mut self, tick: u64, scratch: &mut Scratch) {
        let mut lost = scratch.output.dropped();
        for event in scratch.output.events() {
            lost += u64::from(self.ports.events.push(*event).is_err());
        }
        let items = scratch.inputs.len() + scratch.commands.len() + RECORD_ITEMS;
        if self.ports.journal.slots() >= items {
            // A record is whole or absent: a torn one could not be replayed.
            let after_gap = std::mem::replace(&mut scratch.gap, false);
            if after_gap {
                lost += u64::from(self.ports.journal.push(JournalItem::Lost).is_err());
            }
            let hash = self.engine.scan_hash();
            let inputs = scratch.inputs.iter().copied().map(JournalItem::Input);
            let commands = scratch.commands.iter().copied().map(JournalItem::Command);
            for item in inputs.chain(commands) {
                lost += u64::from(self.ports.journal.push(item).is_err());
            }
            lost += u64::from(self.ports.journal.push(JournalItem::Scan { tick, hash }).is_err());
            let wanted =
                self.ports.snapshot_wanted.load(Relaxed) && self.ports.snapshot_wanted.swap(false, Relaxed);
            if after_gap || wanted || tick.is_multiple_of(self.snapshot_ticks.max(1)) {
                self.snapshot(tick, scratch);
            }
        } else {
            scratch.gap = true;
            lost += 1;
        }
        if lost > 0 {
            self.ports.stats.lost.fetch_add(lost, Relaxed);
        }
    }

    fn snapshot(&mut self, tick: u64, scratch: &mut Scratch) {
        scratch.state.0.clear();
        self.engine.save(&mut scratch.state);
        let bank = self.ports.snapshots.input_buffer_mut();
        bank.tick = tick;
        bank.bytes.clear();
        bank.bytes.extend_from_slice(&scratch.state.0);
        self.ports.snapshots.publish();
        if self.ports.journal.push(JournalItem::Snapshot { tick }).is_err() {
            self.ports.stats.lost.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::{PERIOD_MS, Pair, with};
    use model::DeviceId;
    use plc_bridge::{InputBank, OutputBank};

    #[test]
    fn a_device_that_answers_hears_the_scan_while_another_is_still_waited_for() {
        let plant = with(
            "[device.OTHER]\nprotocol = \"opc-ua\"\nendpoint = \"opc.tcp://127.0.0.1:4841/\"\n\
             namespace = \"urn:ring\"\nwatchdog = \"2 s\"\nheartbeat = \"HEARTBEAT\"\n",
        );
        let (mut bank, input_bank) = triple_buffer::triple_buffer(&InputBank::default());
        let (output_bank, mut commands) = triple_buffer::triple_buffer(&OutputBank::default());
        let (inputs, link) = (vec![plant.find_point("LT-1").unwrap()], plant.io.devices[0].link);
        let outputs = Vec::new();
        let device = DeviceId(0);
        let field = Field::new(DeviceLink { device, inputs, outputs, link, input_bank, output_bank });
        let folder = tempfile::tempdir().unwrap();
        let mut pair = Pair::with_rings(folder.path(), &plant, 1 << 14, 256, vec![field]);
        let mut heard = |tick| {
            let (values, qualities) = (vec![50.0], vec![Quality::Good]);
            bank.write(InputBank {
                sequence: tick,
                up: true,
                meeting: 1,
                values,
                qualities,
                ..InputBank::default()
            });
            pair.scan(tick..=tick);
            commands.update();
            let bank = commands.output_buffer_mut();
            (bank.heartbeat, bank.meeting, bank.drives)
        };
        let (first, meeting, drives) = heard(1);
        assert_eq!((meeting, drives), (1, false), "the other one may still deliver");
        assert_eq!(heard(2), (first.wrapping_add(1), 1, false));
        let waited = (3..=6000 / PERIOD_MS).map(heard).last().unwrap();
        assert!(waited.2, "five seconds later it goes on without");
    }

    #[test]
    fn a_device_that_another_client_drives_too_is_up_and_not_to_be_relied_on() {
        let (mut bank, input_bank) = triple_buffer::triple_buffer(&InputBank::default());
        let (output_bank, _commands) = triple_buffer::triple_buffer(&OutputBank::default());
        let (inputs, outputs) = (Vec::new(), Vec::new());
        let (device, link) = (DeviceId(0), PointId(7));
        let mut field = Field::new(DeviceLink { device, inputs, outputs, link, input_bank, output_bank });
        let mut told = |contested| {
            bank.write(InputBank { up: true, contested, ..InputBank::default() });
            let mut inputs = Vec::new();
            field.collect(1, 10, &mut inputs);
            inputs.iter().map(|input| (input.value, input.quality)).collect::<Vec<_>>()
        };
        assert_eq!(told(false), [(1.0, Quality::Good)]);
        assert_eq!(told(true), [(1.0, Quality::UncertainLastUsable)]);
        assert_eq!(told(true), [], "it is known");
        assert_eq!(told(false), [(1.0, Quality::Good)]);
    }

    #[test]
    fn a_device_that_refuses_outputs_is_up_and_not_to_be_relied_on() {
        let (mut bank, input_bank) = triple_buffer::triple_buffer(&InputBank::default());
        let (output_bank, _commands) = triple_buffer::triple_buffer(&OutputBank::default());
        let mut field = Field::new(DeviceLink {
            device: DeviceId(0),
            inputs: Vec::new(),
            outputs: vec![PointId(8), PointId(9)],
            link: PointId(7),
            input_bank,
            output_bank,
        });
        let mut told = |up, refused: &[bool]| {
            bank.write(InputBank { up, refused_outputs: refused.to_vec(), ..InputBank::default() });
            let mut inputs = Vec::new();
            field.collect(1, 10, &mut inputs);
            inputs.iter().map(|input| (input.point.0, input.value, input.quality)).collect::<Vec<_>>()
        };
        let (doubtful, bad) = (Quality::UncertainSubNormal, Quality::BadDeviceFailure);
        assert_eq!(told(false, &[]), [(7, 0.0, Quality::Good)]);
        assert_eq!(told(true, &[]), [(7, 1.0, Quality::Good)]);
        assert_eq!(told(true, &[false, true]), [(9, 0.0, bad), (7, 1.0, doubtful)]);
        assert_eq!(told(true, &[false, true]), [], "it is known");
        assert_eq!(told(true, &[true, true]), [(8, 0.0, bad)]);
        assert_eq!(told(true, &[false, false]), [(7, 1.0, Quality::Good)]);
        assert_eq!(told(true, &[true, false]), [(8, 0.0, bad), (7, 1.0, doubtful)]);
        assert_eq!(told(false, &[true, false]), [(7, 0.0, Quality::Good)]);
    }
}
