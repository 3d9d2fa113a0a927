//! From a script that fails to a short one that still does.

use super::{Act, Script};

/// The shortest script that `fails` and is found by leaving things out.
///
/// Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002).
pub fn shrink(script: &Script, mut fails: impl FnMut(&Script) -> bool) -> Script {
    let mut best = script.clone();
    loop {
        let before = best.clone();
        drop_actions(&mut best, &mut fails);
        drop_mishaps(&mut best, &mut fails);
        drop_details(&mut best, &mut fails);
        drop_steps(&mut best, &mut fails);
        if best == before {
            return best;
        }
    }
}

fn drop_actions(best: &mut Script, fails: &mut impl FnMut(&Script) -> bool) {
    let mut size = best.actions.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < best.actions.len() {
            let mut shorter = best.clone();
            shorter.actions.drain(at..(at + size).min(best.actions.len()));
            if fails(&shorter) {
                *best = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
}

fn drop_mishaps(best: &mut Script, fails: &mut impl FnMut(&Script) -> bool) {
    for action in 0..best.actions.len() {
        let mut at = 0;
        loop {
            let mut shorter = best.clone();
            let Act::Run { mishaps, .. } = &mut shorter.actions[action].act else { break };
            if at >= mishaps.len() {
                break;
            }
            mishaps.remove(at);
            if fails(&shorter) {
                *best = shorter;
            } else {
                at += 1;
            }
        }
    }
}

/// Time that need not pass, and servers that need not be killed.
fn drop_details(best: &mut Script, fails: &mut impl FnMut(&Script) -> bool) {
    for action in 0..best.actions.len() {
        let simpler = match best.actions[action].act {
            Act::Later { hours } => {
                let some = [1, 2, 25, 49].into_iter().filter(|less| *less < hours);
                some.map(|hours| Act::Later { hours }).collect()
            }
            Act::Upkeep { on, dies: Some(_) } => vec![Act::Upkeep { on, dies: None }],
            _ => Vec::new(),
        };
        for act in simpler {
            let mut shorter = best.clone();
            shorter.actions[action].act = act;
            if fails(&shorter) {
                *best = shorter;
                break;
            }
        }
    }
}

fn drop_steps(best: &mut Script, fails: &mut impl FnMut(&Script) -> bool) {
    for action in 0..best.actions.len() {
        for steps in [0, best.actions[action].steps / 2] {
            if best.actions[action].steps > steps {
                let mut shorter = best.clone();
                shorter.actions[action].steps = steps;
                if fails(&shorter) {
                    *best = shorter;
                }
            }
        }
    }
}
