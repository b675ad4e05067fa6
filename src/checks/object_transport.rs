use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::Family;
use super::commands::{SHELLS, STARTERS, SUBPROCESS};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Hits, Module, Node, Thing, Value};

pub const FAMILY: Family =
    Family { id: "object-transport", title: "Pickles between programs", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "pickle-transport",
        family: "object-transport",
        summary: "Objects from another program are unpickled, or called from there.",
        why: "These protocols send pickles, or let the other end call any function: whoever can connect runs code in this process.",
        neglect: "Both ends belong to one program, and nobody else can reach the socket (`ipc://` in a private folder).",
        instead: "`send_json` and `recv_json`, gRPC, or another protocol with named operations.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import zmq\nsocket = zmq.Context().socket(zmq.PULL)\ntask = socket.recv_pyobj()\n",
            "import rpyc\nconnection = rpyc.classic.connect(host)\n",
            "import Pyro4\nPyro4.config.SERIALIZERS_ACCEPTED.add(\"pickle\")\n",
        ],
        good: &[
            "import zmq\nsocket = zmq.Context().socket(zmq.PULL)\ntask = socket.recv_json()\n",
            "import rpyc\nconnection = rpyc.connect(host, 18861)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "*.recv_pyobj",
                    "rpyc.classic.connect",
                    "rpyc.classic.connect_channel",
                    "rpyc.classic.ssl_connect",
                    "rpyc.classic.unix_connect",
                    "rpyc.utils.classic.connect",
                    "rpyc.utils.classic.ssl_connect",
                ],
                When::Always,
            ),
            Detect::Call(
                &["Pyro4.config.SERIALIZERS_ACCEPTED.add", "Pyro4.config.SERIALIZERS_ACCEPTED.update"],
                When::Is(names_pickle),
            ),
            Detect::Call(
                &[
                    "rpyc.connect",
                    "rpyc.ssl_connect",
                    "rpyc.utils.server.ThreadedServer",
                    "rpyc.utils.server.ForkingServer",
                ],
                When::Is(allows_pickle),
            ),
            Detect::Assign(
                &["Pyro4.config.SERIALIZER", "Pyro4.config.SERIALIZERS_ACCEPTED", "Pyro5.config.SERIALIZER"],
                |assignment| {
                    value_names_pickle(assignment.module, assignment.value).then_some(Confidence::High)
                },
            ),
        ],
    },
    Check {
        id: "open-object-server",
        family: "object-transport",
        summary: "A connection for Python objects has no key, or one that stands in the source.",
        why: "Everything that comes in is unpickled, so the key is all that keeps others from running code here. Without one, or with \
              one that everybody can read, nothing does.",
        neglect: "The address is a socket file in a folder that only this program's user can open.",
        instead: "`authkey=os.urandom(32)`, handed to the other process by its parent or from a secret store.",
        cwe: &[502, 306, 798],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from multiprocessing.connection import Listener\nlistener = Listener((\"\", 6000))\n",
            "from multiprocessing.managers import BaseManager\nclass Queues(BaseManager):\n    pass\n\
             manager = Queues(address=(\"\", 5000), authkey=b\"abracadabra\")\n",
        ],
        good: &[
            "from multiprocessing.connection import Listener\nlistener = Listener(address, authkey=key)\n",
            "from multiprocessing.managers import BaseManager\nmanager = BaseManager(address=address, authkey=os.environb[b\"KEY\"])\n",
        ],
        detect: &[
            Detect::Call(&["multiprocessing.connection.Listener"], When::Is(|call| without_key(call, 3))),
            Detect::Call(&["multiprocessing.connection.Client"], When::Is(|call| without_key(call, 2))),
            Detect::Node(&[NodeKind::Keyword], written_key),
        ],
    },
    Check {
        id: "queue-pickle",
        family: "object-transport",
        summary: "The task queue sends or accepts pickles.",
        why: "Whoever can put a message into the broker runs code in every worker that takes it.",
        neglect: "The broker asks for credentials, is reached over TLS, and only trusted services can write to it.",
        instead: "`task_serializer = \"json\"` and `accept_content = [\"json\"]`.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from celery import Celery\napp = Celery(\"tasks\", broker=url)\napp.conf.accept_content = [\"json\", \"pickle\"]\n",
            "CELERY_TASK_SERIALIZER = \"pickle\"\n",
            "app.conf.update(task_serializer=\"pickle\")\n",
            "settings = {\"result_serializer\": \"pickle\"}\n",
        ],
        good: &[
            "CELERY_TASK_SERIALIZER = \"json\"\n",
            "app.conf.update(accept_content=[\"json\"])\n",
            "jar = \"pickle\"\n",
        ],
        detect: &[Detect::Node(
            &[NodeKind::StmtAssign, NodeKind::Keyword, NodeKind::ExprDict],
            pickling_setting,
        )],
    },
    Check {
        id: "session-pickle",
        family: "object-transport",
        summary: "Sessions or cached values are kept as pickles.",
        why: "Whoever learns the signing key, or can write to the cache, runs code in the web application with the next request.",
        neglect: "The cache can only be reached by the application, and holds nothing that comes from a user.",
        instead: "`django.contrib.sessions.serializers.JSONSerializer`, or the JSON serializer of the cache.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "SESSION_SERIALIZER = \"django.contrib.sessions.serializers.PickleSerializer\"\n",
            "CACHES = {\"default\": {\"OPTIONS\": {\"SERIALIZER\": \"django_redis.serializers.pickle.PickleSerializer\"}}}\n",
            "import aiocache\ncache = aiocache.Cache(serializer=aiocache.serializers.PickleSerializer())\n",
        ],
        good: &[
            "SESSION_SERIALIZER = \"django.contrib.sessions.serializers.JSONSerializer\"\n",
            "class PickleSerializer:\n    pass\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::ExprStringLiteral], names_pickle_serializer),
            Detect::Call(
                &[
                    "aiocache.serializers.PickleSerializer",
                    "django.contrib.sessions.serializers.PickleSerializer",
                    "django.core.signing.dumps.PickleSerializer",
                    "django_redis.serializers.pickle.PickleSerializer",
                ],
                When::Is(|call| (!call.handed_on).then_some(Confidence::High)),
            ),
        ],
    },
    Check {
        id: "disk-cache-pickle",
        family: "object-transport",
        summary: "The cache keeps its values as pickles in a folder.",
        why: "Whoever can write to the folder runs code in every program that reads the cache (CVE-2025-69872).",
        neglect: "The folder belongs to the program's user and nobody else can write to it.",
        instead: "`diskcache.Cache(folder, disk=diskcache.JSONDisk)`.",
        cwe: &[502],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import diskcache\ncache = diskcache.Cache(\"/tmp/cache\")\n",
            "from diskcache import FanoutCache\ncache = FanoutCache(folder, shards=4)\n",
        ],
        good: &[
            "import diskcache\ncache = diskcache.Cache(folder, disk=diskcache.JSONDisk)\n",
            "from cachetools import Cache\ncache = Cache(100)\n",
        ],
        detect: &[Detect::Call(
            &["diskcache.Cache", "diskcache.FanoutCache", "diskcache.Deque", "diskcache.Index"],
            When::Is(|call| {
                matches!(call.argument("disk", None), Argument::Absent).then_some(Confidence::Medium)
            }),
        )],
    },
    Check {
        id: "pickle-payload",
        family: "object-transport",
        summary: "A pickled object of this class runs a command or code while it is loaded.",
        why: "`__reduce__` says what is called when the pickle is read. With `os.system` or `exec` in it, the class is a weapon against \
              whoever loads the pickle.",
        neglect: "A demonstration or a test of an unpickler.",
        instead: "`return (Class, (argument, …))`, which builds the object again.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import os\nclass Payload:\n    def __reduce__(self):\n        return (os.system, (\"id\",))\n",
            "class Payload:\n    def __reduce_ex__(self, protocol):\n        return eval, (\"1\",)\n",
        ],
        good: &[
            "class Point:\n    def __reduce__(self):\n        return (Point, (self.x, self.y))\n",
            "import os\nclass File:\n    def __setstate__(self, state):\n        self.size = os.path.getsize(state)\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtFunctionDef], reduces_to_command)],
    },
    Check {
        id: "parse-allows-pickle",
        family: "object-transport",
        summary: "The parser is told to accept pickles besides JSON.",
        why: "Whoever sends the data chooses its format: a pickle runs code before any field is checked.",
        neglect: "The data was made by this very program.",
        instead: "`Model.model_validate_json(text)`.",
        cwe: &[502],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "model = Model.parse_raw(body, proto=\"pickle\", allow_pickle=True)\n",
            "model = Model.parse_file(path, allow_pickle=True)\n",
        ],
        good: &["model = Model.parse_raw(body)\n", "model = Model.parse_file(path, allow_pickle=False)\n"],
        detect: &[Detect::Call(
            &["*.parse_raw", "*.parse_file", "pydantic.parse_raw_as", "pydantic.parse_file_as"],
            When::Is(|call| {
                let allowed = call.constant("allow_pickle", None).as_ref().is_some_and(Constant::truth);
                allowed.then_some(Confidence::High)
            }),
        )],
    },
];

