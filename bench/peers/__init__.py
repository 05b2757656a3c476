"""Peers: what else finds the differences between two captures of the contacts, measured beside this project in one run.

Each peer is a program of its own, in an environment of its own, that reads two captures and leaves the differences in a table.
"""
