use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind};

use super::{Family, words};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant, Hits, Module, Node};

pub const FAMILY: Family = Family { id: "cloud", title: "Cloud and containers", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "public-storage",
        family: "cloud",
        summary: "Everybody on the internet may read, or even write, what is stored there.",
        why: "Open buckets are found by machines within hours, and nobody notices who copied what.",
        neglect: "It is a website, and nothing else will ever be put there.",
        instead: "Leave the access private and hand out signed addresses: `generate_presigned_url(…)`.",
        cwe: &[732],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "storage.put_object(Bucket=bucket, Key=key, Body=data, ACL=\"public-read\")\n",
            "storage.upload_file(path, bucket, key, ExtraArgs={\"ACL\": \"public-read-write\"})\n",
            "from aws_cdk import aws_s3\nbucket = aws_s3.Bucket(self, \"b\", public_read_access=True)\n",
            "from google.cloud import storage\nstorage.Client().bucket(name).blob(key).make_public()\n",
        ],
        good: &[
            "storage.put_object(Bucket=bucket, Key=key, Body=data, ACL=\"private\")\n",
            "if grant[\"ACL\"] == \"public-read\":\n    close(grant)\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::Keyword, NodeKind::ExprDict], public_acl),
            Detect::Call(
                &[
                    "google.cloud.storage.Client().bucket().blob().make_public",
                    "google.cloud.storage.Client().get_bucket().make_public",
                    "google.cloud.storage.Client().bucket().make_public",
                    "?.make_public",
                ],
                When::Is(makes_public),
            ),
        ],
    },
    Check {
        id: "public-principal",
        family: "cloud",
        summary: "A policy allows everybody.",
        why: "`*` as the principal means every account of the cloud, and without further conditions every visitor.",
        neglect: "A condition beside it narrows it down, or the resource is public on purpose.",
        instead: "Name the account or the role: `{\"AWS\": \"arn:aws:iam::123456789012:role/app\"}`.",
        cwe: &[732, 284],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "policy = {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\"}\n",
            "policy = {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": [\"*\"]}, \"Action\": actions}\n",
            "from aws_cdk import aws_iam as iam\nstatement = iam.PolicyStatement(principals=[iam.AnyPrincipal()])\n",
        ],
        good: &[
            "policy = {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\"}\n",
            "policy = {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Condition\": condition}\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::ExprDict], allows_everybody),
            Detect::Call(
                &["aws_cdk.aws_iam.AnyPrincipal", "aws_cdk.aws_iam.StarPrincipal"],
                When::Is(medium),
            ),
        ],
    },
    Check {
        id: "open-to-internet",
        family: "cloud",
        summary: "A firewall rule lets in every address of the internet.",
        why: "What listens behind it is scanned and tried within minutes.",
        neglect: "It is the port of a public website.",
        instead: "The range of your own network, or the security group of the caller.",
        cwe: &[732, 284],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "ec2.authorize_security_group_ingress(GroupId=group, IpProtocol=\"tcp\", CidrIp=\"0.0.0.0/0\")\n",
            "permissions = [{\"FromPort\": 22, \"IpRanges\": [{\"CidrIp\": \"0.0.0.0/0\"}]}]\n",
            "from aws_cdk import aws_ec2 as ec2\ngroup.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(22))\n",
        ],
        good: &[
            "ec2.authorize_security_group_ingress(GroupId=group, IpProtocol=\"tcp\", CidrIp=\"10.0.0.0/8\")\n",
            "ec2.revoke_security_group_ingress(GroupId=group, CidrIp=\"0.0.0.0/0\")\n",
            "network = ip_network(\"0.0.0.0/0\")\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::Keyword, NodeKind::ExprDict], open_range),
            Detect::Call(
                &["aws_cdk.aws_ec2.Peer.any_ipv4", "aws_cdk.aws_ec2.Peer.any_ipv6"],
                When::Is(lets_in),
            ),
            Detect::Call(&["?.allow_from_any_ipv4", "?.allow_default_port_from_any_ipv4"], When::Is(medium)),
        ],
    },
    Check {
        id: "container-privileged",
        family: "cloud",
        summary: "The container gets rights over the machine that it runs on.",
        why: "A privileged container, or one with the namespaces or capabilities of its host, is no barrier: who is in it \
              is on the machine.",
        neglect: "The container is a part of the system, such as a network plug-in, and runs nothing from outside.",
        instead: "The one capability or device that it needs: `cap_add=[\"NET_BIND_SERVICE\"]`, `devices=[…]`.",
        cwe: &[250],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "client.containers.run(image, privileged=True)\n",
            "client.containers.run(image, network_mode=\"host\")\n",
            "client.containers.create(image, cap_add=[\"SYS_ADMIN\"])\n",
            "import subprocess\nsubprocess.run([\"docker\", \"run\", \"--privileged\", image])\n",
        ],
        good: &[
            "client.containers.run(image, privileged=False, cap_drop=[\"ALL\"])\n",
            "client.containers.create(image, cap_add=[\"NET_BIND_SERVICE\"])\n",
        ],
        detect: &[Detect::Node(&[NodeKind::Keyword, NodeKind::ExprList], host_rights)],
    },
    Check {
        id: "docker-socket",
        family: "cloud",
        summary: "The socket of Docker is given to a container or a client.",
        why: "Whoever can talk to it can start a container with the whole disk of the machine: it is worth as much as root.",
        neglect: "The program administers Docker on this machine, and gives the socket to nobody.",
        instead: "Rootless Docker or Podman, or a proxy that lets through what is needed.",
        cwe: &[250],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "client.containers.run(image, volumes={\"/var/run/docker.sock\": {\"bind\": \"/var/run/docker.sock\"}})\n",
            "import subprocess\nsubprocess.run([\"docker\", \"run\", \"-v\", \"/var/run/docker.sock:/var/run/docker.sock\", image])\n",
        ],
        good: &[
            "import docker\nclient = docker.DockerClient(base_url=\"unix:///var/run/docker.sock\")\n",
            "if os.path.exists(\"/var/run/docker.sock\"):\n    start()\n",
        ],
        detect: &[Detect::Node(&[NodeKind::ExprDict, NodeKind::ExprList], mounts_socket)],
    },
];

