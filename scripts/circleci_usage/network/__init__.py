"""HTTP that is safe to leave alone: addresses, proxies, deadlines. Both network ends use it."""
