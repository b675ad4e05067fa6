//! What the words in a name tell about a value: shared by the families that judge by names.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use compact_str::CompactString;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr};
use smallvec::SmallVec;

use crate::python::Module;

/// Words that name a value which must stay secret.
const SECRET: &[&str] = &["password", "passwd", "passphrase", "pwd", "secret", "apikey", "credential"];

/// Pairs of words that name one.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("access", "key"),
    ("auth", "key"),
    ("account", "key"),
    ("private", "key"),
    ("encryption", "key"),
    ("signing", "key"),
    ("master", "key"),
    ("pass", "phrase"),
    ("pass", "word"),
    ("db", "pass"),
    ("database", "pass"),
    ("user", "pass"),
    ("smtp", "pass"),
    ("mail", "pass"),
    ("mysql", "pass"),
    ("ftp", "pass"),
    ("admin", "pass"),
    ("root", "pass"),
    ("login", "pass"),
];

/// Ends of words that name one although they are written without a gap.
const SECRET_ENDS: &[&str] =
    &["password", "passwd", "passphrase", "apikey", "secretkey", "accesstoken", "authtoken", "clientsecret"];

/// What a name holds, in letters of whatever size, if any of the above is in it: most names hold none, and need not be
/// taken apart.
static SECRET_PARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let pairs = SECRET_PAIRS.iter().map(|(_, second)| *second);
    let parts = SECRET.iter().chain(SECRET_ENDS).copied().chain(pairs).chain(["token", "pass"]);
    AhoCorasick::builder().ascii_case_insensitive(true).build(parts).ok()
});

/// Last words of names that speak about a secret and do not hold it.
const ABOUT: &[&str] = &[
    "field",
    "fields",
    "name",
    "names",
    "url",
    "uri",
    "path",
    "file",
    "filename",
    "dir",
    "type",
    "label",
    "header",
    "headers",
    "re",
    "regex",
    "pattern",
    "prefix",
    "suffix",
    "hint",
    "prompt",
    "help",
    "param",
    "parameter",
    "arg",
    "env",
    "var",
    "variable",
    "column",
    "length",
    "len",
    "size",
    "format",
    "text",
    "title",
    "message",
    "msg",
    "error",
    "policy",
    "rule",
    "strength",
    "validator",
    "hash",
    "hashed",
    "class",
    "cls",
    "backend",
    "method",
    "mode",
    "attr",
    "attribute",
    "option",
    "input",
    "form",
    "template",
    "endpoint",
    "reset",
    "view",
    "action",
    "scope",
    "description",
    "doc",
    "count",
    "expiry",
    "ttl",
    "algorithm",
    "alg",
    "encoder",
    "service",
    "location",
    "manager",
    "provider",
    "source",
    "version",
    "kind",
    "index",
    "separator",
    "sep",
    "char",
    "chars",
    "event",
    "topic",
    "required",
    "page",
    "link",
    "item",
    "id",
    "ids",
    "arn",
    "placeholder",
    "ref",
    "reference",
    "status",
    "state",
    "expires",
    "lifetime",
    "timeout",
    "check",
    "changed",
    "set",
    "enabled",
    "mechanism",
    "masked",
    "redacted",
    "hidden",
    "range",
    "pos",
    "available",
    "valid",
    "ok",
    "result",
    "response",
    "request",
    "style",
    "map",
    "cookie",
    "tag",
];

/// Words that name a value nobody may guess, besides the secret ones.
const UNGUESSABLE: &[&str] = &[
    "nonce",
    "salt",
    "otp",
    "session",
    "sessionid",
    "csrf",
    "captcha",
    "cookie",
    "iv",
    "auth",
    "crypto",
    "reset",
    "invite",
    "coupon",
    "voucher",
    "remember",
    "verification",
];

/// The words of a name.
pub(super) type Words = SmallVec<[CompactString; 4]>;

