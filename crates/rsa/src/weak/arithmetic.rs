//! What the checks compute with: small primes, square roots, common factors.

use openssl::bn::{BigNum, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;
use std::mem;

/// The odd primes below a bound, by trying.
pub(super) fn odd_primes(bound: u32) -> impl Iterator<Item = u32> {
    (3..bound).step_by(2).filter(|number| {
        (3..).step_by(2).take_while(|d| d * d <= *number).all(|d| !number.is_multiple_of(d))
    })
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
        fn a_planted_factor_is_found(factor in 2u64..1 << 20, a in 1u64..1 << 30, b in 1u64..1 << 30) {
            let mut context = BigNumContext::new().unwrap();
            let found = common_divisor(&number(factor * a), &number(factor * b), &mut context).unwrap();
            let found = value(&found);
            prop_assert!(found.is_multiple_of(factor) && (factor * a).is_multiple_of(found));
        }
    }
}
