//! Which chunks came after the first that is missing: bit 0 is the missing one itself, in little-endian words of 32
//! bits, trailing zero words left out.

use alloc::vec::Vec;

/// A set of chunks, counted from the first that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    words: Vec<u32>,
}

const BITS: u32 = u32::BITS;

fn place(index: u32) -> (usize, u32) {
    ((index / BITS) as usize, 1 << (index % BITS))
}

impl Gaps {
    /// None came.
    #[must_use]
    pub const fn none() -> Self {
        Self { words: Vec::new() }
    }

    /// Whether none came: there is no gap.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether the chunk `index` after the first missing one came.
    #[must_use]
    pub fn contains(&self, index: u32) -> bool {
        let (word, bit) = place(index);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The chunk `index` after the first missing one came.
    pub fn insert(&mut self, index: u32) {
        let (word, bit) = place(index);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    /// Takes the chunks away that are missing no more, from the first on; how many.
    pub fn advance(&mut self) -> u32 {
        let full = self.words.iter().take_while(|word| **word == u32::MAX).count();
        let more = self.words.get(full).map_or(0, |word| word.trailing_ones());
        self.words.drain(..full);
        if more > 0 {
            let mut carried = 0;
            for word in self.words.iter_mut().rev() {
                let low = *word << (BITS - more);
                *word = *word >> more | carried;
                carried = low;
            }
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
        u32::try_from(full).unwrap_or(u32::MAX).saturating_mul(BITS).saturating_add(more)
    }

    /// Their bytes on the wire; none without a gap.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads them; bytes that fill no word are left out.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let words = bytes.chunks_exact(4).filter_map(|word| word.try_into().ok());
        Self { words: words.map(u32::from_le_bytes).collect() }
    }

    /// The chunks that came, counted from the first that is missing.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let bits = u32::try_from(self.words.len()).unwrap_or(0).saturating_mul(BITS);
        (0..bits).filter(|index| self.contains(*index))
    }
}
