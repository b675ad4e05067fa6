//! How much somebody outside the program can have to do with a value.

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, Operator};
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::call::Call;
use super::constant::Constant;
use super::names::{Names, Thing, Value, Written};
use super::template::shows_number;
use super::tree::{Meaning, ScopeId, ScopeKind};
use crate::check::Confidence;

/// How much somebody outside can have to do with a value. The order is the order of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// It is a constant, whatever happens.
    Constant,
    /// It went through something that makes it harmless, or is of a type that cannot hold harm.
    Sanitised,
    /// Nothing is known about where it comes from.
    Unknown,
    /// It is a text built from parts of which some are no constants.
    Built,
    /// It comes from outside: the command line, the environment, a socket, a file.
    Input,
    /// It comes from a request to a web application: anybody can choose it.
    Request,
}

/// A kind of harm that a test or a replacement can keep out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// Leaving a quoted text: XPath.
    Quotes,
    /// Leaving a text in single quotes: SQL.
    SingleQuotes,
    /// Being other code than a text in quotes.
    Code,
    /// Leaving a folder: paths.
    Parents,
    /// Being markup: HTML, XML.
    Markup,
    /// Leaving its place in a statement: SQL.
    Query,
    /// Leaving its place in a filter: LDAP.
    Filter,
    /// Being a pattern of its own: regular expressions.
    Pattern,
    /// Leading to another file than one of a folder that the program chose: what is opened.
    File,
    /// Being more than one argument of a command: shells.
    Shell,
    /// Leading to another host: addresses.
    Host,
    /// Being a text at all, where an object made of the same parts does no harm.
    Text,
}

impl Exposure {
    /// How sure a check may be whose danger lies in this value.
    pub fn confidence(self) -> Confidence {
        match self {
            Exposure::Constant | Exposure::Sanitised => Confidence::Low,
            Exposure::Unknown => Confidence::Medium,
            Exposure::Built | Exposure::Input | Exposure::Request => Confidence::High,
        }
    }
}

/// Names whose value somebody outside the program chooses.
static INPUTS: &[&str] = &[
    "builtins.input()",
    "sys.argv",
    "sys.stdin",
    "os.environ",
    "os.environb",
    "os.getenv()",
    "urllib.request.urlopen()",
    "requests.get()",
    "requests.post()",
    "socket.socket().recv()",
];

/// Names whose value the sender of a request chooses.
static REQUESTS: &[&str] = &[
    "bottle.request",
    "flask.request",
    "http.server.BaseHTTPRequestHandler().headers",
    "http.server.BaseHTTPRequestHandler().path",
    "http.server.BaseHTTPRequestHandler().rfile",
    "http.server.SimpleHTTPRequestHandler().headers",
    "http.server.SimpleHTTPRequestHandler().path",
    "http.server.SimpleHTTPRequestHandler().rfile",
    "quart.request",
];

/// Calls whose result cannot carry what an injection needs.
static SANITISERS: &[&str] = &[
    "builtins.int()",
    "builtins.float()",
    "builtins.bool()",
    "builtins.len()",
    "builtins.ord()",
    "builtins.hash()",
    "builtins.id()",
    "builtins.range()",
    "datetime.date()",
    "datetime.date.fromisoformat()",
    "datetime.date.fromtimestamp()",
    "datetime.date.today()",
    "datetime.datetime()",
    "datetime.datetime.fromisoformat()",
    "datetime.datetime.fromtimestamp()",
    "datetime.datetime.now()",
    "datetime.datetime.strptime()",
    "datetime.datetime.today()",
    "datetime.datetime.utcfromtimestamp()",
    "datetime.datetime.utcnow()",
    "datetime.timedelta()",
    "time.time()",
    "sqlalchemy.false().compile()",
    "sqlalchemy.false()",
    "sqlalchemy.null().compile()",
    "sqlalchemy.null()",
    "sqlalchemy.true().compile()",
    "sqlalchemy.true()",
    "werkzeug.utils.secure_filename()",
    "mimetypes.guess_extension()",
    "secrets.token_hex()",
    "secrets.token_urlsafe()",
    "uuid.uuid4()",
    "uuid.UUID()",
];

