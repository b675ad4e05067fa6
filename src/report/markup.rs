//! XML and HTML in which text from anywhere stays text.

use crate::escape;

/// Text from anywhere as the content of an element, or of an attribute in quotes.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape::visible(text).chars() {
        match c {
            // The logs of CI systems take `##[…]` for a command.
            '#' => out.push_str("&#35;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no way to write these two.
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}
