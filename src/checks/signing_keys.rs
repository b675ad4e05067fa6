//! The keys with which web frameworks sign what they hand to browsers: where they are set, and whether the source shows
//! them.

use ruff_python_ast::{AnyNodeRef, Expr, NodeKind};
use smallvec::SmallVec;

use super::web_code::{
    Home, configures, is_django_settings, is_for_development, is_own_configuration, may_set, settings,
};
use super::{credentials, words};
use crate::check::Confidence;
use crate::python::{Constant, Module, ScopeId, Value};

/// The kinds of nodes that set such a key.
pub(super) const KEY_NODES: &[NodeKind] =
    &[NodeKind::StmtAssign, NodeKind::StmtAnnAssign, NodeKind::Keyword, NodeKind::ExprDict];

/// What frameworks call the key among their settings.
const SETTINGS: &[&str] = &["JWT_SECRET_KEY", "SECRET_KEY", "WTF_CSRF_SECRET_KEY"];

/// The key of an application, and how sure it is that it is in use.
struct Key<'a> {
    value: Value<'a>,
    certainty: Confidence,
}

/// Whether a name can be that of such a key.
pub(super) fn is_key_name(name: &str) -> bool {
    SETTINGS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The keys that a node sets to something that the source shows.
pub(super) fn written_keys<'a>(
    module: &Module<'a>,
    node: AnyNodeRef<'a>,
) -> SmallVec<[(Value<'a>, Confidence); 1]> {
    let judged = |key: Key<'a>| Some((key.value, judge(module, &key)?));
    keys(module, node).into_iter().filter_map(judged).collect()
}

fn keys<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> SmallVec<[Key<'a>; 1]> {
    let mut keys = SmallVec::new();
    if may_set(node) {
        let settings = settings(module, node, SETTINGS);
        keys.extend(settings.into_iter().filter_map(|setting| {
            let certainty = certainty(module, setting.home)?;
            Some(Key { value: setting.value, certainty })
        }));
    }
    let mut add = |value| keys.push(Key { value: module.value(value), certainty: Confidence::High });
    match node {
        AnyNodeRef::StmtAssign(assign)
            if assign.targets.iter().any(|target| is_attribute_of_application(module, target)) =>
        {
            add(&assign.value);
        }
        AnyNodeRef::Keyword(keyword)
            if keyword.arg.as_deref() == Some("secret_key") && signs_sessions(module, node) =>
        {
            add(&keyword.value);
        }
        AnyNodeRef::ExprDict(dict) => {
            let is_key = |key: &Expr| {
                key.as_string_literal_expr().is_some_and(|key| SETTINGS.contains(&key.value.to_str()))
            };
            let mut items = dict.items.iter().filter(|item| item.key.as_ref().is_some_and(is_key)).peekable();
            if items.peek().is_some() && configures(module, node) {
                items.for_each(|item| add(&item.value));
            }
        }
        _ => {}
    }
    keys
}

/// How sure it is that an application takes the key from there; `None` where nothing speaks for it.
fn certainty(module: &Module<'_>, home: Home<'_>) -> Option<Confidence> {
    match home {
        Home::Configuration => Some(Confidence::High),
        Home::Module { plain } => {
            let certainty = if plain { Confidence::High } else { Confidence::Low };
            is_settings_module(module).then_some(certainty)
        }
        Home::Class(name) => {
            let is_configuration = words::words(name).last().is_some_and(|word| {
                matches!(word.as_str(), "conf" | "config" | "configuration" | "settings")
            });
            (is_configuration && !is_for_development(home)).then_some(Confidence::Medium)
        }
    }
}

/// Whether a module looks like the settings of an application, be it a part of them only.
fn is_settings_module(module: &Module<'_>) -> bool {
    let binds = |name: &&str| module.tree().bindings_in(ScopeId::MODULE, name).next().is_some();
    is_django_settings(module)
        || ["ALLOWED_HOSTS", "DATABASES", "DEBUG", "SQLALCHEMY_DATABASE_URI"].iter().any(binds)
        || is_own_configuration(module, "SECRET_KEY")
}

/// `app.secret_key`.
fn is_attribute_of_application<'a>(module: &Module<'a>, target: &'a Expr) -> bool {
    let Expr::Attribute(attribute) = target else { return false };
    let is_called = |name: &str| matches!(name, "app" | "application" | "flask_app" | "server");
    attribute.attr.as_str() == "secret_key"
        && (words::last_name(&attribute.value).is_some_and(is_called)
            || module.refers_to(&attribute.value, &["flask.Flask()", "quart.Quart()"]))
}

/// Whether a keyword is given to a middleware that keeps sessions, by itself or through `add_middleware`.
fn signs_sessions<'a>(module: &Module<'a>, keyword: AnyNodeRef<'a>) -> bool {
    let call = module.parent(keyword).and_then(|arguments| module.parent(arguments));
    let Some(AnyNodeRef::ExprCall(call)) = call else { return false };
    std::iter::once(&*call.func)
        .chain(call.arguments.args.first())
        .any(|expr| module.refers_to(expr, &["fastapi.middleware.sessions.SessionMiddleware"]))
}

fn judge<'a>(module: &Module<'a>, key: &Key<'a>) -> Option<Confidence> {
    let text = match module.names().constant(key.value)? {
        Constant::Str(text) => text,
        Constant::Bytes(bytes) => bytes.into_iter().map(char::from).collect(),
        _ => return None,
    };
    let is_made = credentials::is_generated(&text, 16);
    if text.is_empty() || !is_made && credentials::has_placeholder(&text) {
        return None;
    }
    Some(match key.certainty {
        _ if is_made => Confidence::High,
        _ if words::is_made_up(&text) => Confidence::Low,
        certainty => certainty,
    })
}
