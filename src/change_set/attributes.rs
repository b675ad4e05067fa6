//! What `.gitattributes` say of a file that makes git write something else to disk than it stores.

use std::path::{Path, PathBuf};

use gix::attrs::search::{MetadataCollection, Outcome};
use gix::attrs::{Search, StateRef};
use gix::bstr::ByteSlice;
use gix::glob::pattern::Case;

use crate::path::FilePath;

const ENCODING: &str = "working-tree-encoding";
const SUBSTITUTION: &str = "export-subst";

/// All `.gitattributes` of a version of the repository.
#[derive(Default)]
pub struct Attributes {
    search: Search,
    collection: MetadataCollection,
}

/// What git makes of a file besides its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewriting {
    /// The encoding in which it is written to disk, if that is another than UTF-8.
    pub encoding: Option<String>,
    /// Whether `git archive` puts details of the commit into it.
    pub substitutes: bool,
}

impl Attributes {
    /// Whether a path is read by git for attributes.
    pub fn is_source(path: &FilePath) -> bool {
        path.file_name().eq_ignore_ascii_case(b".gitattributes")
    }

    /// Whether the content of such a file has a word in it that matters here.
    pub fn matter(content: &[u8]) -> bool {
        [ENCODING, SUBSTITUTION].iter().any(|word| content.find(word).is_some())
    }

    /// Takes up the files, those of outer folders first. A path that this system cannot have has none.
    pub fn of(mut files: Vec<(FilePath, Vec<u8>)>) -> Attributes {
        files.sort_by_key(|(path, _)| (path.as_bytes().split(|&b| b == b'/').count(), path.clone()));
        let mut attributes = Attributes::default();
        for (path, content) in files {
            let is_at_root = !path.as_bytes().contains(&b'/');
            let Ok(source) = gix::path::from_byte_slice(path.as_bytes()).map(PathBuf::from) else {
                continue;
            };
            let Attributes { search, collection } = &mut attributes;
            // It fails where the path of the folder is none of git's, and there no file is.
            let _ = search.add_patterns_buffer(&content, source, Some(Path::new("")), collection, is_at_root);
        }
        attributes
    }

    /// What git makes of a file. Whether upper and lower case differ depends on where it is checked out, so what
    /// either way comes to counts.
    pub fn rewriting(&self, path: &FilePath) -> Rewriting {
        let mut rewriting = Rewriting::default();
        for case in [Case::Sensitive, Case::Fold] {
            let mut outcome = Outcome::default();
            outcome.initialize_with_selection(&self.collection, [ENCODING, SUBSTITUTION]);
            self.search.pattern_matching_relative_path(
                path.as_bytes().as_bstr(),
                case,
                Some(false),
                &mut outcome,
            );
            for found in outcome.iter_selected() {
                match (found.assignment.name.as_str(), found.assignment.state) {
                    (ENCODING, StateRef::Value(value)) => {
                        let name = value.as_bstr().to_string();
                        let is_utf8 = matches!(name.to_ascii_lowercase().as_str(), "utf-8" | "utf8");
                        rewriting.encoding = rewriting.encoding.or((!is_utf8).then_some(name));
                    }
                    (SUBSTITUTION, StateRef::Set | StateRef::Value(_)) => rewriting.substitutes = true,
                    _ => {}
                }
            }
        }
        rewriting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewriting(files: &[(&str, &str)], path: &str) -> Rewriting {
        let files = files.iter().map(|(path, text)| (FilePath::from_bytes(*path), text.as_bytes().to_vec()));
        Attributes::of(files.collect()).rewriting(&FilePath::from_bytes(path))
    }

    fn encoding(name: &str) -> Rewriting {
        Rewriting { encoding: Some(name.to_owned()), ..Rewriting::default() }
    }

    #[test]
    fn the_last_line_of_the_innermost_file_counts() {
        let files = [
            ("sub/.gitattributes", "b.py working-tree-encoding=utf-8\n*.py export-subst\n"),
            (".gitattributes", "[attr]odd working-tree-encoding=SHIFT_JIS\n*.py odd\n"),
        ];
        assert_eq!(rewriting(&files, "a.py"), encoding("SHIFT_JIS"));
        assert_eq!(rewriting(&files, "A.PY"), encoding("SHIFT_JIS"));
        assert_eq!(rewriting(&files, "a.txt"), Rewriting::default());
        assert_eq!(rewriting(&files, "sub/b.py"), Rewriting { encoding: None, substitutes: true });
        let both = Rewriting { substitutes: true, ..encoding("SHIFT_JIS") };
        assert_eq!(rewriting(&files, "sub/a.py"), both);
    }

    #[test]
    fn what_is_unset_does_not_count() {
        let files = [(
            ".gitattributes",
            "* export-subst working-tree-encoding=UTF-16\n*.py -export-subst\n*.py !working-tree-encoding\n",
        )];
        assert_eq!(rewriting(&files, "a.py"), Rewriting::default());
    }
}
