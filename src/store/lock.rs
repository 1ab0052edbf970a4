//! Who may work in the data directory: one daemon or import at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Write},
    path::Path,
    process,
};

use chrono::Utc;

use super::Error;

const FILE: &str = "dateline.lock";

/// The right to poll, import and index in a data directory; given back on drop, and by the kernel when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a data directory, which is created where it is missing.
    ///
    /// # Errors
    /// [`Error::InUse`] while another process has it; [`Error::File`] where the directory cannot be written.
    pub fn acquire(dir: &Path) -> Result<Self, Error> {
        let failed = |what| {
            move |source: io::Error| match is_refusal(&source) {
                true => Error::NotWritable { dir: dir.to_owned(), source },
                false => Error::File { path: dir.to_owned(), what, source },
            }
        };
        fs::create_dir_all(dir).map_err(failed("cannot create the data directory"))?;
        let file = File::options().create(true).truncate(false).write(true).open(dir.join(FILE));
        let file = file.map_err(failed("cannot create the lock file"))?;
        match file.try_lock() {
            Ok(()) => {
                let owner =
                    format!("process {} on {}, since {}", process::id(), host_name(), Utc::now().format("%F %T UTC"));
                // Only for people to read: the lock itself is the kernel's.
                let _ = file.set_len(0).and_then(|()| (&file).write_all(owner.as_bytes()));
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_owned(), owner: read_owner(dir) }),
            Err(TryLockError::Error(error)) => Err(failed("cannot lock the data directory")(error)),
        }
    }

    /// Tells whether a data directory that is being worked in can still be written.
    ///
    /// # Errors
    /// [`Error::NotWritable`] where its file system has become read-only, as that of a failing disk does.
    pub fn is_still_writable(dir: &Path) -> Result<(), Error> {
        match File::options().write(true).open(dir.join(FILE)) {
            Err(source) if is_refusal(&source) => Err(Error::NotWritable { dir: dir.to_owned(), source }),
            _ => Ok(()),
        }
    }

    /// Returns whether some process has the lock now.
    pub fn is_held(dir: &Path) -> bool {
        File::open(dir.join(FILE)).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Returns who has the lock now, in words; `None` while nobody has it.
    pub fn owner(dir: &Path) -> Option<String> {
        Self::is_held(dir).then(|| read_owner(dir))
    }
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn read_owner(dir: &Path) -> String {
    let owner = fs::read_to_string(dir.join(FILE)).unwrap_or_default();
    if owner.is_empty() { "another process".to_owned() } else { owner }
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "this host".to_owned() } else { name.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = Lock::acquire(dir.path()).expect("free");
        assert!(matches!(Lock::acquire(dir.path()), Err(Error::InUse { .. })));
        assert!(Lock::is_held(dir.path()));
        drop(first);
        assert!(!Lock::is_held(dir.path()));
        Lock::acquire(dir.path()).expect("free again");
    }
}
