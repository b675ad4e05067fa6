//! The commands of `setup.py`, and what installing a package runs of them.

use ruff_python_ast::AnyNodeRef;
use rustc_hash::{FxHashMap, FxHashSet};

use super::commands::{SHELLS, STARTERS, SUBPROCESS};
use super::network::HTTP_CALLS;
use crate::check::Confidence;
use crate::python::{Hits, Module, Node, NodeId, ScopeId, ScopeKind, Thing};

/// When a command of `setup.py` runs, the most dangerous first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Occasion {
    /// Whenever somebody installs the package.
    Installing,
    /// The same, and it rightly starts compilers.
    Compiling,
    /// When somebody asks for it by its name, as far as this file tells: `python setup.py upload`.
    Request,
}

/// Commands that only compile.
const COMPILING: &[&str] = &["build_ext", "build_clib", "build"];

/// Commands that nothing runs unasked.
const ON_REQUEST: &[&str] =
    &["Command", "bdist_rpm", "check", "clean", "register", "test", "upload", "upload_docs"];

/// Whose commands go first: what a command that somebody asks for reaches, too, is no better for that.
pub(super) fn hooks_installation(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    let mut seen = FxHashSet::default();
    let mut waiting = setup_commands(module);
    waiting.sort_unstable_by_key(|(occasion, _)| *occasion);
    for (occasion, command) in waiting {
        let mut reached = vec![command];
        while let Some(scope) = reached.pop() {
            if seen.insert(scope) {
                judge_hook(module, scope, occasion, hits);
                reached.extend(mentioned(module, scope));
            }
        }
    }
}

/// The classes that are commands of `setup.py`, by their own bases or by those of other classes of the file, the methods
/// that they are given from outside, and when they run.
fn setup_commands(module: &Module<'_>) -> Vec<(Occasion, ScopeId)> {
    let tree = module.tree();
    let mut derived: FxHashMap<ScopeId, Vec<ScopeId>> = FxHashMap::default();
    let mut commands: FxHashMap<ScopeId, Occasion> = FxHashMap::default();
    let mut waiting = Vec::new();
    for (_, node) in tree.nodes() {
        let AnyNodeRef::StmtClassDef(class) = node else { continue };
        let Some(scope) = tree.scope_opened_by(class) else { continue };
        for thing in class.bases().iter().flat_map(|base| module.names().things(module.value(base))) {
            match thing {
                Thing::Class(base) => derived.entry(base).or_default().push(scope),
                Thing::Named(name) => waiting.extend(occasion_of(&name).map(|occasion| (occasion, scope))),
                _ => {}
            }
        }
    }
    while let Some((occasion, scope)) = waiting.pop() {
        if commands.get(&scope).is_none_or(|known| occasion < *known) {
            commands.insert(scope, occasion);
            waiting.extend(derived.get(&scope).into_iter().flatten().map(|&class| (occasion, class)));
        }
    }
    let unasked = run_unasked(module, &commands);
    for scope in unasked {
        commands.entry(scope).and_modify(|occasion| *occasion = Occasion::Installing);
    }
    let given = given_methods(module, &commands);
    commands.into_iter().map(|(scope, occasion)| (occasion, scope)).chain(given).collect()
}

/// When a command runs that is, or derives from, one that the tools bring along.
fn occasion_of(name: &str) -> Option<Occasion> {
    let last = name.rsplit('.').next().unwrap_or_default();
    is_setup_command(name).then(|| match last {
        _ if COMPILING.contains(&last) => Occasion::Compiling,
        _ if ON_REQUEST.contains(&last) => Occasion::Request,
        _ => Occasion::Installing,
    })
}

/// Commands on request that this file has something else run, or may: all that it mentions but under a name of
/// its own for the command line, `cmdclass={"upload": Upload}`, and all of them where another command runs commands.
fn run_unasked(module: &Module<'_>, commands: &FxHashMap<ScopeId, Occasion>) -> Vec<ScopeId> {
    let tree = module.tree();
    let on_request: Vec<ScopeId> = commands
        .iter()
        .filter(|(_, occasion)| **occasion == Occasion::Request)
        .map(|(scope, _)| *scope)
        .collect();
    if on_request.is_empty() {
        return Vec::new();
    }
    let inside: FxHashSet<NodeId> =
        on_request.iter().flat_map(|&scope| nodes_of(module, scope)).map(|node| tree.id(node)).collect();
    let mut unasked = Vec::new();
    for (id, node) in tree.nodes() {
        if inside.contains(&id) {
            continue;
        }
        let runs_others = match node {
            AnyNodeRef::ExprName(name) => name.id.as_str() == "sub_commands",
            AnyNodeRef::ExprAttribute(attribute) => RUNNING.contains(&attribute.attr.as_str()),
            _ => false,
        };
        if runs_others {
            return on_request;
        }
        if is_named_for_request(module, node) || is_base(module, node) {
            continue;
        }
        unasked.extend(meant(module, node).into_iter().filter(|scope| on_request.contains(scope)));
    }
    unasked
}

/// What commands have others run by.
const RUNNING: &[&str] =
    &["get_finalized_command", "reinitialize_command", "run_command", "run_commands", "sub_commands"];

