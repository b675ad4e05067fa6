use ruff_python_ast::{AnyNodeRef, Expr, NodeKind};

use super::Family;
use super::commands::{self, SHELLS, SUBPROCESS};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Call, Constant, Hits, Module, Node, Truth};

pub const FAMILY: Family = Family { id: "agents", title: "Language models and agents", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "agent-runs-code",
        family: "agents",
        summary: "What a language model writes is executed on this machine.",
        why: "Text that reaches the model can make it write any code; a document, a web page or a user is enough.",
        neglect: "The process runs in a sandbox without secrets, network or files that matter.",
        instead: "An executor in a container, or tools with a fixed set of actions.",
        cwe: &[94],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from langchain_experimental.utilities import PythonREPL\nPythonREPL().run(answer)\n",
            "from autogen.coding import LocalCommandLineCodeExecutor\nexecutor = LocalCommandLineCodeExecutor()\n",
        ],
        good: &[
            "from autogen.coding import DockerCommandLineCodeExecutor\nexecutor = DockerCommandLineCodeExecutor()\n",
            "class PythonREPL:\n    pass\nPythonREPL()\n",
        ],
        detect: &[Detect::Call(
            &[
                "langchain_experimental.utilities.PythonREPL",
                "langchain_experimental.utilities.python.PythonREPL",
                "langchain_experimental.tools.PythonREPLTool",
                "langchain_experimental.tools.PythonAstREPLTool",
                "langchain_experimental.tools.python.tool.PythonREPLTool",
                "langchain_experimental.tools.python.tool.PythonAstREPLTool",
                "langchain_experimental.agents.create_pandas_dataframe_agent",
                "langchain_experimental.agents.agent_toolkits.create_pandas_dataframe_agent",
                "langchain_experimental.agents.agent_toolkits.create_csv_agent",
                "langchain_experimental.pal_chain.PALChain",
                "langchain_community.tools.ShellTool",
                "langchain_community.tools.shell.tool.ShellTool",
                "langchain.utilities.PythonREPL",
                "langchain.utilities.BashProcess",
                "llama_index.core.query_engine.PandasQueryEngine",
                "llama_index.experimental.query_engine.PandasQueryEngine",
                "autogen.coding.LocalCommandLineCodeExecutor",
                "autogen_ext.code_executors.local.LocalCommandLineCodeExecutor",
                "smolagents.LocalPythonExecutor",
                "smolagents.local_python_executor.LocalPythonExecutor",
                "langchain.agents.create_pandas_dataframe_agent",
                "langchain.agents.agent_toolkits.create_python_agent",
                "langchain_experimental.agents.agent_toolkits.create_python_agent",
                "llama_index.query_engine.PandasQueryEngine",
                "pandasai.SmartDataframe",
            ],
            When::Always,
        )],
    },
    Check {
        id: "agent-without-sandbox",
        family: "agents",
        summary: "The sandbox around the code of an agent is turned off.",
        why: "Text that reaches the model can make it write any code; without the container that code runs with the rights, the files and \
              the secrets of this program.",
        neglect: "The process itself runs in a container without secrets, network or files that matter.",
        instead: "`use_docker=True`, or the framework's remote executor (E2B, Docker, Modal).",
        cwe: &[94],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "agent = ConversableAgent(\"coder\", code_execution_config={\"work_dir\": \"out\", \"use_docker\": False})\n",
            "from interpreter import interpreter\ninterpreter.auto_run = True\n",
            "from crewai import Agent\ncoder = Agent(role=\"coder\", code_execution_mode=\"unsafe\")\n",
        ],
        good: &[
            "agent = ConversableAgent(\"coder\", code_execution_config={\"work_dir\": \"out\", \"use_docker\": True})\n",
            "from crewai import Agent\ncoder = Agent(role=\"coder\", code_execution_mode=\"safe\")\n",
            "use_docker = False\n",
        ],
        detect: &[
            Detect::Node(&[NodeKind::ExprDict, NodeKind::Keyword], without_sandbox),
            Detect::Assign(
                &[
                    "interpreter.interpreter.auto_run",
                    "interpreter.auto_run",
                    "interpreter.OpenInterpreter().auto_run",
                ],
                |assignment| {
                    assignment.constant().as_ref().is_some_and(Constant::truth).then_some(Confidence::High)
                },
            ),
        ],
    },
    Check {
        id: "model-output-executed",
        family: "agents",
        summary: "The answer of a language model is executed.",
        why: "Text that reaches the model, a document or a web page among it, can make the answer any code or command.",
        neglect: "The process runs in a sandbox without secrets, network or files that matter.",
        instead: "A fixed set of functions from which the model chooses by name (tool calling), with checked arguments.",
        cwe: &[94],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from openai import OpenAI\nanswer = OpenAI().chat.completions.create(messages=messages)\n\
             exec(answer.choices[0].message.content)\n",
            "import os, litellm\nos.system(litellm.completion(model=name, messages=messages).choices[0].message.content)\n",
        ],
        good: &[
            "from openai import OpenAI\nanswer = OpenAI().chat.completions.create(messages=messages)\n\
             print(answer.choices[0].message.content)\n",
            "import ollama\nACTIONS[ollama.chat(model=name)[\"message\"][\"content\"]]()\n",
        ],
        detect: &[
            Detect::Call(&["builtins.eval", "builtins.exec", "builtins.compile"], When::Is(runs_answer)),
            Detect::Call(SHELLS, When::Is(runs_answer)),
            Detect::Call(SUBPROCESS, When::Is(runs_answer)),
        ],
    },
    Check {
        id: "dangerous-opt-in",
        family: "agents",
        summary: "A safety switch of the library is turned off by name.",
        why: "The library refuses by default, because what follows runs code or loads pickles that somebody else wrote.",
        neglect: "Everything that reaches this call was made by the same program.",
        instead: "Leave the default, and keep the data in a format that holds no code.",
        cwe: &[94, 502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "FAISS.load_local(path, embeddings, allow_dangerous_deserialization=True)\n",
            "agent = create_agent(model, allow_dangerous_code=True)\n",
        ],
        good: &[
            "FAISS.load_local(path, embeddings)\n",
            "agent = create_agent(model, allow_dangerous_code=False)\n",
        ],
        detect: &[Detect::Node(&[NodeKind::Keyword], opts_into_danger)],
    },
    Check {
        id: "public-demo",
        family: "agents",
        summary: "The demo is reachable from the internet, or serves files of this machine.",
        why: "`share=True` opens a public tunnel past every firewall; a root among the allowed paths serves any file.",
        neglect: "The machine is a throw-away one with nothing on it.",
        instead: "`launch()` behind a proxy with a login, and only the folders that are needed.",
        cwe: &[668],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import gradio\ndemo = gradio.Interface(fn, \"text\", \"text\")\ndemo.launch(share=True)\n",
            "import gradio as gr\ngr.Blocks().launch(allowed_paths=[\"/\"])\n",
        ],
        good: &[
            "import gradio\ndemo = gradio.Interface(fn, \"text\", \"text\")\ndemo.launch()\n",
            "rocket.launch(share=True)\n",
        ],
        detect: &[Detect::Call(
            &["gradio.Interface().launch", "gradio.Blocks().launch", "gradio.ChatInterface().launch"],
            When::Is(is_public),
        )],
    },
    Check {
        id: "open-tool-server",
        family: "agents",
        summary: "A server with tools for language models listens on all interfaces.",
        why: "Whoever reaches the port can call the tools: files, databases and commands of this machine. The protocol asks for no \
              password unless the server is told to.",
        neglect: "A proxy in front of it asks for credentials, and nothing else can reach the port.",
        instead: "`host=\"127.0.0.1\"` or the `stdio` transport; for others `auth=` of the server.",
        cwe: &[306],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from mcp.server.fastmcp import FastMCP\nserver = FastMCP(\"files\", host=\"0.0.0.0\")\n",
            "from fastmcp import FastMCP\nserver = FastMCP(\"files\")\nserver.run(transport=\"http\", host=\"0.0.0.0\")\n",
        ],
        good: &[
            "from mcp.server.fastmcp import FastMCP\nserver = FastMCP(\"files\", host=\"127.0.0.1\")\n",
            "from fastmcp import FastMCP\nserver = FastMCP(\"files\", auth=provider, host=\"0.0.0.0\")\n",
        ],
        detect: &[Detect::Call(
            &[
                "mcp.server.fastmcp.FastMCP",
                "mcp.server.FastMCP",
                "fastmcp.FastMCP",
                "fastmcp.FastMCP().run",
                "fastmcp.FastMCP().run_async",
                "fastmcp.FastMCP().run_http_async",
            ],
            When::Is(listens_everywhere),
        )],
    },
];

