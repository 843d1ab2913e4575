# This script has the metrics of src/evaluate/metrics.ts in NumPy, from the formulas of the specification, on random series.
import json
import sys

import numpy as np

YEAR = {  # (timeframe, calendar): steps in a year
    ("1d", "us_equity"): 252, ("1d", "crypto"): 365, ("1w", "crypto"): 52,
    ("4h", "crypto"): 2190, ("1h", "us_equity"): 1638, ("1h", "crypto"): 8760, ("1m", "crypto"): 525600,
}
BARS = {"us_equity": (252, 1638, 6552, 98280, 1179360), "crypto": (365, 8760, 35040, 525600, 6307200)}


def drawdown(wealth):
    dd = wealth / np.maximum.accumulate(wealth) - 1
    below = dd < 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], below.astype(int), [0]])))
    trough = int(np.argmin(dd))
    recovered = np.flatnonzero(dd[trough:] == 0)
    return dd, {
        "max_drawdown": dd.min(),
        "average_drawdown": dd[below].mean() if below.any() else None,
        "max_drawdown_duration": int((edges[1::2] - edges[::2]).max(initial=0)),
        "recovery_time_from_max_drawdown": int(recovered[0]) if len(recovered) else None,
        "ulcer_index": np.sqrt((dd**2).mean()),
    }


def ratio(a, b):
    return a / b if b != 0 else None


def metrics(wealth, positions, market, timeframe, calendar):
    per_year, size, steps = YEAR[timeframe, calendar], 1, len(wealth) - 1
    for bars in BARS[calendar]:
        if round(per_year / bars) > 1 and -(-steps // round(per_year / bars)) >= 50:
            size, per_year = round(per_year / bars), bars
            break
    at = np.append(np.arange(0, steps, size), steps)
    r, b = (np.diff(series[at]) / series[at][:-1] for series in (wealth, market))
    n, std = len(r), r.std(ddof=1)
    dd, out = drawdown(wealth)
    win, loss = r[r > 0], r[r < 0]
    semi = np.sqrt((np.minimum(r, 0) ** 2).mean())
    z = (r - r.mean()) / std
    cagr = (wealth[-1] / wealth[0]) ** (per_year / n) - 1 if per_year <= 365 else None
    beta = np.cov(r, b, ddof=1)[0, 1] / b.var(ddof=1)
    error = (r - b).std(ddof=1) * np.sqrt(per_year)
    move = np.abs(np.diff(positions, axis=0)).sum(axis=1)
    trades = int((move != 0).sum())
    return out | {
        "steps": steps, "n_bars": n, "periods_per_year": per_year,
        "total_return": wealth[-1] / wealth[0] - 1,
        "sum_log_reward": np.log(wealth[1:] / wealth[:-1]).sum(),
        "annualized_return_cagr": cagr,
        "annualized_volatility": std * np.sqrt(per_year),
        "mean_return": r.mean(), "std_return": std,
        "sharpe_ratio": r.mean() / std,
        "sharpe_annualized": r.mean() / std * np.sqrt(per_year),
        "sharpe_expost": r.mean() / std * np.sqrt(n),
        "sortino_ratio": ratio(r.mean(), semi),
        "downside_deviation": semi * np.sqrt(per_year),
        "calmar_ratio": None if cagr is None else ratio(cagr, -dd.min()),
        "omega_ratio": ratio(np.maximum(r, 0).mean(), np.maximum(-r, 0).mean()),
        "var_95": np.quantile(r, 0.05), "cvar_95": r[r <= np.quantile(r, 0.05)].mean(),
        "var_99": np.quantile(r, 0.01), "cvar_99": r[r <= np.quantile(r, 0.01)].mean(),
        "tail_ratio": ratio(np.quantile(r, 0.95), abs(np.quantile(r, 0.05))),
        "return_skewness": (z**3).mean(), "return_kurtosis": (z**4).mean() - 3,
        "win_rate": (r > 0).mean(), "lose_rate": (r < 0).mean(),
        "gross_profit": win.sum(), "gross_loss": -loss.sum(),
        "profit_factor": ratio(win.sum(), -loss.sum()),
        "payoff_ratio": win.mean() / -loss.mean() if len(win) and len(loss) else None,
        "expectancy_per_period": r.mean(),
        "turnover": move.mean(), "n_trades": trades, "average_holding_period": steps / (trades + 1),
        "pct_long": (positions > 0).mean(), "pct_short": (positions < 0).mean(), "pct_neutral": (positions == 0).mean(),
        "beta": beta, "alpha": (r.mean() - beta * b.mean()) * per_year,
        "tracking_error": error, "information_ratio": (r - b).mean() * per_year / error,
    }


def case(rng):
    timeframe, calendar = list(YEAR)[rng.integers(len(YEAR))]
    # one in five is long enough for longer bars
    steps = int(rng.integers(3, 300) if rng.random() < 0.8 else rng.integers(800, 1500))
    assets = int(rng.integers(1, 3))
    path = lambda: 1e4 * np.cumprod(np.append(1, 1 + rng.normal(rng.normal(0, 0.005), 0.02, steps)))
    positions = rng.choice([-1, -0.3, 0, 0.5, 1], (steps, assets)) if rng.random() < 0.5 else rng.uniform(-1, 1, (steps, assets))
    wealth, market = path(), path()
    expected = metrics(wealth, positions, market, timeframe, calendar)
    return {
        "wealth": wealth.tolist(), "positions": positions.ravel().tolist(), "market": market.tolist(), "assets": assets,
        "timeframe": timeframe, "calendar": calendar,
        "expected": {key: None if value is None else float(value) for key, value in expected.items()},
    }


rng = np.random.default_rng(1)
# the 400 hourly returns of golden/metrics.json, then random cases
hours = np.random.default_rng(7).normal(0.0002, 0.002, 400).tolist()
json.dump({"hours": hours, "cases": [case(rng) for _ in range(1000)]}, sys.stdout)
