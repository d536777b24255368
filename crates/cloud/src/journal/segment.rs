//! A segment's name and header. The header of the room has the layout.

use super::cursor::Cursor;
use super::frame::HIGHEST;
use std::collections::BTreeSet;

const MAGIC: [u8; 8] = *b"pintle.j";
/// The one format this release reads and writes.
pub(super) const FORMAT: u8 = 1;
/// The bytes of a segment's header.
pub(super) const HEADER: usize = 8 + 1 + 1 + 8 + 32 + 4;

/// Whose journal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The partition whose shard writes it.
    pub partition: u8,
    /// What sets this node on this machine apart from any copy of it.
    pub incarnation: [u8; 32],
}

/// The name of a segment's file.
pub(super) fn name(partition: u8, number: u64) -> String {
    format!("{partition}-{number:010}.log")
}

/// The number of a segment of `partition`, from its file's name; none for any other file.
pub(super) fn number_of(partition: u8, file: &str) -> Option<u64> {
    let number = file.strip_suffix(".log")?.split_once('-')?.1.parse().ok()?;
    (number < HIGHEST && name(partition, number) == file).then_some(number)
}

/// The partitions that have a journal among these files.
pub fn partitions(files: &[String]) -> BTreeSet<u8> {
    let partition = |file: &String| {
        let partition = file.split_once('-')?.0.parse().ok()?;
        number_of(partition, file).map(|_| partition)
    };
    files.iter().filter_map(partition).collect()
}

/// The segments of `partition` among `files`, oldest first.
pub(super) fn in_order(partition: u8, files: &[String]) -> Vec<u64> {
    let mut numbers: Vec<u64> =
        files.iter().filter_map(|file| number_of(partition, file)).collect();
    numbers.sort_unstable();
    numbers
}

/// The header of a segment.
pub(super) fn header(origin: &Origin, number: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[FORMAT, origin.partition]);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&origin.incarnation);
    out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
    out
}

/// What the start of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heading {
    /// A segment of this journal.
    Ours,
    /// One of another incarnation: of the folder this one was copied from.
    OtherIncarnation,
    /// Another release's.
    OtherFormat(u8),
    /// A segment of this node under a name that is not its own.
    Misplaced,
    /// No whole header.
    Torn,
}

/// Reads a header.
pub(super) fn read_header(origin: &Origin, number: u64, bytes: &[u8; HEADER]) -> Heading {
    match parse(bytes) {
        Some((Some(found), _, _)) => Heading::OtherFormat(found),
        Some((None, found, _)) if found.incarnation != origin.incarnation => {
            Heading::OtherIncarnation
        }
        Some((None, found, at)) if found != *origin || at != number => Heading::Misplaced,
        Some(_) => Heading::Ours,
        None => Heading::Torn,
    }
}

/// The format where it is another's, the origin and the number.
fn parse(bytes: &[u8; HEADER]) -> Option<(Option<u8>, Origin, u64)> {
    let mut from = Cursor::new(bytes);
    let magic: [u8; 8] = from.array()?;
    let [format, partition] = from.array()?;
    let number = from.u64()?;
    let origin = Origin { partition, incarnation: from.array()? };
    let checksum = u32::from_be_bytes(from.array()?);
    let (covered, _) = bytes.split_last_chunk::<4>()?;
    let other = (format != FORMAT).then_some(format);
    let whole = other.is_some() || crc32fast::hash(covered) == checksum;
    (magic == MAGIC && whole).then_some((other, origin, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin = Origin { partition: 3, incarnation: [9; 32] };

    fn read(origin: &Origin, number: u64, bytes: &[u8]) -> Heading {
        read_header(origin, number, bytes.try_into().unwrap())
    }

    #[test]
    fn a_header_says_whose_segment_it_is() {
        let bytes = header(&ORIGIN, 5);
        assert_eq!(read(&ORIGIN, 5, &bytes), Heading::Ours);
        assert_eq!(read(&ORIGIN, 6, &bytes), Heading::Misplaced);
        assert_eq!(read(&Origin { partition: 4, ..ORIGIN }, 5, &bytes), Heading::Misplaced);
        let other = Origin { incarnation: [8; 32], ..ORIGIN };
        assert_eq!(read(&other, 5, &bytes), Heading::OtherIncarnation);
    }

    #[test]
    fn a_damaged_header_is_torn_and_another_format_is_named() {
        let mut bytes = header(&ORIGIN, 5);
        bytes[20] ^= 1;
        assert_eq!(read(&ORIGIN, 5, &bytes), Heading::Torn);
        bytes[8] = 2;
        assert_eq!(read(&ORIGIN, 5, &bytes), Heading::OtherFormat(2));
        assert_eq!(read(&ORIGIN, 5, &[0; HEADER]), Heading::Torn);
    }

    #[test]
    fn segments_are_ordered_by_number_and_other_files_left_alone() {
        let files = [name(3, 20_000_000_000), name(3, 7), name(4, 1), name(3, 10)].into_iter();
        let strangers = ["lock", "3-8.log", "3-0000000009.log.new", "3-+000000009.log"];
        let files: Vec<String> = files.chain(strangers.map(str::to_owned)).collect();
        assert_eq!(in_order(3, &files), [7, 10, 20_000_000_000]);
    }
}
