import { acceptance } from './acceptance/index.ts'
import { docker } from './docker/index.ts'
import { dtr } from './dtr/index.ts'
import { loadBalancer } from './loadBalancer/index.ts'
import { os } from './os/index.ts'
import type { Product } from './product.ts'
import { storage } from './storage/index.ts'
import { ucp } from './ucp/index.ts'

/** Every product there is, in order of need: what stands later may rely on what stands before. */
export const products: readonly Product[] = [
  os,
  docker,
  ucp,
  storage,
  dtr,
  loadBalancer,
  acceptance,
]
