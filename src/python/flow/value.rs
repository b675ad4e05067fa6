//! What is known about a value, and about a list or mapping of values.

use std::rc::Rc;

use ruff_python_ast::Operator;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::python::constant::{Constant, binary, item};
use crate::python::exposure::Exposure;

/// How many elements of a list or mapping are told apart.
const MAX_ELEMENTS: usize = 64;

/// How many elements a list or mapping may have with those of the lists and mappings in it.
const MAX_SIZE: usize = 256;

/// A constant that takes more bytes is only known to be one.
const MAX_WEIGHT: usize = 2_048;

/// How many steps of the way of a value are kept.
const MAX_TRAIL: usize = 20;

/// What is known about a value at one place.
#[derive(Debug, Clone)]
pub struct Abstract {
    pub exposure: Exposure,
    pub(super) constant: Option<Constant>,
    /// What a list, mapping or keyed store holds, by constant keys; the rest of it is in `exposure`.
    pub(super) elements: Option<Rc<Elements>>,
    /// What it certainly does not hold, because it was tested or replaced.
    pub denied: Denied,
    /// The way of what came from outside, the source first.
    pub(super) trail: Option<Rc<Step>>,
    /// The call that took this address apart, or that gave these parts of an address; 0 for none.
    pub(super) parsed: usize,
}

/// The elements of a list or mapping by their keys.
#[derive(Debug)]
pub(super) struct Elements {
    pub(super) items: Vec<(Constant, Abstract)>,
    /// How many there are, with those of the lists and mappings in them.
    size: usize,
}

impl Elements {
    /// `None` when there are too many.
    pub(super) fn new(items: Vec<(Constant, Abstract)>) -> Option<Rc<Elements>> {
        let inside = |value: &Abstract| value.elements.as_ref().map_or(0, |elements| elements.size);
        let size = items.iter().map(|(_, value)| 1 + inside(value)).sum();
        (items.len() <= MAX_ELEMENTS && size <= MAX_SIZE).then(|| Rc::new(Elements { items, size }))
    }

    /// Whether these are the elements of a list, and of no mapping.
    fn is_list(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|(key, _)| matches!(key, Constant::Int(_)))
    }
}

/// Which kinds of harmful text a value certainly does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Denied {
    /// No way out of a quoted text: the quote in question was refused or replaced.
    pub quotes: bool,
    /// No single quote.
    pub single_quotes: bool,
    /// It starts with a quote.
    pub opened: bool,
    /// No way up in the tree of folders: `..` was refused.
    pub parents: bool,
    /// No folder of its own choice to start from: it begins with a text that was written here, or `/` was refused.
    pub root: bool,
    /// No markup: it was escaped.
    pub markup: bool,
    /// No way out of its place in a statement: a method with such a name quoted it.
    pub query: bool,
    /// No way out of its place in a filter of LDAP: it was escaped for one.
    pub filter: bool,
    /// No pattern: it was escaped.
    pub pattern: bool,
    /// No text of its own, as far as can be seen: a function of another file made it of what it was given.
    pub text: bool,
    /// No way to another host: the host was compared.
    pub host: bool,
    /// No way out of its place in a command for a shell: it was quoted for one.
    pub shell: bool,
    /// No names and no texts: as code, it is nothing but numbers and what is computed from them.
    pub code: bool,
    /// No separator of folders: at most the last part of a path.
    pub last: bool,
    /// No `..` that was not followed yet: it is where the path leads.
    pub resolved: bool,
    /// No choice of what it holds, only of which: it is a part of what a function of another file found.
    pub found: bool,
}

impl Denied {
    /// What refusing this text denies.
    pub(super) fn by(text: &str) -> Denied {
        Denied {
            quotes: matches!(text, "'" | "\""),
            single_quotes: text == "'",
            parents: matches!(text, ".." | "../" | "..\\"),
            root: text == "/",
            last: text == "/",
            markup: text == "<",
            ..Denied::default()
        }
    }

    pub(super) fn or(self, other: Denied) -> Denied {
        self.each_with(other, |a, b| a || b)
    }

