// The server of the page gives its own files to its own host alone.
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCli, temporaryFolder } from '../helpers/cli.ts'
import { serve } from '../helpers/web.ts'

describe('ddpg web', () => {
  let served: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    served = await serve()
  })

  /** Asks for the path as it is written: fetch would tidy it up. */
  async function ask(
    path: string,
    method = 'GET',
    headers: Record<string, string> = {},
  ): Promise<{ response: IncomingMessage; text: string }> {
    const { hostname, port } = new URL(served.address)
    const asked = request({ hostname, port, path, method, headers }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const chunks = await response.toArray()
    return { response, text: Buffer.concat(chunks).toString() }
  }

  it('serves the page with a strict policy, and the same policy in the page for other hosts', async () => {
    const { response, text } = await ask('/')
    const { headers } = response
    const policy = headers['content-security-policy'] as string
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/)
    // an MLflow of this machine, and nothing else that is not the page's own
    const connect = "connect-src 'self' http://localhost:* http://127.0.0.1:*;"
    expect(policy).toContain(` ${connect} `)
    expect(policy.replace(connect, '')).not.toMatch(/'unsafe-|\*|https?:|data:/)
    const inPage = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(text)![1]
    expect(policy).toBe(`${inPage}; frame-ancestors 'none'`)
  })

  it('sends the policy with every file and every refusal, and modules with their types', async () => {
    const { text } = await ask('/')
    const script = /src="\.(\/assets\/[^"]+\.js)"/.exec(text)![1]!
    for (const path of [script, '/favicon.svg', '/missing']) {
      const { response } = await ask(path)
      expect(response.headers['content-security-policy'], path).toContain("default-src 'none'")
      expect(response.headers['x-content-type-options'], path).toBe('nosniff')
    }
    expect((await ask(script)).response.headers['content-type']).toMatch(/javascript/)
  })

  it.each([
    '/../package.json',
    '/../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/assets/../../../package.json',
    '//etc/passwd',
    '/%00',
    '/%E0%A4%A',
  ])('gives nothing outside of its folder: %s', async (path) => {
    const { response, text } = await ask(path)
    expect(response.statusCode).toBe(404)
    expect(text).toBe('not found\n')
  })

  it('answers GET and HEAD alone', async () => {
    expect((await ask('/', 'HEAD')).response.statusCode).toBe(200)
    expect((await ask('/', 'POST')).response.statusCode).toBe(405)
  })

  it('answers to its own names alone, so that no page elsewhere can give it another', async () => {
    const { port } = new URL(served.address)
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])
      expect((await ask('/', 'GET', { host: `${name}:${port}` })).response.statusCode, name).toBe(200)
    const others = ['evil.example', `evil.example:${port}`, 'localhost', `localhost:${Number(port) + 1}`]
    others.push(`127.0.0.1.evil.example:${port}`, `user@localhost:${port}`, `localhost.:${port}`)
    for (const host of others) {
      const { response, text } = await ask('/', 'GET', { host })
      expect([response.statusCode, text.includes('<')], host).toEqual([421, false])
      expect(response.headers['content-security-policy'], host).toContain("default-src 'none'")
    }
  })

  it('says in a sentence that a port is taken, or none', async () => {
    const { port } = new URL(served.address)
    const taken = await runCli(temporaryFolder(), 'web', '--port', port)
    expect(taken).toMatchObject({ code: 1, stdout: '' })
    expect(taken.stderr).toBe(
      `error: port ${port} is taken: give another with --port, or 0 for any that is free\n`,
    )
    const none = await runCli(temporaryFolder(), 'web', '--port', '70000')
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('It must be an integer, from 0 to 65535.')
  })

  it('ends with an interrupt', async () => {
    const { server } = await serve()
    server.kill('SIGINT')
    await once(server, 'close')
    expect(server.signalCode ?? server.exitCode).toBe('SIGINT')
  })
})
