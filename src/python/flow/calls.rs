//! What a call gives: of a function of this file, a method of a text or a container, or of something elsewhere.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::conditions::TAKE_APART;
use super::expressions::last_part;
use super::patterns::left_by;
use super::statements::Then;
use super::value::{
    Abstract, Denied, Elements, State, at_key, before, deny_root, element_of, is_folder, is_store, pair_key,
    spoiled, text_of, with_elements,
};
use super::{Frame, Run};
use crate::python::constant::{Constant, apply_function, apply_method};
use crate::python::exposure::{
    Exposure, escapes_filter, escapes_markup, escapes_pattern, fills_filter, is_part_of_environ,
    is_part_of_request, quotes_for_query, result_of, source_of,
};
use crate::python::names::{Thing, Value, are_all};
use crate::python::requests::is_route;
use crate::python::template::{Field, Hole, format_holes};
use crate::python::tree::{Binding, Meaning, ScopeId, ScopeKind};

/// Decorators that leave a function what it is.
const FAITHFUL: &[&str] = &[
    "abc.abstractmethod",
    "builtins.classmethod",
    "builtins.property",
    "builtins.staticmethod",
    "functools.cache",
    "functools.lru_cache",
    "functools.wraps",
    "typing.final",
    "typing.no_type_check",
    "typing.overload",
    "typing.override",
];

/// Tells whether something holds of all that a callee can be.
type AreAll<'c> = dyn Fn(&dyn Fn(&str) -> bool) -> bool + 'c;

/// How deep calls of functions of this file are entered.
const MAX_CALLS: u32 = 3;

/// What a function of this file gives for some parameters.
#[derive(Debug)]
pub struct Entered {
    given: Vec<Abstract>,
    result: Option<Abstract>,
}

/// By the function, and by how many calls inside one another lead to it.
pub type AllEntered = FxHashMap<(ScopeId, u32), Vec<Entered>>;

/// For how many different parameters it is kept what a function gives.
const MAX_ENTERED: usize = 16;

