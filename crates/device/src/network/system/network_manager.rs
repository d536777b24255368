//! NetworkManager: a keyfile for each network, called `pintle-<digest of its name>.nmconnection`. Other connections are
//! left alone.

use super::PrivateText;
use crate::error::Error;
use crate::network::{Network, Networks, Protection, Secret, Sim, Wifi};
use aws_lc_rs::digest::{SHA256, digest};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "etc/NetworkManager/system-connections";
const OURS: &str = "pintle-";
const EXTENSION: &str = ".nmconnection";

/// Where its keyfiles are, if it is there.
pub(super) fn folder(root: &Path) -> Option<PathBuf> {
    Some(root.join(FOLDER)).filter(|folder| folder.is_dir())
}

/// Writes a file for each network; which they are, and how many others of ours were removed.
pub(super) fn apply(folder: &Path, networks: &Networks) -> Result<(Vec<PathBuf>, usize), Error> {
    let mut files = Vec::new();
    for network in networks.iter() {
        let name = Name::of(network);
        let path = folder.join(format!("{OURS}{}{EXTENSION}", name.short()));
        keyfile(network, &name).write_to(&path)?;
        files.push(path);
    }
    let removed = remove_others(folder, &files)?;
    Ok((files, removed))
}

fn remove_others(folder: &Path, files: &[PathBuf]) -> Result<usize, Error> {
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(OURS) && name.ends_with(EXTENSION) && !files.contains(&path) {
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// What stands for a network in file names and identifiers: always the same for the same network.
struct Name([u8; 16]);

impl Name {
    fn of(network: &Network) -> Self {
        let all = format!("{}\n{}", network.kind(), network.name());
        let hash = digest(&SHA256, all.as_bytes());
        let mut bytes = hash.as_ref().first_chunk::<16>().copied().unwrap_or_default();
        // A UUID of version 8 (RFC 9562, section 5.8).
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    fn short(&self) -> String {
        self.0.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    fn uuid(&self) -> String {
        let mut text = String::new();
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

fn keyfile(network: &Network, name: &Name) -> PrivateText {
    let mut out = PrivateText::new();
    let kind = if matches!(network, Network::Wifi(_)) { "wifi" } else { "gsm" };
    out.text("[connection]\nid=").text(OURS).text(&name.short());
    out.text("\nuuid=").text(&name.uuid()).text("\ntype=").text(kind).text("\n\n");
    match network {
        Network::Wifi(wifi) => write_wifi(&mut out, wifi),
        Network::Sim(sim) => write_sim(&mut out, sim),
    }
    out.text("[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n");
    out
}

fn write_wifi(out: &mut PrivateText, wifi: &Wifi) {
    out.text("[wifi]\nmode=infrastructure\nssid=");
    // As numbers: no name of a network can then be taken for anything else.
    wifi.ssid.bytes().for_each(|byte| {
        out.text(&format!("{byte};"));
    });
    out.text(if wifi.hidden { "\nhidden=true\n\n" } else { "\n\n" });
    let (kind, secret) = match &wifi.protection {
        Protection::Open => return,
        Protection::Wpa2(secret) => ("wpa-psk", secret),
        Protection::Wpa3(secret) => ("sae", secret),
    };
    out.text("[wifi-security]\nkey-mgmt=").text(kind);
    out.text("\npsk=").secret(secret, spell).text("\n\n");
}

fn write_sim(out: &mut PrivateText, sim: &Sim) {
    out.text("[gsm]\napn=").text(&sim.apn).text("\n");
    let login: [(&str, &Secret); 3] =
        [("username", &sim.user), ("password", &sim.password), ("pin", &sim.pin)];
    for (name, secret) in login.into_iter().filter(|(_, secret)| !secret.is_empty()) {
        out.text(name).text("=").secret(secret, spell).text("\n");
    }
    out.text("\n");
}

/// A character of a value: spaces at its ends would be lost, and a backslash begins an escape.
fn spell(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b' ' => out.extend(b"\\s"),
        b'\\' => out.extend(b"\\\\"),
        other => out.push(other),
    }
}

#[cfg(test)]
pub(in crate::network) fn text_of(network: &Network) -> String {
    keyfile(network, &Name::of(network)).as_test_text()
}
