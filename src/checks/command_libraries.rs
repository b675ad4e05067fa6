use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::Family;
use super::commands;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Exposure, FileKind, Harm, Hits, Node};

pub const FAMILY: Family =
    Family { id: "command-libraries", title: "Commands through libraries", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "ssh-command",
        family: "command-libraries",
        summary: "A command line is run by the shell of another machine.",
        why: "The remote shell interprets `;`, `|`, `$(…)` and the like: whoever can influence a part of the command line can run \
              any other command there.",
        neglect: "The command line is a constant, or every other part went through `shlex.quote`.",
        instead: "`client.exec_command(shlex.join([program, argument]))`.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &["bandit:B601", "ruff:S601"],
        bad: &[
            "import paramiko\nclient = paramiko.SSHClient()\nclient.exec_command(\"ls \" + folder)\n",
            "def sizes(client, folder):\n    client.exec_command(f\"du {folder}\")\n",
            "import paramiko\npeer = paramiko.SSHClient()\nchannel = peer.invoke_shell()\n",
        ],
        good: &[
            "import paramiko\nclient = paramiko.SSHClient()\nclient.open_sftp().listdir(folder)\n",
            "def exec_command(line):\n    return line\nexec_command(\"ls\")\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "paramiko.SSHClient().exec_command",
                    "paramiko.Channel().exec_command",
                    "paramiko.Transport().open_session().exec_command",
                    "paramiko.SSHClient().get_transport().open_session().exec_command",
                ],
                When::Is(|call| Some(call.exposure_to(Harm::Shell, "command", 0).confidence())),
            ),
            // What opens a shell has not sent a command yet.
            Detect::Call(
                &["paramiko.SSHClient().invoke_shell", "paramiko.Channel().invoke_shell"],
                When::Is(|_| Some(Confidence::Low)),
            ),
            Detect::Call(&["?.exec_command"], When::Is(perhaps_remote)),
            Detect::Call(
                &["asyncssh.connect().run", "asyncssh.connect().create_process"],
                When::Is(dynamic_command),
            ),
        ],
    },
    Check {
        id: "task-command",
        family: "command-libraries",
        summary: "A task runner gives a command line that is no constant to a shell.",
        why: "`run` and `sudo` of Fabric and Invoke always start a shell, here or on another machine: whoever can influence a part \
              of the command line can run any other command.",
        neglect: "Every part that is no constant goes through `shlex.quote`, or is a number.",
        instead: "`subprocess.run([program, argument], check=True)`; for another machine `shlex.join([program, argument])`.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from fabric import Connection\nConnection(host).run(f\"tail -n 5 {path}\")\n",
            "import invoke\ninvoke.run(\"rm \" + path)\n",
            "from invoke import task\n@task\ndef clean(c, path):\n    c.run(f\"rm -r {path}\")\n",
        ],
        good: &[
            "from fabric import Connection\nConnection(host).run(\"uptime\")\n",
            "from invoke import task\n@task\ndef clean(c):\n    c.run(\"rm -r build\")\n",
            "def clean(c, path):\n    c.run(f\"rm -r {path}\")\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "fabric.Connection().run",
                    "fabric.Connection().sudo",
                    "fabric.Connection().local",
                    "fabric.Group().run",
                    "fabric.SerialGroup().run",
                    "fabric.ThreadingGroup().run",
                    "fabric.api.run",
                    "fabric.api.sudo",
                    "fabric.api.local",
                    "fabric.operations.run",
                    "fabric.operations.sudo",
                    "fabric.operations.local",
                    "invoke.run",
                    "invoke.sudo",
                    "invoke.Context().run",
                    "invoke.Context().sudo",
                ],
                When::Is(dynamic_command),
            ),
            Detect::Node(&[NodeKind::StmtFunctionDef], runs_in_task),
        ],
    },
    Check {
        id: "pexpect-command",
        family: "command-libraries",
        summary: "A command line that is no constant is started on a terminal of its own.",
        why: "pexpect splits a command line itself, and its `run` and `spawn` start whatever it names: a part that comes from outside \
              adds options or chooses the program.",
        neglect: "The program is a constant, and the other parts are checked values.",
        instead: "`pexpect.spawn(program, [argument, …])` with a constant program.",
        cwe: &[78, 88],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import pexpect\nchild = pexpect.spawn(f\"ssh {host}\")\n",
            "from pexpect import run\noutput = run(\"ls \" + folder)\n",
        ],
        good: &[
            "import pexpect\nchild = pexpect.spawn(\"/usr/bin/ssh\", [host])\n",
            "import pexpect\nchild.expect(prompt)\n",
        ],
        detect: &[Detect::Call(
            &[
                "pexpect.spawn",
                "pexpect.spawnu",
                "pexpect.run",
                "pexpect.runu",
                "pexpect.pty_spawn.spawn",
                "pexpect.popen_spawn.PopenSpawn",
                "pexpect.pxssh.pxssh().sendline",
                "pexpect.replwrap.REPLWrapper",
            ],
            When::Is(dynamic_command),
        )],
    },
    Check {
        id: "pty-spawn",
        family: "command-libraries",
        summary: "A program is joined to a terminal of its own.",
        why: "With a shell and a socket on the other side this is the second half of a reverse shell: somebody else sits at the \
              terminal.",
        neglect: "A terminal recorder or multiplexer that runs what its user asked for.",
        instead: "`subprocess.run([program, argument], check=True)`.",
        cwe: &[78],
        severity: Severity::High,
        aliases: &[],
        bad: &["import pty\npty.spawn(\"/bin/bash\")\n", "from pty import spawn\nspawn(command)\n"],
        good: &["import pty\nmaster, slave = pty.openpty()\n", "world.pty.spawn(\"zombie\")\n"],
        detect: &[Detect::Call(&["pty.spawn"], When::Is(spawns_shell))],
    },
    Check {
        id: "shell-library",
        family: "command-libraries",
        summary: "A shell is called like a function, with a script that is no constant.",
        why: "`sh` and `plumbum` pass arguments on untouched, but here the program is itself a shell and interprets one of them.",
        neglect: "Every part that is no constant goes through `shlex.quote`, or is a number.",
        instead: "The program itself: `sh.grep(\"-c\", word, \"log\")`.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import sh\nsh.bash(\"-c\", f\"grep {word} log\")\n",
            "from plumbum.cmd import sh\nsh(\"-c\", command)\n",
        ],
        good: &["import sh\nsh.grep(word, \"log\")\n", "import sh\nsh.bash(\"-c\", \"ls | wc -l\")\n"],
        detect: &[Detect::Call(
            &[
                "sh.sh",
                "sh.bash",
                "sh.zsh",
                "sh.dash",
                "sh.ssh",
                "plumbum.cmd.sh",
                "plumbum.cmd.bash",
                "plumbum.cmd.zsh",
                "plumbum.cmd.ssh",
                "plumbum.local[]",
            ],
            When::Is(dynamic_script),
        )],
    },
    Check {
        id: "airflow-bash",
        family: "command-libraries",
        summary: "An Airflow task gives a shell a command with values from outside.",
        why: "`dag_run.conf` holds whatever the person or program that triggers the run sends, and the template puts it into the \
              command as it is.",
        neglect: "Only administrators can trigger the task, and the values are checked before.",
        instead: "Values in `env`, quoted in the command: `BashOperator(bash_command='ls \"$FOLDER\"', env={\"FOLDER\": …})`.",
        cwe: &[78],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from airflow.operators.bash import BashOperator\n\
             BashOperator(task_id=\"list\", bash_command=\"ls {{ dag_run.conf['folder'] }}\")\n",
            "from airflow.providers.standard.operators.bash import BashOperator\n\
             BashOperator(task_id=\"list\", bash_command=f\"ls {folder}\")\n",
        ],
        good: &[
            "from airflow.operators.bash import BashOperator\n\
             BashOperator(task_id=\"list\", bash_command='ls \"$FOLDER\"', env={\"FOLDER\": folder})\n",
            "from airflow.operators.bash import BashOperator\n\
             BashOperator(task_id=\"day\", bash_command=\"backup {{ ds }}\")\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "airflow.operators.bash.BashOperator",
                    "airflow.operators.bash_operator.BashOperator",
                    "airflow.providers.standard.operators.bash.BashOperator",
                    "airflow.sensors.bash.BashSensor",
                ],
                When::Is(|call| templated(call, "bash_command")),
            ),
            Detect::Call(
                &[
                    "airflow.providers.ssh.operators.ssh.SSHOperator",
                    "airflow.contrib.operators.ssh_operator.SSHOperator",
                ],
                When::Is(|call| templated(call, "command")),
            ),
        ],
    },
    Check {
        id: "ipython-command",
        family: "command-libraries",
        summary: "IPython runs a command line or code that is no constant.",
        why: "`!ls {folder}`, `%system ls {folder}` and `%%bash -s {folder}` start a shell, `run_cell` and other magics run \
              code: what is put into the text is interpreted. In a module `system`, `run_cell` and the like are `ipython-code`.",
        neglect: "A notebook that only its author runs, with values of their own.",
        instead: "`subprocess.run([program, argument], check=True)`, or a function.",
        cwe: &[78, 95],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "get_ipython().run_line_magic(\"run\", f\"{script}\")\n",
            "get_ipython().run_cell_magic(\"bash\", f\"-s {folder}\", \"ls $1\")\n",
        ],
        good: &[
            "get_ipython().run_line_magic(\"matplotlib\", \"inline\")\n",
            "from IPython.display import display\ndisplay(text)\n",
        ],
        detect: &[
            Detect::Call(
                RUN_BY_IPYTHON,
                When::Is(|call| if is_in_notebook(call) { dynamic_command(call) } else { None }),
            ),
            Detect::Call(&["IPython.get_ipython().magic"], When::Is(dynamic_command)),
            Detect::Call(
                &["IPython.get_ipython().run_line_magic", "IPython.get_ipython().run_cell_magic"],
                When::Is(|call| if call.is_constant() { None } else { Some(call.exposure().confidence()) }),
            ),
        ],
    },
    Check {
        id: "ipython-code",
        family: "command-libraries",
        summary: "A module has IPython run a command line or code that is no constant.",
        why: "`system` and `getoutput` start a shell, and `run_cell`, `run_code`, `ex` and `ev` run Python code: they are \
              `os.system` and `exec` under other names. A module may run for anybody, where a notebook is its author's.",
        neglect: "What is run is the user's own input at a prompt.",
        instead: "`subprocess.run([program, argument], check=True)`, or a function.",
        cwe: &[95, 78],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from IPython import get_ipython\nget_ipython().run_cell(text)\n",
            "get_ipython().system(f\"pip install {package}\")\n",
        ],
        good: &[
            "get_ipython().run_cell(\"%matplotlib inline\")\n",
            "import subprocess\nsubprocess.run([\"/usr/bin/pip\", \"install\", \"--\", package], check=True)\n",
        ],
        detect: &[Detect::Call(
            RUN_BY_IPYTHON,
            When::Is(|call| if is_in_notebook(call) { None } else { dynamic_command(call) }),
        )],
    },
];

