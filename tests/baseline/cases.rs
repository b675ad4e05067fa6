//! Changes with the states that their findings must have.

use crate::change::Change;

fn file(base: &str, head: &str) -> Change {
    Change::default().file("a.py", base, head)
}

#[test]
fn an_old_finding_in_its_place_is_unchanged() {
    file("eval(x)\n", "y = 1\neval(x)\n").expect(&["unchanged"]);
}

#[test]
fn a_finding_in_an_added_file_is_new() {
    Change::default().added("a.py", "eval(x)\n").expect(&["new"]);
}

#[test]
fn ten_copies_of_an_old_line_are_nine_new_findings() {
    let change = file("eval(x)\n", &"eval(x)\n".repeat(10));
    let states = change.compare().0;
    assert_eq!(states.iter().filter(|state| crate::change::word(state) == "new").count(), 9);
}

#[test]
fn the_copy_is_to_blame_and_not_the_original() {
    file(
        "def f(x):\n    a = 1\n    eval(x)\n    b = 2\n",
        "def f(x):\n    eval(x)\n    a = 1\n    eval(x)\n    b = 2\n",
    )
    .expect(&["new", "unchanged"]);
    file(
        "def f(x):\n    a = 1\n    eval(x)\n    b = 2\n",
        "def f(x):\n    a = 1\n    eval(x)\n    b = 2\n    eval(x)\n",
    )
    .expect(&["unchanged", "new"]);
}

#[test]
fn the_copy_is_to_blame_in_a_reformatted_and_indented_file_too() {
    file(
        "def f(x):\n    a = 1\n    eval(x)\n    b = 2\n",
        "def f(x):\n  if x:\n    eval( x )\n    a = 1\n    # here\n    eval(\n      x,\n    )\n    b = (2)\n",
    )
    .expect(&["new", "unchanged"]);
}

#[test]
fn the_copy_is_to_blame_across_functions() {
    file(
        "def f(x):\n    return eval(x)\n\ndef h():\n    pass\n",
        "def g(x):\n    return eval(x)\n\ndef f(x):\n    return eval(x)\n\ndef h():\n    pass\n",
    )
    .expect(&["new", "unchanged"]);
}

#[test]
fn layout_and_comments_make_no_difference() {
    let base = "eval('a' + x, {'k': (1, 2)})\n";
    for head in [
        "eval(\"a\" + x, {\"k\": (1, 2)})\n",
        "eval(\n    'a' + x,  # why\n    {'k': (1, 2),},\n)\n",
        "eval(('a' + x), ({'k': (1, 2)}))\n",
        "eval('' 'a' + x, {u'k': (0x1, 2,)})\n",
        "eval \\\n    ('a' + x, {'k': (1, 2)})\n",
        "if True: eval('a' + x, {'k': (1, 2)});\n",
    ] {
        file(base, head).expect(&["unchanged"]);
    }
}

#[test]
fn f_strings_in_pieces_are_the_same_string() {
    file("eval(f'{a}bc{d!r:>{w}}')\n", "eval(f\"{a}b\" 'c' f\"{ d !r:>{w}}\")\n").expect(&["unchanged"]);
    file("eval(f'{a}bc')\n", "eval(f'{a}b')\n").expect(&["updated"]);
    file("eval(f'{a!r}')\n", "eval(f'{a!s}')\n").expect(&["updated"]);
    file("eval(f'{a:>3}')\n", "eval(f'{a:<3}')\n").expect(&["updated"]);
}

#[test]
fn different_syntax_is_different() {
    let forms = [
        "x",
        "y",
        "x.y",
        "x[y]",
        "x()",
        "x(y)",
        "x(y=y)",
        "x(z=y)",
        "x(*y)",
        "x(**y)",
        "-x",
        "+x",
        "~x",
        "not x",
        "x + y",
        "x - y",
        "y + x",
        "x and y",
        "x or y",
        "x < y",
        "x > y",
        "x < y < z",
        "x if y else z",
        "[x]",
        "(x,)",
        "{x}",
        "{x: y}",
        "{**x}",
        "{x: y, **z}",
        "{**x, y: z}",
        "[x for x in y]",
        "{x for x in y}",
        "(x for x in y)",
        "{x: y for x in y}",
        "[x async for x in y]",
        "lambda: x",
        "lambda y: x",
        "lambda *y: x",
        "lambda **y: x",
        "lambda y=1: x",
        "lambda y, /: x",
        "lambda *, y: x",
        "x[y:]",
        "x[:y]",
        "x[::y]",
        "x[:]",
        "1",
        "1.0",
        "1j",
        "True",
        "None",
        "...",
        "'x'",
        "b'x'",
        "f'x'",
        "f'{x}'",
        "f'{x=}'",
        "t'{x}'",
        "'1'",
        "(x + y) * z",
        "x + y * z",
        "(x := y)",
        "await x",
        "(yield x)",
        "(yield)",
        "(yield from x)",
        "x(y)(z)",
        "x(y(z))",
    ];
    for (i, one) in forms.iter().enumerate() {
        for (j, other) in forms.iter().enumerate() {
            let text = |form: &str| format!("async def f():\n    eval({form})\n");
            let state = if i == j { "unchanged" } else { "updated" };
            let states = file(&text(one), &text(other)).compare().0;
            let states: Vec<String> =
                states.iter().map(crate::change::word).map(|word| word.replace("risen", "updated")).collect();
            assert_eq!(states, [state], "{one} and {other}");
        }
    }
}

