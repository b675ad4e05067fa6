//! Who calls the functions that only this file can call: those defined inside another function. An underscore before a
//! name keeps nobody out.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, ParameterWithDefault};
use rustc_hash::{FxHashMap, FxHashSet};

use super::exposure::Exposure;
use super::flow::Abstract;
use super::names::{Names, STEP, Thing, Value};
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

/// The calls of what is called like a function of this file, by name.
pub(super) type Calls<'a> = FxHashMap<&'a str, Vec<&'a ast::ExprCall>>;

pub(super) fn calls_of_functions<'a>(tree: &Tree<'a>) -> Calls<'a> {
    let mut calls: Calls<'a> = FxHashMap::default();
    for (_, node) in tree.nodes() {
        if let AnyNodeRef::StmtFunctionDef(function) = node {
            calls.entry(function.name.as_str()).or_default();
        }
    }
    for (_, node) in tree.nodes() {
        if let AnyNodeRef::ExprCall(call) = node
            && let Some(known) = last_name(&call.func).and_then(|name| calls.get_mut(name))
        {
            known.push(call);
        }
    }
    calls
}

/// What a call gives for a parameter.
fn given_for<'a>(
    function: &'a ast::StmtFunctionDef,
    parameter: &'a ParameterWithDefault,
    call: &'a ast::ExprCall,
) -> Option<&'a Expr> {
    let name = parameter.parameter.name.as_str();
    let positional = || function.parameters.posonlyargs.iter().chain(&function.parameters.args);
    let position = positional().position(|other| other.parameter.name.as_str() == name);
    let takes_self =
        positional().next().is_some_and(|first| matches!(first.parameter.name.as_str(), "self" | "cls"));
    let skipped = usize::from(takes_self && call.func.is_attribute_expr());
    let at = position.and_then(|position| position.checked_sub(skipped));
    let keyword = call.arguments.find_keyword(name).map(|keyword| &keyword.value);
    keyword.or_else(|| call.arguments.args.get(at?))
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
        calls.iter().all(|call| {
            if !self.spend(STEP) || call.arguments.args.iter().any(Expr::is_starred_expr) {
                return false;
            }
            let given = given_for(function, parameter, call);
            let hidden = call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
            match (given, parameter.default()) {
                (Some(expr), _) => self.is_constant(expr),
                (None, Some(default)) => !hidden && self.is_constant(default),
                (None, None) => false,
            }
        })
    }

    /// What the calls of a function in this file give for a parameter, where that comes from a request. Other files may call
    /// it too: that no call here gives such a thing says nothing.
    pub(super) fn given_by_request(
        &self,
        function: &'a ast::StmtFunctionDef,
        parameter: &'a ParameterWithDefault,
    ) -> Option<Abstract> {
        if !self.may_hold_request() {
            return None;
        }
        let scope = self.tree.scope_opened_by(function)?;
        let calls = self.calls().get(function.name.as_str())?;
        let given = calls.iter().filter_map(|call| {
            let place = self.tree.scope_of(self.tree.id(*call));
            let means = |thing: &Thing<'a>| matches!(thing, Thing::Function(called) if *called == scope);
            let callee = Value { expr: &call.func, scope: place };
            let expr = given_for(function, parameter, call).filter(|_| self.spend(STEP))?;
            if !self.things(callee).iter().any(means) {
                return None;
            }
            let value = Value { expr, scope: place };
            let found = self.flowing(value).unwrap_or_else(|| Abstract::of(self.exposure(value)));
            // What a function of another file made of it is followed no further.
            (found.exposure == Exposure::Request && !found.is_made_elsewhere()).then_some(found)
        });
        given.reduce(Abstract::join)
    }

    fn is_constant(&self, expr: &'a Expr) -> bool {
        let scope = self.tree.scope_of(self.tree.id(expr));
        let possible = self.possible(Value { expr, scope });
        !possible.open && !possible.constants.is_empty()
    }
}
