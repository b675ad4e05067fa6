use ruff_python_ast::Expr;

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Exposure, Value};

pub const FAMILY: Family = Family { id: "logging", title: "Logging", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "logging-config-listen",
        family: "logging",
        summary: "`logging.config.listen` runs code that comes with a configuration sent to its port.",
        why: "The server takes a configuration from anybody who can reach the port on this machine, and parts of \
              it are evaluated as Python. Any local user can run code with the rights of this program.",
        neglect: "`verify` checks a signature and gives back nothing when it is wrong.",
        instead: "`logging.config.listen(port, verify=check_signature)`, or read the configuration again on a \
                  signal.",
        cwe: &[94],
        severity: Severity::Medium,
        aliases: &["bandit:B612", "ruff:S612", "codeaudit:logging.config"],
        bad: &[
            "import logging.config\nlogging.config.listen(9999)\n",
            "from logging.config import listen\nlisten(port=9999, verify=None).start()\n",
        ],
        good: &[
            "import logging.config\nlogging.config.listen(9999, verify=check_signature)\n",
            "server.config.listen(9999)\n",
        ],
        detect: &[Detect::Call(&["logging.config.listen"], When::Is(unverified))],
    },
    Check {
        id: "logging-config-untrusted",
        family: "logging",
        summary: "A logging configuration can call anything that can be imported.",
        why: "`()` and `class` in a dictionary, and `args` in a file, name what is called or are evaluated as \
              Python: whoever writes the configuration writes code.",
        neglect: "Only those who may change the program may change its configuration.",
        instead: "Keep the configuration in the program, and take only the level from outside.",
        cwe: &[94],
        severity: Severity::Medium,
        aliases: &["codeaudit:logging.config"],
        bad: &[
            "import json\nimport logging.config\nlogging.config.dictConfig(json.loads(body))\n",
            "from logging.config import fileConfig\nfileConfig(path)\n",
        ],
        good: &[
            "import logging.config\nlogging.config.dictConfig({\"version\": 1, \"root\": {\"level\": \"INFO\"}})\n",
            "import logging\nlogging.basicConfig(level=level)\n",
        ],
        detect: &[Detect::Call(
            &["logging.config.dictConfig", "logging.config.fileConfig", "logging.config.DictConfigurator"],
            When::Is(configures),
        )],
    },
    Check {
        id: "log-injection",
        family: "logging",
        summary: "A line of the log is made of what the client sent.",
        why: "A line break in it starts a line that looks like any other: whoever sends it can make the log tell of \
              things that never happened, or hide what did.",
        neglect: "The log is written as JSON or in another form that escapes line breaks.",
        instead: "`logger.info(\"search for %r\", query)`, which shows a line break as `\\n`.",
        cwe: &[117],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import logging\nfrom flask import request\nlogging.info(\"search for \" + request.args[\"query\"])\n",
            "import logging\nfrom flask import request\nlogger = logging.getLogger(__name__)\n\
             logger.warning(\"no user %s\", request.form[\"name\"])\n",
        ],
        good: &[
            "import logging\nfrom flask import request\nlogging.info(\"search for %r\", request.args[\"query\"])\n",
            "import logging\nfrom flask import request\nlogging.info(\"page %d\", int(request.args[\"page\"]))\n",
        ],
        detect: &[Detect::Call(LOGGERS, When::Is(logs_request))],
    },
];

/// What writes a line to a log.
const LOGGERS: &[&str] = &[
    "flask.Flask().logger.debug",
    "flask.Flask().logger.error",
    "flask.Flask().logger.info",
    "flask.Flask().logger.warning",
    "flask.current_app.logger.debug",
    "flask.current_app.logger.error",
    "flask.current_app.logger.info",
    "flask.current_app.logger.warning",
    "logging.critical",
    "logging.debug",
    "logging.error",
    "logging.exception",
    "logging.getLogger().critical",
    "logging.getLogger().debug",
    "logging.getLogger().error",
    "logging.getLogger().exception",
    "logging.getLogger().info",
    "logging.getLogger().log",
    "logging.getLogger().warning",
    "logging.info",
    "logging.log",
    "logging.warning",
    "loguru.logger.debug",
    "loguru.logger.error",
    "loguru.logger.info",
    "loguru.logger.warning",
];

fn logs_request(call: &Call<'_, '_>) -> Option<Confidence> {
    if !call.module.names().may_hold_request() {
        return None;
    }
    let escapes = call.text("msg", 0).is_some_and(|message| message.contains("%r"));
    let names = call.module.names();
    // `%(name)s` takes the text itself out of a mapping.
    let takes_items = call.text("msg", 0).is_none_or(|message| message.contains("%("));
    let is_shown = |value: &Value<'_>| takes_items || !is_shown_as_repr(value.expr);
    let exposed = call.all_given().filter(is_shown).any(|value| names.exposure(value) == Exposure::Request);
    (!escapes && exposed && call.exposure() == Exposure::Request).then_some(Confidence::Medium)
}

/// What is in a list or mapping is written as `repr` writes it, which escapes line breaks.
fn is_shown_as_repr(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Dict(_)
            | Expr::DictComp(_)
            | Expr::List(_)
            | Expr::ListComp(_)
            | Expr::Set(_)
            | Expr::SetComp(_)
            | Expr::Tuple(_)
    )
}

fn unverified(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("verify", 1) {
        Argument::Absent => Some(Confidence::High),
        Argument::Unknown => Some(Confidence::Low),
        Argument::Given(_) => call.is("verify", 1, &Constant::None).then_some(Confidence::High),
    }
}

/// A dictionary written in the program is a part of it; a file with a constant name is not.
fn configures(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.handed_on {
        return Some(Confidence::Medium);
    }
    let confidence = call.exposure().confidence();
    let in_program = confidence == Confidence::Low && !call.name.ends_with("fileConfig");
    (!in_program).then_some(confidence)
}
