//! What an expression computes, where that can be told from the source alone.

use std::sync::LazyLock;

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, InterpolatedStringElement, Number, Operator, UnaryOp};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::glance::last_word;
use super::known::is_builtin;
use super::names::{Names, STEP, Thing, Value, Written};
use super::tree::{NodeId, Tree};

/// How long a folded string or how large a folded list may become.
const MAX_SIZE: usize = 1 << 16;

/// How deep in one another the parts of an expression are that is worked out for each item of a list.
const MAX_NESTED: u32 = 16;

/// How much memory a folded list or mapping may take with all that is in it.
const MAX_WEIGHT: usize = 1 << 22;

/// A value known from the source.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    None,
    Ellipsis,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    /// A list, tuple or set.
    List(Vec<Constant>),
    Dict(Vec<(Constant, Constant)>),
}

impl Constant {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Constant::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one; Python's `True` is 1.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Constant::Int(number) => Some(*number),
            Constant::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// About how many bytes of memory it takes.
    pub(super) fn weight(&self) -> usize {
        let inside = match self {
            Constant::Str(text) => text.len(),
            Constant::Bytes(bytes) => bytes.len(),
            Constant::List(items) => items.iter().map(Constant::weight).sum(),
            Constant::Dict(items) => items.iter().map(|(key, value)| key.weight() + value.weight()).sum(),
            _ => 0,
        };
        size_of::<Constant>() + inside
    }

    /// What Python's `bool()` says of it.
    pub fn truth(&self) -> bool {
        match self {
            Constant::None => false,
            Constant::Ellipsis => true,
            Constant::Bool(value) => *value,
            Constant::Int(number) => *number != 0,
            Constant::Float(number) => *number != 0.0,
            Constant::Str(text) => !text.is_empty(),
            Constant::Bytes(bytes) => !bytes.is_empty(),
            Constant::List(items) => !items.is_empty(),
            Constant::Dict(items) => !items.is_empty(),
        }
    }
}

/// What is known about the values an expression can have.
#[derive(Debug, Clone, Default)]
pub struct Possible {
    /// Constants that it can be.
    pub constants: SmallVec<[Constant; 2]>,
    /// Whether it can be something else too.
    pub open: bool,
}

impl<'a> Names<'a> {
    /// The one constant that an expression is, whatever happens.
    pub fn constant(&self, value: Value<'a>) -> Option<Constant> {
        // Literals are as quickly read again as looked up.
        if value.expr.is_literal_expr() {
            return self.fold(value);
        }
        self.fold_once(self.tree.id(value.expr), || {
            let mut possible = self.possible(value);
            match (possible.constants.len(), possible.open) {
                (1, false) => possible.constants.pop(),
                _ => None,
            }
        })
    }

    /// The constant that an expression computes itself: what a name or a function of this file gives as a whole is not
    /// looked up.
    pub fn folded(&self, value: Value<'a>) -> Option<Constant> {
        self.deeper(|| self.fold(value))
    }

    /// All that an expression can be.
    pub fn possible(&self, value: Value<'a>) -> Possible {
        self.deeper(|| {
            if matches!(value.expr, Expr::Subscript(part) if self.is_part_changed(part)) {
                return Possible { constants: SmallVec::new(), open: true };
            }
            if let Some(constant) = self.fold(value) {
                return Possible { constants: SmallVec::from_elem(constant, 1), open: false };
            }
            self.possible_meanings(value)
        })
    }

    fn possible_meanings(&self, value: Value<'a>) -> Possible {
        let open = Possible { constants: SmallVec::new(), open: true };
        if !matches!(
            value.expr,
            Expr::Name(_)
                | Expr::Attribute(_)
                | Expr::Subscript(_)
                | Expr::If(_)
                | Expr::BoolOp(_)
                | Expr::Named(_)
                | Expr::Call(_)
                | Expr::Await(_)
                | Expr::Starred(_)
        ) {
            return open;
        }
        let things = self.things(value);
        let mut out = Possible { constants: SmallVec::new(), open: things.is_empty() || self.is_open(value) };
        for thing in things {
            match thing {
                Thing::Value(inner) if inner != value => {
                    let inner = self.possible(inner);
                    out.open |= inner.open;
                    for constant in inner.constants {
                        self.spend(constant.weight() / 8);
                        if !out.constants.contains(&constant) {
                            out.constants.push(constant);
                        }
                    }
                }
                _ => out.open = true,
            }
        }
        out
    }

    /// Whether a name can have a value besides those that can be seen: one of its bindings is opaque.
    pub(super) fn is_open(&self, value: Value<'a>) -> bool {
        use super::tree::{Meaning, Step};
        let Expr::Name(name) = value.expr else { return false };
        let name = name.id.as_str();
        let Some(home) = self.tree.scope_binding(value.scope, name) else { return true };
        self.tree.bindings_in(home, name).any(|(_, binding)| match &binding.meaning {
            _ if !self.spend(1) => true,
            Meaning::Opaque => true,
            Meaning::Parameter { annotation, default, .. } => default.is_some() || annotation.is_none(),
            Meaning::Value { steps, .. } => steps.contains(&Step::Enter),
            _ => false,
        })
    }

    /// Whether the file changes what the list or mapping of this name holds, or gives it another name to be changed by.
    pub(super) fn is_changed(&self, name: &str) -> bool {
        let changed = self.changed.get_or_init(|| {
            let names = self.tree.nodes().filter_map(|(id, node)| match node {
                AnyNodeRef::ExprName(name) if changes(&self.tree, id) => Some(name.id.as_str()),
                _ => None,
            });
            names.collect()
        });
        changed.contains(name)
    }

    fn is_part_changed(&self, part: &ast::ExprSubscript) -> bool {
        matches!(&*part.value, Expr::Name(name) if self.is_changed(&name.id))
    }

