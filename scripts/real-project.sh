#!/bin/sh
# The acceptance run: `gt run` with the built-in agent, over HTTP, on a published crate that was not written
# for it. Takes the sources of the crate from the registry, makes them a git repository, starts a scripted
# model endpoint on loopback, and lands three beads, each of which needs the one before, with the crate's own
# tests as the gate.
#
#   scripts/real-project.sh             everything is removed afterwards
#   scripts/real-project.sh --keep      the folder stays, to look around
#
# GT names the binary to use; when it is not set, one is built.
set -eu

CRATE=heck
VERSION=0.5.0

cd "$(dirname "$0")/.."
here=$(pwd)
keep=no
for option in "$@"; do
    case "$option" in
        --keep) keep=yes ;;
        *) echo "unknown option $option; there is --keep" >&2 && exit 2 ;;
    esac
done

say() { printf '\n== %s\n' "$*"; }

scripts/setup.sh
cargo build --quiet --locked --bin gt --example endpoint
gt=${GT:-$here/target/debug/gt}

folder=$(mktemp -d "${TMPDIR:-/tmp}/gt-real-XXXXXX")
endpoint=

# Ends only what names this run's own folder.
finish() {
    [ -z "$endpoint" ] || kill "$endpoint" 2>/dev/null || true
    if [ $keep = yes ]; then
        say "kept: $folder"
        return
    fi
    for process in /proc/[0-9]*; do
        if { tr '\0' '\n' <"$process/cmdline" | grep -qF "$folder"; } 2>/dev/null; then
            kill -9 "${process#/proc/}" 2>/dev/null || true
        fi
    done
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

say "the sources of $CRATE $VERSION"
mkdir -p "$folder/fetch/src"
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s = "=%s"\n' \
    "$CRATE" "$VERSION" >"$folder/fetch/Cargo.toml"
: >"$folder/fetch/src/lib.rs"
(cd "$folder/fetch" && cargo vendor --quiet >/dev/null)
project=$folder/$CRATE
mv "$folder/fetch/vendor/$CRATE" "$project"
rm -f "$project/.cargo-checksum.json" "$project/.cargo_vcs_info.json" "$project/Cargo.toml.orig"
printf '/target\n/Cargo.lock\n' >"$project/.gitignore"
(
    cd "$project"
    git init --quiet --initial-branch=main
    git config user.name "Ada Person"
    git config user.email "ada@example.org"
    git add --all
    git commit --quiet --message "$CRATE $VERSION as published"
    git log --oneline
)

say "a model endpoint on loopback"
target/debug/examples/endpoint "$here/scripts/real-project.toml" >"$folder/endpoint.url" 2>"$folder/endpoint.log" &
endpoint=$!
waited=0
until [ -s "$folder/endpoint.url" ]; do
    kill -0 "$endpoint" 2>/dev/null || { cat "$folder/endpoint.log" >&2 && exit 1; }
    [ $waited -lt 300 ] || { echo "the endpoint does not start" >&2 && exit 1; }
    waited=$((waited + 1))
    sleep 0.1
done
OPENAI_BASE_URL=$(head -n 1 "$folder/endpoint.url")
export OPENAI_BASE_URL OPENAI_API_KEY=loopback GT_MODEL=openai/scripted
echo "$OPENAI_BASE_URL"

say "a town, and $CRATE as a rig with its own tests as the gate"
"$gt" init "$folder/town" --agent builtin --permissions autonomous
cd "$folder/town"
"$gt" config set identity.name "Ada Person"
"$gt" config set identity.email "ada@example.org"
"$gt" rig add "$CRATE" "$project" --gate "cargo test"

say "the run"
"$gt" run "Add dot.case to heck, tested and documented" --rig "$CRATE" --workers 2 --yes

say "the project"
git -C "$project" log --oneline --graph
(cd "$project" && cargo test --quiet 2>&1 | grep '^test result')
(cd "$project" && cargo run --quiet --example dot)

say "the story, in the town's git log"
git log --reverse --format='%h %<(24,trunc)%an %s'

merged=$(git grep -l 'closed_as = "merged"' HEAD -- beads | wc -l)
say "$merged beads closed as merged"
[ "$merged" -ge 3 ]
