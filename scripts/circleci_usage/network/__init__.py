"""HTTP without surprises: addresses, proxies, deadlines. Both network ends use it."""
