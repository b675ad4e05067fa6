use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Stmt};
use ruff_text_size::Ranged;

use super::{Family, words};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Assignment, Call, Constant, Reference, ScopeKind, Thing, Truth, Value};

pub const FAMILY: Family = Family { id: "tls", title: "TLS", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "tls-no-verification",
        family: "tls",
        summary: "The request does not verify whom it talks to.",
        why: "Anybody on the way can answer in the server's name, read what is sent and change what comes back.",
        neglect: "The server is a test on this machine.",
        instead: "Leave `verify` alone, or name the authority: `requests.get(url, verify=\"ca.pem\")`.",
        cwe: &[295],
        severity: Severity::High,
        aliases: &["bandit:B501", "ruff:S501"],
        bad: &[
            "import requests\npage = requests.get(url, verify=False)\n",
            "import requests\nsession = requests.Session()\nsession.verify = False\n",
            "import httpx\nclient = httpx.AsyncClient(verify=0)\n",
            "import aiohttp\nasync def load(session: aiohttp.ClientSession):\n    return await session.get(url, ssl=False)\n",
        ],
        good: &[
            "import requests\npage = requests.get(url, verify=\"ca.pem\")\n",
            "import aiohttp\nconnector = aiohttp.TCPConnector(ssl=context)\n",
            "import requests\npage = requests.get(url, verify=settings.verify)\n",
        ],
        detect: &[
            Detect::Call(VERIFYING, When::Is(verify_off)),
            Detect::Assign(&["requests.Session().verify"], becomes_false),
            Detect::Call(AIOHTTP, When::Is(ssl_off)),
        ],
    },
    Check {
        id: "tls-context-no-verification",
        family: "tls",
        summary: "The TLS context accepts every certificate, or every name in it.",
        why: "Every connection made with this context can be taken over by anybody on the way.",
        neglect: "The server is a test on this machine.",
        instead: "`ssl.create_default_context()`, with `cafile=…` for an authority of your own.",
        cwe: &[295],
        severity: Severity::High,
        aliases: &["bandit:B323", "ruff:S323"],
        bad: &[
            "import ssl\ncontext = ssl._create_unverified_context()\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.check_hostname = False\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.verify_mode = ssl.CERT_NONE\n",
            "def connect(context):\n    setattr(context, \"check_hostname\", False)\n",
        ],
        good: &[
            "import ssl\ncontext = ssl.create_default_context(cafile=\"ca.pem\")\n",
            "import ssl\ncontext = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\ncontext.verify_mode = ssl.CERT_REQUIRED\n",
            "import ssl\nserver = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nserver.verify_mode = ssl.CERT_NONE\n",
        ],
        detect: &[
            Detect::Call(&["ssl._create_unverified_context"], When::Always),
            Detect::Assign(&["ssl.SSLContext().check_hostname", "?.check_hostname"], becomes_false),
            Detect::Assign(&["ssl.SSLContext().verify_mode", "?.verify_mode"], becomes_cert_none),
            Detect::Call(&["OpenSSL.SSL.Context().set_verify"], When::Is(verifies_nothing)),
        ],
    },
    Check {
        id: "tls-default-context-replaced",
        family: "tls",
        summary: "Verification is switched off for every HTTPS connection of the whole process.",
        why: "Every library that uses `urllib` or `http.client` is affected, and none of them can know.",
        neglect: "It is a throw-away script that downloads public data which is verified otherwise.",
        instead: "Pass a context with the right authority to the one call that needs it.",
        cwe: &[295],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import ssl\nssl._create_default_https_context = ssl._create_unverified_context\n",
            "import ssl\nssl._create_default_https_context = lambda: context\n",
        ],
        good: &[
            "import ssl\nssl._create_default_https_context = ssl.create_default_context\n",
            "import ssl\ncontext = ssl._create_default_https_context()\n",
        ],
        detect: &[Detect::Assign(&["ssl._create_default_https_context"], is_not_the_default)],
    },
    Check {
        id: "tls-client-no-verification",
        family: "tls",
        summary: "The client is told not to verify the certificate of its server.",
        why: "Anybody on the way can answer in the server's name, and is handed the credentials of the client.",
        neglect: "The server is a test on this machine.",
        instead: "Give the client the certificate of the authority: `ca_certs=…`, `verify=\"ca.pem\"`, `tlsCAFile=…`.",
        cwe: &[295],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import boto3\nstorage = boto3.client(\"s3\", verify=False)\n",
            "import urllib3\npool = urllib3.PoolManager(cert_reqs=\"CERT_NONE\")\n",
            "from pymongo import MongoClient\nclient = MongoClient(url, tlsAllowInvalidCertificates=True)\n",
            "import pycurl\ncurl = pycurl.Curl()\ncurl.setopt(pycurl.SSL_VERIFYPEER, 0)\n",
        ],
        good: &[
            "import urllib3\npool = urllib3.PoolManager(cert_reqs=\"CERT_REQUIRED\")\n",
            "import boto3\nstorage = boto3.client(\"s3\", verify=\"ca.pem\")\n",
            "import redis\ncache = redis.Redis(ssl=True)\n",
        ],
        detect: &[
            Detect::Call(URLLIB3, When::Is(urllib3_unverified)),
            Detect::Call(
                &["boto3.client", "boto3.resource", "boto3.Session().client", "boto3.Session().resource"],
                When::Is(verify_off),
            ),
            Detect::Call(
                &[
                    "elasticsearch.Elasticsearch",
                    "elasticsearch.AsyncElasticsearch",
                    "opensearchpy.OpenSearch",
                    "opensearchpy.AsyncOpenSearch",
                    "ldap3.Tls",
                    "hvac.Client",
                    "influxdb.InfluxDBClient",
                    "influxdb_client.InfluxDBClient",
                    "consul.Consul",
                    "gitlab.Gitlab",
                    "jira.JIRA",
                    "pyVim.connect.SmartConnect",
                    "docker.tls.TLSConfig",
                ],
                When::Is(client_unverified),
            ),
            Detect::Call(
                &[
                    "pymongo.MongoClient",
                    "pymongo.AsyncMongoClient",
                    "motor.motor_asyncio.AsyncIOMotorClient",
                    "mongoengine.connect",
                ],
                When::Is(mongo_unverified),
            ),
            Detect::Call(
                &[
                    "redis.Redis",
                    "redis.StrictRedis",
                    "redis.from_url",
                    "redis.asyncio.Redis",
                    "redis.Redis.from_url",
                ],
                When::Is(redis_unverified),
            ),
            Detect::Call(&["ldap.set_option", "ldap.initialize().set_option"], When::Is(ldap_never)),
            Detect::Call(&["pycurl.Curl().setopt"], When::Is(curl_unverified)),
            Detect::Assign(
                &[
                    "kubernetes.client.Configuration().verify_ssl",
                    "kubernetes.client.configuration.Configuration().verify_ssl",
                    "?.verify_ssl",
                ],
                becomes_false,
            ),
        ],
    },
    Check {
        id: "tls-warnings-hidden",
        family: "tls",
        summary: "The warnings about unverified HTTPS requests are switched off.",
        why: "They are the only sign that some request of this process does not verify its server.",
        neglect: "Every request of the process is meant to be unverified.",
        instead: "Give the requests the right authority: then there is nothing to warn of.",
        cwe: &[295],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import urllib3\nurllib3.disable_warnings()\n",
            "import requests\nfrom urllib3.exceptions import InsecureRequestWarning\nrequests.packages.urllib3.disable_warnings(InsecureRequestWarning)\n",
            "import warnings\nfrom urllib3.exceptions import InsecureRequestWarning\nwarnings.simplefilter(\"ignore\", InsecureRequestWarning)\n",
        ],
        good: &[
            "import urllib3\nurllib3.disable_warnings(urllib3.exceptions.DependencyWarning)\n",
            "import warnings\nwarnings.simplefilter(\"ignore\", DeprecationWarning)\n",
        ],
        detect: &[
            Detect::Call(
                &["urllib3.disable_warnings", "requests.packages.urllib3.disable_warnings"],
                When::Is(hides_urllib3_warning),
            ),
            Detect::Call(&["warnings.simplefilter", "warnings.filterwarnings"], When::Is(ignores_warning)),
        ],
    },
    Check {
        id: "tls-old-version",
        family: "tls",
        summary: "SSL 2 and 3, TLS 1.0 and 1.1 are broken or withdrawn.",
        why: "Somebody on the way can make both sides agree on the oldest version they allow and break that.",
        neglect: "A device knows nothing newer and stands on a network of its own.",
        instead: "`ssl.create_default_context()`; for a lower limit `context.minimum_version = ssl.TLSVersion.TLSv1_2`.",
        cwe: &[327],
        severity: Severity::High,
        aliases: &["bandit:B502", "bandit:B503", "ruff:S502", "ruff:S503"],
        bad: &[
            "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\n",
            "import ssl\ndef connect(version=ssl.PROTOCOL_SSLv3):\n    pass\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.minimum_version = ssl.TLSVersion.TLSv1\n",
            "from OpenSSL import SSL\ncontext = SSL.Context(method=SSL.SSLv3_METHOD)\n",
        ],
        good: &[
            "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n",
            "import ssl\nif version == ssl.PROTOCOL_TLSv1:\n    refuse()\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.minimum_version = ssl.TLSVersion.TLSv1_2\n",
        ],
        detect: &[Detect::Reference(
            &[
                "ssl.PROTOCOL_SSLv2",
                "ssl.PROTOCOL_SSLv3",
                "ssl.PROTOCOL_TLSv1",
                "ssl.PROTOCOL_TLSv1_1",
                "ssl.TLSVersion.SSLv3",
                "ssl.TLSVersion.TLSv1",
                "ssl.TLSVersion.TLSv1_1",
                "ssl.TLSVersion.MINIMUM_SUPPORTED",
                "OpenSSL.SSL.SSLv2_METHOD",
                "OpenSSL.SSL.SSLv3_METHOD",
                "OpenSSL.SSL.TLSv1_METHOD",
                "OpenSSL.SSL.TLSv1_1_METHOD",
            ],
            becomes_the_version,
        )],
    },
    Check {
        id: "tls-wrap-socket",
        family: "tls",
        summary: "`ssl.wrap_socket` verifies nothing unless it is told to; it is gone from Python 3.12 on.",
        why: "Without more arguments it takes any certificate and, in old Pythons, any version of the protocol.",
        neglect: "The certificate is compared by hand after the handshake.",
        instead: "`ssl.create_default_context().wrap_socket(connection, server_hostname=host)`.",
        cwe: &[327, 295],
        severity: Severity::Medium,
        aliases: &["bandit:B504", "ruff:S504"],
        bad: &[
            "import ssl\nsecure = ssl.wrap_socket(connection)\n",
            "import ssl\nsecure = ssl.wrap_socket(connection, ssl_version=ssl.PROTOCOL_TLS)\n",
        ],
        good: &[
            "import ssl\nsecure = ssl.create_default_context().wrap_socket(connection, server_hostname=host)\n",
            "import ssl\nsecure = ssl.wrap_socket(connection, ssl_version=ssl.PROTOCOL_TLS, cert_reqs=ssl.CERT_REQUIRED)\n",
        ],
        detect: &[Detect::Call(&["ssl.wrap_socket"], When::Is(wraps_unverified))],
    },
    Check {
        id: "tls-weak-ciphers",
        family: "tls",
        summary: "The list of ciphers or options lets in what is broken.",
        why: "Somebody on the way can make both sides agree on the weakest cipher that they allow, or on none at all.",
        neglect: "A device knows nothing better and stands on a network of its own.",
        instead: "Leave the ciphers of `ssl.create_default_context()` alone.",
        cwe: &[326],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import ssl\ncontext = ssl.create_default_context()\ncontext.set_ciphers(\"ALL\")\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.set_ciphers(\"DEFAULT@SECLEVEL=0\")\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.options |= ssl.OP_LEGACY_SERVER_CONNECT\n",
        ],
        good: &[
            "import ssl\ncontext = ssl.create_default_context()\ncontext.set_ciphers(\"HIGH:!aNULL:!eNULL:!MD5:!RC4\")\n",
            "import ssl\ncontext = ssl.create_default_context()\ncontext.options |= ssl.OP_NO_TLSv1_1\n",
        ],
        detect: &[
            Detect::Call(
                &["ssl.SSLContext().set_ciphers", "?.set_ciphers", "OpenSSL.SSL.Context().set_cipher_list"],
                When::Is(weak_ciphers),
            ),
            Detect::Reference(&["ssl.OP_LEGACY_SERVER_CONNECT"], becomes_an_option),
        ],
    },
    Check {
        id: "tls-verification-off-by-environment",
        family: "tls",
        summary: "A variable of the environment switches verification off for this process and those it starts.",
        why: "Libraries read these variables: all their connections can then be taken over by anybody on the way.",
        neglect: "It is a test on this machine.",
        instead: "`os.environ[\"REQUESTS_CA_BUNDLE\"] = \"ca.pem\"` for an authority of your own.",
        cwe: &[295],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import os\nos.environ[\"PYTHONHTTPSVERIFY\"] = \"0\"\n",
            "import os\nos.environ.setdefault(\"OAUTHLIB_INSECURE_TRANSPORT\", \"1\")\n",
            "import os\nos.environ[\"CURL_CA_BUNDLE\"] = \"\"\n",
        ],
        good: &[
            "import os\nos.environ[\"REQUESTS_CA_BUNDLE\"] = \"ca.pem\"\n",
            "import os\noff = os.environ.get(\"PYTHONHTTPSVERIFY\") == \"0\"\n",
        ],
        detect: &[
            Detect::Assign(&["os.environ[]"], sets_variable),
            Detect::Call(&["os.putenv", "os.environ.setdefault", "?.setenv"], When::Is(puts_variable)),
        ],
    },
];

