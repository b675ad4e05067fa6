//! Whether anything in a file can come from a request to a web application.
//!
//! Where nothing can, which is so of most files, no function has to be interpreted for a check that is only about
//! requests. A request is seen by the names it has in all frameworks, as a module that holds it, or as the parameters of
//! what answers an address; whoever names such a module in a text needs something that looks names up.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr};

use super::exposure::{Exposure, Harm};
use super::names::{Names, Value};

/// Names and attributes without which nothing in a file comes from a request: those of requests, of the modules in
/// `REQUESTS` of `exposure.rs`, and of all in `names.rs` that finds a module or an attribute by a text.
fn is_telling(word: &str) -> bool {
    matches!(
        word,
        "request"
            | "req"
            | "flask"
            | "bottle"
            | "__import__"
            | "import_module"
            | "importlib"
            | "modules"
            | "builtins"
            | "__builtin__"
            | "__builtins__"
            | "getattr"
            | "getattr_static"
            | "attrgetter"
            | "methodcaller"
            | "__getattribute__"
            | "globals"
            | "locals"
            | "vars"
            | "__dict__"
            | "__globals__"
            | "__self__"
            | "APIView"
            | "BaseHTTPRequestHandler"
            | "FastMCP"
            | "HttpRequest"
            | "MethodView"
            | "Request"
            | "RequestHandler"
            | "Resource"
            | "SimpleHTTPRequestHandler"
            | "View"
            | "cherrypy"
            | "function_tool"
            | "get_argument"
            | "get_body_argument"
            | "get_query_argument"
            | "pydantic_ai"
            | "start_response"
            | "tool"
    )
}

/// What answers the address that is its first argument.
pub(super) fn is_route(method: &str) -> bool {
    matches!(method, "route" | "get" | "post" | "put" | "delete" | "patch" | "websocket" | "api_route")
}

fn tells(node: AnyNodeRef<'_>) -> bool {
    let any = |path: &str| path.split('.').any(is_telling);
    match node {
        AnyNodeRef::ExprName(name) => is_telling(&name.id),
        AnyNodeRef::ExprAttribute(attribute) => is_telling(&attribute.attr),
        AnyNodeRef::Alias(alias) => any(&alias.name),
        AnyNodeRef::StmtImportFrom(import) => import.module.as_deref().is_some_and(any),
        AnyNodeRef::Parameter(parameter) => matches!(parameter.name.as_str(), "environ" | "event"),
        AnyNodeRef::Decorator(decorator) => match &decorator.expression {
            Expr::Call(ast::ExprCall { func, .. }) => {
                matches!(&**func, Expr::Attribute(method) if is_route(&method.attr))
            }
            _ => false,
        },
        _ => false,
    }
}

impl<'a> Names<'a> {
    /// Whether anybody who sends a request can choose a value.
    pub fn is_from_request(&self, value: Value<'a>) -> bool {
        self.may_hold_request() && self.exposure(value) == Exposure::Request
    }

    /// The same for one kind of harm.
    pub fn is_from_request_to(&self, harm: Harm, value: Value<'a>) -> bool {
        self.may_hold_request() && self.exposure_to(harm, value) == Exposure::Request
    }

    /// Whether anything in the file can come from a request.
    pub fn may_hold_request(&self) -> bool {
        *self.requests.get_or_init(|| self.tree.nodes().any(|(_, node)| tells(node)))
    }
}
