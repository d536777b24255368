//! `pintle keyring`: keys that sign, and which of them devices trust. Nothing here needs a node or a network: root keys
//! belong where there is none.

mod show;

use crate::args::{KeyArgs, KeyringCommand, MakeArgs, NextArgs, RingArgs, RingSignArgs};
use crate::failure::Failure;
use crate::say::say;
use crate::signing::document::{self, Readers, create, refused, replace};
use crate::signing::key::{self, Public, algorithm, read_publics, read_signer, read_signers};
use pintle_cloud::pem;
use pintle_firmware::release::{
    Envelope, Key, Keyring, KeyringBuilder, Kind, MAX_KEYS, Role, Thresholds, counter_sign, sign,
};
use pintle_firmware::signature::{AwsLcSigner, PublicKey, Sign};
use serde_json::json;

pub fn run(command: &KeyringCommand) -> Result<(), Failure> {
    match command {
        KeyringCommand::Key(args) => make_key(args),
        KeyringCommand::Make(args) => make(args),
        KeyringCommand::Next(args) => next(args),
        KeyringCommand::Sign(args) => add_signature(args),
        KeyringCommand::Show { file, from, json } => show::run(file, from.as_deref(), *json),
    }
}

fn make_key(args: &KeyArgs) -> Result<(), Failure> {
    // Before there is a private key whose public part was not written.
    if let Some(path) = args.public.as_deref().filter(|path| path.exists()) {
        return Err(refused(path, "there is a file already: name another"));
    }
    let (private, public) = key::make(args.p256)?;
    create(&args.out, Readers::Owner, private.expose())?;
    let text = pem::write("PUBLIC KEY", &public.borrowed().to_spki());
    if let Some(path) = &args.public {
        create(path, Readers::Everyone, text.as_bytes())?;
    }
    let (id, algorithm) = (public.id().to_string(), algorithm(&public.borrowed()));
    if args.json {
        say!(
            "{}",
            json!({ "id": id, "algorithm": algorithm, "key": args.out, "public": args.public, "public_pem": text })
        );
        return Ok(());
    }
    say!("Made key {id} ({algorithm}) in {}: whoever has this file can sign.", args.out.display());
    match &args.public {
        Some(path) => say!("Its public part is in {}.", path.display()),
        None => say!("{}", text.trim_end()),
    }
    Ok(())
}

fn make(args: &MakeArgs) -> Result<(), Failure> {
    put_together(&args.ring, args.product, 1, None)
}

fn next(args: &NextArgs) -> Result<(), Failure> {
    let bytes = document::read(&args.from)?;
    let old = document::pinned(&args.from, &bytes)?;
    let number = old.number.checked_add(1);
    let number = number.ok_or_else(|| refused(&args.from, "no number is left after its own"))?;
    put_together(&args.ring, old.product, number, Some(&old))
}

/// Makes a keyring, has it signed, and says what is missing for devices to take it.
fn put_together(
    args: &RingArgs,
    product: u16,
    number: u32,
    old: Option<&Keyring<'_>>,
) -> Result<(), Failure> {
    let [roots, releases, reviews] =
        [&args.roots, &args.releases, &args.reviews].map(|paths| read_publics(paths));
    let (roots, releases, reviews) = (roots?, releases?, reviews?);
    let reviewed = u8::from(!reviews.is_empty());
    let keys = |role, publics: &'_ [Public]| {
        publics.iter().map(move |one| (role, one.clone())).collect::<Vec<_>>()
    };
    let all =
        [keys(Role::Root, &roots), keys(Role::Release, &releases), keys(Role::Review, &reviews)]
            .concat();
    if all.len() > MAX_KEYS {
        return Err(too_large());
    }
    let builder = KeyringBuilder {
        product,
        number,
        expiry: args.expires.0,
        thresholds: Thresholds {
            root: args.root_threshold,
            release: args.release_threshold,
            review: args.review_threshold.unwrap_or(reviewed),
        },
        keys: all.iter().map(|(role, one)| Key { role: *role, public: one.borrowed() }).collect(),
    };
    let signers = read_signers(&args.signers)?;
    let signers: Vec<&dyn Sign> = signers.iter().map(|one| one as &dyn Sign).collect();
    let bytes = sign(Kind::Keyring, &builder.payload(), &signers)
        .ok_or_else(|| Failure::failed("a signature could not be made"))?;
    // Read back before anybody is asked to trust it: too many keys, a key twice, a threshold that cannot be reached.
    let envelope = Envelope::parse(&bytes).map_err(|_| too_large())?;
    let ring = Keyring::unverified(&envelope).map_err(Failure::usage)?;
    for signer in &signers {
        is_root(&signer.public_key(), &ring, old)?;
    }
    create(&args.out, Readers::Everyone, &bytes)?;
    say!("Made keyring {number} of product {product} in {}.", args.out.display());
    show::table(&envelope, &ring, old);
    Ok(())
}

fn too_large() -> Failure {
    Failure::usage("more keys or signatures than a keyring holds: 16 of each at most")
}

/// A signature of any other key would count for nothing.
fn is_root(
    key: &PublicKey<'_>,
    ring: &Keyring<'_>,
    old: Option<&Keyring<'_>>,
) -> Result<(), Failure> {
    let mut rings = old.into_iter().chain([ring]);
    let known =
        rings.any(|ring| ring.keys().any(|one| one.role == Role::Root && one.public == *key));
    match known {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "key {} is no root key of this keyring, nor of the one before (--from): only those sign it",
            key.id()
        ))),
    }
}

fn add_signature(args: &RingSignArgs) -> Result<(), Failure> {
    let bytes = document::read(&args.file)?;
    let (envelope, ring) = document::keyring(&args.file, &bytes)?;
    let old = args.from.as_deref().map(document::read).transpose()?;
    let old = match (&args.from, &old) {
        (Some(path), Some(bytes)) => Some(document::pinned(path, bytes)?),
        _ => None,
    };
    let signer: AwsLcSigner = read_signer(&args.key)?;
    is_root(&signer.public_key(), &ring, old.as_ref())?;
    let id = signer.public_key().id();
    if envelope.signers().any(|one| one == id) {
        return Err(refused(&args.file, format_args!("key {id} has signed it already")));
    }
    let signed = counter_sign(&bytes, &signer).map_err(|_| too_large())?;
    replace(&args.file, &signed)?;
    let (envelope, ring) = document::keyring(&args.file, &signed)?;
    say!("Signed keyring {} of product {} with key {id}.", ring.number, ring.product);
    show::table(&envelope, &ring, old.as_ref());
    Ok(())
}
