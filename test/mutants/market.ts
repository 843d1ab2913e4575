// These mutants change data, features, environments and what judges a policy: evaluation, metrics, statistics, tests.
import type { MutatedFile } from './list.ts'

export const MARKET: readonly MutatedFile[] = [
  {
    file: 'src/math/time.ts',
    tests: ['math/time'],
    changes: [
      ["match[7] === '-' ? -1 : 1", "match[7] === '+' ? -1 : 1"],
      ['(year % 100 !== 0 || year % 400 === 0)', 'true'],
      ['size < 1e11', 'size <= 1e11'],
      ['minutes * 60_000 + Math.round(second * 1e6) / 1000', 'minutes * 60_000 + second * 1000'],
    ],
  },
  {
    file: 'src/math/bars.ts',
    tests: ['evaluate/metrics', 'evaluate/evaluate'],
    changes: [
      ['Math.ceil(stepsPerYear / periods - 0.5)', 'Math.ceil(stepsPerYear / periods)'],
      ['>= LEAST_BARS', '> LEAST_BARS'],
      ['Math.min((bar + 1) * size, steps)', 'Math.min((bar + 1) * size, steps - 1)'],
      ['return from === to ? 0 : to / from - 1', 'return to / from - 1'],
    ],
  },
  {
    file: 'src/math/statistics.ts',
    tests: ['math/statistics', 'evaluate/metrics'],
    changes: [
      ['return total / (x.length - 1)', 'return total / x.length'],
      ['Math.floor(sorted.length / 4)', 'Math.ceil(sorted.length / 4)'],
      ['x[i] === y[j] ? 0.5 : 0', '0'],
      ['part === 0 || sorted[below + 1] === lower', 'part === 0'],
      ['(1 + level) / 2', 'level'],
    ],
  },
  {
    file: 'src/math/significance.ts',
    tests: ['math/statistics'],
    changes: [
      ['(n * m) / 2 - 0.5) /', '(n * m) / 2) /'],
      ['let extreme = 1', 'let extreme = 0'],
      ['value * sign <= 0', 'value * sign < 0'],
      ['ties += t * t * t - t', ''],
      ['observed - 1e-14 * observed', 'observed'],
      ['difference_interval[0] > 0 || difference_interval[1] < 0', 'difference_interval[0] > 0'],
    ],
  },
  {
    file: 'src/data/split.ts',
    tests: ['data/split'],
    changes: [
      ['Math.floor(remainder / 2)', 'Math.ceil(remainder / 2)'],
      ['test: { from: train + validation, to', 'test: { from: train, to'],
      ['if (rest < 2)', 'if (rest < 1)'],
    ],
  },
  {
    file: 'src/data/table.ts',
    tests: ['data/table', 'data/csv'],
    changes: [['one < other ? -1 : 1', 'one < other ? 1 : -1']],
  },
  {
    file: 'src/data/ohlcv.ts',
    tests: ['data/ohlcv', 'data/csv'],
    changes: [
      ['price[i]! <= 0', 'price[i]! < 0'],
      ['high[i]! < low[i]!', 'high[i]! > low[i]!'],
      ['times[i]! < times[i - 1]!\n', 'false\n'],
    ],
  },
  {
    file: 'src/data/calendar.ts',
    tests: ['data/ohlcv'],
    changes: [['steps.toSorted()[steps.length >> 1]!', 'steps[0]!']],
  },
  {
    file: 'src/data/synthetic.ts',
    tests: ['data/synthetic'],
    changes: [
      ['config.pullback_floor * highest', 'config.pullback_floor * trend[i]!'],
      ['Math.max(0, i - 4), i + 1', 'Math.max(0, i - 3), i + 1'],
      ['random.index(spare + 1)', 'random.index(spare)'],
    ],
  },
  {
    file: 'src/features/index.ts',
    tests: ['features/index'],
    changes: [
      ['.subarray(0, trainLength - warmUp)', ''],
      ['if (scale !== 0)', 'if (true)'],
    ],
  },
  {
    file: 'src/features/standardise.ts',
    tests: ['features/index'],
    changes: [
      ['squares / (values.length - 1)', 'squares / values.length'],
      ['greatest - least + 1e-8', 'greatest - least'],
    ],
  },
  {
    file: 'src/features/evaluate.ts',
    tests: ['features/index', 'features/indicators'],
    changes: [
      ['const first = indicator.warmUp(parameters)', 'const first = 0'],
      ['Math.max(one.from, other.from)', 'one.from'],
    ],
  },
  {
    file: 'src/features/indicators/windows.ts',
    tests: ['features/indicators'],
    changes: [
      ['const share = (k + 1) / p', 'const share = k / p'],
      ['if (block > 0) out[block] = join(how, ends[1]!, begun)', 'if (block > 0) out[block] = begun'],
      ['? Math.max(a, b) : Math.min(a, b)', '? Math.max(a, b) : Math.max(a, b)'],
      ['const first = skipped + p - 1', 'const first = p - 1'],
    ],
  },
  {
    file: 'src/features/indicators/original.ts',
    tests: ['features/index'],
    changes: [['price / closes[i - 1]! - 1', 'price / closes[0]! - 1']],
  },
  {
    file: 'src/env/portfolio.ts',
    tests: ['env/portfolio', 'env/position-env'],
    changes: [
      ['1 - fee + fee * target', '1 - fee'],
      ['Math.max(0, -p.asset) * rate', '-p.asset * rate'],
      ['Math.min(1, (target - 1) / (current - 1))', '1'],
      ['wanted / (1 - fee * target)', 'wanted'],
    ],
  },
  {
    file: 'src/env/position-env.ts',
    tests: ['env/position-env'],
    changes: [
      ['action > thresholds[index]!', 'action >= thresholds[index]!'],
      ['random.index(rows - window - duration + 1)', 'random.index(rows - window - duration)'],
      ['if (chosen !== target[0])', 'if (true)'],
      ['obs.copyWithin(0, width)', ''],
      ['terminated ? 0 : realPositionOf', 'realPositionOf'],
      ['obs.set(state.subarray(9, 9 + obs.length))', ''],
    ],
  },
  {
    file: 'src/env/trading-env.ts',
    tests: ['env/trading-env', 'trial/resume'],
    changes: [
      ['Math.abs(position[i]! - weights[i]!)', 'Math.abs(position[i]!)'],
      ['row === rows - 1', 'row === rows - 2'],
      ['if (terminated) weights.fill(0)', ''],
      ['createReward(config, math, REWARD_CLIP)', 'createReward(config, math)'],
      ['weights.set(rest.slice(0, assets))', ''],
    ],
  },
  {
    file: 'src/env/pendulum.ts',
    tests: ['env/classic-control', 'task/episodic'],
    changes: [
      ['wrapped(angle)\n', 'angle\n'],
      ['stepCount = savedCount(savedStep, MAX_STEPS + 1)', ''],
    ],
  },
  {
    file: 'src/env/mountain-car.ts',
    tests: ['env/classic-control', 'task/episodic'],
    changes: [
      ['if (position === MIN_POSITION && velocity < 0) velocity = 0', ''],
      ['velocity = savedVelocity!', ''],
    ],
  },
  {
    file: 'src/evaluate/benchmarks.ts',
    tests: ['evaluate/evaluate'],
    changes: [
      ['(t / length) * r', '((t + 1) / length) * r'],
      ['Math.max(0, wealth[t]! * (1 + returns[t]!))', 'wealth[t]! * (1 + returns[t]!)'],
      ['price[firstRow + t]! / price[firstRow]!', 'price[firstRow + t]! / price[0]!'],
    ],
  },
  {
    file: 'src/evaluate/trades.ts',
    tests: ['evaluate/trades', 'evaluate/portfolios'],
    changes: [
      ['notional / wealth', 'notional / first'],
      ['gross += Math.abs', 'gross = Math.abs'],
    ],
  },
  {
    file: 'src/math/least-variance.ts',
    tests: ['evaluate/portfolios'],
    changes: [
      ['Math.max(-weights[i]!, Math.min(weights[j]!, slope / curvature))', 'slope / curvature'],
      ['2 * a[j]!', 'a[j]!', 'steps of another length come to the same weights, in more sweeps'],
    ],
  },
  {
    file: 'src/evaluate/evaluate.ts',
    tests: ['evaluate/evaluate'],
    changes: [
      ['total / trials', 'total'],
      ['one.wealth.at(-1)! > best.wealth.at(-1)!', 'one.wealth.at(-1)! < best.wealth.at(-1)!'],
    ],
  },
  {
    file: 'src/evaluate/metrics.ts',
    tests: ['evaluate/metrics'],
    changes: [
      ['periods <= 365 &&', ''],
      ['sharpe * Math.sqrt(n)', 'sharpe * year'],
      ['recovered - trough', 'recovered'],
      ['steps / (trades + 1)', 'steps / trades'],
      ['mean(sorted.filter((r) => r <= low))', 'mean(sorted.filter((r) => r < low))'],
      ['covariance(market, market)', 'covariance(returns, returns)'],
      ['market.subarray(0, wealth.length)', 'market'],
      ['positions[i + assets]!', 'positions[i + 1]!'],
      ['moment(4) - 3', 'moment(4)'],
    ],
  },
  {
    file: 'src/env/trading-env.ts',
    tests: ['evaluate/trades', 'evaluate/evaluate'],
    changes: [
      ['Math.abs(to - from) >= LEAST_CHANGE', 'to !== from'],
      ['t === 0 ? 0 : unitsOf(t - 1)', 't === 0 ? 0 : unitsOf(0)'],
    ],
  },
  {
    file: 'src/env/weights.ts',
    tests: ['env/weights', 'evaluate/evaluate'],
    changes: [
      ['(i - 10) / 10', '(i - 10) / 11'],
      ['if (cap < assets) limit(target, cap)', ''],
      ['if (grossOf(next) <= cap + ROUNDING) return', 'return'],
      ['const total = cash + grossOf(weights)', 'const total = grossOf(weights)'],
    ],
  },
  {
    file: 'src/env/reward.ts',
    tests: ['env/reward'],
    changes: [
      ['(a * toB) / 2', 'a * toB'],
      ['state[1] = b + eta * toB', 'state[1] = b'],
      ['Math.min(r, 0)', 'r'],
      ['1 - wealth / state[0]', 'wealth / state[0]'],
      ['isRatio ? RATIO_CLIP : clip', 'clip'],
    ],
  },
  {
    file: 'src/env/costs.ts',
    tests: ['env/weights', 'evaluate/trades'],
    changes: [
      ['Math.max(0, net - 1)', '0'],
      ['units < volume ? units / volume : 1', 'units / volume'],
      ['high[row]! - low[row]!', 'high[row]!'],
    ],
  },
  {
    file: 'src/env/position-env.ts',
    tests: ['evaluate/trades', 'evaluate/evaluate'],
    changes: [
      ["chargeInterest(portfolio, env.borrow_interest_rate, env.borrow_interest === 'accumulated')", ''],
      ["initial === 'random' ? 0 : initial", "initial === 'random' ? 1 : initial"],
      ['startOf(config), max_episode_duration: null', 'startOf(config)'],
    ],
  },
  {
    file: 'src/evaluate/costs.ts',
    tests: ['evaluate/evaluate'],
    changes: [
      ['cost_bp / 10_000', 'cost_bp / 1000'],
      ['tradingEnvironment(env).repeatsPositions(env) && agent', 'agent'],
    ],
  },
  {
    file: 'src/report/charts/plot-scale.ts',
    tests: ['report/charts/plot-scale', 'report/charts/plot', 'report/charts/chart-data'],
    changes: [
      ['low < high ? [low, high] : [high, low]', '[low, high]'],
      ['new Set([0, length - 1])', 'new Set([0])'],
      ['value < values[low]!', 'value > values[low]!'],
    ],
  },
]