    fn and(self, other: Denied) -> Denied {
        self.each_with(other, |a, b| a && b)
    }

    fn each_with(self, other: Denied, of: impl Fn(bool, bool) -> bool) -> Denied {
        Denied {
            quotes: of(self.quotes, other.quotes),
            single_quotes: of(self.single_quotes, other.single_quotes),
            opened: of(self.opened, other.opened),
            parents: of(self.parents, other.parents),
            root: of(self.root, other.root),
            markup: of(self.markup, other.markup),
            query: of(self.query, other.query),
            filter: of(self.filter, other.filter),
            pattern: of(self.pattern, other.pattern),
            text: of(self.text, other.text),
            host: of(self.host, other.host),
            shell: of(self.shell, other.shell),
            code: of(self.code, other.code),
            last: of(self.last, other.last),
            resolved: of(self.resolved, other.resolved),
            found: of(self.found, other.found),
        }
    }

    /// What is still true of a part of the value, or of what is made of it.
    pub(super) fn of_another(self) -> Denied {
        Denied { host: false, resolved: false, code: false, ..self }
    }
}

#[derive(Debug)]
pub(super) struct Step {
    place: TextRange,
    before: Option<Rc<Step>>,
    length: usize,
}

impl Abstract {
    pub(in crate::python) fn of(exposure: Exposure) -> Self {
        Abstract {
            exposure,
            constant: None,
            elements: None,
            denied: Denied::default(),
            trail: None,
            parsed: 0,
        }
    }

    pub(super) fn known(constant: Constant) -> Self {
        let constant = Some(constant).filter(|constant| constant.weight() <= MAX_WEIGHT);
        Abstract { constant, ..Abstract::of(Exposure::Constant) }
    }

    /// What is left of this where only a number is shown.
    pub(super) fn into_number(self) -> Self {
        Abstract::of(self.exposure.min(Exposure::Sanitised))
    }

    pub(in crate::python) fn join(self, other: Abstract) -> Abstract {
        if let (Some(a), Some(b)) = (&self.constant, &other.constant)
            && a == b
        {
            return self;
        }
        let elements = match (self.elements, other.elements) {
            (Some(a), Some(b)) if Rc::ptr_eq(&a, &b) => Some(a),
            (Some(a), Some(b)) => join_elements(&a.items, &b.items),
            _ => None,
        };
        let denied = match (self.exposure, other.exposure) {
            // A constant that was written here does no harm, whatever it holds.
            (Exposure::Constant, _) => other.denied,
            (_, Exposure::Constant) => self.denied,
            _ => self.denied.and(other.denied),
        };
        let (exposure, trail) = if self.exposure >= other.exposure {
            (self.exposure, self.trail)
        } else {
            (other.exposure, other.trail)
        };
        let parsed = if self.parsed == other.parsed { self.parsed } else { 0 };
        Abstract { exposure, constant: None, elements, denied, trail, parsed }
    }

    /// Whether both are known to be the same.
    pub(super) fn is_same(&self, other: &Abstract) -> bool {
        self.elements.as_ref().map(Rc::as_ptr) == other.elements.as_ref().map(Rc::as_ptr)
            && self.trail.as_ref().map(Rc::as_ptr) == other.trail.as_ref().map(Rc::as_ptr)
            && (self.exposure, self.denied, self.parsed) == (other.exposure, other.denied, other.parsed)
            && self.constant == other.constant
    }

    /// The same but for the way it took.
    fn says_the_same(&self, other: &Abstract) -> bool {
        let elements = match (&self.elements, &other.elements) {
            (Some(a), Some(b)) => {
                Rc::ptr_eq(a, b)
                    || a.items.len() == b.items.len()
                        && a.items.iter().zip(&b.items).all(|((k, x), (l, y))| k == l && x.says_the_same(y))
            }
            (None, None) => true,
            _ => false,
        };
        elements
            && (self.exposure, self.denied, self.parsed) == (other.exposure, other.denied, other.parsed)
            && self.constant == other.constant
    }

