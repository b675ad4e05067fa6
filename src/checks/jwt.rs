use ruff_python_ast::{self as ast, AnyNodeRef, Expr, HasNodeIndex, Stmt};

use super::{Family, commands};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Module, Thing, Truth, Value};

pub const FAMILY: Family = Family { id: "jwt", title: "JSON web tokens", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "jwt-no-verification",
        family: "jwt",
        summary: "The token is decoded without a look at its signature.",
        why: "Anybody can write such a token: what it says about its user is worth nothing.",
        neglect: "The token was verified before, as by a gateway, or is only shown.",
        instead: "`jwt.decode(token, key, algorithms=[\"RS256\"], audience=…)`.",
        cwe: &[347],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import jwt\nclaims = jwt.decode(token, options={\"verify_signature\": False})\n",
            "import jwt\nclaims = jwt.decode(token, key, verify=False)\n",
            "import jwt\noptions = {\"verify_signature\": False}\nclaims = jwt.decode(token, options=options)\n",
            "from jose import jwt\nclaims = jwt.get_unverified_claims(token)\n",
        ],
        good: &[
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\"])\n",
            "import jwt\nheader = jwt.get_unverified_header(token)\n",
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\"], options={\"verify_signature\": True})\n",
        ],
        detect: &[
            Detect::Call(DECODERS, When::Is(signature_off)),
            Detect::Call(&["jose.jwt.get_unverified_claims", "jose.jws.get_unverified_claims"], When::Always),
        ],
    },
    Check {
        id: "jwt-algorithms",
        family: "jwt",
        summary: "The token itself has a say in how it is verified, or is not signed at all.",
        why: "With `none` there is no signature. With `HS256` beside `RS256` somebody can sign with the public key, \
              which everybody has.",
        neglect: "The library in use refuses to verify without a list, as PyJWT does from version 2 on.",
        instead: "`jwt.decode(token, key, algorithms=[\"RS256\"])`: the one algorithm that you sign with.",
        cwe: &[347],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import jwt\nclaims = jwt.decode(token, key)\n",
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"HS256\", \"RS256\"])\n",
            "import jwt\ntoken = jwt.encode(claims, None, algorithm=\"none\")\n",
        ],
        good: &[
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\", \"RS512\"])\n",
            "import jwt\ntoken = jwt.encode(claims, key, algorithm=\"HS256\")\n",
            "import jwt\nclaims = jwt.decode(token, key, **options)\n",
        ],
        detect: &[
            Detect::Call(DECODERS, When::Is(algorithm_confusion)),
            Detect::Call(&["jwt.encode", "jose.jwt.encode"], When::Is(encodes_unsigned)),
        ],
    },
    Check {
        id: "jwt-claims-unchecked",
        family: "jwt",
        summary: "The token is accepted whatever its time or its audience.",
        why: "An old token, or one that was made for another service, opens the door as well as a good one.",
        neglect: "The claim is tested by hand afterwards.",
        instead: "Leave the options alone and say what you expect: `jwt.decode(…, audience=\"api\", issuer=…)`.",
        cwe: &[347, 613],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\"], options={\"verify_exp\": False})\n",
            "from jose import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\"], options={\"verify_aud\": False})\n",
        ],
        good: &[
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\"], options={\"require\": [\"exp\"]})\n",
            "import jwt\nclaims = jwt.decode(token, key, algorithms=[\"RS256\"], audience=\"api\")\n",
        ],
        detect: &[Detect::Call(DECODERS, When::Is(claims_off))],
    },
];

/// What decodes a token: `(token, key, algorithms, options)` in PyJWT and python-jose alike.
const DECODERS: &[&str] = &[
    "jwt.decode",
    "jwt.decode_complete",
    "jwt.PyJWT().decode",
    "jwt.api_jwt.decode",
    "jwt.api_jwt.PyJWT().decode",
    "jose.jwt.decode",
];

/// Whether `options` has this key with a value that is false.
fn option_is_off(call: &Call<'_, '_>, option: &str) -> bool {
    let Some(options) = call.given("options", 3) else { return false };
    if let Expr::Call(made) = options.expr
        && call.module.refers_to(&made.func, &["builtins.dict"])
    {
        let value =
            made.arguments.find_keyword(option).and_then(|keyword| call.module.constant(&keyword.value));
        return value.is_some_and(|value| !value.truth());
    }
    let off = |constant: &Constant| match constant {
        Constant::Dict(items) => {
            items.iter().any(|(key, value)| key.as_str() == Some(option) && !value.truth())
        }
        _ => false,
    };
    call.module.names().possible(options).constants.iter().any(off)
}

fn is_unverified(call: &Call<'_, '_>) -> bool {
    option_is_off(call, "verify_signature") || call.truth("verify", None) == Truth::False
}

