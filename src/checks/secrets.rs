use std::borrow::Cow;

use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};
use ruff_text_size::{Ranged, TextRange, TextSize};
use smallvec::SmallVec;

use super::credentials::{self, Span};
use super::signing_keys::{self, KEY_NODES};
use super::{Family, words};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Hit, Hits, Module, Node, SourceFile, Thing, Value};

pub const FAMILY: Family = Family { id: "secrets", title: "Secrets in the source", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "hardcoded-password",
        family: "secrets",
        summary: "A password or token is written into the source.",
        why: "Everybody who can read the code, its history or its package knows it, and it cannot be changed without a \
              release.",
        neglect: "It is the made-up password of a test, or opens nothing that matters.",
        instead: "`os.environ[\"DB_PASSWORD\"]`, or a secret store; and change the one that was written here.",
        cwe: &[798, 259],
        severity: Severity::Medium,
        aliases: &["bandit:B105", "ruff:S105"],
        bad: &[
            "password = \"hunter2!\"\n",
            "config = {\"db_password\": \"S3cure-me\"}\n",
            "if form[\"password\"] == \"letmein42\":\n    log_in()\n",
            "settings.API_TOKEN = \"k3b9\" + \"x7q2m8\"\n",
        ],
        good: &[
            "import os\npassword = os.environ[\"DB_PASSWORD\"]\n",
            "PASSWORD_FIELD = \"password\"\n",
            "token_url = \"https://example.org/token\"\n",
            "if token == \"(\":\n    depth += 1\n",
            "password = \"<your password>\"\n",
        ],
        detect: &[Detect::Node(
            &[
                NodeKind::StmtAssign,
                NodeKind::StmtAnnAssign,
                NodeKind::ExprNamed,
                NodeKind::ExprDict,
                NodeKind::ExprCompare,
            ],
            named_password,
        )],
    },
    Check {
        id: "hardcoded-password-argument",
        family: "secrets",
        summary: "A password or token is given to a call as a constant.",
        why: "Everybody who can read the code, its history or its package knows it, and it cannot be changed without a \
              release.",
        neglect: "It is the made-up password of a test, or opens nothing that matters.",
        instead: "`connect(password=os.environ[\"DB_PASSWORD\"])`; and change the one that was written here.",
        cwe: &[798, 259],
        severity: Severity::Medium,
        aliases: &["bandit:B106", "ruff:S106"],
        bad: &[
            "db.connect(user=\"app\", password=\"hunter2!\")\n",
            "client = Client(api_key=\"9f8e7d6c5b4a\")\n",
        ],
        good: &[
            "db.connect(user=\"app\", password=read_password())\n",
            "form.add(token_type=\"bearer\", password=\"\")\n",
        ],
        detect: &[Detect::Node(&[NodeKind::Keyword], password_argument)],
    },
    Check {
        id: "hardcoded-password-default",
        family: "secrets",
        summary: "A password or token is the default of a parameter.",
        why: "Whoever leaves the argument out uses a password that everybody who can read the code knows.",
        neglect: "It is the made-up password of a test, or opens nothing that matters.",
        instead: "No default, or `None` for \"take it from the environment\".",
        cwe: &[798, 259],
        severity: Severity::Medium,
        aliases: &["bandit:B107", "ruff:S107"],
        bad: &[
            "def connect(user, password=\"hunter2!\"):\n    pass\n",
            "def call(*, api_token=\"a1b2c3d4e5\"):\n    pass\n",
        ],
        good: &["def connect(user, password=None):\n    pass\n", "def call(token=\"\"):\n    pass\n"],
        detect: &[Detect::Node(&[NodeKind::ParameterWithDefault], password_default)],
    },
    Check {
        id: "provider-token",
        family: "secrets",
        summary: "A token of a known provider is written into the source.",
        why: "Whoever finds it can act in the owner's name. Public repositories are searched for such tokens within \
              minutes of a push.",
        neglect: "It was revoked, or is a documented example.",
        instead: "Revoke it now, then read its successor from the environment or from a secret store.",
        cwe: &[798],
        severity: Severity::Critical,
        aliases: &[],
        bad: &[
            "client = connect(\"ghp_Zk3vT9qLw1Xs8RbN5mYc2DfH7jKp4GtVa6Ue\")\n",
            concat!("url = f\"https://{user}:gl", "pat-Xk29fLq7Rz4mTb8WsYv3@gitlab.example.org\"\n"),
            concat!("# revoke AK", "IAQ3EGSIVD7KUBM2TX some day\nkey = None\n"),
        ],
        good: &[
            "import os\nclient = connect(os.environ[\"GITHUB_TOKEN\"])\n",
            "key = \"AKIAIOSFODNN7EXAMPLE\"\n",
            "token = \"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n",
        ],
        detect: &[
            Detect::Node(
                &[
                    NodeKind::StringLiteral,
                    NodeKind::BytesLiteral,
                    NodeKind::InterpolatedStringLiteralElement,
                ],
                token_in_text,
            ),
            Detect::Source(token_in_comments),
        ],
    },
    Check {
        id: "private-key",
        family: "secrets",
        summary: "A private key is written into the source.",
        why: "Whoever has it can sign, decrypt or log in as its owner; a key that was published once is public for ever.",
        neglect: "It was made for a test and no system trusts it.",
        instead: "Replace the key pair, and read the new one from a file that is not in the repository.",
        cwe: &[321, 798],
        severity: Severity::Critical,
        aliases: &[],
        bad: &[
            concat!(
                "KEY = \"\"\"-----BEGIN PRIV",
                "ATE KEY-----\n",
                "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n",
                "-----END PRIVATE KEY-----\"\"\"\n"
            ),
            concat!(
                "load(b\"-----BEGIN EC PRIV",
                "ATE KEY-----\\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49\\n\")\n"
            ),
        ],
        good: &[
            "if \"-----BEGIN PRIVATE KEY-----\" in text:\n    load(text)\n",
            concat!(
                "CERTIFICATE = \"\"\"-----BEGIN CERTIFICATE-----\n",
                "MIIBtTCCAVugAwIBAgIUQ2l4S6ceYzXnHkwhTtE9BqT6yGowCgYIKoZIzj0EAwIw\n\"\"\"\n"
            ),
        ],
        detect: &[Detect::Node(&[NodeKind::ExprStringLiteral, NodeKind::ExprBytesLiteral], private_key)],
    },
    Check {
        id: "json-web-token",
        family: "secrets",
        summary: "A signed JSON web token is written into the source.",
        why: "Until it expires it opens what it was made for; what it says about its user can be read by everybody.",
        neglect: "It has expired, or was signed with a key that was made for a test.",
        instead: "Ask for a fresh token when the program runs.",
        cwe: &[798],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "session = \"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhcHAifQ.hq0uGfzB0yX3m9Vt1sLkW8cRj2NpQ4dTz7aEo5Yb6xI\"\n",
            "headers = {\"Authorization\": \"Bearer eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJtZSJ9.Qm8sT1vLx6Zr3Wk0YpJ7dNc2\"}\n",
        ],
        good: &[
            "session = issue_token(user)\n",
            "shown = \"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\"\n",
        ],
        detect: &[Detect::Node(
            &[NodeKind::StringLiteral, NodeKind::BytesLiteral, NodeKind::InterpolatedStringLiteralElement],
            json_web_token,
        )],
    },
    Check {
        id: "password-in-url",
        family: "secrets",
        summary: "An address has a password in it.",
        why: "Addresses end up in logs, in error messages and in the history of shells, and with them the password.",
        neglect: "It is the password of a database that only exists while a test runs.",
        instead: "Put the address together from the environment: `os.environ[\"DATABASE_URL\"]`.",
        cwe: &[798],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "DATABASE = \"postgres://app:Zt7-kq2v@db.internal/app\"\n",
            "cache = connect(f\"redis://:n0t-public@{host}:6379/0\")\n",
        ],
        good: &[
            "DATABASE = f\"postgres://app:{password}@db.internal/app\"\n",
            "HELP = \"postgres://user:password@host/name\"\n",
            "page = \"https://example.org/@user:name\"\n",
        ],
        detect: &[Detect::Node(
            &[NodeKind::StringLiteral, NodeKind::BytesLiteral, NodeKind::ExprFString],
            password_in_url,
        )],
    },
    Check {
        id: "default-credential",
        family: "secrets",
        summary: "Where the environment has no password, one from the source is used.",
        why: "Forgetting to set the variable goes unnoticed: the program then runs with a password that everybody knows.",
        neglect: "The default opens nothing but a machine of a developer.",
        instead: "`os.environ[\"DB_PASSWORD\"]`, which fails when it is missing.",
        cwe: &[1392, 798],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import os\npassword = os.getenv(\"DB_PASSWORD\", \"changeme\")\n",
            "import os\nkey = os.environ.get(\"SECRET_KEY\", default=\"insecure-dev-key\")\n",
            "from decouple import config\nkey = config(\"API_TOKEN\", default=\"abc123\")\n",
            "import os\npassword = os.environ.get(\"DB_PASSWORD\") or \"Passw0rd99\"\n",
        ],
        good: &[
            "import os\npassword = os.getenv(\"DB_PASSWORD\", \"\")\n",
            "import os\nname = os.environ.get(\"PASSWORD_FILE\", \"/run/secrets/password\")\n",
            "import os\nuser = os.getenv(\"DB_USER\", \"app\")\n",
        ],
        detect: &[
            Detect::Call(READERS, When::Hit(falls_back)),
            Detect::Node(&[NodeKind::ExprBoolOp, NodeKind::ExprIf], falls_back_by_test),
        ],
    },
    Check {
        id: "hardcoded-key",
        family: "secrets",
        summary: "A cryptographic key is written into the source.",
        why: "Everybody who can read the code can sign and decrypt with it, and what was encrypted once stays readable.",
        neglect: "It is a test vector, or a test's own key.",
        instead: "Read the key from the environment or from a secret store, and replace the one that was written here.",
        cwe: &[321, 798],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import jwt\ntoken = jwt.encode(claims, \"s3cr3t-signing\", algorithm=\"HS256\")\n",
            "from cryptography.fernet import Fernet\nKEY = b\"pDkmO2hN8c1T3lXyZqW5vR7uJ9aBfGsE4iCtKxLoMw0=\"\nbox = Fernet(KEY)\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(b\"0123456789abcdef\", AES.MODE_GCM)\n",
            "import hmac\nmac = hmac.new(b\"shared\" b\"-key\", body, \"sha256\")\n",
            "from flask import Flask\napp = Flask(__name__)\napp.config[\"SECRET_KEY\"] = \"dev\"\n",
            "settings.SECRET_KEY = \"k3b9\" + \"x7q2m8\"\n",
        ],
        good: &[
            "import jwt, os\ntoken = jwt.encode(claims, os.environ[\"KEY\"], algorithm=\"HS256\")\n",
            "from cryptography.fernet import Fernet\nbox = Fernet(Fernet.generate_key())\n",
            "import hmac\nmac = hmac.new(b\"\", body, \"sha256\")\n",
            "import os\nfrom flask import Flask\napp = Flask(__name__)\napp.secret_key = os.environ[\"SECRET_KEY\"]\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "cryptography.fernet.Fernet",
                    "cryptography.hazmat.primitives.ciphers.algorithms.AES",
                    "cryptography.hazmat.primitives.ciphers.algorithms.AES256",
                    "cryptography.hazmat.primitives.ciphers.algorithms.ChaCha20",
                    "cryptography.hazmat.primitives.ciphers.aead.AESGCM",
                    "cryptography.hazmat.primitives.ciphers.aead.AESCCM",
                    "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305",
                    "cryptography.hazmat.primitives.hmac.HMAC",
                    "Crypto.Cipher.AES.new",
                    "Crypto.Cipher.DES.new",
                    "Crypto.Cipher.DES3.new",
                    "Crypto.Cipher.ARC4.new",
                    "Crypto.Cipher.Blowfish.new",
                    "Crypto.Cipher.ChaCha20.new",
                    "Crypto.Cipher.Salsa20.new",
                    "Crypto.Hash.HMAC.new",
                    "hmac.new",
                    "hmac.digest",
                    "hmac.HMAC",
                    "itsdangerous.Signer",
                    "itsdangerous.TimestampSigner",
                    "itsdangerous.Serializer",
                    "itsdangerous.URLSafeSerializer",
                    "itsdangerous.URLSafeTimedSerializer",
                    "nacl.secret.SecretBox",
                    "nacl.signing.SigningKey",
                ],
                When::Hit(first_is_the_key),
            ),
            Detect::Call(
                &["jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode", "jose.jws.sign"],
                When::Hit(second_is_the_key),
            ),
            Detect::Node(KEY_NODES, signs_with_written),
        ],
    },
    Check {
        id: "random-looking-text",
        family: "secrets",
        summary: "A text that looks as if chance had made it is used as a constant: it may be a credential.",
        why: "Keys and tokens of services without a format of their own look just like this.",
        neglect: "It is no credential: an identifier, a test vector, a piece of data.",
        instead: "If it is one: replace it, and read the new one from the environment.",
        cwe: &[798],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "AUTH = \"q7Xv2Lw9TzR4mKb8YsNd3HcJ6pFg1Ae0\"\n",
            "client = Service(key=\"9sK2jQ7xV4bM1nZ8cT5wR3yL6pD0fGhA\")\n",
            "if given == \"Wm4kZq8Xb2Lt7Rv1Ys9Nd3Hc6JpFgAe0\":\n    accept()\n",
        ],
        good: &[
            "ALPHABET = \"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\"\n",
            "digest = \"q7Xv2Lw9TzR4mKb8YsNd3HcJ6pFg1Ae0\"\n",
            "revision = \"3f2a9c1b7d4e8f6a0b5c2d9e1f7a3b8c4d6e0f2a\"\n",
        ],
        detect: &[Detect::Node(
            &[
                NodeKind::StmtAssign,
                NodeKind::StmtAnnAssign,
                NodeKind::ExprNamed,
                NodeKind::ExprDict,
                NodeKind::ExprCompare,
                NodeKind::Keyword,
                NodeKind::ParameterWithDefault,
            ],
            random_looking,
        )],
    },
];

