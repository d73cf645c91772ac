//! A Markdown page as a list of things to run, each with the lines that should come out.

use std::ops::Range;

/// What a reader would type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A line after `$ ` in a `console` block.
    Command(String),
    /// The whole of an `sql` block.
    Sql(String),
    /// A block that is a file, as its first line says: `sql load/shop.sql`. Path and contents.
    File(String, String),
}

/// One thing to run, and where in the page its output stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is run.
    pub input: Input,
    /// Line of the page where it stands, from 1.
    pub line: usize,
    /// The lines shown as its output, as indices into the page's lines; `None` where the page shows no output.
    pub output: Option<Range<usize>>,
}

/// A page, its lines kept so that outputs can be replaced.
pub struct Page {
    lines: Vec<String>,
    /// In the order of the page.
    pub steps: Vec<Step>,
}

impl Page {
    /// Reads the `console` blocks, the `sql` blocks and the files; a `text` block that follows an `sql` block is its output.
    pub fn read(markdown: &str) -> Page {
        let lines: Vec<String> = markdown.lines().map(str::to_owned).collect();
        let mut steps = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let Some(language) = lines[at].strip_prefix("```") else {
                at += 1;
                continue;
            };
            let body = at + 1..fence_after(&lines, at + 1);
            match language {
                "console" => steps.extend(console_steps(&lines, body.clone())),
                "sql" => steps.push(sql_step(&lines, body.clone())),
                other => {
                    steps.extend(other.split_once(' ').map(|(_, path)| file_step(&lines, body.clone(), path)))
                }
            }
            at = body.end + 1;
        }
        Page { lines, steps }
    }

    /// The lines that the page shows as the step's output.
    pub fn output(&self, step: &Step) -> Option<String> {
        let range = step.output.clone()?;
        Some(self.lines[range].join("\n"))
    }

    /// The page with other outputs in place of some steps'.
    pub fn with_outputs(&self, outputs: &[(Step, String)]) -> String {
        let mut lines = self.lines.clone();
        let mut outputs: Vec<_> =
            outputs.iter().filter_map(|(step, text)| Some((step.output.clone()?, text))).collect();
        // From the end, so that the ranges before stay right.
        outputs.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        for (range, text) in outputs {
            lines.splice(range, text.trim_end().lines().map(str::to_owned));
        }
        lines.join("\n") + "\n"
    }
}

fn fence_after(lines: &[String], from: usize) -> usize {
    (from..lines.len()).find(|&at| lines[at].starts_with("```")).unwrap_or(lines.len())
}

fn console_steps(lines: &[String], body: Range<usize>) -> Vec<Step> {
    let commands: Vec<usize> = body.clone().filter(|&at| lines[at].starts_with("$ ")).collect();
    commands
        .iter()
        .enumerate()
        .map(|(nth, &at)| {
            let end = commands.get(nth + 1).copied().unwrap_or(body.end);
            Step {
                input: Input::Command(lines[at]["$ ".len()..].to_owned()),
                line: at + 1,
                output: (at + 1 < end).then_some(at + 1..end),
            }
        })
        .collect()
}

fn file_step(lines: &[String], body: Range<usize>, path: &str) -> Step {
    let text = lines[body.clone()].join("\n") + "\n";
    Step { input: Input::File(path.to_owned(), text), line: body.start, output: None }
}

fn sql_step(lines: &[String], body: Range<usize>) -> Step {
    let next = (body.end + 1..lines.len()).find(|&at| !lines[at].is_empty());
    let output = next.filter(|&at| lines[at] == "```text").map(|at| at + 1..fence_after(lines, at + 1));
    Step { input: Input::Sql(lines[body.clone()].join("\n")), line: body.start, output }
}

#[test]
fn a_page_is_read_into_steps() {
    let page = Page::read(
        "Words.\n```console\n$ one\n$ two\nx\n\ny\n```\n```sh\n$ not run\n```\n```sql\nselect 1;\n```\n\n```text\n1\n```\n```sql\nselect 2;\n```\n```sql a/b.sql\nselect 3;\n```\nEnd.\n",
    );
    let inputs: Vec<_> = page.steps.iter().map(|step| step.input.clone()).collect();
    let sql = |text: &str| Input::Sql(text.to_owned());
    let command = |text: &str| Input::Command(text.to_owned());
    let file = Input::File("a/b.sql".to_owned(), "select 3;\n".to_owned());
    assert_eq!(inputs, [command("one"), command("two"), sql("select 1;"), sql("select 2;"), file]);
    let outputs: Vec<_> = page.steps.iter().map(|step| page.output(step)).collect();
    assert_eq!(outputs, [None, Some("x\n\ny".to_owned()), Some("1".to_owned()), None, None]);
}

#[test]
fn outputs_are_replaced_in_place() {
    let page = Page::read("```console\n$ one\n?\n$ two\nold\nold\n```\nEnd.\n");
    let new = [(page.steps[0].clone(), "1\n2\n".to_owned()), (page.steps[1].clone(), "new\n".to_owned())];
    assert_eq!(page.with_outputs(&new), "```console\n$ one\n1\n2\n$ two\nnew\n```\nEnd.\n");
}
