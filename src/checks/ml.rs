use ruff_python_ast::{AnyNodeRef, NodeKind};

use super::Family;
use super::deserialization::is_own_stream;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call, Constant, Hits, Node, Truth};

pub const FAMILY: Family = Family { id: "ml", title: "Models and data sets", checks: CHECKS };

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
            "from torch.hub import load_state_dict_from_url\nstate = load_state_dict_from_url(url)\n",
        ],
        good: &["import torch\nmodel = torch.load(path, weights_only=True)\n", "model.load(path)\n"],
        detect: &[Detect::Call(
            &["torch.load", "torch.hub.load_state_dict_from_url", "torch.utils.model_zoo.load_url"],
            When::Is(loads_more_than_weights),
        )],
    },
    Check {
        id: "torch-code",
        family: "ml",
        summary: "Code that comes with a model is run.",
        why: "`torch.hub.load` runs `hubconf.py` of a repository in its newest version, and a `torch.package` archive is a set of \
              modules that are imported from it.",
        neglect: "The repository is a local folder of this project, or is pinned to a commit that somebody has read.",
        instead: "The model's code as a dependency with a pinned version, and `torch.load(path, weights_only=True)` for its \
                  weights.",
        cwe: &[494, 502],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import torch\nmodel = torch.hub.load(\"pytorch/vision\", \"resnet50\")\n",
            "from torch.package import PackageImporter\nimporter = PackageImporter(path)\n",
        ],
        good: &[
            "import torch\nmodel = torch.hub.load(\"./model\", \"resnet50\", source=\"local\")\n",
            "import torchvision\nmodel = torchvision.models.resnet50()\n",
        ],
        detect: &[
            Detect::Call(&["torch.hub.load"], When::Is(loads_foreign_repository)),
            Detect::Call(&["torch.package.PackageImporter"], When::Always),
            // A compiled model can read and write files, but runs no Python.
            Detect::Call(&["torch.jit.load"], When::Is(|_| Some(Confidence::Low))),
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
        detect: &[
            Detect::Call(
                &["*.from_pretrained"],
                When::Is(|call| not_pinned(call, "pretrained_model_name_or_path")),
            ),
            Detect::Call(
                &["datasets.load_dataset", "datasets.load.load_dataset"],
                When::Is(|call| not_pinned(call, "path")),
            ),
            Detect::Call(
                &["huggingface_hub.hf_hub_download", "huggingface_hub.snapshot_download"],
                When::Is(|call| not_pinned(call, "repo_id")),
            ),
        ],
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
            Detect::Call(&["joblib.load"], When::Is(loads_model)),
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
        ],
    },
    Check {
        id: "framework-model-load",
        family: "ml",
        summary: "The framework unpickles the model that it loads.",
        why: "These functions wrap `pickle`, `torch.load` or `joblib.load`, and none of their names says so. A model from somebody else \
              is a program from somebody else.",
        neglect: "The model was trained by this project, and its file is protected like the program itself.",
        instead: "A format that holds no code: ONNX, safetensors, skops with a list of trusted types.",
        cwe: &[502],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import mlflow\nmodel = mlflow.sklearn.load_model(uri)\n",
            "from gensim.models import Word2Vec\nvectors = Word2Vec.load(path)\n",
            "from fastai.vision.all import load_learner\nlearner = load_learner(path)\n",
        ],
        good: &[
            "import onnxruntime\nsession = onnxruntime.InferenceSession(path)\n",
            "import mlflow\nmlflow.sklearn.log_model(model, \"model\")\n",
        ],
        detect: &[
            Detect::Call(
                &["*.load_model", "*.load_learner", "*.load_from_checkpoint"],
                When::Is(of_framework),
            ),
            Detect::Call(&["*.load"], When::Is(of_framework)),
            Detect::Call(&["gensim.utils.unpickle", "nltk.data.load"], When::Is(|_| Some(Confidence::Low))),
        ],
    },
];

fn loads_more_than_weights(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.truth("weights_only", None) {
        Truth::True => None,
        Truth::Absent => Some(Confidence::Medium),
        Truth::False if call.is("weights_only", None, &Constant::None) => Some(Confidence::Medium),
        _ => Some(call.switched_off("weights_only", None).unwrap_or(Confidence::Low)),
    }
}

