//! `catholyte apply`, `catholyte rollback`: another plant for a controller that runs, planned, shown and confirmed.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use miette::{IntoDiagnostic as _, miette};
use model::wire::{CommandReply, PlantChange, PlantFile, PlantPlan};

use crate::check;
use crate::cli::{ApplyArgs, ChangeArgs};
use crate::recipe::Remote;

/// Compiling a large plant twice, and waiting for the scan.
const ANSWER_MAX: Duration = Duration::from_secs(70);

pub fn apply(args: &ApplyArgs) -> miette::Result<()> {
    // Mistakes are shown here, with their places, before anything is asked of the controller.
    let plant = check::compile_or_report(&args.plant)?;
    let files = plant.sources.into_iter().map(|source| PlantFile { path: source.path, text: source.text });
    change(Some(files.collect()), &args.change)
}

pub fn rollback(args: &ChangeArgs) -> miette::Result<()> {
    change(None, args)
}

fn change(files: Option<Vec<PlantFile>>, args: &ChangeArgs) -> miette::Result<()> {
    let remote = Remote::connect(&args.target)?;
    let mut change = PlantChange {
        files,
        from: String::new(),
        to: String::new(),
        force: args.force,
        reason: args.reason.clone(),
    };
    let plan: PlantPlan = remote.post("/plan", &change, ANSWER_MAX)?;
    print!("{}", plan.text);
    print!("{}", verdict(&plan));
    if !plan.impossible.is_empty() {
        return Err(miette!(
            help = "stop the controller and go on with `catholyte run --apply --plant ...`",
            "a controller that runs cannot take this over:\n  {}",
            plan.impossible.join("\n  ")
        ));
    }
    if !plan.obstacles.is_empty() && !args.force {
        return Err(miette!(
            help =
                "change it in steps, wait until what runs has ended, or add --force and stand by the plant",
            "this change is not bumpless"
        ));
    }
    if !args.yes && !confirmed(&plan)? {
        return Err(miette!("nothing was changed"));
    }
    if change.reason.trim().is_empty() {
        change.reason = asked_why()?;
    }
    (change.from, change.to) = (plan.from, plan.to);
    let reply: CommandReply = remote.post("/apply", &change, ANSWER_MAX)?;
    if reply.accepted {
        println!("{}; `catholyte rollback` undoes it", reply.message);
        Ok(())
    } else {
        Err(miette!("refused: {}", reply.message))
    }
}

/// What the plant that runs says of it, at this moment: one thing.
fn verdict(plan: &PlantPlan) -> String {
    match plan.obstacles.as_slice() {
        [] if plan.impossible.is_empty() => "it can be taken over bumplessly now\n".to_owned(),
        obstacles => obstacles.iter().map(|line| format!("not bumpless: {line}\n")).collect(),
    }
}

/// From whoever sits there.
fn asked_why() -> miette::Result<String> {
    let line = if std::io::stdin().is_terminal() { answer("Why? ")? } else { String::new() };
    if line.trim().is_empty() {
        return Err(miette!("nothing was changed: say why with --reason, which the audit log keeps"));
    }
    Ok(line.trim().to_owned())
}

fn answer(question: &str) -> miette::Result<String> {
    print!("{question}");
    std::io::stdout().flush().into_diagnostic()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).into_diagnostic()?;
    Ok(line)
}

fn confirmed(plan: &PlantPlan) -> miette::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(miette!("nobody is here to confirm: add --yes when the plan above has been looked at"));
    }
    let short = |hash: &str| hash.get(..8).unwrap_or(hash).to_owned();
    let line =
        answer(&format!("Put {} in force in place of {} now? [y/N] ", short(&plan.to), short(&plan.from)))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use model::wire::PlantPlan;

    #[test]
    fn what_runs_has_the_last_word_on_a_plan_and_says_one_thing() {
        let plan = |obstacles: &[&str], impossible: &[&str]| PlantPlan {
            from: String::new(),
            to: String::new(),
            text: String::new(),
            obstacles: obstacles.iter().map(|line| (*line).to_owned()).collect(),
            impossible: impossible.iter().map(|line| (*line).to_owned()).collect(),
        };
        assert_eq!(verdict(&plan(&[], &[])), "it can be taken over bumplessly now\n");
        assert_eq!(verdict(&plan(&["phase Flush runs"], &[])), "not bumpless: phase Flush runs\n");
        assert_eq!(verdict(&plan(&[], &["device PLC-9 is new"])), "", "the refusal says it");
    }
}
