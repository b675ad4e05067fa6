//! By what other programs know a result again from one commit to the next.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::path::FilePath;
use crate::verdict::Judged;

/// What makes two results the same, and a number for each that is alike in all of it.
type Key<'v> = (Option<&'v FilePath>, [&'v str; 3]);

/// Makes fingerprints for the results of one report, in their order.
///
/// A fingerprint is made of what findings are compared by, and of how many alike came before in the file: it
/// survives every other edit, and a new name of the file. It is a cryptographic hash, because the author of a
/// change must not be able to make two findings look like one.
#[derive(Default)]
pub struct Fingerprints<'v> {
    seen: FxHashMap<Key<'v>, u64>,
}

/// What a result is known by: a hash that only some reports ask for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fingerprint<'v> {
    texts: [&'v str; 3],
    /// How many alike came before it in the file, and itself.
    nth: u64,
}

impl Fingerprint<'_> {
    /// 128 bits in hexadecimal.
    pub fn hash(&self) -> String {
        let [check, definition, text] = self.texts.map(str::as_bytes);
        hash(&[check, definition, text, &self.nth.to_le_bytes()])
    }
}

impl<'v> Fingerprints<'v> {
    /// Of a finding.
    pub fn of(&mut self, judged: &'v Judged) -> Fingerprint<'v> {
        let finding = &judged.finding;
        self.next(Some(&judged.path), [finding.check.id, &finding.definition, &finding.normalized])
    }

    /// Of something else, by what it says.
    pub fn of_message(
        &mut self,
        path: Option<&'v FilePath>,
        id: &'v str,
        message: &'v str,
    ) -> Fingerprint<'v> {
        self.next(path, [id, "", message])
    }

    fn next(&mut self, path: Option<&'v FilePath>, texts: [&'v str; 3]) -> Fingerprint<'v> {
        let nth = self.seen.entry((path, texts)).or_default();
        *nth += 1;
        Fingerprint { texts, nth: *nth }
    }
}

/// The hash of some texts, each with its length before it, so that none can pass a part of itself to the next.
pub fn hash(texts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    hasher.finalize().iter().take(FINGERPRINT_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// 128 bits are enough that nobody finds two alike.
const FINGERPRINT_BYTES: usize = 16;
