use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::Family;
use super::words;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Exposure, Hits, Module, Node, Thing, Truth};

pub const FAMILY: Family = Family { id: "crypto", title: "Cryptography", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "weak-hash",
        family: "crypto",
        summary: "MD4, MD5 and SHA-1 do not withstand somebody who wants two inputs with the same hash.",
        why: "Collisions can be made at will: a signature, a certificate or a cache entry can be moved from one input \
              to another, and passwords hashed this way are found quickly.",
        neglect: "The hash names a file or a cache entry and nobody gains from a collision: say so with \
                  `usedforsecurity=False`.",
        instead: "`hashlib.sha256(data)`, or `hashlib.blake2b(data)`; for passwords `hashlib.scrypt` or argon2.",
        cwe: &[328],
        severity: Severity::Medium,
        aliases: &[
            "bandit:B303",
            "bandit:B324",
            "ruff:S303",
            "ruff:S324",
            "codeaudit:hashlib.md5",
            "codeaudit:hashlib.sha1",
        ],
        bad: &[
            "import hashlib\nsignature = hashlib.md5(data).hexdigest()\n",
            "from hashlib import new\ndigest = new(\"sha1\", data)\n",
            "from cryptography.hazmat.primitives import hashes\nalgorithm = hashes.SHA1()\n",
            "from Crypto.Hash import MD5\ndigest = MD5.new(data)\n",
            "import crypt\nhashed = crypt.crypt(word, crypt.METHOD_MD5)\n",
        ],
        good: &[
            "import hashlib\nname = hashlib.md5(data, usedforsecurity=False).hexdigest()\n",
            "import hashlib\ndigest = hashlib.new(\"sha256\", data)\n",
            "import crypt\nhashed = crypt.crypt(word, crypt.METHOD_SHA512)\n",
        ],
        detect: &[
            Detect::Call(&["hashlib.md5", "hashlib.sha1"], When::Is(weak_hash)),
            Detect::Call(&["hashlib.new", "hashlib.file_digest"], When::Is(weak_hash_by_name)),
            Detect::Call(
                &[
                    "Crypto.Hash.MD2.new",
                    "Crypto.Hash.MD4.new",
                    "Crypto.Hash.MD5.new",
                    "Crypto.Hash.SHA.new",
                    "Crypto.Hash.SHA1.new",
                    "Crypto.Hash.RIPEMD.new",
                    "Crypto.Hash.RIPEMD160.new",
                    "cryptography.hazmat.primitives.hashes.MD5",
                    "cryptography.hazmat.primitives.hashes.SHA1",
                ],
                When::Is(medium),
            ),
            Detect::Call(&["crypt.crypt", "crypt.mksalt"], When::Is(weak_crypt)),
        ],
    },
    Check {
        id: "weak-mac-hash",
        family: "crypto",
        summary: "The message authentication code is built on MD5 or SHA-1.",
        why: "HMAC does not fall with the collisions of its hash, but no standard accepts these any more, and the next \
              one to copy the line may copy it to where collisions count.",
        neglect: "A protocol of somebody else prescribes it, such as TOTP or the signatures of an old web hook.",
        instead: "`hmac.new(key, message, \"sha256\")`.",
        cwe: &[328],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import hashlib, hmac\nmac = hmac.new(key, message, hashlib.sha1)\n",
            "import hmac\nmac = hmac.digest(key, message, \"md5\")\n",
        ],
        good: &[
            "import hashlib, hmac\nmac = hmac.new(key, message, hashlib.sha256)\n",
            "import hmac\nmac = hmac.digest(key, message, \"sha512\")\n",
        ],
        detect: &[Detect::Call(&["hmac.new", "hmac.HMAC", "hmac.digest"], When::Is(weak_mac))],
    },
    Check {
        id: "chosen-hash",
        family: "crypto",
        summary: "Which hash is used is decided at run time.",
        why: "Whoever chooses the name can choose `md5`, and so take away what the hash was to protect.",
        neglect: "The name comes from a list of good hashes in the program.",
        instead: "A dictionary of the hashes that you allow: `{\"sha256\": hashlib.sha256, \"sha512\": hashlib.sha512}[name]`.",
        cwe: &[327],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import hashlib\ndigest = hashlib.new(algorithm, data)\n",
            "import hashlib\ndigest = getattr(hashlib, algorithm)(data)\n",
        ],
        good: &[
            "import hashlib\ndigest = hashlib.new(\"sha3_256\", data)\n",
            "import hashlib\ndigest = getattr(hashlib, \"sha256\")(data)\n",
        ],
        detect: &[
            Detect::Call(&["hashlib.new"], When::Is(name_not_constant)),
            Detect::Call(&["builtins.getattr"], When::Is(attribute_of_hashlib)),
        ],
    },
    Check {
        id: "weak-cipher",
        family: "crypto",
        summary: "This cipher is broken or has blocks that are too small.",
        why: "DES, RC2 and RC4 can be broken outright; with the 64-bit blocks of 3DES, Blowfish, CAST5, IDEA and SEED's \
              kind a few gigabytes under one key give away their content.",
        neglect: "Old data has to be read once more; nothing new is encrypted.",
        instead: "`cryptography.fernet.Fernet(key)`, or `AESGCM(key)` with a fresh nonce for each message.",
        cwe: &[327],
        severity: Severity::High,
        aliases: &["bandit:B304", "ruff:S304"],
        bad: &[
            "from Crypto.Cipher import DES\ncipher = DES.new(key, DES.MODE_CBC, iv)\n",
            "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms\ncipher = Cipher(algorithms.ARC4(key), mode=None)\n",
            "from Cryptodome.Cipher import DES3\ncipher = DES3.new(key, DES3.MODE_CFB)\n",
        ],
        good: &[
            "from cryptography.fernet import Fernet\nbox = Fernet(key).encrypt(data)\n",
            "from cryptography.hazmat.primitives.ciphers import algorithms\nname = algorithms.AES(key).name\n",
        ],
        detect: &[Detect::Call(
            &[
                "Crypto.Cipher.ARC2.new",
                "Crypto.Cipher.ARC4.new",
                "Crypto.Cipher.Blowfish.new",
                "Crypto.Cipher.CAST.new",
                "Crypto.Cipher.DES.new",
                "Crypto.Cipher.DES3.new",
                "Crypto.Cipher.XOR.new",
                "Crypto.Cipher.IDEA.new",
                "cryptography.hazmat.primitives.ciphers.algorithms.ARC4",
                "cryptography.hazmat.primitives.ciphers.algorithms.Blowfish",
                "cryptography.hazmat.primitives.ciphers.algorithms.CAST5",
                "cryptography.hazmat.primitives.ciphers.algorithms.IDEA",
                "cryptography.hazmat.primitives.ciphers.algorithms.RC2",
                "cryptography.hazmat.primitives.ciphers.algorithms.SEED",
                "cryptography.hazmat.primitives.ciphers.algorithms.TripleDES",
                "pyDes.des",
                "pyDes.triple_des",
            ],
            When::Is(surely_called),
        )],
    },
    Check {
        id: "ecb-mode",
        family: "crypto",
        summary: "In ECB mode equal blocks stay equal: patterns of the message show in what is encrypted.",
        why: "Blocks can be recognised, cut out and put together anew without the key.",
        neglect: "One single block is encrypted that is never repeated, as within a key wrap.",
        instead: "`AESGCM(key).encrypt(nonce, data, None)` with a fresh nonce, or `Fernet(key).encrypt(data)`.",
        cwe: &[327],
        severity: Severity::High,
        aliases: &["bandit:B305", "ruff:S305"],
        bad: &[
            "from cryptography.hazmat.primitives.ciphers import modes\nmode = modes.ECB()\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key, AES.MODE_ECB)\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key)\n",
        ],
        good: &[
            "from cryptography.hazmat.primitives.ciphers import modes\nmode = modes.GCM(nonce)\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key, AES.MODE_GCM)\n",
        ],
        detect: &[
            Detect::Call(&["cryptography.hazmat.primitives.ciphers.modes.ECB"], When::Always),
            Detect::Call(&["Crypto.Cipher.AES.new", "Crypto.Cipher.Camellia.new"], When::Is(ecb)),
        ],
    },
    Check {
        id: "unauthenticated-mode",
        family: "crypto",
        summary: "In this mode nobody notices when the encrypted message is changed.",
        why: "In OFB and CFB a changed bit of the ciphertext changes that very bit of the message.",
        neglect: "A message authentication code over the ciphertext is tested before it is decrypted.",
        instead: "`AESGCM(key).encrypt(nonce, data, None)` or `Fernet(key).encrypt(data)`.",
        cwe: &[327, 353],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from cryptography.hazmat.primitives.ciphers import modes\nmode = modes.CFB(iv)\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key, AES.MODE_OFB, iv)\n",
        ],
        good: &[
            "from cryptography.hazmat.primitives.ciphers import modes\nmode = modes.GCM(nonce)\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key, AES.MODE_EAX)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "cryptography.hazmat.primitives.ciphers.modes.OFB",
                    "cryptography.hazmat.primitives.ciphers.modes.CFB",
                    "cryptography.hazmat.primitives.ciphers.modes.CFB8",
                    "cryptography.hazmat.decrepit.ciphers.modes.OFB",
                    "cryptography.hazmat.decrepit.ciphers.modes.CFB",
                    "cryptography.hazmat.decrepit.ciphers.modes.CFB8",
                ],
                When::Is(medium),
            ),
            Detect::Call(&["Crypto.Cipher.AES.new"], When::Is(malleable)),
        ],
    },
    Check {
        id: "constant-iv",
        family: "crypto",
        summary: "The initialisation vector or nonce is a constant.",
        why: "With the same key it must never come twice: in CTR and GCM two messages then give away each other, and in \
              GCM the key of the authentication too; in CBC equal beginnings show.",
        neglect: "The key is used for one message only, or the value is a test vector.",
        instead: "`os.urandom(12)` for each message (16 for CBC), stored in front of it.",
        cwe: &[329],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from cryptography.hazmat.primitives.ciphers import modes\nmode = modes.CBC(b\"\\0\" * 16)\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key, AES.MODE_CBC, b\"0123456789abcdef\")\n",
            "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\nbox = AESGCM(key).encrypt(b\"fixed nonce!\", data, None)\n",
        ],
        good: &[
            "import os\nfrom cryptography.hazmat.primitives.ciphers import modes\nmode = modes.CBC(os.urandom(16))\n",
            "from Crypto.Cipher import AES\ncipher = AES.new(key, AES.MODE_GCM)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "cryptography.hazmat.primitives.ciphers.modes.CBC",
                    "cryptography.hazmat.primitives.ciphers.modes.CTR",
                    "cryptography.hazmat.primitives.ciphers.modes.GCM",
                    "cryptography.hazmat.primitives.ciphers.modes.OFB",
                    "cryptography.hazmat.primitives.ciphers.modes.CFB",
                    "cryptography.hazmat.primitives.ciphers.modes.CFB8",
                    "cryptography.hazmat.primitives.ciphers.aead.AESGCM().encrypt",
                    "cryptography.hazmat.primitives.ciphers.aead.AESCCM().encrypt",
                    "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305().encrypt",
                ],
                When::Is(first_is_constant),
            ),
            Detect::Call(
                &[
                    "Crypto.Cipher.AES.new",
                    "Crypto.Cipher.DES3.new",
                    "Crypto.Cipher.ChaCha20.new",
                    "Crypto.Cipher.Salsa20.new",
                    "cryptography.hazmat.primitives.ciphers.algorithms.ChaCha20",
                ],
                When::Is(nonce_is_constant),
            ),
        ],
    },
    Check {
        id: "weak-key-size",
        family: "crypto",
        summary: "The key is too short: it can be found with means that money can buy.",
        why: "RSA, DSA and Diffie-Hellman keys below 2048 bits and curves below 224 bits are below what every standard asks for.",
        neglect: "The key is made for a test and protects nothing.",
        instead: "`rsa.generate_private_key(public_exponent=65537, key_size=3072)` or `ed25519.Ed25519PrivateKey.generate()`.",
        cwe: &[326],
        severity: Severity::High,
        aliases: &["bandit:B505", "ruff:S505"],
        bad: &[
            "from cryptography.hazmat.primitives.asymmetric import rsa\nkey = rsa.generate_private_key(65537, 1024)\n",
            "from Crypto.PublicKey import RSA\nkey = RSA.generate(1024)\n",
            "from cryptography.hazmat.primitives.asymmetric import ec\nkey = ec.generate_private_key(ec.SECP192R1())\n",
            "import rsa\npublic, private = rsa.newkeys(512)\n",
        ],
        good: &[
            "from cryptography.hazmat.primitives.asymmetric import rsa\nkey = rsa.generate_private_key(65537, 3072)\n",
            "from Crypto.PublicKey import RSA\nkey = RSA.generate(bits)\n",
            "from cryptography.hazmat.primitives.asymmetric import ec\nkey = ec.generate_private_key(ec.SECP256R1())\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key",
                    "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key",
                    "cryptography.hazmat.primitives.asymmetric.dsa.generate_parameters",
                    "cryptography.hazmat.primitives.asymmetric.dh.generate_parameters",
                    "Crypto.PublicKey.RSA.generate",
                    "Crypto.PublicKey.DSA.generate",
                    "rsa.newkeys",
                    "paramiko.RSAKey.generate",
                    "OpenSSL.crypto.PKey().generate_key",
                ],
                When::Is(short_key),
            ),
            Detect::Call(
                &[
                    "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key",
                    "Crypto.PublicKey.ECC.generate",
                ],
                When::Is(small_curve),
            ),
        ],
    },
    Check {
        id: "rsa-pkcs1v15",
        family: "crypto",
        summary: "RSA encrypts with the padding of PKCS #1 v1.5.",
        why: "Whoever can tell a wrong padding from a right one, by an error or by the time it takes, can decrypt \
              messages without the key (Bleichenbacher's attack).",
        neglect: "A protocol of somebody else prescribes it and errors cannot be told apart.",
        instead: "`padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)`.",
        cwe: &[780],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from cryptography.hazmat.primitives.asymmetric import padding\nbox = public_key.encrypt(data, padding.PKCS1v15())\n",
            "from Crypto.Cipher import PKCS1_v1_5\ncipher = PKCS1_v1_5.new(key)\n",
        ],
        good: &[
            "from cryptography.hazmat.primitives.asymmetric import padding\nsignature = key.sign(data, padding.PKCS1v15(), algorithm)\n",
            "from Crypto.Cipher import PKCS1_OAEP\ncipher = PKCS1_OAEP.new(key)\n",
        ],
        detect: &[
            Detect::Call(
                &["cryptography.hazmat.primitives.asymmetric.padding.PKCS1v15"],
                When::Is(encrypts_or_decrypts),
            ),
            Detect::Call(&["Crypto.Cipher.PKCS1_v1_5.new", "rsa.encrypt", "rsa.decrypt"], When::Always),
        ],
    },
    Check {
        id: "timing-compare",
        family: "crypto",
        summary: "A secret value is compared with `==`, which takes longer the more of it is right.",
        why: "By measuring many answers somebody can find the value one character after the other.",
        neglect: "The value is a checksum that everybody may know.",
        instead: "`hmac.compare_digest(given, expected)`.",
        cwe: &[208],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import hmac\nif hmac.new(key, body, \"sha256\").hexdigest() == given:\n    accept()\n",
            "from flask import request\nif request.headers[\"X-Token\"] != api_token:\n    refuse()\n",
        ],
        good: &[
            "import hmac\nif hmac.compare_digest(hmac.new(key, body, \"sha256\").hexdigest(), given):\n    accept()\n",
            "if token == \"(\":\n    depth += 1\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprCompare], compared_in_the_open)],
    },
    Check {
        id: "base64-encoding",
        family: "crypto",
        summary: "Base64 hides nothing: it is an encoding, not encryption.",
        why: "Everybody can read what is encoded this way; and code or data in this form escapes the eye of a reviewer.",
        neglect: "The data is no secret, or is encrypted besides, and the encoding only brings it into a text.",
        instead: "`cryptography.fernet.Fernet(key).encrypt(data)` for what must not be read.",
        cwe: &[261],
        severity: Severity::Low,
        aliases: &[
            "codeaudit:base64.b64decode",
            "codeaudit:base64.z85decode",
            "codeaudit:base64.b85encode",
            "codeaudit:base64.b64encode",
        ],
        bad: &[
            "import base64\nstored = base64.b64encode(password)\n",
            "import base64\ncode = base64.b64decode(\"cHJpbnQoJ2hlbGxvJyk7IHByaW50KCdoZWxsbycp\")\n",
            "import base64\ntext = base64.z85decode(data)\n",
        ],
        good: &[
            "from cryptography.fernet import Fernet\nstored = Fernet(key).encrypt(password)\n",
            "text = message.b64encode()\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "base64.b64encode",
                    "base64.standard_b64encode",
                    "base64.urlsafe_b64encode",
                    "base64.b85encode",
                    "base64.z85encode",
                ],
                When::Is(encodes_secret),
            ),
            Detect::Call(
                &[
                    "base64.b64decode",
                    "base64.standard_b64decode",
                    "base64.urlsafe_b64decode",
                    "base64.b85decode",
                    "base64.z85decode",
                ],
                When::Is(decodes_constant),
            ),
        ],
    },
];

