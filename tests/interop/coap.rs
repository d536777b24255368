//! The few CoAP messages (RFC 7252) that a device says first, built by hand, apart from
//! `pintle-protocol`, so that one mistake is not made on both sides.

/// A device's Hello: confirmable POST of `h`, no token, 32 bytes of payload.
pub(crate) fn hello(message_id: u16, device_id: &str) -> Vec<u8> {
    let mut message = vec![0x40, 0x02];
    message.extend(message_id.to_be_bytes());
    message.extend([0xb1, b'h', 0xff]);
    message.extend([0, 3, 0xff, 0xff, 0, 0x36, 0, 3, 0, 12]);
    message.extend(bytes_of_hex(device_id));
    message.extend([0x18, 0x38, 0x04, 0x80, 0, 0xa0, 0, 0, 0x02, 0]);
    message
}

/// The empty acknowledgement of a message.
pub(crate) fn empty_ack(message_id: u16) -> Vec<u8> {
    let [high, low] = message_id.to_be_bytes();
    vec![0x60, 0, high, low]
}

/// The request for the time: confirmable GET of `t` with a token of one byte.
pub(crate) fn get_time(message_id: u16, token: u8) -> Vec<u8> {
    let [high, low] = message_id.to_be_bytes();
    vec![0x41, 0x01, high, low, token, 0xb1, b't']
}

/// The start of the answer to [`get_time`]: acknowledgement, 2.05; four bytes of seconds follow.
pub(crate) fn time_answer_start(message_id: u16, token: u8) -> Vec<u8> {
    let [high, low] = message_id.to_be_bytes();
    vec![0x61, 0x45, high, low, token, 0xff]
}

/// A ping: an empty confirmable message, answered by a reset.
pub(crate) fn ping(message_id: u16) -> Vec<u8> {
    let [high, low] = message_id.to_be_bytes();
    vec![0x40, 0, high, low]
}

/// Whether these seconds since 1970 are about now.
pub(crate) fn is_about_now(seconds: &[u8]) -> bool {
    let Ok(seconds) = <[u8; 4]>::try_from(seconds) else { return false };
    let now = std::time::UNIX_EPOCH.elapsed().expect("the clock is past 1970").as_secs();
    now.abs_diff(u64::from(u32::from_be_bytes(seconds))) < 60
}

fn bytes_of_hex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| (*byte as char).to_digit(16).expect("hex") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect()
}

/// A confirmable event without data; its name is shorter than 13 bytes.
pub fn event(id: u16, name: &str) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let mut message = vec![0x40, 0x02, high, low, 0xb1, b'E', name.len() as u8];
    message.extend_from_slice(name.as_bytes());
    message
}
