//! Texts that are put together from parts: what is written out of them, with holes for the rest.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, FStringPart, InterpolatedStringElement, Operator};

use crate::python::Module;

/// Stands for a part that is not written out. No source can hold it in a place where it matters.
pub(super) const HOLE: char = '\u{1}';

/// How deep parts within parts are followed, and how long the text may become.
const MAX_DEPTH: u32 = 16;
const MAX_LENGTH: usize = 16 * 1024;

/// The text that an expression builds with `+`, `%`, `format`, `join`, `replace` or as an f-string; `None` for
/// anything else, and when nothing in it varies.
pub(super) fn template_of<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<String> {
    if !builds(expr) || module.constant(expr).is_some() {
        return None;
    }
    let mut out = String::new();
    push(module, expr, 0, &mut out);
    out.contains(HOLE).then_some(out)
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

fn push<'a>(module: &Module<'a>, expr: &'a Expr, depth: u32, out: &mut String) {
    if out.len() > MAX_LENGTH || depth > MAX_DEPTH {
        return out.push(HOLE);
    }
    if let Some(text) = module.text(expr) {
        return out.push_str(&text);
    }
    match expr {
        Expr::FString(text) => text.value.iter().for_each(|part| push_part(module, part, depth, out)),
        Expr::BinOp(binary) if binary.op == Operator::Add => push_sum(module, expr, depth, out),
        Expr::BinOp(binary) if binary.op == Operator::Mod => {
            let mut template = String::new();
            push(module, &binary.left, depth + 1, &mut template);
            out.push_str(&percent_holes(&template));
        }
        Expr::Call(call) => push_call(module, call, depth, out),
        _ => out.push(HOLE),
    }
}

/// A long sum leans to the left: it is unrolled, not recursed into.
fn push_sum<'a>(module: &Module<'a>, expr: &'a Expr, depth: u32, out: &mut String) {
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

fn push_part<'a>(module: &Module<'a>, part: &'a FStringPart, depth: u32, out: &mut String) {
    match part {
        FStringPart::Literal(literal) => out.push_str(&literal.value),
        FStringPart::FString(text) => {
            for element in &text.elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => out.push_str(&literal.value),
                    InterpolatedStringElement::Interpolation(hole) => {
                        push(module, &hole.expression, depth + 1, out);
                    }
                }
            }
        }
    }
}

fn push_call<'a>(module: &Module<'a>, call: &'a ast::ExprCall, depth: u32, out: &mut String) {
    let Expr::Attribute(method) = &*call.func else { return out.push(HOLE) };
    let mut template = String::new();
    match method.attr.as_str() {
        "join" => push_joined(module, &method.value, call, depth, out),
        "format" | "format_map" => {
            push(module, &method.value, depth + 1, &mut template);
            out.push_str(&format_holes(&template));
        }
        "replace" => {
            push(module, &method.value, depth + 1, &mut template);
            let replaced = call.arguments.args.first().and_then(|expr| module.text(expr));
            match replaced.filter(|text| !text.is_empty()) {
                Some(replaced) => out.push_str(&template.replace(&replaced, &HOLE.to_string())),
                None => out.push(HOLE),
            }
        }
        "strip" | "lstrip" | "rstrip" => push(module, &method.value, depth + 1, out),
        _ => out.push(HOLE),
    }
}

fn push_joined<'a>(
    module: &Module<'a>,
    glue: &'a Expr,
    call: &'a ast::ExprCall,
    depth: u32,
    out: &mut String,
) {
    let glue = module.text(glue).unwrap_or_else(|| HOLE.to_string());
    let parts = match call.arguments.args.first() {
        Some(Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) => elts,
        _ => return out.push(HOLE),
    };
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(&glue);
        }
        push(module, part, depth + 1, out);
    }
}

/// `%s`, `%(name)s`, `%-10d` are holes, `%%` is none.
fn percent_holes(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        out.push(HOLE);
        let named = after.strip_prefix('(').and_then(|name| name.split_once(')')).map(|(_, after)| after);
        let flags = named.unwrap_or(after);
        let conversion = flags.find(|c: char| !matches!(c, '-' | '+' | '#' | '.' | '*' | '0'..='9'));
        rest = conversion.map_or("", |at| flags.get(at + 1..).unwrap_or(""));
    }
    out.push_str(rest);
    out
}

/// `{}`, `{name!r:>10}` are holes, `{{` and `}}` are none.
fn format_holes(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(&before.replace("}}", "}"));
        if let Some(after) = after.strip_prefix('{') {
            out.push('{');
            rest = after;
            continue;
        }
        out.push(HOLE);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out.push_str(&rest.replace("}}", "}"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_holes_and_escapes_do_not() {
        let hole = HOLE.to_string();
        assert_eq!(percent_holes("a=%s b=%(x)-3d 5%% %"), format!("a={hole} b={hole} 5% {hole}"));
        assert_eq!(format_holes("{}: {a!r:>3} {{x}} {"), format!("{hole}: {hole} {{x}} {hole}"));
    }
}
