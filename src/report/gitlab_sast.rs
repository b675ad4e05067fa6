//! GitLab's SAST report, version 15.1.4 of its schema: vulnerabilities of the change.
//!
//! Reference: <https://docs.gitlab.com/development/integrations/secure/>

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::check::Severity;
use crate::finding::Position;
use crate::markdown::prose;
use crate::verdict::{Standing, Verdict};

use super::fingerprint::hash;
use super::item::{Item, for_platform, items};
use super::json::pretty;
use super::rule::Rule;
use super::{HOME, Options, VERSION};

const SCHEMA_VERSION: &str = "15.1.4";

pub fn render(verdict: &Verdict, options: &Options) -> String {
    let items = items(verdict);
    let mut tool = json!({
        "id": "mergegate",
        "name": "mergegate",
        "version": VERSION,
        "vendor": { "name": "mergegate" },
    });
    if !HOME.is_empty() {
        tool["url"] = HOME.into();
    }
    let messages: Vec<Value> = items.iter().filter(|item| item.finding.is_none()).map(message).collect();
    pretty(&json!({
        "version": SCHEMA_VERSION,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "sast",
            "status": "success",
            "start_time": time(options.started),
            "end_time": time(options.ended),
            "messages": messages,
        },
        "vulnerabilities": for_platform(&items).map(vulnerability).collect::<Vec<_>>(),
    }))
}

fn vulnerability(item: &Item<'_>) -> Value {
    let rule = Rule::of(item);
    let path = item.path.map(ToString::to_string).unwrap_or_default();
    let mut location = json!({
        "file": path.strip_prefix("./").unwrap_or(&path),
        "start_line": item.at.map_or(1, |at| at.line),
    });
    if let Some(judged) = item.finding {
        location["end_line"] = judged.finding.region.end.line.into();
        if let Some((class, method)) = judged.finding.definition.rsplit_once('.') {
            location["class"] = class.into();
            location["method"] = method.into();
        }
    }
    json!({
        "id": uuid(&hash(&[path.as_bytes(), item.fingerprint.hash().as_bytes()])),
        "name": rule.summary(),
        "description": prose(&item.message),
        "severity": severity(item),
        "solution": rule.help(),
        "identifiers": identifiers(rule),
        "location": location,
    })
}

/// By what GitLab knows the kind of vulnerability; the first is its primary identifier.
fn identifiers(rule: Rule<'_>) -> Vec<Value> {
    let own = json!({
        "type": "mergegate_check",
        "name": format!("mergegate {}", rule.id()),
        "value": rule.id(),
    });
    let cwe = rule.cwe().iter().map(|number| {
        json!({
            "type": "cwe",
            "name": format!("CWE-{number}"),
            "value": number.to_string(),
            "url": format!("https://cwe.mitre.org/data/definitions/{number}.html"),
        })
    });
    std::iter::once(own).chain(cwe).collect()
}

fn severity(item: &Item<'_>) -> &'static str {
    match item.badness().0 {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    }
}

fn message(item: &Item<'_>) -> Value {
    let at = item.at.map_or_else(String::new, |Position { line, column, .. }| format!(":{line}:{column}"));
    let place = item.path.map_or_else(String::new, |path| format!("{path}{at}: "));
    json!({
        "level": if item.standing == Standing::Informs { "info" } else { "warn" },
        "value": crate::escape::visible(&format!("{place}{}", item.message)),
    })
}

/// The first 128 bits of a hash in the form of a UUID of version 8, which leaves their meaning to its maker.
fn uuid(hash: &str) -> String {
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// In UTC, to the second, without a zone, as the schema has it.
fn time(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
