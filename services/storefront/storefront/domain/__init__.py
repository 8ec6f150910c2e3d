"""What the shop is about: values and rules, standard library only."""
