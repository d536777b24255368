//! Public keys of devices and of the cloud as text: PEM with the label `PUBLIC KEY` (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_dtls::PublicKey;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// Characters on a line (RFC 7468 section 2).
const LINE: usize = 64;

/// The key in a text. Its lines may end any way, or be gone, as forms sometimes leave them.
pub(crate) fn read(text: &str) -> Option<PublicKey> {
    let (_, rest) = text.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    PublicKey::from_spki(&STANDARD.decode(body).ok()?).ok()
}

/// The text of a key.
pub(crate) fn write(key: &PublicKey) -> String {
    let mut text = String::from(BEGIN);
    for (index, character) in STANDARD.encode(key.to_spki()).chars().enumerate() {
        if index % LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    format!("{text}\n{END}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_however_its_lines_end() {
        let key = PublicKey::from_point(&std::array::from_fn(|at| if at == 0 { 4 } else { 7 }));
        let key = key.unwrap();
        let text = write(&key);
        assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
        for text in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', "")] {
            assert_eq!(read(&text), Some(key), "{text}");
        }
        assert_eq!(read(&text.replace("PUBLIC", "PRIVATE")), None);
    }
}