/// Names of hashes without their punctuation that must not protect anything.
const WEAK_HASHES: &[&str] = &["md2", "md4", "md5", "sha", "sha0", "sha1", "ripemd", "ripemd160", "rmd160"];

fn is_weak_hash(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    WEAK_HASHES.contains(&name.as_str())
}

/// A table of ciphers may hold a weak one and never use it.
fn surely_called(call: &Call<'_, '_>) -> Option<Confidence> {
    let AnyNodeRef::ExprCall(written) = call.node else { return Some(Confidence::Medium) };
    let meanings = call.module.qualified(&written.func).len();
    // `None`, which stands in where the library is missing, has nothing to be called.
    let is_none =
        |thing: &Thing<'_>| matches!(thing, Thing::Value(value) if value.expr.is_none_literal_expr());
    let only = match &*written.func {
        Expr::Attribute(method) if meanings == 2 => {
            let objects = call.module.names().things(call.module.value(&method.value));
            objects.len() == 2 && objects.iter().any(is_none)
        }
        _ => meanings <= 1,
    };
    Some(if only { Confidence::High } else { Confidence::Low })
}

fn medium(_: &Call<'_, '_>) -> Option<Confidence> {
    Some(Confidence::Medium)
}

/// How sure: a hash over something secret is surely there for security.
fn weak_hash(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.handed_on && call.module.ancestors(call.node).any(|node| makes_a_mac(call, node)) {
        return None;
    }
    match call.truth("usedforsecurity", None) {
        Truth::False => None,
        Truth::Unknown if call.may_hide_keywords() && !call.handed_on => Some(Confidence::Low),
        _ if call.all_given().any(|value| words::last_name(value.expr).is_some_and(words::is_secret)) => {
            Some(Confidence::High)
        }
        _ => Some(Confidence::Medium),
    }
}

