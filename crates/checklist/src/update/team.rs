//! The people who sign for a scratch product: made anew for each run, and gone with it.

use pintle_firmware::Digest;
use pintle_firmware::module::Platform;
use pintle_firmware::release::{
    Key, KeyringBuilder, Kind, MAX_MINIMUMS, Release, Role, Thresholds, counter_sign, sign,
};
use pintle_firmware::signature::{AwsLcSigner, NewKey, Sign};

/// So many reviewers have to sign.
pub const REVIEWERS: usize = 2;
/// For so long what they sign is good, in seconds.
const GOOD_FOR: u64 = 30 * 24 * 60 * 60;

/// A root, a release key, and reviewers.
pub struct Team {
    product: u16,
    platform: u16,
    now: u64,
    root: AwsLcSigner,
    release: AwsLcSigner,
    reviewers: [AwsLcSigner; REVIEWERS],
}

/// What a release says besides which file it is about.
#[derive(Clone, Copy, Debug)]
pub struct Says {
    /// The version.
    pub version: u16,
    /// The security counter.
    pub counter: u32,
    /// The number of the statement.
    pub number: u32,
}

impl Team {
    /// A team for a product; none where the system has no random bytes. `now` in seconds since 1970.
    #[must_use]
    pub fn new(product: u16, platform: u16, now: u64) -> Option<Self> {
        let (root, release) = (signer()?, signer()?);
        Some(Self { product, platform, now, root, release, reviewers: [signer()?, signer()?] })
    }

    /// Their keyring, signed by their root.
    #[must_use]
    pub fn keyring(&self, number: u32) -> Option<Vec<u8>> {
        let [first, second] = &self.reviewers;
        let keys = [
            (Role::Root, &self.root),
            (Role::Release, &self.release),
            (Role::Review, first),
            (Role::Review, second),
        ];
        let keys = keys.map(|(role, key)| Key { role, public: key.public_key() }).to_vec();
        let thresholds = Thresholds { root: 1, release: 1, review: REVIEWERS as u8 };
        let expiry = self.now.saturating_add(GOOD_FOR);
        let builder = KeyringBuilder { product: self.product, number, expiry, thresholds, keys };
        sign(Kind::Keyring, &builder.payload(), &[&self.root])
    }

    /// A release of a file, signed by the release key and by so many reviewers.
    #[must_use]
    pub fn release(&self, file: &[u8], says: Says, reviews: usize) -> Option<Vec<u8>> {
        self.sign(&self.said(file, says), reviews)
    }

    /// What is said of a file, to be signed.
    #[must_use]
    pub fn said(&self, file: &[u8], says: Says) -> Release {
        Release {
            product: self.product,
            platform: Platform(self.platform),
            version: says.version,
            counter: says.counter,
            digest: Digest::of(file),
            length: u32::try_from(file.len()).unwrap_or(u32::MAX),
            expiry: self.now.saturating_add(GOOD_FOR),
            number: says.number,
            over: 0,
            minimums: [None; MAX_MINIMUMS],
        }
    }

    /// The same that has ended.
    #[must_use]
    pub fn ended(&self, file: &[u8], says: Says) -> Release {
        Release { expiry: self.now.saturating_sub(60), ..self.said(file, says) }
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, release: &Release, reviews: usize) -> Option<Vec<u8>> {
        let signed = sign(Kind::Release, &release.payload(), &[&self.release])?;
        let mut reviewers = self.reviewers.iter().take(reviews);
        reviewers.try_fold(signed, |signed, reviewer| counter_sign(&signed, reviewer).ok())
    }
}

fn signer() -> Option<AwsLcSigner> {
    AwsLcSigner::from_pkcs8(NewKey::ed25519()?.expose())
}
