use std::cell::Cell;

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Operator};
use ruff_text_size::{Ranged, TextRange};

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Exposure, Harm, Module, Value};

pub const FAMILY: Family = Family { id: "filesystem", title: "Files and folders", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "os-access",
        family: "filesystem",
        summary: "`os.access` asks about a file that can be another one by the time it is used.",
        why: "Between the question and the use somebody else can replace the file, for example by a symbolic link. \
              `os.access` also asks for the real user, not for the one whose rights the program has.",
        neglect: "The answer is only shown to a person, or the folder can be written by this program alone.",
        instead: "`try: open(path)` and handle `PermissionError`: the use itself is the question.",
        cwe: &[367],
        severity: Severity::Low,
        aliases: &["codeaudit:os.access"],
        bad: &[
            "import os\nif os.access(path, os.R_OK):\n    text = open(path).read()\n",
            "from os import access, W_OK\nwritable = access(target, W_OK)\n",
        ],
        good: &[
            "try:\n    text = open(path).read()\nexcept PermissionError:\n    text = \"\"\n",
            "granted = policy.access(path, user)\n",
        ],
        detect: &[Detect::Call(&["os.access"], When::Is(medium))],
    },
    Check {
        id: "check-then-open",
        family: "filesystem",
        summary: "A file is opened after a question whether it exists; it can have changed in between.",
        why: "Whoever can write to the folder can put another file or a symbolic link there between the two steps.",
        neglect: "Nobody else can write to the folder, as in a build step or in a user's own configuration.",
        instead: "`open(path)` and handle `FileNotFoundError`; `open(path, \"x\")` to create a file that must be new.",
        cwe: &[367],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import os\nif os.path.exists(path):\n    text = open(path).read()\n",
            "import os\nif not os.path.isfile(path):\n    with open(path, \"w\") as out:\n        out.write(text)\n",
            "from pathlib import Path\ndef load(path: Path):\n    if path.exists():\n        return path.open()\n",
        ],
        good: &[
            "import os\nif os.path.exists(folder):\n    text = open(path).read()\n",
            "import os\nfound = [path for path in paths if os.path.exists(path)]\n",
        ],
        detect: &[Detect::Call(
            &[
                "os.path.exists",
                "os.path.lexists",
                "os.path.isfile",
                "os.path.islink",
                "pathlib.Path().exists",
                "pathlib.Path().is_file",
                "pathlib.Path().is_symlink",
            ],
            When::Is(then_opened),
        )],
    },
    Check {
        id: "permissive-mode",
        family: "filesystem",
        summary: "The mode lets every user of the machine write to the file, or runs it with its owner's rights.",
        why: "Any other account or service on the machine can then change the file, and with it what this program \
              reads or runs.",
        neglect: "The mode is masked elsewhere, or the machine has one user only, as in a container.",
        instead: "`os.chmod(path, 0o600)` for data, `0o644` for what others may read, `0o755` for programs.",
        cwe: &[732],
        severity: Severity::Medium,
        aliases: &["bandit:B103", "ruff:S103", "codeaudit:os.chmod"],
        bad: &[
            "import os\nos.chmod(path, 0o777)\n",
            "import os, stat\nos.chmod(path, stat.S_IRUSR | stat.S_IWOTH)\n",
            "from pathlib import Path\nPath(\"run.sh\").chmod(0o666)\n",
            "import os\nos.chmod(path, mode)\n",
            "import os\nos.chmod(helper, 0o4755)\n",
        ],
        good: &[
            "import os\nos.chmod(path, 0o755)\n",
            "import os, stat\nos.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)\n",
            "import os\nos.makedirs(\"cache\", mode=0o700)\n",
        ],
        detect: &[
            Detect::Call(&["os.chmod", "os.fchmod", "os.lchmod"], When::Is(permissive_change)),
            Detect::Call(
                &["pathlib.Path().chmod", "pathlib.Path().lchmod"],
                When::Is(permissive_path_change),
            ),
            Detect::Call(
                &["os.mkdir", "os.makedirs", "os.mkfifo", "os.mknod", "os.open"],
                When::Is(permissive_creation),
            ),
            Detect::Call(
                &["pathlib.Path().mkdir", "pathlib.Path().touch"],
                When::Is(permissive_path_creation),
            ),
        ],
    },
    Check {
        id: "umask-zero",
        family: "filesystem",
        summary: "With this umask, files that the program creates can be written by every user of the machine.",
        why: "The mask is what keeps the default mode `0o666` of new files from being in force.",
        neglect: "The mask is only read this way and restored in the next line.",
        instead: "`os.umask(0o077)` for private files, `0o022` for files that others may read.",
        cwe: &[276],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["import os\nos.umask(0)\n", "import os\nos.umask(0o000)\n", "import os\nos.umask(0o770)\n"],
        good: &["import os\nos.umask(0o077)\n", "import os\nos.umask(0o022)\n"],
        detect: &[Detect::Call(&["os.umask"], When::Is(masks_nothing))],
    },
    Check {
        id: "make-directory",
        family: "filesystem",
        summary: "A folder is created at a path that is not a constant.",
        why: "A path from outside can hold `..` or be absolute: the folder then lies elsewhere, and many of them \
              fill the disk.",
        neglect: "The path comes from the program's own configuration.",
        instead: "Resolve the path and test it first: `target.resolve().is_relative_to(root)`.",
        cwe: &[22],
        severity: Severity::Low,
        aliases: &["codeaudit:os.makedirs", "codeaudit:os.mkdir"],
        bad: &["import os\nos.makedirs(path)\n", "import os\nos.mkdir(f\"/srv/{user}\")\n"],
        good: &["driver.makedirs(path)\n", "import tempfile\nfolder = tempfile.mkdtemp()\n"],
        detect: &[Detect::Call(&["os.makedirs", "os.mkdir"], When::Is(about_a_path))],
    },
    Check {
        id: "device-node",
        family: "filesystem",
        summary: "A named pipe or a device node is created.",
        why: "A device node gives access to a device beside the usual permissions, and a pipe at a known path can be \
              taken over by another program.",
        neglect: "The program sets up a system or a container and runs with those rights on purpose.",
        instead: "A pipe in a private folder: `os.mkfifo(os.path.join(tempfile.mkdtemp(), \"pipe\"), 0o600)`.",
        cwe: &[22, 732],
        severity: Severity::Low,
        aliases: &["codeaudit:os.mkfifo", "codeaudit:os.mknod", "codeaudit:os.makedev"],
        bad: &["import os\nos.mkfifo(path)\n", "import os\nos.mknod(path, 0o600, os.makedev(1, 3))\n"],
        good: &["import os\nreader, writer = os.pipe()\n", "tree.mknod(path)\n"],
        detect: &[Detect::Call(&["os.mkfifo", "os.mknod", "os.makedev"], When::Dynamic)],
    },
    Check {
        id: "file-copy",
        family: "filesystem",
        summary: "A file or folder is copied from or to a path that is not a constant.",
        why: "A path from outside can point anywhere, and `shutil` follows symbolic links: a private file can be \
              copied to where others read it, or a file of the program be overwritten.",
        neglect: "Both paths come from the program itself.",
        instead: "Test both resolved paths first; `shutil.copytree(source, target, symlinks=True)` keeps links links.",
        cwe: &[22],
        severity: Severity::Low,
        aliases: &["codeaudit:shutil.copy", "codeaudit:shutil.copy2", "codeaudit:shutil.copytree"],
        bad: &[
            "import shutil\nshutil.copy(upload, target)\n",
            "from shutil import copytree\ncopytree(source, target)\n",
        ],
        good: &["import copy\nother = copy.copy(value)\n", "frame = frame.copy(deep)\n"],
        detect: &[Detect::Call(
            &["shutil.copy", "shutil.copy2", "shutil.copytree", "shutil.copyfile"],
            When::Is(about_a_path),
        )],
    },
    Check {
        id: "ownership-change",
        family: "filesystem",
        summary: "The owner of a file is changed.",
        why: "With a path from outside, or one that is a symbolic link, a file of the system can be given away.",
        neglect: "The path is fixed and its folder can be written by root only, as in an installer.",
        instead: "Open the file without following links and use its descriptor: \
                  `os.fchown(os.open(path, os.O_NOFOLLOW), uid, gid)`.",
        cwe: &[732, 59],
        severity: Severity::Medium,
        aliases: &["codeaudit:shutil.chown"],
        bad: &["import shutil\nshutil.chown(path, user)\n", "import os\nos.chown(path, uid, gid)\n"],
        good: &["import os\nowner = os.stat(path).st_uid\n", "container.chown(path, uid)\n"],
        detect: &[Detect::Call(&["shutil.chown", "os.chown", "os.lchown"], When::Dynamic)],
    },
    Check {
        id: "recursive-delete",
        family: "filesystem",
        summary: "`shutil.rmtree` deletes a whole folder at a path that is not a constant.",
        why: "With a path from outside, or one that is empty by mistake, it deletes what was never meant.",
        neglect: "The folder was made by the program itself, as a temporary one.",
        instead: "`with tempfile.TemporaryDirectory() as folder:`, or test the resolved path against its root first.",
        cwe: &[22],
        severity: Severity::Medium,
        aliases: &["codeaudit:shutil.rmtree"],
        bad: &[
            "import shutil\nshutil.rmtree(path)\n",
            "from shutil import rmtree\nrmtree(base + name, ignore_errors=True)\n",
        ],
        good: &[
            "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    work(folder)\n",
            "storage.rmtree(path)\n",
        ],
        detect: &[Detect::Call(&["shutil.rmtree"], When::Is(about_a_path))],
    },
    Check {
        id: "file-removal",
        family: "filesystem",
        summary: "A file is deleted or renamed at a path that somebody outside chooses.",
        why: "A path with `..` or an absolute one reaches any file that the program may change.",
        neglect: "The one who gives the path has the same rights anyway, as in a command-line tool.",
        instead: "Take the last part of the name only and join it to a fixed folder; test `is_relative_to(root)`.",
        cwe: &[22, 59],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import os\nfrom flask import request\nos.remove(request.args[\"file\"])\n",
            "import os, sys\nos.rename(sys.argv[1], \"/srv/data\")\n",
        ],
        good: &["import os\nos.remove(path)\n", "import os\nos.replace(path + \".new\", path)\n"],
        detect: &[Detect::Call(
            &["os.remove", "os.unlink", "os.rename", "os.replace", "os.renames", "os.removedirs", "os.rmdir"],
            When::Is(on_input),
        )],
    },
    Check {
        id: "link-creation",
        family: "filesystem",
        summary: "A link to a file is created.",
        why: "Whoever has an influence on the target of a link makes the program, or the next one, read and write \
              there.",
        neglect: "Both paths come from the program itself.",
        instead: "Copy the file, or test the resolved target against its root first.",
        cwe: &[59],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import os\nos.symlink(source, target)\n",
            "from pathlib import Path\nPath(name).symlink_to(source)\n",
        ],
        good: &["import os\nos.symlink(\"python3.13\", \"python\")\n", "graph.link(first, second)\n"],
        detect: &[Detect::Call(
            &["os.symlink", "os.link", "pathlib.Path().symlink_to", "pathlib.Path().hardlink_to"],
            When::Is(unless_constant),
        )],
    },
    Check {
        id: "privilege-change",
        family: "filesystem",
        summary: "The process changes its user, its groups or its root folder.",
        why: "In the wrong order the rights stay: groups first, then the group, then the user. After `chroot` without \
              `chdir` the old root is still within reach.",
        neglect: "The order is right and the result is tested.",
        instead: "`subprocess.run(command, user=…, group=…, extra_groups=[])`, or a service manager that does it.",
        cwe: &[250, 273],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["import os\nos.setuid(uid)\n", "import os\nos.chroot(\"/srv/jail\")\n"],
        good: &[
            "import os\nuid = os.getuid()\n",
            "import subprocess\nsubprocess.run([\"id\"], user=\"nobody\", extra_groups=[])\n",
        ],
        detect: &[Detect::Call(
            &[
                "os.setuid",
                "os.setgid",
                "os.seteuid",
                "os.setegid",
                "os.setreuid",
                "os.setregid",
                "os.setresuid",
                "os.setresgid",
                "os.setgroups",
                "os.initgroups",
                "os.chroot",
            ],
            When::Is(medium),
        )],
    },
    Check {
        id: "path-traversal",
        family: "filesystem",
        summary: "A request chooses which file is opened, sent, moved or deleted.",
        why: "With `../` or an absolute path the request reaches any file that the program may read, write or delete.",
        neglect: "The path was tested against its root in a way that cannot be seen here.",
        instead: "`flask.send_from_directory(root, name)`, or `(root / name).resolve().is_relative_to(root)` first.",
        cwe: &[22],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from flask import request\ntext = open(request.args[\"page\"]).read()\n",
            "from flask import request, send_file\ndef download():\n    return send_file(\"files/\" + request.args[\"name\"])\n",
        ],
        good: &[
            "from flask import request, send_from_directory\ndef download():\n    return send_from_directory(\"files\", request.args[\"name\"])\n",
            "from flask import request\nfrom werkzeug.utils import secure_filename\ntext = open(\"pages/\" + secure_filename(request.args[\"page\"])).read()\n",
            "import sys\ntext = open(sys.argv[1]).read()\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "builtins.open",
                    "os.open",
                    "codecs.open",
                    "aiofiles.open",
                    "flask.send_file",
                    "django.http.FileResponse",
                    "fastapi.responses.FileResponse",
                    "os.listdir",
                    "os.remove",
                    "os.removedirs",
                    "os.rmdir",
                    "os.scandir",
                    "os.unlink",
                    "shutil.rmtree",
                ],
                When::Is(path_from_request),
            ),
            Detect::Call(
                &[
                    "os.rename",
                    "os.renames",
                    "os.replace",
                    "shutil.copy",
                    "shutil.copy2",
                    "shutil.copyfile",
                    "shutil.copytree",
                    "shutil.move",
                ],
                When::Is(either_path_from_request),
            ),
            Detect::Call(
                &["flask.send_from_directory", "flask.helpers.send_from_directory"],
                When::Is(|call| folder_from_request(call, call.given("directory", 0)?)),
            ),
            Detect::Call(
                &[
                    "pathlib.Path().read_text",
                    "pathlib.Path().read_bytes",
                    "pathlib.Path().write_text",
                    "pathlib.Path().write_bytes",
                    "pathlib.Path().open",
                    "pathlib.Path().unlink",
                ],
                When::Is(receiver_from_request),
            ),
        ],
    },
    Check {
        id: "path-probe",
        family: "filesystem",
        summary: "A request chooses of which file it is asked whether it exists.",
        why: "With `../` or an absolute path the answer tells which files, programs and users this machine has, even \
              where none of them is opened.",
        neglect: "The path was tested against its root in a way that cannot be seen here.",
        instead: "`werkzeug.utils.safe_join(root, name)`, or `(root / name).resolve().is_relative_to(root)` first.",
        cwe: &[22],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import os\nfrom flask import request\nfound = os.path.exists(\"files/\" + request.args[\"name\"])\n",
            "from pathlib import Path\nfrom flask import request\npath = Path(\"files\") / request.args[\"name\"]\nfound = path.is_file()\n",
        ],
        good: &[
            "import os\nfrom flask import request\nfrom werkzeug.utils import secure_filename\nfound = os.path.exists(\"files/\" + secure_filename(request.args[\"name\"]))\n",
            "import os\nfound = os.path.exists(\"files/\" + name)\n",
        ],
        detect: &[
            Detect::Call(
                &["os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize", "os.stat"],
                When::Is(path_from_request),
            ),
            Detect::Call(
                &[
                    "pathlib.Path().exists",
                    "pathlib.Path().is_file",
                    "pathlib.Path().is_dir",
                    "pathlib.Path().stat",
                ],
                When::Is(receiver_from_request),
            ),
        ],
    },
    Check {
        id: "upload-original-name",
        family: "filesystem",
        summary: "An uploaded file is saved under the name that the sender gave it.",
        why: "The name can hold `../`, or end in `.py` or `.html`: the upload lands where it is run or shown.",
        neglect: "The name was cleaned before it was put into `filename`.",
        instead: "`upload.save(os.path.join(folder, werkzeug.utils.secure_filename(upload.filename)))`, or a name of your own.",
        cwe: &[434, 22],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import os\nfrom flask import request\nupload = request.files[\"file\"]\nupload.save(os.path.join(\"uploads\", upload.filename))\n",
            "def receive(upload):\n    upload.save(f\"uploads/{upload.filename}\")\n",
        ],
        good: &[
            "from flask import request\nfrom werkzeug.utils import secure_filename\nupload = request.files[\"file\"]\nupload.save(\"uploads/\" + secure_filename(upload.filename))\n",
            "figure.save(\"plots/\" + name)\n",
        ],
        detect: &[Detect::Call(
            &["?.save", "flask.request.files[].save", "flask.request.files.get().save"],
            When::Is(saved_under_its_own_name),
        )],
    },
];

