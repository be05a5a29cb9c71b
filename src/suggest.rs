//! What somebody may have meant by a word that is none.

/// The nearest of the known words, if one is near: at most two letters wrong, and a third of them.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.len() / 3).min(2);
    let near = known.map(|candidate| (distance(word.as_bytes(), candidate.as_bytes()), candidate));
    near.filter(|&(distance, _)| distance != 0 && distance <= most).min().map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out, changed or swapped with the next to make one word of the other.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let differs = usize::from(from[i - 1] != to[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let known = || ["strace", "seed", "doctor", "L"].into_iter();
        for (word, near) in [
            ("strase", Some("strace")),
            ("dcotor", Some("doctor")),
            ("sede", Some("seed")),
            ("x", None),
            ("hello", None),
        ] {
            assert_eq!(nearest(word, known()), near, "{word}");
        }
    }
}
