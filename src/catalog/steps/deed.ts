import type { ActionSpec } from '../../playbook/steps.ts'
import type { Deed, Site } from './action.ts'
import { commandDeed } from './command.ts'
import { fileDeed } from './file.ts'
import type { Mistake } from './mistake.ts'
import { mountDeed } from './mount.ts'
import { packageDeed } from './package.ts'
import { pauseDeed } from './pause.ts'
import { serviceDeed } from './service.ts'
import { sysctlDeed } from './sysctl.ts'
import { templateDeed } from './template.ts'
import { userDeed } from './user.ts'
import { waitForDeed } from './waitFor.ts'

/** What an action is on one host. @throws Mistake, Undecided */
export function deedOf(action: ActionSpec, site: Site, at: Mistake['path']): Deed {
  switch (action.kind) {
    case 'command':
      return commandDeed(action, site, at)
    case 'file':
      return fileDeed(action, site, at)
    case 'template':
      return templateDeed(action, site, at)
    case 'package':
      return packageDeed(action, site, at)
    case 'service':
      return serviceDeed(action, site, at)
    case 'user':
      return userDeed(action, site, at)
    case 'mount':
      return mountDeed(action, site, at)
    case 'sysctl':
      return sysctlDeed(action, site, at)
    case 'waitFor':
      return waitForDeed(action, site, at)
    case 'pause':
      return pauseDeed(action, site, at)
  }
}
