// Expressions of features are parsed, refused in a sentence, and printed as text that parses to the same.
import { describe, expect, it } from 'vitest'
import { DdpgError } from '../../src/base/errors.ts'
import { namesIn, warmUpOf } from '../../src/features/language/expression.ts'
import { listFeatures } from '../../src/features/language/presets.ts'
import { readFeatures } from '../../src/features/language/read.ts'
import { problemsOf, parse } from '../scenario/helpers.ts'

const read = (entry: string) => readFeatures(entry).map(({ name, text, scale }) => [name, text, scale])
const one = (entry: string) => readFeatures(entry)[0]!.expression

describe('an entry is read as', () => {
  it.each([
    ['rsi', 'rsi(14)', 'rsi(14)', 'standard'],
    ['rsi()', 'rsi(14)', 'rsi(14)', 'standard'],
    ['sma ( volume,7 )', 'sma(volume, 7)', 'sma(volume, 7)', 'standard'],
    ['sma(close, 7)', 'sma(7)', 'sma(7)', 'standard'],
    ['close/sma(50)-1', 'close / sma(50) - 1', 'close / sma(50) - 1', 'standard'],
    ['-(close-open)*2', '-(close - open) * 2', '-(close - open) * 2', 'standard'],
    ['1 - (2 - 3) / (4 * 5)', '1 - (2 - 3) / (4 * 5)', '1 - (2 - 3) / (4 * 5)', 'standard'],
    ['trend = close / lag(9) | range', 'trend', 'close / lag(9)', 'range'],
    ['mood = column(Sentiment) | robust', 'mood', 'column(sentiment)', 'robust'],
    [`column('Fear & Greed') | none`, 'column("fear & greed")', 'column("fear & greed")', 'none'],
    ['rsi | rolling(48)', 'rsi(14)', 'zscore(rsi(14), 48)', 'none'],
    ['sma(rsi(7), 5)', 'sma(rsi(7), 5)', 'sma(rsi(7), 5)', 'standard'],
    ['clip(return, -0.1, .1)', 'clip(return(1), -0.1, 0.1)', 'clip(return(1), -0.1, 0.1)', 'standard'],
    ['macd(3,5).signal', 'macd(3, 5, 9).signal', 'macd(3, 5, 9).signal', 'standard'],
  ])('%s', (entry, name, text, scale) => {
    expect(read(entry)).toEqual([[name, text, scale]])
    expect(one(text)).toEqual(one(entry))
  })

  it('several features of an indicator that gives several', () => {
    expect(read('bollinger')).toEqual(
      ['upper', 'middle', 'lower'].map((output) => {
        const name = `bollinger(20, 2).${output}`
        return [name, name, 'standard']
      }),
    )
    expect(read('cross = macd | range').map(([name]) => name)).toEqual([
      'cross.macd',
      'cross.signal',
      'cross.histogram',
    ])
  })

  it('arithmetic from the left, products first', () => {
    const number = (value: number) => ({ kind: 'number', value })
    const product = { kind: 'arithmetic', operator: '*', left: number(2), right: number(3) }
    const difference = { kind: 'arithmetic', operator: '-', left: number(1), right: product }
    expect(one('1 - 2 * 3 - 4')).toEqual({
      kind: 'arithmetic',
      operator: '-',
      left: difference,
      right: number(4),
    })
  })
})

it('knows the rows that warm up and the columns that are read', () => {
  expect(warmUpOf(one('close'))).toBe(0)
  expect(warmUpOf(one('sma(rsi(14), 5) + lag(3)'))).toBe(18)
  expect(warmUpOf(one('zscore(macd.signal, 10)'))).toBe(33 + 9)
  expect(namesIn(one('-sma(volume, 5) / atr + column(x)'))).toEqual({
    indicators: ['sma', 'atr'],
    columns: ['volume', 'high', 'low', 'close', 'x'],
  })
})

