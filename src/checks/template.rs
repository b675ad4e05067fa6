use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::Family;
use super::built_text::{HOLE, template_of};
use super::words::last_name;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Assignment, Call, Constant, Exposure, Harm, Hit, Hits, Module, Node, Value};

pub const FAMILY: Family = Family { id: "template", title: "Templates and HTML", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "template-from-input",
        family: "template",
        summary: "The source of a template is not constant: whoever writes it writes code.",
        why: "Template languages can reach the objects of the program: `{{ config }}` shows its secrets, and a few \
              attributes further a command is run.",
        neglect: "Only those who may change the program may change its templates.",
        instead: "A constant template with values: `render_template(\"hello.html\", name=name)`; for templates of others \
                  `jinja2.sandbox.SandboxedEnvironment`.",
        cwe: &[1336, 94],
        severity: Severity::Critical,
        aliases: &[],
        bad: &[
            "from flask import render_template_string, request\nrender_template_string(request.args[\"page\"])\n",
            "import jinja2\njinja2.Template(\"Hello \" + name).render()\n",
            "from django.template import Template\npage = Template(source).render(context)\n",
        ],
        good: &[
            "from flask import render_template_string\nrender_template_string(\"Hello {{ name }}\", name=name)\n",
            "from jinja2.sandbox import SandboxedEnvironment\nSandboxedEnvironment(autoescape=True).from_string(text)\n",
            "from string import Template\nTemplate(text).substitute(name=name)\n",
        ],
        detect: &[
            Detect::Call(TEMPLATES, When::Is(template_source)),
            Detect::Call(&["bottle.template"], When::Is(template_or_its_name)),
        ],
    },
    Check {
        id: "jinja2-autoescape-off",
        family: "template",
        summary: "Jinja2 puts values into the page as they are.",
        why: "Without `autoescape` a value with a `<script>` in it becomes a script in the page of whoever looks at it. \
              It is off unless it is asked for.",
        neglect: "The templates make no HTML or XML.",
        instead: "`jinja2.Environment(autoescape=jinja2.select_autoescape())`.",
        cwe: &[79, 116],
        severity: Severity::High,
        aliases: &["bandit:B701", "ruff:S701"],
        bad: &[
            "import jinja2\nenvironment = jinja2.Environment(loader=loader)\n",
            "from jinja2 import Environment\nEnvironment(autoescape=False)\n",
            "import jinja2\njinja2.select_autoescape(enabled_extensions=())\n",
            "from shop import app\napp.jinja_options = {\"autoescape\": False}\n",
            "TEMPLATES = [{\"BACKEND\": backend, \"OPTIONS\": {\"autoescape\": False}}]\n",
        ],
        good: &[
            "import jinja2\nenvironment = jinja2.Environment(autoescape=jinja2.select_autoescape())\n",
            "from jinja2 import Environment\nEnvironment(loader=loader, autoescape=True)\n",
            "from simulation import Environment\nEnvironment()\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "jinja2.Environment",
                    "jinja2.Environment().overlay",
                    "jinja2.sandbox.ImmutableSandboxedEnvironment",
                    "jinja2.sandbox.SandboxedEnvironment",
                ],
                When::Is(without_autoescape),
            ),
            Detect::Call(&["jinja2.select_autoescape"], When::Is(selects_nothing)),
            Detect::Assign(
                &[
                    "flask.Flask().jinja_env.autoescape",
                    "flask.current_app.jinja_env.autoescape",
                    "jinja2.Environment().autoescape",
                ],
                is_off,
            ),
            Detect::Call(&["aiohttp_jinja2.setup"], When::Is(autoescape_off)),
            Detect::Node(&[NodeKind::StmtAssign], autoescape_of_application_off),
            Detect::Node(&[NodeKind::ExprDict], autoescape_of_django_off),
        ],
    },
    Check {
        id: "mako-unescaped",
        family: "template",
        summary: "Mako puts values into the page as they are.",
        why: "Unless a filter is asked for, a value with a `<script>` in it becomes a script in the page of whoever looks \
              at it.",
        neglect: "The templates make no HTML, or every value in them goes through `| h`.",
        instead: "`mako.template.Template(text, default_filters=[\"h\"])`.",
        cwe: &[79, 116],
        severity: Severity::Medium,
        aliases: &["bandit:B702", "ruff:S702"],
        bad: &[
            "from mako.template import Template\nTemplate(filename=\"page.html\")\n",
            "from mako.lookup import TemplateLookup\nTemplateLookup(directories=folders)\n",
        ],
        good: &[
            "from mako.template import Template\nTemplate(filename=\"page.html\", default_filters=[\"h\"])\n",
            "from string import Template\nTemplate(\"$name\")\n",
        ],
        detect: &[Detect::Call(
            &["mako.template.Template", "mako.lookup.TemplateLookup"],
            When::Is(without_filters),
        )],
    },
    Check {
        id: "mark-safe",
        family: "template",
        summary: "Django puts this text into a page as it is.",
        why: "`mark_safe` says that the text needs no escaping: a part of it from outside can bring a script into the \
              page of whoever looks at it.",
        neglect: "Every part is a constant or was escaped on its own.",
        instead: "`format_html(\"<b>{}</b>\", name)`, which escapes its values.",
        cwe: &[79, 80],
        severity: Severity::Medium,
        aliases: &["bandit:B308", "bandit:B703", "ruff:S308"],
        bad: &[
            "from django.utils.safestring import mark_safe\nmark_safe(f\"<b>{name}</b>\")\n",
            "from django.utils.safestring import SafeString\nSafeString(text)\n",
        ],
        good: &[
            "from django.utils.safestring import mark_safe\nmark_safe(\"<br>\")\n",
            "from django.utils.html import format_html\nformat_html(\"<b>{}</b>\", name)\n",
        ],
        detect: &[Detect::Call(
            &[
                "django.utils.safestring.SafeData",
                "django.utils.safestring.SafeString",
                "django.utils.safestring.SafeText",
                "django.utils.safestring.mark_safe",
            ],
            When::Is(marks_safe),
        )],
    },
    Check {
        id: "markup",
        family: "template",
        summary: "`Markup` puts this text into a page as it is.",
        why: "`Markup` says that the text needs no escaping: a part of it from outside can bring a script into the page \
              of whoever looks at it.",
        neglect: "Every part is a constant or was escaped on its own.",
        instead: "`Markup(\"<b>{}</b>\").format(name)`, which escapes its values, or `escape(name)`.",
        cwe: &[79, 80],
        severity: Severity::Medium,
        aliases: &["bandit:B704", "ruff:S704"],
        bad: &[
            "from markupsafe import Markup\nMarkup(f\"<b>{name}</b>\")\n",
            "import flask\nflask.Markup(text)\n",
        ],
        good: &[
            "from markupsafe import Markup\nMarkup(\"<b>{}</b>\").format(name)\n",
            "from markupsafe import escape\nescape(name)\n",
        ],
        detect: &[Detect::Call(&["markupsafe.Markup"], When::Is(marks_safe))],
    },
    Check {
        id: "format-html-built",
        family: "template",
        summary: "`format_html` gets a text with the values already in it, and escapes none of them.",
        why: "It escapes what it is given as arguments, not what the text already holds: a value with a `<script>` in it \
              becomes a script in the page.",
        neglect: "Every part is a constant.",
        instead: "`format_html(\"<b>{}</b>\", name)`.",
        cwe: &[79],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from django.utils.html import format_html\nformat_html(f\"<b>{name}</b>\")\n",
            "from django.utils.html import format_html\nformat_html(\"<b>%s</b>\" % name)\n",
        ],
        good: &[
            "from django.utils.html import format_html\nformat_html(\"<b>{}</b>\", name)\n",
            "from django.utils.html import format_html\nformat_html(\"<br>\")\n",
        ],
        detect: &[Detect::Call(&["django.utils.html.format_html"], When::Is(formats_built))],
    },
    Check {
        id: "html-response-built",
        family: "template",
        summary: "HTML is put together from text that varies, and sent as it is.",
        why: "A value with a `<script>` in it becomes a script in the page of whoever looks at it, and acts in their \
              name.",
        neglect: "Every part is a constant, a number, or was escaped on its own.",
        instead: "A template that escapes, or `html.escape(name)` for each part.",
        cwe: &[79],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from django.http import HttpResponse\nHttpResponse(f\"<h1>{name}</h1>\")\n",
            "@app.route(\"/<name>\")\ndef hello(name):\n    return \"<h1>\" + name + \"</h1>\"\n",
            "from flask import make_response, request\nmake_response(request.args[\"text\"])\n",
        ],
        good: &[
            "import html\nfrom django.http import HttpResponse\nHttpResponse(f\"<h1>{html.escape(name)}</h1>\")\n",
            "from django.http import HttpResponse\nHttpResponse(f\"<a>{x}</a>\", content_type=\"text/plain\")\n",
            "def hello(name):\n    return \"<h1>\" + name + \"</h1>\"\n",
        ],
        detect: &[
            Detect::Call(RESPONSES, When::Is(response_built)),
            Detect::Node(&[NodeKind::StmtReturn], returns_built),
        ],
    },
];

