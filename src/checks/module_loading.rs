use ruff_python_ast::{AnyNodeRef, Expr, NodeKind};

use super::built_text::{HOLE, template_of};
use super::{Family, commands};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Assignment, Call, Constant, Exposure, Hits, Module, Node, Thing, Value};

pub const FAMILY: Family =
    Family { id: "module-loading", title: "Loading of modules and names", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "dynamic-import",
        family: "module-loading",
        summary: "The module to import is chosen by a text at run time.",
        why: "Importing runs the module. Whoever chooses the name chooses what runs, among everything that is installed, and \
              searches for dangerous imports do not see it.",
        neglect: "The name is a constant (an optional dependency), or was looked up in a fixed list.",
        instead: "A plain `import`, or a dictionary from the allowed names to modules.",
        cwe: &[470],
        severity: Severity::Medium,
        aliases: &["codeaudit:__import__", "codeaudit:importlib.import_module"],
        bad: &[
            "import importlib\nplugin = importlib.import_module(name)\n",
            "module = __import__(f\"plugins.{name}\")\n",
        ],
        good: &["import plugins\nplugin = plugins.REGISTRY[name]\n", "self.importer.import_module(name)\n"],
        detect: &[
            Detect::Call(
                &[
                    "builtins.__import__",
                    "importlib.import_module",
                    "pkgutil.resolve_name",
                    "celery.utils.imports.symbol_by_name",
                    "kombu.utils.imports.symbol_by_name",
                ],
                When::Argument("name", 0),
            ),
            Detect::Call(&["pydoc.locate"], When::Argument("path", 0)),
            Detect::Call(&["django.utils.module_loading.import_string"], When::Argument("dotted_path", 0)),
            Detect::Call(&["werkzeug.utils.import_string"], When::Argument("import_name", 0)),
        ],
    },
    Check {
        id: "import-from-file",
        family: "module-loading",
        summary: "A file is loaded and run as a module, from outside the import path.",
        why: "The file is named by its path, so neither packaging nor a lock file vouches for it. If somebody else can \
              write the file or influence the path, their code runs.",
        neglect: "The path is fixed and lies in a folder that only the owner of the program can write, or it is the plug-in \
                  that the user asked for on the command line.",
        instead: "Install plug-ins as packages and find them with `importlib.metadata.entry_points`.",
        cwe: &[829],
        severity: Severity::Medium,
        aliases: &[
            "codeaudit:importlib.util.spec_from_file_location",
            "codeaudit:importlib.util.module_from_spec",
        ],
        bad: &[
            "from importlib.util import spec_from_file_location\nspec = spec_from_file_location(\"plugin\", path)\n",
            "import importlib.util as loading\nplugin = loading.module_from_spec(spec)\n",
            "from importlib.machinery import SourceFileLoader\nSourceFileLoader(\"plugin\", path).load_module()\n",
        ],
        good: &[
            "from importlib.metadata import entry_points\nplugins = entry_points(group=\"acme.plugins\")\n",
            "import importlib.util\nhas_numpy = importlib.util.find_spec(\"numpy\") is not None\n",
        ],
        detect: &[
            Detect::Call(&["importlib.util.spec_from_file_location"], When::Argument("location", 1)),
            // It follows a specification that was made elsewhere: what decides is out of sight.
            Detect::Call(&["importlib.util.module_from_spec"], When::Is(|_| Some(Confidence::Low))),
            Detect::Call(
                &[
                    "importlib.machinery.SourceFileLoader",
                    "importlib.machinery.SourcelessFileLoader",
                    "importlib.machinery.ExtensionFileLoader",
                ],
                When::Argument("path", 1),
            ),
            Detect::Call(&["pydoc.importfile"], When::Argument("path", 0)),
            Detect::Call(
                &["zipimport.zipimporter().load_module", "zipimport.zipimporter().exec_module"],
                When::Is(|_| Some(Confidence::Medium)),
            ),
            Detect::Call(
                &["imp.load_source", "imp.load_compiled", "imp.load_dynamic"],
                When::Argument("pathname", 1),
            ),
        ],
    },
    Check {
        id: "dynamic-attribute",
        family: "module-loading",
        summary: "A function of a powerful module is chosen by a text at run time.",
        why: "Whoever influences the text can reach every function of the module, `os.system` from `os.getcwd`. It is also how code \
              hides which function it calls.",
        neglect: "The text was looked up in a fixed list of names.",
        instead: "A dictionary from the allowed names to functions.",
        cwe: &[470],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import os\ngetattr(os, action)(path)\n",
            "import subprocess\nvars(subprocess)[name](command)\n",
            "import importlib\ngetattr(importlib.import_module(\"os\"), name)()\n",
        ],
        good: &[
            "import os\n{\"remove\": os.remove, \"mkdir\": os.mkdir}[action](path)\n",
            "import os\ngetattr(os, \"O_BINARY\", 0)\n",
            "getattr(self, f\"handle_{event}\")()\n",
        ],
        detect: &[
            Detect::Call(&["builtins.getattr"], When::Is(reflects_on_module)),
            Detect::Node(&[NodeKind::ExprSubscript], looks_into_module),
        ],
    },
    Check {
        id: "call-from-request",
        family: "module-loading",
        summary: "A request chooses which function is called.",
        why: "Besides the functions that are meant, the names of a module hold all that it imports, and the builtins: the \
              request can call `eval`, `system` or what only administrators may do.",
        neglect: "The name was compared with a list of names in a way that cannot be seen here.",
        instead: "A dictionary from what may be asked for to functions: `ACTIONS[request.args[\"action\"]]()`.",
        cwe: &[470],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from flask import request\nglobals()[request.args[\"action\"]]()\n",
            "import actions\nfrom flask import request\nrun = getattr(actions, request.args[\"action\"])\nrun()\n",
        ],
        good: &[
            "from flask import request\nACTIONS[request.args[\"action\"]]()\n",
            "from flask import request\nglobals()[name](request.args[\"action\"])\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprCall], calls_by_request)],
    },
    Check {
        id: "builtins-lookup",
        family: "module-loading",
        summary: "The table of builtin functions is reached through `__builtins__`.",
        why: "`eval(x)` says what it does; `__builtins__[name](x)` does the same without saying so, and gets past filters. Its only \
              common use is in payloads and in escapes from sandboxes.",
        neglect: "An interpreter, a debugger or a template engine that prepares the namespace for other code.",
        instead: "`import builtins` and `builtins.NAME` written out.",
        cwe: &[506],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "__builtins__[name](text)\n",
            "getattr(__builtins__, decode(name))(text)\n",
            "run = globals()[\"__builtins__\"]\n",
            "work.__globals__[\"__builtins__\"][\"eval\"](text)\n",
        ],
        good: &[
            "import builtins\nbuiltins.print(text)\n",
            "namespace = {\"__builtins__\": {}}\n",
            "__builtins__[\"_\"] = translate\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::ExprName], names_builtins),
            Detect::Node(&[NodeKind::ExprAttribute], has_builtins),
            Detect::Node(&[NodeKind::ExprSubscript], looks_up_builtins),
        ],
    },
    Check {
        id: "object-graph-walk",
        family: "module-loading",
        summary: "All loaded classes are reached by way of an object's own class.",
        why: "From any value, `__class__.__base__.__subclasses__()` leads to every class in the process and from there to `os` and \
              `subprocess`: the classic escape from a sandbox or a template.",
        neglect: "A test of a sandbox.",
        instead: "A registry that subclasses enter with `__init_subclass__`.",
        cwe: &[693],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "().__class__.__base__.__subclasses__()\n",
            "\"\".__class__.__mro__[1].__subclasses__()\n",
            "object.__subclasses__()\n",
        ],
        good: &["plugins = Plugin.__subclasses__()\n", "name = self.__class__.__name__\n"],
        detect: &[Detect::Node(&[NodeKind::ExprAttribute], walks_to_subclasses)],
    },
    Check {
        id: "import-path-change",
        family: "module-loading",
        summary: "A folder is added to the places that modules are imported from.",
        why: "From now on a file called `json.py` in that folder can take the place of the real module. If somebody else can write \
              there, every later `import` runs their code.",
        neglect: "The folder belongs to this program, as in a script that adds its own project.",
        instead: "Install the package (`pip install -e .`) and import it by its name.",
        cwe: &[427],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import sys\nsys.path.insert(0, options.plugins)\n",
            "import sys\nsys.path.append(\"/tmp/plugins\")\n",
            "import site\nsite.addsitedir(folder)\n",
            "import sys\nsys.path = [folder] + sys.path\n",
        ],
        good: &[
            "import os, sys\nprint(os.pathsep.join(sys.path))\n",
            "path.insert(0, folder)\n",
            "import sys\nsys.path.remove(folder)\n",
        ],
        detect: &[
            Detect::Call(&["sys.path.insert"], When::Is(|call| foreign_folder(call, 1))),
            Detect::Call(
                &["sys.path.append", "sys.path.extend", "site.addsitedir"],
                When::Is(|call| foreign_folder(call, 0)),
            ),
            Detect::Assign(&["sys.path", "sys.path[]"], |assignment| {
                folder_confidence(assignment.module, assignment.value)
            }),
        ],
    },
    Check {
        id: "import-hook",
        family: "module-loading",
        summary: "The way modules are found and loaded is changed for the whole process.",
        why: "A finder, a path hook or an entry in `sys.modules` decides what every later `import` gives, for all packages. It is \
              a way to slip code in, and to stay.",
        neglect: "A test that puts a fake module in place, or a loader that a framework documents.",
        instead: "`importlib.import_module` where the module is needed; in tests `unittest.mock.patch.dict(sys.modules, …)`.",
        cwe: &[427],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import sys\nsys.meta_path.insert(0, Finder())\n",
            "import sys\nsys.modules[\"ssl\"] = fake\n",
            "import builtins\nbuiltins.__import__ = load\n",
        ],
        good: &[
            "import sys\nif \"numpy\" in sys.modules:\n    convert()\n",
            "import sys\nmodule = sys.modules[name]\n",
            "registry.meta_path.append(finder)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "sys.meta_path.append",
                    "sys.meta_path.insert",
                    "sys.meta_path.extend",
                    "sys.path_hooks.append",
                    "sys.path_hooks.insert",
                ],
                When::Is(|_| Some(Confidence::High)),
            ),
            Detect::Call(
                &["sys.modules.update", "sys.modules.setdefault"],
                When::Is(|_| Some(Confidence::Medium)),
            ),
            Detect::Assign(
                &[
                    "sys.meta_path",
                    "sys.meta_path[]",
                    "sys.path_hooks",
                    "sys.path_hooks[]",
                    "builtins.__import__",
                ],
                |_| Some(Confidence::High),
            ),
            Detect::Assign(&["sys.modules[]"], replaces_module),
        ],
    },
    Check {
        id: "search-path-variable",
        family: "module-loading",
        summary: "An environment variable is set that decides what code programs load.",
        why: "`LD_PRELOAD`, `PYTHONPATH`, `PYTHONSTARTUP` and the like make every program started from now on load more code, and `PATH` \
              decides which program a bare name means.",
        neglect: "The value is a constant, or the variable is put back to what it was.",
        instead: "An `env` for the one process that needs it: `subprocess.run(command, env={\"PATH\": \"/usr/bin\"})`.",
        cwe: &[426],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import os\nos.environ[\"LD_PRELOAD\"] = library\n",
            "import os\nos.putenv(\"PYTHONSTARTUP\", \"/tmp/start.py\")\n",
            "import os\nos.environ.update({\"PATH\": folder})\n",
        ],
        good: &[
            "import os\nos.environ[\"PATH\"] = \"/usr/bin:/bin\"\n",
            "import os\nos.environ[\"LANG\"] = \"C\"\n",
            "import os\nfolders = os.environ[\"PATH\"].split(os.pathsep)\n",
        ],
        detect: &[
            Detect::Assign(&["os.environ[]", "os.environb[]"], |assignment| {
                variable_confidence(assignment.module, assignment.key.as_deref()?, assignment.value)
            }),
            Detect::Call(
                &["os.putenv", "os.environ.setdefault", "os.environ.__setitem__"],
                When::Is(sets_variable),
            ),
            Detect::Call(&["os.environ.update"], When::Is(updates_variables)),
        ],
    },
    Check {
        id: "native-library",
        family: "module-loading",
        summary: "A native library is loaded into the process.",
        why: "Loading runs the library's start code at once, and from there on there is no memory safety. Whoever can write the file or \
              influence the path owns the process.",
        neglect: "The library is part of the system or of this package, and is named by a constant or an absolute path.",
        instead: "An extension module in a wheel, or an absolute path next to `__file__`.",
        cwe: &[114],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import ctypes\nlibrary = ctypes.CDLL(path)\n",
            "from ctypes import cdll\ncdll.LoadLibrary(os.environ[\"PLUGIN\"])\n",
            "from cffi import FFI\nffi = FFI()\nffi.dlopen(path)\n",
        ],
        good: &["import ctypes\nnumber = ctypes.c_int(5)\n", "loader.CDLL(path)\n"],
        detect: &[Detect::Call(
            &[
                "ctypes.CDLL",
                "ctypes.PyDLL",
                "ctypes.WinDLL",
                "ctypes.OleDLL",
                "ctypes.cdll.LoadLibrary",
                "ctypes.pydll.LoadLibrary",
                "ctypes.windll.LoadLibrary",
                "ctypes.oledll.LoadLibrary",
                "cffi.FFI().dlopen",
                "numpy.ctypeslib.load_library",
            ],
            When::Is(loads_library),
        )],
    },
    Check {
        id: "native-memory",
        family: "module-loading",
        summary: "Memory is read or written by its address.",
        why: "A wrong length or a freed object is a crash at best and a way to run code at worst: what Python otherwise rules out.",
        neglect: "The address belongs to a buffer that this function made, and the length was taken from it.",
        instead: "`bytes`, `bytearray`, `memoryview` or `struct`.",
        cwe: &[119],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import ctypes\nctypes.memmove(address, data, len(data))\n",
            "from ctypes import string_at\nstring_at(address, size)\n",
        ],
        good: &[
            "import ctypes\nbuffer = ctypes.create_string_buffer(64)\n",
            "view = memoryview(data)[4:8]\n",
        ],
        detect: &[
            Detect::Call(&["ctypes.memmove", "ctypes.memset"], When::Always),
            Detect::Call(&["ctypes.string_at", "ctypes.wstring_at"], When::Is(|_| Some(Confidence::Medium))),
        ],
    },
];

