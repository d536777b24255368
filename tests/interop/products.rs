//! Products: through `particle-api-js` and `particle-cli`, and with signed releases at the command line.

use crate::cloud::{Cloud, PASSWORD, USER, output_of, pintle};
use crate::device::{Device, FUNCTION};
use crate::particle_cli::Cli;
use crate::peers;
use crate::running::Running;
use pintle_firmware::module::{Builder, Function, Platform, Product};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PRODUCT: u16 = 12_345;
/// What `pintle device` is.
const GCC: u16 = 3;
const ID: &str = "0b1e000000000000000099a1";
const OTHER: &str = "0b1e000000000000000099a2";

/// A module of the product, in a file.
fn module(cloud: &Cloud, version: u16) -> PathBuf {
    let content = [u8::try_from(version).expect("a small version"); 4_096];
    let mut builder = Builder::new(Platform(GCC), Function::USER_PART, 0x1000, &content);
    builder.product = Some(Product { id: PRODUCT, version });
    let path = cloud.scratch("modules").join(format!("{version}.bin"));
    fs::write(&path, builder.build()).expect("a module can be written");
    path
}

/// A cloud with the product, and a device that runs version 3 of it.
fn start() -> (Cloud, Running) {
    let mut cloud = Cloud::start();
    let mut create = cloud.command(&["product", "create", "Green House", "--platform", "gcc"]);
    let id = PRODUCT.to_string();
    let made = output_of(create.args(["--owner", USER, "--id", &id, "--slug", "green-house"]));
    assert!(made.contains("green-house") && made.contains("no signatures asked for"), "{made}");
    let device = Device::new(&cloud, ID, cloud.udp());
    device.is_of_product(PRODUCT, 3);
    let other = Device::new(&cloud, OTHER, cloud.udp());
    cloud.pin(ID, &device.public_key());
    cloud.pin(OTHER, &other.public_key());
    let running = device.run();
    cloud.wait_for_device(&cloud.log_in(), ID, FUNCTION);
    (cloud, running)
}

#[test]
fn particle_api_js_12_takes_a_product_from_its_devices_to_a_release() {
    let (cloud, _device) = start();
    let library = peers::npm("particle-api-js", "node_modules/particle-api-js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/products.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(library).arg(cloud.api_url()).args([USER, PASSWORD]);
    command.args([&PRODUCT.to_string(), ID, OTHER]).arg(module(&cloud, 3));
    command.env("NODE_EXTRA_CA_CERTS", cloud.ca());
    peers::without_proxies(&mut command);
    let mut node = Running::start(&mut command);
    let status = node.wait_for_end();
    let said = node.said();
    assert!(status.success() && said.ends_with("all passed"), "products.mjs: {status}\n{said}");
}

#[test]
fn particle_cli_3_43_lists_adds_and_removes_a_products_devices() {
    let (cloud, _device) = start();
    let cli = Cli::new(&cloud, "particle-cli-3.43", peers::node());
    cli.run(&["login", "-u", USER, "-p", PASSWORD]);
    let product = PRODUCT.to_string();
    cli.run(&["product", "device", "add", &product, ID]);
    cli.expect(&["product", "device", "list", &product], ID);
    cli.expect(&["product", "device", "list", "green-house"], ID);
    cli.run(&["product", "device", "remove", &product, ID]);
    let listed = cli.run(&["product", "device", "list", &product]);
    assert!(!listed.contains(ID), "{listed}");
}

/// Private and public keys of the product's people.
struct People(PathBuf);

impl People {
    fn new(cloud: &Cloud) -> Self {
        let people = Self(cloud.scratch("people"));
        for name in ["root", "release", "review-1", "review-2"] {
            let (private, public) = (people.key(name), people.public(name));
            let mut make = pintle();
            make.args(["keyring", "key", "--out"]).arg(private).arg("--public").arg(public);
            output_of(&mut make);
        }
        people
    }

    fn key(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pem"))
    }

    fn public(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pub"))
    }

    /// A keyring that asks for both reviewers.
    fn keyring(&self) -> PathBuf {
        let path = self.0.join("keyring.cbor");
        let mut make = pintle();
        make.args(["keyring", "make", "--product", &PRODUCT.to_string(), "--expires", "365"]);
        make.arg("--root").arg(self.public("root")).arg("--release").arg(self.public("release"));
        make.arg("--review").arg(self.public("review-1")).arg(self.public("review-2"));
        make.args(["--review-threshold", "2", "--sign"]).arg(self.key("root"));
        output_of(make.arg("--out").arg(&path));
        path
    }

    fn sign(&self, module: &Path) -> PathBuf {
        let path = self.0.join("release.cbor");
        let mut sign = pintle();
        sign.args(["release", "sign", "--counter", "1", "--number", "1", "--expires", "30"]);
        sign.arg("--key").arg(self.key("release")).arg("--out").arg(&path).arg(module);
        output_of(&mut sign);
        path
    }

    fn review(&self, release: &Path, module: &Path, name: &str) {
        let mut review = pintle();
        review.args(["release", "review", "--module"]).arg(module);
        output_of(review.arg("--key").arg(self.key(name)).arg(release));
    }
}

/// What a command that is to be refused says.
fn refused(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn p8_the_command_line_releases_nothing_without_the_reviews_whether_the_node_runs_or_not() {
    let (mut cloud, _device) = start();
    let api = cloud.log_in();
    api.post(&format!("/v1/products/{PRODUCT}/devices"), &[("id", ID)]);
    let people = People::new(&cloud);
    let set = |cloud: &Cloud| {
        let mut set = cloud.command(&["product", "keyring", "green-house"]);
        set.arg(people.keyring());
        set
    };
    assert!(output_of(&mut set(&cloud)).contains("keyring 1"));
    let module = module(&cloud, 3);
    let release = people.sign(&module);
    let mut add = cloud.command(&["product", "firmware", "add", "green-house"]);
    let added = output_of(add.arg(&module).arg("--release").arg(&release));
    assert!(added.contains("cannot be released"), "{added}");
    let try_to =
        |cloud: &Cloud| cloud.command(&["product", "firmware", "release", "green-house", "3"]);
    assert!(refused(&mut try_to(&cloud)).contains("0 of 2 review"));
    people.review(&release, &module, "review-1");
    let attach = |cloud: &Cloud| {
        let mut attach = cloud.command(&["product", "firmware", "attach", "green-house", "3"]);
        output_of(attach.arg(&release))
    };
    attach(&cloud);
    assert!(refused(&mut try_to(&cloud)).contains("1 of 2 review"));
    cloud.stop();
    assert!(refused(&mut try_to(&cloud)).contains("1 of 2 review"));
    people.review(&release, &module, "review-2");
    attach(&cloud);
    assert!(output_of(&mut try_to(&cloud)).contains("released to all"));
    cloud.start_again();
    let listed = output_of(&mut cloud.command(&["product", "firmware", "list", "green-house"]));
    assert!(listed.contains("released to all"), "{listed}");
}