/// Whether a class is given to `setup` under a name that only somebody who asks for it runs.
fn is_named_for_request<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let Some(dict @ AnyNodeRef::ExprDict(names)) = module.parent(node) else { return false };
    let Some(AnyNodeRef::Keyword(keyword)) = module.parent(dict) else { return false };
    if keyword.arg.as_deref() != Some("cmdclass") {
        return false;
    }
    let item = names.iter().find(|item| AnyNodeRef::from(&item.value).ptr_eq(node));
    let key = item.and_then(|item| module.text(item.key.as_ref()?));
    key.is_some_and(|key| !is_run_by_installing(&key))
}

/// Whether a name of a class is written as the base of another.
fn is_base<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let Some(arguments @ AnyNodeRef::Arguments(given)) = module.parent(node) else { return false };
    matches!(module.parent(arguments), Some(AnyNodeRef::StmtClassDef(_)))
        && given.args.iter().any(|base| AnyNodeRef::from(base).ptr_eq(node))
}

/// Whether a command of this name may run when somebody installs the package.
fn is_run_by_installing(command: &str) -> bool {
    let starts = [
        "bdist",
        "build",
        "develop",
        "dist_info",
        "easy_install",
        "editable_wheel",
        "egg_info",
        "install",
        "sdist",
    ];
    command != "bdist_rpm" && starts.iter().any(|start| command.starts_with(start))
}

/// What installing calls of a command.
const COMMAND_METHODS: &[&str] = &["run", "initialize_options", "finalize_options", "__init__"];

/// `Hook.run = note`.
fn given_methods(module: &Module<'_>, commands: &FxHashMap<ScopeId, Occasion>) -> Vec<(Occasion, ScopeId)> {
    let names = module.names();
    let values = COMMAND_METHODS.iter().flat_map(|name| module.tree().attribute_values(name));
    let given = values.filter_map(|value| {
        let owners = names.things(module.value(&value.target.value));
        let occasion = owners.iter().filter_map(scope_of).filter_map(|owner| commands.get(&owner)).min()?;
        Some((*occasion, value.value))
    });
    given
        .flat_map(|(occasion, value)| {
            let things = names.things(module.value(value));
            let scopes: Vec<ScopeId> = things.iter().filter_map(scope_of).collect();
            scopes.into_iter().map(move |scope| (occasion, scope))
        })
        .collect()
}

/// The scope of a class or function of the file.
fn scope_of(thing: &Thing<'_>) -> Option<ScopeId> {
    match thing {
        Thing::Class(scope) | Thing::Instance(scope) | Thing::Function(scope) => Some(*scope),
        _ => None,
    }
}

/// The nodes of a class or function of the file.
fn nodes_of<'m, 'a>(module: &'m Module<'a>, scope: ScopeId) -> impl Iterator<Item = AnyNodeRef<'a>> + 'm {
    let tree = module.tree();
    let id = match tree.scope(scope).kind {
        ScopeKind::Class(class) => Some(tree.id(class)),
        ScopeKind::Function(function) => Some(tree.id(function)),
        ScopeKind::Lambda(lambda) => Some(tree.id(lambda)),
        ScopeKind::Module | ScopeKind::Comprehension => None,
    };
    id.into_iter().flat_map(|id| tree.descendants(id))
}

/// The classes and functions of the file that the code of one of them mentions. Whether it calls them, or hands them to
/// something that does (`self.execute(note, ())`), is all the same.
fn mentioned(module: &Module<'_>, scope: ScopeId) -> Vec<ScopeId> {
    nodes_of(module, scope).flat_map(|node| meant(module, node)).collect()
}

/// The classes and functions of the file that a reference means.
fn meant<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> Vec<ScopeId> {
    let is_reference =
        matches!(node, AnyNodeRef::ExprName(_) | AnyNodeRef::ExprAttribute(_) | AnyNodeRef::ExprSubscript(_));
    let expr = module.expr(node).filter(|_| is_reference);
    let things = expr.map(|expr| module.names().things(module.value(expr)));
    things.iter().flatten().filter_map(scope_of).collect()
}

fn judge_hook(module: &Module<'_>, scope: ScopeId, occasion: Occasion, hits: &mut Hits) {
    for node in nodes_of(module, scope) {
        let AnyNodeRef::ExprCall(call) = node else { continue };
        let starts = [SHELLS, SUBPROCESS, STARTERS].iter().any(|names| module.refers_to(&call.func, names));
        let connects = module.refers_to(&call.func, HTTP_CALLS)
            || module.refers_to(&call.func, &["socket.socket", "urllib.request.urlretrieve"]);
        let runs = module.refers_to(&call.func, &["builtins.exec", "builtins.eval"]);
        if !(connects || runs || starts) {
            continue;
        }
        let confidence = match occasion {
            Occasion::Request => Confidence::Low,
            _ if connects || runs => Confidence::High,
            Occasion::Compiling => Confidence::Low,
            Occasion::Installing => Confidence::Medium,
        };
        hits.at(&*call.func, confidence);
    }
}

fn is_setup_command(name: &str) -> bool {
    name.starts_with("setuptools.command.")
        || name.starts_with("distutils.command.")
        || matches!(name, "setuptools.Command" | "distutils.cmd.Command" | "distutils.core.Command")
}
