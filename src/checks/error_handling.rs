use compact_str::CompactString;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Family;
use super::words::words;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant, Hits, Module, Node, Thing, Value};

pub const FAMILY: Family = Family { id: "error-handling", title: "Error handling", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "assert",
        family: "error-handling",
        summary: "`assert` is removed when Python runs with `-O`, and its check with it.",
        why: "With `-O` or `PYTHONOPTIMIZE` no `assert` is executed. Validation that rests on one is then gone \
              without a trace, and bad values travel on.",
        neglect: "It states what the code itself guarantees, as in tests or for a type checker, and nothing from \
                  outside depends on it.",
        instead: "`if not amount > 0: raise ValueError(\"amount must be positive\")`.",
        cwe: &[617],
        severity: Severity::Low,
        aliases: &["bandit:B101", "ruff:S101", "codeaudit:assert"],
        bad: &["assert amount > 0\n", "def pay(amount):\n    assert amount > 0, \"no amount\"\n"],
        good: &[
            "if not amount > 0:\n    raise ValueError(\"amount must be positive\")\n",
            "self.assertTrue(amount > 0)\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtAssert], plain_assert)],
    },
    Check {
        id: "assert-access-control",
        family: "error-handling",
        summary: "This `assert` decides who may do something, and is removed when Python runs with `-O`.",
        why: "With `-O` or `PYTHONOPTIMIZE` no `assert` is executed: everybody passes.",
        neglect: "The same decision is made again by code that is no `assert`.",
        instead: "`if not user.is_admin: raise PermissionError(\"admins only\")`.",
        cwe: &[617, 863],
        severity: Severity::High,
        aliases: &["bandit:B101", "ruff:S101", "codeaudit:assert"],
        bad: &[
            "def delete(user, page):\n    assert user.is_admin\n    page.delete()\n",
            "assert check_password(password, user.hash), \"wrong password\"\n",
        ],
        good: &[
            "if not user.is_admin:\n    raise PermissionError(\"admins only\")\n",
            "def test_promotion():\n    assert user.is_admin\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtAssert], assert_access)],
    },
    Check {
        id: "except-pass",
        family: "error-handling",
        summary: "Whatever goes wrong here is dropped without a trace.",
        why: "A failed verification, a refused permission or a full disk looks like success: the program goes on \
              as if nothing had happened, and nobody can find out later.",
        neglect: "The work is optional, such as cleaning up, and its failure changes nothing.",
        instead: "Catch the one exception that is expected, and log the rest: `except FileNotFoundError: pass`, \
                  or `except Exception: logger.exception(\"cannot clean up\")`.",
        cwe: &[390, 703],
        severity: Severity::Low,
        aliases: &["bandit:B110", "ruff:S110", "codeaudit:pass"],
        bad: &[
            "try:\n    verify(token)\nexcept Exception:\n    pass\n",
            "try:\n    verify(token)\nexcept:\n    ...\n",
            "try:\n    verify(token)\nexcept InvalidSignature:\n    pass\n",
        ],
        good: &[
            "try:\n    os.remove(path)\nexcept FileNotFoundError:\n    pass\n",
            "try:\n    verify(token)\nexcept Exception:\n    logger.exception(\"no valid token\")\n    raise\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExceptHandlerExceptHandler], except_pass)],
    },
    Check {
        id: "except-continue",
        family: "error-handling",
        summary: "Whatever goes wrong with one element is skipped without a trace.",
        why: "An element that fails its check is passed over like one that needs none, and nobody can find out \
              which ones were.",
        neglect: "Elements that fail are meant to be left out, and it does not matter which.",
        instead: "Catch the one exception that is expected, and log what is skipped: \
                  `except ValueError: logger.warning(\"skipped %s\", name)`.",
        cwe: &[390, 703],
        severity: Severity::Low,
        aliases: &["bandit:B112", "ruff:S112", "codeaudit:continue"],
        bad: &[
            "for token in tokens:\n    try:\n        verify(token)\n    except Exception:\n        continue\n",
            "while True:\n    try:\n        step()\n    except:\n        continue\n",
        ],
        good: &[
            "for name in names:\n    try:\n        int(name)\n    except ValueError:\n        continue\n",
            "for token in tokens:\n    try:\n        verify(token)\n    except Exception:\n        \
             logger.warning(\"skipped\")\n        continue\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExceptHandlerExceptHandler], except_continue)],
    },
    Check {
        id: "suppress-all",
        family: "error-handling",
        summary: "`contextlib.suppress` drops every exception of this block without a trace.",
        why: "The block ends at the first line that fails, and the program goes on as if all of it had worked.",
        neglect: "The block is optional, such as cleaning up, and its failure changes nothing.",
        instead: "Name the exception that is expected: `with contextlib.suppress(FileNotFoundError):`.",
        cwe: &[390, 703],
        severity: Severity::Low,
        aliases: &["bandit:B110", "ruff:S110"],
        bad: &[
            "import contextlib\nwith contextlib.suppress(Exception):\n    verify(token)\n",
            "from contextlib import suppress\nwith suppress(KeyError, BaseException):\n    verify(token)\n",
        ],
        good: &[
            "import contextlib\nwith contextlib.suppress(FileNotFoundError):\n    os.remove(path)\n",
            "with warnings.suppress(Exception):\n    pass\n",
        ],
        detect: &[Detect::Call(&["contextlib.suppress"], When::Is(suppresses_all))],
    },
    Check {
        id: "fails-open",
        family: "error-handling",
        summary: "A function that decides about access or validity says yes when something goes wrong.",
        why: "Whoever can make the check fail, with a broken token or an unreachable server, gets through it.",
        neglect: "The answer only chooses between two equally safe ways, such as a cached and a fresh page.",
        instead: "Say no where the answer is not known: `except Exception: return False`, or let it raise.",
        cwe: &[636],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "def has_permission(user):\n    try:\n        return ask(user)\n    except Exception:\n        \
             return True\n",
            "def verify_signature(data):\n    try:\n        key.verify(data)\n    except InvalidSignature:\n        \
             return True\n    return True\n",
        ],
        good: &[
            "def has_permission(user):\n    try:\n        return ask(user)\n    except Exception:\n        \
             return False\n",
            "def is_token_expired(token):\n    try:\n        decode(token)\n    except ExpiredToken:\n        \
             return True\n    return False\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtReturn], fails_open)],
    },
    Check {
        id: "except-returns-true",
        family: "error-handling",
        summary: "Whatever goes wrong here is answered with `True`.",
        why: "The caller cannot tell success from failure, and the failure itself is dropped without a trace.",
        neglect: "`True` is the careful answer here, for example \"yes, it must be done again\".",
        instead: "Catch the one exception that is expected; log or raise the rest.",
        cwe: &[390, 636],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "def save(page):\n    try:\n        page.write()\n    except Exception:\n        return True\n",
            "def save(page):\n    try:\n        page.write()\n    except:\n        return True\n    return True\n",
        ],
        good: &[
            "def save(page):\n    try:\n        page.write()\n    except Exception:\n        return False\n",
            "def is_missing(key):\n    try:\n        table[key]\n    except KeyError:\n        return True\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtReturn], except_returns_true)],
    },
];

fn plain_assert(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtAssert(assert) = node.node else { return };
    if !decides_about_access(node.module, assert) {
        hits.at(keyword(assert, "assert"), Confidence::High);
    }
}

fn assert_access(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtAssert(assert) = node.node else { return };
    if decides_about_access(node.module, assert) {
        hits.at(keyword(assert, "assert"), Confidence::Medium);
    }
}

/// The keyword that a statement starts with.
fn keyword(statement: impl Ranged, keyword: &str) -> TextRange {
    TextRange::at(statement.start(), TextSize::of(keyword))
}

fn decides_about_access<'a>(module: &Module<'a>, assert: &'a ast::StmtAssert) -> bool {
    if is_about_shape(&assert.test) || is_for_type_checkers(module, assert) {
        return false;
    }
    // `perm` alone is a permutation as often as a permission.
    names_in(module, assert.test.range()).any(|name| name != "perm" && asks_about_access(&words(name)))
        && !is_in_test(module, AnyNodeRef::from(assert))
}

/// Whether a test only tells a type checker what a value looks like, as `user.token is not None`.
fn is_about_shape(test: &Expr) -> bool {
    let is_none = |expr: &Expr| expr.is_none_literal_expr();
    match test {
        Expr::Compare(compare) => {
            compare.comparators.iter().any(is_none)
                || !compare.left.is_name_expr() && is_about_shape(&compare.left)
        }
        Expr::Subscript(item) => is_about_shape(&item.value),
        // What is called like a permission is as often a permutation, and a token a part of a text.
        Expr::Attribute(part) => SHAPES.contains(&part.attr.as_str()),
        // That there is one decides nothing: `assert csrf_token`.
        Expr::Name(name) => {
            let words = words(&name.id);
            let is_thing = words.last().is_some_and(|last| THINGS.contains(&last.as_str()));
            is_thing && !words.first().is_some_and(|first| ASKING.contains(&first.as_str()))
        }
        Expr::BoolOp(all) => all.values.iter().all(is_about_shape),
        Expr::Call(call) => match &*call.func {
            Expr::Name(name) if matches!(name.id.as_str(), "all" | "any") => {
                matches!(call.arguments.args.first(), Some(Expr::Generator(each)) if is_about_shape(&each.elt))
            }
            Expr::Name(name) => matches!(name.id.as_str(), "isinstance" | "len" | "callable"),
            Expr::Attribute(method) => SHAPES.contains(&method.attr.as_str()),
            _ => false,
        },
        _ => false,
    }
}

/// What arrays and tensors say of their shape.
const SHAPES: &[&str] =
    &["device", "dim", "dtype", "is_contiguous", "ndim", "numel", "shape", "size", "stride"];

/// What names of things end with, where those of decisions do not.
const THINGS: &[&str] = &["admin", "csrf", "perm", "permission", "permissions", "perms", "token"];

/// How names begin that ask a question, whatever it ends with: `is_admin_of(page)`.
const ASKING: &[&str] =
    &["allow", "allows", "can", "check", "has", "have", "is", "may", "must", "require", "requires"];

/// Whether a name asks about access, and not after something of an administrator's: `admin_url`.
fn asks_about_access(words: &[CompactString]) -> bool {
    let Some((last, first)) = words.last().zip(words.first()) else { return false };
    is_about_access(words)
        && (ASKING.contains(&first.as_str())
            || is_about_access(std::slice::from_ref(last))
            || !words.iter().any(|word| is_about_access(std::slice::from_ref(word))))
}

/// Whether a statement stands where only type checkers look: below `if TYPE_CHECKING:`.
fn is_for_type_checkers<'a>(module: &Module<'a>, assert: &'a ast::StmtAssert) -> bool {
    let mut inner = AnyNodeRef::from(assert);
    module.ancestors(inner).any(|around| {
        let is_body = std::mem::replace(&mut inner, around).range();
        match around {
            AnyNodeRef::StmtIf(choice) => {
                choice.body.iter().any(|statement| statement.range().contains_range(is_body))
                    && module
                        .is_only(&choice.test, &["typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"])
            }
            _ => false,
        }
    })
}

fn is_about_access(words: &[CompactString]) -> bool {
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    has(&[
        "admin",
        "authenticated",
        "authorised",
        "authorized",
        "csrf",
        "perm",
        "permission",
        "permissions",
        "permitted",
        "perms",
        "privileged",
        "staff",
        "superuser",
    ]) || has(&["check", "compare", "valid", "validate", "verify"])
        && has(&[
            "access",
            "credentials",
            "digest",
            "hmac",
            "jwt",
            "login",
            "mac",
            "password",
            "signature",
            "token",
        ])
}

/// In a test an `assert` is what it is meant to be.
fn is_in_test<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    module.blocks_around(node).any(|node| match node {
        AnyNodeRef::StmtFunctionDef(function) => function.name.starts_with("test"),
        AnyNodeRef::StmtClassDef(class) => class.name.starts_with("Test") || class.name.ends_with("Test"),
        _ => false,
    })
}

