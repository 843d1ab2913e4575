// The portfolio of one asset trades to its target exactly, fees and interest included.
import { describe, expect, it } from 'vitest'
import {
  chargeInterest,
  positionOf,
  realPositionOf,
  targetPortfolio,
  tradeTo,
  valueOf,
} from '../../src/env/portfolio.ts'
import golden from '../golden/env.json' with { type: 'json' }
import { expectClose, generator } from './helpers.ts'

interface Entry {
  op: string
  args: number[]
  asset: number
  fiat: number
  ia: number
  ifi: number
  valorisation_at?: Record<string, number>
  position_at?: Record<string, number>
  real_position_at?: Record<string, number>
}

// The positions that the cases begin with, of a portfolio worth 1000 at price 100.
const CASES = {
  'flat_to_long_fee1e-3': 0,
  'flat_to_short_fee1e-3': 0,
  'long_to_short_fee1e-3': 1,
  'short_to_long_fee1e-3': -1,
  'flat_to_half_fee1e-2': 0,
  'flat_to_2x_fee1e-2': 0,
  short_interest_then_flat: -1,
  short_interest_then_long_lost: -1,
  short_interest_then_halfshort: -1,
} as const

describe('the portfolio', () => {
  it('has a case for every golden one', () => {
    const recorded = Object.keys(golden).filter((name) => !name.startsWith('episode_'))
    expect(Object.keys(CASES).toSorted()).toEqual(recorded.toSorted())
  })

  for (const [name, initial] of Object.entries(CASES)) {
    it(`trades and owes as Gym-Trading-Env does: ${name}`, () => {
      const portfolio = targetPortfolio(initial, 1000, 100)
      for (const entry of golden[name as keyof typeof CASES] as Entry[]) {
        const [first, price, fee] = entry.args
        if (entry.op === 'trade') tradeTo(portfolio, first!, price!, fee!)
        else chargeInterest(portfolio, first!, false)
        expectClose(portfolio.asset, entry.asset, 'asset')
        expectClose(portfolio.cash, entry.fiat, 'cash')
        expectClose(portfolio.assetInterest, entry.ia, 'interest in the asset')
        expectClose(portfolio.cashInterest, entry.ifi, 'interest in money')
        for (const [at, value] of Object.entries(entry.valorisation_at ?? {}))
          expectClose(valueOf(portfolio, Number(at)), value, `value at ${at}`)
        for (const [at, value] of Object.entries(entry.position_at ?? {}))
          expectClose(positionOf(portfolio, Number(at)), value, `position at ${at}`)
        for (const [at, value] of Object.entries(entry.real_position_at ?? {}))
          expectClose(realPositionOf(portfolio, Number(at)), value, `real position at ${at}`)
      }
    })
  }
})

describe('a trade', () => {
  const random = generator(1)
  const trades = Array.from({ length: 500 }, () => ({
    from: 4 * random() - 2,
    to: 4 * random() - 2,
    price: 50 + 100 * random(),
    fee: 0.02 * random(),
  }))

  it('leaves the position exactly at the target, whatever the fee', () => {
    for (const { from, to, price, fee } of trades) {
      const portfolio = targetPortfolio(from, 1000, 100)
      if (valueOf(portfolio, price) <= 0) continue
      tradeTo(portfolio, to, price, fee)
      expectClose(positionOf(portfolio, price), to)
    }
  })

  it('costs the fee on the traded notional and nothing else', () => {
    for (const { from, to, price, fee } of trades) {
      const portfolio = targetPortfolio(from, 1000, 100)
      const [asset, value] = [portfolio.asset, valueOf(portfolio, price)]
      if (value <= 0) continue
      tradeTo(portfolio, to, price, fee)
      const change = portfolio.asset - asset
      // A purchase pays its fee in the asset, a sale in money.
      const notional = price * (change > 0 ? change / (1 - fee) : -change)
      expectClose(valueOf(portfolio, price), value - fee * notional)
    }
  })

  it('changes no value without a fee, interest owed or not', () => {
    for (const { from, to, price } of trades) {
      const portfolio = targetPortfolio(from, 1000, 100)
      chargeInterest(portfolio, 0.01, false)
      const value = valueOf(portfolio, price)
      if (value <= 0) continue
      tradeTo(portfolio, to, price, 0)
      expectClose(valueOf(portfolio, price), value)
    }
  })

  it('repays half of the interest when it halves a debt in money', () => {
    const portfolio = targetPortfolio(3, 1000, 100)
    chargeInterest(portfolio, 0.01, false)
    expect(portfolio).toEqual({ asset: 30, cash: -2000, assetInterest: 0, cashInterest: 20 })
    const current = positionOf(portfolio, 100)
    tradeTo(portfolio, 1 + (current - 1) / 2, 100, 0)
    expectClose(portfolio.cashInterest, 10)
    expectClose(valueOf(portfolio, 100), 980)
  })
})

describe('interest', () => {
  it('is owed on what is borrowed, in its own unit', () => {
    const long = targetPortfolio(2, 1000, 100)
    chargeInterest(long, 0.01, false)
    expect(long).toEqual({ asset: 20, cash: -1000, assetInterest: 0, cashInterest: 10 })
    const short = targetPortfolio(-1, 1000, 100)
    chargeInterest(short, 0.01, false)
    expect(short).toEqual({ asset: -10, cash: 2000, assetInterest: 0.1, cashInterest: 0 })
    const unleveraged = targetPortfolio(0.5, 1000, 100)
    chargeInterest(unleveraged, 0.01, false)
    expect(unleveraged).toMatchObject({ assetInterest: 0, cashInterest: 0 })
  })

  it('of the last step replaces what was owed, or adds to it', () => {
    const [latest, all] = [targetPortfolio(-1, 1000, 100), targetPortfolio(-1, 1000, 100)]
    for (let step = 0; step < 3; step++) {
      chargeInterest(latest, 0.01, false)
      chargeInterest(all, 0.01, true)
    }
    expectClose(latest.assetInterest, 0.1)
    expectClose(all.assetInterest, 0.3)
    expectClose(valueOf(all, 100), 970)
  })
})
