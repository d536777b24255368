//! The files that devices are being sent: one copy of each, however many devices it was uploaded for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Files by their SHA-256, for as long as somebody is sent them.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<[u8; 32], Weak<[u8]>>>);

impl InFlight {
    /// The copy that is being sent already, or `file` where there is none. `sha256` is that of `file`.
    pub(super) fn one_copy(&self, sha256: [u8; 32], file: Vec<u8>) -> Arc<[u8]> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = files.get(&sha256).and_then(Weak::upgrade) {
            return same;
        }
        files.retain(|_, file| file.strong_count() > 0);
        let file = Arc::from(file);
        files.insert(sha256, Arc::downgrade(&file));
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_once_while_it_is_sent_and_not_at_all_after() {
        let files = InFlight::default();
        let first = files.one_copy([1; 32], vec![7; 9]);
        let second = files.one_copy([1; 32], vec![7; 9]);
        assert!(Arc::ptr_eq(&first, &second));
        let other = files.one_copy([2; 32], vec![8; 9]);
        assert!(!Arc::ptr_eq(&first, &other));
        drop((first, second));
        drop(files.one_copy([3; 32], vec![9; 9]));
        assert!(!files.0.lock().unwrap().contains_key(&[1; 32]));
    }
}
