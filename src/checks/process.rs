use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::Family;
use super::commands::{self, GAP, SHELL, SHELLS, STARTERS, SUBPROCESS};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Exposure, Hits, Module, Node, ScopeKind, Thing, Truth, Value};

pub const FAMILY: Family = Family { id: "process", title: "Processes", checks: CHECKS };

/// Words that a shell knows itself, and does not look up in `PATH`.
const SHELL_WORDS: &[&str] = &[
    "cd", "echo", "exit", "export", "exec", "set", "test", "true", "false", "ulimit", "umask", "[", ":", ".",
];

const CHECKS: &[Check] = &[
    Check {
        id: "partial-program-path",
        family: "process",
        summary: "The program is looked up in `PATH`.",
        why: "Whoever can write to a folder of `PATH`, or set the variable, chooses what runs. On Windows the current \
              folder comes first.",
        neglect: "The environment is set by the administrator, as for most command-line tools and containers.",
        instead: "An absolute path, or `shutil.which(name, path=\"/usr/bin\")`; at least a fixed `PATH` in `env`.",
        cwe: &[426],
        severity: Severity::Low,
        aliases: &["bandit:B607", "ruff:S607"],
        bad: &[
            "import subprocess\nsubprocess.run([\"git\", \"status\"])\n",
            "import os\nos.system(\"convert a.png b.jpg\")\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"/usr/bin/git\", \"status\"])\n",
            "import subprocess, sys\nsubprocess.run([sys.executable, \"-m\", \"venv\", path])\n",
        ],
        detect: &[
            Detect::Call(SUBPROCESS, When::Is(partial_path)),
            Detect::Call(SHELLS, When::Is(partial_path)),
            Detect::Call(STARTERS, When::Is(partial_path)),
        ],
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
        id: "program-from-request",
        family: "process",
        summary: "A request chooses which program is started.",
        why: "No shell is needed where the whole command is the sender's: `python3 -c …`, `curl …` or any other program of this \
              machine runs with the rights of this one. `shlex.split` and `split` only take the words apart.",
        neglect: "The program was compared with a list of programs in a way that cannot be seen here.",
        instead: "A dictionary from what may be asked for to programs: `subprocess.run([TOOLS[request.args[\"tool\"]], \"--version\"])`.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import subprocess\nfrom flask import request\nsubprocess.run(request.args[\"command\"].split())\n",
            "import os\nfrom flask import request\nprogram = request.args[\"tool\"]\nos.execvp(program, [program, \"--version\"])\n",
        ],
        good: &[
            "import subprocess\nfrom flask import request\nsubprocess.run([\"git\", \"log\", \"--\", request.args[\"path\"]])\n",
            "import subprocess, sys\nsubprocess.run(sys.argv[1:])\n",
        ],
        detect: &[
            Detect::Call(SUBPROCESS, When::Is(program_from_request)),
            Detect::Call(STARTERS, When::Is(program_from_request)),
            Detect::Call(
                &[
                    "anyio.open_process",
                    "anyio.run_process",
                    "asyncio.AbstractEventLoop().subprocess_exec",
                    "asyncio.subprocess.create_subprocess_exec",
                    "os.startfile",
                    "trio.run_process",
                    "?.subprocess_exec",
                ],
                When::Is(program_from_request),
            ),
        ],
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
        id: "async-exec",
        family: "process",
        summary: "A program that is no constant is started in the background of an event loop.",
        why: "Whoever can influence the name of the program chooses what runs with the rights and the environment of this one.",
        neglect: "The program is chosen from a fixed list, or is `sys.executable`.",
        instead: "A constant absolute path as the first argument of `asyncio.create_subprocess_exec`.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import asyncio\nawait asyncio.create_subprocess_exec(program, \"--version\")\n",
            "from asyncio import create_subprocess_exec as start\nasync def run(*command):\n    await start(*command)\n",
        ],
        good: &[
            "import asyncio\nawait asyncio.create_subprocess_exec(\"/usr/bin/git\", \"log\", name)\n",
            "import asyncio, sys\nawait asyncio.create_subprocess_exec(sys.executable, \"-m\", \"pip\")\n",
        ],
        detect: &[
            Detect::Call(
                &["asyncio.create_subprocess_exec", "asyncio.subprocess.create_subprocess_exec"],
                When::Is(|call| chosen_program(call, 0)),
            ),
            Detect::Call(
                &["asyncio.AbstractEventLoop().subprocess_exec", "?.subprocess_exec"],
                When::Is(|call| chosen_program(call, 1)),
            ),
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
        id: "fork-with-threads",
        family: "process",
        summary: "The process is copied by a program that also starts threads.",
        why: "Only the thread that forks goes on in the child. A lock that another one held at that moment, in a logger or in the \
              memory allocator, is never released there: the child hangs, now and then.",
        neglect: "The fork happens before the first thread is started.",
        instead: "`subprocess.run`, or `multiprocessing.get_context(\"spawn\")`.",
        cwe: &[362],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import os, threading\nthreading.Thread(target=work).start()\nos.fork()\n",
            "import os\nfrom concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor()\npid = os.fork()\n",
        ],
        good: &["import os\nos.fork()\n", "import threading\nthreading.Thread(target=work).start()\n"],
        detect: &[Detect::Node(&[NodeKind::ModModule], forks_beside_threads)],
    },
    Check {
        id: "signal-handler-io",
        family: "process",
        summary: "A signal handler writes to a stream, a log or a lock that the interrupted code may be using.",
        why: "The handler runs between two steps of the main thread. If that was writing to the same stream, Python raises \
              `RuntimeError: reentrant call`; if it held the same lock, the program hangs.",
        neglect: "The handler ends the process right away, as with Ctrl-C.",
        instead: "Set a `threading.Event` or write a byte to a pipe (`signal.set_wakeup_fd`), and do the work in the main loop.",
        cwe: &[364],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import signal\ndef stop(number, frame):\n    print(\"stopping\")\nsignal.signal(signal.SIGTERM, stop)\n",
            "import logging, signal\ndef reload(number, frame):\n    logging.info(\"reload\")\n\
             signal.signal(signal.SIGHUP, reload)\n",
        ],
        good: &[
            "import signal, threading\nstopped = threading.Event()\ndef stop(number, frame):\n    stopped.set()\n\
             signal.signal(signal.SIGTERM, stop)\n",
            "import signal\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n",
        ],
        detect: &[Detect::Call(&["signal.signal"], When::Is(handler_writes))],
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

fn without_shell(call: &Call<'_, '_>) -> Option<Confidence> {
    let shell_is_given = matches!(call.argument("shell", SHELL), Argument::Given(_));
    if shell_is_given && call.truth("shell", SHELL) != Truth::False {
        return None;
    }
    Some(call.exposure_of("args", 0).confidence())
}

/// What a shell reads, or pexpect takes apart like one, is a finding of its own.
fn program_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let in_shell = SUBPROCESS.contains(&call.name.as_str()) && call.truth("shell", SHELL) == Truth::True;
    if in_shell || call.name.starts_with("pexpect.") {
        return None;
    }
    let module = call.module;
    let command = command_of(call)?;
    let mut programs = commands::programs(module, command);
    if programs.is_empty() {
        programs = commands::programs(module, first_added(module, command.expr)?);
    }
    programs.into_iter().any(|program| is_chosen(module, program, MAX_STEPS)).then_some(Confidence::High)
}

