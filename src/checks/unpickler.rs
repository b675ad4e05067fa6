//! Whether the `find_class` of an unpickler gives back nothing but what a list in the source names.

use ruff_python_ast::{self as ast, AnyNodeRef, CmpOp, Expr, ExprContext, InterpolatedStringElement, Stmt};
use rustc_hash::FxHashSet;
use std::cell::Cell;

use crate::python::{Module, ScopeId};

/// How deep statements and tests are looked into.
const MAX_DEPTH: u32 = 20;

/// How many expressions are looked at for a class: lists can be put together from one another in many ways.
const MAX_STEPS: u32 = 10_000;

/// Methods that put something into a collection.
const PUT_IN: &[&str] = &["add", "append", "extend", "insert", "setdefault", "update"];

/// Whether every name that a class looks up was found in a list, or is refused.
pub(super) fn is_restricted<'a>(module: &Module<'a>, class: &'a ast::StmtClassDef) -> bool {
    let tree = module.tree();
    let find_class = class.body.iter().find_map(|stmt| match stmt {
        Stmt::FunctionDef(function) if function.name.as_str() == "find_class" => Some(function),
        _ => None,
    });
    let Some(function) = find_class.filter(|function| function.decorator_list.is_empty()) else {
        return false;
    };
    let (Some(of_class), Some(scope)) = (tree.scope_opened_by(class), tree.scope_opened_by(function)) else {
        return false;
    };
    let is_only = tree.bindings_in(of_class, "find_class").nth(1).is_none()
        && tree.attribute_values("find_class").is_empty();
    let mut lookup = Lookup {
        module,
        class,
        scope,
        asked: FxHashSet::default(),
        changed: FxHashSet::default(),
        steps: Cell::new(0),
    };
    lookup.read(function);
    is_only && lookup.block(&function.body, false, 0).is_some()
}

/// How a block ends, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Never,
    /// The name is known to be one of a list.
    Listed,
    Open,
}

struct Lookup<'m, 'a> {
    module: &'m Module<'a>,
    class: &'a ast::StmtClassDef,
    scope: ScopeId,
    /// Variables that hold the whole name that is looked up.
    asked: FxHashSet<&'a str>,
    /// Variables whose collections the function changes.
    changed: FxHashSet<&'a str>,
    steps: Cell<u32>,
}

