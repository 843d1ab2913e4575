// This lint rule keeps regular expressions linear: text from strangers meets them, and one that backtracks, or that
// begins a new search at each character, takes the square of a text's length or worse.
import { analyse } from 'scslre'

const WHY = {
  Self: 'can match one text in many ways',
  Trade: 'has two quantifiers that can trade characters',
  Move: 'can begin at every character of a run that it then fails on',
}

function quadratic(regex) {
  const { reports } = analyse(regex, { maxReports: 1, assumeRejectingSuffix: false })
  return reports[0] && WHY[reports[0].type]
}

const linear = {
  create: (context) => ({
    Literal(node) {
      const why = node.regex && quadratic({ source: node.regex.pattern, flags: node.regex.flags })
      if (why)
        context.report({ node, message: `/${node.regex.pattern}/ is not linear in its input: it ${why}` })
    },
    NewExpression(node) {
      if (node.callee.name === 'RegExp')
        context.report({
          node,
          message: 'write a regular expression as a literal, so that it can be checked',
        })
    },
  }),
}

export default { meta: { name: 'regex' }, rules: { linear } }
