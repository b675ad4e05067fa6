use ruff_python_ast::{AnyNodeRef, NodeKind};

use super::Family;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Hits, Node, Truth};

pub const FAMILY: Family = Family { id: "ml", title: "Models and agents", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "torch-load",
        family: "ml",
        summary: "`torch.load` can run code from the model file.",
        why: "A checkpoint is a pickle. Without `weights_only=True` loading it runs whatever its author put in; only \
              from torch 2.6 on is that the default.",
        neglect: "The file was written by this very program and nobody else can write to it.",
        instead: "`torch.load(path, weights_only=True)`, or the safetensors format.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &["bandit:B614"],
        bad: &[
            "import torch\nmodel = torch.load(path)\n",
            "import torch\nmodel = torch.load(path, weights_only=False)\n",
            "from torch import hub\nmodel = hub.load(repository, name)\n",
        ],
        good: &["import torch\nmodel = torch.load(path, weights_only=True)\n", "model.load(path)\n"],
        detect: &[
            Detect::Call(&["torch.load"], When::Is(loads_more_than_weights)),
            Detect::Call(&["torch.hub.load", "torch.package.PackageImporter"], When::Always),
        ],
    },
    Check {
        id: "model-unpinned",
        family: "ml",
        summary: "A model or data set is downloaded without a fixed revision.",
        why: "Whoever controls the repository, or takes it over, decides what the next start of this program loads.",
        neglect: "The name is that of a local folder.",
        instead: "`from_pretrained(name, revision=\"<commit hash>\")`.",
        cwe: &[494],
        severity: Severity::Medium,
        aliases: &["bandit:B615"],
        bad: &[
            "from transformers import AutoModel\nmodel = AutoModel.from_pretrained(\"org/model\")\n",
            "from datasets import load_dataset\ndata = load_dataset(\"org/data\", revision=\"main\")\n",
        ],
        good: &[
            "from transformers import AutoModel\nmodel = AutoModel.from_pretrained(\"org/model\", revision=\"5d0f2e8a7f1cd87aa186807adea62c795660f48a\")\n",
            "from transformers import AutoModel\nmodel = AutoModel.from_pretrained(\"./model\")\n",
        ],
        detect: &[Detect::Call(
            &[
                "transformers.AutoModel.from_pretrained",
                "transformers.AutoModelForCausalLM.from_pretrained",
                "transformers.AutoModelForSequenceClassification.from_pretrained",
                "transformers.AutoModelForTokenClassification.from_pretrained",
                "transformers.AutoModelForSeq2SeqLM.from_pretrained",
                "transformers.AutoTokenizer.from_pretrained",
                "transformers.AutoConfig.from_pretrained",
                "transformers.AutoProcessor.from_pretrained",
                "transformers.AutoFeatureExtractor.from_pretrained",
                "transformers.AutoImageProcessor.from_pretrained",
                "datasets.load_dataset",
                "huggingface_hub.hf_hub_download",
                "huggingface_hub.snapshot_download",
            ],
            When::Is(not_pinned),
        )],
    },
    Check {
        id: "trust-remote-code",
        family: "ml",
        summary: "`trust_remote_code=True` runs Python code from the model's repository.",
        why: "The code is downloaded and executed with the rights of this program, each time in its newest version \
              unless the revision is fixed.",
        neglect: "The revision is a commit hash whose code somebody has read.",
        instead: "A model that the library itself implements, or a reviewed copy of the code in this project.",
        cwe: &[494, 94],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "from transformers import AutoModel\nAutoModel.from_pretrained(path, trust_remote_code=True)\n",
            "loader.build(name, trust_remote_code=True)\n",
        ],
        good: &[
            "from transformers import AutoModel\nAutoModel.from_pretrained(\"./model\", trust_remote_code=False)\n",
            "trust_remote_code = True\n",
        ],
        detect: &[Detect::Node(&[NodeKind::Keyword], trusts_remote_code)],
    },
    Check {
        id: "dangerous-opt-in",
        family: "ml",
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
        id: "numpy-load-pickle",
        family: "ml",
        summary: "`allow_pickle=True` lets an array file run code.",
        why: "Arrays of objects are stored as pickles; loading one runs whatever its author put in.",
        neglect: "The file was written by this very program and nobody else can write to it.",
        instead: "`numpy.load(path)`, with arrays of plain types.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import numpy as np\ndata = np.load(path, allow_pickle=True)\n",
            "from numpy import load\ndata = load(path, None, True)\n",
        ],
        good: &[
            "import numpy as np\ndata = np.load(path)\n",
            "import numpy as np\ndata = np.load(path, allow_pickle=False)\n",
        ],
        detect: &[Detect::Call(&["numpy.load", "numpy.lib.format.read_array"], When::Is(allows_pickle))],
    },
    Check {
        id: "model-file-load",
        family: "ml",
        summary: "This format of model files is a pickle: loading it can run code.",
        why: "Frameworks wrap pickle under names of their own. A model from somebody else is a program from somebody else.",
        neglect: "The model was trained by this project, and its file is protected like the program itself.",
        instead: "A format that holds no code: ONNX, safetensors, skops with a list of trusted types.",
        cwe: &[502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import joblib\nmodel = joblib.load(upload)\n",
            "from keras.models import load_model\nmodel = load_model(path, safe_mode=False)\n",
        ],
        good: &[
            "import joblib\njoblib.dump(model, path)\n",
            "from keras.models import load_model\nmodel = load_model(path)\n",
        ],
        detect: &[
            Detect::Call(&["joblib.load"], When::Argument("filename", 0)),
            Detect::Call(
                &[
                    "keras.models.load_model",
                    "keras.saving.load_model",
                    "tensorflow.keras.models.load_model",
                    "keras.config.enable_unsafe_deserialization",
                    "keras.layers.deserialize",
                ],
                When::Is(without_safe_mode),
            ),
            Detect::Call(
                &[
                    "mlflow.pyfunc.load_model",
                    "mlflow.sklearn.load_model",
                    "mlflow.pytorch.load_model",
                    "fastai.learner.load_learner",
                    "fastai.vision.all.load_learner",
                ],
                When::Is(|_| Some(Confidence::Medium)),
            ),
        ],
    },
    Check {
        id: "agent-runs-code",
        family: "ml",
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
            ],
            When::Always,
        )],
    },
    Check {
        id: "public-demo",
        family: "ml",
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
];

