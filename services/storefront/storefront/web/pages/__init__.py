"""The pages people see; they work without JavaScript."""
