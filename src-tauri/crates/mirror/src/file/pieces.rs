//! Cutting a JSON text where its elements end, so that two texts that differ
//! in one element share all other pieces. Put behind each other, the pieces
//! are the text again, letter for letter.

/// A piece shorter than this is not worth a line of its own.
const SHORTEST: usize = 64;

/// A piece is cut here at the latest.
const LONGEST: usize = 64 * 1024;

/// How deep the lists are whose elements are pieces: a document's flags and
/// overrides are at 2, its segments at 3.
const LIST_DEPTH: u32 = 3;

/// How deep the objects are whose members are pieces.
const OBJECT_DEPTH: u32 = 2;

/// The pieces of a text, none of them empty.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut cut = Cut {
        text,
        from: 0,
        pieces: Vec::new(),
    };
    let (mut quoted, mut escaped) = (false, false);
    // Which of the outermost containers are lists, the outermost in the lowest bit.
    let (mut depth, mut lists) = (0_u32, 0_u32);
    for (at, byte) in text.bytes().enumerate() {
        if at - cut.from >= LONGEST && text.is_char_boundary(at) {
            cut.at(at);
        }
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        let in_list = depth > 0 && depth <= LIST_DEPTH && lists & (1 << depth) != 0;
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                depth += 1;
                if depth <= LIST_DEPTH {
                    lists &= !(1 << depth);
                    if byte == b'[' {
                        lists |= 1 << depth;
                        cut.at_best(at + 1);
                    }
                }
            }
            b']' | b'}' => {
                if in_list {
                    cut.at_best(at);
                }
                depth = depth.saturating_sub(1);
            }
            b',' if in_list || (1..=OBJECT_DEPTH).contains(&depth) => cut.at_best(at + 1),
            _ => {}
        }
    }
    cut.at(text.len());
    cut.pieces
}

struct Cut<'a> {
    text: &'a str,
    from: usize,
    pieces: Vec<&'a str>,
}

impl Cut<'_> {
    fn at_best(&mut self, at: usize) {
        if at - self.from >= SHORTEST {
            self.at(at);
        }
    }

    fn at(&mut self, at: usize) {
        if at > self.from
            && let Some(piece) = self.text.get(self.from..at)
        {
            self.pieces.push(piece);
            self.from = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn document(overrides: usize, changed: usize) -> String {
        let state = |number: usize| {
            json!({"feature": {"id": number, "name": format!("flag_{number}")},
                   "feature_state_value": if number == changed { "new" } else { "old" }, "padding": "x".repeat(50)})
        };
        let states: Vec<Value> = (0..overrides).map(state).collect();
        json!({"id": 1, "project": {"segments": states}, "feature_states": states, "identity_overrides": states})
            .to_string()
    }

    #[test]
    fn a_change_in_one_element_leaves_the_other_pieces() {
        let (one, other) = (document(200, 7), document(200, 8));
        let known: std::collections::HashSet<&str> = pieces(&one).into_iter().collect();
        let new = pieces(&other)
            .into_iter()
            .filter(|piece| !known.contains(piece))
            .count();
        assert!(pieces(&one).len() > 600, "{} pieces", pieces(&one).len());
        // Two elements in each of three lists.
        assert_eq!(new, 6);
        let longer = document(201, 7);
        let new = pieces(&longer)
            .into_iter()
            .filter(|piece| !known.contains(piece))
            .count();
        assert!(new <= 9, "{new} new pieces for one element more");
    }

    #[test]
    fn what_does_not_end_is_cut_all_the_same() {
        let long = "ä".repeat(200_000);
        let found = pieces(&long);
        assert!(found.iter().all(|piece| piece.len() <= LONGEST + 4));
        assert_eq!(found.concat(), long);
        assert_eq!(pieces(""), Vec::<&str>::new());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_are_the_text(text in "[\\[\\]{}\",:\\\\a-cä🎈 ]{0,400}") {
            let found = pieces(&text);
            prop_assert!(found.iter().all(|piece| !piece.is_empty()));
            prop_assert_eq!(found.concat(), text);
        }
    }
}