/// Modules whose functions do harm to somebody who did not mean to call them.
const POWERFUL: &[&str] =
    &["builtins", "ctypes", "importlib", "marshal", "os", "pickle", "pty", "shutil", "subprocess", "sys"];

/// Variables that make other programs load code.
const LOADING_VARIABLES: &[&str] = &[
    "BASH_ENV",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "GIT_SSH_COMMAND",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "PERL5OPT",
    "PROMPT_COMMAND",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYOPT",
];

fn reflects_on_module(call: &Call<'_, '_>) -> Option<Confidence> {
    let names = call.module.names();
    let object = call.given("object", 0)?;
    let name = call.given("name", 1)?;
    // Each of several constants is looked at for itself.
    let possible = names.possible(name);
    let is_constant = !possible.open && !possible.constants.is_empty();
    let on_module = names.qualified(object).iter().any(|name| POWERFUL.contains(&name.as_str()));
    (on_module && !is_constant).then(|| names.exposure(name).confidence().max(Confidence::Medium))
}

/// `vars(os)[name]`, `os.__dict__[name]`.
fn looks_into_module(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprSubscript(subscript) = node.node else { return };
    let module = node.module;
    let may_be_table = match &*subscript.value {
        Expr::Attribute(attribute) => {
            attribute.attr.as_str() == "__dict__" || module.tree().is_alias(&attribute.attr)
        }
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) => {
                let name = method.attr.as_str();
                name == "vars" || module.tree().is_alias(name) || module.tree().is_method(name)
            }
            _ => true,
        },
        _ => false,
    };
    if !may_be_table || subscript.ctx.is_store() {
        return;
    }
    let is_table = |thing: &Thing<'_>| match thing {
        Thing::Attributes(of) => matches!(&**of, Thing::Named(name) if POWERFUL.contains(&name.as_str())),
        _ => false,
    };
    let tables = module.names().things(module.value(&subscript.value));
    if tables.iter().any(is_table) && module.constant(&subscript.slice).is_none() {
        hits.at(&*subscript.value, module.names().exposure(module.value(&subscript.slice)).confidence());
    }
}

