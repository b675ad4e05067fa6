//! A glance at an expression: can it refer to a name that ends in a word of interest?
//!
//! Most names of most files cannot, and that is told from how the expression, and what is assigned to it, is written.
//! What a glance does not rule out has to be followed. It may say yes where the answer is no, but never no where the
//! answer is yes: what it rules out is not looked at any more.

use ruff_python_ast::{self as ast, Expr};

use super::known;
use super::names::{Names, Thing, Value, Written, elements};
use super::tree::{Binding, Meaning, ScopeId, ScopeKind, Step};

/// How many names are gone through to the next.
const LEVELS: u32 = 6;

/// A name with more bindings than this is not gone through, nor a list of more values.
const MAX_VALUES: usize = 8;

/// Whether somebody asks about the last part of a name: without `()` or `[]`, and whether one of these stands behind.
type IsAsked<'q> = &'q dyn Fn(&str, bool) -> bool;

/// What a glance looks for.
#[derive(Clone, Copy)]
struct Glance<'q> {
    is_asked: IsAsked<'q>,
    /// Whether an element of the expression is asked about: then a list or mapping can hold anything.
    inside: bool,
    /// Whether an instance of what the expression names is asked about.
    as_type: bool,
    levels: u32,
    /// What is being looked at already: it gives nothing that is not seen elsewhere.
    path: Option<&'q Visit<'q>>,
}

/// A name or an attribute on the way of a glance.
struct Visit<'q> {
    what: Visited<'q>,
    inside: bool,
    as_type: bool,
    before: Option<&'q Visit<'q>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Visited<'q> {
    /// A name by its last binding.
    Name(u32),
    Attribute(&'q str),
}

impl<'q> Glance<'q> {
    fn visit(&self, what: Visited<'q>) -> Visit<'q> {
        Visit { what, inside: self.inside, as_type: self.as_type, before: self.path }
    }

    fn has_visited(&self, what: Visited<'_>) -> bool {
        let same = |visit: &&Visit<'_>| {
            visit.what == what && visit.inside == self.inside && visit.as_type == self.as_type
        };
        std::iter::successors(self.path, |visit| visit.before).find(same).is_some()
    }

    fn asks(&self, word: &str, is_result: bool) -> bool {
        let public = word.strip_prefix('_').unwrap_or(word);
        (self.is_asked)(word, is_result || self.as_type)
            || (self.is_asked)(public, is_result || self.as_type)
            || self.inside && (self.is_asked)(word, true)
            || known::is_renamed(word)
            || self.inside && HOLDERS.contains(&word)
    }

    fn asks_about(&self, name: &str) -> bool {
        let (word, is_result) = last_word(name);
        self.asks(word, is_result)
    }
}

/// The last part of a qualified name without `()` and `[]`, and whether one of these stands behind it.
pub fn last_word(name: &str) -> (&str, bool) {
    let last = name.rsplit('.').next().unwrap_or(name);
    match last.find(['(', '[']) {
        Some(at) => (&last[..at], true),
        None => (last, false),
    }
}

/// What has named things as elements.
const HOLDERS: &[&str] = &["__builtins__", "__dict__", "__globals__", "builtins", "f_builtins", "modules"];

/// Whether this is no attribute of the same name: see `Names::attribute_of`.
fn is_odd_attribute(word: &str) -> bool {
    matches!(word, "__call__" | "__self__" | "func")
}

/// What a call of something gives, by the last part of its name: see `Names::result_of_named`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gives {
    /// An instance of it.
    Instance,
    /// Its first argument.
    Argument,
    /// An element of its first argument.
    Element,
    /// An element of what it is a method of.
    Looked,
    /// Something else.
    Other,
}

fn gives(word: &str) -> Gives {
    match word {
        "aclosing"
        | "cache"
        | "classmethod"
        | "closing"
        | "copy"
        | "deepcopy"
        | "enter_async_context"
        | "enter_context"
        | "iter"
        | "list"
        | "lru_cache"
        | "nullcontext"
        | "reload"
        | "reversed"
        | "sorted"
        | "staticmethod"
        | "tuple" => Gives::Argument,
        "next" => Gives::Element,
        "__getitem__" | "get" | "pop" | "setdefault" => Gives::Looked,
        "__aenter__" | "__call__" | "__enter__" | "__getattribute__" | "__import__" | "attrgetter"
        | "cast" | "getattr" | "getattr_static" | "getitem" | "globals" | "import_module"
        | "import_string" | "itemgetter" | "locals" | "locate" | "methodcaller" | "partial"
        | "partialmethod" | "reduce" | "resolve_name" | "super" | "vars" => Gives::Other,
        _ => Gives::Instance,
    }
}