/// How many parts of a path, and of what is assigned to them, are looked at.
const MAX_PARTS: u32 = 100;

/// How far the body of an `if` is searched for an `open`.
const MAX_SEARCH: usize = 2_000;

/// The bit of a mode that lets everybody write.
const OTHERS_WRITE: i64 = 0o002;

/// The bits of a mode that run a file with the rights of its owner or group.
const SET_ID: i64 = 0o6000;

fn medium(_: &Call<'_, '_>) -> Option<Confidence> {
    Some(Confidence::Medium)
}

fn unless_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    (!call.is_constant()).then_some(Confidence::Medium)
}

fn on_input(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.exposure() {
        Exposure::Request => Some(Confidence::High),
        Exposure::Input => Some(Confidence::Medium),
        _ => None,
    }
}

/// Paths that the program made itself, in a temporary folder, are no concern.
fn about_a_path(call: &Call<'_, '_>) -> Option<Confidence> {
    let own = call
        .all_given()
        .any(|value| call.module.names().qualified(value).iter().any(|name| name.starts_with("tempfile.")));
    Some(if own { Confidence::Low } else { call.exposure().confidence() })
}

/// Whether the statement that asks about a path opens the same path, within or behind it.
fn then_opened(call: &Call<'_, '_>) -> Option<Confidence> {
    let AnyNodeRef::ExprCall(question) = call.node else { return None };
    let path = path_asked_about(question)?;
    let branch = call.module.ancestors(call.node).find_map(|node| match node {
        AnyNodeRef::StmtIf(branch) => Some(branch),
        _ => None,
    })?;
    if !branch.test.range().contains_range(question.range()) {
        return None;
    }
    let tree = call.module.tree();
    let opened =
        tree.descendants(tree.id(branch)).take(MAX_SEARCH).any(|node| opens(call.module, node, path));
    opened.then_some(Confidence::Medium)
}

