//! Names of archive members on their way into a path: what cleans them, and what tests where the path leads.

use std::cell::{Cell, RefCell};

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, InterpolatedStringElement, Operator};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;

use crate::check::Confidence;
use crate::python::{Call, Hits, Module, Node, ScopeId, ScopeKind, Thing};

/// How deep expressions are looked into, and how many of them and of the nodes around a call.
const MAX_DEPTH: usize = 100;
const MAX_STEPS: usize = 1_000;
const MAX_SEARCH: usize = 2_000;

/// What names the members of an archive.
const MEMBER_NAMES: &[&str] = &[
    "zipfile.ZipFile().namelist()[]",
    "zipfile.ZipFile().infolist()[].filename",
    "zipfile.ZipFile().filelist[].filename",
    "zipfile.ZipFile().getinfo().filename",
    "tarfile.TarFile().getnames()[]",
    "tarfile.TarFile().getmembers()[].name",
    "tarfile.TarFile()[].name",
    "tarfile.TarFile().next().name",
    "rarfile.RarFile().namelist()[]",
    "rarfile.RarFile().infolist()[].filename",
    "py7zr.SevenZipFile().getnames()[]",
];

/// What leaves nothing of a name that leads anywhere.
const CLEANERS: &[&str] = &[
    "builtins.hash",
    "builtins.int",
    "builtins.len",
    "ntpath.basename",
    "os.path.basename",
    "werkzeug.utils.secure_filename",
];

/// What gives back the path it is given, in another form.
const KEEPERS: &[&str] = &[
    "builtins.list",
    "builtins.str",
    "os.fspath",
    "os.path.abspath",
    "os.path.join",
    "os.path.normcase",
    "os.path.normpath",
    "os.path.realpath",
    "os.path.split",
    "os.path.splitdrive",
    "os.path.splitext",
    "pathlib.Path",
    "typing.cast",
];

/// Methods of a text or a path that leave it one.
const KEEPING_METHODS: &[&str] = &[
    "absolute",
    "as_posix",
    "capitalize",
    "casefold",
    "decode",
    "encode",
    "expandtabs",
    "format",
    "join",
    "joinpath",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "resolve",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "strip",
    "title",
    "translate",
    "upper",
    "with_suffix",
];

/// What takes a path to where it leads.
const PATH_TESTS: &[&str] =
    &["abspath", "commonpath", "commonprefix", "is_relative_to", "realpath", "relative_to", "resolve"];

/// What functions are called that tell whether a path leads into a folder. One of this file has to do so.
const CONTAINMENT_TESTS: &[&str] = &[
    "is_in_directory",
    "is_inside_directory",
    "is_path_within",
    "is_safe_path",
    "is_subpath",
    "is_within",
    "is_within_directory",
];

/// What a function uses that creates files.
const WRITERS: &[&str] = &[
    "open(",
    ".write",
    "copyfileobj",
    "makedirs",
    "mkdir",
    "extract",
    "copy(",
    "move(",
    "rename(",
    "replace(",
];

/// Modules whose archives these are.
const MODULES: &[&str] = &["zipfile", "tarfile", "rarfile", "py7zr"];

/// A name from an archive that is joined to a folder.
pub(super) fn joins_member_name(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_method = call.name.ends_with("joinpath");
    // What is put together by hand and then made a path of is joined, too.
    let parts = call
        .all_given()
        .enumerate()
        .filter(|(at, part)| is_method || *at > 0 || matches!(part.expr, Expr::BinOp(_) | Expr::FString(_)));
    let parts: Vec<&Expr> = parts.map(|(_, part)| part.expr).collect();
    joined(call.module, call.node, &parts)
}

