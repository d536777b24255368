//! libcoap's server of the distribution's package, over DTLS with a pre-shared key, and sessions that ask it.

mod session;

use super::vitals::Vitals;
use crate::cores;
use crate::sample::Samples;
use session::Session;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SERVER: &str = "coap-server-openssl";
/// Sessions at a time.
const SESSIONS: usize = 500;
/// Of these, those that ask at a time: more overflow the buffer that its socket has.
const LOT: usize = 64;
/// How long one sample takes.
const SAMPLE: Duration = Duration::from_secs(2);
/// How long the server may take to listen.
const START: Duration = Duration::from_millis(500);

/// What was measured of it.
#[derive(Default)]
pub struct Figures {
    /// Nanoseconds of its process for each message in and its answer out.
    pub processor: Samples,
    /// Answers a second, by the clock.
    pub answered: Samples,
    /// Bytes of its memory for each session.
    pub session: Samples,
}

/// Measures it, `rounds` times.
pub fn measure(rounds: usize) -> Figures {
    let server = Server::start();
    let mut figures = Figures::default();
    let empty = server.vitals();
    let mut sessions: Vec<Session> = (0..SESSIONS).map(|_| Session::open(server.address)).collect();
    let full = server.vitals();
    figures.session.push((full.resident - empty.resident) as f64 / SESSIONS as f64);
    for round in 0..=rounds {
        let (processor, answered) = server.sample(&mut sessions);
        // The first round warms up.
        if round > 0 {
            figures.processor.push(processor);
            figures.answered.push(answered);
        }
    }
    figures
}

/// Its process; it ends with this value, and with this process however that ends.
struct Server {
    process: Child,
    address: SocketAddrV4,
}

impl Server {
    fn start() -> Self {
        let port = free_port();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", SERVER, "-A", "127.0.0.1", "-v", "0", "-d", "10"]);
        // DTLS is on the port after the one it is given.
        command.args(["-p", &(port - 1).to_string(), "-k", session::KEY]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = cores::start_server(&mut command).expect("libcoap's server starts");
        std::thread::sleep(START);
        Self { process, address: SocketAddrV4::new(Ipv4Addr::LOCALHOST, port) }
    }

    fn vitals(&self) -> Vitals {
        Vitals::of(self.process.id())
    }

    /// All ask in turn, and each is answered before it asks again.
    fn sample(&self, sessions: &mut [Session]) -> (f64, f64) {
        let (began, before) = (Instant::now(), self.vitals().processor);
        let mut answered = 0;
        while began.elapsed() < SAMPLE {
            for lot in sessions.chunks_mut(LOT) {
                lot.iter_mut().for_each(Session::ask);
                answered += lot.iter_mut().filter_map(Session::answer).count();
            }
        }
        let spent = (self.vitals().processor - before).as_secs_f64();
        (spent * 1e9 / answered as f64, answered as f64 / began.elapsed().as_secs_f64())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One that was free a moment ago.
fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    socket.local_addr().expect("it has an address").port()
}
