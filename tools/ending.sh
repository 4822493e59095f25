# To be read by a shell program that starts others: how it ends them, and itself.

# Ends a program that this shell has started, and waits for that. One that has been told to reload at the same moment, as
# by a closing terminal, may miss a word: hence it gets more than one. In the end there is SIGKILL.
end_program() { # process id
  kill -TERM "$1" 2>/dev/null || :
  (
    words=0
    while sleep 0.2; do
      words=$((words + 1))
      if [ "$words" -lt 50 ]; then kill -TERM "$1"; else kill -KILL "$1"; fi
    done
  ) >/dev/null 2>&1 &
  reminder=$!
  wait "$1" 2>/dev/null || :
  kill -KILL "$reminder" 2>/dev/null || :
  wait "$reminder" 2>/dev/null || :
}

# Has a function called once when this program ends, whatever ends it, and not disturbed by a second signal.
at_end() { # function
  trap "trap '' INT TERM HUP; $1" EXIT
  trap 'exit 0' INT TERM HUP
}
