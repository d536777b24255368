//! What the checks compute with: small primes, square roots, common factors.

use openssl::bn::{BigNum, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;
use std::mem;
use std::sync::LazyLock;

/// Where the primes that are known end.
const KNOWN: u32 = 10_000;

static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let prime = |number: &u32| {
        (3..).step_by(2).take_while(|d| d * d <= *number).all(|d| !number.is_multiple_of(d))
    };
    (3..KNOWN).step_by(2).filter(prime).collect()
});

/// The odd primes below a bound of at most 10,000.
pub(super) fn odd_primes(bound: u32) -> impl Iterator<Item = u32> {
    PRIMES.iter().copied().take_while(move |prime| *prime < bound)
}

/// Whether a number can be a square, from what is left of it at a few divisors: 1 in 145 that is none passes.
pub(super) fn may_be_square(number: &BigNumRef) -> Result<bool, ErrorStack> {
    for divisor in [64, 63, 65, 11] {
        let rest = number.mod_word(divisor)?;
        if !(0..u64::from(divisor)).any(|root| root * root % u64::from(divisor) == rest) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The largest number whose square is not above this one: Newton's iteration, from above.
pub(super) fn square_root(
    number: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<BigNum, ErrorStack> {
    let mut root = BigNum::new()?;
    if number.num_bits() == 0 {
        return Ok(root);
    }
    root.set_bit((number.num_bits() + 1) / 2)?;
    loop {
        let (mut quotient, mut sum, mut next) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        quotient.checked_div(number, &root, context)?;
        sum.checked_add(&root, &quotient)?;
        next.rshift1(&sum)?;
        if next >= root {
            return Ok(root);
        }
        root = next;
    }
}

/// The greatest common divisor, in Euclid's way: the library's own hides what it computes with, and is slow for it.
pub(super) fn common_divisor(
    one: &BigNumRef,
    other: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<BigNum, ErrorStack> {
    let (mut larger, mut smaller) = (one.to_owned()?, other.to_owned()?);
    while smaller.num_bits() > 0 {
        let mut rest = BigNum::new()?;
        rest.checked_rem(&larger, &smaller, context)?;
        larger = mem::replace(&mut smaller, rest);
    }
    Ok(larger)
}

/// Whether two numbers have no divisor in common: then, and only then, one has an inverse modulo the other. For odd
/// moduli the library finds that several times faster than the divisor.
pub(super) fn are_coprime(
    modulus: &BigNumRef,
    other: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<bool, ErrorStack> {
    if BigNum::new()?.mod_inverse(other, modulus, context).is_ok() {
        return Ok(true);
    }
    // It may have failed for want of memory too.
    Ok(is_one(&*common_divisor(modulus, other, context)?))
}

/// Whether this is 1.
pub(super) fn is_one(number: &BigNumRef) -> bool {
    number.num_bits() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::bn::BigNumContext;
    use proptest::prelude::*;

    fn number(value: u64) -> BigNum {
        BigNum::from_slice(&value.to_be_bytes()).unwrap()
    }

    fn value(number: &BigNumRef) -> u64 {
        number.to_vec().iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    #[test]
    fn the_primes_below_thirty_are_known() {
        assert_eq!(odd_primes(30).collect::<Vec<_>>(), [3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert_eq!(odd_primes(10_000).count(), 1228);
    }

    proptest! {
        #[test]
        fn a_root_is_the_largest_that_fits(value_in in prop_oneof![0u64..100, any::<u64>()]) {
            let mut context = BigNumContext::new().unwrap();
            let root = value(&square_root(&number(value_in), &mut context).unwrap());
            prop_assert_eq!(root, value_in.isqrt());
        }

        #[test]
        fn a_square_may_be_one(root in any::<u32>()) {
            prop_assert!(may_be_square(&number(u64::from(root).pow(2))).unwrap());
        }

        #[test]
        fn a_planted_factor_is_found(factor in 2u64..1 << 20, a in 1u64..1 << 30, b in 1u64..1 << 30) {
            let mut context = BigNumContext::new().unwrap();
            let found = common_divisor(&number(factor * a), &number(factor * b), &mut context).unwrap();
            let found = value(&found);
            prop_assert!(found.is_multiple_of(factor) && (factor * a).is_multiple_of(found));
        }
    }
}