impl<'a> Run<'_, 'a> {
    pub(super) fn call(&self, frame: &mut Frame<'a>, whole: &'a Expr, call: &'a ast::ExprCall) -> Abstract {
        let receiver = match &*call.func {
            Expr::Attribute(method) => Some((method, self.value(frame, &method.value))),
            _ => None,
        };
        let positional: Vec<Abstract> =
            call.arguments.args.iter().map(|expr| self.value(frame, expr)).collect();
        let keywords: Vec<Abstract> =
            call.arguments.keywords.iter().map(|keyword| self.value(frame, &keyword.value)).collect();
        let place = Value { expr: &call.func, scope: frame.scope };
        // `await request.json()`
        if is_part_of_request(self.names, place)
            || is_part_of_environ(self.names, Value { expr: whole, scope: frame.scope })
        {
            let source = Abstract::of(Exposure::Request).through(call.range());
            return self.converted(frame, call, source);
        }
        // What a method makes of a text from outside is told from that text.
        let of_text = receiver.as_ref().is_some_and(|(method, value)| {
            value.exposure >= Exposure::Input
                && matches!(method.attr.as_str(), "replace" | "strip" | "lstrip")
        });
        if let Some(exposure) = result_of(self.names, call, frame.scope).filter(|_| !of_text) {
            return self.converted(frame, call, Abstract::of(exposure).through(call.range()));
        }
        let things = self.names.things(place);
        let only = |holds: &dyn Fn(&str) -> bool| are_all(&things, holds) && self.names.is_certain(place);
        if only(&|name: &str| name == "os.path.basename")
            && let [path] = positional.as_slice()
        {
            return last_part(path.clone());
        }
        if only(&|name: &str| name == "os.path.dirname")
            && let [path] = positional.as_slice()
            && path.denied.last
        {
            return Abstract::of(Exposure::Unknown);
        }
        if only(&|name: &str| name == "os.path.split")
            && let [path] = positional.as_slice()
        {
            let parts = [path.clone(), last_part(path.clone())].into_iter().enumerate();
            let parts = parts.map(|(i, part)| (Constant::Int(i as i64), part)).collect();
            return with_elements(Abstract::of(Exposure::Constant), parts);
        }
        // A method of this file does what it says, and not what others of its name do.
        let is_own = things.iter().any(|thing| matches!(thing, Thing::Function(_)));
        if let Some((method, value)) = &receiver
            && !is_own
            && let Some(known) = self.method(frame, call, method, value, &positional, &keywords)
        {
            return known;
        }
        if let Some(result) = self.result(frame, call, &things, &positional) {
            return result;
        }
        if things.iter().any(|thing| matches!(thing, Thing::Named(name) if name == "flask.make_response"))
            && let [answer, ..] = positional.as_slice()
            && let Some(Expr::Tuple(_)) = call.arguments.args.first()
        {
            // Headers are no part of the page.
            return Abstract { constant: None, ..at_key(answer, &Constant::Int(0)) }.at_least_unknown();
        }
        if only(&|name| name == "builtins.enumerate")
            && let [iterated, ..] = positional.as_slice()
        {
            return numbered(iterated);
        }
        if only(&|name| name == "builtins.zip") && !call.arguments.args.iter().any(Expr::is_starred_expr) {
            return zipped(&positional);
        }
        let escaped = only(&escapes_markup);
        let names_pure = things.iter().any(|thing| matches!(thing, Thing::Named(name) if is_pure(name)));
        // A module that a function is in gives nothing of itself.
        let of_module = escaped || only(&is_pure);
        let receiver = receiver.filter(|_| !of_module).map(|(_, value)| value);
        // What is a part of something from outside may be a text: `request.args.get("name")`.
        let is_part =
            receiver.as_ref().is_some_and(|whole| whole.exposure >= Exposure::Input && !whole.denied.text);
        let fills_template = only(&fills_filter)
            && positional.first().is_some_and(|template| template.exposure == Exposure::Constant);
        let given = positional.into_iter().chain(keywords).chain(receiver);
        let all = given.reduce(Abstract::join).unwrap_or(Abstract::of(Exposure::Unknown));
        let leads_there = only(&resolves_path) || is_resolved(call);
        let mut denied = all.denied.of_another();
        denied.markup |= escaped;
        denied.query |= only(&quotes_for_query);
        denied.filter |= only(&|name| escapes_filter(name, &call.func)) || fills_template;
        denied.pattern |= only(&escapes_pattern);
        let takes_quotes = escaped && call.arguments.find_keyword("quote").is_none();
        denied.quotes |= takes_quotes;
        denied.single_quotes |= takes_quotes;
        let are_paths = only(&keeps_path);
        let is_joined_safely = only(&joins_safely);
        denied.parents = denied.parents && are_paths || is_joined_safely;
        denied.root = denied.root && are_paths || is_joined_safely;
        denied.last &= are_paths;
        denied.resolved = leads_there || all.denied.resolved && only(&keeps_text);
        if let Some(quoted) = self.quoted(frame, call, &only) {
            denied = denied.or(quoted);
        } else if !only(&keeps_text) {
            denied.shell = false;
        }
        let mut all = Abstract { constant: None, elements: None, denied, ..all };
        // What was harmless is no longer when it is read as something else.
        if all.exposure == Exposure::Sanitised
            && things.iter().any(|thing| matches!(thing, Thing::Named(name) if decodes(name)))
        {
            all.exposure = Exposure::Unknown;
        }
        let takes_apart = things
            .iter()
            .any(|thing| matches!(thing, Thing::Named(name) if TAKE_APART.contains(&name.as_str())));
        let all = Abstract { parsed: if takes_apart { self.take_apart(frame, call) } else { 0 }, ..all };
        if names_pure {
            return all;
        }
        if things.iter().any(|thing| self.may_give_text(thing)) {
            return all.at_least_unknown();
        }
        all.made_elsewhere(is_part)
    }

    /// What all functions that may be called give, where each of them is known.
    fn result(
        &self,
        frame: &Frame<'a>,
        call: &'a ast::ExprCall,
        things: &[Thing<'a>],
        positional: &[Abstract],
    ) -> Option<Abstract> {
        let constants = || positional.iter().map(|value| value.constant.clone()).collect::<Option<Vec<_>>>();
        let mut all = None;
        for thing in things {
            let result = match thing {
                Thing::Named(name) if call.arguments.keywords.is_empty() => {
                    Abstract::known(apply_function(name, &constants()?)?)
                }
                Thing::Function(function) => self.enter(frame, *function, call, positional)?,
                _ => return None,
            };
            all = Some(match all {
                Some(before) => Abstract::join(before, result),
                None => result,
            });
        }
        all.filter(|_| self.names.is_certain(Value { expr: &call.func, scope: frame.scope }))
    }

    /// `request.args.get("number", type=int)` gives a number, or what it is given for none.
    fn converted(&self, frame: &mut Frame<'a>, call: &'a ast::ExprCall, source: Abstract) -> Abstract {
        let numbers = ["builtins.int", "builtins.float", "builtins.bool"];
        let is_number = source.exposure == Exposure::Request
            && call.arguments.find_keyword("type").is_some_and(|keyword| {
                let place = Value { expr: &keyword.value, scope: frame.scope };
                self.names.is_only(place, |name| numbers.contains(&name))
            });
        if !is_number {
            return source;
        }
        let default = call.arguments.find_argument_value("default", 1);
        let default = default.map(|expr| self.value(frame, expr));
        default.into_iter().fold(source.into_number(), Abstract::join)
    }

    /// What a function takes out of a text, or quotes in it, for one kind of harm and no other.
    fn quoted(&self, frame: &Frame<'a>, call: &'a ast::ExprCall, only: &AreAll<'_>) -> Option<Denied> {
        if only(&|name| matches!(name, "shlex.quote" | "pipes.quote")) {
            return Some(Denied { shell: true, ..Denied::default() });
        }
        let is_plus = only(&|name| name == "urllib.parse.quote_plus");
        if is_plus || only(&|name| name == "urllib.parse.quote") {
            let safe = call.arguments.find_argument_value("safe", 1);
            let safe = safe.map(|expr| self.names.constant(Value { expr, scope: frame.scope }));
            let is_plain = |safe: &Option<Constant>| {
                safe.as_ref()
                    .and_then(Constant::as_str)
                    .is_some_and(|safe| safe.chars().all(|c| "/~:,@+=".contains(c)))
            };
            return safe.is_none_or(|safe| is_plain(&safe)).then(|| Denied {
                shell: true,
                markup: true,
                quotes: true,
                single_quotes: true,
                query: true,
                filter: true,
                ..Denied::default()
            });
        }
        if only(&|name| name == "re.sub") {
            let [pattern, replacement, _] = &*call.arguments.args else { return None };
            let text = |expr: &'a Expr| self.names.constant(Value { expr, scope: frame.scope });
            let (pattern, replacement) = (text(pattern)?, text(replacement)?);
            return left_by(pattern.as_str()?, replacement.as_str()?);
        }
        None
    }

    fn joins_paths(&self, call: &'a ast::ExprCall, scope: ScopeId) -> bool {
        self.names.is_only(Value { expr: &call.func, scope }, |name| name == "os.path.join")
    }

    /// Whether something of this file may give back the text it is given: a function, or a class that is a text.
    fn may_give_text(&self, thing: &Thing<'a>) -> bool {
        let Thing::Class(scope) = thing else { return matches!(thing, Thing::Function(_)) };
        let ScopeKind::Class(class) = self.names.tree.scope(*scope).kind else { return true };
        let outside = self.names.tree.scope(*scope).parent.unwrap_or(*scope);
        let bases = class.bases().iter().flat_map(|expr| self.names.things(Value { expr, scope: outside }));
        bases.into_iter().any(|base| !matches!(base, Thing::Named(name) if name != "builtins.str"))
    }

    /// Methods of texts, lists, mappings and keyed stores.
    fn method(
        &self,
        frame: &mut Frame<'a>,
        call: &'a ast::ExprCall,
        method: &'a ast::ExprAttribute,
        receiver: &Abstract,
        given: &[Abstract],
        keywords: &[Abstract],
    ) -> Option<Abstract> {
        let constants = || given.iter().map(|value| value.constant.clone()).collect::<Option<Vec<_>>>();
        let name = method.attr.as_str();
        if let (Some(text), Some(given)) = (&receiver.constant, constants())
            && keywords.is_empty()
            && let Some(result) = apply_method(text, name, &given)
        {
            return Some(Abstract::known(result));
        }
        match (name, given) {
            // It raises where the path leads out of the folder.
            ("relative_to", [_]) => {
                if self.is_own_folder(frame, &call.arguments.args[0]) {
                    self.keep_inside(frame, &method.value);
                }
                None
            }
            (
                "append" | "add" | "extend" | "insert" | "update" | "appendleft" | "put" | "write",
                [.., value],
            ) if keywords.is_empty() => {
                self.append(frame, name, &method.value, receiver, value);
                // What is no list or mapping in sight may give anything.
                receiver.is_in_sight().then(|| Abstract::known(Constant::None))
            }
            ("add" | "append" | "extend" | "insert" | "update", _) if receiver.elements.is_some() => {
                // Keywords, or places that are not told apart.
                let given = given.iter().chain(keywords);
                let Expr::Name(object) = &*method.value else { return None };
                let all = given.fold(receiver.clone(), |all, part| spoiled(all, &element_of(part)));
                self.set(frame, object.id.as_str(), all);
                Some(Abstract::known(Constant::None))
            }
            ("pop" | "remove" | "popleft", _) if receiver.elements.is_some() => {
                self.pop(frame, name, &method.value, receiver, given)
            }
            ("get" | "setdefault", [key, ..]) if receiver.elements.is_some() => {
                let key = match given {
                    [section, option, ..] if is_store(receiver) => pair_key(section, option),
                    _ => key.constant.clone(),
                };
                let found = match key {
                    Some(key) => at_key(receiver, &key),
                    None => element_of(receiver),
                };
                Some(match given.get(1) {
                    Some(default) if !is_store(receiver) => found.join(default.clone()),
                    _ => found,
                })
            }
            ("set", [section, option, value]) => {
                let Expr::Name(object) = &*method.value else { return None };
                let stored = match pair_key(section, option) {
                    Some(key) => {
                        let elements = receiver.elements.as_ref();
                        let mut elements = elements.map(|known| known.items.clone()).unwrap_or_default();
                        elements.retain(|(known, _)| *known != key);
                        elements.push((key, value.clone()));
                        Abstract { elements: Elements::new(elements), ..spoiled(receiver.clone(), value) }
                    }
                    None => spoiled(receiver.clone(), value),
                };
                self.set(frame, object.id.as_str(), stored);
                Some(Abstract::known(Constant::None))
            }
            ("values" | "items", [])
                if receiver.exposure > Exposure::Constant && self.holds_constants(frame, &method.value) =>
            {
                let value = Abstract::of(Exposure::Constant);
                let pair = [Abstract::of(Exposure::Unknown), value.clone()].into_iter().enumerate();
                let pair = pair.map(|(i, part)| (Constant::Int(i as i64), part)).collect();
                let element = match name {
                    "items" => with_elements(Abstract::of(Exposure::Constant), pair),
                    _ => value,
                };
                Some(with_elements(Abstract::of(Exposure::Constant), vec![(Constant::Int(0), element)]))
            }
            ("keys" | "values" | "items" | "copy", [])
                if receiver.elements.is_some() || receiver.exposure == Exposure::Constant =>
            {
                Some(viewed(receiver, name))
            }
            // Of what is harmless, only a date has these.
            ("isoformat" | "strftime" | "date" | "time" | "timetz" | "astimezone", given)
                if receiver.exposure == Exposure::Sanitised
                    && given.iter().chain(keywords).all(|form| is_plain_form(name, form)) =>
            {
                Some(Abstract::of(Exposure::Sanitised))
            }
            // A query can be joined with a table, too.
            ("join", given) if receiver.denied.text && !given.iter().any(|part| part.elements.is_some()) => {
                None
            }
            ("format" | "join" | "format_map", given) => {
                let all = || given.iter().chain(keywords).cloned().collect();
                let known = self.format_parts(call, name, receiver, given, keywords);
                let parts: Vec<Abstract> = known.unwrap_or_else(all);
                // Nothing of a module is in what its function gives.
                let of_module = name == "join" && self.joins_paths(call, frame.scope);
                let object = (!of_module).then(|| receiver.clone());
                let mut text = Abstract::built(parts.into_iter().chain(object));
                text.denied.root = match (name, given) {
                    ("join", [_]) => false,
                    // `os.path.join`
                    ("join", parts) => deny_root(parts),
                    _ => text_of(receiver).is_some_and(|template| is_folder(before(template, '{'))),
                };
                text.denied.last = name == "format" && are_last(receiver, given.iter().chain(keywords));
                // `.` and `./` become `..`.
                let glues = name == "join" && given.len() == 1 && text_of(receiver).is_none_or(str::is_empty);
                text.denied.parents &= !glues;
                if of_module {
                    let parts: Vec<&Abstract> = given.iter().collect();
                    text = text.ending_in(&parts);
                }
                Some(text.through(method.range()))
            }
            ("isdigit" | "isalnum" | "isalpha" | "startswith" | "endswith", _) => {
                Some(Abstract::of(Exposure::Sanitised))
            }
            // A collection of a database finds more than a place.
            ("count" | "find" | "index", _) if receiver.may_be_text() => {
                Some(Abstract::of(Exposure::Sanitised))
            }
            (
                "lower" | "upper" | "strip" | "lstrip" | "rstrip" | "replace" | "split" | "rsplit"
                | "splitlines" | "encode" | "decode" | "title" | "capitalize" | "partition" | "rpartition"
                | "removeprefix" | "removesuffix" | "casefold" | "zfill" | "ljust" | "rjust" | "center"
                | "expandtabs" | "translate",
                _,
            ) => {
                let replaced = match (name, given) {
                    ("replace", [from, to, ..]) => match (text_of(from), text_of(to)) {
                        (Some(from), Some(to)) if takes_out(from, to) => Some(Denied::by(from)),
                        _ => None,
                    },
                    ("strip" | "lstrip", [characters]) => {
                        let root = text_of(characters).is_some_and(|all| all.contains('/'));
                        Some(Denied { root, ..Denied::default() })
                    }
                    _ => None,
                };
                let all = given.iter().cloned().fold(receiver.clone(), Abstract::join);
                let kept = Denied {
                    parents: all.denied.parents && keeps_parents(name, given),
                    root: all.denied.root && keeps_start(name),
                    last: all.denied.last && keeps_last(name, given),
                    shell: false,
                    ..all.denied.of_another()
                };
                let denied = kept.or(replaced.unwrap_or_default());
                Some(Abstract { constant: None, elements: None, denied, parsed: 0, ..all })
            }
            _ => None,
        }
    }

    /// Whether this is a mapping from names to constants that the file writes out and never changes.
    fn holds_constants(&self, frame: &Frame<'a>, mapping: &'a Expr) -> bool {
        let Expr::Name(name) = mapping else { return false };
        let id = name.id.as_str();
        let Some(home) = self.names.tree.scope_binding(frame.scope, id) else { return false };
        let mut bindings = self.names.tree.bindings_in(home, id);
        let (
            Some((_, Binding { meaning: Meaning::Value { expr: Expr::Dict(dict), scope, steps }, .. })),
            None,
        ) = (bindings.next(), bindings.next())
        else {
            return false;
        };
        let at = |expr: &'a Expr| Value { expr, scope: *scope };
        let is_name = |key: &'a Option<Expr>| {
            key.as_ref().is_some_and(|key| {
                self.names.constant(at(key)).is_some()
                    || matches!(key, Expr::Name(_) | Expr::Attribute(_))
                        && source_of(self.names, at(key)).is_none()
            })
        };
        steps.is_empty()
            && !frame.state.contains_key(id)
            && !self.names.tree.is_shared(id)
            && !self.names.is_changed(id)
            && self.spend(1 + dict.len())
            && dict.iter().all(|item| is_name(&item.key) && self.names.constant(at(&item.value)).is_some())
    }

    /// What the holes of a template show, where each is filled in sight.
    fn format_parts(
        &self,
        call: &'a ast::ExprCall,
        method: &str,
        template: &Abstract,
        given: &[Abstract],
        keywords: &[Abstract],
    ) -> Option<Vec<Abstract>> {
        let template = text_of(template).filter(|_| method == "format")?;
        let (_, holes) = format_holes(template);
        if call.arguments.args.iter().any(Expr::is_starred_expr) {
            return None;
        }
        let part = |hole: Hole| {
            let value = match hole.field {
                Field::At(index) => given.get(index)?,
                Field::Named(name) => {
                    let has_name =
                        |keyword: &ast::Keyword| keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name);
                    keywords.get(call.arguments.keywords.iter().position(has_name)?)?
                }
                Field::Several => return None,
            };
            let is_number = hole.is_number && self.takes_formats(value);
            Some(if is_number { value.clone().into_number() } else { value.clone() })
        };
        holes.into_iter().map(part).collect()
    }

    fn append(
        &self,
        frame: &mut Frame<'a>,
        method: &str,
        object: &'a Expr,
        receiver: &Abstract,
        value: &Abstract,
    ) {
        let Expr::Name(object) = object else { return };
        let old = receiver.clone();
        let grown = match (&receiver.elements, method) {
            (Some(elements), "append" | "add" | "put") => {
                let mut elements = elements.items.clone();
                let next =
                    elements.iter().filter_map(|(key, _)| key.as_int()).max().map_or(0, |last| last + 1);
                elements.push((Constant::Int(next), value.clone()));
                with_elements(old, elements)
            }
            _ => spoiled(old, &element_of(value)),
        };
        self.set(frame, object.id.as_str(), grown);
    }

    /// Taking an element out of a list moves those behind it.
    fn pop(
        &self,
        frame: &mut Frame<'a>,
        method: &str,
        object: &'a Expr,
        receiver: &Abstract,
        given: &[Abstract],
    ) -> Option<Abstract> {
        let Expr::Name(object) = object else { return None };
        let elements = &receiver.elements.as_ref()?.items;
        let is_list = elements.iter().all(|(key, _)| matches!(key, Constant::Int(_)));
        if !is_list {
            let key = given.first()?.constant.clone()?;
            return Some(at_key(receiver, &key));
        }
        let at = match (method, given) {
            ("pop", []) => elements.len().checked_sub(1)?,
            ("pop", [index]) => usize::try_from(index.constant.as_ref()?.as_int()?).ok()?,
            ("popleft", []) => 0,
            ("remove", [value]) => {
                let wanted = value.constant.as_ref()?;
                elements.iter().position(|(_, element)| element.constant.as_ref() == Some(wanted))?
            }
            _ => return None,
        };
        let mut values: Vec<Abstract> = elements.iter().map(|(_, value)| value.clone()).collect();
        if at >= values.len() {
            return None;
        }
        let taken = values.remove(at);
        let rest =
            values.into_iter().enumerate().map(|(i, value)| (Constant::Int(i as i64), value)).collect();
        self.set(frame, object.id.as_str(), with_elements(Abstract::of(Exposure::Constant), rest));
        Some(taken)
    }

    /// The result of a function of this file for these arguments; `None` where it is not entered.
    fn enter(
        &self,
        frame: &Frame<'a>,
        function: ScopeId,
        call: &'a ast::ExprCall,
        positional: &[Abstract],
    ) -> Option<Abstract> {
        let (parameters, body) = match self.names.tree.scope(function).kind {
            ScopeKind::Function(definition) => (&definition.parameters, Ok(&definition.body)),
            ScopeKind::Lambda(lambda) => (lambda.parameters.as_ref()?, Err(&lambda.body)),
            _ => return None,
        };
        let starred = call.arguments.args.iter().any(Expr::is_starred_expr);
        if frame.calls >= MAX_CALLS
            || starred
            || self.gives_something_else(function)
            || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
        {
            return None;
        }
        let mut inner = Frame {
            scope: function,
            state: State::default(),
            returned: None,
            jumps: Vec::new(),
            thrown: Vec::new(),
            calls: frame.calls + 1,
            record: false,
        };
        let is_method = matches!(&*call.func, Expr::Attribute(_))
            && parameters
                .iter_non_variadic_params()
                .next()
                .is_some_and(|first| matches!(first.parameter.name.as_str(), "self" | "cls"));
        for (index, parameter) in parameters.iter_non_variadic_params().enumerate() {
            let name = parameter.parameter.name.as_str();
            let keyword = call.arguments.find_keyword(name).and_then(|keyword| {
                let place = std::ptr::from_ref(&keyword.value).addr();
                self.evaluated.borrow().get(&place).cloned().or_else(|| {
                    let constant = self.names.constant(Value { expr: &keyword.value, scope: frame.scope })?;
                    Some(Abstract::known(constant))
                })
            });
            let index = if is_method { index.checked_sub(1) } else { Some(index) };
            let given = keyword.or_else(|| positional.get(index?).cloned());
            let value = match (given, parameter.default()) {
                (Some(value), _) => value.through(parameter.parameter.range()),
                (None, Some(default)) => self.literal_or_unknown(default, function),
                (None, None) => Abstract::of(Exposure::Unknown),
            };
            inner.state.insert(name, value);
        }
        let given = parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str());
        let given: Vec<Abstract> = given.filter_map(|name| inner.state.get(name).cloned()).collect();
        self.entered_once(function, inner.calls, given, || match body {
            Ok(body) => {
                let then = self.body(&mut inner, body);
                let end = (then == Then::Next).then(|| Abstract::known(Constant::None));
                match (inner.returned, end) {
                    (Some(returned), Some(end)) => Some(returned.join(end)),
                    (returned, end) => returned.or(end),
                }
            }
            Err(expr) => Some(self.value(&mut inner, expr)),
        })
    }

    /// Whether calling a function gives something else than what it returns: a generator, or what a decorator made of it.
    fn gives_something_else(&self, function: ScopeId) -> bool {
        let tree = &self.names.tree;
        let ScopeKind::Function(definition) = tree.scope(function).kind else { return tree.yields(function) };
        let outside = tree.scope(function).parent.unwrap_or(function);
        tree.yields(function)
            || !definition
                .decorator_list
                .iter()
                .all(|decorator| self.gives_back(&decorator.expression, outside))
    }

    /// Whether a decorator gives back a function that does the same as the one it is given.
    fn gives_back(&self, decorator: &'a Expr, scope: ScopeId) -> bool {
        let func = match decorator {
            Expr::Call(call) => &*call.func,
            decorator => decorator,
        };
        let is_route = matches!(func, Expr::Attribute(method) if is_route(&method.attr) || method.attr.as_str() == "command");
        is_route || self.names.is_only(Value { expr: func, scope }, |name| FAITHFUL.contains(&name))
    }

    /// What a function gives for the same parameters as before is known already, whoever calls it.
    fn entered_once(
        &self,
        function: ScopeId,
        calls: u32,
        given: Vec<Abstract>,
        enter: impl FnOnce() -> Option<Abstract>,
    ) -> Option<Abstract> {
        let are_same = |known: &Entered| {
            known.given.len() == given.len() && known.given.iter().zip(&given).all(|(a, b)| a.is_same(b))
        };
        let key = (function, calls);
        if let Some(known) =
            self.names.entered.borrow().get(&key).and_then(|all| all.iter().find(|one| are_same(one)))
        {
            self.spend(1 + given.len());
            return known.result.clone();
        }
        let before = self.entered_home.replace(function == self.home);
        let result = enter();
        if !self.entered_home.get() && self.left.get() > 0 {
            let mut entered = self.names.entered.borrow_mut();
            let known = entered.entry(key).or_default();
            if known.len() < MAX_ENTERED {
                known.push(Entered { given, result: result.clone() });
            }
        }
        self.entered_home.set(before || self.entered_home.get());
        result
    }

    fn literal_or_unknown(&self, expr: &'a Expr, scope: ScopeId) -> Abstract {
        let scope = self.names.tree.scope(scope).parent.unwrap_or(scope);
        match self.names.constant(Value { expr, scope }) {
            Some(constant) => Abstract::known(constant),
            None => Abstract::of(Exposure::Unknown),
        }
    }
}

