"""What the shop does, one function each."""