/// Functions that keep markup out of a text, and quotes, and nothing else: an address or a path stays what it is.
static MARKUP_ESCAPES: &[&str] = &[
    "django.utils.html.conditional_escape",
    "django.utils.html.escape",
    "flask.escape",
    "html.escape",
    "markupsafe.escape",
];

/// How often the values that are computed from one another are gone through at most. Each time, at least one of
/// them turns out to be more exposed than it seemed; real code needs two or three.
const MAX_ROUNDS: u32 = 12;

/// What is known about the exposure of the expressions of a file, by their addresses.
///
/// Values can be computed from one another in a circle (`text = text + line`): what has been found so far stands
/// for what is not finished, and all of them are gone through again until nothing grows any more.
#[derive(Debug, Default)]
pub(super) struct Exposures {
    found: FxHashMap<usize, Exposure>,
    settled: FxHashSet<usize>,
    this_round: FxHashSet<usize>,
    in_round: bool,
    grew: bool,
}

impl<'a> Names<'a> {
    /// How much somebody outside can have to do with a value.
    pub fn exposure(&self, value: Value<'a>) -> Exposure {
        if self.exposures.borrow().in_round {
            return self.exposure_in_round(value);
        }
        self.exposures.borrow_mut().in_round = true;
        let mut exposure = Exposure::Unknown;
        let mut grew = true;
        for _ in 0..MAX_ROUNDS {
            self.exposures.borrow_mut().grew = false;
            exposure = self.exposure_in_round(value);
            let mut exposures = self.exposures.borrow_mut();
            let round = std::mem::take(&mut exposures.this_round);
            grew = exposures.grew;
            if !grew {
                exposures.settled.extend(round);
                break;
            }
        }
        self.exposures.borrow_mut().in_round = false;
        self.note_exposed(value, exposure);
        if grew {
            self.give_up();
        }
        exposure
    }

    /// The same for one kind of harm: a value that was tested for it counts as sanitised.
    pub fn exposure_to(&self, harm: Harm, value: Value<'a>) -> Exposure {
        if value.expr.is_literal_expr() {
            return Exposure::Constant;
        }
        let denied = self.flowing(value).map(|found| found.denied).unwrap_or_default();
        let is_denied = match harm {
            // Where it begins with a quote, only the rest of it was tested.
            Harm::Quotes => denied.quotes && !denied.opened,
            Harm::SingleQuotes => {
                denied.single_quotes && !denied.opened
                    || denied.query
                    || self.is_made_by(value, |function, _| quotes_for_query(function))
            }
            Harm::Query => denied.query || self.is_made_by(value, |function, _| quotes_for_query(function)),
            Harm::Filter => denied.filter || self.is_made_by(value, escapes_filter),
            Harm::Pattern => {
                denied.pattern || self.is_made_by(value, |function, _| escapes_pattern(function))
            }
            Harm::Parents => denied.parents && denied.root || denied.found,
            Harm::File => denied.parents && denied.root || denied.last || denied.found,
            Harm::Shell => denied.shell || self.is_made_by(value, quotes_for_shell),
            Harm::Markup => denied.markup || self.is_made_by(value, |function, _| escapes_markup(function)),
            Harm::Code => denied.quotes && denied.opened || denied.code,
            Harm::Text => denied.text,
            Harm::Host => denied.host,
        };
        let exposure = self.exposure(value);
        if is_denied { exposure.min(Exposure::Sanitised) } else { exposure }
    }

    /// Whether a value, shown in a way that only numbers are shown in, is a number: what another class makes of something
    /// from outside may be shown as it likes, and so may the objects of a file that says how.
    pub fn takes_formats(&self, value: Value<'a>) -> bool {
        let is_made = || {
            self.exposure(value) >= Exposure::Input
                && self.exposure_to(Harm::Text, value) <= Exposure::Sanitised
        };
        !self.says_how_formatted() && !is_made()
    }

    /// Whether a class of this file says how its objects are formatted.
    pub(super) fn says_how_formatted(&self) -> bool {
        self.tree.is_method("__format__") || self.tree.is_alias("__format__")
    }

