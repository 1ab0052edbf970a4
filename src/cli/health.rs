//! `dateline health`: asks the running daemon, for container health checks without any other tool.

use std::time::Duration;

use anyhow::Error;

use super::{Global, Told, Usage, open, output::Output};
use crate::{config, serve};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to wait for an answer
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    timeout: String,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let timeout: Duration = config::parse_duration(&arguments.timeout).map_err(|error| Usage(error.to_string()))?;
    let settings = open::settings(global)?;
    if settings.serve.listen.is_empty() {
        return Err(Usage("serve.listen is empty, so there is nobody to ask".to_owned()).into());
    }
    match serve::check_health(&settings.serve.listen, timeout) {
        Ok(()) => {
            output.note("ready");
            Ok(())
        }
        Err(reason) => {
            output.error(&reason);
            Err(Told.into())
        }
    }
}