fn path_asked_about(question: &ast::ExprCall) -> Option<&Expr> {
    let path = match question.arguments.args.first() {
        Some(path) => path,
        None => &*question.func.as_attribute_expr()?.value,
    };
    matches!(path, Expr::Name(_) | Expr::Attribute(_)).then_some(path)
}

fn opens(module: &Module<'_>, node: AnyNodeRef<'_>, path: &Expr) -> bool {
    let AnyNodeRef::ExprCall(call) = node else { return false };
    let same = |expr: &Expr| module.file().text()[expr.range()] == module.file().text()[path.range()];
    match &*call.func {
        Expr::Name(name) if name.id.as_str() == "open" => call.arguments.args.first().is_some_and(same),
        Expr::Attribute(method) => {
            matches!(method.attr.as_str(), "open" | "read_text" | "read_bytes" | "write_text" | "write_bytes")
                && same(&method.value)
        }
        _ => false,
    }
}

fn permissive_change(call: &Call<'_, '_>) -> Option<Confidence> {
    permissive(call, call.argument("mode", 1), Some(Confidence::Low))
}

fn permissive_path_change(call: &Call<'_, '_>) -> Option<Confidence> {
    permissive(call, call.argument("mode", 0), None)
}

fn permissive_creation(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = if call.name == "os.open" { 2 } else { 1 };
    permissive(call, call.argument("mode", position), None)
}

