//! What is known about names of the standard library and of widely used packages: which are the same thing
//! under another name, and what calling some of them gives.

use std::sync::LazyLock;

use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};

/// Names of CPython's `builtins` module that a program can call or misuse.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.binary_search(&name).is_ok()
}

/// Sorted, for a binary search.
static BUILTINS: &[&str] = &[
    "BaseException",
    "Exception",
    "TypeError",
    "__build_class__",
    "__builtins__",
    "__import__",
    "__loader__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "apply",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "execfile",
    "exit",
    "file",
    "filter",
    "float",
    "format",
    "frozenset",
    // Not of `builtins`, but there in every notebook.
    "get_ipython",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "raw_input",
    "reload",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "unichr",
    "vars",
    "zip",
];

/// Whole names, or the first parts of names, that stand for another: `(from, to)`.
///
/// Facts from the documentation and the sources of the modules named; the C twin of a module exports the
/// same functions.
static SAME: &[(&str, &str)] = &[
    ("__builtin__", "builtins"),
    ("builtins.__builtins__", "builtins"),
    ("builtins.file", "builtins.open"),
    ("builtins.raw_input", "builtins.input"),
    ("_io.open", "builtins.open"),
    ("io.open", "builtins.open"),
    ("codecs.builtins", "builtins"),
    ("six.moves.builtins", "builtins"),
    ("six.moves.cPickle", "pickle"),
    ("six.moves.urllib", "urllib"),
    ("six.moves.input", "builtins.input"),
    ("six.exec_", "builtins.exec"),
    ("future.builtins", "builtins"),
    ("past.builtins", "builtins"),
    ("_pickle", "pickle"),
    ("cPickle", "pickle"),
    ("pickle._loads", "pickle.loads"),
    ("pickle._load", "pickle.load"),
    ("pickle._Unpickler", "pickle.Unpickler"),
    ("multiprocessing.reduction.ForkingPickler.loads", "pickle.loads"),
    ("posix", "os"),
    ("nt", "os"),
    ("posixpath", "os.path"),
    ("ntpath", "os.path"),
    ("_posixsubprocess", "subprocess"),
    ("subprocess32", "subprocess"),
    ("commands", "subprocess"),
    ("_random", "random"),
    ("_ssl", "ssl"),
    ("_socket", "socket"),
    ("_hashlib.openssl_md5", "hashlib.md5"),
    ("_hashlib.openssl_sha1", "hashlib.sha1"),
    ("_md5.md5", "hashlib.md5"),
    ("_sha1.sha1", "hashlib.sha1"),
    ("md5.new", "hashlib.md5"),
    ("md5.md5", "hashlib.md5"),
    ("sha.new", "hashlib.sha1"),
    ("sha.sha", "hashlib.sha1"),
    ("_codecs", "codecs"),
    ("_operator", "operator"),
    ("_functools", "functools"),
    ("_tracemalloc", "tracemalloc"),
    ("importlib.__import__", "builtins.__import__"),
    ("importlib._bootstrap._gcd_import", "importlib.import_module"),
    ("imp.reload", "importlib.reload"),
    ("urllib2.urlopen", "urllib.request.urlopen"),
    ("urllib.urlopen", "urllib.request.urlopen"),
    ("urllib.urlretrieve", "urllib.request.urlretrieve"),
    ("urllib2.Request", "urllib.request.Request"),
    ("requests.api", "requests"),
    ("requests.sessions", "requests"),
    ("requests.session", "requests.Session"),
    ("requests.Session().__enter__", "requests.Session"),
    ("xmlrpclib", "xmlrpc.client"),
    ("BaseHTTPServer", "http.server"),
    ("SimpleHTTPServer", "http.server"),
    ("SocketServer", "socketserver"),
    ("Cryptodome", "Crypto"),
    ("cryptography.hazmat.decrepit.ciphers.algorithms", "cryptography.hazmat.primitives.ciphers.algorithms"),
    ("xml.etree.cElementTree", "xml.etree.ElementTree"),
    ("yaml.loader.SafeLoader", "yaml.SafeLoader"),
    ("yaml.cyaml.CSafeLoader", "yaml.CSafeLoader"),
    ("yaml.loader.Loader", "yaml.Loader"),
    ("yaml.loader.UnsafeLoader", "yaml.UnsafeLoader"),
    ("yaml.loader.FullLoader", "yaml.FullLoader"),
    ("ruamel_yaml", "ruamel.yaml"),
    ("tarfile.TarFile.open", "tarfile.open"),
    ("tarfile.TarFile.taropen", "tarfile.open"),
    ("tarfile.TarFile.gzopen", "tarfile.open"),
    ("tarfile.TarFile.bz2open", "tarfile.open"),
    ("tarfile.TarFile.xzopen", "tarfile.open"),
    ("jinja2.environment", "jinja2"),
    ("flask.app.Flask", "flask.Flask"),
    ("flask.globals.request", "flask.request"),
    ("flask.templating", "flask"),
    ("django.utils.html.mark_safe", "django.utils.safestring.mark_safe"),
    ("flask.Markup", "markupsafe.Markup"),
    ("jinja2.Markup", "markupsafe.Markup"),
    ("jinja2.utils.markupsafe", "markupsafe"),
    ("sqlalchemy.sql.text", "sqlalchemy.text"),
    ("sqlalchemy.sql.expression.text", "sqlalchemy.text"),
    ("paramiko.client", "paramiko"),
    ("paramiko.transport", "paramiko"),
    ("psycopg2.extensions", "psycopg2"),
    ("multiprocessing.dummy.connection", "multiprocessing.connection"),
    ("defusedxml.cElementTree", "defusedxml.ElementTree"),
    ("pandas.io.pickle", "pandas"),
    ("pandas.core.frame.DataFrame", "pandas.DataFrame"),
    ("pandas.core.computation.eval.eval", "pandas.eval"),
    ("numexpr.necompiler", "numexpr"),
    ("gevent.subprocess", "subprocess"),
    ("eventlet.green.subprocess", "subprocess"),
    ("psutil.Popen", "subprocess.Popen"),
    ("builtins.get_ipython", "IPython.get_ipython"),
    ("IPython.core.getipython.get_ipython", "IPython.get_ipython"),
    ("torch.serialization.load", "torch.load"),
    ("numpy.lib.npyio.load", "numpy.load"),
    ("sklearn.externals.joblib", "joblib"),
    ("joblib.numpy_pickle", "joblib"),
    ("starlette.responses", "fastapi.responses"),
    ("starlette.middleware", "fastapi.middleware"),
];

