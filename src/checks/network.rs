use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::built_text::{HOLE, built_by};
use super::{Family, words};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Harm, Hits, Module, Node, Thing, Value};

pub const FAMILY: Family = Family { id: "network", title: "Network", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "bind-all-interfaces",
        family: "network",
        summary: "The service listens on every network interface of the machine.",
        why: "What was meant for this machine can then be reached from every network that the machine is in.",
        neglect: "The service is meant for the network, as in a container behind a gateway, and asks who calls.",
        instead: "`server.bind((\"127.0.0.1\", port))`, and the public address from the configuration.",
        cwe: &[1327],
        severity: Severity::Medium,
        aliases: &["bandit:B104", "ruff:S104", "codeaudit:s.bind"],
        bad: &[
            "import socket\ns = socket.socket()\ns.bind((\"0.0.0.0\", 8080))\n",
            "import socket\nlistener = socket.socket()\nlistener.bind((\"\", port))\n",
            "from http.server import HTTPServer\nserver = HTTPServer((\"::\", 8080), Handler)\n",
            "app.run(host=\"0.0.0.0\")\n",
            "HOST = \"0.0.0.0\"\n",
        ],
        good: &[
            "import socket\ns = socket.socket()\ns.bind((\"127.0.0.1\", 8080))\n",
            "if address == \"0.0.0.0\":\n    address = \"127.0.0.1\"\n",
            "s.bind(key, value)\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::ExprStringLiteral], any_address),
            Detect::Call(BINDERS, When::Is(binds_everywhere)),
        ],
    },
    Check {
        id: "http-server",
        family: "network",
        summary: "A server of the standard library is made for development: it has no access control and no limits.",
        why: "It asks nobody who they are, speaks without encryption, and serves what it finds: its own documentation \
              advises against production.",
        neglect: "It listens on the loopback interface for as long as a test or a login in a browser takes.",
        instead: "A framework behind a server that is made for it: gunicorn, uvicorn, hypercorn.",
        cwe: &[306],
        severity: Severity::Medium,
        aliases: &["codeaudit:http.server.BaseHTTPRequestHandler", "codeaudit:http.server.HTTPServer"],
        bad: &[
            "from http.server import HTTPServer\nHTTPServer(address, Handler).serve_forever()\n",
            "from http.server import BaseHTTPRequestHandler\nclass Handler(BaseHTTPRequestHandler):\n    pass\n",
            "from wsgiref.simple_server import make_server\nserver = make_server(\"127.0.0.1\", 8000, app)\n",
            "import socketserver\nserver = socketserver.TCPServer(address, Handler)\n",
        ],
        good: &[
            "import http.client\nconnection = http.client.HTTPSConnection(host)\n",
            "server = make_server(app)\n",
        ],
        detect: &[Detect::Call(
            &[
                "http.server.BaseHTTPRequestHandler",
                "http.server.SimpleHTTPRequestHandler",
                "http.server.CGIHTTPRequestHandler",
                "http.server.HTTPServer",
                "http.server.ThreadingHTTPServer",
                "http.server.test",
                "wsgiref.simple_server.make_server",
                "wsgiref.simple_server.WSGIServer",
                "socketserver.TCPServer",
                "socketserver.UDPServer",
                "socketserver.ThreadingTCPServer",
                "socketserver.ThreadingUDPServer",
                "socketserver.ForkingTCPServer",
                "socketserver.UnixStreamServer",
            ],
            When::Always,
        )],
    },
    Check {
        id: "url-open",
        family: "network",
        summary: "`urllib` opens whatever the address says, local files too.",
        why: "It follows `file:` as readily as `https:`: whoever chooses the address can read files of the machine, or \
              reach services in its network.",
        neglect: "The scheme of the address is fixed or was tested before.",
        instead: "Test the address first: `urllib.parse.urlsplit(url).scheme == \"https\"`; or use `requests`, which \
                  knows no `file:`.",
        cwe: &[918],
        severity: Severity::Medium,
        aliases: &["bandit:B310", "ruff:S310"],
        bad: &[
            "from urllib.request import urlopen\npage = urlopen(url).read()\n",
            "import urllib.request\nurllib.request.urlretrieve(source + \"/data.zip\", target)\n",
            "import urllib.request\npage = urllib.request.urlopen(\"file:///etc/passwd\")\n",
        ],
        good: &[
            "from urllib.request import urlopen\npage = urlopen(\"https://example.org/\").read()\n",
            "import urllib.request\npage = urllib.request.urlopen(f\"https://example.org/{name}\")\n",
            "image = fonts.urlopen(url)\n",
        ],
        detect: &[Detect::Call(
            &[
                "urllib.request.urlopen",
                "urllib.request.urlretrieve",
                "urllib.request.Request",
                "urllib.request.URLopener",
                "urllib.request.FancyURLopener",
                "urllib.request.URLopener().open",
                "urllib.request.FancyURLopener().open",
                "six.moves.urllib.request.urlopen",
            ],
            When::Is(opens_any_scheme),
        )],
    },
    Check {
        id: "ssrf",
        family: "network",
        summary: "A request chooses the address that this program calls.",
        why: "The program then calls, with its own rights, what the sender cannot reach: services behind the firewall, \
              or the metadata of the cloud machine.",
        neglect: "The address was tested against a list of hosts in a way that cannot be seen here.",
        instead: "A fixed host with the given part quoted, or `urlsplit(url).hostname in ALLOWED_HOSTS` first.",
        cwe: &[918],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import requests\nfrom flask import request\npage = requests.get(request.args[\"url\"], timeout=5)\n",
            "import httpx\nfrom flask import request\ndef proxy():\n    return httpx.get(\"http://\" + request.form[\"host\"]).text\n",
        ],
        good: &[
            "import requests\nfrom flask import request\npage = requests.get(\"https://example.org/\", params=request.args, timeout=5)\n",
            "import requests\nfrom flask import request\npage = requests.get(\"https://example.org/items/\" + request.args[\"id\"], timeout=5)\n",
        ],
        detect: &[
            Detect::Call(HTTP_CALLS, When::Is(address_from_request)),
            Detect::Call(CONNECTORS, When::Is(host_from_request)),
            Detect::Call(&["pycurl.Curl().setopt"], When::Is(option_from_request)),
        ],
    },
    Check {
        id: "request-without-timeout",
        family: "network",
        summary: "The HTTP request has no timeout.",
        why: "`requests` waits for ever: a server that does not answer holds the thread, and with enough of them the \
              whole program.",
        neglect: "A timeout is set around it, as in an adapter of the session or by the job that runs it.",
        instead: "`requests.get(url, timeout=10)`.",
        cwe: &[400],
        severity: Severity::Low,
        aliases: &["bandit:B113", "ruff:S113"],
        bad: &[
            "import requests\npage = requests.get(url)\n",
            "import requests\nsession = requests.Session()\npage = session.post(url, timeout=None)\n",
            "import httpx\npage = httpx.get(url, timeout=None)\n",
        ],
        good: &[
            "import requests\npage = requests.get(url, timeout=10)\n",
            "import httpx\npage = httpx.get(url)\n",
            "import requests\npage = requests.get(url, **options)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "requests.get",
                    "requests.options",
                    "requests.head",
                    "requests.post",
                    "requests.put",
                    "requests.patch",
                    "requests.delete",
                    "requests.request",
                    "requests.Session().get",
                    "requests.Session().options",
                    "requests.Session().head",
                    "requests.Session().post",
                    "requests.Session().put",
                    "requests.Session().patch",
                    "requests.Session().delete",
                    "requests.Session().request",
                ],
                When::Is(waits_for_ever),
            ),
            Detect::Call(
                &[
                    "httpx.get",
                    "httpx.options",
                    "httpx.head",
                    "httpx.post",
                    "httpx.put",
                    "httpx.patch",
                    "httpx.delete",
                    "httpx.request",
                    "httpx.stream",
                    "httpx.Client",
                    "httpx.AsyncClient",
                ],
                When::Is(timeout_is_none),
            ),
        ],
    },
    Check {
        id: "connection-without-timeout",
        family: "network",
        summary: "The connection has no timeout.",
        why: "It waits for ever for a server that does not answer, and holds what it holds meanwhile.",
        neglect: "The program has nothing else to do, or `socket.setdefaulttimeout` is called before.",
        instead: "`urllib.request.urlopen(url, timeout=10)`, `socket.create_connection(address, timeout=10)`.",
        cwe: &[400],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "from urllib.request import urlopen\npage = urlopen(\"https://example.org/\")\n",
            "import smtplib\nserver = smtplib.SMTP(\"mail.example.org\")\n",
            "import aiohttp\ntimeout = aiohttp.ClientTimeout(total=None)\n",
        ],
        good: &[
            "from urllib.request import urlopen\npage = urlopen(\"https://example.org/\", timeout=10)\n",
            "import socket, smtplib\nsocket.setdefaulttimeout(10)\nserver = smtplib.SMTP(\"mail.example.org\")\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "urllib.request.urlopen",
                    "socket.create_connection",
                    "smtplib.SMTP",
                    "smtplib.SMTP_SSL",
                    "ftplib.FTP",
                    "ftplib.FTP_TLS",
                    "imaplib.IMAP4",
                    "imaplib.IMAP4_SSL",
                    "poplib.POP3",
                    "poplib.POP3_SSL",
                    "telnetlib.Telnet",
                    "http.client.HTTPConnection",
                    "http.client.HTTPSConnection",
                ],
                When::Is(connects_for_ever),
            ),
            Detect::Call(&["aiohttp.ClientTimeout"], When::Is(total_is_none)),
        ],
    },
];

