//! What is repeated of a server's error: its code, its words and the names it concerns, without values of records.
use postgres::error::DbError;

/// Classes whose details speak of the server, of names or of sessions. Of the others (22 data, 23 constraints, P0 raised
/// by a trigger) a detail is a key or a whole row.
const DETAILED: [&str; 13] = ["08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"];

/// The lines of an error, each with its word.
pub(super) fn lines(error: &DbError) -> Vec<(&'static str, String)> {
    let class = error.code().code().get(..2).unwrap_or_default();
    let detail = error.detail().filter(|_| DETAILED.contains(&class)).map(str::to_owned);
    let place = error.where_().map(places).filter(|text| !text.is_empty());
    let mut lines =
        vec![("server", format!("{} ({})", message(class, error.message()), error.code().code()))];
    let rest = [
        ("of", concerned(error)),
        ("detail", detail),
        ("hint", error.hint().map(str::to_owned)),
        ("in", place),
    ];
    lines.extend(rest.into_iter().filter_map(|(word, text)| Some((word, text?))));
    lines
}

/// The names that the error concerns, such as `table posts.votes, constraint votes_kind`.
pub(super) fn concerned(error: &DbError) -> Option<String> {
    let table = match (error.schema(), error.table()) {
        (Some(schema), Some(table)) => Some(format!("table {schema}.{table}")),
        _ => None,
    };
    let column = error.column().map(|name| format!("column {name}"));
    let constraint = error.constraint().map(|name| format!("constraint {name}"));
    let names: Vec<String> = [table, column, constraint].into_iter().flatten().collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A message; where it is about data, what it quotes is left out.
fn message(class: &str, text: &str) -> String {
    if class != "22" {
        return text.to_owned();
    }
    // A value may hold quotes itself: everything from the first to the last one goes.
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}\"...\"{}", &text[..first], &text[last + 1..])
        }
        _ => text.to_owned(),
    }
}

/// The places a server's context names, without the text of the statements it quotes (a merge's fills pages) and without
/// the line that a COPY was reading.
fn places(context: &str) -> String {
    const PLACES: [&str; 5] = ["PL/pgSQL function ", "SQL function ", "COPY ", "while ", "automatic "];
    let is_place = |line: &&str| PLACES.iter().any(|place| line.starts_with(place));
    let without_value = |line: &'_ str| match line.starts_with("COPY ") {
        true => line.split(": ").next().unwrap_or(line).to_owned(),
        false => line.to_owned(),
    };
    context.lines().filter(is_place).map(without_value).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_told_by_its_places() {
        let context = "SQL statement \"select 1\n  from t\"\nPL/pgSQL function etl_load_toy(bigint) line 9 at RETURN QUERY\n\
                       COPY run_3, line 5, column record: \"ana@example.org\"";
        assert_eq!(
            places(context),
            "PL/pgSQL function etl_load_toy(bigint) line 9 at RETURN QUERY\nCOPY run_3, line 5, column record"
        );
    }

    #[test]
    fn a_message_about_data_is_told_without_the_data() {
        let said = |text| message("22", text);
        assert_eq!(
            said("invalid input syntax for type integer: \"ana\"@\"x\""),
            "invalid input syntax for type integer: \"...\""
        );
        assert_eq!(
            said("value \"99999\" is out of range for type smallint"),
            "value \"...\" is out of range for type smallint"
        );
        assert_eq!(said("division by zero"), "division by zero");
        assert_eq!(message("42", "relation \"posts\" does not exist"), "relation \"posts\" does not exist");
    }
}
