#!/bin/sh
# First process of a host's namespaces. Builds what a machine's kernel and firmware would, then becomes its init.
# $1 is the host's directory; boot.env in it says who the host is.
set -eu
dir=$1
. "$dir/boot.env"

# The old /proc is still mounted: it tells our process id on the machine. With the start time it is an identity.
read -r stat < /proc/self/stat
pid=${stat%% *}
set -- ${stat##*) }
shift 19
printf '%s %s\n' "$pid" "$1" > "$dir/init.new"
mv "$dir/init.new" "$dir/init"

mount --make-rprivate /
hostname "$NAME"
ip link set lo up
tries=0
# After a power cut the old link may take a moment to go.
until ip link add eth0 address "$MAC" type veth peer name "$PORT" netns "$SWITCH" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || exit 1
  ip -n "$SWITCH" link del "$PORT" 2>/dev/null || true
  sleep 0.1
done
ip -n "$SWITCH" link set "$PORT" master br0 up
ip addr add "$ADDRESS/16" dev eth0
ip -6 addr add "$ADDRESS6/64" dev eth0 nodad
ip link set eth0 up
ip route add default via "$GATEWAY"

new=$dir/merged
mount -t overlay overlay -o "lowerdir=$ROOT,upperdir=$dir/upper,workdir=$dir/work" "$new"
mount --bind "$dir/docker" "$new/var/lib/docker"
mount --bind "$dir/containerd" "$new/var/lib/containerd"
mount --bind "$dir/srv" "$new/srv"

mount -t proc proc "$new/proc"
mount --bind "$new/proc/sys" "$new/proc/sys"
mount --bind "$new/proc/sys/net" "$new/proc/sys/net"
mount -o remount,bind,ro "$new/proc/sys"

mount -t sysfs sysfs "$new/sys"
mount -t tmpfs -o mode=755 tmpfs "$new/sys/fs/cgroup"
while IFS=: read -r number controllers path; do
  case $controllers in
  '') name=unified ; type=cgroup2 ; options=rw ;;
  name=*) name=${controllers#name=} ; type=cgroup ; options=none,$controllers ;;
  *) name=$controllers ; type=cgroup ; options=$controllers ;;
  esac
  mkdir "$new/sys/fs/cgroup/$name"
  mount -t "$type" -o "$options" cgroup "$new/sys/fs/cgroup/$name"
done < /proc/self/cgroup

mount -t tmpfs -o mode=755 tmpfs "$new/dev"
node() { mknod -m 666 "$new/dev/$1" c "$2" "$3"; }
node null 1 3 ; node zero 1 5 ; node full 1 7 ; node random 1 8 ; node urandom 1 9 ; node tty 5 0 ; node fuse 10 229
mkdir -p "$new/dev/pts" "$new/dev/shm" "$new/dev/mqueue" "$new/dev/net"
node net/tun 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$new/dev/pts"
ln -s pts/ptmx "$new/dev/ptmx"
ln -s /proc/self/fd "$new/dev/fd"
ln -s fd/0 "$new/dev/stdin" ; ln -s fd/1 "$new/dev/stdout" ; ln -s fd/2 "$new/dev/stderr"
mount -t tmpfs -o mode=1777 tmpfs "$new/dev/shm"
mount -t mqueue mqueue "$new/dev/mqueue"
mount -t tmpfs -o mode=755 tmpfs "$new/run"
mount -t tmpfs -o mode=1777 tmpfs "$new/tmp"

cd "$new"
pivot_root . mnt/old
cd /
umount -l /mnt/old
exec env -i container=lab /sbin/init < /dev/null > /dev/null 2>&1