/// Calls of `requests` and `httpx` that take `verify`.
const VERIFYING: &[&str] = &[
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
    "requests.Session().send",
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
    "httpx.HTTPTransport",
    "httpx.AsyncHTTPTransport",
    "httpx.create_ssl_context",
];

/// Calls of `aiohttp` that take `ssl`.
const AIOHTTP: &[&str] = &[
    "aiohttp.TCPConnector",
    "aiohttp.request",
    "aiohttp.ClientSession().get",
    "aiohttp.ClientSession().options",
    "aiohttp.ClientSession().head",
    "aiohttp.ClientSession().post",
    "aiohttp.ClientSession().put",
    "aiohttp.ClientSession().patch",
    "aiohttp.ClientSession().delete",
    "aiohttp.ClientSession().request",
    "aiohttp.ClientSession().ws_connect",
];

/// Calls of `urllib3` that take `cert_reqs`.
const URLLIB3: &[&str] = &[
    "urllib3.PoolManager",
    "urllib3.ProxyManager",
    "urllib3.HTTPSConnectionPool",
    "urllib3.connection_from_url",
    "urllib3.proxy_from_url",
    "urllib3.poolmanager.proxy_from_url",
    "urllib3.connectionpool.HTTPSConnectionPool",
    "urllib3.poolmanager.PoolManager",
    "urllib3.util.create_urllib3_context",
    "urllib3.util.ssl_.create_urllib3_context",
];