/// The names written in a part of the file, whatever they stand for.
fn names_in<'m>(module: &'m Module<'_>, range: TextRange) -> impl Iterator<Item = &'m str> {
    let file = module.file();
    let tokens = file.tokens().map_or(&[][..], |tokens| tokens.in_range(range));
    tokens.iter().filter(|token| token.kind() == TokenKind::Name).map(|token| &file.text()[token.range()])
}

fn except_pass(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExceptHandlerExceptHandler(handler) = node.node else { return };
    if handler.body.iter().all(does_nothing) {
        swallow(node.module, handler, hits);
    }
}

fn except_continue(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExceptHandlerExceptHandler(handler) = node.node else { return };
    let Some((Stmt::Continue(_), before)) = handler.body.split_last() else { return };
    if before.iter().all(does_nothing) {
        swallow(node.module, handler, hits);
    }
}

fn swallow<'a>(module: &Module<'a>, handler: &'a ast::ExceptHandlerExceptHandler, hits: &mut Hits) {
    let Some(caught) = &handler.type_ else {
        return hits.at(keyword(handler, "except"), Confidence::High);
    };
    let place = TextRange::new(handler.start(), caught.end());
    if is_broad(module, caught) {
        hits.at(place, Confidence::High);
    } else if tells_of_attack(module, caught) {
        hits.at(place, Confidence::Medium);
    }
}

