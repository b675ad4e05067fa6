use ruff_python_ast::{self as ast, AnyNodeRef, Expr};

use super::{Family, unpickler};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Exposure, Module, ScopeKind, Thing, Value};

pub const FAMILY: Family = Family { id: "deserialization", title: "Deserialization", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "pickle-load",
        family: "deserialization",
        summary: "Unpickling runs whatever the data says.",
        why: "A pickle is a small program: while it is read it can import any function and call it with any arguments. \
              Whoever can change the data runs code in this process, and no check afterwards comes in time.",
        neglect: "The bytes were made by this program and could not be reached by anybody else, or their signature (`hmac`) was \
                  verified before.",
        instead: "`json`, `msgpack`, Protocol Buffers or Parquet for data; for trusted classes only, an `Unpickler` whose \
                  `find_class` allows a fixed list.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[
            "bandit:B301",
            "ruff:S301",
            "codeaudit:pickle.load",
            "codeaudit:pickle.loads",
            "codeaudit:pickle.Unpickler",
        ],
        bad: &[
            "import pickle\nsession = pickle.loads(request.data)\n",
            "from cPickle import Unpickler\nmodel = Unpickler(stream).load()\n",
            "import _pickle\nlist(map(_pickle.loads, messages))\n",
            "import pickle\nclass Reader(pickle.Unpickler):\n    pass\n",
        ],
        good: &[
            "import json\nsession = json.loads(request.data)\n",
            "import pickle\nstream.write(pickle.dumps(session))\n",
            "reader.pickle.loads(text)\n",
            "import pickle\nclass Reader(pickle.Unpickler):\n    def find_class(self, module, name):\n        \
             raise pickle.UnpicklingError(name)\n",
        ],
        detect: &[
            Detect::Call(&["pickle.loads"], When::Is(|call| unpickling(call, "data"))),
            Detect::Call(&["pickle.load"], When::Is(|call| unpickling(call, "file"))),
            Detect::Call(&["pickle.Unpickler"], When::Is(unpickler)),
        ],
    },
    Check {
        id: "pickle-in-disguise",
        family: "deserialization",
        summary: "This format is a pickle under another name: reading it runs whatever the data says.",
        why: "These loaders extend or wrap `pickle`: while the data is read it can import any function and call it with any \
              arguments. Whoever can change the data runs code in this process.",
        neglect: "The data was made by this program and could not be reached by anybody else, or its signature (`hmac`) was \
                  verified before.",
        instead: "`json` for data, Parquet (`pandas.read_parquet`) for tables.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &["bandit:B301", "ruff:S301"],
        bad: &[
            "import pandas as pd\nframe = pd.read_pickle(path)\n",
            "import dill\ndill.load_session(path)\n",
            "import jsonpickle\njsonpickle.decode(request.data)\n",
        ],
        good: &[
            "import pandas as pd\nframe = pd.read_parquet(path)\n",
            "import dill\ndill.dump(model, stream)\n",
            "import jsonpickle\njsonpickle.encode(state)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "dill.loads",
                    "cloudpickle.loads",
                    "pickle5.loads",
                    "zodbpickle.loads",
                    "srsly.pickle_loads",
                ],
                When::Argument("data", 0),
            ),
            Detect::Call(
                &[
                    "dill.load",
                    "dill.Unpickler",
                    "dill.load_module",
                    "dill.load_module_asdict",
                    "dill.load_session",
                    "cloudpickle.load",
                    "pickle5.load",
                    "pickle5.Unpickler",
                    "zodbpickle.pickle.load",
                ],
                When::Argument("file", 0),
            ),
            Detect::Call(
                &["jsonpickle.decode", "jsonpickle.loads", "jsonpickle.unpickler.decode"],
                When::Argument("string", 0),
            ),
            Detect::Call(&["jsonpickle.unpickler.Unpickler", "jsonpickle.Unpickler"], When::Always),
            Detect::Call(&["pandas.read_pickle"], When::Argument("filepath_or_buffer", 0)),
        ],
    },
    Check {
        id: "shelve-open",
        family: "deserialization",
        summary: "A shelf unpickles each value that is read from it.",
        why: "Whoever can write the file behind the shelf runs code in this process as soon as a value is looked up.",
        neglect: "The file lies in a folder that only this program's user can write, and is never exchanged.",
        instead: "`sqlite3`, or `dbm` with `json` values.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &["bandit:B301", "ruff:S301", "codeaudit:shelve.open", "codeaudit:shelve.DbfilenameShelf"],
        bad: &[
            "import shelve\nwith shelve.open(path) as shelf:\n    print(shelf[\"a\"])\n",
            "from shelve import DbfilenameShelf\nshelf = DbfilenameShelf(path)\n",
            "import shelve\nshelf = shelve.Shelf(records)\n",
        ],
        good: &[
            "import dbm\nwith dbm.open(path) as records:\n    records.keys()\n",
            "library.shelve.open(path)\n",
        ],
        detect: &[
            Detect::Call(&["shelve.open", "shelve.DbfilenameShelf"], When::Argument("filename", 0)),
            Detect::Call(&["shelve.Shelf", "shelve.BsdDbShelf"], When::Argument("dict", 0)),
        ],
    },
    Check {
        id: "marshal-load",
        family: "deserialization",
        summary: "`marshal` reads code objects, and trusts every byte of them.",
        why: "It is the format of `.pyc` files: what it gives can be code that is run next, and malformed data can crash or \
              corrupt the interpreter.",
        neglect: "The bytes were written by the same interpreter, as the import system does it.",
        instead: "`json`, or `struct` for binary data.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &["bandit:B302", "ruff:S302", "codeaudit:marshal.load", "codeaudit:marshal.loads"],
        bad: &[
            "import marshal\ncode = marshal.loads(body)\n",
            "from marshal import load\nwith open(path, \"rb\") as stream:\n    load(stream)\n",
        ],
        good: &["import marshal\nstream.write(marshal.dumps(code))\n", "schema.marshal.loads(text)\n"],
        detect: &[
            Detect::Call(&["marshal.loads"], When::Argument("bytes", 0)),
            Detect::Call(&["marshal.load"], When::Argument("file", 0)),
        ],
    },
    Check {
        id: "connection-recv",
        family: "deserialization",
        summary: "`recv` of a multiprocessing connection unpickles what the other end sends.",
        why: "Whoever can connect, or has taken over the process at the other end, runs code in this one. An `authkey` says \
              who may connect, not what they may send.",
        neglect: "The other end is a child of this process, joined by a pipe that nobody else can open.",
        instead: "`recv_bytes` and a format without code, such as `json`.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &["codeaudit:connection.recv", "codeaudit:multiprocessing.connection.Connection"],
        bad: &[
            "from multiprocessing.connection import Client\nwith Client(address) as connection:\n    connection.recv()\n",
            "from multiprocessing import connection\nend = connection.Connection(handle)\n",
            "from multiprocessing.connection import Listener\nlistener = Listener(address)\n\
             request = listener.accept().recv()\n",
        ],
        good: &[
            "from multiprocessing.connection import Client\nwith Client(address) as connection:\n    \
             connection.recv_bytes()\n",
            "import socket\nsocket.create_connection(address).recv(1024)\n",
        ],
        detect: &[
            Detect::Call(
                &["multiprocessing.connection.Connection", "multiprocessing.connection.Connection().recv"],
                When::Always,
            ),
            // Both ends of a pipe usually belong to the same program.
            Detect::Call(&["multiprocessing.Pipe()[].recv"], When::Is(|_| Some(Confidence::Low))),
        ],
    },
    Check {
        id: "yaml-load",
        family: "deserialization",
        summary: "This YAML loader can build any Python object, and so run code.",
        why: "A document with a tag such as `!!python/object/apply:os.system` runs a command while it is loaded.",
        neglect: "The document comes from the same place as the program itself.",
        instead: "`yaml.safe_load(text)`, or `yaml.load(text, Loader=yaml.SafeLoader)`.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &["bandit:B506", "ruff:S506"],
        bad: &[
            "import yaml\nyaml.load(text)\n",
            "from yaml import load, Loader\nload(text, Loader)\n",
            "import yaml\nyaml.unsafe_load(text)\n",
        ],
        good: &[
            "import yaml\nyaml.safe_load(text)\n",
            "import yaml\nyaml.load(text, Loader=yaml.CSafeLoader)\n",
            "import yaml\nclass Dates(yaml.SafeLoader):\n    pass\nyaml.load(text, Dates)\n",
        ],
        detect: &[
            Detect::Call(&["yaml.load", "yaml.load_all"], When::Is(unsafe_loader)),
            Detect::Call(&["yaml.unsafe_load", "yaml.unsafe_load_all"], When::Always),
            Detect::Call(UNSAFE_LOADERS, When::Is(base_of_loader)),
            Detect::Call(
                &[
                    "yaml.Loader().get_data",
                    "yaml.Loader().get_single_data",
                    "yaml.UnsafeLoader().get_data",
                    "yaml.UnsafeLoader().get_single_data",
                    "yaml.CLoader().get_single_data",
                ],
                When::Always,
            ),
        ],
    },
    Check {
        id: "yaml-full-loader",
        family: "deserialization",
        summary: "The full YAML loader builds more than plain data.",
        why: "It was made to be safe for documents from outside and was broken twice since (CVE-2020-1747, CVE-2020-14343); it still \
              gives tuples, sets and names of Python objects where the program expects plain data.",
        neglect: "The document comes from the same place as the program itself.",
        instead: "`yaml.safe_load(text)`, or `yaml.load(text, Loader=yaml.SafeLoader)`.",
        cwe: &[502],
        severity: Severity::Medium,
        aliases: &["bandit:B506", "ruff:S506"],
        bad: &[
            "import yaml\nyaml.full_load(text)\n",
            "import yaml\nyaml.load(text, Loader=yaml.FullLoader)\n",
        ],
        good: &[
            "import yaml\nyaml.safe_load_all(text)\n",
            "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)\n",
        ],
        detect: &[
            Detect::Call(&["yaml.full_load", "yaml.full_load_all"], When::Always),
            Detect::Call(&["yaml.load", "yaml.load_all"], When::Is(full_loader)),
        ],
    },
    Check {
        id: "ruamel-yaml-unsafe",
        family: "deserialization",
        summary: "This loader of ruamel.yaml can build any Python object, and so run code.",
        why: "A document with a tag such as `!!python/object/apply:os.system` runs a command while it is loaded.",
        neglect: "The document comes from the same place as the program itself.",
        instead: "`ruamel.yaml.YAML(typ=\"safe\").load(text)`.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from ruamel.yaml import YAML\nYAML(typ=\"unsafe\").load(text)\n",
            "import ruamel.yaml\nruamel.yaml.load(text)\n",
        ],
        good: &[
            "from ruamel.yaml import YAML\nYAML(typ=\"safe\").load(text)\n",
            "import ruamel.yaml\nruamel.yaml.load(text, Loader=ruamel.yaml.RoundTripLoader)\n",
        ],
        detect: &[
            Detect::Call(&["ruamel.yaml.YAML"], When::Is(unsafe_type)),
            Detect::Call(&["ruamel.yaml.load", "ruamel.yaml.load_all"], When::Is(unsafe_loader)),
            Detect::Call(&["ruamel.yaml.unsafe_load", "ruamel.yaml.unsafe_load_all"], When::Always),
        ],
    },
];