/// What calling a name gives, where that is an instance of something with another name: `(call, class)`.
static GIVES: &[(&str, &str)] = &[
    ("tarfile.open", "tarfile.TarFile"),
    ("ssl.create_default_context", "ssl.SSLContext"),
    ("ssl._create_unverified_context", "ssl.SSLContext"),
    ("ssl._create_default_https_context", "ssl.SSLContext"),
    ("ssl._create_stdlib_context", "ssl.SSLContext"),
    ("urllib3.util.ssl_.create_urllib3_context", "ssl.SSLContext"),
    ("sqlite3.connect", "sqlite3.Connection"),
    ("pathlib.PurePath", "pathlib.Path"),
    ("pathlib.PosixPath", "pathlib.Path"),
    ("pathlib.Path.cwd", "pathlib.Path"),
    ("pathlib.Path.home", "pathlib.Path"),
    ("pathlib.Path().absolute", "pathlib.Path"),
    ("pathlib.Path().expanduser", "pathlib.Path"),
    ("pathlib.Path().joinpath", "pathlib.Path"),
    ("pathlib.Path().resolve", "pathlib.Path"),
    ("pathlib.Path().with_name", "pathlib.Path"),
    ("pathlib.Path().with_suffix", "pathlib.Path"),
    ("subprocess.Popen().__enter__", "subprocess.Popen"),
    ("asyncio.get_event_loop", "asyncio.AbstractEventLoop"),
    ("asyncio.get_running_loop", "asyncio.AbstractEventLoop"),
    ("asyncio.new_event_loop", "asyncio.AbstractEventLoop"),
    ("socket.create_connection", "socket.socket"),
    ("multiprocessing.connection.Client", "multiprocessing.connection.Connection"),
    ("pandas.read_csv", "pandas.DataFrame"),
    ("pandas.read_table", "pandas.DataFrame"),
    ("pandas.read_excel", "pandas.DataFrame"),
    ("pandas.read_parquet", "pandas.DataFrame"),
    ("pandas.read_feather", "pandas.DataFrame"),
    ("pandas.read_sql", "pandas.DataFrame"),
    ("pandas.read_sql_query", "pandas.DataFrame"),
    ("pandas.read_json", "pandas.DataFrame"),
    ("pandas.concat", "pandas.DataFrame"),
    ("pandas.merge", "pandas.DataFrame"),
    ("multiprocessing.connection.Listener().accept", "multiprocessing.connection.Connection"),
];

static GIVES_BY_NAME: LazyLock<FxHashMap<&'static str, &'static str>> =
    LazyLock::new(|| GIVES.iter().copied().collect());