    /// Whether a value is what another module has under this name while this file is imported: once, and before anybody
    /// outside had a say, unless the name itself tells of that.
    pub fn is_taken_on_import(&self, value: Value<'a>) -> bool {
        let mut first = value.expr;
        while let Expr::Attribute(attribute) = first {
            if !self.tree.attribute_values(&attribute.attr).is_empty() {
                return false;
            }
            first = &attribute.value;
        }
        let Expr::Name(name) = first else { return false };
        let scopes = std::iter::successors(Some(value.scope), |&scope| self.tree.scope(scope).parent);
        let mut kinds = scopes.map(|scope| self.tree.scope(scope).kind);
        let mut blocks = self.tree.blocks_around(self.tree.id(value.expr)).map(|id| self.tree.node(id));
        let Some(home) = self.tree.scope_binding(value.scope, &name.id) else { return false };
        kinds.all(|kind| matches!(kind, ScopeKind::Module | ScopeKind::Class(_)))
            && !blocks.any(|block| matches!(block, AnyNodeRef::StmtFor(_) | AnyNodeRef::StmtWhile(_)))
            && self
                .tree
                .bindings_in(home, &name.id)
                .all(|(_, binding)| self.spend(1) && matches!(binding.meaning, Meaning::Import(_)))
    }

    /// Whether a value is a constant of another module by its name, `from settings import TABLE`, which the file never
    /// replaces: what that module is given from outside is judged there.
    pub fn is_imported_constant(&self, value: Value<'a>) -> bool {
        let Expr::Name(name) = value.expr else { return false };
        let is_shouted = |name: &str| name.len() > 1 && !name.contains(|c: char| c.is_lowercase());
        let Some(home) = self.tree.scope_binding(value.scope, &name.id) else { return false };
        is_shouted(&name.id)
            && home == ScopeId::MODULE
            && self.tree.bindings_in(home, &name.id).all(|(_, binding)| {
                self.spend(1) && matches!(&binding.meaning, Meaning::Import(path) if path.contains('.'))
            })
    }

    /// Whether a value is what a function gives of which this holds: also where the flow is not followed.
    fn is_made_by(&self, value: Value<'a>, holds: impl Fn(&str, &Expr) -> bool) -> bool {
        let Expr::Call(call) = value.expr else { return false };
        self.is_only(Value { expr: &call.func, ..value }, |function| holds(function, &call.func))
    }

    fn exposure_in_round(&self, value: Value<'a>) -> Exposure {
        let place = std::ptr::from_ref(value.expr).addr();
        {
            let mut exposures = self.exposures.borrow_mut();
            if exposures.settled.contains(&place) || !exposures.this_round.insert(place) {
                return exposures.found.get(&place).copied().unwrap_or(Exposure::Constant);
            }
        }
        let exposure = self.deeper(|| Some(self.find_exposure(value))).unwrap_or(Exposure::Unknown);
        let mut exposures = self.exposures.borrow_mut();
        let before = exposures.found.insert(place, exposure);
        exposures.grew |= before.unwrap_or(Exposure::Constant) < exposure;
        exposure
    }

