// Reports are written as documents, as HTML and as Markdown.
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Evaluation } from '../../src/evaluate/evaluate.ts'
import type { Document } from '../../src/report/document.ts'
import { doubts } from '../../src/report/sections/doubts.ts'
import { toHtml } from '../../src/report/html.ts'
import { toMarkdown } from '../../src/report/markdown.ts'
import { evaluatedTrials, type TradingTrial, type TrialSummary } from '../../src/report/trial-summary.ts'
import { core } from '../helpers/trial.ts'
import { controlExperiment, documentOf, marketExperiment, type Experiment } from './reported.ts'

const parts = { script: 'draw("</script><!--")', style: 'body{}', licenses: 'echarts <Apache-2.0>' }
const titles = ({ sections }: Document) => sections.map(({ title }) => title)

let market: Experiment<TradingTrial>
let control: Experiment
beforeAll(async () => {
  market = await marketExperiment(3)
  control = await controlExperiment()
})

/** The charts of a page, as its script finds them. */
function chartsOf(html: string): { shown: number; charts: { kind: string; trials: { name: string }[] }[] } {
  return JSON.parse(/<script type="application\/json" id="charts">(.*?)<\/script>/.exec(html)![1]!)
}

describe('the report of trials that trade', () => {
  it('says what they are worth, what to doubt, how it went, what the policy does, and what was run', () => {
    const document = documentOf(market)
    expect(titles(document)).toEqual([
      '',
      'What it is worth',
      'What to doubt',
      'How it went',
      'What the policy does',
      'What was run',
    ])
    expect(document.subtitle).toBe('DDPG on TRADING: 3 trials of 400 steps, seeds 3 to 5')
    const { shown, charts } = chartsOf(toHtml(document, parts))
    expect(shown).toBe(document.shown)
    expect(charts.map(({ kind }) => kind)).toEqual(['market', 'learning-curves', 'map'])
    for (const { trials } of [charts[0]!, charts[2]!])
      expect(trials.map(({ name }) => name)).toEqual(['seed 3', 'seed 4', 'seed 5'])
  })

  it('has the same numbers in HTML and in Markdown', () => {
    const document = documentOf(market)
    const [html, markdown] = [toHtml(document, parts), toMarkdown(document)]
    for (const { evaluation, receipt } of market.trials) {
      const { test } = evaluation
      for (const text of [String(Number(test.total_return.toPrecision(4))), receipt!]) {
        expect(html).toContain(`<td>${text}</td>`)
        expect(markdown).toContain(` ${text} |`)
      }
    }
  })

  it('names the algorithm with the switches that are on', async () => {
    const training = { algorithm: 'TD3', n_step: 3, inverting_gradients: true }
    const text = toMarkdown(documentOf(await marketExperiment(1, { training })))
    expect(text).toContain('TD3 on TRADING')
    expect(text).toContain(
      '| TD3, twin_critics, policy_delay 2, target_noise 0.2, n_step 3, inverting_gradients |',
    )
    expect(toMarkdown(documentOf(market))).toContain('| algorithm | DDPG |')
  })

  it('is the same again, and shows the trial in the middle on the validation rows', () => {
    expect(toHtml(documentOf(market), parts)).toBe(toHtml(documentOf(market), parts))
    const scores = market.trials.map(({ evaluation }) => evaluation.validation.sum_log_reward!)
    expect(scores[documentOf(market).shown]).toBe(scores.toSorted((a, b) => a - b)[1])
  })

  it('of one trial has neither intervals nor tables over trials', () => {
    const one = { ...market, trials: market.trials.slice(0, 1) }
    const text = toMarkdown(documentOf(one))
    expect(text).toContain('DDPG on TRADING: 1 trial of 400 steps, seed 3\n')
    expect(text).not.toMatch(/interquartile|medians over|### Trials\n|Against the benchmarks/)
    expect(text).toContain('**warning** One trial says little')
  })

  it('tells of trials that failed or were stopped, and does without any that was evaluated', () => {
    const { name, seed, curves, findings } = market.trials[0]!
    const trials: TrialSummary[] = [
      { name, seed, curves, findings, status: 'FAILED', error: 'actor loss not finite', step: 120 },
      { ...market.trials[1]!, status: 'KILLED', step: 260 },
    ]
    const some = documentOf({ ...market, trials }, 4)
    expect(some.subtitle).toBe(
      'DDPG on TRADING: 2 trials of 400 steps, seeds 3 to 4, of which 1 failed and 1 killed',
    )
    const text = toMarkdown(some)
    expect(text).toContain('**error** The trial of seed 3 failed: actor loss not finite')
    expect(text).toContain('**warning** The trial of seed 4 was stopped at step 260 of 400.')
    expect(text).toContain('**warning** 2 of 4 trials began before the experiment was stopped.')
    const none = documentOf({ ...market, trials: trials.slice(0, 1) })
    expect(titles(none)).toEqual(['What to doubt', 'How it went', 'What was run'])
    expect(chartsOf(toHtml(none, parts)).charts.map(({ kind }) => kind)).toEqual(['learning-curves'])
  })
})

it('of classic control has no word of markets', () => {
  const text = toMarkdown(documentOf(control))
  expect(text).toContain('DDPG on Pendulum-v1: 1 trial of 600 steps, seed 0')
  expect(text).toContain('| mean episode return | -')
  expect(text).toContain('Each policy played 4 episodes')
  expect(text.split('### Scenario')[0]).not.toMatch(/hold|rows|Sharpe|price|trade/)
  const { charts } = chartsOf(toHtml(documentOf(control), parts))
  expect(charts.map(({ kind }) => kind)).toEqual(['returns', 'learning-curves', 'map'])
})

describe('text of others', () => {
  const evil = '</script><img src=x onerror="alert(1)">`a|b` *c* [d](e)'
  let document: Document
  beforeAll(() => {
    const scenario = structuredClone(market.scenario)
    scenario.env.name = scenario.data.data_path = evil
    const [first, ...rest] = structuredClone(market.trials)
    const { splits } = first!.chartData
    splits.train.prices[0]!.name = evil
    const failed = { ...rest[0]!, status: 'FAILED', error: evil }
    document = documentOf({ ...market, scenario, trials: [first!, failed, rest[1]!] })
  })

  it('stays text in HTML, in what its script reads too', () => {
    const html = toHtml(document, parts)
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;')
    expect(JSON.stringify(chartsOf(html))).toContain(JSON.stringify(evil).slice(1, -1))
    expect(html.match(/<script/g)).toHaveLength(2)
    expect(html.match(/<\/script>/g)).toHaveLength(2)
  })

  it('stays text in Markdown', () => {
    const [text] = toMarkdown(document).split('### Scenario')
    expect(text).toContain('&lt;/script>&lt;img src=x onerror="alert(1)">\\`a\\|b\\` \\*c\\* \\[d\\](e)')
    expect(text).not.toMatch(/<img|(?<!\\)`a/)
  })

  it('cannot bring a script along: the policy allows the one that is meant, by its hash', () => {
    const html = toHtml(document, parts)
    const program = /<script>([^]*?)<\/script>/.exec(html)![1]!
    expect(program).toBe('draw("<\\/script><\\!--")')
    const hash = createHash('sha256').update(program).digest('base64')
    const policy = /http-equiv="Content-Security-Policy" content="(.*?)"/.exec(html)![1]!
    expect(policy).toContain(`default-src &#39;none&#39;; script-src &#39;sha256-${hash}&#39;;`)
  })
})

describe('what to doubt', () => {
  /** Texts of what is found when the evaluations of all trials are changed. */
  function found(
    change: (evaluation: Record<'train' | 'validation' | 'test', Evaluation>, trial: TradingTrial) => void,
  ): string {
    const trials = structuredClone([...market.trials, ...market.trials])
    for (const trial of trials) {
      const { evaluation } = trial
      // a good one, whatever was trained
      for (const metrics of Object.values(evaluation))
        Object.assign(metrics, {
          max_profit: 2,
          sum_log_reward: 1,
          buy_and_hold: 0.1,
          best_constant: 0.2,
          random: 0,
          total_return: 1.7,
          n_trades: 500,
          trades: 500,
          n_bars: 1000,
          win_rate: 0.6,
        })
      trial.significance.buy_and_hold.sharpe = { significant: true } as never
      for (const row of trial.chartData.costs.test) row.total_return = 1.6
      trial.findings = []
      change(evaluation, trial)
    }
    const scenario = structuredClone(market.scenario)
    scenario.data_generator = null
    const findings = doubts(scenario, trials, 6, evaluatedTrials(trials, core.random.evaluation))
    return findings
      .map(({ severity, text }) => `${severity}: ${text}`)
      .filter((text) => !text.includes('Of the scenario'))
      .join('\n')
      .replaceAll('\u00A0', ' ')
  }

  it('is nothing of a result that is good', () => {
    expect(found(() => undefined)).toBe('')
  })

  it.each<[string, Parameters<typeof found>[0], RegExp]>([
    [
      'is no better than holding',
      ({ test }) => (test.buy_and_hold = 1.1),
      /^warning: On the test rows a trial is no better than buying and holding: it wins with probability 0\.$/,
    ],
    [
      'is no better than a constant',
      ({ test }) => (test.best_constant = 1.1),
      /^warning: .* no better than the constant position/,
    ],
    [
      'is not beyond chance',
      (_, { significance }) => (significance.buy_and_hold.sharpe = null),
      /^warning: .* beyond chance in none of 6 trials/,
    ],
    [
      'is learned by heart',
      ({ test, validation }) => (test.sum_log_reward = validation.sum_log_reward = 0.3),
      /^warning: Of what a perfect trader earns, the median trial got 50 % on the train rows, 15 % on the validation rows and 15 % on the test rows: it overfits the training data/,
    ],
    [
      'differs much between trials',
      ({ test }, { seed }) => (test.sum_log_reward = seed === 3 ? 0.4 : 1.6),
      /^warning: The trials are far apart/,
    ],
    [
      'is ruin on the test rows',
      ({ test }) => (test.sum_log_reward = null),
      /^warning: Of what a perfect trader earns, the median trial got 50 % on the train rows, 50 % on the validation rows and – on the test rows/m,
    ],
    ['comes from no trade', ({ test }) => (test.n_trades = 0), /^warning: .* never changes its position/],
    [
      'comes from few trades',
      ({ test }) => (test.trades = 4),
      /^warning: On the test rows the median trial trades 4 times/,
    ],
    [
      'comes from few bars',
      ({ test }) => (test.n_bars = 100),
      /^note: There are 100 bars to test on: .* is about 0\.1\.$/,
    ],
    [
      'lives from cheap trades',
      (_, { chartData }) => chartData.costs.test.forEach((row) => (row.total_return = 0.1)),
      /^warning: Trading is cheap here, and the result depends on it: at 10 basis points a trade the median trial returns 10 % on the test rows instead of 170 %\.$/,
    ],
    ['is too good', ({ test }) => (test.win_rate = 0.97), /^warning: 97 % of the test bars win\./],
    [
      'comes from an unhealthy training',
      (_, trial) => (trial.findings = [{ step: 1200, text: 'it idles' }]),
      /^warning: While training, it idles \(seed 3 at step 1,200, .* and seed 5 at step 1,200\)\.$/,
    ],
  ])('is that a result %s', (_, change, expected) => {
    expect(found(change)).toMatch(expected)
  })
})
