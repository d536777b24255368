//! Keys that share a prime: two devices whose generators had too little to begin with. The common divisor of their
//! moduli is that prime, and then both private keys are known.
//!
//! [`among`] holds many keys against each other, [`Beside`] many against many that are known already, after
//! Bernstein's "How to find smooth parts of integers" (2004) as applied by Heninger and others in 2012: all moduli
//! are multiplied in pairs, those products in pairs and so on to one root, and a number that is made of the others is
//! then divided on the way back down to what is left of it at each modulus. That has a common divisor with the
//! modulus exactly where another key has one. [`with`] then says which.
//!
//! Twice as many keys take about three times as long, as multiplying in Karatsuba's way does.

use super::arithmetic::{common_divisor, is_one};
use super::large::{Divisor, product};
use super::products::{Products, Suspect};
use crate::KeyError;
use openssl::bn::{BigNum, BigNumContext, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;
use std::collections::BTreeMap;
use std::mem;

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
        let mut both = BigNum::new()?;
        both.mod_mul(&product, &*BigNum::from_slice(other)?, &modulus, &mut context)?;
        product = both;
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
    let leaves = numbers(moduli)?;
    let suspects = sharing(&leaves, &mut context)?;
    Ok(partners(&leaves, &suspects, &mut context)?)
}

/// Keys that are held against others, of which there may be more than fit into memory.
pub struct Beside {
    leaves: Vec<BigNum>,
    tree: Option<Products>,
    /// What came and is not part of `product` yet.
    waiting: Vec<BigNum>,
    /// Of what came, modulo the product of the keys.
    product: BigNum,
    context: BigNumContext,
}

impl Beside {
    /// Fewer are not multiplied at a time.
    const FEWEST: usize = 64;

    /// For the keys with these moduli.
    ///
    /// # Errors
    /// [`KeyError::Library`] without memory.
    pub fn new(moduli: &[&[u8]]) -> Result<Self, KeyError> {
        let mut context = BigNumContext::new()?;
        let leaves = numbers(moduli)?;
        let tree = Products::of(&leaves, &mut context)?;
        let (waiting, product) = (Vec::new(), BigNum::from_u32(1)?);
        Ok(Self { leaves, tree, waiting, product, context })
    }

    /// Holds the keys against the one with this modulus.
    ///
    /// # Errors
    /// [`KeyError::Library`] without memory.
    pub fn hold(&mut self, modulus: &[u8]) -> Result<(), KeyError> {
        self.waiting.push(BigNum::from_slice(modulus)?);
        // As many as the keys are: numbers of the same length are multiplied and divided fastest.
        if self.waiting.len() >= self.leaves.len().max(Self::FEWEST) {
            self.multiply()
        } else {
            Ok(())
        }
    }

    fn multiply(&mut self) -> Result<(), KeyError> {
        let waiting = mem::take(&mut self.waiting);
        let (Some(tree), Some(more)) = (&self.tree, Products::of(&waiting, &mut self.context)?)
        else {
            return Ok(());
        };
        let both = product(&self.product, &more.product, &mut self.context)?;
        let divisor = Divisor::new(&tree.product, &mut self.context)?;
        self.product = divisor.remainder(&both, &mut self.context)?;
        Ok(())
    }

    /// The places of the keys that have something in common with any that they were held against, in order.
    ///
    /// # Errors
    /// [`KeyError::Library`] without memory.
    pub fn suspects(mut self) -> Result<Vec<usize>, KeyError> {
        self.multiply()?;
        let Some(tree) = &self.tree else { return Ok(Vec::new()) };
        let suspects = tree.suspects(&self.leaves, &self.product, &mut self.context)?;
        Ok(suspects.into_iter().map(|suspect| suspect.place).collect())
    }
}

fn numbers(moduli: &[&[u8]]) -> Result<Vec<BigNum>, ErrorStack> {
    moduli.iter().map(|bytes| BigNum::from_slice(bytes)).collect()
}

/// Who shares with whom. A divisor that has nothing in common with any other one belongs to those who have the very
/// same; the few others are held against each other. So a whole fleet of bad keys takes no longer.
fn partners(
    leaves: &[BigNum],
    suspects: &[Suspect],
    context: &mut BigNumContextRef,
) -> Result<Vec<Shared>, ErrorStack> {
    let mut groups: BTreeMap<Vec<u8>, Vec<(usize, &BigNum)>> = BTreeMap::new();
    for Suspect { place, divisor } in suspects {
        let modulus = leaves.get(*place).map(|modulus| (*place, modulus));
        groups.entry(divisor.to_vec()).or_default().extend(modulus);
    }
    let mut mixed = Vec::new();
    for divisor in overlapping(groups.keys(), context)? {
        mixed.extend(groups.remove(&divisor).into_iter().flatten());
    }
    mixed.sort_by_key(|(place, _)| *place);
    let mut found = Vec::new();
    for group in groups.into_values().chain([mixed]) {
        for (key, modulus) in &group {
            let with = first_partner(*key, modulus, &group, context)?;
            found.extend(with.map(|(with, common)| Shared { key: *key, with, common }));
        }
    }
    found.sort_by_key(|shared| shared.key);
    Ok(found)
}

/// The divisors that have something in common with another of them.
fn overlapping<'a>(
    divisors: impl Iterator<Item = &'a Vec<u8>> + Clone,
    context: &mut BigNumContextRef,
) -> Result<Vec<Vec<u8>>, ErrorStack> {
    let leaves = divisors.clone().map(|bytes| BigNum::from_slice(bytes));
    let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
    let suspects = sharing(&leaves, context)?;
    let names: Vec<_> = divisors.collect();
    let names = suspects.iter().filter_map(|suspect| names.get(suspect.place));
    Ok(names.map(|name| name.to_vec()).collect())
}

/// Those of all numbers that have something in common with another.
fn sharing(leaves: &[BigNum], context: &mut BigNumContextRef) -> Result<Vec<Suspect>, ErrorStack> {
    let Some(tree) = Products::of(leaves, context)? else { return Ok(Vec::new()) };
    // Modulo one of them, this is the product of all others: each other summand holds it.
    let sum = tree.sum_of_products_but_one(context)?;
    tree.suspects(leaves, &sum, context)
}

fn first_partner(
    key: usize,
    modulus: &BigNumRef,
    others: &[(usize, &BigNum)],
    context: &mut BigNumContextRef,
) -> Result<Option<(usize, Common)>, ErrorStack> {
    for (place, other) in others.iter().filter(|(place, _)| *place != key) {
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
            (count, picks) in (4usize..40).prop_flat_map(|count| {
                (Just(count), proptest::collection::vec((0..count, 0..count), 0..48))
            }),
        ) {
            let primes = primes(count);
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
            // Some against the others say the same as all against each other.
            let (new, known) = moduli.split_at(moduli.len() / 3);
            let new: Vec<&[u8]> = new.iter().map(Vec::as_slice).collect();
            let mut beside = Beside::new(&new).unwrap();
            known.iter().for_each(|modulus| beside.hold(modulus).unwrap());
            let suspects = (0..new.len()).filter(|key| keys[new.len()..].iter().any(|known| share(&keys[*key], known)));
            prop_assert_eq!(beside.suspects().unwrap(), suspects.collect::<Vec<_>>());
            // And so does one against those before it.
            if let Some((last, before)) = moduli.split_last() {
                let with = with(last, before.iter().map(Vec::as_slice)).unwrap();
                let expected = expected.iter().find(|(key, _)| *key == before.len());
                prop_assert_eq!(with.map(|(place, _)| place), expected.map(|(_, with)| *with));
            }
        }
    }
}
