pub mod change_set;
pub mod check;
pub mod checks;
pub mod ci;
pub mod escape;
pub mod finding;
pub mod path;
pub mod python;
