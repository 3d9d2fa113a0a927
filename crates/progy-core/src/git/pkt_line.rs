//! The lines of Git's wire protocol (`gitprotocol-common`): four hexadecimal digits that count
//! themselves and what follows.

/// The most bytes that one line carries.
pub const MAX: usize = 65_516;
/// Ends a list.
pub const FLUSH: &[u8] = b"0000";

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Bytes.
    Data(&'a [u8]),
    /// The end of a list.
    Flush,
    /// The end of a part of a list; only in version 2.
    Delimiter,
    /// The end of an answer; only in version 2.
    End,
}

/// The bytes are no lines of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PktError {
    /// The digits are none.
    #[error("a line of Git's protocol does not say how long it is")]
    Length,
    /// The bytes end before the line does.
    #[error("a line of Git's protocol is cut short")]
    Short,
    /// The line is longer than one may be.
    #[error("a line of Git's protocol is too long")]
    Long,
}

/// Appends a line with `data`, which must be at most [`MAX`] bytes.
pub fn write(out: &mut Vec<u8>, data: &[u8]) -> Result<(), PktError> {
    if data.len() > MAX {
        return Err(PktError::Long);
    }
    out.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    out.extend_from_slice(data);
    Ok(())
}

/// The first line of `bytes`, and what comes after it.
pub fn split(bytes: &[u8]) -> Result<(Line<'_>, &[u8]), PktError> {
    let (digits, rest) = bytes.split_first_chunk::<4>().ok_or(PktError::Short)?;
    // `from_str_radix` alone would take a sign.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(PktError::Length);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| PktError::Length)?;
    let length = usize::from_str_radix(digits, 16).map_err(|_| PktError::Length)?;
    match length {
        0 => Ok((Line::Flush, rest)),
        1 => Ok((Line::Delimiter, rest)),
        2 => Ok((Line::End, rest)),
        3 => Err(PktError::Length),
        length if length - 4 > MAX => Err(PktError::Long),
        length => {
            let (data, rest) = rest.split_at_checked(length - 4).ok_or(PktError::Short)?;
            Ok((Line::Data(data), rest))
        }
    }
}

/// The lines of `bytes`, up to the end or the first error.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = Result<Line<'_>, PktError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let split = split(rest);
        rest = split.as_ref().map_or(&[], |(_, rest)| rest);
        Some(split.map(|(line, _)| line))
    })
}

/// `data` without the line break that most lines end with.
pub fn text(data: &[u8]) -> &[u8] {
    data.strip_suffix(b"\n").unwrap_or(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        let mut out = Vec::new();
        write(&mut out, b"want\n").unwrap();
        write(&mut out, b"").unwrap();
        out.extend_from_slice(FLUSH);
        out.extend_from_slice(b"0001");
        assert!(out.starts_with(b"0009want\n0004"));
        let all: Vec<_> = lines(&out).map(Result::unwrap).collect();
        let data = |bytes: &'static [u8]| Line::Data(bytes);
        assert_eq!(all, [data(b"want\n"), data(b""), Line::Flush, Line::Delimiter]);
        assert_eq!(text(b"want\n"), b"want");
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for (bad, error) in [
            (&b"000"[..], PktError::Short),
            (b"0003", PktError::Length),
            (b"+00a", PktError::Length),
            (b"zzzz", PktError::Length),
            (b"0009wan", PktError::Short),
            (b"ffff", PktError::Long),
        ] {
            assert_eq!(split(bad).unwrap_err(), error);
            assert_eq!(lines(bad).count(), 1, "nothing comes after an error");
        }
        assert_eq!(write(&mut Vec::new(), &vec![0; MAX + 1]), Err(PktError::Long));
    }
}
