//! A device of the test's own: `pintle device new` and `pintle device run` in a folder.

use crate::cloud::{Cloud, output_of, pintle};
use crate::running::Running;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The function that every test device has; it returns 42.
pub(crate) const FUNCTION: &str = "answer";
/// The variable that every test device has; it is 21.5.
pub(crate) const VARIABLE: &str = "temperature";

/// What the device does. The argument of a call becomes the shell's `$0`, which the script ignores.
const CONFIG: &str = r#"
[functions]
answer = ["sh", "-c", "echo called >> calls; echo 42"]

[variables.temperature]
type = "double"
command = ["echo", "21.5"]

[events]
stdin = true
subscribe = ["cmd/"]
"#;

/// The firmware of older devices, as `device new --generation` names it.
pub(crate) const GENERATIONS: [&str; 4] = ["core", "photon-0.7", "photon-2", "photon-3"];

/// A device's folder, with its keys and its id.
pub(crate) struct Device {
    folder: PathBuf,
    id: String,
}

impl Device {
    /// Makes the folder of a device that will call `address` and expects `cloud`'s key there.
    pub(crate) fn new(cloud: &Cloud, id: &str, address: SocketAddr) -> Self {
        Self::make(cloud, id, address, &cloud.public_key(), &[])
    }

    /// The same over the TCP service, with the firmware of this generation.
    pub(crate) fn over_tcp(cloud: &Cloud, id: &str, generation: &str, address: SocketAddr) -> Self {
        let service = ["--protocol", "tcp", "--generation", generation];
        Self::make(cloud, id, address, &cloud.tcp_public_key(), &service)
    }

    /// The same at a cloud that is not ours and has this key; its folder goes with `cloud`.
    pub(crate) fn at_another_cloud(
        cloud: &Cloud,
        id: &str,
        generation: &str,
        address: SocketAddr,
        key: &Path,
    ) -> Self {
        let service = ["--protocol", "tcp", "--generation", generation];
        Self::make(cloud, id, address, key, &service)
    }

    fn make(cloud: &Cloud, id: &str, address: SocketAddr, key: &Path, service: &[&str]) -> Self {
        let folder = cloud.scratch("devices").join(id);
        let mut command = pintle();
        command.args(["device", "new", "--id", id, "--cloud", &address.to_string()]).args(service);
        command.arg("--cloud-key").arg(key).arg("--dir").arg(&folder);
        output_of(&mut command);
        let config = folder.join("device.toml");
        let made = fs::read_to_string(&config).expect("device new makes a device.toml");
        fs::write(&config, with_functions(&made)).expect("device.toml can be written");
        Self { folder, id: id.to_owned() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets it run what is in its slots, which is this module first.
    pub(crate) fn install(&self, module: &str) {
        let config = self.folder.join("device.toml");
        let made = fs::read_to_string(&config).expect("device.toml can be read");
        fs::write(&config, made + "\n[application]\n").expect("device.toml can be written");
        let mut command = pintle();
        command.args(["device", "firmware", "install", module, "--room", "1", "--dir"]);
        output_of(command.arg(&self.folder));
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The private key: SEC1 in DER, or PKCS#1 over TCP.
    pub(crate) fn private_key(&self) -> PathBuf {
        self.folder.join("device_key.der")
    }

    /// The public key: SubjectPublicKeyInfo in DER.
    pub(crate) fn public_key(&self) -> PathBuf {
        self.folder.join("device_pub.der")
    }

    /// Takes over the keys of another device.
    pub(crate) fn take_keys_of(&self, other: &Self) {
        let copy = |from: &Path, to: &Path| fs::copy(from, to).expect("a key can be copied");
        copy(&other.private_key(), &self.private_key());
        copy(&other.public_key(), &self.public_key());
    }

    /// Makes it one of this product, which runs this version.
    pub(crate) fn is_of_product(&self, product: u16, version: u16) {
        let config = self.folder.join("device.toml");
        let made = fs::read_to_string(&config).expect("device new made a device.toml");
        let product = format!("product_id = {product}\nproduct_version = {version}\n");
        fs::write(&config, product + &made).expect("device.toml can be written");
    }

    /// How often the function was run.
    pub(crate) fn times_called(&self) -> usize {
        fs::read_to_string(self.folder.join("calls")).map_or(0, |calls| calls.lines().count())
    }

    /// Runs it.
    pub(crate) fn run(&self) -> Running {
        Running::start(pintle().args(["device", "run", "--dir"]).arg(&self.folder))
    }
}

/// The configuration that `device new` made, up to its first table; the test's own tables follow.
fn with_functions(made: &str) -> String {
    let kept = made.lines().take_while(|line| !line.starts_with('['));
    let mut config: String = kept.flat_map(|line| [line, "\n"]).collect();
    config.push_str(CONFIG);
    config
}
