//! The steps of a section and the ways between them: what `GOTO` names, and what can never be.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use model::nearest;

use super::emit::one_line;
use super::items::duplicate;
use super::phase_text::{Section, SectionText, StepText};
use super::phase_ways::{END, WayText};
use super::place::Text;
use super::report::{Mistake, Report};

/// Where a way leads.
struct Edge {
    to: Target,
    never: bool,
    always: bool,
}

/// What `GOTO` names.
#[derive(Clone)]
enum Target {
    /// By the number of the step; the number of steps is the section's end.
    Known(usize),
    /// A mistake is told; one of these may have been meant.
    Unknown(Vec<usize>),
}

impl Target {
    fn known(&self) -> Option<usize> {
        if let Self::Known(to) = self { Some(*to) } else { None }
    }

    fn all(&self) -> &[usize] {
        match self {
            Self::Known(to) => core::slice::from_ref(to),
            Self::Unknown(all) => all,
        }
    }
}

pub(super) struct StepGraph<'t> {
    text: &'t SectionText,
    /// Steps by their names.
    names: BTreeMap<&'t str, usize>,
    /// Of every step the ways that have been told of.
    edges: Vec<Vec<Edge>>,
    /// Targets of the ways that are written: of each step, in order.
    targets: Vec<Vec<Target>>,
    at: usize,
}

impl<'t> StepGraph<'t> {
    pub(super) fn new(text: &'t SectionText, all: &'t [SectionText], report: &mut Report) -> Self {
        let mut graph = Self { text, names: BTreeMap::new(), edges: Vec::new(), targets: Vec::new(), at: 0 };
        for (number, step) in text.steps.iter().enumerate() {
            let Some(name) = &step.name else { continue };
            match graph.names.get(name.as_str()) {
                Some(first) => {
                    let first = text.steps[*first].name.as_ref().map_or(step.place, |name| name.place);
                    report.add(duplicate("step", name, first));
                }
                None => {
                    graph.names.insert(name.as_str(), number);
                }
            }
        }
        for (number, step) in text.steps.iter().enumerate() {
            let ways = step.ways.iter().map(|way| graph.target(number, way, all, report));
            let ways: Vec<Target> = ways.collect();
            graph.targets.push(ways);
        }
        graph
    }

    fn target(&self, number: usize, way: &WayText, all: &[SectionText], report: &mut Report) -> Target {
        let Some(name) = &way.to else { return Target::Known(number + 1) };
        if name.as_str() == END {
            return Target::Known(self.text.steps.len());
        }
        let Some(to) = self.names.get(name.as_str()).copied() else {
            report.add(self.unknown(name, all));
            return self.meant(name, all);
        };
        let safety = matches!(self.text.section, Section::Holding | Section::Stopping | Section::Aborting);
        if safety && to <= number {
            let word = self.text.section.word();
            report.add(
                Mistake::error("bad-state", format!("{word} may not go back to `{name}`"))
                    .at(name.place, "a step before")
                    .related(self.text.steps[to].place, "this one")
                    .help("a way to a safe state has to end: go on to a step behind, or to END"),
            );
        }
        let same = |step: &&StepText| step.name.as_ref().is_some_and(|own| own.as_str() == name.as_str());
        if self.text.steps.iter().filter(same).count() > 1 {
            return Target::Unknown(self.named(|own| own == name.as_str()));
        }
        Target::Known(to)
    }

    fn named(&self, which: impl Fn(&str) -> bool) -> Vec<usize> {
        let steps = self.text.steps.iter().enumerate();
        let named = steps.filter(|(_, step)| step.name.as_ref().is_some_and(|own| which(own.as_str())));
        named.map(|(number, _)| number).collect()
    }

    /// Where a way may lead whose target is not known: to the nearest name, else to every step that has one.
    fn meant(&self, name: &Text, all: &[SectionText]) -> Target {
        let end = self.text.steps.len();
        if all
            .iter()
            .flat_map(|section| &section.steps)
            .any(|step| step.name.as_ref().is_some_and(|own| own.as_str() == name.as_str()))
        {
            return Target::Unknown(Vec::from([end]));
        }
        match nearest(name.as_str(), self.names.keys().copied().chain([END])) {
            Some(END) => Target::Unknown(Vec::from([end])),
            Some(near) => Target::Unknown(self.named(|own| own == near)),
            None => Target::Unknown(self.named(|_| true).into_iter().chain([end]).collect()),
        }
    }

    fn unknown(&self, name: &Text, all: &[SectionText]) -> Mistake {
        let word = self.text.section.word();
        let mistake =
            Mistake::error("unknown-name", format!("no step `{name}` in {word}")).at(name.place, "this step");
        let named = |step: &StepText| step.name.as_ref().is_some_and(|own| own.as_str() == name.as_str());
        let elsewhere = all.iter().find(|section| section.steps.iter().any(named));
        if let Some(elsewhere) = elsewhere {
            let section = elsewhere.section.word();
            return mistake.related(elsewhere.place, "it stands here").help(format!(
                "a step of {section} is reached by the order that begins {section}: stay within {word}"
            ));
        }
        let known = self.names.keys().copied().chain([END]);
        mistake.help(match nearest(name.as_str(), known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("give the step its name: `STEP {name} \"what it does\"`, or go to END"),
        })
    }

