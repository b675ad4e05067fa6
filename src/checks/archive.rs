use ruff_python_ast::{self as ast, AnyNodeRef, Expr, NodeKind, Stmt};
use ruff_text_size::Ranged;

use super::{Family, member_names};
use crate::check::{Check, Confidence, Detect, Severity, When};
use crate::python::{
    Argument, Assignment, Call, Constant, Exposure, Module, ScopeId, ScopeKind, Thing, Value,
};

pub const FAMILY: Family = Family { id: "archive", title: "Archives and compressed data", checks: CHECKS };

const CHECKS: &[Check] = &[
    Check {
        id: "tar-extract",
        family: "archive",
        summary: "A tar archive is unpacked without a filter that keeps its files inside the target folder.",
        why: "A member can be called `../../home/user/.ssh/authorized_keys`, or be a link that leads the next member \
              out of the folder.",
        neglect: "The archive was made by the program itself, or only Python 3.14 and later run it.",
        instead: "`archive.extractall(folder, filter=\"data\")`.",
        cwe: &[22],
        severity: Severity::High,
        aliases: &["bandit:B202", "ruff:S202", "codeaudit:tarfile.TarFile"],
        bad: &[
            "import tarfile\nwith tarfile.open(path) as archive:\n    archive.extractall(folder)\n",
            "import tarfile\narchive = tarfile.TarFile(path)\narchive.extract(member, folder)\n",
            "def unpack(archive):\n    archive.extractall(folder)\n",
        ],
        good: &[
            "import tarfile\nwith tarfile.open(path) as archive:\n    archive.extractall(folder, filter=\"data\")\n",
            "import tarfile\narchive = tarfile.open(path)\narchive.extractall(folder, filter=tarfile.tar_filter)\n",
            "html = page.extract(tag)\n",
        ],
        detect: &[
            Detect::Call(
                &["tarfile.TarFile().extractall", "tarfile.TarFile().extract"],
                When::Is(unfiltered),
            ),
            Detect::Call(&["?.extractall"], When::Is(perhaps_unfiltered)),
        ],
    },
    Check {
        id: "tar-fully-trusted",
        family: "archive",
        summary: "The filter `fully_trusted` lets a tar archive write anywhere.",
        why: "It is the behaviour from before the filters: absolute names, `..`, links and devices are all honoured.",
        neglect: "The archive is a backup of the same program that needs its owners and modes back.",
        instead: "`filter=\"data\"`, or `filter=\"tar\"` where modes have to be kept.",
        cwe: &[22],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import tarfile\ntarfile.open(path).extractall(folder, filter=\"fully_trusted\")\n",
            "import tarfile\ntarfile.TarFile.extraction_filter = tarfile.fully_trusted_filter\n",
        ],
        good: &[
            "import tarfile\ntarfile.open(path).extractall(folder, filter=\"tar\")\n",
            "import tarfile\ntarfile.TarFile.extraction_filter = tarfile.data_filter\n",
        ],
        detect: &[
            Detect::Call(
                &[
                    "tarfile.TarFile().extractall",
                    "tarfile.TarFile().extract",
                    "shutil.unpack_archive",
                    "?.extractall",
                ],
                When::Is(fully_trusted),
            ),
            Detect::Assign(
                &["tarfile.TarFile.extraction_filter", "tarfile.TarFile().extraction_filter"],
                trusts_fully,
            ),
        ],
    },
    Check {
        id: "zip-open",
        family: "archive",
        summary: "A ZIP archive is opened; what it unpacks to can be far larger than the file.",
        why: "A few kilobytes can unpack to terabytes, and the names of members are the sender's choice.",
        neglect: "The archive was made by the program itself or belongs to it.",
        instead: "Add up `info.file_size` over `archive.infolist()` and refuse above a limit before reading any member.",
        cwe: &[409],
        severity: Severity::Low,
        aliases: &["codeaudit:zipfile.ZipFile"],
        bad: &[
            "import zipfile\narchive = zipfile.ZipFile(upload)\n",
            "from zipfile import ZipFile\nwith ZipFile(path, \"r\") as archive:\n    names = archive.namelist()\n",
        ],
        good: &[
            "import zipfile\narchive = zipfile.ZipFile(path, \"w\")\n",
            "import zipfile\nfound = zipfile.is_zipfile(path)\n",
        ],
        detect: &[Detect::Call(&["zipfile.ZipFile", "zipfile.PyZipFile"], When::Is(opened_for_reading))],
    },
    Check {
        id: "zip-extract",
        family: "archive",
        summary: "A ZIP archive is unpacked to disk without a limit to its size.",
        why: "A small archive can fill the disk, and nothing stops it from overwriting files that are in the folder.",
        neglect: "The archive was made by the program itself, or its size was tested before.",
        instead: "Add up `info.file_size` over `archive.infolist()`, refuse above a limit, and unpack into a new folder.",
        cwe: &[409],
        severity: Severity::Medium,
        aliases: &["codeaudit:zipfile.ZipFile"],
        bad: &[
            "import zipfile\ndef unpack(archive: zipfile.ZipFile):\n    archive.extractall(folder)\n",
            "import zipfile\nzipfile.ZipFile(path).extract(name, folder)\n",
        ],
        good: &[
            "import zipfile\ndef names(archive: zipfile.ZipFile):\n    return archive.namelist()\n",
            "import zipfile\nzipfile.ZipFile(path, \"w\").write(name)\n",
        ],
        detect: &[Detect::Call(
            &["zipfile.ZipFile().extractall", "zipfile.ZipFile().extract"],
            When::Is(medium),
        )],
    },
    Check {
        id: "archive-member-path",
        family: "archive",
        summary: "The name of an archive member is joined to a folder by hand.",
        why: "The name is the sender's choice: with `../` in it, or as an absolute path, it leads out of the folder.",
        neglect: "The resulting path is resolved and tested against the folder before it is used.",
        instead: "`archive.extract(member, folder)` of `zipfile`, which cleans the name, or `tarfile` with `filter=\"data\"`.",
        cwe: &[22],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import os, zipfile\nwith zipfile.ZipFile(path) as archive:\n    for name in archive.namelist():\n        open(os.path.join(folder, name), \"wb\").write(archive.read(name))\n",
            "import os, tarfile\nfor member in tarfile.open(path):\n    os.makedirs(os.path.join(folder, member.name))\n",
        ],
        good: &[
            "import os, zipfile\nwith zipfile.ZipFile(path) as archive:\n    for name in archive.namelist():\n        target = os.path.join(folder, os.path.basename(name))\n",
            "import os\nfor name in os.listdir(folder):\n    target = os.path.join(folder, name)\n",
        ],
        detect: &[
            Detect::Call(
                &["os.path.join", "pathlib.Path", "pathlib.Path().joinpath"],
                When::Is(member_names::joins_member_name),
            ),
            Detect::Node(&[NodeKind::ExprBinOp], member_names::divides_by_member_name),
            Detect::Call(&["builtins.open"], When::Is(member_names::opens_member_name)),
        ],
    },
    Check {
        id: "archive-extract",
        family: "archive",
        summary: "An archive is unpacked by a library that leaves the safety of its members' names to the caller.",
        why: "Members with `..`, absolute names or links have led such libraries out of the target folder again and \
              again, and none of them limits the size.",
        neglect: "The archive was made by the program itself.",
        instead: "Test every name against the target folder first, and unpack into a new folder of its own.",
        cwe: &[22, 409],
        severity: Severity::High,
        aliases: &[],
        bad: &[
            "import py7zr\nwith py7zr.SevenZipFile(path) as archive:\n    archive.extractall(folder)\n",
            "import rarfile\nrarfile.RarFile(path).extractall(folder)\n",
            "import patoolib\npatoolib.extract_archive(path, outdir=folder)\n",
        ],
        good: &[
            "import py7zr\nnames = py7zr.SevenZipFile(path).getnames()\n",
            "import rarfile\nfound = rarfile.is_rarfile(path)\n",
        ],
        detect: &[Detect::Call(
            &[
                "py7zr.SevenZipFile().extractall",
                "py7zr.SevenZipFile().extract",
                "py7zr.unpack_7zarchive",
                "rarfile.RarFile().extractall",
                "rarfile.RarFile().extract",
                "patoolib.extract_archive",
                "pyunpack.Archive().extractall",
                "libarchive.extract_file",
                "libarchive.extract_memory",
                "unrar.rarfile.RarFile().extractall",
            ],
            When::Is(medium),
        )],
    },
    Check {
        id: "unpack-archive",
        family: "archive",
        summary: "`shutil.unpack_archive` unpacks any kind of archive, by the end of its name.",
        why: "It chooses `tarfile` or `zipfile` for itself; before Python 3.14 a tar archive could write anywhere, and \
              there is no limit to the size.",
        neglect: "The archive was made by the program itself.",
        instead: "`shutil.unpack_archive(path, folder, format=\"gztar\", filter=\"data\")` with the format that you expect.",
        cwe: &[22, 409],
        severity: Severity::Medium,
        aliases: &["codeaudit:shutil.unpack_archive"],
        bad: &[
            "import shutil\nshutil.unpack_archive(path, folder)\n",
            "from shutil import unpack_archive\nunpack_archive(download)\n",
        ],
        good: &[
            "import shutil\nshutil.unpack_archive(path, folder, filter=\"data\")\n",
            "import shutil\nshutil.make_archive(\"out\", \"zip\", folder)\n",
        ],
        detect: &[Detect::Call(&["shutil.unpack_archive"], When::Is(unpacks_anything))],
    },
    Check {
        id: "compressed-open",
        family: "archive",
        summary: "A compressed file is opened for reading; what it unpacks to can be far larger than the file.",
        why: "A few kilobytes can unpack to gigabytes: a `read()` without a size then takes all memory.",
        neglect: "The file was made by the program itself or belongs to it.",
        instead: "`stream.read(limit + 1)` and refuse when more than `limit` bytes come.",
        cwe: &[409],
        severity: Severity::Low,
        aliases: &[
            "codeaudit:gzip.open",
            "codeaudit:bz2.open",
            "codeaudit:bz2.BZ2File",
            "codeaudit:lzma.open",
            "codeaudit:lzma.LZMAFile",
            "codeaudit:compression.zstd.open",
        ],
        bad: &[
            "import gzip\ntext = gzip.open(upload).read()\n",
            "import lzma\nwith lzma.LZMAFile(path) as stream:\n    data = stream.read()\n",
        ],
        good: &[
            "import gzip\nwith gzip.open(path, \"wb\") as out:\n    out.write(data)\n",
            "import bz2\nout = bz2.BZ2File(path, mode=\"w\")\n",
        ],
        detect: &[Detect::Call(
            &[
                "gzip.open",
                "gzip.GzipFile",
                "bz2.open",
                "bz2.BZ2File",
                "lzma.open",
                "lzma.LZMAFile",
                "compression.zstd.open",
                "compression.zstd.ZstdFile",
            ],
            When::Is(opened_for_reading),
        )],
    },
    Check {
        id: "decompress-unbounded",
        family: "archive",
        summary: "Compressed data is unpacked in memory without a limit.",
        why: "A few kilobytes can unpack to gigabytes: one message from outside is enough to take all memory.",
        neglect: "The data was made by the program itself.",
        instead: "`zlib.decompressobj().decompress(data, max_length)`, or `stream.read(limit + 1)` on a file object.",
        cwe: &[409],
        severity: Severity::Medium,
        aliases: &["codeaudit:compression.zstd.decompress"],
        bad: &[
            "import zlib\ntext = zlib.decompress(body)\n",
            "import zlib\ntext = zlib.decompressobj().decompress(body)\n",
            "import brotli\ntext = brotli.decompress(body)\n",
        ],
        good: &[
            "import zlib\ntext = zlib.decompressobj().decompress(body, 1_000_000)\n",
            "import zlib\nsmall = zlib.compress(body)\n",
        ],
        detect: &[Detect::Call(
            &[
                "zlib.decompress",
                "zlib.decompressobj().decompress",
                "gzip.decompress",
                "bz2.decompress",
                "bz2.BZ2Decompressor().decompress",
                "lzma.decompress",
                "lzma.LZMADecompressor().decompress",
                "compression.zstd.decompress",
                "brotli.decompress",
                "brotlicffi.decompress",
                "zstandard.decompress",
                "zstandard.ZstdDecompressor().decompress",
                "lz4.frame.decompress",
                "snappy.decompress",
                "snappy.uncompress",
            ],
            When::Is(without_limit),
        )],
    },
    Check {
        id: "image-bomb",
        family: "archive",
        summary: "Pillow's limit to the size of an image is taken away.",
        why: "A small file can describe an image of many gigabytes: the limit is what keeps it from taking all memory.",
        neglect: "All images come from the program's own staff.",
        instead: "Raise the limit to what you need: `Image.MAX_IMAGE_PIXELS = 200_000_000`.",
        cwe: &[409],
        severity: Severity::Medium,
        aliases: &[],
        bad: &[
            "from PIL import Image\nImage.MAX_IMAGE_PIXELS = None\n",
            "import warnings\nfrom PIL import Image\nwarnings.simplefilter(\"ignore\", Image.DecompressionBombWarning)\n",
        ],
        good: &[
            "from PIL import Image\nImage.MAX_IMAGE_PIXELS = 200_000_000\n",
            "from PIL import Image\nImage.open(path)\n",
        ],
        detect: &[
            Detect::Assign(&["PIL.Image.MAX_IMAGE_PIXELS"], becomes_none),
            Detect::Call(&["warnings.simplefilter", "warnings.filterwarnings"], When::Is(hides_bomb_warning)),
        ],
    },
];

