//! What statements do to what the variables hold.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Stmt};
use ruff_text_size::Ranged;

use super::value::{
    Abstract, State, at_key, combined, element_of, forget_growing, hold_the_same, spoiled, with_elements,
};
use super::{Frame, Run};
use crate::python::constant::Constant;
use crate::python::exposure::Exposure;
use crate::python::known::is_builtin;
use crate::python::names::{Thing, Value};
use crate::python::tree::{ScopeId, with_stack};

/// Functions that do not return.
const LEAVING: &[&str] = &[
    "argparse.ArgumentParser().error",
    "argparse.ArgumentParser().exit",
    "bottle.abort",
    "builtins.exit",
    "builtins.quit",
    "flask.abort",
    "flask_restful.abort",
    "os._exit",
    "os.abort",
    "pytest.fail",
    "pytest.skip",
    "quart.abort",
    "sanic.exceptions.abort",
    "sys.exit",
    "werkzeug.exceptions.abort",
];

/// How often the body of a loop is gone through at most.
const MAX_TURNS: usize = 8;

/// Whether what follows a statement is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Next,
    Left,
}

impl<'a> Run<'_, 'a> {
    pub(super) fn body(&self, frame: &mut Frame<'a>, body: &'a [Stmt]) -> Then {
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
                if self.never_returns(frame, &expression.value) {
                    return Then::Left;
                }
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
                if with.items.iter().any(|item| self.swallows(frame, item)) {
                    let (then, failed) = self.interrupted(frame, &with.body);
                    let ends = (then == Then::Next).then(|| self.copy(&frame.state));
                    return self.meet(frame, ends.into_iter().chain([failed]).collect());
                }
                return self.body(frame, &with.body);
            }
            Stmt::Match(choice) => return self.matched(frame, choice),
            Stmt::ClassDef(class) => {
                let keywords = class.keywords().iter().map(|keyword| &keyword.value);
                let decorators = class.decorator_list.iter().map(|decorator| &decorator.expression);
                for expr in class.bases().iter().chain(keywords).chain(decorators) {
                    self.value(frame, expr);
                }
                self.class(frame, class);
            }
            Stmt::FunctionDef(function) => {
                let decorators = function.decorator_list.iter().map(|decorator| &decorator.expression);
                let defaults = function.parameters.iter_non_variadic_params().filter_map(|one| one.default());
                for expr in decorators.chain(defaults) {
                    self.value(frame, expr);
                }
            }
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

    /// Whether an expression calls a function that only raises or ends the program.
    fn never_returns(&self, frame: &Frame<'a>, expr: &'a Expr) -> bool {
        let Expr::Call(call) = expr else { return false };
        self.names.is_only(Value { expr: &call.func, scope: frame.scope }, |name| LEAVING.contains(&name))
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
                Some(test) => {
                    let known = self.value(frame, test).constant.map(|constant| constant.truth());
                    known.filter(|_| self.is_decided_here(frame, test))
                }
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

    /// Whether a test depends on nothing but what this function assigned: what the module says, another file can set.
    fn is_decided_here(&self, frame: &Frame<'a>, test: &'a Expr) -> bool {
        let tree = &self.names.tree;
        let id = tree.id(test);
        let mut nodes = std::iter::once(tree.node(id)).chain(tree.descendants(id));
        let is_module = frame.scope == ScopeId::MODULE;
        nodes.all(|node| match node {
            AnyNodeRef::ExprName(name) => {
                self.spend(1)
                    && (is_module || frame.state.contains_key(name.id.as_str()) || is_builtin(&name.id))
            }
            _ => true,
        })
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

    /// A loop body, which runs any number of times: until a turn tells nothing new.
    fn repeated(&self, frame: &mut Frame<'a>, body: &'a [Stmt]) {
        let outer = std::mem::take(&mut frame.jumps);
        let mut before = self.copy(&frame.state);
        for turn in 0..MAX_TURNS {
            let mut ends = vec![self.copy(&frame.state)];
            if self.body(frame, body) == Then::Next {
                ends.push(self.copy(&frame.state));
            }
            ends.append(&mut frame.jumps);
            self.meet(frame, ends);
            if hold_the_same(&before, &frame.state) {
                break;
            }
            if turn > 0 {
                forget_growing(&before, &mut frame.state);
            }
            if turn + 1 == MAX_TURNS {
                // What is not known by now is not known at all.
                self.left.set(0);
            }
            before = self.copy(&frame.state);
        }
        frame.jumps = outer;
    }

    fn attempt(&self, frame: &mut Frame<'a>, attempt: &'a ast::StmtTry) -> Then {
        let (then, failed) = self.interrupted(frame, &attempt.body);
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

    /// A body that may be left anywhere, and what holds where it is: what held before, what holds behind it, or what some
    /// statement in it assigned.
    fn interrupted(&self, frame: &mut Frame<'a>, body: &'a [Stmt]) -> (Then, State<'a>) {
        let before = self.copy(&frame.state);
        frame.thrown.push(State::default());
        let then = self.body(frame, body);
        let thrown = frame.thrown.pop().unwrap_or_default();
        let after = self.copy(&frame.state);
        let mut failed = self.joined(before, after);
        for (name, value) in thrown {
            let value = failed.remove(name).map_or_else(|| value.clone(), |other| other.join(value.clone()));
            failed.insert(name, value);
        }
        (then, failed)
    }

    /// Whether a block below this goes on behind it, whatever is raised inside: `suppress`, or a class of this file that may
    /// do the same.
    fn swallows(&self, frame: &Frame<'a>, item: &'a ast::WithItem) -> bool {
        let things = self.names.things(Value { expr: &item.context_expr, scope: frame.scope });
        things.iter().any(|thing| match thing {
            Thing::Named(name) => matches!(
                name.as_str(),
                "contextlib.suppress()" | "contextlib.ExitStack()" | "pytest.raises()"
            ),
            Thing::Instance(_) | Thing::Function(_) => true,
            _ => false,
        })
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

    /// A variable holds something else from now on. Whatever catches an exception can find it there.
    pub(super) fn set(&self, frame: &mut Frame<'a>, name: &'a str, value: Abstract) {
        for thrown in &mut frame.thrown {
            if !self.spend(1) {
                break;
            }
            let before = thrown.remove(name);
            let joined = before.map_or_else(|| value.clone(), |before| before.join(value.clone()));
            thrown.insert(name, joined);
        }
        frame.state.insert(name, value);
    }

    pub(super) fn assign(&self, frame: &mut Frame<'a>, target: &'a Expr, value: &Abstract) {
        with_stack(|| self.assign_parts(frame, target, value));
    }

    fn assign_parts(&self, frame: &mut Frame<'a>, target: &'a Expr, value: &Abstract) {
        match target {
            Expr::Name(name) => self.set(frame, name.id.as_str(), value.clone()),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let starred = elts.iter().position(Expr::is_starred_expr).unwrap_or(elts.len());
                for (index, target) in elts.iter().enumerate() {
                    // Behind a star, they are counted from the end.
                    let index = if index > starred { index as i64 - elts.len() as i64 } else { index as i64 };
                    let element = at_key(value, &Constant::Int(index));
                    self.assign(frame, target, &element);
                }
            }
            Expr::Starred(starred) => {
                let rest = Abstract { elements: None, ..element_of(value) };
                self.assign(frame, &starred.value, &rest);
            }
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
    pub(super) fn store(
        &self,
        frame: &mut Frame<'a>,
        container: &'a Expr,
        key: Option<Constant>,
        value: &Abstract,
    ) {
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
        self.set(frame, name, stored);
    }

    /// Something reaches an object in a way that is not followed further.
    pub(super) fn taint(&self, frame: &mut Frame<'a>, object: &'a Expr, value: &Abstract) {
        let Expr::Name(name) = object else { return };
        let name = name.id.as_str();
        if let Some(old) = frame.state.get(name).cloned() {
            let mut given = spoiled(old, value);
            // A text takes no attributes.
            given.denied.text = true;
            self.set(frame, name, given);
        }
    }
}
