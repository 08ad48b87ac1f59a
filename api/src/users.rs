//! Who may log in, and as what.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use model::wire::Role;
use sha2::{Digest as _, Sha256};

use crate::limits::USERS;
use crate::password::{self, PasswordError};
use crate::user_file::{Stamp, User, UserFile, is_name};

/// The users of one installation: a file of names, roles and argon2id hashes.
///
/// The running server sees at the next request what the command line has changed.
pub struct Users {
    file: UserFile,
    state: RwLock<State>,
    /// One change at a time within this process; the file's own lock keeps others away.
    changing: Mutex<()>,
    /// What the password of a user who does not exist is compared with, so that it takes as long.
    decoy: String,
}

struct State {
    users: Vec<User>,
    stamp: Option<Stamp>,
}

/// What a session is bound to. Another password makes another credential.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) must_change: bool,
    pub(crate) credential: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("cannot {what} the users' file {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "the users' file {path} is open to others (mode {mode:03o}); make it yours alone: chmod 600 {path}"
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("the users' file {path} is damaged: {why}; put back a copy of it")]
    Damaged { path: PathBuf, why: String },
    #[error(
        "{0:?} cannot be a user's name: 1 to 32 of a-z, 0-9, '.', '_' and '-', a letter first, and not \"system\""
    )]
    Name(String),
    #[error("there is a user {0} already; remove that one first, or take another name")]
    Exists(String),
    #[error("there is no user {name}{hint}")]
    Unknown { name: String, hint: String },
    #[error("{0} is the only administrator; make another first")]
    LastAdministrator(String),
    #[error("there are {USERS} users already; remove some")]
    TooMany,
    #[error("the old password is wrong")]
    WrongPassword,
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl Users {
    /// Opens the file, or makes an empty one that only its owner can read (0600).
    pub fn open(path: &Path) -> Result<Self, UserError> {
        let decoy = password::hash(&password::random()?)?;
        let file = UserFile::new(path);
        file.create()?;
        let (users, stamp) = file.read()?;
        let state = RwLock::new(State { users, stamp: Some(stamp) });
        Ok(Self { file, state, changing: Mutex::new(()), decoy })
    }

    /// When there is no user yet: makes `admin` and returns its one-time password, to be shown
    /// once. Until it is changed, nothing else is answered.
    pub fn first_administrator(&self) -> Result<Option<String>, UserError> {
        let password = password::random()?;
        let hash = password::hash(&password)?;
        self.modify(|users| {
            if !users.is_empty() {
                return Ok(None);
            }
            users.push(User {
                name: "admin".into(),
                role: Role::Administrator,
                password: hash,
                must_change: true,
            });
            Ok(Some(password))
        })
    }

    /// Adds a user with a one-time password, which is returned. It must be changed at the first login.
    pub fn add(&self, name: &str, role: Role) -> Result<String, UserError> {
        let password = password::random()?;
        self.insert(name, role, &password, true)?;
        Ok(password)
    }

    /// Adds a user with a random password that stays: for programs, and for the demo.
    pub fn add_with_random_password(&self, name: &str, role: Role) -> Result<String, UserError> {
        let password = password::random()?;
        self.insert(name, role, &password, false)?;
        Ok(password)
    }

    /// Adds a user with a password of their own.
    pub fn add_with_password(&self, name: &str, role: Role, password: &str) -> Result<(), UserError> {
        password::check_new(name, None, password)?;
        self.insert(name, role, password, false)
    }

    /// Ends the user's sessions as well.
    pub fn remove(&self, name: &str) -> Result<(), UserError> {
        self.modify(|users| {
            let index = find(users, name)?;
            keep_an_administrator(users, index)?;
            users.remove(index);
            Ok(())
        })
    }

    /// Holds for the user's open sessions as well.
    pub fn set_role(&self, name: &str, role: Role) -> Result<(), UserError> {
        self.modify(|users| {
            let index = find(users, name)?;
            if role != Role::Administrator {
                keep_an_administrator(users, index)?;
            }
            users[index].role = role;
            Ok(())
        })
    }

    /// Sets a password from the command line, where the file's owner sits. Ends the user's sessions.
    pub fn set_password(&self, name: &str, new: &str) -> Result<(), UserError> {
        password::check_new(name, None, new)?;
        self.store(name, new, false, None)
    }

    /// A new random password that stays, as [`Self::add_with_random_password`] gives it. Ends the user's sessions.
    pub fn set_random_password(&self, name: &str) -> Result<String, UserError> {
        let password = password::random()?;
        self.store(name, &password, false, None)?;
        Ok(password)
    }

    /// Gives a new one-time password to somebody who has forgotten theirs. Ends the user's sessions.
    pub fn reset_password(&self, name: &str) -> Result<String, UserError> {
        let password = password::random()?;
        self.store(name, &password, true, None)?;
        Ok(password)
    }

    /// Name and role, by name.
    pub fn list(&self) -> Vec<(String, Role)> {
        self.refresh();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = state.users.iter().map(|user| (user.name.clone(), user.role)).collect();
        list.sort();
        list
    }

    /// Takes one hash of work, whether the user exists or not.
    pub(crate) fn login(&self, name: &str, password: &str) -> Option<Account> {
        let (hash, account) = self.stored(name).unzip();
        let fits = password::verify(password, hash.as_ref().unwrap_or(&self.decoy));
        account.filter(|_| fits)
    }

    pub(crate) fn account(&self, name: &str) -> Option<Account> {
        self.stored(name).map(|(_, account)| account)
    }

    pub(crate) fn change_password(&self, name: &str, old: &str, new: &str) -> Result<Account, UserError> {
        let Some((hash, _)) = self.stored(name) else {
            return Err(UserError::Unknown { name: name.to_owned(), hint: String::new() });
        };
        if !password::verify(old, &hash) {
            return Err(UserError::WrongPassword);
        }
        password::check_new(name, Some(old), new)?;
        self.store(name, new, false, Some(&hash))?;
        self.account(name).ok_or_else(|| UserError::Unknown { name: name.to_owned(), hint: String::new() })
    }

    fn insert(&self, name: &str, role: Role, password: &str, must_change: bool) -> Result<(), UserError> {
        if !is_name(name) {
            return Err(UserError::Name(name.chars().take(40).collect()));
        }
        let hash = password::hash(password)?;
        self.modify(|users| {
            if users.iter().any(|user| user.name == name) {
                return Err(UserError::Exists(name.to_owned()));
            }
            if users.len() >= USERS {
                return Err(UserError::TooMany);
            }
            users.push(User { name: name.to_owned(), role, password: hash, must_change });
            Ok(())
        })
    }

    /// With `only_over`, only when nobody has changed the password in the meantime.
    fn store(
        &self,
        name: &str,
        new: &str,
        must_change: bool,
        only_over: Option<&str>,
    ) -> Result<(), UserError> {
        let hash = password::hash(new)?;
        self.modify(|users| {
            let index = find(users, name)?;
            let user = &mut users[index];
            if only_over.is_some_and(|expected| expected != user.password) {
                return Err(UserError::WrongPassword);
            }
            user.password = hash;
            user.must_change = must_change;
            Ok(())
        })
    }

    fn modify<T>(&self, change: impl FnOnce(&mut Vec<User>) -> Result<T, UserError>) -> Result<T, UserError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.file.modify(change)?;
        let (users, stamp) = self.file.read()?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State { users, stamp: Some(stamp) };
        Ok(result)
    }

    fn stored(&self, name: &str) -> Option<(String, Account)> {
        self.refresh();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let user = state.users.iter().find(|user| user.name == name)?;
        let account = Account {
            name: user.name.clone(),
            role: user.role,
            must_change: user.must_change,
            credential: Sha256::digest(&user.password).into(),
        };
        Some((user.password.clone(), account))
    }

    /// Reads the file again when it is another. One that cannot be read does not lock the control
    /// room out: the users stay as they were, and the log says so once.
    fn refresh(&self) {
        let stamp = self.file.stamp();
        if self.state.read().unwrap_or_else(PoisonError::into_inner).stamp == stamp {
            return;
        }
        let read = self.file.read();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok((users, stamp)) => {
                tracing::info!(users = users.len(), "the users' file has changed");
                *state = State { users, stamp: Some(stamp) };
            }
            Err(error) => {
                tracing::error!(%error, "the users stay as they were");
                state.stamp = stamp;
            }
        }
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("file", &self.file.path()).finish_non_exhaustive()
    }
}

fn find(users: &[User], name: &str) -> Result<usize, UserError> {
    users.iter().position(|user| user.name == name).ok_or_else(|| {
        let near = model::nearest(name, users.iter().map(|user| user.name.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        UserError::Unknown { name: name.chars().take(40).collect(), hint }
    })
}

fn keep_an_administrator(users: &[User], leaving: usize) -> Result<(), UserError> {
    let administrators = users.iter().filter(|user| user.role == Role::Administrator).count();
    if users[leaving].role == Role::Administrator && administrators == 1 {
        return Err(UserError::LastAdministrator(users[leaving].name.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
