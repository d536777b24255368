//! How a transfer went, in the JSON of a device's answer to the finish.

use alloc::format;
use alloc::string::String;
use serde_json::Value;

/// How a transfer went, as the device reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Chunks that came, those that came again included.
    pub received: u32,
    /// Chunks that came again.
    pub again: u32,
    /// Chunks that came after a later one.
    pub out_of_order: u32,
    /// Acknowledgements sent.
    pub acknowledgements: u32,
}

impl Statistics {
    /// Reads the payload of the 2.04 that answers a finish. What a device does not say is 0.
    #[must_use]
    pub fn read(payload: &[u8]) -> Self {
        let said = serde_json::from_slice::<Value>(payload).unwrap_or_default();
        let number = |name| {
            let number = said.get(name).and_then(Value::as_u64);
            number.and_then(|number| number.try_into().ok()).unwrap_or(0)
        };
        Self {
            received: number("recv_chunks"),
            again: number("dup_chunks"),
            out_of_order: number("ooo_chunks"),
            acknowledgements: number("sent_acks"),
        }
    }

    /// The same as a device says it. The time that it took to process the chunks is not measured: it is 0.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { received, again, out_of_order, acknowledgements } = self;
        format!(
            "{{\"recv_chunks\":{received},\"dup_chunks\":{again},\"ooo_chunks\":{out_of_order},\"sent_acks\":{acknowledgements},\"proc_time\":0}}"
        )
    }
}
