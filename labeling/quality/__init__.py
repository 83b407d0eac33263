"""Statistics of what people said, as pure functions of rows: no database, no project.

The numbers come from kept libraries (evalica, statsmodels, scipy, crowd-kit); what is ours
arranges the rows and resamples whole clusters. Heavy libraries are loaded where they are used.
"""
