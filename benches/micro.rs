//! What each step of a scan takes, over the files of `fixtures/python`: `cargo bench --bench micro`.

#![allow(clippy::expect_used)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::SystemTime;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use mergegate::analysis::{Analyser, Analysis};
use mergegate::baseline::{self, Candidate, Pair, Side};
use mergegate::gate;
use mergegate::path::FilePath;
use mergegate::policy::Policy;
use mergegate::python::{Module, SourceFile, decode};
use mergegate::report::{self, Format, Options};
use mergegate::suppression::{self, Date};
use mergegate::terminal::Terminal;
use mergegate::verdict::{Subject, Verdict};

struct Input {
    path: FilePath,
    bytes: Vec<u8>,
    /// The same with a function more at its start.
    edited: Vec<u8>,
}

fn inputs() -> Vec<Input> {
    let walk = ignore::Walk::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python"));
    let paths = walk.flatten().map(|entry| entry.into_path());
    let python = paths.filter(|path| path.extension().is_some_and(|ending| ending == "py"));
    let input = |path: std::path::PathBuf| {
        let bytes = fs::read(&path).expect("a file of this repository");
        let edited = [b"def added(text):\n    return eval(text)\n\n\n", &*bytes].concat();
        Input { path: FilePath::from_os(&path), bytes, edited }
    };
    python.map(input).collect()
}

fn parsed(inputs: &[Input]) -> Vec<SourceFile> {
    inputs.iter().filter_map(|input| SourceFile::read(&input.bytes).ok()).collect()
}

fn python(group: &mut BenchmarkGroup<'_, WallTime>, inputs: &[Input]) {
    let files = parsed(inputs);
    group.bench_function("decode", |bench| {
        bench.iter(|| inputs.iter().filter(|input| decode(black_box(&input.bytes)).is_ok()).count());
    });
    group.bench_function("parse", |bench| bench.iter(|| parsed(black_box(inputs)).len()));
    group.bench_function("tree", |bench| bench.iter(|| files.iter().filter_map(Module::of).count()));
    group.bench_function("names", |bench| {
        bench.iter(|| {
            let modules = files.iter().filter_map(Module::of);
            let names = |module: Module<'_>| {
                let nodes = module.tree().nodes();
                nodes.map(|(_, node)| module.qualified_node(node).len()).sum::<usize>()
            };
            modules.map(names).sum::<usize>()
        });
    });
}

fn scan(group: &mut BenchmarkGroup<'_, WallTime>, inputs: &[Input], analyser: &Analyser<'_>) {
    let files = parsed(inputs);
    group.bench_function("walk", |bench| {
        let scan = |file: &SourceFile| analyser.scanner().scan(file, file.text().as_bytes()).findings.len();
        bench.iter(|| files.iter().map(scan).sum::<usize>());
    });
    group.bench_function("suppressions", |bench| {
        let scan = |file| analyser.scanner().scan(file, &[]).findings;
        let findings: Vec<_> = files.iter().map(scan).collect();
        bench.iter(|| {
            let apply = |(file, findings): (&SourceFile, &Vec<_>)| {
                let mut suppressions = suppression::read(file, analyser.policy(), analyser.today());
                suppression::apply(&mut suppressions, findings, analyser.policy()).len()
            };
            files.iter().zip(&findings).map(apply).sum::<usize>()
        });
    });
}

fn side<'a>(path: &'a FilePath, analysis: &'a Analysis) -> Side<'a> {
    let candidate = |finding| Candidate { finding, justified: false };
    Side { path, outline: &analysis.outline, findings: analysis.findings.iter().map(candidate).collect() }
}

fn judge(group: &mut BenchmarkGroup<'_, WallTime>, inputs: &[Input], analyser: &Analyser<'_>) {
    let analyse = |bytes: &[u8], input: &Input| analyser.analyse(&input.path, bytes);
    let base: Vec<_> = inputs.iter().map(|input| analyse(&input.bytes, input)).collect();
    let head: Vec<_> = inputs.iter().map(|input| analyse(&input.edited, input)).collect();
    group.bench_function("pairing", |bench| {
        bench.iter(|| {
            let sides = inputs.iter().zip(base.iter().zip(&head));
            let pairs: Vec<Pair<'_>> = sides
                .map(|(input, (base, head))| Pair {
                    base: vec![Some(side(&input.path, base).into())],
                    head: Some(side(&input.path, head)),
                })
                .collect();
            baseline::compare(&pairs, &|_, _, _| false).gone.len()
        });
    });
    let verdict = verdict(inputs, head, analyser);
    let terminal = Terminal { color: false, ascii: false, width: 80 };
    let now = SystemTime::UNIX_EPOCH;
    let options = Options { terminal, verbose: false, repository: None, started: now, ended: now };
    group.bench_function("sarif", |bench| {
        bench.iter(|| report::render(Format::Sarif, black_box(&verdict), &options).len());
    });
}

fn verdict(inputs: &[Input], analyses: Vec<Analysis>, analyser: &Analyser<'_>) -> Verdict {
    let mut verdict = Verdict {
        subject: Subject::Tree(Vec::new()),
        policy: "the recommended one".to_owned(),
        results: Vec::new(),
        unscannable: Vec::new(),
        remarks: Vec::new(),
        files: inputs.len(),
        gone: 0,
        disclosure: analyser.policy().disclosure,
    };
    for (input, analysis) in inputs.iter().zip(analyses) {
        gate::add_file(&mut verdict, analyser, input.path.clone(), analysis, None);
    }
    verdict
}

fn start(criterion: &mut Criterion) {
    criterion.bench_function("policy", |bench| bench.iter(Policy::recommended));
    let policy = Policy::recommended().expect("the policy of the program itself");
    criterion.bench_function("scanner", |bench| bench.iter(|| Analyser::new(&policy, Date::MAX)));
}

fn steps(criterion: &mut Criterion) {
    let inputs = inputs();
    let policy = Policy::recommended().expect("the policy of the program itself");
    let analyser = Analyser::new(&policy, Date::MAX);
    let mut group = criterion.benchmark_group("fixtures");
    group.throughput(Throughput::Bytes(inputs.iter().map(|input| input.bytes.len() as u64).sum()));
    group.sample_size(20);
    python(&mut group, &inputs);
    scan(&mut group, &inputs, &analyser);
    judge(&mut group, &inputs, &analyser);
    group.finish();
}

criterion_group!(benches, start, steps);
criterion_main!(benches);
