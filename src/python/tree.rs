//! The syntax tree laid out flat, with parents, scopes and what each scope binds: made in one walk.

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, TraversalSignal, walk_expr, walk_pattern, walk_stmt,
};
use ruff_python_ast::{
    self as ast, AnyNodeRef, Expr, HasNodeIndex, Identifier, ModModule, NodeIndex, Pattern, Stmt,
};
use ruff_text_size::{Ranged, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// How much stack must be left before one more level of a tree is entered, and how much is added then.
const RED_ZONE: usize = 128 * 1024;
const STACK_STEP: usize = 4 * 1024 * 1024;

/// How many parts of an expression around a part of it are looked at.
const MAX_ANCESTORS: u32 = 1_000;

/// Runs `f` with enough stack for one more level of recursion, however deep it is.
pub(super) fn with_stack<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, STACK_STEP, f)
}

/// A node of the tree by its place in source order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Its place in source order.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A scope by the order in which scopes open in the text; the module is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(u32);

impl ScopeId {
    /// The scope of the module itself.
    pub const MODULE: ScopeId = ScopeId(0);

    /// Its place in the order of the text.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A node with its surroundings.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    node: AnyNodeRef<'a>,
    /// The node as an expression, if it is one.
    expr: Option<&'a Expr>,
    parent: u32,
    /// The statement that it is or stands in.
    statement: u32,
    scope: ScopeId,
}

/// What opens a scope.
#[derive(Debug, Clone, Copy)]
pub enum ScopeKind<'a> {
    Module,
    Class(&'a ast::StmtClassDef),
    Function(&'a ast::StmtFunctionDef),
    Lambda(&'a ast::ExprLambda),
    Comprehension,
}

/// A scope of names.
#[derive(Debug)]
pub struct Scope<'a> {
    pub kind: ScopeKind<'a>,
    pub parent: Option<ScopeId>,
    /// Modules whose names a `from … import *` brought in.
    pub stars: SmallVec<[String; 1]>,
    /// Names that `global` or `nonlocal` hands to an outer scope.
    outer_names: FxHashMap<&'a str, OuterKind>,
    /// How many scopes there are around it.
    depth: u32,
    /// What a function can return.
    pub returns: SmallVec<[&'a Expr; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OuterKind {
    Global,
    Nonlocal,
}

/// One way in which a scope gives a name a meaning.
#[derive(Debug)]
pub struct Binding<'a> {
    pub meaning: Meaning<'a>,
    /// Whether the statement may not run, or later than it stands: it is inside an `if`, `try`, loop or the like, or in a
    /// function that says `global`.
    pub conditional: bool,
    /// The node that binds.
    pub place: NodeId,
    next: Option<u32>,
}

/// What a name is bound to.
#[derive(Debug)]
pub enum Meaning<'a> {
    /// An imported module or a name from one, as a dotted path.
    Import(String),
    /// A value written in the source, or a part of it.
    Value { expr: &'a Expr, scope: ScopeId, steps: SmallVec<[Step; 2]> },
    /// A parameter.
    Parameter { annotation: Option<&'a Expr>, default: Option<&'a Expr>, scope: ScopeId, is_self: bool },
    /// A function defined here, by the scope it opens.
    Function(ScopeId),
    /// A class defined here, by the scope it opens.
    Class(ScopeId),
    /// Something that cannot be told.
    Opaque,
}

/// How a target takes a part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Unpacking takes the element at this place.
    Index(usize),
    /// A loop takes one element after the other.
    Element,
    /// `with` takes what entering gives.
    Enter,
}

/// `target.attr = value`, wherever it stands.
#[derive(Debug, Clone, Copy)]
pub struct AttributeValue<'a> {
    pub target: &'a ast::ExprAttribute,
    pub target_scope: ScopeId,
    pub value: &'a Expr,
}

