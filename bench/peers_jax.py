"""This is DDPG in JAX, compiled: one call per update, and many updates in one scan."""

from functools import partial

import jax
import jax.numpy as jnp

OBS, ACTION, CAPACITY = 8, 1, 10_000
GAMMA, TAU, LR = 0.99, 0.005, 1e-3
tree_map = jax.tree_util.tree_map


def init(key, dims):
    layers = []
    for inputs, outputs in zip(dims, dims[1:]):
        key, own = jax.random.split(key)
        bound = inputs**-0.5
        layers.append((jax.random.uniform(own, (inputs, outputs), minval=-bound, maxval=bound), jnp.zeros(outputs)))
    return layers


def forward(layers, x):
    for w, b in layers[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


def act(actor, obs):
    return jnp.tanh(forward(actor, obs))


def q_value(critic, obs, action):
    return forward(critic, jnp.concatenate([obs, action], 1))


def adam(parameters, gradient, state, step):
    m, v = state
    m = tree_map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
    v = tree_map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
    size = LR * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return tree_map(lambda p, m, v: p - size * m / (jnp.sqrt(v) + 1e-8), parameters, m, v), (m, v)


def update(state, replay, batch):
    key, own = jax.random.split(state["key"])
    rows = jax.random.randint(own, (batch,), 0, CAPACITY)
    obs, action, reward, next_obs, terminated = (field[rows] for field in replay)
    step = state["step"] + 1
    next_q = q_value(state["critic_target"], next_obs, act(state["actor_target"], next_obs))
    y = reward + GAMMA * (1 - terminated) * next_q
    gradient = jax.grad(lambda critic: jnp.mean((q_value(critic, obs, action) - y) ** 2))(state["critic"])
    critic, critic_adam = adam(state["critic"], gradient, state["critic_adam"], step)
    gradient = jax.grad(lambda actor: -jnp.mean(q_value(critic, obs, act(actor, obs))))(state["actor"])
    actor, actor_adam = adam(state["actor"], gradient, state["actor_adam"], step)
    soften = partial(tree_map, lambda target, online: target + TAU * (online - target))
    return {
        "key": key,
        "step": step,
        "actor": actor,
        "critic": critic,
        "actor_target": soften(state["actor_target"], actor),
        "critic_target": soften(state["critic_target"], critic),
        "actor_adam": actor_adam,
        "critic_adam": critic_adam,
    }


def begin(hidden):
    """State and replay buffer, in buffers of their own, so that an update may take the state's place."""
    keys = jax.random.split(jax.random.key(0), 8)
    actor = init(keys[0], [OBS, *hidden, ACTION])
    critic = init(keys[1], [OBS + ACTION, *hidden, 1])
    copy = partial(tree_map, jnp.copy)
    zeros = partial(tree_map, jnp.zeros_like)
    state = {"key": keys[2], "step": jnp.zeros(()), "actor": actor, "critic": critic}
    state |= {"actor_target": copy(actor), "critic_target": copy(critic)}
    state |= {"actor_adam": (zeros(actor), zeros(actor)), "critic_adam": (zeros(critic), zeros(critic))}
    replay = (
        jax.random.normal(keys[3], (CAPACITY, OBS)),
        jax.random.uniform(keys[4], (CAPACITY, ACTION), minval=-1),
        jax.random.normal(keys[5], (CAPACITY, 1)),
        jax.random.normal(keys[6], (CAPACITY, OBS)),
        (jax.random.uniform(keys[7], (CAPACITY, 1)) < 0.01).astype(jnp.float32),
    )
    return state, replay


def jax_call(hidden, batch):
    state, replay = begin(hidden)
    step = jax.jit(partial(update, batch=batch), donate_argnums=0)

    def run(updates):
        nonlocal state
        for _ in range(updates):
            state = step(state, replay)
        jax.block_until_ready(state)

    return run


def jax_scan(hidden, batch):
    state, replay = begin(hidden)

    @partial(jax.jit, static_argnums=2, donate_argnums=0)
    def steps(state, replay, updates):
        return jax.lax.scan(lambda state, _: (update(state, replay, batch), None), state, length=updates)[0]

    def run(updates):
        nonlocal state
        state = steps(state, replay, updates)
        jax.block_until_ready(state)

    return run
