// A document is the content of a report before it is HTML or Markdown. Text is plain: whoever writes it escapes it.
import type { SeriesName } from './series.ts'
import type { TextTable } from './tables/metrics.ts'

export interface Document {
  title: string
  /** One line about it. */
  subtitle: string
  sections: Section[]
  /** The index of the trial that the charts show at first. */
  shown: number
}

export interface Section {
  title: string
  blocks: Block[]
}

export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'figures'; figures: Figure[] }
  | { kind: 'findings'; findings: Finding[] }
  | {
      kind: 'table'
      table: TextTable
      title: string
      caption?: string
      /** Need not be seen at once. */
      folded?: boolean
      /** Its cells are words rather than numbers. */
      words?: boolean
    }
  | { kind: 'code'; text: string; title: string; folded?: boolean }
  /** @param numbers some of it as a table, for those who cannot see it */
  | { kind: 'chart'; chart: Chart; title: string; caption: string; numbers?: TextTable }

/** A number that says much. */
export interface Figure {
  label: string
  value: string
  note: string
}

/** A doubt, or something worth knowing. */
export interface Finding {
  severity: 'error' | 'warning' | 'note'
  text: string
}

export type Chart = LearningCurvesChart | MarketChart | MapChart | ReturnsChart

/** Rounded; null is a gap. */
export type ChartValues = (number | null)[]

export interface NamedSeries<Name extends string = string> {
  name: Name
  values: ChartValues
}

export interface LearningCurvesChart {
  kind: 'learning-curves'
  panels: CurvePanel[]
}

/** One quantity over environment steps, in all trials together and in each. */
export interface CurvePanel {
  title: string
  series: SeriesName
  steps: number[]
  /** The middle of the trials, and the range of most of them; no range with one trial. */
  middle: ChartValues
  range?: { labels: [low: string, high: string]; low: ChartValues; high: ChartValues }
  trials: NamedSeries[]
}

/** One market over time. All arrays of a split are of the length of its times, in milliseconds since 1970. */
export interface MarketChart {
  kind: 'market'
  splits: { name: string; times: number[]; prices: NamedSeries[]; benchmarks: NamedSeries<SeriesName>[] }[]
  trials: { name: string; splits: AgentChart[] }[]
}

/** Growth of 1, its distance from the highest so far, and what is traded to, asset by asset. */
export interface AgentChart {
  wealth: ChartValues
  random: ChartValues
  drawdown: ChartValues
  positions: ChartValues[]
}

/** Actions and Q over one or two numbers of an observation. */
export interface MapChart {
  kind: 'map'
  trials: ({ name: string } & ActionMapChart)[]
}

export interface ActionMapChart {
  axes: { name: string; values: number[] }[]
  /** The name of the action. */
  action: string
  /** Values in percent; the first axis runs fastest. */
  actions: number[]
  q: ChartValues
  observed: number[][]
}

/** Returns of the episodes of each trial, ascending. */
export interface ReturnsChart {
  kind: 'returns'
  trials: { name: string; returns: number[] }[]
}

/** Five digits, which are more than can be seen. */
export function chartValues(values: Iterable<number>): ChartValues {
  return Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null))
}
