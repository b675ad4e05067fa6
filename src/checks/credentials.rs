//! What a text looks like that is a credential: the formats of providers, randomness, and what only stands where
//! a credential would. Shared by the families that judge by values.

use smallvec::SmallVec;

use crate::check::Confidence;

/// A stretch of a text by its bytes.
pub(super) type Span = std::ops::Range<usize>;

/// How the tokens of a provider look.
struct Format {
    /// What every token begins with.
    prefix: &'static str,
    /// The characters behind it.
    alphabet: fn(u8) -> bool,
    /// How many of them there are at least and at most.
    length: (usize, usize),
    /// What else is known about what stands behind the prefix.
    structure: fn(&str) -> Option<Confidence>,
}

const fn format(prefix: &'static str, alphabet: fn(u8) -> bool, length: (usize, usize)) -> Format {
    Format { prefix, alphabet, length, structure: sure }
}

/// No provider's tokens are longer.
const MAX: usize = 400;

/// Facts from the providers' own documentation.
static FORMATS: &[Format] = &[
    format("AKIA", base32, (16, 16)),
    format("ASIA", base32, (16, 16)),
    Format { prefix: "ghp_", alphabet: base62, length: (36, 36), structure: checksum },
    Format { prefix: "gho_", alphabet: base62, length: (36, 36), structure: checksum },
    Format { prefix: "ghu_", alphabet: base62, length: (36, 36), structure: checksum },
    Format { prefix: "ghs_", alphabet: base62, length: (36, 36), structure: checksum },
    Format { prefix: "ghr_", alphabet: base62, length: (36, 76), structure: checksum },
    format("github_pat_", word, (82, 82)),
    format("glpat-", url_safe, (20, 300)),
    format("gldt-", url_safe, (20, 300)),
    format("glrt-", url_safe, (20, 300)),
    format("glptt-", url_safe, (20, 300)),
    format("gloas-", url_safe, (20, 300)),
    Format { prefix: "xoxb-", alphabet: url_safe, length: (20, MAX), structure: slack },
    Format { prefix: "xoxp-", alphabet: url_safe, length: (20, MAX), structure: slack },
    Format { prefix: "xoxa-", alphabet: url_safe, length: (20, MAX), structure: slack },
    Format { prefix: "xoxr-", alphabet: url_safe, length: (20, MAX), structure: slack },
    Format { prefix: "xapp-", alphabet: url_safe, length: (40, MAX), structure: slack },
    format("sk_live_", base62, (24, 247)),
    format("rk_live_", base62, (24, 247)),
    Format { prefix: "sk_test_", alphabet: base62, length: (24, 247), structure: for_tests },
    format("whsec_", base64, (32, 64)),
    format("sk-ant-", url_safe, (80, 120)),
    format("sk-proj-", url_safe, (40, 200)),
    format("sk-svcacct-", url_safe, (40, 200)),
    format("sk-admin-", url_safe, (40, 200)),
    Format { prefix: "sk-", alphabet: base62, length: (48, 48), structure: openai },
    format("sk-or-v1-", hex, (64, 64)),
    format("AIza", url_safe, (35, 35)),
    format("GOCSPX-", url_safe, (28, 28)),
    format("hf_", base62, (34, 34)),
    Format { prefix: "npm_", alphabet: base62, length: (36, 36), structure: checksum },
    Format { prefix: "pypi-", alphabet: url_safe, length: (60, MAX), structure: macaroon },
    Format { prefix: "SG.", alphabet: dotted, length: (66, 66), structure: sendgrid },
    format("dop_v1_", hex, (64, 64)),
    format("doo_v1_", hex, (64, 64)),
    format("dor_v1_", hex, (64, 64)),
    format("dapi", hex, (32, 32)),
    format("shpat_", hex, (32, 32)),
    format("shpca_", hex, (32, 32)),
    format("shppa_", hex, (32, 32)),
    format("shpss_", hex, (32, 32)),
    format("sq0atp-", url_safe, (22, 22)),
    format("sq0csp-", url_safe, (43, 43)),
    format("NRAK-", base62, (27, 27)),
    format("hvs.", url_safe, (24, 200)),
    format("hvb.", url_safe, (24, 300)),
    format("dp.pt.", base62, (43, 43)),
    format("lin_api_", base62, (40, 40)),
    format("glsa_", word, (41, 41)),
    format("dckr_pat_", url_safe, (27, 27)),
    format("AGE-SECRET-KEY-1", base32, (58, 58)),
    format("tskey-auth-", url_safe, (20, 80)),
    format("PMAK-", url_safe, (59, 59)),
    format("rubygems_", hex, (48, 48)),
    format("ATATT3", url_safe, (150, 250)),
    format("gsk_", base62, (52, 52)),
    format("r8_", base62, (37, 37)),
    format("pplx-", base62, (48, 48)),
    format("ya29.", url_safe, (60, 300)),
];