fn makes_a_mac<'a>(call: &Call<'_, 'a>, node: AnyNodeRef<'a>) -> bool {
    let AnyNodeRef::ExprCall(outer) = node else { return false };
    call.module.refers_to(&outer.func, &["hmac.new", "hmac.HMAC", "hmac.digest"])
}

fn weak_hash_by_name(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = usize::from(call.name == "hashlib.file_digest");
    let keyword = if position == 0 { "name" } else { "digest" };
    call.text(keyword, position).filter(|name| is_weak_hash(name)).and_then(|_| weak_hash(call))
}

fn weak_crypt(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = usize::from(call.name == "crypt.crypt");
    let weak = ["crypt.METHOD_CRYPT", "crypt.METHOD_MD5", "crypt.METHOD_BLOWFISH"];
    let keyword = if position == 0 { "method" } else { "salt" };
    call.refers_to(keyword, position, &weak).then_some(Confidence::High)
}

fn weak_mac(call: &Call<'_, '_>) -> Option<Confidence> {
    let keyword = if call.name == "hmac.digest" { "digest" } else { "digestmod" };
    let weak = call.text(keyword, 2).is_some_and(|name| is_weak_hash(&name))
        || call.refers_to(keyword, 2, &["hashlib.md5", "hashlib.sha1"]);
    weak.then_some(Confidence::High)
}

