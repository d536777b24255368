//! Why somebody did something, in their own words: kept sealed beside the chain, which holds only a commitment to it.
//!
//! The commitment is SHA-256 over 32 random bytes and the text. The random bytes lie sealed with the text, so who has the
//! log alone cannot try out texts; and when the sealed text is erased, the chain still holds.

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::entry::{REASON_LIMIT, cut};
use crate::node_key::{self, NodeKeyError, Sealer};

const DOMAIN: &[u8] = b"pintle audit reason 1\0";
const SALT: usize = 32;

/// A reason and the random bytes that hide it.
pub(crate) struct Reason {
    plain: Zeroizing<Vec<u8>>,
}

impl Reason {
    /// A reason as a person gave it, cut at [`REASON_LIMIT`] bytes.
    pub(crate) fn new(text: &str) -> Result<Self, NodeKeyError> {
        let mut plain = Zeroizing::new(vec![0; SALT]);
        node_key::random(&mut plain)?;
        plain.extend(cut(text, REASON_LIMIT).as_bytes());
        Ok(Self { plain })
    }

    /// What the chain says of it.
    pub(crate) fn commitment(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        context.update(&self.plain);
        let mut out = [0; 32];
        out.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        out
    }

    /// Sealed for the entry with this number.
    pub(crate) fn seal(&self, sealer: &Sealer, seq: u64) -> Result<Vec<u8>, NodeKeyError> {
        sealer.seal(&seq.to_be_bytes(), &self.plain)
    }

    /// Opens what [`Reason::seal`] made for this entry.
    pub(crate) fn open(sealer: &Sealer, seq: u64, sealed: &[u8]) -> Result<Self, NodeKeyError> {
        Ok(Self { plain: sealer.open(&seq.to_be_bytes(), sealed)? })
    }

    /// The person's words.
    pub(crate) fn text(&self) -> Option<&str> {
        self.plain.get(SALT..).and_then(|text| std::str::from_utf8(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_key::{Label, NodeKey};

    #[test]
    fn p6_a_reason_opens_only_for_its_entry_and_its_commitment_cannot_be_tried_out() {
        let sealer = NodeKey::generate().unwrap().sealer(Label::AUDIT_REASON).unwrap();
        let reason = Reason::new("lost device, ticket 7").unwrap();
        assert_ne!(reason.commitment(), Reason::new("lost device, ticket 7").unwrap().commitment());
        let sealed = reason.seal(&sealer, 9).unwrap();
        let opened = Reason::open(&sealer, 9, &sealed).unwrap();
        assert_eq!(opened.text(), Some("lost device, ticket 7"));
        assert_eq!(opened.commitment(), reason.commitment());
        assert!(Reason::open(&sealer, 10, &sealed).is_err());
        assert_eq!(Reason::new(&"é".repeat(2_000)).unwrap().text().unwrap().len(), REASON_LIMIT);
    }
}
