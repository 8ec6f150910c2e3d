"""Policy as code: rules over every resource of every stack.

`policy.rules` are pure functions; `policy.check` runs them over the graph without an account, and
the pack beside this file gives the same rules to `pulumi preview --policy-pack policy`.
"""
