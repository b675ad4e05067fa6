//! What a person may have meant: the known name that is nearest to an unknown one.

/// Longer names than this are compared by their beginning only; no known name comes close to it.
const MAX_LENGTH: usize = 64;

/// The candidate that `name` is most likely a misspelling or a part of. Upper and lower case do not matter;
/// of equally near candidates the first one counts. `None` where a suggestion would be a guess.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let name: Vec<char> = lower(name);
    let tolerated = name.len().div_ceil(3);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let known = lower(candidate);
            let distance = distance(&name, &known);
            let part = name.len() >= 3 && known.windows(name.len()).any(|w| w == name.as_slice());
            (distance <= tolerated || part).then_some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

fn lower(name: &str) -> Vec<char> {
    name.chars().take(MAX_LENGTH).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from one to the other (the
/// "optimal string alignment" distance).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *b && to[j - 1] == *a {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["pickle-load", "yaml-load", "eval", "exec", "os-system"];

    #[test]
    fn finds_a_misspelling() {
        assert_eq!(nearest("pickel-load", KNOWN), Some("pickle-load"));
        assert_eq!(nearest("yaml_load", KNOWN), Some("yaml-load"));
        assert_eq!(nearest("EVLA", KNOWN), Some("eval"));
    }

    #[test]
    fn finds_the_whole_of_a_part() {
        assert_eq!(nearest("pickle", KNOWN), Some("pickle-load"));
        assert_eq!(nearest("system", KNOWN), Some("os-system"));
    }

    #[test]
    fn does_not_guess() {
        assert_eq!(nearest("sql-injection", KNOWN), None);
        assert_eq!(nearest("", KNOWN), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), KNOWN), None);
    }

    #[test]
    fn counts_a_swap_of_neighbours_once() {
        let count = |a: &str, b: &str| distance(&lower(a), &lower(b));
        assert_eq!(count("ab", "ba"), 1);
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("", "abc"), 3);
    }
}
