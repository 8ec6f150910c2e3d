"""What the functions share: the way in, who asks, patience with others, logs and metrics."""
