//! Who may be connected to the API: a bounded number, of everybody and of each address.
//!
//! When all places are taken, a newcomer gets that of a stranger:
//!
//! ```text
//!   first to go                                                                    never sent away
//!   said nothing ──► had an answer that anybody gets ──► waits for such an answer ──► signed in
//! ```
//!
//! Among equals the longest silent goes. So who only holds connections open, or comes in crowds, pushes out its
//! like and never somebody who is at work, nor keeps out an operator who is about to sign in. A live connection
//! has left its place with its upgrade, and has bounds of its own.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::task::AbortHandle;

use crate::limits::Limits;

pub(crate) struct Doors {
    max: usize,
    max_per_address: usize,
    /// Everybody behind the proxy comes from its address.
    proxy: Option<IpAddr>,
    started: Instant,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    next: u64,
    guests: Vec<Guest>,
}

struct Guest {
    number: u64,
    address: IpAddr,
    conduct: Arc<Conduct>,
    task: AbortHandle,
}

/// What became of a newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Free,
    /// In the place of a stranger.
    InPlaceOfAnother,
    /// Everybody else is at work.
    Refused,
}

/// How far a connection has come, the least first to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Standing {
    PasserBy,
    Answered,
    Asking,
    AtWork,
    /// Its place is another's: what it still asks is not done.
    SentAway,
}

/// What a connection has shown of itself. The gate of the requests writes it.
#[derive(Debug)]
pub(crate) struct Conduct {
    started: Instant,
    standing: AtomicU8,
    heard_at_ms: AtomicU64,
}

/// A guest's place, which becomes free however the guest goes: a panic in its task takes it with it too.
struct Place {
    doors: Arc<Doors>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.doors.lock().guests.retain(|guest| guest.number != self.number);
    }
}

/// Ends with the answer to a request that anybody may make.
pub(crate) struct Asking(Arc<Conduct>);

impl Conduct {
    fn new(started: Instant) -> Arc<Self> {
        let conduct = Self {
            started,
            standing: AtomicU8::new(Standing::PasserBy as u8),
            heard_at_ms: AtomicU64::new(0),
        };
        conduct.is_now(Standing::PasserBy);
        Arc::new(conduct)
    }

    /// False when it has been sent away meanwhile: that stays.
    fn is_now(&self, standing: Standing) -> bool {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard_at_ms.store(now_ms, Relaxed);
        self.unless(Standing::SentAway, standing)
    }

    /// A request came whose session stands. False when the connection's place has just gone to another: nobody would
    /// hear the answer, so nothing may be done.
    pub(crate) fn signed_in(&self) -> bool {
        self.is_now(Standing::AtWork)
    }

    /// False when it is at work by now, and so stays.
    fn sent_away(&self) -> bool {
        self.unless(Standing::AtWork, Standing::SentAway)
    }

    /// Becomes `next`, unless it is `but`, in one step: the doors and the request may come at the same moment.
    fn unless(&self, but: Standing, next: Standing) -> bool {
        let change = |standing: u8| (standing != but as u8).then_some(next as u8);
        self.standing.fetch_update(Relaxed, Relaxed, change).is_ok()
    }

    /// A request came whose session does not stand.
    pub(crate) fn not_signed_in(&self) {
        self.is_now(Standing::Answered);
    }

    /// A request came that needs no session: it takes nothing from who has one.
    pub(crate) fn asks(self: &Arc<Self>) -> Option<Asking> {
        if self.is_at_work() {
            return None;
        }
        self.is_now(Standing::Asking);
        Some(Asking(Arc::clone(self)))
    }

    fn is_at_work(&self) -> bool {
        self.standing.load(Relaxed) == Standing::AtWork as u8
    }
}

impl Guest {
    /// The least is the first to go. Of those heard in the same millisecond it is who came first.
    fn rank(&self) -> (u8, u64, u64) {
        let Conduct { standing, heard_at_ms, .. } = &*self.conduct;
        (standing.load(Relaxed), heard_at_ms.load(Relaxed), self.number)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.is_now(Standing::Answered);
    }
}

impl Doors {
    pub(crate) fn new(limits: &Limits, proxy: Option<IpAddr>) -> Arc<Self> {
        Arc::new(Self {
            max: limits.connections,
            max_per_address: limits.connections_per_address,
            proxy: proxy.map(|proxy| proxy.to_canonical()),
            started: Instant::now(),
            inside: Mutex::default(),
        })
    }

