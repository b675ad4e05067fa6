use super::Family;
use super::words;
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{Argument, Call};

pub const FAMILY: Family = Family { id: "randomness", title: "Randomness", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "insecure-random",
        family: "randomness",
        summary: "The numbers of `random` can be predicted by whoever has seen some of them.",
        why: "After 624 outputs of the generator all later ones are known: a token, a password or a code made this way \
              can be guessed.",
        neglect: "Nobody gains by a guess: simulations, samples, tests, waiting times.",
        instead: "`secrets.token_urlsafe(32)`, `secrets.choice(alphabet)`, or `random.SystemRandom()`.",
        cwe: &[338],
        severity: Severity::Low,
        aliases: &[
            "bandit:B311",
            "ruff:S311",
            "codeaudit:random.random",
            "codeaudit:random.Random",
            "codeaudit:random.randrange",
            "codeaudit:random.randint",
            "codeaudit:random.uniform",
            "codeaudit:random.triangular",
            "codeaudit:random.seed",
            "codeaudit:random.randbytes",
        ],
        bad: &[
            "import random\ntoken = random.randint(0, 999999)\n",
            "import random\ncode = \"\".join(random.choice(\"0123456789\") for _ in range(6))\n",
            "from random import Random\ngenerator = Random(1)\n",
        ],
        good: &[
            "import secrets\ntoken = secrets.token_urlsafe(32)\n",
            "import random\ntoken = random.SystemRandom().randint(0, 999999)\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "random.random",
                    "random.randrange",
                    "random.randint",
                    "random.choice",
                    "random.choices",
                    "random.sample",
                    "random.shuffle",
                    "random.uniform",
                    "random.triangular",
                    "random.gauss",
                    "random.normalvariate",
                    "random.getrandbits",
                    "random.randbytes",
                ],
                When::Is(predictable),
            ),
            Detect::Call(&["random.Random", "random.seed"], When::Is(seeded)),
        ],
    },
    Check {
        id: "guessable-token",
        family: "randomness",
        summary: "A value that must not be guessed comes from a source that can be guessed.",
        why: "The generators of NumPy and PyTorch are as predictable as `random`, and a version 1 UUID is made of the \
              time and the address of the machine.",
        neglect: "The value only has to be different from others, and knowing it gives no right.",
        instead: "`secrets.token_urlsafe(32)`, or `uuid.uuid4()`.",
        cwe: &[338],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "import uuid\nreset_token = uuid.uuid1().hex\n",
            "import numpy as np\ndef make_password():\n    return np.random.randint(0, 10, 8)\n",
        ],
        good: &[
            "import uuid\nreset_token = uuid.uuid4().hex\n",
            "import numpy as np\nnoise = np.random.randint(0, 10, 8)\n",
        ],
        detect: &[Detect::Call(
            &[
                "uuid.uuid1",
                "uuid.getnode",
                "numpy.random.rand",
                "numpy.random.randint",
                "numpy.random.random",
                "numpy.random.choice",
                "numpy.random.bytes",
                "numpy.random.default_rng().bytes",
                "numpy.random.default_rng().integers",
                "numpy.random.default_rng().choice",
                "torch.rand",
                "torch.randint",
            ],
            When::Is(stands_for_something_unguessable),
        )],
    },
    Check {
        id: "short-token",
        family: "randomness",
        summary: "The token has fewer than 16 random bytes.",
        why: "The fewer bytes, the sooner somebody finds a valid one by trying.",
        neglect: "Attempts are counted, or the value only has to be different from others.",
        instead: "`secrets.token_urlsafe(32)`, or no argument at all for the default of Python.",
        cwe: &[331, 338],
        severity: Severity::Low,
        aliases: &[],
        bad: &[
            "import secrets\ntoken = secrets.token_hex(4)\n",
            "from secrets import token_urlsafe\ntoken = token_urlsafe(nbytes=8)\n",
        ],
        good: &[
            "import secrets\ntoken = secrets.token_hex()\n",
            "import secrets\ntoken = secrets.token_bytes(16)\n",
        ],
        detect: &[Detect::Call(
            &["secrets.token_bytes", "secrets.token_hex", "secrets.token_urlsafe"],
            When::Is(short),
        )],
    },
];

fn predictable(call: &Call<'_, '_>) -> Option<Confidence> {
    let unguessable = words::is_for_something_unguessable(call.module, call.node);
    Some(if unguessable { Confidence::High } else { Confidence::Medium })
}

/// A fixed seed asks for the same numbers each time: mostly on purpose.
fn seeded(call: &Call<'_, '_>) -> Option<Confidence> {
    let unguessable = words::is_for_something_unguessable(call.module, call.node);
    Some(if unguessable { Confidence::High } else { Confidence::Low })
}

fn stands_for_something_unguessable(call: &Call<'_, '_>) -> Option<Confidence> {
    words::is_for_something_unguessable(call.module, call.node).then_some(Confidence::Medium)
}

/// The number of random bytes that no one can try through.
const ENOUGH_BYTES: i64 = 16;

fn short(call: &Call<'_, '_>) -> Option<Confidence> {
    let Argument::Given(length) = call.argument("nbytes", 0) else { return None };
    let length = call.module.names().constant(length)?.as_int()?;
    (length < ENOUGH_BYTES).then_some(Confidence::High)
}
