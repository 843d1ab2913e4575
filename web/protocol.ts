// Defines the messages between the page and its worker. The page draws; all that computes is in the worker.

/** The inputs of a run, besides data of one's own. */
export interface Inputs {
  /** The file that the YAML would be, without its ending. */
  name: string
  yaml: string
  /** null for the seed of the scenario. */
  seed: number | null
}

/** `mlflow` is the address that a run is logged to; without one nothing is sent. */
export type Request =
  | { type: 'check'; inputs: Inputs }
  /** Lays overrides (`key=value`) on the YAML of a link. */
  | { type: 'override'; inputs: Inputs; overrides: string[] }
  /** A parquet or CSV file in place of generated data; undefined removes it. */
  | { type: 'data'; file: File | undefined }
  | { type: 'train'; inputs: Inputs; mlflow: string | undefined }
  | { type: 'checkpoint'; file: File }
  /** Resumes from the checkpoint that was read, or left by a stopped run. */
  | { type: 'continue'; maxSteps: number; mlflow: string | undefined }
  | { type: 'verify'; file: File }
  | { type: 'pause' | 'resume' | 'stop' | 'plots' }

/** A line of the YAML (0 for none) and what is wrong there. */
export interface Problem {
  line: number
  text: string
}

export interface MarketLine {
  name: string
  /** The values, as many as the `x` beside them; NaN is a gap. */
  values: Float64Array
}

/** A stretch of the market and, once there is an agent, what it did there. */
export interface MarketView {
  title: string
  /** Seconds since 1970, UTC. */
  x: Float64Array
  prices: MarketLine[]
  /** Weights of wealth. */
  positions: MarketLine[]
  /** Wealth in multiples of the first. */
  wealth: MarketLine[]
}

/** Losses and episodes of a training, thinned to what a chart can show, over environment steps. */
export interface ChartedCurves {
  losses: { step: Float64Array; critic: Float64Array; actor: Float64Array }
  episodes: { step: Float64Array; reward: Float64Array }
}

export interface Progress {
  step: number
  updates: number
  updatesPerSecond: number
  secondsLeft: number | undefined
  /** Σ log reward of the last validation. */
  validation: number | undefined
}

export interface Download {
  name: string
  content: Blob
}

export interface Finished {
  complete: boolean
  step: number
  /** The policy that the table is about. */
  evaluated: 'final' | 'best'
  /** A metric a row, a split a column. */
  table: { header: string[]; rows: string[][] }
  /** 64 hexadecimal digits; only of a complete run. */
  receipt: string | undefined
  downloads: Download[]
  /** The views by split. */
  views: MarketView[]
}

/** A run in MLflow. */
export interface LoggedRun {
  /** `http://localhost:5000/#/experiments/1/runs/<id>` */
  address: string
  /** True until it is ended. */
  isOpen: boolean
}

export type Reply =
  | { type: 'ready' }
  | {
      type: 'checked'
      problems: Problem[]
      notes: string[]
      /** The run as it would be, when there are no problems. */
      summary?: { seed: number; maxSteps: number; data: string } | undefined
      preview?: MarketView | undefined
    }
  | { type: 'overridden'; yaml: string }
  | { type: 'data'; name: string; text: string; notes: string[] }
  | { type: 'checkpoint'; title: string; seed: number; step: number; maxSteps: number; yaml?: string }
  | { type: 'started'; title: string; seed: number; maxSteps: number }
  | ({ type: 'progress' } & Progress)
  | ({ type: 'curves' } & ChartedCurves)
  | { type: 'view'; view: MarketView }
  | ({ type: 'finished' } & Finished)
  | { type: 'verdict'; identical: boolean; sentence: string }
  /** The work that was under way was stopped. */
  | { type: 'stopped' }
  | { type: 'plots'; files: Download[] }
  /** News of the run in MLflow. */
  | { type: 'mlflow'; text: string; isProblem: boolean; run?: LoggedRun }
  /** A request of that type has been answered in full, or has failed. */
  | { type: 'done'; about: Request['type'] }
  /** A request failed; `about` names it. */
  | { type: 'problem'; about: Request['type']; message: string }
