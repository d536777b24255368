//! What the devices of a fleet are known by: derived from the seed over UDP, made once and kept over TCP.

use super::show::Display;
use crate::args::FleetArgs;
use crate::failure::Failure;
use pintle_cloud::control::PinLine;
use pintle_device::fleet::{self, Keys, Observer, PLATFORM, Plan, Report};
use pintle_device::{DeviceId, Service, Stop};

#[cfg(feature = "tcp")]
use pintle_cloud::device_key::DeviceKey;
#[cfg(feature = "tcp")]
use pintle_device::fleet::TcpKeys;

/// The platform of the devices over TCP: a Photon.
#[cfg(feature = "tcp")]
const TCP_PLATFORM: u16 = 6;

/// The keys of a fleet.
pub enum FleetKeys {
    Udp(Box<Keys>),
    #[cfg(feature = "tcp")]
    Tcp(Box<TcpKeys>),
}

impl FleetKeys {
    /// The keys of all devices of the plan; over TCP those that are not there yet are made, which takes a while.
    pub fn open(
        args: &FleetArgs,
        plan: &Plan,
        stop: &Stop,
        display: &mut Display,
    ) -> Result<Self, Failure> {
        match &plan.service {
            #[cfg(feature = "tcp")]
            Service::Tcp { cloud_key, .. } => {
                let path = args.data.join(format!("fleet-{}.keys", plan.seed));
                let mut made = |count| display.count("keys made", count, plan.devices);
                let wanted = (plan.seed, plan.devices);
                let keys = TcpKeys::open(&path, cloud_key, wanted, stop, &mut made);
                Ok(Self::Tcp(Box::new(keys.map_err(Failure::failed)?)))
            }
            _ => {
                let _ = (args, stop, display);
                Ok(Self::Udp(Box::new(Keys::new(plan.seed))))
            }
        }
    }

    pub fn id(&self, index: u32) -> DeviceId {
        match self {
            Self::Udp(keys) => keys.id(index),
            #[cfg(feature = "tcp")]
            Self::Tcp(keys) => keys.id(index),
        }
    }

    /// The pin of the device at `index`.
    pub fn pin(&self, args: &FleetArgs, index: u32) -> Result<PinLine, Failure> {
        let (number, owner) = (u64::from(index) + 1, args.owner.clone());
        match self {
            Self::Udp(keys) => {
                let key = keys.public(index).map_err(Failure::failed)?;
                Ok(PinLine::made(number, keys.id(index), &key.into(), Some(PLATFORM), owner))
            }
            #[cfg(feature = "tcp")]
            Self::Tcp(keys) => {
                let key = keys.public(index).map(|key| DeviceKey::read(key.as_spki()));
                let key = key.and_then(Result::ok).ok_or_else(|| {
                    Failure::failed("a key of the fleet is damaged: remove its file and try again")
                })?;
                Ok(PinLine::made(number, keys.id(index), &key, Some(TCP_PLATFORM), owner))
            }
        }
    }

    /// Runs the fleet.
    pub fn run(
        &self,
        plan: &Plan,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Report, Failure> {
        let report = match (self, &plan.service) {
            #[cfg(feature = "tcp")]
            (Self::Tcp(keys), _) => fleet::run_tcp(plan, keys, stop, observer),
            (_, Service::Udp { cloud_key }) => fleet::run(plan, *cloud_key, stop, observer),
            _ => return Err(Failure::failed("a fleet has the keys of its service")),
        };
        report.map_err(Failure::failed)
    }
}
