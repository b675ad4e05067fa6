//! Verdicts of every kind, and their reports as files for the validators of other people
//! (`target/tmp/reports`, see `.ci/sarif-validate`).

use std::fs;
use std::path::PathBuf;

use mergegate::report::{Format, Options, render};
use mergegate::verdict::Verdict;

use crate::verdicts::{Change, options};
use crate::{hostile, subject};

/// Two new findings, a warning, a justified one and an old one.
pub fn findings() -> Verdict {
    let old = "import os\n\ndef old(folder):\n    os.system(f'ls {folder}')\n";
    let new = "
class Converter:
    def formula(self, request):
        return eval(request.args['formula'])

    def convert(self, name):
        return os.system(
            'convert ' +
            name
        )

    def harmless(self):
        return eval('1 + 1')

    def trusted(self, name):
        return os.system(name)  # mergegate: allow[os-system] the name is from our own table
";
    Change::new("").edits("src/views.py", old, &format!("{old}{new}")).judge()
}

pub fn suppressed() -> Verdict {
    let source = "import os\nos.system(a)  # mergegate: allow[os-system] a is checked by its caller\n";
    Change::new("").adds("src/a.py", source).judge()
}

pub fn unscannable() -> Verdict {
    Change::new("")
        .adds("src/broken.py", "import os\nos.system(a\n")
        .adds("src/bytes.py", b"x = '\xff'\n")
        .judge()
}

pub fn empty() -> Verdict {
    Change::new("").adds("src/clean.py", "print('hello')\n").judge()
}

/// Files in which columns, lines and bytes are easily counted wrong.
pub fn encodings() -> Verdict {
    Change::new("")
        .adds("emoji.py", "x = '🎉🎉', eval(x)\n")
        .adds("crlf.py", "x = 1\r\neval(x)\r\neval(x)\r\n")
        .adds("lone_cr.py", "# pad\r# pad\r# pad\neval(x)\n")
        .adds("bom.py", b"\xef\xbb\xbfeval(x)\neval(y)\n")
        .adds("latin1.py", b"# coding: latin-1\nx = '\xe9\xe8', eval(x)\n")
        .adds("tabs.py", "if x:\n\ty = 'é';\teval(x)\n")
        .adds("long.py", format!("x = '{}', eval(x)\n", "a".repeat(3_000)))
        .judge()
}

pub fn all() -> [(&'static str, Verdict); 5] {
    [
        ("findings", findings()),
        ("suppressed", suppressed()),
        ("unscannable", unscannable()),
        ("empty", empty()),
        ("encodings", encodings()),
    ]
}

#[test]
fn are_written_for_validators() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("reports");
    fs::create_dir_all(&folder).unwrap();
    let options = Options { repository: Some("https://github.com/owner/name".to_owned()), ..options() };
    let others = [("change", subject::change().0), ("hostile", hostile::hostile(&hostile::ATTACKS.concat()))];
    for (name, verdict) in all().into_iter().chain(others) {
        for format in Format::ALL {
            let bytes = render(format, &verdict, &options);
            assert!(!bytes.is_empty(), "{name}.{format}");
            fs::write(folder.join(format!("{name}.{format}")), bytes).unwrap();
        }
    }
}
