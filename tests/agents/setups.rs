//! How each agent is set up: its environment, its files, and what it is told when it is given work.

/// A key that opens nothing.
pub const KEY: &str = "sk-test-0123456789abcdefghijklmnopqrstuvwxyz";

/// How one agent is set up.
pub struct Setup<'a> {
    /// The preset.
    pub agent: &'a str,
    /// Where its program is, below the folder of all.
    pub bin: &'a str,
    /// Its environment; `{url}` is the endpoint.
    pub variables: &'a [(&'a str, &'a str)],
    /// Files in its HOME, with `{url}`.
    pub files: &'a [(&'a str, &'a str)],
    /// Further arguments of `gt agent test` and `gt sling`: its model.
    pub arguments: &'a [&'a str],
}

/// An agent that needs nothing, in a folder of its name.
pub const fn plain(agent: &str) -> Setup<'_> {
    Setup { agent, bin: agent, variables: &[], files: &[], arguments: &[] }
}

/// A key, and no settings at all.
pub const CLAUDE: Setup<'static> =
    Setup { variables: &[("ANTHROPIC_BASE_URL", "{url}"), ("ANTHROPIC_API_KEY", KEY)], ..plain("claude") };

pub const CLAUDE_OF_A_PERSON: Setup<'static> = Setup {
    variables: &[("ANTHROPIC_BASE_URL", "{url}"), ("ANTHROPIC_AUTH_TOKEN", KEY)],
    files: &[(".claude/settings.json", "{\"theme\": \"dark\"}\n")],
    ..plain("claude")
};

pub const CODEX: Setup<'static> =
    Setup { variables: &[("OPENAI_API_KEY", KEY)], files: &[(".codex/config.toml", CODEX_PROVIDER)], ..plain("codex") };

pub const GEMINI: Setup<'static> = Setup {
    variables: &[("GEMINI_API_KEY", KEY), ("GOOGLE_GEMINI_BASE_URL", "{url}")],
    arguments: &["--model", "gemini-2.5-pro"],
    ..plain("gemini")
};

pub const QWEN: Setup<'static> = Setup {
    variables: &[("OPENAI_API_KEY", KEY), ("OPENAI_BASE_URL", "{url}/v1"), ("OPENAI_MODEL", "scripted")],
    ..plain("qwen")
};

pub const OPENCODE: Setup<'static> = Setup {
    files: &[(".config/opencode/opencode.json", OPENCODE_PROVIDER)],
    arguments: &["--model", "ours/scripted"],
    ..plain("opencode")
};

pub const PI: Setup<'static> =
    Setup { files: &[(".pi/agent/models.json", PI_PROVIDER)], arguments: &["--model", "ours/scripted"], ..plain("pi") };

pub const OMP: Setup<'static> = Setup {
    files: &[(".omp/agent/models.json", PI_PROVIDER)],
    arguments: &["--model", "ours/scripted"],
    ..plain("omp")
};

pub const GOOSE: Setup<'static> = Setup {
    variables: &[
        ("GOOSE_PROVIDER", "openai"),
        ("GOOSE_MODEL", "gpt-4o"),
        ("OPENAI_HOST", "{url}"),
        ("OPENAI_API_KEY", KEY),
        ("GOOSE_DISABLE_KEYRING", "1"),
    ],
    ..plain("goose")
};

pub const COPILOT: Setup<'static> = Setup {
    variables: &[
        ("COPILOT_OFFLINE", "true"),
        ("COPILOT_PROVIDER_BASE_URL", "{url}/v1"),
        ("COPILOT_PROVIDER_API_KEY", KEY),
        ("COPILOT_MODEL", "scripted"),
    ],
    ..plain("copilot")
};

/// It is offered no tools, so that it cannot hand a bead in.
pub const AIDER: Setup<'static> = Setup {
    variables: &[("OPENAI_API_KEY", KEY), ("OPENAI_API_BASE", "{url}/v1")],
    arguments: &["--model", "openai/scripted"],
    ..plain("aider")
};

pub const BUILTIN: Setup<'static> = Setup {
    bin: "bin",
    variables: &[("GT_MODEL", "openai/scripted"), ("OPENAI_BASE_URL", "{url}"), ("OPENAI_API_KEY", KEY)],
    ..plain("builtin")
};

/// A provider of the person's own, as codex wants it.
pub const CODEX_PROVIDER: &str = "model = \"gpt-5\"\nmodel_provider = \"ours\"\n[model_providers.ours]\nname = \"ours\"\n\
                     base_url = \"{url}/v1\"\nwire_api = \"responses\"\nenv_key = \"OPENAI_API_KEY\"\n";

/// The same for opencode.
const OPENCODE_PROVIDER: &str = "{\"$schema\": \"https://opencode.ai/config.json\", \"provider\": {\"ours\": {\"npm\": \
                        \"@ai-sdk/openai-compatible\", \"options\": {\"baseURL\": \"{url}/v1\", \"apiKey\": \"k\"}, \
                        \"models\": {\"scripted\": {}}}}}\n";

/// The same for pi and omp.
const PI_PROVIDER: &str = "{\"providers\": {\"ours\": {\"baseUrl\": \"{url}/v1\", \"apiKey\": \"k\", \
                  \"api\": \"openai-completions\", \"models\": [{\"id\": \"scripted\", \"reasoning\": true}]}}}\n";
