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
                let item = |expr| self.constant(at(expr)).filter(|item| weight.add(item));
                elts.iter().map(item).collect::<Option<_>>().map(Constant::List)
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
            result = binary(result, op, &self.constant(Value { expr, ..value })?)?;
        }
        Some(result)
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
        let given = || -> Option<Vec<Constant>> {
            let keywords = arguments.keywords.iter().map(|keyword| &keyword.value);
            arguments.args.iter().chain(keywords).map(|expr| self.constant(at(expr))).collect()
        };
        if let Expr::Attribute(method) = &*call.func
            && is_foldable_method(method.attr.as_str())
            && let Some(receiver) = self.constant(at(&method.value))
        {
            return apply_method(&receiver, method.attr.as_str(), &given()?);
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
        // Most calls get something that varies, which is seen sooner than what they call.
        let given = given().filter(|given| !given.is_empty())?;
        match self.qualified(at(&call.func)).as_slice() {
            [name] => apply_function(name, &given),
            _ => None,
        }
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
        ast::CmpOp::Eq | ast::CmpOp::Is => left == right,
        ast::CmpOp::NotEq | ast::CmpOp::IsNot => left != right,
        ast::CmpOp::Lt => left.as_int()? < right.as_int()?,
        ast::CmpOp::LtE => left.as_int()? <= right.as_int()?,
        ast::CmpOp::Gt => left.as_int()? > right.as_int()?,
        ast::CmpOp::GtE => left.as_int()? >= right.as_int()?,
        ast::CmpOp::In | ast::CmpOp::NotIn => {
            let found = match (left, right) {
                (Constant::Str(part), Constant::Str(text)) => text.contains(part.as_str()),
                (left, Constant::List(items)) => items.contains(left),
                (left, Constant::Dict(items)) => items.iter().any(|(key, _)| key == left),
                _ => return None,
            };
            found == (op == ast::CmpOp::In)
        }
    })
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
    use Constant::{Bytes, Int, List, Str};
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

fn arithmetic(left: i64, op: Operator, right: i64) -> Option<i64> {
    match op {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        Operator::FloorDiv => left.checked_div_euclid(right),
        Operator::Mod => left.checked_rem_euclid(right),
        Operator::BitOr => Some(left | right),
        Operator::BitAnd => Some(left & right),
        Operator::BitXor => Some(left ^ right),
        Operator::LShift => left.checked_shl(u32::try_from(right).ok()?),
        Operator::RShift => left.checked_shr(u32::try_from(right).ok()?),
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
        Operator::Div | Operator::MatMult => None,
    }
}

/// `template % values` for `%s` and `%d` without further flags.
fn percent(template: &str, values: &Constant) -> Option<String> {
    let mut values = match values {
        Constant::List(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    };
    let mut out = String::new();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next()? {
                's' | 'd' | 'r' | 'c' => push_bounded(&mut out, &shown(values.next()?)?)?,
                '%' => out.push('%'),
                _ => return None,
            },
            c => out.push(c),
        }
    }
    (out.len() <= MAX_SIZE && values.next().is_none()).then_some(out)
}

pub(super) fn item(base: &Constant, key: &Constant) -> Option<Constant> {
    let at = |length: usize| {
        let index = key.as_int()?;
        let index = if index < 0 { index + i64::try_from(length).ok()? } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    };
    match base {
        Constant::Dict(items) => items.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.clone()),
        Constant::List(items) => Some(items[at(items.len())?].clone()),
        Constant::Str(text) => {
            let index = at(text.chars().count())?;
            text.chars().nth(index).map(|c| Constant::Str(c.to_string()))
        }
        Constant::Bytes(bytes) => Some(Constant::Int(i64::from(bytes[at(bytes.len())?]))),
        _ => None,
    }
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
    )
}