fn is_pickle(constant: &Constant) -> bool {
    match constant {
        Constant::Str(text) => matches!(text.as_str(), "pickle" | "application/x-python-serialize"),
        Constant::List(items) => items.iter().any(is_pickle),
        _ => false,
    }
}

fn value_names_pickle<'a>(module: &Module<'a>, value: Value<'a>) -> bool {
    module.names().constant(value).as_ref().is_some_and(is_pickle)
}

fn names_pickle(call: &Call<'_, '_>) -> Option<Confidence> {
    call.all_given().any(|value| value_names_pickle(call.module, value)).then_some(Confidence::High)
}

/// `config={"allow_pickle": True}`.
fn allows_pickle(call: &Call<'_, '_>) -> Option<Confidence> {
    let config = call.given("config", None).or_else(|| call.given("protocol_config", None))?;
    let module = call.module;
    let allowed = module.names().things(config).iter().any(|thing| match thing {
        Thing::Value(Value { expr: Expr::Dict(dict), .. }) => dict.items.iter().any(|item| {
            let key = item.key.as_ref().and_then(|key| module.text(key));
            key.as_deref() == Some("allow_pickle")
                && module.constant(&item.value).as_ref().is_some_and(Constant::truth)
        }),
        _ => false,
    });
    allowed.then_some(Confidence::High)
}