fn is_off(call: &Call<'_, '_>, keyword: &str) -> bool {
    call.switched_off(keyword, None) == Some(Confidence::High)
}

fn verify_off(call: &Call<'_, '_>) -> Option<Confidence> {
    let off = call.switched_off("verify", None)?;
    let is_chosen = call.given("verify", None).is_some_and(|value| is_set_by_constructor(call, value));
    Some(if is_chosen { Confidence::Low } else { off })
}

/// How large a file may be in which somebody looks for what else sets an attribute.
const MAX_NODES: usize = 20_000;

/// Whether every object gets an attribute of its own when it is made, and only then: what the class has under that name,
/// though it may be `False`, is for nobody who does not derive another class.
fn is_set_by_constructor<'a>(call: &Call<'_, 'a>, value: Value<'a>) -> bool {
    let module = call.module;
    let Expr::Attribute(read) = value.expr else { return false };
    let class = module.blocks_around(call.node).find_map(|node| match node {
        AnyNodeRef::StmtClassDef(class) => Some(class),
        _ => None,
    });
    let Some(class) = class.filter(|_| is_of_self(read)) else { return false };
    let Some(given) = given_by_constructor(class, &read.attr) else { return false };
    let possible = module.names().possible(module.value(given));
    if possible.constants.iter().any(|constant| !constant.truth()) {
        return false;
    }
    let (mut looked_at, mut changes, mut is_base) = (0, 0, false);
    for (_, node) in module.tree().nodes().take(MAX_NODES + 1) {
        looked_at += 1;
        match node {
            AnyNodeRef::ExprAttribute(other) if other.attr.as_str() == read.attr.as_str() => {
                let is_of_another = is_of_self(other) && !class.range().contains_range(other.range());
                changes += usize::from(other.ctx.is_del() || other.ctx.is_store() && !is_of_another);
            }
            AnyNodeRef::StmtClassDef(other) => {
                is_base |=
                    other.bases().iter().any(|base| words::last_name(base) == Some(class.name.as_str()));
            }
            _ => {}
        }
    }
    looked_at <= MAX_NODES && changes == 1 && !is_base
}

