//! The command line: one file per subcommand, data on standard output, everything else on standard error.
//!
//! A command opens what it needs, asks the rooms below and prints. Exit codes: 0 done, 1 failed, 2 usage or an
//! unreadable query, 75 the data directory is in use, 78 configuration.

mod alerts;
mod backup;
mod check;
mod delete;
mod export;
mod extract;
mod health;
mod import;
mod init;
mod mcp;
mod open;
mod output;
mod reindex;
mod run;
mod search;
mod service;
mod show;
mod sources;
mod status;
mod stories;
mod topics;

use std::{io, path::PathBuf, process::ExitCode};

use anyhow::Error;
use clap::{CommandFactory, Parser, Subcommand};

use self::output::{Color, Output};
use crate::{
    config, pipeline, serve, store,
    telemetry::{LogFormat, init_logs},
};

const EXAMPLES: &str = "\
Examples:
  dateline init                               write the configuration files, to edit
  dateline run                                follow the sources until told to stop
  dateline run --once                         one pass, for a scheduler
  dateline search 'peace talks' --since 24h   search what was read
  dateline stories --topic sanctions          what several outlets report";

/// Follows news feeds, reads every article, recognises copies, tags topics and keeps everything searchable.
#[derive(Parser)]
#[command(name = "dateline", version, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(clap::Args)]
pub(crate) struct Global {
    /// Read settings from this file [default: DATELINE_CONFIG, config/dateline.toml, /etc/dateline/dateline.toml, built-in]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep store and index in this directory [default: DATELINE_DATA_DIR, as configured, else data]
    #[arg(long, global = true, help_heading = "Global options", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Log more; twice for everything
    #[arg(short, long, global = true, help_heading = "Global options", action = clap::ArgAction::Count)]
    verbose: u8,
    /// Log less; twice for errors alone
    #[arg(short, long, global = true, help_heading = "Global options", action = clap::ArgAction::Count)]
    quiet: u8,
    /// How log lines look [default: text on a terminal, else json]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Whether to colour what is printed
    #[arg(long, global = true, help_heading = "Global options", value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Print one JSON object a line
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Write the configuration files, commented, to edit
    Init(init::Arguments),
    /// Follow the sources: poll, read, tag, index, serve, until told to stop
    Run(run::Arguments),
    /// Search the archive
    Search(Box<search::Arguments>),
    /// Show one article
    Show(show::Arguments),
    /// List stories, largest first
    Stories(stories::Arguments),
    /// List sources with their status; add, remove, check, discover, import, export
    Sources(sources::Arguments),
    /// List topics with counts; test, explain, count, lint, retag
    Topics(topics::Arguments),
    /// Try alerts: what they would deliver, and a delivery
    Alerts(alerts::Arguments),
    /// Read pages into articles, storing nothing
    Extract(extract::Arguments),
    /// Take in articles from JSON lines and web archives (WARC)
    Import(import::Arguments),
    /// Print articles as JSON lines or CSV
    Export(export::Arguments),
    /// Take articles out for good, and keep them from coming back
    Delete(delete::Arguments),
    /// Copy the data directory, also while the daemon runs
    Backup(backup::Arguments),
    /// Rebuild the index from the store
    Reindex,
    /// Report every problem of the configuration, or of store and index
    Check(check::Arguments),
    /// Show the effective settings, and where each came from
    Config,
    /// Show counts, backlog and sizes of the data directory
    Status,
    /// Ask the running daemon whether it is ready
    Health(health::Arguments),
    /// Give assistants the archive as tools (Model Context Protocol on standard input and output)
    Mcp(mcp::Arguments),
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// What a command says when it could not do its work: a wrong question, as opposed to a failure.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub String);

/// Something went wrong that has been told already; only the exit code is left to say.
#[derive(Debug, thiserror::Error)]
#[error("failed")]
pub(crate) struct Told;

/// Runs the command line and returns the exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are data on standard output; clap knows.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let global = arguments.global;
    let output = Output::new(global.json, global.color);
    // Commands that answer are quiet about their work; the daemon tells what it does.
    let base = if matches!(arguments.command, Command::Run(_)) { 0 } else { -1 };
    init_logs(global.log_format, base + verbosity(&global), output.colored_errors());
    match dispatch(arguments.command, &global, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, &output),
    }
}

/// How much more than usual is logged, by `-v` and `-q`.
fn verbosity(global: &Global) -> i8 {
    let most = |times: u8| times.min(4) as i8;
    most(global.verbose) - most(global.quiet)
}

fn dispatch(command: Command, global: &Global, output: &Output) -> Result<(), Error> {
    match command {
        Command::Init(arguments) => init::run(&arguments, output),
        Command::Run(arguments) => run::run(&arguments, global, output),
        Command::Search(arguments) => search::run(*arguments, global, output),
        Command::Show(arguments) => show::run(&arguments, global, output),
        Command::Stories(arguments) => stories::run(&arguments, global, output),
        Command::Sources(arguments) => sources::run(arguments, global, output),
        Command::Topics(arguments) => topics::run(arguments, global, output),
        Command::Alerts(arguments) => alerts::run(arguments, global, output),
        Command::Extract(arguments) => extract::run(&arguments, global, output),
        Command::Import(arguments) => import::run(&arguments, global, output),
        Command::Export(arguments) => export::run(&arguments, global, output),
        Command::Delete(arguments) => delete::run(&arguments, global, output),
        Command::Backup(arguments) => backup::run(&arguments, global, output),
        Command::Reindex => reindex::run(global, output),
        Command::Check(arguments) => check::run(&arguments, global, output),
        Command::Config => check::show(global, output),
        Command::Status => status::run(global, output),
        Command::Mcp(arguments) => mcp::run(&arguments, global),
        Command::Health(arguments) => health::run(&arguments, global, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "dateline", &mut script);
            output.raw(&script)
        }
    }
}

/// Says what went wrong and returns the exit code for it.
fn report(error: &Error, output: &Output) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if error.is::<Told>() {
        return ExitCode::FAILURE;
    }
    let mut text = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let cause = cause.to_string();
        // A transparent error says the same as its source.
        if !text.contains(&cause) {
            text += if depth == 0 { "" } else { ": " };
            text += &cause;
        }
    }
    output.error(&text);
    ExitCode::from(code(error))
}

fn code(error: &Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<config::Problems>() {
            return 78;
        }
        if cause.is::<Usage>()
            || matches!(cause.downcast_ref(), Some(serve::Error::Question(_) | serve::Error::Unknown(_)))
        {
            return 2;
        }
        if matches!(cause.downcast_ref(), Some(store::Error::InUse { .. }))
            || matches!(cause.downcast_ref(), Some(pipeline::Error::Store(store::Error::InUse { .. })))
        {
            return 75;
        }
    }
    1
}

fn is_broken_pipe(error: &Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn failures_have_the_documented_codes() {
        assert_eq!(code(&Usage("x".into()).into()), 2);
        assert_eq!(code(&config::Problems(Vec::new()).into()), 78);
        assert_eq!(code(&store::Error::Missing { dir: "d".into() }.into()), 1);
    }
}
