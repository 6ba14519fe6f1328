import type { Fact } from '../../plan/fact.ts'
import type { Check, Command, FactRef, HostName, Value } from '../../plan/step.ts'
import type { CertificateSpec, UcpSpec } from '../../playbook/topology.ts'
import { fieldsOf, isMissing, textArg } from '../os/text.ts'

/**
 * A certificate of one's own on a UCP that runs: files ca.pem, cert.pem and key.pem in volume ucp-controller-server-certs of every manager,
 * then a restart of its controller [D: ee/ucp/admin/configure/use-your-own-tls-certificates.md; §8.16].
 */

/**
 * $1 port. Prints digest and name of the two public files in the volume, whether there is a key, and whether the controller serves this very
 * certificate: by the fingerprint that openssl of the host takes of both. `served=none`: nothing answers with a certificate.
 */
export const OWN_CERTIFICATE = `command -v openssl >/dev/null || { echo 'there is no openssl on this host' >&2; exit 3; }
folder=$(LC_ALL=C docker volume inspect --format '{{.Mountpoint}}' ucp-controller-server-certs) || exit
cd "$folder" || exit
for name in ca.pem cert.pem; do if [ -f "$name" ]; then echo "$name=$(sha256sum < "$name" | cut -d ' ' -f 1)"; fi; done
if [ -s key.pem ]; then echo key.pem=yes; fi
mine=$(openssl x509 -noout -fingerprint -sha256 < cert.pem 2>/dev/null) || mine=
there=$(openssl s_client -connect "127.0.0.1:$1" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 2>/dev/null) || there=
if [ -z "$there" ]; then echo served=none; elif [ "$there" = "$mine" ]; then echo served=yes; else echo served=no; fi
echo end=1`

/** $1 a tag, then digests of ca.pem and cert.pem that are to be replaced. Keeps the three files beside themselves under the tag, once: those of other tags go. */
export const KEEP = `set -u; umask 077
folder=$(docker volume inspect --format '{{.Mountpoint}}' ucp-controller-server-certs) || exit
cd "$folder" || exit
for old in .before-*; do case $old in ".before-$1."*|'.before-*') ;; *) rm -f "$old" ;; esac; done
for name in ca.pem cert.pem key.pem; do
  [ -f "$name" ] || continue
  [ -e ".before-$1.$name" ] || { cp -p "$name" ".new.$name" && mv -f ".new.$name" ".before-$1.$name"; } || exit
done`

/** $1 a tag: puts the files back that were kept under it. */
export const BACK = `set -u; umask 077
folder=$(docker volume inspect --format '{{.Mountpoint}}' ucp-controller-server-certs) || exit
cd "$folder" || exit
for name in ca.pem cert.pem key.pem; do
  [ -f ".before-$1.$name" ] || { echo "what was there before $1 is not kept" >&2; exit 1; }
  cp -p ".before-$1.$name" ".new.$name" && mv -f ".new.$name" "$name" || exit
done`

/** The certificate of one's own on a manager, args {port}: null without the volume, else `{ca, cert, key, served}`. */
export const ownCertificate: Fact = {
  name: 'ucp.owncertificate',
  about:
    "Certificate files of UCP on a manager, args {port}: null without their volume, else {ca, cert} as sha256 or null, {key} and {served}: whether the controller serves this certificate ('none': nothing answers).",
  scope: 'cluster',
  probe: args => ({
    argv: ['sh', '-c', OWN_CERTIFICATE, 'runbook-ucp-owncertificate', textArg(args, 'port')],
  }),
  parse(exit) {
    if (exit.code !== 3 && (isMissing(exit, 'docker') || /[Nn]o such volume/.test(exit.stderr))) return null
    const seen = fieldsOf(exit.stdout)
    if (exit.code !== 0 || seen.get('end') !== '1') return undefined
    const served = seen.get('served') ?? 'none'
    return {
      ca: seen.get('ca.pem') ?? null,
      cert: seen.get('cert.pem') ?? null,
      key: seen.get('key.pem') === 'yes',
      served: served === 'none' ? served : served === 'yes',
    }
  },
}

/** `ucp.owncertificate` of one manager. */
export function askOwnCertificate({ controllerPort }: UcpSpec, host: HostName): FactRef {
  return { fact: ownCertificate.name, host, args: { port: controllerPort } }
}

/** The playbook's certificate is in the volume of a manager, and its controller serves it. */
export function isInForce(ucp: UcpSpec, { ca, cert }: CertificateSpec, host: HostName): Check {
  return {
    ...askOwnCertificate(ucp, host),
    is: { ca: ca.sha256, cert: cert.sha256, key: true, served: true },
  }
}

/** Keeps what stands in the volume, so that it can be put back. `tag` names the certificate that replaces it. */
export const keepCommand = (tag: string): Command => ({
  argv: ['sh', '-c', KEEP, 'runbook-ucp-certificate-keep', tag],
})

/** Puts back what `keepCommand` kept. */
export const backCommand = (tag: string): Command => ({
  argv: ['sh', '-c', BACK, 'runbook-ucp-certificate-back', tag],
})

/** Has the controller of a manager read its certificate: for seconds nothing answers there. */
export const restartCommand: Command & { readonly argv: readonly Value[] } = {
  argv: ['docker', 'restart', '--time', '10', 'ucp-controller'],
}