/// The words of an identifier in lower case, without numbers at their ends: `apiKey2`, `API_KEY` and `api-key` are
/// `api` and `key`.
pub(super) fn words(name: &str) -> Words {
    let mut words = Words::new();
    let mut before = ' ';
    for c in name.chars() {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if starts || words.is_empty() {
            words.push(CompactString::default());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    for word in &mut words {
        let without_number = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        word.truncate(without_number);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// First words of names that ask for a secret, say what happens to it, or name the key it is kept under.
const ASKS: &[&str] = &[
    "update", "change", "reset", "has", "is", "use", "show", "hide", "require", "requires", "check",
    "verify", "no", "need", "needs", "allow", "ask", "prompt", "store", "save", "generate", "forgot", "conf",
    "attr", "field", "param", "opt", "env", "err", "error", "invalid", "missing", "resource",
];

/// Words of names whose secrets are made up.
const MADE_UP: &[&str] = &["dummy", "fake", "example", "sample", "mock", "test", "testing", "demo"];

/// Whether a name says that its secret is made up.
pub(super) fn is_made_up(name: &str) -> bool {
    words(name).iter().any(|word| MADE_UP.contains(&word.as_str()))
}

/// Words in front of `token` that make it a piece of a text, a place in a list or a handle.
const NO_CREDENTIAL: &[&str] = &[
    "next",
    "page",
    "paging",
    "pagination",
    "continuation",
    "start",
    "starting",
    "cursor",
    "sync",
    "resume",
    "current",
    "last",
    "first",
    "prev",
    "previous",
    "end",
    "begin",
    "stop",
    "pad",
    "padding",
    "eos",
    "bos",
    "unk",
    "unknown",
    "mask",
    "sep",
    "cls",
    "special",
    "num",
    "max",
    "min",
    "syntax",
    "lex",
    "lexer",
    "string",
    "word",
    "name",
    "number",
    "op",
    "operator",
    "keyword",
    "comment",
    "acquire",
    "release",
    "cancel",
    "cancellation",
    "idempotency",
    "client",
    "request",
    "job",
    "task",
    "change",
    "marker",
    "delimiter",
    "open",
    "close",
    "text",
    "input",
    "output",
    "template",
    "parse",
    "parser",
    "block",
    "audio",
    "image",
    "expected",
];

/// Whether the words of a name speak of a token that opens something.
fn is_token(words: &[CompactString]) -> bool {
    let at = words.iter().rposition(|word| word == "token");
    at.is_some_and(|at| at == 0 || !NO_CREDENTIAL.contains(&words[at - 1].as_str()))
}

/// Whether a name speaks of the key or token that a service asks for, and of no password or secret of one's own.
pub(super) fn is_for_service(name: &str) -> bool {
    let words = words(name);
    let has = |word: &str| words.iter().any(|known| known == word);
    (has("token") || has("apikey") || has("api") && has("key")) && !has("secret") && !is_password(name)
}

/// Whether a name speaks of something that must stay secret.
pub(super) fn is_secret(name: &str) -> bool {
    if name.is_ascii() && SECRET_PARTS.as_ref().is_some_and(|parts| !parts.is_match(name)) {
        return false;
    }
    let words = words(name);
    is_token(&words)
        || words
            .iter()
            .any(|word| SECRET.contains(&word.as_str()) || SECRET_ENDS.iter().any(|end| word.ends_with(end)))
        || words.windows(2).any(|pair| SECRET_PAIRS.contains(&(pair[0].as_str(), pair[1].as_str())))
        || words.as_slice() == ["pass"]
}

/// Whether a name says that its value is a secret, and not only something about one.
pub(super) fn is_secret_value(name: &str) -> bool {
    let is_identifier = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    if !is_secret(name) || !name.chars().all(is_identifier) {
        return false;
    }
    let words = words(name);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let asks = words.len() > 1 && ASKS.contains(&first.as_str());
    let names_another =
        last == "key" && words.iter().any(|word| matches!(word.as_str(), "password" | "token"));
    let about_token =
        is_token(&words) && !words.iter().any(|word| SECRET.contains(&word.as_str())) && last != "token";
    !asks && !ABOUT.contains(&last.as_str()) && !names_another && !about_token
}

/// Whether a name says that its value must not be guessed.
pub(super) fn is_unguessable(name: &str) -> bool {
    is_secret(name) || words(name).iter().any(|word| UNGUESSABLE.contains(&word.as_str()))
}

/// Ends of words that name the password of a person.
const PASSWORD_ENDS: &[&str] = &["password", "passwords", "passwd", "passphrase", "pwd"];

/// Whether a name speaks of the password of a person.
pub(super) fn is_password(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| PASSWORD_ENDS.iter().any(|end| word.ends_with(end)))
        || words.last().is_some_and(|word| word == "pass")
}

/// The last name of an expression: `self.password`, `form["password"]` and `password.encode()` are `password`.
pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Subscript(subscript) => match &*subscript.slice {
            Expr::StringLiteral(key) => Some(key.value.to_str()),
            _ => last_name(&subscript.value),
        },
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) if matches!(method.attr.as_str(), "encode" | "decode" | "strip") => {
                last_name(&method.value)
            }
            Expr::Attribute(method) if method.attr.as_str() == "get" => {
                call.arguments.args.first().and_then(|key| Some(key.as_string_literal_expr()?.value.to_str()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether the place of a node says that its value must not be guessed: what it is assigned to, the keyword or key
/// it is given as, or the function that it stands in.
pub(super) fn is_for_something_unguessable<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    for around in module.ancestors(node) {
        match around {
            AnyNodeRef::StmtAssign(assign) if assign.targets.iter().any(names_something_unguessable) => {
                return true;
            }
            AnyNodeRef::StmtAnnAssign(assign) if names_something_unguessable(&assign.target) => return true,
            AnyNodeRef::ExprNamed(named) if names_something_unguessable(&named.target) => return true,
            AnyNodeRef::Keyword(ast::Keyword { arg: Some(name), .. }) if is_unguessable(name) => return true,
            AnyNodeRef::StmtFunctionDef(function) => return is_unguessable(&function.name),
            AnyNodeRef::StmtClassDef(_) => return false,
            _ => {}
        }
    }
    false
}

fn names_something_unguessable(target: &Expr) -> bool {
    last_name(target).is_some_and(is_unguessable)
}

/// How many parts of an expression are looked at.
const MAX_PARTS: usize = 500;

/// Whether an expression has a part with a name of this kind.
pub(super) fn mentions(module: &Module<'_>, expr: &Expr, is_such: fn(&str) -> bool) -> bool {
    let tree = module.tree();
    let id = tree.id(expr);
    let mut parts = std::iter::once(tree.node(id)).chain(tree.descendants(id)).take(MAX_PARTS);
    parts.any(|node| match node {
        AnyNodeRef::ExprName(name) => is_such(&name.id),
        AnyNodeRef::ExprAttribute(attribute) => is_such(&attribute.attr),
        AnyNodeRef::ExprSubscript(subscript) => {
            subscript.slice.as_string_literal_expr().is_some_and(|key| is_such(key.value.to_str()))
        }
        _ => false,
    })
}