/// Calls whose first argument but for the method is an address.
pub(super) const HTTP_CALLS: &[&str] = &[
    "requests.get",
    "requests.options",
    "requests.head",
    "requests.post",
    "requests.put",
    "requests.patch",
    "requests.delete",
    "requests.request",
    "requests.Session().get",
    "requests.Session().post",
    "requests.Session().put",
    "requests.Session().request",
    "httpx.get",
    "httpx.post",
    "httpx.put",
    "httpx.request",
    "httpx.stream",
    "httpx.Client().get",
    "httpx.Client().post",
    "httpx.AsyncClient().get",
    "httpx.AsyncClient().post",
    "aiohttp.ClientSession().get",
    "aiohttp.ClientSession().post",
    "aiohttp.request",
    "urllib3.request",
    "urllib3.PoolManager().request",
    "urllib.request.urlopen",
    "urllib.request.Request",
];

/// What connects to a host, or to a pair of a host and a port, that is its first argument.
const CONNECTORS: &[&str] = &[
    "asyncio.open_connection",
    "http.client.HTTPConnection",
    "http.client.HTTPSConnection",
    "socket.create_connection",
    "socket.socket().connect",
    "socket.socket().connect_ex",
];

/// What takes the address of a server.
const BINDERS: &[&str] = &[
    "socket.socket().bind",
    "?.bind",
    "socket.create_server",
    "http.server.HTTPServer",
    "http.server.ThreadingHTTPServer",
    "socketserver.TCPServer",
    "socketserver.UDPServer",
    "socketserver.ThreadingTCPServer",
    "socketserver.ThreadingUDPServer",
    "xmlrpc.server.SimpleXMLRPCServer",
    "wsgiref.simple_server.make_server",
    "asyncio.start_server",
    "asyncio.AbstractEventLoop().create_server",
    "uvicorn.run",
    "aiohttp.web.run_app",
];

