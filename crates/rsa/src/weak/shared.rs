//! Keys that share a prime: two devices whose generators had too little to begin with. The common divisor of their
//! moduli is that prime, and then both private keys are known.
//!
//! [`with`] holds one key against many, [`among`] many against each other, after Bernstein's "How to find smooth parts
//! of integers" (2004) as applied by Heninger and others in 2012: all moduli are multiplied in pairs, those products
//! in pairs and so on to one root; on the way back down each node learns the product of everything outside it,
//! modulo itself. What a leaf learns has a common divisor with the modulus exactly where another key has one.
//!
//! The library multiplies large numbers fast but divides them as on paper, so the work grows with the square of the
//! number of keys.

use super::arithmetic::{common_divisor, is_one};
use crate::KeyError;
use openssl::bn::{BigNum, BigNumContext, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;

/// What two keys have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// The modulus: it is one key, in two devices.
    Key,
    /// One of the two primes.
    Prime,
}

/// A key that has something in common with another, by their places in what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Its own place.
    pub key: usize,
    /// The first other's.
    pub with: usize,
    /// What it is.
    pub common: Common,
}

impl std::fmt::Display for Common {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key => "it is the same key as that of",
            Self::Prime => {
                "it shares a prime, so that both private keys can be computed, with that of"
            }
        })
    }
}

/// The first of the pinned moduli that this one has something in common with.
///
/// # Errors
/// [`KeyError::Library`] without memory.
pub fn with<'a>(
    modulus: &[u8],
    pinned: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<Option<(usize, Common)>, KeyError> {
    let mut context = BigNumContext::new()?;
    let modulus = BigNum::from_slice(modulus)?;
    let mut product = BigNum::from_u32(1)?;
    for other in pinned.clone() {
        product = times(&product, &*BigNum::from_slice(other)?, &modulus, &mut context)?;
    }
    if is_one(&*common_divisor(&modulus, &product, &mut context)?) {
        return Ok(None);
    }
    for (place, other) in pinned.enumerate() {
        if let Some(common) = common(&modulus, &*BigNum::from_slice(other)?, &mut context)? {
            return Ok(Some((place, common)));
        }
    }
    Ok(None)
}

/// All of these moduli that have something in common with another of them, in order.
///
/// # Errors
/// [`KeyError::Library`] without memory.
pub fn among(moduli: &[&[u8]]) -> Result<Vec<Shared>, KeyError> {
    let mut context = BigNumContext::new()?;
    let leaves =
        moduli.iter().map(|bytes| BigNum::from_slice(bytes)).collect::<Result<Vec<_>, _>>()?;
    let others = products_of_others(&leaves, &mut context)?;
    let mut suspects = Vec::new();
    for ((place, modulus), rest) in leaves.iter().enumerate().zip(&others) {
        if !is_one(&*common_divisor(modulus, rest, &mut context)?) {
            suspects.push((place, modulus));
        }
    }
    let mut found = Vec::new();
    for (key, modulus) in &suspects {
        if let Some((with, common)) = partner(*key, modulus, &suspects, &mut context)? {
            found.push(Shared { key: *key, with, common });
        }
    }
    Ok(found)
}

fn partner(
    key: usize,
    modulus: &BigNumRef,
    suspects: &[(usize, &BigNum)],
    context: &mut BigNumContextRef,
) -> Result<Option<(usize, Common)>, ErrorStack> {
    for (place, other) in suspects.iter().filter(|(place, _)| *place != key) {
        if let Some(common) = common(modulus, other, context)? {
            return Ok(Some((*place, common)));
        }
    }
    Ok(None)
}