    /// Serves a newcomer on a task of its own, when there is a place for it.
    pub(crate) fn enter<F>(self: &Arc<Self>, address: IpAddr, serve: impl FnOnce(Arc<Conduct>) -> F) -> Entry
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let address = address.to_canonical();
        let mut inside = self.lock();
        let here = inside.guests.iter().filter(|guest| guest.address == address).count();
        let full_here = here >= self.max_per_address && self.proxy != Some(address);
        let mut entry = Entry::Free;
        if full_here || inside.guests.len() >= self.max {
            let among = full_here.then_some(address);
            if !inside.send_one_away(among) {
                tracing::debug!(%address, here, total = inside.guests.len(), "no connection is free");
                return Entry::Refused;
            }
            entry = Entry::InPlaceOfAnother;
        }
        let conduct = Conduct::new(self.started);
        let number = inside.next;
        inside.next += 1;
        let (doors, serving) = (Arc::clone(self), serve(Arc::clone(&conduct)));
        let task = tokio::spawn(async move {
            // Made here and not outside: a runtime that shuts down drops the task within `spawn`, under the lock.
            let _place = Place { doors, number };
            serving.await;
        });
        inside.guests.push(Guest { number, address, conduct, task: task.abort_handle() });
        entry
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// False when all of them are at work: those of one address, or of all.
    fn send_one_away(&mut self, among: Option<IpAddr>) -> bool {
        loop {
            let strangers = self.guests.iter().enumerate().filter(|(_, guest)| {
                among.is_none_or(|address| guest.address == address) && !guest.conduct.is_at_work()
            });
            let Some((first, _)) = strangers.min_by_key(|(_, guest)| guest.rank()) else { return false };
            // It may have signed in since it was looked at: then another goes.
            if self.guests[first].conduct.sent_away() {
                let guest = self.guests.swap_remove(first);
                tracing::debug!(address = %guest.address, "a stranger's connection makes room for a newcomer");
                guest.task.abort();
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::{Arc, Mutex};

    use super::{Conduct, Doors, Entry};
    use crate::limits::Limits;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

    fn doors(connections: usize, connections_per_address: usize) -> Arc<Doors> {
        Doors::new(&Limits { connections, connections_per_address, ..Limits::default() }, None)
    }

    /// Somebody who stays until sent away.
    fn come(doors: &Arc<Doors>, from: IpAddr) -> Result<Arc<Conduct>, Entry> {
        let slot = Mutex::new(None);
        let entry = doors.enter(from, |conduct| {
            *slot.lock().unwrap() = Some(conduct);
            pending()
        });
        slot.into_inner().unwrap().ok_or(entry)
    }

    fn is_inside(doors: &Doors, conduct: &Arc<Conduct>) -> bool {
        doors.lock().guests.iter().any(|guest| Arc::ptr_eq(&guest.conduct, conduct))
    }

    #[tokio::test]
    async fn the_silent_go_before_those_who_asked_and_nobody_who_is_signed_in_goes_at_all() {
        let doors = doors(10, 4);
        let [at_work, asking, answered, silent] = [0; 4].map(|_| come(&doors, HERE).unwrap());
        at_work.signed_in();
        let open = asking.asks();
        drop(answered.asks());
        for leaves in [&silent, &answered, &asking] {
            assert!(is_inside(&doors, leaves));
            come(&doors, HERE).unwrap().signed_in();
            assert!(!is_inside(&doors, leaves));
        }
        assert_eq!(come(&doors, HERE).err(), Some(Entry::Refused), "all are at work");
        assert!(is_inside(&doors, &at_work));
        assert!(come(&doors, THERE).is_ok(), "elsewhere there is room");
        drop(open);
    }

    #[tokio::test]
    async fn a_full_address_makes_room_at_home_and_a_full_house_anywhere() {
        let doors = doors(3, 2);
        let there = come(&doors, THERE).unwrap();
        let (first, second) = (come(&doors, HERE).unwrap(), come(&doors, HERE).unwrap());
        second.signed_in();
        let third = come(&doors, HERE).unwrap();
        assert!(!is_inside(&doors, &first) && is_inside(&doors, &there), "each address within its own share");
        third.signed_in();
        let other = come(&doors, THERE).unwrap();
        assert!(!is_inside(&doors, &there) && is_inside(&doors, &other));
    }

    #[tokio::test]
    async fn of_those_heard_at_the_same_time_the_first_to_have_come_goes_first() {
        let doors = doors(10, 3);
        let come_at_once = || {
            let conduct = come(&doors, HERE).unwrap();
            conduct.heard_at_ms.store(0, Relaxed);
            conduct
        };
        let guests = [0; 8].map(|_| come_at_once());
        let stay = guests.map(|guest| is_inside(&doors, &guest));
        assert_eq!(stay, [false, false, false, false, false, true, true, true]);
    }

    #[tokio::test]
    async fn a_guest_whose_task_panics_leaves_its_place() {
        let doors = doors(1, 1);
        let entry = doors.enter(HERE, |conduct| async move {
            conduct.signed_in();
            panic!("a guest's task panics, as this test wants it");
        });
        assert_eq!(entry, Entry::Free);
        let task = doors.lock().guests[0].task.clone();
        while !task.is_finished() {
            tokio::task::yield_now().await;
        }
        assert_eq!(doors.enter(HERE, |_| pending()), Entry::Free);
    }

    #[tokio::test]
    async fn a_session_that_does_not_stand_protects_no_connection_any_more() {
        let doors = doors(10, 1);
        let guest = come(&doors, HERE).unwrap();
        guest.signed_in();
        assert!(guest.asks().is_none(), "what anybody may ask takes nothing from who is signed in");
        assert!(come(&doors, HERE).is_err());
        guest.not_signed_in();
        assert!(come(&doors, HERE).is_ok());
    }

    #[tokio::test]
    async fn who_signs_in_as_its_place_goes_to_another_is_told_no_and_stays_away() {
        let doors = doors(10, 1);
        let guest = come(&doors, HERE).unwrap();
        assert!(come(&doors, HERE).is_ok(), "a newcomer in its place");
        assert!(!guest.signed_in(), "its request was on the way: nobody would hear the answer");
        guest.not_signed_in();
        assert!(!guest.signed_in());
        let at_work = Conduct::new(doors.started);
        assert!(at_work.signed_in() && !at_work.sent_away(), "and who was first to sign in keeps it");
    }
}