fn keyword_is_true(node: &Node<'_, '_>, names: &[&str]) -> bool {
    let AnyNodeRef::Keyword(keyword) = node.node else { return false };
    keyword.arg.as_ref().is_some_and(|name| names.contains(&name.as_str()))
        && node.module.constant(&keyword.value).is_some_and(|value| value.truth())
}

fn opts_into_danger(node: &Node<'_, '_>, hits: &mut Hits) {
    let switches = ["allow_dangerous_code", "allow_dangerous_requests", "allow_dangerous_deserialization"];
    if keyword_is_true(node, &switches) {
        hits.at(node.node, Confidence::High);
    }
}

fn is_public(call: &Call<'_, '_>) -> Option<Confidence> {
    let shared = call.truth("share", None) == Truth::True;
    let serves_all = match call.constant("allowed_paths", None) {
        Some(Constant::List(paths)) => paths.iter().any(|path| path.as_str() == Some("/")),
        _ => false,
    };
    (shared || serves_all).then_some(Confidence::High)
}

/// Keywords and keys that say where an agent's code runs, and what turns the sandbox off.
fn turns_sandbox_off(name: &str, value: Option<Constant>) -> bool {
    match (name, value) {
        ("use_docker", Some(Constant::Bool(false))) => true,
        ("unsafe_mode", Some(value)) => value.truth(),
        ("code_execution_mode", Some(Constant::Str(mode))) => mode == "unsafe",
        _ => false,
    }
}