    fn find_exposure(&self, value: Value<'a>) -> Exposure {
        let at = |expr: &'a Expr| Value { expr, scope: value.scope };
        if value.expr.is_literal_expr() {
            return Exposure::Constant;
        }
        if let Some(found) = self.flowing(value) {
            return found.exposure;
        }
        if self.constant(value).is_some() {
            return Exposure::Constant;
        }
        match value.expr {
            Expr::FString(text) => {
                let parts =
                    text.value.elements().filter_map(ast::InterpolatedStringElement::as_interpolation);
                let is_number = |part: &ast::InterpolatedElement| shows_number(part);
                let (numbers, parts): (Vec<_>, Vec<_>) =
                    parts.partition(|part| is_number(part) && self.takes_formats(at(&part.expression)));
                let numbers = if numbers.is_empty() { Exposure::Constant } else { Exposure::Sanitised };
                self.built(parts.into_iter().map(|part| at(&part.expression))).max(numbers)
            }
            // Between numbers it builds nothing: only a text makes it the `/` of paths for certain.
            Expr::BinOp(ast::ExprBinOp { op: Operator::Div, left, right, .. })
                if ![left, right]
                    .iter()
                    .any(|side| matches!(self.constant(at(side)), Some(Constant::Str(_)))) =>
            {
                self.exposure(at(left)).max(self.exposure(at(right)))
            }
            Expr::BinOp(binary) if is_building(binary.op) => self.built(operands(value.expr).map(at)),
            Expr::BinOp(ast::ExprBinOp { op: Operator::Mult, left, right, .. }) => {
                self.exposure(at(left)).max(self.exposure(at(right)).min(Exposure::Sanitised))
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().map(|expr| self.exposure(at(expr))).max().unwrap_or(Exposure::Constant)
            }
            Expr::Dict(dict) => {
                dict.iter_values().map(|expr| self.exposure(at(expr))).max().unwrap_or(Exposure::Constant)
            }
            Expr::Compare(_) | Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) => Exposure::Sanitised,
            Expr::Call(call) if is_formatting(call) => {
                let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                self.built(call.arguments.args.iter().chain(keywords).map(at))
            }
            _ => self.exposure_of_meaning(value),
        }
    }

    /// A text built from these parts is as dangerous as the worst of them, and at least built.
    fn built(&self, parts: impl IntoIterator<Item = Value<'a>>) -> Exposure {
        match parts.into_iter().map(|part| self.exposure(part)).max() {
            None | Some(Exposure::Constant) => Exposure::Constant,
            Some(Exposure::Sanitised) => Exposure::Sanitised,
            Some(outside @ (Exposure::Input | Exposure::Request)) => outside,
            Some(Exposure::Unknown | Exposure::Built) => Exposure::Built,
        }
    }

    /// Whether what is called like a request may be one: it is not where this function makes it itself, or says that it is of
    /// a class of this file.
    fn may_be_request(&self, name: &str, scope: ScopeId) -> bool {
        let Some(home) = self.tree.scope_binding(scope, name) else { return true };
        let is_own_class = |annotation: &'a Expr, scope: ScopeId| {
            let things = self.things(Value { expr: annotation, scope });
            !things.is_empty() && things.iter().all(|thing| self.is_plain_class(thing))
        };
        self.tree.bindings_in(home, name).any(|(_, binding)| match &binding.meaning {
            _ if !self.spend(1) => true,
            Meaning::Value { expr: Expr::Call(call), scope, steps } if steps.is_empty() => {
                // What is made here is something that is sent.
                let made = self.qualified(Value { expr: &call.func, scope: *scope });
                !made.iter().any(|name| SENT.contains(&name.as_str()))
            }
            Meaning::Parameter { annotation: Some(annotation), scope, .. } => {
                !is_own_class(annotation, *scope)
            }
            _ => true,
        })
    }

    /// Whether something is a class of this file that derives from none of another.
    fn is_plain_class(&self, thing: &Thing<'a>) -> bool {
        let Thing::Class(scope) = thing else { return false };
        matches!(self.tree.scope(*scope).kind, ScopeKind::Class(class) if class.bases().is_empty())
    }

    fn exposure_of_meaning(&self, value: Value<'a>) -> Exposure {
        // `await request.json()`
        let callee = value.expr.as_call_expr().map(|call| Value { expr: &call.func, ..value });
        if callee.is_some_and(|callee| is_part_of_request(self, callee)) {
            return Exposure::Request;
        }
        if let Some(source) = source_of(self, value) {
            return source;
        }
        let meaning = |thing: Thing<'a>| match thing {
            Thing::Named(name) => named_exposure(&name).unwrap_or(Exposure::Unknown),
            Thing::Value(inner) if inner != value => self.exposure(inner),
            _ => Exposure::Unknown,
        };
        let known = self.things(value).into_iter().map(meaning).max().unwrap_or(Exposure::Unknown);
        let is_sure = match known {
            Exposure::Sanitised => self.is_certain(value),
            _ => !self.is_open(value),
        };
        if is_sure { known } else { known.max(Exposure::Unknown) }
    }
}

/// What a program makes of a request that it sends itself.
static SENT: &[&str] = &[
    "httpx.Request",
    "requests.PreparedRequest",
    "requests.Request",
    "requests.models.PreparedRequest",
    "requests.models.Request",
    "scrapy.Request",
    "urllib.request.Request",
];

