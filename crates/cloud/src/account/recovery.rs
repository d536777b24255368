//! Recovery codes: 136 random bits each, good once, for who has lost the other second factor.
//!
//! They are kept as SHA-256 alone. With that many random bits nobody finds a code from its hash, and no key has to be
//! kept for them.

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::{AccountError, AccountId, base32};
use crate::node_key::random;

/// Codes that a person gets.
pub const COUNT: usize = 10;
/// Random bytes of a code: they make 28 letters, in groups of four.
const LENGTH: usize = 17;
/// Letters of a group.
const GROUP: usize = 4;

/// What is kept of a code.
pub(super) type CodeHash = [u8; 32];

/// Codes just made, to be shown once. Wiped when dropped.
pub struct RecoveryCodes(Vec<Zeroizing<String>>);

impl RecoveryCodes {
    /// New ones, and what is kept of them.
    pub(super) fn make(account: AccountId) -> Result<(Self, Vec<CodeHash>), AccountError> {
        let (mut codes, mut hashes) = (Vec::with_capacity(COUNT), Vec::with_capacity(COUNT));
        for _ in 0..COUNT {
            let mut bytes = Zeroizing::new([0; LENGTH]);
            random(bytes.as_mut_slice())?;
            hashes.push(hash(account, bytes.as_slice()));
            codes.push(grouped(&base32::encode(bytes.as_slice())));
        }
        Ok((Self(codes), hashes))
    }

    /// As they are shown.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|code| code.as_str())
    }
}

/// What would be kept of what somebody typed; `None` where it is no recovery code.
pub(super) fn read(account: AccountId, typed: &str) -> Option<CodeHash> {
    let bytes = base32::decode(typed)?;
    (bytes.len() == LENGTH).then(|| hash(account, &bytes))
}

fn hash(account: AccountId, code: &[u8]) -> CodeHash {
    let mut context = Context::new(&SHA256);
    context.update(b"pintle recovery code");
    context.update(account.as_bytes());
    context.update(code);
    let mut hash = CodeHash::default();
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

fn grouped(text: &str) -> Zeroizing<String> {
    let mut code = Zeroizing::new(String::with_capacity(text.len() + text.len() / GROUP));
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % GROUP == 0 {
            code.push('-');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_recovery_code_has_more_than_128_bits_and_belongs_to_one_account() {
        let (ada, bob) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let (codes, hashes) = RecoveryCodes::make(ada).unwrap();
        assert_eq!((codes.iter().count(), hashes.len()), (COUNT, COUNT));
        const { assert!(LENGTH * 8 >= 128) };
        for (code, hash) in codes.iter().zip(&hashes) {
            assert_eq!(code.len(), 34, "{code}");
            assert_eq!(read(ada, code), Some(*hash));
            assert_eq!(
                read(ada, &format!(" {} ", code.to_uppercase().replace('-', ""))),
                Some(*hash)
            );
            assert_ne!(read(bob, code), Some(*hash));
        }
        assert!(read(ada, "123456").is_none() && read(ada, "").is_none());
    }
}
