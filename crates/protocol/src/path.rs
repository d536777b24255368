//! Names in paths: one segment, or several that mean the name with slashes between.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::{Error, MAX_NAME};

/// The name that these segments spell; borrowed if there is only one. No segment gives the empty name.
pub(crate) fn joined<'a>(segments: impl Iterator<Item = &'a [u8]>) -> Result<Cow<'a, str>, Error> {
    let mut name = Cow::Borrowed("");
    for (position, segment) in segments.enumerate() {
        append(&mut name, position, segment)?;
    }
    Ok(name)
}

/// Adds the segment at this position of a name.
pub(crate) fn append<'a>(
    name: &mut Cow<'a, str>,
    position: usize,
    segment: &'a [u8],
) -> Result<(), Error> {
    let segment = text(segment)?;
    if position == 0 {
        *name = Cow::Borrowed(segment);
    } else {
        let longer: &mut String = name.to_mut();
        longer.push('/');
        longer.push_str(segment);
    }
    if name.len() > MAX_NAME { Err(Error::Name) } else { Ok(()) }
}

/// The one segment that must be left, as a name.
pub(crate) fn single<'a>(mut segments: impl Iterator<Item = &'a [u8]>) -> Result<&'a str, Error> {
    let name = text(segments.next().ok_or(Error::Path)?)?;
    check_name(name)?;
    if segments.next().is_some() { Err(Error::Path) } else { Ok(name) }
}

/// Refuses a name that is empty or too long.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > MAX_NAME { Err(Error::Name) } else { Ok(()) }
}

fn text(segment: &[u8]) -> Result<&str, Error> {
    core::str::from_utf8(segment).map_err(|_| Error::Name)
}

/// The first segment if it is one character, which is what says what a message is about.
pub(crate) fn letter(segment: Option<&[u8]>) -> Option<u8> {
    match segment {
        Some(&[letter]) => Some(letter),
        _ => None,
    }
}