    /// Where the ways of the next step lead, as the engine wants it. The step's [`Self::way`]s follow.
    pub(super) fn targets(&mut self) -> Vec<Option<u16>> {
        self.at = self.edges.len();
        self.edges.push(Vec::new());
        let (text, targets) = (&self.text.steps[self.at], &self.targets[self.at]);
        let to = |(way, to): (&WayText, &Target)| {
            way.to.as_ref().and(to.known()).and_then(|to| u16::try_from(to).ok())
        };
        text.ways.iter().zip(targets).map(to).collect()
    }

    /// The next way of this step, and its value when that is always the same.
    pub(super) fn way(&mut self, constant: Option<f64>) {
        let edges = &mut self.edges[self.at];
        let to = self.targets[self.at][edges.len()].clone();
        let behind = edges.iter().any(|edge| edge.always);
        let never = behind || constant.is_some_and(|value| value < 0.5);
        edges.push(Edge { to, never, always: constant.is_some_and(|value| value >= 0.5) });
    }

    pub(super) fn check(&self, report: &mut Report) {
        self.dead_ways(report);
        self.unreachable(report);
        self.traps(report);
    }

    /// A way behind one that is always open, or behind one with the same condition, is never taken.
    fn dead_ways(&self, report: &mut Report) {
        for (step, edges) in self.text.steps.iter().zip(&self.edges) {
            let words = |way: &WayText| way.when.as_ref().map(|when| one_line(when.as_str()));
            for (index, way) in step.ways.iter().enumerate() {
                let mut before = step.ways[..index].iter().zip(edges);
                let hides = |(other, edge): &(&WayText, &Edge)| edge.always || words(other) == words(way);
                let Some((other, _)) = before.find(hides) else { continue };
                report.add(
                    Mistake::error("dead-branch", "this way out is never taken")
                        .at(way.place, "never taken")
                        .related(other.place, "open whenever it is, and written before it")
                        .help(
                            "of the ways that are open the first is taken: change their order, or remove one",
                        ),
                );
            }
        }
    }

    /// Steps that a step may be left for; the number of steps for the end.
    fn next(&self, number: usize) -> impl Iterator<Item = usize> {
        let step = &self.text.steps[number];
        let on = (step.unread || step.ways.is_empty() && step.stay.is_none()).then_some(number + 1);
        let open = self.edges[number].iter().filter(|edge| !edge.never).flat_map(|edge| edge.to.all());
        let anywhere = if step.unread { self.named(|_| true) } else { Vec::new() };
        on.into_iter().chain(open.copied()).chain(anywhere)
    }

    fn unreachable(&self, report: &mut Report) {
        let steps = &self.text.steps;
        let mut reached = alloc::vec![false; steps.len() + 1];
        let mut waiting = Vec::from([0]);
        while let Some(number) = waiting.pop() {
            if number < steps.len() && !core::mem::replace(&mut reached[number], true) {
                waiting.extend(self.next(number));
            }
        }
        for (number, step) in steps.iter().enumerate() {
            // What only steps lead to that are not reached either is told with the first of them.
            let told = (0..number).any(|other| !reached[other] && self.next(other).any(|to| to == number));
            if reached[number] || told {
                continue;
            }
            let title = &step.title;
            let mistake = Mistake::error("unreachable-step", format!("step \"{title}\" is never reached"))
                .at(step.place, "never reached");
            let before = number.checked_sub(1).map(|before| (&steps[before], &self.edges[before]));
            let shut = before.and_then(|(before, edges)| {
                let way = before.ways.iter().zip(edges).find(|(way, edge)| way.to.is_none() && edge.never);
                way.map(|(way, _)| way.when.as_ref().map_or(way.place, |when| when.place))
            });
            report.add(match shut {
                Some(place) => mistake
                    .related(place, "this condition is never true")
                    .help("give the step before a condition that can come true, or remove this step"),
                None => {
                    mistake.help("let a step before lead here: `WHEN ... GOTO` its name, or remove this step")
                }
            });
        }
    }

    /// A step that is never left, and does not say so.
    fn traps(&self, report: &mut Report) {
        for (number, step) in self.text.steps.iter().enumerate() {
            let word = self.text.section.word();
            if let Some(place) = step.stay {
                if matches!(self.text.section, Section::Running) {
                    continue;
                }
                report.add(
                    Mistake::error("bad-state", format!("{word} may not stay in a step"))
                        .at(place, "it would never end")
                        .help("let it go on: `WAIT`, `WHEN ... GOTO`, or nothing"),
                );
            } else if self.next(number).all(|to| to == number) {
                report.add(
                    Mistake::warning("no-way-out", format!("step \"{}\" is never left", step.title))
                        .at(step.place, "none of its ways out is ever open")
                        .help("write `STAY` when it is meant to last until somebody ends it, or a way out"),
                );
            }
        }
    }
}
