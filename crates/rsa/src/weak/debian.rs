//! The lists of keys that Debian's OpenSSL made while its random numbers were process ids (CVE-2008-0166), in the
//! format of the files `blacklist.RSA-1024` and `blacklist.RSA-2048` of Debian's package openssl-blacklist.
//!
//! A line is 20 hexadecimal digits: the last 80 bits of the SHA-1 of the line that `openssl rsa -noout -modulus` prints
//! for a key, which is `Modulus=`, the modulus in upper-case hexadecimal digits without leading zeros, and a newline.
//! Lines that begin with `#` and empty ones say nothing.

use openssl::sha::Sha1;

type Suffix = [u8; 10];

/// What an operator gave; empty if nothing.
#[derive(Clone, Default)]
pub struct DebianList {
    /// Sorted.
    suffixes: Vec<Suffix>,
}

/// A line that is none of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} is not 20 hexadecimal digits: give a file like openssl-blacklist's blacklist.RSA-1024"
)]
pub struct ListError {
    /// Counted from 1.
    pub line: usize,
}

impl DebianList {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ListError`] names the first line that is none: of half a list nobody would know which half.
    pub fn parse(text: &[u8]) -> Result<Self, ListError> {
        let mut list = Self::default();
        list.add(text)?;
        Ok(list)
    }

    /// Reads a further file; one that is not taken whole is not taken at all.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn add(&mut self, text: &[u8]) -> Result<(), ListError> {
        let more = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
        let more = more
            .filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"))
            .map(|(index, line)| suffix(line).ok_or(ListError { line: index + 1 }))
            .collect::<Result<Vec<_>, _>>()?;
        self.suffixes.extend(more);
        self.suffixes.sort_unstable();
        self.suffixes.dedup();
        Ok(())
    }

    /// How many keys it names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.suffixes.len()
    }

    /// Whether it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.suffixes.is_empty()
    }

    /// Whether it names the key with this modulus.
    #[must_use]
    pub fn contains(&self, modulus: &[u8]) -> bool {
        !self.is_empty() && self.suffixes.binary_search(&named(modulus)).is_ok()
    }
}

/// How a list names a modulus.
fn named(modulus: &[u8]) -> Suffix {
    let digits: String = modulus.iter().map(|byte| format!("{byte:02X}")).collect();
    let mut hash = Sha1::new();
    hash.update(b"Modulus=");
    hash.update(digits.trim_start_matches('0').as_bytes());
    hash.update(b"\n");
    let [_, _, _, _, _, _, _, _, _, _, suffix @ ..] = hash.finish();
    suffix
}

fn suffix(line: &[u8]) -> Option<Suffix> {
    let (pairs, []) = line.as_chunks::<2>() else { return None };
    let bytes: Option<Vec<u8>> = pairs.iter().map(|pair| byte(*pair)).collect();
    bytes?.try_into().ok()
}

fn byte([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that the broken library made, and how the published list names it.
    const KNOWN: &str = "D673252AF6723C3F72529403EAB7C30DEF3C52F97E799825F4A70191C616ADCF1ECE1113F1625971074C492C\
        592025FDEADBDB146A081826BDF0D77C3C913DCF1B6F0B3B78F5108D2E493AD0EEE8CA5C021711ADC13D358E61133870FCD19C8E5C22\
        403959782AA82E72AEE53A3D491E3912CE27B27E1A85EA69C19A527D28F7934C9823B7E56FDD657DAC83FDC65BB22A98D843DF732389\
        19781B714C81A5E2AFEC71F5C54AA2A27C590AD94C03C1062D50EFCFFAC743E3C8A3AE056846A1D756EB862BF4224169D467C35215AD\
        E0AFCC11E85FE629AFB802C4786FF2E9C929BCCF502B3D3B8876C6A11785CC398B389F1D86BDD9CB0BD4EC13956EC3FA270D";
    const LIST: &[u8] = b"# comment\n\n0000e6961a16398b85a1\r\n8df20e6961a16398b85a\n";

    fn modulus(digits: &str) -> Vec<u8> {
        digits.as_bytes().as_chunks::<2>().0.iter().map(|pair| byte(*pair).unwrap()).collect()
    }

    #[test]
    fn a_key_that_debian_made_is_found() {
        let list = DebianList::parse(LIST).unwrap();
        assert_eq!(list.len(), 2);
        assert!(list.contains(&modulus(KNOWN)));
        assert!(
            list.contains(&[&[0, 0], &modulus(KNOWN)[..]].concat()),
            "leading zeros change nothing"
        );
        assert!(!list.contains(&modulus(&KNOWN.replace("270D", "270F"))));
        assert!(!DebianList::default().contains(&modulus(KNOWN)));
    }

    #[test]
    fn a_line_that_names_no_key_is_told_by_its_number() {
        for line in ["8df20e6961a16398b85", "8df20e6961a16398b85a00", "8df20e6961a16398b8-a", "x"] {
            let text = format!("# comment\n{line}\n");
            assert_eq!(
                DebianList::parse(text.as_bytes()).err(),
                Some(ListError { line: 2 }),
                "{line}"
            );
        }
        let mut list = DebianList::parse(LIST).unwrap();
        assert!(list.add(b"11111111111111111111\nx").is_err());
        assert_eq!(list.len(), 2, "a bad file adds nothing");
    }
}
