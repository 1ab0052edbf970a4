//! What the pure rooms share about text: tokens, folding, stemming, language, dates.
//!
//! Nothing here knows of articles, feeds or topics.

mod token;

pub use self::token::{Token, Tokens, fold_char, tokenize};
