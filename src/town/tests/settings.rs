//! Settings: which file wins, what is refused, and how they are changed.

use super::*;

#[test]
fn the_closer_file_wins() {
    let (_guard, town) =
        town("name = \"shop\"\nattempts = 5\ntries = 9\n[roles.tester]\nagent = \"codex\"\nlimit = 2\n");
    put(&town.root, "rigs.d/web.toml", &format!("{WEB}model = \"big\"\n[roles.tester]\nagent = \"claude\"\n"));
    put(&town.root, "local.toml", "home = \"abcdefgh2345\"\nruntime = \"process\"\ntries = 2\n");
    let web = town.rig(&rig("web")).expect("valid");
    let here = town.settings().expect("valid");
    let there = town.settings_with(Some(&web), &[("grace", "1m"), ("agent", "builtin")]).expect("valid");
    assert_eq!((here.attempts, here.tries, here.grace), (5, 2, Seconds(10)));
    assert_eq!((there.attempts, there.tries, there.grace), (7, 2, Seconds(60)));
    assert_eq!((here.runtime, there.name.as_str(), there.branch.as_str()), (RuntimeKind::Process, "shop", "main"));
    let tester = there.role(&"tester".parse().expect("valid"));
    assert_eq!(
        (tester.agent.as_deref(), tester.limit, tester.model.as_deref()),
        (Some("claude"), Some(2), Some("big"))
    );
    assert_eq!(there.role(&RoleName::developer()).agent.as_deref(), Some("builtin"));
    assert_eq!(town.local().expect("valid").map(|local| local.home.to_string()), Some("abcdefgh2345".to_owned()));
}

#[test]
fn a_town_without_a_name_is_called_like_its_folder() {
    let (_guard, town) = town("");
    assert_eq!(town.settings().expect("valid").name, "t");
    assert_eq!(town.local().expect("no file is no error"), None);
}

#[test]
fn mistakes_are_told_with_file_line_and_the_nearest_key() {
    let cases = [
        ("name = \"x\"\natempts = 3\n", "town.toml:2: there is no setting \"atempts\" / Did you mean `attempts`?"),
        (
            "[identity]\nauthr = \"worker\"\n",
            "town.toml:2: there is no setting \"identity.authr\" / Did you mean `identity.author`?",
        ),
        ("\n\nattempts = \"three\"\n", "town.toml:3: attempts must be a whole number from 1 to 100"),
        ("attempts = 0\n", "town.toml:1: attempts must be a whole number from 1 to 100"),
        ("permissions = \"yolo\"\n", "town.toml:1: permissions must be one of autonomous, ask"),
        (
            "gate_limit = \"ten\"\n",
            "town.toml:1: gate_limit must be a span of time such as \"90s\", \"10m\", \"2h\" or \"1d\"",
        ),
        ("url = \"x\"\n", "town.toml:1: url is a setting of rigs.d/NAME.toml, not of town.toml"),
        ("identity = 3\n", "town.toml:1: identity must be a table"),
        (
            "[agents.x]\nporgram = \"y\"\n",
            "town.toml:2: there is no setting \"agents.x.porgram\" / Did you mean `agents.x.program`?",
        ),
        ("name = \"a\"\nname = \"b\"\n", "town.toml:2: "),
        ("name = \n", "town.toml:1: "),
        ("names = [\"Toast\"]\n", "town.toml:1: \"Toast\" is not a worker name"),
    ];
    for (text, expected) in cases {
        let (_guard, town) = town(text);
        let told = told(town.settings().expect_err(text));
        assert!(told.starts_with(expected), "{text:?}\n got {told}\nwant {expected}");
    }
}

