# What a played agent does with the prompt on its standard input: `gt agent test` or a bead.
text=$(cat)
after() { printf '%s' "$text" | sed -n "s/.*$1 \([A-Za-z0-9.-]*[A-Za-z0-9]\).*/\1/p" | tail -n 1; }
case "$text" in
*"Answer with this word and nothing else: "*) after 'and nothing else:' ;;
*"Write a file named "*)
    command -v gt >gt-agent-shell.txt || echo none >gt-agent-shell.txt
    after 'that contains the word' >"$(after 'Write a file named')"
    ;;
*"gt prime"*"gt done"*)
    gt prime >/dev/null && echo work >work.txt && git add work.txt && git commit -q -m Work && gt done
    ;;
esac
