use ruff_python_ast::{self as ast, AnyNodeRef, Expr};

use super::Family;
use super::built_text::template_of;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Exposure, Harm, Module, Truth};

pub const FAMILY: Family = Family { id: "xml", title: "XML", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "xml-entities",
        family: "xml",
        summary: "This XML parser of Python expands entities that the document defines.",
        why: "A document of a few lines can grow to gigabytes while it is read (\"billion laughs\"). Expat from 2.4.1 on \
              stops the worst of it, but Python may be built with an older one.",
        neglect: "The document was made by the program itself or belongs to it.",
        instead: "`defusedxml.ElementTree.parse(source)`, which has the same functions.",
        cwe: &[776],
        severity: Severity::Medium,
        aliases: &[
            "bandit:B313",
            "bandit:B314",
            "bandit:B316",
            "bandit:B318",
            "ruff:S313",
            "ruff:S314",
            "ruff:S316",
            "ruff:S318",
        ],
        bad: &[
            "import xml.etree.ElementTree as ET\ntree = ET.parse(upload)\n",
            "from xml.dom.minidom import parseString\ndocument = parseString(text)\n",
            "from xml.parsers import expat\nparser = expat.ParserCreate()\n",
            "import xml.etree.ElementTree as ET\nroot = ET.XML(text)\n",
        ],
        good: &[
            "import defusedxml.ElementTree as ET\ntree = ET.parse(upload)\n",
            "import xml.etree.ElementTree as ET\ntext = ET.tostring(root)\n",
            "from urllib.parse import parse_qs as parse\nvalues = parse(text)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "xml.etree.ElementTree.parse",
                    "xml.etree.ElementTree.iterparse",
                    "xml.etree.ElementTree.fromstring",
                    "xml.etree.ElementTree.fromstringlist",
                    "xml.etree.ElementTree.XML",
                    "xml.etree.ElementTree.XMLID",
                    "xml.etree.ElementTree.ElementTree().parse",
                    "xml.dom.minidom.parse",
                    "xml.dom.minidom.parseString",
                    "xml.dom.expatbuilder.parse",
                    "xml.dom.expatbuilder.parseString",
                ],
                When::Is(of_a_document),
            ),
            Detect::Call(
                &[
                    "xml.etree.ElementTree.XMLParser",
                    "xml.etree.ElementTree.XMLPullParser",
                    "xml.parsers.expat.ParserCreate",
                ],
                When::Is(medium),
            ),
        ],
    },
    Check {
        id: "xml-sax",
        family: "xml",
        summary: "A SAX parser of Python expands entities that the document defines.",
        why: "A document of a few lines can grow to gigabytes while it is read. Files of this machine are read only \
              where that was switched on, or before Python 3.7.1.",
        neglect: "The document was made by the program itself or belongs to it.",
        instead: "`defusedxml.sax.parse(source, handler)`, `defusedxml.pulldom.parse(source)`.",
        cwe: &[776],
        severity: Severity::Medium,
        aliases: &["bandit:B315", "bandit:B317", "bandit:B319", "ruff:S315", "ruff:S317", "ruff:S319"],
        bad: &[
            "import xml.sax\nxml.sax.parse(upload, handler)\n",
            "from xml.dom import pulldom\nevents = pulldom.parseString(text)\n",
            "from xml.sax.expatreader import create_parser\nparser = create_parser()\n",
        ],
        good: &[
            "import defusedxml.sax\ndefusedxml.sax.parse(upload, handler)\n",
            "from xml.sax.saxutils import escape\ntext = escape(text)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "xml.sax.parse",
                    "xml.sax.parseString",
                    "xml.dom.pulldom.parse",
                    "xml.dom.pulldom.parseString",
                ],
                When::Is(of_a_document),
            ),
            // What it parses is judged where that is given to it.
            Detect::Call(
                &["xml.sax.make_parser", "xml.sax.expatreader.create_parser"],
                When::Is(|_| Some(Confidence::Low)),
            ),
            Detect::Call(
                &["xml.sax.make_parser().parse", "xml.sax.expatreader.create_parser().parse"],
                When::Is(of_a_document_from_outside),
            ),
        ],
    },
    Check {
        id: "xml-external-entities",
        family: "xml",
        summary: "The XML parser is told to follow or to allow entities.",
        why: "A document can then have files of this machine read, addresses of its network called, and both sent to \
              its author.",
        neglect: "The document was made by the program itself or belongs to it.",
        instead: "Leave the feature off; `forbid_entities=True` and `forbid_external=True` are the defaults of `defusedxml`.",
        cwe: &[611],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import xml.sax\nfrom xml.sax.handler import feature_external_ges\nparser = xml.sax.make_parser()\nparser.setFeature(feature_external_ges, True)\n",
            "from defusedxml.ElementTree import fromstring\nroot = fromstring(text, forbid_entities=False)\n",
            "import xmltodict\ndata = xmltodict.parse(text, disable_entities=False)\n",
        ],
        good: &[
            "import xml.sax\nfrom xml.sax.handler import feature_external_ges\nparser = xml.sax.make_parser()\nparser.setFeature(feature_external_ges, False)\n",
            "from defusedxml.ElementTree import fromstring\nroot = fromstring(text, forbid_dtd=True)\n",
            "import xmltodict\ndata = xmltodict.parse(text)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "xml.sax.make_parser().setFeature",
                    "xml.sax.expatreader.create_parser().setFeature",
                    "?.setFeature",
                ],
                When::Is(turns_entities_on),
            ),
            Detect::Call(
                &[
                    "defusedxml.ElementTree.parse",
                    "defusedxml.ElementTree.iterparse",
                    "defusedxml.ElementTree.fromstring",
                    "defusedxml.ElementTree.XML",
                    "defusedxml.ElementTree.XMLParser",
                    "defusedxml.ElementTree.DefusedXMLParser",
                    "defusedxml.minidom.parse",
                    "defusedxml.minidom.parseString",
                    "defusedxml.pulldom.parse",
                    "defusedxml.pulldom.parseString",
                    "defusedxml.sax.parse",
                    "defusedxml.sax.parseString",
                    "defusedxml.sax.make_parser",
                    "defusedxml.expatbuilder.parse",
                    "defusedxml.lxml.parse",
                    "defusedxml.lxml.fromstring",
                    "xmltodict.parse",
                ],
                When::Is(allows_entities),
            ),
        ],
    },
    Check {
        id: "lxml-parse",
        family: "xml",
        summary: "lxml parses a document with its default parser, which replaces entities.",
        why: "Before lxml 5 an entity of the document could have a file of this machine read into the result.",
        neglect: "lxml is 5.0 or later, or the document belongs to the program.",
        instead: "`etree.parse(source, etree.XMLParser(resolve_entities=False, no_network=True))`.",
        cwe: &[611],
        severity: Severity::Medium,
        aliases: &["bandit:B320", "ruff:S320"],
        bad: &[
            "from lxml import etree\ntree = etree.parse(upload)\n",
            "import lxml.etree\nroot = lxml.etree.fromstring(text)\n",
        ],
        good: &[
            "from lxml import etree\nparser = etree.XMLParser(resolve_entities=False)\ntree = etree.parse(upload, parser)\n",
            "from lxml import html\npage = html.fromstring(text)\n",
        ],
        detect: &[Detect::Call(
            &[
                "lxml.etree.parse",
                "lxml.etree.fromstring",
                "lxml.etree.fromstringlist",
                "lxml.etree.XML",
                "lxml.etree.XMLID",
                "lxml.etree.parseid",
                "lxml.objectify.parse",
                "lxml.objectify.fromstring",
                "lxml.objectify.XML",
            ],
            When::Is(by_default_parser),
        )],
    },
    Check {
        id: "lxml-unsafe-parser",
        family: "xml",
        summary: "The lxml parser is allowed to resolve entities, to load from the network, or to grow without limit.",
        why: "A document can then have files of this machine read, addresses of its network called, or all memory \
              taken.",
        neglect: "The documents were made by the program itself or belong to it.",
        instead: "`etree.XMLParser(resolve_entities=False, no_network=True)`.",
        cwe: &[611, 776],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from lxml import etree\nparser = etree.XMLParser(resolve_entities=True)\n",
            "from lxml import etree\nfor event, element in etree.iterparse(upload, huge_tree=True):\n    work(element)\n",
        ],
        good: &[
            "from lxml import etree\nparser = etree.XMLParser(resolve_entities=False)\n",
            "from lxml import etree\nparser = etree.XMLParser(remove_blank_text=True)\n",
        ],
        detect: &[Detect::Call(
            &[
                "lxml.etree.XMLParser",
                "lxml.etree.ETCompatXMLParser",
                "lxml.etree.XMLPullParser",
                "lxml.etree.iterparse",
            ],
            When::Is(loosens_parser),
        )],
    },
    Check {
        id: "xslt",
        family: "xml",
        summary: "A style sheet that is not a constant is run as XSLT.",
        why: "A style sheet is a program: it can read files, call addresses, write files by extensions, and run without \
              end.",
        neglect: "The style sheet belongs to the program.",
        instead: "`etree.XSLT(sheet, access_control=etree.XSLTAccessControl.DENY_ALL)`.",
        cwe: &[94, 611],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from lxml import etree\ntransform = etree.XSLT(etree.XML(sheet))\n",
            "from lxml import etree\nfrom flask import request\ntransform = etree.XSLT(etree.fromstring(request.data))\n",
        ],
        good: &[
            "from lxml import etree\ntransform = etree.XSLT(sheet, access_control=etree.XSLTAccessControl.DENY_ALL)\n",
            "from lxml import etree\ntransform = etree.XSLT(etree.parse(\"report.xsl\"))\n",
        ],
        detect: &[
            Detect::Call(&["lxml.etree.XSLT"], When::Is(runs_style_sheet)),
            Detect::Call(&["*.xslt"], When::Is(applies_style_sheet)),
        ],
    },
    Check {
        id: "xpath-injection",
        family: "xml",
        summary: "An XPath expression is put together from parts that are no constants.",
        why: "A part with a quote in it changes the question: it can make every test true and read other nodes.",
        neglect: "The parts are numbers or names of the program's own.",
        instead: "A variable: `tree.xpath(\"//user[@name = $name]\", name=name)`.",
        cwe: &[643],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from lxml import etree\ntree = etree.parse(\"users.xml\")\nuser = tree.xpath(f\"//user[@name='{name}']\")\n",
            "def find(tree, name):\n    return tree.xpath(\"//user[@name='\" + name + \"']\")\n",
        ],
        good: &[
            "from lxml import etree\ntree = etree.parse(\"users.xml\")\nuser = tree.xpath(\"//user[@name = $name]\", name=name)\n",
            "def find(tree, path):\n    return tree.xpath(path)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "?.xpath",
                    "lxml.etree.parse().xpath",
                    "lxml.etree.fromstring().xpath",
                    "lxml.etree.XML().xpath",
                    "lxml.etree.XPath",
                    "lxml.etree.ETXPath",
                    "elementpath.select",
                ],
                When::Is(builds_xpath),
            ),
            Detect::Call(&["*.find", "*.findall", "*.findtext", "*.iterfind"], When::Is(finds_by_request)),
        ],
    },
    Check {
        id: "xmlrpc-client",
        family: "xml",
        summary: "An XML-RPC client parses what the server sends without limits.",
        why: "A server can answer with entities or compressed data that grow to gigabytes.",
        neglect: "The server is your own and the way to it is encrypted.",
        instead: "`defusedxml.xmlrpc.monkey_patch()` before the first call, or JSON over HTTPS.",
        cwe: &[776],
        severity: Severity::Medium,
        aliases: &["bandit:B411", "ruff:S411", "codeaudit:xmlrpc.client"],
        bad: &[
            "from xmlrpc.client import ServerProxy\nserver = ServerProxy(url)\n",
            "import xmlrpc.client\nvalues, method = xmlrpc.client.loads(text)\n",
        ],
        good: &[
            "import xmlrpc.client\ntext = xmlrpc.client.dumps(values)\n",
            "server = rpc.ServerProxy(url)\n",
        ],
        detect: &[Detect::Call(
            &[
                "xmlrpc.client.ServerProxy",
                "xmlrpc.client.Server",
                "xmlrpc.client.loads",
                "xmlrpc.client.Unmarshaller",
            ],
            When::Is(medium),
        )],
    },
    Check {
        id: "xmlrpc-server",
        family: "xml",
        summary: "An XML-RPC server runs its functions for everybody who can reach it.",
        why: "It asks nobody who they are, and what is sent to it can grow to gigabytes while it is parsed.",
        neglect: "It listens on the loopback interface and every user of the machine may call it.",
        instead: "An HTTP framework with authentication, and JSON.",
        cwe: &[306, 776],
        severity: Severity::Medium,
        aliases: &["bandit:B411", "ruff:S411", "codeaudit:xmlrpc.server.SimpleXMLRPCServer"],
        bad: &[
            "from xmlrpc.server import SimpleXMLRPCServer\nserver = SimpleXMLRPCServer((\"127.0.0.1\", 8000))\n",
            "import xmlrpc.server\nhandler = xmlrpc.server.CGIXMLRPCRequestHandler()\n",
        ],
        good: &[
            "import http.client\nclient = http.client.HTTPSConnection(host)\n",
            "server = rpc.SimpleXMLRPCServer(address)\n",
        ],
        detect: &[Detect::Call(
            &[
                "xmlrpc.server.SimpleXMLRPCServer",
                "xmlrpc.server.DocXMLRPCServer",
                "xmlrpc.server.CGIXMLRPCRequestHandler",
                "xmlrpc.server.DocCGIXMLRPCRequestHandler",
                "xmlrpc.server.MultiPathXMLRPCServer",
            ],
            When::Always,
        )],
    },
    Check {
        id: "xmlrpc-dotted-names",
        family: "xml",
        summary: "Callers of the XML-RPC server can reach into every attribute of the registered object.",
        why: "A dotted name leads from the object to modules and functions it refers to: callers can run any code.",
        neglect: "Never where somebody else can reach the server.",
        instead: "`server.register_instance(api)` with the methods you offer, and no `allow_dotted_names`.",
        cwe: &[306, 915],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "def serve(server):\n    server.register_instance(api, allow_dotted_names=True)\n",
            "import xmlrpc.server\nserver = xmlrpc.server.SimpleXMLRPCServer(address)\nserver.register_instance(api, True)\n",
        ],
        good: &[
            "def serve(server):\n    server.register_instance(api)\n",
            "import xmlrpc.server\nserver = xmlrpc.server.SimpleXMLRPCServer(address)\nserver.register_instance(api, allow_dotted_names=False)\n",
        ],
        detect: &[Detect::Call(
            &[
                "xmlrpc.server.SimpleXMLRPCServer().register_instance",
                "xmlrpc.server.DocXMLRPCServer().register_instance",
                "xmlrpc.server.CGIXMLRPCRequestHandler().register_instance",
                "?.register_instance",
            ],
            When::Is(dotted_names),
        )],
    },
];

