use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};
use ruff_text_size::Ranged;

use super::Family;
use super::built_text::{HOLE, template_of};
use super::error_handling::is_broad;
use super::web_code::{is_any, is_view};
use super::words::{is_unguessable, last_name, words};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{
    Argument, Assignment, Call, Constant, Exposure, Harm, Hits, Module, Node, Reference, Truth, Value,
};

pub const FAMILY: Family = Family { id: "web", title: "Web applications", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "flask-debug",
        family: "web",
        summary: "The application starts with Werkzeug's debugger, which runs code for whoever causes an error.",
        why: "The page that shows an error has a console in it. Its PIN can be worked out from what the error pages and \
              a readable file tell.",
        neglect: "It is started on a developer's machine only, and listens on localhost.",
        instead: "`flask --debug run` while developing, and `app.run()` without `debug` in the code.",
        cwe: &[489, 94],
        severity: Severity::High,
        aliases: &["bandit:B201", "ruff:S201"],
        bad: &[
            "from flask import Flask\napp = Flask(__name__)\napp.run(debug=True)\n",
            "from shop import app\napp.run(host=\"0.0.0.0\", debug=True)\n",
            "from werkzeug.serving import run_simple\nrun_simple(\"localhost\", 80, app, use_debugger=True)\n",
            "from flask import Flask\napp = Flask(__name__)\napp.debug = True\n",
        ],
        good: &[
            "from flask import Flask\napp = Flask(__name__)\napp.run()\n",
            "import asyncio\nasyncio.run(main(), debug=True)\n",
        ],
        detect: &[
            Detect::Call(&["*.run"], When::Is(runs_debugger)),
            Detect::Call(&["werkzeug.serving.run_simple", "werkzeug.run_simple"], When::Is(uses_debugger)),
            Detect::Call(&["werkzeug.debug.DebuggedApplication"], When::Is(evaluates)),
            Detect::Assign(&["flask.Flask().debug"], is_true),
        ],
    },
    Check {
        id: "web-debug-mode",
        family: "web",
        summary: "The server shows what is inside the program to whoever causes an error.",
        why: "A page with a traceback shows source code, paths and values of variables, among them keys and passwords.",
        neglect: "It is started on a developer's machine only, and listens on localhost.",
        instead: "Leave `debug` off, and turn it on by an option of the command line while developing.",
        cwe: &[489, 215],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from fastapi import FastAPI\napp = FastAPI(debug=True)\n",
            "import bottle\nbottle.run(host=\"localhost\", debug=True)\n",
            "import bottle\nbottle.debug(True)\n",
        ],
        good: &[
            "from fastapi import FastAPI\napp = FastAPI(debug=False)\n",
            "from fastapi import FastAPI\napp = FastAPI(debug=settings.debug)\n",
        ],
        detect: &[
            Detect::Call(DEBUG_SERVERS, When::Is(debugs)),
            Detect::Call(&["*.run"], When::Is(debugs_bottle)),
            Detect::Call(&["bottle.debug"], When::Is(turned_on)),
        ],
    },
    Check {
        id: "server-reload",
        family: "web",
        summary: "The server watches its source files and starts again when one changes.",
        why: "It is meant for developing: whoever can write one file of the program runs code at once, and the watching \
              costs time.",
        neglect: "It is started on a developer's machine only.",
        instead: "`uvicorn shop:app --reload` while developing, and no `reload` in the code.",
        cwe: &[489],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import uvicorn\nuvicorn.run(\"shop:app\", reload=True)\n",
            "from hypercorn import Config\nfrom uvicorn import run\nrun(app, reload=1)\n",
        ],
        good: &["import uvicorn\nuvicorn.run(\"shop:app\")\n", "page.run(reload=True)\n"],
        detect: &[Detect::Call(&["uvicorn.run", "bottle.run"], When::Is(reloads))],
    },
    Check {
        id: "cookie-without-flags",
        family: "web",
        summary: "A cookie is set that travels unencrypted or can be read by scripts.",
        why: "Without `secure` it is sent over plain HTTP too, and without `httponly` a script that got into a page can \
              read it.",
        neglect: "The cookie holds nothing that others may not know or change, such as a language.",
        instead: "`response.set_cookie(name, value, secure=True, httponly=True, samesite=\"Lax\")`.",
        cwe: &[614, 1004],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "response.set_cookie(\"session\", value)\n",
            "response.set_cookie(\"language\", value, secure=False, httponly=True)\n",
        ],
        good: &[
            "response.set_cookie(\"session\", value, secure=True, httponly=True, samesite=\"Lax\")\n",
            "jar.set_cookie(cookie)\n",
        ],
        detect: &[Detect::Call(&["*.set_cookie", "*.set_signed_cookie"], When::Is(without_flags))],
    },
    Check {
        id: "session-key-from-request",
        family: "web",
        summary: "A request chooses under which name something is kept in the session.",
        why: "What the program keeps there itself, such as who is logged in, can be replaced: `user_id` or `is_admin` \
              is as good a name as any.",
        neglect: "The name was compared with a list of names before.",
        instead: "`session[\"choice\"] = {name: value}`: a name of the program's own, and the rest below it.",
        cwe: &[501],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from flask import request, session\nsession[request.args[\"name\"]] = True\n",
            "def keep(request):\n    request.session[request.POST[\"name\"]] = 1\n",
        ],
        good: &[
            "from flask import request, session\nsession[\"visits\"] = 1\n",
            "from flask import request\ncache[request.args[\"name\"]] = True\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtAssign], session_key)],
    },
    Check {
        id: "session-value-from-request",
        family: "web",
        summary: "What a request holds is kept in the session as it is.",
        why: "Other code takes what is in a session for something that the program has checked, above all where it says \
              who somebody is.",
        neglect: "Nobody can gain anything by choosing it: a language, a filter, a draft.",
        instead: "Check it first, and keep what the check found: `session[\"user_id\"] = user.id`.",
        cwe: &[501],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "from flask import request, session\nsession[\"user\"] = request.form[\"user\"]\n",
            "def keep(request):\n    request.session[\"role\"] = request.POST.get(\"role\")\n",
        ],
        good: &[
            "from flask import request, session\nsession[\"page\"] = int(request.args[\"page\"])\n",
            "from flask import session\nsession[\"user_id\"] = user.id\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtAssign], session_value)],
    },
    Check {
        id: "csrf-exempt",
        family: "web",
        summary: "This view accepts requests that another site made somebody's browser send.",
        why: "Any page that a logged-in person visits can send a form to this view in their name.",
        neglect: "The view authenticates each request in another way, for example by a signature.",
        instead: "Leave the protection on, and send the token with the request.",
        cwe: &[352],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from django.views.decorators.csrf import csrf_exempt\n@csrf_exempt\ndef hook(request):\n    save(request)\n",
            "from flask_wtf.csrf import CSRFProtect\ncsrf = CSRFProtect(app)\n@csrf.exempt\ndef hook():\n    save()\n",
        ],
        good: &[
            "from django.views.decorators.csrf import csrf_protect\n@csrf_protect\ndef hook(request):\n    save(request)\n",
            "@limiter.exempt\ndef hook():\n    save()\n",
        ],
        detect: &[Detect::Reference(
            &[
                "django.views.decorators.csrf.csrf_exempt",
                "flask_wtf.CSRFProtect().exempt",
                "flask_wtf.csrf.CSRFProtect().exempt",
                "flask_wtf.csrf.CsrfProtect().exempt",
            ],
            always,
        )],
    },
    Check {
        id: "csrf-off",
        family: "web",
        summary: "The check that a form comes from the site itself is switched off.",
        why: "Any page that a logged-in person visits can send forms in their name.",
        neglect: "The application knows no cookies, only tokens in a header.",
        instead: "`tornado.web.Application(handlers, xsrf_cookies=True)`.",
        cwe: &[352],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import tornado.web\ntornado.web.Application(handlers, xsrf_cookies=False)\n",
            "from wtforms.ext.csrf import SecureForm\nform = Form(request.form, csrf_enabled=False)\n",
            "from flask_wtf import FlaskForm\nclass Order(FlaskForm):\n    class Meta:\n        csrf = False\n",
        ],
        good: &[
            "import tornado.web\ntornado.web.Application(handlers, xsrf_cookies=True)\n",
            "form = Form(request.form)\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::Keyword], csrf_keyword),
            Detect::Node(&[NodeKind::StmtAssign, NodeKind::StmtAnnAssign], csrf_of_form),
        ],
    },
    Check {
        id: "cors-any-origin",
        family: "web",
        summary: "Scripts of any site may read what is answered here.",
        why: "Any page that somebody visits can read, from their browser and their network, what they can see here.",
        neglect: "Everything that is answered is public and looks the same for everybody.",
        instead: "`allow_origins=[\"https://shop.example.com\"]`.",
        cwe: &[942],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from fastapi.middleware.cors import CORSMiddleware\n\
             app.add_middleware(CORSMiddleware, allow_origins=[\"*\"])\n",
            "from flask_cors import CORS\nCORS(app)\n",
            "response.headers[\"Access-Control-Allow-Origin\"] = \"*\"\n",
            "answer = {\"headers\": {\"Access-Control-Allow-Origin\": \"*\"}}\n",
        ],
        good: &[
            "from fastapi.middleware.cors import CORSMiddleware\n\
             app.add_middleware(CORSMiddleware, allow_origins=[\"https://shop.example.com\"])\n",
            "from flask_cors import CORS\nCORS(app, origins=[\"https://shop.example.com\"])\n",
            "response.headers[\"Access-Control-Allow-Origin\"] = \"https://shop.example.com\"\n",
        ],
        detect: &[
            Detect::Call(CORS_MIDDLEWARE, When::Is(any_origin_only)),
            Detect::Call(FLASK_CORS, When::Is(any_flask_origin_only)),
            Detect::Call(&["*.set_header", "*.send_header", "*.add_header"], When::Is(any_origin_header)),
            Detect::Node(&[NodeKind::StmtAssign, NodeKind::ExprDict], any_origin_item),
        ],
    },
    Check {
        id: "cors-credentials-any-origin",
        family: "web",
        summary: "Scripts of any site may read what a logged-in person sees here.",
        why: "With credentials allowed, the page of an attacker reads answers with the visitor's own cookies: it sees \
              and does what they can see and do.",
        neglect: "Never for an application in which people log in.",
        instead: "`allow_origins=[\"https://shop.example.com\"], allow_credentials=True`.",
        cwe: &[942],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from fastapi.middleware.cors import CORSMiddleware\n\
             app.add_middleware(CORSMiddleware, allow_origins=[\"*\"], allow_credentials=True)\n",
            "from flask_cors import CORS\nCORS(app, supports_credentials=True)\n",
        ],
        good: &[
            "from fastapi.middleware.cors import CORSMiddleware\n\
             app.add_middleware(CORSMiddleware, allow_origins=ORIGINS, allow_credentials=True)\n",
            "from flask_cors import CORS\nCORS(app, origins=\"https://shop.example.com\", supports_credentials=True)\n",
        ],
        detect: &[
            Detect::Call(CORS_MIDDLEWARE, When::Is(any_origin_with_credentials)),
            Detect::Call(FLASK_CORS, When::Is(any_flask_origin_with_credentials)),
        ],
    },
    Check {
        id: "trusted-hosts-any",
        family: "web",
        summary: "The application answers for any host name, or believes any client about its address.",
        why: "The `Host` and `X-Forwarded-…` headers are chosen by the client: links in mails, redirects and limits by \
              address can be bent.",
        neglect: "A proxy that overwrites these headers is the only way to the application.",
        instead: "`allowed_hosts=[\"shop.example.com\"]`, `ProxyFix(app, x_for=1, x_proto=1, x_host=0)`.",
        cwe: &[346, 348],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "from starlette.middleware.trustedhost import TrustedHostMiddleware\n\
             app.add_middleware(TrustedHostMiddleware, allowed_hosts=[\"*\"])\n",
            "from werkzeug.middleware.proxy_fix import ProxyFix\napp.wsgi_app = ProxyFix(app.wsgi_app)\n",
            "import uvicorn\nuvicorn.run(app, forwarded_allow_ips=\"*\")\n",
        ],
        good: &[
            "from starlette.middleware.trustedhost import TrustedHostMiddleware\n\
             app.add_middleware(TrustedHostMiddleware, allowed_hosts=[\"shop.example.com\"])\n",
            "from werkzeug.middleware.proxy_fix import ProxyFix\napp.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)\n",
        ],
        detect: &[
            Detect::Call(&["*.add_middleware", "fastapi.middleware.Middleware"], When::Is(any_trusted_host)),
            Detect::Call(
                &["werkzeug.middleware.proxy_fix.ProxyFix", "werkzeug.contrib.fixers.ProxyFix"],
                When::Is(without_counts),
            ),
            Detect::Call(&["uvicorn.run", "uvicorn.Config"], When::Is(any_forwarded_address)),
        ],
    },
    Check {
        id: "graphql-explorer",
        family: "web",
        summary: "The server offers a page that explores its whole GraphQL interface.",
        why: "Everybody can list every query and mutation, also those that no page of the application uses.",
        neglect: "The interface is public and documented anyway.",
        instead: "`graphiql=False`, and introspection off in production.",
        cwe: &[200, 489],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "from graphene_django.views import GraphQLView\nview = GraphQLView.as_view(graphiql=True)\n",
            "from strawberry.fastapi import GraphQLRouter\nrouter = GraphQLRouter(schema, graphql_ide=\"graphiql\")\n",
        ],
        good: &[
            "from graphene_django.views import GraphQLView\nview = GraphQLView.as_view(graphiql=False)\n",
            "from strawberry.fastapi import GraphQLRouter\nrouter = GraphQLRouter(schema, graphql_ide=None)\n",
        ],
        detect: &[Detect::Node(&[NodeKind::Keyword], graphql_explorer)],
    },
    Check {
        id: "mass-assignment",
        family: "web",
        summary: "Whoever sends a request chooses which fields of a record are set.",
        why: "A field that the form does not show, such as `is_admin` or `owner`, can be set by adding it to the \
              request; a field that is added to the model later is open at once.",
        neglect: "Every field of the record may be set by everybody who can send the request.",
        instead: "`fields = [\"title\", \"text\"]`; `Page(title=data[\"title\"], text=data[\"text\"])`.",
        cwe: &[915],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "class PageForm(ModelForm):\n    class Meta:\n        model = Page\n        fields = \"__all__\"\n",
            "from flask import request\npage = Page(**request.json)\n",
        ],
        good: &[
            "class PageForm(ModelForm):\n    class Meta:\n        model = Page\n        fields = [\"title\"]\n",
            "class Report:\n    fields = \"__all__\"\n",
        ],
        detect: &[Detect::Node(&[NodeKind::StmtAssign, NodeKind::Keyword], mass_assignment)],
    },
    Check {
        id: "error-details-shown",
        family: "web",
        summary: "The client gets to see the text of an exception.",
        why: "Messages and tracebacks tell about paths, queries, versions and sometimes values: they help to attack \
              what raised them.",
        neglect: "The exception is the application's own and made to be shown.",
        instead: "Log it, and answer with a fixed text: `logger.exception(\"cannot save\")`.",
        cwe: &[209],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "@app.route(\"/\")\ndef index():\n    try:\n        return page()\n    except Exception as error:\n        \
             return str(error), 500\n",
            "import traceback\ndef index(request):\n    return HttpResponse(traceback.format_exc())\n",
            "@app.get(\"/\")\ndef index():\n    try:\n        return page()\n    except Exception as error:\n        \
             return {\"error\": f\"failed: {error}\"}\n",
        ],
        good: &[
            "@app.route(\"/\")\ndef index():\n    try:\n        return page()\n    except Exception as error:\n        \
             logger.error(str(error))\n        return \"sorry\", 500\n",
            "def describe(code):\n    try:\n        return table[code]\n    except KeyError as error:\n        \
             return str(error)\n",
        ],
        detect: &[
            Detect::Call(
                &["builtins.str", "builtins.repr", "traceback.format_exc", "traceback.format_exception"],
                When::Is(shows_error),
            ),
            Detect::Node(&[NodeKind::InterpolatedElement], shows_error_in_text),
        ],
    },
    Check {
        id: "open-redirect",
        family: "web",
        summary: "Where the browser is sent next is chosen by whoever made the link.",
        why: "A link that starts with the name of this site leads to one of the attacker's, where people type their \
              password.",
        neglect: "The address is checked to be one of this site before.",
        instead: "`url_for(\"index\")`, or `url_has_allowed_host_and_scheme(target, allowed_hosts={…})` first.",
        cwe: &[601],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from flask import redirect, request\nreturn_to = redirect(request.args[\"next\"])\n",
            "from flask import redirect, request\nredirect(\"https://\" + request.form.get(\"host\"))\n",
        ],
        good: &[
            "from flask import redirect, url_for\nredirect(url_for(\"index\"))\n",
            "from flask import redirect, request\nredirect(\"/pages/\" + request.args[\"page\"])\n",
        ],
        detect: &[
            Detect::Call(REDIRECTS, When::Is(redirects)),
            Detect::Node(&[NodeKind::StmtAssign], sets_location),
        ],
    },
    Check {
        id: "header-from-request",
        family: "web",
        summary: "A header of the answer is made of what the client sent.",
        why: "A line break in it starts a new header or the body, where the framework lets it through; and some headers \
              decide what the browser may do.",
        neglect: "The value is checked against a fixed list before.",
        instead: "Look the value up in a fixed dictionary.",
        cwe: &[113],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from flask import request\nresponse.headers[\"X-Name\"] = request.args[\"name\"]\n",
            "from flask import request\nself.send_header(\"Location\", request.args[\"next\"])\n",
        ],
        good: &[
            "from flask import request\nresponse.headers[\"X-Name\"] = NAMES[0]\n",
            "from flask import request\nname = request.headers[\"X-Name\"]\n",
        ],
        detect: &[
            Detect::Call(&["*.set_header", "*.send_header", "*.add_header"], When::Is(header_from_request)),
            Detect::Node(&[NodeKind::StmtAssign], header_item_from_request),
        ],
    },
    Check {
        id: "jupyter-open",
        family: "web",
        summary: "This Jupyter server lets everybody in who can reach it.",
        why: "Whoever can open a notebook runs code with the rights of the server.",
        neglect: "Something else in front of it asks for a password.",
        instead: "Leave the token that Jupyter makes, or set a password with `jupyter server password`.",
        cwe: &[306],
        severity: Severity::High,
        aliases: &[],
        bad: &["c.NotebookApp.token = \"\"\n", "c.ServerApp.disable_check_xsrf = True\n"],
        good: &["c.NotebookApp.port = 8889\n", "parser.token = \"\"\n"],
        detect: &[Detect::Node(&[NodeKind::StmtAssign], jupyter_open)],
    },
];

