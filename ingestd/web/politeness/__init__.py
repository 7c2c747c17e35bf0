"""Politeness towards sites: pacing, robots.txt, throttling, circuit breakers."""
