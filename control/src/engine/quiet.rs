//! Which alarms and interlocks a scan has to look at: those of which a point has changed, and those in which a
//! delay, a shelf or a bypass may have run out. What is not looked at would come out as it is.
//!
//! Nothing here is state: it follows from the image and the memories, and after anything that came from outside a
//! scan (a snapshot, another plant, a command) everything is looked at once.

use alloc::{vec, vec::Vec};
use model::PointId;

use crate::engine::forced_points;
use crate::image::Image;
use crate::machine::read_points;
use crate::plant::{AlarmCondition, Plant};

#[derive(Clone, Debug)]
pub(crate) struct Quiet {
    /// Per point, and one more: where its watchers begin.
    first: Vec<u32>,
    /// Alarms by their number, interlocks by theirs plus the number of alarms.
    watchers: Vec<u32>,
    /// Points that some interlock may force.
    forced: Vec<bool>,
    pub(super) alarms: Looks,
    pub(super) interlocks: Looks,
    /// Something that may be forced has changed: who forces must renew its grip.
    pub(super) touched: bool,
    /// Who forces what has to be worked out anew.
    pub(super) grip: bool,
    /// How many of the image's changes have been told to the watchers.
    told: usize,
}

impl Quiet {
    pub(crate) fn new(plant: &Plant) -> Self {
        let alarms = plant.alarms.len();
        let mut pairs: Vec<(PointId, u32)> = Vec::new();
        for (index, alarm) in plant.alarms.iter().enumerate() {
            let mut watch = |point| pairs.push((point, index as u32));
            match &alarm.condition {
                AlarmCondition::Above { point, .. }
                | AlarmCondition::Below { point, .. }
                | AlarmCondition::Fault { point, .. } => watch(*point),
                AlarmCondition::Deviation { pv, sp, .. } => [*pv, *sp].into_iter().for_each(watch),
                AlarmCondition::When(expr) => read_points(plant, expr).for_each(watch),
            }
            if let Some(enable) = &alarm.enable {
                pairs.extend(read_points(plant, enable).map(|point| (point, index as u32)));
            }
        }
        let mut forced = vec![false; plant.points.len()];
        for (index, interlock) in plant.interlocks.iter().enumerate() {
            let number = (alarms + index) as u32;
            let causes = interlock.causes.iter().flat_map(|cause| read_points(plant, &cause.when));
            pairs.extend(causes.map(|point| (point, number)));
            for point in interlock.actions.iter().flat_map(|forcing| forced_points(plant, forcing)) {
                forced[point.index()] = true;
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut first = vec![0; plant.points.len() + 1];
        for (point, _) in &pairs {
            first[point.index() + 1] += 1;
        }
        for index in 1..first.len() {
            first[index] += first[index - 1];
        }
        Self {
            first,
            watchers: pairs.into_iter().map(|(_, watcher)| watcher).collect(),
            forced,
            alarms: Looks::new(alarms),
            interlocks: Looks::new(plant.interlocks.len()),
            touched: false,
            grip: true,
            told: 0,
        }
    }

    /// Something came from outside: everything is looked at in the next scan.
    pub(crate) fn look_everywhere(&mut self) {
        self.alarms.all();
        self.interlocks.all();
        self.grip = true;
    }

    /// Tells the watchers what has changed since they were told last.
    pub(super) fn tell(&mut self, image: &Image) {
        let alarms = self.alarms.due_at.len() as u32;
        for point in image.changed().get(self.told..).unwrap_or(&[]) {
            let index = point.index();
            self.touched |= self.forced[index];
            for watcher in &self.watchers[self.first[index] as usize..self.first[index + 1] as usize] {
                match watcher.checked_sub(alarms) {
                    Some(interlock) => self.interlocks.mark(interlock as usize),
                    None => self.alarms.mark(*watcher as usize),
                }
            }
        }
        self.told = image.changed().len();
    }

    /// The end of a scan: the image's changes are told and forgotten.
    pub(super) fn close(&mut self, image: &mut Image) {
        self.tell(image);
        self.forget(image);
    }

    pub(super) fn forget(&mut self, image: &mut Image) {
        image.forget_changes();
        self.told = 0;
    }
}

/// Who of many is to be looked at now, and who at which tick at the latest.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    /// One bit each.
    now: Vec<u64>,
    due_at: Vec<u64>,
    /// No one is due earlier.
    soonest: u64,
}

impl Looks {
    fn new(count: usize) -> Self {
        let mut looks =
            Self { now: vec![0; count.div_ceil(64)], due_at: vec![u64::MAX; count], soonest: u64::MAX };
        looks.all();
        looks
    }

    fn all(&mut self) {
        for index in 0..self.due_at.len() {
            self.mark(index);
        }
    }

    fn mark(&mut self, index: usize) {
        self.now[index / 64] |= 1 << (index % 64);
    }

    /// Calls `look` for each that is due, in order; it gives back when it wants to be looked at again.
    pub(super) fn each(&mut self, tick: u64, mut look: impl FnMut(usize) -> u64) {
        if self.soonest <= tick {
            self.soonest = u64::MAX;
            for index in 0..self.due_at.len() {
                if self.due_at[index] <= tick {
                    self.mark(index);
                } else {
                    self.soonest = self.soonest.min(self.due_at[index]);
                }
            }
        }
        for word in 0..self.now.len() {
            let mut due = core::mem::take(&mut self.now[word]);
            while due != 0 {
                let index = word * 64 + due.trailing_zeros() as usize;
                due &= due - 1;
                let again = look(index);
                self.due_at[index] = again;
                self.soonest = self.soonest.min(again);
            }
        }
    }
}