/// What was pickled a moment ago in this very program carries no foreign code: a deep copy, or a test.
fn unpickling(call: &Call<'_, '_>, data: &str) -> Option<Confidence> {
    let is_round_trip = call.given(data, 0).is_some_and(|value| {
        call.module.is_only(value.expr, &["pickle.dumps()"]) || is_own_stream(call.module, value.expr)
    });
    let names_global = matches!(call.constant(data, 0), Some(Constant::Bytes(data)) if names_global(&data));
    Some(match (is_round_trip, names_global) {
        (true, _) => Confidence::Low,
        (_, true) => Confidence::High,
        _ => call.exposure_of(data, 0).confidence(),
    })
}

/// How many lines of pickled data are looked at.
const MAX_LINES: usize = 1_000;

/// Whether pickled data looks up a function or class: by the opcode `STACK_GLOBAL`, or by `c` or `i` in front of two lines.
fn names_global(data: &[u8]) -> bool {
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    };
    // `p0` on a line of its own remembers what is before it.
    let is_place = |name: &[u8]| name.starts_with(b"p") && name[1..].iter().all(u8::is_ascii_digit);
    let ends_in_module = |line: &[u8]| {
        let mut signs = line.iter().enumerate().filter(|(_, byte)| matches!(byte, b'c' | b'i'));
        signs.any(|(at, _)| is_name(&line[at + 1..]))
    };
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').take(MAX_LINES).collect();
    let is_pair = |pair: &[&[u8]]| is_name(pair[1]) && !is_place(pair[1]) && ends_in_module(pair[0]);
    data.contains(&0x93) || lines.windows(2).any(is_pair)
}

