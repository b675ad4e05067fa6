use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind, Operator};
use ruff_text_size::{Ranged, TextRange};

use super::Family;
use super::built_text::{Built, HOLE, Part, built_by, is_part};
use super::sql_use::{is_fragment_with_values, is_only_shown, is_sent, may_be_sent_later};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Exposure, Harm, Hits, Module, Node, Thing, Value};

pub const FAMILY: Family = Family { id: "sql", title: "SQL", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "sql-built",
        family: "sql",
        summary: "SQL is put together from text that varies.",
        why: "Where the text is not made by the program alone, a quote in it ends the value and the rest is run as SQL: \
              it can read, change or delete what it likes.",
        neglect: "Every part is a constant, a number, or chosen from a fixed list, such as the name of a table.",
        instead: "Parameters: `cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))`; names of tables and \
                  columns from a fixed list.",
        cwe: &[89],
        severity: Severity::High,
        aliases: &["bandit:B608", "ruff:S608"],
        bad: &[
            "cursor.execute(f\"SELECT * FROM users WHERE name = '{name}'\")\n",
            "query = \"DELETE FROM users WHERE id = %s\" % request.args[\"id\"]\n",
            "query = \"INSERT INTO users (name) VALUES ('\" + name + \"')\"\n",
            "query = \"UPDATE users SET name = '{}'\".format(name)\n",
        ],
        good: &[
            "cursor.execute(\"SELECT * FROM users WHERE name = %s\", (name,))\n",
            "logger.info(f\"Delete {name} from the list\")\n",
            "TABLE = \"users\"\nquery = f\"SELECT * FROM {TABLE}\"\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprFString, NodeKind::ExprBinOp, NodeKind::ExprCall], built)],
    },
    Check {
        id: "sql-execute",
        family: "sql",
        summary: "A statement that is not constant is sent to the database.",
        why: "Where a part of it comes from outside, that part is run as SQL: it can read, change or delete what it \
              likes.",
        neglect: "The statement was put together from constants, or comes from the program's own files.",
        instead: "A constant statement with parameters: `cursor.execute(statement, (name,))`.",
        cwe: &[89],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "cursor.execute(base + \" LIMIT \" + count)\n",
            "import sqlite3\nsqlite3.connect(path).executescript(request.args[\"script\"])\n",
        ],
        good: &[
            "cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))\n",
            "executor.execute(task)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "*.execute",
                    "*.executemany",
                    "*.executescript",
                    "*.exec_driver_sql",
                    "*.fetch",
                    "*.fetchrow",
                    "*.fetchval",
                ],
                When::Is(executes),
            ),
            Detect::Call(&["psycopg.sql.SQL", "psycopg2.sql.SQL"], When::Is(raw_expression)),
        ],
    },
    Check {
        id: "django-extra",
        family: "sql",
        summary: "`QuerySet.extra` puts text into the SQL of a query as it is.",
        why: "What stands in `select`, `where` or `tables` is run as SQL: a part of it from outside can read or change \
              the database.",
        neglect: "Every part is a constant, and values are given by `params`.",
        instead: "`annotate`, `filter` and expressions such as `Func`; values by `params` or `select_params`.",
        cwe: &[89],
        severity: Severity::Medium,
        aliases: &["bandit:B610", "ruff:S610"],
        bad: &[
            "from .models import User\nUser.objects.extra(where=[f\"name = '{name}'\"])\n",
            "users.filter(active=True).extra(select={\"rank\": ranking})\n",
        ],
        good: &[
            "from .models import User\nUser.objects.extra(where=[\"name = %s\"], params=[name])\n",
            "report.extra(title)\n",
        ],
        detect: &[Detect::Call(&["*.extra"], When::Is(django_extra))],
    },
    Check {
        id: "django-raw-sql",
        family: "sql",
        summary: "`RawSQL` puts text into the SQL of a query as it is.",
        why: "A part of it from outside is run as SQL: it can read or change the database.",
        neglect: "Every part is a constant, and values are given as parameters.",
        instead: "`RawSQL(\"name = %s\", (name,))`, or a query expression.",
        cwe: &[89],
        severity: Severity::Medium,
        aliases: &["bandit:B611", "ruff:S611"],
        bad: &[
            "from django.db.models.expressions import RawSQL\nusers.annotate(rank=RawSQL(ranking, ()))\n",
            "from django.db.models import expressions\nexpressions.RawSQL(sql=\"a = \" + value, params=[])\n",
        ],
        good: &[
            "from django.db.models.expressions import RawSQL\nusers.annotate(rank=RawSQL(\"score > %s\", (limit,)))\n",
            "from myapp.sql import RawSQL\nRawSQL(text)\n",
        ],
        detect: &[Detect::Call(&["django.db.models.expressions.RawSQL"], When::Is(raw_expression))],
    },
    Check {
        id: "django-raw-query",
        family: "sql",
        summary: "`Model.objects.raw` gets a query that is not constant.",
        why: "A part of it from outside is run as SQL: it can read or change the database.",
        neglect: "The query is put together from constants.",
        instead: "`User.objects.raw(\"SELECT * FROM users WHERE name = %s\", [name])`, or `filter`.",
        cwe: &[89],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from .models import User\nUser.objects.raw(query)\n",
            "User.objects.raw(request.GET[\"query\"])\n",
        ],
        good: &[
            "from .models import User\nUser.objects.raw(\"SELECT * FROM users WHERE name = %s\", [name])\n",
            "response.raw(query)\n",
        ],
        detect: &[Detect::Call(&["*.raw"], When::Is(raw_query))],
    },
    Check {
        id: "sqlalchemy-text",
        family: "sql",
        summary: "SQLAlchemy gets a piece of SQL that is not constant.",
        why: "`text` and `literal_column` put it into the statement as it is: a part of it from outside is run as SQL.",
        neglect: "Every part is a constant, and values are bound: `text(\"name = :name\").bindparams(name=name)`.",
        instead: "`select(User).where(User.name == name)`, or `text(\"… name = :name\")` with parameters.",
        cwe: &[89],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from sqlalchemy import text\nconnection.execute(text(query))\n",
            "import sqlalchemy\nusers.order_by(sqlalchemy.literal_column(request.args[\"order\"]))\n",
        ],
        good: &[
            "from sqlalchemy import text\nconnection.execute(text(\"SELECT * FROM t WHERE a = :a\"), {\"a\": a})\n",
            "from pages import text\ntext(query)\n",
        ],
        detect: &[Detect::Call(
            &[
                "sqlalchemy.text",
                "sqlalchemy.literal_column",
                "sqlalchemy.sql.literal_column",
                "sqlalchemy.sql.expression.literal_column",
                "flask_sqlalchemy.SQLAlchemy().text",
                "flask_sqlalchemy.SQLAlchemy().literal_column",
                "sqlmodel.text",
            ],
            When::Is(raw_expression),
        )],
    },
    Check {
        id: "sql-order-from-input",
        family: "sql",
        summary: "What a query is sorted or grouped by is chosen by somebody outside.",
        why: "Where the library takes the text as SQL it can be made to run more; elsewhere it still lets somebody sort \
              by, and so find out, columns that are not shown.",
        neglect: "The library checks the text against the columns of the table, and all of them are public.",
        instead: "Look the column up in a fixed dictionary: `users.order_by(COLUMNS[choice])`.",
        cwe: &[89],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from flask import request\nusers.order_by(request.args[\"sort\"])\n",
            "from flask import request\nusers.group_by(request.form.get(\"group\"))\n",
        ],
        good: &["users.order_by(\"name\")\n", "users.order_by(COLUMNS[choice])\n"],
        detect: &[Detect::Call(&["*.order_by", "*.group_by", "*.having"], When::Is(from_input))],
    },
    Check {
        id: "pandas-read-sql",
        family: "sql",
        summary: "pandas gets a query that is not constant.",
        why: "A part of it from outside is run as SQL: it can read or change the database.",
        neglect: "The query is put together from constants.",
        instead: "`pandas.read_sql(\"SELECT * FROM t WHERE a = %(a)s\", connection, params={\"a\": a})`.",
        cwe: &[89],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import pandas as pd\npd.read_sql(base + condition, connection)\n",
            "import pandas\npandas.read_sql_query(sql=query, con=connection)\n",
        ],
        good: &[
            "import pandas as pd\npd.read_sql(\"SELECT * FROM t WHERE a = %(a)s\", con, params={\"a\": a})\n",
            "import pandas as pd\npd.read_sql_table(name, connection)\n",
        ],
        detect: &[Detect::Call(&["pandas.read_sql", "pandas.read_sql_query"], When::Is(raw_expression))],
    },
];

