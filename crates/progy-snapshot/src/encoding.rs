//! Numbers and names in blobs: each value has one form only, so that equal things have equal bytes.

/// What is wrong with bytes.
pub(crate) type Malformed = &'static str;

const ENDS: Malformed = "it ends too early";

/// Writes `value` in groups of seven bits, the lowest first; all but the last have the top bit set.
///
/// Source: LEB128, as in DWARF 5, section 7.6.
pub(crate) fn put_number(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

/// Reads from the front of bytes by a stranger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ENDS)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(ENDS)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number in its shortest form.
    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err("a number is too large");
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return if shortest { Ok(value) } else { Err("a number is not in its short form") };
            }
        }
        Err("a number is too large")
    }

    /// A number that is at most `limit`.
    pub(crate) fn count(&mut self, limit: usize) -> Result<usize, Malformed> {
        let value = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if value <= limit { Ok(value) } else { Err("a count is over its limit") }
    }

    /// The two bytes that every blob of ours begins with.
    pub(crate) fn header(&mut self, tag: u8, version: u8) -> Result<(), Malformed> {
        if self.byte()? != tag {
            return Err("it is something else");
        }
        if self.byte()? == version { Ok(()) } else { Err("it is of an unknown version") }
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err("something follows its end") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            let mut decoder = Decoder::new(&bytes);
            assert_eq!(decoder.number(), Ok(value));
            assert!(decoder.is_empty());
        }
        for bad in [&[0x80, 0][..], &[0x80], &[0xff; 10], &[0xff; 11]] {
            assert!(Decoder::new(bad).number().is_err(), "{bad:?}");
        }
    }
}
