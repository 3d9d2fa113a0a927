//! Which part of a package a device still needs (RFC 9110, sections 13 and 14).

use axum::http::{HeaderMap, HeaderName, header};

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Nothing: the device has it.
    NotModified,
    /// All of it.
    Whole,
    /// From `first` to `last`, both included.
    Part {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte.
        last: u64,
    },
    /// The device asks for what lies beyond the end.
    OutOfRange,
}

impl Selection {
    /// Reads `If-None-Match`, `Range` and `If-Range` of a request for `size` bytes that `etag`
    /// names. Forms of `Range` that we do not know are ignored, as the RFC allows.
    pub(crate) fn of(headers: &HeaderMap, size: u64, etag: &str) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if text(header::IF_NONE_MATCH).is_some_and(|tags| matches(tags, etag)) {
            return Self::NotModified;
        }
        match text(header::RANGE) {
            Some(range) if text(header::IF_RANGE).is_none_or(|tag| tag == etag) => {
                part(range, size).unwrap_or(Self::Whole)
            }
            _ => Self::Whole,
        }
    }
}

fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// One range of bytes; `None` for what is none, or several.
fn part(range: &str, size: u64) -> Option<Selection> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = match (first.trim(), last.trim()) {
        ("", suffix) => {
            let count = suffix.parse::<u64>().ok()?.min(size);
            (size - count, size.checked_sub(1))
        }
        (first, "") => (first.parse().ok()?, size.checked_sub(1)),
        (first, last) => {
            let (first, last) = (first.parse().ok()?, last.parse::<u64>().ok()?);
            if last < first {
                return None;
            }
            (first, size.checked_sub(1).map(|end| last.min(end)))
        }
    };
    match last {
        Some(last) if first <= last => Some(Selection::Part { first, last }),
        _ => Some(Selection::OutOfRange),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn select(headers: &[(HeaderName, &'static str)], size: u64) -> Selection {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Selection::of(&headers.collect(), size, "\"abc\"")
    }

    #[test]
    fn a_device_that_has_it_gets_nothing() {
        for tags in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(select(&[(header::IF_NONE_MATCH, tags)], 10), Selection::NotModified);
        }
        assert_eq!(select(&[(header::IF_NONE_MATCH, "\"x\"")], 10), Selection::Whole);
    }

    #[test]
    fn a_download_goes_on_where_it_stopped() {
        let of = |range| select(&[(header::RANGE, range)], 10);
        let part = |first, last| Selection::Part { first, last };
        assert_eq!(of("bytes=4-"), part(4, 9));
        assert_eq!(of("bytes=4-6"), part(4, 6));
        assert_eq!(of("bytes=4-60"), part(4, 9));
        assert_eq!(of("bytes=-3"), part(7, 9));
        assert_eq!(of("bytes=-30"), part(0, 9));
        for beyond in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(of(beyond), Selection::OutOfRange, "{beyond}");
        }
        for ignored in ["bytes=0-1,4-5", "lines=1-2", "bytes=x-", "bytes=6-4", "bytes=-", ""] {
            assert_eq!(of(ignored), Selection::Whole, "{ignored}");
        }
        assert_eq!(select(&[(header::RANGE, "bytes=0-")], 0), Selection::OutOfRange);
    }

    #[test]
    fn a_part_of_another_package_is_not_mixed_in() {
        let of = |tag| select(&[(header::RANGE, "bytes=4-"), (header::IF_RANGE, tag)], 10);
        assert_eq!(of("\"abc\""), Selection::Part { first: 4, last: 9 });
        assert_eq!(of("\"old\""), Selection::Whole);
        assert_eq!(of("W/\"abc\""), Selection::Whole);
    }
}
