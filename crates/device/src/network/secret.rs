//! One secret: what it can do is be kept, and be wiped.

use zeroize::Zeroizing;

/// A passphrase, a password or a PIN. It is wiped when dropped.
///
/// It is made from what was typed, and that is all that the outside can do with it:
///
/// ```
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// assert!(!secret.is_empty());
/// ```
///
/// It is not printed,
///
/// ```compile_fail,E0277
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// println!("{secret:?}");
/// ```
///
/// nor shown,
///
/// ```compile_fail,E0277
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// let text = format!("{secret}");
/// ```
///
/// nor taken for the bytes that a message is made of,
///
/// ```compile_fail,E0277
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// fn into_a_message(payload: impl AsRef<[u8]>) {}
/// into_a_message(secret);
/// ```
///
/// nor given to anything that serializes,
///
/// ```compile_fail,E0277
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// fn into_a_document(value: impl serde::Serialize) {}
/// into_a_document(secret);
/// ```
///
/// nor copied,
///
/// ```compile_fail,E0599
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// let another = secret.clone();
/// ```
///
/// and what it holds is nobody's to read.
///
/// ```compile_fail,E0624
/// use pintle_device::network::Secret;
/// let secret = Secret::new(String::from("correct horse").into());
/// let bytes = secret.expose();
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// What was typed.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "what was typed is wiped here")]
    pub fn new(typed: Zeroizing<String>) -> Self {
        Self::of(typed.as_bytes())
    }

    /// What was kept.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its bytes, for the two ways out that this module has.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }
}