/// The same by `+`, `%` or an f-string, right where a file is opened to be written.
pub(super) fn opens_member_name(call: &Call<'_, '_>) -> Option<Confidence> {
    let mode = call.constant("mode", 1)?;
    if !mode.as_str()?.contains(['w', 'a', 'x', '+']) {
        return None;
    }
    let module = call.module;
    let path = call.given("file", 0)?.expr;
    let assigned = path.as_name_expr().into_iter().flat_map(|name| module.assigned(name));
    let written = std::iter::once(path).chain(assigned).filter(|expr| {
        matches!(
            expr,
            Expr::BinOp(ast::ExprBinOp { op: Operator::Add | Operator::Mod, .. }) | Expr::FString(_)
        ) || module.refers_to(expr, MEMBER_NAMES)
    });
    let parts: Vec<&Expr> = written.filter(|expr| !joins_paths(module, expr)).collect();
    joined(module, call.node, &parts)
}

/// Whether a path in an expression is joined by a function, which is reported there.
fn joins_paths<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    let tree = module.tree();
    let id = tree.id(expr);
    let mut nodes = std::iter::once(tree.node(id)).chain(tree.descendants(id)).take(MAX_SEARCH);
    nodes.any(|node| match node {
        AnyNodeRef::ExprCall(call) => {
            module.refers_to(&call.func, &["os.path.join", "pathlib.Path", "pathlib.Path().joinpath"])
        }
        _ => false,
    })
}

/// The same by `/`.
pub(super) fn divides_by_member_name(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprBinOp(joining) = node.node else { return };
    if joining.op != Operator::Div || !node.module.refers_to(&joining.left, &["pathlib.Path()"]) {
        return;
    }
    if let Some(confidence) = joined(node.module, node.node, &[&joining.right]) {
        hits.at(node.node, confidence);
    }
}

fn joined<'a>(module: &Module<'a>, join: AnyNodeRef<'a>, parts: &[&'a Expr]) -> Option<Confidence> {
    let way = Way::new(module, None);
    let kept = parts.iter().filter_map(|part| way.kept(part)).max()?;
    let is_low = kept == Kept::Perhaps || !writes(module, join) || is_tested(module, join, parts);
    Some(if is_low { Confidence::Low } else { Confidence::High })
}

/// Whether the function around a node, or else the file, creates files.
fn writes<'a>(module: &Module<'a>, join: AnyNodeRef<'a>) -> bool {
    let text = module.file().text();
    let around = match module.function_around(join) {
        Some(function) => &text[function.range],
        None => text,
    };
    WRITERS.iter().any(|word| around.contains(word))
}

/// What is left of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    /// What a function made of it that is not known.
    Perhaps,
    Whole,
}

struct Way<'m, 'a> {
    module: &'m Module<'a>,
    /// The parameters of a function that are followed instead of the names of members.
    parameters: Option<Vec<&'a str>>,
    steps: Cell<usize>,
    /// What is being looked at: names can lead to one another in a circle.
    inside: RefCell<Vec<&'a Expr>>,
}

impl<'m, 'a> Way<'m, 'a> {
    fn new(module: &'m Module<'a>, parameters: Option<Vec<&'a str>>) -> Self {
        Way { module, parameters, steps: Cell::new(0), inside: RefCell::default() }
    }

    fn is_source(&self, expr: &'a Expr) -> bool {
        match (&self.parameters, expr) {
            (Some(parameters), Expr::Name(name)) => parameters.contains(&name.id.as_str()),
            (Some(_), _) => false,
            (None, expr) => self.module.refers_to(expr, MEMBER_NAMES),
        }
    }

    /// What an expression keeps of a name; `None` for nothing.
    fn kept(&self, expr: &'a Expr) -> Option<Kept> {
        if self.inside.borrow().iter().any(|around| std::ptr::eq(*around, expr)) {
            return None;
        }
        self.steps.set(self.steps.get() + 1);
        if self.inside.borrow().len() >= MAX_DEPTH || self.steps.get() > MAX_STEPS {
            // What is too entangled to be followed is no reason to trust it.
            let text = self.module.file().text();
            return MODULES.iter().any(|module| text.contains(module)).then_some(Kept::Whole);
        }
        self.inside.borrow_mut().push(expr);
        let kept = self.kept_of(expr);
        self.inside.borrow_mut().pop();
        kept
    }