fn base32(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

fn base62(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

fn url_safe(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

fn dotted(b: u8) -> bool {
    url_safe(b) || b == b'.'
}

fn hex(b: u8) -> bool {
    b.is_ascii_hexdigit()
}

fn sure(_: &str) -> Option<Confidence> {
    Some(Confidence::High)
}

fn for_tests(_: &str) -> Option<Confidence> {
    Some(Confidence::Low)
}

/// GitHub and npm end a token with the CRC-32 of what stands before, in six digits to the base of 62.
fn checksum(rest: &str) -> Option<Confidence> {
    let (random, given) = rest.split_at_checked(rest.len().checked_sub(6)?)?;
    let digit = |b: u8| match b {
        b'0'..=b'9' => u64::from(b - b'0'),
        b'A'..=b'Z' => u64::from(b - b'A') + 10,
        _ => u64::from(b - b'a') + 36,
    };
    let given = given.bytes().fold(0, |sum, b| sum * 62 + digit(b));
    Some(if given == u64::from(crc32(random.as_bytes())) { Confidence::High } else { Confidence::Medium })
}

/// CRC-32 as in ISO 3309 and zlib, a bit at a time: tokens are short and rare.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// Slack's tokens have numbers of the workspace in front.
fn slack(rest: &str) -> Option<Confidence> {
    let parts: Vec<&str> = rest.split('-').collect();
    (parts.len() >= 2 && rest.bytes().filter(u8::is_ascii_digit).count() >= 8).then_some(Confidence::High)
}

/// OpenAI's first keys have its name in base64 in the middle.
fn openai(rest: &str) -> Option<Confidence> {
    Some(if rest.contains("T3BlbkFJ") { Confidence::High } else { Confidence::Medium })
}

/// A token of PyPI is a macaroon: base64 of its version, then of the host that it is for.
fn macaroon(rest: &str) -> Option<Confidence> {
    (rest.starts_with("AgEIcHlwaS5vcmc") || rest.starts_with("AgENdGVzdC5weXBpLm9yZw"))
        .then_some(Confidence::High)
}

fn sendgrid(rest: &str) -> Option<Confidence> {
    rest.split_once('.').filter(|(id, key)| id.len() == 22 && key.len() == 43).map(|_| Confidence::High)
}

/// Characters that separate tokens from what stands around them.
fn separates(b: u8) -> bool {
    !(dotted(b))
}

/// The stretches of a source text that can be a token: of the characters of tokens, and long enough.
fn long_words(text: &str) -> impl Iterator<Item = Span> {
    const SHORTEST: usize = 20;
    let bytes = text.as_bytes();
    let (mut from, mut probe) = (0, SHORTEST - 1);
    std::iter::from_fn(move || {
        // No word that is long enough lies between two places that are so far apart.
        while probe < bytes.len() {
            if separates(bytes[probe]) {
                probe += SHORTEST;
                continue;
            }
            let before = bytes[from..probe].iter().rposition(|&b| separates(b));
            let start = before.map_or(from, |at| from + at + 1);
            let end = bytes[probe..].iter().position(|&b| separates(b)).map_or(bytes.len(), |at| probe + at);
            // The letter behind a backslash belongs to an escape.
            let backslashes = bytes[from..start].iter().rev().take_while(|&&b| b == b'\\').count();
            let start = start + backslashes % 2;
            (from, probe) = (end, end + SHORTEST);
            if end - start >= SHORTEST {
                return Some(start..end);
            }
        }
        None
    })
}

/// The tokens of providers in a source text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (Span, Confidence)> {
    long_words(text).filter_map(|span| {
        let word = &text[span.clone()];
        let (length, confidence) = FORMATS.iter().find_map(|format| token(format, word))?;
        Some((span.start..span.start + length, confidence))
    })
}

/// How long the token is that a word begins with.
fn token(format: &Format, word: &str) -> Option<(usize, Confidence)> {
    let rest = word.strip_prefix(format.prefix)?;
    let length = rest.bytes().take_while(|&b| (format.alphabet)(b)).count();
    let (least, most) = format.length;
    let behind = rest.as_bytes().get(length);
    if length < least
        || length > most
        || behind.is_some_and(u8::is_ascii_alphanumeric)
        || is_dull(&rest[..length])
    {
        return None;
    }
    let confidence = (format.structure)(&rest[..length])?;
    Some((format.prefix.len() + length, confidence))
}

/// The JSON web tokens in a source text: three parts, the first of which says how it is signed.
pub(super) fn json_web_tokens(text: &str) -> impl Iterator<Item = Span> {
    let text = if text.contains("eyJ") { text } else { "" };
    long_words(text).filter(|span| is_json_web_token(&text[span.clone()]))
}

fn is_json_web_token(word: &str) -> bool {
    // Base64 of `{"alg":`, `{"typ":` and `{"kid":`.
    const HEADERS: [&str; 3] = ["eyJhbGciO", "eyJ0eXAiO", "eyJraWQiO"];
    let parts: Vec<&str> = word.split('.').collect();
    let [header, claims, signature] = parts[..] else { return false };
    HEADERS.iter().any(|start| header.starts_with(start))
        && claims.starts_with("eyJ")
        && signature.len() >= 20
        && !EXAMPLE_SIGNATURES.contains(&signature)
}

/// Signatures of the tokens that jwt.io shows and everybody copies.
const EXAMPLE_SIGNATURES: [&str; 2] =
    ["SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ"];

/// What every armoured block begins with.
pub(super) const ARMOUR: &str = "-----BEGIN ";

/// The private keys in a text: which of its armoured blocks each is. Certificates and parameters stand in front of some.
pub(super) fn private_keys(text: &str) -> impl Iterator<Item = (usize, Confidence)> {
    let blocks = text.split(ARMOUR).skip(1).enumerate();
    blocks.filter_map(|(i, block)| Some((i, private_key(block)?)))
}

/// Whether an armoured block is a private key with enough of a body in it.
fn private_key(block: &str) -> Option<Confidence> {
    let (kind, body) = block.split_once("-----")?;
    if !kind.ends_with("PRIVATE KEY") && !kind.ends_with("PRIVATE KEY BLOCK") {
        return None;
    }
    let body = body.split("-----").next().unwrap_or_default();
    let is_kind = kind.bytes().all(|b| base32(b) || b == b' ');
    let runs = body.split(|c: char| !c.is_ascii() || !base64(c as u8));
    if !is_kind || !runs.into_iter().any(|run| run.len() >= 40 && !is_dull(run)) {
        return None;
    }
    Some(if kind.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
        Confidence::Medium
    } else {
        Confidence::High
    })
}

/// The passwords in the addresses of a text: `scheme://user:password@host`.
pub(super) fn passwords_in_urls(text: &str) -> impl Iterator<Item = (Span, Confidence)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find("://")? + 3;
        from = start;
        Some(start)
    })
    .filter_map(|start| password_in_authority(text, start))
}

