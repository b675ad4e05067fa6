use crate::baseline::State;
use crate::verdict::Verdict;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Sarif,
}
impl std::str::FromStr for Format {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "text" => Ok(Format::Text),
            "sarif" => Ok(Format::Sarif),
            _ => Err("no such format".into()),
        }
    }
}
pub struct Options {
    pub color: bool,
    pub ascii: bool,
    pub width: usize,
    pub verbose: bool,
    pub today: String,
}
pub fn render(_: Format, v: &Verdict, _: &Options) -> Vec<u8> {
    let mut s = String::new();
    for r in &v.results {
        let st = match &r.state {
            None => "-",
            Some(State::New) => "new",
            Some(State::Unchanged { .. }) => "unchanged",
            Some(State::Updated { .. }) => "updated",
        };
        s.push_str(&format!(
            "{}:{}:{}: {} [{} {} {}{}] {}\n",
            r.path,
            r.finding.region.start.line,
            r.finding.region.start.column,
            r.finding.check.id,
            r.finding.severity,
            r.finding.confidence,
            st,
            if r.blocks { " BLOCKS" } else { "" },
            r.finding
                .excerpt
                .iter()
                .find(|l| l.number == r.finding.region.start.line)
                .map(|l| l.text.trim())
                .unwrap_or_default()
        ));
    }
    for u in &v.unscannable {
        s.push_str(&format!("{}: unscannable: {}\n", u.path, u.reason));
    }
    for r in &v.remarks {
        s.push_str(&format!("remark: {}\n", r.message));
    }
    s.push_str(&format!("{:?} in {} files, policy {}\n", v.counts(), v.files, v.policy));
    s.into_bytes()
}
