//! A node key in shares: any so many of them make the key, and fewer say nothing about it.

use std::collections::BTreeMap;

use blahaj::{Share, Sharks};
use zeroize::{Zeroize as _, Zeroizing};

use super::format::{MARK, OneShare};
use super::{KEY_LENGTH, KeyCopyError, block};
use crate::node_key::{NodeKey, random};
use crate::pem;

/// The most shares of one key.
pub const MOST_SHARES: u8 = 32;

/// What a share is called in its PEM block.
const SHARE: &str = "PINTLE NODE KEY SHARE";

/// Makes `count` shares of the key, of which `needed` make it again; the text of each file.
///
/// # Errors
/// [`KeyCopyError::Numbers`], [`KeyCopyError::Crypto`]
pub fn split(key: &NodeKey, needed: u8, count: u8) -> Result<Vec<Zeroizing<String>>, KeyCopyError> {
    if needed < 2 || needed > count || count > MOST_SHARES {
        return Err(KeyCopyError::Numbers);
    }
    let mut set = [0; MARK];
    random(&mut set)?;
    let dealt = Sharks(needed).dealer(key.secret().as_slice()).take(count.into());
    let shares = dealt.zip(1..).map(|(share, number)| {
        let bytes = Zeroizing::new(Vec::from(&share));
        // The library's share begins with its number.
        let share = bytes.get(1..).and_then(|share| <[u8; KEY_LENGTH]>::try_from(share).ok());
        let share = share.map(Zeroizing::new).ok_or(KeyCopyError::Crypto)?;
        let one = OneShare { mark: key.short_mark(), set, needed, number, share };
        Ok(Zeroizing::new(pem::write(SHARE, &one.write())))
    });
    shares.collect()
}

/// Makes the key of shares again. More than are needed may come, in any order, and one more than once.
///
/// # Errors
/// [`KeyCopyError`]
pub fn join<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<NodeKey, KeyCopyError> {
    let mut shares = BTreeMap::new();
    for text in texts {
        let one = OneShare::read(&block(text, SHARE)?)?;
        if shares.get(&one.number).is_some_and(|known| *known != one) {
            return Err(KeyCopyError::Mixed);
        }
        shares.insert(one.number, one);
    }
    let first = shares.values().next().ok_or(KeyCopyError::NotOne)?.clone();
    if shares
        .values()
        .any(|one| (one.mark, one.set, one.needed) != (first.mark, first.set, first.needed))
    {
        return Err(KeyCopyError::Mixed);
    }
    let needed = usize::from(first.needed);
    if shares.len() < needed {
        return Err(KeyCopyError::TooFew { given: shares.len(), needed });
    }
    let key = recover(shares.values().take(needed), first.needed)?;
    if key.short_mark() == first.mark { Ok(key) } else { Err(KeyCopyError::Mixed) }
}

fn recover<'a>(
    shares: impl Iterator<Item = &'a OneShare>,
    needed: u8,
) -> Result<NodeKey, KeyCopyError> {
    let shares = shares.map(|one| {
        let bytes = Zeroizing::new([[one.number].as_slice(), one.share.as_slice()].concat());
        Share::try_from(bytes.as_slice()).map_err(|_| KeyCopyError::NotOne)
    });
    let shares: Vec<Share> = shares.collect::<Result<_, _>>()?;
    let mut joined = Sharks(needed).recover(&shares).map_err(|_| KeyCopyError::Mixed)?;
    let secret = <[u8; KEY_LENGTH]>::try_from(joined.as_slice()).map(Zeroizing::new);
    joined.zeroize();
    Ok(NodeKey::from_bytes(secret.map_err(|_| KeyCopyError::NotOne)?))
}
