"""When a site may be asked: pacing, robots.txt, throttling, circuit breakers."""
