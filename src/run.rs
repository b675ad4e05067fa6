//! What each command does: from its arguments to its exit code.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::analysis::Analyser;
use crate::change_set::{Base, Choice, Repository, Request, Revisions, Target};
use crate::check::Check;
use crate::checks::{self, FAMILIES, Family};
use crate::cli::{
    self, AuditFormat, CheckArgs, ChecksArgs, Cli, Color, Command, Common, CompletionsArgs, DemoArgs,
    ExplainArgs, FindingAt, InitArgs, ListFormat, ManArgs, PolicyArgs, ScanArgs, SuppressArgs,
    SuppressionsArgs,
};
use crate::failure::Failure;
use crate::policy::NewSuppression;
use crate::policy_source::{self, Found, NAMES, Style};
use crate::report::{self, Format, Options};
use crate::scan::Details;
use crate::suppression::{self, Date, date};
use crate::terminal::Terminal;
use crate::verdict::Verdict;
use crate::{audit, ci, demo, explain, gate, output, policy, suppress, tree_scan};

/// What the program knows of the world around it.
#[derive(Debug, Clone)]
pub struct World {
    pub environment: BTreeMap<String, String>,
    pub today: Date,
    pub started: SystemTime,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
}

impl World {
    /// As it is. `SOURCE_DATE_EPOCH` says what time it is, if it is set.
    pub fn real() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let environment: BTreeMap<String, String> =
            std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect();
        let now = now(environment.get("SOURCE_DATE_EPOCH").map(String::as_str));
        World {
            environment,
            today: day_of(now),
            started: now,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn color(&self, choice: Color, is_terminal: bool) -> bool {
        match choice {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.variable("NO_COLOR").is_some() => false,
            // The logs of these show colours although they are no terminals.
            Color::Auto
                if self.variable("GITHUB_ACTIONS").is_some() || self.variable("GITLAB_CI").is_some() =>
            {
                true
            }
            Color::Auto => is_terminal && self.variable("TERM") != Some("dumb"),
        }
    }

    /// Whether only ASCII can be shown.
    fn ascii(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.variable(name));
        matches!(locale, Some("C" | "POSIX")) || self.variable("TERM") == Some("dumb")
    }

    fn width(&self) -> usize {
        self.variable("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(80).clamp(40, 160)
    }

    /// What whoever reads standard output can be shown.
    fn terminal(&self, color: Color) -> Terminal {
        Terminal {
            color: self.color(color, self.stdout_is_terminal),
            ascii: self.ascii(),
            width: self.width(),
        }
    }

    fn style(&self, color: Color) -> Style {
        Style { color: self.color(color, self.stderr_is_terminal), ascii: self.ascii() }
    }
}

/// What the clock says, or `SOURCE_DATE_EPOCH` (reproducible-builds.org) if it is a number of seconds.
fn now(epoch: Option<&str>) -> SystemTime {
    let seconds = epoch.and_then(|epoch| epoch.parse().ok());
    let epoch = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    epoch.unwrap_or_else(SystemTime::now)
}

/// The date in UTC.
fn day_of(time: SystemTime) -> Date {
    let seconds = time.duration_since(UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_secs()).ok());
    // A clock that cannot be read counts as the last of days: what may have expired has.
    seconds.and_then(date::from_unix_seconds).unwrap_or(Date::MAX)
}

/// Runs a command. The exit code is the documented one.
pub fn run(cli: &Cli, world: &World) -> Result<u8, Failure> {
    let world = &World { today: cli.today.unwrap_or(world.today), ..world.clone() };
    match &cli.command {
        Command::Check(args) => run_check(args, cli.color, world),
        Command::Scan(args) => run_scan(args, cli.color, world),
        Command::Explain(args) => run_explain(args, cli.color, world),
        Command::Checks(args) => run_checks(args, cli.color, world),
        Command::Init(args) => run_init(args),
        Command::Policy(args) => run_policy(args, cli.color, world),
        Command::Suppressions(args) => run_suppressions(args, cli.color, world),
        Command::Suppress(args) => run_suppress(args, cli.color, world),
        Command::Demo(args) => run_demo(args, cli.color, world),
        Command::Completions(args) => run_completions(args),
        Command::Man(args) => run_man(args),
    }
}

