// This is DDPG in TensorFlow.js on its WebAssembly backend, one thread. It speaks the same lines as bench/serve.ts.
import { createInterface } from 'node:readline'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

const CAPACITY = 10_000
const GAMMA = 0.99
const TAU = 0.005

console.warn = () => {} // advice to use another backend, on stderr otherwise
setThreadsCount(1)
setWasmPaths(
  `${dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm/package.json')))}/dist/`,
)
await tf.setBackend('wasm')
const runs = new Map()

for await (const line of createInterface({ input: process.stdin })) {
  const { hidden, batchSize, obsDim, actionDim, updates } = JSON.parse(line)
  const key = `${hidden} ${batchSize}`
  if (!runs.has(key)) runs.set(key, create(hidden, batchSize, obsDim, actionDim))
  const began = performance.now()
  for (let i = 0; i < updates; i++) runs.get(key)()
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }))
}

function layers(dims, trainable) {
  return dims.slice(1).map((units, i) => {
    const bound = dims[i] ** -0.5
    const w = tf.variable(tf.randomUniform([dims[i], units], -bound, bound), trainable)
    return { w, b: tf.variable(tf.zeros([units]), trainable) }
  })
}

function forward(network, x) {
  const last = network.length - 1
  return network.reduce((y, { w, b }, l) => {
    const z = tf.add(tf.matMul(y, w), b)
    return l < last ? tf.relu(z) : z
  }, x)
}

function variables(network) {
  return network.flatMap(({ w, b }) => [w, b])
}

function create(hidden, batchSize, obsDim, actionDim) {
  const actorDims = [obsDim, ...hidden, actionDim]
  const criticDims = [obsDim + actionDim, ...hidden, 1]
  const [actor, actorTarget] = [layers(actorDims, true), layers(actorDims, false)]
  const [critic, criticTarget] = [layers(criticDims, true), layers(criticDims, false)]
  const pairs = [variables(actor).map((v, i) => [v, variables(actorTarget)[i]])]
  pairs.push(variables(critic).map((v, i) => [v, variables(criticTarget)[i]]))
  for (const [online, target] of pairs.flat()) target.assign(online)
  const adams = { actor: tf.train.adam(1e-3), critic: tf.train.adam(1e-3) }
  const replay = [
    tf.randomNormal([CAPACITY, obsDim]),
    tf.randomUniform([CAPACITY, actionDim], -1, 1),
    tf.randomNormal([CAPACITY, 1]),
    tf.randomNormal([CAPACITY, obsDim]),
    tf.cast(tf.less(tf.randomUniform([CAPACITY, 1]), 0.01), 'float32'),
  ]
  const act = (network, obs) => tf.tanh(forward(network, obs))
  const value = (network, obs, action) => forward(network, tf.concat([obs, action], 1))

  return () =>
    tf.tidy(() => {
      const rows = tf.tensor1d(
        Int32Array.from({ length: batchSize }, () => Math.floor(Math.random() * CAPACITY)),
        'int32',
      )
      const [obs, action, reward, nextObs, terminated] = replay.map((field) => tf.gather(field, rows))
      const nextQ = value(criticTarget, nextObs, act(actorTarget, nextObs))
      const y = tf.add(reward, tf.mul(tf.mul(tf.sub(1, terminated), GAMMA), nextQ))
      const criticLoss = () => tf.mean(tf.square(tf.sub(value(critic, obs, action), y)))
      adams.critic.minimize(criticLoss, false, variables(critic))
      const actorLoss = () => tf.neg(tf.mean(value(critic, obs, act(actor, obs))))
      adams.actor.minimize(actorLoss, false, variables(actor))
      for (const [online, target] of pairs.flat())
        target.assign(tf.add(target, tf.mul(tf.sub(online, target), TAU)))
    })
}
