//! Python source text to answers about it: decoding, parsing, names, constants, calls.
//!
//! This is the only part of the program that knows how Python code is read; checks ask it questions.

mod call;
mod constant;
mod decode;
mod exposure;
mod flow;
mod known;
mod names;
mod outline;
mod solve;
mod source;
mod tree;

pub use call::{Argument, Arguments, Assignment, Call, Callee, Hit, Hits, Module, Node, Reference, Truth};
pub use constant::{Constant, Possible};
pub use exposure::{Exposure, Harm};
pub use known::canonical_name;
pub use names::{Names, Thing, Things, Value};
pub use outline::{Definition, Numbers, Outline, Statement, is_statement, number};
pub use source::{Comment, Problem, SourceFile};
pub use tree::{NodeId, ScopeId, ScopeKind};