/// Servers and applications with a `debug` that shows tracebacks.
const DEBUG_SERVERS: &[&str] = &[
    "aiohttp_debugtoolbar.setup",
    "bottle.Bottle().run",
    "bottle.run",
    "connexion.App().run",
    "connexion.FlaskApp().run",
    "dash.Dash().run",
    "dash.Dash().run_server",
    "fastapi.FastAPI",
    "litestar.Litestar",
    "quart.Quart().run",
    "sanic.Sanic().run",
    "starlette.applications.Starlette",
    "tornado.web.Application",
];

const CORS_MIDDLEWARE: &[&str] =
    &["*.add_middleware", "fastapi.middleware.Middleware", "fastapi.middleware.cors.CORSMiddleware"];

const FLASK_CORS: &[&str] = &["flask_cors.CORS", "flask_cors.cross_origin", "flask_cors.extension.CORS"];

const REDIRECTS: &[&str] = &[
    "bottle.redirect",
    "django.http.HttpResponsePermanentRedirect",
    "django.http.HttpResponseRedirect",
    "django.shortcuts.redirect",
    "fastapi.responses.RedirectResponse",
    "flask.redirect",
    "quart.redirect",
    "sanic.response.redirect",
    "werkzeug.utils.redirect",
];

fn always(_: &Reference<'_, '_>) -> Option<Confidence> {
    Some(Confidence::High)
}

