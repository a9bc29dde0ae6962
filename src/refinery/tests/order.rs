//! The order of the queue.

use super::*;

#[test]
fn the_queue_has_an_order_and_says_why() {
    let convoy = |entry: Entry| Entry { convoy: Some("cv-aaaa".parse().expect("a convoy")), ..entry };
    let entries = [
        entry("eeee", 2, 9, &[]),
        entry("aaaa", 2, 5, &["bbbb"]),
        entry("bbbb", 4, 7, &[]),
        convoy(entry("cccc", 2, 1, &[])),
        entry("dddd", 0, 8, &["gggg"]),
        convoy(entry("ffff", 3, 2, &[])),
        Entry { bounced: true, ..convoy(entry("hhhh", 2, 10, &[])) },
    ];
    let placed: Vec<String> = order(&entries).iter().map(|placed| format!("{}: {}", placed.bead, placed.why)).collect();
    let expected = [
        "web-dddd: priority 0, submitted 2027-01-15T08:08:00Z",
        "web-cccc: priority 2, submitted 2027-01-15T08:01:00Z",
        "web-ffff: priority 3, submitted 2027-01-15T08:02:00Z, with web-cccc of convoy cv-aaaa",
        "web-eeee: priority 2, submitted 2027-01-15T08:09:00Z",
        "web-hhhh: priority 2, submitted 2027-01-15T08:10:00Z, which counts from its return after a bounce",
        "web-bbbb: priority 4, submitted 2027-01-15T08:07:00Z",
        "web-aaaa: priority 2, submitted 2027-01-15T08:05:00Z, after web-bbbb, which it needs",
    ];
    assert_eq!(placed, expected);
}

#[test]
fn a_person_changes_the_order_but_not_what_comes_before_what() {
    let at_place = |place, entry: Entry| Entry { place, ..entry };
    let entries = [
        entry("aaaa", 0, 1, &[]),
        at_place(-1, entry("bbbb", 4, 9, &[])),
        at_place(-2, entry("cccc", 2, 8, &["aaaa"])),
        at_place(1, entry("dddd", 0, 0, &[])),
    ];
    let placed: Vec<String> = order(&entries).iter().map(|placed| format!("{}: {}", placed.bead, placed.why)).collect();
    let expected = [
        "web-bbbb: put forward by a person, priority 4, submitted 2027-01-15T08:09:00Z",
        "web-aaaa: priority 0, submitted 2027-01-15T08:01:00Z",
        "web-cccc: put forward by a person, priority 2, submitted 2027-01-15T08:08:00Z, after web-aaaa, which it needs",
        "web-dddd: put back by a person, priority 0, submitted 2027-01-15T08:00:00Z",
    ];
    assert_eq!(placed, expected);
}

#[test]
fn beads_that_need_each_other_are_not_lost() {
    let entries = [entry("aaaa", 2, 2, &["bbbb"]), entry("bbbb", 2, 1, &["aaaa"])];
    assert_eq!(order(&entries).len(), 2);
}
