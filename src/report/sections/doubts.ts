// Finds what is to be doubted of a result, by rules that are the same for everybody.
import type { Evaluation } from '../../evaluate/evaluate.ts'
import { guardrails } from '../../scenario/guardrails.ts'
import { tradingCost } from '../../scenario/trading-keys.ts'
import { SPLITS } from '../../task/trading.ts'
import { median, quantile } from '../../math/statistics.ts'
import type { Scenario } from '../../scenario/schema.ts'
import type { TrialStatistics } from '../../task/across-trials.ts'
import type { SplitName } from '../../data/split.ts'
import type { Finding } from '../document.ts'
import { counted, formatCount, formatPercent, listed } from '../tables/format.ts'
import {
  captured,
  heldReturn,
  medianMetrics,
  medianOf,
  returnAt,
  type EpisodicTrial,
  type EvaluatedTrials,
  type TradingTrial,
  type TrialSummary,
} from '../trial-summary.ts'
import { formatNumber } from '../tables/table.ts'

/** A rule: what it says when it applies. */
type Rule = [applies: boolean, severity: Finding['severity'], text: string]

const ENOUGH = { trials: 5, trades: 10, bars: 250, episodes: 30 }

/** Worst first. @param wanted trials that were asked for */
export function doubts(
  scenario: Scenario,
  trials: readonly TrialSummary[],
  wanted: number,
  evaluated: EvaluatedTrials | undefined,
): Finding[] {
  const rules = [
    ...courseRules(scenario, trials, wanted),
    ...(evaluated ? kindRules(scenario, evaluated) : []),
  ]
  const findings = rules.flatMap(([applies, severity, text]) => (applies ? [{ severity, text }] : []))
  const all = [...findings, ...guardrailFindings(scenario), ...healthFindings(trials)]
  const order = ['error', 'warning', 'note']
  return all.toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity))
}

function kindRules(scenario: Scenario, evaluated: EvaluatedTrials): Rule[] {
  switch (evaluated.kind) {
    case 'trading':
      return marketRules(scenario, evaluated.trials, evaluated.statistics)
    case 'episodic':
      return episodicRules(evaluated.trials)
  }
}

function guardrailFindings(scenario: Scenario): Finding[] {
  return guardrails(scenario).map(({ severity, text }) => ({ severity, text: `Of the scenario: ${text}.` }))
}

/** Each kind once, with the trials that showed it. */
function healthFindings(trials: readonly TrialSummary[]): Finding[] {
  const found = trials.flatMap(({ seed, findings }) =>
    findings.map(({ step, text }) => ({ text, where: `seed ${seed} at step ${formatCount(step)}` })),
  )
  return [...new Set(found.map(({ text }) => text))].map((text) => {
    const where = found.filter((one) => one.text === text).map((one) => one.where)
    return { severity: 'warning', text: `While training, ${text} (${listed(where)}).` }
  })
}

/** Rules of any task: how much there is to judge from. */
function courseRules(
  { training: { max_steps: steps }, evaluation }: Scenario,
  trials: readonly TrialSummary[],
  wanted: number,
): Rule[] {
  const failed = trials.filter(({ status }) => status === 'FAILED')
  const stopped = trials.filter(({ status }) => status === 'KILLED')
  const evaluated = trials.filter((trial) => trial.kind !== undefined)
  const other = evaluated.filter((trial) => trial.evaluated !== evaluation.policy)
  return [
    ...failed.map(({ seed, error }): Rule => [true, 'error', `The trial of seed ${seed} failed: ${error}`]),
    ...stopped.map(({ seed, step }): Rule => [
      true,
      'warning',
      `The trial of seed ${seed} was stopped at step ${formatCount(step)} of ${formatCount(steps)}.`,
    ]),
    [
      trials.length < wanted,
      'warning',
      `${trials.length} of ${counted(wanted, 'trial')} began before the experiment was stopped.`,
    ],
    [
      evaluated.length === 1,
      'warning',
      'One trial says little: another seed may end elsewhere. --trials 10 shows how far apart they are.',
    ],
    [
      evaluated.length > 1 && evaluated.length < ENOUGH.trials,
      'warning',
      `${evaluated.length} trials are few to judge by: try --trials 10.`,
    ],
    [
      other.length > 0,
      'warning',
      `Without a validation to choose by, the final policy was evaluated (${listed(other.map(({ seed }) => `seed ${seed}`))}).`,
    ],
  ]
}

function marketRules(
  scenario: Scenario,
  trials: readonly TradingTrial[],
  statistics: Record<SplitName, TrialStatistics>,
): Rule[] {
  const metrics = medianMetrics(trials)
  const subject = trials.length > 1 ? 'the median trial' : 'the agent'
  return [
    ...benchmarkRules(trials, metrics.test, statistics),
    gapRule(metrics, subject),
    ...spreadRules(trials),
    ...tradeRules(metrics.test, subject),
    ...costRules(scenario, trials, subject),
    [
      scenario.data_generator !== null,
      'note',
      'The scenario generates its data: they show that the agent can learn, and nothing about a market.',
    ],
  ]
}

