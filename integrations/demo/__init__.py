"""What the demo shows. Imports services, as any entrance."""