/// Whether a method of a text makes no `..` where there was none: `. .` without its space is one.
fn keeps_parents(method: &str, given: &[Abstract]) -> bool {
    match (method, given) {
        ("replace", [_, to, ..]) => text_of(to).is_some_and(|to| !to.is_empty() && !to.contains('.')),
        _ => !matches!(method, "replace" | "translate"),
    }
}

/// Whether a template without separators of folders is filled with parts that have none.
pub(super) fn are_last<'v>(template: &Abstract, parts: impl IntoIterator<Item = &'v Abstract>) -> bool {
    text_of(template).is_some_and(|text| !text.contains(['/', '\\']))
        && parts.into_iter().all(|part| part.exposure <= Exposure::Sanitised || part.denied.last)
}

/// Whether a method of a text puts no separator of folders into it.
fn keeps_last(method: &str, given: &[Abstract]) -> bool {
    match (method, given) {
        ("replace", [_, to, ..]) => text_of(to).is_some_and(|to| !to.contains(['/', '\\'])),
        _ => !matches!(method, "replace" | "translate" | "decode" | "ljust" | "rjust" | "center"),
    }
}

/// `path.resolve()`
pub(super) fn is_resolved(call: &ast::ExprCall) -> bool {
    matches!(&*call.func, Expr::Attribute(method) if method.attr.as_str() == "resolve")
        && call.arguments.args.is_empty()
}