fn is_of_self(attribute: &ast::ExprAttribute) -> bool {
    matches!(&*attribute.value, Expr::Name(object) if object.id.as_str() == "self")
}

/// What `__init__` assigns to an attribute whatever happens.
fn given_by_constructor<'a>(class: &'a ast::StmtClassDef, attribute: &str) -> Option<&'a Expr> {
    let constructor = class.body.iter().find_map(|statement| match statement {
        Stmt::FunctionDef(function) if function.name.as_str() == "__init__" => Some(function),
        _ => None,
    })?;
    let is_target = |target: &Expr| matches!(target, Expr::Attribute(target) if target.attr.as_str() == attribute && is_of_self(target));
    constructor.body.iter().find_map(|statement| match statement {
        Stmt::Assign(assign) if assign.targets.iter().any(is_target) => Some(&*assign.value),
        _ => None,
    })
}

fn ssl_off(call: &Call<'_, '_>) -> Option<Confidence> {
    (is_off(call, "ssl") || is_off(call, "verify_ssl") || is_off(call, "ssl_context"))
        .then_some(Confidence::High)
}

/// Whether what is assigned to is the context of a server. It asks for no certificate of its clients unless it is told
/// to, and there is no host whose name could be checked.
fn is_for_server(assignment: &Assignment<'_, '_>) -> bool {
    let AnyNodeRef::ExprAttribute(attribute) = assignment.target else { return false };
    let Expr::Name(context) = &*attribute.value else { return false };
    let made = assignment.module.only_assigned(context).unwrap_or_default();
    !made.is_empty() && made.into_iter().all(|expr| makes_server_context(assignment, expr))
}