    fn kept_of(&self, expr: &'a Expr) -> Option<Kept> {
        if self.is_source(expr) {
            return Some(Kept::Whole);
        }
        let part = |expr: &'a Expr| self.kept(expr);
        match expr {
            Expr::Name(name) => self.module.assigned(name).filter_map(part).max(),
            Expr::Call(call) => self.kept_by_call(call),
            Expr::Attribute(attribute) => match attribute.attr.as_str() {
                "parent" | "parents" | "parts" => part(&attribute.value),
                _ => None,
            },
            Expr::Subscript(item) if self.is_last_part(item) => None,
            Expr::Subscript(item) => part(&item.value),
            Expr::BinOp(ast::ExprBinOp {
                left,
                op: Operator::Add | Operator::Mod | Operator::Div,
                right,
                ..
            }) => part(left).max(part(right)),
            Expr::FString(text) => {
                let elements = text.value.elements().filter_map(|element| match element {
                    InterpolatedStringElement::Interpolation(inner) => part(&inner.expression),
                    InterpolatedStringElement::Literal(_) => None,
                });
                elements.max()
            }
            Expr::If(choice) => part(&choice.body).max(part(&choice.orelse)),
            Expr::BoolOp(any) => any.values.iter().filter_map(part).max(),
            Expr::Named(named) => part(&named.value),
            Expr::Starred(starred) => part(&starred.value),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().filter_map(part).max()
            }
            _ => None,
        }
    }

    fn kept_by_call(&self, call: &'a ast::ExprCall) -> Option<Kept> {
        if self.module.is_only(&call.func, CLEANERS) || self.takes_separators_out(call) {
            return None;
        }
        let method = call.func.as_attribute_expr();
        let receiver = method.map(|method| &*method.value);
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        let given = call.arguments.args.iter().chain(keywords).chain(receiver);
        let kept = given.filter_map(|expr| self.kept(expr)).max()?;
        let is_kept = self.module.is_only(&call.func, KEEPERS)
            || method.is_some_and(|method| KEEPING_METHODS.contains(&method.attr.as_str()))
            || self.parameters.is_none() && self.gives_back(&call.func);
        Some(if is_kept { kept } else { Kept::Perhaps })
    }

    /// `name.replace("/", "_")`
    fn takes_separators_out(&self, call: &'a ast::ExprCall) -> bool {
        let Some(method) = call.func.as_attribute_expr() else { return false };
        let [from, to] = &*call.arguments.args else { return false };
        let text = |expr: &'a Expr| self.module.text(expr);
        method.attr.as_str() == "replace"
            && text(from).as_deref() == Some("/")
            && text(to).is_some_and(|to| !to.contains('/'))
    }

    /// `os.path.split(name)[1]`, `name.split("/")[-1]`, `Path(name).parts[-1]`
    fn is_last_part(&self, item: &'a ast::ExprSubscript) -> bool {
        let index = self.module.constant(&item.slice).and_then(|index| index.as_int());
        match &*item.value {
            Expr::Attribute(attribute) => attribute.attr.as_str() == "parts" && index == Some(-1),
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method)
                    if matches!(method.attr.as_str(), "split" | "rsplit" | "rpartition") =>
                {
                    let separator = call.arguments.args.first().and_then(|first| self.module.text(first));
                    let is_split = self.module.is_only(&call.func, &["os.path.split"]);
                    is_split && matches!(index, Some(1 | -1))
                        || separator.as_deref() == Some("/") && index == Some(-1)
                }
                func => self.module.is_only(func, &["os.path.split"]) && matches!(index, Some(1 | -1)),
            },
            _ => false,
        }
    }

    /// Whether a function of this file gives back what it is given, without a test.
    fn gives_back(&self, func: &'a Expr) -> bool {
        let things = self.module.names().things(self.module.value(func));
        things.iter().any(|thing| matches!(thing, Thing::Function(scope) if self.keeps_parameter(*scope)))
    }

    fn keeps_parameter(&self, function: ScopeId) -> bool {
        let tree = self.module.tree();
        let names = |parameters: &'a ast::Parameters| {
            parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str()).collect()
        };
        let keeps =
            |parameters, expr| Way::new(self.module, Some(parameters)).kept(expr) == Some(Kept::Whole);
        match tree.scope(function).kind {
            ScopeKind::Lambda(lambda) => {
                lambda.parameters.as_ref().is_some_and(|parameters| keeps(names(parameters), &lambda.body))
            }
            ScopeKind::Function(function) => {
                let mut gives = false;
                let mut nodes = tree.descendants(tree.id(function)).take(MAX_SEARCH);
                let is_plain = nodes.all(|node| match node {
                    AnyNodeRef::StmtReturn(ast::StmtReturn { value: Some(value), .. }) => {
                        gives |= keeps(names(&function.parameters), value);
                        true
                    }
                    AnyNodeRef::StmtIf(choice) => self.module.constant(&choice.test).is_some(),
                    AnyNodeRef::StmtAssert(_) | AnyNodeRef::StmtMatch(_) | AnyNodeRef::StmtWhile(_) => false,
                    _ => true,
                });
                is_plain && gives
            }
            _ => false,
        }
    }
}

