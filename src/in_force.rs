//! The plant that is in force, with all that is of it and of no other: whoever needs more than one of
//! these takes them together, so that nobody reads the values of one plant with the names of another.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, PoisonError, RwLock};

use api::InForce;
use control::StateView;
use control::plant::Plant;
use crossbeam_queue::ArrayQueue;
use model::Command;
use model::wire::CommandReply;
use tokio::sync::watch;

use crate::clock;
use crate::journal_thread::Waiting;
use crate::wiring;

pub struct PlantInForce {
    pub plant: Arc<Plant>,
    /// As the API tells it, with the frames of this plant.
    pub api: Arc<InForce>,
    pub state: watch::Receiver<Arc<StateView>>,
    /// Commands whose ids are of this plant.
    pub commands: Arc<CommandQueue>,
}

/// Where everybody but the scan looks up which plant is in force.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Arc<PlantInForce>>>);

impl Current {
    pub fn new(first: Arc<PlantInForce>) -> Self {
        Self(Arc::new(RwLock::new(first)))
    }

    pub fn get(&self) -> Arc<PlantInForce> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn put(&self, next: Arc<PlantInForce>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

/// Commands on their way to the scan. When another plant comes into force, the scan turns to that plant's
/// queue, and what is left in this one is refused: its ids would mean something else.
pub struct CommandQueue {
    waiting: ArrayQueue<Command>,
    retired: AtomicBool,
}

impl CommandQueue {
    pub fn new() -> Self {
        Self { waiting: ArrayQueue::new(wiring::COMMANDS_WAITING), retired: AtomicBool::new(false) }
    }

    /// For the scan.
    pub fn pop(&self) -> Option<Command> {
        self.waiting.pop()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// False when there is no room. A command that comes behind the change is answered by `askers` at once.
    pub fn push(&self, command: Command, askers: &Waiting) -> bool {
        let taken = self.waiting.push(command).is_ok();
        if self.retired.load(SeqCst) {
            self.refuse_rest(askers);
        }
        taken
    }

    /// The scan takes nothing from here any more.
    pub fn retire(&self, askers: &Waiting) {
        self.retired.store(true, SeqCst);
        self.refuse_rest(askers);
    }

    /// Whoever takes a command out decides what becomes of it, so none is done and refused as well.
    fn refuse_rest(&self, askers: &Waiting) {
        while let Some(command) = self.waiting.pop() {
            let asker = askers.lock().unwrap_or_else(PoisonError::into_inner).remove(&command.id);
            let message = "the plant has changed, and nothing was done; look before you try again".to_owned();
            let time_ms = clock::now_ms();
            let reply = CommandReply { accepted: false, message, tick: 0, time_ms, unrecorded: false };
            // Nobody waits any more: nothing was done, and nobody has to know.
            drop(asker.map(|asker| asker.reply.send(reply)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::PoisonError;

    use model::{Action, AlarmId, Command, UserId};
    use tokio::sync::oneshot;

    use super::CommandQueue;
    use crate::journal_thread::{Asker, Waiting};

    fn ask(queue: &CommandQueue, askers: &Waiting, id: u64) -> oneshot::Receiver<model::wire::CommandReply> {
        let (sender, receiver) = oneshot::channel();
        let asker = Asker { reply: sender, reason: String::new() };
        askers.lock().unwrap_or_else(PoisonError::into_inner).insert(id, asker);
        let action = Action::Acknowledge { alarm: AlarmId(0) };
        assert!(queue.push(Command { id, user: UserId(1), action }, askers));
        receiver
    }

    #[test]
    fn commands_before_and_behind_a_change_of_the_plant_are_refused_and_none_that_the_scan_took() {
        let (queue, askers) = (CommandQueue::new(), Waiting::default());
        let mut taken = ask(&queue, &askers, 1);
        let mut before = ask(&queue, &askers, 2);
        assert_eq!(queue.pop().map(|command| command.id), Some(1));
        queue.retire(&askers);
        let mut behind = ask(&queue, &askers, 3);
        assert!(queue.pop().is_none());
        for refused in [&mut before, &mut behind] {
            assert!(!refused.try_recv().unwrap().accepted);
        }
        assert!(taken.try_recv().is_err(), "the scan answers this one");
    }
}
