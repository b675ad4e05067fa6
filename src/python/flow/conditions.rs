//! What a test that holds, or does not, tells of what was tested.

use ruff_python_ast::{self as ast, Expr};

use super::calls::{is_resolved, keeps_text, resolves_path};
use super::patterns::{Applied, fitting};
use super::value::{Abstract, Denied, is_folder};
use super::{COPIES, Frame, Run};
use crate::python::constant::Constant;
use crate::python::exposure::Exposure;
use crate::python::names::Value;
use crate::python::tree::{Meaning, ScopeId, with_stack};

/// Functions that take an address apart.
pub(super) static TAKE_APART: &[&str] = &["urllib.parse.urlparse", "urllib.parse.urlsplit"];

impl<'a> Run<'_, 'a> {
    /// A test that holds, or does not, tells something about the variable it tests.
    pub(super) fn narrow(&self, frame: &mut Frame<'a>, test: &'a Expr, holds: bool) {
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
                let is_none = right.is_none_literal_expr();
                match (op, &*compare.left) {
                    // `pattern.match(text) is not None`
                    (ast::CmpOp::Is, Expr::Call(call)) if is_none && !holds => {
                        self.narrow_by_pattern(frame, call)
                    }
                    (ast::CmpOp::IsNot, Expr::Call(call)) if is_none && holds => {
                        self.narrow_by_pattern(frame, call)
                    }
                    (ast::CmpOp::Is, left @ Expr::Name(_)) if is_none && !holds => {
                        self.narrow(frame, left, true)
                    }
                    (ast::CmpOp::IsNot, left @ Expr::Name(_)) if is_none && holds => {
                        self.narrow(frame, left, true)
                    }
                    _ => {}
                }
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
                if positive == holds {
                    self.narrow_path_by_comparison(frame, &compare.left, *op, right);
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
            Expr::Call(call) if !holds => self.deny_root(frame, call),
            Expr::Call(call) => {
                self.narrow_address(frame, call);
                self.narrow_path(frame, call);
                self.narrow_by_pattern(frame, call);
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
            Expr::Name(found) if holds => {
                if let Some(call) = self.tried(frame, found) {
                    self.narrow_by_pattern(frame, call);
                }
            }
            _ => {}
        }
    }

    /// The one call that gave a variable its value, where what the call was given is still the same.
    fn tried(&self, frame: &Frame<'a>, found: &'a ast::ExprName) -> Option<&'a ast::ExprCall> {
        let tree = &self.names.tree;
        let mut bindings = tree.bindings_in(frame.scope, &found.id);
        let (_, only) = bindings.next().filter(|_| self.spend(1))?;
        let Meaning::Value { expr: Expr::Call(call), steps, .. } = &only.meaning else { return None };
        let [.., Expr::Name(text)] = &*call.arguments.args else { return None };
        let mut others = tree.bindings_in(frame.scope, &text.id);
        let is_same = others.all(|(_, binding)| self.spend(1) && binding.place < only.place);
        (steps.is_empty() && bindings.next().is_none() && is_same).then_some(call)
    }

    /// `re.fullmatch(PATTERN, text)` holds, or the same by a compiled pattern.
    fn narrow_by_pattern(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall) {
        let place = Value { expr: &call.func, scope: frame.scope };
        let names = self.names.qualified(place);
        let [name] = names.as_slice() else { return };
        let applied = match name.as_str() {
            "re.fullmatch" | "re.compile().fullmatch" => Applied::Whole,
            "re.match" | "re.compile().match" => Applied::Start,
            "re.search" | "re.compile().search" => Applied::Anywhere,
            _ => return,
        };
        if !call.arguments.keywords.is_empty() || !self.names.is_only(place, |only| only == name.as_str()) {
            return;
        }
        let (pattern, text) = match (&*call.arguments.args, &*call.func) {
            ([pattern, text], _) if !name.contains('(') => (self.constant_text(frame, pattern), text),
            ([text], Expr::Attribute(method)) if name.contains('(') => {
                (self.compiled(frame, &method.value), text)
            }
            _ => return,
        };
        let (Some(pattern), Expr::Name(text)) = (pattern, text) else { return };
        if let (Some(denied), Some(value)) =
            (fitting(&pattern, applied), frame.state.get_mut(text.id.as_str()))
        {
            value.denied = value.denied.or(denied);
        }
    }

    fn constant_text(&self, frame: &Frame<'a>, expr: &'a Expr) -> Option<String> {
        let constant = self.names.constant(Value { expr, scope: frame.scope });
        constant.as_ref().and_then(Constant::as_str).map(str::to_owned)
    }

    /// The pattern that was compiled without flags: `PATTERN = re.compile("[a-z]+")`.
    fn compiled(&self, frame: &Frame<'a>, expr: &'a Expr) -> Option<String> {
        let (call, scope) = match expr {
            Expr::Call(call) => (call, frame.scope),
            Expr::Name(name) => {
                let home = self.names.tree.scope_binding(frame.scope, &name.id)?;
                let mut bindings = self.names.tree.bindings_in(home, &name.id);
                let (Some((_, only)), None) = (bindings.next(), bindings.next()) else { return None };
                match &only.meaning {
                    Meaning::Value { expr: Expr::Call(call), scope, steps } if steps.is_empty() => {
                        (call, *scope)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        let [pattern] = &*call.arguments.args else { return None };
        let constant = self.names.constant(Value { expr: pattern, scope });
        call.arguments
            .keywords
            .is_empty()
            .then(|| constant.as_ref().and_then(Constant::as_str).map(str::to_owned))
            .flatten()
    }

    /// Whether the program chose a value, and nobody outside.
    fn is_own(&self, frame: &mut Frame<'a>, expr: &'a Expr) -> bool {
        self.value(frame, expr).exposure < Exposure::Input
    }

    /// Whether the program chose a folder, and not one that everything is in: `/`.
    pub(super) fn is_own_folder(&self, frame: &mut Frame<'a>, folder: &'a Expr) -> bool {
        self.is_own(frame, folder) && !self.holds_everything(folder, frame.scope, 0)
    }

    fn holds_everything(&self, folder: &'a Expr, scope: ScopeId, depth: u32) -> bool {
        let constant = self.names.constant(Value { expr: folder, scope });
        if let Some(text) = constant.as_ref().and_then(Constant::as_str) {
            return !is_folder(text);
        }
        if depth > 4 || !self.spend(1) {
            return true;
        }
        match folder {
            Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
                (_, [path]) => self.holds_everything(path, scope, depth + 1),
                (Expr::Attribute(method), []) => self.holds_everything(&method.value, scope, depth + 1),
                _ => false,
            },
            Expr::Name(name) => {
                let Some(home) = self.names.tree.scope_binding(scope, &name.id) else { return false };
                self.names.tree.bindings_in(home, &name.id).any(|(_, binding)| match &binding.meaning {
                    Meaning::Value { expr, scope, steps } if steps.is_empty() => {
                        self.holds_everything(expr, *scope, depth + 1)
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }

    /// The variable in `path`, `str(path)` or `path.resolve()`, and whether it is asked where it leads.
    fn path_in(&self, frame: &Frame<'a>, expr: &'a Expr, depth: u32) -> Option<(&'a str, bool)> {
        match expr {
            Expr::Name(name) => Some((name.id.as_str(), false)),
            Expr::Call(call) if depth < 4 => {
                let place = Value { expr: &call.func, scope: frame.scope };
                if is_resolved(call) {
                    let (name, _) = self.path_in(frame, &call.func.as_attribute_expr()?.value, depth + 1)?;
                    return Some((name, true));
                }
                let [path] = &*call.arguments.args else { return None };
                let (name, resolved) = self.path_in(frame, path, depth + 1)?;
                if self.names.is_only(place, resolves_path) {
                    return Some((name, true));
                }
                self.names.is_only(place, keeps_text).then_some((name, resolved))
            }
            _ => None,
        }
    }

    /// A path leads into a folder that the program chose, if it was asked where it leads and not how it is written.
    pub(super) fn keep_inside(&self, frame: &mut Frame<'a>, path: &'a Expr) {
        let Some((name, resolved)) = self.path_in(frame, path, 0) else { return };
        if let Some(value) = frame.state.get_mut(name)
            && (resolved || value.denied.resolved)
        {
            value.denied.parents = true;
            value.denied.root = true;
        }
    }

    /// `path.startswith(folder + os.sep)` or `path.is_relative_to(folder)` holds.
    fn narrow_path(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall) {
        let (Expr::Attribute(method), [folder]) = (&*call.func, &*call.arguments.args) else { return };
        let is_inside = match method.attr.as_str() {
            "startswith" => self.is_closed(frame, folder, 0) && self.is_own(frame, folder),
            "is_relative_to" => self.is_own_folder(frame, folder),
            _ => false,
        };
        if is_inside {
            self.keep_inside(frame, &method.value);
        }
    }

    /// `os.path.commonpath([folder, path]) == folder` or `folder in path.parents` holds.
    fn narrow_path_by_comparison(
        &self,
        frame: &mut Frame<'a>,
        left: &'a Expr,
        op: ast::CmpOp,
        right: &'a Expr,
    ) {
        match (op, left, right) {
            (ast::CmpOp::In | ast::CmpOp::NotIn, folder, Expr::Attribute(parents))
                if parents.attr.as_str() == "parents" && self.is_own_folder(frame, folder) =>
            {
                self.keep_inside(frame, &parents.value);
            }
            (ast::CmpOp::Eq | ast::CmpOp::NotEq, Expr::Call(call), folder)
            | (ast::CmpOp::Eq | ast::CmpOp::NotEq, folder, Expr::Call(call)) => {
                let place = Value { expr: &call.func, scope: frame.scope };
                if !self.names.is_only(place, |name| name == "os.path.commonpath")
                    || !self.is_own_folder(frame, folder)
                {
                    return;
                }
                let [Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })] =
                    &*call.arguments.args
                else {
                    return;
                };
                let others: Vec<&'a Expr> = elts.iter().filter(|part| !self.is_own(frame, part)).collect();
                if let ([path], true) = (others.as_slice(), elts.len() > 1) {
                    self.keep_inside(frame, path);
                }
            }
            _ => {}
        }
    }

    /// Whether a text ends where the name of a folder does: `folder + os.sep`, `"/srv/"`.
    fn is_closed(&self, frame: &Frame<'a>, expr: &'a Expr, depth: u32) -> bool {
        let place = |expr: &'a Expr| Value { expr, scope: frame.scope };
        if let Some(text) = self.constant_text(frame, expr) {
            return is_folder(&text) && text.ends_with(['/', '\\']);
        }
        let is_separator = |expr: &'a Expr| {
            self.names.is_only(place(expr), |name| matches!(name, "os.sep" | "os.path.sep"))
                || matches!(self.constant_text(frame, expr).as_deref(), Some("/" | "\\"))
        };
        match expr {
            Expr::BinOp(sum) if sum.op == ast::Operator::Add => is_separator(&sum.right),
            Expr::FString(text) => match text.value.elements().last() {
                Some(ast::InterpolatedStringElement::Literal(end)) => end.value.ends_with(['/', '\\']),
                Some(ast::InterpolatedStringElement::Interpolation(end)) => is_separator(&end.expression),
                None => false,
            },
            Expr::Call(call) => {
                let is_join = self.names.is_only(place(&call.func), |name| name == "os.path.join");
                let is_empty = |last: &'a Expr| self.constant_text(frame, last).as_deref() == Some("");
                is_join && call.arguments.args.last().is_some_and(is_empty)
            }
            Expr::Name(name) if depth < 3 => {
                let Some(home) = self.names.tree.scope_binding(frame.scope, &name.id) else { return false };
                self.names.tree.bindings_in(home, &name.id).all(|(_, binding)| match &binding.meaning {
                    Meaning::Value { expr, steps, .. } => {
                        self.spend(1) && steps.is_empty() && self.is_closed(frame, expr, depth + 1)
                    }
                    _ => false,
                })
            }
            _ => false,
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
        let place = Value { expr: &call.func, scope: frame.scope };
        let is_test = self.names.is_only(place, |name| tests.contains(&name));
        if let (true, Some(value)) = (is_test, frame.state.get_mut(address.id.as_str())) {
            value.denied.host = true;
        }
    }

    /// Notes which variable holds the address that a call takes apart.
    pub(super) fn take_apart(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall) -> usize {
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

    /// `path.startswith("/")` or `os.path.isabs(path)` does not hold: the path starts at no folder of its own choice.
    fn deny_root(&self, frame: &mut Frame<'a>, test: &'a ast::ExprCall) {
        let path = match (&*test.func, &*test.arguments.args) {
            (Expr::Attribute(method), [prefix]) if method.attr.as_str() == "startswith" => {
                let is_root = |constant: &Constant| constant.as_str() == Some("/");
                let refused = self.value(frame, prefix).constant.is_some_and(|prefix| match &prefix {
                    Constant::List(prefixes) => prefixes.iter().any(is_root),
                    prefix => is_root(prefix),
                });
                refused.then_some(&*method.value)
            }
            (Expr::Attribute(method), []) if method.attr.as_str() == "is_absolute" => Some(&*method.value),
            (func, [path]) => {
                let place = Value { expr: func, scope: frame.scope };
                self.names.is_only(place, |name| name == "os.path.isabs").then_some(path)
            }
            _ => None,
        };
        let Some(Expr::Name(name)) = path else { return };
        if let Some(value) = frame.state.get_mut(name.id.as_str()) {
            value.denied.root = true;
        }
    }

    /// `text[1:-1]`.
    fn leaves_out_ends(&self, frame: &mut Frame<'a>, slice: &'a ast::ExprSlice) -> bool {
        let mut is = |bound: &'a Option<Box<Expr>>, number| {
            let value = bound.as_ref().map(|bound| self.value(frame, bound));
            value.is_some_and(|value| value.constant == Some(Constant::Int(number)))
        };
        slice.step.is_none() && is(&slice.lower, 1) && is(&slice.upper, -1)
    }

    /// `"'" in text` does not hold: the text, or a part of it, is free of quotes.
    fn deny(&self, frame: &mut Frame<'a>, part: &'a Expr, text: &'a Expr) {
        let Some(Constant::Str(part)) = self.value(frame, part).constant else { return };
        let (text, between_quotes) = match text {
            Expr::Subscript(ast::ExprSubscript { value, slice, .. }) => match &**slice {
                // The rest of the text was not tested, but that it begins with a quote may have been.
                Expr::Slice(slice) if self.leaves_out_ends(frame, slice) => (&**value, true),
                _ => return,
            },
            text => (text, false),
        };
        if between_quotes && !matches!(part.as_str(), "'" | "\"") {
            return;
        }
        let Expr::Name(name) = text else { return };
        if let Some(value) = frame.state.get_mut(name.id.as_str())
            && (!between_quotes || value.denied.opened)
        {
            value.denied = value.denied.or(Denied::by(&part));
        }
    }
}
