//! The words of a line: a function of its data alone.

use alloc::{borrow::ToOwned, format, string::String};

use super::{DelayKind, Joined, WhyDelay, WhyFact, WhyGroup, WhyPoint, WhySum, WhyTerm, WhyValue};
use crate::words::{duration, joined, number, short_number};
use crate::{Limited, Quality};

impl WhyFact {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Words { words } => words.clone(),
            Self::Term(term) => term.text(),
            Self::Group(group) => group.text(),
            Self::Value(point) => point.text(),
            Self::Forced { .. } | Self::ForcedBy { .. } | Self::OwnedBy { .. } => self.holder(),
            Self::Mode { .. } | Self::Gain { .. } | Self::Moving { .. } => self.of_loop(),
            Self::Sum(sum) => sum.text(),
            Self::Device { command, state } => format!("command {command}, {state}"),
            Self::Simulated { remaining_ms } => format!(
                "SIMULATED for another {}: the feedbacks follow the order, whatever the field says",
                duration(*remaining_ms)
            ),
            Self::Member { name, state, by_hand, ready, leads } => {
                let words = match (by_hand, ready) {
                    (true, _) => ", by hand",
                    (false, true) => "",
                    (false, false) => ", not ready",
                };
                format!("{name} {state}{words}{}", if *leads { ", leads" } else { "" })
            }
            Self::Interlock { .. }
            | Self::Bypassed { .. }
            | Self::FirstOut { .. }
            | Self::Cause { .. }
            | Self::Action { .. }
            | Self::Starts { .. } => self.of_interlock(),
            Self::Alarm { state, priority } => format!("{}, priority {}", state.word(), priority.word()),
            Self::Shelved { remaining_ms } => format!("for another {}", duration(*remaining_ms)),
            Self::Delay(delay) => {
                let word = if delay.kind == DelayKind::On { "on" } else { "off" };
                let so_far = tenths(delay.elapsed_ms.unwrap_or(0));
                format!("{word}-delay: {so_far} so far of {}", duration(delay.delay_ms))
            }
            Self::Phase { .. }
            | Self::Batch { .. }
            | Self::StartedBy { .. }
            | Self::Step { .. }
            | Self::Way { .. }
            | Self::Refused { .. }
            | Self::Within { .. }
            | Self::Call { .. } => self.of_procedure(),
        }
    }

    fn holder(&self) -> String {
        match self {
            Self::Forced { to, remaining_ms, field } => {
                let says =
                    field.as_ref().map_or(String::new(), |raw| format!("; the field says {}", raw.text()));
                format!("forced by hand to {} for {} more{says}", to.bare(), duration(*remaining_ms))
            }
            Self::ForcedBy { interlock, description } => {
                format!("forced by interlock {interlock}: {description}")
            }
            Self::OwnedBy { phase, batch, state } => {
                let batch = batch.as_ref().map_or(String::new(), |batch| format!(" of {batch}"));
                format!("owned by phase {phase}{batch}, {}", state.word())
            }
            _ => String::new(),
        }
    }

    fn of_loop(&self) -> String {
        match self {
            Self::Mode { actual, ordered, normal } => {
                let mut text = format!("mode {}", actual.short());
                if actual != ordered {
                    text.push_str(&format!(", ordered {}", ordered.short()));
                }
                if ordered != normal {
                    text.push_str(&format!(", normal {}", normal.short()));
                }
                text
            }
            Self::Gain { factor, band: Some(band) } => {
                format!("within the gap of {}: gain x {}", band.bare(), number(*factor, 2))
            }
            Self::Gain { factor, band: None } => format!("gain x {} at this error", number(*factor, 2)),
            Self::Moving { to, unit, per_s } => {
                format!("OUT is on its way to {} at {} {unit}/s", to.bare(), number(*per_s, 4))
            }
            _ => String::new(),
        }
    }

    fn of_interlock(&self) -> String {
        match self {
            Self::Interlock { tripped, cause_stands, .. } => match (tripped, cause_stands) {
                (true, true) => "TRIPPED, the cause stands",
                (true, false) => "TRIPPED, the cause has gone, waits for a reset",
                (false, true) => "not tripped though a cause stands",
                (false, false) => "ready",
            }
            .to_owned(),
            Self::Bypassed { remaining_ms } => {
                format!("BYPASSED for another {}: it forces nothing", duration(*remaining_ms))
            }
            Self::FirstOut { cause, ago_ms, .. } => format!("first out: {cause}, {} ago", seconds(*ago_ms)),
            Self::Cause { cause, bad, trips_on_bad, .. } => {
                let note = match (bad, trips_on_bad) {
                    (true, true) => " (bad input: counts as standing)",
                    (true, false) => " (bad input: ignored)",
                    (false, _) => "",
                };
                format!("{cause}{note}")
            }
            Self::Action { action, .. } => action.clone(),
            Self::Starts { phase, state, waits } => {
                let waits = if *waits { ", waits for the phase of an earlier trip" } else { "" };
                format!("start {phase}, now {}{waits}", state.word())
            }
            _ => String::new(),
        }
    }

    fn of_procedure(&self) -> String {
        match self {
            Self::Phase { state, for_ms, batch } => {
                let since = for_ms.map_or(String::new(), |ms| format!(" since {}", seconds(ms)));
                let batch = batch.as_ref().map_or(String::new(), |batch| format!(" for {batch}"));
                format!("{}{since}{batch}", state.word())
            }
            Self::Batch { batch, state, for_ms } => {
                format!("{batch} {} since {}", state.word(), seconds(*for_ms))
            }
            Self::StartedBy { interlock } => format!("started by the trip of {interlock}"),
            Self::Step { number, title } => format!("step {number}: {title}"),
            Self::Way { to: Some(number), title } => format!("to step {number}: {title}"),
            Self::Way { to: None, .. } => "to the end".to_owned(),
            Self::Refused { action, reason } => format!("{action}: {reason}"),
            Self::Within { limit_ms, elapsed_ms, then, because } => {
                let (so_far, limit) = (seconds(*elapsed_ms), duration(*limit_ms));
                format!("{so_far} so far of {limit}, then {then}: {because}")
            }
            Self::Call { phase, started } => {
                format!("{} phase {phase}", if *started { "in" } else { "next" })
            }
            _ => String::new(),
        }
    }
}

