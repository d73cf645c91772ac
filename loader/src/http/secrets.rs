//! Secrets that a server may repeat, taken out of what is told of its answer.
use percent_encoding::percent_decode_str;
use url::Url;

/// Query values shorter than this are numbers and flags, and parts of every other word.
const SHORTEST: usize = 6;
/// Less of a secret at the end of a text that was cut off is not worth looking for.
const SHORTEST_PART: usize = 4;

/// What must not be shown.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// User, password and the values of the query of a URL.
    pub fn of(url: &Url) -> Self {
        let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
        let raw = url.query().into_iter().flat_map(|query| query.split(['&', '='])).map(str::to_owned);
        let values = decoded.chain(raw).filter(|value| value.len() >= SHORTEST);
        let credentials = [url.username(), url.password().unwrap_or_default()]
            .into_iter()
            .flat_map(|text| [text.to_owned(), percent_decode_str(text).decode_utf8_lossy().into_owned()]);
        Secrets(values.chain(credentials.filter(|text| text.len() >= SHORTEST_PART)).collect()).with_escaped()
    }

    /// A key.
    pub fn of_key(key: &str) -> Self {
        Secrets(vec![key.to_owned()]).with_escaped()
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Secrets) -> Self {
        self.0.extend(other.0);
        self.with_escaped()
    }

    /// As JSON may write it.
    fn with_escaped(mut self) -> Self {
        let escaped: Vec<String> =
            self.0.iter().filter(|text| text.contains('/')).map(|text| text.replace('/', "\\/")).collect();
        self.0.extend(escaped);
        // The longer first: one may be part of another.
        self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
        self
    }

    /// The text without them, and without characters that a terminal would obey. If the text was cut, which ends it with
    /// `...`, the beginning of a secret there goes, too.
    pub fn hidden_in(&self, text: &str) -> String {
        let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        for secret in &self.0 {
            shown = shown.replace(secret, "...");
        }
        if let Some(body) = shown.strip_suffix("...") {
            let parts = self.0.iter().flat_map(|secret| {
                let ends = secret.char_indices().map(|(end, _)| end).filter(|end| *end >= SHORTEST_PART);
                ends.map(|end| &secret[..end])
            });
            if let Some(part) = parts.filter(|part| body.ends_with(part)).max_by_key(|part| part.len()) {
                shown = format!("{}...", &body[..body.len() - part.len()]);
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_is_left_out() {
        let url = Url::parse("https://token:open%20sesame@example.org/?key=abcdef%21&limit=50").unwrap();
        let hidden = |text: &str| Secrets::of(&url).hidden_in(text);
        assert_eq!(
            hidden("abcdef! or abcdef%21 of token, open sesame, limit 50"),
            "... or ... of ..., ..., limit 50"
        );
        assert_eq!(hidden("cut at open ses..."), "cut at ...");
        assert_eq!(hidden("a\u{1b}[31m\u{9b}b\n"), "a [31m b ");
    }

    #[test]
    fn a_key_is_found_as_json_writes_it() {
        let hidden = |text: &str| Secrets::of_key("ab/cd/ef").hidden_in(text);
        assert_eq!(hidden(r#"{"key":"ab\/cd\/ef"} ab/cd/ef"#), r#"{"key":"..."} ..."#);
        assert_eq!(hidden("said ab/cd..."), "said ...");
    }
}
