use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant};

pub const FAMILY: Family = Family { id: "debugging", title: "Debugging aids", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "trace-hook",
        family: "debugging",
        summary: "A hook is installed that sees every call and can change local state.",
        why: "The hook gets the frames of all code in the thread, passwords in local variables included. In production it is \
          a forgotten debugger at best.",
        neglect: "A debugger, a profiler or a coverage tool: this is what the hook is for.",
        instead: "`cProfile`, `coverage` or a logger, switched on by the developer and not by the program.",
        cwe: &[489],
        severity: Severity::Medium,
        aliases: &["codeaudit:sys.settrace", "codeaudit:sys.setprofile", "codeaudit:sys.call_tracing"],
        bad: &[
            "import sys\nsys.settrace(on_event)\n",
            "from threading import setprofile\nsetprofile(on_call)\n",
        ],
        good: &["import sys\nsys.settrace(None)\n", "tracer.settrace(on_event)\n"],
        detect: &[Detect::Call(
            &[
                "sys.settrace",
                "sys.setprofile",
                "sys.call_tracing",
                "sys._settraceallthreads",
                "sys._setprofileallthreads",
                "sys.monitoring.register_callback",
                "threading.settrace",
                "threading.setprofile",
                "threading.settrace_all_threads",
                "threading.setprofile_all_threads",
            ],
            When::Is(installs_a_hook),
        )],
    },
    Check {
        id: "debugger",
        family: "debugging",
        summary: "The program stops here and opens a debugger.",
        why: "A service hangs at this line until somebody types, and whoever reaches its terminal can read and change everything.",
        neglect: "A tool whose task is to open a debugger, behind an option.",
        instead: "Remove the line; `python -m pdb program.py` needs none.",
        cwe: &[489],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "breakpoint()\n",
            "import pdb\npdb.set_trace()\n",
            "import ipdb as debug\ndebug.set_trace()\n",
        ],
        good: &[
            "import sys\nsys.breakpointhook = None\n",
            "page.breakpoint()\n",
            "def breakpoint():\n    pass\nbreakpoint()\n",
        ],
        detect: &[Detect::Call(
            &[
                "builtins.breakpoint",
                "sys.breakpointhook",
                "pdb.set_trace",
                "pdb.post_mortem",
                "pdb.pm",
                "pdb.Pdb().set_trace",
                "bdb.Bdb().set_trace",
                "ipdb.set_trace",
                "ipdb.sset_trace",
                "pudb.set_trace",
                "pudb.b",
                "pdbpp.set_trace",
                "IPython.core.debugger.set_trace",
                "IPython.core.debugger.Pdb().set_trace",
                "IPython.terminal.debugger.set_trace",
                "nose.tools.set_trace",
                "pytest.set_trace",
            ],
            When::Always,
        )],
    },
    Check {
        id: "remote-debugger",
        family: "debugging",
        summary: "A debugger is opened to the network or to another process.",
        why: "Whoever connects runs any code in this process; most of these protocols ask for no password.",
        neglect: "A development image that never leaves the developer's machine, with the port bound to `127.0.0.1`.",
        instead: "`python -m debugpy --listen localhost:5678 program.py` by the developer, instead of code in the program.",
        cwe: &[489],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import debugpy\ndebugpy.listen((\"0.0.0.0\", 5678))\n",
            "import sys\nsys.remote_exec(pid, script)\n",
            "from celery.contrib import rdb\nrdb.set_trace()\n",
        ],
        good: &["import debugpy\ndebugpy.is_client_connected()\n", "server.listen((\"0.0.0.0\", 5678))\n"],
        detect: &[Detect::Call(
            &[
                "sys.remote_exec",
                "debugpy.listen",
                "debugpy.connect",
                "ptvsd.enable_attach",
                "pydevd.settrace",
                "pydevd_pycharm.settrace",
                "rpdb.set_trace",
                "rpdb.Rpdb",
                "remote_pdb.set_trace",
                "remote_pdb.RemotePdb",
                "web_pdb.set_trace",
                "wdb.set_trace",
                "celery.contrib.rdb.set_trace",
                "celery.contrib.rdb.Rdb",
                "manhole.install",
                "aiomonitor.start_monitor",
                "twisted.conch.manhole_tap.makeService",
            ],
            When::Always,
        )],
    },
    Check {
        id: "frame-access",
        family: "debugging",
        summary: "The code looks into its callers, or at all objects of the process.",
        why: "Frames and the garbage collector lead to every local variable, passwords and keys included, and out of any sandbox. \
              What reads them works differently as soon as a function is wrapped.",
        neglect: "A logger or a framework that wants the name of its caller.",
        instead: "Pass what is needed as an argument; for the caller's name `logging` with `stacklevel`.",
        cwe: &[693],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import sys\nsecrets = sys._getframe(1).f_locals\n",
            "import inspect\ninspect.currentframe().f_back\n",
            "import gc\nfor value in gc.get_objects():\n    print(value)\n",
        ],
        good: &["import traceback\ntraceback.print_exc()\n", "video.currentframe()\n"],
        detect: &[Detect::Call(
            &[
                "inspect.currentframe",
                "inspect.stack",
                "inspect.getouterframes",
                "sys._getframe",
                "sys._current_frames",
                "gc.get_objects",
                "gc.get_referrers",
                "gc.get_referents",
            ],
            When::Is(|_| Some(Confidence::Medium)),
        )],
    },
];

/// `settrace(None)` takes a hook away.
fn installs_a_hook(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = if call.name == "sys.monitoring.register_callback" { 2 } else { 0 };
    (!call.is("func", position, &Constant::None)).then_some(Confidence::High)
}
