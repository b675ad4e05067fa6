//! What the code of web applications has in common: views and settings. Shared by the families about the web.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use crate::python::{Constant, Module, ScopeId, ScopeKind, Value};

/// A setting of an application: `DEBUG = True` in a module or class, `config["DEBUG"] = True`,
/// `settings.DEBUG = True`, `config.update(DEBUG=True)`.
pub(super) struct Setting<'a> {
    pub(super) value: Value<'a>,
    /// What to point at.
    pub(super) place: TextRange,
    pub(super) home: Home<'a>,
}

/// Where a setting stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Home<'a> {
    /// In a module; in an `if` or the like if not plain.
    Module { plain: bool },
    /// In a class of this name.
    Class(&'a str),
    /// In a mapping or object that is called something like a configuration.
    Configuration,
}

/// The kinds of nodes that [`settings`] looks at.
pub(super) const SETTING_NODES: &[NodeKind] =
    &[NodeKind::StmtAssign, NodeKind::StmtAnnAssign, NodeKind::Keyword];

/// Whether a node can make a setting: most of what is assigned is not written in capitals.
pub(super) fn may_set(node: AnyNodeRef<'_>) -> bool {
    let is_capital = |name: &str| name.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    let may_be_setting = |target: &Expr| match target {
        Expr::Name(name) => is_capital(&name.id),
        Expr::Attribute(attribute) => is_capital(&attribute.attr),
        target => target.is_subscript_expr(),
    };
    match node {
        AnyNodeRef::StmtAssign(assign) => assign.targets.iter().any(may_be_setting),
        AnyNodeRef::StmtAnnAssign(assign) => may_be_setting(&assign.target),
        AnyNodeRef::Keyword(keyword) => keyword.arg.as_deref().is_some_and(is_capital),
        _ => false,
    }
}

/// The settings of these names, in capitals, that a node makes.
pub(super) fn settings<'a>(
    module: &Module<'a>,
    node: AnyNodeRef<'a>,
    names: &[&str],
) -> SmallVec<[Setting<'a>; 1]> {
    match node {
        AnyNodeRef::StmtAssign(ast::StmtAssign { targets, value, .. }) => {
            targets.iter().filter_map(|target| assigned(module, node, target, value, names)).collect()
        }
        AnyNodeRef::StmtAnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
            assigned(module, node, target, value, names).into_iter().collect()
        }
        AnyNodeRef::Keyword(ast::Keyword { arg: Some(name), value, .. })
            if names.contains(&name.as_str()) =>
        {
            let place = name.range();
            let set = configures(module, node).then(|| Setting {
                value: module.value(value),
                place,
                home: Home::Configuration,
            });
            set.into_iter().collect()
        }
        _ => SmallVec::new(),
    }
}

fn assigned<'a>(
    module: &Module<'a>,
    statement: AnyNodeRef<'a>,
    target: &'a Expr,
    value: &'a Expr,
    names: &[&str],
) -> Option<Setting<'a>> {
    let home = match target {
        Expr::Name(name) if names.contains(&name.id.as_str()) => home(module, statement)?,
        Expr::Attribute(attribute)
            if names.contains(&attribute.attr.as_str()) && is_configuration(&attribute.value) =>
        {
            Home::Configuration
        }
        Expr::Subscript(subscript) if is_configuration(&subscript.value) => {
            let name = module.text(&subscript.slice)?;
            names.contains(&name.as_str()).then_some(Home::Configuration)?
        }
        _ => return None,
    };
    Some(Setting { value: module.value(value), place: target.range(), home })
}

