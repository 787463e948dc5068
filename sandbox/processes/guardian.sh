# Outlives the process that started it, and then leaves nothing behind. Reads one instruction a line from that process:
#   add PID SIGNAL    the process group PID belongs to the world; SIGNAL asks it to stop
#   drop PID          it has ended by itself
#   hide PATH         a file that must be gone at once when the world ends
#   remove PATH       a file or folder that must be gone when its processes are
#   quit              everything was stopped in order
# The pipe ends without `quit` only when the other side is gone, also by SIGKILL. A shell, because it costs a megabyte
# and two milliseconds where another Node costs forty and three hundred.
trap '' HUP INT TERM QUIT PIPE
members=''
hidden=''
leftovers=''
while read -r verb first second; do
  case $verb in
    add) members="$members $first:$second" ;;
    drop)
      kept=''
      for member in $members; do
        [ "${member%%:*}" = "$first" ] || kept="$kept $member"
      done
      members=$kept
      ;;
    # The rest of the line is one path, which may hold spaces; newlines it cannot hold, the sender refuses them.
    hide) hidden="$hidden$first${second:+ $second}
" ;;
    remove) leftovers="$leftovers$first${second:+ $second}
" ;;
    quit) exit 0 ;;
  esac
done

remove() {
  printf '%s' "$1" | while IFS= read -r path; do
    rm -rf -- "$path"
  done
}

remove "$hidden"
for member in $members; do
  kill -s "${member#*:}" -- "-${member%%:*}" 2>/dev/null
  # A stopped process would not see the signal.
  kill -s CONT -- "-${member%%:*}" 2>/dev/null
done
rounds=0
while [ $rounds -lt 30 ]; do
  alive=''
  for member in $members; do
    kill -s 0 -- "-${member%%:*}" 2>/dev/null && alive=yes
  done
  [ -n "$alive" ] || break
  sleep 0.1
  rounds=$((rounds + 1))
done
for member in $members; do
  kill -s KILL -- "-${member%%:*}" 2>/dev/null
done
remove "$leftovers"
