//! `catholyte user` and `catholyte audit`: who may, and who did.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use historian::audit::{self, Head, Verdict};
use miette::{Context as _, IntoDiagnostic as _, miette};
use model::wire::Role;

use crate::audit_trail::{handed, heads};
use crate::cli::{AuditArgs, AuditCommand, UserArgs, UserCommand};
use crate::data_folder::DataFolder;
use crate::{audit_trail, demo};

pub fn users(args: &UserArgs) -> miette::Result<()> {
    let path = args.data.clone().unwrap_or_else(|| DataFolder::default_path("refinery"));
    let data = DataFolder::open(&path).into_diagnostic()?;
    let users = api::Users::open(&data.users()).into_diagnostic()?;
    if !matches!(args.command, UserCommand::List) {
        of_the_owner(&data)?;
    }
    let (action, done) = match &args.command {
        UserCommand::Add { name, role } => {
            let role = Role::parse(role).ok_or_else(|| miette!("no role {role}"))?;
            let told = |password| format!("{name} may log in as {}\npassword: {password}", role.word());
            let done = users.add_with_random_password(name, role).map(told);
            (format!("user add {name} ({})", role.word()), done)
        }
        UserCommand::Password { name } => {
            let told = |password| format!("password: {password}");
            (format!("user password {name}"), users.set_random_password(name).map(told))
        }
        UserCommand::Role { name, role } => {
            let role = Role::parse(role).ok_or_else(|| miette!("no role {role}"))?;
            let before = users.list().into_iter().find(|(known, _)| known == name);
            let before = before.map_or("", |(_, role)| role.word());
            let told = |()| format!("{name} is {} now", role.word());
            (format!("user role {name} {before} -> {}", role.word()), users.set_role(name, role).map(told))
        }
        UserCommand::Remove { name } => {
            let told = |()| format!("{name} may not log in any more");
            (format!("user remove {name}"), users.remove(name).map(told))
        }
        UserCommand::List => {
            for (name, role) in users.list() {
                println!("{name:<24} {}", role.word());
            }
            return Ok(());
        }
    };
    let outcome = done.as_ref().map_or_else(|error| format!("refused: {error}"), |_| "done".to_owned());
    let entered = handed::enter(&data, action, outcome);
    // What was done is told first: a password is shown once.
    let entered = entered.into_diagnostic();
    match done.into_diagnostic() {
        Ok(done) => {
            println!("{done}");
            entered.wrap_err("this was done, and is not in the audit log")
        }
        Err(refused) => {
            let kept = entered.map_or_else(
                |error| format!("; and it is not in the audit log: {error}"),
                |()| String::new(),
            );
            Err(miette!("{refused}{kept}"))
        }
    }
}

/// What somebody else writes into the folder, root too, the controller could not read.
fn of_the_owner(data: &DataFolder) -> miette::Result<()> {
    let owner = fs::metadata(data.path()).into_diagnostic()?.uid();
    let own = fs::metadata("/proc/self").into_diagnostic()?.uid();
    if owner == own {
        return Ok(());
    }
    Err(miette!(
        "{} belongs to another user (uid {owner}): run this as that user, for example sudo -u '#{owner}' catholyte user ..",
        data.path().display()
    ))
}

pub fn audit(args: &AuditArgs) -> miette::Result<()> {
    let data = demo::data_or_newest(args.data.as_deref())?;
    let path = data.audit();
    match &args.command {
        AuditCommand::Show => {
            let text = fs::read_to_string(&path)
                .into_diagnostic()
                .wrap_err_with(|| format!("no audit log at {}", path.display()))?;
            for line in text.lines() {
                println!("{}", audit_trail::readable(line));
            }
            Ok(())
        }
        AuditCommand::Head => {
            println!("{}", audit::head(&path).into_diagnostic()?);
            Ok(())
        }
        AuditCommand::Verify { head } => {
            let given = head.iter().map(|head| head.parse()).collect::<Result<Vec<Head>, String>>();
            verify(&data, given.map_err(|why| miette!("--head: {why}"))?)
        }
    }
}

/// The chain by itself, and against the heads that are kept elsewhere in the folder and those given.
fn verify(data: &DataFolder, given: Vec<Head>) -> miette::Result<()> {
    let path = data.audit();
    // Read before the log, which may grow meanwhile.
    let inside = heads::kept(data);
    let (entries, lost) = match audit::verify(&path).into_diagnostic()? {
        Verdict::Broken { line, why } => {
            return Err(miette!("{}: the chain breaks at line {line}: {why}", path.display()));
        }
        Verdict::Intact { entries, lost, .. } => (entries, lost),
    };
    let (kept, from_outside) = (inside.len(), given.len());
    let all: Vec<Head> = inside.into_iter().chain(given).collect();
    let differences = audit::differences(&path, &all).into_diagnostic()?;
    if let Some(first) = differences.first() {
        differences.iter().for_each(|difference| println!("{difference}"));
        return Err(miette!(
            "{}: the chain is intact, and it is not the log of which {} of {} heads were kept: {first}",
            path.display(),
            differences.len(),
            all.len()
        ));
    }
    println!("{}: {entries} entries, the chain is intact", path.display());
    let newest = all.iter().map(|head| head.entries).max();
    match newest {
        Some(newest) => println!(
            "it holds {kept} heads that the history keeps and {from_outside} given, the newest of entry {newest}"
        ),
        None => println!("there is no head to hold it against: an end that was cut off would not show"),
    }
    if from_outside == 0 {
        println!(
            "whoever can write the whole data folder can forge both: see `catholyte audit verify --help`"
        );
    }
    missing(&lost)
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
