//! wpa_supplicant: a block of its configuration between two marks. What is around them is left alone; the file is
//! readable by its owner alone from then on.
//!
//! For WPA2 the key is written that the passphrase and the name make (IEEE 802.11, annex J.4), not the passphrase.

use super::PrivateText;
use crate::error::Error;
use crate::network::{Network, NetworkFault, Networks, Protection, Secret, Wifi};
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1};
use std::fs::{self, File};
use std::io::Read;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FOLDER: &str = "etc/wpa_supplicant";
const FILE: &str = "wpa_supplicant.conf";
const BEGIN: &str =
    "# The networks that `pintle device network` keeps. What is changed here is lost.\n";
const END: &str = "# Up to here.\n";
/// No configuration is larger, in bytes.
const LARGEST: u64 = 256 * 1024;
const ROUNDS: u32 = 4096;

/// Its configuration, if there is one: the general one, else that of the one interface.
pub(super) fn file(root: &Path) -> Option<PathBuf> {
    let folder = root.join(FOLDER);
    let general = folder.join(FILE);
    if general.is_file() {
        return Some(general);
    }
    let of_an_interface = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("wpa_supplicant-") && name.ends_with(".conf")
    };
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let mut found = entries.map(|entry| entry.path()).filter(of_an_interface);
    found.next().filter(|_| found.next().is_none())
}

/// Writes the networks into it.
pub(super) fn apply(path: &Path, networks: &Networks) -> Result<(), Error> {
    if networks.iter().any(|network| matches!(network, Network::Sim(_))) {
        return Err(NetworkFault::NoSim.into());
    }
    let mut before = Zeroizing::new(Vec::with_capacity(LARGEST as usize + 1));
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut before));
    read.map_err(Error::file("read", path))?;
    let around = Some(&*before).filter(|before| before.len() as u64 <= LARGEST);
    let Some((head, tail)) = around.and_then(|before| around_block(before)) else {
        return Err(NetworkFault::Config { path: path.to_path_buf(), limit: LARGEST }.into());
    };
    with_block(head, tail, networks).write_to(path)
}

/// What was before and after the block, with the block of now.
fn with_block(head: &[u8], tail: &[u8], networks: &Networks) -> PrivateText {
    let mut out = PrivateText::new();
    out.bytes(head);
    if head.last().is_some_and(|last| *last != b'\n') {
        out.text("\n");
    }
    if networks.iter().next().is_some() {
        out.text(BEGIN);
        for network in networks.iter() {
            if let Network::Wifi(wifi) = network {
                write(&mut out, wifi);
            }
        }
        out.text(END);
    }
    out.bytes(tail);
    out
}

/// What is before the block and what is after it; nothing where it has a beginning and no end.
fn around_block(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let find = |content: &[u8], mark: &str| {
        content.windows(mark.len()).position(|part| part == mark.as_bytes())
    };
    let Some(begin) = find(content, BEGIN) else { return Some((content, &[])) };
    let (head, block) = content.split_at_checked(begin)?;
    let (_, tail) = block.split_at_checked(find(block, END)? + END.len())?;
    Some((head, tail))
}

fn write(out: &mut PrivateText, wifi: &Wifi) {
    out.text("network={\n\tssid=").hex(wifi.ssid.as_bytes()).text("\n");
    if wifi.hidden {
        out.text("\tscan_ssid=1\n");
    }
    match &wifi.protection {
        Protection::Open => out.text("\tkey_mgmt=NONE\n"),
        Protection::Wpa2(secret) => {
            let key = key_of(&wifi.ssid, secret);
            out.text("\tkey_mgmt=WPA-PSK\n\tpsk=").hex(key.as_ref()).text("\n")
        }
        Protection::Wpa3(secret) => {
            out.text("\tkey_mgmt=SAE\n\tieee80211w=2\n\tsae_password=\"");
            out.secret(secret, Vec::push).text("\"\n")
        }
    };
    out.text("}\n");
}

fn key_of(ssid: &str, passphrase: &Secret) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let rounds = NonZeroU32::new(ROUNDS).unwrap_or(NonZeroU32::MIN);
    let passphrase = passphrase.expose();
    pbkdf2::derive(PBKDF2_HMAC_SHA1, rounds, ssid.as_bytes(), passphrase, key.as_mut());
    key
}

#[cfg(test)]
pub(in crate::network) fn text_with(before: &[u8], networks: &Networks) -> Option<String> {
    let (head, tail) = around_block(before)?;
    Some(with_block(head, tail, networks).as_test_text())
}