fn permissive_path_creation(call: &Call<'_, '_>) -> Option<Confidence> {
    permissive(call, call.argument("mode", 0), None)
}

/// `otherwise` is the answer for a mode of which nothing can be seen.
fn permissive<'a>(
    call: &Call<'_, 'a>,
    mode: Argument<'a>,
    otherwise: Option<Confidence>,
) -> Option<Confidence> {
    match mode {
        Argument::Absent => None,
        Argument::Unknown => otherwise,
        Argument::Given(mode) => match bits(call.module, mode) {
            Some(bits) if bits & (OTHERS_WRITE | SET_ID) != 0 => Some(Confidence::High),
            Some(_) => None,
            None => otherwise,
        },
    }
}

/// The bits that a mode certainly has, as far as constants of the source and of `stat` tell; none when nothing tells.
fn bits<'a>(module: &Module<'a>, mode: Value<'a>) -> Option<i64> {
    if let Some(constant) = module.names().constant(mode) {
        return constant.as_int();
    }
    let mut known = None;
    let mut rest = mode.expr;
    while let Expr::BinOp(union) = rest {
        if union.op != Operator::BitOr {
            return known;
        }
        known = either(known, single_bits(module, &union.right));
        rest = &union.left;
    }
    either(known, single_bits(module, rest))
}