/// A hit on a value whose characters must not be shown.
fn secret(place: impl Ranged, confidence: Confidence) -> Hit {
    let range = place.range();
    Hit { secret: Some(range), ..Hit::at(range, confidence) }
}

/// A name with the value that the source gives to it.
type Named<'a> = (&'a str, &'a Expr);

/// The names to which a statement or expression gives values, or with which it compares them.
fn named_values<'a>(node: AnyNodeRef<'a>) -> SmallVec<[Named<'a>; 2]> {
    let mut out = SmallVec::new();
    let mut add = |name: Option<&'a str>, value: &'a Expr| out.extend(name.map(|name| (name, value)));
    match node {
        AnyNodeRef::StmtAssign(assign) => {
            for target in &assign.targets {
                match (target, &*assign.value) {
                    (Expr::Tuple(targets), Expr::Tuple(values)) => {
                        let pairs = targets.elts.iter().zip(&values.elts);
                        pairs.for_each(|(target, value)| add(words::last_name(target), value));
                    }
                    (target, value) => add(words::last_name(target), value),
                }
            }
        }
        AnyNodeRef::StmtAnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
            add(words::last_name(target), value);
        }
        AnyNodeRef::ExprNamed(named) => add(words::last_name(&named.target), &named.value),
        AnyNodeRef::ExprDict(dict) => {
            for item in &dict.items {
                let key = item.key.as_ref().and_then(Expr::as_string_literal_expr);
                add(key.map(|key| key.value.to_str()), &item.value);
            }
        }
        AnyNodeRef::ExprCompare(compare) => {
            if let ([ast::CmpOp::Eq | ast::CmpOp::NotEq], [right]) = (&*compare.ops, &*compare.comparators) {
                add(words::last_name(&compare.left), right);
                add(words::last_name(right), &compare.left);
            }
        }
        AnyNodeRef::Keyword(keyword) => add(keyword.arg.as_deref(), &keyword.value),
        AnyNodeRef::ParameterWithDefault(parameter) => {
            if let Some(default) = &parameter.default {
                add(Some(parameter.parameter.name.as_str()), default);
            }
        }
        _ => {}
    }
    out
}

