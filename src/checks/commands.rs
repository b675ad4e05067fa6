//! Command lines as they are written in the source: shared by the families about processes and malware.

use ruff_python_ast::{self as ast, Expr, Operator};

use crate::check::Confidence;
use crate::python::{Argument, Call, Constant, Module, Thing, Truth, Value};

/// Stands in a sketch for a part that is no constant.
pub const GAP: char = '\u{fffc}';

/// How far lists and texts are followed into one another, and how much of them is looked at.
const MAX_DEPTH: usize = 8;
const MAX_WORDS: usize = 200;
const MAX_SKETCH: usize = 4_000;

/// Callees that start a process from `args` and know `shell`. That is the ninth parameter of all of them.
pub const SUBPROCESS: &[&str] = &[
    "subprocess.run",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
];

/// Callees that give a command line to a shell.
pub const SHELLS: &[&str] = &[
    "os.system",
    "os.popen",
    "os.popen2",
    "os.popen3",
    "os.popen4",
    "popen2.popen2",
    "popen2.popen3",
    "popen2.popen4",
    "popen2.Popen3",
    "popen2.Popen4",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "subprocess.getstatus",
    "asyncio.create_subprocess_shell",
];

/// Callees that start a program, besides those of `subprocess`.
pub const STARTERS: &[&str] = &[
    "asyncio.create_subprocess_exec",
    "os.execl",
    "os.execle",
    "os.execlp",
    "os.execlpe",
    "os.execv",
    "os.execve",
    "os.execvp",
    "os.execvpe",
    "os.posix_spawn",
    "os.posix_spawnp",
    "os.spawnl",
    "os.spawnle",
    "os.spawnlp",
    "os.spawnlpe",
    "os.spawnv",
    "os.spawnve",
    "os.spawnvp",
    "os.spawnvpe",
    "pexpect.spawn",
    "pty.spawn",
];

/// Position of `shell` among the parameters of `subprocess.Popen`.
pub const SHELL: usize = 8;

/// The elements of a command: of a list what is in it, of a sum of lists what is in both, else the value itself.
pub fn elements<'a>(module: &Module<'a>, value: Value<'a>) -> Vec<Value<'a>> {
    let mut out = Vec::new();
    add_elements(module, value, MAX_DEPTH, &mut out);
    out
}

/// The elements of all arguments of a call from this position on.
pub fn elements_from<'a>(call: &Call<'_, 'a>, first: usize) -> Vec<Value<'a>> {
    let mut out = Vec::new();
    for value in call.all_given().skip(first) {
        add_elements(call.module, value, MAX_DEPTH, &mut out);
    }
    out
}

fn add_elements<'a>(module: &Module<'a>, value: Value<'a>, depth: usize, out: &mut Vec<Value<'a>>) {
    let at = |expr: &'a Expr| Value { expr, scope: value.scope };
    if depth == 0 || out.len() >= MAX_WORDS {
        return;
    }
    match value.expr {
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
            for expr in elts.iter().take(MAX_WORDS) {
                add_elements(module, at(expr), depth - 1, out);
            }
        }
        Expr::Starred(starred) => add_elements(module, at(&starred.value), depth - 1, out),
        Expr::BinOp(sum) if sum.op == Operator::Add && holds_list(module, value) => {
            add_elements(module, at(&sum.left), depth - 1, out);
            add_elements(module, at(&sum.right), depth - 1, out);
        }
        Expr::Name(_) | Expr::Attribute(_) => match module.names().things(value).as_slice() {
            [Thing::Value(inner)] if is_sequence(inner.expr) => add_elements(module, *inner, depth - 1, out),
            _ => out.push(value),
        },
        _ => out.push(value),
    }
}

fn is_sequence(expr: &Expr) -> bool {
    matches!(expr, Expr::List(_) | Expr::Tuple(_))
}

/// Whether one of the two outermost operands of a sum is a list.
fn holds_list<'a>(module: &Module<'a>, sum: Value<'a>) -> bool {
    let Expr::BinOp(ast::ExprBinOp { left, right, .. }) = sum.expr else { return false };
    [left, right].into_iter().any(|expr| {
        let value = Value { expr, ..sum };
        is_sequence(expr)
            || module.names().things(value).iter().any(|thing| match thing {
                Thing::Value(inner) => is_sequence(inner.expr),
                _ => false,
            })
    })
}

/// The text that an expression builds as far as the source shows it, with a [`GAP`] for each other part.
pub fn sketch<'a>(module: &Module<'a>, value: Value<'a>) -> String {
    let mut out = String::new();
    draw(module, value, MAX_DEPTH, &mut out);
    out
}

fn draw<'a>(module: &Module<'a>, value: Value<'a>, depth: usize, out: &mut String) {
    let at = |expr: &'a Expr| Value { expr, scope: value.scope };
    if depth == 0 || out.len() > MAX_SKETCH {
        return out.push(GAP);
    }
    match module.names().constant(value) {
        Some(Constant::Str(text)) => return out.push_str(&text),
        Some(Constant::Bytes(bytes)) => return out.push_str(&String::from_utf8_lossy(&bytes)),
        _ => {}
    }
    match value.expr {
        Expr::FString(text) => {
            for element in text.value.elements() {
                match element {
                    ast::InterpolatedStringElement::Literal(literal) => out.push_str(&literal.value),
                    ast::InterpolatedStringElement::Interpolation(part) => {
                        draw(module, at(&part.expression), depth - 1, out);
                    }
                }
            }
        }
        Expr::BinOp(ast::ExprBinOp { op: Operator::Add, .. }) => {
            for expr in operands(value.expr) {
                draw(module, at(expr), depth - 1, out);
            }
        }
        Expr::BinOp(ast::ExprBinOp { op: Operator::Mod, left, .. }) => draw(module, at(left), depth - 1, out),
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) if method.attr.as_str() == "format" => {
                draw(module, at(&method.value), depth - 1, out);
            }
            _ => out.push(GAP),
        },
        Expr::Name(_) | Expr::Attribute(_) => match module.names().things(value).as_slice() {
            [Thing::Value(inner)] if *inner != value => draw(module, *inner, depth - 1, out),
            _ => out.push(GAP),
        },
        _ => out.push(GAP),
    }
}

/// The operands of a chain of `+`, which leans to the left and can be long.
fn operands(mut expr: &Expr) -> Vec<&Expr> {
    let mut out = Vec::new();
    while let Expr::BinOp(ast::ExprBinOp { op: Operator::Add, left, right, .. }) = expr {
        out.push(&**right);
        expr = left;
    }
    out.push(expr);
    out.reverse();
    out
}

/// The file name of a program: of `/usr/bin/Bash` and `bash.exe` it is `bash`.
pub fn program_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

/// How sure it is that `shell` is true; `None` if it is not.
pub fn confidence_in_shell(call: &Call<'_, '_>) -> Option<Confidence> {
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

/// The command that a call is given, and whether a shell reads it.
pub fn command<'a>(call: &Call<'_, 'a>) -> Option<(Value<'a>, bool)> {
    if SUBPROCESS.contains(&call.name.as_str()) {
        let program = call.given("executable", 2).or_else(|| call.given("args", 0))?;
        return Some((program, matches!(call.truth("shell", SHELL), Truth::True | Truth::Sometimes)));
    }
    let position = usize::from(call.name.starts_with("os.spawn"));
    Some((call.all_given().nth(position)?, SHELLS.contains(&call.name.as_str())))
}
