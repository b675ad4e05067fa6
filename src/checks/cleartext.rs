use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant};

pub const FAMILY: Family = Family { id: "cleartext", title: "Clear-text protocols", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "ftp",
        family: "cleartext",
        summary: "FTP sends user names, passwords and files as they are.",
        why: "Everybody on the way can read and change what is transferred, and log in with what they read.",
        neglect: "The files are public, the login is anonymous and the content is verified by a signature.",
        instead: "`ftplib.FTP_TLS` with `prot_p()`, or SFTP.",
        cwe: &[319],
        severity: Severity::High,
        aliases: &["bandit:B321", "ruff:S321", "codeaudit:ftplib.FTP"],
        bad: &[
            "from ftplib import FTP\nserver = FTP(host)\n",
            "import ftplib\nclass Client(ftplib.FTP):\n    pass\n",
        ],
        good: &["from ftplib import FTP_TLS\nserver = FTP_TLS(host)\n", "server = ftp.FTP(host)\n"],
        detect: &[Detect::Call(&["ftplib.FTP"], When::Always)],
    },
    Check {
        id: "telnet",
        family: "cleartext",
        summary: "Telnet sends everything that is typed as it is, passwords too.",
        why: "Everybody on the way can read and change it. `telnetlib` is gone from Python 3.13 on.",
        neglect: "The device knows nothing else and stands on a network of its own.",
        instead: "SSH: `asyncssh` or `paramiko`.",
        cwe: &[319],
        severity: Severity::High,
        aliases: &["bandit:B312", "ruff:S312"],
        bad: &[
            "from telnetlib import Telnet\nsession = Telnet(host)\n",
            "import telnetlib\nsession = telnetlib.Telnet(host, 23)\n",
        ],
        good: &["import asyncssh\nsession = asyncssh.connect(host)\n", "session = switch.Telnet(host)\n"],
        detect: &[Detect::Call(&["telnetlib.Telnet", "telnetlib3.open_connection"], When::Always)],
    },
    Check {
        id: "snmp-v1-v2c",
        family: "cleartext",
        summary: "SNMP before version 3 knows neither passwords nor encryption.",
        why: "The community string travels as it is: whoever reads it can read the device, and often configure it.",
        neglect: "The device knows nothing else, allows reading only and stands on a network of its own.",
        instead: "`UsmUserData(user, auth_key, priv_key)` of SNMPv3.",
        cwe: &[319],
        severity: Severity::Medium,
        aliases: &["bandit:B508", "ruff:S508"],
        bad: &[
            "from pysnmp.hlapi import CommunityData\naccess = CommunityData(\"public\", mpModel=0)\n",
            "import pysnmp.hlapi as snmp\naccess = snmp.CommunityData(name, mpModel=1)\n",
        ],
        good: &[
            "from pysnmp.hlapi import UsmUserData\naccess = UsmUserData(user, auth_key, priv_key)\n",
            "from community import CommunityData\naccess = CommunityData(\"public\", mpModel=0)\n",
        ],
        detect: &[Detect::Call(
            &[
                "pysnmp.hlapi.CommunityData",
                "pysnmp.hlapi.auth.CommunityData",
                "pysnmp.hlapi.v1arch.asyncio.CommunityData",
                "pysnmp.hlapi.v1arch.asyncio.auth.CommunityData",
                "pysnmp.hlapi.v3arch.asyncio.auth.CommunityData",
                "pysnmp.hlapi.asyncio.CommunityData",
                "pysnmp.hlapi.v1arch.CommunityData",
                "pysnmp.hlapi.v3arch.CommunityData",
                "pysnmp.hlapi.v3arch.asyncio.CommunityData",
            ],
            When::Always,
        )],
    },
    Check {
        id: "snmp-v3-weak",
        family: "cleartext",
        summary: "SNMPv3 is used without authentication or without encryption.",
        why: "Without both, everybody on the way can read or change what is sent.",
        neglect: "The device knows nothing else, allows reading only and stands on a network of its own.",
        instead: "`UsmUserData(user, auth_key, priv_key, authProtocol=usmHMAC192SHA256AuthProtocol, \
                  privProtocol=usmAesCfb256Protocol)`.",
        cwe: &[319],
        severity: Severity::Medium,
        aliases: &["bandit:B509", "ruff:S509"],
        bad: &[
            "from pysnmp.hlapi import UsmUserData\naccess = UsmUserData(\"monitor\")\n",
            "from pysnmp.hlapi import UsmUserData, usmNoPrivProtocol\naccess = UsmUserData(user, auth_key, priv_key, privProtocol=usmNoPrivProtocol)\n",
        ],
        good: &[
            "from pysnmp.hlapi import UsmUserData\naccess = UsmUserData(user, auth_key, priv_key)\n",
            "from pysnmp.hlapi import UsmUserData\naccess = UsmUserData(*credentials)\n",
        ],
        detect: &[Detect::Call(
            &[
                "pysnmp.hlapi.UsmUserData",
                "pysnmp.hlapi.auth.UsmUserData",
                "pysnmp.hlapi.v1arch.asyncio.UsmUserData",
                "pysnmp.hlapi.v1arch.asyncio.auth.UsmUserData",
                "pysnmp.hlapi.v3arch.asyncio.auth.UsmUserData",
                "pysnmp.hlapi.asyncio.UsmUserData",
                "pysnmp.hlapi.v3arch.UsmUserData",
                "pysnmp.hlapi.v3arch.asyncio.UsmUserData",
            ],
            When::Is(lacks_keys),
        )],
    },
    Check {
        id: "cleartext-mail",
        family: "cleartext",
        summary: "A mail protocol is spoken without TLS.",
        why: "Everybody on the way can read the mail, and the password of the account where one is sent.",
        neglect: "The server is on this machine, or `starttls` is called before anything else in a way not seen here.",
        instead: "`smtplib.SMTP_SSL(host, context=ssl.create_default_context())`, `imaplib.IMAP4_SSL`, `poplib.POP3_SSL`; \
                  or `starttls(context=…)` first.",
        cwe: &[319],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import smtplib\nserver = smtplib.SMTP(host)\nserver.login(user, word)\n",
            "import imaplib\nbox = imaplib.IMAP4(host)\n",
            "from poplib import POP3\nbox = POP3(host)\n",
        ],
        good: &[
            "import smtplib\nserver = smtplib.SMTP(host)\nserver.starttls()\nserver.login(user, word)\n",
            "import imaplib\nbox = imaplib.IMAP4_SSL(host)\n",
            "import smtplib\nserver = smtplib.SMTP(\"localhost\")\nserver.sendmail(sender, receiver, text)\n",
        ],
        detect: &[
            Detect::Call(&["smtplib.SMTP().login", "smtplib.LMTP().login"], When::Is(without_starttls)),
            Detect::Call(&["imaplib.IMAP4", "poplib.POP3"], When::Is(without_starttls)),
        ],
    },
    Check {
        id: "cleartext-ldap",
        family: "cleartext",
        summary: "LDAP is spoken without TLS: the password of a bind travels as it is.",
        why: "Everybody on the way can read the password and change what the directory answers, group membership too.",
        neglect: "`start_tls` follows in a way not seen here, or the server is on this machine.",
        instead: "`ldap.initialize(\"ldaps://…\")`, or `connection.start_tls_s()` before the bind.",
        cwe: &[319],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import ldap\ndirectory = ldap.initialize(\"ldap://directory.example.org\")\ndirectory.simple_bind_s(user, word)\n",
            "import ldap3\nserver = ldap3.Server(\"ldap://directory.example.org\")\n",
        ],
        good: &[
            "import ldap\ndirectory = ldap.initialize(\"ldaps://directory.example.org\")\n",
            "import ldap\ndirectory = ldap.initialize(\"ldap://directory.example.org\")\ndirectory.start_tls_s()\n",
        ],
        detect: &[Detect::Call(&["ldap.initialize", "ldap.open", "ldap3.Server"], When::Is(plain_ldap))],
    },
    Check {
        id: "cleartext-http",
        family: "cleartext",
        summary: "An `http://` address is called: what is sent and what comes back travels as it is.",
        why: "Everybody on the way can read it and change it; the answer is trusted all the same.",
        neglect: "The content is public and verified otherwise, or the way there is private.",
        instead: "The same address with `https://`.",
        cwe: &[319],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import requests\npage = requests.get(\"http://api.example.org/items\", timeout=5)\n",
            "from urllib.request import urlopen\npage = urlopen(f\"http://{host}/items\", timeout=5)\n",
        ],
        good: &[
            "import requests\npage = requests.get(\"https://api.example.org/items\", timeout=5)\n",
            "import requests\npage = requests.get(\"http://localhost:8000/items\", timeout=5)\n",
            "namespace = \"http://www.w3.org/2000/svg\"\n",
        ],
        detect: &[Detect::Call(super::network::HTTP_CALLS, When::Is(plain_http))],
    },
    Check {
        id: "grpc-insecure",
        family: "cleartext",
        summary: "The gRPC channel is neither encrypted nor does anybody prove who they are.",
        why: "Everybody on the way can read and change calls, and everybody who reaches the port can make them.",
        neglect: "Both sides are on this machine, or a mesh encrypts between them.",
        instead: "`grpc.secure_channel(target, grpc.ssl_channel_credentials())`, `server.add_secure_port(…)`.",
        cwe: &[319],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import grpc\nchannel = grpc.insecure_channel(target)\n",
            "import grpc\nserver = grpc.server(pool)\nserver.add_insecure_port(\"[::]:50051\")\n",
        ],
        good: &[
            "import grpc\nchannel = grpc.secure_channel(target, credentials)\n",
            "import grpc\nchannel = grpc.insecure_channel(\"localhost:50051\")\n",
        ],
        detect: &[Detect::Call(
            &[
                "grpc.insecure_channel",
                "grpc.aio.insecure_channel",
                "grpc.server().add_insecure_port",
                "grpc.aio.server().add_insecure_port",
                "?.add_insecure_port",
            ],
            When::Is(not_on_this_machine),
        )],
    },
];

