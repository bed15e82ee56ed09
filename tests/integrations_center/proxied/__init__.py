"""The site behind real proxies: nginx, Caddy and HAProxy, each asked over loopback."""