/// Functions that follow each `..` of a path: what is left of one stands at the start.
pub(super) fn resolves_path(name: &str) -> bool {
    matches!(name, "os.path.abspath" | "os.path.normpath" | "os.path.realpath")
}

/// Functions that refuse a path that leads out of the folder that they join it to.
fn joins_safely(name: &str) -> bool {
    matches!(
        name,
        "django.utils._os.safe_join"
            | "flask.safe_join"
            | "http.server.SimpleHTTPRequestHandler().translate_path"
            | "werkzeug.utils.safe_join"
    )
}

/// Functions that give back the very text that they are given.
pub(super) fn keeps_text(name: &str) -> bool {
    matches!(name, "builtins.str" | "os.fspath" | "typing.cast" | "pathlib.Path" | "pathlib.PurePath")
}

/// Whether a method of a text leaves what it begins with.
fn keeps_start(method: &str) -> bool {
    matches!(method, "lower" | "upper" | "title" | "capitalize" | "casefold" | "encode" | "decode")
        || matches!(method, "rstrip" | "removesuffix" | "expandtabs" | "splitlines")
}

/// `enumerate(iterated)`: pairs of a number and an element.
fn numbered(iterated: &Abstract) -> Abstract {
    let pair =
        vec![(Constant::Int(0), Abstract::of(Exposure::Sanitised)), (Constant::Int(1), element_of(iterated))];
    let pair = with_elements(Abstract::of(Exposure::Constant), pair);
    with_elements(Abstract::of(Exposure::Constant), vec![(Constant::Int(0), pair)])
}

