//! What stands between a device and its cloud on a real network: a box that forwards datagrams,
//! remembers them, and now and then gives the device a new outside port.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

const GLANCE: Duration = Duration::from_millis(50);
const DATAGRAM: usize = 2048;

/// A running relay; it ends when dropped.
pub(crate) struct Relay {
    inside: SocketAddr,
    state: Arc<State>,
    threads: Vec<JoinHandle<()>>,
}

struct State {
    device_side: UdpSocket,
    cloud_side: Mutex<Arc<UdpSocket>>,
    cloud: SocketAddr,
    device: Mutex<Option<SocketAddr>>,
    sent: Mutex<Vec<Vec<u8>>>,
    weather: Option<Weather>,
    ended: AtomicBool,
}

/// A bad network, the same one for the same seed: of a hundred datagrams it loses some and brings some
/// twice.
pub(crate) struct Weather {
    seed: AtomicU64,
    lost: u64,
    doubled: u64,
}

impl Weather {
    pub(crate) fn new(seed: u64, lost: u64, doubled: u64) -> Self {
        Self { seed: AtomicU64::new(seed), lost, doubled }
    }

    /// How often the next datagram arrives.
    fn copies(&self) -> usize {
        // SplitMix64: one number of the sequence for each datagram.
        let step = self.seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (step ^ step >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        let percent = (mixed ^ mixed >> 31) % 100;
        if percent < self.lost {
            return 0;
        }
        1 + usize::from(percent < self.lost + self.doubled)
    }
}

impl Relay {
    pub(crate) fn to(cloud: SocketAddr) -> Self {
        Self::start(cloud, None)
    }

    /// A relay through a bad network.
    pub(crate) fn through(weather: Weather, cloud: SocketAddr) -> Self {
        Self::start(cloud, Some(weather))
    }

    fn start(cloud: SocketAddr, weather: Option<Weather>) -> Self {
        let device_side = free_socket();
        let inside = device_side.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State {
            device_side,
            cloud_side: Mutex::new(Arc::new(free_socket())),
            cloud,
            device: Mutex::new(None),
            sent: Mutex::new(Vec::new()),
            weather,
            ended: AtomicBool::new(false),
        });
        let threads = [State::forward_out as fn(&State), State::forward_in]
            .map(|work| {
                let state = Arc::clone(&state);
                std::thread::spawn(move || work(&state))
            })
            .into();
        Self { inside, state, threads }
    }

    /// The address that the device calls.
    pub(crate) fn address(&self) -> SocketAddr {
        self.inside
    }

    /// From now on the cloud sees the device at another port.
    pub(crate) fn change_port(&self) {
        *self.state.cloud_side.lock().expect("not poisoned") = Arc::new(free_socket());
    }

    /// Takes what the device has sent since the last call.
    pub(crate) fn take_sent(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.state.sent.lock().expect("not poisoned"))
    }

    /// Sends a datagram to the cloud from the port where the device is seen now.
    pub(crate) fn inject(&self, datagram: &[u8]) {
        self.state.to_cloud(datagram);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl State {
    fn forward_out(&self) {
        let mut buffer = [0; DATAGRAM];
        while !self.ended.load(Ordering::Relaxed) {
            let Ok((length, device)) = self.device_side.recv_from(&mut buffer) else { continue };
            *self.device.lock().expect("not poisoned") = Some(device);
            self.sent.lock().expect("not poisoned").push(buffer[..length].to_vec());
            for _ in 0..self.copies() {
                self.to_cloud(&buffer[..length]);
            }
        }
    }

    fn forward_in(&self) {
        let mut buffer = [0; DATAGRAM];
        while !self.ended.load(Ordering::Relaxed) {
            let socket = Arc::clone(&self.cloud_side.lock().expect("not poisoned"));
            let Ok(length) = socket.recv(&mut buffer) else { continue };
            let device = *self.device.lock().expect("not poisoned");
            let copies = device.map_or(0, |_| self.copies());
            for device in device.iter().cycle().take(copies) {
                let _ = self.device_side.send_to(&buffer[..length], device);
            }
        }
    }

    fn copies(&self) -> usize {
        self.weather.as_ref().map_or(1, Weather::copies)
    }

    fn to_cloud(&self, datagram: &[u8]) {
        let socket = Arc::clone(&self.cloud_side.lock().expect("not poisoned"));
        // A network loses datagrams too, for example while the cloud is down.
        let _ = socket.send_to(datagram, self.cloud);
    }
}

fn free_socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(GLANCE)).expect("a timeout can be set");
    socket
}
