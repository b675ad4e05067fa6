//! One walk over a file that serves all enabled checks.

mod condition;
mod locate;

use compact_str::CompactString;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::check::{Check, Confidence, Detect, When};
use crate::escape;
use crate::finding::Finding;
use crate::python::{
    self, Arguments, Assignment, Call, Callee, FileKind, Hit, Hits, Module, Node, NodeId, Outline, Problem,
    Reference, ScopeId, SourceFile, Thing, Value,
};
use locate::{Locator, callee_range};

/// How many findings are kept of one file. A file with more is reported as not fully analysed.
pub const MAX_FINDINGS: usize = 20_000;

/// A longer name is that of no module that a check knows.
const MAX_MODULE: usize = 200;

/// How many functions, classes, lambdas and comprehensions may stand inside one another. Where there are more, to look
/// up a name takes too long, and no person wrote it.
const MAX_SCOPES: u32 = 300;

/// What [`Walk::reflection`] understands.
const REFLECTION: &[&str] =
    &["builtins.__import__", "builtins.getattr", "builtins.setattr", "importlib.import_module"];

/// A question asked of nodes, and one asked of files.
type AskNode = fn(&Node<'_, '_>, &mut Hits);
type AskSource = fn(&SourceFile, &mut Hits);

type Asked<T> = SmallVec<[(&'static Check, T); 2]>;
type Rules<T> = FxHashMap<&'static str, Asked<T>>;

/// What is worked out of findings besides what all reports show. It takes as long as finding them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Details {
    /// What they are recognised by in another version of their file.
    pub traces: bool,
    /// GitHub's hashes of their lines.
    pub line_hashes: bool,
}

impl Default for Details {
    fn default() -> Self {
        Details { traces: true, line_hashes: true }
    }
}

/// The enabled checks, arranged for one walk.
#[derive(Debug, Default)]
pub struct Scanner {
    calls: Rules<When>,
    /// Methods by their name alone, whatever they are a method of.
    methods: Rules<When>,
    /// Last parts of the names in `calls` and `methods`.
    call_segments: FxHashSet<&'static str>,
    references: Rules<fn(&Reference<'_, '_>) -> Option<Confidence>>,
    reference_segments: FxHashSet<&'static str>,
    /// All of these last parts without `()` and `[]`, and whether one of these stands behind.
    words: FxHashSet<(&'static str, bool)>,
    assignments: Rules<fn(&Assignment<'_, '_>) -> Option<Confidence>>,
    assignment_segments: FxHashSet<&'static str>,
    imports: Rules<()>,
    nodes: Vec<SmallVec<[(&'static Check, AskNode); 2]>>,
    /// With the kind of file that they are about, if it is not any.
    sources: Vec<(&'static Check, Option<FileKind>, AskSource)>,
    details: Details,
    /// Checks that only say what must not be shown.
    silent: FxHashSet<&'static str>,
}

/// How much of a file was looked at. It must not grow faster than the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// The nodes of its syntax tree.
    pub nodes: usize,
    /// What it took to follow names and values, in units of the budget.
    pub followed: usize,
}

/// What a scan of a file gives.
#[derive(Debug, Default)]
pub struct Scanned {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// What the findings stand in; empty where there are none.
    pub outline: Outline,
    /// What kept a part of the file from being analysed.
    pub problem: Option<Problem>,
    pub work: Work,
}

/// `f.__call__` calls `f`, and `super().__init__` what its class does.
fn itself(name: &str) -> &str {
    name.strip_suffix(".__call__").or_else(|| name.strip_suffix("().__init__")).unwrap_or(name)
}

fn last_segment(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl Scanner {
    /// Arranges checks for scanning.
    pub fn new(checks: impl IntoIterator<Item = &'static Check>) -> Scanner {
        let mut scanner =
            Scanner { nodes: vec![SmallVec::new(); NodeKind::Identifier as usize + 1], ..Scanner::default() };
        scanner.words.extend(REFLECTION.iter().map(|name| python::last_word(name)));
        for check in checks {
            for detect in check.detect {
                scanner.add(check, detect);
            }
        }
        scanner
    }

    /// Masks what these checks find secret, without findings of theirs.
    pub fn masking(mut self, checks: impl IntoIterator<Item = &'static Check>) -> Scanner {
        for check in checks {
            self.silent.insert(check.id);
            check.detect.iter().for_each(|detect| self.add(check, detect));
        }
        self
    }

    /// Works out no more than these details.
    pub fn with(self, details: Details) -> Scanner {
        Scanner { details, ..self }
    }

    fn add(&mut self, check: &'static Check, detect: &'static Detect) {
        match detect {
            Detect::Call(names, when) => {
                for name in *names {
                    match name.strip_prefix("*.") {
                        Some(method) => self.methods.entry(method).or_default().push((check, *when)),
                        None => self.calls.entry(name).or_default().push((check, *when)),
                    }
                    self.call_segments.insert(last_segment(name));
                    self.words.insert(python::last_word(name));
                }
            }
            Detect::Reference(names, when) => {
                for name in *names {
                    self.references.entry(name).or_default().push((check, *when));
                    self.reference_segments.insert(last_segment(name));
                    self.words.insert(python::last_word(name));
                }
            }
            Detect::Assign(names, when) => {
                for name in *names {
                    self.assignments.entry(name).or_default().push((check, *when));
                    self.assignment_segments.insert(last_segment(name));
                }
            }
            Detect::Import(modules) => {
                for module in *modules {
                    self.imports.entry(module).or_default().push((check, ()));
                }
            }
            Detect::Node(kinds, ask) => {
                for kind in *kinds {
                    self.nodes[*kind as usize].push((check, *ask));
                }
            }
            Detect::Source(ask) => self.sources.push((check, None, *ask)),
            Detect::SourceOf(kind, ask) => self.sources.push((check, Some(*kind), *ask)),
        }
    }

    /// What is asked about calls of this very name, and about calls of methods that are called like this.
    fn calls_of(&self, name: &str) -> (Option<&Asked<When>>, Option<&Asked<When>>) {
        let method = name.rsplit_once('.').and_then(|(_, method)| self.methods.get(method));
        (self.calls.get(name), method)
    }

    /// Scans a file. `bytes` is the file as it is stored, for the hashes of its lines.
    pub fn scan(&self, file: &SourceFile, bytes: &[u8]) -> Scanned {
        let Some(module) = Module::of(file) else {
            return Scanned { problem: file.problem().cloned(), ..Scanned::default() };
        };
        if module.tree().scope_depth() > MAX_SCOPES {
            let reason = format!("it has more than {MAX_SCOPES} functions and the like inside one another");
            return Scanned { problem: Some(Problem { reason, at: None }), ..Scanned::default() };
        }
        let mut walk = Walk {
            scanner: self,
            module: &module,
            bound: vec![Meant::default(); module.tree().binding_count()],
            unbound: FxHashMap::default(),
            found: Vec::new(),
            hits: Hits::default(),
            full: false,
        };
        walk.sources();
        walk.nodes();
        let problem = file.problem().cloned().or_else(|| walk.problem());
        let (findings, outline) = walk.findings(bytes);
        let work = Work { nodes: module.tree().node_count(), followed: module.names().spent() };
        Scanned { findings, outline, problem, work }
    }
}

/// Whether a check fires in an example of it.
///
/// # Errors
///
/// When the example is no Python: a clause says why.
pub fn fires(check: &'static Check, example: &str) -> Result<bool, String> {
    let bytes = example.as_bytes();
    let kind = check.examples_are();
    let file = match python::assembled(kind, bytes).map_err(|problem| problem.reason)? {
        Some(assembled) => assembled.parse(kind),
        None => SourceFile::read(bytes),
    };
    let file = file.map_err(|problem| problem.reason)?;
    let scanned = Scanner::new([check]).scan(&file, file.text().as_bytes());
    match scanned.problem {
        Some(problem) => Err(problem.reason),
        None => Ok(!scanned.findings.is_empty()),
    }
}

/// A hit with the check that made it and the syntax it is about.
struct Found<'a> {
    check: &'static Check,
    hit: Hit,
    node: NodeId,
    /// What the name in question refers to; empty where the check is not about a name.
    name: CompactString,
    /// The value from outside that the check found dangerous, if that is what it is about.
    exposed: Option<Value<'a>>,
}

/// What is known of a name, as soon as somebody has asked.
#[derive(Debug, Clone, Copy, Default)]
struct Meant {
    /// Whether an import binds it.
    is_foreign: Option<bool>,
    /// Whether a glance at it rules out that it means what a check asks about.
    may_matter: Option<bool>,
    /// Whether a check asks about what it means.
    matters: Option<bool>,
}

/// A name by its last binding, or by where it is used if nothing in this file binds it.
#[derive(Debug, Clone, Copy)]
enum NameKey<'a> {
    Bound(u32),
    Unbound(ScopeId, &'a str),
}

struct Walk<'s, 'm, 'a> {
    scanner: &'s Scanner,
    module: &'m Module<'a>,
    /// By the last binding of a name.
    bound: Vec<Meant>,
    /// The same for names that nothing in this file binds. They may come from a star import of any scope around.
    unbound: FxHashMap<(ScopeId, &'a str), Meant>,
    found: Vec<Found<'a>>,
    hits: Hits,
    full: bool,
}

impl<'a> Walk<'_, '_, 'a> {
    fn problem(&self) -> Option<Problem> {
        let reason = if self.full {
            format!("it has more than {MAX_FINDINGS} findings")
        } else if self.module.names().gave_up() {
            "its names refer to one another in too entangled a way".to_owned()
        } else {
            return None;
        };
        Some(Problem { reason, at: None })
    }

    fn push(&mut self, found: Found<'a>) {
        if self.found.len() >= MAX_FINDINGS {
            self.full = true;
            return;
        }
        self.found.push(found);
    }

    fn take_hits(&mut self, check: &'static Check, node: NodeId) {
        let mut hits = std::mem::take(&mut self.hits);
        let exposed = if hits.len() == 1 { self.module.names().take_exposed() } else { None };
        for hit in hits.drain() {
            self.push(Found { check, hit, node, name: CompactString::default(), exposed });
        }
        self.hits = hits;
    }

    fn sources(&mut self) {
        let module = self.module;
        let Some((root, _)) = module.tree().nodes().next() else { return };
        let kind = module.file().kind();
        for (check, of_kind, ask) in &self.scanner.sources {
            if of_kind.is_some_and(|of_kind| of_kind != kind) {
                continue;
            }
            ask(module.file(), &mut self.hits);
            self.take_hits(check, root);
        }
    }

    fn nodes(&mut self) {
        let module = self.module;
        for (id, node) in module.tree().nodes() {
            // Nothing more would be kept.
            if self.full {
                break;
            }
            for (check, ask) in &self.scanner.nodes[node.kind() as usize] {
                module.names().take_exposed();
                ask(&Node { module, node }, &mut self.hits);
                if !self.hits.is_empty() {
                    self.take_hits(check, id);
                }
            }
            match node {
                AnyNodeRef::ExprCall(call) => self.call(id, call),
                AnyNodeRef::ExprName(name) if name.ctx.is_load() => self.mention(id, node),
                AnyNodeRef::ExprAttribute(attribute) if attribute.ctx.is_load() => self.mention(id, node),
                AnyNodeRef::StmtAssign(assign) => {
                    for target in &assign.targets {
                        self.assignment(target, &assign.value);
                    }
                }
                AnyNodeRef::StmtAnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
                    self.assignment(target, value);
                }
                AnyNodeRef::StmtAugAssign(assign) => self.assignment(&assign.target, &assign.value),
                AnyNodeRef::StmtImport(import) => {
                    for alias in &import.names {
                        let id = module.tree().id(alias);
                        self.import(id, alias.range(), alias.name.as_str(), "");
                    }
                }
                AnyNodeRef::StmtImportFrom(import) if import.level == 0 => {
                    let from = import.module.as_deref().unwrap_or_default();
                    for alias in &import.names {
                        self.import(module.tree().id(alias), alias.range(), from, &alias.name);
                    }
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, id: NodeId, call: &'a ast::ExprCall) {
        let may_matter = match &*call.func {
            Expr::Attribute(attribute) => {
                let attr = attribute.attr.as_str();
                self.may_be_called(attr) || matches!(attr, "__call__" | "__init__")
            }
            Expr::Name(name) => self.may_matter(self.key(name), name),
            _ => true,
        };
        if !may_matter {
            return;
        }
        for callee in self.module.callees(call) {
            let place = callee_range(&call.func);
            self.reflection(id, call, &callee);
            self.called(id, AnyNodeRef::from(call), place, callee, false);
        }
    }

    /// Whether a check may ask about a call of something by this name.
    fn may_be_called(&self, attr: &str) -> bool {
        self.scanner.call_segments.contains(attr)
            || self.module.tree().is_alias(attr)
            || python::is_called_otherwise(attr)
    }

    /// Where to find what is known of a name.
    fn key(&self, name: &'a ast::ExprName) -> NameKey<'a> {
        let tree = self.module.tree();
        let used = tree.scope_of(tree.id(name));
        match tree.last_binding(used, &name.id) {
            Some((_, last)) => NameKey::Bound(last),
            None if tree.has_stars() => NameKey::Unbound(used, &name.id),
            None => NameKey::Unbound(ScopeId::MODULE, &name.id),
        }
    }

    fn meant(&mut self, key: NameKey<'a>) -> &mut Meant {
        match key {
            NameKey::Bound(last) => &mut self.bound[last as usize],
            NameKey::Unbound(scope, name) => self.unbound.entry((scope, name)).or_default(),
        }
    }

    /// Whether an import binds a name, or nothing in this file.
    fn is_foreign(&mut self, key: NameKey<'a>) -> bool {
        let NameKey::Bound(last) = key else { return true };
        let tree = self.module.tree();
        *self.bound[last as usize].is_foreign.get_or_insert_with(|| tree.is_import(last))
    }

    fn may_matter(&mut self, key: NameKey<'a>, name: &'a ast::ExprName) -> bool {
        let (module, words) = (self.module, &self.scanner.words);
        let look = || {
            let expr = module.expr(AnyNodeRef::from(name));
            let is_asked = |word: &str, is_result| words.contains(&(word, is_result));
            expr.is_some_and(|expr| module.names().may_be(module.value(expr), &is_asked))
        };
        *self.meant(key).may_matter.get_or_insert_with(look)
    }

    fn matters(&mut self, key: NameKey<'a>, name: &'a ast::ExprName) -> bool {
        if let Some(known) = self.meant(key).matters {
            return known;
        }
        let scanner = self.scanner;
        let is_asked = |name: &CompactString| {
            let (exact, method) = scanner.calls_of(itself(name));
            exact.is_some() || method.is_some() || scanner.references.contains_key(name.as_str())
        };
        let matters = self.may_matter(key, name)
            && self.module.qualified_node(AnyNodeRef::from(name)).iter().any(is_asked);
        self.meant(key).matters = Some(matters);
        matters
    }

    fn called(
        &mut self,
        id: NodeId,
        node: AnyNodeRef<'a>,
        place: TextRange,
        callee: Callee<'a>,
        handed_on: bool,
    ) {
        let is_asked = self.scanner.calls.contains_key(callee.name.as_str());
        let name = if is_asked { callee.name.as_str() } else { itself(&callee.name) };
        let (exact, method) = self.scanner.calls_of(name);
        if exact.is_none() && method.is_none() {
            return;
        }
        let call =
            Call { module: self.module, node, name: name.into(), arguments: callee.arguments, handed_on };
        let names = self.module.names();
        for (check, when) in exact.into_iter().chain(method).flatten() {
            names.take_exposed();
            let Some(mut hit) = judge(*when, &call, place) else { continue };
            if hit.range == place {
                hit.message = alias_message(check, self.module.file(), place, &call.name);
            }
            let exposed = names.take_exposed();
            self.push(Found { check, hit, node: id, name: call.name.clone(), exposed });
        }
    }

    /// Calls that import, mention or assign by a name in a string.
    fn reflection(&mut self, id: NodeId, call: &'a ast::ExprCall, callee: &Callee<'a>) {
        let place = callee_range(&call.func);
        match callee.name.as_str() {
            "builtins.__import__" | "importlib.import_module" => {
                let module = call.arguments.find_argument_value("name", 0);
                let module = module.and_then(|expr| self.module.text(expr));
                if let Some(module) = module {
                    self.import(id, place, &module, "");
                }
            }
            "builtins.getattr" => {
                let node = AnyNodeRef::from(call);
                for name in self.module.result_names(call) {
                    self.mentioned(id, Reference { module: self.module, node, name }, place);
                }
            }
            "builtins.setattr" => {
                let [object, name, value] = &*call.arguments.args else { return };
                let Some(attr) = self.module.text(name) else { return };
                let value = self.module.value(value);
                for name in self.module.attribute_names(object, &attr) {
                    self.assigned(id, AnyNodeRef::from(call), place, name, None, value);
                }
            }
            _ => {}
        }
    }

    /// A name or attribute that is read: is it what a check looks for, or is it handed on to be called?
    fn mention(&mut self, id: NodeId, node: AnyNodeRef<'a>) {
        let Some(parent) = self.module.parent(node) else { return };
        let stands_in_call =
            matches!(parent, AnyNodeRef::Decorator(_) | AnyNodeRef::Arguments(_) | AnyNodeRef::Keyword(_))
                || self.is_stored(node, parent);
        let (referable, callable) = match node {
            AnyNodeRef::ExprAttribute(attribute) => {
                let attr = attribute.attr.as_str();
                (self.scanner.reference_segments.contains(attr), stands_in_call && self.may_be_called(attr))
            }
            AnyNodeRef::ExprName(name) => {
                let key = self.key(name);
                let referable = self.is_foreign(key);
                if !referable && !stands_in_call || !self.matters(key, name) {
                    return;
                }
                (referable, stands_in_call)
            }
            _ => return,
        };
        if !referable && !callable {
            return;
        }
        let handed_on = callable && self.is_handed_on(parent);
        if !referable && !handed_on {
            return;
        }
        for name in self.module.qualified_node(node) {
            if handed_on {
                let arguments = Arguments::unknown();
                self.called(id, node, node.range(), Callee { name: name.clone(), arguments }, true);
                if let Some(arguments) = self.module.forwarded(node) {
                    self.called(id, node, node.range(), Callee { name: name.clone(), arguments }, false);
                }
            }
            if referable {
                self.mentioned(id, Reference { module: self.module, node, name }, node.range());
            }
        }
    }

    fn mentioned(&mut self, id: NodeId, reference: Reference<'_, 'a>, place: TextRange) {
        let Some(rules) = self.scanner.references.get(reference.name.as_str()) else { return };
        for (check, when) in rules {
            if let Some(confidence) = when(&reference) {
                let mut hit = Hit::at(place, confidence);
                hit.message = alias_message(check, self.module.file(), place, &reference.name);
                self.push(Found { check, hit, node: id, name: reference.name.clone(), exposed: None });
            }
        }
    }

    /// Whether somebody else will call this: it is an argument, a decorator, or a base class.
    fn is_handed_on(&self, parent: AnyNodeRef<'a>) -> bool {
        let receiver = match parent {
            AnyNodeRef::Decorator(_) => return true,
            AnyNodeRef::Arguments(_) => self.module.parent(parent),
            AnyNodeRef::Keyword(_) => {
                self.module.parent(parent).and_then(|arguments| self.module.parent(arguments))
            }
            _ => return true,
        };
        match receiver {
            Some(AnyNodeRef::StmtClassDef(_)) => true,
            Some(AnyNodeRef::ExprCall(call)) => !self.only_looks_at(call),
            _ => false,
        }
    }

    /// Whether a function is put where it is not followed to, to be called from there.
    fn is_stored(&self, node: AnyNodeRef<'a>, parent: AnyNodeRef<'a>) -> bool {
        let is_it = |expr: &Expr| node.ptr_eq(AnyNodeRef::from(expr));
        match parent {
            AnyNodeRef::StmtAssign(assign) => {
                is_it(&assign.value) && assign.targets.iter().any(|target| self.is_out_of_sight(target))
            }
            AnyNodeRef::ExprYield(_) => true,
            AnyNodeRef::ExprListComp(list) => is_it(&list.elt),
            AnyNodeRef::ExprSetComp(set) => is_it(&set.elt),
            AnyNodeRef::ExprGenerator(generator) => is_it(&generator.elt),
            AnyNodeRef::ExprDictComp(dict) => is_it(&dict.value),
            AnyNodeRef::StmtMatch(choice) => is_it(&choice.subject),
            AnyNodeRef::StmtReturn(_) => self.module.function_around(parent).is_some_and(|function| {
                let name = function.name.as_str();
                name.starts_with("__") && name.ends_with("__")
            }),
            AnyNodeRef::ExprDict(_) | AnyNodeRef::ExprList(_) | AnyNodeRef::ExprTuple(_) => {
                match self.module.parent(parent) {
                    Some(around @ (AnyNodeRef::Arguments(_) | AnyNodeRef::Keyword(_))) => {
                        self.is_handed_on(around)
                    }
                    Some(AnyNodeRef::StmtAssign(assign)) => {
                        assign.targets.iter().any(|target| target.is_subscript_expr())
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether a target is an item, or an attribute of something that is no object of this file. What a check asks about
    /// assignments to is reported for that.
    fn is_out_of_sight(&self, target: &'a Expr) -> bool {
        match target {
            Expr::Subscript(_) => true,
            Expr::Attribute(attribute) => {
                let things = self.module.names().things(self.module.value(&attribute.value));
                let is_known = |name: &CompactString| self.scanner.assignments.contains_key(name.as_str());
                let targets = self.module.attribute_names(&attribute.value, attribute.attr.as_str());
                !things.iter().any(|thing| matches!(thing, Thing::Class(_) | Thing::Instance(_)))
                    && !targets.iter().any(is_known)
            }
            _ => false,
        }
    }

    /// Whether a call is known not to call what it is given.
    fn only_looks_at(&self, call: &'a ast::ExprCall) -> bool {
        if self.module.is_getter(&call.func) {
            return true;
        }
        self.module.qualified(&call.func).iter().any(|name| {
            let name = name.as_str();
            let in_module =
                |module: &str| name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
            LOOKERS.contains(&name)
                || WRAPPERS.contains(&name) && !calls_until(name, call)
                || in_module("inspect")
                || in_module("typing")
                || in_module("unittest.mock")
                || last_segment(name).starts_with("assert")
                || self.is_followed_partial(name, call)
        })
    }

    /// A `partial` that is assigned, or called on the spot, is seen where it is called.
    fn is_followed_partial(&self, name: &str, call: &'a ast::ExprCall) -> bool {
        let parent = self.module.parent(AnyNodeRef::from(call));
        name == "functools.partial"
            && matches!(parent, Some(AnyNodeRef::StmtAssign(_) | AnyNodeRef::ExprCall(_)))
    }

    fn assignment(&mut self, target: &'a Expr, value: &'a Expr) {
        match (target, value) {
            (Expr::Attribute(attribute), _) => {
                if !self.scanner.assignment_segments.contains(attribute.attr.as_str()) {
                    return;
                }
                let node = AnyNodeRef::from(attribute);
                let id = self.module.tree().id(attribute);
                let value = self.module.value(value);
                for name in self.module.attribute_names(&attribute.value, attribute.attr.as_str()) {
                    self.assigned(id, node, callee_range(target), name, None, value);
                }
            }
            (Expr::Subscript(subscript), _) => {
                let node = AnyNodeRef::from(subscript);
                let id = self.module.tree().id(subscript);
                let key = self.module.text(&subscript.slice);
                let value = self.module.value(value);
                for name in self.module.item_names(subscript) {
                    self.assigned(id, node, callee_range(target), name, key.clone(), value);
                }
            }
            (Expr::Tuple(targets), Expr::Tuple(values)) if targets.elts.len() == values.elts.len() => {
                for (target, value) in targets.elts.iter().zip(&values.elts) {
                    self.assignment(target, value);
                }
            }
            _ => {}
        }
    }

    fn assigned(
        &mut self,
        id: NodeId,
        target: AnyNodeRef<'a>,
        place: TextRange,
        name: CompactString,
        key: Option<String>,
        value: Value<'a>,
    ) {
        let Some(rules) = self.scanner.assignments.get(name.as_str()) else { return };
        let assignment = Assignment { module: self.module, target, name, key, value };
        for (check, when) in rules {
            if let Some(confidence) = when(&assignment) {
                let name = assignment.name.clone();
                self.push(Found { check, hit: Hit::at(place, confidence), node: id, name, exposed: None });
            }
        }
    }

    /// `import module`, or `from module import name`.
    fn import(&mut self, id: NodeId, place: TextRange, module: &str, name: &str) {
        if self.scanner.imports.is_empty() {
            return;
        }
        let full = if name.is_empty() { module.to_owned() } else { format!("{module}.{name}") };
        let dots = full.match_indices('.').map(|(at, _)| at);
        let ends: Vec<usize> = dots.chain([full.len()]).take_while(|&end| end <= MAX_MODULE).collect();
        for end in ends.into_iter().rev() {
            if let Some(rules) = self.scanner.imports.get(&full[..end]) {
                for (check, ()) in rules {
                    let hit = Hit::at(place, Confidence::High);
                    self.push(Found { check, hit, node: id, name: full[..end].into(), exposed: None });
                }
            }
        }
    }

    fn findings(mut self, bytes: &[u8]) -> (Vec<Finding>, Outline) {
        self.found.sort_by_key(|found| (found.hit.range.start(), found.hit.range.end(), found.check.id));
        self.found.dedup_by(|later, earlier| {
            let same = later.check == earlier.check && later.hit.range == earlier.hit.range;
            if same && later.hit.confidence > earlier.hit.confidence {
                std::mem::swap(later, earlier);
            }
            same
        });
        let secrets: Vec<TextRange> = self.found.iter().filter_map(|found| found.hit.secret).collect();
        let silent = &self.scanner.silent;
        self.found.retain(|found| !silent.contains(found.check.id));
        if self.found.is_empty() {
            return Default::default();
        }
        let locator = Locator::new(self.module, bytes, secrets, self.scanner.details);
        let located = self.found.into_iter();
        let mut findings: Vec<Finding> = located.map(|found| locator.finding(found)).collect();
        // One that spans several lines is shown where it ends, which may be behind the next one.
        findings.sort_by_key(|finding| finding.region.bytes.start);
        (findings, locator.into_outline())
    }
}

/// Callees that look at what they are given and do not call it.
static LOOKERS: &[&str] = &[
    "builtins.callable",
    "builtins.dir",
    "builtins.getattr",
    "builtins.hasattr",
    "builtins.hash",
    "builtins.help",
    "builtins.id",
    "builtins.isinstance",
    "builtins.issubclass",
    "builtins.print",
    "builtins.repr",
    "builtins.str",
    "builtins.type",
    "builtins.vars",
    "functools.update_wrapper",
    "functools.wraps",
];

/// Callees that give back what they are given: it is seen where it is used.
static WRAPPERS: &[&str] = &[
    "builtins.classmethod",
    "builtins.iter",
    "builtins.list",
    "builtins.staticmethod",
    "builtins.tuple",
    "functools.cache",
    "functools.lru_cache",
    "functools.lru_cache()",
];

/// `iter(input, "")` calls `input` until it gives an empty text; `iter(x)` calls nothing.
fn calls_until(name: &str, call: &ast::ExprCall) -> bool {
    name == "builtins.iter" && call.arguments.args.len() > 1
}

fn judge(when: When, call: &Call<'_, '_>, place: TextRange) -> Option<Hit> {
    let confidence = match when {
        When::Always => Confidence::High,
        When::Dynamic if call.handed_on => Confidence::Medium,
        When::Dynamic => call.exposure().confidence(),
        When::Argument(keyword, position) => call.exposure_of(keyword, position).confidence(),
        When::Is(decide) => decide(call)?,
        When::Hit(decide) => return decide(call),
        When::All(conditions) => condition::all(conditions, call)?,
    };
    Some(Hit::at(place, confidence))
}

/// The check's summary, with what the callee is where the source calls it something else.
fn alias_message(check: &Check, file: &SourceFile, place: TextRange, name: &str) -> Option<String> {
    let written = &file.text()[place];
    let known = name.trim_start_matches("builtins.").replace("()", "");
    if known.starts_with('?') || last_segment(written) == last_segment(&known) || written.len() > 60 {
        return None;
    }
    let written = escape::visible(&written.split_whitespace().collect::<Vec<_>>().join(" "));
    Some(format!("{} `{written}` is `{known}` here.", check.summary))
}
