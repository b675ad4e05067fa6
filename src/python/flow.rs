//! Follows values through a function: what a variable can hold at each place where it is read.
//!
//! A forward interpretation over abstract values, statement by statement: assignments overwrite, branches join,
//! loop bodies run twice, branches that a constant condition makes dead have no part in what follows, and calls of
//! functions of this file are entered. It answers how much somebody outside can have to do with a value; where it
//! gives up, the answer is "unknown", never "harmless".

use std::cell::RefCell;
use std::rc::Rc;

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, InterpolatedStringElement, Operator, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::constant::{Constant, apply_function, apply_method, binary, compare, item, push_bounded, shown};
use super::exposure::{Exposure, source_of};
use super::names::{Names, STEP, Thing, Value};
use super::requests::is_route;
use super::tree::{ScopeId, ScopeKind, with_stack};

/// How much one function may cost, the functions it calls included: an expression costs 1, to copy what the variables
/// hold where ways part or meet, a part of that. A file with more nodes has more to spend.
const BUDGET: usize = 60_000;
const BUDGET_PER_NODE: usize = 4;

/// What an expression costs of the budget of the file.
const COST: usize = 2 * STEP;

/// How many variables are copied at the cost of an expression.
const COPIES: usize = 32;

/// How deep calls of functions of this file are entered.
const MAX_CALLS: u32 = 3;

/// How many elements of a list or mapping are told apart.
const MAX_ELEMENTS: usize = 64;

/// How many elements a list or mapping may have with those of the lists and mappings in it.
const MAX_SIZE: usize = 256;

/// A constant that takes more bytes is only known to be one.
const MAX_WEIGHT: usize = 2_048;

/// How many steps of the way of a value are kept.
const MAX_TRAIL: usize = 20;

/// What is known about a value at one place.
#[derive(Debug, Clone)]
pub(super) struct Abstract {
    pub exposure: Exposure,
    constant: Option<Constant>,
    /// What a list, mapping or keyed store holds, by constant keys; the rest of it is in `exposure`.
    elements: Option<Rc<Elements>>,
    /// What it certainly does not hold, because it was tested or replaced.
    pub denied: Denied,
    /// The way of what came from outside, the source first.
    trail: Option<Rc<Step>>,
    /// The call that took this address apart, or that gave these parts of an address; 0 for none.
    parsed: usize,
}

/// The elements of a list or mapping by their keys.
#[derive(Debug)]
struct Elements {
    items: Vec<(Constant, Abstract)>,
    /// How many there are, with those of the lists and mappings in them.
    size: usize,
}

impl Elements {
    /// `None` when there are too many.
    fn new(items: Vec<(Constant, Abstract)>) -> Option<Rc<Elements>> {
        let inside = |value: &Abstract| value.elements.as_ref().map_or(0, |elements| elements.size);
        let size = items.iter().map(|(_, value)| 1 + inside(value)).sum();
        (items.len() <= MAX_ELEMENTS && size <= MAX_SIZE).then(|| Rc::new(Elements { items, size }))
    }
}

/// Which kinds of harmful text a value certainly does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Denied {
    /// No way out of a quoted text: the quote in question was refused or replaced.
    pub quotes: bool,
    /// No single quote.
    pub single_quotes: bool,
    /// It starts with a quote.
    pub opened: bool,
    /// No way up in the tree of folders: `..` was refused.
    pub parents: bool,
    /// No markup: it was escaped.
    pub markup: bool,
    /// No text of its own, as far as can be seen: a function of another file made it of what it was given.
    pub text: bool,
    /// No way to another host: the host was compared.
    pub host: bool,
}

impl Denied {
    /// What refusing this text denies.
    fn by(text: &str) -> Denied {
        Denied {
            quotes: matches!(text, "'" | "\""),
            single_quotes: text == "'",
            opened: false,
            parents: matches!(text, ".." | "../" | "..\\"),
            markup: text == "<",
            text: false,
            host: false,
        }
    }

    fn or(self, other: Denied) -> Denied {
        Denied {
            quotes: self.quotes || other.quotes,
            single_quotes: self.single_quotes || other.single_quotes,
            opened: self.opened || other.opened,
            parents: self.parents || other.parents,
            markup: self.markup || other.markup,
            text: self.text || other.text,
            host: self.host || other.host,
        }
    }

    fn and(self, other: Denied) -> Denied {
        Denied {
            quotes: self.quotes && other.quotes,
            single_quotes: self.single_quotes && other.single_quotes,
            opened: self.opened && other.opened,
            parents: self.parents && other.parents,
            markup: self.markup && other.markup,
            text: self.text && other.text,
            host: self.host && other.host,
        }
    }
}

#[derive(Debug)]
struct Step {
    place: TextRange,
    before: Option<Rc<Step>>,
    length: usize,
}

impl Abstract {
    fn of(exposure: Exposure) -> Self {
        Abstract {
            exposure,
            constant: None,
            elements: None,
            denied: Denied::default(),
            trail: None,
            parsed: 0,
        }
    }

    fn known(constant: Constant) -> Self {
        let constant = Some(constant).filter(|constant| constant.weight() <= MAX_WEIGHT);
        Abstract { constant, ..Abstract::of(Exposure::Constant) }
    }

    fn join(self, other: Abstract) -> Abstract {
        if let (Some(a), Some(b)) = (&self.constant, &other.constant)
            && a == b
        {
            return self;
        }
        let elements = match (self.elements, other.elements) {
            (Some(a), Some(b)) if Rc::ptr_eq(&a, &b) => Some(a),
            (Some(a), Some(b)) => join_elements(&a.items, &b.items),
            _ => None,
        };
        let denied = match (self.exposure, other.exposure) {
            // A constant that was written here does no harm, whatever it holds.
            (Exposure::Constant, _) => other.denied,
            (_, Exposure::Constant) => self.denied,
            _ => self.denied.and(other.denied),
        };
        let (exposure, trail) = if self.exposure >= other.exposure {
            (self.exposure, self.trail)
        } else {
            (other.exposure, other.trail)
        };
        let parsed = if self.parsed == other.parsed { self.parsed } else { 0 };
        Abstract { exposure, constant: None, elements, denied, trail, parsed }
    }

    /// Whether both are known to be the same.
    fn is_same(&self, other: &Abstract) -> bool {
        self.elements.as_ref().map(Rc::as_ptr) == other.elements.as_ref().map(Rc::as_ptr)
            && self.trail.as_ref().map(Rc::as_ptr) == other.trail.as_ref().map(Rc::as_ptr)
            && (self.exposure, self.denied, self.parsed) == (other.exposure, other.denied, other.parsed)
            && self.constant == other.constant
    }

    /// The same value seen at a further place of its way.
    fn through(mut self, place: TextRange) -> Self {
        if self.exposure >= Exposure::Input {
            let length = self.trail.as_ref().map_or(0, |step| step.length);
            let seen = self.trail.as_ref().is_some_and(|step| step.place == place);
            if length < MAX_TRAIL && !seen {
                self.trail = Some(Rc::new(Step { place, before: self.trail, length: length + 1 }));
            }
        }
        self
    }

    /// Where the value passed, the source first.
    fn places(&self) -> Vec<TextRange> {
        let steps = std::iter::successors(self.trail.as_deref(), |step| step.before.as_deref());
        let mut places: Vec<TextRange> = steps.map(|step| step.place).collect();
        places.reverse();
        places
    }

    /// What a text is that was built from these.
    fn built(parts: impl IntoIterator<Item = Abstract>) -> Abstract {
        let parts: Vec<Abstract> = parts.into_iter().collect();
        let worst = parts.iter().map(|part| part.exposure).max().unwrap_or(Exposure::Constant);
        // The rest of the text does not undo what the worst part was tested for.
        let denied =
            parts.iter().filter(|part| part.exposure == worst).map(|part| part.denied).reduce(Denied::and);
        let joined = parts.into_iter().reduce(Abstract::join).unwrap_or(Abstract::of(Exposure::Constant));
        let exposure = match joined.exposure {
            Exposure::Unknown => Exposure::Built,
            other => other,
        };
        let denied = Denied { text: false, host: false, ..denied.unwrap_or_default() };
        Abstract { exposure, constant: None, elements: None, denied, trail: joined.trail, parsed: 0 }
    }
}

