//! The tables in `docs/benchmarks.md`: what stands between a table's marks is replaced, what is written around it stays.

use crate::Outcome;
use std::fs;
use std::path::Path;

const END: &str = "<!-- /bench -->";

/// Replaces a table in `docs/benchmarks.md`, or adds it at the end.
pub fn replace(name: &str, report: &str) -> Outcome<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
    let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let page =
        replaced(&page, name, report).ok_or_else(|| format!("{}: {name} has no end", path.display()))?;
    fs::write(&path, page)?;
    eprintln!("written into docs/benchmarks.md");
    Ok(())
}

/// The page with another report; nothing where a mark has no end.
fn replaced(page: &str, name: &str, report: &str) -> Option<String> {
    let begin = format!("<!-- bench:{name} -->");
    let section = format!("{begin}\n{}\n{END}", report.trim_end());
    let Some((before, rest)) = page.split_once(&begin) else {
        return Some(format!("{}\n\n## {name}\n\n{section}\n", page.trim_end()));
    };
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_table_is_replaced_and_the_rest_stays() {
        let page = "# T\n\n<!-- bench:a -->\nold\n<!-- /bench -->\n\nwords\n\n<!-- bench:b -->\nb\n<!-- /bench -->\n";
        let expected = page.replace("old", "new");
        assert_eq!(replaced(page, "a", "new\n").as_deref(), Some(expected.as_str()));
    }

    #[test]
    fn a_table_without_a_place_comes_last() {
        let page = replaced("# T\n", "c", "new").unwrap();
        assert_eq!(page, "# T\n\n## c\n\n<!-- bench:c -->\nnew\n<!-- /bench -->\n");
        assert_eq!(replaced("<!-- bench:c -->\nnew\n", "c", "newer"), None);
    }
}
