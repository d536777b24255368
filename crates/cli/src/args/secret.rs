//! What can be typed after `pintle secret`.

use clap::{Args, Subcommand};
use pintle_cloud::secret::Fingerprint;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum SecretCommand {
    /// Keys that secrets are sealed to
    #[command(subcommand)]
    Key(SecretKeyCommand),
    /// Seal what comes on standard input to a person's key; prints the id that they read it with
    ///
    /// Hand the id on by another way than the server, and confirm the key's fingerprint with them by another way, too.
    Send(SecretSendArgs),
    /// Fetch a secret, once, open it here, and have it destroyed
    Read(SecretReadArgs),
    /// List the secrets that you sent and were sent, and when they were read
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Drop a secret that waits
    Drop {
        /// Its name, as listed: 24 hex digits
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Subcommand)]
pub enum SecretKeyCommand {
    /// Register a key to be sent secrets under; needs a second factor that is fresh
    Add(KeyAddArgs),
    /// List your keys, and the fingerprints that senders confirm with you
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a key; secrets that wait for it can still be read
    Remove {
        /// Its fingerprint: 64 hex digits
        #[arg(value_name = "FINGERPRINT")]
        fingerprint: Fingerprint,
    },
}

#[derive(Args)]
pub struct KeyAddArgs {
    /// A public key that you have: RSA of 3072 bits or more (also SSH's id_rsa.pub), X25519 or P-256; one is made if not given
    #[arg(long, value_name = "FILE")]
    pub public: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct SecretSendArgs {
    /// Whom it is for, by the name or handle they log in with
    #[arg(long, value_name = "NAME")]
    pub to: String,
    /// How long it waits to be read: 90s, 30m, 1h or 7d, at most 30d
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = seconds)]
    pub expires: u64,
    /// The fingerprint of their key, as they told you; it is asked for if not given
    #[arg(long, value_name = "FINGERPRINT")]
    pub fingerprint: Option<Fingerprint>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct SecretReadArgs {
    /// The id that the sender handed on; the first line of standard input if it is -
    #[arg(value_name = "ID")]
    pub id: String,
    /// Your private key; the one that `pintle secret key add` made if not given
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Write the secret to this new file, which only you can read, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A length of time as it is typed, in seconds.
fn seconds(typed: &str) -> Result<u64, String> {
    let wrong = || "a time is typed as 90s, 30m, 1h or 7d".to_owned();
    let unit = match typed.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number = typed.get(..typed.len() - 1).unwrap_or_default();
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(unit) {
        Some(seconds @ 60..=2_592_000) => Ok(seconds),
        _ => Err("a secret waits for 60s to 30d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_time_is_read_in_its_unit_and_within_bounds() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("1h"), Ok(3_600));
        assert_eq!(seconds("30d"), Ok(2_592_000));
        for wrong in ["", "h", "1", "59s", "31d", "-1h", "1ü", "99999999999999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