fn join_elements(a: &[(Constant, Abstract)], b: &[(Constant, Abstract)]) -> Option<Rc<Elements>> {
    let mut out = a.to_vec();
    for (at, (key, value)) in b.iter().enumerate() {
        // Mostly both hold the same keys in the same order.
        let same = a.get(at).is_some_and(|(known, _)| known == key).then_some(at);
        match same.or_else(|| out.iter().position(|(known, _)| known == key)) {
            Some(at) => out[at].1 = out[at].1.clone().join(value.clone()),
            None => out.push((key.clone(), value.clone())),
        }
    }
    Elements::new(out)
}

/// What the variables of a function hold.
type State<'a> = FxHashMap<&'a str, Abstract>;

fn are_same(a: &State<'_>, b: &State<'_>) -> bool {
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| value.is_same(other)))
}

/// How much it costs to join two of these.
fn cost_of_join(state: &State<'_>) -> usize {
    let elements = |value: &Abstract| value.elements.as_ref().map_or(0, |elements| elements.size);
    state.values().map(|value| 1 + elements(value)).sum()
}

/// Values of expressions, by address, joined over all ways on which they are evaluated.
pub(super) type Evaluated = FxHashMap<usize, Abstract>;

/// Whether what follows a statement is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Next,
    Left,
}

impl<'a> Names<'a> {
    /// What is known about a value where it stands; `None` when the flow does not reach it.
    pub(super) fn flowing(&self, value: Value<'a>) -> Option<Abstract> {
        let home = self.body_scope(value.scope);
        let evaluated = self.evaluated(home)?;
        evaluated.get(&std::ptr::from_ref(value.expr).addr()).cloned()
    }

    /// The way that a value took from outside to where it stands, the source first; empty where there is none.
    pub fn way(&self, value: Value<'a>) -> Vec<TextRange> {
        self.flowing(value).map(|found| found.places()).unwrap_or_default()
    }

    /// The function or module whose statements evaluate what stands in a scope.
    fn body_scope(&self, scope: ScopeId) -> ScopeId {
        let mut id = scope;
        loop {
            let scope = self.tree.scope(id);
            match (scope.kind, scope.parent) {
                (ScopeKind::Module | ScopeKind::Function(_), _) | (_, None) => return id,
                (_, Some(parent)) => id = parent,
            }
        }
    }

    fn evaluated(&self, home: ScopeId) -> Option<Rc<Evaluated>> {
        if let Some(known) = self.flows.borrow().get(&home) {
            return known.clone();
        }
        // A function that asks about itself while it is interpreted gets no answer.
        self.flows.borrow_mut().insert(home, None);
        let budget = BUDGET + BUDGET_PER_NODE * self.tree.node_count();
        let run = Run {
            names: self,
            home,
            entered_home: std::cell::Cell::new(false),
            evaluated: RefCell::default(),
            left: std::cell::Cell::new(budget),
        };
        // Where it is not finished, what is asked of the values is answered without their flow.
        let evaluated = run.whole(home).then(|| Rc::new(run.evaluated.into_inner()));
        self.flows.borrow_mut().insert(home, evaluated.clone());
        evaluated
    }
}

/// One interpretation of one function.
struct Run<'n, 'a> {
    names: &'n Names<'a>,
    home: ScopeId,
    /// Whether the function itself was entered again: then what is recorded of it has a part in what comes out.
    entered_home: std::cell::Cell<bool>,
    evaluated: RefCell<Evaluated>,
    left: std::cell::Cell<usize>,
}

/// What a function of this file gives for some parameters.
#[derive(Debug)]
pub(super) struct Entered {
    given: Vec<Abstract>,
    result: Option<Abstract>,
}

/// By the function, and by how many calls inside one another lead to it.
pub(super) type AllEntered = FxHashMap<(ScopeId, u32), Vec<Entered>>;

/// For how many different parameters it is kept what a function gives.
const MAX_ENTERED: usize = 16;

/// One activation of a function.
struct Frame<'a> {
    scope: ScopeId,
    state: State<'a>,
    returned: Option<Abstract>,
    /// States in which a loop was left or continued.
    jumps: Vec<State<'a>>,
    calls: u32,
    /// Whether values are recorded: only in the function that was asked about.
    record: bool,
}

