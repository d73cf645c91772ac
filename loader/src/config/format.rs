//! `format`, `delimiter` and `encoding` of a source.

use etl_core::frame::Delimiter;
use serde::Deserialize;

use super::{Csv, Format};
use crate::source::Encoding;

/// `format`, as it is written.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Name {
    Json,
    Csv,
}

/// The format that the three keys mean.
///
/// # Errors
/// What is wrong with them, in words.
pub(super) fn of(name: Name, delimiter: Option<&str>, encoding: Option<Encoding>) -> Result<Format, String> {
    match (name, delimiter, encoding) {
        (Name::Json, None, None) => Ok(Format::Json),
        (Name::Json, Some(_), _) => Err("delimiter is for format = \"csv\"".to_owned()),
        (Name::Json, _, Some(_)) => Err("encoding is for format = \"csv\"; JSON is UTF-8".to_owned()),
        (Name::Csv, delimiter, encoding) => {
            let delimiter = delimiter.map_or(Ok(Delimiter::COMMA), the_delimiter)?;
            Ok(Format::Csv(Csv { delimiter, encoding: encoding.unwrap_or_default() }))
        }
    }
}

fn the_delimiter(text: &str) -> Result<Delimiter, String> {
    let mut characters = text.chars();
    let (first, more) = (characters.next(), characters.next());
    first.filter(|_| more.is_none()).and_then(Delimiter::new).ok_or_else(|| {
        format!(
            "delimiter is {text:?}; it must be one ASCII character such as \";\" or \"\\t\", no quote or line end"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_keys_mean() {
        let csv = |delimiter, encoding| {
            Ok(Format::Csv(Csv { delimiter: Delimiter::new(delimiter).unwrap(), encoding }))
        };
        assert_eq!(of(Name::Json, None, None), Ok(Format::Json));
        assert_eq!(of(Name::Csv, None, None), csv(',', Encoding::Utf8));
        assert_eq!(of(Name::Csv, Some("\t"), Some(Encoding::Latin1)), csv('\t', Encoding::Latin1));
        for wrong in ["", ";;", "\"", "\n", "é"] {
            assert!(of(Name::Csv, Some(wrong), None).unwrap_err().contains("one ASCII character"), "{wrong}");
        }
        assert!(of(Name::Json, Some(";"), None).is_err());
        assert!(of(Name::Json, None, Some(Encoding::Utf8)).is_err());
    }
}
