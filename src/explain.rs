use crate::check::Check;
pub fn markdown(_: &Check) -> String {
    String::new()
}
pub fn terminal(_: &Check, _: usize, _: bool) -> String {
    String::new()
}
pub fn table() -> String {
    String::new()
}
pub fn json() -> String {
    String::new()
}
pub fn page() -> String {
    String::new()
}
