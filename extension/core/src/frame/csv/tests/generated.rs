//! Files with one damaged row each: every other row comes out as it was written, and no row that was not written.
//!
//! The damage of quotes is told from a line break in a field by what follows. Three things are therefore kept out of
//! these files, because a file with them is well-formed in another reading: line breaks in the first and the last
//! column and delimiters in a value with line breaks (the second line of a field that lost its closing quote, and the
//! first line of one that lost its opening quote, may have as many fields as a record), and values that begin with a
//! delimiter or a line break (where a quoted field begins, an unclosed one seems to end).

use super::*;

/// The generator of Steele, Lea and Flood (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Style {
    /// No value needs quotes, and none has them.
    Plain,
    /// Where needed.
    Mixed,
    /// All.
    Quoted,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Damage {
    DelimiterLess,
    DelimiterMore,
    DelimiterAtTheEnd,
    ClosingQuoteMissing,
    OpeningQuoteMissing,
    ClosingQuoteTwice,
    QuoteBefore,
    StrayQuote,
    TextBehind,
    CutOff,
    Blank,
    NotUtf8,
    Nul,
}

const DAMAGES: [Damage; 13] = [
    Damage::DelimiterLess,
    Damage::DelimiterMore,
    Damage::DelimiterAtTheEnd,
    Damage::ClosingQuoteMissing,
    Damage::OpeningQuoteMissing,
    Damage::ClosingQuoteTwice,
    Damage::QuoteBefore,
    Damage::StrayQuote,
    Damage::TextBehind,
    Damage::CutOff,
    Damage::Blank,
    Damage::NotUtf8,
    Damage::Nul,
];

const WORDS: [&str; 9] = ["", "0", "12.50", "2021-07-11 06:30:00", "Lerwick", "Zoë Ñandú", "a b", "x", "-1"];
const AWKWARD: [&str; 9] = [
    "Smith, Ann",
    "6\" pipe",
    "say \"hi\", then go",
    "two\nlines",
    "one\r\ntwo",
    "\"",
    "\"whole\"",
    "a,,b",
    "x\ny\"z",
];

struct File {
    columns: usize,
    style: Style,
    delimiter: char,
    end: &'static str,
    rows: Vec<Vec<String>>,
}

impl File {
    fn new(random: &mut Random) -> File {
        let columns = 2 + random.below(7);
        let style = random.pick(&[Style::Plain, Style::Mixed, Style::Quoted]);
        let mut rows = Vec::new();
        for number in 0..3 + random.below(10) {
            let mut row = vec![(1_000 + number).to_string()];
            while row.len() < columns {
                let awkward = style != Style::Plain && random.below(3) == 0;
                let value = if awkward { random.pick(&AWKWARD) } else { random.pick(&WORDS) };
                if row.len() + 1 < columns || !value.contains(['\n', '\r']) {
                    row.push(value.to_owned());
                }
            }
            rows.push(row);
        }
        let (delimiter, end) = (random.pick(&[',', ',', ';', '\t']), random.pick(&["\n", "\r\n", "\r"]));
        File { columns, style, delimiter, end, rows }
    }

    fn is_quoted(&self, value: &str) -> bool {
        self.style == Style::Quoted || value.contains([self.delimiter, '"', '\n', '\r'])
    }

    fn field(&self, value: &str) -> String {
        if self.is_quoted(value) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
    }

    /// The row's text, damaged; none if this damage is not possible here.
    fn damaged(&self, row: &[String], damage: Damage, random: &mut Random) -> Option<Vec<u8>> {
        let delimiter = self.delimiter.to_string();
        let mut fields: Vec<String> = row.iter().map(|value| self.field(value)).collect();
        let of_kind =
            |quoted| (0..row.len()).filter(|at| self.is_quoted(&row[*at]) == quoted).collect::<Vec<_>>();
        let (quoted, plain) = (of_kind(true), of_kind(false));
        match damage {
            Damage::DelimiterLess => {
                let at = random.below(fields.len() - 1);
                let next = fields.remove(at + 1);
                fields[at] += &next;
            }
            Damage::DelimiterMore => fields.insert(random.below(row.len()), String::new()),
            Damage::DelimiterAtTheEnd => fields.push(String::new()),
            Damage::ClosingQuoteMissing if !quoted.is_empty() => drop(fields[random.pick(&quoted)].pop()),
            Damage::OpeningQuoteMissing if !quoted.is_empty() => drop(fields[random.pick(&quoted)].remove(0)),
            Damage::ClosingQuoteTwice if !quoted.is_empty() => fields[random.pick(&quoted)].push('"'),
            Damage::QuoteBefore => fields[random.below(row.len())].insert(0, '"'),
            Damage::StrayQuote if !plain.is_empty() => {
                let field = &mut fields[random.pick(&plain)];
                field.insert(field.chars().next().map_or(0, char::len_utf8), '"');
            }
            Damage::TextBehind if !quoted.is_empty() => fields[random.pick(&quoted)].push_str(" x"),
            Damage::CutOff => fields.truncate(1 + random.below(row.len() - 1)),
            Damage::Blank => return Some(Vec::new()),
            Damage::NotUtf8 => return Some([fields.join(&delimiter).as_bytes(), b"\xe9"].concat()),
            Damage::Nul => return Some([b"\0", fields.join(&delimiter).as_bytes()].concat()),
            _ => return None,
        }
        Some(fields.join(&delimiter).into_bytes())
    }

    /// The source with row `at` damaged.
    fn source(&self, at: usize, damaged: &[u8]) -> Vec<u8> {
        let delimiter = self.delimiter.to_string();
        let names: Vec<String> = (0..self.columns).map(|n| self.field(&format!("c{n}"))).collect();
        let mut source = (names.join(&delimiter) + self.end).into_bytes();
        for (number, row) in self.rows.iter().enumerate() {
            match number == at {
                true => source.extend_from_slice(damaged),
                false => {
                    let fields: Vec<String> = row.iter().map(|value| self.field(value)).collect();
                    source.extend_from_slice(fields.join(&delimiter).as_bytes());
                }
            }
            source.extend_from_slice(self.end.as_bytes());
        }
        source
    }
}

#[test]
fn one_damaged_row_costs_itself() {
    let mut counts = [0; DAMAGES.len()];
    let mut random = Random(20_260_101);
    while counts.iter().sum::<usize>() < 13_000 {
        let file = File::new(&mut random);
        let kind = random.below(DAMAGES.len());
        // Blank lines at the end are no damage, so the last row stays whole.
        let at = random.below(file.rows.len() - 1);
        let Some(damaged) = file.damaged(&file.rows[at], DAMAGES[kind], &mut random) else { continue };
        counts[kind] += 1;
        let source = file.source(at, &damaged);
        let delimiter = Delimiter::new(file.delimiter).unwrap();
        let chunk = random.pick(&[1, 13, usize::MAX]);
        let (records, outcome) = frame_with(Limits::default(), delimiter, &source, chunk);
        let good: Vec<Vec<String>> = records.iter().filter_map(|record| record.values().ok()).collect();
        let mut expected = file.rows.clone();
        expected.remove(at);
        let shown = String::from_utf8_lossy(&source);
        assert_eq!(good, expected, "{:?} of row {at} in\n{shown}\n{records:?}", DAMAGES[kind]);
        assert!(
            outcome.is_ok_and(|summary| summary.faults >= 1),
            "{:?} of row {at} in\n{shown}",
            DAMAGES[kind]
        );
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}
