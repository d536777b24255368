//! The configuration that a new data folder begins with.

use std::path::Path;

/// The text of `config.toml`: every setting with its default, commented out.
pub(super) fn write(contact: Option<&str>, node_key: Option<&Path>) -> String {
    let key_file = node_key.and_then(|path| std::path::absolute(path).ok()).map_or_else(
        || "# key_file = \"keys/node.key\"".to_owned(),
        |path| format!("key_file = {}", toml::Value::from(path.display().to_string())),
    );
    let contact = contact.map_or_else(
        || "# contact = \"mailto:security@example.com\"".to_owned(),
        |contact| format!("contact = {}", toml::Value::from(contact)),
    );
    format!(
        "# Pintle's configuration. A line that starts with # is a comment; what is commented out shows the default.\n\
         # Relative paths start at this folder. Flags of `pintle serve` win over this file.\n\
         \n\
         [api]\n\
         # Where the HTTPS API listens. For other machines to reach it: \"0.0.0.0:8443\".\n\
         # listen = \"127.0.0.1:8443\"\n\
         # A certificate of your own instead of the local authority's: chain and key, both PEM.\n\
         # certificate = \"/etc/pintle/api.pem\"\n\
         # private_key = \"/etc/pintle/api.key\"\n\
         \n\
         [udp]\n\
         # Where devices come in. Device OS always uses port 5684.\n\
         # listen = \"0.0.0.0:5684\"\n\
         \n\
         [tcp]\n\
         # For devices that speak only the TCP service, which has neither forward secrecy nor integrity. It needs a key:\n\
         # `pintle init --tcp`.\n\
         # enabled = false\n\
         # listen = \"0.0.0.0:5683\"\n\
         \n\
         # Whether anyone may make an account; otherwise only you do: `pintle user create`.\n\
         # [accounts]\n\
         # registration = false\n\
         \n\
         [security]\n\
         # Whom to tell about a weakness: shown at /.well-known/security.txt.\n\
         {contact}\n\
         # A list of Debian's weak keys, blacklist.RSA-1024 of its package openssl-blacklist: none of them is pinned.\n\
         # weak_keys = \"blacklist.RSA-1024\"\n\
         \n\
         [audit]\n\
         # A file on another machine's disk that gets the newest head of the audit log again and again: with it a log\n\
         # that was cut short is found.\n\
         # heads = \"/mnt/other/pintle-heads.txt\"\n\
         # How long entries are kept. Unless it is set, for ever.\n\
         # keep_days = 1000\n\
         \n\
         [node]\n\
         # The node key opens everything sealed in the store. Keep it on another disk, out of the backups.\n\
         {key_file}\n"
    )
}