    /// The same value seen at a further place of its way.
    pub(super) fn through(mut self, place: TextRange) -> Self {
        if self.exposure >= Exposure::Input {
            let length = self.trail.as_ref().map_or(0, |step| step.length);
            let seen = self.trail.as_ref().is_some_and(|step| step.place == place);
            if length < MAX_TRAIL && !seen {
                self.trail = Some(Rc::new(Step { place, before: self.trail, length: length + 1 }));
            }
        }
        self
    }

    /// Where the value passed, the source first.
    pub(super) fn places(&self) -> Vec<TextRange> {
        let steps = std::iter::successors(self.trail.as_deref(), |step| step.before.as_deref());
        let mut places: Vec<TextRange> = steps.map(|step| step.place).collect();
        places.reverse();
        places
    }

    /// What a text is that was built from these.
    pub(super) fn built(parts: impl IntoIterator<Item = Abstract>) -> Abstract {
        let parts: Vec<Abstract> = parts.into_iter().collect();
        let worst = parts.iter().map(|part| part.exposure).max().unwrap_or(Exposure::Constant);
        // The rest of the text does not undo what the worst part was tested for.
        let denied =
            parts.iter().filter(|part| part.exposure == worst).map(|part| part.denied).reduce(Denied::and);
        // What was escaped stands beside what was not.
        let all = |is_denied: fn(&Denied) -> bool| {
            parts.iter().all(|part| part.exposure <= Exposure::Sanitised || is_denied(&part.denied))
        };
        let (query, filter, pattern, shell) = (
            all(|denied| denied.query),
            all(|denied| denied.filter),
            all(|denied| denied.pattern),
            all(|denied| denied.shell),
        );
        let joined = parts.into_iter().reduce(Abstract::join).unwrap_or(Abstract::of(Exposure::Constant));
        let exposure = match joined.exposure {
            Exposure::Unknown => Exposure::Built,
            other => other,
        };
        let denied = denied.unwrap_or_default();
        let denied = Denied {
            query,
            filter,
            pattern,
            shell,
            text: false,
            root: false,
            last: false,
            ..denied.of_another()
        };
        Abstract { exposure, constant: None, elements: None, denied, trail: joined.trail, parsed: 0 }
    }

    pub(super) fn followed_by(self, text: &str) -> Abstract {
        combined(self, Operator::Add, Abstract::known(Constant::Str(text.to_owned())))
    }

    pub(super) fn denying_root(mut self, root: bool) -> Self {
        self.denied.root = root;
        self
    }

    /// A path of these parts, of which only the last is somebody else's choice, and is a single one.
    pub(super) fn ending_in(mut self, parts: &[&Abstract]) -> Self {
        let chosen = |part: &&Abstract| part.exposure >= Exposure::Input;
        self.denied.last = parts.split_last().is_some_and(|(last, before)| {
            last.denied.last && !before.iter().any(chosen) || !chosen(last) && !before.iter().any(chosen)
        });
        self
    }

    /// Whether a text of this with that put behind it has no folder of its own choice to start from.
    pub(super) fn denies_root_before(&self, behind: &Abstract) -> bool {
        match text_of(self) {
            Some("") => behind.denied.root,
            Some(text) => is_folder(text),
            None if self.exposure >= Exposure::Input => self.denied.root,
            // A folder that the program chose.
            None => true,
        }
    }

    /// Whether a function of another file made this of what came from outside, or found it by that.
    pub(in crate::python) fn is_made_elsewhere(&self) -> bool {
        self.denied.text || self.denied.found
    }

    /// Whether this is certainly a list, a mapping or the like that was written here.
    pub(super) fn is_in_sight(&self) -> bool {
        self.elements.is_some() || self.constant.is_some()
    }

    /// Whether this may be a text, for what is known of where it comes from.
    pub(super) fn may_be_text(&self) -> bool {
        self.constant.is_some() || self.exposure >= Exposure::Built && !self.denied.text
    }

    pub(super) fn at_least_unknown(mut self) -> Self {
        self.exposure = self.exposure.max(Exposure::Unknown);
        self
    }