/// The text of a literal, or of a computation with literals; names are judged where they get their value.
fn written_text<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<Cow<'a, str>> {
    match expr {
        Expr::StringLiteral(text) => Some(Cow::Borrowed(text.value.to_str())),
        Expr::BytesLiteral(_) | Expr::FString(_) => computed_text(module, expr),
        Expr::BinOp(sum) if matches!(sum.op, ast::Operator::Add | ast::Operator::Mod) => {
            computed_text(module, expr)
        }
        Expr::Call(_) if holds_text(expr, MAX_NESTED) => computed_text(module, expr),
        _ => None,
    }
}

fn computed_text<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<Cow<'a, str>> {
    match module.names().folded(module.value(expr))? {
        Constant::Str(text) => Some(Cow::Owned(text)),
        // What is no text as it stands has a sign for each byte.
        Constant::Bytes(bytes) => Some(Cow::Owned(
            String::from_utf8(bytes)
                .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()),
        )),
        _ => None,
    }
}

/// How many calls inside one another are looked into for a literal.
const MAX_NESTED: u32 = 20;

/// Whether a call has a literal to make a text from: its object, or an argument.
fn holds_text(expr: &Expr, levels: u32) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return false };
    let holds = |expr: &Expr| holds_text(expr, levels);
    match expr {
        Expr::Call(call) => {
            let object = call.func.as_attribute_expr().map(|method| &*method.value);
            let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
            object.into_iter().chain(&call.arguments.args).chain(keywords).any(holds)
        }
        Expr::List(list) => list.elts.iter().any(holds),
        Expr::Tuple(tuple) => tuple.elts.iter().any(holds),
        Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BinOp(_)
        | Expr::FString(_) => true,
        _ => false,
    }
}

