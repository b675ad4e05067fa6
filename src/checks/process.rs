use ruff_python_ast::{self as ast, AnyNodeRef, NodeKind};

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Exposure, Hits, Node, Truth};

pub const FAMILY: Family = Family { id: "process", title: "Processes and shells", checks: CHECKS };

/// Callees that start a process from `args` and know `shell`. That is the ninth parameter of all of them.
const SUBPROCESS: &[&str] = &[
    "subprocess.run",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
];

/// Position of `shell` among the parameters of `subprocess.Popen`.
const SHELL: usize = 8;

const CHECKS: &[Check] = &[
    Check {
        id: "os-system",
        family: "process",
        summary: "The command line is run by a shell.",
        why: "A shell interprets `;`, `|`, `$(…)` and the like: whoever can influence a part of the command line \
              can run any other command.",
        neglect: "The command line is a constant.",
        instead: "`subprocess.run([program, argument], check=True)`, which starts the program without a shell.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &["bandit:B605", "ruff:S605", "codeaudit:os.system", "codeaudit:os.popen"],
        bad: &[
            "import os\nos.system(\"convert \" + name)\n",
            "from os import popen\npopen(f\"ls {folder}\")\n",
            "import os\nlist(map(os.system, commands))\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"convert\", name], check=True)\n",
            "self.os.system(name)\n",
        ],
        detect: &[
            Detect::Call(&["os.system"], When::Argument("command", 0)),
            Detect::Call(
                &[
                    "os.popen",
                    "os.popen2",
                    "os.popen3",
                    "os.popen4",
                    "popen2.popen2",
                    "popen2.popen3",
                    "popen2.popen4",
                    "popen2.Popen3",
                    "popen2.Popen4",
                ],
                When::Argument("cmd", 0),
            ),
        ],
    },
    Check {
        id: "subprocess-getoutput",
        family: "process",
        summary: "The command line is run by a shell, although no `shell=True` says so.",
        why: "`getoutput` and `getstatusoutput` always start a shell, which interprets `;`, `|`, `$(…)` and the like: \
              whoever can influence a part of the command line can run any other command.",
        neglect: "The command line is a constant.",
        instead: "`subprocess.run([program, argument], capture_output=True, text=True, check=True).stdout`.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &[
            "bandit:B605",
            "ruff:S605",
            "codeaudit:subprocess.getoutput",
            "codeaudit:subprocess.getstatusoutput",
        ],
        bad: &[
            "import subprocess\nkind = subprocess.getoutput(\"file \" + path)\n",
            "from subprocess import getstatusoutput as run\nstatus, text = run(f\"file {path}\")\n",
        ],
        good: &[
            "import subprocess\nsubprocess.check_output([\"file\", path])\n",
            "task.getoutput(\"file \" + path)\n",
        ],
        detect: &[Detect::Call(
            &["subprocess.getoutput", "subprocess.getstatusoutput", "subprocess.getstatus"],
            When::Argument("cmd", 0),
        )],
    },
    Check {
        id: "subprocess-shell",
        family: "process",
        summary: "`shell=True` has a shell interpret a command that is no constant.",
        why: "A shell interprets `;`, `|`, `$(…)` and the like: whoever can influence a part of the command \
              can run any other command.",
        neglect: "Every part that is no constant goes through `shlex.quote`, or is a number.",
        instead: "A list without `shell`: `subprocess.run([program, argument], check=True)`. For a pipe, two of them.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &[
            "bandit:B602",
            "ruff:S602",
            "codeaudit:subprocess.run",
            "codeaudit:subprocess.Popen",
            "codeaudit:subprocess.call",
            "codeaudit:subprocess.check_call",
            "codeaudit:subprocess.check_output",
        ],
        bad: &[
            "import subprocess\nsubprocess.run(f\"tar xf {name}\", shell=True, check=True)\n",
            "from subprocess import Popen\noptions = {\"shell\": 1}\nPopen(command, **options)\n",
            "import subprocess\nsubprocess.call(command, shell=use_shell)\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"tar\", \"xf\", name], check=True)\n",
            "import subprocess\nsubprocess.run(command, shell=False)\n",
            "import subprocess\nsubprocess.run(\"ls *.log | wc -l\", shell=True)\n",
        ],
        detect: &[Detect::Call(SUBPROCESS, When::Is(shell_for_any_command))],
    },
    Check {
        id: "subprocess-shell-constant",
        family: "process",
        summary: "`shell=True` has a shell interpret a command that is a constant.",
        why: "Nothing can be injected today. The next change that puts a variable into the command makes it an injection, \
              and the shell still looks up programs and settings in the environment.",
        neglect: "The command needs a pipe, a wildcard or another service of the shell, and stays a constant.",
        instead: "A list without `shell`: `subprocess.run([\"ls\", \"-l\"], check=True)`.",
        cwe: &[78],
        severity: Severity::Low,
        aliases: &["bandit:B602", "ruff:S602"],
        bad: &[
            "import subprocess\nsubprocess.run(\"ls -l | wc -l\", shell=True)\n",
            "import subprocess\nCOMMAND = \"ls \" + \"-l\"\nsubprocess.check_output(COMMAND, shell=1)\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"ls\", \"-l\"])\n",
            "import subprocess\nsubprocess.run(\"ls\", shell=False)\n",
        ],
        detect: &[Detect::Call(SUBPROCESS, When::Is(shell_for_a_constant))],
    },
    Check {
        id: "shell-keyword",
        family: "process",
        summary: "`shell=True` is passed to a function that probably hands it on to `subprocess`.",
        why: "A wrapper hides the shell from whoever reads its callers: a part of the command that comes from outside can \
              run any other command.",
        neglect: "The command is a constant, or the function means something else by `shell`.",
        instead: "A wrapper that takes a list of arguments and never starts a shell.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &["bandit:B604", "ruff:S604"],
        bad: &[
            "from tools import run\nrun(f\"tar xf {name}\", shell=True)\n",
            "self.runner.execute(command, shell=True)\n",
        ],
        good: &[
            "from tools import run\nrun([\"tar\", \"xf\", name], shell=False)\n",
            "import subprocess\nsubprocess.run(command, shell=True)\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprCall], shell_keyword)],
    },
    Check {
        id: "subprocess-call",
        family: "process",
        summary: "A program is started with arguments that may come from outside.",
        why: "No shell is involved, so nothing can be chained. But an argument that starts with `-` can be an option that runs \
              a command or writes a file, and a program name from outside is a choice of program.",
        neglect: "All arguments are constants, or they were checked and stand behind `--`.",
        instead: "A constant program, and `--` before arguments that come from outside: `[\"git\", \"log\", \"--\", path]`.",
        cwe: &[78, 88],
        severity: Severity::Low,
        aliases: &[
            "bandit:B603",
            "ruff:S603",
            "codeaudit:subprocess.run",
            "codeaudit:subprocess.Popen",
            "codeaudit:subprocess.call",
            "codeaudit:subprocess.check_call",
            "codeaudit:subprocess.check_output",
        ],
        bad: &[
            "import subprocess\nsubprocess.run([program, \"--version\"])\n",
            "from subprocess import Popen as start\nstart(sys.argv[1:])\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run(command, shell=True)\n",
            "runner.run([program, \"--version\"])\n",
        ],
        detect: &[Detect::Call(SUBPROCESS, When::Is(without_shell))],
    },
    Check {
        id: "os-exec",
        family: "process",
        summary: "This process is replaced by another program.",
        why: "Whoever can influence the path, or `PATH` for the variants with a `p`, chooses what runs with the rights, \
              the open files and the environment of this program.",
        neglect: "The program is a constant absolute path or `sys.executable`.",
        instead: "`subprocess.run` with a constant absolute path, a list of arguments and an `env` of its own.",
        cwe: &[78, 426],
        severity: Severity::Medium,
        aliases: &[
            "bandit:B606",
            "ruff:S606",
            "codeaudit:os.execl",
            "codeaudit:os.execle",
            "codeaudit:os.execlp",
            "codeaudit:os.execlpe",
            "codeaudit:os.execv",
            "codeaudit:os.execve",
            "codeaudit:os.execvp",
            "codeaudit:os.execvpe",
        ],
        bad: &[
            "import os\nos.execvp(program, arguments)\n",
            "from os import execl\nexecl(os.environ[\"SHELL\"], \"sh\")\n",
        ],
        good: &["cursor.execv(program, arguments)\n", "import os\nos.execution(program)\n"],
        detect: &[
            Detect::Call(&["os.execl", "os.execle", "os.execv", "os.execve"], When::Argument("path", 0)),
            Detect::Call(&["os.execlp", "os.execlpe", "os.execvp", "os.execvpe"], When::Argument("file", 0)),
        ],
    },
    Check {
        id: "os-spawn",
        family: "process",
        summary: "A program is started through an interface that few readers know.",
        why: "Whoever can influence the path chooses what runs with the rights and the environment of this program. \
              `os.startfile` even chooses the program by the file's name.",
        neglect: "The program is a constant absolute path or `sys.executable`.",
        instead: "`subprocess.run` with a constant absolute path and a list of arguments.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &["bandit:B606", "ruff:S606"],
        bad: &[
            "import os\nos.spawnlp(os.P_WAIT, program, program, \"-v\")\n",
            "from os import startfile\nstartfile(attachment)\n",
            "import os\nos.posix_spawn(path, [path], os.environ)\n",
        ],
        good: &["self.spawnl(program)\n", "import os\nos.cpu_count()\n"],
        detect: &[
            Detect::Call(
                &[
                    "os.spawnl",
                    "os.spawnle",
                    "os.spawnlp",
                    "os.spawnlpe",
                    "os.spawnv",
                    "os.spawnve",
                    "os.spawnvp",
                    "os.spawnvpe",
                ],
                When::Argument("file", 1),
            ),
            Detect::Call(&["os.startfile"], When::Argument("filepath", 0)),
            Detect::Call(&["os.posix_spawn", "os.posix_spawnp"], When::Argument("path", 0)),
        ],
    },
    Check {
        id: "fork",
        family: "process",
        summary: "The process is copied with all its locks, connections and secrets.",
        why: "A lock that another thread held stays locked in the child for ever, the system libraries of macOS do not allow \
              it at all, and random state and keys exist twice. A double fork is also how malware detaches itself.",
        neglect: "A daemon or a test that forks before it starts any thread.",
        instead: "`subprocess.run`, or `multiprocessing.get_context(\"spawn\")`.",
        cwe: &[364],
        severity: Severity::Low,
        aliases: &["codeaudit:os.fork", "codeaudit:os.forkpty"],
        bad: &["import os\nif os.fork() == 0:\n    work()\n", "import pty\npid, fd = pty.fork()\n"],
        good: &["repository.fork()\n", "import multiprocessing\nmultiprocessing.get_context(\"spawn\")\n"],
        detect: &[Detect::Call(&["os.fork", "os.forkpty", "pty.fork"], When::Always)],
    },
    Check {
        id: "raw-descriptor-io",
        family: "process",
        summary: "A raw file descriptor is read or written.",
        why: "A descriptor is a number that anything may hide behind: a file, a socket, a pipe to another process. Short reads \
              and writes are normal, and a closed and reused number reaches the wrong one.",
        neglect: "The descriptor was opened a few lines above, and the number of bytes is looked at.",
        instead: "A file object: `with open(fd, \"rb\") as stream: stream.read()`.",
        cwe: &[20],
        severity: Severity::Low,
        aliases: &["codeaudit:os.read", "codeaudit:os.write", "codeaudit:os.writev"],
        bad: &["import os\ndata = os.read(fd, 1024)\n", "from os import writev\nwritev(fd, [head, body])\n"],
        good: &["with open(path) as stream:\n    stream.read()\n", "self.os.write(fd, data)\n"],
        detect: &[Detect::Call(
            &["os.read", "os.readv", "os.pread", "os.write", "os.writev", "os.pwrite"],
            // Where the descriptor comes from is out of sight.
            When::Is(|_| Some(Confidence::Low)),
        )],
    },
];