/// Addresses that stand for every interface.
const ANY_ADDRESS: &[&str] = &["", "0.0.0.0", "::", "[::]", "0", "::0"];

fn binds_everywhere(call: &Call<'_, '_>) -> Option<Confidence> {
    let given = call.given("host", host_position(&call.name)).or_else(|| call.given("server_address", 0))?;
    let (host, in_pair) = match call.module.names().constant(given) {
        Some(Constant::List(parts)) => (parts.into_iter().next()?, true),
        Some(constant) => (constant, false),
        None => (first_element(call.module, given)?, true),
    };
    let host = host.as_str()?;
    // `bind("")` of something else than a socket is about another kind of binding.
    let is_address = in_pair || !call.name.ends_with(".bind") || host == "0.0.0.0";
    (is_address && ANY_ADDRESS.contains(&host)).then_some(Confidence::High)
}

fn host_position(name: &str) -> Option<usize> {
    match name {
        "asyncio.start_server" | "asyncio.AbstractEventLoop().create_server" => Some(1),
        "uvicorn.run" | "aiohttp.web.run_app" => None,
        _ => Some(0),
    }
}

/// The host of `(host, port)` where only the host is a constant.
fn first_element<'a>(module: &Module<'a>, address: Value<'a>) -> Option<Constant> {
    let Expr::Tuple(pair) = address.expr else { return None };
    module.constant(pair.elts.first()?)
}

