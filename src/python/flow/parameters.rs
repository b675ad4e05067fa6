//! What somebody outside has to do with the parameters of a function: who calls it, and what the caller makes of them.

use ruff_python_ast::{self as ast, Expr, ParameterWithDefault};
use ruff_text_size::Ranged;

use super::value::Abstract;
use super::{Frame, Run};
use crate::python::constant::Constant;
use crate::python::exposure::Exposure;
use crate::python::names::{Thing, Value};
use crate::python::requests::is_route;
use crate::python::tree::{ScopeId, ScopeKind};

/// Who calls a function with what a request holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Handler {
    /// A route, with what is written of its address.
    Route(Option<String>),
    /// A class of a framework, a server of tools, or the like, which passes everything on as it came.
    Other,
}

/// Classes of which the methods named after the methods of HTTP answer requests.
const VIEWS: &[&str] = &[
    "django.views.View",
    "django.views.generic.View",
    "django.views.generic.base.View",
    "flask.views.MethodView",
    "flask_restful.Resource",
    "flask_restx.Resource",
    "flask_smorest.MethodView",
    "rest_framework.views.APIView",
    "tornado.web.RequestHandler",
];

/// Decorators of what a server, or a language model, calls with arguments of somebody else's choice.
const EXPOSING: &[&str] = &[
    "agents.function_tool",
    "cherrypy.expose",
    "crewai.tools.tool",
    "fastmcp.FastMCP().resource",
    "fastmcp.FastMCP().tool",
    "langchain.agents.tool",
    "langchain.tools.tool",
    "langchain_core.tools.tool",
    "mcp.server.fastmcp.FastMCP().resource",
    "mcp.server.fastmcp.FastMCP().tool",
    "pydantic_ai.Agent().tool",
    "pydantic_ai.Agent().tool_plain",
    "smolagents.tool",
];

/// Parameters that a framework fills itself.
const FILLED: &[&str] = &["cls", "context", "ctx", "db", "request", "self", "session"];

