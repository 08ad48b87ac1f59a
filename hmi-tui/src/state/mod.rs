//! Everything that the screen shows, and nothing that is not shown.

mod alarm_list;
mod entry;
mod journal;
mod live;
mod load;
mod nav;
mod overlay;
mod plant;
mod query;
mod shown;
mod track;
mod trend;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Zone;
use crate::event::ApiEvent;
use crate::input::TextInput;
use crate::keymap::Scope;
use crate::look::Look;
use crate::{Event, Glyphs, Theme, value};
use model::wire::{CommandReply, Frame, HistoryReply, PlantView, Role, ServerMessage, Session};
use model::{AlarmState, BlockId, Mode, PointId, Priority, Quality, RecipeId};

pub(crate) use alarm_list::{AlarmList, AlarmTab, worst_unacknowledged};
pub(crate) use entry::{ENTRY_EXPIRES_MS, Entry, FieldKind, Purpose, mode_role, write_role};
pub(crate) use journal::Journal;
pub(crate) use live::Live;
pub(crate) use load::AlarmLoad;
pub(crate) use nav::Nav;
pub use nav::Page;
pub(crate) use overlay::{Choosing, Explanation, Overlay};
pub(crate) use plant::{Item, Plant};
pub(crate) use query::{Asked, Query, parse as parse_query};
pub(crate) use shown::{
    alarm_list_height, belongs, explained_alarm, explained_name, interlocks_here, journal_events,
    parameter_count, parameter_points, row_under_cursor, under_cursor, watched,
};
pub(crate) use track::{TRACK_SLOTS, TRACK_SPAN_MS, Tracks, usable};
pub(crate) use trend::{Pen, Trend};

/// How the HMI looks and what it may do; the part of [`crate::Options`] that the state needs.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub url: String,
    pub user: Option<String>,
    pub theme: Theme,
    pub glyphs: Glyphs,
    pub reduced_motion: bool,
    pub view_only: bool,
    pub zone: Zone,
}

/// The login page.
#[derive(Default)]
pub(crate) struct LoginForm {
    pub(crate) user: TextInput,
    pub(crate) password: TextInput,
    pub(crate) on_password: bool,
    /// A new password is wanted before anything else.
    pub(crate) change: Option<NewPassword>,
    /// Sent, and not yet answered.
    pub(crate) waiting: bool,
    pub(crate) trouble: Option<String>,
}

/// Twice, because nobody sees what is typed.
#[derive(Default)]
pub(crate) struct NewPassword {
    pub(crate) new: TextInput,
    pub(crate) again: TextInput,
    pub(crate) on_again: bool,
}

/// The line above the hints: the last command and what became of it, or why a key did nothing.
#[derive(Debug, Default)]
pub(crate) struct LastAction {
    pub(crate) time_ms: Option<i64>,
    pub(crate) user: String,
    pub(crate) text: String,
    pub(crate) outcome: Outcome,
    /// Answers that are still awaited, of how many.
    pub(crate) open: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    #[default]
    Note,
    Sent,
    Accepted,
    Refused,
}

/// What an answer belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pending {
    Track(PointId),
    Pen(PointId),
    Column(usize),
    Journal,
    EventsOf(Option<String>),
    Why(String),
    Command(String),
}

/// Answers that may be outstanding; a controller that answers none does not fill the memory.
const PENDING_MAX: usize = 1_000;

/// Whoever looks must know that the screen is of another plant than a moment ago.
fn plant_changed(view: &PlantView) -> Overlay {
    let hash = view.hash.get(..8).unwrap_or(&view.hash);
    Overlay::Note {
        title: "THE PLANT HAS CHANGED".to_owned(),
        text: format!(
            "{} is now in force as {hash}. What was half typed is discarded; look at the value before you act. \
             The event list says who changed what.",
            view.title
        ),
    }
}

/// The whole HMI as a value. [`crate::update`] changes it, [`crate::draw`] shows it.
pub struct State {
    pub(crate) settings: Settings,
    /// Our clock, in milliseconds from the start.
    pub(crate) now_ms: u64,
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) session: Option<Session>,
    pub(crate) login: Option<LoginForm>,
    /// Why the live link broke last.
    pub(crate) trouble: Option<String>,
    pub(crate) reconnects: u64,
    pub(crate) plant: Option<Arc<Plant>>,
    pub(crate) live: Live,
    pub(crate) was_lost: bool,
    pub(crate) tracks: Tracks,
    pub(crate) journal: Journal,
    pub(crate) load: AlarmLoad,
    pub(crate) nav: Nav,
    pub(crate) alarm_list: AlarmList,
    pub(crate) trend: Trend,
    pub(crate) recipe_row: usize,
    pub(crate) query: Query,
    pub(crate) entry: Option<Entry>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) explanation: Explanation,
    pub(crate) last: LastAction,
    pub(crate) pending: BTreeMap<u64, Pending>,
    next_request: u64,
}