fn name_not_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.exposure_of("name", 0) {
        Exposure::Constant | Exposure::Sanitised => None,
        exposure => Some(exposure.confidence()),
    }
}

fn attribute_of_hashlib(call: &Call<'_, '_>) -> Option<Confidence> {
    if !call.refers_to("object", 0, &["hashlib"]) {
        return None;
    }
    match call.exposure_of("name", 1) {
        Exposure::Constant => None,
        exposure => Some(exposure.confidence()),
    }
}

fn ecb(call: &Call<'_, '_>) -> Option<Confidence> {
    let ecb = ["Crypto.Cipher.AES.MODE_ECB", "Crypto.Cipher.Camellia.MODE_ECB"];
    match call.argument("mode", 1) {
        // Only the abandoned PyCrypto takes a missing mode for ECB; its successor refuses it.
        Argument::Absent => Some(Confidence::Medium),
        Argument::Unknown => None,
        Argument::Given(_) => (call.refers_to("mode", 1, &ecb) || call.is("mode", 1, &Constant::Int(1)))
            .then_some(Confidence::High),
    }
}

fn malleable(call: &Call<'_, '_>) -> Option<Confidence> {
    let modes =
        ["Crypto.Cipher.AES.MODE_OFB", "Crypto.Cipher.AES.MODE_CFB", "Crypto.Cipher.AES.MODE_OPENPGP"];
    call.refers_to("mode", 1, &modes).then_some(Confidence::Medium)
}

