// These lint rules guard the result path. ECMA-262 leaves the last bits of these functions and of `**` to the engine,
// so a result that depends on them differs between engines.
const APPROXIMATED = new Set(
  'sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp expm1 log log1p log2 log10 pow cbrt hypot'.split(
    ' ',
  ),
)

const noApproximateMath = {
  create: (context) => ({
    // `const { exp } = Math` or `const m = Math` would get around the rule below.
    Identifier(node) {
      const { parent } = node
      if (node.name !== 'Math' || (parent.type === 'MemberExpression' && parent.object === node)) return
      context.report({ node, message: 'use Math only as Math.name, so that what is used of it can be seen' })
    },
    MemberExpression(node) {
      const name = node.property.name ?? node.property.value
      if (node.object.name !== 'Math') return
      if (APPROXIMATED.has(name))
        context.report({ node, message: `Math.${name} differs between engines: use the core's math` })
      if (name === 'random')
        context.report({ node, message: 'Math.random cannot be seeded: use a random stream of the core' })
    },
    BinaryExpression(node) {
      if (node.operator === '**')
        context.report({ node, message: "** differs between engines: use the core's pow" })
    },
    AssignmentExpression(node) {
      if (node.operator === '**=')
        context.report({ node, message: "**= differs between engines: use the core's pow" })
    },
  }),
}

export default { meta: { name: 'determinism' }, rules: { 'no-approximate-math': noApproximateMath } }
