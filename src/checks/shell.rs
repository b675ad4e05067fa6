use ruff_python_ast::{self as ast, AnyNodeRef, NodeKind};
use ruff_text_size::{Ranged, TextRange};

use super::Family;
use super::commands::{self, GAP, SHELLS, STARTERS, SUBPROCESS, confidence_in_shell};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant, Exposure, Hits, Node, Value};

pub const FAMILY: Family = Family { id: "shell", title: "Shell commands", checks: CHECKS };

/// A program that runs a script which it gets as an argument.
struct Interpreter {
    names: &'static [&'static str],
    /// What its options begin with.
    signs: &'static [char],
    /// A group of letters that ends with this one announces a script: `-c`, `-Ic`.
    letter: Option<char>,
    /// Other options that announce one, in lower case.
    words: &'static [&'static str],
    /// Options that take the word behind them, in lower case.
    valued: &'static [&'static str],
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "csh", "tcsh", "busybox"],
        signs: &['-', '+'],
        letter: Some('c'),
        words: &["-ce", "-cx", "-cl", "-cel", "-cex", "--command"],
        valued: &["-o", "+o", "-eo", "-euo", "-exo", "-euxo", "--rcfile", "--init-file"],
    },
    Interpreter { names: &["cmd"], signs: &['/'], letter: None, words: &["/c", "/k"], valued: &[] },
    Interpreter {
        names: &["powershell", "pwsh"],
        signs: &['-', '/'],
        letter: None,
        words: &["-c", "-command", "-encodedcommand", "-enc", "-e"],
        valued: &[
            "-executionpolicy",
            "-ep",
            "-ex",
            "-version",
            "-windowstyle",
            "-w",
            "-inputformat",
            "-outputformat",
        ],
    },
    Interpreter {
        names: &["python", "pypy"],
        signs: &['-'],
        letter: Some('c'),
        words: &[],
        valued: &["-w", "-x", "--check-hash-based-pycs"],
    },
    Interpreter { names: &["perl", "ruby"], signs: &['-'], letter: Some('e'), words: &[], valued: &["-i"] },
    Interpreter {
        names: &["node"],
        signs: &['-'],
        letter: Some('e'),
        words: &["-p", "--eval", "--print"],
        valued: &["-r", "--require", "--import"],
    },
    Interpreter {
        names: &["php"],
        signs: &['-'],
        letter: Some('r'),
        words: &["--run"],
        valued: &["-c", "-d"],
    },
];

/// Programs that take some arguments for options that run commands.
const WILDCARD_TRAPS: &[&str] = &["chown", "chmod", "tar", "rsync"];

