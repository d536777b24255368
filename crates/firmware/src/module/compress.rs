//! Deflating modules.

use super::build::{put, seal};
use super::inflate::{DEFLATE, HEADER};
use super::{CRC_SIZE, Flags, Module, Prefix};
use alloc::vec::Vec;
use miniz_oxide::deflate::compress_to_vec;

/// How hard to try; more makes little difference and takes long.
const LEVEL: u8 = 8;

/// The module compressed: prefix and suffix stay readable around the deflated whole, or around the deflated content
/// where its flags say that prefix and suffix are dropped.
///
/// `None` for a module that cannot be compressed: its prefix is not at the start, or it is compressed, combined or
/// incomplete.
#[must_use]
pub fn compress(module: &[u8]) -> Option<Vec<u8>> {
    let read = Module::read(module).ok()?;
    let mut prefix = *read.prefix();
    let fits = read.is_whole() && read.rest().is_empty() && read.prefix_offset() == 0;
    let wrapped =
        prefix.flags.contains(Flags::COMPRESSED) || prefix.flags.contains(Flags::COMBINED);
    (fits && !wrapped && prefix.function.may_be_compressed()).then_some(())?;
    let dropped = prefix.flags.contains(Flags::DROP_MODULE_INFO);
    let original = if dropped { read.content() } else { module };
    let head = Prefix::SIZE + read.prefix_extensions().length();
    let tail = usize::from(read.suffix().size) + CRC_SIZE;

    let mut out = module.get(..head)?.to_vec();
    out.extend(u16::try_from(HEADER).ok()?.to_le_bytes());
    out.extend([DEFLATE, 0]);
    out.extend(u32::try_from(original.len()).ok()?.to_le_bytes());
    out.extend(compress_to_vec(original, LEVEL));
    out.extend_from_slice(module.get(module.len().checked_sub(tail)?..)?);
    let length = u32::try_from(out.len().checked_sub(CRC_SIZE)?).ok()?;
    prefix.flags = prefix.flags.with(Flags::COMPRESSED);
    prefix.end = prefix.start.checked_add(length)?;
    put(&mut out, 0, &prefix.to_bytes());
    seal(&mut out);
    Some(out)
}
