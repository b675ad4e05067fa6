use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind, Operator};

use super::Family;
use super::network::HTTP_CALLS;
use super::words;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Hits, Module, Node};

pub const FAMILY: Family = Family { id: "privacy", title: "Secrets that leave the program", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "secret-in-log",
        family: "privacy",
        summary: "A password, token or key is written to a log or to the output.",
        why: "Logs are kept for long, copied to other systems and read by many: the secret is then with all of them.",
        neglect: "The value is no secret in spite of its name, or has been masked.",
        instead: "Log that it is there, or whose it is: `log.info(\"logged in as %s\", user)`.",
        cwe: &[532],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import logging\nlogging.info(\"logging in with %s\", password)\n",
            "print(f\"token: {settings.api_token}\")\n",
            "log.debug(\"headers: \" + request.headers[\"Authorization\"])\n",
        ],
        good: &[
            "import logging\nlogging.info(\"logging in as %s\", user)\n",
            "log.debug(\"token type: %s\", token_type)\n",
            "print(\"password:\", \"*\" * len(password))\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprCall], logs_secret)],
    },
    Check {
        id: "environment-in-log",
        family: "privacy",
        summary: "The whole environment is written to a log or to the output.",
        why: "The environment is where services keep their passwords and tokens.",
        neglect: "The output stays on the machine of the person who asked for it.",
        instead: "Log the variables that you need, by their names.",
        cwe: &[532, 526],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import os\nprint(os.environ)\n",
            "import logging, os\nlogging.debug(\"started with %r\", dict(os.environ))\n",
        ],
        good: &["import os\nprint(os.environ[\"HOME\"])\n", "import os\nprint(len(os.environ))\n"],
        detect: &[Detect::Node(&[NodeKind::ExprCall], logs_environment)],
    },
    Check {
        id: "secret-egress",
        family: "privacy",
        summary: "A secret of the environment, or the whole of it, is sent over the network.",
        why: "This is how stolen credentials leave a build or a server; and in an address they end up in every log on \
              the way.",
        neglect: "The receiver is the service that the secret belongs to.",
        instead: "Send it in a header, to that service alone: `headers={\"Authorization\": f\"Bearer {token}\"}`.",
        cwe: &[359, 200],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import os, requests\nrequests.post(url, json=dict(os.environ), timeout=5)\n",
            "import os, requests\nrequests.get(f\"https://example.org/?k={os.environ['AWS_SECRET_ACCESS_KEY']}\", timeout=5)\n",
            "import requests\nrequests.get(\"https://example.org/\", params={\"key\": api_token}, timeout=5)\n",
        ],
        good: &[
            "import os, requests\nrequests.get(url, headers={\"Authorization\": os.environ[\"API_TOKEN\"]}, timeout=5)\n",
            "import requests\nrequests.post(url, json={\"user\": user, \"password\": password}, timeout=5)\n",
        ],
        detect: &[
            Detect::Call(HTTP_CALLS, When::Is(sends_secret)),
            Detect::Call(
                &["socket.socket().send", "socket.socket().sendall", "socket.socket().sendto"],
                When::Is(sends_environment),
            ),
        ],
    },
];

/// Methods of a logger that write.
const LOG_METHODS: &[&str] = &[
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "fatal",
    "log",
    "trace",
    "success",
];

fn is_log_call<'a>(module: &Module<'a>, call: &'a ast::ExprCall) -> bool {
    match &*call.func {
        Expr::Name(name) => name.id.as_str() == "print" && module.refers_to(&call.func, &["builtins.print"]),
        Expr::Attribute(method) if LOG_METHODS.contains(&method.attr.as_str()) => {
            let named =
                words::last_name(&method.value).is_some_and(|name| name.to_ascii_lowercase().contains("log"));
            named || module.qualified(&method.value).iter().any(|name| name.starts_with("logging"))
        }
        _ => false,
    }
}

/// The expressions whose values a call of a logger shows.
fn shown<'a>(call: &'a ast::ExprCall) -> Vec<&'a Expr> {
    let mut out = Vec::new();
    let mut todo: Vec<&'a Expr> = call.arguments.args.iter().collect();
    while let Some(expr) = todo.pop() {
        match expr {
            Expr::FString(text) => {
                let parts =
                    text.value.elements().filter_map(ast::InterpolatedStringElement::as_interpolation);
                todo.extend(parts.map(|part| &*part.expression));
            }
            Expr::BinOp(ast::ExprBinOp { op: Operator::Add, left, right, .. }) => {
                todo.extend([&**left, &**right])
            }
            Expr::BinOp(ast::ExprBinOp { op: Operator::Mod, right, .. }) => todo.push(right),
            Expr::Tuple(tuple) => todo.extend(&tuple.elts),
            Expr::Call(inner) if is_format(inner) => {
                todo.extend(&inner.arguments.args);
                todo.extend(inner.arguments.keywords.iter().map(|keyword| &keyword.value));
            }
            other => out.push(other),
        }
    }
    out
}

