//! Whether the product reaches what is known to be bad, where that can be told.
//!
//! It is told by three things: what needs the component (tests alone do not ship), on which systems it does harm, and
//! whether any package that uses the component names what does the harm. A name that stands nowhere is not called; one that
//! stands somewhere may be. Code that calls without naming (operators, conversions, what is dropped) is not told.

use super::advisory::Advisory;
use super::component::{Component, Ecosystem, Scope};
use super::file;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Whether it is reached, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reached", content = "why", rename_all = "lowercase")]
pub enum Reach {
    /// It is named where it is used.
    Yes(String),
    /// It is not reached by the product.
    No(String),
    /// It cannot be told.
    Untold(String),
}

/// The source of a package that needs a component.
pub struct User {
    /// Its name, for a reader.
    pub name: String,
    /// Where its source is; none where it is not at hand.
    pub folder: Option<PathBuf>,
    /// Whether it calls the component by another name.
    pub renames: bool,
}

/// Functions that run without being named.
const UNNAMED: [&str; 27] = [
    "add",
    "as_mut",
    "as_ref",
    "borrow",
    "clone",
    "cmp",
    "default",
    "deref",
    "deref_mut",
    "drop",
    "eq",
    "extend",
    "fmt",
    "from",
    "from_iter",
    "from_str",
    "hash",
    "index",
    "index_mut",
    "into",
    "into_iter",
    "new",
    "next",
    "partial_cmp",
    "poll",
    "sub",
    "try_from",
];

/// Sources that are searched at most.
const MOST: u64 = 64 << 20;

/// Whether a component that an advisory is about is reached.
#[must_use]
pub fn reach(advisory: &Advisory, component: &Component, users: &[User]) -> Reach {
    match component.scope {
        Scope::Development => return Reach::No("only tests and tools need it".into()),
        Scope::Build => return Reach::No("only the build needs it".into()),
        Scope::Ships => {}
    }
    if !advisory.systems.is_empty() && !advisory.systems.iter().any(|system| system == "linux") {
        return Reach::No(format!("it does harm on {} alone", advisory.systems.join(", ")));
    }
    match component.ecosystem {
        Ecosystem::Cargo => rust(advisory, component, users),
        Ecosystem::Npm => script(component, users),
        _ => Reach::Untold("nothing says what calls it".into()),
    }
}

fn rust(advisory: &Advisory, component: &Component, users: &[User]) -> Reach {
    let last = |path: &String| path.rsplit("::").next().unwrap_or_default().trim().to_owned();
    let functions: Vec<String> = advisory.functions.iter().map(last).collect();
    let krate = component.name.replace('-', "_");
    if functions.iter().any(|name| UNNAMED.contains(&name.as_str()) || name.is_empty()) {
        return Reach::Untold("what does the harm runs without being named".into());
    }
    let wanted = if functions.is_empty() { vec![krate] } else { functions };
    if advisory.functions.is_empty() && users.iter().any(|user| user.renames) {
        return Reach::Untold("it is used by another name".into());
    }
    let is_source = |path: &Path| path.extension().is_some_and(|end| end == "rs");
    let names = |text: &[u8]| wanted.iter().any(|name| has_word(text, name.as_bytes()));
    search(users, &wanted.join(", "), is_source, names)
}

fn script(component: &Component, users: &[User]) -> Reach {
    let ends = ["js", "cjs", "mjs", "ts", "cts", "mts", "jsx", "tsx", "json", "vue", "svelte"];
    let is_source = |path: &Path| {
        path.extension().and_then(|end| end.to_str()).is_some_and(|end| ends.contains(&end))
            && !path.ends_with("package.json")
            && !path.ends_with("package-lock.json")
    };
    let names = |text: &[u8]| imports(text, component.name.as_bytes());
    search(users, &component.name, is_source, names)
}

/// Looks for a name in the sources of all that use a component.
fn search(
    users: &[User],
    wanted: &str,
    is_source: impl Fn(&Path) -> bool,
    names: impl Fn(&[u8]) -> bool,
) -> Reach {
    let mut left = MOST;
    let mut unseen = Vec::new();
    for user in users {
        let Some(folder) = &user.folder else {
            unseen.push(user.name.as_str());
            continue;
        };
        for path in
            file::below(folder, 12, file::is_source).into_iter().filter(|path| is_source(path))
        {
            let Ok(text) = file::bytes(&path) else { continue };
            if names(&text) {
                return Reach::Yes(format!("{} names {wanted}", user.name));
            }
            left = left.saturating_sub(text.len() as u64);
            if left == 0 {
                return Reach::Untold("there is too much source to search".into());
            }
        }
    }
    match (unseen.as_slice(), users) {
        (_, []) => Reach::Untold("nothing says what uses it".into()),
        ([], _) => Reach::No(format!("nothing that uses it names {wanted}")),
        ([one], _) => Reach::Untold(format!("the source of {one} is not at hand")),
        ([one, ..], _) => {
            Reach::Untold(format!("the source of {one}, among others, is not at hand"))
        }
    }
}

/// Whether a word stands in a text, not as a part of a longer one.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    places(text, word).any(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        !is_word(before) && !is_word(text.get(at + word.len()))
    })
}

/// Whether a text has a name in quotes, or the beginning of a path in it.
fn imports(text: &[u8], name: &[u8]) -> bool {
    let quotes = b"\"'`";
    places(text, name).any(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let after = text.get(at + name.len());
        before.is_some_and(|byte| quotes.contains(byte))
            && after.is_some_and(|byte| quotes.contains(byte) || *byte == b'/')
    })
}

fn places<'a>(text: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let width = word.len().max(1);
    text.windows(width).enumerate().filter(move |(_, window)| *window == word).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole_and_an_import_in_quotes() {
        assert!(has_word(b"x.unpack(y)", b"unpack") && has_word(b"unpack", b"unpack"));
        assert!(!has_word(b"x.unpack_in(y)", b"unpack") && !has_word(b"", b"unpack"));
        assert!(
            imports(b"require('lodash')", b"lodash") && imports(b"from \"lodash/fp\"", b"lodash")
        );
        assert!(!imports(b"'lodash.merge'", b"lodash") && !imports(b"lodash", b"lodash"));
    }
}