impl<'a> Lookup<'_, 'a> {
    fn read(&mut self, function: &'a ast::StmtFunctionDef) {
        let tree = self.module.tree();
        let parameter = function.parameters.iter_non_variadic_params().nth(2);
        self.asked.extend(parameter.map(|name| name.name().as_str()).filter(|name| self.is_bound_once(name)));
        for node in tree.descendants(tree.id(function)) {
            match node {
                AnyNodeRef::StmtAssign(ast::StmtAssign { targets, value, .. }) => {
                    if let [Expr::Name(name)] = targets.as_slice()
                        && self.is_asked(value, 0)
                        && self.is_bound_once(&name.id)
                    {
                        self.asked.insert(name.id.as_str());
                    }
                }
                AnyNodeRef::ExprSubscript(ast::ExprSubscript { value, ctx: ExprContext::Store, .. }) => {
                    self.changed.extend(value.as_name_expr().map(|name| name.id.as_str()));
                }
                AnyNodeRef::ExprAttribute(method) if PUT_IN.contains(&method.attr.as_str()) => {
                    self.changed.extend(method.value.as_name_expr().map(|name| name.id.as_str()));
                }
                _ => {}
            }
        }
    }

    fn is_enough(&self, depth: u32) -> bool {
        self.steps.set(self.steps.get() + 1);
        depth > MAX_DEPTH || self.steps.get() > MAX_STEPS
    }

    fn is_bound_once(&self, name: &str) -> bool {
        self.module.tree().bindings_in(self.scope, name).nth(1).is_none()
    }

    /// How a block ends; `None` where it gives back something that no list names.
    fn block(&self, body: &'a [Stmt], listed: bool, depth: u32) -> Option<End> {
        let mut end = if listed { End::Listed } else { End::Open };
        for stmt in body {
            end = self.statement(stmt, end, depth)?;
            if end == End::Never {
                break;
            }
        }
        Some(end)
    }

    fn statement(&self, stmt: &'a Stmt, before: End, depth: u32) -> Option<End> {
        let listed = before == End::Listed;
        if depth > MAX_DEPTH {
            return None;
        }
        let inside = |body: &'a [Stmt]| self.block(body, listed, depth + 1);
        match stmt {
            Stmt::Return(given) => {
                let is_fixed = given.value.as_ref().is_none_or(|value| self.is_fixed(value, depth));
                (listed || is_fixed).then_some(End::Never)
            }
            Stmt::Raise(_) => Some(End::Never),
            Stmt::If(choice) => self.choice(choice, listed, depth),
            // What is raised inside may be caught, and a loop may not run at all.
            Stmt::For(ast::StmtFor { body, orelse, .. })
            | Stmt::While(ast::StmtWhile { body, orelse, .. }) => {
                inside(body).and(inside(orelse)).map(|_| before)
            }
            Stmt::With(with) => inside(&with.body).map(|_| before),
            Stmt::Try(attempt) => {
                let handlers =
                    attempt.handlers.iter().map(|ast::ExceptHandler::ExceptHandler(one)| &*one.body);
                let blocks = [&*attempt.body, &*attempt.orelse, &*attempt.finalbody];
                blocks.into_iter().chain(handlers).all(|body| inside(body).is_some()).then_some(before)
            }
            Stmt::Match(choice) => {
                choice.cases.iter().all(|case| inside(&case.body).is_some()).then_some(before)
            }
            _ => Some(before),
        }
    }

    fn choice(&self, choice: &'a ast::StmtIf, listed: bool, depth: u32) -> Option<End> {
        let mut end = self.block(&choice.body, listed || self.lists(&choice.test, true, depth), depth + 1)?;
        let mut rest = listed || self.lists(&choice.test, false, depth);
        let mut is_whole = false;
        for clause in &choice.elif_else_clauses {
            let holds = clause.test.as_ref().is_some_and(|test| self.lists(test, true, depth));
            end = end.max(self.block(&clause.body, rest || holds, depth + 1)?);
            is_whole |= clause.test.is_none();
            rest = rest || clause.test.as_ref().is_some_and(|test| self.lists(test, false, depth));
        }
        Some(match (is_whole, rest) {
            (true, _) => end,
            (false, true) => end.max(End::Listed),
            (false, false) => End::Open,
        })
    }

    /// Whether a test that holds, or does not, tells that the name is one of a list.
    fn lists(&self, test: &'a Expr, holds: bool, depth: u32) -> bool {
        if self.is_enough(depth) {
            return false;
        }
        match test {
            Expr::UnaryOp(not) if not.op == ast::UnaryOp::Not => self.lists(&not.operand, !holds, depth + 1),
            Expr::BoolOp(parts) if holds == (parts.op == ast::BoolOp::And) => {
                parts.values.iter().any(|part| self.lists(part, holds, depth + 1))
            }
            Expr::BoolOp(parts) => parts.values.iter().all(|part| self.lists(part, holds, depth + 1)),
            Expr::Compare(compare) => {
                let ([op], [right]) = (&*compare.ops, &*compare.comparators) else { return false };
                let is_asked = self.is_asked(&compare.left, depth);
                match (op, holds) {
                    (CmpOp::In, true) | (CmpOp::NotIn, false) => is_asked && self.is_list(right, depth),
                    (CmpOp::Eq, true) | (CmpOp::NotEq, false) => {
                        is_asked && self.module.constant(right).is_some()
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether an expression holds the whole name that is looked up.
    fn is_asked(&self, expr: &'a Expr, depth: u32) -> bool {
        let part = |expr: &'a Expr| self.is_asked(expr, depth + 1);
        match expr {
            _ if self.is_enough(depth) => false,
            Expr::Name(name) => self.asked.contains(name.id.as_str()),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().any(part)
            }
            Expr::BinOp(ast::ExprBinOp { left, op: ast::Operator::Add, right, .. }) => {
                part(left) || part(right)
            }
            Expr::FString(text) => text.value.elements().any(|element| match element {
                InterpolatedStringElement::Interpolation(inner) => {
                    inner.format_spec.is_none() && part(&inner.expression)
                }
                InterpolatedStringElement::Literal(_) => false,
            }),
            Expr::Call(call) => {
                let is_text = |method: &'a ast::ExprAttribute| {
                    method.attr.as_str() == "join" && method.value.is_string_literal_expr()
                };
                call.func.as_attribute_expr().is_some_and(is_text) && call.arguments.args.iter().any(part)
            }
            _ => false,
        }
    }

    /// Whether a collection holds constants only, all of them written in this file.
    fn is_list(&self, expr: &'a Expr, depth: u32) -> bool {
        let part = |expr: &'a Expr| self.is_list(expr, depth + 1);
        match expr {
            _ if self.is_enough(depth) => false,
            Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::List(ast::ExprList { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                elts.iter().all(|element| self.module.constant(element).is_some())
            }
            Expr::Dict(dict) => dict
                .iter()
                .all(|entry| entry.key.as_ref().is_some_and(|key| self.module.constant(key).is_some())),
            Expr::BinOp(ast::ExprBinOp { left, op: ast::Operator::BitOr, right, .. }) => {
                part(left) && part(right)
            }
            Expr::Subscript(item) => self.are_values(&item.value, depth, &part),
            Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
                (Expr::Attribute(method), [_, rest @ ..]) if method.attr.as_str() == "get" => {
                    rest.iter().all(part) && self.are_values(&method.value, depth, &part)
                }
                (func, [collection]) => {
                    let makers = ["builtins.frozenset", "builtins.list", "builtins.set", "builtins.tuple"];
                    self.module.is_only(func, &makers) && part(collection)
                }
                _ => false,
            },
            variable => self.held(variable).is_some_and(|held| held.into_iter().all(part)),
        }
    }

    /// Whether all values of a mapping that is written in this file are of a kind.
    fn are_values(&self, mapping: &'a Expr, depth: u32, is: &dyn Fn(&'a Expr) -> bool) -> bool {
        match mapping {
            _ if self.is_enough(depth) => false,
            Expr::Dict(dict) => dict.iter().all(|entry| entry.key.is_some() && is(&entry.value)),
            variable => self
                .held(variable)
                .is_some_and(|held| held.into_iter().all(|expr| self.are_values(expr, depth + 1, is))),
        }
    }

    /// What a variable, or an attribute of the class, holds: only what the source gives it as it stands.
    fn held(&self, variable: &'a Expr) -> Option<Vec<&'a Expr>> {
        match variable {
            Expr::Name(name) => {
                let id = name.id.as_str();
                if self.changed.contains(id) || self.module.tree().is_shared(id) {
                    return None;
                }
                self.module.only_assigned(name).filter(|held| !held.is_empty())
            }
            Expr::Attribute(attribute) => {
                let tree = self.module.tree();
                let object = attribute.value.as_name_expr()?.id.as_str();
                let is_own = matches!(object, "self" | "cls") || object == self.class.name.as_str();
                let name = attribute.attr.as_str();
                if !is_own || !tree.attribute_values(name).is_empty() || tree.is_method(name) {
                    return None;
                }
                let mut given = self.class.body.iter().filter_map(|stmt| match stmt {
                    Stmt::Assign(ast::StmtAssign { targets, value, .. }) => match targets.as_slice() {
                        [Expr::Name(target)] if target.id.as_str() == name => Some(&**value),
                        _ => None,
                    },
                    Stmt::AnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
                        let is_target = target.as_name_expr().is_some_and(|one| one.id.as_str() == name);
                        is_target.then_some(&**value)
                    }
                    _ => None,
                });
                let only = given.next()?;
                let scope = tree.scope_opened_by(self.class)?;
                let mut places = tree.bindings_in(scope, name).map(|(_, binding)| binding.place);
                let first = places.next()?;
                places.all(|place| place == first).then(|| vec![only])
            }
            _ => None,
        }
    }

    /// Whether a value is the same for every name, or one that a mapping in this file has for it.
    fn is_fixed(&self, value: &'a Expr, depth: u32) -> bool {
        match value {
            _ if self.is_enough(depth) => false,
            Expr::If(choice) => {
                let part = |expr: &'a Expr, holds| {
                    self.lists(&choice.test, holds, depth) || self.is_fixed(expr, depth + 1)
                };
                part(&choice.body, true) && part(&choice.orelse, false)
            }
            Expr::Subscript(item) => self.are_values(&item.value, depth, &|_| true),
            Expr::Call(call) => {
                let [_, rest @ ..] = &*call.arguments.args else { return false };
                let method = call.func.as_attribute_expr().filter(|method| method.attr.as_str() == "get");
                method.is_some_and(|method| self.are_values(&method.value, depth, &|_| true))
                    && rest.iter().all(|default| self.is_fixed(default, depth + 1))
            }
            Expr::Attribute(attribute) => self.is_fixed(&attribute.value, depth + 1),
            Expr::Name(name) => {
                self.module.tree().scope_binding(self.scope, name.id.as_str()) != Some(self.scope)
            }
            value => self.module.constant(value).is_some(),
        }
    }
}
