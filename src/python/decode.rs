//! Bytes to text as CPython reads a source file (PEP 263).

use std::borrow::Cow;

use encoding_rs::Encoding;

/// Why bytes are not a Python text: a sentence for a person.
pub type Refusal = String;

/// The text of a source file, without a byte order mark.
///
/// # Errors
///
/// When Python would refuse the bytes, or when the declared encoding is one that this program cannot read:
/// then nothing is known about the file, and the caller must not treat it as clean.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    let (bytes, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    if let Some(at) = bytes.iter().position(|&b| b == 0) {
        return Err(format!("it holds a NUL byte at offset {at}, which Python refuses"));
    }
    let Some(cookie) = cookie(bytes) else { return utf8(bytes) };
    let codec = Codec::named(&cookie).ok_or_else(|| {
        format!("it declares the encoding `{}`, which cannot be read here", crate::escape::visible(&cookie))
    })?;
    if marked && codec != Codec::Utf8 {
        return Err(format!("it has a UTF-8 byte order mark but declares the encoding `{cookie}`"));
    }
    codec.decode(bytes, &cookie)
}

/// The encoding that a comment in the first two lines declares, if any.
pub fn cookie(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.split(|&b| b == b'\n' || b == b'\r').filter({
        // The empty piece between CR and LF is no line of its own.
        let mut after_cr = false;
        let mut offset = 0;
        move |line| {
            let empty_in_crlf = line.is_empty() && after_cr && bytes.get(offset) == Some(&b'\n');
            offset += line.len();
            after_cr = bytes.get(offset) == Some(&b'\r');
            offset += 1;
            !empty_in_crlf
        }
    });
    let first = lines.next()?;
    if let Some(name) = cookie_in(first) {
        return Some(name);
    }
    let rest = trim_blank(first);
    if !rest.is_empty() && rest[0] != b'#' {
        return None;
    }
    cookie_in(lines.next()?)
}

fn trim_blank(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|b| !matches!(b, b' ' | b'\t' | 0x0c)).unwrap_or(line.len());
    &line[start..]
}

/// `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`, the pattern of PEP 263.
fn cookie_in(line: &[u8]) -> Option<String> {
    let comment = trim_blank(line).strip_prefix(b"#")?;
    let mut rest = comment;
    while let Some(at) = rest.windows(7).position(|w| &w[..6] == b"coding" && matches!(w[6], b':' | b'=')) {
        rest = &rest[at + 7..];
        let start = rest.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
        let name: Vec<u8> = rest[start..]
            .iter()
            .copied()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .collect();
        if !name.is_empty() {
            return String::from_utf8(name).ok();
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    Utf8,
    Ascii,
    Latin1,
    Other(&'static Encoding),
}

impl Codec {
    /// By any of the names that CPython's `encodings.aliases` gives to a codec with ASCII as a subset.
    fn named(name: &str) -> Option<Codec> {
        let name = name.to_ascii_lowercase().replace(['_', '.', ' '], "-");
        let plain = name.replace('-', "");
        if name == "utf-8" || name.starts_with("utf-8-") {
            return Some(Codec::Utf8);
        }
        if matches!(name.as_str(), "latin-1" | "iso-8859-1" | "iso-latin-1")
            || ["latin-1-", "iso-8859-1-", "iso-latin-1-"].iter().any(|p| name.starts_with(p))
        {
            return Some(Codec::Latin1);
        }
        Some(match plain.as_str() {
            "utf8" | "u8" | "utf" | "utf8sig" | "utf8ucs2" | "utf8ucs4" | "cp65001" => Codec::Utf8,
            "ascii" | "usascii" | "646" | "ansix3.41968" | "ansix341968" | "iso646us" | "us" => Codec::Ascii,
            "latin1" | "latin" | "l1" | "88591" | "8859" | "iso88591" | "cp819" | "ibm819" => Codec::Latin1,
            _ => Codec::Other(Encoding::for_label(whatwg_label(&plain)?.as_bytes())?),
        })
    }

    fn decode<'b>(self, bytes: &'b [u8], name: &str) -> Result<Cow<'b, str>, Refusal> {
        match self {
            Codec::Utf8 => utf8(bytes),
            Codec::Ascii => match bytes.iter().position(|b| !b.is_ascii()) {
                None => utf8(bytes),
                Some(at) => Err(format!("it declares `{name}` but holds another byte at offset {at}")),
            },
            Codec::Latin1 => Ok(Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect())),
            Codec::Other(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(bytes)
                .ok_or_else(|| format!("its bytes are not valid in the encoding it declares, `{name}`")),
        }
    }
}

/// The WHATWG label of a codec that CPython has too, from its name without punctuation.
///
/// Only codecs in which the bytes below 0x80 stand for themselves: in any other a scanner and Python could
/// read different programs.
fn whatwg_label(plain: &str) -> Option<String> {
    let number = |prefix: &str| plain.strip_prefix(prefix)?.parse::<u16>().ok();
    if let Some(n) = number("cp").or_else(|| number("windows")).or_else(|| number("ms")) {
        return match n {
            866 => Some("ibm866".into()),
            874 | 1250..=1258 => Some(format!("windows-{n}")),
            932 => Some("shift_jis".into()),
            936 => Some("gbk".into()),
            949 => Some("euc-kr".into()),
            950 => Some("big5".into()),
            _ => None,
        };
    }
    if let Some(n) = number("iso8859").or_else(|| number("8859")) {
        return matches!(n, 2..=8 | 10 | 13..=16).then(|| format!("iso-8859-{n}"));
    }
    let label = match plain {
        "latin2" | "l2" => "iso-8859-2",
        "latin3" | "l3" => "iso-8859-3",
        "latin4" | "l4" => "iso-8859-4",
        "cyrillic" => "iso-8859-5",
        "arabic" => "iso-8859-6",
        "greek" | "greek8" => "iso-8859-7",
        "hebrew" => "iso-8859-8",
        "latin6" | "l6" => "iso-8859-10",
        "latin7" | "l7" => "iso-8859-13",
        "latin8" | "l8" => "iso-8859-14",
        "latin9" => "iso-8859-15",
        "latin10" | "l10" => "iso-8859-16",
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        "macroman" | "macintosh" => "macintosh",
        "maccyrillic" => "x-mac-cyrillic",
        "eucjp" | "ujis" | "ujisx0213" => "euc-jp",
        "shiftjis" | "sjis" | "csshiftjis" => "shift_jis",
        "euckr" | "korean" | "ksc5601" | "ksx1001" => "euc-kr",
        "gb2312" | "euccn" | "gb231280" | "chinese" | "csiso58gb231280" | "gbk" => "gbk",
        "gb18030" | "gb180302000" => "gb18030",
        "big5" | "big5tw" | "csbig5" => "big5",
        _ => return None,
    };
    Some(label.to_owned())
}

/// The text of a file that can be nothing but UTF-8, without a byte order mark.
///
/// # Errors
///
/// When it is something else.
pub fn decode_utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(at) = bytes.iter().position(|&b| b == 0) {
        return Err(format!("it holds a NUL byte at offset {at}, which Python refuses"));
    }
    std::str::from_utf8(bytes)
        .map_err(|error| format!("it is not valid UTF-8 at offset {}", error.valid_up_to()))
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        format!("it is not valid UTF-8 at offset {} and declares no other encoding", error.valid_up_to())
    })
}
