//! What an expression is, from what its parts are.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, InterpolatedStringElement, Operator};
use ruff_text_size::Ranged;

use super::calls::are_last;
use super::value::{Abstract, Denied, State, at_key, combined, element_of, spoiled, text_of, with_elements};
use super::{Frame, Run};
use crate::python::constant::{Constant, compare, item, push_bounded, shown};
use crate::python::exposure::{Exposure, fact, source_of};
use crate::python::names::{Names, STEP, Value};
use crate::python::template::{Field, Hole, percent_holes, shows_number};
use crate::python::tree::{Meaning, ScopeId, with_stack};

impl<'a> Run<'_, 'a> {
    /// What an expression is, recorded for those who ask about it.
    pub(super) fn value(&self, frame: &mut Frame<'a>, expr: &'a Expr) -> Abstract {
        if !self.spend(1) {
            return Abstract::of(Exposure::Unknown);
        }
        let mut value = with_stack(|| self.evaluate(frame, expr));
        // Only the variable itself is what was taken apart and compared, not what is made of it.
        if !matches!(expr, Expr::Name(_) | Expr::Call(_) | Expr::If(_) | Expr::BoolOp(_) | Expr::Named(_)) {
            value.parsed = 0;
            value.denied = value.denied.of_another();
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
                match (binary.op, text_of(&left)) {
                    (Operator::Mod, Some(template)) if right.constant.is_none() => {
                        let parts = percent_parts(template, &binary.right, &right);
                        let last = are_last(&left, &parts);
                        let parts = Abstract::built(parts.into_iter().chain([left.clone()]));
                        let root = combined(left, binary.op, right).denied.root;
                        let mut text = parts.denying_root(root).through(binary.range());
                        text.denied.last = last;
                        text
                    }
                    _ => combined(left, binary.op, right),
                }
            }
            Expr::FString(text) => self.fstring(frame, text),
            Expr::Call(call) => self.call(frame, expr, call),
            Expr::Attribute(attribute) => {
                let base = self.value(frame, &attribute.value);
                if attribute.attr.as_str() == "name" && self.is_path(frame, &attribute.value) {
                    return last_part(base);
                }
                if attribute.attr.as_str() == "parent" && base.denied.last {
                    return Abstract::of(Exposure::Unknown);
                }
                if let Some(exposure) = fact(self.names, Value { expr, scope: frame.scope }) {
                    return Abstract::of(exposure);
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
                    denied: Denied {
                        text: false,
                        found: base.denied.found || base.denied.text,
                        ..base.denied
                    },
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
                let found = match key {
                    Some(key) => at_key(&base, &key),
                    None => element_of(&base),
                };
                if base.elements.is_some() {
                    return found;
                }
                // A part of a text can begin behind what it began with, and leave out what quoted it.
                let denied = Denied { root: found.denied.last, shell: false, query: false, ..found.denied };
                Abstract { denied, ..found }
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
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    self.value(frame, part);
                }
                Abstract::of(Exposure::Unknown)
            }
            Expr::Lambda(_) | Expr::TString(_) | Expr::IpyEscapeCommand(_) => Abstract::of(Exposure::Unknown),
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
        let holds_others =
            value.elements.is_some() || matches!(value.constant, Some(Constant::List(_) | Constant::Dict(_)));
        let changes = || self.names.changes().contains(&self.names.tree, frame.scope, id);
        if self.names.tree.is_shared(id) || holds_others && changes() {
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
        let mut start = Abstract::known(Constant::Str(String::new()));
        for part in &text.value {
            let ast::FStringPart::FString(fstring) = part else {
                if let ast::FStringPart::Literal(literal) = part {
                    constant = add(constant, &literal.value);
                    start = start.followed_by(&literal.value);
                }
                continue;
            };
            for element in &fstring.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => {
                        constant = add(constant, &literal.value);
                        start = start.followed_by(&literal.value);
                    }
                    InterpolatedStringElement::Interpolation(inner) => {
                        let value = self.value(frame, &inner.expression);
                        let text =
                            value.constant.as_ref().filter(|_| inner.format_spec.is_none()).and_then(shown);
                        constant = text.and_then(|text| add(constant, &text));
                        start = combined(start, Operator::Add, value.clone());
                        // What says how a date is shown can hold any text.
                        let spec = inner.format_spec.iter().flat_map(|spec| spec.elements.interpolations());
                        parts.extend(spec.map(|part| self.value(frame, &part.expression)));
                        let is_number = shows_number(inner) && self.takes_formats(&value);
                        parts.push(if is_number { value.into_number() } else { value });
                    }
                }
            }
        }
        match constant {
            Some(text) => Abstract::known(Constant::Str(text)),
            None => {
                let mut built = Abstract::built(parts).denying_root(start.denied.root).through(text.range());
                built.denied.last = start.denied.last;
                built
            }
        }
    }

    /// Whether a value, shown in a way that only numbers are shown in, is a number.
    pub(super) fn takes_formats(&self, value: &Abstract) -> bool {
        let is_made = value.exposure >= Exposure::Input && value.denied.text;
        !is_made && !self.names.says_how_formatted()
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
            let key = entry.key.as_ref().map(|key| self.value(frame, key));
            let value = self.value(frame, &entry.value);
            match key {
                Some(Abstract { constant: Some(key), .. }) => elements.push((key, value)),
                // What the mapping holds is as exposed as the keys that it may be asked for.
                key => rest = rest.into_iter().chain(key).chain([value]).reduce(Abstract::join),
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
        let inside = std::mem::replace(&mut frame.state, before);
        self.keep_assigned(frame, element, inside);
        Abstract { constant: None, elements: None, ..value }
    }

    /// What a comprehension assigns by `:=` is seen outside of it, if it ran at all.
    fn keep_assigned(&self, frame: &mut Frame<'a>, element: &'a Expr, mut inside: State<'a>) {
        let tree = &self.names.tree;
        let around = tree.parent(tree.id(element)).unwrap_or(tree.id(element));
        for node in tree.descendants(around) {
            if !self.spend(1) {
                return;
            }
            if let AnyNodeRef::ExprNamed(named) = node
                && let Expr::Name(name) = &*named.target
                && let Some(value) = inside.remove(name.id.as_str())
            {
                let before = frame.state.get(name.id.as_str()).cloned();
                let joined = before.map_or_else(|| value.clone(), |before| before.join(value.clone()));
                self.set(frame, name.id.as_str(), joined);
            }
        }
    }

    /// Whether an expression is certainly a path of `pathlib`.
    fn is_path(&self, frame: &Frame<'a>, expr: &'a Expr) -> bool {
        let is_path = |name: &str| matches!(name, "pathlib.Path()" | "pathlib.PurePath()");
        self.names.is_only(Value { expr, scope: frame.scope }, is_path)
    }

    /// What comes from outside by its very name: `flask.request.args`, `sys.argv`.
    pub(super) fn source(&self, frame: &Frame<'a>, expr: &'a Expr) -> Option<Abstract> {
        let exposure = source_of(self.names, Value { expr, scope: frame.scope })?;
        Some(Abstract::of(exposure).through(expr.range()))
    }
}

