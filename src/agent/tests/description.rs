//! What the reference and `gt agent show` tell of each agent.

use super::*;

#[test]
fn nothing_is_left_open_in_the_description_of_an_agent() {
    for preset in Catalogue::built_in().all().into_iter().filter(|preset| preset.name != "command") {
        let rows = preset.rows();
        for (about, says) in &rows {
            let reason = preset.absent.get(*about);
            assert!(says.is_empty() == reason.is_some(), "{}: {about}: {says:?}, reason {reason:?}", preset.name);
        }
        for about in preset.absent.keys() {
            assert!(rows.iter().any(|(row, _)| row == about), "{}: nothing is about {about}", preset.name);
        }
        assert_eq!(preset.traits().len(), rows.len());
    }
}

#[test]
fn a_program_of_a_persons_own_tells_only_what_was_set() {
    let catalogue =
        Catalogue::new(&settings("[mine]\ncommand = \"mine {prompt}\"\nabsent = { resume = \"it has none\" }\n"));
    let traits = catalogue.get("mine").expect("defined").traits();
    let says = |about: &str| traits.iter().find(|one| one.about == about).map(|one| one.says.as_str());
    assert_eq!(says("session"), Some("`mine {prompt}`"));
    assert_eq!(says("resume"), Some("it has none"));
    assert_eq!(says("fork"), None);
}

#[test]
fn whether_it_works_without_questions_is_told_to_agents_that_know_it_from_a_file() {
    let mut machine = Machine::with(&[("amp", "true")]);
    machine.set("AMP_API_KEY", "key");
    let catalogue = Catalogue::built_in();
    for (ask, allows) in [(false, true), (true, false)] {
        let wish = Wish { ask, ..Wish::default() };
        let plan = launch(&machine, catalogue.get("amp").expect("built in"), &wish, false).expect("ready");
        let file = plan.files.iter().find(|file| file.path.ends_with("amp-settings.json")).expect("planned");
        let settings: serde_json::Value = serde_json::from_str(&file.text).expect("JSON");
        assert_eq!(settings["amp.dangerouslyAllowAll"], allows);
    }
}
