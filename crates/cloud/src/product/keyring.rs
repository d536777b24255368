//! Setting a product's keyring, and showing the one in force.

use aws_lc_rs::digest;
use pintle_firmware::release::{Envelope, Keyring, Role};
use pintle_firmware::signature::AwsLc;

use super::standing::InForce;
use super::{ProductId, Refusal, Shelf};
use crate::store::Transaction;
use crate::store::product::put_keyring;

/// The keyring in force in a product, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringInForce {
    /// Its number.
    pub number: u32,
    /// When it stops counting, in seconds since 1970.
    pub expiry: u64,
    /// How many root, release and review keys have to sign.
    pub thresholds: [u8; 3],
    /// Its keys.
    pub keys: Vec<KeyInForce>,
    /// As it was signed.
    pub envelope: Vec<u8>,
}

/// A key of a keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInForce {
    /// What it is for.
    pub role: &'static str,
    /// Its short name.
    pub id: String,
    /// Its algorithm.
    pub algorithm: &'static str,
}

impl Shelf {
    /// Puts a keyring in force: the first one of a product, or the one that follows. From then on nothing is released
    /// or sent in this product but what it asks for, and there is no way back to none.
    ///
    /// # Errors
    /// [`Refusal::Keyring`] and others; the one in force stays then.
    pub async fn set_keyring(&self, product: ProductId, envelope: &[u8]) -> Result<u32, Refusal> {
        let (now, at_ms) = (self.time(), self.now_ms());
        let named = |number: u32| {
            self.act("keyring.set").on("product", format_args!("{product} keyring {number}"))
        };
        let changed = self.change(product, |opened, next| {
            let read = Envelope::parse(envelope).map_err(Refusal::Keyring)?;
            let number = match opened.policy.ring().map_err(Refusal::Keyring)? {
                Some(ring) => ring.follow(&read, &AwsLc, now).map_err(Refusal::Keyring)?.number,
                None => first(product, &read, now)?.number,
            };
            next.keyring = Some(InForce { number, sha256: sha256(envelope) });
            let keyring = Transaction::from(put_keyring(product, number, envelope, at_ms));
            Ok(keyring.noting(named(number)))
        });
        let refused = self.act("keyring.set").on("product", product);
        let standing = self.refused(refused, changed.await)?;
        Ok(standing.keyring.map_or(0, |ring| ring.number))
    }

    /// The keyring in force; `None` where the product asks for no signatures.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn keyring(&self, product: ProductId) -> Result<Option<KeyringInForce>, Refusal> {
        let opened = self.open(product).await?;
        let ring = opened.policy.ring().map_err(Refusal::Keyring)?;
        let envelope = opened.policy.envelope().unwrap_or_default();
        Ok(ring.map(|ring| KeyringInForce {
            number: ring.number,
            expiry: ring.expiry,
            thresholds: Role::ALL.map(|role| ring.thresholds.of(role)),
            keys: ring.keys().map(|key| shown(&key)).collect(),
            envelope: envelope.to_vec(),
        }))
    }
}

/// The first keyring: of this product, signed by its own root keys, and in time.
fn first<'a>(
    product: ProductId,
    envelope: &Envelope<'a>,
    now: pintle_firmware::release::Time,
) -> Result<Keyring<'a>, Refusal> {
    use pintle_firmware::release::ReleaseFault;
    let ring = Keyring::first(envelope, &AwsLc).map_err(Refusal::Keyring)?;
    if ring.product != product.0 {
        let fault = ReleaseFault::Product { found: ring.product, wanted: product.0 };
        return Err(Refusal::Keyring(fault));
    }
    if now.is_past(ring.expiry) {
        return Err(Refusal::Keyring(ReleaseFault::Expired));
    }
    Ok(ring)
}

fn shown(key: &pintle_firmware::release::Key<'_>) -> KeyInForce {
    use pintle_firmware::signature::PublicKey;
    KeyInForce {
        role: match key.role {
            Role::Root => "root",
            Role::Release => "release",
            Role::Review => "review",
        },
        id: key.public.id().to_string(),
        algorithm: match key.public {
            PublicKey::Ed25519(_) => "ed25519",
            PublicKey::P256(_) => "p256",
        },
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
        *to = *from;
    }
    out
}