    fn fold(&self, value: Value<'a>) -> Option<Constant> {
        let at = |expr: &'a Expr| Value { expr, scope: value.scope };
        match value.expr {
            Expr::StringLiteral(text) => Some(Constant::Str(text.value.to_str().to_owned())),
            Expr::BytesLiteral(bytes) => Some(Constant::Bytes(bytes.value.bytes().collect())),
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(number) => number.as_i64().map(Constant::Int),
                Number::Float(number) => Some(Constant::Float(*number)),
                Number::Complex { .. } => None,
            },
            Expr::BooleanLiteral(literal) => Some(Constant::Bool(literal.value)),
            Expr::NoneLiteral(_) => Some(Constant::None),
            Expr::EllipsisLiteral(_) => Some(Constant::Ellipsis),
            Expr::FString(text) => self.fold_fstring(text, value),
            Expr::BinOp(_) => self.fold_binary(value),
            Expr::UnaryOp(unary) => {
                let operand = self.constant(at(&unary.operand))?;
                match unary.op {
                    UnaryOp::Not => Some(Constant::Bool(!operand.truth())),
                    UnaryOp::USub => operand.as_int()?.checked_neg().map(Constant::Int),
                    UnaryOp::UAdd => operand.as_int().map(Constant::Int),
                    UnaryOp::Invert => operand.as_int().map(|n| Constant::Int(!n)),
                }
            }
            Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                let mut weight = Weight::default();
                let item = |expr: &'a Expr| self.constant(at(expr)).filter(|item| weight.add(item));
                if elts.iter().any(Expr::is_starred_expr) {
                    return None;
                }
                elts.iter().map(item).collect::<Option<_>>().map(Constant::List)
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                let [each] = generators.as_slice() else { return None };
                let (Expr::Name(name), []) = (&each.target, each.ifs.as_slice()) else { return None };
                let items = iterated(&self.constant(at(&each.iter))?)?;
                // A generator is true, whatever it gives.
                let is_false = items.is_empty() && value.expr.is_generator_expr();
                self.fold_each(elt, name.id.as_str(), items).filter(|_| !is_false)
            }
            Expr::Dict(dict) => {
                let mut weight = Weight::default();
                let item = |item: &'a ast::DictItem| {
                    let key = self.constant(at(item.key.as_ref()?)).filter(|key| weight.add(key))?;
                    Some((key, self.constant(at(&item.value)).filter(|value| weight.add(value))?))
                };
                let items: Option<Vec<(Constant, Constant)>> = dict.items.iter().map(item).collect();
                items.map(Constant::Dict)
            }
            Expr::Subscript(subscript) => self.fold_subscript(subscript, value),
            Expr::Call(call) => self.fold_call(Written { call, scope: value.scope }),
            Expr::Compare(compare) => self.fold_comparison(compare, value),
            _ => None,
        }
    }

    fn fold_fstring(&self, text: &'a ast::ExprFString, value: Value<'a>) -> Option<Constant> {
        let mut out = String::new();
        for part in &text.value {
            match part {
                ast::FStringPart::Literal(literal) => push_bounded(&mut out, &literal.value)?,
                ast::FStringPart::FString(fstring) => {
                    for element in &fstring.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => {
                                push_bounded(&mut out, &literal.value)?;
                            }
                            InterpolatedStringElement::Interpolation(inner)
                                if inner.format_spec.is_none() =>
                            {
                                let inner = self.constant(Value { expr: &inner.expression, ..value })?;
                                push_bounded(&mut out, &shown(&inner)?)?;
                            }
                            InterpolatedStringElement::Interpolation(_) => return None,
                        }
                    }
                }
            }
        }
        Some(Constant::Str(out))
    }

    /// A chain of the same operator leans to the left and can be long: it is unrolled, not recursed into.
    fn fold_binary(&self, value: Value<'a>) -> Option<Constant> {
        let mut operands = Vec::new();
        let mut expr = value.expr;
        while let Expr::BinOp(binary) = expr {
            operands.push((binary.op, &*binary.right));
            expr = &binary.left;
        }
        if operands.len() > MAX_SIZE {
            return None;
        }
        let mut result = self.constant(Value { expr, ..value })?;
        for (op, expr) in operands.into_iter().rev() {
            if !self.spend(STEP) {
                return None;
            }
            let right = self.constant(Value { expr, ..value })?;
            // Only a tuple has a value for each place of a template.
            if op == Operator::Mod && matches!(right, Constant::List(_)) && !expr.is_tuple_expr() {
                return None;
            }
            result = binary(result, op, &right)?;
        }
        Some(result)
    }

    /// What an expression is for each value of the name in it.
    fn fold_each(&self, expr: &'a Expr, name: &str, items: Vec<Constant>) -> Option<Constant> {
        let mut weight = Weight::default();
        let results = items.into_iter().map(|item| {
            let result = self.fold_for(expr, name, &item, MAX_NESTED)?;
            (self.spend(STEP) && weight.add(&result)).then_some(result)
        });
        results.collect::<Option<_>>().map(Constant::List)
    }

    /// What an expression is for one value of the name in it.
    fn fold_for(&self, expr: &'a Expr, name: &str, item: &Constant, levels: u32) -> Option<Constant> {
        let levels = levels.checked_sub(1)?;
        let inside = |expr| self.fold_for(expr, name, item, levels);
        let at = |expr: &'a Expr| Value { expr, scope: self.tree.scope_of(self.tree.id(expr)) };
        match expr {
            Expr::Name(it) if it.id.as_str() == name => Some(item.clone()),
            Expr::Name(_) => self.constant(at(expr)),
            Expr::BinOp(sum) => binary(inside(&sum.left)?, sum.op, &inside(&sum.right)?),
            Expr::Call(call) if call.arguments.keywords.is_empty() => {
                let given = call.arguments.args.iter().map(inside).collect::<Option<Vec<_>>>()?;
                match self.qualified(at(&call.func)).as_slice() {
                    [function] if self.is_certain(at(&call.func)) => apply_function(function, &given),
                    _ => None,
                }
            }
            _ if expr.is_literal_expr() => self.fold(at(expr)),
            _ => None,
        }
    }

    /// `map(chr, [104, 105])`, `map(lambda n: chr(n ^ 1), …)`.
    fn fold_map(&self, written: Written<'a>) -> Option<Constant> {
        let Written { call, scope } = written;
        let ([function, items], []) = (&*call.arguments.args, &*call.arguments.keywords) else { return None };
        let items = iterated(&self.constant(Value { expr: items, scope })?)?;
        if let Expr::Lambda(lambda) = function {
            let parameters = lambda.parameters.as_deref()?;
            let [parameter] = &*parameters.args else { return None };
            return self.fold_each(&lambda.body, parameter.name().as_str(), items);
        }
        let names = self.qualified(Value { expr: function, scope });
        let [name] = names.as_slice() else { return None };
        let mut weight = Weight::default();
        let results = items.into_iter().map(|item| {
            let result = apply_function(name, &[item])?;
            (self.spend(STEP) && weight.add(&result)).then_some(result)
        });
        results.collect::<Option<_>>().map(Constant::List)
    }

    fn fold_comparison(&self, test: &'a ast::ExprCompare, value: Value<'a>) -> Option<Constant> {
        let ([op], [right]) = (&*test.ops, &*test.comparators) else { return None };
        let left = self.constant(Value { expr: &test.left, ..value })?;
        let right = self.constant(Value { expr: right, ..value })?;
        compare(&left, *op, &right).map(Constant::Bool)
    }

    fn fold_subscript(&self, subscript: &'a ast::ExprSubscript, value: Value<'a>) -> Option<Constant> {
        let Expr::Slice(slice) = &*subscript.slice else {
            let base = self.constant(Value { expr: &subscript.value, ..value })?;
            let key = self.constant(Value { expr: &subscript.slice, ..value })?;
            return item(&base, &key);
        };
        let part = |expr: &'a Option<Box<Expr>>| match expr {
            Some(expr) => match self.constant(Value { expr, ..value })? {
                Constant::None => Some(None),
                constant => constant.as_int().map(Some),
            },
            None => Some(None),
        };
        let (lower, upper, step) = (part(&slice.lower)?, part(&slice.upper)?, part(&slice.step)?);
        let base = self.constant(Value { expr: &subscript.value, ..value })?;
        match base {
            Constant::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                Some(Constant::Str(sliced(&chars, lower, upper, step)?.into_iter().collect()))
            }
            Constant::Bytes(bytes) => sliced(&bytes, lower, upper, step).map(Constant::Bytes),
            Constant::List(items) => sliced(&items, lower, upper, step).map(Constant::List),
            _ => None,
        }
    }

    fn fold_call(&self, written: Written<'a>) -> Option<Constant> {
        let Written { call, scope } = written;
        let at = |expr: &'a Expr| Value { expr, scope };
        let arguments = &call.arguments;
        if arguments.args.len() > 8 {
            return None;
        }
        if arguments.args.iter().any(Expr::is_starred_expr) {
            return None;
        }
        let positional =
            || arguments.args.iter().map(|expr| self.constant(at(expr))).collect::<Option<Vec<_>>>();
        if let Expr::Attribute(method) = &*call.func
            && is_foldable_method(method.attr.as_str())
            && let Some(receiver) = self.constant(at(&method.value))
        {
            let name = method.attr.as_str();
            if let (Constant::Str(template), "format") = (&receiver, name) {
                return formatted(template, &positional()?, &self.keywords(written)?).map(Constant::Str);
            }
            return apply_method(&receiver, name, &self.in_order(written, positional()?)?);
        }
        match &*call.func {
            Expr::Name(_) if !self.may_be(at(&call.func), &|word, _| is_foldable(word)) => return None,
            Expr::Attribute(method)
                if !is_foldable(method.attr.as_str()) && !self.tree.is_alias(&method.attr) =>
            {
                return None;
            }
            _ => {}
        }
        if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "map") {
            let is_map = self.is_only(at(&call.func), |name| name == "builtins.map");
            return if is_map { self.fold_map(written) } else { None };
        }
        // Most calls get something that varies, which is seen sooner than what they call.
        let given = positional().and_then(|given| self.in_order(written, given));
        let given = given.filter(|given| !given.is_empty())?;
        match self.qualified(at(&call.func)).as_slice() {
            [name] => apply_function(name, &given),
            _ => None,
        }
    }

    fn keywords(&self, Written { call, scope }: Written<'a>) -> Option<Vec<(&'a str, Constant)>> {
        let keyword = |keyword: &'a ast::Keyword| {
            let name = keyword.arg.as_ref()?.as_str();
            Some((name, self.constant(Value { expr: &keyword.value, scope })?))
        };
        call.arguments.keywords.iter().map(keyword).collect()
    }

    /// The arguments of a call with those by keyword in their places.
    fn in_order(&self, written: Written<'a>, mut given: Vec<Constant>) -> Option<Vec<Constant>> {
        let mut keywords = self.keywords(written)?;
        while !keywords.is_empty() {
            let is_method = |name: &str| matches!(&*written.call.func, Expr::Attribute(method) if method.attr.as_str() == name);
            let next: &[&str] = match given.len() {
                // `"text".encode(encoding, errors)`.
                0 if is_method("encode") || is_method("decode") => &["encoding"],
                1 if is_method("encode") || is_method("decode") => &["errors", "encoding"],
                1 => &["encoding", "base"],
                _ => &[],
            };
            let at = keywords.iter().position(|(name, _)| next.contains(name))?;
            given.push(keywords.remove(at).1);
        }
        Some(given)
    }
}

