//! Who calls the functions that only this file can call: those defined inside another function. An underscore before a
//! name keeps nobody out.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, ParameterWithDefault};
use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{Names, STEP, Value};
use super::tree::{ScopeId, ScopeKind, Tree};

/// The calls of each such function, by its name; a name that is used in another way is not there.
#[derive(Debug, Default)]
pub(super) struct Callers<'a> {
    calls: FxHashMap<&'a str, Vec<&'a ast::ExprCall>>,
}

impl<'a> Callers<'a> {
    pub(super) fn of(tree: &Tree<'a>) -> Callers<'a> {
        let mut calls: FxHashMap<&str, Vec<&ast::ExprCall>> = FxHashMap::default();
        for (id, node) in tree.nodes() {
            if let AnyNodeRef::StmtFunctionDef(function) = node
                && is_inner(tree, function, tree.scope_of(id))
            {
                calls.insert(function.name.as_str(), Vec::new());
            }
        }
        if calls.is_empty() {
            return Callers::default();
        }
        let mut called = FxHashSet::default();
        let mut handed_on = FxHashSet::default();
        for (_, node) in tree.nodes() {
            match node {
                AnyNodeRef::ExprCall(call) => {
                    let name = last_name(&call.func);
                    if let Some(known) = name.and_then(|name| calls.get_mut(name)) {
                        called.insert(std::ptr::from_ref(&*call.func).addr());
                        known.push(call);
                    }
                }
                AnyNodeRef::ExprStringLiteral(text) => {
                    handed_on.insert(text.value.to_str());
                }
                // These reach every function around them by a text.
                AnyNodeRef::ExprName(name)
                    if matches!(name.id.as_str(), "locals" | "vars" | "eval" | "exec") =>
                {
                    return Callers::default();
                }
                _ => {}
            }
            let mentioned = tree.expr(tree.id(node)).and_then(|expr| Some((expr, last_name(expr)?)));
            if let Some((expr, name)) = mentioned
                && !called.contains(&std::ptr::from_ref(expr).addr())
            {
                handed_on.insert(name);
            }
        }
        calls.retain(|name, calls| !calls.is_empty() && !handed_on.contains(name));
        Callers { calls }
    }
}

/// Whether a function is defined inside another, and nothing is put around it.
fn is_inner(tree: &Tree<'_>, function: &ast::StmtFunctionDef, scope: ScopeId) -> bool {
    matches!(tree.scope(scope).kind, ScopeKind::Function(_)) && function.decorator_list.is_empty()
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

impl<'a> Names<'a> {
    /// Whether all calls of a function are in sight, and all give constants for this parameter.
    pub(super) fn is_given_constants(
        &self,
        function: &'a ast::StmtFunctionDef,
        parameter: &'a ParameterWithDefault,
    ) -> bool {
        let callers = self.callers();
        let Some(calls) = callers.calls.get(function.name.as_str()) else { return false };
        let name = parameter.parameter.name.as_str();
        let positional = || function.parameters.posonlyargs.iter().chain(&function.parameters.args);
        let position = positional().position(|other| other.parameter.name.as_str() == name);
        let takes_self =
            positional().next().is_some_and(|first| matches!(first.parameter.name.as_str(), "self" | "cls"));
        calls.iter().all(|call| {
            if !self.spend(STEP) || call.arguments.args.iter().any(Expr::is_starred_expr) {
                return false;
            }
            let skipped = usize::from(takes_self && call.func.is_attribute_expr());
            let at = position.and_then(|position| position.checked_sub(skipped));
            let keyword = call.arguments.find_keyword(name).map(|keyword| &keyword.value);
            let given = keyword.or_else(|| call.arguments.args.get(at?));
            let hidden = call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
            match (given, parameter.default()) {
                (Some(expr), _) => self.is_constant(expr),
                (None, Some(default)) => !hidden && self.is_constant(default),
                (None, None) => false,
            }
        })
    }

    fn is_constant(&self, expr: &'a Expr) -> bool {
        let scope = self.tree.scope_of(self.tree.id(expr));
        let possible = self.possible(Value { expr, scope });
        !possible.open && !possible.constants.is_empty()
    }
}
