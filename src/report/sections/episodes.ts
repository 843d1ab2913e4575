// Reports the results of agents at classic control.
import type { EpisodicStatistics } from '../../task/across-trials.ts'
import { compareEpisodes, type TextTable } from '../tables/metrics.ts'
import { compareEpisodicTrials } from '../tables/across-trials.ts'
import type { Block, Figure } from '../document.ts'
import { medianOf, type EpisodicTrial } from '../trial-summary.ts'
import { formatNumber } from '../tables/table.ts'

export function episodicFigures(
  trials: readonly EpisodicTrial[],
  statistics: Record<'test', EpisodicStatistics>,
): Figure[] {
  const means = trials.map(({ evaluation }) => evaluation.test.mean_episode_return)
  const { n_episodes: episodes, min_episode_return: least } = trials[0]!.evaluation.test
  const over = `${episodes} episodes${trials.length > 1 ? ' a trial' : ''}`
  if (trials.length === 1) {
    return [
      { label: 'Mean episode return', value: formatNumber(means[0]), note: over },
      { label: 'Worst episode', value: formatNumber(least), note: over },
    ]
  }
  const { iqm, iqm_interval: interval } = statistics.test.mean_episode_return
  return [
    {
      label: 'Interquartile mean of the trials',
      value: formatNumber(iqm),
      note: `95 % interval ${interval.map(formatNumber).join(' to ')}`,
    },
    { label: 'Median of the trials', value: formatNumber(medianOf(means)), note: over },
    { label: 'Best trial', value: formatNumber(Math.max(...means)), note: over },
    { label: 'Worst trial', value: formatNumber(Math.min(...means)), note: over },
  ]
}

export function episodicBlocks(
  trials: readonly EpisodicTrial[],
  statistics: Record<'test', EpisodicStatistics>,
): Block[] {
  const [only] = trials
  const results: Block[] =
    trials.length === 1
      ? [{ kind: 'table', title: 'Evaluation', table: compareEpisodes(only!.evaluation) }]
      : [
          {
            kind: 'table',
            title: 'Trials',
            table: compareEpisodicTrials(trials, statistics),
            caption: 'The interval is that of the interquartile mean, from a stratified bootstrap.',
          },
          { kind: 'table', title: 'Episodes of each trial', table: episodeTable(trials) },
        ]
  return [
    {
      kind: 'chart',
      chart: {
        kind: 'returns',
        trials: trials.map(({ seed, chartData }) => ({ name: `seed ${seed}`, returns: chartData.returns })),
      },
      title: 'Episode returns',
      caption:
        'A dot is an episode, a line the mean of a trial. Every trial plays from the same start states.',
    },
    ...results,
  ]
}

function episodeTable(trials: readonly EpisodicTrial[]): TextTable {
  const tables = trials.map(({ evaluation }) => compareEpisodes(evaluation).rows)
  return {
    header: ['', ...tables[0]!.map(([label]) => label!.trim())],
    rows: tables.map((rows, i) => [`seed ${trials[i]!.seed}`, ...rows.map(([, value]) => value!)]),
  }
}
