//! Programs of a person's own, as lines of sh.

use super::*;

#[test]
fn a_command_gets_the_prompt_byte_for_byte_whatever_is_in_it() {
    let machine = Machine::with(&[("mine", "for word in \"$@\"; do printf '<%s>' \"$word\"; done")]);
    let prompt = "It's \"quoted\" $(touch pwned) `x` ; {model} {prompt}\nline two \\n; ünïcode";
    let cases = [
        ("mine --flag", format!("<--flag><{prompt}>")),
        ("mine {prompt} --after", format!("<{prompt}><--after>")),
        ("mine \"m={model}\" {prompt}", format!("<m=big><{prompt}>")),
        ("X=1 mine a", format!("<a><{prompt}>")),
        ("cd . && mine", format!("<{prompt}>")),
    ];
    for (command, expected) in cases {
        let text = format!("[x]\ncommand = {}\n", toml::Value::from(command));
        let catalogue = Catalogue::new(&settings(&text));
        let wish = Wish { prompt, model: Some("big"), ..Wish::default() };
        let plan = launch(&machine, catalogue.get("x").expect("defined"), &wish, false).expect("installed");
        assert_eq!(run(&plan), expected, "{command}");
        assert!(!plan.cwd.join("pwned").exists());
    }
}

#[test]
fn a_command_may_take_the_prompt_as_a_file() {
    let machine = Machine::with(&[("mine", "printf '<%s>' \"$@\"")]);
    let catalogue = Catalogue::new(&settings("[x]\ncommand = \"mine --file {prompt_file}\"\n"));
    let plan = launch(&machine, catalogue.get("x").expect("defined"), &Wish::default(), false).expect("installed");
    assert_eq!(machine.shown(&run(&plan)), "<--file><[M]/run/prompt.md>");
    assert_eq!(
        plan.files[0],
        PlannedFile { path: machine.path("run/prompt.md"), text: "Do it".to_owned(), program: false }
    );
}
