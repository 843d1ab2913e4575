// One table gives the label, unit and colour of each series that tables, plots, reports and the page show.

/** Colours on paper. Screens have them as custom properties of web/theme.css, and others in the dark. */
export const PAPER = {
  agent: '#2857c5',
  market: '#b8700a',
  price: '#6b7280',
  quiet: '#5d6570',
  'asset-1': '#0f766e',
  'asset-2': '#a4418f',
  'asset-3': '#7a6a00',
  good: '#17703a',
  bad: '#b3261e',
} as const

export type ColorName = keyof typeof PAPER

interface SeriesStyle {
  label: string
  /** The name of its axis. */
  unit: string
  color: ColorName
  dashed?: boolean
}

const wealth = (label: string, color: ColorName) => ({ label, unit: 'wealth', color })

export const SERIES = {
  agent: wealth('agent', 'agent'),
  buy_and_hold: wealth('buy & hold', 'market'),
  short_and_hold: wealth('short & hold', 'asset-2'),
  twap: wealth('TWAP', 'asset-1'),
  random: wealth('random', 'quiet'),
  best_constant: wealth('best constant', 'asset-3'),
  equal_weight: wealth('equal weight', 'price'),
  best_asset: wealth('best asset', 'bad'),
  minimum_variance: { ...wealth('minimum variance', 'asset-1'), dashed: true },
  max_profit: { ...wealth('max profit', 'good'), dashed: true },
  price: { label: 'price', unit: 'price', color: 'price' },
  position: { label: 'position', unit: 'weight of wealth', color: 'agent' },
  drawdown: { label: 'drawdown', unit: 'drawdown', color: 'bad' },
  critic_loss: { label: 'critic loss', unit: 'critic loss', color: 'market' },
  actor_loss: { label: 'actor loss', unit: 'actor loss', color: 'agent' },
  episode_return: { label: 'episode return', unit: 'episode return', color: 'agent' },
} as const satisfies Record<string, SeriesStyle>

export type SeriesName = keyof typeof SERIES

/** The axis that the prices of several assets share. */
export const RELATIVE_PRICE = 'price / first price'

const ASSETS = ['asset-1', 'asset-2', 'asset-3', 'agent'] as const

/** The colour of one of several assets; a single one has that of the series. */
export function assetColor(series: 'price' | 'position', asset: number, assets: number): ColorName {
  return assets === 1 ? SERIES[series].color : ASSETS[asset % ASSETS.length]!
}

export function styleOf(series: SeriesName): SeriesStyle {
  return SERIES[series]
}
