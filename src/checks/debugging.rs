use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant};

pub const FAMILY: Family = Family { id: "debugging", title: "Debugging aids", checks: CHECKS };

const CHECKS: &[Check] = &[Check {
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
    bad: &["import sys\nsys.settrace(on_event)\n", "from threading import setprofile\nsetprofile(on_call)\n"],
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
}];

/// `settrace(None)` takes a hook away.
fn installs_a_hook(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = if call.name == "sys.monitoring.register_callback" { 2 } else { 0 };
    (!call.is("func", position, &Constant::None)).then_some(Confidence::High)
}