fn medium(_: &Call<'_, '_>) -> Option<Confidence> {
    Some(Confidence::Medium)
}

fn unfiltered(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("filter", None) {
        Argument::Unknown => Some(Confidence::Low),
        Argument::Absent => without_filter(call),
        Argument::Given(value) => match filter(call.module, value) {
            // What keeps nothing out is reported as such.
            Filter::Safe | Filter::Trusting => None,
            Filter::Unknown => Some(Confidence::Low),
            Filter::None => without_filter(call),
        },
    }
}

fn without_filter(call: &Call<'_, '_>) -> Option<Confidence> {
    if sets_filter_elsewhere(call) || is_for_old_python(call) {
        return Some(Confidence::Low);
    }
    match call.argument("members", 1) {
        // A choice of members is often a filter of one's own.
        Argument::Given(members) if call.name.ends_with("extractall") && !are_all(call, members) => {
            Some(Confidence::Medium)
        }
        _ => Some(Confidence::High),
    }
}

fn are_all<'a>(call: &Call<'_, 'a>, members: Value<'a>) -> bool {
    let names = call.module.names();
    let all = ["tarfile.TarFile()", "tarfile.TarFile().getmembers()", "tarfile.TarFile().getnames()"];
    names.constant(members) == Some(Constant::None)
        || names.qualified(members).iter().any(|name| all.contains(&name.as_str()))
}