fn signature_off(call: &Call<'_, '_>) -> Option<Confidence> {
    if !is_unverified(call) {
        return None;
    }
    Some(if only_finds_key(call) { Confidence::Low } else { Confidence::High })
}

/// Whether what the token says is used for nothing but to find the key that the same token is verified with next, and
/// what that gives is all that leaves the function.
fn only_finds_key(call: &Call<'_, '_>) -> bool {
    let module = call.module;
    let Some(function) = module.function_around(call.node) else { return false };
    let Argument::Given(Value { expr: Expr::Name(token), .. }) = call.positional(0) else { return false };
    let place = function.body.iter().position(
        |stmt| matches!(stmt, Stmt::Assign(assign) if AnyNodeRef::from(whole(&assign.value)).ptr_eq(call.node)),
    );
    let Some((Stmt::Assign(decoded), rest)) = place.and_then(|at| function.body[at..].split_first()) else {
        return false;
    };
    let [Expr::Name(claims)] = &*decoded.targets else { return false };
    let claims = claims.id.as_str();
    let mut search = KeySearch {
        module,
        token: token.id.as_str(),
        learned: vec![claims],
        told: vec![claims],
        verified: false,
    };
    search.allows(rest, false, 0) && search.verified
}

/// What a claim is taken out of at once: of `decode(token)["iss"]` and `decode(token).get("iss")` the call of `decode`.
fn whole(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Subscript(item) if item.slice.is_literal_expr() => &item.value,
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method)
                    if method.attr.as_str() == "get"
                        && call.arguments.keywords.is_empty()
                        && call.arguments.args.iter().all(Expr::is_literal_expr) =>
                {
                    &method.value
                }
                _ => return expr,
            },
            _ => return expr,
        };
    }
}

/// How deep blocks in blocks are looked into.
const MAX_BLOCKS: u32 = 8;

/// A walk over the statements after a token was decoded without a look at its signature.
struct KeySearch<'m, 'a> {
    module: &'m Module<'a>,
    token: &'a str,
    /// What the token has a part in: what it says, and what was found by that.
    learned: Vec<&'a str>,
    /// What the token itself says: whoever made it chose it, and must not choose the key.
    told: Vec<&'a str>,
    /// Whether the token is verified after all.
    verified: bool,
}

impl<'a> KeySearch<'_, 'a> {
    /// Whether these statements believe nothing of what was learned. `led` by it are those that only run where it
    /// says so.
    fn allows(&mut self, body: &'a [Stmt], led: bool, depth: u32) -> bool {
        depth <= MAX_BLOCKS && body.iter().all(|stmt| self.allows_one(stmt, led, depth))
    }

    fn allows_one(&mut self, stmt: &'a Stmt, led: bool, depth: u32) -> bool {
        match stmt {
            Stmt::Assign(assign) => {
                let [Expr::Name(target)] = &*assign.targets else { return !led && !self.mentions(stmt) };
                if led || self.mentions(&*assign.value) {
                    self.learned.push(target.id.as_str());
                }
                if self.is_told(&assign.value) {
                    self.told.push(target.id.as_str());
                }
                target.id.as_str() != self.token && self.only_looks_up(&assign.value)
            }
            Stmt::If(choice) => {
                let led = led || self.mentions(&*choice.test);
                let others = choice.elif_else_clauses.iter();
                self.only_looks_up(&choice.test)
                    && self.allows(&choice.body, led, depth + 1)
                    && others.into_iter().all(|clause| {
                        let led = led || clause.test.as_ref().is_some_and(|test| self.mentions(test));
                        clause.test.as_ref().is_none_or(|test| self.only_looks_up(test))
                            && self.allows(&clause.body, led, depth + 1)
                    })
            }
            Stmt::With(with) => {
                !with
                    .items
                    .iter()
                    .any(|item| self.mentions(&item.context_expr) || item.optional_vars.is_some())
                    && self.allows(&with.body, led, depth + 1)
            }
            Stmt::Return(ast::StmtReturn { value: Some(value), .. }) if self.verifies(value) => {
                self.verified = true;
                true
            }
            Stmt::Raise(_) => !self.mentions(stmt),
            _ => !led && !self.mentions(stmt),
        }
    }

    /// Whether an expression hands nothing that was learned to a call, but for a look into a mapping, and to no name.
    fn only_looks_up(&self, expr: &'a Expr) -> bool {
        let tree = self.module.tree();
        let id = tree.id(expr);
        std::iter::once(tree.node(id)).chain(tree.descendants(id)).all(|node| match node {
            AnyNodeRef::ExprCall(call) => !self.mentions(call) || self.looked_into(call).is_some(),
            AnyNodeRef::ExprNamed(named) => !self.mentions(named),
            _ => true,
        })
    }

    /// The mapping that a call of `get` looks into: what the token says, or one that is written in this file. The `get`
    /// of anything else may fetch a key from where the token says.
    fn looked_into(&self, call: &'a ast::ExprCall) -> Option<&'a Expr> {
        let Expr::Attribute(method) = &*call.func else { return None };
        let mapping = &*method.value;
        let is_written = || {
            let things = self.module.names().things(self.module.value(mapping));
            let is_dict =
                |thing: &Thing<'a>| matches!(thing, Thing::Value(value) if value.expr.is_dict_expr());
            !things.is_empty() && things.iter().all(is_dict)
        };
        let is_of_token =
            self.is_told(mapping) && !call.arguments.args.iter().any(|given| self.mentions(given));
        (method.attr.as_str() == "get" && (is_of_token || is_written())).then_some(mapping)
    }

    /// Whether an expression may be something that the token says, and not only something that was found by it.
    fn is_told(&self, expr: &'a Expr) -> bool {
        match expr {
            Expr::Subscript(item) => self.is_told(&item.value),
            Expr::Attribute(attribute) => self.is_told(&attribute.value),
            Expr::Call(call) => match (self.looked_into(call), &*call.arguments.args) {
                (Some(mapping), [_]) => self.is_told(mapping),
                _ => self.holds(expr, &self.told),
            },
            _ => self.holds(expr, &self.told),
        }
    }

    fn verifies(&self, expr: &'a Expr) -> bool {
        let Expr::Call(call) = expr else { return false };
        let arguments = &call.arguments;
        let is_token =
            matches!(arguments.args.first(), Some(Expr::Name(name)) if name.id.as_str() == self.token);
        let has_key = arguments.find_argument_value("key", 1).is_some_and(|key| !self.is_told(key));
        let is_plain = arguments.keywords.iter().all(|keyword| {
            keyword.arg.as_ref().is_some_and(|name| !matches!(name.as_str(), "options" | "verify"))
        });
        is_token
            && has_key
            && is_plain
            && arguments.args.len() <= 3
            && self.module.refers_to(&call.func, DECODERS)
    }

    fn mentions(&self, node: impl HasNodeIndex) -> bool {
        self.holds(node, &self.learned)
    }

    fn holds(&self, node: impl HasNodeIndex, names: &[&str]) -> bool {
        let tree = self.module.tree();
        let id = tree.id(node);
        std::iter::once(tree.node(id))
            .chain(tree.descendants(id))
            .any(|node| matches!(node, AnyNodeRef::ExprName(name) if names.contains(&name.id.as_str())))
    }
}

