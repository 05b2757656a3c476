"""Real helpdesks that tests start and edit, each in an environment of its own."""