/// The flat tree.
#[derive(Debug)]
pub struct Tree<'a> {
    entries: Vec<Entry<'a>>,
    scopes: Vec<Scope<'a>>,
    bindings: Vec<Binding<'a>>,
    /// A number for each name that some scope binds.
    symbols: FxHashMap<&'a str, u32>,
    /// The last binding of a name in a scope.
    heads: FxHashMap<(ScopeId, u32), u32>,
    opened: FxHashMap<NodeId, ScopeId>,
    attribute_values: FxHashMap<&'a str, Vec<AttributeValue<'a>>>,
    /// Names that the body of some class binds to a value.
    class_names: FxHashSet<&'a str>,
    /// The functions in the bodies of classes, by their names.
    methods: FxHashMap<&'a str, SmallVec<[ScopeId; 2]>>,
    shared: FxHashSet<&'a str>,
    deleted: FxHashSet<&'a str>,
    has_stars: bool,
    depth: u32,
    scope_depth: u32,
}

impl<'a> Tree<'a> {
    /// Lays out a module. There are about as many nodes as `tokens`.
    pub fn of(module: &'a ModModule, tokens: usize) -> Tree<'a> {
        let mut builder = Builder::new();
        builder.tree.entries.reserve(tokens);
        builder.enter_node(AnyNodeRef::from(module));
        for stmt in &module.body {
            builder.visit_stmt(stmt);
        }
        builder.tree
    }

    /// All nodes in source order; identifiers are no nodes here.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, AnyNodeRef<'a>)> {
        self.entries.iter().enumerate().map(|(i, entry)| (NodeId(i as u32), entry.node))
    }

    /// The last node that begins at or before a place in the text.
    pub fn last_before(&self, place: TextSize) -> Option<NodeId> {
        let count = self.entries.partition_point(|entry| entry.node.start() <= place);
        count.checked_sub(1).map(|last| NodeId(last as u32))
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.entries.len()
    }

