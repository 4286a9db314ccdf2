//! Looking for words in every form in which they could be written.

use std::{collections::BTreeSet, sync::Arc};

/// Words with the bytes of each of their forms.
#[derive(Clone)]
pub struct Words(Arc<Index>);

struct Index {
    words: Vec<String>,
    /// Forms by their first two bytes, each with the number of its word.
    forms: Vec<Vec<(usize, Vec<u8>)>>,
}

impl Words {
    pub fn new(words: Vec<String>) -> Words {
        let mut index = vec![Vec::new(); 1 << 16];
        for (number, word) in words.iter().enumerate() {
            for form in forms(word) {
                index[beginning(&form)].push((number, form));
            }
        }
        Words(Arc::new(Index { words, forms: index }))
    }

    pub fn len(&self) -> usize {
        self.0.words.len()
    }

    /// The words that some bytes hold.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = BTreeSet::new();
        for place in 0..bytes.len().saturating_sub(1) {
            for (word, form) in &self.0.forms[beginning(&bytes[place..])] {
                if bytes[place..].starts_with(form) {
                    found.insert(*word);
                }
            }
        }
        found
            .into_iter()
            .map(|number| self.0.words[number].as_str())
            .collect()
    }
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn forms(word: &str) -> Vec<Vec<u8>> {
    let utf_8 = word.as_bytes().to_vec();
    let utf_16: Vec<u16> = word.encode_utf16().collect();
    let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::to_string(word).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let ascii: String = json
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(letter) if letter.is_ascii() => char::from(letter).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let percent: String = word
        .bytes()
        .map(|byte| match byte {
            letter if letter.is_ascii_alphanumeric() || b"-_.~".contains(&letter) => {
                char::from(letter).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let mut forms = vec![
        utf_8,
        utf_16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        utf_16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        json.into_bytes(),
        ascii.into_bytes(),
        percent.into_bytes(),
    ];
    // Within a longer text, base64 depends on where the word begins.
    for before in 0..3 {
        let mut text = vec![b'x'; before];
        text.extend_from_slice(word.as_bytes());
        for letters in [b"+/", b"-_"] {
            let encoded = base64(&text, letters);
            forms.push(encoded[4..encoded.len() - 4].to_vec());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

fn base64(bytes: &[u8], last_two: &[u8; 2]) -> Vec<u8> {
    let mut letters: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').collect();
    letters.extend_from_slice(last_two);
    let mut encoded = Vec::new();
    for chunk in bytes.chunks(3) {
        let block = [0, 1, 2].map(|place| u32::from(chunk.get(place).copied().unwrap_or(0)));
        let bits = block[0] << 16 | block[1] << 8 | block[2];
        let all = [18, 12, 6, 0].map(|shift| letters[(bits >> shift & 63) as usize]);
        encoded.extend_from_slice(&all[..=chunk.len()]);
    }
    encoded
}

#[test]
fn every_form_is_found() {
    let word = "Grüße \"an alle\" 4711";
    let words = Words::new(vec![word.to_owned(), "something_else".to_owned()]);
    let utf_16: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let texts: [Vec<u8>; 7] = [
        format!("before {word} after").into(),
        utf_16,
        serde_json::json!({ "a": word }).to_string().into(),
        r#"{"a":"Gr\u00fc\u00dfe \"an alle\" 4711"}"#.into(),
        base64(format!("x{word} and more").as_bytes(), b"+/"),
        base64(format!("xy{word}").as_bytes(), b"-_"),
        "4772C3BCC39F652022616E20616C6C65222034373131".into(),
    ];
    for text in texts {
        assert_eq!(
            words.found_in(&text),
            [word],
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
    assert_eq!(
        words.found_in("Grüße an alle, some thing_else".as_bytes()).len(),
        0
    );
}
