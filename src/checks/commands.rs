//! Command lines as they are written in the source: shared by the families about processes and malware.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Operator};
use smallvec::SmallVec;

use crate::check::Confidence;
use crate::python::{Added, Argument, Call, Constant, Module, Thing, Truth, Value};

/// Stands in a sketch for a part that is no constant.
pub const GAP: char = '\u{fffc}';

/// How many levels of lists, texts and names are followed into one another, and how many steps are taken in all.
const MAX_DEPTH: usize = 8;
const MAX_STEPS: usize = 2_000;

/// How long a sketch becomes.
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
    let mut reader = Reader::new(module);
    reader.elements(value, MAX_DEPTH);
    reader.elements
}

/// What may stand first in a command that no shell reads: the program. Of what is put together in plain sight it is the
/// first element; anything else chooses the program as a whole.
pub fn programs<'a>(module: &Module<'a>, command: Value<'a>) -> Vec<Value<'a>> {
    let things = module.names().things(command);
    let list = |thing: &Thing<'a>| match thing {
        Thing::Value(inner) => Some(*inner).filter(|inner| Reader::new(module).is_list(*inner)),
        _ => None,
    };
    let lists: Option<Vec<Value<'a>>> = things.iter().map(list).collect();
    let commands = lists.filter(|lists| !lists.is_empty()).unwrap_or_else(|| vec![command]);
    commands.into_iter().filter_map(|command| elements(module, command).first().copied()).collect()
}

/// Whether a command is a list of words in any case, and no text that somebody would have to take apart.
pub fn is_list<'a>(module: &Module<'a>, command: &'a Expr) -> bool {
    let is_written = |expr: &Expr| is_sequence(expr) || expr.is_list_comp_expr();
    let is_held = |expr: &'a Expr| match expr {
        Expr::Name(name) => module.only_assigned(name).is_some_and(|held| {
            !held.is_empty() && held.into_iter().all(|expr| operands(expr).into_iter().any(is_written))
        }),
        expr => is_written(expr),
    };
    // A list takes nothing but a list.
    operands(command).into_iter().take(MAX_DEPTH).any(is_held)
}

/// The elements of all arguments of a call.
pub fn all_elements<'a>(call: &Call<'_, 'a>) -> Vec<Value<'a>> {
    let mut reader = Reader::new(call.module);
    call.all_given().for_each(|value| reader.elements(value, MAX_DEPTH));
    reader.elements
}

/// The text that an expression builds as far as the source shows it, with a [`GAP`] for each other part.
pub fn sketch<'a>(module: &Module<'a>, value: Value<'a>) -> String {
    let mut reader = Reader::new(module);
    reader.draw(value, MAX_DEPTH);
    reader.sketch
}

/// The sketches of all elements of all arguments, with spaces between them.
pub fn sketch_of_all(call: &Call<'_, '_>) -> String {
    let mut reader = Reader::new(call.module);
    for element in all_elements(call) {
        reader.draw(element, MAX_DEPTH);
        reader.sketch.push(' ');
    }
    reader.sketch
}

/// Whether a question is true of a node in an expression, in what a name in it was assigned, or in what a function
/// of this file that it calls can return.
pub fn mentions<'a>(module: &Module<'a>, expr: &'a Expr, question: &dyn Fn(AnyNodeRef<'a>) -> bool) -> bool {
    Reader::new(module).mentions(expr, MAX_DEPTH / 2, question)
}

/// Methods whose result is still the text or path that they are called on, with gaps filled.
const KEEPING_METHODS: &[&str] = &["absolute", "expanduser", "format", "resolve"];

/// Functions that make a path of the parts they are given.
const PATH_FUNCTIONS: &[&str] = &[
    "builtins.str",
    "os.fspath",
    "os.path.abspath",
    "os.path.expanduser",
    "os.path.expandvars",
    "os.path.join",
    "os.path.normpath",
    "os.path.realpath",
    "pathlib.Path",
    "pathlib.PurePath",
];

/// Reads expressions, and gives up after so many steps: lists of lists of names can be made to explode.
struct Reader<'m, 'a> {
    module: &'m Module<'a>,
    steps: usize,
    elements: Vec<Value<'a>>,
    sketch: String,
}

impl<'m, 'a> Reader<'m, 'a> {
    fn new(module: &'m Module<'a>) -> Self {
        Reader { module, steps: 0, elements: Vec::new(), sketch: String::new() }
    }

    fn may_go_on(&mut self, depth: usize) -> bool {
        self.steps += 1;
        depth > 0 && self.steps <= MAX_STEPS && self.sketch.len() <= MAX_SKETCH
    }