fn password_in_authority(text: &str, start: usize) -> Option<(Span, Confidence)> {
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '\\' | '`' | ',' | ')' | ']')
    };
    let rest = &text[start..];
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let (user_info, host) = authority.rsplit_once('@')?;
    let (user, password) = user_info.split_once(':')?;
    let has_scheme = text[..start - 3].ends_with(|c: char| c.is_ascii_alphanumeric());
    let is_pattern = password.contains(['*', '[', '(']) || is_scott(user, password);
    if !has_scheme || password.is_empty() || host.is_empty() || is_pattern || is_stand_in(password) {
        return None;
    }
    let at = start + user.len() + 1;
    let is_word = password.len() <= 8 && password.bytes().all(|b| b.is_ascii_alphabetic());
    let is_example = is_word && (!is_known_scheme(&text[..start - 3]) || is_prose(&text[..start]));
    let confidence = if is_harmless_host(host) || password == user || is_example {
        Confidence::Low
    } else {
        Confidence::High
    };
    Some((at..at + password.len(), confidence))
}

/// Parts of the names of protocols whose addresses have passwords in them.
const SCHEMES: &[&str] = &[
    "sql",
    "postgres",
    "maria",
    "mongo",
    "redis",
    "valkey",
    "cockroach",
    "oracle",
    "db2",
    "neo4j",
    "bolt",
    "elastic",
    "clickhouse",
    "cassandra",
    "influx",
    "couch",
    "snowflake",
    "redshift",
    "trino",
    "amqp",
    "rabbit",
    "kafka",
    "nats",
    "mqtt",
    "http",
    "ftp",
    "ssh",
    "scp",
    "git",
    "svn",
    "ldap",
    "smtp",
    "imap",
    "pop3",
    "smb",
    "rtsp",
    "rtmp",
    "socks",
    "proxy",
    "ws",
    "dav",
];