impl<'a> Run<'_, 'a> {
    /// Takes something from the budgets of the function and of the file; false when there is not enough left.
    fn spend(&self, cost: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(cost));
        if !self.names.spend(cost * COST) {
            self.left.set(0);
        }
        self.left.get() > 0
    }

    fn copy(&self, state: &State<'a>) -> State<'a> {
        if self.spend(state.len() / COPIES) { state.clone() } else { State::default() }
    }

    /// What the variables hold where two ways meet. One that is assigned on one way only cannot be read on the other.
    fn joined(&self, mut a: State<'a>, b: State<'a>) -> State<'a> {
        if !self.spend(cost_of_join(&b) / COPIES) {
            return a;
        }
        for (name, value) in b {
            if a.get(name).is_some_and(|old| old.is_same(&value)) {
                continue;
            }
            let value = match a.remove(name) {
                Some(old) => old.join(value),
                None => value,
            };
            a.insert(name, value);
        }
        a
    }

    /// Whether the budget was enough.
    fn whole(&self, home: ScopeId) -> bool {
        let mut frame = Frame {
            scope: home,
            state: State::default(),
            returned: None,
            jumps: Vec::new(),
            calls: 0,
            record: true,
        };
        match self.names.tree.scope(home).kind {
            ScopeKind::Function(function) => {
                self.bind_parameters(&mut frame, function);
                self.body(&mut frame, &function.body);
            }
            ScopeKind::Module => {
                if let AnyNodeRef::ModModule(module) = self.names.tree.root() {
                    self.body(&mut frame, &module.body);
                }
            }
            _ => {}
        }
        self.left.get() > 0
    }

    fn bind_parameters(&self, frame: &mut Frame<'a>, function: &'a ast::StmtFunctionDef) {
        let exposed = self.is_handler(function, frame.scope);
        for parameter in function.parameters.iter_non_variadic_params() {
            let name = parameter.parameter.name.as_str();
            let exposure = match parameter.parameter.annotation() {
                Some(annotation) if self.is_harmless_type(annotation, frame.scope) => Exposure::Sanitised,
                _ if exposed && !matches!(name, "self" | "cls" | "request" | "db" | "session") => {
                    Exposure::Request
                }
                _ if self.names.is_given_constants(function, parameter) => Exposure::Sanitised,
                _ => Exposure::Unknown,
            };
            let value = Abstract::of(exposure).through(parameter.parameter.range());
            frame.state.insert(name, value);
        }
    }

    /// Whether a web framework calls this function with what a request holds.
    fn is_handler(&self, function: &'a ast::StmtFunctionDef, scope: ScopeId) -> bool {
        function.decorator_list.iter().any(|decorator| {
            let Expr::Call(call) = &decorator.expression else { return false };
            let Expr::Attribute(method) = &*call.func else { return false };
            let is_path = call.arguments.args.first().is_some_and(|first| {
                let outside = self.names.tree.scope(scope).parent.unwrap_or(scope);
                let constant = self.names.constant(Value { expr: first, scope: outside });
                constant.as_ref().and_then(Constant::as_str).is_some_and(|path| path.starts_with('/'))
            });
            is_path && is_route(&method.attr)
        })
    }

    fn is_harmless_type(&self, annotation: &'a Expr, scope: ScopeId) -> bool {
        let outside = self.names.tree.scope(scope).parent.unwrap_or(scope);
        let names = self.names.qualified(Value { expr: annotation, scope: outside });
        let harmless = [
            "builtins.int",
            "builtins.float",
            "builtins.bool",
            "uuid.UUID",
            "datetime.date",
            "datetime.datetime",
        ];
        !names.is_empty() && names.iter().all(|name| harmless.contains(&name.as_str()))
    }

    fn body(&self, frame: &mut Frame<'a>, body: &'a [Stmt]) -> Then {
        for statement in body {
            if self.left.get() == 0 {
                return Then::Left;
            }
            if with_stack(|| self.statement(frame, statement)) == Then::Left {
                return Then::Left;
            }
        }
        Then::Next
    }

    fn statement(&self, frame: &mut Frame<'a>, statement: &'a Stmt) -> Then {
        match statement {
            Stmt::Assign(assign) => {
                let value = self.value(frame, &assign.value).through(assign.range());
                for target in &assign.targets {
                    self.assign(frame, target, &value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(expr) = &assign.value {
                    let value = self.value(frame, expr).through(assign.range());
                    self.assign(frame, &assign.target, &value);
                }
            }
            Stmt::AugAssign(assign) => {
                let old = self.value(frame, &assign.target);
                let added = self.value(frame, &assign.value);
                let value = combined(old, assign.op, added).through(assign.range());
                self.assign(frame, &assign.target, &value);
            }
            Stmt::Expr(expression) => {
                self.value(frame, &expression.value);
            }
            Stmt::Return(leave) => {
                let value = leave.value.as_ref().map(|expr| self.value(frame, expr));
                let value = value.unwrap_or(Abstract::known(Constant::None));
                frame.returned = Some(match frame.returned.take() {
                    Some(before) => before.join(value),
                    None => value,
                });
                return Then::Left;
            }
            Stmt::Raise(raise) => {
                for expr in [&raise.exc, &raise.cause].into_iter().flatten() {
                    self.value(frame, expr);
                }
                return Then::Left;
            }
            Stmt::Break(_) | Stmt::Continue(_) => {
                frame.jumps.push(self.copy(&frame.state));
                return Then::Left;
            }
            Stmt::If(choice) => return self.choice(frame, choice),
            Stmt::For(each) => self.each(frame, each),
            Stmt::While(repeat) => {
                self.value(frame, &repeat.test);
                self.repeated(frame, &repeat.body);
                self.body(frame, &repeat.orelse);
            }
            Stmt::Try(attempt) => return self.attempt(frame, attempt),
            Stmt::With(with) => {
                for item in &with.items {
                    let value = self.value(frame, &item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.assign(frame, target, &value);
                    }
                }
                return self.body(frame, &with.body);
            }
            Stmt::Match(choice) => return self.matched(frame, choice),
            Stmt::ClassDef(class) => self.class(frame, class),
            Stmt::Assert(assert) => {
                self.value(frame, &assert.test);
                self.narrow(frame, &assert.test, true);
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.value(frame, target);
                }
            }
            _ => {}
        }
        Then::Next
    }

    /// The body of a class runs where it stands; what it binds is not seen outside.
    fn class(&self, frame: &mut Frame<'a>, class: &'a ast::StmtClassDef) {
        let Some(inside) = self.names.tree.scope_opened_by(class) else { return };
        let state = self.copy(&frame.state);
        let outside = std::mem::replace(&mut frame.scope, inside);
        self.body(frame, &class.body);
        frame.scope = outside;
        frame.state = state;
    }

    fn choice(&self, frame: &mut Frame<'a>, choice: &'a ast::StmtIf) -> Then {
        let clauses = choice.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body[..]));
        let clauses = std::iter::once((Some(&*choice.test), &choice.body[..])).chain(clauses);
        let mut ends: Vec<State<'a>> = Vec::new();
        let mut open = true;
        for (test, body) in clauses {
            let verdict = match test {
                Some(test) => self.value(frame, test).constant.map(|constant| constant.truth()),
                None => Some(true),
            };
            let reached = open && verdict != Some(false);
            let before = self.copy(&frame.state);
            if let Some(test) = test {
                self.narrow(frame, test, true);
            }
            // What a dead branch does is looked at as well, but it does not reach what follows.
            let then = self.body(frame, body);
            let after = std::mem::replace(&mut frame.state, before);
            if reached && then == Then::Next {
                ends.push(after);
            }
            if open && verdict == Some(true) {
                open = false;
            }
            if let Some(test) = test {
                self.narrow(frame, test, false);
            }
        }
        if open {
            ends.push(self.copy(&frame.state));
        }
        self.meet(frame, ends)
    }

    /// Goes on with the join of several states; leaves where there is none.
    fn meet(&self, frame: &mut Frame<'a>, ends: Vec<State<'a>>) -> Then {
        match ends.into_iter().reduce(|a, b| self.joined(a, b)) {
            Some(state) => {
                frame.state = state;
                Then::Next
            }
            None => Then::Left,
        }
    }

    fn each(&self, frame: &mut Frame<'a>, each: &'a ast::StmtFor) {
        let iterated = self.value(frame, &each.iter);
        let element = element_of(&iterated).through(each.target.range());
        self.assign(frame, &each.target, &element);
        self.repeated(frame, &each.body);
        self.body(frame, &each.orelse);
    }

    /// A loop body, which runs any number of times: twice is enough for what the second turn sees of the first, and once
    /// where that is nothing. Loops in loops would otherwise double the work with each.
    fn repeated(&self, frame: &mut Frame<'a>, body: &'a [Stmt]) {
        let outer = std::mem::take(&mut frame.jumps);
        let before = self.copy(&frame.state);
        let mut ends = vec![self.copy(&frame.state)];
        for _ in 0..2 {
            if self.body(frame, body) == Then::Next {
                ends.push(self.copy(&frame.state));
            }
            ends.append(&mut frame.jumps);
            let all = std::mem::take(&mut ends);
            self.meet(frame, all);
            if are_same(&before, &frame.state) {
                break;
            }
            ends.push(self.copy(&frame.state));
        }
        frame.jumps = outer;
    }

    fn attempt(&self, frame: &mut Frame<'a>, attempt: &'a ast::StmtTry) -> Then {
        let before = self.copy(&frame.state);
        let then = self.body(frame, &attempt.body);
        let after = self.copy(&frame.state);
        // A handler starts anywhere in the body: with what held before, or what holds behind it.
        let failed = self.joined(before, after);
        let mut ends = Vec::new();
        if then == Then::Next && self.body(frame, &attempt.orelse) == Then::Next {
            ends.push(self.copy(&frame.state));
        }
        for ast::ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
            frame.state = self.copy(&failed);
            if let Some(name) = &handler.name {
                frame.state.insert(name.as_str(), Abstract::of(Exposure::Unknown));
            }
            if self.body(frame, &handler.body) == Then::Next {
                ends.push(self.copy(&frame.state));
            }
        }
        let reached = !ends.is_empty();
        if reached {
            self.meet(frame, ends);
        } else {
            frame.state = failed;
        }
        let last = self.body(frame, &attempt.finalbody);
        if reached { last } else { Then::Left }
    }

    fn matched(&self, frame: &mut Frame<'a>, choice: &'a ast::StmtMatch) -> Then {
        let subject = self.value(frame, &choice.subject);
        let mut ends = Vec::new();
        let mut open = true;
        for case in &choice.cases {
            let fits = self.fits(frame, &subject, &case.pattern);
            let before = self.copy(&frame.state);
            self.bind_pattern(frame, &case.pattern, &subject);
            if let Some(guard) = &case.guard {
                self.value(frame, guard);
            }
            let then = self.body(frame, &case.body);
            let after = std::mem::replace(&mut frame.state, before);
            if open && fits != Some(false) && then == Then::Next {
                ends.push(after);
            }
            if open && fits == Some(true) && case.guard.is_none() {
                open = false;
            }
        }
        if open {
            ends.push(self.copy(&frame.state));
        }
        self.meet(frame, ends)
    }

    /// Whether a pattern certainly fits or certainly does not.
    fn fits(&self, frame: &mut Frame<'a>, subject: &Abstract, pattern: &'a ast::Pattern) -> Option<bool> {
        with_stack(|| match pattern {
            ast::Pattern::MatchValue(value) => {
                let wanted = self.value(frame, &value.value).constant?;
                Some(subject.constant.as_ref()? == &wanted)
            }
            ast::Pattern::MatchOr(or) => {
                let fits: Vec<Option<bool>> =
                    or.patterns.iter().map(|p| self.fits(frame, subject, p)).collect();
                if fits.contains(&Some(true)) {
                    return Some(true);
                }
                fits.iter().all(|fit| *fit == Some(false)).then_some(false)
            }
            ast::Pattern::MatchAs(name) if name.pattern.is_none() => Some(true),
            _ => None,
        })
    }

    fn bind_pattern(&self, frame: &mut Frame<'a>, pattern: &'a ast::Pattern, subject: &Abstract) {
        with_stack(|| self.bind_parts_of_pattern(frame, pattern, subject));
    }

    fn bind_parts_of_pattern(&self, frame: &mut Frame<'a>, pattern: &'a ast::Pattern, subject: &Abstract) {
        let part = Abstract { constant: None, elements: None, ..subject.clone() };
        match pattern {
            ast::Pattern::MatchAs(name) => {
                if let Some(inner) = &name.pattern {
                    self.bind_pattern(frame, inner, subject);
                }
                if let Some(name) = &name.name {
                    frame.state.insert(name.as_str(), subject.clone());
                }
            }
            ast::Pattern::MatchStar(ast::PatternMatchStar { name: Some(name), .. }) => {
                frame.state.insert(name.as_str(), part);
            }
            ast::Pattern::MatchSequence(sequence) => {
                sequence.patterns.iter().for_each(|inner| self.bind_pattern(frame, inner, &part));
            }
            ast::Pattern::MatchMapping(mapping) => {
                mapping.patterns.iter().for_each(|inner| self.bind_pattern(frame, inner, &part));
                if let Some(rest) = &mapping.rest {
                    frame.state.insert(rest.as_str(), part);
                }
            }
            ast::Pattern::MatchClass(class) => {
                let keywords = class.arguments.keywords.iter().map(|keyword| &keyword.pattern);
                class
                    .arguments
                    .patterns
                    .iter()
                    .chain(keywords)
                    .for_each(|inner| self.bind_pattern(frame, inner, &part));
            }
            ast::Pattern::MatchOr(or) => {
                or.patterns.iter().for_each(|inner| self.bind_pattern(frame, inner, &part));
            }
            _ => {}
        }
    }

    fn assign(&self, frame: &mut Frame<'a>, target: &'a Expr, value: &Abstract) {
        with_stack(|| self.assign_parts(frame, target, value));
    }

    fn assign_parts(&self, frame: &mut Frame<'a>, target: &'a Expr, value: &Abstract) {
        match target {
            Expr::Name(name) => {
                frame.state.insert(name.id.as_str(), value.clone());
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for (index, target) in elts.iter().enumerate() {
                    let element = at_key(value, &Constant::Int(index as i64));
                    self.assign(frame, target, &element);
                }
            }
            Expr::Starred(starred) => self.assign(frame, &starred.value, &element_of(value)),
            Expr::Subscript(subscript) => {
                let key = self.value(frame, &subscript.slice).constant;
                self.value(frame, &subscript.value);
                self.store(frame, &subscript.value, key, value);
            }
            Expr::Attribute(attribute) => {
                self.value(frame, &attribute.value);
                // An object that was given something from outside may give it back anywhere.
                self.taint(frame, &attribute.value, &value.clone().made_elsewhere(false));
            }
            _ => {}
        }
    }

    /// `container[key] = value`.
    fn store(&self, frame: &mut Frame<'a>, container: &'a Expr, key: Option<Constant>, value: &Abstract) {
        let Expr::Name(name) = container else { return };
        let name = name.id.as_str();
        let Some(old) = frame.state.get(name).cloned() else { return };
        let stored = match (key, &old.elements) {
            (Some(key), Some(elements)) => {
                let mut elements = elements.items.clone();
                match elements.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, slot)) => *slot = value.clone(),
                    None => elements.push((key, value.clone())),
                }
                with_elements(old, elements)
            }
            _ => spoiled(old, value),
        };
        frame.state.insert(name, stored);
    }

    /// Something reaches an object in a way that is not followed further.
    fn taint(&self, frame: &mut Frame<'a>, object: &'a Expr, value: &Abstract) {
        let Expr::Name(name) = object else { return };
        let name = name.id.as_str();
        if let Some(old) = frame.state.get(name).cloned() {
            let mut given = spoiled(old, value);
            // A text takes no attributes.
            given.denied.text = true;
            frame.state.insert(name, given);
        }
    }

    /// A test that holds, or does not, tells something about the variable it tests.
    fn narrow(&self, frame: &mut Frame<'a>, test: &'a Expr, holds: bool) {
        with_stack(|| self.narrow_by(frame, test, holds));
    }

    fn narrow_by(&self, frame: &mut Frame<'a>, test: &'a Expr, holds: bool) {
        match test {
            Expr::UnaryOp(not) if not.op == ast::UnaryOp::Not => self.narrow(frame, &not.operand, !holds),
            Expr::BoolOp(all) if holds == (all.op == ast::BoolOp::And) => {
                all.values.iter().for_each(|part| self.narrow(frame, part, holds));
            }
            Expr::Compare(compare) => {
                let ([op], [right]) = (&*compare.ops, &*compare.comparators) else { return };
                let positive = match op {
                    ast::CmpOp::Eq | ast::CmpOp::In => true,
                    ast::CmpOp::NotEq | ast::CmpOp::NotIn => false,
                    _ => return,
                };
                if matches!(op, ast::CmpOp::In | ast::CmpOp::NotIn) && positive != holds {
                    self.deny(frame, &compare.left, right);
                }
                if let (true, Expr::Attribute(part)) = (positive == holds, &*compare.left) {
                    self.narrow_host(frame, part, right);
                }
                let Expr::Name(name) = &*compare.left else { return };
                let is_list = matches!(op, ast::CmpOp::In | ast::CmpOp::NotIn);
                // `x in text` asks for a part of a text, which allows nothing.
                let allowed = self.value(frame, right);
                let is_allow_list = allowed.exposure <= Exposure::Sanitised
                    && (!is_list || !matches!(allowed.constant, Some(Constant::Str(_))))
                    && (!is_list || allowed.elements.is_some() || allowed.constant.is_some());
                if positive == holds && is_allow_list {
                    frame.state.insert(name.id.as_str(), Abstract::of(Exposure::Sanitised));
                }
            }
            Expr::Call(call) if holds => {
                self.narrow_address(frame, call);
                let Expr::Attribute(method) = &*call.func else { return };
                let Expr::Name(name) = &*method.value else { return };
                if let ("startswith", [prefix]) = (method.attr.as_str(), &*call.arguments.args) {
                    let prefix = self.value(frame, prefix).constant;
                    let is_quote = matches!(prefix.as_ref().and_then(Constant::as_str), Some("'" | "\""));
                    if let (true, Some(value)) = (is_quote, frame.state.get_mut(name.id.as_str())) {
                        value.denied.opened = true;
                    }
                }
                if !call.arguments.is_empty() {
                    return;
                }
                if matches!(
                    method.attr.as_str(),
                    "isalnum" | "isdigit" | "isdecimal" | "isnumeric" | "isalpha" | "isidentifier"
                ) {
                    frame.state.insert(name.id.as_str(), Abstract::of(Exposure::Sanitised));
                }
            }
            _ => {}
        }
    }

    /// `parts.netloc in HOSTS` holds: what `parts` was taken from leads to one of these hosts.
    fn narrow_host(&self, frame: &mut Frame<'a>, part: &'a ast::ExprAttribute, hosts: &'a Expr) {
        if !matches!(part.attr.as_str(), "netloc" | "hostname") {
            return;
        }
        let parsed = self.value(frame, &part.value).parsed;
        let names = self.names.qualified(Value { expr: hosts, scope: frame.scope });
        // Whoever is sent somewhere cannot be made to ask for another host.
        let is_own = names.iter().any(|name| name == "flask.request.host" || name.ends_with(".get_host()"));
        let hosts = self.value(frame, hosts);
        // An address without a host can be one that only browsers see a host in.
        let is_none = |constant: &Constant| constant.as_str() == Some("");
        let allows_none = hosts.constant.as_ref().is_some_and(|constant| match constant {
            Constant::List(items) => items.iter().any(is_none),
            constant => is_none(constant),
        });
        if parsed == 0 || allows_none || !is_own && hosts.exposure > Exposure::Unknown {
            return;
        }
        if self.spend(1 + frame.state.len() / COPIES) {
            let same = frame.state.values_mut().filter(|value| value.parsed == parsed);
            same.for_each(|value| value.denied.host = true);
        }
    }

    /// `url_has_allowed_host_and_scheme(target, …)` holds.
    fn narrow_address(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall) {
        let tests = ["django.utils.http.url_has_allowed_host_and_scheme", "django.utils.http.is_safe_url"];
        let Some(Expr::Name(address)) = call.arguments.find_argument_value("url", 0) else { return };
        let names = self.names.qualified(Value { expr: &call.func, scope: frame.scope });
        let is_test = !names.is_empty() && names.iter().all(|name| tests.contains(&name.as_str()));
        if let (true, Some(value)) = (is_test, frame.state.get_mut(address.id.as_str())) {
            value.denied.host = true;
        }
    }

    /// Notes which variable holds the address that a call takes apart.
    fn take_apart(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall) -> usize {
        let Some(Expr::Name(address)) = call.arguments.args.first() else { return 0 };
        if !self.spend(1 + frame.state.len() / COPIES) {
            return 0;
        }
        let parsed = std::ptr::from_ref(call).addr();
        // In a loop, what it took apart the last time is another value.
        let before = frame.state.values_mut().filter(|value| value.parsed == parsed);
        before.for_each(|value| value.parsed = 0);
        match frame.state.get_mut(address.id.as_str()) {
            Some(value) => value.parsed = parsed,
            None => return 0,
        }
        parsed
    }

    /// `"'" in text` does not hold: the text, or a part of it, is free of quotes.
    fn deny(&self, frame: &mut Frame<'a>, part: &'a Expr, text: &'a Expr) {
        let Some(Constant::Str(part)) = self.value(frame, part).constant else { return };
        let mut text = text;
        while let Expr::Subscript(subscript) = text {
            text = &subscript.value;
        }
        let Expr::Name(name) = text else { return };
        if let Some(value) = frame.state.get_mut(name.id.as_str()) {
            value.denied = value.denied.or(Denied::by(&part));
        }
    }

    /// What an expression is, recorded for those who ask about it.
    fn value(&self, frame: &mut Frame<'a>, expr: &'a Expr) -> Abstract {
        if !self.spend(1) {
            return Abstract::of(Exposure::Unknown);
        }
        let mut value = with_stack(|| self.evaluate(frame, expr));
        // Only the variable itself is what was taken apart and compared, not what is made of it.
        if !matches!(expr, Expr::Name(_) | Expr::Call(_) | Expr::If(_) | Expr::BoolOp(_) | Expr::Named(_)) {
            value.parsed = 0;
            value.denied.host = false;
        }
        if frame.record && !expr.is_literal_expr() {
            let place = std::ptr::from_ref(expr).addr();
            let mut evaluated = self.evaluated.borrow_mut();
            let joined = match evaluated.remove(&place) {
                Some(before) => before.join(value.clone()),
                None => value.clone(),
            };
            evaluated.insert(place, joined);
        }
        value
    }

    fn evaluate(&self, frame: &mut Frame<'a>, expr: &'a Expr) -> Abstract {
        match expr {
            Expr::Name(name) => self.variable(frame, expr, name),
            Expr::BinOp(binary) => {
                let left = self.value(frame, &binary.left);
                let right = self.value(frame, &binary.right);
                combined(left, binary.op, right)
            }
            Expr::FString(text) => self.fstring(frame, text),
            Expr::Call(call) => self.call(frame, call),
            Expr::Attribute(attribute) => {
                let base = self.value(frame, &attribute.value);
                if super::exposure::is_request_fact(self.names, Value { expr, scope: frame.scope }) {
                    return Abstract::of(Exposure::Unknown);
                }
                if let Some(source) = self.source(frame, expr) {
                    return source;
                }
                // What the class says is known, and that another file may say otherwise.
                let constant = (base.exposure <= Exposure::Unknown)
                    .then(|| self.names.constant(Value { expr, scope: frame.scope }))
                    .flatten();
                Abstract {
                    constant,
                    elements: None,
                    denied: Denied { text: false, ..base.denied },
                    ..base.at_least_unknown()
                }
            }
            Expr::Subscript(subscript) => {
                let base = self.value(frame, &subscript.value);
                let key = self.value(frame, &subscript.slice).constant;
                if let Some(source) = self.source(frame, expr) {
                    return source;
                }
                if let (Some(base), Some(key)) = (&base.constant, &key)
                    && let Some(found) = item(base, key)
                {
                    return Abstract::known(found);
                }
                match key {
                    Some(key) => at_key(&base, &key),
                    None => element_of(&base),
                }
            }
            Expr::If(choice) => {
                let test = self.value(frame, &choice.test).constant.map(|constant| constant.truth());
                let body = self.value(frame, &choice.body);
                let orelse = self.value(frame, &choice.orelse);
                match test {
                    Some(true) => body,
                    Some(false) => orelse,
                    None => body.join(orelse),
                }
            }
            Expr::BoolOp(any) => {
                let values: Vec<Abstract> = any.values.iter().map(|expr| self.value(frame, expr)).collect();
                values.into_iter().reduce(Abstract::join).unwrap_or(Abstract::of(Exposure::Unknown))
            }
            Expr::Compare(compare) => self.comparison(frame, compare),
            Expr::UnaryOp(unary) => self.unary(frame, unary),
            Expr::Named(named) => {
                let value = self.value(frame, &named.value).through(named.range());
                self.assign(frame, &named.target, &value);
                value
            }
            Expr::Await(ast::ExprAwait { value, .. })
            | Expr::Starred(ast::ExprStarred { value, .. })
            | Expr::YieldFrom(ast::ExprYieldFrom { value, .. }) => self.value(frame, value),
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                let elements = elts
                    .iter()
                    .enumerate()
                    .map(|(i, expr)| (Constant::Int(i as i64), self.value(frame, expr)));
                let elements: Vec<_> = elements.collect();
                with_elements(Abstract::of(Exposure::Constant), elements)
            }
            Expr::Dict(dict) => self.mapping(frame, dict),
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                self.comprehension(frame, elt, generators)
            }
            Expr::DictComp(ast::ExprDictComp { value, generators, .. }) => {
                self.comprehension(frame, value, generators)
            }
            Expr::Yield(given) => {
                if let Some(expr) = &given.value {
                    self.value(frame, expr);
                }
                Abstract::of(Exposure::Unknown)
            }
            Expr::Lambda(_) | Expr::TString(_) | Expr::Slice(_) | Expr::IpyEscapeCommand(_) => {
                Abstract::of(Exposure::Unknown)
            }
            literal => self.literal(frame, literal),
        }
    }

    fn literal(&self, frame: &Frame<'a>, expr: &'a Expr) -> Abstract {
        match self.names.constant(Value { expr, scope: frame.scope }) {
            Some(constant) => Abstract::known(constant),
            None => Abstract::of(Exposure::Constant),
        }
    }

    fn variable(&self, frame: &Frame<'a>, expr: &'a Expr, name: &'a ast::ExprName) -> Abstract {
        let id = name.id.as_str();
        let value = match frame.state.get(id) {
            Some(value) => value.clone(),
            None => match self.source(frame, expr) {
                Some(source) => source,
                None => self.names.unflowing(id, frame.scope),
            },
        };
        if self.names.tree.is_shared(id) {
            return Abstract { constant: None, elements: None, ..value.at_least_unknown() };
        }
        value
    }

    fn fstring(&self, frame: &mut Frame<'a>, text: &'a ast::ExprFString) -> Abstract {
        let mut constant = Some(String::new());
        let add = |constant: Option<String>, text: &str| {
            constant.and_then(|mut known| push_bounded(&mut known, text).map(|()| known))
        };
        let mut parts = Vec::new();
        for part in &text.value {
            let ast::FStringPart::FString(fstring) = part else {
                if let ast::FStringPart::Literal(literal) = part {
                    constant = add(constant, &literal.value);
                }
                continue;
            };
            for element in &fstring.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => {
                        constant = add(constant, &literal.value);
                    }
                    InterpolatedStringElement::Interpolation(inner) => {
                        let value = self.value(frame, &inner.expression);
                        let text =
                            value.constant.as_ref().filter(|_| inner.format_spec.is_none()).and_then(shown);
                        constant = text.and_then(|text| add(constant, &text));
                        parts.push(value);
                    }
                }
            }
        }
        match constant {
            Some(text) => Abstract::known(Constant::Str(text)),
            None => Abstract::built(parts).through(text.range()),
        }
    }

    fn comparison(&self, frame: &mut Frame<'a>, test: &'a ast::ExprCompare) -> Abstract {
        let left = self.value(frame, &test.left);
        let rights: Vec<Abstract> = test.comparators.iter().map(|expr| self.value(frame, expr)).collect();
        let known = match (&left.constant, &*test.ops, rights.as_slice()) {
            (Some(left), [op], [Abstract { constant: Some(right), .. }]) => compare(left, *op, right),
            _ => None,
        };
        known.map_or(Abstract::of(Exposure::Sanitised), |known| Abstract::known(Constant::Bool(known)))
    }

    fn unary(&self, frame: &mut Frame<'a>, unary: &'a ast::ExprUnaryOp) -> Abstract {
        let operand = self.value(frame, &unary.operand);
        match (unary.op, operand.constant) {
            (ast::UnaryOp::Not, Some(constant)) => Abstract::known(Constant::Bool(!constant.truth())),
            (ast::UnaryOp::USub, Some(Constant::Int(number))) => {
                Abstract::known(Constant::Int(number.wrapping_neg()))
            }
            _ => Abstract::of(Exposure::Sanitised),
        }
    }

    fn mapping(&self, frame: &mut Frame<'a>, dict: &'a ast::ExprDict) -> Abstract {
        let mut elements = Vec::new();
        let mut rest: Option<Abstract> = None;
        for entry in dict {
            let key = entry.key.as_ref().and_then(|key| self.value(frame, key).constant);
            let value = self.value(frame, &entry.value);
            match key {
                Some(key) => elements.push((key, value)),
                None => rest = Some(rest.map_or(value.clone(), |rest| rest.join(value))),
            }
        }
        let mapping = with_elements(Abstract::of(Exposure::Constant), elements);
        match rest {
            Some(rest) => spoiled(mapping, &rest),
            None => mapping,
        }
    }

    fn comprehension(
        &self,
        frame: &mut Frame<'a>,
        element: &'a Expr,
        generators: &'a [ast::Comprehension],
    ) -> Abstract {
        let before = self.copy(&frame.state);
        for generator in generators {
            let iterated = self.value(frame, &generator.iter);
            self.assign(frame, &generator.target, &element_of(&iterated));
            for test in &generator.ifs {
                self.value(frame, test);
                self.narrow(frame, test, true);
            }
        }
        let value = self.value(frame, element);
        frame.state = before;
        Abstract { constant: None, elements: None, ..value }
    }

    /// What comes from outside by its very name: `flask.request.args`, `sys.argv`.
    fn source(&self, frame: &Frame<'a>, expr: &'a Expr) -> Option<Abstract> {
        let exposure = source_of(self.names, Value { expr, scope: frame.scope })?;
        Some(Abstract::of(exposure).through(expr.range()))
    }

    fn call(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall) -> Abstract {
        let receiver = match &*call.func {
            Expr::Attribute(method) => Some((method, self.value(frame, &method.value))),
            _ => None,
        };
        let positional: Vec<Abstract> =
            call.arguments.args.iter().map(|expr| self.value(frame, expr)).collect();
        let keywords: Vec<Abstract> =
            call.arguments.keywords.iter().map(|keyword| self.value(frame, &keyword.value)).collect();
        let place = Value { expr: &call.func, scope: frame.scope };
        if let Some(exposure) = super::exposure::result_of(self.names, call, frame.scope) {
            return Abstract::of(exposure).through(call.range());
        }
        if let Some((method, value)) = &receiver
            && let Some(known) = self.method(frame, method, value, &positional, &keywords)
        {
            return known;
        }
        let constants = || positional.iter().map(|value| value.constant.clone()).collect::<Option<Vec<_>>>();
        let things = self.names.things(place);
        for thing in &things {
            match thing {
                Thing::Named(name) if keywords.is_empty() => {
                    if let Some(result) = constants().and_then(|given| apply_function(name, &given)) {
                        return Abstract::known(result);
                    }
                }
                Thing::Function(function) => {
                    if let Some(result) = self.enter(frame, *function, call, &positional) {
                        return result;
                    }
                }
                _ => {}
            }
        }
        if things.iter().any(|thing| matches!(thing, Thing::Named(name) if name == "flask.make_response"))
            && let [answer, ..] = positional.as_slice()
            && let Some(Expr::Tuple(_)) = call.arguments.args.first()
        {
            // Headers are no part of the page.
            return Abstract { constant: None, ..at_key(answer, &Constant::Int(0)) }.at_least_unknown();
        }
        let escaped = !things.is_empty()
            && things
                .iter()
                .all(|thing| matches!(thing, Thing::Named(name) if super::exposure::escapes_markup(name)));
        let names_pure = things.iter().any(|thing| matches!(thing, Thing::Named(name) if is_pure(name)));
        // A module that a function is in gives nothing of itself.
        let of_module = escaped
            || !things.is_empty()
                && things.iter().all(|thing| matches!(thing, Thing::Named(name) if is_pure(name)));
        let receiver = receiver.filter(|_| !of_module).map(|(_, value)| value);
        // What is a part of something from outside may be a text: `request.args.get("name")`.
        let is_part =
            receiver.as_ref().is_some_and(|whole| whole.exposure >= Exposure::Input && !whole.denied.text);
        let given = positional.into_iter().chain(keywords).chain(receiver);
        let all = given.reduce(Abstract::join).unwrap_or(Abstract::of(Exposure::Unknown));
        let mut denied = Denied { host: false, ..all.denied };
        denied.markup |= escaped;
        let takes_quotes = escaped && call.arguments.find_keyword("quote").is_none();
        denied.quotes |= takes_quotes;
        denied.single_quotes |= takes_quotes;
        let all = Abstract { constant: None, elements: None, denied, ..all };
        let takes_apart = things
            .iter()
            .any(|thing| matches!(thing, Thing::Named(name) if TAKE_APART.contains(&name.as_str())));
        let all = Abstract { parsed: if takes_apart { self.take_apart(frame, call) } else { 0 }, ..all };
        if names_pure {
            return all;
        }
        if things.iter().any(|thing| self.may_give_text(thing)) {
            return all.at_least_unknown();
        }
        all.made_elsewhere(is_part)
    }

    /// Whether something of this file may give back the text it is given: a function, or a class that is a text.
    fn may_give_text(&self, thing: &Thing<'a>) -> bool {
        let Thing::Class(scope) = thing else { return matches!(thing, Thing::Function(_)) };
        let ScopeKind::Class(class) = self.names.tree.scope(*scope).kind else { return true };
        let outside = self.names.tree.scope(*scope).parent.unwrap_or(*scope);
        let bases = class.bases().iter().flat_map(|expr| self.names.things(Value { expr, scope: outside }));
        bases.into_iter().any(|base| !matches!(base, Thing::Named(name) if name != "builtins.str"))
    }

    /// Methods of texts, lists, mappings and keyed stores.
    fn method(
        &self,
        frame: &mut Frame<'a>,
        method: &'a ast::ExprAttribute,
        receiver: &Abstract,
        given: &[Abstract],
        keywords: &[Abstract],
    ) -> Option<Abstract> {
        let constants = || given.iter().map(|value| value.constant.clone()).collect::<Option<Vec<_>>>();
        let name = method.attr.as_str();
        if let (Some(text), Some(given)) = (&receiver.constant, constants())
            && let Some(result) = apply_method(text, name, &given)
        {
            return Some(Abstract::known(result));
        }
        match (name, given) {
            (
                "append" | "add" | "extend" | "insert" | "update" | "appendleft" | "put" | "write",
                [.., value],
            ) => {
                self.append(frame, name, &method.value, receiver, value);
                Some(Abstract::known(Constant::None))
            }
            ("pop" | "remove" | "popleft", _) if receiver.elements.is_some() => {
                self.pop(frame, name, &method.value, receiver, given)
            }
            ("get" | "setdefault", [key, ..]) if receiver.elements.is_some() => {
                let key = match given {
                    [section, option, ..] if is_store(receiver) => pair_key(section, option),
                    _ => key.constant.clone(),
                };
                let found = match key {
                    Some(key) => at_key(receiver, &key),
                    None => element_of(receiver),
                };
                Some(match given.get(1) {
                    Some(default) if !is_store(receiver) => found.join(default.clone()),
                    _ => found,
                })
            }
            ("set", [section, option, value]) => {
                let Expr::Name(object) = &*method.value else { return None };
                let stored = match pair_key(section, option) {
                    Some(key) => {
                        let elements = receiver.elements.as_ref();
                        let mut elements = elements.map(|known| known.items.clone()).unwrap_or_default();
                        elements.retain(|(known, _)| *known != key);
                        elements.push((key, value.clone()));
                        Abstract { elements: Elements::new(elements), ..spoiled(receiver.clone(), value) }
                    }
                    None => spoiled(receiver.clone(), value),
                };
                frame.state.insert(object.id.as_str(), stored);
                Some(Abstract::known(Constant::None))
            }
            ("keys" | "values" | "items" | "copy", []) if receiver.elements.is_some() => {
                Some(receiver.clone())
            }
            // A query can be joined with a table, too.
            ("join", given) if receiver.denied.text && !given.iter().any(|part| part.elements.is_some()) => {
                None
            }
            ("format" | "join" | "format_map", given) => {
                let parts = given.iter().chain(keywords).cloned().chain([receiver.clone()]);
                Some(Abstract::built(parts).through(method.range()))
            }
            (
                "isdigit" | "isalnum" | "isalpha" | "startswith" | "endswith" | "count" | "find" | "index",
                _,
            ) => Some(Abstract::of(Exposure::Sanitised)),
            (
                "lower" | "upper" | "strip" | "lstrip" | "rstrip" | "replace" | "split" | "rsplit"
                | "splitlines" | "encode" | "decode" | "title" | "capitalize" | "partition" | "rpartition"
                | "removeprefix" | "removesuffix" | "casefold" | "zfill" | "ljust" | "rjust" | "center"
                | "expandtabs" | "translate",
                _,
            ) => {
                let replaced = match (name, given) {
                    ("replace", [from, to, ..]) => match (text_of(from), text_of(to)) {
                        (Some(from), Some(to)) if takes_out(from, to) => Some(Denied::by(from)),
                        _ => None,
                    },
                    _ => None,
                };
                let all = given.iter().cloned().fold(receiver.clone(), Abstract::join);
                let denied = Denied { host: false, ..all.denied.or(replaced.unwrap_or_default()) };
                Some(Abstract { constant: None, elements: None, denied, parsed: 0, ..all })
            }
            _ => None,
        }
    }

    fn append(
        &self,
        frame: &mut Frame<'a>,
        method: &str,
        object: &'a Expr,
        receiver: &Abstract,
        value: &Abstract,
    ) {
        let Expr::Name(object) = object else { return };
        let old = receiver.clone();
        let grown = match (&receiver.elements, method) {
            (Some(elements), "append" | "add" | "put") => {
                let mut elements = elements.items.clone();
                let next =
                    elements.iter().filter_map(|(key, _)| key.as_int()).max().map_or(0, |last| last + 1);
                elements.push((Constant::Int(next), value.clone()));
                with_elements(old, elements)
            }
            _ => spoiled(old, &element_of(value)),
        };
        frame.state.insert(object.id.as_str(), grown);
    }

    /// Taking an element out of a list moves those behind it.
    fn pop(
        &self,
        frame: &mut Frame<'a>,
        method: &str,
        object: &'a Expr,
        receiver: &Abstract,
        given: &[Abstract],
    ) -> Option<Abstract> {
        let Expr::Name(object) = object else { return None };
        let elements = &receiver.elements.as_ref()?.items;
        let is_list = elements.iter().all(|(key, _)| matches!(key, Constant::Int(_)));
        if !is_list {
            let key = given.first()?.constant.clone()?;
            return Some(at_key(receiver, &key));
        }
        let at = match (method, given) {
            ("pop", []) => elements.len().checked_sub(1)?,
            ("pop", [index]) => usize::try_from(index.constant.as_ref()?.as_int()?).ok()?,
            ("popleft", []) => 0,
            ("remove", [value]) => {
                let wanted = value.constant.as_ref()?;
                elements.iter().position(|(_, element)| element.constant.as_ref() == Some(wanted))?
            }
            _ => return None,
        };
        let mut values: Vec<Abstract> = elements.iter().map(|(_, value)| value.clone()).collect();
        if at >= values.len() {
            return None;
        }
        let taken = values.remove(at);
        let rest =
            values.into_iter().enumerate().map(|(i, value)| (Constant::Int(i as i64), value)).collect();
        frame.state.insert(object.id.as_str(), with_elements(Abstract::of(Exposure::Constant), rest));
        Some(taken)
    }

    /// The result of a function of this file for these arguments; `None` where it is not entered.
    fn enter(
        &self,
        frame: &Frame<'a>,
        function: ScopeId,
        call: &'a ast::ExprCall,
        positional: &[Abstract],
    ) -> Option<Abstract> {
        let (parameters, body) = match self.names.tree.scope(function).kind {
            ScopeKind::Function(definition) => (&definition.parameters, Ok(&definition.body)),
            ScopeKind::Lambda(lambda) => (lambda.parameters.as_ref()?, Err(&lambda.body)),
            _ => return None,
        };
        let starred = call.arguments.args.iter().any(Expr::is_starred_expr);
        if frame.calls >= MAX_CALLS
            || starred
            || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
        {
            return None;
        }
        let mut inner = Frame {
            scope: function,
            state: State::default(),
            returned: None,
            jumps: Vec::new(),
            calls: frame.calls + 1,
            record: false,
        };
        let is_method = matches!(&*call.func, Expr::Attribute(_))
            && parameters
                .iter_non_variadic_params()
                .next()
                .is_some_and(|first| matches!(first.parameter.name.as_str(), "self" | "cls"));
        for (index, parameter) in parameters.iter_non_variadic_params().enumerate() {
            let name = parameter.parameter.name.as_str();
            let keyword = call.arguments.find_keyword(name).and_then(|keyword| {
                let place = std::ptr::from_ref(&keyword.value).addr();
                self.evaluated.borrow().get(&place).cloned().or_else(|| {
                    let constant = self.names.constant(Value { expr: &keyword.value, scope: frame.scope })?;
                    Some(Abstract::known(constant))
                })
            });
            let index = if is_method { index.checked_sub(1) } else { Some(index) };
            let given = keyword.or_else(|| positional.get(index?).cloned());
            let value = match (given, parameter.default()) {
                (Some(value), _) => value.through(parameter.parameter.range()),
                (None, Some(default)) => self.literal_or_unknown(default, function),
                (None, None) => Abstract::of(Exposure::Unknown),
            };
            inner.state.insert(name, value);
        }
        let given = parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str());
        let given: Vec<Abstract> = given.filter_map(|name| inner.state.get(name).cloned()).collect();
        self.entered_once(function, inner.calls, given, || match body {
            Ok(body) => {
                let then = self.body(&mut inner, body);
                let end = (then == Then::Next).then(|| Abstract::known(Constant::None));
                match (inner.returned, end) {
                    (Some(returned), Some(end)) => Some(returned.join(end)),
                    (returned, end) => returned.or(end),
                }
            }
            Err(expr) => Some(self.value(&mut inner, expr)),
        })
    }

    /// What a function gives for the same parameters as before is known already, whoever calls it.
    fn entered_once(
        &self,
        function: ScopeId,
        calls: u32,
        given: Vec<Abstract>,
        enter: impl FnOnce() -> Option<Abstract>,
    ) -> Option<Abstract> {
        let are_same = |known: &Entered| {
            known.given.len() == given.len() && known.given.iter().zip(&given).all(|(a, b)| a.is_same(b))
        };
        let key = (function, calls);
        if let Some(known) =
            self.names.entered.borrow().get(&key).and_then(|all| all.iter().find(|one| are_same(one)))
        {
            self.spend(1 + given.len());
            return known.result.clone();
        }
        let before = self.entered_home.replace(function == self.home);
        let result = enter();
        if !self.entered_home.get() && self.left.get() > 0 {
            let mut entered = self.names.entered.borrow_mut();
            let known = entered.entry(key).or_default();
            if known.len() < MAX_ENTERED {
                known.push(Entered { given, result: result.clone() });
            }
        }
        self.entered_home.set(before || self.entered_home.get());
        result
    }

    fn literal_or_unknown(&self, expr: &'a Expr, scope: ScopeId) -> Abstract {
        let scope = self.names.tree.scope(scope).parent.unwrap_or(scope);
        match self.names.constant(Value { expr, scope }) {
            Some(constant) => Abstract::known(constant),
            None => Abstract::of(Exposure::Unknown),
        }
    }
}

