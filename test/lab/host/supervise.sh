#!/bin/sh
# Stays outside the host, boots it, and boots it again when it calls reboot. $1 is the host's directory, $2 boot.sh.
set -eu
dir=$1
boot=$2
. "$dir/boot.env"
read -r stat < /proc/self/stat
pid=${stat%% *}
set -- ${stat##*) }
shift 19
printf '%s %s\n' "$pid" "$1" > "$dir/supervisor"

join() {
  for hierarchy in /sys/fs/cgroup/*/; do
    group=${hierarchy}$PREFIX/$NAME
    mkdir -p "$group"
    if [ -e "${hierarchy}cpuset.cpus" ]; then
      for level in "${hierarchy}$PREFIX" "$group"; do
        cat "$level/../cpuset.cpus" > "$level/cpuset.cpus"
        cat "$level/../cpuset.mems" > "$level/cpuset.mems"
      done
    fi
    echo 0 > "$group/cgroup.procs"
  done
}

while :; do
  code=0
  # sh does not fork for the last exec: the process that joins the groups is the one that becomes unshare
  (
    join
    exec unshare --mount --uts --ipc --pid --net --cgroup --fork "$boot" "$dir"
  ) || code=$?
  rm -f "$dir/init"
  # reboot(2) ends the init by SIGHUP; SIGINT is halt and power off, SIGKILL a power cut
  [ "$code" -eq 129 ] || break
done
rm -f "$dir/supervisor"
