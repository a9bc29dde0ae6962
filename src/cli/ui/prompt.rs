//! Questions, asked only where there is somebody to answer.

use std::fmt::Display;
use std::io::BufRead;

use super::{Text, Ui};
use crate::error::{Failure, Kind, Outcome};

/// What happens to a question when nobody is there to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unattended<T> {
    /// This answer is taken, and said.
    Use(T),
    /// The command fails and names what to give instead, such as `--yes`.
    Refuse(&'static str),
}

impl Ui {
    /// Whether there is somebody to ask: stdin and stderr are terminals, no JSON is wanted, and the caller is
    /// no worker.
    pub fn is_attended(&self) -> bool {
        self.attended
    }

    /// A question with yes or no as the answer; an empty answer is `default`.
    ///
    /// # Errors
    /// When nobody answers and `unattended` refuses.
    pub fn confirm(&mut self, question: impl Display, default: bool, unattended: Unattended<bool>) -> Outcome<bool> {
        let question = question.to_string();
        let shown = |yes: bool| if yes { "yes" } else { "no" };
        if !self.attended {
            return self.answer_itself(&question, unattended, |yes| shown(*yes).to_owned());
        }
        let choice = if default { "[Y/n]" } else { "[y/N]" };
        loop {
            match self.answer(&Text::from(&question).plain(" ").faint(choice))?.to_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("please answer yes or no"),
            }
        }
    }

    /// A question with a line of text as the answer; an empty answer is `default`.
    ///
    /// # Errors
    /// When nobody answers and `unattended` refuses.
    pub fn ask(&mut self, question: impl Display, default: &str, unattended: Unattended<&str>) -> Outcome<String> {
        let question = question.to_string();
        if !self.attended {
            return self.answer_itself(&question, unattended, |text| (*text).to_owned()).map(str::to_owned);
        }
        let shown = if default.is_empty() { Text::new() } else { Text::from(" ").faint(format_args!("[{default}]")) };
        let answer = self.answer(&Text::from(&question).join(shown))?;
        Ok(if answer.is_empty() { default.to_owned() } else { answer })
    }

    /// A question with one of `options` as the answer: its index. An empty answer is `default`.
    ///
    /// # Errors
    /// When nobody answers and `unattended` refuses.
    pub fn choose(
        &mut self,
        question: impl Display,
        options: &[Text],
        default: usize,
        unattended: Unattended<usize>,
    ) -> Outcome<usize> {
        let question = question.to_string();
        if !self.attended {
            return self.answer_itself(&question, unattended, |index| options[*index].paint(false));
        }
        self.say(Text::from(&question));
        for (index, option) in options.iter().enumerate() {
            self.say(Text::from(format!("  {}. ", index + 1)).join(option.clone()));
        }
        loop {
            let answer = self.answer(&Text::from("number ").faint(format_args!("[{}]", default + 1)))?;
            match answer.parse::<usize>() {
                _ if answer.is_empty() => return Ok(default),
                Ok(number) if (1..=options.len()).contains(&number) => return Ok(number - 1),
                _ => self.say(format!("please answer with a number from 1 to {}", options.len())),
            }
        }
    }

    fn answer_itself<T>(&mut self, question: &str, way: Unattended<T>, shown: impl Fn(&T) -> String) -> Outcome<T> {
        match way {
            Unattended::Use(answer) => {
                self.say(Text::from(format!("{question} ")).join(shown(&answer).into()).faint(" (nobody to ask)"));
                Ok(answer)
            }
            Unattended::Refuse(flag) => {
                let message = format!("there is nobody to ask: {question}");
                Err(Failure::new(Kind::Usage, message).hint(format!("give `{flag}` to answer it beforehand")))
            }
        }
    }

    /// Shows `question` and reads one line.
    fn answer(&mut self, question: &Text) -> Outcome<String> {
        self.end_step();
        self.flush();
        self.err.bytes(format!("{}: ", question.paint(self.err.colour)).as_bytes());
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) => Err(Failure::new(Kind::Usage, "no answer was given")),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(Failure::caused(Kind::External, "the answer cannot be read", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_anybody_the_default_is_taken_and_said() {
        let mut ui = Ui::captured(80);
        let yes = ui.confirm("Run the gates now?", false, Unattended::Use(true)).expect("a default");
        assert!(yes);
        let options = ["claude".into(), "codex".into()];
        assert_eq!(ui.choose("Which agent?", &options, 0, Unattended::Use(1)).expect("a default"), 1);
        let expected = "Run the gates now? yes (nobody to ask)\nWhich agent? codex (nobody to ask)\n";
        assert_eq!(ui.taken().1, expected);
    }

    #[test]
    fn without_a_default_the_flag_is_named() {
        let mut ui = Ui::captured(80);
        let failure = ui.ask("Name?", "", Unattended::Refuse("--name")).expect_err("nobody answers");
        assert_eq!(failure.kind, Kind::Usage);
        assert_eq!(failure.hints, ["give `--name` to answer it beforehand"]);
    }
}