pub(super) fn shown(constant: &Constant) -> Option<String> {
    match constant {
        Constant::Str(text) => Some(text.clone()),
        Constant::Int(number) => Some(number.to_string()),
        Constant::Bool(true) => Some("True".to_owned()),
        Constant::Bool(false) => Some("False".to_owned()),
        Constant::None => Some("None".to_owned()),
        _ => None,
    }
}

/// Whether the place where a name stands changes what it holds, or a part of that.
fn changes(tree: &Tree<'_>, name: NodeId) -> bool {
    let mut held = tree.node(name);
    let mut around = tree.ancestors(name);
    loop {
        let Some(outside) = around.next().map(|id| tree.node(id)) else { return false };
        let is_held = |expr: &Expr| held.ptr_eq(AnyNodeRef::from(expr));
        match outside {
            AnyNodeRef::ExprSubscript(part) if is_held(&part.value) => {
                if !part.ctx.is_load() {
                    return true;
                }
                held = outside;
            }
            AnyNodeRef::ExprAttribute(method) => return !READING_METHODS.contains(&method.attr.as_str()),
            AnyNodeRef::Keyword(_) if held.is_expr_name() => {}
            AnyNodeRef::Arguments(_) if held.is_expr_name() => {
                let call = around.next().map(|id| tree.node(id));
                return matches!(call, Some(AnyNodeRef::ExprCall(call)) if may_change_given(tree, &call.func));
            }
            AnyNodeRef::StmtAugAssign(assign) => return is_held(&assign.target),
            AnyNodeRef::StmtAssign(assign) => return is_held(&assign.value) && held.is_expr_name(),
            AnyNodeRef::ExprNamed(assign) => return is_held(&assign.value) && held.is_expr_name(),
            _ => return false,
        }
    }
}

