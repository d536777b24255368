//! A firmware's file at rest: pieces of bounded size, each sealed for its own place in its own file.

use zeroize::Zeroizing;

use super::ProductId;
use crate::node_key::{NodeKeyError, Sealer};

/// How long a piece is, in bytes.
const PIECE: usize = 256 << 10;

/// Which file a piece is of.
#[derive(Clone, Copy)]
pub(super) struct Which<'a> {
    pub(super) product: ProductId,
    pub(super) version: u16,
    pub(super) sha256: &'a [u8; 32],
}

/// Seals a file.
pub(super) fn seal(
    sealer: &Sealer,
    which: Which<'_>,
    file: &[u8],
) -> Result<Vec<Vec<u8>>, NodeKeyError> {
    let places = file.chunks(PIECE).zip(0_u32..);
    places.map(|(piece, place)| sealer.seal(&which.context(place), piece)).collect()
}

/// Opens a file; fails where a piece is changed, missing in the middle, or of another place.
pub(super) fn open(
    sealer: &Sealer,
    which: Which<'_>,
    pieces: &[Vec<u8>],
) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
    let mut file = Zeroizing::new(Vec::with_capacity(pieces.iter().map(Vec::len).sum()));
    for (sealed, place) in pieces.iter().zip(0_u32..) {
        file.extend_from_slice(&sealer.open(&which.context(place), sealed)?);
    }
    Ok(file)
}

impl Which<'_> {
    /// What the piece at this place is sealed for.
    pub(super) fn context(&self, place: u32) -> Vec<u8> {
        let mut context = b"firmware ".to_vec();
        context.extend(self.product.0.to_be_bytes());
        context.extend(self.version.to_be_bytes());
        context.extend(self.sha256);
        context.extend(place.to_be_bytes());
        context
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_key::{Label, NodeKey};

    #[test]
    fn p5_a_piece_opens_only_in_its_own_place_of_its_own_file() {
        let key = NodeKey::generate().unwrap();
        let sealer = key.sealer(Label::FIRMWARE).unwrap();
        let sha256 = [7; 32];
        let which = Which { product: ProductId(12), version: 3, sha256: &sha256 };
        let file: Vec<u8> = (0..PIECE * 2 + 5).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut pieces = seal(&sealer, which, &file).unwrap();
        assert_eq!(pieces.len(), 3);
        assert_eq!(*open(&sealer, which, &pieces).unwrap(), file);
        assert!(open(&sealer, Which { version: 4, ..which }, &pieces).is_err());
        assert!(open(&sealer, Which { product: ProductId(13), ..which }, &pieces).is_err());
        assert!(open(&sealer, Which { sha256: &[8; 32], ..which }, &pieces).is_err());
        pieces.swap(0, 1);
        assert!(open(&sealer, which, &pieces).is_err());
        pieces.swap(0, 1);
        pieces[2][20] ^= 1;
        assert!(open(&sealer, which, &pieces).is_err());
    }
}