/// Whether the function around a call, or else the file, tests where the joined path, or the name in it, leads.
fn is_tested<'a>(module: &Module<'a>, join: AnyNodeRef<'a>, parts: &[&'a Expr]) -> bool {
    let tree = module.tree();
    let mut tests = Tests { module, join, about: FxHashSet::default(), resolved: FxHashSet::default() };
    for part in parts {
        tests.about.extend(tests.names_in(part));
    }
    let around = match module.function_around(join) {
        Some(function) => tree.descendants(tree.id(function)),
        None => tree.descendants(tree.id(tree.root())),
    };
    let nodes: Vec<AnyNodeRef<'a>> = around.take(MAX_SEARCH).collect();
    for node in &nodes {
        if let AnyNodeRef::StmtAssign(assignment) = node {
            tests.note(assignment);
        }
    }
    nodes.into_iter().any(|node| tests.is_test(node))
}

struct Tests<'m, 'a> {
    module: &'m Module<'a>,
    /// What joins.
    join: AnyNodeRef<'a>,
    /// Variables that hold the name, the path, or something made of them.
    about: FxHashSet<&'a str>,
    /// Those of them that hold where the path leads.
    resolved: FxHashSet<&'a str>,
}

impl<'a> Tests<'_, 'a> {
    fn within(&self, node: AnyNodeRef<'a>) -> impl Iterator<Item = AnyNodeRef<'a>> {
        let tree = self.module.tree();
        std::iter::once(node).chain(tree.descendants(tree.id(node))).take(MAX_SEARCH)
    }

    /// Variables in an expression; modules and their functions have nothing of the path.
    fn names_in(&self, expr: &'a Expr) -> Vec<&'a str> {
        let name = |node: AnyNodeRef<'a>| {
            let name = node.as_expr_name()?;
            let meanings = self.module.qualified_node(node);
            let is_variable = meanings.is_empty() || meanings.iter().any(|one| one.contains(['(', '[', '?']));
            is_variable.then(|| name.id.as_str())
        };
        self.within(AnyNodeRef::from(expr)).filter_map(name).collect()
    }

    fn mentions(&self, node: AnyNodeRef<'a>, names: &FxHashSet<&'a str>) -> bool {
        self.within(node).any(|node| match node {
            AnyNodeRef::ExprName(name) => names.contains(name.id.as_str()),
            node => node.ptr_eq(self.join),
        })
    }

    fn note(&mut self, assignment: &'a ast::StmtAssign) {
        let [Expr::Name(target)] = assignment.targets.as_slice() else { return };
        let value = AnyNodeRef::from(&*assignment.value);
        if !self.mentions(value, &self.about) {
            return;
        }
        let target = target.id.as_str();
        self.about.insert(target);
        if self.within(value).any(|node| self.is_resolving(node)) {
            self.resolved.insert(target);
        }
    }

    /// A call of what takes a path to where it leads, for the path in question.
    fn is_resolving(&self, node: AnyNodeRef<'a>) -> bool {
        match node {
            AnyNodeRef::ExprCall(call) => {
                let is_known = called(call).is_some_and(|word| PATH_TESTS.contains(&word));
                (is_known || self.tells_containment(call)) && self.mentions(node, &self.about)
            }
            AnyNodeRef::ExprName(name) => self.resolved.contains(name.id.as_str()),
            _ => false,
        }
    }

    /// Whether a function that by its name tells whether a path leads into a folder does so, where its code is in sight.
    fn tells_containment(&self, call: &'a ast::ExprCall) -> bool {
        let tree = self.module.tree();
        let things = self.module.names().things(self.module.value(&call.func));
        let follows = |thing: &Thing<'a>| match thing {
            Thing::Function(scope) => match tree.scope(*scope).kind {
                ScopeKind::Function(function) => {
                    let words = |node: AnyNodeRef<'a>| node.as_expr_call().and_then(|call| called(call));
                    let nodes = || tree.descendants(tree.id(function)).take(MAX_SEARCH);
                    nodes().filter_map(words).any(|word| PATH_TESTS.contains(&word))
                        && nodes().any(|node| {
                            node.is_expr_compare()
                                || matches!(
                                    words(node),
                                    Some("startswith" | "is_relative_to" | "relative_to")
                                )
                        })
                }
                _ => false,
            },
            _ => true,
        };
        called(call).is_some_and(|word| CONTAINMENT_TESTS.contains(&word)) && things.iter().all(follows)
    }

    /// Whether a statement has a consequence of where the path leads.
    fn is_test(&self, node: AnyNodeRef<'a>) -> bool {
        match node {
            AnyNodeRef::StmtIf(choice) => self.compares(&choice.test) && self.matters(node),
            AnyNodeRef::ElifElseClause(ast::ElifElseClause { test: Some(test), .. }) => {
                self.compares(test) && self.matters(node)
            }
            AnyNodeRef::StmtAssert(assertion) => self.compares(&assertion.test),
            // It raises where the path leads out of the folder.
            AnyNodeRef::ExprCall(call) => {
                let is_raising = |method: &ast::ExprAttribute| method.attr.as_str() == "relative_to";
                call.func.as_attribute_expr().is_some_and(is_raising) && self.is_resolving(node)
            }
            _ => false,
        }
    }

    fn compares(&self, test: &'a Expr) -> bool {
        let mut compares = false;
        let mut resolves = false;
        for node in self.within(AnyNodeRef::from(test)) {
            compares |= match node {
                AnyNodeRef::ExprCompare(_) => true,
                AnyNodeRef::ExprAttribute(method) => {
                    matches!(method.attr.as_str(), "startswith" | "is_relative_to")
                }
                AnyNodeRef::ExprCall(call) => self.tells_containment(call),
                _ => false,
            };
            resolves |= self.is_resolving(node);
        }
        compares && resolves
    }

    fn matters(&self, branch: AnyNodeRef<'a>) -> bool {
        branch.range().contains_range(self.join.range())
            || self.within(branch).any(|node| {
                matches!(
                    node,
                    AnyNodeRef::StmtRaise(_)
                        | AnyNodeRef::StmtReturn(_)
                        | AnyNodeRef::StmtContinue(_)
                        | AnyNodeRef::StmtBreak(_)
                )
            })
    }
}

/// The last word of what is called.
fn called(call: &ast::ExprCall) -> Option<&str> {
    match &*call.func {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(method) => Some(method.attr.as_str()),
        _ => None,
    }
}
