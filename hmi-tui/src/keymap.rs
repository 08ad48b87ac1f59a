//! The one table of keys: the hint row, the help page and the dispatch all read it.

use crate::state::Page;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use model::ProcOrder;

/// Where a key means something. A set of views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope(u16);

impl Scope {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const OVERVIEW: Self = Self(1);
    pub(crate) const UNIT: Self = Self(1 << 1);
    pub(crate) const ALARMS: Self = Self(1 << 2);
    pub(crate) const TRENDS: Self = Self(1 << 3);
    pub(crate) const BATCH: Self = Self(1 << 4);
    pub(crate) const HISTORY: Self = Self(1 << 5);
    pub(crate) const SYSTEM: Self = Self(1 << 6);
    pub(crate) const LOOP: Self = Self(1 << 7);
    pub(crate) const DEVICE: Self = Self(1 << 8);
    pub(crate) const TAG: Self = Self(1 << 9);
    pub(crate) const INTERLOCK: Self = Self(1 << 10);
    pub(crate) const ALL: Self = Self((1 << 11) - 1);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn but(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Page(Page),
    Step(isize),
    /// By a screenful.
    Leap(isize),
    First,
    Last,
    Aside(isize),
    Open,
    Back,
    Tab,
    Banner,
    Find,
    Palette,
    Help,
    Leave,
    Acknowledge,
    AcknowledgeVisible,
    Shelve,
    AreaFilter,
    Mimic,
    Trend,
    Interlocks,
    Faceplate,
    SetValue,
    SetMode,
    SetOutput,
    Switch(bool),
    Tuning,
    TagAlarms,
    TagHistory,
    Why,
    ResetTrip,
    Bypass,
    Force,
    Simulate,
    Stroke,
    Span(isize),
    Pan(isize),
    LiveEnd,
    AddPen,
    PenOnOff,
    DropPen,
    PenScale,
    Freeze,
    Prepare,
    Parameters,
    Order(ProcOrder),
    /// Restart what is held, reset what is over.
    RestartOrReset,
    PauseOrResume,
    Query,
    EventKind,
    EventTag,
}

impl Act {
    /// Changes the plant: refused without a link, for viewers and with `--view`.
    pub(crate) const fn is_command(self) -> bool {
        matches!(
            self,
            Self::Acknowledge
                | Self::AcknowledgeVisible
                | Self::Shelve
                | Self::SetValue
                | Self::SetMode
                | Self::SetOutput
                | Self::Switch(_)
                | Self::ResetTrip
                | Self::Bypass
                | Self::Force
                | Self::Simulate
                | Self::Stroke
                | Self::Prepare
                | Self::Order(_)
                | Self::RestartOrReset
                | Self::PauseOrResume
        )
    }
}

pub(crate) struct Binding {
    pub(crate) keys: &'static [KeyCode],
    /// As it is written in the hint row.
    pub(crate) label: &'static str,
    pub(crate) word: &'static str,
    pub(crate) help: &'static str,
    /// One for each key.
    pub(crate) acts: &'static [Act],
    pub(crate) scope: Scope,
    /// Where it stands in the hint row.
    pub(crate) hinted: Scope,
}

const fn key(
    keys: &'static [KeyCode],
    label: &'static str,
    word: &'static str,
    help: &'static str,
    acts: &'static [Act],
    scope: Scope,
    hinted: Scope,
) -> Binding {
    Binding { keys, label, word, help, acts, scope, hinted }
}

use Act as A;
use KeyCode as K;
use Scope as S;

const FACE: Scope = S::LOOP.or(S::DEVICE).or(S::TAG);
const ROWS: Scope = S::OVERVIEW.or(S::UNIT);
/// Views with a column of rows that a cursor walks.
const LISTS: Scope = S::ALL;

/// In the order of the hint row.
pub(crate) const KEYMAP: &[Binding] = &[
    key(&[K::Char('1')], "1", "Overview", "plant overview", &[A::Page(Page::Overview)], S::ALL, S::OVERVIEW),
    key(&[K::Char('2')], "2", "Units", "displays of the units", &[A::Page(Page::Units)], S::ALL, S::OVERVIEW),
    key(&[K::Char('3')], "3", "Alarms", "alarm list", &[A::Page(Page::Alarms)], S::ALL, S::OVERVIEW),
    key(&[K::Char('4')], "4", "Trends", "trends, four pens", &[A::Page(Page::Trends)], S::ALL, S::OVERVIEW),
    key(&[K::Char('5')], "5", "Batch", "recipes and batches", &[A::Page(Page::Batch)], S::ALL, S::OVERVIEW),
    key(
        &[K::Char('6')],
        "6",
        "History",
        "history and events",
        &[A::Page(Page::History)],
        S::ALL,
        S::OVERVIEW,
    ),
    key(&[K::Char('7')], "7", "System", "controller, links", &[A::Page(Page::System)], S::ALL, S::OVERVIEW),
    key(&[K::Enter], "Enter", "open", "go down to the unit", &[A::Open], S::OVERVIEW, S::OVERVIEW),
    key(&[K::Enter], "Enter", "faceplate", "open the faceplate", &[A::Open], S::UNIT, S::UNIT),
    key(&[K::Enter], "Enter", "go to display", "go where it can be mended", &[A::Open], S::ALARMS, S::ALARMS),
    key(
        &[K::Char('f')],
        "f",
        "faceplate",
        "straight to the faceplate",
        &[A::Faceplate],
        S::OVERVIEW,
        S::NONE,
    ),
    key(
        &[K::Char('M')],
        "M",
        "mode",
        "change the mode, out of service",
        &[A::SetMode],
        FACE,
        S::LOOP.or(S::DEVICE),
    ),
    key(
        &[K::Char('V')],
        "V",
        "set value",
        "set point, manual entry, parameter",
        &[A::SetValue],
        FACE.or(S::BATCH),
        S::LOOP.or(S::TAG),
    ),
    key(&[K::Char('O')], "O", "output", "set the output, in MAN", &[A::SetOutput], S::LOOP, S::LOOP),
    key(
        &[K::Char('S')],
        "S",
        "start/open",
        "start, open or close in",
        &[A::Switch(true)],
        S::DEVICE,
        S::DEVICE,
    ),
    key(
        &[K::Char('P')],
        "P",
        "stop/close",
        "stop, close or open up",
        &[A::Switch(false)],
        S::DEVICE,
        S::DEVICE,
    ),
    key(
        &[K::Char('R')],
        "R",
        "reset trip",
        "let a latched interlock go",
        &[A::ResetTrip],
        S::INTERLOCK,
        S::INTERLOCK,
    ),
    key(&[K::Char('B')], "B", "bypass", "take it out for a time", &[A::Bypass], S::INTERLOCK, S::INTERLOCK),
    key(
        &[K::Char('F')],
        "F",
        "simulate",
        "let its feedback follow the order for a time",
        &[A::Simulate],
        S::DEVICE,
        S::DEVICE,
    ),
    key(
        &[K::Char('T')],
        "T",
        "stroke",
        "test the valve's stroke, or end the test",
        &[A::Stroke],
        S::DEVICE,
        S::DEVICE,
    ),
    key(&[K::Char('F')], "F", "force", "hold a tag of the field for a time", &[A::Force], S::TAG, S::TAG),
    key(
        &[K::Char('w')],
        "w",
        "why",
        "why it is as it is",
        &[A::Why],
        FACE.or(S::INTERLOCK).or(S::UNIT),
        FACE,
    ),
    key(&[K::Char('e')], "e", "alarms", "alarms of this tag", &[A::TagAlarms], FACE, FACE),
    key(
        &[K::Char('g')],
        "g",
        "tuning",
        "walk the tuning and other parameters",
        &[A::Tuning],
        S::LOOP.or(S::TAG),
        S::LOOP.or(S::TAG),
    ),
    key(&[K::Char('t')], "t", "trend", "give it a pen", &[A::Trend], FACE.or(ROWS), FACE.or(S::UNIT)),
    key(&[K::Char('h')], "h", "history", "query its history", &[A::TagHistory], FACE.or(ROWS), FACE),
    key(
        &[K::Char('i')],
        "i",
        "interlocks",
        "interlocks that act here",
        &[A::Interlocks],
        S::UNIT.or(FACE),
        S::UNIT.or(S::DEVICE),
    ),
    key(
        &[K::Left, K::Right],
        "Left/Right",
        "next unit",
        "unit before, unit behind",
        &[A::Aside(-1), A::Aside(1)],
        S::UNIT,
        S::UNIT,
    ),
    key(
        &[K::Left, K::Right],
        "Left/Right",
        "next interlock",
        "interlock before, interlock behind",
        &[A::Aside(-1), A::Aside(1)],
        S::INTERLOCK,
        S::INTERLOCK,
    ),
    key(&[K::Char('m')], "m", "mimic", "mimic or rows, on a small screen", &[A::Mimic], S::UNIT, S::NONE),
    key(
        &[K::Char('a')],
        "a",
        "ack",
        "acknowledge what the cursor is on",
        &[A::Acknowledge],
        S::ALL,
        ROWS.or(S::ALARMS).or(S::DEVICE),
    ),
    key(
        &[K::Char('v')],
        "v",
        "ack visible",
        "acknowledge all on the screen",
        &[A::AcknowledgeVisible],
        S::ALARMS,
        S::ALARMS,
    ),
    key(&[K::Char('s')], "s", "shelve", "hide for a time, or bring back", &[A::Shelve], S::ALARMS, S::ALARMS),
    key(&[K::Char('f')], "f", "area", "one area, or all", &[A::AreaFilter], S::ALARMS, S::ALARMS),
    key(&[K::Tab], "Tab", "list", "next list", &[A::Tab], S::ALARMS, S::ALARMS),
    key(
        &[K::Left, K::Right],
        "Left/Right",
        "cursor",
        "move the cursor through time",
        &[A::Aside(-1), A::Aside(1)],
        S::TRENDS,
        S::TRENDS,
    ),
    key(
        &[K::Char('+'), K::Char('-')],
        "+/-",
        "span",
        "longer, shorter span",
        &[A::Span(1), A::Span(-1)],
        S::TRENDS,
        S::TRENDS,
    ),
    key(
        &[K::Char('['), K::Char(']')],
        "[ ]",
        "pan",
        "back and forth in time",
        &[A::Pan(-1), A::Pan(1)],
        S::TRENDS,
        S::TRENDS,
    ),
    key(&[K::Char('0')], "0", "live", "back to now", &[A::LiveEnd], S::TRENDS, S::TRENDS),
    key(&[K::Tab], "Tab", "pen", "next pen", &[A::Tab], S::TRENDS, S::TRENDS),
    key(&[K::Char('n')], "n", "add", "give a tag a pen", &[A::AddPen], S::TRENDS, S::TRENDS),
    key(&[K::Char('o')], "o", "on/off", "show or hide the pen", &[A::PenOnOff], S::TRENDS, S::TRENDS),
    key(&[K::Char('d')], "d", "drop", "take the pen away", &[A::DropPen], S::TRENDS, S::TRENDS),
    key(
        &[K::Char('y')],
        "y",
        "scale",
        "own scale, range of the instrument",
        &[A::PenScale],
        S::TRENDS,
        S::TRENDS,
    ),
    key(&[K::Char(' ')], "Space", "freeze", "hold the picture", &[A::Freeze], S::TRENDS, S::TRENDS),
    key(
        &[K::Char('S')],
        "S",
        "start",
        "start the prepared batch",
        &[A::Order(ProcOrder::Start)],
        S::BATCH,
        S::BATCH,
    ),
    key(&[K::Char('H')], "H", "hold", "hold the batch", &[A::Order(ProcOrder::Hold)], S::BATCH, S::BATCH),
    key(
        &[K::Char('R')],
        "R",
        "restart",
        "restart what is held, reset what is over",
        &[A::RestartOrReset],
        S::BATCH,
        S::BATCH,
    ),
    key(&[K::Char('U')], "U", "pause", "pause, resume", &[A::PauseOrResume], S::BATCH, S::BATCH),
    key(
        &[K::Char('P')],
        "P",
        "stop",
        "stop the batch in order",
        &[A::Order(ProcOrder::Stop)],
        S::BATCH,
        S::BATCH,
    ),
    key(
        &[K::Char('X')],
        "X",
        "abort",
        "abort the batch at once",
        &[A::Order(ProcOrder::Abort)],
        S::BATCH,
        S::BATCH,
    ),
    key(
        &[K::Char('N')],
        "N",
        "new batch",
        "prepare a batch of this recipe",
        &[A::Prepare],
        S::BATCH,
        S::BATCH,
    ),
    key(
        &[K::Char('p')],
        "p",
        "parameters",
        "walk the parameters, V sets one",
        &[A::Parameters],
        S::BATCH,
        S::BATCH,
    ),
    key(&[K::Char('w')], "w", "why", "why the phase is as it is", &[A::Why], S::BATCH, S::BATCH),
    key(&[K::Char('n')], "n", "query", "tags, span and step", &[A::Query], S::HISTORY, S::HISTORY),
    key(&[K::Tab], "Tab", "table/journal", "where the cursor walks", &[A::Tab], S::HISTORY, S::HISTORY),
    key(&[K::Char('k')], "k", "kind", "events of one kind, or all", &[A::EventKind], S::HISTORY, S::HISTORY),
    key(&[K::Char('f')], "f", "tag", "events of one tag, or all", &[A::EventTag], S::HISTORY, S::HISTORY),
    key(
        &[K::Up, K::Down],
        "Up/Down",
        "row",
        "rows; above the first is the banner",
        &[A::Step(-1), A::Step(1)],
        LISTS,
        S::SYSTEM,
    ),
    key(
        &[K::PageUp, K::PageDown],
        "PgUp/PgDn",
        "page",
        "by a screenful",
        &[A::Leap(-1), A::Leap(1)],
        LISTS,
        S::NONE,
    ),
    key(&[K::Home, K::End], "Home/End", "ends", "first row, last row", &[A::First, A::Last], LISTS, S::NONE),
    key(
        &[K::Enter],
        "Enter",
        "use",
        "edit the query or the parameter",
        &[A::Open],
        S::ALL.but(ROWS).but(S::ALARMS),
        S::NONE,
    ),
    key(&[K::Esc], "Esc", "up", "one level up", &[A::Back], S::ALL, S::UNIT.or(S::INTERLOCK)),
    key(&[K::Esc], "Esc", "close", "back to where it came from", &[A::Back], S::NONE, FACE),
    key(&[K::Char('b')], "b", "banner", "go where the banner's alarm is", &[A::Banner], S::ALL, S::SYSTEM),
    key(
        &[K::Char('/')],
        "/",
        "find",
        "find a tag",
        &[A::Find],
        S::ALL,
        S::OVERVIEW.or(S::ALARMS).or(S::SYSTEM),
    ),
    key(
        &[K::Char(':')],
        ":",
        "command",
        "pages, tags and settings by name",
        &[A::Palette],
        S::ALL,
        ROWS.or(S::SYSTEM),
    ),
    key(&[K::Char('?')], "?", "help", "all keys", &[A::Help], S::ALL, S::ALL),
    key(&[K::Char('q')], "q", "leave", "leave the HMI", &[A::Leave], S::ALL, S::SYSTEM),
];

/// What a key means in a view.
pub(crate) fn meaning(scope: Scope, key: KeyEvent) -> Option<Act> {
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return None;
    }
    KEYMAP.iter().filter(|binding| binding.scope.meets(scope)).find_map(|binding| {
        let index = binding.keys.iter().position(|code| *code == key.code)?;
        binding.acts.get(index).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::{KEYMAP, Scope};

    #[test]
    fn no_key_means_two_things_in_one_view() {
        for bit in 0..11 {
            let view = Scope(1 << bit);
            let mut seen = Vec::new();
            for binding in KEYMAP.iter().filter(|binding| binding.scope.meets(view)) {
                assert_eq!(binding.keys.len(), binding.acts.len(), "{}", binding.label);
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} is taken twice in view {bit}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn only_capitals_and_acknowledging_act_on_the_plant() {
        for binding in KEYMAP {
            for (code, act) in binding.keys.iter().zip(binding.acts) {
                let crossterm::event::KeyCode::Char(letter) = code else {
                    assert!(!act.is_command(), "{}", binding.label);
                    continue;
                };
                let acknowledges = matches!(letter, 'a' | 'v' | 's');
                assert_eq!(act.is_command(), letter.is_ascii_uppercase() || acknowledges, "{letter}");
            }
        }
    }
}