/// What takes the source of a template as its first argument.
const TEMPLATES: &[&str] = &[
    "Cheetah.Template.Template",
    "Cheetah.Template.Template.compile",
    "bottle.SimpleTemplate",
    "chameleon.PageTemplate",
    "django.template.Engine().from_string",
    "django.template.Template",
    "django.template.base.Template",
    "django.template.engine.Engine().from_string",
    "django.template.engines[].from_string",
    "flask.Flask().jinja_env.from_string",
    "flask.current_app.jinja_env.from_string",
    "flask.render_template_string",
    "flask.stream_template_string",
    "jinja2.Environment().from_string",
    "jinja2.Template",
    "jinja2.nativetypes.NativeEnvironment().from_string",
    "jinja2.nativetypes.NativeTemplate",
    "mako.template.Template",
    "quart.render_template_string",
    "tornado.template.Template",
];

/// What sends its first argument as HTML unless it is told otherwise.
const RESPONSES: &[&str] = &[
    "django.http.HttpResponse",
    "django.http.HttpResponseBadRequest",
    "django.http.HttpResponseForbidden",
    "django.http.HttpResponseGone",
    "django.http.HttpResponseNotFound",
    "django.http.HttpResponseServerError",
    "django.http.StreamingHttpResponse",
    "django.http.response.HttpResponse",
    "django.http.response.HttpResponseBadRequest",
    "django.http.response.HttpResponseForbidden",
    "django.http.response.HttpResponseGone",
    "django.http.response.HttpResponseNotFound",
    "django.http.response.HttpResponseServerError",
    "django.http.response.StreamingHttpResponse",
    "fastapi.responses.HTMLResponse",
    "flask.Response",
    "flask.make_response",
    "pyramid.response.Response",
    "quart.Response",
    "quart.make_response",
    "sanic.response.html",
    "tornado.web.RequestHandler().write",
    "werkzeug.wrappers.Response",
];