fn run_check(args: &CheckArgs, color: Color, world: &World) -> Result<u8, Failure> {
    start_threads(&args.common)?;
    let repository = Repository::open(&args.repo)?;
    let request = request(args, world);
    let revisions = repository.resolve(&request)?;
    eprint_line(&format!("comparing {} ({})", describe(&revisions), revisions.rule));
    let style = world.style(color);
    let found = match &args.common.policy {
        Some(path) => policy_source::given(path, style)?,
        None => policy_source::for_change(&repository, &revisions, style)?,
    };
    let Found { mut policy, name, remarks } = found;
    if args.accept_suppressions && policy.suppressions.new_in_change == NewSuppression::Block {
        policy.suppressions.new_in_change = NewSuppression::Warn;
        eprint_line("the suppressions that the change adds are accepted (--accept-suppressions)");
    }
    let analyser = Analyser::new(&policy, world.today).with(args.common.details());
    let verdict = gate::check(&repository, revisions, &analyser, name, remarks)?;
    deliver(&verdict, &args.common, color, world)
}

fn describe(revisions: &Revisions) -> String {
    let bases: Vec<String> = revisions.bases().iter().map(|base| base.chars().take(10).collect()).collect();
    match bases.as_slice() {
        [] => format!("{} with nothing", revisions.head_name),
        bases => format!("{} with {} at {}", revisions.head_name, revisions.base_name, bases.join(", ")),
    }
}

/// The change that is asked for: by arguments first, else by the CI system, else against the default branch.
fn request(args: &CheckArgs, world: &World) -> Request {
    if args.staged {
        return Request::staged();
    }
    if args.worktree {
        return Request::work_tree();
    }
    let read_event = |path: &str| std::fs::read_to_string(path).ok();
    if let (None, None, Some(request)) =
        (&args.base, &args.head, ci::request(&world.environment, &read_event))
    {
        return request;
    }
    let head = args.head.as_deref().unwrap_or("HEAD");
    match &args.base {
        Some(base) => Request::between(base, head),
        None => Request::against_default_branch(head),
    }
}

fn run_scan(args: &ScanArgs, color: Color, world: &World) -> Result<u8, Failure> {
    start_threads(&args.common)?;
    let style = world.style(color);
    let found = match &args.common.policy {
        Some(path) => policy_source::given(path, style)?,
        None => policy_source::for_folder(Path::new("."), style)?,
    };
    let details = Details { traces: false, ..args.common.details() };
    let analyser = Analyser::new(&found.policy, world.today).with(details);
    let verdict = tree_scan::scan(&args.paths, &analyser, found.name, world.stderr_is_terminal)?;
    deliver(&verdict, &args.common, color, world)
}

/// Starts the threads that share the work, of which this is one: while it waits for others, a small change would be done.
fn start_threads(common: &Common) -> Result<(), Failure> {
    let mut threads = rayon::ThreadPoolBuilder::new().use_current_thread();
    if let Some(count) = common.threads {
        threads = threads.num_threads(count);
    }
    threads.build_global().map_err(|error| Failure::undecided(format!("cannot start the threads: {error}")))
}

/// Renders all reports before the first is written, so that a failure leaves none half done.
fn deliver(verdict: &Verdict, common: &Common, color: Color, world: &World) -> Result<u8, Failure> {
    let options = report_options(common.verbose, world.terminal(color), world);
    let plain = Options { terminal: Terminal { color: false, ..options.terminal }, ..options.clone() };
    let to_files: Vec<(&Path, Vec<u8>)> = common
        .output
        .iter()
        .filter_map(|output| Some((output.path.as_deref()?, output.format)))
        .map(|(path, format)| (path, report::render(format, verdict, &plain)))
        .collect();
    let mut to_stdout: Vec<Format> =
        common.output.iter().filter(|output| output.path.is_none()).map(|output| output.format).collect();
    if to_stdout.is_empty() {
        to_stdout.push(common.format);
    }
    let for_github = to_stdout.contains(&Format::Github);
    let to_stdout: Vec<u8> =
        to_stdout.into_iter().flat_map(|format| report::render(format, verdict, &options)).collect();
    for (path, bytes) in to_files {
        output::write_file(path, &bytes)?;
    }
    if for_github {
        tell_github(verdict, common, &plain, world)?;
    }
    output::write_stdout(&to_stdout)?;
    Ok(verdict.exit_code())
}

/// What GitHub Actions reads of a step besides its log: its outputs and its summary, in files that the job names.
fn tell_github(verdict: &Verdict, common: &Common, plain: &Options, world: &World) -> Result<(), Failure> {
    if let Some(file) = world.variable("GITHUB_OUTPUT") {
        let outputs = report::github_outputs(verdict, sarif_path(common).as_deref());
        output::append_file(Path::new(file), outputs.as_bytes())?;
    }
    if let Some(file) = world.variable("GITHUB_STEP_SUMMARY") {
        let summary = report::github_summary(verdict, plain);
        output::append_file(Path::new(file), summary.as_bytes())?;
    }
    Ok(())
}

