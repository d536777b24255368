//! The command lines that put a record on a device in DFU mode and read it back, for `dfu-util`.

use super::BlockKind;
use std::path::Path;

/// What to type, in this order, with one device in DFU mode on USB. With several, add `-d VENDOR:PRODUCT`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DfuLines {
    /// Writes the record.
    pub write: String,
    /// Reads it back into another file, which must not be there yet.
    pub read_back: String,
    /// Compares the two; it must say nothing.
    pub compare: String,
}

/// The lines for a record of this kind in `file`; it is read back into `read_back`.
#[must_use]
pub fn dfu_util_lines(kind: BlockKind, file: &Path, read_back: &Path) -> DfuLines {
    let (offset, size) = (kind.flash_offset(), kind.size());
    let (file, read_back) = (quoted(file), quoted(read_back));
    DfuLines {
        write: format!("dfu-util -a 1 -s {offset} -D {file}"),
        read_back: format!("dfu-util -a 1 -s {offset}:{size} -U {read_back}"),
        compare: format!("cmp {file} {read_back}"),
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+');
    match text.chars().all(plain) && !text.is_empty() && !text.starts_with('-') {
        true => text,
        false if text.starts_with('-') => format!("'./{}'", text.replace('\'', r"'\''")),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