#[test]
fn the_name_a_result_is_given_is_none_of_its_business() {
    file("data = eval(x)\n", "result = eval(x)\n").expect(&["unchanged"]);
}

#[test]
fn another_argument_is_an_edited_statement() {
    file("eval(x)\n", "eval(y)\n").expect(&["updated"]);
    file("def f(x, y):\n    eval(x)\n", "def f(x, y):\n    eval(y)\n").expect(&["updated"]);
}

#[test]
fn what_is_called_belongs_to_its_arguments() {
    // The check is about the attribute `run`, and points at it.
    let call = |command: &str| {
        format!("from invoke import task\n\n@task\ndef f(ctx, a, b):\n    ctx.run({command})\n")
    };
    Change::default().file("tasks.py", &call("a"), &call("b")).expect(&["updated"]);
}

#[test]
fn a_finding_moves_within_its_definition_and_its_file() {
    file("def f(x):\n    eval(x)\n    a()\n    b()\n", "def f(x):\n    a()\n    b()\n    eval(x)\n")
        .expect(&["unchanged"]);
    file(
        "def f(x):\n    eval(x)\n    a()\n    b()\n\ndef g(x):\n    c()\n    d()\n",
        "def f(x):\n    a()\n    b()\n\ndef g(x):\n    c()\n    d()\n    eval(x)\n",
    )
    .expect(&["unchanged"]);
}

const HELPER: &str = "def helper(text):\n    text = text.strip()\n    log(text)\n    return eval(text)\n";

#[test]
fn a_function_moves_to_another_file() {
    Change::default()
        .file("old.py", &format!("{HELPER}\ndef other():\n    eval(y)\n"), "def other():\n    eval(y)\n")
        .added("new.py", HELPER)
        .expect(&["unchanged", "unchanged from old.py"]);
}

#[test]
fn a_function_moves_to_another_file_under_another_name() {
    Change::default()
        .deleted("old.py", HELPER)
        .added("new.py", &format!("import x\n\n{}", HELPER.replace("helper", "evaluate")))
        .expect(&["unchanged from old.py"]);
}

#[test]
fn a_function_moves_to_another_file_and_is_edited() {
    Change::default()
        .deleted("old.py", HELPER)
        .added("new.py", &HELPER.replace("log(text)", "logger.info(text)"))
        .expect(&["unchanged from old.py"]);
}

#[test]
fn a_function_moves_to_another_file_under_another_name_and_is_edited() {
    let longer = HELPER.replace("    return", "    check(text)\n    count(text)\n    note(text)\n    return");
    Change::default()
        .deleted("old.py", &longer)
        .added("new.py", &longer.replace("helper", "evaluate").replace("log(text)", "logger.info(text)"))
        .expect(&["unchanged from old.py"]);
}

#[test]
fn a_copy_in_another_file_is_new() {
    Change::default()
        .file("old.py", HELPER, &format!("# Still here.\n{HELPER}"))
        .added("new.py", HELPER)
        .expect(&["unchanged", "new"]);
}

#[test]
fn another_function_with_the_same_call_is_new() {
    Change::default()
        .deleted("old.py", HELPER)
        .added("new.py", "def view(text):\n    check(text)\n    return eval(text)\n")
        .expect(&["new"]);
    Change::default()
        .deleted("old.py", HELPER)
        .added("new.py", "def helper(text):\n    a()\n    b()\n    c()\n    d()\n    return eval(text)\n")
        .expect(&["new"]);
}

#[test]
fn one_function_moves_and_its_copies_are_new() {
    Change::default()
        .deleted("old.py", HELPER)
        .added("b.py", HELPER)
        .added("c.py", HELPER)
        .expect(&["unchanged from old.py", "new"]);
}

