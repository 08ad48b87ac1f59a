//! Sessions: who is logged in, until when. A token is kept by its owner; here lives only its hash.

use std::cmp::Ordering;
use std::hint::black_box;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::clock::whole_ms;
use crate::limits::{Limits, REFUSALS_PER_MINUTE};
use crate::password::{PasswordError, random_bytes};
use crate::users::Account;

/// Longer than any token; what is longer is not hashed.
const TOKEN_BYTES_MAX: usize = 128;

pub(crate) struct Sessions {
    open: Mutex<Vec<Session>>,
    idle_ms: i64,
    absolute_ms: i64,
    max: usize,
    max_per_user: usize,
}

struct Session {
    id: SessionId,
    user: String,
    credential: [u8; 32],
    opened_ms: i64,
    used_ms: i64,
    /// Commands that were refused since a moment, which moves on when its minute is over.
    refused: u32,
    refused_since_ms: i64,
}

/// What becomes of one more refused command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    Keep,
    /// The last one of this minute that the audit log keeps.
    KeepAsLast,
    TooMany,
}

/// The hash of a token: names a session, and opens nothing.
#[derive(Clone, Copy)]
pub(crate) struct SessionId([u8; 32]);

pub(crate) struct Opened {
    pub(crate) token: String,
    pub(crate) expires_ms: i64,
}

/// What a session says about its owner. Role and existence are the user list's to tell.
pub(crate) struct Found {
    pub(crate) id: SessionId,
    pub(crate) user: String,
    pub(crate) credential: [u8; 32],
}

pub(crate) enum NotOpened {
    Full(usize),
    NoRandomNumbers(PasswordError),
}

impl Sessions {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            open: Mutex::default(),
            idle_ms: whole_ms(limits.session_idle),
            absolute_ms: whole_ms(limits.session_absolute),
            max: limits.sessions,
            max_per_user: limits.sessions_per_user,
        }
    }

    pub(crate) fn open(&self, account: &Account, now_ms: i64) -> Result<Opened, NotOpened> {
        let bytes = random_bytes::<32>().map_err(NotOpened::NoRandomNumbers)?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut open = self.standing(now_ms);
        let own = || open.iter().enumerate().filter(|(_, session)| session.user == account.name);
        if own().count() >= self.max_per_user
            && let Some((stalest, _)) = own().min_by_key(|(_, session)| session.used_ms)
        {
            open.remove(stalest);
        }
        if open.len() >= self.max {
            return Err(NotOpened::Full(self.max));
        }
        open.push(Session {
            id: id_of(&token),
            user: account.name.clone(),
            credential: account.credential,
            opened_ms: now_ms,
            used_ms: now_ms,
            refused: 0,
            refused_since_ms: now_ms,
        });
        Ok(Opened { token, expires_ms: now_ms.saturating_add(self.absolute_ms) })
    }

    /// The session of a token, marked as used now.
    pub(crate) fn find(&self, token: &str, now_ms: i64) -> Option<Found> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        self.touch(id_of(token), now_ms)
    }

    /// The session, marked as used now; `None` when it has ended.
    pub(crate) fn touch(&self, id: SessionId, now_ms: i64) -> Option<Found> {
        let mut open = self.standing(now_ms);
        let session = open.iter_mut().find(|session| equal(&session.id.0, &id.0))?;
        session.used_ms = now_ms;
        Some(Found { id, user: session.user.clone(), credential: session.credential })
    }

    pub(crate) fn close(&self, id: SessionId, now_ms: i64) {
        self.standing(now_ms).retain(|session| !equal(&session.id.0, &id.0));
    }

    /// After a change of password: this session goes on, the user's others end.
    pub(crate) fn renew(&self, id: SessionId, account: &Account, now_ms: i64) {
        let mut open = self.standing(now_ms);
        open.retain(|session| session.user != account.name || equal(&session.id.0, &id.0));
        for session in open.iter_mut().filter(|session| equal(&session.id.0, &id.0)) {
            session.credential = account.credential;
        }
    }

    /// The audit log keeps every refusal, but a program gone wild must not fill the disk with them.
    pub(crate) fn refused(&self, id: SessionId, now_ms: i64) -> Refusals {
        let mut open = self.standing(now_ms);
        let Some(session) = open.iter_mut().find(|session| equal(&session.id.0, &id.0)) else {
            return Refusals::Keep;
        };
        if now_ms.saturating_sub(session.refused_since_ms) >= 60_000 {
            (session.refused, session.refused_since_ms) = (0, now_ms);
        }
        session.refused = session.refused.saturating_add(1);
        match session.refused.cmp(&REFUSALS_PER_MINUTE) {
            Ordering::Less => Refusals::Keep,
            Ordering::Equal => Refusals::KeepAsLast,
            Ordering::Greater => Refusals::TooMany,
        }
    }

    pub(crate) fn count(&self, now_ms: i64) -> u32 {
        u32::try_from(self.standing(now_ms).len()).unwrap_or(u32::MAX)
    }

    fn standing(&self, now_ms: i64) -> MutexGuard<'_, Vec<Session>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|session| {
            now_ms.saturating_sub(session.used_ms) < self.idle_ms
                && now_ms.saturating_sub(session.opened_ms) < self.absolute_ms
        });
        open
    }
}

