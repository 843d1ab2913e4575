// This table has the environments by `env.backend`, each with what only its own file knows: how it is made, and what it
// does to a portfolio. scenario/environments.ts has what a scenario says of each.
import type { CoreMath, Random } from '../core/core.ts'
import {
  CONTROL_NAMES,
  isControlName,
  type Backend,
  type BackendOf,
  type ControlName,
} from '../scenario/environments.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import type { Market, ResumableEnv, TradingEnvironment } from './env.ts'
import { createMountainCar } from './mountain-car.ts'
import { createPendulum } from './pendulum.ts'
import { positionEnvironment } from './position-env.ts'
import { weightEnvironment } from './trading-env.ts'
import { DdpgError } from '../base/errors.ts'

const TRADING: Record<BackendOf<'trading'>, TradingEnvironment> = {
  tradingenv: weightEnvironment,
  'gym_trading_env.continuous': positionEnvironment,
}

type CreateEpisodic = (math: CoreMath, random: Random) => ResumableEnv

const CONTROL: Record<ControlName, CreateEpisodic> = {
  'Pendulum-v1': createPendulum,
  'MountainCarContinuous-v0': createMountainCar,
}

const EPISODIC: Record<BackendOf<'episodic'>, (name: string) => CreateEpisodic> = {
  classic_control(name) {
    if (isControlName(name)) return CONTROL[name]
    throw new DdpgError(`env.name must be ${CONTROL_NAMES.join(' or ')}, got ${name}`)
  },
}

/** @throws DdpgError in a sentence when the environment does not trade */
export function tradingEnvironment({
  backend,
  name,
}: Pick<EnvConfig, 'backend' | 'name'>): TradingEnvironment {
  if (hasOwn(TRADING, backend)) return TRADING[backend]
  throw new DdpgError(`${name} is no market: it is trained without data`)
}

/**
 * The environment of a scenario that trades.
 * @param random the stream that resets draw from
 * @throws DdpgError in a sentence when it does not trade, or the market is too short for it
 */
export function createEnv(config: EnvConfig, market: Market, math: CoreMath, random: Random): ResumableEnv {
  return tradingEnvironment(config).create(config, market, math, random)
}

/**
 * The environment of a scenario that is played in episodes.
 * @param random the stream that resets draw from
 * @throws DdpgError in a sentence when there is none of that name
 */
export function createEpisodicEnv(
  { backend, name }: Pick<EnvConfig, 'backend' | 'name'>,
  math: CoreMath,
  random: Random,
): ResumableEnv {
  if (hasOwn(EPISODIC, backend)) return EPISODIC[backend](name)(math, random)
  throw new DdpgError(`${name} trades: it has no episodes without data`)
}

/**
 * An environment of classic control.
 * @param name such as Pendulum-v1
 * @param random the stream that resets draw from
 * @throws DdpgError in a sentence when there is none of that name
 */
export function createControlEnv(name: string, math: CoreMath, random: Random): ResumableEnv {
  return createEpisodicEnv({ backend: 'classic_control', name }, math, random)
}

function hasOwn<T extends object>(table: T, backend: Backend): backend is Backend & keyof T {
  return Object.hasOwn(table, backend)
}
