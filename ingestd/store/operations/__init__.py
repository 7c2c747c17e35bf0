"""Failures, decisions and figures for the operator; what is learned of sites and their robots.txt."""
