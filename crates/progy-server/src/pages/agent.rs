//! What a program says of itself, in words that people know.

/// Programs by what their `User-Agent` holds; many claim to be others too, so the order counts.
const PROGRAMS: [(&str, &str); 7] = [
    ("progy/", "Progy"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
/// Systems, likewise.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];
/// What is shown of one that is not known, in characters.
const SHOWN: usize = 60;

/// `Firefox · Linux`, if it is known; what it says, otherwise.
pub(super) fn described(user_agent: &str) -> String {
    let of = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (of(&PROGRAMS), of(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} · {system}"),
        (Some(program), None) => program.to_owned(),
        _ => user_agent.chars().filter(|c| !c.is_control()).take(SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_their_names() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox · Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
                "Edge · Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36",
                "Chrome · Android",
            ),
            ("curl/8.14.1", "curl"),
            ("<script>\u{1b}[2J", "<script>[2J"),
        ] {
            assert_eq!(described(agent), expected);
        }
        assert_eq!(described(&"x".repeat(200)).len(), SHOWN);
    }
}