fn without_key(call: &Call<'_, '_>, position: usize) -> Option<Confidence> {
    match call.argument("authkey", position) {
        Argument::Absent => Some(Confidence::High),
        Argument::Given(_) if call.is("authkey", position, &Constant::None) => Some(Confidence::High),
        Argument::Given(_) | Argument::Unknown => None,
    }
}

/// `authkey=b"…"`, whatever class of the file is called with it.
fn written_key(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::Keyword(keyword) = node.node else { return };
    if keyword.arg.as_ref().is_none_or(|name| name.as_str() != "authkey") {
        return;
    }
    if matches!(node.module.constant(&keyword.value), Some(Constant::Bytes(key)) if !key.is_empty()) {
        hits.at(&keyword.value, Confidence::High);
    }
}

/// Settings of Celery and Kombu that name serializers.
const SERIALIZER_SETTINGS: &[&str] = &[
    "accept_content",
    "event_serializer",
    "result_accept_content",
    "result_serializer",
    "serializer",
    "task_serializer",
];

fn is_serializer_setting(name: &str) -> bool {
    let name = match name.split_at_checked("celery_".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("celery_") => rest,
        _ => name,
    };
    SERIALIZER_SETTINGS.iter().any(|setting| setting.eq_ignore_ascii_case(name))
}

fn pickling_setting(node: &Node<'_, '_>, hits: &mut Hits) {
    let mut judge = |name: &str, value| {
        if is_serializer_setting(name) && node.module.constant(value).as_ref().is_some_and(is_pickle) {
            hits.at(value, Confidence::High);
        }
    };
    match node.node {
        AnyNodeRef::StmtAssign(ast::StmtAssign { targets, value, .. }) => {
            for target in targets {
                match target {
                    Expr::Name(name) => judge(name.id.as_str(), &**value),
                    Expr::Attribute(attribute) => judge(attribute.attr.as_str(), &**value),
                    _ => {}
                }
            }
        }
        // It is what managers of processes do unasked, and is judged there by their key.
        AnyNodeRef::Keyword(_) if is_for_manager(node) => {}
        AnyNodeRef::Keyword(ast::Keyword { arg: Some(name), value, .. }) => judge(name.as_str(), value),
        AnyNodeRef::ExprDict(dict) => {
            for item in dict {
                if let Some(Expr::StringLiteral(key)) = &item.key {
                    judge(key.value.to_str(), &item.value);
                }
            }
        }
        _ => {}
    }
}

fn is_for_manager(node: &Node<'_, '_>) -> bool {
    let module = node.module;
    let call = module.parent(node.node).and_then(|arguments| module.parent(arguments));
    let Some(AnyNodeRef::ExprCall(call)) = call else { return false };
    let names = module.qualified(&call.func);
    !names.is_empty() && names.iter().all(|name| name.starts_with("multiprocessing.managers."))
}

/// A dotted path in a setting: `"….PickleSerializer"`.
fn names_pickle_serializer(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprStringLiteral(text) = node.node else { return };
    if text.value.to_str().ends_with(".PickleSerializer") {
        hits.at(text, Confidence::High);
    }
}

/// What nobody calls to build an object.
const COMMANDS: &[&str] = &["builtins.__import__", "builtins.eval", "builtins.exec", "pty.spawn"];

fn reduces_to_command(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtFunctionDef(function) = node.node else { return };
    if !matches!(function.name.as_str(), "__reduce__" | "__reduce_ex__" | "__setstate__") {
        return;
    }
    let module = node.module;
    let tree = module.tree();
    for inner in tree.descendants(tree.id(function)) {
        if !matches!(inner, AnyNodeRef::ExprName(_) | AnyNodeRef::ExprAttribute(_)) {
            continue;
        }
        let names = module.qualified_node(inner);
        let runs = names.iter().any(|name| {
            [COMMANDS, SHELLS, SUBPROCESS, STARTERS].iter().any(|known| known.contains(&name.as_str()))
        });
        if runs {
            hits.at(inner, Confidence::High);
        }
    }
}
