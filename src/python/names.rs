//! What an expression refers to: qualified names, local definitions, values written in the source.
//!
//! The analysis is insensitive to the flow of control but knows scopes. Where a name can mean several
//! things, all are kept: a gate would rather ask.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use compact_str::CompactString;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::added::AllAdded;
use super::callers::Callers;
use super::constant::{Constant, is_same_key};
use super::exposure::{Exposure, Exposures};
use super::known;
use super::solve::{Answers, Folded, Question};
use super::tree::{AttributeValue, Meaning, NodeId, ScopeId, ScopeKind, Step, Tree, with_stack};

/// How many meanings of one expression are kept. A file with an expression that has more counts as too entangled.
pub(super) const MAX_MEANINGS: usize = 256;

/// How far names are followed through one another.
const MAX_DEPTH: u32 = 400;

/// How many names after one another are followed to tell whether all that one can be bound to is in sight.
const MAX_BINDINGS: u32 = 16;

/// How much may be spent on one file before it counts as too complex to be analysed; a file with more nodes has more
/// to spend. A unit is about what a look at one entry of a list costs, or one byte of a text that is kept: with all of
/// it spent, a few seconds and a hundred megabytes are.
const BUDGET: usize = 50_000_000;
const BUDGET_PER_NODE: usize = 200;

/// What following one expression costs.
pub(super) const STEP: usize = 20;

/// How long a qualified name may become. What is longer keeps its beginning and its last part.
const MAX_PATH: usize = 400;

/// What an expression can refer to.
#[derive(Debug, Clone, PartialEq)]
pub enum Thing<'a> {
    /// Something outside this file by its qualified name. `()` stands for an instance or result and `[]` for
    /// an element: `requests.Session().get`, `sys.argv[]`. A name that starts with `?.` is an attribute of
    /// something unknown; one that starts with `.` comes from a relative import.
    Named(CompactString),
    /// A class defined in this file.
    Class(ScopeId),
    /// An instance of a class defined in this file.
    Instance(ScopeId),
    /// A function or lambda defined in this file.
    Function(ScopeId),
    /// A literal, display or other value to be looked into.
    Value(Value<'a>),
    /// `functools.partial(name, …)`, made by this call.
    Partial(CompactString, Written<'a>),
    /// The attributes of something as a mapping: `vars(x)`, `x.__dict__`.
    Attributes(Box<Thing<'a>>),
    /// `operator.attrgetter(…)`, `operator.itemgetter(…)` or `operator.methodcaller(…)`, made by this call.
    Getter(Written<'a>),
    /// The names of the module as a mapping: `globals()`.
    Globals,
}

/// An expression and the scope in which it is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    pub expr: &'a Expr,
    pub scope: ScopeId,
}

/// A call and the scope in which it is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    pub call: &'a ast::ExprCall,
    pub scope: ScopeId,
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.expr, other.expr)
    }
}

impl PartialEq for Written<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.call, other.call)
    }
}

/// Several meanings of one expression.
pub type Things<'a> = SmallVec<[Thing<'a>; 2]>;

/// The values that the methods of each class give to an attribute of itself.
type Given<'a> = FxHashMap<ScopeId, Vec<AttributeValue<'a>>>;

