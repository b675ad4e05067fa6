//! The families of checks: one file each, nothing but checks.
//!
//! To add a check, add one `Check` literal to the `CHECKS` of a family; nothing else needs to change.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::check::Check;

/// A family of checks: one file in this folder.
#[derive(Debug)]
pub struct Family {
    /// Kebab-case; what `family:…` selects in the policy.
    pub id: &'static str,
    /// The heading in the documentation.
    pub title: &'static str,
    /// Its checks, in the order in which they are documented.
    pub checks: &'static [Check],
}

mod agents;
mod archive;
mod built_text;
mod cleartext;
mod cloud;
mod code_execution;
mod command_libraries;
mod commands;
mod credentials;
mod crypto;
mod debugging;
mod deserialization;
mod error_handling;
mod filesystem;
mod imports;
mod injection;
mod jwt;
mod ldap_filter;
mod logging;
mod malware;
mod member_names;
mod ml;
mod module_loading;
mod network;
mod object_transport;
mod passwords;
mod privacy;
mod process;
mod randomness;
mod regex;
mod secrets;
mod setup_commands;
mod shell;
mod signing_keys;
mod source_integrity;
mod sql;
mod sql_use;
mod ssh;
mod supply_chain;
mod template;
mod temporary_files;
mod tls;
mod unpickler;
mod web;
mod web_code;
mod web_settings;
mod words;
mod xml;

/// All families, in the order in which they are documented.
pub static FAMILIES: &[Family] = &[
    code_execution::FAMILY,
    module_loading::FAMILY,
    shell::FAMILY,
    process::FAMILY,
    command_libraries::FAMILY,
    sql::FAMILY,
    injection::FAMILY,
    template::FAMILY,
    web::FAMILY,
    web_settings::FAMILY,
    regex::FAMILY,
    deserialization::FAMILY,
    object_transport::FAMILY,
    ml::FAMILY,
    agents::FAMILY,
    malware::FAMILY,
    debugging::FAMILY,
    logging::FAMILY,
    error_handling::FAMILY,
    supply_chain::FAMILY,
    imports::FAMILY,
    filesystem::FAMILY,
    temporary_files::FAMILY,
    archive::FAMILY,
    crypto::FAMILY,
    passwords::FAMILY,
    jwt::FAMILY,
    tls::FAMILY,
    ssh::FAMILY,
    randomness::FAMILY,
    network::FAMILY,
    cleartext::FAMILY,
    xml::FAMILY,
    secrets::FAMILY,
    privacy::FAMILY,
    cloud::FAMILY,
    source_integrity::FAMILY,
];

/// All checks, in the order in which they are documented.
pub fn all() -> impl Iterator<Item = &'static Check> {
    FAMILIES.iter().flat_map(|family| family.checks)
}

/// The checks that a name stands for: an id, an alias with its tool (`bandit:B301`), or an alias alone
/// (`B301`, `os.system`) that is no id. Upper and lower case do not matter. Empty when there is none.
pub fn named(name: &str) -> &'static [&'static Check] {
    static INDEX: LazyLock<FxHashMap<String, Vec<&'static Check>>> = LazyLock::new(|| {
        let mut index: FxHashMap<String, Vec<&'static Check>> = FxHashMap::default();
        let ids: FxHashSet<String> = all().map(|check| check.id.to_ascii_lowercase()).collect();
        let is_id = |name: &str| ids.contains(&name.to_ascii_lowercase());
        for check in all() {
            let bare = check.aliases.iter().filter_map(|a| a.split_once(':').map(|(_, name)| name));
            let bare = bare.filter(|name| !is_id(name));
            let keys = std::iter::once(check.id).chain(check.aliases.iter().copied()).chain(bare);
            for key in keys {
                let checks = index.entry(key.to_ascii_lowercase()).or_default();
                if !checks.contains(&check) {
                    checks.push(check);
                }
            }
        }
        index
    });
    INDEX.get(&name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
}
