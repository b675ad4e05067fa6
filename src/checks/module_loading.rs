use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};

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
            Detect::Call(
                &["imp.load_source", "imp.load_compiled", "imp.load_dynamic"],
                When::Argument("pathname", 1),
            ),
            Detect::Call(&["zipimport.zipimporter"], When::Argument("archivepath", 0)),
        ],
    },
];
