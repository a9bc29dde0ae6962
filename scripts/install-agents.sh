#!/bin/sh
# Installs real agents that come from npm or PyPI with their program inside, each into a folder of its own below
# target/agents, for `make test-agents`. Nothing is installed anywhere else. Names of agents as arguments choose some.
set -eu

cd "$(dirname "$0")/.."
folder=$PWD/target/agents
mkdir -p "$folder/bin" "$folder/home"
# npm's caches and settings of the person are left alone.
export HOME="$folder/home" npm_config_cache="$folder/cache" npm_config_update_notifier=false
failed=""

npm_install() { # NAME PROGRAM PACKAGE...
    name=$1 program=$2
    shift 2
    [ ! -x "$folder/$name/$program" ] || return 0
    echo "installing $name: $*"
    mkdir -p "$folder/$name"
    npm install --no-audit --no-fund --loglevel=error --prefix "$folder/packages/$name" "$@" >/dev/null &&
        ln -sf "../packages/$name/node_modules/.bin/$program" "$folder/$name/$program" || failed="$failed $name"
}

pip_install() { # NAME PROGRAM PACKAGE
    [ ! -x "$folder/$1/$2" ] || return 0
    echo "installing $1: $3"
    mkdir -p "$folder/$1"
    python3 -m venv "$folder/packages/$1" && "$folder/packages/$1/bin/pip" install --quiet "$3" &&
        ln -sf "../packages/$1/bin/$2" "$folder/$1/$2" || failed="$failed $1"
}

wanted() { # NAME
    [ -z "$chosen" ] || case " $chosen " in *" $1 "*) ;; *) return 1 ;; esac
}

chosen="$*"
# Several need a newer node than systems have.
npm_install bin node node@24
PATH=$folder/bin:$PATH
! wanted claude || npm_install claude claude @anthropic-ai/claude-code@2.1.328
! wanted codex || npm_install codex codex @openai/codex@0.169.0
! wanted gemini || npm_install gemini gemini @google/gemini-cli@0.61.0
! wanted qwen || npm_install qwen qwen @qwen-code/qwen-code@0.24.4
! wanted opencode || npm_install opencode opencode opencode-ai@1.18.33
! wanted pi || npm_install pi pi @earendil-works/pi-coding-agent@0.87.1
! wanted copilot || npm_install copilot copilot @github/copilot@1.0.102
! wanted goose || npm_install goose goose @aaif/goose@0.20.1
! wanted omp || { npm_install omp bun bun && npm_install omp omp @oh-my-pi/pi-coding-agent@18.2.3; }
! wanted amp || npm_install amp amp @ampcode/cli
! wanted auggie || npm_install auggie auggie @augmentcode/auggie@0.36.0
! wanted aider || pip_install aider aider aider-chat==0.86.2
[ -z "$failed" ] || echo "could not be installed:$failed" >&2