/// `"0.0.0.0"` wherever it becomes an address: not where it is compared or listed.
fn any_address(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprStringLiteral(text) = node.node else { return };
    if text.value.to_str() != "0.0.0.0" {
        return;
    }
    let Some(parent) = node.module.parent(node.node) else { return };
    if names_another_side(parent) {
        return;
    }
    let becomes_address = match parent {
        AnyNodeRef::StmtAssign(_)
        | AnyNodeRef::StmtAnnAssign(_)
        | AnyNodeRef::ParameterWithDefault(_)
        | AnyNodeRef::ExprDict(_)
        | AnyNodeRef::ExprBoolOp(_)
        | AnyNodeRef::ExprIf(_)
        | AnyNodeRef::StmtReturn(_) => true,
        AnyNodeRef::Arguments(_) | AnyNodeRef::Keyword(_) | AnyNodeRef::ExprTuple(_) => {
            is_given_to_others_than_binders(node)
        }
        _ => false,
    };
    if becomes_address {
        hits.at(text, Confidence::Medium);
    }
}

/// Whether what gets the address is, by its name, the address of somebody else or of no one.
fn names_another_side(parent: AnyNodeRef<'_>) -> bool {
    let name = match parent {
        AnyNodeRef::StmtAssign(assign) => assign.targets.first().and_then(words::last_name),
        AnyNodeRef::StmtAnnAssign(assign) => words::last_name(&assign.target),
        AnyNodeRef::Keyword(keyword) => keyword.arg.as_deref(),
        AnyNodeRef::ParameterWithDefault(parameter) => Some(parameter.parameter.name.as_str()),
        _ => None,
    };
    let others = [
        "source",
        "src",
        "remote",
        "client",
        "peer",
        "unspecified",
        "netmask",
        "gateway",
        "network",
        "local",
    ];
    name.is_some_and(|name| words::words(name).iter().any(|word| others.contains(&word.as_str())))
}

/// Calls that bind are findings of their own.
fn is_given_to_others_than_binders(node: &Node<'_, '_>) -> bool {
    let call = node.module.ancestors(node.node).take(4).find_map(|node| match node {
        AnyNodeRef::ExprCall(call) => Some(call),
        _ => None,
    });
    call.is_some_and(|call| {
        let looks = words::last_name(&call.func).is_some_and(|name| LOOKERS.contains(&name));
        let named = node.module.qualified(&call.func);
        let speaks_of_addresses = named.iter().any(|name| name.starts_with("ipaddress."));
        !looks && !speaks_of_addresses && !named.iter().any(|name| BINDERS.contains(&name.as_str()))
    })
}

/// Methods that only look at a text.
const LOOKERS: &[&str] =
    &["startswith", "endswith", "replace", "index", "find", "count", "split", "ip_address", "IPv4Address"];

