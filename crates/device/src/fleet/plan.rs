//! What a fleet is to do, and what it may not.

use super::network::Weather;
use crate::folder::Service;
use crate::generation::Generation;
use nix::sys::resource::{Resource, getrlimit};
use pintle_firmware::module::Product;
use std::net::SocketAddrV4;
use std::time::Duration;

/// The most devices of one fleet.
pub const MOST_DEVICES: u32 = 4_000_000;
/// The most events a second that may be asked for.
pub const HIGHEST_RATE: f64 = 2_000_000.0;
/// The longest run.
pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// The most data of an event, in bytes.
pub const LARGEST_PAYLOAD: usize = pintle_protocol::MAX_DATA;

/// What a fleet is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The service, and the cloud's public key, which every device has pinned.
    pub service: Service,
    /// Where the node listens: on loopback.
    pub target: SocketAddrV4,
    /// How many devices there are.
    pub devices: u32,
    /// What their keys and ids, and the weather, are made from.
    pub seed: u64,
    /// Events a second, of all devices together.
    pub rate: f64,
    /// How many of the devices publish.
    pub publishers: u32,
    /// How many bytes of data an event has at least.
    pub payload: usize,
    /// Whether events are to be acknowledged.
    pub confirmable: bool,
    /// How long to go on once all are connected.
    pub duration: Duration,
    /// How long to wait at most until all are connected.
    pub connect_within: Duration,
    /// How long to wait at most, at the end, for what is on its way.
    pub settle: Duration,
    /// Handshakes begun in a second at most; 0 for no such limit.
    pub ramp: u32,
    /// How many devices may be on their way in at the same time.
    pub at_once: u32,
    /// The weather on the network.
    pub weather: Weather,
    /// Of a hundred devices, how many forget their session in a minute.
    pub churn: f64,
    /// How often every device changes its source port.
    pub nat_rebind: Option<Duration>,
    /// How often every device pings.
    pub ping: Option<Duration>,
    /// The product that devices say they are of, until an update says another.
    pub product: Option<Product>,
    /// Of a hundred devices, how many fall back from every update.
    pub unhealthy: f64,
    /// Whether the fleet saves on its own part of the handshakes.
    pub lean: bool,
}

/// Why a plan is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Not on this machine.
    #[error("{0} is not on loopback: a fleet only ever loads a node on its own machine")]
    NotLoopback(SocketAddrV4),
    /// A fault that a stream does not have, or a saving that its handshake does not allow.
    #[error("{0} is for fleets on UDP: leave it out with --protocol tcp")]
    OnlyUdp(&'static str),
    /// More connections than the system allows.
    #[error(
        "{devices} devices are as many connections, and this process may have {room}: raise its limit of open files (`ulimit -Hn`), or have fewer"
    )]
    Descriptors {
        /// How many there were to be.
        devices: u32,
        /// How many there can be.
        room: u32,
    },
    /// Out of bounds.
    #[error("{what} must be {bounds}, and is {given}")]
    Bounds {
        /// Which setting.
        what: &'static str,
        /// What it may be.
        bounds: String,
        /// What it is.
        given: String,
    },
}

impl Plan {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`PlanError`], for the person who made the plan.
    pub fn check(&self) -> Result<(), PlanError> {
        if !self.target.ip().is_loopback() {
            return Err(PlanError::NotLoopback(self.target));
        }
        let seconds = |time: Option<Duration>| time.map_or(1.0, |time| time.as_secs_f64());
        let (devices, day) = (f64::from(self.devices), 86_400.0);
        let weather = &self.weather;
        let checks = [
            ("--devices", devices, 1.0, f64::from(MOST_DEVICES)),
            ("--publishers", f64::from(self.publishers), 0.0, devices),
            ("--rate", self.rate, 0.0, HIGHEST_RATE),
            ("--payload", self.payload as f64, 0.0, LARGEST_PAYLOAD as f64),
            ("--duration", self.duration.as_secs_f64(), 0.0, LONGEST.as_secs_f64()),
            ("--connect-within", self.connect_within.as_secs_f64(), 0.0, LONGEST.as_secs_f64()),
            ("--settle", self.settle.as_secs_f64(), 0.0, LONGEST.as_secs_f64()),
            ("--at-once", f64::from(self.at_once), 1.0, 2048.0),
            ("--loss", weather.loss, 0.0, 90.0),
            ("--duplicate", weather.duplicate, 0.0, 100.0),
            ("--reorder", weather.reorder, 0.0, 100.0),
            ("--corrupt", weather.corrupt, 0.0, 90.0),
            ("--replay", weather.replay, 0.0, 100.0),
            ("--churn", self.churn, 0.0, 6000.0),
            ("--unhealthy", self.unhealthy, 0.0, 100.0),
            ("--nat-rebind", seconds(self.nat_rebind), 1.0, day),
            ("--ping", seconds(self.ping), 0.1, day),
        ];
        self.check_service()?;
        let wrong =
            checks.into_iter().find(|(_, given, least, most)| !(*least..=*most).contains(given));
        match wrong {
            None => Ok(()),
            Some((what, given, least, most)) => Err(PlanError::Bounds {
                what,
                bounds: format!("from {least} to {most}"),
                given: given.to_string(),
            }),
        }
    }
}

