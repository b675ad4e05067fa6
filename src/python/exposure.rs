//! How much somebody outside the program can have to do with a value.

use ruff_python_ast::{self as ast, Expr, Operator};

use super::call::Call;
use super::names::{Names, Thing, Value};
use crate::check::Confidence;

/// How much somebody outside can have to do with a value. The order is the order of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// It is a constant, whatever happens.
    Constant,
    /// It went through something that makes it harmless, or is of a type that cannot hold harm.
    Sanitised,
    /// Nothing is known about where it comes from.
    Unknown,
    /// It is a text built from parts of which some are no constants.
    Built,
    /// It comes from outside: the command line, the environment, a socket, a file.
    Input,
    /// It comes from a request to a web application: anybody can choose it.
    Request,
}

impl Exposure {
    /// How sure a check may be whose danger lies in this value.
    pub fn confidence(self) -> Confidence {
        match self {
            Exposure::Constant | Exposure::Sanitised => Confidence::Low,
            Exposure::Unknown => Confidence::Medium,
            Exposure::Built | Exposure::Input | Exposure::Request => Confidence::High,
        }
    }
}

/// Names whose value somebody outside the program chooses.
static INPUTS: &[&str] = &[
    "builtins.input()",
    "sys.argv",
    "sys.stdin",
    "os.environ",
    "os.environb",
    "os.getenv()",
    "urllib.request.urlopen()",
    "requests.get()",
    "requests.post()",
    "socket.socket().recv()",
];

/// Names whose value the sender of a request chooses.
static REQUESTS: &[&str] = &["flask.request", "bottle.request"];

/// Calls whose result cannot carry what an injection needs.
static SANITISERS: &[&str] = &[
    "builtins.int()",
    "builtins.float()",
    "builtins.bool()",
    "builtins.len()",
    "builtins.ord()",
    "builtins.hash()",
    "builtins.id()",
    "shlex.quote()",
    "pipes.quote()",
    "html.escape()",
    "markupsafe.escape()",
    "urllib.parse.quote()",
    "urllib.parse.quote_plus()",
    "werkzeug.utils.secure_filename()",
    "re.escape()",
    "uuid.uuid4()",
    "uuid.UUID()",
];

impl<'a> Names<'a> {
    /// How much somebody outside can have to do with a value.
    pub fn exposure(&self, value: Value<'a>) -> Exposure {
        self.deeper(|| Some(self.find_exposure(value))).unwrap_or(Exposure::Unknown)
    }

    fn find_exposure(&self, value: Value<'a>) -> Exposure {
        let at = |expr: &'a Expr| Value { expr, scope: value.scope };
        if self.constant(value).is_some() {
            return Exposure::Constant;
        }
        match value.expr {
            Expr::FString(text) => {
                let parts =
                    text.value.elements().filter_map(ast::InterpolatedStringElement::as_interpolation);
                self.built(parts.map(|part| at(&part.expression)))
            }
            Expr::BinOp(binary) if matches!(binary.op, Operator::Add | Operator::Mod | Operator::Div) => {
                self.built([at(&binary.left), at(&binary.right)])
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().map(|expr| self.exposure(at(expr))).max().unwrap_or(Exposure::Constant)
            }
            Expr::Dict(dict) => {
                dict.iter_values().map(|expr| self.exposure(at(expr))).max().unwrap_or(Exposure::Constant)
            }
            Expr::Compare(_) | Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) => Exposure::Sanitised,
            Expr::Call(call) if is_formatting(call) => {
                let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                self.built(call.arguments.args.iter().chain(keywords).map(at))
            }
            _ => self.exposure_of_meaning(value),
        }
    }

    /// A text built from these parts is as dangerous as the worst of them, and at least built.
    fn built(&self, parts: impl IntoIterator<Item = Value<'a>>) -> Exposure {
        match parts.into_iter().map(|part| self.exposure(part)).max() {
            None | Some(Exposure::Constant) => Exposure::Constant,
            Some(Exposure::Sanitised) => Exposure::Sanitised,
            Some(outside @ (Exposure::Input | Exposure::Request)) => outside,
            Some(Exposure::Unknown | Exposure::Built) => Exposure::Built,
        }
    }

    fn exposure_of_meaning(&self, value: Value<'a>) -> Exposure {
        let meaning = |thing: Thing<'a>| match thing {
            Thing::Named(name) if is_of(&name, REQUESTS) => Exposure::Request,
            Thing::Named(name) if is_of(&name, INPUTS) => Exposure::Input,
            Thing::Named(name) if is_of(&name, SANITISERS) => Exposure::Sanitised,
            Thing::Value(inner) if inner != value => self.exposure(inner),
            _ => Exposure::Unknown,
        };
        self.things(value).into_iter().map(meaning).max().unwrap_or(Exposure::Unknown)
    }
}

/// Whether a name is one of these or something inside one of these.
fn is_of(name: &str, known: &[&str]) -> bool {
    known.iter().any(|known| {
        name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

fn is_formatting(call: &ast::ExprCall) -> bool {
    let Expr::Attribute(method) = &*call.func else { return false };
    matches!(method.attr.as_str(), "format" | "join" | "format_map" | "replace")
        && matches!(&*method.value, Expr::StringLiteral(_) | Expr::FString(_) | Expr::BinOp(_))
}

impl Call<'_, '_> {
    /// How much somebody outside can have to do with what this call gets, at the worst.
    pub fn exposure(&self) -> Exposure {
        if self.hides_arguments() {
            return Exposure::Unknown;
        }
        let names = self.module.names();
        self.all_given().map(|value| names.exposure(value)).max().unwrap_or(Exposure::Constant)
    }

    /// The same for one argument; a constant when it is not given.
    pub fn exposure_of(&self, keyword: &str, position: impl Into<Option<usize>>) -> Exposure {
        use super::call::Argument;
        match self.argument(keyword, position) {
            Argument::Absent => Exposure::Constant,
            Argument::Unknown => Exposure::Unknown,
            Argument::Given(value) => self.module.names().exposure(value),
        }
    }
}
