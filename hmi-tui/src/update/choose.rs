//! The palette and the finder: fuzzy over pages, units, tags and settings.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{command, open as look};
use crate::event::Effect;
use crate::state::{Choosing, Item, Overlay, Page, Pending, Plant, State};
use crate::{Glyphs, Theme};

/// More lines than the box of the palette has.
const FOUND_MAX: usize = 60;
/// Events that the filter by tag asks for.
const TAG_EVENTS: u32 = 500;
const TAG_SPAN_MS: i64 = 30 * 86_400_000;

/// One line of the palette.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) detail: String,
    target: Target,
}

#[derive(Clone, Debug, PartialEq)]
enum Target {
    Page(Page),
    Unit(usize),
    Item(Item),
    Theme(Theme),
    Glyphs(Glyphs),
    Motion,
    Help,
    Leave,
}

pub(super) fn open(state: &mut State, purpose: Choosing) {
    state.overlay = Some(Overlay::Choose { purpose, input: Default::default(), pick: 0 });
}

/// What fits the text, best first.
pub(crate) fn choices(state: &State, purpose: Choosing, text: &str) -> Vec<Choice> {
    let mut all = Vec::new();
    if purpose == Choosing::Command {
        add_commands(&mut all);
    }
    if let Some(plant) = state.plant.as_deref() {
        if purpose == Choosing::Command {
            for index in 0..plant.unit_count() {
                if let Some(unit) = plant.unit(index) {
                    all.push(choice(&unit.name, &unit.title, Target::Unit(index)));
                }
            }
        }
        add_tags(plant, purpose, &mut all);
    }
    best(all, text)
}

fn choice(name: &str, detail: &str, target: Target) -> Choice {
    Choice { name: name.to_owned(), detail: detail.to_owned(), target }
}

fn add_commands(all: &mut Vec<Choice>) {
    for (index, page) in Page::ALL.into_iter().enumerate() {
        all.push(choice(page.word(), &format!("page {}", index + 1), Target::Page(page)));
    }
    for theme in Theme::ALL {
        all.push(choice(&format!("theme {}", theme.word()), "colours", Target::Theme(theme)));
    }
    for glyphs in Glyphs::ALL {
        all.push(choice(&format!("glyphs {}", glyphs.word()), "characters", Target::Glyphs(glyphs)));
    }
    all.push(choice("reduced motion", "badges blink or stand still", Target::Motion));
    all.push(choice("help", "all keys", Target::Help));
    all.push(choice("quit", "leave the HMI", Target::Leave));
}

fn add_tags(plant: &Plant, purpose: Choosing, all: &mut Vec<Choice>) {
    let wants_faceplates = purpose != Choosing::Pen;
    if wants_faceplates {
        for block in &plant.view.blocks {
            all.push(choice(&block.name, &block.description, Target::Item(Item::Block(block.id))));
        }
        for interlock in &plant.view.interlocks {
            all.push(choice(
                &interlock.name,
                &interlock.description,
                Target::Item(Item::Interlock(interlock.id)),
            ));
        }
    }
    for point in &plant.view.points {
        // Parts of a block are found through the block, unless a pen wants just this part.
        if !wants_faceplates || plant.role(point.id).is_none() {
            all.push(choice(&point.name, &point.description, Target::Item(Item::Point(point.id))));
        }
    }
}

fn best(all: Vec<Choice>, text: &str) -> Vec<Choice> {
    if text.trim().is_empty() {
        return all.into_iter().take(FOUND_MAX).collect();
    }
    let pattern = Pattern::parse(text.trim(), CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut letters), &mut matcher);
    let mut found: Vec<(u32, Choice)> = all
        .into_iter()
        .filter_map(|choice| {
            // A name counts twice as much as a description.
            let by_name = score(&choice.name).map(|points| points * 2);
            let by_both = score(&format!("{} {}", choice.name, choice.detail));
            by_name.max(by_both).map(|points| (points, choice))
        })
        .collect();
    found.sort_by_key(|(points, choice)| (std::cmp::Reverse(*points), choice.name.len()));
    found.into_iter().take(FOUND_MAX).map(|(_, choice)| choice).collect()
}

pub(super) fn run(state: &mut State, purpose: Choosing, choice: Choice, effects: &mut Vec<Effect>) {
    match (choice.target, purpose) {
        (Target::Item(item), Choosing::Pen) => {
            if let Item::Point(point) = item {
                state.trend.fit(state.live.system.uptime_ms);
                state.trend.add(point);
            }
        }
        (Target::Item(_), Choosing::EventTag) => filter_events(state, choice.name, effects),
        (Target::Item(item), _) => look::open(state, item),
        (Target::Page(page), _) => look::page(state, page),
        (Target::Unit(unit), _) => {
            state.nav.go(Page::Units);
            state.nav.unit = unit;
        }
        (Target::Theme(theme), _) => state.settings.theme = theme,
        (Target::Glyphs(glyphs), _) => state.settings.glyphs = glyphs,
        (Target::Motion, _) => state.settings.reduced_motion = !state.settings.reduced_motion,
        (Target::Help, _) => state.overlay = Some(Overlay::Help { scroll: 0 }),
        (Target::Leave, _) => command::ask_to_leave(state),
    }
}

fn filter_events(state: &mut State, tag: String, effects: &mut Vec<Effect>) {
    let to_ms = state.live.time_ms;
    let request = state.request(Pending::EventsOf(Some(tag.clone())));
    effects.push(Effect::Events {
        request,
        from_ms: to_ms - TAG_SPAN_MS,
        to_ms,
        tag: Some(tag.clone()),
        max: TAG_EVENTS,
    });
    state.query.tag = Some(tag);
    state.query.events = None;
    state.query.event_row = 0;
}
