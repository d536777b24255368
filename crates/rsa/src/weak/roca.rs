//! The fingerprint of ROCA (CVE-2017-15361; Nemec and others, "The Return of Coppersmith's Attack", 2017).
//!
//! The broken library made primes of the form `k * M + (65537^a mod M)`, where `M` is the product of the first primes.
//! So for every prime that divides `M` the modulus leaves a remainder that is a power of 65537. A modulus made of
//! random primes does so only where the powers of 65537 happen to be all remainders or by luck; over the 38 odd
//! primes up to 167, which divide `M` for every size of key, by one chance in 2^27 or so.

use super::arithmetic::odd_primes;
use openssl::bn::BigNumRef;
use openssl::error::ErrorStack;

/// One above the largest prime that divides `M` for the smallest keys.
const BOUND: u32 = 168;
const GENERATOR: u32 = 65537;

/// Whether a modulus looks as if the broken library had made it.
pub(super) fn has_fingerprint(modulus: &BigNumRef) -> Result<bool, ErrorStack> {
    for prime in odd_primes(BOUND) {
        let rest = modulus.mod_word(prime)?;
        if !powers(prime).any(|power| u64::from(power) == rest) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The powers of the generator modulo a small prime, each once, from 1 on.
fn powers(prime: u32) -> impl Iterator<Item = u32> {
    let step = GENERATOR % prime;
    let mut next = Some(1);
    std::iter::from_fn(move || {
        let power = next?;
        next = Some(power * step % prime).filter(|power| *power != 1);
        Some(power)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::bn::{BigNum, BigNumContext};

    #[test]
    fn the_powers_modulo_eleven_are_one_and_ten() {
        assert_eq!(powers(11).collect::<Vec<_>>(), [1, 10]);
    }

    #[test]
    fn the_chance_of_a_false_finding_is_below_one_in_a_hundred_million() {
        let chance: f64 = odd_primes(BOUND)
            .map(|prime| powers(prime).count() as f64 / f64::from(prime - 1))
            .product();
        assert!(chance < 1e-8, "{chance}");
    }

    /// A prime as the broken library made them, of 512 bits: `M` is the product of the first 71 primes.
    fn broken_prime(context: &mut BigNumContext, exponent: u32) -> BigNum {
        let mut product = BigNum::from_u32(2).unwrap();
        odd_primes(354).for_each(|prime| product.mul_word(prime).unwrap());
        let mut power = BigNum::new().unwrap();
        let (generator, exponent) =
            (BigNum::from_u32(GENERATOR).unwrap(), BigNum::from_u32(exponent).unwrap());
        power.mod_exp(&generator, &exponent, &product, context).unwrap();
        // Enough of them that the prime has its 512 bits.
        let mut candidate = BigNum::new().unwrap();
        candidate.lshift(&product, 511 - product.num_bits() + 1).unwrap();
        let mut sum = BigNum::new().unwrap();
        sum.checked_add(&candidate, &power).unwrap();
        while !sum.is_prime(0, context).unwrap() {
            candidate.checked_add(&sum, &product).unwrap();
            std::mem::swap(&mut candidate, &mut sum);
        }
        sum
    }

    #[test]
    fn a_key_made_in_the_broken_way_is_recognised() {
        let mut context = BigNumContext::new().unwrap();
        let (p, q) = (broken_prime(&mut context, 1_234_567), broken_prime(&mut context, 7_654_321));
        let mut modulus = BigNum::new().unwrap();
        modulus.checked_mul(&p, &q, &mut context).unwrap();
        assert!(has_fingerprint(&modulus).unwrap());
    }
}