fn built(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    let Some(expr) = module.expr(node.node) else { return };
    if is_part(module, node.node) {
        return;
    }
    let Some(built) = built_by(module, expr) else { return };
    let sent = is_sent(module, node.node);
    if !is_sql(&built.text, sent) || module.names().exposure(module.value(expr)) == Exposure::Constant {
        return;
    }
    let parts = Parts::of(module, &built);
    let confidence = match parts.all {
        _ if is_only_shown(module, node.node) => Confidence::Low,
        Exposure::Constant | Exposure::Sanitised => Confidence::Low,
        Exposure::Input | Exposure::Request => Confidence::High,
        // A name of a table or column mostly comes from the program itself.
        Exposure::Unknown | Exposure::Built if parts.values <= Exposure::Sanitised => Confidence::Low,
        // So do expressions without quotes, in what only writes SQL.
        Exposure::Unknown | Exposure::Built
            if parts.quoted <= Exposure::Sanitised && !sent && !may_be_sent_later(module, node.node) =>
        {
            Confidence::Low
        }
        Exposure::Unknown | Exposure::Built if sent => Confidence::High,
        Exposure::Unknown | Exposure::Built => Confidence::Medium,
    };
    hits.at(first_part(expr), confidence);
}

/// The part of a text that is written first: where the statement starts.
fn first_part(expr: &Expr) -> TextRange {
    let mut first = expr;
    loop {
        first = match first {
            Expr::BinOp(binary) => &binary.left,
            Expr::Call(ast::ExprCall { func, .. }) => match &**func {
                Expr::Attribute(method) => &method.value,
                _ => return first.range(),
            },
            _ => return first.range(),
        }
    }
}