fn is_format(call: &ast::ExprCall) -> bool {
    match &*call.func {
        Expr::Attribute(method) => method.attr.as_str() == "format",
        Expr::Name(name) => matches!(name.id.as_str(), "str" | "repr" | "dict"),
        _ => false,
    }
}

fn logs_secret(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprCall(call) = node.node else { return };
    if !is_log_call(node.module, call) {
        return;
    }
    for expr in shown(call) {
        if let Some(confidence) = words::last_name(expr).and_then(judge) {
            hits.at(expr, confidence);
        }
    }
}

/// A bare `token` is as often a piece of a text as it is a secret.
fn judge(name: &str) -> Option<Confidence> {
    let parts = words::words(name);
    if parts.as_slice() == ["authorization"] {
        return Some(Confidence::High);
    }
    if !words::is_secret_value(name) {
        return None;
    }
    let bare = matches!(parts.as_slice(), [one] if one == "token" || one == "secret" || one == "pass");
    Some(if bare { Confidence::Low } else { Confidence::High })
}

fn is_environment<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    !matches!(expr, Expr::Subscript(_))
        && module.refers_to(expr, &["os.environ", "os.environb", "os.environ.copy()", "os.environ.items()"])
}

fn logs_environment(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprCall(call) = node.node else { return };
    if !is_log_call(node.module, call) {
        return;
    }
    for expr in shown(call).into_iter().filter(|expr| is_environment(node.module, expr)) {
        hits.at(expr, Confidence::High);
    }
}

/// Arguments of a client that carry a message.
const CARRIERS: &[&str] = &["data", "json", "params", "content", "files", "body", "url"];

fn sends_secret(call: &Call<'_, '_>) -> Option<Confidence> {
    if let Some(confidence) = sends_environment(call) {
        return Some(confidence);
    }
    let position = usize::from(call.name.ends_with("request"));
    let address = [call.given("url", position), call.given("params", None)];
    let named = address.into_iter().flatten().any(|part| {
        words::mentions(call.module, part.expr, |name| {
            words::is_secret_value(name) && words::words(name).len() > 1
        })
    });
    named.then_some(Confidence::Medium)
}

/// Whether what is sent has the environment in it, or a variable with a secret.
fn sends_environment(call: &Call<'_, '_>) -> Option<Confidence> {
    let carriers = CARRIERS.iter().filter_map(|carrier| call.given(carrier, None));
    let positional = (0..2).filter_map(|position| call.given("", position));
    let found = carriers.chain(positional).any(|value| reads_environment(call.module, value.expr));
    found.then_some(Confidence::High)
}

/// How many parts of an expression are looked at.
const MAX_PARTS: usize = 500;

fn reads_environment<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    let tree = module.tree();
    let id = tree.id(expr);
    let mut parts = std::iter::once(tree.node(id)).chain(tree.descendants(id)).take(MAX_PARTS);
    parts.any(|node| {
        let names = module.qualified_node(node);
        let mentions = names.iter().any(|name| name == "os.environ" || name == "os.getenv");
        mentions
            && match variable_read(module, node) {
                Read::Whole => true,
                Read::One(name) => words::is_secret_value(&name),
                Read::Other => false,
            }
    })
}

/// What is read where the environment is mentioned.
enum Read {
    Whole,
    One(String),
    Other,
}

fn variable_read<'a>(module: &Module<'a>, mention: AnyNodeRef<'a>) -> Read {
    let key = |expr: Option<&'a Expr>| match expr.and_then(|expr| module.text(expr)) {
        Some(name) => Read::One(name),
        None => Read::Other,
    };
    match module.parent(mention) {
        Some(AnyNodeRef::ExprSubscript(item)) => key(Some(&item.slice)),
        Some(AnyNodeRef::ExprCall(call)) => key(call.arguments.args.first()),
        Some(AnyNodeRef::ExprAttribute(method)) => match module.parent(AnyNodeRef::from(method)) {
            Some(AnyNodeRef::ExprCall(call)) if method.attr.as_str() == "get" => {
                key(call.arguments.args.first())
            }
            _ => Read::Whole,
        },
        _ => Read::Whole,
    }
}
