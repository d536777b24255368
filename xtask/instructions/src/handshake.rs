//! The cloud's side of a full handshake, cookie exchange included and public-key operations left out (see
//! [`crate::no_public_keys`]). One device's datagrams are recorded; with nothing random anywhere the cloud
//! takes them again and again.

use crate::no_public_keys::NoPublicKeys;
use pintle_dtls::client::{self, ClientConfig, Offer};
use pintle_dtls::crypto::Crypto;
use pintle_dtls::server::{self, Admission, CookieJar, ServerConfig};
use pintle_dtls::{ConnectionId, PublicKey};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

type Client = client::Handshake<NoPublicKeys>;
type Server = server::Handshake<NoPublicKeys>;
type Datagrams = Vec<Vec<u8>>;

const NOW: Duration = Duration::ZERO;
const SOURCE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7, 0xc0, 0];
const ID: ConnectionId = ConnectionId::new([0xc1, 0xd0, 0, 0, 0, 0, 0, 7]);

/// What one device sends, flight by flight.
struct Recorded {
    hello: Vec<u8>,
    with_cookie: Vec<u8>,
    last: Datagrams,
}

struct Cloud {
    jar: CookieJar,
    config: Arc<ServerConfig<NoPublicKeys>>,
}

/// Shakes hands so many times.
pub fn run(count: usize) -> Result<(), Box<dyn Error>> {
    let config = Arc::new(ServerConfig::new(NoPublicKeys::new()?, ()));
    let cloud = Cloud { jar: CookieJar::new([5; 32]), config };
    let recorded = cloud.record()?;
    for _ in 0..count {
        cloud.turn(&recorded)?;
    }
    Ok(())
}

impl Cloud {
    #[inline(never)]
    fn turn(&self, recorded: &Recorded) -> Result<(), Box<dyn Error>> {
        black_box(self.challenge(&recorded.hello)?);
        let (mut server, flight) = self.accept(&recorded.with_cookie)?;
        black_box(&flight);
        for datagram in &recorded.last {
            hear(&mut server, datagram)?;
        }
        black_box(drain(|| server.poll_transmit()));
        black_box(server.finish().ok_or("the handshake is not complete")?);
        Ok(())
    }

    fn challenge(&self, hello: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        match self.jar.admit(SOURCE, hello) {
            Admission::Challenge(challenge) => Ok(challenge.as_bytes().to_vec()),
            _ => Err("a hello without a cookie is not challenged".into()),
        }
    }

    fn accept(&self, hello: &[u8]) -> Result<(Server, Datagrams), Box<dyn Error>> {
        let Admission::Proven(hello) = self.jar.admit(SOURCE, hello) else {
            return Err("a hello with its cookie is not proven".into());
        };
        let mut server = Server::accept(Arc::clone(&self.config), hello, ID, NOW)?;
        let flight = drain(|| server.poll_transmit());
        Ok((server, flight))
    }

    fn record(&self) -> Result<Recorded, Box<dyn Error>> {
        let crypto = NoPublicKeys::new()?;
        let cloud_key = crypto.public_key(&());
        let config = ClientConfig::new(crypto, (), cloud_key, Offer::DeviceOs);
        let mut client = Client::start(Arc::new(config), NOW)?;
        let hello = drain(|| client.poll_transmit()).concat();
        client.handle_datagram(NOW, &mut self.challenge(&hello)?)?;
        let with_cookie = drain(|| client.poll_transmit()).concat();
        for mut datagram in self.accept(&with_cookie)?.1 {
            client.handle_datagram(NOW, &mut datagram)?;
        }
        Ok(Recorded { hello, with_cookie, last: drain(|| client.poll_transmit()) })
    }
}

fn hear(server: &mut Server, datagram: &[u8]) -> Result<(), Box<dyn Error>> {
    server.handle_datagram(NOW, &mut datagram.to_vec(), &mut |_: &PublicKey| true)?;
    Ok(())
}

fn drain(next: impl FnMut() -> Option<Vec<u8>>) -> Datagrams {
    std::iter::from_fn(next).collect()
}