    /// The module.
    pub fn root(&self) -> AnyNodeRef<'a> {
        self.entries[0].node
    }

    /// Whether names may come from a star import.
    pub fn has_stars(&self) -> bool {
        self.has_stars
    }

    /// Whether some function says `global` or `nonlocal` of this name: then others may assign it, too.
    pub fn is_shared(&self, name: &str) -> bool {
        self.shared.contains(name)
    }

    /// Whether some statement takes a meaning away from this name: `del name`.
    pub fn is_deleted(&self, name: &str) -> bool {
        self.deleted.contains(name)
    }

    /// How deep the deepest node lies.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// How many scopes there are around the innermost one.
    pub fn scope_depth(&self) -> u32 {
        self.scope_depth
    }

    /// The place of a node of this tree.
    pub fn id(&self, node: impl HasNodeIndex) -> NodeId {
        NodeId(node.node_index().load().as_u32().unwrap_or(0))
    }

    /// The node at a place.
    pub fn node(&self, id: NodeId) -> AnyNodeRef<'a> {
        self.entries[id.0 as usize].node
    }

    /// The node at a place as an expression, if it is one.
    pub fn expr(&self, id: NodeId) -> Option<&'a Expr> {
        self.entries[id.0 as usize].expr
    }

    /// The node around a node.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        (id.0 != 0).then(|| NodeId(self.entries[id.0 as usize].parent))
    }

    /// The nodes around a node, the nearest first. Of an expression that is deeper than any that a person writes, the
    /// outer parts are left out.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let mut left = MAX_ANCESTORS;
        std::iter::successors(self.parent(id), move |&id| {
            left = left.saturating_sub(1);
            let block = self.statement_around(id);
            if left == 0 && block != id { Some(block) } else { self.parent(id) }
        })
    }

    /// The statement, or clause of one, that a node is or stands in; the module for what stands in none. However
    /// deep an expression is, the way there is short.
    pub fn statement_around(&self, id: NodeId) -> NodeId {
        NodeId(self.entries[id.0 as usize].statement)
    }

    /// The statements, clauses and definitions that a node stands in, the nearest first, and the module at last.
    pub fn blocks_around(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let first = Some(self.statement_around(id)).filter(|&block| block != id);
        let outside = |id: NodeId| Some(self.statement_around(self.parent(id)?));
        std::iter::successors(first.or_else(|| outside(id)), move |&id| outside(id))
    }

    /// The nodes inside a node, in source order.
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = AnyNodeRef<'a>> {
        let inside = self.entries[id.0 as usize + 1..].iter().take_while(move |entry| entry.parent >= id.0);
        inside.map(|entry| entry.node)
    }

    /// The places in source order from one to before another.
    pub fn between(&self, start: NodeId, end: NodeId) -> impl Iterator<Item = NodeId> {
        (start.0..end.0).map(NodeId)
    }

    /// The place behind a node and all that is inside it.
    pub fn end(&self, id: NodeId) -> NodeId {
        NodeId(id.0 + 1 + self.descendants(id).count() as u32)
    }

    /// Whether what is evaluated in a scope runs when the statements of the module do, and not when a function is called.
    pub fn runs_with_module(&self, scope: ScopeId) -> bool {
        let mut around = std::iter::successors(Some(scope), |&scope| self.scope(scope).parent);
        !around.any(|scope| matches!(self.scope(scope).kind, ScopeKind::Function(_) | ScopeKind::Lambda(_)))
    }

    /// The scope in which a node is evaluated.
    pub fn scope_of(&self, id: NodeId) -> ScopeId {
        self.entries[id.0 as usize].scope
    }

    /// How many scopes there are.
    pub fn scope_count(&self) -> usize {
        self.scopes.len()
    }

    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope<'a> {
        &self.scopes[id.0 as usize]
    }

    /// The scope that a definition opens.
    pub fn scope_opened_by(&self, node: impl HasNodeIndex) -> Option<ScopeId> {
        self.opened.get(&self.id(node)).copied()
    }

    /// The values that the source gives to an attribute of this name, of whatever object.
    pub fn attribute_values(&self, name: &str) -> &[AttributeValue<'a>] {
        self.attribute_values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether some class or object of this file has an attribute of this name with a value that can be followed.
    pub fn is_alias(&self, attr: &str) -> bool {
        self.attribute_values.contains_key(attr) || self.class_names.contains(attr)
    }

    /// Whether the body of some class of this file binds this name to a value.
    pub fn is_class_name(&self, attr: &str) -> bool {
        self.class_names.contains(attr)
    }

    /// Whether some class of this file has a method of this name.
    pub fn is_method(&self, attr: &str) -> bool {
        self.methods.contains_key(attr)
    }

    /// The methods of this name, of whatever class of this file, by the scopes they open.
    pub fn methods(&self, name: &str) -> &[ScopeId] {
        self.methods.get(name).map_or(&[], SmallVec::as_slice)
    }

    /// The ways in which this very scope binds a name, each with its index.
    pub fn bindings_in(&self, scope: ScopeId, name: &str) -> impl Iterator<Item = (u32, &Binding<'a>)> {
        self.bindings_from(self.head(scope, name))
    }

    /// A binding, and those before it of the same name in the same scope.
    pub fn bindings_from(&self, last: Option<u32>) -> impl Iterator<Item = (u32, &Binding<'a>)> {
        std::iter::successors(last, |&i| self.bindings[i as usize].next)
            .map(|i| (i, &self.bindings[i as usize]))
    }

    /// Whether this binding, or one before it of the same name in the same scope, is an import.
    pub fn is_import(&self, last: u32) -> bool {
        self.bindings_from(Some(last)).any(|(_, binding)| matches!(binding.meaning, Meaning::Import(_)))
    }

    /// How many bindings there are; their indices run below it.
    pub fn binding_count(&self) -> usize {
        self.bindings.len()
    }

    /// A binding by its index.
    pub fn binding(&self, index: u32) -> &Binding<'a> {
        &self.bindings[index as usize]
    }

    /// The scope that holds the bindings of a name used in `from`, as Python looks it up; the module's scope
    /// when none does.
    pub fn scope_binding(&self, from: ScopeId, name: &str) -> Option<ScopeId> {
        self.last_binding(from, name).map(|(scope, _)| scope)
    }

    /// The same with the last of these bindings, by its index.
    pub fn last_binding(&self, from: ScopeId, name: &str) -> Option<(ScopeId, u32)> {
        let symbol = *self.symbols.get(name)?;
        let head = |scope: ScopeId| self.heads.get(&(scope, symbol)).map(|&head| (scope, head));
        let mut scope = from;
        let mut first = true;
        loop {
            let here = self.scope(scope);
            match here.outer_names.get(name) {
                Some(OuterKind::Global) => {
                    return head(ScopeId::MODULE);
                }
                Some(OuterKind::Nonlocal) => {}
                None => {
                    let visible = first || !matches!(here.kind, ScopeKind::Class(_));
                    if visible && let Some(found) = head(scope) {
                        return Some(found);
                    }
                }
            }
            first &= matches!(here.kind, ScopeKind::Comprehension);
            scope = here.parent?;
        }
    }

    fn head(&self, scope: ScopeId, name: &str) -> Option<u32> {
        let symbol = *self.symbols.get(name)?;
        self.heads.get(&(scope, symbol)).copied()
    }
}

