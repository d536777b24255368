//! A Wi-Fi network or a SIM with its secrets, checked when made.

use super::{NetworkFault, Secret};

/// How long an SSID may be, in bytes.
const SSID: usize = 32;
const APN: usize = 100;
const LOGIN: usize = 64;

/// A network that the device may use.
pub enum Network {
    /// Wi-Fi.
    Wifi(Wifi),
    /// A mobile network.
    Sim(Sim),
}

/// A Wi-Fi network.
pub struct Wifi {
    pub(super) ssid: String,
    /// Whether it does not say its name.
    pub(super) hidden: bool,
    pub(super) protection: Protection,
}

/// How a Wi-Fi network is protected.
pub enum Protection {
    /// Not at all.
    Open,
    /// WPA2, and WPA3 in transition, with a passphrase.
    Wpa2(Secret),
    /// WPA3 alone (SAE), with a passphrase.
    Wpa3(Secret),
}

/// The access point of a mobile network, and what its SIM asks for.
pub struct Sim {
    pub(super) apn: String,
    pub(super) user: Secret,
    pub(super) password: Secret,
    pub(super) pin: Secret,
}

impl Wifi {
    /// A Wi-Fi network.
    ///
    /// # Errors
    /// [`NetworkFault::Ssid`], [`NetworkFault::Passphrase`].
    pub fn new(ssid: &str, hidden: bool, protection: Protection) -> Result<Self, NetworkFault> {
        if ssid.is_empty() || ssid.len() > SSID || ssid.contains('\0') {
            return Err(NetworkFault::Ssid);
        }
        if let Protection::Wpa2(secret) | Protection::Wpa3(secret) = &protection {
            let bytes = secret.expose();
            if !(8..=63).contains(&bytes.len()) || !is_printable(bytes) {
                return Err(NetworkFault::Passphrase);
            }
        }
        Ok(Self { ssid: ssid.to_owned(), hidden, protection })
    }
}

impl Sim {
    /// A SIM; user, password and PIN may be empty.
    ///
    /// # Errors
    /// [`NetworkFault::Apn`], [`NetworkFault::Login`], [`NetworkFault::Pin`].
    pub fn new(
        apn: &str,
        user: Secret,
        password: Secret,
        pin: Secret,
    ) -> Result<Self, NetworkFault> {
        let of_apn = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if apn.is_empty() || apn.len() > APN || !apn.bytes().all(of_apn) {
            return Err(NetworkFault::Apn);
        }
        for login in [&user, &password] {
            if login.expose().len() > LOGIN || !is_printable(login.expose()) {
                return Err(NetworkFault::Login);
            }
        }
        let digits = pin.expose();
        let is_pin = (4..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        if !digits.is_empty() && !is_pin {
            return Err(NetworkFault::Pin);
        }
        Ok(Self { apn: apn.to_owned(), user, password, pin })
    }
}

impl Network {
    /// What it is called: its SSID or its APN.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Wifi(wifi) => &wifi.ssid,
            Self::Sim(sim) => &sim.apn,
        }
    }

    /// `wifi` or `sim`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Wifi(_) => "wifi",
            Self::Sim(_) => "sim",
        }
    }

    /// What is kept of it besides its name, in words.
    #[must_use]
    pub fn keeps(&self) -> Vec<&'static str> {
        match self {
            Self::Wifi(wifi) => match wifi.protection {
                Protection::Open => Vec::new(),
                Protection::Wpa2(_) | Protection::Wpa3(_) => vec!["passphrase"],
            },
            Self::Sim(sim) => {
                let all = [("user", &sim.user), ("password", &sim.password), ("pin", &sim.pin)];
                all.into_iter().filter(|(_, one)| !one.is_empty()).map(|(name, _)| name).collect()
            }
        }
    }

    /// Whether the two are the same network.
    pub(super) fn is(&self, kind: &str, name: &str) -> bool {
        self.kind() == kind && self.name() == name
    }
}

fn is_printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}
