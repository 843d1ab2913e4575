// A portfolio here is one asset and cash, with interest owed on what is borrowed: the accounting of Gym-Trading-Env
// 0.3.2 (MIT), which never sells or buys for more than leaves the portfolio exactly at the target after the fee.

/** Units of the asset and money; negative is borrowed. */
export interface Portfolio {
  asset: number
  cash: number
  /** Interest owed, in units of the asset and in money. */
  assetInterest: number
  cashInterest: number
}

/** A portfolio of that value whose share in the asset is `position`, had without a fee. */
export function targetPortfolio(position: number, value: number, price: number): Portfolio {
  return {
    asset: (position * value) / price,
    cash: (1 - position) * value,
    assetInterest: 0,
    cashInterest: 0,
  }
}

export function valueOf(p: Portfolio, price: number): number {
  return p.asset * price + p.cash - p.assetInterest * price - p.cashInterest
}

/** Share of the value that is in the asset, interest owed counted or not. */
export function positionOf(p: Portfolio, price: number): number {
  return (p.asset * price) / valueOf(p, price)
}
export function realPositionOf(p: Portfolio, price: number): number {
  return ((p.asset - p.assetInterest) * price) / valueOf(p, price)
}

/**
 * Trades so that `positionOf` becomes `target`, the fee included.
 * @returns the units bought, of which the fee is taken, or sold when negative
 */
export function tradeTo(p: Portfolio, target: number, price: number, fee: number): number {
  repayInterest(p, target, positionOf(p, price))
  const wanted = (target * valueOf(p, price)) / price - p.asset
  if (wanted > 0) {
    const bought = wanted / (1 - fee + fee * target)
    p.asset += bought * (1 - fee)
    p.cash -= bought * price
    return bought
  } else {
    const sold = wanted / (1 - fee * target)
    p.asset += sold
    p.cash -= sold * price * (1 - fee)
    return sold
  }
}

/** Reducing a debt repays the same part of the interest on it. */
function repayInterest(p: Portfolio, target: number, current: number): void {
  let kept = 1
  if (target <= 0 && current < 0) kept = Math.min(1, target / current)
  else if (target >= 1 && current > 1) kept = Math.min(1, (target - 1) / (current - 1))
  if (kept === 1) return
  p.asset -= (1 - kept) * p.assetInterest
  p.cash -= (1 - kept) * p.cashInterest
  p.assetInterest *= kept
  p.cashInterest *= kept
}

/** Interest of one step on what is borrowed: instead of what was owed, or on top of it. */
export function chargeInterest(p: Portfolio, rate: number, accumulate: boolean): void {
  p.assetInterest = (accumulate ? p.assetInterest : 0) + Math.max(0, -p.asset) * rate
  p.cashInterest = (accumulate ? p.cashInterest : 0) + Math.max(0, -p.cash) * rate
}