/// An open node on the way down.
#[derive(Clone, Copy)]
struct Frame {
    id: u32,
    scope: ScopeId,
    /// The scope that this node opens for some of its children.
    inner: Option<ScopeId>,
    conditional: bool,
}

struct Builder<'a> {
    tree: Tree<'a>,
    stack: Vec<Frame>,
    /// The expression that is about to be entered as a node.
    entering: Option<&'a Expr>,
}

impl<'a> Builder<'a> {
    fn new() -> Self {
        Builder {
            tree: Tree {
                entries: Vec::new(),
                scopes: Vec::new(),
                bindings: Vec::new(),
                symbols: FxHashMap::default(),
                heads: FxHashMap::default(),
                opened: FxHashMap::default(),
                attribute_values: FxHashMap::default(),
                class_names: FxHashSet::default(),
                methods: FxHashMap::default(),
                shared: FxHashSet::default(),
                deleted: FxHashSet::default(),
                has_stars: false,
                depth: 0,
                scope_depth: 0,
            },
            stack: Vec::new(),
            entering: None,
        }
    }

    fn open(&mut self, kind: ScopeKind<'a>, parent: Option<ScopeId>) -> ScopeId {
        let id = ScopeId(self.tree.scopes.len() as u32);
        let depth = parent.map_or(0, |parent| self.tree.scope(parent).depth + 1);
        self.tree.scope_depth = self.tree.scope_depth.max(depth);
        self.tree.scopes.push(Scope {
            kind,
            parent,
            stars: SmallVec::new(),
            outer_names: FxHashMap::default(),
            depth,
            returns: SmallVec::new(),
        });
        id
    }

    /// The scope in which a child of the top frame is evaluated.
    fn scope_for(&self, parent: &Frame, child: AnyNodeRef<'a>) -> ScopeId {
        let Some(inner) = parent.inner else { return parent.scope };
        let inside = match self.tree.entries[parent.id as usize].node {
            AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::StmtClassDef(_) => child.is_statement(),
            AnyNodeRef::ExprLambda(_) => child.is_expression(),
            AnyNodeRef::Comprehension(comprehension) => {
                !child.ptr_eq(AnyNodeRef::from(&comprehension.iter))
                    || !self.is_first_generator(comprehension)
            }
            _ => true,
        };
        if inside { inner } else { parent.scope }
    }

    fn is_first_generator(&self, comprehension: &'a ast::Comprehension) -> bool {
        let Some(frame) = self.stack.len().checked_sub(2).and_then(|i| self.stack.get(i)) else {
            return false;
        };
        let generators = match self.tree.entries[frame.id as usize].node {
            AnyNodeRef::ExprListComp(node) => &node.generators,
            AnyNodeRef::ExprSetComp(node) => &node.generators,
            AnyNodeRef::ExprDictComp(node) => &node.generators,
            AnyNodeRef::ExprGenerator(node) => &node.generators,
            _ => return false,
        };
        generators.first().is_some_and(|first| std::ptr::eq(first, comprehension))
    }

    fn bind(&mut self, inside: ScopeId, name: &'a str, meaning: Meaning<'a>, conditional: bool) {
        let scope = match self.tree.scope(inside).outer_names.get(name) {
            Some(OuterKind::Global) => ScopeId::MODULE,
            Some(OuterKind::Nonlocal) => self.enclosing_function(inside),
            None => inside,
        };
        let conditional = conditional || scope != inside;
        let place = NodeId(self.tree.entries.len() as u32 - 1);
        if matches!(self.tree.scope(scope).kind, ScopeKind::Class(_)) {
            match meaning {
                Meaning::Function(function) => self.tree.methods.entry(name).or_default().push(function),
                _ => {
                    self.tree.class_names.insert(name);
                }
            }
        }
        let count = self.tree.symbols.len() as u32;
        let symbol = *self.tree.symbols.entry(name).or_insert(count);
        let index = self.tree.bindings.len() as u32;
        let next = self.tree.heads.insert((scope, symbol), index);
        self.tree.bindings.push(Binding { meaning, conditional, place, next });
    }