impl Abstract {
    fn at_least_unknown(mut self) -> Self {
        self.exposure = self.exposure.max(Exposure::Unknown);
        self
    }

    /// What a function of another file makes of this, or an object that holds it: not the text that was built here any
    /// more.
    fn made_elsewhere(mut self, is_part: bool) -> Self {
        if self.exposure <= Exposure::Built {
            self.exposure = Exposure::Unknown;
        }
        self.denied.text = !is_part;
        self
    }
}

impl<'a> Names<'a> {
    /// What a variable holds that the function in question does not assign: a constant of the module, or nothing
    /// that is known.
    fn unflowing(&self, name: &'a str, scope: ScopeId) -> Abstract {
        let Some(home) = self.tree.scope_binding(scope, name) else { return Abstract::of(Exposure::Unknown) };
        let mut constant = None;
        let mut several = false;
        for (_, binding) in self.tree.bindings_in(home, name) {
            if !self.spend(STEP) {
                return Abstract::of(Exposure::Unknown);
            }
            let super::tree::Meaning::Value { expr, scope, steps } = &binding.meaning else {
                return Abstract::of(Exposure::Unknown);
            };
            match self.constant(Value { expr, scope: *scope }) {
                Some(found) if steps.is_empty() => several |= constant.replace(found).is_some(),
                _ => return Abstract::of(Exposure::Unknown),
            }
        }
        constant.filter(|_| !several).map_or(Abstract::of(Exposure::Constant), Abstract::known)
    }
}

