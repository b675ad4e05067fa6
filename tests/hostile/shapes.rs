//! Texts of a growing size, each made to cost a program that reads it more than its size.

/// Makes a text of so many pieces.
pub type Make = fn(usize) -> String;

/// A text with about so many bytes.
pub fn of_size(make: Make, bytes: usize) -> String {
    let mut pieces = 8;
    while make(pieces * 2).len() <= bytes {
        pieces *= 2;
    }
    let mut step = pieces / 2;
    while step > 0 {
        if make(pieces + step).len() <= bytes {
            pieces += step;
        }
        step /= 2;
    }
    make(pieces)
}

fn each(pieces: usize, piece: impl Fn(usize) -> String) -> String {
    (0..pieces).map(piece).collect()
}

pub const ALL: &[(&str, Make)] = &[
    // Names.
    ("many names", |n| each(n, |i| format!("x{i} = f{i}()\n"))),
    ("one name, many values", |n| each(n, |i| format!("x = f{i}\n")) + &"x()\n".repeat(n)),
    ("one name, many classes", |n| {
        each(n, |i| format!("class C{i}:\n def m(self): self.x = C{i}.y\n")) + &"C0().x()\n".repeat(n)
    }),
    ("one attribute, many classes", |n| {
        each(n, |i| format!("class C{i}:\n def m(self, a):\n  self.x = a\n  self.x()\n"))
    }),
    ("attributes of one another", |n| {
        each(n, |i| {
            format!(
                "class C{i}:\n def m(self):\n  self.a = C{}().a\n  self.b = self.a.b()\n",
                (i * 7 + 1) % n
            )
        })
    }),
    ("classes on classes", |n| {
        "class C0: pass\n".to_owned()
            + &each(n, |i| format!("class C{}(C{i}, C{}): pass\n", i + 1, i / 2))
            + &each(n, |i| format!("C{i}().x()\n"))
    }),
    ("names from names", |n| "x0 = f\n".to_owned() + &each(n, |i| format!("x{} = x{i}\n", i + 1)) + "x9()\n"),
    ("names from names, backwards", |n| {
        each(n, |i| format!("x{} = x{}\n", n - i, n - i - 1)) + &each(n, |i| format!("x{i}()\n"))
    }),
    ("names from two names", |n| {
        "x0 = f\n".to_owned()
            + &each(n, |i| format!("x{} = x{i} if a else x{}\n", i + 1, i / 2))
            + &each(n, |i| format!("x{i}()\n"))
    }),
    ("sums of sums", |n| {
        "x0 = 'a'\n".to_owned() + &each(n, |i| format!("x{} = x{i} + x{i}\n", i + 1)) + "eval(x9)\n"
    }),
    ("sums asked for", |n| {
        "x0 = a\n".to_owned() + &each(n, |i| format!("x{} = x{i} + x{i}\neval(x{i})\n", i + 1))
    }),
    ("stars", |n| each(n, |i| format!("from m{i} import *\n")) + &each(n, |i| format!("y{i}()\n"))),
    ("globals", |n| {
        let names: Vec<String> = (0..n).map(|i| format!("g{i}")).collect();
        format!("def f():\n global {}\n", names.join(",")) + &each(n, |i| format!(" g{i} = g{i}\n"))
    }),
    ("scopes in scopes", |n| {
        let depth = n.min(90);
        let heads: String = (0..depth).map(|i| format!("{}def f{i}():\n", " ".repeat(i))).collect();
        heads + &" ".repeat(depth) + &each(n, |i| format!("n{i};"))
    }),
    ("lambdas in lambdas", |n| format!("x = {}({})\n", "lambda:".repeat(n), each(n, |i| format!("a{i},")))),
    ("comprehensions in comprehensions", |n| {
        let depth = n.min(190);
        format!(
            "x = {}{}{}\n",
            "[".repeat(depth),
            each(n, |i| format!("a{i}+")) + "1",
            " for a in b]".repeat(depth)
        )
    }),
    ("functions that call one another", |n| {
        each(n, |i| format!("def f{i}(a): return f{}(f{}(a))\n", (i + 1) % n, (i * 3) % n))
            + &each(n, |i| format!("f{i}(x)()\n"))
    }),
    ("partials of partials", |n| {
        "from functools import partial\np0 = eval\n".to_owned()
            + &each(n, |i| format!("p{} = partial(p{i}, {i})\np{}(x)\n", i + 1, i + 1))
    }),
    // Constants.
    ("a long text used often", |n| format!("s = '{}'\n", "a".repeat(n)) + &"f(s)\n".repeat(n / 5)),
    ("a long text added to often", |n| {
        format!("s = '{}'\n", "a".repeat(n.min(60_000))) + &each(n, |i| format!("f(s+'{i}')\n"))
    }),
    ("texts that double", |n| {
        let rounds: String = (0..n).map(|i| format!("s{} = s{i}*2\n", i + 1)).collect();
        format!("s0 = 'a'\n{rounds}")
    }),
    ("a long list used often", |n| {
        format!("s = [{}]\n", each(n, |i| format!("{i},"))) + &"f(s[i]())\n".repeat(n / 3)
    }),
    ("a long mapping used often", |n| {
        format!("s = {{{}}}\n", each(n, |i| format!("{i}:a{i},"))) + &each(n / 3, |i| format!("s[{i}]()\n"))
    }),
    ("lists in lists", |n| {
        let depth = n.min(190);
        format!("x = {}{}{}\neval(x)\n", "[".repeat(depth), "1,".repeat(n), "]".repeat(depth))
    }),
    ("a long sum", |n| format!("x = a{}\neval(x)\n", "+a".repeat(n))),
    ("a long sum of calls", |n| format!("import os\nx = a{}\n", "+os.system(a)".repeat(n))),
    ("a long sum of texts", |n| format!("x = 'a'{}\neval(x)\n", "+'b'".repeat(n))),
    ("format fields", |n| format!("eval('{}'.format({}))\n", "{}".repeat(n), "a,".repeat(n))),
    ("decoding", |n| {
        format!("import base64\ns = '{}'\n", "QUJD".repeat(n.min(15_000)))
            + &"eval(base64.b64decode(s))\n".repeat(n)
    }),
    // Arguments.
    ("many keywords", |n| format!("eval({})\n", each(n, |i| format!("k{i}=v,")))),
    ("many arguments", |n| format!("eval({})\n", each(n, |i| format!("a{i},")))),
    ("a mapping unpacked often", |n| {
        format!("d = {{{}}}\n", each(n, |i| format!("'k{i}':1,"))) + &"eval(**d)\n".repeat(n)
    }),
    ("a list unpacked often", |n| format!("d = [{}]\n", "1,".repeat(n)) + &"eval(*d)\n".repeat(n / 4)),
    ("calls of calls", |n| format!("x = a{}\n", ".system(x)".repeat(n))),
    ("attributes of attributes", |n| format!("x = os{}\n", ".environ".repeat(n))),
    ("subscripts of subscripts", |n| format!("import sys\nx = sys.argv{}\neval(x)\n", "[0]".repeat(n))),
    // Flow.
    ("many variables and branches", |n| {
        "def f(a):\n".to_owned()
            + &each(n, |i| format!(" v{i} = a\n"))
            + &" if a: pass\n".repeat(n)
            + " eval(a)\n"
    }),
    ("branches", |n| {
        "def f(a):\n".to_owned() + &each(n, |i| format!(" if a == {i}: a = b{i}\n")) + " eval(a)\n"
    }),
    ("clauses", |n| {
        "def f(a):\n if a: pass\n".to_owned()
            + &each(n, |i| format!(" elif a == {i}: v{i} = a\n"))
            + " eval(a)\n"
    }),
    ("cases", |n| {
        "def f(a):\n match a:\n".to_owned() + &each(n, |i| format!("  case {i}: v{i} = a\n")) + " eval(a)\n"
    }),
    ("handlers", |n| {
        "def f(a):\n try: pass\n".to_owned()
            + &each(n, |i| format!(" except E{i}: v{i} = a\n"))
            + " eval(a)\n"
    }),
    ("loops in loops", |n| {
        let depth = 17;
        each(n / 40 + 1, |i| {
            let loops: String = (1..depth).map(|d| format!("{}for v{d} in a:\n", " ".repeat(d))).collect();
            format!("def f{i}(a):\n{loops}{}eval(a)\n", " ".repeat(depth))
        })
    }),
    ("lists of themselves", |n| {
        "def f(a, b, c):\n x = [a]\n y = [b]\n".to_owned()
            + &" x = [x, x]\n y = [y, y]\n".repeat(n)
            + " z = x if c else y\n eval(z)\n"
    }),
    ("lists in a list", |n| "def f(a):\n x = [a]\n".to_owned() + &" x = [x]\n".repeat(n) + " eval(x)\n"),
    ("appended lists", |n| {
        "def f(a):\n x = []\n".to_owned()
            + &" x.append(a)\n".repeat(n.min(60))
            + &" y = x if a else x\n x[0] = y\n".repeat(n)
            + " eval(x)\n"
    }),
    ("a long text in variables", |n| {
        format!("def f(a):\n s = '{}'\n", "a".repeat(n)) + &" t = s\n".repeat(n / 5) + " eval(t + a)\n"
    }),
    ("entered calls", |n| {
        each(n, |i| format!("def f{i}(a):\n return f{}(a) + f{}(a)\n", i + 1, i + 1))
            + "def g(a):\n eval(f0(a))\n"
    }),
    ("exposures in a circle", |n| {
        "import sys\n".to_owned()
            + &each(n, |i| format!("x{i} = x{} + x{}\n", (i + 1) % n, (i * 5 + 2) % n))
            + "x7 = sys.argv[1]\n"
            + &each(n, |i| format!("eval(x{i})\n"))
    }),
    // Findings.
    ("findings", |n| "eval(a)\n".repeat(n)),
    ("findings on one line", |n| "eval(a);".repeat(n)),
    ("findings on one line behind a long word", |n| {
        format!("x = 'é{}';", "a".repeat(n)) + &"eval(a);".repeat(n / 8)
    }),
    ("findings in findings", |n| {
        each(n / 100 + 1, |_| format!("{}a{}\n", "eval(".repeat(190), ")".repeat(190)))
    }),
    ("findings in a list", |n| format!("x = [{}]\n", "eval(a),".repeat(n))),
    ("findings in a function with a long name", |n| {
        format!("def {}(a):\n", "f".repeat(n)) + &" eval(a)\n".repeat(n / 8)
    }),
    ("findings in classes in classes", |n| {
        let depth = n.min(90);
        let heads: String =
            (0..depth).map(|i| format!("{}class {}:\n", " ".repeat(i), "c".repeat(1 + n / 100))).collect();
        heads + &" ".repeat(depth) + &"eval(a);".repeat(n)
    }),
    ("findings in one statement of many lines", |n| format!("x = [\n{}]\n", "eval(a),\n".repeat(n))),
    ("secrets", |n| each(n, |i| format!("password{i} = 'Zx9!kd{i}kK'\n"))),
    ("secrets in a mapping", |n| {
        format!("x = {{{}}}\n", each(n, |i| format!("'password{i}': 'Zx9!kd{i}kK',")))
    }),
    ("a mapping of keys in a call", |n| {
        format!("f({})\n", each(n, |i| format!("password{i}='Zx9!kd{i}kK',")))
    }),
    ("asserts", |n| "assert a\n".repeat(n)),
    ("silent handlers", |n| "try: f()\nexcept: pass\n".repeat(n)),
    ("handlers that return true", |n| "def check_token(a):\n try: f()\n except: return True\n".repeat(n)),
    ("questions about paths", |n| {
        format!("import os\nif {}:\n{}", "os.path.exists(p) or ".repeat(n) + "a", " f(p)\n".repeat(n))
    }),
    ("hashes handed on", |n| format!("import hashlib\nx = a{}\n", "+f(hashlib.md5)".repeat(n))),
    ("random numbers in a sum", |n| format!("import random\nx = a{}\n", "+random.random()".repeat(n))),
    ("addresses in a sum", |n| format!("x = a{}\n", "+f('0.0.0.0')".repeat(n))),
    ("uploads", |n| {
        format!(
            "import shutil\n{}",
            format!("shutil.copy(a, {}b.filename)\n", "b+".repeat(400)).repeat(n / 400 + 1)
        )
    }),
    ("queries", |n| each(n, |i| format!("c.execute('select ' + a{i})\n"))),
    ("a long query", |n| format!("c.execute('select '{})\n", " + a".repeat(n))),
    ("queries in a sum", |n| format!("x = a{}\n", "+c.execute('select '+a)".repeat(n))),
    ("formatted text", |n| format!("eval(f'{}')\n", "{a}".repeat(n))),
    ("formatted text in formatted text", |n| {
        let depth = n.min(140);
        each(n / 140 + 1, |_| format!("eval({}a{})\n", "f'{".repeat(depth), "}'".repeat(depth)))
    }),
    ("addresses of keys in a text", |n| format!("x = '{}'\n", "http://a:b@c ".repeat(n))),
    ("dots", |n| format!("x = '{}'\n", "eyJ.".repeat(n))),
    ("base64", |n| format!("key = '{}'\n", "QUJDa9Zx".repeat(n))),
    ("a word", |n| format!("key_{} = 'Zx9kd3kKqLmWvB7t'\n", "aB_".repeat(n))),
    ("words", |n| each(n, |i| format!("{}_{i} = 1\n", "aB_".repeat(30)))),
    // Comments and lines.
    ("suppressions", |n| "eval(a) # mergegate: allow[eval] the reason is a good one\n".repeat(n)),
    ("suppressions above one another", |n| {
        "# mergegate: allow[eval] the reason is a good one\n".repeat(n) + "eval(a)\n"
    }),
    ("suppressions in one comment", |n| format!("eval(a) {}\n", "# mergegate: allow[eval] x ".repeat(n))),
    ("suppressions of unknown checks", |n| {
        each(n, |i| format!("eval(a) # mergegate: allow[evil-{i}] the reason is good\n"))
    }),
    ("suppressions on a line of carriage returns", |n| {
        "eval(a) # mergegate: allow[eval] good reasons\r".repeat(n)
    }),
    ("comments behind carriage returns", |n| " ".repeat(n) + &"#\r".repeat(n)),
    ("comments behind a long indent", |n| format!("if a:\n{}pass\n", " ".repeat(n)) + &"#x\r".repeat(n)),
    ("joined lines", |n| "a = 1 + \\\n".repeat(n) + "1 # mergegate: allow[eval] good reasons\n"),
    ("joined lines with comments", |n| "(a \\\n# nosec\n)\n".repeat(n)),
    ("empty lines", |n| "\n".repeat(n) + "eval(a)\n"),
    ("carriage returns", |n| "\r".repeat(n) + "eval(a)\n"),
    ("blanks", |n| " ".repeat(n) + "\neval(a)\n"),
    // Syntax.
    ("operators", |n| format!("x = {}1\n", "-".repeat(n))),
    ("comparisons", |n| format!("x = a{}\n", " < a".repeat(n))),
    ("alternatives", |n| format!("x = a{}\n", " or a".repeat(n))),
    ("choices", |n| format!("x = a{}\n", " if b else a".repeat(n))),
    ("targets", |n| format!("{}eval(a)\n", "x = ".repeat(n))),
    ("unpacked targets", |n| format!("({}) = a\n", each(n, |i| format!("x{i},")))),
    ("starred targets in targets", |n| {
        let depth = n.min(190);
        each(n / 190 + 1, |_| format!("{}x{} = a\n", "(*".repeat(depth), ",)".repeat(depth)))
    }),
    ("texts side by side", |n| format!("eval({})\n", "'a' ".repeat(n))),
    ("formatted texts side by side", |n| format!("eval({})\n", "f'{a}' ".repeat(n))),
    ("decorators", |n| each(n, |i| format!("@d{i}\n")) + "def f(): pass\n"),
    ("parameters", |n| format!("def f({}): pass\n", each(n, |i| format!("p{i}=1,")))),
    ("imported names", |n| format!("from os import {}\n", each(n, |i| format!("a{i}, ")) + "b")),
    ("imported modules with dots", |n| format!("import a{}\n", ".b".repeat(n))),
    ("patterns", |n| format!("match a:\n case {}b: pass\n", "1|".repeat(n))),
    ("contexts", |n| format!("with {}: pass\n", each(n, |i| format!("open(a) as x{i}, ")) + "b")),
    ("open brackets", |n| "(".repeat(n)),
    ("open brackets of all kinds", |n| "([{".repeat(n / 3)),
    ("errors", |n| ") ]\n".repeat(n)),
    ("errors in definitions", |n| "def f(:\n".repeat(n)),
    ("open formatted texts", |n| "f'{".repeat(n)),
    ("open texts", |n| "'\n".repeat(n)),
    ("open triple quotes", |n| "'''a\n\"\"\"".repeat(n)),
    ("indents", |n| {
        let depth = (n as f64).sqrt() as usize;
        (0..depth).map(|i| format!("{}if a:\n", " ".repeat(i))).collect::<String>()
            + &" ".repeat(depth)
            + "eval(a)\n"
    }),
    ("dedents", |n| each(n, |i| format!("{}if a:\n", " ".repeat(40 - i % 40)))),
    ("null bytes", |n| "\0".repeat(n)),
    ("replacement characters", |n| "\u{fffd}".repeat(n)),
    ("letters of other alphabets", |n| each(n, |i| format!("ﬁ{i}ℌ = 1\n"))),
];
