//! Which controller an order from the command line is for, and who gives it.
//!
//! Who names any of address, user and password file means that controller. Who names none of them means the demo
//! that he has open in another terminal: it is looked for where only he can write, and it has to run, so that no order
//! and no password goes to whoever else listens on its port by now.

use std::path::PathBuf;

use miette::miette;

use crate::cli::ApiTarget;
use crate::demo;

const URL: &str = "http://127.0.0.1:7300";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    pub user: String,
    pub password_file: PathBuf,
}

impl Target {
    /// # Errors
    ///
    /// Somebody has to be named, and no demo of this user runs.
    pub fn of(args: &ApiTarget) -> miette::Result<Self> {
        resolve(args, demo::running)
    }
}

fn resolve(args: &ApiTarget, demo: impl FnOnce() -> Option<Target>) -> miette::Result<Target> {
    let ApiTarget { url, user, password_file } = args.clone();
    let named = url.is_some() || user.is_some() || password_file.is_some();
    match (user, password_file) {
        (Some(user), Some(password_file)) => {
            Ok(Target { url: url.unwrap_or_else(|| URL.to_owned()), user, password_file })
        }
        (None, None) if !named => demo().ok_or_else(|| {
            miette!(
                help = "--url, --user and --password-file say it, or CATHOLYTE_URL, CATHOLYTE_USER and CATHOLYTE_PASSWORD_FILE; \
                        `catholyte user add` makes a person. A `catholyte demo` in another terminal is found by itself",
                "which controller, and who are you? No demo of yours runs on this machine"
            )
        }),
        (user, _) => {
            let missing = if user.is_none() { "--user NAME or CATHOLYTE_USER" } else { "--password-file FILE or CATHOLYTE_PASSWORD_FILE" };
            Err(miette!(
                help = "without --url, --user and --password-file altogether it is the demo that runs in another terminal",
                "who are you? {missing} is missing"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiTarget, Target, resolve};

    fn demo() -> Target {
        Target {
            url: "http://127.0.0.1:4711".into(),
            user: "demo".into(),
            password_file: "d/demo-password".into(),
        }
    }

    #[test]
    fn who_names_nothing_means_the_demo_that_runs() {
        assert_eq!(resolve(&ApiTarget::default(), || Some(demo())).unwrap(), demo());
        let refused = resolve(&ApiTarget::default(), || None).unwrap_err();
        assert!(refused.to_string().contains("No demo of yours runs"), "{refused}");
    }

    #[test]
    fn who_names_anything_never_means_the_demo() {
        let never = || -> Option<Target> { panic!("the demo was asked for") };
        let (url, user, file) =
            (Some("http://plant:7300".to_owned()), Some("jane".to_owned()), Some("pw".into()));
        let whole = ApiTarget { url: url.clone(), user: user.clone(), password_file: file.clone() };
        let found = resolve(&whole, never).unwrap();
        assert_eq!((found.url.as_str(), found.user.as_str()), ("http://plant:7300", "jane"));
        let here = ApiTarget { url: None, ..whole };
        assert_eq!(resolve(&here, never).unwrap().url, "http://127.0.0.1:7300");
        for (args, words) in [
            (ApiTarget { url: url.clone(), ..ApiTarget::default() }, "--user"),
            (ApiTarget { url, user, password_file: None }, "--password-file"),
            (ApiTarget { password_file: file, ..ApiTarget::default() }, "--user"),
        ] {
            let refused = resolve(&args, never).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
