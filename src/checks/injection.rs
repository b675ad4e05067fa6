use ruff_python_ast::{AnyNodeRef, Expr, NodeKind};

use super::built_text::{HOLE, template_of};
use super::{Family, ldap_filter};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Exposure, Hits, Module, Node, Thing, Value};

pub const FAMILY: Family = Family { id: "injection", title: "Queries other than SQL", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "ldap-filter-built",
        family: "injection",
        summary: "The filter of an LDAP search is put together from text that varies.",
        why: "A `*` or a bracket in it changes what is searched for: a login that looks for a user and a password can \
              be made to find anybody.",
        neglect: "Every part is a constant, or was escaped on its own.",
        instead: "`ldap.filter.filter_format(\"(uid=%s)\", [name])`, or `escape_filter_chars(name)` for each part.",
        cwe: &[90],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import ldap\nldap.initialize(url).search_s(base, ldap.SCOPE_SUBTREE, f\"(uid={name})\")\n",
            "import ldap3\nconnection = ldap3.Connection(server)\nconnection.search(base, \"(uid=\" + name + \")\")\n",
        ],
        good: &[
            "import ldap\nfrom ldap.filter import escape_filter_chars\n\
             ldap.initialize(url).search_s(base, ldap.SCOPE_SUBTREE, f\"(uid={escape_filter_chars(name)})\")\n",
            "index.search(base, \"(uid=\" + name + \")\")\n",
            "import ldap3\nfound = index.search(base, \"name:\" + name)\n",
        ],
        detect: &[
            Detect::Call(
                &["*.search_s", "*.search_st", "*.search_ext", "*.search_ext_s"],
                When::Is(|call| built_filter(call, "filterstr", 2)),
            ),
            Detect::Call(
                &["ldap3.Connection().search", "ldap3.Connection().extend.standard.paged_search"],
                When::Is(|call| built_filter(call, "search_filter", 1)),
            ),
            // The connection may be made in another file.
            Detect::Call(&["?.search", "*.search"], When::Is(perhaps_built_filter)),
        ],
    },
    Check {
        id: "mongo-code",
        family: "injection",
        summary: "MongoDB gets JavaScript that is not constant.",
        why: "A part of it from outside is run by the database: it can read other documents, or keep the server busy \
              for ever.",
        neglect: "Every part is a constant.",
        instead: "Query operators: `find({\"age\": {\"$gt\": age}})`.",
        cwe: &[943, 94],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "users.find({\"$where\": \"this.name == '\" + name + \"'\"})\n",
            "users.map_reduce(f\"function() {{ emit({key}, 1) }}\", reduce, \"out\")\n",
        ],
        good: &["users.find({\"$where\": \"this.a > this.b\"})\n", "users.find({\"name\": name})\n"],
        detect: &[
            Detect::Node(&[NodeKind::ExprDict], mongo_code),
            Detect::Call(&["*.map_reduce", "*.inline_map_reduce"], When::Is(map_reduce)),
        ],
    },
    Check {
        id: "mongo-query-from-request",
        family: "injection",
        summary: "A MongoDB query is made of JSON that the client sent.",
        why: "Where a text is expected, `{\"$ne\": null}` can be sent: it matches every document, also when the field is \
              a password.",
        neglect: "The data was checked against a schema before.",
        instead: "`find_one({\"name\": str(data[\"name\"])})`, or a schema for what is sent.",
        cwe: &[943],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from flask import request\nusers.find_one(request.json)\n",
            "from flask import request\nusers.find({\"name\": request.get_json()[\"name\"]})\n",
        ],
        good: &[
            "from flask import request\nusers.find_one({\"name\": str(request.json[\"name\"])})\n",
            "from flask import request\nusers.find({\"name\": request.args[\"name\"]})\n",
        ],
        detect: &[
            Detect::Call(&["*.filter", "*.objects"], When::Is(raw_query_from_request)),
            Detect::Call(
                &[
                    "*.aggregate",
                    "*.count_documents",
                    "*.delete_many",
                    "*.delete_one",
                    "*.find",
                    "*.find_one",
                    "*.find_one_and_delete",
                    "*.find_one_and_replace",
                    "*.find_one_and_update",
                    "*.replace_one",
                    "*.update_many",
                    "*.update_one",
                ],
                When::Is(query_from_request),
            ),
        ],
    },
];

fn built_filter(call: &Call<'_, '_>, keyword: &str, position: usize) -> Option<Confidence> {
    let exposure = match call.argument(keyword, position) {
        Argument::Absent => Exposure::Constant,
        Argument::Unknown => Exposure::Unknown,
        Argument::Given(filter) => ldap_filter::exposure(call.module, filter.expr),
    };
    match exposure {
        Exposure::Constant | Exposure::Sanitised => None,
        Exposure::Unknown => Some(Confidence::Low),
        Exposure::Built | Exposure::Input | Exposure::Request => Some(Confidence::High),
    }
}

/// `search` is a method of much else: what it gets must look like a filter, in a file that uses LDAP.
fn perhaps_built_filter(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.name.starts_with("ldap3.") {
        return None;
    }
    let filter = call.given("search_filter", 1)?;
    let things = call.module.names().things(filter);
    let written = things.iter().filter_map(|thing| match thing {
        Thing::Value(value) => template_of(call.module, value.expr),
        _ => None,
    });
    let mut looks_like_filter = written.map(|text| is_filter(&text));
    if !looks_like_filter.any(|is_filter| is_filter) || !uses_ldap(call.module) {
        return None;
    }
    match ldap_filter::exposure(call.module, filter.expr) {
        Exposure::Input | Exposure::Request => Some(Confidence::High),
        Exposure::Constant | Exposure::Sanitised | Exposure::Unknown | Exposure::Built => None,
    }
}

