//! How who receives a webhook knows that it is from here: three headers, as Standard Webhooks has them.
//!
//! `webhook-id` names the event for one webhook, the same in every try; `webhook-timestamp` says when this try was made,
//! in seconds since 1970; `webhook-signature` is `v1,` and the base64 of an HMAC-SHA256 over id, timestamp and body with
//! dots between them. The key is made here, shown once, and kept sealed with the webhook.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::node_key::{NodeKeyError, random};

/// Bytes of a key.
const LENGTH: usize = 32;
/// What every key begins with where it is shown.
const PREFIX: &str = "whsec_";

/// The key that one webhook's deliveries are signed with, as it is shown: `whsec_` and base64.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct SigningKey(Secret);

impl SigningKey {
    /// A new one.
    ///
    /// # Errors
    /// [`NodeKeyError::Crypto`] where there is no randomness.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        random(bytes.as_mut_slice())?;
        Ok(Self(Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes.as_slice())))))
    }

    /// As it is shown to whoever made the webhook, once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The header `webhook-signature` of a message.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &[u8]) -> String {
        let encoded = self.0.reveal().strip_prefix(PREFIX).unwrap_or_default();
        let key = Zeroizing::new(STANDARD.decode(encoded).unwrap_or_default());
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
        context.update(format!("{id}.{timestamp_s}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let key = SigningKey(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()));
        let signed =
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_key_is_another() {
        let (one, other) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        assert!(one.reveal().starts_with(PREFIX) && one.reveal() != other.reveal());
        assert_ne!(one.sign("a", 1, b"x"), other.sign("a", 1, b"x"));
        assert_ne!(one.sign("a", 1, b"x"), one.sign("a", 2, b"x"));
    }
}
