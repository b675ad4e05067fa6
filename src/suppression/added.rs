//! Which suppressions a change adds or widens.

use rustc_hash::FxHashMap;

use crate::check::{Confidence, Severity};

use super::{Date, Excused, Suppression};

/// The suppressions of the head that excuse more than those of the base did: a finding that nothing excused
/// there, or one that has become worse since, or one for longer. What counts is what they excuse, not how they are written: to
/// move one along with its code or to lengthen its reason adds nothing, and to keep one while other code comes
/// under it does. Both sides must have been applied, and be of the same file.
pub fn added<'s>(base: &[Suppression], head: &'s [Suppression]) -> Vec<&'s Suppression> {
    let excused = |side: &'s [Suppression]| {
        side.iter().flat_map(|it| it.excused.iter().map(move |excused| (it, excused)))
    };
    let mut before: Vec<&Excused> = base.iter().flat_map(|suppression| &suppression.excused).collect();
    let mut open: Vec<(&Suppression, &Excused)> = excused(head).collect();
    // The same code first, then what may be the same code after an edit.
    for key in [Excused::code, Excused::place] {
        pair(&mut before, &mut open, key);
    }
    let mut added: Vec<&Suppression> = open.into_iter().map(|(suppression, _)| suppression).collect();
    added.dedup_by(|later, earlier| std::ptr::eq(*later, *earlier));
    added
}

/// How bad a finding was excused, and to what day.
type Extent = (Severity, Confidence, Date);

type Key<'e> = (&'static str, &'e str, Option<u64>, u64);

/// Takes away what is on both sides, one for one, unless it is worse now.
fn pair<'b, 'h>(
    before: &mut Vec<&'b Excused>,
    open: &mut Vec<(&'h Suppression, &'h Excused)>,
    key: fn(&Excused) -> Key<'_>,
) {
    let mut left: FxHashMap<Key<'_>, FxHashMap<Extent, Vec<&'b Excused>>> = FxHashMap::default();
    for excused in before.drain(..) {
        left.entry(key(excused)).or_default().entry(excused.extent()).or_default().push(excused);
    }
    open.retain(|(_, now)| {
        let Some(same) = left.get_mut(&key(now)) else { return true };
        let (severity, confidence, end) = now.extent();
        let enough = same.iter_mut().filter(|(extent, known)| {
            !known.is_empty() && extent.0 >= severity && extent.1 >= confidence && extent.2 >= end
        });
        let Some((_, known)) = enough.min_by_key(|(extent, _)| **extent) else { return true };
        known.pop();
        false
    });
    before.extend(left.into_values().flatten().flat_map(|(_, known)| known));
}

impl Excused {
    fn code(&self) -> Key<'_> {
        (self.check, &self.normalized, self.secret, self.constants)
    }

    fn place(&self) -> Key<'_> {
        (self.check, &self.definition, self.secret, self.constants)
    }

    fn extent(&self) -> Extent {
        (self.severity, self.confidence, self.until.unwrap_or(Date::MAX))
    }
}
