//! Which findings are new: single cases by what they show, and laws that hold for any Python file.

mod cases;
mod change;