fn named_password(node: &Node<'_, '_>, hits: &mut Hits) {
    for (name, value) in named_values(node.node) {
        if !words::is_secret_value(name) {
            continue;
        }
        let confidence = written_text(node.module, value).and_then(|text| judge(name, &text));
        if let Some(confidence) = confidence.filter(|_| !is_signing_key(node, name, value)) {
            hits.push(secret(value, confidence));
        }
    }
}

/// Whether a value is the key of an application, which is a finding of its own.
fn is_signing_key(node: &Node<'_, '_>, name: &str, value: &Expr) -> bool {
    signing_keys::is_key_name(name)
        && signing_keys::written_keys(node.module, node.node)
            .iter()
            .any(|(key, _)| key.expr.range() == value.range())
}

fn password_argument(node: &Node<'_, '_>, hits: &mut Hits) {
    named_password(node, hits);
}

fn password_default(node: &Node<'_, '_>, hits: &mut Hits) {
    named_password(node, hits);
}

/// How sure it is that a text is the value of a secret with this name.
fn judge(name: &str, text: &str) -> Option<Confidence> {
    let password = words::is_password(name);
    let is_made = credentials::is_generated(text, if password { 8 } else { 16 });
    let nothing = credentials::says_stand_in(text)
        || !is_made && (credentials::has_placeholder(text) || credentials::is_ordinary(text))
        || credentials::is_password_hash(text)
        || repeats_name(name, text);
    if nothing {
        return None;
    }
    let sure = credentials::is_strong(text) && (password || is_made || !credentials::is_wordy(text));
    // A token without numbers is a word of some language; passwords are words all too often.
    let looks_chosen = text.len() >= 8 && text.bytes().any(|b| !b.is_ascii_alphanumeric() && b != b'_');
    if !sure && !password && !is_made && !looks_chosen {
        return None;
    }
    Some(match sure {
        _ if words::is_made_up(name) => Confidence::Low,
        true => Confidence::High,
        false => Confidence::Medium,
    })
}