/// Whether a text starts like a statement of SQL. One that is certainly sent to a database needs to look less like it.
fn is_sql(template: &str, sent: bool) -> bool {
    let text = template.trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == HOLE);
    let mut words =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == HOLE)).filter(|w| !w.is_empty());
    let Some(first) = words.next() else { return false };
    let shouted = first.chars().all(|c| c.is_ascii_uppercase());
    if !(shouted || sent || first.chars().all(|c| c.is_ascii_lowercase())) {
        return false;
    }
    let words: Vec<String> = words.take(400).map(str::to_ascii_lowercase).collect();
    let any = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let soon = |wanted: &[&str]| words.iter().take(3).any(|word| wanted.contains(&word.as_str()));
    // In lower case these are words of English too: something else must say that it is SQL.
    let sure = shouted || sent || template.contains(['=', '*']) || any(&["where", "join", "values"]);
    match first.to_ascii_lowercase().as_str() {
        "select" => sure && any(&["from"]) || (sure || calls(text)) && has_quoted_hole(template),
        "insert" | "replace" | "merge" => sure && soon(&["into"]),
        "update" => sure && any(&["set"]),
        "delete" => sure && soon(&["from"]),
        "with" => sure && any(&["as"]) && any(&["select", "insert", "update", "delete"]),
        "where" => (shouted || sent || compares(text)) && has_hole_for_value(template),
        "create" | "drop" | "alter" | "truncate" if soon(OBJECTS) => shouted || sent,
        "create" => (shouted || sent) && soon(&["extension"]) && has_quoted_hole(template),
        "attach" => (sent || shouted && any(&["as"])) && has_quoted_hole(template),
        "call" => (sent || shouted && calls(text)) && has_quoted_hole(template),
        // A message says `COPY 'a' TO 'b'`.
        "copy" => {
            (sent || shouted && !text[4..].trim_start().starts_with('\''))
                && any(&["from", "to"])
                && has_quoted_hole(template)
        }
        "grant" | "revoke" => (shouted || sent) && any(&["on", "to"]),
        _ => false,
    }
}

/// Whether the first word is followed by the call of a function: `select currval('…')`.
fn calls(statement: &str) -> bool {
    let called = statement.split_whitespace().nth(1).and_then(|word| word.split_once('('));
    called.is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | HOLE))
    })
}

