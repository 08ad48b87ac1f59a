//! The shell: command line, wiring of threads and queues, the real-time thread, processes.
//!
//! It is the one place that knows everybody. Begin at [`controller`] for the running plant, at
//! [`scan_thread`] for the path of a value, at [`demo`] for what happens without arguments.

mod cli;
mod settings;
mod data_folder;
mod clock;
mod clock_watch;
mod wiring;
mod plant_files;
mod diagnostics;
mod check;
mod scenarios;
mod selftest;
mod check_schema;
mod plan;
mod real_time;
mod disk_trouble;
mod in_force;
mod plant_change;
mod scan_meter;
mod scan_thread;
mod journal_thread;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod nonsense;
mod backlog;
mod recorder;
mod people;
mod audit_trail;
mod resume;
mod take_over;
mod standing;
mod plant_to_run;
mod changer;
mod backend;
mod controller;
mod plant_time;
mod sim_field;
mod sim_host;
mod sim_unit;
mod trainer;
mod simulator;
mod demo;
mod target;
mod hmi;
mod history;
mod plot;
mod replay;
mod recipe;
mod apply;
mod loops;
mod matrix;
mod forcing;
mod orders;
mod accounts;

use clap::{CommandFactory as _, Parser as _};
use cli::{Cli, Command};

fn main() -> miette::Result<()> {
    real_time::outlive_the_file_size_limit();
    let cli = Cli::parse();
    let command = cli.command.unwrap_or_else(|| Command::Demo(cli::DemoArgs::default()));
    start_log(&command);
    if !serves(&command) {
        real_time::end_with_the_pipe();
    }
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Sim(args) => simulator::run(args),
        Command::Run(args) => controller::run(&args),
        Command::Hmi(args) => hmi::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Matrix(args) => matrix::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Apply(args) => apply::apply(&args),
        Command::Rollback(args) => apply::rollback(&args),
        Command::History(args) => history::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Selftest(args) => selftest::run(&args),
        Command::Recipe(args) => recipe::run(&args),
        Command::Phase(args) => recipe::run_phase(&args),
        Command::Loop(args) => loops::run(&args),
        Command::Write(args) => orders::write(&args),
        Command::Alarms(args) => orders::alarms(&args),
        Command::Ack(args) => orders::ack(&args),
        Command::Shelve(args) => orders::shelve(&args),
        Command::Bypass(args) => orders::bypass(&args),
        Command::Reset(args) => orders::reset(&args),
        Command::Why(args) => orders::why(&args),
        Command::Force(args) => forcing::force(&args),
        Command::Simulate(args) => forcing::simulate(&args),
        Command::Unforce(args) => forcing::unforce(&args),
        Command::Forced(args) => forcing::forced(&args),
        Command::Bypassed(args) => orders::bypassed(&args),
        Command::OutOfService(args) => orders::out_of_service(&args),
        Command::User(args) => accounts::users(&args),
        Command::Audit(args) => accounts::audit(&args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "catholyte", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// It goes on when a pipe is closed: a client that hangs up is no reason to stop.
fn serves(command: &Command) -> bool {
    match command {
        Command::Demo(_) | Command::Run(_) | Command::Hmi(_) => true,
        Command::Sim(args) => args.command.is_none(),
        _ => false,
    }
}

/// What a service says goes to standard error; a screen must stay a screen.
fn start_log(command: &Command) {
    if matches!(command, Command::Demo(_) | Command::Hmi(_)) {
        return;
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("CATHOLYTE_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new(
            "info,opcua_crypto=off,opcua_client=off,opcua_core=off,opcua_server=off",
        )
    });
    // A log that lies on a full disk is silent: to complain of it on standard error, which is that very file, is a panic.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .log_internal_errors(false)
        .init();
}