fn medium(_: &Call<'_, '_>) -> Option<Confidence> {
    Some(Confidence::Medium)
}

/// A document in a constant, or in a file with a constant name, is the program's own; most of the others are, too.
fn of_a_document(call: &Call<'_, '_>) -> Option<Confidence> {
    let Argument::Given(document) = call.positional(0) else { return Some(Confidence::Low) };
    Some(match call.module.names().exposure(document) {
        Exposure::Constant | Exposure::Sanitised | Exposure::Unknown => Confidence::Low,
        Exposure::Built => Confidence::Medium,
        Exposure::Input | Exposure::Request => Confidence::High,
    })
}

/// The parser is reported where it is made already.
fn of_a_document_from_outside(call: &Call<'_, '_>) -> Option<Confidence> {
    of_a_document(call).filter(|confidence| *confidence > Confidence::Low)
}

/// How far a function is searched for what a parser of it parses.
const MAX_SEARCH: usize = 4_000;

/// Whether all that a parser is seen to parse, in the function or module that sets it up, is constant.
fn parses_own_documents(call: &Call<'_, '_>) -> bool {
    let AnyNodeRef::ExprCall(setting) = call.node else { return false };
    let Expr::Attribute(ast::ExprAttribute { value, .. }) = &*setting.func else { return false };
    let Expr::Name(parser) = &**value else { return false };
    let module = call.module;
    let tree = module.tree();
    let around = module.function_around(call.node).map_or(tree.root(), AnyNodeRef::from);
    let is_parser = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id == parser.id);
    let mut documents = 0;
    for (seen, node) in tree.descendants(tree.id(around)).enumerate() {
        let AnyNodeRef::ExprCall(other) = node else { continue };
        let arguments = &other.arguments;
        let given_to = arguments.args.iter().chain(arguments.keywords.iter().map(|keyword| &keyword.value));
        let used = given_to.skip(1).any(is_parser);
        let parses = matches!(&*other.func, Expr::Attribute(method)
            if is_parser(&method.value) && matches!(method.attr.as_str(), "parse" | "feed"));
        let handed_away = arguments.args.first().is_some_and(is_parser);
        if handed_away || seen > MAX_SEARCH {
            return false;
        }
        if !used && !parses {
            continue;
        }
        let Some(document) = arguments.args.first() else { return false };
        if module.names().exposure(module.value(document)) > Exposure::Sanitised {
            return false;
        }
        documents += 1;
    }
    documents > 0
}