/// `globals()[name]()`, `globals().get(name)()`, `getattr(module, name)()`, where the name comes from a request.
fn calls_by_request(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprCall(call) = node.node else { return };
    let module = node.module;
    // Before names are followed: of most calls the callee is an attribute.
    let may_be = matches!(&*call.func, Expr::Name(_) | Expr::Call(_) | Expr::Subscript(_));
    if !may_be || !module.names().may_hold_request() {
        return;
    }
    let callees = match &*call.func {
        Expr::Name(name) => module.assigned(name).collect(),
        func => vec![func],
    };
    let is_chosen =
        |name| module.names().is_from_request(module.value(name)) && !begins_as_meant(module, name);
    if callees.into_iter().filter_map(|callee| chosen_name(module, callee)).any(is_chosen) {
        hits.at(&*call.func, Confidence::High);
    }
}

/// Whether a name begins with a written part, as `handle_` does: it is one of those that are meant.
fn begins_as_meant<'a>(module: &Module<'a>, name: &'a Expr) -> bool {
    template_of(module, name).is_some_and(|template| !template.starts_with(HOLE))
}

/// The text by which an expression takes something out of a module, or out of the names of a function.
fn chosen_name<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<&'a Expr> {
    match expr {
        Expr::Subscript(item) => is_names(module, &item.value).then_some(&item.slice),
        Expr::Call(call) => {
            let [first, rest @ ..] = &*call.arguments.args else { return None };
            match &*call.func {
                Expr::Attribute(method)
                    if method.attr.as_str() == "get" && is_names(module, &method.value) =>
                {
                    Some(first)
                }
                func if module.refers_to(func, &["builtins.getattr"]) => {
                    let holds_names = |thing: &Thing<'a>| match thing {
                        Thing::Named(name) => is_module(name),
                        Thing::Globals => true,
                        _ => false,
                    };
                    let things = module.names().things(module.value(first));
                    rest.first().filter(|_| things.iter().any(holds_names))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// `globals()`, `vars(module)`, `module.__dict__`.
fn is_names<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    let is_table = |thing: &Thing<'a>| match thing {
        Thing::Globals => true,
        Thing::Attributes(of) => matches!(&**of, Thing::Named(name) if is_module(name)),
        _ => false,
    };
    module.names().things(module.value(expr)).iter().any(is_table)
}

/// A module, by its name: `sys.modules[name]` is one, too.
fn is_module(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    name.starts_with("sys.modules[")
        || !name.contains(['(', '[', '?']) && last.starts_with(char::is_lowercase)
}

/// Whether this is written as an element or an attribute that is assigned to.
fn is_assigned(node: &Node<'_, '_>) -> bool {
    match node.module.parent(node.node) {
        Some(AnyNodeRef::ExprSubscript(around)) => around.ctx.is_store(),
        Some(AnyNodeRef::ExprAttribute(around)) => around.ctx.is_store(),
        _ => false,
    }
}

/// Whether something is taken out of this very table, and not just the table passed around.
fn is_looked_into(node: &Node<'_, '_>) -> bool {
    let module = node.module;
    let table = match module.parent(node.node) {
        // The same table as a mapping.
        Some(mapping @ AnyNodeRef::ExprAttribute(attribute)) if attribute.attr.as_str() == "__dict__" => {
            mapping
        }
        _ => node.node,
    };
    match module.parent(table) {
        Some(AnyNodeRef::ExprSubscript(_) | AnyNodeRef::ExprAttribute(_)) => true,
        Some(arguments @ AnyNodeRef::Arguments(_)) => match module.parent(arguments) {
            Some(AnyNodeRef::ExprCall(call)) => {
                module.refers_to(&call.func, &["builtins.getattr", "builtins.vars", "operator.getitem"])
            }
            _ => false,
        },
        _ => false,
    }
}

/// Builtins that do nothing by themselves: `__builtins__.list` says as much as `list`, in a class that has a `list` of its own.
const PLAIN_BUILTINS: &[&str] = &[
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "enumerate",
    "float",
    "frozenset",
    "int",
    "len",
    "list",
    "max",
    "min",
    "object",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
];

fn names_plainly(node: &Node<'_, '_>) -> bool {
    matches!(node.module.parent(node.node), Some(AnyNodeRef::ExprAttribute(attribute))
        if PLAIN_BUILTINS.contains(&attribute.attr.as_str()))
}

fn names_builtins(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprName(name) = node.node else { return };
    if name.id.as_str() == "__builtins__" && name.ctx.is_load() && !is_assigned(node) && !names_plainly(node)
    {
        hits.at(name, if is_looked_into(node) { Confidence::Medium } else { Confidence::Low });
    }
}

fn has_builtins(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprAttribute(attribute) = node.node else { return };
    if attribute.attr.as_str() == "__builtins__" && attribute.ctx.is_load() && !is_assigned(node) {
        hits.at(&attribute.attr, if is_looked_into(node) { Confidence::High } else { Confidence::Low });
    }
}

fn looks_up_builtins(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprSubscript(subscript) = node.node else { return };
    let is_number = matches!(&*subscript.slice, Expr::NumberLiteral(_) | Expr::UnaryOp(_) | Expr::Slice(_));
    if !is_number
        && subscript.ctx.is_load()
        && node.module.text(&subscript.slice).as_deref() == Some("__builtins__")
    {
        hits.at(&*subscript.slice, if is_looked_into(node) { Confidence::High } else { Confidence::Low });
    }
}

fn walks_to_subclasses(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprAttribute(attribute) = node.node else { return };
    if attribute.attr.as_str() != "__subclasses__" {
        return;
    }
    let mut base = &*attribute.value;
    loop {
        base = match base {
            Expr::Attribute(inner) if is_step_up(inner.attr.as_str()) => break,
            Expr::Attribute(inner) => &inner.value,
            Expr::Subscript(inner) => &inner.value,
            Expr::Call(inner) => &inner.func,
            Expr::Name(name) if name.id.as_str() == "object" => break,
            _ => return,
        };
    }
    hits.at(&attribute.attr, Confidence::High);
}

fn is_step_up(attr: &str) -> bool {
    matches!(attr, "__class__" | "__base__" | "__bases__" | "__mro__" | "mro")
}

fn foreign_folder(call: &Call<'_, '_>, position: usize) -> Option<Confidence> {
    match call.positional(position) {
        Argument::Given(value) => folder_confidence(call.module, value),
        Argument::Unknown => Some(Confidence::Low),
        Argument::Absent => None,
    }
}

/// A folder beside this very file is a part of the program; a relative or public one is anybody's.
fn folder_confidence<'a>(module: &Module<'a>, value: Value<'a>) -> Option<Confidence> {
    let is_shared = |text: &str| {
        text.is_empty() || text == "." || text.starts_with("/tmp") || text.starts_with("/var/tmp")
    };
    match module.names().constant(value) {
        Some(Constant::Str(text)) if is_shared(&text) => return Some(Confidence::High),
        Some(_) => return Some(Confidence::Low),
        None => {}
    }
    if is_beside_this_file(module, value.expr) {
        return Some(Confidence::Low);
    }
    match module.names().exposure(value) {
        Exposure::Input | Exposure::Request => Some(Confidence::High),
        _ => Some(Confidence::Medium),
    }
}