/// Whether the text in front of an address ends with a protocol that takes passwords.
fn is_known_scheme(before: &str) -> bool {
    let of_scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let length = before.bytes().rev().take_while(|&b| of_scheme(b)).count();
    let scheme = before[before.len() - length..].to_ascii_lowercase();
    SCHEMES.iter().any(|known| scheme.contains(known))
}

/// Whether there are so many words in front of an address that a text tells about it and does not use it.
fn is_prose(before: &str) -> bool {
    before.split_whitespace().filter(|word| word.bytes().all(|b| b.is_ascii_lowercase())).count() >= 5
}

/// Hosts of this machine, and those that RFC 2606 keeps for examples.
fn is_harmless_host(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    matches!(
        name.as_str(),
        "localhost" | "127.0.0.1" | "[::1]" | "host" | "hostname" | "my-host" | "myhost" | "server"
    ) || name.contains("example")
        || name.ends_with(".test")
        || name.ends_with(".invalid")
}

/// How many bits of information a character of this text carries on average (Shannon).
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|b| counts[usize::from(b)] += 1);
    let length = text.len() as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / length).map(|p| -p * p.log2()).sum()
}

/// Whether a text has too little in it to be a secret: few characters, or the row of the alphabet.
fn is_dull(text: &str) -> bool {
    let mut seen = [false; 256];
    text.bytes().for_each(|b| seen[usize::from(b)] = true);
    let distinct = seen.iter().filter(|&&seen| seen).count();
    let upper = text.to_ascii_uppercase();
    distinct < 8.min(text.len() / 2)
        || longest_row(text.as_bytes()) >= 7
        || ["EXAMPLE", "XXXX", "FAKE", "DUMMY", "PLACEHOLDER", "YOUR", "REDACTED", "SAMPLE"]
            .iter()
            .any(|word| upper.contains(word))
}

/// The longest run in which each character follows the one before: `1234567`, `abcdefg`.
fn longest_row(bytes: &[u8]) -> usize {
    let (mut longest, mut here) = (1, 1);
    for pair in bytes.windows(2) {
        here = if pair[1] == pair[0] + 1 { here + 1 } else { 1 };
        longest = longest.max(here);
    }
    longest
}

