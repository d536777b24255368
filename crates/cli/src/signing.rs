//! What the signing commands share: keys and signed documents in files, dates, and who signed what.

pub mod document;
pub mod expiry;
pub mod key;
pub mod minimum;
pub mod standing;