/// Parts of a request that the program's own routes decide, or that no sender chooses freely.
static REQUEST_FACTS: &[&str] = &[
    "flask.request.path",
    "flask.request.method",
    "flask.request.endpoint",
    "flask.request.url_rule",
    "flask.request.remote_addr",
    "flask.request.scheme",
    "flask.request.is_json",
    "flask.request.content_length",
];

/// Where the running interpreter is.
static INTERPRETER_FACTS: &[&str] =
    &["sys.base_exec_prefix", "sys.base_prefix", "sys.exec_prefix", "sys.executable", "sys.prefix"];

/// The tables above by the first part of the names, the first row that fits counts.
static NAMED: LazyLock<FxHashMap<&'static str, Vec<(&'static str, Exposure)>>> = LazyLock::new(|| {
    let tables = [
        (REQUEST_FACTS, Exposure::Unknown),
        (REQUESTS, Exposure::Request),
        (INPUTS, Exposure::Input),
        (SANITISERS, Exposure::Sanitised),
        (INTERPRETER_FACTS, Exposure::Sanitised),
    ];
    let mut rows: FxHashMap<&str, Vec<(&str, Exposure)>> = FxHashMap::default();
    for (names, exposure) in tables {
        for name in names {
            rows.entry(name.split('.').next().unwrap_or(name)).or_default().push((name, exposure));
        }
    }
    rows
});

/// What is known of a qualified name by itself.
fn named_exposure(name: &str) -> Option<Exposure> {
    if name.ends_with("().hexdigest()") && (name.starts_with("hashlib.") || name.starts_with("hmac.")) {
        return Some(Exposure::Sanitised);
    }
    let rows = NAMED.get(name.split('.').next().unwrap_or(name));
    let known = rows.and_then(|rows| rows.iter().find(|(known, _)| is_within(name, known)));
    match known {
        // A method of something harmless can be given something else: `quote(text).replace(…)`.
        Some((known, Exposure::Sanitised)) if name[known.len()..].contains('(') => None,
        known => known.map(|(_, exposure)| *exposure),
    }
}

/// Attributes of a request object, whatever the framework, that its sender fills.
static REQUEST_PARTS: &[&str] = &[
    "GET",
    "POST",
    "FILES",
    "COOKIES",
    "META",
    "args",
    "form",
    "values",
    "json",
    "get_json",
    "data",
    "get_data",
    "cookies",
    "headers",
    "files",
    "body",
    "query",
    "query_params",
    "path_params",
    "query_string",
    "params",
    "stream",
    "full_path",
    "url",
    "referrer",
    "user_agent",
    "get_argument",
    "rel_url",
    "match_info",
    "media",
    "get_media",
    "get_param",
    "json_body",
    "matchdict",
];

/// What the frameworks call the class of a request.
static REQUEST_TYPES: &[&str] = &[
    "aiohttp.web.Request()",
    "django.http.HttpRequest()",
    "django.http.request.HttpRequest()",
    "falcon.Request()",
    "fastapi.Request()",
    "flask.Request()",
    "rest_framework.request.Request()",
    "sanic.Request()",
    "starlette.requests.Request()",
    "tornado.httputil.HTTPServerRequest()",
    "werkzeug.Request()",
    "werkzeug.wrappers.Request()",
];

/// Methods and attributes of what answers a request that give what its sender chose.
static HANDLER_PARTS: &[&str] = &["get_argument", "get_arguments", "get_body_argument", "get_query_argument"];

/// What the environment of a WSGI application holds of the request; the rest of it is the server's.
fn is_of_wsgi_request(key: &str) -> bool {
    key.starts_with("HTTP_")
        || matches!(key, "CONTENT_TYPE" | "PATH_INFO" | "QUERY_STRING" | "REQUEST_URI" | "wsgi.input")
}