/// `PASSWORD = "passwords"` names a field.
fn repeats_name(name: &str, text: &str) -> bool {
    let name = words::words(name);
    let is_in_name = |word: &str| {
        let singular = |word: &str| word.trim_end_matches('s').to_owned();
        name.iter().any(|known| singular(known) == singular(word))
    };
    words::words(text).iter().all(|word| is_in_name(word))
}

fn source_of<'a>(node: &Node<'_, 'a>) -> (&'a str, TextSize) {
    let range = node.node.range();
    (&node.module.file().text()[range], range.start())
}

fn placed(span: Span, start: TextSize) -> TextRange {
    TextRange::new(TextSize::from(span.start as u32), TextSize::from(span.end as u32)) + start
}

fn token_in_text(node: &Node<'_, '_>, hits: &mut Hits) {
    let (text, start) = source_of(node);
    for (span, confidence) in credentials::tokens(text) {
        hits.push(secret(placed(span, start), confidence));
    }
}

fn token_in_comments(file: &SourceFile, hits: &mut Hits) {
    for comment in file.comments() {
        for (span, confidence) in credentials::tokens(comment.text) {
            hits.push(secret(placed(span, comment.start.into()), confidence));
        }
    }
}

fn private_key(node: &Node<'_, '_>, hits: &mut Hits) {
    let (source, start) = source_of(node);
    let value = match node.node {
        AnyNodeRef::ExprStringLiteral(text) => Cow::Borrowed(text.value.to_str()),
        AnyNodeRef::ExprBytesLiteral(bytes) => {
            Cow::Owned(String::from_utf8_lossy(&bytes.value.bytes().collect::<Vec<_>>()).into_owned())
        }
        _ => return,
    };
    if !value.contains(credentials::ARMOUR) {
        return;
    }
    // An armour that escapes or several literals make is not to be seen in the source.
    let written: Vec<usize> = source.match_indices(credentials::ARMOUR).map(|(at, _)| at).collect();
    let all_written = written.len() == value.matches(credentials::ARMOUR).count();
    for (i, confidence) in credentials::private_keys(&value) {
        let armour = written.get(i).filter(|_| all_written).map(|&at| at..at + credentials::ARMOUR.len());
        let place = armour.map_or(node.node.range(), |armour| placed(armour, start));
        hits.push(Hit { secret: Some(node.node.range()), ..Hit::at(place, confidence) });
    }
}

