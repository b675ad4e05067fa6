//! The path of a file inside a repository or below a scanned folder.

use std::fmt;
use std::path::Path;

/// A path with `/` between its parts, relative to the root of the repository (or to the current folder in
/// `mergegate scan`). Git allows any bytes but NUL in it, and the author of a change chooses them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Vec<u8>);

impl FilePath {
    /// From the bytes git stores.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        FilePath(bytes.into())
    }

    /// From a path of the operating system, as it stands.
    pub fn from_os(path: &Path) -> Self {
        let bytes = path.as_os_str().as_encoded_bytes().to_vec();
        #[cfg(windows)]
        let bytes = bytes.into_iter().map(|b| if b == b'\\' { b'/' } else { b }).collect();
        FilePath(bytes)
    }

    /// As git stores it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The part behind the last `/`.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|&b| b == b'/').next().unwrap_or(&self.0)
    }

    /// The path as the text of a relative URI reference (RFC 3986, section 4.2): everything but unreserved
    /// characters and `/` is percent-encoded, so any bytes survive.
    pub fn to_uri(&self) -> String {
        let mut uri = String::with_capacity(self.0.len());
        for &byte in &self.0 {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    uri.push(char::from(byte));
                }
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri
    }
}

/// For people: control, format and bidirectional characters and bytes that are not UTF-8 are escaped, so
/// that a path cannot move the cursor, start a new line or reverse a text.
impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = String::new();
        for chunk in self.0.utf8_chunks() {
            crate::escape::visible_into(chunk.valid(), &mut shown);
            for byte in chunk.invalid() {
                shown.push_str(&format!("\\x{byte:02x}"));
            }
        }
        f.pad(&shown)
    }
}
