//! Texts that are put together from parts: what is written out of them, with holes for the rest.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, FStringPart, InterpolatedStringElement, Operator};

use rustc_hash::FxHashMap;

use crate::python::Module;

/// Stands for a part that is not written out. No source can hold it in a place where it matters.
pub(super) const HOLE: char = '\u{1}';

/// How deep parts within parts are followed, and how long the text may become.
const MAX_DEPTH: u32 = 16;
const MAX_LENGTH: usize = 16 * 1024;

/// A text that is put together: what is written out of it, and what is put into its holes, in their order, where that is
/// in sight.
#[derive(Debug, Default)]
pub(super) struct Built<'a> {
    pub text: String,
    holes: Vec<Option<&'a Expr>>,
}

impl<'a> Built<'a> {
    /// The places of the holes in the text, with what is put there.
    pub(super) fn holes(&self) -> impl Iterator<Item = (usize, Option<&'a Expr>)> {
        let places = self.text.match_indices(HOLE).map(|(at, _)| at);
        // A text that holds this very character has more holes than there are parts.
        let known = self.text.matches(HOLE).count() == self.holes.len();
        places.enumerate().map(move |(i, at)| (at, self.holes.get(i).copied().flatten().filter(|_| known)))
    }

    fn push_hole(&mut self, part: Option<&'a Expr>) {
        self.text.push(HOLE);
        self.holes.push(part);
    }

    /// A text with holes of its own, and what is put into them; nothing is known of that where `template` had holes, too.
    fn push_filled(&mut self, template: &Built<'a>, filled: &str, parts: Vec<Option<&'a Expr>>) {
        self.text.push_str(filled);
        if template.holes.is_empty() {
            self.holes.extend(parts);
        } else {
            self.holes.extend(std::iter::repeat_n(None, filled.matches(HOLE).count()));
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
        return out.push_hole(Some(expr));
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
            let (filled, names) = percent_holes(&template.text);
            out.push_filled(&template, &filled, percent_parts(module, names, &binary.right));
        }
        Expr::Call(call) => {
            let mut made = Built::default();
            push_call(module, call, depth, &mut made);
            // Where nothing of it is written out, it is a part like any other.
            if made.text.chars().all(|c| c == HOLE) {
                out.push_hole(Some(expr));
            } else {
                out.text.push_str(&made.text);
                out.holes.extend(made.holes);
            }
        }
        _ => out.push_hole(Some(expr)),
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
                    InterpolatedStringElement::Interpolation(hole) => {
                        push(module, &hole.expression, depth + 1, out);
                    }
                }
            }
        }
    }
}

/// What each hole of a `%` format shows.
fn percent_parts<'a>(
    module: &Module<'a>,
    names: Vec<Option<String>>,
    right: &'a Expr,
) -> Vec<Option<&'a Expr>> {
    match right {
        Expr::Tuple(tuple) if tuple.elts.len() == names.len() => tuple.elts.iter().map(Some).collect(),
        Expr::Dict(dict) => {
            let item = |item: &'a ast::DictItem| Some((module.text(item.key.as_ref()?)?, &item.value));
            let items: FxHashMap<String, &Expr> = dict.iter().filter_map(item).collect();
            names.into_iter().map(|name| items.get(&name?).copied()).collect()
        }
        Expr::Tuple(_) => vec![None; names.len()],
        one if names.len() == 1 => vec![Some(one)],
        _ => vec![None; names.len()],
    }
}

/// What each hole of a `format` shows.
fn format_parts(fields: Vec<Field>, arguments: &ast::Arguments) -> Vec<Option<&Expr>> {
    let keywords: FxHashMap<&str, &Expr> = arguments
        .keywords
        .iter()
        .filter_map(|keyword| Some((keyword.arg.as_deref()?, &keyword.value)))
        .collect();
    let moved = arguments.args.iter().any(Expr::is_starred_expr);
    let parts = fields.into_iter().map(|field| match field {
        Field::At(index) => arguments.args.get(index).filter(|_| !moved),
        Field::Named(name) => keywords.get(name.as_str()).copied(),
    });
    parts.collect()
}

