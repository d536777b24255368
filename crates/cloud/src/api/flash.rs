//! A file for one device: what it is, whether the device could run it, and what is told of how that goes.
//!
//! A device checks neither the SHA-256 of a module nor its product, and one platform's devices check nothing: so what
//! is damaged or for another board is refused here, before a byte is sent (promise P8).

use std::time::Duration;

use axum::Json;
use pintle_firmware::Digest;
use pintle_firmware::module::{Flags, Function, Module, Platform, Wanted};
use serde_json::{Value, json};

use super::error::{ApiError, sentence};
use super::upload::Uploaded;
use super::{ApiState, Fleet};
use crate::account::{AccountId, Caller};
use crate::device::update::{Offer, Transfer};
use crate::event::{DEFAULT_TTL, Event, Source};
use crate::store::device::DeviceRow;
use pintle_protocol::DeviceId;

/// The event that says how it goes. Its texts end with a space: clients look for that.
const STATUS: &str = "spark/flash/status";

/// How long a device may take from the finish until it is back with the new image.
const BACK_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How long it may take from its Hello to its describe.
const DESCRIBED_WITHIN: Duration = Duration::from_secs(60);

/// How often it is looked for.
const LOOK_EACH: Duration = Duration::from_millis(500);

/// A module that a device could run.
struct Fit {
    file: Vec<u8>,
    sha256: [u8; 32],
    function: Option<u8>,
    image: Image,
}

/// What a device describes when it runs the module.
struct Image {
    function: u8,
    index: u8,
    version: u16,
    /// Of the file, and of the module in it: devices name the one or the other.
    sha256: [String; 2],
}

pub(super) async fn flash<F: Fleet>(
    state: &ApiState<F>,
    caller: &Caller,
    row: &DeviceRow,
    uploaded: Uploaded,
) -> Result<Json<Value>, ApiError> {
    if uploaded.is_zip {
        return Err(ApiError::bad_request(
            "The file is a zip bundle, which this server does not take. Flash its assets and then its application, each by itself.",
        ));
    }
    let (id, platform) = (row.id, row.platform_id);
    let fit = tokio::task::spawn_blocking(move || fit(uploaded.file, platform)).await;
    let Fit { file, sha256, function, image } = fit.map_err(|_| ApiError::internal())??;
    let file = state.room.in_flight.one_copy(sha256, file);
    let statement = state.shelf_of(caller).may_flash(id, &file).await?;
    let offer = Offer { file, sha256, function, statement };
    let began_ms = state.clock.now().wall_ms;
    let transfer = state.fleet.update(id, offer).await?;
    state.store.note(state.act(caller, "device.flashed").on("device", id));
    let telling =
        Telling { state: state.clone(), device: id, owner: caller.account, image, began_ms };
    telling.tell("started ");
    tokio::spawn(telling.until_the_end(transfer));
    Ok(Json(json!({ "id": id.to_string(), "status": "Update started" })))
}

/// Checks the module that a file is.
fn fit(file: Vec<u8>, platform: Option<u16>) -> Result<Fit, ApiError> {
    let module = Module::read(&file).map_err(|error| {
        ApiError::bad_request(sentence(&format!("the file is no firmware module: {error}")))
    })?;
    let mut faults = Vec::new();
    // Assets are files for an application, and for any board.
    let asset = module.prefix().function == Function::ASSET;
    let platform = platform.map(Platform).filter(|_| !asset);
    Wanted { platform, ..Wanted::default() }.compare(&module, &mut |fault| faults.push(fault));
    module.examine(&mut |fault| faults.push(fault));
    if let Some(fault) = faults.first() {
        return Err(ApiError::bad_request(format!(
            "The module cannot be flashed: {}",
            sentence(fault)
        )));
    }
    let (prefix, sha256) = (*module.prefix(), Digest::of(&file));
    // Of combined modules a device finds the functions by itself.
    let alone = !prefix.flags.contains(Flags::COMBINED);
    let image = Image {
        function: prefix.function.0,
        index: prefix.index,
        version: prefix.version,
        sha256: [sha256.to_string(), module.suffix().sha256.to_string()],
    };
    let function = alone.then_some(prefix.function.0);
    Ok(Fit { file, sha256: sha256.0, function, image })
}

impl Image {
    /// Whether a device that describes itself so runs it. Hashes are of user parts alone; others are known by their
    /// version.
    fn is_in(&self, described: &Value) -> bool {
        let modules = described["modules"].as_array().into_iter().flatten();
        modules.into_iter().any(|module| {
            let place = (module["function"].as_u64(), module["index"].as_u64());
            let here = place == (Some(self.function.into()), Some(self.index.into()));
            let hash =
                module["sha256"].as_str().filter(|hash| hash.bytes().any(|digit| digit != b'0'));
            let version = module["version"].as_u64() == Some(self.version.into());
            here && hash.map_or(version, |hash| self.sha256.iter().any(|known| known == hash))
        })
    }
}

/// What is told of one update.
struct Telling<F> {
    state: ApiState<F>,
    device: DeviceId,
    owner: AccountId,
    image: Image,
    began_ms: i64,
}

impl<F: Fleet> Telling<F> {
    fn tell(&self, text: &str) {
        self.state.bus.publish(Event {
            name: STATUS.into(),
            data: text.into(),
            content_format: 0,
            ttl: DEFAULT_TTL,
            published_at_ms: self.state.clock.now().wall_ms,
            source: Source::Device(self.device),
            owner: Some(self.owner),
        });
    }

    async fn until_the_end(self, transfer: Transfer) {
        let device = self.device;
        let mut over = self.state.shutdown.clone();
        let ends = async {
            match transfer.done().await {
                Ok(done) => {
                    tracing::info!(%device, again = done.again, "a device took an update");
                    self.is_running().await
                }
                Err(error) => {
                    tracing::info!(%device, %error, "an update failed");
                    false
                }
            }
        };
        tokio::select! {
            runs = ends => self.tell(if runs { "success " } else { "failed " }),
            _ = over.wait_for(|over| *over) => {}
        }
    }

    /// Waits for the device to come back with the new image: it shook hands, said Hello, and describes the image. Where it
    /// does so before it took the whole file, the update has failed already: its session is another one.
    async fn is_running(&self) -> bool {
        let mut left = BACK_WITHIN;
        let mut back = false;
        while !left.is_zero() {
            tokio::time::sleep(LOOK_EACH).await;
            left = left.saturating_sub(LOOK_EACH);
            let shaken = self.state.fleet.presence(self.device).last_handshake_ms;
            if shaken.is_none_or(|at| at < self.began_ms) {
                continue;
            }
            if !std::mem::replace(&mut back, true) {
                left = left.min(DESCRIBED_WITHIN);
            }
            let Ok(Some(row)) = self.state.store.devices().find(self.device).await else {
                continue;
            };
            let hello = row.last_handshake_ms.is_some_and(|at| at >= self.began_ms);
            let described = row.system.and_then(|system| serde_json::from_str(&system).ok());
            if hello && described.is_some_and(|described| self.image.is_in(&described)) {
                return true;
            }
        }
        false
    }
}
