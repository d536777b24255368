//! `pintle quickstart`: a whole local cloud, one virtual device connected over DTLS on loopback, and
//! its events on screen.

use crate::args::QuickstartArgs;
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::serve::failure;
use crate::stop::told_to_stop;
use pintle_cloud::control::{PinLine, Request};
use pintle_cloud::event::{Delivery, Event, Filter};
use pintle_cloud::init::{InitOptions, InitSummary, create, is_data_folder};
use pintle_cloud::now_ms;
use pintle_cloud::serve::{Addresses, Node, ServeOptions};
use pintle_device::{Agent, AgentHandle, CreateOptions, Folder, VirtualBoard};
use std::fs;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

const USER: &str = "me@localhost";

/// The name that the device gets.
const DEVICE: &str = "thermometer";

pub fn run(args: &QuickstartArgs) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(quickstart(&args.data))
}