/// `zip(iterated, …)`: one element of each.
fn zipped(iterated: &[Abstract]) -> Abstract {
    let elements = iterated.iter().map(element_of).enumerate();
    let elements = elements.map(|(i, value)| (Constant::Int(i as i64), value)).collect();
    let row = with_elements(Abstract::of(Exposure::Constant), elements);
    with_elements(Abstract::of(Exposure::Constant), vec![(Constant::Int(0), row)])
}

/// What a method of a mapping shows of it.
fn viewed(mapping: &Abstract, method: &str) -> Abstract {
    let Some(elements) = &mapping.elements else { return Abstract { constant: None, ..mapping.clone() } };
    let pair = |key: &Constant, value: &Abstract| {
        let pair = vec![(Constant::Int(0), Abstract::known(key.clone())), (Constant::Int(1), value.clone())];
        with_elements(Abstract::of(Exposure::Constant), pair)
    };
    let shown = |(key, value): &(Constant, Abstract)| match method {
        "keys" => Abstract::known(key.clone()),
        "values" => value.clone(),
        _ => pair(key, value),
    };
    match method {
        "copy" => mapping.clone(),
        _ => {
            let all = elements.items.iter().enumerate();
            let all = all.map(|(i, item)| (Constant::Int(i as i64), shown(item))).collect();
            with_elements(Abstract { elements: None, ..mapping.clone() }, all)
        }
    }
}