/// Words that say that a text stands in for a credential.
const STAND_INS: &[&str] = &[
    "example",
    "placeholder",
    "your",
    "changeme",
    "change_me",
    "change-me",
    "change this",
    "replace",
    "redacted",
    "masked",
    "dummy",
    "xxxx",
    "todo",
    "fixme",
    "undefined",
    "not-used",
    "unused",
    "insert",
    "enter ",
    "_here",
    "-here",
    "****",
    "....",
];

/// Words that stand for a password in every manual.
const MANUAL_WORDS: &[&str] = &[
    "password", "passwd", "pass", "pwd", "pw", "secret", "token", "user", "none", "null", "test", "foo",
    "bar", "p", "tiger",
];

/// Whether a text only stands where a credential would.
pub(super) fn is_stand_in(text: &str) -> bool {
    says_stand_in(text) || has_placeholder(text)
}

/// Whether the words of a text say that it stands in for a credential, or it has too little in it to be one.
pub(super) fn says_stand_in(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.len() < 3
        || text.bytes().all(|b| Some(&b) == text.as_bytes().first())
        || MANUAL_WORDS.contains(&lower.as_str())
        || STAND_INS.iter().any(|word| lower.contains(word))
}

/// Whether something is still to be put into a text: `{password}`, `<password>`, `$PASSWORD`, `%(password)s`. A dollar or
/// a percent sign by itself is as good in a password as any other.
pub(super) fn has_placeholder(text: &str) -> bool {
    let is_variable = text
        .strip_prefix('$')
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    is_variable
        || text.contains(['<', '>', '{', '}'])
        || ["$(", "%(", "%s"].iter().any(|start| text.contains(start))
}

/// Whether this is the user of all of Oracle's manuals, with one of the passwords he has had since.
fn is_scott(user: &str, password: &str) -> bool {
    user == "scott" && password.starts_with("tiger")
}

/// Whether a text is the hash of a password, which is not the password.
pub(super) fn is_password_hash(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [
        "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$argon2", "$pbkdf2", "$scrypt", "pbkdf2", "scrypt:",
        "bcrypt", "argon2", "{sha", "{ssha", "sha1$", "sha256$", "sha512$", "md5$",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
}

/// Whether a text is a name, an address, a path or a sentence: something that a program writes for other reasons.
pub(super) fn is_ordinary(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | ':');
    let joined = text.contains(['_', '-', '.', ':']) && text.chars().all(is_name);
    let is_snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    joined
        || text.contains('_') && text.chars().all(is_snake) && is_wordy(text)
        || text.contains(char::is_whitespace)
        || text.contains("://")
        || text.contains("\\")
        || text.starts_with(['/', '.', '~', '#', '@', '-', '[', '(', '?', '&', '=', '!', '*'])
        || text.ends_with(['=', ':', '('])
        || text.contains(['(', ')', '|', '\n', ','])
        || !text.is_ascii()
}

/// What Django's `startproject` writes in front of a key.
const DJANGO_INSECURE: &str = "django-insecure-";

/// What stands in regular expressions, formats, addresses and code, and hardly ever in what chance has made.
const STRUCTURE: &[&str] =
    &["(?", "[^", "a-z", "A-Z", "0-9", "\\d", "\\w", "\\s", ".*", ".+", "%Y", "%H", "%M", "://", "[]", "{}"];

