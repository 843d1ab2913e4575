"""These are the two environments of src/env, in Python's float64. Each step is in the order of operations of the original: other
orders round otherwise. Logarithms and random numbers come from the module."""

import numpy as np

ENVIRONMENT = 4  # the random stream


class TradingEnv:
    """wealth' = wealth (1 + Σ aᵢ Rᵢ − fee Σ |aᵢ − wᵢ|); reward = ln(wealth' / wealth), within ± 2; ruin costs 1."""

    def __init__(self, config, features, prices, core):
        self.config, self.features, self.prices, self.core = config, features, prices.tolist(), core
        self.action_dim, self.rows = prices.shape
        self.obs_dim = self.reset().size
        self.over = True

    def reset(self):
        self.row, self.wealth, self.over = 0, float(self.config["initial_cash"]), False
        self.weights = [0.0] * self.action_dim
        self.position = [0.0] * self.action_dim
        return self.observe()

    def observe(self):
        weights = self.weights if self.config["include_position_feature"] else []
        return np.concatenate([self.features[self.row], np.array(weights, np.float32)])

    def step(self, action):
        fee = self.config["trading_fees"]
        ratios = [price[self.row + 1] / price[self.row] for price in self.prices]
        growth = 1.0
        for a, ratio, weight in zip(action, ratios, self.weights):
            growth += a * (ratio - 1) - fee * abs(a - weight)
        self.position = list(action)
        self.weights = [(a * ratio) / growth for a, ratio in zip(action, ratios)]
        self.wealth *= growth
        self.row += 1
        terminated = not growth > 0
        truncated = not terminated and self.row == self.rows - 1
        self.over = terminated or truncated
        if terminated:
            self.weights = [0.0] * self.action_dim
        reward = -1.0 if terminated else max(-2.0, min(2.0, self.core.log(growth)))
        return self.observe(), reward, terminated, truncated

    def save(self):
        return [self.row, self.wealth, float(self.over), *self.weights, *self.position]


class PositionEnv:
    """Gym-Trading-Env 0.3.2: the action chooses a position; interest is owed on what is borrowed."""

    def __init__(self, config, features, prices, core):
        self.config, self.features, self.price, self.core = config, features, prices[0].tolist(), core
        self.window = config.get("windows") or 1
        self.width = features.shape[1] + 2
        self.rows = len(self.price)
        self.action_dim, self.obs_dim = 1, self.window * self.width

    def index(self, n):
        return self.core.call("index", ENVIRONMENT, n) & 0xFFFFFFFF

    def reset(self):
        positions, initial = self.config["positions"], self.config["initial_position"]
        duration = self.config["max_episode_duration"]
        self.target = float(positions[self.index(len(positions))] if initial == "random" else initial)
        self.row = self.window - 1
        if duration is not None:
            self.row += self.index(self.rows - self.window - duration + 1)
        self.steps, self.over = 0, False
        self.wealth = float(self.config["initial_cash"])
        price = self.price[self.row]
        self.asset, self.cash = (self.target * self.wealth) / price, (1 - self.target) * self.wealth
        self.asset_interest = self.cash_interest = 0.0
        self.obs = np.zeros((self.window, self.width), np.float32)
        for w in range(1, self.window):
            self.obs[w, :-2] = self.features[self.row - self.window + w]
        return self.observe(self.target)

    def observe(self, real_position):
        self.obs[:-1] = self.obs[1:].copy()
        self.obs[-1] = [*self.features[self.row], np.float32(self.target), np.float32(real_position)]
        return self.obs.ravel()

    def value(self):
        price = self.price[self.row]
        return self.asset * price + self.cash - self.asset_interest * price - self.cash_interest

    def trade_to(self, target):
        price, fee = self.price[self.row], self.config["trading_fees"]
        current = (self.asset * price) / self.value()
        kept = 1.0
        if target <= 0 and current < 0:
            kept = min(1.0, target / current)
        elif target >= 1 and current > 1:
            kept = min(1.0, (target - 1) / (current - 1))
        if kept != 1:
            self.asset -= (1 - kept) * self.asset_interest
            self.cash -= (1 - kept) * self.cash_interest
            self.asset_interest *= kept
            self.cash_interest *= kept
        wanted = (target * self.value()) / price - self.asset
        if wanted > 0:
            bought = wanted / (1 - fee + fee * target)
            self.asset += bought * (1 - fee)
            self.cash -= bought * price
        else:
            sold = wanted / (1 - fee * target)
            self.asset += sold
            self.cash -= sold * price * (1 - fee)

    def step(self, action):
        positions, rate = self.config["positions"], self.config["borrow_interest_rate"]
        exceeded = sum(action[0] > threshold for threshold in self.config["continuous_action_thresholds"])
        chosen = float(positions[min(exceeded, len(positions) - 1)])
        if chosen != self.target:
            self.trade_to(chosen)
            self.target = chosen
        self.row += 1
        self.steps += 1
        accumulates = self.config["borrow_interest"] == "accumulated"
        self.asset_interest = (self.asset_interest if accumulates else 0.0) + max(0.0, -self.asset) * rate
        self.cash_interest = (self.cash_interest if accumulates else 0.0) + max(0.0, -self.cash) * rate
        before, self.wealth = self.wealth, self.value()
        terminated = not self.wealth > 0
        ends = self.row == self.rows - 1 or self.steps == self.config["max_episode_duration"]
        truncated = not terminated and ends
        self.over = terminated or truncated
        reward = -1.0 if terminated else self.core.log(self.wealth / before)
        price = self.price[self.row]
        held = 0.0 if terminated else ((self.asset - self.asset_interest) * price) / self.value()
        return self.observe(held), reward, terminated, truncated

    def save(self):
        held = [self.target, self.asset, self.cash, self.asset_interest, self.cash_interest]
        return [self.row, self.steps, float(self.over), self.wealth, *held, *self.obs.ravel()]

    def restore(self, state):
        row, steps, over, self.wealth, *held = state[:9]
        self.row, self.steps, self.over = int(row), int(steps), over == 1
        self.target, self.asset, self.cash, self.asset_interest, self.cash_interest = held
        self.obs = np.array(state[9:], np.float32).reshape(self.window, self.width)