/// Whether a date that is shown in this form is a text without quotes.
fn is_plain_form(method: &str, form: &Abstract) -> bool {
    let is_plain = |text: &str| !text.contains(['\'', '"', '`', '\\']) && !text.contains("%Z");
    !matches!(method, "isoformat" | "strftime")
        || form.exposure == Exposure::Constant && text_of(form).is_some_and(is_plain)
}

/// Whether nothing is left of a text that is replaced by another: `''` stands for a quote that ends nothing.
fn takes_out(from: &str, to: &str) -> bool {
    // Without `../`, `....//` is `../`; with `.` for it, `...` is `..`.
    if from.contains("..") && (from != ".." || to.contains('.')) {
        return false;
    }
    !to.contains(from) || to.len() > from.len() && (to == from.repeat(2) || to.starts_with('\\'))
}

/// Functions whose result leads where the path leads that they are given: it is not decoded, and has no new start.
fn keeps_path(name: &str) -> bool {
    matches!(
        name,
        "builtins.str"
            | "builtins.open"
            | "io.open"
            | "os.fspath"
            | "os.path.join"
            | "os.path.abspath"
            | "os.path.normpath"
            | "os.path.realpath"
            | "pathlib.Path"
            | "pathlib.Path().absolute"
            | "pathlib.Path().as_posix"
            | "pathlib.Path().joinpath"
            | "pathlib.Path().resolve"
            | "typing.cast"
    )
}

