use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::Call;

pub const FAMILY: Family = Family { id: "xml", title: "XML", checks: CHECKS };

const CHECKS: &[Check] = &[
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
];

fn medium(_: &Call<'_, '_>) -> Option<Confidence> {
    Some(Confidence::Medium)
}
