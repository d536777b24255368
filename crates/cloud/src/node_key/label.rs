//! What keys are for. Each label has keys of its own, which say nothing about those of the others.

/// How the keys of a label are used, and so how one takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Made of the node key itself, and changes with it alone.
    Fixed,
    /// Seals: what lies under an older key is sealed anew, and the older key is destroyed.
    Seals,
    /// Keys hashes of what can be guessed. A hash cannot be keyed anew: it moves to the newest key when what was hashed
    /// next comes along, and the older key stays until then.
    Moves,
    /// Keys hashes of random secrets, or of what lives for minutes: whoever learned such a key could do nothing with it,
    /// so it stays as long as the node key does.
    Stays,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    name: &'static str,
    usage: Use,
}

/// Names each label once, so that none is missing from [`Label::ALL`].
macro_rules! labels {
    ($($(#[$doc:meta])* $constant:ident = $usage:ident $name:literal;)*) => {
        impl Label {
            $($(#[$doc])* pub const $constant: Self = Self { name: $name, usage: Use::$usage };)*

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];
        }
    };
}

labels! {
    /// Keys the hash under which an account is found.
    ACCOUNT_NAME = Moves "account name";
    /// Peppers passwords.
    PASSWORD = Moves "password";
    /// Keys the hash under which an API token is found.
    TOKEN = Stays "api token";
    /// Seals device sessions at rest.
    SESSION = Seals "device session";
    /// Seals what durable consumers have yet to take.
    OUTBOX = Seals "outbox";
    /// Seals what webhooks are told.
    WEBHOOK = Seals "webhook";
    /// Seals the files of firmware.
    FIRMWARE = Seals "firmware";
    /// Seals what is in force in a product: its keyring, its releases, its counters.
    PRODUCT = Seals "product";
    /// Seals how far each product has come, beside the store.
    PRODUCT_MARKS = Seals "product marks";
    /// Seals the connection ids a node chooses.
    CONNECTION_ID = Fixed "connection id";
    /// Seals the seeds of second factors.
    SECOND_FACTOR = Seals "second factor";
    /// Seals what a client carries from one step of a login to the next.
    LOGIN_STEP = Stays "login step";
    /// Shows that a store belongs to this key.
    STORE_CHECK = Fixed "store check";
    /// Seals the key that signs the audit log, which is verified without opening the store.
    AUDIT_KEY = Fixed "audit key";
    /// Seals the reasons that people gave for what they did.
    AUDIT_REASON = Fixed "audit reason";
    /// Tells a data folder from its copies.
    INCARNATION = Fixed "incarnation";
    /// Seals the small files of a backup, which must open before the store does.
    BACKUP = Fixed "backup";
    /// Keys the hash over what a backup says of itself.
    BACKUP_MANIFEST = Fixed "backup manifest";
    /// Makes the key that signs the reports of the checklist.
    CHECKLIST = Fixed "checklist";
    /// Wraps the data keys.
    DATA_KEYS = Fixed "data keys";
}

impl Label {
    /// Those that were in use before data keys were random: in a folder from then, their first key is made of the node
    /// key.
    pub(crate) const DERIVED_BEFORE: &'static [Self] = &[
        Self::ACCOUNT_NAME,
        Self::PASSWORD,
        Self::TOKEN,
        Self::SESSION,
        Self::OUTBOX,
        Self::FIRMWARE,
        Self::PRODUCT,
        Self::PRODUCT_MARKS,
    ];

    /// Its name, which is part of what lies under it and never changes.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How its keys are used.
    #[must_use]
    pub fn usage(self) -> Use {
        self.usage
    }

    /// Whether its keys are replaced when keys are rotated.
    #[must_use]
    pub fn rotates(self) -> bool {
        matches!(self.usage, Use::Seals | Use::Moves)
    }

    /// The label of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|label| label.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_labels_have_one_name() {
        for label in Label::ALL {
            assert_eq!(Label::named(label.name()), Some(*label));
        }
    }
}