/// The last part of a path: no separator is left in it.
pub(super) fn last_part(path: Abstract) -> Abstract {
    let denied = Denied { last: true, parents: false, root: true, ..path.denied.of_another() };
    Abstract { constant: None, elements: None, denied, parsed: 0, ..path }
}

/// What `template % right` shows.
fn percent_parts(template: &str, right: &Expr, value: &Abstract) -> Vec<Abstract> {
    let (_, holes) = percent_holes(template);
    let is_known = match right {
        Expr::Tuple(tuple) => tuple.len() == holes.len() && !tuple.iter().any(Expr::is_starred_expr),
        Expr::Dict(dict) => dict.iter().all(|item| item.key.is_some()),
        _ => false,
    };
    let shown = |hole: &Hole| {
        let key = match &hole.field {
            Field::At(index) => Constant::Int(i64::try_from(*index).ok()?),
            Field::Named(name) => Constant::Str(name.clone()),
            Field::Several => return None,
        };
        is_known.then(|| at_key(value, &key))
    };
    let part = |hole: Hole| match hole.is_number {
        true => value.clone().into_number(),
        false => shown(&hole).unwrap_or_else(|| value.clone()),
    };
    holes.into_iter().map(part).collect()
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
            let Meaning::Value { expr, scope, steps } = &binding.meaning else {
                return Abstract::of(Exposure::Unknown);
            };
            let is_changed =
                !matches!(expr, Expr::Tuple(_)) && !expr.is_literal_expr() && self.is_changed(name);
            match self.constant(Value { expr, scope: *scope }).filter(|_| !is_changed) {
                Some(found) if steps.is_empty() => several |= constant.replace(found).is_some(),
                _ => return Abstract::of(Exposure::Unknown),
            }
        }
        constant.filter(|_| !several).map_or(Abstract::of(Exposure::Constant), Abstract::known)
    }
}