fn has_quoted_hole(template: &str) -> bool {
    template.match_indices(HOLE).any(|(at, _)| template[..at].ends_with('\''))
}

/// Whether `where` is followed by a column and what it is compared with, and not by a sentence.
fn compares(condition: &str) -> bool {
    let mut words = condition.split_whitespace().skip(2);
    let operator = words.next().unwrap_or_default().to_ascii_lowercase();
    operator.starts_with(['=', '<', '>', '!'])
        || ["between", "in", "is", "like", "not"].contains(&operator.as_str())
}

/// Statements that a database takes no parameters in: what varies in them is a name or a number, unless it is quoted.
const UTILITIES: &[&str] = &[
    "alter", "analyze", "create", "drop", "explain", "grant", "optimize", "pragma", "rename", "revoke",
    "set", "show", "truncate", "use", "vacuum",
];

fn is_utility(template: &str) -> bool {
    let mut words = template.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is = |word: &str, wanted: &[&str]| wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted));
    words.next().is_some_and(|first| is(first, UTILITIES))
        && !words.take(400).any(|word| is(word, &["delete", "insert", "select", "update", "where"]))
}

/// How exposed the parts of a statement are, at the worst.
struct Parts {
    /// All of them.
    all: Exposure,
    /// Those that stand where a value stands, and are no settings of another module.
    values: Exposure,
    /// Those of them that stand in quotes.
    quoted: Exposure,
}

impl Parts {
    fn of<'a>(module: &Module<'a>, built: &Built<'a>) -> Parts {
        let names = module.names();
        let is_utility = is_utility(&built.text);
        let mut parts =
            Parts { all: Exposure::Constant, values: Exposure::Constant, quoted: Exposure::Constant };
        // A quote in a comment opens nothing: there, only one right before the part counts.
        let has_comments = ["--", "/*", "#"].iter().any(|start| built.text.contains(start));
        let mut quotes = 0;
        let mut end = 0;
        for (at, part) in built.holes() {
            quotes += built.text[end..at].matches('\'').count();
            end = at;
            let follows_quote = built.text[..at].ends_with('\'');
            let is_quoted = if has_comments { follows_quote } else { quotes % 2 == 1 };
            let exposure = match part {
                Part::Unknown => Exposure::Built,
                Part::Number(_) => Exposure::Sanitised,
                // A part whose quotes were taken out or doubled does no harm in quotes.
                Part::Shown(expr) if is_quoted => names.exposure_to(Harm::SingleQuotes, module.value(expr)),
                Part::Shown(expr) => names.exposure_to(Harm::Query, module.value(expr)),
            };
            let is_value = is_quoted || !is_utility && (follows_quote || stands_for_value(&built.text, at));
            let is_setting = part
                .expr()
                .map(|expr| module.value(expr))
                .is_some_and(|value| names.is_taken_on_import(value) || names.is_imported_constant(value));
            let is_fragment =
                || !is_quoted && part.expr().is_some_and(|expr| is_fragment_with_values(module, expr));
            let is_name = is_quoted && names_object(&built.text, at);
            parts.all = parts.all.max(exposure);
            if is_value && !is_setting && !is_name && !is_fragment() {
                parts.values = parts.values.max(exposure);
                parts.quoted = parts.quoted.max(if is_quoted { exposure } else { Exposure::Constant });
            }
        }
        parts
    }
}

/// What a database holds besides rows.
const OBJECTS: &[&str] = &[
    "column", "database", "function", "index", "role", "schema", "sequence", "table", "trigger", "user",
    "view",
];

/// Whether a part that varies stands where a value stands, and not where the name of a table or column does.
fn has_hole_for_value(template: &str) -> bool {
    template
        .match_indices(HOLE)
        .any(|(at, _)| stands_for_value(template, at) || template[..at].ends_with('\''))
}

/// Columns of the catalogues of databases that hold the names of what they hold.
const CATALOGUE: &[&str] = &[
    "column_name",
    "constraint_name",
    "index_name",
    "indexname",
    "relname",
    "schema_name",
    "schemaname",
    "sequence_name",
    "table_name",
    "table_schema",
    "tablename",
];

