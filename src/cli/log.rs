//! What `gt` says about its own doings, on stderr.

use tracing_subscriber::EnvFilter;

use crate::env;

/// Starts the log where `-v` or `GT_LOG` asks for it.
pub(super) fn start(verbose: u8) {
    let asked = std::env::var(env::LOG).ok().filter(|filter| !filter.is_empty());
    let filter = match (asked, verbose) {
        (Some(filter), _) => filter,
        (None, 0) => return,
        (None, 1) => "gt=debug".to_owned(),
        (None, _) => "gt=trace".to_owned(),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .compact()
        .finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
}