impl<'a> Names<'a> {
    /// Whether an expression may refer to a name whose last part is asked about. `is_asked` gets the last part without
    /// `()` and `[]`, and whether one of these stands behind it.
    pub fn may_be(&self, value: Value<'a>, is_asked: IsAsked<'_>) -> bool {
        let glance = Glance { is_asked, inside: false, as_type: false, levels: LEVELS, path: None };
        self.glance(value, glance)
    }

    fn glance(&self, value: Value<'a>, glance: Glance<'_>) -> bool {
        if !self.spend(1) {
            return true;
        }
        let at = |expr: &'a Expr| Value { expr, scope: value.scope };
        match value.expr {
            Expr::Name(name) => self.glance_at_name(name.id.as_str(), value.scope, glance),
            Expr::Attribute(attribute) => {
                let word = attribute.attr.as_str();
                glance.asks(word, false) || is_odd_attribute(word) || self.glance_at_given(word, glance)
            }
            Expr::Call(call) => self.glance_at_result(Written { call, scope: value.scope }, glance),
            Expr::Subscript(subscript) => {
                self.any([&*subscript.value].into_iter().map(at), Glance { inside: true, ..glance })
            }
            Expr::BinOp(joined) if joined.op == ast::Operator::Div => glance.asks("Path", true),
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. })
                if glance.inside =>
            {
                self.any(elts.iter().map(at), glance)
            }
            Expr::Dict(dict) if glance.inside => self.any(dict.iter_values().map(at), glance),
            Expr::If(choice) => self.any([&*choice.body, &*choice.orelse].into_iter().map(at), glance),
            Expr::BoolOp(choice) => self.any(choice.values.iter().map(at), glance),
            Expr::Await(ast::ExprAwait { value: inner, .. })
            | Expr::Named(ast::ExprNamed { value: inner, .. })
            | Expr::Starred(ast::ExprStarred { value: inner, .. }) => {
                self.any([&**inner].into_iter().map(at), glance)
            }
            Expr::BinOp(_)
            | Expr::UnaryOp(_)
            | Expr::Compare(_)
            | Expr::Lambda(_)
            | Expr::FString(_)
            | Expr::TString(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Set(_)
            | Expr::Dict(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => false,
            _ => true,
        }
    }

    /// Whether a glance at any of these expressions says so.
    fn any(&self, values: impl Iterator<Item = Value<'a>>, glance: Glance<'_>) -> bool {
        self.any_of(values, glance, |value, glance| self.glance(value, glance))
    }

    /// Whether this is so of any of these expressions; yes where there are too many, or they lead too far.
    fn any_of(
        &self,
        values: impl Iterator<Item = Value<'a>>,
        glance: Glance<'_>,
        is_so: impl Fn(Value<'a>, Glance<'_>) -> bool,
    ) -> bool {
        let Some(levels) = glance.levels.checked_sub(1) else { return true };
        let glance = Glance { levels, ..glance };
        let mut values = values;
        values.by_ref().take(MAX_VALUES).any(|value| is_so(value, glance)) || values.next().is_some()
    }

    /// The same of what the source gives to an attribute of this name, of whatever object.
    fn any_given(
        &self,
        attr: &str,
        glance: Glance<'_>,
        is_so: impl Fn(Value<'a>, Glance<'_>) -> bool,
    ) -> bool {
        let given = self.tree.attribute_values(attr).iter();
        self.tree.is_class_name(attr)
            || self.any_of(
                given.map(|given| Value { expr: given.value, scope: given.target_scope }),
                glance,
                is_so,
            )
    }

    /// An attribute as it is given.
    fn glance_at_given(&self, attr: &str, glance: Glance<'_>) -> bool {
        if !self.tree.is_alias(attr) || glance.has_visited(Visited::Attribute(attr)) {
            return false;
        }
        let visit = glance.visit(Visited::Attribute(attr));
        let glance = Glance { path: Some(&visit), ..glance };
        self.any_given(attr, glance, |value, glance| self.glance(value, glance))
    }

