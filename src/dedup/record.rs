//! Sketches and decisions as bytes: little-endian, versioned, read back with every length checked.

use crate::model::{ArticleId, StoryId};

use super::Error;
use super::parting::Part;
use super::sketch::{Block, Opening, Sketch, Term, TitleWord};

/// Counts up when the bytes, or what the hashes in them mean, change.
const VERSION: u8 = 4;

/// What one application to the memory did, complete: applying it needs no decision.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub number: u64,
    /// Records before this number have left the window.
    pub horizon: u64,
    /// The latest arrival so far, in seconds since 1970.
    pub now: i64,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Put(Box<Put>),
    Forget(ArticleId),
}

/// An article has a (new) place and text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Put {
    pub sketch: Sketch,
    pub group: ArticleId,
    /// Number of the record that founded the group.
    pub born: u64,
    pub story: StoryId,
    /// What left a story before this article came to it.
    pub part: Option<Part>,
    /// Groups that turned out to be this group.
    pub groups: Vec<ArticleId>,
    /// Stories that turned out to be this story.
    pub stories: Vec<StoryId>,
}

impl Record {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_u64(&mut bytes, self.number);
        put_u64(&mut bytes, self.horizon);
        put_u64(&mut bytes, self.now as u64);
        match &self.change {
            Change::Forget(id) => {
                bytes.push(0);
                put_u64(&mut bytes, id.bits());
            }
            Change::Put(put) => {
                bytes.push(1);
                put_u64(&mut bytes, put.group.bits());
                put_u64(&mut bytes, put.born);
                put_u64(&mut bytes, put.story.bits());
                bytes.push(u8::from(put.part.is_some()));
                if let Some(part) = &put.part {
                    put_u64(&mut bytes, part.story.bits());
                    put_list(&mut bytes, &part.groups, |bytes, id| put_u64(bytes, id.bits()));
                }
                put_list(&mut bytes, &put.groups, |bytes, id| put_u64(bytes, id.bits()));
                put_list(&mut bytes, &put.stories, |bytes, id| put_u64(bytes, id.bits()));
                put_sketch(&mut bytes, &put.sketch);
            }
        }
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(bytes)?;
        let (number, horizon, now) = (reader.u64()?, reader.u64()?, reader.u64()? as i64);
        let change = match reader.u8()? {
            0 => Change::Forget(ArticleId::from_bits(reader.u64()?)),
            1 => Change::Put(Box::new(Put {
                group: ArticleId::from_bits(reader.u64()?),
                born: reader.u64()?,
                story: StoryId::from_bits(reader.u64()?),
                part: match reader.u8()? {
                    0 => None,
                    _ => Some(reader.part()?),
                },
                groups: reader.list(|reader| reader.u64().map(ArticleId::from_bits))?,
                stories: reader.list(|reader| reader.u64().map(StoryId::from_bits))?,
                sketch: reader.sketch()?,
            })),
            _ => return Err(reader.damaged()),
        };
        reader.close()?;
        Ok(Self { number, horizon, now, change })
    }
}

impl Sketch {
    /// Returns the sketch as bytes, to be kept or sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_sketch(&mut bytes, self);
        bytes
    }

    /// Reads a sketch back.
    ///
    /// # Errors
    /// [`Error::Version`] for bytes of another version of dateline, [`Error::Damaged`] for what no version wrote. The
    /// caller sketches the article again.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(bytes)?;
        let sketch = reader.sketch()?;
        reader.close()?;
        Ok(sketch)
    }
}

fn put_u32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend(value.to_le_bytes());
}

fn put_u64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend(value.to_le_bytes());
}

fn put_list<T: Copy>(bytes: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, T)) {
    put_u32(bytes, list.len() as u32);
    list.iter().for_each(|&value| put(bytes, value));
}

fn put_sketch(bytes: &mut Vec<u8>, sketch: &Sketch) {
    put_u64(bytes, sketch.id.bits());
    put_u32(bytes, sketch.outlet);
    put_u64(bytes, sketch.body);
    put_u32(bytes, sketch.words);
    put_u64(bytes, sketch.arrived_at as u64);
    bytes.push(u8::from(sketch.published_at.is_some()));
    put_u64(bytes, sketch.published_at.unwrap_or_default() as u64);
    put_list(bytes, &sketch.title, |bytes, word| put_u32(bytes, word.0));
    sketch.opening.0.iter().for_each(|&bits| put_u64(bytes, bits));
    put_list(bytes, &sketch.blocks, |bytes, block| {
        bytes.extend([block.words, block.shingles, block.facts, u8::from(block.whole)]);
    });
    put_list(bytes, &sketch.shingles, put_u32);
    put_list(bytes, &sketch.facts, put_u32);
    put_list(bytes, &sketch.terms, |bytes, term| put_u32(bytes, term.0));
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Self { bytes, at: 0 };
        match reader.u8()? {
            VERSION => Ok(reader),
            found => Err(Error::Version { found, expected: VERSION }),
        }
    }

    fn close(self) -> Result<(), Error> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.damaged()) }
    }

    fn damaged(&self) -> Error {
        Error::Damaged { size_bytes: self.bytes.len(), at: self.at }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken =
            self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(|| self.damaged())?;
        self.at += N;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, Error> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Error> {
        self.take().map(u64::from_le_bytes)
    }

    /// A false length runs out of bytes before it runs out of memory.
    fn list<T, L: FromIterator<T>>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<L, Error> {
        let length = self.u32()?;
        (0..length).map(|_| item(self)).collect()
    }

    fn opening(&mut self) -> Result<Opening, Error> {
        let mut opening = Opening::default();
        for bits in &mut opening.0 {
            *bits = self.u64()?;
        }
        Ok(opening)
    }

    fn part(&mut self) -> Result<Part, Error> {
        let story = StoryId::from_bits(self.u64()?);
        Ok(Part { story, groups: self.list(|reader| reader.u64().map(ArticleId::from_bits))? })
    }

    fn sketch(&mut self) -> Result<Sketch, Error> {
        let sketch = Sketch {
            id: ArticleId::from_bits(self.u64()?),
            outlet: self.u32()?,
            body: self.u64()?,
            words: self.u32()?,
            arrived_at: self.u64()? as i64,
            published_at: match (self.u8()?, self.u64()?) {
                (0, _) => None,
                (_, at) => Some(at as i64),
            },
            title: self.list(|reader| reader.u32().map(TitleWord))?,
            opening: self.opening()?,
            blocks: self.list(|reader| {
                let [words, shingles, facts, whole] = reader.take()?;
                Ok(Block { words, shingles, facts, whole: whole != 0 })
            })?,
            shingles: self.list(Self::u32)?,
            facts: self.list(Self::u32)?,
            terms: self.list(|reader| reader.u32().map(Term))?,
        };
        let of = |count: fn(&Block) -> u8| sketch.blocks.iter().map(|block| usize::from(count(block))).sum::<usize>();
        let sound = of(|block| block.shingles) == sketch.shingles.len()
            && of(|block| block.facts) == sketch.facts.len()
            && sketch.blocks.iter().all(|block| !block.whole || block.shingles > 0);
        if sound { Ok(sketch) } else { Err(self.damaged()) }
    }
}
