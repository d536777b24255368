//! Handing the networks to whatever uses them: NetworkManager, else wpa_supplicant. Each is told through the file that it
//! reads, mode 0600 from its first byte on; its program is only told to read it again, and gets no secret as an argument.

mod network_manager;
mod private_text;
mod wpa_supplicant;

use super::{NetworkFault, Networks};
use crate::command;
use crate::error::Error;
use private_text::PrivateText;
use std::fmt;
use std::path::{Path, PathBuf};

/// A system that networks are handed to.
pub struct System {
    root: PathBuf,
    /// Whether its programs run here and can be told.
    runs: bool,
}

/// What networks were handed to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tool {
    /// NetworkManager.
    NetworkManager,
    /// wpa_supplicant.
    WpaSupplicant,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NetworkManager => "NetworkManager",
            Self::WpaSupplicant => "wpa_supplicant",
        })
    }
}

/// Whether the tool knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reload {
    /// It read its files again.
    Done,
    /// It could not be told, and reads them when it starts.
    Failed,
    /// It was not to be told: it does not run here.
    NotHere,
}

/// What was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Applied {
    /// What the networks were handed to.
    pub tool: Tool,
    /// The files that hold them now.
    pub files: Vec<PathBuf>,
    /// How many files of networks that are no longer kept were removed.
    pub removed: usize,
    /// Whether the tool knows.
    pub reload: Reload,
}

impl System {
    /// The one that this runs on.
    #[must_use]
    pub fn this() -> Self {
        Self { root: PathBuf::from("/"), runs: true }
    }

    /// One whose files are below `root`: an image that is being made. Nothing there is told.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf(), runs: false }
    }

    /// Hands over all networks, and takes back those that are no longer kept.
    ///
    /// # Errors
    /// [`NetworkFault::NoTool`], [`NetworkFault::NoSim`], [`Error::File`].
    pub fn apply(&self, networks: &Networks) -> Result<Applied, Error> {
        if let Some(folder) = network_manager::folder(&self.root) {
            let (files, removed) = network_manager::apply(&folder, networks)?;
            let reload = self.tell(&["nmcli", "connection", "reload"]);
            return Ok(Applied { tool: Tool::NetworkManager, files, removed, reload });
        }
        if let Some(file) = wpa_supplicant::file(&self.root) {
            wpa_supplicant::apply(&file, networks)?;
            let reload = self.tell(&["wpa_cli", "reconfigure"]);
            let tool = Tool::WpaSupplicant;
            return Ok(Applied { tool, files: vec![file], removed: 0, reload });
        }
        Err(NetworkFault::NoTool(self.root.clone()).into())
    }

    fn tell(&self, words: &[&str]) -> Reload {
        if !self.runs {
            return Reload::NotHere;
        }
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match command::run(&words, None, Path::new("/")) {
            Ok(output) if output.exit_code == 0 => Reload::Done,
            _ => Reload::Failed,
        }
    }
}

#[cfg(test)]
pub(super) use {
    network_manager::text_of as network_manager_text,
    wpa_supplicant::text_with as wpa_supplicant_text,
};