/// Functions that write an object to the stream that is their second argument.
const DUMPS: &[&str] = &["joblib.dump", "pickle.dump"];

/// Functions that read an object from the stream that is their first argument.
const LOADS: &[&str] = &["joblib.load", "pickle.load"];

/// Whether a name stands for a stream in memory that this function made, and that nobody else gets: all that is in it was
/// pickled here.
pub(super) fn is_own_stream<'a>(module: &Module<'a>, stream: &'a Expr) -> bool {
    let Expr::Name(name) = stream else { return false };
    let tree = module.tree();
    let Some(function) = module.function_around(name.into()) else { return false };
    let is_local =
        tree.scope_binding(tree.scope_of(tree.id(name)), &name.id) == tree.scope_opened_by(function);
    let made = module.only_assigned(name).unwrap_or_default();
    let is_new = |expr: &&'a Expr| match (expr, module.parent((*expr).into())) {
        (Expr::Call(call), Some(AnyNodeRef::StmtAssign(assign))) => {
            assign.targets.len() == 1
                && call.arguments.is_empty()
                && module.is_only(&call.func, &["io.BytesIO"])
        }
        _ => false,
    };
    is_local
        && !made.is_empty()
        && made.iter().all(is_new)
        && tree.descendants(tree.id(function)).all(|node| match node {
            AnyNodeRef::ExprName(other) if other.id == name.id && other.ctx.is_load() => {
                module.expr(node).is_some_and(|other| holds_pickles_only(module, other))
            }
            _ => true,
        })
}