fn makes_server_context<'a>(assignment: &Assignment<'_, 'a>, made: &'a Expr) -> bool {
    let Expr::Call(call) = made else { return false };
    let module = assignment.module;
    let given = |keyword, names: &[&str]| {
        let argument = call.arguments.find_argument_value(keyword, 0);
        argument.is_some_and(|argument| module.refers_to(argument, names))
    };
    module.refers_to(&call.func, &["ssl.SSLContext"])
        && given("protocol", &["ssl.PROTOCOL_TLS_SERVER", "ssl._SSLMethod.PROTOCOL_TLS_SERVER"])
        || module.refers_to(&call.func, &["ssl.create_default_context"])
            && given("purpose", &["ssl.Purpose.CLIENT_AUTH"])
}

fn becomes_false(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    if is_for_server(assignment) {
        return None;
    }
    match assignment.constant()? {
        Constant::None => None,
        constant => (!constant.truth()).then_some(Confidence::High),
    }
}

fn becomes_cert_none(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    let none = assignment.refers_to(&["ssl.CERT_NONE", "ssl.VerifyMode.CERT_NONE"])
        || !assignment.name.starts_with('?') && assignment.constant().and_then(|c| c.as_int()) == Some(0);
    (none && !is_for_server(assignment)).then_some(Confidence::High)
}

fn verifies_nothing(call: &Call<'_, '_>) -> Option<Confidence> {
    let mode = call.module.names().qualified(call.given("mode", 0)?);
    if mode.iter().any(|name| name == "OpenSSL.SSL.VERIFY_NONE") {
        return Some(if mode.len() == 1 { Confidence::High } else { Confidence::Low });
    }
    let callback = call.given("callback", 1)?;
    says_yes(call, callback).then_some(Confidence::High)
}

/// Whether the one function that a value can be always answers that a certificate is right.
fn says_yes<'a>(call: &Call<'_, 'a>, callback: Value<'a>) -> bool {
    let module = call.module;
    let [Thing::Function(scope)] = module.names().things(callback)[..] else { return false };
    let is_true = |expr: &'a Expr| module.constant(expr).is_some_and(|constant| constant.truth());
    match module.tree().scope(scope).kind {
        ScopeKind::Lambda(lambda) => is_true(&lambda.body),
        ScopeKind::Function(function) => {
            let only =
                function.body.iter().filter(|statement| !is_documentation(statement)).collect::<Vec<_>>();
            matches!(only[..], [Stmt::Return(ast::StmtReturn { value: Some(value), .. })] if is_true(value))
        }
        _ => false,
    }
}