fn text_of(value: &Abstract) -> Option<&str> {
    value.constant.as_ref().and_then(Constant::as_str)
}

/// Whether nothing is left of a text that is replaced by another: `''` stands for a quote that ends nothing.
fn takes_out(from: &str, to: &str) -> bool {
    !to.contains(from) || to.len() > from.len() && (to == from.repeat(2) || to.starts_with('\\'))
}

/// Functions that take an address apart.
static TAKE_APART: &[&str] = &["urllib.parse.urlparse", "urllib.parse.urlsplit"];

/// Functions whose result holds what they are given, in another form, and nothing else.
fn is_pure(name: &str) -> bool {
    matches!(
        name,
        "builtins.str"
            | "builtins.bytes"
            | "builtins.bytearray"
            | "builtins.repr"
            | "builtins.ascii"
            | "builtins.list"
            | "builtins.tuple"
            | "builtins.set"
            | "builtins.dict"
            | "builtins.sorted"
            | "builtins.reversed"
            | "builtins.max"
            | "builtins.min"
            | "builtins.format"
            | "builtins.iter"
            | "builtins.next"
            | "base64.b64encode"
            | "base64.b64decode"
            | "base64.urlsafe_b64encode"
            | "base64.urlsafe_b64decode"
            | "urllib.parse.unquote"
            | "urllib.parse.unquote_plus"
            | "codecs.encode"
            | "codecs.decode"
            | "os.path.join"
            | "os.path.abspath"
            | "os.path.normpath"
            | "os.path.basename"
            | "json.dumps"
            | "json.loads"
            | "pathlib.Path"
            | "io.BytesIO"
            | "io.StringIO"
            | "copy.copy"
            | "copy.deepcopy"
            | "textwrap.dedent"
            | "textwrap.indent"
            | "typing.cast"
    )
}

