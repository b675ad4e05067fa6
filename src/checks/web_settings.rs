use ruff_python_ast::{AnyNodeRef, Expr};

use super::Family;
use super::web_code::{
    Home, SETTING_NODES, Setting, is_any, is_django_settings, is_for_development, is_own_configuration,
    may_set, settings,
};
use crate::check::{Check, Confidence, Detect, Severity};
use crate::python::{Constant, Hits, Node, ScopeId};

pub const FAMILY: Family =
    Family { id: "web-settings", title: "Settings of web applications", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "debug-setting",
        family: "web-settings",
        summary: "The application runs in debug mode.",
        why: "An error shows source code, settings and values of variables to whoever caused it; Flask's debugger even \
              runs code for them.",
        neglect: "These settings never reach a server that others can reach.",
        instead: "`DEBUG = False`, and `DEBUG = True` only in the settings of a developer's machine.",
        cwe: &[489, 215],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "DEBUG = True\nINSTALLED_APPS = [\"shop\"]\n",
            "app.config[\"DEBUG\"] = True\n",
            "app.config.update(DEBUG=True)\n",
            "from flask import Flask\nDEBUG = True\napp = Flask(__name__)\napp.config.from_object(__name__)\n",
        ],
        good: &[
            "import os\nINSTALLED_APPS = [\"shop\"]\nDEBUG = os.environ.get(\"DEBUG\") == \"1\"\n",
            "class DevelopmentConfig:\n    DEBUG = True\n",
            "DEBUG = True\nif DEBUG:\n    print(\"starting\")\n",
        ],
        detect: &[Detect::Node(SETTING_NODES, debug_setting)],
    },
    Check {
        id: "allowed-hosts-any",
        family: "web-settings",
        summary: "The application answers for any host name.",
        why: "The `Host` header is chosen by the client: links in mails, redirects and cached pages can be made to point \
              to a server of the attacker.",
        neglect: "A proxy in front of the application lets only its own host names through.",
        instead: "`ALLOWED_HOSTS = [\"shop.example.com\"]`.",
        cwe: &[346, 20],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["ALLOWED_HOSTS = [\"*\"]\n", "ALLOWED_HOSTS = [\"localhost\", \"*\"]\n"],
        good: &["ALLOWED_HOSTS = [\"shop.example.com\"]\n", "ALLOWED_TAGS = [\"*\"]\n"],
        detect: &[Detect::Node(SETTING_NODES, allowed_hosts)],
    },
    Check {
        id: "insecure-cookie-setting",
        family: "web-settings",
        summary: "A cookie that keeps somebody logged in may travel unencrypted or be read by scripts.",
        why: "Without `Secure` it is sent over plain HTTP too, and without `HttpOnly` a script that got into a page can \
              read it: whoever has the cookie is logged in.",
        neglect: "The settings are for a developer's machine without HTTPS.",
        instead: "`SESSION_COOKIE_SECURE = True`, `SESSION_COOKIE_HTTPONLY = True`.",
        cwe: &[614, 1004],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["SESSION_COOKIE_SECURE = False\n", "app.config[\"SESSION_COOKIE_HTTPONLY\"] = False\n"],
        good: &["SESSION_COOKIE_SECURE = True\n", "SESSION_COOKIE_SECURE = not DEBUG\n"],
        detect: &[Detect::Node(SETTING_NODES, cookie_setting)],
    },
    Check {
        id: "security-setting-off",
        family: "web-settings",
        summary: "A protection that the framework offers is switched off.",
        why: "These settings make browsers keep to HTTPS, not guess types of files and not show the site inside \
              another one.",
        neglect: "A proxy in front of the application sends the header or the redirect itself.",
        instead: "`SECURE_SSL_REDIRECT = True`, `SECURE_HSTS_SECONDS = 31536000`, and so on.",
        cwe: &[693, 319],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "SECURE_SSL_REDIRECT = False\n",
            "SECURE_HSTS_SECONDS = 0\n",
            "X_FRAME_OPTIONS = \"ALLOWALL\"\n",
        ],
        good: &["SECURE_SSL_REDIRECT = True\n", "SECURE_HSTS_SECONDS = 31536000\n"],
        detect: &[Detect::Node(SETTING_NODES, security_setting)],
    },
    Check {
        id: "no-password-validators",
        family: "web-settings",
        summary: "Any password is accepted, however easy it is to guess.",
        why: "Without validators people choose `123456`, and their accounts are taken over by trying.",
        neglect: "Passwords are kept and checked by another system.",
        instead: "Keep the validators that `django-admin startproject` writes.",
        cwe: &[521],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["AUTH_PASSWORD_VALIDATORS = []\n", "AUTH_PASSWORD_VALIDATORS = ()\n"],
        good: &[
            "AUTH_PASSWORD_VALIDATORS = [{\"NAME\": \"django.contrib.auth.password_validation.CommonPasswordValidator\"}]\n",
            "VALIDATORS = []\n",
        ],
        detect: &[Detect::Node(SETTING_NODES, no_validators)],
    },
    Check {
        id: "csrf-setting-off",
        family: "web-settings",
        summary: "Requests are accepted that another site made somebody's browser send.",
        why: "Without the token any page that a logged-in person visits can send forms in their name.",
        neglect: "The application knows no cookies, only tokens in a header.",
        instead: "Leave the protection on, and exempt single views that authenticate in another way.",
        cwe: &[352],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["WTF_CSRF_ENABLED = False\n", "app.config[\"WTF_CSRF_CHECK_DEFAULT\"] = False\n"],
        good: &["WTF_CSRF_ENABLED = True\n", "class TestConfig:\n    WTF_CSRF_ENABLED = False\n"],
        detect: &[Detect::Node(SETTING_NODES, csrf_setting)],
    },
    Check {
        id: "csrf-middleware-missing",
        family: "web-settings",
        summary: "The middleware keeps sessions but does not check where a request comes from.",
        why: "Without `CsrfViewMiddleware` any page that a logged-in person visits can send forms in their name.",
        neglect: "Every view that changes something carries `csrf_protect`, or the application knows no cookies.",
        instead: "Add `\"django.middleware.csrf.CsrfViewMiddleware\"` behind the session middleware.",
        cwe: &[352],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "MIDDLEWARE = [\"django.contrib.sessions.middleware.SessionMiddleware\"]\n",
            "MIDDLEWARE = (\n    \"django.contrib.sessions.middleware.SessionMiddleware\",\n    \
             \"django.contrib.auth.middleware.AuthenticationMiddleware\",\n)\n",
        ],
        good: &[
            "MIDDLEWARE = [\n    \"django.contrib.sessions.middleware.SessionMiddleware\",\n    \
             \"django.middleware.csrf.CsrfViewMiddleware\",\n]\n",
            "MIDDLEWARE = [\"django.middleware.common.CommonMiddleware\"]\n",
        ],
        detect: &[Detect::Node(SETTING_NODES, csrf_middleware)],
    },
    Check {
        id: "cors-setting-any-origin",
        family: "web-settings",
        summary: "Scripts of any site may read what the application answers.",
        why: "Any page that somebody visits can read, from their browser and their network, what they can see here.",
        neglect: "Everything the application answers is public and looks the same for everybody.",
        instead: "`CORS_ALLOWED_ORIGINS = [\"https://shop.example.com\"]`.",
        cwe: &[942],
        severity: Severity::Medium,
        aliases: &[],
        bad: &["CORS_ALLOW_ALL_ORIGINS = True\n", "CORS_ORIGIN_ALLOW_ALL = True\n"],
        good: &[
            "CORS_ALLOWED_ORIGINS = [\"https://shop.example.com\"]\n",
            "CORS_ALLOW_ALL_ORIGINS = False\n",
        ],
        detect: &[Detect::Node(SETTING_NODES, cors_setting)],
    },
    Check {
        id: "forwarded-host-trusted",
        family: "web-settings",
        summary: "The application believes what a header says about its own address.",
        why: "Without a proxy that overwrites it, a client chooses `X-Forwarded-Host` or `X-Forwarded-Proto`, and with it \
              the links that others get to see.",
        neglect: "A proxy that overwrites the header is the only way to the application.",
        instead: "Leave it off unless such a proxy exists.",
        cwe: &[346, 348],
        severity: Severity::Low,
        aliases: &[],
        bad: &["USE_X_FORWARDED_HOST = True\n", "USE_X_FORWARDED_PORT = True\n"],
        good: &["USE_X_FORWARDED_HOST = False\n", "USE_TZ = True\n"],
        detect: &[Detect::Node(SETTING_NODES, forwarded_host)],
    },
];