fn id_of(token: &str) -> SessionId {
    SessionId(Sha256::digest(token).into())
}

/// Takes as long for the first different byte as for the last.
pub(crate) fn equal(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let difference = left.iter().zip(right).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::{NotOpened, Sessions};
    use crate::limits::Limits;
    use crate::users::Account;
    use model::wire::Role;
    use std::time::Duration;

    fn sessions() -> Sessions {
        Sessions::new(&Limits {
            session_idle: Duration::from_millis(100),
            session_absolute: Duration::from_millis(1000),
            sessions: 4,
            sessions_per_user: 2,
            ..Limits::default()
        })
    }

    fn account(name: &str) -> Account {
        Account { name: name.into(), role: Role::Viewer, must_change: false, credential: [1; 32] }
    }

    fn open(sessions: &Sessions, name: &str, now_ms: i64) -> String {
        sessions.open(&account(name), now_ms).ok().unwrap().token
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_use_keeps_it() {
        let sessions = sessions();
        let (used, idle) = (open(&sessions, "jane", 0), open(&sessions, "bob", 0));
        assert!(sessions.find(&used, 99).is_some());
        assert!(sessions.find(&used, 198).is_some());
        assert!(sessions.find(&idle, 100).is_none());
        assert_eq!(sessions.count(198), 1);
    }

    #[test]
    fn no_use_keeps_a_session_beyond_its_absolute_end() {
        let sessions = sessions();
        let opened = sessions.open(&account("jane"), 0).ok().unwrap();
        assert_eq!(opened.expires_ms, 1000);
        for now_ms in (0..1000).step_by(90) {
            assert!(sessions.find(&opened.token, now_ms).is_some(), "{now_ms}");
        }
        assert!(sessions.find(&opened.token, 1000).is_none());
    }

    #[test]
    fn tokens_are_256_random_bits_and_only_their_hash_is_kept() {
        let sessions = sessions();
        let (one, other) = (open(&sessions, "jane", 0), open(&sessions, "jane", 0));
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert!(sessions.find(&one.to_uppercase(), 1).is_none());
        assert!(sessions.find(&one[..63], 1).is_none());
        assert!(sessions.find(&one.repeat(3), 1).is_none());
        assert!(sessions.find(&one, 1).is_some());
    }

    #[test]
    fn one_session_too_many_ends_the_stalest_of_the_same_user_and_of_nobody_else() {
        let sessions = sessions();
        let bob = open(&sessions, "bob", 0);
        let (first, second) = (open(&sessions, "jane", 1), open(&sessions, "jane", 2));
        assert!(sessions.find(&first, 3).is_some());
        let third = open(&sessions, "jane", 4);
        assert!(sessions.find(&second, 5).is_none());
        for token in [&bob, &first, &third] {
            assert!(sessions.find(token, 5).is_some());
        }
        open(&sessions, "eve", 5);
        assert!(matches!(sessions.open(&account("mallory"), 5), Err(NotOpened::Full(4))));
    }

    #[test]
    fn a_changed_password_ends_the_other_sessions_of_that_user() {
        let sessions = sessions();
        let (here, there, bob) =
            (open(&sessions, "jane", 0), open(&sessions, "jane", 0), open(&sessions, "bob", 0));
        let id = sessions.find(&here, 1).unwrap().id;
        sessions.renew(id, &Account { credential: [2; 32], ..account("jane") }, 1);
        assert_eq!(sessions.find(&here, 2).unwrap().credential, [2; 32]);
        assert!(sessions.find(&there, 2).is_none());
        assert!(sessions.find(&bob, 2).is_some());
        sessions.close(id, 3);
        assert!(sessions.find(&here, 3).is_none());
    }
}
