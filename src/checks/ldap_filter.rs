//! Filters of LDAP searches: what stands in their holes, and what each hole can be made to say.

use ruff_python_ast::{self as ast, Expr, Operator};

use super::built_text::{Built, HOLE, Part, built_by};
use crate::python::{Exposure, Harm, Module};

/// How many names, choices and templates within one another are followed.
const MAX_DEPTH: u32 = 8;

/// How much somebody outside can have to do with what a filter means. A value that is not escaped for LDAP can end
/// itself, whatever it is; a whole component or the name of an attribute is as dangerous as what it is made of.
pub(super) fn exposure<'a>(module: &Module<'a>, filter: &'a Expr) -> Exposure {
    exposure_of_filter(module, filter, MAX_DEPTH)
}

fn exposure_of_filter<'a>(module: &Module<'a>, filter: &'a Expr, depth: u32) -> Exposure {
    let whole = exposure_of_part(module, filter);
    let Some(depth) = depth.checked_sub(1) else { return whole };
    if matches!(whole, Exposure::Constant | Exposure::Input | Exposure::Request) {
        return whole;
    }
    let worst = |parts: &[&'a Expr]| {
        parts.iter().map(|part| exposure_of_filter(module, part, depth)).max().unwrap_or(whole)
    };
    if let Some((template, arguments)) = filled_template(module, filter) {
        // What is not escaped goes into who knows which place of the template.
        return match arguments {
            Exposure::Constant | Exposure::Sanitised => exposure_of_filter(module, template, depth),
            arguments => arguments.max(Exposure::Built),
        };
    }
    match filter {
        Expr::Name(name) => module.only_assigned(name).map_or(whole, |values| worst(&values)),
        Expr::If(choice) => worst(&[&choice.body, &choice.orelse]),
        filter => match built_by(module, filter) {
            Some(built) => exposure_of_holes(module, &built, whole, depth),
            None => whole,
        },
    }
}

fn exposure_of_holes<'a>(module: &Module<'a>, built: &Built<'a>, whole: Exposure, depth: u32) -> Exposure {
    let holes = built.holes().map(|(at, part)| {
        let part = match part {
            Part::Unknown => return whole,
            Part::Number(_) => return Exposure::Sanitised,
            Part::Shown(part) => part,
        };
        let (before, after) = (&built.text[..at], &built.text[at + HOLE.len_utf8()..]);
        if is_component(before, after) || is_attribute(before, after) {
            return exposure_of_filter(module, part, depth);
        }
        match exposure_of_part(module, part) {
            Exposure::Unknown => Exposure::Built,
            exposure => exposure,
        }
    });
    holes.max().unwrap_or(whole)
}

/// `(%s)`, `(&%s(uid=…))`: what stands there brings its own brackets or is all between two.
fn is_component(before: &str, after: &str) -> bool {
    let touches_another = before.ends_with(HOLE) || after.starts_with(HOLE);
    let before = before.trim_end_matches(HOLE).chars().next_back();
    let after = after.trim_start_matches(HOLE).chars().next();
    // Of two holes that are all there is, the first can be the name of an attribute and the second its value.
    let is_open = before.is_none() || after.is_none();
    !(touches_another && is_open)
        && before.is_none_or(|c| matches!(c, '(' | '&' | '|' | '!' | ')'))
        && after.is_none_or(|c| matches!(c, '(' | ')'))
}

/// `(%s=…)`.
fn is_attribute(before: &str, after: &str) -> bool {
    before.ends_with('(') && ["=", ">=", "<=", "~="].iter().any(|operator| after.starts_with(operator))
}

/// A template that varies itself, and the exposure of what is put into it: `template % name`, `template.format(name)`,
/// `filter_format(template, [name])`, which escapes it.
fn filled_template<'a>(module: &Module<'a>, filter: &'a Expr) -> Option<(&'a Expr, Exposure)> {
    let worst = |parts: &mut dyn Iterator<Item = &'a Expr>| {
        parts.map(|part| exposure_of_part(module, part)).max().unwrap_or(Exposure::Constant)
    };
    match filter {
        Expr::BinOp(ast::ExprBinOp { left, op: Operator::Mod, right, .. }) if module.text(left).is_none() => {
            let arguments = match &**right {
                Expr::Tuple(parts) => worst(&mut parts.elts.iter()),
                Expr::Dict(parts) => worst(&mut parts.iter_values()),
                one => exposure_of_part(module, one),
            };
            Some((left, arguments))
        }
        Expr::Call(call) if module.refers_to(&call.func, &["ldap.filter.filter_format"]) => {
            let escapes = module.is_only(&call.func, &["ldap.filter.filter_format"]);
            let template = call.arguments.find_argument_value("filter_template", 0)?;
            escapes.then_some((template, Exposure::Sanitised))
        }
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method)
                if matches!(method.attr.as_str(), "format" | "format_map" | "replace")
                    && module.text(&method.value).is_none() =>
            {
                let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                Some((&method.value, worst(&mut call.arguments.args.iter().chain(keywords))))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The exposure of a part, where only what escapes for LDAP makes it harmless. A shell minds other characters.
fn exposure_of_part<'a>(module: &Module<'a>, part: &'a Expr) -> Exposure {
    let value = module.value(part);
    match module.names().exposure_to(Harm::Filter, value) {
        Exposure::Sanitised if module.qualified(part).iter().any(|name| is_for_shells(name)) => {
            Exposure::Unknown
        }
        exposure => exposure,
    }
}

fn is_for_shells(name: &str) -> bool {
    matches!(name, "shlex.quote()" | "pipes.quote()")
}
