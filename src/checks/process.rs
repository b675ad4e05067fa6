use super::Family;
use crate::check::{Check, Detect, Severity, When};

pub const FAMILY: Family = Family { id: "process", title: "Processes and shells", checks: CHECKS };

const CHECKS: &[Check] = &[Check {
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
    good: &["import subprocess\nsubprocess.run([\"convert\", name], check=True)\n", "self.os.system(name)\n"],
    detect: &[Detect::Call(&["os.system", "os.popen", "os.popen2", "os.popen3", "os.popen4"], When::Dynamic)],
}];
