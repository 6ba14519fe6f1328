type Uses = { readonly [port: number]: string }

/** TCP ports that UCP takes on every node [D: ee/ucp/admin/install/system-requirements.md]. */
export const nodePorts: Uses = {
  179: 'BGP of the pod network',
  6444: 'Kubernetes API reverse proxy',
  7946: 'gossip',
  9099: 'Calico health',
  10250: 'kubelet',
  12376: 'TLS proxy to the engine',
  12378: 'etcd reverse proxy',
}

/** What managers take besides [D: same], [M: mke/3.8/cli-ref/mke-cli-install]. The controller's own port is not in it. */
export const managerPorts: Uses = {
  ...nodePorts,
  2376: 'classic swarm manager',
  2377: 'swarm control',
  6443: 'Kubernetes API',
  12379: 'etcd control API',
  12380: 'etcd peer API',
  12381: 'cluster CA',
  12382: 'client CA',
  12383: 'auth store',
  12384: 'auth store replication',
  12385: 'auth API',
  12386: 'auth worker',
  12387: 'metrics',
  12388: 'Kubernetes API, internal',
  12390: 'later MKE',
}

/** Interlock's proxy publishes these on every node by the routing mesh once it is switched on [O: UCP 3.2.5]. */
export const interlockPorts: readonly number[] = [8080, 8443]
