use super::Family;
use super::web_code::{SETTING_NODES, may_set, settings};
use super::words;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant, Hit, Hits, Node};

pub const FAMILY: Family = Family { id: "passwords", title: "Storing passwords", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "fast-password-hash",
        family: "passwords",
        summary: "A password goes through a hash that is made to be fast.",
        why: "Who gets at the hashes tries billions of passwords a second: SHA-2 and its kind are made for speed.",
        neglect: "The value is a long random key, no password that a person chose.",
        instead: "`argon2.PasswordHasher().hash(password)`, or `hashlib.scrypt(password, salt=os.urandom(16), n=2**14, r=8, p=1)`.",
        cwe: &[916],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import hashlib\nstored = hashlib.sha256(password.encode()).hexdigest()\n",
            "import hashlib\ndef check(self, passwd):\n    return hashlib.sha512(self.salt + passwd).digest()\n",
            "PASSWORD_HASHERS = [\"django.contrib.auth.hashers.MD5PasswordHasher\"]\n",
            "from werkzeug.security import generate_password_hash\ngenerate_password_hash(word, method=\"sha1\")\n",
        ],
        good: &[
            "import argon2\nstored = argon2.PasswordHasher().hash(password)\n",
            "import hashlib\nname = hashlib.sha256(content).hexdigest()\n",
            "from werkzeug.security import generate_password_hash\ngenerate_password_hash(word, method=\"scrypt\")\n",
        ],
        detect: &[
            Detect::Node(SETTING_NODES, fast_hasher_first),
            Detect::Call(&["django.contrib.auth.hashers.make_password"], When::Is(fast_hasher)),
            Detect::Call(
                &["werkzeug.security.generate_password_hash", "werkzeug.generate_password_hash"],
                When::Hit(fast_method),
            ),
            Detect::Call(
                &[
                    "hashlib.sha224",
                    "hashlib.sha256",
                    "hashlib.sha384",
                    "hashlib.sha512",
                    "hashlib.sha3_224",
                    "hashlib.sha3_256",
                    "hashlib.sha3_384",
                    "hashlib.sha3_512",
                    "hashlib.blake2b",
                    "hashlib.blake2s",
                ],
                When::Is(of_a_password),
            ),
        ],
    },
    Check {
        id: "weak-key-derivation",
        family: "passwords",
        summary: "Deriving a key from a password takes too little work.",
        why: "The number of rounds is what makes trying passwords expensive for whoever gets at the hashes.",
        neglect: "The input is a long random key, no password that a person chose, or it is a test.",
        instead: "PBKDF2 with 600 000 rounds of SHA-256, bcrypt with 12, scrypt with `n=2**14, r=8`, or argon2 as it comes.",
        cwe: &[916],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import hashlib\nkey = hashlib.pbkdf2_hmac(\"sha256\", word, salt, 1000)\n",
            "import bcrypt\nhashed = bcrypt.hashpw(word, bcrypt.gensalt(rounds=4))\n",
            "import hashlib\nkey = hashlib.scrypt(word, salt=salt, n=1024, r=8, p=1)\n",
            "from Crypto.Protocol.KDF import PBKDF2\nkey = PBKDF2(word, salt)\n",
        ],
        good: &[
            "import hashlib\nkey = hashlib.pbkdf2_hmac(\"sha256\", word, salt, 600_000)\n",
            "import bcrypt\nhashed = bcrypt.hashpw(word, bcrypt.gensalt())\n",
            "import hashlib\nkey = hashlib.pbkdf2_hmac(\"sha256\", word, salt, rounds)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "hashlib.pbkdf2_hmac",
                    "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC",
                    "Crypto.Protocol.KDF.PBKDF2",
                    "django.utils.crypto.pbkdf2",
                ],
                When::Is(few_rounds),
            ),
            Detect::Call(&["bcrypt.gensalt"], When::Is(cheap_bcrypt)),
            Detect::Call(
                &[
                    "hashlib.scrypt",
                    "cryptography.hazmat.primitives.kdf.scrypt.Scrypt",
                    "Crypto.Protocol.KDF.scrypt",
                ],
                When::Is(cheap_scrypt),
            ),
            Detect::Call(&["argon2.PasswordHasher", "argon2.low_level.hash_secret"], When::Is(cheap_argon2)),
        ],
    },
    Check {
        id: "constant-salt",
        family: "passwords",
        summary: "The salt is a constant, or empty.",
        why: "Equal passwords then have equal hashes, and one table of precomputed hashes fits them all.",
        neglect: "The input is a long random key and the salt only tells its uses apart, or it is a test.",
        instead: "`os.urandom(16)` for each password, stored beside the hash.",
        cwe: &[760, 916],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import hashlib\nkey = hashlib.pbkdf2_hmac(\"sha256\", word, b\"salt\", 600_000)\n",
            "import hashlib\nkey = hashlib.scrypt(word, salt=b\"\", n=2**14, r=8, p=1)\n",
            "import bcrypt\nhashed = bcrypt.hashpw(word, b\"$2b$12$abcdefghijklmnopqrstuu\")\n",
        ],
        good: &[
            "import hashlib, os\nkey = hashlib.pbkdf2_hmac(\"sha256\", word, os.urandom(16), 600_000)\n",
            "import hashlib\nkey = hashlib.pbkdf2_hmac(\"sha256\", word, user.salt, 600_000)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "hashlib.pbkdf2_hmac",
                    "hashlib.scrypt",
                    "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC",
                    "cryptography.hazmat.primitives.kdf.scrypt.Scrypt",
                    "Crypto.Protocol.KDF.PBKDF2",
                    "Crypto.Protocol.KDF.scrypt",
                    "bcrypt.hashpw",
                    "bcrypt.kdf",
                    "argon2.low_level.hash_secret",
                ],
                When::Is(salt_is_constant),
            ),
            Detect::Call(&["crypt.crypt"], When::Is(salt_of_crypt_is_constant)),
        ],
    },
];