fn either(first: Option<i64>, second: Option<i64>) -> Option<i64> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first | second),
        (one, None) | (None, one) => one,
    }
}

fn single_bits<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<i64> {
    if let Some(constant) = module.constant(expr) {
        return constant.as_int();
    }
    module.qualified(expr).iter().find_map(|name| {
        Some(match name.strip_prefix("stat.")? {
            "S_IRWXO" => 0o007,
            "S_IROTH" => 0o004,
            "S_IWOTH" => 0o002,
            "S_IXOTH" => 0o001,
            "S_ISUID" => 0o4000,
            "S_ISGID" => 0o2000,
            "S_ISVTX" => 0o1000,
            other if other.starts_with("S_I") && other.ends_with(['G', 'U', 'P', 'R']) => 0,
            _ => return None,
        })
    })
}

/// A mask that is read by setting another one and kept to be restored is only asked for.
fn masks_nothing(call: &Call<'_, '_>) -> Option<Confidence> {
    let mask = call.constant("mask", 0)?.as_int()?;
    if mask & OTHERS_WRITE != 0 {
        return None;
    }
    let kept = matches!(call.module.parent(call.node), Some(AnyNodeRef::StmtAssign(_)));
    Some(if kept { Confidence::Low } else { Confidence::High })
}

fn path_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let path = call.given("file", 0).or_else(|| call.given("path", 0))?;
    if call.name == "flask.send_file" && is_content(call.module, path.expr) {
        return None;
    }
    // The last part alone can be `..`, which is a folder.
    let is_folder = matches!(
        call.name.as_str(),
        "os.listdir" | "os.removedirs" | "os.rmdir" | "os.scandir" | "shutil.rmtree"
    );
    if is_folder { folder_from_request(call, path) } else { file_from_request(call, path) }
}