/// Results that were escaped where they were made.
const ESCAPED: &[&str] = &[
    "django.template.loader.render_to_string()",
    "django.utils.html.conditional_escape()",
    "django.utils.html.escape()",
    "django.utils.html.format_html()",
    "django.utils.html.format_html_join()",
    "django.utils.html.json_script()",
    "django.utils.safestring.mark_safe()",
    "flask.render_template()",
    "markupsafe.Markup()",
    "markupsafe.escape()",
];

/// Answers that are no HTML, or escape what is put into them.
const NO_BUILT_PAGES: &[&str] = &[
    "bottle.redirect()",
    "bottle.static_file()",
    "django.shortcuts.redirect()",
    "django.shortcuts.render()",
    "django.template.loader.render_to_string()",
    "flask.json.jsonify()",
    "flask.jsonify()",
    "flask.redirect()",
    "flask.render_template()",
    "flask.send_file()",
    "flask.send_from_directory()",
    "flask.stream_template()",
    "quart.jsonify()",
    "quart.redirect()",
    "quart.render_template()",
    "quart.send_file()",
    "quart.send_from_directory()",
    "werkzeug.utils.redirect()",
];

fn template_source(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.handed_on {
        return (!is_base_class(call)).then_some(Confidence::Medium);
    }
    // Django runs a template only where it is rendered: this one was to be tried, and nobody has it.
    if call.name.starts_with("django.")
        && matches!(call.module.parent(call.node), Some(AnyNodeRef::StmtExpr(_)))
    {
        return None;
    }
    let keyword = ["source", "text", "template_string", "template_code"]
        .into_iter()
        .find(|keyword| matches!(call.argument(keyword, None), Argument::Given(_)));
    let source = call.given(keyword.unwrap_or("source"), 0)?;
    match call.module.names().exposure(source) {
        Exposure::Constant | Exposure::Sanitised => None,
        // `PAGE_TEMPLATE` is a constant of another file.
        Exposure::Unknown if is_constant_name(source.expr) => Some(Confidence::Low),
        Exposure::Unknown | Exposure::Input if is_read_from_file(call, source) => Some(Confidence::Low),
        exposure => Some(exposure.confidence()),
    }
}