/// Whether a part in quotes is the name of a table or the like: `table_name = '{table}'`, `SHOW VARIABLES LIKE '{name}'`.
fn names_object(template: &str, at: usize) -> bool {
    let before = &template[template.floor_char_boundary(at.saturating_sub(100))..at];
    if names_object_of_statement(before) {
        return true;
    }
    let Some(before) = before.strip_suffix('\'') else { return false };
    let mut words = before.split_whitespace().rev();
    let (last, before_last) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is = |word: &str, wanted: &str| word.eq_ignore_ascii_case(wanted);
    let column = match last {
        "=" => before_last,
        word if is(word, "like") => before_last,
        word => word.strip_suffix('=').unwrap_or_default(),
    };
    let column = column.rsplit('.').next().unwrap_or_default();
    let of_show = is(last, "like") && template.trim_start().get(..5).is_some_and(|word| is(word, "show "));
    of_show || CATALOGUE.iter().any(|known| is(column, known))
}

/// Whether what follows is the name in a statement in quotes, which another one runs: `EXECUTE IMMEDIATE 'DROP TABLE {name}'`.
fn names_object_of_statement(before: &str) -> bool {
    let statement = before.rsplit('\'').next().unwrap_or_default();
    let mut words = statement.trim_end_matches(['"', '`']).split_whitespace();
    let is = |word: Option<&str>, wanted: &[&str]| {
        word.is_some_and(|word| wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted)))
    };
    is(words.next(), &["alter", "create", "drop", "truncate"]) && is(words.last(), OBJECTS)
}

/// Whether a part is the table of a column: `= {table}.id`.
fn is_qualifier(template: &str, at: usize) -> bool {
    let after = template[at..].strip_prefix(HOLE).and_then(|rest| rest.strip_prefix('.'));
    after.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '`' | HOLE))
    })
}

fn stands_for_value(template: &str, at: usize) -> bool {
    if is_qualifier(template, at) {
        return false;
    }
    // What is told by the word before a long list of holes is told at its first.
    let before = template[template.floor_char_boundary(at.saturating_sub(100))..at].trim_end();
    before.ends_with(['=', '<', '>', '%']) || {
        let open = before.trim_end_matches(|c: char| c == '(' || c == ',' || c == HOLE || c.is_whitespace());
        let word = open.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        ["between", "like", "limit", "offset", "values"].contains(&word.to_ascii_lowercase().as_str())
    }
}

/// Whether `sql-built` already speaks about the text that a value is, and nothing worse than that text can stand there.
fn is_reported<'a>(module: &Module<'a>, value: Value<'a>) -> bool {
    let is_built = |expr: &'a Expr| {
        let Some(built) = built_by(module, expr) else { return false };
        // Where only names vary there is little to say.
        is_sql(&built.text, is_sent(module, AnyNodeRef::from(expr)))
            || is_sql(&built.text, true) && Parts::of(module, &built).values <= Exposure::Sanitised
    };
    if is_built(value.expr) {
        return true;
    }
    let exposure = |expr: &'a Expr| module.names().exposure(module.value(expr));
    let meant = module.names().things(value).into_iter().filter_map(|thing| match thing {
        Thing::Value(value) => Some(value.expr),
        _ => None,
    });
    let assigned = value.expr.as_name_expr().into_iter().flat_map(|name| module.assigned(name));
    let (built, others): (Vec<&Expr>, Vec<&Expr>) = meant.chain(assigned).partition(|expr| is_built(expr));
    let worst = built.into_iter().map(exposure).max();
    worst.is_some_and(|worst| module.names().exposure(value) <= worst)
        && others.into_iter().all(|expr| exposure(expr) <= Exposure::Unknown)
}

/// What is sent, unless `sql-built` says it all.
fn statement<'a>(call: &Call<'_, 'a>, keyword: &str) -> Option<Value<'a>> {
    let value = call.given(keyword, 0)?;
    (!is_reported(call.module, value)).then_some(value)
}

