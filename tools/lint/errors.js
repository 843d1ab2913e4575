// This lint rule keeps errors in our own words apart from bugs: see src/base/errors.ts.
const PLAIN = new Set(['Error', 'RangeError', 'TypeError'])

const ownErrors = {
  create: (context) => ({
    NewExpression(node) {
      if (!PLAIN.has(node.callee.name)) return
      const message = 'throw a DdpgError with a sentence that says what to do; bug() for what cannot be'
      context.report({ node, message })
    },
  }),
}

export default { meta: { name: 'errors' }, rules: { 'own-errors': ownErrors } }