fn turns_entities_on(call: &Call<'_, '_>) -> Option<Confidence> {
    let features = [
        "xml.sax.handler.feature_external_ges",
        "xml.sax.handler.feature_external_pes",
        "xml.sax.feature_external_ges",
        "xml.sax.feature_external_pes",
    ];
    let external = call.refers_to("name", 0, &features)
        || call.text("name", 0).is_some_and(|name| {
            name.ends_with("external-general-entities") || name.ends_with("external-parameter-entities")
        });
    match call.truth("state", 1) {
        Truth::True if external && parses_own_documents(call) => Some(Confidence::Low),
        Truth::True if external => Some(Confidence::High),
        Truth::Sometimes | Truth::Unknown if external => Some(Confidence::Medium),
        _ => None,
    }
}

fn allows_entities(call: &Call<'_, '_>) -> Option<Confidence> {
    let off = ["forbid_entities", "forbid_external", "disable_entities"];
    off.iter().any(|keyword| call.truth(keyword, None) == Truth::False).then_some(Confidence::High)
}

/// A parser that is given is judged where it is made.
fn by_default_parser(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("parser", 1) {
        Argument::Absent => of_a_document(call),
        Argument::Unknown => Some(Confidence::Low),
        Argument::Given(_) => call.is("parser", 1, &Constant::None).then_some(Confidence::Medium),
    }
}

