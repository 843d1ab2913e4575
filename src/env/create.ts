import type { CoreMath, Random } from '../core/core.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import type { Market, ResumableEnv } from './env.ts'
import { createMountainCar } from './mountain-car.ts'
import { createPendulum } from './pendulum.ts'
import { createPositionEnv } from './position-env.ts'
import { createTradingEnv } from './trading-env.ts'

/** The environment of a scenario that trades. @param random the stream that resets draw from */
export function createEnv(config: EnvConfig, market: Market, math: CoreMath, random: Random): ResumableEnv {
  if (config.backend === 'tradingenv') return createTradingEnv(config, market, math)
  return createPositionEnv(config, market, math, random)
}

/** @param name one of CLASSIC_CONTROL @param random the stream that resets draw from */
export function createControlEnv(name: string, math: CoreMath, random: Random): ResumableEnv {
  return name === 'Pendulum-v1' ? createPendulum(math, random) : createMountainCar(math, random)
}