/// What a filter keeps out, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Filter {
    Safe,
    Unknown,
    /// `None` is no filter.
    None,
    /// Nothing, in so many words.
    Trusting,
}

/// The worst that a filter can be.
fn filter<'a>(module: &Module<'a>, value: Value<'a>) -> Filter {
    let value = match value.expr {
        Expr::Call(call) if module.refers_to(&call.func, &["builtins.staticmethod"]) => {
            call.arguments.args.first().map_or(value, |expr| Value { expr, ..value })
        }
        _ => value,
    };
    let possible = module.names().possible(value);
    let named = |constant: &Constant| match constant {
        Constant::None if possible.open => Filter::Unknown,
        Constant::None => Filter::None,
        Constant::Str(name) if name == "fully_trusted" => Filter::Trusting,
        // `tarfile` refuses any other name.
        Constant::Str(_) => Filter::Safe,
        _ => Filter::Unknown,
    };
    let worst = possible.constants.iter().map(named).max();
    if let (Some(worst), false) = (worst, possible.open) {
        return worst;
    }
    let kind = |thing: Thing<'a>| match thing {
        Thing::Named(name) => match name.as_str() {
            "tarfile.data_filter" | "tarfile.tar_filter" => Filter::Safe,
            "tarfile.fully_trusted_filter" => Filter::Trusting,
            _ => Filter::Unknown,
        },
        Thing::Function(scope) if keeps_nothing_out(module, scope) => Filter::Trusting,
        _ => Filter::Unknown,
    };
    module.names().things(value).into_iter().map(kind).chain(worst).max().unwrap_or(Filter::Unknown)
}