fn sure(truth: Truth) -> Option<Confidence> {
    match truth {
        Truth::True => Some(Confidence::High),
        Truth::Sometimes => Some(Confidence::Medium),
        Truth::False | Truth::Absent | Truth::Unknown => None,
    }
}

fn is_true(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    (assignment.constant() == Some(Constant::Bool(true))).then_some(Confidence::High)
}

/// `run` of a Flask application, or of something that may be one: it can come from another file.
fn runs_debugger(call: &Call<'_, '_>) -> Option<Confidence> {
    let name = call.name.as_str();
    let is_flask = name == "flask.Flask().run";
    let is_other = DEBUG_SERVERS.contains(&name)
        || is_in_bottle(name)
        || is_run_of_bottle(call)
        || ["asyncio.", "anyio.", "trio.", "subprocess."].iter().any(|module| name.starts_with(module));
    if is_other {
        return None;
    }
    let confidence = sure(call.truth("debug", is_flask.then_some(2)))?;
    Some(if is_flask { confidence } else { confidence.min(Confidence::Medium) })
}

/// `run` of one of several frameworks, with an argument that only Bottle's takes.
fn is_run_of_bottle(call: &Call<'_, '_>) -> bool {
    let AnyNodeRef::ExprCall(written) = call.node else { return false };
    ["quiet", "reloader", "interval", "plugins"]
        .iter()
        .any(|keyword| matches!(call.argument(keyword, None), Argument::Given(_)))
        && call.module.refers_to(&written.func, &["bottle.run", "bottle.Bottle().run"])
}

