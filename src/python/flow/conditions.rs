//! What a test that holds, or does not, tells of what was tested.

use ruff_python_ast::{self as ast, Expr};

use super::value::{Abstract, Denied};
use super::{COPIES, Frame, Run};
use crate::python::constant::Constant;
use crate::python::exposure::Exposure;
use crate::python::names::Value;
use crate::python::tree::with_stack;

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
            Expr::Call(call) if !holds => self.deny_root(frame, call),
            Expr::Call(call) => {
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
