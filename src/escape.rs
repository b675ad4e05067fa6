//! Makes text from a repository safe to show: it may hold anything its author likes.

/// Whether a character could deceive a reader or steer a terminal: C0 and C1 controls, line and paragraph
/// separators, bidirectional controls (Unicode Annex 9), invisible format characters, variation selectors
/// and tags.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Appends `text` to `out` with every deceptive character shown as `\u{…}`, and a tab as one space.
pub fn visible_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if c == '\t' {
            out.push(' ');
        } else if is_deceptive(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
}

/// `text` with every deceptive character shown as `\u{…}`, and a tab as one space. The result is one line.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    visible_into(text, &mut out);
    out
}
