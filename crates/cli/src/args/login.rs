//! What can be typed after `pintle login`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct LoginArgs {
    /// The server, such as `https://cloud.example.com:8443`; if not given, the one of the last login
    #[arg(value_name = "URL")]
    pub server: Option<String>,
    /// The certificate authority of the server (PEM); if not given, those that the system trusts
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// What the login is to be good for, with blanks between: "devices:list events:get"; if not given, all you may do
    #[arg(long, value_name = "SCOPES")]
    pub scope: Option<String>,
    /// What this machine calls itself, where an operator set other names for clients without a secret
    #[arg(long, value_name = "ID", default_value = "pintle")]
    pub client: String,
}
