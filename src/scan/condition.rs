//! Conditions on arguments, as a policy writes them down.

use crate::check::{ArgumentCondition, ArgumentTest, Confidence};
use crate::python::{Argument, Call, Constant, Possible};

/// How sure it is that all of these hold of a call; `None` where one does not.
pub fn all(conditions: &[ArgumentCondition], call: &Call<'_, '_>) -> Option<Confidence> {
    conditions.iter().try_fold(Confidence::High, |least, condition| Some(least.min(holds(condition, call)?)))
}

fn holds(condition: &ArgumentCondition, call: &Call<'_, '_>) -> Option<Confidence> {
    let position = condition.position.map(|position| position as usize);
    let argument = match (&condition.name, position) {
        (Some(name), position) => call.argument(name, position),
        (None, Some(position)) => call.positional(position),
        (None, None) => return None,
    };
    match (&condition.test, argument) {
        (ArgumentTest::Absent | ArgumentTest::IsNot(_), Argument::Absent)
        | (ArgumentTest::Given, Argument::Given(_)) => Some(Confidence::High),
        (ArgumentTest::Is(constants), Argument::Given(value)) => {
            let (some, all) = among(constants, &call.module.names().possible(value));
            some.then_some(if all { Confidence::High } else { Confidence::Medium })
        }
        (ArgumentTest::IsNot(constants), Argument::Given(value)) => {
            let possible = call.module.names().possible(value);
            let (some, all) = among(constants, &possible);
            let sure = !some && !possible.open && !possible.constants.is_empty();
            (!all).then_some(if sure { Confidence::High } else { Confidence::Medium })
        }
        (ArgumentTest::IsNot(_), Argument::Unknown) => Some(Confidence::Medium),
        _ => None,
    }
}

/// Whether a value can be one of these constants, and whether it can be nothing else.
fn among(constants: &[Constant], possible: &Possible) -> (bool, bool) {
    let is_one = |known: &Constant| constants.iter().any(|constant| equal(constant, known));
    let some = possible.constants.iter().any(is_one);
    (some, some && !possible.open && possible.constants.iter().all(is_one))
}

/// Whether two constants are equal to Python, for which `False`, `0` and `0.0` are.
fn equal(a: &Constant, b: &Constant) -> bool {
    let number = |constant: &Constant| match constant {
        Constant::Float(number) => Some(*number),
        constant => constant.as_int().map(|number| number as f64),
    };
    a == b || number(a).zip(number(b)).is_some_and(|(a, b)| a == b)
}