fn loosens_parser(call: &Call<'_, '_>) -> Option<Confidence> {
    let entities = call.truth("resolve_entities", None) == Truth::True
        && call.text("resolve_entities", None).is_none_or(|mode| mode != "internal");
    let loose = entities
        || call.truth("no_network", None) == Truth::False
        || call.truth("huge_tree", None) == Truth::True
        || call.truth("load_dtd", None) == Truth::True;
    loose.then_some(Confidence::High)
}

fn runs_style_sheet(call: &Call<'_, '_>) -> Option<Confidence> {
    if matches!(call.argument("access_control", None), Argument::Given(_)) {
        return None;
    }
    let Argument::Given(sheet) = call.argument("xslt_input", 0) else { return Some(Confidence::Medium) };
    match parsed_document(call, sheet.expr) {
        Exposure::Constant => None,
        exposure => Some(exposure.confidence()),
    }
}

/// `document.xslt(sheet)` of lxml makes the style sheet anew each time, without any limit.
fn applies_style_sheet(call: &Call<'_, '_>) -> Option<Confidence> {
    let sheet = call.given("_xslt", 0)?;
    let is_lxml = call.name.starts_with("lxml.") || uses_lxml(call.module);
    match parsed_document(call, sheet.expr) {
        _ if !is_lxml => None,
        Exposure::Constant | Exposure::Sanitised => None,
        exposure => Some(exposure.confidence()),
    }
}