/// What is read from a file: mostly the program's own template.
fn is_read_from_file<'a>(call: &Call<'_, 'a>, source: Value<'a>) -> bool {
    let names = call.module.names().qualified(source);
    names.iter().any(|name| {
        let is_unknown = name.starts_with("?.") && name.ends_with(".read()");
        is_unknown || name.ends_with(".open().read()") || name.ends_with(".read_text()")
    })
}

/// Whether the callee only stands among the bases of a class.
fn is_base_class(call: &Call<'_, '_>) -> bool {
    let around = call.module.parent(call.node).and_then(|arguments| call.module.parent(arguments));
    matches!(around, Some(AnyNodeRef::StmtClassDef(_)))
}

fn is_constant_name(expr: &Expr) -> bool {
    last_name(expr).is_some_and(|name| name.len() > 1 && !name.contains(char::is_lowercase))
}

/// Bottle takes the name of a template or its source in the same place.
fn template_or_its_name(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.exposure_of("source", 0) {
        Exposure::Built => Some(Confidence::Medium),
        exposure if exposure >= Exposure::Input => Some(Confidence::High),
        _ => None,
    }
}

fn without_autoescape(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("autoescape", None) {
        Argument::Absent if call.name.ends_with(".overlay") => None,
        Argument::Absent if call.handed_on => Some(Confidence::Low),
        // A sandbox is for templates that strangers write: they could turn escaping off again.
        Argument::Absent if call.name.starts_with("jinja2.sandbox.") => Some(Confidence::Low),
        Argument::Absent => Some(Confidence::Medium),
        Argument::Unknown => Some(Confidence::Low),
        Argument::Given(_) => {
            call.constant("autoescape", None).is_some_and(|value| !value.truth()).then_some(Confidence::High)
        }
    }
}

fn selects_nothing(call: &Call<'_, '_>) -> Option<Confidence> {
    let nothing = call.constant("enabled_extensions", 0).is_some_and(|extensions| !extensions.truth());
    let by_default = call.constant("default", 3).is_some_and(|default| default.truth());
    (nothing && !by_default).then_some(Confidence::High)
}

fn autoescape_off(call: &Call<'_, '_>) -> Option<Confidence> {
    call.constant("autoescape", None).is_some_and(|value| !value.truth()).then_some(Confidence::High)
}

/// `app.jinja_options = {"autoescape": False}`, and `app.jinja_env.autoescape = False` of an application of another file.
fn autoescape_of_application_off(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtAssign(assign) = node.node else { return };
    let module = node.module;
    for target in &assign.targets {
        let is_off = match target {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "jinja_options" => {
                matches!(&*assign.value, Expr::Dict(options) if turns_autoescape_off(module, options).is_some())
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "autoescape" => {
                last_name(&attribute.value) == Some("jinja_env")
                    && module.constant(&assign.value) == Some(Constant::Bool(false))
            }
            _ => false,
        };
        if is_off {
            hits.at(target, Confidence::High);
        }
    }
}

/// The value that switches escaping off in some options.
fn turns_autoescape_off<'a>(module: &Module<'a>, options: &'a ast::ExprDict) -> Option<&'a Expr> {
    let is_autoescape =
        |key: &Expr| key.as_string_literal_expr().is_some_and(|key| key.value.to_str() == "autoescape");
    let item = options.items.iter().find(|item| item.key.as_ref().is_some_and(is_autoescape))?;
    (module.constant(&item.value) == Some(Constant::Bool(false))).then_some(&item.value)
}

/// An engine in Django's `TEMPLATES` is a mapping with its class and its options.
fn autoescape_of_django_off(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::ExprDict(options) = node.node else { return };
    let Some(value) = turns_autoescape_off(node.module, options) else { return };
    let Some(AnyNodeRef::ExprDict(engine)) = node.module.parent(node.node) else { return };
    let names_class = engine.items.iter().any(|item| {
        let key = item.key.as_ref().and_then(Expr::as_string_literal_expr);
        key.is_some_and(|key| key.value.to_str() == "BACKEND")
    });
    if names_class {
        let message = Some("Templates put values into the page as they are.".to_owned());
        hits.push(Hit { message, ..Hit::at(value, Confidence::High) });
    }
}

fn is_off(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    (assignment.constant() == Some(Constant::Bool(false))).then_some(Confidence::High)
}

fn without_filters(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("default_filters", None) {
        Argument::Absent => Some(Confidence::Medium),
        Argument::Unknown => Some(Confidence::Low),
        Argument::Given(_) => {
            let Some(Constant::List(filters)) = call.constant("default_filters", None) else {
                return Some(Confidence::Low);
            };
            let escapes = filters.iter().any(|filter| matches!(filter.as_str(), Some("h" | "html" | "x")));
            (!escapes).then_some(Confidence::High)
        }
    }
}

fn marks_safe(call: &Call<'_, '_>) -> Option<Confidence> {
    if call.handed_on {
        return Some(Confidence::Medium);
    }
    let value = call.given("s", 0)?;
    if is_escaped(call, value) {
        return None;
    }
    match call.module.names().exposure_to(Harm::Markup, value) {
        Exposure::Constant => None,
        exposure => Some(exposure.confidence()),
    }
}

fn is_escaped<'a>(call: &Call<'_, 'a>, value: Value<'a>) -> bool {
    call.module.names().is_only(value, |name| ESCAPED.contains(&name))
}

