//! A machine's files, under `/` or under the root of another system, opened to be read and never to be written.
//!
//! Under another root, links lead where they would lead on that system: an absolute one starts at its root, and no `..`
//! leaves it.

pub mod process;
pub mod unit;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The most that is read of one file, bytes. Nothing that is read here comes near.
const MOST_READ: u64 = 8 << 20;
/// The most links that are followed on one path, as Linux has it.
const MOST_LINKS: usize = 40;

/// The files of a machine.
#[derive(Clone, Debug)]
pub struct Machine {
    root: PathBuf,
}

impl Machine {
    /// The files under this root.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Whether it is the machine that this program runs on.
    #[must_use]
    pub fn is_this_one(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Who is root there, as user and group: whoever owns its root, for a system may have been unpacked by anybody.
    #[must_use]
    pub fn owner(&self) -> (u32, u32) {
        fs::metadata(&self.root).map_or((0, 0), |about| (about.uid(), about.gid()))
    }

    /// Where a path of the machine is found from here, links followed.
    #[must_use]
    pub fn place(&self, path: &str) -> PathBuf {
        if self.is_this_one() { Path::new("/").join(path) } else { self.resolved(path, true) }
    }

    /// Likewise, but the last part may be a link, and is not followed.
    #[must_use]
    pub fn place_of_link(&self, path: &str) -> PathBuf {
        if self.is_this_one() { Path::new("/").join(path) } else { self.resolved(path, false) }
    }

    /// A path of the machine with no links left in it, as the machine itself would write it.
    #[must_use]
    pub fn real(&self, path: &str) -> String {
        let place = self.resolved(path, true);
        let inside = place.strip_prefix(&self.root).unwrap_or(&place);
        format!("/{}", inside.display())
    }

    fn resolved(&self, path: &str, last_too: bool) -> PathBuf {
        let mut left: VecDeque<OsString> = parts(Path::new(path)).collect();
        let mut inside = PathBuf::new();
        let mut links = 0;
        while let Some(part) = left.pop_front() {
            if part == ".." {
                inside.pop();
                continue;
            }
            inside.push(&part);
            if left.is_empty() && !last_too {
                break;
            }
            let Ok(target) = fs::read_link(self.root.join(&inside)) else { continue };
            links += 1;
            if links > MOST_LINKS {
                break;
            }
            inside.pop();
            if target.is_absolute() {
                inside = PathBuf::new();
            }
            for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                left.push_front(part);
            }
        }
        self.root.join(inside)
    }

    /// What a file says, what is no text in it replaced.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn text(&self, path: &str) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(self.place(path))?.take(MOST_READ).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What a file says where there is one that can be read, in one line.
    #[must_use]
    pub fn line(&self, path: &str) -> Option<String> {
        self.text(path).ok().map(|text| text.trim().to_owned())
    }

    /// Mode, owner and kind of what is at a path, links followed.
    ///
    /// # Errors
    /// Nothing is there, or it cannot be reached.
    pub fn about(&self, path: &str) -> io::Result<Metadata> {
        fs::metadata(self.place(path))
    }

    /// Whether something is at a path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.about(path).is_ok()
    }

    /// What a folder holds, by name, sorted; nothing where there is none.
    #[must_use]
    pub fn names_in(&self, folder: &str) -> Vec<String> {
        self.list(folder).unwrap_or_default()
    }

    /// What a folder holds, by name, sorted.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = fs::read_dir(self.place(folder))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Where a link leads to, as it is written in it.
    ///
    /// # Errors
    /// It is no link, or it cannot be read.
    pub fn link(&self, path: &str) -> io::Result<String> {
        fs::read_link(self.place_of_link(path)).map(|to| to.to_string_lossy().into_owned())
    }
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

/// Whether a text is what a pattern says, where each `*` stands for anything.
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{Machine, is_like};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_of_another_system_leads_to_its_own_files() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        std::fs::write(root.path().join("usr/bin/tool"), "inside").unwrap();
        symlink("/usr/bin", root.path().join("bin")).unwrap();
        symlink("../../../../bin/tool", root.path().join("up")).unwrap();
        let machine = Machine::at(root.path());
        assert_eq!(machine.text("bin/tool").unwrap(), "inside");
        assert_eq!(machine.text("up").unwrap(), "inside");
        assert_eq!(machine.real("/up"), "/usr/bin/tool");
    }

    #[test]
    fn a_link_to_itself_ends() {
        let root = tempfile::tempdir().unwrap();
        symlink("round", root.path().join("round")).unwrap();
        assert!(Machine::at(root.path()).text("round").is_err());
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in [("a*c", "abc"), ("*", ""), ("/run/*/bus", "/run/7/bus"), ("a", "a")]
        {
            assert!(is_like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*c", "abd"), ("a", "ab"), ("ab*ba", "aba")] {
            assert!(!is_like(pattern, text), "{pattern} {text}");
        }
    }
}
