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
                "pysnmp.hlapi.asyncio.UsmUserData",
                "pysnmp.hlapi.v3arch.UsmUserData",
                "pysnmp.hlapi.v3arch.asyncio.UsmUserData",
            ],
            When::Is(lacks_keys),
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