fn shell_for_any_command(call: &Call<'_, '_>) -> Option<Confidence> {
    let exposure = call.exposure_of("args", 0);
    if exposure == Exposure::Constant {
        return None;
    }
    Some(exposure.confidence().min(confidence_in_shell(call)?))
}

fn shell_for_a_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_constant = call.exposure_of("args", 0) == Exposure::Constant;
    // Nobody can put anything into it: this is about the habit.
    if is_constant { confidence_in_shell(call).map(|_| Confidence::Low) } else { None }
}

/// How sure it is that `shell` is true; `None` if it is not.
fn confidence_in_shell(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.truth("shell", SHELL) {
        Truth::Absent | Truth::False => None,
        Truth::True => Some(Confidence::High),
        Truth::Sometimes => Some(Confidence::Medium),
        Truth::Unknown => match call.argument("shell", SHELL) {
            Argument::Given(_) => Some(Confidence::Medium),
            Argument::Unknown | Argument::Absent => Some(Confidence::Low),
        },
    }
}

fn without_shell(call: &Call<'_, '_>) -> Option<Confidence> {
    let shell_is_given = matches!(call.argument("shell", SHELL), Argument::Given(_));
    if shell_is_given && call.truth("shell", SHELL) != Truth::False {
        return None;
    }
    Some(call.exposure_of("args", 0).confidence())
}

/// `anything(…, shell=True)`, unless another check knows the callee.
fn shell_keyword(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprCall(call) = node.node else { return };
    let Some(keyword) = call.arguments.find_keyword("shell") else { return };
    let module = node.module;
    let is_true = module.constant(&keyword.value).as_ref().is_some_and(Constant::truth);
    let callees = module.qualified(&call.func);
    let is_known = |name: &str| SUBPROCESS.contains(&name) || name == "builtins.dict";
    if !is_true || callees.iter().any(|name| is_known(name)) {
        return;
    }
    let command = call.arguments.args.first();
    let exposure = command.map_or(Exposure::Unknown, |expr| module.names().exposure(module.value(expr)));
    hits.at(name_of_callee(call), exposure.confidence().min(Confidence::Medium));
}

fn name_of_callee(call: &ast::ExprCall) -> ruff_text_size::TextRange {
    use ruff_text_size::Ranged;
    match &*call.func {
        ast::Expr::Attribute(attribute) => attribute.attr.range(),
        func => func.range(),
    }
}
