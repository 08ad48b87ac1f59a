//! Which alarms and interlocks a scan has to look at: those of which a point has changed, and those in which a
//! delay, a shelf or a bypass may have run out. What is not looked at would come out as it is.
//!
//! Nothing here is state: it follows from the image and the memories, and after anything that came from outside a
//! scan (a snapshot, another plant, a command) everything is looked at once.

use alloc::{vec, vec::Vec};
use model::PointId;

use crate::blocks::Hold;
use crate::image::Image;
use crate::machine::read_points;
use crate::plant::{AlarmCondition, Plant};

#[derive(Clone, Debug)]
pub(crate) struct Quiet {
    /// Per point one bit: somebody watches it. Few are watched, and loops move their outputs in every scan.
    watched: Vec<u64>,
    /// Per point, and one more: where its watchers begin.
    first: Vec<u32>,
    /// Alarms by their number, interlocks by theirs plus the number of alarms.
    watchers: Vec<u32>,
    pub(super) alarms: Looks,
    pub(super) interlocks: Looks,
    /// Something that is forced has changed: who forces must renew its grip.
    pub(super) touched: bool,
    /// Who forces what has to be worked out anew.
    pub(super) grip: bool,
    /// When that was done last, somebody forced something. While nobody does, nobody asks what is forced.
    pub(super) forcing: bool,
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
        for (index, interlock) in plant.interlocks.iter().enumerate() {
            let number = (alarms + index) as u32;
            let causes = interlock.causes.iter().flat_map(|cause| read_points(plant, &cause.when));
            pairs.extend(causes.map(|point| (point, number)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut first = vec![0; plant.points.len() + 1];
        let mut watched = vec![0; plant.points.len().div_ceil(64)];
        for (point, _) in &pairs {
            first[point.index() + 1] += 1;
            watched[point.index() / 64] |= 1_u64 << (point.index() % 64);
        }
        for index in 1..first.len() {
            first[index] += first[index - 1];
        }
        Self {
            watched,
            first,
            watchers: pairs.into_iter().map(|(_, watcher)| watcher).collect(),
            alarms: Looks::new(alarms),
            interlocks: Looks::new(plant.interlocks.len()),
            touched: false,
            grip: true,
            forcing: false,
            told: 0,
        }
    }

    /// Something came from outside: everything is looked at in the next scan.
    pub(crate) fn look_everywhere(&mut self) {
        self.alarms.all();
        self.interlocks.all();
        self.grip = true;
    }

    /// Tells the watchers what has changed since they were told last. What no interlock holds may be as it likes,
    /// and loops move their outputs in every scan.
    pub(super) fn tell(&mut self, image: &Image, holds: &[Hold]) {
        for point in image.changed().get(self.told..).unwrap_or(&[]) {
            self.touched |= self.forcing && holds[point.index()].interlock != 0;
            self.tell_of(*point);
        }
        self.told = image.changed().len();
    }

    /// Tells the watchers of one point; of what changes twice in a scan the image speaks only once.
    #[inline(always)]
    pub(super) fn tell_of(&mut self, point: PointId) {
        if self.watched[point.index() / 64] >> (point.index() % 64) & 1 != 0 {
            self.mark_watchers(point);
        }
    }

    fn mark_watchers(&mut self, point: PointId) {
        let (from, to) = (self.first[point.index()] as usize, self.first[point.index() + 1] as usize);
        let alarms = self.alarms.due_at.len() as u32;
        for watcher in &self.watchers[from..to] {
            match watcher.checked_sub(alarms) {
                Some(interlock) => self.interlocks.mark(interlock as usize),
                None => self.alarms.mark(*watcher as usize),
            }
        }
    }

    /// The end of a scan: the image's changes are told and forgotten.
    pub(super) fn close(&mut self, image: &mut Image, holds: &[Hold]) {
        self.tell(image, holds);
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
    /// Of each word of bits: no one is due earlier. A few that look in every scan do not make all the others look up
    /// when they are due.
    soonest: Vec<u64>,
}

impl Looks {
    fn new(count: usize) -> Self {
        let words = count.div_ceil(64);
        let mut looks =
            Self { now: vec![0; words], due_at: vec![u64::MAX; count], soonest: vec![u64::MAX; words] };
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
        let words = self.now.iter_mut().zip(&mut self.soonest).zip(self.due_at.chunks_mut(64));
        for (word, ((now, soonest), due_at)) in words.enumerate() {
            let mut due = core::mem::take(now);
            if *soonest <= tick {
                *soonest = u64::MAX;
                for (bit, at) in due_at.iter().enumerate() {
                    if *at <= tick {
                        due |= 1 << bit;
                    } else {
                        *soonest = (*soonest).min(*at);
                    }
                }
            }
            while due != 0 {
                let bit = due.trailing_zeros() as usize;
                due &= due - 1;
                let again = look(word * 64 + bit);
                due_at[bit] = again;
                *soonest = (*soonest).min(again);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Looks;

    /// Who is looked at in this tick, and then not before `again`.
    fn looked_at(looks: &mut Looks, tick: u64, again: u64) -> Vec<usize> {
        let mut seen = Vec::new();
        looks.each(tick, |index| {
            seen.push(index);
            again
        });
        seen
    }

    #[test]
    fn each_of_many_is_looked_at_in_order_by_its_own_number_when_it_is_marked_or_due() {
        let mut looks = Looks::new(200);
        assert_eq!(looked_at(&mut looks, 1, u64::MAX), (0..200).collect::<Vec<_>>(), "all at first");
        assert_eq!(looked_at(&mut looks, 2, u64::MAX), []);
        for index in [3, 64, 130, 199] {
            looks.mark(index);
        }
        assert_eq!(looked_at(&mut looks, 3, 10), [3, 64, 130, 199]);
        looks.mark(131);
        assert_eq!(looked_at(&mut looks, 9, 12), [131]);
        assert_eq!(looked_at(&mut looks, 10, u64::MAX), [3, 64, 130, 199], "no later than they asked");
        assert_eq!(looked_at(&mut looks, 11, u64::MAX), []);
        assert_eq!(looked_at(&mut looks, 13, u64::MAX), [131], "and late when the scan was");
    }
}
