//! What a device begins its life with: its firmware, and what it says of itself.

use super::Lived;
use super::application::{Application, Kind};
use crate::board::Board;
use crate::error::Error;
use crate::firmware::{self, Shared, VirtualFirmware};
use crate::folder::Folder;
use crate::life::Profile;
use crate::stop::Stop;
use std::time::Duration;

/// The firmware of a device, if it takes updates.
pub(super) fn application_of(
    folder: &Folder,
    firmware: Option<&VirtualFirmware>,
    stop: &Stop,
) -> Result<Option<Application>, Error> {
    let config = folder.config();
    let (store, kind, enabled) = match (firmware, &config.application) {
        (Some(firmware), _) => {
            let store = firmware.open(firmware::purpose_of(config))?;
            (store, Kind::Virtual(firmware.health_check()), firmware.is_enabled())
        }
        (None, Some(settings)) => {
            let (settings, dir) = (settings.clone(), folder.dir().to_path_buf());
            let kind = Kind::Program { settings, dir };
            (firmware::open(folder)?, kind, config.updates_enabled)
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Application::new(Shared::new(store), kind, enabled, stop.clone())))
}

/// A life that says what the device is, and where its updates go.
pub(super) fn begin(
    folder: &Folder,
    board: &dyn Board,
    application: Option<&Application>,
    now: Duration,
) -> Result<Box<dyn Lived + Send>, Error> {
    let mut profile = profile_of(folder, board);
    profile.firmware = application.and_then(Application::firmware).cloned();
    profile.last_reset = application.and_then(Application::report);
    let intake = application.map(Application::intake).unwrap_or_default();
    folder.begin(profile, intake, now)
}

fn profile_of(folder: &Folder, board: &dyn Board) -> Profile {
    let config = folder.config();
    Profile {
        device_id: config.id,
        platform_id: config.platform_id,
        product_id: config.product_id,
        product_version: config.product_version,
        keepalive: Duration::from_secs(config.keepalive_seconds),
        functions: board.functions(),
        variables: board.variables(),
        subscriptions: config.events.subscribe.clone(),
        firmware: None,
        last_reset: None,
    }
}
