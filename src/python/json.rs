//! A reader of JSON that says where in the text each string stands: what a notebook needs, and no more.
//!
//! It reads what Python's `json` reads, which is JSON and `NaN`, `Infinity` and `-Infinity`. What is skipped is checked
//! like everything else.

use std::ops::Range;

/// How deep values may nest: deeper than any output of a cell, and far from the end of the stack.
const MAX_DEPTH: u32 = 256;

/// What is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub message: &'static str,
    pub at: usize,
}

/// Reads a text from its beginning to its end.
#[derive(Debug)]
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Reader { text, at: 0, depth: 0 }
    }

    /// A mistake at this place.
    pub fn mistake<T>(&self, message: &'static str) -> Result<T, Mistake> {
        Err(Mistake { message, at: self.at })
    }

    /// The first byte of the next value or sign.
    pub fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len());
        self.text.as_bytes().get(self.at).copied()
    }

    /// Nothing but white space must follow.
    pub fn end(&mut self) -> Result<(), Mistake> {
        if self.peek().is_some() {
            self.mistake("there is more behind the end of the JSON text")
        } else {
            Ok(())
        }
    }

    fn take(&mut self, sign: u8, message: &'static str) -> Result<(), Mistake> {
        if self.peek() != Some(sign) {
            return self.mistake(message);
        }
        self.at += 1;
        Ok(())
    }

    /// The fields of an object. For each, `field` reads the value.
    pub fn object(
        &mut self,
        field: &mut dyn FnMut(&str, &mut Self) -> Result<(), Mistake>,
    ) -> Result<(), Mistake> {
        self.take(b'{', "an object is expected here")?;
        self.items(b'}', &mut |reader| {
            let key = reader.string()?;
            let key = decoded(reader.text, key);
            reader.take(b':', "a colon is missing")?;
            field(&key, reader)
        })
    }

    /// The items of an array, each read by `item`.
    pub fn array(&mut self, item: &mut dyn FnMut(&mut Self) -> Result<(), Mistake>) -> Result<(), Mistake> {
        self.take(b'[', "an array is expected here")?;
        self.items(b']', item)
    }

    fn items(
        &mut self,
        close: u8,
        item: &mut dyn FnMut(&mut Self) -> Result<(), Mistake>,
    ) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.mistake("it nests too deeply");
        }
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                item(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(sign) if sign == close => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.mistake("a comma or a closing bracket is missing"),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A string: the bytes between its quotes, in which every escape is valid.
    pub fn string(&mut self) -> Result<Range<usize>, Mistake> {
        self.take(b'"', "a string is expected here")?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at - 1);
                }
                Some(b'\\') => match escape(self.text, self.at) {
                    Some((_, length)) => self.at += length,
                    None => return self.mistake("this escape stands for no character"),
                },
                Some(0..0x20) => return self.mistake("a control character stands in a string"),
                Some(_) => self.at += 1,
                None => return self.mistake("a string does not end"),
            }
        }
    }

    /// Any value, which does not matter.
    pub fn skip(&mut self) -> Result<(), Mistake> {
        match self.peek() {
            Some(b'{') => self.object(&mut |_, reader| reader.skip()),
            Some(b'[') => self.array(&mut Self::skip),
            Some(b'"') => self.string().map(drop),
            _ => self.word().map(drop),
        }
    }

    /// A number, `true`, `false`, `null` and the like, as it is written.
    pub fn word(&mut self) -> Result<&'t str, Mistake> {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
        let word = &rest[..end.unwrap_or(rest.len())];
        let named = matches!(word, "true" | "false" | "null" | "NaN" | "Infinity" | "-Infinity");
        if !named && !is_number(word) {
            return self.mistake("a value is expected here");
        }
        self.at += word.len();
        Ok(word)
    }
}

/// `-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?`
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let (number, exponent) = word.split_once(['e', 'E']).map_or((word, None), |(n, e)| (n, Some(e)));
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(w, f)| (w, Some(f)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// The character that an escape stands for, and how many bytes it takes.
fn escape(text: &str, at: usize) -> Option<(char, usize)> {
    let c = match text.as_bytes().get(at + 1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(text, at),
        _ => return None,
    };
    Some((c, 2))
}

/// `\u263a`, or two surrogates. One alone is no character: nothing that holds it can be Python.
fn unicode_escape(text: &str, at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let first = unit(at)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, 6));
    }
    let (high, low) = (first.checked_sub(0xd800)?, unit(at + 6)?.checked_sub(0xdc00)?);
    let is_pair = high < 0x400 && low < 0x400;
    is_pair.then(|| char::from_u32(0x1_0000 + (high << 10) + low).map(|c| (c, 12)))?
}

/// What a string says.
pub fn decoded(text: &str, string: Range<usize>) -> String {
    let mut out = String::new();
    decode_into(text, string, &mut out, &mut |_, _| {});
    out
}

/// Appends what a string says. `run` is told where in `out` and where in `text` each stretch begins that is the same in
/// both.
pub fn decode_into(text: &str, string: Range<usize>, out: &mut String, run: &mut dyn FnMut(usize, usize)) {
    let mut at = string.start;
    run(out.len(), at);
    while at < string.end {
        let rest = &text[at..string.end];
        let plain = rest.find('\\').unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        at += plain;
        if let Some((c, length)) = escape(text, at).filter(|_| at < string.end) {
            run(out.len(), at);
            out.push(c);
            at += length;
            run(out.len(), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_json(text: &str) -> bool {
        let mut reader = Reader::new(text);
        reader.skip().and_then(|()| reader.end()).is_ok()
    }

    #[test]
    fn reads_what_python_reads() {
        for text in [
            "0",
            "-1.5e+3",
            " [ ] ",
            "{}",
            "[1,[2,{\"a\":null}]]",
            "NaN",
            "-Infinity",
            "\"\\u00e4\\ud83d\\ude00\"",
            "\"\u{7f}\"",
        ] {
            assert!(is_json(text), "{text}");
        }
        for text in [
            "",
            "01",
            "1.",
            "+1",
            "nan",
            "[1,]",
            "[1 2]",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "\"a",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\u+123\"",
            "\"\n\"",
            "1 2",
            "{\"a\":1}}",
            "\u{feff}1",
            "'a'",
            "tru",
            "\"\\ud800\\u0041\"",
        ] {
            assert!(!is_json(text), "{text}");
        }
        assert!(is_json(&("[".repeat(256) + &"]".repeat(256))));
        assert!(!is_json(&("[".repeat(257) + &"]".repeat(257))));
        assert!(!is_json(&"[".repeat(1 << 20)));
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}:,\"\\\\untrf0-9eE.+a-d -]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // It refuses numbers that no `f64` can hold, which Python reads.
            let too_large = theirs.as_ref().err().is_some_and(|error| error.to_string().contains("out of range"));
            prop_assert!(too_large || is_json(&text) == theirs.is_ok(), "{:?}", text);
        }

        #[test]
        fn strings_say_the_same(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let string = Reader::new(&written).string().unwrap();
            let mut runs = Vec::new();
            let mut out = String::new();
            decode_into(&written, string, &mut out, &mut |here, there| runs.push((here, there)));
            prop_assert_eq!(&out, &text);
            for (here, there) in runs {
                prop_assert!(out.is_char_boundary(here) && written.is_char_boundary(there));
            }
        }
    }
}
