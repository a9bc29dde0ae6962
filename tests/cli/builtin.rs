//! `gt harness run` through the binary: what its exit codes are is documented.

use std::path::Path;

use crate::support::TestTown;

fn script(town: &TestTown, text: &str) -> String {
    let path = town.sandbox.join("script.toml");
    std::fs::write(&path, text).expect("the sandbox is writable");
    path.display().to_string()
}

fn run(town: &TestTown, arguments: &[&str], script: &str) -> crate::support::Ran {
    let command = town.command([&["harness", "run"], arguments].concat());
    command.current_dir(Path::new(&town.sandbox.join("projects"))).variable("GT_SCRIPT", script).run()
}

#[test]
fn the_built_in_agent_works_in_a_folder_without_a_town() {
    let town = TestTown::builder().empty();
    let says = script(
        &town,
        "[[reply]]\n[[reply.step]]\ntext = \"I write it.\"\n[[reply.step.call]]\ntool = \"write_file\"\n\
         arguments = { path = \"x.txt\", content = \"hello\\n\" }\n[[reply.step]]\ntext = \"It is written.\"\n",
    );
    run(&town, &["write x"], &says).succeeds().says(&["It is written."]);
    let written = std::fs::read_to_string(town.sandbox.join("projects/x.txt"));
    assert_eq!(written.expect("the agent wrote it"), "hello\n");
}

#[test]
fn each_end_of_the_built_in_agent_has_its_documented_exit_code() {
    let town = TestTown::builder().empty();
    let endless = script(
        &town,
        "[[reply]]\nrepeat = true\n[[reply.step]]\n[[reply.step.call]]\ntool = \"list_dir\"\narguments = {}\n",
    );
    run(&town, &["go on", "--max-turns", "2"], &endless).exits(7).complains(&["2 turns", "--max-turns"]);
    run(&town, &[], &endless).exits(2).complains(&["there is nothing to do", "--prompt-file"]);
    run(&town, &["x", "--prompt-file", "y"], &endless).exits(2);
    let other = script(&town, "[[reply]]\nrole = \"nobody\"\n[[reply.step]]\ntext = \"x\"\n");
    run(&town, &["x"], &other).exits(3);
    run(&town, &["x"], "/nowhere/script.toml").exits(5).complains(&["/nowhere/script.toml"]);
    town.command(["harness", "run", "x"]).run().exits(5).complains(&["no model is set"]);
}
