/**
 * Installs packages with the host's own package manager. Words: packages by their Debian names, then, when Red Hat calls
 * them otherwise, the same packages by their Red Hat names: the first half and the second half of the words.
 * Safe to repeat. Exit 3: neither apt-get nor yum is there.
 */
export const installScript = `set -u
n=$(($# / 2)) i=0 deb= rpm=
for word in "$@"; do
  if [ "$i" -lt "$n" ]; then deb="$deb $word"; else rpm="$rpm $word"; fi
  i=$((i + 1))
done
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  install() { apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold --no-install-recommends install $deb; }
  install && exit 0
  apt-get -q update && install
elif command -v yum >/dev/null; then
  yum install -y $rpm
else
  echo "runbook: neither apt-get nor yum is on this host; install $deb yourself, then resume" >&2
  exit 3
fi`
