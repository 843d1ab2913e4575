"""This is DDPG in PyTorch: as one writes it by hand, compiled, and by TorchRL's loss module. One thread, fused Adam."""

import copy

import torch
from torch import nn

torch.set_num_threads(1)
OBS, ACTION, CAPACITY = 8, 1, 10_000
GAMMA, TAU, LR = 0.99, 0.005, 1e-3


def mlp(inputs, hidden, outputs):
    dims = [inputs, *hidden]
    layers = [part for pair in zip(dims, hidden) for part in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], outputs))


def transitions():
    generator = torch.Generator().manual_seed(1)
    normal = lambda *shape: torch.randn(shape, generator=generator)  # noqa: E731
    action = torch.rand(CAPACITY, ACTION, generator=generator) * 2 - 1
    terminated = (torch.rand(CAPACITY, 1, generator=generator) < 0.01).float()
    return normal(CAPACITY, OBS), action, normal(CAPACITY, 1), normal(CAPACITY, OBS), terminated


def optimizer(network):
    return torch.optim.Adam(network.parameters(), lr=LR, fused=True)


def torch_eager(hidden, batch, compiled=False):
    torch.manual_seed(0)
    replay = transitions()
    actor = nn.Sequential(mlp(OBS, hidden, ACTION), nn.Tanh())
    critic = mlp(OBS + ACTION, hidden, 1)
    actor_target, critic_target = copy.deepcopy(actor), copy.deepcopy(critic)
    actor_adam, critic_adam = optimizer(actor), optimizer(critic)
    pairs = [(actor_target, actor), (critic_target, critic)]
    targets = [[list(net.parameters()) for net in pair] for pair in pairs]
    for network in (actor_target, critic_target):
        network.requires_grad_(False)

    def critic_loss(obs, action, reward, next_obs, terminated):
        with torch.no_grad():
            next_q = critic_target(torch.cat([next_obs, actor_target(next_obs)], 1))
            y = reward + GAMMA * (1 - terminated) * next_q
        return nn.functional.mse_loss(critic(torch.cat([obs, action], 1)), y)

    def actor_loss(obs):
        return -critic(torch.cat([obs, actor(obs)], 1)).mean()

    if compiled:
        critic_loss, actor_loss = torch.compile(critic_loss), torch.compile(actor_loss)

    def update():
        rows = torch.randint(CAPACITY, (batch,))
        obs, action, reward, next_obs, terminated = (field[rows] for field in replay)
        critic_adam.zero_grad()
        critic_loss(obs, action, reward, next_obs, terminated).backward()
        critic_adam.step()
        critic.requires_grad_(False)
        actor_adam.zero_grad()
        actor_loss(obs).backward()
        actor_adam.step()
        critic.requires_grad_(True)
        with torch.no_grad():
            for target, online in targets:
                torch._foreach_lerp_(target, online, TAU)

    return repeated(update)


def torch_compiled(hidden, batch):
    return torch_eager(hidden, batch, compiled=True)


def torchrl(hidden, batch):
    from tensordict import TensorDict
    from tensordict.nn import TensorDictModule
    from torchrl.modules import ValueOperator
    from torchrl.objectives import DDPGLoss, SoftUpdate

    torch.manual_seed(0)
    obs, action, reward, next_obs, terminated = transitions()
    next_fields = {"observation": next_obs, "reward": reward, "terminated": terminated.bool()}
    next_fields["done"] = next_fields["terminated"]
    replay = TensorDict({"observation": obs, "action": action, "next": next_fields}, [CAPACITY])
    actor = nn.Sequential(mlp(OBS, hidden, ACTION), nn.Tanh())

    class Critic(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = mlp(OBS + ACTION, hidden, 1)

        def forward(self, observation, action):
            return self.layers(torch.cat([observation, action], -1))

    policy = TensorDictModule(actor, in_keys=["observation"], out_keys=["action"])
    value = ValueOperator(Critic(), in_keys=["observation", "action"])
    loss = DDPGLoss(policy, value, loss_function="l2", delay_actor=True, delay_value=True)
    loss.make_value_estimator(gamma=GAMMA)
    soft_update = SoftUpdate(loss, tau=TAU)
    adams = {
        "loss_value": torch.optim.Adam(list(loss.value_network_params.values(True, True)), lr=LR, fused=True),
        "loss_actor": torch.optim.Adam(list(loss.actor_network_params.values(True, True)), lr=LR, fused=True),
    }

    def update():
        losses = loss(replay[torch.randint(CAPACITY, (batch,))])
        for name, adam in adams.items():
            adam.zero_grad()
            losses[name].backward()
            adam.step()
        soft_update.step()

    return repeated(update)


def repeated(update):
    def run(updates):
        for _ in range(updates):
            update()

    return run
