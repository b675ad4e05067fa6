//! Path configuration files (`.pth`), as Python's `site` reads them when it starts: of the lines, those that begin with
//! `import` are run, the others are folders.

use super::assembled::{Assembled, Code, Shown};
use super::source::Problem;
use super::{decode, ipython};

/// What ends a line for `str.splitlines`, by which newer versions of Python divide the file.
const LINE_ENDS: [char; 10] =
    ['\n', '\r', '\x0b', '\x0c', '\x1c', '\x1d', '\x1e', '\u{85}', '\u{2028}', '\u{2029}'];

/// The lines that Python runs, and the comments.
pub fn read(bytes: &[u8]) -> Result<Assembled, Problem> {
    let text = decode::decode_utf8(bytes).map_err(|reason| Problem { reason, at: None })?.to_owned();
    let shown = Shown::whole(text.clone());
    let (mut code, mut problem) = (Code::default(), None);
    let mut start = 0;
    for line in text.split_inclusive(LINE_ENDS) {
        let content = start..start + line.trim_end_matches(LINE_ENDS).len();
        if runs(line) && !ipython::stands_alone(&text[content.clone()]) {
            problem.get_or_insert(("this line is no Python on its own".to_owned(), start));
        } else if runs(line) || line.starts_with('#') {
            code.copy(&text, content.clone());
        }
        start += line.len();
        code.push("\n", content.end..start);
    }
    Ok(Assembled::new(code, shown, text, problem))
}

fn runs(line: &str) -> bool {
    line.starts_with("import ") || line.starts_with("import\t")
}
