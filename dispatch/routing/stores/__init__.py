"""Technicians with skills, tools and spare parts who may pass the store once. Pure, like the day's planner beside it.

The problem is that of Pillac, Guéret and Medaglia (2013): everybody starts and ends at home, every request is served in its
window, and what counts is the time from leaving home to being back.
"""
