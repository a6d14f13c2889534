//! Folders for commands that work on a database of their own.

use crate::error::StartError;
use std::path::{Path, PathBuf};

/// A folder of this process alone, removed at the end.
pub struct Temporary(PathBuf);

impl Temporary {
    /// Makes one in `parent`, named after the command.
    pub fn within(parent: &Path, command: &str) -> Result<Self, StartError> {
        let path = parent.join(format!("tellonce-{command}-{}", std::process::id()));
        let made = std::fs::create_dir(&path);
        made.map_err(|error| StartError::configuration(format!("cannot make {}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
