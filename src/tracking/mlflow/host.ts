// This file describes where a run runs, as its tags record it.
import { execFileSync } from 'node:child_process'
import { arch, platform, release } from 'node:os'
import { withoutLogin } from '../../scenario/login.ts'

/** Tags of the runtime, the platform, and the git repository of the folder, where there is one. */
export function factsOf(folder: string): Record<string, string> {
  return { 'ddpg.runtime': runtime(), 'ddpg.platform': platformName(), ...gitFacts(folder) }
}

/** Deno may have to keep the release to itself. */
function platformName(): string {
  try {
    return `${platform()} ${release()} ${arch()}`
  } catch {
    return `${process.platform} ${process.arch}`
  }
}

function runtime(): string {
  const { bun, deno, node } = process.versions
  return bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`
}

function gitFacts(folder: string): Record<string, string> {
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    }).trim()
  const origin = () => {
    try {
      return { 'mlflow.source.git.repoURL': withoutLogin(git('remote', 'get-url', 'origin')) }
    } catch {
      return {}
    }
  }
  try {
    return {
      'mlflow.source.git.commit': git('rev-parse', 'HEAD'),
      'mlflow.source.git.branch': git('rev-parse', '--abbrev-ref', 'HEAD'),
      'mlflow.source.git.dirty':
        git('status', '--porcelain', '--untracked-files=no') === '' ? 'False' : 'True',
      ...origin(),
    }
  } catch {
    // no git, no leave to run it, no repository, or no commit in it yet
    return {}
  }
}
