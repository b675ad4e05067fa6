//! The command line: definitions only.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
pub use clap_complete::Shell;

use crate::audit::Kind;
use crate::report::Format;
use crate::scan::Details;
use crate::suppression::{Date, date};

const EXIT_CODES: &str = "\
Exit codes:
  0  passed
  1  blocked
  2  wrong usage or invalid policy
  3  could not decide: no repository, base commit missing, output not writable, internal failure";

/// A merge gate for Python security: which potential security issues does this change introduce?
#[derive(Debug, Parser)]
#[command(name = "mergegate", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Colours in what people read: on a terminal that shows them (auto), always, or never. NO_COLOR is honoured.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
    /// The day by which suppressions expire, instead of today's date in UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day, global = true)]
    pub today: Option<Date>,
}

fn parse_day(text: &str) -> Result<Date, String> {
    date::parse(text).ok_or_else(|| "write a date as in 2027-03-31".to_owned())
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Check(CheckArgs),
    Scan(ScanArgs),
    Explain(ExplainArgs),
    Checks(ChecksArgs),
    Init(InitArgs),
    Policy(PolicyArgs),
    Suppressions(SuppressionsArgs),
    Suppress(SuppressArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Judge a change: which findings does it introduce, and do they block?
///
/// Both sides of every Python file that the change touches are scanned, and the findings are compared. The
/// policy that counts is the .mergegate.yml of the base, so that a change cannot weaken it.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Example:
  mergegate check --base origin/main --output sarif=mergegate.sarif

{EXIT_CODES}"))]
pub struct CheckArgs {
    /// The branch or commit that the change is to be merged into. Without it: what the CI system says, else
    /// origin/HEAD, main or master.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// The branch or commit with the change.
    #[arg(long, value_name = "REV", conflicts_with_all = ["staged", "worktree"])]
    pub head: Option<String>,
    /// Judge what the next commit would hold: HEAD against the index.
    #[arg(long, conflicts_with_all = ["base", "worktree"])]
    pub staged: bool,
    /// Judge the files on disk, untracked ones included: HEAD against the work tree.
    #[arg(long, conflicts_with = "base")]
    pub worktree: bool,
    /// A folder inside the repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
    /// A reviewer has accepted the suppressions that the change adds or widens: where the policy says
    /// `new-in-change: block`, they are only listed.
    #[arg(long)]
    pub accept_suppressions: bool,
    #[command(flatten)]
    pub common: Common,
}

/// Scan files and folders as they are, without git. Ignored files (.gitignore) are left out.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Example:
  mergegate scan src --policy strict.yml

{EXIT_CODES}"))]
pub struct ScanArgs {
    /// Files and folders.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

/// What check and scan have in common.
#[derive(Debug, Args)]
pub struct Common {
    /// This policy counts, whatever the repository says.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Write a report to a file ('-' for standard output). May be given several times.
    #[arg(long, value_name = "FORMAT=PATH")]
    pub output: Vec<Output>,
    /// What to print on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Show findings that were there before and justified ones, too.
    #[arg(long, short)]
    pub verbose: bool,
    /// How many threads work at once; all cores by default.
    #[arg(long, value_name = "N", hide = true)]
    pub threads: Option<usize>,
}

impl Common {
    /// What of the findings the reports will show that has to be asked for.
    pub fn details(&self) -> Details {
        let formats = self.output.iter().map(|output| output.format).chain([self.format]);
        Details { traces: true, line_hashes: formats.into_iter().any(Format::shows_line_hashes) }
    }
}

/// A report to write: `sarif=report.sarif`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    /// `None` for standard output.
    pub path: Option<PathBuf>,
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) =
            text.split_once('=').ok_or_else(|| format!("write FORMAT=PATH, for example sarif={text}"))?;
        if path.is_empty() {
            return Err(format!("a path is missing: {format}=PATH, or {format}=- for standard output"));
        }
        let path = (path != "-").then(|| PathBuf::from(path));
        Ok(Output { format: format.parse()?, path })
    }
}

/// What a check finds, why that is a risk, what to write instead, and how to justify an exception.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mergegate explain yaml-load
  mergegate explain B506
  mergegate explain codeaudit:os.system")]