fn medium(_: &Call<'_, '_>) -> Option<Confidence> {
    Some(Confidence::Medium)
}

/// A keyword or the key of a dictionary, with its value.
fn named<'a>(node: AnyNodeRef<'a>) -> impl Iterator<Item = (&'a str, &'a Expr)> {
    let keyword = match node {
        AnyNodeRef::Keyword(ast::Keyword { arg: Some(name), value, .. }) => Some((name.as_str(), value)),
        _ => None,
    };
    let items: &[ast::DictItem] = match node {
        AnyNodeRef::ExprDict(dict) => &dict.items,
        _ => &[],
    };
    let items = items.iter().filter_map(|item| {
        let key = item.key.as_ref()?.as_string_literal_expr()?;
        Some((key.value.to_str(), &item.value))
    });
    keyword.into_iter().chain(items)
}

fn public_acl(node: &Node<'_, '_>, hits: &mut Hits) {
    for (name, value) in named(node.node) {
        let public = match name {
            "ACL" | "acl" | "CannedACL" | "default_acl" => node
                .module
                .text(value)
                .is_some_and(|acl| acl.starts_with("public-read") || acl == "authenticated-read"),
            "access_control" => node
                .module
                .qualified(value)
                .iter()
                .any(|name| name.contains("BucketAccessControl.PUBLIC_READ")),
            "public_read_access" => node.module.constant(value) == Some(Constant::Bool(true)),
            "public_access" => {
                node.module.text(value).is_some_and(|level| matches!(level.as_str(), "container" | "blob"))
            }
            _ => false,
        };
        if public {
            hits.at(value, Confidence::High);
        }
    }
}

fn makes_public(call: &Call<'_, '_>) -> Option<Confidence> {
    Some(if call.name.starts_with('?') { Confidence::Low } else { Confidence::High })
}

fn allows_everybody(node: &Node<'_, '_>, hits: &mut Hits) {
    let value_of = |wanted: &str| named(node.node).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let (Some(effect), Some(principal)) = (value_of("Effect"), value_of("Principal")) else { return };
    let allows = node.module.text(effect).is_some_and(|effect| effect == "Allow");
    if allows && value_of("Condition").is_none() && is_everybody(node.module, principal) {
        hits.at(principal, Confidence::High);
    }
}

fn is_everybody<'a>(module: &Module<'a>, principal: &'a Expr) -> bool {
    let star = |constant: &Constant| match constant {
        Constant::Str(name) => name == "*",
        Constant::List(names) => names.iter().any(|name| name.as_str() == Some("*")),
        _ => false,
    };
    match module.constant(principal) {
        Some(Constant::Dict(items)) => {
            items.iter().any(|(kind, names)| kind.as_str() == Some("AWS") && star(names))
        }
        Some(constant) => star(&constant),
        None => false,
    }
}

/// Keys under which a range of addresses is let in.
const RANGES: &[&str] =
    &["CidrIp", "CidrIpv6", "cidr_ip", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks", "source_ranges"];

fn open_range(node: &Node<'_, '_>, hits: &mut Hits) {
    for (name, value) in named(node.node) {
        if !RANGES.contains(&name) {
            continue;
        }
        let all = |constant: &Constant| matches!(constant.as_str(), Some("0.0.0.0/0" | "::/0"));
        let open = match node.module.constant(value) {
            Some(Constant::List(ranges)) => ranges.iter().any(all),
            Some(range) => all(&range),
            None => false,
        };
        if open && !is_about_leaving(node) {
            hits.at(value, Confidence::High);
        }
    }
}

/// Rules about what may go out, and the taking back of rules, let nobody in.
fn is_about_leaving(node: &Node<'_, '_>) -> bool {
    let speaks = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("egress") || name.contains("revoke")
    };
    node.module.ancestors(node.node).take_while(|node| !node.is_statement()).any(|around| match around {
        AnyNodeRef::ExprCall(call) => match &*call.func {
            Expr::Attribute(method) => speaks(&method.attr),
            Expr::Name(name) => speaks(&name.id),
            _ => false,
        },
        AnyNodeRef::Keyword(keyword) => keyword.arg.as_deref().is_some_and(speaks),
        _ => false,
    })
}

