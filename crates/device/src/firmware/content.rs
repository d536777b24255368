//! The program in a module: what a user part holds, inflated where it is compressed.

use crate::life::Declined;
use pintle_firmware::module::{Flags, Function, MAX_INFLATED, Module, Wanted};
use pintle_protocol::update::Refusal;
use std::borrow::Cow;

/// Reads the module of a file that is one user part, with nothing wrong with it and just what is wanted.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn checked<'f>(file: &'f [u8], wanted: &Wanted<'_>) -> Result<Module<'f>, Declined> {
    let module = Module::read(file)?;
    let mut first = None;
    // Whom it is for comes first: a person who took the wrong file is told so.
    wanted.compare(&module, &mut |reason| first = first.or(Some(reason)));
    if let Some(reason) = first.or_else(|| module.first_fault()) {
        return Err(reason.into());
    }
    let unsupported = [Flags::COMBINED, Flags::ENCRYPTED];
    match unsupported.iter().any(|flag| module.prefix().flags.contains(*flag)) {
        true => Err(Declined::new(
            Refusal::UNSUPPORTED,
            "the device takes neither combined nor encrypted modules: send each for itself",
        )),
        false => Ok(module),
    }
}

/// The program in a module that was checked.
///
/// # Errors
/// What is wrong with its compressed content.
pub(super) fn program_of<'m>(module: &Module<'m>) -> Result<Cow<'m, [u8]>, Declined> {
    debug_assert_eq!(module.prefix().function, Function::USER_PART);
    let flags = module.prefix().flags;
    if !flags.contains(Flags::COMPRESSED) {
        return Ok(Cow::Borrowed(module.content()));
    }
    let inflated = module.inflate(MAX_INFLATED)?;
    if flags.contains(Flags::DROP_MODULE_INFO) {
        return Ok(Cow::Owned(inflated));
    }
    Ok(Cow::Owned(Module::read(&inflated)?.content().to_vec()))
}
