// These mutants change scenarios, training, the files of a run, and its delivery to MLflow.
import type { MutatedFile } from './list.ts'

export const RUNS: readonly MutatedFile[] = [
  {
    file: 'src/scenario/rules.ts',
    tests: ['scenario/rules'],
    changes: [
      ['sample_size > buffer_size\n', 'sample_size >= buffer_size\n'],
      ['init_rand_steps >= max_steps', 'init_rand_steps > max_steps'],
      ['train + rest <= rows', 'train + rest < rows'],
      [
        'generator.min_trend_length > generator.max_trend_length',
        'generator.min_trend_length >= generator.max_trend_length',
      ],
    ],
  },
  {
    file: 'src/scenario/guardrails.ts',
    tests: ['scenario/guardrails'],
    changes: [
      ['(randomRounds + 1) * frames', 'randomRounds * frames'],
      ['t.eval_interval > updates', 't.eval_interval >= updates'],
      ['t.sample_size > held', 't.sample_size >= held'],
    ],
  },
  {
    file: 'src/scenario/environments.ts',
    tests: ['scenario/rules', 'scenario/guardrails'],
    changes: [
      ['value > (values[i - 1] ?? value)', 'value >= (values[i - 1] ?? value)'],
      ['Math.abs(p) > 2', 'p > 2'],
    ],
  },
  {
    file: 'src/scenario/overrides.ts',
    tests: ['scenario/overrides'],
    changes: [
      ["if (path[0] === 'environment') path[0] = 'env'", ''],
      ["other === undefined ? tree : without(tree, other.split('.'))", 'tree'],
    ],
  },
  {
    file: 'src/core/safetensors.ts',
    tests: ['core/safetensors'],
    changes: [
      ['b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT', '0'],
      ['start + end !== bytes.length', 'false'],
      ['Math.ceil(json.length / 8) * 8', 'json.length'],
      ['start + to > bytes.length', 'false'],
    ],
  },
  {
    file: 'src/core/tensors.ts',
    tests: ['core/tensors', 'trial/resume'],
    changes: [
      ['setReplay(learner, 0, 0)', ''],
      ['values[weightAt(i, o)] = w[o * I + i]!', 'values[weightAt(i, o)] = w[o + i]!'],
      ['size < capacity ? cursor === size :', 'size < capacity ||'],
    ],
  },
  {
    file: 'src/trial/train.ts',
    tests: ['trial/train'],
    changes: [
      ['if (step < initRandSteps) learner', 'if (step <= initRandSteps) learner'],
      ['Math.min(1, step / o.annealSteps)', 'step / o.annealSteps'],
      ['if (terminated || truncated) {', 'if (terminated) {'],
      ['reward * options.rewardScale', 'reward'],
      ['step > initRandSteps ? optimStepsPerBatch : 0', 'step >= initRandSteps ? optimStepsPerBatch : 0'],
      ['learner.obs.set(obs)', ''],
      ['losses.updates = 0\n', ''],
    ],
  },
  {
    file: 'src/trial/health.ts',
    tests: ['trial/health'],
    changes: [
      ['shows(health) ? shown[i]! + 1 : 0', 'shows(health) ? shown[i]! + 1 : shown[i]!'],
      ['Math.abs(action) > 0.99', 'action > 0.99'],
      ['greatestReward(learner) / (1 - gamma)', 'greatestReward(learner)'],
    ],
  },
  {
    file: 'src/trial/chain.ts',
    tests: ['trial/chain', 'trial/old-receipts'],
    changes: [
      ['sha256(before, `${learner.updates}`, ...all)', 'sha256(`${learner.updates}`, ...all)'],
      ['    rows = []\n', ''],
      ['sha256(canonical(env.save()), learner.obs)', 'sha256(canonical(env.save()))'],
      ['sha256(metrics, canonical(concat(rows)))', 'sha256(canonical(concat(rows)))'],
    ],
  },
  {
    file: 'src/trial/checkpoint.ts',
    tests: ['trial/resume', 'commands/evaluate'],
    changes: [
      [
        'String(sha256Bytes(bytes.subarray(0, end))) !== String(new Uint8Array(bytes.subarray(end)))',
        'false',
      ],
      ['  mustBeFinite(tensors)\n', ''],
      ['  if (run) return run\n  throw', '  return run!\n  throw'],
    ],
  },
  {
    file: 'src/trial/state.ts',
    tests: ['trial/resume'],
    changes: [
      ["filter((key) => key !== 'training.max_steps')", 'filter(() => true)'],
      ['maxSteps > info.step && info.step % frames !== 0', 'false'],
      ["learner.obs.set(saved.tensors['obs']!.data as Float32Array)", ''],
      ['info.data !== digest', 'false'],
    ],
  },
  {
    file: 'src/trial/receipt.ts',
    tests: ['trial/receipt'],
    changes: [
      ["  'device',\n", ''],
      ['sigma === end ?', 'sigma !== end ?'],
      ['one < other ? -1 : 1', 'one < other ? 1 : -1'],
    ],
  },
  {
    file: 'src/trial/verify.ts',
    tests: ['trial/verify'],
    changes: [
      ['digest !== receipt.data', 'false'],
      ['found.chain.links.length < receipt.chain.links.length', 'false'],
      ['compared >= until && i < links.length - 1', 'compared >= until'],
    ],
  },
  {
    file: 'src/tracking/mlflow/delivery.ts',
    tests: ['tracking/mlflow/rest', 'tracking/mlflow/sqlite', 'tracking/mlflow/file-store'],
    changes: [
      ['item.doubtful = true', ''],
      ['store.apply(item.operation, true)', 'store.apply(item.operation, false)'],
      ['if (journal?.next()) {', 'if (false) {'],
      ['        journal.skip()\n        warn', '        journal.done()\n        warn'],
    ],
  },
  {
    file: 'src/tracking/mlflow/journal.ts',
    tests: ['tracking/mlflow/journal'],
    changes: [
      ['if (line.slice(0, 9) !== `${checksum(text)} `) return undefined', ''],
      ['  ftruncateSync(descriptor, size)\n', ''],
      ["operations[line.done]?.kind !== 'start'", 'true'],
      ["if (operation.kind === 'end') open.delete(operation.run)", ''],
      ['offset, length, doubtful: true', 'offset, length, doubtful: false'],
    ],
  },
  {
    file: 'src/tracking/mlflow/rules.ts',
    tests: ['tracking/mlflow/rest', 'tracking/mlflow/sqlite'],
    changes: [
      ['value: value + 0', 'value'],
      ['one.step - other.step || one.timestamp - other.timestamp', 'one.timestamp - other.timestamp'],
      ['value.slice(0, length)', 'value'],
      ["replace(/^\\.{1,2}$/, '_')", "replace(/^\\.$/, '_')"],
    ],
  },
]
