"""The only code that touches the world: HTTP, the state file, the clock.

May import `caseferry.ports`, `caseferry.model` and `caseferry.errors`. The two systems
and the state never import each other; what they share lies in the modules beside them.
"""
