//! What the pure rooms share about text: tokens, folding, stemming, language, dates.
//!
//! Nothing here knows of articles, feeds or topics.

pub mod date;
mod entities;
pub mod html;
mod language;
mod stem;
mod token;

pub use self::language::detect;
pub use self::stem::Stemmer;
pub use self::token::{Token, Tokens, fold_char, tokenize};

#[cfg(test)]
pub(crate) mod tests;
