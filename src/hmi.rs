//! The operator's screen, started from the command line or from the demo.

use std::fs;
use std::path::Path;

use miette::{Context as _, IntoDiagnostic as _};

use crate::cli::{HmiArgs, Look, ThemeName};

pub fn run(args: &HmiArgs) -> miette::Result<()> {
    let password = args.password_file.as_deref().map(read_password).transpose()?;
    let login = args.user.clone().zip(password);
    let mut options = options(&args.look, args.url.clone(), login, args.view);
    if options.user.is_none() {
        options.user.clone_from(&args.user);
    }
    run_blocking(options)
}

pub fn options(
    look: &Look,
    url: String,
    login: Option<(String, String)>,
    view_only: bool,
) -> hmi_tui::Options {
    let mut options = hmi_tui::Options::new(url);
    (options.user, options.password) = login.unzip();
    options.view_only = view_only;
    options.reduced_motion = look.reduced_motion;
    if let Some(theme) = look.theme {
        options.theme = match theme {
            ThemeName::Night => hmi_tui::Theme::Night,
            ThemeName::Day => hmi_tui::Theme::Day,
            ThemeName::Sixteen => hmi_tui::Theme::Sixteen,
            ThemeName::Mono => hmi_tui::Theme::Mono,
        };
    }
    if look.ascii {
        options.glyphs = hmi_tui::Glyphs::Ascii;
    }
    options
}

pub fn run_blocking(options: hmi_tui::Options) -> miette::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .into_diagnostic()?
        .block_on(hmi_tui::run(options))
        .into_diagnostic()
}

/// The first line of a file that only its owner should read.
pub fn read_password(file: &Path) -> miette::Result<String> {
    let text = fs::read_to_string(file)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read the password file {}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