/// Whether a function gives back the member it is given, whatever that is.
fn keeps_nothing_out<'a>(module: &Module<'a>, function: ScopeId) -> bool {
    let tree = module.tree();
    let is_member = |parameters: &ast::Parameters, given: &Expr| {
        let mut names = parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str());
        let member = names.find(|name| !matches!(*name, "self" | "cls"));
        matches!(given, Expr::Name(given) if Some(given.id.as_str()) == member)
    };
    match tree.scope(function).kind {
        ScopeKind::Lambda(lambda) => {
            lambda.parameters.as_ref().is_some_and(|parameters| is_member(parameters, &lambda.body))
        }
        ScopeKind::Function(function) => {
            let mut gives = false;
            let mut nodes = tree.descendants(tree.id(function));
            let only_gives = nodes.all(|node| match node {
                AnyNodeRef::StmtReturn(given) => {
                    gives = true;
                    given.value.as_ref().is_some_and(|value| is_member(&function.parameters, value))
                }
                AnyNodeRef::StmtIf(choice) => module.constant(&choice.test).is_some(),
                AnyNodeRef::ElifElseClause(choice) => {
                    choice.test.as_ref().is_none_or(|test| module.constant(test).is_some())
                }
                AnyNodeRef::ExprCall(call) => {
                    matches!(module.parent(node), Some(AnyNodeRef::StmtRaise(_)))
                        || module.refers_to(&call.func, &["builtins.print"])
                }
                AnyNodeRef::StmtAssert(_) | AnyNodeRef::StmtMatch(_) | AnyNodeRef::StmtWhile(_) => false,
                _ => true,
            });
            only_gives && gives
        }
        _ => false,
    }
}