fn json_web_token(node: &Node<'_, '_>, hits: &mut Hits) {
    let (text, start) = source_of(node);
    for span in credentials::json_web_tokens(text) {
        hits.push(secret(placed(span, start), Confidence::High));
    }
}

/// Of a formatted text the whole is looked at: its host may be a value, but its password must not be.
fn password_in_url(node: &Node<'_, '_>, hits: &mut Hits) {
    let (text, start) = source_of(node);
    if matches!(node.module.parent(node.node), Some(AnyNodeRef::ExprFString(_))) {
        return;
    }
    for (span, confidence) in credentials::passwords_in_urls(text) {
        // The token of a provider is a finding of its own.
        if credentials::tokens(&text[span.clone()]).next().is_some() {
            continue;
        }
        let is_example = is_documentation(node) && !credentials::is_strong(&text[span.clone()]);
        let confidence = if is_example { Confidence::Low } else { confidence };
        hits.push(secret(placed(span, start), confidence));
    }
}

/// Whether a literal is a statement by itself: nothing is done with it.
fn is_documentation(literal: &Node<'_, '_>) -> bool {
    let mut around = literal.module.ancestors(literal.node);
    matches!(literal.node, AnyNodeRef::StringLiteral(_))
        && matches!(around.next(), Some(AnyNodeRef::ExprStringLiteral(_)))
        && matches!(around.next(), Some(AnyNodeRef::StmtExpr(_)))
}

