//! A datagram as an outsider reads it: record headers, and the part of the nonce that is in the open
//! (RFC 6347 4.1, RFC 9146 4, RFC 6655 3).

/// The explicit part of a record's nonce.
pub type Nonce = [u8; 8];

/// One record of a datagram.
pub struct Record<'a> {
    /// Its outer type.
    pub kind: u8,
    /// Its epoch: 0 is in the open.
    pub epoch: u16,
    /// All of it.
    pub bytes: &'a [u8],
    /// What follows the header.
    pub body: &'a [u8],
}

impl Record<'_> {
    /// The explicit nonce of a protected record.
    #[must_use]
    pub fn nonce(&self) -> Option<Nonce> {
        self.body.first_chunk().copied().filter(|_| self.epoch > 0)
    }
}

/// The records of a datagram; what is cut off is left out.
pub fn records(datagram: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let (record, after) = split(rest)?;
        rest = after;
        Some(record)
    })
}

fn split(datagram: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let kind = *datagram.first()?;
    let id = if matches!(kind, 25 | 253) { 8 } else { 0 };
    let epoch = u16::from_be_bytes(datagram.get(3..5)?.try_into().ok()?);
    let length = u16::from_be_bytes(datagram.get(11 + id..13 + id)?.try_into().ok()?);
    let (bytes, rest) = datagram.split_at_checked(13 + id + usize::from(length))?;
    let body = bytes.get(13 + id..)?;
    matches!(kind, 20..=25 | 253).then_some((Record { kind, epoch, bytes, body }, rest))
}

/// The first byte: what an outsider tells datagrams apart by.
#[must_use]
pub fn kind(datagram: &[u8]) -> u8 {
    datagram.first().copied().unwrap_or_default()
}

/// Whether the datagram is of one length in every run: no signature is in it.
#[must_use]
pub fn is_protected(datagram: &[u8]) -> bool {
    datagram.get(3..5) == Some(&[0, 1])
}
