//! Where an index lives on disk: one directory a generation, and a file that names the one in use.
//!
//! A rebuild happens in a new generation beside the live one; renaming the file over the old one is the atomic swap.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use super::Error;

/// The file that names the generation in use.
const CURRENT: &str = "current";
/// The file that says that the last writer ended in order.
const CLOSED: &str = "closed";
/// What the names of files begin with that the engine writes before it gives them their own.
const UNFINISHED: &str = ".tmp";
/// What the name of a generation begins with; a number follows.
const PREFIX: &str = "generation-";

/// Returns the name of the generation in use, if there is one.
pub(super) fn current(root: &Path) -> Result<Option<String>, Error> {
    let path = root.join(CURRENT);
    match fs::read(&path) {
        // Only a name of ours is followed, whatever a damaged file says.
        Ok(name) => Ok(String::from_utf8(name).ok().filter(|name| number(name).is_some())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path)(error)),
    }
}

/// Says that a generation was closed in order, at this point of its life.
pub(super) fn mark_closed(root: &Path, name: &str) -> Result<(), Error> {
    let path = root.join(CLOSED);
    fs::write(&path, name).map_err(Error::io(path))
}

/// Tells whether a generation was closed in order, and takes the mark away: it says nothing of the next end.
pub(super) fn take_closed(root: &Path, name: &str) -> bool {
    let path = root.join(CLOSED);
    let was_closed = fs::read(&path).is_ok_and(|marked| marked == name.as_bytes());
    // A mark that cannot be taken away may not be believed either.
    fs::remove_file(path).is_ok() && was_closed
}

/// Creates the directory of a new generation.
pub(super) fn create(root: &Path) -> Result<String, Error> {
    fs::create_dir_all(root).map_err(Error::io(root))?;
    let last = list(root)?.iter().filter_map(|name| number(name)).max().unwrap_or(0);
    let name = format!("{PREFIX}{}", last + 1);
    let path = path(root, &name);
    fs::create_dir(&path).map_err(Error::io(path))?;
    Ok(name)
}

/// Puts a generation in use.
pub(super) fn publish(root: &Path, name: &str) -> Result<(), Error> {
    let path = root.join(CURRENT);
    let write = || {
        let beside = root.join("current.new");
        let mut file = File::create(&beside)?;
        file.write_all(name.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(root)?.sync_all()
    };
    write().map_err(Error::io(&path))
}

/// Removes every generation but one: old ones, and what a rebuild left that never ended.
pub(super) fn remove_others(root: &Path, keep: &str) -> Result<(), Error> {
    for name in list(root)?.into_iter().filter(|name| name != keep) {
        let path = path(root, &name);
        fs::remove_dir_all(&path).map_err(Error::io(path))?;
    }
    Ok(())
}

/// Removes what writers left that were killed in the middle of a file. Nobody may be writing.
pub(super) fn remove_unfinished(root: &Path, name: &str) -> Result<(), Error> {
    let path = path(root, name);
    for file in fs::read_dir(&path).map_err(Error::io(path))?.filter_map(Result::ok) {
        if file.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            fs::remove_file(file.path()).map_err(Error::io(file.path()))?;
        }
    }
    Ok(())
}

/// Returns the directory of a generation.
pub(super) fn path(root: &Path, name: &str) -> PathBuf {
    root.join(name)
}

fn list(root: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(root).map_err(Error::io(root))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| number(name).is_some()).collect())
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok().filter(|&number| number < u64::MAX)
}
