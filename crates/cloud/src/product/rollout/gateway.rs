//! The way to the devices that a node has: its gateway.

use super::fact::Progress;
use super::send::{Again, Sends, Setback};
use super::transfers::Live;
use crate::device::Gateway;
use crate::device::update::{Offer, Transfer, UpdateError};
use crate::product::Image;
use pintle_protocol::DeviceId;
use pintle_protocol::update::Refusal;
use std::pin::pin;
use std::sync::Arc;

/// As much of a device's own words is kept, in characters.
const LONGEST_WORDS: usize = 200;

impl Sends for Gateway {
    fn is_online(&self, device: DeviceId) -> bool {
        self.presence(device).online
    }

    async fn send(&self, device: DeviceId, image: Image, live: Arc<Live>) -> Result<(), Setback> {
        let Image { file, sha256, function, statement } = image;
        let offer = Offer { file, sha256, function, statement };
        let transfer = self.update(device, offer).await.map_err(Setback::from)?;
        watch(transfer, &live).await.map_err(Setback::from)
    }
}

/// Follows a transfer to its end.
async fn watch(transfer: Transfer, live: &Live) -> Result<(), UpdateError> {
    let (canceller, mut progress) = (transfer.canceller(), transfer.progress());
    let (mut done, mut cancelled) = (pin!(transfer.done()), pin!(live.cancelled()));
    let (mut is_cancelled, mut is_told) = (false, true);
    loop {
        let at = *progress.borrow_and_update();
        live.is_at(Progress { stored: at.stored, of: at.of });
        tokio::select! {
            result = &mut done => return result.map(|_| ()),
            () = &mut cancelled, if !is_cancelled => {
                is_cancelled = true;
                canceller.cancel();
            }
            // Whoever told of it may be gone a moment before the result is here.
            changed = progress.changed(), if is_told => is_told = changed.is_ok(),
        }
    }
}

impl From<UpdateError> for Setback {
    fn from(error: UpdateError) -> Self {
        let again = match &error {
            UpdateError::Offline | UpdateError::Busy => Again::Soon,
            UpdateError::Refused(failure) if failure.why.is_none_or(passes) => Again::Later,
            UpdateError::Silent | UpdateError::Ended | UpdateError::Cancelled => Again::Later,
            _ => Again::Never,
        };
        let words = match &error {
            UpdateError::Refused(failure) => failure.message.as_str(),
            _ => "",
        };
        let plain = words.chars().filter(|letter| !letter.is_control()).take(LONGEST_WORDS);
        let words: String = plain.collect();
        let why = if words.is_empty() { error.to_string() } else { format!("{error} ({words})") };
        Self { why, again }
    }
}

/// Whether a device that refuses for this reason may take the same image another time.
fn passes(why: Refusal) -> bool {
    matches!(
        why,
        Refusal::BUSY
            | Refusal::NOT_RUNNING
            | Refusal::NO_MEMORY
            | Refusal::RESUME
            | Refusal::INTEGRITY
            | Refusal::DISABLED
            | Refusal::FAILED
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_protocol::coap::Code;
    use pintle_protocol::update::Failure;

    fn again(why: Refusal) -> Again {
        let message = "so\u{1b}[2J".to_owned();
        let failure = Failure { code: Code::UNAVAILABLE, why: Some(why), message };
        let Setback { why, again } = UpdateError::Refused(failure).into();
        assert!(why.ends_with("(so[2J)"), "{why}");
        again
    }

    #[test]
    fn what_a_device_cannot_take_is_offered_once_and_what_it_cannot_take_now_again() {
        assert_eq!(again(Refusal::PLATFORM), Again::Never);
        assert_eq!(again(Refusal::VALIDATION), Again::Never);
        assert_eq!(again(Refusal::DISABLED), Again::Later);
        assert_eq!(Setback::from(UpdateError::Busy).again, Again::Soon);
        assert_eq!(Setback::from(UpdateError::Ended).again, Again::Later);
        assert_eq!(Setback::from(UpdateError::Lied).again, Again::Never);
    }
}
