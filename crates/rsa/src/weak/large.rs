//! Products and remainders of numbers with up to millions of bits, in far less than the square of their length.
//!
//! The library multiplies two numbers of the same length in Karatsuba's way, but others, and all that it divides, as
//! on paper. So here the longer factor is cut to the length of the shorter, and a remainder is found by
//! multiplying with the reciprocal of the divisor, which Newton's iteration finds (Barrett's way; Menezes and
//! others, "Handbook of Applied Cryptography", 14.3.3). What is left to the library is a division with a quotient of
//! a few bits, so that a reciprocal that is a little off costs time and never a wrong remainder.

use openssl::bn::{BigNum, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;

const WORD: i32 = 64;
/// Below so many words the library's way is as fast.
const SHORT: i32 = 64;
/// Bits by which the first half of a reciprocal is more exact than it must be.
const GUARD: i32 = 16;

fn words(number: &BigNumRef) -> i32 {
    (number.num_bits() + WORD - 1) / WORD
}

/// The product of two numbers.
pub(super) fn product(
    one: &BigNumRef,
    other: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<BigNum, ErrorStack> {
    let (long, short) = if one.num_bits() < other.num_bits() { (other, one) } else { (one, other) };
    let length = words(short);
    let mut product = BigNum::new()?;
    if length < SHORT || words(long) - length <= 1 {
        product.checked_mul(long, short, context)?;
        return Ok(product);
    }
    let (cut, mut high, mut low) = (length * WORD, BigNum::new()?, long.to_owned()?);
    high.rshift(long, cut)?;
    low.mask_bits(cut)?;
    let (high, low) = (self::product(&high, short, context)?, self::product(&low, short, context)?);
    let mut shifted = BigNum::new()?;
    shifted.lshift(&high, cut)?;
    product.checked_add(&shifted, &low)?;
    Ok(product)
}

/// A number that others are divided by.
pub(super) struct Divisor<'a> {
    number: &'a BigNumRef,
    /// Of as many bits as the number, and one or two more: 2 to the power of twice its bits, divided by it, or a little
    /// off. None where the library divides.
    reciprocal: Option<BigNum>,
}

impl<'a> Divisor<'a> {
    /// Any number but 0.
    pub(super) fn new(
        number: &'a BigNumRef,
        context: &mut BigNumContextRef,
    ) -> Result<Self, ErrorStack> {
        let long = words(number) >= SHORT;
        let reciprocal = long.then(|| reciprocal(number, context)).transpose()?;
        Ok(Self { number, reciprocal })
    }

    /// What is left of a number; quick where that is not much longer than twice the divisor.
    pub(super) fn remainder(
        &self,
        of: &BigNumRef,
        context: &mut BigNumContextRef,
    ) -> Result<BigNum, ErrorStack> {
        let (mut left, mut rest) = (of.to_owned()?, BigNum::new()?);
        if let Some(reciprocal) = &self.reciprocal {
            let bits = self.number.num_bits();
            let (mut high, mut quotient) = (BigNum::new()?, BigNum::new()?);
            high.rshift(of, bits - 1)?;
            quotient.rshift(&*product(&high, reciprocal, context)?, bits + 1)?;
            left.checked_sub(of, &*product(&quotient, self.number, context)?)?;
        }
        rest.nnmod(&left, self.number, context)?;
        Ok(rest)
    }
}

/// 2 to the power of twice the number's bits, divided by it, or a little off.
fn reciprocal(number: &BigNumRef, context: &mut BigNumContextRef) -> Result<BigNum, ErrorStack> {
    let bits = number.num_bits();
    let mut result = BigNum::new()?;
    if words(number) < SHORT {
        let mut power = BigNum::new()?;
        power.set_bit(2 * bits)?;
        result.checked_div(&power, number, context)?;
        return Ok(result);
    }
    // Of its upper half, and from there one step: r, then 2 r - number * r^2, each at its place.
    let half = bits / 2 + GUARD;
    let (mut upper, mut doubled, mut less) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    upper.rshift(number, bits - half)?;
    let first = reciprocal(&upper, context)?;
    // Not the library's square, which is Karatsuba's only where the length is a power of two.
    let square = product(&first, &first, context)?;
    doubled.lshift(&first, bits - half + 1)?;
    less.rshift(&*product(number, &square, context)?, 2 * half)?;
    result.checked_sub(&doubled, &less)?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::bn::BigNumContext;
    use proptest::prelude::*;

    fn number(bytes: &[u8]) -> BigNum {
        BigNum::from_slice(bytes).unwrap()
    }

    /// Many bytes from few: what matters are lengths, and runs of equal bits.
    fn long() -> impl Strategy<Value = Vec<u8>> {
        let piece = (prop_oneof![Just(0), Just(255), any::<u8>()], 1usize..900);
        proptest::collection::vec(piece, 1..6).prop_map(|pieces| {
            let pieces = pieces.into_iter().map(|(byte, count)| vec![byte; count]);
            pieces.flatten().collect()
        })
    }

    proptest! {
        #[test]
        fn products_and_remainders_are_the_librarys(one in long(), other in long()) {
            let mut context = BigNumContext::new().unwrap();
            let (one, other) = (number(&one), number(&other));
            let (mut expected, mut rest) = (BigNum::new().unwrap(), BigNum::new().unwrap());
            expected.checked_mul(&one, &other, &mut context).unwrap();
            let found = product(&one, &other, &mut context).unwrap();
            prop_assert!(found == expected);
            prop_assume!(other.num_bits() > 0);
            for dividend in [&one, &expected] {
                rest.checked_rem(dividend, &other, &mut context).unwrap();
                let divisor = Divisor::new(&other, &mut context).unwrap();
                let found = divisor.remainder(dividend, &mut context).unwrap();
                prop_assert!(found == rest);
            }
        }

        #[test]
        fn a_reciprocal_is_hardly_off(bytes in long()) {
            let mut context = BigNumContext::new().unwrap();
            let number = number(&bytes);
            prop_assume!(number.num_bits() > 0);
            let (mut power, mut exact, mut off) =
                (BigNum::new().unwrap(), BigNum::new().unwrap(), BigNum::new().unwrap());
            power.set_bit(2 * number.num_bits()).unwrap();
            exact.checked_div(&power, &number, &mut context).unwrap();
            let found = reciprocal(&number, &mut context).unwrap();
            off.checked_sub(&found, &exact).unwrap();
            prop_assert!(off.num_bits() <= 4, "{} bits off", off.num_bits());
        }
    }
}