/// Whether this may be a function of the project that changes what it is given.
pub(super) fn may_change_given(tree: &Tree<'_>, callee: &Expr) -> bool {
    match callee {
        Expr::Name(name) => {
            !is_builtin(&name.id) || tree.scope_binding(tree.scope_of(tree.id(name)), &name.id).is_some()
        }
        Expr::Attribute(method) => {
            matches!(&*method.value, Expr::Name(object) if matches!(object.id.as_str(), "self" | "cls"))
        }
        _ => false,
    }
}

/// Methods of lists, sets and mappings that change nothing.
static READING_METHODS: &[&str] = &[
    "copy",
    "count",
    "difference",
    "get",
    "index",
    "intersection",
    "isdisjoint",
    "issubset",
    "issuperset",
    "items",
    "keys",
    "symmetric_difference",
    "union",
    "values",
];

/// `left op right`, where that can be told.
pub(super) fn compare(left: &Constant, op: ast::CmpOp, right: &Constant) -> Option<bool> {
    Some(match op {
        ast::CmpOp::Eq => equal(left, right)?,
        ast::CmpOp::NotEq => !equal(left, right)?,
        ast::CmpOp::Is => same(left, right)?,
        ast::CmpOp::IsNot => !same(left, right)?,
        ast::CmpOp::Lt => left.as_int()? < right.as_int()?,
        ast::CmpOp::LtE => left.as_int()? <= right.as_int()?,
        ast::CmpOp::Gt => left.as_int()? > right.as_int()?,
        ast::CmpOp::GtE => left.as_int()? >= right.as_int()?,
        ast::CmpOp::In | ast::CmpOp::NotIn => {
            let found = match (left, right) {
                (Constant::Str(part), Constant::Str(text)) => text.contains(part.as_str()),
                (left, Constant::List(items)) => any_equal(left, items.iter())?,
                (left, Constant::Dict(items)) => any_equal(left, items.iter().map(|(key, _)| key))?,
                _ => return None,
            };
            found == (op == ast::CmpOp::In)
        }
    })
}

fn any_equal<'c>(one: &Constant, all: impl Iterator<Item = &'c Constant>) -> Option<bool> {
    let answers = all.map(|other| equal(one, other)).collect::<Option<Vec<_>>>()?;
    Some(answers.contains(&true))
}

/// `left == right`. Whether two lists are equal is not told: a list is no tuple, and a set has no order.
pub(super) fn equal(left: &Constant, right: &Constant) -> Option<bool> {
    use Constant::{Dict, Float, List};
    match (left, right) {
        (List(_), List(_)) | (Dict(_), Dict(_)) => None,
        (Float(a), Float(b)) => Some(a == b),
        (Float(float), other) | (other, Float(float)) => {
            let Some(number) = other.as_int() else { return Some(false) };
            // Every whole number up to here is a float of its own.
            (number.unsigned_abs() <= 1 << 53).then_some(number as f64 == *float)
        }
        (left, right) => match (left.as_int(), right.as_int()) {
            (Some(left), Some(right)) => Some(left == right),
            _ => Some(left == right),
        },
    }
}

/// `left is right`. Whether two equal texts or numbers are one object is up to the interpreter.
fn same(left: &Constant, right: &Constant) -> Option<bool> {
    let is_single = |it: &Constant| matches!(it, Constant::None | Constant::Ellipsis | Constant::Bool(_));
    (is_single(left) || is_single(right)).then(|| left == right)
}

/// What a loop over a value goes through.
fn iterated(constant: &Constant) -> Option<Vec<Constant>> {
    match constant {
        Constant::List(items) => Some(items.clone()),
        Constant::Str(text) => Some(text.chars().map(|c| Constant::Str(c.to_string())).collect()),
        Constant::Bytes(bytes) => Some(bytes.iter().map(|byte| Constant::Int(i64::from(*byte))).collect()),
        _ => None,
    }
}

/// The sum of the weights of what goes into a list or mapping, as long as it is not too large.
#[derive(Default)]
struct Weight(usize);

impl Weight {
    /// Whether there is room for one more.
    fn add(&mut self, item: &Constant) -> bool {
        self.0 += item.weight();
        self.0 <= MAX_WEIGHT
    }
}

/// Adds to a text; `None` when it becomes too long.
pub(super) fn push_bounded(out: &mut String, text: &str) -> Option<()> {
    (out.len() + text.len() <= MAX_SIZE).then(|| out.push_str(text))
}

/// `left op right`.
pub(super) fn binary(left: Constant, op: Operator, right: &Constant) -> Option<Constant> {
    use Constant::{Bool, Bytes, Int, List, Str};
    match (left, op, right) {
        (Str(mut left), Operator::Add, Str(right)) => push_bounded(&mut left, right).map(|()| Str(left)),
        (Bytes(mut left), Operator::Add, Bytes(right)) => {
            left.extend_from_slice(right);
            (left.len() <= MAX_SIZE).then_some(Bytes(left))
        }
        (List(mut left), Operator::Add, List(right)) => {
            let mut weight = Weight::default();
            left.extend_from_slice(right);
            left.iter().all(|item| weight.add(item)).then_some(List(left))
        }
        (Str(text), Operator::Mult, Int(times)) => repeated(&text, *times),
        (Int(times), Operator::Mult, Str(text)) => repeated(text, times),
        (Bytes(bytes), Operator::Mult, Int(times)) => repeat(&bytes, *times).map(Bytes),
        (Str(template), Operator::Mod, right) => percent(&template, right).map(Str),
        (Bool(a), Operator::BitAnd, Bool(b)) => Some(Bool(a & b)),
        (Bool(a), Operator::BitOr, Bool(b)) => Some(Bool(a | b)),
        (Bool(a), Operator::BitXor, Bool(b)) => Some(Bool(a ^ b)),
        (left, op, right) => arithmetic(left.as_int()?, op, right.as_int()?).map(Int),
    }
}

fn repeated(text: &str, times: i64) -> Option<Constant> {
    String::from_utf8(repeat(text.as_bytes(), times)?).ok().map(Constant::Str)
}

