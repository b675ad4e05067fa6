//! The templates of `%`, of `str.format` and of f-strings: where their parts go, and which show nothing but a number.

use ruff_python_ast::{self as ast, ConversionFlag, InterpolatedStringElement};

/// Stands for a part that is not written out. No source can hold it in a place where it matters.
pub const HOLE: char = '\u{1}';

/// A part of a template that something is put into.
#[derive(Debug, PartialEq, Eq)]
pub struct Hole {
    pub field: Field,
    /// Whether a number is shown or nothing: of a text, `%d` raises an error.
    pub is_number: bool,
}

/// Which argument a part shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Field {
    At(usize),
    Named(String),
    /// More than one: `{:>{width}}`.
    Several,
}

/// `%s`, `%(name)s`, `%-10d` are holes, `%%` is none. The text with [`HOLE`] for each of them, and what they show.
pub fn percent_holes(template: &str) -> (String, Vec<Hole>) {
    let mut out = String::new();
    let mut holes = Vec::new();
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
        let field = named.map_or(Field::At(holes.len()), |(name, _)| Field::Named(name.to_owned()));
        let flags = named.map_or(after, |(_, after)| after);
        let form =
            flags.trim_start_matches(|c: char| matches!(c, '-' | '+' | '#' | ' ' | '.' | '*' | '0'..='9'));
        let form = form.strip_prefix(['h', 'l', 'L']).unwrap_or(form);
        let mut form = form.chars();
        let is_number = form.next().is_some_and(|conversion| "diouxXeEfFgG".contains(conversion));
        holes.push(Hole { field, is_number });
        rest = form.as_str();
    }
    out.push_str(rest);
    (out, holes)
}

/// `{}`, `{name!r:>10}` are holes, `{{` and `}}` are none. The text with [`HOLE`] for each of them, and what they show.
pub fn format_holes(template: &str) -> (String, Vec<Hole>) {
    let mut out = String::new();
    let mut holes = Vec::new();
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
        let (inside, after) = after.split_once('}').unwrap_or((after, ""));
        let name = inside.split(['!', ':', '.', '[']).next().unwrap_or_default();
        let field = match name.parse() {
            _ if inside.contains('{') => Field::Several,
            Ok(index) => Field::At(index),
            Err(_) if name.is_empty() => Field::At(next),
            Err(_) => Field::Named(name.to_owned()),
        };
        // In brackets a colon belongs to a key, and what was converted is a text.
        let spec = inside.split_once(':').filter(|(shown, _)| !shown.contains(['[', '!']));
        holes.push(Hole { field, is_number: spec.is_some_and(|(_, spec)| asks_for_number(spec)) });
        next += 1;
        rest = after;
    }
    out.push_str(&rest.replace("}}", "}"));
    (out, holes)
}

/// Whether a part of an f-string is shown as a number or not at all.
pub fn shows_number(part: &ast::InterpolatedElement) -> bool {
    let spec = part.format_spec.as_ref().map(|spec| &*spec.elements);
    match spec {
        Some([InterpolatedStringElement::Literal(spec)]) if part.conversion == ConversionFlag::None => {
            asks_for_number(&spec.value)
        }
        _ => false,
    }
}

/// Whether a format specification is one that texts do not take (Python's "Format Specification Mini-Language"). `n`
/// is none of them: where numbers are written `1'000`, it shows quotes.
fn asks_for_number(spec: &str) -> bool {
    let mut chars = spec.chars();
    let filled = matches!((chars.next(), chars.next()), (Some(_), Some('<' | '>' | '=' | '^')));
    let spec = if filled { chars.as_str() } else { spec.strip_prefix(['<', '>', '=', '^']).unwrap_or(spec) };
    let spec = spec.strip_prefix(['+', '-', ' ']).unwrap_or(spec);
    let spec = spec.strip_prefix('z').unwrap_or(spec);
    let spec = spec.strip_prefix('#').unwrap_or(spec);
    let spec = spec.trim_start_matches(|c: char| c.is_ascii_digit());
    let (spec, groups) = spec.strip_prefix([',', '_']).map_or((spec, false), |rest| (rest, true));
    let precise =
        spec.strip_prefix('.').map(|digits| digits.trim_start_matches(|c: char| c.is_ascii_digit()));
    match precise.unwrap_or(spec) {
        "" => groups,
        kind => ["b", "d", "e", "E", "f", "F", "g", "G", "o", "x", "X", "%"].contains(&kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(holes: Vec<Hole>) -> Vec<(Field, bool)> {
        holes.into_iter().map(|hole| (hole.field, hole.is_number)).collect()
    }

    #[test]
    fn fields_become_holes_and_escapes_do_not() {
        let hole = HOLE.to_string();
        let (text, holes) = percent_holes("a=%s b=%(x)-3d 5%% % .2lf %");
        assert_eq!(text, format!("a={hole} b={hole} 5% {hole} {hole}"));
        let at = Field::At;
        assert_eq!(
            shown(holes),
            [(at(0), false), (Field::Named("x".to_owned()), true), (at(2), true), (at(3), false)]
        );
        let (text, holes) = format_holes("{}: {a!r:>3} {{x}} {1:,} {a[x:d]} {!s:d} {:{w}");
        assert_eq!(text, format!("{hole}: {hole} {{x}} {hole} {hole} {hole} {hole}"));
        let a = || Field::Named("a".to_owned());
        assert_eq!(
            shown(holes),
            [
                (at(0), false),
                (a(), false),
                (at(1), true),
                (a(), false),
                (at(4), false),
                (Field::Several, false)
            ]
        );
    }

    #[test]
    fn numbers_are_asked_for_by_what_texts_do_not_take() {
        for spec in ["d", "x", "08.3f", "+d", "'>10d", "=5d", ",", "_", ".2%", "#x", ",.2f", " z.1e"] {
            assert!(asks_for_number(spec), "{spec}");
        }
        for spec in ["", "s", ">10", "10", ".5", "c", "n", "%d", "%Y-%m-%d", "dd", "d>", "=5"] {
            assert!(!asks_for_number(spec), "{spec}");
        }
    }
}