fn uses_debugger(call: &Call<'_, '_>) -> Option<Confidence> {
    sure(call.truth("use_debugger", 4))
}

fn evaluates(call: &Call<'_, '_>) -> Option<Confidence> {
    sure(call.truth("evalex", 1))
}

fn debugs(call: &Call<'_, '_>) -> Option<Confidence> {
    sure(call.truth("debug", None))
}

/// Whether a name is one of Bottle's, which is one file that many programs bring with them: `thirdparty.bottle.run`.
fn is_in_bottle(name: &str) -> bool {
    name.starts_with("bottle.") || name.ends_with(".bottle.run") || name.ends_with(".bottle.Bottle().run")
}

/// `bottle.default_app().run`.
fn debugs_bottle(call: &Call<'_, '_>) -> Option<Confidence> {
    let name = call.name.as_str();
    (is_in_bottle(name) && !DEBUG_SERVERS.contains(&name)).then(|| debugs(call)).flatten()
}

fn turned_on(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.truth("mode", 0) {
        Truth::Absent if !call.handed_on => Some(Confidence::High),
        truth => sure(truth),
    }
}

fn reloads(call: &Call<'_, '_>) -> Option<Confidence> {
    sure(call.truth(if call.name == "bottle.run" { "reloader" } else { "reload" }, None))
}