const CHECKS: &[Check] = &[
    Check {
        id: "os-system",
        family: "shell",
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
                    "ctypes.CDLL().system",
                    "ctypes.PyDLL().system",
                    "ctypes.WinDLL().system",
                    "ctypes.cdll.LoadLibrary().system",
                    "ctypes.cdll.msvcrt.system",
                    "ctypes.cdll.ucrtbase.system",
                    "ctypes.windll.kernel32.WinExec",
                    "imaplib.IMAP4_stream",
                    "numpy.distutils.exec_command.exec_command",
                    "numpy.distutils.exec_command",
                ],
                When::Argument("command", 0),
            ),
            Detect::Call(&["pydoc.pipepager", "pydoc.tempfilepager"], When::Argument("cmd", 1)),
            Detect::Call(
                &["ctypes.windll.shell32.ShellExecuteA", "ctypes.windll.shell32.ShellExecuteW"],
                When::Dynamic,
            ),
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
        family: "shell",
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
        family: "shell",
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
        family: "shell",
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
        family: "shell",
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
        id: "async-shell",
        family: "shell",
        summary: "The command line is run by a shell, in the background of an event loop.",
        why: "A shell interprets `;`, `|`, `$(…)` and the like: whoever can influence a part of the command line \
              can run any other command.",
        neglect: "The command line is a constant.",
        instead: "`asyncio.create_subprocess_exec(program, argument)`, which starts the program without a shell.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import asyncio\nawait asyncio.create_subprocess_shell(f\"ping -c 1 {host}\")\n",
            "import asyncio\nloop = asyncio.get_running_loop()\nawait loop.subprocess_shell(Protocol, command)\n",
        ],
        good: &[
            "import asyncio\nawait asyncio.create_subprocess_exec(\"ping\", \"-c\", \"1\", host)\n",
            "await self.create_subprocess_shell(command)\n",
        ],
        detect: &[
            Detect::Call(
                &["asyncio.create_subprocess_shell", "asyncio.subprocess.create_subprocess_shell"],
                When::Argument("cmd", 0),
            ),
            Detect::Call(
                &["asyncio.AbstractEventLoop().subprocess_shell", "?.subprocess_shell"],
                When::Argument("cmd", 1),
            ),
            Detect::Call(&["anyio.run_process", "anyio.open_process"], When::Is(text_for_a_shell)),
        ],
    },
    Check {
        id: "shell-script-argument",
        family: "shell",
        summary: "A script that is no constant is passed to a shell or an interpreter.",
        why: "The list of arguments looks safe, but the program that it starts interprets one of them: whoever can \
              influence a part of that script can run any other command.",
        neglect: "Every part that is no constant goes through `shlex.quote`, or is a number.",
        instead: "The program itself instead of a shell, or a constant script with values as further arguments: \
                  `[\"sh\", \"-c\", \"grep -c \\\"$1\\\" log\", \"sh\", word]`.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import subprocess\nsubprocess.run([\"sh\", \"-c\", \"grep -c \" + word + \" log\"])\n",
            "import os\nos.execvp(\"bash\", [\"bash\", \"-lc\", command])\n",
            "import subprocess, sys\nsubprocess.run([sys.executable, \"-c\", f\"import {name}\"])\n",
        ],
        good: &[
            "import subprocess\nsubprocess.run([\"sh\", \"-c\", \"grep -c \\\"$1\\\" log\", \"sh\", word])\n",
            "import subprocess\nsubprocess.run([\"grep\", \"-c\", word, \"log\"])\n",
        ],
        detect: &[
            Detect::Call(SUBPROCESS, When::Is(script_argument)),
            Detect::Call(STARTERS, When::Is(script_argument)),
            Detect::Call(
                &[
                    "anyio.open_process",
                    "anyio.run_process",
                    "distutils.spawn.spawn",
                    "multiprocessing.util.spawnv_passfds",
                    "subprocess.fork_exec",
                    "asyncio.AbstractEventLoop().subprocess_exec",
                    "trio.lowlevel.open_process",
                    "trio.open_process",
                    "trio.run_process",
                    "?.subprocess_exec",
                ],
                When::Is(script_argument),
            ),
        ],
    },
    Check {
        id: "wildcard-arguments",
        family: "shell",
        summary: "A shell expands `*` into arguments that the program may take for options.",
        why: "A file called `--checkpoint-action=exec=sh x.sh` or `--reference=/etc/shadow` in that folder becomes an option of \
              `tar`, `chown`, `chmod` or `rsync`, and options of these run commands or change what is changed.",
        neglect: "Only trusted users can create files in that folder.",
        instead: "`./*` instead of `*`, or `--` before it; better a list of arguments from `pathlib.Path.glob`.",
        cwe: &[155],
        severity: Severity::Medium,
        aliases: &["bandit:B609", "ruff:S609"],
        bad: &[
            "import os\nos.system(\"tar czf backup.tgz *\")\n",
            "import subprocess\nsubprocess.run(f\"chown {user} *\", shell=True)\n",
        ],
        good: &[
            "import os\nos.system(\"tar czf backup.tgz ./*\")\n",
            "import subprocess\nsubprocess.run([\"tar\", \"czf\", \"backup.tgz\", \"*\"])\n",
            "import os\nos.system(\"ls *\")\n",
        ],
        detect: &[
            Detect::Call(SHELLS, When::Is(expands_wildcard)),
            Detect::Call(SUBPROCESS, When::Is(expands_wildcard)),
        ],
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

/// `anything(…, shell=True)`, unless another check knows the callee.
fn shell_keyword(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprCall(call) = node.node else { return };
    let Some(keyword) = call.arguments.find_keyword("shell") else { return };
    let module = node.module;
    let is_true = module.constant(&keyword.value).as_ref().is_some_and(Constant::truth);
    let callees = module.qualified(&call.func);
    // What `partial` makes of a known function is seen where it is called.
    let of_known = call.arguments.args.first().is_some_and(|function| module.refers_to(function, SUBPROCESS));
    let is_known = |name: &str| {
        SUBPROCESS.contains(&name) || name == "builtins.dict" || name == "functools.partial" && of_known
    };
    if !is_true || callees.iter().any(|name| is_known(name)) {
        return;
    }
    let command = call.arguments.args.first();
    let exposure = command.map_or(Exposure::Unknown, |expr| module.names().exposure(module.value(expr)));
    hits.at(name_of_callee(call), exposure.confidence().min(Confidence::Medium));
}

fn name_of_callee(call: &ast::ExprCall) -> TextRange {
    match &*call.func {
        ast::Expr::Attribute(attribute) => attribute.attr.range(),
        func => func.range(),
    }
}

/// `anyio` gives a text to a shell and a list to the operating system.
fn text_for_a_shell(call: &Call<'_, '_>) -> Option<Confidence> {
    let command = call.given("command", 0)?;
    let is_list = commands::elements(call.module, command).len() != 1
        || matches!(command.expr, ast::Expr::List(_) | ast::Expr::Tuple(_));
    (!is_list).then(|| call.module.names().exposure(command).confidence())
}

/// A shell or an interpreter, behind it the option that announces a script, and the script.
fn script_argument(call: &Call<'_, '_>) -> Option<Confidence> {
    let names = call.module.names();
    let executable = call.given("executable", 2).filter(|_| SUBPROCESS.contains(&call.name.as_str()));
    let words: Vec<Value<'_>> = executable.into_iter().chain(commands::all_elements(call)).collect();
    // Where the program is named besides its words, the first of them is any name.
    let has_own_name = executable.is_some() || call.name.starts_with("os.");
    let texts: Vec<Option<String>> = words.iter().map(|word| word_text(call, *word)).collect();
    let scripts = texts.iter().enumerate().filter_map(|(at, text)| {
        let interpreter = interpreter(text.as_deref()?)?;
        words.get(at + 1 + interpreter.script(texts.get(at + 1..)?, has_own_name)?)
    });
    let exposures = scripts.map(|script| names.exposure(*script));
    let exposures = exposures.chain(script_on_input(call, &texts)).chain(script_in_split_text(call));
    exposures.filter(|exposure| *exposure != Exposure::Constant).max().map(Exposure::confidence)
}

/// A shell without arguments reads its script: `subprocess.run(["sh"], input=script)`.
fn script_on_input(call: &Call<'_, '_>, texts: &[Option<String>]) -> Option<Exposure> {
    let script = call.given("input", None)?;
    let program = interpreter(texts.first()?.as_deref()?)?;
    let mut options = texts.iter().skip(1).take_while(|text| text.is_some()).flatten();
    let reads_input = options.all(|word| word.starts_with(program.signs));
    reads_input.then(|| call.module.names().exposure(script))
}

/// `f"sh -c {script}".split()`, `shlex.split(f"sh -c {script}")`.
fn script_in_split_text(call: &Call<'_, '_>) -> Option<Exposure> {
    let module = call.module;
    let ast::Expr::Call(split) = call.given("args", 0)?.expr else { return None };
    let text = match &*split.func {
        ast::Expr::Attribute(method) if method.attr.as_str() == "split" && split.arguments.is_empty() => {
            &*method.value
        }
        func if module.refers_to(func, &["shlex.split"]) => split.arguments.args.first()?,
        _ => return None,
    };
    let text = module.value(text);
    let sketch = commands::sketch(module, text);
    let words: Vec<&str> = sketch.split_whitespace().collect();
    let texts: Vec<Option<String>> =
        words.iter().map(|word| (!word.contains(GAP)).then(|| (*word).to_owned())).collect();
    let is_script = (0..words.len()).any(|at| {
        let script =
            texts[at].as_deref().and_then(interpreter).and_then(|it| it.script(&texts[at + 1..], false));
        script.is_some_and(|script| words[at + 1..].iter().skip(script).any(|word| word.contains(GAP)))
    });
    is_script.then(|| module.names().exposure(text))
}

fn interpreter(program: &str) -> Option<&'static Interpreter> {
    let name = commands::program_name(program);
    let without_version = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.iter().find(|it| it.names.contains(&name.as_str()) || it.names.contains(&without_version))
}

