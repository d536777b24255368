//! A tree of products: numbers multiplied in pairs, those products in pairs and so on up to one root, and a number
//! divided down again to what is left of it at each leaf.

use super::arithmetic::{are_coprime, common_divisor};
use super::large::{Divisor, product};
use openssl::bn::{BigNum, BigNumContextRef, BigNumRef};
use openssl::error::ErrorStack;

/// Numbers multiplied in pairs, up to one.
pub(super) struct Products {
    /// Of all leaves below.
    pub(super) product: BigNum,
    halves: Option<Box<[Products; 2]>>,
}

impl Products {
    /// `None` of no numbers.
    pub(super) fn of(
        leaves: &[BigNum],
        context: &mut BigNumContextRef,
    ) -> Result<Option<Self>, ErrorStack> {
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
        let product = product(&left.product, &right.product, context)?;
        Ok(Some(Self { product, halves: Some(Box::new([left, right])) }))
    }

    /// For each leaf the product of all others, and the sum of those.
    pub(super) fn sum_of_products_but_one(
        &self,
        context: &mut BigNumContextRef,
    ) -> Result<BigNum, ErrorStack> {
        let Some([left, right]) = self.halves.as_deref() else { return BigNum::from_u32(1) };
        let in_left = left.sum_of_products_but_one(context)?;
        let in_right = right.sum_of_products_but_one(context)?;
        let mut sum = BigNum::new()?;
        let in_left = product(&in_left, &right.product, context)?;
        sum.checked_add(&in_left, &*product(&in_right, &left.product, context)?)?;
        Ok(sum)
    }

    /// The leaves that have a divisor in common with what is left of a number at them.
    pub(super) fn suspects(
        &self,
        leaves: &[BigNum],
        number: &BigNumRef,
        context: &mut BigNumContextRef,
    ) -> Result<Vec<Suspect>, ErrorStack> {
        let mut left = Vec::with_capacity(leaves.len());
        self.remainders(number, &mut left, context)?;
        let mut suspects = Vec::new();
        for ((place, modulus), rest) in leaves.iter().enumerate().zip(&left) {
            if !are_coprime(modulus, rest, context)? {
                let divisor = common_divisor(modulus, rest, context)?;
                suspects.push(Suspect { place, divisor });
            }
        }
        Ok(suspects)
    }

    /// What is left at each leaf, from the first on, of a number that is not much longer than the product.
    fn remainders(
        &self,
        number: &BigNumRef,
        left: &mut Vec<BigNum>,
        context: &mut BigNumContextRef,
    ) -> Result<(), ErrorStack> {
        let Some(halves) = self.halves.as_deref() else {
            left.push(Divisor::new(&self.product, context)?.remainder(number, context)?);
            return Ok(());
        };
        for half in halves {
            let rest = Divisor::new(&half.product, context)?.remainder(number, context)?;
            half.remainders(&rest, left, context)?;
        }
        Ok(())
    }
}

/// A key that has something in common with another.
pub(super) struct Suspect {
    /// Its place among the leaves.
    pub(super) place: usize,
    /// What it is: a prime, or the whole modulus, where both primes are shared.
    pub(super) divisor: BigNum,
}