    fn enclosing_function(&self, scope: ScopeId) -> ScopeId {
        let mut id = scope;
        while let Some(parent) = self.tree.scope(id).parent {
            id = parent;
            if matches!(self.tree.scope(id).kind, ScopeKind::Function(_)) {
                return id;
            }
        }
        scope
    }

    /// Binds all names of a target to a value, or to the parts of it that unpacking gives them.
    fn bind_target(&mut self, at: Place, target: &'a Expr, expr: &'a Expr, steps: &[Step]) {
        with_stack(|| self.bind_parts_of_target(at, target, expr, steps));
    }

    fn bind_parts_of_target(&mut self, at: Place, target: &'a Expr, expr: &'a Expr, steps: &[Step]) {
        match target {
            Expr::Name(name) => {
                let meaning = Meaning::Value { expr, scope: at.value_scope, steps: steps.into() };
                self.bind(at.scope, name.id.as_str(), meaning, at.conditional);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let starred = elts.iter().position(Expr::is_starred_expr).unwrap_or(elts.len());
                for (i, element) in elts.iter().enumerate() {
                    let step = if i < starred { Step::Index(i) } else { Step::Element };
                    let steps: SmallVec<[Step; 2]> = steps.iter().copied().chain([step]).collect();
                    self.bind_target(at, element, expr, &steps);
                }
            }
            Expr::Starred(starred) => self.bind_target(at, &starred.value, expr, steps),
            Expr::Attribute(attribute) if steps.is_empty() => {
                let values = self.tree.attribute_values.entry(attribute.attr.as_str()).or_default();
                values.push(AttributeValue { target: attribute, target_scope: at.scope, value: expr });
            }
            _ => {}
        }
    }

    fn bind_opaque(&mut self, at: Place, name: &'a Identifier) {
        self.bind(at.scope, name.as_str(), Meaning::Opaque, at.conditional);
    }

    fn bind_parameters(&mut self, parameters: &'a ast::Parameters, inner: ScopeId, outer: ScopeId) {
        let in_class = matches!(self.tree.scope(outer).kind, ScopeKind::Class(_));
        let mut first = in_class;
        for parameter in parameters.iter_non_variadic_params() {
            let meaning = Meaning::Parameter {
                annotation: parameter.parameter.annotation(),
                default: parameter.default(),
                scope: outer,
                is_self: std::mem::take(&mut first),
            };
            self.bind(inner, parameter.parameter.name.as_str(), meaning, false);
        }
        for parameter in [&parameters.vararg, &parameters.kwarg].into_iter().flatten() {
            self.bind(inner, parameter.name.as_str(), Meaning::Opaque, false);
        }
    }

    fn bind_import(&mut self, at: Place, import: &'a ast::StmtImport) {
        for alias in &import.names {
            let full = alias.name.as_str();
            let (name, path) = match &alias.asname {
                Some(name) => (name.as_str(), full),
                None => {
                    let top = full.split('.').next().unwrap_or(full);
                    (top, top)
                }
            };
            self.bind(at.scope, name, Meaning::Import(path.to_owned()), at.conditional);
        }
    }