/// `config`, `app.config`, `settings`, `current_app.config`, `app.conf`.
fn is_configuration(expr: &Expr) -> bool {
    let name = match expr {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    ["config", "conf", "settings", "cfg", "app_settings"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn home<'a>(module: &Module<'a>, statement: AnyNodeRef<'a>) -> Option<Home<'a>> {
    let tree = module.tree();
    match tree.scope(tree.scope_of(tree.id(statement))).kind {
        ScopeKind::Module => {
            let plain = matches!(module.parent(statement), Some(AnyNodeRef::ModModule(_)));
            Some(Home::Module { plain })
        }
        ScopeKind::Class(class) => Some(Home::Class(&class.name)),
        _ => None,
    }
}

/// Whether a keyword or a mapping is given to a call that sets settings.
pub(super) fn configures<'a>(module: &Module<'a>, given: AnyNodeRef<'a>) -> bool {
    let call = module.parent(given).and_then(|arguments| module.parent(arguments));
    let Some(AnyNodeRef::ExprCall(call)) = call else { return false };
    match &*call.func {
        Expr::Attribute(method) => match method.attr.as_str() {
            "update" | "from_mapping" | "setdefault" => is_configuration(&method.value),
            "configure" => true,
            _ => false,
        },
        _ => false,
    }
}

/// A class of settings that says in its name that it is not for production.
pub(super) fn is_for_development(home: Home<'_>) -> bool {
    let Home::Class(name) = home else { return false };
    super::words::words(name).iter().any(|word| {
        ["dev", "development", "local", "test", "testing", "tests", "debug"].contains(&word.as_str())
    })
}

/// Whether a module looks like the settings of a Django project.
pub(super) fn is_django_settings(module: &Module<'_>) -> bool {
    let binds = |name: &&str| module.tree().bindings_in(ScopeId::MODULE, name).next().is_some();
    ["INSTALLED_APPS", "ROOT_URLCONF", "MIDDLEWARE"].iter().any(binds)
}

/// How often a module may set one name before nobody looks any more whether it is its own configuration.
const MAX_SETTINGS: usize = 16;

/// Whether an application takes its settings from this very module: `config.from_object(__name__)`.
pub(super) fn is_own_configuration(module: &Module<'_>, setting: &str) -> bool {
    let tree = module.tree();
    if tree.bindings_in(ScopeId::MODULE, setting).take(MAX_SETTINGS + 1).count() > MAX_SETTINGS {
        return true;
    }
    tree.nodes().any(|(_, node)| match node {
        AnyNodeRef::ExprCall(call) => takes_settings(module, call),
        _ => false,
    })
}

fn takes_settings<'a>(module: &Module<'a>, call: &'a ast::ExprCall) -> bool {
    let [given, ..] = &*call.arguments.args else { return false };
    let callees = module.qualified(&call.func);
    let takes = |method: &str| {
        callees.iter().any(|name| name.strip_suffix(method).is_some_and(|object| object.ends_with('.')))
    };
    let tree = module.tree();
    let id = tree.id(given);
    let mentions = |wanted: &str| {
        std::iter::once(tree.node(id)).chain(tree.descendants(id)).any(|node| match node {
            AnyNodeRef::ExprName(name) => {
                name.id.as_str() == wanted
                    || module
                        .assigned(name)
                        .any(|value| matches!(value, Expr::Name(name) if name.id.as_str() == wanted))
            }
            _ => false,
        })
    };
    takes("from_object") && mentions("__name__")
        || takes("from_pyfile") && mentions("__file__")
        || (takes("from_mapping") || takes("update")) && mentions("globals")
}

/// Whether a function answers requests: its decorator is a route, its first parameter is the request.
pub(super) fn is_view(function: &ast::StmtFunctionDef) -> bool {
    let is_route = |decorator: &ast::Decorator| {
        let callee = match &decorator.expression {
            Expr::Call(call) => &call.func,
            other => other,
        };
        let name = match callee {
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            Expr::Name(name) => name.id.as_str(),
            _ => return false,
        };
        ROUTES.contains(&name)
    };
    let first = function.parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str());
    function.decorator_list.iter().any(is_route) || first.take(2).any(|name| name == "request")
}

/// What decorators that make a function a view are called.
const ROUTES: &[&str] = &[
    "api_view",
    "delete",
    "errorhandler",
    "exception_handler",
    "get",
    "patch",
    "post",
    "put",
    "route",
    "view",
    "view_config",
];

/// Whether a constant is `"*"` or a list that holds it.
pub(super) fn is_any(constant: &Constant) -> bool {
    match constant {
        Constant::Str(text) => matches!(text.as_str(), "*" | ".*"),
        Constant::List(items) => items.iter().any(is_any),
        _ => false,
    }
}