fn lets_in(call: &Call<'_, '_>) -> Option<Confidence> {
    let outer = call.module.ancestors(call.node).find_map(|node| match node {
        AnyNodeRef::ExprCall(outer) => Some(outer),
        _ => None,
    });
    let leaves = outer
        .and_then(|outer| outer.func.as_attribute_expr())
        .is_some_and(|method| method.attr.contains("egress") || method.attr.as_str() == "allow_to");
    (!leaves).then_some(Confidence::Medium)
}

/// Capabilities of Linux that are as good as root.
const ALMIGHTY: &[&str] =
    &["ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "SYS_RAWIO", "NET_ADMIN", "BPF"];

fn host_rights(node: &Node<'_, '_>, hits: &mut Hits) {
    if let AnyNodeRef::ExprList(list) = node.node {
        return privileged_command(list, hits);
    }
    if !configures_container(node) {
        return;
    }
    for (name, value) in named(node.node) {
        let constant = node.module.constant(value);
        let confidence = match name {
            "privileged" | "host_pid" | "host_ipc" | "host_network" | "allow_privilege_escalation" => {
                let possible = node.module.names().possible(node.module.value(value));
                match constant {
                    Some(Constant::Bool(true)) => Some(Confidence::High),
                    // So it is where nobody says otherwise.
                    _ => possible.constants.contains(&Constant::Bool(true)).then_some(Confidence::Medium),
                }
            }
            "network_mode" | "pid_mode" | "ipc_mode" | "userns_mode" => constant
                .as_ref()
                .and_then(Constant::as_str)
                .filter(|mode| *mode == "host")
                .map(|_| Confidence::High),
            "cap_add" => constant.filter(has_almighty).map(|_| Confidence::High),
            "security_opt" => constant.filter(is_unconfined).map(|_| Confidence::High),
            _ => None,
        };
        if let Some(confidence) = confidence {
            hits.at(value, confidence);
        }
    }
}

/// Whether a keyword is given to something that, by its name, starts or describes a container.
fn configures_container(node: &Node<'_, '_>) -> bool {
    let call = node.module.ancestors(node.node).take(2).find_map(|node| match node {
        AnyNodeRef::ExprCall(call) => Some(call),
        _ => None,
    });
    let Some(name) = call.and_then(|call| words::last_name(&call.func)) else { return false };
    matches!(
        name,
        "run"
            | "create"
            | "start"
            | "dict"
            | "add_container"
            | "create_host_config"
            | "HostConfig"
            | "V1PodSpec"
            | "PodSpec"
    ) || ["Context", "Operator", "ContainerDefinition", "Container", "Task", "create_container"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn any_text(constant: &Constant, is_such: impl Fn(&str) -> bool) -> bool {
    match constant {
        Constant::List(items) => items.iter().filter_map(Constant::as_str).any(is_such),
        Constant::Str(text) => is_such(text),
        _ => false,
    }
}

fn has_almighty(constant: &Constant) -> bool {
    any_text(constant, |name| {
        let name = name.to_ascii_uppercase();
        ALMIGHTY.contains(&name.trim_start_matches("CAP_"))
    })
}

fn is_unconfined(constant: &Constant) -> bool {
    any_text(constant, |option| {
        option.ends_with("unconfined") || option == "label:disable" || option == "label=disable"
    })
}

/// The words of a command for a container engine, as far as they are constants.
fn container_command(list: &ast::ExprList) -> Vec<&ast::ExprStringLiteral> {
    let words: Vec<_> = list.elts.iter().filter_map(Expr::as_string_literal_expr).collect();
    let engine =
        |word: &&ast::ExprStringLiteral| matches!(word.value.to_str(), "docker" | "podman" | "nerdctl");
    if words.first().is_some_and(engine) { words } else { Vec::new() }
}

fn privileged_command(list: &ast::ExprList, hits: &mut Hits) {
    let options = ["--privileged", "--privileged=true", "--network=host", "--net=host", "--pid=host"];
    for word in container_command(list) {
        if options.contains(&word.value.to_str()) {
            hits.at(word, Confidence::High);
        }
    }
}

fn mounts_socket(node: &Node<'_, '_>, hits: &mut Hits) {
    let is_socket =
        |text: &str| text.split(':').next().is_some_and(|path| path.ends_with("/run/docker.sock"));
    match node.node {
        AnyNodeRef::ExprDict(dict) => {
            let keys = dict.items.iter().filter_map(|item| item.key.as_ref()?.as_string_literal_expr());
            for key in keys.filter(|key| is_socket(key.value.to_str())) {
                hits.at(key, Confidence::High);
            }
        }
        AnyNodeRef::ExprList(list) => {
            let words = list.elts.iter().filter_map(Expr::as_string_literal_expr);
            for word in
                words.filter(|word| word.value.to_str().contains(':') && is_socket(word.value.to_str()))
            {
                hits.at(word, Confidence::High);
            }
        }
        _ => {}
    }
}
