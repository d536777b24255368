//! What can be typed after `pintle product`.

use clap::{Args as ClapArgs, Subcommand};
use pintle_firmware::module::Platform;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum ProductCommand {
    /// Make a product
    Create(ProductCreateArgs),
    /// List all products
    List {
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Put a keyring in force: from then on nothing is released but what it asks for, and there is no way back
    Keyring {
        /// The product, by number or slug
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// The signed keyring: the product's first, or the one that follows
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// A product's firmware: take it in, list it, release it
    #[command(subcommand)]
    Firmware(ProductFirmwareCommand),
}

#[derive(ClapArgs)]
pub struct ProductCreateArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Its kind of board, by name or number
    #[arg(long, value_name = "NAME|N", value_parser = platform)]
    pub platform: u16,
    /// The account that gets it
    #[arg(long, value_name = "NAME")]
    pub owner: String,
    /// Its number, as its modules carry it; a free one from 10000 if not given
    #[arg(long, value_name = "N")]
    pub id: Option<u16>,
    /// Its name in addresses; made of its name if not given
    #[arg(long, value_name = "SLUG")]
    pub slug: Option<String>,
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum ProductFirmwareCommand {
    /// Take a module in
    Add {
        /// The product, by number or slug
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// The module
        #[arg(value_name = "MODULE")]
        module: PathBuf,
        /// The signed release; it may still be signed by more, and attached then
        #[arg(long, value_name = "FILE")]
        release: Option<PathBuf>,
        /// A line about it
        #[arg(long, value_name = "TEXT", default_value = "")]
        title: String,
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// Attach a signed release to a version that is there, in the place of the one that it has
    Attach {
        /// The product, by number or slug
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// The version
        #[arg(value_name = "V")]
        number: u16,
        /// The signed release
        #[arg(value_name = "RELEASE")]
        release: PathBuf,
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
    /// List a product's firmware, what is released, and what is missing for it
    List {
        /// The product, by number or slug
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Release a version to the product's devices, or to groups of them
    Release {
        /// The product, by number or slug
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// The version
        #[arg(value_name = "V")]
        number: u16,
        /// Only to this group; may be repeated
        #[arg(long = "group", value_name = "NAME")]
        groups: Vec<String>,
        /// To connected devices at once, not when they next come
        #[arg(long)]
        now: bool,
        /// The data folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print the outcome as JSON
        #[arg(long)]
        json: bool,
    },
}

fn platform(text: &str) -> Result<u16, String> {
    let named = Platform::named(text).map(|platform| platform.0);
    named.or_else(|| text.parse().ok()).ok_or_else(|| format!("no board is called {text:?}"))
}
