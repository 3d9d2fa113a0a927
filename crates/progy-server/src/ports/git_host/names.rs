//! What repositories and accounts are called at other services.

use progy_core::CourseId;

use crate::ports::database::UserId;

/// The longest name that GitHub and Forgejo give a repository, in characters.
const LONGEST: usize = 100;
/// The longest name that Forgejo gives an account.
const LONGEST_ACCOUNT: usize = 40;
/// With these a name means something else at Forgejo, or loses its end at GitHub.
const RESERVED: [&str; 4] = [".git", ".wiki", ".rss", ".atom"];

/// What a course's repository is called.
///
/// No two courses have the same name, however the service takes upper and lower case:
///
/// | course | repository |
/// | --- | --- |
/// | `slug` | `progy-slug` |
/// | `@scope/slug` | `progy_scope_slug` |
/// | `@sc_ope/slug`, where an underscore would be ambiguous | `progy__6_sc_ope_slug` |
/// | one that ends as a reserved name does, as in `x.git` | the same with `_` after it |
/// | one whose name would be too long | `progy___` and 32 digits of its hash |
pub fn repository(course: &CourseId) -> String {
    let slug = course.slug();
    let mut name = match course.scope() {
        None => format!("progy-{slug}"),
        // The scope ends with the first underscore after the prefix.
        Some(scope) if !scope.contains('_') => format!("progy_{scope}_{slug}"),
        // No scope begins with an underscore, so none is read as this.
        Some(scope) => format!("progy__{}_{scope}_{slug}", scope.len()),
    };
    // `x.git_` gets another one, so that it is not taken for `x.git`.
    let bare = name.trim_end_matches('_');
    if RESERVED.iter().any(|end| bare.ends_with(end)) {
        name.push('_');
    }
    if name.len() > LONGEST {
        name = format!("progy___{}", hash(course.as_str()));
    }
    name
}

/// What a learner's account is called, where we make it.
pub fn account(user: &UserId) -> String {
    let id = user.0.as_str();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    // Forgejo refuses names with two signs in a row, or one at an end.
    let fits = id.bytes().all(plain)
        && !id.is_empty()
        && !id.contains("--")
        && !id.starts_with('-')
        && !id.ends_with('-')
        && id.len() + "progy-".len() <= LONGEST_ACCOUNT;
    if fits { format!("progy-{id}") } else { format!("progy-{}", hash(id)) }
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn of(course: &str) -> String {
        repository(&CourseId::new(course).unwrap())
    }

    #[test]
    fn courses_have_readable_names() {
        for (course, name) in [
            ("rust-basics", "progy-rust-basics"),
            ("@ana/sql", "progy_ana_sql"),
            ("@a_na/sql", "progy__4_a_na_sql"),
            ("sql.git", "progy-sql.git_"),
            ("sql.git_", "progy-sql.git__"),
            ("@ana/x.wiki", "progy_ana_x.wiki_"),
        ] {
            assert_eq!(of(course), name);
        }
        let long = "x".repeat(64);
        assert!(of(&format!("@{long}/{long}")).len() < LONGEST);
    }

    #[test]
    fn accounts_fit() {
        let of = |id: &str| account(&UserId(id.to_owned()));
        assert_eq!(
            of("0123456789abcdef0123456789abcdef"),
            "progy-0123456789abcdef0123456789abcdef"
        );
        for odd in ["", "A", "a--b", "-a", "ü", &"a".repeat(40)] {
            let name = of(odd);
            assert!(name.len() <= LONGEST_ACCOUNT && name != format!("progy-{odd}"), "{name}");
        }
    }

    fn course() -> impl Strategy<Value = String> {
        let part = "[a1_][a1_.]{0,4}(git|wiki)?";
        prop_oneof![
            part.prop_map(String::from),
            (part, part).prop_map(|(scope, slug)| format!("@{scope}/{slug}")),
        ]
    }

    proptest! {
        #[test]
        fn no_two_courses_share_a_repository(ids in proptest::collection::vec(course(), 200)) {
            let mut names: HashMap<String, CourseId> = HashMap::new();
            for course in ids.iter().filter_map(|id| CourseId::new(id).ok()) {
                let name = repository(&course);
                prop_assert!(name.len() <= LONGEST);
                prop_assert!(RESERVED.iter().all(|end| !name.ends_with(end)), "{}", name);
                if let Some(other) = names.insert(name.clone(), course.clone()) {
                    prop_assert_eq!(other, course, "{}", name);
                }
            }
        }
    }
}