impl Interpreter {
    /// Which of its arguments is a script. Behind the name of a file, options are those of the program in it.
    fn script(&self, arguments: &[Option<String>], has_own_name: bool) -> Option<usize> {
        let mut may_be_value = has_own_name;
        for (at, argument) in arguments.iter().enumerate() {
            // What is not known can be an option, and take the next word.
            let Some(word) = argument.as_deref().map(str::to_ascii_lowercase) else {
                may_be_value = true;
                continue;
            };
            if self.announces_script(&word) {
                return Some(at + 1);
            }
            if !word.starts_with(self.signs) && !std::mem::take(&mut may_be_value) {
                return None;
            }
            may_be_value = self.valued.contains(&word.as_str());
        }
        None
    }

    fn announces_script(&self, word: &str) -> bool {
        let is_group = |letter: char| {
            word.strip_prefix('-').is_some_and(|letters| {
                letters.ends_with(letter) && letters.chars().all(|c| c.is_ascii_alphanumeric())
            })
        };
        self.words.contains(&word) || self.letter.is_some_and(is_group)
    }
}

fn word_text<'a>(call: &Call<'_, 'a>, word: Value<'a>) -> Option<String> {
    let names = call.module.names();
    match names.constant(word) {
        Some(Constant::Str(text)) => Some(text),
        Some(Constant::Bytes(bytes)) => String::from_utf8(bytes).ok(),
        None if is_shell_of_user(call, word) => Some("sh".to_owned()),
        None if names.qualified(word).iter().any(|name| name == "sys.executable") => {
            Some("python".to_owned())
        }
        _ => None,
    }
}

