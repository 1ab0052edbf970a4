//! `dateline init`: the configuration files, commented, to edit.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Error};

use super::output::Output;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to write them
    #[arg(value_name = "DIR", default_value = "config")]
    dir: PathBuf,
}

const FILES: [(&str, &str); 5] = [
    ("dateline.toml", include_str!("../../config/dateline.toml")),
    ("sources.toml", include_str!("../../config/sources.toml")),
    ("topics.toml", include_str!("../../config/topics.toml")),
    ("topics-languages.toml", include_str!("../../config/topics-languages.toml")),
    ("names.toml", include_str!("../../config/names.toml")),
];

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<(), Error> {
    let dir = &arguments.dir;
    fs::create_dir_all(dir).with_context(|| format!("{} cannot be created", dir.display()))?;
    for (name, text) in FILES {
        let path = dir.join(name);
        if write_new(&path, text)? {
            output.note(&format!("wrote {}", path.display()));
        } else {
            output.note(&format!("kept  {}: it is there already", path.display()));
        }
    }
    let option =
        if dir == Path::new("config") { String::new() } else { format!(" --config {}/dateline.toml", dir.display()) };
    output.note(&format!("next: edit sources.toml, then `dateline check{option}` and `dateline run{option}`"));
    Ok(())
}

/// Writes a file that is not there yet; returns whether it was written.
fn write_new(path: &Path, text: &str) -> Result<bool, Error> {
    let file = File::options().write(true).create_new(true).open(path);
    match file {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", path.display())),
    }
}
