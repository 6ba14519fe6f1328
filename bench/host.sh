#!/bin/sh
# First process of one bench host, in namespaces of its own: a network card, private folders, then the machine's own sshd.
# $1 folder with the host's key and the public key that may log in, $2 number, $3 switch, $4 second byte of the network
set -eu
dir=$1 number=$2 switch=$3 network=$4
mount --make-rprivate /
hostname "h$number"
ip link set lo up
ip link add eth0 address "02:62:$(printf %02x "$network"):00:00:$(printf %02x "$number")" type veth peer name "${switch%sw}h$number" netns "$switch"
ip -n "$switch" link set "${switch%sw}h$number" master br0 up
ip addr add "10.$network.1.$number/16" dev eth0
ip link set eth0 up
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/bench
cp "$dir/host_key" "$dir/authorized_keys" /run/bench/
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=700 tmpfs /root
mount -t proc proc /proc
mkdir -m 700 /root/.ssh
cp /run/bench/authorized_keys /root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys /run/bench/host_key
# What Debian's package ships, and no more.
cat >/run/bench/sshd_config <<'CONFIG'
HostKey /run/bench/host_key
PidFile none
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
CONFIG
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/sshd -D -e -f /run/bench/sshd_config
