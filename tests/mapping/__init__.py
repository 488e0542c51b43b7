"""Tests of what becomes what."""