fn lacks_keys(call: &Call<'_, '_>) -> Option<Confidence> {
    let absent = |keyword, position| matches!(call.argument(keyword, position), Argument::Absent);
    let off = |keyword, position, name: &str| {
        call.given(keyword, position).is_some_and(|value| {
            call.module.names().qualified(value).iter().any(|qualified| qualified.ends_with(name))
        })
    };
    let weak = absent("authKey", 1)
        || absent("privKey", 2)
        || call.is("authKey", 1, &Constant::None)
        || call.is("privKey", 2, &Constant::None)
        || off("authProtocol", 3, "usmNoAuthProtocol")
        || off("privProtocol", 4, "usmNoPrivProtocol");
    weak.then_some(Confidence::High)
}

/// Names and addresses of this machine.
const LOOPBACK: &[&str] = &["localhost", "127.", "[::1]", "::1", "unix:", "0.0.0.0"];

fn is_loopback(host: &str) -> bool {
    LOOPBACK.iter().any(|own| host.starts_with(own))
}

/// Whether a method that turns encryption on is called anywhere in the file.
fn calls_any(call: &Call<'_, '_>, methods: &[&str]) -> bool {
    let text = call.module.file().text();
    methods.iter().any(|method| text.contains(method))
}

fn without_starttls(call: &Call<'_, '_>) -> Option<Confidence> {
    let own = call.text("host", 0).is_some_and(|host| is_loopback(&host));
    (!own && !calls_any(call, &[".starttls(", ".stls("])).then_some(Confidence::Medium)
}

fn plain_ldap(call: &Call<'_, '_>) -> Option<Confidence> {
    let address = call.text("uri", 0).or_else(|| call.text("host", 0))?;
    let host = address.strip_prefix("ldap://")?;
    (!is_loopback(host) && !calls_any(call, &["start_tls"])).then_some(Confidence::High)
}

fn plain_http(call: &Call<'_, '_>) -> Option<Confidence> {
    let position = usize::from(call.name.ends_with("request"));
    let url = call.given("url", position)?;
    let start = super::network::beginning(call.module, url)?.to_ascii_lowercase();
    let host = start.strip_prefix("http://")?;
    (!is_loopback(host)).then_some(if host.is_empty() { Confidence::Medium } else { Confidence::High })
}

fn not_on_this_machine(call: &Call<'_, '_>) -> Option<Confidence> {
    let own = call.positional(0);
    let Argument::Given(target) = own else { return Some(Confidence::Medium) };
    match call.module.names().constant(target) {
        Some(target) if target.as_str().is_some_and(is_loopback) => None,
        _ => Some(Confidence::Medium),
    }
}