#[test]
fn a_renamed_file_says_where_its_findings_were() {
    Change::default().renamed("a.py", HELPER, "b.py", HELPER).expect(&["unchanged from a.py"]);
}

#[test]
fn what_moves_to_a_stricter_path_is_new() {
    Change::default().renamed("tests/a.py", HELPER, "b.py", HELPER).expect(&["new"]);
    Change::default().renamed("b.py", HELPER, "tests/a.py", HELPER).expect(&["unchanged from b.py"]);
    Change::default().deleted("tests/a.py", HELPER).added("b.py", HELPER).expect(&["new"]);
    Change::default().deleted("b.py", HELPER).added("tests/a.py", HELPER).expect(&["unchanged from b.py"]);
}

#[test]
fn a_finding_comes_from_the_path_that_is_not_milder() {
    Change::default()
        .deleted("lib/a.py", HELPER)
        .deleted("tests/a.py", HELPER)
        .added("src/a.py", HELPER)
        .expect(&["unchanged from lib/a.py"]);
}

#[test]
fn an_import_that_changes_makes_an_untouched_use_new() {
    file("from yaml import safe_load as load\nload(x)\n", "from yaml import load\nload(x)\n")
        .expect(&["new"]);
    file("import fake as yaml\nyaml.load(x)\n", "import yaml\nyaml.load(x)\n").expect(&["new"]);
}

#[test]
fn an_import_that_changes_is_new_although_a_like_finding_went_away() {
    file(
        "from yaml import safe_load as load\nimport yaml\n\ndef f(x):\n    return load(x)\n\ndef g(x):\n    return yaml.load(x)\n",
        "from yaml import load\nimport yaml\n\ndef f(x):\n    return load(x)\n\ndef g(x):\n    return yaml.safe_load(x)\n",
    )
    .expect(&["new"]);
}

#[test]
fn an_import_that_changes_to_another_thing_of_the_kind_is_an_update() {
    file("from os import system as run\nrun(x)\n", "from os import popen as run\nrun(x)\n")
        .expect(&["updated"]);
}

#[test]
fn a_shadow_that_goes_away_makes_an_untouched_use_new() {
    file("def eval(x):\n    return x\n\neval(y)\n", "eval(y)\n").expect(&["new"]);
    file("def f(eval, y):\n    return eval(y)\n", "def f(y):\n    return eval(y)\n").expect(&["new"]);
}

#[test]
fn a_constant_that_changes_elsewhere_makes_an_untouched_use_new() {
    file(
        "import yaml\nLOADER = yaml.SafeLoader\nyaml.load(x, LOADER)\n",
        "import yaml\nLOADER = yaml.Loader\nyaml.load(x, LOADER)\n",
    )
    .expect(&["new"]);
}

#[test]
fn a_confidence_that_rises_counts() {
    file(
        "import os\nCOMMAND = \"ls\"\nos.system(COMMAND)\n",
        "import os\nCOMMAND = input()\nos.system(COMMAND)\n",
    )
    .expect(&["risen"]);
    file("import os\nos.system(input())\n", "import os\nos.system(\"ls\")\n").expect(&["updated"]);
}

#[test]
fn a_wrapper_that_becomes_an_alias_makes_an_untouched_use_new() {
    file(
        "import yaml\n\ndef load(text):\n    return yaml.safe_load(text)\n\nload(x)\n",
        "import yaml\n\nload = yaml.load\n\nload(x)\n",
    )
    .expect(&["new"]);
}

#[test]
fn a_justification_that_goes_away_makes_an_untouched_line_new() {
    file("eval(x)  # fine\n", "eval(x)\n").expect(&["new"]);
    file("eval(x)  # fine\neval(x)\n", "eval(x)\neval(x)\n").expect(&["new", "unchanged"]);
}

#[test]
fn a_justification_that_goes_away_is_not_paid_for_by_another_finding() {
    file("eval(x)  # fine\na()\neval(x)\n", "eval(x)\na()\n").expect(&["new"]);
}

#[test]
fn justifying_an_old_finding_does_not_pay_for_a_copy() {
    file("eval(x)\n", "eval(x)  # fine\nb()\neval(x)\n").expect(&["unchanged", "new"]);
}

#[test]
fn a_justified_finding_of_another_file_does_not_pay() {
    Change::default()
        .deleted("a.py", &HELPER.replace("(text)\n", "(text)  # fine\n"))
        .added("b.py", HELPER)
        .expect(&["new"]);
}

#[test]
fn findings_on_one_line_are_told_apart() {
    file("f(eval(x), eval(y))\n", "f(eval(x), eval(z), eval(y))\n").expect(&[
        "unchanged",
        "new",
        "unchanged",
    ]);
    file("f(eval(x), eval(x))\n", "f(eval(x), eval(x), eval(x))\n").expect(&[
        "unchanged",
        "unchanged",
        "new",
    ]);
}

