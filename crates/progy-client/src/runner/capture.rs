//! Keeping what a program prints, however much that is.

use std::collections::VecDeque;

/// How much of the beginning is kept, and of the end, in bytes.
const HALF: usize = 512 << 10;

/// The beginning and the end of a stream.
#[derive(Debug, Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Capture {
    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let (head, rest) = piece.split_at(piece.len().min(HALF - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = {
            let lost = rest.len().saturating_sub(HALF);
            self.left_out += lost as u64;
            &rest[lost..]
        };
        let over = (self.tail.len() + rest.len()).saturating_sub(HALF);
        self.left_out += over as u64;
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// What was kept, with a line in the place of what was not.
    pub(super) fn text(&self) -> String {
        let mut bytes = self.head.clone();
        if self.left_out > 0 {
            let gap = format!("\n[… {} bytes left out …]\n", self.left_out);
            bytes.extend_from_slice(gap.as_bytes());
        }
        bytes.extend(&self.tail);
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pieces: impl Iterator<Item = Vec<u8>>) -> String {
        let mut capture = Capture::default();
        for piece in pieces {
            capture.push(&piece);
            assert!(capture.head.len() <= HALF && capture.tail.len() <= HALF);
        }
        capture.text()
    }

    #[test]
    fn what_fits_is_kept_whole() {
        let all = "0123456789abcdé\n".repeat(2 * HALF / 17);
        for size in [1, 4096, HALF - 1, HALF, HALF + 1, 3 * HALF] {
            assert!(captured(all.as_bytes().chunks(size).map(<[u8]>::to_vec)) == all, "{size}");
        }
        assert_eq!(captured(std::iter::empty()), "");
        assert_eq!(captured([b"a\xffb".to_vec()].into_iter()), "a\u{fffd}b");
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept() {
        let line = |n: usize| format!("{n:015}\n").into_bytes();
        let lines = 10 * HALF / 16;
        for size in [1, 1000, lines] {
            let numbers: Vec<usize> = (0..lines).collect();
            let text = captured(
                numbers.chunks(size).map(|some| some.iter().copied().flat_map(line).collect()),
            );
            assert!(text.starts_with("000000000000000\n"));
            assert!(text.ends_with(&format!("{:015}\n", lines - 1)));
            assert!(text.contains(&format!("[… {} bytes left out …]", 8 * HALF)));
            assert!(text.len() < 2 * HALF + 100);
        }
    }
}