fn executes(call: &Call<'_, '_>) -> Option<Confidence> {
    let value = statement(call, "query")?;
    let known = DATABASES.iter().any(|package| call.name.starts_with(package));
    let name = receiver(call).and_then(last_word_of_name);
    let is_one_of = |names: &[&str]| name.as_deref().is_some_and(|name| names.contains(&name));
    let is_cursor = is_one_of(CURSORS);
    if !known && !is_cursor && !is_one_of(CONNECTIONS) {
        return None;
    }
    // SQLAlchemy takes statements that are no texts, and binds the values in them. What is text in them is judged where
    // it is put in. A cursor takes texts alone.
    let takes_objects = if known { call.name.starts_with("sqlalchemy.") } else { !is_cursor };
    if takes_objects && call.module.names().exposure_to(Harm::Text, value) <= Exposure::Sanitised {
        return None;
    }
    if is_composed(call.module, value.expr) {
        return None;
    }
    let (exposure, takes_value) = exposure_of_statement(call.module, value);
    match exposure {
        Exposure::Constant | Exposure::Sanitised => None,
        Exposure::Unknown => known.then_some(Confidence::Low),
        Exposure::Built => Some(if takes_value { Confidence::Medium } else { Confidence::Low }),
        Exposure::Input | Exposure::Request => Some(Confidence::High),
    }
}

/// Callees of Psycopg that quote what they are given, and those that take it as it is and are judged where they are called.
const COMPOSING: &[&str] = &[
    "psycopg.sql.Identifier",
    "psycopg.sql.Literal",
    "psycopg.sql.Placeholder",
    "psycopg.sql.SQL",
    "psycopg2.sql.Identifier",
    "psycopg2.sql.Literal",
    "psycopg2.sql.Placeholder",
    "psycopg2.sql.SQL",
];

/// How deep statements in statements are followed.
const MAX_COMPOSED: u32 = 50;

/// Whether a statement is composed as Psycopg does it, of texts and quoted parts.
fn is_composed<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    Composed { module, names: Vec::new() }.is_all(expr, 0)
}

struct Composed<'m, 'a> {
    module: &'m Module<'a>,
    /// Names that were followed: a statement may be put together from itself.
    names: Vec<&'a str>,
}

impl<'a> Composed<'_, 'a> {
    fn is_all(&mut self, expr: &'a Expr, depth: u32) -> bool {
        if depth > MAX_COMPOSED {
            return false;
        }
        let mut inner = |expr: &'a Expr| self.is_all(expr, depth + 1);
        match expr {
            Expr::BinOp(sum) if sum.op == Operator::Add => inner(&sum.left) && inner(&sum.right),
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                elts.iter().all(inner)
            }
            Expr::ListComp(ast::ExprListComp { elt, .. })
            | Expr::Generator(ast::ExprGenerator { elt, .. }) => inner(elt),
            Expr::Name(name) if self.names.contains(&name.id.as_str()) => true,
            Expr::Name(name) => {
                self.names.push(name.id.as_str());
                let assigned = self.module.only_assigned(name).unwrap_or_default();
                !assigned.is_empty() && assigned.into_iter().all(|expr| self.is_all(expr, depth + 1))
            }
            Expr::Call(call) if self.module.refers_to(&call.func, COMPOSING) => true,
            Expr::Call(call) => {
                let Expr::Attribute(method) = &*call.func else { return false };
                let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                let mut given = call.arguments.args.iter().chain(keywords);
                matches!(method.attr.as_str(), "format" | "join")
                    && self.is_all(&method.value, depth + 1)
                    && given.all(|expr| self.is_all(expr, depth + 1))
            }
            _ => false,
        }
    }
}

/// How exposed a statement is, and whether a value is put into it in sight, and not only the name of a table or column.
fn exposure_of_statement<'a>(module: &Module<'a>, value: Value<'a>) -> (Exposure, bool) {
    let whole = module.names().exposure_to(Harm::Query, value);
    if whole <= Exposure::Unknown {
        return (whole, false);
    }
    let expr = without_layout(module, value.expr);
    let (texts, grows) = match expr {
        Expr::Name(name) => {
            let texts: Vec<&Expr> = module.assigned(name).map(|expr| without_layout(module, expr)).collect();
            (texts, module.is_augmented(name))
        }
        expr => (vec![expr], false),
    };
    let is_whole = texts.len() == 1 && !grows;
    let parts: Vec<Parts> = texts
        .into_iter()
        .filter_map(|text| built_by(module, text))
        .map(|built| Parts::of(module, &built))
        .collect();
    let exposure = match parts.as_slice() {
        [parts] if is_whole && parts.all == Exposure::Unknown => Exposure::Built,
        [parts] if is_whole => parts.all,
        _ => whole,
    };
    (exposure, grows || parts.iter().any(|parts| parts.values > Exposure::Sanitised))
}