/// The literal behind a value: itself, or what a name was given.
fn literal_of<'a>(module: &Module<'a>, value: Value<'a>) -> &'a Expr {
    if !matches!(value.expr, Expr::Name(_) | Expr::Attribute(_)) {
        return value.expr;
    }
    let literal = module.names().things(value).into_iter().find_map(|thing| match thing {
        Thing::Value(literal) => Some(literal.expr),
        _ => None,
    });
    literal.unwrap_or(value.expr)
}

/// What reads a variable of the environment by its name, and takes a default for it.
const READERS: &[&str] = &[
    "os.getenv",
    "os.environ.get",
    "os.environ.setdefault",
    "decouple.config",
    "environ.Env()",
    "environ.Env().str",
    "starlette.config.Config()",
];

fn falls_back(call: &Call<'_, '_>) -> Option<Hit> {
    default_credential(call.module, call.node, &call.text("key", 0)?, call.given("default", 1)?)
}

/// `os.environ.get("DB_PASSWORD") or "…"`, `os.environ["DB_PASSWORD"] if … else "…"`.
fn falls_back_by_test(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    let judge = |read, default| {
        let variable = variable_read(module, read)?;
        default_credential(module, node.node, &variable, module.value(default))
    };
    let hit = match node.node {
        AnyNodeRef::ExprBoolOp(ast::ExprBoolOp { op: ast::BoolOp::Or, values, .. }) => {
            let Some((default, tried)) = values.split_last() else { return };
            tried.iter().find_map(|tried| judge(tried, default))
        }
        AnyNodeRef::ExprIf(choice) => {
            judge(&choice.body, &choice.orelse).or_else(|| judge(&choice.orelse, &choice.body))
        }
        _ => None,
    };
    if let Some(hit) = hit {
        hits.push(hit);
    }
}

/// The name of the variable of the environment that an expression reads.
fn variable_read<'a>(module: &Module<'a>, expr: &'a Expr) -> Option<String> {
    match expr {
        Expr::Call(call) => {
            let name = call.arguments.find_argument_value("key", 0)?;
            module.refers_to(&call.func, READERS).then(|| module.text(name)).flatten()
        }
        Expr::Subscript(item) => {
            let is_variable = module.item_names(item).iter().any(|name| name == "os.environ[]");
            is_variable.then(|| module.text(&item.slice)).flatten()
        }
        Expr::Named(named) => variable_read(module, &named.value),
        _ => None,
    }
}

/// What stands in for the value of a variable with this name.
fn default_credential<'a>(
    module: &Module<'a>,
    node: AnyNodeRef<'a>,
    variable: &str,
    default: Value<'a>,
) -> Option<Hit> {
    if !words::is_secret_value(variable) {
        return None;
    }
    let Constant::Str(text) = module.names().constant(default)? else { return None };
    let lower = text.to_ascii_lowercase();
    let is_switch = matches!(lower.as_str(), "true" | "false" | "yes" | "off" | "none");
    let nothing =
        text.len() < 3 || text.starts_with(['/', '<']) || text.contains("://") || text.contains(' ');
    let is_path = ["~/", "./", "../"].iter().any(|start| text.starts_with(start))
        || text.contains(['/', '.']) && names_file(module, node);
    if nothing || is_path || is_switch {
        return None;
    }
    let parts = words::words(variable);
    // What no service asks for has to be something for its client: `ollama` as the key of Ollama.
    let says_nothing =
        matches!(lower.as_str(), "empty" | "dummy" | "null") || parts.iter().any(|part| *part == lower);
    let opens_nothing = says_nothing && words::is_for_service(variable) && !words::is_secret(&text);
    let confidence = if opens_nothing { Confidence::Low } else { Confidence::High };
    Some(secret(literal_of(module, default), confidence))
}

