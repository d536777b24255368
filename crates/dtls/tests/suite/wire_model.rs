//! A reader of the clear-text part of datagrams that shares no code with the crate.

/// The records of a datagram without connection IDs: type, epoch and body of each.
pub fn records(mut datagram: &[u8]) -> Vec<(u8, u16, &[u8])> {
    let mut records = vec![];
    while datagram.len() >= 13 {
        let id = if matches!(datagram[0], 25 | 253) { 8 } else { 0 };
        let length = usize::from(u16::from_be_bytes([datagram[11 + id], datagram[12 + id]]));
        let epoch = u16::from_be_bytes([datagram[3], datagram[4]]);
        records.push((datagram[0], epoch, &datagram[13 + id..13 + id + length]));
        datagram = &datagram[13 + id + length..];
    }
    records
}

/// The handshake types of a datagram's clear-text records, in order.
pub fn handshake_kinds(datagram: &[u8]) -> Vec<u8> {
    records(datagram)
        .into_iter()
        .filter(|(kind, epoch, _)| (*kind, *epoch) == (22, 0))
        .map(|(_, _, b)| b[0])
        .collect()
}

/// Cuts every clear-text handshake message of a datagram into datagrams of fragments of at most `size` bytes.
pub fn shred(datagram: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut out = vec![];
    let mut number = 0x100_u64;
    for (kind, epoch, body) in records(datagram) {
        if (kind, epoch) != (22, 0) {
            continue;
        }
        let (header, body) = body.split_at(12);
        let parts = if body.is_empty() { vec![body] } else { body.chunks(size).collect() };
        for (index, part) in parts.into_iter().enumerate() {
            let mut record = vec![22, 0xfe, 0xfd, 0, 0];
            record.extend(&number.to_be_bytes()[2..]);
            number += 1;
            record.extend(u16::try_from(12 + part.len()).unwrap().to_be_bytes());
            record.extend(&header[..6]);
            record.extend(&u32::try_from(index * size).unwrap().to_be_bytes()[1..]);
            record.extend(&u32::try_from(part.len()).unwrap().to_be_bytes()[1..]);
            record.extend(part);
            out.push(record);
        }
    }
    out
}
