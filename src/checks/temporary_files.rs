use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind, Operator};

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Hits, Node, Truth};

pub const FAMILY: Family = Family { id: "temporary-files", title: "Temporary files", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "mktemp",
        family: "temporary-files",
        summary: "This gives the name of a temporary file without creating it.",
        why: "Until the program creates the file, somebody else can do so under the same name, or put a symbolic link \
              there.",
        neglect: "The name is used for something that is no file, or in a folder that is private already.",
        instead: "`tempfile.NamedTemporaryFile()` or `tempfile.mkstemp()`, which create the file for its owner alone.",
        cwe: &[377],
        severity: Severity::Medium,
        aliases: &["bandit:B306", "ruff:S306", "codeaudit:tempfile.mktemp"],
        bad: &[
            "import tempfile\npath = tempfile.mktemp()\n",
            "from os import tempnam\nname = tempnam(folder)\n",
        ],
        good: &["import tempfile\nhandle, path = tempfile.mkstemp()\n", "path = factory.mktemp(\"data\")\n"],
        detect: &[Detect::Call(&["tempfile.mktemp", "os.tempnam", "os.tmpnam"], When::Always)],
    },
    Check {
        id: "hardcoded-temp-path",
        family: "temporary-files",
        summary: "The path of a file in a shared temporary folder is written into the program.",
        why: "Everybody on the machine can create that path first, as a file of their own or as a link to another one.",
        neglect: "The path is in a container or in a test, or belongs to another program's interface.",
        instead: "`tempfile.TemporaryDirectory()` or `tempfile.NamedTemporaryFile(prefix=…)`.",
        cwe: &[377],
        severity: Severity::Low,
        aliases: &["bandit:B108", "ruff:S108"],
        bad: &[
            "with open(\"/tmp/report.txt\", \"w\") as out:\n    out.write(text)\n",
            "LOCK = \"/var/tmp/app.lock\"\n",
            "path = f\"/dev/shm/{name}\"\n",
        ],
        good: &[
            "import tempfile\nwith tempfile.NamedTemporaryFile() as out:\n    out.write(text)\n",
            "if path.startswith(\"/tmp/\"):\n    skip(path)\n",
            "url = \"/tmpl/page\"\n",
            "def f():\n    \"\"\"/tmp/x is not used.\"\"\"\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprStringLiteral, NodeKind::ExprFString], shared_path)],
    },
    Check {
        id: "predictable-temp-file",
        family: "temporary-files",
        summary: "A fixed name is joined to the shared temporary folder.",
        why: "Everybody on the machine can create that file first, or put a link to another one there.",
        neglect: "The file is opened so that it must be new (mode `x`), or its folder is private.",
        instead: "`tempfile.NamedTemporaryFile(prefix=\"report-\")` or `tempfile.mkdtemp()`.",
        cwe: &[377],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import os, tempfile\npath = os.path.join(tempfile.gettempdir(), \"report.txt\")\n",
            "import tempfile\npath = tempfile.gettempdir() + \"/report.txt\"\n",
            "from pathlib import Path\nfrom tempfile import gettempdir\npath = Path(gettempdir()) / \"report.txt\"\n",
        ],
        good: &[
            "import os, tempfile\npath = os.path.join(tempfile.mkdtemp(), \"report.txt\")\n",
            "import os, tempfile\npath = os.path.join(tempfile.gettempdir(), str(uuid4()))\n",
        ],
        detect: &[
            Detect::Call(&["os.path.join", "pathlib.Path"], When::Is(joined_to_shared)),
            Detect::Node(&[NodeKind::ExprBinOp], added_to_shared),
        ],
    },
    Check {
        id: "leftover-temp-file",
        family: "temporary-files",
        summary: "The temporary file stays when it is closed.",
        why: "What was written to it can be read later by whoever gets at the folder, and the disk fills up.",
        neglect: "The program removes the file itself on every way out.",
        instead: "`delete=True`, or `delete_on_close=False` from Python 3.12 on, within a `with`.",
        cwe: &[377, 459],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import tempfile\nout = tempfile.NamedTemporaryFile(delete=False)\n",
            "from tempfile import NamedTemporaryFile\nout = NamedTemporaryFile(\"w\", suffix=\".txt\", delete=0)\n",
        ],
        good: &[
            "import tempfile\nout = tempfile.NamedTemporaryFile()\n",
            "import tempfile\nout = tempfile.NamedTemporaryFile(delete=keep is None)\n",
        ],
        detect: &[Detect::Call(&["tempfile.NamedTemporaryFile"], When::Is(stays))],
    },
];

