//! Texts that are put together from parts: what is written out of them, with holes for the rest.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, FStringPart, InterpolatedStringElement, Operator};

use rustc_hash::FxHashMap;

pub(super) use crate::python::HOLE;
use crate::python::{Exposure, Field, Hole, Module, format_holes, percent_holes, shows_number};

/// How deep parts within parts are followed, and how long the text may become.
const MAX_DEPTH: u32 = 16;
const MAX_LENGTH: usize = 16 * 1024;

/// A text that is put together: what is written out of it, and what is put into its holes, in their order, where that is
/// in sight.
#[derive(Debug, Default)]
pub(super) struct Built<'a> {
    pub text: String,
    holes: Vec<Part<'a>>,
}

/// What is put into a hole.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// It is out of sight.
    Unknown,
    /// A number, or there is no text: `%d`.
    Number(Option<&'a Expr>),
    Shown(&'a Expr),
}

impl<'a> Part<'a> {
    /// What is put there, where it is in sight.
    pub(super) fn expr(self) -> Option<&'a Expr> {
        match self {
            Part::Unknown => None,
            Part::Number(expr) => expr,
            Part::Shown(expr) => Some(expr),
        }
    }
}

impl<'a> Built<'a> {
    /// The places of the holes in the text, with what is put there.
    pub(super) fn holes(&self) -> impl Iterator<Item = (usize, Part<'a>)> {
        let places = self.text.match_indices(HOLE).map(|(at, _)| at);
        // A text that holds this very character has more holes than there are parts.
        let known = self.text.matches(HOLE).count() == self.holes.len();
        let part = move |i: usize| self.holes.get(i).copied().filter(|_| known).unwrap_or(Part::Unknown);
        places.enumerate().map(move |(i, at)| (at, part(i)))
    }

    fn push_hole(&mut self, part: Part<'a>) {
        self.text.push(HOLE);
        self.holes.push(part);
    }

    /// A text with holes of its own, and what is put into them; nothing is known of that where `template` had holes, too.
    fn push_filled(&mut self, template: &Built<'a>, filled: &str, parts: Vec<Part<'a>>) {
        self.text.push_str(filled);
        if template.holes.is_empty() {
            self.holes.extend(parts);
        } else {
            self.holes.extend(std::iter::repeat_n(Part::Unknown, filled.matches(HOLE).count()));
        }
    }
}

/// What an expression builds with `+`, `%`, `format`, `join`, `replace` or as an f-string; `None` for anything else, and
/// when nothing in it varies.
pub(super) fn built_by<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<Built<'a>> {
    if !builds(expr) || module.constant(expr).is_some() {
        return None;
    }
    let mut out = Built::default();
    push(module, expr, 0, &mut out);
    out.text.contains(HOLE).then_some(out)
}

/// The same without what is put into the holes.
pub(super) fn template_of<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<String> {
    built_by(module, expr).map(|built| built.text)
}

/// Whether a node is only a part of a larger text that is built around it.
pub(super) fn is_part<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    match module.parent(node) {
        Some(AnyNodeRef::ExprBinOp(binary)) => is_building(binary.op),
        Some(AnyNodeRef::ExprAttribute(method)) => is_building_method(method.attr.as_str()),
        _ => false,
    }
}

fn is_building(op: Operator) -> bool {
    matches!(op, Operator::Add | Operator::Mod)
}

fn is_building_method(name: &str) -> bool {
    matches!(name, "format" | "format_map" | "join" | "replace" | "strip" | "lstrip" | "rstrip")
}

fn builds(expr: &Expr) -> bool {
    match expr {
        Expr::FString(_) => true,
        Expr::BinOp(binary) => is_building(binary.op),
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Attribute(method) if is_building_method(method.attr.as_str()))
        }
        _ => false,
    }
}

fn push<'a>(module: &Module<'a>, expr: &'a Expr, depth: u32, out: &mut Built<'a>) {
    if out.text.len() > MAX_LENGTH || depth > MAX_DEPTH {
        return out.push_hole(Part::Shown(expr));
    }
    if let Some(text) = module.text(expr) {
        return out.text.push_str(&text);
    }
    match expr {
        Expr::FString(text) => text.value.iter().for_each(|part| push_part(module, part, depth, out)),
        Expr::BinOp(binary) if binary.op == Operator::Add => push_sum(module, expr, depth, out),
        Expr::BinOp(binary) if binary.op == Operator::Mod => {
            let mut template = Built::default();
            push(module, &binary.left, depth + 1, &mut template);
            let (filled, holes) = percent_holes(&template.text);
            out.push_filled(&template, &filled, percent_parts(module, holes, &binary.right));
        }
        Expr::Call(call) => {
            let mut made = Built::default();
            push_call(module, call, depth, &mut made);
            // Where nothing of it is written out, it is a part like any other.
            if made.text.chars().all(|c| c == HOLE) {
                out.push_hole(Part::Shown(expr));
            } else {
                out.text.push_str(&made.text);
                out.holes.extend(made.holes);
            }
        }
        _ => out.push_hole(Part::Shown(expr)),
    }
}

/// A long sum leans to the left: it is unrolled, not recursed into.
fn push_sum<'a>(module: &Module<'a>, expr: &'a Expr, depth: u32, out: &mut Built<'a>) {
    let mut operands = Vec::new();
    let mut first = expr;
    while let Expr::BinOp(binary) = first {
        if binary.op != Operator::Add || operands.len() > MAX_LENGTH {
            break;
        }
        operands.push(&*binary.right);
        first = &*binary.left;
    }
    operands.push(first);
    for operand in operands.into_iter().rev() {
        push(module, operand, depth + 1, out);
    }
}