fn does_nothing(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Pass(_) => true,
        Stmt::Expr(expr) => matches!(&*expr.value, Expr::EllipsisLiteral(_) | Expr::StringLiteral(_)),
        _ => false,
    }
}

static BROAD: &[&str] = &["builtins.Exception", "builtins.BaseException"];

/// Whether everything, or all that is not an exit, is caught.
pub(super) fn is_broad<'a>(module: &Module<'a>, caught: &'a Expr) -> bool {
    let is_broad =
        |value: Value<'a>| module.names().qualified(value).iter().any(|name| BROAD.contains(&name.as_str()));
    module.names().things(module.value(caught)).into_iter().any(|thing| match thing {
        Thing::Named(name) => BROAD.contains(&name.as_str()),
        Thing::Value(Value { expr: Expr::Tuple(tuple), scope }) => {
            tuple.elts.iter().any(|expr| is_broad(Value { expr, scope }))
        }
        _ => false,
    })
}

/// Whether what is caught says that somebody is not who they claim to be, or may not do what they try.
fn tells_of_attack(module: &Module<'_>, caught: &Expr) -> bool {
    let telling = [
        "auth",
        "authentication",
        "authorization",
        "certificate",
        "denied",
        "forbidden",
        "jwt",
        "permission",
        "signature",
        "ssl",
        "suspicious",
        "unauthorized",
        "verification",
    ];
    names_in(module, caught.range())
        .any(|name| words(name).iter().any(|word| telling.contains(&word.as_str())))
}