fn is_store(receiver: &Abstract) -> bool {
    let is_pair = |key: &Constant| matches!(key, Constant::List(parts) if parts.len() == 2);
    receiver.elements.as_ref().is_some_and(|elements| elements.items.iter().any(|(key, _)| is_pair(key)))
}

/// The key of a store with two keys: section and option.
fn pair_key(section: &Abstract, option: &Abstract) -> Option<Constant> {
    Some(Constant::List(vec![section.constant.clone()?, option.constant.clone()?]))
}

fn combined(left: Abstract, op: Operator, right: Abstract) -> Abstract {
    if let (Some(a), Some(b)) = (&left.constant, &right.constant)
        && let Some(result) = binary(a.clone(), op, b)
    {
        return Abstract::known(result);
    }
    match op {
        Operator::Add | Operator::Mod | Operator::Div => Abstract::built([left, right]),
        _ => {
            let all = left.join(right);
            Abstract { constant: None, elements: None, ..all }
        }
    }
}

/// A container that holds these, or only their join where they are too many.
fn with_elements(container: Abstract, elements: Vec<(Constant, Abstract)>) -> Abstract {
    let joined = elements.iter().map(|(_, value)| value.clone()).reduce(Abstract::join);
    let (exposure, trail) = match joined {
        Some(joined) if joined.exposure > container.exposure => (joined.exposure, joined.trail),
        _ => (container.exposure, container.trail),
    };
    Abstract {
        exposure,
        constant: None,
        elements: Elements::new(elements),
        denied: Denied::default(),
        trail,
        parsed: 0,
    }
}

