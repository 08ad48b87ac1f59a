//! A scenario: what happens to a plant at which time, and what must follow; and the watch over it.
//!
//! Scenarios stand in `scenarios/*.toml` of the plant folder. They are tests of the plant and no part
//! of it: its hash does not know them, and their expressions have code and memory of their own.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::ops::Range;
use model::wire::WhyLine;
use model::{AlarmId, InterlockId, ProcOrder, ProcState, RecipeId};

use crate::engine::Engine;
use crate::explain;
use crate::machine::{Memory, Now, Truth};
use crate::plant::{Assignment, Code, Expr, Plant};
use crate::state_view::StateView;

/// One file of `scenarios/`, compiled against its plant.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    pub title: String,
    /// Index into the sources that were compiled.
    pub source: usize,
    /// Begins with an empty, cold plant; otherwise with one that runs.
    pub cold: bool,
    pub duration_ms: u64,
    /// Of the simulator's noise.
    pub seed: u64,
    /// How far the simulator's balances may be open at the end, relative to what went through.
    pub closure: f64,
    /// In order of their times.
    pub deeds: Vec<TimedDeed>,
    pub expectations: Vec<Expectation>,
    /// What the expressions of this scenario run on.
    pub code: Code,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TimedDeed {
    pub at_ms: u64,
    pub deed: Deed,
    /// What people read of it.
    pub text: String,
    /// The plant must refuse it.
    pub refused: bool,
    /// Where it stands in the scenario's source.
    pub span: Range<usize>,
}

/// What somebody or something does to the plant.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A fault of the simulator, with its parameters as they are written.
    Fault {
        name: String,
        parameters: Vec<(String, String)>,
    },
    /// `all` clears every fault.
    Clear {
        name: String,
        parameters: Vec<(String, String)>,
    },
    Set(Assignment),
    /// A batch of this recipe, with parameters by their position.
    Start {
        recipe: RecipeId,
        parameters: Vec<(u16, f64)>,
    },
    Order {
        recipe: RecipeId,
        order: ProcOrder,
    },
    /// `None`: whatever is not acknowledged.
    Acknowledge(Option<AlarmId>),
    /// `None`: whatever waits for a reset.
    Reset(Option<InterlockId>),
    /// The controller dies, and another one takes over so much later.
    Kill {
        away_ms: u64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub what: Expected,
    pub from_ms: u64,
    pub until_ms: u64,
    /// As it is written.
    pub text: String,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// True at one moment at least.
    Becomes(Expr),
    /// True at the end of the time.
    Is(Expr),
    Always(Expr),
    Never(Expr),
    /// The last batch of this recipe comes to this state.
    Ends(RecipeId, ProcState),
    /// These trip, each of them, and no other.
    Trips(Vec<InterlockId>),
    /// At one moment it has tripped and everything that it dictates stands as it says.
    Safe(InterlockId),
    /// At one moment this alarm tells the operator: its condition stands, neither shelved nor suppressed.
    Tells(AlarmId),
    /// It tells at none; `None`: no alarm does.
    Quiet(Option<AlarmId>),
}

/// Evaluates a scenario's expressions beside an engine, which does not notice.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The plant, with the scenario's code in place of its own.
    plant: Arc<Plant>,
    memory: Memory,
    view: StateView,
}

impl Watch {
    pub fn new(plant: &Plant, scenario: &Scenario) -> Self {
        let plant = Plant { code: scenario.code.clone(), ..plant.clone() };
        let image = crate::Image::new(&plant);
        let (memory, view) = (Memory::new(&plant, &image), StateView::new(&plant));
        Self { plant: Arc::new(plant), memory, view }
    }

    /// Whether a condition holds after the last scan; `None` when bad values leave it open.
    pub fn truth(&mut self, expr: &Expr, engine: &Engine) -> Option<bool> {
        let now = self.now(engine);
        match self.memory.truth(&self.plant.code.ops, expr, engine.image(), now) {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Bad => None,
        }
    }

    /// A number after the last scan; `None` when it is bad.
    pub fn value(&mut self, expr: &Expr, engine: &Engine) -> Option<f64> {
        let now = self.now(engine);
        let slot = self.memory.eval(&self.plant.code.ops, expr, engine.image(), now);
        slot.quality.is_usable().then_some(slot.value)
    }

    /// To be called once after every scan, when all that is asked of it has been asked.
    pub fn end_scan(&mut self, engine: &Engine) {
        self.memory.previous.take(engine.image());
    }

    /// What a condition is made of, with live values, as `why` tells it.
    pub fn why(&mut self, expr: &Expr, engine: &Engine) -> Vec<WhyLine> {
        self.look(engine);
        explain::condition_lines(&self.plant, &self.view, expr)
    }

    /// What a condition waits for, in one line; empty when it holds.
    pub fn missing(&mut self, expr: &Expr, engine: &Engine) -> String {
        self.look(engine);
        explain::missing_text(&self.plant, &self.view, expr)
    }

    /// The plant as it is, with the memory of these expressions in place of its own.
    fn look(&mut self, engine: &Engine) {
        engine.publish(&mut self.view);
        self.view.timers.clone_from(&self.memory.timers);
        self.view.edges.clone_from(&self.memory.edges);
        self.view.rates.clone_from(&self.memory.rates);
    }

    fn now(&self, engine: &Engine) -> Now {
        Now { tick: engine.tick(), period_ms: u64::from(self.plant.period_ms.max(1)) }
    }
}
