//! What a check sees: calls with their arguments, references, assignments and nodes.

use std::borrow::Cow;

use compact_str::CompactString;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use super::added::Added;
use super::constant::{Constant, Possible};
use super::glance::last_word;
use super::names::{Names, Thing, Things, Value, Written};
use super::source::SourceFile;
use super::tree::{Meaning, NodeId, Tree};
use crate::check::{Confidence, Severity};

/// How many bytes of the name of a definition are told.
const MAX_NAME: usize = 200;

/// A file with all that can be asked about its code.
#[derive(Debug)]
pub struct Module<'a> {
    file: &'a SourceFile,
    names: Names<'a>,
}

impl<'a> Module<'a> {
    /// `None` when the file has no syntax tree.
    pub fn of(file: &'a SourceFile) -> Option<Module<'a>> {
        let tokens = file.tokens().map_or(0, |tokens| tokens.len());
        let tree = Tree::of(file.syntax()?, tokens);
        file.set_depth(tree.depth());
        Some(Module { file, names: Names::new(tree) })
    }

    /// The file itself.
    pub fn file(&self) -> &'a SourceFile {
        self.file
    }

    /// The flat tree.
    pub fn tree(&self) -> &Tree<'a> {
        &self.names.tree
    }

    /// Answers about names and constants.
    pub fn names(&self) -> &Names<'a> {
        &self.names
    }

    /// An expression of this file, ready to be asked about.
    pub fn value(&self, expr: &'a Expr) -> Value<'a> {
        let tree = self.tree();
        Value { expr, scope: tree.scope_of(tree.id(expr)) }
    }

    /// The qualified names that an expression can refer to.
    pub fn qualified(&self, expr: &'a Expr) -> SmallVec<[CompactString; 2]> {
        self.names.qualified(self.value(expr))
    }

    /// The same for an expression as a node.
    pub fn qualified_node(&self, node: AnyNodeRef<'a>) -> SmallVec<[CompactString; 2]> {
        self.expr(node).map(|expr| self.qualified(expr)).unwrap_or_default()
    }

    /// The qualified names of what a call gives.
    pub fn result_names(&self, call: &'a ast::ExprCall) -> SmallVec<[CompactString; 2]> {
        let scope = self.tree().scope_of(self.tree().id(call));
        names_among(self.names.result_of(Written { call, scope }))
    }

    /// The qualified names that an attribute of an object has, whatever this file assigns to it.
    pub fn attribute_names(&self, object: &'a Expr, attr: &str) -> SmallVec<[CompactString; 2]> {
        let bases = self.names.things(self.value(object));
        names_among(self.names.foreign_attribute_of(&bases, attr))
    }

    /// The qualified names of an item as a target: what stands there now does not matter.
    pub fn item_names(&self, item: &'a ast::ExprSubscript) -> SmallVec<[CompactString; 2]> {
        let names = self.qualified(&item.value);
        names.into_iter().map(|name| compact_str::format_compact!("{name}[]")).collect()
    }

    /// Whether an expression makes an `operator.attrgetter` or `operator.methodcaller`.
    pub fn is_getter(&self, expr: &'a Expr) -> bool {
        let is_getter = |thing: &Thing<'a>| matches!(thing, Thing::Getter(_));
        matches!(expr, Expr::Call(_)) && self.names.things(self.value(expr)).iter().any(is_getter)
    }

    /// The expressions that a name is assigned as they stand, in the scope that binds it.
    pub fn assigned(&self, name: &'a ast::ExprName) -> impl Iterator<Item = &'a Expr> {
        let tree = self.tree();
        let id = name.id.as_str();
        let home = tree.scope_binding(tree.scope_of(tree.id(name)), id);
        home.into_iter().flat_map(move |home| tree.bindings_in(home, id)).filter_map(|(_, binding)| {
            match &binding.meaning {
                Meaning::Value { expr, steps, .. } if steps.is_empty() => Some(*expr),
                _ => None,
            }
        })
    }

    /// The same, if the scope that binds the name does nothing else with it than such assignments.
    pub fn only_assigned(&self, name: &'a ast::ExprName) -> Option<Vec<&'a Expr>> {
        let tree = self.tree();
        let home = tree.scope_binding(tree.scope_of(tree.id(name)), name.id.as_str())?;
        let bindings = tree.bindings_in(home, name.id.as_str()).take_while(|_| self.names.spend(1));
        let plain = bindings.map(|(_, binding)| match &binding.meaning {
            Meaning::Value { expr, steps, .. } if steps.is_empty() => Some(*expr),
            _ => None,
        });
        plain.collect()
    }

    /// Whether the scope that binds a name changes it in another way than by assigning a value: `text += more`.
    pub fn is_augmented(&self, name: &'a ast::ExprName) -> bool {
        let tree = self.tree();
        let home = tree.scope_binding(tree.scope_of(tree.id(name)), name.id.as_str());
        let bindings = home.into_iter().flat_map(|home| tree.bindings_in(home, name.id.as_str()));
        bindings
            .take_while(|_| self.names.spend(1))
            .any(|(_, binding)| matches!(binding.meaning, Meaning::Opaque))
    }

    /// Whether an expression can refer to one of these qualified names.
    pub fn refers_to(&self, expr: &'a Expr, names: &[&str]) -> bool {
        let is_asked =
            |word: &str, is_result: bool| names.iter().any(|name| last_word(name) == (word, is_result));
        self.names.may_be(self.value(expr), &is_asked)
            && self.qualified(expr).iter().any(|name| names.contains(&name.as_str()))
    }

    /// Whether an expression refers to one of these qualified names, and can be nothing else.
    pub fn is_only(&self, expr: &'a Expr, names: &[&str]) -> bool {
        self.names.is_only(self.value(expr), |name| names.contains(&name))
    }

    /// The one constant that an expression is.
    pub fn constant(&self, expr: &'a Expr) -> Option<Constant> {
        self.names.constant(self.value(expr))
    }

    /// The one text that an expression is.
    pub fn text(&self, expr: &'a Expr) -> Option<String> {
        match self.constant(expr)? {
            Constant::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The node around a node.
    pub fn parent(&self, node: AnyNodeRef<'a>) -> Option<AnyNodeRef<'a>> {
        let tree = self.tree();
        tree.parent(tree.id(node)).map(|id| tree.node(id))
    }

    /// A node as an expression, if it is one.
    pub fn expr(&self, node: AnyNodeRef<'a>) -> Option<&'a Expr> {
        self.tree().expr(self.tree().id(node))
    }

    /// The nodes around a node, the nearest first.
    pub fn ancestors(&self, node: AnyNodeRef<'a>) -> impl Iterator<Item = AnyNodeRef<'a>> {
        let tree = self.tree();
        tree.ancestors(tree.id(node)).map(|id| tree.node(id))
    }

    /// The statements, clauses and definitions around a node, the nearest first.
    pub fn blocks_around(&self, node: AnyNodeRef<'a>) -> impl Iterator<Item = AnyNodeRef<'a>> {
        let tree = self.tree();
        tree.blocks_around(tree.id(node)).map(|id| tree.node(id))
    }

    /// The function around a node, if any.
    pub fn function_around(&self, node: AnyNodeRef<'a>) -> Option<&'a ast::StmtFunctionDef> {
        self.blocks_around(node).find_map(|node| match node {
            AnyNodeRef::StmtFunctionDef(function) => Some(function),
            _ => None,
        })
    }

    /// Dotted path of the definitions around a node: `Class.method`; empty at module level. A name of kilobytes is
    /// cut, and its length told.
    pub fn definition(&self, id: NodeId) -> String {
        let tree = self.tree();
        let mut names: SmallVec<[Cow<'_, str>; 4]> = SmallVec::new();
        for id in tree.blocks_around(id) {
            match tree.node(id) {
                AnyNodeRef::StmtFunctionDef(function) => names.push(cut_name(&function.name)),
                AnyNodeRef::StmtClassDef(class) => names.push(cut_name(&class.name)),
                _ => {}
            }
        }
        names.reverse();
        names.join(".")
    }

    /// What the callee of a call can be, with the arguments that each will get.
    pub fn callees(&self, node: &'a ast::ExprCall) -> SmallVec<[Callee<'a>; 2]> {
        let written = Written { call: node, scope: self.tree().scope_of(self.tree().id(node)) };
        let mut out = SmallVec::new();
        for thing in self.names.things(Value { expr: &node.func, scope: written.scope }) {
            match thing {
                Thing::Named(name) => {
                    out.push(Callee { name, arguments: Arguments::of(&self.names, &[written], 0) })
                }
                Thing::Partial(name, partial) => {
                    let arguments = Arguments::of(&self.names, &[partial, written], 1);
                    out.push(Callee { name, arguments });
                }
                Thing::Getter(getter) if self.calls_method(getter) => {
                    out.extend(self.method_called(getter, written));
                }
                _ => {}
            }
        }
        out
    }

    /// The arguments that a function will get from the call it is handed on to: `pool.submit(subprocess.run, command)`,
    /// `Thread(target=subprocess.run, args=(command,))`.
    pub fn forwarded(&self, node: AnyNodeRef<'a>) -> Option<Arguments<'a>> {
        let is_it = |expr: &Expr| node.ptr_eq(AnyNodeRef::from(expr));
        let call = self.ancestors(node).take(3).find_map(|around| match around {
            AnyNodeRef::ExprCall(call) => Some(call),
            _ => None,
        })?;
        let written = Written { call, scope: self.tree().scope_of(self.tree().id(call)) };
        let at = |expr| Value { expr, scope: written.scope };
        let place = call.arguments.args.iter().position(is_it);
        let callee = last_name(&call.func);
        if place.is_some() && FORWARD.contains(&callee) {
            return place.map(|place| Arguments::of(&self.names, &[written], place + 1));
        }
        if !TAKE_TUPLES.contains(&callee) {
            return None;
        }
        let mut out = Arguments::default();
        let next = |i: usize| place.and_then(|place| call.arguments.args.get(place + 1 + i));
        let keyword = |names: &[&str]| {
            let found = names.iter().find_map(|name| call.arguments.find_keyword(name));
            found.map(|keyword| &keyword.value)
        };
        if let Some(given) = keyword(&["args"]).or_else(|| next(0)) {
            out.push_elements(&self.names, at(given), MAX_UNPACKED);
        }
        if let Some(given) = keyword(&["kwargs", "kwds"]).or_else(|| next(1)) {
            out.push_unpacked(&self.names, at(given));
        }
        Some(out)
    }

    fn calls_method(&self, getter: Written<'a>) -> bool {
        let maker = self.names.qualified(Value { expr: &getter.call.func, scope: getter.scope });
        maker.iter().any(|name| name == "operator.methodcaller")
    }

    /// `operator.methodcaller("system", "ls")(os)` calls `os.system("ls")`.
    fn method_called(&self, getter: Written<'a>, applied: Written<'a>) -> SmallVec<[Callee<'a>; 2]> {
        let (Some(method), Some(object)) =
            (getter.call.arguments.args.first(), applied.call.arguments.args.first())
        else {
            return SmallVec::new();
        };
        let Some(Constant::Str(method)) = self.names.constant(Value { expr: method, scope: getter.scope })
        else {
            return SmallVec::new();
        };
        let bases = self.names.things(Value { expr: object, scope: applied.scope });
        let callee = |thing| match thing {
            Thing::Named(name) => Some(Callee { name, arguments: Arguments::of(&self.names, &[getter], 1) }),
            _ => None,
        };
        self.names.attribute_of(&bases, &method).into_iter().filter_map(callee).collect()
    }
}

/// Callees that take the arguments for a function behind it.
const FORWARD: &[&str] = &[
    "call_soon",
    "call_soon_threadsafe",
    "partial",
    "run_in_executor",
    "run_sync",
    "spawn",
    "submit",
    "to_thread",
];

/// Callees that take the arguments for a function as a tuple and a mapping.
const TAKE_TUPLES: &[&str] = &["Process", "Thread", "Timer", "apply", "apply_async", "start_new_thread"];

fn last_name(callee: &Expr) -> &str {
    match callee {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

fn cut_name(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("{}… {}", &name[..name.floor_char_boundary(MAX_NAME)], name.len()))
}

fn names_among(things: Things<'_>) -> SmallVec<[CompactString; 2]> {
    let named = things.into_iter().filter_map(|thing| match thing {
        Thing::Named(name) => Some(name),
        _ => None,
    });
    named.collect()
}

/// One thing that a call may call.
#[derive(Debug, Clone)]
pub struct Callee<'a> {
    /// Its qualified name.
    pub name: CompactString,
    /// What it gets.
    pub arguments: Arguments<'a>,
}

/// How many `*` inside one another are laid out.
const MAX_UNPACKED: u32 = 8;

/// The arguments of a call, with `*` and `**` of what is written in the file laid out.
#[derive(Debug, Clone, Default)]
pub struct Arguments<'a> {
    positional: SmallVec<[Value<'a>; 4]>,
    keywords: SmallVec<[(CompactString, Value<'a>); 4]>,
    /// What these keywords may have instead, by another branch or a later assignment.
    others: Vec<(CompactString, Value<'a>)>,
    /// A `*` whose elements cannot be seen: any position behind these may be given.
    open_positional: bool,
    /// A `**` whose keys cannot be seen: any keyword may be given.
    open_keywords: bool,
}

impl<'a> Arguments<'a> {
    /// The arguments of several calls that add up (`functools.partial`); of the first call `skip` positional
    /// ones are left out.
    fn of(names: &Names<'a>, calls: &[Written<'a>], mut skip: usize) -> Self {
        let mut out = Arguments::default();
        for Written { call, scope } in calls.iter().copied() {
            for expr in &call.arguments.args {
                if skip > 0 {
                    skip -= 1;
                } else {
                    out.push_positional(names, Value { expr, scope }, MAX_UNPACKED);
                }
            }
            for keyword in &call.arguments.keywords {
                let value = Value { expr: &keyword.value, scope };
                match &keyword.arg {
                    Some(name) => out.set_keyword(names, name.as_str(), value),
                    None => out.push_unpacked(names, value),
                }
            }
        }
        out
    }

    /// Nothing is known about what will be given.
    pub fn unknown() -> Self {
        Arguments { open_positional: true, open_keywords: true, ..Arguments::default() }
    }

    /// `levels` is how many more `*` inside one another are laid out: `rest = [x, *rest]` must end.
    fn push_positional(&mut self, names: &Names<'a>, value: Value<'a>, levels: u32) {
        let Expr::Starred(starred) = value.expr else {
            if !self.open_positional {
                self.positional.push(value);
            }
            return;
        };
        let Some(levels) = levels.checked_sub(1) else {
            self.open_positional = true;
            return;
        };
        self.push_elements(names, Value { expr: &starred.value, scope: value.scope }, levels);
    }

    /// The elements of a list or tuple.
    fn push_elements(&mut self, names: &Names<'a>, value: Value<'a>, levels: u32) {
        match names.things(value).as_slice() {
            [
                Thing::Value(Value {
                    expr: Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }),
                    scope,
                }),
            ] => {
                for expr in elts {
                    if !names.spend(1) {
                        self.open_positional = true;
                        return;
                    }
                    self.push_positional(names, Value { expr, scope: *scope }, levels);
                }
            }
            _ => self.open_positional = true,
        }
    }

    fn push_unpacked(&mut self, names: &Names<'a>, value: Value<'a>) {
        self.push_mapping(names, value, MAX_UNPACKED);
        let Expr::Name(name) = value.expr else { return };
        for added in names.added_to(name, value.scope) {
            match added {
                Added::Item(key, value) => self.push_item(names, Some(key), value),
                Added::All(values) => self.push_mapping(names, values, MAX_UNPACKED),
                Added::Keywords(written) => self.push_keywords(names, written, MAX_UNPACKED),
                Added::One(_) => {}
            }
        }
    }

    fn push_mapping(&mut self, names: &Names<'a>, value: Value<'a>, levels: u32) {
        let Some(levels) = levels.checked_sub(1) else {
            self.open_keywords = true;
            return;
        };
        let things = names.things(value);
        let mut seen = false;
        for thing in &things {
            match thing {
                Thing::Value(Value { expr: Expr::Dict(dict), scope }) => {
                    seen = true;
                    for item in dict {
                        let at = |expr| Value { expr, scope: *scope };
                        self.push_item(names, item.key.as_ref().map(at), at(&item.value));
                    }
                }
                Thing::Value(Value { expr: Expr::List(ast::ExprList { elts, .. }), scope })
                | Thing::Value(Value { expr: Expr::Tuple(ast::ExprTuple { elts, .. }), scope }) => {
                    for pair in elts {
                        let Expr::Tuple(pair) = pair else { continue };
                        let [key, value] = &*pair.elts else { continue };
                        let at = |expr| Value { expr, scope: *scope };
                        self.push_item(names, Some(at(key)), at(value));
                    }
                }
                Thing::Named(name) if name == "builtins.dict()" => {
                    for made in names.calls_behind(value) {
                        seen |= matches!(value.expr, Expr::Call(_));
                        for expr in &made.call.arguments.args {
                            self.push_mapping(names, Value { expr, scope: made.scope }, levels);
                        }
                        self.push_keywords(names, made, levels);
                    }
                }
                _ => self.open_keywords = true,
            }
        }
        self.open_keywords |=
            !seen || things.len() > 1 || !matches!(value.expr, Expr::Dict(_) | Expr::Call(_));
    }

    fn push_keywords(&mut self, names: &Names<'a>, written: Written<'a>, levels: u32) {
        for keyword in &written.call.arguments.keywords {
            let value = Value { expr: &keyword.value, scope: written.scope };
            match &keyword.arg {
                Some(name) => self.add_keyword(names, name.as_str(), value),
                None => self.push_mapping(names, value, levels),
            }
        }
    }

    fn push_item(&mut self, names: &Names<'a>, key: Option<Value<'a>>, value: Value<'a>) {
        match key.and_then(|key| names.constant(key)) {
            Some(Constant::Str(key)) => self.add_keyword(names, &key, value),
            _ => self.open_keywords = true,
        }
    }

    /// A keyword that is one of several that may be meant.
    fn add_keyword(&mut self, names: &Names<'a>, name: &str, value: Value<'a>) {
        if self.keywords.iter().any(|(known, _)| known == name) {
            self.others.push((name.into(), value));
        } else {
            self.set_keyword(names, name, value);
        }
    }

    /// All that an argument can be, if it is this by the keyword.
    fn possible(&self, names: &Names<'a>, keyword: &str, value: Value<'a>) -> Possible {
        let mut out = names.possible(value);
        for (_, other) in self.others.iter().filter(|(name, _)| name == keyword) {
            let other = names.possible(*other);
            out.open |= other.open;
            out.constants.extend(other.constants);
        }
        out
    }

    fn set_keyword(&mut self, names: &Names<'a>, name: &str, value: Value<'a>) {
        if !names.spend(1 + self.keywords.len()) {
            self.open_keywords = true;
            return;
        }
        match self.keywords.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.keywords.push((name.into(), value)),
        }
    }
}

/// An argument of a call.
#[derive(Debug, Clone, Copy)]
pub enum Argument<'a> {
    /// It is not given: the default applies.
    Absent,
    /// It may or may not be given, through `*` or `**`.
    Unknown,
    /// It is given.
    Given(Value<'a>),
}

/// What is known about the truth of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Not given.
    Absent,
    /// Certainly true.
    True,
    /// Certainly false.
    False,
    /// True in some cases that can be seen.
    Sometimes,
    /// Cannot be told.
    Unknown,
}

/// A call of something with a qualified name, with what it gets.
#[derive(Debug, Clone)]
pub struct Call<'m, 'a> {
    /// The file.
    pub module: &'m Module<'a>,
    /// The call, or the expression that hands the callee on to be called.
    pub node: AnyNodeRef<'a>,
    /// The qualified name of the callee.
    pub name: CompactString,
    /// What it gets.
    pub arguments: Arguments<'a>,
    /// Whether the callee is only handed on: `map(os.system, commands)`.
    pub handed_on: bool,
}

impl<'a> Call<'_, 'a> {
    /// The argument with this keyword or at this position.
    pub fn argument(&self, keyword: &str, position: impl Into<Option<usize>>) -> Argument<'a> {
        let arguments = &self.arguments;
        if let Some((_, value)) = arguments.keywords.iter().find(|(name, _)| name == keyword) {
            return Argument::Given(*value);
        }
        let position = position.into();
        if let Some(value) = position.and_then(|position| arguments.positional.get(position)) {
            return Argument::Given(*value);
        }
        let hidden = arguments.open_keywords || position.is_some() && arguments.open_positional;
        if hidden { Argument::Unknown } else { Argument::Absent }
    }

    /// The argument at a position, whatever its keyword.
    pub fn positional(&self, position: usize) -> Argument<'a> {
        match self.arguments.positional.get(position) {
            Some(value) => Argument::Given(*value),
            None if self.arguments.open_positional => Argument::Unknown,
            None => Argument::Absent,
        }
    }

    /// The value of an argument, if it is given in plain sight.
    pub fn given(&self, keyword: &str, position: impl Into<Option<usize>>) -> Option<Value<'a>> {
        match self.argument(keyword, position) {
            Argument::Given(value) => Some(value),
            Argument::Absent | Argument::Unknown => None,
        }
    }

    /// All that is given in plain sight, positional arguments first.
    pub fn all_given(&self) -> impl Iterator<Item = Value<'a>> {
        let keywords = self.arguments.keywords.iter().map(|(_, value)| *value);
        self.arguments.positional.iter().copied().chain(keywords)
    }

    /// Whether nothing at all is given, and nothing can be hidden behind `*` or `**`.
    pub fn has_no_arguments(&self) -> bool {
        !self.hides_arguments() && self.all_given().next().is_none()
    }

    /// Whether a keyword may be given that cannot be seen.
    pub fn may_hide_keywords(&self) -> bool {
        self.arguments.open_keywords
    }

    /// Whether any argument may be given that cannot be seen.
    pub fn hides_arguments(&self) -> bool {
        self.arguments.open_keywords || self.arguments.open_positional
    }

    /// The one constant that an argument is.
    pub fn constant(&self, keyword: &str, position: impl Into<Option<usize>>) -> Option<Constant> {
        self.module.names.constant(self.given(keyword, position)?)
    }

    /// The one text that an argument is.
    pub fn text(&self, keyword: &str, position: impl Into<Option<usize>>) -> Option<String> {
        match self.constant(keyword, position)? {
            Constant::Str(text) => Some(text),
            _ => None,
        }
    }

    /// What is known about the truth of an argument.
    pub fn truth(&self, keyword: &str, position: impl Into<Option<usize>>) -> Truth {
        match self.argument(keyword, position) {
            Argument::Absent => Truth::Absent,
            Argument::Unknown => Truth::Unknown,
            Argument::Given(value) => truth_of(&self.arguments.possible(&self.module.names, keyword, value)),
        }
    }

    /// How sure it is that a switch is off which protects where it is on: surely, or in some case that can be seen.
    /// `None` leaves it as it is.
    pub fn switched_off(&self, keyword: &str, position: impl Into<Option<usize>>) -> Option<Confidence> {
        let value = self.given(keyword, position)?;
        let possible = self.arguments.possible(&self.module.names, keyword, value);
        let is_off = |constant: &Constant| !constant.truth() && *constant != Constant::None;
        if !possible.open && !possible.constants.is_empty() && possible.constants.iter().all(is_off) {
            return Some(Confidence::High);
        }
        possible.constants.iter().any(is_off).then_some(Confidence::Medium)
    }

    /// Whether an argument certainly is this very constant.
    pub fn is(&self, keyword: &str, position: impl Into<Option<usize>>, constant: &Constant) -> bool {
        self.constant(keyword, position).as_ref() == Some(constant)
    }

    /// Whether an argument can refer to one of these qualified names.
    pub fn refers_to(&self, keyword: &str, position: impl Into<Option<usize>>, names: &[&str]) -> bool {
        let Some(value) = self.given(keyword, position) else { return false };
        self.module.names.qualified(value).iter().any(|name| names.contains(&name.as_str()))
    }

    /// Whether everything given is a constant that the source shows.
    pub fn is_constant(&self) -> bool {
        !self.hides_arguments() && self.all_given().all(|value| self.module.names.constant(value).is_some())
    }
}

fn truth_of(possible: &Possible) -> Truth {
    let any = possible.constants.iter().any(Constant::truth);
    let all = possible.constants.iter().all(Constant::truth);
    match (possible.open, any, all) {
        (_, false, _) if possible.open || possible.constants.is_empty() => Truth::Unknown,
        (false, true, true) => Truth::True,
        (false, false, _) => Truth::False,
        _ => Truth::Sometimes,
    }
}

/// A mention of something with a qualified name.
#[derive(Debug, Clone)]
pub struct Reference<'m, 'a> {
    /// The file.
    pub module: &'m Module<'a>,
    /// The expression.
    pub node: AnyNodeRef<'a>,
    /// The qualified name it stands for.
    pub name: CompactString,
}

/// An assignment to something with a qualified name: an attribute of a module or of an instance, an item of a
/// mapping (`os.environ["X"] = …`), `setattr` with a constant.
#[derive(Debug, Clone)]
pub struct Assignment<'m, 'a> {
    /// The file.
    pub module: &'m Module<'a>,
    /// What is assigned to.
    pub target: AnyNodeRef<'a>,
    /// The qualified name of the target; `[]` for an item.
    pub name: CompactString,
    /// The key of the item, if it is a constant text.
    pub key: Option<String>,
    /// What is assigned.
    pub value: Value<'a>,
}

impl Assignment<'_, '_> {
    /// The one constant that is assigned.
    pub fn constant(&self) -> Option<Constant> {
        self.module.names.constant(self.value)
    }

    /// Whether what is assigned can refer to one of these qualified names.
    pub fn refers_to(&self, names: &[&str]) -> bool {
        self.module.names.qualified(self.value).iter().any(|name| names.contains(&name.as_str()))
    }
}

/// A node of the tree, for checks that ask about structure.
#[derive(Debug, Clone, Copy)]
pub struct Node<'m, 'a> {
    /// The file.
    pub module: &'m Module<'a>,
    /// The node.
    pub node: AnyNodeRef<'a>,
}

/// A place where a check fires.
#[derive(Debug, Clone)]
pub struct Hit {
    /// What to point at.
    pub range: TextRange,
    /// How sure.
    pub confidence: Confidence,
    /// Instead of the check's own severity.
    pub severity: Option<Severity>,
    /// Instead of the check's own summary: one sentence.
    pub message: Option<String>,
    /// A secret inside the source, never to be shown.
    pub secret: Option<TextRange>,
}

impl Hit {
    /// A plain hit.
    pub fn at(place: impl Ranged, confidence: Confidence) -> Hit {
        Hit { range: place.range(), confidence, severity: None, message: None, secret: None }
    }
}

/// The places where a check fires, as it finds them.
#[derive(Debug, Default)]
pub struct Hits(Vec<Hit>);

impl Hits {
    /// Adds a plain hit.
    pub fn at(&mut self, place: impl Ranged, confidence: Confidence) {
        self.0.push(Hit::at(place, confidence));
    }

    /// Adds a hit.
    pub fn push(&mut self, hit: Hit) {
        self.0.push(hit);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes all hits out.
    pub fn drain(&mut self) -> impl Iterator<Item = Hit> {
        self.0.drain(..)
    }
}
