//! `pintle release`: what is said about a module, signed where no server is.

mod show;

use crate::args::{BundleArgs, ReleaseCommand, ReviewArgs, SignArgs};
use crate::failure::Failure;
use crate::firmware;
use crate::say::say;
use crate::signing::document::{self, Readers, create, refused, replace};
use crate::signing::key::{read_signer, read_signers};
use pintle_firmware::Digest;
use pintle_firmware::module::{Dependency, Module, Product};
use pintle_firmware::release::{
    Keyring, Kind, MAX_MINIMUMS, Release, Statement, Time, counter_sign, sign,
};
use pintle_firmware::signature::{AwsLc, Sign};
use std::path::Path;

pub use show::described;

pub fn run(command: &ReleaseCommand) -> Result<(), Failure> {
    match command {
        ReleaseCommand::Sign(args) => sign_module(args),
        ReleaseCommand::Review(args) => review(args),
        ReleaseCommand::Show(args) => show::run(args),
        ReleaseCommand::Bundle(args) => bundle(args),
    }
}

fn sign_module(args: &SignArgs) -> Result<(), Failure> {
    let file = firmware::read(&args.module)?;
    let module = valid(&args.module, &file)?;
    let product = module.suffix().product.filter(|product| *product != Product::NONE);
    let product =
        product.ok_or_else(|| refused(&args.module, "the module belongs to no product"))?;
    let length = u32::try_from(file.len()).map_err(|_| refused(&args.module, "too long"))?;
    let release = Release {
        product: product.id,
        platform: module.prefix().platform,
        version: product.version,
        counter: args.counter,
        digest: Digest::of(&file),
        length,
        expiry: args.expires.0,
        number: args.number,
        over: args.over,
        minimums: minimums(&args.minimums)?,
    };
    let signers = read_signers(&args.keys)?;
    let signers: Vec<&dyn Sign> = signers.iter().map(|one| one as &dyn Sign).collect();
    let bytes = sign(Kind::Release, &release.payload(), &signers)
        .ok_or_else(|| Failure::failed("a signature could not be made"))?;
    let statement = Statement::parse(&bytes).map_err(Failure::usage)?;
    create(&args.out, Readers::Everyone, &bytes)?;
    say!("Signed {} in {}.", args.module.display(), args.out.display());
    show::table(&statement, &release, None);
    Ok(())
}

/// The module of a file, if nothing is wrong with it: nobody should sign another.
fn valid<'a>(path: &Path, file: &'a [u8]) -> Result<Module<'a>, Failure> {
    let module = Module::read(file).map_err(|why| refused(path, why))?;
    match module.first_fault() {
        None => Ok(module),
        Some(fault) => Err(refused(path, format_args!("not a valid module: {fault}"))),
    }
}

fn minimums(typed: &[Dependency]) -> Result<[Option<Dependency>; MAX_MINIMUMS], Failure> {
    if typed.len() > MAX_MINIMUMS {
        return Err(Failure::usage(format!("--minimum goes up to {MAX_MINIMUMS} times")));
    }
    Ok(std::array::from_fn(|index| typed.get(index).copied()))
}

fn review(args: &ReviewArgs) -> Result<(), Failure> {
    let bytes = document::read(&args.file)?;
    let statement = document::statement(&args.file, &bytes)?;
    let release = statement.release();
    let said = Release::unverified(&release).map_err(|fault| refused(&args.file, fault))?;
    let file = firmware::read(&args.module)?;
    let module = valid(&args.module, &file)?;
    let about = said.is_about(&file).and_then(|()| said.matches(&module));
    about.map_err(|fault| refused(&args.module, fault))?;
    let signer = read_signer(&args.key)?;
    let id = signer.public_key().id();
    if release.signers().any(|one| one == id) {
        return Err(refused(&args.file, format_args!("key {id} has signed it already")));
    }
    let signed = counter_sign(release.as_bytes(), &signer)
        .map_err(|_| refused(&args.file, "it has as many signatures as fit"))?;
    let rings = statement.keyrings().flat_map(|ring| ring.as_bytes().to_vec());
    let whole: Vec<u8> = rings.chain(signed).collect();
    let statement = document::statement(&args.file, &whole)?;
    replace(&args.file, &whole)?;
    say!("Signed {} with key {id}.", args.file.display());
    show::table(&statement, &said, None);
    Ok(())
}

fn bundle(args: &BundleArgs) -> Result<(), Failure> {
    let bytes = document::read(&args.file)?;
    let statement = document::statement(&args.file, &bytes)?;
    let files = args.keyrings.iter().map(|path| document::read(path));
    let files: Vec<_> = files.collect::<Result<_, _>>()?;
    let mut last: Option<Keyring<'_>> = None;
    let mut whole = Vec::new();
    for (path, bytes) in args.keyrings.iter().zip(&files) {
        let (envelope, ring) = document::keyring(path, bytes)?;
        if let Some(before) = &last {
            let follows = before.follow(&envelope, &AwsLc, Time::Unknown);
            follows.map_err(|fault| refused(path, fault))?;
        }
        whole.extend_from_slice(bytes);
        last = Some(ring);
    }
    whole.extend_from_slice(statement.release().as_bytes());
    let statement = document::statement(&args.out, &whole)?;
    let release = statement.release();
    let said = Release::unverified(&release).map_err(|fault| refused(&args.file, fault))?;
    create(&args.out, Readers::Everyone, &whole)?;
    say!("Put {} keyrings and the release into {}.", files.len(), args.out.display());
    show::table(&statement, &said, last.as_ref());
    Ok(())
}
