// Chooses the MLflow of this machine that runs are logged to: none until the user turns it on, and none after the visit.
import { byId, element } from './dom.ts'
import type { LoggedRun, Reply } from './protocol.ts'
import { DdpgError } from '../src/base/errors.ts'

export interface Mlflow {
  /** The address that the next run is logged to; undefined for none. @throws DdpgError in a sentence for an address elsewhere */
  address(): string | undefined
  /** Forgets what was said of the run before. */
  clear(): void
  show(reply: Extract<Reply, { type: 'mlflow' }>): void
  /** Ends a run in MLflow whose worker no longer can. */
  kill(): void
}

export function createMlflow(): Mlflow {
  const [details, status] = [byId<HTMLDetailsElement>('mlflow-details'), byId('mlflow-status')]
  const [isOn, field] = [byId<HTMLInputElement>('mlflow'), byId<HTMLInputElement>('mlflow-address')]
  let open: LoggedRun | undefined

  function read(): string | undefined {
    try {
      const address = isOn.checked ? localAddress(field.value.trim()) : undefined
      field.setAttribute('aria-invalid', 'false')
      return address
    } catch (error) {
      field.setAttribute('aria-invalid', 'true')
      throw error
    }
  }

  function kill(): void {
    if (open?.isOpen) void endRun(open.address)
    open = undefined
  }

  addEventListener('pagehide', kill)
  return {
    address: read,
    clear: () => status.replaceChildren(),
    show({ text, isProblem, run }) {
      const words = run ? [text, element('a', { href: run.address, target: '_blank' }, run.address)] : [text]
      // one line says where the run is
      if (run) status.querySelector('li:has(a)')?.remove()
      status.append(element('li', { className: isProblem ? 'problem' : '' }, ...words))
      if (isProblem) details.open = true
      if (run) open = run
    },
    kill,
  }
}

/** @throws DdpgError in a sentence when it is not one of this machine */
function localAddress(text: string): string {
  const { protocol, hostname } = URL.canParse(text) ? new URL(text) : {}
  if (protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1')) return text
  throw new DdpgError(
    `the page logs to an MLflow on this machine alone, http://localhost:PORT or http://127.0.0.1:PORT, not to ${text || 'nowhere'}`,
  )
}

/** Is sent even when the page is gone. */
async function endRun(address: string): Promise<void> {
  const [base, path] = address.split('/#/') as [string, string]
  const body = { run_id: path.replace(/^.*\//, ''), status: 'KILLED', end_time: Date.now() }
  await fetch(`${base}/api/2.0/mlflow/runs/update`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    keepalive: true,
  }).catch(() => undefined)
}