fn without_flags(call: &Call<'_, '_>) -> Option<Confidence> {
    let key = ["key", "name"].iter().find_map(|keyword| call.given(keyword, 0))?;
    let value = call.given("value", 1)?;
    let names = call.module.names();
    // A cookie with nothing in it, or no cookie at all, is on its way out.
    if names.constant(value).is_some_and(|value| !value.truth()) {
        return None;
    }
    let off = |keyword, position| matches!(call.truth(keyword, position), Truth::Absent | Truth::False);
    if !off("secure", 6) && !off("httponly", 7) {
        return None;
    }
    let name = names.constant(key);
    let is_telling = name.as_ref().and_then(Constant::as_str).is_some_and(is_unguessable);
    Some(if is_telling { Confidence::High } else { Confidence::Medium })
}

fn csrf_keyword(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::Keyword(ast::Keyword { arg: Some(name), value, .. }) = node.node else { return };
    let is_switch = matches!(name.as_str(), "xsrf_cookies" | "csrf_enabled" | "csrf_protect");
    if is_switch && node.module.constant(value) == Some(Constant::Bool(false)) {
        hits.at(name, Confidence::High);
    }
}

/// `csrf = False` in the class `Meta` of a form that would have the check otherwise.
fn csrf_of_form(node: &Node<'_, '_>, hits: &mut Hits) {
    let (target, value) = match node.node {
        AnyNodeRef::StmtAssign(ast::StmtAssign { targets, value, .. }) => (targets.first(), Some(value)),
        AnyNodeRef::StmtAnnAssign(assign) => (Some(&*assign.target), assign.value.as_ref()),
        _ => return,
    };
    let (Some(Expr::Name(name)), Some(value)) = (target, value) else { return };
    if name.id.as_str() != "csrf" || node.module.constant(value) != Some(Constant::Bool(false)) {
        return;
    }
    let mut around = node.module.blocks_around(node.node);
    let is_meta =
        matches!(around.next(), Some(AnyNodeRef::StmtClassDef(meta)) if meta.name.as_str() == "Meta");
    let Some(AnyNodeRef::StmtClassDef(form)) = around.next() else { return };
    if is_meta && form.bases().iter().any(|base| is_protected_form(node.module, base)) {
        hits.at(name, Confidence::High);
    }
}