/// Dangerous modules that reach a program as an attribute of a module that merely imports them.
static RE_EXPORTED: &[&str] = &[
    "base64",
    "builtins",
    "codecs",
    "ctypes",
    "hashlib",
    "importlib",
    "io",
    "marshal",
    "os",
    "pickle",
    "pty",
    "random",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "types",
    "urllib",
    "zlib",
];

/// Those that no other package has a module of its own by the name of: any module may be the carrier.
static CARRIED_BY_ANY: &[&str] =
    &["builtins", "cPickle", "cloudpickle", "marshal", "os", "pickle", "pty", "subprocess"];

/// Whether a module by this name is what everybody knows by it. Sorted, for a binary search.
pub fn is_well_known_module(name: &str) -> bool {
    WELL_KNOWN_MODULES.binary_search(&name).is_ok()
}

static WELL_KNOWN_MODULES: &[&str] = &[
    "asyncio",
    "base64",
    "builtins",
    "codecs",
    "ctypes",
    "dill",
    "hashlib",
    "importlib",
    "jinja2",
    "joblib",
    "jsonpickle",
    "jwt",
    "marshal",
    "os",
    "paramiko",
    "pickle",
    "pty",
    "random",
    "requests",
    "runpy",
    "shelve",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "sys",
    "tarfile",
    "tempfile",
    "torch",
    "types",
    "urllib",
    "yaml",
    "zipfile",
];

/// Packages of the standard library with a real submodule of such a name.
static OWN_SUBMODULES: &[&str] =
    &["asyncio.subprocess", "asyncio.base_subprocess", "test", "distutils", "gevent.os", "pandas.io.pickle"];

/// Modules of the standard library through which other modules can be reached.
static CARRIERS: &[&str] = &[
    "argparse",
    "ast",
    "asyncio",
    "base64",
    "bdb",
    "bz2",
    "calendar",
    "cgi",
    "cmd",
    "code",
    "codecs",
    "collections",
    "concurrent",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "dis",
    "doctest",
    "email",
    "enum",
    "filecmp",
    "fileinput",
    "fnmatch",
    "ftplib",
    "functools",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "gzip",
    "hashlib",
    "heapq",
    "http",
    "imaplib",
    "importlib",
    "inspect",
    "io",
    "json",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "mimetypes",
    "multiprocessing",
    "nntplib",
    "ntpath",
    "os",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pipes",
    "pkgutil",
    "platform",
    "plistlib",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "py_compile",
    "pydoc",
    "queue",
    "random",
    "re",
    "runpy",
    "secrets",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "statistics",
    "string",
    "subprocess",
    "sys",
    "sysconfig",
    "tarfile",
    "tempfile",
    "textwrap",
    "threading",
    "timeit",
    "token",
    "tokenize",
    "trace",
    "traceback",
    "tracemalloc",
    "types",
    "typing",
    "unittest",
    "urllib",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipfile",
    "zipimport",
];

/// A qualified name that somebody wrote, as this room gives it: `posix.system` is `os.system`, `open` is
/// `builtins.open`.
pub fn canonical_name(written: &str) -> String {
    if is_builtin(written) {
        return format!("builtins.{written}");
    }
    canonical(written.into()).into_string()
}

/// The one name of what a dotted path names.
pub fn canonical(path: CompactString) -> CompactString {
    let mut path = without_carrier(path);
    // Two steps at most: `six.moves.cPickle._loads` and the like.
    for _ in 0..2 {
        match renamed(&path) {
            Some(new) => path = new,
            None => break,
        }
    }
    path
}

/// How many calls and items a name may hold, and how many parts. No check asks for more.
const MAX_RESULTS: usize = 3;
const MAX_PARTS: usize = 10;

/// A name that has grown along a loop (`text = text.replace(…)`, `node = node.next`) becomes an attribute of something
/// unknown: there would be no end to it otherwise.
pub fn widened(name: CompactString) -> CompactString {
    let (mut first, mut results, mut parts) = (None, 0, 0);
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'(' | b'[' => {
                first = first.or(Some(at));
                results += 1;
            }
            b'.' => parts += 1,
            _ => {}
        }
    }
    // What a value of this project's own modules, or of a literal, gives is named in no check.
    let own = name.starts_with('.') || first.is_some_and(|at| is_literal_type(&name[..at]));
    let goes_on = first.is_some_and(|at| name.len() > at + 2);
    if own && goes_on || results > MAX_RESULTS || parts >= MAX_PARTS { unknown(&name) } else { name }
}

