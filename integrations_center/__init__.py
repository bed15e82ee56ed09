"""The site: settings, addresses, and what every process needs before the app is there."""