/// Answers what expressions of one file refer to.
#[derive(Debug)]
pub struct Names<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) answers: RefCell<Answers<'a>>,
    /// What expressions compute.
    pub(super) folded: RefCell<FxHashMap<NodeId, Folded>>,
    /// What the source gives to an attribute of this name, by the class of its object.
    given: RefCell<FxHashMap<CompactString, Rc<Given<'a>>>>,
    pub(super) exposures: RefCell<Exposures>,
    /// What the interpretation of a function found, once it was asked for.
    pub(super) flows: RefCell<FxHashMap<ScopeId, Option<Rc<super::flow::Evaluated>>>>,
    /// What the interpretation of functions for the sake of others found.
    pub(super) entered: RefCell<super::flow::AllEntered>,
    /// Who calls the functions that only this file can call, once it was asked for.
    callers: OnceCell<Callers<'a>>,
    /// Names whose lists and mappings the file changes, once it was asked for.
    pub(super) changed: OnceCell<FxHashSet<&'a str>>,
    /// What the file puts into lists and mappings, once it was asked for.
    pub(super) added: OnceCell<AllAdded<'a>>,
    /// Calls of `setattr`, once they were asked for.
    setattr_calls: OnceCell<Vec<(&'a ast::ExprCall, ScopeId)>>,
    /// Whether anything in the file can come from a request, once it was asked for.
    pub(super) requests: OnceCell<bool>,
    /// The most exposed value that was asked about lately.
    witness: Cell<Option<(Exposure, Value<'a>)>>,
    /// What is left of the budget.
    left: Cell<usize>,
    depth: Cell<u32>,
    gave_up: Cell<bool>,
}

fn budget(tree: &Tree<'_>) -> usize {
    BUDGET + BUDGET_PER_NODE * tree.node_count()
}

impl<'a> Names<'a> {
    pub(super) fn new(tree: Tree<'a>) -> Self {
        Names {
            answers: RefCell::new(Answers::new(&tree)),
            left: Cell::new(budget(&tree)),
            tree,
            given: RefCell::default(),
            folded: RefCell::default(),
            exposures: RefCell::default(),
            flows: RefCell::default(),
            entered: RefCell::default(),
            callers: OnceCell::new(),
            changed: OnceCell::new(),
            added: OnceCell::new(),
            setattr_calls: OnceCell::new(),
            requests: OnceCell::new(),
            witness: Cell::new(None),
            depth: Cell::new(0),
            gave_up: Cell::new(false),
        }
    }

    /// Whether some name was too entangled to be followed to its end: what is not known may be anything.
    pub fn gave_up(&self) -> bool {
        self.gave_up.get()
    }

    pub(super) fn callers(&self) -> &Callers<'a> {
        self.callers.get_or_init(|| Callers::of(&self.tree))
    }

    /// Notes that a value was asked about that somebody outside has to do with.
    pub(super) fn note_exposed(&self, value: Value<'a>, exposure: Exposure) {
        if exposure >= Exposure::Input && self.witness.get().is_none_or(|(noted, _)| noted < exposure) {
            self.witness.set(Some((exposure, value)));
        }
    }

    /// The most exposed value that was asked about since this was called last, if it comes from outside: what a check
    /// that fires now found dangerous.
    pub fn take_exposed(&self) -> Option<Value<'a>> {
        self.witness.take().map(|(_, value)| value)
    }

    /// What was taken from the budget so far.
    pub fn spent(&self) -> usize {
        budget(&self.tree) - self.left.get()
    }

    /// Takes something from the budget; false when there is not enough left.
    pub fn spend(&self, cost: usize) -> bool {
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.unwrap_or(0));
        if left.is_none() {
            self.give_up();
        }
        left.is_some()
    }

    /// Notes that something may be missing from what is found.
    pub(super) fn give_up(&self) {
        self.gave_up.set(true);
    }

    /// Goes one level deeper for `f`; the default when that is too deep.
    pub(super) fn deeper<R: Default>(&self, f: impl FnOnce() -> R) -> R {
        if self.depth.get() >= MAX_DEPTH {
            self.give_up();
            return R::default();
        }
        if !self.spend(STEP) {
            return R::default();
        }
        self.depth.set(self.depth.get() + 1);
        let result = with_stack(f);
        self.depth.set(self.depth.get() - 1);
        result
    }

    /// All that an expression can refer to; empty when nothing is known about it.
    pub fn things(&self, value: Value<'a>) -> Things<'a> {
        let find = || {
            self.deeper(|| {
                let mut out = Things::new();
                self.collect(value, &mut out);
                out
            })
        };
        match value.expr {
            Expr::Call(_) | Expr::Subscript(_) | Expr::Attribute(_) => {
                let question = Question::Expression(self.tree.id(value.expr));
                self.answer(question, find).as_ref().clone()
            }
            _ => find(),
        }
    }

    /// The qualified names that an expression can refer to.
    pub fn qualified(&self, value: Value<'a>) -> SmallVec<[CompactString; 2]> {
        let named = self.things(value).into_iter().filter_map(|thing| match thing {
            Thing::Named(name) => Some(name),
            _ => None,
        });
        named.collect()
    }

    /// Whether an expression refers to something outside the file of which this holds, and can be nothing else. Only
    /// then it can make anything harmless: a name that has another meaning as well may have that one.
    pub fn is_only(&self, value: Value<'a>, holds: impl Fn(&str) -> bool) -> bool {
        are_all(&self.things(value), holds) && self.is_certain(value)
    }

    /// Whether all that the names in an expression can be bound to is in sight.
    pub(super) fn is_certain(&self, value: Value<'a>) -> bool {
        let is_replaced = |thing: &Thing<'a>| matches!(thing, Thing::Named(name) if self.is_replaced(name));
        self.is_certain_within(value, MAX_BINDINGS) && !self.things(value).iter().any(is_replaced)
    }

    fn is_certain_within(&self, value: Value<'a>, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let at = |expr: &'a Expr| self.is_certain_within(Value { expr, ..value }, depth);
        match value.expr {
            Expr::Name(name) => {
                let Some(home) = self.tree.scope_binding(value.scope, &name.id) else {
                    return known::is_builtin(&name.id) || !self.tree.has_stars();
                };
                self.tree.bindings_in(home, &name.id).all(|(_, binding)| match &binding.meaning {
                    _ if !self.spend(1) => false,
                    Meaning::Import(_) | Meaning::Function(_) | Meaning::Class(_) => true,
                    Meaning::Value { expr, scope, steps } => {
                        let given = Value { expr, scope: *scope };
                        steps.is_empty()
                            && !self.things(given).is_empty()
                            && self.is_certain_within(given, depth)
                    }
                    Meaning::Parameter { is_self, .. } => *is_self,
                    Meaning::Opaque => false,
                })
            }
            Expr::Attribute(attribute) => at(&attribute.value),
            Expr::Call(call) => at(&call.func),
            Expr::Subscript(item) => at(&item.value),
            Expr::If(choice) => at(&choice.body) && at(&choice.orelse),
            Expr::BoolOp(choice) => choice.values.iter().all(at),
            Expr::Lambda(_) => true,
            literal => literal.is_literal_expr(),
        }
    }

    /// Whether the file puts something of its own in the place of what has this qualified name: `shlex.quote = str`.
    fn is_replaced(&self, name: &str) -> bool {
        let name = name.split(['(', '[']).next().unwrap_or_default();
        let parts = name.match_indices('.').map(|(dot, _)| {
            let attribute = &name[dot + 1..];
            (&name[..dot], attribute.split('.').next().unwrap_or(attribute))
        });
        parts.into_iter().any(|(module, attribute)| self.is_attribute_replaced(module, attribute))
    }

    fn is_attribute_replaced(&self, module: &str, attribute: &str) -> bool {
        let is_module = |expr: &'a Expr, scope: ScopeId| {
            let things = self.things(Value { expr, scope });
            things.iter().any(|thing| matches!(thing, Thing::Named(name) if name == module))
        };
        let assigned = self.tree.attribute_values(attribute);
        assigned.iter().any(|it| !self.spend(1) || is_module(&it.target.value, it.target_scope))
            || self.setattr_calls().iter().any(|&(call, scope)| {
                let [object, name, ..] = &*call.arguments.args else { return false };
                let constant = self.constant(Value { expr: name, scope });
                let may_be_it = constant.is_none_or(|constant| constant.as_str() == Some(attribute));
                !self.spend(1) || may_be_it && is_module(object, scope)
            })
    }

    fn setattr_calls(&self) -> &[(&'a ast::ExprCall, ScopeId)] {
        self.setattr_calls.get_or_init(|| {
            let is_setattr = |func: &Expr| matches!(func, Expr::Name(name) if name.id.as_str() == "setattr");
            let calls = self.tree.nodes().filter_map(|(id, node)| match node {
                AnyNodeRef::ExprCall(call) if is_setattr(&call.func) => Some((call, self.tree.scope_of(id))),
                _ => None,
            });
            calls.collect()
        })
    }

    /// [`Names::attribute_of`] without what this file itself assigns to the attribute: the target of an
    /// assignment is not what was assigned before.
    pub(super) fn foreign_attribute_of(&self, bases: &[Thing<'a>], attr: &str) -> Things<'a> {
        let mut out = Things::new();
        for base in bases {
            match base {
                Thing::Class(scope) | Thing::Instance(scope) => {
                    add_all(&mut out, self.inherited(*scope, attr, base))
                }
                base => add_all(&mut out, self.attribute_of(std::slice::from_ref(base), attr)),
            }
        }
        if bases.is_empty() {
            add(&mut out, named("?", attr));
        }
        out
    }

    fn collect(&self, Value { expr, scope }: Value<'a>, out: &mut Things<'a>) {
        let mut also = |expr: &'a Expr| add_all(out, self.things(Value { expr, scope }));
        match expr {
            Expr::Name(name) => self.collect_name(name.id.as_str(), scope, Some(self.tree.id(name)), out),
            Expr::Attribute(attribute) => {
                let base = self.things(Value { expr: &attribute.value, scope });
                add_all(out, self.attribute_of(&base, attribute.attr.as_str()));
            }
            Expr::Subscript(subscript) => add_all(out, self.subscript(subscript, scope)),
            Expr::Call(call) => add_all(out, self.result_of(Written { call, scope })),
            Expr::If(choice) => {
                also(&choice.body);
                also(&choice.orelse);
            }
            Expr::BoolOp(choice) => choice.values.iter().for_each(also),
            // A part joined to a path gives a path.
            Expr::BinOp(joined) if joined.op == ast::Operator::Div && self.is_path(&joined.left, scope) => {
                add(out, Thing::Named(known::instance_of("pathlib.Path")));
            }
            Expr::Named(named) => also(&named.value),
            Expr::Await(awaited) => also(&awaited.value),
            Expr::Starred(starred) => also(&starred.value),
            Expr::Lambda(lambda) => {
                if let Some(scope) = self.tree.scope_opened_by(lambda) {
                    add(out, Thing::Function(scope));
                }
            }
            _ => add(out, Thing::Value(Value { expr, scope })),
        }
    }

    fn is_path(&self, expr: &'a Expr, scope: ScopeId) -> bool {
        let names = self.qualified(Value { expr, scope });
        !names.is_empty() && names.iter().all(|name| name == "pathlib.Path()")
    }

    /// `read` is where the name is read, if that is known.
    fn collect_name(&self, name: &str, scope: ScopeId, read: Option<NodeId>, out: &mut Things<'a>) {
        match self.tree.scope_binding(scope, name) {
            None => self.collect_unbound(name, scope, out),
            Some(home) => {
                for (index, _) in self.tree.bindings_in(home, name) {
                    // Each meaning is compared with those before it.
                    if !self.spend(1 + out.len()) {
                        return;
                    }
                    add_all(out, self.binding(index).iter().cloned());
                }
                if known::is_builtin(name) && self.may_be_unbound(name, home, read) {
                    add(out, named("builtins", name));
                }
            }
        }
    }

    /// Whether a name of a module or class may be read before a statement that certainly runs has bound it, or after it was
    /// deleted: until then, and from then on, it is the builtin.
    fn may_be_unbound(&self, name: &str, home: ScopeId, read: Option<NodeId>) -> bool {
        if !matches!(self.tree.scope(home).kind, ScopeKind::Module | ScopeKind::Class(_)) {
            return false;
        }
        let certain = self.tree.bindings_in(home, name).filter(|(_, binding)| !binding.conditional);
        let Some(first) = certain.map(|(_, binding)| binding.place).min() else { return true };
        let Some(read) = read else { return false };
        if self.tree.is_deleted(name) {
            return true;
        }
        let is_definition =
            self.tree.node(first).is_stmt_function_def() || self.tree.node(first).is_stmt_class_def();
        if first < read && (is_definition || self.tree.end(first) <= read) {
            return false;
        }
        if self.tree.runs_with_module(self.tree.scope_of(read)) {
            return true;
        }
        // A function runs after the whole module did, unless the module itself has it run before.
        let is_function = |id: &NodeId| {
            matches!(self.tree.node(*id), AnyNodeRef::StmtFunctionDef(_) | AnyNodeRef::ExprLambda(_))
        };
        let function = self.tree.ancestors(read).filter(is_function).last();
        function.is_none_or(|function| self.is_mentioned_between(function, first))
    }

    /// Whether code of the module itself, behind a function and before another place, mentions functions or classes of the
    /// file.
    fn is_mentioned_between(&self, function: NodeId, end: NodeId) -> bool {
        let defines = |name: &str| {
            let mut bindings = self.tree.bindings_in(ScopeId::MODULE, name);
            bindings.any(|(_, binding)| {
                matches!(
                    binding.meaning,
                    Meaning::Function(_) | Meaning::Class(_) | Meaning::Value { expr: Expr::Lambda(_), .. }
                )
            })
        };
        self.tree.between(self.tree.end(function), end).any(|id| {
            self.spend(1)
                && self.tree.node(id).as_expr_name().is_some_and(|name| defines(&name.id))
                && self.tree.runs_with_module(self.tree.scope_of(id))
        })
    }

    /// A name that no scope binds comes from a star import or is a builtin.
    fn collect_unbound(&self, name: &str, scope: ScopeId, out: &mut Things<'a>) {
        let mut id = Some(scope);
        // A module that another one imports comes with everything else from it.
        if self.tree.has_stars() && known::is_well_known_module(name) {
            add(out, module(name));
        }
        while let Some(scope) = id {
            let scope = self.tree.scope(scope);
            // What else a module of this project has is not known here, whatever it is called.
            for module in scope.stars.iter().filter(|module| !module.starts_with('.')) {
                if !self.spend(STEP + 4 * out.len()) {
                    return;
                }
                add(out, named(module, name));
            }
            id = scope.parent;
        }
        if known::is_builtin(name) {
            add(out, named("builtins", name));
        }
    }

    pub(super) fn binding(&self, index: u32) -> Rc<Things<'a>> {
        self.answer(Question::Binding(index), || self.meaning(index))
    }

    fn meaning(&self, index: u32) -> Things<'a> {
        match &self.tree.binding(index).meaning {
            Meaning::Import(path) => SmallVec::from_elem(module(path), 1),
            Meaning::Value { expr, scope, steps } => {
                let mut things = self.things(Value { expr, scope: *scope });
                for step in steps {
                    things = self.taken(&things, *step);
                }
                things
            }
            Meaning::Parameter { annotation, default, scope, is_self } => {
                let mut things = Things::new();
                if let (true, ScopeKind::Class(_)) = (*is_self, self.tree.scope(*scope).kind) {
                    add(&mut things, Thing::Instance(*scope));
                }
                if let Some(expr) = annotation {
                    add_all(&mut things, self.instances_of(Value { expr, scope: *scope }));
                }
                if let Some(expr) = default {
                    add_all(&mut things, self.things(Value { expr, scope: *scope }));
                }
                things
            }
            Meaning::Function(scope) => SmallVec::from_elem(Thing::Function(*scope), 1),
            Meaning::Class(scope) => SmallVec::from_elem(Thing::Class(*scope), 1),
            Meaning::Opaque => Things::new(),
        }
    }

    /// What a value annotated with this type is.
    fn instances_of(&self, annotation: Value<'a>) -> Things<'a> {
        self.deeper(|| {
            let at = |expr| Value { expr, scope: annotation.scope };
            let mut out = Things::new();
            match annotation.expr {
                Expr::BinOp(union) if union.op == ast::Operator::BitOr => {
                    add_all(&mut out, self.instances_of(at(&union.left)));
                    add_all(&mut out, self.instances_of(at(&union.right)));
                }
                Expr::Subscript(generic) => {
                    let names = self.qualified(at(&generic.value));
                    if names.iter().any(|name| is_transparent_type(name)) {
                        for expr in elements(&generic.slice) {
                            add_all(&mut out, self.instances_of(at(expr)));
                        }
                    }
                }
                Expr::StringLiteral(text) => {
                    add_all(&mut out, self.instances_of_text(text.value.to_str(), annotation.scope));
                }
                _ => {
                    for thing in self.things(annotation) {
                        match thing {
                            Thing::Named(name) => add(&mut out, instance_of(&name)),
                            Thing::Class(scope) => add(&mut out, Thing::Instance(scope)),
                            _ => {}
                        }
                    }
                }
            }
            out
        })
    }

    /// The same for an annotation in quotes, if it is a dotted name.
    fn instances_of_text(&self, text: &str, scope: ScopeId) -> Things<'a> {
        let text = text.trim();
        if let Some((one, others)) = text.split_once('|') {
            let mut out = self.instances_of_name(one, scope);
            others.split('|').for_each(|other| add_all(&mut out, self.instances_of_name(other, scope)));
            return out;
        }
        match text.split_once('[') {
            Some((generic, inside)) if is_transparent_type(generic) => {
                let mut out = Things::new();
                for one in inside.trim_end_matches(']').split(',') {
                    add_all(&mut out, self.instances_of_name(one, scope));
                }
                out
            }
            _ => self.instances_of_name(text, scope),
        }
    }

    fn instances_of_name(&self, text: &str, scope: ScopeId) -> Things<'a> {
        let mut parts = text.trim().split('.');
        let mut things = Things::new();
        self.collect_name(parts.next().unwrap_or_default(), scope, None, &mut things);
        for part in parts {
            things = self.attribute_of(&things, part);
        }
        let instances = things.into_iter().filter_map(|thing| match thing {
            Thing::Named(name) => Some(instance_of(&name)),
            Thing::Class(scope) => Some(Thing::Instance(scope)),
            _ => None,
        });
        instances.collect()
    }

    /// What a target gets from a value.
    fn taken(&self, things: &[Thing<'a>], step: Step) -> Things<'a> {
        let mut out = Things::new();
        for thing in things {
            match (thing, step) {
                (thing, Step::Enter) => add(&mut out, thing.clone()),
                (Thing::Value(value), Step::Index(index)) => {
                    add_all(&mut out, self.element(*value, Some(index)))
                }
                (Thing::Value(value), Step::Element) => add_all(&mut out, self.element(*value, None)),
                (Thing::Named(name), _) => add(&mut out, element_of(name)),
                _ => {}
            }
        }
        out
    }

    /// The element of a list or tuple at an index, or all of them; of a dictionary the keys are not followed.
    fn element(&self, value: Value<'a>, index: Option<usize>) -> Things<'a> {
        let elements = match value.expr {
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => elts,
            Expr::Call(_) => return self.all_elements(value),
            _ => return Things::new(),
        };
        match index {
            Some(index) if !elements.iter().any(Expr::is_starred_expr) => {
                let element = elements.get(index).map(|expr| self.things(Value { expr, ..value }));
                element.unwrap_or_default()
            }
            _ => self.all_elements(value),
        }
    }

    /// All elements of a list, tuple or set, and of what [`Names::arranged`] looks into through a call. Lists can hold one
    /// another, and themselves.
    fn all_elements(&self, value: Value<'a>) -> Things<'a> {
        let mut out = Things::new();
        let mut seen: SmallVec<[Value<'a>; 2]> = SmallVec::from_elem(value, 1);
        let mut next = 0;
        while let Some(value) = seen.get(next).copied() {
            next += 1;
            let inner: Vec<&'a Expr> = match value.expr {
                Expr::List(ast::ExprList { elts, .. })
                | Expr::Tuple(ast::ExprTuple { elts, .. })
                | Expr::Set(ast::ExprSet { elts, .. }) => {
                    for expr in elts.iter().filter(|expr| !expr.is_starred_expr()) {
                        add_all(&mut out, self.things(Value { expr, ..value }));
                    }
                    elts.iter().filter(|expr| expr.is_starred_expr()).collect()
                }
                Expr::Call(call) => call.arguments.args.first().into_iter().collect(),
                _ => continue,
            };
            for expr in inner {
                // How many there are, and what else is among them, is not known.
                add(&mut out, element_of("?"));
                for thing in self.things(Value { expr, ..value }) {
                    match thing {
                        Thing::Named(name) => add(&mut out, element_of(&name)),
                        Thing::Value(inner) if self.spend(1 + seen.len()) && !seen.contains(&inner) => {
                            seen.push(inner);
                        }
                        _ => {}
                    }
                }
            }
        }
        out
    }

    /// What an attribute of any of these things is.
    pub(super) fn attribute_of(&self, bases: &[Thing<'a>], attr: &str) -> Things<'a> {
        let mut out = Things::new();
        if bases.is_empty() {
            add(&mut out, named("?", attr));
        }
        for base in bases {
            match base {
                _ if attr == "f_builtins" => {
                    add(&mut out, Thing::Attributes(Box::new(Thing::Named("builtins".into()))));
                }
                Thing::Globals if !DICT_METHODS.contains(&attr) => add_all(&mut out, self.global_named(attr)),
                _ if attr == "__dict__" => add_all(&mut out, attributes(base.clone())),
                Thing::Named(name) if name.starts_with("?.") => add(&mut out, named("?", attr)),
                // A function of a module written in C knows its module: `print.__self__` is `builtins`.
                Thing::Named(name) if attr == "__self__" => {
                    add(&mut out, Thing::Named(name.rsplit_once('.').map_or("?", |(owner, _)| owner).into()));
                }
                Thing::Named(name) => add(&mut out, named(name, attr)),
                Thing::Class(scope) | Thing::Instance(scope) => {
                    add_all(&mut out, self.member(*scope, attr, base));
                }
                Thing::Partial(name, _) if attr == "func" => add(&mut out, Thing::Named(name.clone())),
                Thing::Function(_) if attr == "__globals__" => add(&mut out, Thing::Globals),
                Thing::Value(value) => {
                    if let Some(name) = display_type(value.expr) {
                        add(&mut out, named(name, attr));
                    }
                }
                _ => add(&mut out, named("?", attr)),
            }
        }
        out
    }

    /// A member of a class defined here: what its body and its methods assign, else what its bases have.
    fn member(&self, class: ScopeId, attr: &str, base: &Thing<'a>) -> Things<'a> {
        let question = Question::Member(class, matches!(base, Thing::Instance(_)), attr.into());
        self.answer(question, || self.find_member(class, attr, base)).as_ref().clone()
    }

    fn find_member(&self, class: ScopeId, attr: &str, base: &Thing<'a>) -> Things<'a> {
        self.deeper(|| {
            let mut out = Things::new();
            let mut bound = false;
            for (index, _) in self.tree.bindings_in(class, attr) {
                bound = true;
                add_all(&mut out, self.binding(index).iter().cloned());
            }
            for given in self.given(attr).get(&class).into_iter().flatten() {
                bound = true;
                add_all(&mut out, self.things(Value { expr: given.value, scope: given.target_scope }));
            }
            if !bound {
                add_all(&mut out, self.inherited(class, attr, base));
            }
            out
        })
    }

    fn given(&self, attr: &str) -> Rc<Given<'a>> {
        if let Some(known) = self.given.borrow().get(attr) {
            return Rc::clone(known);
        }
        let mut given = Given::default();
        for value in self.tree.attribute_values(attr) {
            for class in self.classes_named(value.target, value.target_scope) {
                given.entry(class).or_default().push(*value);
            }
        }
        let given = Rc::new(given);
        self.given.borrow_mut().insert(attr.into(), Rc::clone(&given));
        given
    }

    /// The classes whose attribute a target is: it is one of `self`, or of the class by its name.
    fn classes_named(&self, target: &'a ast::ExprAttribute, scope: ScopeId) -> SmallVec<[ScopeId; 1]> {
        let Expr::Name(name) = &*target.value else { return SmallVec::new() };
        let Some(home) = self.tree.scope_binding(scope, name.id.as_str()) else { return SmallVec::new() };
        let bindings = self.tree.bindings_in(home, name.id.as_str()).take_while(|_| self.spend(STEP));
        let class = |meaning: &Meaning<'a>| match meaning {
            Meaning::Parameter { is_self: true, scope, .. } | Meaning::Class(scope) => Some(*scope),
            _ => None,
        };
        bindings.filter_map(|(_, binding)| class(&binding.meaning)).collect()
    }

    fn inherited(&self, class: ScopeId, attr: &str, base: &Thing<'a>) -> Things<'a> {
        let scope = self.tree.scope(class);
        let (ScopeKind::Class(definition), Some(outside)) = (scope.kind, scope.parent) else {
            return Things::new();
        };
        let mut out = Things::new();
        for expr in definition.bases() {
            let value = Value { expr, scope: outside };
            let parents = match base {
                Thing::Instance(_) => self.instances_of(value),
                _ => self.things(value),
            };
            if !parents.is_empty() {
                add_all(&mut out, self.attribute_of(&parents, attr));
            }
        }
        if out.is_empty() {
            add(&mut out, named("?", attr));
        }
        out
    }

    fn subscript(&self, subscript: &'a ast::ExprSubscript, scope: ScopeId) -> Things<'a> {
        let bases = self.things(Value { expr: &subscript.value, scope });
        self.item_of(&bases, Value { expr: &subscript.slice, scope })
    }

    /// What `base[key]` is for any of these bases.
    fn item_of(&self, bases: &[Thing<'a>], key: Value<'a>) -> Things<'a> {
        let constant = self.constant(key);
        let text = constant.as_ref().and_then(Constant::as_str);
        let mut out = Things::new();
        for base in bases {
            match (base, text) {
                (Thing::Attributes(thing), Some(name)) => {
                    add_all(&mut out, self.attribute_of(std::slice::from_ref(thing), name));
                }
                (Thing::Globals, Some(name)) => add_all(&mut out, self.global_named(name)),
                (Thing::Named(module), Some(name)) if module == "builtins" => {
                    add(&mut out, named(module, name))
                }
                (Thing::Named(modules), Some(name)) if modules == "sys.modules" => {
                    add(&mut out, module(name));
                }
                (Thing::Named(modules), None) if modules == "sys.modules" && is_own_name(key.expr) => {
                    add(&mut out, Thing::Globals);
                }
                (Thing::Named(name), _) => add(&mut out, element_of(name)),
                (Thing::Value(value), _) => add_all(&mut out, self.item_in(*value, constant.as_ref())),
                _ => {}
            }
        }
        out
    }

    fn item_in(&self, value: Value<'a>, key: Option<&Constant>) -> Things<'a> {
        if let Expr::Dict(dict) = value.expr {
            let mut out = Things::new();
            for item in dict {
                if !self.spend(STEP / 4) {
                    break;
                }
                let here = item.key.as_ref().and_then(|expr| self.constant(Value { expr, ..value }));
                let other =
                    matches!((&here, key), (Some(here), Some(key)) if is_same_key(here, key) == Some(false));
                if !other {
                    add_all(&mut out, self.things(Value { expr: &item.value, ..value }));
                }
            }
            return out;
        }
        let length = match value.expr {
            Expr::List(list) => list.elts.len(),
            Expr::Tuple(tuple) => tuple.elts.len(),
            Expr::Call(_) => return self.all_elements(value),
            _ => return Things::new(),
        };
        let index = match key {
            Some(Constant::Int(n)) if *n < 0 => usize::try_from(length as i64 + n).ok(),
            Some(Constant::Int(n)) => usize::try_from(*n).ok(),
            _ => None,
        };
        self.element(value, index)
    }

    /// What a call gives.
    pub fn result_of(&self, written: Written<'a>) -> Things<'a> {
        let Written { call, scope } = written;
        let mut out = Things::new();
        for callee in self.things(Value { expr: &call.func, scope }) {
            match callee {
                Thing::Named(name) => add_all(&mut out, self.result_of_named(&name, written)),
                Thing::Class(scope) => add(&mut out, Thing::Instance(scope)),
                Thing::Function(scope) => add_all(&mut out, self.returned(scope)),
                Thing::Partial(name, _) => add(&mut out, instance_of(&name)),
                Thing::Getter(getter) => add_all(&mut out, self.got(getter, written)),
                _ => {}
            }
        }
        out
    }

    /// The calls that an expression is, or that a name was assigned.
    pub(super) fn calls_behind(&self, value: Value<'a>) -> SmallVec<[Written<'a>; 2]> {
        let call_in = |expr: &'a Expr, scope: ScopeId| match expr {
            Expr::Call(call) => Some(Written { call, scope }),
            _ => None,
        };
        let Expr::Name(name) = value.expr else {
            return call_in(value.expr, value.scope).into_iter().collect();
        };
        let Some(home) = self.tree.scope_binding(value.scope, &name.id) else { return SmallVec::new() };
        let bindings = self.tree.bindings_in(home, &name.id).take_while(|_| self.spend(1));
        let made = bindings.filter_map(|(_, binding)| match &binding.meaning {
            Meaning::Value { expr, scope, steps } if steps.is_empty() => call_in(expr, *scope),
            _ => None,
        });
        made.collect()
    }

    fn returned(&self, function: ScopeId) -> Things<'a> {
        self.answer(Question::Returned(function), || self.find_returned(function)).as_ref().clone()
    }

    fn find_returned(&self, function: ScopeId) -> Things<'a> {
        let mut out = Things::new();
        let scope = self.tree.scope(function);
        for expr in &scope.returns {
            add_all(&mut out, self.things(Value { expr, scope: function }));
        }
        if let (ScopeKind::Function(ast::StmtFunctionDef { returns: Some(expr), .. }), Some(outside)) =
            (scope.kind, scope.parent)
        {
            add_all(&mut out, self.instances_of(Value { expr, scope: outside }));
        }
        out
    }

    /// `operator.attrgetter("a.b")(x)` is `x.a.b`, `operator.itemgetter("a")(x)` is `x["a"]`.
    fn got(&self, getter: Written<'a>, applied: Written<'a>) -> Things<'a> {
        let (Some(expr), Some(object)) =
            (getter.call.arguments.args.first(), applied.call.arguments.args.first())
        else {
            return Things::new();
        };
        let key = Value { expr, scope: getter.scope };
        let mut things = self.things(Value { expr: object, scope: applied.scope });
        let maker = self.qualified(Value { expr: &getter.call.func, scope: getter.scope });
        if maker.iter().any(|name| name == "operator.itemgetter") {
            return self.item_of(&things, key);
        }
        let Some(Constant::Str(path)) = self.constant(key) else { return Things::new() };
        for part in path.split('.') {
            things = self.attribute_of(&things, part);
        }
        things
    }

    fn result_of_named(&self, name: &str, written: Written<'a>) -> Things<'a> {
        let Written { call, scope } = written;
        let argument = |i: usize| call.arguments.args.get(i).map(|expr| Value { expr, scope });
        let things = |i: usize| argument(i).map(|value| self.things(value)).unwrap_or_default();
        match name {
            "builtins.getattr"
            | "inspect.getattr_static"
            | "builtins.object.__getattribute__"
            | "builtins.type.__getattribute__" => {
                let mut out = Things::new();
                let names = argument(1).map(|value| self.possible(value)).unwrap_or_default();
                for name in names.constants.iter().filter_map(Constant::as_str) {
                    add_all(&mut out, self.attribute_of(&things(0), name));
                }
                add_all(&mut out, things(2));
                out
            }
            "builtins.__import__" | "importlib.import_module" => {
                let path = call.arguments.find_argument_value("name", 0);
                let path = path.and_then(|expr| self.constant(Value { expr, scope }));
                let Some(path) = path.as_ref().and_then(Constant::as_str) else { return Things::new() };
                // `__import__("os.path")` gives `os`, unless it asks for names from it.
                let whole = name != "builtins.__import__" || call.arguments.len() > 1;
                let path = if whole { path } else { path.split('.').next().unwrap_or(path) };
                SmallVec::from_elem(module(path), 1)
            }
            "pkgutil.resolve_name"
            | "pydoc.locate"
            | "django.utils.module_loading.import_string"
            | "werkzeug.utils.import_string" => {
                let path = argument(0).and_then(|value| self.constant(value));
                let path = path.as_ref().and_then(Constant::as_str).map(|path| path.replace(':', "."));
                path.map(|path| module(&path)).into_iter().collect()
            }
            "functools.reduce" => {
                let is_getattr =
                    |thing: &Thing<'a>| matches!(thing, Thing::Named(name) if name == "builtins.getattr");
                let parts = argument(1).and_then(|value| self.constant(value));
                match parts {
                    Some(Constant::List(parts)) if things(0).iter().any(is_getattr) => {
                        let parts = parts.iter().filter_map(Constant::as_str);
                        parts.fold(things(2), |object, part| self.attribute_of(&object, part))
                    }
                    _ => Things::new(),
                }
            }
            "builtins.vars" if !call.arguments.is_empty() => {
                things(0).into_iter().filter_map(attributes).collect()
            }
            "builtins.globals" | "builtins.locals" | "builtins.vars" => {
                SmallVec::from_elem(Thing::Globals, 1)
            }
            "builtins.super" => self.parents_of_enclosing_class(scope),
            "builtins.dict" => SmallVec::from_elem(Thing::Named("builtins.dict()".into()), 1),
            "functools.partial" | "functools.partialmethod" => {
                let partial = |thing| match thing {
                    Thing::Named(name) => Some(Thing::Partial(name, written)),
                    _ => None,
                };
                things(0).into_iter().filter_map(partial).collect()
            }
            "operator.attrgetter" | "operator.itemgetter" | "operator.methodcaller" => {
                SmallVec::from_elem(Thing::Getter(written), 1)
            }
            "operator.getitem" => argument(1).map(|key| self.item_of(&things(0), key)).unwrap_or_default(),
            "typing.cast" => {
                let mut out = argument(0).map(|value| self.instances_of(value)).unwrap_or_default();
                add_all(&mut out, things(1));
                out
            }
            "contextlib.closing"
            | "contextlib.nullcontext"
            | "contextlib.aclosing"
            | "copy.copy"
            | "copy.deepcopy"
            | "builtins.staticmethod"
            | "builtins.classmethod"
            | "functools.cache"
            | "functools.lru_cache()"
            | "importlib.reload" => things(0),
            "builtins.iter" | "builtins.list" | "builtins.tuple" => self.arranged(things(0), written, true),
            "builtins.reversed" | "builtins.sorted" => self.arranged(things(0), written, false),
            "builtins.next" => self.taken(&things(0), Step::Element),
            _ => match name.rsplit_once('.') {
                Some((_, "get" | "pop" | "__getitem__" | "setdefault" | "__getattribute__")) => {
                    self.looked_up(name, written)
                }
                Some((_, "enter_context" | "enter_async_context")) => things(0),
                Some((base, "__enter__" | "__aenter__")) => SmallVec::from_elem(Thing::Named(base.into()), 1),
                Some((base, "__call__")) => SmallVec::from_elem(instance_of(base), 1),
                _ => SmallVec::from_elem(instance_of(name), 1),
            },
        }
    }

    /// What a call gives that makes another sequence of the elements of one: a list as it stands is the same, another value is
    /// to be looked into through the call.
    fn arranged(&self, things: Things<'a>, written: Written<'a>, in_order: bool) -> Things<'a> {
        let Written { call, scope } = written;
        let Some(expr) = self.tree.expr(self.tree.id(call)) else { return things };
        let arrange = |thing| match thing {
            Thing::Value(Value { expr: Expr::List(_) | Expr::Tuple(_), .. }) if in_order => thing,
            Thing::Value(_) => Thing::Value(Value { expr, scope }),
            other => other,
        };
        things.into_iter().map(arrange).collect()
    }

    /// `{…}.get(key)`, `vars(os).get("system")`, `os.__getattribute__("system")`.
    fn looked_up(&self, name: &str, Written { call, scope }: Written<'a>) -> Things<'a> {
        let (Expr::Attribute(method), Some(expr)) = (&*call.func, call.arguments.args.first()) else {
            return SmallVec::from_elem(instance_of(name), 1);
        };
        let key = Value { expr, scope };
        let bases = self.things(Value { expr: &method.value, scope });
        if method.attr.as_str() == "__getattribute__" {
            let constant = self.constant(key);
            return match constant.as_ref().and_then(Constant::as_str) {
                Some(name) => self.attribute_of(&bases, name),
                None => Things::new(),
            };
        }
        if bases
            .iter()
            .any(|base| matches!(base, Thing::Named(name) if name != "sys.modules" && name != "builtins"))
        {
            return SmallVec::from_elem(instance_of(name), 1);
        }
        self.item_of(&bases, key)
    }

    fn parents_of_enclosing_class(&self, scope: ScopeId) -> Things<'a> {
        let mut id = Some(scope);
        while let Some(here) = id {
            let scope = self.tree.scope(here);
            if let (ScopeKind::Class(definition), Some(outside)) = (scope.kind, scope.parent) {
                let bases = definition.bases().iter();
                return bases.flat_map(|expr| self.instances_of(Value { expr, scope: outside })).collect();
            }
            id = scope.parent;
        }
        Things::new()
    }

    fn global_named(&self, name: &str) -> Things<'a> {
        let mut out = Things::new();
        if name == "__builtins__" {
            add(&mut out, Thing::Named("builtins".into()));
        } else {
            self.collect_name(name, ScopeId::MODULE, None, &mut out);
        }
        out
    }
}

/// What `globals()` has of its own; all else that is asked of it is asked of the module.
const DICT_METHODS: &[&str] = &["copy", "get", "items", "keys", "pop", "setdefault", "update", "values"];

/// The attributes of something as a mapping, which has none itself.
fn attributes(thing: Thing<'_>) -> Option<Thing<'_>> {
    let is_mapping = matches!(thing, Thing::Attributes(_) | Thing::Globals);
    (!is_mapping).then(|| Thing::Attributes(Box::new(thing)))
}

fn add<'a>(out: &mut Things<'a>, thing: Thing<'a>) {
    if out.contains(&thing) {
        return;
    }
    if out.len() < MAX_MEANINGS {
        out.push(thing);
    } else if !matches!(thing, Thing::Value(_)) {
        // A table of many constants must not crowd out what can be called.
        if let Some(place) = out.iter().position(|known| matches!(known, Thing::Value(_))) {
            out[place] = thing;
        }
    }
}

pub(super) fn add_all<'a>(out: &mut Things<'a>, things: impl IntoIterator<Item = Thing<'a>>) {
    things.into_iter().for_each(|thing| add(out, thing));
}

fn named<'a>(base: &str, attr: &str) -> Thing<'a> {
    let mut path = CompactString::from(&base[..base.floor_char_boundary(MAX_PATH)]);
    if !path.ends_with('.') {
        path.push('.');
    }
    path.push_str(&attr[..attr.floor_char_boundary(MAX_PATH)]);
    Thing::Named(known::widened(known::canonical(path)))
}

/// A module, or something that is imported from one, by its path.
fn module<'a>(path: &str) -> Thing<'a> {
    Thing::Named(known::widened(known::canonical(path[..path.floor_char_boundary(MAX_PATH)].into())))
}

fn element_of<'a>(name: &str) -> Thing<'a> {
    let mut path = CompactString::from(name);
    if !path.ends_with("[]") && path.len() < MAX_PATH {
        path.push_str("[]");
    }
    Thing::Named(known::widened(path))
}

fn instance_of<'a>(name: &str) -> Thing<'a> {
    Thing::Named(if name.len() < MAX_PATH { known::widened(known::instance_of(name)) } else { name.into() })
}

/// `__name__`, by which a module finds itself.
fn is_own_name(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == "__name__")
}

/// Generic types whose value is a value of their argument.
fn is_transparent_type(name: &str) -> bool {
    matches!(
        name.rsplit('.').next(),
        Some("Optional" | "Union" | "Annotated" | "ClassVar" | "Final" | "Required" | "NotRequired")
    )
}

pub(super) fn elements(slice: &Expr) -> &[Expr] {
    match slice {
        Expr::Tuple(tuple) => &tuple.elts,
        one => std::slice::from_ref(one),
    }
}

/// The type of a literal or display, for the qualified names of its methods.
fn display_type(expr: &Expr) -> Option<&'static str> {
    Some(match expr {
        Expr::StringLiteral(_) | Expr::FString(_) => "str()",
        Expr::BytesLiteral(_) => "bytes()",
        Expr::Dict(_) | Expr::DictComp(_) => "dict()",
        Expr::List(_) | Expr::ListComp(_) => "list()",
        Expr::Set(_) | Expr::SetComp(_) => "set()",
        Expr::Tuple(_) => "tuple()",
        Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => "number()",
        Expr::BinOp(_) => "?",
        _ => return Some("?"),
    })
}

/// Whether all of these are things outside the file of which this holds; not where there are none.
pub(super) fn are_all(things: &[Thing<'_>], holds: impl Fn(&str) -> bool) -> bool {
    !things.is_empty() && things.iter().all(|thing| matches!(thing, Thing::Named(name) if holds(name)))
}
