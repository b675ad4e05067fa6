//! Which lists and mappings change in a way that is not followed: under another name, inside another one, or by a function
//! that gets hold of them.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use rustc_hash::FxHashSet;

use crate::python::constant::may_change_given;
use crate::python::tree::{Meaning, NodeId, ScopeId, Tree};

/// The variables that hold such lists and mappings.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    variables: FxHashSet<(ScopeId, &'a str)>,
}

impl<'a> Changes<'a> {
    pub(in crate::python) fn of(tree: &Tree<'a>) -> Changes<'a> {
        let variables = tree.nodes().filter_map(|(id, node)| {
            let AnyNodeRef::ExprName(name) = node else { return None };
            let changes = name.ctx.is_load() && changes_out_of_sight(tree, id);
            changes.then(|| Some((tree.scope_binding(tree.scope_of(id), &name.id)?, name.id.as_str())))?
        });
        let mut changes = Changes { variables: variables.collect() };
        changes.add_iterated(tree);
        changes
    }

    /// What a loop changes of each element changes what it goes through: `for row in rows: row.append(…)`.
    fn add_iterated(&mut self, tree: &Tree<'a>) {
        let variable = |name: &'a ast::ExprName| {
            let home = tree.scope_binding(tree.scope_of(tree.id(name)), &name.id);
            home.map(|home| (home, name.id.as_str()))
        };
        let changed = tree.nodes().filter_map(|(id, node)| match node {
            AnyNodeRef::ExprName(name) if name.ctx.is_load() && changes(tree, id) => variable(name),
            _ => None,
        });
        let changed: FxHashSet<(ScopeId, &str)> = changed.collect();
        for (_, node) in tree.nodes() {
            let AnyNodeRef::StmtFor(each) = node else { continue };
            let targets = std::iter::once(&*each.target).chain(match &*each.target {
                Expr::Tuple(targets) => targets.elts.iter(),
                _ => [].iter(),
            });
            let mut names = targets.filter_map(Expr::as_name_expr).filter_map(variable);
            if !names.any(|name| changed.contains(&name)) {
                continue;
            }
            let iterated = tree.id(&*each.iter);
            for inner in tree.between(iterated, tree.end(iterated)) {
                if let AnyNodeRef::ExprName(name) = tree.node(inner) {
                    self.variables.extend(variable(name));
                }
            }
        }
    }

    /// Whether a variable that is read in a scope is one of them.
    pub(super) fn contains(&self, tree: &Tree<'a>, scope: ScopeId, name: &'a str) -> bool {
        let home = tree.scope_binding(scope, name);
        home.is_some_and(|home| {
            self.variables.contains(&(home, name))
                && !tree.bindings_in(home, name).all(|(_, one)| is_tuple(&one.meaning))
        })
    }
}

fn is_tuple(meaning: &Meaning<'_>) -> bool {
    matches!(meaning, Meaning::Value { expr: Expr::Tuple(_), steps, .. } if steps.is_empty())
}

/// Methods of lists, sets and mappings that change them, and functions that do so to what they are given.
const CHANGING: &[&str] = &[
    "__delitem__",
    "__iadd__",
    "__setitem__",
    "add",
    "append",
    "appendleft",
    "delitem",
    "extend",
    "extendleft",
    "heappush",
    "heappushpop",
    "heapreplace",
    "iadd",
    "insert",
    "insort",
    "insort_left",
    "insort_right",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "setdefault",
    "setitem",
    "shuffle",
    "sort",
    "update",
];

/// Those that are followed.
const FOLLOWED: &[&str] =
    &["add", "append", "appendleft", "extend", "insert", "pop", "popleft", "remove", "update"];

fn changes_out_of_sight(tree: &Tree<'_>, name: NodeId) -> bool {
    let is_captured = || {
        let AnyNodeRef::ExprName(read) = tree.node(name) else { return false };
        let here = tree.scope_of(name);
        tree.scope_binding(here, &read.id).is_some_and(|home| !tree.runs_with(here, home))
    };
    let mut held = tree.node(name);
    let mut around = tree.ancestors(name);
    while let Some(outside) = around.next().map(|id| tree.node(id)) {
        let is_whole = held.is_expr_name();
        let is_held = |expr: &Expr| held.ptr_eq(AnyNodeRef::from(expr));
        match outside {
            AnyNodeRef::ExprSubscript(part) if is_held(&part.value) => {
                if !part.ctx.is_load() {
                    return !is_whole || part.ctx.is_del() || is_captured();
                }
                held = outside;
            }
            AnyNodeRef::ExprAttribute(method) => {
                let called = around.next().map(|id| tree.node(id));
                let is_called = matches!(called, Some(AnyNodeRef::ExprCall(call)) if outside.ptr_eq(AnyNodeRef::from(&*call.func)));
                let is_followed = is_whole && is_called && FOLLOWED.contains(&method.attr.as_str());
                return CHANGING.contains(&method.attr.as_str()) && (!is_followed || is_captured());
            }
            AnyNodeRef::Keyword(_) if is_whole => {}
            AnyNodeRef::Arguments(_) if is_whole => {
                let Some(AnyNodeRef::ExprCall(call)) = around.next().map(|id| tree.node(id)) else {
                    return false;
                };
                let by_name = matches!(&*call.func, Expr::Attribute(method) if CHANGING.contains(&method.attr.as_str()) && !FOLLOWED.contains(&method.attr.as_str()) || is_type(&method.value));
                return by_name || may_change_given(tree, &call.func);
            }
            AnyNodeRef::ExprList(_)
            | AnyNodeRef::ExprTuple(_)
            | AnyNodeRef::ExprDict(_)
            | AnyNodeRef::ExprSet(_)
                if is_whole =>
            {
                return !matches!(around.next().map(|id| tree.node(id)), Some(AnyNodeRef::StmtReturn(_)));
            }
            AnyNodeRef::StmtAssign(assign) => return is_held(&assign.value) && is_whole,
            AnyNodeRef::ExprNamed(assign) => return is_held(&assign.value) && is_whole,
            _ => return false,
        }
    }
    false
}

/// Whether a variable is changed where it is named, in a way that is followed or not.
fn changes(tree: &Tree<'_>, name: NodeId) -> bool {
    let mut around = tree.ancestors(name).map(|id| tree.node(id));
    match around.next() {
        Some(AnyNodeRef::ExprSubscript(part)) => !part.ctx.is_load(),
        Some(AnyNodeRef::ExprAttribute(method)) => CHANGING.contains(&method.attr.as_str()),
        _ => false,
    }
}

/// `list.append(names, name)`
fn is_type(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if matches!(name.id.as_str(), "list" | "dict" | "set"))
}