fn push_part<'a>(module: &Module<'a>, part: &'a FStringPart, depth: u32, out: &mut Built<'a>) {
    match part {
        FStringPart::Literal(literal) => out.text.push_str(&literal.value),
        FStringPart::FString(text) => {
            for element in &text.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => out.text.push_str(&literal.value),
                    InterpolatedStringElement::Interpolation(hole)
                        if shows_number(hole) && is_number(module, &hole.expression) =>
                    {
                        out.push_hole(Part::Number(Some(&hole.expression)));
                    }
                    // What says how a date is shown can hold any text.
                    InterpolatedStringElement::Interpolation(hole) if varies_in_form(module, hole) => {
                        out.push_hole(Part::Unknown);
                    }
                    InterpolatedStringElement::Interpolation(hole) => {
                        push(module, &hole.expression, depth + 1, out);
                    }
                }
            }
        }
    }
}

/// Whether a part of an f-string is shown in a way that is no constant.
fn varies_in_form<'a>(module: &Module<'a>, hole: &'a ast::InterpolatedElement) -> bool {
    let parts = hole.format_spec.iter().flat_map(|spec| spec.elements.interpolations());
    parts
        .into_iter()
        .any(|part| module.names().exposure(module.value(&part.expression)) > Exposure::Sanitised)
}

/// Whether what is shown in a way that texts do not take is certainly shown so.
fn is_number<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    module.names().takes_formats(module.value(expr))
}

/// What each hole of a `%` format shows.
fn percent_parts<'a>(module: &Module<'a>, holes: Vec<Hole>, right: &'a Expr) -> Vec<Part<'a>> {
    let items: FxHashMap<String, &Expr> = match right {
        Expr::Dict(dict) => {
            let item = |item: &'a ast::DictItem| Some((module.text(item.key.as_ref()?)?, &item.value));
            dict.iter().filter_map(item).collect()
        }
        _ => FxHashMap::default(),
    };
    let count = holes.len();
    let shown = |field: Field| match (field, right) {
        (Field::Named(name), Expr::Dict(_)) => items.get(&name).copied(),
        (Field::At(index), Expr::Tuple(tuple)) => {
            let moved = tuple.len() != count || tuple.iter().any(Expr::is_starred_expr);
            tuple.elts.get(index).filter(|_| !moved)
        }
        (_, Expr::Tuple(_) | Expr::Dict(_)) => None,
        (_, one) => (count == 1).then_some(one),
    };
    let part = |hole: Hole| match hole.is_number {
        true => Part::Number(shown(hole.field)),
        false => shown(hole.field).map_or(Part::Unknown, Part::Shown),
    };
    holes.into_iter().map(part).collect()
}

/// What each hole of a `format` shows.
fn format_parts<'a>(module: &Module<'a>, holes: Vec<Hole>, arguments: &'a ast::Arguments) -> Vec<Part<'a>> {
    let keywords: FxHashMap<&str, &Expr> = arguments
        .keywords
        .iter()
        .filter_map(|keyword| Some((keyword.arg.as_deref()?, &keyword.value)))
        .collect();
    let moved = arguments.args.iter().any(Expr::is_starred_expr);
    let parts = holes.into_iter().map(|hole| {
        let shown = match hole.field {
            Field::At(index) => arguments.args.get(index).filter(|_| !moved),
            Field::Named(name) => keywords.get(name.as_str()).copied(),
            Field::Several => None,
        };
        match shown {
            Some(expr) if hole.is_number && is_number(module, expr) => Part::Number(Some(expr)),
            shown => shown.map_or(Part::Unknown, Part::Shown),
        }
    });
    parts.collect()
}

fn push_call<'a>(module: &Module<'a>, call: &'a ast::ExprCall, depth: u32, out: &mut Built<'a>) {
    let Expr::Attribute(method) = &*call.func else { return out.push_hole(Part::Unknown) };
    let mut template = Built::default();
    match method.attr.as_str() {
        "join" => push_joined(module, &method.value, call, depth, out),
        "format" | "format_map" => {
            push(module, &method.value, depth + 1, &mut template);
            let (filled, holes) = format_holes(&template.text);
            let parts = match method.attr.as_str() {
                "format" => format_parts(module, holes, &call.arguments),
                _ => vec![Part::Unknown; holes.len()],
            };
            out.push_filled(&template, &filled, parts);
        }
        "replace" => {
            push(module, &method.value, depth + 1, &mut template);
            let replaced = call.arguments.args.first().and_then(|expr| module.text(expr));
            match replaced.filter(|text| !text.is_empty()) {
                Some(replaced) => {
                    let mut known = template.holes.iter().copied();
                    for (i, kept) in template.text.split(&replaced).enumerate() {
                        if i > 0 {
                            out.push_hole(call.arguments.args.get(1).map_or(Part::Unknown, Part::Shown));
                        }
                        out.text.push_str(kept);
                        out.holes.extend(known.by_ref().take(kept.matches(HOLE).count()));
                    }
                }
                None => out.push_hole(Part::Unknown),
            }
        }
        "strip" | "lstrip" | "rstrip" => push(module, &method.value, depth + 1, out),
        _ => out.push_hole(Part::Unknown),
    }
}

fn push_joined<'a>(
    module: &Module<'a>,
    glue: &'a Expr,
    call: &'a ast::ExprCall,
    depth: u32,
    out: &mut Built<'a>,
) {
    let parts = match call.arguments.args.first() {
        Some(Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) => elts,
        _ => return out.push_hole(Part::Unknown),
    };
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            match module.text(glue) {
                Some(glue) => out.text.push_str(&glue),
                None => out.push_hole(Part::Shown(glue)),
            }
        }
        push(module, part, depth + 1, out);
    }
}