fn uses_lxml(module: &Module<'_>) -> bool {
    let is_lxml = |name: &str| name.split('.').next() == Some("lxml");
    module.tree().nodes().any(|(_, node)| match node {
        AnyNodeRef::StmtImport(import) => import.names.iter().any(|alias| is_lxml(&alias.name)),
        AnyNodeRef::StmtImportFrom(import) => import.module.as_ref().is_some_and(|name| is_lxml(name)),
        _ => false,
    })
}

/// How much somebody outside has to do with what a call of `parse` or the like reads.
fn parsed_document<'a>(call: &Call<'_, 'a>, sheet: &'a Expr) -> Exposure {
    let document = match sheet {
        Expr::Call(parse) => parse.arguments.args.first().unwrap_or(sheet),
        _ => sheet,
    };
    call.module.names().exposure(call.module.value(document))
}

fn builds_xpath(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = usize::from(call.name == "elementpath.select");
    match call.exposure_to(Harm::Quotes, "path", position) {
        Exposure::Request | Exposure::Input => Some(Confidence::High),
        Exposure::Built => Some(Confidence::Medium),
        Exposure::Constant | Exposure::Sanitised | Exposure::Unknown => None,
    }
}

/// Trees whose `find` takes a small part of XPath.
const TREES: &[&str] = &["defusedxml.", "lxml.", "xml.etree."];

/// A path that a request has a part in. Other things have a `find`, too: where nothing is known of what is searched, the
/// path must be written as one of XPath with a test in it.
fn finds_by_request(call: &Call<'_, '_>) -> Option<Confidence> {
    let path = call.given("path", 0)?;
    let is_tree = TREES.iter().any(|module| call.name.starts_with(module));
    let is_test =
        || template_of(call.module, path.expr).is_some_and(|text| text.contains('[') && text.contains('='));
    let is_path = is_tree || call.name.starts_with("?.") && is_test();
    let is_chosen = || call.module.names().is_from_request_to(Harm::Quotes, path);
    (is_path && is_chosen()).then_some(Confidence::High)
}

fn dotted_names(call: &Call<'_, '_>) -> Option<Confidence> {
    (call.truth("allow_dotted_names", 1) == Truth::True).then_some(Confidence::High)
}
