//! Writes a comment that justifies a finding into a file of the user.

use std::path::Path;

use crate::analysis::Analyser;
use crate::failure::Failure;
use crate::output;
use crate::path::FilePath;
use crate::python::FileKind;
use crate::suppression::{self, Inserted, Refusal, Request};
use crate::tree_scan;

/// Writes the comment that is asked for into a file, and says what it did in one line.
///
/// # Errors
///
/// When the file cannot be read or written, or when such a comment would not count. The file then stays as it is.
pub fn suppress(file: &Path, request: &Request<'_>, analyser: &Analyser<'_>) -> Result<String, Failure> {
    let shown = file.display();
    if FileKind::of(&FilePath::from_os(file)) != FileKind::Python {
        let message = format!("cannot write a suppression into {shown}: it is not a Python file");
        return Err(Failure::usage(message)
            .with_help("write the comment where the code is: in the cell, or alone on the line above"));
    }
    let bytes = tree_scan::read(file, analyser.policy().limits.file_size)
        .map_err(|reason| Failure::usage(format!("cannot write a suppression into {shown}: {reason}")))?;
    let today = analyser.today();
    match suppression::insert(&bytes, request, analyser.scanner(), analyser.policy(), today) {
        Ok(Inserted { bytes, line, comment }) => {
            output::replace_file(file, &bytes)?;
            Ok(format!("{shown}:{line}: {comment}"))
        }
        Err(Refusal::AlreadySuppressed { line }) => Ok(format!("{shown}:{line}: justified here already")),
        Err(refusal) => {
            Err(Failure::usage(format!("cannot write a suppression for {shown}:{}: {refusal}", request.line)))
        }
    }
}
