//! Answers to questions that lead back to themselves: `a = b or os.system` and `b = a`.
//!
//! Questions that lead to one another in a circle are answered together, in rounds: in each, every one of them is
//! answered once, from the answers of the round before where the circle closes, until no answer grows: the least
//! fixpoint. What is asked first makes no difference, and an answer that is incomplete is never kept. A circle is
//! complete when its first question is answered and has led to no question that is still open before it (Tarjan,
//! "Depth-first search and linear graph algorithms", 1972). Answers only grow, are bounded in number, and so are the
//! names in them (see [`known::widened`](super::known::widened)), so the rounds come to an end.

use std::rc::Rc;

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use super::constant::Constant;
use super::known;
use super::names::{MAX_MEANINGS, Names, Thing, Things, add_all};
use super::tree::{NodeId, ScopeId, Tree};

/// A file whose answers still grow after this many rounds counts as too entangled. Each round carries every answer
/// at least one step further along a circle; the budget of steps ends most files like that before.
const MAX_ROUNDS: u32 = 1_000;

/// A question with one answer in the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// What a binding means, by its index.
    Binding(u32),
    /// What an expression refers to.
    Expression(NodeId),
    /// What a function can return.
    Returned(ScopeId),
    /// What a member of a class is; whether it is asked of an instance.
    Member(ScopeId, bool, CompactString),
}

/// From this round on, new names are those that a circle makes.
const LATE: u32 = 2;

/// With more meanings than this, results of results are no longer told apart.
const MANY: usize = 64;

type Answer<'a> = Rc<Things<'a>>;

/// How far a question has come.
#[derive(Debug, Clone, Default)]
enum State<'a> {
    #[default]
    Unasked,
    /// About to be answered. How many were open before it, and what is known from earlier rounds.
    Open(u32, Answer<'a>),
    /// Answered as far as can be told while its circle is open.
    Draft(Draft<'a>),
    Settled(Answer<'a>),
}

#[derive(Debug, Clone)]
struct Draft<'a> {
    answer: Answer<'a>,
    /// The outermost open question that the answer rests on, by how many were open before that.
    rests_on: u32,
    /// The round of that question in which the answer was drafted.
    round: u32,
}

/// What an expression computes.
#[derive(Debug)]
pub(super) struct Folded {
    constant: Option<Constant>,
    /// As in [`Draft`]; [`NONE`] for what is settled.
    rests_on: u32,
    round: u32,
}

/// What has been asked and answered so far.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    /// By question: see [`Answers::place`].
    states: Vec<State<'a>>,
    expressions_at: usize,
    returned_at: usize,
    members: FxHashMap<(ScopeId, bool, CompactString), usize>,
    /// Questions whose circle is open, in the order in which they were asked first.
    waiting: Vec<usize>,
    /// The open questions, the outermost first.
    open: Vec<Round>,
    last_round: u32,
    /// How many rounds the innermost circle that goes round has had.
    turns: u32,
    /// The outermost open question that has been led back to since somebody looked.
    led_back_to: u32,
    grew: bool,
    nothing: Answer<'a>,
}

/// A round of a question.
#[derive(Debug)]
struct Round {
    /// No two rounds of one file have the same number.
    number: u32,
    /// Whether a question led back to this one.
    is_circle: bool,
}

/// No question was led back to.
const NONE: u32 = u32::MAX;

impl<'a> Answers<'a> {
    pub(super) fn new(tree: &Tree<'a>) -> Self {
        let expressions_at = tree.binding_count();
        let returned_at = expressions_at + tree.node_count();
        Answers {
            states: vec![State::Unasked; returned_at + tree.scope_count()],
            expressions_at,
            returned_at,
            members: FxHashMap::default(),
            waiting: Vec::new(),
            open: Vec::new(),
            last_round: 0,
            turns: 0,
            led_back_to: NONE,
            grew: false,
            nothing: Rc::default(),
        }
    }

    fn place(&mut self, question: Question) -> usize {
        match question {
            Question::Binding(index) => index as usize,
            Question::Expression(id) => self.expressions_at + id.index(),
            Question::Returned(scope) => self.returned_at + scope.index(),
            Question::Member(class, of_instance, name) => {
                *self.members.entry((class, of_instance, name)).or_insert_with(|| {
                    self.states.push(State::Unasked);
                    self.states.len() - 1
                })
            }
        }
    }

