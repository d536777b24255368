//! Secrets are planted in a virtual device, which then does with the twin what a device does; they are looked for in all
//! that the two said to each other, as it was on the wire and as it was inside.

use super::tap::{Said, Tap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pintle_device::network::{Network, Networks, Protection, Secret, Sim, Wifi};
use pintle_device::{
    Agent, CreateOptions, Folder, Notice, PublicKey, RunOptions, Service, Value, VariableType,
    VirtualBoard,
};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a device may take to connect and to be heard.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the device publishes: proof that the tap heard it.
const EVENT: (&str, &str) = ("planted/proof", "heard-by-the-tap-4d1c");
/// Credentials of networks. They are no secrets of anybody's, and are planted anew in every run.
const PLANTED: [(&str, &str); 6] = [
    ("the name of a Wi-Fi network", "planted-ssid-7Qx"),
    ("the passphrase of a Wi-Fi network", "planted passphrase ~ 5v"),
    ("the access point of a mobile network", "planted-apn.example"),
    ("the user of a mobile network", "planted-user?"),
    ("the password of a mobile network", "planted>password"),
    ("the PIN of a SIM", "73902846"),
];

/// What was found in what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Whether the tap heard what the device published: else it would find nothing whatever was said.
    pub heard: bool,
    /// What was planted and stood in what the device said inside its session.
    pub inside: Vec<String>,
    /// What was planted or published and stood on the wire for everybody.
    pub on_the_wire: Vec<String>,
}

/// Has a device of the twin live for a moment, behind a tap. `device` is one that the twin knows and that does not run;
/// `scratch` is an empty folder for what stands in for it.
///
/// # Errors
/// For a person: the device did not connect, or could not be made.
pub fn look(device: &Folder, scratch: &Path) -> Result<Traffic, String> {
    let tap = tap_of(device)?;
    let service = Service::Udp { cloud_key: tap.key() };
    let cloud = tap.address().to_string();
    let dir = scratch.join("behind-a-tap");
    let made = CreateOptions { dir: dir.clone(), id: Some(device.id()), service, cloud };
    let folder = Folder::create(made).map_err(|why| why.to_string())?;
    plant(&dir)?;
    live(folder)?;
    Ok(Traffic::of(&tap.said()))
}

fn tap_of(device: &Folder) -> Result<Tap, String> {
    let key = zeroize::Zeroizing::new(
        std::fs::read(device.dir().join("device_key.der")).map_err(|why| why.to_string())?,
    );
    let cloud = PublicKey::from_spki(&device.cloud_key());
    let cloud = cloud.map_err(|_| "the twin's device does not speak DTLS".to_owned())?;
    let at = device.config().cloud.parse();
    Tap::between(&key, cloud, at.map_err(|_| "the twin is at no address".to_owned())?)
}

fn plant(dir: &Path) -> Result<(), String> {
    let text = |why: pintle_device::Error| why.to_string();
    let [ssid, passphrase, apn, user, password, pin] = PLANTED.map(|(_, planted)| planted);
    let secret = |text: &str| Secret::new(text.to_owned().into());
    let wifi = Wifi::new(ssid, true, Protection::Wpa2(secret(passphrase)));
    let sim = Sim::new(apn, secret(user), secret(password), secret(pin));
    let mut networks = Networks::open(dir).map_err(text)?;
    let wifi = wifi.map_err(|why| why.to_string())?;
    networks.set(Network::Wifi(wifi)).map_err(text)?;
    let sim = sim.map_err(|why| why.to_string())?;
    networks.set(Network::Sim(sim)).map_err(text)?;
    Ok(())
}

/// Connects, publishes, says goodbye.
fn live(folder: Folder) -> Result<(), String> {
    let (tell, told) = channel();
    let board = VirtualBoard::new().function("answer", |_| 42).variable(
        "temperature",
        VariableType::Double,
        || Value::Double(21.5),
    );
    let options = RunOptions {
        board: Some(Arc::new(board)),
        stdin: Some(false),
        on_notice: Some(Box::new(move |notice| drop(tell.send(notice)))),
        firmware: None,
    };
    let agent = Agent::spawn(folder, options).map_err(|why| why.to_string())?;
    let until = Instant::now() + PATIENCE;
    await_notice(&told, until, |notice| matches!(notice, Notice::Connected { .. }))
        .ok_or("the virtual device did not connect to the twin")?;
    let (name, data) = EVENT;
    agent.publish(name, data.as_bytes()).map_err(|why| why.to_string())?;
    await_notice(&told, until, |notice| matches!(notice, Notice::Published(_)))
        .ok_or("the twin did not take what the virtual device published")?;
    agent.stop().map_err(|why| why.to_string())
}

/// Waits for a notice, and not for longer than until then.
pub(crate) fn await_notice(
    told: &Receiver<Notice>,
    until: Instant,
    is: impl Fn(&Notice) -> bool,
) -> Option<Notice> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let notice = told.recv_timeout(left).ok()?;
        if is(&notice) {
            return Some(notice);
        }
    }
}

impl Traffic {
    /// Looks for what was planted.
    #[must_use]
    pub fn of(said: &Said) -> Self {
        let (inside, outside) = (said.opened.concat(), said.sealed.concat());
        let published = ("what a device published", EVENT.1);
        Self {
            heard: is_in(EVENT.1, &inside),
            inside: named(PLANTED.iter(), &inside),
            on_the_wire: named(PLANTED.iter().chain([&published]), &outside),
        }
    }
}

/// The names of those that stand in a text.
fn named<'a>(planted: impl Iterator<Item = &'a (&'a str, &'a str)>, text: &[u8]) -> Vec<String> {
    planted.filter(|(_, one)| is_in(one, text)).map(|(name, _)| (*name).to_owned()).collect()
}

/// Whether it stands there, as it is, in hex or in base 64.
fn is_in(planted: &str, text: &[u8]) -> bool {
    let plain = planted.as_bytes();
    let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings =
        vec![plain.to_vec(), hex.to_ascii_uppercase().into_bytes(), hex.into_bytes()];
    // Base 64 of it within something longer begins at one of three places; its first and last letters depend on what is
    // beside it.
    spellings.extend((0..3).map(|shift| {
        let shifted = [&vec![0; shift][..], plain].concat();
        let text = STANDARD_NO_PAD.encode(shifted);
        let inner = text.len().saturating_sub(1);
        text.as_bytes().get(if shift == 0 { 0 } else { 4 }..inner).unwrap_or_default().to_vec()
    }));
    spellings.iter().any(|spelling| {
        !spelling.is_empty() && text.windows(spelling.len()).any(|window| window == spelling)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn what_was_planted_is_found_however_it_is_spelled_and_wherever_it_begins() {
        let (_, planted) = PLANTED[1];
        for before in 0..4 {
            let text = [&vec![b'x'; before][..], planted.as_bytes(), b"yz"].concat();
            assert!(is_in(planted, &text), "plain");
            assert!(is_in(planted, STANDARD.encode(&text).as_bytes()), "base 64 after {before}");
        }
        assert!(!is_in(planted, b"planted passphrase ~ 5w"));
    }
}
