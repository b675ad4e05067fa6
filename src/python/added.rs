//! What a file puts into the list or mapping of a name after it was made.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use rustc_hash::FxHashMap;

use super::names::{Names, Value, Written};
use super::tree::{NodeId, ScopeId, Tree};

/// Something that is put into the list or mapping of a name.
#[derive(Debug, Clone, Copy)]
pub enum Added<'a> {
    /// `name[key] = value`, `name.setdefault(key, value)`.
    Item(Value<'a>, Value<'a>),
    /// `name.append(value)`.
    One(Value<'a>),
    /// `name += values`, `name.extend(values)`, `name.update(values)`.
    All(Value<'a>),
    /// `name.update(key=value)`.
    Keywords(Written<'a>),
}

/// By the name and the scope that binds it.
pub(super) type AllAdded<'a> = FxHashMap<(ScopeId, &'a str), Vec<Added<'a>>>;

impl<'a> Names<'a> {
    /// What is put into the list or mapping of a name, wherever that happens.
    pub fn added_to(&self, name: &'a ast::ExprName, scope: ScopeId) -> Vec<Added<'a>> {
        let all = self.added.get_or_init(|| all_added(&self.tree));
        let Some(home) = self.tree.scope_binding(scope, &name.id) else { return Vec::new() };
        let here = all.get(&(home, name.id.as_str())).into_iter().flatten();
        here.take_while(|_| self.spend(1)).copied().collect()
    }
}

fn all_added<'a>(tree: &Tree<'a>) -> AllAdded<'a> {
    let mut out = AllAdded::default();
    for (id, node) in tree.nodes() {
        let mut add = |expr: &'a Expr, added| {
            if let Expr::Name(name) = expr
                && let Some(home) = tree.scope_binding(tree.scope_of(id), &name.id)
            {
                out.entry((home, name.id.as_str())).or_default().push(added);
            }
        };
        let scope = tree.scope_of(id);
        let at = |expr| Value { expr, scope };
        match node {
            AnyNodeRef::StmtAssign(assign) => {
                for target in &assign.targets {
                    if let Expr::Subscript(item) = target {
                        add(&item.value, Added::Item(at(&item.slice), at(&assign.value)));
                    }
                }
            }
            AnyNodeRef::StmtAugAssign(assign) => add(&assign.target, Added::All(at(&assign.value))),
            AnyNodeRef::ExprCall(call) => {
                if let Expr::Attribute(method) = &*call.func {
                    added_by(tree, id, call, method.attr.as_str())
                        .into_iter()
                        .for_each(|added| add(&method.value, added));
                }
            }
            _ => {}
        }
    }
    out
}

/// What a call of a method puts into its object.
fn added_by<'a>(tree: &Tree<'a>, id: NodeId, call: &'a ast::ExprCall, method: &str) -> Vec<Added<'a>> {
    let scope = tree.scope_of(id);
    let at = |expr| Value { expr, scope };
    match (method, &*call.arguments.args) {
        ("append" | "add", [value]) | ("insert", [_, value]) => vec![Added::One(at(value))],
        ("extend", [values]) => vec![Added::All(at(values))],
        ("setdefault" | "__setitem__", [key, value]) => vec![Added::Item(at(key), at(value))],
        ("update", given) => {
            let given = given.iter().map(|values| Added::All(at(values)));
            given.chain([Added::Keywords(Written { call, scope })]).collect()
        }
        _ => Vec::new(),
    }
}
