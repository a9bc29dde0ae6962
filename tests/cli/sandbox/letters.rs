//! Letters of workers in the sandbox.

use super::*;

#[test]
fn letters_are_read_answered_found_and_put_away_in_the_sandbox() {
    for runtime in ["process", "tmux"] {
        let Some((town, _project)) = confined_town(runtime) else { return };
        let orders = r#"
            until gt mail inbox | grep -q Port; do sleep 0.1; done
            id=$(gt mail inbox --json | grep -o 'ml-[a-z0-9]*' | head -n 1)
            can prime sh -c 'gt prime | grep -q "Port? (from human): .gt mail read $1"' - "$id"
            can read sh -c 'gt mail read "$1" | grep -q "The old one is taken"' - "$id"
            cannot primed-again sh -c 'gt prime | grep -q "Port?"'
            can reply gt mail reply "$id" "8080 then"
            can reply-from-stdin sh -c 'echo "or 8081" | gt mail reply "$1" -' - "$id"
            can search sh -c 'gt mail search OLD taken | grep -q "$1"' - "$id"
            can archive gt mail archive "$id"
            cannot inbox sh -c 'gt mail inbox 2>/dev/null | grep "$1"' - "$id"
            can all sh -c 'gt mail inbox --all | grep -q "$1"' - "$id"
            other=$(gt mail inbox human --json | grep -o 'ml-[a-z0-9]*' | head -n 1)
            cannot archive-of-others gt mail archive "$other"
            cannot by-hand sh -c 'echo x >>"$1/mail/web/polecats/toast/$2.toml"' - "$town" "$id"
        "#;
        ordered(&town, "toast", orders);
        let sent = town.json(["mail", "send", "toast", "Port?", "-m", "The old one is taken."]);
        assert_eq!(reported(&town).trim(), "", "{runtime}");
        let id = sent["id"].as_str().expect("an id");
        let found = town.json(["mail", "search", "old", "taken"]);
        assert!(found[0]["id"] == id && found[0]["read"].is_string() && found[0]["archived"].is_string(), "{found}");
        let answers = town.json(["mail", "inbox"]);
        let bodies: Vec<&str> =
            answers.as_array().expect("a list").iter().filter_map(|one| one["body"].as_str()).collect();
        assert!(bodies.contains(&"8080 then") && bodies.contains(&"or 8081"), "{answers}");
        assert!(answers[0]["from"] == "web/polecats/toast" && answers[0]["subject"] == "Re: Port?", "{answers}");
        let log = town.git(&["log", "--format=%an %s", "--", "mail"]);
        assert!(log.contains("toast archive") && log.contains("toast read"), "{log}");
        promises::hold(&town);
    }
}