/// What runs its first argument as a command line or as code.
const RUN_BY_IPYTHON: &[&str] = &[
    "IPython.get_ipython().system",
    "IPython.get_ipython().getoutput",
    "IPython.get_ipython().run_cell",
    "IPython.get_ipython().run_cell_async",
    "IPython.get_ipython().run_code",
    "IPython.get_ipython().ex",
    "IPython.get_ipython().ev",
    "IPython.core.interactiveshell.InteractiveShell().run_cell",
    "IPython.core.interactiveshell.InteractiveShell.instance().run_cell",
];

fn is_in_notebook(call: &Call<'_, '_>) -> bool {
    call.module.file().kind() == FileKind::Notebook
}

/// The first argument, unless it is a constant.
fn dynamic_command(call: &Call<'_, '_>) -> Option<Confidence> {
    let value = call.given("command", 0)?;
    let exposure = call.module.names().exposure_to(Harm::Shell, value);
    (exposure != Exposure::Constant).then(|| exposure.confidence())
}

/// Other things than SSH clients have a method of this name too.
fn perhaps_remote(call: &Call<'_, '_>) -> Option<Confidence> {
    dynamic_command(call).map(|confidence| confidence.min(Confidence::Medium))
}

fn spawns_shell(call: &Call<'_, '_>) -> Option<Confidence> {
    let words = commands::elements(call.module, call.given("argv", 0)?);
    let program = words.first().and_then(|word| call.module.names().constant(*word));
    let program = program.as_ref().and_then(|program| program.as_str()).map(commands::program_name);
    let is_shell =
        program.is_some_and(|name| matches!(name.as_str(), "sh" | "bash" | "zsh" | "dash" | "ksh"));
    Some(if is_shell { Confidence::High } else { Confidence::Medium })
}