/// The constant text that a value begins with.
pub(super) fn beginning<'a>(module: &Module<'a>, value: Value<'a>) -> Option<String> {
    if let Some(constant) = module.names().constant(value) {
        return constant.as_str().map(str::to_owned);
    }
    match value.expr {
        Expr::FString(text) => match text.value.elements().next()? {
            ast::InterpolatedStringElement::Literal(literal) => Some(literal.value.to_string()),
            ast::InterpolatedStringElement::Interpolation(first) => {
                beginning(module, Value { expr: &first.expression, ..value })
            }
        },
        Expr::BinOp(sum) => {
            let mut first = &*sum.left;
            while let Expr::BinOp(sum) = first {
                first = &sum.left;
            }
            beginning(module, Value { expr: first, ..value })
        }
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) if method.attr.as_str() == "format" => {
                beginning(module, Value { expr: &method.value, ..value })
            }
            _ => None,
        },
        _ => None,
    }
}

fn opens_any_scheme(call: &Call<'_, '_>) -> Option<Confidence> {
    let url = match call.argument("url", 0) {
        Argument::Given(url) => url,
        Argument::Unknown => return Some(Confidence::Medium),
        // The openers take no address: they are there to be called later.
        Argument::Absent => return Some(Confidence::Low),
    };
    // A `Request` is judged where it is made.
    if call.module.names().qualified(url).iter().any(|name| name == "urllib.request.Request()") {
        return None;
    }
    match beginning(call.module, url) {
        Some(start) if has_web_scheme(&start) => None,
        Some(start) if start.contains(':') => Some(Confidence::High),
        _ => Some(call.module.names().exposure(url).confidence()),
    }
}

fn has_web_scheme(url: &str) -> bool {
    let url = url.trim_start().to_ascii_lowercase();
    url.starts_with("http://") || url.starts_with("https://")
}

fn address_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = usize::from(call.name.ends_with("request"));
    confidence_in_host(call.module, call.given("url", position)?)
}

fn confidence_in_host<'a>(module: &Module<'a>, url: Value<'a>) -> Option<Confidence> {
    if !module.names().is_from_request_to(Harm::Host, url) {
        return None;
    }
    match host_of(module, url.expr, 0) {
        Host::Fixed => None,
        Host::Elsewhere => Some(Confidence::Low),
        Host::FromRequest => Some(Confidence::High),
    }
}

fn host_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let given = call.given("host", 0).or_else(|| call.given("address", 0))?;
    let host = match given.expr {
        Expr::Tuple(pair) => Value { expr: pair.elts.first()?, ..given },
        _ => given,
    };
    call.module.names().is_from_request_to(Harm::Host, host).then_some(Confidence::High)
}

/// `curl.setopt(pycurl.URL, url)`.
fn option_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_address = call.refers_to(
        "option",
        0,
        &["pycurl.URL", "pycurl.Curl().URL", "pycurl.PROXY", "pycurl.Curl().PROXY"],
    );
    let url = call.given("value", 1).filter(|_| is_address)?;
    confidence_in_host(call.module, url)
}

/// What chooses the host of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    Fixed,
    /// A value that does not come from the request: a setting, mostly.
    Elsewhere,
    FromRequest,
}

/// How deep assignments and calls are followed to an address.
const MAX_STEPS: u32 = 4;

/// What chooses the host of an address of which some part comes from a request.
fn host_of<'a>(module: &Module<'a>, url: &'a Expr, depth: u32) -> Host {
    if depth > MAX_STEPS {
        return Host::FromRequest;
    }
    match url {
        Expr::Name(name) => {
            let values = module.only_assigned(name).unwrap_or_default();
            let hosts = values.into_iter().map(|value| host_of(module, value, depth + 1));
            hosts.max().unwrap_or_else(|| chosen_by(module, url))
        }
        Expr::Call(call) if module.refers_to(&call.func, &["urllib.request.Request"]) => {
            let address = call.arguments.find_argument_value("url", 0);
            address.map_or(Host::FromRequest, |address| host_of(module, address, depth + 1))
        }
        Expr::Call(call) if module.refers_to(&call.func, UNSPLIT) => match call.arguments.args.first() {
            Some(Expr::Tuple(parts)) => host_of_parts(module, &parts.elts),
            Some(Expr::List(parts)) => host_of_parts(module, &parts.elts),
            _ => Host::FromRequest,
        },
        Expr::Call(call) => {
            let is_fixed = |url: &&'a Expr| host_of(module, url, depth + 1) == Host::Fixed;
            match returned(module, call) {
                // Which function it is may change while the program runs.
                Some(urls) if urls.iter().all(is_fixed) => Host::Elsewhere,
                _ => host_of_built(module, url),
            }
        }
        _ => host_of_built(module, url),
    }
}

