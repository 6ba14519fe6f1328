import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model } from '../../twin/estate.ts'
import { type Store, keepStorageHost, keepStore, storageHost, storeOf } from './state.ts'

/** How the twin answers the storage scripts and the package installer. */
export const model: Model = (line, host, estate) => {
  const [, , , name, ...words] = line.argv
  if (name === 'runbook-storage-tools') {
    const { nfs, curl } = storageHost(estate, host)
    return done(`nfs=${nfs ? 'yes' : 'no'} curl=${curl}\n`)
  }
  if (name === 'runbook-install' && words.includes('nfs-common')) {
    return {
      tookMs: 12_000,
      finish: now => {
        keepStorageHost(now, host, { nfs: true })
        return done('Setting up nfs-common (1:1.3.4-6) ...\n')
      },
    }
  }
  if (name === 'runbook-storage-path') return overPath(words, host, estate)
  if (name === 'runbook-storage-nfs') return overNfs(words, host, estate)
  if (name === 'runbook-storage-s3') return overS3(words, line.stdin ?? '', host, estate)
  return undefined
}

function overPath(
  [mode, path = '', cluster = '', owner = '', text = '']: readonly string[],
  host: string,
  estate: Estate,
): Exit {
  const { ownDisk } = storageHost(estate, host)
  const store = `path:${path}${ownDisk ? `@${host}` : ''}`
  if (mode === 'write') return write(estate, store, cluster, owner, text)
  return list(storeOf(estate, store), cluster)
}

function overNfs(
  [mode, server = '', path = '', , cluster = '', owner = '', text = '']: readonly string[],
  host: string,
  estate: Estate,
): Exit {
  const { nfs, cutOff, ownDisk } = storageHost(estate, host)
  const name = `nfs://${server}${path}${ownDisk ? `@${host}` : ''}`
  if (!nfs) {
    const said = `mount: /mnt: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.`
    return failed(32, said)
  }
  if (cutOff || storeOf(estate, name).down === true) return failed(32, 'mount.nfs: Connection refused')
  if (mode !== 'write') return list(storeOf(estate, name), cluster)
  const exit = write(estate, name, cluster, owner, text)
  return { ...exit, stdout: `Export list for ${server}:\n${path} *\n` }
}

function overS3(
  [mode, url = '', , , cluster = '', ...rest]: readonly string[],
  stdin: string,
  host: string,
  estate: Estate,
): Exit {
  const store = storeOf(estate, url)
  const [key, secret] = stdin.split('\n')
  const { cutOff, ownDisk } = storageHost(estate, host)
  if (cutOff || store.down === true) {
    return failed(
      7,
      `curl: (7) Failed to connect to ${url.replace(/^https?:\/\/([^/:]+).*/, '$1')} port 443: Connection refused`,
    )
  }
  // A store nobody has given keys to takes the first ones it sees: the twin need not know the playbook's secrets.
  if (
    (store.key !== undefined && store.key !== key) ||
    (store.secret !== undefined && store.secret !== secret)
  ) {
    return failed(
      22,
      '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SignatureDoesNotMatch</Code></Error>\n403',
    )
  }
  const name = ownDisk ? `${url}@${host}` : url
  if (mode === 'write') return write(estate, name, cluster, rest[0] ?? '', rest[1] ?? '')
  const seen = storeOf(estate, name)
  return list(
    {
      files: Object.fromEntries(
        Object.entries(seen.files).filter(([file]) => rest.some(one => file.endsWith(`.${one}`))),
      ),
    },
    cluster,
  )
}

function write(estate: Estate, name: string, cluster: string, owner: string, text: string): Exit {
  const store = storeOf(estate, name)
  keepStore(estate, name, { ...store, files: { ...store.files, [`.runbook-${cluster}.${owner}`]: text } })
  return done('')
}

function list(store: Store, cluster: string): Exit {
  const prefix = `.runbook-${cluster}.`
  const lines = Object.entries(store.files)
    .filter(([file]) => file.startsWith(prefix))
    .map(([file, text]) => `mark ${file.slice(prefix.length)} ${text}\n`)
  return done(`${lines.join('')}end\n`)
}

const done = (stdout: string): Exit => ({ code: 0, stdout, stderr: '' })
const failed = (code: number, stderr: string): Exit => ({ code, stdout: '', stderr: `${stderr}\n` })