/// Asks about the settings of these names.
fn each<'a>(
    node: &Node<'_, 'a>,
    names: &[&str],
    hits: &mut Hits,
    judge: impl Fn(&Setting<'a>, &Constant) -> Option<Confidence>,
) {
    if !may_set(node.node) {
        return;
    }
    for setting in settings(node.module, node.node, names) {
        if is_for_development(setting.home) {
            continue;
        }
        let constant = node.module.names().constant(setting.value);
        if let Some(confidence) = constant.and_then(|constant| judge(&setting, &constant)) {
            hits.at(setting.place, confidence.min(certainty(setting.home)));
        }
    }
}

/// A setting inside an `if` may be meant for some machines only.
fn certainty(home: Home<'_>) -> Confidence {
    match home {
        Home::Module { plain: false } => Confidence::Low,
        Home::Class(_) => Confidence::Medium,
        Home::Module { plain: true } | Home::Configuration => Confidence::High,
    }
}

fn debug_setting(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["DEBUG", "TEMPLATE_DEBUG", "FLASK_DEBUG"], hits, |setting, constant| {
        if *constant != Constant::Bool(true) {
            return None;
        }
        match setting.home {
            Home::Module { .. } => {
                let counts = is_django_settings(node.module) || is_own_configuration(node.module, "DEBUG");
                counts.then_some(Confidence::High)
            }
            Home::Class(name) => name.ends_with("Config").then_some(Confidence::Medium),
            Home::Configuration if is_of_some_module(node) => Some(Confidence::Low),
            Home::Configuration => Some(Confidence::High),
        }
    });
}

