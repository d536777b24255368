//! Modules, keyrings and releases as a product's people make them, and requests that carry them.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Platform, Product};
use pintle_firmware::release::{
    Key, KeyringBuilder, Kind, MAX_MINIMUMS, Release, Role, Thresholds, counter_sign, sign,
};
use pintle_firmware::signature::{AwsLcSigner, Sign as _};
use serde_json::Value;
use tower::ServiceExt as _;

use super::harness::{Cloud, START_MS};

pub const PRODUCT: u16 = 12_345;
pub const PLATFORM: u16 = 13;
/// What the content of every module here begins with.
pub const MARK: &[u8] = b"the bytes that nobody but the product's owner may read";

/// A module of the product, for boron.
pub fn module(version: u16) -> Vec<u8> {
    module_of(PRODUCT, version, PLATFORM)
}

/// The same with other content.
pub fn module_with(version: u16, content: &[u8]) -> Vec<u8> {
    build(PRODUCT, version, PLATFORM, content)
}

pub fn module_of(product: u16, version: u16, platform: u16) -> Vec<u8> {
    build(product, version, platform, MARK)
}

fn build(product: u16, version: u16, platform: u16, begin: &[u8]) -> Vec<u8> {
    let mut content = begin.to_vec();
    content.extend(version.to_be_bytes());
    content.resize(4_096, 7);
    let start = 0x000d_4000;
    let mut builder = Builder::new(Platform(platform), Function::USER_PART, start, &content);
    builder.product = Some(Product { id: product, version });
    builder.build()
}

/// The keys of a product's people.
pub struct People {
    pub root: AwsLcSigner,
    pub release: AwsLcSigner,
    pub reviewers: [AwsLcSigner; 2],
}

pub fn new_key() -> AwsLcSigner {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let der = aws_lc_rs::signature::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    AwsLcSigner::from_pkcs8(der.as_ref()).unwrap()
}

impl People {
    pub fn new() -> Self {
        Self { root: new_key(), release: new_key(), reviewers: [new_key(), new_key()] }
    }

    /// A keyring that asks for a release key and two reviewers; signed by the root key, and by another before it.
    pub fn keyring(&self, product: u16, number: u32, also: Option<&AwsLcSigner>) -> Vec<u8> {
        self.keyring_with(product, number, also, 2)
    }

    pub fn keyring_with(
        &self,
        product: u16,
        number: u32,
        also: Option<&AwsLcSigner>,
        reviews: u8,
    ) -> Vec<u8> {
        let key = |role, signer: &'_ AwsLcSigner| (role, signer.public_key().as_bytes().to_vec());
        let mut keys = vec![key(Role::Root, &self.root), key(Role::Release, &self.release)];
        keys.extend(self.reviewers.iter().map(|one| key(Role::Review, one)));
        let keys = keys.iter().map(|(role, bytes)| Key {
            role: *role,
            public: pintle_firmware::signature::PublicKey::new(-8, bytes).unwrap(),
        });
        let thresholds = Thresholds { root: 1, release: 1, review: reviews };
        let expiry = u64::MAX / 2;
        let ring = KeyringBuilder { product, number, expiry, thresholds, keys: keys.collect() };
        let envelope = sign(Kind::Keyring, &ring.payload(), &[&self.root]).unwrap();
        match also {
            Some(other) => counter_sign(&envelope, other).unwrap(),
            None => envelope,
        }
    }

    /// A release signed by the release key and so many reviewers.
    pub fn statement(&self, file: &[u8], version: u16, number: u32, reviews: usize) -> Vec<u8> {
        self.statement_of(&said(file, version, number), reviews)
    }

    pub fn statement_of(&self, release: &Release, reviews: usize) -> Vec<u8> {
        let envelope = sign(Kind::Release, &release.payload(), &[&self.release]).unwrap();
        let reviewers = self.reviewers.iter().take(reviews);
        reviewers.fold(envelope, |envelope, one| counter_sign(&envelope, one).unwrap())
    }
}

/// What a release of this file says.
pub fn said(file: &[u8], version: u16, number: u32) -> Release {
    Release {
        product: PRODUCT,
        platform: Platform(PLATFORM),
        version,
        counter: 1,
        digest: Digest::of(file),
        length: u32::try_from(file.len()).unwrap(),
        expiry: u64::try_from(START_MS / 1_000).unwrap() + 1_000_000,
        number,
        over: 0,
        minimums: [None; MAX_MINIMUMS],
    }
}

/// A part of a form: its name, the name of its file where it is one, its bytes.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

pub const BOUNDARY: &str = "a-boundary";

pub fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

impl Cloud {
    pub async fn multipart(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Vec<u8>,
    ) -> (StatusCode, Value) {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{status}: {body:?}")))
    }

    /// Product 12345 of ada.
    pub async fn with_product() -> (Self, String) {
        let (cloud, _) = Self::with_alpha().await;
        // Releases and keyrings ask for a fresh second factor.
        let token = cloud.fresh_token(cloud.ada).await;
        let body = format!(
            r#"{{"product":{{"id":{PRODUCT},"name":"Green House","platform_id":{PLATFORM},"slug":"green-house"}}}}"#
        );
        let (status, made) = cloud.json("POST", "/v1/user/products", Some(&token), &body).await;
        assert_eq!(status, 200, "{made}");
        (cloud, token)
    }

    pub async fn upload(
        &self,
        token: &str,
        file: &[u8],
        statement: Option<&[u8]>,
    ) -> (StatusCode, Value) {
        let mut parts: Vec<Part<'_>> =
            vec![("file", Some("firmware.bin"), file), ("title", None, b"A title")];
        parts.extend(statement.map(|bytes| ("statement", Some("release.cbor"), bytes)));
        self.multipart("POST", "/v1/products/green-house/firmware", token, form(&parts)).await
    }

    pub async fn set_keyring(&self, token: &str, keyring: &[u8]) -> (StatusCode, Value) {
        let parts = form(&[("keyring", Some("keyring.cbor"), keyring)]);
        self.multipart("PUT", "/v1/products/green-house/keyring", token, parts).await
    }

    pub async fn release(&self, token: &str, version: u16) -> (StatusCode, Value) {
        let body = format!(r#"{{"version":{version},"product_default":true}}"#);
        self.json("PUT", "/v1/products/12345/firmware/release", Some(token), &body).await
    }
}
