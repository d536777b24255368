//! Files that somebody named: read whole and bounded, and folders walked without following links.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No lock file, SBOM or advisory that anybody ships is larger.
pub const MAX_FILE: u64 = 64 << 20;
/// More than any project has.
const MAX_FOLDERS: usize = 20_000;

/// A file's bytes.
///
/// # Errors
/// It cannot be read, or is larger than [`MAX_FILE`].
pub fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = fs::File::open(path).map_err(|error| named(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(named(&format_args!("larger than {} MiB", MAX_FILE >> 20)));
    }
    Ok(bytes)
}

/// A file's text.
///
/// # Errors
/// As [`bytes`], or it is not UTF-8.
pub fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(bytes(path)?).map_err(|_| format!("{}: not UTF-8 text", path.display()))
}

/// Files below a folder, sorted; `enters` says which folders are looked into, by name.
pub fn below(folder: &Path, depth: usize, enters: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), depth)];
    let mut seen = 0;
    while let Some((folder, depth)) = folders.pop() {
        seen += 1;
        if seen > MAX_FOLDERS {
            break;
        }
        // What a build leaves behind is marked so, by Cargo and others.
        if folder.join("CACHEDIR.TAG").exists() {
            continue;
        }
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_file() {
                found.push(entry.path());
            } else if kind.is_dir() && depth > 0 && entry.file_name().to_str().is_some_and(enters) {
                folders.push((entry.path(), depth - 1));
            }
        }
    }
    found.sort();
    found
}

/// Whether a project's own packages may be in a folder of this name: not what was fetched or hidden.
#[must_use]
pub fn is_own(name: &str) -> bool {
    is_source(name) && name != "vendor"
}

/// Whether a package's source may be in a folder of this name.
#[must_use]
pub fn is_source(name: &str) -> bool {
    !name.starts_with('.') && name != "node_modules"
}