/// Folders in which every user of a machine may create files.
const SHARED: &[&str] = &["/tmp", "/var/tmp", "/dev/shm"];

fn is_in_shared_folder(path: &str) -> bool {
    let inside = |rest: &str| rest.starts_with('/') && rest.len() > 1;
    SHARED.iter().any(|folder| path.strip_prefix(folder).is_some_and(inside))
}

fn shared_path(node: &Node<'_, '_>, hits: &mut Hits) {
    let found = match node.node {
        AnyNodeRef::ExprStringLiteral(text) => is_in_shared_folder(text.value.to_str()),
        AnyNodeRef::ExprFString(text) => begins_in_shared_folder(text),
        _ => false,
    };
    if found && !is_only_looked_at(node) {
        hits.at(node.node, Confidence::Medium);
    }
}

fn begins_in_shared_folder(text: &ast::ExprFString) -> bool {
    let mut elements = text.value.elements();
    let Some(ast::InterpolatedStringElement::Literal(first)) = elements.next() else { return false };
    is_in_shared_folder(&first.value)
        || elements.next().is_some() && SHARED.contains(&first.value.trim_end_matches('/'))
}

/// A text that is compared, looked up or searched for, a docstring, and the parts of a longer text.
fn is_only_looked_at(node: &Node<'_, '_>) -> bool {
    let Some(parent) = node.module.parent(node.node) else { return true };
    match parent {
        AnyNodeRef::ExprCompare(_) | AnyNodeRef::StmtExpr(_) | AnyNodeRef::ExprSubscript(_) => true,
        AnyNodeRef::Arguments(_) => node.module.parent(parent).is_some_and(|call| match call {
            AnyNodeRef::ExprCall(call) => match &*call.func {
                Expr::Attribute(method) => {
                    matches!(
                        method.attr.as_str(),
                        "startswith" | "endswith" | "replace" | "removeprefix" | "strip"
                    )
                }
                _ => false,
            },
            _ => false,
        }),
        _ => false,
    }
}

fn joined_to_shared(call: &Call<'_, '_>) -> Option<Confidence> {
    let mut parts = call.all_given();
    let first = parts.next()?;
    let shared = call.module.names().qualified(first).iter().any(|name| name == "tempfile.gettempdir()");
    let parts: Vec<_> = parts.collect();
    let fixed = !parts.is_empty() && parts.iter().all(|part| call.module.names().constant(*part).is_some());
    (shared && fixed && !call.hides_arguments()).then_some(Confidence::High)
}

fn added_to_shared(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprBinOp(sum) = node.node else { return };
    if !matches!(sum.op, Operator::Add | Operator::Div) || !is_shared_folder(node, &sum.left) {
        return;
    }
    if node.module.text(&sum.right).is_some() {
        hits.at(node.node, Confidence::High);
    }
}

fn is_shared_folder<'a>(node: &Node<'_, 'a>, expr: &'a Expr) -> bool {
    let Expr::Call(call) = expr else { return node.module.refers_to(expr, &["tempfile.gettempdir()"]) };
    let of_path = node.module.refers_to(&call.func, &["pathlib.Path"]);
    match call.arguments.args.first() {
        Some(inner) if of_path => node.module.refers_to(inner, &["tempfile.gettempdir()"]),
        _ => node.module.refers_to(expr, &["tempfile.gettempdir()"]),
    }
}

fn stays(call: &Call<'_, '_>) -> Option<Confidence> {
    (call.truth("delete", 7) == Truth::False).then_some(Confidence::High)
}
