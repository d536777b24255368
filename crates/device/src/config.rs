//! `device.toml`: what an agent is called, where its cloud is, and what its functions, variables and events do.
//!
//! Unknown settings are refused, and every error names the file and the line. There is no setting for network
//! credentials and none for keys: the first are sealed in a file of their own (P7), and so are the second.

mod application;
mod template;

pub use application::Application;
pub(crate) use template::template;

use crate::board::{MAX_FUNCTIONS, MAX_VARIABLES};
use crate::error::Error;
use crate::generation::{self, Generation, generation_named, is_old, platform_of};
use application::{ApplicationFile, UpdatesFile};
use pintle_protocol::value::VariableType;
use pintle_protocol::{DeviceId, MAX_NAME};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// How many prefixes an application may subscribe to: a device has six in all, two of them the system's.
pub(crate) const MAX_SUBSCRIPTIONS: usize = 4;
/// Keep-alive bounds, in seconds: NAT tables forget sooner or later, and a cloud should not be drummed at.
const KEEPALIVE: core::ops::RangeInclusive<u64> = 5..=3600;

/// A checked `device.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The device's id.
    pub id: DeviceId,
    /// Where the cloud is: `HOST:PORT`.
    pub cloud: String,
    /// The firmware that it is to be over the TCP service; over UDP if `None`.
    pub tcp: Option<Generation>,
    /// The platform it says it is; 3 is a virtual device or gateway.
    pub platform_id: u16,
    /// The product it belongs to; without one, the platform id again.
    pub product_id: u16,
    /// The version of the product's application, if it has one.
    pub product_version: Option<u16>,
    /// Seconds of silence after which the cloud is pinged.
    pub keepalive_seconds: u64,
    /// Functions: name, program and arguments.
    pub functions: BTreeMap<String, Vec<String>>,
    /// Variables.
    pub variables: BTreeMap<String, Variable>,
    /// Where events come from and which are listened to.
    pub events: Events,
    /// Whether it runs what is in its slots and takes updates of that, and how new firmware shows that it is well.
    pub application: Option<Application>,
    /// Whether it takes updates that are not forced.
    pub updates_enabled: bool,
}

/// A variable: its type and where its value comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The type.
    pub kind: VariableType,
    /// The source.
    pub source: Source,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// What a program with these arguments prints.
    Command(Vec<String>),
    /// What a file holds.
    File(PathBuf),
}

/// Where events come from and which are listened to.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Whether lines of standard input are published.
    pub stdin: bool,
    /// A Unix socket whose lines are published; relative to the device's folder.
    pub socket: Option<PathBuf>,
    /// Prefixes of the events to be told of; they are printed.
    pub subscribe: Vec<String>,
}

/// The file as it stands, with places for error messages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: Spanned<String>,
    cloud: Spanned<String>,
    protocol: Option<Spanned<String>>,
    generation: Option<Spanned<String>>,
    platform_id: Option<u16>,
    product_id: Option<u16>,
    product_version: Option<Spanned<u16>>,
    #[serde(default)]
    keepalive_seconds: Option<Spanned<u64>>,
    #[serde(default)]
    functions: BTreeMap<Spanned<String>, Spanned<Vec<String>>>,
    #[serde(default)]
    variables: BTreeMap<Spanned<String>, Spanned<VariableFile>>,
    #[serde(default)]
    events: Option<Spanned<Events>>,
    application: Option<Spanned<ApplicationFile>>,
    updates: Option<UpdatesFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableFile {
    #[serde(rename = "type")]
    kind: VariableName,
    command: Option<Vec<String>>,
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VariableName {
    Bool,
    Int,
    String,
    Double,
}

impl From<VariableName> for VariableType {
    fn from(name: VariableName) -> Self {
        match name {
            VariableName::Bool => Self::Bool,
            VariableName::Int => Self::Int,
            VariableName::String => Self::String,
            VariableName::Double => Self::Double,
        }
    }
}

impl Config {
    /// Reads and checks the text of a `device.toml`; `path` is for error messages.
    ///
    /// # Errors
    /// [`Error::Config`] with the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let mut reader = Reader { text, path, tcp: None };
        let file: File = toml::from_str(text).map_err(|error| {
            reader.error(
                error.span().map_or(0, |span| span.start),
                error.message().replace('\n', "; "),
            )
        })?;
        reader.tcp = reader.service(file.protocol.as_ref(), file.generation.as_ref())?;
        reader.check(file)
    }
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    /// The firmware whose bounds count.
    tcp: Option<Generation>,
}

