"""Pictures: hand-written parametric drawings, one function an object."""
