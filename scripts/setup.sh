#!/bin/sh
# Makes sure that what gt is built and run with is there: git, tmux, a C compiler, a Rust toolchain.
#
#   scripts/setup.sh            what `make build` and `make demo` need
#   scripts/setup.sh --tests    also strace, which the kill tests use
#   scripts/setup.sh --checks   also rustfmt, clippy, and the shells whose completion is tested
#
# Quick and silent when nothing is missing. What is missing is installed through the system's package
# manager as root, or through `sudo` when that asks no question; otherwise the exact command is shown.
set -eu

GIT_NEEDED=2.38
TMUX_NEEDED=3.2
RUST_NEEDED=1.89

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# The first "number.number" in what a program says about itself; empty when the program is not there.
version() {
    have "$1" || return 0
    "$@" 2>/dev/null | sed -n 's/[^0-9]*\([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1
}

# at_least HAVE NEEDED: both as "major.minor".
at_least() {
    [ -n "$1" ] || return 1
    [ "${1%%.*}" -gt "${2%%.*}" ] && return 0
    [ "${1%%.*}" -eq "${2%%.*}" ] && [ "${1#*.}" -ge "${2#*.}" ]
}

git_ok() { at_least "$(version git --version)" "$GIT_NEEDED"; }
tmux_ok() { at_least "$(version tmux -V)" "$TMUX_NEEDED"; }
cc_ok() { have "${CC:-cc}" && printf '#include <stdio.h>\nint main(void){return 0;}\n' | "${CC:-cc}" -x c -fsyntax-only - 2>/dev/null; }
# ptrace may be forbidden in a container even where strace is installed; the tests say so themselves.
strace_ok() { [ "$(uname -s)" != Linux ] || have strace; }

package_manager() {
    for candidate in apt-get dnf pacman apk brew; do
        if have "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

# The package that has a program, under the name that the package manager gives it.
package() {
    case "$2/$1" in
        apt-get/cc) echo gcc libc6-dev ;;
        dnf/cc) echo gcc glibc-devel ;;
        apk/cc) echo gcc musl-dev ;;
        brew/cc) echo gcc ;;
        */cc) echo gcc ;;
        *) echo "$1" ;;
    esac
}

install_line() {
    case "$1" in
        apt-get) echo "apt-get update && apt-get install -y --no-install-recommends $2" ;;
        dnf) echo "dnf install -y $2" ;;
        pacman) echo "pacman -Sy --noconfirm $2" ;;
        apk) echo "apk add $2" ;;
        brew) echo "brew install $2" ;;
    esac
}

# Runs one line as root; fails without a question where that is not possible.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive sh -c "$1" >&2 </dev/null
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n env DEBIAN_FRONTEND=noninteractive sh -c "$1" >&2 </dev/null
    else
        return 1
    fi
}

install() {
    manager=$(package_manager)
    [ -n "$manager" ] || return 1
    packages=
    for program in "$@"; do
        packages="$packages $(package "$program" "$manager")"
    done
    line=$(install_line "$manager" "${packages# }")
    say "missing or too old:$(printf ' %s' "$@"); installing with: $line"
    if [ "$manager" = brew ]; then
        sh -c "$line" >&2 </dev/null
    else
        as_root "$line"
    fi
}

# How to get what could not be installed here, in words to type.
explain() {
    manager=$(package_manager)
    if [ -n "$manager" ]; then
        line=$(install_line "$manager" "$(package "$1" "$manager")")
        [ "$manager" = brew ] && echo "type: $line" && return
        echo "type: sudo sh -c '$line'"
    else
        echo "install $1 with your system's package manager"
    fi
}

cargo_ok() {
    if ! have cargo && [ -x "$HOME/.cargo/bin/cargo" ]; then
        say "cargo is installed and not on the PATH; type: . \"\$HOME/.cargo/env\""
        return 1
    fi
    if ! have cargo; then
        say "no Rust toolchain; type: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\""
        return 1
    fi
    # In this folder rust-toolchain.toml decides which toolchain rustup takes.
    if ! rust=$(rustc --version 2>&1); then
        say "the Rust toolchain does not answer: $rust"
        say "type: rustup toolchain install stable"
        return 1
    fi
    rust=$(version rustc --version)
    at_least "$rust" "$RUST_NEEDED" && return 0
    say "rustc is $rust and gt needs $RUST_NEEDED; type: rustup update stable"
    return 1
}

checks_ok() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return 0
    say "rustfmt or clippy is missing; type: rustup component add rustfmt clippy"
    return 1
}

cd "$(dirname "$0")/.."
tests=no
checks=no
for option in "$@"; do
    case "$option" in
        --tests) tests=yes ;;
        --checks) tests=yes checks=yes ;;
        *)
            say "unknown option $option; there are --tests and --checks"
            exit 2
            ;;
    esac
done

set --
git_ok || set -- "$@" git
tmux_ok || set -- "$@" tmux
cc_ok || set -- "$@" cc
[ $tests = no ] || strace_ok || set -- "$@" strace
[ $# = 0 ] || install "$@" || say "that did not work; going on to see what is there"
# On their own: a system that has no package of a shell still gets what is needed.
if [ $checks = yes ]; then
    for shell in zsh fish; do
        have $shell || install $shell || say "that did not work"
        have $shell || say "without $shell its completion is not tested. $(explain $shell)"
    done
fi

failed=no
git_ok || { say "git $GIT_NEEDED or newer is needed, here is: $(version git --version). $(explain git)"; failed=yes; }
tmux_ok || { say "tmux $TMUX_NEEDED or newer is needed, here is: $(version tmux -V). $(explain tmux)"; failed=yes; }
cc_ok || { say "a C compiler is needed (libgit2 and SQLite are built from source). $(explain cc)"; failed=yes; }
[ $tests = no ] || strace_ok || say "without strace the kill tests are skipped. $(explain strace)"
cargo_ok || failed=yes
[ $checks = no ] || [ $failed = yes ] || checks_ok || failed=yes
[ $failed = no ]
