use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Assignment, Call, Constant};

pub const FAMILY: Family = Family { id: "ssh", title: "SSH", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "ssh-host-key-policy",
        family: "ssh",
        summary: "Unknown SSH servers are accepted without a question.",
        why: "Anybody on the way can answer in the server's name with a key of their own, and is handed the login.",
        neglect: "The server was created by the program a moment ago, on a network of its own.",
        instead: "`client.load_system_host_keys()` and `client.set_missing_host_key_policy(paramiko.RejectPolicy())`.",
        cwe: &[322],
        severity: Severity::High,
        aliases: &["bandit:B507", "ruff:S507"],
        bad: &[
            "import paramiko\nclient = paramiko.SSHClient()\nclient.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n",
            "from paramiko import WarningPolicy\ndef connect(client):\n    client.set_missing_host_key_policy(WarningPolicy)\n",
        ],
        good: &[
            "import paramiko\nclient = paramiko.SSHClient()\nclient.set_missing_host_key_policy(paramiko.RejectPolicy())\n",
            "import paramiko\nclient = paramiko.SSHClient()\nclient.load_system_host_keys()\n",
        ],
        detect: &[Detect::Call(
            &["paramiko.SSHClient().set_missing_host_key_policy", "?.set_missing_host_key_policy"],
            When::Is(accepts_unknown),
        )],
    },
    Check {
        id: "ssh-no-known-hosts",
        family: "ssh",
        summary: "The SSH connection does not compare the server's key with any known one.",
        why: "Anybody on the way can answer in the server's name with a key of their own, and is handed the login.",
        neglect: "The server was created by the program a moment ago, on a network of its own.",
        instead: "`asyncssh.connect(host, known_hosts=\"known_hosts\")`, or leave the argument out for the user's own file.",
        cwe: &[322],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import asyncssh\nconnection = asyncssh.connect(host, known_hosts=None)\n",
            "import pysftp\noptions = pysftp.CnOpts()\noptions.hostkeys = None\n",
        ],
        good: &[
            "import asyncssh\nconnection = asyncssh.connect(host, known_hosts=\"known_hosts\")\n",
            "import pysftp\noptions = pysftp.CnOpts(knownhosts=\"known_hosts\")\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "asyncssh.connect",
                    "asyncssh.create_connection",
                    "asyncssh.connect_reverse",
                    "asyncssh.SSHClientConnectionOptions",
                    "asyncssh.scp",
                ],
                When::Is(knows_no_hosts),
            ),
            Detect::Assign(&["pysftp.CnOpts().hostkeys", "?.hostkeys"], becomes_none),
        ],
    },
    Check {
        id: "ssh-transport-host-key",
        family: "ssh",
        summary: "A bare SSH transport connects without being told the key of its server.",
        why: "`Transport.connect` compares nothing unless it gets `hostkey`: anybody on the way can answer.",
        neglect: "`get_remote_server_key()` is compared before anything secret is sent.",
        instead: "`transport.connect(hostkey=key, username=user, pkey=own)`, or `paramiko.SSHClient`.",
        cwe: &[322],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import paramiko\ntransport = paramiko.Transport((host, 22))\ntransport.connect(username=user, password=word)\n",
            "import paramiko\nparamiko.Transport(sock).connect(None, user, word)\n",
        ],
        good: &[
            "import paramiko\ntransport = paramiko.Transport((host, 22))\ntransport.connect(hostkey=key, username=user, pkey=own)\n",
            "import paramiko\nclient = paramiko.SSHClient()\nclient.connect(host, username=user)\n",
        ],
        detect: &[Detect::Call(&["paramiko.Transport().connect"], When::Is(lacks_host_key))],
    },
];

/// Policies of paramiko that go on with a server whose key is not known.
const ACCEPTING: &[&str] = &[
    "paramiko.AutoAddPolicy",
    "paramiko.AutoAddPolicy()",
    "paramiko.WarningPolicy",
    "paramiko.WarningPolicy()",
];

fn accepts_unknown(call: &Call<'_, '_>) -> Option<Confidence> {
    call.refers_to("policy", 0, ACCEPTING).then_some(Confidence::High)
}

fn knows_no_hosts(call: &Call<'_, '_>) -> Option<Confidence> {
    call.is("known_hosts", None, &Constant::None).then_some(Confidence::High)
}

fn becomes_none(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    (assignment.constant() == Some(Constant::None)).then_some(Confidence::High)
}

/// Without a user nothing secret is sent yet.
fn lacks_host_key(call: &Call<'_, '_>) -> Option<Confidence> {
    let logs_in = !matches!(call.argument("username", 1), Argument::Absent);
    let unknown =
        matches!(call.argument("hostkey", 0), Argument::Absent) || call.is("hostkey", 0, &Constant::None);
    (logs_in && unknown).then_some(Confidence::Medium)
}