/// What a call is given that only changes the white space in a text.
fn without_layout<'a>(module: &Module<'a>, expr: &'a Expr) -> &'a Expr {
    match expr {
        Expr::Call(call) if module.refers_to(&call.func, &["textwrap.dedent", "inspect.cleandoc"]) => {
            call.arguments.args.first().unwrap_or(expr)
        }
        _ => expr,
    }
}

/// Packages that speak to a database.
const DATABASES: &[&str] = &[
    "MySQLdb.",
    "aiomysql.",
    "aiopg.",
    "aiosqlite.",
    "asyncpg.",
    "cx_Oracle.",
    "django.db.",
    "duckdb.",
    "mysql.",
    "oracledb.",
    "psycopg.",
    "psycopg2.",
    "pymssql.",
    "pymysql.",
    "pyodbc.",
    "sqlalchemy.",
    "sqlite3.",
];

/// What a method is called on.
fn receiver<'a>(call: &Call<'_, 'a>) -> Option<&'a Expr> {
    match call.node {
        AnyNodeRef::ExprCall(call) => Some(&call.func.as_attribute_expr()?.value),
        AnyNodeRef::ExprAttribute(method) => Some(&method.value),
        _ => None,
    }
}

/// What cursors and connections are called.
const CURSORS: &[&str] = &["c", "cur", "curs", "cursor"];
const CONNECTIONS: &[&str] =
    &["con", "conn", "connect", "connection", "database", "db", "engine", "session", "tx"];

/// The last word of what something is called: `self.db_cursor` and `cursor()` are a cursor.
fn last_word_of_name(expr: &Expr) -> Option<String> {
    let name = match expr {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Call(call) => match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return None,
        },
        _ => return None,
    };
    name.rsplit('_').find(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

fn django_extra(call: &Call<'_, '_>) -> Option<Confidence> {
    let exposure = |keyword: &str| call.exposure_of(keyword, None);
    let named = ["select", "where", "tables", "order_by"].map(|keyword| call.argument(keyword, None));
    if !named.iter().any(|argument| matches!(argument, Argument::Given(_))) {
        return None;
    }
    match [exposure("select"), exposure("where"), exposure("tables")].into_iter().max()? {
        Exposure::Constant => None,
        exposure => Some(exposure.confidence()),
    }
}

fn raw_expression(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.handed_on {
        return Some(Confidence::Medium);
    }
    let value = ["sql", "text", "string", "obj"].into_iter().find_map(|keyword| statement(call, keyword))?;
    // `text` and `select` are judged where they are called.
    if call.module.names().qualified(value).iter().any(|name| name.starts_with("sqlalchemy.")) {
        return None;
    }
    confidence_in(call, value)
}

/// A text that is put together in sight, or comes from outside, is one thing; one that comes from somewhere else in the
/// program is judged where it is put together.
fn confidence_in<'a>(call: &Call<'_, 'a>, value: Value<'a>) -> Option<Confidence> {
    let (exposure, takes_value) = exposure_of_statement(call.module, value);
    match exposure {
        Exposure::Constant | Exposure::Sanitised => None,
        Exposure::Built if takes_value => Some(Confidence::High),
        Exposure::Unknown | Exposure::Built => Some(Confidence::Low),
        Exposure::Input | Exposure::Request => Some(Confidence::High),
    }
}

fn raw_query(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_manager =
        |expr: &Expr| matches!(expr, Expr::Attribute(manager) if manager.attr.as_str() == "objects");
    if !is_manager(receiver(call)?) {
        return None;
    }
    let value = statement(call, "raw_query")?;
    confidence_in(call, value)
}

fn from_input(call: &Call<'_, '_>) -> Option<Confidence> {
    (call.exposure() >= Exposure::Input).then_some(Confidence::Medium)
}
