//! Where a text of SQL goes: to a database, to people, or somewhere out of sight.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr};

use crate::python::Module;

/// Methods and functions that take a statement as their first argument.
const SENDERS: &[&str] = &[
    "exec_driver_sql",
    "execute",
    "executemany",
    "executescript",
    "fetch",
    "fetchrow",
    "fetchval",
    "mogrify",
    "raw",
    "read_sql",
    "read_sql_query",
    "text",
];

/// Whether an expression is written right where a statement is sent to a database.
pub(super) fn is_sent<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let Some(arguments @ AnyNodeRef::Arguments(given)) = module.parent(node) else { return false };
    let Some(AnyNodeRef::ExprCall(call)) = module.parent(arguments) else { return false };
    is_sender(call) && given.args.first().is_some_and(|first| node.ptr_eq(AnyNodeRef::from(first)))
}

fn is_sender(call: &ast::ExprCall) -> bool {
    match &*call.func {
        Expr::Attribute(method) => SENDERS.contains(&method.attr.as_str()),
        Expr::Name(name) => SENDERS.contains(&name.id.as_str()),
        _ => false,
    }
}

/// Whether a text is given to what shows it to people, and to nothing else: printed, logged, or raised.
pub(super) fn is_only_shown<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let Some(arguments @ AnyNodeRef::Arguments(_)) = module.parent(node) else { return false };
    let Some(AnyNodeRef::ExprCall(call)) = module.parent(arguments) else { return false };
    let around = module.parent(AnyNodeRef::from(call));
    let is_shown = |name: &str| {
        let method = name.rsplit('.').next().unwrap_or_default();
        name == "builtins.print"
            || name.starts_with("logging.")
                && matches!(method, "debug" | "info" | "warning" | "error" | "exception" | "critical" | "log")
    };
    match around {
        Some(AnyNodeRef::StmtRaise(_)) => true,
        Some(AnyNodeRef::StmtExpr(_)) => {
            call.arguments.keywords.is_empty() && module.names().is_only(module.value(&call.func), is_shown)
        }
        _ => false,
    }
}

/// How many nodes are looked at to tell where a text goes.
const MAX_SEARCH: usize = 20_000;

/// Whether a text may be sent to a database behind the place where it is built, for what this file shows: what is only added
/// to a text that the function gives back, and that nothing here sends, is not.
pub(super) fn may_be_sent_later<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let names: Vec<&str> = match module.parent(node) {
        Some(AnyNodeRef::StmtReturn(_)) => Vec::new(),
        Some(AnyNodeRef::StmtAssign(assign)) => match assign.targets.as_slice() {
            [Expr::Name(name)] => vec![name.id.as_str()],
            _ => return true,
        },
        Some(AnyNodeRef::StmtAugAssign(added)) => match &*added.target {
            Expr::Name(name) => vec![name.id.as_str()],
            _ => return true,
        },
        _ => return true,
    };
    let Some(function) = module.function_around(node) else { return true };
    let tree = module.tree();
    let is_given_on = |node: AnyNodeRef<'a>| match node {
        AnyNodeRef::ExprName(name) if name.ctx.is_load() && names.contains(&name.id.as_str()) => {
            !stays_inside(module, node)
        }
        _ => false,
    };
    tree.descendants(tree.id(function)).take(MAX_SEARCH).any(is_given_on)
        || is_result_sent(module, function.name.as_str())
}

/// Whether a variable is only read to be made longer, to be looked at or to be returned.
fn stays_inside<'a>(module: &Module<'a>, name: AnyNodeRef<'a>) -> bool {
    matches!(
        module.parent(name),
        Some(
            AnyNodeRef::StmtReturn(_)
                | AnyNodeRef::StmtAugAssign(_)
                | AnyNodeRef::ExprBinOp(_)
                | AnyNodeRef::ExprCompare(_)
                | AnyNodeRef::StmtIf(_)
                | AnyNodeRef::InterpolatedElement(_)
        )
    )
}

/// Whether this file sends what it gets from a function of this name.
fn is_result_sent(module: &Module<'_>, function: &str) -> bool {
    let tree = module.tree();
    let called = |call: &ast::ExprCall| match &*call.func {
        Expr::Attribute(method) => method.attr.as_str() == function,
        Expr::Name(name) => name.id.as_str() == function,
        _ => false,
    };
    // Whoever calls it here may hand on what it gives in many ways.
    tree.nodes().any(|(_, node)| matches!(node, AnyNodeRef::ExprCall(call) if called(call)))
}

/// Whether a part of a statement came together with the values that are sent beside it, from one call: what made it kept
/// them apart. `sql, values = compiler.compile(…)`, `cursor.execute("… %s" % sql, values)`.
pub(super) fn is_fragment_with_values<'a>(module: &Module<'a>, part: &'a Expr) -> bool {
    let Expr::Name(fragment) = part else { return false };
    let sender = module.ancestors(AnyNodeRef::from(part)).take(8).find_map(|node| match node {
        AnyNodeRef::ExprCall(call) if is_sender(call) => Some(call),
        _ => None,
    });
    let Some(Expr::Name(values)) = sender.and_then(|call| call.arguments.args.get(1)) else { return false };
    let whole = |name: &'a ast::ExprName| module.unpacked_from(name);
    let (Some(fragments), Some(values)) = (whole(fragment), whole(values)) else { return false };
    let mut came_together = false;
    let is_known = fragments.iter().all(|(expr, is_part)| match is_part {
        true => {
            came_together = true;
            values.iter().any(|(other, is_part)| *is_part && std::ptr::eq(*other, *expr))
        }
        false => module.text(expr).is_some(),
    });
    is_known && came_together
}