/// Where the SARIF report is: the one for upload, if both are written.
fn sarif_path(common: &Common) -> Option<String> {
    [Format::SarifGithub, Format::Sarif].iter().find_map(|format| {
        let output = common.output.iter().find(|output| output.format == *format)?;
        output.path.as_ref().map(|path| path.display().to_string())
    })
}

fn report_options(verbose: bool, terminal: Terminal, world: &World) -> Options {
    let repository = ci::repository(&world.environment);
    Options {
        terminal,
        verbose,
        repository,
        started: world.started,
        ended: now(world.variable("SOURCE_DATE_EPOCH")),
    }
}

fn run_explain(args: &ExplainArgs, color: Color, world: &World) -> Result<u8, Failure> {
    let mut found = checks::named(&args.check).to_vec();
    if found.is_empty() {
        let own = own_checks(args.policy.as_deref(), world.style(color))?;
        found.extend(own.iter().filter(|check| check.id.eq_ignore_ascii_case(&args.check)));
        if found.is_empty() {
            return Err(unknown_check(&args.check, own));
        }
    }
    let terminal = world.terminal(color);
    let explained: Vec<String> = found
        .iter()
        .map(
            |check| if args.markdown { explain::markdown(check) } else { explain::terminal(check, terminal) },
        )
        .collect();
    output::write_stdout(explained.join("\n").as_bytes())?;
    Ok(0)
}

fn unknown_check(name: &str, own: &'static [Check]) -> Failure {
    let names = checks::all()
        .chain(own)
        .flat_map(|check| std::iter::once(check.id).chain(check.aliases.iter().copied()));
    let advice = match policy::nearest(name, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`mergegate checks` lists all checks".to_owned(),
    };
    Failure::usage(format!("there is no check called `{name}`")).with_help(advice)
}

/// The checks that a policy declares: the given one, or that of this folder. A broken policy that nobody asked for
/// must not keep a person from reading about checks.
fn own_checks(policy: Option<&Path>, style: Style) -> Result<&'static [Check], Failure> {
    match policy {
        Some(path) => Ok(policy_source::given(path, style)?.policy.declared_checks()),
        None => Ok(policy_source::for_folder(Path::new("."), style).map_or_else(
            |_| {
                eprint_line(
                    "the policy of this folder has mistakes (`mergegate policy`): its checks are left out",
                );
                &[][..]
            },
            |found| found.policy.declared_checks(),
        )),
    }
}
fn run_checks(args: &ChecksArgs, color: Color, world: &World) -> Result<u8, Failure> {
    let own = explain::own_family(own_checks(args.policy.as_deref(), world.style(color))?);
    let families: Vec<&Family> = FAMILIES.iter().chain(&own).collect();
    let text = match args.format {
        ListFormat::Table => explain::table(&families, world.terminal(color)),
        ListFormat::Json => explain::json(&families),
        ListFormat::Markdown => explain::page(&families),
    };
    output::write_stdout(text.as_bytes())?;
    Ok(0)
}

fn run_init(args: &InitArgs) -> Result<u8, Failure> {
    if let Some(existing) =
        NAMES.iter().map(|name| args.dir.join(name)).find(|path| path.symlink_metadata().is_ok())
    {
        return Err(Failure::usage(format!("{} exists already and stays as it is", existing.display()))
            .with_help("`mergegate policy` shows what it puts in force"));
    }
    let path = args.dir.join(NAMES[0]);
    output::write_file(&path, policy::TEMPLATE.as_bytes())?;
    output::write_stdout(
        format!("wrote {}; `mergegate policy` shows what it puts in force\n", path.display()).as_bytes(),
    )?;
    Ok(0)
}

fn run_policy(args: &PolicyArgs, color: Color, world: &World) -> Result<u8, Failure> {
    if args.schema {
        output::write_stdout(policy::schema().as_bytes())?;
        return Ok(0);
    }
    let style = world.style(color);
    let found = match &args.policy {
        Some(path) => policy_source::given(path, style)?,
        None => policy_source::for_folder(Path::new("."), style)?,
    };
    policy_source::try_examples(&found.policy, style)?;
    let text = format!("policy: {}\n\n{}", found.name, policy::table(&found.policy));
    output::write_stdout(text.as_bytes())?;
    Ok(0)
}