impl Plan {
    /// What only one of the services has.
    fn check_service(&self) -> Result<(), PlanError> {
        let Some(generation) = self.generation() else { return Ok(()) };
        let weather = &self.weather;
        let only_udp = [
            ("--loss", weather.loss > 0.0),
            ("--duplicate", weather.duplicate > 0.0),
            ("--reorder", weather.reorder > 0.0),
            ("--corrupt", weather.corrupt > 0.0),
            ("--replay", weather.replay > 0.0),
            ("--nat-rebind", self.nat_rebind.is_some()),
            ("--unhealthy", self.unhealthy > 0.0),
            ("--product", self.product.is_some()),
            ("--lean", self.lean),
        ];
        if let Some((what, _)) = only_udp.into_iter().find(|(_, given)| *given) {
            return Err(PlanError::OnlyUdp(what));
        }
        let most = generation.limits().event_data;
        let within = |what, given: u64, most: u64| match given <= most {
            true => Ok(()),
            false => Err(PlanError::Bounds {
                what,
                bounds: format!("from 0 to {most}"),
                given: given.to_string(),
            }),
        };
        within("--payload", self.payload as u64, most as u64)?;
        let room = descriptors();
        match self.devices <= room {
            true => Ok(()),
            false => Err(PlanError::Descriptors { devices: self.devices, room }),
        }
    }

    /// The firmware of the devices, where they use the TCP service.
    #[must_use]
    pub const fn generation(&self) -> Option<Generation> {
        match &self.service {
            Service::Udp { .. } => None,
            #[cfg(feature = "tcp")]
            Service::Tcp { generation, .. } => Some(*generation),
        }
    }
}

/// How many connections this process may have: its limit of descriptors, less a few for itself.
fn descriptors() -> u32 {
    const OWN: u64 = 64;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((0, 0));
    u32::try_from(hard.saturating_sub(OWN)).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use pintle_dtls::PublicKey;

    pub(in crate::fleet) fn plan(target: SocketAddrV4, cloud: PublicKey) -> Plan {
        Plan {
            service: Service::Udp { cloud_key: cloud },
            target,
            devices: 3,
            seed: 1,
            rate: 0.0,
            publishers: 3,
            payload: 0,
            confirmable: true,
            duration: Duration::ZERO,
            connect_within: Duration::from_secs(20),
            settle: Duration::from_secs(5),
            ramp: 0,
            at_once: 16,
            weather: Weather::default(),
            churn: 0.0,
            nat_rebind: None,
            ping: None,
            product: None,
            unhealthy: 0.0,
            lean: false,
        }
    }

    fn usual() -> Plan {
        let mut point = [7; 65];
        point[0] = 4;
        plan("127.0.0.1:5684".parse().unwrap(), PublicKey::from_point(&point).unwrap())
    }

    #[test]
    fn a_target_that_is_not_loopback_is_refused() {
        let target = "192.0.2.1:5684".parse().unwrap();
        assert_eq!(Plan { target, ..usual() }.check(), Err(PlanError::NotLoopback(target)));
    }

    #[test]
    fn what_is_out_of_bounds_is_named_with_its_bounds() {
        assert_eq!(usual().check(), Ok(()));
        for (plan, said) in [
            (Plan { devices: 4_000_001, ..usual() }, "--devices must be from 1 to 4000000"),
            (Plan { devices: 0, publishers: 0, ..usual() }, "--devices"),
            (Plan { publishers: 4, ..usual() }, "--publishers must be from 0 to 3"),
            (Plan { rate: f64::NAN, ..usual() }, "--rate"),
            (Plan { weather: Weather { loss: 91.0, ..Weather::default() }, ..usual() }, "--loss"),
            (Plan { nat_rebind: Some(Duration::ZERO), ..usual() }, "--nat-rebind"),
        ] {
            let error = plan.check().unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    #[cfg(feature = "tcp")]
    fn a_fleet_on_tcp_has_no_weather_and_a_descriptor_for_each_device() {
        let service = Service::Tcp { cloud_key: Vec::new(), generation: Generation::Core };
        let usual = || Plan { service: service.clone(), ..usual() };
        assert_eq!(usual().check(), Ok(()));
        for (plan, said) in [
            (Plan { weather: Weather { loss: 1.0, ..Weather::default() }, ..usual() }, "--loss is"),
            (Plan { lean: true, ..usual() }, "--lean is for fleets on UDP"),
            (Plan { payload: 256, ..usual() }, "--payload must be from 0 to 255"),
            (Plan { devices: MOST_DEVICES, ..usual() }, "4000000 devices are as many connections"),
        ] {
            let error = plan.check().unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