impl WhyValue {
    /// With its quality, unless that is good.
    pub fn text(&self) -> String {
        let text = self.bare();
        if self.quality == Quality::Good { text } else { format!("{text} ({})", self.quality.text()) }
    }

    /// With its unit, or as a word.
    pub fn bare(&self) -> String {
        match (&self.word, self.decimals) {
            (Some(word), _) => word.clone(),
            (None, Some(decimals)) => joined(&number(self.value, decimals), &self.unit),
            (None, None) => joined(&short_number(self.value), &self.unit),
        }
    }
}

impl WhyTerm {
    fn text(&self) -> String {
        let mut text = self.condition.clone();
        let now = self.now.as_ref().map(|now| match self.operator.as_deref() {
            Some("good" | "bad") => now.quality.text().to_owned(),
            _ => now.text(),
        });
        if let Some(now) = now {
            text.push_str(": now ");
            text.push_str(&now);
        }
        if let Some(limit) = self.limit.as_ref().filter(|_| self.limit_moves) {
            text.push_str(" against ");
            text.push_str(&limit.text());
        }
        text.push_str(&progress(self.delay.as_ref()));
        text
    }
}

impl WhyGroup {
    fn text(&self) -> String {
        let time = || duration(self.delay.map_or(0, |delay| delay.delay_ms));
        match self.of {
            Joined::All => "all of".to_owned(),
            Joined::Any => "any of".to_owned(),
            Joined::One => "exactly one of".to_owned(),
            Joined::Vote => format!("at least {} of {}", self.need, self.count),
            Joined::Not => "not".to_owned(),
            Joined::Rise => "becomes true".to_owned(),
            Joined::Fall => "becomes false".to_owned(),
            Joined::Delayed if self.delay.is_some_and(|delay| delay.kind == DelayKind::Off) => {
                format!("now or in the last {}", time())
            }
            Joined::Delayed => format!("for {}{}", time(), progress(self.delay.as_ref())),
        }
    }
}

impl WhyPoint {
    fn text(&self) -> String {
        let mut text = format!("{} {}", self.label, self.now.text());
        if let Some(working) = &self.working {
            text.push_str(&format!(", working {}", working.bare()));
        }
        if let Some(at) = self.at_limit {
            let side = if at.high { "high" } else { "low" };
            let limit = number(at.limit, self.now.decimals.unwrap_or(0));
            text.push_str(&format!(", at its {side} limit {limit}"));
        } else if self.says_limited() {
            text.push_str(&format!(", {}", self.limited.text()));
        }
        if let Some(from) = &self.from {
            text.push_str(&format!(", from {from}"));
        }
        text
    }

    /// Of what is forced or bad everybody knows that it stands.
    fn says_limited(&self) -> bool {
        match self.limited {
            Limited::No => false,
            Limited::Low | Limited::High => true,
            Limited::Constant => !self.now.forced && self.now.quality.is_good(),
        }
    }
}

impl WhySum {
    fn text(&self) -> String {
        let signed = |value: f64| {
            let text = number(value, self.decimals);
            if value > 0.0 { format!("+{text}") } else { text }
        };
        let mut text = format!("= P {}  I {}", signed(self.proportional), signed(self.integral));
        if let Some(derivative) = self.derivative {
            text.push_str(&format!("  D {}", signed(derivative)));
        }
        if let Some(feed_forward) = self.feed_forward {
            text.push_str(&format!("  FF {}", signed(feed_forward)));
        }
        if let Some(factor) = self.factor {
            text.push_str(&format!("  with FF x {} in each", number(factor, 3)));
        }
        text
    }
}

/// How far an on-delay has come, while it runs.
fn progress(delay: Option<&WhyDelay>) -> String {
    match delay {
        Some(WhyDelay {
            kind: DelayKind::On,
            delay_ms,
            elapsed_ms: Some(elapsed),
            remaining_ms: Some(_),
        }) => {
            format!(", {} so far of {}", tenths(*elapsed), duration(*delay_ms))
        }
        _ => String::new(),
    }
}

fn tenths(ms: u64) -> String {
    duration(ms / 100 * 100)
}

fn seconds(ms: u64) -> String {
    duration(ms / 1000 * 1000)
}
