//! JSON lines at the end of a file.

use std::{fs::File, io::Write, path::Path};

use super::Error;

/// Appends one line to a file, or to standard output where the path is `-`, and waits until it is on disk.
///
/// # Errors
/// When the file cannot be opened or written.
pub fn append(path: &Path, line: &str) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    // One write a line, so that readers of a growing file and of a pipe never see half of one before the other half.
    let line = format!("{line}\n");
    if path == Path::new("-") {
        return std::io::stdout().lock().write_all(line.as_bytes()).map_err(failed);
    }
    let mut file = File::options().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("alerts.jsonl");
        append(&path, "{}").expect("writable");
        append(&path, "[]").expect("writable");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "{}\n[]\n");
        assert!(append(dir.path(), "x").is_err());
    }
}