fn run_suppressions(args: &SuppressionsArgs, color: Color, world: &World) -> Result<u8, Failure> {
    let style = world.style(color);
    let found = match &args.policy {
        Some(path) => policy_source::given(path, style)?,
        None => policy_source::for_folder(Path::new("."), style)?,
    };
    let analyser = Analyser::new(&found.policy, world.today);
    let repository = if args.no_blame { None } else { repository_of(&args.paths) };
    let audit = audit::audit(&args.paths, &analyser, repository.as_ref(), world.stderr_is_terminal)?;
    if let Some(error) = &audit.unblamed {
        let help = error.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
        eprint_line(&format!("{}{help}", error.message));
    }
    let text = match args.format {
        AuditFormat::Table => audit::table(&audit, world.terminal(color)),
        AuditFormat::Json => audit::json(&audit),
        AuditFormat::Csv => audit::csv(&audit),
        AuditFormat::Markdown => audit::markdown(&audit),
    };
    output::write_stdout(text.as_bytes())?;
    let kinds: Vec<audit::Kind> = args.fail_on.iter().map(|&kind| kind.into()).collect();
    let fails = audit.failing(&kinds) > 0 || !kinds.is_empty() && !audit.unread.is_empty();
    Ok(u8::from(fails))
}

/// The repository that the first of these is in.
fn repository_of(paths: &[PathBuf]) -> Option<Repository> {
    let path = paths.first()?;
    let folder = if path.is_file() { path.parent()? } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    Repository::open(folder).ok()
}

fn run_suppress(args: &SuppressArgs, color: Color, world: &World) -> Result<u8, Failure> {
    let style = world.style(color);
    let FindingAt { check, file, line } = &args.finding;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = match &args.policy {
        Some(path) => policy_source::given(path, style)?,
        None => policy_source::for_folder(folder, style)?,
    };
    let analyser = Analyser::new(&found.policy, world.today);
    let request = suppression::Request { check, line: *line, reason: &args.reason, until: args.until };
    let said = suppress::suppress(file, &request, &analyser)?;
    output::write_stdout(format!("{}\n", crate::escape::visible(&said)).as_bytes())?;
    Ok(0)
}

fn run_demo(args: &DemoArgs, color: Color, world: &World) -> Result<u8, Failure> {
    let dir = demo::make(args.dir.as_deref())?;
    let (base, head) = demo::BRANCHES;
    let repository = Repository::open(&dir)?;
    let request = Request {
        choices: vec![Choice {
            base: Base::Revision(base.to_owned()),
            target: Target::Revision(head.to_owned()),
            rule: "the demonstration".to_owned(),
        }],
        full_history: None,
    };
    let revisions = repository.resolve(&request)?;
    let Found { policy, name, remarks } =
        policy_source::for_change(&repository, &revisions, world.style(color))?;
    let analyser = Analyser::new(&policy, world.today);
    let verdict = gate::check(&repository, revisions, &analyser, name, remarks)?;
    let options = report_options(false, world.terminal(color), world);
    let sarif = dir.join("mergegate.sarif");
    output::write_file(&sarif, &report::render(Format::Sarif, &verdict, &options))?;
    let mut text = report::render(Format::Text, &verdict, &options);
    text.extend(demo_epilogue(&dir, &sarif, verdict.exit_code()).into_bytes());
    output::write_stdout(&text)?;
    Ok(0)
}

fn demo_epilogue(dir: &Path, sarif: &Path, exit_code: u8) -> String {
    let (base, _) = demo::BRANCHES;
    let (dir, sarif) = (dir.display(), sarif.display());
    format!(
        "
This was a demonstration: in CI, the gate would now end with exit code {exit_code}.

  repository  {dir}
  SARIF       {sarif}

Try next:
  cd {dir}
  mergegate check --base {base} --verbose
  mergegate explain yaml-load
  mergegate policy
"
    )
}

fn run_completions(args: &CompletionsArgs) -> Result<u8, Failure> {
    output::write_stdout(&cli::completions(args.shell))?;
    Ok(0)
}

fn run_man(args: &ManArgs) -> Result<u8, Failure> {
    let page = cli::manual(args.command.as_deref())
        .map_err(|error| Failure::undecided(format!("cannot make the manual page: {error}")))?;
    let Some(page) = page else {
        let name = args.command.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!("there is no command called `{name}`"))
            .with_help("`mergegate help` lists all commands"));
    };
    output::write_stdout(&page)?;
    Ok(0)
}

/// Words on standard error that may get lost: nobody acts on them.
fn eprint_line(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "mergegate: {}", crate::escape::visible(text));
}
