use super::Family;
use crate::check::{Check, Detect, Severity, When};

pub const FAMILY: Family = Family { id: "code-execution", title: "Code execution", checks: CHECKS };

const CHECKS: &[Check] = &[Check {
    id: "eval",
    family: "code-execution",
    summary: "`eval` runs the text it is given as a Python expression.",
    why: "Whoever can influence a part of that text can run any code with the rights of this program.",
    neglect: "The text is a constant, or is built from constants only.",
    instead: "`ast.literal_eval` for literals, `json.loads` for data, a dictionary of functions for a choice.",
    cwe: &[95],
    severity: Severity::High,
    aliases: &["bandit:B307", "ruff:S307", "codeaudit:eval"],
    bad: &["value = eval(request.args[\"formula\"])\n", "run = eval\nrun(input())\n"],
    good: &["import ast\nvalue = ast.literal_eval(text)\n", "frame.eval(\"a + b\")\n"],
    detect: &[Detect::Call(&["builtins.eval"], When::Dynamic)],
}];
