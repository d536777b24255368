//! `PUT /v1/devices/{id}` with a module, for a virtual device of each generation of the TCP service; also with the
//! connection cut in the middle.

use crate::api::{Api, wait_for_event};
use crate::cloud::Cloud;
use crate::device::{Device, GENERATIONS};
use crate::running::PATIENCE;
use pintle_device::{Agent, AgentHandle, Folder, Notice, RunOptions, VirtualFirmware};
use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Platform};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, channel};

/// As many bytes as it takes for a connection never to be cut.
const NEVER: i64 = i64::MAX;

/// Passes the connections of a device on, and cuts one when so many bytes more came from the cloud.
struct Scissors {
    address: SocketAddr,
    left: Arc<AtomicI64>,
}

impl Scissors {
    fn before(cloud: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let left = Arc::new(AtomicI64::new(NEVER));
        let cut = Arc::clone(&left);
        std::thread::spawn(move || {
            for device in listener.incoming().map_while(Result::ok) {
                let Ok(to_cloud) = TcpStream::connect(cloud) else { continue };
                let clone = |stream: &TcpStream| stream.try_clone().expect("a second handle");
                pass(clone(&device), clone(&to_cloud), Arc::new(AtomicI64::new(NEVER)));
                pass(to_cloud, device, Arc::clone(&cut));
            }
        });
        Self { address, left }
    }

    /// Cuts the connection after so many bytes more.
    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, left: Arc<AtomicI64>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let bytes = i64::try_from(length).expect("a short piece");
            if left.load(Ordering::SeqCst) != NEVER
                && left.fetch_sub(bytes, Ordering::SeqCst) <= bytes
            {
                left.store(NEVER, Ordering::SeqCst);
                break;
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

/// A module for a platform, of some dozens of chunks.
fn module(platform: u16, version: u16) -> Vec<u8> {
    let content: Vec<u8> = (0..40_000_u32).map(|n| (n * u32::from(version)) as u8).collect();
    let function = Function::USER_PART;
    let mut builder = Builder::new(Platform(platform), function, 0x000a_0000, &content);
    builder.prefix.version = version;
    builder.build()
}

/// A device that runs in this process, with firmware that takes updates.
struct Updatable {
    id: String,
    platform: u16,
    agent: AgentHandle,
    notices: Receiver<Notice>,
    scissors: Scissors,
}

impl Updatable {
    fn start(cloud: &Cloud, number: usize, generation: &str) -> Self {
        let scissors = Scissors::before(cloud.tcp());
        let id = format!("0b1e0000000000000000c7{number:02x}");
        let device = Device::over_tcp(cloud, &id, generation, scissors.address);
        cloud.pin(&id, &device.public_key());
        let platform = if generation == "core" { 0 } else { 6 };
        let folder = Folder::open(device.folder()).expect("a device's folder");
        let (sender, notices) = channel();
        let on_notice: Box<dyn FnMut(Notice) + Send> = Box::new(move |notice| {
            // The test may have heard enough.
            let _ = sender.send(notice);
        });
        let firmware = Some(VirtualFirmware::new(module(platform, 1)));
        let options = RunOptions { on_notice: Some(on_notice), firmware, ..RunOptions::default() };
        let agent = Agent::spawn(folder, options).expect("a device");
        let device = Self { id, platform, agent, notices, scissors };
        device.wait_for(|notice| matches!(notice, Notice::Connected { .. }));
        device
    }

    fn wait_for(&self, wanted: impl Fn(&Notice) -> bool) -> Notice {
        loop {
            let notice = self.notices.recv_timeout(PATIENCE).expect("a notice");
            assert!(!matches!(notice, Notice::UpdateDeclined(_)), "{notice:?}");
            if wanted(&notice) {
                return notice;
            }
        }
    }

    fn flash(&self, api: &Api, file: &[u8]) {
        let (status, body) = api.put_file(&format!("/v1/devices/{}", self.id), file);
        assert_eq!(status, 200, "{}: {body}", self.id);
        assert_eq!(body["status"], "Update started");
    }

    fn runs(&self, file: &[u8]) {
        let wanted = Digest::of(file).0;
        self.wait_for(|notice| match notice {
            Notice::Starting { firmware, on_trial } => *on_trial && firmware.sha256 == wanted,
            _ => false,
        });
        self.wait_for(|notice| *notice == Notice::Confirmed);
    }
}

#[test]
fn p8_a_device_of_each_generation_is_updated_also_after_its_connection_was_cut_in_the_middle() {
    let cloud = Cloud::start_with_tcp();
    let api = cloud.log_in();
    let all: Vec<_> = GENERATIONS
        .into_iter()
        .enumerate()
        .map(|(number, generation)| Updatable::start(&cloud, number, generation))
        .collect();
    for device in &all {
        let events = api.events(&format!("/v1/devices/{}/events/spark", device.id));
        let file = module(device.platform, 2);
        // Half of it comes: the device is back with what it had, and nothing is started.
        device.scissors.cut_after(20_000);
        device.flash(&api, &file);
        wait_for_event(&events, "started ");
        wait_for_event(&events, "failed ");
        loop {
            let notice = device.notices.recv_timeout(PATIENCE).expect("a notice");
            assert!(!matches!(notice, Notice::Starting { .. } | Notice::Updated), "{notice:?}");
            if matches!(notice, Notice::Connected { .. }) {
                break;
            }
        }
        // It begins anew, and takes all of it.
        device.flash(&api, &file);
        wait_for_event(&events, "started ");
        device.runs(&file);
        wait_for_event(&events, "success ");
        let (_, described) = api.get(&format!("/v1/devices/{}", device.id));
        assert_eq!(described["id"], device.id.as_str());
    }
    all.into_iter().for_each(|device| device.agent.stop().expect("an end"));
}
