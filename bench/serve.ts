// Runs updates on request, so that another process can alternate with us: one JSON object a line on stdin,
// {hidden, batchSize, obsDim, actionDim, updates}, answered by {seconds} on stdout.
import { createInterface } from 'node:readline'
import { createLearner, type Learner } from '../src/core/learner.ts'
import { fillReplay } from './replay.ts'
import { learnerOptions, nameOf, type Shape } from './shapes.ts'

const learners = new Map<string, Learner>()

for await (const line of createInterface({ input: process.stdin })) {
  const { updates, ...shape } = JSON.parse(line) as Shape & { updates: number }
  const learner = learners.get(nameOf(shape)) ?? (await create(shape))
  const began = performance.now()
  for (let i = 0; i < updates; i++) learner.update()
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }))
}

async function create(shape: Shape): Promise<Learner> {
  const learner = await createLearner(learnerOptions(shape))
  fillReplay(learner)
  learners.set(nameOf(shape), learner)
  return learner
}