fn formats_built(call: &Call<'_, '_>) -> Option<Confidence> {
    let exposure = call.exposure_of("format_string", 0);
    (exposure >= Exposure::Built).then_some(exposure.confidence())
}

fn response_built(call: &Call<'_, '_>) -> Option<Confidence> {
    let names_other_type = ["content_type", "mimetype", "media_type"]
        .iter()
        .any(|keyword| call.text(keyword, None).is_some_and(|kind| !kind.contains("html")));
    if names_other_type {
        return None;
    }
    let keywords = ["content", "response", "body", "chunk", "streaming_content"];
    let mut content = keywords.iter().find_map(|keyword| call.given(keyword, 0))?;
    if let Expr::Tuple(answer) = content.expr {
        content = Value { expr: answer.elts.first()?, ..content };
    }
    // Tornado sends a mapping as JSON, and says so.
    let is_mapping = call.name.starts_with("tornado.") && content.expr.is_dict_expr();
    if is_mapping || call.module.is_only(content.expr, NO_BUILT_PAGES) {
        return None;
    }
    let is_html = template_of(call.module, content.expr).is_some_and(|text| is_html(&text));
    match call.module.names().exposure_to(Harm::Markup, content) {
        Exposure::Request => Some(Confidence::High),
        Exposure::Input if is_html => Some(Confidence::High),
        Exposure::Built | Exposure::Unknown if is_html => Some(Confidence::Medium),
        _ => None,
    }
}

/// Whether a text has a tag and a part that varies.
fn is_html(template: &str) -> bool {
    let has_tag = template.match_indices('<').any(|(at, _)| {
        template[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!' || c == HOLE)
    });
    has_tag && template.contains('>')
}

/// In Flask and its like the text that a view returns is the page.
fn returns_built(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtReturn(ast::StmtReturn { value: Some(value), .. }) = node.node else { return };
    let module = node.module;
    let Some(function) = module.function_around(node.node) else { return };
    if !function.decorator_list.iter().any(answers_with_html) {
        return;
    }
    let body = match &**value {
        Expr::Tuple(answer) => match answer.elts.first() {
            Some(body) => body,
            None => return,
        },
        body => body,
    };
    // What is made into a response is judged there.
    if matches!(body, Expr::Call(call) if module.refers_to(&call.func, &["flask.make_response"]))
        || module.is_only(body, NO_BUILT_PAGES)
    {
        return;
    }
    let is_html = template_of(module, body).is_some_and(|text| is_html(&text));
    let confidence = match module.names().exposure_to(Harm::Markup, module.value(body)) {
        Exposure::Request | Exposure::Input => Confidence::High,
        Exposure::Built | Exposure::Unknown if is_html => Confidence::Medium,
        _ => return,
    };
    hits.at(body, confidence);
}

fn answers_with_html(decorator: &ast::Decorator) -> bool {
    let Expr::Call(call) = &decorator.expression else { return false };
    let is_route = last_name(&call.func) == Some("route");
    let says_html = call
        .arguments
        .find_keyword("response_class")
        .is_some_and(|class| last_name(&class.value) == Some("HTMLResponse"));
    is_route || says_html
}
