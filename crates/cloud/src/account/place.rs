//! Where somebody has a role: a product, or an organisation that has products.

use std::fmt;

use aws_lc_rs::rand;

use crate::node_key::NodeKeyError;
use crate::product::ProductId;

/// An organisation: 12 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId([u8; Self::LENGTH]);

impl OrganizationId {
    const LENGTH: usize = 12;

    /// A new random id.
    ///
    /// # Errors
    /// [`NodeKeyError`] where there are no random bytes.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut bytes = [0; Self::LENGTH];
        rand::fill(&mut bytes).map_err(|_| NodeKeyError::Crypto)?;
        Ok(Self(bytes))
    }

    /// An id from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Reads 24 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        handle_bytes(text).map(Self)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// What 24 hex digits stand for: an organisation's id, or an account's handle.
#[must_use]
pub(crate) fn handle_bytes(text: &str) -> Option<[u8; 12]> {
    let mut bytes = [0; 12];
    if text.len() != 24 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Where somebody has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In one product.
    Product(ProductId),
    /// In an organisation, and so in every product of it.
    Organization(OrganizationId),
}

impl Place {
    /// The product, where it is one.
    #[must_use]
    pub fn product(self) -> Option<ProductId> {
        match self {
            Self::Product(id) => Some(id),
            Self::Organization(_) => None,
        }
    }

    /// The organisation, where it is one.
    #[must_use]
    pub fn organization(self) -> Option<OrganizationId> {
        match self {
            Self::Product(_) => None,
            Self::Organization(id) => Some(id),
        }
    }

    /// Its kind, to the audit log.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Product(_) => "product",
            Self::Organization(_) => "organization",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(id) => id.fmt(out),
            Self::Organization(id) => id.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_nothing_else_is() {
        let id = OrganizationId::from_bytes([0xa7; 12]);
        assert_eq!(OrganizationId::parse(&id.to_string()), Some(id));
        assert_eq!(OrganizationId::parse(&id.to_string().to_uppercase()), Some(id));
        for wrong in ["", "a7", "+7a7a7a7a7a7a7a7a7a7a7a7", "ä7a7a7a7a7a7a7a7a7a7a7a"] {
            assert_eq!(OrganizationId::parse(wrong), None, "{wrong}");
        }
    }
}