fn loads_more_than_weights(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.truth("weights_only", None) {
        Truth::True => None,
        Truth::False => Some(Confidence::High),
        Truth::Absent | Truth::Sometimes => Some(Confidence::Medium),
        Truth::Unknown => Some(Confidence::Low),
    }
}

/// A commit hash is fixed; a branch or tag is not, and neither is no revision at all. A path is no repository.
fn not_pinned(call: &Call<'_, '_>) -> Option<Confidence> {
    let name = call.positional(0);
    let local = match name {
        Argument::Given(value) => match call.module.names().constant(value) {
            Some(Constant::Str(name)) => {
                name.starts_with(['.', '/', '~']) || !name.contains('/') && name.contains('.')
            }
            Some(_) => true,
            None => false,
        },
        Argument::Absent | Argument::Unknown => false,
    };
    if local {
        return None;
    }
    match call.argument("revision", None) {
        Argument::Absent => {
            let known =
                call.text("pretrained_model_name_or_path", 0).is_some() || call.text("path", 0).is_some();
            Some(if known { Confidence::High } else { Confidence::Low })
        }
        Argument::Unknown => None,
        Argument::Given(_) => match call.text("revision", None) {
            Some(revision) if is_hash(&revision) => None,
            Some(_) => Some(Confidence::Medium),
            None => None,
        },
    }
}

/// The hash of a commit, perhaps abbreviated.
fn is_hash(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn keyword_is_true(node: &Node<'_, '_>, names: &[&str]) -> bool {
    let AnyNodeRef::Keyword(keyword) = node.node else { return false };
    keyword.arg.as_ref().is_some_and(|name| names.contains(&name.as_str()))
        && node.module.constant(&keyword.value).is_some_and(|value| value.truth())
}

fn trusts_remote_code(node: &Node<'_, '_>, hits: &mut Hits) {
    if keyword_is_true(node, &["trust_remote_code"]) {
        hits.at(node.node, Confidence::High);
    }
}

fn opts_into_danger(node: &Node<'_, '_>, hits: &mut Hits) {
    let switches = ["allow_dangerous_code", "allow_dangerous_requests", "allow_dangerous_deserialization"];
    if keyword_is_true(node, &switches) {
        hits.at(node.node, Confidence::High);
    }
}

fn allows_pickle(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.truth("allow_pickle", 2) {
        Truth::True => Some(Confidence::High),
        Truth::Sometimes => Some(Confidence::Medium),
        Truth::Absent | Truth::False | Truth::Unknown => None,
    }
}

fn without_safe_mode(call: &Call<'_, '_>) -> Option<Confidence> {
    let always = call.name == "keras.config.enable_unsafe_deserialization";
    (always || call.truth("safe_mode", None) == Truth::False).then_some(Confidence::High)
}

fn is_public(call: &Call<'_, '_>) -> Option<Confidence> {
    let shared = call.truth("share", None) == Truth::True;
    let serves_all = match call.constant("allowed_paths", None) {
        Some(Constant::List(paths)) => paths.iter().any(|path| path.as_str() == Some("/")),
        _ => false,
    };
    (shared || serves_all).then_some(Confidence::High)
}