/// Whether a generator of keys or passwords can have made a text: letters, digits and signs take turns in it, as they do
/// in no name, path or sentence.
pub(super) fn is_generated(text: &str, least: usize) -> bool {
    let text = text.strip_prefix(DJANGO_INSECURE).unwrap_or(text);
    let kinds: SmallVec<[Kind; 64]> = text.chars().take(MAX + 1).map(kind).collect();
    if kinds.len() < least.max(2) || kinds.len() > MAX {
        return false;
    }
    // Bytes as they come from `os.urandom`: what stands there is in no text of any language.
    let is_raw =
        |c: &char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{bf}');
    if kinds.len() >= 16 && text.chars().filter(is_raw).count() * 10 >= kinds.len() {
        return entropy(text) >= 3.0;
    }
    let has = |kind: Kind| kinds.contains(&kind);
    let is_mixed = (has(Kind::Upper) || has(Kind::Lower))
        && [Kind::Upper, Kind::Lower, Kind::Digit, Kind::Sign].into_iter().filter(|kind| has(*kind)).count()
            >= 3;
    let turns = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    // Between words there are turns, too.
    let enough = if text.contains(char::is_whitespace) { 0.55 } else { 0.4 };
    is_mixed
        && turns as f64 >= enough * (kinds.len() - 1) as f64
        && entropy(text) >= 0.8 * (text.len() as f64).log2().min(5.0)
        && !STRUCTURE.iter().any(|part| text.contains(part))
        && !has_wordy_brackets(text)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Sign,
}

fn kind(c: char) -> Kind {
    match c {
        'A'..='Z' => Kind::Upper,
        'a'..='z' => Kind::Lower,
        '0'..='9' => Kind::Digit,
        _ => Kind::Sign,
    }
}

/// Whether a name stands in brackets, to be replaced by a value: `<host>`, `{0}`, `%(user)s`.
fn has_wordy_brackets(text: &str) -> bool {
    [("<", ">"), ("{", "}"), ("%(", ")"), ("$(", ")")].into_iter().any(|(open, close)| {
        text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).any(|(inside, _)| {
            inside.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'_' | b'-' | b'.' | b'0'))
        })
    })
}

/// Whether a text looks as if chance had made it: long enough, letters and digits mixed, much information.
pub(super) fn is_random(text: &str) -> bool {
    if !matches!(text.len(), 20..=200) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let all_hex = text.bytes().all(hex);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let plain = text.bytes().all(|b| base64(b) || url_safe(b));
    plain
        && !is_dull(text)
        && match all_hex {
            true => matches!(text.len(), 32..=128) && entropy(text) > 3.0 && has(u8::is_ascii_digit),
            false => matches!(text.len(), 20..=200) && mixed && entropy(text) > 4.0,
        }
}

/// Whether a text has what a rule for passwords asks for: eight characters of several kinds.
pub(super) fn is_strong(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    text.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && entropy(text) > 2.5
}

/// Whether a text is a word, or several written as one, with a number at most: `pv2Voltage`, `version1`.
pub(super) fn is_wordy(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits <= 2 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_has_the_check_value_of_its_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_right_checksum_makes_sure() {
        // Published as an example of the format, revoked before.
        assert_eq!(checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"), Some(Confidence::High));
        assert_eq!(checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18"), Some(Confidence::Medium));
    }

    #[test]
    fn entropy_is_that_of_the_distribution() {
        assert!((entropy("abcd") - 2.0).abs() < 1e-9);
        assert!(entropy("aaaa").abs() < 1e-9);
    }

    #[test]
    fn a_password_in_an_address_is_found_where_it_stands() {
        let text = "see postgres://app:Zt7-kq2@db.internal/x and http://a.b/c:d@e";
        let found: Vec<_> = passwords_in_urls(text).map(|(span, _)| &text[span]).collect();
        assert_eq!(found, ["Zt7-kq2"]);
    }

    /// The same from the first byte to the last.
    fn words_one_by_one(text: &str) -> Vec<Span> {
        let bytes = text.as_bytes();
        let (mut at, mut words) = (0, Vec::new());
        while at < bytes.len() {
            if separates(bytes[at]) {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
                continue;
            }
            let start = at;
            at += bytes[start..].iter().position(|&b| separates(b)).unwrap_or(bytes.len() - start);
            if at - start >= 20 {
                words.push(start..at);
            }
        }
        words
    }

    proptest::proptest! {
        #[test]
        fn no_long_word_is_passed_over(text in r#"([a-c]{15,25}|\\{1,3}|[ "é]|n){0,12}"#) {
            assert_eq!(long_words(&text).collect::<Vec<_>>(), words_one_by_one(&text));
        }
    }
}
