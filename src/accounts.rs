//! `catholyte user` and `catholyte audit`: who may, and who did.

use std::fs;

use miette::{Context as _, IntoDiagnostic as _, miette};
use model::wire::Role;

use crate::cli::{AuditArgs, AuditCommand, UserArgs, UserCommand};
use crate::data_folder::DataFolder;
use crate::{audit_trail, demo};

pub fn users(args: &UserArgs) -> miette::Result<()> {
    let path = args.data.clone().unwrap_or_else(|| DataFolder::default_path("refinery"));
    let data = DataFolder::open(&path).into_diagnostic()?;
    let users = api::Users::open(&data.users()).into_diagnostic()?;
    match &args.command {
        UserCommand::Add { name, role } => {
            let role = Role::parse(role).ok_or_else(|| miette!("no role {role}"))?;
            let password = users.add_with_random_password(name, role).into_diagnostic()?;
            println!("{name} may log in as {}", role.word());
            println!("password: {password}");
        }
        UserCommand::Password { name } => {
            println!("password: {}", users.set_random_password(name).into_diagnostic()?);
        }
        UserCommand::Remove { name } => {
            users.remove(name).into_diagnostic()?;
            println!("{name} may not log in any more");
        }
        UserCommand::List => {
            for (name, role) in users.list() {
                println!("{name:<24} {}", role.word());
            }
        }
    }
    Ok(())
}

pub fn audit(args: &AuditArgs) -> miette::Result<()> {
    let path = demo::data_or_newest(args.data.as_deref())?.audit();
    match args.command {
        AuditCommand::Show => {
            let text = fs::read_to_string(&path)
                .into_diagnostic()
                .wrap_err_with(|| format!("no audit log at {}", path.display()))?;
            for line in text.lines() {
                println!("{}", audit_trail::readable(line));
            }
            Ok(())
        }
        AuditCommand::Verify => match historian::audit::verify(&path).into_diagnostic()? {
            historian::audit::Verdict::Intact { entries, lost, .. } => {
                println!("{}: {entries} entries, the chain is intact", path.display());
                missing(&lost)
            }
            historian::audit::Verdict::Broken { line, why } => {
                Err(miette!("{}: the chain breaks at line {line}: {why}", path.display()))
            }
        },
    }
}

/// A chain that is intact and has gaps in it: each is told, and none is success.
fn missing(lost: &[historian::Lost]) -> miette::Result<()> {
    for gap in lost {
        println!("{}", audit_trail::told(gap));
    }
    if lost.is_empty() {
        return Ok(());
    }
    let entries: u64 = lost.iter().map(|gap| gap.entries).sum();
    Err(miette!("{entries} entries are missing: the disk refused them (above), nobody has removed a line"))
}
