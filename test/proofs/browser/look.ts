import { writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from './chromium.ts'

/** One way of looking at a page. */
export interface Manner {
  readonly name: string
  readonly widthPixels: number
  readonly scheme: 'light' | 'dark'
  readonly media: 'screen' | 'print'
}

export const manners: readonly Manner[] = [
  { name: 'light', widthPixels: 1200, scheme: 'light', media: 'screen' },
  { name: 'dark', widthPixels: 1200, scheme: 'dark', media: 'screen' },
  { name: 'phone', widthPixels: 390, scheme: 'light', media: 'screen' },
  { name: 'print', widthPixels: 794, scheme: 'light', media: 'print' },
]

/** What a page looks like in one manner. */
export interface Looked {
  readonly manner: Manner
  /** Everything it wanted from elsewhere than its own file. */
  readonly requests: readonly string[]
  /** What the console said, errors of the page and of its policy among it. */
  readonly said: readonly string[]
  /** So many pixels it is wider than the window; 0 when nothing has to be scrolled sideways. */
  readonly overflowPixels: number
  /** The text that can be seen. */
  readonly text: string
  /** The worst ratio of text to what is behind it (WCAG 2.1: 4.5 is wanted), and which text. */
  readonly contrast: number
  readonly faintest: string
  readonly background: string
  /** Ids that a link on the page leads to and that are not there. */
  readonly deadLinks: readonly string[]
  readonly picture: string
}

/** Opens one HTML file in every manner and writes `NAME-MANNER.png` of the whole page into a folder. */
export async function look(chromium: Browser, file: string, folder: string): Promise<readonly Looked[]> {
  const seen: Looked[] = []
  for (const manner of manners) seen.push(await lookOnce(chromium, file, folder, manner))
  return seen
}

async function lookOnce(chromium: Browser, file: string, folder: string, manner: Manner): Promise<Looked> {
  const url = pathToFileURL(resolve(file)).href
  const { targetId } = await chromium.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await chromium.send('Target.attachToTarget', { targetId, flatten: true })
  const page = String(sessionId)
  const send = (method: string, params?: object) => chromium.send(method, params, page)
  const [requests, said]: [string[], string[]] = [[], []]
  let loaded: () => void = () => undefined
  const load = new Promise<void>(done => (loaded = done))
  chromium.hear(({ sessionId: of, method, params }) => {
    if (of !== page) return
    const { request, entry, message } = params as {
      request?: { url: string }
      entry?: { text: string }
      message?: { text: string }
    }
    if (method === 'Network.requestWillBeSent' && request && request.url !== url) requests.push(request.url)
    if (method === 'Log.entryAdded' && entry) said.push(entry.text)
    if (method === 'Runtime.exceptionThrown') said.push(JSON.stringify(params).slice(0, 300))
    if (method === 'Console.messageAdded' && message) said.push(message.text)
    if (method === 'Page.loadEventFired') loaded()
  })
  for (const domain of ['Network', 'Log', 'Page', 'Runtime']) await send(`${domain}.enable`)
  const size = { width: manner.widthPixels, height: 900, deviceScaleFactor: 1, mobile: false }
  await send('Emulation.setDeviceMetricsOverride', size)
  const features = [{ name: 'prefers-color-scheme', value: manner.scheme }]
  await send('Emulation.setEmulatedMedia', { media: manner.media, features })
  await send('Page.navigate', { url })
  await load
  const { result } = (await send('Runtime.evaluate', {
    expression: `(${measure})()`,
    returnByValue: true,
  })) as {
    result: { value?: Omit<Looked, 'manner' | 'requests' | 'said' | 'picture'> }
  }
  if (result.value === undefined) throw new Error(`${file} could not be measured in ${manner.name}`)
  const shot = await send('Page.captureScreenshot', { captureBeyondViewport: true, format: 'png' })
  const picture = join(folder, `${basename(file, '.html')}-${manner.name}.png`)
  writeFileSync(picture, Buffer.from(String(shot['data']), 'base64'))
  await chromium.send('Target.closeTarget', { targetId })
  return { manner, requests, said, ...result.value, picture }
}

/** Runs in the page. Plain script: it knows nothing of this file. */
const measure = String.raw`() => {
  const root = document.documentElement
  const parse = colour => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const channel = value => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(one).backgroundColor)
      if (a > 0) return [r, g, b]
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255]
  }
  let contrast = 21, faintest = ''
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.nodeValue.trim(), element = walker.currentNode.parentElement
    if (text === '' || !element.checkVisibility() || element.closest('svg')) continue
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < contrast) { contrast = ratio; faintest = text.slice(0, 60) }
  }
  const dead = [...document.querySelectorAll('a[href^="#"]')]
    .map(link => link.getAttribute('href').slice(1))
    .filter(id => !document.getElementById(id) && !document.getElementById(decodeURIComponent(id)))
  return {
    overflowPixels: Math.max(0, root.scrollWidth - root.clientWidth),
    text: document.body.innerText,
    contrast, faintest,
    background: getComputedStyle(document.body).backgroundColor,
    deadLinks: [...new Set(dead)],
  }
}`

/** What is wrong with a page as it was seen; empty when nothing is. */
export function faults(seen: readonly Looked[], expected: readonly string[] = []): readonly string[] {
  return seen.flatMap(one => {
    const of = one.manner.name
    return [
      ...one.requests.map(url => `${of}: wants ${url}`),
      ...one.said.map(text => `${of}: the console says ${text}`),
      ...(one.overflowPixels > 0 ? [`${of}: ${one.overflowPixels} pixels wider than the window`] : []),
      ...(one.contrast < 4.5 ? [`${of}: contrast ${one.contrast.toFixed(2)} of "${one.faintest}"`] : []),
      ...one.deadLinks.map(id => `${of}: a link leads to #${id}, which is not there`),
      ...expected.filter(text => !one.text.includes(text)).map(text => `${of}: "${text}" cannot be seen`),
    ]
  })
}
