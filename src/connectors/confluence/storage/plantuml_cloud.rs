//! PlantUML of the Cloud app, which keeps a diagram's text percent-encoded, mostly deflated, and base64-encoded in a parameter.
//!
//! Guarantees: at most [`MAX_BYTES`] are inflated, whatever the parameter claims; what cannot be decoded gives nothing. Does not know PlantUML.

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::DeflateDecoder;

/// Largest text that a parameter may inflate to.
const MAX_BYTES: u64 = 1 << 20;

/// Old versions wrote no padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// The text in `data`.
pub(super) fn decode(data: &str, compressed: bool) -> Option<String> {
    let clean: String = data.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = BASE64.decode(clean).ok()?;
    let encoded = if compressed { inflate(&bytes)? } else { String::from_utf8(bytes).ok()? };
    let text = percent_encoding::percent_decode_str(&encoded).decode_utf8().ok()?;
    (!text.trim().is_empty()).then(|| text.into_owned())
}

fn inflate(bytes: &[u8]) -> Option<String> {
    let mut out = String::new();
    let read = DeflateDecoder::new(bytes).take(MAX_BYTES + 1).read_to_string(&mut out).ok()?;
    (read as u64 <= MAX_BYTES).then_some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn deflated(text: &str) -> String {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        BASE64.encode(encoder.finish().unwrap())
    }

    #[test]
    fn a_text_is_decoded_deflated_or_not() {
        assert_eq!(decode(&deflated("%40startuml%0AAnn%20-%3E%20B%C3%A9a"), true).as_deref(), Some("@startuml\nAnn -> B\u{e9}a"));
        assert_eq!(decode(&BASE64.encode("%40startuml"), false).as_deref(), Some("@startuml"));
        assert_eq!(decode("QHN0YXJ0\n dW1s", false).as_deref(), Some("@startuml"));
    }

    #[test]
    fn what_is_no_diagram_gives_nothing() {
        for (data, compressed) in [("", false), ("*", false), ("QHN0YXJ0dW1s", true), ("/w==", false), ("JUZG", false)] {
            assert_eq!(decode(data, compressed), None, "{data}");
        }
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        assert_eq!(decode(&deflated(&"a".repeat(2 << 20)), true), None);
        assert!(decode(&deflated(&"a".repeat(1 << 20)), true).is_some());
    }
}
