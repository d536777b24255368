//! Fermat's way to factor: of two primes that lie close together the mean is just above the root of the product, and
//! how far above tells how far they are apart. Some generators took the next prime after the first (CVE-2022-26320).

use super::arithmetic::{may_be_square, square_root};
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::error::ErrorStack;

/// Candidates for the mean. The keys that this is about are found by the first few.
const STEPS: usize = 32;

/// Whether a modulus is factored at once in this way.
pub(super) fn are_factors_close(modulus: &BigNumRef) -> Result<bool, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let mut mean = square_root(modulus, &mut context)?;
    for _ in 0..STEPS {
        let (mut square, mut rest) = (BigNum::new()?, BigNum::new()?);
        square.sqr(&mean, &mut context)?;
        rest.checked_sub(&square, modulus)?;
        if !rest.is_negative() && may_be_square(&rest)? {
            let root = square_root(&rest, &mut context)?;
            square.sqr(&root, &mut context)?;
            if square == rest {
                return Ok(true);
            }
        }
        mean.add_word(1)?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(one: &BigNumRef, other: &BigNumRef) -> BigNum {
        let mut product = BigNum::new().unwrap();
        product.checked_mul(one, other, &mut BigNumContext::new().unwrap()).unwrap();
        product
    }

    fn prime(bits: i32) -> BigNum {
        let mut prime = BigNum::new().unwrap();
        prime.generate_prime(bits, false, None, None).unwrap();
        prime
    }

    #[test]
    fn a_prime_and_its_neighbour_are_found() {
        let (one, mut next) = (prime(512), BigNum::new().unwrap());
        next.checked_add(&one, &BigNum::from_u32(2).unwrap()).unwrap();
        while !next.is_prime(0, &mut BigNumContext::new().unwrap()).unwrap() {
            next.add_word(2).unwrap();
        }
        assert!(are_factors_close(&product(&one, &next)).unwrap());
        assert!(are_factors_close(&product(&one, &one)).unwrap());
    }

    #[test]
    fn primes_apart_are_not() {
        assert!(!are_factors_close(&product(&prime(512), &prime(512))).unwrap());
    }
}
