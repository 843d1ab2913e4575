// Guardrails warn of values in a valid scenario with which learning cannot work, or seldom does. What makes a scenario
// invalid is in scenario/rules.ts. Thresholds are those of the Python original, where it has them.
import { listed, shown } from '../base/text.ts'
import { environmentOf, type Check } from './environments.ts'
import { observedNames } from './features.ts'
import type { Scenario } from './schema.ts'

export interface Warning {
  /** error: the run could not mean anything. */
  severity: 'error' | 'warning'
  /** The key to change, such as `training.tau`. */
  key: string
  value: unknown
  /** A sentence with key, value, what is wrong, and what to do. */
  text: string
}

/** Everything about a scenario that should be thought over, errors first. */
export function guardrails(scenario: Scenario): Warning[] {
  const course = courseOf(scenario)
  const describe = (severity: Warning['severity'], checks: Check[]): Warning[] =>
    checks
      .filter(([, applies]) => applies)
      .map(([key, , why]) => {
        const value = key
          .split('.')
          .reduce<unknown>((all, name) => (all as Record<string, unknown>)[name], scenario)
        const written = Array.isArray(value) ? `[${listed(value)}]` : shown(String(value))
        return { severity, key, value, text: `${key} ${written} ${why}` }
      })
  const warnings = [exploration, buffer, length, optimisation, switches, data, market, networks]
  return [
    ...describe('error', errors(scenario, course)),
    ...describe(
      'warning',
      warnings.flatMap((checks) => checks(scenario, course)),
    ),
  ]
}

/** The sizes of a training that the rules compare. */
interface TrainingPlan {
  /** Updates in all. */
  updates: number
  /** Transitions that the buffer holds at the first update. */
  held: number
  /** Numbers in an observation. */
  obsDim: number
}

function courseOf(scenario: Scenario): TrainingPlan {
  const { env, training } = scenario
  const { max_steps: steps, init_rand_steps: random, frames_per_batch: frames } = training
  const randomRounds = Math.floor(random / frames)
  const columns = {
    featureNames: observedNames(scenario),
    priceNames: env.price_columns ?? ['close'],
  }
  return {
    updates: (Math.ceil(steps / frames) - randomRounds) * training.optim_steps_per_batch,
    held: Math.min(training.buffer_size, steps, (randomRounds + 1) * frames),
    obsDim: environmentOf({ env }).obsNames(env, columns).length,
  }
}

/** Rows of a split; NaN, which is neither more nor less than anything, where only the file tells. */
function rowsIn(size: number | null): number {
  return size === null || size < 1 ? NaN : size
}

function errors({ training: t, env, data, evaluation }: Scenario, { held, updates }: TrainingPlan): Check[] {
  const episode = (env.windows ?? 1) + (env.max_episode_duration ?? 1)
  return [
    [
      'training.sample_size',
      t.sample_size > held,
      `is more than the ${held} transitions there are at the first update: raise training.init_rand_steps to ${t.sample_size}`,
    ],
    [
      'data.train_size',
      rowsIn(data.train_size) < episode,
      `is less than the ${episode} rows that env.windows and env.max_episode_duration need: raise it, or lower these`,
    ],
    [
      'evaluation.policy',
      evaluation.policy === 'best' && t.eval_interval > updates,
      `needs a validation, of which ${updates} updates have none: lower training.eval_interval ${t.eval_interval}`,
    ],
  ]
}

function exploration({ training: t }: Scenario): Check[] {
  const { sigma, sigma_end: end } = t.noise
  const least = Math.max(t.sample_size, Math.ceil(Math.min(t.buffer_size, t.max_steps) / 20))
  return [
    [
      'training.noise.sigma',
      sigma === 0 && end === 0 && t.init_rand_steps === 0,
      'with training.init_rand_steps 0 explores nothing: try 0.2',
    ],
    ['training.noise.sigma', sigma > 1, 'clips most actions to −1 or 1: try 0.1 to 0.5'],
    [
      'training.init_rand_steps',
      t.init_rand_steps > t.buffer_size,
      `is more than training.buffer_size ${t.buffer_size}: the first are forgotten before learning begins, raise the buffer`,
    ],
    [
      'training.init_rand_steps',
      t.init_rand_steps < least,
      `lets learning begin on few transitions: try ${least} or more, training.sample_size or 5 % of what the buffer will hold`,
    ],
  ]
}

