//! Our own handshakes: Device OS clients against the cloud's cookie jar and state machine.

use super::IN_STEP;
use crate::clock::Stopwatch;
use pintle_dtls::client::{self, ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{self, Admission, CookieJar, Established, ServerConfig};
use pintle_dtls::{ConnectionId, PublicKey};
use std::sync::Arc;
use std::time::Duration;

type Client = client::Handshake<AwsLc>;
type Server = server::Handshake<AwsLc>;
type Datagrams = Vec<Vec<u8>>;

const NOW: Duration = Duration::ZERO;
const SOURCE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7, 0xc0, 0];

/// One cloud and a device for each handshake of a group.
pub struct Bench {
    jar: CookieJar,
    cloud: Arc<ServerConfig<AwsLc>>,
    devices: Vec<Arc<ClientConfig<AwsLc>>>,
}

impl Bench {
    /// With fixed keys.
    pub fn new() -> Self {
        let cloud = ServerConfig::new(AwsLc, private_key(0));
        let device = |number| {
            let key = private_key(number);
            Arc::new(ClientConfig::new(AwsLc, key, cloud.public_key(), Offer::DeviceOs))
        };
        let devices = (1..=IN_STEP as u8).map(device).collect();
        Self { jar: CookieJar::new([5; 32]), cloud: Arc::new(cloud), devices }
    }

    /// One group, flight by flight; only the cloud's calls are on the clock.
    pub fn group(&self, watch: &mut Stopwatch) {
        let start = |config: &Arc<_>| Client::start(Arc::clone(config), NOW).expect("randomness");
        let mut clients: Vec<Client> = self.devices.iter().map(start).collect();

        let hellos = each_sends(&mut clients);
        let challenges = watch.time(|| hellos.iter().map(|hello| self.challenge(hello)).collect());
        each_receives(&mut clients, challenges);

        let hellos = each_sends(&mut clients);
        let begun: Vec<_> = watch.time(|| hellos.iter().map(|hello| self.accept(hello)).collect());
        let (servers, flights): (Vec<Server>, Vec<Datagrams>) = begun.into_iter().unzip();
        each_receives(&mut clients, flights);

        let mut flights = each_sends(&mut clients);
        let ended: Vec<_> = watch.time(|| {
            servers
                .into_iter()
                .zip(&mut flights)
                .map(|(server, flight)| end(server, flight))
                .collect()
        });
        let (established, flights): (Vec<Established>, Vec<Datagrams>) = ended.into_iter().unzip();
        each_receives(&mut clients, flights);
        assert!(clients.iter().all(Client::is_complete), "every device has a session");
        assert_eq!(established.len(), IN_STEP, "and so has the cloud");
    }

    fn challenge(&self, hello: &[Vec<u8>]) -> Datagrams {
        let Admission::Challenge(challenge) = self.jar.admit(SOURCE, only(hello)) else {
            panic!("a hello without a cookie is challenged")
        };
        vec![challenge.as_bytes().to_vec()]
    }

    fn accept(&self, hello: &[Vec<u8>]) -> (Server, Datagrams) {
        let Admission::Proven(hello) = self.jar.admit(SOURCE, only(hello)) else {
            panic!("a hello with its cookie is proven")
        };
        let id = ConnectionId::new([0xc1, 0xd0, 0, 0, 0, 0, 0, 7]);
        let mut server = Server::accept(Arc::clone(&self.cloud), hello, id, NOW).expect("accepted");
        let flight = std::iter::from_fn(|| server.poll_transmit()).collect();
        (server, flight)
    }
}

/// The device's last flight, and ours that answers it.
fn end(mut server: Server, flight: &mut [Vec<u8>]) -> (Established, Datagrams) {
    for datagram in flight {
        server.handle_datagram(NOW, datagram, &mut |_: &PublicKey| true).expect("a good flight");
    }
    let answer = std::iter::from_fn(|| server.poll_transmit()).collect();
    (server.finish().expect("complete"), answer)
}

fn only(datagrams: &[Vec<u8>]) -> &[u8] {
    let [datagram] = datagrams else { panic!("a hello is one datagram") };
    datagram
}

fn each_sends(clients: &mut [Client]) -> Vec<Datagrams> {
    clients
        .iter_mut()
        .map(|client| std::iter::from_fn(|| client.poll_transmit()).collect())
        .collect()
}

fn each_receives(clients: &mut [Client], flights: Vec<Datagrams>) {
    for (client, flight) in clients.iter_mut().zip(flights) {
        for mut datagram in flight {
            client.handle_datagram(NOW, &mut datagram).expect("a good flight");
        }
    }
}

/// A SEC 1 private key, another one for each number.
fn private_key(number: u8) -> <AwsLc as Crypto>::SigningKey {
    let mut der = vec![0x30, 0x25, 2, 1, 1, 4, 0x20];
    der.extend([0x11; 31]);
    der.push(number);
    AwsLc.signing_key_from_der(&der).expect("a private key")
}