/// Whether `extraction_filter` of the class `tarfile.TarFile`, or of the very archive, is a filter by the time of a call.
fn sets_filter_elsewhere(call: &Call<'_, '_>) -> bool {
    let module = call.module;
    let mut set = false;
    for set_here in module.tree().attribute_values("extraction_filter") {
        let place = module.tree().node(module.tree().id(set_here.target));
        if !is_of_archive(call, &set_here.target.value) || !happens_before(call, place) {
            continue;
        }
        let value = Value { expr: set_here.value, scope: set_here.target_scope };
        if filter(module, value) > Filter::Unknown {
            return false;
        }
        set = true;
    }
    set
}

fn is_of_archive<'a>(call: &Call<'_, 'a>, object: &'a Expr) -> bool {
    let module = call.module;
    let things = module.names().things(module.value(object));
    let is_class = matches!(things.as_slice(), [Thing::Named(only)] if only == "tarfile.TarFile");
    let archive = match call.node {
        AnyNodeRef::ExprCall(method) => method.func.as_attribute_expr().map(|method| &*method.value),
        _ => None,
    };
    let (Expr::Name(object), Some(Expr::Name(archive))) = (object, archive) else { return is_class };
    let around = |name: &'a ast::ExprName| module.tree().scope_of(module.tree().id(name));
    is_class || object.id == archive.id && around(object) == around(archive)
}

/// Whether a statement is one of the module or of a block around a call, and stands before it.
fn happens_before<'a>(call: &Call<'_, 'a>, target: AnyNodeRef<'a>) -> bool {
    let module = call.module;
    let Some(block) = module.parent(target).and_then(|statement| module.parent(statement)) else {
        return false;
    };
    let is_first = target.end() <= call.node.start();
    match block {
        AnyNodeRef::ModModule(_) => is_first || module.function_around(call.node).is_some(),
        block => is_first && module.ancestors(call.node).any(|around| around.ptr_eq(block)),
    }
}

/// Whether a call only runs where `tarfile` knows no filters yet: in the `else` of a test for them, or where the same
/// call with a filter was refused.
fn is_for_old_python(call: &Call<'_, '_>) -> bool {
    let mut inner = call.node;
    for around in call.module.ancestors(call.node) {
        let is_for_old = match (inner, around) {
            (
                AnyNodeRef::ElifElseClause(ast::ElifElseClause { test: None, .. }),
                AnyNodeRef::StmtIf(choice),
            ) => choice.elif_else_clauses.len() == 1 && asks_for_filters(call, &choice.test),
            (AnyNodeRef::ExceptHandlerExceptHandler(handler), AnyNodeRef::StmtTry(attempt)) => {
                is_refused(call, attempt, handler)
            }
            _ => false,
        };
        if is_for_old {
            return true;
        }
        inner = around;
    }
    false
}