    fn glance_at_name(&self, name: &str, scope: ScopeId, glance: Glance<'_>) -> bool {
        let Some((home, last)) = self.tree.last_binding(scope, name) else { return glance.asks(name, false) };
        if known::is_builtin(name) && glance.asks(name, false) {
            return true;
        }
        if glance.has_visited(Visited::Name(last)) {
            return false;
        }
        let visit = glance.visit(Visited::Name(last));
        let glance = Glance { path: Some(&visit), ..glance };
        self.any_binding(home, name, glance, |index, binding, glance| match &binding.meaning {
            Meaning::Import(_) => self.imported(index, |name| glance.asks_about(name)),
            Meaning::Value { expr, scope, steps } => {
                let inside = glance.inside || steps.iter().any(|step| *step != Step::Enter);
                self.glance(Value { expr, scope: *scope }, Glance { inside, ..glance })
            }
            Meaning::Parameter { annotation, default, scope, .. } => {
                let at = |expr: &'a Expr| Value { expr, scope: *scope };
                default.is_some_and(|expr| self.glance(at(expr), glance))
                    || annotation.is_some_and(|expr| self.glance_at_instance(at(expr), glance))
            }
            Meaning::Function(_) | Meaning::Class(_) | Meaning::Opaque => false,
        })
    }

    /// Whether this is so of any binding of a name; yes where there are too many, or one leads too far.
    fn any_binding(
        &self,
        home: ScopeId,
        name: &str,
        glance: Glance<'_>,
        is_so: impl Fn(u32, &Binding<'a>, Glance<'_>) -> bool,
    ) -> bool {
        let Some(levels) = glance.levels.checked_sub(1) else { return true };
        let glance = Glance { levels, ..glance };
        let mut bindings = self.tree.bindings_in(home, name);
        let is_one = bindings.by_ref().take(MAX_VALUES).any(|(index, binding)| is_so(index, binding, glance));
        is_one || bindings.next().is_some()
    }

    fn imported(&self, index: u32, is_so: impl Fn(&str) -> bool) -> bool {
        self.binding(index).iter().any(|thing| matches!(thing, Thing::Named(name) if is_so(name)))
    }

    /// What a value annotated with this type may be.
    fn glance_at_instance(&self, annotation: Value<'a>, glance: Glance<'_>) -> bool {
        let at = |expr: &'a Expr| Value { expr, ..annotation };
        let as_type = Glance { as_type: true, ..glance };
        match annotation.expr {
            Expr::Name(_) | Expr::Attribute(_) => self.glance(annotation, as_type),
            Expr::NoneLiteral(_) => false,
            Expr::BinOp(union) if union.op == ast::Operator::BitOr => {
                let sides = [&*union.left, &*union.right].into_iter().map(at);
                self.any_of(sides, glance, |side, glance| self.glance_at_instance(side, glance))
            }
            // Whether the value is one of the type inside is not asked: it may be.
            Expr::Subscript(generic) => {
                let inside = elements(&generic.slice).iter().map(at);
                self.any_of(inside, glance, |inside, glance| self.glance_at_instance(inside, glance))
            }
            Expr::StringLiteral(text) => match text.value.to_str().trim() {
                union if union.contains(['|', '[']) => true,
                path if path.contains('.') => {
                    let (word, _) = last_word(path);
                    glance.asks(word, true) || self.tree.is_alias(word)
                }
                name => self.glance_at_name(name, annotation.scope, as_type),
            },
            _ => true,
        }
    }

    /// What a call gives.
    fn glance_at_result(&self, written: Written<'a>, glance: Glance<'_>) -> bool {
        let callee = Value { expr: &written.call.func, scope: written.scope };
        self.glance_at_called(callee, written, glance)
    }

    /// What a call gives, if it calls this.
    fn glance_at_called(&self, callee: Value<'a>, written: Written<'a>, glance: Glance<'_>) -> bool {
        match callee.expr {
            Expr::Attribute(method) => {
                let word = method.attr.as_str();
                let called = |value, glance: Glance<'_>| self.glance_at_called(value, written, glance);
                self.glance_at_call_of(word, written, glance)
                    || is_odd_attribute(word)
                    || self.any_method(word, glance)
                    || self.any_given(word, glance, called)
            }
            Expr::Name(name) => self.glance_at_call_of_name(name.id.as_str(), callee.scope, written, glance),
            Expr::Call(call) => self.glance_at_instance_called(Written { call, scope: callee.scope }, glance),
            expr => !expr.is_literal_expr(),
        }
    }