function buffer({ training: t }: Scenario): Check[] {
  const drawn = t.optim_steps_per_batch * t.sample_size
  return [
    [
      'training.buffer_size',
      t.buffer_size < 10 * t.sample_size,
      `is less than 10 times training.sample_size ${t.sample_size}, so minibatches are much alike: try ${100 * t.sample_size}`,
    ],
    [
      'training.buffer_size',
      t.buffer_size > 10 * t.max_steps,
      `is more than 10 times what training.max_steps ${t.max_steps} can fill: lower it to ${t.max_steps}`,
    ],
    [
      'training.frames_per_batch',
      t.frames_per_batch > t.buffer_size / 4,
      `replaces more than a quarter of training.buffer_size ${t.buffer_size} between rounds of updates: lower it`,
    ],
    [
      'training.optim_steps_per_batch',
      drawn > t.buffer_size,
      `draws ${drawn} transitions a round, more than training.buffer_size ${t.buffer_size} holds: lower it or raise the buffer`,
    ],
  ]
}

function length({ training: t, data }: Scenario, { updates }: TrainingPlan): Check[] {
  const learning = t.max_steps - t.init_rand_steps
  return [
    [
      'training.max_steps',
      learning < 1000,
      `leaves ${learning} after training.init_rand_steps ${t.init_rand_steps}, fewer than 1000, to learn in: raise it`,
    ],
    ['training.max_steps', updates < 500, `gives ${updates} updates, fewer than 500: raise it`],
    [
      'training.frames_per_batch',
      t.frames_per_batch > rowsIn(data.train_size),
      `is more than data.train_size ${data.train_size}, so whole episodes pass without an update: lower it`,
    ],
    [
      'training.frames_per_batch',
      t.frames_per_batch > t.max_steps / 2,
      `is more than half of training.max_steps ${t.max_steps}, so there is hardly a second round of updates: lower it`,
    ],
    [
      'training.eval_interval',
      updates < 4 * t.eval_interval,
      `gives fewer than 4 validations in ${updates} updates: lower it`,
    ],
    [
      'training.log_interval',
      updates < 4 * t.log_interval,
      `gives fewer than 4 points of the losses in ${updates} updates: lower it`,
    ],
    [
      'training.log_interval',
      t.log_interval > t.eval_interval,
      `is more than training.eval_interval ${t.eval_interval}: validations come without the losses before them, lower it`,
    ],
    [
      'training.checkpoint_interval',
      t.checkpoint_interval === 0 && t.max_steps > 100_000,
      `keeps nothing of a long run that is cut short: try ${Math.ceil(t.max_steps / 10)}`,
    ],
  ]
}

/** Checks of the switches beyond plain DDPG. */
function switches({ training: t }: Scenario): Check[] {
  return [
    ['training.policy_delay', t.policy_delay > 10, 'lets the actor learn seldom: try 2'],
    [
      'training.target_noise_clip',
      t.target_noise > 0 && t.target_noise_clip === 0,
      `takes all of training.target_noise ${t.target_noise} away: try 0.5`,
    ],
    ['training.target_noise', t.target_noise > 1, 'makes most target actions −1 or 1: try 0.2'],
    [
      'training.n_step',
      t.n_step > 10,
      'sums rewards of many actions that the policy would no longer take: try 3 to 5',
    ],
    ['training.action_penalty', t.action_penalty > 1, 'holds all actions near 0: try 0.001'],
    [
      'training.action_penalty',
      t.action_penalty > 0 && t.inverting_gradients,
      'pulls to 0 what training.inverting_gradients keeps within bounds already: use one of the two',
    ],
  ]
}

