//! Where a browser goes after a form: to a path of ours, and nowhere else.

/// Where somebody goes who did not say.
pub(super) const ACCOUNT: &str = "/account";

/// `target`, if it is a path here. Another site's address would make ours its accomplice.
pub(super) fn own(target: Option<&str>) -> Option<&str> {
    // Browsers take a backslash for a slash, and leave tabs and line ends out.
    let sound = |text: &&str| {
        text.len() <= 1_000
            && text.starts_with('/')
            && !text.starts_with("//")
            && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>'))
    };
    target.filter(sound)
}

/// `path` with `next` in its query, if there is one.
pub(super) fn with(path: &str, next: Option<&str>) -> String {
    match next {
        None => path.to_owned(),
        Some(next) => {
            let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
            format!("{path}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_here_are_gone_to() {
        for good in ["/", "/account", "/device?user_code=BCDFGHJK", "/a//b", "/@x"] {
            assert_eq!(own(Some(good)), Some(good));
        }
        for bad in [
            "",
            "account",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "/ /evil.test",
            "https://evil.test",
            "javascript:alert(1)",
            "/\u{ff0f}evil.test",
            "/\"><script>",
        ] {
            assert_eq!(own(Some(bad)), None, "{bad:?}");
        }
        assert_eq!(own(Some(&format!("/{}", "x".repeat(1_000)))), None);
        assert_eq!(own(None), None);
    }

    #[test]
    fn it_travels_in_the_query() {
        assert_eq!(with("/sign-in", None), "/sign-in");
        let next = with("/sign-in", Some("/device?user_code=X&y=1"));
        assert_eq!(next, "/sign-in?next=%2Fdevice%3Fuser_code%3DX%26y%3D1");
    }
}