/// Whether a class is a form of Flask-WTF, or one that is derived from such a form somewhere.
fn is_protected_form<'a>(module: &Module<'a>, base: &'a Expr) -> bool {
    last_name(base).is_some_and(|name| name.ends_with("FlaskForm") || name == "SecureForm")
        || module.refers_to(base, &["flask_wtf.FlaskForm", "flask_wtf.Form", "flask_wtf.form.FlaskForm"])
}

/// Whether a call adds a middleware, or makes it itself.
fn adds(call: &Call<'_, '_>, middleware: &str) -> bool {
    call.name == middleware || call.refers_to("middleware_class", 0, &[middleware])
}

fn any_origin(call: &Call<'_, '_>) -> bool {
    adds(call, "fastapi.middleware.cors.CORSMiddleware")
        && ["allow_origins", "allow_origin_regex"]
            .iter()
            .any(|keyword| call.constant(keyword, None).is_some_and(|origins| is_any(&origins)))
}

fn any_origin_only(call: &Call<'_, '_>) -> Option<Confidence> {
    let with_credentials = call.truth("allow_credentials", None) == Truth::True;
    (any_origin(call) && !with_credentials).then_some(Confidence::High)
}

fn any_origin_with_credentials(call: &Call<'_, '_>) -> Option<Confidence> {
    let with_credentials = call.truth("allow_credentials", None) == Truth::True;
    (any_origin(call) && with_credentials).then_some(Confidence::High)
}

/// Flask-CORS allows every origin unless it is told otherwise.
fn any_flask_origin(call: &Call<'_, '_>) -> bool {
    if call.may_hide_keywords() && !call.handed_on {
        return false;
    }
    match (call.constant("origins", None), call.argument("origins", None)) {
        (Some(origins), _) => is_any(&origins),
        (None, Argument::Given(_)) => false,
        (None, _) => match call.argument("resources", None) {
            Argument::Given(_) => {
                call.constant("resources", None).is_some_and(|resources| allows_any(&resources))
            }
            _ => true,
        },
    }
}

/// Whether a mapping of paths names no origins for one of them, or any.
fn allows_any(resources: &Constant) -> bool {
    let Constant::Dict(paths) = resources else { return true };
    paths.iter().any(|(_, options)| match options {
        Constant::Dict(options) => options
            .iter()
            .find(|(key, _)| key.as_str() == Some("origins"))
            .is_none_or(|(_, origins)| is_any(origins)),
        _ => true,
    })
}

fn any_flask_origin_only(call: &Call<'_, '_>) -> Option<Confidence> {
    let with_credentials = call.truth("supports_credentials", None) == Truth::True;
    (any_flask_origin(call) && !with_credentials).then_some(Confidence::High)
}

fn any_flask_origin_with_credentials(call: &Call<'_, '_>) -> Option<Confidence> {
    let with_credentials = call.truth("supports_credentials", None) == Truth::True;
    (any_flask_origin(call) && with_credentials).then_some(Confidence::High)
}

fn is_origin_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("access-control-allow-origin")
}

fn any_origin_header(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_header = call.text("name", 0).is_some_and(|name| is_origin_header(&name));
    let any = call.constant("value", 1).is_some_and(|value| is_any(&value));
    (is_header && any).then_some(Confidence::High)
}

fn any_origin_item(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    let is_header =
        |key: &Expr| matches!(key, Expr::StringLiteral(text) if is_origin_header(text.value.to_str()));
    match node.node {
        AnyNodeRef::StmtAssign(assign) => {
            for target in &assign.targets {
                let Expr::Subscript(subscript) = target else { continue };
                if is_header(&subscript.slice)
                    && module.constant(&assign.value).is_some_and(|value| is_any(&value))
                {
                    hits.at(target, Confidence::High);
                }
            }
        }
        AnyNodeRef::ExprDict(dict) => {
            for item in dict {
                let Some(key) = item.key.as_ref().filter(|key| is_header(key)) else { continue };
                if module.constant(&item.value).is_some_and(|value| is_any(&value)) {
                    hits.at(key, Confidence::High);
                }
            }
        }
        _ => {}
    }
}

