"""Kore.ai case management as the sandbox reads its documents."""
