use proptest::prelude::*;

use super::{Graph, Node};
use crate::bead::sample::{bead, id};
use crate::bead::{Bead, Kind};

/// Beads by a small language: `a` a bead, `a:b,c` needs b and c, `a<e` belongs to e, `E` an epic.
fn graph(text: &str) -> Graph {
    Graph::of(text.split_whitespace().map(|word| Node::from(&one(word))))
}

fn long(name: &str) -> String {
    name.to_lowercase().repeat(4)
}

fn one(word: &str) -> Bead {
    let (rest, needs) = word.split_once(':').unwrap_or((word, ""));
    let (name, parent) = rest.split_once('<').unwrap_or((rest, ""));
    let mut bead = bead(&long(name));
    if name.chars().all(char::is_uppercase) {
        bead.kind = Kind::Epic;
    }
    bead.parent = (!parent.is_empty()).then(|| id(&long(parent)));
    bead.needs = needs.split(',').filter(|need| !need.is_empty()).map(|need| id(&long(need))).collect();
    bead
}

#[test]
fn cycles_name_their_path() {
    let cases = [
        ("a:b b:c c", ""),
        ("a:a", "web-aaaa needs web-aaaa"),
        ("a:b b:c c:a", "web-aaaa needs web-bbbb, web-bbbb needs web-cccc, web-cccc needs web-aaaa"),
        ("x:a a:b b:a", "web-aaaa needs web-bbbb, web-bbbb needs web-aaaa"),
        ("E a<E b<E:a", ""),
        ("E a<E:E", "web-aaaa needs web-eeee, web-eeee waits for its child web-aaaa"),
        ("E:x x:a a<E", "web-aaaa belongs to web-eeee, web-eeee needs web-xxxx, web-xxxx needs web-aaaa"),
        ("a<b b<a", "web-aaaa belongs to web-bbbb, web-bbbb belongs to web-aaaa"),
        ("t a<t b:t", ""),
        ("a:gone", ""),
        ("E F<E a<F b<E:F", ""),
        (
            "E F:E a<F b<E:a",
            "web-aaaa belongs to web-ffff, web-ffff needs web-eeee, web-eeee waits for its child web-bbbb, web-bbbb needs web-aaaa",
        ),
    ];
    for (text, expected) in cases {
        let found: Vec<String> = graph(&text.replace("gone", "g")).cycles().iter().map(ToString::to_string).collect();
        let expected: Vec<&str> = if expected.is_empty() { Vec::new() } else { vec![expected] };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_new_edge_says_which_cycle_it_would_close() {
    let cases = [
        ("a b:a", "a:b", Some("web-aaaa needs web-bbbb, web-bbbb needs web-aaaa")),
        ("a b:a", "c:b", None),
        ("E a<E x:a", "E:x", Some("web-eeee needs web-xxxx, web-xxxx needs web-aaaa, web-aaaa belongs to web-eeee")),
        ("E a:E", "a<E:E", Some("web-aaaa needs web-eeee, web-eeee waits for its child web-aaaa")),
        (
            "a<b b c<a",
            "b<c",
            Some("web-bbbb belongs to web-cccc, web-cccc belongs to web-aaaa, web-aaaa belongs to web-bbbb"),
        ),
        ("a:b b:a c", "c:a", None),
    ];
    for (text, change, expected) in cases {
        let found = graph(text).cycle_with(&one(change)).map(|cycle| cycle.to_string());
        assert_eq!(found.as_deref(), expected, "{text} and then {change}");
    }
}

#[test]
fn a_long_chain_does_not_overflow() {
    let letters: Vec<char> = "abcdefghjkmnpqrstvwxyz".chars().collect();
    let name = |n: usize| (0..4).map(|place| letters[n / 22usize.pow(place) % 22]).collect::<String>();
    let chain = |n: usize| {
        let mut bead = bead(&name(n));
        bead.needs = [id(&name((n + 1) % 20_000))].into();
        Node::from(&bead)
    };
    assert_eq!(Graph::of((0..20_000).map(chain)).cycles()[0].steps.len(), 20_000);
}

#[test]
fn the_tree_shows_children_and_needs_once() {
    let graph = graph("E a<E b<E:a,x x:y,g y");
    let tree = graph.tree(&id("eeee"));
    let text: Vec<String> = tree.lines().iter().map(|(lead, branch)| format!("{lead}{branch}")).collect();
    let expected = [
        "web-eeee eeee (open)",
        "├─ web-aaaa aaaa (open)",
        "└─ web-bbbb bbbb (open)",
        "   ├─ needs web-aaaa (open)",
        "   └─ needs web-xxxx xxxx (open)",
        "      ├─ needs web-gggg (missing)",
        "      └─ needs web-yyyy yyyy (open)",
    ];
    assert_eq!(text, expected);
}

#[test]
fn the_forest_leaves_nobody_out() {
    let roots =
        |text: &str| graph(text).forest().iter().map(|tree| tree.id.suffix()[..1].to_owned()).collect::<String>();
    assert_eq!(roots("E a<E b:a c d:c"), "bde");
    assert_eq!(roots("a:b b:a"), "a");
    assert_eq!(roots("a<b b<a"), "a");
}

#[test]
fn titles_cannot_break_out_of_a_picture() {
    let mut bead = one("a:b");
    bead.title = "Say \"hi\"; #1 <b>\\\nnow".to_owned();
    let graph = Graph::of([&bead]);
    let dot = graph.dot();
    assert!(dot.contains(r##"[label="web-aaaa\nSay \"hi\"; #1 <b>\\\nnow\nopen"];"##), "{dot}");
    assert!(dot.contains(r#""web-bbbb" -> "web-aaaa";"#), "{dot}");
    let mermaid = graph.mermaid();
    let label =
        "    web_aaaa[\"web-aaaa: Say #34;hi#34;#59; #35;1 #60;b#62;#92; now (open)\"]\n    web_bbbb --> web_aaaa\n";
    assert!(mermaid.ends_with(label), "{mermaid}");
}

#[test]
fn family_is_found_both_ways() {
    let graph = graph("E a<E b<a:E");
    assert_eq!(graph.ancestors(&id("bbbb")), [&id("aaaa"), &id("eeee")]);
    assert_eq!(graph.children(&id("eeee")).collect::<Vec<_>>(), [&id("aaaa")]);
    assert_eq!(graph.dependents(&id("eeee")).collect::<Vec<_>>(), [&id("bbbb")]);
}

proptest! {
    /// If every change is asked about first, no cycle ever comes to be; and a refused one would have been one.
    #[test]
    fn asking_first_keeps_the_graph_free_of_cycles(edges in proptest::collection::vec((0..7usize, 0..7usize, any::<bool>()), 0..40)) {
        let names = ["A", "B", "c", "d", "e", "f", "g"];
        let mut beads: Vec<Bead> = names.iter().map(|name| one(name)).collect();
        let mut graph = Graph::of(&beads);
        for (from, to, parent) in edges {
            let mut changed = beads[from].clone();
            let target = beads[to].id.clone();
            if parent { changed.parent = Some(target) } else { changed.needs.insert(target); }
            let mut after = graph.clone();
            after.insert(Node::from(&changed));
            let closes = graph.cycle_with(&changed).is_some();
            prop_assert_eq!(closes, !after.cycles().is_empty());
            if !closes {
                (beads[from], graph) = (changed, after);
            }
        }
    }
}
