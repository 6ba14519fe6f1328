import { call } from '../common/wire.ts'
import { databaseOf } from './database.ts'

const id = process.env['DTR_REPLICA_ID'] ?? ''

/** How this replica is: 200, or 503 with the component that is at fault, or 500 when the database has no majority. */
export interface Health {
  readonly status: 200 | 500 | 503
  /** Empty when all is well. */
  readonly error: string
}

async function answers(url: string, path: string, good: readonly number[]): Promise<boolean> {
  const answer = await call({ url }, path, { timeoutMs: 4000 }).catch(() => undefined)
  return answer !== undefined && good.includes(answer.status)
}

export async function ownHealth(): Promise<Health> {
  const [registry, garant, status] = await Promise.all([
    // Its storage check makes the registry answer 503 when the storage fails.
    answers(`http://dtr-registry-${id}.dtr-ol:5000`, '/v2/', [200, 401]),
    answers(`http://dtr-garant-${id}.dtr-ol:8080`, '/ping', [200]),
    databaseOf(id)
      .status()
      .catch(() => undefined),
  ])
  if (status === undefined) return { status: 503, error: 'metadata: rethinkdb does not answer' }
  const data = await databaseOf(id)
    .read()
    .catch(() => undefined)
  if (data === undefined) return { status: 500, error: 'internal server error' }
  const faults = [
    ...(registry ? [] : ['storage: registry is unhealthy']),
    ...(garant ? [] : ['authorization: garant is unhealthy']),
  ]
  return faults.length === 0 ? { status: 200, error: '' } : { status: 503, error: faults.join('; ') }
}