fn any_trusted_host(call: &Call<'_, '_>) -> Option<Confidence> {
    let any = call.constant("allowed_hosts", None).is_some_and(|hosts| is_any(&hosts));
    (any && adds(call, "fastapi.middleware.trustedhost.TrustedHostMiddleware")).then_some(Confidence::High)
}

fn without_counts(call: &Call<'_, '_>) -> Option<Confidence> {
    let only_application = call.all_given().count() <= 1 && !call.hides_arguments();
    only_application.then_some(Confidence::Medium)
}

fn any_forwarded_address(call: &Call<'_, '_>) -> Option<Confidence> {
    call.constant("forwarded_allow_ips", None)
        .is_some_and(|addresses| is_any(&addresses))
        .then_some(Confidence::High)
}

fn graphql_explorer(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::Keyword(ast::Keyword { arg: Some(name), value, .. }) = node.node else { return };
    let on = match name.as_str() {
        "graphiql" | "introspection" => node.module.constant(value) == Some(Constant::Bool(true)),
        "graphql_ide" => node.module.text(value).is_some(),
        _ => false,
    };
    if on {
        hits.at(name, Confidence::Medium);
    }
}

fn mass_assignment(node: &Node<'_, '_>, hits: &mut Hits) {
    match node.node {
        AnyNodeRef::StmtAssign(assign) => {
            let is_fields = matches!(&*assign.targets, [Expr::Name(name)] if name.id.as_str() == "fields");
            if is_fields && in_meta(node) && node.module.text(&assign.value).as_deref() == Some("__all__") {
                hits.at(&*assign.value, Confidence::Medium);
            }
        }
        AnyNodeRef::Keyword(ast::Keyword { arg: None, value, .. }) => {
            let module = node.module;
            if makes_record(node) && module.names().is_from_request(module.value(value)) {
                hits.at(value, Confidence::High);
            }
        }
        _ => {}
    }
}

fn in_meta(node: &Node<'_, '_>) -> bool {
    matches!(node.module.parent(node.node), Some(AnyNodeRef::StmtClassDef(class)) if class.name.as_str() == "Meta")
}

/// Whether a keyword is given to a class, or to a method that makes or changes a record.
fn makes_record(keyword: &Node<'_, '_>) -> bool {
    let module = keyword.module;
    let call = module.parent(keyword.node).and_then(|arguments| module.parent(arguments));
    let Some(AnyNodeRef::ExprCall(call)) = call else { return false };
    last_name(&call.func).is_some_and(|name| {
        name.starts_with(char::is_uppercase)
            || matches!(
                name,
                "create" | "update" | "get_or_create" | "update_or_create" | "insert" | "values"
            )
    })
}

/// Whether a node is a part of what a view answers with.
fn is_answer<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    let mut answered = false;
    for around in module.ancestors(node) {
        match around {
            AnyNodeRef::StmtReturn(_) => answered = true,
            AnyNodeRef::ExprCall(call) if is_abort(&call.func) => answered = true,
            // What is logged or measured on the way is not answered.
            AnyNodeRef::StmtFunctionDef(function) => return answered && is_view(function),
            AnyNodeRef::ExprLambda(_) | AnyNodeRef::StmtClassDef(_) => return false,
            _ => {}
        }
    }
    false
}

/// Callees that answer with an error.
fn is_abort(callee: &Expr) -> bool {
    last_name(callee).is_some_and(|name| matches!(name, "abort" | "HTTPException" | "HTTPError"))
}

/// If an expression is the exception that a handler around it has caught: how sure that its text tells something.
/// An exception that is caught by its name mostly says what the client did wrong.
fn caught_error<'a>(module: &Module<'a>, expr: &'a Expr, node: AnyNodeRef<'a>) -> Option<Confidence> {
    let Expr::Name(name) = expr else { return None };
    let handler = module.ancestors(node).find_map(|around| match around {
        AnyNodeRef::ExceptHandlerExceptHandler(handler) => {
            handler.name.as_ref().is_some_and(|caught| caught.as_str() == name.id.as_str()).then_some(handler)
        }
        _ => None,
    })?;
    let broad = handler.type_.as_ref().is_none_or(|caught| is_broad(module, caught));
    Some(if broad { Confidence::Medium } else { Confidence::Low })
}

fn shows_error(call: &Call<'_, '_>) -> Option<Confidence> {
    let confidence = match call.name.as_str() {
        "builtins.str" | "builtins.repr" => {
            caught_error(call.module, call.given("object", 0)?.expr, call.node)?
        }
        _ if call.handed_on => return None,
        _ => Confidence::Medium,
    };
    is_answer(call.module, call.node).then_some(confidence)
}

