"""Indicators of TA-Lib, stockstats and pandas on the bars of a CSV file, as JSON: null where there is none."""

import json
import sys

import numpy as np
import pandas as pd
import talib
from stockstats import StockDataFrame

frame = pd.read_csv(sys.argv[1])
open_, high, low, close, volume = (
    frame[name].to_numpy(dtype=float) for name in ["open", "high", "low", "close", "volume"]
)



def deviations(series, n, least=None):
    """Of each window by itself: pandas carries an error from row to row, which shows where nothing moves."""
    return series.rolling(n, min_periods=least).apply(lambda window: np.std(window, ddof=1), raw=True)


def mov_std(cls, series, n):
    return deviations(series, n, 1)


if "--anew" in sys.argv:
    StockDataFrame.mov_std = classmethod(mov_std)

log_returns = pd.Series(np.log(close)).diff()


def zscore(values, n):
    rolling = pd.Series(values).rolling(n)
    return (values - rolling.mean()) / rolling.std()


def finrl():
    names = ["macd", "boll_ub", "boll_lb", "rsi_30", "cci_30", "dx_30", "close_30_sma", "close_60_sma"]
    stock = StockDataFrame.retype(frame.copy())
    return {f"stockstats {name}": stock[name] for name in names}


results = {
    "return": talib.ROCP(close, 1),
    "return(5)": talib.ROCP(close, 5),
    "roc": talib.ROC(close, 10),
    "momentum": talib.MOM(close, 10),
    "sma": talib.SMA(close, 20),
    "sma(volume, 7)": talib.SMA(volume, 7),
    "ema": talib.EMA(close, 12),
    "wma": talib.WMA(close, 20),
    "sum(30)": talib.SUM(close, 30),
    "highest": talib.MAX(close, 20),
    "lowest": talib.MIN(close, 20),
    "std": talib.STDDEV(close, 20),
    "rsi": talib.RSI(close, 14),
    "rsi(30)": talib.RSI(close, 30),
    "williams_r": talib.WILLR(high, low, close, 14),
    "cci": talib.CCI(high, low, close, 14),
    "cci(20)": talib.CCI(high, low, close, 20),
    "plus_di": talib.PLUS_DI(high, low, close, 14),
    "minus_di": talib.MINUS_DI(high, low, close, 14),
    "dx": talib.DX(high, low, close, 14),
    "dx(30)": talib.DX(high, low, close, 30),
    "adx": talib.ADX(high, low, close, 14),
    "true_range": talib.TRANGE(high, low, close),
    "atr": talib.ATR(high, low, close, 14),
    "natr": talib.NATR(high, low, close, 14),
    "obv": talib.OBV(close, volume),
    "mfi": talib.MFI(high, low, close, volume, 14),
    "sma(rsi, 5)": talib.SMA(talib.RSI(close, 14), 5),
    "volatility": deviations(log_returns, 20),
    "zscore(volume, 48)": zscore(volume, 48),
    "close / sma(50) - 1": close / talib.SMA(close, 50) - 1,
    **dict(zip(["macd.macd", "macd.signal", "macd.histogram"], talib.MACD(close, 12, 26, 9))),
    **dict(zip(["macd(5, 35, 5).macd", "macd(5, 35, 5).signal", "macd(5, 35, 5).histogram"], talib.MACD(close, 5, 35, 5))),
    **dict(zip(["bollinger.upper", "bollinger.middle", "bollinger.lower"], talib.BBANDS(close, 20, 2, 2))),
    **dict(zip(["stoch.k", "stoch.d"], talib.STOCH(high, low, close, 5, 3, 0, 3, 0))),
    **finrl(),
}
print(json.dumps({name: [None if np.isnan(x) else float(x) for x in values] for name, values in results.items()}))
