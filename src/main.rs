//! The binary: everything is in the library, starting at `dateline::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dateline::cli::main()
}