fn push_call<'a>(module: &Module<'a>, call: &'a ast::ExprCall, depth: u32, out: &mut Built<'a>) {
    let Expr::Attribute(method) = &*call.func else { return out.push_hole(None) };
    let mut template = Built::default();
    match method.attr.as_str() {
        "join" => push_joined(module, &method.value, call, depth, out),
        "format" | "format_map" => {
            push(module, &method.value, depth + 1, &mut template);
            let (filled, fields) = format_holes(&template.text);
            let parts = match method.attr.as_str() {
                "format" => format_parts(fields, &call.arguments),
                _ => vec![None; fields.len()],
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
                            out.push_hole(call.arguments.args.get(1));
                        }
                        out.text.push_str(kept);
                        out.holes.extend(known.by_ref().take(kept.matches(HOLE).count()));
                    }
                }
                None => out.push_hole(None),
            }
        }
        "strip" | "lstrip" | "rstrip" => push(module, &method.value, depth + 1, out),
        _ => out.push_hole(None),
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
        _ => return out.push_hole(None),
    };
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            match module.text(glue) {
                Some(glue) => out.text.push_str(&glue),
                None => out.push_hole(Some(glue)),
            }
        }
        push(module, part, depth + 1, out);
    }
}

/// `%s`, `%(name)s`, `%-10d` are holes, `%%` is none; with the names that they have.
fn percent_holes(template: &str) -> (String, Vec<Option<String>>) {
    let mut out = String::new();
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        out.push(HOLE);
        let named = after.strip_prefix('(').and_then(|name| name.split_once(')'));
        names.push(named.map(|(name, _)| name.to_owned()));
        let flags = named.map_or(after, |(_, after)| after);
        let conversion = flags.find(|c: char| !matches!(c, '-' | '+' | '#' | '.' | '*' | '0'..='9'));
        rest = conversion.map_or("", |at| flags.get(at + 1..).unwrap_or(""));
    }
    out.push_str(rest);
    (out, names)
}

/// Which argument of `format` a field shows.
#[derive(Debug, PartialEq)]
enum Field {
    At(usize),
    Named(String),
}

/// `{}`, `{name!r:>10}` are holes, `{{` and `}}` are none; with what they show.
fn format_holes(template: &str) -> (String, Vec<Field>) {
    let mut out = String::new();
    let mut fields = Vec::new();
    let mut next = 0;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(&before.replace("}}", "}"));
        if let Some(after) = after.strip_prefix('{') {
            out.push('{');
            rest = after;
            continue;
        }
        out.push(HOLE);
        let (field, after) = after.split_once('}').unwrap_or((after, ""));
        let name = field.split(['!', ':', '.', '[']).next().unwrap_or_default();
        fields.push(match name.parse() {
            Ok(index) => Field::At(index),
            Err(_) if name.is_empty() => Field::At(next),
            Err(_) => Field::Named(name.to_owned()),
        });
        next += 1;
        rest = after;
    }
    out.push_str(&rest.replace("}}", "}"));
    (out, fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_holes_and_escapes_do_not() {
        let hole = HOLE.to_string();
        let (text, names) = percent_holes("a=%s b=%(x)-3d 5%% %");
        assert_eq!(text, format!("a={hole} b={hole} 5% {hole}"));
        assert_eq!(names, [None, Some("x".to_owned()), None]);
        let (text, fields) = format_holes("{}: {a!r:>3} {{x}} {1} {");
        assert_eq!(text, format!("{hole}: {hole} {{x}} {hole} {hole}"));
        assert_eq!(fields, [Field::At(0), Field::Named("a".to_owned()), Field::At(1), Field::At(3)]);
    }
}