/// Whether this mention of a stream writes nothing to it but pickles, and does not hand it on.
fn holds_pickles_only<'a>(module: &Module<'a>, stream: &'a Expr) -> bool {
    match module.parent(stream.into()) {
        Some(AnyNodeRef::ExprAttribute(method)) => {
            matches!(method.attr.as_str(), "close" | "flush" | "getvalue" | "seek" | "tell")
        }
        Some(arguments @ AnyNodeRef::Arguments(given)) => {
            let Some(AnyNodeRef::ExprCall(call)) = module.parent(arguments) else { return false };
            match &*given.args {
                [_, second, ..] if std::ptr::eq(second, stream) => module.is_only(&call.func, DUMPS),
                [first, ..] if std::ptr::eq(first, stream) => module.is_only(&call.func, LOADS),
                _ => false,
            }
        }
        _ => false,
    }
}

/// A class built on `Unpickler` is as safe as its `find_class`, which must give back what a list names and nothing else.
fn unpickler(call: &Call<'_, '_>) -> Option<Confidence> {
    match class_on_top(call) {
        Some(class) if unpickler::is_restricted(call.module, class) => None,
        _ => unpickling(call, "file"),
    }
}

/// The class definition that has the callee as a base.
fn class_on_top<'a>(call: &Call<'_, 'a>) -> Option<&'a ast::StmtClassDef> {
    let arguments = call.module.parent(call.node).filter(|_| call.handed_on)?;
    match call.module.parent(arguments)? {
        AnyNodeRef::StmtClassDef(class) => Some(class),
        _ => None,
    }
}