impl<'a> Run<'_, 'a> {
    pub(super) fn bind_parameters(&self, frame: &mut Frame<'a>, function: &'a ast::StmtFunctionDef) {
        let handler = self.handler(function, frame.scope);
        for parameter in function.parameters.iter_non_variadic_params() {
            let value = match &handler {
                Some(handler) if self.is_from_outside(handler, parameter, frame.scope) => {
                    Abstract::of(Exposure::Request)
                }
                _ => self.given(function, parameter, frame.scope, handler.as_ref()),
            };
            let value = value.through(parameter.parameter.range());
            frame.state.insert(parameter.parameter.name.as_str(), value);
        }
        let exposure = if handler.is_some() { Exposure::Request } else { Exposure::Unknown };
        for rest in [&function.parameters.vararg, &function.parameters.kwarg].into_iter().flatten() {
            frame.state.insert(rest.name.as_str(), Abstract::of(exposure).through(rest.range()));
        }
    }

    /// What nobody outside chooses directly.
    fn given(
        &self,
        function: &'a ast::StmtFunctionDef,
        parameter: &'a ParameterWithDefault,
        scope: ScopeId,
        handler: Option<&Handler>,
    ) -> Abstract {
        let outside = self.names.tree.scope(scope).parent.unwrap_or(scope);
        let annotation = parameter.parameter.annotation();
        let is_converted = match handler {
            Some(Handler::Route(Some(path))) if path.contains('<') => {
                is_converted(path, parameter.name().as_str())
            }
            _ => annotation.is_some_and(|annotation| self.is_harmless_type(annotation, outside)),
        };
        if is_converted || self.names.is_given_constants(function, parameter) {
            return Abstract::of(Exposure::Sanitised);
        }
        self.names.given_by_request(function, parameter).unwrap_or(Abstract::of(Exposure::Unknown))
    }

    fn is_from_outside(
        &self,
        handler: &Handler,
        parameter: &'a ParameterWithDefault,
        scope: ScopeId,
    ) -> bool {
        let outside = self.names.tree.scope(scope).parent.unwrap_or(scope);
        let name = parameter.name().as_str();
        let is_injected = || match parameter.default() {
            Some(Expr::Call(call)) => {
                let names = ["fastapi.Depends", "fastapi.Security"];
                self.names.is_only(Value { expr: &call.func, scope: outside }, |name| names.contains(&name))
            }
            _ => false,
        };
        let annotation = parameter.parameter.annotation();
        let is_harmless = || annotation.is_some_and(|annotation| self.is_harmless_type(annotation, outside));
        match handler {
            Handler::Route(Some(path)) if path.contains('<') => {
                !is_converted(path, name) && (!FILLED.contains(&name) || path.contains(&format!("{name}>")))
            }
            Handler::Route(path) => {
                let is_part = path.as_ref().is_some_and(|path| path.contains(&format!("{{{name}")));
                !is_harmless() && !is_injected() && (is_part || !FILLED.contains(&name))
            }
            Handler::Other => !is_harmless() && !is_injected() && !FILLED.contains(&name),
        }
    }

    fn handler(&self, function: &'a ast::StmtFunctionDef, scope: ScopeId) -> Option<Handler> {
        let outside = self.names.tree.scope(scope).parent.unwrap_or(scope);
        let decorators = function.decorator_list.iter().map(|decorator| &decorator.expression);
        decorators
            .filter_map(|decorator| self.handler_by(decorator, outside))
            .next()
            .or_else(|| self.is_view(function, outside).then_some(Handler::Other))
            .or_else(|| is_entry(function).then_some(Handler::Other))
    }

    fn handler_by(&self, decorator: &'a Expr, outside: ScopeId) -> Option<Handler> {
        let (func, arguments) = match decorator {
            Expr::Call(call) => (&*call.func, Some(&call.arguments)),
            decorator => (decorator, None),
        };
        let names = self.names.qualified(Value { expr: func, scope: outside });
        if names.iter().any(|name| EXPOSING.contains(&name.as_str())) {
            return Some(Handler::Other);
        }
        let is_named = |name: &str| name.strip_prefix("bottle.").is_some_and(is_route);
        let is_method = matches!(func, Expr::Attribute(method) if is_route(&method.attr));
        if !is_method && !names.iter().any(|name| is_named(name)) {
            return None;
        }
        let arguments = arguments?;
        let written = arguments.args.first().or_else(|| {
            ["rule", "path"].iter().find_map(|name| Some(&arguments.find_keyword(name)?.value))
        })?;
        let constant = self.names.constant(Value { expr: written, scope: outside });
        let path = constant.as_ref().and_then(Constant::as_str)?;
        path.starts_with('/').then(|| Handler::Route(Some(path.to_owned())))
    }

    /// Whether a function is a method that answers requests, of a class of a framework.
    fn is_view(&self, function: &'a ast::StmtFunctionDef, outside: ScopeId) -> bool {
        let ScopeKind::Class(class) = self.names.tree.scope(outside).kind else { return false };
        let around = self.names.tree.scope(outside).parent.unwrap_or(outside);
        let is_view = |base: &'a Expr| {
            let names = self.names.qualified(Value { expr: base, scope: around });
            names.iter().any(|name| VIEWS.contains(&name.as_str()))
        };
        matches!(function.name.as_str(), "get" | "post" | "put" | "delete" | "patch")
            && class.bases().iter().any(is_view)
    }

    /// Whether values of a type cannot hold harm.
    fn is_harmless_type(&self, annotation: &'a Expr, scope: ScopeId) -> bool {
        let place = Value { expr: annotation, scope };
        match annotation {
            Expr::NoneLiteral(_) => true,
            Expr::BinOp(ast::ExprBinOp { op: ast::Operator::BitOr, left, right, .. }) => {
                self.is_harmless_type(left, scope) && self.is_harmless_type(right, scope)
            }
            Expr::Subscript(generic) => {
                let is = |wanted: &[&str]| {
                    self.names.is_only(Value { expr: &generic.value, scope }, |name| wanted.contains(&name))
                };
                let first = match &*generic.slice {
                    Expr::Tuple(parts) => parts.elts.first(),
                    one => Some(one),
                };
                let all = || match &*generic.slice {
                    Expr::Tuple(parts) => parts.elts.iter().all(|part| self.is_harmless_type(part, scope)),
                    one => self.is_harmless_type(one, scope),
                };
                is(&["typing.Literal", "typing_extensions.Literal"])
                    || is(&["typing.Optional", "typing.Union"]) && all()
                    || is(&["typing.Annotated", "typing_extensions.Annotated"])
                        && first.is_some_and(|first| self.is_harmless_type(first, scope))
            }
            _ => {
                self.names.is_only(place, |name| HARMLESS_TYPES.contains(&name)) || self.is_enumeration(place)
            }
        }
    }

    /// Whether a type is an enumeration of this file.
    fn is_enumeration(&self, annotation: Value<'a>) -> bool {
        let things = self.names.things(annotation);
        let [Thing::Class(scope)] = things.as_slice() else { return false };
        let tree = &self.names.tree;
        let ScopeKind::Class(class) = tree.scope(*scope).kind else { return false };
        let outside = tree.scope(*scope).parent.unwrap_or(*scope);
        let is_enum = |name: &str| matches!(name, "enum.Enum" | "enum.IntEnum" | "enum.StrEnum");
        class.bases().iter().any(|base| self.names.is_only(Value { expr: base, scope: outside }, is_enum))
    }
}

const HARMLESS_TYPES: &[&str] =
    &["builtins.bool", "builtins.float", "builtins.int", "datetime.date", "datetime.datetime", "uuid.UUID"];

/// Whether a route takes only numbers and the like for a part of its address: `/<int:number>`.
fn is_converted(path: &str, name: &str) -> bool {
    ["int", "float", "uuid"].iter().any(|kind| path.contains(&format!("<{kind}:{name}>")))
}

/// Functions that a server calls by the names of their parameters: those of AWS Lambda.
fn is_entry(function: &ast::StmtFunctionDef) -> bool {
    let names = function.parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str());
    let names: Vec<&str> = names.filter(|name| *name != "self").collect();
    matches!(names.as_slice(), ["event", "context" | "_context"])
}