/// A commit hash is fixed; a branch or tag is not, and neither is no revision at all. A path is no repository.
/// Packages whose `from_pretrained` downloads what it does not find.
const HUB_CLIENTS: &[&str] = &[
    "diffusers",
    "huggingface_hub",
    "optimum",
    "peft",
    "sentence_transformers",
    "setfit",
    "span_marker",
    "transformers",
];

fn not_pinned(call: &Call<'_, '_>, keyword: &str) -> Option<Confidence> {
    let package = call.name.split('.').next().unwrap_or_default();
    if call.handed_on || call.name.ends_with(".from_pretrained") && !HUB_CLIENTS.contains(&package) {
        return None;
    }
    let name = call.text(keyword, 0);
    let is_known = name.is_some();
    if name.is_some_and(|name| name.starts_with(['.', '/', '~'])) {
        return None;
    }
    match call.argument("revision", None) {
        // A name that is not known may well be that of a folder.
        Argument::Absent => Some(if is_known { Confidence::High } else { Confidence::Low }),
        Argument::Given(_) => {
            let revision = call.text("revision", None)?;
            (!is_hash(&revision)).then_some(Confidence::Medium)
        }
        Argument::Unknown => None,
    }
}

/// From a folder of this machine, or pinned to a commit.
fn loads_foreign_repository(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_local = call.text("source", 2).as_deref() == Some("local");
    let repository = call.text("repo_or_dir", 0).unwrap_or_default();
    let is_pinned = repository.split_once(':').is_some_and(|(_, reference)| is_hash(reference));
    if is_local || is_pinned { None } else { Some(Confidence::High) }
}

fn is_hash(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn keyword_is_true(node: &Node<'_, '_>, names: &[&str]) -> bool {
    let AnyNodeRef::Keyword(keyword) = node.node else { return false };
    keyword.arg.as_ref().is_some_and(|name| names.contains(&name.as_str()))
        && node.module.constant(&keyword.value).is_some_and(|value| value.truth())
}

/// `def load(trust=True): build(trust_remote_code=trust)`: so it is where nobody says otherwise.
fn keyword_may_be_true(node: &Node<'_, '_>, name: &str) -> bool {
    let AnyNodeRef::Keyword(keyword) = node.node else { return false };
    let module = node.module;
    keyword.arg.as_ref().is_some_and(|given| given.as_str() == name)
        && module.names().possible(module.value(&keyword.value)).constants.contains(&Constant::Bool(true))
}

fn trusts_remote_code(node: &Node<'_, '_>, hits: &mut Hits) {
    if keyword_is_true(node, &["trust_remote_code"]) {
        hits.at(node.node, Confidence::High);
    } else if keyword_may_be_true(node, "trust_remote_code") {
        hits.at(node.node, Confidence::Medium);
    }
}

fn loads_model(call: &Call<'_, '_>) -> Option<Confidence> {
    let is_own = call.given("filename", 0).is_some_and(|file| is_own_stream(call.module, file.expr));
    Some(if is_own { Confidence::Low } else { call.exposure_of("filename", 0).confidence() })
}

fn allows_pickle(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.truth("allow_pickle", 2) {
        Truth::True => Some(Confidence::High),
        Truth::Sometimes => Some(Confidence::Medium),
        Truth::Absent | Truth::False | Truth::Unknown => None,
    }
}

/// Packages whose own loaders unpickle.
const PICKLING_FRAMEWORKS: &[&str] =
    &["fastai", "flair", "gensim", "lightning", "mlflow", "pytorch_lightning", "stable_baselines3"];

fn of_framework(call: &Call<'_, '_>) -> Option<Confidence> {
    let package = call.name.split('.').next().unwrap_or_default();
    (!call.handed_on && PICKLING_FRAMEWORKS.contains(&package)).then_some(Confidence::Medium)
}

fn without_safe_mode(call: &Call<'_, '_>) -> Option<Confidence> {
    let always = call.name == "keras.config.enable_unsafe_deserialization";
    (always || call.truth("safe_mode", None) == Truth::False).then_some(Confidence::High)
}
