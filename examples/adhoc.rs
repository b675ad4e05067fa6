use mergegate::{checks, python::SourceFile, scan::Scanner};
use std::{
    env, fs,
    path::{Path, PathBuf},
};
fn walk(p: &Path, out: &mut Vec<PathBuf>) {
    if p.is_dir() {
        if let Ok(r) = fs::read_dir(p) {
            for e in r.flatten() {
                if !e.path().is_symlink() {
                    walk(&e.path(), out)
                }
            }
        }
    } else if p.extension().is_some_and(|e| e == "py") {
        out.push(p.to_path_buf())
    }
}
fn main() {
    let mut only: Vec<String> = vec![];
    let mut paths = vec![];
    for a in env::args().skip(1) {
        if let Some(x) = a.strip_prefix("id=") {
            only.extend(x.split(',').map(String::from))
        } else {
            paths.push(a)
        }
    }
    let scanner = Scanner::new(
        checks::all().filter(|c| only.is_empty() || only.iter().any(|o| o == c.id || o == c.family)),
    );
    let mut files = vec![];
    for p in &paths {
        walk(Path::new(p), &mut files)
    }
    files.sort();
    let (mut n, t) = (0, std::time::Instant::now());
    for f in &files {
        let Ok(b) = fs::read(f) else { continue };
        n += b.len();
        match SourceFile::read(&b) {
            Err(e) => eprintln!("{}: unscannable {}", f.display(), e.reason),
            Ok(s) => {
                let r = scanner.scan(&s, &b);
                if let Some(p) = r.problem {
                    eprintln!("{}: problem {}", f.display(), p.reason)
                }
                for x in r.findings {
                    println!(
                        "{}:{}: {} {} {}: {}",
                        f.display(),
                        x.region.start.line,
                        x.check.id,
                        x.severity,
                        x.confidence,
                        s.line(x.region.start.line).trim().chars().take(150).collect::<String>()
                    )
                }
            }
        }
    }
    eprintln!("{} files, {} MB, {:?}", files.len(), n / 1_000_000, t.elapsed());
}