fn is_constant_bytes(call: &Call<'_, '_>, keyword: &str, position: usize) -> Option<Confidence> {
    let value = call.given(keyword, position)?;
    is_fixed(call.module, value.expr, MAX_NAMES).then_some(Confidence::High)
}

/// How many names in a row are followed to what they were given.
const MAX_NAMES: u32 = 5;

/// Whether bytes are always the same, or the same over and over, however many there are: `b"x" * AES.block_size`,
/// `bytes(AES.block_size)`.
fn is_fixed<'a>(module: &Module<'a>, expr: &'a Expr, names: u32) -> bool {
    let is_bytes = |expr| matches!(module.constant(expr), Some(Constant::Bytes(bytes)) if !bytes.is_empty());
    match (expr, names.checked_sub(1)) {
        _ if is_bytes(expr) => true,
        (Expr::BinOp(product), _) if product.op == ast::Operator::Mult => {
            is_bytes(&product.left) || is_bytes(&product.right)
        }
        (Expr::Call(call), _) => match (&*call.arguments.args, &*call.arguments.keywords) {
            ([size], []) => {
                let is_size =
                    words::last_name(size).is_some_and(|name| name.eq_ignore_ascii_case("block_size"));
                is_size && module.refers_to(&call.func, &["builtins.bytes"])
            }
            _ => false,
        },
        (Expr::Name(name), Some(names)) => match module.only_assigned(name).as_deref() {
            Some([given]) => is_fixed(module, given, names),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a cipher is only made to see whether that works: `Cipher(…).encryptor()` as a statement encrypts nothing.
fn is_only_tried(call: &Call<'_, '_>) -> bool {
    let statement = call.module.blocks_around(call.node).next();
    let Some(AnyNodeRef::StmtExpr(statement)) = statement else { return false };
    let Expr::Call(made) = &*statement.value else { return false };
    matches!(&*made.func, Expr::Attribute(method) if matches!(method.attr.as_str(), "encryptor" | "decryptor"))
        && made.arguments.is_empty()
}

fn first_is_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    if is_only_tried(call) {
        return None;
    }
    let keyword = if call.name.contains(".aead.") { "nonce" } else { "initialization_vector" };
    is_constant_bytes(call, keyword, 0).or_else(|| is_constant_bytes(call, "nonce", 0))
}

fn nonce_is_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = if call.name.ends_with("ChaCha20") { 1 } else { 2 };
    ["nonce", "iv", "IV"].iter().find_map(|keyword| is_constant_bytes(call, keyword, position))
}