    fn bind_import_from(&mut self, at: Place, import: &'a ast::StmtImportFrom) {
        let mut module = ".".repeat(import.level as usize);
        module.push_str(import.module.as_deref().unwrap_or_default());
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.tree.has_stars = true;
                self.tree.scopes[at.scope.0 as usize].stars.push(module.clone());
                continue;
            }
            let path = format!("{module}.{name}");
            let bound = alias.asname.as_ref().map_or(name, Identifier::as_str);
            self.bind(at.scope, bound, Meaning::Import(path), at.conditional);
        }
    }

    /// The scope that a `:=` binds in: not a comprehension's own (PEP 572).
    fn walrus_scope(&self, scope: ScopeId) -> ScopeId {
        let mut id = scope;
        while let (ScopeKind::Comprehension, Some(parent)) =
            (self.tree.scope(id).kind, self.tree.scope(id).parent)
        {
            id = parent;
        }
        id
    }

    /// What a node binds where it stands, and the scope it opens.
    fn declare(&mut self, node: AnyNodeRef<'a>, scope: ScopeId, conditional: bool) -> Option<ScopeId> {
        let at = Place { scope, value_scope: scope, conditional };
        match node {
            AnyNodeRef::StmtImport(import) => self.bind_import(at, import),
            AnyNodeRef::StmtImportFrom(import) => self.bind_import_from(at, import),
            AnyNodeRef::StmtAssign(assign) => {
                for target in &assign.targets {
                    self.bind_target(at, target, &assign.value, &[]);
                }
            }
            AnyNodeRef::StmtAnnAssign(assign) => self.bind_annotated(at, assign),
            AnyNodeRef::StmtAugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.bind(scope, name.id.as_str(), Meaning::Opaque, conditional);
                }
            }
            AnyNodeRef::ExprNamed(named) => {
                let outside = self.walrus_scope(scope);
                // What a comprehension goes through may be empty.
                let at = Place { scope: outside, conditional: conditional || outside != scope, ..at };
                self.bind_target(at, &named.target, &named.value, &[]);
            }
            AnyNodeRef::StmtFor(each) => {
                let at = Place { conditional: true, ..at };
                self.bind_target(at, &each.target, &each.iter, &[Step::Element]);
            }
            AnyNodeRef::StmtDelete(delete) => {
                self.tree.deleted.extend(
                    delete.targets.iter().filter_map(Expr::as_name_expr).map(|name| name.id.as_str()),
                );
            }
            AnyNodeRef::WithItem(item) => {
                if let Some(target) = &item.optional_vars {
                    self.bind_target(at, target, &item.context_expr, &[Step::Enter]);
                }
            }
            AnyNodeRef::StmtGlobal(global) => self.declare_outer(scope, &global.names, OuterKind::Global),
            AnyNodeRef::StmtNonlocal(outer) => self.declare_outer(scope, &outer.names, OuterKind::Nonlocal),
            AnyNodeRef::StmtReturn(ast::StmtReturn { value: Some(value), .. }) => {
                self.tree.scopes[scope.0 as usize].returns.push(value);
            }
            AnyNodeRef::ExceptHandlerExceptHandler(handler) => {
                if let Some(name) = &handler.name {
                    self.bind_opaque(at, name);
                }
            }
            AnyNodeRef::PatternMatchAs(ast::PatternMatchAs { name: Some(name), .. })
            | AnyNodeRef::PatternMatchStar(ast::PatternMatchStar { name: Some(name), .. })
            | AnyNodeRef::PatternMatchMapping(ast::PatternMatchMapping { rest: Some(name), .. }) => {
                self.bind_opaque(at, name);
            }
            AnyNodeRef::StmtTypeAlias(alias) => {
                if let Expr::Name(name) = &*alias.name {
                    self.bind(scope, name.id.as_str(), Meaning::Opaque, conditional);
                }
            }
            _ => return self.declare_scope(node, at),
        }
        None
    }

    fn declare_scope(&mut self, node: AnyNodeRef<'a>, at: Place) -> Option<ScopeId> {
        let Place { scope, conditional, .. } = at;
        let inner = match node {
            AnyNodeRef::ModModule(_) => self.open(ScopeKind::Module, None),
            AnyNodeRef::StmtFunctionDef(function) => {
                let inner = self.open(ScopeKind::Function(function), Some(scope));
                self.bind(scope, function.name.as_str(), Meaning::Function(inner), conditional);
                self.bind_parameters(&function.parameters, inner, scope);
                inner
            }
            AnyNodeRef::StmtClassDef(class) => {
                let inner = self.open(ScopeKind::Class(class), Some(scope));
                self.bind(scope, class.name.as_str(), Meaning::Class(inner), conditional);
                inner
            }
            AnyNodeRef::ExprLambda(lambda) => {
                let inner = self.open(ScopeKind::Lambda(lambda), Some(scope));
                if let Some(parameters) = &lambda.parameters {
                    self.bind_parameters(parameters, inner, scope);
                }
                self.tree.scopes[inner.0 as usize].returns.push(&lambda.body);
                inner
            }
            AnyNodeRef::ExprListComp(ast::ExprListComp { generators, .. })
            | AnyNodeRef::ExprSetComp(ast::ExprSetComp { generators, .. })
            | AnyNodeRef::ExprDictComp(ast::ExprDictComp { generators, .. })
            | AnyNodeRef::ExprGenerator(ast::ExprGenerator { generators, .. }) => {
                let inner = self.open(ScopeKind::Comprehension, Some(scope));
                for (i, generator) in generators.iter().enumerate() {
                    let value_scope = if i == 0 { scope } else { inner };
                    let at = Place { scope: inner, value_scope, conditional: false };
                    self.bind_target(at, &generator.target, &generator.iter, &[Step::Element]);
                }
                inner
            }
            _ => return None,
        };
        Some(inner)
    }

    fn bind_annotated(&mut self, at: Place, assign: &'a ast::StmtAnnAssign) {
        if let Some(value) = &assign.value {
            self.bind_target(at, &assign.target, value, &[]);
        }
        if let Expr::Name(name) = &*assign.target {
            let meaning = Meaning::Parameter {
                annotation: Some(&assign.annotation),
                default: None,
                scope: at.scope,
                is_self: false,
            };
            self.bind(at.scope, name.id.as_str(), meaning, at.conditional || assign.value.is_none());
        }
    }

    fn declare_outer(&mut self, scope: ScopeId, names: &'a [Identifier], kind: OuterKind) {
        self.tree.shared.extend(names.iter().map(Identifier::as_str));
        let names = names.iter().map(|name| (name.as_str(), kind));
        self.tree.scopes[scope.0 as usize].outer_names.extend(names);
    }
}