fn repeat(bytes: &[u8], times: i64) -> Option<Vec<u8>> {
    let times = usize::try_from(times.max(0)).ok()?;
    (bytes.len().checked_mul(times)? <= MAX_SIZE).then(|| bytes.repeat(times))
}

/// Whole numbers of Python have no end: what does not fit is not told.
fn arithmetic(left: i64, op: Operator, right: i64) -> Option<i64> {
    match op {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        Operator::FloorDiv => {
            let rest = left.checked_rem(right)?;
            let is_below = rest != 0 && (rest < 0) != (right < 0);
            left.checked_div(right)?.checked_sub(i64::from(is_below))
        }
        Operator::Mod => {
            let rest = left.checked_rem(right)?;
            Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
        Operator::BitOr => Some(left | right),
        Operator::BitAnd => Some(left & right),
        Operator::BitXor => Some(left ^ right),
        Operator::LShift => {
            let times = u32::try_from(right).ok().filter(|right| *right < 63)?;
            left.checked_mul(1 << times)
        }
        Operator::RShift => Some(left >> u32::try_from(right).ok()?.min(63)),
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
        Operator::Div | Operator::MatMult => None,
    }
}

/// `template % values` without further flags.
fn percent(template: &str, values: &Constant) -> Option<String> {
    let mut values = match values {
        Constant::List(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    };
    let mut out = String::new();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        let text = match c {
            '%' => match chars.next()? {
                's' => shown(values.next()?)?,
                'd' | 'i' | 'u' => values.next()?.as_int()?.to_string(),
                'x' => signed(values.next()?.as_int()?, |n| format!("{n:x}")),
                'X' => signed(values.next()?.as_int()?, |n| format!("{n:X}")),
                'o' => signed(values.next()?.as_int()?, |n| format!("{n:o}")),
                'r' | 'a' => quoted(values.next()?)?,
                'c' => match values.next()? {
                    Constant::Str(text) if text.chars().count() == 1 => text.clone(),
                    other => char::from_u32(u32::try_from(other.as_int()?).ok()?)?.to_string(),
                },
                '%' => "%".to_owned(),
                _ => return None,
            },
            c => c.to_string(),
        };
        push_bounded(&mut out, &text)?;
    }
    values.next().is_none().then_some(out)
}

fn signed(number: i64, write: impl Fn(u64) -> String) -> String {
    let digits = write(number.unsigned_abs());
    if number < 0 { format!("-{digits}") } else { digits }
}

/// Python's `repr`, of a text only where it needs no escapes.
fn quoted(constant: &Constant) -> Option<String> {
    match constant {
        Constant::Str(text) => {
            let is_plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '\'' | '\\');
            text.chars().all(is_plain).then(|| format!("'{text}'"))
        }
        other => shown(other),
    }
}

pub(super) fn item(base: &Constant, key: &Constant) -> Option<Constant> {
    let at = |length: usize| {
        let index = key.as_int()?;
        let index = if index < 0 { index + i64::try_from(length).ok()? } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    };
    match base {
        Constant::Dict(items) => {
            for (here, value) in items.iter().rev() {
                if is_same_key(here, key)? {
                    return Some(value.clone());
                }
            }
            None
        }
        Constant::List(items) => Some(items[at(items.len())?].clone()),
        Constant::Str(text) => {
            let index = at(text.chars().count())?;
            text.chars().nth(index).map(|c| Constant::Str(c.to_string()))
        }
        Constant::Bytes(bytes) => Some(Constant::Int(i64::from(bytes[at(bytes.len())?]))),
        _ => None,
    }
}

/// Whether two keys of a mapping are the same: all lists in them are tuples.
pub(super) fn is_same_key(left: &Constant, right: &Constant) -> Option<bool> {
    let (Constant::List(left), Constant::List(right)) = (left, right) else { return equal(left, right) };
    let pairs = left.iter().zip(right).map(|(left, right)| is_same_key(left, right));
    let answers = pairs.collect::<Option<Vec<_>>>()?;
    Some(left.len() == right.len() && !answers.contains(&false))
}

/// Python's slicing (the language reference, "Slicings"; `PySlice_AdjustIndices`).
fn sliced<T: Clone>(
    items: &[T],
    lower: Option<i64>,
    upper: Option<i64>,
    step: Option<i64>,
) -> Option<Vec<T>> {
    let length = i64::try_from(items.len()).ok()?;
    let step = step.unwrap_or(1);
    if step == 0 || step == i64::MIN {
        return None;
    }
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let adjust = |index: Option<i64>, default| match index {
        None => default,
        Some(index) if index < 0 => index.saturating_add(length).clamp(low, high),
        Some(index) => index.clamp(low, high),
    };
    let (start, stop) = if step > 0 {
        (adjust(lower, 0), adjust(upper, length))
    } else {
        (adjust(lower, length - 1), adjust(upper, -1))
    };
    let mut out = Vec::new();
    let mut at = start;
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        out.push(items.get(usize::try_from(at).ok()?)?.clone());
        at = at.checked_add(step)?;
    }
    Some(out)
}

fn is_foldable_method(name: &str) -> bool {
    matches!(
        name,
        "join"
            | "format"
            | "replace"
            | "lower"
            | "upper"
            | "strip"
            | "lstrip"
            | "rstrip"
            | "decode"
            | "encode"
            | "removeprefix"
            | "removesuffix"
            | "title"
            | "capitalize"
            | "swapcase"
            | "casefold"
            | "split"
            | "rsplit"
            | "partition"
            | "rpartition"
            | "translate"
            | "hex"
    )
}