/// `environ["PATH_INFO"]`, `environ.get("PATH_INFO", "")`.
pub(super) fn is_part_of_environ<'a>(names: &Names<'a>, value: Value<'a>) -> bool {
    let (environ, key) = match value.expr {
        Expr::Subscript(item) => (&*item.value, Some(&*item.slice)),
        Expr::Call(ast::ExprCall { func, arguments, .. }) => match &**func {
            Expr::Attribute(get) if get.attr.as_str() == "get" => (&*get.value, arguments.args.first()),
            _ => return false,
        },
        _ => return false,
    };
    let is_environ = match environ {
        Expr::Name(name) => matches!(name.id.as_str(), "environ" | "env"),
        Expr::Attribute(attribute) => attribute.attr.as_str() == "environ",
        _ => false,
    };
    let key = key.filter(|_| is_environ).and_then(|key| names.constant(Value { expr: key, ..value }));
    key.as_ref().and_then(Constant::as_str).is_some_and(is_of_wsgi_request)
}

/// Where an expression by its very name comes from outside.
pub(super) fn source_of<'a>(names: &Names<'a>, value: Value<'a>) -> Option<Exposure> {
    if is_part_of_request(names, value) || is_part_of_environ(names, value) {
        return Some(Exposure::Request);
    }
    let outside =
        |name: &compact_str::CompactString| named_exposure(name).filter(|found| *found >= Exposure::Input);
    names.qualified(value).iter().filter_map(outside).max()
}

/// Whether an expression is an attribute of a request, or a method, that gives what its sender chose.
pub(super) fn is_part_of_request<'a>(names: &Names<'a>, value: Value<'a>) -> bool {
    let Expr::Attribute(attribute) = value.expr else { return false };
    let part = attribute.attr.as_str();
    let is_self = || matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "self");
    REQUEST_PARTS.contains(&part) && is_request(names, Value { expr: &attribute.value, ..value })
        || HANDLER_PARTS.contains(&part) && is_self()
}

/// Whether something is a request, by its type or by its name.
fn is_request<'a>(names: &Names<'a>, value: Value<'a>) -> bool {
    let by_name = match value.expr {
        Expr::Name(name) if matches!(name.id.as_str(), "request" | "req") => {
            names.may_be_request(&name.id, value.scope)
        }
        Expr::Attribute(inner) => inner.attr.as_str() == "request",
        _ => false,
    };
    by_name || names.qualified(value).iter().any(|name| REQUEST_TYPES.contains(&name.as_str()))
}

/// How exposed a fact about the running program is, or a part of a request that its sender does not choose freely.
pub(super) fn fact<'a>(names: &Names<'a>, value: Value<'a>) -> Option<Exposure> {
    let is_one_of = |name: &str, facts: &[&str]| facts.iter().any(|fact| is_within(name, fact));
    let found = names.qualified(value);
    let facts = found.iter().map(|name| match name.as_str() {
        name if is_one_of(name, REQUEST_FACTS) => Some(Exposure::Unknown),
        name if is_one_of(name, INTERPRETER_FACTS) && names.is_certain(value) => Some(Exposure::Sanitised),
        _ => None,
    });
    facts.collect::<Option<Vec<Exposure>>>()?.into_iter().max()
}

/// What a call of a known source or sanitiser gives.
pub(super) fn result_of<'a>(
    names: &Names<'a>,
    call: &'a ast::ExprCall,
    scope: super::tree::ScopeId,
) -> Option<Exposure> {
    let results = names.result_of(Written { call, scope });
    let found = results.iter().map(|thing| match thing {
        Thing::Named(name) => named_exposure(name),
        _ => None,
    });
    let found = found.collect::<Option<Vec<Exposure>>>()?.into_iter().max()?;
    // What may be another function makes nothing harmless.
    let is_sure = found > Exposure::Sanitised || names.is_certain(Value { expr: &call.func, scope });
    is_sure.then_some(found)
}

