//! `dateline mcp`: the archive as tools for an assistant, on standard input and output.

use anyhow::{Context, Error};

use super::{Global, open};
use crate::serve;

const EXAMPLES: &str = "\
Examples (in the configuration of an assistant):
  { \"mcpServers\": { \"dateline\": { \"command\": \"dateline\", \"args\": [\"mcp\", \"--data-dir\", \"/var/lib/dateline\"] } } }";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments, global: &Global) -> Result<(), Error> {
    let data_dir = open::settings(global)?.data_dir;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let done = runtime.block_on(serve::serve_assistant(data_dir)).context("the client does not speak the protocol");
    // A read of standard input that still waits must not keep the process.
    runtime.shutdown_background();
    done
}
