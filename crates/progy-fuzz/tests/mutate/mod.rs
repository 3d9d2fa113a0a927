//! Variations of an input: the same for the same name, in every run and on every machine.

/// What parsers trip over.
const WORDS: [&[u8]; 24] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"..",
    b"/",
    b"\\",
    b"../",
    b".progy/",
    b"%%\n",
    b"*",
    b"**/",
    b"{a,",
    b"[",
    b"]",
    b"\"",
    b"-1",
    b"1e999",
    b"18446744073709551615",
    b"null",
    b"PK\x01\x02",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
];

/// Makes variations of one input.
pub(crate) struct Mutator<'a> {
    rng: Rng,
    seeds: &'a [Vec<u8>],
    longest: usize,
}

impl<'a> Mutator<'a> {
    /// The variations that belong to `name`. Pieces of `seeds` are put into them.
    pub(crate) fn new(name: &str, seeds: &'a [Vec<u8>], longest: usize) -> Self {
        // FNV-1a, so that a new file changes nothing for the others.
        let state = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { rng: Rng(state), seeds, longest }
    }

    /// The next variation of `seed`.
    pub(crate) fn vary(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut input = seed.to_vec();
        for _ in 0..=self.rng.below(4) {
            self.step(&mut input);
        }
        input.truncate(self.longest);
        input
    }

    fn step(&mut self, input: &mut Vec<u8>) {
        let range = self.range(input.len());
        let at = range.start;
        match self.rng.below(9) {
            0 => flip(input, at, 1 << self.rng.below(8)),
            1 => flip(input, at, u8::try_from(self.rng.below(256)).unwrap()),
            2 => input.truncate(at),
            3 => drop(input.drain(range)),
            // A piece once more, here or elsewhere.
            4 => {
                let piece = input[range].to_vec();
                let at = self.rng.below(input.len() + 1);
                input.splice(at..at, piece);
            }
            5 => {
                let piece = input[range].repeat(1 + self.rng.below(20));
                input.splice(at..at, piece);
            }
            6 => {
                let word = WORDS[self.rng.below(WORDS.len())];
                input.splice(at..at, word.iter().copied());
            }
            7 => {
                let word = WORDS[self.rng.below(WORDS.len())];
                input.splice(range, word.iter().copied());
            }
            // A piece of another file.
            _ => {
                let other = &self.seeds[self.rng.below(self.seeds.len())];
                let piece = other[self.range(other.len())].to_vec();
                input.splice(range, piece);
            }
        }
    }

    /// Some part of so many bytes, mostly a short one.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.rng.below(len + 1);
        let most = (len - start).min(if self.rng.below(4) == 0 { len } else { 16 });
        start..start + self.rng.below(most + 1)
    }
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}

/// `SplitMix64`. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators"
/// (2014).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}