/// `try: archive.extractall(folder, filter="data")`, `except TypeError: archive.extractall(folder)`. Were anything else
/// different, the first call could be refused for that.
fn is_refused<'a>(
    call: &Call<'_, 'a>,
    attempt: &'a ast::StmtTry,
    handler: &'a ast::ExceptHandlerExceptHandler,
) -> bool {
    let module = call.module;
    let (AnyNodeRef::ExprCall(bare), [Stmt::Expr(tried)]) = (call.node, &*attempt.body) else { return false };
    let Expr::Call(filtered) = &*tried.value else { return false };
    let is_type_error =
        handler.type_.as_deref().is_some_and(|caught| module.is_only(caught, &["builtins.TypeError"]));
    let is_filter = |keyword: &&'a ast::Keyword| keyword.arg.as_deref() == Some("filter");
    let rest = |call: &'a ast::ExprCall| {
        let keywords = call.arguments.keywords.iter().filter(|keyword| !is_filter(keyword));
        let given = call.arguments.args.iter().chain(keywords.clone().map(|keyword| &keyword.value));
        let names: Vec<Option<&str>> = keywords.map(|keyword| keyword.arg.as_deref()).collect();
        let texts: Vec<&str> = std::iter::once(&*call.func)
            .chain(given)
            .map(|expr| &module.file().text()[expr.range()])
            .collect();
        (names, texts)
    };
    // What is called on the way may give something else the second time.
    let is_plain =
        !module.tree().descendants(module.tree().id(&bare.arguments)).any(|node| node.is_expr_call());
    is_type_error
        && is_plain
        && rest(bare) == rest(filtered)
        && filtered
            .arguments
            .keywords
            .iter()
            .find(is_filter)
            .is_some_and(|keyword| filter(module, module.value(&keyword.value)) == Filter::Safe)
}

/// `hasattr(tarfile, "data_filter")`
fn asks_for_filters<'a>(call: &Call<'_, 'a>, test: &'a Expr) -> bool {
    let Expr::Call(asked) = test else { return false };
    let [object, name] = &*asked.arguments.args else { return false };
    let filters = ["data_filter", "tar_filter", "fully_trusted_filter"];
    let is_only = |expr: &'a Expr, name: &str| {
        let things = call.module.names().things(call.module.value(expr));
        matches!(things.as_slice(), [Thing::Named(only)] if only == name)
    };
    is_only(&asked.func, "builtins.hasattr")
        && is_only(object, "tarfile")
        && call.module.text(name).is_some_and(|name| filters.contains(&name.as_str()))
}

/// Any object with such a method: most are archives, some are safe.
fn perhaps_unfiltered(call: &Call<'_, '_>) -> Option<Confidence> {
    unfiltered(call).map(|confidence| confidence.min(Confidence::Medium))
}

fn fully_trusted(call: &Call<'_, '_>) -> Option<Confidence> {
    let value = call.given("filter", None)?;
    (filter(call.module, value) == Filter::Trusting).then_some(Confidence::High)
}

fn trusts_fully(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    (filter(assignment.module, assignment.value) == Filter::Trusting).then_some(Confidence::High)
}

fn opened_for_reading(call: &Call<'_, '_>) -> Option<Confidence> {
    if let Some(mode) = call.text("mode", 1)
        && mode.contains(['w', 'a', 'x'])
    {
        return None;
    }
    Some(call.exposure().confidence())
}

fn unpacks_anything(call: &Call<'_, '_>) -> Option<Confidence> {
    match call.argument("filter", None) {
        Argument::Given(value) => match filter(call.module, value) {
            // What keeps nothing out is reported as such.
            Filter::Safe | Filter::Trusting => None,
            Filter::Unknown => Some(Confidence::Low),
            Filter::None => Some(call.exposure().confidence()),
        },
        Argument::Absent | Argument::Unknown => Some(call.exposure().confidence()),
    }
}

fn without_limit(call: &Call<'_, '_>) -> Option<Confidence> {
    let limit = match call.name.as_str() {
        "zlib.decompress" | "gzip.decompress" | "bz2.decompress" | "lzma.decompress" => Argument::Absent,
        "zstandard.ZstdDecompressor().decompress" => call.argument("max_output_size", 1),
        _ => call.argument("max_length", 1),
    };
    match limit {
        Argument::Given(_) => None,
        Argument::Absent | Argument::Unknown if call.exposure() == Exposure::Constant => {
            Some(Confidence::Low)
        }
        Argument::Absent | Argument::Unknown => Some(Confidence::Medium),
    }
}

fn becomes_none(assignment: &Assignment<'_, '_>) -> Option<Confidence> {
    (assignment.constant() == Some(Constant::None)).then_some(Confidence::High)
}

fn hides_bomb_warning(call: &Call<'_, '_>) -> Option<Confidence> {
    let hidden = call.text("action", 0).is_some_and(|action| action == "ignore");
    let position = if call.name == "warnings.simplefilter" { 1 } else { 2 };
    (hidden && call.refers_to("category", position, &["PIL.Image.DecompressionBombWarning"]))
        .then_some(Confidence::High)
}