    /// What is known already, if that is enough for now.
    fn known(&mut self, place: usize) -> Option<Answer<'a>> {
        match &self.states[place] {
            State::Settled(answer) => Some(Rc::clone(answer)),
            State::Open(depth, answer) => {
                self.led_back_to = self.led_back_to.min(*depth);
                self.open[*depth as usize].is_circle = true;
                Some(Rc::clone(answer))
            }
            State::Draft(draft) if self.is_going_on(draft.rests_on, draft.round) => {
                self.led_back_to = self.led_back_to.min(draft.rests_on);
                Some(Rc::clone(&draft.answer))
            }
            State::Draft(_) | State::Unasked => None,
        }
    }

    fn is_going_on(&self, depth: u32, round: u32) -> bool {
        self.open.get(depth as usize).is_some_and(|open| open.number == round)
    }

    fn begin_round(&mut self, depth: u32) {
        self.last_round += 1;
        self.close(depth);
        self.open.push(Round { number: self.last_round, is_circle: false });
    }

    fn close(&mut self, depth: u32) {
        self.open.truncate(depth as usize);
    }

    /// Adds what was found to what was known; whether that has grown.
    fn merged(&self, before: &Answer<'a>, found: Things<'a>) -> Answer<'a> {
        let late = self.turns >= LATE || before.len() + found.len() > MANY;
        if before.is_empty() && !late {
            return if found.is_empty() { Rc::clone(&self.nothing) } else { Rc::new(found) };
        }
        let mut all = before.as_ref().clone();
        let found = found.into_iter().map(|thing| match thing {
            // What a circle makes by going round again is the result of a result of something: it has no end.
            Thing::Named(name) if late && !before.contains(&Thing::Named(name.clone())) => {
                Thing::Named(known::widened_in_circle(name))
            }
            thing => thing,
        });
        add_all(&mut all, found);
        if all.len() == before.len() { Rc::clone(before) } else { Rc::new(all) }
    }

    /// Leaves a question to the circle around it, with those that were left to this one.
    fn leave(&mut self, place: usize, depth: u32, waiting: usize, answer: &Answer<'a>, rests_on: u32) {
        let is_circle = self.open[depth as usize].is_circle;
        self.close(depth);
        let round = self.open[rests_on as usize].number;
        self.states[place] = State::Draft(Draft { answer: Rc::clone(answer), rests_on, round });
        let left = if is_circle { waiting } else { self.waiting.len() };
        for at in left..self.waiting.len() {
            if let State::Draft(draft) = &mut self.states[self.waiting[at]]
                && draft.rests_on >= depth
            {
                (draft.rests_on, draft.round) = (rests_on, round);
            }
        }
    }

    /// The drafts of a complete circle are answers.
    fn settle(&mut self, waiting: usize) {
        for place in self.waiting.drain(waiting..) {
            let state = &mut self.states[place];
            if let State::Draft(Draft { answer, .. }) | State::Open(_, answer) = std::mem::take(state) {
                *state = State::Settled(answer);
            }
        }
    }
}

impl<'a> Names<'a> {
    /// The answer to a question, for which `find` asks further ones.
    pub(super) fn answer(&self, question: Question, find: impl Fn() -> Things<'a>) -> Answer<'a> {
        let place = {
            let mut answers = self.answers.borrow_mut();
            let place = answers.place(question);
            if let Some(known) = answers.known(place) {
                return known;
            }
            place
        };
        self.solve(place, &find)
    }

    fn solve(&self, place: usize, find: &impl Fn() -> Things<'a>) -> Answer<'a> {
        let mut answers = self.answers.borrow_mut();
        let depth = answers.open.len() as u32;
        let waiting = answers.waiting.len();
        // A draft of an earlier round waits already, and belongs to the circle around this question.
        let (mut answer, bound_to) = match std::mem::take(&mut answers.states[place]) {
            State::Draft(draft) => (draft.answer, draft.rests_on),
            _ => {
                answers.waiting.push(place);
                (Rc::clone(&answers.nothing), NONE)
            }
        };
        let outside = (answers.led_back_to, answers.grew, answers.turns);
        if bound_to == NONE {
            answers.turns = 0;
        }
        let mut turns = 0;
        loop {
            answers.begin_round(depth);
            answers.states[place] = State::Open(depth, Rc::clone(&answer));
            (answers.led_back_to, answers.grew) = (bound_to, false);
            drop(answers);
            let found = find();
            answers = self.answers.borrow_mut();
            let merged = answers.merged(&answer, found);
            answers.grew |= merged.len() > answer.len();
            answer = merged;
            self.give_up_if_crowded(&answer);
            if answers.led_back_to < depth {
                let rests_on = answers.led_back_to;
                answers.leave(place, depth, waiting, &answer, rests_on);
                answers.led_back_to = outside.0.min(rests_on);
                answers.grew |= outside.1;
                answers.turns = outside.2;
                return answer;
            }
            let is_complete = answers.led_back_to == NONE || !answers.grew;
            turns += 1;
            if is_complete || turns == MAX_ROUNDS {
                break;
            }
            answers.turns = turns;
        }
        if turns == MAX_ROUNDS {
            self.give_up();
        }
        answers.close(depth);
        answers.states[place] = State::Open(depth, Rc::clone(&answer));
        answers.settle(waiting);
        (answers.led_back_to, answers.grew, answers.turns) = outside;
        answer
    }

    fn give_up_if_crowded(&self, answer: &Answer<'a>) {
        if answer.len() >= MAX_MEANINGS && !answer.iter().any(|thing| matches!(thing, Thing::Value(_))) {
            self.give_up();
        }
    }

    /// What `find` folds an expression to, kept for the next time; for this round only, if it rests on answers that
    /// may still grow. Nothing while it is being folded: what is computed from itself is no constant (`i = i + 1`).
    pub(super) fn fold_once(&self, id: NodeId, find: impl FnOnce() -> Option<Constant>) -> Option<Constant> {
        if let Some(folded) = self.folded.borrow().get(&id) {
            let mut answers = self.answers.borrow_mut();
            if folded.rests_on == NONE || answers.is_going_on(folded.rests_on, folded.round) {
                answers.led_back_to = answers.led_back_to.min(folded.rests_on);
                self.spend(folded.constant.as_ref().map_or(1, Constant::weight) / 8);
                return folded.constant.clone();
            }
        }
        self.folded.borrow_mut().insert(id, Folded { constant: None, rests_on: NONE, round: 0 });
        let before = std::mem::replace(&mut self.answers.borrow_mut().led_back_to, NONE);
        let constant = find();
        self.spend(constant.as_ref().map_or(1, Constant::weight));
        let mut answers = self.answers.borrow_mut();
        let rests_on = answers.led_back_to;
        let round = answers.open.get(rests_on as usize).map_or(0, |open| open.number);
        answers.led_back_to = rests_on.min(before);
        let folded = Folded { constant: constant.clone(), rests_on, round };
        self.folded.borrow_mut().insert(id, folded);
        constant
    }
}