pub(super) fn apply_method(receiver: &Constant, method: &str, given: &[Constant]) -> Option<Constant> {
    let text = match receiver {
        Constant::Str(text) => text,
        Constant::Bytes(bytes) if method == "decode" => return decoded(bytes, given),
        _ => return None,
    };
    let result = match (method, given) {
        ("join", [Constant::List(items)]) => {
            let parts: Option<Vec<&str>> = items.iter().map(Constant::as_str).collect();
            joined(&parts?, text)?
        }
        ("join", [Constant::Str(chars)]) => {
            let parts: Vec<&str> =
                chars.char_indices().map(|(at, c)| &chars[at..at + c.len_utf8()]).collect();
            joined(&parts, text)?
        }
        ("format", given) => formatted(text, given)?,
        ("replace", [Constant::Str(from), Constant::Str(to)]) if !from.is_empty() => {
            let added = text.matches(from.as_str()).count() * to.len();
            (text.len() + added <= 2 * MAX_SIZE).then(|| text.replace(from, to))?
        }
        ("lower" | "casefold", []) => text.to_lowercase(),
        ("upper", []) => text.to_uppercase(),
        ("capitalize" | "title", []) => {
            let mut chars = text.chars();
            chars.next().map(|c| c.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())?
        }
        ("swapcase", []) => text
            .chars()
            .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect(),
        ("strip", []) => text.trim().to_owned(),
        ("lstrip", []) => text.trim_start().to_owned(),
        ("rstrip", []) => text.trim_end().to_owned(),
        ("strip", [Constant::Str(chars)]) => text.trim_matches(|c| chars.contains(c)).to_owned(),
        ("lstrip", [Constant::Str(chars)]) => text.trim_start_matches(|c| chars.contains(c)).to_owned(),
        ("rstrip", [Constant::Str(chars)]) => text.trim_end_matches(|c| chars.contains(c)).to_owned(),
        ("removeprefix", [Constant::Str(fix)]) => text.strip_prefix(fix.as_str()).unwrap_or(text).to_owned(),
        ("removesuffix", [Constant::Str(fix)]) => text.strip_suffix(fix.as_str()).unwrap_or(text).to_owned(),
        ("encode", _) => return Some(Constant::Bytes(text.clone().into_bytes())),
        _ => return None,
    };
    (result.len() <= MAX_SIZE).then_some(Constant::Str(result))
}

fn joined(parts: &[&str], glue: &str) -> Option<String> {
    let length = parts.iter().map(|part| part.len() + glue.len()).sum::<usize>();
    (length <= 2 * MAX_SIZE).then(|| parts.join(glue))
}

fn decoded(bytes: &[u8], given: &[Constant]) -> Option<Constant> {
    let codec = given.first().and_then(Constant::as_str).unwrap_or("utf-8");
    decode_with(codec, bytes)
}

/// `str.format` with positional fields and without format specifications.
fn formatted(template: &str, given: &[Constant]) -> Option<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        let (field, after) = rest.split_once('}').filter(|_| brace == "{")?;
        let index = if field.is_empty() { next } else { field.parse().ok()? };
        next += 1;
        push_bounded(&mut out, &shown(given.get(index)?)?)?;
        rest = after;
    }
    out.push_str(rest);
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
    "builtins.ord",
    "builtins.str",
    "codecs.decode",
    "codecs.encode",
    "inspect.cleandoc",
    "textwrap.dedent",
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
        ("builtins.bytes" | "builtins.bytearray", [Str(text), Str(_)]) => {
            Some(Bytes(text.clone().into_bytes()))
        }
        ("builtins.bool", [one]) => Some(Constant::Bool(one.truth())),
        ("builtins.int", [Int(n)]) => Some(Int(*n)),
        ("builtins.int", [Str(text)]) => text.trim().parse().ok().map(Int),
        ("builtins.int", [Str(text), Int(base)]) => {
            let base = u32::try_from(*base).ok().filter(|base| (2..=36).contains(base))?;
            i64::from_str_radix(text.trim_start_matches("0x"), base).ok().map(Int)
        }
        ("builtins.len", [Str(text)]) => i64::try_from(text.chars().count()).ok().map(Int),
        (
            "builtins.bytes.fromhex"
            | "builtins.bytearray.fromhex"
            | "binascii.unhexlify"
            | "binascii.a2b_hex",
            [one],
        ) => from_hex(&raw(one)?).map(Bytes),
        (
            "base64.b64decode"
            | "base64.standard_b64decode"
            | "base64.decodebytes"
            | "binascii.a2b_base64"
            | "base64.urlsafe_b64decode",
            [one],
        ) => from_base64(&raw(one)?).map(Bytes),
        ("base64.b16decode", [one]) => from_hex(&raw(one)?).map(Bytes),
        ("codecs.decode", [Str(text), Str(codec)]) if is_rot13(codec) => Some(Str(rot13(text))),
        ("codecs.encode", [Str(text), Str(codec)]) if is_rot13(codec) => Some(Str(rot13(text))),
        ("codecs.decode", [Bytes(bytes), Str(codec)]) => decode_with(codec, bytes),
        ("textwrap.dedent" | "inspect.cleandoc", [Str(text)]) => Some(Str(without_margin(text))),
        _ => None,
    }
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
    let rests = lines().map(|line| line.strip_prefix(margin.as_str()).unwrap_or(""));
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
    match codec.to_ascii_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "ascii" | "us-ascii" => String::from_utf8(bytes.to_vec()).ok().map(Constant::Str),
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

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| {
        let digit = |b: u8| char::from(b).to_digit(16);
        u8::try_from(digit(pair[0])? * 16 + digit(*pair.get(1)?)?).ok()
    };
    digits.chunks(2).map(pair).collect()
}

/// RFC 4648, sections 4 and 5; like Python's lenient decoder it skips characters of no alphabet.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    Some(out)
}