fn common(
    modulus: &BigNumRef,
    other: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<Option<Common>, ErrorStack> {
    let divisor = common_divisor(modulus, other, context)?;
    Ok(match divisor {
        divisor if is_one(&divisor) => None,
        divisor if *divisor == *modulus => Some(Common::Key),
        _ => Some(Common::Prime),
    })
}

/// Numbers multiplied in pairs, up to one.
struct Products {
    /// Of all leaves below.
    product: BigNum,
    halves: Option<Box<[Products; 2]>>,
}

impl Products {
    /// `None` of no numbers.
    fn of(leaves: &[BigNum], context: &mut BigNumContextRef) -> Result<Option<Self>, ErrorStack> {
        match leaves {
            [] => return Ok(None),
            [leaf] => {
                return Ok(Some(Self { product: BigNumRef::to_owned(leaf)?, halves: None }));
            }
            _ => {}
        }
        let (left, right) = leaves.split_at(leaves.len() / 2);
        let (Some(left), Some(right)) = (Self::of(left, context)?, Self::of(right, context)?)
        else {
            return Ok(None);
        };
        let mut product = BigNum::new()?;
        product.checked_mul(&left.product, &right.product, context)?;
        Ok(Some(Self { product, halves: Some(Box::new([left, right])) }))
    }

    /// Tells each leaf, from the first on, the product of everything outside it modulo itself, given that of everything
    /// outside this node.
    fn tell(
        &self,
        outside: BigNum,
        told: &mut Vec<BigNum>,
        context: &mut BigNumContextRef,
    ) -> Result<(), ErrorStack> {
        let Some([left, right]) = self.halves.as_deref() else {
            told.push(outside);
            return Ok(());
        };
        left.tell(times(&outside, &right.product, &left.product, context)?, told, context)?;
        right.tell(times(&outside, &left.product, &right.product, context)?, told, context)
    }
}

/// For each number the product of all others, modulo itself.
fn products_of_others(
    leaves: &[BigNum],
    context: &mut BigNumContextRef,
) -> Result<Vec<BigNum>, ErrorStack> {
    let mut told = Vec::with_capacity(leaves.len());
    if let Some(root) = Products::of(leaves, context)? {
        root.tell(BigNum::from_u32(1)?, &mut told, context)?;
    }
    Ok(told)
}

/// The product of two numbers modulo a third.
fn times(
    one: &BigNumRef,
    other: &BigNumRef,
    modulus: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<BigNum, ErrorStack> {
    let (mut a, mut b, mut product, mut rest) =
        (BigNum::new()?, BigNum::new()?, BigNum::new()?, BigNum::new()?);
    a.checked_rem(one, modulus, context)?;
    b.checked_rem(other, modulus, context)?;
    product.checked_mul(&a, &b, context)?;
    rest.checked_rem(&product, modulus, context)?;
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Primes of 32 bits: the trees do not care about the size.
    fn primes(count: usize) -> Vec<u32> {
        let candidates = (0x8000_0001_u32..).step_by(2);
        let prime = |number: &u32| {
            let number = BigNum::from_u32(*number).unwrap();
            number.is_prime(0, &mut BigNumContext::new().unwrap()).unwrap()
        };
        candidates.filter(prime).take(count).collect()
    }

    fn found(keys: &[(u32, u32)]) -> (Vec<Shared>, Vec<Vec<u8>>) {
        let modulus = |(p, q): &(u32, u32)| (u64::from(*p) * u64::from(*q)).to_be_bytes().to_vec();
        let moduli: Vec<Vec<u8>> = keys.iter().map(modulus).collect();
        let slices: Vec<&[u8]> = moduli.iter().map(Vec::as_slice).collect();
        (among(&slices).unwrap(), moduli)
    }

    #[test]
    fn no_key_and_one_key_share_nothing() {
        assert_eq!(found(&[]).0, []);
        assert_eq!(found(&[(3, 5)]).0, []);
    }

    #[test]
    fn a_key_is_told_from_a_prime() {
        let primes = primes(5);
        let [a, b, c, d, e] = primes[..] else { unreachable!() };
        let (found, _) = found(&[(a, b), (c, d), (a, b), (d, e)]);
        let shared = |key, with, common| Shared { key, with, common };
        assert_eq!(
            found,
            [
                shared(0, 2, Common::Key),
                shared(1, 3, Common::Prime),
                shared(2, 0, Common::Key),
                shared(3, 1, Common::Prime),
            ]
        );
    }

    proptest! {
        #[test]
        fn every_pair_that_shares_is_found_and_no_other(
            picks in proptest::collection::vec((0usize..40, 0usize..40), 0..24),
        ) {
            let primes = primes(40);
            let keys: Vec<_> = picks.iter().map(|(p, q)| (primes[*p], primes[*q])).collect();
            let share = |one: &(u32, u32), other: &(u32, u32)| {
                [one.0, one.1].iter().any(|prime| [other.0, other.1].contains(prime))
            };
            let (found, moduli) = found(&keys);
            let expected: Vec<(usize, usize)> = keys
                .iter()
                .enumerate()
                .filter_map(|(key, one)| {
                    let partner = keys.iter().enumerate().find(|(with, other)| *with != key && share(one, other));
                    partner.map(|(with, _)| (key, with))
                })
                .collect();
            let pairs: Vec<_> = found.iter().map(|shared| (shared.key, shared.with)).collect();
            prop_assert_eq!(&pairs, &expected);
            // One against those before it says the same as all against each other.
            if let Some((last, before)) = moduli.split_last() {
                let with = with(last, before.iter().map(Vec::as_slice)).unwrap();
                let expected = expected.iter().find(|(key, _)| *key == before.len());
                prop_assert_eq!(with.map(|(place, _)| place), expected.map(|(_, with)| *with));
            }
        }
    }
}