pub(super) fn apply_method(receiver: &Constant, method: &str, given: &[Constant]) -> Option<Constant> {
    let text = match receiver {
        Constant::Str(text) => text,
        Constant::Bytes(bytes) => return apply_method_of_bytes(bytes, method, given),
        _ => return None,
    };
    let is_ascii = text.is_ascii();
    let result = match (method, given) {
        ("join", [items]) => {
            let items = iterated(items)?;
            let parts: Option<Vec<&str>> = items.iter().map(Constant::as_str).collect();
            joined(&parts?, text)?
        }
        ("format", given) => formatted(text, given, &[])?,
        ("replace", [Constant::Str(from), Constant::Str(to)]) if !from.is_empty() => {
            replaced(text, from, to, -1)?
        }
        ("replace", [Constant::Str(from), Constant::Str(to), Constant::Int(times)]) if !from.is_empty() => {
            replaced(text, from, to, *times)?
        }
        ("lower", []) => text.to_lowercase(),
        ("upper", []) => text.to_uppercase(),
        ("casefold", []) if is_ascii => text.to_ascii_lowercase(),
        ("capitalize", []) if is_ascii => {
            let mut chars = text.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars.map(|c| c.to_ascii_lowercase())).collect()
        }
        ("title", []) if is_ascii => {
            let mut in_word = false;
            let turned = text.chars().map(|c| {
                let follows = std::mem::replace(&mut in_word, c.is_ascii_alphabetic());
                if follows { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
            });
            turned.collect()
        }
        ("swapcase", []) if is_ascii => text
            .chars()
            .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect(),
        ("strip", [] | [Constant::None]) => text.trim_matches(is_space).to_owned(),
        ("lstrip", [] | [Constant::None]) => text.trim_start_matches(is_space).to_owned(),
        ("rstrip", [] | [Constant::None]) => text.trim_end_matches(is_space).to_owned(),
        ("strip", [Constant::Str(chars)]) => text.trim_matches(|c| chars.contains(c)).to_owned(),
        ("lstrip", [Constant::Str(chars)]) => text.trim_start_matches(|c| chars.contains(c)).to_owned(),
        ("rstrip", [Constant::Str(chars)]) => text.trim_end_matches(|c| chars.contains(c)).to_owned(),
        ("removeprefix", [Constant::Str(fix)]) => text.strip_prefix(fix.as_str()).unwrap_or(text).to_owned(),
        ("removesuffix", [Constant::Str(fix)]) => text.strip_suffix(fix.as_str()).unwrap_or(text).to_owned(),
        ("split", [] | [Constant::None]) => {
            return texts(text.split(is_space).filter(|part| !part.is_empty()));
        }
        ("split", [Constant::Str(at)]) if !at.is_empty() => return texts(text.split(at.as_str())),
        ("split", [Constant::Str(at), Constant::Int(times)]) if !at.is_empty() && *times >= 0 => {
            return texts(text.splitn(usize::try_from(*times).ok()?.checked_add(1)?, at.as_str()));
        }
        ("rsplit", [] | [Constant::None]) => return apply_method(receiver, "split", given),
        ("rsplit", [Constant::Str(at)]) if !at.is_empty() => {
            let parts: Vec<&str> = text.rsplit(at.as_str()).collect();
            return texts(parts.into_iter().rev());
        }
        ("partition", [Constant::Str(at)]) if !at.is_empty() => {
            let (before, behind) = text.split_once(at.as_str()).unwrap_or((text, ""));
            let found = if before.len() == text.len() { "" } else { at };
            return texts([before, found, behind].into_iter());
        }
        ("rpartition", [Constant::Str(at)]) if !at.is_empty() => {
            let parts = text.rsplit_once(at.as_str());
            return texts(parts.map_or(["", "", text], |(before, behind)| [before, at, behind]).into_iter());
        }
        ("translate", [Constant::Dict(table)]) => translated(text, table)?,
        ("encode", given) => return encoded(text, given).map(Constant::Bytes),
        _ => return None,
    };
    (result.len() <= MAX_SIZE).then_some(Constant::Str(result))
}

fn apply_method_of_bytes(bytes: &[u8], method: &str, given: &[Constant]) -> Option<Constant> {
    match (method, given) {
        ("decode", given) => decoded(bytes, given),
        ("hex", []) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            (digits.len() <= MAX_SIZE).then_some(Constant::Str(digits))
        }
        _ => None,
    }
}

/// What Python's `str.isspace` says: it takes the separators of ASCII for white space as well.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

fn texts<'t>(parts: impl Iterator<Item = &'t str>) -> Option<Constant> {
    let mut weight = Weight::default();
    let text = |part: &str| Some(Constant::Str(part.to_owned())).filter(|part| weight.add(part));
    parts.map(text).collect::<Option<_>>().map(Constant::List)
}

fn replaced(text: &str, from: &str, to: &str, times: i64) -> Option<String> {
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    let added = text.matches(from).count().min(times) * to.len();
    (text.len() + added <= 2 * MAX_SIZE).then(|| text.replacen(from, to, times))
}

/// `str.translate` with a mapping from numbers of characters.
fn translated(text: &str, table: &[(Constant, Constant)]) -> Option<String> {
    let table = Constant::Dict(table.to_vec());
    let Constant::Dict(entries) = &table else { return None };
    let mut out = String::new();
    for c in text.chars() {
        let number = Constant::Int(i64::from(u32::from(c)));
        let entry = entries.iter().rev().find(|(key, _)| equal(key, &number) == Some(true));
        match entry.map(|(_, value)| value) {
            None => out.push(c),
            Some(Constant::None) => {}
            Some(Constant::Str(text)) => push_bounded(&mut out, text)?,
            Some(other) => out.push(char::from_u32(u32::try_from(other.as_int()?).ok()?)?),
        }
    }
    Some(out)
}

fn joined(parts: &[&str], glue: &str) -> Option<String> {
    let length = parts.iter().map(|part| part.len() + glue.len()).sum::<usize>();
    (length <= 2 * MAX_SIZE).then(|| parts.join(glue))
}

/// The encoding and what to do about errors.
fn codec_and_errors(given: &[Constant]) -> Option<(String, Option<&str>)> {
    let (codec, errors) = match given {
        [] => ("utf-8", None),
        [Constant::Str(codec)] => (codec.as_str(), None),
        [Constant::Str(codec), Constant::Str(errors)] => (codec.as_str(), Some(errors.as_str())),
        _ => return None,
    };
    Some((codec_name(codec), errors.filter(|errors| *errors != "strict")))
}

fn codec_name(codec: &str) -> String {
    codec.to_ascii_lowercase().replace('_', "-")
}

