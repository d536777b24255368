//! Keys as text (RFC 7468): blocks of base64 between a BEGIN and an END line. What is in them is for others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Characters on a line (RFC 7468 section 2).
const LINE: usize = 64;

/// One block. It may hold a private key, so it is wiped.
pub struct Block<'a> {
    /// What it says it is: `PUBLIC KEY`.
    pub label: &'a str,
    /// What it holds; `None` where that is not base64, or is locked with a passphrase.
    pub der: Option<Zeroizing<Vec<u8>>>,
    /// Whether it is locked with a passphrase.
    pub is_locked: bool,
}

/// Whether this is text with a block in it.
pub fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

/// The blocks of a text, in order. Their lines may end any way, or be gone, as forms sometimes leave them.
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let Some((label, body)) = after.split_once(DASHES) else { break };
        let Some((body, after)) = body.split_once(END) else { break };
        found.push(block(label, body));
        rest = after;
    }
    found
}

fn block<'a>(label: &'a str, body: &str) -> Block<'a> {
    let is_locked = label.starts_with("ENCRYPTED") || body.contains("ENCRYPTED");
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.chars().filter(|c| !c.is_ascii_whitespace()));
    let der = STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new);
    Block { label, der: der.filter(|_| !is_locked), is_locked }
}

/// The text of a block.
pub fn write(label: &str, der: &[u8]) -> String {
    let mut text = format!("{BEGIN}{label}{DASHES}");
    for (index, character) in STANDARD.encode(der).chars().enumerate() {
        if index % LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    format!("{text}\n{END}{label}{DASHES}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_however_its_lines_end() {
        let der = [7; 91];
        let text = write("PUBLIC KEY", &der);
        assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
        for text in [text.clone(), text.replace('\n', "\r\n"), text.replace('\n', "")] {
            let blocks = blocks(&text);
            let [block] = blocks.as_slice() else { panic!("{text}") };
            assert_eq!(block.label, "PUBLIC KEY");
            assert_eq!(block.der.as_ref().unwrap().as_slice(), der, "{text}");
        }
    }

    #[test]
    fn blocks_come_in_order_and_a_locked_one_says_so() {
        let text = format!(
            "text\n{}-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n{}",
            write("EC PARAMETERS", &[1, 2]),
            write("ENCRYPTED PRIVATE KEY", &[3]),
        );
        let blocks = blocks(&text);
        let labels: Vec<_> = blocks.iter().map(|block| (block.label, block.is_locked)).collect();
        let expected =
            [("EC PARAMETERS", false), ("RSA PRIVATE KEY", true), ("ENCRYPTED PRIVATE KEY", true)];
        assert_eq!(labels, expected);
        assert!(blocks[1].der.is_none() && is_pem(text.as_bytes()) && !is_pem(b"-----END "));
    }
}