describe('an entry is refused with the place and the remedy:', () => {
  it.each([
    [
      'rsj',
      'at character 1: there is no "rsj", did you mean rsi? A column of the data is written column(rsj)',
    ],
    ['1 + quux', 'at character 5: there is no "quux": a column of the data is written column(quux)'],
    ['rsi(', 'at character 5: expected a number, a column, an indicator or (, got the end'],
    ['rsi(0)', 'at character 5: p of rsi must be an integer in [2, 100000], got 0'],
    ['rsi(1.5)', 'at character 5: p of rsi must be an integer in [2, 100000], got 1.5'],
    [
      'clip(close, -1e99)',
      'at character 14: low of clip must be a number in [-1000000000000000, 1000000000000000], got -1e99',
    ],
    ['rsi(14, 3)', 'at character 9: rsi takes at most p'],
    ['obv(14)', 'at character 5: obv takes no numbers'],
    ['atr(close)', 'at character 5: atr is computed from high, low, close: it takes only numbers'],
    ['log', 'at character 1: log needs a series, as in log(volume)'],
    [
      'macd - 1',
      'at character 1: macd gives macd, signal and histogram: choose one with .macd, .signal or .histogram after it',
    ],
    ['1 - stoch', 'at character 5: stoch gives k and d: choose one with .k or .d after it'],
    ['-stoch', 'at character 2: stoch gives k and d: choose one with .k or .d after it'],
    ['sma(stoch, 5)', 'at character 5: stoch gives k and d: choose one with .k or .d after it'],
    ['macd.foo', 'at character 6: macd gives macd, signal and histogram, got "foo"'],
    ['rsi.k', 'at character 5: rsi gives one series: drop .k'],
    ['macd(26, 12)', 'at character 1: macd needs a fast period below the slow one, got 26 and 12'],
    ['column()', 'at character 8: expected the name of a column, got ")"'],
    [
      'rsi | rnge',
      'at character 7: expected a scale, standard, robust, range, original_range, none or rolling(rows), got "rnge", did you mean range?',
    ],
    ['rsi | rolling(1)', 'at character 15: p of rolling must be an integer in [2, 100000], got 1'],
    ['close close', 'at character 7: expected +, -, *, /, | or the end, got "close"'],
    ['3 $ 4', 'at character 3: "$" has no meaning here'],
    ['1e999', 'at character 1: 1e999 is not a finite number'],
    ['('.repeat(40) + 'close', 'at character 33: nested more than 32 deep'],
    ['-'.repeat(40) + 'close', 'at character 33: nested more than 32 deep'],
    ['close + '.repeat(100), 'has 800 characters, at most 500 are read'],
  ])('%s', (entry, problem) => {
    expect(() => readFeatures(entry)).toThrow(new DdpgError(problem))
  })

  it('a name that comes twice', () => {
    expect(() => listFeatures(['rsi', 'sma', 'rsi(14) | range'])).toThrow(
      new DdpgError('has rsi(14) twice: drop one, or name it, as in other = rsi(14)'),
    )
  })
})

describe('in a scenario', () => {
  it('a wrong entry is told with its line, and what YAML made of a list in one line', () => {
    expect(problemsOf('features:\n  - rsi\n  - sme(5)\n  - adx(0)\n')).toEqual([
      'configs/x.yaml:3: features[1] "sme(5)": at character 1: there is no "sme", did you mean sma? A column of the data is written column(sme)',
      'configs/x.yaml:4: features[2] "adx(0)": at character 5: p of adx must be an integer in [2, 100000], got 0',
    ])
    expect(problemsOf('features: [macd(12, 26)]')[0]).toBe(
      'configs/x.yaml:1: features[0] "macd(12": at character 8: expected "," or ), got the end: in a list in one line, quote what has commas',
    )
    expect(problemsOf('features: finrk')).toEqual([
      'configs/x.yaml:1: features "finrk": at character 1: there is no "finrk": a column of the data is written column(finrk)',
    ])
  })

  it('features and what they take the place of are refused together', () => {
    expect(problemsOf('features: finrl\nenv: {feature_columns: [feature_trend]}')).toEqual([
      'configs/x.yaml:1: features and env.feature_columns both say what is observed: keep one',
    ])
    expect(problemsOf('features: finrl\ndata: {no_features: true}')).toEqual([
      'configs/x.yaml:1: features and data.no_features both say what is observed: keep one',
    ])
  })

  it('the rows that they cost are told', () => {
    expect(parse('seed: 1\nfeatures: [rsi, sma(50), return]').notes).toEqual([
      'the first 49 rows have no value of the feature sma(50) and are not trained on',
    ])
    expect(parse('seed: 1\nfeatures: original').notes).toEqual([])
  })

  it('they are not in a scenario that has none, as in those of before', () => {
    expect(Object.keys(parse('seed: 1').scenario)).not.toContain('features')
  })
})
