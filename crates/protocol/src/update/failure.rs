//! Why a device refuses or breaks off an update: a number in JSON, and a response code that says less.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

use crate::coap::{Code, Kind, MessageId, Token, Writer};

/// Why a device does not take an update, by Device OS's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal(pub i32);

impl Refusal {
    /// Not now.
    pub const BUSY: Self = Self(-130);
    /// No update is running.
    pub const NOT_RUNNING: Self = Self(-210);
    /// Something is missing or not as it should be, or the file is incomplete.
    pub const PROTOCOL: Self = Self(-240);
    /// The device cannot remember.
    pub const NO_MEMORY: Self = Self(-260);
    /// There is no such module.
    pub const MODULE_NOT_FOUND: Self = Self(-1300);
    /// The device does not do that.
    pub const UNSUPPORTED: Self = Self(-1310);
    /// It is not what it should be.
    pub const VALIDATION: Self = Self(-1320);
    /// It is damaged.
    pub const INTEGRITY: Self = Self(-1330);
    /// What was kept from before is not there any more.
    pub const RESUME: Self = Self(-1331);
    /// Something that it needs is not there.
    pub const DEPENDENCY: Self = Self(-1340);
    /// It would lie where it must not.
    pub const ADDRESS: Self = Self(-1350);
    /// It is too large.
    pub const SIZE: Self = Self(-1351);
    /// It is for another board.
    pub const PLATFORM: Self = Self(-1360);
    /// It cannot be read.
    pub const FORMAT: Self = Self(-1370);
    /// The device takes no updates.
    pub const DISABLED: Self = Self(-1380);
    /// Something else.
    pub const FAILED: Self = Self(-1390);
    /// The device is protected.
    pub const PROTECTED: Self = Self(-1801);

    /// The response code that goes with it.
    #[must_use]
    pub const fn code(self) -> Code {
        match self.0 {
            -270 | -280 | -290 | -190 | -191 | -1000 => Code::BAD_REQUEST,
            -130 => Code::FORBIDDEN,
            -170 => Code::NOT_FOUND,
            -250 => Code::INTERNAL_ERROR,
            -120 | -300 => Code::NOT_IMPLEMENTED,
            -160 => Code::GATEWAY_TIMEOUT,
            _ => Code::UNAVAILABLE,
        }
    }

    /// What it means, for an operator.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::BUSY => "the device is busy",
            Self::NOT_RUNNING => "no update is running on the device",
            Self::PROTOCOL => "the device lacks part of the update, or does not understand it",
            Self::NO_MEMORY => "the device has no memory for it",
            Self::MODULE_NOT_FOUND => "the module has no place on the device",
            Self::UNSUPPORTED => "the device does not support it",
            Self::VALIDATION => "the device finds the module invalid",
            Self::INTEGRITY => "the module arrived damaged",
            Self::RESUME => "the device cannot go on with the update it began",
            Self::DEPENDENCY => "the device lacks a module that it needs",
            Self::ADDRESS => "the module's addresses are not the device's",
            Self::SIZE => "the module is too large for the device",
            Self::PLATFORM => "the module is for another platform",
            Self::FORMAT => "the device cannot read the module",
            Self::DISABLED => "updates are disabled on the device: force it, or enable them",
            Self::FAILED => "the device could not do the update",
            Self::PROTECTED => "the device is protected",
            _ => "the device refused the update",
        }
    }
}

/// How long a device's own words may be, in bytes.
pub const LONGEST_MESSAGE: usize = 400;

/// A device's answer that an update is refused or has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The response code.
    pub code: Code,
    /// Why, if the device said.
    pub why: Option<Refusal>,
    /// In the device's own words; perhaps none.
    pub message: String,
}

impl Failure {
    /// Reads the payload of a response that is no success. A device may say nothing more than the code.
    #[must_use]
    pub fn read(code: Code, payload: &[u8]) -> Self {
        let said = serde_json::from_slice::<Value>(payload).unwrap_or_default();
        let number = said.get("code").and_then(Value::as_i64).and_then(|code| code.try_into().ok());
        let message = said.get("message").and_then(Value::as_str).unwrap_or_default();
        Self { code, why: number.map(Refusal), message: message.into() }
    }

    /// Appends a device's answer: in the acknowledgement of request `id` when it was known at once, else as a message of
    /// its own.
    pub fn write(out: &mut Vec<u8>, kind: Kind, id: MessageId, token: Token, why: Refusal) {
        Self::write_with(out, kind, id, token, why, why.meaning());
    }

    /// As [`Failure::write`], in the device's own words; no more of them than [`LONGEST_MESSAGE`] bytes.
    pub fn write_with(
        out: &mut Vec<u8>,
        kind: Kind,
        id: MessageId,
        token: Token,
        why: Refusal,
        message: &str,
    ) {
        let Refusal(number) = why;
        let mut message = String::from(message);
        while message.len() > LONGEST_MESSAGE {
            message.pop();
        }
        let message = Value::from(message);
        let payload = format!("{{\"code\":{number},\"message\":{message}}}");
        Writer::new(out, kind, why.code(), id, token).payload(payload.as_bytes());
    }
}