/// Whether a value goes straight into a path: `Path(os.getenv("KEY_FILE", "key.pem"))`.
fn names_file<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let outer = module.parent(node).and_then(|arguments| module.parent(arguments));
    matches!(outer, Some(AnyNodeRef::ExprCall(outer)) if module
        .refers_to(&outer.func, &["os.path.expanduser", "pathlib.Path"]))
}

fn key_at(call: &Call<'_, '_>, keywords: &[&str], position: usize) -> Option<Hit> {
    let key = keywords.iter().find_map(|keyword| match call.argument(keyword, position) {
        Argument::Given(key) => Some(key),
        Argument::Absent | Argument::Unknown => None,
    })?;
    let is_key = match call.module.names().constant(key)? {
        Constant::Str(text) => text.len() >= 4 && !text.contains("PUBLIC KEY"),
        Constant::Bytes(bytes) => bytes.len() >= 4,
        _ => false,
    };
    if !is_key {
        return None;
    }
    Some(written_key(call.module, key, Confidence::High))
}

/// Points at where the key is used, and hides it where it is written.
fn written_key<'a>(module: &Module<'a>, key: Value<'a>, confidence: Confidence) -> Hit {
    Hit { secret: Some(literal_of(module, key).range()), ..Hit::at(key.expr, confidence) }
}

fn signs_with_written(node: &Node<'_, '_>, hits: &mut Hits) {
    for (key, confidence) in signing_keys::written_keys(node.module, node.node) {
        hits.push(written_key(node.module, key, confidence));
    }
}

fn first_is_the_key(call: &Call<'_, '_>) -> Option<Hit> {
    key_at(call, &["key", "secret_key", "seed"], 0)
}

fn second_is_the_key(call: &Call<'_, '_>) -> Option<Hit> {
    key_at(call, &["key"], 1)
}

/// Words of names whose values look random without being secret.
const RANDOM_BY_NATURE: &[&str] = &[
    "hash",
    "hashes",
    "digest",
    "checksum",
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "md5",
    "integrity",
    "etag",
    "uuid",
    "guid",
    "id",
    "ids",
    "fingerprint",
    "signature",
    "sig",
    "commit",
    "revision",
    "rev",
    "version",
    "image",
    "data",
    "icon",
    "font",
    "alphabet",
    "charset",
    "chars",
    "characters",
    "letters",
    "digits",
    "pattern",
    "public",
    "cert",
    "certificate",
    "expected",
    "encoded",
    "body",
    "content",
    "payload",
    "cursor",
    "base64",
    "b64",
    "url",
    "path",
    "name",
    "format",
    "type",
    "text",
    "message",
];

/// Words of names that raise the suspicion.
const SUSPICIOUS: &[&str] =
    &["key", "auth", "authorization", "bearer", "credential", "cred", "private", "signing"];

/// Values with names that say that they are secret are findings of other checks.
fn random_looking(node: &Node<'_, '_>, hits: &mut Hits) {
    for (name, value) in named_values(node.node) {
        let Some(text) = written_text(node.module, value) else { continue };
        if !credentials::is_random(&text) || credentials::tokens(&text).next().is_some() {
            continue;
        }
        let parts = words::words(name);
        let any = |known: &[&str]| parts.iter().any(|part| known.contains(&part.as_str()));
        if words::is_secret(name) || any(RANDOM_BY_NATURE) {
            continue;
        }
        let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit());
        match (any(SUSPICIOUS), is_hex) {
            (true, _) => hits.push(secret(value, Confidence::Medium)),
            (false, false) => hits.push(secret(value, Confidence::Low)),
            // Hashes are everywhere, and most are no secret.
            (false, true) => {}
        }
    }
}
