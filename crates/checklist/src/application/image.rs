//! What was left in a microcontroller's image: a console, a debug port, a key, a password, names that say too much.
//!
//! Texts of at least six printable characters are looked at, and the symbols of an ELF file. What is secret is not
//! kept: of keys the kind and the place, of passwords the name before them.

use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

mod key;
mod symbol;

/// The shortest text that is looked at, characters.
const SHORTEST: usize = 6;
/// The longest text that is kept as evidence, characters.
const LONGEST_KEPT: usize = 80;
/// The most of a kind that is kept.
const MOST_KEPT: usize = 50;
/// The largest image that is looked at, bytes.
const LARGEST: u64 = 64 << 20;

/// What was seen in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The name of its file.
    pub name: String,
    /// SHA-256 of it, in hex.
    pub hash: String,
    /// Texts and symbols of a console that takes commands.
    pub consoles: BTreeSet<String>,
    /// Texts and symbols of a debugger's way in.
    pub debug_ports: BTreeSet<String>,
    /// Private keys, and what is called a test's or an example's.
    pub keys: BTreeSet<String>,
    /// Names of passwords that stand beside their values.
    pub credentials: BTreeSet<String>,
    /// Names of functions are in it.
    pub symbols: bool,
    /// Folders of the machine that it was built on.
    pub build_paths: BTreeSet<String>,
}

/// Looks at an image.
///
/// # Errors
/// It cannot be read, or is too large, in words.
pub fn look(path: &Path) -> Result<Image, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!(
            "{} is larger than 64 MiB: is it an image for a microcontroller?",
            path.display()
        ));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Image { name, ..inspect(&bytes) })
}

/// Looks at the bytes of an image.
#[must_use]
pub fn inspect(bytes: &[u8]) -> Image {
    let mut image = Image { hash: hex(&Sha256::digest(bytes)), ..Image::default() };
    image.keys.extend(key::in_der(bytes));
    let symbols = symbol::names(bytes);
    image.symbols = !symbols.is_empty();
    for symbol in &symbols {
        judge_symbol(&mut image, symbol);
    }
    for text in texts(bytes) {
        judge_text(&mut image, text);
    }
    image
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Runs of printable characters.
fn texts(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let runs = bytes.split(|byte| !(b' '..=b'~').contains(byte) && *byte != b'\t');
    runs.filter(|run| run.len() >= SHORTEST).filter_map(|run| std::str::from_utf8(run).ok())
}

/// Words of a console that takes commands; small letters.
const CONSOLES: &[&str] = &[
    "uart shell",
    "debug console",
    "debug shell",
    "type 'help'",
    "type help",
    "unknown command",
    "command not found",
    "login:",
    "root@",
    "busybox",
    "u-boot",
    "cli>",
    "shell>",
];
/// Words of a debugger's way in.
const DEBUG_PORTS: &[&str] = &[
    "segger rtt",
    "semihosting",
    "gdbstub",
    "gdb stub",
    "jtag enabled",
    "swd enabled",
    "jtag is enabled",
    "debug port enabled",
];
/// Parts of symbols of either.
const CONSOLE_SYMBOLS: &[&str] =
    &["shell_cmd", "cli_register", "console_register", "esp_console", "debug_shell", "readline"];
const DEBUG_SYMBOLS: &[&str] =
    &["segger_rtt", "initialise_monitor_handles", "gdb_stub", "gdbstub", "_sys_semihost"];
/// Words that say that a key is not meant for the field.
const TEST_KEYS: &[&str] = &[
    "test key",
    "test_key",
    "testkey",
    "example key",
    "dummy key",
    "dev key",
    "development key",
    "not for production",
    "insecure key",
];

fn judge_symbol(image: &mut Image, symbol: &str) {
    let plain = symbol.to_lowercase();
    let note = |of: &[&str], kept: &mut BTreeSet<String>| {
        if of.iter().any(|part| plain.contains(part)) {
            keep(kept, format!("the symbol {}", short(symbol)));
        }
    };
    note(CONSOLE_SYMBOLS, &mut image.consoles);
    note(DEBUG_SYMBOLS, &mut image.debug_ports);
    note(&["test_key", "testkey", "dummy_key", "dev_key"], &mut image.keys);
}

fn judge_text(image: &mut Image, text: &str) {
    let plain = text.to_lowercase();
    let note = |of: &[&str], kept: &mut BTreeSet<String>| {
        if of.iter().any(|part| plain.contains(part)) {
            keep(kept, format!("the text \"{}\"", short(text.trim())));
        }
    };
    note(CONSOLES, &mut image.consoles);
    note(DEBUG_PORTS, &mut image.debug_ports);
    note(TEST_KEYS, &mut image.keys);
    if let Some(kind) = key::in_text(text) {
        keep(&mut image.keys, kind);
    }
    if let Some(name) = credential(text) {
        keep(&mut image.credentials, name);
    }
    if let Some(folder) = build_path(text) {
        keep(&mut image.build_paths, folder);
    }
}

fn keep(kept: &mut BTreeSet<String>, what: String) {
    if kept.len() < MOST_KEPT {
        kept.insert(what);
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_KEPT).collect()
}

/// The name before a value, where both stand in the image: `password=hunter2`, `"psk": "x"`, `://user:x@`.
fn credential(text: &str) -> Option<String> {
    let plain = text.to_lowercase();
    for word in [
        "password",
        "passwd",
        "passphrase",
        "psk",
        "api_key",
        "apikey",
        "api-key",
        "secret",
        "access_token",
        "auth_token",
    ] {
        let Some((_, rest)) = plain.split_once(word) else { continue };
        let rest = rest.trim_start_matches(['"', '\'', ' ']);
        let Some(value) = rest.strip_prefix(['=', ':']) else { continue };
        let value = value.trim_start_matches(['"', '\'', ' ']);
        let end =
            value.find(|c: char| c.is_whitespace() || "\"',;&".contains(c)).unwrap_or(value.len());
        let value = value.get(..end).unwrap_or_default();
        // A format is filled in later; a name of a field has no value.
        if value.len() >= 4 && !value.contains('%') && !value.contains('{') && !value.contains("<")
        {
            return Some(word.to_owned());
        }
    }
    let (_, rest) = plain.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty() && !password.contains('%'))
        .then(|| "an address with a password".to_owned())
}

