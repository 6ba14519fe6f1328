#!/bin/sh
# Run by mmdebstrap with the new root as $1: takes out what makes a machine itself, puts in what all hosts share.
set -eu
root=$1

rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/docker/key.json" "$root/etc/resolv.conf" "$root/etc/apt/sources.list"
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/*
: > "$root/etc/machine-id"
: > "$root/etc/resolv.conf"
: > "$root/etc/fstab"
rm -f "$root/var/lib/dbus/machine-id"
mkdir -p "$root/mnt/old" "$root/etc/docker" "$root/var/lib/docker" "$root/var/lib/containerd"

for unit in getty@tty1.service console-getty.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer fstrim.timer systemd-timesyncd.service docker-registry.service nfs-ganesha.service nfs-ganesha-lock.service \
  nfs-client.target run-rpc_pipefs.mount proc-fs-nfsd.mount; do
  chroot "$root" systemctl mask "$unit" >/dev/null 2>&1 || true
done
for unit in haproxy nginx rpcbind.service rpcbind.socket; do
  chroot "$root" systemctl disable "$unit" >/dev/null 2>&1 || true
done

chroot "$root" useradd --create-home --shell /bin/bash --groups docker ops
chroot "$root" useradd --create-home --shell /bin/bash --gid adm --groups sudo adm
printf 'adm:lab-adm-password\n' | chroot "$root" chpasswd
printf 'UseDNS no\n' > "$root/etc/ssh/sshd_config.d/lab.conf"

# Images are there already and no registry can be reached: do not let swarm wait for one.
mkdir -p "$root/etc/systemd/system/docker.service.d"
printf '[Service]\nEnvironment=DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1\n' \
  > "$root/etc/systemd/system/docker.service.d/lab.conf"
printf '{ "max-concurrent-downloads": 2, "storage-driver": "overlay2" }\n' > "$root/etc/docker/daemon.json"
sed -i 's/^#\?user_allow_other/user_allow_other/' "$root/etc/fuse.conf" 2>/dev/null || true