/// A container that something was put into at a place that is not known.
fn spoiled(container: Abstract, value: &Abstract) -> Abstract {
    let joined = Abstract { constant: None, ..container }.join(value.clone());
    Abstract { constant: None, elements: None, ..joined }
}

/// Any element of a container.
fn element_of(container: &Abstract) -> Abstract {
    match &container.elements {
        Some(elements) => {
            let values = elements.items.iter().map(|(_, value)| value.clone());
            values.reduce(Abstract::join).unwrap_or(Abstract::of(container.exposure))
        }
        None => Abstract { constant: None, ..container.clone() },
    }
}

/// The element of a container at a key.
fn at_key(container: &Abstract, key: &Constant) -> Abstract {
    if let Some(constant) = &container.constant
        && let Some(found) = item(constant, key)
    {
        return Abstract::known(found);
    }
    let Some(elements) = &container.elements else {
        return Abstract { constant: None, elements: None, ..container.clone() };
    };
    let key = match key {
        Constant::Int(index) if *index < 0 => {
            Constant::Int((elements.items.len() as i64).saturating_add(*index))
        }
        key => key.clone(),
    };
    match elements.items.iter().find(|(known, _)| *known == key) {
        Some((_, value)) => value.clone(),
        None => Abstract { constant: None, elements: None, ..container.clone() },
    }
}
