//! What a node tells the service manager (sd_notify): ready, ending, and one line of status. Outside a service all of
//! it does nothing.

use pintle_cloud::serve::Addresses;
use sd_notify::NotifyState;

/// Everything listens.
pub fn ready(addresses: &Addresses) {
    let tcp = addresses.tcp.map_or_else(String::new, |tcp| format!(" and {tcp}/tcp"));
    let status = format!("API on https://{}, devices on {}/udp{tcp}", addresses.api, addresses.udp);
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The end has begun: sessions are being saved.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("ending: saving the sessions")]);
}

/// Everything answered since the last beat.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