/// Whether `__file__` is a part of an expression, or of what a name in it was assigned.
fn is_beside_this_file<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    commands::mentions(
        module,
        expr,
        &|node| matches!(node, AnyNodeRef::ExprName(name) if name.id.as_str() == "__file__"),
    )
}

/// A module that replaces itself is a known way to make its attributes lazy.
fn replaces_module(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    let AnyNodeRef::ExprSubscript(target) = assignment.target else { return Some(Confidence::Medium) };
    (!is_own_name(assignment.module, &target.slice)).then_some(Confidence::Medium)
}

/// Whether an expression is the name of this very module: what replaces it changes no other import.
fn is_own_name<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    let Expr::Name(name) = expr else { return false };
    let tree = module.tree();
    name.id.as_str() == "__name__" && tree.scope_binding(tree.scope_of(tree.id(name)), "__name__").is_none()
}

fn sets_variable(call: &Call<'_, '_>) -> Option<Confidence> {
    let name = call.text("key", 0)?;
    variable_confidence(call.module, &name, call.given("value", 1)?)
}

fn updates_variables(call: &Call<'_, '_>) -> Option<Confidence> {
    let module = call.module;
    let Argument::Given(variables) = call.positional(0) else { return None };
    module.names().things(variables).iter().find_map(|thing| match thing {
        Thing::Value(Value { expr: Expr::Dict(dict), scope }) => dict.items.iter().find_map(|item| {
            let name = module.text(item.key.as_ref()?)?;
            variable_confidence(module, &name, Value { expr: &item.value, scope: *scope })
        }),
        _ => None,
    })
}

/// A list of absolute folders for `PATH` is what this check asks for.
fn variable_confidence<'a>(module: &Module<'a>, name: &str, value: Value<'a>) -> Option<Confidence> {
    let constant = module.names().constant(value);
    if name == "PATH" {
        return match constant {
            Some(Constant::Str(text)) => {
                let is_absolute =
                    |folder: &str| folder.starts_with(['/', '\\', '%', '$']) || folder.contains(":\\");
                let all_absolute = text.split(':').all(is_absolute) || text.split(';').all(is_absolute);
                (!all_absolute).then_some(Confidence::High)
            }
            _ => Some(Confidence::Medium),
        };
    }
    LOADING_VARIABLES.contains(&name).then_some(if constant.is_some() {
        Confidence::Medium
    } else {
        Confidence::High
    })
}

/// The C library itself, and what the system's search finds under a constant name.
fn loads_library(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.handed_on {
        return None;
    }
    let found_by_system = call.refers_to("name", 0, &["ctypes.util.find_library()"]);
    Some(if found_by_system { Confidence::Low } else { call.exposure_of("name", 0).confidence() })
}