/// The same for a name that a circle of names has made: it ends at the result of a result, or at
/// an attribute of an attribute of one.
pub fn widened_in_circle(name: CompactString) -> CompactString {
    let (module, behind) = name.split_at(name.find(['(', '[']).unwrap_or(name.len()));
    let results = behind.matches(['(', '[']).count();
    let overgrown =
        results >= 2 || behind.matches('.').count() >= 2 || module.matches('.').count() >= MAX_PARTS / 2;
    if overgrown { unknown(&name) } else { name }
}

/// The last part of a name as an attribute of something unknown, or what it gives when it is called.
fn unknown(name: &str) -> CompactString {
    let last = name.rsplit('.').next().unwrap_or_default();
    let attribute = last.split(['(', '[']).next().unwrap_or_default();
    let suffix = if last.ends_with("()") {
        "()"
    } else if last.ends_with("[]") {
        "[]"
    } else {
        ""
    };
    compact_str::format_compact!("?.{attribute}{suffix}")
}

/// What literals and displays are called, see `display_type` in `names.rs`.
fn is_literal_type(name: &str) -> bool {
    matches!(name, "str" | "bytes" | "dict" | "list" | "set" | "tuple" | "number")
}

/// The class whose instance a call of `callee` gives: `callee` itself unless it is known better.
pub fn instance_of(callee: &str) -> CompactString {
    let class = GIVES_BY_NAME.get(callee).copied().unwrap_or(callee);
    let mut instance = CompactString::from(class);
    instance.push_str("()");
    instance
}

/// Whether what ends in this word may be known by a name that ends in another.
pub fn is_renamed(word: &str) -> bool {
    RENAMED.contains(word)
}

/// Whether what is called by this word may be a function that is known by another.
pub fn is_called_otherwise(word: &str) -> bool {
    CALLED_OTHERWISE.contains(word)
}

/// The last parts of the names in [`SAME`] that stand for a name with another last part.
static CALLED_OTHERWISE: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let rows = SAME.iter().map(|(from, to)| (last(from), last(to)));
    rows.filter(|(from, to)| from != to).map(|(from, _)| from).collect()
});

/// The last parts of the names in [`SAME`] and [`GIVES`] that stand for a name with another last part.
static RENAMED: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let rows = SAME.iter().chain(GIVES).map(|(from, to)| (last(from), last(to)));
    rows.filter(|(from, to)| from != to)
        .map(|(from, _)| from.trim_end_matches(['(', ')', '[', ']']))
        .collect()
});

/// The rows of [`SAME`] by the first part of the name: most names have none.
static SAME_BY_FIRST: LazyLock<FxHashMap<&'static str, Vec<(&'static str, &'static str)>>> =
    LazyLock::new(|| {
        let mut rows: FxHashMap<&str, Vec<(&str, &str)>> = FxHashMap::default();
        for (from, to) in SAME {
            rows.entry(first_part(from)).or_default().push((from, to));
        }
        rows
    });

fn first_part(path: &str) -> &str {
    path.split(['.', '(', '[']).next().unwrap_or(path)
}

fn renamed(path: &str) -> Option<CompactString> {
    SAME_BY_FIRST.get(first_part(path))?.iter().find_map(|(from, to)| {
        let rest = path.strip_prefix(from)?;
        let boundary = rest.is_empty() || rest.starts_with(['.', '(', '[']);
        boundary.then(|| {
            let mut new = CompactString::from(*to);
            new.push_str(rest);
            new
        })
    })
}

/// `shutil.os.system` → `os.system`, `logging.handlers.pickle.loads` → `pickle.loads`.
fn without_carrier(path: CompactString) -> CompactString {
    let Some((first, rest)) = path.split_once('.') else { return path };
    // What a relative import names is of this project.
    if matches!(first, "" | "?") || OWN_SUBMODULES.iter().any(|own| path.starts_with(own)) {
        return path;
    }
    let carried = match CARRIERS.binary_search(&first) {
        Ok(_) => RE_EXPORTED,
        Err(_) => CARRIED_BY_ANY,
    };
    let mut offset = first.len() + 1;
    let mut found = None;
    for segment in rest.split('.') {
        // `socket.socket` and `random.random` are no modules.
        let is_namesake = segment == first && offset == first.len() + 1;
        let private = segment.strip_prefix('_').filter(|_| !SAME_BY_FIRST.contains_key(segment));
        let public = private.unwrap_or(segment);
        if !is_namesake && carried.binary_search(&public).is_ok() {
            found = Some(offset + segment.len() - public.len());
        }
        offset += segment.len() + 1;
    }
    // `xml.etree` and `importlib.util` stay what they are: a submodule is no re-export.
    match found {
        Some(at) if !path[..at].contains("()") => CompactString::from(&path[at..]),
        _ => path,
    }
}
