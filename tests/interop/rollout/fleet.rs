//! Virtual devices in this process, and what each of them really does.

use crate::cloud::{Cloud, USER, output_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pintle_cloud::DeviceId;
use pintle_device::{
    Agent, AgentHandle, CreateOptions, Folder, Notice, RunOptions, Service, VirtualFirmware,
    read_cloud_key,
};
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Why an ill device falls back.
pub(super) const ILL: &str = "its pump does not turn";
/// How long an image may be, in bytes.
const ROOM: u32 = 64 << 10;
/// How long all of them may take to connect.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a device is and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How often it started the new image on trial.
    pub(super) tried: u32,
    /// Whether that is what it runs.
    pub(super) runs_new: bool,
    /// Whether the cloud acknowledged the Hello of the new image.
    pub(super) confirmed: bool,
    /// Whether the cloud acknowledged all that it had to say since it last started.
    connected: bool,
    /// Counts what happened to it.
    events: u32,
}

impl Seen {
    /// Whether the cloud has heard what became of the new image.
    pub(super) fn has_reported(&self) -> bool {
        self.tried > 0 && self.connected
    }
}

type All = Arc<(Mutex<HashMap<DeviceId, Seen>>, Condvar)>;

/// The devices.
pub(super) struct Fleet {
    seen: All,
    _agents: Vec<AgentHandle>,
}

impl Fleet {
    /// Pins these devices, and runs them with the old image; the ill ones find the new one not well.
    pub(super) fn start(
        cloud: &Cloud,
        devices: &[DeviceId],
        ill: &[DeviceId],
        old: Vec<u8>,
        new: [u8; 32],
    ) -> Self {
        let homes = cloud.scratch("devices");
        let key = read_cloud_key(&cloud.public_key()).expect("the cloud's key");
        let create = |id: &DeviceId| {
            let service = Service::Udp { cloud_key: key };
            let (dir, cloud) = (homes.join(id.to_string()), cloud.udp().to_string());
            let options = CreateOptions { dir: dir.clone(), id: Some(*id), service, cloud };
            drop(Folder::create(options).expect("a device"));
            let config = dir.join("device.toml");
            let text = fs::read_to_string(&config).expect("its configuration");
            // A node that is back hears of a device when it pings.
            let quick = text.replace("keepalive_seconds = 25", "keepalive_seconds = 5");
            assert_ne!(text, quick, "the usual time is another one");
            fs::write(&config, quick).expect("its configuration");
            Folder::open(&dir).expect("a device")
        };
        let folders: Vec<Folder> = devices.iter().map(create).collect();
        let mut batch = String::from("device_id,public_key,owner\n");
        for (id, folder) in devices.iter().zip(&folders) {
            let key = STANDARD.encode(folder.public_key());
            writeln!(batch, "{id},{key},{USER}").expect("a string grows");
        }
        let file = cloud.scratch("batch").join("devices.csv");
        fs::write(&file, batch).expect("a batch");
        output_of(cloud.pin_command("import").arg(&file));

        let seen: HashMap<_, _> = devices.iter().map(|id| (*id, Seen::default())).collect();
        let seen: All = Arc::new((Mutex::new(seen), Condvar::new()));
        let old: Arc<[u8]> = old.into();
        let run = |(id, folder): (&DeviceId, Folder)| {
            let is_ill = ill.contains(id);
            let firmware = VirtualFirmware::new(Arc::clone(&old))
                .room(ROOM)
                .health(move |_| if is_ill { Err(ILL.to_owned()) } else { Ok(()) });
            let (all, id) = (Arc::clone(&seen), *id);
            let on_notice = Box::new(move |notice: Notice| note(&all, id, new, &notice));
            let options = RunOptions {
                on_notice: Some(on_notice),
                firmware: Some(firmware),
                ..RunOptions::default()
            };
            Agent::spawn(folder, options).expect("a device runs")
        };
        let agents = devices.iter().zip(folders).map(run).collect();
        Self { seen, _agents: agents }
    }

    pub(super) fn wait_until_all_are_connected(&self) {
        let (seen, changed) = &*self.seen;
        let waiting = seen.lock().expect("a lock");
        let missing = |seen: &mut HashMap<_, Seen>| seen.values().any(|one| !one.connected);
        let waited = changed.wait_timeout_while(waiting, PATIENCE, missing).expect("a lock");
        assert!(!waited.1.timed_out(), "not all devices connect");
    }

    /// Waits until anything happens to a device, and not for longer than this: what the node does may show in none.
    pub(super) fn wait_for_news(&self, within: Duration) {
        let (seen, changed) = &*self.seen;
        drop(changed.wait_timeout(seen.lock().expect("a lock"), within).expect("a lock"));
    }

    /// What each of them is just now.
    pub(super) fn look(&self) -> HashMap<DeviceId, Seen> {
        self.seen.0.lock().expect("a lock").clone()
    }
}

fn note(all: &All, id: DeviceId, new: [u8; 32], notice: &Notice) {
    let (seen, changed) = &**all;
    let mut seen = seen.lock().expect("a lock");
    let one = seen.get_mut(&id).expect("it is one of them");
    one.events += 1;
    match notice {
        Notice::Starting { firmware, on_trial } => {
            one.runs_new = firmware.sha256 == new;
            one.tried += u32::from(*on_trial && one.runs_new);
            one.connected = false;
        }
        Notice::Updated | Notice::Disconnected(_) => one.connected = false,
        Notice::Confirmed => one.confirmed = true,
        Notice::Connected { .. } => one.connected = true,
        _ => {}
    }
    changed.notify_all();
}
