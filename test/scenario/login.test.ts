// A login in a tracking URI stays out of checkpoints, logs and links, into which the scenario is copied.
import { expect, it } from 'vitest'
import { withoutLogin, withoutLogins } from '../../src/scenario/login.ts'
import { parse } from './helpers.ts'

it.each([
  ['http://me:s3cret@host:5000/prefix', 'http://host:5000/prefix'],
  ['https://me:p@ss w"rd@host', 'https://host/'],
  ['http://t0ken@host:5000', 'http://host:5000/'],
  ['postgresql://me:s3cret@host/db', 'postgresql://host/db'],
  ['http://me:s3/cret@host', 'http://host'],
  ['http://host:5000/a@b', 'http://host:5000/a@b'],
  ['sqlite:///a@b.db', 'sqlite:///a@b.db'],
  ['mlruns/a@b', 'mlruns/a@b'],
])('%s is shown as %s', (uri, shown) => {
  expect(withoutLogin(uri)).toBe(shown)
})

it('is taken out of a scenario, and kept for the tracker', () => {
  const text = 'tracking: {tracking_uri: "http://me:s3cret@host:5000"}\ndata: {train_size: 400}'
  const { scenario, trackingUri } = parse(text)
  expect(scenario.tracking.tracking_uri).toBe('http://host:5000/')
  expect(trackingUri).toBe('http://me:s3cret@host:5000')
  expect(withoutLogins(text)).toBe('tracking: {tracking_uri: "http://host:5000"}\ndata: {train_size: 400}')
  expect(withoutLogins("tracking_uri: 'http://me:a b@c@host'")).toBe("tracking_uri: 'http://host'")
  expect(withoutLogins('# http://me:secret@x, http://x/y, me@x')).toBe('# http://x, http://x/y, me@x')
})