impl State {
    /// Nothing known yet. With `login` it asks for user and password.
    pub fn new(settings: Settings, login: bool) -> Self {
        let form = || LoginForm {
            user: TextInput::new(settings.user.as_deref().unwrap_or_default()),
            on_password: settings.user.is_some(),
            ..LoginForm::default()
        };
        Self {
            login: login.then(form),
            settings,
            now_ms: 0,
            width: 120,
            height: 40,
            session: None,
            trouble: None,
            reconnects: 0,
            plant: None,
            live: Live::default(),
            was_lost: false,
            tracks: Tracks::default(),
            journal: Journal::default(),
            load: AlarmLoad::default(),
            nav: Nav::default(),
            alarm_list: AlarmList::default(),
            trend: Trend::default(),
            recipe_row: 0,
            query: Query::default(),
            entry: None,
            overlay: None,
            explanation: Explanation::default(),
            last: LastAction::default(),
            pending: BTreeMap::new(),
            next_request: 0,
        }
    }

    /// A state for a picture: a plant, one full frame and recorded hours, without any connection.
    ///
    /// `page` is a page (`overview`, `alarms`, ...), a unit display or a tag whose faceplate opens.
    pub fn offline(
        settings: Settings,
        session: Session,
        plant: PlantView,
        frame: Frame,
        history: &[HistoryReply],
        page: &str,
    ) -> Self {
        let mut state = Self::new(settings, false);
        let feed = |state: &mut Self, event| {
            crate::update(state, 0, Event::Api(event));
        };
        feed(&mut state, ApiEvent::Session(session));
        feed(&mut state, ApiEvent::Plant(Box::new(plant)));
        feed(&mut state, ApiEvent::Message(Box::new(ServerMessage::Frame(frame))));
        crate::update::show(&mut state, page);
        for reply in history {
            let point = state.plant.as_ref().and_then(|plant| plant.find_point(&reply.point));
            if let Some(point) = point {
                state.tracks.watch(point, 0);
                state.tracks.answer(point, reply);
                state.trend.answer(point, &Ok(reply.clone()));
            }
        }
        state
    }

    /// The kind of view that gets the keys.
    pub(crate) fn scope(&self) -> Scope {
        use model::wire::BlockKind;
        match (self.nav.details.last(), &self.plant) {
            (Some(Item::Interlock(_)), _) => Scope::INTERLOCK,
            (Some(Item::Point(_)), _) => Scope::TAG,
            (Some(Item::Block(block)), Some(plant)) => match plant.block(*block).map(|block| block.kind) {
                Some(BlockKind::Pid) => Scope::LOOP,
                Some(BlockKind::Motor | BlockKind::Valve | BlockKind::Breaker) => Scope::DEVICE,
                _ => Scope::TAG,
            },
            _ => self.nav.page.scope(),
        }
    }

    /// Letters go into a text now, and mean nothing else.
    pub(crate) fn takes_text(&self) -> bool {
        let typing = self.entry.as_ref().is_some_and(|entry| !entry.fields.is_empty());
        let choosing = matches!(self.overlay, Some(Overlay::Choose { .. }));
        self.login.is_some() || typing || choosing || (self.query.editing && self.nav.page == Page::History)
    }

    /// Too small for a page, and so for any command.
    pub(crate) fn is_small(&self) -> bool {
        self.width < crate::layout::WIDTH_MIN || self.height < crate::layout::HEIGHT_MIN
    }

    pub(crate) fn detail(&self) -> Option<Item> {
        self.nav.details.last().copied()
    }

    pub(crate) fn look(&self) -> Look {
        let mut look = Look::new(self.settings.theme, self.settings.glyphs);
        look.lit = self.settings.reduced_motion || (self.now_ms / 500).is_multiple_of(2);
        look.lost = self.lost_for().is_some();
        look
    }

    /// For how long nothing has come from the controller, once that is too long.
    pub(crate) fn lost_for(&self) -> Option<u64> {
        self.live.lost_for(self.now_ms)
    }

    pub(crate) fn request(&mut self, pending: Pending) -> u64 {
        while self.pending.len() >= PENDING_MAX {
            self.pending.pop_first();
        }
        self.next_request += 1;
        self.pending.insert(self.next_request, pending);
        self.next_request
    }

    /// Says why nothing that changes the plant can be done by `role` and above, if so.
    pub(crate) fn command_refusal(&self, role: Role) -> Option<String> {
        if self.settings.view_only {
            return Some("this HMI was started with --view: looking only".to_owned());
        }
        let Some(session) = &self.session else {
            return Some("nobody is logged in".to_owned());
        };
        if let Some(age) = self.lost_for() {
            return Some(format!("link lost for {} s: commands are refused until it is back", age / 1000));
        }
        (session.role < role)
            .then(|| format!("needs the role {}; {} is {}", role.word(), session.user, session.role.word()))
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.last = LastAction { text: text.into(), ..LastAction::default() };
    }