fn algorithm_confusion(call: &Call<'_, '_>) -> Option<Confidence> {
    if is_unverified(call) {
        return None;
    }
    let algorithms = match call.argument("algorithms", 2) {
        Argument::Absent => return Some(Confidence::Medium),
        Argument::Unknown => return None,
        Argument::Given(algorithms) if chosen_by_token(call, algorithms.expr) => {
            return Some(Confidence::High);
        }
        Argument::Given(algorithms) => call.module.names().constant(algorithms)?,
    };
    let names: Vec<String> = match &algorithms {
        Constant::List(items) => {
            items.iter().filter_map(Constant::as_str).map(str::to_ascii_uppercase).collect()
        }
        Constant::Str(name) => vec![name.to_ascii_uppercase()],
        Constant::None => return Some(Confidence::Medium),
        _ => return None,
    };
    let any =
        |prefixes: &[&str]| names.iter().any(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
    let confused = any(&["NONE"]) || any(&["HS"]) && any(&["RS", "ES", "PS", "ED"]);
    confused.then_some(Confidence::High)
}

/// `algorithms=[jwt.get_unverified_header(token)["alg"]]`: the token says how it is to be tested.
fn chosen_by_token<'a>(call: &Call<'_, 'a>, algorithms: &'a Expr) -> bool {
    let headers =
        ["jwt.get_unverified_header", "jose.jwt.get_unverified_header", "jose.jws.get_unverified_header"];
    let is_header = |node: AnyNodeRef<'a>| {
        call.module.qualified_node(node).iter().any(|name| headers.contains(&name.as_str()))
    };
    commands::mentions(call.module, algorithms, &is_header)
}

fn encodes_unsigned(call: &Call<'_, '_>) -> Option<Confidence> {
    let none = call.text("algorithm", 2).is_some_and(|name| name.eq_ignore_ascii_case("none"))
        || call.is("algorithm", 2, &Constant::None);
    none.then_some(Confidence::High)
}

fn claims_off(call: &Call<'_, '_>) -> Option<Confidence> {
    if is_unverified(call) {
        return None;
    }
    let claims = ["verify_exp", "verify_aud", "verify_iss", "verify_nbf"];
    claims.iter().any(|claim| option_is_off(call, claim)).then_some(Confidence::High)
}