#[test]
fn an_edit_pays_for_one_finding() {
    file("import os\nos.system('a' + x)\n", "import os\nos.system('b' + x)\nos.system('a' + y)\n")
        .expect(&["updated", "new"]);
}

#[test]
fn the_most_similar_statement_is_the_edited_one() {
    file(
        "import os\nos.system('tar xf ' + name)\n",
        "import os\nos.system(other)\nos.system('tar xzf ' + name)\n",
    )
    .expect(&["new", "updated"]);
}

#[test]
fn an_edit_elsewhere_in_the_module_is_no_edit() {
    file("import os\nos.system('a' + x)\nb()\nc()\nd()\n", "import os\nb()\nc()\nd()\nos.system('a' + y)\n")
        .expect(&["new"]);
}

#[test]
fn an_edited_statement_that_moves_in_its_function_is_updated() {
    file(
        "import os\ndef f(x):\n    os.system('a' + x)\n    b()\n    c()\n",
        "import os\ndef f(x):\n    b()\n    c()\n    os.system('a' + x + 'b')\n",
    )
    .expect(&["updated"]);
}

#[test]
fn another_check_is_another_finding() {
    file("import os\neval(x)\n", "import os\nos.system(x)\n").expect(&["new"]);
}

#[test]
fn a_function_that_is_renamed_keeps_its_findings() {
    file(HELPER, &HELPER.replace("helper", "evaluate")).expect(&["unchanged"]);
    file(HELPER, &HELPER.replace("helper", "evaluate").replace("eval(text)", "eval(text, {})"))
        .expect(&["updated"]);
}

#[test]
fn functions_that_change_places_keep_their_findings() {
    let (f, g) = ("def f(eval, x):\n    eval(x)\n", "def g(y, x):\n    eval(x)\n");
    file(&format!("{f}\n{g}"), &format!("{g}\n{f}")).expect(&["unchanged"]);
    file(&format!("{g}\n{f}"), &format!("{f}\n{g}")).expect(&["unchanged"]);
}

#[test]
fn of_several_merge_bases_the_one_least_in_favour_counts() {
    Change::default().criss_cross("a.py", &["b()\n", "b()\neval(x)\n"], "b()\neval(x)\n").expect(&["new"]);
    Change::default().criss_cross("a.py", &["eval(x)\n", "eval(y)\n"], "eval(x)\n").expect(&["updated"]);
    Change::default()
        .criss_cross("a.py", &["eval(x)\nb()\n", "b()\neval(y)\n"], "eval(x)\nb()\neval(y)\n")
        .expect(&["new", "new"]);
    Change::default()
        .criss_cross("a.py", &["eval(x)\n", "eval(x)\nb()\n"], "eval(x)\neval(x)\n")
        .expect(&["unchanged", "new"]);
}

#[test]
fn what_no_finding_of_the_head_side_pairs_with_is_gone() {
    file("eval(x)\neval(y)\n", "eval(x)\n").expect_gone(1);
    Change::default().deleted("a.py", "eval(x)\neval(y)\n").expect_gone(2);
    file("eval(x)  # fine\n", "a()\n").expect_gone(0);
    file("eval(x)\n", "eval(x)  # fine\n").expect_gone(0);
    Change::default().renamed("tests/a.py", HELPER, "b.py", HELPER).expect_gone(0);
}

#[test]
fn nothing_compares_with_nothing() {
    for change in [Change::default(), file("", "")] {
        change.expect(&[]);
        change.expect_gone(0);
    }
}

#[test]
fn functions_that_change_places_and_are_edited_keep_their_findings() {
    let f = |x: &str| format!("def f({x}):\n    log({x})\n    eval({x})\n\n");
    let g = |x: &str| format!("def g({x}):\n    check({x})\n    return eval({x})\n\n");
    file(&(f("x") + &g("x")), &(g("y") + &f("y"))).expect(&["updated", "updated"]);
}

#[test]
fn an_import_that_changes_is_new_although_the_functions_change_places() {
    let f = "def f(x):\n    log(x)\n    return load(x)\n\n";
    let g = "def g(x):\n    check(x)\n    return yaml.load(x)\n\n";
    let h = "def h(x):\n    check(x)\n    return load(x)\n\n";
    file(
        &format!("import yaml\nfrom yaml import safe_load as load\n{f}{g}"),
        &format!("import yaml\nfrom yaml import load\n{h}{f}"),
    )
    .expect(&["new", "new"]);
}