function optimisation({ training: t }: Scenario): Check[] {
  const [least, most] = [t.actor_weight_decay, t.critic_weight_decay].toSorted((a, b) => a - b)
  const rates = (['actor_lr', 'critic_lr'] as const).flatMap((key): Check[] => [
    [`training.${key}`, t[key] > 1e-2, 'is high for Adam: try 0.001'],
    [`training.${key}`, t[key] < 1e-5, 'is so low that little is learned: try 0.0001'],
  ])
  return [
    ...rates,
    [
      'training.actor_lr',
      t.actor_lr > 10 * t.critic_lr,
      `is more than 10 times training.critic_lr ${t.critic_lr}: the actor runs ahead of its critic, lower it`,
    ],
    ['training.tau', t.tau > 0.1, 'lets the targets move almost with the networks: try 0.005'],
    [
      'training.critic_weight_decay',
      least! > 0 && most! > 100 * least!,
      `and training.actor_weight_decay ${t.actor_weight_decay} differ more than 100 times: bring them closer`,
    ],
    [
      'training.critic_weight_decay',
      t.critic_weight_decay > 1e-5 && t.reward_scale < 10,
      'pulls the values of small rewards to 0: set it to 0, or training.reward_scale to 10 or more',
    ],
    [
      'training.actor_weight_decay',
      t.actor_weight_decay >= 1e-3 && t.reward_scale < 10 && t.optimizer === 'adam',
      'leaves most policies at one constant action where rewards are small: set it to 0, or training.reward_scale to 10 or more',
    ],
    [
      'training.max_grad_norm',
      t.max_grad_norm > 0 && t.max_grad_norm < 0.01,
      'clips nearly every gradient away: try 1, or 0 for no clipping',
    ],
    ['training.sample_size', t.sample_size < 16, 'makes noisy gradients: try 32 or more'],
    [
      'training.optim_steps_per_batch',
      t.optim_steps_per_batch > 100,
      'updates long on the same transitions: lower it, and training.frames_per_batch with it',
    ],
  ]
}

function data({ data: d, env, training: t }: Scenario): Check[] {
  const rows = d.validation_size
  const window = env.windows ?? 1
  return [
    [
      'data.validation_size',
      rowsIn(rows) < rowsIn(d.train_size) / 10,
      `is less than a tenth of data.train_size ${d.train_size}: raise it, chance decides what looks best`,
    ],
    ['training.eval_steps', t.eval_steps < 10, 'says little of a policy: try 100 or more'],
    [
      'env.windows',
      window > 1 && window >= rowsIn(d.train_size) / 5,
      `takes a fifth or more of data.train_size ${d.train_size} before the first step: lower it`,
    ],
  ]
}

function market({ env }: Scenario): Check[] {
  return [
    [
      'env.trading_fees',
      env.trading_fees > 0.001,
      'is more than 0.1 % of what is traded: a policy that changes at every step loses it each time; check that it is a fraction',
    ],
    ['env.obs_clip', env.obs_clip === null, 'lets outliers through to the networks: try 5'],
    ...environmentOf({ env }).warnings(env),
  ]
}

function networks({ network: n }: Scenario, { obsDim }: TrainingPlan): Check[] {
  const [actor, critic] = [n.actor_hidden_dims, n.critic_hidden_dims]
  return [
    ['network.actor_hidden_dims', Math.min(...actor) < 8, 'has a layer of fewer than 8 units: widen it'],
    [
      'network.actor_hidden_dims',
      actor[0]! < obsDim,
      `begins with fewer units than the ${obsDim} numbers observed: widen the first layer`,
    ],
    [
      'network.critic_hidden_dims',
      Math.abs(actor.length - critic.length) > 2,
      `has ${critic.length} layers and network.actor_hidden_dims ${actor.length}: bring them closer`,
    ],
  ]
}