/// `os.environ.get("SHELL", "/bin/sh")`, `os.environ["SHELL"]`.
fn is_shell_of_user<'a>(call: &Call<'_, 'a>, word: Value<'a>) -> bool {
    let module = call.module;
    let (object, key) = match word.expr {
        ast::Expr::Call(get) => (&*get.func, get.arguments.args.first()),
        ast::Expr::Subscript(item) => (&*item.value, Some(&*item.slice)),
        _ => return false,
    };
    key.and_then(|key| module.text(key)).is_some_and(|key| matches!(key.as_str(), "SHELL" | "COMSPEC"))
        && module.refers_to(object, &["os.environ", "os.environ.get", "os.getenv"])
}

fn expands_wildcard(call: &Call<'_, '_>) -> Option<Confidence> {
    let (command, in_shell) = commands::command(call)?;
    if !in_shell {
        return None;
    }
    let words: Vec<String> = commands::elements(call.module, command)
        .into_iter()
        .flat_map(|element| {
            let text = commands::sketch(call.module, element);
            text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let program =
        words.iter().position(|word| WILDCARD_TRAPS.contains(&commands::program_name(word).as_str()))?;
    let arguments = words[program..].iter().take_while(|word| *word != "--");
    arguments.into_iter().any(|word| word.starts_with('*')).then_some(Confidence::High)
}