impl Reader<'_> {
    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Error::Config { path: self.path.to_path_buf(), line, message: message.into() }
    }

    fn wrong<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> Error {
        self.error(at.span().start, message)
    }

    fn check(&self, file: File) -> Result<Config, Error> {
        let id = file
            .id
            .get_ref()
            .parse()
            .map_err(|_| self.wrong(&file.id, "an id is 24 hexadecimal digits"))?;
        if split_host_port(file.cloud.get_ref()).is_none() {
            return Err(self.wrong(
                &file.cloud,
                "cloud must be \"HOST:PORT\", for example \"cloud.example.com:5684\"",
            ));
        }
        let usual = self.tcp.map_or(template::PLATFORM, platform_of);
        let platform_id = file.platform_id.unwrap_or(usual);
        Ok(Config {
            id,
            cloud: file.cloud.into_inner(),
            tcp: self.tcp,
            platform_id,
            product_id: file.product_id.unwrap_or(platform_id),
            product_version: self.version(file.product_version)?,
            keepalive_seconds: self.keepalive(file.keepalive_seconds)?,
            functions: self.functions(file.functions)?,
            variables: self.variables(file.variables)?,
            events: self.events(file.events)?,
            application: self.application(file.application)?,
            updates_enabled: file.updates.is_none_or(|updates| updates.enabled),
        })
    }

    fn version(&self, version: Option<Spanned<u16>>) -> Result<Option<u16>, Error> {
        match version {
            Some(version) if *version.get_ref() == u16::MAX => {
                Err(self.wrong(&version, "product_version goes up to 65534; leave it out for none"))
            }
            version => Ok(version.map(Spanned::into_inner)),
        }
    }

    /// The generation of a device of the TCP service.
    fn service(
        &self,
        protocol: Option<&Spanned<String>>,
        generation: Option<&Spanned<String>>,
    ) -> Result<Option<Generation>, Error> {
        let is_tcp = match protocol {
            None => false,
            Some(protocol) => match protocol.get_ref().as_str() {
                "udp" => false,
                "tcp" if cfg!(feature = "tcp") => true,
                "tcp" => {
                    return Err(self.wrong(protocol, "this build has no TCP service: use another"));
                }
                _ => return Err(self.wrong(protocol, "protocol is \"udp\" or \"tcp\"")),
            },
        };
        match generation {
            Some(generation) if !is_tcp => {
                Err(self
                    .wrong(generation, "only a device with protocol = \"tcp\" has a generation"))
            }
            Some(generation) => {
                let known = generation_named(generation.get_ref());
                known.map(Some).map_err(|error| self.wrong(generation, error))
            }
            None => Ok(is_tcp.then_some(Generation::Photon)),
        }
    }

    fn keepalive(&self, seconds: Option<Spanned<u64>>) -> Result<u64, Error> {
        let fixed = self.tcp.is_some_and(is_old);
        match seconds {
            None if self.tcp.is_some() => Ok(generation::KEEPALIVE_SECONDS),
            None => Ok(template::KEEPALIVE_SECONDS),
            Some(seconds) if fixed && *seconds.get_ref() != generation::KEEPALIVE_SECONDS => {
                Err(self.wrong(
                    &seconds,
                    "this generation pings after 15 seconds and cannot be told otherwise",
                ))
            }
            Some(seconds) if KEEPALIVE.contains(seconds.get_ref()) => Ok(seconds.into_inner()),
            Some(seconds) => Err(self.wrong(&seconds, "keepalive_seconds must be 5 to 3600")),
        }
    }

    fn functions(
        &self,
        functions: BTreeMap<Spanned<String>, Spanned<Vec<String>>>,
    ) -> Result<BTreeMap<String, Vec<String>>, Error> {
        self.bounded(functions.keys(), MAX_FUNCTIONS, "functions")?;
        let check = |(name, command): (Spanned<String>, Spanned<Vec<String>>)| {
            self.name(&name)?;
            let at = command.span().start;
            let command = self.command(at, command.into_inner())?;
            Ok((name.into_inner(), command))
        };
        functions.into_iter().map(check).collect()
    }

    fn variables(
        &self,
        variables: BTreeMap<Spanned<String>, Spanned<VariableFile>>,
    ) -> Result<BTreeMap<String, Variable>, Error> {
        self.bounded(variables.keys(), MAX_VARIABLES, "variables")?;
        let check = |(name, variable): (Spanned<String>, Spanned<VariableFile>)| {
            self.name(&name)?;
            let at = name.span().start;
            let VariableFile { kind, command, file } = variable.into_inner();
            let source = match (command, file) {
                (Some(command), None) => Source::Command(self.command(at, command)?),
                (None, Some(file)) => Source::File(file),
                _ => {
                    return Err(
                        self.error(at, "a variable needs either command = [...] or file = \"...\"")
                    );
                }
            };
            Ok((name.into_inner(), Variable { kind: kind.into(), source }))
        };
        variables.into_iter().map(check).collect()
    }

    fn bounded<'n>(
        &self,
        mut names: impl Iterator<Item = &'n Spanned<String>>,
        limit: usize,
        what: &str,
    ) -> Result<(), Error> {
        names
            .nth(limit)
            .map_or(Ok(()), |name| Err(self.wrong(name, format!("more than {limit} {what}"))))
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), Error> {
        let text = name.get_ref();
        let most = self.tcp.map_or(MAX_NAME, |generation| generation.limits().name);
        if text.is_empty() || text.len() > most || text.contains(['/', '\0']) {
            return Err(self.wrong(name, format!("a name has 1 to {most} bytes and no slash")));
        }
        Ok(())
    }

    fn command(&self, at: usize, command: Vec<String>) -> Result<Vec<String>, Error> {
        if command.first().is_none_or(String::is_empty)
            || command.iter().any(|part| part.contains('\0'))
        {
            return Err(self.error(
                at,
                "a command is [\"program\", \"argument\", ...]; it is run without a shell",
            ));
        }
        Ok(command)
    }

    fn events(&self, events: Option<Spanned<Events>>) -> Result<Events, Error> {
        let Some(events) = events else { return Ok(Events::default()) };
        let prefixes = &events.get_ref().subscribe;
        if prefixes.len() > MAX_SUBSCRIPTIONS {
            return Err(self
                .wrong(&events, format!("subscribe takes at most {MAX_SUBSCRIPTIONS} prefixes")));
        }
        let most = self.tcp.map_or(MAX_NAME, |generation| generation.limits().event_name);
        if prefixes.iter().any(|prefix| prefix.is_empty() || prefix.len() > most) {
            return Err(self.wrong(&events, format!("a prefix in subscribe has 1 to {most} bytes")));
        }
        Ok(events.into_inner())
    }
}

/// The two parts of `HOST:PORT`; an IPv6 address stands in brackets, which are taken off.
pub(crate) fn split_host_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let printable = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
    printable.then_some((host, port))
}

#[cfg(test)]
mod tests;
