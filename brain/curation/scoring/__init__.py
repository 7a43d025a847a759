"""Scores each sample by its nearest neighbors: how unique, how typical, how odd it is.

The formulas, the estimate of false alarms, the request, the report and the services belong here. It
imports the groups of near duplicates of ``curation`` and the packages below it, and no other
service.
"""