fn without_sandbox(node: &Node<'_, '_>, hits: &mut Hits) {
    let is_switch = |name: &str| matches!(name, "use_docker" | "unsafe_mode" | "code_execution_mode");
    match node.node {
        AnyNodeRef::Keyword(keyword) => {
            let Some(name) = keyword.arg.as_ref().filter(|name| is_switch(name.as_str())) else { return };
            if turns_sandbox_off(name.as_str(), node.module.constant(&keyword.value)) {
                hits.at(keyword, Confidence::High);
            }
        }
        AnyNodeRef::ExprDict(dict) => {
            for item in dict {
                let Some(Expr::StringLiteral(key)) = &item.key else { continue };
                let name = key.value.to_str();
                if is_switch(name) && turns_sandbox_off(name, node.module.constant(&item.value)) {
                    hits.at(key, Confidence::High);
                }
            }
        }
        _ => {}
    }
}

/// Callees that give what a language model wrote.
const ANSWERS: &[&str] = &[
    "anthropic.Anthropic().messages.create",
    "anthropic.AsyncAnthropic().messages.create",
    "cohere.Client().chat",
    "google.generativeai.GenerativeModel().generate_content",
    "litellm.completion",
    "ollama.chat",
    "ollama.generate",
    "openai.AsyncOpenAI().chat.completions.create",
    "openai.ChatCompletion.create",
    "openai.Completion.create",
    "openai.OpenAI().chat.completions.create",
    "openai.OpenAI().responses.create",
    "openai.chat.completions.create",
];

fn runs_answer(call: &Call<'_, '_>) -> Option<Confidence> {
    let code = call.all_given().next().filter(|_| !call.handed_on)?;
    commands::mentions(call.module, code.expr, &|node| gives_answer(call.module, node))
        .then_some(Confidence::High)
}

fn gives_answer<'a>(module: &Module<'a>, node: AnyNodeRef<'a>) -> bool {
    matches!(node, AnyNodeRef::ExprCall(call) if module.refers_to(&call.func, ANSWERS))
}

fn listens_everywhere(call: &Call<'_, '_>) -> Option<Confidence> {
    let host = call.text("host", None)?;
    let asks = call.given("auth", None).is_some();
    (matches!(host.as_str(), "0.0.0.0" | "::" | "") && !asks).then_some(Confidence::High)
}