/// `bash("-c", script)`; of `ssh(host, command)` the last word.
fn dynamic_script(call: &Call<'_, '_>) -> Option<Confidence> {
    let words = commands::all_elements(call);
    let names = call.module.names();
    let text = |at: usize| names.constant(*words.get(at)?).and_then(|text| text.as_str().map(str::to_owned));
    let is_ssh = call.name.ends_with(".ssh");
    let at = (0..words.len())
        .find(|at| text(*at).is_some_and(|text| text.starts_with('-') && text.ends_with('c')));
    let script = match at {
        Some(at) => words.get(at + 1)?,
        None if is_ssh && words.len() > 1 => words.last()?,
        None => return None,
    };
    let exposure = names.exposure_to(Harm::Shell, *script);
    (exposure != Exposure::Constant).then(|| exposure.confidence())
}

fn templated(call: &Call<'_, '_>, keyword: &str) -> Option<Confidence> {
    let value = call.given(keyword, None)?;
    let text = commands::sketch(call.module, value);
    if text.contains("dag_run.conf") || text.contains("params.") {
        return Some(Confidence::High);
    }
    let exposure = call.module.names().exposure(value);
    (exposure != Exposure::Constant).then(|| exposure.confidence())
}

/// A function with `@task` gets a context as its first argument.
fn runs_in_task<'a>(node: &Node<'_, 'a>, hits: &mut Hits) {
    let AnyNodeRef::StmtFunctionDef(function) = node.node else { return };
    let module = node.module;
    let is_task = |decorator: &'a ast::Decorator| {
        let expr = match &decorator.expression {
            Expr::Call(call) => &*call.func,
            expr => expr,
        };
        module.refers_to(expr, &["invoke.task", "fabric.task", "invoke.tasks.task", "fabric.tasks.task"])
    };
    let Some(context) = function.parameters.iter_non_variadic_params().next() else { return };
    if !function.decorator_list.iter().any(is_task) {
        return;
    }
    let tree = module.tree();
    for inner in tree.descendants(tree.id(function)) {
        let AnyNodeRef::ExprCall(call) = inner else { continue };
        let (Expr::Attribute(method), Some(command)) = (&*call.func, call.arguments.args.first()) else {
            continue;
        };
        let on_context = matches!(&*method.value, Expr::Name(name) if name.id == context.parameter.name.id);
        let exposure = module.names().exposure_to(Harm::Shell, module.value(command));
        if on_context && matches!(method.attr.as_str(), "run" | "sudo") && exposure != Exposure::Constant {
            hits.at(&method.attr, exposure.confidence());
        }
    }
}