fn is_documentation(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(expr) if expr.value.is_string_literal_expr())
}

fn is_not_the_default(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    if assignment.refers_to(&["ssl._create_unverified_context"]) {
        return Some(Confidence::High);
    }
    (!assignment.refers_to(&["ssl.create_default_context", "ssl._create_default_https_context"]))
        .then_some(Confidence::Medium)
}

/// `ssl.CERT_NONE` in any of its spellings.
fn is_cert_none(call: &Call<'_, '_>, keyword: &str) -> bool {
    call.refers_to(keyword, None, &["ssl.CERT_NONE", "ssl.VerifyMode.CERT_NONE"])
        || call
            .text(keyword, None)
            .is_some_and(|mode| matches!(mode.to_ascii_uppercase().as_str(), "CERT_NONE" | "NONE"))
        || call.constant(keyword, None).is_some_and(|mode| mode.as_int() == Some(0))
}

fn urllib3_unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    (is_cert_none(call, "cert_reqs") || is_off(call, "assert_hostname")).then_some(Confidence::High)
}

fn client_unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    let off =
        ["verify_certs", "verify", "verify_ssl", "ssl_verify", "assert_hostname", "ssl_assert_hostname"];
    let unverified = off.iter().any(|keyword| is_off(call, keyword))
        || is_cert_none(call, "validate")
        || call.truth("disableSslCertValidation", None) == Truth::True;
    unverified.then_some(Confidence::High)
}

fn mongo_unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    let on = ["tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames", "tlsInsecure"];
    let unverified = on.iter().any(|keyword| call.truth(keyword, None) == Truth::True)
        || is_cert_none(call, "ssl_cert_reqs");
    unverified.then_some(Confidence::High)
}

fn redis_unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    let unverified = is_cert_none(call, "ssl_cert_reqs") || call.is("ssl_cert_reqs", None, &Constant::None);
    unverified.then_some(Confidence::High)
}

fn ldap_never(call: &Call<'_, '_>) -> Option<Confidence> {
    let never = call.refers_to("option", 0, &["ldap.OPT_X_TLS_REQUIRE_CERT"])
        && call.refers_to("invalue", 1, &["ldap.OPT_X_TLS_NEVER", "ldap.OPT_X_TLS_ALLOW"]);
    never.then_some(Confidence::High)
}

fn curl_unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    let option = call.refers_to("option", 0, &["pycurl.SSL_VERIFYPEER", "pycurl.SSL_VERIFYHOST"]);
    (option && call.truth("value", 1) == Truth::False).then_some(Confidence::High)
}

/// The warning about unverified requests, and what it is a kind of.
const INSECURE_WARNINGS: &[&str] = &[
    "urllib3.exceptions.InsecureRequestWarning",
    "urllib3.exceptions.HTTPWarning",
    "urllib3.exceptions.SecurityWarning",
    "requests.packages.urllib3.exceptions.InsecureRequestWarning",
];

fn hides_urllib3_warning(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("category", 0) {
        Argument::Absent => Some(Confidence::High),
        Argument::Unknown => None,
        Argument::Given(_) => call.refers_to("category", 0, INSECURE_WARNINGS).then_some(Confidence::High),
    }
}

fn ignores_warning(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = if call.name == "warnings.simplefilter" { 1 } else { 2 };
    let ignored = call.text("action", 0).is_some_and(|action| action == "ignore");
    (ignored && call.refers_to("category", position, INSECURE_WARNINGS)).then_some(Confidence::High)
}