/// `config.DEBUG = True` sets what some module is called: `config` and `settings` are many things besides Django's.
fn is_of_some_module(node: &Node<'_, '_>) -> bool {
    let AnyNodeRef::StmtAssign(assign) = node.node else { return false };
    assign.targets.iter().all(|target| match target {
        Expr::Attribute(setting) => {
            setting.value.is_name_expr() && !node.module.refers_to(&setting.value, &["django.conf.settings"])
        }
        _ => false,
    })
}

fn allowed_hosts(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["ALLOWED_HOSTS"], hits, |_, constant| is_any(constant).then_some(Confidence::High));
}

fn cookie_setting(node: &Node<'_, '_>, hits: &mut Hits) {
    let names = [
        "CSRF_COOKIE_SECURE",
        "REMEMBER_COOKIE_HTTPONLY",
        "REMEMBER_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SECURE",
    ];
    each(node, &names, hits, is_off);
}

fn is_off(_: &Setting<'_>, constant: &Constant) -> Option<Confidence> {
    (*constant == Constant::Bool(false)).then_some(Confidence::High)
}

fn is_on(_: &Setting<'_>, constant: &Constant) -> Option<Confidence> {
    (*constant == Constant::Bool(true)).then_some(Confidence::High)
}

fn security_setting(node: &Node<'_, '_>, hits: &mut Hits) {
    let switches = [
        "SECURE_BROWSER_XSS_FILTER",
        "SECURE_CONTENT_TYPE_NOSNIFF",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_SSL_REDIRECT",
    ];
    each(node, &switches, hits, is_off);
    each(node, &["SECURE_HSTS_SECONDS"], hits, |_, constant| {
        (*constant == Constant::Int(0)).then_some(Confidence::High)
    });
    each(node, &["X_FRAME_OPTIONS"], hits, |_, constant| {
        constant
            .as_str()
            .is_some_and(|text| text.eq_ignore_ascii_case("allowall"))
            .then_some(Confidence::High)
    });
}

fn no_validators(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["AUTH_PASSWORD_VALIDATORS"], hits, |_, constant| {
        matches!(constant, Constant::List(items) if items.is_empty()).then_some(Confidence::High)
    });
}

fn csrf_setting(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["WTF_CSRF_CHECK_DEFAULT", "WTF_CSRF_ENABLED"], hits, is_off);
}

fn csrf_middleware(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["MIDDLEWARE", "MIDDLEWARE_CLASSES"], hits, |_, constant| {
        let Constant::List(items) = constant else { return None };
        let has = |part: &str| items.iter().any(|item| item.as_str().is_some_and(|name| name.contains(part)));
        // `MIDDLEWARE += […]` binds the name once more.
        let added_later = node.module.tree().bindings_in(ScopeId::MODULE, "MIDDLEWARE").count() > 1;
        (has("SessionMiddleware") && !has("Csrf") && !has("csrf") && !added_later)
            .then_some(Confidence::Medium)
    });
}

fn cors_setting(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"], hits, is_on);
    each(node, &["CORS_ALLOWED_ORIGINS", "CORS_ORIGINS"], hits, |_, constant| {
        is_any(constant).then_some(Confidence::High)
    });
}

fn forwarded_host(node: &Node<'_, '_>, hits: &mut Hits) {
    each(node, &["USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT"], hits, is_on);
}