    fn elements(&mut self, value: Value<'a>, depth: usize) {
        let at = |expr: &'a Expr| Value { expr, scope: value.scope };
        if !self.may_go_on(depth) {
            return;
        }
        match value.expr {
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                elts.iter().for_each(|expr| self.elements(at(expr), depth - 1));
            }
            Expr::Starred(starred) => self.elements(at(&starred.value), depth - 1),
            Expr::BinOp(_) if self.is_list(value) => {
                operands(value.expr).into_iter().for_each(|expr| self.elements(at(expr), depth - 1));
            }
            Expr::Name(_) | Expr::Attribute(_) => match self.module.names().things(value).as_slice() {
                [Thing::Value(inner)] if is_sequence(inner.expr) => {
                    self.elements(*inner, depth - 1);
                    self.added_elements(value, depth);
                }
                _ => self.elements.push(value),
            },
            _ => self.elements.push(value),
        }
    }

    /// Whether a value is a list or a sum of lists as it is written.
    fn is_list(&self, value: Value<'a>) -> bool {
        let is_sum = matches!(value.expr, Expr::BinOp(sum) if sum.op == Operator::Add);
        is_sequence(value.expr) || is_sum && self.holds_list(value)
    }

    /// What is put into a list after it was made.
    fn added_elements(&mut self, value: Value<'a>, depth: usize) {
        let Expr::Name(name) = value.expr else { return };
        for added in self.module.names().added_to(name, value.scope) {
            match added {
                Added::One(value) => self.elements.push(value),
                Added::All(values) => self.elements(values, depth - 1),
                Added::Item(..) | Added::Keywords(_) => {}
            }
        }
    }

    fn holds_list(&self, sum: Value<'a>) -> bool {
        let is_list = |thing: &Thing<'a>| matches!(thing, Thing::Value(inner) if is_sequence(inner.expr));
        operands(sum.expr).into_iter().take(MAX_DEPTH).any(|expr| {
            is_sequence(expr) || self.module.names().things(Value { expr, ..sum }).iter().any(is_list)
        })
    }

    fn draw(&mut self, value: Value<'a>, depth: usize) {
        let at = |expr: &'a Expr| Value { expr, scope: value.scope };
        if !self.may_go_on(depth) {
            return self.sketch.push(GAP);
        }
        match self.module.names().constant(value) {
            Some(Constant::Str(text)) => return self.sketch.push_str(&text),
            Some(Constant::Bytes(bytes)) => return self.sketch.push_str(&String::from_utf8_lossy(&bytes)),
            _ => {}
        }
        match value.expr {
            Expr::FString(text) => {
                for element in text.value.elements() {
                    match element {
                        ast::InterpolatedStringElement::Literal(part) => self.sketch.push_str(&part.value),
                        ast::InterpolatedStringElement::Interpolation(part) => {
                            self.draw(at(&part.expression), depth - 1);
                        }
                    }
                }
            }
            Expr::BinOp(ast::ExprBinOp { op: Operator::Add, .. }) => {
                operands(value.expr).into_iter().for_each(|expr| self.draw(at(expr), depth - 1));
            }
            Expr::BinOp(ast::ExprBinOp { op: Operator::Mod, left, .. }) => self.draw(at(left), depth - 1),
            Expr::BinOp(ast::ExprBinOp { op: Operator::Div, left, right, .. }) => {
                self.draw_joined([&**left, &**right], value, depth);
            }
            Expr::Call(call) => self.draw_call(call, value, depth),
            Expr::Name(_) | Expr::Attribute(_) => match self.module.names().things(value).as_slice() {
                [Thing::Value(inner)] if *inner != value => self.draw(*inner, depth - 1),
                _ => self.sketch.push(GAP),
            },
            _ => self.sketch.push(GAP),
        }
    }

    fn draw_call(&mut self, call: &'a ast::ExprCall, value: Value<'a>, depth: usize) {
        match &*call.func {
            func if self.module.refers_to(func, PATH_FUNCTIONS) => {
                self.draw_joined(&call.arguments.args, value, depth);
            }
            Expr::Attribute(method) if KEEPING_METHODS.contains(&method.attr.as_str()) => {
                self.draw(Value { expr: &method.value, ..value }, depth - 1);
            }
            Expr::Attribute(method) if method.attr.as_str() == "joinpath" => {
                self.draw_joined(std::iter::once(&*method.value).chain(&call.arguments.args), value, depth);
            }
            _ => self.sketch.push(GAP),
        }
    }

    /// The parts of a path.
    fn draw_joined(&mut self, parts: impl IntoIterator<Item = &'a Expr>, value: Value<'a>, depth: usize) {
        for (at, expr) in parts.into_iter().enumerate() {
            if at > 0 {
                self.sketch.push('/');
            }
            self.draw(Value { expr, ..value }, depth - 1);
        }
    }

    fn mentions(&mut self, expr: &'a Expr, depth: usize, question: &dyn Fn(AnyNodeRef<'a>) -> bool) -> bool {
        let module = self.module;
        let id = module.tree().id(expr);
        for node in std::iter::once(module.tree().node(id)).chain(module.tree().descendants(id)) {
            if !self.may_go_on(depth) {
                return false;
            }
            let is_it = question(node)
                || match node {
                    AnyNodeRef::ExprName(name) => {
                        module.assigned(name).any(|expr| self.mentions(expr, depth - 1, question))
                    }
                    AnyNodeRef::ExprCall(call) => module
                        .names()
                        .things(module.value(&call.func))
                        .iter()
                        .flat_map(|thing| returned(module, thing))
                        .any(|expr| self.mentions(expr, depth - 1, question)),
                    _ => false,
                };
            if is_it {
                return true;
            }
        }
        false
    }
}

/// What a function of this file can return.
fn returned<'a>(module: &Module<'a>, thing: &Thing<'a>) -> impl Iterator<Item = &'a Expr> {
    let returns = match thing {
        Thing::Function(scope) => module.tree().scope(*scope).returns.clone(),
        _ => SmallVec::new(),
    };
    returns.into_iter()
}

fn is_sequence(expr: &Expr) -> bool {
    matches!(expr, Expr::List(_) | Expr::Tuple(_))
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
