use super::cause::{Known, likely};
use super::*;
use crate::agent::Catalogue;
use crate::agent::transcript::{Limit, Reading, Said};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn known<'a>(status: Option<i32>, screen: &'a str) -> Known<'a> {
    let at = at("2026-11-20T10:00:00Z");
    Known {
        at,
        status,
        reason: "exited",
        ours: false,
        hung_up: false,
        reading: None,
        screen,
        preset: None,
        changed: &[],
    }
}

#[test]
fn the_most_certain_evidence_names_the_cause() {
    let said = |text: &str| Some(Said { at: at("2026-11-20T09:59:00Z"), text: text.to_owned() });
    let (mut full, mut limited, mut signed_out) = (Reading::default(), Reading::default(), Reading::default());
    full.exhausted = Some(at("2026-11-20T09:59:00Z"));
    let limit = Limit { at: at("2026-11-20T09:59:00Z"), until: Some(at("2026-11-20T12:00:00Z")), text: "429".into() };
    limited.limit = Some(limit);
    signed_out.failure = said("Please run /login · API Error: 401");
    let catalogue = Catalogue::built_in();
    let claude = catalogue.get("claude").ok();
    let changed = ["its version is 2, and was 1".to_owned()];
    let cases = [
        (Known { ours: true, reason: "restarted", ..known(Some(137), "") }, Some("gt ended it: restarted")),
        (Known { hung_up: true, ..known(Some(137), "") }, Some("its terminal was closed")),
        (Known { reading: Some(&full), ..known(Some(1), "") }, Some("its conversation was too long for its model")),
        (
            Known { reading: Some(&limited), ..known(Some(1), "") },
            Some("its provider refused to serve it until 2026-11-20T12:00:00Z"),
        ),
        (
            Known { reading: Some(&signed_out), ..known(Some(1), "") },
            Some("it is signed out: Please run /login · API Error: 401"),
        ),
        (
            Known { preset: claude, ..known(Some(1), "Do you trust the files in this folder?") },
            Some("it showed a screen of its first start: is the folder trusted"),
        ),
        (known(Some(1), "API Error: 401 bad key"), Some("it is signed out")),
        (
            known(Some(0), "an article about API Error: 401"),
            Some("it ended by itself with status 0, as at its exit command"),
        ),
        (known(Some(137), ""), Some("it was killed from outside, as by the system when memory runs out")),
        (known(Some(127), ""), Some("a program was not found")),
        (
            Known { changed: &changed, ..known(Some(1), "") },
            Some("something changed since it last went well: its version is 2, and was 1"),
        ),
        (known(Some(1), ""), None),
        (known(None, ""), None),
    ];
    for (known, cause) in cases {
        assert_eq!(likely(&known).as_deref(), cause, "{known:?}");
    }
}

#[test]
fn differences_are_told_the_most_telling_first() {
    let good = Facts {
        agent: "claude".into(),
        version: Some("1".into()),
        program: "/bin/claude".into(),
        written: Some(at("2026-11-01T10:00:00Z")),
        arguments: vec!["--model".into(), "big".into()],
        path: "/bin".into(),
        files: [
            ("/s.json".to_owned(), Some(at("2026-11-01T10:00:00Z"))),
            ("/gone".to_owned(), Some(at("2026-11-01T10:00:00Z"))),
        ]
        .into(),
    };
    assert_eq!(good.differences(&good), Vec::<String>::new());
    let files = [("/s.json".to_owned(), Some(at("2026-11-02T10:00:00Z"))), ("/gone".to_owned(), None)];
    let now = Facts {
        version: Some("2".into()),
        program: "/opt/claude".into(),
        arguments: vec!["--model".into(), "small".into()],
        path: "/opt:/bin".into(),
        files: files.into(),
        ..good.clone()
    };
    let told = now.differences(&good);
    assert_eq!(
        told,
        [
            "its version is 2, and was 1",
            "its program is /opt/claude, and was /bin/claude",
            "its arguments are `--model small`, and were `--model big`",
            "its PATH is /opt:/bin, and was /bin",
            "/gone is gone",
            "/s.json was written at 2026-11-02T10:00:00Z",
        ]
    );
    let anew = Facts { written: Some(at("2026-11-03T10:00:00Z")), ..good.clone() };
    assert_eq!(anew.differences(&good), ["its program was written anew at 2026-11-03T10:00:00Z"]);
}