fn suppresses_all(call: &Call<'_, '_>) -> Option<Confidence> {
    let names = call.module.names();
    let any = call
        .all_given()
        .any(|value| names.qualified(value).iter().any(|name| BROAD.contains(&name.as_str())));
    any.then_some(Confidence::High)
}

/// The handler and the function around a `return True`.
fn failure_answered_with_true<'a>(
    node: &Node<'_, 'a>,
) -> Option<(&'a ast::ExceptHandlerExceptHandler, &'a ast::StmtFunctionDef)> {
    let AnyNodeRef::StmtReturn(ast::StmtReturn { value: Some(value), .. }) = node.node else { return None };
    let mut handler = None;
    for around in node.module.blocks_around(node.node) {
        match around {
            AnyNodeRef::ExceptHandlerExceptHandler(found) => handler = handler.or(Some(found)),
            AnyNodeRef::StmtFunctionDef(function) => {
                let is_true = || node.module.constant(value) == Some(Constant::Bool(true));
                return handler.filter(|_| is_true()).map(|handler| (handler, function));
            }
            _ => {}
        }
    }
    None
}

fn fails_open(node: &Node<'_, '_>, hits: &mut Hits) {
    let Some((handler, function)) = failure_answered_with_true(node) else { return };
    if !decides(function) {
        return;
    }
    match &handler.type_ {
        Some(caught) if is_broad(node.module, caught) => hits.at(node.node, Confidence::High),
        Some(caught) if tells_of_attack(node.module, caught) => hits.at(node.node, Confidence::Medium),
        Some(_) => {}
        None => hits.at(node.node, Confidence::High),
    }
}

fn except_returns_true(node: &Node<'_, '_>, hits: &mut Hits) {
    let Some((handler, function)) = failure_answered_with_true(node) else { return };
    if !decides(function) && handler.type_.as_ref().is_none_or(|caught| is_broad(node.module, caught)) {
        hits.at(node.node, Confidence::Medium);
    }
}

/// Whether a function's name says that `True` lets somebody through.
fn decides(function: &ast::StmtFunctionDef) -> bool {
    let words = words(&function.name);
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let lets_through = is_about_access(&words)
        || has(&[
            "access",
            "allowed",
            "authenticate",
            "authorise",
            "authorize",
            "login",
            "trusted",
            "validate",
            "verified",
            "verify",
        ]);
    let is_inverse = has(&[
        "blocked", "denied", "deny", "expired", "invalid", "missing", "needs", "no", "not", "required",
        "requires", "revoked",
    ]);
    lets_through && !is_inverse
}