fn encoded(text: &str, given: &[Constant]) -> Option<Vec<u8>> {
    let (codec, errors) = codec_and_errors(given)?;
    let limit = match codec.as_str() {
        "utf-8" | "utf8" => return Some(text.as_bytes().to_vec()),
        "ascii" | "us-ascii" => 0x80,
        "latin-1" | "latin1" | "iso-8859-1" => 0x100,
        _ => return None,
    };
    let mut out = Vec::new();
    for c in text.chars() {
        match (u8::try_from(u32::from(c)).ok().filter(|byte| u32::from(*byte) < limit), errors) {
            (Some(byte), _) => out.push(byte),
            (None, Some("ignore")) => {}
            (None, Some("replace")) => out.push(b'?'),
            (None, _) => return None,
        }
    }
    Some(out)
}

fn decoded(bytes: &[u8], given: &[Constant]) -> Option<Constant> {
    let (codec, errors) = codec_and_errors(given)?;
    match (codec.as_str(), errors) {
        ("ascii" | "us-ascii", Some("ignore")) => {
            let kept = bytes.iter().filter(|byte| byte.is_ascii()).map(|&byte| char::from(byte));
            Some(Constant::Str(kept.collect()))
        }
        (codec, _) => decode_with(codec, bytes),
    }
}

/// `str.format` without format specifications.
fn formatted(template: &str, given: &[Constant], keywords: &[(&str, Constant)]) -> Option<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        push_bounded(&mut out, &rest[..at])?;
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        let (field, after) = rest.split_once('}').filter(|_| brace == "{")?;
        let is_number = field.bytes().all(|byte| byte.is_ascii_digit());
        let value = match field {
            "" => given.get(next)?,
            _ if is_number => given.get(field.parse::<usize>().ok()?)?,
            _ => keywords.iter().find(|(name, _)| *name == field).map(|(_, value)| value)?,
        };
        next += usize::from(field.is_empty());
        push_bounded(&mut out, &shown(value)?)?;
        rest = after;
    }
    push_bounded(&mut out, rest)?;
    Some(out)
}

/// The functions that [`apply_function`] understands; one that is not here is not asked about.
static FUNCTIONS: &[&str] = &[
    "base64.b16decode",
    "base64.b64decode",
    "base64.decodebytes",
    "base64.standard_b64decode",
    "base64.urlsafe_b64decode",
    "binascii.a2b_base64",
    "binascii.a2b_hex",
    "binascii.unhexlify",
    "builtins.bool",
    "builtins.bytearray",
    "builtins.bytearray.fromhex",
    "builtins.bytes",
    "builtins.bytes.fromhex",
    "builtins.chr",
    "builtins.int",
    "builtins.len",
    "builtins.list",
    "builtins.map",
    "builtins.ord",
    "builtins.reversed",
    "builtins.sorted",
    "builtins.str",
    "builtins.str.maketrans",
    "builtins.tuple",
    "codecs.decode",
    "codecs.encode",
    "inspect.cleandoc",
    "textwrap.dedent",
    "urllib.parse.unquote",
];

/// Their last parts.
static FUNCTION_WORDS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| FUNCTIONS.iter().map(|name| last_word(name).0).collect());

fn is_foldable(word: &str) -> bool {
    FUNCTION_WORDS.contains(word)
}

pub(super) fn apply_function(name: &str, given: &[Constant]) -> Option<Constant> {
    if !FUNCTIONS.contains(&name) {
        return None;
    }
    use Constant::{Bytes, Int, List, Str};
    match (name, given) {
        ("builtins.chr", [Int(n)]) => char::from_u32(u32::try_from(*n).ok()?).map(|c| Str(c.to_string())),
        ("builtins.ord", [Str(text)]) => {
            let mut chars = text.chars();
            let first = chars.next()?;
            chars.next().is_none().then(|| Int(i64::from(u32::from(first))))
        }
        ("builtins.str", [one @ (Str(_) | Int(_))]) => shown(one).map(Str),
        ("builtins.str", [Bytes(bytes), Str(codec)]) => decode_with(codec, bytes),
        ("builtins.bytes" | "builtins.bytearray", [List(items)]) => {
            let bytes = items.iter().map(|item| u8::try_from(item.as_int()?).ok());
            bytes.collect::<Option<Vec<u8>>>().map(Bytes)
        }
        ("builtins.bytes", [Int(length)]) => usize::try_from(*length)
            .ok()
            .filter(|length| *length <= MAX_SIZE)
            .map(|length| Bytes(vec![0; length])),
        ("builtins.bytes" | "builtins.bytearray", [Bytes(bytes)]) => Some(Bytes(bytes.clone())),
        ("builtins.bytes" | "builtins.bytearray", [Str(text), codec @ ..]) if !codec.is_empty() => {
            encoded(text, codec).map(Bytes)
        }
        ("builtins.bool", [one]) => Some(Constant::Bool(one.truth())),
        ("builtins.int", [one @ (Int(_) | Constant::Bool(_))]) => one.as_int().map(Int),
        ("builtins.int", [Str(text)]) => text.trim().parse().ok().map(Int),
        ("builtins.int", [Str(text), Int(base)]) => whole_number(text, *base).map(Int),
        ("builtins.list" | "builtins.tuple", [one]) => iterated(one).map(List),
        ("builtins.reversed", [one]) => iterated(one).map(|items| List(items.into_iter().rev().collect())),
        ("builtins.sorted", [one]) => sorted(iterated(one)?).map(List),
        ("builtins.str.maketrans", [table @ Constant::Dict(_)]) => by_number(table),
        ("builtins.str.maketrans", [Str(from), Str(to)]) if from.chars().count() == to.chars().count() => {
            let number = |c: char| Int(i64::from(u32::from(c)));
            Some(Constant::Dict(from.chars().zip(to.chars()).map(|(a, b)| (number(a), number(b))).collect()))
        }
        ("urllib.parse.unquote", [Str(text)]) => unquoted(text).map(Str),
        ("builtins.len", [Str(text)]) => i64::try_from(text.chars().count()).ok().map(Int),
        ("builtins.bytes.fromhex" | "builtins.bytearray.fromhex", [Str(text)]) => {
            let pairs = text.split_ascii_whitespace().map(|digits| from_hex(digits.as_bytes()));
            pairs.collect::<Option<Vec<_>>>().map(|parts| Bytes(parts.concat()))
        }
        ("binascii.unhexlify" | "binascii.a2b_hex", [one]) => from_hex(&raw(one)?).map(Bytes),
        (
            "base64.b64decode" | "base64.standard_b64decode" | "base64.decodebytes" | "binascii.a2b_base64",
            [one],
        ) => from_base64(&raw(one)?).map(Bytes),
        ("base64.urlsafe_b64decode", [one]) => {
            let mut text = raw(one)?;
            for byte in &mut text {
                match *byte {
                    b'-' => *byte = b'+',
                    b'_' => *byte = b'/',
                    _ => {}
                }
            }
            from_base64(&text).map(Bytes)
        }
        ("base64.b16decode", [one]) => {
            let digits = raw(one)?;
            let is_known = digits.iter().all(|digit| !digit.is_ascii_lowercase());
            if is_known { from_hex(&digits).map(Bytes) } else { None }
        }
        ("codecs.decode", [Str(text), Str(codec)]) if is_rot13(codec) => Some(Str(rot13(text))),
        ("codecs.encode", [Str(text), Str(codec)]) if is_rot13(codec) => Some(Str(rot13(text))),
        ("codecs.decode", [Bytes(bytes), Str(codec)]) => decode_with(codec, bytes),
        ("textwrap.dedent", [Str(text)]) => Some(Str(without_margin(text))),
        ("inspect.cleandoc", [Str(text)]) if !text.contains('\t') => Some(Str(cleaned(text))),
        _ => None,
    }
}

