//! Looking: at the target as a stranger, and at what came of the attacks on its twin.

use super::certificate::{Certificate, Place};
use super::headers::Headers;
use super::tls::{Scanner, Tls};
use super::{Communication, attempted, certificate, door, headers, traffic};
use crate::ground::Ground;
use crate::look::Look;
use crate::penetration::Attempts;
use pintle_attack::{Course, Target, https};
use pintle_device::Folder;
use std::path::Path;
use std::time::Duration;

/// For an answer, in a run.
const PATIENCE: Duration = Duration::from_secs(3);
/// So long nothing may come back.
const SILENCE: Duration = Duration::from_millis(300);
/// For all questions about headers.
const HEADERS: (Duration, u32) = (Duration::from_secs(10), 20);

/// Who looks, and where.
pub struct Stranger<'a> {
    /// Where the target's API and its port for devices are, and which authority clients are given; nothing else of it is
    /// used. Or why nobody knows: "no node runs in DIR: start it".
    pub target: Result<&'a Target, String>,
    /// What came of the attacks on the twin.
    pub attempts: &'a Look<Attempts>,
    /// A device that the twin knows and that does not run, or why there is none.
    pub device: Result<&'a Folder, String>,
    /// An empty folder.
    pub scratch: &'a Path,
    /// How long an answer may take.
    pub patience: Duration,
}

/// Looks, in a run.
#[must_use]
pub fn of(ground: &Ground) -> Look<Communication> {
    let twin = ground.twin.as_ref();
    let device = twin
        .map_err(Clone::clone)
        .and_then(|twin| Folder::open(&twin.heard).map_err(|why| why.to_string()));
    let nowhere = Path::new("");
    look(&Stranger {
        target: ground.target.as_ref().map_err(Clone::clone),
        attempts: ground.attempts(),
        device: device.as_ref().map_err(Clone::clone),
        scratch: twin.map_or(nowhere, |twin| &twin.scratch),
        patience: PATIENCE,
    })
}

/// Looks.
#[must_use]
pub fn look(stranger: &Stranger<'_>) -> Look<Communication> {
    let api = |target: &Target| https::Place::of(target, 0);
    let target = stranger.target.clone();
    let api = target.clone().and_then(|target| Ok((target, api(target)?)));
    let found = Communication {
        tls: seen(
            &["a first message of TLS for each version, suite and group"],
            tls(stranger, api.clone()),
        ),
        certificate: seen(&["a handshake, for the certificate"], shown(stranger, api)),
        headers: seen(&["GET / and others without a token, TRACE /"], headers_of(target.clone())),
        door: seen(
            &["a first hello, noise, a strange record and plain CoAP to the port for devices"],
            target.and_then(|target| {
                let udp = target.udp.ok_or("the target has no port for devices over UDP")?;
                door::look(udp, door::Patience { answer: stranger.patience, silence: SILENCE })
            }),
        ),
        attempts: attempted::among(stranger.attempts),
        traffic: seen(
            &["a virtual device with planted secrets lived behind a tap"],
            stranger.device.clone().and_then(|device| traffic::look(device, stranger.scratch)),
        ),
    };
    Look::seen(["the target as a stranger, and its twin as a device"], found)
}

fn seen<T>(ran: &[&str], found: Result<T, String>) -> Look<T> {
    match found {
        Ok(found) => Look::seen(ran.iter().copied(), found),
        Err(why) => Look::unseen(why),
    }
}

fn tls(
    stranger: &Stranger<'_>,
    api: Result<(&Target, https::Place), String>,
) -> Result<Tls, String> {
    let (_, place) = api?;
    let bare = bare(place.host());
    let name = (!is_address(bare)).then(|| bare.to_owned());
    Scanner { address: place.address(), name, patience: stranger.patience }.scan()
}

fn shown(
    stranger: &Stranger<'_>,
    api: Result<(&Target, https::Place), String>,
) -> Result<Certificate, String> {
    let (target, place) = api?;
    let place = Place {
        address: place.address(),
        host: bare(place.host()),
        authority: target.authority.as_deref(),
        patience: stranger.patience.max(certificate::LEAST_PATIENCE),
    };
    place.look()
}

fn headers_of(target: Result<&Target, String>) -> Result<Headers, String> {
    let mut course = Course::new(HEADERS.0, HEADERS.1, 0);
    let mut client = https::Client::of(target?, &course, 1)?;
    headers::look(&mut client, &mut course)
}

/// A host without its port and brackets.
fn bare(host: &str) -> &str {
    let host = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    host.trim_matches(['[', ']'])
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}
