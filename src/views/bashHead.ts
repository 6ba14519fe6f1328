/** What every script of `planBash` begins with. Secrets reach hosts on standard input, so no list of processes shows them. */
export const BASH_HEAD = String.raw`declare -A target port jump root rootpw
words=() vars=() input=''
host() { target[$1]=$2 port[$1]=$3 jump[$1]=$4 root[$1]=$5 rootpw[$1]=${'$'}{6-}; }
title() { printf '\n== %s\n' "$1"; }
stop() { printf 'STOP: %s\n' "$1" >&2; exit 1; }
agree() { local said; read -r -p "$1 Type yes to go on: " said </dev/tty && [ "$said" = yes ] || stop 'not agreed to'; }
q() { local w; for w in "$@"; do printf "'%s' " "${'$'}{w//\'/\'\\\'\'}"; done; }
json() { local s=${'$'}{1//\\/\\\\}; s=${'$'}{s//\"/\\\"}; s=${'$'}{s//${'$'}'\n'/\\n}; s=${'$'}{s//${'$'}'\t'/\\t}; s=${'$'}{s//${'$'}'\r'/\\r}; printf '"%s"' "$s"; }
pinned() { # NAME FILE SHA256: the file the plan was made with, or none
  [ "$(sha256sum < "$2" | cut -d' ' -f1)" = "$3" ] || stop "$2 is not the file the plan was made with"
  local text; text=$(cat "$2"; printf .); printf -v "$1" %s "${'$'}{text%.}"
}
reach() { # HOST COMMAND: runs it there as root; standard input goes along
  local via=() become=''
  [ -z "${'$'}{jump[$1]}" ] || via=(-J "${'$'}{target[${'$'}{jump[$1]}]}:${'$'}{port[${'$'}{jump[$1]}]}")
  case ${'$'}{root[$1]} in nopasswd) become='sudo -n ' ;; password) become="sudo -S -p '' " ;; esac
  { [ "${'$'}{root[$1]}" != password ] || printf '%s\n' "${'$'}{rootpw[$1]}"; cat; } |
    ${'$'}{RUNBOOK_SSH:-ssh} -o BatchMode=yes ${'$'}{via[@]+"${'$'}{via[@]}"} -p "${'$'}{port[$1]}" "${'$'}{target[$1]}" "${'$'}become sh -c $(q "$2")"
}
call() { # HOST SECONDS: runs words with vars and input
  local i remote='' name
  for ((i = 0; i < ${'$'}{#vars[@]}; i += 2)); do
    name=${'$'}{vars[i]}
    remote+="IFS= read -r b; $name=\$(printf %s \"\$b\" | base64 -d; printf .); $name=${'\\$'}{$name%.}; export $name; "
  done
  {
    for ((i = 1; i < ${'$'}{#vars[@]}; i += 2)); do printf %s "${'$'}{vars[i]}" | base64 | tr -d '\n'; echo; done
    printf %s "$input"
  } | reach "$1" "${'$'}{remote}exec timeout $2 $(q "${'$'}{words[@]}")"
}
on() { # HOST SECONDS FAILS-ON: a command that changes something; its output is shown
  local log code; log=$(mktemp); chmod 600 "$log"
  call "$1" "$2" 2>&1 | tee "$log"; code=${'$'}{PIPESTATUS[0]}
  if [ -n "$3" ] && grep -qP -- "$3" "$log"; then code=1; fi
  rm -f "$log"; return "$code"
}
put() { # HOST PATH MODE: writes input as a whole file
  printf %s "$input" | reach "$1" "umask 077; mkdir -p $(q "$(dirname "$2")") && t=\$(mktemp $(q "$2.XXXXXX")) && cat > \"\$t\" && chmod $3 \"\$t\" && mv -f \"\$t\" $(q "$2")"
}
judge() { # held|needs|until HOST SECONDS WHAT: shows what words say until a person sees that it is so
  local said end=$((SECONDS + $3))
  while :; do
    printf -- '-- %s: is it so that %s?\n' "$2" "$4"
    call "$2" 30 2>&1 | head -c 4000 || true
    read -r -p $'\n[y: yes, n: no, Enter: ask again] ' said </dev/tty || stop 'nobody is there to judge'
    case $said in y) return 0 ;; n) return 1 ;; esac
    if [ "$1" != held ] && ((SECONDS > end + 600)); then return 1; fi
    [ "$1" = held ] || sleep 2
  done
}
late() { # NAME HOST WHAT secret|open FILTER: a value that is known only now
  local text
  if [ -n "$5" ]; then
    text=$(call "$2" 30 | sh -c "$5") || stop "$3 could not be told on $2"
  else
    [ "$4" = secret ] || call "$2" 30
    if [ "$4" = secret ]; then read -rs -p "Value of $3 on $2: " text </dev/tty; else read -r -p "Value of $3 on $2: " text </dev/tty; fi
  fi
  [ -n "$text" ] || stop "$3 on $2 is empty"
  printf -v "$1" %s "$text"
}`