fn folder_from_request<'a>(call: &Call<'_, 'a>, path: Value<'a>) -> Option<Confidence> {
    call.module.names().is_from_request_to(Harm::Parents, path).then_some(Confidence::High)
}

fn either_path_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let paths = [call.given("src", 0), call.given("dst", 1)];
    paths.into_iter().flatten().find_map(|path| file_from_request(call, path))
}

fn file_from_request<'a>(call: &Call<'_, 'a>, path: Value<'a>) -> Option<Confidence> {
    from_request(call, path).filter(|_| !chooses_file_only(call.module, path.expr, &Cell::new(MAX_PARTS)))
}

fn from_request<'a>(call: &Call<'_, 'a>, path: Value<'a>) -> Option<Confidence> {
    call.module.names().is_from_request_to(Harm::File, path).then_some(Confidence::High)
}

/// Whether what is sent is held in memory, and no path.
fn is_content<'a>(module: &Module<'a>, sent: &'a Expr) -> bool {
    module.is_only(sent, &["io.BytesIO()", "io.StringIO()"])
}

/// Whether a request chooses the last part of a path and nothing before it: a file of one folder.
fn chooses_file_only<'a>(module: &Module<'a>, path: &'a Expr, parts_left: &Cell<u32>) -> bool {
    parts_left.set(parts_left.get().saturating_sub(1));
    if parts_left.get() == 0 {
        return false;
    }
    let inside = |expr: &'a Expr| chooses_file_only(module, expr, parts_left);
    let is_own = |expr: &'a Expr| !module.names().is_from_request_to(Harm::Parents, module.value(expr));
    match path {
        Expr::Name(name) => module.only_assigned(name).is_some_and(|held| held.into_iter().all(inside)),
        Expr::Call(call) if !call.arguments.keywords.is_empty() => false,
        Expr::Call(call) if module.is_only(&call.func, &["os.path.basename"]) => true,
        Expr::Call(call) if module.is_only(&call.func, &["os.path.join", "pathlib.Path"]) => {
            let [before @ .., last] = &*call.arguments.args else { return false };
            !last.is_starred_expr() && before.iter().all(is_own) && inside(last)
        }
        Expr::Subscript(item) => {
            let split = item.value.as_call_expr().map(|call| &*call.func);
            split.is_some_and(|func| module.is_only(func, &["os.path.split"]))
                && matches!(module.constant(&item.slice), Some(Constant::Int(1 | -1)))
        }
        Expr::Attribute(part) if part.attr.as_str() == "name" => part
            .value
            .as_call_expr()
            .is_some_and(|call| module.is_only(&call.func, &["pathlib.Path", "pathlib.PurePath"])),
        Expr::BinOp(ast::ExprBinOp { left, op: Operator::Add | Operator::Div, right, .. }) => {
            is_own(left) && inside(right)
        }
        _ => false,
    }
}

