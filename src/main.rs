//! Arguments in, exit code out.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use mergegate::cli::Cli;
use mergegate::run::{World, run};
use mimalloc::MiMalloc;

/// A scan allocates and frees small things all the time, on every thread. Huge pages are switched off in it: a change of
/// ten files took 80 MB with them and takes 33 MB without.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // A failure inside is told as a result of the file it happened in, not as a trace for a developer.
    std::panic::set_hook(Box::new(|_| {}));
    let cli = Cli::parse();
    match std::panic::catch_unwind(|| run(&cli, &World::real())) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => {
            let _ = write!(std::io::stderr(), "{}", failure.render());
            ExitCode::from(failure.exit_code())
        }
        Err(_) => {
            let _ =
                writeln!(std::io::stderr(), "error: mergegate failed inside, which is a bug worth reporting");
            ExitCode::from(3)
        }
    }
}
