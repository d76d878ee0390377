"""The verbs of models: price, history, fit, evaluate, compare."""