/** Rules that ask whether it beats benchmarks that need no learning, and not by chance. */
function benchmarkRules(
  trials: readonly TradingTrial[],
  test: Evaluation,
  statistics: Record<SplitName, TrialStatistics>,
): Rule[] {
  const chance = statistics.test.probability_of_improvement
  const beats = chance.buy_and_hold.estimate
  const constant = chance.best_constant.estimate
  const significant = trials.filter(({ significance }) => significance.buy_and_hold.sharpe?.significant)
  return [
    [
      beats <= 0.5,
      'warning',
      `On the test rows a trial is no better than buying and holding: it wins with probability ${formatNumber(beats)}.`,
    ],
    [
      beats > 0.5 && constant <= 0.5,
      'warning',
      `On the test rows a trial is no better than the constant position ${formatNumber(test.best_constant_position)}, known in hindsight.`,
    ],
    [
      beats > 0.5 && significant.length * 2 <= trials.length,
      'warning',
      `On the test rows the Sharpe ratio ${differing(significant.length, trials.length)} (95 % bootstrap interval).`,
    ],
  ]
}

/** @param count of the trials, in which the difference is beyond chance; at most half of them */
function differing(count: number, trials: number): string {
  if (trials === 1) return 'does not differ from that of buy and hold beyond chance'
  const share = count === 0 ? `none of ${trials}` : `only ${count} of ${trials}`
  return `differs from that of buy and hold beyond chance in ${share} trials`
}

/** Rules that ask whether there is enough to judge by, and whether it is too good. */
function tradeRules(metrics: Evaluation, subject: string): Rule[] {
  const { n_trades: changes, trades, n_bars: bars, win_rate: wins } = metrics
  return [
    [
      changes === 0,
      'warning',
      `On the test rows ${subject} never changes its position: it holds, whatever it observes.`,
    ],
    [
      changes > 0 && trades < ENOUGH.trades,
      'warning',
      `On the test rows ${subject} trades ${counted(trades, 'time')}: a handful of trades is mostly luck.`,
    ],
    [
      bars < ENOUGH.bars,
      'note',
      `There are ${counted(bars, 'bar')} to test on: the standard error of a Sharpe ratio per bar is about ${formatNumber(1 / Math.sqrt(bars))}.`,
    ],
    [
      wins > 0.9 && bars >= 20,
      'warning',
      `${formatPercent(wins)} of the test bars win. Generated data without noise allow that, no market does: if these are prices of a market, look for a feature that knows the future.`,
    ],
  ]
}

/** The rule of overfitting: much better results on the rows that it was trained on. */
function gapRule(metrics: ReturnType<typeof medianMetrics>, subject: string): Rule {
  const [train, ...others] = SPLITS.map((split) => captured(metrics[split]) ?? -Infinity)
  const applies = train! > 0.05 && others.some((share) => share < train! / 2)
  const shares = SPLITS.map((split) => `${formatPercent(captured(metrics[split]))} on the ${split} rows`)
  const text = `Of what a perfect trader earns, ${subject} got ${listed(shares)}: it overfits the training data.`
  return [applies, 'warning', text]
}

/** Rules about how far apart the trials are. */
function spreadRules(trials: readonly TradingTrial[]): Rule[] {
  const shares = trials
    .map(({ evaluation }) => captured(evaluation.test) ?? -Infinity)
    .toSorted((a, b) => a - b)
  if (shares.length < 2) return []
  const [low, high] = [quantile(shares, 0.25), quantile(shares, 0.75)]
  const apart = high - low > 0.2
  const text = `The trials are far apart: of what a perfect trader earns on the test rows, the middle half of them got ${formatPercent(low)} to ${formatPercent(high)}.`
  return [[apart, 'warning', text]]
}

function costRules({ env }: Scenario, trials: readonly TradingTrial[], subject: string): Rule[] {
  const at = (cost: number) => medianOf(trials.map(({ chartData }) => returnAt(chartData, 'test', cost)))
  const own = median(trials.map(({ evaluation }) => evaluation.test.total_return))
  const [costly, held] = [at(10), heldReturn(trials[0]!, 'test')]
  const paid = tradingCost(env)
  const cheap = paid < 0.001
  const eaten =
    costly !== null && own > 0 && (costly < own / 2 || (held !== null && costly < held && own > held))
  const result = `at 10 basis points a trade ${subject} returns ${formatPercent(costly)} on the test rows instead of ${formatPercent(own)}`
  const scenario = paid === 0 ? 'Trading costs nothing here' : 'Trading is cheap here'
  return [
    [cheap && eaten, 'warning', `${scenario}, and the result depends on it: ${result}.`],
    [cheap && !eaten && paid === 0, 'note', `${scenario}: ${result}.`],
  ]
}

function episodicRules(trials: readonly EpisodicTrial[]): Rule[] {
  const episodes = trials[0]!.evaluation.test.n_episodes
  const means = trials.map(({ evaluation }) => evaluation.test.mean_episode_return).toSorted((a, b) => a - b)
  const middle = median(means)
  const [low, high] = [quantile(means, 0.25), quantile(means, 0.75)]
  const worse = trials.filter(({ evaluation }) => {
    const { mean_episode_return: mean } = evaluation.test
    return middle - mean > Math.max(3 * (high - low), Math.abs(middle) / 2)
  })
  return [
    [
      worse.length > 0,
      'warning',
      `${listed(worse.map(({ seed }) => `Seed ${seed}`))} ended far below the others: the median of the trials is ${formatNumber(middle)}, and they have ${listed(worse.map(({ evaluation }) => formatNumber(evaluation.test.mean_episode_return)))}.`,
    ],
    [
      episodes < ENOUGH.episodes,
      'warning',
      `Each policy played ${counted(episodes, 'episode')}: raise evaluation.n_episodes, chance in the start states is still large.`,
    ],
  ]
}
