/**
 * Shell texts of faults, each named by the word that follows it in argv. A fault lives in a folder of its own on the host: `state`
 * (armed or on; only who strikes writes it), `undone` (by whom; there once it is, and then it counts), `undo` (what takes it back) and
 * `undo.sh` (does so once). They are plain files, so that a person at the
 * host can do by hand what runbook would: `sh /var/lib/runbook/faults/ID/undo.sh hand`.
 */
const FAULTS = '${RUNBOOK_FAULTS:-/var/lib/runbook/faults}'

/**
 * Words: ID SECONDS KIND and the kind's own. Writes the undo, arms a timer on the host that does it after SECONDS, and only then
 * strikes. A fault that is on already is left as it is; one that was undone is not brought back (exit 4).
 *
 * The timer is a transient unit of systemd where there is systemd (`systemd-run --on-active`), else a process in a session of its own:
 * neither needs runbook, a login or a network. A host that is started anew loses the timer, and with it what it would have undone: rules
 * of the firewall and stopped units. What stays over a restart (a filled disk, a moved certificate) is undone by `drill stop`.
 */
export const strikeScript = `set -u
id=$1 seconds=$2 kind=$3
shift 3
dir=${FAULTS}/$id
umask 077
[ ! -e "$dir/undone" ] || { echo "runbook: fault $id was undone already" >&2; exit 4; }
case $(cat "$dir/state" 2>/dev/null) in on) exit 0 ;; esac
mkdir -p "$dir" || exit 1
refuse() { echo "runbook: $*" >&2; rm -rf "$dir"; exit 4; }
chain=RBF$(printf %s "$id" | cksum | cut -d ' ' -f 1)
# The chain is made in full before anything is sent through it.
wall() {
  command -v iptables >/dev/null || refuse "iptables is not there, so nothing can be cut off"
  cat >"$dir/undo" <<END
for hook in INPUT OUTPUT FORWARD; do while iptables -w -D \\$hook -j $chain 2>/dev/null; do :; done; done
iptables -w -F $chain 2>/dev/null; iptables -w -X $chain 2>/dev/null
! iptables -w -n -L $chain >/dev/null 2>&1
END
}
raise() {
  iptables -w -N $chain || return
  while read -r rule; do iptables -w -A $chain $rule || return; done <"$dir/rules"
  for hook in INPUT OUTPUT FORWARD; do iptables -w -I $hook 1 -j $chain || return; done
}
addresses() { for name in $(echo "$1" | tr , ' '); do getent ahostsv4 "$name" | cut -d ' ' -f 1 | sort -u || echo "$name"; done; }
server_of() {
  case $1 in
    /*) findmnt -n -o SOURCE --target "$1" | sed -n 's/^\\([^@]*@\\)\\{0,1\\}\\([^:/]*\\):.*/\\2/p' ;;
    *) echo "$1" ;;
  esac
}
case $kind in
  stop-containers)
    docker ps --format '{{.Names}}' | grep "^$1" >"$dir/list"
    [ -s "$dir/list" ] || refuse "no container whose name begins with $1 runs here"
    cat >"$dir/undo" <<END
while read -r name; do
  docker inspect "\\$name" >/dev/null 2>&1 || continue
  docker start "\\$name" >/dev/null || bad=1
done <$dir/list
[ -z "\\\${bad-}" ]
END
    strike() { xargs docker stop -t 2 <"$dir/list" >/dev/null; } ;;
  stop-engine)
    echo 'systemctl start docker' >"$dir/undo"
    strike() { systemctl stop docker.socket >/dev/null 2>&1; systemctl stop docker; } ;;
  stop-balancer)
    for unit in haproxy nginx keepalived; do systemctl is-active -q $unit && echo $unit; done >"$dir/list"
    [ -s "$dir/list" ] || refuse "no balancer runs here"
    echo "xargs systemctl start <$dir/list" >"$dir/undo"
    strike() { xargs systemctl stop <"$dir/list"; } ;;
  partition)
    # Whoever administers the host must be able to get in, wherever they come from.
    { echo "-p tcp --dport $2 -j RETURN"; echo "-p tcp --sport $2 -j RETURN"
      for one in $(echo "$1" | tr , ' '); do echo "-s $one -j DROP"; echo "-d $one -j DROP"; done; } >"$dir/rules"
    wall
    strike() { raise; } ;;
  cut-storage)
    server=$(server_of "$1")
    [ -n "$server" ] || refuse "$1 is on no other host, so it cannot be cut off"
    for one in $(addresses "$server"); do echo "-s $one -j DROP"; echo "-d $one -j DROP"; done >"$dir/rules"
    wall
    strike() { raise; } ;;
  break-health-check)
    for one in $(echo "$1" | tr , ' '); do
      echo "-p tcp -d \${one%:*} --dport \${one##*:} -j REJECT --reject-with tcp-reset"
    done >"$dir/rules"
    wall
    strike() { raise; } ;;
  slow-storage)
    command -v tc >/dev/null || refuse "tc is not there, so nothing can be slowed"
    server=$(addresses "$(server_of "$1")" | head -n 1)
    dev=$(ip route get "$server" 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1)
    [ -n "$dev" ] || refuse "there is no way to the storage of $1"
    tc qdisc show dev "$dev" | grep root | grep -qv 'noqueue\\|fifo\\|fq_codel\\|fq \\| mq ' && refuse "$dev has a queue of somebody's already"
    echo "tc qdisc del dev $dev root 2>/dev/null; ! tc qdisc show dev $dev | grep -q netem" >"$dir/undo"
    strike() {
      tc qdisc add dev "$dev" root handle 1: prio &&
        tc qdisc add dev "$dev" parent 1:3 handle 30: netem delay "$1ms" &&
        tc filter add dev "$dev" parent 1:0 protocol ip prio 3 u32 match ip dst "$server" flowid 1:3
    }
    set -- "$2" ;;
  fill-disk)
    file=$1/.runbook-fault-$id leave=$2
    free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    [ "$free" -gt "$leave" ] || refuse "only $free MB are free on $1"
    echo "rm -f '$file'" >"$dir/undo"
    strike() { fallocate -l "$((free - leave))M" "$file" 2>/dev/null || head -c "$((free - leave))M" /dev/zero >"$file"; } ;;
  expire-certificate)
    [ -f "$1/cert.pem" ] && [ -f "$1/key.pem" ] || refuse "there is no cert.pem and key.pem in $1"
    command -v openssl >/dev/null || refuse "openssl is not there"
    cp -p "$1/cert.pem" "$1/key.pem" "$dir/" || exit
    : >"$dir/index.txt"
    echo 01 >"$dir/serial"
    printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=%s/index.txt\\nserial=%s/serial\\nnew_certs_dir=%s\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' "$dir" "$dir" "$dir" >"$dir/ca.cnf"
    openssl req -new -newkey rsa:2048 -nodes -keyout "$dir/old.key" -subj "/CN=$(hostname)" -out "$dir/old.csr" 2>/dev/null &&
      openssl ca -batch -notext -config "$dir/ca.cnf" -selfsign -keyfile "$dir/old.key" -startdate 20200101000000Z \\
        -enddate 20200102000000Z -in "$dir/old.csr" -out "$dir/old.pem" 2>/dev/null || refuse "no certificate could be made"
    echo "cat $dir/cert.pem >'$1/cert.pem' && cat $dir/key.pem >'$1/key.pem' && $2" >"$dir/undo"
    strike() { cat "$dir/old.pem" >"$1/cert.pem" && cat "$dir/old.key" >"$1/key.pem" && sh -c "$2"; } ;;
  skew-clock)
    for unit in chrony chronyd ntp ntpd systemd-timesyncd; do systemctl is-active -q $unit && echo $unit; done >"$dir/list"
    now=$(date +%s)
    read -r up _ </proc/uptime
    cat >"$dir/undo" <<END
read -r up _ </proc/uptime
date -s "@\\$(($now + \\\${up%.*} - \${up%.*}))" >/dev/null && { [ ! -s $dir/list ] || xargs systemctl start <$dir/list; }
END
    strike() { [ ! -s "$dir/list" ] || xargs systemctl stop <"$dir/list"; date -s "@$((now + $1))" >/dev/null; } ;;
  *) refuse "there is no fault $kind" ;;
esac
cat >"$dir/undo.sh" <<END
dir=$dir
[ ! -e "\\$dir/undone" ] || exit 0
sh "\\$dir/undo" || exit 1
echo "\\\${1:-hand}" >"\\$dir/undone.new" && mv "\\$dir/undone.new" "\\$dir/undone"
END
echo armed >"$dir/state"
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null &&
  systemd-run --quiet --collect --unit="runbook-fault-$id" --on-active="$seconds" --timer-property=AccuracySec=1s sh "$dir/undo.sh" timer 2>/dev/null; then :
else
  command -v setsid >/dev/null || refuse "neither systemd-run nor setsid is there, so no timer can be armed"
  setsid sh -c 'sleep "$1"; until sh "$2/undo.sh" timer; do sleep 5; done' runbook-fault "$seconds" "$dir" >/dev/null 2>&1 </dev/null &
fi
strike "$@" || { code=$?; sh "$dir/undo.sh" failed; exit $code; }
echo on >"$dir/state"`

/** Words: ID BY. Undoes one fault; one that is not there, or is undone, is left so. */
export const undoScript = `dir=${FAULTS}/$1
[ -e "$dir/state" ] || exit 0
sh "$dir/undo.sh" "$2" || exit
systemctl stop "runbook-fault-$1.timer" >/dev/null 2>&1
exit 0`

/** Read-only. Prints \`ID STATE\` for every fault that this host knows of, then \`end\`. */
export const lookScript = `cd ${FAULTS} 2>/dev/null || { echo end; exit 0; }
for dir in *; do
  if [ -e "$dir/undone" ]; then echo "$dir undone $(cat "$dir/undone")"
  elif [ -e "$dir/state" ]; then echo "$dir $(cat "$dir/state")"; fi
done
echo end`
