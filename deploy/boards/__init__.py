"""The Grafana dashboards, made of the signal table.

terms       what the business promises, as the boards need it
promql      expressions: sums that are whole, shares, quantiles, intervals
scope       puts the variables of a board into an expression
panels      one panel for one signal, with its unit, text and thresholds
frame       what all boards share: variables, links, annotations
documents   all boards as files
"""