/// Classes that a loader becomes unsafe by, where it is built on them.
const UNSAFE_LOADERS: &[&str] = &[
    "yaml.CLoader",
    "yaml.CUnsafeLoader",
    "yaml.Loader",
    "yaml.UnsafeLoader",
    "yaml.constructor.Constructor",
    "yaml.constructor.UnsafeConstructor",
    "yaml.loader.Loader",
    "yaml.loader.UnsafeLoader",
];

/// The files that use such a loader may only know its name.
fn base_of_loader(call: &Call<'_, '_>) -> Option<Confidence> {
    class_on_top(call).map(|_| Confidence::High)
}

/// What a YAML loader lets a document do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loader {
    Safe,
    /// It has "safe" in its name, and is defined somewhere else.
    SafeByName,
    /// A class of another file, where it is judged by what it is built on.
    Elsewhere,
    Full,
    Unknown,
    Unsafe,
}

/// The worst that an expression for a loader can mean.
fn loader<'a>(module: &Module<'a>, value: Value<'a>) -> Loader {
    let names = module.names();
    let kind = |thing: Thing<'a>| match thing {
        Thing::Named(name) => loader_named(&name),
        Thing::Class(scope) => match module.tree().scope(scope).kind {
            ScopeKind::Class(class) => class
                .bases()
                .iter()
                .flat_map(|base| names.qualified(module.value(base)))
                .map(|name| loader_named(&name))
                .max()
                .unwrap_or(Loader::Unknown),
            _ => Loader::Unknown,
        },
        _ => Loader::Unknown,
    };
    names.things(value).into_iter().map(kind).max().unwrap_or(Loader::Unknown)
}

fn loader_named(name: &str) -> Loader {
    let (module, class) = name.rsplit_once('.').unwrap_or(("", name));
    let class = class.to_ascii_lowercase();
    match class.trim_start_matches('c') {
        "safeloader" | "baseloader" | "roundtriploader" if module.ends_with("yaml") => Loader::Safe,
        "fullloader" => Loader::Full,
        "loader" | "unsafeloader" if module.ends_with("yaml") => Loader::Unsafe,
        "loader" | "unsafeloader" => Loader::Unknown,
        _ if class.contains("safe") && !class.contains("unsafe") => Loader::SafeByName,
        _ if is_class_elsewhere(name) => Loader::Elsewhere,
        _ => Loader::Unknown,
    }
}

/// A name that is imported and written as classes are.
fn is_class_elsewhere(name: &str) -> bool {
    let class = name.rsplit('.').next().unwrap_or(name);
    !name.starts_with('?')
        && !name.contains(['(', '['])
        && class.starts_with(|c: char| c.is_uppercase() || c == '_')
}

fn unsafe_loader(call: &Call<'_, '_>) -> Option<Confidence> {
    // A document that the source holds does no harm.
    if call.exposure_of("stream", 0) == Exposure::Constant {
        return loader_confidence(call).map(|_| Confidence::Low);
    }
    loader_confidence(call)
}

fn loader_confidence(call: &Call<'_, '_>) -> Option<Confidence> {
    let value = match call.argument("Loader", 1) {
        Argument::Absent => return Some(Confidence::High),
        Argument::Unknown => return Some(Confidence::Low),
        Argument::Given(value) => value,
    };
    match loader(call.module, value) {
        Loader::Safe | Loader::Full => None,
        Loader::SafeByName | Loader::Elsewhere => Some(Confidence::Low),
        Loader::Unknown => Some(Confidence::Medium),
        Loader::Unsafe => Some(Confidence::High),
    }
}

fn full_loader(call: &Call<'_, '_>) -> Option<Confidence> {
    let value = call.given("Loader", 1)?;
    (loader(call.module, value) == Loader::Full).then_some(Confidence::High)
}

fn unsafe_type(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.constant("typ", None)? {
        Constant::Str(kind) => (kind == "unsafe").then_some(Confidence::High),
        Constant::List(kinds) => {
            kinds.iter().any(|kind| kind.as_str() == Some("unsafe")).then_some(Confidence::High)
        }
        _ => None,
    }
}
