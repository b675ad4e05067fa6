//! Follows values through a function: what a variable can hold at each place where it is read.
//!
//! A forward interpretation over abstract values, statement by statement: assignments overwrite, branches join,
//! loop bodies run twice, branches that a constant condition makes dead have no part in what follows, and calls of
//! functions of this file are entered. It answers how much somebody outside can have to do with a value; where it
//! gives up, the answer is "unknown", never "harmless".

use std::cell::RefCell;
use std::rc::Rc;

use ruff_python_ast::AnyNodeRef;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::names::{Names, STEP, Value};
use super::tree::{ScopeId, ScopeKind};

mod calls;
mod changes;
mod conditions;
mod expressions;
mod parameters;
mod patterns;
mod statements;
mod value;

pub use calls::AllEntered;
pub use changes::Changes;
pub use value::Abstract;
use value::{State, cost_of_join};

/// How much one function may cost, the functions it calls included: an expression costs 1, to copy what the variables
/// hold where ways part or meet, a part of that. A file with more nodes has more to spend.
const BUDGET: usize = 60_000;
const BUDGET_PER_NODE: usize = 4;

/// What an expression costs of the budget of the file.
const COST: usize = 2 * STEP;

/// How many variables are copied at the cost of an expression.
const COPIES: usize = 32;

/// Values of expressions, by address, joined over all ways on which they are evaluated.
pub(super) type Evaluated = FxHashMap<usize, Abstract>;

impl<'a> Names<'a> {
    /// What is known about a value where it stands; `None` when the flow does not reach it.
    pub(super) fn flowing(&self, value: Value<'a>) -> Option<Abstract> {
        let home = self.body_scope(value.scope);
        let evaluated = self.evaluated(home)?;
        evaluated.get(&std::ptr::from_ref(value.expr).addr()).cloned()
    }

    /// The way that a value took from outside to where it stands, the source first; empty where there is none.
    pub fn way(&self, value: Value<'a>) -> Vec<TextRange> {
        self.flowing(value).map(|found| found.places()).unwrap_or_default()
    }

    /// The function or module whose statements evaluate what stands in a scope.
    fn body_scope(&self, scope: ScopeId) -> ScopeId {
        let mut id = scope;
        loop {
            let scope = self.tree.scope(id);
            match (scope.kind, scope.parent) {
                (ScopeKind::Module | ScopeKind::Function(_), _) | (_, None) => return id,
                (_, Some(parent)) => id = parent,
            }
        }
    }

    fn evaluated(&self, home: ScopeId) -> Option<Rc<Evaluated>> {
        if let Some(known) = self.flows.borrow().get(&home) {
            return known.clone();
        }
        // A function that asks about itself while it is interpreted gets no answer.
        self.flows.borrow_mut().insert(home, None);
        let budget = BUDGET + BUDGET_PER_NODE * self.tree.node_count();
        let run = Run {
            names: self,
            home,
            entered_home: std::cell::Cell::new(false),
            evaluated: RefCell::default(),
            left: std::cell::Cell::new(budget),
        };
        // Where it is not finished, what is asked of the values is answered without their flow.
        let evaluated = run.whole(home).then(|| Rc::new(run.evaluated.into_inner()));
        self.flows.borrow_mut().insert(home, evaluated.clone());
        evaluated
    }
}

/// One interpretation of one function.
struct Run<'n, 'a> {
    names: &'n Names<'a>,
    home: ScopeId,
    /// Whether the function itself was entered again: then what is recorded of it has a part in what comes out.
    entered_home: std::cell::Cell<bool>,
    evaluated: RefCell<Evaluated>,
    left: std::cell::Cell<usize>,
}

/// One activation of a function.
struct Frame<'a> {
    scope: ScopeId,
    state: State<'a>,
    returned: Option<Abstract>,
    /// States in which a loop was left or continued.
    jumps: Vec<State<'a>>,
    /// What variables held at some time, for each block around that may be left anywhere: the body of a `try`.
    thrown: Vec<State<'a>>,
    calls: u32,
    /// Whether values are recorded: only in the function that was asked about.
    record: bool,
}

impl<'a> Run<'_, 'a> {
    /// Takes something from the budgets of the function and of the file; false when there is not enough left.
    fn spend(&self, cost: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(cost));
        if !self.names.spend(cost * COST) {
            self.left.set(0);
        }
        self.left.get() > 0
    }

    fn copy(&self, state: &State<'a>) -> State<'a> {
        if self.spend(state.len() / COPIES) { state.clone() } else { State::default() }
    }

    /// What the variables hold where two ways meet. One that is assigned on one way only cannot be read on the other.
    fn joined(&self, mut a: State<'a>, b: State<'a>) -> State<'a> {
        if !self.spend(cost_of_join(&b) / COPIES) {
            return a;
        }
        for (name, value) in b {
            if a.get(name).is_some_and(|old| old.is_same(&value)) {
                continue;
            }
            let value = match a.remove(name) {
                Some(old) => old.join(value),
                None => value,
            };
            a.insert(name, value);
        }
        a
    }

    /// Whether the budget was enough.
    fn whole(&self, home: ScopeId) -> bool {
        let mut frame = Frame {
            scope: home,
            state: State::default(),
            returned: None,
            jumps: Vec::new(),
            thrown: Vec::new(),
            calls: 0,
            record: true,
        };
        match self.names.tree.scope(home).kind {
            ScopeKind::Function(function) => {
                self.bind_parameters(&mut frame, function);
                self.body(&mut frame, &function.body);
            }
            ScopeKind::Module => {
                if let AnyNodeRef::ModModule(module) = self.names.tree.root() {
                    self.body(&mut frame, &module.body);
                }
            }
            _ => {}
        }
        self.left.get() > 0
    }
}
