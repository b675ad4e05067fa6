use ruff_python_ast::Expr;

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Truth};

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
    is_unverified(call).then_some(Confidence::High)
}

fn algorithm_confusion(call: &Call<'_, '_>) -> Option<Confidence> {
    if is_unverified(call) {
        return None;
    }
    let algorithms = match call.argument("algorithms", 2) {
        Argument::Absent => return Some(Confidence::Medium),
        Argument::Unknown => return None,
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
