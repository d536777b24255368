//! What a webhook is called for: an event, by the name that this webhook's receiver knows it by.

use super::HookId;
use crate::event::Event;

/// An event, for one webhook.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// The event.
    pub event: &'a Event,
    /// Its name to the receiver, the same in every try, over crashes too.
    pub id: &'a str,
    /// The number of the product whose webhook it is, if it is one's.
    pub product: Option<u16>,
}

/// The name of an event to a webhook's receiver: of the row that keeps it, or random.
#[must_use]
pub fn name(hook: HookId, row: Option<u64>) -> String {
    let row = row.unwrap_or_else(|| fastrand::u64(..) | 1 << 63);
    let mark: String = hook.to_string().chars().take(8).collect();
    format!("evt_{row:016x}_{mark}")
}
