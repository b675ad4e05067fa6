//! Answers to questions that lead back to themselves: `a = b or os.system` and `b = a`.
//!
//! Each question is answered once a round, from the answers of the round before where it leads in a circle, and
//! rounds go on until no answer grows: the least fixpoint. What is asked first makes no difference, and an answer
//! that is incomplete is never kept. Answers only grow, are bounded in number, and so are the names in them (see
//! [`known::widened`](super::known::widened)), so the rounds come to an end.

use std::rc::Rc;

use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};

use super::constant::Constant;
use super::known;
use super::names::{MAX_MEANINGS, Names, Thing, Things, add_all};
use super::tree::ScopeId;

/// A file whose answers still grow after this many rounds counts as too entangled. Each round carries every answer
/// at least one step further along a circle; the budget of steps ends most files like that before.
const MAX_ROUNDS: u32 = 1_000;

/// A question with one answer in the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// What a binding means, by its index.
    Binding(u32),
    /// What a member of a class is; whether it is asked of an instance.
    Member(ScopeId, bool, CompactString),
    /// What a function can return.
    Returned(ScopeId),
    /// What an expression refers to, by its address.
    Expression(usize),
}

/// From this round on, new names are those that a circle makes.
const LATE: u32 = 2;

/// With more meanings than this, results of results are no longer told apart.
const MANY: usize = 64;

type Answer<'a> = Rc<[Thing<'a>]>;

/// What has been asked and answered so far.
#[derive(Debug, Default)]
pub(super) struct Answers<'a> {
    settled: FxHashMap<Question, Answer<'a>>,
    drafts: FxHashMap<Question, Answer<'a>>,
    /// Answered, or about to be, in this round.
    asked: FxHashSet<Question>,
    /// About to be answered.
    open: FxHashSet<Question>,
    in_round: bool,
    /// How many rounds there have been before this one.
    rounds: u32,
    /// Whether a question led back to one that is open.
    circular: bool,
    grew: bool,
    /// Constants that rest on drafts, by address of the expression.
    constants: FxHashMap<usize, Option<Constant>>,
}

impl<'a> Names<'a> {
    /// The answer to a question, for which `find` asks further ones.
    pub(super) fn answer(&self, question: Question, find: impl Fn() -> Things<'a>) -> Answer<'a> {
        if let Some(settled) = self.answers.borrow().settled.get(&question) {
            return Rc::clone(settled);
        }
        if self.answers.borrow().in_round {
            return self.draft(question, &find);
        }
        self.answers.borrow_mut().in_round = true;
        self.answers.borrow_mut().rounds = 0;
        let answer = loop {
            self.begin_round();
            let answer = self.draft(question.clone(), &find);
            let mut answers = self.answers.borrow_mut();
            if !answers.circular || !answers.grew {
                break answer;
            }
            answers.rounds += 1;
            if answers.rounds == MAX_ROUNDS {
                self.give_up();
                break answer;
            }
        };
        self.settle();
        answer
    }

    fn begin_round(&self) {
        let mut answers = self.answers.borrow_mut();
        answers.asked.clear();
        answers.constants.clear();
        answers.circular = false;
        answers.grew = false;
    }

    fn draft(&self, question: Question, find: &impl Fn() -> Things<'a>) -> Answer<'a> {
        {
            let mut answers = self.answers.borrow_mut();
            if !answers.asked.insert(question.clone()) {
                answers.circular |= answers.open.contains(&question);
                return answers.drafts.get(&question).cloned().unwrap_or_else(|| Rc::from([]));
            }
            answers.open.insert(question.clone());
        }
        let found = find();
        let mut answers = self.answers.borrow_mut();
        answers.open.remove(&question);
        let before = answers.drafts.get(&question);
        let known = before.map_or(0, |before| before.len());
        let mut all: Things<'a> = before.into_iter().flat_map(|before| before.iter().cloned()).collect();
        let late = answers.rounds >= LATE || known + found.len() > MANY;
        let found = found.into_iter().map(|thing| match thing {
            // What a circle makes by going round again is the result of a result of something: it has no end.
            Thing::Named(name) if late && !all.contains(&Thing::Named(name.clone())) => {
                Thing::Named(known::widened_in_circle(name))
            }
            thing => thing,
        });
        let found: Things<'a> = found.collect();
        add_all(&mut all, found);
        answers.grew |= all.len() > known;
        if all.len() >= MAX_MEANINGS && !all.iter().any(|thing| matches!(thing, Thing::Value(_))) {
            self.give_up();
        }
        let answer: Answer<'a> = Rc::from(all.into_vec());
        answers.drafts.insert(question, Rc::clone(&answer));
        answer
    }

    /// The drafts of the last round are answers.
    fn settle(&self) {
        let mut answers = self.answers.borrow_mut();
        let answers = &mut *answers;
        let asked = &answers.asked;
        let last = answers.drafts.drain().filter(|(question, _)| asked.contains(question));
        answers.settled.extend(last);
        answers.in_round = false;
        self.folded.borrow_mut().extend(answers.constants.drain());
        answers.asked.clear();
        answers.open.clear();
    }

    /// A constant that was folded before, and may be relied on now.
    pub(super) fn folded_before(&self, place: usize) -> Option<Option<Constant>> {
        let answers = self.answers.borrow();
        let drafted = if answers.in_round { answers.constants.get(&place).cloned() } else { None };
        drafted.or_else(|| self.folded.borrow().get(&place).cloned())
    }

    /// Keeps a folded constant: for this round only, if it may rest on drafts.
    pub(super) fn keep_folded(&self, place: usize, constant: Option<Constant>) {
        let mut answers = self.answers.borrow_mut();
        if answers.in_round {
            answers.constants.insert(place, constant);
        } else {
            self.folded.borrow_mut().insert(place, constant);
        }
    }
}
