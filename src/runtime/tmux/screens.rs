//! The text of many terminals at once.

use std::collections::BTreeMap;

use tmux_interface::{CapturePane, DisplayMessage};

use super::super::RuntimeError;
use super::server::TmuxServer;

impl TmuxServer {
    /// What the terminals show, by tmux's names for them (`%3`), in one query. One that is gone meanwhile is left out.
    ///
    /// # Errors
    /// When the server does not run or does not answer.
    pub fn screens(&self, panes: &[&str]) -> Result<BTreeMap<String, String>, RuntimeError> {
        if panes.is_empty() {
            return Ok(BTreeMap::new());
        }
        match self.captured(panes) {
            // The first that is gone ends the whole query.
            Err(RuntimeError::Tmux { .. }) if panes.len() > 1 => {
                let singly = panes.iter().map(|pane| self.screens(&[pane]));
                Ok(singly.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
            }
            Err(RuntimeError::Tmux { .. }) => Ok(BTreeMap::new()),
            other => other,
        }
    }

    fn captured(&self, panes: &[&str]) -> Result<BTreeMap<String, String>, RuntimeError> {
        // Nothing that a terminal shows can be taken for the line before it.
        let mark = format!("gt-{} ", nanoid::nanoid!());
        let commands = panes.iter().flat_map(|pane| {
            let name = DisplayMessage::new().print().target_pane(*pane).message(format!("{mark}#{{pane_id}}")).build();
            [name, CapturePane::new().stdout().target_pane(*pane).build()]
        });
        let text = self.run_all(commands)?;
        let parts = text.split(mark.as_str()).skip(1).filter_map(|part| part.split_once('\n'));
        Ok(parts.map(|(pane, screen)| (pane.to_owned(), screen.trim_end().to_owned())).collect())
    }
}