    /// What a function of another file makes of this, or an object that holds it: not the text that was built here any
    /// more.
    pub(super) fn made_elsewhere(mut self, is_part: bool) -> Self {
        if self.exposure <= Exposure::Built {
            self.exposure = Exposure::Unknown;
        }
        self.denied.text = !is_part;
        self
    }
}

fn join_elements(a: &[(Constant, Abstract)], b: &[(Constant, Abstract)]) -> Option<Rc<Elements>> {
    let mut out = a.to_vec();
    for (at, (key, value)) in b.iter().enumerate() {
        // Mostly both hold the same keys in the same order.
        let same = a.get(at).is_some_and(|(known, _)| known == key).then_some(at);
        match same.or_else(|| out.iter().position(|(known, _)| known == key)) {
            Some(at) => out[at].1 = out[at].1.clone().join(value.clone()),
            None => out.push((key.clone(), value.clone())),
        }
    }
    Elements::new(out)
}

/// What the variables of a function hold.
pub(super) type State<'a> = FxHashMap<&'a str, Abstract>;

/// Whether the same is known of the variables, whatever way what they hold took.
pub(super) fn hold_the_same(a: &State<'_>, b: &State<'_>) -> bool {
    a.len() == b.len()
        && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| value.says_the_same(other)))
}

/// Tells the elements of a list or mapping, and the values of a number or text, no longer apart that change from turn to
/// turn of a loop.
pub(super) fn forget_growing(before: &State<'_>, state: &mut State<'_>) {
    for (name, value) in state.iter_mut() {
        let is_new = before.get(name).is_none_or(|old| !old.says_the_same(value));
        if is_new && (value.elements.is_some() || value.constant.is_some()) {
            value.elements = None;
            value.constant = None;
        }
    }
}

/// How much it costs to join two of these.
pub(super) fn cost_of_join(state: &State<'_>) -> usize {
    let elements = |value: &Abstract| value.elements.as_ref().map_or(0, |elements| elements.size);
    state.values().map(|value| 1 + elements(value)).sum()
}

pub(super) fn text_of(value: &Abstract) -> Option<&str> {
    value.constant.as_ref().and_then(Constant::as_str)
}

/// Whether a path has no start of somebody else's choice, whichever of its parts it starts at.
pub(super) fn deny_root<'v>(parts: impl IntoIterator<Item = &'v Abstract>) -> bool {
    parts.into_iter().all(|part| part.exposure < Exposure::Input || part.denied.root)
}

/// What a template begins with, before the first mark of what is put in.
pub(super) fn before(template: &str, mark: char) -> &str {
    template.split(mark).next().unwrap_or_default()
}

/// Whether what is put behind this text cannot begin anew: `/srv/` can have `etc` behind it, `/` and `.` lead anywhere.
pub(super) fn is_folder(text: &str) -> bool {
    let names = |part: &str| !matches!(part, "" | "." | "..");
    text.split(['/', '\\']).any(names) && !text.ends_with('.')
}

pub(super) fn is_store(receiver: &Abstract) -> bool {
    let is_pair = |key: &Constant| matches!(key, Constant::List(parts) if parts.len() == 2);
    receiver.elements.as_ref().is_some_and(|elements| elements.items.iter().any(|(key, _)| is_pair(key)))
}

/// The key of a store with two keys: section and option.
pub(super) fn pair_key(section: &Abstract, option: &Abstract) -> Option<Constant> {
    Some(Constant::List(vec![section.constant.clone()?, option.constant.clone()?]))
}