/// The argument of a call that says which program is started.
fn command_of<'a>(call: &Call<'_, 'a>) -> Option<Value<'a>> {
    let name = call.name.as_str();
    if SUBPROCESS.contains(&name) {
        return commands::command(call).map(|(command, _)| command);
    }
    let position = usize::from(name.starts_with("os.spawn") || name.ends_with(".subprocess_exec"));
    match call.positional(position) {
        Argument::Given(command) => Some(command),
        Argument::Absent => {
            ["program", "path", "file", "command", "filepath"].iter().find_map(|word| call.given(word, None))
        }
        // `*command`
        Argument::Unknown => match call.node {
            AnyNodeRef::ExprCall(written) => match written.arguments.args.get(position)? {
                Expr::Starred(starred) => Some(call.module.value(&starred.value)),
                _ => None,
            },
            _ => None,
        },
    }
}

/// What is put first into a list that begins empty.
fn first_added<'a>(module: &Module<'a>, list: &'a Expr) -> Option<Value<'a>> {
    let Expr::Name(list) = list else { return None };
    let tree = module.tree();
    let around = module.function_around(list.into()).map_or(tree.root(), AnyNodeRef::from);
    let is_list = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id == list.id);
    let added = tree.descendants(tree.id(around)).take(MAX_SEARCH).find_map(|node| match node {
        AnyNodeRef::StmtAugAssign(added) if is_list(&added.target) => Some(&*added.value),
        AnyNodeRef::ExprCall(call) => match &*call.func {
            Expr::Attribute(method)
                if is_list(&method.value)
                    && matches!(method.attr.as_str(), "append" | "extend" | "insert") =>
            {
                call.arguments.args.last()
            }
            _ => None,
        },
        _ => None,
    });
    added.map(|added| module.value(added))
}

/// How many names and calls are followed from a command to what it is made of.
const MAX_STEPS: u32 = 5;

/// How many of the values that a name is assigned are looked at.
const MAX_VALUES: usize = 8;

/// What gives the words or the text that it is given, or another name of the same program.
const KEEPERS: &[&str] = &[
    "builtins.list",
    "builtins.str",
    "builtins.tuple",
    "os.fspath",
    "os.path.abspath",
    "os.path.join",
    "os.path.normpath",
    "pathlib.Path",
    "shlex.split",
    "shutil.which",
];

