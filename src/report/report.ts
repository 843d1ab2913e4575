// Makes the report of an experiment as a document: results, doubts, training, policy, setting. Pure: the same trials
// give the same document, however many ran at a time, when, and where.
import type { Random } from '../core/core.ts'
import type { Scenario } from '../scenario/schema.ts'
import { taskKind } from '../scenario/environments.ts'
import { learningCurvesBlock } from './sections/learning-curves.ts'
import { compareSignificance } from './tables/across-trials.ts'
import type { Block, Document, Figure, Section } from './document.ts'
import { doubts } from './sections/doubts.ts'
import { factBlocks, type DataFacts, type Versions } from './sections/setting.ts'
import { counted, formatCount, listed } from './tables/format.ts'
import { policyBlock } from './sections/policy.ts'
import { middleOf, type EvaluatedTrials, type TrialSummary } from './trial-summary.ts'
import { episodicBlocks, episodicFigures } from './sections/episodes.ts'
import { tradingCost } from '../scenario/trading-keys.ts'
import { marketBlocks, marketFigures } from './sections/trading.ts'

export interface ReportParts {
  scenario: Scenario
  trials: readonly TrialSummary[]
  /** Trials that were asked for. */
  wanted: number
  /** Statistics of the trials that were evaluated, if any. */
  evaluated: EvaluatedTrials | undefined
  /** Absent for a task without data. */
  data: DataFacts | undefined
  versions: Versions
  /** Bootstrap intervals draw from it. */
  random: Random
}

export function reportOf({
  scenario,
  trials,
  wanted,
  evaluated,
  data,
  versions,
  random,
}: ReportParts): Document {
  const { figures, worth, policy, shown } = worthOf(scenario, evaluated)
  const findings = doubts(scenario, trials, wanted, evaluated)
  const sections: Section[] = [
    ...(figures.length > 0 ? [{ title: '', blocks: [{ kind: 'figures', figures } as const] }] : []),
    ...(worth.length > 0 ? [{ title: 'What it is worth', blocks: worth }] : []),
    {
      title: 'What to doubt',
      blocks: [findings.length > 0 ? { kind: 'findings', findings } : NOTHING, ...significanceBlocks(trials)],
    },
    { title: 'How it went', blocks: [learningCurvesBlock(trials, VALIDATION[taskKind(scenario)], random)] },
    ...(policy ? [{ title: 'What the policy does', blocks: [policy] }] : []),
    { title: 'What was run', blocks: factBlocks(scenario, trials, versions, data) },
  ]
  return { title: scenario.experiment_name, subtitle: subtitleOf(scenario, trials), sections, shown }
}

/** Titles for the scores of validations. */
const VALIDATION = {
  trading: 'Σ log reward in validation',
  episodic: 'Mean episode return in validation',
}

const NOTHING: Block = { kind: 'text', text: 'No rule of this report finds anything to doubt.' }

function subtitleOf({ env, training }: Scenario, trials: readonly TrialSummary[]): string {
  const seeds = trials.map(({ seed }) => seed)
  const which = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`
  const states = ['FAILED', 'KILLED'].flatMap((status) => {
    const n = trials.filter((trial) => trial.status === status).length
    return n > 0 ? [`${n} ${status.toLowerCase()}`] : []
  })
  const ends = states.length > 0 ? `, of which ${listed(states)}` : ''
  return `${training.algorithm} on ${env.name}: ${counted(trials.length, 'trial')} of ${formatCount(training.max_steps)} steps, ${which}${ends}`
}

interface Worth {
  figures: Figure[]
  worth: Block[]
  policy?: Block
  shown: number
}

function worthOf(scenario: Scenario, evaluated: EvaluatedTrials | undefined): Worth {
  switch (evaluated?.kind) {
    case undefined:
      return { figures: [], worth: [], shown: 0 }
    case 'trading': {
      const { trials, statistics } = evaluated
      const shown = middleOf(trials, ({ evaluation }) => evaluation.validation.sum_log_reward)
      return {
        figures: marketFigures(trials, statistics),
        worth: marketBlocks(trials, shown, statistics, tradingCost(scenario.env)),
        policy: policyBlock(trials, shown),
        shown,
      }
    }
    case 'episodic': {
      const { trials, statistics } = evaluated
      const shown = middleOf(trials, ({ evaluation }) => evaluation.test.mean_episode_return)
      return {
        figures: episodicFigures(trials, statistics),
        worth: episodicBlocks(trials, statistics),
        policy: policyBlock(trials, shown),
        shown,
      }
    }
  }
}

function significanceBlocks(trials: readonly TrialSummary[]): Block[] {
  const all = trials.flatMap((trial) => (trial.kind === 'trading' ? [trial.significance] : []))
  if (all.length === 0) return []
  return [
    {
      kind: 'table',
      title: 'Returns on the test rows against those of the benchmarks',
      table: compareSignificance(all),
      caption:
        all.length > 1
          ? 'Medians of the two-sided p values of the trials, and in how many of them the 95 % bootstrap interval of the difference of the ratios leaves 0 out.'
          : 'Two-sided p values, and whether the 95 % bootstrap interval of the difference of the ratios leaves 0 out.',
    },
  ]
}