/// Functions that make other characters of what they are given.
fn decodes(name: &str) -> bool {
    matches!(
        name,
        "builtins.bytes"
            | "builtins.bytearray"
            | "builtins.chr"
            | "base64.b64decode"
            | "base64.urlsafe_b64decode"
            | "urllib.parse.unquote"
            | "urllib.parse.unquote_plus"
            | "codecs.decode"
    )
}

/// Functions whose result holds what they are given, in another form, and nothing else.
fn is_pure(name: &str) -> bool {
    matches!(
        name,
        "builtins.str"
            | "builtins.bytes"
            | "builtins.bytearray"
            | "builtins.repr"
            | "builtins.ascii"
            | "builtins.list"
            | "builtins.tuple"
            | "builtins.set"
            | "builtins.dict"
            | "builtins.sorted"
            | "builtins.reversed"
            | "builtins.max"
            | "builtins.min"
            | "builtins.format"
            | "builtins.iter"
            | "builtins.next"
            | "base64.b64encode"
            | "base64.b64decode"
            | "base64.urlsafe_b64encode"
            | "base64.urlsafe_b64decode"
            | "urllib.parse.unquote"
            | "urllib.parse.unquote_plus"
            | "codecs.encode"
            | "codecs.decode"
            | "os.path.join"
            | "os.path.abspath"
            | "os.path.normpath"
            | "os.path.realpath"
            | "os.path.basename"
            | "json.dumps"
            | "json.loads"
            | "pathlib.Path"
            | "io.BytesIO"
            | "io.StringIO"
            | "copy.copy"
            | "copy.deepcopy"
            | "textwrap.dedent"
            | "textwrap.indent"
            | "typing.cast"
    )
}
