"""Measurements: what the pipeline costs beside what the database alone would cost for the same rows.

Figures of one run compare with each other, not with those of another run or machine; so the output leads with ratios.
"""
