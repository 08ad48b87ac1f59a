//! How many alarms this console has seen come up, against the targets of ISA-18.2.

use std::collections::{HashMap, VecDeque};

use model::wire::AlarmStatus;
use model::{AlarmId, Priority};

use super::Plant;

const DAY_MS: i64 = 86_400_000;
/// A flood of ten a minute for more than eight hours.
const ACTIVATIONS_MAX: usize = 5_000;

#[derive(Debug, Default)]
pub(crate) struct AlarmLoad {
    seen: HashMap<AlarmId, i64>,
    /// When each alarm came up, oldest first.
    activations: VecDeque<(i64, AlarmId)>,
    /// Begin of counting.
    pub(crate) since_ms: Option<i64>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadFigures {
    pub(crate) ten_minutes: usize,
    pub(crate) hour: usize,
    pub(crate) day: usize,
    /// Came up three times or more within one minute of the last hour.
    pub(crate) chattering: usize,
    /// Of the last day, by priority.
    pub(crate) percent: [usize; 4],
    /// Per hour of the last day, oldest first.
    pub(crate) hourly: [usize; 24],
}

impl AlarmLoad {
    pub(crate) fn take(&mut self, alarms: &[AlarmStatus], time_ms: i64) {
        self.since_ms.get_or_insert(time_ms);
        for status in alarms.iter().filter(|status| status.state.is_annunciated()) {
            let known = self.seen.insert(status.alarm, status.since_ms);
            if known.is_none_or(|known| status.since_ms > known) {
                let place = self.activations.partition_point(|(at, _)| *at <= status.since_ms);
                self.activations.insert(place, (status.since_ms, status.alarm));
            }
        }
        let old = |at: i64| at < time_ms - DAY_MS;
        while self.activations.len() > ACTIVATIONS_MAX
            || self.activations.front().is_some_and(|(at, _)| old(*at))
        {
            self.activations.pop_front();
        }
    }

    pub(crate) fn figures(&self, plant: &Plant, now_ms: i64) -> LoadFigures {
        let mut figures = LoadFigures::default();
        let mut by_priority = [0; 4];
        for (at, alarm) in &self.activations {
            let age = (now_ms - at).max(0);
            figures.day += usize::from(age < DAY_MS);
            figures.hour += usize::from(age < 3_600_000);
            figures.ten_minutes += usize::from(age < 600_000);
            let priority = plant.alarm(*alarm).map_or(Priority::Low, |alarm| alarm.priority);
            by_priority[priority as usize - 1] += 1;
            let hour = usize::try_from(age / 3_600_000).unwrap_or(24);
            if hour < 24 {
                figures.hourly[23 - hour] += 1;
            }
        }
        let total: usize = by_priority.iter().sum();
        figures.percent = by_priority.map(|count| (count * 100 + total / 2).checked_div(total).unwrap_or(0));
        figures.chattering = self.chattering(now_ms);
        figures
    }

    fn chattering(&self, now_ms: i64) -> usize {
        let mut times: HashMap<AlarmId, Vec<i64>> = HashMap::new();
        for (at, alarm) in self.activations.iter().filter(|(at, _)| now_ms - at < 3_600_000) {
            times.entry(*alarm).or_default().push(*at);
        }
        times.values().filter(|times| times.windows(3).any(|three| three[2] - three[0] < 60_000)).count()
    }
}