/// Where a binding goes and where its value is evaluated.
#[derive(Clone, Copy)]
struct Place {
    scope: ScopeId,
    value_scope: ScopeId,
    conditional: bool,
}

/// Whether a node counts as a statement: one, or a clause with statements of its own.
pub(super) fn is_block(node: AnyNodeRef<'_>) -> bool {
    node.is_statement()
        || matches!(
            node,
            AnyNodeRef::ModModule(_)
                | AnyNodeRef::ElifElseClause(_)
                | AnyNodeRef::ExceptHandlerExceptHandler(_)
                | AnyNodeRef::MatchCase(_)
        )
}

fn may_not_run(node: AnyNodeRef<'_>) -> bool {
    matches!(
        node,
        AnyNodeRef::StmtIf(_)
            | AnyNodeRef::StmtTry(_)
            | AnyNodeRef::StmtFor(_)
            | AnyNodeRef::StmtWhile(_)
            | AnyNodeRef::StmtMatch(_)
            | AnyNodeRef::ExprIf(_)
            | AnyNodeRef::ExprBoolOp(_)
    )
}

impl<'a> SourceOrderVisitor<'a> for Builder<'a> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        let id = self.tree.entries.len() as u32;
        let (parent, scope, conditional) = match self.stack.last() {
            Some(frame) => {
                let conditional = frame.conditional && frame.inner.is_none();
                (frame.id, self.scope_for(frame, node), conditional)
            }
            None => (0, ScopeId::MODULE, false),
        };
        node.node_index().set(NodeIndex::from(id));
        let statement = if is_block(node) { id } else { self.tree.entries[parent as usize].statement };
        self.tree.entries.push(Entry { node, expr: self.entering.take(), parent, statement, scope });
        let mut inner = self.declare(node, scope, conditional);
        if let Some(inner) = inner {
            self.tree.opened.insert(NodeId(id), inner);
        }
        if let AnyNodeRef::Comprehension(_) = node {
            // Its first iterable is evaluated outside the scope that its surroundings opened.
            inner = Some(scope);
        }
        let outer_scope = match (node, inner) {
            (AnyNodeRef::ModModule(_), Some(module)) => module,
            (AnyNodeRef::Comprehension(_), _) => self.tree.scope(scope).parent.unwrap_or(scope),
            _ => scope,
        };
        let conditional = conditional || may_not_run(node);
        self.stack.push(Frame { id, scope: outer_scope, inner, conditional });
        self.tree.depth = self.tree.depth.max(self.stack.len() as u32);
        TraversalSignal::Traverse
    }

    fn leave_node(&mut self, _node: AnyNodeRef<'a>) {
        self.stack.pop();
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        with_stack(|| walk_stmt(self, stmt));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.entering = Some(expr);
        with_stack(|| walk_expr(self, expr));
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        with_stack(|| walk_pattern(self, pattern));
    }

    fn visit_identifier(&mut self, _identifier: &'a Identifier) {}
}