/// The first three parts of a path on the machine of a person.
fn build_path(text: &str) -> Option<String> {
    let starts = ["/home/", "/Users/", "C:\\Users\\"];
    let (start, at) = starts.iter().find_map(|start| Some((start, text.find(start)?)))?;
    let rest = text.get(at + start.len()..)?;
    let end = rest.find(['/', '\\'])?;
    // The next part is a person's name: evidence has none.
    (end > 0).then(|| format!("{start}…"))
}

#[cfg(test)]
mod tests {
    use super::{build_path, credential, inspect};
    use proptest::prelude::*;

    #[test]
    fn a_password_is_named_and_not_kept() {
        assert_eq!(credential("wifi_password=hunter2"), Some("password".into()));
        assert_eq!(credential("{\"psk\": \"abcdefgh\"}"), Some("psk".into()));
        assert_eq!(credential("mqtt://me:pw@host/x"), Some("an address with a password".into()));
        for clean in ["password=%s", "enter password:", "wrong password", "https://host/x@y"] {
            assert_eq!(credential(clean), None, "{clean}");
        }
    }

    #[test]
    fn whose_machine_built_it_is_seen_and_not_kept() {
        assert_eq!(build_path("in /home/somebody/src/main.c").unwrap(), "/home/…");
        assert_eq!(build_path("/home/"), None);
    }

    proptest! {
        #[test]
        fn no_image_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), elf: bool) {
            let mut image = if elf { b"\x7fELF\x01\x01\x01".to_vec() } else { Vec::new() };
            image.extend(bytes);
            let _ = inspect(&image);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(password|://|@|:|=|/home/|\\PC){0,30}") {
            let _ = (credential(&text), build_path(&text));
        }
    }
}