    /// The value of a point as text without its unit, and the mark of its quality.
    pub(crate) fn reading(&self, point: PointId) -> (String, &'static str) {
        let Some(plant) = self.plant.as_deref() else { return (value::dashes(1), "!") };
        let Some(view) = plant.point(point) else { return (value::dashes(1), "!") };
        let (number, quality) = self.live.value(point);
        let part = plant.role(point).and_then(|(block, role)| Some((plant.block(block)?.kind, role)));
        let mark = if quality.is_good() && !number.is_finite() { "!" } else { quality.mark() };
        (value::shown(view, part, number, quality), mark)
    }

    /// What a value of a point is called.
    pub(crate) fn words_for(&self, point: PointId, number: f64) -> String {
        let Some(plant) = self.plant.as_deref() else { return value::dashes(0) };
        let part = plant.role(point).and_then(|(block, role)| Some((plant.block(block)?.kind, role)));
        plant
            .point(point)
            .map_or_else(|| value::dashes(0), |view| value::shown(view, part, number, Quality::Good))
    }

    pub(crate) fn mode_of(&self, block: BlockId) -> Option<Mode> {
        let point = self.plant.as_deref()?.part(block, "MODE")?;
        self.live.usable(point).map(Mode::from_value)
    }

    /// The worst annunciated alarm of some, and whether any of that priority waits for a person.
    pub(crate) fn worst_of(&self, alarms: &[model::AlarmId]) -> Option<(Priority, bool)> {
        let plant = self.plant.as_deref()?;
        let standing = alarms.iter().filter_map(|id| {
            let status = self.live.alarm(*id).filter(|status| status.state.is_annunciated())?;
            Some((plant.alarm(*id)?.priority, status.state == AlarmState::Unacked))
        });
        standing.min_by_key(|(priority, unacknowledged)| (*priority, !unacknowledged))
    }

    /// Annunciated alarms by priority, and the shelved ones.
    pub(crate) fn alarm_counts(&self) -> ([usize; 4], usize) {
        let mut counts = [0; 4];
        let mut shelved = 0;
        for status in &self.live.alarms {
            shelved += usize::from(status.state == AlarmState::Shelved);
            let alarm = self.plant.as_deref().and_then(|plant| plant.alarm(status.alarm));
            if let (true, Some(alarm)) = (status.state.is_annunciated(), alarm) {
                counts[alarm.priority as usize - 1] += 1;
            }
        }
        (counts, shelved)
    }

    /// The recipe under the cursor of the batch page.
    pub(crate) fn selected_recipe(&self) -> Option<RecipeId> {
        let recipes = &self.plant.as_deref()?.view.recipes;
        recipes.get(self.recipe_row.min(recipes.len().saturating_sub(1))).map(|recipe| recipe.id)
    }

    pub(crate) fn user(&self) -> &str {
        self.session.as_ref().map_or("", |session| session.user.as_str())
    }

    /// A new plant: what was known of the old one goes, the person's place stays if it can.
    pub(crate) fn load_plant(&mut self, view: PlantView) {
        if self.plant.as_ref().is_some_and(|plant| plant.view.hash == view.hash) {
            return;
        }
        if self.plant.is_some() {
            self.overlay = Some(plant_changed(&view));
        } else {
            self.overlay = None;
        }
        self.live = Live::new(view.points.len());
        self.tracks = Tracks::default();
        self.load = AlarmLoad::default();
        self.alarm_list = AlarmList::default();
        self.trend = Trend::default();
        self.query = Query::default();
        let page = self.nav.page;
        self.nav = Nav::default();
        self.nav.page = page;
        self.entry = None;
        self.recipe_row = 0;
        self.plant = Some(Arc::new(Plant::new(view)));
    }

    pub(crate) fn quality_of(&self, point: PointId) -> Quality {
        self.live.value(point).1
    }

    /// What became of a command.
    pub(crate) fn command_answered(&mut self, label: &str, result: Result<CommandReply, String>) {
        self.last.open = self.last.open.saturating_sub(1);
        self.last.time_ms = Some(self.live.time_ms);
        let (accepted, unrecorded, text) = match result {
            Ok(reply) => {
                self.last.time_ms = Some(reply.time_ms);
                (reply.accepted, reply.unrecorded, reply.message)
            }
            Err(trouble) => (false, false, trouble),
        };
        if unrecorded {
            self.overlay = Some(Overlay::Note { title: "DONE, NOT RECORDED".to_owned(), text: text.clone() });
        }
        if accepted {
            if self.last.outcome != Outcome::Refused {
                self.last.outcome = Outcome::Accepted;
                self.last.text = text;
            }
            return;
        }
        self.last.outcome = Outcome::Refused;
        self.last.text = format!("{label}: {text}");
        // One line may be too short for the whole of it, and a refusal is shown in full.
        if crate::pane::columns(&self.last.text) + 40 > self.width {
            self.overlay = Some(Overlay::Note { title: "REFUSED".to_owned(), text: self.last.text.clone() });
        }
    }
}