#[test]
fn mistakes_in_a_rig_are_told_and_block_no_other_rig() {
    let cases = [
        (WEB.replace("web", "shop"), "rigs.d/web.toml:1: the name is shop, the file is rigs.d/web.toml"),
        (
            format!("{WEB}[[gates]]\nname = \"a\"\nrn = \"x\"\n"),
            "rigs.d/web.toml:8: there is no setting \"gates.rn\" / Did you mean `gates.run`?",
        ),
        (format!("{WEB}[[gates]]\nname = \"a\"\n"), "rigs.d/web.toml:6: missing field `run`"),
        (
            format!("{WEB}[[gates]]\nname = \"a\"\nrun = \"x\"\n[[gates]]\nname = \"a\"\nrun = \"y\"\n"),
            "rigs.d/web.toml:6: two gates are named \"a\"",
        ),
        (format!("{WEB}gates = 3\n"), "rigs.d/web.toml:6: gates must be a list of tables, written [[gates]]"),
        (
            format!("{WEB}capacity = 3\n"),
            "rigs.d/web.toml:6: capacity is a setting of town.toml, local.toml, not of rigs.d/web.toml",
        ),
        (WEB.replace("prefix = \"web\"", "prefix = \"W\""), "rigs.d/web.toml:2: \"W\" is not a bead prefix"),
        (
            format!("{WEB}[merge]\nstyle = \"octopus\"\n"),
            "rigs.d/web.toml:7: merge.style must be one of merge, squash, rebase",
        ),
    ];
    for (text, expected) in cases {
        let (_guard, town) = town("");
        put(&town.root, "rigs.d/web.toml", &text);
        put(&town.root, "rigs.d/api.toml", &WEB.replace("web", "api"));
        let told = told(town.rig(&rig("web")).expect_err(&text));
        assert!(told.starts_with(expected), "\n got {told}\nwant {expected}");
        let each = town.rigs_each().expect("the folder can be read");
        assert_eq!(each.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
    }
}

#[test]
fn a_setting_is_changed_in_its_place() {
    let text = "# the shop\nattempts = 5 # enough\n\n[identity]\n# ours\nauthor = \"person\"\n";
    let (_guard, town) = town(text);
    let set = |key: &str, values: &[&str]| {
        config::set(&town, &config::locate(key, None, false).expect(key), values).expect(key).text
    };
    assert_eq!(set("attempts", &["4"]), text.replace("= 5", "= 4"));
    assert_eq!(set("identity.author", &["worker"]), text.replace("person", "worker"));
    assert_eq!(set("auto_merge", &["off"]), text.replace("# enough\n", "# enough\nauto_merge = false\n"));
    assert_eq!(set("gate_limit", &["120"]), text.replace("# enough\n", "# enough\ngate_limit = \"2m\"\n"));
    assert_eq!(set("names", &["toast", "nux"]), text.replace("# enough\n", "# enough\nnames = [\"toast\", \"nux\"]\n"));
    assert_eq!(set("roles.tester.limit", &["2"]), format!("{text}\n[roles.tester]\nlimit = 2\n"));
    assert_eq!(
        set("agents.mine.command", &["my-agent --flag"]),
        format!("{text}\n[agents.mine]\ncommand = \"my-agent --flag\"\n")
    );
    let unset = config::unset(&town, &config::locate("attempts", None, false).expect("known")).expect("set").text;
    assert!(!unset.contains("attempts") && unset.contains("# ours"), "{unset}");
}

#[test]
fn settings_of_a_rig_and_of_this_machine_go_to_their_files() {
    let (_guard, town) = town("");
    put(&town.root, "rigs.d/web.toml", WEB);
    let address = config::locate("rigs.web.gates.test.run", None, false).expect("known");
    let change = config::set(&town, &address, &["npm test"]).expect("valid");
    assert_eq!(change.file, File::Rig(rig("web")));
    assert_eq!(change.text, format!("{WEB}\n[[gates]]\nname = \"test\"\nrun = \"npm test\"\n"));
    put(&town.root, "rigs.d/web.toml", &change.text);
    let limit = config::locate("gates.test.limit", Some(&rig("web")), false).expect("known");
    assert!(
        config::set(&town, &limit, &["90"]).expect("valid").text.ends_with("run = \"npm test\"\nlimit = \"90s\"\n")
    );
    assert_eq!(config::get(&town, "rigs.web.gates.test.run", None).expect("known").value, Some("npm test".into()));
    assert_eq!(config::locate("gt", None, false).expect("known").file, File::Local);
    assert_eq!(config::locate("capacity", None, true).expect("known").file, File::Local);
    assert_eq!(config::locate("capacity", None, false).expect("known").file, File::Town);
}

#[test]
fn changes_that_break_a_rule_are_refused() {
    let (_guard, town) = town("");
    put(&town.root, "rigs.d/web.toml", WEB);
    let refused = |key: &str, values: &[&str]| {
        let done = config::locate(key, None, false).and_then(|address| config::set(&town, &address, values));
        told(done.expect_err(key))
    };
    let cases: &[(&str, &[&str], &str)] = &[
        ("atempts", &["3"], "there is no setting \"atempts\" / Did you mean `attempts`?"),
        ("attempts", &["0"], "attempts cannot be 0: it must be a whole number from 1 to 100"),
        ("attempts", &["many"], "attempts cannot be many: it must be a whole number"),
        ("attempts", &["1", "2"], "attempts cannot be 1 2: it takes one value"),
        ("auto_merge", &["maybe"], "auto_merge cannot be maybe: it must be true or false"),
        ("branch", &["other"], "branch cannot be changed: it is fixed when the town is made"),
        ("rigs.web.prefix", &["other"], "prefix cannot be changed: the ids of all beads of the rig begin with it"),
        (
            "rigs.web.capacity",
            &["3"],
            "capacity cannot be set in rigs.d/web.toml: it is a setting of town.toml, local.toml",
        ),
        ("rigs.web.gates.test.limit", &["5m"], "rigs.d/web.toml:7: missing field `run`"),
        ("rigs.nope.parked", &["on"], "there is no rig \"nope\" / Known rigs: web."),
        ("identity", &["x"], "there is no setting \"identity\" / Did you mean `identity.author`?"),
        ("setup", &["x"], "setup cannot be set in town.toml: it is a setting of rigs.d/NAME.toml"),
        ("names", &["[1]"], "names cannot be [1]: it must be a list of texts"),
    ];
    for (key, values, expected) in cases {
        let told = refused(key, values);
        assert!(told.starts_with(expected), "{key}\n got {told}\nwant {expected}");
    }
    let absent = config::locate("attempts", None, false).and_then(|address| config::unset(&town, &address));
    assert!(told(absent.expect_err("it is not set")).contains("it is not set in town.toml"));
}

#[test]
fn the_list_says_where_each_value_comes_from() {
    let (_guard, town) = town("attempts = 5\ntries = 9\n[roles.tester]\nlimit = 2\n");
    put(&town.root, "rigs.d/web.toml", &WEB.replace("main", "trunk"));
    put(&town.root, "local.toml", "home = \"abcdefgh2345\"\ntries = 2\n");
    let row = |key: &str, rig: Option<&RigName>| {
        let row = config::get(&town, key, rig).expect(key);
        (row.value.map(|value| value.to_string()), row.file)
    };
    let file = |name: &str| Some(name.to_owned());
    let web = rig("web");
    assert_eq!(row("attempts", None), (Some("5".into()), file("town.toml")));
    assert_eq!(row("attempts", Some(&web)), (Some("7".into()), file("rigs.d/web.toml")));
    assert_eq!(row("tries", Some(&web)), (Some("2".into()), file("local.toml")));
    assert_eq!(row("restarts", None), (Some("2".into()), None));
    assert_eq!(row("roles.tester.limit", None), (Some("2".into()), file("town.toml")));
    assert_eq!(row("rigs.web.branch", None), (Some("\"trunk\"".into()), file("rigs.d/web.toml")));
    assert_eq!(row("branch", None), (Some("\"main\"".into()), None));
    assert_eq!(row("agent", None), (None, None));
    assert_eq!(row("home", None), (Some("\"abcdefgh2345\"".into()), file("local.toml")));
    let list = config::list(&town, None).expect("valid");
    assert!(list.iter().all(|row| !row.meaning.is_empty() && !row.key.contains('*')));
    let mut keys: Vec<_> = list.iter().map(|row| &row.key).collect();
    keys.dedup();
    assert_eq!(keys.len(), list.len());
}

#[test]
fn every_default_fits_its_own_key() {
    for key in schema::KEYS.iter().filter(|key| !key.default.is_empty()) {
        let document: toml_edit::DocumentMut = format!("x = {}", key.default).parse().expect(key.path);
        assert_eq!(key.kind.fits(&document["x"]), Ok(()), "{}", key.path);
    }
}

#[test]
fn a_new_town_file_is_valid_whatever_the_town_is_called() {
    for name in ["shop", "it's \"mine\"", "日本\n", "a\\b"] {
        let (_guard, town) = town(&new_town_file(name, "main", Some("claude")));
        let settings = town.settings().expect(name);
        assert_eq!((settings.name.as_str(), settings.agent.as_deref()), (name, Some("claude")));
    }
}