/// The smallest number of bits that RSA, DSA and Diffie-Hellman keys should have.
const ENOUGH_BITS: i64 = 2048;

fn short_key(call: &Call<'_, '_>) -> Option<Confidence> {
    let (keyword, position) = match call.name.as_str() {
        "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key"
        | "cryptography.hazmat.primitives.asymmetric.dh.generate_parameters" => ("key_size", 1),
        "OpenSSL.crypto.PKey().generate_key" => ("bits", 1),
        "rsa.newkeys" => ("nbits", 0),
        name if name.starts_with("cryptography.") => ("key_size", 0),
        _ => ("bits", 0),
    };
    let bits = call.constant(keyword, position)?.as_int()?;
    (bits < ENOUGH_BITS).then_some(Confidence::High)
}

/// Curves of fewer than 224 bits.
const SMALL_CURVES: &[&str] = &["SECP192R1", "SECT163K1", "SECT163R2"];

fn small_curve(call: &Call<'_, '_>) -> Option<Confidence> {
    if let Some(name) = call.text("curve", None) {
        let small = ["p192", "p-192", "nist p-192", "prime192v1", "secp192r1"];
        return small.contains(&name.to_ascii_lowercase().as_str()).then_some(Confidence::High);
    }
    let curve = call.given("curve", 0)?;
    let small = call.module.names().qualified(curve).iter().any(|name| {
        let name = name.strip_prefix("cryptography.hazmat.primitives.asymmetric.ec.");
        name.is_some_and(|name| SMALL_CURVES.contains(&name.trim_end_matches("()")))
    });
    small.then_some(Confidence::High)
}