/// Whether a name is another one or something inside it.
fn is_within(name: &str, known: &str) -> bool {
    name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

/// Whether a function escapes markup. One of another file says so in its own name.
pub(super) fn escapes_markup(function: &str) -> bool {
    let has = |wanted: &[&str]| last_part(function).split('_').any(|word| wanted.contains(&word));
    has(&["escape"]) && has(&["html", "xml"]) || MARKUP_ESCAPES.contains(&function)
}

/// Whether a method quotes what it is given for a database, whatever it is a method of.
pub(super) fn quotes_for_query(function: &str) -> bool {
    QUOTING_METHODS.contains(&last_part(function))
        && !MARKUP_ESCAPES.contains(&function)
        && !escapes_pattern(function)
}

/// Whether a function escapes a value for a filter of LDAP. Where nothing is known of what it is an attribute of, its
/// whole path says so: `self.ldap.filter.escape_filter_chars`.
pub(super) fn escapes_filter(function: &str, callee: &Expr) -> bool {
    let is_path = || {
        let mut rest = Some(callee);
        ["escape_filter_chars", "filter", "ldap"].iter().all(|part| {
            let attribute = rest.take().and_then(Expr::as_attribute_expr);
            rest = attribute.map(|attribute| &*attribute.value);
            attribute.is_some_and(|attribute| attribute.attr.as_str() == *part)
        })
    };
    matches!(function, "ldap.filter.escape_filter_chars" | "ldap3.utils.conv.escape_filter_chars")
        || function == "?.escape_filter_chars" && is_path()
}

/// Whether a function fills a template of a filter of LDAP with values that it escapes.
pub(super) fn fills_filter(function: &str) -> bool {
    function == "ldap.filter.filter_format"
}

/// Whether a function quotes a text for a shell. As the whole command, it still chooses the program.
fn quotes_for_shell(function: &str, _: &Expr) -> bool {
    matches!(function, "shlex.quote" | "pipes.quote" | "urllib.parse.quote" | "urllib.parse.quote_plus")
}

/// Whether a function makes a text a pattern that fits only the same text.
pub(super) fn escapes_pattern(function: &str) -> bool {
    function == "re.escape"
}

/// What databases and directories call the method that makes a text harmless to them.
static QUOTING_METHODS: &[&str] = &[
    "escape",
    "escape_bytes",
    "escape_filter_chars",
    "escape_rdn",
    "escape_string",
    "format_column",
    "format_table",
    "geo_quote_name",
    "quote_ident",
    "quote_identifier",
    "quote_literal",
    "quote_name",
    "quote_value",
];

fn is_building(op: Operator) -> bool {
    matches!(op, Operator::Add | Operator::Mod | Operator::Div)
}

/// The operands of a chain of building operators. A long one leans to the left: it is unrolled, not recursed into.
fn operands(expr: &Expr) -> impl Iterator<Item = &Expr> {
    let mut rest = Some(expr);
    std::iter::from_fn(move || match rest.take()? {
        Expr::BinOp(binary) if is_building(binary.op) => {
            rest = Some(&binary.left);
            Some(&*binary.right)
        }
        first => Some(first),
    })
}

fn is_formatting(call: &ast::ExprCall) -> bool {
    let Expr::Attribute(method) = &*call.func else { return false };
    matches!(method.attr.as_str(), "format" | "join" | "format_map" | "replace")
        && matches!(&*method.value, Expr::StringLiteral(_) | Expr::FString(_) | Expr::BinOp(_))
}

impl Call<'_, '_> {
    /// How much somebody outside can have to do with what this call gets, at the worst.
    pub fn exposure(&self) -> Exposure {
        if self.hides_arguments() {
            return Exposure::Unknown;
        }
        let names = self.module.names();
        self.all_given().map(|value| names.exposure(value)).max().unwrap_or(Exposure::Constant)
    }

    /// The same for one argument and one kind of harm.
    pub fn exposure_to(&self, harm: Harm, keyword: &str, position: impl Into<Option<usize>>) -> Exposure {
        use super::call::Argument;
        match self.argument(keyword, position) {
            Argument::Absent => Exposure::Constant,
            Argument::Unknown => Exposure::Unknown,
            Argument::Given(value) => self.module.names().exposure_to(harm, value),
        }
    }

    /// The same for one argument; a constant when it is not given.
    pub fn exposure_of(&self, keyword: &str, position: impl Into<Option<usize>>) -> Exposure {
        use super::call::Argument;
        match self.argument(keyword, position) {
            Argument::Absent => Exposure::Constant,
            Argument::Unknown => Exposure::Unknown,
            Argument::Given(value) => self.module.names().exposure(value),
        }
    }
}
