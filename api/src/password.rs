//! Passwords: how they are made, judged and kept. Only argon2id hashes ever reach the disk.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// The work of one hash as OWASP asks for it: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// A file that asks for more than this would stop the server at a login.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;

const LENGTH_MIN: usize = 12;
const LENGTH_MAX_BYTES: usize = 256;

/// Without I, L, O and U: nothing in a printed password looks like something else.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error(
        "the new password has {0} characters; at least {LENGTH_MIN} are needed, and a few words are easy to keep"
    )]
    TooShort(usize),
    #[error("the new password is longer than {LENGTH_MAX_BYTES} bytes; take a shorter one")]
    TooLong,
    #[error("the new password contains the user's name; take another")]
    ContainsName,
    #[error("the new password is the old one; take another")]
    Same,
    #[error("the new password is one character again and again; take another")]
    OneCharacter,
    #[error("the operating system gives no random numbers ({0}); try again")]
    NoRandomNumbers(String),
    #[error("the password cannot be hashed ({0}); is there memory left?")]
    NotHashed(String),
}

/// Length and the obvious; rules about kinds of characters make passwords worse, not better.
pub(crate) fn check_new(user: &str, old: Option<&str>, new: &str) -> Result<(), PasswordError> {
    let length = new.chars().count();
    let first = new.chars().next();
    if length < LENGTH_MIN {
        Err(PasswordError::TooShort(length))
    } else if new.len() > LENGTH_MAX_BYTES {
        Err(PasswordError::TooLong)
    } else if new.to_lowercase().contains(&user.to_lowercase()) && length < user.chars().count() + LENGTH_MIN
    {
        Err(PasswordError::ContainsName)
    } else if old == Some(new) {
        Err(PasswordError::Same)
    } else if new.chars().all(|character| Some(character) == first) {
        Err(PasswordError::OneCharacter)
    } else {
        Ok(())
    }
}

pub(crate) fn hash(password: &str) -> Result<String, PasswordError> {
    let failed = |error: argon2::password_hash::Error| PasswordError::NotHashed(error.to_string());
    let salt = SaltString::encode_b64(&random_bytes::<16>()?).map_err(failed)?;
    let hash = hasher()?.hash_password(password.as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

/// One hash of work, whatever the answer.
pub(crate) fn verify(password: &str, hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    let fits = password.len() <= LENGTH_MAX_BYTES;
    let tried = if fits { password.as_bytes() } else { &[] };
    let Ok(hasher) = hasher() else { return false };
    hasher.verify_password(tried, &parsed).is_ok() && fits
}

/// Whether a hash from a file is one that [`verify`] can work on at a bearable cost.
pub(crate) fn is_usable(hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    let Ok(params) = Params::try_from(&parsed) else { return false };
    parsed.algorithm == argon2::ARGON2ID_IDENT
        && parsed.salt.is_some()
        && parsed.hash.is_some()
        && params.m_cost() <= MEMORY_KIB_MAX
        && params.t_cost() <= PASSES_MAX
}

/// A hundred random bits that a person can type: `7GQ2M-K0XWR-...`.
pub(crate) fn random() -> Result<String, PasswordError> {
    let letters = random_bytes::<20>()?.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], PasswordError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| PasswordError::NoRandomNumbers(error.to_string()))?;
    Ok(bytes)
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)
        .map_err(|error| PasswordError::NotHashed(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::{PasswordError, check_new, hash, is_usable, random, verify};

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let stored = hash("correct horse battery").unwrap();
        assert!(is_usable(&stored), "{stored}");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse battery", &stored));
        assert!(!verify("correct horse batterz", &stored));
        assert_ne!(hash("correct horse battery").unwrap(), stored, "every hash has its own salt");
    }

    #[test]
    fn an_endless_password_is_wrong_even_where_its_stand_in_would_be_right() {
        let stored = hash("").unwrap();
        assert!(!verify(&"x".repeat(257), &stored));
    }

    #[test]
    fn hashes_of_other_kinds_or_of_ruinous_cost_are_not_used() {
        let good = hash("correct horse battery").unwrap();
        let ruinous = good.replace("m=19456", "m=4194304");
        let weak = good.replace("argon2id", "argon2i");
        for bad in [ruinous.as_str(), weak.as_str(), "", "password", "$argon2id$v=19$m=19456,t=2,p=1$"] {
            assert!(!is_usable(bad), "{bad}");
        }
    }

    #[test]
    fn poor_passwords_are_refused_with_the_reason() {
        assert_eq!(check_new("jane", None, "short"), Err(PasswordError::TooShort(5)));
        assert_eq!(check_new("jane", None, &"é".repeat(200)), Err(PasswordError::TooLong));
        assert_eq!(check_new("jane", None, "Jane-Jane-Jane"), Err(PasswordError::ContainsName));
        assert_eq!(check_new("jane", Some("twelve chars"), "twelve chars"), Err(PasswordError::Same));
        assert_eq!(check_new("jane", None, "aaaaaaaaaaaaaaa"), Err(PasswordError::OneCharacter));
        assert_eq!(check_new("jane", Some("one-time-one"), "four plain words here"), Ok(()));
    }

    #[test]
    fn made_passwords_differ_and_pass_the_rules() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 23);
        assert_eq!(check_new("admin", None, &one), Ok(()));
    }
}