fn shows_error_in_text(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::InterpolatedElement(element) = node.node else { return };
    if let Some(confidence) = caught_error(node.module, &element.expression, node.node)
        && is_answer(node.module, node.node)
    {
        hits.at(element.expression.range(), confidence);
    }
}

fn redirects(call: &Call<'_, '_>) -> Option<Confidence> {
    let target =
        ["location", "to", "url", "redirect_to"].iter().find_map(|keyword| call.given(keyword, 0))?;
    match exposure_of_host(call.module, target) {
        Exposure::Request => Some(Confidence::High),
        Exposure::Input => Some(Confidence::Medium),
        _ => None,
    }
}

fn exposure_of_host<'a>(module: &Module<'a>, target: Value<'a>) -> Exposure {
    let is_route =
        || module.is_only(target.expr, &["django.urls.reverse()", "flask.url_for()", "quart.url_for()"]);
    if template_of(module, target.expr).is_some_and(|template| stays_here(&template)) || is_route() {
        return Exposure::Sanitised;
    }
    module.names().exposure_to(Harm::Host, target)
}

/// `response["Location"] = address` of Django, `response.headers["Location"] = address`.
fn sets_location(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtAssign(assign) = node.node else { return };
    let module = node.module;
    for target in &assign.targets {
        let Expr::Subscript(item) = target else { continue };
        let is_answer = last_name(&item.value).is_some_and(|name| {
            matches!(name, "headers" | "resp" | "response") || name.ends_with("_response")
        });
        if is_answer
            && module.text(&item.slice).is_some_and(|name| name.eq_ignore_ascii_case("location"))
            && module.names().may_hold_request()
            && exposure_of_host(module, module.value(&assign.value)) == Exposure::Request
        {
            hits.at(target, Confidence::High);
        }
    }
}

/// Whether the host of an address is written out, or the address is a path.
fn stays_here(template: &str) -> bool {
    let written = template.split(HOLE).next().unwrap_or_default();
    match written.split_once("://") {
        Some((_, rest)) => rest.contains('/'),
        None => written.len() > 1 && written.starts_with('/') && !written[1..].starts_with(['/', '\\']),
    }
}

/// The items of sessions that a statement assigns to: `flask.session[…]`, `request.session[…]`.
fn session_items<'a>(node: &Node<'_, 'a>) -> impl Iterator<Item = (&'a ast::ExprSubscript, &'a Expr)> {
    let module = node.module;
    let assign = match node.node {
        AnyNodeRef::StmtAssign(assign) => Some(assign),
        _ => None,
    };
    assign.into_iter().flat_map(move |assign| {
        let items = assign.targets.iter().filter_map(Expr::as_subscript_expr);
        items.filter(move |item| is_session(module, &item.value)).map(|item| (item, &*assign.value))
    })
}

fn is_session<'a>(module: &Module<'a>, expr: &'a Expr) -> bool {
    let of_request = matches!(expr, Expr::Attribute(attribute)
        if attribute.attr.as_str() == "session" && last_name(&attribute.value) == Some("request"));
    of_request || module.refers_to(expr, &["flask.session", "quart.session"])
}

fn session_key(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    for (item, _) in session_items(node) {
        if module.names().is_from_request(module.value(&item.slice)) {
            hits.at(item, Confidence::High);
        }
    }
}

fn session_value(node: &Node<'_, '_>, hits: &mut Hits) {
    let module = node.module;
    for (item, value) in session_items(node) {
        if module.names().is_from_request(module.value(value)) {
            hits.at(item, Confidence::Medium);
        }
    }
}

fn header_from_request(call: &Call<'_, '_>) -> Option<Confidence> {
    (call.exposure_of("value", 1) == Exposure::Request).then_some(Confidence::Medium)
}

fn header_item_from_request(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtAssign(assign) = node.node else { return };
    for target in &assign.targets {
        let Expr::Subscript(subscript) = target else { continue };
        let is_headers = last_name(&subscript.value).is_some_and(|name| name == "headers");
        let module = node.module;
        if is_headers && module.names().is_from_request(module.value(&assign.value)) {
            hits.at(target, Confidence::Medium);
        }
    }
}

fn jupyter_open(node: &Node<'_, '_>, hits: &mut Hits) {
    let AnyNodeRef::StmtAssign(assign) = node.node else { return };
    let [Expr::Attribute(option)] = &*assign.targets else { return };
    let Expr::Attribute(section) = &*option.value else { return };
    let words = words(&section.attr);
    if !words.iter().any(|word| ["app", "provider", "jupyterhub"].contains(&word.as_str())) {
        return;
    }
    let Some(constant) = node.module.constant(&assign.value) else { return };
    let open = match option.attr.as_str() {
        "token" | "password" | "hashed_password" => constant == Constant::Str(String::new()),
        "disable_check_xsrf" | "allow_unauthenticated_access" => constant == Constant::Bool(true),
        "allow_origin" => is_any(&constant),
        _ => false,
    };
    if open {
        hits.at(&assign.targets[0], Confidence::High);
    }
}