/// `int(text, base)`.
fn whole_number(text: &str, base: i64) -> Option<i64> {
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (if text.starts_with('-') { -1 } else { 1 }, digits),
        None => (1, text),
    };
    let prefixes = match base {
        2 => ["0b", "0B"],
        8 => ["0o", "0O"],
        16 => ["0x", "0X"],
        _ => ["+", "+"],
    };
    let digits = prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix)).unwrap_or(digits);
    let is_digits = digits.bytes().all(|digit| digit.is_ascii_alphanumeric());
    i64::from_str_radix(digits, base).ok().filter(|_| is_digits)?.checked_mul(sign)
}

fn sorted(mut items: Vec<Constant>) -> Option<Vec<Constant>> {
    if items.iter().all(|item| item.as_str().is_some()) {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    } else if items.iter().all(|item| item.as_int().is_some()) {
        items.sort_by_key(Constant::as_int);
    } else {
        return None;
    }
    Some(items)
}

/// What `str.maketrans` makes of a mapping: a key of one character becomes its number.
fn by_number(table: &Constant) -> Option<Constant> {
    let Constant::Dict(entries) = table else { return None };
    let entry = |(key, value): &(Constant, Constant)| {
        let key = match key {
            Constant::Str(_) => apply_function("builtins.ord", std::slice::from_ref(key))?,
            key => key.clone(),
        };
        Some((key, value.clone()))
    };
    entries.iter().map(entry).collect::<Option<_>>().map(Constant::Dict)
}

/// `urllib.parse.unquote`, where it gives UTF-8.
fn unquoted(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(from_hex);
        out.push(pair.as_ref().and_then(|pair| pair.first().copied()).unwrap_or(byte));
        at += if pair.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).ok()
}

/// `inspect.cleandoc` of a text without tabs.
fn cleaned(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let others = lines.iter().skip(1).filter(|line| !line.trim().is_empty());
    let margin = others.map(indent).min().unwrap_or_default();
    let cut = |(at, line): (usize, &&'_ str)| match at {
        0 => line.trim_start().to_owned(),
        _ => line.get(margin..).unwrap_or_default().to_owned(),
    };
    let lines: Vec<String> = lines.iter().enumerate().map(cut).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// A text without the white space that all its lines start with.
fn without_margin(text: &str) -> String {
    let is_blank = |line: &&str| line.trim().is_empty();
    let margin_of = |line: &str| line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned();
    let common = |a: String, b: String| {
        let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
        a[..same].to_owned()
    };
    let lines = || text.split('\n');
    let margin = lines().filter(|line| !is_blank(line)).map(margin_of).reduce(common).unwrap_or_default();
    let rests = lines()
        .map(|line| line.strip_prefix(margin.as_str()).filter(|_| !is_blank(&line)).unwrap_or_default());
    rests.collect::<Vec<_>>().join("\n")
}

fn raw(constant: &Constant) -> Option<Vec<u8>> {
    match constant {
        Constant::Str(text) => Some(text.clone().into_bytes()),
        Constant::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    }
}

fn decode_with(codec: &str, bytes: &[u8]) -> Option<Constant> {
    match codec_name(codec).as_str() {
        "utf-8" | "utf8" => String::from_utf8(bytes.to_vec()).ok().map(Constant::Str),
        "ascii" | "us-ascii" if bytes.is_ascii() => String::from_utf8(bytes.to_vec()).ok().map(Constant::Str),
        "latin-1" | "latin1" | "iso-8859-1" => {
            Some(Constant::Str(bytes.iter().map(|&b| char::from(b)).collect()))
        }
        "hex" | "hex-codec" => from_hex(bytes).map(Constant::Bytes),
        "base64" | "base64-codec" => from_base64(bytes).map(Constant::Bytes),
        _ => None,
    }
}

fn is_rot13(codec: &str) -> bool {
    matches!(codec.to_ascii_lowercase().replace(['_', '-'], "").as_str(), "rot13")
}

fn rot13(text: &str) -> String {
    let turn = |c: char, base: u8| char::from((c as u8 - base + 13) % 26 + base);
    text.chars()
        .map(|c| match c {
            'a'..='z' => turn(c, b'a'),
            'A'..='Z' => turn(c, b'A'),
            other => other,
        })
        .collect()
}

fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| {
        let digit = |b: u8| char::from(b).to_digit(16);
        u8::try_from(digit(pair[0])? * 16 + digit(*pair.get(1)?)?).ok()
    };
    digits.chunks(2).map(pair).collect()
}

/// RFC 4648, section 4; like Python's decoder (`binascii.a2b_base64`) it skips what is not of the alphabet, and padding in
/// the wrong place, and takes nothing behind the right padding.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.is_ascii() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut place, mut padding) = (0_u32, 0, 0);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if place >= 2 => {
                padding += 1;
                if place + padding >= 4 {
                    return Some(out);
                }
                continue;
            }
            _ => continue,
        };
        padding = 0;
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        if place > 0 {
            out.push((bits >> (6 - 2 * place) & 0xff) as u8);
        }
        place = (place + 1) % 4;
    }
    (place == 0).then_some(out)
}