/// What a call can give, where it calls functions of this file only.
fn returned<'a>(module: &Module<'a>, call: &'a ast::ExprCall) -> Option<Vec<&'a Expr>> {
    let things = module.names().things(module.value(&call.func));
    let returns = things.iter().map(|thing| match thing {
        Thing::Function(scope) => Some(module.tree().scope(*scope).returns.iter().copied()),
        _ => None,
    });
    let returns: Vec<&Expr> = returns.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    (!returns.is_empty()).then_some(returns)
}

/// Functions that put an address together from its parts.
const UNSPLIT: &[&str] = &["urllib.parse.urlunsplit", "urllib.parse.urlunparse"];

fn chosen_by<'a>(module: &Module<'a>, value: &'a Expr) -> Host {
    if module.text(value).is_some() {
        return Host::Fixed;
    }
    if module.names().is_from_request(module.value(value)) { Host::FromRequest } else { Host::Elsewhere }
}

/// Scheme and host stand first. Without a host the path could begin with one.
fn host_of_parts<'a>(module: &Module<'a>, parts: &'a [Expr]) -> Host {
    match parts {
        [scheme, host, ..] if module.text(host).is_none_or(|host| !host.is_empty()) => {
            chosen_by(module, scheme).max(chosen_by(module, host))
        }
        _ => Host::FromRequest,
    }
}

/// A text decides up to the slash behind its host; `{base}/{path}` up to the one behind its base.
fn host_of_built<'a>(module: &Module<'a>, url: &'a Expr) -> Host {
    let Some(built) = built_by(module, url) else { return chosen_by(module, url) };
    let mut host = Host::Fixed;
    for (at, part) in built.holes() {
        let before = &built.text[..at];
        let ended = match before.split_once("://") {
            Some((_, rest)) => rest.contains('/'),
            None => before.starts_with(HOLE) && before.contains('/'),
        };
        if ended {
            return host;
        }
        host = host.max(part.expr().map_or(Host::FromRequest, |part| chosen_by(module, part)));
    }
    host
}

fn waits_for_ever(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("timeout", None) {
        Argument::Absent => Some(Confidence::High),
        Argument::Unknown => None,
        Argument::Given(_) => timeout_is_none(call),
    }
}

fn timeout_is_none(call: &Call<'_, '_>) -> Option<Confidence> {
    call.is("timeout", None, &Constant::None).then_some(Confidence::High)
}

fn connects_for_ever(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = match call.name.as_str() {
        "socket.create_connection" => 1,
        "urllib.request.urlopen" | "telnetlib.Telnet" | "poplib.POP3" | "imaplib.IMAP4" => 2,
        "smtplib.SMTP" | "http.client.HTTPConnection" | "poplib.POP3_SSL" => 3,
        "ftplib.FTP" => 4,
        _ => 5,
    };
    let open = match call.argument("timeout", position) {
        Argument::Absent => !sets_default_timeout(call.module),
        Argument::Unknown => false,
        Argument::Given(_) => call.is("timeout", position, &Constant::None),
    };
    open.then_some(Confidence::Medium)
}

fn sets_default_timeout(module: &Module<'_>) -> bool {
    module.file().text().contains("setdefaulttimeout")
}

fn total_is_none(call: &Call<'_, '_>) -> Option<Confidence> {
    call.is("total", 0, &Constant::None).then_some(Confidence::High)
}
