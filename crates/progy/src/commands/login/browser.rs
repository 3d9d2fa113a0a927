//! Showing an address to a person.

use progy_client::config::Variables;

/// Opens `address` in the learner's browser, if there is one to be seen. Does not wait for it; a
/// browser that does not open is no failure, as the address has been printed.
pub(super) fn open(address: &str, variables: &Variables) -> bool {
    if !is_visible(variables, cfg!(any(windows, target_os = "macos"))) {
        return false;
    }
    let address = address.to_owned();
    // Some browsers keep the process that starts them.
    std::thread::spawn(move || webbrowser::open(&address));
    true
}

/// Whether a browser that opens would be seen by who sits here. `has_desktop`: whether the system
/// always has windows.
fn is_visible(variables: &Variables, has_desktop: bool) -> bool {
    // Named on purpose; what works from afar, as editors arrange it, names itself so.
    if variables.get("BROWSER").is_some() {
        return true;
    }
    let is_set = |name: &&str| variables.get(name).is_some();
    if ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].iter().any(&is_set) {
        return false;
    }
    has_desktop || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_opens_only_where_it_is_seen() {
        let visible = |set: &[&str], has_desktop| {
            let variables = set.iter().map(|name| (*name, "x")).collect();
            is_visible(&variables, has_desktop)
        };
        for seen in [&["DISPLAY"][..], &["WAYLAND_DISPLAY"], &["SSH_TTY", "BROWSER"], &["BROWSER"]]
        {
            assert!(visible(seen, false), "{seen:?}");
        }
        for unseen in [&[][..], &["DISPLAY", "SSH_CONNECTION"], &["SSH_TTY"]] {
            assert!(!visible(unseen, false), "{unseen:?}");
        }
        assert!(visible(&[], true) && !visible(&["SSH_CLIENT"], true));
    }
}