pub(super) fn combined(left: Abstract, op: Operator, right: Abstract) -> Abstract {
    if let (Some(a), Some(b)) = (&left.constant, &right.constant)
        && let Some(result) = binary(a.clone(), op, b)
    {
        return Abstract::known(result);
    }
    match op {
        Operator::Mult if is_repeatable(&left) => repeated(left, right),
        Operator::Mult if is_repeatable(&right) => repeated(right, left),
        Operator::Add => {
            let root = left.denies_root_before(&right);
            let is_ending = text_of(&right).is_some_and(|text| !text.contains(['/', '\\']));
            let last = left.denied.last && is_ending;
            let mut text =
                Abstract::built([left.clone(), right.clone()]).denying_root(root).ending_in(&[&left, &right]);
            text.denied.last |= last;
            text
        }
        Operator::Mod => {
            let root = text_of(&left).is_some_and(|template| is_folder(before(template, '%')));
            Abstract::built([left, right]).denying_root(root)
        }
        // Between numbers it builds nothing, and where neither is a text or comes from outside there is no telling.
        Operator::Div if divides(&left) && divides(&right) => {
            let all = left.join(right);
            Abstract { constant: None, elements: None, ..all }
        }
        Operator::Div => {
            let root = deny_root([&left, &right]);
            Abstract::built([left.clone(), right.clone()]).denying_root(root).ending_in(&[&left, &right])
        }
        _ => {
            let all = left.join(right);
            Abstract { constant: None, elements: None, ..all }
        }
    }
}

/// Whether a value may be a number for all that is known.
fn divides(value: &Abstract) -> bool {
    value.exposure <= Exposure::Unknown && text_of(value).is_none()
}

/// Whether a value is certainly a text without quotes, or a list: only a number can repeat it.
fn is_repeatable(value: &Abstract) -> bool {
    match &value.constant {
        Some(Constant::Str(text)) => !text.contains(['\'', '"', '`', '\\']),
        Some(Constant::List(_)) => true,
        Some(_) => false,
        None => value.elements.as_ref().is_some_and(|elements| elements.is_list()),
    }
}

/// What is repeated is as exposed as it is once, unless an object of another file says what comes of it.
fn repeated(once: Abstract, times: Abstract) -> Abstract {
    if times.exposure >= Exposure::Input && times.denied.text {
        let all = once.join(times);
        return Abstract { constant: None, elements: None, ..all };
    }
    let exposure = once.exposure.max(times.exposure.min(Exposure::Sanitised));
    Abstract { exposure, constant: None, elements: None, ..once }
}

/// A container that holds these, or only their join where they are too many.
pub(super) fn with_elements(container: Abstract, elements: Vec<(Constant, Abstract)>) -> Abstract {
    let joined = elements.iter().map(|(_, value)| value.clone()).reduce(Abstract::join);
    let (exposure, trail) = match joined {
        Some(joined) if joined.exposure > container.exposure => (joined.exposure, joined.trail),
        _ => (container.exposure, container.trail),
    };
    Abstract {
        exposure,
        constant: None,
        elements: Elements::new(elements),
        denied: Denied::default(),
        trail,
        parsed: 0,
    }
}

/// A container that something was put into at a place that is not known.
pub(super) fn spoiled(container: Abstract, value: &Abstract) -> Abstract {
    let joined = Abstract { constant: None, ..container }.join(value.clone());
    Abstract { constant: None, elements: None, ..joined }
}

/// Any element of a container.
pub(super) fn element_of(container: &Abstract) -> Abstract {
    match &container.elements {
        Some(elements) => {
            let values = elements.items.iter().map(|(_, value)| value.clone());
            values.reduce(Abstract::join).unwrap_or(Abstract::of(container.exposure))
        }
        None => Abstract { constant: None, ..container.clone() },
    }
}

/// The element of a container at a key.
pub(super) fn at_key(container: &Abstract, key: &Constant) -> Abstract {
    if let Some(constant) = &container.constant
        && let Some(found) = item(constant, key)
    {
        return Abstract::known(found);
    }
    let Some(elements) = &container.elements else {
        return Abstract { constant: None, elements: None, ..container.clone() };
    };
    let key = match key {
        Constant::Int(index) if *index < 0 => {
            Constant::Int((elements.items.len() as i64).saturating_add(*index))
        }
        key => key.clone(),
    };
    // Of the same key twice, the last one counts.
    match elements.items.iter().rev().find(|(known, _)| *known == key) {
        Some((_, value)) => value.clone(),
        None => Abstract { constant: None, elements: None, ..container.clone() },
    }
}
