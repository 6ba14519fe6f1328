import { acceptance } from './acceptance/index.ts'
import { backup } from './backup/index.ts'
import { docker } from './docker/index.ts'
import { drill } from './drill/index.ts'
import { dtr } from './dtr/index.ts'
import { loadBalancer } from './loadBalancer/index.ts'
import { os } from './os/index.ts'
import type { Product } from './product.ts'
import { ownSteps } from './steps/index.ts'
import { storage } from './storage/index.ts'
import { departure } from './ucp/departure.ts'
import { ucp } from './ucp/index.ts'

const built: readonly Product[] = [
  drill,
  os,
  docker,
  ucp,
  storage,
  dtr,
  loadBalancer,
  departure,
  acceptance,
  backup,
]

/** Every product there is, in order of need: what stands later may rely on what stands before. Own steps go in between. */
export const products: readonly Product[] = [...built, ownSteps(built)]
