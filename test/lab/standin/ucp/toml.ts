/** UCP's configuration document, read only as far as the stand-in acts on it. */

export interface Registry {
  readonly hostAddress: string
  readonly caBundle: string
}

/** The document of a fresh installation, with the sections and keys of docker-enterprise.md 4.11. */
export function freshToml(controllerPort: number, podCidr: string): string {
  return `[auth]
  backend = "managed"
  default_new_user_role = "restrictedcontrol"

  [auth.sessions]
    lifetime_minutes = 60
    renewal_threshold_minutes = 20
    per_user_limit = 10

[scheduling_configuration]
  enable_admin_ucp_scheduling = false
  default_node_orchestrator = "swarm"

[trust_configuration]
  require_content_trust = false

[license_configuration]
  auto_refresh = true

[cluster_config]
  controller_port = ${String(controllerPort)}
  kube_apiserver_port = 6443
  swarm_port = 2376
  swarm_strategy = "spread"
  kv_timeout = 5000
  kv_snapshot_count = 20000
  pod_cidr = "${podCidr}"
  nodeport_range = "32768-35535"
`
}

/** Whether administrators may run containers on managers and DTR nodes [docker-enterprise.md 2.8]. */
export const schedulingIsOn = (toml: string): boolean =>
  /^\s*enable_admin_ucp_scheduling\s*=\s*true\s*$/m.test(toml)

/** The registered registries. */
export function registries(toml: string): readonly Registry[] {
  return toml
    .split(/^\s*\[\[registries\]\]\s*$/m)
    .slice(1)
    .map(block => {
      const section = block.split(/^\s*\[/m)[0] ?? ''
      const host = /^\s*host_address\s*=\s*"([^"]*)"/m.exec(section)?.[1] ?? ''
      const long = /^\s*ca_bundle\s*=\s*"""\n?([\s\S]*?)"""/m.exec(section)?.[1]
      const short = /^\s*ca_bundle\s*=\s*("(?:[^"\\]|\\.)*")/m.exec(section)?.[1]
      return {
        hostAddress: host,
        caBundle: long ?? (short === undefined ? '' : (JSON.parse(short) as string)),
      }
    })
}

/** The document with one registry registered; one of the same address is replaced. */
export function withRegistry(toml: string, registry: Registry): string {
  const [head = '', ...blocks] = toml.split(/^(?=\s*\[\[registries\]\])/m)
  const kept = blocks.filter(
    block => !block.includes(`host_address = ${JSON.stringify(registry.hostAddress)}`),
  )
  const added = `[[registries]]\n  host_address = ${JSON.stringify(registry.hostAddress)}\n  service_id = ""\n  ca_bundle = ${JSON.stringify(registry.caBundle)}\n`
  return `${[head, ...kept].join('').trimEnd()}\n\n${added}`
}

/** What is wrong with the document, or undefined. Checks the form of each line, not its meaning. */
export function tomlProblem(toml: string): string | undefined {
  let long = false
  const lines = toml.split('\n')
  for (const [position, line] of lines.entries()) {
    const opens = (line.match(/"""/g) ?? []).length
    const inside = long
    if (opens % 2 === 1) long = !long
    if (inside || /^\s*(#.*)?$/.test(line) || /^\s*\[{1,2}[\w.-]+\]{1,2}\s*(#.*)?$/.test(line)) continue
    if (/^\s*[\w-]+\s*=\s*\S/.test(line)) continue
    return `toml: line ${String(position + 1)}: expected key, section or comment`
  }
  return /^\s*\[cluster_config\]/m.test(toml) ? undefined : 'missing section cluster_config'
}