/// A version that is compared, looked up or taken out is not the one that is used.
fn becomes_the_version(reference: &Reference<'_, '_>) -> Option<Confidence> {
    let around = reference.module.parent(reference.node)?;
    match around {
        AnyNodeRef::Arguments(_) | AnyNodeRef::Keyword(_) => {
            let call = reference.module.ancestors(around).next();
            let call = if matches!(call, Some(AnyNodeRef::Arguments(_))) {
                reference.module.ancestors(around).nth(1)
            } else {
                call
            };
            match call {
                Some(AnyNodeRef::ExprCall(call)) if looks_up(&call.func) => None,
                _ => Some(Confidence::High),
            }
        }
        AnyNodeRef::StmtAssign(_) | AnyNodeRef::StmtAnnAssign(_) | AnyNodeRef::ParameterWithDefault(_) => {
            Some(if only_passes_on(reference, around) { Confidence::Low } else { Confidence::High })
        }
        AnyNodeRef::StmtReturn(_) | AnyNodeRef::ExprIf(_) | AnyNodeRef::ExprBoolOp(_) => {
            Some(Confidence::Medium)
        }
        AnyNodeRef::ExprDict(_) => Some(Confidence::Low),
        _ => None,
    }
}

fn looks_up(func: &Expr) -> bool {
    match func {
        Expr::Name(name) => matches!(name.id.as_str(), "isinstance" | "hasattr" | "print" | "repr" | "str"),
        Expr::Attribute(method) => method.attr.as_str().starts_with("assert"),
        _ => false,
    }
}

/// A table of versions, or `PROTOCOL_TLSv1 = ssl.PROTOCOL_TLSv1`, passes the name on and uses nothing.
fn only_passes_on(reference: &Reference<'_, '_>, assignment: AnyNodeRef<'_>) -> bool {
    let AnyNodeRef::StmtAssign(assign) = assignment else { return false };
    let own = reference.name.rsplit('.').next();
    assign.targets.iter().any(|target| match target {
        Expr::Name(name) => Some(name.id.as_str()) == own,
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()) == own,
        Expr::Subscript(_) => true,
        _ => false,
    })
}

fn wraps_unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    if matches!(call.argument("ssl_version", 5), Argument::Absent) {
        return Some(Confidence::High);
    }
    let verified = call.refers_to("cert_reqs", 4, &["ssl.CERT_REQUIRED", "ssl.CERT_OPTIONAL"]);
    (!verified).then_some(Confidence::Medium)
}

/// Words of OpenSSL's cipher lists that let in ciphers without encryption, without authentication or with broken parts.
const WEAK_CIPHERS: &[&str] = &[
    "ALL",
    "COMPLEMENTOFALL",
    "NULL",
    "ENULL",
    "ANULL",
    "ADH",
    "AECDH",
    "EXP",
    "EXPORT",
    "LOW",
    "DES",
    "3DES",
    "RC2",
    "RC4",
    "MD5",
    "IDEA",
    "SEED",
    "@SECLEVEL=0",
];

fn weak_ciphers(call: &Call<'_, '_>) -> Option<Confidence> {
    let ciphers = call.text("ciphers", 0).or_else(|| call.text("cipher_list", 0))?.to_ascii_uppercase();
    let separated = ciphers.replace("@SECLEVEL", ":@SECLEVEL");
    let mut weak = separated.split([':', ',', ' ']).filter(|word| WEAK_CIPHERS.contains(word));
    weak.next().map(|_| Confidence::High)
}

fn becomes_an_option(reference: &Reference<'_, '_>) -> Option<Confidence> {
    let set = matches!(
        reference.module.parent(reference.node)?,
        AnyNodeRef::StmtAugAssign(_) | AnyNodeRef::StmtAssign(_) | AnyNodeRef::ExprBinOp(_)
    );
    set.then_some(Confidence::High)
}

/// Whether a variable of the environment with this value switches verification off.
fn switches_off(variable: &str, value: &str) -> bool {
    match variable {
        "PYTHONHTTPSVERIFY" | "NODE_TLS_REJECT_UNAUTHORIZED" => value == "0",
        "CURL_CA_BUNDLE" | "REQUESTS_CA_BUNDLE" | "SSL_CERT_FILE" => value.is_empty(),
        "OAUTHLIB_INSECURE_TRANSPORT" | "GIT_SSL_NO_VERIFY" => !matches!(value, "" | "0" | "false"),
        _ => false,
    }
}

fn sets_variable(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    let value = assignment.constant()?;
    switches_off(assignment.key.as_deref()?, value.as_str()?).then_some(Confidence::High)
}

fn puts_variable(call: &Call<'_, '_>) -> Option<Confidence> {
    switches_off(&call.text("key", 0)?, &call.text("value", 1)?).then_some(Confidence::High)
}