/// As the padding of a signature PKCS #1 v1.5 has no such weakness.
fn encrypts_or_decrypts(call: &Call<'_, '_>) -> Option<Confidence> {
    let outer = call.module.ancestors(call.node).find_map(|node| match node {
        AnyNodeRef::ExprCall(outer) => Some(outer),
        _ => None,
    })?;
    let Expr::Attribute(method) = &*outer.func else { return None };
    matches!(method.attr.as_str(), "encrypt" | "decrypt").then_some(Confidence::High)
}

/// What computes a message authentication code.
const MACS: &[&str] = &[
    "hmac.new().hexdigest()",
    "hmac.new().digest()",
    "hmac.HMAC().hexdigest()",
    "hmac.HMAC().digest()",
    "hmac.digest()",
];

fn compared_in_the_open(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprCompare(compare) = node.node else { return };
    let ([ast::CmpOp::Eq | ast::CmpOp::NotEq], [right]) = (&*compare.ops, &*compare.comparators) else {
        return;
    };
    let sides = [&*compare.left, right];
    if sides.iter().any(|side| !may_be_secret(side)) {
        return;
    }
    if sides.iter().any(|side| node.module.refers_to(side, MACS)) {
        hits.at(compare, Confidence::High);
        return;
    }
    // Names are cheaper to ask about than values.
    if !sides.iter().any(|side| words::last_name(side).is_some_and(words::is_secret_value)) {
        return;
    }
    let names = node.module.names();
    if sides.iter().any(|side| names.is_from_request(node.module.value(side))) {
        hits.at(compare, Confidence::Medium);
    }
}

/// Literals are no secrets that time could give away one character after the other.
fn may_be_secret(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Name(_)
            | Expr::Attribute(_)
            | Expr::Subscript(_)
            | Expr::Call(_)
            | Expr::BinOp(_)
            | Expr::FString(_)
    )
}

fn encodes_secret(call: &Call<'_, '_>) -> Option<Confidence> {
    let data = call.given("s", 0).or_else(|| call.given("b", 0));
    let secret = data.is_some_and(|data| words::last_name(data.expr).is_some_and(words::is_secret));
    Some(if secret { Confidence::High } else { Confidence::Low })
}

/// How long a constant may be that is decoded without looking like something that is hidden.
const SHORT: usize = 24;

fn decodes_constant(call: &Call<'_, '_>) -> Option<Confidence> {
    let long = match call.constant("s", 0) {
        Some(Constant::Str(text)) => text.len() > SHORT,
        Some(Constant::Bytes(bytes)) => bytes.len() > SHORT,
        _ => false,
    };
    Some(if long { Confidence::Medium } else { Confidence::Low })
}
