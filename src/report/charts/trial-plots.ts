// Draws all pictures of a trial, by artifact path.
import { SPLITS, type TradingTask } from '../../task/trading.ts'
import type { TrialResult } from '../../trial/trial.ts'
import { plotCombined, plotCumulativeReward, plotPositions, plotTrainingLosses } from './plot.ts'
import type { Losses, SplitCurves } from './plot.ts'

/** @param title of all of them; a split's name is added where there is one for each */
export function trialPlots(
  title: string,
  prepared: TradingTask,
  evaluation: TrialResult['evaluation'],
  losses: Losses,
): Record<string, string> {
  const splits = SPLITS.map((split) => splitCurves(prepared, evaluation, split))
  const files: Record<string, string> = {}
  for (const { name, curves, holdings, timestamps } of splits) {
    const named = `${title}: ${name}`
    files[`evaluation_plots/rewards_${name}.svg`] = plotCumulativeReward({ title: named, curves })
    files[`evaluation_plots/positions_${name}.svg`] = plotPositions({ title: named, holdings, timestamps })
  }
  files['evaluation_plots/combined_evaluation.svg'] = plotCombined({ title, splits, losses })
  files['training_plots/training_losses.svg'] = plotTrainingLosses({ title, ...losses })
  return files
}

function splitCurves(
  { markets, splits, table }: TradingTask,
  evaluation: TrialResult['evaluation'],
  split: (typeof SPLITS)[number],
): SplitCurves {
  const { curves, agent } = evaluation[split]
  const { prices, priceNames } = markets[split]
  const from = splits[split].from + agent.firstRow
  return {
    name: split,
    curves,
    holdings: prices.map((price, asset) => ({
      name: priceNames[asset]!,
      price: price.subarray(agent.firstRow),
      position: agent.positions.filter((_, i) => i % prices.length === asset),
    })),
    timestamps: table.columns.timestamp!.subarray(from, splits[split].to),
  }
}