pub struct ExplainArgs {
    /// The check, or what another tool calls it.
    #[arg(value_name = "CHECK")]
    pub check: String,
    /// As Markdown.
    #[arg(long)]
    pub markdown: bool,
    /// The policy whose own checks are known, too; without it, .mergegate.yml of this folder or one above it.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// List all checks, those that the policy declares last.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  mergegate checks --format markdown > checks.md")]
pub struct ChecksArgs {
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
    /// The policy; without it, .mergegate.yml of this folder or one above it.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How to list checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Table,
    Json,
    Markdown,
}

/// Write a commented .mergegate.yml to start from. An existing file is left as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  mergegate init && git add .mergegate.yml")]
pub struct InitArgs {
    /// The folder to write it to.
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

/// Validate the policy, try its own checks on their examples, and show what is in force, check by check, and which rule says so.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  mergegate policy
  mergegate policy --schema > policy.schema.json

{EXIT_CODES}"))]
pub struct PolicyArgs {
    /// The policy; without it, .mergegate.yml of this folder or one above it.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Print the JSON schema of policies, for editors.
    #[arg(long, conflicts_with = "policy")]
    pub schema: bool,
}

/// List all suppressions: what each is for, who brought it and when, and whether it still suppresses anything.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mergegate suppressions
  mergegate suppressions src --format csv > suppressions.csv
  mergegate suppressions --fail-on expired,unused

Exit codes:
  0  nothing of what --fail-on names
  1  something of it, or with --fail-on a file that could not be analysed
  2  wrong usage or invalid policy
  3  could not look")]
pub struct SuppressionsArgs {
    /// Files and folders.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// What makes the audit fail.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: AuditFormat,
    /// Do not ask git who brought each suppression, which takes time in a long history.
    #[arg(long)]
    pub no_blame: bool,
    /// This policy counts, whatever the folder says.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How to list suppressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    Table,
    Json,
    Csv,
    Markdown,
}

/// What an audit can fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Its day is over, or is no date
    Expired,
    /// Some check that it names finds nothing there
    Unused,
    /// It does not say why
    Unreasoned,
    /// It has any defect, these included
    Invalid,
}

impl From<FailOn> for Kind {
    fn from(kind: FailOn) -> Self {
        match kind {
            FailOn::Expired => Kind::Expired,
            FailOn::Unused => Kind::Unused,
            FailOn::Unreasoned => Kind::Unreasoned,
            FailOn::Invalid => Kind::Invalid,
        }
    }
}

/// Justify a finding: write the comment in the right place of the file.
///
/// The file is only changed if the comment then counts by the policy, justifies that finding, and changes nothing
/// else.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  mergegate suppress eval@app/rules.py:12 --reason \"our own text, SEC-123\"

Exit codes:
  0  the comment is there
  2  wrong usage or invalid policy, or a comment that would not count
  3  the file cannot be written")]
pub struct SuppressArgs {
    /// The check, or what another tool calls it, with the file and the line of the finding.
    #[arg(value_name = "CHECK@FILE:LINE")]
    pub finding: FindingAt,
    /// Why the code is safe where it stands.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The last day on which the comment counts.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    pub until: Option<Date>,
    /// This policy counts, whatever the folder of the file says.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// Which finding: `pickle-load@app/cache.py:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingAt {
    pub check: String,
    pub file: PathBuf,
    pub line: u32,
}

impl std::str::FromStr for FindingAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('@').and_then(|(check, place)| {
            let (file, line) = place.rsplit_once(':')?;
            Some((check, file, line.parse().ok().filter(|&line| line > 0)?))
        });
        match parts {
            Some((check, file, line)) if !check.is_empty() && !file.is_empty() => {
                Ok(FindingAt { check: check.to_owned(), file: file.into(), line })
            }
            _ => Err("write CHECK@FILE:LINE, for example eval@app/main.py:12".to_owned()),
        }
    }
}

/// See the gate at work on a small repository that is made for it in a temporary folder.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Make the repository here instead.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Print the script by which a shell completes the command line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mergegate completions bash > ~/.local/share/bash-completion/completions/mergegate
  mergegate completions fish > ~/.config/fish/completions/mergegate.fish")]
pub struct CompletionsArgs {
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Print the manual page of the program, or of one of its commands.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mergegate man > mergegate.1
  mergegate man check > mergegate-check.1")]
pub struct ManArgs {
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// The script by which a shell completes the command line.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

/// The manual page of the program, or of one of its commands; `None` if there is no such command.
///
/// # Errors
///
/// Never in practice: the page is written to memory.
pub fn manual(command: Option<&str>) -> std::io::Result<Option<Vec<u8>>> {
    let mut program = Cli::command();
    program.build();
    let described = match command {
        None => Some(&program),
        Some(name) => program.find_subcommand(name),
    };
    let Some(described) = described else { return Ok(None) };
    let mut page = Vec::new();
    clap_mangen::Man::new(described.clone()).render(&mut page)?;
    Ok(Some(page))
}