/// `(uid=…)`, `(&(objectClass=person)(uid=…))`.
fn is_filter(template: &str) -> bool {
    let inner = template.trim_start().trim_start_matches(['(', '&', '|', '!']);
    let is_attribute = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | HOLE))
    };
    template.trim_start().starts_with('(')
        && template.trim_end().ends_with(')')
        && inner.split_once('=').is_some_and(|(name, _)| is_attribute(name.trim_end_matches(['~', '<', '>'])))
}

fn uses_ldap(module: &Module<'_>) -> bool {
    let is_ldap = |name: &str| matches!(name.split('.').next(), Some("ldap" | "ldap3"));
    module.tree().nodes().any(|(_, node)| match node {
        AnyNodeRef::StmtImport(import) => import.names.iter().any(|alias| is_ldap(&alias.name)),
        AnyNodeRef::StmtImportFrom(import) => import.module.as_ref().is_some_and(|name| is_ldap(name)),
        _ => false,
    })
}

/// Operators whose value is a program.
const CODE_OPERATORS: &[&str] = &["$accumulator", "$function", "$where"];

fn mongo_code(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprDict(dict) = node.node else { return };
    let module = node.module;
    for item in dict {
        let Some(Expr::StringLiteral(key)) = &item.key else { continue };
        if !CODE_OPERATORS.contains(&key.value.to_str()) {
            continue;
        }
        let exposure = |code| module.names().exposure(module.value(code));
        let exposure = programs(&item.value).into_iter().map(exposure).max().unwrap_or(Exposure::Constant);
        if exposure > Exposure::Sanitised {
            hits.at(key, exposure.confidence());
        }
    }
}

/// The parts of an operator's value that are programs: what these are called with is data.
fn programs(value: &Expr) -> Vec<&Expr> {
    let is_data = |key: &Expr| {
        matches!(key, Expr::StringLiteral(key)
            if matches!(key.value.to_str(), "accumulateArgs" | "args" | "initArgs" | "lang"))
    };
    match value {
        Expr::Dict(dict) => {
            let items = dict.iter().filter(|item| !item.key.as_ref().is_some_and(is_data));
            items.map(|item| &item.value).collect()
        }
        value => vec![value],
    }
}

fn map_reduce(call: &Call<'_, '_>) -> Option<Confidence> {
    let exposure = call.exposure_of("map", 0).max(call.exposure_of("reduce", 1));
    (exposure >= Exposure::Built).then_some(exposure.confidence())
}

/// What a client sends as JSON can be a mapping where a text is expected; what it sends as a form cannot.
fn query_from_request<'a>(call: &Call<'_, 'a>) -> Option<Confidence> {
    let query = ["filter", "pipeline"].iter().find_map(|keyword| call.given(keyword, 0))?;
    json_in_query(call, query)
}

/// A query of mongoengine as MongoDB takes it.
fn raw_query_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    json_in_query(call, call.given("__raw__", None)?)
}

fn json_in_query<'a>(call: &Call<'_, 'a>, query: Value<'a>) -> Option<Confidence> {
    let is_json = |value| is_json_of_request(call.module, value);
    let Expr::Dict(dict) = query.expr else { return is_json(query).then_some(Confidence::High) };
    dict.iter_values().any(|expr| is_json(Value { expr, ..query })).then_some(Confidence::High)
}

fn is_json_of_request<'a>(module: &Module<'a>, value: Value<'a>) -> bool {
    let is_known = |name: &str| {
        JSON_OF_REQUESTS.iter().any(|json| {
            name.strip_prefix(json).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        })
    };
    module.names().qualified(value).iter().any(|name| is_known(name))
        || module.names().may_hold_request() && is_parsed(module, value.expr, MAX_STEPS)
}

const JSON_OF_REQUESTS: &[&str] = &["bottle.request.json", "flask.request.get_json()", "flask.request.json"];

/// What makes values of a text in JSON.
const JSON_PARSERS: &[&str] = &["json.loads", "orjson.loads", "simplejson.loads", "ujson.loads"];

/// How many names and items are followed to where JSON was parsed.
const MAX_STEPS: u32 = 5;

/// How many of the values that a name is assigned are looked at.
const MAX_VALUES: usize = 8;

/// Whether a value is, or is taken out of, what a request sent as JSON and this file parses.
fn is_parsed<'a>(module: &Module<'a>, expr: &'a Expr, steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    match expr {
        Expr::Name(name) => {
            module.assigned(name).take(MAX_VALUES).any(|value| is_parsed(module, value, steps))
        }
        Expr::Subscript(item) => is_parsed(module, &item.value, steps),
        Expr::Call(call) if module.refers_to(&call.func, JSON_PARSERS) => {
            let text = call.arguments.args.first();
            text.is_some_and(|text| module.names().is_from_request(module.value(text)))
        }
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) if matches!(method.attr.as_str(), "copy" | "get" | "pop") => {
                is_parsed(module, &method.value, steps)
            }
            _ => false,
        },
        _ => false,
    }
}