    /// What a method of this name gives, of whatever class.
    fn any_method(&self, name: &str, glance: Glance<'_>) -> bool {
        let methods = self.tree.methods(name);
        methods.len() > MAX_VALUES || methods.iter().any(|method| self.glance_at_returned(*method, glance))
    }

    fn glance_at_call_of_name(
        &self,
        name: &str,
        scope: ScopeId,
        written: Written<'a>,
        glance: Glance<'_>,
    ) -> bool {
        let Some(home) = self.tree.scope_binding(scope, name) else {
            return self.glance_at_call_of(name, written, glance);
        };
        if known::is_builtin(name) && self.glance_at_call_of(name, written, glance) {
            return true;
        }
        self.any_binding(home, name, glance, |index, binding, glance| match &binding.meaning {
            Meaning::Import(_) => {
                self.imported(index, |name| self.glance_at_call_of(last_word(name).0, written, glance))
            }
            Meaning::Function(scope) => self.glance_at_returned(*scope, glance),
            Meaning::Parameter { annotation: None, default: None, .. }
            | Meaning::Class(_)
            | Meaning::Opaque => false,
            Meaning::Value { expr, scope, steps } if steps.is_empty() => {
                self.glance_at_called(Value { expr, scope: *scope }, written, glance)
            }
            Meaning::Parameter { .. } | Meaning::Value { .. } => true,
        })
    }

    /// What `f()()` gives: something named by the same word, if `f` is nothing of this file and nothing odd.
    fn glance_at_instance_called(&self, Written { call, scope }: Written<'a>, glance: Glance<'_>) -> bool {
        let asks = |word: &str| gives(word) != Gives::Instance || glance.asks(word, true);
        match &*call.func {
            Expr::Attribute(method) => {
                let word = method.attr.as_str();
                asks(word) || is_odd_attribute(word) || self.tree.is_method(word) || self.tree.is_alias(word)
            }
            Expr::Name(name) => {
                let name = name.id.as_str();
                let Some(home) = self.tree.scope_binding(scope, name) else { return asks(name) };
                if known::is_builtin(name) && asks(name) {
                    return true;
                }
                self.any_binding(home, name, glance, |index, binding, _| match &binding.meaning {
                    Meaning::Import(_) => self.imported(index, |name| asks(last_word(name).0)),
                    Meaning::Class(_)
                    | Meaning::Opaque
                    | Meaning::Parameter { annotation: None, default: None, .. } => false,
                    Meaning::Function(_) | Meaning::Parameter { .. } | Meaning::Value { .. } => true,
                })
            }
            _ => true,
        }
    }

    /// What a call gives of something outside this file, by the last part of its name.
    fn glance_at_call_of(
        &self,
        word: &str,
        Written { call, scope }: Written<'a>,
        glance: Glance<'_>,
    ) -> bool {
        if glance.asks(word, true) {
            return true;
        }
        let at = |expr: &'a Expr| Value { expr, scope };
        if let ("getattr", [_, Expr::StringLiteral(attr), default @ ..]) = (word, &*call.arguments.args) {
            let attr = attr.value.to_str();
            return glance.asks(attr, false)
                || is_odd_attribute(attr)
                || self.tree.is_alias(attr)
                || self.any(default.iter().map(at), glance);
        }
        let gives = gives(word);
        let of = match (gives, &*call.func) {
            (Gives::Instance, _) => return false,
            (Gives::Other, _) => return true,
            (Gives::Looked, Expr::Attribute(method)) => Some(&*method.value),
            (Gives::Looked, _) => None,
            (Gives::Argument | Gives::Element, _) => call.arguments.args.first(),
        };
        let inside = glance.inside || matches!(gives, Gives::Element | Gives::Looked);
        self.any(of.into_iter().map(at), Glance { inside, ..glance })
    }

    fn glance_at_returned(&self, function: ScopeId, glance: Glance<'_>) -> bool {
        let Some(levels) = glance.levels.checked_sub(1) else { return true };
        let glance = Glance { levels, ..glance };
        let scope = self.tree.scope(function);
        let annotation = match (scope.kind, scope.parent) {
            (ScopeKind::Function(ast::StmtFunctionDef { returns: Some(expr), .. }), Some(outside)) => {
                Some(Value { expr, scope: outside })
            }
            _ => None,
        };
        scope.returns.len() > MAX_VALUES
            || scope.returns.iter().any(|expr| self.glance(Value { expr, scope: function }, glance))
            || annotation.is_some_and(|annotation| self.glance_at_instance(annotation, glance))
    }
}