/// Whether a request chooses the beginning of a command, where the program is named.
fn is_chosen<'a>(module: &Module<'a>, command: Value<'a>, steps: u32) -> bool {
    module.names().is_from_request(command) && begins_with_request(module, command.expr, steps)
}

fn begins_with_request<'a>(module: &Module<'a>, command: &'a Expr, steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return true };
    let chooses = |expr: &'a Expr| is_chosen(module, module.value(expr), steps);
    match command {
        // What is added to a list later stands behind its first word.
        Expr::Name(name) => {
            let mut assigned = module.assigned(name).take(MAX_VALUES).peekable();
            assigned.peek().is_none() || assigned.any(chooses)
        }
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
            elts.first().is_some_and(chooses)
        }
        Expr::Starred(unpacked) => chooses(&unpacked.value),
        Expr::Await(awaited) => chooses(&awaited.value),
        Expr::If(choice) => chooses(&choice.body) || chooses(&choice.orelse),
        Expr::Call(call) if module.refers_to(&call.func, KEEPERS) => call.arguments.args.iter().any(chooses),
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) if module.text(&method.value).is_none() => chooses(&method.value),
            Expr::Attribute(_) => !names_program(module, command),
            // What a function makes of it is most often a list that begins with a program of its own.
            _ => false,
        },
        _ => !names_program(module, command),
    }
}

/// Whether the first word of a command line is written out, whatever stands behind it: `f"git log {name}"`.
fn names_program<'a>(module: &Module<'a>, line: &'a Expr) -> bool {
    let sketch = commands::sketch(module, module.value(line));
    let line = sketch.trim_start();
    line.find(char::is_whitespace).is_some_and(|end| !line[..end].contains(GAP))
}

fn chosen_program(call: &Call<'_, '_>, position: usize) -> Option<Confidence> {
    let exposure = call.exposure_of("program", position);
    let is_this_python = call.refers_to("program", position, &["sys.executable"]);
    (exposure != Exposure::Constant && !is_this_python).then(|| exposure.confidence())
}

fn partial_path(call: &Call<'_, '_>) -> Option<Confidence> {
    let (command, in_shell) = commands::command(call)?;
    let first = *commands::elements(call.module, command).first()?;
    let text = commands::sketch(call.module, first);
    let program = text.split_whitespace().next()?;
    let is_partial = !program.contains(['/', '\\', '$', '%', '{', '=', GAP]);
    let is_own = in_shell && SHELL_WORDS.contains(&program);
    (is_partial && !is_own).then_some(Confidence::High)
}

/// Callees that start threads.
const THREADS: &[&str] = &[
    "_thread.start_new_thread",
    "concurrent.futures.ThreadPoolExecutor",
    "concurrent.futures.thread.ThreadPoolExecutor",
    "multiprocessing.dummy.Pool",
    "multiprocessing.pool.ThreadPool",
    "threading.Thread",
    "threading.Timer",
];

/// Callees that copy this process.
const FORKS: &[&str] = &["os.fork", "os.forkpty", "pty.fork"];

/// Asked once of a file, so that many forks in it cost no more than one.
fn forks_beside_threads(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    if !module.file().text().contains("fork") {
        return;
    }
    let calls = || {
        module.tree().nodes().filter_map(|(_, node)| match node {
            AnyNodeRef::ExprCall(call) => Some(&*call.func),
            _ => None,
        })
    };
    let mut forks = calls().filter(|func| module.refers_to(func, FORKS)).peekable();
    if forks.peek().is_some() && calls().any(|func| module.refers_to(func, THREADS)) {
        forks.for_each(|func| hits.at(func, Confidence::Medium));
    }
}

/// How far a function is searched.
const MAX_SEARCH: usize = 1_000;

/// Callees that a signal handler must not call.
const NOT_IN_HANDLERS: &[&str] = &[
    "builtins.open",
    "builtins.print",
    "logging.critical",
    "logging.debug",
    "logging.error",
    "logging.getLogger().critical",
    "logging.getLogger().debug",
    "logging.getLogger().error",
    "logging.getLogger().info",
    "logging.getLogger().warning",
    "logging.info",
    "logging.warning",
    "sys.stderr.write",
    "sys.stdout.write",
    "threading.Lock().acquire",
];

fn handler_writes(call: &Call<'_, '_>) -> Option<Confidence> {
    let module = call.module;
    let tree = module.tree();
    let handler = call.given("handler", 1)?;
    let writes = module.names().things(handler).iter().any(|thing| {
        let Thing::Function(scope) = thing else { return false };
        let ScopeKind::Function(function) = tree.scope(*scope).kind else { return false };
        tree.descendants(tree.id(function)).take(MAX_SEARCH).any(|node| match node {
            AnyNodeRef::ExprCall(call) => module.refers_to(&call.func, NOT_IN_HANDLERS),
            _ => false,
        })
    });
    writes.then_some(Confidence::Medium)
}
