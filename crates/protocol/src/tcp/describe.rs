//! What devices say of themselves over TCP: JSON in one or two parts, and metrics as a table.
//!
//! `{"f":[..],"v":{..},"p":6,"m":[{..}]}`: functions and variables, platform, modules. Old firmware sends all of it
//! at once, or in two answers; newer sends what was asked for. The modules become the same [`System`] that UDP
//! devices send as protobuf, which Device OS 6.x sends over TCP too. Keys that are not known are passed over, among
//! them those that name a SIM or a modem (P6).

use alloc::vec::Vec;

use serde_json::{Map, Value};

use super::modules;
use crate::Error;
use crate::describe::{Application, DescribeKind, Metrics, System};

/// The size exponent of a describe's blocks over TCP: 512 bytes.
pub const BLOCK_EXPONENT: u8 = 5;

/// The longest describe that a 3.x device sends whole, in bytes. (What it sends is no longer than what it takes.)
pub const MAX_WHOLE: usize = 900;

/// A describe: what was asked for, or all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The modules, if it has them.
    pub system: Option<System>,
    /// The functions and variables, if it has them.
    pub application: Option<Application>,
    /// The platform, if it says.
    pub platform_id: Option<u16>,
    /// The measurements, if it is those.
    pub metrics: Option<Metrics>,
}

impl Description {
    /// Reads a whole describe that was asked for, or sent, as one of this kind. Old firmware answers with more.
    ///
    /// # Errors
    /// The error of the part that cannot be read: end the session.
    pub fn parse(kind: DescribeKind, body: &[u8]) -> Result<Self, Error> {
        match (kind, body.first()) {
            (DescribeKind::Metrics, _) => {
                Ok(Self { metrics: Some(Metrics::parse(body)?), ..Self::default() })
            }
            (DescribeKind::System, first) if first != Some(&b'{') => {
                Ok(Self { system: Some(System::parse(body)?), ..Self::default() })
            }
            _ => Self::parse_json(body),
        }
    }

    fn parse_json(body: &[u8]) -> Result<Self, Error> {
        let Ok(Value::Object(parts)) = serde_json::from_slice(body) else {
            return Err(Error::ApplicationDescribe);
        };
        let has_application = parts.contains_key("f") || parts.contains_key("v");
        Ok(Self {
            system: parts.get("m").map(modules::read).transpose()?,
            application: has_application.then(|| Application::parse(body)).transpose()?,
            platform_id: parts.get("p").map(platform).transpose()?,
            metrics: None,
        })
    }

    /// Writes the parts that there are, as a device does: modules and platform, functions and variables, or the
    /// measurements alone.
    ///
    /// # Errors
    /// [`Error::ApplicationDescribe`] if the application part is over its limits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        if let Some(metrics) = &self.metrics {
            return Ok(metrics.to_bytes());
        }
        let mut parts = match &self.application {
            None => Map::new(),
            Some(application) => serde_json::from_slice(&application.to_json()?)
                .map_err(|_| Error::ApplicationDescribe)?,
        };
        if let Some(platform_id) = self.platform_id {
            parts.insert("p".into(), platform_id.into());
        }
        if let Some(system) = &self.system {
            parts.insert("m".into(), modules::write(system));
        }
        serde_json::to_vec(&parts).map_err(|_| Error::ApplicationDescribe)
    }
}

fn platform(value: &Value) -> Result<u16, Error> {
    value.as_u64().and_then(|number| number.try_into().ok()).ok_or(Error::SystemDescribe)
}
