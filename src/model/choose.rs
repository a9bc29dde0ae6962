//! Which model to ask: `provider/name`, else what the environment offers.
//!
//! The variables are those that the providers' own programs use; what each means when several are set is the table of
//! [`from_env`].

use super::anthropic::{self, Anthropic};
use super::http::Endpoint;
use super::openai::{Dialect, OpenAi};
use super::retry::Patient;
use super::scripted::Scripted;
use super::{Model, ModelError};
use crate::env;

/// The providers of `provider/name`.
pub const PROVIDERS: &[&str] = &["openai", "anthropic", "openrouter", "ollama", "scripted"];

/// Looks a variable up.
type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The model to ask. The first of these that is there decides:
///
/// 1. `GT_SCRIPT`: the scripted model, whatever else is set, so that a test or a demo never calls an endpoint
///    (a `given` or `GT_MODEL` of `scripted/FILE` names another script);
/// 2. `given`, such as the model of an agent in the configuration;
/// 3. `GT_MODEL`;
/// 4. a key: `ANTHROPIC_API_KEY` or `ANTHROPIC_AUTH_TOKEN`, `OPENAI_API_KEY`, `OPENROUTER_API_KEY`, with a model of
///    that provider that is good at this work.
///
/// `ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL`, `OPENROUTER_BASE_URL` and `OLLAMA_HOST` say where the providers are; a server
/// of one's own named by its base URL needs no key.
pub fn from_env(given: Option<&str>) -> Result<Box<dyn Model>, ModelError> {
    from_variables(given, &|name| std::env::var(name).ok())
}

