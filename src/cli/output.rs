//! How things are printed: JSON lines for programs, aligned and coloured text for people.

use std::{
    env,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use anyhow::Error;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where and how a command prints.
pub(crate) struct Output {
    /// Whether the user asked for JSON lines.
    pub json: bool,
    color: bool,
    color_errors: bool,
    terminal: bool,
    width: usize,
}

/// Styles by their meaning.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Title,
    Dim,
    Match,
    Good,
    Bad,
}

impl Output {
    pub fn new(json: bool, color: Color) -> Self {
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let decide = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color && env::var_os("TERM").is_none_or(|term| term != "dumb"),
        };
        let terminal = io::stdout().is_terminal();
        let width = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = width.or_else(|| terminal.then(console_width).flatten()).unwrap_or(80);
        Self {
            json,
            color: decide(terminal),
            color_errors: decide(io::stderr().is_terminal()),
            terminal,
            width: width.clamp(40, 200),
        }
    }

    pub fn colored_errors(&self) -> bool {
        self.color_errors
    }

    /// Whether a person watches, rather than a pipe or a file.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// The columns that there are to fill.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Prints bytes as they are.
    pub fn raw(&self, bytes: &[u8]) -> Result<(), Error> {
        Ok(Out::lock().write_all(bytes)?)
    }

    /// Prints a line.
    pub fn line(&self, text: &str) -> Result<(), Error> {
        let mut stdout = Out::lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.write_all(b"\n")?)
    }

    /// Prints one thing as a line of JSON.
    pub fn row(&self, row: &impl Serialize) -> Result<(), Error> {
        let mut line = serde_json::to_vec(row)?;
        line.push(b'\n');
        self.raw(&line)
    }

    /// Says something beside the data.
    pub fn note(&self, text: &str) {
        // Nobody to say it to is no reason to fail.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Says what went wrong.
    pub fn error(&self, text: &str) {
        let mark = if self.color_errors { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        self.note(&format!("{mark} {}", printable(text)));
    }

    /// Colours a text for a person.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Title => "1",
            Style::Dim => "2",
            Style::Match => "1;33",
            Style::Good => "32",
            Style::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A progress bar for long work, where somebody watches: nothing is drawn otherwise, or with `--json`.
    pub fn progress(&self, total: Option<u64>, what: &'static str) -> ProgressBar {
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = match total {
            Some(_) => "{wide_bar} {percent:>3} %  {msg}  {eta}",
            None => "{spinner} {msg}  {elapsed}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
        bar.set_message(what);
        if !io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        } else if total.is_none() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        bar
    }
}

fn console_width() -> Option<usize> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns))
}

/// Takes control characters out of a stranger's text, so that a headline cannot drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    let bidi = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|&c| c == '\n' || !(c.is_control() || bidi(c))).collect()
}

/// Breaks a text into lines of at most `width` columns, at spaces; wide characters count two.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let columns = console::measure_text_width(word);
            if used > 0 && used + 1 + columns > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += columns;
        }
        lines.push(line);
    }
    lines
}

/// Cuts a text to at most `width` columns, with a mark where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    console::truncate_str(&printable(text).replace('\n', " "), width, "…").into_owned()
}

/// Says how many, in words that fit the number.
pub(crate) fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Standard output, whose errors say what they are about.
pub(crate) struct Out(io::StdoutLock<'static>);

impl Out {
    pub fn lock() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(unwritten)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(unwritten)
    }
}

fn unwritten(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("standard output cannot be written: {error}"))
}

/// Fills a text up to `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    console::pad_str(text, width, console::Alignment::Left, None).into_owned()
}

/// Writes a size for people.
pub(crate) fn human_size(bytes: u64) -> String {
    let mebibytes = bytes as f64 / 1_048_576.0;
    if mebibytes < 1.0 {
        format!("{:.0} KiB", mebibytes * 1024.0)
    } else if mebibytes < 1024.0 {
        format!("{mebibytes:.1} MiB")
    } else {
        format!("{:.1} GiB", mebibytes / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_within_the_width() {
        assert_eq!(wrap("peace talks go on", 11), ["peace talks", "go on"]);
        assert_eq!(wrap("a\nb", 10), ["a", "b"]);
        assert_eq!(wrap("unbreakablelong word", 5), ["unbreakablelong", "word"]);
    }

    #[test]
    fn a_headline_cannot_drive_the_terminal() {
        assert_eq!(printable("a\x1b[31mb\u{202e}c\x07"), "a[31mbc");
        assert_eq!(cut("Überschrift", 6), "Übers…");
    }
}
