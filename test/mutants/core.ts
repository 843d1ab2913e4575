// These mutants change the WebAssembly core: random streams, replay, update, networks and products.
import type { MutatedFile } from './list.ts'

export const CORE: readonly MutatedFile[] = [
  {
    file: 'assembly/rng.ts',
    tests: ['core/rng', 'core/golden'],
    changes: [
      ['while (<u32>product < rejected)', 'while (false)'],
      ['(sequence << 1) | 1', 'sequence << 1'],
      ['(<u64>next(stream) >> 11)', '(<u64>next(stream) >> 12)'],
      ['1.0 - uniform(stream)', 'uniform(stream)'],
      ['state >> 18', 'state >> 17'],
    ],
  },
  {
    file: 'assembly/agent/replay.ts',
    tests: ['core/learner', 'core/golden', 'core/tensors'],
    changes: [
      [
        'l.counters.replayCursor = row + 1 == l.capacity ? 0',
        'l.counters.replayCursor = row + 1 == l.capacity ? 1',
      ],
      ['    row = row + 1 == l.capacity ? 0', '    row = row + 1 == l.capacity ? 1'],
      ['row != newest && ', ''],
      ['discount *= gamma', ''],
      [
        'at(l.replayReward, row))\n      discount',
        'at(l.replayReward, load<i32>(at(l.rows, b))))\n      discount',
      ],
      ['store<i32>(at(l.rows, b), row)', ''],
      ['if (l.counters.replaySize < l.capacity) l', 'if (l.counters.replaySize + 1 < l.capacity) l'],
      ['l.replayNextObs, D, l.rows', 'l.replayObs, D, l.rows'],
      ['<f32>load<u8>(l.replayTerminated', '<f32>load<u8>(l.replayTruncated'],
      ['index(REPLAY, size)', '<u32>b % size'],
      ['<u8>truncated', '<u8>terminated'],
    ],
  },
  {
    file: 'assembly/agent/ddpg.ts',
    tests: ['core/golden', 'core/gradient', 'core/learner'],
    changes: [
      ['discount * (1 - load<f32>(at(l.terminated, b))) *', 'discount *'],
      ['hyper.delayActor ? actor.target : actor.parameters', 'actor.target'],
      ['forward(critic, critic.target, l.nextBatch', 'forward(critic, critic.parameters, l.nextBatch'],
      ['-1 / <f32>B', '1 / <f32>B'],
      ['hyper.criticWeightDecay, size', 'hyper.actorWeightDecay, size'],
      ['act(l, actor.parameters, l.batch, ld', 'act(l, actor.target, l.batch, ld'],
      ['else tanhBackward(l.scratch.dy, output.y, n)', ''],
      [
        '  advanceBetaPowers(betaPowers(l))\n',
        '  advanceBetaPowers(betaPowers(l))\n  advanceBetaPowers(betaPowers(l))\n',
      ],
      ['allFinite(l.action, l.actionDim) &&', ''],
      ['if (!isFinite(stats.criticLoss)) return CRITIC_LOSS', ''],
      ['norm(actor.gradient, actor.count)', 'norm(critic.gradient, critic.count)'],
      ['number % <i64>hyper.policyDelay == 0', '(number - 1) % <i64>hyper.policyDelay == 0'],
      ['isActorsTurn ? hyper.tau : 0', 'hyper.tau'],
      ['f32x4.min(v128.load(at(q, i))', 'f32x4.max(v128.load(at(q, i))'],
      ['Math.max(-clip, Math.min(clip, noise))', 'noise'],
      ['l.critic2.target, l.nextBatch', 'l.critic2.parameters, l.nextBatch'],
      ['stats.criticLoss + loss', 'loss'],
      ['Math.sqrt(first * first + size * size)', 'size'],
      ['2 * l.hyper.actionPenalty', 'l.hyper.actionPenalty'],
      ['l.hyper.actionPenalty * size * size', 'l.hyper.actionPenalty * size'],
      ['if (delay == 1) return', 'return'],
      ['isDecoupled ? 0 : decay', 'decay'],
    ],
  },
  {
    file: 'assembly/agent/loss.ts',
    tests: ['core/golden', 'core/gradient', 'core/learner'],
    changes: [
      ['gradient = 2 * d', 'gradient = d'],
      ['(kind == SMOOTH_L1 ? 0.5 : 0)', '0'],
      ['Mathf.abs(d) < 1', 'Mathf.abs(d) < 2'],
    ],
  },
  {
    file: 'assembly/agent/explore.ts',
    tests: ['core/learner', 'core/golden'],
    changes: [
      ['Math.sqrt(dt)', 'dt'],
      [
        'Math.max(-1.0, Math.min(1.0, <f64>load<f32>(action) + noise))',
        'Math.min(1.0, <f64>load<f32>(action) + noise)',
      ],
      ['old - theta * old * dt', 'old - theta * dt'],
    ],
  },
  {
    file: 'assembly/nn/adam.ts',
    tests: ['core/golden', 'core/learner', 'core/gradient'],
    changes: [
      ['EPSILON * correction', 'EPSILON'],
      ['gradientNorm + 1e-6', 'gradientNorm'],
      ['f32x4.sub(updated, lagging)', 'f32x4.sub(old, lagging)'],
      ['if (i < n) {', 'if (false) {'],
      ['vi = v128.and(vi, f32x4.ge(vi, flush))', ''],
      ['f32x4.mul(old, decaying)', 'f32x4.mul(old, clipping)'],
      ['f32x4.mul(old, shrinking)', 'old'],
      ['Math.pow(BETA2, n)', 'Math.pow(BETA2, n + 1)'],
    ],
  },
  {
    file: 'assembly/nn/mlp.ts',
    tests: ['core/learner', 'core/golden'],
    changes: [
      ['isSmall ? 0 : draw(bound)', 'draw(bound)'],
      ['Math.sqrt(<f64>layer.I)', 'Math.sqrt(<f64>layer.O)'],
    ],
  },
  {
    file: 'assembly/nn/backward.ts',
    tests: ['core/gradient', 'core/golden'],
    changes: [
      ['biasGradient(at(net.gradient, head.b), s.dy, head.stride, B)', ''],
      ['for (; l > 0; --l) throughHidden', 'for (; l > 1; --l) throughHidden'],
      ['sum12 = f32x4.add(sum12, v128.load(row, 48))', 'sum12 = f32x4.add(sum12, v128.load(row, 32))'],
    ],
  },
  {
    file: 'assembly/nn/head.ts',
    tests: ['core/golden', 'core/gradient'],
    changes: [['bias ? load<f32>(at(bias, o)) : 0', '0']],
  },
  {
    file: 'assembly/nn/activation.ts',
    tests: ['core/golden', 'core/learner', 'core/gemm', 'core/sparse'],
    changes: [
      ['f32x4.min(x, f32x4.splat(7.90531110763549805))', 'f32x4.min(x, f32x4.splat(6.5))'],
      ['f32x4.add(one, zi), raises', 'f32x4.sub(one, zi), raises'],
      ['f32x4.mul(half, room)', 'room'],
    ],
  },
  {
    file: 'assembly/products/gemm.ts',
    tests: ['core/gemm', 'core/golden'],
    changes: [
      ['if (n < N) tile4x4', 'if (false) tile4x4'],
      ['x = v128.load32_splat(a, 8)', 'x = v128.load32_splat(a, 4)'],
    ],
  },
  {
    file: 'assembly/products/sparse.ts',
    tests: ['core/sparse', 'core/golden', 'core/learner'],
    changes: [
      ['f32x4.ne(v, zero)', 'f32x4.gt(v, zero)'],
      ['memory.fill(dw, 0, (<usize>(p.M * N)) << 2)', ''],
      ['const row = w + (offset >> 2)', 'const row = w + (offset >> 3)'],
    ],
  },
  {
    file: 'assembly/products/subsets.ts',
    tests: ['core/subsets', 'core/golden'],
    changes: [
      ['isLast ? load<f32>(at(rowScale, m)) : 1', 'load<f32>(at(rowScale, m))'],
      ['left > 2 ? load<f32>(at(scale, r), 8) : 0', '0'],
      ['if (left > 1) sets', 'if (left > 2) sets'],
    ],
  },
]
