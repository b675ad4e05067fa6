//! Python source text to answers about it: decoding, parsing, names, constants, calls.
//!
//! This is the only part of the program that knows how Python code is read; checks ask it questions.

mod added;
mod assembled;
mod call;
mod callers;
mod constant;
mod decode;
mod exposure;
mod flow;
mod glance;
mod ipython;
mod json;
mod known;
mod names;
mod notebook;
mod outline;
mod path_configuration;
mod requests;
mod solve;
mod source;
mod template;
mod tree;

pub use added::Added;
pub use assembled::Assembled;
pub use call::{Argument, Arguments, Assignment, Call, Callee, Hit, Hits, Module, Node, Reference, Truth};
pub use constant::{Constant, Possible};
pub use decode::decode;
pub use exposure::{Exposure, Harm};
pub use glance::last_word;
pub use known::{canonical_name, is_called_otherwise};
pub use names::{Names, Thing, Things, Value};
pub use outline::{Definition, Numbers, Outline, Statement, number};
pub use source::{Comment, FileKind, Problem, SourceFile};
pub use template::{Field, HOLE, Hole, format_holes, percent_holes, shows_number};
pub use tree::{NodeId, ScopeId, ScopeKind};

/// Whether Python may run a file: it can be read, or the file declares an encoding that only Python knows.
pub fn may_run(bytes: &[u8]) -> bool {
    match decode(bytes) {
        Ok(text) => ipython::stands_alone(&text),
        Err(_) => decode::cookie(bytes).is_some(),
    }
}

/// The Python code in a file of a kind that is not Python; `None` where there is none to be scanned.
///
/// # Errors
///
/// When nothing is known about the file.
pub fn assembled(kind: FileKind, bytes: &[u8]) -> Result<Option<Assembled>, Problem> {
    match kind {
        FileKind::Notebook => notebook::read(bytes),
        FileKind::PathConfiguration => path_configuration::read(bytes).map(Some),
        FileKind::Python => Ok(None),
    }
}