/// The same with variables from elsewhere than this process.
pub fn from_variables(
    given: Option<&str>,
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<Box<dyn Model>, ModelError> {
    let variables =
        &|name: &str| variables(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let given = given.map(str::to_owned).or_else(|| variables(env::MODEL));
    let script = given.as_deref().and_then(|given| given.strip_prefix("scripted/").map(str::to_owned));
    if let Some(file) = script.or_else(|| variables(env::SCRIPT)) {
        return Ok(Box::new(Scripted::open(file.as_ref())?));
    }
    let given = match given {
        Some(given) => given,
        None => preferred(variables)?.to_owned(),
    };
    let unknown = || ModelError::UnknownProvider { given: given.clone(), known: PROVIDERS };
    let (provider, name) = given.split_once('/').filter(|(_, name)| !name.is_empty()).ok_or_else(unknown)?;
    match provider {
        "anthropic" => Ok(Box::new(Patient::new(anthropic(name, variables)?))),
        "openai" => Ok(Box::new(Patient::new(openai(name, variables)?))),
        "openrouter" => Ok(Box::new(Patient::new(openrouter(name, variables)?))),
        "ollama" => Ok(Box::new(Patient::new(ollama(name, variables)?))),
        _ => Err(unknown()),
    }
}

/// A model of the provider whose key is there.
fn preferred(variables: &Variables<'_>) -> Result<&'static str, ModelError> {
    let set = |name| variables(name).is_some();
    if set("ANTHROPIC_API_KEY") || set("ANTHROPIC_AUTH_TOKEN") {
        return Ok("anthropic/claude-sonnet-4-5");
    }
    // A base URL may lead to anybody's server, which need not have the models of OpenAI.
    if set("OPENAI_BASE_URL") {
        return Err(ModelError::NoName { provider: "openai", variable: "OPENAI_BASE_URL" });
    }
    if set("OPENAI_API_KEY") {
        return Ok("openai/gpt-5");
    }
    if set("OPENROUTER_API_KEY") {
        return Ok("openrouter/anthropic/claude-sonnet-4.5");
    }
    if set("OLLAMA_HOST") {
        return Err(ModelError::NoName { provider: "ollama", variable: "OLLAMA_HOST" });
    }
    Err(ModelError::NotSet)
}

fn openai(name: &str, variables: &Variables<'_>) -> Result<OpenAi, ModelError> {
    let own = variables("OPENAI_BASE_URL");
    let base = with_version(address("OPENAI_BASE_URL", own.as_deref().unwrap_or("https://api.openai.com"))?);
    let key = variables("OPENAI_API_KEY");
    if key.is_none() && own.is_none() {
        return Err(ModelError::NoKey {
            model: format!("openai/{name}"),
            variables: "OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own",
        });
    }
    let dialect = if base.starts_with("https://api.openai.com/") { Dialect::OpenAi } else { Dialect::Compatible };
    let endpoint = completions("openai", name, &base, key, "OPENAI_API_KEY and OPENAI_BASE_URL");
    Ok(OpenAi { endpoint, model: name.to_owned(), dialect })
}

fn openrouter(name: &str, variables: &Variables<'_>) -> Result<OpenAi, ModelError> {
    let base = variables("OPENROUTER_BASE_URL").unwrap_or_else(|| "https://openrouter.ai/api/v1".to_owned());
    let base = with_version(address("OPENROUTER_BASE_URL", &base)?);
    let key = variables("OPENROUTER_API_KEY")
        .ok_or_else(|| ModelError::NoKey { model: format!("openrouter/{name}"), variables: "OPENROUTER_API_KEY" })?;
    let endpoint = completions("openrouter", name, &base, Some(key), "OPENROUTER_API_KEY");
    Ok(OpenAi { endpoint, model: name.to_owned(), dialect: Dialect::Compatible })
}

fn ollama(name: &str, variables: &Variables<'_>) -> Result<OpenAi, ModelError> {
    let host = variables("OLLAMA_HOST").unwrap_or_default();
    let base = with_version(address("OLLAMA_HOST", &ollama_address(&host))?);
    let endpoint = completions("ollama", name, &base, variables("OLLAMA_API_KEY"), "OLLAMA_HOST");
    Ok(OpenAi { endpoint, model: name.to_owned(), dialect: Dialect::Compatible })
}

fn anthropic(name: &str, variables: &Variables<'_>) -> Result<Anthropic, ModelError> {
    let own = variables("ANTHROPIC_BASE_URL");
    let base = address("ANTHROPIC_BASE_URL", own.as_deref().unwrap_or("https://api.anthropic.com"))?;
    let (key, token) = (variables("ANTHROPIC_API_KEY"), variables("ANTHROPIC_AUTH_TOKEN"));
    if key.is_none() && token.is_none() && own.is_none() {
        return Err(ModelError::NoKey {
            model: format!("anthropic/{name}"),
            variables: "ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN",
        });
    }
    let mut headers = vec![("anthropic-version", anthropic::VERSION.to_owned())];
    match (&key, &token) {
        (Some(key), _) => headers.push(("x-api-key", key.clone())),
        (None, Some(token)) => headers.push(("authorization", format!("Bearer {token}"))),
        (None, None) => {}
    }
    let base = base.strip_suffix("/messages").unwrap_or(&base);
    let base = base.strip_suffix("/v1").unwrap_or(base);
    let endpoint = Endpoint {
        model: format!("anthropic/{name}"),
        shown: format!("anthropic/{name} at {}", without_user(base)),
        url: format!("{base}/v1/messages"),
        headers,
        secret: key.or(token),
        check: "ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN and ANTHROPIC_BASE_URL",
    };
    Ok(Anthropic { endpoint, model: name.to_owned() })
}

fn completions(provider: &str, name: &str, base: &str, key: Option<String>, check: &'static str) -> Endpoint {
    Endpoint {
        model: format!("{provider}/{name}"),
        shown: format!("{provider}/{name} at {}", without_user(base)),
        url: format!("{base}/chat/completions"),
        headers: key.iter().map(|key| ("authorization", format!("Bearer {key}"))).collect(),
        secret: key,
        check,
    }
}

/// An address without the slash at its end, checked.
fn address(variable: &'static str, text: &str) -> Result<String, ModelError> {
    let uri: Option<ureq::http::Uri> = text.parse().ok();
    let good = uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    if !good {
        return Err(ModelError::BadUrl { variable, url: without_user(text) });
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The base of chat completions: an address without a path lacks the `/v1`, one with a path is taken at its word.
fn with_version(address: String) -> String {
    let address = address.strip_suffix("/chat/completions").unwrap_or(&address);
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    if host.contains('/') { address.to_owned() } else { format!("{address}/v1") }
}

/// `OLLAMA_HOST` as Ollama reads it (<https://docs.ollama.com/faq>): host, port and scheme may each be missing; an
/// address to listen on everywhere is reached on this machine.
fn ollama_address(host: &str) -> String {
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => (name, port),
        _ => (authority, ""),
    };
    let name = if matches!(name, "" | "0.0.0.0" | "[::]") { "127.0.0.1" } else { name };
    let port = match (port, host.contains("://"), scheme) {
        ("", true, "http") => "80",
        ("", true, _) => "443",
        ("", false, _) => "11434",
        (port, ..) => port,
    };
    format!("{scheme}://{name}:{port}/{path}")
}

/// An address without user and password.
fn without_user(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => address.rsplit_once('@').map_or(address, |(_, host)| host).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given, the variables that are set, what comes of it.
    type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a str);

    fn lookup<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    fn name(given: Option<&str>, set: &[(&str, &str)]) -> String {
        match from_variables(given, &lookup(set)) {
            Ok(model) => model.name().to_owned(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn who_is_asked() {
        let anthropic = ("ANTHROPIC_API_KEY", "a");
        let openai = ("OPENAI_API_KEY", "o");
        let router = ("OPENROUTER_API_KEY", "r");
        let table: &[Case<'_>] = &[
            (None, &[openai, anthropic], "anthropic/claude-sonnet-4-5"),
            (None, &[("ANTHROPIC_AUTH_TOKEN", "t")], "anthropic/claude-sonnet-4-5"),
            (None, &[router, openai], "openai/gpt-5"),
            (None, &[router], "openrouter/anthropic/claude-sonnet-4.5"),
            (None, &[anthropic, ("GT_MODEL", "ollama/qwen3")], "ollama/qwen3"),
            (Some("openai/gpt-4o"), &[openai, ("GT_MODEL", "ollama/qwen3")], "openai/gpt-4o"),
            (Some("openai/own"), &[("OPENAI_BASE_URL", "http://gpu:8000/v1")], "openai/own"),
            (Some("anthropic/own"), &[("ANTHROPIC_BASE_URL", "http://gpu:8000")], "anthropic/own"),
        ];
        for (given, set, expected) in table {
            assert_eq!(name(*given, set), *expected, "{given:?} {set:?}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let table: &[Case<'_>] = &[
            (None, &[], "set ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENROUTER_API_KEY, or GT_MODEL="),
            (None, &[("OPENAI_API_KEY", "  ")], "set ANTHROPIC_API_KEY"),
            (
                None,
                &[("OPENAI_BASE_URL", "http://gpu:8000")],
                "OPENAI_BASE_URL is set but no model is named: set GT_MODEL=openai/NAME",
            ),
            (None, &[("OLLAMA_HOST", "gpu")], "set GT_MODEL=ollama/NAME"),
            (Some("openai/gpt-5"), &[], "openai/gpt-5 needs a key: set OPENAI_API_KEY"),
            (Some("anthropic/x"), &[("OPENAI_API_KEY", "o")], "set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN"),
            (Some("openrouter/a/b"), &[], "set OPENROUTER_API_KEY"),
            (Some("gpt-5"), &[], "\"gpt-5\" names no model: write provider/name"),
            (Some("openai/"), &[], "names no model"),
            (Some("mistral/x"), &[], "openai, anthropic, openrouter, ollama, scripted"),
            (
                Some("openai/x"),
                &[("OPENAI_BASE_URL", "ftp://u:geheim@x")],
                "OPENAI_BASE_URL is \"ftp://x\", which is no http",
            ),
            (Some("scripted/none.toml"), &[], "the script none.toml cannot be played"),
            (None, &[("GT_SCRIPT", "none.toml")], "give an absolute path"),
            (Some("openai/x"), &[("OPENAI_API_KEY", "o"), ("GT_SCRIPT", "none.toml")], "the script none.toml"),
            (Some("scripted/other.toml"), &[("GT_SCRIPT", "none.toml")], "the script other.toml"),
        ];
        for (given, set, expected) in table {
            let text = name(*given, set);
            assert!(text.starts_with("error: ") && text.contains(expected), "{given:?} {set:?}: {text}");
            assert!(!text.contains("geheim"), "{text}");
        }
    }

    #[test]
    fn addresses_of_chat_completions() {
        let table = [
            ("https://api.openai.com", "https://api.openai.com/v1"),
            ("http://gpu:8000/", "http://gpu:8000/v1"),
            ("http://gpu:8000/v1", "http://gpu:8000/v1"),
            ("http://gpu:8000/v1/", "http://gpu:8000/v1"),
            ("http://gpu:8000/v1/chat/completions", "http://gpu:8000/v1"),
            ("https://x.org/v1beta/openai/", "https://x.org/v1beta/openai"),
        ];
        for (given, base) in table {
            let variables = [("OPENAI_BASE_URL", given)];
            let model = openai("m", &lookup(&variables)).expect("an address");
            assert_eq!(model.endpoint.url, format!("{base}/chat/completions"));
            assert_eq!(model.dialect == Dialect::OpenAi, base.starts_with("https://api.openai.com"), "{given}");
        }
    }

    #[test]
    fn addresses_of_messages() {
        for base in ["http://gpu:1/p", "http://gpu:1/p/", "http://gpu:1/p/v1", "http://gpu:1/p/v1/messages"] {
            let variables = [("ANTHROPIC_BASE_URL", base)];
            let model = anthropic("m", &lookup(&variables)).expect("an address");
            assert_eq!(model.endpoint.url, "http://gpu:1/p/v1/messages", "{base}");
        }
    }

    #[test]
    fn how_a_token_and_a_key_are_sent() {
        let headers = |set: &[(&str, &str)]| anthropic("m", &lookup(set)).expect("a key").endpoint.headers[1].clone();
        let (key, token) = (("ANTHROPIC_API_KEY", "k"), ("ANTHROPIC_AUTH_TOKEN", "t"));
        assert_eq!(headers(&[key, token]), ("x-api-key", "k".to_owned()));
        assert_eq!(headers(&[token]), ("authorization", "Bearer t".to_owned()));
    }

    #[test]
    fn addresses_of_ollama() {
        let table = [
            ("", "http://127.0.0.1:11434/"),
            ("0.0.0.0", "http://127.0.0.1:11434/"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
            ("gpu", "http://gpu:11434/"),
            (":8080", "http://127.0.0.1:8080/"),
            ("http://gpu", "http://gpu:80/"),
            ("https://gpu/base", "https://gpu:443/base"),
            ("[::1]:99", "http://[::1]:99/"),
        ];
        for (host, expected) in table {
            assert_eq!(ollama_address(host), expected, "{host:?}");
        }
    }
}