fn receiver_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let AnyNodeRef::ExprCall(method) = call.node else { return None };
    let receiver = &*method.func.as_attribute_expr()?.value;
    if chooses_file_only(call.module, receiver, &Cell::new(MAX_PARTS)) {
        return None;
    }
    let Expr::Call(path) = receiver else { return from_request(call, call.module.value(receiver)) };
    path.arguments.args.iter().find_map(|part| from_request(call, call.module.value(part)))
}

fn saved_under_its_own_name(call: &Call<'_, '_>) -> Option<Confidence> {
    let path = call.given("dst", 0)?.expr;
    let tree = call.module.tree();
    let id = tree.id(path);
    let mut parts = std::iter::once(tree.node(id)).chain(tree.descendants(id)).take(MAX_SEARCH);
    let named = parts.any(|node| {
        matches!(node, AnyNodeRef::ExprAttribute(attribute) if attribute.attr.as_str() == "filename")
            && !is_cleaned(call.module, node, path.range())
    });
    named.then_some(Confidence::High)
}

/// Whether a call between a node and the expression around it cleans a name or takes a part of it.
fn is_cleaned<'a>(module: &Module<'a>, node: AnyNodeRef<'a>, around: TextRange) -> bool {
    let calls = module.ancestors(node).take_while(|node| around.contains_range(node.range()));
    calls.into_iter().any(|node| {
        let AnyNodeRef::ExprCall(call) = node else { return false };
        let keeps = ["os.path.join", "pathlib.Path", "builtins.str", "str().format", "str().join"];
        !module.refers_to(&call.func, &keeps) && !keeps_path(&call.func)
    })
}

/// Methods of a text that leave a path in it what it is.
fn keeps_path(func: &Expr) -> bool {
    matches!(func, Expr::Attribute(method) if matches!(method.attr.as_str(), "lower" | "upper" | "strip" | "title"))
}