/// Whether a part of what is hashed is called a password.
fn of_a_password(call: &Call<'_, '_>) -> Option<Confidence> {
    let data = call.given("data", 0).or_else(|| call.given("string", 0))?;
    words::mentions(call.module, data.expr, words::is_password).then_some(Confidence::High)
}

/// Django hashes a new password with the first of them, and knows old ones by the rest.
fn fast_hasher_first(node: &Node<'_, '_>, hits: &mut Hits) {
    if !may_set(node.node) {
        return;
    }
    for setting in settings(node.module, node.node, &["PASSWORD_HASHERS"]) {
        let Some(Constant::List(hashers)) = node.module.names().constant(setting.value) else { continue };
        let first = hashers.first().and_then(Constant::as_str).and_then(|hasher| hasher.rsplit('.').next());
        if first.is_some_and(|hasher| {
            ["MD5", "SHA1", "Unsalted", "Crypt"].iter().any(|old| hasher.starts_with(old))
        }) {
            hits.at(setting.place, Confidence::High);
        }
    }
}

fn fast_hasher(call: &Call<'_, '_>) -> Option<Confidence> {
    let hasher = call.text("hasher", 2)?;
    ["md5", "sha1", "unsalted_md5", "unsalted_sha1", "crypt"]
        .contains(&hasher.as_str())
        .then_some(Confidence::High)
}

/// The name of a hash stands for one round of it, `plain` for none.
fn fast_method(call: &Call<'_, '_>) -> Option<Hit> {
    let method = call.text("method", 1)?;
    let kind = method.split(':').next().unwrap_or_default();
    if matches!(kind, "pbkdf2" | "scrypt" | "argon2" | "") {
        return None;
    }
    let hit = Hit::at(call.node, Confidence::High);
    Some(if kind == "plain" {
        let message = Some("The password is stored as it is.".to_owned());
        Hit { severity: Some(Severity::High), message, ..hit }
    } else {
        hit
    })
}

/// The least rounds of PBKDF2 that still count; OWASP's advice is six times as much.
const ENOUGH_ROUNDS: i64 = 100_000;

fn few_rounds(call: &Call<'_, '_>) -> Option<Confidence> {
    let (keyword, position) = match call.name.as_str() {
        "Crypto.Protocol.KDF.PBKDF2" => ("count", 3),
        "django.utils.crypto.pbkdf2" => ("iterations", 2),
        _ => ("iterations", 3),
    };
    match call.constant(keyword, position) {
        Some(rounds) => (rounds.as_int()? < ENOUGH_ROUNDS).then_some(Confidence::High),
        // Its default is a thousand rounds.
        None if call.name.starts_with("Crypto.")
            && !call.hides_arguments()
            && call.given(keyword, position).is_none() =>
        {
            Some(Confidence::High)
        }
        None => None,
    }
}

fn cheap_bcrypt(call: &Call<'_, '_>) -> Option<Confidence> {
    (call.constant("rounds", 0)?.as_int()? < 10).then_some(Confidence::High)
}

fn cheap_scrypt(call: &Call<'_, '_>) -> Option<Confidence> {
    let (keyword, position) = match call.name.as_str() {
        "hashlib.scrypt" => ("n", None),
        "Crypto.Protocol.KDF.scrypt" => ("N", Some(3)),
        _ => ("n", Some(2)),
    };
    (call.constant(keyword, position)?.as_int()? < 1 << 14).then_some(Confidence::High)
}

/// The least memory for argon2 that RFC 9106 and OWASP name, in KiB.
const ENOUGH_KIB: i64 = 7 * 1024;

fn cheap_argon2(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = if call.name.ends_with("hash_secret") { 3 } else { 1 };
    (call.constant("memory_cost", position)?.as_int()? < ENOUGH_KIB).then_some(Confidence::High)
}

fn is_text(constant: &Constant) -> bool {
    matches!(constant, Constant::Str(_) | Constant::Bytes(_))
}

fn salt_is_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = match call.name.as_str() {
        "hashlib.pbkdf2_hmac" | "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC" => Some(2),
        "hashlib.scrypt" => None,
        "cryptography.hazmat.primitives.kdf.scrypt.Scrypt" => Some(0),
        _ => Some(1),
    };
    call.constant("salt", position).filter(is_text).map(|_| Confidence::High)
}

fn salt_of_crypt_is_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    call.constant("salt", 1).filter(is_text).map(|_| Confidence::High)
}
